"""Growth: joins, joins again, leaves, net, members at the start, leave rate."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.metrics import Query
from shequn.metrics.growth import growth, growth_total

MONDAY = date(2024, 1, 1)
WEEKS = covering(("2024-01-01", "2024-01-28"))  # four whole weeks
COLUMNS = ("member_id", "ts", "action", "channel_id", "method")


def moves(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return membership events from ``(member, hour since Monday, action[, channel[, method]])``."""
    start = datetime(2024, 1, 1)
    full = [
        (who, str(start + timedelta(hours=hour)), action, *more, *(None,) * (2 - len(more)))
        for who, hour, action, *more in rows
    ]
    return log(*full, columns=COLUMNS)


def week(frame: pd.DataFrame, number: int) -> dict[str, float]:
    """Return the numbers of a week."""
    rows = frame[frame["period_start"] == pd.Timestamp(MONDAY + timedelta(weeks=number))]
    return dict(zip(rows["measure"], rows["value"], strict=True))


def of(*rows: tuple[Any, ...], query: Query = growth, **given: Any) -> pd.DataFrame:
    return compute(query, membership_events=moves(*rows), sources=WEEKS, **given)


W = 7 * 24


def test_by_hand() -> None:
    """Worked out on paper: A and B join in week 0, B leaves in 1, C joins in 1, B is back in 2."""
    found = of(
        ("A", 1, "join"), ("B", 2, "join"), ("B", W + 3, "leave"), ("C", W + 4, "join"),
        ("B", 2 * W + 5, "join"), ("C", 3 * W + 6, "kick"),
    )  # fmt: skip
    assert week(found, 0) == pytest.approx(
        {"joins": 2, "rejoins": 0, "leaves": 0, "net": 2, "members": 0, "leave_rate": np.nan},
        nan_ok=True,
    )
    assert week(found, 1) == {
        "joins": 1, "rejoins": 0, "leaves": 1, "net": 0, "members": 2, "leave_rate": 0.5,
    }  # fmt: skip
    assert week(found, 2) == {
        "joins": 1, "rejoins": 1, "leaves": 0, "net": 1, "members": 2, "leave_rate": 0.0,
    }  # fmt: skip
    assert week(found, 3) == {
        "joins": 0, "rejoins": 0, "leaves": 1, "net": -1, "members": 3, "leave_rate": 1 / 3,
    }  # fmt: skip
    assert (found["period_end"] - found["period_start"] == pd.Timedelta(days=7)).all()
    behind = found[found["period_start"] == "2024-01-08"].set_index("measure")["n"]
    assert behind["net"] == 2, "one came and one went"
    rate = found[(found["measure"] == "leave_rate") & (found["n"] == 3)].iloc[0]
    low, high = proportion_confint(1, 3, method="wilson")
    assert (rate["low"], rate["high"]) == pytest.approx((low, high))


def test_the_last_weeks_added_up() -> None:
    """Weeks 1 to 3 of the example above: 2 joins, 1 again, 2 leaves; 2 of 2 + 2 + 3 member-weeks."""
    found = of(
        ("A", 1, "join"), ("B", 2, "join"), ("B", W + 3, "leave"), ("C", W + 4, "join"),
        ("B", 2 * W + 5, "join"), ("C", 3 * W + 6, "kick"), query=growth_total, options={"weeks": 3},
    ).set_index("measure")  # fmt: skip
    assert found["value"].to_dict() == {
        "joins": 2, "rejoins": 1, "leaves": 2, "net": 0, "leave_rate": 2 / 7,
    }  # fmt: skip
    assert found["n"].to_dict() == {
        "joins": 2, "rejoins": 1, "leaves": 2, "net": 4, "leave_rate": 7,
    }  # fmt: skip
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-08")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-01-29")}
    low, high = proportion_confint(2, 7, method="wilson")
    assert found.loc["leave_rate", ["low", "high"]].tolist() == pytest.approx([low, high])


