"""The tables of a community from a Slack export."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence

from shequn.sources import folder
from shequn.sources.folder import Table, Value
from shequn.sources.privacy import token
from shequn.sources.report import ImportReport, Reading
from shequn.sources.slack_files import records
from shequn.sources.slack_people import NOBODY, Slackers
from shequn.sources.slack_rows import (
    ALL,
    CLOSE,
    JOIN,
    KINDS,
    LEAVE,
    MICRO,
    RECALL,
    REOPEN,
    SYSTEM,
    Channel,
)
from shequn.sources.slack_text import Names, readable, said

_Rows = Iterator[Sequence[Value]]
_ACTIONS = {JOIN: "join", LEAVE: "leave"}


def tables(
    channels: Sequence[Channel],
    listings: Sequence[Reading],
    people: Slackers,
    names: Names,
    report: ImportReport,
    key: bytes,
) -> dict[str, Table]:
    """Return every table; most rows are made while they are written.

    Parameters
    ----------
    channels, listings
        In the order in which their rows are to stand; readings with their source ids.
    people, names
        Who is who, with pseudonyms, and what is taken out of texts.
    report
        For the platform, the zone, and whether text is kept.
    key
        For emoji named like a member.
    """
    code = [people.ids[raw_id] for raw_id in people.raw]
    text = ("text",) if report.text_kept else ()
    readings: list[Reading] = [*listings, *(f for c in channels for f in c.folders)]
    made = {
        "members": Table(
            ("member_id", "joined_at", "joined_at_basis", "join_method", "inviter_id", "role",
             "is_bot"),
            _members(channels, people, code),
        ),
        "membership_events": Table(
            ("event_id", "ts", "channel_id", "member_id", "action", "actor_id", "method",
             "source_id"),
            _events(channels, code),
        ),
        "channels": Table(
            ("channel_id", "kind", "name", "created_at", "archived_at"),
            ((c.id, c.kind, names.in_label(c.name) or None, c.created, _closed(c))
             for c in channels),
        ),
        "messages": Table(
            ("message_id", "channel_id", "thread_id", "author_id", "ts", "kind", "n_chars",
             "reply_to_id", "reply_basis", "edited_at", "deleted_at", "source_id", "source_row",
             "is_bot", *text),
            _messages(channels, code, names.in_text if text else None),
        ),
        "reactions": Table(
            ("message_id", "member_id", "emoji", "n", "complete"),
            _reactions(channels, code, names, key),
        ),
        "mentions": Table(("message_id", "target_id", "kind"), _mentions(channels, code)),
        "sources": folder.sources(report, readings),
        "identities": people.identities(report.platform),
    }  # fmt: skip
    if not any(e in _ACTIONS for c in channels for e in set(c.event)):
        # No such line in the export: nothing is known, which an empty table would not say.
        del made["membership_events"]
    return made


def message_id(channel: str, at: int) -> str:
    """Return the id of a message: its channel, and Slack's own id, which is the time."""
    return f"{channel}-{at // MICRO}.{at % MICRO:06}"


def _members(channels: Sequence[Channel], people: Slackers, code: list[str]) -> _Rows:
    spoke: dict[str, int] = {}
    joined: dict[str, tuple[int, str]] = {}
    for c in channels:
        first: dict[int, int] = {}  # by number: fewer look-ups than by person
        for at, author, kind in zip(c.at, c.author, c.kind_of, strict=True):
            if kind not in (SYSTEM, RECALL) and first.setdefault(author, at) > at:
                first[author] = at
        for author, at in first.items():
            spoke[code[author]] = min(at, spoke.get(code[author], at))
        for row, event in enumerate(c.event):
            if event == JOIN:
                member, actor = code[c.author[row]], c.actors.get(row, NOBODY)
                inviter = "" if actor == NOBODY or code[actor] == member else code[actor]
                joined[member] = min((c.at[row], inviter), joined.get(member, (c.at[row], "~")))
    roles = {people.ids[person]: role for person, role in people.roles.items()}
    robots = {people.ids[person] for person in people.robots}
    for member in sorted(set(code)):
        at, inviter = joined.get(member, (0, ""))
        # Whoever wrote before joined this channel then, not the community.
        by_event = at and at <= spoke.get(member, at)
        start = at if by_event else spoke.get(member)
        yield (
            member,
            start // MICRO if start else None,
            "event" if by_event else "first_message" if start else None,
            "invite" if by_event and inviter else None,
            inviter or None if by_event else None,
            roles.get(member),
            member in robots,
        )


