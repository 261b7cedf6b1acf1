"""Moderation load: flags raised, how long they stay open, and who is removed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from shequn.metrics import metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

RAISED, RESOLVED = "flag", "flag_resolved"  # names in events
REMOVED = ("kick", "ban")  # actions in membership_events
PER = 1000  # messages
SOON = 24  # hours within which a flag should be dealt with
GRID = (0, 1, 2, 4, 8, 12, 24, 48, 72, 168)  # hours at which the curve of open flags is read
_HOUR = timedelta(hours=1)
_MESSAGE = '"message_id" *: *"([^"]+)"'  # where props, which is JSON, says what was flagged


@metric(
    id="moderation_load",
    name=Text("Moderation load", "管理负担"),
    question=Text(
        "How many of 1,000 messages are flagged, how long does a flag stay open, and how many "
        "people are removed?",
        "每 1,000 条消息有几条被举报？一条举报要等多久才处理？又移出了几个人？",
    ),
    formula=r"F = 1000\,\frac{f}{m}, \qquad \hat S(t) = \prod_{t_i \le t} \left(1 - \frac{d_i}{r_i}\right)",
    symbols=Text(
        "f: flags raised; m: messages; S(t): share of flags still open t hours after they were "
        "raised; d_i: flags dealt with after t_i hours; r_i: flags open and under watch until then",
        "f：举报数；m：消息数；S(t)：举报 t 小时后仍未处理的比例；d_i：满 t_i 小时时处理完的举报；"
        "r_i：到那时仍未处理、也仍看得到的举报",
    ),
    needs={"events": ("ts", "name"), "messages": ("author_id", "ts")},
    uses={"membership_events": ("ts", "member_id", "action")},
    unit="ratio",
    direction="down",
    null=Text(
        "A block of weeks has no value unless every day in it is covered and somebody wrote. "
        "Without a single flag, removal or resolution in the data these count as unseen. "
        "None where one to four people's messages were flagged, or one to four were removed.",
        "一段里只要有一天没被导出覆盖，或没人发言，就没有数值。数据里一条举报都没有，就当作看不到举报；"
        "移出和处理也一样。被举报的消息出自一到四人，或移出的是一到四人，也没有数值。",
    ),
    misleads=Text(
        "Few flags can mean peace, or that nobody knows the button. The median over flags dealt "
        "with leaves out those still open. A resolution that carries the moderator's id leaves "
        "the data with the staff, and its flag then looks open.",
        "举报少，可能是太平，也可能是没人知道怎么举报。只拿处理完的举报取中位数，就漏了还没处理的。"
        "处理记录若写着管理员的编号，会随员工一起被剔除，那条举报看上去就一直没处理。",
    ),
    words={
        "flags": Text("flags raised", "举报数"),
        "flag_rate": Text("flags per 1,000 messages", "每千条消息的举报数"),
        "removals": Text("people removed", "移出人次"),
        "removal_rate": Text("removals per 1,000 messages", "每千条消息的移出人次"),
        "median_open": Text("hours until half are dealt with", "半数举报处理完所需小时数"),
        "median_resolved": Text("median hours of those dealt with", "已处理举报的小时数中位数"),
        "within_24h": Text("dealt with within 24 hours", "24 小时内处理完"),
        "hours_open": Text("hours since the flag", "举报后的小时数"),
    },
    references=("chaoss2024metrics", "kaplan1958nonparametric", "kraut2012building"),
)
def moderation_load(
    events: ir.Table,
    messages: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    weeks: int = 4,
) -> ir.Table:
    """Count messages, flags and removals, and the people of each, by block of weeks from the end.

    The people of a flag are those whose message was flagged; where that cannot be told, each flag
    is taken to be of somebody else.
    """
    import ibis
    from ibis import _

    first, end = ibis.date(calendar.first), ibis.date(_whole_until(calendar))

    def count(table: ir.Table, kind: str, people: ir.StringColumn) -> ir.Table:
        rows = table.select(day=table.ts.date(), who=people)
        rows = rows.filter(rows.day >= first)  # what is after the end has a block below nought
        back = (end.delta(rows.day, unit="day") - 1) / (7 * weeks)
        rows = rows.select("who", block=back.floor().cast("int64"), kind=ibis.literal(kind))
        return rows.group_by("block", "kind").agg(things=_.count(), people=_.who.nunique())

    raised = _flagged(events.filter(events.name == RAISED), messages)
    removed = membership_events.filter(membership_events.action.isin(REMOVED))
    return ibis.union(
        count(messages, "messages", messages.author_id),
        count(raised, "flags", raised.who),
        count(removed, "removals", removed.member_id),
    )


@moderation_load.finish
def _blocks(counts: pd.DataFrame, calendar: Calendar, weeks: int = 4) -> pd.DataFrame:
    """Divide by messages; the interval takes flags for independent (Poisson, exact)."""
    import numpy as np
    import pandas as pd
    from statsmodels.stats.rates import confint_poisson

    keys = zip(counts["block"].astype(int), counts["kind"], strict=True)
    numbers = zip(counts["things"].astype(int), counts["people"].astype(int), strict=True)
    found = dict(zip(keys, numbers, strict=True))
    end, span = _whole_until(calendar), timedelta(weeks=weeks)
    seen = {kind: bool((counts["kind"] == kind).any()) for kind in ("flags", "removals")}
    rows: list[tuple[object, ...]] = []
    for block in reversed(range(max((end - calendar.first) // span, 0))):
        start = end - (block + 1) * span
        written = found.get((block, "messages"), (0, 0))[0]
        known = calendar.is_covered(start, 7 * weeks) and written > 0
        for kind, rate in (("flags", "flag_rate"), ("removals", "removal_rate")):
            things, people = found.get((block, kind), (0, 0))
            count = share = [np.nan] * 4
            if known and seen[kind]:
                thousands = written / PER
                bounds = confint_poisson(things, thousands, method="exact-c")
                count = [things, people, np.nan, np.nan]
                share = [things / thousands, people, *bounds]
            rows.append((start, start + span, kind, *count))
            rows.append((start, start + span, rate, *share))
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


@moderation_load.view
def resolution(
    events: ir.Table,
    messages: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    days: int = 182,
) -> ir.Table:
    """Histogram of flags raised in the last days: minutes until dealt with, or under watch.

    A flag and its resolution share a ``session_id``; the first of each counts. One without is left
    out, and so is one said to be dealt with before it was raised.
    """
    import ibis
    from ibis import _

    none, end = ibis.null("timestamp"), ibis.timestamp(datetime.combine(calendar.end, time()))
    known = _flagged(events.filter(events.name.isin((RAISED, RESOLVED))), messages)
    known = known.filter(known.session_id.notnull(), known.ts < end)
    cases = known.group_by("session_id").agg(
        raised=ibis.ifelse(_.name == RAISED, _.ts, none).min(),
        closed=ibis.ifelse(_.name == RESOLVED, _.ts, none).min(),
        who=_.who.min(),
    )
    cases = cases.filter(
        cases.raised.date() >= ibis.date(calendar.window(days)),
        (cases.closed >= cases.raised).fill_null(True),
    )
    until = cases.closed.fill_null(end)
    seconds = until.truncate("s").epoch_seconds() - cases.raised.truncate("s").epoch_seconds()
    grown = cases.raised <= ibis.timestamp(datetime.combine(calendar.end, time()) - SOON * _HOUR)
    cases = cases.select(
        "who",
        minutes=(seconds / 60).floor().cast("int64"),
        closed=cases.closed.notnull().cast("int64"),
        grown=grown.cast("int64"),
    )
    histogram = cases.group_by("minutes", "closed", "grown").agg(cases=_.count())
    people = cases.agg(cases=_.who.nunique())
    none_here = {c: ibis.null("int64") for c in ("minutes", "closed", "grown")}
    return ibis.union(histogram, people.select(**none_here, cases=_.cases))


@resolution.finish
def _resolution(histogram: pd.DataFrame, calendar: Calendar, days: int = 182) -> pd.DataFrame:
    """Kaplan–Meier median, the median of those dealt with, and the share within 24 hours.

    The share is of flags raised at least 24 hours before the data end: of others nobody can know.
    """
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    cases, people = _cases(histogram)
    named = dict.fromkeys(("median_open", "median_resolved", "within_24h"), (np.nan,) * 3)
    if cases["closed"].any():
        survival = _survival(cases)
        with np.errstate(divide="ignore", invalid="ignore"):
            bounds = (survival.quantile(0.5), *survival.quantile_ci(0.5))
        value, low, high = (float(b) if np.isfinite(b) else np.nan for b in bounds)
        named["median_open"] = (value, low, high)
        plain = cases.loc[cases["closed"], "hours"].median()
        named["median_resolved"] = (plain, np.nan, np.nan)
        grown = cases[cases["grown"]]
        early = int((grown["closed"] & (grown["hours"] <= SOON)).sum())
        below, above = wilson(early, len(grown))
        share = early / len(grown) if len(grown) else np.nan
        named["within_24h"] = (share, below[0], above[0])
    frame = pd.DataFrame(
        [(name, value, people, low, high) for name, (value, low, high) in named.items()],
        columns=["measure", "value", "n", "low", "high"],
    )
    start = calendar.window(days)
    return tidy(frame.assign(period_start=start, period_end=calendar.end), "measure")


@moderation_load.view
def still_open(
    events: ir.Table,
    messages: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    days: int = 182,
) -> ir.Table:
    """Return the same histogram, for the curve of flags still open."""
    return resolution.expression(events, messages, membership_events, calendar=calendar, days=days)


@still_open.finish
def _still_open(histogram: pd.DataFrame, calendar: Calendar, days: int = 182) -> pd.DataFrame:
    """Kaplan–Meier share of flags still open at round hours, with its log-log interval.

    At round hours and not at each step, for a step is one flag; not read on after the last moment
    for which a flag was under watch.
    """
    import numpy as np
    import pandas as pd
    from scipy.stats import norm

    cases, people = _cases(histogram)
    rows = []
    survival = _survival(cases) if cases["closed"].any() else None
    for hour in GRID:
        value = low = high = np.nan
        if survival is not None and (hour <= cases["hours"].max() or cases["closed"].iloc[-1]):
            passed = int(np.searchsorted(survival.surv_times, hour, side="right")) - 1
            value = float(survival.surv_prob[passed]) if passed >= 0 else 1.0
            if 0 < value < 1:
                error = survival.surv_prob_se[passed] / (value * np.log(value))
                low, high = sorted(value ** np.exp(norm.ppf([0.025, 0.975]) * error))
        rows.append((hour, value, people, low, high))
    frame = pd.DataFrame(rows, columns=["hours_open", "value", "n", "low", "high"])
    start = calendar.window(days)
    return tidy(frame.assign(period_start=start, period_end=calendar.end), "hours_open")


def _whole_until(calendar: Calendar) -> date:
    """Return the day after the last week that the data cover wholly."""
    whole = [week for week in calendar.weeks() if calendar.is_covered(week, 7)]
    return whole[-1] + timedelta(days=7) if whole else calendar.first


def _flagged(events: ir.Table, messages: ir.Table) -> ir.Table:
    """Add ``who``: the author of the message an event is about, or else the event's own case."""
    import ibis
    from ibis import _

    said = events.props.fill_null("").re_extract(_MESSAGE, 1)
    about = events.select("ts", "name", "session_id", "event_id", about=said)
    written = messages.filter(messages.message_id.notnull())
    written = written.group_by(written_id="message_id").agg(author=_.author_id.min())
    found = about.left_join(written, about.about == written.written_id)
    who = ibis.coalesce(found.author, found.session_id, found.event_id, ibis.literal("?"))
    return found.select("ts", "name", "session_id", who=who)


def _cases(histogram: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return one row a flag, in the same order from every engine, and the people behind them."""
    people = histogram["minutes"].isna()
    rows = (
        histogram[~people]
        .astype("int64")
        .sort_values(["minutes", "closed", "grown"], ascending=[True, False, True])
    )
    cases = rows.loc[rows.index.repeat(rows["cases"])].reset_index(drop=True)
    told = {"closed": cases["closed"] > 0, "grown": cases["grown"] > 0}
    return cases.assign(hours=cases["minutes"] / 60, **told), int(
        histogram.loc[people, "cases"].sum()
    )


def _survival(cases: pd.DataFrame) -> Any:
    from statsmodels.duration.survfunc import SurvfuncRight

    return SurvfuncRight(cases["hours"].to_numpy(), cases["closed"].to_numpy("int64"))