def test_who_was_there_before_the_data_begin_counts_at_the_start() -> None:
    people = roster(
        ("old", "2023-05-01 00:00:00", "api", None), ("gone", "2023-05-01 00:00:00", "api", "2023-06-01 00:00:00"),
        ("guess", "2023-05-01 00:00:00", "first_message", None),
        columns=("member_id", "joined_at", "joined_at_basis", "left_at"),
    )  # fmt: skip
    found = of(("A", 1, "join"), ("old", 9, "leave"), members=people)
    assert week(found, 0)["members"] == 1
    assert week(found, 0)["leave_rate"] == 1
    assert week(found, 1)["members"] == 1


def test_a_rate_of_everybody_and_of_nobody() -> None:
    """The one member leaves in week 2: a rate of 1; in week 3 nobody is there to leave."""
    one = [("A", 1, "join"), ("A", 2 * W + 1, "leave")]
    weekly = of(*one)
    assert [week(weekly, w)["leave_rate"] for w in (1, 2)] == [0, 1]
    assert np.isnan(week(weekly, 3)["leave_rate"])
    whole = of(*one[:1], ("A", 3 * W + 1, "leave"), query=growth_total, options={"weeks": 1})
    rate = whole.set_index("measure").loc["leave_rate"]
    assert (rate["value"], rate["n"]) == (1, 1)
    nobody = of(*one, query=growth_total, options={"weeks": 1}).set_index("measure")
    assert nobody.loc["leaves", "value"] == 0
    assert nobody.loc["leave_rate", ["value", "n", "low", "high"]].isna().all()


def test_without_a_leave_leaving_counts_as_unseen() -> None:
    """One on the day after the data end is none."""
    found = of(("A", 1, "join"), ("B", W, "join"), ("A", 4 * W, "leave"))
    total = of(("A", 1, "join"), ("B", W, "join"), query=growth_total).set_index("measure")
    assert total.loc["joins", "value"] == 2
    assert total.loc[["leaves", "net", "leave_rate"], "value"].isna().all(), "unseen is not none"
    assert week(found, 1)["joins"] == 1
    assert np.isnan([week(found, 1)[m] for m in ("leaves", "net", "members", "leave_rate")]).all()


def test_a_second_channel_is_no_joining_and_leaving_one_of_two_no_leaving() -> None:
    found = of(
        ("A", 1, "join", "x"), ("A", 2, "join", "y"), ("A", W, "leave", "x"),
        ("A", 2 * W, "leave", "y"),
    )  # fmt: skip
    assert [week(found, w)["joins"] for w in range(3)] == [1, 0, 0]
    assert [week(found, w)["leaves"] for w in range(3)] == [0, 0, 1]


def test_a_programs_connections_and_what_is_said_twice_do_not_count() -> None:
    found = of(
        ("A", 1, "join", "x", "connection"), ("B", 1, "join"), ("B", 5, "join"),
        ("B", W, "leave"), ("B", W + 1, "leave"), ("C", 1, "role"),
    )  # fmt: skip
    assert (week(found, 0)["joins"], week(found, 1)["leaves"]) == (1, 1)


def test_who_leaves_without_a_join_in_the_data_and_comes_back_joined_again() -> None:
    found = of(("A", 1, "leave"), ("A", W, "join"))
    assert week(found, 0)["leaves"] == 1
    assert (week(found, 1)["joins"], week(found, 1)["rejoins"]) == (1, 1)


def test_who_leaves_two_channels_that_no_join_into_is_seen_leaves_once() -> None:
    """A was in x and y all along, and came to z on the way: no join, and one leave, of the last."""
    found = of(
        ("A", 1, "leave", "x"), ("A", W, "join", "z"), ("A", 2 * W, "leave", "y"),
        ("A", 3 * W, "leave", "z"),
    )  # fmt: skip
    assert [week(found, w)["joins"] for w in range(4)] == [0, 0, 0, 0]
    assert [week(found, w)["leaves"] for w in range(4)] == [0, 0, 0, 1]
    assert [week(found, w)["members"] for w in range(4)] == [1, 1, 1, 1]


