"""Life cycle: new, returning, resurrected, dormant, and the quick ratio."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, community, compute, covering, log, row, synthetic
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.metrics.active_members import active_members
from shequn.metrics.lifecycle import STATES, lifecycle, quick_ratio

MONDAY = date(2024, 1, 1)
WEEKS = covering(("2024-01-01", "2024-02-04"))  # five whole weeks


def wrote(*pairs: tuple[str, int]) -> pd.DataFrame:
    """Return messages of members at noon UTC of the first day of weeks."""
    return log(*[(who, f"{MONDAY + timedelta(weeks=week)} 12:00:00") for who, week in pairs])


def states(frame: pd.DataFrame, week: int) -> dict[str, float]:
    """Return the numbers of a week."""
    rows = frame[frame["period_start"] == pd.Timestamp(MONDAY + timedelta(weeks=week))]
    return dict(zip(rows["state"], rows["value"], strict=True))


def test_by_hand() -> None:
    """A writes in weeks 0-4, B in 0 and 2, C in 1 and 4, D in 3: worked out on paper.

    The rules are those of PostHog's lifecycle (catalogue rows 19-22), but for "new", which there
    is the making of a profile and here the first message.
    """
    messages = wrote(
        *(("A", w) for w in range(5)), ("B", 0), ("B", 2), ("C", 1), ("C", 4), ("D", 3)
    )
    found = compute(lifecycle, messages=messages, sources=WEEKS, options={"history_days": 0})
    assert states(found, 1) == {"new": 1, "returning": 1, "resurrected": 0, "dormant": 1}
    assert states(found, 2) == {"new": 0, "returning": 1, "resurrected": 1, "dormant": 1}
    assert states(found, 3) == {"new": 1, "returning": 1, "resurrected": 0, "dormant": 1}
    assert states(found, 4) == {"new": 0, "returning": 1, "resurrected": 1, "dormant": 1}
    first = states(found, 0)
    assert first["new"] == 2 and all(np.isnan(first[s]) for s in STATES[1:])
    assert (found["n"].dropna() == found["value"].dropna()).all()
    assert (found["period_end"] - found["period_start"] == pd.Timedelta(days=7)).all()


def test_quick_ratio_by_hand() -> None:
    """Weeks 1-4 of the example above: 2 new and 2 back for 4 who fell silent, so 1.

    The interval is that of 4 out of 8, by Wilson, p / (1 - p) of each bound.
    """
    messages = wrote(
        *(("A", w) for w in range(5)), ("B", 0), ("B", 2), ("C", 1), ("C", 4), ("D", 3)
    )
    found = compute(quick_ratio, messages=messages, sources=WEEKS, options={"history_days": 0})
    assert len(found) == 1
    only = found.iloc[0]
    assert (only["value"], only["n"]) == (1.0, 8.0)
    low, high = proportion_confint(4, 8, method="wilson")
    assert only["low"] == pytest.approx(low / (1 - low))
    assert only["high"] == pytest.approx(high / (1 - high))
    assert only["low"] * only["high"] == pytest.approx(1)  # as many came as fell silent
    assert only["period_start"] == pd.Timestamp("2024-01-08")
    assert only["period_end"] == pd.Timestamp("2024-02-05")


def test_blocks_are_whole_weeks_counted_back_from_the_last_whole_one() -> None:
    """A writes every week, B every other: from week 1 on one is silent or back each week.

    Three weeks make no block of four, four make one, eight make two; days of a week that is not
    over change nothing. Week 0 has nothing before it, so a block with it has no value.
    """
    messages = wrote(*(("A", w) for w in range(9)), *(("B", w) for w in (0, 2, 4, 6)))
    blocks = {20: [], 27: [0], 34: [1], 55: [0, 4], 58: [0, 4], 61: [0, 4], 62: [1, 5]}
    for last, starts in blocks.items():
        seen = covering(("2024-01-01", str(MONDAY + timedelta(days=last))))
        found = compute(quick_ratio, messages=messages, sources=seen, options={"history_days": 0})
        weeks = [pd.Timestamp(MONDAY + timedelta(weeks=w)) for w in starts]
        assert found["period_start"].tolist() == weeks, last
        assert (found["period_end"] - found["period_start"] == pd.Timedelta(weeks=4)).all()
        assert found["value"].isna().tolist() == [w == 0 for w in starts]
    # weeks 5 to 8: B silent in 5 and 7, back in 6 alone
    assert found["value"].tolist() == [1, 1 / 2]


@pytest.mark.parametrize("newcomer", [None, 3])
def test_while_nobody_falls_silent_there_is_no_ratio(newcomer: int | None) -> None:
    later = [("B", w) for w in range(5) if newcomer is not None and w >= newcomer]
    messages = wrote(*(("A", w) for w in range(5)), *later)
    found = compute(quick_ratio, messages=messages, sources=WEEKS, options={"history_days": 0})
    assert len(found) == 1
    assert found[["value", "low", "high"]].isna().all(axis=None)


def test_as_many_days_of_history_as_the_data_have() -> None:
    four_weeks = covering(("2024-01-01", "2024-01-28"))
    found = compute(lifecycle, messages=wrote(("A", 0), ("B", 3)), sources=four_weeks)
    assert found.loc[found["state"] == "new", "value"].isna().all()


def test_new_is_not_told_before_enough_history() -> None:
    messages = wrote(*((who, w) for who in "ABCDE" for w in range(5)), ("F", 4))
    found = compute(lifecycle, messages=messages, sources=WEEKS)  # 28 days: weeks 0 to 3
    assert [np.isnan(states(found, w)["new"]) for w in range(5)] == [True] * 4 + [False]
    assert states(found, 4)["new"] == 1
    assert states(found, 3)["returning"] == 5  # no history is needed to have been here last week


def test_a_week_with_a_hole_and_the_one_after_it_are_unknown() -> None:
    holed = covering(("2024-01-01", "2024-01-16"), ("2024-01-18", "2024-02-04"))
    messages = wrote(*(("A", w) for w in range(5)))
    found = compute(lifecycle, messages=messages, sources=holed, options={"history_days": 0})
    assert all(np.isnan(v) for v in states(found, 2).values())
    after = states(found, 3)
    assert after["new"] == 0 and np.isnan([after[s] for s in STATES[1:]]).all()
    assert states(found, 4)["returning"] == 1


def test_nobody_and_one_member() -> None:
    found = compute(
        lifecycle, messages=wrote(("A", 0))[:0], sources=WEEKS, options={"history_days": 0}
    )
    assert found.loc[found["period_start"] > "2024-01-01", "value"].eq(0).all()
    alone = compute(lifecycle, messages=wrote(("A", 0)), sources=WEEKS, options={"history_days": 0})
    assert states(alone, 1)["dormant"] == 1 and states(alone, 2)["dormant"] == 0


@pytest.mark.parametrize(
    ("timezone", "day_start", "week_start", "week"),
    SUNDAY_NIGHT,
)
def test_a_message_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    found = compute(
        lifecycle, messages=log(("A", "2024-01-07 17:30:00")),
        sources=covering(("2023-12-20", "2024-02-10")), options={"history_days": 0},
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    new = found[(found["state"] == "new") & (found["value"] == 1)]
    assert [f"{day:%Y-%m-%d}" for day in new["period_start"]] == [week]


def test_one_to_four_are_withheld() -> None:
    messages = wrote(*((f"m{i}", w) for i in range(6) for w in (0, 1)), ("x", 1), ("y", 1))
    found = compute(
        lifecycle, messages=messages, sources=WEEKS, options={"history_days": 0}, smallest_group=5
    )
    week = found[found["period_start"] == "2024-01-08"]
    assert row(week, state="new")["withheld"] and np.isnan(row(week, state="new")["value"])
    assert row(week, state="returning")["value"] == 6


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.integers(0, 9)), min_size=1, max_size=60),
)
def test_active_is_new_plus_returning_plus_resurrected_and_the_rest_fell_silent(
    pairs: list[tuple[str, int]],
) -> None:
    """The identity of catalogue rows 19-22, held against sets of members counted by hand."""
    sources = covering(("2024-01-01", "2024-03-10"))
    found = compute(lifecycle, messages=wrote(*pairs), sources=sources, options={"history_days": 0})
    active = [{who for who, week in pairs if week == w} for w in range(10)]
    for w in range(1, 10):
        now = states(found, w)
        assert now["new"] + now["returning"] + now["resurrected"] == len(active[w])
        assert now["dormant"] == len(active[w - 1]) - now["returning"]
        assert now["new"] == len(active[w] - set().union(*active[:w]))


def test_weekly_actives_are_the_same_in_both_metrics() -> None:
    with community(**synthetic()) as data:
        frame = data.compute(lifecycle, history_days=0)
        daily = data.compute(active_members)
    wau = daily[daily["days"] == 7].set_index("period_start")["value"]
    came = frame[frame["state"] != "dormant"].groupby("period_start")["value"].sum(min_count=3)
    assert came.notna().sum() > 5
    for week, members in came.dropna().items():
        assert wau[week] == members
