"""Response time: medians over all openings and over the answered, coverage, weeks, hours."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import (
    SUNDAY_NIGHT,
    community,
    compute,
    covering,
    frames_of,
    log,
    roster,
    row,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from shequn.metrics.response_time import (
    hourly_response,
    kaplan_meier,
    reply_basis,
    reply_coverage,
    response_curve,
    response_time,
    weekly_response,
)
from shequn.paths import SAMPLE

START = datetime(2024, 1, 1)  # a Monday
END = datetime(2024, 4, 1)
COVERED = covering(("2024-01-01", "2024-03-31"))
COLUMNS = ("message_id", "author_id", "ts", "reply_to_id", "thread_id", "channel_id")
ALL = {"days": 0}


def chat(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return messages from ``(id, author, time or hours since START[, reply to[, thread[, room]]])``."""
    full = []
    for name, who, when, *more in rows:
        at = when if isinstance(when, datetime) else START + timedelta(hours=when)
        full.append((name, who, str(at), *more, *(None,) * (3 - len(more))))
    return log(*full, columns=COLUMNS)


def asked_and_answered(*waits: float | None) -> pd.DataFrame:
    """Return one opening a day at noon by an author each, answered after so many hours, or never."""
    rows: list[tuple[Any, ...]] = []
    for i, wait in enumerate(waits):
        rows.append((f"q{i}", f"a{i:02d}", 24 * i + 12))
        if wait is not None:
            rows.append((f"r{i}", "helper", 24 * i + 12 + wait, f"q{i}"))
    return chat(*rows)


# Remission times in weeks of 21 leukaemia patients on 6-MP; + is censored. The standard example
# of the product-limit estimate since Gehan (1965), in Cox (1972); its median is 23.
ENDED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)


def remissions() -> pd.DataFrame:
    """Return the patients as openings, weeks as hours: the censored stand that long before the end."""
    ended = [
        chat((f"q{i}", f"a{i}", 24 * i), (f"r{i}", "x", 24 * i + t, f"q{i}"))
        for i, t in enumerate(ENDED)
    ]
    open_ = [chat((f"c{i}", f"b{i:02d}", END - timedelta(hours=t))) for i, t in enumerate(CENSORED)]
    return pd.concat([*ended, *open_])


def test_the_published_median_of_6_mp() -> None:
    """Median 23 over all, by hand 10 among the nine that ended: the survivors look quicker."""
    found = compute(response_time, messages=remissions(), sources=COVERED, options=ALL)
    everyone, ended = row(found, measure="median_all"), row(found, measure="median_answered")
    assert (everyone["value"], everyone["n"]) == (23, 21)
    assert (ended["value"], ended["n"]) == (10, 9)
    assert everyone["low"] <= 23
    assert np.isnan(ended["low"])  # of nine authors


def test_the_published_curve_of_6_mp() -> None:
    """Still in remission: 0.807 after 7 weeks, 0.753 after 10, 0.448 after 23 (Gehan 1965)."""
    found = compute(response_curve, messages=remissions(), sources=COVERED, options=ALL)
    for hours, left in ((4, 1), (8, 0.807), (12, 0.753), (24, 0.448)):
        cell = row(found, among="openings_all", age_hours=hours)
        assert cell["value"] == pytest.approx(1 - left, abs=5e-4)
        if hours > 4:
            assert cell["low"] <= cell["value"] <= cell["high"]
    assert row(found, among="openings_answered", age_hours=12)["value"] == pytest.approx(5 / 9)
    beyond = found[found["age_hours"] > 35]
    assert beyond["value"].isna().all() and beyond["low"].isna().all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=40))
def test_the_curve_is_that_of_statsmodels(waits: list[tuple[int, bool]]) -> None:
    times, ended = np.array([t for t, _ in waits]), np.array([e for _, e in waits])
    there = np.arange(1, 13)
    counts = [[((times == t) & (ended == which)).sum() for t in there] for which in (True, False)]
    ours = kaplan_meier(*(np.array(c, dtype=float) for c in counts))
    if ended.any():
        theirs = SurvfuncRight(times, ended.astype(int))
        for t, s in zip(theirs.surv_times, theirs.surv_prob, strict=True):
            assert ours[t - 1] == pytest.approx(s)
    else:
        assert (ours == 1).all()


def test_no_median_where_fewer_than_half_are_answered() -> None:
    found = compute(
        response_time,
        messages=asked_and_answered(2, 2, 2, *[None] * 8),
        sources=COVERED,
        options=ALL,
    )
    assert np.isnan(row(found, measure="median_all")["value"])
    assert row(found, measure="median_answered")["value"] == 2
    half = compute(
        response_time, messages=asked_and_answered(2, 3, None, None), sources=COVERED, options=ALL
    )
    assert row(half, measure="median_all")["value"] == 3  # just half is enough


