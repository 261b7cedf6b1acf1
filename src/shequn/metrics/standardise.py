"""Indirect standardisation, and how far groups may lie from all others by chance alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIZES = (50, 200)  # people from which on the next band of size begins
BAND = 5  # groups below which a band of size is merged with its neighbour
EXPECTED = 5  # kept, and not kept, to be expected: below, the normal limits do not hold
MANY = 10  # groups from which on it can be told whether they differ more than people's luck
WINSORISED = 0.1  # of the z-scores at each end, drawn in before over-dispersion is measured
DRAWS = 4000  # of all groups' shares, for how far ranks move


class Verdicts(NamedTuple):
    """What is found of groups, one number a group, and over-dispersion (NaN of few groups)."""

    expected: Floats
    ratio: Floats
    spread: Floats
    z: Floats
    judged: npt.NDArray[np.bool_]
    overdispersion: float


def indirect(kept: Floats, people: Floats, rates: Floats) -> tuple[Floats, Floats]:
    """Return how many are expected in each group, and the ratio of those kept to them.

    Parameters
    ----------
    kept
        People kept in each group.
    people
        People of each group (rows) in each stratum (columns).
    rates
        Share kept in each stratum of the standard.
    """
    expected = people @ rates
    return expected, kept / np.where(expected > 0, expected, np.nan)


def overdispersion(z: Floats) -> float:
    """Mean square of the winsorised z-scores (Spiegelhalter 2005); NaN of fewer than ten groups."""
    if len(z) < MANY:
        return float("nan")
    low, high = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    return float((np.clip(z, low, high) ** 2).mean())


def judge(people: Floats, kept: Floats) -> Verdicts:
    """Hold each group against all together, stratum by stratum.

    The variance is that of what the group keeps less what is expected. As the standard contains
    the group, it is smaller than that of a share by what the group weighs in each stratum; a
    group alone in all its strata has none, and nothing to be compared with.
    """
    total = people.sum(axis=0)
    rates = kept.sum(axis=0) / np.maximum(total, 1)
    own = people / np.maximum(total, 1)
    variance = (people * rates * (1 - rates) * (1 - own)).sum(axis=1)
    error = np.sqrt(np.where(variance > 0, variance, np.nan))
    observed = kept.sum(axis=1)
    expected, ratio = indirect(observed, people, rates)
    lost = people.sum(axis=1) - expected
    judged = (np.minimum(expected, lost) >= EXPECTED) & ~np.isnan(error)
    z = (observed - expected) / error
    phi = overdispersion(z[judged])
    wider = np.sqrt(np.fmax(phi, 1))  # fmax: NaN widens nothing
    ratio = np.where(np.isnan(error), np.nan, ratio)
    return Verdicts(expected, ratio, error * wider / expected, z / wider, judged, phi)


def bands(sizes: Floats) -> npt.NDArray[np.int64]:
    """Return the band of size of each group, those with too few groups merged with neighbours."""
    band = np.searchsorted(SIZES, sizes, side="right")
    codes, code, inside = [], 0, 0
    for groups in np.bincount(band):
        codes.append(code)
        inside += groups
        if inside >= BAND:
            code, inside = code + 1, 0
    whole = np.minimum(codes, max(code - 1, 0))  # what is left over goes with the band before
    return np.asarray(whole[band], dtype=np.int64)


def in_words(found: Verdicts) -> list[str]:
    """Return each group's verdict."""
    from scipy.stats import norm

    inner, outer = norm.ppf(0.975), norm.ppf(0.999)
    words = []
    for z, ratio, judged in zip(found.z, found.ratio, found.judged, strict=True):
        if np.isnan(ratio):
            words.append("alone")
        elif not judged:
            words.append("few_expected")
        elif abs(z) <= inner:
            words.append("within_limits")
        else:
            words.append(f"{'above' if z > 0 else 'below'}_{'998' if abs(z) > outer else '95'}")
    return words


def ratio_of_sums(kept: Floats, expected: Floats) -> tuple[float, float, float]:
    """Return kept over expected of several groups together, with its 95% interval.

    By linearisation, with Student's t: groups differ among themselves, and however many people
    they have, they are few groups.
    """
    from scipy.stats import t

    groups, whole = len(kept), float(expected.sum())
    ratio = float(kept.sum()) / whole
    apart = kept - ratio * expected
    error = float(np.sqrt(groups / (groups - 1) * (apart**2).sum())) / whole
    half = float(t.ppf(0.975, groups - 1)) * error
    return ratio, max(ratio - half, 0.0), ratio + half


def ranks(kept: Floats, people: Floats) -> tuple[Floats, Floats, Floats]:
    """Rank groups by the share kept, the highest first, with the 95% interval of each rank.

    True shares are drawn from what the counts say of them (Beta, Jeffreys' prior) and ranked anew.
    Who keeps 5 of 5 is first, and would hardly ever be again: the interval then ends at the rank.
    """
    from scipy.stats import rankdata

    rank = rankdata(-kept / people, method="min").astype(float)
    if not len(rank):
        return rank, rank, rank
    random = np.random.default_rng(20250101)
    drawn = random.beta(kept + 0.5, people - kept + 0.5, size=(DRAWS, len(kept)))
    places = rankdata(-drawn, axis=1)
    low, high = np.quantile(places, [0.025, 0.975], axis=0, method="inverted_cdf")
    return rank, np.minimum(low, rank), np.maximum(high, rank)
