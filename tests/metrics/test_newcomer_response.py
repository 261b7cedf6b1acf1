"""Newcomer response: first messages answered, and whether those who were answered write again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, community, compute, covering, frames_of, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.metrics.newcomer_response import (
    answered_share,
    by_channel,
    compare,
    newcomer_response,
    within,
)
from shequn.paths import SAMPLE
from shequn.text import ShequnError

START = datetime(2024, 1, 1)  # a Monday
COVERED = covering(("2024-01-01", "2024-03-31"))
COLUMNS = ("message_id", "author_id", "ts", "reply_to_id", "thread_id")
PEOPLE = ("member_id", "joined_at", "joined_at_basis", "join_channel")
NOON = 12


def chat(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return messages from ``(id, author, hours since START[, reply to[, thread]])``."""
    full = [
        (name, who, str(START + timedelta(hours=hour)), *more, *(None,) * (2 - len(more)))
        for name, who, hour, *more in rows
    ]
    return log(*full, columns=COLUMNS)


def joined(*names: str, channel: str | None = None, hours: float = 0) -> pd.DataFrame:
    """Return members who were seen joining so many hours after START."""
    when = str(START + timedelta(hours=hours))
    return roster(*[(name, when, "event", channel) for name in names], columns=PEOPLE)


def newcomers(name: str, answered: bool, *again: int) -> list[tuple[Any, ...]]:
    """Return a first message at noon of the first day, an answer or none, and messages on days."""
    rows: list[tuple[Any, ...]] = [(f"{name}0", name, NOON)]
    if answered:
        rows.append((f"{name}r", "helper", NOON + 1, f"{name}0"))
    return [*rows, *[(f"{name}{day}", name, 24 * day) for day in again]]


def values(found: pd.DataFrame) -> dict[str, float]:
    return dict(zip(found["measure"], found["value"], strict=True))


def of(rows: list[tuple[Any, ...]], people: pd.DataFrame, **more: Any) -> pd.DataFrame:
    given = {"messages": chat(*rows), "members": people, "sources": COVERED}
    return compute(newcomer_response, **(given | more))


def fourfold(a: int, b: int, c: int, d: int, mark: str = "") -> list[tuple[Any, ...]]:
    """Return newcomers of the four kinds: answered or not, seen again or not."""
    rows: list[tuple[Any, ...]] = []
    for kind, (number, said, back) in enumerate(((a, 1, 1), (b, 1, 0), (c, 0, 1), (d, 0, 0))):
        for i in range(number):
            rows += newcomers(f"{mark}k{kind}n{i:02d}", bool(said), *((20,) if back else ()))
    return rows


def names(rows: list[tuple[Any, ...]]) -> list[str]:
    return sorted({r[1] for r in rows} - {"helper"})


# --- the statistics, against what is published ------------------------------------------------


def test_the_difference_and_its_interval_are_newcombes() -> None:
    """56 of 70 against 48 of 80: 0.20, from 0.0524 to 0.3339 (Newcombe 1998, method 10)."""
    value, low, high = compare(56, 14, 48, 32)["risk_difference"]
    assert value == pytest.approx(0.2)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_odds_ratio_of_newsgroups() -> None:
    """56% against 44% posted again (Joyce and Kraut 2006): 0.56 × 0.56 ÷ 0.44² = 1.62."""
    value, low, high = compare(56, 44, 44, 56)["odds_ratio"]
    assert value == pytest.approx(1.62, abs=0.002)
    assert low < 1.62 < high and low * high == pytest.approx(value**2)


def test_within_strata_is_mantel_and_haenszels() -> None:
    """Admissions to Berkeley 1973 by sex in six departments (Bickel et al. 1975).

    R's ``mantelhaen.test(UCBAdmissions)``: common odds ratio 0.9046968, 0.7719074 to 1.0603298.
    """
    departments = [
        (512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391), (138, 279, 131, 244),
        (53, 138, 94, 299), (22, 351, 24, 317),
    ]  # fmt: skip
    found = within(departments)
    assert found == pytest.approx((0.9046968, 0.7719074, 1.0603298), abs=2e-5)
    assert np.isnan(within(departments[:1])).all()
    assert np.isnan(within([(5, 0, 5, 5), (5, 0, 5, 5)])).all()  # nobody answered stayed away
    assert np.isnan(within([(0, 5, 5, 5), (0, 5, 5, 5)])).all()


