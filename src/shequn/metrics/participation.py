"""Participation: of the members who were there, how many wrote, how many not, and how much."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.presence import everybody, is_known, steps
from shequn.metrics.windows import member_days, member_weeks
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

LAST = (7, 28)  # days back from the end of the data


@metric(
    id="participation",
    name=Text("Participation rate", "参与率"),
    question=Text(
        "Of the members there when a day or a week began, how many wrote in it? Who stays silent?",
        "一天或一周开始时在群里的成员，有多少人在这段时间里发过言？沉默的又有多少？",
    ),
    formula=r"P_t = \frac{|M_t \cap S_t|}{|M_t|}",
    symbols=Text(
        "M_t: members there when period t begins; S_t: those who wrote in it",
        "M_t：时段 t 开始时在群里的成员；S_t：在这段时间里发过言的人",
    ),
    needs={"messages": ("author_id", "ts")},
    uses={
        "members": ("member_id", "joined_at", "joined_at_basis", "left_at"),
        "membership_events": ("ts", "member_id", "action"),
    },
    unit="share",
    direction="up",
    null=Text(
        "No value for a period not wholly covered by the export. Shares, silent members and "
        "messages per member need a roster: 95% of everyone in the data must have been seen "
        "joining. None where it would speak of one to four people.",
        "没被导出完整覆盖的时段没有数值。比例、沉默成员、人均消息（按成员）要有成员名单："
        "数据里的人，95% 要知道是何时入群的。涉及一到四人时没有。",
    ),
    misleads=Text(
        "Where leaving is not seen, those who left count as silent. A list of today's members "
        "lacks those who left since, so that earlier weeks look better than they were. Reading "
        "leaves no trace.",
        "看不到退群时，走了的人会算作沉默。今天的名单里没有后来走掉的人，越早的周看着越好。看了没说，不留痕迹。",
    ),
    words={
        "days": Text("window, days", "窗口（天）"),
        "speakers": Text("speakers", "发言者"),
        "uncounted": Text("of these, not members at the start", "其中窗口开始时不是成员"),
        "there": Text("members at the start of the window", "窗口开始时的成员"),
        "participation": Text("participation rate", "参与率"),
        "silent": Text("silent members", "沉默成员"),
        "silent_share": Text("silent share", "沉默占比"),
        "gone_share": Text("left without a word", "没说话就走的占比"),
        "messages_per_member": Text("messages per member", "人均消息（按成员）"),
        "messages_per_speaker": Text("messages per speaker", "人均消息（按发言者）"),
        "messages_per_hour": Text("messages per active hour", "有人说话的每小时消息数"),
    },
    references=("chaoss2024metrics", "nonnecke2000lurker", "preece2004top"),
)
def participation(
    messages: ir.Table, members: ir.Table, membership_events: ir.Table, *, calendar: Calendar
) -> ir.Table:
    """Count by day and by week those there at its start who wrote, and who comes and goes.

    ``kind`` is ``1`` or ``7`` for speakers of a day or a week, ``in`` or ``out`` for steps of
    presence, ``people`` and ``listed`` for everybody in the data and those seen joining.
    """
    import ibis
    from ibis import _

    there = steps(membership_events, members, calendar)
    zero = ibis.literal(0, "int64")
    turns = there.mutate(days=zero)
    daily = member_days(messages, calendar).mutate(step=zero, days=ibis.literal(1, "int64"))
    weekly = member_weeks(messages, calendar).select(
        "member_id", day="week", step=zero, days=ibis.literal(7, "int64")
    )
    columns = ("member_id", "day", "step", "days")
    rows = ibis.union(*[part.select(*columns) for part in (turns, daily, weekly)])
    # A step on the day itself comes before the speech of that day.
    so_far = ibis.cumulative_window(group_by="member_id", order_by=["day", "days"])
    rows = rows.mutate(present=_.step.sum().over(so_far))
    spoke = rows.filter(rows.days > 0, rows.present > 0)
    spoke = spoke.group_by("day", kind=_.days.cast("string")).agg(members=_.count())
    turned = there.group_by("day", kind=ibis.ifelse(_.step > 0, "in", "out"))
    parts = [spoke, turned.agg(members=_.count()), _roster(messages, members, calendar)]
    return ibis.union(*[part.select("day", "kind", "members") for part in parts])


@participation.finish
def _participation(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    counts = counts.assign(day=pd.to_datetime(counts["day"]).astype("datetime64[ns]"))
    grid = counts.dropna(subset="day").pivot_table(
        index="day", columns="kind", values="members", aggfunc="sum"
    )
    grid = grid.reindex(columns=["1", "7", "in", "out"]).fillna(0)
    turns = grid["in"] - grid["out"]
    known = _is_known(counts)
    parts = []
    for days, starts in ((1, calendar.days()), (7, pd.DatetimeIndex(calendar.weeks()))):
        reach = pd.DatetimeIndex([*starts, *grid.index]).unique().sort_values()
        there = turns.reindex(reach).fillna(0).cumsum().reindex(starts).to_numpy(float)
        spoke = grid[str(days)].reindex(starts).fillna(0).to_numpy(float)
        told = known & (there > 0)
        told &= [calendar.is_covered(start.date(), days) for start in starts]
        low, high = wilson(np.where(told, spoke, 0), np.where(told, there, 0))
        value = np.divide(spoke, there, out=np.full(len(starts), np.nan), where=told)
        parts.append(
            pd.DataFrame(
                {
                    "period_start": starts,
                    "period_end": starts + pd.Timedelta(days=days),
                    "days": days,
                    "value": value,
                    "n": np.where(told, there, np.nan),
                    "low": low,
                    "high": high,
                }
            )
        )
    return tidy(pd.concat(parts), "days")


@participation.view
def typical_participation(
    messages: ir.Table,
    members: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
) -> ir.Table:
    """Return the same counts, for the median day of the last ``days`` days."""
    return participation.expression(messages, members, membership_events, calendar=calendar)


@typical_participation.finish
def _typical(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Median of the daily shares over the last ``days`` days, those unseen left out."""
    import pandas as pd

    daily = _participation(counts, calendar)
    last = daily[daily["days"] == 1].tail(days)
    median = {
        "period_start": [last["period_start"].min()],
        "period_end": [last["period_end"].max()],
        "value": [last["value"].median()],
        "n": [last["n"].median()],
    }
    return tidy(pd.DataFrame(median))


