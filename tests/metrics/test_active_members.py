"""Active members: hand-worked counts, a brute-force count as oracle, identities, clocks, engines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

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

from shequn.metrics.active_members import (
    WINDOWS,
    active_members,
    power_curve,
    stickiness,
    typical_day,
)

ORIGIN = date(2024, 1, 1)
COLUMNS = ["period_start", "period_end", "days", "value", "n", "low", "high", "withheld"]


def values(frame: pd.DataFrame, days: int) -> dict[date, float]:
    """Return the value of each window of so many days by the last day in it."""
    rows = frame[frame["days"] == days]
    lasts = rows["period_end"] - pd.Timedelta(days=1)
    return dict(zip(lasts.dt.date, rows["value"], strict=True))


# --- by hand


def test_by_hand() -> None:
    """Thirty days, 1 to 30 January 2024; who writes when:

    A on 1, 3 (twice), 28 and 29; B on 8; C on 28; D on 1.

    Days: 1 has A and D, 3 has A once, 8 has B, 28 has A and C, 29 has A; all others nobody.
    Seven days up to 7 hold A and D; up to 8 (2–8) A and B; up to 10 (4–10) B alone, A's third
    being out; up to 14 (8–14) still B; up to 15 (9–15) nobody; up to 28 A and C.
    28 days up to 28 hold all four; up to 29 (2–29) D is out and A is not; up to 30 the same.
    """  # noqa: D400
    frame = compute(
        active_members,
        messages=log(
            ("A", "2024-01-01 00:00:00"),
            ("D", "2024-01-01 23:59:59"),
            ("A", "2024-01-03 10:00:00"),
            ("A", "2024-01-03 11:00:00"),
            ("B", "2024-01-08 12:00:00"),
            ("A", "2024-01-28 12:00:00"),
            ("C", "2024-01-28 12:00:00"),
            ("A", "2024-01-29 12:00:00"),
        ),
        sources=covering(("2024-01-01", "2024-01-30")),
    )
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 3 * 30
    daily, weekly, monthly = (values(frame, w) for w in (1, 7, 28))
    assert daily == {
        date(2024, 1, d): {1: 2, 3: 1, 8: 1, 28: 2, 29: 1}.get(d, 0) for d in range(1, 31)
    }
    assert all(np.isnan(weekly[date(2024, 1, d)]) for d in range(1, 7))
    for day, members in {7: 2, 8: 2, 9: 2, 10: 1, 14: 1, 15: 0, 27: 0, 28: 2, 30: 2}.items():
        assert weekly[date(2024, 1, day)] == members, day
    assert all(np.isnan(monthly[date(2024, 1, d)]) for d in range(1, 28))
    assert [monthly[date(2024, 1, d)] for d in (28, 29, 30)] == [4, 3, 3]
    last = row(frame, days=28, period_end=pd.Timestamp("2024-01-29"))
    assert last["period_start"] == pd.Timestamp("2024-01-01")
    assert last["n"] == last["value"] == 4
    first = row(frame, days=1, period_start=pd.Timestamp("2024-01-01"))
    assert first["period_end"] == pd.Timestamp("2024-01-02")
    week = row(frame, days=7, period_end=pd.Timestamp("2024-01-08"))
    assert week["period_start"] == pd.Timestamp("2024-01-01")
    assert frame[["low", "high"]].isna().all(axis=None)


def test_the_page_s_exercise() -> None:
    """Exercise active-members-by-hand, five strong so that stickiness is not suppressed.

    Days 1 to 4: A writes on all, B on 1 and 3, C on 4, D on 2, E on 2. Member-days 4 + 2 + 1 + 1 + 1
    = 9; five members, four days: 9 ÷ 20 = 0.45. With the day starting at 04:00, A's message of day
    3 at 00:10 falls on day 2, where A counts already: 8 ÷ 20 = 0.40.
    """
    messages = log(
        *[
            ("A", f"2024-01-0{d} {t}")
            for d, t in enumerate(("12:00", "12:00", "00:10", "12:00"), 1)
        ],
        *[("B", f"2024-01-0{d} 12:00") for d in (1, 3)],
        ("C", "2024-01-04 12:00"),
        ("D", "2024-01-02 12:00"),
        ("E", "2024-01-02 12:00"),
    )
    sources = covering(("2024-01-01", "2024-01-04"))
    frame = compute(stickiness, options={"days": 4}, messages=messages, sources=sources)
    assert len(frame) == 1
    found = frame.iloc[0]
    assert (found["value"], found["n"]) == (pytest.approx(0.45), 5)
    assert (str(found["period_start"])[:10], str(found["period_end"])[:10]) == (
        "2024-01-01",
        "2024-01-05",
    )
    sources["covers_from"] = "2024-01-01 04:00:00"
    sources["covers_to"] = "2024-01-05 03:59:59"
    later = compute(
        stickiness,
        options={"days": 4},
        messages=messages,
        sources=sources,
        day_start="04:00",
    )
    assert later.iloc[-1]["value"] == pytest.approx(0.40)


def test_one_to_four_are_withheld_nobody_and_five_are_not() -> None:
    """On days 1 to 5 five, four, nobody, five and five write; four are withheld, nobody is not."""
    first = [(m, "2024-01-01") for m in "ABCDE"] + [(m, "2024-01-02") for m in "ABCD"]
    messages = log(*first, *[(m, f"2024-01-0{d}") for m in "ABCDE" for d in (4, 5)])
    with community(
        messages=messages, sources=covering(("2024-01-01", "2024-01-05")), smallest_group=5
    ) as data:
        daily = data.compute(active_members)
        medians = [data.compute(typical_day, days=d).iloc[0] for d in (1, 3, 4, 5, 28)]
    daily = daily[daily["days"] == 1]
    assert daily["value"].tolist() == pytest.approx([5, np.nan, 0, 5, 5], nan_ok=True)
    assert daily["n"].tolist() == pytest.approx([5, np.nan, 0, 5, 5], nan_ok=True)
    assert daily["withheld"].tolist() == [False, True, False, False, False]
    # Of days 5; 3–5: 0, 5, 5; 2–5: 4, 0, 5, 5, whose middle is 4.5; 1–5: 5, 4, 0, 5, 5.
    assert [m["value"] for m in medians] == pytest.approx([5, 5, np.nan, 5, 5], nan_ok=True)
    assert [m["withheld"] for m in medians] == [False, False, True, False, False]
    assert str(medians[1]["period_start"])[:10] == "2024-01-03"
    assert str(medians[1]["period_end"])[:10] == "2024-01-06"


def test_interval_of_stickiness_by_hand() -> None:
    """Active days 4, 2, 1, 1, 1 of 4: shares 1, ½, ¼, ¼, ¼; mean 0.45, squared deviations
    0.3025 + 0.0025 + 3 × 0.04 = 0.425, standard error √(0.425 ÷ 4 ÷ 5) = 0.145774; times 1.959964
    is 0.285712: 0.164288 to 0.735712.
    """  # noqa: D205
    messages = log(
        *[("A", f"2024-01-0{d}") for d in (1, 2, 3, 4)],
        *[("B", f"2024-01-0{d}") for d in (1, 3)],
        *[(m, "2024-01-04") for m in "CDE"],
    )
    sources = covering(("2024-01-01", "2024-01-04"))
    found = compute(stickiness, options={"days": 4}, messages=messages, sources=sources).iloc[0]
    assert found["low"] == pytest.approx(0.164288, abs=1e-6)
    assert found["high"] == pytest.approx(0.735712, abs=1e-6)
    # One on all of ten days and four on one of them: 0.28 ± 0.35, and no share is below 0.
    messages = log(
        *[("A", f"2024-01-{d:02d}") for d in range(1, 11)], *[(m, "2024-01-01") for m in "BCDE"]
    )
    frame = compute(
        stickiness,
        options={"days": 10},
        messages=messages,
        sources=covering(("2024-01-01", "2024-01-10")),
    )
    assert frame["value"].iloc[0] == pytest.approx(0.28)
    assert frame["low"].iloc[0] == 0
    assert frame["high"].iloc[0] == pytest.approx(0.28 + 1.959964 * 0.36 / 2, abs=1e-6)
    # The other way round, four on all and one on one: 0.82 ± 0.35, and no share is above 1.
    messages = log(
        *[(m, f"2024-01-{d:02d}") for m in "BCDE" for d in range(1, 11)], ("A", "2024-01-01")
    )
    found = compute(
        stickiness,
        options={"days": 10},
        messages=messages,
        sources=covering(("2024-01-01", "2024-01-10")),
    ).iloc[0]
    assert found["value"] == pytest.approx(0.82)
    assert found["low"] == pytest.approx(0.82 - 1.959964 * 0.36 / 2, abs=1e-6)
    assert found["high"] == 1


def steps(frame: pd.DataFrame, days: int, back: int) -> dict[str, float]:
    """Return members by active days of the last window, or of the one ``back`` windows before."""
    rows = frame[frame["days"] == days]
    end = rows["period_end"].max() - pd.Timedelta(days=back * days)
    rows = rows[rows["period_end"] == end]
    assert set(rows["period_start"]) == {end - pd.Timedelta(days=days)}
    return dict(zip(rows["active_days"], rows["value"], strict=True))


def test_power_curve_by_hand() -> None:
    """Member k writes on the last k of 56 days, for k at the edges of the steps; P on the 29th back.

    In 28 days one has 1 active day and two are in each further step. In 7, those from 4 on have 4
    to 7. In the 7 before, k = 8 has one day left and 14, 15 and 28 have all seven.
    """
    last = date(2024, 2, 25)
    written = [
        (f"m{k}", str(last - timedelta(days=i)))
        for k in (1, 2, 3, 4, 7, 8, 14, 15, 28)
        for i in range(k)
    ]
    messages = log(*written, ("P", str(last - timedelta(days=28))))
    sources = covering(("2024-01-01", "2024-02-25"))
    frame = compute(power_curve, messages=messages, sources=sources)
    assert steps(frame, 28, 0) == {"1": 1, "2–3": 2, "4–7": 2, "8–14": 2, "15–28": 2}
    assert steps(frame, 28, 1) == {"1": 1, "2–3": 0, "4–7": 0, "8–14": 0, "15–28": 0}
    assert steps(frame, 7, 0) == {"1": 1, "2–3": 2, "4–7": 6}
    assert steps(frame, 7, 1) == {"1": 1, "2–3": 0, "4–7": 3}
    assert frame["n"].equals(frame["value"])
    assert len(frame) == 2 * (3 + 5)
    shown = compute(power_curve, messages=messages, sources=sources, smallest_group=5)
    assert shown.loc[shown["value"].isna(), "withheld"].all()
    assert steps(shown, 7, 0)["4–7"] == 6


def test_power_curve_of_windows_that_are_not_wholly_covered() -> None:
    """One day unseen, 8 to 28 January: only the last two weeks of the 28 days are whole."""
    frame = compute(
        power_curve, messages=log(("A", "2024-01-09"), ("A", "2024-01-20"), ("A", "2024-01-28")),
        sources=covering(("2024-01-08", "2024-01-10"), ("2024-01-12", "2024-01-28")),
    )  # fmt: skip
    assert steps(frame, 7, 0) == {"1": 1, "2–3": 0, "4–7": 0}
    assert steps(frame, 7, 1) == {"1": 1, "2–3": 0, "4–7": 0}
    for back in (0, 1):
        assert np.isnan(list(steps(frame, 28, back).values())).all()


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
