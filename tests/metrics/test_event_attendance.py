"""Event attendance: who said they would come, who came, who for the first time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.metrics.event_attendance import attendance_total, event_attendance

START = datetime(2024, 1, 1)
COVERED = covering(("2024-01-01", "2024-04-30"))
COLUMNS = ("member_id", "name", "campaign", "ts")


def steps(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return events from ``(member, name, session, day[, hour])``; a session is held at 20:00."""
    full = []
    for who, name, session, day, *hour in rows:
        at = START + timedelta(days=day, hours=hour[0] if hour else (10, 20)[name == "attend"])
        full.append((who, name, session, str(at)))
    return log(*full, columns=COLUMNS)


def wrote(*pairs: tuple[str, int]) -> pd.DataFrame:
    """Return messages at noon of days."""
    return log(*[(who, str(START + timedelta(days=day, hours=12))) for who, day in pairs])


def of(*rows: tuple[Any, ...], query: Any = event_attendance, **more: Any) -> pd.DataFrame:
    return compute(query, **{"events": steps(*rows), "sources": COVERED, **more})


TALK = wrote(("a", 40), ("b", 12), ("c", 11), ("d", 39), ("x", 39), ("y", 20))


def test_by_hand() -> None:
    """a, b and c say they will come on day 40; a and b do, and d unannounced.

    In the 28 days before, 12 to 39, b, d, x and y wrote: b and d of four. a wrote on the day itself,
    c a day too early.
    """
    found = of(
        ("a", "rsvp", "s", 38), ("b", "rsvp", "s", 40), ("c", "rsvp", "s", 30),
        ("a", "attend", "s", 40), ("b", "attend", "s", 40), ("d", "attend", "s", 40),
        messages=TALK,
    )  # fmt: skip
    assert set(found["session"]) == {"s"}
    assert set(found["period_start"]) == {pd.Timestamp("2024-02-10")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-02-11")}
    each = found.set_index("measure")
    values = dict(zip(each.index, zip(each["value"], each["n"], strict=True), strict=True))
    assert values["said"] == (3, 3) and values["came"] == (3, 3)
    assert values["show_up"] == (2 / 3, 3)
    assert values["walk_in"] == (1 / 3, 3)
    assert values["reach"] == (2 / 4, 4)
    assert np.isnan(values["first_time"][0])  # the first session in the data
    shown = row(found, measure="show_up")
    low, high = proportion_confint(2, 3, method="wilson")
    assert (shown["low"], shown["high"]) == pytest.approx((low, high))


def test_who_says_so_only_on_arriving_or_afterwards_has_not_said_so() -> None:
    found = of(
        ("a", "rsvp", "s", 5, 20), ("a", "attend", "s", 5, 20),  # at the very moment: in time
        ("b", "rsvp", "s", 5, 21), ("b", "attend", "s", 5, 20),
        ("c", "rsvp", "s", 5, 23), ("d", "rsvp", "s", 6, 0),  # on the day; the day after
        ("e", "rsvp", "s", 5, 21), ("e", "rsvp", "s", 1), ("e", "attend", "s", 5, 20),
    )  # fmt: skip
    assert row(found, measure="said")["value"] == 3
    assert row(found, measure="show_up")["value"] == 2 / 3
    assert row(found, measure="walk_in")["value"] == 1 / 3


def test_a_session_nobody_came_to_is_unknown_and_what_belongs_to_none_is_left_out() -> None:
    given = (
        ("a", "rsvp", "off", 20), ("a", "rsvp", "on", 20), ("b", "attend", "on", 21),
        ("c", "rsvp", "on", 22), ("c", "attend", None, 21), ("f", "rsvp", None, 20),
        (None, "attend", "on", 21), ("d", "click", "on", 20), ("e", "attend", "after the data", 121),
    )  # fmt: skip
    found = of(*given)
    assert found["session"].unique().tolist() == ["on"]
    assert row(found, measure="show_up")["value"] == 0
    assert row(found, measure="said")["value"] == 1
    assert row(found, measure="came")["value"] == 1
    total = of(*given, query=attendance_total).set_index("measure")["n"]
    assert (total["show_up"], total["came"]) == (1, 1)
    empty = of(("a", "rsvp", "off", 20))
    assert empty.empty and list(empty.columns) == list(found.columns)
    total = of(("a", "rsvp", "off", 20), query=attendance_total)
    assert total["value"].isna().all() and len(total) == 5


def test_the_first_time_is_told_from_the_seventh_session_on() -> None:
    """Old comes to all eight; new to the seventh and eighth, and to the first of another day."""
    rows = [("old", "attend", f"s{i}", 10 * i) for i in range(8)]
    found = of(*rows, ("new", "attend", "s6", 60), ("new", "attend", "s7", 70, 21))
    shares = found[found["measure"] == "first_time"].set_index("session")["value"]
    assert shares.isna().tolist() == [True] * 6 + [False] * 2
    assert shares["s6"] == 1 / 2 and shares["s7"] == 0


def test_the_share_of_actives_needs_28_covered_days() -> None:
    early = [("a", "attend", "early", 27), ("a", "attend", "late", 28)]
    found = of(*early, messages=wrote(("a", 0), ("b", 0)))
    reach = found[found["measure"] == "reach"].set_index("session")
    assert np.isnan(reach.loc["early", "value"])
    assert (reach.loc["late", "value"], reach.loc["late", "n"]) == (0.5, 2)
    later = [*early, ("a", "attend", "later", 40)]
    total = of(*later, messages=wrote(("a", 0), ("b", 0), ("c", 39)), query=attendance_total)
    reach = row(total, measure="reach")
    assert (reach["value"], reach["n"]) == (1 / 3, 2)  # one of two, none of one; at most two active
    assert of(*early)["value"].isna().tolist() == 2 * [False, False, True, False, True, True]


def test_the_last_sessions_together_by_hand() -> None:
    """The same five say so to each of six sessions; i come to the i-th, x to the last, unannounced.

    1 + 2 + 3 + 4 + 5 + 5 of 30 who said so came; in the last five sessions 19 of 25.
    """
    rows: list[tuple[Any, ...]] = []
    for i in range(1, 7):
        rows += [(who, "rsvp", f"s{i}", 10 * i) for who in "abcde"]
        rows += [(who, "attend", f"s{i}", 10 * i) for who in "abcdex"[:i]]
    total = of(*rows, query=attendance_total, options={"sessions": 5})
    shown = row(total, measure="show_up")
    assert (shown["value"], shown["n"]) == (19 / 25, 5)  # x, the sixth, had not said so
    assert 2 / 5 < shown["low"] < 19 / 25 < shown["high"] <= 1
    assert shown["period_start"] == pd.Timestamp("2024-01-21")
    assert shown["period_end"] == pd.Timestamp("2024-03-02")
    came = row(total, measure="came")
    assert (came["value"], came["n"]) == (4, 6)
    assert row(total, measure="walk_in")["value"] == 1 / 20
    everything = of(*rows, query=attendance_total, options={"sessions": 0})
    assert row(everything, measure="show_up")["value"] == 20 / 30
    few = of(*rows, query=attendance_total, options={"sessions": 4})
    assert row(few, measure="show_up")[["low", "high"]].isna().all()


def test_sessions_on_the_same_day_are_two() -> None:
    found = of(
        ("a", "attend", "noon", 30, 12), ("a", "attend", "night", 30, 20), messages=wrote(("a", 29))
    )
    assert found.loc[found["measure"] == "came", "value"].tolist() == [1, 1]
    assert found.loc[found["measure"] == "reach", "value"].tolist() == [1, 1]
    total = of(
        ("a", "attend", "noon", 30, 12), ("d", "attend", "noon", 30, 12),
        ("b", "attend", "night", 30, 20), ("c", "attend", "old", 3),
        query=attendance_total, options={"sessions": 1},
    )  # fmt: skip
    assert row(total, measure="came")["value"] == 2
    assert row(total, measure="came")["n"] == 2  # of the same session the value is of


def test_staff_do_not_count_and_shares_of_one_to_four_are_withheld() -> None:
    crowd = [(f"m{i}", "attend", "s", 30) for i in range(5)]
    said = [(f"m{i}", "rsvp", "s", 30) for i in range(4)]
    staff = roster(("host", True), columns=("member_id", "is_staff"))
    found = of(*crowd, *said, ("host", "attend", "s", 30), members=staff, smallest_group=5)
    assert row(found, measure="came")["value"] == 5
    for measure in ("said", "show_up"):
        assert row(found, measure=measure)["withheld"] and np.isnan(
            row(found, measure=measure)["value"]
        )
    assert row(found, measure="walk_in")["value"] == 1 / 5


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_session_at_midnight_is_on_the_day_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: already Monday in Shanghai, unless its day begins at 4:00."""
    given = log(("a", "attend", "s", "2024-01-07 17:30:00"), columns=COLUMNS)
    found = compute(
        event_attendance, events=given, sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    day = "2024-01-08" if (timezone, day_start) == ("Asia/Shanghai", "00:00") else "2024-01-07"
    assert {f"{d:%Y-%m-%d}" for d in found["period_start"]} == {day}


names = st.sampled_from([f"m{i}" for i in range(6)])


@settings(max_examples=10, deadline=None)
@given(
    st.sets(st.tuples(names, st.integers(0, 7)), max_size=25),
    st.sets(st.tuples(names, st.integers(0, 7)), min_size=1, max_size=25),
    st.sets(st.tuples(names, st.integers(0, 80)), max_size=25),
)
def test_the_shares_are_those_of_sets_counted_by_hand(
    said: set[tuple[str, int]], came: set[tuple[str, int]], spoke: set[tuple[str, int]]
) -> None:
    rows = [(who, "rsvp", f"s{k}", 10 * k) for who, k in said]
    rows += [(who, "attend", f"s{k}", 10 * k) for who, k in came]
    found = of(*rows, messages=wrote(*spoke)).set_index(["session", "measure"])["value"]
    held = sorted({k for _, k in came})
    assert len(found) == 6 * len(held)
    for order, k in enumerate(held):
        yes, there = ({who for who, j in pairs if j == k} for pairs in (said, came))
        s = found[f"s{k}"]
        assert (s["said"], s["came"]) == (len(yes), len(there))
        if yes:
            assert s["show_up"] == pytest.approx(len(yes & there) / len(yes))
        assert s["walk_in"] == pytest.approx(len(there - yes) / len(there))
        if order >= 6:
            new = {who for who in there if not any((who, j) in came for j in range(k))}
            assert s["first_time"] == pytest.approx(len(new) / len(there))
        active = {who for who, day in spoke if 10 * k - 28 <= day < 10 * k}
        if k >= 3 and active:
            assert s["reach"] == pytest.approx(len(active & there) / len(active))


def test_the_sample_gives_back_its_law() -> None:
    """A tenth of the living say so, 0.6 of these come, of the others 0.02."""
    with open_dataset() as sample:
        total = sample.compute(attendance_total, sessions=0)
    shown, walked = row(total, measure="show_up"), row(total, measure="walk_in")
    assert shown["low"] <= 0.6 <= shown["high"]
    law = 0.9 * 0.02 / (0.9 * 0.02 + 0.1 * 0.6)
    assert walked["low"] <= law <= walked["high"]
