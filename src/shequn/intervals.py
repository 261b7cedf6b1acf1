"""Intervals around shares, counts and skewed statistics, one way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
RESAMPLES = 400


def wilson(count: npt.ArrayLike, n: npt.ArrayLike, *, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """Wilson score interval of a share.

    Parameters
    ----------
    count, n
        Successes and trials, alike in shape.
    alpha
        One minus the confidence level.

    Returns
    -------
    low, high
        Bounds in [0, 1] around the share; NaN where ``n`` is 0.

    Notes
    -----
    From statsmodels; see Wilson (1927) and catalogue row 80. It treats members as independent.
    """
    from statsmodels.stats.proportion import proportion_confint

    counts = np.atleast_1d(np.asarray(count, dtype=float))
    trials = np.atleast_1d(np.asarray(n, dtype=float))
    low, high = np.full(counts.shape, np.nan), np.full(counts.shape, np.nan)
    some = trials > 0
    if some.any():
        low[some], high[some] = proportion_confint(
            counts[some], trials[some], alpha=alpha, method="wilson"
        )
        # Rounding may put the share itself just outside where nobody or everybody counts.
        share = counts[some] / trials[some]
        low[some], high[some] = np.minimum(low[some], share), np.maximum(high[some], share)
    return low, high


def bootstrap(
    of: Callable[..., float], *columns: npt.ArrayLike, alpha: float = 0.05
) -> tuple[float, float]:
    """Percentile interval of a statistic, members drawn anew with replacement.

    Parameters
    ----------
    of
        Function of the columns.
    *columns
        One value a member in each, alike in length and in an order that every engine gives:
        draws go by position.
    alpha
        One minus the confidence level.

    Returns
    -------
    low, high
        Bounds from 400 draws with a fixed seed; NaN with fewer than two members.

    Notes
    -----
    From scipy. Draw members, never messages: those of one person depend on one another.
    """
    from scipy import stats

    data: list[Any] = [np.asarray(c) for c in columns]
    if len(data[0]) < 2:
        return float("nan"), float("nan")
    low, high = stats.bootstrap(
        data, of, vectorized=False, paired=True, n_resamples=RESAMPLES, method="percentile",
        confidence_level=1 - alpha, rng=np.random.default_rng(20250101),
    ).confidence_interval  # fmt: skip
    return float(low), float(high)


def poisson(count: npt.ArrayLike, *, alpha: float = 0.05) -> tuple[Floats, Floats]:
    """Exact interval of the mean of a count, such as the joins of a month.

    Parameters
    ----------
    count
        Events counted; 0 has a lower bound of 0.
    alpha
        One minus the confidence level.

    Returns
    -------
    low, high
        Bounds of the mean of the Poisson law behind the count.

    Notes
    -----
    Garwood's, from statsmodels. It treats events as independent: joins that come in bursts vary
    more than it says.
    """
    from statsmodels.stats.rates import confint_poisson

    counts = np.atleast_1d(np.asarray(count, dtype=float))
    low, high = confint_poisson(counts, 1, method="exact-c", alpha=alpha)
    none = np.zeros(counts.shape)  # a single count of 0 comes back without its axis
    return none + low, none + high


def redraws(members: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Draw members anew with replacement, for the interval of anything computed from counts.

    Parameters
    ----------
    members
        How many members each kind has; members of one kind are alike.

    Returns
    -------
    numpy.ndarray
        Draws × kinds: how many of each kind were drawn, in 400 draws with a fixed seed.
    """
    counts = np.asarray(members, dtype=float)
    total = counts.sum()
    random = np.random.default_rng(20250101)
    return random.multinomial(int(total), counts / total, size=RESAMPLES)


def recounts(count: int) -> npt.NDArray[np.int64]:
    """Count anew those who might have come where so many did, in 400 Poisson draws.

    Their seed is fixed, and not that of `redraws`: how many come and who they are vary apart.
    """
    return np.random.default_rng(20250102).poisson(count, size=RESAMPLES)


def between(drawn: npt.ArrayLike, *, alpha: float = 0.05) -> tuple[float, float]:
    """Percentile interval of a statistic's draws; a bound is NaN where it has no finite value."""
    values = np.asarray(drawn, dtype=float)
    ends = np.quantile(values, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")
    low, high = (float(end) if np.isfinite(end) else float("nan") for end in ends)
    return low, high


def quantile(
    values: npt.ArrayLike, share: float, *, alpha: float = 0.05
) -> tuple[float, float, float]:
    """Quantile of a sample and its interval between two observed values.

    Parameters
    ----------
    values
        One value a member, in any order.
    share
        ``0.5`` for the median.
    alpha
        One minus the confidence level.

    Returns
    -------
    value, low, high
        The least value that at least ``share`` of them do not exceed, and the bounds; NaN where
        nobody is, or where so few are that no observed value bounds it.

    Notes
    -----
    How many fall below the true quantile is binomial, whatever the values follow; so the bounds
    are order statistics.
    """
    from scipy import stats

    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    place = max(int(np.ceil(n * share)), 1)
    below = int(stats.binom.ppf(alpha / 2, n, share))  # P(fewer below) is at most alpha / 2
    above = int(stats.binom.ppf(1 - alpha / 2, n, share)) + 1
    low = ordered[below - 1] if below >= 1 else np.nan
    high = ordered[above - 1] if above <= n else np.nan
    return float(ordered[place - 1]), float(low), float(high)
