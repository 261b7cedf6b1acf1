"""The tables of a community from its WhatsApp exports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shequn.pii import mask
from shequn.sources import folder
from shequn.sources.folder import Table, Value
from shequn.sources.redact import Redactor
from shequn.sources.report import ImportReport
from shequn.sources.whatsapp_clock import header
from shequn.sources.whatsapp_lines import Log
from shequn.sources.whatsapp_people import EXPORTER, Mentions, Names
from shequn.sources.whatsapp_words import APP, KINDS, OTHER, SYSTEM, more, start

_Rows = Iterator[Sequence[Value]]
_ACTIONS = {"join": "join", "leave": "leave", "kick": "kick", "role": "role", "rename": "rename",
            "approve": "approve"}  # fmt: skip
_METHODS = {"invite": "invite", "link": "link", "request": "request"}
_NUMBER = re.compile(r"@\+?[0-9]{6,15}(?![0-9])")


@dataclass
class Stay:
    """What is known of a member's coming and going.

    Attributes
    ----------
    spoke, joined
        First message; first line that shows the joining, with its method and the inviter.
    last, left
        By channel: last sign of being there; last leaving.
    """

    spoke: int | None = None
    joined: tuple[int, str, str] | None = None
    last: dict[str, int] | None = None
    left: dict[str, int] | None = None


def tables(
    logs: Sequence[Log],
    people: Names,
    report: ImportReport,
    channels: Sequence[Sequence[Value]],
    redact: Redactor | None,
) -> dict[str, Table]:
    """Return every table; most rows are made while they are written.

    Parameters
    ----------
    logs
        The files in the order in which their rows are to stand.
    people
        Who is who.
    report
        For platform and zone.
    channels
        Id, kind and time of creation of each chat.
    redact
        Takes the names out of the texts; None leaves the texts out.
    """
    text = ("text",) if redact else ()
    events = list(_events(logs, people))
    made = {
        "members": Table(
            ("member_id", "joined_at", "joined_at_basis", "join_method", "inviter_id", "left_at",
             "left_at_basis", "is_bot"),
            _members(logs, people, events),
        ),
        "membership_events": Table(
            ("event_id", "ts", "channel_id", "member_id", "action", "actor_id", "method",
             "source_id"),
            events,
        ),
        "messages": Table(
            ("message_id", "channel_id", "author_id", "ts", "kind", "n_chars", "source_id",
             "source_row", *text),
            _messages_with_text(logs, people, redact) if redact else _messages(logs, people),
        ),
        "mentions": Table(("message_id", "target_id", "kind"), _mentions(logs, people)),
        "channels": Table(("channel_id", "kind", "created_at"), channels),
        "sources": folder.sources(report, logs),
        "identities": people.identities(report.platform),
    }  # fmt: skip
    if not events:
        # No such line in the files: nothing is known, which an empty table would not say.
        del made["membership_events"]
    return made


def _events(
    logs: Sequence[Log], people: Names
) -> Iterator[tuple[str, int, str, str, str, str | None, str | None, str]]:
    seen: set[tuple[str, int, str, str]] = set()  # two phones write the same line differently
    for log in logs:
        count = 0
        last = -1
        for entry, action, name, by, method in log.events:
            count = count + 1 if entry == last else 1
            last = entry
            member, time = people.ids[name], log.times[entry]
            key = log.channel_id, time // 60, action, member
            if key not in seen:
                seen.add(key)
                yield (
                    f"{log.source_id}-{log.rows[entry]}-{count}", time, log.channel_id, member,
                    _ACTIONS[action], people.ids[by] if by else None, method, log.source_id,
                )  # fmt: skip


def _members(
    logs: Sequence[Log],
    people: Names,
    events: Sequence[tuple[str, int, str, str, str, str | None, str | None, str]],
) -> _Rows:
    stays = {member: Stay(last={}, left={}) for member in set(people.ids.values())}
    for log in logs:
        ids = [people.ids.get(m, "") for m in log.members]
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for kind, time, who in zip(log.kinds, log.times, log.who, strict=True):
            if kind < SYSTEM:
                if who not in first:
                    first[who] = last[who] = time
                elif time > last[who]:
                    last[who] = time
                elif time < first[who]:
                    first[who] = time
        for who, time in first.items():
            stay = stays[ids[who]]
            stay.spoke = time if stay.spoke is None else min(stay.spoke, time)
            _latest(stay.last, log.channel_id, last[who])
    for _, time, channel, member, action, by, method, _ in events:
        stay = stays[member]
        if action == "join":
            how = time, _METHODS.get(method or "", "unknown"), by or ""
            stay.joined = how if stay.joined is None else min(stay.joined, how)
            _latest(stay.last, channel, time)
        elif action in ("leave", "kick"):
            _latest(stay.left, channel, time)
    robots = {people.ids[name] for name in people.robots if name in people.ids}
    for member in sorted(stays):
        stay = stays[member]
        known = stay.last or {}, stay.left or {}
        # Gone is who left every chat where there was a sign, and showed none after.
        gone = known[1] and all(known[1].get(c, -1) >= t for c, t in known[0].items())
        left = max(known[1].values()) if gone else None
        came: tuple[int | None, str | None, str | None, str | None]
        if stay.joined and (stay.spoke is None or stay.joined[0] <= stay.spoke):
            came = stay.joined[0], "event", stay.joined[1], stay.joined[2] or None
        else:
            came = stay.spoke, "first_message" if stay.spoke is not None else None, None, None
        yield member, *came, left, "event" if left is not None else None, member in robots


def _latest(times: dict[str, int] | None, channel: str, time: int) -> None:
    assert times is not None
    times[channel] = max(times.get(channel, time), time)


def _messages(logs: Sequence[Log], people: Names) -> _Rows:
    for log in logs:
        sid, channel = log.source_id, log.channel_id
        ids = [people.ids.get(m, "") for m in log.members]
        columns = zip(log.kinds, log.rows, log.times, log.who, log.length, strict=True)
        for entry, (kind, row, time, who, length) in enumerate(columns):
            if kind < SYSTEM:
                yield f"{sid}-{row}", channel, ids[who], time, KINDS[kind], length, sid, row
            elif kind == SYSTEM and (actor := log.actors.get(entry)):
                yield f"{sid}-{row}", channel, people.ids[actor], time, "system", 0, sid, row


def _messages_with_text(logs: Sequence[Log], people: Names, redact: Redactor) -> _Rows:
    # The text is not held while the export is read: it is fetched again here, and the file's
    # fingerprint tells if it is still the same.
    def shown(pieces: list[str]) -> str:
        text = redact("\n".join(pieces))
        if "@" in text:
            text = _NUMBER.sub(number, text)
        return mask(text)

    def number(found: re.Match[str]) -> str:
        name = people.by_number.get(found[0].lstrip("@+"))
        return f"@{people.ids[name]}" if name else "@[phone]"

    for log in logs:
        rows = _messages([log], people)
        row = next(rows, None)
        begins = _begins(log)
        pieces: list[str] | None = None
        current: Sequence[Value] | None = None
        kind = 0
        match = header(log.style).match
        for at, line in enumerate(log.file.lines(), 1):
            if begins(at):
                if current is not None and pieces is not None:
                    yield *current, shown(pieces)
                current = pieces = None
                if row is not None and row[-1] == at:
                    current, pieces = row, []
                    row = next(rows, None)
                    found = match(line)
                    if found and current[4] != "system":
                        kind, text = start(line, found[3])
                        pieces.append("" if kind == APP and current[4] == KINDS[OTHER] else text)
            elif pieces is not None and current is not None and current[4] != "system":
                kind, text = more(line, kind)
                pieces.append(text)
        if current is not None and pieces is not None:
            yield *current, shown(pieces)


def _begins(log: Log) -> Callable[[int], bool]:
    """Return what tells whether an entry begins at a row, asked of rows in rising order."""
    rows = iter(sorted([*log.rows, *log.gone]) if log.gone else log.rows)
    waiting = next(rows, -1)

    def begins(row: int) -> bool:
        nonlocal waiting
        if row != waiting:
            return False
        waiting = next(rows, -1)
        return True

    return begins


def _mentions(logs: Sequence[Log], people: Names) -> _Rows:
    """Yield who is named where; a person once a message."""
    find = Mentions(people)
    for log in logs:
        if not log.named:
            continue
        seen: set[tuple[int, str]] = set()
        for entry, text in log.named:
            if log.kinds[entry] >= SYSTEM or (name := find.target(text)) is None:
                continue
            target = people.ids[name]
            if (entry, target) not in seen:
                seen.add((entry, target))
                yield f"{log.source_id}-{log.rows[entry]}", target, "mention"


__all__ = ["EXPORTER", "tables"]
