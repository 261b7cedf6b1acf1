"""Unit economics: what a member brings against what a join costs, and when the cost is back."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import (
    SUNDAY_NIGHT,
    compute,
    covering,
    log,
    roster,
    row,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics.unit_economics import contribution_curve, unit_economics
from shequn.paths import SAMPLE
from shequn.text import ShequnError

FIRST = date(2024, 1, 1)
SOURCES = covering(("2024-01-01", "2024-03-31"))  # 91 days
EIGHT = {"days": 0, "within": 56}  # weeks; who joins on day 35 is the last one followed so long
MEASURES = ("cac", "contribution", "ltv_cac", "payback")


def noon(day: int) -> str:
    return f"{FIRST + timedelta(days=day)} 12:00:00"


def joined(channel: str | None, count: int, day: int = 0) -> pd.DataFrame:
    """Return so many members whose joining by a channel was seen on a day."""
    return roster(
        *[(f"{channel}{day}-{i}", noon(day), "event", channel) for i in range(count)],
        columns=("member_id", "joined_at", "joined_at_basis", "join_channel"),
    )


def money(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return costs from ``(day, channel, cost, currency)``."""
    full = [(str(FIRST + timedelta(days=day)), *rest) for day, *rest in rows]
    return pd.DataFrame(full, columns=["date", "channel", "cost", "currency"], dtype=object)


