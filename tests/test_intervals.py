"""The Wilson interval against published values, its formula, and what must hold of any interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from shequn.intervals import (
    RESAMPLES,
    between,
    bootstrap,
    poisson,
    quantile,
    redraws,
    wilson,
)


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_values(count: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, table I."""
    found = wilson(count, n)
    assert found[0][0] == pytest.approx(low, abs=5e-5)
    assert found[1][0] == pytest.approx(high, abs=5e-5)


counts = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(counts, st.sampled_from([(0.05, 1.959963984540054), (0.01, 2.5758293035489004)]))
def test_closed_form(drawn: tuple[int, int], level: tuple[float, float]) -> None:
    """Row 80 of the catalogue of metrics, with the normal quantile written out."""
    (count, n), (alpha, z) = drawn, level
    p = count / n
    middle, half = p + z**2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = wilson(count, n, alpha=alpha)
    assert low[0] == pytest.approx((middle - half) / (1 + z**2 / n), abs=1e-12)
    assert high[0] == pytest.approx((middle + half) / (1 + z**2 / n), abs=1e-12)


@settings(deadline=None)
@given(counts)
def test_holds_the_share_and_is_symmetric(drawn: tuple[int, int]) -> None:
    count, n = drawn
    low, high = wilson([count], [n])
    assert 0 <= low[0] <= count / n + 1e-12
    assert count / n - 1e-12 <= high[0] <= 1
    mirrored = wilson([n - count], [n])
    assert low[0] == pytest.approx(1 - mirrored[1][0], abs=1e-12)
    wider = wilson([count], [n], alpha=0.01)
    assert wider[0][0] <= low[0] + 1e-12
    assert wider[1][0] >= high[0] - 1e-12


@settings(deadline=None)
@given(counts)
def test_narrows_with_more_people(drawn: tuple[int, int]) -> None:
    count, n = drawn
    low, high = wilson([count, 4 * count], [n, 4 * n])
    assert high[1] - low[1] < high[0] - low[0]


def test_nobody_has_no_interval() -> None:
    low, high = wilson([0, 3, 0], [0, 6, 0])
    assert np.isnan(low[[0, 2]]).all()
    assert np.isnan(high[[0, 2]]).all()
    assert low[1] == pytest.approx(1 - high[1])
    low, high = wilson([], [])
    assert len(low) == len(high) == 0


def test_bounds_stay_shares() -> None:
    low, high = wilson([0, 7], [7, 7])
    assert low[0] == 0
    assert high[1] == 1


@pytest.mark.parametrize("count", [0, 1, 5, 20, 474])
def test_poisson_bounds_are_those_of_the_chi_square(count: int) -> None:
    """Garwood (1936): half the chi-square quantiles with 2c and 2c + 2 degrees of freedom."""
    low, high = poisson(count)
    assert low[0] == pytest.approx(stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0)
    assert high[0] == pytest.approx(stats.chi2.ppf(0.975, 2 * count + 2) / 2)


def test_poisson_keeps_the_shape_of_many_counts_and_of_none() -> None:
    low, high = poisson([0, 8, 100])
    assert low == pytest.approx([0, 3.4538, 81.364], abs=1e-3)
    assert high == pytest.approx([3.6889, 15.7632, 121.627], abs=1e-3)
    assert [len(bound) for bound in poisson([])] == [0, 0]


def test_a_quantile_and_its_interval_by_the_binomial() -> None:
    """The interval of a median of ten: 2nd and 9th value, by the sign test's table."""
    value, low, high = quantile(np.arange(10, 0, -1), 0.5)
    assert (value, low, high) == (5, 2, 9)
    assert stats.binom.cdf(1, 10, 0.5) <= 0.025 < stats.binom.cdf(2, 10, 0.5)
    assert quantile([3.0], 0.5)[0] == 3
    assert np.isnan(quantile([3.0], 0.5)[1:]).all()
    assert np.isnan(quantile([], 0.5)).all()
    assert quantile([1, 2, 3, 4], 0.25)[0] == 1  # the least that a quarter does not exceed


def test_drawing_kinds_of_members_is_drawing_members() -> None:
    """The interval of a mean from counts by kind, and from the members one by one."""
    members = np.array([30, 50, 20])
    drawn = redraws(members)
    assert drawn.shape == (RESAMPLES, 3)
    assert (drawn.sum(axis=1) == 100).all() and (drawn == redraws(members)).all()
    low, high = between(drawn @ [0, 1, 5] / 100)
    one_by_one = bootstrap(np.mean, np.repeat([0, 1, 5], members))
    assert (low, high) == pytest.approx(one_by_one, abs=0.08)
    assert low < 1.5 < high


def test_a_bound_that_is_no_number_is_none() -> None:
    low, high = between([1.0] * 90 + [np.inf] * 10)
    assert low == 1 and math.isnan(high)
    assert between(np.arange(1, 1001)) == (25, 975)
