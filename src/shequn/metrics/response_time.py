"""Response time: how long an opening waits for somebody else, and how many wait in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shequn.metrics import metric, tidy
from shequn.metrics.answers import (
    DAY_MINUTES,
    HORIZON_DAYS,
    answers,
    batches,
    begun_minutes,
    first_answers,
    openings,
    whole_minutes,
)
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

Floats = npt.NDArray[np.float64]
HOURS = {"within_1h": 1, "within_24h": 24, "within_7d": 168, "solo": HORIZON_DAYS * 24}
# Where the curve is told: hours, from 15 minutes to 28 days.
AGES = (0.25, 0.5, 1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 336, 672)
FEWEST_AUTHORS = 10  # drawn anew, fewer say nothing about chance
_WEEK = timedelta(days=7)
_BASES = ("explicit", "quote", "thread", "inferred")


@metric(
    id="response_time",
    name=Text("Response time", "响应时间"),
    question=Text(
        "How long does a message that opens something wait until another member answers, and how "
        "many are never answered?",
        "一个话头抛出来，要等多久才有别的成员接？有多少始终没人接？",
    ),
    formula=r"\hat S(t) = \prod_{u \le t} \left( 1 - \frac{d_u}{r_u} \right), \qquad "
    r"\tilde t = \min \{ t : \hat S(t) \le \tfrac12 \}",
    symbols=Text(
        "d_u: openings first answered after u minutes; r_u: those still waiting, and watched, until "
        "then; \\tilde t: the median wait",
        "d_u：等了 u 分钟才首次有人接的话头；r_u：到那时还在等、且数据还看得到的话头；\\tilde t：等待时间的中位数",
    ),
    needs={"messages": ("message_id", "author_id", "ts", "reply_to_id")},
    unit="hours",
    direction="down",
    null=Text(
        "No median where fewer than half of the openings were answered within 28 days; no share for "
        "openings that the data do not follow long enough; no interval under ten authors, nothing "
        "under five.",
        "28 天内有人接的话头不到一半，就没有中位数；数据跟不到那么久的话头不算进比例；"
        "作者不足十人没有区间，不足五人什么都没有。",
    ),
    misleads=Text(
        "The median of the answered alone looks quick where most are never answered. In a chat most "
        "openings ask nothing. Answers by marked staff and bots do not count.",
        "大半没人接的时候，只看接上的那些，中位数照样很快。群聊里大多数话头并没有在问什么。"
        "标出的员工和机器人的回应不算。",
    ),
    words={
        "median_all": Text("median wait, all openings", "等待中位数（全部话头）"),
        "median_answered": Text("median wait, the answered alone", "等待中位数（只算有人接的）"),
        "within_1h": Text("answered within 1 hour", "1 小时内有人接"),
        "within_24h": Text("answered within 24 hours", "24 小时内有人接"),
        "within_7d": Text("answered within 7 days", "7 天内有人接"),
        "solo": Text("nobody else within 28 days", "28 天内无人接话"),
        "openings_all": Text("all openings", "全部话头"),
        "openings_answered": Text("the answered alone", "只算有人接的"),
        "age_hours": Text("hours", "小时"),
        "reply_basis": Text("answer known from", "回复关系的依据"),
        "reply_explicit": Text("the platform's reply", "平台的回复关系"),
        "reply_quote": Text("a quotation", "引用"),
        "reply_thread": Text("standing in a thread", "同在一个话题"),
        "reply_inferred": Text("a guess of the reader", "导入程序的推断"),
        "reply_unknown": Text("not said", "未注明"),
    },
    references=("kaplan1958nonparametric", "chaoss2024metrics"),
)
def response_time(
    messages: ir.Table, *, calendar: Calendar, days: int = 84, channel: str = ""
) -> ir.Table:
    """Count openings by batch of authors and minutes, answered or still waiting; and authors."""
    import ibis
    from ibis import _

    found = _waits(messages, calendar, days, channel).mutate(
        answered=_answered_within(HOURS["solo"])
    )
    minutes = ibis.ifelse(
        found.answered,
        begun_minutes(found.wait),
        ibis.least(whole_minutes(found.seen), HORIZON_DAYS * DAY_MINUTES),
    )
    found = found.select("member_id", "answered", minutes=minutes)
    waits = found.join(batches(found), "member_id").group_by("batch", "answered", "minutes")
    authors = found.group_by("member_id").agg(answered=_.answered.max())
    authors = authors.group_by("answered").agg(number=_.count())
    whole = ibis.null("int64")
    return ibis.union(
        waits.agg(number=_.count()).select("batch", "answered", "minutes", "number"),
        authors.select("answered", "number", batch=whole, minutes=whole).select(
            "batch", "answered", "minutes", "number"
        ),
    )


def _waits(messages: ir.Table, calendar: Calendar, days: int, channel: str) -> ir.Table:
    """Return the openings of the last days, of one channel or of all, with how long they waited."""
    import ibis
    from ibis import _

    asked = openings(messages)
    if channel:
        asked = asked.filter(_.channel_id == channel)
    asked = asked.filter(asked.ts.date() >= ibis.date(calendar.window(days)))
    return first_answers(asked, answers(messages), calendar)


def _answered_within(hours: int) -> ir.BooleanValue:
    from ibis import _

    return (_.wait <= hours * 3600).fill_null(False)


class _Waits:
    """The engine's counts as arrays: draws × minutes of openings answered and still waiting."""

    def __init__(self, counts: pd.DataFrame) -> None:
        import pandas as pd

        from shequn.intervals import redraws

        said = counts["answered"].astype(bool)
        whole = counts["batch"].isna()
        self.authors = int(counts.loc[whole, "number"].sum())
        self.authors_answered = int(counts.loc[whole & said, "number"].sum())
        waits = counts[~whole].astype({"batch": int, "minutes": int, "number": float})
        self.minutes = np.sort(waits["minutes"].unique())
        dealt = pd.Index(np.sort(waits["batch"].unique()))

        def grid(rows: pd.DataFrame) -> Floats:
            table = rows.pivot_table(index="batch", columns="minutes", values="number")
            return table.reindex(index=dealt, columns=self.minutes).fillna(0).to_numpy(float)

        answered, waiting = grid(waits[said[~whole]]), grid(waits[~said[~whole]])
        draws = np.ones((1, len(dealt)))  # first all authors as they are, then the draws
        if len(dealt):
            draws = np.vstack([draws, redraws(draws[0])])
        self.answered, self.waiting = draws @ answered, draws @ waiting

    def share_answered(self, among: str) -> Floats:
        """Return, for each draw and minute, the share answered by then."""
        if among == "openings_answered":
            with np.errstate(invalid="ignore"):
                share: Floats = self.answered.cumsum(axis=1) / self.answered.sum(axis=1)[:, None]
            return share
        return 1 - kaplan_meier(self.answered, self.waiting)

    def median(self, among: str) -> Floats:
        """Return for each draw the hours by which half are answered; infinite where never."""
        if not len(self.minutes):
            return np.array([np.nan])
        reached = self.share_answered(among) >= 0.5 - 1e-12
        first = self.minutes[reached.argmax(axis=1)] / 60
        return np.where(reached.any(axis=1), first, np.inf)

    def told(self, drawn: Floats, among: str) -> tuple[float, int, float, float]:
        """Return a statistic of all authors, their number, and its bounds from the draws."""
        from shequn.intervals import between

        n = self.authors if among == "openings_all" else self.authors_answered
        value = float(drawn[0]) if np.isfinite(drawn[0]) else np.nan
        low, high = between(drawn[1:]) if n >= FEWEST_AUTHORS else (np.nan, np.nan)
        return value, n, low, high


