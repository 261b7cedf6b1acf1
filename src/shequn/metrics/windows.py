"""When members wrote and when they started: what several metrics begin with."""

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


def starts_of(
    messages: ir.Table, members: ir.Table, calendar: Calendar, history_days: int
) -> ir.Table:
    """Return ``member_id, start``: the day a member joined, or first spoke where joining is unseen.

    Only members who can be told to be new have one.
    """
    import ibis
    from ibis import _

    none = ibis.null("timestamp")
    basis = members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
    listed = members.select(
        "member_id", joined=ibis.ifelse(basis, members.joined_at, none), spoke=none
    )
    wrote = messages.select(member_id="author_id", joined=none, spoke="ts")
    people = ibis.union(listed, wrote).group_by("member_id")
    people = people.agg(joined=_.joined.min(), spoke=_.spoke.min())
    seen = sorted(calendar.covered)
    new_from = seen[history_days] if history_days < len(seen) else calendar.end
    # Whoever spoke on a day before the roster says so joined again, which overwrote the date: they
    # started with their first message at the latest, and are new only if that can be told.
    first = people.spoke.date()
    once = people.spoke.isnull() | (people.joined.date() <= first)
    truly = (people.joined.notnull() & once) | (first >= ibis.date(new_from))
    people = people.filter(truly)
    start = ibis.least(people.joined.fill_null(people.spoke), people.spoke.fill_null(people.joined))
    return people.select("member_id", start=start.date())
