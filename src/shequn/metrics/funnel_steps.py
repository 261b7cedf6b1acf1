"""Steps of a funnel: how they are written, what counts as one, and who took them in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from shequn.metrics.maturity import Span, mature_spans, within
from shequn.metrics.windows import HISTORY_DAYS, SEEN_JOINING
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

ONCE = ("join",)  # a step that cannot be counted
_LONG = timedelta(days=3650)  # before any day: some engines' lag knows no NULL
COUNTED = ("message", "active_day", "answer", "reaction", "order")


class Step(NamedTuple):
    """One step: what must happen, the name of an event if it is one, and at least how often."""

    kind: str
    event: str = ""
    times: int = 1


def parse(steps: Sequence[str]) -> list[Step]:
    """Read steps as people write them.

    Parameters
    ----------
    steps
        Each ``join``; or ``message``, ``active_day``, ``answer``, ``reaction``, ``order``, alone or
        with a count since the first step (``message:3``); or ``event:`` and a name in ``events``.

    Raises
    ------
    ShequnError
        Where a step is not one of these, stands twice, or there are fewer than two.
    """
    way = [_step(step) for step in steps]
    wrong = Text("", "")
    if isinstance(steps, str) or len(way) < 2:
        wrong = Text("A funnel has two steps at least.", "漏斗至少要有两步。")
    elif twice := [s for s, step in zip(steps, way, strict=True) if way.count(step) > 1]:
        wrong = Text(f"The step {twice[0]} stands twice.", f"步骤 {twice[0]} 写了两次。")
    elif way[0].times > 1:
        wrong = Text(
            f"The first step, {steps[0]}, has nothing to be counted from.",
            f"第一步 {steps[0]} 之前没有起点，无从计次。",
        )
    if wrong.en:
        raise ShequnError(wrong, _GRAMMAR)
    return way


_GRAMMAR = Text(
    'Write for instance ["join", "message", "active_day:2", "answer", "order"]. Steps are join, '
    "message, active_day, answer, reaction, order; with a count since the first step, message:3; "
    "or event: and a name in the table events, event:touch.",
    '例如 ["join", "message", "active_day:2", "answer", "order"]。步骤可以是 join、message、active_day、'
    "answer、reaction、order；要求次数（自第一步起）写成 message:3；也可以是 event: 加 events 表里的名称，"
    "如 event:touch。",
)


def _step(text: str) -> Step:
    kind, colon, rest = text.partition(":")
    if kind == "event" and rest:
        return Step("event", rest)
    if not colon and kind in (*ONCE, *COUNTED):
        return Step(kind)
    if kind in COUNTED and rest.isascii() and rest.isdigit() and int(rest) > 0:
        return Step(kind, times=int(rest))
    raise ShequnError(
        Text(f"A funnel knows no step {text!r}.", f"漏斗里没有 {text!r} 这种步骤。"), _GRAMMAR
    )


class Tables(NamedTuple):
    """What a step is looked for in."""

    messages: ir.Table
    members: ir.Table
    mentions: ir.Table
    reactions: ir.Table
    orders: ir.Table
    events: ir.Table


def happened(step: Step, tables: Tables) -> ir.Table:
    """Return ``member_id, ts`` of everything that is such a step, whoever and whenever."""
    if step.kind == "join":
        known = tables.members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
        found = tables.members.filter(known).select("member_id", ts="joined_at")
    elif step.kind == "answer":
        found = _answers(tables)
    elif step.kind == "event":
        found = tables.events.filter(tables.events.name == step.event).select("member_id", "ts")
    elif step.kind in ("reaction", "order"):
        table = tables.reactions if step.kind == "reaction" else tables.orders
        found = table.select("member_id", "ts")
    else:
        found = tables.messages.select("ts", member_id="author_id").select("member_id", "ts")
    return found.filter(found.member_id.notnull(), found.ts.notnull())


def _answers(tables: Tables) -> ir.Table:
    """Return messages that reply to somebody else, or name somebody else; guesses do not count."""
    import ibis

    messages = tables.messages
    told = messages.filter(
        messages.reply_to_id.notnull(), messages.reply_basis.fill_null("explicit") != "inferred"
    )
    told = told.select("reply_to_id", "message_id", "ts", member_id="author_id")
    own = messages.select(own_id="message_id", own_author="author_id")
    replies = told.anti_join(
        own, [told.reply_to_id == own.own_id, told.member_id == own.own_author]
    )
    wrote = messages.select("message_id", author="author_id", at="ts")
    named = tables.mentions.select(named_in="message_id", target="target_id")
    naming = wrote.join(named, wrote.message_id == named.named_in)
    naming = naming.filter(naming.target != naming.author)
    both = ibis.union(
        replies.select("message_id", "member_id", "ts"),
        naming.select("message_id", member_id="author", ts="at"),
    )
    return both.distinct().select("member_id", "ts")  # one message may do both, or name several


def taken(way: list[Step], window_days: int, tables: Tables, calendar: Calendar) -> ir.Table:
    """Return ``member_id, position, at, previous``: a row for each step a member took in the window.

    Both times are null where the steps before it were not taken first. One pass over everything
    that happened, by windows over each member.
    """
    import ibis
    from ibis import _

    parts = [_placed(happened(step, tables), i) for i, step in enumerate(way, start=1)]
    if way[0].kind == "join":
        wrote = tables.messages.group_by(member_id="author_id").agg(ts=_.ts.min())
        parts.append(_placed(wrote, 0))
    rows = ibis.union(*parts)

    def earliest(position: int, since: ir.TimestampValue | None = None) -> ir.TimestampValue:
        which = rows.position == position
        if since is not None:
            which = which & (rows.ts >= since)
        chosen = ibis.ifelse(which, rows.ts, ibis.null("timestamp"))
        return chosen.min().over(group_by="member_id")

    rows = rows.mutate(at_1=earliest(1), spoke=earliest(0))
    first = rows.at_1.date()
    # Who wrote on an earlier day joined again, and the roster kept the later date.
    again = (rows.spoke.date() < first).fill_null(False)
    rows = rows.filter(
        rows.position > 0,
        rows.ts >= rows.at_1,
        rows.ts < rows.at_1 + ibis.interval(days=window_days),
        within(first, judged(calendar, way[0], window_days)),
        ~again,
    )
    by_step = ["member_id", "position"]
    for position, step in enumerate(way, start=1):
        if step.times == 1:
            continue
        fresh = ibis.literal(1, "int64")  # each row counts
        if step.kind == "active_day":  # the first of a day does; dense_rank differs by engine
            never = ibis.date(calendar.first - _LONG)
            last = rows.ts.date().lag(1, never).over(group_by=by_step, order_by=rows.ts)
            fresh = (rows.ts.date() != last).cast("int64")
        rows = rows.mutate(fresh=fresh)
        so_far = ibis.cumulative_window(group_by=by_step, order_by=rows.ts)
        rows = rows.mutate(times=rows.fresh.sum().over(so_far))
        rows = rows.filter((rows.position != position) | (rows.times >= step.times))
    for position in range(2, len(way) + 1):
        at = earliest(position, rows[f"at_{position - 1}"])
        rows = rows.mutate(**{f"at_{position}": at})
    places = range(1, len(way) + 1)
    own = ibis.cases(*[(rows.position == i, rows[f"at_{i}"]) for i in places])
    before = ibis.cases(*[(rows.position == i, rows[f"at_{max(i - 1, 1)}"]) for i in places])
    rows = rows.select("member_id", "position", own=own, before=before)
    return rows.group_by("member_id", "position").agg(at=_.own.max(), previous=_.before.max())


def seen(way: list[Step], tables: Tables) -> ir.Table:
    """Return how many rows the data have of each step at all: ``position, rows``."""
    import ibis
    from ibis import _

    parts = [_placed(happened(step, tables), i) for i, step in enumerate(way, start=1)]
    return ibis.union(*parts).group_by("position").agg(rows=_.count())


def _placed(found: ir.Table, position: int) -> ir.Table:
    import ibis

    return found.select("member_id", "ts", position=ibis.literal(position, "int64"))


def judged(calendar: Calendar, first: Step, window_days: int) -> list[Span]:
    """Return the days on which who took the first step can be judged.

    Joining was seen; anything else is a first step only after enough history without it.
    """
    spans = mature_spans(calendar, after=window_days)
    seen = sorted(calendar.covered)
    if first.kind == "join":
        return spans
    known_from = seen[HISTORY_DAYS] if len(seen) > HISTORY_DAYS else calendar.end
    return [(max(start, known_from), end) for start, end in spans if end > known_from]
