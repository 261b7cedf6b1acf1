"""Traffic quality: writing, week 4, leaving and bursts by channel, and each against all others."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import proportion_confint

from sampled import load
from shequn.calendar import Calendar
from shequn.dataset import open_dataset
from shequn.metrics.traffic_quality import COUNTS, MEASURES, against_others, traffic_quality
from shequn.paths import SAMPLE

FIRST = date(2024, 1, 1)
SOURCES = covering(("2024-01-01", "2024-03-31"))  # 91 days
COLUMNS = (
    "member_id", "joined_at", "joined_at_basis", "join_channel", "inviter_id", "left_at",
    "left_at_basis",
)  # fmt: skip


def noon(day: int, second: int = 0) -> str:
    return str(datetime(2024, 1, 1, 12, 0, 7) + timedelta(days=day, seconds=second))


def joined(
    channel: str | None, count: int, day: int = 0, *, apart: int = 61, inviter: str | None = None
) -> list[tuple[Any, ...]]:
    """Return so many members who joined on a day by a channel, some seconds apart."""
    return [
        (f"{channel}{day}-{i}", noon(day, apart * i), "event", channel, inviter, None, None)
        for i in range(count)
    ]


def wrote(channel: str, count: int, age: int, day: int = 0) -> list[tuple[str, str]]:
    """Return a message of each of the first members of a channel, so many days after joining."""
    return [(f"{channel}{day}-{i}", noon(day + age, 3600)) for i in range(count)]


def left(channel: str, count: int, age: int, day: int = 0) -> list[tuple[str, str, str]]:
    return [(f"{channel}{day}-{i}", noon(day + age, 7200), "leave") for i in range(count)]


def of(
    members: list[tuple[Any, ...]],
    messages: list[tuple[Any, ...]] | None = None,
    leaves: list[tuple[Any, ...]] | None = None,
    query: Any = traffic_quality,
    **given: Any,
) -> pd.DataFrame:
    events = log(*(leaves or []), columns=("member_id", "ts", "action"))
    whole = {"sources": SOURCES, "options": {"days": 0}, "membership_events": events, **given}
    return compute(
        query, members=roster(*members, columns=COLUMNS), messages=log(*(messages or [])), **whole
    )


def share(frame: pd.DataFrame, measure: str, channel: str = "a") -> float:
    return float(row(frame, measure=measure, channel=channel)["value"])


def test_by_hand() -> None:
    """Ten by a: 6 write at once, 3 of them in week 4, 2 silent ones leave on day 5. Eight by b."""
    found = of(
        [*joined("a", 10), *joined("b", 8)],
        [*wrote("a", 6, 1), *wrote("a", 3, 30), *wrote("b", 8, 2)],
        [("a0-8", noon(5), "leave"), ("a0-9", noon(5), "kick"), ("b0-0", noon(6), "leave")],
    )
    expected = {
        ("wrote_7", "a"): (6, 10), ("wrote_7", "b"): (8, 8), ("active_week_4", "a"): (3, 10),
        ("active_week_4", "b"): (0, 8), ("left_14", "a"): (2, 10), ("left_14", "b"): (1, 8),
        ("silent_left_14", "a"): (2, 10), ("silent_left_14", "b"): (0, 8),
        ("in_burst", "a"): (0, 10), ("in_burst", "b"): (0, 8),
    }  # fmt: skip
    assert len(found) == len(expected)
    for (measure, channel), (x, n) in expected.items():
        line = row(found, measure=measure, channel=channel)
        assert (line["value"], line["n"]) == (pytest.approx(x / n), n), (measure, channel)
        low, high = proportion_confint(x, n, method="wilson")
        assert (line["low"], line["high"]) == pytest.approx((low, high), abs=1e-9)


def test_the_days_of_writing_and_of_leaving_are_those_said() -> None:
    """A channel for each age, all of whose members write, or leave, on just that day."""
    writing, leaving = (0, 6, 7, 27, 28, 34, 35), (0, 13, 14, 40)
    found = of(
        [m for age in writing for m in joined(f"w{age}-", 6)]
        + [m for age in leaving for m in joined(f"l{age}-", 6)],
        [m for age in writing for m in wrote(f"w{age}-", 6, age)],
        [m for age in leaving for m in left(f"l{age}-", 6, age)],
    )
    for measure, letter, ages, inside in (
        ("wrote_7", "w", writing, (0, 6)), ("active_week_4", "w", writing, (28, 34)),
        ("left_14", "l", leaving, (0, 13)), ("silent_left_14", "l", leaving, (0, 13)),
    ):  # fmt: skip
        got = {age for age in ages if share(found, measure, f"{letter}{age}-") == 1}
        assert got == set(inside), measure
        assert all(share(found, measure, f"{letter}{a}-") == 0 for a in ages if a not in inside)


def test_a_word_before_leaving_is_not_silence_whenever_it_came() -> None:
    """Day 10 is not within 7 days, but it is a word before leaving on day 12."""
    found = of(joined("a", 6), wrote("a", 3, 10), left("a", 6, 12))
    assert (share(found, "wrote_7"), share(found, "silent_left_14")) == (0, 0.5)


def test_a_leave_before_joining_or_of_one_channel_of_two_is_none() -> None:
    members = joined("a", 6, 10)
    moves = [(f"a10-{i}", noon(d), m) for i in range(6) for d, m in ((2, "leave"), (10, "join"))]
    assert share(of(members, leaves=[*moves, *left("a", 1, 3, 10)]), "left_14") == 1 / 6
    rooms = [
        (f"a10-{i}", noon(day), action, room)
        for i in range(6)
        for day, action, room in ((10, "join", "x"), (10, "join", "y"), (12, "leave", "x"))
    ]
    events = log(
        *rooms,
        ("a10-0", noon(13), "leave", "y"),
        columns=("member_id", "ts", "action", "channel_id"),
    )
    assert share(of(members, membership_events=events), "left_14") == 1 / 6


def test_leaving_is_also_known_from_the_roster_but_not_when_inferred() -> None:
    def listed(basis: str | None, age: int) -> list[tuple[Any, ...]]:
        return [(*m[:5], noon(age), basis) for m in joined("a", 6)]

    assert share(of(listed("snapshot", 13)), "left_14") == 1
    assert share(of(listed("event", 14)), "left_14") == 0
    for basis in ("inferred", None):
        assert "left_14" not in set(of(listed(basis, 3))["measure"])


def test_without_a_single_leave_leaving_has_no_value() -> None:
    assert set(of(joined("a", 6))["measure"]) == {"wrote_7", "active_week_4", "in_burst"}


def test_only_joins_whose_days_are_over_and_covered_count() -> None:
    """91 days, 0 to 90: the last days that count are 90 - 6, 90 - 34, 90 - 13 and 90."""
    late = {"wrote_7": 84, "active_week_4": 56, "left_14": 77, "silent_left_14": 77, "in_burst": 90}
    found = of(
        [m for c, d in late.items() for m in [*joined(c, 6, d), *joined(c, 7, d + 1)]]
        + joined("b", 6),
        leaves=left("b", 1, 3),
    )
    for measure in late:
        assert row(found, measure=measure, channel=measure)["n"] == 6, measure
    # Day 31 unseen: week 4 of who joined on day 0 has a hole, that of day 4 begins after it.
    holed = covering(("2024-01-01", "2024-01-31"), ("2024-02-02", "2024-03-31"))
    found = of([*joined("a", 6), *joined("a", 7, 4)], sources=holed)
    assert row(found, measure="active_week_4", channel="a")["n"] == 7
    assert row(found, measure="wrote_7", channel="a")["n"] == 13


def test_only_the_last_days_count() -> None:
    found = of([*joined("a", 6, 60), *joined("a", 7, 61)], options={"days": 30})
    line = row(found, measure="wrote_7")
    assert (line["n"], line["period_start"]) == (7, pd.Timestamp("2024-03-02"))


def test_who_is_known_from_speaking_alone_is_not_asked_whether_they_speak() -> None:
    """Day 40, after 28 days of history: eight spoke first, their joining is not known."""
    members = [(f"s{i}", noon(40), "first_message", "a", None, None, None) for i in range(8)]
    messages = [(f"s{i}", noon(d)) for i in range(8) for d in (40, 70)]
    found = of(members, messages)
    assert found["measure"].tolist() == ["active_week_4"]
    assert found[["value", "n"]].iloc[0].tolist() == [1, 8]


# --- bursts


def test_a_burst_is_five_in_one_minute_of_the_clock() -> None:
    """From second 7: every 13 seconds the fifth comes at 59, every 14 in the next minute."""
    cases = {"five": (5, 13), "four": (4, 13), "over": (5, 14), "six": (6, 10)}
    found = of([
        m for c, (n, apart) in cases.items() for m in [*joined(c, n, apart=apart), *joined(c, 10, 1)]
    ])  # fmt: skip
    got = {c: share(found, "in_burst", c) for c in cases}
    assert got == pytest.approx({"five": 5 / 15, "four": 0, "over": 0, "six": 6 / 16})


def test_a_burst_is_of_one_channel_or_one_inviter() -> None:
    """Three by a and two by b in one minute: none, unless one member invited all five."""
    apart = [*joined("a", 3, apart=1), *joined("b", 2, apart=1)]
    others = [*joined("a", 5, 1), *joined("b", 5, 1)]
    assert not of([*apart, *others]).query("measure == 'in_burst'")["value"].any()
    invited = [(*m[:4], "host", None, None) for m in apart]
    found = of([*invited, *others])
    assert (share(found, "in_burst"), share(found, "in_burst", "b")) == (3 / 8, 2 / 7)
    found = of([*invited, *others], options={"days": 0, "burst": 6})
    assert share(found, "in_burst") == 0


def test_times_that_are_rounded_tell_of_no_burst() -> None:
    """All joined at midnight of their day, as where a roster has only dates."""
    days = [
        (f"m{i}", f"2024-01-{1 + i // 10:02d} 00:00:00", "api", c, None, None, None)
        for i, c in enumerate(["a", "b"] * 20)
    ]
    found = of([*days, *joined("exact", 8, apart=1)])
    bursts = found[found["measure"] == "in_burst"]
    assert bursts["channel"].tolist() == ["exact"]
    assert share(found, "in_burst", "exact") == 1
    half = [
        *days[:10],
        *[(f"x{i}", noon(3, 61 * i), "api", "a", None, None, None) for i in range(5)],
    ]
    assert share(of(half), "in_burst") == pytest.approx(5 / 10)  # just not more than half rounded


# --- order, small groups, nobody


def test_few_members_come_after_many_with_a_lower_share() -> None:
    """4 of 5 has a lower bound of 0.376, 150 of 200 one of 0.686."""
    found = of(
        [*joined("few", 5), *joined("many", 200)], [*wrote("few", 4, 1), *wrote("many", 150, 1)]
    )
    order = found[found["measure"] == "wrote_7"]
    assert order["channel"].tolist() == ["many", "few"]
    assert order["low"].tolist() == pytest.approx([0.686, 0.376], abs=1e-3)


def test_small_channels_are_together_and_withheld_groups_do_not_show_in_the_others() -> None:
    members = [
        *joined("a", 20),
        *joined("b", 20),
        *joined("c", 2),
        *joined("d", 3),
        *joined(None, 4),
    ]
    messages = [*wrote("a", 10, 1), *wrote("b", 5, 1), *wrote("None", 4, 1)]
    found = of(members, messages, smallest_group=5)
    mine = found[found["measure"] == "wrote_7"]
    assert set(mine["channel"]) == {"a", "b", "rest_channels", "unknown_channel"}
    assert row(mine, channel="rest_channels")["n"] == 5
    assert row(mine, channel="unknown_channel")["withheld"]
    compared = of(members, messages, query=against_others, smallest_group=5)
    mine = compared[compared["measure"] == "wrote_7"]
    assert set(mine["channel"]) == {"a", "b", "rest_channels"}
    assert row(mine, channel="a")["others"] == pytest.approx(5 / 25)  # the four unknown left out


def test_nobody() -> None:
    assert len(of([])) == len(of([], query=against_others)) == 0
    one = of(joined("a", 1), smallest_group=5)
    assert one["value"].isna().all() and set(one["channel"]) == {"rest_channels"}
    assert len(of(joined("a", 9), query=against_others)) == 0  # there are no others


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_day_begins_where_the_community_says(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """Joined 2024-01-07 15:30 UTC, wrote 2024-01-13 17:30: in Shanghai the 7th and the 14th.

    There the message falls on day 7. With days from four o'clock it is still the 13th, day 6, as
    it is in UTC and in New York.
    """
    members = [(f"a{i}", "2024-01-07 15:30:00", "event", "a", None, None, None) for i in range(5)]
    found = of(
        members, [(f"a{i}", "2024-01-13 17:30:00") for i in range(5)], timezone=timezone,
        day_start=day_start, week_start=week_start,
    )  # fmt: skip
    late = timezone == "Asia/Shanghai" and day_start == "00:00"
    assert share(found, "wrote_7") == (0 if late else 1)
    assert late == (week == "2024-01-08")


# --- against all others


def test_difference_by_hand() -> None:
    """4 of 40 against 18 of 60: 0.1 - 0.3, Newcombe's interval from the two Wilson ones.

    Newcombe (1998), method 10: d - sqrt((p1 - l1)² + (u2 - p2)²), d + sqrt((u1 - p1)² + (p2 - l2)²).
    """
    members = [*joined("a", 40), *joined("b", 60)]
    found = of(members, [*wrote("a", 4, 30), *wrote("b", 18, 30)], query=against_others)
    line = row(found, measure="active_week_4", channel="a")
    assert (line["value"], line["others"], line["n"]) == (pytest.approx(-0.2), 0.3, 40)
    (l1, u1), (l2, u2) = (proportion_confint(x, n, method="wilson") for x, n in ((4, 40), (18, 60)))
    assert line["low"] == pytest.approx(-0.2 - np.hypot(0.1 - l1, u2 - 0.3))
    assert line["high"] == pytest.approx(-0.2 + np.hypot(u1 - 0.1, 0.3 - l2))
    # Two channels are each other's others: one p, twice, so the adjusted one is the same.
    p = fisher_exact([[4, 36], [18, 42]])[1]
    assert found["adjusted"].tolist() == pytest.approx([p, p])
    assert found["value"].tolist() == pytest.approx([-0.2, 0.2])  # the lowest first
    # Nobody wrote within 7 days: that tells no channel from another.
    assert set(found["measure"]) == {"active_week_4"}


def counts_of(*channels: tuple[int, int]) -> pd.DataFrame:
    """Return an engine's counts: of n members of each channel x were active in week 4."""
    frame = pd.DataFrame(dict.fromkeys(COUNTS, 0), index=range(len(channels)))
    return frame.assign(
        day=FIRST, channel=[f"c{i:02d}" for i in range(len(channels))],
        active=[x for x, _ in channels], members=[n for _, n in channels],
    )  # fmt: skip


