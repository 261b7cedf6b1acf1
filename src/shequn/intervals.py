"""Intervals around shares, one way everywhere."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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