def kaplan_meier(answered: Floats, waiting: Floats) -> Floats:
    """Return the share still waiting after each time, of counts by time in the last axis.

    Those who were watched no longer (``waiting``) count as at risk until their own time.
    """
    both = answered + waiting
    at_risk = both[..., ::-1].cumsum(axis=-1)[..., ::-1]
    hazard = np.divide(answered, at_risk, out=np.zeros_like(both), where=at_risk > 0)
    left: Floats = np.cumprod(1 - hazard, axis=-1)
    return left


@response_time.finish
def _medians(
    counts: pd.DataFrame, calendar: Calendar, days: int = 84, channel: str = ""
) -> pd.DataFrame:
    """Kaplan–Meier median over all openings beside that of the answered; hours."""
    import pandas as pd

    waits = _Waits(counts)
    rows = []
    for measure in ("median_all", "median_answered"):
        among = measure.replace("median", "openings")
        found = waits.told(waits.median(among), among)
        rows.append((calendar.window(days), calendar.end, measure, *found))
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


@response_time.view
def response_curve(
    messages: ir.Table, *, calendar: Calendar, days: int = 84, channel: str = ""
) -> ir.Table:
    """Return the same openings, for the share answered after each time."""
    return response_time.expression(messages, calendar=calendar, days=days, channel=channel)


@response_curve.finish
def _curve(
    counts: pd.DataFrame, calendar: Calendar, days: int = 84, channel: str = ""
) -> pd.DataFrame:
    """Share answered after each age, of all openings (Kaplan–Meier) and of the answered alone."""
    import pandas as pd

    waits = _Waits(counts)
    rows = []
    longest = waits.minutes.max(initial=0)
    for among in ("openings_all", "openings_answered"):
        shares = waits.share_answered(among)
        for age in AGES if longest else ():
            so_far = shares[:, waits.minutes <= age * 60]
            share = so_far[:, -1] if so_far.shape[1] else np.zeros(len(shares))
            if age * 60 > longest:
                share = share * np.nan
            found = waits.told(share, among)
            rows.append((calendar.window(days), calendar.end, among, age, *found))
    columns = ["period_start", "period_end", "among", "age_hours", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "among", "age_hours")


@response_time.view
def reply_coverage(
    messages: ir.Table, *, calendar: Calendar, days: int = 84, channel: str = ""
) -> ir.Table:
    """Count authors by how many openings they made, watched long enough, and how many answered."""
    import ibis

    found = _waits(messages, calendar, days, channel)
    parts = [
        _by_author(found, hours).mutate(measure=ibis.literal(measure))
        for measure, hours in HOURS.items()
    ]
    return ibis.union(*parts)


