"""Referral: K and its parts, waits with censoring, and the tree of who invited whom."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.intervals import bootstrap
from shequn.metrics.referral import (
    cycle_time,
    generations,
    k_parts,
    referral,
    tree_faults,
    waits,
)
from shequn.metrics.referral_numbers import final_size, top_ten, viral_size
from shequn.paths import SAMPLE

START = datetime(2024, 1, 1)
D = 24.0
YEAR = covering(("2024-01-01", "2024-12-31"))
COLUMNS = ("member_id", "joined_at", "joined_at_basis", "inviter_id")


def people(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return members from ``(member, hour, inviter[, basis])``."""
    full = [
        (who, str(START + timedelta(hours=hour)), (more or ["event"])[0], by)
        for who, hour, by, *more in rows
    ]
    return roster(*full, columns=COLUMNS)


def of(query: Any, *rows: tuple[Any, ...], days: int = 28, **given: Any) -> pd.DataFrame:
    tables = {"sources": YEAR, **given}
    options = {} if query in (generations, tree_faults) else {"window_days": days}
    return compute(query, members=people(*rows), options=options, **tables)


def values(frame: pd.DataFrame, by: str = "measure") -> dict[Any, float]:
    return dict(zip(frame[by], frame["value"], strict=True))


# Ann brings Bo and Cai, Bo brings Dan; Eve, Flo, Gil and Hal bring nobody and were not brought.
FAMILY = [
    ("Ann", 0, None), ("Bo", 3 * D, "Ann"), ("Cai", 10 * D, "Ann"), ("Dan", 5 * D, "Bo"),
    ("Eve", 1 * D, None), ("Flo", 1 * D, None), ("Gil", 1 * D, None), ("Hal", 1 * D, None),
]  # fmt: skip


def test_k_and_its_parts_by_hand() -> None:
    """Eight members bring three: K 0.375 = 2 of 8 who bring, times 1.5 each (catalogue row 11)."""
    found = of(k_parts, *FAMILY)
    assert values(found)["k_factor"] == 0.375
    assert values(found)["inviting_share"] == 0.25
    assert values(found)["per_inviter"] == 1.5
    assert values(found)["members_per_seed"] == pytest.approx(1.6)
    k = row(found, measure="k_factor")
    assert k["n"] == 8
    assert (k["low"], k["high"]) == bootstrap(np.mean, [0, 0, 0, 0, 0, 0, 1, 2])
    low, high = proportion_confint(2, 8, method="wilson")
    share = row(found, measure="inviting_share")
    assert (share["low"], share["high"]) == pytest.approx((low, high))
    assert row(found, measure="per_inviter")["n"] == 2
    seed = row(found, measure="members_per_seed")
    assert seed["low"] == pytest.approx(1 / (1 - k["low"]))
    assert np.isnan(values(found)["top_10_inviters"])  # two inviters are fewer than twenty
    assert set(found["period_end"]) == {pd.Timestamp("2024-12-04")}


def test_formula_12_by_hand() -> None:
    """Catalogue row 12: 100 seeds and K 0.5 make 100 + 50 + 25; K 1 makes as many each time."""
    assert viral_size(100, 0.5, 2) == 175
    assert viral_size(100, 2, 3) == 100 + 200 + 400 + 800
    assert viral_size(7, 1, 3) == 28
    assert viral_size(7, 0, 3) == 7
    assert final_size(100, 0.5) == 200
    assert viral_size(100, 0.5, 60) == pytest.approx(final_size(100, 0.5))
    assert np.isnan([final_size(100, 1), final_size(100, 1.2), final_size(1, np.nan)]).all()


def test_the_window_is_half_open_and_whoever_has_not_had_it_is_not_counted() -> None:
    for hour, k in ((7 * D - 0.01, 0.5), (7 * D, 0)):
        found = of(k_parts, ("A", 0, None), ("B", hour, "A"), days=7)
        assert values(found)["k_factor"] == k
    # The last day on which somebody can be judged is seven days before the last one covered.
    found = of(k_parts, ("A", 358 * D, None), ("B", 358 * D, "A"), ("C", 359 * D, "A"), days=7)
    assert row(found, measure="k_factor")["n"] == 2
    assert (
        values(found)["k_factor"] == 1
    )  # C, who is too new to be judged, was brought nevertheless