@participation.view
def last_days(
    messages: ir.Table, members: ir.Table, membership_events: ir.Table, *, calendar: Calendar
) -> ir.Table:
    """Histogram, for the last 7 and 28 days: members by being there, having left, and messages.

    ``kind`` is ``members``, or ``hours`` for the clock hours in which anybody wrote, ``people``
    and ``listed`` as in the series.
    """
    import ibis
    from ibis import _

    there = steps(membership_events, members, calendar)
    end, zero = ibis.date(calendar.end), ibis.literal(0, "int64")
    parts = []
    for days in LAST:
        start = ibis.date(calendar.end - timedelta(days=days))
        inside = (messages.ts.date() >= start) & (messages.ts.date() < end)
        spoken = messages.filter(inside).select(member_id="author_id", ts="ts")
        wrote = spoken.group_by("member_id").agg(messages=_.count())
        wrote = wrote.select("member_id", present=zero, left=zero, messages="messages")
        # A step on the day after the last one says that somebody left on the last.
        began, later = there.day <= start, (there.day > start) & (there.day <= end)
        was = there.select(
            "member_id",
            present=ibis.ifelse(began, there.step, 0).cast("int64"),
            left=(later & (there.step < 0)).cast("int64"),
            messages=zero,
        )
        each = ibis.union(wrote, was).group_by("member_id")
        each = each.agg(**{c: _[c].sum() for c in ("present", "left", "messages")})
        each = each.filter((each.present > 0) | (each.messages > 0))
        each = each.mutate(left=(each.left > 0).cast("int64"))
        grouped = each.group_by("present", "left", "messages").agg(members=_.count())
        parts.append(grouped.mutate(kind=ibis.literal("members"), days=ibis.literal(days)))
        hours = spoken.select(hour=spoken.ts.truncate("h")).distinct().agg(members=_.count())
        hours = hours.mutate(present=zero, left=zero, messages=zero)
        parts.append(hours.mutate(kind=ibis.literal("hours"), days=ibis.literal(days)))
    basis = _roster(messages, members, calendar).mutate(
        present=zero, left=zero, messages=zero, days=ibis.literal(0)
    )
    columns = ("kind", "days", "present", "left", "messages", "members")
    return ibis.union(*[part.select(*columns) for part in (*parts, basis)])


