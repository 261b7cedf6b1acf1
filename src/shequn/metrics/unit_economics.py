"""Unit economics: whether a member earns more than he or she costs, and after how many weeks."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from shequn.calendar import DAY
from shequn.metrics import metric, tidy
from shequn.metrics.channels import CHANNEL_WORDS, PAID, joins_of
from shequn.metrics.contributions import KEYS, Group, ages_until, groups_of
from shequn.metrics.money import NO_CURRENCY, PARTS, cost_each, currency_name, spent
from shequn.metrics.windows import HISTORY_DAYS
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar
    from shequn.intervals import Floats

DAYS = 364  # last days of the data in which the joins lie
WITHIN = 168  # days for which everybody is followed
MEASURES = ("cac", "contribution", "ltv_cac", "payback")
_NONE = (np.nan, np.nan, np.nan)


@metric(
    id="unit_economics",
    name=Text("Unit economics", "单位经济"),
    question=Text(
        "Does a member earn more than he or she costs, channel by channel, and after how many weeks "
        "is the cost back?",
        "一个成员赚回来的钱，比拉他进来花的钱多吗？各渠道如何？几周回本？",
    ),
    formula=r"K_c = \frac{C_c}{J_c}, \qquad "
    r"V_c(d) = \frac{1}{J_c} \sum_{o:\, a_o < d} (g_o - f_o - w_o), \qquad "
    r"\frac{V_c(h)}{K_c}, \qquad \min\,\{d : V_c(d) \ge K_c\}",
    symbols=Text(
        "C_c: cost of channel c on the days of joining; J_c: members who joined by it on those days; "
        "g_o, f_o, w_o: price paid, money given back and cost of the goods of order o of one of "
        "them, made a_o days after joining; h: days for which everybody is followed; d: 28, 56, … "
        "days, at most h",
        "C_c：渠道 c 在这些入群日的花费；J_c：这些日子经它入群的成员；"
        "g_o、f_o、w_o：其中某人入群后第 a_o 天所下订单 o 的实付金额、退款与商品成本；"
        "h：每个人都观察这么多天；d：28、56……天，至多 h",
    ),
    needs={
        "orders": ("member_id", "ts", "gross"),
        "spend": ("date", "channel", "cost"),
        "members": ("member_id", "joined_at", "joined_at_basis", "join_channel"),
    },
    uses={"messages": ("author_id", "ts")},
    unit="money",
    direction="up",
    null=Text(
        "Only joins count since which every day of the horizon is covered. Without the cost of goods "
        "of a single order the contribution is unknown, unless you state a margin. No ratio and no "
        "payback for a channel without a cost, or whose costs and orders are in several currencies. "
        "Paid channels with one to four buyers stand together; other such channels have no value. "
        "No payback within the horizon: no value.",
        "只算入群后整个观察期每天都有数据的人。只要有一单不知道商品成本，贡献毛利就不知道，除非你给出毛利率。"
        "没有花费、或花费与订单不止一种货币的渠道，没有比值，也没有回本周数。"
        "买家只有一到四人的花钱渠道合在一起，其他这样的渠道没有数值。观察期内没回本，就没有回本周数。",
    ),
    misleads=Text(
        "Wages and gifts that are not in the costs. Members who would have come anyway. Buyers who "
        "bought before they joined. Orders after the horizon. A margin that was guessed.",
        "花费里没有的工资和礼品。本来就会来的人。入群前就在买的人。观察期之后的订单。拍脑袋的毛利率。",
    ),
    words={
        **CHANNEL_WORDS,
        "currency": Text("currency", "货币"),
        NO_CURRENCY: Text("not given", "未注明"),
        "cac": Text("cost of a join", "单个入群成本"),
        "contribution": Text("contribution of a member", "每位成员的贡献毛利"),
        "ltv_cac": Text("contribution over cost", "贡献毛利与成本之比"),
        "payback": Text("weeks until the cost is back", "回本周数"),
        "age_weeks": Text("weeks since joining", "入群后周数"),
    },
    references=("gupta2004valuing", "lewis2015unfavorable", "gordon2019comparison"),
)
def unit_economics(
    orders: ir.Table,
    spend: ir.Table,
    members: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    within: int = WITHIN,
    margin: float | None = None,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count joins, cents spent, and buyers by what they brought by each age, channel by channel.

    ``kind`` is ``joined``, ``spent`` or ``brought``. ``by_28`` and so on are the money brought in
    the first so many days, in parts; ``lost`` is the age at the first order whose cost is unknown.
    """
    import ibis
    from ibis import _

    if margin is not None and not 0 <= margin <= 1:
        raise ShequnError(
            Text(f"margin is {margin}.", f"margin 写的是 {margin}。"),
            Text("Write a share of revenue, such as 0.3.", "请写成占收入的比例，如 0.3。"),
        )
    ages, runs = ages_until(within), _joining(calendar, days, within)
    joins = joins_of(messages, members, calendar, history_days)
    joins = joins.filter(_within(joins.start, runs))
    costs = spent(spend)
    costs = costs.filter(_within(costs.day, runs))

    # Not fill_null: of fractions, ibis asks a setting of Spark that exists only beside Spark.
    net = orders.gross - ibis.coalesce(orders.refund, 0.0)
    gain = net - orders.cost
    if margin is not None:
        gain = ibis.coalesce(gain, net * margin)
    sold = orders.select(
        buyer="member_id",
        day=orders.ts.date(),
        currency=currency_name(orders.currency),
        parts=(ibis.coalesce(gain, 0.0) * PARTS + 0.5).floor().cast("int64"),
        unknown=gain.isnull(),  # noqa: PD003
    )
    both = joins.inner_join(sold, joins.member_id == sold.buyer)
    both = both.mutate(age=both.day.delta(both.start, unit="day"))
    both = both.filter(both.age >= 0, both.age < within)
    sums = {f"by_{d}": ibis.ifelse(_.age < d, _.parts, 0).sum().cast("int64") for d in ages}
    lost = ibis.ifelse(_.unknown, _.age, within).min().cast("int64")
    each = both.group_by("channel", "currency", "member_id").agg(lost=lost, **sums)
    brought = each.group_by("channel", "currency", "lost", *sums).agg(people=_.count())

    columns = [*KEYS, *sums, "people", "cents"]
    zero, none = ibis.literal(0, "int64"), ibis.literal("")
    lacking = {"currency": none, "lost": zero, "people": zero, "cents": zero} | dict.fromkeys(
        sums, zero
    )
    parts = {
        "joined": joins.group_by("channel").agg(people=_.count()),
        "spent": costs.group_by("channel", "currency").agg(cents=_.cents.sum().cast("int64")),
        "brought": brought,
    }
    return ibis.union(
        *[
            part.mutate(
                kind=ibis.literal(kind),
                **{name: value for name, value in lacking.items() if name not in part.columns},
            ).select(*columns)
            for kind, part in parts.items()
        ]
    )