def test_an_author_counts_once_and_an_age_includes_its_end() -> None:
    messages = asked_and_answered(1, 4, None).replace({"author_id": {"a01": "a00", "a02": "a00"}})
    found = compute(response_time, messages=messages, sources=COVERED, options=ALL)
    assert row(found, measure="median_all")["n"] == 1
    assert row(found, measure="median_answered")["n"] == 1
    curve = compute(response_curve, messages=messages, sources=COVERED, options=ALL)
    answered = curve[curve["among"] == "openings_answered"].set_index("age_hours")["value"]
    assert answered[[0.5, 1, 2, 4]].tolist() == [0, 0.5, 0.5, 1]


def coverage(messages: pd.DataFrame, sources: Any = COVERED, **more: Any) -> dict[str, float]:
    found = compute(reply_coverage, messages=messages, sources=sources, **{"options": ALL, **more})
    return dict(zip(found["measure"], found["value"], strict=True))


@pytest.mark.parametrize(
    ("wait", "within"),
    [
        (1, (1, 1, 1, 0)), (1 + 1 / 3600, (0, 1, 1, 0)), (24, (0, 1, 1, 0)),
        (24 + 1 / 3600, (0, 0, 1, 0)), (168, (0, 0, 1, 0)), (168 + 1 / 3600, (0, 0, 0, 0)),
        (672, (0, 0, 0, 0)), (672 + 1 / 3600, (0, 0, 0, 1)), (None, (0, 0, 0, 1)), (0, (1, 1, 1, 0)),
    ],
)  # fmt: skip
def test_within_is_to_the_second(wait: float | None, within: tuple[int, ...]) -> None:
    found = coverage(asked_and_answered(wait))
    assert tuple(found[m] for m in ("within_1h", "within_24h", "within_7d", "solo")) == within


@pytest.mark.parametrize("hours", [1, 24, 168, 672])
def test_an_opening_counts_once_the_data_follow_it_long_enough(hours: int) -> None:
    measure = {1: "within_1h", 24: "within_24h", 168: "within_7d", 672: "solo"}[hours]
    old = chat(("q", "A", END - timedelta(hours=hours)))
    assert not np.isnan(coverage(old)[measure])
    young = chat(("q", "A", END - timedelta(hours=hours) + timedelta(seconds=1)))
    assert np.isnan(coverage(young)[measure])


def test_what_opens_and_what_answers() -> None:
    """Openings q1, t1, own: 2 answered by others; by hand."""
    messages = chat(
        ("q1", "A", 1), ("a1", "B", 2, "q1"), ("a2", "C", 3, "a1"),  # a2 answers a1, no opening
        ("t1", "B", 5, None, "T"), ("t2", "B", 6, None, "T"), ("t3", "D", 7, None, "T"),
        ("own", "C", 9), ("self", "C", 10, "own"),  # nobody else
        ("late", "D", 0.5, "q1"),  # stamped before what it answers
        ("lost", "D", 11, "not in the export"),
    )  # fmt: skip
    found = compute(reply_coverage, messages=messages, sources=COVERED, options=ALL)
    seven = row(found, measure="within_7d")
    assert (seven["value"], seven["n"]) == (pytest.approx(2 / 3), 3)
    waited = compute(response_time, messages=messages, sources=COVERED, options=ALL)
    assert row(waited, measure="median_answered")["value"] == 1  # 1 h (a1) and 2 h (t3)
    assert row(waited, measure="median_all")["value"] == 2


def test_the_first_in_a_thread_is_its_opening_only_if_it_answers_nothing() -> None:
    messages = chat(("x", "A", 1, "gone", "T"), ("y", "B", 2, None, "T"))
    assert compute(reply_coverage, messages=messages, sources=COVERED, options=ALL)["n"].eq(0).all()


def test_staff_and_bots_neither_ask_nor_answer() -> None:
    people = roster(
        ("host", True, False), ("robot", False, True), ("A", False, False), ("B", None, None),
        columns=("member_id", "is_staff", "is_bot"),
    )  # fmt: skip
    messages = chat(
        ("q", "A", 1), ("1", "robot", 1, "q"), ("2", "host", 2, "q"), ("3", "B", 5, "q"),
        ("h", "host", 9),
    )  # fmt: skip
    found = compute(response_time, messages=messages, members=people, sources=COVERED, options=ALL)
    assert row(found, measure="median_all")[["value", "n"]].tolist() == [4, 1]


