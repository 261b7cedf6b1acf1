"""Who answered what, after how long, and how long the data would have shown it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

DAY_MINUTES = 1440
HORIZON_DAYS = 28  # nobody is taken to wait longer
# Authors are dealt into batches and these drawn anew, so that a result of any community is small.
BATCHES = 40


def openings(messages: ir.Table) -> ir.Table:
    """Return the messages that answer nothing and begin a thread, or stand in none."""
    return _begun(messages).select("message_id", "channel_id", "ts", member_id="author_id")


def answers(messages: ir.Table) -> ir.Table:
    """Return ``message_id, answer_id, by, at``: who answered a message, when, with which one.

    A reply answers the message it names; whatever stands in a thread answers its opening too. The
    author's own are among them.
    """
    import ibis

    named = messages.drop_null("reply_to_id")
    named = named.select(message_id="reply_to_id", answer_id="message_id", by="author_id", at="ts")
    threads = _begun(messages).drop_null("thread_id").select("thread_id", opening="message_id")
    inside = messages.drop_null("thread_id").join(threads, "thread_id")
    inside = inside.select(message_id="opening", answer_id="message_id", by="author_id", at="ts")
    return ibis.union(named, inside, distinct=True)


def _begun(messages: ir.Table) -> ir.Table:
    import ibis
    from ibis import _

    alone = messages.filter(_.thread_id.isnull())
    threads = messages.drop_null("thread_id")
    order = {"group_by": "thread_id", "order_by": ["ts", "message_id"]}
    threads = threads.mutate(place=ibis.row_number().over(**order))
    first = threads.filter(_.place == 0).drop("place")
    return ibis.union(alone, first).filter(_.reply_to_id.isnull())


def first_answers(asked: ir.Table, given: ir.Table, calendar: Calendar) -> ir.Table:
    """Return messages with the seconds until somebody else answered, and those the data saw.

    Parameters
    ----------
    asked
        ``message_id, member_id, ts`` and more.
    given
        ``message_id, by, at``.

    Returns
    -------
    ibis.Table
        ``asked``, of the covered days alone, with ``wait`` (null if nobody answered before the
        data break off or end) and ``seen``, the seconds until they do.
    """
    import ibis
    from ibis import _

    pairs = asked.select("message_id", "member_id", "ts").join(given, "message_id")
    pairs = pairs.filter(_.by != _.member_id, _.at >= _.ts)
    first = pairs.group_by(answered_id="message_id").agg(at=_.at.min())
    found = asked.mutate(until=known_until(asked.ts.date(), calendar)).drop_null("until")
    found = found.left_join(first, found.message_id == first.answered_id)
    waited = seconds_between(found.ts, found["at"])
    known = (found["at"] < found.until).fill_null(False)
    return found.select(
        *asked.columns,
        wait=ibis.ifelse(known, waited, ibis.null("int64")),
        seen=seconds_between(found.ts, found.until),
    )


def seconds_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Return whole seconds from one time to another on the community's clock, on every engine alike.

    Across a change to or from summer time that is an hour more or less than went by.
    """
    return _epoch(end) - _epoch(start)


def _epoch(ts: ir.TimestampValue) -> ir.IntegerValue:
    return ts.truncate("s").epoch_seconds().cast("int64")


def known_until(day: ir.DateValue, calendar: Calendar) -> ir.TimestampValue:
    """Return when the unbroken run of covered days ends that a day lies in; null outside all.

    What happened after that is unknown even where the data begin again.
    """
    import ibis

    cases = [
        ((day >= ibis.date(a)) & (day < ibis.date(b)), ibis.timestamp(datetime.combine(b, time())))
        for a, b in runs(calendar)
    ]
    return ibis.cases(*cases, else_=ibis.null("timestamp"))


def runs(calendar: Calendar) -> list[tuple[date, date]]:
    """Return the half-open runs of covered days, in order."""
    found: list[tuple[date, date]] = []
    for day in sorted(calendar.covered):
        if found and found[-1][1] == day:
            found[-1] = (found[-1][0], day + timedelta(days=1))
        else:
            found.append((day, day + timedelta(days=1)))
    return found


def begun_minutes(seconds: ir.IntegerValue) -> ir.IntegerValue:
    """Return minutes of which the last is begun, at least one; beyond a day those of hours begun.

    So what happened within an hour is at most 60, and values are few.
    """
    import ibis

    fine = ibis.greatest((seconds / 60).ceil().cast("int64"), 1)
    coarse = (seconds / 3600).ceil().cast("int64") * 60
    return ibis.ifelse(seconds <= DAY_MINUTES * 60, fine, coarse)


def whole_minutes(seconds: ir.IntegerValue) -> ir.IntegerValue:
    """Return whole minutes, beyond a day those of whole hours."""
    import ibis

    fine = (seconds / 60).floor().cast("int64")
    coarse = (seconds / 3600).floor().cast("int64") * 60
    return ibis.ifelse(seconds < DAY_MINUTES * 60, fine, coarse)


def batches(table: ir.Table) -> ir.Table:
    """Return ``member_id, batch`` of the members in a table, dealt round in order of their ids."""
    import ibis
    from ibis import _

    members = table.select("member_id").distinct()
    members = members.mutate(place=ibis.row_number().over(order_by="member_id"))
    return members.select("member_id", batch=(_.place % BATCHES).cast("int64"))
