"""Give and take: pairs, answers given back on a later day, and how members stand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from engines import community, compute, covering, covering_days, log, row, whole_days
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from shequn.cases import student_network
from shequn.dataset import open_dataset
from shequn.metrics import edges
from shequn.metrics import reciprocity as module
from shequn.metrics.reciprocity import STANDINGS, balance, measures, reciprocity

FIRST = date(2024, 1, 1)
COLUMNS = ("message_id", "author_id", "ts", "reply_to_id")


def answers(*said: tuple[str, str, int], hour: int = 12) -> dict[str, pd.DataFrame]:
    """Return messages by which members address others, a day each counted from the first."""
    rows = [(f"m{i}", who, f"{FIRST + timedelta(days=d)} {hour}:00:00", None)
            for i, (who, _, d) in enumerate(said)]  # fmt: skip
    mentions = pd.DataFrame(
        [(f"m{i}", whom, "mention") for i, (_, whom, _) in enumerate(said)],
        columns=["message_id", "target_id", "kind"], dtype=object,
    )  # fmt: skip
    return {"messages": log(*rows, columns=COLUMNS), "mentions": mentions}


def found(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["measure"], frame["value"], strict=True))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a share be told of any number of pairs."""
    monkeypatch.setattr(module, "PAIRS", 1)


def test_by_hand(few: None) -> None:
    """A→B on days 0 and 1, B→A on day 1; C→A on day 0; A→D on day 2: worked out on paper.

    Pairs AB, AC, AD, of which AB mutual: 1/3. Ties 4, answered 2: r = 1/2; of 12 possible ties 4
    are there: ρ = (1/2 - 1/3) / (2/3) = 1/4. Given: A 3, B 1, C 1, D 0; got: A 2, B 2, C 0, D 1.
    Both A and B; C only gives, D only gets. Unbalanced: A 1 and C 1 of 5. With two days to give
    back of the five covered, answers of days 0 to 2 are due, all five; A's of day 0 came back.
    """
    said = answers(("A", "B", 0), ("A", "B", 1), ("B", "A", 1), ("C", "A", 0), ("A", "D", 2))
    days = covering(("2024-01-01", "2024-01-05"))
    frame = compute(reciprocity, **said, sources=days, options={"within": 2})
    assert found(frame) == pytest.approx(
        {
            "mutual_pairs": 1 / 3, "beyond_density": 1 / 4, "given_back": 1 / 5, "both_ways": 2 / 4,
            "only_give": 1 / 4, "only_get": 1 / 4, "one_way": 2 / 5, "by_reply": 0,
        }
    )  # fmt: skip
    assert row(frame, measure="mutual_pairs")["n"] == 4
    assert row(frame, measure="given_back")["n"] == 3  # A, B and C gave
    stands = compute(balance, **said, sources=days)
    members = dict(zip(stands["standing"], stands["value"], strict=True))
    expected = {"only_gives": 1, "gives_more": 0, "even": 1, "gets_more": 1, "only_gets": 1}
    assert members == expected


def test_student_network_as_published() -> None:
    """KONECT (opsahl-ucsocial) prints a reciprocity of 63.6% and a fill of 0.0056310.

    The share r of ties answered is 2m / (1 + m) where m is the share of pairs that are mutual; ρ
    follows from both of KONECT's numbers.
    """
    with open_dataset(student_network()) as data:
        frame = data.compute(reciprocity, days=0)
    mutual = row(frame, measure="mutual_pairs")["value"]
    assert 2 * mutual / (1 + mutual) == pytest.approx(0.636, abs=5e-4)
    beyond = (0.636 - 0.0056310) / (1 - 0.0056310)
    assert row(frame, measure="beyond_density")["value"] == pytest.approx(beyond, abs=1e-3)
    assert row(frame, measure="mutual_pairs")["n"] == 1899


