"""Activity rhythm: hours of the week on the wall's clock, the peak, and burstiness."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics.activity_rhythm import (
    ENOUGH_GAPS,
    activity_rhythm,
    burstiness,
    finite_burstiness,
    peak,
    window_start,
)
from shequn.paths import SAMPLE

MONTH = covering(("2024-01-01", "2024-01-28"))  # a Monday to a Sunday, four weeks
TRUTH = json.loads((SAMPLE / "truth.json").read_text("utf-8"))["posting"]


def cell(frame: pd.DataFrame, weekday: str, hour: int, measure: str = "messages") -> pd.Series:
    """Return the row of an hour of the week."""
    return row(frame, weekday=weekday, hour=hour, measure=measure)


def at(*hours: float, who: str = "A", start: str = "2024-01-01") -> list[tuple[str, str]]:
    """Return messages of a member, by hours after the start."""
    return [(who, str(datetime.fromisoformat(start) + timedelta(hours=h))) for h in hours]


# --- hours of the week ------------------------------------------------------------------------


def test_by_hand() -> None:
    """A writes twice and B once on one Monday from 9 to 10, A once on the next, of four Mondays."""
    written = log(*at(9, 9.99, 7 * 24 + 9.5), *at(9.5, who="B"))
    found = compute(activity_rhythm, messages=written, sources=MONTH)
    here = cell(found, "mon", 9)
    assert (here["value"], here["n"]) == (4 / 4, 2)
    assert cell(found, "mon", 9, "speakers")["value"] == 3 / 4
    assert (cell(found, "mon", 10)["value"], cell(found, "mon", 10)["n"]) == (0, 0)
    assert len(found) == 2 * 7 * 24
    assert found.groupby("measure")["value"].sum().to_dict() == {"messages": 1, "speakers": 0.75}


def test_a_hole_in_the_data_does_not_look_quiet() -> None:
    """Of five Mondays one is not covered: 4 messages in 4 Mondays, and the one in the hole out."""
    written = log(*(m for w in range(5) for m in at(7 * 24 * w + 9)))
    holed = covering(("2024-01-01", "2024-01-07"), ("2024-01-09", "2024-02-04"))
    assert cell(compute(activity_rhythm, messages=written, sources=holed), "mon", 9)["value"] == 1


def test_a_weekday_must_be_covered_four_times() -> None:
    found = compute(
        activity_rhythm, messages=log(*at(9)), sources=covering(("2024-01-01", "2024-01-27"))
    )
    assert cell(found, "sat", 9)["value"] == 0  # four Saturdays
    assert np.isnan(cell(found, "sun", 9)["value"]) and np.isnan(cell(found, "sun", 9)["n"])


def test_only_the_last_days_count() -> None:
    written = log(*at(9, 24, 28 * 24 - 1))
    found = compute(activity_rhythm, messages=written, sources=MONTH, options={"days": 27})
    assert np.isnan(cell(found, "mon", 9)["value"])  # three Mondays are left
    assert cell(found, "tue", 0)["value"] == 1 / 4
    assert cell(found, "sun", 23)["value"] == 1 / 4
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-02")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-01-29")}


HOURS = [("mon", 1), ("sun", 17), ("sun", 12), ("sun", 1)]  # on the wall, of the community's day


@pytest.mark.parametrize(
    ("clock", "expected"), list(zip(SUNDAY_NIGHT, HOURS, strict=True)), ids=lambda x: str(x[:2])
)
def test_the_hour_is_that_on_the_wall_and_the_day_that_of_the_community(
    clock: tuple[str, str, str, str], expected: tuple[str, int]
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York.

    Where days begin at four, 01:30 belongs to Sunday's day and still reads 01.
    """
    timezone, day_start, week_start, _ = clock
    found = compute(
        activity_rhythm, messages=log(("A", "2024-01-07 17:30:00")),
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    only = found[(found["value"] > 0) & (found["measure"] == "messages")].iloc[0]
    assert (only["weekday"], only["hour"]) == expected
    assert found["weekday"].iloc[0] == ("sun" if week_start == "sunday" else "mon")
    assert found["hour"].iloc[0] == int(day_start[:2])


def test_half_past_four_and_a_quarter_past_are_both_of_the_day_that_ends_there() -> None:
    """Days from 04:30: 04:15 on Tuesday is Monday's last, 04:30 Tuesday's first; both read 4."""
    written = log(("A", "2024-01-09 04:15:00"), ("A", "2024-01-09 04:30:00"))
    found = compute(activity_rhythm, messages=written, sources=MONTH, day_start="04:30")
    assert cell(found, "mon", 4)["value"] > 0 and cell(found, "tue", 4)["value"] > 0


def test_one_to_four_are_withheld() -> None:
    written = log(*(m for i in range(5) for m in at(9, who=f"m{i}")), *at(10))
    found = compute(activity_rhythm, messages=written, sources=MONTH, smallest_group=5)
    assert cell(found, "mon", 9)["value"] == 5 / 4
    assert cell(found, "mon", 10)["withheld"] and np.isnan(cell(found, "mon", 10)["value"])


def test_nobody() -> None:
    nobody = {"messages": log(*at(9))[:0], "sources": MONTH}
    assert compute(activity_rhythm, **nobody)["value"].eq(0).all()
    assert compute(peak, **nobody)["value"].isna().all()
    assert compute(burstiness, **nobody)["value"].isna().all()


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 28 * 24 - 1)), max_size=40),
    st.sampled_from(["00:00", "04:30", "06:00"]),
)
def test_cells_times_their_days_are_all_messages(
    written: list[tuple[str, int]], day_start: str
) -> None:
    """Covered a day longer on both sides, so that each message lies inside under every clock."""
    messages = log(*(m for who, hour in written for m in at(hour, who=who)), *at(0))
    wide = covering(("2023-12-31", "2024-01-29"))
    found = compute(activity_rhythm, messages=messages, sources=wide, day_start=day_start)
    # The source begins at midnight: where days begin later, its first one began the day before.
    first = "2023-12-31" if day_start == "00:00" else "2023-12-30"
    days = pd.date_range(first, "2024-01-29").strftime("%a").str.lower().value_counts()
    total = (found["value"] * found["weekday"].map(days)).groupby(found["measure"]).sum()
    assert total["messages"] == pytest.approx(len(messages))
    different = {(who, hour) for who, hour in written} | {("A", 0)}
    assert total["speakers"] == pytest.approx(len(different))


