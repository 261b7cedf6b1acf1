"""Collaboration: homes, answers between them, and the E–I index against chance."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from engines import community, compute, covering, covering_days, log, row, whole_days
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics import collaboration as module
from shequn.metrics.collaboration import MEASURES, between, by_chance, collaboration, shares
from shequn.paths import SAMPLE

COLUMNS = ("message_id", "author_id", "channel_id", "ts", "reply_to_id")
JANUARY = covering(("2024-01-01", "2024-01-31"))


def said(*rows: tuple[str, str, str | None, int, str | None]) -> pd.DataFrame:
    """Return messages from id, author, channel, day of January and the message answered."""
    return log(*[(i, a, c, f"2024-01-{d:02} 12:00:00", r) for i, a, c, d, r in rows],
               columns=COLUMNS)  # fmt: skip


def met(*pairs: tuple[str, str], day: int = 20) -> pd.DataFrame:
    """Return a message of each member in the room of their first letter, and answers between them."""
    names = sorted({name for pair in pairs for name in pair})
    first = [(name, name, name[0], day - 1, None) for name in names]
    back = [(f"{a}-{b}", a, a[0], day, b) for a, b in pairs]
    return said(*first, *back)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a share be told of any number of pairs."""
    monkeypatch.setattr(module, "PAIRS", 1)


# A at home in x (two of three messages), B and C in x, D in y, E in z and y alike: y comes first.
# A answers D on two days and, twice on one day, B; D answers A once; E answers D; C nobody.
HAND = said(
    ("a1", "A", "x", 1, None), ("a2", "A", "x", 1, None), ("b1", "B", "x", 1, None),
    ("c1", "C", "x", 1, None), ("d1", "D", "y", 1, None), ("d2", "D", "y", 2, "a1"),
    ("a3", "A", "y", 2, "d1"), ("a4", "A", "x", 3, "d1"), ("a5", "A", "x", 3, "b1"),
    ("a6", "A", "x", 3, "b1"), ("e1", "E", "z", 4, "d1"), ("e2", "E", "y", 4, None),
)  # fmt: skip


def test_by_hand(few: None) -> None:
    """Pairs AD and AB and DE, of which AD crosses: E–I (1 - 2) / 3. Answers A→D 2, D→A 1, A→B 1, E→D 1.

    Three of five cross. A gives two of the crossing three: half. By chance the homes x, x, y, y of
    A, B, D, E are dealt out anew: 4 of 12 ordered pairs are alike, so 1 - 2/3 = 1/3.
    """
    frame = compute(collaboration, messages=HAND, sources=JANUARY)
    found = dict(zip(frame["measure"], frame["value"], strict=True))
    assert list(found) == list(MEASURES)
    assert found == pytest.approx(
        {
            "channels": 2, "many_channels": 2 / 5, "crossing": 3 / 5, "ei_index": -1 / 3,
            "ei_by_chance": 1 / 3, "half_crossing": 1,
        }
    )  # fmt: skip
    n = dict(zip(frame["measure"], frame["n"], strict=True))
    assert (n["channels"], n["many_channels"], n["crossing"], n["ei_index"]) == (5, 5, 4, 4)
    chance = row(frame, measure="ei_by_chance")
    assert chance["low"] < 1 / 3 < chance["high"] == 1


def test_from_home_to_home_by_hand(few: None) -> None:
    """Home x gives 3 of 5 answers and y 2; x gets 2, y 3. x→y 2 where 9/5 were expected, by A alone."""
    frame = compute(between, messages=HAND, sources=JANUARY)
    assert row(frame, home_from="x", home_to="y")["value"] == pytest.approx(2 / (9 / 5))
    assert row(frame, home_from="x", home_to="x")["value"] == pytest.approx(1 / (6 / 5))
    assert row(frame, home_from="y", home_to="x")["value"] == pytest.approx(1 / (4 / 5))
    assert row(frame, home_from="y", home_to="y")["value"] == pytest.approx(1 / (6 / 5))
    assert frame["n"].tolist() == [1, 1, 1, 1]
    assert frame["home_from"].tolist() == ["x", "x", "y", "y"]  # the larger home first


@pytest.mark.parametrize(
    ("pairs", "index"),
    [([("a1", "a2"), ("b1", "b2")], -1), ([("a1", "b1"), ("b2", "a2")], 1),
     ([("a1", "a2"), ("a2", "b2")], 0), ([("a1", "b1"), ("b1", "a1"), ("a1", "a2")], 0)],
)  # fmt: skip
def test_minus_one_nought_and_one(few: None, pairs: list[tuple[str, str]], index: float) -> None:
    """-1 where all pairs are inside, 1 where all cross; who answers back makes no second pair."""
    frame = compute(collaboration, messages=met(*pairs), sources=JANUARY)
    assert row(frame, measure="ei_index")["value"] == index