def test_what_comes_after_a_hole_is_no_known_answer() -> None:
    holed = covering(("2024-01-01", "2024-01-10"), ("2024-01-12", "2024-03-31"))
    before = START + timedelta(days=9, hours=12)  # 12 hours before the hole
    messages = chat(
        ("q", "A", before), ("r", "B", before + timedelta(days=3), "q"),
        ("in", "C", before + timedelta(days=1)),  # in the hole: no opening of a covered day
    )  # fmt: skip
    found = compute(reply_coverage, messages=messages, sources=holed, options=ALL)
    assert row(found, measure="within_1h")[["value", "n"]].tolist() == [0, 1]
    assert row(found, measure="within_24h")["n"] == 0
    curve = compute(response_curve, messages=messages, sources=holed, options=ALL)
    assert row(curve, among="openings_all", age_hours=12)["value"] == 0
    assert np.isnan(row(curve, among="openings_all", age_hours=24)["value"])
    last = messages.assign(ts=[str(before), str(before + timedelta(hours=12)), str(before)])
    answered = compute(response_time, messages=last, sources=holed, options=ALL)
    assert row(answered, measure="median_answered")["n"] == 0  # at the first moment of the hole


def test_only_the_last_days_and_the_room_asked_for() -> None:
    messages = chat(
        ("in", "A", END - timedelta(days=84), None, None, "help"),
        ("r", "B", END - timedelta(days=84) + timedelta(hours=2), "in", None, "help"),
        ("out", "C", END - timedelta(days=84, seconds=1), None, None, "help"),
        ("else", "D", END - timedelta(days=50), None, None, "lobby"),
    )
    found = compute(reply_coverage, messages=messages, sources=COVERED)
    assert row(found, measure="within_7d")[["value", "n"]].tolist() == [0.5, 2]
    help_ = compute(
        reply_coverage, messages=messages, sources=COVERED, options={"channel": "help", "days": 0}
    )
    assert row(help_, measure="within_7d")[["value", "n"]].tolist() == [0.5, 2]
    assert set(found["period_start"]) == {pd.Timestamp(END - timedelta(days=84))}


def test_nobody() -> None:
    nothing = chat(("q", "A", 1))[:0]
    for query in (response_time, reply_coverage, weekly_response, hourly_response):
        found = compute(query, messages=nothing, sources=COVERED)
        assert len(found) and found["value"].isna().all()
    for query in (response_curve, reply_basis):
        assert compute(query, messages=nothing, sources=COVERED).empty


