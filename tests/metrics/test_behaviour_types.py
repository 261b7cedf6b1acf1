"""Behaviour types: the rule parts everybody once, and groups count only where they are there."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pandas as pd
import pytest
from engines import community, compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from shequn.charts.behaviour_types import separation
from shequn.dataset import open_dataset
from shequn.metrics import behaviour_types as module
from shequn.metrics import clusters
from shequn.metrics.behaviour_types import (
    COUNTS,
    STABLE,
    TYPES,
    are_types,
    behaviour_types,
    found_groups,
    groups,
    profiles,
    rule,
)
from shequn.paths import SAMPLE

COLUMNS = ("message_id", "author_id", "ts", "reply_to_id")
JANUARY = covering(("2024-01-01", "2024-01-31"))


def said(*rows: tuple[str, str, int, str | None]) -> pd.DataFrame:
    """Return messages from id, author, day of January and the message answered."""
    return log(*[(i, a, f"2024-01-{d:02} 12:00:00", r) for i, a, d, r in rows], columns=COLUMNS)


def share(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["type"], frame["value"], strict=True))


# A writes on three days, two of her four messages answer B; B on three days, one of four answers
# A; C writes once; D is on the roster and only reacts; E left, F joins after the end.
MESSAGES = said(
    ("a1", "A", 1, None), ("b1", "B", 1, "a1"), ("a2", "A", 2, "b1"), ("a3", "A", 3, "b1"),
    ("a4", "A", 3, None), ("b2", "B", 2, None), ("b3", "B", 3, None), ("b4", "B", 3, "b2"),
    ("c1", "C", 5, None),
)  # fmt: skip
ROSTER = roster(
    *[(m, "2023-12-01 12:00:00", "event", None) for m in "ABCD"],
    ("E", "2023-12-01 12:00:00", "event", "2024-01-10 12:00:00"),
    ("F", "2024-02-01 12:00:00", "event", None),
    columns=("member_id", "joined_at", "joined_at_basis", "left_at"),
)
REACTIONS = pd.DataFrame(
    [("a1", "D", None), ("a1", None, 3), ("b2", "A", None), ("b2", "D", 1)],
    columns=["message_id", "member_id", "n"],
)


def test_by_hand() -> None:
    """The four of the roster who are there at the end, one of each type."""
    frame = compute(behaviour_types, messages=MESSAGES, members=ROSTER, sources=JANUARY)
    assert share(frame) == dict.fromkeys(TYPES, 1 / 4)
    assert (frame["n"] == 1).all()


def test_what_each_type_did_by_hand() -> None:
    """A: 3 days, 4 messages, 2 answers given (b4 answers B herself: none), 1 received; and so on.

    a1 has one reaction by name and three counted; b2 has two.
    """
    frame = compute(
        profiles, messages=MESSAGES, members=ROSTER, reactions=REACTIONS, sources=JANUARY
    )
    wide = frame.pivot_table(index="type", columns="feature", values="value")
    assert wide.loc["responder", list(COUNTS)].tolist() == [3, 4, 2, 1, 1, 4]
    assert wide.loc["starter", list(COUNTS)].tolist() == [3, 4, 1, 2, 0, 2]
    assert wide.loc["occasional", list(COUNTS)].tolist() == [1, 1, 0, 0, 0, 0]
    without = compute(profiles, messages=MESSAGES, members=ROSTER, sources=JANUARY)
    unknown = without[without["feature"].isin(["reacted", "liked"])]
    assert unknown["value"].isna().all() and (without["value"].notna().sum() == 12)


def test_without_a_roster_nobody_is_silent() -> None:
    for members in (None, ROSTER.assign(joined_at_basis="first_message")):
        given = {} if members is None else {"members": members}
        frame = compute(behaviour_types, messages=MESSAGES, sources=JANUARY, **given)
        assert np.isnan(share(frame)["silent"])
        assert share(frame)["occasional"] == pytest.approx(1 / 3)


def test_where_no_answer_is_known_nobody_is_told_to_answer() -> None:
    bare = MESSAGES.drop(columns="reply_to_id")
    frame = compute(behaviour_types, messages=bare, members=ROSTER, sources=JANUARY)
    assert share(frame)["silent"] == share(frame)["occasional"] == 1 / 4
    assert np.isnan([share(frame)["responder"], share(frame)["starter"]]).all()
    did = compute(profiles, messages=bare, members=ROSTER, sources=JANUARY).dropna(subset="value")
    assert set(did["type"]) == {"occasional"}
    assert set(did["feature"]) == {"active_days", "messages"}


def test_a_mention_is_an_answer_too() -> None:
    mentions = pd.DataFrame([("c1", "A", "mention")], columns=["message_id", "target_id", "kind"])
    frame = compute(profiles, messages=MESSAGES, mentions=mentions, sources=JANUARY)
    assert row(frame, type="occasional", feature="given")["value"] == 1


def test_only_the_window_counts() -> None:
    """The last 27 days of January begin on the 5th: C alone wrote; of the last 26 nobody."""
    given = {"messages": MESSAGES, "members": ROSTER, "sources": JANUARY}
    frame = compute(behaviour_types, **given, options={"days": 27})
    assert (share(frame)["occasional"], share(frame)["silent"]) == (1 / 4, 3 / 4)
    frame = compute(behaviour_types, **given, options={"days": 26})
    assert share(frame)["silent"] == 1
    assert (frame["period_start"] == pd.Timestamp("2024-01-06")).all()


def test_a_day_is_the_communitys() -> None:
    """15:30 and 16:30 UTC on two days: four days in Shanghai, two in UTC, so a regular only there."""
    messages = log(*[(f"m{d}{h}", "A", f"2024-01-{d} {h}:30:00", None) for d in (10, 12)
                     for h in (15, 16)], columns=COLUMNS)  # fmt: skip
    for zone, days in (("UTC", 2), ("Asia/Shanghai", 4)):
        frame = compute(profiles, messages=messages, sources=JANUARY, timezone=zone)
        kind = "occasional" if zone == "UTC" else "starter"
        did = frame[(frame["type"] == kind) & (frame["feature"] == "active_days")]
        if zone == "UTC":
            assert did["value"].item() == days
        else:  # no answer is known, so the type of a regular is not told
            assert did["value"].isna().all()


def test_nobody_and_one_to_four() -> None:
    empty = compute(behaviour_types, messages=MESSAGES[:0], sources=JANUARY)
    assert empty["value"].isna().all() and len(empty) == 4
    assert compute(groups, messages=MESSAGES[:0], sources=JANUARY)["value"].isna().all()
    many = said(*[(f"x{i}", f"x{i}", 3, None) for i in range(7)])
    both = pd.concat([MESSAGES, many], ignore_index=True)
    frame = compute(behaviour_types, messages=both, sources=JANUARY, smallest_group=5)
    assert row(frame, type="responder")["withheld"] and np.isnan(share(frame)["responder"])
    assert share(frame)["occasional"] == pytest.approx(8 / 10)


@pytest.mark.parametrize(
    ("active", "messages", "given", "kind"),
    [(0, 0, 0, "silent"), (1, 9, 9, "occasional"), (2, 9, 9, "occasional"),
     (3, 4, 2, "responder"), (3, 4, 1, "starter"), (3, 5, 2, "starter"), (4, 4, 4, "responder")],
)  # fmt: skip
def test_where_the_types_part(active: int, messages: int, given: int, kind: str) -> None:
    assert rule(np.array([[active, messages, given, 0, 0, 0]])).tolist() == [kind]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 6), min_size=1, max_size=20))
def test_the_rule_gives_everybody_one_type(rows: list[tuple[int, ...]]) -> None:
    kinds = rule(np.array(rows))
    assert len(kinds) == len(rows) and set(kinds) <= set(TYPES)


def test_the_sample_gives_back_who_never_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the roster at the end, over all the time: those drawn to be silent who did not leave."""
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["latent"]
    members = pd.read_csv(SAMPLE / "members.csv", dtype=str).set_index("member_id")
    silent = pd.Series(truth["silent"], index=truth["member_id"]).astype(bool)
    stayed = members.loc[silent[silent].index, "left_at"].isna()
    monkeypatch.setattr(module, "DRAWS", 5)
    with open_dataset() as data:
        frame = data.compute(behaviour_types, days=0)
        looked = data.compute(groups)
    assert row(frame, type="silent")["n"] == stayed.sum()
    assert frame["value"].sum() == pytest.approx(1)
    # Rates are drawn from one law: there are no types, however steadily k-means cuts them.
    assert looked[looked["measure"] == "found"]["value"].eq(0).all()
    assert looked[looked["measure"] == "stability"]["value"].max() > STABLE