def sold(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return orders from ``(member, day, gross, refund, cost[, currency])``, paid at noon UTC."""
    full = [
        (f"o{i}", who, noon(day), *numbers, *(more or ["CNY"]))
        for i, (who, day, *rest) in enumerate(rows)
        for numbers, more in [(rest[:3], rest[3:])]
    ]
    columns = ["order_id", "member_id", "ts", "gross", "refund", "cost", "currency"]
    return pd.DataFrame(full, columns=columns, dtype=object)


def each(
    channel: str, count: int, day: int, *numbers: Any, since: int = 0
) -> list[tuple[Any, ...]]:
    """Return an order of each of the first members of a channel, so many days after joining."""
    return [(f"{channel}{since}-{i}", since + day, *numbers) for i in range(count)]


def of(
    orders: pd.DataFrame,
    spend: pd.DataFrame,
    members: pd.DataFrame,
    curve: bool = False,
    **more: Any,
) -> pd.DataFrame:
    whole = {"sources": SOURCES, "options": EIGHT, **more}
    query = contribution_curve if curve else unit_economics
    return compute(query, orders=orders, spend=spend, members=members, **whole)


def told(frame: pd.DataFrame, channel: str, currency: str = "CNY") -> dict[str, float]:
    """Return the measures of a channel."""
    own = frame[(frame["channel"] == channel) & (frame["currency"] == currency)]
    return dict(zip(own["measure"], own["value"], strict=True))


TEN = joined("a", 10)
COST = money((0, "a", 130, "CNY"))
FIVE = each("a", 5, 3, 40, None, 16)  # five of the ten bring 24 in the first week


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


def test_what_is_paid_back_later_does_not_unmake_a_payback() -> None:
    orders = sold(*each("a", 10, 0, 20, 0, 0), *each("a", 10, 40, 0, 15, 0))
    found = told(of(orders, COST, TEN), "a")
    assert found["payback"] == 4 and found["ltv_cac"] < 1


def test_currencies_are_never_added_nor_divided() -> None:
    """Some pay in dollars, or some costs are: what each currency says is told, but no ratio."""
    orders = sold(*FIVE, *each("a", 5, 3, 10, None, 5, " usd "))
    found = of(orders, COST, TEN)
    assert told(found, "a")["contribution"] == 12
    assert np.isnan([told(found, "a")["ltv_cac"], told(found, "a")["payback"]]).all()
    dollars = told(found, "a", "USD")
    assert dollars["contribution"] == 2.5 and np.isnan(dollars["cac"])
    assert "paid_channels" not in found.loc[found["currency"] == "USD", "channel"].tolist()
    both = of(sold(*FIVE), money((0, "a", 100, "CNY"), (1, "a", 30, "USD")), TEN)
    assert told(both, "a")["cac"] == 10 and told(both, "a", "USD")["cac"] == 3
    assert both.loc[both["measure"] == "ltv_cac", "value"].isna().all()
    curve = of(orders, COST, TEN, curve=True)
    assert curve["cac"].isna().all() and curve["value"].notna().any()


# --- who counts


def test_buyers_and_others_alike_and_channels_without_a_cost() -> None:
    """Friends bring 6 a member and cost nothing that is noted: no ratio, and no part of the total."""
    members = pd.concat([TEN, joined("friends", 20), joined(None, 5)])
    orders = sold(*FIVE, *each("friends", 6, 1, 20, None, 0))
    found = of(orders, COST, members)
    free = told(found, "friends")
    assert (
        free["contribution"] == 6
        and np.isnan([free["cac"], free["ltv_cac"], free["payback"]]).all()
    )
    assert told(found, "paid_channels")["contribution"] == 12
    assert told(found, "unknown_channel")["contribution"] == 0
    total = row(found, channel="paid_channels", measure="cac")
    assert (total["value"], total["n"]) == (13, 10)


def test_a_member_without_orders_lowers_the_contribution() -> None:
    more = pd.concat([TEN, joined("a", 2, 5)])
    assert told(of(sold(*FIVE), COST, more), "a")["contribution"] == 10


def test_who_joins_again_counts_once_from_the_first_time() -> None:
    """The roster knows day 30 only; a message of day 0 says more. An order of day 57 is too late."""
    again = joined("a", 10, 30)
    said = log(*[(who, noon(0)) for who in again["member_id"]])
    orders = sold(*[(who, 57, 9, 0, 0) for who in again["member_id"]])
    options = {**EIGHT, "history_days": 0}
    found = of(orders, COST, again, messages=said, options=options)
    assert told(found, "a")["contribution"] == 0
    assert told(of(orders, money((30, "a", 1, "CNY")), again), "a")["contribution"] == 9


def test_who_may_be_an_old_member_does_not_count() -> None:
    """Known by a first message alone: on day 27 perhaps an old member, on day 28 a new one."""
    nobody = TEN[:0]
    for day, n in ((27, 0), (28, 6)):
        said = log(*[(f"m{i}", noon(day)) for i in range(6)])
        orders = sold(*[(f"m{i}", day, 5, 0, 1) for i in range(6)])
        found = of(orders, money((0, "a", 5, "CNY")), nobody, messages=said)
        seen = found.loc[found["channel"] == "unknown_channel", "n"].unique().tolist()
        assert seen == ([n] if n else [])


def test_staff_neither_cost_nor_bring() -> None:
    members = pd.concat([TEN, joined("a", 1, 9)]).assign(is_staff=[False] * 10 + [True])
    found = told(of(sold(*FIVE, ("a9-0", 10, 900, 0, 0)), COST, members), "a")
    assert found["contribution"] == 12 and found["cac"] == 13


def test_nobody_nothing_and_no_cost() -> None:
    nobody = of(sold(*FIVE), COST, TEN[:0])
    line = row(nobody, channel="a", measure="cac")
    assert line["n"] == 0 and np.isnan(line["value"])
    assert line["low"] == pytest.approx(130 / -np.log(0.025))
    assert nobody["value"].isna().all()
    unsold = of(sold(*FIVE)[:0], COST, TEN)
    assert told(unsold, "a")["ltv_cac"] == 0 and np.isnan(told(unsold, "a")["payback"])
    silent = unsold[unsold["measure"] != "cac"]
    assert silent[["low", "high"]].isna().all(axis=None), "who did not buy says not what one might"
    free = of(sold(*FIVE), COST[:0], TEN)
    assert free["channel"].unique().tolist() == ["a"] and told(free, "a")["contribution"] == 12
    gift = told(of(sold(*FIVE), money((0, "a", 0, "CNY")), TEN), "a")
    assert gift["cac"] == 0 and np.isnan([gift["ltv_cac"], gift["payback"]]).all()
    assert of(sold(*FIVE)[:0], COST[:0], TEN).empty
    assert of(sold(*FIVE)[:0], COST[:0], TEN, curve=True).empty


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_join_at_midnight_belongs_to_the_day_of_its_own_clock(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC is the 8th in Shanghai; an order 28 days later is then of the same hour."""
    members = joined("a", 5).assign(joined_at="2024-01-07 17:30:00")
    orders = sold(*each("a", 5, 0, 5, 0, 1)).assign(ts="2024-02-04 15:30:00")
    spend = money((6, "a", 10, "CNY"), (7, "a", 100, "CNY"))
    found = of(
        orders, spend, members, sources=covering(("2024-01-01", "2024-03-31")),
        timezone=timezone, day_start=day_start, week_start=week_start,
        options={"days": 0, "within": 28},
    )  # fmt: skip
    late = week == "2024-01-08"
    # 15:30 UTC of 4 February is that day everywhere: 28 days after the 7th, 27 after the 8th.
    assert told(found, "a")["contribution"] == (4 if late else 0)
    assert row(found, channel="a", measure="cac")["n"] == 5


# --- one to four people


def test_one_to_four_buyers_stand_with_others_so_that_no_total_gives_them_away() -> None:
    """Of buyers b has 4, c 6 and a 9: b is put together with c, the next larger one."""
    members = pd.concat([joined(c, 20) for c in "abc"])
    spend = money(*[(0, c, 20, "CNY") for c in "abc"])
    orders = [o for c, n in (("a", 9), ("b", 4), ("c", 6)) for o in each(c, n, 0, 2, 0, 0)]
    found = of(sold(*orders), spend, members)
    assert found["channel"].unique().tolist() == ["a", "rest_channels", "paid_channels"]
    rest = told(found, "rest_channels")
    assert rest == {
        "cac": 1,
        "contribution": 0.5,
        "ltv_cac": 0.5,
        "payback": pytest.approx(np.nan, nan_ok=True),
    }
    assert row(found, channel="rest_channels", measure="cac")["n"] == 40
    five = of(sold(*orders, *each("b", 5, 1, 1, 0, 0)), spend, members)
    assert told(five, "b")["contribution"] == (4 * 2 + 5) / 20


def test_alone_with_four_buyers_nothing_is_told_but_the_cost() -> None:
    found = of(sold(*FIVE[:4]), COST, TEN)
    values = told(found, "paid_channels")
    assert values.pop("cac") == 13 and len(found) == 4
    assert np.isnan(list(values.values())).all()
    assert of(sold(*FIVE[:4]), COST, TEN, curve=True)["value"].isna().all()
    late = of(sold(*FIVE[:4], ("a0-9", 56, 9, 0, 0)), COST, TEN)
    assert np.isnan(told(late, "paid_channels")["contribution"]), "who buys too late is no buyer"
    unpaid = of(sold(*each("friends", 4, 0, 9, 0, 0)), COST, pd.concat([TEN, joined("friends", 9)]))
    assert np.isnan(told(unpaid, "friends")["contribution"])
    assert told(unpaid, "a")["contribution"] == 0


# --- what must hold of any

Order = tuple[int, int, int, int, int]
ORDERS = st.lists(
    st.tuples(
        st.integers(0, 29), st.integers(0, 80), st.integers(0, 500), st.integers(0, 50),
        st.integers(0, 300),
    ),
    max_size=60,
)  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(ORDERS)
def test_the_sum_of_every_member_s_orders(orders: list[Order]) -> None:
    """Against a plain sum over orders; ten members each by a, b and c, c by day 7."""
    members = pd.concat([joined("a", 10), joined("b", 10), joined("c", 10, 7)])
    ids = members["member_id"].tolist()
    rows = [
        (ids[who], day, gross, refund / 10, cost / 100) for who, day, gross, refund, cost in orders
    ]
    spend = money((0, "a", 50, "CNY"), (0, "b", 70, "CNY"), (7, "c", 30, "CNY"))
    found = of(sold(*rows), spend, members)
    inside = [(who, row) for (who, *_), row in zip(orders, rows, strict=True)
              if 0 <= row[1] - (7 if who >= 20 else 0) < 56]  # fmt: skip
    total = sum(gross - refund - cost for _, (_, _, gross, refund, cost) in inside)
    line = told(found, "paid_channels")
    assert line["cac"] == 5
    if 0 < len({who for who, _ in inside}) < 5:
        assert np.isnan(line["contribution"])
    else:
        assert line["contribution"] == pytest.approx(total / 30)
        assert line["ltv_cac"] == pytest.approx(total / 150)


# --- the sample


def test_the_sample_gives_back_what_its_laws_say() -> None:
    """``truth.json``: so many orders a week while alive, each leaving 32.40 on the mean.

    How many of the first 24 weeks each member was alive stands in ``latent``. Five channels are
    looked at, so each interval is widened from 95% to 99%: by 2.576 / 1.960.
    """
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    shop, facts = truth["orders"], truth["channels"]
    alive = pd.Series(truth["latent"]["life_weeks"], truth["latent"]["member_id"]).clip(upper=24)
    with open_dataset() as sample:
        found = sample.compute(unit_economics, days=0)
        last = sample.compute(unit_economics)
        members = sample.engine.frame("SELECT member_id, join_channel, joined_at FROM members")
    joined_at = pd.to_datetime(members["joined_at"], utc=True).dt.tz_convert("Asia/Shanghai")
    followed = joined_at < pd.Timestamp("2025-07-18", tz="Asia/Shanghai")  # 168 days before 2026
    weeks = (
        members[followed]
        .set_index("member_id")
        .assign(weeks=alive)
        .groupby("join_channel")["weeks"]
    )
    lines = found.set_index(["measure", "channel"])
    wider = 2.576 / 1.960
    each_week = shop["orders_a_week_while_alive"] * shop["margin_per_order"]
    for channel, fact in facts.items():
        law = weeks.mean()[channel] * each_week
        ratio = law / fact["cost_per_join"]
        for measure, truly in (("contribution", law), ("ltv_cac", ratio)):
            line = lines.loc[measure, channel]
            assert line["n"] == weeks.count()[channel]
            assert line["value"] - (line["value"] - line["low"]) * wider <= truly, channel
            assert line["value"] + (line["high"] - line["value"]) * wider >= truly, channel
        if not 0.8 < ratio < 1.25:
            assert np.isfinite(lines.loc["payback", channel]["value"]) == (ratio > 1)
    total = lines.loc["contribution", "paid_channels"]
    assert total["low"] <= sum(weeks.sum()) * each_week / sum(weeks.count()) <= total["high"]
    # By default joins of the last 364 days that are 168 days old: 2025-01-02 to 2025-07-17.
    assert (last["period_start"] == "2025-01-02").all()
    assert (last["period_end"] == "2025-07-18").all()
    assert lines.loc["ltv_cac", "paid_ads"]["high"] < 1
    assert lines.loc["ltv_cac", "search"]["low"] > 1
