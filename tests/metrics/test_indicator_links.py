"""Indicator links: correlation of changes, chance, many tests, who moves first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, covering_days, log, row
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from shequn.charts.indicators import INDICATORS as DRAWN
from shequn.dataset import open_dataset
from shequn.metrics.indicator_links import (
    ENOUGH_WEEKS,
    LINKED,
    every_lag,
    false_shares,
    indicator_links,
    link,
    links_counted,
    variance_ratio,
)

MONDAY = datetime(2024, 1, 1, 12)
FORTY = covering(("2024-01-01", "2024-10-06"))  # forty whole weeks


def wrote(numbers: list[int]) -> pd.DataFrame:
    """Return messages of as many members in each week, one each, at noon of its first day."""
    return log(
        *(
            (f"m{i}", str(MONDAY + timedelta(weeks=w)))
            for w, n in enumerate(numbers)
            for i in range(n)
        )
    )


def joined(numbers: list[int]) -> pd.DataFrame:
    """Return joins of as many members in each week."""
    rows = [
        (str(MONDAY + timedelta(weeks=w)), f"j{w}-{i}", "join", None)
        for w, n in enumerate(numbers)
        for i in range(n)
    ]
    return log(*rows, columns=("ts", "member_id", "action", "method"))


def drawn(weeks: int = 40, seed: int = 5) -> tuple[list[int], list[int]]:
    """Return joins a week, and speakers: ten, those who joined two weeks before, and chance."""
    random = np.random.default_rng(seed)
    joins = random.integers(1, 30, weeks)
    speakers = 10 + np.concatenate([[15, 15], joins[:-2]]) + random.integers(0, 6, weeks)
    return joins.tolist(), speakers.tolist()


# --- a known link -----------------------------------------------------------------------------


def test_who_moves_first_is_found_with_the_lag() -> None:
    """Speakers follow joins by two weeks; the speakers who stayed share a count with speakers."""
    joins, speakers = drawn()
    tables = {"messages": wrote(speakers), "membership_events": joined(joins), "sources": FORTY}
    found = compute(every_lag, **tables)
    right = row(found, leader="joins", follower="speakers", lag=2)
    change = [np.diff(x) for x in (joins, speakers)]
    assert right["value"] == pytest.approx(stats.spearmanr(change[0][:-2], change[1][2:])[0])
    assert right["value"] > 0.9 and right["q"] < 1e-6
    assert right["low"] < right["value"] < right["high"]
    assert right["weeks"] == 37
    assert right["n"] == sum(speakers[1:38])
    pairs = compute(indicator_links, **tables)
    both = pairs[
        pairs["leader"].isin(["joins", "speakers"]) & pairs["follower"].isin(["joins", "speakers"])
    ]
    assert both[["leader", "follower", "lag"]].to_numpy().tolist() == [["joins", "speakers", 2]]
    tested = pairs.dropna(subset="value")
    assert len(pairs) == 10 and len(tested) == 3, "days and messages per speaker never change"
    assert tested["q"].is_monotonic_increasing and tested.index[-1] == 2
    for level in (1.0, 0.05, tested["q"].iloc[0], 0.0):
        counted = compute(links_counted, options={"level": level}, **tables)
        assert row(counted, measure="pairs_tested")["value"] == 3
        assert row(counted, measure="pairs_linked")["value"] == sum(tested["q"] <= level)


def test_the_other_way_round_is_another_row_and_lag_nought_has_one() -> None:
    joins, speakers = drawn()
    found = compute(
        every_lag, messages=wrote(speakers), membership_events=joined(joins), sources=FORTY
    )
    assert len(found) == 10 * (1 + 2 * 4)  # of five indicators, two of which never change
    assert row(found, leader="speakers", follower="joins", lag=0)["weeks"] == 39
    back = row(found, leader="speakers", follower="joins", lag=2)
    change = [np.diff(x) for x in (joins, speakers)]
    assert back["value"] == pytest.approx(stats.spearmanr(change[1][:-2], change[0][2:])[0])


def test_joins_count_people_and_no_connections_and_no_leaves() -> None:
    """By hand, 30 weeks: speakers are 5 and 6 in turn; so are joins, once three rows are let be."""
    numbers = [5, 6] * 15
    events = joined([1, 2] * 15)
    more = log(
        (str(MONDAY), "j0-0", "join", None), (str(MONDAY), "x", "join", "connection"),
        (str(MONDAY), "y", "leave", None), columns=("ts", "member_id", "action", "method"),
    )  # fmt: skip
    found = compute(
        every_lag, messages=wrote(numbers), membership_events=pd.concat([events, more]),
        sources=covering(("2024-01-01", "2024-07-28")),
    )  # fmt: skip
    same = row(found, leader="speakers", follower="joins", lag=0)
    assert (same["value"], same["p"], same["low"]) == (pytest.approx(1), 0, pytest.approx(1))
    assert row(found, leader="speakers", follower="joins", lag=1)["value"] == pytest.approx(-1)


# --- chance -----------------------------------------------------------------------------------


def walks(random: np.random.Generator, weeks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of two random walks that know nothing of one another."""
    return random.normal(size=weeks), random.normal(size=weeks)


