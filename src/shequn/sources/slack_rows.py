"""What the messages of a Slack channel say, without their texts, in compact columns."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shequn.sources.files import ExportFile
from shequn.sources.report import Reading
from shequn.sources.slack_people import NOBODY, Slackers
from shequn.sources.slack_text import EVERYONE, is_id, named, names_somebody, readable, said
from shequn.text import Text

KINDS = ("text", "image", "voice", "video", "file", "call", "system", "recall")
SYSTEM, RECALL = KINDS.index("system"), KINDS.index("recall")
ALL = -2  # number of no person: everyone in the channel
JOIN, LEAVE, CLOSE, REOPEN = range(1, 5)
MICRO = 1_000_000

_EVENTS = {
    "channel_join": JOIN, "group_join": JOIN, "channel_leave": LEAVE, "group_leave": LEAVE,
    "channel_archive": CLOSE, "group_archive": CLOSE,
    "channel_unarchive": REOPEN, "group_unarchive": REOPEN,
}  # fmt: skip
_SPEECH = {
    "me_message", "thread_broadcast", "file_share", "file_comment", "file_mention", "bot_message",
    "slack_image", "slack_audio", "slack_video", "assistant_app_thread",
}  # fmt: skip
_CALLS = {"huddle_thread", "sh_room_created", "sh_room_shared"}
_AGAIN = {"message_replied", "reply_broadcast"}  # tell of a message that stands elsewhere
_MADE_OF = {"image": 1, "audio": 2, "video": 3}  # first part of a MIME type -> kind
_KNOWN_SYSTEM = re.compile(
    r"(?:channel|group)_(?:join|leave|topic|purpose|name|(?:un)?archive|convert_to_\w+|posting_\w+"
    r"|canvas_\w+)|(?:un)?pinned_item|bot_(?:add|remove|enable|disable)|reminder_\w+"
    r"|ekm_access_denied|app_conversation_(?:join|leave)|joiner_notification\w*|tabbed_canvas_\w+"
    r"|bookmark_\w+|shared_channel_\w+",
    re.ASCII,
)
_TS = re.compile(r"([0-9]{9,10})(?:\.([0-9]{1,6}))?")
_MOST_COUNT = 10_000_000  # of one reaction

_NOT_MESSAGE = Text("not a message", "不是消息")
_NO_TIME = Text("no time that can be read", "没有可读的时间")
_NO_AUTHOR = Text("nobody who wrote it", "没有作者")


def moment(value: object) -> int:
    """Return Slack's ``seconds.micro`` as microseconds since 1970 UTC; 0 where it is none."""
    found = _TS.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * MICRO + int((found[2] or "").ljust(6, "0")) if found else 0


class Message(NamedTuple):
    """One message, still with its lists."""

    at: int
    author: int
    kind: int
    chars: int
    thread: int
    edited: int  # seconds, as below
    deleted: int
    bot: bool
    event: int
    actor: int
    reactions: list[tuple[int, str, int, bool]]
    mentions: list[int]


class _Finder:
    """Row of each moment: mostly moments come in order, and need no dictionary."""

    def __init__(self) -> None:
        self.moments, self.rows = array("q"), array("I")
        self.late: dict[int, int] = {}

    def find(self, at: int) -> int:
        if not self.moments or at > self.moments[-1]:
            return -1
        place = bisect_left(self.moments, at)
        return self.rows[place] if self.moments[place] == at else self.late.get(at, -1)

    def add(self, at: int, row: int) -> None:
        if not self.moments or at > self.moments[-1]:
            self.moments.append(at)
            self.rows.append(row)
        else:
            self.late[at] = row


@dataclass
class Folder(Reading):
    """What is read of one channel from one export; rows are counted over all its days.

    Attributes
    ----------
    days
        Files in the order of reading, each with the number of rows before it.
    """

    days: list[tuple[ExportFile, int]] = field(default_factory=list)


