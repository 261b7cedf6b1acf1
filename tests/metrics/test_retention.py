"""Retention: hand-worked triangles, definitions of N-day and unbounded, an oracle, engines."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from engines import (
    community,
    compute,
    covering,
    covering_days,
    log,
    roster,
    row,
    whole_days,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ORIGIN, World, names, noon, worlds

from shequn.calendar import Calendar
from shequn.intervals import wilson
from shequn.metrics.retention import DAYS, by_bracket, by_day, definitions, pooled, retention

NUMBERS = ["value", "n", "low", "high", "withheld"]
WEEKLY = ["period_start", "period_end", "cohort", "age_weeks", *NUMBERS]
DAILY = ["period_start", "period_end", "measure", "day", *NUMBERS]


def joined(names: str, day: int, basis: str | None = "event") -> list[tuple[str, str, str | None]]:
    return [(name, noon(day), basis) for name in names]


def wrote(names: str, *days: int) -> list[tuple[str, str]]:
    return [(name, noon(day)) for name in names for day in days]


def covered(first: int, last: int) -> tuple[str, str]:
    return str(ORIGIN + timedelta(days=first)), str(ORIGIN + timedelta(days=last))


def triangle(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Return each cohort's values by age."""
    return {str(cohort)[:10]: list(rows["value"]) for cohort, rows in frame.groupby("cohort")}


def start_of(frame: pd.DataFrame) -> set[str]:
    return {str(cohort)[:10] for cohort in frame["cohort"]}


NAN = pytest.approx(float("nan"), nan_ok=True)


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


# --- who counts, and from when


def test_silent_joiners_count_where_joining_was_seen() -> None:
    members = roster(
        *joined("ab", 0, "event"),
        *joined("cd", 0, "api"),
        *joined("ef", 0, "registration"),
        *joined("gh", 0, "first_message"),  # never wrote after all: nothing is known of them
        *joined("ij", 0, None),
    )
    frame = compute(
        retention, members=members, messages=log(*wrote("ace", 7)), sources=covering(covered(0, 13))
    )
    assert triangle(frame) == {"2024-01-01": [0, 3 / 6]}


def test_without_a_roster_newcomers_are_those_after_28_days_of_history() -> None:
    """Days 0 to 27 are history. a to e first write on day 27 and stay out; f to j on day 28."""
    tables = {
        "messages": log(*wrote("abcde", 27, 35), *wrote("fghij", 28), *wrote("fg", 35)),
        "sources": covering(covered(0, 41)),
    }
    assert triangle(compute(retention, **tables)) == {"2024-01-29": [1, 2 / 5]}
    days = compute(by_day, **tables)
    assert (row(days, measure="n_day", day=7)["n"], row(days, measure="n_day", day=7)["value"]) == (
        5,
        pytest.approx(0.4),
    )
    known_from_speaking = roster(*joined("abcdefghij", 3, "first_message"))
    same = compute(retention, members=known_from_speaking, **tables)
    assert triangle(same) == {"2024-01-29": [1, 2 / 5]}
    # No history asked for: everybody is taken for new on the day of their first message.
    whole = compute(retention, options={"history_days": 0}, **tables)
    assert triangle(whole) == {"2024-01-22": [1, 0, 1], "2024-01-29": [1, 2 / 5]}
    none = compute(retention, options={"history_days": 42}, **tables)
    assert len(none) == 0


def test_history_counts_covered_days_only() -> None:
    """Covered: days 0–9 and 20–40. Twenty-eight of them end with day 37: a stays out, b to f do not."""
    frame = compute(
        retention,
        messages=log(*wrote("a", 37), *wrote("bcdef", 38)),
        sources=covering(covered(0, 9), covered(20, 48)),
    )
    assert triangle(frame) == {"2024-02-05": [1, 0]}
    assert set(frame["n"]) == {5}