def test_a_week_is_told_once_all_its_openings_are_old_enough() -> None:
    messages = asked_and_answered(*[1, None] * 14)  # four weeks of noons
    sources = covering(("2024-01-01", "2024-01-22"), ("2024-01-24", "2024-01-28"))
    found = compute(weekly_response, messages=messages, sources=sources)
    assert found["value"].isna().tolist() == [False, False, False, True]
    assert found["value"].tolist()[:2] == pytest.approx([4 / 7, 3 / 7])
    assert found["n"].tolist()[:2] == [7, 7]
    longer = compute(weekly_response, messages=messages, sources=sources, options={"hours": 25})
    assert longer["value"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_an_opening_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    found = compute(
        weekly_response, messages=chat(("q", "A", datetime(2024, 1, 7, 17, 30))),
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    assert [f"{d:%Y-%m-%d}" for d in found.loc[found["n"] == 1, "period_start"]] == [week]


@pytest.mark.parametrize("day_start", ["00:00", "04:30"])
def test_the_hour_is_that_of_the_clock_on_the_wall(day_start: str) -> None:
    """17:30 UTC is half past one in Shanghai, wherever the community's day begins."""
    found = compute(
        hourly_response, messages=chat(("q", "A", datetime(2024, 1, 7, 17, 30))),
        sources=COVERED, timezone="Asia/Shanghai", day_start=day_start, options=ALL,
    )  # fmt: skip
    assert found.loc[found["n"] == 1, "hour"].tolist() == [1]


def test_intervals_draw_authors_and_need_ten() -> None:
    one = asked_and_answered(*[1, None] * 5)  # ten authors, one opening each
    low, high = _bounds(one)
    assert low < 0.5 < high
    assert np.isnan(_bounds(one[one["author_id"] != "a09"])).all()
    again = one.assign(message_id=one["message_id"] + "b", reply_to_id=one["reply_to_id"] + "b")
    assert _bounds(pd.concat([one, again])) == (
        low,
        high,
    )  # the same people, twice as many openings
    everyone = _bounds(asked_and_answered(*[1] * 10))
    wanted = proportion_confint(10, 10, method="wilson")
    assert everyone == pytest.approx(wanted)


def _bounds(messages: pd.DataFrame) -> tuple[float, float]:
    found = compute(reply_coverage, messages=messages, sources=COVERED, options=ALL)
    cell = row(found, measure="within_24h")
    return cell["low"], cell["high"]


def test_solo_is_the_rest_with_its_bounds_turned_round() -> None:
    found = compute(
        reply_coverage,
        messages=asked_and_answered(*[1, None, None] * 5),
        sources=COVERED,
        options=ALL,
    )
    solo, week = row(found, measure="solo"), row(found, measure="within_7d")
    assert solo["value"] == pytest.approx(10 / 15)
    assert (solo["low"], solo["high"]) == pytest.approx((1 - week["high"], 1 - week["low"]))
    assert solo["low"] < solo["value"] < solo["high"]


def test_one_to_four_authors_are_withheld() -> None:
    given = {"sources": COVERED, "options": ALL, "smallest_group": 5}
    few = compute(reply_coverage, messages=asked_and_answered(1, 1, 1, None), **given)
    assert few["withheld"].all() and few["value"].isna().all()
    five = compute(reply_coverage, messages=asked_and_answered(1, 1, 1, None, None), **given)
    assert row(five, measure="within_1h")["value"] == pytest.approx(3 / 5)


def test_how_answers_are_known() -> None:
    messages = chat(
        ("q", "A", 1),
        ("1", "B", 2, "q"),
        ("2", "B", 3, "q"),
        ("3", "C", 4, "q"),
        ("4", "A", 5, "1"),
    )
    bases = [None, "inferred", "inferred", "explicit", None]
    found = compute(
        reply_basis, messages=messages.assign(reply_basis=bases), sources=COVERED, options=ALL
    )
    assert found[["reply_basis", "value", "n"]].to_numpy().tolist() == [
        ["reply_explicit", 1, 1], ["reply_inferred", 2, 1], ["reply_unknown", 1, 1],
    ]  # fmt: skip


events = st.tuples(
    st.sampled_from("ABCDEF"), st.integers(0, 400), st.integers(-1, 30), st.sampled_from([None, "T", "U"])
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(st.lists(events, min_size=1, max_size=30))
def test_coverage_is_what_a_list_walked_by_hand_gives(
    rows: list[tuple[str, int, int, Any]],
) -> None:
    rows = sorted(rows, key=lambda r: r[1])
    said = [
        (f"m{i:02d}", who, hour, f"m{back:02d}" if 0 <= back < i else None, thread)
        for i, (who, hour, back, thread) in enumerate(rows)
    ]
    sources = covering(("2024-01-01", "2024-01-17"))  # 17 days, 408 hours
    waits: dict[str, tuple[str, float | None, int]] = {}
    for i, (name, who, hour, back, thread) in enumerate(said):
        if back or (thread and any(other[4] == thread for other in said[:i])):
            continue
        replies = [
            h
            for _, w, h, b, t in said
            if w != who and h >= hour and (b == name or (t and t == thread))
        ]
        waits[name] = (who, min(replies) - hour if replies else None, 408 - hour)
    found = compute(reply_coverage, messages=chat(*said), sources=sources, options=ALL)
    for measure, within in (("within_1h", 1), ("within_24h", 24), ("within_7d", 168)):
        grown = [(who, w) for who, w, seen in waits.values() if seen >= within]
        cell = row(found, measure=measure)
        assert cell["n"] == len({who for who, _ in grown})
        if grown:
            good = sum(w is not None and w <= within for _, w in grown)
            assert cell["value"] == pytest.approx(good / len(grown))


def test_the_sample_gives_back_who_answers_first_posts() -> None:
    """Truth: 538 of 974 first posts were answered within a day, staff among those who answer."""
    truth = json.loads((SAMPLE / "truth.json").read_text())
    tables = frames_of(SAMPLE)
    tables["members"]["is_staff"] = False  # or the host's answers go
    with community(timezone="Asia/Shanghai", **tables) as data:
        found = data.compute(reply_coverage, days=0, channel="intro")
        hours = data.compute(hourly_response, days=0, channel="intro").set_index("hour")
    speakers = truth["latent"]["speakers"]
    day = row(found, measure="within_24h")
    assert day["n"] == pytest.approx(speakers, abs=3)  # but for those of the last day
    assert day["value"] * day["n"] == pytest.approx(truth["newcomer_answer"]["answered"], abs=3)
    told = truth["newcomer_answer"]
    first, last = told["host_hours_local"]
    evening = hours[(hours.index >= first) & (hours.index < last)]
    for group, share in (
        (evening, "p_answered_evening"),
        (hours.drop(evening.index), "p_answered_other_hours"),
    ):
        answered, asked = (group["value"] * group["n"]).sum(), group["n"].sum()
        error = np.sqrt(told[share] * (1 - told[share]) / asked)
        assert abs(answered / asked - told[share]) < 3 * error
