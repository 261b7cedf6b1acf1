"""Groups of members by k-means: how far apart, how stable, and what one crowd without types shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STARTS = 5  # of k-means, of which the best counts


def scaled(counts: Integers) -> Floats:
    """Take counts, members by rows, as logarithms of equal spread; a column of one value goes."""
    logs = np.log1p(counts.astype(np.float64))
    spread = logs.std(axis=0)
    varied = logs[:, spread > 0]
    points: Floats = (varied - varied.mean(axis=0)) / spread[spread > 0]
    return points


def centres(points: Floats, k: int, rng: np.random.Generator, starts: int = STARTS) -> Floats:
    """Centres of k groups by k-means; fewer where the points do not fill so many."""
    from scipy.cluster.vq import kmeans

    different = np.unique(points, axis=0)
    if len(different) <= k:
        return different
    found: Floats = kmeans(points, k, iter=starts, rng=rng)[0]
    return found


def nearest(points: Floats, middles: Floats) -> Integers:
    """Return the group of each point: that of the nearest centre."""
    from scipy.cluster.vq import vq

    groups: Integers = vq(points, middles)[0].astype(np.int64)
    return groups


def silhouette(distances: Floats, groups: Integers) -> float:
    """Mean over points of (b - a) / max(a, b); NaN where there is but one group.

    ``a`` is a point's mean distance from the others of its group, ``b`` that from the nearest
    other group; a point alone in its group counts 0.
    """
    names, groups = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return float("nan")
    inside = np.eye(len(names))[groups]
    size, here = inside.sum(axis=0), np.arange(len(groups))
    total = distances @ inside
    others = size[groups] - 1
    a = np.divide(total[here, groups], others, out=np.zeros(len(groups)), where=others > 0)
    mean = total / size
    mean[here, groups] = np.inf
    b = mean.min(axis=1)
    wide = np.maximum(a, b)
    score = np.divide(b - a, wide, out=np.zeros(len(groups)), where=wide > 0)
    return float(np.where(others > 0, score, 0).mean())


def adjusted_rand(one: Integers, other: Integers) -> float:
    """Agreement of two groupings of the same points: 1 alike, 0 on average by chance."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), 1)

    def pairs(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both, first, second = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = first * second / pairs(np.array([float(len(one))]))
    highest = (first + second) / 2
    return 1.0 if highest == expected else (both - expected) / (highest - expected)


def stability(points: Floats, k: int, rng: np.random.Generator, draws: int) -> float:
    """Mean agreement of the groups with those found in samples of the points, drawn with replacement.

    Each sample's centres group all points again; so a member is compared with herself.
    """
    groups = nearest(points, centres(points, k, rng))
    agreed = []
    for _ in range(draws):
        drawn = points[rng.integers(0, len(points), len(points))]
        agreed.append(adjusted_rand(groups, nearest(points, centres(drawn, k, rng))))
    return float(np.mean(agreed))


def one_crowd(counts: Integers, rng: np.random.Generator, draws: int) -> Iterator[Integers]:
    """Yield as many members without types: each count as in the data, any two going together alike.

    The counts of each column are dealt out anew by the ranks of normal numbers, which have the
    correlations of the data's normal scores.
    """
    from scipy import stats

    n, columns = counts.shape
    scores = stats.norm.ppf((stats.rankdata(counts, axis=0) - 0.5) / n)
    correlation = np.atleast_2d(np.corrcoef(scores.T))
    ordered = np.sort(counts, axis=0)
    for _ in range(draws):
        normal = rng.multivariate_normal(np.zeros(columns), correlation, n)
        ranks = normal.argsort(axis=0).argsort(axis=0)
        yield np.take_along_axis(ordered, ranks, axis=0)