# --- by hand ----------------------------------------------------------------------------------


def test_by_hand() -> None:
    """Nine of twelve answered wrote again, four of twelve others: 0.75 - 0.333, odds ratio 6."""
    rows = fourfold(9, 3, 4, 8)
    found = of(rows, joined(*names(rows)))
    assert values(found) == pytest.approx(
        {
            "first_answered": 12 / 24, "again_answered": 9 / 12, "again_unanswered": 4 / 12,
            "risk_difference": 5 / 12, "odds_ratio": 6, "odds_ratio_stratified": np.nan,
        },
        nan_ok=True,
    )  # fmt: skip
    assert found["n"].tolist()[:5] == [24, 12, 12, 24, 24]
    low, high = proportion_confint(9, 12, method="wilson")
    cell = row(found, measure="again_answered")
    assert (cell["low"], cell["high"]) == pytest.approx((low, high))


@pytest.mark.parametrize(("arm", "told"), [(10, True), (9, False)])
def test_a_comparison_needs_ten_on_each_side(arm: int, told: bool) -> None:
    rows = fourfold(6, 4 if told else 3, 5, 9)
    found = values(of(rows, joined(*names(rows))))
    assert np.isnan(found["odds_ratio"]) != told
    assert np.isnan(found["risk_difference"]) != told
    assert found["again_answered"] == pytest.approx(6 / arm)


def only(rows: list[tuple[Any, ...]], people: pd.DataFrame, **more: Any) -> tuple[float, float]:
    """Return how many were answered and how many newcomers there are."""
    found = of(rows, people, **more)
    answered, others = (row(found, measure=f"again_{a}")["n"] for a in ("answered", "unanswered"))
    return answered, answered + others


@pytest.mark.parametrize(
    ("late", "hours", "answered"),
    [(24, 24, 1), (24 + 1 / 3600, 24, 0), (2, 2, 1), (2.1, 2, 0), (168, 168, 1), (0, 24, 1)],
)
def test_in_time_is_to_the_second(late: float, hours: int, answered: int) -> None:
    rows = [("a", "A", NOON), ("r", "helper", NOON + late, "a")]
    assert only(rows, joined("A"), options={"hours": hours})[0] == answered


@pytest.mark.parametrize(("day", "back"), [(6, 0), (7, 1), (34, 1), (35, 0)])
def test_again_is_days_7_to_34(day: int, back: int) -> None:
    found = values(of(newcomers("A", False, day), joined("A")))
    assert found["again_unanswered"] == back


def test_a_newcomer_counts_once_34_days_are_over() -> None:
    rows, people = [r for name in "ABCDE" for r in newcomers(name, True)], joined(*"ABCDE")
    seen = covering(("2024-01-01", "2024-02-04"))  # day 0 to day 34
    assert row(of(rows, people, sources=seen), measure="again_answered")["n"] == 5
    short = of(rows, people, sources=covering(("2024-01-01", "2024-02-03")))
    assert row(short, measure="again_answered")["n"] == 0
    two = of(rows, people, sources=covering(("2024-01-01", "2024-01-02")))
    assert row(two, measure="first_answered")["n"] == 5  # a day is enough to be answered
    one = of(rows, people, sources=covering(("2024-01-01", "2024-01-01")))
    assert row(one, measure="first_answered")["n"] == 0


def named(*rows: tuple[str, Any, Any]) -> pd.DataFrame:
    return log(*rows, columns=("message_id", "target_id", "kind"))


