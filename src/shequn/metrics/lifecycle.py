"""Life cycle: who is new this week, who came back, who stayed, who fell silent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.metrics.windows import HISTORY_DAYS, member_weeks
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

CAME = ("new", "returning", "resurrected")
STATES = (*CAME, "dormant")
_WEEK = timedelta(days=7)
_NEVER = timedelta(days=3650)  # before or after everything: some engines' lag knows no NULL


@metric(
    id="lifecycle",
    name=Text("Life cycle", "生命周期状态"),
    question=Text(
        "Of those who wrote this week: who is new, who was here last week, who came back? And who "
        "of last week fell silent?",
        "本周发言的人里，谁是新来的，谁上周也在，谁是回来的？上周发言的人里，谁沉默了？",
    ),
    formula=r"A_t = N_t + R_t + B_t, \qquad D_t = A_{t-1} - R_t",
    symbols=Text(
        "A_t: members who wrote in week t; N_t: for the first time; R_t: also in the week before; "
        "B_t: back after a week or more of silence; D_t: fell silent",
        "A_t：第 t 周发过言的成员；N_t：首次发言；R_t：上一周也发过言；B_t：沉默一周以上后回来；D_t：转为沉默",
    ),
    needs={"messages": ("author_id", "ts")},
    unit="members",
    direction="none",
    null=Text(
        "No value for a week not wholly covered by the export, nor, but for the new, after such a "
        "week; none for the new and those who came back in the first 28 covered days; none where "
        "it would speak of one to four members.",
        "没被导出完整覆盖的周没有数值，紧接其后的一周除“新来”外也没有；最初 28 个有数据的日子里，"
        "“新来”和“回来”没有数值；涉及一到四人时没有。",
    ),
    misleads=Text(
        "Old members who were silent since before the export look new. A week is arbitrary: who "
        "writes every ten days falls silent and comes back again and again.",
        "导出开始前就沉默的老成员会被当成新来的。以周为单位是人为的：十天说一次话的人，"
        "会反复“沉默”又“回来”。",
    ),
    words={
        "state": Text("state", "状态"),
        "new": Text("new", "新来"),
        "returning": Text("was here last week", "上周也在"),
        "resurrected": Text("came back", "回来"),
        "dormant": Text("fell silent", "沉默"),
    },
    references=("chaoss2024metrics", "danescu2013no"),
)
def lifecycle(
    messages: ir.Table, *, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> ir.Table:
    """Members by week and state; whoever falls silent counts in the first week of silence."""
    import ibis
    from ibis import _

    never, later = calendar.first - _NEVER, calendar.end + _NEVER
    weeks = member_weeks(messages, calendar)
    by_member = {"group_by": "member_id", "order_by": "week"}
    weeks = weeks.mutate(
        before=_.week.lag(1, ibis.date(never)).over(**by_member),
        after=_.week.lead(1, ibis.date(later)).over(**by_member),
        last=(_.week - ibis.interval(days=7)).cast("date"),
        next=(_.week + ibis.interval(days=7)).cast("date"),
    )
    state = ibis.cases(
        (weeks.before == ibis.date(never), "new"),
        (weeks.before == weeks["last"], "returning"),
        else_="resurrected",
    )
    came = weeks.select("week", state=state)
    silent = weeks.filter(weeks.after != weeks["next"])
    silent = silent.select(week="next", state=ibis.literal("dormant"))
    return ibis.union(came, silent).group_by("week", "state").agg(members=_.count())


@lifecycle.finish
def _states(
    counts: pd.DataFrame, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    import pandas as pd

    days = pd.to_datetime(counts["week"]).dt.date
    found = dict(zip(zip(days, counts["state"], strict=True), counts["members"], strict=True))
    covered = sorted(calendar.covered)
    known_from = covered[history_days] if history_days < len(covered) else calendar.end
    rows = []
    for week in calendar.weeks():
        whole = calendar.is_covered(week, 7)
        after_whole = whole and calendar.is_covered(week - _WEEK, 7)
        seen = week >= known_from
        known = {
            "new": whole and seen,
            "returning": after_whole,
            "resurrected": after_whole and seen,
            "dormant": after_whole,
        }
        for state in STATES:
            value = float(found.get((week, state), 0)) if known[state] else float("nan")
            rows.append((week, week + _WEEK, state, value, value))
    frame = pd.DataFrame(rows, columns=["period_start", "period_end", "state", "value", "n"])
    return tidy(frame, "state")


@lifecycle.view
def quick_ratio(
    messages: ir.Table, *, calendar: Calendar, history_days: int = HISTORY_DAYS, weeks: int = 4
) -> ir.Table:
    """Return the same states, for the ratio of those who came to those who fell silent."""
    return lifecycle.expression(messages, calendar=calendar, history_days=history_days)


@quick_ratio.finish
def _quick_ratio(
    counts: pd.DataFrame,
    calendar: Calendar,
    history_days: int = HISTORY_DAYS,
    weeks: int = 4,
) -> pd.DataFrame:
    """Divide new and come back by fallen silent, in blocks of whole weeks back from the end.

    The interval takes both numbers for independent Poisson counts: given their sum, the first is
    binomial, and Wilson's bounds of its share become bounds of the ratio.
    """
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    states = _states(counts, calendar, history_days).pivot_table(
        index="period_start", columns="state", values="value", dropna=False, sort=True
    )
    states = states.reindex(columns=list(STATES))
    whole = [w for w in states.index if calendar.is_covered(w.date(), 7)]
    states = states.loc[: whole[-1]] if whole else states.iloc[:0]
    rows = []
    for end in range(len(states), weeks - 1, -weeks):
        block = states.iloc[end - weeks : end]
        came = block[["new", "resurrected"]].to_numpy().sum()
        silent = block["dormant"].to_numpy().sum()
        value = low = high = np.nan
        if silent > 0:  # NaN is not
            value = came / silent
            below, above = wilson(came, came + silent)
            low = below[0] / (1 - below[0])
            high = above[0] / (1 - above[0]) if above[0] < 1 else np.inf
        rows.append(
            (
                block.index[0],
                block.index[-1] + pd.Timedelta(days=7),
                value,
                came + silent,
                low,
                high,
            )
        )
    columns = ["period_start", "period_end", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows[::-1], columns=columns))