@dataclass
class Channel:
    """A channel and its messages, a row each; where two exports overlap, each message once.

    Attributes
    ----------
    id, name, kind, created
        As the tables show them; the name as Slack has it, empty where unknown.
    folders
        What was read.
    at, author, kind_of, chars, thread, edited, deleted, bot, event
        Columns; `Message` says what each is. No thread, edit or deletion is 0.
    folder, row
        Where the text stands: number of the folder, and of the row in it.
    actors
        Who made a member join or leave: row -> number.
    """

    id: str
    name: str
    kind: str
    created: int | None = None
    folders: list[Folder] = field(default_factory=list)
    at: array[int] = field(default_factory=lambda: array("q"))
    author: array[int] = field(default_factory=lambda: array("i"))
    kind_of: bytearray = field(default_factory=bytearray)
    chars: array[int] = field(default_factory=lambda: array("i"))
    thread: array[int] = field(default_factory=lambda: array("q"))
    edited: array[int] = field(default_factory=lambda: array("q"))
    deleted: array[int] = field(default_factory=lambda: array("q"))
    bot: bytearray = field(default_factory=bytearray)
    event: bytearray = field(default_factory=bytearray)
    folder: array[int] = field(default_factory=lambda: array("i"))
    row: array[int] = field(default_factory=lambda: array("i"))
    actors: dict[int, int] = field(default_factory=dict)
    reactions: dict[int, list[tuple[int, str, int, bool]]] = field(default_factory=dict)
    mentions: dict[int, tuple[int, ...]] = field(default_factory=dict)
    finder: _Finder = field(default_factory=_Finder)

    def put(self, new: Message, folder: int, number: int) -> None:
        """Add a message, or another version of one that is there."""
        row = self.finder.find(new.at)
        if row < 0:
            row = len(self.at)
            self.finder.add(new.at, row)
            self.at.append(new.at)
            self.author.append(new.author)
            self.kind_of.append(new.kind)
            self.chars.append(new.chars)
            self.thread.append(new.thread)
            self.edited.append(new.edited)
            self.deleted.append(new.deleted)
            self.bot.append(new.bot)
            self.event.append(new.event)
            self.folder.append(folder)
            self.row.append(number)
            if new.reactions:
                self.reactions[row] = new.reactions
            if new.mentions:
                self.mentions[row] = tuple(new.mentions)
            if new.actor != NOBODY:
                self.actors[row] = new.actor
            return
        if new.kind == RECALL:
            self.folders[folder].ignored += 1
            if self.kind_of[row] == RECALL and self.bot[row]:  # only a tombstone so far
                self.author[row], self.bot[row] = new.author, new.bot
            self.recall(row, new.deleted)
        elif self.kind_of[row] == RECALL:
            # What was deleted stays so; but who wrote it is known now.
            self.folders[folder].ignored += 1
            self.author[row], self.bot[row], self.event[row] = new.author, new.bot, new.event
        elif self._rank(new) > self._rank_of(row):
            self.folders[self.folder[row]].ignored += 1
            self.author[row], self.kind_of[row], self.chars[row] = new.author, new.kind, new.chars
            self.thread[row] = new.thread or self.thread[row]
            self.edited[row], self.bot[row] = new.edited, new.bot
            self.folder[row], self.row[row] = folder, number
            self.mentions[row] = tuple(new.mentions)
            if new.reactions:
                self.reactions[row] = new.reactions
        else:
            self.folders[folder].ignored += 1

    def recall(self, row: int, second: int) -> None:
        """Note that a message was deleted."""
        self.kind_of[row], self.chars[row] = RECALL, 0
        self.deleted[row] = max(self.deleted[row], second)
        self.mentions.pop(row, None)
        self.reactions.pop(row, None)

    def _rank(self, new: Message) -> tuple[int, int, int]:
        return new.edited, sum(n for _, _, n, _ in new.reactions), new.chars

    def _rank_of(self, row: int) -> tuple[int, int, int]:
        reactions = self.reactions.get(row, ())
        return self.edited[row], sum(n for _, _, n, _ in reactions), self.chars[row]


