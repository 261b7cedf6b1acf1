"""Active members: an oracle that counts every window, clocks, whom it counts, edge cases."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from actives_hand import steps, values
from engines import (
    community,
    compute,
    covering,
    covering_days,
    log,
    roster,
    whole_days,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.metrics.active_members import (
    WINDOWS,
    active_members,
    power_curve,
    stickiness,
)

ORIGIN = date(2024, 1, 1)


# --- against a count by brute force, and identities

authors = st.sampled_from("abcdef")
spoken = st.lists(st.tuples(authors, st.integers(-40, 90), st.integers(0, 86_399)), max_size=60)
seen_days = st.one_of(
    st.integers(1, 60).map(lambda n: set(range(n))),
    st.sets(st.integers(0, 60), min_size=1),
    st.tuples(st.integers(0, 59), st.integers(1, 5)).map(
        lambda hole: set(range(61)) - set(range(hole[0], hole[0] + hole[1]))
    ),
)


def to_log(rows: list[tuple[str, int, int]], shift: int = 0) -> pd.DataFrame:
    start = datetime(ORIGIN.year, ORIGIN.month, ORIGIN.day)
    return log(*[(a, str(start + timedelta(days=d + shift, seconds=s))) for a, d, s in rows])


def brute(rows: list[tuple[str, int, int]], covered: set[int], days: int) -> dict[date, float]:
    """Count the members of every window by looking at each message for each day."""
    found = {}
    for day in range(min(covered), max(covered) + 1):
        window = set(range(day - days + 1, day + 1))
        members = {author for author, d, _ in rows if d in window}
        value = float(len(members)) if window <= covered else float("nan")
        found[ORIGIN + timedelta(days=day)] = value
    return found


@settings(max_examples=25, deadline=None)
@given(spoken, seen_days)
def test_equals_brute_force_under_gaps(rows: list[tuple[str, int, int]], seen: set[int]) -> None:
    """Also with messages before, after and inside what no source covers."""
    frame = compute(
        active_members,
        messages=to_log(rows),
        sources=covering_days(ORIGIN + timedelta(days=d) for d in seen),
    )
    for window in WINDOWS:
        assert values(frame, window) == pytest.approx(brute(rows, seen, window), nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(spoken, st.permutations("abcdef"), st.integers(1, 60))
def test_names_row_order_and_whole_weeks_do_not_matter(
    rows: list[tuple[str, int, int]], names: list[str], weeks: int
) -> None:
    seen = whole_days(ORIGIN, 45)
    frame = compute(active_members, messages=to_log(rows), sources=covering_days(seen))
    renamed = [(names["abcdef".index(a)] + "_", d, s) for a, d, s in reversed(rows)]
    other = compute(active_members, messages=to_log(renamed), sources=covering_days(seen))
    pd.testing.assert_frame_equal(frame, other)
    later = compute(
        active_members,
        messages=to_log(rows, 7 * weeks),
        sources=covering_days(d + timedelta(weeks=weeks) for d in seen),
    )
    for column in ("period_start", "period_end"):
        later[column] -= pd.Timedelta(weeks=weeks)
    pd.testing.assert_frame_equal(frame, later, check_dtype=False)


@settings(max_examples=20, deadline=None)
@given(spoken, seen_days)
def test_day_week_and_month_are_nested(rows: list[tuple[str, int, int]], seen: set[int]) -> None:
    frame = compute(
        active_members,
        messages=to_log(rows),
        sources=covering_days(ORIGIN + timedelta(days=d) for d in seen),
    )
    daily, weekly, monthly = (values(frame, w) for w in WINDOWS)
    for day, month in monthly.items():
        if not np.isnan(weekly[day]):
            assert daily[day] <= weekly[day]
        if not np.isnan(month):
            assert weekly[day] <= month
            assert month <= sum(daily[day - timedelta(days=i)] for i in range(28))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcdefgh"), st.integers(-5, 70), st.just(0)),
        min_size=15,
        max_size=90,
    ),
    st.sampled_from([7, 28]),
    seen_days,
)
def test_stickiness_is_mean_dau_over_mau(
    rows: list[tuple[str, int, int]], days: int, seen: set[int]
) -> None:
    """In every window counted back from the end, whatever the gaps; nothing for one member alone."""
    with community(
        messages=to_log(rows),
        sources=covering_days(ORIGIN + timedelta(days=d) for d in seen),
    ) as data:
        sticky = data.compute(stickiness, days=days)
        actives = data.compute(active_members)
    daily, whole = values(actives, 1), values(actives, days)
    assert list(sticky["period_end"]) == sorted(sticky["period_end"])
    assert sticky["period_end"].iloc[-1].date() == ORIGIN + timedelta(days=max(seen) + 1)
    for found in sticky.to_dict("records"):
        start, end = found["period_start"].date(), found["period_end"].date()
        assert end - start == timedelta(days=days)
        assert (ORIGIN + timedelta(days=max(seen) + 1) - end).days % days == 0
        monthly = whole.get(end - timedelta(days=1), float("nan"))
        if np.isnan(monthly) or monthly < 2:
            assert np.isnan([found["value"], found["low"], found["high"]]).all()
        else:
            each = [daily[start + timedelta(days=i)] for i in range(days)]
            assert found["n"] == monthly
            assert found["value"] == pytest.approx(np.mean(each) / monthly, abs=1e-12)
            assert 0 <= found["low"] <= found["value"] + 1e-12
            assert found["value"] - 1e-12 <= found["high"] <= 1


@settings(max_examples=8, deadline=None)
@given(spoken, seen_days)
def test_the_steps_of_the_power_curve_hold_every_active_member(
    rows: list[tuple[str, int, int]], seen: set[int]
) -> None:
    """They add up to the actives of the same window, 7 days or 28, and are empty with it."""
    covered = covering_days(ORIGIN + timedelta(days=d) for d in seen)
    with community(messages=to_log(rows), sources=covered) as data:
        frame, actives = data.compute(power_curve), data.compute(active_members)
    for days in WINDOWS[1:]:
        whole = values(actives, days)
        for back in (0, 1):
            end = ORIGIN + timedelta(days=max(seen) - back * days)
            there = sum(steps(frame, days, back).values())
            assert there == pytest.approx(whole.get(end, np.nan), nan_ok=True)


def test_stickiness_shows_every_window_even_a_silent_or_unseen_one() -> None:
    """Weeks 2 (silent) and 3 (one day unseen) have no value, and still stand in the result."""
    messages = log(*[(m, f"2024-01-{d:02d} 12:00") for m in "abcde" for d in (2, 16, 23)])
    frame = compute(
        stickiness,
        options={"days": 7},
        messages=messages,
        sources=covering(("2024-01-01", "2024-01-16"), ("2024-01-18", "2024-01-28")),
    )
    assert [str(d)[:10] for d in frame["period_start"]] == [
        "2024-01-01",
        "2024-01-08",
        "2024-01-15",
        "2024-01-22",
    ]
    assert list(frame["value"].notna()) == [True, False, False, True]
    assert list(frame["n"]) == [5, 0, 5, 5]


# --- clocks

MIDNIGHTS = [
    # zone, day start, first second of the local day in UTC, local day
    ("Asia/Shanghai", "00:00", "2024-03-01 16:00:00", date(2024, 3, 2)),
    ("Asia/Shanghai", "04:30", "2024-03-01 20:30:00", date(2024, 3, 2)),
    ("Asia/Kolkata", "00:00", "2024-03-01 18:30:00", date(2024, 3, 2)),
    ("Asia/Kolkata", "04:30", "2024-03-01 23:00:00", date(2024, 3, 2)),
    ("America/New_York", "00:00", "2024-03-10 05:00:00", date(2024, 3, 10)),  # clocks go forward
    ("America/New_York", "04:30", "2024-03-10 08:30:00", date(2024, 3, 10)),
    ("America/New_York", "00:00", "2024-03-11 04:00:00", date(2024, 3, 11)),
    ("America/New_York", "00:00", "2024-11-03 04:00:00", date(2024, 11, 3)),  # and back
    ("America/New_York", "04:30", "2024-11-03 09:30:00", date(2024, 11, 3)),
    ("America/New_York", "00:00", "2024-11-04 05:00:00", date(2024, 11, 4)),
]


@pytest.mark.parametrize(("zone", "day_start", "begins", "day"), MIDNIGHTS)
def test_a_day_begins_on_the_community_s_clock(
    zone: str, day_start: str, begins: str, day: date
) -> None:
    first = pd.Timestamp(begins)
    messages = log(("early", str(first - pd.Timedelta(seconds=1))), ("late", str(first)))
    frame = compute(active_members, messages=messages, timezone=zone, day_start=day_start)
    assert values(frame, 1) == {day - timedelta(days=1): 1, day: 1}
    same = log(("one", str(first)), ("two", str(first + pd.Timedelta(hours=22, minutes=59))))
    frame = compute(active_members, messages=same, timezone=zone, day_start=day_start)
    assert values(frame, 1) == {day: 2}


def test_a_machine_zone_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    messages = log(("a", "2024-03-01 15:59:59"), ("a", "2024-03-01 16:00:00"))
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        frame = compute(active_members, messages=messages, timezone="Asia/Shanghai")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert values(frame, 1) == {date(2024, 3, 1): 1, date(2024, 3, 2): 1}


# --- who and what counts


def test_robots_staff_and_notices_are_left_out() -> None:
    messages = log(
        ("a", "2024-01-01 12:00", "text"),
        ("b", "2024-01-01 12:00", None),
        ("c", "2024-01-01 12:00", "system"),
        ("d", "2024-01-01 12:00", "recall"),
        ("robot", "2024-01-01 12:00", "text"),
        ("boss", "2024-01-01 12:00", "text"),
        ("stranger", "2024-01-01 12:00", "text"),
        columns=("author_id", "ts", "kind"),
    )
    members = roster(
        ("a", False, False),
        ("b", None, None),
        ("robot", False, True),
        ("boss", True, None),
        columns=("member_id", "is_staff", "is_bot"),
    )
    with community(messages=messages, members=members) as data:
        assert values(data.compute(active_members), 1) == {date(2024, 1, 1): 3}  # a, b, stranger
        assert data.counts_excluded() == 2
    with community(messages=messages) as data:
        assert values(data.compute(active_members), 1) == {date(2024, 1, 1): 5}
        assert data.counts_excluded() == 0


def test_a_message_without_author_or_time_is_nobody_s() -> None:
    messages = log(("a", "2024-01-01 12:00"), (None, "2024-01-01 12:00"), ("b", None), ("a", None))
    frame = compute(
        active_members, messages=messages, sources=covering(("2024-01-01", "2024-01-08"))
    )
    assert list(values(frame, 1).values()) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert list(values(frame, 7).values())[6:] == [1, 0]


def test_unseen_days_have_no_value_and_silent_ones_are_zero() -> None:
    frame = compute(
        active_members,
        messages=log(("a", "2024-01-02 12:00"), ("b", "2024-01-04 12:00")),
        sources=covering(("2024-01-01", "2024-01-03"), ("2024-01-05", "2024-01-06")),
    )
    daily = list(values(frame, 1).values())
    assert daily[:3] == [0, 1, 0]
    assert np.isnan(daily[3])  # b wrote, but nobody knows who else did
    assert daily[4:] == [0, 0]


def test_an_empty_log_of_covered_days_is_all_zero() -> None:
    with community(messages=log(), sources=covering(("2024-01-01", "2024-01-28"))) as data:
        frame, sticky = data.compute(active_members), data.compute(stickiness)
    assert set(values(frame, 1).values()) == {0}
    assert values(frame, 28)[date(2024, 1, 28)] == 0
    assert len(sticky) == 1
    assert sticky["value"].isna().all()
    assert sticky["n"].iloc[0] == 0


def test_one_member_has_no_stickiness() -> None:
    """Of one there is no spread, and the number would be about that one."""
    messages, week = log(("a", "2024-01-03")), covering(("2024-01-01", "2024-01-07"))
    found = compute(stickiness, options={"days": 7}, messages=messages, sources=week).iloc[0]
    assert found["n"] == 1
    assert found[["value", "low", "high"]].isna().all()


def test_one_member() -> None:
    with community(messages=log(("a", "2024-01-31 12:00"))) as data:
        frame, sticky = data.compute(active_members), data.compute(stickiness)
    assert values(frame, 1) == {date(2024, 1, 31): 1}
    assert np.isnan(values(frame, 7)[date(2024, 1, 31)])
    assert np.isnan(sticky["value"].iloc[-1])
