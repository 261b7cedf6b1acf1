"""Content match: what topics supply, what responses ask for, and how far the two are apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics import content_match as module
from shequn.metrics.content_match import (
    content_match,
    expected_by_chance,
    mismatch,
    total_variation,
)

END = datetime(2024, 2, 5)  # five weeks from Monday, 2024-01-01
COVERED = covering(("2024-01-01", "2024-02-04"))
DAYS = 28  # to 2024-01-29, after which nothing is ripe
Post = tuple[str, str, float, str, int]  # id, author, days before the end, topic, reactions


def tables(*posts: Post, more: Any = (), answers: Any = ()) -> dict[str, pd.DataFrame]:
    """Return messages with so many reactions each, from members who write nothing, a day later."""
    talk = [(m, who, str(END - timedelta(days=d)), topic, None) for m, who, d, topic, _ in posts]
    talk += [(m, who, str(END - timedelta(days=d)), None, to) for m, who, d, to in answers]
    given = [(m, f"fan{i}", d - 1) for m, _, d, _, n in posts for i in range(n)]
    liked = [(m, who, str(END - timedelta(days=d))) for m, who, d in given]
    liked += [(m, who, None if d is None else str(END - timedelta(days=d))) for m, who, d in more]
    return {
        "messages": log(*talk, columns=("message_id", "author_id", "ts", "channel_id", "reply_to_id")),
        "reactions": log(*liked, columns=("message_id", "member_id", "ts")),
    }  # fmt: skip


def of(given: dict[str, pd.DataFrame], query: Any = content_match, **more: Any) -> pd.DataFrame:
    options = {"days": DAYS, **more.pop("options", {})}
    return compute(query, **{"sources": COVERED, "options": options, **given, **more})


def crowd(
    topic: str, authors: int, each: int = 1, reactions: int = 1, name: str = ""
) -> list[Post]:
    """Return messages of so many authors in a topic."""
    return [
        (f"{topic}{name}{a}-{i}", f"{name}{a}", 10.0, topic, reactions)
        for a in range(authors)
        for i in range(each)
    ]


def values(frame: pd.DataFrame, measure: str = "demand_to_supply") -> dict[str, float]:
    rows = frame[frame["measure"] == measure]
    return dict(zip(rows["topic"], rows["value"], strict=True))


def test_by_hand() -> None:
    """15 messages in p draw 15 responses, 5 in q draw 25: supply 3/4 and 1/4, demand 3/8 and 5/8.

    Half of |3/8 - 3/4| + |5/8 - 1/4| is 3/8.
    """
    given = tables(*crowd("p", 5, 3), *crowd("q", 5, 1, 5))
    found = of(given)
    assert values(found, "supply") == {"p": 0.75, "q": 0.25}
    assert values(found, "demand") == {"p": 0.375, "q": 0.625}
    assert values(found) == {"p": 0.5, "q": 2.5}
    assert set(found["n"]) == {5}
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-01")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-01-29")}
    whole = row(of(given, mismatch), measure="mismatch")
    assert (whole["value"], whole["n"]) == (0.375, 5)
    assert (whole["low"], whole["high"]) == (0.375, 0.375)  # every author did the same


def test_a_member_responds_once_in_seven_days_and_never_to_themselves() -> None:
    """Base: 15 in p draw 2 each. q's five messages draw what is written here."""
    posts = [*crowd("p", 5, 3, 2), *crowd("q", 5, 1, 0)]
    to = "q0-0"  # of member 0, sent 10 days before the end
    counted = [
        (to, "edge", 3.0),
        (to, "y", 9.0),
        (to, "z", None),
    ]  # at just seven days; no time known
    twice = [(to, "x", 9.5), (to, "y", 8.0)]
    ignored = [(to, "late", 2.999), (to, "0", 9.0), (to, None, 9.0), ("unknown", "x", 9.0)]
    answers = [("r1", "w", 9.0, to), ("r2", "y", 9.0, to), ("r3", "0", 9.0, to)]
    answers.append(("r4", "late", 2.9, to))
    found = of(tables(*posts, more=[*counted, *twice, *ignored], answers=answers))
    assert values(found, "demand")["q"] == pytest.approx(5 / 35)
    assert values(found, "supply")["q"] == 5 / 20  # an answer without a topic supplies none


def test_the_window_ends_seven_days_before_the_data_do() -> None:
    posts = [*crowd("p", 5, 3, 2), *crowd("q", 5, 1, 2)]
    edge = [
        ("in", "0", 7.001, "q", 1),
        ("out", "0", 6.999, "q", 1),
        ("too early", "0", 35.5, "q", 1),
    ]
    first = ("first", "0", 35.0, "q", 1)
    found = of(tables(*posts, *edge, first))
    assert values(found, "supply")["q"] == pytest.approx(7 / 22)


def test_thirty_responses_and_whole_cover_are_needed() -> None:
    enough = [*crowd("p", 5, 3), *crowd("q", 5, 3)]
    assert values(of(tables(*enough)))["p"] == 1
    assert of(tables(*enough[1:]))["value"].isna().all()
    assert of(tables(*enough[1:]), mismatch)["value"].isna().all()
    late = covering(("2024-01-01", "2024-02-01"), ("2024-02-03", "2024-02-04"))  # while it ripens
    assert of(tables(*enough), sources=late)["value"].isna().all()
    assert of(tables(*enough), mismatch, sources=late)["value"].isna().all()
    nobody = of(tables(), mismatch)
    assert nobody["value"].isna().all() and len(nobody) == 2
    assert of(tables()).empty


