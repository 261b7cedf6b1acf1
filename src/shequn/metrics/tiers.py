"""Tiers: how many members write how often, who moves up and down, and which buyers buy next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.windows import member_days
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

REGULAR, CORE = 3, 8  # active days in a window from which on a member is in a tier
ACTIVE = ("light", "regular", "core")
TIERS = ("quiet", *ACTIVE)
SCORES = ("recency", "frequency", "money")
FIFTHS = 5
# More windows, or active days, than any data have: some engines' lag knows no NULL, and some know no
# common type of a count and a number below zero.
_OLDER = 1 << 20


@metric(
    id="tiers",
    name=Text("Member tiers", "成员分层"),
    question=Text(
        "How many members are quiet, light, regular, core? Of each tier, how many are higher or "
        "lower four weeks later?",
        "安静、偶尔、经常、核心的成员各有多少？四周以后，每一层里多少人升、多少人降？",
    ),
    formula=r"p_{ab} = \frac{|\{i : T_{t-1}(i) = a,\ T_t(i) = b\}|}{|\{i : T_{t-1}(i) = a\}|}",
    symbols=Text(
        "T_t(i): tier of member i in window t, by active days: quiet 0, light 1 to 2, regular 3 to "
        "7, core 8 or more",
        "T_t(i)：成员 i 在窗口 t 的层级，按活跃天数：安静 0，偶尔 1 到 2，经常 3 到 7，核心 8 天以上",
    ),
    needs={"messages": ("author_id", "ts")},
    uses={"orders": ("member_id", "ts", "gross")},
    unit="members",
    direction="none",
    null=Text(
        "No value for a window not wholly covered by the export, nor for a move into such a window "
        "or out of it; none where it would speak of one to four members.",
        "没被导出完整覆盖的窗口没有数值，出入这种窗口的升降也没有；涉及一到四人时没有。",
    ),
    misleads=Text(
        "Whoever had a good month falls back without anybody's doing, and whoever had a bad one "
        "rises. Whoever left counts as quiet. Bounds are ours: look how many stand right beside one.",
        "碰巧活跃了一个月的人，不用谁做什么也会落回来；碰巧冷清的人会升上去。退群的人算作安静。"
        "界线是我们定的：先看有多少人正好站在线边上。",
    ),
    words={
        "tier": Text("tier", "层级"),
        "quiet": Text("quiet", "安静"),
        "light": Text("light", "偶尔"),
        "regular": Text("regular", "经常"),
        "core": Text("core", "核心"),
        "newcomer": Text("first wrote", "首次发言"),
        "before": Text("in the window before", "上一个窗口"),
        "after": Text("in this one", "这一个窗口"),
        "bounds": Text("bounds moved by, days", "界线移动（天）"),
        "score": Text("score by", "评分依据"),
        "fifth": Text("fifth, 5 the best", "五分位（5 最高）"),
        "recency": Text("recency", "最近一次"),
        "frequency": Text("frequency", "次数"),
        "money": Text("money", "金额"),
    },
    references=("hughes1994strategic", "preece2009reader"),
)
def tiers(messages: ir.Table, orders: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Count members by window and active days, with the active days of the window before and after.

    ``back`` counts windows back from the end. ``before`` is 0 for who had written, but not in the window
    before, and very many for who never had; ``quiet`` is 1 if the window after this one is a quiet one.
    """
    import ibis
    from ibis import _

    seen = member_days(messages, calendar)
    back = ibis.date(calendar.end).delta(seen.day, unit="day") - 1
    seen = seen.mutate(back=(back / days).floor().cast("int64"))
    windows = seen.group_by("member_id", "back").agg(active=_.count())
    by_member = ibis.window(group_by="member_id", order_by=ibis.desc("back"))
    windows = windows.mutate(
        earlier=_.back.lag(1, _OLDER).over(by_member),
        had=_.active.lag(1, 0).over(by_member),
        later=_.back.lead(1, -_OLDER).over(by_member),
    )
    windows = windows.mutate(
        before=ibis.cases(
            (windows.earlier == _OLDER, _OLDER),
            (windows.earlier == windows.back + 1, windows.had),
            else_=0,
        ).cast("int64"),
        quiet=(windows.later != windows.back - 1).cast("int64"),
    )
    return windows.group_by("back", "active", "before", "quiet").agg(members=_.count())


def _tier(active: pd.Series[int], shift: int = 0) -> pd.Series[str]:
    """Return the tier of members with so many active days; very many is for who never had."""
    import pandas as pd

    edges = [-1, 0, REGULAR - 1 + shift, CORE - 1 + shift, _OLDER - 1, _OLDER]
    return pd.cut(active, edges, labels=[*TIERS, "newcomer"]).astype(str)


def _moves(counts: pd.DataFrame, back: int) -> pd.DataFrame:
    """Return how many members go from each tier (or none) to each, into a window."""
    here = counts[counts["back"] == back]
    here = here.assign(old=_tier(here["before"]), new=_tier(here["active"]))
    grid = here.pivot_table(index="old", columns="new", values="members", aggfunc="sum")
    grid = grid.reindex(index=["newcomer", *TIERS], columns=list(TIERS)).fillna(0)
    there = counts[(counts["back"] == back + 1) & (counts["quiet"] == 1)]
    fell = there.groupby(_tier(there["active"]))["members"].sum()
    grid["quiet"] = fell.reindex(grid.index).fillna(0)
    ever = counts.loc[(counts["back"] > back) & (counts["before"] == _OLDER), "members"].sum()
    grid.loc["quiet", "quiet"] = ever - grid.loc[list(TIERS)].to_numpy().sum()
    return grid


