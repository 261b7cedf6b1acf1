"""Activity index: the indicators it stands on, min-max, entropy weights, and order under others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, row
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shequn.charts.indicators import INDICATORS as DRAWN
from shequn.dataset import open_dataset
from shequn.metrics.activity_index import (
    activity_index,
    entropy_weights,
    flips,
    index_parts,
    index_stability,
    index_weights,
)
from shequn.metrics.indicators import INDICATORS
from shequn.text import ShequnError

MONDAY = date(2024, 1, 1)
TEN = covering(("2024-01-01", "2024-03-10"))  # ten whole weeks
COLUMNS = ("author_id", "ts", "message_id", "reply_to_id")


def said(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return messages from ``(member, day since Monday[, id[, id answered]])``, at noon."""
    start = datetime(2024, 1, 1, 12)
    full = [
        (who, str(start + timedelta(days=day)), *more, *(None,) * (2 - len(more)))
        for who, day, *more in rows
    ]
    return log(*full, columns=COLUMNS)


def part(frame: pd.DataFrame, indicator: str, week: int) -> float:
    """Return an indicator of a week."""
    start = pd.Timestamp(MONDAY + timedelta(weeks=week))
    return float(row(frame, indicator=indicator, period_start=start)["value"])


def crowd(numbers: list[int], each: int = 1) -> list[tuple[str, int]]:
    """Return messages of as many members a week, each on ``each`` days."""
    return [
        (f"m{i}", 7 * w + d) for w, n in enumerate(numbers) for i in range(n) for d in range(each)
    ]


# --- the indicators ---------------------------------------------------------------------------


def test_indicators_by_hand() -> None:
    """Week 0: A to F write, A on two days and thrice; one answer; three reactions.

    Week 1: A to E, of six; nobody answers. So: 6 speakers, 7/6 days, 8/6 messages, 1/8 answers,
    3/8 reactions; then 5, 1, 1, 0, 0, and 5/6 of the last week's are back.
    """
    messages = said(
        *((who, 0, f"{who}1") for who in "BCDEF"), ("A", 0, "A1"), ("A", 0, "A2", "B1"),
        ("A", 1, "A3"), *((who, 7, f"{who}9") for who in "ABCDE"),
    )  # fmt: skip
    given = pd.DataFrame(
        {"message_id": ["A1", "B1", "gone"], "member_id": ["B", None, "A"], "n": [None, 2, 7]}
    )
    found = compute(index_parts, messages=messages, reactions=given, sources=TEN)
    assert part(found, "speakers", 0) == 6 and part(found, "speakers", 1) == 5
    assert part(found, "active_days", 0) == pytest.approx(7 / 6)
    assert part(found, "messages_per_speaker", 0) == pytest.approx(8 / 6)
    assert (part(found, "replies", 0), part(found, "replies", 1)) == (1 / 8, 0)
    assert part(found, "reactions_per_message", 0) == 3 / 8
    assert part(found, "reactions_per_message", 1) == 0
    assert np.isnan(part(found, "stayed", 0)) and part(found, "stayed", 1) == pytest.approx(5 / 6)
    assert set(found["n"].dropna()) == {6, 5}


def test_a_week_of_four_speakers_or_with_a_hole_has_none_nor_the_next_one_its_stayed() -> None:
    holed = covering(("2024-01-01", "2024-01-20"), ("2024-01-22", "2024-03-10"))
    found = compute(index_parts, messages=said(*crowd([5, 4, 5, 5, 5, 5])), sources=holed)
    values = [part(found, "speakers", w) for w in range(6)]
    assert [np.isnan(v) for v in values] == [False, True, True, False, False, False]
    stayed = [part(found, "stayed", w) for w in range(6)]
    assert [np.isnan(v) for v in stayed] == [True, True, True, True, False, False]
    assert stayed[4] == 1


def test_what_never_occurs_is_unseen_and_not_zero() -> None:
    found = compute(index_parts, messages=said(*crowd([5, 6])), sources=TEN)
    assert set(found["indicator"]) == {"speakers", "active_days", "messages_per_speaker", "stayed"}


