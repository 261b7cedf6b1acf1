"""Retention: hand-worked triangles, definitions of N-day and unbounded, an oracle, engines."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from engines import (
    community,
    compute,
    covering,
    log,
    roster,
    row,
)
from retention_hand import NAN, NUMBERS, WEEKLY, covered, joined, triangle, wrote
from worlds import noon

from shequn.intervals import wilson
from shequn.metrics.retention import DAYS, by_bracket, by_day, definitions, pooled, retention

DAILY = ["period_start", "period_end", "measure", "day", *NUMBERS]


def start_of(frame: pd.DataFrame) -> set[str]:
    return {str(cohort)[:10] for cohort in frame["cohort"]}


# --- by hand: weeks


def test_triangle_by_hand() -> None:
    """Coverage: Monday 1 to Wednesday 31 January 2024, so the week of the 29th is not over.

    Week of 1 January: six join. a, b, c, d write in it (4/6), a, b in the next (2/6), a, e in the
    third (2/6; e after silence), nobody in the fourth (0/6); a writes on the 30th, which is not
    shown. Week of 8 January: five join; all write in it (5/5), g and h in the next (2/5), g in the
    third (1/5). Week of 15 January: four join and write in it and the next (4/4, 4/4). Week of 22
    January: nobody.
    """
    with community(
        members=roster(*joined("abcdef", 0), *joined("ghijk", 9), *joined("lmno", 14)),
        messages=log(
            *wrote("abcd", 0),
            *wrote("ab", 7, 8),
            *wrote("ae", 20),
            *wrote("a", 29),
            *wrote("ghijk", 9),
            *wrote("gh", 16),
            *wrote("g", 21),
            *wrote("lmno", 14, 21),
        ),
        sources=covering(covered(0, 30)),
    ) as data:
        frame, curve = data.compute(retention), data.compute(pooled)
    assert list(frame.columns) == WEEKLY
    assert triangle(frame) == {
        "2024-01-01": [4 / 6, 2 / 6, 2 / 6, 0, NAN],
        "2024-01-08": [1, 2 / 5, 1 / 5, NAN],
        "2024-01-15": [1, 1, NAN],
    }
    assert frame.groupby("cohort")["n"].unique().explode().tolist() == [6, 5, 4]
    cell = row(frame, cohort=pd.Timestamp("2024-01-08"), age_weeks=2)
    assert cell["period_start"] == pd.Timestamp("2024-01-22")
    assert cell["period_end"] == pd.Timestamp("2024-01-29")
    low, high = wilson(1, 5)
    assert (cell["low"], cell["high"]) == (low[0], high[0])
    assert frame.loc[frame["value"].isna(), ["low", "high"]].isna().all(axis=None)

    # Pooled: (4 + 5 + 4) ÷ 15, (2 + 2 + 4) ÷ 15, (2 + 1) ÷ 11, and from the first alone 0 ÷ 6.
    assert list(curve.columns) == [c for c in WEEKLY if c != "cohort"]
    assert list(curve["age_weeks"]) == [0, 1, 2, 3]
    assert list(curve["value"]) == pytest.approx([13 / 15, 8 / 15, 3 / 11, 0])
    assert list(curve["n"]) == [15, 15, 11, 6]
    assert (curve["low"][2], curve["high"][2]) == (wilson(3, 11)[0][0], wilson(3, 11)[1][0])
    assert curve["period_start"][2] == pd.Timestamp("2024-01-01")
    assert curve["period_end"][2] == pd.Timestamp("2024-01-29")


def test_the_page_s_rising_curve() -> None:
    """Exercise retention-rising-curve: 14 ÷ 40 = 35% in week 1, then 4 ÷ 10 = 40% from A alone."""
    old, young = [f"a{i}" for i in range(10)], [f"b{i}" for i in range(30)]
    members = [(m, noon(0), "event") for m in old] + [(m, noon(7), "event") for m in young]
    messages = [(m, noon(7)) for m in old[:5]] + [(m, noon(14)) for m in [*old[:4], *young[:9]]]
    frame = compute(
        pooled,
        members=roster(*members),
        messages=log(*messages),
        sources=covering(covered(0, 23)),
    )
    curve = frame.set_index("age_weeks")["value"]
    assert curve[1] == pytest.approx(0.35)
    assert curve[2] == pytest.approx(0.40)


def test_week_start_decides_the_cohort() -> None:
    """They join on Sunday 7 January and write on the Monday after: age 1, or 0 if weeks are Sunday's."""
    tables = {
        "members": roster(*joined("abcde", 6)),
        "messages": log(*wrote("abcde", 7)),
        "sources": covering(covered(-1, 20)),
    }
    monday = compute(retention, **tables)
    assert triangle(monday) == {"2024-01-01": [0, 1, 0]}
    sunday = compute(retention, week_start="sunday", **tables)
    assert triangle(sunday) == {"2024-01-07": [1, 0, NAN]}