def test_the_sample_gives_back_its_hours_and_weekdays() -> None:
    """The law of truth.json; first messages (one a speaker) follow joining and are left out."""
    with open_dataset() as sample:
        found = sample.compute(activity_rhythm, days=0)
    grid = found[found["measure"] == "messages"].pivot_table(
        index="hour", columns="weekday", values="value"
    )
    days = grid[["mon", "tue", "wed", "thu", "fri", "sat", "sun"]]
    weeks = 78.3
    for drawn, law in (
        (days.sum(axis=1), TRUTH["hours"]), (days.sum(axis=0), TRUTH["weekdays"]),
    ):  # fmt: skip
        share, expected = drawn / drawn.sum(), np.array(law) / np.sum(law)
        error = np.sqrt(expected * (1 - expected) / (drawn.sum() * weeks))
        # First messages, one in 37, keep other hours, and how many are alive drifts by the week.
        assert (np.abs(share - expected) < 4 * error + 0.05 * expected + 0.0005).all()


# --- the peak ---------------------------------------------------------------------------------


def evenings(weeks: int, people: int = 5) -> pd.DataFrame:
    """Return, a week: 4 messages on Monday from 22 to 2, and 1 on Saturday at noon; by turns."""
    start = datetime(2024, 1, 1)
    rows = [
        (f"m{(w + i) % people}", str(start + timedelta(weeks=w, hours=hour)))
        for w in range(weeks)
        for i, hour in enumerate((22, 23, 24, 25, 5 * 24 + 12))
    ]
    return log(*rows)


def test_the_peak_may_go_over_midnight() -> None:
    found = compute(peak, messages=evenings(8), sources=covering(("2024-01-01", "2024-02-25")))
    assert row(found, measure="peak_start")["value"] == 22
    share = row(found, measure="peak_share")
    assert (share["value"], share["n"]) == (4 / 5, 5)
    assert share["low"] == pytest.approx(4 / 5) and share["high"] == pytest.approx(4 / 5)


def test_a_weekend_day_held_against_a_workday() -> None:
    """1 message in 2 weekend days and 4 in 5 workdays: 0.5 / 0.8."""
    found = compute(peak, messages=evenings(8), sources=covering(("2024-01-01", "2024-02-25")))
    assert row(found, measure="weekend_ratio")["value"] == pytest.approx(0.5 / 0.8)
    # Without the last two weekends, 6 messages in 12 weekend days; Saturdays are 6 of them.
    spans = [(f"2024-{a}", f"2024-{b}") for a, b in (("01-01", "02-16"), ("02-19", "02-23"))]
    found = compute(peak, messages=evenings(8), sources=covering(*spans))
    assert row(found, measure="weekend_ratio")["value"] == pytest.approx((6 / 12) / (32 / 40))


