"""Funnel: steps in order within a window, by channel, how long they took, and paths to joining."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster, row
from funnel_hand import (
    D,
    at,
    bought,
    happened,
    joined,
    numbers,
    of,
    wrote,
)
from statsmodels.stats.proportion import proportion_confint

from shequn.metrics.funnel import attribution_inputs, by_channel, time_to_convert

WAY = ["join", "message", "active_day:2", "answer", "order"]
# A walks the whole way; B answers before the second day and never after it; C only writes;
# D buys without a word; E joins and is silent.
PEOPLE = {
    "members": joined(("A", 0), ("B", 0), ("C", 0), ("D", 0), ("E", 0)),
    "messages": wrote(
        ("A", 1), ("B", 2), ("C", 3), ("B", 4, "m0"), ("A", 25), ("B", 26), ("A", 30, "m1")
    ),
    "orders": bought(("A", 48), ("D", 5)),
}


def test_by_hand() -> None:
    """Five members on paper: 5 join, 3 write, 2 on a second day, 1 answers after it, 1 buys then.

    The rule is that of catalogue row 9: step k at or after step k - 1, within the window of the first.
    """
    found = of(WAY, **PEOPLE)
    assert numbers(found) == dict(zip(WAY, [5, 3, 2, 1, 1], strict=True))
    assert numbers(found, "from_before") == dict(
        zip(WAY[1:], [3 / 5, 2 / 3, 1 / 2, 1], strict=True)
    )
    assert numbers(found, "from_first") == dict(zip(WAY[1:], [0.6, 0.4, 0.2, 0.2], strict=True))
    # In any order B answered too, and D bought without a word.
    assert numbers(found, "at_all") == dict(zip(WAY[1:], [0.6, 0.4, 0.4, 0.4], strict=True))
    share = row(found, step="active_day:2", measure="from_before")
    low, high = proportion_confint(2, 3, method="wilson")
    assert (share["n"], share["low"], share["high"]) == pytest.approx((3, low, high))
    assert row(found, step="order", measure="at_all")["n"] == 5
    assert row(found, step="answer", measure="reached")["n"] == 1
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-01")}
    # 28 days of window after the day itself: the last that can be judged is the 3rd of December.
    assert set(found["period_end"]) == {pd.Timestamp("2024-12-04")}


def test_hours_since_the_step_before_by_hand() -> None:
    """First message after 1, 2 and 3 hours; second day 24 and 24 hours after it; then 5, then 18."""
    found = of(WAY, query=time_to_convert, **PEOPLE)
    medians = numbers(found, "wait_median")
    assert medians == {"message": 2, "active_day:2": 24, "answer": 5, "order": 18}
    assert numbers(found, "wait_quartile_1")["message"] == 1
    assert numbers(found, "wait_quartile_3")["message"] == 3
    assert row(found, step="message", measure="wait_median")["n"] == 3


def test_minutes_are_whole_and_empty_steps_have_none() -> None:
    members, messages = joined(("A", 0)), wrote(("A", 1.52))
    found = of(
        ["join", "message", "answer"], query=time_to_convert, members=members, messages=messages
    )
    assert numbers(found, "wait_median")["message"] == pytest.approx(91 / 60)
    assert np.isnan(numbers(found, "wait_median")["answer"])
    assert row(found, step="answer", measure="wait_median")["n"] == 0


def test_the_window_is_half_open() -> None:
    for hour, counted in ((7 * D - 0.01, 1), (7 * D, 0)):
        found = of(["join", "message"], 7, members=joined(("A", 0)), messages=wrote(("A", hour)))
        assert numbers(found)["message"] == counted


def test_what_happens_in_the_same_second_is_in_order_and_a_second_before_is_not() -> None:
    given = {"members": joined(("A", 1)), "messages": wrote(("A", 1)), "orders": bought(("A", 1))}
    assert numbers(of(["join", "message", "order"], **given)) == {
        "join": 1,
        "message": 1,
        "order": 1,
    }
    given["orders"] = bought(("A", 1 - 1 / 3600))
    found = of(["join", "message", "order"], **given)
    assert numbers(found)["order"] == 0
    assert numbers(found, "at_all")["order"] == 0


def test_only_a_whole_and_covered_window_counts() -> None:
    """A joins 7 whole days before the end, B 8, C before a hole, D on the first day after it."""
    sources = covering(("2024-01-01", "2024-01-10"), ("2024-01-12", "2024-01-31"))
    members = joined(
        ("A", 24 * D + 12), ("B", 23 * D + 12), ("C", 3 * D), ("D", 11 * D), ("F", 2 * D)
    )
    messages = wrote(("A", 25 * D), ("B", 24 * D), ("C", 4 * D), ("D", 12 * D), ("F", 3 * D))
    found = of(["join", "message"], 7, members=members, messages=messages, sources=sources)
    assert numbers(found) == {"join": 3, "message": 3}  # B, D and F
    assert found["period_start"].iloc[0] == pd.Timestamp("2024-01-01")
    assert found["period_end"].iloc[0] == pd.Timestamp("2024-01-25")


def test_without_a_whole_window_there_is_no_value() -> None:
    sources = covering(("2024-01-01", "2024-01-07"))
    found = of(
        ["join", "message"], 7, members=joined(("A", 0)), messages=wrote(("A", 1)), sources=sources
    )
    assert found["value"].isna().all()
    paths = compute(
        attribution_inputs, members=joined(("A", 0)), messages=wrote(("A", 1)), sources=sources
    )
    assert paths["value"].isna().all()


def test_counts_begin_with_the_first_step() -> None:
    """The third message since joining, not the third of the day or of all; days are different ones."""
    members = joined(("A", 10))
    messages = wrote(("A", 9), ("A", 11), ("A", 12), ("A", 30), ("A", 31), ("A", 60))
    found = of(
        ["join", "message:3", "active_day:3"],
        query=time_to_convert,
        members=members,
        messages=messages,
    )
    assert numbers(found, "wait_median") == {"message:3": 20, "active_day:3": 30}
    reached = of(["join", "message:5", "message:6"], members=members, messages=messages)
    assert numbers(reached) == {"join": 1, "message:5": 1, "message:6": 0}


def test_on_the_second_day_any_message_will_do_after_the_step_before() -> None:
    """The order comes between two messages of the second day: the later one is the step."""
    given = {
        "members": joined(("A", 0)), "orders": bought(("A", 30)),
        "messages": wrote(("A", 1), ("A", 25), ("A", 31)),
    }  # fmt: skip
    found = of(["join", "order", "active_day:2"], query=time_to_convert, **given)
    assert numbers(found, "wait_median") == {"order": 30, "active_day:2": 1}


def test_an_answer_is_to_somebody_else_and_guesses_do_not_count() -> None:
    members = joined(*((who, 0) for who in "ABCDEF"))
    told = [
        ("m0", "A", at(1), None, None), ("m1", "A", at(2), "m0", "explicit"),  # to herself
        ("m2", "B", at(3), "m0", "quote"), ("m3", "C", at(4), "m0", "inferred"),
        ("m4", "D", at(5), None, None), ("m5", "E", at(6), "elsewhere", None), ("m6", "F", at(7), None, None),
    ]  # fmt: skip
    columns = ("message_id", "author_id", "ts", "reply_to_id", "reply_basis")
    mentions = log(
        ("m4", "A"),
        ("m4", "B"),
        ("m6", "F"),
        ("m3", "C"),
        ("m0", None),
        columns=("message_id", "target_id"),
    )
    found = of(
        ["join", "answer", "answer:2"], members=members, messages=log(*told, columns=columns),
        mentions=mentions,
    )  # fmt: skip
    assert numbers(found) == {"join": 6, "answer": 3, "answer:2": 0}  # B, D and E, each once


def test_a_step_that_nobody_ever_took_is_unknown_and_so_are_those_after_it() -> None:
    found = of(["join", "order", "message"], members=joined(("A", 0)), messages=wrote(("A", 1)))
    assert numbers(found)["join"] == 1
    assert np.isnan([numbers(found)["order"], numbers(found)["message"]]).all()
    assert np.isnan(numbers(found, "at_all")["order"])
    assert numbers(found, "at_all")["message"] == 1
    assert np.isnan(numbers(found, "from_before")["message"])


def test_reactions_and_events_are_steps() -> None:
    reactions = log(("m0", "A", at(2)), ("m0", None, at(2)), ("m0", "A", None),
                    columns=("message_id", "member_id", "ts"))  # fmt: skip
    events = happened(("A", 3, "rsvp"), ("B", 3, "other"), (None, 3, "rsvp"))
    found = of(
        ["join", "reaction", "event:rsvp"], members=joined(("A", 0), ("B", 0)),
        messages=wrote(("A", 1)), reactions=reactions, events=events,
    )  # fmt: skip
    assert numbers(found) == {"join": 2, "reaction": 1, "event:rsvp": 1}


def test_joining_must_be_seen_and_must_not_be_joining_again() -> None:
    members = joined(("A", 48), ("B", 48, None, "first_message"), ("C", 48), ("D", 48))
    messages = wrote(("A", 49), ("B", 49), ("C", 23.9), ("C", 49), ("D", 24.5), ("D", 49))
    found = of(["join", "message"], members=members, messages=messages)
    assert numbers(found) == {"join": 1, "message": 1}  # C and D wrote on an earlier day
    same_day = of(
        ["join", "message"], members=joined(("A", 48)), messages=wrote(("A", 48 - 1), ("A", 49))
    )
    assert numbers(same_day) == {"join": 0, "message": 0}
    at_nine = of(
        ["join", "message"], members=joined(("A", 57)), messages=wrote(("A", 56), ("A", 58))
    )
    assert numbers(at_nine) == {"join": 1, "message": 1}  # an hour before, on the same day


def test_without_joining_only_who_appears_after_enough_history_counts() -> None:
    messages = wrote(("A", 27 * D + 23), ("A", 28 * D + 1), ("B", 28 * D), ("B", 29 * D))
    found = of(["message", "message:2"], 7, messages=messages, members=joined())
    assert numbers(found) == {"message": 1, "message:2": 1}
    assert found["period_start"].iloc[0] == pd.Timestamp("2024-01-29")
    just = of(
        ["message", "message:2"], 7, messages=messages[2:], members=joined(),
        sources=covering(("2024-01-01", "2024-02-05")),
    )  # fmt: skip
    assert numbers(just)["message"] == 1  # one day on which to begin, the 29th
    short = covering(("2024-01-01", "2024-02-04"))
    none = of(["message", "message:2"], 7, messages=messages[:1], members=joined(), sources=short)
    assert none["value"].isna().all()


def test_by_channel_the_large_first_and_the_small_together() -> None:
    rows = [(f"a{i}", 0, "ads") for i in range(5)] + [(f"s{i}", 0, "search") for i in range(6)]
    rows += [("x", 0, "qr"), ("y", 0, None), ("z", 0, "link")]
    messages = wrote(("a0", 1), ("a1", 1), ("s0", 1), ("x", 1), ("z", 1))
    found = of(["join", "message"], query=by_channel, members=joined(*rows), messages=messages)
    began = found[found["measure"] == "reached"][["channel", "step", "value"]]
    assert began.to_numpy().tolist() == [
        ["search", "join", 6], ["search", "message", 1], ["ads", "join", 5], ["ads", "message", 2],
        ["other", "join", 3], ["other", "message", 2],
    ]  # fmt: skip
    assert set(found["measure"]) == {"reached", "from_before", "from_first"}


def test_one_to_four_are_withheld() -> None:
    members = joined(*((f"m{i}", 0) for i in range(6)))
    found = of(["join", "message"], members=members, messages=wrote(("m0", 1)), smallest_group=5)
    assert row(found, step="message", measure="reached")["withheld"]
    assert row(found, step="join", measure="reached")["value"] == 6


def test_nobody() -> None:
    given = {"members": joined(("A", 0))[:0], "messages": wrote(("A", 0))[:0]}
    assert of(WAY, **given)["value"].isna().all()
    assert of(WAY, query=by_channel, **given)["value"].isna().all()


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_days_begin_when_the_community_says(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 16:00 and 17:30 UTC: in Shanghai both on Monday, unless its days begin at four."""
    messages = log(("A", "2024-01-07 15:30:00"), ("A", "2024-01-07 17:30:00"))
    members = roster(("A", "2024-01-07 15:00:00", "event"))
    found = of(
        ["join", "active_day:2"], members=members, messages=messages, timezone=timezone,
        day_start=day_start, week_start=week_start,
    )  # fmt: skip
    in_shanghai_at_midnight = (timezone, day_start) == ("Asia/Shanghai", "00:00")
    assert numbers(found)["active_day:2"] == in_shanghai_at_midnight
    assert numbers(found)["join"] == 1
