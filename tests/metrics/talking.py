"""Who answers, names and reacts to whom in the random community, for the tests of metrics."""

from __future__ import annotations

import numpy as np
import pandas as pd


def talking(messages: pd.DataFrame, ids: list[str]) -> dict[str, pd.DataFrame]:
    """Return messages with ids, rooms, threads and answers, and mentions and reactions of them.

    Some answer themselves or what is not there, some threads have no opening, some name everybody.
    Drawn from a generator of its own, so that nothing else moves.
    """
    random = np.random.default_rng(11)
    rows = len(messages)
    numbers = np.array([f"x{i:05d}" for i in range(rows)], dtype=object)
    back = np.maximum(np.arange(rows) - random.integers(1, 9, rows), 0)
    target = np.where(random.random(rows) < 0.03, "gone", numbers[back])
    rooms = np.array(["p", "q", "r", None], dtype=object)
    talk = messages.assign(
        message_id=numbers,
        channel_id=rooms[random.choice(4, rows, p=[0.5, 0.3, 0.1, 0.1])],
        thread_id=np.where(random.random(rows) < 0.3, [f"t{i // 6}" for i in range(rows)], None),
        reply_to_id=np.where(random.random(rows) < 0.3, target, None),
        reply_basis=random.choice(np.array(["explicit", "inferred", None], dtype=object), rows),
    )
    some, kinds = rows // 5, np.array(["mention", "quote", "all", None], dtype=object)
    named = {"message_id": random.choice(numbers, some), "target_id": random.choice(ids, some)}
    liked = random.integers(0, rows, rows)
    late = pd.to_timedelta((random.exponential(40_000, rows) - 600).astype(int), unit="s")
    reactions = {
        "message_id": numbers[liked],
        "member_id": random.choice(np.array([*ids, None], dtype=object), rows),
        "ts": messages["ts"].to_numpy()[liked] + late,
    }
    return {
        "messages": talk,
        "mentions": pd.DataFrame(named).assign(kind=kinds[random.choice(4, some)]),
        "reactions": pd.DataFrame(reactions),
    }
