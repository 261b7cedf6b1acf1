"""Comparison of communities: worlds, kinds of groups, the sample."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from engines import compute, row
from groups_hand import COVERED, DAYS, LAST, START, counted, finished, measures, said
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics.compare_communities import (
    by_kind,
    compare_communities,
    league_table,
    overview,
)
from shequn.text import ShequnError

# --- worlds -----------------------------------------------------------------------------------

world = st.lists(
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), min_size=3, max_size=3),
    min_size=2, max_size=14,
)  # fmt: skip


@given(world)
@settings(max_examples=20, deadline=None)
def test_identities(drawn: list[list[tuple[int, float]]]) -> None:
    """As many are expected as are kept; an interval holds 1 just where the verdict says within."""
    people = [[n for n, _ in group] for group in drawn]
    kept = [[round(n * share) for n, share in group] for group in drawn]
    frame = finished(people, kept)
    compared = frame[frame["n"] >= 5]
    if compared["expected_share"].notna().all():
        expected = (compared["expected_share"] * compared["n"]).sum()
        assert expected == pytest.approx((compared["crude"] * compared["n"]).sum())
    told = compared[compared["low"].notna()]
    assert ((told["low"] <= told["value"]) & (told["value"] <= told["high"] + 1e-12)).all()
    assert (told["low"] >= 0).all()
    holds = (told["low"] <= 1 + 1e-12) & (told["high"] >= 1 - 1e-12)
    full = told["crude"] >= 1  # where the interval ends at what is possible
    assert holds[~full].equals(told["verdict"][~full] == "within_limits")
    league = finished(people, kept, league_table)
    assert (league["low"] <= league["value"]).all()
    assert (league["value"] <= league["high"]).all()


@cache
def forty(worse: int | None = 17) -> pd.DataFrame:
    """Return messages of forty groups, 30 to 120 people each: all but one keep 70 in 100."""
    random = np.random.default_rng(20250104)
    rows: list[tuple[str, str, int]] = []
    for group in range(40):
        share = 0.35 if group == worse else 0.7
        for who in range(int(random.integers(30, 120))):
            name, where = f"{group}-{who}", f"g{group:02d}"
            first = int(random.integers(20, LAST))
            rows.append((name, where, first))
            rows.append((name, where, int(random.integers(max(START, first), LAST))))
            if random.random() < share:
                rows.append((name, where, int(random.integers(LAST, DAYS))))
    return said(*rows)


def test_one_worse_group_of_forty_is_found() -> None:
    frame = compute(compare_communities, messages=forty(), sources=COVERED)
    assert row(frame, chat_group="g17")["verdict"] == "below_998"
    others = frame[frame["chat_group"] != "g17"]
    assert not others["verdict"].str.endswith("998").any()
    assert (others["verdict"] == "within_limits").sum() >= 35
    found = measures(compute(overview, messages=forty(), sources=COVERED))
    assert found["groups"] == found["judged"] == 40
    assert found["outside_998"] == 1
    assert found["outside_95"] == (frame["verdict"] != "within_limits").sum()
    assert 0.4 < found["overdispersion"] < 1.5


# --- kinds ------------------------------------------------------------------------------------


def test_kinds_by_hand() -> None:
    """Five groups keep 12 of 20 each and five 8: with 10 expected in each, 1.2 and 0.8 exactly."""
    people, kept = [[20, 0, 0]] * 10, [[12, 0, 0]] * 5 + [[8, 0, 0]] * 5
    frame = finished(people, kept, by_kind, kind=["a"] * 5 + [None] * 5)
    assert frame["sort"].tolist() == ["a", "unknown"]
    assert frame["value"].tolist() == pytest.approx([1.2, 0.8])
    assert frame[["low", "high"]].to_numpy() == pytest.approx(np.array([[1.2] * 2, [0.8] * 2]))
    assert frame["groups"].tolist() == [5, 5]
    assert frame["n"].tolist() == [100, 100]
    platforms = finished(
        people, kept, by_kind, platform=["q", "w"] * 5, kind=["a"] * 10, by="platform"
    )
    assert platforms["sort"].tolist() == ["q", "w"]
    one = finished(people, kept, by_kind, kind=["a"] * 10)
    assert one["value"].isna().all()


def test_a_kind_of_four_groups_tells_nothing_of_the_kind() -> None:
    kinds = ["a"] * 4 + ["b"] * 6
    frame = finished([[20, 0, 0]] * 10, [[12, 0, 0]] * 5 + [[8, 0, 0]] * 5, by_kind, kind=kinds)
    assert frame["value"].isna().tolist() == [True, False]
    assert frame["groups"].tolist() == [4, 6]


def test_a_column_that_groups_do_not_have() -> None:
    with pytest.raises(ShequnError, match="operator"):
        counted(by_kind, messages=said(("a", "x", 130)), options={"by": "operator"})


def test_intervals_of_kinds_that_do_not_differ() -> None:
    """60 worlds, 12 groups of each of two kinds, each group with a share of its own.

    19 of 20 intervals should hold 1; as a kind is half of the standard, a few more do.
    """
    random = np.random.default_rng(20250105)
    held = []
    for _ in range(60):
        share = np.clip(random.normal(0.5, 0.12, 24), 0.05, 0.95)
        people = random.integers(40, 49, 24)
        kept = random.binomial(people, share)
        frame = finished(
            [[n, 0, 0] for n in people], [[k, 0, 0] for k in kept], by_kind,
            kind=["a"] * 12 + ["b"] * 12,
        )  # fmt: skip
        held += ((frame["low"] <= 1) & (frame["high"] >= 1)).tolist()
    assert np.mean(held) > 0.93


def test_what_is_known_of_groups_comes_from_channels_and_communities() -> None:
    messages = said(("a", "x", 130), ("b", "y", 130), ("c", "z", 130))
    channels = pd.DataFrame(
        [("x", "Mothers", "sale", "c1"), ("y", None, "help", "c9"), ("w", "Old", "sale", "c1")],
        columns=["channel_id", "name", "kind", "community_id"], dtype=object,
    )  # fmt: skip
    places = pd.DataFrame([("c1", "wechat")], columns=["community_id", "platform"], dtype=object)
    found = counted(messages=messages, channels=channels, communities=places)
    columns = ["channel_id", "name", "kind", "community_id", "platform"]
    known = found[columns].astype(object).where(found[columns].notna(), None)
    assert sorted(known.itertuples(index=False, name=None), key=str) == [
        ("x", "Mothers", "sale", "c1", "wechat"),
        ("y", None, "help", "c9", None),
        ("z", None, None, None, None),
    ]


# --- the sample -------------------------------------------------------------------------------


def test_the_sample_s_home_rooms_have_one_law() -> None:
    """By the truth, members' home rooms were drawn alike: none lies outside the 99.8% limits.

    Everybody writes one introduction, which brings nobody back: that room lies far below.
    """
    with open_dataset() as sample:
        homes = sample.compute(compare_communities, without=["intro", "lobby"])
        every = sample.compute(compare_communities)
    assert set(homes["chat_group"]) == {"deals", "help", "show"}
    assert not homes["verdict"].str.endswith("998").any()
    assert row(every, chat_group="intro")["verdict"] == "below_998"
