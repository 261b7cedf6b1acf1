"""Retention: of those who joined, how many are active later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.windows import HISTORY_DAYS, starts_of
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

DAYS = (1, 7, 14, 28, 60, 90)
# "That day or later" needs the days after it: with more holes than this, returns go unseen.
FOLLOWED = 0.9


@metric(
    id="retention",
    name=Text("Retention", "留存率"),
    question=Text(
        "Of the members who joined in a week, how many are active in each later week?",
        "某一周入群的成员，之后每一周还有多少人活跃？",
    ),
    formula=r"R_c(k) = \frac{\left| c \cap A_k \right|}{\left| c \right|}",
    symbols=Text(
        "c: a cohort, the members who joined in one week; A_k: members who wrote in its week k",
        "c：同期群，即同一周入群的成员；A_k：入群后第 k 周发过言的成员",
    ),
    needs={"messages": ("author_id", "ts")},
    uses={"members": ("member_id", "joined_at", "joined_at_basis")},
    unit="share",
    direction="up",
    null=Text(
        "No value for a week that is not over or not covered by the export, for “or later” where "
        "more than one later day in ten is not covered, nor for a cohort under five.",
        "某周尚未结束或未被导出覆盖，“及以后”的日子有一成以上未被覆盖，或同期群不足五人时，没有数值。",
    ),
    misleads=Text(
        "A first message taken for joining, a week that is not over, another mix of channels, "
        "people who left unseen.",
        "把首次发言当成入群，一周还没过完，渠道构成变了，有人悄悄退群。",
    ),
    words={
        "cohort": Text("joined in week of", "入群周"),
        "age_weeks": Text("weeks since joining", "入群后第几周"),
        "day": Text("days since joining", "入群后第几天"),
        "n_day": Text("active exactly on that day", "恰在当天活跃"),
        "unbounded": Text("active on that day or later", "当天或之后活跃"),
    },
    references=("fader2007how", "danescu2013no"),
)
def retention(
    messages: ir.Table, members: ir.Table, *, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> ir.Table:
    """Members of each weekly cohort (``week`` is null) and those of them active in each week."""
    import ibis
    from ibis import _

    starts = starts_of(messages, members, calendar, history_days)
    starts = starts.select("member_id", cohort=calendar.week(starts.start))
    seen = _days(messages, calendar)
    seen = seen.select("member_id", week=calendar.week(seen.day)).distinct()
    active = starts.join(seen, "member_id").group_by("cohort", "week").agg(members=_.count())
    sizes = starts.group_by("cohort").agg(members=_.count())
    sizes = sizes.select("cohort", week=ibis.null("date"), members="members")
    return ibis.union(sizes, active)


@retention.finish
def _weekly(
    counts: pd.DataFrame, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    counts = counts.assign(
        cohort=pd.to_datetime(counts["cohort"]), week=pd.to_datetime(counts["week"])
    )
    sizes = counts[counts["week"].isna()].set_index("cohort")["members"].sort_index()
    active = counts.dropna(subset="week").set_index(["cohort", "week"])["members"]
    last = pd.Timestamp(calendar.week_of(calendar.end - timedelta(days=1)))
    cells = [
        (cohort, week, size)
        for cohort, size in zip(pd.DatetimeIndex(sizes.index), sizes, strict=True)
        for week in pd.date_range(cohort, max(last, cohort), freq="7D")
    ]
    frame = pd.DataFrame(cells, columns=["cohort", "period_start", "n"])
    frame = frame.astype({"cohort": "datetime64[us]", "period_start": "datetime64[us]"})
    frame["period_end"] = frame["period_start"] + pd.Timedelta(days=7)
    frame["age_weeks"] = (frame["period_start"] - frame["cohort"]).dt.days // 7
    keys = pd.MultiIndex.from_frame(frame[["cohort", "period_start"]])
    came = active.reindex(keys).fillna(0).to_numpy(float)
    whole = [calendar.is_covered(day.date(), 7) for day in frame["period_start"]]
    low, high = wilson(came, frame["n"]) if len(frame) else (came, came)
    for column, numbers in (("value", came / frame["n"]), ("low", low), ("high", high)):
        frame[column] = np.where(whole, numbers, np.nan)
    return tidy(frame, "cohort", "age_weeks")


@retention.view
def pooled(
    messages: ir.Table, members: ir.Table, *, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> ir.Table:
    """Return the same members of each cohort and week, to be pooled by age."""
    return retention.expression(messages, members, calendar=calendar, history_days=history_days)


@pooled.finish
def _pooled(
    counts: pd.DataFrame, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    """Pool cohorts by age, each age over the cohorts that have reached it, small ones included.

    ``n`` counts members; the interval (Wilson) leaves out differences between cohorts.
    """
    import pandas as pd

    from shequn.intervals import wilson

    seen = _weekly(counts, calendar).dropna(subset="value")
    came = (seen["value"] * seen["n"]).groupby(seen["age_weeks"]).sum().round()
    grouped = seen.groupby("age_weeks")
    n = grouped["n"].sum()
    low, high = wilson(came, n) if len(n) else (np.array([]), np.array([]))
    frame = pd.DataFrame(
        {
            "period_start": grouped["cohort"].min(),
            "period_end": grouped["period_end"].max(),
            "value": came / n,
            "n": n,
            "low": low,
            "high": high,
        }
    )
    return tidy(frame.reset_index(), "age_weeks")


@retention.view
def by_day(
    messages: ir.Table, members: ir.Table, *, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> ir.Table:
    """Members by day of joining (``kind`` size), active exactly N days on, and N days on or later."""
    import ibis
    from ibis import _

    starts = starts_of(messages, members, calendar, history_days)
    ages = starts.join(_days(messages, calendar), "member_id")
    ages = ages.select("member_id", "start", age=ages.day.delta(ages.start, unit="day"))
    last = ages.group_by("member_id", "start").agg(age=_.age.max())

    def part(table: ir.Table, kind: str, day: int) -> ir.Table:
        counts = table.group_by("start").agg(members=_.count())
        return counts.mutate(kind=ibis.literal(kind), day=ibis.literal(day, "int64"))

    parts = [part(starts, "size", 0)]
    for n in DAYS:
        parts.append(part(ages.filter(ages.age == n), "n_day", n))
        parts.append(part(last.filter(last.age >= n), "unbounded", n))
    return ibis.union(*parts)


@by_day.finish
def _by_day(
    counts: pd.DataFrame, calendar: Calendar, history_days: int = HISTORY_DAYS
) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    counts = counts.assign(start=pd.to_datetime(counts["start"]).dt.date)
    sizes = counts[counts["kind"] == "size"].set_index("start")["members"]
    rows = []
    for kind in ("n_day", "unbounded"):
        for n in DAYS:
            later = timedelta(days=n)
            if kind == "n_day":
                grown = [d for d in sizes.index if d + later in calendar.covered]
            else:
                grown = [d for d in sizes.index if _followed(calendar, d + later)]
            of_kind = counts[(counts["kind"] == kind) & (counts["day"] == n)]
            came = float(of_kind.loc[of_kind["start"].isin(grown), "members"].sum())
            people = int(sizes.loc[grown].sum()) if grown else 0
            low, high = wilson(came, people)
            first: date = min(grown, default=calendar.first)
            rows.append(
                (first, calendar.end, kind, n, came / people if people else np.nan, people,
                 low[0], high[0])
            )  # fmt: skip
    columns = ["period_start", "period_end", "measure", "day", "value", "n", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    for column in ("period_start", "period_end"):
        frame[column] = pd.to_datetime(frame[column])
    return tidy(frame, "measure", "day")


def _followed(calendar: Calendar, start: date) -> bool:
    """Tell whether nearly every day from ``start`` to the end is covered: else a return is missed."""
    days = (calendar.end - start).days
    return days > 0 and sum(day >= start for day in calendar.covered) >= FOLLOWED * days


def _days(messages: ir.Table, calendar: Calendar) -> ir.Table:
    """Return the different ``member_id, day`` until the data end; a message without a time has none."""
    import ibis
    from ibis import _

    days = messages.select(member_id="author_id", day=_.ts.date()).distinct()
    return days.filter(_.day < ibis.date(calendar.end))
