"""Days and weeks on which members wrote: what several metrics begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

# A member known only by a first message may be an old one: only those who appear after this much
# covered history was seen in silence are taken for new.
HISTORY_DAYS = 28
# How joining is known where it was seen, and not taken from a first message.
SEEN_JOINING = ("event", "api", "registration")


def member_days(messages: ir.Table, calendar: Calendar) -> ir.Table:
    """Return the different ``member_id, day`` within the time the data cover."""
    import ibis
    from ibis import _

    days = messages.select(member_id="author_id", day=_.ts.date()).distinct()
    return days.filter(_.day >= ibis.date(calendar.first), _.day < ibis.date(calendar.end))


def member_weeks(messages: ir.Table, calendar: Calendar) -> ir.Table:
    """Return the different ``member_id, week``, a week by its first day."""
    days = member_days(messages, calendar)
    return days.select("member_id", week=calendar.week(days.day)).distinct()
