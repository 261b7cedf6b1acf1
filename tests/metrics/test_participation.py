"""Participation: shares of those there at the start, silence, messages per head, with a roster or not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, community, compute, covering, covering_days, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.metrics.participation import last_days, participation, typical_participation
from shequn.paths import SAMPLE

MONDAY = date(2024, 1, 1)
MONTH = covering(("2024-01-01", "2024-01-28"))  # four whole weeks
MOVE = ("member_id", "ts", "action", "channel_id", "method")
SHARES = ["participation", "silent_share", "gone_share"]
NEED_ROSTER = [*SHARES, "uncounted", "there", "silent", "messages_per_member"]


def stays(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return members from ``(member, joined at, basis, left at)``."""
    return roster(*rows, columns=("member_id", "joined_at", "joined_at_basis", "left_at"))


def listed(names: Iterable[str], **left: str) -> pd.DataFrame:
    """Return members listed since before the data begin; some left."""
    return stays(*[(m, "2023-12-01 00:00", "api", left.get(m)) for m in names])


def moved(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return log(*[(who, when, action, None, None) for who, when, action in rows], columns=MOVE)


def share(frame: pd.DataFrame, days: int, day: int) -> tuple[float, float]:
    """Return the share of the period that begins on a day of January, and its members."""
    found = row(frame, days=days, period_start=pd.Timestamp(2024, 1, day))
    return found["value"], found["n"]


def window(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    return frame[frame["days"] == days].set_index("measure")


# --- by hand

# A to E are there from before; F joins on 3 January, E leaves on the 9th and comes to write once
# more; what C writes when the data have ended does not count.
WORLD: dict[str, Any] = {
    "members": pd.concat(
        [listed("ABCDE", E="2024-01-09 12:00"), stays(("F", "2024-01-03 10:00", "event", None))]
    ),
    "membership_events": moved(("F", "2024-01-03 10:00", "join")),
    "messages": log(
        ("A", "2024-01-01 00:00:00"), ("A", "2024-01-01 09:00"), ("B", "2024-01-01 23:59:59"),
        ("F", "2024-01-03 11:00"), ("F", "2024-01-04 11:00"), ("E", "2024-01-09 08:00"),
        ("E", "2024-01-10 08:00"), ("A", "2024-01-28 10:59:59"), ("A", "2024-01-28 11:00"),
        ("C", "2024-01-29 00:00:00"),
    ),
    "sources": MONTH,
}  # fmt: skip


def test_days_and_weeks_by_hand() -> None:
    """Five there on 1 January, six from the 4th, five again from the 10th: worked out on paper."""
    frame = compute(participation, **WORLD)
    assert share(frame, 1, 1) == (2 / 5, 5)
    assert share(frame, 1, 2) == (0, 5)
    assert share(frame, 1, 3) == (0, 5), "F came during the day"
    assert share(frame, 1, 4) == (1 / 6, 6)
    assert share(frame, 1, 9) == (1 / 6, 6), "E was there when the day began"
    assert share(frame, 1, 10) == (0, 5), "and is not any more"
    assert share(frame, 1, 28) == (1 / 5, 5)
    assert [share(frame, 7, d) for d in (1, 8, 15, 22)] == [
        (2 / 5, 5),
        (1 / 6, 6),
        (0, 5),
        (0.2, 5),
    ]
    first = row(frame, days=7, period_start=pd.Timestamp("2024-01-01"))
    low, high = proportion_confint(2, 5, method="wilson")
    assert (first["low"], first["high"]) == pytest.approx((low, high))
    assert first["period_end"] == pd.Timestamp("2024-01-08")
    assert len(frame) == 28 + 4


def test_the_last_days_by_hand() -> None:
    """28 days from 1 January: of A to E, three wrote (2 + 2, 1 and 2 messages), C and D did not.

    F came later. Messages: 9 by four speakers in the eight clock hours 0, 9 and 23 of the 1st, one
    each of the 3rd, 4th, 9th and 10th, and 10 and 11 of the 28th: nine hours.
    """
    both = compute(last_days, **WORLD)
    frame, weekly = window(both, 28), window(both, 7)
    value = frame["value"].to_dict()
    assert [value[m] for m in SHARES] == [3 / 5, 2 / 5, 0]
    assert (value["speakers"], value["uncounted"], value["there"], value["silent"]) == (4, 1, 5, 2)
    assert value["messages_per_member"] == 7 / 5
    assert value["messages_per_speaker"] == 9 / 4
    assert value["messages_per_hour"] == 9 / 9
    assert frame["n"].to_dict() == {
        **dict.fromkeys([*SHARES, "there", "messages_per_member"], 5), "silent": 2, "uncounted": 1,
        **dict.fromkeys(["speakers", "messages_per_speaker", "messages_per_hour"], 4),
    }  # fmt: skip
    low, high = proportion_confint(2, 5, method="wilson")
    assert frame.loc["silent_share", ["low", "high"]].tolist() == pytest.approx([low, high])
    assert set(frame["period_start"]) == {pd.Timestamp("2024-01-01")}
    assert set(frame["period_end"]) == {pd.Timestamp("2024-01-29")}
    week = weekly["value"]
    assert (week["there"], week["participation"], week["speakers"]) == (5, 1 / 5, 1)
    assert set(weekly["period_start"]) == {pd.Timestamp(2024, 1, 22)}


def test_the_page_s_exercise() -> None:
    """Ten members; three write 4, 2 and 1, one leaves unheard, a newcomer writes 3.

    Of the ten, 0.3 wrote, 0.6 were silent, 0.1 left. Per member 7 ÷ 10, per speaker 10 ÷ 4.
    """
    written = {"A": 4, "B": 2, "C": 1, "N": 3}
    frame = compute(
        last_days,
        members=pd.concat(
            [
                listed("ABCDEFGHIJ", J="2024-01-25 09:00"),
                stays(("N", "2024-01-23 09:00", "event", None)),
            ]
        ),
        messages=log(*[(m, "2024-01-24 12:00") for m, k in written.items() for _ in range(k)]),
        sources=MONTH,
    )
    value = window(frame, 7)["value"]
    assert [value[m] for m in SHARES] == pytest.approx([0.3, 0.6, 0.1])
    assert value["messages_per_member"] == pytest.approx(0.7)
    assert value["messages_per_speaker"] == 2.5


@pytest.mark.parametrize(
    ("when", "silent", "gone"),
    [
        ("2024-01-21 23:59:59", 2, 0),  # was gone before the window
        ("2024-01-22 00:00:00", 2, 1),  # its first second
        ("2024-01-28 23:59:59", 2, 1),  # its last
        ("2024-01-29 00:00:00", 3, 0),  # the data do not reach so far
    ],
)
def test_silent_is_who_stayed_through_the_whole_window(when: str, silent: int, gone: int) -> None:
    frame = compute(last_days, members=listed("ABC", C=when), messages=log(), sources=MONTH)
    value = window(frame, 7)["value"]
    assert value["silent"] == silent
    assert value["gone_share"] == pytest.approx(gone / (silent + gone))


def test_who_left_and_came_back_within_the_window_left() -> None:
    there_and_back = moved(("A", "2024-01-23 10:00", "leave"), ("A", "2024-01-25 10:00", "join"))
    same_day = moved(("B", "2024-01-23 10:00", "leave"), ("B", "2024-01-23 11:00", "join"))
    frame = compute(
        last_days, members=listed("ABC"), membership_events=pd.concat([there_and_back, same_day]),
        messages=log(), sources=MONTH,
    )  # fmt: skip
    value = window(frame, 7)["value"]
    assert (value["there"], value["silent"]) == (3, 2), "B was there at the end of every day"
    frame = compute(
        participation, members=listed("ABC"), membership_events=there_and_back, messages=log(),
        sources=MONTH,
    )  # fmt: skip
    assert [share(frame, 1, d)[1] for d in (23, 24, 25, 26)] == [3, 2, 2, 3]


def test_the_median_day() -> None:
    """Ten members; 1, 2, 3 and 4 of them write on the last four days: medians of 3 and 4 days."""
    names = "ABCDEFGHIJ"
    written = log(*[(names[i], f"2024-01-{25 + d}") for d in range(4) for i in range(d + 1)])
    with community(members=listed(names), messages=written, sources=MONTH) as data:
        found = {d: data.compute(typical_participation, days=d).iloc[0] for d in (3, 4)}
    medians = {d: f["value"] for d, f in found.items()}
    assert medians == pytest.approx({3: 0.3, 4: 0.25})
    assert found[3]["period_start"] == pd.Timestamp("2024-01-26")
    assert (found[3]["period_end"], found[3]["n"]) == (pd.Timestamp("2024-01-29"), 10)


# --- what is not known


def test_without_a_whole_roster_only_speakers_speak() -> None:
    """19 of 20 seen joining are enough, 18 of 20 are not; nor is no roster at all."""
    joined = [(f"m{i}", "2023-12-01", "registration", None) for i in range(19)]
    twenty = stays(*joined, ("m19", "2024-01-02", "first_message", None))
    spoken = log(("m0", "2024-01-24"), ("m0", "2024-01-25"), ("m19", "2024-01-25"))
    tables = {"messages": spoken, "sources": MONTH}
    whole = window(compute(last_days, members=twenty, **tables), 7)["value"]
    assert whole["participation"] == 1 / 19, "who was only noticed by speaking is no member"
    assert whole["uncounted"] == 1
    lacking = window(compute(last_days, members=twenty[1:], **tables), 7)["value"]
    assert lacking[NEED_ROSTER].isna().all()
    with community(**tables) as data:
        value = window(data.compute(last_days), 7)["value"]
        series, middle = data.compute(participation), data.compute(typical_participation)
    assert value[NEED_ROSTER].isna().all()
    assert (value["speakers"], value["messages_per_speaker"]) == (2, 1.5)
    assert series[["value", "n", "low", "high"]].isna().all(axis=None)
    assert len(series) == 28 + 4
    assert middle["value"].isna().all()


def test_unseen_days_have_no_value() -> None:
    holed = covering(("2024-01-01", "2024-01-16"), ("2024-01-18", "2024-01-28"))
    with community(**{**WORLD, "sources": holed}) as data:
        frame, last = data.compute(participation), data.compute(last_days)
        middle = data.compute(typical_participation)
    assert np.isnan(share(frame, 1, 17)).all()
    assert share(frame, 1, 18) == (0, 5)
    assert [np.isnan(share(frame, 7, d)[0]) for d in (1, 8, 15, 22)] == [False, False, True, False]
    assert window(last, 28)[["value", "n", "low", "high"]].isna().all(axis=None)
    assert window(last, 7).loc["speakers", "value"] == 1
    assert middle["value"].iloc[0] == 0  # of 27 days


def test_nobody() -> None:
    with community(messages=log(), sources=MONTH) as data:
        frame, last = data.compute(participation), data.compute(last_days)
    assert frame["value"].isna().all()
    assert last["value"].dropna().to_dict() == {0: 0, 10: 0}, "no speakers in 7 and in 28 days"
    # Members who come when the data end have not been there when any period began.
    late = stays(*[(m, "2024-01-28 09:00", "api", None) for m in "ABCDE"])
    with community(messages=log(), members=late, sources=MONTH) as data:
        frame, last = data.compute(participation), data.compute(last_days)
    assert frame["value"].isna().all()
    assert window(last, 28)["value"][["there", "silent"]].tolist() == [0, 0]
    assert window(last, 28)["value"][[*SHARES, "messages_per_member"]].isna().all()


def test_one_to_four_are_withheld() -> None:
    last = window(compute(last_days, **WORLD, smallest_group=5), 28)
    assert last.loc[["speakers", "uncounted", "silent"], "withheld"].all()
    assert last.loc["messages_per_speaker", ["value", "low", "high"]].isna().all()
    assert last.loc["participation", "value"] == 3 / 5, "a share of five people"


def test_robots_staff_and_notices_do_not_count() -> None:
    people = listed("ABCDEF").assign(is_bot=[None] * 5 + [True])
    spoken = log(
        ("A", "2024-01-24", "text"), ("B", "2024-01-24", "system"), ("F", "2024-01-24", "text"),
        columns=("author_id", "ts", "kind"),
    )  # fmt: skip
    frame = compute(last_days, members=people, messages=spoken, sources=MONTH)
    assert window(frame, 7)["value"][["speakers", "there"]].tolist() == [1, 5]


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "first"), SUNDAY_NIGHT)
def test_a_message_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, first: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    frame = compute(
        participation, members=listed("ABCDE"), messages=log(("A", "2024-01-07 17:30:00")),
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    some = frame[(frame["days"] == 7) & (frame["value"] > 0)]
    assert [f"{day:%Y-%m-%d}" for day in some["period_start"]] == [first]
    assert some["value"].tolist() == [1 / 5]


# --- messages per head


def test_the_interval_of_a_mean_is_that_of_members_drawn_anew() -> None:
    """50 write one message, 50 write nine: mean 5, standard error 4 ÷ √100 = 0.4, so 5 ± 0.78."""
    names = [f"m{i}" for i in range(100)]
    spoken = log(*[(m, "2024-01-25") for i, m in enumerate(names) for _ in range(1 + 8 * (i % 2))])
    frame = window(compute(last_days, members=listed(names), messages=spoken, sources=MONTH), 7)
    for measure in ("messages_per_member", "messages_per_speaker"):
        found = frame.loc[measure]
        assert found["value"] == 5
        assert (found["high"] - found["low"]) / 2 == pytest.approx(1.96 * 0.4, rel=0.15)


def test_the_order_in_which_an_engine_gives_rows_does_not_matter() -> None:
    with community(**WORLD) as data:
        tables = [data.table(name) for name in last_days.tables]
        counts = data._run(last_days.expression(*tables, calendar=data.calendar))
        one = last_days.complete(counts, data.calendar)
        other = last_days.complete(counts.sample(frac=1, random_state=3), data.calendar)
    pd.testing.assert_frame_equal(one, other)


# --- against a count by brute force

# Many members in few examples: an example costs two queries, a member nothing.
UNLISTED, HEARD, QUIET = (
    [f"{kind}{i}" for i in range(n)] for kind, n in (("u", 8), ("h", 8), ("q", 400))
)
anybody = st.sampled_from(UNLISTED + HEARD)
signs = st.lists(
    st.tuples(anybody, st.integers(-5, 34), st.sampled_from(["join", "leave"])), max_size=60,
    unique_by=lambda s: s[:2],
)  # fmt: skip
speech = st.lists(st.tuples(anybody, st.integers(-3, 40)), max_size=80)


@settings(max_examples=5, deadline=None)
@given(signs, speech, st.integers(1, 33))
def test_equals_a_count_by_sets(
    signs: list[tuple[str, int, str]], speech: list[tuple[str, int]], hole: int
) -> None:
    """35 days with a hole of one; so many are listed and quiet that the roster counts as whole."""
    known = [*HEARD, *QUIET]
    mine = {m: sorted(s for s in signs if s[0] == m) for m in known + UNLISTED}

    def stamp(day: int, hour: int) -> str:
        return f"{MONDAY + timedelta(days=day)} {hour:02d}:00:00"

    def there(member: str, day: int) -> bool:
        """Tell whether somebody is there when a day begins."""
        before = [action for _, when, action in mine[member] if when < day]
        if before:
            return before[-1] == "join"
        if member in known:
            return True
        return bool(mine[member]) and mine[member][0][2] == "leave"

    seen = [d for d in range(35) if d != hole]
    with community(
        members=listed(known),
        membership_events=moved(*[(m, stamp(d, 10), action) for m, d, action in signs]),
        messages=log(*[(m, stamp(d, 9)) for m, d in speech]),
        sources=covering_days(MONDAY + timedelta(days=d) for d in seen),
    ) as data:
        frame, last = data.compute(participation), data.compute(last_days)
    spoke = [{m for m, d in speech if d == day} for day in range(35)]
    for days in (1, 7):
        for start in range(0, 35, days):
            found = row(frame, days=days, period_start=pd.Timestamp(MONDAY + timedelta(days=start)))
            if start <= hole < start + days:
                assert np.isnan(found["value"])
                continue
            began = {m for m in mine if there(m, start)}
            wrote = set().union(*spoke[start : start + days])
            assert found["n"] == len(began)
            assert found["value"] == len(began & wrote) / len(began)
    for days in (7, 28):
        value = window(last, days)["value"]
        if hole >= 35 - days:
            assert value.isna().all()
            continue
        began = {m for m in mine if there(m, 35 - days)}
        stayed = {m for m in began if all(there(m, d) for d in range(36 - days, 36))}
        wrote = {m for m, d in speech if 35 - days <= d < 35}
        assert value["silent"] == len(stayed - wrote)
        assert value["uncounted"] == len(wrote - began)
        assert value[SHARES].sum() == pytest.approx(1)
        texts = sum(m in began for m, d in speech if 35 - days <= d < 35)
        assert value["messages_per_member"] == pytest.approx(texts / len(began))


# --- the sample


def test_the_sample_gives_its_truth_back() -> None:
    """Of those there 28 days before the end: how many should have written, by each one's own law.

    truth.json has each member's life in whole weeks since joining and posts a day while alive;
    over whole weeks the hours of the day even out, and posts are Poisson. Whoever joins posts
    once more, on the first day, which lies before the window for everybody counted.
    """
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    latent = pd.DataFrame(
        {k: truth["latent"][k] for k in ("member_id", "life_weeks", "posts_a_day")}
    )
    members = pd.read_csv(SAMPLE / "members.csv").merge(latent, on="member_id")
    end = pd.Timestamp("2025-12-31 16:00")
    start = end - pd.Timedelta(days=28)
    away = {m for m, left, back in truth["dirt"]["rejoins"]
            if pd.Timestamp(left[:-1]) < start < pd.Timestamp(back[:-1])}  # fmt: skip
    joined, left = (
        pd.to_datetime(members[c]).dt.tz_localize(None) for c in ("joined_at", "left_at")
    )
    mine = (joined < start) & ~(left < start) & ~members["member_id"].isin(away)
    dies = joined + pd.to_timedelta(7 * members["life_weeks"].clip(upper=2000), unit="D")
    alive = ((dies.clip(upper=end) - start) / pd.Timedelta(days=1)).clip(lower=0)[mine]
    rate = (members["posts_a_day"][mine] * alive).to_numpy(float)
    p = 1 - np.exp(-rate)
    with open_dataset() as sample:
        found = window(sample.compute(last_days), 28)
    assert found.loc["there", "value"] == mine.sum()
    wrote = found.loc["participation"]
    assert wrote["low"] <= p.mean() <= wrote["high"]
    per = found.loc["messages_per_member"]
    assert per["low"] <= rate.mean() <= per["high"]