def test_one_home_has_nothing_to_cross(few: None) -> None:
    frame = compute(collaboration, messages=met(("a1", "a2"), ("a2", "a3")), sources=JANUARY)
    assert row(frame, measure="channels")["value"] == 1
    assert frame["value"].notna().sum() == 2


def test_under_twenty_pairs_nothing_is_told() -> None:
    for pairs, told in ((19, False), (20, True)):
        messages = met(*[(f"a{i}", f"b{i}") for i in range(pairs)])
        frame = compute(collaboration, messages=messages, sources=JANUARY)
        assert np.isnan(row(frame, measure="ei_index")["value"]) != told
        matrix = compute(between, messages=messages, sources=JANUARY)
        assert matrix["value"].isna().all() != told
        if told:  # only a answers b: expected 20 * 20 / 20
            assert row(matrix, home_from="a", home_to="b")["value"] == 1


def test_intervals_stay_inside_what_is_possible() -> None:
    """One pair of twenty is unlike the rest: the t interval alone would go past the end."""
    couples = [(f"a{i}", f"b{i}") for i in range(19)]
    frame = compute(collaboration, messages=met(*couples, ("b97", "b98")), sources=JANUARY)
    assert row(frame, measure="ei_index")["high"] == row(frame, measure="crossing")["high"] == 1
    inside = [(f"a{i}", f"a{i + 50}") for i in range(19)]
    frame = compute(collaboration, messages=met(*inside, ("a97", "b98")), sources=JANUARY)
    assert row(frame, measure="ei_index")["low"] == -1
    assert row(frame, measure="crossing")["low"] == 0


def test_who_wrote_nothing_in_the_window_has_no_home(few: None) -> None:
    """Of 31 days the last 12 begin on the 20th: the answers are in, the answered messages not."""
    messages = met(("a1", "b1"), ("b1", "a1"), ("a2", "c1"))
    frame = compute(collaboration, messages=messages, sources=JANUARY, options={"days": 12})
    assert row(frame, measure="ei_index")["n"] == 2  # c1 never wrote in it, so a2's pair is out
    assert row(frame, measure="channels")["n"] == 3
    wider = compute(collaboration, messages=messages, sources=JANUARY, options={"days": 13})
    assert row(wider, measure="ei_index")["n"] == 4
    none = compute(collaboration, messages=messages, sources=JANUARY, options={"days": 11})
    assert none["value"].isna().all()


def test_a_message_in_no_channel_makes_no_home(few: None) -> None:
    messages = met(("a1", "b1"), ("a2", "b2"))
    messages.loc[messages["author_id"].str.startswith("a"), "channel_id"] = None
    frame = compute(collaboration, messages=messages, sources=JANUARY)
    assert row(frame, measure="channels")["value"] == 1
    assert np.isnan(row(frame, measure="ei_index")["value"])


def test_two_answers_on_one_day_of_the_community_are_one(few: None) -> None:
    """15:30 and 16:30 UTC: one day in London, two in Shanghai."""
    rows = [("a", "A", "x", 9, None), ("b", "B", "y", 9, None), ("c", "C", "x", 9, None)]
    messages = pd.concat(
        [said(*rows), log(("r1", "A", "x", "2024-01-10 15:30:00", "b"),
                          ("r2", "A", "x", "2024-01-10 16:30:00", "b"),
                          ("r3", "C", "x", "2024-01-10 12:00:00", "a"), columns=COLUMNS)]
    )  # fmt: skip
    for zone, crossing in (("UTC", 1 / 2), ("Asia/Shanghai", 2 / 3)):
        frame = compute(collaboration, messages=messages, sources=JANUARY, timezone=zone)
        assert row(frame, measure="crossing")["value"] == pytest.approx(crossing)


def test_no_answers_are_known() -> None:
    bare = HAND.drop(columns="reply_to_id")
    frame = compute(collaboration, messages=bare, sources=JANUARY)
    assert frame.dropna(subset="value")["measure"].tolist() == ["channels", "many_channels"]
    assert compute(between, messages=bare, sources=JANUARY)["value"].isna().all()
    assert compute(collaboration, messages=bare[:0], sources=JANUARY)["value"].isna().all()
    assert compute(between, messages=bare[:0], sources=JANUARY).empty