def levels(random: np.random.Generator, weeks: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the changes of two series that stray around a level: each change is half undone."""
    one, two = random.normal(size=(2, weeks + 1))
    return np.diff(one), np.diff(two)


@pytest.mark.parametrize("kind", [walks, levels], ids=lambda f: f.__name__)
@pytest.mark.parametrize("weeks", [26, 52])
def test_two_unrelated_series_are_linked_no_more_often_than_chance_may(
    kind: Any, weeks: int
) -> None:
    """At 5 %, of 300 simulated pairs; taken for independent weeks, the levels would make 9 %."""
    random = np.random.default_rng(11)
    false = np.mean([link(*kind(random, weeks)).p <= 0.05 for _ in range(300)])
    assert 0.005 < false <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_levels_of_two_walks_would_be_linked() -> None:
    """Why changes and not levels: those of unrelated walks agree by chance in most pairs."""
    random = np.random.default_rng(12)
    pairs = [np.cumsum(random.normal(size=(2, 52)), axis=1) for _ in range(200)]
    assert np.mean([stats.spearmanr(a, b)[1] <= 0.05 for a, b in pairs]) > 0.4


def test_the_interval_holds_the_true_correlation() -> None:
    """Of normal pairs with correlation 0.6 that of ranks is 6 / pi asin(0.3) = 0.582."""
    random = np.random.default_rng(13)
    true, held = 6 / np.pi * np.arcsin(0.3), 0
    for _ in range(300):
        a, b = random.normal(size=(2, 60))
        found = link(a, 0.6 * a + 0.8 * b)
        held += found.low <= true <= found.high
    assert held / 300 > 0.91


def test_what_dependent_weeks_are_worth_by_hand() -> None:
    """Of series 1, -1, 1, -1, …: r(i) = (-1)^i, so with n = 26 the sum is of 1 - i / 26, i to 4.

    1 + 2 (25 + 24 + 23 + 22) / 26 = 8.2308.
    """
    turns = np.array([1.0, -1.0] * 13)
    assert variance_ratio(turns, turns, 26) == pytest.approx(1 + 2 * 94 / 26)
    assert variance_ratio(turns, -turns, 26) == pytest.approx(1 + 2 * 94 / 26)


def test_weeks_are_never_worth_more_than_they_are() -> None:
    """One series turns at each step, the other goes on: chance is narrower, and is not used."""
    random = np.random.default_rng(14)
    one, other = (
        np.diff(random.normal(size=61)),
        np.convolve(random.normal(size=64), np.ones(5))[4:64],
    )
    assert variance_ratio(stats.rankdata(one), stats.rankdata(other), 60) < 1
    found = link(one, other)
    t = found.value * np.sqrt(58 / (1 - found.value**2))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), 58))
    assert found.p == pytest.approx(stats.spearmanr(one, other)[1])


# --- many tests -------------------------------------------------------------------------------

# Benjamini and Hochberg (1995): the 15 p-values of the trial that is their example.
TRIAL = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
    0.6528, 0.7590, 1.0000,
]  # fmt: skip


def test_the_published_example_of_benjamini_and_hochberg() -> None:
    """Four of the fifteen are rejected at 5 %; the fourth has 0.0095 x 15 / 4 = 0.035625."""
    found = false_shares(np.array(TRIAL))
    assert (found <= 0.05).sum() == 4
    assert found[3] == pytest.approx(0.0095 * 15 / 4)


def test_what_was_not_tested_does_not_count() -> None:
    some = np.array([np.nan, *TRIAL, np.nan])
    assert false_shares(some)[1:-1] == pytest.approx(false_shares(np.array(TRIAL)))
    assert np.isnan(false_shares(some)[[0, -1]]).all()
    assert np.isnan(false_shares(np.array([np.nan]))).all()


# --- properties and edges ---------------------------------------------------------------------

series = st.lists(st.integers(-50, 50), min_size=30, max_size=30, unique=True)


@settings(max_examples=30)
@given(series, series)
def test_neither_order_nor_scale_of_the_two_matters(one: list[int], two: list[int]) -> None:
    a, b = np.array(one, dtype=float), np.array(two, dtype=float)
    found = link(a, b)
    assert found == pytest.approx(link(b, a))
    assert found == pytest.approx(link(np.exp(a / 10), 3 * b - 7))
    against = link(a, -b)
    assert (against.value, against.p) == pytest.approx((-found.value, found.p), abs=1e-12)
    assert found.low <= found.value <= found.high


def test_twenty_six_changes_are_enough_and_twenty_five_are_not() -> None:
    random = np.random.default_rng(15)
    for n, told in ((ENOUGH_WEEKS, True), (ENOUGH_WEEKS - 1, False)):
        a, b = random.normal(size=(2, 40))
        a[: 40 - n] = np.nan
        found = link(a, b)
        assert (found.weeks, np.isfinite(found.value), np.isfinite(found.p)) == (n, told, told)
    assert np.isnan(link(np.zeros(40), b).value)  # never changes


def test_too_few_weeks_and_nobody() -> None:
    joins, speakers = drawn(26)
    sources = covering(("2024-01-01", "2024-06-30"))  # 26 weeks, 25 changes
    few = {"messages": wrote(speakers), "membership_events": joined(joins), "sources": sources}
    assert compute(indicator_links, **few)["value"].isna().all()
    counted = compute(links_counted, **few)
    assert counted["value"].tolist()[0] == 0 and np.isnan(counted["value"].tolist()[1])
    assert compute(every_lag, **few)["value"].isna().all()
    nobody = compute(indicator_links, messages=wrote([5])[:0], sources=sources)
    assert nobody.empty


def test_a_hole_and_a_week_of_four_take_two_changes_each() -> None:
    joins, speakers = drawn()
    speakers[20] = 4
    days = pd.date_range("2024-01-01", "2024-10-06").date.tolist()
    found = compute(
        every_lag, messages=wrote(speakers), membership_events=joined(joins),
        sources=covering_days(d for i, d in enumerate(days) if i != 7 * 30 + 3),
    )  # fmt: skip
    assert row(found, leader="speakers", follower="joins", lag=0)["weeks"] == 39 - 4


def test_only_the_last_weeks() -> None:
    joins, speakers = drawn()
    tables = {"messages": wrote(speakers), "membership_events": joined(joins), "sources": FORTY}
    found = compute(every_lag, options={"weeks": 30}, **tables)
    assert row(found, leader="speakers", follower="joins", lag=0)["weeks"] == 29
    assert set(found["period_start"]) == {pd.Timestamp("2024-03-11")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-10-07")}


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_join_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC and every second Sunday after it; speakers write at the same moments.

    Weeks that hold such a moment have 8 speakers and one who joins; the others 5 and none.
    """
    moments = [datetime(2024, 1, 7, 17, 30) + timedelta(weeks=2 * k) for k in range(15)]
    busy = [(f"b{i}", str(t)) for t in moments for i in range(3)]
    sources = covering(("2023-12-20", "2024-09-10"))
    starts = pd.date_range(week, periods=32, freq="7D") - pd.Timedelta(days=7)
    steady = [(f"m{i}", str(t + pd.Timedelta(days=3, hours=12))) for t in starts for i in range(5)]
    events = log(
        *((str(t), f"j{t}", "join", None) for t in moments),
        columns=("ts", "member_id", "action", "method"),
    )
    found = compute(
        every_lag, messages=log(*busy, *steady), membership_events=events, sources=sources,
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    assert row(found, leader="speakers", follower="joins", lag=0)["value"] == pytest.approx(1)


def test_figures_use_the_metrics_words() -> None:
    assert DRAWN == LINKED


def test_the_sample_links_what_its_laws_tie() -> None:
    """README: every speaker writes once on joining, so weeks with more joins have more speakers.

    Most newcomers write little else, so such weeks have fewer messages a speaker.
    """
    with open_dataset() as sample:
        found = sample.compute(every_lag)
    more = row(found, leader="speakers", follower="joins", lag=0)
    fewer = row(found, leader="messages_per_speaker", follower="joins", lag=0)
    assert more["low"] > 0 and more["q"] <= 0.05
    assert fewer["high"] < 0 and fewer["q"] <= 0.05