def test_a_group_that_never_writes_on_workdays_has_no_ratio() -> None:
    weekends = evenings(8)[lambda m: m["ts"].str.contains(" 12:")]
    found = compute(peak, messages=weekends, sources=covering(("2024-01-01", "2024-02-25")))
    assert row(found, measure="peak_share")["value"] == 1
    assert np.isnan(row(found, measure="weekend_ratio")["value"])


def test_a_peak_needs_eight_weeks_and_five_people() -> None:
    weeks = covering(("2024-01-01", "2024-02-25"))
    assert compute(peak, messages=evenings(7), sources=weeks)["value"].isna().all()
    assert compute(peak, messages=evenings(8, people=4), sources=weeks)["value"].isna().all()


def test_a_peak_of_other_length() -> None:
    weeks = covering(("2024-01-01", "2024-02-25"))
    found = compute(peak, messages=evenings(8), sources=weeks, options={"hours": 1})
    assert row(found, measure="peak_share")["value"] == 1 / 5
    assert window_start(np.array([3.0, 0, 0, 2, 2, *[0] * 18, 2]), 2) == 23
    assert window_start(np.array([3.0, 0, 0, 2, 2, *[0] * 19]), 2) == 3


def test_the_sample_gives_back_its_peak() -> None:
    """By truth.json 19 to 23 holds most of any four hours; weekend days are as busy as workdays."""
    with open_dataset() as sample:
        found = sample.compute(peak, days=0)
    law = np.array(TRUTH["hours"])
    assert row(found, measure="peak_start")["value"] == 19
    share = row(found, measure="peak_share")
    assert share["low"] <= law[19:23].sum() / law.sum() <= share["high"]
    week = np.array(TRUTH["weekdays"])
    ratio = row(found, measure="weekend_ratio")
    assert ratio["low"] <= week[5:].mean() / week[:5].mean() <= ratio["high"]


# --- burstiness -------------------------------------------------------------------------------


def of(gaps: list[float]) -> float:
    values = np.array(gaps, dtype=float)
    return finite_burstiness(len(values), values.sum(), (values**2).sum())


def test_the_ends_and_the_middle_are_those_of_kim_and_jo() -> None:
    """Their three conditions on A_n(r): r = 0, r of a Poisson process of n gaps, r = sqrt(n - 1).

    The second by the variance of n gaps that cut an interval at random, (n - 1) / (n^2 (n + 1)).
    """
    for n in (2, 3, 10, 1000):
        assert of([60.0] * n) == pytest.approx(-1)
        assert of([0.0] * (n - 1) + [60.0]) == pytest.approx(1)
        squares = n * ((n - 1) / (n**2 * (n + 1)) + 1 / n**2)
        assert finite_burstiness(n, 1.0, squares) == pytest.approx(0, abs=1e-9)
    assert np.isnan(of([60.0])) and np.isnan(of([0.0, 0.0])) and np.isnan(of([]))


def test_a_value_by_hand() -> None:
    """Gaps 1, 1, 4: mean 2, variance 2, r = 0.7071; (2 r - 1.4142) / (0 r + 1.4142) = 0.

    Gaps 0, 1, 5: mean 2, variance 14 / 3, r = 1.0801; (2 r - 1.4142) / 1.4142 = 0.5275.
    """
    assert of([1, 1, 4]) == pytest.approx(0, abs=1e-12)
    assert of([0, 1, 5]) == pytest.approx(0.5275, abs=5e-5)


def test_many_gaps_give_the_value_of_goh_and_barabasi() -> None:
    """Towards many gaps the correction vanishes: (sigma - mu) / (sigma + mu)."""
    gaps = np.random.default_rng(1).lognormal(0, 1.5, 200_000)
    plain = (gaps.std() - gaps.mean()) / (gaps.std() + gaps.mean())
    assert of(gaps.tolist()) == pytest.approx(plain, abs=0.01)


@pytest.mark.parametrize("n", [5, 20])
def test_short_poisson_processes_are_near_zero_in_the_mean(n: int) -> None:
    """Nearer than without the correction; the root of a mean is still a little above the mean."""
    gaps = np.random.default_rng(2).exponential(1, (4000, n))
    r = gaps.std(axis=1) / gaps.mean(axis=1)
    plain, found = np.mean((r - 1) / (r + 1)), np.mean([of(row.tolist()) for row in gaps])
    assert abs(found) < 0.06
    assert abs(found) < 0.6 * abs(plain)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=30), st.integers(1, 100))
