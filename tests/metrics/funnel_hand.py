"""What the tests of funnel share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from engines import compute, covering, log, roster

from shequn.metrics.funnel import attribution_inputs, funnel

START = datetime(2024, 1, 1)
YEAR = covering(("2024-01-01", "2024-12-31"))
ROSTER = ("member_id", "joined_at", "joined_at_basis", "join_channel")


def at(hour: float) -> str:
    """Return the time so many hours after 2024-01-01 00:00."""
    return str(START + timedelta(hours=hour))


def joined(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return members from ``(member, hour[, channel[, basis]])``."""
    full = [(who, at(h), [*more, None, "event"][1] if len(more) > 1 else "event", (more or (None,))[0])
            for who, h, *more in rows]  # fmt: skip
    return roster(*full, columns=ROSTER)


def wrote(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return messages from ``(member, hour[, id of the message answered])``, ids m0, m1 and so on."""
    full = [
        (f"m{i}", who, at(h), more[0] if more else None) for i, (who, h, *more) in enumerate(rows)
    ]
    return log(*full, columns=("message_id", "author_id", "ts", "reply_to_id"))


def bought(*rows: tuple[str, float]) -> pd.DataFrame:
    full = [(f"o{i}", who, at(h), 1.0) for i, (who, h) in enumerate(rows)]
    return log(*full, columns=("order_id", "member_id", "ts", "gross"))


def happened(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return events from ``(member, hour, name[, channel])``."""
    full = [
        (f"e{i}", who, at(h), name, more[0] if more else None)
        for i, (who, h, name, *more) in enumerate(rows)
    ]
    return log(*full, columns=("event_id", "member_id", "ts", "name", "channel"))


def numbers(frame: pd.DataFrame, measure: str = "reached") -> dict[str, float]:
    """Return the values of a measure by step."""
    mine = frame[frame["measure"] == measure]
    return dict(zip(mine["step"], mine["value"], strict=True))


def of(steps: list[str], window_days: int = 28, query: Any = funnel, **given: Any) -> pd.DataFrame:
    options = {"steps": steps, "window_days": window_days}
    return compute(query, options=options, **{"sources": YEAR, **given})


D = 24.0


def paths(**given: Any) -> dict[str, float]:
    found = compute(attribution_inputs, **{"sources": YEAR, "messages": wrote(), **given})
    assert (found["value"] == found["n"]).all()
    return dict(zip(found["path"], found["value"], strict=True))
