"""Random tables that stand beside the talk of the synthetic community, for the tests of metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Own stock phrases: some alike but for what stands before them.
PHRASES = (
    "今天特价苹果满五十减十，要的接龙",
    "Who brings the tent on Saturday evening?",
    "收到，谢谢",
)


def beside(messages: pd.DataFrame, ids: list[str], first: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Return messages with ids, rooms and texts, and events and reactions that go with them.

    Drawn from a generator of its own, so that nothing else moves.
    """
    random = np.random.default_rng(11)
    n = len(messages)
    numbers = [f"x{i}" for i in range(n)]
    rooms = random.choice(np.array(["p", "q", "r", None], dtype=object), n)
    texts = [f"{'' if i % 3 else f'第{i}次'}{PHRASES[i % len(PHRASES)]}" for i in range(n)]
    some = np.where(random.random(n) < 0.6, np.array(texts, dtype=object), None)
    talk = messages.assign(message_id=numbers, channel_id=rooms, text=some)
    liked = random.integers(0, n, n // 2)
    later = pd.to_timedelta(random.integers(60, 90_000, len(liked)), unit="s")
    reactions = pd.DataFrame(
        {
            "message_id": [numbers[i] for i in liked],
            "member_id": random.choice(np.array([*ids, None], dtype=object), len(liked)),
            "emoji": random.choice(["+1", "heart"], len(liked)),
            "ts": messages["ts"].to_numpy()[liked] + later,
        }
    )
    return {"messages": talk, "reactions": reactions, "events": events(random, numbers, ids, first)}


def events(
    random: np.random.Generator, numbers: list[str], ids: list[str], first: pd.Timestamp
) -> pd.DataFrame:
    """Return flags and their resolution, live sessions, broadcasts and who mutes them."""
    rows: list[tuple[object, ...]] = []

    def add(minute: float, name: str, **more: object) -> None:
        at = first + pd.Timedelta(minutes=int(minute))
        rows.append((f"e{len(rows)}", at, name, *(more.get(c) for c in _OTHERS)))

    for i, minute in enumerate(random.integers(0, 150 * 1440, 60).tolist()):
        case = None if i % 10 == 0 else f"c{i % 50}"
        props = None if i % 7 == 0 else f'{{"n": 1, "message_id": "{random.choice(numbers)}"}}'
        add(minute, "flag", session_id=case, props=props)
        if i % 4:
            add(minute + random.integers(-5, 3000), "flag_resolved", session_id=case, props=props)
    for k in range(9):
        start = (5 + 16 * k) * 1440 + 600
        session = f"live-{k}" if k else None
        for who in random.choice(ids, 30, replace=False).tolist():
            if random.random() < 0.6:
                add(start - random.integers(60, 4000), "rsvp", member_id=who, campaign=session)
            if random.random() < 0.5 and k < 8:
                add(start + random.integers(0, 30), "attend", member_id=who, campaign=session)
    for week in range(21):
        for _ in range((2, 4, 8)[week % 3]):
            add(week * 10_080 + random.integers(0, 10_080), "broadcast")
    for who in random.choice(ids, 50).tolist():
        add(random.integers(0, 150 * 1440), "mute", member_id=who)
    return pd.DataFrame(rows, columns=["event_id", "ts", "name", *_OTHERS], dtype=object)


_OTHERS = ("member_id", "session_id", "campaign", "props")
