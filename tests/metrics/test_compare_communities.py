"""Comparison of groups: ages, windows, standardising, verdicts, ranks, kinds."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from engines import compute, covering, log, row
from groups_hand import (
    CALENDAR,
    COVERED,
    DAYS,
    FIRST,
    LAST,
    START,
    counted,
    counts_of,
    finished,
    measures,
    said,
)

from shequn.calendar import Calendar
from shequn.metrics import Query
from shequn.metrics.compare_communities import (
    by_kind,
    compare_communities,
    league_table,
    overview,
)

# Days 0 to 167: the base window is 112 to 139, the last one 140 to 167.
NAN = float("nan")
QUERIES = [compare_communities, overview, league_table, by_kind]


def cells(counts: pd.DataFrame) -> dict[tuple[str, int], tuple[int, int]]:
    """Return people and kept by group and band of age."""
    keys = zip(counts["channel_id"], counts["age"].astype(int), strict=True)
    values = zip(counts["people"].astype(int), counts["kept"].astype(int), strict=True)
    return dict(zip(keys, values, strict=True))


# --- who counts, how old, and who is kept ------------------------------------------------------


def test_ages_at_their_bounds() -> None:
    """Each person alone in a group: 27, 28, 83 and 84 days old at the start of the last window."""
    ages = {"a": (27, 0), "b": (28, 1), "c": (83, 1), "d": (84, 2)}
    rows = [(who, who, day) for who, (age, _) in ages.items() for day in (LAST - age, LAST - 10)]
    found = cells(counted(messages=said(*rows)))
    assert found == {(who, band): (1, 0) for who, (_, band) in ages.items()}


def test_who_is_there_at_the_start_of_the_data_is_old() -> None:
    """84 covered days: base window 28 to 55, the last from 56. Days 0 to 27 make everybody old."""
    seen = covering((str(FIRST), str(FIRST + timedelta(days=83))))
    messages = said(*((f"{day}", f"{day}", d) for day in (27, 28, 29) for d in (day, 50)))
    found = cells(counted(messages=messages, sources=seen))
    assert found == {("27", 2): (1, 0), ("28", 1): (1, 0), ("29", 0): (1, 0)}


def test_with_no_more_history_than_needed_everybody_is_old() -> None:
    """28 covered days and windows of 7: the base window is 14 to 20."""
    seen = covering((str(FIRST), str(FIRST + timedelta(days=27))))
    found = counted(messages=said(("a", "x", 20)), sources=seen, options={"days": 7})
    assert cells(found) == {("x", 2): (1, 0)}


def test_windows() -> None:
    """Each person alone in a group, by the days they write on: in the base window, kept, new."""
    worlds = {
        (START - 1,): None,
        (START,): (1, 0),
        (LAST - 1,): (0, 0),
        (LAST,): None,
        (LAST - 1, LAST): (0, 1),
        (LAST - 1, DAYS - 1): (0, 1),
        (LAST - 1, DAYS): (0, 0),  # after the covered days
        (-1, LAST - 1): (0, 0),  # before them
        (START, START + 1, LAST, LAST + 1): (1, 1),
    }
    rows = [(f"{days}", f"{days}", day) for days in worlds for day in days]
    wanted = {(f"{days}", known[0]): (1, known[1]) for days, known in worlds.items() if known}
    assert cells(counted(messages=said(*rows))) == wanted


def test_two_windows_are_data_enough() -> None:
    """56 covered days: the base window begins with them. Ten people a group, on the first day."""
    seen = covering((str(FIRST), str(FIRST + timedelta(days=55))))
    rows = [(f"{g}{i}", g, day) for g in "xy" for i in range(10) for day in (0, 28 * (i % 2))]
    frame = compute(compare_communities, messages=said(*rows), sources=seen)
    assert frame["n"].tolist() == [10, 10]
    assert frame["crude"].tolist() == [0.5, 0.5]
    assert frame["value"].tolist() == pytest.approx([1, 1])
    short = covering((str(FIRST), str(FIRST + timedelta(days=54))))
    found = compute(compare_communities, messages=said(*rows), sources=short)
    assert set(found["verdict"]) == {"not_covered"}


def test_a_person_counts_in_each_group_with_the_age_there() -> None:
    messages = said(
        ("a", "x", 40), ("a", "x", 120), ("a", "y", 130), ("a", "x", 150), ("b", "y", 130),
        ("b", "x", 150), ("c", None, 130), ("c", None, 150),
    )  # fmt: skip
    assert cells(counted(messages=messages)) == {("x", 2): (1, 1), ("y", 0): (2, 0)}


@pytest.mark.parametrize(("timezone", "kept"), [("UTC", 0), ("Asia/Shanghai", 1)])
def test_midnight_of_the_community(timezone: str, kept: int) -> None:
    """A second message at 17:30 UTC of day 139 belongs to day 140 in Shanghai, and keeps.

    Sources cover noon of the first to noon of the last day, the same days on both clocks.
    """
    end = FIRST + timedelta(days=DAYS - 1)
    sources = pd.DataFrame(
        [("s", f"{FIRST} 04:00:00", f"{end} 12:00:00")],
        columns=["source_id", "covers_from", "covers_to"], dtype=object,
    )  # fmt: skip
    late = f"{FIRST + timedelta(days=LAST - 1)} 17:30:00"
    messages = pd.concat(
        [said(("a", "x", 120)), log(("a", late, "x"), columns=("author_id", "ts", "channel_id"))]
    )
    found = cells(counted(messages=messages, sources=sources, timezone=timezone))
    assert found == {("x", 0): (1, kept)}


def test_groups_left_out() -> None:
    messages = said(("a", "x", 130), ("b", "y", 130), ("c", "z", 130))
    assert set(counted(messages=messages)["channel_id"]) == {"x", "y", "z"}
    found = counted(messages=messages, options={"without": ["x", "z"]})
    assert set(found["channel_id"]) == {"y"}
    found = counted(messages=messages, options={"without": "y"})  # as from a command line
    assert set(found["channel_id"]) == {"x", "z"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_every_query_has_windows_of_four_weeks(query: Query) -> None:
    rows = [(f"p{day}", "x", day) for day in (START - 1, START, LAST - 1, LAST)]
    found = counted(query, messages=said(*rows))
    assert found["people"].sum() == 2
    frame = finished([[30, 0, 10]] * 2, [[9, 0, 7]] * 2, query)
    assert set(frame["period_start"]) == {pd.Timestamp(FIRST + timedelta(days=START))}
    assert set(frame["period_end"]) == {pd.Timestamp(FIRST + timedelta(days=DAYS))}


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_options_reach_the_engine(query: Query) -> None:
    messages = said(("a", "x", 150), ("b", "y", 150))
    assert counted(query, messages=messages).empty
    found = counted(query, messages=messages, options={"days": 14, "without": ["y"]})
    assert cells(found) == {("x", 0): (1, 0)}


# --- hand-worked ------------------------------------------------------------------------------

# As in test_standardise: 0.3 of the new and 0.8 of the old are kept over both.
PEOPLE, KEPT = [[30, 0, 10], [10, 0, 40]], [[9, 0, 7], [3, 0, 33]]


def test_two_groups_by_hand() -> None:
    """16 kept of 17 expected, 36 of 35; 52 of 90 over both; both miss by the square root of 2.855."""
    frame = finished(PEOPLE, KEPT)
    assert frame["chat_group"].tolist() == ["g1", "g0"]  # the larger first, not the better
    a = row(frame, chat_group="g0")
    assert a["n"] == 40
    assert a["crude"] == pytest.approx(16 / 40)
    assert a["expected_share"] == pytest.approx(17 / 40)
    assert a["value"] == pytest.approx(16 / 17)
    assert a["standardised"] == pytest.approx(16 / 17 * 52 / 90)
    half = 1.959964 * 2.855**0.5 / 17
    assert (a["low"], a["high"]) == pytest.approx((16 / 17 - half, 16 / 17 + half))
    assert (a["verdict"], a["taken_out"]) == ("within_limits", "for_age")
    assert a["period_start"] == pd.Timestamp(FIRST + timedelta(days=START))
    assert a["period_end"] == pd.Timestamp(FIRST + timedelta(days=DAYS))
    found = measures(finished(PEOPLE, KEPT, overview))
    assert np.isnan(found.pop("overdispersion"))
    assert found == pytest.approx(
        {"kept_share": 52 / 90, "groups": 2, "judged": 2, "outside_95": 0, "outside_998": 0}
    )


def test_the_mix_misleads_and_standardising_does_not() -> None:
    """Simpson: the one keeps more of the new and of the old, and fewer of all, most being new."""
    people = [[200, 0, 40], [40, 0, 200]]
    kept = [[70, 0, 34], [10, 0, 156]]  # 0.35 against 0.25, 0.85 against 0.78
    better, other = (row(finished(people, kept), chat_group=g) for g in ("g0", "g1"))
    assert better["crude"] < other["crude"]
    assert better["value"] > 1 > other["value"]
    assert better["standardised"] > other["standardised"]
    league = finished(people, kept, league_table)
    assert league["chat_group"].tolist() == ["g1", "g0"]
    assert league["value"].tolist() == [1, 2]
    assert league["crude"].tolist() == pytest.approx([166 / 240, 104 / 240])


def test_an_interval_ends_where_all_or_nobody_would_be_kept() -> None:
    """30 of 30 kept where 180 of 230 are of all; then, turned round, nobody of the 30."""
    best = row(finished([[30, 0, 0], [200, 0, 0]], [[30, 0, 0], [150, 0, 0]]), chat_group="g0")
    assert best["value"] == best["high"] == pytest.approx(230 / 180)
    assert best["low"] < best["value"]
    worst = row(finished([[30, 0, 0], [200, 0, 0]], [[0, 0, 0], [50, 0, 0]]), chat_group="g0")
    assert worst["value"] == worst["low"] == 0
    assert 0 < worst["high"] < 1


def test_size_is_taken_out_where_there_are_groups_enough() -> None:
    """Five small groups keep 8 of 20, five large ones 60 of 100: each is as others of its size."""
    people, kept = [[20, 0, 0]] * 5 + [[100, 0, 0]] * 5, [[8, 0, 0]] * 5 + [[60, 0, 0]] * 5
    both = finished(people, kept)
    assert both["value"].tolist() == pytest.approx([1.0] * 10)
    assert set(both["taken_out"]) == {"for_age_and_size"}
    fewer = finished(people[1:], kept[1:])
    assert (fewer["value"] != 1).all()
    assert set(fewer["taken_out"]) == {"for_age"}
    strata = [[10, 0, 10]] * 5 + [[60, 0, 40]] * 5, [[2, 0, 6]] * 5 + [[30, 0, 30]] * 5
    assert finished(*strata)["value"].tolist() == pytest.approx([1.0] * 10)


# --- few, one, none ---------------------------------------------------------------------------


def test_a_group_under_five_changes_nothing_for_the_others() -> None:
    people, kept = [*PEOPLE, [4, 0, 0]], [*KEPT, [4, 0, 0]]
    for query in QUERIES:
        with_it, without = finished(people, kept, query), finished(PEOPLE, KEPT, query)
        if query is compare_communities:
            small = row(with_it, chat_group="g2")
            assert (small["n"], small["verdict"]) == (4, "few_people")
            numbers = ["value", "low", "high", "crude", "expected_share", "standardised", "spread"]
            assert small[numbers].isna().all()
            with_it = with_it[with_it["chat_group"] != "g2"]
        pd.testing.assert_frame_equal(with_it.reset_index(drop=True), without)
    five = finished([*PEOPLE, [5, 0, 0]], [*KEPT, [4, 0, 0]])
    assert row(five, chat_group="g2")["verdict"] == "few_expected"
    assert row(five, chat_group="g2")[["low", "high"]].isna().all()
    assert row(five, chat_group="g2")["value"] > 1


def test_a_small_group_is_withheld_and_goes_by_its_id() -> None:
    rows = [(f"{g}{i}", g, day) for g in "xy" for i in range(6) for day in (130, 150)]
    rows += [(f"z{i}", "z", 130) for i in range(4)]
    channels = pd.DataFrame(
        [("x", "Mothers"), ("z", "Ann and Bo")], columns=["channel_id", "name"], dtype=object
    )
    found = compute(
        compare_communities, messages=said(*rows), channels=channels, sources=COVERED,
        smallest_group=5,
    )  # fmt: skip
    assert set(found["chat_group"]) == {"Mothers", "y", "z"}
    assert found["withheld"].tolist() == [False, False, True]
    assert np.isnan(row(found, chat_group="z")["n"])


def test_names_that_are_not_one_s_own_or_empty() -> None:
    frame = finished([[9, 0, 0]] * 4, [[4, 0, 0]] * 4, name=["Deals", "Deals", "", "Help"])
    assert frame["chat_group"].tolist() == ["Deals (g0)", "Deals (g1)", "Help", "g2"]


def test_one_group_has_nothing_to_be_compared_with() -> None:
    frame = finished(PEOPLE[:1], KEPT[:1])
    assert frame["value"].isna().all()
    assert frame[["n", "crude"]].iloc[0].tolist() == [40, 0.4]
    assert frame[["expected_share", "standardised", "taken_out"]].isna().all(axis=None)
    assert frame["verdict"].tolist() == ["alone"]
    assert finished(PEOPLE[:1], KEPT[:1], league_table).empty
    kinds = finished(PEOPLE[:1], KEPT[:1], by_kind)
    assert kinds["value"].isna().all()
    found = measures(finished(PEOPLE[:1], KEPT[:1], overview))
    assert (found["groups"], found["judged"]) == (1, 0)
    assert np.isnan(found["outside_95"])


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_nobody(query: Query) -> None:
    quiet = compute(query, messages=said(("a", "x", 10)), sources=COVERED)
    assert quiet.empty or quiet["value"].isna().all()
    few = finished([[3, 0, 0]], [[1, 0, 0]], query)
    assert few.empty or few["value"].isna().all()


@pytest.mark.parametrize("hole", [START, LAST - 1, LAST, DAYS - 2])
@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_a_hole_in_a_window_leaves_no_value(query: Query, hole: int) -> None:
    holed = Calendar(covered=CALENDAR.covered - {FIRST + timedelta(days=hole)})
    counts = counts_of([[30, 0, 30]] * 12, [[9, 0, 20]] * 12, kind=["a"] * 6 + ["b"] * 6)
    found = query.complete(counts, holed)
    assert found["value"].isna().all()
    if query is compare_communities:
        assert set(found["verdict"]) == {"not_covered"}
        assert found[["n", "crude", "taken_out"]].isna().all(axis=None)
    before = Calendar(covered=CALENDAR.covered - {FIRST + timedelta(days=START - 1)})
    assert query.complete(counts, before)["value"].notna().any()