def test_an_answer_is_given_back_on_a_later_day_in_time(few: None) -> None:
    """28 days to give back: the 28th still counts, the 29th and the same day don't."""
    sources = covering(("2024-01-01", "2024-03-31"))
    for later, value in ((0, 0), (1, 0.5), (28, 0.5), (29, 0)):
        frame = compute(reciprocity, **answers(("A", "B", 0), ("B", "A", later)), sources=sources,
                        options={"days": 0})  # fmt: skip
        assert found(frame)["given_back"] == value, later


def test_each_answer_asks_for_the_next_one_back(few: None) -> None:
    """A→B on days 0, 1 and 9, B→A on day 4, five days to give back: A's first two, not B's own."""
    said = answers(("A", "B", 0), ("A", "B", 1), ("B", "A", 4), ("A", "B", 9))
    sources = covering(("2024-01-01", "2024-03-31"))
    frame = compute(reciprocity, **said, sources=sources, options={"days": 0, "within": 5})
    assert found(frame)["given_back"] == pytest.approx(3 / 4)  # B's of day 4 by A's of day 9


def test_an_answer_is_due_when_its_days_are_over_and_covered(few: None) -> None:
    said = answers(("A", "B", 3), ("B", "A", 5))
    over = covering_days(whole_days(FIRST, 32))  # days 0 to 31: 28 after day 3, not after day 5
    frame = compute(reciprocity, **said, sources=over)
    assert found(frame)["given_back"] == 1
    assert row(frame, measure="given_back")["n"] == 1
    short = covering_days(whole_days(FIRST, 31))
    frame = compute(reciprocity, **said, sources=short)
    assert np.isnan(found(frame)["given_back"]) and found(frame)["mutual_pairs"] == 1
    holed = covering_days([d for d in whole_days(FIRST, 60) if d != FIRST + timedelta(days=20)])
    frame = compute(reciprocity, **said, sources=holed, options={"within": 16})
    assert found(frame)["given_back"] == 1  # day 3 is due; day 5's last day is not covered
    later = {**said, "mentions": said["mentions"], "sources": holed}
    frame = compute(reciprocity, **later, options={"within": 17})
    assert np.isnan(found(frame)["given_back"])


def test_the_day_is_the_communitys(few: None) -> None:
    """15:30 and 16:30 UTC: one day in London, two in Shanghai, so only there given back."""
    messages = log(
        ("m0", "A", "2024-01-10 15:30:00", None),
        ("m1", "B", "2024-01-10 16:30:00", "m0"),
        ("m2", "A", "2024-01-10 16:40:00", "m1"),
        columns=COLUMNS,
    )
    first = messages.assign(reply_to_id=["m1", "m0", None])  # A answers B, then B answers A
    sources = covering(("2024-01-01", "2024-03-01"))
    for zone, value in (("UTC", 0), ("Asia/Shanghai", 0.5)):
        frame = compute(reciprocity, messages=first, sources=sources, timezone=zone)
        assert found(frame)["given_back"] == value, zone
        assert found(frame)["by_reply"] == 1


def test_only_the_window_counts(few: None) -> None:
    """The last three of ten days: days 7, 8, 9."""
    said = answers(("A", "B", 6), ("B", "A", 7), ("C", "A", 9))
    sources = covering_days(whole_days(FIRST, 10))
    frame = compute(reciprocity, **said, sources=sources, options={"days": 3})
    assert found(frame)["mutual_pairs"] == 0 and row(frame, measure="mutual_pairs")["n"] == 3
    assert (frame["period_start"] == pd.Timestamp("2024-01-08")).all()
    frame = compute(reciprocity, **said, sources=sources, options={"days": 4})
    assert found(frame)["mutual_pairs"] == 1 / 2


