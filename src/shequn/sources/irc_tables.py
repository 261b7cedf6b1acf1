"""The tables of a community from its IRC logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat

from shequn.sources import folder
from shequn.sources.folder import Table, Value
from shequn.sources.irc_lines import JOIN, LEAVE, MESSAGE, RENAME, Log, text_of
from shequn.sources.people import People
from shequn.sources.redact import Redactor
from shequn.sources.report import ImportReport

_ACTIONS = {JOIN: "join", LEAVE: "leave", RENAME: "rename"}
_Rows = Iterator[Sequence[Value]]


def tables(
    logs: Sequence[Log], people: People, report: ImportReport, redact: Redactor | None
) -> dict[str, Table]:
    """Return every table; most rows are made while they are written.

    Parameters
    ----------
    logs
        The logs in the order in which their rows are to stand.
    people
        Who is who.
    report
        For platform and zone.
    redact
        Takes the nicks out of the texts; None leaves the texts out.
    """
    text = ("text",) if redact else ()
    made = {
        "members": Table(
            ("member_id", "joined_at", "joined_at_basis", "is_bot"), _members(logs, people)
        ),
        "membership_events": Table(
            ("event_id", "ts", "channel_id", "member_id", "action", "method", "source_id"),
            _events(logs),
        ),
        "messages": Table(
            ("message_id", "channel_id", "author_id", "ts", "kind", "n_chars", "source_id",
             "source_row", *text),
            _messages_with_text(logs, redact) if redact else _messages(logs),
        ),
        "mentions": Table(("message_id", "target_id", "kind"), _mentions(logs)),
        "sources": folder.sources(report, logs),
        "identities": people.identities(report.platform),
    }  # fmt: skip
    if not any(kind in log.kinds for log in logs for kind in _ACTIONS):
        # No such line in the logs: nothing is known, which an empty table would not say.
        del made["membership_events"]
    return made


def _members(logs: Sequence[Log], people: People) -> _Rows:
    # A join line is a connection, made anew every day: it says nothing about joining the
    # community, and taking it for that would make a newcomer of everybody who reconnects.
    spoke: dict[str, int] = {}
    for log in logs:
        for kind, time, who in zip(log.kinds, log.times, log.who, strict=True):
            if kind == MESSAGE:
                member = log.members[who]
                if spoke.setdefault(member, time) > time:
                    spoke[member] = time
    robots = {people.ids[nick] for nick in people.robots}
    for member in sorted(set(people.ids.values())):
        basis = "first_message" if member in spoke else None
        yield member, spoke.get(member), basis, member in robots


def _events(logs: Sequence[Log]) -> _Rows:
    for log in logs:
        for i, kind in enumerate(log.kinds):
            if kind in _ACTIONS:
                yield (
                    f"{log.source_id}-{log.rows[i]}", log.times[i], log.channel_ids[0],
                    log.members[log.who[i]], _ACTIONS[kind],
                    None if kind == RENAME else "connection", log.source_id,
                )  # fmt: skip


def _messages(logs: Sequence[Log]) -> _Rows:
    for log in logs:
        sid, members, channels = log.source_id, log.members, log.channel_ids
        numbers = log.channel_of or repeat(0, len(log.kinds))
        entries = zip(log.kinds, log.rows, log.times, log.who, log.other, numbers, strict=True)
        for kind, row, time, who, length, channel in entries:
            if kind == MESSAGE:
                yield (
                    f"{sid}-{row}", channels[channel], members[who], time, "text", length, sid, row,
                )  # fmt: skip


def _messages_with_text(logs: Sequence[Log], redact: Redactor) -> _Rows:
    # The text is not held while the export is read: it is fetched again here, and the file's
    # fingerprint tells if it is still the same.
    for log in logs:
        rows = _messages([log])
        row = next(rows, None)
        for number, line in enumerate(log.file.lines(), 1):
            if row is not None and number == row[-1]:
                yield *row, redact(text_of(line, log.layout))
                row = next(rows, None)


def _mentions(logs: Sequence[Log]) -> _Rows:
    """Yield who is named where; a person once a message, under however many nicks."""
    for log in logs:
        last, targets = -1, set[str]()
        for entry, nick in zip(log.named_in, log.named_nick, strict=True):
            if entry != last:
                last, targets = entry, set()
            target = log.members[nick]
            if target not in targets:
                targets.add(target)
                yield f"{log.source_id}-{log.rows[entry]}", target, "mention"