def test_what_answers_a_first_message() -> None:
    people = joined("A")
    first, second = ("a", "A", NOON), ("b", "A", NOON + 1)
    other = ("x", "helper", NOON + 2)
    mention = {"mentions": named(("x", "A", "mention"))}
    assert only([first, other], people)[0] == 0
    assert only([first, other], people, **mention)[0] == 1
    assert only([first, other], people, mentions=named(("x", "A", None)))[0] == 1
    assert only([first, other], people, mentions=named(("x", "A", "all")))[0] == 0
    assert only([first, ("x", "helper", NOON - 2)], people, **mention)[0] == 0  # before it
    assert only([first, ("x", "A", NOON + 2)], people, **mention)[0] == 0  # named by oneself
    assert only([first, second, (*other, "b")], people)[0] == 0  # answers the second
    assert only([first, (*second, "a")], people)[0] == 0  # answered by oneself
    thread = [(*first, None, "T"), (*other, None, "T")]
    assert only(thread, people)[0] == 1
    reply = [
        ("q", "helper", 1),
        (*first, "q"),
        (*other, "a"),
    ]  # the first message is itself an answer
    assert only(reply, people)[0] == 1


def test_staff_do_not_answer() -> None:
    people = joined("A", "helper").assign(is_staff=[False, True])
    assert only(newcomers("A", True), people) == (0, 1)


def test_only_who_can_be_told_to_be_new() -> None:
    rows = newcomers("A", False)
    assert only(rows, joined("A"))[1] == 1
    assert only(rows, joined("A").assign(joined_at_basis="first_message"))[1] == 0
    assert only(rows, joined("A", hours=-1))[1] == 0  # joined before the data begin
    late = [("a", "A", 28 * 24 + NOON)]
    assert only(late, joined("B"))[1] == 1  # no joining seen, but 28 days of silence
    assert only([("a", "A", 28 * 24 - 1)], joined("B"))[1] == 0
    assert only([("a", "A", 2 * 24)], joined("B"), options={"history_days": 2})[1] == 1


def test_no_first_message_may_be_hidden_in_a_hole() -> None:
    holed = covering(
        ("2024-01-01", "2024-02-19"), ("2024-02-21", "2024-03-31")
    )  # day 50 is missing
    before, after = [("a", "A", 15 * 24)], [("a", "A", 51 * 24 + NOON)]
    assert only(before, joined("A"), sources=holed)[1] == 1
    assert (
        only([("a", "A", 16 * 24)], joined("A"), sources=holed)[1] == 0
    )  # not followed for 34 days
    assert only(after, joined("A"), sources=holed)[1] == 0  # may have written on day 50
    assert only(after, joined("A", hours=51 * 24), sources=holed)[1] == 1


@pytest.mark.parametrize("hours", [0, 169])
def test_an_answer_after_the_return_is_no_cause_of_it(hours: int) -> None:
    with pytest.raises(ShequnError):
        of(newcomers("A", True), joined("A"), options={"hours": hours})


def test_nobody() -> None:
    nothing = {"messages": chat(("q", "A", 1))[:0], "sources": COVERED}
    for query in (newcomer_response, by_channel, answered_share):
        found = compute(query, **nothing)
        assert len(found) and found["value"].isna().all()


# --- channels and blocks ----------------------------------------------------------------------


def test_within_channels_is_not_over_channels() -> None:
    """In each channel answering changes nothing (odds ratio 1 by hand); thrown together it seems to."""
    good, poor = fourfold(16, 4, 8, 2, "g"), fourfold(2, 8, 4, 16, "p")
    people = pd.concat([joined(*names(good), channel="good"), joined(*names(poor), channel="poor")])
    found = values(of([*good, *poor], people))
    assert found["odds_ratio_stratified"] == pytest.approx(1)
    assert found["odds_ratio"] == pytest.approx(18 * 18 / (12 * 12))
    shares = compute(by_channel, messages=chat(*good, *poor), members=people, sources=COVERED)
    assert row(shares, join_channel="good", arm="answered")["value"] == pytest.approx(0.8)
    assert row(shares, join_channel="poor", arm="unanswered")["value"] == pytest.approx(0.2)
    assert row(shares, join_channel="all_channels", arm="answered")["n"] == 30


