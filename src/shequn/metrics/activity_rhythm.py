"""Activity rhythm: at which hours of which days members write, and whether they write in bursts."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Floats = npt.NDArray[np.float64]

YEAR = 364  # days, and not 365: every weekday equally often
MEASURES = ("messages", "speakers")
ENOUGH_DAYS = 4  # of a weekday: fewer show what happened, not what usually does
ENOUGH_WEEKS = 8  # blocks of which the intervals draw anew
ENOUGH_GAPS = 20  # of a member: the burstiness of fewer is mostly chance
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONDAY = date(2024, 1, 1)
_SUMS = ("n", "seconds", "hours2", "mixed", "rest2")
_NO_SECOND = -1  # some engines' lag knows no NULL; no credible time is before 1970


@metric(
    id="activity_rhythm",
    name=Text("Activity rhythm", "活跃节律"),
    question=Text(
        "At which hours of which days do members write, and do they write in bursts?",
        "成员在星期几的几点说话？是细水长流，还是一阵一阵？",
    ),
    formula=r"\bar{x}_{wh} = \frac{1}{D_w} \sum_{d \in w} x_{dh}, \qquad"
    r" A_n = \frac{\sqrt{n+1}\, r - \sqrt{n-1}}{(\sqrt{n+1} - 2)\, r + \sqrt{n-1}}",
    symbols=Text(
        "x_dh: messages (or speakers) in hour h of day d; D_w: covered days that are weekday w; "
        "A_n: burstiness of n gaps between messages; r: their standard deviation over their mean",
        "x_dh：第 d 天第 h 小时的消息数（或发言人数）；D_w：有数据的日子里星期 w 的天数；"
        "A_n：消息之间 n 个间隔的突发度；r：间隔的标准差除以均值",
    ),
    needs={"messages": ("author_id", "ts")},
    unit="messages",
    direction="none",
    null=Text(
        "No value for a weekday covered fewer than four times, nor for an hour in which one to "
        "four members wrote. Peak, weekend and the group's burstiness need eight weeks in which "
        "somebody wrote; a member's burstiness needs 20 gaps, the median five such members.",
        "某个星期几有数据的不足四天，没有数值；某个小时里只有一到四人发言，也没有。"
        "高峰、周末和整个群的突发度，要有八周有人发言；一名成员的突发度要有 20 个间隔，中位数要有五名这样的成员。",
    ),
    misleads=Text(
        "The hours at which you post shape the hours at which members answer. Nights alone make a "
        "group look bursty. Digests and reminders of bots left in are a peak of their own.",
        "运营自己几点发，大家就几点回。光是夜里没人说话，就会显得突发。没剔除的机器人日报和提醒，自己就是一个高峰。",
    ),
    words={
        "weekday": Text("day", "星期"),
        "hour": Text("hour from", "小时（起）"),
        "messages": Text("messages", "消息数"),
        "speakers": Text("speakers", "发言者"),
        **{
            day: Text(en, zh)
            for day, en, zh in zip(
                WEEKDAYS,
                ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
                ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
                strict=True,
            )
        },
        "peak_start": Text("the peak begins at, hour", "高峰从几点起"),
        "peak_share": Text("share of messages in the peak", "高峰占消息的比例"),
        "weekend_ratio": Text("weekend day ÷ workday", "周末一天 ÷ 工作日一天"),
        "group_burstiness": Text("burstiness of the group", "整个群的突发度"),
        "member_burstiness": Text("burstiness of a member, median", "成员突发度的中位数"),
    },
    references=("goh2008burstiness", "kim2016measuring", "chaoss2024metrics"),
)
def activity_rhythm(messages: ir.Table, *, calendar: Calendar, days: int = YEAR) -> ir.Table:
    """Messages, speakers of each hour added up, and different members, by weekday and hour.

    The weekday is that of the community's day: 1:30 after a Friday stays Friday where days begin
    at four. The hour is the one on the wall. So every covered day holds each hour once.
    """
    from ibis import _

    seen = _on_the_wall(messages, calendar, days)
    hours = seen.group_by("weekday", "hour", "day", "author_id").agg(messages=_.count())
    return hours.group_by("weekday", "hour").agg(
        messages=_.messages.sum(), speakers=_.count(), members=_.author_id.nunique()
    )


@activity_rhythm.finish
def _grid(counts: pd.DataFrame, calendar: Calendar, days: int = YEAR) -> pd.DataFrame:
    import pandas as pd

    times = pd.Series([day.weekday() for day in _covered(calendar, days)]).value_counts()
    week = [(calendar.week_of(_MONDAY).weekday() + i) % 7 for i in range(7)]
    cells = pd.MultiIndex.from_product([week, _clock(calendar)], names=["weekday", "hour"])
    found = counts.astype("int64").set_index(["weekday", "hour"]).reindex(cells, fill_value=0)
    found = found.reset_index()
    times = found["weekday"].map(times).fillna(0)
    known = times >= ENOUGH_DAYS
    parts = [
        found.assign(measure=measure, value=found[measure] / times, n=found["members"])
        for measure in MEASURES
    ]
    frame = pd.concat([p.assign(**p[["value", "n"]].where(known)) for p in parts])
    frame["weekday"] = [WEEKDAYS[day] for day in frame["weekday"]]
    return tidy(_stated(frame, calendar, days), "weekday", "hour", "measure")


@activity_rhythm.view
def peak(messages: ir.Table, *, calendar: Calendar, days: int = YEAR, hours: int = 4) -> ir.Table:
    """Messages by day and hour; and, where the day is null, how many different members wrote."""
    import ibis
    from ibis import _

    seen = _on_the_wall(messages, calendar, days)
    wrote = seen.group_by("day", "hour").agg(number=_.count())
    people = seen.agg(number=_.author_id.nunique()).select(
        day=ibis.null("date"), hour=ibis.literal(0, "int64"), number=_.number
    )
    return ibis.union(wrote.select("day", "hour", "number"), people)


@peak.finish
def _peak(
    counts: pd.DataFrame, calendar: Calendar, days: int = YEAR, hours: int = 4
) -> pd.DataFrame:
    """Find the consecutive hours that hold most messages, and hold weekends against workdays.

    Weeks are drawn anew for the intervals, for the messages of one conversation, and the days of
    one week, depend on one another. The hours themselves stay as found.
    """
    import pandas as pd

    from shequn.intervals import bootstrap

    n = int(counts.loc[counts["day"].isna(), "number"].sum())
    wrote = counts.dropna(subset="day")
    when = pd.to_datetime(wrote["day"]).dt.date
    grid = wrote.assign(day=when).pivot_table(index="day", columns="hour", values="number")
    clock, covered = _clock(calendar), _covered(calendar, days)
    grid = grid.reindex(index=covered, columns=clock).fillna(0).astype(float)
    day = pd.DataFrame(
        {
            "week": [calendar.week_of(d) for d in covered],
            "free": [d.weekday() >= 5 for d in covered],
        }
    )
    begin = window_start(grid.sum().to_numpy(), hours)
    inside = [clock[(begin + i) % 24] for i in range(hours)]
    day["all"], day["held"] = grid.sum(axis=1).to_numpy(), grid[inside].sum(axis=1).to_numpy()
    for name, those in (("free", day["free"]), ("work", ~day["free"])):
        day[f"{name}_written"], day[f"{name}_days"] = day["all"].where(those, 0), those.astype(int)
    weekly = day.drop(columns="free").groupby("week").sum()  # sorted: the draws go by position
    written = weekly[["free_written", "free_days", "work_written", "work_days"]]
    wrote_in = int((weekly["all"] > 0).sum())
    rows = [(m, np.nan, np.nan, np.nan) for m in ("peak_start", "peak_share", "weekend_ratio")]
    if wrote_in >= ENOUGH_WEEKS and n >= SMALLEST_GROUP:
        held = weekly[["held", "all"]].to_numpy().T
        rows[0] = ("peak_start", float(clock[begin]), np.nan, np.nan)
        rows[1] = ("peak_share", _ratio(*held), *bootstrap(_ratio, *held))
        if (written.sum() > 0).all():
            parts = written.to_numpy("float64").T
            rows[2] = ("weekend_ratio", _rates(*parts), *bootstrap(_rates, *parts))
    frame = pd.DataFrame(rows, columns=["measure", "value", "low", "high"]).assign(n=n)
    return tidy(_stated(frame, calendar, days), "measure")


@activity_rhythm.view
def burstiness(messages: ir.Table, *, calendar: Calendar, days: int = YEAR) -> ir.Table:
    """Count gaps between messages, and sum their seconds and squared seconds.

    The group's are summed by week, those between a member's own messages by member. A gap across
    a hole in the data is none. The row ``people`` counts different members.
    """
    import ibis
    from ibis import _

    seen = _seen(messages, calendar, days)
    second = seen.ts.truncate("s").epoch_seconds().cast("int64")
    seen = seen.select("author_id", "stretch", second=second, week=calendar.week(seen.day))

    def summed(scope: str, of: str, *whose: str) -> ir.Table:
        before = _.second.lag(1, _NO_SECOND).over(group_by=whose, order_by="second")
        gap = seen.mutate(before=before).filter(_.before != _NO_SECOND)
        gap = gap.mutate(seconds=_.second - _.before)
        # Squares by hours and the seconds left over: whole seconds' squares would be too much for
        # a whole number in a busy decade, and floats would add up differently in every engine.
        gap = gap.mutate(hours=(_.seconds / 3600).floor().cast("int64"))
        gap = gap.mutate(rest=_.seconds - _.hours * 3600)
        by = gap.group_by(of).agg(
            n=_.count(), seconds=_.seconds.sum(), hours2=(_.hours * _.hours).sum(),
            mixed=(_.hours * _.rest).sum(), rest2=(_.rest * _.rest).sum(),
        )  # fmt: skip
        return by.select(*_SUMS, scope=ibis.literal(scope))

    people = seen.agg(n=_.author_id.nunique())
    people = people.select(
        "n", **dict.fromkeys(_SUMS[1:], ibis.literal(0, "int64")), scope=ibis.literal("people")
    )
    group = summed("group", "week", "stretch")
    return ibis.union(group, summed("member", "author_id", "author_id", "stretch"), people)


@burstiness.finish
def _burstiness(counts: pd.DataFrame, calendar: Calendar, days: int = YEAR) -> pd.DataFrame:
    """Give the group's burstiness, weeks drawn anew, and the median of members' own, members so."""
    import pandas as pd

    from shequn.intervals import bootstrap

    # Sorted, for engines give rows in any order and the draws of the bootstrap go by position.
    counts = counts.astype(dict.fromkeys(_SUMS, "int64")).sort_values(list(_SUMS))
    counts["squares"] = (
        3600.0**2 * counts["hours2"] + 2 * 3600.0 * counts["mixed"] + counts["rest2"]
    )
    sums = {s: rows[["n", "seconds", "squares"]] for s, rows in counts.groupby("scope")}
    none = counts.head(0)[["n", "seconds", "squares"]]
    people = int(sums.get("people", none)["n"].sum())
    weeks = sums.get("group", none).to_numpy("float64").T
    value, interval = np.nan, (np.nan, np.nan)
    if weeks.shape[1] >= ENOUGH_WEEKS and people >= SMALLEST_GROUP:
        value, interval = _pooled(*weeks), bootstrap(_pooled, *weeks)
    rows = [("group_burstiness", value, people, *interval)]
    members = sums.get("member", none)
    members = members[(members["n"] >= ENOUGH_GAPS) & (members["seconds"] > 0)]
    own = np.array([finite_burstiness(*sums) for sums in members.itertuples(index=False)])
    value, interval = np.nan, (np.nan, np.nan)
    if len(own) >= SMALLEST_GROUP:
        value, interval = float(np.median(own)), bootstrap(np.median, own)
    rows.append(("member_burstiness", value, len(own), *interval))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    return tidy(_stated(frame, calendar, days), "measure")


def finite_burstiness(n: float, total: float, squares: float) -> float:
    """Burstiness of n gaps, corrected for their number; from count, sum and sum of squares.

    Returns
    -------
    float
        -1 for gaps all alike, 0 in the mean for a Poisson process, 1 where all but one are
        nothing; NaN with fewer than two gaps, or where all are nothing.

    Notes
    -----
    Goh and Barabási (2008) take (r - 1) / (r + 1), with r the standard deviation over the mean.
    With n gaps r cannot exceed sqrt(n - 1), and is about sqrt((n - 1) / (n + 1)) for a Poisson
    process; Kim and Jo (2016, doi 10.1103/PhysRevE.94.032311) bring these to 1 and 0.
    """
    if n < 2 or total <= 0:  # one gap is as regular as it is bursty
        return float("nan")
    r = np.sqrt(max(n * squares / total**2 - 1, 0.0))
    more, less = np.sqrt(n + 1), np.sqrt(n - 1)
    return float((more * r - less) / ((more - 2) * r + less))


def window_start(by_hour: Floats, hours: int) -> int:
    """Return where the ``hours`` consecutive hours begin that hold most, midnight in between."""
    round_the_clock = np.concatenate([by_hour, by_hour[: hours - 1]])
    return int(np.argmax(np.convolve(round_the_clock, np.ones(hours), "valid")))


def _pooled(n: Floats, seconds: Floats, squares: Floats) -> float:
    return finite_burstiness(n.sum(), seconds.sum(), squares.sum())


def _ratio(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum())


def _rates(one: Floats, days: Floats, other: Floats, other_days: Floats) -> float:
    return float(_ratio(one, days) / _ratio(other, other_days))


def _covered(calendar: Calendar, days: int) -> list[date]:
    """Return the covered ones of the last days, in order."""
    return sorted(day for day in calendar.covered if day >= calendar.window(days))


def _clock(calendar: Calendar) -> list[int]:
    """Return the hours of the clock on the wall in the order in which a day goes through them."""
    return [(int(calendar.day_start) + i) % 24 for i in range(24)]


def _stated(frame: pd.DataFrame, calendar: Calendar, days: int) -> pd.DataFrame:
    return frame.assign(period_start=calendar.window(days), period_end=calendar.end)


def _seen(messages: ir.Table, calendar: Calendar, days: int) -> ir.Table:
    """Return messages of covered days, with the day and the unbroken stretch of days it is in."""
    import ibis
    from ibis import _

    covered = _covered(calendar, days)
    breaks = [(one, two) for one, two in pairwise(covered) if (two - one).days > 1]
    starts = [covered[0], *(two for _one, two in breaks)]
    ends = [*(one for one, _two in breaks), covered[-1]]
    day = messages.ts.date()
    stretch = ibis.cases(
        *[
            ((day >= ibis.date(start)) & (day <= ibis.date(end)), i)
            for i, (start, end) in enumerate(zip(starts, ends, strict=True))
        ],
        else_=-1,
    )
    seen = messages.select("author_id", "ts", day=day, stretch=stretch.cast("int64"))
    return seen.filter(_.stretch >= 0)


def _on_the_wall(messages: ir.Table, calendar: Calendar, days: int) -> ir.Table:
    """Return ``author_id, day, weekday, hour``: times arrive shifted so that days begin at 0:00."""
    import ibis

    seen = _seen(messages, calendar, days)
    wall = seen.ts + ibis.interval(seconds=round(calendar.day_start * 3600))
    return seen.select(
        "author_id", "day", weekday=seen.ts.day_of_week.index().cast("int64"),
        hour=wall.hour().cast("int64"),
    )  # fmt: skip