def test_who_spoke_before_the_export_began_is_not_new() -> None:
    frame = compute(
        retention,
        messages=log(*wrote("abcde", -3, 30), *wrote("fghij", 30)),
        sources=covering(covered(0, 41)),
    )
    assert set(frame["n"]) == {5}


def test_a_second_joining_does_not_make_a_newcomer() -> None:
    """a to j are on the roster as joining on day 35, by an event; the platform keeps the last date.

    a to e first wrote on day 30, and 28 days of history vouch for them: they started then. f to j
    first wrote on day 3: they may have been there for years, and stay out. k to o joined on day 5
    and wrote a minute before the event, as clocks will have it: same day, they joined.
    """  # noqa: D403
    tables = {
        "members": roster(*joined("abcdefghij", 35), *joined("klmno", 5)),
        "messages": log(
            *wrote("abcde", 30),
            *wrote("fghij", 3, 35),
            *[(m, "2024-01-06 11:59:00") for m in "klmno"],
        ),
        "sources": covering(covered(0, 48)),
    }
    assert triangle(compute(retention, **tables)) == {
        "2024-01-01": [1, 0, 0, 0, 0, 0, 0],
        "2024-01-29": [1, 0, 0],
    }
    whole = compute(retention, options={"history_days": 0}, **tables)
    assert triangle(whole) == {
        "2024-01-01": [1, 0, 0, 0, 0, 1 / 2, 0],
        "2024-01-29": [1, 0, 0],
    }


def test_the_first_of_two_roster_rows_counts() -> None:
    members = roster(*joined("abcde", 14), *joined("abcde", 0))
    frame = compute(
        retention, members=members, messages=log(*wrote("ab", 14)), sources=covering(covered(0, 20))
    )
    assert triangle(frame) == {"2024-01-01": [0, 0, 2 / 5]}


def test_leavers_stay_in_the_denominator() -> None:
    members = roster(*joined("abcde", 0)).assign(left_at=noon(3), left_at_basis="event")
    frame = compute(
        retention, members=members, messages=log(*wrote("a", 7)), sources=covering(covered(0, 13))
    )
    assert triangle(frame) == {"2024-01-01": [0, 1 / 5]}


def test_robots_staff_and_notices_do_not_come_back() -> None:
    members = roster(*joined("abcdexy", 0))
    members["is_bot"] = [False] * 5 + [True, None]
    members["is_staff"] = [None] * 5 + [None, True]
    messages = log(*[(m, noon(7), "text") for m in "axy"], ("b", noon(7), "system"), columns=(
        "author_id", "ts", "kind",
    ))  # fmt: skip
    frame = compute(retention, members=members, messages=messages, sources=covering(covered(0, 13)))
    assert triangle(frame) == {"2024-01-01": [0, 1 / 5]}


def test_a_message_without_time_or_author_does_not_disturb() -> None:
    frame = compute(
        retention,
        members=roster(*joined("abcde", 0)),
        messages=log(*wrote("a", 7), ("a", None), ("b", None), ("x", None), (None, noon(7))),
        sources=covering(covered(0, 13)),
    )
    assert triangle(frame) == {"2024-01-01": [0, 1 / 5]}
    assert set(frame["n"]) == {5}


def test_nobody() -> None:
    with community(messages=log(), sources=covering(covered(0, 30))) as data:
        weekly, curve, days = (data.compute(q) for q in (retention, pooled, by_day))
    assert list(weekly.columns) == WEEKLY
    assert len(weekly) == 0
    assert list(curve.columns) == [c for c in WEEKLY if c != "cohort"]
    assert len(curve) == 0
    assert days["value"].isna().all()
    assert set(days["n"]) == {0}


