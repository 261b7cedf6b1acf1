"""What the tests of unit_economics share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
from engines import (
    compute,
    covering,
    roster,
)

from shequn.metrics.unit_economics import contribution_curve, unit_economics

FIRST = date(2024, 1, 1)
SOURCES = covering(("2024-01-01", "2024-03-31"))  # 91 days
EIGHT = {"days": 0, "within": 56}  # weeks; who joins on day 35 is the last one followed so long


def noon(day: int) -> str:
    return f"{FIRST + timedelta(days=day)} 12:00:00"


def joined(channel: str | None, count: int, day: int = 0) -> pd.DataFrame:
    """Return so many members whose joining by a channel was seen on a day."""
    return roster(
        *[(f"{channel}{day}-{i}", noon(day), "event", channel) for i in range(count)],
        columns=("member_id", "joined_at", "joined_at_basis", "join_channel"),
    )


def money(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return costs from ``(day, channel, cost, currency)``."""
    full = [(str(FIRST + timedelta(days=day)), *rest) for day, *rest in rows]
    return pd.DataFrame(full, columns=["date", "channel", "cost", "currency"], dtype=object)


def sold(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return orders from ``(member, day, gross, refund, cost[, currency])``, paid at noon UTC."""
    full = [
        (f"o{i}", who, noon(day), *numbers, *(more or ["CNY"]))
        for i, (who, day, *rest) in enumerate(rows)
        for numbers, more in [(rest[:3], rest[3:])]
    ]
    columns = ["order_id", "member_id", "ts", "gross", "refund", "cost", "currency"]
    return pd.DataFrame(full, columns=columns, dtype=object)


def each(
    channel: str, count: int, day: int, *numbers: Any, since: int = 0
) -> list[tuple[Any, ...]]:
    """Return an order of each of the first members of a channel, so many days after joining."""
    return [(f"{channel}{since}-{i}", since + day, *numbers) for i in range(count)]


def of(
    orders: pd.DataFrame,
    spend: pd.DataFrame,
    members: pd.DataFrame,
    curve: bool = False,
    **more: Any,
) -> pd.DataFrame:
    whole = {"sources": SOURCES, "options": EIGHT, **more}
    query = contribution_curve if curve else unit_economics
    return compute(query, orders=orders, spend=spend, members=members, **whole)


def told(frame: pd.DataFrame, channel: str, currency: str = "CNY") -> dict[str, float]:
    """Return the measures of a channel."""
    own = frame[(frame["channel"] == channel) & (frame["currency"] == currency)]
    return dict(zip(own["measure"], own["value"], strict=True))


TEN = joined("a", 10)
COST = money((0, "a", 130, "CNY"))
FIVE = each("a", 5, 3, 40, None, 16)  # five of the ten bring 24 in the first week
