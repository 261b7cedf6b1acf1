"""Intervals around shares, one way everywhere."""

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


def between(drawn: npt.ArrayLike, *, alpha: float = 0.05) -> tuple[float, float]:
    """Percentile interval of a statistic's draws; a bound is NaN where it has no finite value."""
    values = np.asarray(drawn, dtype=float)
    ends = np.quantile(values, [alpha / 2, 1 - alpha / 2], method="inverted_cdf")
    low, high = (float(end) if np.isfinite(end) else float("nan") for end in ends)
    return low, high