def _joining(calendar: Calendar, days: int, within: int) -> list[tuple[date, date]]:
    """Return the half-open runs of days of joining since which all ``within`` days are covered."""
    runs: list[tuple[date, date]] = []
    day = calendar.window(days)
    while day < calendar.end:
        if calendar.is_covered(day, within):
            first = runs.pop()[0] if runs and runs[-1][1] == day else day
            runs.append((first, day + DAY))
        day += DAY
    return runs


def _within(day: ir.DateValue, runs: list[tuple[date, date]]) -> ir.BooleanValue:
    import ibis

    inside: ir.BooleanValue = ibis.literal(False)
    for start, end in runs:
        inside = inside | ((day >= ibis.date(start)) & (day < ibis.date(end)))
    return inside


def _measures(group: Group, within: int) -> Iterator[tuple[str, float, float, float]]:
    """Yield each measure with its interval.

    Of the contribution members are drawn anew; of ratio and payback also how many joined. Payback
    looks at every step, also those that the curve leaves out: it says that a line was crossed, and
    nobody's money.
    """
    from shequn.intervals import between, recounts

    (cac,), (low,), (high,) = cost_each([group.cost], [group.joined])
    yield "cac", float(cac), float(low), float(high)
    if not group.told:
        yield from ((measure, *_NONE) for measure in MEASURES[1:])
        return
    mean, drawn = group.mean(), group.drawn()
    yield "contribution", float(mean[-1]), *between(drawn[:, -1])
    if not (group.pure and group.cost > 0):
        yield from ((measure, *_NONE) for measure in MEASURES[2:])
        return
    drawn = drawn * (recounts(group.joined) / group.joined)[:, None]
    yield "ltv_cac", float(mean[-1] / cac), *between(drawn[:, -1] / cac)
    weeks = np.array(ages_until(within)) / 7
    (first,) = _first(mean[None, :] >= cac, weeks)
    bounds = between(_first(drawn >= cac, weeks))
    if np.isfinite(first) or group.known.all():
        yield "payback", first if np.isfinite(first) else np.nan, *bounds
    else:
        yield "payback", *_NONE


