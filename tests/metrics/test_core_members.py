"""Core members: who stays core, fades or falls silent; who came and dropped out; the sample's truth."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import community, compute, covering, frames_of, log, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.intervals import wilson
from shequn.metrics.core_members import (
    CHANGES,
    STATES,
    core_members,
    core_pooled,
    net_change,
)
from shequn.paths import SAMPLE

FIRST = date(2024, 1, 1)
CHAOSS = (1000, 202, 90, 33, 332, 343, 42, 433)
Period = dict[str, int]  # messages of each member


def during(*days: tuple[int, int]) -> pd.DataFrame:
    """Return sources that cover days counted from the first, both ends included."""
    return covering(*[(str(FIRST + timedelta(a)), str(FIRST + timedelta(b))) for a, b in days])


def wrote(*periods: Period, days: int = 28) -> pd.DataFrame:
    """Return messages of members, on the first day of each period and on its last in turn."""
    rows = []
    for i, counts in enumerate(periods):
        for member, count in counts.items():
            for k in range(count):
                day = FIRST + timedelta(days=i * days + (days - 1) * (k % 2))
                rows.append((member, f"{day} {'00:00:00' if k % 2 == 0 else '23:59:59'}"))
    return log(*rows)


def over(*periods: Period, **given: Any) -> dict[str, Any]:
    """Return the tables of a community of whole periods."""
    return {"messages": wrote(*periods), "sources": during((0, 28 * len(periods) - 1)), **given}


def states(frame: pd.DataFrame) -> list[list[float]]:
    """Return the three shares of each period, in order of time."""
    assert list(frame["state"]) == list(STATES) * (len(frame) // 3)
    return frame["value"].to_numpy().reshape(-1, 3).tolist()


def changes(frame: pd.DataFrame, measure: str) -> list[float]:
    return frame.loc[frame["measure"] == measure, "value"].tolist()


# --- by hand: the core and what becomes of it


def test_the_core_is_the_contributor_absence_factor_of_chaoss() -> None:
    """The example of CHAOSS (catalogue row 43): of eight contributors two make half.

    In the next period the first of them writes most again, the second one message, and a third
    person (343 before, not core) writes half of it: one stays core, one has faded.
    """
    before = {f"m{i}": count for i, count in enumerate(CHAOSS)}
    frame = compute(core_members, **over(before, {"m0": 6, "m7": 1, "m5": 5}))
    assert states(frame) == [[0.5, 0.5, 0]]
    assert set(frame["n"]) == {2}
    low, high = wilson(1, 2)
    assert frame.loc[0, ["low", "high"]].tolist() == [low[0], high[0]]
    assert (frame["period_start"] == pd.Timestamp(FIRST + timedelta(days=28))).all()
    assert (frame["period_end"] == pd.Timestamp(FIRST + timedelta(days=56))).all()


@pytest.mark.parametrize(
    ("counts", "size"),
    [
        ((2, 1, 1), 1),  # two of four is half
        ((3, 2, 2, 1), 3),  # 3 of 8 are not, 3 + 2 are; the other 2 is as good as this one
        ((1, 1, 1, 1), 4),  # nobody stands out
        ((5, 4, 1), 1),
        ((5, 4, 2), 2),
        ((7,), 1),
    ],
)
def test_members_alike_are_core_together(counts: tuple[int, ...], size: int) -> None:
    frame = compute(core_members, **over({f"m{i}": c for i, c in enumerate(counts)}, {}))
    assert set(frame["n"]) == {size}
    assert states(frame) == [[0, 0, 1]]


def test_three_periods_by_hand() -> None:
    """The core goes from a and b to b and c and on to d.

    Of 13 messages a wrote 6 and b 4: six are not half, ten are. In the second period b and c wrote
    4 each of 9: of the first core b stayed and a fell silent. In the third d wrote 9 of 11, b one
    and c none: of the second core one faded, one fell silent.
    """
    periods = (
        {"a": 6, "b": 4, "c": 1, "d": 2},
        {"b": 4, "c": 4, "d": 1},
        {"d": 9, "b": 1, "e": 1},
    )
    frame = compute(core_members, **over(*periods))
    assert states(frame) == [[0.5, 0, 0.5], [0, 0.5, 0.5]]
    assert set(frame["n"]) == {2}
    # One message less of d, and 6 of 12 is half: the first core is a alone.
    alone = compute(core_members, **over(periods[0] | {"d": 1}, *periods[1:]))
    assert states(alone) == [[0, 0, 1], [0, 0.5, 0.5]]
    assert alone["n"].tolist() == [1, 1, 1, 2, 2, 2]


def test_a_member_who_skips_a_period_is_no_longer_of_its_core() -> None:
    """Core in the first and third period and silent in the second: lost, and not retained."""
    frame = compute(core_members, **over({"a": 5, "b": 1}, {"b": 3}, {"a": 5, "b": 1}))
    assert states(frame) == [[0, 0, 1], [0, 1, 0]]


def test_pooled_by_hand() -> None:
    """Cores: {a}, {b, c}, {d}, as at the end of the test above; then a period in which d writes.

    Into periods 2, 3, 4: a lost; b faded, c lost; d retained. Four places, four people: ¼, ¼, ½.
    Of the last two transitions: b, c, d: ⅓ each. Of the last one: d alone.
    """
    tables = over(
        {"a": 6, "b": 4, "c": 1, "d": 1},
        {"b": 4, "c": 4, "d": 1},
        {"d": 9, "b": 1, "e": 1},
        {"d": 1},
    )
    expected = {6: (4, [1 / 4, 1 / 4, 1 / 2]), 2: (3, [1 / 3] * 3), 1: (1, [1, 0, 0])}
    for periods, (people, shares) in expected.items():
        frame = compute(core_pooled, options={"periods": periods}, **tables)
        assert frame["value"].tolist() == pytest.approx(shares)
        assert frame["n"].tolist() == [people] * 3
        first = max(28, 28 * (4 - periods))
        assert set(frame["period_start"]) == {pd.Timestamp(FIRST + timedelta(days=first))}
        assert set(frame["period_end"]) == {pd.Timestamp(FIRST + timedelta(days=112))}


def test_one_member_core_five_times_is_one_observation() -> None:
    """One is the core of all six periods: five places, one person, and the interval of one."""
    frame = compute(core_pooled, **over(*[{"a": 4, "b": 1}] * 6))
    assert frame["value"].tolist() == [1, 0, 0]
    assert set(frame["n"]) == {1}
    low, high = wilson(1, 1)
    assert frame.loc[0, ["low", "high"]].tolist() == [low[0], high[0]]


def test_small_cores_are_withheld_and_shown_pooled_where_five_different_people_were_core() -> None:
    periods = [{f"m{i}": 3, f"m{i + 1}": 3, "x": 1} for i in range(5)]
    with community(**over(*periods), smallest_group=5) as data:
        each, pooled = data.compute(core_members), data.compute(core_pooled)
        short = data.compute(core_pooled, periods=3)
    assert each["withheld"].all() and each["value"].isna().all()
    # m0 to m4 in the cores of the first four periods; one of two goes on each time
    assert pooled["n"].tolist() == [5] * 3
    assert pooled["value"].tolist() == [0.5, 0, 0.5]
    assert short["withheld"].all(), "four people in the last three cores"


# --- periods, holes, clocks


def test_periods_are_counted_back_from_the_end_and_the_first_days_left_over_go_unused() -> None:
    """Covered: 27 days and three periods. Who wrote in the 27 days was core of no whole period."""
    messages = wrote({"a": 9}, {"b": 9}, {"c": 9}, {"d": 9})
    frame = compute(core_members, messages=messages, sources=during((1, 111)))
    assert states(frame) == [[0, 0, 1]] * 2
    assert set(frame["n"]) == {1}
    whole = compute(core_members, messages=messages, sources=during((0, 111)))
    assert states(whole) == [[0, 0, 1]] * 3


@pytest.mark.parametrize("hole", [28, 55])
def test_a_hole_leaves_two_transitions_unknown_and_the_pool_takes_those_that_are_known(
    hole: int,
) -> None:
    """The first or last day of the second of five periods is unseen."""
    messages = wrote(*[{"a": 2}] * 5)
    seen = during((0, hole - 1), (hole + 1, 139))
    frame = compute(core_members, messages=messages, sources=seen)
    assert np.isnan(states(frame)[:2]).all()
    assert states(frame)[2:] == [[1, 0, 0]] * 2
    assert frame["n"].tolist() == [0] * 6 + [1] * 6
    pooled = compute(core_pooled, messages=messages, sources=seen)
    assert set(pooled["period_start"]) == {pd.Timestamp(FIRST + timedelta(days=84))}


@pytest.mark.parametrize(
    ("timezone", "day_start", "moment", "later"),
    [
        ("UTC", "00:00", "2024-01-28 23:59:59", False),
        ("UTC", "00:00", "2024-01-29 00:00:00", True),
        # 57 days there, to 26 February: the last period begins on 30 January
        ("Asia/Shanghai", "00:00", "2024-01-29 15:59:59", False),
        ("Asia/Shanghai", "00:00", "2024-01-29 16:00:00", True),
        ("Asia/Shanghai", "04:00", "2024-01-29 16:00:00", False),
        ("Asia/Shanghai", "04:00", "2024-01-29 20:00:00", True),
    ],
)
def test_a_period_begins_at_the_community_s_midnight(
    timezone: str, day_start: str, moment: str, later: bool
) -> None:
    frame = compute(
        core_members,
        messages=log(("a", "2024-01-10 12:00:00"), ("a", moment)),
        sources=during((0, 55)),
        timezone=timezone,
        day_start=day_start,
    )
    assert states(frame) == [[1, 0, 0] if later else [0, 0, 1]]


def test_other_lengths_of_a_period() -> None:
    messages = wrote({"a": 2}, {"a": 1, "b": 2}, {"b": 3}, days=7)
    frame = compute(core_members, messages=messages, sources=during((0, 20)), options={"days": 7})
    assert states(frame) == [[0, 1, 0], [1, 0, 0]]


def test_messages_outside_the_covered_time_count_nowhere() -> None:
    inside = wrote({"a": 2}, {"a": 2})
    outside = log(("z", "2023-12-31 23:59:59"), ("z", "2024-02-26 00:00:00"), ("z", None))
    tables = {"messages": pd.concat([inside, outside]), "sources": during((0, 55))}
    assert states(compute(core_members, **tables)) == [[1, 0, 0]]
    assert set(compute(core_pooled, **tables)["n"]) == {1}


def test_nobody_one_period_and_a_silent_one() -> None:
    for messages in (log(), wrote({"a": 1})):
        tables = {"messages": messages, "sources": during((0, 54))}
        assert len(compute(core_members, **tables)) == 0, "one whole period: nothing to compare"
        assert len(compute(net_change, **tables)) == 0
        pooled = compute(core_pooled, **tables)
        assert pooled["value"].isna().all() and set(pooled["n"]) == {0}
    silent = compute(core_members, **over({}, {"a": 3}))
    assert silent["value"].isna().all() and set(silent["n"]) == {0}


# --- by hand: who came and who dropped out


def test_came_and_dropped_out_by_hand() -> None:
    """Six periods, so three that have three before them; who writes when.

    a: always. b: in 1 and 5 (silent in 2, 3, 4: back). c: in 1 and 4 (silent in 2 and 3 only).
    d: in 1 alone. e: from 4 on, new. f: in 2 and 6: back. g: in 3.
    """
    who = {"a": "123456", "b": "15", "c": "14", "d": "1", "e": "456", "f": "26", "g": "3"}
    periods = [{m: 1 for m, when in who.items() if str(p) in when} for p in range(1, 7)]
    frame = compute(net_change, **over(*periods))
    assert list(frame["measure"]) == list(CHANGES) * 3
    assert changes(frame, "came") == [1, 1, 1]  # e; b; f
    assert changes(frame, "reactivated") == [0, 1, 1]
    assert changes(frame, "dropped_out") == [2, 1, 1]  # b and d in 4; f in 5; g in 6
    assert changes(frame, "net_change") == [-1, 0, 0]
    starts = frame["period_start"].unique()
    assert starts.tolist() == [pd.Timestamp(FIRST + timedelta(days=28 * p)) for p in (3, 4, 5)]


def test_four_messages_in_the_three_periods_before_make_a_regular() -> None:
    """Here a has 4 (2, 1, 1) and b 3, both silent now; c has 4 and writes; d had 9, but earlier."""
    frame = compute(
        net_change,
        **over(
            {"d": 9}, {"a": 2, "b": 1, "c": 4}, {"a": 1, "b": 1}, {"a": 1, "b": 1}, {"c": 1, "e": 1}
        ),
    )
    last = frame[frame["period_end"] == frame["period_end"].max()]
    found = row(last, measure="regulars_lost")
    assert (found["value"], found["n"]) == (1 / 2, 2)
    low, high = wilson(1, 2)
    assert (found["low"], found["high"]) == (low[0], high[0])


def test_without_regulars_no_share_of_them() -> None:
    frame = compute(net_change, **over({"a": 1}, {"a": 1}, {"a": 1}, {}))
    assert np.isnan(row(frame, measure="regulars_lost")["value"])
    assert row(frame, measure="dropped_out")["value"] == 0, "silent now, but not for three periods"
    nobody = compute(net_change, **over({}, {}, {}, {}))
    assert nobody.set_index("measure")["value"].drop("regulars_lost").eq(0).all()


def test_coming_and_going_need_three_covered_periods_before() -> None:
    messages = wrote(*[{"a": 4}] * 6)
    frame = compute(net_change, messages=messages, sources=during((0, 26), (28, 167)))
    known = frame.groupby("period_start")["value"].apply(lambda v: v.notna().all())
    assert known.tolist() == [False, True, True]
    short = compute(net_change, messages=messages, sources=during((1, 111)))
    assert len(short) == 0, "a day short of three before the last"


def test_a_difference_that_would_give_away_one_to_four_is_withheld_too() -> None:
    """Six came and two dropped out: 6 and the difference 4 would tell the two."""
    always = {f"a{i}": 1 for i in range(6)}
    new = {f"n{i}": 1 for i in range(6)}
    for gone, hidden in ((2, True), (5, False), (0, False)):
        frame = compute(
            net_change,
            **over(
                always | {f"g{i}": 1 for i in range(gone)}, always, always, always | new,
            ),
            smallest_group=5,
        )  # fmt: skip
        assert row(frame, measure="came")["value"] == 6
        found = row(frame, measure="net_change")
        assert found["withheld"] == hidden
        assert hidden or found["value"] == 6 - gone
        assert row(frame, measure="dropped_out")["withheld"] == hidden


# --- against the definitions, written out

worlds = st.lists(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 5), max_size=8),
    min_size=5,
    max_size=6,
)


def core_of(period: Period) -> set[str]:
    """Return the core as the page defines it: one by one from the loudest, and their equals."""
    core: set[str] = set()
    for member, count in sorted(period.items(), key=lambda item: -item[1]):
        enough = 2 * sum(period[m] for m in core) >= sum(period.values())
        if enough and count < min(period[m] for m in core):
            break
        core.add(member)
    return core


@settings(max_examples=8, deadline=None)
@given(worlds, st.permutations("abcdefgh"))
def test_the_definition_and_names_do_not_matter(periods: list[Period], names: list[str]) -> None:
    with community(**over(*periods)) as data:
        frame, pooled = data.compute(core_members), data.compute(core_pooled)
    expected, places, people = [], Counter[str](), set[str]()
    for before, now in pairwise(periods):
        core = core_of(before)
        became = {
            "core_retained": core & core_of(now),
            "core_faded": (core & set(now)) - core_of(now),
            "core_lost": core - set(now),
        }
        expected += [len(became[s]) / len(core) if core else np.nan for s in STATES]
        places.update({s: len(became[s]) for s in STATES})
        people |= core
    np.testing.assert_allclose(frame["value"], expected, atol=1e-12)
    total = frame.groupby("period_start")["value"].sum(min_count=3).dropna()
    np.testing.assert_allclose(total, 1, atol=1e-12)  # catalogue rows 37 + 38 + 39
    assert set(pooled["n"]) == {len(people)}
    if people:
        shares = [places[s] / places.total() for s in STATES]
        np.testing.assert_allclose(pooled["value"], shares, atol=1e-12)
    renamed = [
        {names["abcdefgh".index(m)]: n for m, n in reversed(period.items())} for period in periods
    ]
    pd.testing.assert_frame_equal(compute(core_members, **over(*renamed)), frame)


@settings(max_examples=12, deadline=None)
@given(worlds)
def test_the_net_change_is_that_of_those_who_wrote_within_three_periods(
    periods: list[Period],
) -> None:
    frame = compute(net_change, **over(*periods))
    for i, net in enumerate(changes(frame, "net_change"), start=3):
        now = set().union(*periods[i - 2 : i + 1])
        before = set().union(*periods[i - 3 : i])
        assert net == len(now) - len(before)
        assert changes(frame, "came")[i - 3] == len(now - before)
        assert changes(frame, "dropped_out")[i - 3] == len(before - now)
        known = set().union(*periods[:i])
        assert changes(frame, "reactivated")[i - 3] == len((now - before) & known)


# --- the sample's truth


def test_the_sample_gives_back_how_many_of_the_core_fall_silent() -> None:
    """Each member's rate and life are known: P(silent) is exp(−rate × days alive in the period).

    Summed over the members of every core and divided by their number it must lie in the interval.
    The core is found here in pandas, from the files.
    """
    latent = json.loads((SAMPLE / "truth.json").read_text("utf-8"))["latent"]
    truth = pd.DataFrame(latent).set_index("member_id")
    tables = frames_of(SAMPLE)
    roster = tables["members"].set_index("member_id")
    ends = roster["joined_at"] + pd.to_timedelta(7 * truth["life_weeks"].reindex(roster.index), "D")
    with open_dataset(SAMPLE) as data:
        end = pd.Timestamp(data.calendar.end)
        found = row(data.compute(core_pooled, periods=18), state="core_lost")
    messages = tables["messages"]
    messages = messages[messages["author_id"].isin(truth.index) & (messages["kind"] != "system")]
    local = messages["ts"] + timedelta(hours=8)
    back = (end - local.dt.normalize()).dt.days.sub(1) // 28
    silent = []
    for period in range(1, 19):
        counts = messages.loc[back == period, "author_id"].value_counts().to_dict()
        start = end - timedelta(days=28 * period, hours=8)
        for member in core_of(counts):
            alive = (min(ends[member], start + timedelta(days=28)) - start) / timedelta(days=1)
            silent.append(np.exp(-truth.loc[member, "posts_a_day"] * max(alive, 0.0)))
    assert found["n"] > 50
    assert found["low"] < np.mean(silent) < found["high"]
    assert found["value"] == pytest.approx(np.mean(silent), abs=0.03)