# --- groups -----------------------------------------------------------------------------------


def test_adjusted_rand_by_hand() -> None:
    """As scikit-learn's handbook has it: 0.57 for one group split in two, 0 and 1 at the ends.

    One pair together in both, 2 and 1 in each, 6 in all: (1 - 1/3) / (3/2 - 1/3) = 4/7.
    """
    a, b = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    assert clusters.adjusted_rand(a, b) == pytest.approx(4 / 7)
    assert clusters.adjusted_rand(a, 1 - a) == 1
    assert clusters.adjusted_rand(np.zeros(4, int), np.arange(4)) == 0
    assert clusters.adjusted_rand(np.zeros(4, int), np.zeros(4, int)) == 1


def test_silhouette_by_hand() -> None:
    """Points 0, 1 | 10, 12: 10/11, 9/10, 7.5/9.5 and 9.5/11.5; a point alone counts 0."""
    points = np.array([[0.0], [1], [10], [12]])
    found = clusters.silhouette(cdist(points, points), np.array([4, 4, 7, 7]))
    assert found == pytest.approx((10 / 11 + 9 / 10 + 7.5 / 9.5 + 9.5 / 11.5) / 4)
    alone = clusters.silhouette(cdist(points, points), np.array([0, 0, 0, 1]))
    by_hand = [(12 - 5.5) / 12, (11 - 5) / 11, (2 - 9.5) / 9.5, 0]
    assert alone == pytest.approx(np.mean(by_hand))
    assert np.isnan(clusters.silhouette(cdist(points, points), np.zeros(4, int)))


