"""The shape of who talks to whom, against published and hand-worked graphs."""

from __future__ import annotations

import math
from datetime import date, datetime

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.calendar import Calendar
from shequn.cases import college_messages
from shequn.models.contacts import contacts
from shequn.models.network_structure import compare_with_chance, network_structure, removal
from shequn.text import ShequnError


def frame(*pairs: tuple[object, object]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["source", "target"], dtype=object)


@pytest.fixture(scope="module")
def karate() -> pd.DataFrame:
    return frame(*nx.karate_club_graph().edges())


@pytest.fixture(scope="module")
def students() -> pd.DataFrame:
    messages = college_messages()
    return messages.rename(columns={"author_id": "source", "target_id": "target"})


# --- published graphs


def test_karate_club(karate: pd.DataFrame) -> None:
    """Zachary's karate club (1977), the field's standard example.

    34 members, 78 ties, clustering 0.5706, transitivity 0.2557, assortativity -0.4756. The best
    modularity that any grouping reaches is 0.4198 (Brandes et al. 2008, 10.1109/TKDE.2007.190689).
    """
    s = network_structure(karate)
    assert (s.n_members, s.n_ties, s.n_contacts) == (34, 78, 78)
    assert s.clustering == pytest.approx(0.5706, abs=5e-5)
    assert s.transitivity == pytest.approx(0.2557, abs=5e-5)
    assert s.assortativity == pytest.approx(-0.4756, abs=5e-5)
    assert s.largest_component_share == 1
    assert 0.41 <= s.modularity <= 0.4198 + 5e-5
    # The instructor's leaving strands one member who knows nobody else, so exactly one cut member.
    assert s.n_cut_members == 1


def test_student_network_as_published(students: pd.DataFrame) -> None:
    """CollegeMsg as its two archives print it.

    SNAP: 1,899 nodes, 59,835 temporal and 20,296 static edges. KONECT (opsahl-ucsocial):
    reciprocity 63.6%, largest component 1,893 members, clustering coefficient 5.68% (its word for
    transitivity), assortativity -0.18778, fill 0.0056310.
    """
    s = network_structure(students)
    assert (s.n_members, s.n_contacts, s.n_ties) == (1899, 59835, 20296)
    assert (s.n_self, s.n_incomplete) == (0, 0)
    assert s.reciprocity == pytest.approx(0.636, abs=5e-4)
    assert s.largest_component_share * 1899 == pytest.approx(1893)
    assert s.transitivity == pytest.approx(0.0568, abs=5e-5)
    assert s.assortativity == pytest.approx(-0.18778, abs=5e-6)
    assert s.density == pytest.approx(0.0056310, abs=5e-8)


# --- a graph worked by hand


def test_four_members_by_hand() -> None:
    """a<->b, b->c, c->a, c->d, a->b again, d->d: acquainted ab, bc, ca, cd.

    Ties 5 of 12; answered 2 of 5. Local clustering a 1, b 1, c 1/3, d 0: mean 7/12. Triangles 1,
    pairs of acquaintances 1 + 1 + 3 = 5: transitivity 3/5. c is the only one between others, so
    the top tenth (one member) holds all betweenness; and the only one who can cut somebody off.
    """
    s = network_structure(
        frame(("a", "b"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "d"), ("a", "b"), ("d", "d"))
    )
    assert (s.n_members, s.n_contacts, s.n_ties, s.n_self) == (4, 7, 5, 1)
    assert s.density == pytest.approx(5 / 12)
    assert s.reciprocity == pytest.approx(2 / 5)
    assert s.clustering == pytest.approx(7 / 12)
    assert s.transitivity == pytest.approx(3 / 5)
    assert s.largest_component_share == 1
    assert s.top_broker_share == 1
    assert s.n_cut_members == 1
    assert s.acquaintances.to_numpy().tolist() == [[1, 1, 1.0], [2, 2, 0.75], [3, 1, 0.25]]


def test_two_triangles_joined_by_a_bridge() -> None:
    """Seven ties, two groups of three: modularity 6/7 - 2*(7/14)^2 = 5/14."""
    s = network_structure(frame((1, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 4), (1, 4)))
    assert s.n_groups == 2
    assert s.modularity == pytest.approx(5 / 14)
    assert s.n_cut_members == 2