def _first(reached: npt.NDArray[np.bool_], weeks: Floats) -> Floats:
    """Return the first week in which each row is reached, or infinity."""
    return np.where(reached.any(axis=1), weeks[reached.argmax(axis=1)], np.inf)


def _framed(
    rows: list[tuple[object, ...]], calendar: Calendar, days: int, within: int, *slices: str
) -> pd.DataFrame:
    """Return tidy rows; the period is that of the joins."""
    import pandas as pd

    runs = _joining(calendar, days, within)
    frame = pd.DataFrame(rows, columns=[*slices, "n", "value", "low", "high"])
    start, end = (runs[0][0], runs[-1][1]) if runs else (calendar.window(days), calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), *slices)


@unit_economics.finish
def _by_channel(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    within: int = WITHIN,
    margin: float | None = None,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    rows = [
        (measure, group.channel, group.currency, group.joined, *numbers)
        for groups in groups_of(counts, within)
        for group in groups
        for measure, *numbers in _measures(group, within)
    ]
    rows.sort(key=lambda row: MEASURES.index(str(row[0])))  # channels are compared within one
    return _framed(rows, calendar, days, within, "measure", "channel", "currency")


@unit_economics.view
def contribution_curve(
    orders: ir.Table,
    spend: ir.Table,
    members: ir.Table,
    messages: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    within: int = WITHIN,
    margin: float | None = None,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same counts, for what a member had brought every four weeks."""
    return unit_economics.expression(
        orders, spend, members, messages, calendar=calendar, days=days, within=within,
        margin=margin, history_days=history_days,
    )  # fmt: skip


@contribution_curve.finish
def _curve(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    within: int = WITHIN,
    margin: float | None = None,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Give each age a row, with the cost of a join beside it where both are in one currency.

    The total has a value only where all that it adds up have one, or it would give away the others.
    """
    from shequn.intervals import between

    rows: list[tuple[object, ...]] = []
    for groups in groups_of(counts, within):
        told = {g.channel: g.ages_told() for g in groups}
        for group in groups:
            (cac,), _, _ = cost_each([group.cost], [group.joined])
            beside = float(cac) if group.pure else np.nan
            mean, drawn = (group.mean(), group.drawn()) if group.told else (None, None)
            shown = told[group.channel]
            if group.channel == PAID:
                inside = [told[g.channel] for g in groups if {*g.parts}.issubset(group.parts)]
                shown = shown.intersection(*inside)
            for place, age in enumerate(ages_until(within)):
                numbers: tuple[float, ...] = _NONE
                if mean is not None and drawn is not None and place in shown:
                    numbers = (float(mean[place]), *between(drawn[:, place]))
                rows.append(
                    (group.channel, group.currency, age / 7, beside, group.joined, *numbers)
                )
    return _framed(rows, calendar, days, within, "channel", "currency", "age_weeks", "cac")