def _events(channels: Sequence[Channel], code: list[str]) -> _Rows:
    for c in channels:
        for row, event in enumerate(c.event):
            if event in _ACTIONS:
                member, actor = code[c.author[row]], c.actors.get(row, NOBODY)
                other = code[actor] if actor != NOBODY and code[actor] != member else None
                yield (
                    message_id(c.id, c.at[row]), c.at[row] // MICRO, c.id, member, _ACTIONS[event],
                    other, "invite" if other and event == JOIN else None,
                    c.folders[c.folder[row]].source_id,
                )  # fmt: skip


def _closed(channel: Channel) -> int | None:
    """Return when a channel was archived, if it was and was not opened again."""
    last = max(
        ((channel.at[row], e) for row, e in enumerate(channel.event) if e in (CLOSE, REOPEN)),
        default=(0, REOPEN),
    )
    return last[0] // MICRO if last[1] == CLOSE else None


def _messages(
    channels: Sequence[Channel], code: list[str], hide: Callable[[str], str] | None
) -> _Rows:
    for c in channels:
        if hide is None:
            for row in range(len(c.at)):
                yield _message(c, row, code)
        else:
            for row, text in _texts(c):
                yield *_message(c, row, code), "" if c.kind_of[row] == RECALL else hide(text)


def _message(c: Channel, row: int, code: list[str]) -> tuple[Value, ...]:
    at, thread = c.at[row], c.thread[row]
    second, micro = divmod(at, MICRO)
    root = message_id(c.id, thread) if thread else None
    answer = root if thread != at else None
    return (
        f"{c.id}-{second}.{micro:06}", c.id, root, code[c.author[row]], second,
        KINDS[c.kind_of[row]], c.chars[row], answer, "thread" if answer else None,
        c.edited[row] or None, c.deleted[row] or None, c.folders[c.folder[row]].source_id,
        c.row[row], bool(c.bot[row]),
    )  # fmt: skip


def _texts(c: Channel) -> Iterator[tuple[int, str]]:
    """Yield every row of a channel with its text, in the order of the files.

    The text is not held while the export is read: it is fetched again here, and the fingerprints
    of the files tell if they are still the same.
    """
    rows = [array("i", bytes(4 * (f.read + 1))) for f in c.folders]
    for row, (number, place) in enumerate(zip(c.folder, c.row, strict=True)):
        rows[number][place] = row + 1
    for number, reading in enumerate(c.folders):
        for file, before in reading.days:
            for place, (record, _) in enumerate(records(file), before + 1):
                if row := rows[number][place]:
                    if record.get("subtype") == "message_changed":
                        record = record["message"]
                    yield row - 1, readable(said(record))


def _reactions(channels: Sequence[Channel], code: list[str], names: Names, key: bytes) -> _Rows:
    shown: dict[str, str] = {}
    for c in channels:
        for row, reactions in sorted(c.reactions.items()):
            for who, emoji, n, complete in reactions:
                if emoji not in shown:
                    plain = names.in_emoji(emoji) == emoji
                    shown[emoji] = emoji if plain else f"named-{token(key, 'emoji', emoji)[:8]}"
                yield (
                    message_id(c.id, c.at[row]), None if who == NOBODY else code[who],
                    shown[emoji], n, complete,
                )  # fmt: skip


def _mentions(channels: Sequence[Channel], code: list[str]) -> _Rows:
    """Yield who is named where; a person once a message, under however many ids."""
    for c in channels:
        for row, targets in sorted(c.mentions.items()):
            own = message_id(c.id, c.at[row])
            people = dict.fromkeys(code[t] for t in targets if t != ALL)
            yield from ((own, person, "mention") for person in people)
            if ALL in targets:
                # The table must name a member: the author stands for everyone in the channel.
                yield own, code[c.author[row]], "all"
