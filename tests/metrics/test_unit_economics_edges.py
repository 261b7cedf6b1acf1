"""Unit economics: edges of horizon and window, who counts, what is unknown."""

from __future__ import annotations

import json

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
    noon,
    of,
    sold,
    told,
)
from engines import (
    SUNDAY_NIGHT,
    covering,
    log,
    row,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.dataset import open_dataset
from shequn.metrics.unit_economics import unit_economics
from shequn.paths import SAMPLE


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