def test_between_minus_one_and_one_and_the_same_in_any_unit(gaps: list[int], unit: int) -> None:
    value = of(gaps)
    assert -1 - 1e-9 <= value <= 1 + 1e-9
    assert of([g * unit for g in gaps]) == pytest.approx(value, abs=1e-6)


def clockwork(messages: int, people: int = 5) -> pd.DataFrame:
    """Return messages of each of five people every seven hours, all five at once."""
    rows = [at(*(7 * k for k in range(messages)), who=f"m{i}") for i in range(people)]
    return log(*(m for member in rows for m in member))


LONG = covering(("2024-01-01", "2024-03-31"))


def test_clockwork_is_minus_one_for_each_member_and_needs_twenty_gaps() -> None:
    found = compute(burstiness, messages=clockwork(ENOUGH_GAPS + 1), sources=LONG)
    own = row(found, measure="member_burstiness")
    assert (own["value"], own["n"]) == (pytest.approx(-1), 5)
    few = compute(burstiness, messages=clockwork(ENOUGH_GAPS), sources=LONG)
    assert np.isnan(row(few, measure="member_burstiness")["value"])
    four = compute(burstiness, messages=clockwork(ENOUGH_GAPS + 1, people=4), sources=LONG)
    assert np.isnan(row(four, measure="member_burstiness")["value"])


def test_the_groups_gaps_are_between_messages_of_anybody() -> None:
    """Five people, each every 7 hours, all at once: of five gaps four are 0 and one is 7 hours."""
    messages = clockwork(8 * 24)  # eight weeks
    found = row(compute(burstiness, messages=messages, sources=LONG), measure="group_burstiness")
    n = 5 * 8 * 24 - 1
    gaps = [0.0] * (n - 8 * 24 + 1) + [1.0] * (8 * 24 - 1)
    assert (found["value"], found["n"]) == (pytest.approx(of(gaps)), 5)
    assert found["low"] < found["value"] < found["high"]
    seven = compute(burstiness, messages=clockwork(7 * 24), sources=LONG)
    assert np.isnan(row(seven, measure="group_burstiness")["value"])


def test_gaps_of_hours_and_seconds_are_squared_whole() -> None:
    """Gaps of 1 second and of 2 hours and 1 second, by turns: mean 3601, deviation 3600."""
    times = np.cumsum([0, *[1, 7201] * 10]) / 3600
    rows = [m for i in range(5) for m in at(*times, who=f"m{i}")]
    found = compute(burstiness, messages=log(*rows), sources=LONG)
    n, r = 20, 3600 / 3601
    expected = (np.sqrt(n + 1) * r - np.sqrt(n - 1)) / ((np.sqrt(n + 1) - 2) * r + np.sqrt(n - 1))
    assert row(found, measure="member_burstiness")["value"] == pytest.approx(expected, abs=1e-6)


def test_a_gap_across_a_hole_is_none() -> None:
    """Without the day of the hole each member has two runs of clockwork, and still -1."""
    holed = covering(("2024-01-01", "2024-01-10"), ("2024-01-13", "2024-03-31"))
    found = compute(burstiness, messages=clockwork(80), sources=holed)
    assert row(found, measure="member_burstiness")["value"] == pytest.approx(-1)


def test_the_sample_posts_like_poisson() -> None:
    """By truth.json each member posts by a Poisson process that follows the hours of the week.

    Drawn anew by that law for the rates there are, the median of members' burstiness lies within
    the interval found.
    """
    with open_dataset() as sample:
        found = row(sample.compute(burstiness, days=0), measure="member_burstiness")
    rhythm = np.outer(TRUTH["weekdays"], TRUTH["hours"]).ravel()
    passed = np.concatenate([[0], np.cumsum(rhythm / rhythm.mean())])  # hours of an even clock
    random = np.random.default_rng(3)
    drawn = []
    for _ in range(400):
        even = np.cumsum(random.exponential(24 / 1.0, 40))
        weeks, rest = np.divmod(even, 168)
        drawn.append(of(np.diff(weeks * 168 + np.interp(rest, passed, np.arange(169))).tolist()))
    assert abs(np.median(drawn)) < 0.06, "the law itself is close to 0"
    assert found["low"] - 0.03 <= np.median(drawn) <= found["high"] + 0.03
