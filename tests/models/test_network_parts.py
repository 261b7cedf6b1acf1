"""Core and edge, brokers, and groups that stay, against published and hand-worked graphs."""

from __future__ import annotations

import json
import math
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics.clusters import adjusted_rand
from shequn.models.contacts import contacts
from shequn.models.network_parts import betweenness, brokers, core, group_stability
from shequn.models.network_structure import network_structure
from shequn.paths import SAMPLE


def frame(*pairs: tuple[object, object]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["source", "target"], dtype=object)


def values(found: pd.DataFrame, column: str = "value") -> dict[str, float]:
    return dict(zip(found["measure"], found[column], strict=True))


CLIQUES = [(10 * c + a, 10 * c + b) for c in range(4) for a, b in combinations(range(6), 2)]
RING = frame(*CLIQUES, (0, 11), (10, 21), (20, 31), (30, 1))  # four cliques of six


# --- core and edge


def test_a_clique_with_a_member_hanging_on_each() -> None:
    """Five who all know one another, each with one more: 10 of 10, 5 of 25, 0 of 10, and no error."""
    pairs = [*combinations(range(5), 2), *[(i, 10 + i) for i in range(5)]]
    found = core(frame(*pairs), draws=3)
    assert values(found) == pytest.approx(
        {"n_core": 5, "core_density": 1, "across_density": 0.2, "edge_density": 0, "core_fit": 1}
    )
    assert values(found, "n") == {
        "n_core": 5, "core_density": 5, "across_density": 10, "edge_density": 5, "core_fit": 10,
    }  # fmt: skip


def test_karate_club() -> None:
    """Zachary's degrees are 17, 16, 12, 10, 9, 6, 6, 5…: six with six or more, not seven with seven."""
    found = core(frame(*nx.karate_club_graph().edges()))
    assert values(found)["n_core"] == 6
    by_chance = found.set_index("measure").loc["core_density"]
    assert by_chance["low"] <= by_chance["value"] < by_chance["expected"] <= by_chance["high"]


members = st.integers(0, 6)
graphs = st.lists(st.tuples(members, members), min_size=1, max_size=20)


@given(graphs)
@settings(max_examples=30, deadline=None)
def test_no_other_core_comes_nearer(pairs: list[tuple[int, int]]) -> None:
    """Tried with every set of members: pairs missing inside plus pairs present at the edge."""
    graph = nx.Graph([(a, b) for a, b in pairs if a != b])
    graph.add_nodes_from({m for pair in pairs for m in pair})
    ties = {frozenset(e) for e in graph.edges()}

    def wrong(inside: set[int]) -> int:
        return sum(
            (frozenset(pair) in ties) != (len(inside & set(pair)) == 2)
            for pair in combinations(graph, 2)
            if len(inside & set(pair)) != 1
        )

    nearest = min(
        wrong(set(some)) for k in range(len(graph) + 1) for some in combinations(graph, k)
    )
    busiest = sorted((d for _, d in graph.degree()), reverse=True)
    size = sum(d >= k for k, d in enumerate(busiest, start=1))
    assert graph.size() - sum(busiest[:size]) + size * (size - 1) // 2 == nearest
    found = core(frame(*pairs), draws=1)
    if graph.size() and size > 4:  # otherwise withheld
        assert values(found)["n_core"] == size