def test_scaling_takes_logarithms_and_drops_what_is_the_same_for_all() -> None:
    points = clusters.scaled(np.array([[0, 5, 1], [np.e**2 - 1, 5, 1]]))
    assert points.tolist() == [[-1], [1]]


def test_one_crowd_keeps_counts_and_correlation() -> None:
    rng = np.random.default_rng(0)
    latent = rng.normal(size=500)
    counts = rng.poisson(np.exp(np.column_stack([2 + latent, 3 - latent])))
    drawn = next(clusters.one_crowd(counts, rng, 1))
    assert (np.sort(drawn, axis=0) == np.sort(counts, axis=0)).all()
    before, after = (np.corrcoef(np.log1p(x).T)[0, 1] for x in (counts, drawn))
    assert before < -0.6 and after == pytest.approx(before, abs=0.1)


def world(*means: tuple[int, ...], size: int = 60) -> np.ndarray:
    """Return as many members of each kind, their counts by Poisson's law."""
    rng = np.random.default_rng(3)
    return np.vstack([rng.poisson(m, (size, len(COUNTS))) for m in means])


KINDS = [(20, 60, 50, 5, 5, 9), (20, 20, 3, 20, 3, 9), (20, 30, 3, 3, 40, 9)]


def result(rows: list[tuple[int, str, float, float, float]], measure: str) -> dict[int, float]:
    return {k: value for k, m, value, *_ in rows if m == measure}