def test_replies_mentions_or_both(few: None) -> None:
    """m1 answers A and names C; m2 names A and answers her as well: one contact, by reply.

    Known from replies: two of three contacts. Without mentions two of two, without replies none.
    """
    messages = log(
        ("m0", "A", "2024-01-10 12:00:00", None), ("m1", "B", "2024-01-10 12:00:00", "m0"),
        ("m2", "C", "2024-01-10 12:00:00", "m0"), ("m3", "A", "2024-01-10 12:00:00", "m0"),
        columns=COLUMNS,
    )  # fmt: skip
    mentions = pd.DataFrame(
        [("m1", "C", "mention"), ("m2", "A", None), ("m3", "A", "mention"), ("m3", "B", "all")],
        columns=["message_id", "target_id", "kind"],
    )
    both = compute(reciprocity, messages=messages, mentions=mentions)
    assert found(both)["by_reply"] == pytest.approx(2 / 3)
    assert found(compute(reciprocity, messages=messages))["by_reply"] == 1
    bare = messages.drop(columns="reply_to_id")
    assert found(compute(reciprocity, messages=bare, mentions=mentions))["by_reply"] == 0


def test_nobody_answers_anybody() -> None:
    silent = log(("m0", "A", "2024-01-10 12:00:00"), columns=COLUMNS[:3])
    for query in (reciprocity, balance):
        frame = compute(query, messages=silent)
        assert len(frame) > 4 and frame["value"].isna().all()


def test_under_twenty_pairs_nothing_is_told() -> None:
    for pairs, told in ((19, False), (20, True)):
        said = answers(*[(f"a{i}", f"b{i}", 0) for i in range(pairs)])
        for query in (reciprocity, balance):
            value = compute(query, **said)["value"].iloc[0]
            assert np.isnan(value) != told


def test_one_to_four_are_withheld() -> None:
    """Twenty answer each other, three answer somebody who never answers."""
    said = [(f"a{i}", f"b{i}", 0) for i in range(20)] + [(f"b{i}", f"a{i}", 0) for i in range(20)]
    said += [(f"x{i}", "a0", 0) for i in range(3)]
    frame = compute(balance, **answers(*said), smallest_group=5)
    assert row(frame, standing="only_gives")["withheld"]
    assert row(frame, standing="even")["value"] == 39
    assert row(frame, standing="gets_more")["withheld"]  # a0: four for one


@pytest.mark.parametrize(
    ("gave", "got", "standing"),
    [(1, 0, "only_gives"), (0, 1, "only_gets"), (2, 1, "gives_more"), (1, 2, "gets_more"),
     (3, 2, "even"), (2, 3, "even"), (1, 1, "even")],
)  # fmt: skip
def test_twice_is_where_standings_part(few: None, gave: int, got: int, standing: str) -> None:
    """A with the given numbers; the partners' standings are the mirror image."""
    said = [("A", "B", d) for d in range(gave)] + [("B", "A", d) for d in range(got)]
    frame = compute(balance, **answers(*said))
    assert row(frame, standing=standing)["value"] == (2 if standing == "even" else 1)
    assert frame["value"].sum() == 2