def test_members_at_the_start_are_those_of_roster_and_events_together() -> None:
    """B stands in the roster alone, C in events alone, D in both; E joined before the data begin.

    F left in spring and is back: her return is seen, so she is not there when week 0 begins.
    """
    people = roster(
        ("B", "2024-01-09 00:00:00", "api", "2024-01-17 00:00:00"),
        ("D", "2024-01-01 03:00:00", "event", None), ("E", "2023-05-01 00:00:00", "event", None),
        ("F", "2023-05-01 00:00:00", "api", "2023-06-01 00:00:00"),
        columns=("member_id", "joined_at", "joined_at_basis", "left_at"),
    )  # fmt: skip
    found = of(
        ("C", 1, "join"), ("D", 3, "join"), ("F", W + 1, "join"), ("C", 2 * W + 1, "leave"),
        members=people,
    )  # fmt: skip
    assert [week(found, w)["members"] for w in range(4)] == [1, 3, 5, 3]


def test_nobody_and_a_hole() -> None:
    holed = covering(("2024-01-01", "2024-01-09"), ("2024-01-11", "2024-01-28"))
    found = compute(growth, membership_events=moves(("A", 1, "join"))[:0], sources=holed)
    assert week(found, 0)["joins"] == 0
    assert np.isnan(week(found, 1)["joins"])
    assert np.isnan(week(found, 0)["leaves"])


@pytest.mark.parametrize(
    ("timezone", "day_start", "week_start", "first"),
    SUNDAY_NIGHT,
)
def test_a_join_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, first: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    found = compute(
        growth, membership_events=moves(("A", 6 * 24 + 17.5, "join")),
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    joined = found[(found["measure"] == "joins") & (found["value"] == 1)]
    assert [f"{day:%Y-%m-%d}" for day in joined["period_start"]] == [first]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"), st.integers(0, 4 * W - 1), st.sampled_from(["join", "leave"]),
            st.sampled_from("xy"),
        ),
        max_size=25,
        unique_by=lambda m: (m[0], m[1]),
    )
)  # fmt: skip
def test_the_same_as_walking_through_the_events(events: list[tuple[str, int, str, str]]) -> None:
    """An independent count: each member's set of channels, event by event.

    It begins with those channels of which the first that is heard is that they were left.
    """
    expected: dict[str, list[int]] = {k: [0] * 4 for k in ("joins", "rejoins", "leaves")}
    at_start = 0
    for who in "AB":
        mine = sorted(e for e in events if e[0] == who)
        first = {channel: action for _, _, action, channel in reversed(mine)}
        inside = {channel for channel, action in first.items() if action == "leave"}
        along = begun = bool(inside)
        for _, hour, action, channel in mine:
            before = set(inside)
            inside = inside | {channel} if action == "join" else inside - {channel}
            if inside and not before:
                expected["joins"][hour // W] += 1
                expected["rejoins"][hour // W] += begun
                begun = True
            elif before and not inside:
                expected["leaves"][hour // W] += 1
                at_start, along = at_start + along, False  # known of those who are seen leaving
    found = of(*events)
    for measure, numbers in expected.items():
        got = [week(found, w)[measure] for w in range(4)]
        if measure == "leaves" and not any(numbers):
            assert np.isnan(got).all()
        else:
            assert got == numbers, measure
    net = [week(found, w) for w in range(4)]
    if any(expected["leaves"]):
        assert all(n["net"] == n["joins"] - n["leaves"] for n in net)
        assert all(b["members"] == a["members"] + a["net"] for a, b in pairwise(net))
        assert net[0]["members"] == at_start


def test_the_sample_ends_with_as_many_as_its_roster() -> None:
    """Joins less leaves over the whole of the sample: who is on the roster at its end (README)."""
    with open_dataset() as sample:
        frame = sample.compute(growth)
        start = frame["period_start"].max()  # the last week is not whole: its start is known
        ended = frame[(frame["measure"] == "members") & (frame["period_start"] < start)]
        members = sample.engine.frame(
            "SELECT count(*) FILTER (joined_at < '2025-12-21 16:00:00' AND "
            "(left_at IS NULL OR left_at >= '2025-12-21 16:00:00')) AS n FROM members "
            "WHERE NOT is_staff AND NOT is_bot"
        )
    away = int(members["n"].iloc[0]) - ended["value"].iloc[-1]
    assert 0 <= away <= 2, "only those who are out between a leave and a return may differ"