CALENDAR = Calendar(covered=frozenset(FIRST + timedelta(days=d) for d in range(40)))


def test_p_is_adjusted_by_the_procedure_of_benjamini_and_hochberg() -> None:
    """The k-th smallest of m raw p times m/k, then made not to fall: written out."""
    counts = counts_of((9, 50), (20, 50), (22, 50), (30, 60), (12, 40))
    found = against_others.complete(counts, CALENDAR, days=0)
    x, n = counts["active"].to_numpy(), counts["members"].to_numpy()
    raw = np.array([
        fisher_exact([[a, b - a], [x.sum() - a, n.sum() - b - x.sum() + a]])[1]
        for a, b in zip(x, n, strict=True)
    ])  # fmt: skip
    order = raw.argsort()
    steps = raw[order] * 5 / np.arange(1, 6)
    expected = np.empty(5)
    expected[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    adjusted = found.set_index("channel")["adjusted"].sort_index()
    assert adjusted.tolist() == pytest.approx(expected.tolist())
    assert raw.min() < adjusted.min()


def test_the_worst_of_ten_equal_channels_is_seldom_told_apart() -> None:
    """Twenty-five communities of ten channels that are all alike, with 80 members each.

    At the raw level of 0.05 nearly every second would have a "bad channel"; adjusted, at most
    0.05 of them: more than five of 25 have a probability of 0.001.
    """
    random = np.random.default_rng(3)
    raw = flagged = 0
    for _ in range(25):
        x = random.binomial(80, 0.25, 10)
        found = against_others.complete(counts_of(*[(int(i), 80) for i in x]), CALENDAR, days=0)
        flagged += bool((found["adjusted"] < 0.05).any())
        raw += any(
            fisher_exact([[i, 80 - i], [x.sum() - i, 720 - x.sum() + i]])[1] < 0.05 for i in x
        )
    assert flagged <= 5
    assert raw >= 6


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.integers(5, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=2, max_size=6,
    )
)  # fmt: skip
def test_differences_weighed_by_members_and_the_others_cancel(
    channels: list[tuple[int, int]],
) -> None:
    """Σ n_c (N - n_c) Δ_c = 0, and each difference lies in its interval with p at most 1."""
    counts = counts_of(*channels)
    found = against_others.complete(counts, CALENDAR, days=0)
    total = sum(n for _, n in channels)
    if sum(x for x, _ in channels) in (0, total):
        assert found.empty
        return
    assert len(found) == len(channels)
    assert (found["n"] * (total - found["n"]) * found["value"]).sum() == pytest.approx(0, abs=1e-6)
    assert (
        (found["low"] <= found["value"] + 1e-9) & (found["value"] <= found["high"] + 1e-9)
    ).all()
    assert found["adjusted"].between(0.0001, 1 + 1e-12).all()
    shares = traffic_quality.complete(counts, CALENDAR, days=0).set_index("channel")["value"]
    mine = found.set_index("channel")
    assert (mine["others"] + mine["value"]).sort_index().tolist() == pytest.approx(
        shares.sort_index().tolist()
    )