def _windows(counts: pd.DataFrame, calendar: Calendar, days: int) -> range:
    return range(-(-(calendar.end - calendar.first).days // days) - 1, -1, -1)


@tiers.finish
def _sizes(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for back in _windows(counts, calendar, days):
        end = calendar.end - timedelta(days=back * days)
        start = end - timedelta(days=days)
        sizes = _moves(counts, back).sum()
        for tier in TIERS:
            value = float(sizes[tier]) if calendar.is_covered(start, days) else np.nan
            rows.append((start, end, tier, value, value))
    frame = pd.DataFrame(rows, columns=["period_start", "period_end", "tier", "value", "n"])
    return tidy(frame, "tier")


@tiers.view
def moves(messages: ir.Table, orders: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Return the same counts, for the share of each tier that goes to each in the last window."""
    return tiers.expression(messages, orders, calendar=calendar, days=days)


@moves.finish
def _matrix(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Divide the moves into the last whole window by the tier they came from."""
    import pandas as pd

    from shequn.intervals import wilson

    start = calendar.end - timedelta(days=days)
    known = calendar.is_covered(start - timedelta(days=days), 2 * days)
    grid = _moves(counts, 0).to_dict("index")
    rows: list[tuple[object, ...]] = []
    for before in ("newcomer", *TIERS):
        n = sum(grid[before].values())
        for after in ACTIVE if before == "newcomer" else TIERS:
            went = grid[before][after]
            low, high = wilson(went, n)
            numbers = (went / n, n, low[0], high[0]) if known and n else (np.nan,) * 4
            rows.append((before, after, *numbers))
    frame = pd.DataFrame(rows, columns=["before", "after", "value", "n", "low", "high"])
    frame = frame.assign(period_start=start, period_end=calendar.end)
    return tidy(frame, "before", "after")


@tiers.view
def on_the_line(
    messages: ir.Table, orders: ir.Table, *, calendar: Calendar, days: int = 28
) -> ir.Table:
    """Return the same counts, for who would change tiers if the bounds were a day elsewhere."""
    return tiers.expression(messages, orders, calendar=calendar, days=days)


@on_the_line.finish
def _line(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Share of the active members of the last window in another tier, bounds a day lower or higher."""
    import pandas as pd

    from shequn.intervals import wilson

    start = calendar.end - timedelta(days=days)
    last = counts[counts["back"] == 0]
    n, rows = int(last["members"].sum()), []
    for shift in (-1, 1):
        moved = _tier(last["active"]) != _tier(last["active"], shift)
        other = int(last.loc[moved, "members"].sum())
        low, high = wilson(other, n)
        told = n > 0 and calendar.is_covered(start, days)
        numbers = (other / n, n, low[0], high[0]) if told else (np.nan,) * 4
        rows.append((start, calendar.end, shift, *numbers))
    columns = ["period_start", "period_end", "bounds", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "bounds")


@tiers.view
def rfm(messages: ir.Table, orders: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Buyers before the last window, by recency, frequency and money, and whether they bought in it."""
    import ibis
    from ibis import _

    start = ibis.date(calendar.end - timedelta(days=days))
    first, end = ibis.date(calendar.first), ibis.date(calendar.end)
    net = (_.gross - ibis.coalesce(_.refund, 0.0)) * 100
    paid = orders.select("member_id", day=_.ts.date(), cents=net.round().cast("int64"))
    paid = paid.filter(paid.day >= first, paid.day < end)
    before = (paid.day < start).cast("int64")
    age = ibis.ifelse(paid.day < start, start.delta(paid.day, unit="day"), _OLDER)
    paid = paid.mutate(
        recency=age.cast("int64"), frequency=before, money=before * paid.cents, bought=1 - before
    )
    buyers = paid.group_by("member_id").agg(
        recency=_.recency.min(), frequency=_.frequency.sum().cast("int64"),
        money=_.money.sum().cast("int64"), bought=_.bought.max(),
    )  # fmt: skip
    buyers = buyers.filter(buyers.frequency > 0)
    return buyers.group_by(*SCORES, "bought").agg(members=_.count())


@rfm.finish
def _fifths(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Share of each fifth, by each of the three, that bought in the last window.

    Buyers who are alike share the fifth of their mean rank.
    """
    import pandas as pd

    from shequn.intervals import wilson

    start = calendar.end - timedelta(days=days)
    told = calendar.is_covered(start, days)
    people = counts.loc[counts.index.repeat(counts["members"])]
    rows: list[tuple[object, ...]] = []
    for score in SCORES:
        rank = people[score].rank(pct=True, ascending=score != "recency") - 0.5 / max(
            len(people), 1
        )
        fifth = (rank * FIFTHS).astype(int) + 1
        for place in range(1, FIFTHS + 1):
            some = people.loc[fifth == place, "bought"]
            low, high = wilson(some.sum(), len(some))
            numbers = (
                (some.mean(), len(some), low[0], high[0]) if told and len(some) else (np.nan,) * 4
            )
            rows.append((start, calendar.end, score, place, *numbers))
    columns = ["period_start", "period_end", "score", "fifth", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "score", "fifth")
