"""Indirect standardisation, limits by chance, over-dispersion, ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.weightstats import DescrStatsW

from shequn.metrics.standardise import (
    Verdicts,
    bands,
    in_words,
    indirect,
    judge,
    overdispersion,
    ranks,
    ratio_of_sums,
)


def test_published_example() -> None:
    """Deaths in Ecuador at Sweden's rates by age: 42,561 expected, 64,700 seen, ratio 1.52.

    IUSSP, Population Analysis for Policies & Programmes, PAPP101 session 6, "Indirect
    standardisation" (papp.iussp.org/sessions/papp101_s06): people in thousands, rates per 1,000.
    """
    people = np.array([[7_498_000.0, 3_219_000, 742_000]])
    rates = np.array([0.45, 2.4, 42.4]) / 1000
    assert np.round(people * rates) == pytest.approx(np.array([[3374, 7726, 31461]]))
    expected, ratio = indirect(np.array([64_700.0]), people, rates)
    assert expected[0] == pytest.approx(42_561, abs=1)
    assert round(ratio[0], 2) == 1.52


def test_nothing_is_divided_by_nothing() -> None:
    expected, ratio = indirect(np.zeros(1), np.ones((1, 2)), np.zeros(2))
    assert expected[0] == 0
    assert np.isnan(ratio[0])


# Group A: 30 new, 9 kept; 10 old, 7 kept. Group B: 10 new, 3 kept; 40 old, 33 kept. Together 12 of
# 40 new are kept, 0.3, and 40 of 50 old, 0.8.
PEOPLE = np.array([[30.0, 10], [10, 40]])
KEPT = np.array([[9.0, 7], [3, 33]])


def test_two_groups_by_hand() -> None:
    """A: 30 × 0.3 + 10 × 0.8 = 17 expected, 16 kept; B: 3 + 32 = 35 expected, 36 kept.

    The variance of what A keeps less what is expected, its own weight being 30/40 and 10/50, is
    30 × 0.21 × 0.25 + 10 × 0.16 × 0.8 = 2.855; B misses by as much the other way, so has the same.
    """
    found = judge(PEOPLE, KEPT)
    assert found.expected == pytest.approx([17, 35])
    assert found.ratio == pytest.approx([16 / 17, 36 / 35])
    assert found.spread == pytest.approx(np.sqrt(2.855) / np.array([17, 35]))
    assert found.z == pytest.approx(np.array([-1, 1]) / np.sqrt(2.855))
    assert found.judged.all()
    assert np.isnan(found.overdispersion)


def test_strata_of_one_and_of_nobody() -> None:
    """The one person of the first stratum is kept, so 1 is expected there; of the others half."""
    people = np.array([[1.0, 0, 20], [0, 0, 30]])
    found = judge(people, np.array([[1.0, 0, 12], [0, 0, 13]]))
    assert found.expected == pytest.approx([11, 15])
    assert found.ratio == pytest.approx([13 / 11, 13 / 15])
    assert found.spread == pytest.approx(np.sqrt(20 * 0.25 * 0.6) / np.array([11, 15]))


def test_few_people_have_a_ratio_and_no_verdict() -> None:
    found = judge(np.ones((2, 1)), np.array([[1.0], [0]]))
    assert found.ratio == pytest.approx([2, 0])
    assert found.spread == pytest.approx([0.125**0.5 / 0.5] * 2)
    assert not found.judged.any()


@pytest.mark.parametrize(("expected", "judged"), [(5.0, True), (4.9, False)])
@pytest.mark.parametrize("turned", [False, True])
def test_no_verdict_under_five_expected(expected: float, judged: bool, turned: bool) -> None:
    """The first group has ten times as many people as are expected to be kept, or lost."""
    people = np.array([[expected * 10], [expected * 90]])
    kept = people * (0.9 if turned else 0.1)
    found = judge(people, kept)
    assert found.judged.tolist() == [judged, True]
    assert found.ratio == pytest.approx([1, 1])


def test_a_group_alone_has_nothing_to_be_compared_with() -> None:
    alone = judge(np.array([[30.0, 10]]), np.array([[9.0, 7]]))
    assert np.isnan(alone.ratio).all()
    assert not alone.judged.any()
    apart = judge(np.array([[30.0, 0], [0, 20], [0, 25]]), np.array([[9.0, 0], [0, 12], [0, 13]]))
    assert np.isnan(apart.ratio).tolist() == [True, False, False]
    assert in_words(apart) == ["alone", "within_limits", "within_limits"]
    everybody = judge(np.array([[30.0], [20]]), np.array([[30.0], [20]]))
    assert np.isnan(everybody.ratio).all()


def test_over_dispersion_by_hand() -> None:
    """Of 0 to 9 the quantiles 0.1 and 0.9 are 0.9 and 8.1, to which 0 and 9 are drawn in."""
    z = np.arange(10.0)
    assert overdispersion(z) == pytest.approx(
        (0.9**2 + sum(k * k for k in range(1, 9)) + 8.1**2) / 10
    )
    assert np.isnan(overdispersion(z[1:]))


def extremes(groups: int, apart: float) -> Verdicts:
    """Judge groups of 100 that keep 50, half of them some more and half as many fewer."""
    kept = 50 + np.where(np.arange(groups) % 2, apart, -apart)
    return judge(np.full((groups, 1), 100.0), kept[:, None])


def test_limits_widen_with_over_dispersion_and_never_narrow() -> None:
    """Without widening, z is ±2 where 10 more are kept of 100 at one half, but for the own weight."""
    own = np.sqrt(1 - 1 / 10)
    wide = extremes(10, 10)
    assert wide.overdispersion == pytest.approx((2 / own) ** 2)
    assert np.abs(wide.z) == pytest.approx(np.ones(10))
    assert wide.spread == pytest.approx(np.full(10, 0.1 * own * 2 / own))
    assert set(in_words(wide)) == {"within_limits"}
    few = extremes(8, 10)
    assert np.isnan(few.overdispersion)
    assert np.abs(few.z) == pytest.approx(np.full(8, 2 / np.sqrt(1 - 1 / 8)))
    assert set(in_words(few)) == {"above_95", "below_95"}
    narrow = extremes(10, 1)
    assert narrow.overdispersion == pytest.approx((0.2 / own) ** 2)
    assert np.abs(narrow.z) == pytest.approx(np.full(10, 0.2 / own))


def test_verdicts_at_the_limits() -> None:
    inner, outer = norm.ppf(0.975), norm.ppf(0.999)
    z = np.array(
        [0, inner, inner + 1e-9, -inner, -inner - 1e-9, outer, outer + 1e-9, -outer - 1e-9, 9]
    )
    judged = np.array([True] * 8 + [False])
    one = np.ones(9)
    assert in_words(Verdicts(one, one, one, z, judged, 1.0)) == [
        "within_limits", "within_limits", "above_95", "within_limits", "below_95", "above_95",
        "above_998", "below_998", "few_expected",
    ]  # fmt: skip


def test_of_groups_with_one_law_one_in_twenty_lies_outside() -> None:
    """200 worlds of 40 groups, three ages with different shares, the mixes different by group.

    Outside the 95% limits should lie 5%, outside those of 99.8% 0.2%. Where φ comes out above 1 by
    chance the limits are a little wider, so somewhat fewer do.
    """
    random = np.random.default_rng(20250102)
    share = np.array([0.3, 0.5, 0.75])
    z = []
    for _ in range(200):
        sizes = np.exp(random.uniform(np.log(20), np.log(500), 40)).astype(int)
        people = np.array([random.multinomial(n, random.dirichlet([2, 2, 3])) for n in sizes])
        found = judge(people.astype(float), random.binomial(people, share).astype(float))
        z.append(found.z[found.judged])
    far = np.abs(np.concatenate(z))
    assert 0.035 < (far > norm.ppf(0.975)).mean() < 0.055
    assert (far > norm.ppf(0.999)).mean() < 0.004


def test_also_where_each_of_three_groups_is_a_third_of_the_standard() -> None:
    """Without the own weight in the variance, z would vary by 2/3 only, and 1.6% lie outside."""
    random = np.random.default_rng(20250103)
    people = np.full((3, 1), 400.0)
    worlds = [judge(people, random.binomial(400, 0.5, (3, 1)).astype(float)).z for _ in range(2000)]
    z = np.concatenate(worlds)
    assert z.var() == pytest.approx(1, abs=0.06)
    assert (np.abs(z) > norm.ppf(0.975)).mean() == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([49] * 5 + [50, 199, 60, 70, 80] + [200] * 5, [0] * 5 + [1] * 5 + [2] * 5),
        ([49] * 4 + [50] * 5 + [200] * 5, [0] * 9 + [1] * 5),  # too few small: with the middle
        ([10] * 5 + [50] * 4 + [200] * 5, [0] * 5 + [1] * 9),  # too few middling: with the large
        ([10] * 5 + [50] * 5 + [200] * 4, [0] * 5 + [1] * 9),  # too few large: with the middle
        ([10] * 5 + [50] * 2 + [200] * 2, [0] * 9),
        ([10] * 5 + [50] * 3 + [200] * 2, [0] * 5 + [1] * 5),
        ([10] * 2 + [200] * 2, [0] * 4),
        ([10] * 9, [0] * 9),
        ([300] * 9, [0] * 9),
        ([10] * 5 + [300] * 5, [0] * 5 + [1] * 5),
        ([], []),
    ],
)
def test_bands_of_size(sizes: list[int], found: list[int]) -> None:
    assert bands(np.array(sizes, dtype=float)).tolist() == found


def test_ratio_of_sums_by_hand() -> None:
    """Kept 6, 10, 11 of 8, 8, 8 expected: each missed by -3, 1, 2 from the ratio 27/24."""
    ratio, low, high = ratio_of_sums(np.array([6.0, 10, 11]), np.array([8.0, 8, 8]))
    assert ratio == pytest.approx(27 / 24)
    error = np.sqrt(3 / 2 * (9 + 1 + 4)) / 24
    assert high - ratio == pytest.approx(4.302653 * error)  # Student's t, 2 degrees of freedom
    assert ratio - low == pytest.approx(4.302653 * error)


def test_ratio_of_sums_of_equal_groups_is_the_mean_of_their_ratios() -> None:
    kept = np.array([20.0, 25, 31, 18, 27, 22])
    ratio, low, high = ratio_of_sums(kept, np.full(6, 24.0))
    each = DescrStatsW(kept / 24)
    assert ratio == pytest.approx(each.mean)
    assert (low, high) == pytest.approx(each.tconfint_mean())


def test_ratio_of_sums_does_not_go_below_nothing() -> None:
    assert ratio_of_sums(np.array([0.0, 20]), np.array([8.0, 8]))[1] == 0


def test_ranks_of_equal_groups_say_nothing() -> None:
    rank, low, high = ranks(np.full(5, 30.0), np.full(5, 60.0))
    assert rank.tolist() == [1] * 5
    assert low.tolist() == [1] * 5
    assert high.tolist() == [5] * 5


def test_ranks_of_groups_far_apart_are_certain() -> None:
    rank, low, high = ranks(np.array([100.0, 900, 500]), np.full(3, 1000.0))
    assert rank.tolist() == low.tolist() == high.tolist() == [3, 1, 2]


def test_a_small_group_is_first_by_luck() -> None:
    """5 of 5 kept is first; drawn anew from Beta(5.5, 0.5) it beats 0.96 in 49% of draws.

    P(X > 0.96) is 0.4876 by scipy.stats.beta.sf; so both ranks lie in the interval of both groups.
    """
    rank, low, high = ranks(np.array([5.0, 960, 100]), np.array([5.0, 1000, 1000]))
    assert rank.tolist() == [1, 2, 3]
    assert (low[0], high[0]) == (1, 2)
    assert (low[1], high[1]) == (1, 2)
    assert (low[2], high[2]) == (3, 3)


@pytest.mark.parametrize(("share", "certain"), [(0.58, True), (0.66, False)])
@pytest.mark.parametrize("turned", [False, True])
def test_ranks_are_drawn_from_jeffreys_posterior(share: float, certain: bool, turned: bool) -> None:
    """Of 5 people 5 are kept: the true share lies below 0.58 in 1.7% of draws, below 0.66 in 3.6%."""
    small = 0.0 if turned else 5.0
    large = 1e6 * (1 - share if turned else share)
    rank, low, high = ranks(np.array([small, large]), np.array([5.0, 1e6]))
    assert rank.tolist() == ([2, 1] if turned else [1, 2])
    assert (low == high).tolist() == [certain] * 2


def test_an_interval_holds_its_rank() -> None:
    """5 of 5 among thirty groups that keep 99 in 100 is first, though draws rarely put it there."""
    kept = np.array([5.0, *np.full(30, 9900.0)])
    rank, low, high = ranks(kept, np.array([5.0, *np.full(30, 10_000.0)]))
    assert rank[0] == low[0] == 1
    assert ((low <= rank) & (rank <= high)).all()


def test_no_group_no_rank() -> None:
    assert [len(x) for x in ranks(np.zeros(0), np.zeros(0))] == [0, 0, 0]
