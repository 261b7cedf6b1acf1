"""Retention: who counts and from when, and the definition written out as an oracle."""

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
from retention_hand import NAN, WEEKLY, covered, joined, triangle, wrote
from worlds import ORIGIN, World, names, noon, worlds

from shequn.calendar import Calendar
from shequn.metrics.retention import DAYS, by_bracket, by_day, definitions, pooled, retention

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
