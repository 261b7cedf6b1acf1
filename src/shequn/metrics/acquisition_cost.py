"""Acquisition cost: what a join costs, and what one member who is still active costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.metrics.channels import (
    CHANNEL_WORDS,
    PAID,
    WEEK_4,
    joins_of,
    merged,
    on_covered_days,
    periods,
    with_days,
)
from shequn.metrics.money import NO_CURRENCY, cost_each, spent
from shequn.metrics.windows import HISTORY_DAYS
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

DAYS = 180
COST_PER = {"joins": "cost_per_join", "active": "cost_per_active"}
ALL = "all_channels"


@metric(
    id="acquisition_cost",
    name=Text("Acquisition cost", "获客成本"),
    question=Text(
        "What does a join cost in each channel, and what a member who is still active in week 4?",
        "每个渠道进来一个人花多少钱？到第 4 周还活跃的人，一个花多少钱？",
    ),
    formula=r"K_c = \frac{C_c}{J_c}, \qquad K^{*}_c = \frac{C_c}{A_c}",
    symbols=Text(
        "C_c: cost of channel c in the window, in one currency; J_c: members who joined by it in "
        "the same days; A_c: those of them who wrote on days 28 to 34 after joining",
        "C_c：渠道 c 在窗口内以一种货币计的花费；J_c：同一段日子经它入群的成员；"
        "A_c：其中入群后第 28 至 34 天发过言的人",
    ),
    needs={
        "spend": ("date", "channel", "cost"),
        "members": ("member_id", "joined_at", "joined_at_basis", "join_channel"),
    },
    uses={"messages": ("author_id", "ts")},
    unit="money",
    direction="down",
    null=Text(
        "No value where nobody joined: only a lower bound. No value for a channel without a cost "
        "in the data: not known is not free. Members count for week 4 once days 28 to 34 are over "
        "and covered. Currencies are never added.",
        "没有人入群时没有数值，只有下限。数据里没有花费的渠道没有数值：不知道不等于免费。"
        "入群后第 28 至 34 天都过完且有数据，才计入第 4 周。不同货币从不相加。",
    ),
    misleads=Text(
        "Wages, gifts and discounts that are not in the table. Members who would have come anyway. "
        "A channel spelled differently in the two tables. Cheap joins that do not stay.",
        "表里没有的工资、礼品和折扣。本来就会来的人。两张表里写法不同的渠道。便宜却留不住的入群。",
    ),
    words={
        **CHANNEL_WORDS,
        "cost_per_join": Text("cost of a join", "单个入群成本"),
        "cost_per_active": Text("cost of a member active in week 4", "第 4 周活跃成员的单个成本"),
        "cost": Text("cost", "花费"),
        "currency": Text("currency", "货币"),
        NO_CURRENCY: Text("not given", "未注明"),
        ALL: Text("all joins", "全部入群"),
    },
    references=("lewis2015unfavorable", "gordon2019comparison"),
)
def acquisition_cost(
    spend: ir.Table,
    members: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count joins, those of them active in week 4, and cents, by day and channel."""
    import ibis
    from ibis import _

    joins = joins_of(messages, members, calendar, history_days)
    joins = with_days(joins, messages, active=WEEK_4)
    joins = joins.group_by("channel", day=joins.start).agg(joins=_.count(), active=_.active.sum())
    came = joins.select(
        "channel",
        "day",
        currency=ibis.literal(""),
        joins=_.joins.cast("int64"),
        active=_.active.cast("int64"),
        cents=ibis.literal(0, "int64"),
    )
    costs = spent(spend)
    zero = ibis.literal(0, "int64")
    paid = costs.select("channel", "day", "currency", joins=zero, active=zero, cents=_.cents)
    return ibis.union(came, paid)


def _grown(calendar: Calendar) -> Callable[[date], bool]:
    """Return whether week 4 of those who joined on a day is over and covered."""
    first, end = WEEK_4
    return lambda day: calendar.is_covered(day + timedelta(days=first), end - first)


def _costs(
    counts: pd.DataFrame, calendar: Calendar, start: date, end: date
) -> Iterator[tuple[object, ...]]:
    """Yield ``measure, channel, currency, cost, people`` of a period.

    Both measures take the cost of the days whose joins they count. Cost is NaN where none is known.
    """
    inside = on_covered_days(counts, calendar, start, end)
    for kind, measure in COST_PER.items():
        rows = inside
        if kind == "active":
            grown = {day for day in set(inside["day"]) if _grown(calendar)(day)}
            rows = inside[inside["day"].isin(grown)]
        costs = rows[rows["currency"] != ""]
        people = rows[rows["currency"] == ""].groupby("channel")[kind].sum()
        channels = sorted({*people.index, *costs["channel"]})
        people = people.reindex(channels, fill_value=0)
        names = merged(people.to_dict())
        costs = costs.assign(name=costs["channel"].map(names))
        sums = costs.groupby(["name", "currency"], as_index=False)["cents"].sum()
        shown = people.rename(index=names).groupby(level=0).sum()
        for channel in shown.sort_values(ascending=False, kind="stable").index:
            mine = sums[sums["name"] == channel]
            for currency, cents in zip(mine["currency"], mine["cents"], strict=True):
                yield measure, channel, currency, cents / 100, shown[channel]
            if mine.empty:
                yield measure, channel, None, float("nan"), shown[channel]
        for currency, table in costs.groupby("currency"):
            cost, paid = table["cents"].sum() / 100, sorted(set(table["channel"]))
            yield measure, PAID, currency, cost, people[paid].sum()
            yield measure, ALL, currency, cost, people.sum()


def _framed(rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Divide costs by people; the people vary by Poisson, the cost is taken as known."""
    import pandas as pd

    columns = ["period_start", "period_end", "measure", "channel", "currency", "cost", "n"]
    frame = pd.DataFrame(rows, columns=columns).astype({"cost": float, "n": float})
    value, low, high = cost_each(frame["cost"], frame["n"])
    frame = frame.assign(value=value, low=low, high=high)
    return tidy(frame, "measure", "channel", "currency", "cost")


@acquisition_cost.finish
def _by_channel(
    counts: pd.DataFrame, calendar: Calendar, days: int = DAYS, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    start = calendar.window(days)
    rows = _costs(counts, calendar, start, calendar.end)
    return _framed([(start, calendar.end, *row) for row in rows])


@acquisition_cost.view
def cost_by_month(
    spend: ir.Table,
    members: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
    months: int = 1,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same joins and costs, to be divided month by month."""
    return acquisition_cost.expression(
        spend, members, messages, calendar=calendar, history_days=history_days
    )


@cost_by_month.finish
def _by_month(
    counts: pd.DataFrame, calendar: Calendar, months: int = 1, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    """Divide within each month that is wholly covered, for week 4 also until that is over."""
    rows = [
        (start, end, *row)
        for start, end in periods(calendar, months)
        if calendar.is_covered(start, (end - start).days)
        for row in _costs(counts, calendar, start, end)
        if row[0] == "cost_per_join" or _grown(calendar)(end - timedelta(days=1))
    ]
    return _framed(rows)
