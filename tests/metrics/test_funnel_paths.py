"""Funnel: paths to joining, the grammar of steps, an oracle, the sample's truth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engines import row
from funnel_hand import (
    D,
    bought,
    happened,
    joined,
    numbers,
    of,
    paths,
    wrote,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.metrics.funnel import attribution_inputs, by_channel, funnel
from shequn.metrics.funnel_steps import Step, parse
from shequn.paths import SAMPLE
from shequn.text import ShequnError


def test_paths_to_joining_by_hand() -> None:
    """Six joined by search, five of them after an advertisement; one path is of too few people."""
    hour = 40 * D
    members = joined(*((f"m{i}", hour, "search") for i in range(10)), ("q", hour, "qr"))
    touches = [(f"m{i}", hour - 5, "touch", "ads") for i in range(5)]
    touches += [
        ("m9", hour - 28 * D - 0.01, "touch", "ads"),
        ("m8", hour, "touch", "ads"),
        ("m7", hour - 1, "rsvp", "ads"),
    ]
    assert paths(members=members, events=happened(*touches)) == {
        "ads > search": 5, "search": 5, "other": 1,
    }  # fmt: skip


def test_a_path_is_in_order_and_the_last_five_touches_long() -> None:
    hour = 40 * D
    who = [f"m{i}" for i in range(5)]
    names = ["a", "b", "c", "d", "e", "f"]
    touches = [(m, hour - 10 + i, "touch", name) for m in who for i, name in enumerate(names)]
    members = joined(*((m, hour) for m in who))
    assert paths(members=members, events=happened(*touches)) == {
        "… > b > c > d > e > f > unknown": 5
    }
    five = [t for t in touches if t[3] != "a"]
    assert paths(members=members, events=happened(*five)) == {"b > c > d > e > f > unknown": 5}


def test_a_touch_28_days_before_counts_and_joins_without_that_much_history_do_not() -> None:
    hour = 28 * D
    who = [f"m{i}" for i in range(5)]
    members = joined(
        *((m, hour, "search") for m in who), *((f"x{m}", hour - 1, "search") for m in who)
    )
    events = happened(*((m, 0, "touch", "ads") for m in who))
    assert paths(members=members, events=events) == {"ads > search": 5}


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (["join", "mesage"], "'mesage'"), (["join", "join:2"], "'join:2'"), (["join", "message:0"], "message:0"),
        (["join", "message:x"], "message:x"), (["join", "event:"], "'event:'"), (["join"], "two steps"),
        (["join", "message:"], "'message:'"),
        ([], "two steps"), (["join", "order", "order"], "stands twice"), (["message:2", "order"], "first step"),
        (["join", "message", "message:1"], "stands twice"),
    ],
)  # fmt: skip
def test_what_is_no_step_is_refused_with_the_grammar(steps: list[str], says: str) -> None:
    with pytest.raises(ShequnError, match=says) as refused:
        parse(steps)
    assert "active_day:2" in refused.value.say("zh")


def test_the_grammar() -> None:
    assert parse(["event:first order", "message", "answer:12"]) == [
        Step("event", "first order"), Step("message"), Step("answer", times=12),
    ]  # fmt: skip
    with pytest.raises(ShequnError):
        parse("join")


NAMES = "ABCDEFGHIJ"
moments = st.integers(0, 60 * 24 - 1)
acts = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(["message", "order", "rsvp"]), moments),
    min_size=20,
    max_size=150,
)
ways = st.permutations(["message", "active_day:2", "order", "event:rsvp"]).map(
    lambda w: ["join", *w]
)


def tables(done: list[tuple[str, str, int]]) -> dict[str, Any]:
    """Return the tables of ten members who joined twelve hours apart; Z does each thing once."""
    of_kind = {
        k: [(w, h) for w, kind, h in done if kind == k] for k in ("message", "order", "rsvp")
    }
    return {
        "members": joined(*((who, 12 * i, f"c{i % 2}") for i, who in enumerate(NAMES))),
        "messages": wrote(*of_kind["message"], ("Z", 1)),
        "orders": bought(*of_kind["order"], ("Z", 1)),
        "events": happened(*((w, h, "rsvp") for w, h in of_kind["rsvp"]), ("Z", 1, "rsvp")),
    }


def walked(who: int, done: list[tuple[str, str, int]], way: list[str], days: int) -> int:
    """Count a member's steps by walking through time, independently of the query."""
    begun = 12 * who
    mine = [(k, h) for w, k, h in done if w == NAMES[who]]
    if any(k == "message" and h // 24 < begun // 24 for k, h in mine):
        return 0
    mine = [(k, h) for k, h in mine if begun <= h < begun + 24 * days]
    spoken = sorted({h // 24 for k, h in mine if k == "message"})
    now, steps = begun, 1
    for step in way[1:]:
        second = step == "active_day:2"
        kind = "message" if second else step.removeprefix("event:")
        fits = [h for k, h in mine if k == kind and h >= now]
        fits = [h for h in fits if not second or h // 24 in spoken[1:]]
        if not fits:
            break
        now, steps = min(fits), steps + 1
    return steps


@settings(max_examples=4, deadline=None)
@given(acts, ways, st.integers(5, 40))
def test_the_same_as_walking_through_time_never_rising_and_a_wider_window_is_never_less(
    done: list[tuple[str, str, int]], way: list[str], days: int
) -> None:
    found = of(way, days, **tables(done))
    steps = [walked(who, done, way, days) for who in range(10)]
    counts = [numbers(found)[step] for step in way]
    assert counts == [sum(s >= k for s in steps) for k in range(1, 6)]
    assert counts == sorted(counts, reverse=True)
    wider = numbers(of(way, days + 3, **tables(done)))
    assert all(wider[s] >= numbers(found)[s] for s in way)
    anyhow, ordered = numbers(found, "at_all"), numbers(found, "from_first")
    assert all(anyhow[s] >= ordered[s] or counts[0] == 0 for s in way[1:])


@settings(max_examples=2, deadline=None)
@given(acts, acts)
def test_what_others_do_changes_nobodys_steps(
    done: list[tuple[str, str, int]], more: list[tuple[str, str, int]]
) -> None:
    """Half of the members in one channel: what the other half does moves only its own rows."""
    first = [a for a in done if NAMES.index(a[0]) % 2 == 0 and a[2] >= 12 * NAMES.index(a[0])]
    others = [a for a in more if NAMES.index(a[0]) % 2]

    def ours(acts: list[tuple[str, str, int]]) -> dict[str, float]:
        frame = of(["join", "message", "order"], query=by_channel, **tables(acts))
        return numbers(frame[frame["channel"] == "c0"])

    alone = ours(first)
    assert alone["join"] == 5
    assert alone == ours(first + others)


def test_the_sample_gives_its_truth_back() -> None:
    """Six in ten speak at all, soon after joining; three in ten had an earlier touch."""
    with open_dataset() as data:
        found = data.compute(funnel, steps=["join", "message"])
        joins = data.compute(attribution_inputs)
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    spoke = row(found, step="message", measure="from_first")
    assert spoke["low"] < 1 - truth["population"]["silent_share"] < spoke["high"]
    touched = joins.loc[joins["path"].str.contains(" > "), "value"].sum()
    low, high = proportion_confint(touched, joins["value"].sum(), method="wilson")
    assert low < truth["touches"]["share"] < high
