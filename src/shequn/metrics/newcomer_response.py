"""Newcomer response: is a first message answered, and do those who were answered write again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.answers import answers, first_answers, known_until
from shequn.metrics.windows import HISTORY_DAYS, member_days, starts_of
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

AGAIN = (
    7,
    35,
)  # days after the first message, half-open: weeks 1 to 4, never the week of answering
FEWEST_AN_ARM = 10  # newcomers; a comparison with fewer on one side says nothing
ARMS = ("answered", "unanswered")


@metric(
    id="newcomer_response",
    name=Text("Newcomer response", "新人回应率"),
    question=Text(
        "Is a newcomer's first message answered within a day, and do those who were answered write "
        "again more often?",
        "新人的首次发言，一天之内有人回吗？有人回的，后来再发言的更多吗？",
    ),
    formula=r"\Delta = \frac{a}{a + b} - \frac{c}{c + d}, \qquad \mathrm{OR} = \frac{a d}{b c}",
    symbols=Text(
        "a: answered, wrote again; b: answered, did not; c: unanswered, wrote again; d: unanswered, "
        "did not",
        "a：有人回，后来又发言；b：有人回，没再发言；c：没人回，后来又发言；d：没人回，没再发言",
    ),
    needs={"messages": ("message_id", "author_id", "ts", "reply_to_id")},
    uses={
        "members": ("member_id", "joined_at", "joined_at_basis", "join_channel"),
        "mentions": ("message_id", "target_id"),
    },
    unit="share",
    direction="up",
    null=Text(
        "Only newcomers who can be told to be new, and whose 34 days after the first message are "
        "covered. No comparison under ten newcomers on either side; no odds ratio within channels "
        "where fewer than two are known.",
        "只算认得出是新来、且首次发言后 34 天都有数据的人。任何一边不足十人就不比较；"
        "已知的引流渠道不足两个，就没有渠道内的优势比。",
    ),
    misleads=Text(
        "An association: who writes a better first message is answered, and would have come back "
        "anyway. Answers by marked staff do not count, so the unanswered hold some who were answered.",
        "这是关联：首次发言写得好的人更容易有人回，也本来就更会再来。标出的员工的回复不算，"
        "所以“没人回”里混着有人回过的。",
    ),
    words={
        "first_answered": Text("first message answered in time", "首次发言按时有人回"),
        "again_answered": Text("wrote again, answered", "又发言的比例：有人回的"),
        "again_unanswered": Text("wrote again, unanswered", "又发言的比例：没人回的"),
        "risk_difference": Text("difference of the two", "两者之差"),
        "odds_ratio": Text("odds ratio", "优势比"),
        "odds_ratio_stratified": Text(
            "odds ratio within acquisition channels", "同一引流渠道内的优势比"
        ),
        "join_channel": Text("acquisition channel", "引流渠道"),
        "arm": Text("first message", "首次发言"),
        "answered": Text("answered", "有人回"),
        "unanswered": Text("unanswered", "没人回"),
        "all_channels": Text("all newcomers", "全部新人"),
        "other_channels": Text("other or unknown", "其他或未知"),
    },
    references=("joyce2006predicting", "burke2009feed", "kraut2012building"),
)
def newcomer_response(
    messages: ir.Table,
    members: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count newcomers by day of the first message, channel, whether answered and seen again."""
    import ibis
    from ibis import _

    _demand_early(hours)
    found = _first_messages(messages, members, calendar, history_days)
    named = mentions.filter(_.kind.fill_null("mention") != "all").select("message_id", "target_id")
    wrote = messages.select("message_id", by="author_id", at="ts")
    named = named.join(wrote, "message_id").select("target_id", "by", "at")
    to = found.select("message_id", target_id="member_id")
    named = to.join(named, "target_id").select("message_id", "by", "at")
    given = answers(messages).select("message_id", "by", "at")
    found = first_answers(found, ibis.union(given, named), calendar)
    found = found.mutate(answered=(_.wait <= hours * 3600).fill_null(False), day=_.ts.date())

    days = member_days(messages, calendar).select(again_id="member_id", again_day="day")
    later = found.select("member_id", "day").join(days, ibis._.member_id == days.again_id)
    age = later.again_day.delta(later.day, unit="day")
    back = later.filter(age >= AGAIN[0], age < AGAIN[1]).select("again_id").distinct()
    found = found.left_join(back, found.member_id == back.again_id)
    channels = members.select(listed_id="member_id", join_channel=_.join_channel.fill_null(""))
    found = found.left_join(channels, found.member_id == channels.listed_id)
    keys = {
        "day": found.day,
        "answered": found.answered,
        "again": found.again_id.notnull(),
        "channel": found.join_channel.fill_null(""),
    }
    return found.select(**keys).group_by(*keys).agg(people=_.count())