@last_days.finish
def _last_days(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Divide the members of each window into those who wrote, were silent, left without a word.

    The three shares are of the same members, those there when the window began, and add up to 1.
    Messages per member are theirs alone; messages per speaker are everybody's.
    """
    import pandas as pd

    known = _is_known(counts)
    frames = []
    for days in LAST:
        start = calendar.end - timedelta(days=days)
        mine = counts[counts["days"] == days].sort_values(["present", "left", "messages"])
        hours = mine.loc[mine["kind"] == "hours", "members"].sum()
        rows = _window(mine[mine["kind"] == "members"], int(hours), known=known)
        frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
        if not calendar.is_covered(start, days):
            frame[["value", "n", "low", "high"]] = np.nan
        frames.append(frame.assign(days=days, period_start=start, period_end=calendar.end))
    return tidy(pd.concat(frames), "days", "measure")


def _window(people: pd.DataFrame, hours: int, *, known: bool) -> list[tuple[object, ...]]:
    """Return ``measure, value, n, low, high`` of one window from its histogram."""
    written = np.sort(_each(people))
    spoke = written[written > 0]
    began = people[people["present"] > 0]
    theirs = np.sort(_each(began))
    there, wrote = len(theirs), int((theirs > 0).sum())
    quiet = began[(began["messages"] == 0) & (began["left"] == 0)]
    silent = int(quiet["members"].sum())
    per_hour = (spoke.sum() / hours if hours else np.nan, len(spoke), np.nan, np.nan)
    measures: dict[str, tuple[bool, tuple[float, float, float, float]]] = {
        "speakers": (True, _count(len(spoke))),
        "uncounted": (known, _count(len(spoke) - wrote)),
        "there": (known, _count(there)),
        "participation": (known, _share(wrote, there)),
        "silent": (known, _count(silent)),
        "silent_share": (known, _share(silent, there)),
        "gone_share": (known, _share(there - wrote - silent, there)),
        "messages_per_member": (known, _mean(theirs)),
        "messages_per_speaker": (True, _mean(spoke)),
        "messages_per_hour": (True, per_hour),
    }
    return [
        (measure, *(numbers if told else [np.nan] * 4))
        for measure, (told, numbers) in measures.items()
    ]


def _each(histogram: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the messages of each member."""
    numbers = (histogram[c].to_numpy("int64") for c in ("messages", "members"))
    return np.repeat(*numbers)


def _count(people: int) -> tuple[float, float, float, float]:
    return people, people, np.nan, np.nan


def _share(count: int, people: int) -> tuple[float, float, float, float]:
    from shequn.intervals import wilson

    low, high = wilson(count, people)
    return count / people if people else np.nan, people, low[0], high[0]


def _mean(each: npt.NDArray[np.int64]) -> tuple[float, float, float, float]:
    from shequn.intervals import bootstrap

    return each.mean() if len(each) else np.nan, len(each), *bootstrap(np.mean, each)


def _roster(messages: ir.Table, members: ir.Table, calendar: Calendar) -> ir.Table:
    """Return how many people the data know (``people``), and how many seen joining (``listed``)."""
    import ibis
    from ibis import _

    known = everybody(messages, members, calendar)
    whole = known.agg(members=_.count()).mutate(kind=ibis.literal("people"))
    listed = known.filter(known.listed > 0).agg(members=_.count())
    listed = listed.mutate(kind=ibis.literal("listed"))
    both = ibis.union(whole, listed)
    return both.select(day=ibis.null("date"), kind="kind", members="members")


def _is_known(counts: pd.DataFrame) -> bool:
    told = counts.groupby("kind")["members"].sum()
    return is_known(int(told.get("listed", 0)), int(told.get("people", 0)))