members = st.integers(0, 7)
graphs = st.lists(
    st.tuples(members, members, st.integers(0, 20)).filter(lambda c: c[0] != c[1]),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(graphs)
def test_as_networkx_and_as_sets(said: list[tuple[int, int, int]]) -> None:
    """Reciprocity r is NetworkX's; given back is counted by going through all pairs of answers."""
    names = [(f"m{a}", f"m{b}", d) for a, b, d in said]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PAIRS", 1)
        sources = covering_days(whole_days(FIRST, 26))
        data = {**answers(*names), "sources": sources}
        frame = found(compute(reciprocity, **data, options={"within": 7}))
        stands = compute(balance, **data)
    mutual = frame["mutual_pairs"]
    graph = nx.DiGraph([(a, b) for a, b, _ in names])
    assert 2 * mutual / (1 + mutual) == pytest.approx(nx.overall_reciprocity(graph))
    due = {(a, b, d) for a, b, d in names if d + 7 <= 25}
    back = [any((b, a, d + k) in set(names) for k in range(1, 8)) for a, b, d in due]
    assert frame["given_back"] == pytest.approx(np.mean(back) if back else np.nan, nan_ok=True)
    assert stands["value"].sum() == graph.number_of_nodes()
    assert stands["standing"].tolist() == list(STANDINGS)
    assert frame["both_ways"] + frame["only_give"] + frame["only_get"] == pytest.approx(1)


def test_names_do_not_matter() -> None:
    """The same community with its names turned round; the interval too, as members are all left out."""
    rng = np.random.default_rng(5)
    said = [(int(a), int(b), int(d)) for a, b, d in rng.integers(0, 15, (120, 3)) if a != b]
    one = compute(reciprocity, **answers(*[(f"m{a:02}", f"m{b:02}", d) for a, b, d in said]))
    other = compute(reciprocity, **answers(*[(f"m{99 - a}", f"m{99 - b}", d) for a, b, d in said]))
    numbers = ["value", "n", "low", "high"]
    pd.testing.assert_frame_equal(one[numbers], other[numbers])
    assert one["low"].notna().sum() >= 6


def test_intervals_stay_inside_what_is_possible() -> None:
    """In a ring and a few pairs beside it: the t interval alone would go past 0 and 1."""
    ring = [(f"m{i:02}", f"m{(i + 1) % 24:02}", 0) for i in range(24)]
    frame = compute(reciprocity, **answers(*ring, ("x", "y", 0), ("y", "x", 0), ("z", "w", 0)))
    assert row(frame, measure="both_ways")["high"] == 1
    assert row(frame, measure="mutual_pairs")["low"] == 0
    assert -1 <= row(frame, measure="beyond_density")["low"] < 0


def test_jackknife_of_couples_by_hand() -> None:
    """Ten couples, four mutual: leaving out a member leaves out the couple, so each counts twice.

    With 20 members the squared error is (19/20) of the sum of 20 squared deviations: 8 of
    (3/9 - 0.4)² and 12 of (4/9 - 0.4)²; 19 degrees of freedom.
    """
    one, other = np.arange(10), np.arange(10) + 10
    mutual = (np.arange(10) < 4).astype(np.int64)

    def share(one: Any, other: Any, mutual: Any) -> dict[str, float]:
        return {"share": float(mutual.mean()), "none": float("nan")}

    found = edges.jackknife(share, one, other, mutual)
    left = [3 / 9] * 8 + [4 / 9] * 12
    error = np.sqrt(19 / 20 * sum((x - np.mean(left)) ** 2 for x in left))
    reach = stats.t.ppf(0.975, 19) * error
    assert found["share"] == pytest.approx((0.4 - reach, 0.4 + reach))
    assert np.isnan(found["none"]).all()
    nobody = np.array([], dtype=np.int64)
    assert np.isnan(edges.jackknife(measures, *[nobody] * 6)["mutual_pairs"]).all()


def test_above_two_hundred_members_are_left_out_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four parts of eight members: those with the same code modulo 4 go together."""
    monkeypatch.setattr(edges, "PARTS", 4)
    one, other, column = np.array([0, 1, 2, 3]), np.array([4, 5, 6, 7]), np.array([1, 2, 3, 10])
    found = edges.jackknife(lambda a, b, c: {"sum": float(c.sum())}, one, other, column)
    error = np.sqrt(3 * np.var([15, 14, 13, 6]))
    reach = stats.t.ppf(0.975, 3) * error
    assert found["sum"] == pytest.approx((16 - reach, 16 + reach))


def test_staff_are_out_of_every_pair(few: None) -> None:
    roster = pd.DataFrame({"member_id": ["S"], "is_staff": [True]})
    said = answers(("S", "A", 0), ("A", "B", 0), ("B", "S", 0))
    with community(**said, members=roster) as data:
        frame = data.compute(reciprocity)
    assert row(frame, measure="mutual_pairs")["n"] == 2
