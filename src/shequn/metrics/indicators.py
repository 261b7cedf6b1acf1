"""Weekly indicators of what is done in a community: each stands once, for all that combine them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import SMALLEST_GROUP
from shequn.metrics.windows import member_days
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

# All read upwards: more of it is more activity. Whether more is better is for its reader to say.
INDICATORS = {
    "speakers": Text("speakers", "发言者"),
    "active_days": Text("days per speaker", "人均发言天数"),
    "messages_per_speaker": Text("messages per speaker", "人均消息数"),
    "stayed": Text("last week's speakers, back", "上周发言者再发言率"),
    "replies": Text("replies, of messages", "消息里的回复占比"),
    "reactions_per_message": Text("reactions per message", "每条消息的表情回应"),
}
_WEEK = timedelta(days=7)
_NEVER = timedelta(days=3650)  # before everything: some engines' lag knows no NULL


def weekly_counts(messages: ir.Table, reactions: ir.Table, calendar: Calendar) -> ir.Table:
    """Return ``week, part, number``: what the indicators are made of.

    Weeks hold covered and uncovered days alike; `weekly` leaves out those not wholly covered. A
    reaction counts in the week of the message it is given to, for few exports say when it was.
    """
    import ibis
    from ibis import _

    days = member_days(messages, calendar).mutate(week=calendar.week(_.day))
    weeks = days.select("member_id", "week").distinct()
    before = _.week.lag(1, ibis.date(calendar.first - _NEVER))
    weeks = weeks.mutate(
        before=before.over(group_by="member_id", order_by="week"),
        last=(_.week - ibis.interval(days=7)).cast("date"),
    )
    written = messages.select(
        "message_id", week=calendar.week(messages.ts.date()),
        answer=messages.reply_to_id.notnull(),
    )  # fmt: skip
    given = reactions.select(to="message_id", number=reactions.n.fill_null(1))
    given = given.inner_join(written, given.to == written.message_id)
    parts = {
        "speakers": weeks.group_by("week").agg(number=_.count()),
        "stayed": weeks.filter(_.before == _["last"]).group_by("week").agg(number=_.count()),
        "days": days.group_by("week").agg(number=_.count()),
        "messages": written.group_by("week").agg(number=_.count()),
        "answers": written.filter(_.answer).group_by("week").agg(number=_.count()),
        "reactions": given.group_by("week").agg(number=_.number.sum().cast("int64")),
    }
    return ibis.union(
        *[t.select("week", "number", part=ibis.literal(name)) for name, t in parts.items()]
    )


def counted(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Return the parts of `weekly_counts` by week, for weeks wholly covered with five speakers.

    Fewer than five would be few people's weeks: such a week is empty, and so is an uncovered one.
    What occurs in no week at all counts as unseen, and is empty throughout.
    """
    import numpy as np
    import pandas as pd

    when = pd.to_datetime(counts["week"]).dt.date
    wide = counts.assign(week=when).pivot_table(index="week", columns="part", values="number")
    seen = set(wide.columns)
    wide = wide.reindex(calendar.weeks()).astype(float).fillna(0.0)
    names = ("speakers", "stayed", "days", "messages", "answers", "reactions", "joins")
    wide = wide.reindex(columns=list(names))
    wide.loc[:, [n for n in names if n not in seen]] = np.nan
    whole = np.array([calendar.is_covered(week, 7) for week in wide.index], dtype=bool)
    wide.loc[~whole | (wide["speakers"] < SMALLEST_GROUP).to_numpy()] = np.nan
    return wide


def weekly(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Return the indicators by week, one column each, ``members`` being the week's speakers."""
    import pandas as pd

    parts = counted(counts, calendar)
    speakers, messages = parts["speakers"], parts["messages"]
    # Weeks follow one another without a gap, so the row before is the week before.
    stayed = parts["stayed"].fillna(0).where(speakers.notna()) / speakers.shift(1)
    return pd.DataFrame(
        {
            "speakers": speakers,
            "active_days": parts["days"] / speakers,
            "messages_per_speaker": messages / speakers,
            "stayed": stayed,
            "replies": parts["answers"] / messages,
            "reactions_per_message": parts["reactions"] / messages,
            "members": speakers,
        }
    )


def whole_weeks(table: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Return the last ``weeks`` up to the last one in which anything is known."""
    known = table.dropna(how="all")
    return table.loc[: known.index[-1]].tail(weeks) if len(known) else table.head(0)
