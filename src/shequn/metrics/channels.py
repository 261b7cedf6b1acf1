"""New members by the channel that brought them: what the metrics of channels begin with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from shequn.metrics import SMALLEST_GROUP
from shequn.metrics.windows import starts_of
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

WEEK_4 = (28, 35)  # days after joining, the last not included
# Rows that stand beside the channels a team names: joins whose channel nobody noted, channels of
# one to four people put together, and all on which money is spent.
UNKNOWN, REST, PAID = "unknown_channel", "rest_channels", "paid_channels"
CHANNEL_WORDS = {
    "channel": Text("channel", "渠道"),
    UNKNOWN: Text("channel not known", "渠道未知"),
    REST: Text("small channels together", "小渠道合计"),
    PAID: Text("all channels with a cost", "全部有花费的渠道"),
}


def joins_of(
    messages: ir.Table,
    members: ir.Table,
    calendar: Calendar,
    history_days: int,
    **carried: ir.Value,
) -> ir.Table:
    """Return ``member_id, start, channel`` of the new members within the time the data cover."""
    import ibis
    from ibis import _

    found = starts_of(
        messages,
        members,
        calendar,
        history_days,
        channel=channel_name(members.join_channel),
        **carried,
    )
    found = found.filter(_.start >= ibis.date(calendar.first), _.start < ibis.date(calendar.end))
    return found.mutate(channel=_.channel.fill_null(UNKNOWN))


def with_days(joins: ir.Table, messages: ir.Table, **spans: tuple[int, int]) -> ir.Table:
    """Return the joins with a column for each span, 1 for who wrote on one of its days, else 0.

    A span ``(first, end)`` counts days from the start on, the last not included.
    """
    import ibis
    from ibis import _

    days = messages.select(writer="author_id", day=_.ts.date()).distinct()
    both = joins.left_join(days, joins.member_id == days.writer).drop("writer")
    both = both.mutate(age=_.day.delta(_.start, unit="day"))
    inside = {
        name: ibis.ifelse(((_.age >= first) & (_.age < end)).fill_null(False), 1, 0).max()
        for name, (first, end) in spans.items()
    }
    return both.group_by(*joins.columns).agg(**inside)


def channel_name(written: ir.StringValue) -> ir.StringValue:
    """Return a channel's name without blanks around it; an empty one is none."""
    return trimmed(written).nullif("")


def trimmed(written: ir.StringValue) -> ir.StringValue:
    """Return a text without blanks around it, ours and the full-width one.

    Not ``strip``: as ibis writes it for Spark, it takes the letters f and v for blanks.
    """
    return written.re_replace("^[ \u3000]+|[ \u3000]+$", "")


def merged(people: Mapping[Any, float]) -> dict[Any, str]:
    """Return under which name each channel is shown: those of one to four people are one row."""
    return {
        channel: REST if 0 < n < SMALLEST_GROUP and channel != UNKNOWN else channel
        for channel, n in people.items()
    }


def on_covered_days(
    counts: pd.DataFrame, calendar: Calendar, start: date, end: date
) -> pd.DataFrame:
    """Return the rows whose ``day`` is covered and lies in ``[start, end)``."""
    import numpy as np
    import pandas as pd

    days = pd.to_datetime(counts["day"]).dt.date
    kept = [start <= day < end and day in calendar.covered for day in days]
    return counts.assign(day=days).loc[np.array(kept, dtype=bool)]


def periods(calendar: Calendar, months: int) -> list[tuple[date, date]]:
    """Return the calendar months, or blocks of them, that lie within the time the data cover.

    Blocks begin in January: 3 months are a quarter.
    """
    found = []
    year, month = calendar.first.year, 1
    while (start := date(year, month, 1)) < calendar.end:
        month += months
        year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
        end = date(year, month, 1)
        if end > calendar.first:
            found.append((start, end))
    return found
