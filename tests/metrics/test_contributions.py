"""What members brought: no unit, nobody given away, and the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from engines import CLOCKS, assert_same, assert_same_rows, random_place, row
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.calendar import Calendar
from shequn.dataset import Dataset
from shequn.metrics.unit_economics import contribution_curve, unit_economics

EIGHT = {"days": 0, "within": 56}  # weeks
Order = tuple[int, int, int, int, int]
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 29), st.integers(0, 80), st.integers(0, 500), st.integers(0, 50),
        st.integers(0, 300),
    ),
    max_size=60,
)  # fmt: skip


def counted(orders: list[Order], cents: int, factor: int = 1) -> pd.DataFrame:
    """Return what an engine would count: members 0 to 9 come by a, to 19 by b, to 29 by c."""
    brought: dict[int, list[int]] = {}
    for who, age, gross, refund, cost in orders:
        if age < 56:
            sums = brought.setdefault(who, [0, 0])
            gain = (gross - refund - cost) * 10_000 * factor
            sums[:] = [sums[0] + gain * (age < 28), sums[1] + gain]
    columns = ["kind", "channel", "currency", "lost", "by_28", "by_56", "people", "cents"]
    rows: list[tuple[Any, ...]] = [("joined", c, "", 0, 0, 0, 10, 0) for c in "abc"]
    rows += [("spent", c, "CNY", 0, 0, 0, 0, cents * factor) for c in "abc"]
    rows += [("brought", "abc"[who // 10], "CNY", 168, *s, 1, 0) for who, s in brought.items()]
    return pd.DataFrame(rows, columns=columns)


DAYS = Calendar(covered=frozenset(date(2024, 1, 1) + timedelta(days=d) for d in range(100)))


@settings(max_examples=30, deadline=None)
@given(ORDERS, st.integers(1, 10**5))
def test_money_has_no_unit_and_twice_the_cost_halves_the_ratio(
    orders: list[Order], cents: int
) -> None:
    plain, twice, scaled = (
        unit_economics.complete(counts, DAYS, **EIGHT).set_index(["measure", "channel"])
        for counts in (
            counted(orders, cents),
            counted(orders, 2 * cents),
            counted(orders, cents, 8),
        )
    )
    numbers = ["value", "low", "high"]
    for measure, by_cost, by_scale in (("cac", 2, 8), ("contribution", 1, 8), ("ltv_cac", 0.5, 1)):
        for other, factor in ((twice, by_cost), (scaled, by_scale)):
            pd.testing.assert_frame_equal(
                other.loc[measure][numbers], plain.loc[measure][numbers] * factor
            )
    later = plain.loc["payback", "value"].fillna(99) <= twice.loc["payback", "value"].fillna(99)
    assert later.all()
    pd.testing.assert_frame_equal(scaled.loc["payback"], plain.loc["payback"])
    ratio, contribution = plain.loc["ltv_cac", "value"], plain.loc["contribution", "value"]
    assert (ratio.isna() == contribution.isna()).all()


@settings(max_examples=30, deadline=None)
@given(ORDERS)
def test_no_subtraction_gives_one_to_four_buyers_away(orders: list[Order]) -> None:
    """By ages and by channels: whatever is told, less whatever else is, is of none or five."""
    counts = counted(orders, 100)
    buyers = {
        c: {w for w, age, *_ in orders if w // 10 == i and age < 56} for i, c in enumerate("abc")
    }
    curve = contribution_curve.complete(counts, DAYS, **EIGHT)
    known = curve.dropna(subset="value")
    last = known[known["age_weeks"] == 8].set_index("channel")
    named = [c for c in "abc" if c in last.index]
    if "paid_channels" in last.index:
        left = set().union(*(buyers[c] for c in "abc" if c not in named))
        assert not 0 < len(left) < 5
    assert all(not 0 < len(buyers[c]) < 5 for c in named)
    early = known[known["age_weeks"] == 4].set_index("channel")
    brought = counts[counts["kind"] == "brought"]
    for channel in {*named} & {*early.index}:
        own = brought[brought["channel"] == channel]
        for moved in ((own["by_28"] != 0).sum(), (own["by_56"] != own["by_28"]).sum()):
            assert not 0 < moved < 5
    if "paid_channels" in early.index:
        parts = {*curve["channel"]} - {"paid_channels"}
        assert parts <= {*early.index}


def told(channel: str = "a", **brought: dict[tuple[int, ...], int]) -> list[float]:
    """Return the weeks told of a channel, of ten members each.

    So many of its buyers had brought so much by weeks 4, 8 and 12.
    """
    columns = ["kind", "channel", "currency", "lost", "by_28", "by_56", "by_84", "people", "cents"]
    rows: list[tuple[Any, ...]] = [("joined", c, "", *[0] * 4, 10, 0) for c in brought]
    rows += [("spent", c, "CNY", *[0] * 4, 0, 900) for c in brought]
    rows += [
        ("brought", c, "CNY", 84, *sums, n, 0) for c, k in brought.items() for sums, n in k.items()
    ]
    counts = pd.DataFrame(rows, columns=columns)
    curve = contribution_curve.complete(counts, DAYS, days=0, within=84)
    own = curve[(curve["channel"] == channel) & curve["value"].notna()]
    return own["age_weeks"].tolist()


def test_a_step_in_which_four_bought_is_joined_to_its_neighbour() -> None:
    """Week 8 less week 4 would be what the four paid; so would week 12 less week 8."""
    assert told(a={(1, 1, 1): 6}) == [4, 8, 12]
    assert told(a={(1, 2, 2): 5, (1, 1, 1): 1}) == [4, 8, 12]
    four_then_five = {(1, 2, 3): 4, (1, 1, 2): 1, (1, 1, 1): 1}
    assert told(a=four_then_five) == [4, 12]
    assert told(a={(1, 2, 2): 4, (1, 1, 1): 2, (0, 0, 1): 1}) == [4, 12], "five in both steps"
    assert told(a={(1, 2, 3): 1, (1, 2, 2): 3, (1, 1, 1): 2}) == [12], "the same four in both"
    assert told(a={(1, 2, 2): 4, (1, 1, 1): 2}) == [12]
    assert told(a={(1, 1, 2): 4, (1, 1, 1): 1, (0, 1, 1): 5}) == [4, 12]
    assert told(a={(1, 1, 1): 4}) == []
    for one in (10_000, -10_000):  # whoever brought 1, or lost it, has brought something
        assert told(a={(one,) * 3: 4, (2, 2, 2): 1}) == [4, 8, 12]
    # All less b would be the step of a that is left out.
    both = {"a": four_then_five, "b": {(1, 2, 3): 6}}
    assert told("b", **both) == [4, 8, 12]
    assert told("paid_channels", **both) == [4, 12]


def tables(
    joins: dict[str, int], cents: dict[str, int], *brought: tuple[str, str, int, int, int]
) -> pd.DataFrame:
    """Return counts from joins, costs, and ``(channel, currency, by_28, by_56, people)`` in money."""
    columns = ["kind", "channel", "currency", "lost", "by_28", "by_56", "people", "cents"]
    rows: list[tuple[Any, ...]] = [("joined", c, "", 0, 0, 0, n, 0) for c, n in joins.items()]
    rows += [("spent", c, "CNY", 0, 0, 0, 0, n) for c, n in cents.items()]
    rows += [
        ("brought", c, money, 56, early * 10_000, late * 10_000, n, 0)
        for c, money, early, late, n in brought
    ]
    return pd.DataFrame(rows, columns=columns)


def test_by_hand_from_counts() -> None:
    """A: 400 for 40, ten of whom bring 10 each, then 20. B: 100 for 20, six bring 10 each.

    Friends are free; c costs and brings nothing, d is paid and nobody comes. Of 40 drawn anew 5 to
    16 are buyers, by the binomial law: 5 x 20 / 40 = 2.5 to 8; a draw more or less is 0.5.
    """
    counts = tables(
        {"a": 40, "b": 20, "c": 10, "friends": 30},
        {"a": 400_00, "b": 100_00, "c": 30_00, "d": 50_00},
        ("a", "CNY", 10, 20, 10), ("b", "CNY", 10, 10, 6), ("friends", "CNY", 2, 2, 15),
    )  # fmt: skip
    found = unit_economics.complete(counts, DAYS, **EIGHT)
    assert found["channel"].tolist()[:6] == ["a", "b", "c", "d", "friends", "paid_channels"]
    lines = found.set_index(["measure", "channel"])
    values = lines["value"].to_dict()
    none = float("nan")
    for channel, expected in {
        "a": (10, 5, 0.5, none), "b": (5, 3, 0.6, none), "c": (3, 0, 0, none),
        "d": (none, none, none, none), "friends": (none, 1, none, none),
        "paid_channels": (580 / 70, 260 / 70, 260 / 580, none),
    }.items():  # fmt: skip
        told_of = [values[m, channel] for m in ("cac", "contribution", "ltv_cac", "payback")]
        assert told_of == pytest.approx(list(expected), nan_ok=True), channel
    people = lines.loc["cac", "n"].to_dict()
    assert people == {"a": 40, "b": 20, "c": 10, "d": 0, "friends": 30, "paid_channels": 70}
    brought = lines.loc["contribution", "a"]
    assert (brought["low"], brought["high"]) == pytest.approx((2.5, 8), abs=0.5)
    assert lines.loc["contribution", "c"][["low", "high"]].isna().all()
    curve = contribution_curve.complete(counts, DAYS, **EIGHT)
    assert curve.loc[curve["channel"] == "a", "value"].tolist() == [2.5, 5]
    alike = tables({"a": 10}, {"a": 100_00}, ("a", "CNY", 5, 5, 10))
    line = row(contribution_curve.complete(alike, DAYS, **EIGHT), channel="a", age_weeks=8)
    assert (line["low"], line["high"]) == (5, 5), "all are drawn anew, and nobody else"


def test_dollars_of_one_channel_leave_the_others_their_ratio() -> None:
    counts = tables(
        {"a": 40, "b": 20}, {"a": 400_00, "b": 100_00},
        ("a", "CNY", 50, 50, 10), ("b", "CNY", 10, 10, 6), ("b", "USD", 1, 1, 5),
    )  # fmt: skip
    found = unit_economics.complete(counts, DAYS, **EIGHT)
    ratio = found[(found["measure"] == "ltv_cac") & (found["currency"] == "CNY")]
    assert dict(zip(ratio["channel"], ratio["value"], strict=True)) == pytest.approx(
        {"a": 1.25, "b": float("nan"), "paid_channels": float("nan")}, nan_ok=True
    )
    dollars = found[(found["measure"] == "contribution") & (found["currency"] == "USD")]
    assert dict(zip(dollars["channel"], dollars["value"], strict=True)) == {"a": 0, "b": 0.25}


def test_an_unknown_cost_of_goods_hides_what_comes_after_it() -> None:
    counts = tables({"a": 10}, {"a": 100_00}, ("a", "CNY", 3, 5, 6)).replace({"lost": {56: 28}})
    curve = contribution_curve.complete(counts, DAYS, **EIGHT)
    seen = curve[curve["channel"] == "a"]
    assert seen["value"].notna().tolist() == [True, False]
    assert seen["low"].notna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("joins", "buyers", "names", "rest"),
    [
        ("a20 b20 c20 d20", "a9 b4 c6", ["a", "d", "rest_channels"], 40),
        ("a20 e3 f10", "a9 f5", ["a", "rest_channels"], 13),
        ("a9 b20 c20", "a5 b5 c5", ["b", "c", "a"], None),
        ("a20 b20", "a4 b1", [], None),
        ("a20 b20 c20", "a3 b3 c9", ["c", "rest_channels"], 40),
    ],
)  # fmt: skip
def test_the_next_larger_channel_joins_the_rest(
    joins: str, buyers: str, names: list[str], rest: int | None
) -> None:
    came, bought = ({w[0]: int(w[1:]) for w in text.split()} for text in (joins, buyers))
    orders = [(c, "CNY", 1, 1, n) for c, n in bought.items()]
    found = unit_economics.complete(tables(came, dict.fromkeys(came, 900), *orders), DAYS, **EIGHT)
    costs = found[found["measure"] == "cac"]
    assert costs["channel"].tolist() == [*names, "paid_channels"]
    assert rest is None or row(costs, channel="rest_channels")["n"] == rest


WITHIN_GAPS = {"days": 0, "within": 28}  # the random community has two days without data


@pytest.mark.parametrize("query", [unit_economics, contribution_curve], ids=lambda q: q.name)
def test_the_random_community_in_any_order_of_rows(query: Any) -> None:
    data = random_place(1)
    counts = data.counts(query, margin=0.3, **WITHIN_GAPS)
    assert {"joined", "spent", "brought"} == {*counts["kind"]}
    assert {"CNY", "USD", "no_currency"} <= {*counts["currency"]}
    stirred = counts.sample(frac=1, random_state=3)
    assert_same(*(query.complete(rows, data.calendar, **WITHIN_GAPS) for rows in (counts, stirred)))


@pytest.mark.xdist_group("engines")
@pytest.mark.parametrize("margin", [None, 0.3])
def test_gaps_and_currencies_on_clickhouse(
    margin: float | None,
    on_duckdb: Callable[[str], Dataset],
    on_clickhouse: Callable[[str], Dataset],
) -> None:
    here, there = (
        on(CLOCKS[1]["timezone"]).counts(unit_economics, margin=margin, **WITHIN_GAPS)
        for on in (on_duckdb, on_clickhouse)
    )
    assert {*here["kind"]} == {"joined", "spent", "brought"}
    assert_same_rows(here, there)