def test_topics_of_few_authors_go_together() -> None:
    """R of four authors and s of two, six in all, are other; with one author less q joins them."""
    posts = [*crowd("p", 6, 5), *crowd("q", 5, 4)]
    small = [*crowd("r", 4, 1, 1, "r"), *crowd("s", 2, 1, 1, "s")]
    found = of(tables(*posts, *small))
    assert list(values(found)) == ["p", "q", "other_topics"]
    assert values(found, "supply")["other_topics"] == 6 / 56
    assert row(found, topic="other_topics", measure="supply")["n"] == 6
    fewer = of(tables(*posts, *crowd("r", 4, 1, 1, "r")))
    assert list(values(fewer)) == ["p", "other_topics"]
    assert values(fewer, "supply")["other_topics"] == 24 / 54
    assert row(fewer, topic="other_topics", measure="supply")["n"] == 9


def test_at_most_so_many_topics_the_largest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    posts = [*crowd("a", 5, 2), *crowd("b", 5, 3), *crowd("c", 5, 3), *crowd("d", 5, 1)]
    assert list(values(of(tables(*posts)))) == ["b", "c", "other_topics"]


def test_by_another_column_and_without_reactions() -> None:
    given = tables(*crowd("p", 5, 3), *crowd("q", 5, 3))
    given["messages"]["kind"] = ["text"] * 15 + ["image"] * 15
    assert set(values(of(given, options={"by": "kind"}))) == {"text", "image"}
    answers = [(f"r{i}", "w", 9.0, f"p{i // 3}-{i % 3}") for i in range(15)]
    answers += [(f"s{i}", "v", 9.0, f"p{i // 3}-{i % 3}") for i in range(15)]
    posts = [*crowd("p", 5, 3), *crowd("q", 5, 3)]
    alone = {"messages": tables(*posts, answers=answers)["messages"]}
    assert values(of(alone)) == {"p": 2, "q": 0}


def test_staff_are_neither_supply_nor_demand() -> None:
    posts = [*crowd("p", 6, 3, 2), *crowd("q", 5, 3, 2)]
    staff = roster(("fan1", True), ("5", True), columns=("member_id", "is_staff"))
    found = of(tables(*posts), members=staff)
    assert values(found, "supply")["p"] == 0.5 and values(found)["p"] == 1
    assert row(found, topic="p", measure="demand")["n"] == 5


def test_who_draws_all_responses_makes_the_interval_unknown() -> None:
    """Where one author drew every response, a draw without that author has no demand to share."""
    posts = [*crowd("p", 5, 3, 0), *crowd("q", 5, 3, 0), ("hit", "0", 10.0, "q", 40)]
    found = of(tables(*posts))
    assert values(found, "demand") == {"p": 0, "q": 1}
    assert row(found, topic="q", measure="demand")[["low", "high"]].isna().all()


def test_a_draw_that_misses_a_topic_does_not_spoil_its_interval() -> None:
    posts = [*crowd("p", 200, 1, 1), *crowd("q", 5, 1, 3, "q")]
    found = row(of(tables(*posts)), topic="q", measure="demand_to_supply")
    assert found["value"] == pytest.approx((15 / 215) / (5 / 205))
    assert 2 < found["low"] <= found["value"] <= found["high"] < 3


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_mismatch_is_a_distance_between_nought_and_one(data: st.DataObject) -> None:
    drawn = st.lists(st.integers(1, 50), min_size=4, max_size=4)
    a, b, c = (np.array(data.draw(drawn)) for _ in "abc")
    d = total_variation
    assert 0 <= d(a, b) <= 1
    assert d(a, a) == 0 and d(a, 3 * a) == pytest.approx(0)
    assert d(a, b) == pytest.approx(d(b, a))
    assert d(a, c) <= d(a, b) + d(b, c) + 1e-12
    # The largest difference that any set of topics can show.
    gap = b / b.sum() - a / a.sum()
    assert d(a, b) == pytest.approx(gap[gap > 0].sum())


def test_the_ends_of_the_scale() -> None:
    assert total_variation(np.array([5.0, 0.0]), np.array([0.0, 2.0])) == 1
    assert np.isnan(total_variation(np.array([5.0]), np.array([0.0])))
    assert np.isnan(expected_by_chance(np.array([5.0]), 0, 0))
    assert expected_by_chance(np.array([7.0]), 9, 20) == 0  # one topic: nothing to mistake
    assert expected_by_chance(np.array([5.0, 5.0]), 10, 10) == 0  # all drew one
    # Two messages drew 2 and 0: each topic is off by a deviation of 1/2, times sqrt(2 / pi).
    assert expected_by_chance(np.array([1.0, 1.0]), 2, 4) == pytest.approx(np.sqrt(2 / np.pi) / 2)


def test_what_chance_makes_is_what_shuffled_messages_make() -> None:
    """Held against 4,000 shuffles of 300 messages in three topics with skewed responses."""
    random = np.random.default_rng(5)
    topics = np.repeat([0, 1, 2], [150, 100, 50])
    drawn = random.geometric(0.4, 300) - 1
    written = np.bincount(topics).astype(float)
    shuffles = []
    for _ in range(4000):
        dealt = np.bincount(topics, weights=random.permutation(drawn))
        shuffles.append(total_variation(written, dealt))
    found = expected_by_chance(written, drawn.sum(), (drawn**2).sum())
    assert found == pytest.approx(np.mean(shuffles), rel=0.03)


def test_the_sample_has_no_mismatch_by_kind_beyond_chance() -> None:
    """Kinds are dealt out at random in the sample, but to first posts (data/synthesis/rows.py)."""
    with open_dataset() as sample:
        whole = sample.compute(mismatch, by="kind", days=500)
    by_kind, chance = row(whole, measure="mismatch"), row(whole, measure="by_chance")
    assert by_kind["value"] < 2 * chance["value"] < 0.02