@given(graphs, st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_fit_is_a_correlation_over_pairs(pairs: list[tuple[int, int]], seed: int) -> None:
    from shequn.models import network_parts as module

    ties = np.array(sorted({tuple(sorted(p)) for p in pairs if p[0] != p[1]}), dtype=np.int64)
    inside = np.random.default_rng(seed).integers(0, 2, 7)
    if not len(ties):
        return
    tied = {tuple(t) for t in ties.tolist()}
    kept = [p for p in combinations(range(7), 2) if inside[p[0]] == inside[p[1]]]
    here = np.array([p in tied for p in kept], dtype=float)
    ideal = np.array([inside[p[0]] == 1 for p in kept], dtype=float)
    fit = module._densities(ties, inside)[3]
    if here.std() and ideal.std():
        assert fit == pytest.approx(np.corrcoef(here, ideal)[0, 1])
    else:
        assert math.isnan(fit)


# --- brokers


def test_florentine_families() -> None:
    """Padgett's marriages: betweenness of the Medici 0.522, as in NetworkX's and igraph's lessons.

    Next come the Guadagni, 0.255, and the Albizzi, 0.212.
    """
    found = betweenness(frame(*nx.florentine_families_graph().edges())).sort_values()
    assert found.index[-3:].tolist() == ["Albizzi", "Guadagni", "Medici"]
    assert found.iloc[-3:].tolist() == pytest.approx([0.212, 0.255, 0.522], abs=5e-4)


def test_brokers_of_a_star() -> None:
    """Host and 49 members: the tenth is the host and four, of whom all betweenness is hers.

    Burt's constraint of the host is 49 * (1/49)², of each member 1.
    """
    star = frame(*[("host", f"m{i}") for i in range(49)])
    found = brokers(star)
    top = values(found[found["who"] == "brokers"])
    assert top == pytest.approx(
        {
            "betweenness_share": 1, "acquaintances": (49 + 4) / 5, "constraint": (1 / 49 + 4) / 5,
            "also_busiest": 1,
        }
    )  # fmt: skip
    others = values(found[found["who"] == "others"])
    assert others == {
        "betweenness_share": 0, "acquaintances": 1, "constraint": 1, "also_busiest": 0,
    }  # fmt: skip
    assert found["n"].tolist() == [5] * 4 + [45] * 4


def test_of_few_brokers_nothing_is_told() -> None:
    """A tenth of 41 is five members; a tenth of 40 is four, of whom, and of the rest, no word."""
    for leaves, told in ((39, False), (40, True)):
        found = brokers(frame(*[("host", f"m{i}") for i in range(leaves)]))
        assert found["value"].notna().all() == told
        assert found["value"].notna().any() == told


def test_the_same_share_as_in_the_structure() -> None:
    pairs = frame(*nx.barbell_graph(20, 5).edges())
    share = brokers(pairs).set_index(["who", "measure"])["value"]["brokers"]["betweenness_share"]
    assert share == pytest.approx(network_structure(pairs).top_broker_share)


def test_a_broker_need_not_be_busy() -> None:
    """Two cliques of 20 and a chain of five: in the chain nobody has more than two acquaintances."""
    found = brokers(frame(*nx.barbell_graph(20, 5).edges())).set_index(["who", "measure"])["value"]
    assert found["brokers"]["also_busiest"] < 0.5
    assert found["brokers"]["acquaintances"] < found["others"]["acquaintances"]


# --- groups


def test_four_cliques_in_a_ring() -> None:
    """Of 64 ties 60 are inside: modularity 60/64 - 4 (32/128)² = 0.6875; each search finds the four."""
    found = group_stability(RING, seeds=4)
    assert values(found) == pytest.approx({"agreement": 1, "modularity": 0.6875, "n_found": 4})
    by_chance = found.set_index("measure")
    assert by_chance.loc["agreement", "expected"] < 1
    assert by_chance.loc["modularity", "high"] < 0.6875
    pd.testing.assert_frame_equal(found, group_stability(RING, seeds=4))


def test_the_sample_gives_back_its_rooms() -> None:
    """Most of a member's talk is drawn into a home room: groups agree, and are those rooms."""
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["latent"]
    drawn = dict(zip(truth["member_id"], truth["home_room"], strict=True))
    with open_dataset() as data:
        pairs = data.compute(contacts, days=90)
    found = group_stability(pairs, seeds=3, draws=1).set_index("measure")
    assert found.loc["agreement", "value"] > 2 * found.loc["agreement", "high"]
    graph = nx.Graph(list(zip(pairs["source"], pairs["target"], strict=True)))
    graph.remove_edges_from(nx.selfloop_edges(graph))
    groups = nx.community.louvain_communities(graph, seed=1)
    busy = [m for m in graph if graph.degree(m) >= 20 and m in drawn]
    group = {m: i for i, some in enumerate(groups) for m in some}
    rooms = np.unique([drawn[m] for m in busy], return_inverse=True)[1]
    mine = np.unique([group[m] for m in busy], return_inverse=True)[1]
    assert len(busy) > 80
    assert adjusted_rand(rooms.astype(np.int64), mine.astype(np.int64)) > 0.6


# --- edge cases


@pytest.mark.parametrize("pairs", [[], [("a", "a")]])
def test_nobody_and_one_member_alone(pairs: list[tuple[str, str]]) -> None:
    for model in (core, brokers, group_stability):
        found = model(frame(*pairs))
        assert len(found) >= 3 and found["value"].isna().all()


def test_of_four_members_nothing_is_told() -> None:
    four = frame((1, 2), (2, 3), (3, 4), (4, 1))
    for model in (core, group_stability):
        assert model(four, draws=1)[["value", "expected", "low", "high", "n"]].isna().all(axis=None)


def test_direction_and_repetition_do_not_matter() -> None:
    turned = RING.rename(columns={"source": "target", "target": "source"})[["source", "target"]]
    twice = pd.concat([RING, turned], ignore_index=True)
    assert values(core(twice, draws=1)) == values(core(RING, draws=1))
    assert values(group_stability(twice, seeds=2)) == pytest.approx(
        values(group_stability(RING, seeds=2))
    )