def test_the_sample_gives_back_who_stays_and_who_leaves() -> None:
    """``truth.json``: alive in week 4 by channel, posting in a week while alive, silent, quitting.

    Leaving falls on days 7 to 14 after joining for who falls silent in week 1; by the calendar up
    to one in seven of these is on day 14 already.
    """
    d = load(SAMPLE)
    with open_dataset() as sample:
        found = sample.compute(traffic_quality, days=0)
        compared = sample.compute(against_others, days=0)
    laws, posting = d.truth["life"], d.truth["posting"]["p_post_in_week_while_alive"]
    for channel, law in laws["channels"].items():
        people = d.people[d.people["join_channel"] == channel]
        curve = {True: law["alive_if_answered"], False: law["alive"]}
        alive = [curve[a][4] for a in people["answered"]]
        expected = posting * float(np.mean(np.where(people["silent"], 0, alive)))
        line = row(found, measure="active_week_4", channel=channel)
        assert line["low"] <= expected <= line["high"], channel
        line = row(found, measure="wrote_7", channel=channel)
        assert line["low"] <= (~people["silent"]).mean() <= line["high"], channel
        quits = np.mean([1 - curve[a][1] for a in people["answered"]]) * laws["quit_probability"]
        line = row(found, measure="left_14", channel=channel)
        assert line["low"] <= quits and quits * 6 / 7 <= line["high"], channel
    weeks = compared[compared["measure"] == "active_week_4"]
    assert weeks["channel"].iloc[0] == "paid_ads" and weeks["adjusted"].iloc[0] < 0.001
    assert (
        row(weeks, channel="referral")["adjusted"] < 0.05
        and weeks["channel"].iloc[-1] == "referral"
    )
    # Silence was drawn at random: no channel is told apart by it.
    assert (compared.loc[compared["measure"] == "wrote_7", "adjusted"] > 0.05).all()
    assert set(found["measure"]) == set(MEASURES)