def test_one_member() -> None:
    """Her week is not over; where it is, she is shown only to those who ask for groups of one."""
    alone = {"messages": log(*wrote("a", 0)), "options": {"history_days": 0}}
    frame = compute(retention, **alone)
    assert len(frame) == 1
    assert np.isnan(frame["value"][0])
    assert np.isnan(compute(by_day, messages=log(*wrote("a", 0)))["value"]).all()
    week = covering(covered(0, 6))
    assert triangle(compute(retention, sources=week, **alone)) == {"2024-01-01": [1]}
    assert compute(retention, sources=week, smallest_group=5, **alone)["value"].isna().all()


def test_members_who_join_after_the_export_ends_have_no_week_yet() -> None:
    frame = compute(
        retention,
        members=roster(*joined("abcde", 0), *joined("fghij", 40)),
        messages=log(*wrote("a", 0)),
        sources=covering(covered(0, 6)),
    )
    assert triangle(frame) == {"2024-01-01": [1 / 5], "2024-02-05": [NAN]}


# --- against the definition, written out


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_weekly_is_the_definition(world: World) -> None:
    calendar = Calendar("UTC", week_start=world.week_start)

    def week(day: int) -> date:
        return calendar.week_of(ORIGIN + timedelta(days=day))

    cohorts: dict[date, set[str]] = {}
    for member, day in world.starts().items():
        cohorts.setdefault(week(day), set()).add(member)
    last = week(max(world.seen))
    expected = {}
    for cohort, people in cohorts.items():
        for age in range(max(0, (last - cohort).days // 7) + 1):
            monday = cohort + timedelta(weeks=age)
            days = {(monday - ORIGIN).days + i for i in range(7)}
            came = {m for m, d in world.messages if d in days and m in people}
            share = len(came) / len(people) if days <= world.seen else float("nan")
            expected[cohort, age] = (share, len(people))
    with community(**world.tables()) as data:
        frame = data.compute(retention, history_days=world.history)
        curve = data.compute(pooled, history_days=world.history).set_index("age_weeks")
    found = {
        (r["cohort"].date(), r["age_weeks"]): (r["value"], r["n"]) for r in frame.to_dict("records")
    }
    assert found.keys() == expected.keys()
    for cell, (share, n) in expected.items():
        assert found[cell] == (pytest.approx(share, nan_ok=True), n), cell
    assert (
        frame["period_start"] == frame["cohort"] + frame["age_weeks"] * pd.Timedelta("7D")
    ).all()

    for age in {a for (_, a), (share, _) in expected.items() if not np.isnan(share)}:
        cells = [c for (_, a), c in expected.items() if a == age and not np.isnan(c[0])]
        weights = [n for _, n in cells]
        assert curve["n"][age] == sum(weights)
        mean = np.average([share for share, _ in cells], weights=weights)
        assert curve["value"][age] == pytest.approx(mean, abs=1e-12)
        assert curve["low"][age] <= mean + 1e-12
        assert curve["high"][age] >= mean - 1e-12


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_by_day_is_the_definition(world: World) -> None:
    frame = compute(by_day, options={"history_days": world.history}, **world.tables())
    starts = world.starts()
    end = max(world.seen) + 1
    for n in DAYS:
        there = {m for m, s in starts.items() if s + n in world.seen}
        came = {m for m, d in world.messages if m in there and d == starts[m] + n}
        found = row(frame, measure="n_day", day=n)
        assert found["n"] == len(there)
        share = len(came) / len(there) if there else float("nan")
        assert found["value"] == pytest.approx(share, nan_ok=True)
        old = {
            m
            for m, s in starts.items()
            if s + n < end and len([d for d in world.seen if d >= s + n]) >= 0.9 * (end - s - n)
        }
        later = {m for m, d in world.messages if m in old and starts[m] + n <= d < end}
        found = row(frame, measure="unbounded", day=n)
        assert found["n"] == len(old)
        share = len(later) / len(old) if old else float("nan")
        assert found["value"] == pytest.approx(share, nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(worlds)
def test_brackets_and_definitions_are_the_definition(world: World) -> None:
    """Whoever is active on a day is so in its week, in its bracket, and on it or later.

    And a bracket is never below one inside it.
    """
    brackets, watch = ((1, 7), (3, 7), (5, 5), (8, 14)), 21
    options = {"history_days": world.history, "brackets": brackets}
    calendar = Calendar("UTC", week_start=world.week_start)
    starts = world.starts()
    days = {m: {d for who, d in world.messages if who == m} for m in starts}

    def week(day: int) -> date:
        return calendar.week_of(ORIGIN + timedelta(days=day))

    with community(**world.tables()) as data:
        frame = data.compute(definitions, watch=watch, **options)
        each = data.compute(by_bracket, **options)
    watched = [m for m, s in starts.items() if set(range(s, s + watch + 1)) <= world.seen]
    assert set(frame["n"]) == {len(watched)}
    shares = frame.set_index(["measure", frame.index % len(brackets)])["value"]
    for i, (first, last) in enumerate(brackets):
        came = {
            "n_day": [m for m in watched if starts[m] + last in days[m]],
            "calendar_week": [
                m for m in watched if any(week(d) == week(starts[m] + last) for d in days[m])
            ],
            "bracket": [m for m in watched if any(first <= d - starts[m] <= last for d in days[m])],
            "unbounded": [
                m for m in watched if any(last <= d - starts[m] <= watch for d in days[m])
            ],
        }
        for measure, members in came.items():
            share = len(members) / len(watched) if watched else np.nan
            assert shares[measure, i] == pytest.approx(share, nan_ok=True), (measure, first, last)
            assert not watched or shares[measure, i] >= shares["n_day", i]
        over = [m for m, s in starts.items() if set(range(s + first, s + last + 1)) <= world.seen]
        active = [m for m in over if any(first <= d - starts[m] <= last for d in days[m])]
        assert each["n"][i] == len(over)
        share = len(active) / len(over) if over else np.nan
        assert each["value"][i] == pytest.approx(share, nan_ok=True)
    if watched:
        assert shares["bracket", 0] >= shares["bracket", 1] >= shares["bracket", 2]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=5, max_size=10),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 120)), max_size=40),
)
def test_unbounded_is_above_n_day_and_never_rises(
    joins: list[int], spoken: list[tuple[int, int]]
) -> None:
    """All joined long enough ago for every N, and every day is covered."""
    frame = compute(
        by_day,
        members=roster(*[(f"m{i}", noon(d), "event") for i, d in enumerate(joins)]),
        messages=log(*[(f"m{i}", noon(d)) for i, d in spoken if i < len(joins) and d >= joins[i]]),
        sources=covering_days(whole_days(ORIGIN, 121)),
    )
    exact, later = (
        frame[frame["measure"] == m].set_index("day")["value"] for m in ("n_day", "unbounded")
    )
    assert (later >= exact).all()
    assert later.is_monotonic_decreasing
    assert set(frame["n"]) == {len(joins)}


@settings(max_examples=8, deadline=None)
@given(worlds, st.permutations(names), st.integers(1, 80))
def test_names_row_order_and_whole_weeks_do_not_matter(
    world: World, other: list[str], weeks: int
) -> None:
    renamed = dict(zip(names, other, strict=True))
    moved = World(
        [(renamed[m], d + 7 * weeks, b) for m, d, b in reversed(world.members)],
        [(renamed[m], d + 7 * weeks) for m, d in reversed(world.messages)],
        {d + 7 * weeks for d in world.seen},
        world.history,
        world.week_start,
    )
    for query in (retention, by_day):
        options = {"history_days": world.history}
        frame = compute(query, options=options, **world.tables())
        later = compute(query, options=options, **moved.tables())
        for column in {"period_start", "period_end", "cohort"} & set(later.columns):
            later[column] -= pd.Timedelta(weeks=weeks)
        pd.testing.assert_frame_equal(frame, later, check_dtype=False)