class Reader:
    """Turns the records of an export's channels into rows.

    Attributes
    ----------
    people
        Grows with everybody who turns up.
    strange_kinds
        Subtypes not known, with the number of their messages; taken as system lines.
    again, changes, lost_deletions
        Counts: records that tell of a message that stands elsewhere; edits and deletions that
        were applied; deletions of messages that are not in the export.
    """

    def __init__(self, people: Slackers) -> None:
        self.people = people
        self.strange_kinds: Counter[str] = Counter()
        self.again = self.changes = self.lost_deletions = 0
        self._emoji: dict[str, str] = {}
        self._deletions: list[tuple[int, int]] = []

    def take(self, channel: Channel, folder: int, record: object, raw: str) -> None:
        """Take one record of a channel."""
        reading = channel.folders[folder]
        reading.read += 1
        number = reading.read
        kind = record.get("type", "message") if isinstance(record, dict) else None
        if not isinstance(record, dict) or not isinstance(kind, str):
            reading.strange(number, _NOT_MESSAGE, raw)
            return
        subtype = _subtype(record)
        if kind != "message" or subtype in _AGAIN:
            self.again += 1
            reading.ignored += 1
            return
        deleted = edited = 0
        if subtype in ("message_changed", "message_deleted"):
            now = moment(record.get("ts")) or moment(record.get("event_ts"))
            inner = record.get("message") if subtype == "message_changed" else _before(record)
            if subtype == "message_deleted":
                deleted = now // MICRO
                if inner is None and (target := moment(record.get("deleted_ts"))):
                    self._deletions.append((target, deleted))
                    reading.ignored += 1
                    return
            if not isinstance(inner, dict) or not now:
                reading.strange(number, _NO_TIME if not now else _NOT_MESSAGE, raw)
                return
            self.changes += 1
            record, subtype = inner, _subtype(inner)
            edited = now // MICRO
            deleted = edited if subtype == "tombstone" else deleted
        message = self._message(record, subtype, raw, edited, deleted)
        if isinstance(message, Text):
            reading.strange(number, message, raw)
        else:
            channel.put(message, folder, number)

    def close(self, channel: Channel) -> None:
        """Apply the deletions that could not be applied before, once a channel is read."""
        for target, second in sorted(self._deletions):
            row = channel.finder.find(target)
            if row < 0:
                self.lost_deletions += 1
            else:
                self.changes += 1
                channel.recall(row, second)
        self._deletions.clear()
        channel.finder = _Finder()  # no longer needed, and as large as a column

    def _message(
        self, record: Mapping[str, Any], subtype: str, raw: str, changed: int, deleted: int
    ) -> Message | Text:
        at = moment(record.get("ts"))
        if not at:
            return _NO_TIME
        author, bot = self._author(record, subtype, at // MICRO)
        if author == NOBODY:
            return _NO_AUTHOR
        text = said(record)
        root = record.get("thread_ts")
        thread = moment(root) if root else 0
        if deleted or subtype == "tombstone":
            # Slackbot signs a tombstone; a message that is shown beside its deletion is signed.
            bot = bot or subtype == "tombstone"
            return Message(at, author, RECALL, 0, thread, 0, deleted, bot, 0, NOBODY, [], [])
        kind, event, actor = 0, 0, NOBODY
        if subtype or "files" in record or "file" in record:
            kind = self._kind(record, subtype)
            if event := _EVENTS.get(subtype, 0):
                actor = self.people.find(record.get("inviter"))
        mentions: list[int] = []
        if kind != SYSTEM:
            wrote = self.people.wrote
            if not bot or author not in wrote:
                wrote[author] = bot
            if names_somebody(text, raw):
                ids = sorted(named(text, record, raw))
                mentions = [ALL if i == EVERYONE else self.people.number(i) for i in ids]
        if (edit := record.get("edited")) and isinstance(edit, dict):
            changed = moment(edit.get("ts")) // MICRO or changed
        reactions = self._reactions(record["reactions"]) if "reactions" in record else []
        chars = len(readable(text)) if "<" in text or "&" in text else len(text)
        return Message(
            at, author, kind, chars, thread, changed, 0, bot, event, actor, reactions, mentions
        )

    def _author(self, record: Mapping[str, Any], subtype: str, second: int) -> tuple[int, bool]:
        """Return who wrote a message, and whether a program did."""
        people, bot = self.people, record.get("bot_id")
        by_bot = subtype == "bot_message" or (bot is not None and is_id(bot))
        number = people.find(record.get("user"))
        if number == NOBODY:
            for part in (record.get("comment"), record.get("file")):
                if number == NOBODY and isinstance(part, dict):
                    number = people.find(part.get("user"))
        if number != NOBODY:
            profile = record.get("user_profile")
            if isinstance(profile, dict):
                people.met(number, profile.get("real_name"), profile.get("display_name"), second)
            return number, by_bot
        shown = record.get("username")
        title = shown.strip() if isinstance(shown, str) else ""
        if (number := people.find(bot)) == NOBODY and title:
            number, by_bot = people.program(title), True
        if number != NOBODY and title:
            people.met(number, title, None, second)
        return number, by_bot

    def _kind(self, record: Mapping[str, Any], subtype: str) -> int:
        if subtype and subtype not in _SPEECH:
            if subtype in _CALLS:
                return KINDS.index("call")
            if not _KNOWN_SYSTEM.fullmatch(subtype):
                self.strange_kinds[subtype[:40]] += 1
            return SYSTEM
        if subtype == "file_comment":
            return 0
        files = record.get("files") or record.get("file")
        first = files[0] if isinstance(files, list) else files
        if not isinstance(first, dict):
            return 0
        mime = first.get("mimetype")
        sort = mime.partition("/")[0] if isinstance(mime, str) else ""
        return _MADE_OF.get(sort, KINDS.index("file"))

    def _reactions(self, given: object) -> list[tuple[int, str, int, bool]]:
        """Return who reacted with what, how often, and whether all are listed.

        Slack cuts long lists; those it does not list are in one entry without a person.
        """
        found: list[tuple[int, str, int, bool]] = []
        for part in given if isinstance(given, list) else ():
            if not isinstance(part, dict) or not isinstance(name := part.get("name"), str):
                continue
            emoji = self._emoji.setdefault(name[:100], name[:100])
            listed = part.get("users")
            users = dict.fromkeys(map(self.people.find, listed if isinstance(listed, list) else ()))
            users.pop(NOBODY, None)
            count = part.get("count")
            count = int(count) if isinstance(count, str) and _NUMBER.fullmatch(count) else 0
            rest = min(count, _MOST_COUNT) - len(users)
            found += [(who, emoji, 1, rest <= 0) for who in users]
            if rest > 0:
                found.append((NOBODY, emoji, rest, False))
        return found


_NUMBER = re.compile(r"[0-9]{1,9}")


def _subtype(record: Mapping[str, Any]) -> str:
    subtype = record.get("subtype")
    return subtype if isinstance(subtype, str) else ""


def _before(record: Mapping[str, Any]) -> object:
    """Return what a deleted message was, where the export tells."""
    return next((record[k] for k in ("previous_message", "original") if k in record), None)