def _demand_early(hours: int) -> None:
    if not 0 < hours <= AGAIN[0] * 24:
        raise ShequnError(
            Text(
                f"hours is {hours}: an answer later than day {AGAIN[0]} may answer the return.",
                f"hours 设成了 {hours}：第 {AGAIN[0]} 天之后的回复，回的可能已是再次发言。",
            ),
            Text(f"Set it from 1 to {AGAIN[0] * 24}.", f"请设成 1 到 {AGAIN[0] * 24}。"),
        )


def _first_messages(
    messages: ir.Table, members: ir.Table, calendar: Calendar, history_days: int
) -> ir.Table:
    """Return the first messages of those who are new, no earlier one of whom can be missing."""
    import ibis
    from ibis import _

    order = {"group_by": "author_id", "order_by": ["ts", "message_id"]}
    first = messages.mutate(place=ibis.row_number().over(**order)).filter(_.place == 0)
    first = first.select("message_id", "ts", member_id="author_id")
    starts = starts_of(messages, members, calendar, history_days)
    starts = starts.filter(starts.start >= ibis.date(calendar.first))
    starts = starts.select("member_id", unbroken=known_until(starts.start, calendar))
    new = first.join(starts, "member_id").filter(_.ts < _.unbroken)
    return new.select("message_id", "member_id", "ts")


def _grown(counts: pd.DataFrame, calendar: Calendar, days: int) -> pd.DataFrame:
    """Return the counts of the days that are followed by so many covered ones, themselves included."""
    import pandas as pd

    when = pd.to_datetime(counts["day"]).dt.date
    whole = {day for day in when.unique() if calendar.is_covered(day, days)}
    return counts.assign(day=when)[when.isin(whole)]