@pytest.mark.parametrize(("other", "channel"), [((9, 3, 4, 8), None), ((6, 6, 0, 0), "y")])
def test_one_known_channel_with_both_sides_is_no_stratification(
    other: tuple[int, int, int, int], channel: str | None
) -> None:
    one, more = fourfold(9, 3, 4, 8, "x"), fourfold(*other, "o")
    people = pd.concat([joined(*names(one), channel="x"), joined(*names(more), channel=channel)])
    found = values(of([*one, *more], people))
    assert not np.isnan(found["odds_ratio"])
    assert np.isnan(found["odds_ratio_stratified"])


def channels(**sizes: tuple[int, int]) -> list[str]:
    """Return the groups told for channels with so many answered and unanswered newcomers."""
    rows, people = [], []
    for name, (answered, unanswered) in sizes.items():
        own = fourfold(answered, 0, unanswered, 0, name)
        rows += own
        people.append(joined(*names(own), channel=name))
    found = compute(by_channel, messages=chat(*rows), members=pd.concat(people), sources=COVERED)
    return list(dict.fromkeys(found["join_channel"]))


def test_small_channels_stand_together_and_cannot_be_found_by_subtraction() -> None:
    everyone = ["all_channels"]
    assert channels(a=(10, 10), b=(9, 30)) == [*everyone, "a", "other_channels"]
    assert channels(a=(10, 10), b=(11, 30), c=(4, 5)) == [*everyone, "b", "other_channels"]
    assert channels(a=(9, 9)) == everyone
    assert channels(a=(10, 10), b=(4, 9)) == everyone


def test_few_on_one_side_are_not_given_away_by_the_share_answered() -> None:
    rows = fourfold(2, 2, 6, 6)
    found = of(rows, joined(*names(rows)), smallest_group=5)
    assert row(found, measure="again_answered")["withheld"]
    assert found.loc[found["measure"] == "first_answered", ["value", "n"]].isna().all(axis=None)
    five = of(rows + newcomers("more", True), joined(*names(rows), "more"), smallest_group=5)
    assert row(five, measure="first_answered")["value"] == pytest.approx(5 / 17)