def test_nobody_and_only_the_last_weeks() -> None:
    nobody = said(*crowd([5]))[:0]
    assert compute(index_parts, messages=nobody, sources=TEN).empty
    for query in (activity_index, index_weights):
        assert compute(query, messages=nobody, sources=TEN).empty
    assert compute(index_stability, messages=nobody, sources=TEN)["value"].isna().all()
    last = compute(index_parts, messages=said(*crowd([5, 6, 7])), sources=TEN, options={"weeks": 2})
    assert last["period_start"].min() == pd.Timestamp("2024-01-08")


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_message_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    found = compute(
        index_parts, messages=log(*((who, "2024-01-07 17:30:00") for who in "ABCDE")),
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    some = found[(found["indicator"] == "speakers") & (found["value"] == 5)]
    assert [f"{day:%Y-%m-%d}" for day in some["period_start"]] == [week]


def test_figures_use_the_metrics_words() -> None:
    assert {name: DRAWN[name] for name in INDICATORS} == INDICATORS


# --- the index --------------------------------------------------------------------------------


def test_one_indicator_is_its_own_scale() -> None:
    """5 to 12 speakers in 8 weeks: 0 to 100 in steps of 100 / 7, whatever the weighting."""
    messages = said(*crowd([12, 5, 6, 7, 8, 9, 10, 11]))
    options = {"weights": {"speakers": 3}}
    found = compute(activity_index, messages=messages, sources=TEN, options=options)
    expected = [100.0, *[100 * k / 7 for k in range(7)]]
    for kind in ("given", "entropy"):
        rows = found[found["weighting"] == kind]
        assert rows["value"].tolist() == pytest.approx(expected)
        assert rows["n"].tolist() == [12, 5, 6, 7, 8, 9, 10, 11]
    given = found[found["weighting"] == "given"]
    assert given["low"].tolist() == pytest.approx(expected) == given["high"].tolist()


def test_two_indicators_by_hand() -> None:
    """Speakers rise from 5 to 12 while days fall from 2 to 1 in the last: 3 : 1 gives 75 there.

    In the first week it is 0 x 3/4 + 1 x 1/4; in the second, speakers 1/7, still two days.
    """
    rows = [(w, n, 1 if n == 12 else 2) for w, n in enumerate(range(5, 13))]
    messages = said(
        *((f"m{i}", 7 * w + d) for w, n, days in rows for i in range(n) for d in range(days))
    )
    options = {"weights": {"speakers": 3, "active_days": 1, "stayed": 0}}
    found = compute(activity_index, messages=messages, sources=TEN, options=options)
    value = found[found["weighting"] == "given"]["value"].tolist()
    assert value[0] == pytest.approx(25)
    assert value[1] == pytest.approx(100 * (3 / 4 / 7 + 1 / 4))
    assert value[-1] == pytest.approx(75)
    weights = compute(index_weights, messages=messages, sources=TEN, options=options)
    assert row(weights, weighting="given", indicator="speakers")["value"] == 0.75
    assert row(weights, weighting="given", indicator="active_days")["n"] == sum(range(5, 13))


def test_eight_weeks_are_enough_and_seven_are_not() -> None:
    options = {"weights": {"speakers": 1}}
    for numbers, rows in (([5, 6] * 4, 16), ([5, 6] * 3 + [5], 0)):
        found = compute(
            activity_index, messages=said(*crowd(numbers)), sources=TEN, options=options
        )
        assert len(found) == rows


def test_what_never_changes_is_left_out() -> None:
    """One message a speaker on one day each week: days and messages per speaker stand still."""
    messages = said(*crowd([5, 6, 7, 8, 9, 8, 7, 6, 5]))
    weights = compute(index_weights, messages=messages, sources=TEN)
    assert set(weights["indicator"]) == {"speakers", "stayed"}
    assert weights[weights["weighting"] == "given"]["value"].tolist() == [0.5, 0.5]
    # The first week has no "stayed", and so no index.
    index = compute(activity_index, messages=messages, sources=TEN)
    assert index["period_start"].min() == pd.Timestamp("2024-01-08")


@pytest.mark.parametrize(
    "weights", [{"speaker": 1}, {"speakers": -1, "stayed": 2}, {}, {"speakers": 0}], ids=str
)
def test_weights_of_nothing_known_are_refused(weights: Mapping[str, float]) -> None:
    with pytest.raises(ShequnError, match=r"none of an index"):
        compute(
            activity_index,
            messages=said(*crowd([5] * 9)),
            sources=TEN,
            options={"weights": weights},
        )


# --- entropy weights --------------------------------------------------------------------------


def test_entropy_weights_by_hand() -> None:
    """Four weeks, worked out on paper.

    First column: shares 0, 1/2, 1/2, 0, entropy ln 2 / ln 4 = 0.5. Second: one week has all,
    entropy 0. So 0.5 and 1 over 1.5. Third: shares 1/4 each, entropy 1, no weight.
    """
    two = np.array([[0, 0], [1, 0], [1, 0], [0, 1.0]])
    assert entropy_weights(two) == pytest.approx([1 / 3, 2 / 3])
    three = np.column_stack([two, np.ones(4)])
    assert entropy_weights(three) == pytest.approx([1 / 3, 2 / 3, 0])
    # Shares 1/2, 1/4, 1/8, 1/8: 1.75 ln 2 / ln 4 = 0.875; beside the column of entropy 0.5.
    mixed = np.column_stack([[0.4, 0.2, 0.1, 0.1], two[:, 0]])
    assert entropy_weights(mixed) == pytest.approx([0.125 / 0.625, 0.5 / 0.625])


@settings(max_examples=30)
@given(
    arrays(float, (6, 3), elements=st.floats(0, 1)), st.integers(1, 9), st.permutations(range(6))
)
def test_entropy_weights_know_no_unit_and_no_order_of_weeks(
    z: np.ndarray, unit: int, order: list[int]
) -> None:
    z[0, :], z[1, :] = 0, 1  # as after min-max
    weights = entropy_weights(z)
    assert weights.sum() == pytest.approx(1) and (weights > -1e-12).all()
    assert entropy_weights(z[order] * unit) == pytest.approx(weights)


# --- stability --------------------------------------------------------------------------------


def test_flips_by_hand() -> None:
    """Index 1, 2, 3; one other weighting gives 1, 3, 2, another 3, 2, 1.

    Neighbours: the first turns 1 of 2 around, the second both: 3 of 4. All pairs: 1 of 3 and 3.
    """
    given, others = np.array([1.0, 2, 3]), np.array([[1, 3], [3, 2], [2, 1.0]])
    assert flips(given, others, [(0, 1), (1, 2)]) == 3 / 4
    assert flips(given, others, list(combinations(range(3), 2))) == 4 / 6
    assert flips(given, given[:, None], [(0, 1)]) == 0
    assert np.isnan(flips(given, others, []))


def opposed(weeks: int) -> pd.DataFrame:
    """Return weeks in which more speakers always come with fewer days of each."""
    rows = [(w, 5 + 3 * (w % 2), 2 - w % 2) for w in range(weeks)]
    return said(
        *((f"m{i}", 7 * w + d) for w, n, days in rows for i in range(n) for d in range(days))
    )


def test_order_turns_around_as_often_as_the_weights_do() -> None:
    """Two indicators exactly opposed: the index rises where the first weighs more than a half.

    Weights drawn around 0.6 with the concentration given: a beta(18, 12) is under a half that often.
    """
    from scipy import stats

    options = {"weights": {"speakers": 0.6, "active_days": 0.4}}
    found = compute(index_stability, messages=opposed(10), sources=TEN, options=options)
    often = stats.beta(18, 12).cdf(0.5)
    error = np.sqrt(often * (1 - often) / 1000)
    next_week = row(found, measure="flips_next")
    assert next_week["value"] == pytest.approx(often, abs=4 * error)
    assert next_week["n"] == 5 * 5 + 5 * 8
    # Of all 45 pairs the 20 of like weeks tie, and never turn around.
    assert row(found, measure="flips_any")["value"] == pytest.approx(next_week["value"] * 25 / 45)


def test_the_band_is_of_the_weights_drawn() -> None:
    """Where only the first of two indicators is at its best the index is 100 times its weight."""
    from scipy import stats

    options = {"weights": {"speakers": 0.6, "active_days": 0.4}}
    found = compute(activity_index, messages=opposed(10), sources=TEN, options=options)
    week = row(found, weighting="given", period_start=pd.Timestamp("2024-01-08"))
    assert week["value"] == pytest.approx(60)
    drawn = stats.beta(18, 12)
    assert week["low"] == pytest.approx(100 * drawn.ppf(0.025), abs=2)
    assert week["high"] == pytest.approx(100 * drawn.ppf(0.975), abs=2)


def test_neighbours_are_weeks_that_follow_one_another() -> None:
    """With every second week in a hole there are no neighbours, though there is an order."""
    days = [MONDAY + timedelta(days=d) for d in range(7 * 20) if d // 7 % 2 == 0]
    spans = [(str(a), str(a + timedelta(days=6))) for a in days[::7]]
    messages = said(*((who, 2 * day - day % 7) for who, day in crowd([5, 6, 7, 8, 9] * 2)))
    options = {"weights": {"speakers": 1}}
    found = compute(index_stability, messages=messages, sources=covering(*spans), options=options)
    assert np.isnan(row(found, measure="flips_next")["value"])
    assert row(found, measure="flips_any")["value"] == 0


def test_the_same_twice() -> None:
    one, two = (compute(activity_index, messages=opposed(10), sources=TEN) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_the_sample_shows_its_low_week_and_its_campaign() -> None:
    """Members post 0.3 times as often in the week of 2025-03-10, the treated 1.8 times from 09-01."""
    with open_dataset() as sample:
        found = sample.compute(activity_index)
    given = found[found["weighting"] == "given"].set_index("period_start")["value"]
    assert given.idxmin() == pd.Timestamp("2025-03-10")
    assert given[pd.Timestamp("2025-09-01")] > given[pd.Timestamp("2025-08-25")]
