"""Active members: daily, weekly and monthly, and how often the monthly ones come."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.metrics.windows import member_days
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

WINDOWS = (1, 7, 28)  # days: DAU, WAU, MAU; 28 and not 30, so that every window holds four weekends
# First active days of the steps of the power-user curve: once, a few times, weekly, and twice that.
# Each step is twice as wide as the one before. One step a day would leave most of a group of 60
# with one to four people in it, which are not shown; the same steps serve 7 and 28 days.
STEPS = (1, 2, 4, 8, 15)


@metric(
    id="active_members",
    name=Text("Active members", "活跃成员"),
    question=Text(
        "How many members wrote in a day, in 7 days and in 28 days?",
        "一天、7 天、28 天里，各有多少成员发过言？",
    ),
    formula=r"A_w(d) = \left| \bigcup_{i=0}^{w-1} S_{d-i} \right|",
    symbols=Text(
        "S_d: members who wrote on day d; w: 1, 7 or 28 days",
        "S_d：第 d 天发过言的成员；w：1、7 或 28 天",
    ),
    needs={"messages": ("author_id", "ts")},
    unit="members",
    direction="up",
    null=Text(
        "A window has no value unless every day in it is covered by the export, nor where one to "
        "four members wrote.",
        "窗口里只要有一天没被导出覆盖，就没有数值；只有一到四人发言时也没有。",
    ),
    misleads=Text(
        "Days cut in another zone, holes of the export taken for quiet, staff and bots left in. "
        "While a group grows, its newcomers have had few days to come back.",
        "按别的时区切日，把导出的缺口当成冷清，没剔除自己人和机器人。人数在涨时，新人还没来得及再来。",
    ),
    words={
        "days": Text("window, days", "窗口（天）"),
        "active_days": Text("active days", "活跃天数"),
    },
    references=("rodden2010measuring", "chaoss2024metrics"),
)
def active_members(messages: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Days on which members enter and leave "active in the last w days".

    A member active on a day stays so until ``min(day + w, next active day)``; the running sum of
    entries less exits is the exact rolling distinct count, for all windows in one pass.
    """
    import ibis
    from ibis import _

    # Some engines' lead knows no NULL: a day later than any that a window can reach stands for it.
    far = ibis.date(calendar.end + timedelta(days=2 * max(WINDOWS)))
    days = member_days(messages, calendar)
    days = days.mutate(following=_.day.lead(1, far).over(group_by="member_id", order_by="day"))
    leaving = {
        f"left{w}": ibis.least((_.day + ibis.interval(days=w)).cast("date"), _.following)
        for w in WINDOWS
    }
    days = days.select(entered="day", **leaving)
    edges = [
        days.group_by(day=edge).agg(members=_.count()).mutate(edge=ibis.literal(edge))
        for edge in ("entered", *leaving)
    ]
    return ibis.union(*edges)


@active_members.finish
def _active_members(edges: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    import pandas as pd

    days = calendar.days()
    known = days.isin(pd.to_datetime(sorted(calendar.covered)))
    counts = edges.assign(day=pd.to_datetime(edges["day"])).pivot_table(
        index="day", columns="edge", values="members", aggfunc="sum"
    )
    counts = counts.reindex(days).fillna(0)
    results = []
    for window in WINDOWS:
        left = counts.get(f"left{window}", pd.Series(0.0, index=days))
        entered = counts.get("entered", pd.Series(0.0, index=days))
        value = (entered - left).cumsum()
        whole = pd.Series(known, index=days).rolling(window).sum() == window
        results.append(
            pd.DataFrame(
                {
                    "period_start": days - pd.Timedelta(days=window - 1),
                    "period_end": days + pd.Timedelta(days=1),
                    "days": window,
                    "value": value.where(whole).to_numpy(),
                    "n": value.where(whole).to_numpy(),
                }
            )
        )
    return tidy(pd.concat(results), "days")


@active_members.view
def typical_day(messages: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Return the same entries and exits, for the median of the last days."""
    return active_members.expression(messages, calendar=calendar)


@typical_day.finish
def _typical_day(edges: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Median of daily actives over the last ``days`` days, those unseen left out."""
    import pandas as pd

    daily = _active_members(edges, calendar)
    last = daily[daily["days"] == 1].tail(days)
    median = last["value"].median()
    return tidy(
        pd.DataFrame(
            {
                "period_start": [last["period_start"].min()],
                "period_end": [last["period_end"].max()],
                "value": [median],
                "n": [median],
            }
        )
    )


@active_members.view
def stickiness(messages: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Members by number of active days, in each window of ``days`` counted back from the end."""
    import ibis
    from ibis import _

    seen = member_days(messages, calendar)
    back = ibis.date(calendar.end).delta(seen.day, unit="day") - 1
    seen = seen.mutate(back=(back / days).floor().cast("int64"))
    per_member = seen.group_by("member_id", "back").agg(active_days=_.count())
    return per_member.group_by("back", "active_days").agg(members=_.count())


@stickiness.finish
def _stickiness(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """DAU over MAU as the mean share of days on which a monthly member came.

    The two are one number: summing over members or over days counts the same member-days. As a
    mean over members it has an interval (normal, members independent).
    """
    import numpy as np
    import pandas as pd
    from statsmodels.stats.weightstats import DescrStatsW

    rows = []
    counts = counts.sort_values("active_days")  # engines give rows in any order
    windows = -(-(calendar.end - calendar.first).days // days)
    for back in reversed(range(windows)):
        group = counts[counts["back"] == back]
        end = calendar.end - timedelta(days=back * days)
        start = end - timedelta(days=days)
        n = int(group["members"].sum())
        if n < 2 or not calendar.is_covered(start, days):
            value = low = high = np.nan
        else:
            shares = DescrStatsW(group["active_days"] / days, weights=group["members"])
            value, (low, high) = shares.mean, shares.zconfint_mean()
        rows.append((start, end, value, n, max(low, 0.0), min(high, 1.0)))
    columns = ["period_start", "period_end", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns))


@active_members.view
def power_curve(messages: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Members by active days, in the last two windows of 7 and of 28 days: L7 and L28."""
    import ibis

    parts = []
    for days in WINDOWS[1:]:
        counts = stickiness.expression(messages, calendar=calendar, days=days)
        counts = counts.filter(counts.back < 2)
        parts.append(counts.mutate(days=ibis.literal(days, "int64")))
    return ibis.union(*parts)


@power_curve.finish
def _power_curve(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Put active days together in steps; a window with an unseen day has no value."""
    import numpy as np
    import pandas as pd

    rows = []
    for days in WINDOWS[1:]:
        steps = [first for first in STEPS if first <= days]
        lasts = [*(first - 1 for first in steps[1:]), days]
        for back in (1, 0):
            end = calendar.end - timedelta(days=back * days)
            start = end - timedelta(days=days)
            group = counts[(counts["days"] == days) & (counts["back"] == back)]
            whole = calendar.is_covered(start, days)
            for first, last in zip(steps, lasts, strict=True):
                inside = group["active_days"].between(first, last)
                members = group.loc[inside, "members"].sum() if whole else np.nan
                name = str(first) if first == last else f"{first}–{last}"
                rows.append((start, end, days, name, members, members))
    columns = ["period_start", "period_end", "days", "active_days", "value", "n"]
    return tidy(pd.DataFrame(rows, columns=columns), "days", "active_days")