def _arms(counts: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Return of each arm how many wrote again, and how many there are."""
    found = {}
    for arm, rows in zip(ARMS, (counts["answered"] == 1, counts["answered"] == 0), strict=True):
        again = rows & (counts["again"] == 1)
        found[arm] = int(counts.loc[again, "people"].sum()), int(counts.loc[rows, "people"].sum())
    return found


def _few(arms: dict[str, tuple[int, int]]) -> bool:
    return any(0 < n < SMALLEST_GROUP for _, n in arms.values())


def compare(a: int, b: int, c: int, d: int) -> dict[str, tuple[float, float, float]]:
    """Return difference of shares (Newcombe's interval) and odds ratio of a fourfold table."""
    from statsmodels.stats.contingency_tables import Table2x2
    from statsmodels.stats.proportion import confint_proportions_2indep

    bounds = confint_proportions_2indep(a, a + b, c, c + d, method="newcomb", compare="diff")
    table = Table2x2(np.array([[a, b], [c, d]], dtype=float))  # adds 0.5 where a cell is empty
    return {
        "risk_difference": (a / (a + b) - c / (c + d), *bounds),
        "odds_ratio": (table.oddsratio, *table.oddsratio_confint()),
    }


def within(strata: list[tuple[int, int, int, int]]) -> tuple[float, float, float]:
    """Return the odds ratio of Mantel and Haenszel over fourfold tables, with its interval."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = [np.array([[a, b], [c, d]], dtype=float) for a, b, c, d in strata]
    if len(tables) < 2 or not sum(t[0, 0] * t[1, 1] / t.sum() for t in tables):
        return (np.nan,) * 3
    if not sum(t[0, 1] * t[1, 0] / t.sum() for t in tables):
        return (np.nan,) * 3
    pooled = StratifiedTable(tables)
    return (pooled.oddsratio_pooled, *pooled.oddsratio_pooled_confint())


def _fourfold(arms: dict[str, tuple[int, int]]) -> tuple[int, int, int, int]:
    (a, n), (c, m) = arms["answered"], arms["unanswered"]
    return a, n - a, c, m - c


@newcomer_response.finish
def _measures(
    counts: pd.DataFrame,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Share answered; of the answered and the others the share seen again; their comparison."""
    import pandas as pd

    from shequn.intervals import wilson

    followed = _grown(counts, calendar, AGAIN[1])
    arms = _arms(followed)
    asked = _grown(counts, calendar, 1 + -(-hours // 24))
    good, total = _arms(asked)["answered"][1], int(asked["people"].sum())
    rows: list[tuple[object, ...]] = []

    def share(measure: str, hits: int, n: int) -> None:
        low, high = wilson(hits, n)
        rows.append((measure, hits / n if n else np.nan, n, low[0], high[0]))

    if _few(_arms(asked)) or _few(arms):  # or the share would give away how many those few are
        rows.append(("first_answered", *(np.nan,) * 4))
    else:
        share("first_answered", good, total)
    for arm in ARMS:
        share(f"again_{arm}", *arms[arm])
    n = sum(size for _, size in arms.values())
    nothing = (np.nan,) * 3
    compared = {"risk_difference": nothing, "odds_ratio": nothing, "odds_ratio_stratified": nothing}
    if min(size for _, size in arms.values()) >= FEWEST_AN_ARM:
        compared |= compare(*_fourfold(arms))
        known = followed[followed["channel"] != ""]
        tables = [_fourfold(_arms(part)) for _, part in known.groupby("channel")]
        compared["odds_ratio_stratified"] = within(
            [t for t in tables if t[0] + t[1] and t[2] + t[3]]
        )
    rows += [(measure, value, n, low, high) for measure, (value, low, high) in compared.items()]
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    return tidy(frame.assign(period_start=calendar.first, period_end=calendar.end), "measure")


@newcomer_response.view
def by_channel(
    messages: ir.Table,
    members: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same newcomers, to be compared channel by channel."""
    return newcomer_response.expression(
        messages, members, mentions, calendar=calendar, hours=hours, history_days=history_days
    )


@by_channel.finish
def _by_channel(
    counts: pd.DataFrame,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Share seen again of the answered and the others: of all, and of each channel large enough.

    Channels with fewer than ten on a side stand together, and with them, smallest first, as many
    others as it takes for that rest not to be told from the whole by subtraction.
    """
    import pandas as pd

    from shequn.intervals import wilson

    followed = _grown(counts, calendar, AGAIN[1])
    parts = {str(name): part for name, part in followed.groupby("channel")}
    smaller = {name: min(n for _, n in _arms(part).values()) for name, part in parts.items()}
    names = sorted(parts, key=lambda name: (-smaller[name], name))
    told = [name for name in names if name and smaller[name] >= FEWEST_AN_ARM]
    rest = [name for name in names if name not in told]
    while told and rest and _few(_arms(followed[followed["channel"].isin(rest)])):
        rest.append(told.pop())
    groups = {"all_channels": followed} | {name: parts[name] for name in told}
    if told and rest:
        groups["other_channels"] = followed[followed["channel"].isin(rest)]
    rows = []
    for name, part in groups.items():
        for arm, (again, n) in _arms(part).items():
            low, high = wilson(again, n)
            rows.append((name, arm, again / n if n else np.nan, n, low[0], high[0]))
    frame = pd.DataFrame(rows, columns=["join_channel", "arm", "value", "n", "low", "high"])
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end)
    return tidy(frame, "join_channel", "arm")


@newcomer_response.view
def answered_share(
    messages: ir.Table,
    members: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
    weeks: int = 4,
) -> ir.Table:
    """Return the same newcomers, for the share answered in blocks of weeks."""
    return newcomer_response.expression(
        messages, members, mentions, calendar=calendar, hours=hours, history_days=history_days
    )


@answered_share.finish
def _answered_share(
    counts: pd.DataFrame,
    calendar: Calendar,
    hours: int = 24,
    history_days: int = HISTORY_DAYS,
    weeks: int = 4,
) -> pd.DataFrame:
    """Share of first messages answered in time, in blocks of whole weeks back from the end."""
    import pandas as pd

    from shequn.intervals import wilson

    when = pd.to_datetime(counts["day"]).dt.date
    length, watched = timedelta(weeks=weeks), -(-hours // 24)
    rows: list[tuple[date, date, float, float, float, float]] = []
    end = calendar.week_of(calendar.end - timedelta(days=watched))
    while end - length >= calendar.first:
        start = end - length
        value = low = high = n = np.nan
        if calendar.is_covered(start, 7 * weeks + watched):
            arms = _arms(counts[(when >= start) & (when < end)])
            hits, n = arms["answered"][1], sum(size for _, size in arms.values())
            below, above = wilson(hits, n)
            value = hits / n if n else np.nan
            low, high = below[0], above[0]
        rows.append((start, end, value, n, low, high))
        end = start
    columns = ["period_start", "period_end", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows[::-1], columns=columns))