def test_the_community_s_clock_decides_the_week() -> None:
    """16:00 UTC on Sunday is Monday in Shanghai; with days from 04:30 it is still Sunday."""
    tables = {
        "members": roster(*[(m, "2024-01-07 16:00:00", "event") for m in "abcde"]),
        "messages": log(*[(m, "2024-01-07 20:00:00") for m in "abcde"]),
        "sources": covering(covered(-1, 27)),
    }
    assert start_of(compute(retention, timezone="Asia/Shanghai", **tables)) == {"2024-01-08"}
    early = compute(retention, timezone="Asia/Shanghai", day_start="04:30", **tables)
    assert start_of(early) == {"2024-01-01"}


def test_a_gap_in_a_cohort_s_life_is_blank_and_not_pooled() -> None:
    """Wednesday of the second week is unseen; the messages of its other days do not stand for it."""
    with community(
        members=roster(*joined("abcde", 0)),
        messages=log(*wrote("abcde", 0, 7, 14)),
        sources=covering(covered(0, 8), covered(10, 20)),
    ) as data:
        assert triangle(data.compute(retention)) == {"2024-01-01": [1, NAN, 1]}
        assert list(data.compute(pooled)["age_weeks"]) == [0, 2]


@pytest.mark.parametrize(("last", "shown"), [(18, False), (19, False), (20, True)])
def test_a_week_is_over_with_its_last_day(last: int, shown: bool) -> None:
    """Day 20 is the Sunday of the third week; an export that ends on the Saturday does not show it."""
    frame = compute(
        retention,
        members=roster(*joined("abcde", 0)),
        messages=log(*wrote("abcde", 14)),
        sources=covering(covered(0, last)),
    )
    assert triangle(frame) == {"2024-01-01": [0, 0, 1 if shown else NAN]}


# --- by hand: days


def test_n_day_and_unbounded_by_hand() -> None:
    """N-day is active on day N itself, unbounded on day N or any later one: Amplitude's terms.

    Days 0 to 15 are covered. Five join on day 0: a writes on days 1 and 7, b on 2, c on 14, d on
    15, e never. Day 1: a alone, 1/5; on it or later: a, b, c, d, 4/5. Day 7: a, 1/5; or later:
    a, c, d, 3/5. Day 14: c, 1/5; or later: c, d, 2/5. Day 28 has not come.

    Five more join on day 9: f writes on days 10 and 15 (ages 1 and 6). Their day 7 is day 16, not
    covered. So day 1 speaks of ten: a and f, 2/10, and 5/10; from day 7 on the first five alone.
    """
    old = wrote("a", 1, 7) + wrote("b", 2) + wrote("c", 14) + wrote("d", 15)
    frame = compute(
        by_day,
        members=roster(*joined("abcde", 0), *joined("fghij", 9)),
        messages=log(*old, *wrote("f", 10, 15)),
        sources=covering(covered(0, 15)),
    )
    assert list(frame.columns) == DAILY
    expected = {
        ("n_day", 1): (0.2, 10),
        ("n_day", 7): (0.2, 5),
        ("n_day", 14): (0.2, 5),
        ("unbounded", 1): (0.5, 10),
        ("unbounded", 7): (0.6, 5),
        ("unbounded", 14): (0.4, 5),
    }
    for found in frame.to_dict("records"):
        value, n = expected.get((found["measure"], found["day"]), (float("nan"), 0))
        assert found["value"] == pytest.approx(value, nan_ok=True), found
        assert found["n"] == n
        assert found["period_start"] == pd.Timestamp("2024-01-01")
        assert found["period_end"] == pd.Timestamp("2024-01-17")
        if n:
            low, high = wilson(value * n, n)
            assert (found["low"], found["high"]) == pytest.approx((low[0], high[0]))
        else:
            assert np.isnan([found["low"], found["high"]]).all()
    assert len(frame) == 2 * len(DAYS)


