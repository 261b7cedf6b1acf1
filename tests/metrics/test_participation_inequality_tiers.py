"""Participation inequality: tiers, the profile of silent and heavy members, and whom it counts."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import (
    community,
    compute,
    log,
    roster,
    row,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from inequality_hand import CHAOSS, COVERED, MEASURES, listed, measured, spoken

from shequn.calendar import Calendar
from shequn.dataset import open_dataset
from shequn.intervals import wilson
from shequn.metrics import suppress
from shequn.metrics.participation_inequality import (
    TIERS,
    gini,
    lorenz,
    participation_inequality,
    people_for,
    profile,
    tiers,
)
from shequn.paths import SAMPLE

# --- tiers and profile


def sized(*counts: int, query: Any = tiers, **tables: Any) -> pd.DataFrame:
    frame = compute(query, messages=spoken(*counts), sources=COVERED, **tables)
    return frame.set_index("tier" if query is tiers else "measure")


def test_no_speakers_no_tiers() -> None:
    frame = compute(tiers, messages=log(), sources=COVERED)
    assert frame["tier"].tolist() == list(TIERS)
    assert frame[["value", "n"]].isna().all(axis=None)


def test_people_for_a_part_of_the_messages_by_hand() -> None:
    """CHAOSS's eight: 1000, 433, 343, 332, 202, 90, 42, 33, in all 2475.

    Added up: 1000, 1433, 1776, 2108, 2310, 2400. 50% is 1237.5, 80% is 1980, 95% is 2351.25: two,
    four and six people.
    """
    assert [people_for(np.array(CHAOSS), p) for p in (0, 50, 80, 95, 100)] == [0, 2, 4, 6, 8]
    assert people_for(np.array([8, 1, 1]), 80) == 1, "just 80% is enough"
    assert people_for(np.array([8, 1, 1]), 81) == 2


def test_tiers_by_hand() -> None:
    """Five wrote 10 each, ten 3 each, fifteen 1 and one 5: 100 messages of 31 people.

    Half of them is the five. 80%: the 5 makes 55, so nine with 3 are needed, 82: 15 people. 95%:
    with the tenth 85, so ten with 1 are needed: 26 people. Five are left.
    """
    frame = sized(*[10] * 5, *[3] * 10, *[1] * 15, 5)
    sizes = {"first_50": 5, "next_30": 10, "last_20": 16}
    sizes |= {"first_80": 15, "next_15": 11, "last_5": 5}
    assert frame["n"].to_dict() == sizes
    for tier, size in sizes.items():
        found = frame.loc[tier]
        assert found["value"] == pytest.approx(size / 31)
        assert found["low"] <= found["value"] <= found["high"]
    assert frame.loc["first_50", "low"] < frame.loc["first_50", "high"]
    assert (frame["period_start"] == pd.Timestamp("2024-01-01")).all()
    assert (frame["period_end"] == pd.Timestamp("2024-02-01")).all()


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        # 2 wrote half, 8 the next 30%, and so on: those 2 and the next 8 go together
        ([100] * 2 + [15] * 8 + [4] * 20, {"last_20", "first_80", "next_15", "last_5"}),
        # nine alike: 5, 8, 9, 9: the four after the five are too few to be told apart from them
        ([10] * 9, set()),
        # ten alike: 5, 8, 10, 10: the last five may be told, but not cut again; 5% is nobody's
        ([10] * 10, {"first_50", "last_5"}),
        ([9, 4, 1, 1], set()),
    ],
)
def test_a_tier_under_five_cannot_be_had_by_subtraction(counts: list[int], told: set[str]) -> None:
    frame = sized(*counts, smallest_group=5)
    shown = frame["value"].dropna()
    assert set(shown.index) == told
    assert (~frame.loc[list(told), "n"].between(1, 4)).all()
    hidden = frame.drop(index=list(told))
    assert hidden[["value", "n", "low", "high"]].isna().all(axis=None)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_no_sum_or_difference_of_what_is_shown_is_under_five(counts: list[int]) -> None:
    """Both ways of cutting cut the same people: what is told are some of their three places."""
    calendar = Calendar(covered=frozenset({pd.Timestamp("2024-01-01").date()}))
    frame = suppress(tiers.complete(histogram(counts), calendar)).set_index("tier")
    n = len(counts)
    people = frame.loc[frame["value"].notna(), "n"].to_dict()
    places = {0, n} | {int(people[t]) for t in ("first_50", "first_80") if t in people}
    places |= {n - int(people[t]) for t in ("last_20", "last_5") if t in people}
    if people:
        assert all(b - a >= 5 for a, b in pairwise(sorted(places)))
    for names in (("first_50", "next_30", "last_20"), ("first_80", "next_15", "last_5")):
        hidden = [t for t in names if t not in people]
        assert len(hidden) != 1, "a single gap could be filled"
        if not hidden:
            assert sum(people[t] for t in names) == n
            assert frame.loc[list(names), "value"].sum() == pytest.approx(1)


def test_profile_by_hand() -> None:
    """Of 40 on the list six wrote 10 each and ten 4 each: 50 of 100 messages are five of the six.

    So five create, eleven contribute and 24 never wrote: 0.125, 0.275 and 0.6 of the list.
    """
    frame = sized(*[10] * 6, *[4] * 10, query=profile, members=listed(40))
    assert frame["value"].to_dict() == pytest.approx(
        {"creating": 0.125, "contributing": 0.275, "never_wrote": 0.6}
    )
    assert frame["n"].to_dict() == {"creating": 5, "contributing": 11, "never_wrote": 24}
    low, high = wilson(16, 40)
    silent = frame.loc["never_wrote"]
    assert (silent["low"], silent["high"]) == pytest.approx((1 - high[0], 1 - low[0]))
    half = measured(*[10] * 6, *[4] * 10).loc["half_group"]
    creating, others = frame.loc["creating"], frame.loc["contributing"]
    assert (creating["low"], creating["high"]) == (half["low"] / 40, half["high"] / 40)
    assert others["low"] == pytest.approx((16 - half["high"]) / 40)
    assert others["high"] == pytest.approx((16 - half["low"]) / 40)
    assert (frame["period_end"] == pd.Timestamp("2024-02-01")).all()


def test_the_profile_needs_a_roster_and_five_who_wrote() -> None:
    assert sized(*[10] * 9, query=profile)["value"].isna().all()
    few = sized(9, 4, 1, 1, query=profile, members=listed(20))
    assert few[["value", "n"]].isna().all(axis=None)
    silent = compute(profile, messages=log(), members=listed(20), sources=COVERED)
    assert row(silent, measure="never_wrote")[["value", "n"]].tolist() == [1, 20]
    nobody = compute(profile, messages=log(), sources=COVERED)
    assert nobody["value"].isna().all()


@pytest.mark.parametrize(("alike", "creating"), [(8, 4), (9, 5)])
def test_a_half_group_under_five_is_not_to_be_had_from_the_profile(
    alike: int, creating: int
) -> None:
    frame = sized(*[10] * alike, query=profile, members=listed(30), smallest_group=5)
    hidden = creating < 5
    assert frame.loc["creating", "withheld"] == hidden
    assert np.isnan(frame.loc["creating", "value"]) == hidden
    assert np.isnan(frame.loc["contributing", "value"])
    assert frame.loc["contributing", "withheld"] != hidden, "four others, and they are counted"
    assert frame.loc["never_wrote", "value"] == pytest.approx((30 - alike) / 30)


def test_the_sample_gives_back_its_silent_members() -> None:
    """Exactly round(0.4 × 1623) = 649 ordinary members never post (truth.json)."""
    truth = json.loads((SAMPLE / "truth.json").read_text("utf-8"))["population"]
    with open_dataset(SAMPLE) as data:
        frame = data.compute(profile).set_index("measure")
    assert frame.loc["never_wrote", "n"] == truth["silent"]
    assert frame.loc["never_wrote", "value"] == pytest.approx(truth["silent"] / truth["ordinary"])


# --- who counts


def test_posting_share_needs_a_roster() -> None:
    alone = measured(1, 1, 1, 1, 1, 1)
    assert np.isnan(alone["value"]["posting_share"])
    six_of_ten = roster(
        *[(f"m{i}", "2024-01-01", ("event", "api", "registration")[i % 3]) for i in range(10)]
    )
    found = measured(1, 1, 1, 1, 1, 1, members=six_of_ten).loc["posting_share"]
    assert (found["value"], found["n"]) == (0.6, 10)
    low, high = wilson(6, 10)
    assert (found["low"], found["high"]) == (low[0], high[0])
    from_messages = six_of_ten.assign(joined_at_basis="first_message")
    assert np.isnan(measured(1, 1, 1, members=from_messages)["value"]["posting_share"])
    unknown = six_of_ten.assign(joined_at_basis=None)
    assert np.isnan(measured(1, 1, 1, members=unknown)["value"]["posting_share"])


def test_a_roster_with_holes_says_nothing_about_silence() -> None:
    """95% must be listed: 19 of 20 are enough, 18 of 20 are not. A speaker off the list counts."""
    five = (2, 1, 1, 1, 1)
    listed = [(f"m{i}", "2024-01-01", "event") for i in range(19)]
    enough = measured(*five, members=roster(*listed, ("x", None, None))).loc["posting_share"]
    assert (enough["value"], enough["n"]) == (5 / 20, 20)
    stranger = pd.concat([spoken(*five[:4]), log(("x", "2024-01-10 12:00"))])
    found = compute(
        participation_inequality, messages=stranger, members=roster(*listed), sources=COVERED
    )
    assert row(found, measure="posting_share")["value"] == 5 / 20
    holes = roster(*listed[:18], ("x", None, None), ("y", None, "first_message"))
    assert np.isnan(measured(*five, members=holes)["value"]["posting_share"])


def test_all_silent_is_a_share_of_zero() -> None:
    listed = roster(*[(f"m{i}", "2024-01-01", "event") for i in range(10)])
    frame = compute(
        participation_inequality, messages=log(), members=listed, sources=COVERED
    ).set_index("measure")
    assert frame["value"]["posting_share"] == 0
    assert frame["value"]["speakers"] == 0
    assert (
        frame.loc[["gini", "top_10_share", "half_group"], ["value", "low", "high"]]
        .isna()
        .all(axis=None)
    )


def test_under_five_speakers_have_no_value() -> None:
    listed = roster(*[(f"m{i}", "2024-01-01", "event") for i in range(10)])
    frame = measured(9, 4, 1, 1, members=listed, smallest_group=5)
    assert (
        frame.loc[["gini", "top_10_share", "half_group"], ["value", "low", "high"]]
        .isna()
        .all(axis=None)
    )
    assert np.isnan(frame["value"]["posting_share"]), "it would say that they are four"
    assert frame["withheld"].drop("posting_share").all()
    assert len(compute(lorenz, messages=spoken(9, 4, 1, 1), sources=COVERED)) == 0


def test_a_half_group_under_five_is_withheld_and_one_of_five_is_not() -> None:
    few = measured(*[10] * 8, smallest_group=5).loc["half_group"]
    assert few["withheld"]
    assert few[["value", "n", "low", "high"]].isna().all()
    assert measured(*[10] * 9, smallest_group=5).loc["half_group", "value"] == 5


def test_nobody() -> None:
    with community(messages=log(), sources=COVERED) as data:
        frame, curve = data.compute(participation_inequality), data.compute(lorenz)
    assert list(frame["measure"]) == MEASURES
    assert frame.set_index("measure")["value"].drop("speakers").isna().all()
    assert list(curve.columns) == ["population_share", "message_share"]
    assert len(curve) == 0


def test_robots_staff_notices_and_nobody_s_messages_are_left_out() -> None:
    members = roster(
        *[(f"m{i}", "2024-01-01", "event", None, None) for i in range(10)],
        ("robot", "2024-01-01", "event", None, True),
        ("boss", "2024-01-01", "event", True, None),
        columns=("member_id", "joined_at", "joined_at_basis", "is_staff", "is_bot"),
    )
    people = spoken(1, 1, 1, 1, 1, 5).assign(kind="text")
    others = log(
        *[(m, "2024-01-10", "text") for m in ["robot"] * 50 + ["boss"] * 50 + [None] * 50],
        *[("m0", "2024-01-10", k) for k in ["system"] * 50 + ["recall"] * 50],
        columns=("author_id", "ts", "kind"),
    )
    frame = compute(
        participation_inequality,
        messages=pd.concat([people, others]),
        members=members,
        sources=COVERED,
    ).set_index("measure")
    assert frame["value"]["speakers"] == 6
    assert frame["value"]["half_group"] == 1
    assert frame["value"]["gini"] == pytest.approx(gini(np.array([1, 1, 1, 1, 1, 5])))
    assert (frame["value"]["posting_share"], frame["n"]["posting_share"]) == (0.6, 10)


def test_messages_count_within_the_covered_time() -> None:
    """Others before the first covered day and after the last one do not; an undated one does."""
    messages = pd.concat(
        [
            spoken(1, 1, 1, 1, 1),
            log(("a", "2023-12-31 23:59:59"), ("b", "2024-02-01 00:00:00")),
            log(("m0", "2024-01-01 00:00:00"), ("m0", "2024-01-31 23:59:59"), ("m0", None)),
        ]
    )
    frame = compute(participation_inequality, messages=messages, sources=COVERED)
    frame = frame.set_index("measure")["value"]
    assert frame["speakers"] == 5
    assert frame["gini"] == pytest.approx(gini(np.array([1, 1, 1, 1, 4])))


# --- the interval


def histogram(counts: list[int]) -> pd.DataFrame:
    found = pd.Series(counts).value_counts().rename_axis("messages").reset_index(name="members")
    return found.assign(listed=0)


def test_interval_does_not_depend_on_the_order_in_which_an_engine_gives_rows() -> None:
    calendar = Calendar(covered=frozenset({pd.Timestamp("2024-01-01").date()}))
    rows = histogram([1] * 30 + [2] * 12 + [3] * 7 + [9] * 3 + [40])
    one = participation_inequality.complete(rows, calendar)
    for seed in range(5):
        other = rows.sample(frac=1, random_state=seed)
        again = participation_inequality.complete(other, calendar)
        pd.testing.assert_frame_equal(again, one)


def test_interval_brackets_the_value_and_narrows_with_more_people() -> None:
    calendar = Calendar(covered=frozenset({pd.Timestamp("2024-01-01").date()}))
    random = np.random.default_rng(3)
    drawn = np.ceil(random.pareto(2.5, 640) * 5 + 0.01).astype(int)
    widths = []
    for n in (40, 160, 640):
        frame = participation_inequality.complete(histogram(list(drawn[:n])), calendar)
        frame = frame.set_index("measure").loc[["gini", "top_10_share", "half_group"]]
        assert (frame["low"] <= frame["value"]).all()
        assert (frame["value"] <= frame["high"]).all()
        assert (frame["low"] < frame["high"]).all()
        widths.append(frame.loc["gini", "high"] - frame.loc["gini", "low"])
    assert widths[0] > widths[1] > widths[2]


def test_interval_against_the_spread_of_fresh_samples() -> None:
    """Its half width is near 1.96 standard deviations of Gini over communities drawn anew."""
    calendar = Calendar(covered=frozenset({pd.Timestamp("2024-01-01").date()}))
    random = np.random.default_rng(11)
    fresh = [gini(random.geometric(0.1, 300)) for _ in range(400)]
    frame = participation_inequality.complete(histogram(list(random.geometric(0.1, 300))), calendar)
    found = row(frame, measure="gini")
    assert (found["high"] - found["low"]) / 2 == pytest.approx(1.96 * np.std(fresh), rel=0.25)


def test_equal_voices_have_a_point_for_an_interval() -> None:
    frame = measured(2, 2, 2, 2, 2, 2)
    assert list(frame.loc["gini", ["value", "low", "high"]]) == [0, 0, 0]
    assert list(frame.loc["half_group", ["value", "low", "high"]]) == [3, 3, 3]