def test_summary_names_every_number() -> None:
    summary = network_structure(frame((1, 2), (2, 1), (3, 4), (4, 3), (4, 5), (5, 4))).summary()
    assert list(summary) == ["measure", "value", "n", "withheld"]
    values = dict(zip(summary["measure"], summary["value"], strict=True))
    assert values["reciprocity"] == 1
    assert values["n_ties"] == 6
    assert "acquaintances" not in values


def test_of_four_members_nothing_is_told_and_of_five_all_but_a_cut_member() -> None:
    four = network_structure(frame((1, 2), (2, 1), (3, 4))).summary()
    told = four[~four["withheld"]]
    assert set(told["measure"]) == {"n_cut_members"}, "nobody is cut off: a zero tells of nobody"
    assert four.loc[four["withheld"], ["value", "n"]].isna().all(axis=None)
    star = frame(("hub", 1), ("hub", 2), ("hub", 3), ("hub", 4))
    five = network_structure(star).summary().set_index("measure")
    assert five.index[five["withheld"]].tolist() == ["n_cut_members"]
    assert five["value"]["n_members"] == five["n"]["n_members"] == 5
    small = frame((1, 2), (2, 1), (3, 4))
    assert (
        compare_with_chance(small, draws=2)[["value", "expected", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    losses = removal(star, shares=(0.0, 0.2), draws=2)
    assert losses["withheld"].tolist() == [False, False, True, True], "four stay"
    assert losses.loc[2:, ["value", "n", "low", "high"]].isna().all(axis=None)


def test_no_contact_is_not_a_community_of_nobody() -> None:
    """Data without mentions and replies do not say that nobody talks: no number, not a zero."""
    assert network_structure(frame()).summary()["value"].isna().all()


def test_rows_may_carry_a_count() -> None:
    counted = frame((1, 2), (2, 1), (3, 3)).assign(contacts=[5, 2, 4])
    s = network_structure(counted)
    assert (s.n_contacts, s.n_self, s.n_ties) == (11, 4, 2)


# --- edge cases


def test_nobody() -> None:
    s = network_structure(frame())
    assert (s.n_members, s.n_ties, s.n_groups, s.n_cut_members) == (0, 0, 0, 0)
    for number in (s.density, s.reciprocity, s.clustering, s.transitivity, s.modularity):
        assert math.isnan(number)
    assert math.isnan(s.largest_component_share)
    assert s.acquaintances.empty
    assert compare_with_chance(frame(), draws=2)[["value", "expected"]].isna().all(axis=None)
    assert removal(frame(), draws=2)["value"].isna().all()


def test_one_member_alone() -> None:
    s = network_structure(frame(("a", "a")))
    assert (s.n_members, s.n_ties, s.n_self) == (1, 0, 1)
    assert math.isnan(s.density)
    assert math.isnan(s.reciprocity)
    assert s.largest_component_share == 1


def test_missing_ends_are_dropped_and_counted() -> None:
    s = network_structure(frame((1, 2), (None, 2), (1, np.nan)))
    assert (s.n_contacts, s.n_incomplete, s.n_members) == (1, 2, 2)


def test_a_missing_column_is_said_in_both_languages() -> None:
    with pytest.raises(ShequnError) as caught:
        network_structure(pd.DataFrame({"source": [1]}))
    assert "target" in caught.value.say("en")
    assert "target" in caught.value.say("zh")


@pytest.mark.parametrize("options", [{"draws": 0}, {"swaps": 0}])
def test_no_draws_no_answer(options: dict[str, int]) -> None:
    with pytest.raises(ShequnError):
        compare_with_chance(frame((1, 2)), **options)


# --- properties

members = st.integers(0, 7)
graphs = st.lists(st.tuples(members, members), min_size=1, max_size=40)


@given(graphs)
@settings(max_examples=60, deadline=None)
def test_shares_are_shares(pairs: list[tuple[int, int]]) -> None:
    s = network_structure(frame(*pairs))
    for share in (s.density, s.reciprocity, s.clustering, s.transitivity, s.top_broker_share):
        assert math.isnan(share) or 0 <= share <= 1 + 1e-12
    assert 0 < s.largest_component_share <= 1
    assert s.n_ties + s.n_self <= s.n_contacts == len(pairs)
    assert s.acquaintances["members"].sum() == s.n_members


@given(graphs, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_names_do_not_matter(pairs: list[tuple[int, int]], random: object) -> None:
    names = [f"member {i}" for i in range(8)]
    random.shuffle(names)  # type: ignore[attr-defined]
    renamed = [(names[a], names[b]) for a, b in pairs]
    one, other = network_structure(frame(*pairs)), network_structure(frame(*renamed))
    pd.testing.assert_frame_equal(one.summary(), other.summary())


@given(graphs)
@settings(max_examples=60, deadline=None)
def test_an_answer_never_lowers_reciprocity(pairs: list[tuple[int, int]]) -> None:
    before = network_structure(frame(*pairs)).reciprocity
    for a, b in pairs:
        after = network_structure(frame(*pairs, (b, a))).reciprocity
        assert math.isnan(before) or after >= before - 1e-12


@given(graphs)
@settings(max_examples=40, deadline=None)
def test_writing_again_changes_no_shape(pairs: list[tuple[int, int]]) -> None:
    once, twice = network_structure(frame(*pairs)), network_structure(frame(*pairs, *pairs))
    assert twice.n_contacts == 2 * once.n_contacts
    shape = ["n_members", "n_ties", "reciprocity", "clustering", "modularity"]
    assert [getattr(once, m) for m in shape] == pytest.approx(
        [getattr(twice, m) for m in shape], nan_ok=True
    )


# --- against chance


def test_reciprocity_of_random_graphs_is_that_of_all_graphs_with_these_degrees() -> None:
    """Five members, each writes to one and hears from one: 44 graphs (derangements of five).

    24 are one ring (reciprocity 0), 20 a pair and a ring of three (2/5): mean 20 × 2/5 ÷ 44 = 2/11.
    """
    ring = frame((1, 2), (2, 3), (3, 4), (4, 5), (5, 1))
    row = compare_with_chance(ring, draws=3000, swaps=3).set_index("measure").loc["reciprocity"]
    assert row["value"] == 0
    assert row["expected"] == pytest.approx(2 / 11, abs=0.02)
    assert (row["low"], row["high"]) == (0, 2 / 5)


def test_transitivity_of_random_graphs_is_that_of_all_graphs_with_these_degrees() -> None:
    """Six members with two acquaintances each: 60 rings (0) and 10 pairs of triangles (1): 1/7."""
    ring = frame((1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 1))
    rows = compare_with_chance(ring, draws=3000, swaps=3).set_index("measure")
    assert rows.loc["transitivity", "expected"] == pytest.approx(1 / 7, abs=0.03)
    assert rows.loc["clustering", "expected"] == pytest.approx(1 / 7, abs=0.03)


@given(graphs, st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_random_graphs_keep_how_busy_everybody_is(pairs: list[tuple[int, int]], seed: int) -> None:
    from shequn.models import network_structure as module

    coded, _, n = module.coded(frame(*pairs))
    ties = module.distinct_ties(coded)
    rng = np.random.default_rng(seed)
    drawn = module.rewired(ties, n, 50, rng, directed=True).reshape(-1, 2)
    for side in (0, 1):
        before = np.bincount(ties[:, side], minlength=n)
        assert (np.bincount(drawn[:, side].astype(int), minlength=n) == before).all()
    assert len({tuple(t) for t in drawn.tolist()}) == len(ties)
    assert all(a != b for a, b in drawn.tolist())
    acquainted = np.unique(np.sort(ties, axis=1), axis=0)
    drawn = module.rewired(acquainted, n, 50, rng, directed=False).reshape(-1, 2)
    degrees = np.bincount(acquainted.ravel(), minlength=n)
    assert (np.bincount(drawn.ravel().astype(int), minlength=n) == degrees).all()
    assert len({frozenset(t) for t in drawn.tolist()}) == len(acquainted)


def test_observed_values_are_those_of_the_structure(karate: pd.DataFrame) -> None:
    s = network_structure(karate)
    found = compare_with_chance(karate, draws=3).set_index("measure")["value"]
    assert found["clustering"] == pytest.approx(s.clustering)
    assert found["transitivity"] == pytest.approx(s.transitivity)
    assert found["reciprocity"] == pytest.approx(s.reciprocity)


def test_same_seed_same_answer(karate: pd.DataFrame) -> None:
    one, other = (compare_with_chance(karate, draws=3, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


# --- who leaves


def test_a_star_falls_apart_when_its_middle_leaves() -> None:
    """Ten members on one host: ten pieces without her, one piece without another."""
    star = frame(*[("host", f"m{i}") for i in range(10)])
    found = removal(star, shares=(0, 1 / 11), draws=50)
    busiest = found[found["who"] == "busiest"].set_index("leavers")["value"]
    assert busiest.to_dict() == {0: 1.0, 1: pytest.approx(1 / 10)}
    random = found[(found["who"] == "random") & (found["leavers"] == 1)].iloc[0]
    assert (random["low"], random["high"]) == (pytest.approx(1 / 10), 1)


# --- contacts from a community's tables


COVERED = Calendar("UTC", covered=frozenset(date(2026, 1, d) for d in range(1, 11)))


def compiled(
    messages: pd.DataFrame, mentions: pd.DataFrame, *, calendar: Calendar = COVERED, days: int = 0
) -> list[tuple[object, ...]]:
    import duckdb
    import ibis

    from shequn import schema

    connection = duckdb.connect()
    for name, rows in {"messages": messages, "mentions": mentions}.items():
        types = schema.unbound(name).schema()
        sql = {"timestamp": "TIMESTAMP", "int64": "BIGINT"}
        columns = [f"{c} {sql.get(str(t).split('(')[0], 'VARCHAR')}" for c, t in types.items()]
        connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        marks = ", ".join("?" * rows.shape[1])
        for row in rows.itertuples(index=False):
            insert = f"INSERT INTO {name} ({', '.join(rows)}) VALUES ({marks})"
            connection.execute(insert, list(row))
    expression = contacts.expression(
        schema.unbound("messages"), schema.unbound("mentions"), calendar=calendar, days=days
    )
    pairs = connection.sql(str(ibis.to_sql(expression, dialect="duckdb"))).df()
    return [tuple(r) for r in contacts.complete(pairs, calendar).to_numpy().tolist()]


def test_contacts_from_mentions_and_replies() -> None:
    """Only bo addresses anybody: ann twice, cy once.

    m2 answers m1 and names its author: one contact. m3 names everybody: none. m4 answers a
    message that is not there: none. m5 names two: two.
    """
    moment = datetime(2026, 1, 1)
    messages = pd.DataFrame(
        [
            ("m1", "ann", moment, None),
            ("m2", "bo", moment, "m1"),
            ("m3", "cy", moment, None),
            ("m4", "cy", moment, "gone"),
            ("m5", "bo", moment, None),
        ],
        columns=["message_id", "author_id", "ts", "reply_to_id"],
    )
    mentions = pd.DataFrame(
        [
            ("m2", "ann", "mention"),
            ("m3", "ann", "all"),
            ("m5", "ann", None),
            ("m5", "cy", "quote"),
        ],
        columns=["message_id", "target_id", "kind"],
    )
    assert compiled(messages, mentions) == [("bo", "ann", 2), ("bo", "cy", 1)]
    assert compiled(messages, mentions[:0]) == [("bo", "ann", 1)]
    assert compiled(messages.assign(reply_to_id=None), mentions[:0]) == []


def test_contacts_keep_to_the_covered_days_and_to_the_window() -> None:
    """Ten covered days; bo answers ann on day 0, day 5, day 10 and after the end: ids 2 to 5.

    Covered are days 5 and 10 alone; of the last five days only day 10. What is answered may be old.
    """
    days = {"m1": datetime(2025, 12, 1), "m2": datetime(2025, 12, 31, 23, 59)}
    days |= {"m3": datetime(2026, 1, 5), "m4": datetime(2026, 1, 10, 23, 59)}
    days |= {"m5": datetime(2026, 1, 11)}
    messages = pd.DataFrame(
        [
            (m, "ann" if m == "m1" else "bo", ts, None if m == "m1" else "m1")
            for m, ts in days.items()
        ],
        columns=["message_id", "author_id", "ts", "reply_to_id"],
    )
    nobody = pd.DataFrame([], columns=["message_id", "target_id", "kind"])
    for window, expected in ((0, 2), (5, 1), (6, 2), (400, 2)):
        assert compiled(messages, nobody, days=window) == [("bo", "ann", expected)], window
    undated = messages.assign(ts=None)
    assert compiled(undated, nobody) == [("bo", "ann", 4)]
    assert compiled(undated, nobody, days=5) == []
