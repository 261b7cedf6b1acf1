"""Parts of a community's ties: a core and its edge, members between others, groups that stay.

Contacts, ties and acquaintances are those of `shequn.models.network_structure`.
"""

from __future__ import annotations

import math
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd

from shequn.metrics import SMALLEST_GROUP, suppress
from shequn.metrics.clusters import adjusted_rand
from shequn.models.network_structure import (
    EXACT_BELOW,
    PIVOTS,
    TOP,
    coded,
    distinct_ties,
    rewired,
)

_BY_CHANCE_SEEDS = 4
_BY_CHANCE = ("value", "expected", "low", "high")


def core(edges: pd.DataFrame, *, draws: int = 19, swaps: int = 5, seed: int = 1) -> pd.DataFrame:
    """Part members into a core, all acquainted with one another, and an edge, where nobody is.

    No community is so. The core is the part that comes nearest: fewest pairs missing inside it
    plus pairs present at the edge, pairs across ignored. With :math:`k` members in the core that
    number is the acquainted pairs of all, less the core's acquaintances, plus
    :math:`k (k - 1) / 2`. So the best core holds the busiest, as long as the k-th of them has k
    acquaintances or more; among equals those who appear first.

    Parameters
    ----------
    edges
        As for `shequn.models.network_structure.network_structure`.
    draws, swaps, seed
        Random graphs in which everybody has as many acquaintances, as for `compare_with_chance`.
        Their cores are as large; how dense they are is chance.

    Returns
    -------
    pandas.DataFrame
        ``measure`` (``n_core``; ``core_density``, ``across_density``, ``edge_density``: share of
        the possible pairs inside, across and at the edge that are acquainted; ``core_fit``:
        correlation of acquainted or not with inside or at the edge), ``value``, ``expected``,
        ``low``, ``high`` (of the draws), ``n`` members it speaks of. NaN without ties.
    """
    _, acquainted, n = _acquainted(edges)
    measures = ("n_core", "core_density", "across_density", "edge_density", "core_fit")
    if not len(acquainted):
        nothing = [(m, *[math.nan] * 4, 0) for m in measures]
        return suppress(
            pd.DataFrame(nothing, columns=["measure", *_BY_CHANCE, "n"]), also=_BY_CHANCE
        )
    degree = np.bincount(acquainted.ravel(), minlength=n)
    busiest = np.argsort(-degree, kind="stable")
    size = int((degree[busiest] >= np.arange(1, n + 1)).sum())
    inside = np.zeros(n, dtype=np.int64)
    inside[busiest[:size]] = 1
    value = _densities(acquainted, inside)
    rng = np.random.default_rng(seed)
    drawn, ties = [], acquainted
    for _ in range(draws):
        ties = rewired(ties, n, swaps, rng, directed=False)
        drawn.append(_densities(ties, inside))
    seen = np.array(drawn)
    behind = dict(zip(measures, (size, size, n, n - size, n), strict=True))
    rows = [("n_core", float(size), math.nan, math.nan, math.nan, size)]
    for i, name in enumerate(measures[1:]):
        by_chance = (seen[:, i].mean(), seen[:, i].min(), seen[:, i].max())
        rows.append((name, value[i], *by_chance, behind[name]))
    return suppress(pd.DataFrame(rows, columns=["measure", *_BY_CHANCE, "n"]), also=_BY_CHANCE)


def betweenness(edges: pd.DataFrame, *, seed: int = 1) -> pd.Series[float]:
    """Return each member's betweenness, as a share of all pairs of others; not to be published.

    Exact under 500 members and estimated from 150 starting members above.
    """
    names, acquainted, n = _acquainted(edges)
    graph = _graph(acquainted, n)
    pivots = None if n < EXACT_BELOW else PIVOTS
    found = nx.betweenness_centrality(graph, k=pivots, seed=seed)
    return pd.Series([found[i] for i in range(n)], index=names, dtype=float)


def brokers(edges: pd.DataFrame, *, seed: int = 1) -> pd.DataFrame:
    """Hold the tenth of members who lie between others most often against all others.

    Parameters
    ----------
    edges
        As for `shequn.models.network_structure.network_structure`.
    seed
        Seed of the estimate of betweenness.

    Returns
    -------
    pandas.DataFrame
        ``who`` (``brokers``, ``others``), ``measure``, ``value``, ``n`` members. Measures:
        ``betweenness_share`` of all betweenness; ``acquaintances``, mean; ``constraint``, mean of
        Burt's index, low where acquaintances don't know each other, of members who have any;
        ``also_busiest``, share who are in the tenth with most acquaintances too. NaN where nobody
        is between others, or the tenth is of fewer than five.
    """
    _, acquainted, n = _acquainted(edges)
    graph = _graph(acquainted, n)
    between = betweenness(edges, seed=seed).to_numpy()
    degree = np.array([graph.degree(i) for i in range(n)], dtype=float)
    tight = nx.constraint(graph) if len(acquainted) else {}
    constraint = np.array([tight.get(i, math.nan) for i in range(n)])
    top = math.ceil(TOP * n)
    broker, busy = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    broker[np.argsort(-between, kind="stable")[:top]] = True
    busy[np.argsort(-degree, kind="stable")[:top]] = True
    rows = []
    for who, them in (("brokers", broker), ("others", ~broker)):
        # Of fewer brokers nothing is told, nor of the others: the share of one gives the other's.
        some = bool(between.sum()) and top >= SMALLEST_GROUP
        held = [c for c in constraint[them] if not math.isnan(c)]
        numbers = {
            "betweenness_share": between[them].sum() / between.sum() if some else math.nan,
            "acquaintances": degree[them].mean() if some else math.nan,
            "constraint": float(np.mean(held)) if some and held else math.nan,
            "also_busiest": busy[them].mean() if some else math.nan,
        }
        rows += [(who, measure, value, int(them.sum())) for measure, value in numbers.items()]
    return suppress(pd.DataFrame(rows, columns=["who", "measure", "value", "n"]), also=("value",))