def test_blocks_of_weeks_end_where_answers_are_still_seen() -> None:
    rows = [
        ("a", "A", NOON), ("r", "helper", NOON + 1, "a"), ("b", "B", 6 * 24 + 23),
        ("c", "C", 7 * 24), ("d", "D", 20 * 24),
    ]  # fmt: skip
    people = joined("A", "B", "C", "D")
    seen = covering(("2024-01-01", "2024-01-21"))  # the third week's answers are not all in

    def blocks(weeks: int, **more: Any) -> list[list[float]]:
        given = {"messages": chat(*rows), "members": people, "sources": seen, **more}
        found = compute(answered_share, options={"weeks": weeks}, **given)
        return found[["value", "n"]].to_numpy().tolist()

    assert blocks(1) == [[0.5, 2], [0, 1]]
    assert blocks(2) == [[pytest.approx(1 / 3), 3]]
    assert blocks(1, sources=covering(("2024-01-01", "2024-01-22"))) == [[0.5, 2], [0, 1], [0, 1]]
    holed = covering(("2024-01-01", "2024-01-06"), ("2024-01-08", "2024-01-22"))
    assert np.isnan(blocks(1, sources=holed)[0]).all()


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_first_message_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    found = compute(
        answered_share, messages=chat(("a", "A", 6 * 24 + 17.5)), members=joined("A", hours=120),
        sources=covering(("2023-12-20", "2024-02-10")), options={"weeks": 1},
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    assert [f"{d:%Y-%m-%d}" for d in found.loc[found["n"] == 1, "period_start"]] == [week]


# --- against a list walked by hand ------------------------------------------------------------

talk = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.integers(0, 59), st.integers(-1, 20), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(talk)
def test_counts_are_those_of_a_list_walked_by_hand(rows: list[tuple[str, int, int, bool]]) -> None:
    rows = sorted(rows, key=lambda r: r[1])
    said = [
        (f"m{i:02d}", who, 24 * day + NOON, f"m{back:02d}" if 0 <= back < i else None)
        for i, (who, day, back, _) in enumerate(rows)
    ]
    named_rows = [
        (name, "A", "mention") for (name, *_), (*_, at) in zip(said, rows, strict=True) if at
    ]
    found = compute(
        newcomer_response, messages=chat(*said), members=joined(*"ABC"),
        mentions=named(*named_rows), sources=covering(("2024-01-01", "2024-03-10")),
    )  # fmt: skip
    arms: dict[bool, list[bool]] = {True: [], False: []}
    for member in "ABCDE":
        own = [r for r in said if r[1] == member]
        if not own or (member in "DE" and own[0][2] < 28 * 24):
            continue
        name, _, hour, _ = own[0]
        if hour // 24 > 70 - 35:
            continue
        names_a = {n for n, *_ in named_rows}
        answered = any(
            0 <= h - hour <= 24 and w != member and (b == name or (member == "A" and n in names_a))
            for n, w, h, b in said
        )
        arms[answered].append(any(7 <= h // 24 - hour // 24 < 35 for _, _, h, _ in own))
    for arm, back in arms.items():
        cell = row(found, measure="again_answered" if arm else "again_unanswered")
        assert cell["n"] == len(back)
        if back:
            assert cell["value"] == pytest.approx(sum(back) / len(back))


# --- the sample -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return json.loads((SAMPLE / "truth.json").read_text())


def test_the_sample_gives_back_its_odds_ratio_when_staff_count(truth: dict[str, Any]) -> None:
    tables = frames_of(SAMPLE)
    tables["members"]["is_staff"] = False
    with community(timezone="Asia/Shanghai", **tables) as data:
        found = data.compute(newcomer_response)
        shares = data.compute(by_channel)
    told = truth["newcomer_answer"]
    for measure, key in (
        ("odds_ratio", "pooled_odds_ratio_again"), ("again_answered", "pooled_p_again_answered"),
        ("again_unanswered", "pooled_p_again_unanswered"),
    ):  # fmt: skip
        cell = row(found, measure=measure)
        assert cell["low"] < told[key] < cell["high"], measure
    shown = shares[shares["join_channel"].isin(list(told["channels"]))]
    laws = [told["channels"][r.join_channel][f"p_again_{r.arm}"] for r in shown.itertuples()]
    outside = ((laws < shown["low"]) | (laws > shown["high"])).sum()
    assert len(shown) >= 8 and outside <= 1  # the staff, of no channel, may hide one among them


def test_without_staff_the_unanswered_hold_some_who_were_answered(truth: dict[str, Any]) -> None:
    """What can then be seen: each channel's truth, the host's newcomers among the unanswered."""
    tables = frames_of(SAMPLE)
    people = tables["members"].set_index("member_id")
    out = people.index[people["is_staff"].eq(True) | people["is_bot"].eq(True)]
    said = tables["messages"]
    first = said[said["channel_id"] == "intro"].drop_duplicates("author_id")
    seen = said[said["reply_to_id"].isin(first["message_id"]) & ~said["author_id"].isin(out)]
    asked = first.set_index("message_id")
    soon = seen["ts"].to_numpy() - asked.loc[seen["reply_to_id"], "ts"].to_numpy()
    visibly = set(asked.loc[seen["reply_to_id"][soon <= np.timedelta64(24, "h")], "author_id"])
    latent = pd.DataFrame({k: truth["latent"][k] for k in ("member_id", "answered", "silent")})
    again: dict[bool, list[float]] = {True: [], False: []}
    for member in latent[latent["silent"] == 0].itertuples():
        law = truth["newcomer_answer"]["channels"][people.loc[member.member_id, "join_channel"]]
        arm = "answered" if member.answered else "unanswered"
        again[member.member_id in visibly].append(law[f"p_again_{arm}"])
    p, q = np.mean(again[True]), np.mean(again[False])
    expected = p / (1 - p) / (q / (1 - q))
    assert expected < truth["newcomer_answer"]["pooled_odds_ratio_again"]  # paler than the truth
    with community(timezone="Asia/Shanghai", **tables) as data:
        cell = row(data.compute(newcomer_response), measure="odds_ratio")
    assert cell["low"] < expected < cell["high"]