def test_days_are_the_calendar_s_not_24_hours() -> None:
    """Joining at 23:50 and writing at 00:10 is day 1; writing at 23:59 the same evening is not."""
    members = roster(*[(m, "2024-01-01 23:50:00", "event") for m in "abcde"])
    messages = log(*[(m, "2024-01-02 00:10:00") for m in "ab"], ("c", "2024-01-01 23:59:00"))
    frame = compute(by_day, members=members, messages=messages, sources=covering(covered(0, 9)))
    assert row(frame, measure="n_day", day=1)["value"] == pytest.approx(0.4)


def test_day_n_needs_that_day_covered() -> None:
    """Day 7 of the first five is unseen, day 7 of the others is not.

    "Day 7 or later" of the first five has 3 of its 4 days covered, fewer than nine in ten: a
    return on the unseen day would be missed, so they are left out there as well.
    """
    frame = compute(
        by_day,
        members=roster(*joined("abcde", 0), *joined("fghij", 1)),
        messages=log(*wrote("abcde", 7, 8), *wrote("fg", 8)),
        sources=covering(covered(0, 6), covered(8, 10)),
    )
    exact, later = (row(frame, measure=m, day=7) for m in ("n_day", "unbounded"))
    assert (exact["value"], exact["n"]) == (pytest.approx(0.4), 5)
    assert exact["period_start"] == pd.Timestamp("2024-01-02")
    assert (later["value"], later["n"]) == (pytest.approx(0.4), 5)


def test_day_n_or_later_needs_nine_in_ten_of_the_later_days_covered() -> None:
    """Five join on day 0 and write on day 20; the data end with day 20.

    "Day 1 or later" has 20 days. With two of them unseen 18 of 20 are covered, just enough; with
    three, 17 of 20 are not.
    """
    data = {"members": roster(*joined("abcde", 0)), "messages": log(*wrote("abcde", 20))}
    for holes, value in ((2, 1.0), (3, np.nan)):
        seen = covering(covered(0, 4), covered(5 + holes, 20))
        found = row(compute(by_day, **data, sources=seen), measure="unbounded", day=1)
        assert found["value"] == pytest.approx(value, nan_ok=True)


# --- by hand: brackets, and four definitions of the same people


