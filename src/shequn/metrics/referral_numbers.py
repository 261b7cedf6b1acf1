"""What referral computes of its counts: means, waits, depths of the tree, and where growth ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    Integers = npt.NDArray[np.int64]


def viral_size(seeds: float, k: float, generations: int) -> float:
    """Return all members after so many generations, seeds included, if K stays what it is.

    Examples
    --------
    >>> viral_size(100, 0.5, 2)
    175.0
    """
    if k == 1:
        return float(seeds * (generations + 1))
    return float(seeds * (k ** (generations + 1) - 1) / (k - 1))


def final_size(seeds: float, k: float) -> float:
    """Return where `viral_size` ends; NaN for a K of 1 and more, which has no end."""
    return float(seeds / (1 - k)) if k < 1 else float("nan")


def top_ten(brought: Integers) -> float:
    """Return the share that the ten who brought most brought."""
    return float(np.sort(brought)[::-1][:10].sum() / brought.sum())


def mean(brought: Integers) -> tuple[float, float, float]:
    """Return a mean and its interval; of nothing but zeros, the exact Poisson bound."""
    from shequn.intervals import bootstrap

    if not len(brought):
        return float("nan"), float("nan"), float("nan")
    if not brought.any():
        return 0.0, 0.0, float(-np.log(0.025) / len(brought))
    return float(brought.mean()), *bootstrap(np.mean, brought)


def kaplan_meier(hours: Integers, brought: Integers) -> Callable[[int], tuple[float, float, float]]:
    """Return ``hour -> share who brought somebody by then, low, high`` (log-log, Greenwood)."""
    from scipy import stats
    from statsmodels.duration.survfunc import SurvfuncRight

    nan, z = float("nan"), stats.norm.ppf(0.975)
    if not brought.any():
        return lambda _hour: (0.0, nan, nan)
    fit = SurvfuncRight(hours, brought)

    def share(hour: int) -> tuple[float, float, float]:
        place = int(np.searchsorted(fit.surv_times, hour, side="right")) - 1
        quiet = float(fit.surv_prob[place]) if place >= 0 else 1.0
        if not 0 < quiet < 1:
            return 1 - quiet, nan, nan
        width = z * float(fit.surv_prob_se[place]) / (quiet * np.log(quiet))
        ends = sorted(1 - quiet ** np.exp(sign * width) for sign in (1, -1))
        return 1 - quiet, float(ends[0]), float(ends[1])

    return share


def median_wait(hours: Integers, brought: Integers) -> tuple[float, float, float]:
    """Return the days until half of all have brought somebody; NaN where they never do."""
    from statsmodels.duration.survfunc import SurvfuncRight

    nan = float("nan")
    if not brought.any():
        return nan, nan, nan
    fit = SurvfuncRight(hours, brought)
    value = fit.quantile(0.5) / 24
    if np.isnan(value):
        return nan, nan, nan
    with np.errstate(all="ignore"):  # log-log of nought and one, where everybody or nobody has
        low, high = fit.quantile_ci(0.5)
    return float(value), float(low) / 24, float(high) / 24


def depths(edges: pd.DataFrame) -> tuple[dict[int, int], int]:
    """Return how many stand at each depth below the tops of the tree, and how many in circles.

    Who is in a circle of inviters is a top, like those whom nobody invited.
    """
    parent = edges.set_index("member_id")["inviter_id"]
    rest = parent
    while True:  # strip those below whom nobody is: what is left, if anything, goes round
        kept = rest[rest.index.isin(rest)]
        if len(kept) == len(rest):
            break
        rest = kept
    circle = rest[rest.isin(rest.index)]
    parent = parent.drop(circle.index)
    level = set(parent) - set(parent.index)
    sizes: dict[int, int] = {}
    while len(parent):
        below = parent[parent.isin(level)]
        sizes[len(sizes) + 1] = len(below)
        level, parent = set(below.index), parent.drop(below.index)
    return sizes, len(circle)