def test_k_by_month_needs_twenty_members() -> None:
    few = [(f"a{i}", D, None) for i in range(19)]
    found = of(referral, *few, ("x", 2 * D, "a0"), *((f"b{i}", 32 * D, None) for i in range(19)))
    assert found["n"].tolist() == [20, 19]
    assert found["value"].iloc[0] == 0.05 and np.isnan(found["value"].iloc[1])
    assert found["period_start"].tolist() == [
        pd.Timestamp("2024-01-01"),
        pd.Timestamp("2024-02-01"),
    ]
    assert found["period_end"].tolist() == [pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01")]


def test_a_month_in_which_nobody_was_brought_has_an_exact_bound() -> None:
    """The Poisson bound: with n K = 3.69 nobody at all is brought in one case of forty."""
    found = of(referral, *((f"a{i}", D, None) for i in range(20)), ("x", 40 * D, "a0"))
    january = found.iloc[0]
    assert (january["value"], january["low"]) == (0, 0)
    assert january["high"] == pytest.approx(3.6889 / 20, abs=1e-4)


def test_the_top_ten() -> None:
    """Twenty inviters; ten bring two, ten bring one: ten bring two thirds."""
    rows = [(f"i{i}", 0, None) for i in range(20)]
    rows += [(f"x{i}", D, f"i{i}") for i in range(20)] + [(f"y{i}", D, f"i{i}") for i in range(10)]
    found = of(k_parts, *rows)
    assert values(found)["top_10_inviters"] == pytest.approx(20 / 30)
    top = row(found, measure="top_10_inviters")
    assert top["n"] == 20 and top["low"] < top["value"] <= top["high"]
    assert top_ten(np.array([1] * 10 + [5])) == 14 / 15


def test_without_any_inviter_nothing_is_known() -> None:
    rows = [(f"m{i}", 0, None) for i in range(30)]
    for query in (referral, k_parts, waits, cycle_time, generations):
        assert of(query, *rows)["value"].isna().all(), query.name
    assert values(of(tree_faults, *rows))["no_inviter"] == 30


def test_nobody() -> None:
    for query in (referral, k_parts, waits, cycle_time, generations):
        found = compute(query, members=people(*FAMILY)[:0], sources=YEAR)
        assert len(found) and found["value"].isna().all(), query.name


def test_joining_must_be_seen() -> None:
    found = of(
        k_parts, ("A", 0, None), ("B", D, "A", "first_message"), ("C", D, "A"),
        ("E", 0, None, "first_message"), ("F", D, "E"),
    )  # fmt: skip
    assert row(found, measure="k_factor")["n"] == 3  # A, C and F
    assert values(found)["k_factor"] == pytest.approx(1 / 3)


def test_medians_by_hand() -> None:
    """Waits of 3, 10 and 2 days: median 3. Of eight, two brought somebody: no median of all."""
    found = values(of(cycle_time, *FAMILY))
    assert (found["median_of_pairs"], found["median_of_ripe"]) == (3, 3)
    assert np.isnan(found["median_of_all"])
    assert row(of(cycle_time, *FAMILY), measure="median_of_all")["n"] == 8


def test_a_median_of_all_where_most_bring_somebody() -> None:
    """Fifteen of twenty bring one after two days; those brought are followed for one day only."""
    rows = [(f"m{i}", 0, None) for i in range(20)]
    rows += [(f"x{i}", 2 * D, f"m{i}") for i in range(15)]
    found = of(cycle_time, *rows, sources=covering(("2024-01-01", "2024-01-03")))
    everybody = row(found, measure="median_of_all")
    assert (everybody["value"], everybody["n"]) == (2, 35)


def test_kaplan_meier_by_hand() -> None:
    """Six are followed: A brings x after 48 hours, C brings y after 95; B 72 h, D 216 h, x 72, y 13.

    Five are still followed at 48 hours: 4/5 have brought nobody. Two at 95: 4/5 times 1/2. Two days
    are over at 48 hours, so x is not among those brought within two; y is within four.
    """
    end = 30 * D
    rows = [
        ("A", end - 5 * D, None), ("B", end - 3 * D, None), ("C", end - 4.5 * D, None), ("D", end - 9 * D, None),
        ("x", end - 3 * D, "A"), ("y", end - 0.5 * D - 1, "C"),
    ]  # fmt: skip
    month = covering(("2024-01-01", "2024-01-30"))
    alone = of(waits, *rows, days=8, sources=month)
    curve = values(alone, "within_days")
    assert curve[2] == 0
    assert curve[3] == pytest.approx(1 / 5)
    assert curve[4] == pytest.approx(1 - 4 / 5 * 1 / 2)
    assert curve[5] == curve[4]
    assert curve[8] == curve[5]
    at_risk = dict(zip(alone["within_days"], alone["n"], strict=True))
    assert (at_risk[1], at_risk[2], at_risk[3], at_risk[4], at_risk[5]) == (6, 5, 5, 4, 1)
    assert row(alone, within_days=5)["low"] < 0.6 < row(alone, within_days=5)["high"]


def test_who_is_followed_briefly_biases_the_naive_median_and_not_kaplan_meier() -> None:
    """Everybody brings one after 2 days, or after 10; half of all joined 5 days before the end."""
    rows: list[tuple[Any, ...]] = []
    for i in range(40):
        for batch, begun in (("old", 0.0), ("new", 25 * D)):
            wait = 2 * D if i % 2 else 10 * D
            rows.append((f"{batch}{i}", begun, None))
            if begun + wait < 30 * D:
                rows.append((f"{batch}{i}x", begun + wait, f"{batch}{i}"))
    found = of(cycle_time, *rows, days=12, sources=covering(("2024-01-01", "2024-01-30")))
    pairs, ripe = (row(found, measure=f"median_of_{k}") for k in ("pairs", "ripe"))
    assert (pairs["value"], pairs["n"]) == (2, 60)  # 40 waited two days, only 20 ten
    assert (ripe["value"], ripe["n"]) == (2, 40)
    assert ripe["high"] == 10 and pairs["high"] == 2


def test_a_member_is_followed_only_to_the_first_hole() -> None:
    holed = covering(("2024-01-01", "2024-01-05"), ("2024-01-07", "2024-01-31"))
    rows = [("A", 0, None), ("B", 7 * D, "A"), ("C", 3 * D, "A")]
    curve = of(waits, *rows[:2], sources=holed)
    assert values(curve, "within_days")[5] == 0  # B came after the hole
    assert row(curve, within_days=6)["n"] == 2  # A to the very beginning of the hole
    assert row(curve, within_days=7)["n"] == 1  # only B
    # C is followed for two days: of A and B, who are followed for longer, A brought C after three.
    assert values(of(waits, *rows, sources=holed), "within_days")[4] == 0.5


def test_generations_by_hand() -> None:
    """Ann and the four without inviter are 0, Bo and Cai 1, Dan 2."""
    found = of(generations, *FAMILY)
    assert values(found, "generation") == {0: 5, 1: 2, 2: 1}
    assert (found["n"] == found["value"]).all()


def test_faults_are_counted_and_are_tops_of_the_tree() -> None:
    rows = [
        ("A", 0, None), ("self", 0, "self"), ("lost", 0, "nowhere"), ("early", 0, "late"), ("late", D, None),
        ("x", D, "y"), ("y", D, "z"), ("z", D, "x"), ("below", D, "x"), ("same", 0, "A"),
        ("unseen", 5 * D, None, "first_message"), ("kid", D, "unseen"),
    ]  # fmt: skip
    assert values(of(tree_faults, *rows)) == {
        "no_inviter": 3, "under_inviter": 3, "unknown_inviter": 1, "self_invited": 1, "later_inviter": 1,
        "inviter_circle": 3,
    }  # fmt: skip
    assert values(of(generations, *rows), "generation") == {0: 9, 1: 3}
    assert values(of(k_parts, *rows))["k_factor"] == pytest.approx(
        5 / 11
    )  # a circle in one hour brings too


def test_one_to_four_are_withheld() -> None:
    found = of(generations, *FAMILY, smallest_group=5)
    assert found["withheld"].tolist() == [False, True, True]


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_month_begins_when_the_community_says(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-31 17:30 UTC is February in Shanghai, unless days begin at four."""
    rows = [(f"m{i}", 30 * D + 17.5, None) for i in range(20)]
    found = of(
        referral, *rows, ("x", 70 * D, "m0"), timezone=timezone, day_start=day_start,
        week_start=week_start,
    )  # fmt: skip
    month = "2024-02-01" if week == "2024-01-08" else "2024-01-01"
    assert found.loc[found["n"] == 20, "period_start"].tolist() == [pd.Timestamp(month)]


def test_the_sample_gives_its_truth_back() -> None:
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["referral"]
    with open_dataset() as data:
        parts = data.compute(k_parts)
        medians = data.compute(cycle_time)
        curve = data.compute(waits)
        sizes = data.compute(generations)
    k = row(parts, measure="k_factor")
    assert k["low"] < truth["k"] < k["high"]
    seed = row(parts, measure="members_per_seed")
    assert seed["low"] < truth["members_per_seed"] < seed["high"]
    inviting = row(parts, measure="inviting_share")  # a Poisson number is not nought
    assert inviting["low"] < 1 - np.exp(-truth["k"]) < inviting["high"]
    # Invitations are spread evenly over five days, and joining follows within hours.
    pairs = row(medians, measure="median_of_pairs")
    assert pairs["low"] < truth["invite_days"] / 2 + 0.02 < pairs["high"]
    late = curve[curve["within_days"] > 5]["value"]
    assert late.min() == late.max()
    first = sizes.set_index("generation")["value"]
    assert first[1] / first[0] == pytest.approx(truth["k"], abs=3 * np.sqrt(truth["k"] / first[0]))


members = st.lists(
    st.tuples(st.integers(0, 40 * 24), st.one_of(st.none(), st.integers(-1, 29))),
    min_size=1,
    max_size=30,
)


@settings(max_examples=4, deadline=None)
@given(members, st.integers(1, 40))
def test_generations_add_up_and_k_is_what_the_inviters_bring(
    drawn: list[tuple[int, int | None]], days: int
) -> None:
    """Every member stands in one generation; K times members is everybody brought, one by one."""
    rows = [(f"m{i}", hour, None if by is None else f"m{by}") for i, (hour, by) in enumerate(drawn)]
    named = any(by is not None for _, by in drawn)
    sizes, faults = of(generations, *rows), values(of(tree_faults, *rows))
    assert sum(faults.values()) == len(rows)
    if faults["under_inviter"] + faults["inviter_circle"]:
        assert sizes["value"].sum() == len(rows)
        assert sizes.loc[sizes["generation"] > 0, "value"].sum() == faults["under_inviter"]
        assert (sizes["value"] > 0).all() or len(sizes) == 1
    brought = [0] * len(rows)
    for i, (hour, by) in enumerate(drawn):
        known = by is not None and 0 <= by < len(drawn) and by != i
        if known and 0 <= hour - drawn[by][0] < 24 * days:  # type: ignore[index]
            brought[by] += 1  # type: ignore[index]
    found = of(k_parts, *rows, days=days)
    k = row(found, measure="k_factor")
    if not named:
        assert np.isnan(k["value"])
        return
    assert k["value"] * k["n"] == pytest.approx(sum(brought))
    parts = values(found)
    if sum(brought):
        assert parts["inviting_share"] * parts["per_inviter"] == pytest.approx(parts["k_factor"])