def by(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Return each definition's values in order of days."""
    return {str(m): list(rows["value"]) for m, rows in frame.groupby("measure", sort=False)}


def test_four_definitions_by_hand() -> None:
    """Five join on day 0, a Monday; a writes on day 7, b on 3, c on 28, d on 30, e on 60.

    On day 7: a; in its week, 7 to 13: a; within 1 to 7: a, b; on 7 or later: a, c, d, e. Day 14:
    nobody; 14 to 20: nobody; 8 to 14: nobody; later: c, d, e. Day 28: c; 28 to 34: c, d; 15 to 28:
    c; later: c, d, e. Day 56: nobody; 56 to 62: e; 29 to 56: d; later: e. Days 0 to 84 are covered,
    just enough; f joined a day later and is watched a day too short.
    """
    frame = compute(
        definitions,
        members=roster(*joined("abcde", 0), *joined("f", 1)),
        messages=log(
            *wrote("a", 7), *wrote("b", 3), *wrote("c", 28), *wrote("d", 30), *wrote("e", 60),
            *wrote("f", 8, 15, 29, 57),
        ),
        sources=covering(covered(0, 84)),
    )  # fmt: skip
    assert list(frame.columns) == DAILY
    assert frame["day"].tolist() == [7, 14, 28, 56] * 4
    assert by(frame) == {
        "n_day": [1 / 5, 0, 1 / 5, 0],
        "calendar_week": [1 / 5, 0, 2 / 5, 1 / 5],
        "bracket": [2 / 5, 0, 1 / 5, 1 / 5],
        "unbounded": [4 / 5, 3 / 5, 3 / 5, 1 / 5],
    }
    assert set(frame["n"]) == {5}
    found = row(frame, measure="unbounded", day=7)
    low, high = wilson(4, 5)
    assert (found["low"], found["high"]) == (low[0], high[0])
    assert set(frame["period_start"]) == {pd.Timestamp("2024-01-01")}
    assert set(frame["period_end"]) == {pd.Timestamp("2024-03-26")}


def test_everybody_is_watched_equally_long() -> None:
    """Watched for 20 days: a return on day 20 counts, one on day 21 does not, though it is seen.

    Day 14 needs its week, to day 20 at the latest, to be over; for day 15 the time is too short.
    """
    tables = {
        "members": roster(*joined("abcde", 0)),
        "messages": log(*wrote("a", 20), *wrote("bc", 21)),
        "sources": covering(covered(0, 40)),
    }
    options = {"watch": 20, "brackets": [[1, 7], [8, 14], [8, 15]]}
    found = by(compute(definitions, options=options, **tables))
    assert found["unbounded"] == [1 / 5, 1 / 5, NAN]
    assert found["calendar_week"] == [0, 1 / 5, NAN]
    for measure in ("n_day", "bracket"):
        assert found[measure] == [0, 0, NAN]
    holed = tables | {"sources": covering(covered(0, 19), covered(21, 40))}
    assert compute(definitions, options=options, **holed)["value"].isna().all()


def test_the_week_of_a_day_begins_on_the_community_s_week_start() -> None:
    """They join on Wednesday; day 7 is a Wednesday; they write on the Sunday before it (day 4)."""
    tables = {
        "members": roster(*joined("abcde", 2)),
        "messages": log(*wrote("abcde", 6)),
        "sources": covering(covered(0, 90)),
    }
    for week_start, share in (("monday", 0), ("sunday", 1)):
        found = compute(definitions, week_start=week_start, **tables)
        assert row(found, measure="calendar_week", day=7)["value"] == share


def test_brackets_by_hand() -> None:
    """Days 0 to 15 are covered. Five join on day 0: a writes on day 1, b 7, c 8, d 14, e 15.

    Five more join on day 8: f writes that day, which is age 0, g on day 9 and h on day 15, ages 1
    and 7. Within 1 to 7: a, b, g, h of ten. Within 8 to 14, over for the first five only: c, d.
    """
    tables = {
        "members": roster(*joined("abcde", 0), *joined("fghij", 8)),
        "messages": log(
            *wrote("a", 1), *wrote("b", 7), *wrote("c", 8), *wrote("d", 14), *wrote("e", 15),
            *wrote("f", 8), *wrote("g", 9), *wrote("h", 15),
        ),
    }  # fmt: skip
    frame = compute(by_bracket, sources=covering(covered(0, 15)), **tables)
    assert frame["bracket_days"].tolist() == ["1–7", "8–14", "15–28", "29–56"]
    assert frame["value"].tolist() == [0.4, 0.4, NAN, NAN]
    assert frame["n"].tolist() == [10, 5, 0, 0]
    low, high = wilson(2, 5)
    assert frame.loc[1, ["low", "high"]].tolist() == [low[0], high[0]]
    for hole, people in ((1, 5), (7, 5), (8, 10)):
        seen = covering(covered(0, hole - 1), covered(hole + 1, 15))
        found = row(compute(by_bracket, sources=seen, **tables), bracket_days="1–7")
        # day 8 is age 0 of the second five, and after the bracket of the first
        assert found["n"] == people, hole
    with community(messages=log(), sources=covering(covered(0, 90))) as data:
        for query in (by_bracket, definitions):
            assert data.compute(query)["value"].isna().all()


def test_three_cohorts_of_four_are_withheld_and_their_curve_is_not() -> None:
    """Week 1 of each: 1, 2 and 3 of four write; together 6 of 12."""
    with community(
        members=roster(*joined("abcd", 0), *joined("efgh", 7), *joined("ijkl", 14)),
        messages=log(*wrote("a", 7), *wrote("ef", 14), *wrote("ijk", 21)),
        sources=covering(covered(0, 27)),
        smallest_group=5,
    ) as data:
        weekly, curve, days = (data.compute(q) for q in (retention, pooled, by_day))
    assert weekly["withheld"].all()
    assert weekly[["value", "n", "low", "high"]].isna().all(axis=None)
    assert row(curve, age_weeks=1)[["value", "n"]].tolist() == [6 / 12, 12]
    assert row(days, measure="n_day", day=7)[["value", "n"]].tolist() == [6 / 12, 12]
    assert row(curve, age_weeks=3)["withheld"], "only the first cohort has come so far"