def group_stability(
    edges: pd.DataFrame, *, seeds: int = 10, draws: int = 5, swaps: int = 5, seed: int = 1
) -> pd.DataFrame:
    """Search for groups again and again, here and in random graphs, and see whether they agree.

    The Louvain search visits members in random order; where there are groups, every search ends
    with nearly the same.

    Parameters
    ----------
    edges
        As for `shequn.models.network_structure.network_structure`.
    seeds
        Searches here.
    draws, swaps, seed
        Random graphs in which everybody has as many acquaintances, as for `compare_with_chance`;
        four searches in each.

    Returns
    -------
    pandas.DataFrame
        ``measure``, ``value``, ``expected``, ``low``, ``high`` (of the random graphs), ``n``.
        Measures: ``agreement``, mean adjusted Rand index of any two searches; ``modularity`` and
        ``n_found``, means. NaN without ties.
    """
    _, acquainted, n = _acquainted(edges)
    measures = ("agreement", "modularity", "n_found")
    found, drawn = [math.nan] * 3, [[math.nan] * 3]
    if len(acquainted):
        found = _searched(_graph(acquainted, n), range(seed, seed + seeds))
        rng = np.random.default_rng(seed)
        drawn, ties = [], acquainted
        for _ in range(draws):
            ties = rewired(ties, n, swaps, rng, directed=False)
            drawn.append(_searched(_graph(ties, n), range(seed, seed + _BY_CHANCE_SEEDS)))
    seen = np.array(drawn)
    frame = pd.DataFrame(
        {
            "measure": measures,
            "value": found,
            "expected": seen.mean(axis=0),
            "low": seen.min(axis=0),
            "high": seen.max(axis=0),
            "n": n,
        }
    )
    return suppress(frame, also=_BY_CHANCE)


def _acquainted(edges: pd.DataFrame) -> tuple[pd.Index, np.ndarray, int]:
    """Return members in order of first appearance, acquainted pairs of their codes, how many."""
    pairs, _, n = coded(edges)
    ends = edges.dropna(subset=["source", "target"])[["source", "target"]]
    names = pd.Index(pd.unique(ends.to_numpy(dtype=object).ravel()))
    ties = np.sort(distinct_ties(pairs), axis=1)
    return names, np.unique(ties, axis=0).reshape(-1, 2), n


def _graph(acquainted: np.ndarray, n: int) -> nx.Graph:
    graph = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(acquainted.tolist())
    return graph


def _densities(acquainted: np.ndarray, inside: np.ndarray) -> tuple[float, float, float, float]:
    """Return densities in the core, across and at the edge, and how well the two parts fit."""
    k, rest = int(inside.sum()), int((1 - inside).sum())
    ends = inside[acquainted].sum(axis=1)  # 2 in the core, 1 across, 0 at the edge
    here, across, edge = (float((ends == e).sum()) for e in (2, 1, 0))
    pairs, others = k * (k - 1) / 2, rest * (rest - 1) / 2
    fit = math.nan
    # Correlation of two yes-or-no answers over the pairs inside and at the edge.
    spread = pairs * others * (here + edge) * (pairs + others - here - edge)
    if spread > 0:
        fit = (here * (others - edge) - edge * (pairs - here)) / math.sqrt(spread)
    return (
        here / pairs if pairs else math.nan,
        across / (k * rest) if k * rest else math.nan,
        edge / others if others else math.nan,
        fit,
    )


def _searched(graph: nx.Graph, seeds: range) -> list[float]:
    """Return agreement, modularity and number of groups over searches with these seeds."""
    ends = [nx.community.louvain_communities(graph, seed=s) for s in seeds]
    modularity = [nx.community.modularity(graph, groups) for groups in ends]
    labels = []
    for groups in ends:
        label = np.zeros(graph.number_of_nodes(), dtype=np.int64)
        for i, members in enumerate(groups):
            label[list(members)] = i
        labels.append(label)
    agree = [adjusted_rand(one, other) for one, other in combinations(labels, 2)]
    count = float(np.mean([len(groups) for groups in ends]))
    return [float(np.mean(agree)), float(np.mean(modularity)), count]