def test_one_to_four_are_withheld(few: None) -> None:
    pairs = [(f"a{i}", f"a{i + 1}") for i in range(8)] + [("a0", "b0"), ("a1", "b0")]
    whole = compute(collaboration, messages=met(*pairs), sources=JANUARY)
    assert row(whole, measure="half_crossing")["value"] == 1  # two cross, one answer each
    shown = {"messages": met(*pairs), "sources": JANUARY, "smallest_group": 5}
    frame = compute(between, **shown)
    assert row(frame, home_from="a", home_to="b")["withheld"]
    assert not row(frame, home_from="a", home_to="a")["withheld"]
    assert row(compute(collaboration, **shown), measure="half_crossing")["withheld"]


def test_of_many_homes_the_largest_are_drawn(few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANNELS", 2)
    pairs = [("c1", "c2"), ("c1", "c3"), ("a1", "a2"), ("b1", "b2"), ("d1", "d1")]
    frame = compute(between, messages=met(*pairs), sources=JANUARY)
    assert frame["home_from"].unique().tolist() == ["c", "a"]
    inside = row(frame, home_from="c", home_to="c")["value"]
    assert inside == pytest.approx(2 / (2 * 2 / 4))  # answers of all homes count, drawn or not


homes = st.lists(st.integers(0, 3), min_size=4, max_size=12)


@settings(max_examples=30, deadline=None)
@given(homes, st.integers(0, 99))
def test_chance_has_the_mean_that_can_be_worked_out(rooms: list[int], seed: int) -> None:
    """Mean over 4000 deals of homes, whatever the pairs, and within five of its standard errors."""
    codes = np.unique(rooms, return_inverse=True)[1].astype(np.int64)
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, len(rooms), (20, 2))
    one, other = ends[ends[:, 0] != ends[:, 1]].T
    mean, drawn = by_chance(one, other, codes, draws=4000, seed=seed)
    assert len(drawn) == 4000
    assert np.mean(drawn) == pytest.approx(mean, abs=5 * np.std(drawn) / np.sqrt(4000) + 1e-9)
    assert -1 <= min(drawn) <= max(drawn) <= 1


def test_names_of_members_and_channels_do_not_matter(few: None) -> None:
    rng = np.random.default_rng(2)
    ids = [f"{'abc'[i % 3]}{i:02}" for i in range(20)]
    pairs = [(ids[a], ids[b]) for a, b in rng.integers(0, 20, (60, 2)).tolist() if a != b]
    pairs = list(dict.fromkeys(pairs))
    swap = {name: f"{'zyx'['abc'.index(name[0])]}{99 - int(name[1:])}" for name in ids}
    one = compute(collaboration, messages=met(*pairs), sources=JANUARY)
    turned = [(swap[a], swap[b]) for a, b in pairs]
    other = compute(collaboration, messages=met(*turned), sources=JANUARY)
    same = one["measure"] != "ei_by_chance"  # its range comes from draws by position
    numbers = ["value", "n", "low", "high"]
    pd.testing.assert_frame_equal(one.loc[same, numbers], other.loc[same, numbers])
    chance = [row(f, measure="ei_by_chance")["value"] for f in (one, other)]
    assert chance[0] == pytest.approx(chance[1])


def test_no_pair_no_share() -> None:
    nobody = np.array([], dtype=np.int64)
    assert np.isnan(list(shares(nobody, nobody, nobody, nobody).values())).all()


def test_the_sample_gives_back_its_home_rooms() -> None:
    """Where somebody wrote often, home is the room drawn for them; answers stay inside it.

    The truth draws 65% of a speaker's messages into the home room.
    """
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["latent"]
    drawn = dict(zip(truth["member_id"], truth["home_room"], strict=True))
    with open_dataset() as data:
        tables = [data.table(name) for name in collaboration.tables]
        rows = data._run(collaboration.expression(*tables, calendar=data.calendar, days=0))
        frame = data.compute(collaboration, days=0)
        written = data._run(data.table("messages").group_by("author_id").count())
    own = rows[rows["source"] == rows["target"]].set_index("source")["source_home"]
    often = written[written.iloc[:, 1] >= 30].iloc[:, 0]
    assert len(often) > 200
    assert np.mean([own[m] == drawn[m] for m in often]) > 0.95
    assert row(frame, measure="ei_index")["high"] < row(frame, measure="ei_by_chance")["low"]


def test_staff_have_no_home() -> None:
    days = covering_days(whole_days(pd.Timestamp("2024-01-01").date(), 31))
    roster = pd.DataFrame({"member_id": ["D"], "is_staff": [True]})
    with community(messages=HAND, members=roster, sources=days) as data:
        frame = data.compute(collaboration)
    assert row(frame, measure="channels")["n"] == 4