def test_three_kinds_are_found() -> None:
    counts = world(*KINDS)
    rows = found_groups(counts)
    assert result(rows, "found")[3] == 1
    assert result(rows, "stability")[3] > 0.95
    best = max(result(rows, "silhouette").items(), key=lambda pair: pair[1])[0]
    assert best == 3
    points = clusters.scaled(counts)
    rng = np.random.default_rng(1)
    mine = clusters.nearest(points, clusters.centres(points, 3, rng))
    assert clusters.adjusted_rand(np.repeat(np.arange(3), 60), mine) > 0.95


@pytest.mark.parametrize(
    ("score", "crowds", "steady", "types"),
    [(0.75, [0.5, 0.75 - 1e-9], 0.8, True), (0.75, [0.5, 0.5], 0.79, False),
     (0.75, [0.5, 0.75], 0.8, False), (0.59, [0.5, 0.5], 0.9, False),
     (0.61, [0.5, 0.5], 0.9, True)],
)  # fmt: skip
def test_what_counts_as_types(
    score: float, crowds: list[float], steady: float, types: bool
) -> None:
    assert are_types(score, crowds, steady) is types


@pytest.mark.parametrize("noise", ["uniform", "loud and quiet"])
def test_in_noise_no_types_are_found(noise: str) -> None:
    """Neither in counts drawn evenly, nor where the only difference is how much somebody does."""
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 100, (180, 6))
    if noise == "loud and quiet":
        counts = rng.poisson(rng.gamma(1, 1, (180, 1)) * [5, 20, 10, 10, 5, 5]) + 1
    rows = found_groups(counts)
    assert set(result(rows, "found").values()) == {0}
    if noise == "uniform":
        assert max(result(rows, "stability").values()) < STABLE


def test_groups_need_fifty_speakers_and_some_variety(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 2)

    def speakers(n: int) -> pd.DataFrame:
        days = [(f"m{i}-{d}", f"m{i}", d, None) for i in range(n) for d in range(1, 2 + i % 12)]
        return compute(groups, messages=said(*days), sources=JANUARY)

    assert speakers(49)["value"].isna().all()
    fifty = speakers(50)
    assert fifty["value"].notna().all() and (fifty["n"] == 50).all()
    alike = said(*[(f"m{i}", f"m{i}", 1, None) for i in range(60)])
    assert compute(groups, messages=alike, sources=JANUARY)["value"].isna().all()
    monkeypatch.setattr(module, "_MOST", 30)
    assert len(found_groups(world(*KINDS))) == 7 * 5


def test_names_and_order_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 2)
    rng = np.random.default_rng(4)
    rows = [(f"m{i}", f"p{int(rng.integers(70)):02}", int(rng.integers(1, 31)),
             f"m{int(rng.integers(i))}" if i and rng.random() < 0.5 else None)
            for i in range(500)]  # fmt: skip
    messages = said(*rows)
    turned = messages.assign(author_id="q" + messages["author_id"].str[::-1])
    turned = turned.sample(frac=1, random_state=1)
    for query in (behaviour_types, profiles, groups):
        one = compute(query, messages=messages, sources=JANUARY)
        other = compute(query, messages=turned, sources=JANUARY)
        pd.testing.assert_frame_equal(one, other)


def test_the_figure_draws_the_line_where_groups_count() -> None:
    assert inspect.signature(separation).parameters["stable"].default == STABLE


def test_staff_show_no_behaviour() -> None:
    staff = ROSTER.assign(is_staff=[True, *[False] * 5])
    with community(messages=MESSAGES, members=staff, sources=JANUARY) as data:
        frame = data.compute(behaviour_types)
    assert share(frame)["silent"] == share(frame)["occasional"] == 1 / 3  # of B, C and D
