"""What the tests of compare_communities share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
from engines import community, covering, log

from shequn.calendar import Calendar
from shequn.metrics import Query
from shequn.metrics.compare_communities import (
    compare_communities,
)

FIRST, DAYS, START, LAST = date(2024, 1, 1), 168, 112, 140
COVERED = covering((str(FIRST), str(FIRST + timedelta(days=DAYS - 1))))
CALENDAR = Calendar(covered=frozenset(FIRST + timedelta(days=i) for i in range(DAYS)))


def said(*rows: tuple[str, str | None, int]) -> pd.DataFrame:
    """Return messages of members in groups at noon of days counted from the first."""
    found = [(who, f"{FIRST + timedelta(days=day)} 12:00:00", where) for who, where, day in rows]
    return log(*found, columns=("author_id", "ts", "channel_id"))


def counted(query: Query = compare_communities, **given: Any) -> pd.DataFrame:
    """Return what the engine counts, before the finish."""
    options = given.pop("options", {})
    with community(**{"sources": COVERED, **given}) as data:
        return data.counts(query, **options)


def counts_of(people: Any, kept: Any, **columns: list[Any]) -> pd.DataFrame:
    """Return counts as an engine gives them, from groups × ages; groups are g0, g1 and so on."""
    rows = [
        (f"g{g}", age, n, k)
        for g, (ns, ks) in enumerate(zip(people, kept, strict=True))
        for age, (n, k) in enumerate(zip(ns, ks, strict=True))
        if n
    ]
    frame = pd.DataFrame(rows, columns=["channel_id", "age", "people", "kept"])
    order = frame["channel_id"].str[1:].astype(int)
    for column in ("name", "kind", "community_id", "platform"):
        values = columns.get(column, [None] * len(people))
        frame[column] = [values[g] for g in order]
    return frame


def finished(
    people: Any, kept: Any, query: Query = compare_communities, **more: Any
) -> pd.DataFrame:
    columns = {k: more.pop(k) for k in ("name", "kind", "platform") if k in more}
    return query.complete(counts_of(people, kept, **columns), CALENDAR, **more)


def measures(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["measure"], frame["value"], strict=True))
