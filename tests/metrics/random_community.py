"""A random community with every awkward thing in it, for the tests that every metric passes.

Each part is drawn from a generator of its own, so that a change of one moves no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

# Own stock phrases: some alike but for what stands before them.
PHRASES = (
    "今天特价苹果满五十减十，要的接龙",
    "Who brings the tent on Saturday evening?",
    "收到，谢谢",
)


def synthetic(rows: int = 2000) -> dict[str, pd.DataFrame]:
    """Return a random community of 120 members over 150 days, with every awkward thing in it.

    Two gaps in coverage and messages inside them, robots, staff, system messages, missing kinds,
    speakers outside the roster, silent members, re-joins, all bases of joining, and the night on
    which New York's clocks go forward.
    """
    random = np.random.default_rng(7)
    first = pd.Timestamp("2024-01-03 09:17:00")
    members = 120
    ids = np.array([f"m{i:03d}" for i in range(members + 10)])
    weight = random.pareto(1.1, len(ids)) + 0.05
    author = random.choice(ids, rows, p=weight / weight.sum())
    at = first + pd.to_timedelta(np.sort(random.integers(0, 150 * 86_400, rows)), unit="s")
    kinds = np.array(["text", "image", "system", "recall", None], dtype=object)
    kind = kinds[random.choice(5, rows, p=[0.7, 0.1, 0.1, 0.05, 0.05])]
    messages = pd.DataFrame({"author_id": author, "ts": at, "kind": kind})
    joined = pd.Series(first + pd.to_timedelta(random.integers(-20, 140, members), unit="D"))
    joined = joined + pd.to_timedelta(random.integers(0, 86_400, members), unit="s")
    bases = np.array(["event", "api", "first_message", "registration", None], dtype=object)
    basis = bases[random.choice(5, members, p=[0.5, 0.2, 0.15, 0.1, 0.05])]
    flags = random.choice(
        np.array([True, False, None], dtype=object), (2, members), p=[0.05, 0.8, 0.15]
    )
    table = pd.DataFrame(
        {
            "member_id": ids[:members],
            "joined_at": joined.astype(object).where(pd.Series(basis).notna(), None),
            "joined_at_basis": basis,
            "is_staff": flags[0],
            "is_bot": flags[1],
            "inviter_id": _inviters(ids[:members], joined),
        }
    )
    spans = [
        ("2024-01-03", "2024-02-20"), ("2024-02-24", "2024-04-14"), ("2024-04-20", "2024-05-31"),
    ]  # fmt: skip
    sources = pd.DataFrame(
        [(f"s{i}", f"{a} 00:00:00", f"{b} 23:59:59") for i, (a, b) in enumerate(spans)],
        columns=["source_id", "covers_from", "covers_to"], dtype=object,
    )  # fmt: skip
    moves = 400
    events = pd.DataFrame(
        {
            "ts": first + pd.to_timedelta(random.integers(-86_400, 150 * 86_400, moves), unit="s"),
            "member_id": random.choice(ids, moves),
            "action": random.choice(
                ["join", "leave", "kick", "role"], moves, p=[0.6, 0.25, 0.1, 0.05]
            ),
            "channel_id": random.choice(np.array(["x", "y", None], dtype=object), moves),
            "method": random.choice(
                np.array(["invite", "connection", None], dtype=object), moves, p=[0.6, 0.1, 0.3]
            ),
        }
    )
    talk = _talk(messages, ids.tolist())
    numbers = talk["messages"]["message_id"].tolist()
    return {
        **talk, "members": _with_channels(table), "membership_events": events, "sources": sources,
        "events": _events(numbers, ids.tolist(), first), "spend": _spend(), "orders": _orders(ids, first),
        **_rooms(),
    }  # fmt: skip


def _with_channels(members: pd.DataFrame) -> pd.DataFrame:
    """Add by which channel and until when: some unknown, one channel small."""
    random = np.random.default_rng(11)
    n = len(members)
    names = np.array(["ads", "friends", "search", "poster", " ", None], dtype=object)
    channel = random.choice(names, n, p=[0.4, 0.25, 0.15, 0.04, 0.04, 0.12])
    joined = pd.to_datetime(members["joined_at"])
    stayed = pd.to_timedelta(random.integers(0, 60 * 86_400, n), unit="s")
    left = (joined + stayed).astype(object).where(joined.notna() & (random.random(n) < 0.3), None)
    basis = random.choice(np.array(["event", "snapshot", "inferred"], dtype=object), n)
    return members.assign(
        join_channel=channel, left_at=left,
        left_at_basis=pd.Series(basis, dtype=object).where(left.notna(), None),
    )  # fmt: skip


def _inviters(ids: Any, joined: Any) -> list[str | None]:
    """Return who invited each member: mostly one who joined shortly before, or nobody, or nonsense."""
    random = np.random.default_rng(11)
    order = np.argsort(joined.to_numpy(), kind="stable")
    found: list[str | None] = [None] * len(ids)
    for place, who in enumerate(order):
        kind = random.random()
        if kind < 0.5 and place:
            found[who] = ids[order[max(0, place - 1 - random.integers(0, 6))]]
        elif kind < 0.6:
            found[who] = random.choice([ids[who], "nobody", ids[random.integers(0, len(ids))]])
    return found


def _talk(messages: pd.DataFrame, ids: list[str]) -> dict[str, pd.DataFrame]:
    """Return messages with ids, rooms, threads, answers and texts, and mentions and reactions of them.

    Some answer themselves or what is not there, some threads have no opening, some name everybody.
    Drawn from a generator of its own, so that nothing else moves.
    """
    random = np.random.default_rng(11)
    rows = len(messages)
    numbers = np.array([f"x{i:05d}" for i in range(rows)], dtype=object)
    back = np.maximum(np.arange(rows) - random.integers(1, 9, rows), 0)
    target = np.where(random.random(rows) < 0.03, "gone", numbers[back])
    rooms = np.array(["p", "q", "r", None], dtype=object)
    texts = [f"{'' if i % 3 else f'第{i}次'}{PHRASES[i % len(PHRASES)]}" for i in range(rows)]
    talk = messages.assign(
        message_id=numbers,
        channel_id=rooms[random.choice(4, rows, p=[0.5, 0.3, 0.1, 0.1])],
        thread_id=np.where(random.random(rows) < 0.3, [f"t{i // 6}" for i in range(rows)], None),
        reply_to_id=np.where(random.random(rows) < 0.3, target, None),
        text=np.where(random.random(rows) < 0.6, texts, None),
        reply_basis=random.choice(np.array(["explicit", "inferred", None], dtype=object), rows),
    )
    some, kinds = rows // 5, np.array(["mention", "quote", "all", None], dtype=object)
    named = {"message_id": random.choice(numbers, some), "target_id": random.choice(ids, some)}
    liked = random.integers(0, rows, rows)
    late = pd.to_timedelta((random.exponential(40_000, rows) - 600).astype(int), unit="s")
    reactions = {
        "message_id": numbers[liked],
        "member_id": random.choice(np.array([*ids, None], dtype=object), rows),
        "emoji": random.choice(["+1", "heart"], rows),
        "ts": messages["ts"].to_numpy()[liked] + late,
    }
    return {
        "messages": talk,
        "mentions": pd.DataFrame(named).assign(kind=kinds[random.choice(4, some)]),
        "reactions": pd.DataFrame(reactions),
    }


def _rooms() -> dict[str, pd.DataFrame]:
    """Return what is known of the rooms: one without a name, one that nobody writes in, one unknown."""
    rooms = [("p", "c1", "sale", "Deals"), ("q", "c2", "help", None), ("z", "c1", "sale", "Old")]
    columns = ["channel_id", "community_id", "kind", "name"]
    places = [("c1", "wechat"), ("c2", None)]
    return {
        "channels": pd.DataFrame(rooms, columns=columns, dtype=object),
        "communities": pd.DataFrame(places, columns=["community_id", "platform"], dtype=object),
    }


def _spend() -> pd.DataFrame:
    """Return what channels cost, in two currencies and in none, one of which brought nobody."""
    random = np.random.default_rng(12)
    days = pd.date_range("2024-01-01", periods=155).strftime("%Y-%m-%d")
    rows = [
        (
            day, channel, int(random.integers(0, 200)),
            None if random.random() < 0.2 else int(random.integers(0, 40)),
            round(float(random.uniform(0, 90)), 2), currency,
        )
        for day in days
        for channel, currency in (
            ("ads", "CNY"), ("ads", "USD"), ("search", None), ("poster", "CNY"), ("radio", "CNY"),
        )
        if random.random() < 0.6
    ]  # fmt: skip
    columns = ["date", "channel", "impressions", "clicks", "cost", "currency"]
    return pd.DataFrame(rows, columns=columns)


def _orders(ids: Any, first: pd.Timestamp) -> pd.DataFrame:
    """Return what members bought, in two currencies and in none, some of it given back."""
    random = np.random.default_rng(13)
    n = 400
    at = first + pd.to_timedelta(random.integers(0, 150 * 86_400, n), unit="s")
    gross = np.round(random.lognormal(3, 0.8, n), 2)
    back = np.where(random.random(n) < 0.1, gross, np.nan)
    currency = random.choice(np.array(["CNY", "USD", None], dtype=object), n, p=[0.7, 0.2, 0.1])
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(n)], "member_id": random.choice(ids, n), "ts": at,
            "gross": gross, "refund": back, "cost": np.round(gross * 0.6, 2), "currency": currency,
        }
    )  # fmt: skip


def _events(numbers: list[str], ids: list[str], first: pd.Timestamp) -> pd.DataFrame:
    """Return flags and their resolution, live sessions, broadcasts and who mutes them."""
    random = np.random.default_rng(14)
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
