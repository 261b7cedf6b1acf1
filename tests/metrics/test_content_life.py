"""Content life: half-life of reactions and answers, their curve, and rooms side by side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import compute, covering, frames_of, log, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.metrics.content_life import content_curve, content_life, life_by_part
from shequn.paths import SAMPLE

START = datetime(2024, 1, 1)
COVERED = covering(("2024-01-01", "2024-03-31"))
REACTIONS, ANSWERS = "attention_reactions", "attention_answers"


def at(hours: float, since: datetime = START) -> str:
    return str(since + timedelta(seconds=round(hours * 3600)))


def posts(count: int, hours: float = 0, since: datetime = START) -> pd.DataFrame:
    """Return one message by each of so many authors."""
    rows = [(f"p{i:03d}", f"a{i:03d}", at(hours, since)) for i in range(count)]
    return log(*rows, columns=("message_id", "author_id", "ts"))


def liked(ages: Any, authors: int, since: datetime = START) -> pd.DataFrame:
    """Return reactions at ages in hours, dealt round the messages of so many authors."""
    rows = [(f"p{i % authors:03d}", "fan", at(age, since)) for i, age in enumerate(ages)]
    return log(*rows, columns=("message_id", "member_id", "ts"))


def life(found: pd.DataFrame, measure: str = "half_life", attention: str = REACTIONS) -> float:
    return float(row(found, attention=attention, measure=measure)["value"])


def of(ages: Any, authors: int = 20, **more: Any) -> pd.DataFrame:
    given = {"messages": posts(authors), "reactions": liked(ages, authors), "sources": COVERED}
    return compute(content_life, **(given | more))


def exponential(half_life: float, count: int) -> list[float]:
    """Return the evenly spaced quantiles of an exponential law, in hours."""
    return [-half_life * float(np.log2(1 - (i + 0.5) / count)) for i in range(count)]


@pytest.mark.parametrize("half_life", [0.5, 5])
def test_an_exponential_gives_back_its_half_life(half_life: float) -> None:
    """Half-life ln 2 ÷ rate; nine tenths have come after ln 10 ÷ ln 2 = 3.32 half-lives."""
    found = of(exponential(half_life, 400))
    assert life(found) == pytest.approx(half_life, rel=0.02, abs=1 / 60)
    assert life(found, "tail") == pytest.approx(np.log(10) / np.log(2), rel=0.03)
    drawn = np.random.default_rng(1).exponential(half_life / np.log(2), 400)
    cell = row(of(drawn), attention=REACTIONS, measure="half_life")
    assert cell["low"] < half_life < cell["high"] and cell["n"] == 20


def test_a_mixture_of_quick_and_slow_has_a_longer_tail() -> None:
    """Two exponentials thrown together fade ever more slowly, though neither does."""
    mixed = of([*exponential(1, 200), *exponential(20, 200)])
    assert life(mixed, "tail") > 1.5 * np.log(10) / np.log(2)


def test_by_hand() -> None:
    """Ten reactions after 1 hour, 7 after 2, one after 3, two after 9: by hand 1, 3 and 3."""
    found = of([1] * 10 + [2] * 7 + [3] + [9] * 2)
    assert life(found) == 1
    assert life(found, "nine_tenths") == 3
    assert life(found, "tail") == 3
    assert np.isnan(life(found, attention=ANSWERS))
    assert set(found["period_start"]) == {pd.Timestamp(START)}
    curve = compute(
        content_curve, messages=posts(20), reactions=liked([1] * 10 + [2] * 7 + [3] + [9] * 2, 20),
        sources=COVERED,
    )  # fmt: skip
    curve = curve[curve["attention"] == REACTIONS]
    seen = curve[curve["course"] == "course_seen"].set_index("age_hours")["value"]
    assert seen[[0.5, 1, 2, 4, 8, 12, 672]].tolist() == [0, 0.5, 0.85, 0.9, 0.9, 1, 1]
    smooth = curve[curve["course"] == "course_exponential"].set_index("age_hours")["value"]
    assert smooth[[1, 2, 4]].tolist() == pytest.approx([0.5, 0.75, 0.9375])


def test_fewer_than_twenty_have_no_half_life() -> None:
    assert life(of([2] * 20)) == 2
    assert np.isnan(life(of([2] * 19)))


def count(reactions: pd.DataFrame | None = None, **more: Any) -> tuple[float, float]:
    """Return of 20 reactions at an hour and those given the half-life and whether all of them count.

    Those given are put at ten hours and more: thirty of them move the half-life there.
    """
    base = liked([1] * 20, 20)
    given = {"messages": posts(20), "sources": COVERED, **more}
    with_more = pd.concat([base, reactions]) if reactions is not None else base
    found = compute(content_life, reactions=with_more, **given)
    return life(found), row(found, attention=REACTIONS, measure="half_life")["n"]


@pytest.mark.parametrize(
    ("age", "counts"), [(672 - 1 / 3600, True), (672, False), (10, True), (-1 / 3600, False)]
)
def test_only_what_comes_within_28_days(age: float, counts: bool) -> None:
    found = count(liked([age] * 30, 20))[0]
    assert found == (1 if not counts else pytest.approx(max(age, 0), abs=1))


def test_none_of_ones_own_but_those_of_the_unnamed() -> None:
    late = liked([10] * 30, 20)
    assert count(late)[0] == 10
    own = late.assign(member_id=late["message_id"].str.replace("p", "a"))
    assert count(own)[0] == 1
    assert count(late.assign(member_id=None))[0] == 10
    assert count(late.assign(ts=None))[0] == 1
    assert count(late.assign(message_id="not there"))[0] == 1


def test_staff_and_bots_neither_post_nor_react() -> None:
    people = log(("host", True), columns=("member_id", "is_staff"))
    late = liked([10] * 30, 20).assign(member_id="host")
    assert count(late, members=people)[0] == 1


def test_a_message_counts_once_the_data_follow_it_for_28_days() -> None:
    ages = {"reactions": liked([1] * 30, 20)}
    for last, told in (("2024-01-28", True), ("2024-01-27", False)):
        found = compute(
            content_life, messages=posts(20), sources=covering(("2024-01-01", last)), **ages
        )
        assert np.isnan(life(found)) != told
    holed = covering(("2024-01-01", "2024-01-20"), ("2024-01-22", "2024-03-31"))
    assert np.isnan(life(compute(content_life, messages=posts(20), sources=holed, **ages)))
    shorter = compute(content_life, messages=posts(20), sources=holed, **ages, options={"days": 20})
    assert life(shorter) == 1


def answered(threads: bool) -> pd.DataFrame:
    """Return 20 openings, each answered after 2 hours and, in its thread, after 6 hours again."""
    rows: list[tuple[Any, ...]] = []
    for i in range(20):
        thread = f"t{i}" if threads else None
        rows += [
            (f"p{i:03d}", f"a{i:03d}", at(0), None, thread),
            (f"q{i:03d}", "other", at(2), f"p{i:03d}", thread),
            (f"r{i:03d}", "other", at(6), None, thread),
            (f"s{i:03d}", f"a{i:03d}", at(7), f"p{i:03d}", thread),  # one's own
        ]
    columns = ("message_id", "author_id", "ts", "reply_to_id", "thread_id")
    return log(*rows, columns=columns)


def test_answers_are_replies_and_what_stands_in_the_thread_once() -> None:
    """In threads 20 answers at 2 hours and 20 at 6; without only the first: by hand."""
    for threads, most in ((True, 6), (False, 2)):
        found = compute(content_life, messages=answered(threads), sources=COVERED)
        assert life(found, attention=ANSWERS) == 2  # a reply in its own thread would count twice
        assert life(found, "nine_tenths", ANSWERS) == most
        assert np.isnan(life(found))
    thrice = pd.concat(
        [
            answered(True),
            answered(True).iloc[2::4].assign(message_id=lambda f: f["message_id"] + "x"),
        ]
    )
    assert life(compute(content_life, messages=thrice, sources=COVERED), attention=ANSWERS) == 6


def test_intervals_draw_authors_and_need_ten() -> None:
    ages = [1, 4, 9] * 20
    few, many = of(ages, 9), of(ages, 10)
    assert (
        np.isnan(few["low"]).all()
        and row(many, attention=REACTIONS, measure="half_life")["low"] > 0
    )
    twice = of(ages * 2, 10)
    assert twice["low"].equals(many["low"]) and twice["high"].equals(many["high"])


def test_rooms_and_kinds() -> None:
    messages = posts(20).assign(channel_id=["x"] * 10 + [None] * 10, kind=["text", "image"] * 10)
    quick = liked([1] * 30, 10)
    slow = liked([8] * 30, 10)
    slow["message_id"] = slow["message_id"].str.replace("p00", "p01")
    given = {"messages": messages, "reactions": pd.concat([quick, slow]), "sources": COVERED}
    rooms = compute(life_by_part, **given)
    assert row(rooms, part="x", attention=REACTIONS)["value"] == 1
    assert row(rooms, part="part_unknown", attention=REACTIONS)["value"] == 8
    assert rooms["n"].dropna().tolist() == [10, 10]  # nobody answered
    kinds = compute(life_by_part, **given, options={"by": "kind"})
    assert set(kinds["part"]) == {"text", "image"}
    few = compute(life_by_part, **given, options={"by": "kind"}, smallest_group=11)
    assert few["withheld"].sum() == 2 and few["value"].isna().all()


def test_nothing_to_go_by() -> None:
    bare = compute(content_life, messages=posts(5), sources=COVERED)
    assert len(bare) == 6 and bare["value"].isna().all()
    for query in (content_curve, life_by_part):
        found = compute(query, messages=posts(5), sources=COVERED)
        assert len(found) and found["value"].isna().all()


@settings(max_examples=5, deadline=None)
@given(
    st.lists(st.integers(0, 600), min_size=20, max_size=40), st.integers(1, 30), st.integers(0, 23)
)
def test_when_it_was_posted_does_not_matter(ages: list[int], days: int, hours: int) -> None:
    later = START + timedelta(days=days, hours=hours)
    moved = of(ages, messages=posts(20, since=later), reactions=liked(ages, 20, later))
    pd.testing.assert_frame_equal(of(ages), moved)


def test_the_sample_counted_by_hand() -> None:
    """Medians of ages taken from the tables in pandas: reactions, and replies by explicit target.

    In the sample each answer stands in the thread of its root, so openings have those too.
    """
    tables = frames_of(SAMPLE)
    people, said = tables["members"], tables["messages"]
    out = people.loc[people["is_staff"].eq(True) | people["is_bot"].eq(True), "member_id"]
    said = said[~said["author_id"].isin(out)]
    end = pd.Timestamp("2025-12-31 16:00")
    old = said[said["ts"].dt.tz_localize(None) <= end - pd.Timedelta(days=28)].set_index(
        "message_id"
    )
    likes = tables["reactions"][["message_id", "member_id", "ts"]]
    likes = likes[~likes["member_id"].isin(out)]
    replies = said[said["reply_to_id"].notna()]
    direct = replies.rename(columns={"reply_to_id": "item"})[
        ["item", "message_id", "author_id", "ts"]
    ]
    roots = said[said["thread_id"] == said["message_id"]]["message_id"]
    inside = said[said["thread_id"].isin(roots)].rename(columns={"thread_id": "item"})
    answers = pd.concat(
        [direct, inside[["item", "message_id", "author_id", "ts"]]]
    ).drop_duplicates()
    found = compute(content_life, **tables, timezone="Asia/Shanghai")
    for attention, items, who, when in (
        (REACTIONS, likes["message_id"], likes["member_id"], likes["ts"]),
        (ANSWERS, answers["item"], answers["author_id"], answers["ts"]),
    ):
        there = items.isin(old.index).to_numpy()
        mine = old.loc[items[there]]
        age = (when[there].to_numpy() - mine["ts"].to_numpy()) / np.timedelta64(1, "h")
        others = who[there].to_numpy() != mine["author_id"].to_numpy()
        age = age[others & (age >= 0) & (age < 672)]
        cell = row(found, attention=attention, measure="half_life")
        assert cell["value"] == pytest.approx(np.median(age), abs=2 / 60)
        assert cell["low"] < np.median(age) < cell["high"]
