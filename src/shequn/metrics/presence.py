"""Who is there when, from what was seen of coming and going; and whether the roster is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.metrics.windows import SEEN_JOINING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

# A roster counts as known when nearly every member in it was seen joining or was listed; a list of
# people first noticed by speaking says nothing about those who never spoke.
KNOWN_ROSTER = 0.95
LEAVING = ("leave", "kick", "ban")


def is_known(listed: int, people: int) -> bool:
    """Tell whether the roster is whole enough to speak of those who never wrote.

    Parameters
    ----------
    listed, people
        Of all `people`, those seen joining; and all of them.
    """
    return people > 0 and listed >= KNOWN_ROSTER * people


def everybody(messages: ir.Table, members: ir.Table, calendar: Calendar) -> ir.Table:
    """Return ``member_id, messages, listed`` of everyone who wrote or stands in the roster.

    Messages count within the time the data cover, or without a time; ``listed`` is 1 for those
    seen joining.
    """
    import ibis
    from ibis import _

    day = messages.ts.date()
    seen = (day >= ibis.date(calendar.first)) & (day < ibis.date(calendar.end))
    wrote = messages.filter(seen | messages.ts.isnull())
    wrote = wrote.group_by(member_id="author_id").agg(messages=_.count())
    wrote = wrote.select("member_id", "messages", listed=ibis.literal(0, "int64"))
    there = members.select(
        "member_id",
        messages=ibis.literal(0, "int64"),
        listed=_.joined_at_basis.isin(SEEN_JOINING).fill_null(False).cast("int64"),
    )
    people = ibis.union(wrote, there).group_by("member_id")
    return people.agg(messages=_.messages.sum(), listed=_.listed.max())


def moves(membership_events: ir.Table) -> ir.Table:
    """Return ``member_id, ts, kind`` of each move into or out of the community.

    The kinds are ``joins``, ``rejoins`` and ``leaves``. Joining a second channel is no joining of
    the community, nor is leaving one of several; a program's connections are neither.
    """
    import ibis
    from ibis import _

    said = membership_events.filter(
        membership_events.method.fill_null("") != "connection",
        membership_events.action.isin(("join", *LEAVING)),
    )
    said = said.select(
        "member_id", "ts", channel=_.channel_id.fill_null(""),
        step=ibis.ifelse(_.action == "join", 1, -1).cast("int64"),
    )  # fmt: skip
    # A join after a join, or a leave after a leave, only says again what was known.
    by_channel = ibis.window(group_by=["member_id", "channel"], order_by=["ts", "step"])
    said = said.mutate(before=_.step.lag(1, 0).over(by_channel))
    said = said.filter(said.step != said.before)
    # In how many channels somebody is. Whoever leaves one that no join into is seen was in it all along.
    along = ((said.before == 0) & (said.step < 0)).cast("int64").sum().over(group_by="member_id")
    so_far = ibis.cumulative_window(group_by="member_id", order_by=["ts", "channel", "step"])
    said = said.mutate(
        present=_.step.sum().over(so_far) + along, begun=_.ts.min().over(group_by="member_id")
    )
    came = (said.step == 1) & (said.present == 1)
    kind = ibis.cases((came & (said.ts > said.begun), "rejoins"), (came, "joins"), else_="leaves")
    changed = said.filter(came | ((said.step == -1) & (said.present == 0)))
    return changed.select("member_id", "ts", kind=kind)


def steps(membership_events: ir.Table, members: ir.Table, calendar: Calendar) -> ir.Table:
    """Return ``member_id, day, step``: 1 where a member is there from the start of a day, -1 where no more.

    The sum of a member's steps up to a day is 1 if they are there when it begins, else 0: who
    joins or leaves during a day changes the next. The roster speaks for those seen joining, events
    for whomever they name; what comes later counts. Who is first seen leaving had been there all
    along. Steps of before the covered time stand on its first day.
    """
    import ibis
    from ibis import _

    seen = members.filter(members.joined_at_basis.isin(SEEN_JOINING).fill_null(False))
    moved = moves(membership_events)
    # Of what is said of one moment: listed, then gone, then back.
    parts = [
        seen.select("member_id", ts="joined_at", rank=ibis.literal(0, "int64")),
        seen.select("member_id", ts="left_at", rank=ibis.literal(1, "int64")),
        moved.select(
            "member_id", "ts", rank=ibis.ifelse(_.kind == "leaves", 1, 2).cast("int64")
        ),
    ]  # fmt: skip
    signs = ibis.union(*parts)
    signs = signs.filter(signs.ts.notnull())
    following = (_.ts.date() + ibis.interval(days=1)).cast("date")
    signs = signs.mutate(
        inside=(_.rank != 1).cast("int64"), day=ibis.greatest(following, ibis.date(calendar.first))
    )
    begun = signs.inside.first().over(
        ibis.window(group_by="member_id", order_by=["ts", "rank"], preceding=None, following=0)
    )
    ordered = [ibis.desc("ts"), ibis.desc("rank")]
    latest = ibis.row_number().over(group_by=["member_id", "day"], order_by=ordered)
    days = signs.mutate(begun=begun, latest=latest)
    days = days.filter(days.latest == 0)
    before = _.inside.lag(1, -1).over(group_by="member_id", order_by="day")
    days = days.mutate(before=before)
    days = days.mutate(before=ibis.ifelse(days.before < 0, 1 - days.begun, days.before))
    changed = days.filter(days.inside != days.before)
    changed = changed.select("member_id", "day", step=(2 * _.inside - 1).cast("int64"))
    along = signs.select("member_id", begun=begun).filter(_.begun == 0).distinct()
    along = along.select(
        "member_id", day=ibis.date(calendar.first), step=ibis.literal(1, "int64")
    )  # fmt: skip
    return ibis.union(changed, along)