def _by_author(found: ir.Table, hours: int, *keys: str) -> ir.Table:
    from ibis import _

    grown = found.filter(_.seen >= hours * 3600).mutate(good=_answered_within(hours).cast("int64"))
    per = grown.group_by("member_id", *keys).agg(openings=_.count(), answered=_.good.sum())
    return per.group_by(*keys, "openings", "answered").agg(authors=_.count())


def _share(cells: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return the share of openings answered, their authors, and bounds by drawing authors anew."""
    from shequn.intervals import between, redraws, wilson

    cells = cells.sort_values(["openings", "answered"])  # engines give rows in any order
    openings, answered, authors = (
        cells[c].to_numpy(float) for c in ("openings", "answered", "authors")
    )
    n, asked, good = authors.sum(), authors @ openings, authors @ answered
    if not n:
        return np.nan, 0, np.nan, np.nan
    if n < FEWEST_AUTHORS:
        return good / asked, n, np.nan, np.nan
    if good in (0, asked):  # all draws would be alike: as if each author had asked once
        low, high = wilson(n if good else 0, n)
        return good / asked, n, float(low[0]), float(high[0])
    drawn = redraws(authors)
    return good / asked, n, *between((drawn @ answered) / (drawn @ openings))


@reply_coverage.finish
def _coverage(
    cells: pd.DataFrame, calendar: Calendar, days: int = 84, channel: str = ""
) -> pd.DataFrame:
    """Share answered within an hour, a day, a week; and of those with nobody else in 28 days."""
    import pandas as pd

    rows = []
    for measure in HOURS:
        value, n, low, high = _share(cells[cells["measure"] == measure])
        if measure == "solo":
            value, low, high = 1 - value, 1 - high, 1 - low
        rows.append((calendar.window(days), calendar.end, measure, value, n, low, high))
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


@response_time.view
def weekly_response(
    messages: ir.Table, *, calendar: Calendar, hours: int = 24, channel: str = ""
) -> ir.Table:
    """Count authors by week, openings in it and those of them answered within the hours."""
    found = _waits(messages, calendar, 0, channel)
    found = found.mutate(week=calendar.week(found.ts.date()))
    return _by_author(found, hours, "week")


@weekly_response.finish
def _weekly(
    cells: pd.DataFrame, calendar: Calendar, hours: int = 24, channel: str = ""
) -> pd.DataFrame:
    """Share answered within the hours, of weeks covered and followed by as many covered hours."""
    import pandas as pd

    weeks = pd.to_datetime(cells["week"]).dt.date
    rows = []
    for week in calendar.weeks():
        whole = calendar.is_covered(week, 7 + -(-hours // 24))
        found = _share(cells[weeks == week]) if whole else (np.nan,) * 4
        rows.append((week, week + _WEEK, *found))
    columns = ["period_start", "period_end", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns))


@response_time.view
def hourly_response(
    messages: ir.Table, *, calendar: Calendar, hours: int = 24, days: int = 84, channel: str = ""
) -> ir.Table:
    """Count authors by hour of the clock on the wall, openings in it and those answered in time."""
    import ibis

    found = _waits(messages, calendar, days, channel)
    wall = found.ts + ibis.interval(seconds=round(calendar.day_start * 3600))
    return _by_author(found.mutate(hour=wall.hour().cast("int64")), hours, "hour")


@hourly_response.finish
def _hourly(
    cells: pd.DataFrame, calendar: Calendar, hours: int = 24, days: int = 84, channel: str = ""
) -> pd.DataFrame:
    """Share answered within the hours by the hour of the opening; an hour without any is empty."""
    import pandas as pd

    rows = []
    for hour in range(24):
        value, n, low, high = _share(cells[cells["hour"] == hour])
        rows.append((calendar.window(days), calendar.end, hour, value, n, low, high))
    columns = ["period_start", "period_end", "hour", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "hour")


@response_time.view
def reply_basis(messages: ir.Table, *, calendar: Calendar, days: int = 84) -> ir.Table:
    """Answers by how it is known what they answer, and who wrote them."""
    import ibis
    from ibis import _

    given = messages.drop_null("reply_to_id")
    given = given.filter(
        given.ts.date() >= ibis.date(calendar.window(days)),
        given.ts.date() < ibis.date(calendar.end),
    )
    per = given.group_by("author_id", basis=_.reply_basis.fill_null("unknown")).agg(n=_.count())
    return per.group_by("basis").agg(messages=_.n.sum(), authors=_.count())


@reply_basis.finish
def _basis(counts: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    """Return the number of answers of each basis that occurs."""
    import pandas as pd

    found = counts.set_index("basis")
    rows = [
        (calendar.window(days), calendar.end, f"reply_{b}", *found.loc[b, ["messages", "authors"]])
        for b in (*_BASES, "unknown")
        if b in found.index
    ]
    columns = ["period_start", "period_end", "reply_basis", "value", "n"]
    return tidy(pd.DataFrame(rows, columns=columns), "reply_basis")
