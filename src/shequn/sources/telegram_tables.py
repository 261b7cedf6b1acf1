"""The tables of a community from exports of Telegram Desktop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shequn.sources import folder
from shequn.sources.folder import Table, Value
from shequn.sources.report import ImportReport, Reading
from shequn.sources.telegram_json import MESSAGE, walk
from shequn.sources.telegram_message import KINDS, SYSTEM
from shequn.sources.telegram_people import Membership
from shequn.sources.telegram_rows import MOVED, Book, Chat
from shequn.sources.telegram_text import Words

_Row = tuple[Value, ...]


def tables(
    readings: Sequence[Reading],
    chats: Sequence[Chat],
    people: Membership,
    book: Book,
    report: ImportReport,
    words: Words,
    *,
    keep_text: bool,
    names: Mapping[str, str],
) -> dict[str, Table]:
    """Return every table; most rows are made while they are written.

    Parameters
    ----------
    readings, chats
        The files, and their chats, in the order in which their rows are to stand.
    people, book
        Who is who.
    report
        For platform and zone.
    words
        Takes the names out of texts.
    keep_text
        Whether the texts are kept.
    names
        Names of the chats, by their ids on Telegram.
    """
    member = [people.ids.get(raw) for raw in book.people]
    text = ("text",) if keep_text else ()
    rows = _messages(chats, member)
    left = any(stay.left is not None for stay in people.stays.values())
    made = {
        "members": Table(
            ("member_id", "joined_at", "joined_at_basis", "join_method", "inviter_id",
             *(("left_at", "left_at_basis") if left else ()), "role", "is_bot"),
            _members(people, member, list(book.people), set(names), left),
        ),
        "channels": Table(
            ("channel_id", "kind", "name", "created_at"), _channels(chats, names, words)
        ),
        "messages": Table(
            ("message_id", "channel_id", "thread_id", "author_id", "ts", "kind", "n_chars",
             "reply_to_id", "reply_basis", "edited_at", "source_id", "source_row", *text),
            _with_text(readings, rows, words) if keep_text else rows,
        ),
        "mentions": Table(("message_id", "target_id", "kind"), _mentions(chats, member)),
        "reactions": Table(
            ("message_id", "member_id", "emoji", "n", "ts", "complete"), _reactions(chats, member)
        ),
        "sources": folder.sources(report, readings),
        "identities": people.identities(report.platform),
    }  # fmt: skip
    if people.events:  # an empty table would say that nobody came
        made["membership_events"] = Table(
            ("event_id", "ts", "channel_id", "member_id", "action", "actor_id", "method",
             "source_id"),
            _events(people, member),
        )  # fmt: skip
    return made


def _members(
    people: Membership, member: Sequence[str | None], raw: list[str], own: set[str], left: bool
) -> list[_Row]:
    rows: list[_Row] = []
    for who, stay in people.stays.items():
        # What is posted in a group's own name is written by its administrators.
        role = None if raw[who].startswith("user") else "admin" if raw[who] in own else "channel"
        inviter = member[stay.inviter] if stay.inviter is not None else None
        gone = (stay.left, None if stay.left is None else "event") if left else ()
        rows.append((
            member[who], stay.joined, stay.basis, stay.method, inviter, *gone, role,
            raw[who] in people.robots,
        ))  # fmt: skip
    return sorted(rows, key=lambda row: str(row[0]))


def _channels(chats: Sequence[Chat], names: Mapping[str, str], words: Words) -> Iterator[_Row]:
    # A supergroup that was a group before is as old as the group: the earliest counts.
    for key in names:
        same = [chat for chat in chats if chat.key == key]
        if same:
            created = min((c.created for c in same if c.created is not None), default=None)
            kind = max(same, key=lambda c: (max(c.times, default=0), not c.shift)).kind
            yield same[0].channel_id, kind, words(names[key]) or None, created


def _messages(chats: Sequence[Chat], member: Sequence[str | None]) -> Iterator[_Row]:
    channels = {chat.key: chat for chat in chats}
    moved = {chat.key for chat in chats if any(number < 0 for number in chat.ids)}
    threads = _threads(chats)
    for chat in chats:
        topics = threads.get(chat.key)
        channel, source, dropped = chat.channel_id, chat.reading.source_id, chat.dropped
        message_id, plain = chat.message_id, not chat.shift
        columns = zip(
            chat.ids, chat.times, chat.who, chat.kinds, chat.lengths, chat.replies, chat.edited,
            chat.rows, strict=True,
        )  # fmt: skip
        for i, (number, time, who, kind, length, reply, edited, row) in enumerate(columns):
            if i in dropped:
                continue
            own = f"{channel}-{number}" if plain and number > 0 else message_id(number)
            thread = topics.get(number) if topics else None
            answered = None
            if reply and chat.peers and i in chat.peers:
                answered = _elsewhere(chat, chat.peers[i], reply, channels, moved)
            elif reply and not (topics and topics.get(reply) == reply):
                answered = message_id(reply)
            yield (
                own, channel, message_id(thread) if thread else None, member[who],
                time, KINDS[kind], length, answered, "explicit" if answered else None,
                None if edited < 0 else edited, source, row,
            )  # fmt: skip


def _threads(chats: Sequence[Chat]) -> dict[str, dict[int, int]]:
    """Return message -> message that opened its topic, for the chats that have topics.

    A message that seems to answer the opening of a topic stands in it, and whatever answers that
    one too.
    """
    threads: dict[str, dict[int, int]] = {}
    for key in {chat.key for chat in chats if chat.topics}:
        same = [chat for chat in chats if chat.key == key]
        found = {topic: topic for chat in same for topic in chat.topics}
        pairs = [
            (n, r)
            for chat in same
            for i, (n, r) in enumerate(zip(chat.ids, chat.replies, strict=True))
            if r and i not in chat.dropped and i not in chat.peers
        ]
        for number, reply in sorted(pairs):  # an answer has a higher number than what it answers
            if reply in found:
                found.setdefault(number, found[reply])
        threads[key] = found
    return threads


def _elsewhere(
    chat: Chat, peer: str, reply: int, channels: Mapping[str, Chat], moved: set[str]
) -> str | None:
    """Return the id of a message in another chat, None where that chat is not read."""
    if peer == chat.key:
        return chat.message_id(reply)
    if peer in channels:
        return channels[peer].message_id(reply - channels[peer].shift)
    if peer.startswith("chat") and chat.key in moved:  # the group that this one was before
        return chat.message_id(reply - MOVED)
    return None


def _with_text(readings: Iterable[Reading], rows: Iterator[_Row], words: Words) -> Iterator[_Row]:
    # The texts are not held while the export is read: they are fetched again here, and the file's
    # fingerprint tells if it is still the same.
    following = next(rows, None)
    for reading in readings:
        number = 0
        for what, _, message in walk(reading.file):
            if what != MESSAGE:
                continue
            number += 1
            if following and (following[-2], following[-1]) == (reading.source_id, number):
                yield *following, "" if following[5] == KINDS[SYSTEM] else words.of(message)
                following = next(rows, None)


def _mentions(chats: Sequence[Chat], member: Sequence[str | None]) -> Iterator[_Row]:
    for chat in chats:
        for i, who in chat.mentions:
            if i not in chat.dropped:
                yield chat.message_id(chat.ids[i]), member[who], "mention"


def _reactions(chats: Sequence[Chat], member: Sequence[str | None]) -> Iterator[_Row]:
    for chat in chats:
        for i, who, sign, count, time, complete in chat.reactions:
            if i not in chat.dropped:
                person = None if who < 0 else member[who]
                yield (
                    chat.message_id(chat.ids[i]), person, sign, count,
                    None if time < 0 else time, complete,
                )  # fmt: skip


def _events(people: Membership, member: Sequence[str | None]) -> Iterator[_Row]:
    for event in people.events:
        chat = event.chat
        yield (
            f"{chat.message_id(chat.ids[event.entry])}-{event.nth}", event.time, chat.channel_id,
            member[event.member], event.action,
            None if event.actor is None else member[event.actor], event.method,
            chat.reading.source_id,
        )  # fmt: skip
