"""Unit economics: what a member brings against what a join costs, and when the cost is back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from economics_hand import (
    COST,
    EIGHT,
    FIVE,
    TEN,
    each,
    joined,
    money,
    of,
    sold,
    told,
)
from engines import (
    covering,
    row,
)

from shequn.text import ShequnError

MEASURES = ("cac", "contribution", "ltv_cac", "payback")


def test_by_hand() -> None:
    """Ten join for 130: 13 each. Five bring 40 - 16 = 24, a month later 20 - 5 - 7 = 8 more.

    So a member has brought 5 x 24 / 10 = 12 by week 4 and 16 by week 8: only then is the cost
    back, 16 / 13 of it. Bounds of a Poisson count of 10 are 4.795 and 18.390 (Garwood 1936). Of ten
    drawn anew 2 to 8 are buyers, by the binomial law: 2 x 32 / 10 = 6.4 to 25.6.
    """
    orders = sold(*FIVE, *each("a", 5, 30, 20, 5, 7))
    found = of(orders, COST, TEN)
    assert told(found, "a") == {
        "cac": 13, "contribution": 16, "ltv_cac": pytest.approx(16 / 13), "payback": 8,
    }  # fmt: skip
    assert told(found, "paid_channels") == told(found, "a")
    assert (found["n"] == 10).all() and len(found) == 8
    cac, brought, ratio, back = (row(found, channel="a", measure=m) for m in MEASURES)
    assert (cac["low"], cac["high"]) == pytest.approx((130 / 18.390, 130 / 4.795), rel=1e-3)
    assert (brought["low"], brought["high"]) == pytest.approx((6.4, 25.6), abs=1e-9)
    assert ratio["low"] < brought["low"] / 13 and ratio["high"] > brought["high"] / 13
    assert back["low"] == 4 and np.isnan(back["high"])
    curve = of(orders, COST, TEN, curve=True)
    mine = curve[curve["channel"] == "a"]
    assert mine[["age_weeks", "value", "cac", "n"]].to_numpy().tolist() == [
        [4, 12, 13, 10], [8, 16, 13, 10],
    ]  # fmt: skip
    assert mine["low"].iloc[-1] == brought["low"] and mine["high"].iloc[-1] == brought["high"]


def test_a_ratio_varies_with_who_came_and_with_how_many() -> None:
    """Half of 400 bring 2, the others 0, for 200: ratio 2.

    The mean varies by sqrt(1/400) = 5% of itself, the joins by 5% too, both by 7.1%; 1.96 of them
    are 9.8% and 13.9%. The quantiles of 400 draws are off by a percent or so themselves.
    """
    orders = sold(*each("a", 200, 0, 2, None, 0))
    found = of(orders, money((0, "a", 200, "CNY")), joined("a", 400))
    for measure, value, share in (("contribution", 1, 0.098), ("ltv_cac", 2, 0.139)):
        line = row(found, channel="a", measure=measure)
        assert line["value"] == value
        assert (line["low"], line["high"]) == pytest.approx(
            (value * (1 - share), value * (1 + share)), abs=0.03 * value
        )


@pytest.mark.parametrize(
    ("age", "by_4", "by_8"), [(-1, 0, 0), (0, 1, 1), (27, 1, 1), (28, 0, 1), (55, 0, 1), (56, 0, 0)]
)
def test_an_order_counts_from_the_day_of_joining_to_the_last_day(
    age: int, by_4: int, by_8: int
) -> None:
    orders = sold(*each("a", 10, age, 3, None, 2, since=1))
    found = of(orders, money((1, "a", 5, "CNY")), joined("a", 10, 1), curve=True)
    assert found.loc[found["channel"] == "a", "value"].tolist() == [by_4, by_8]


def test_the_last_step_ends_with_the_horizon() -> None:
    """40 days are 4 weeks and 5.71: what is brought on day 39 is back then."""
    orders = sold(*each("a", 10, 39, 3, None, 2))
    options = {"days": 0, "within": 40}
    found = of(orders, money((0, "a", 10, "CNY")), TEN, options=options)
    assert told(found, "a")["payback"] == 40 / 7
    curve = of(orders, money((0, "a", 10, "CNY")), TEN, curve=True, options=options)
    assert curve.loc[curve["channel"] == "a", "age_weeks"].tolist() == [4, 40 / 7]


def test_only_who_is_followed_to_the_end_and_the_cost_of_those_days() -> None:
    """Of 91 days, day 55 after day 35 is the last one. Who joins on day 36 stays out, cost too."""
    members = pd.concat([joined("a", 10, 35), joined("a", 10, 36)])
    orders = sold(*each("a", 10, 0, 3, None, 2, since=35), *each("a", 10, 0, 99, None, 1, since=36))
    spend = money((35, "a", 50, "CNY"), (36, "a", 999, "CNY"))
    found = of(orders, spend, members)
    assert told(found, "a")["cac"] == 5 and told(found, "a")["contribution"] == 1
    line = row(found, channel="a", measure="cac")
    assert (line["period_start"], line["period_end"]) == (
        pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-06"),
    )  # fmt: skip
    # The last 56 days hold one day of joining, the last 55 none.
    assert told(of(orders, spend, members, options={"days": 56, "within": 56}), "a")["cac"] == 5
    assert of(orders, spend, members, options={"days": 55, "within": 56}).empty


def test_an_uncovered_day_ends_the_watch() -> None:
    """Day 60 is missing: who joins on days 5 to 60 is not followed through; day 4 is."""
    holed = covering(("2024-01-01", "2024-02-29"), ("2024-03-02", "2024-05-31"))
    members = pd.concat([joined("a", 6, day) for day in (4, 5, 60, 61)])
    spend = money(*[(day, "a", 6 * 10**i, "CNY") for i, day in enumerate((4, 5, 60, 61))])
    found = of(sold(*each("a", 6, 0, 3, None, 2)), spend, members, sources=holed)
    line = row(found, channel="a", measure="cac")
    assert (line["value"], line["n"]) == (6 * 1001 / 12, 12)
    # 31 May is day 151; day 96 is followed to its end.
    assert line["period_end"] == pd.Timestamp("2024-04-07")


# --- costs of goods, refunds, currencies


def test_without_the_cost_of_goods_the_contribution_is_unknown() -> None:
    """An order of unknown cost, paid 10 and 4 back; with a margin of a half it brings 3.

    Known costs stay: 5 x 24 + 3 = 123. Before the order the curve is known, and so is payback.
    """
    orders = sold(*FIVE, ("a0-7", 28, 10, 4, None))
    found = told(of(orders, COST, TEN), "a")
    assert found["cac"] == 13
    assert np.isnan([found["contribution"], found["ltv_cac"], found["payback"]]).all()
    cheap = of(orders, money((0, "a", 100, "CNY")), TEN)
    assert told(cheap, "a")["payback"] == 4 and np.isnan(told(cheap, "a")["ltv_cac"])
    assert row(of(orders, COST, TEN), channel="a", measure="payback").isna()["low"]
    curve = of(orders, COST, TEN, curve=True)
    values = curve.loc[curve["channel"] == "a", "value"].tolist()
    assert values[0] == 12 and np.isnan(values[1])
    earlier = of(sold(*FIVE, ("a0-7", 27, 10, 4, None)), COST, TEN, curve=True)
    assert earlier["value"].isna().all()
    half = of(orders, COST, TEN, options={**EIGHT, "margin": 0.5})
    assert told(half, "a")["contribution"] == pytest.approx(12.3)


def test_without_the_column_a_margin_serves_for_all() -> None:
    orders = sold(*FIVE).drop(columns=["cost", "refund", "currency"])
    nowhere = told(of(orders, COST.drop(columns="currency"), TEN), "a", "no_currency")
    assert np.isnan(nowhere["contribution"]) and nowhere["cac"] == 13
    options = {**EIGHT, "margin": 0.3}
    found = of(orders, COST.drop(columns="currency"), TEN, options=options)
    assert told(found, "a", "no_currency")["contribution"] == pytest.approx(5 * 40 * 0.3 / 10)


@pytest.mark.parametrize("margin", [-0.01, 1.01])
def test_a_margin_is_a_share(margin: float) -> None:
    with pytest.raises(ShequnError, match="margin"):
        of(sold(*FIVE), COST, TEN, options={**EIGHT, "margin": margin})
    for share in (0, 1):
        of(sold(*FIVE), COST, TEN, options={**EIGHT, "margin": share})


def test_a_refund_larger_than_the_price_and_goods_lost_count_against_the_member() -> None:
    """Five pay 10, get 12 back and keep goods of 4: -6 each, -3 a member."""
    found = of(sold(*each("a", 5, 0, 10, 12, 4)), COST, TEN)
    assert told(found, "a")["contribution"] == -3
    assert told(found, "a")["ltv_cac"] == pytest.approx(-3 / 13)
    assert np.isnan(told(found, "a")["payback"])
