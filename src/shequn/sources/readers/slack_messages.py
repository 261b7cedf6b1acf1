"""What the records of a Slack channel say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.readers.slack_lists import SLACKBOT, called
from shequn.sources.readers.slack_text import EVERYONE, is_id, named, readable, said
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

_JOINS, _LEAVES = {"channel_join", "group_join"}, {"channel_leave", "group_leave"}
_CLOSES = {"channel_archive": True, "group_archive": True,
           "channel_unarchive": False, "group_unarchive": False}  # fmt: skip
_SPEECH = {
    "me_message", "thread_broadcast", "file_share", "file_comment", "file_mention", "bot_message",
    "slack_image", "slack_audio", "slack_video", "assistant_app_thread",
}  # fmt: skip
_CALLS = {"huddle_thread", "sh_room_created", "sh_room_shared"}
_AGAIN = {"message_replied", "reply_broadcast"}  # tell of a message that stands elsewhere
_MADE_OF = {"image": "image", "audio": "voice", "video": "video"}  # first part of a MIME type
_KNOWN_SYSTEM = re.compile(
    r"(?:channel|group)_(?:join|leave|topic|purpose|name|(?:un)?archive|convert_to_\w+|posting_\w+"
    r"|canvas_\w+)|(?:un)?pinned_item|bot_(?:add|remove|enable|disable)|reminder_\w+"
    r"|ekm_access_denied|app_conversation_(?:join|leave)|joiner_notification\w*|tabbed_canvas_\w+"
    r"|bookmark_\w+|shared_channel_\w+",
    re.ASCII,
)
_TS = re.compile(r"([0-9]{9,10})(?:\.([0-9]{1,6}))?")
_MOST_COUNT = 10_000_000  # of one reaction
_HIDDEN = "custom"  # for an emoji that is called after a member

_NOT_MESSAGE = Text("not a message", "不是消息")
_NO_TIME = Text("no time that can be read", "没有可读的时间")
_NO_AUTHOR = Text("nobody who wrote it", "没有作者")


def moment(value: object) -> str:
    """Return Slack's ``seconds.micro``, which is time and id in one; empty where it is none."""
    if type(value) is str and len(value) == 17 and "1" <= value < "4102444801":  # nearly always
        whole, dot, rest = value.partition(".")
        if dot and len(rest) == 6 and (whole + rest).isdecimal() and value.isascii():
            return value
    if type(value) is float and 0 < value <= LATEST:
        return f"{value:.6f}"
    if type(value) is int:
        value = str(value)
    found = _TS.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 < int(found[1]) <= LATEST:
        return ""
    return f"{found[1]}.{found[2] or '':0<6}"


class Talk:
    """Puts the records of channels into an intake.

    Attributes
    ----------
    handles
        Names of members in lower case.
    wrote
        Id -> whether everything that it wrote was written by a program.
    closed
        Channel -> last moment when it was closed or opened, and whether it was closed.
    first, last
        Seconds of the earliest and the latest message of the file being read.
    strange_kinds
        Subtypes not known, with the number of their messages; taken as system lines.
    gone
        Id of a message that was deleted -> second of it, or 0 where that is not known.
    changes
        Number of edits and deletions.
    """

    def __init__(self, intake: Intake, handles: set[str]) -> None:
        self.intake, self.handles = intake, handles
        self.wrote: dict[str, bool] = {}
        self.closed: dict[int, tuple[str, bool]] = {}
        self.first, self.last = LATEST, 0
        self.strange_kinds: Counter[str] = Counter()
        self.gone: dict[str, int] = {}
        self.changes = 0
        self._ids: dict[str, str] = {}
        self._emoji: dict[str, str] = {}
        self._shown: dict[tuple[str, object, object], list[int]] = {}

    def take(self, record: object, file: Reading, channel: int, prefix: str) -> None:
        """Take the next record of a file; a message's id is its time behind the prefix."""
        row = file.read = file.read + 1
        if not isinstance(record, dict):
            file.strange(row, _NOT_MESSAGE, str(record)[:60])
            return
        kind, subtype = record.get("type", "message"), record.get("subtype") or ""
        if not isinstance(kind, str) or not isinstance(subtype, str):
            file.strange(row, _NOT_MESSAGE, str(record)[:60])
            return
        if kind != "message" or subtype in _AGAIN:
            return
        changed, deleted, gone = "", "", subtype == "tombstone"
        if subtype in ("message_changed", "message_deleted"):
            changed = moment(record.get("ts")) or moment(record.get("event_ts"))
            gone = subtype == "message_deleted"
            inner = _before(record) if gone else record.get("message")
            if gone and inner is None and changed and (at := moment(record.get("deleted_ts"))):
                self._forget(prefix + at, int(changed[:-7]))
                return
            if not isinstance(inner, dict) or not changed:
                file.strange(row, _NOT_MESSAGE if changed else _NO_TIME, str(record)[:60])
                return
            self.changes += not gone
            record = inner
            subtype = record.get("subtype") or ""
            gone = gone or subtype == "tombstone"
            if not isinstance(subtype, str):
                subtype = ""
            deleted = changed if gone else ""
        why = self._message(record, subtype, row, channel, prefix, changed, deleted, gone)
        if why is not None:
            file.strange(row, why, str(record)[:60])

    def _message(
        self, record: dict[str, Any], subtype: str, row: int, channel: int, prefix: str,
        changed: str, deleted: str, gone: bool,
    ) -> Text | None:  # fmt: skip
        get = record.get
        at = moment(get("ts"))
        if not at:
            return _NO_TIME
        ts = int(at[:-7])
        author, bot = self._author(record, subtype, ts)
        if not author:
            return _NO_AUTHOR
        if ts < self.first:
            self.first = ts
        if ts > self.last:
            self.last = ts
        own = prefix + at
        root = moment(started) if (started := get("thread_ts")) else ""
        thread = prefix + root if root else None
        reply = thread if root and root != at else None
        basis = "thread" if reply else None
        say = self.intake.message
        if gone:
            # Slackbot signs a tombstone; a message that is shown beside its deletion is signed.
            self._forget(own, _seconds(deleted) or 0)
            say(row, channel, author, ts, "", "recall", own=own, reply=reply, basis=basis,
                thread=thread, deleted=_seconds(deleted), bot=bot or subtype == "tombstone")  # fmt: skip
            return None
        kind = "text"
        if subtype or "files" in record or "file" in record:
            kind = self._kind(record, subtype)
            self._event(record, subtype, row, ts, at, author, channel)
        text = record.get("text") if not subtype and "file" not in record else said(record)
        if type(text) is not str:
            text = ""
        edited = int(changed[:-7]) if changed else None
        if (edit := get("edited")) and isinstance(edit, dict):
            edited = _seconds(moment(edit.get("ts"))) or edited
        shown = readable(text) if "<" in text or "&" in text else text
        say(row, channel, author, ts, shown, kind, own=own, reply=reply, basis=basis,
            thread=thread, edited=edited, bot=bot)  # fmt: skip
        if kind != "system":
            if not bot or author not in self.wrote:
                self.wrote[author] = bot
            # What a person writes stands in the text too, what a program shows perhaps not.
            blocks = get("blocks") if bot or not text else None
            if blocks or "<" in text:
                for who in sorted(named(text, blocks)):
                    if who == EVERYONE:
                        self.intake.mention(row, kind="all")
                    else:
                        self.intake.mention(row, who)
        if given := get("reactions"):
            self._reactions(own, given)
        return None

    def _forget(self, own: str, second: int) -> None:
        self.changes += second > 0
        self.gone[own] = max(second, self.gone.get(own, 0))

    def _id(self, value: object) -> str:
        """Return an id in upper case, as Slack writes it but in some texts; empty if it is none."""
        if not isinstance(value, str):
            return ""
        known = self._ids.get(value)
        if known is None:
            known = self._ids[value] = value.upper() if is_id(value) else ""
        return known

    def _author(self, record: Mapping[str, Any], subtype: str, ts: int) -> tuple[str, bool]:
        """Return who wrote a message, and whether a program did; note the names shown."""
        get = record.get
        bot = self._id(program) if (program := get("bot_id")) else ""
        by_bot = bot != "" or subtype == "bot_message"
        user = get("user")
        author = self._ids.get(user) if type(user) is str else ""
        if author is None:
            author = self._id(user)
        if not author:
            for part in (get("comment"), get("file")):
                if not author and isinstance(part, dict):
                    author = self._id(part.get("user"))
        if author:
            profile = get("user_profile")
            if type(profile) is dict:
                self._see(author, profile.get("real_name"), profile.get("display_name"), ts)
            return author, by_bot or author == SLACKBOT
        title = get("username")
        if not bot and (name := called(title)):
            bot, by_bot = "name:" + name, True
        if bot:
            self._see(bot, title, None, ts)
        return bot, by_bot

    def _see(self, raw: str, name: object, other: object, ts: int) -> None:
        try:
            span = self._shown.get((raw, name, other))
        except TypeError:  # lists and the like, from a damaged file
            return
        if span is None:
            self._shown[raw, name, other] = [ts, ts]
        elif ts > span[1]:
            span[1] = ts
        elif ts < span[0]:
            span[0] = ts

    def tell(self) -> None:
        """Put in what is known once everything was read: names, and what is a program."""
        people = self.intake.people
        for (raw, *shown), span in self._shown.items():
            for name in filter(None, map(called, shown)):
                for ts in span:
                    people.see(people.number(raw), name, ts)
        for raw, only_programs in self.wrote.items():
            if only_programs:
                self.intake.member(raw, is_bot=True)

    def _event(
        self, record: Mapping[str, Any], subtype: str, row: int, ts: int, at: str, author: str,
        channel: int,
    ) -> None:  # fmt: skip
        if subtype in _JOINS:
            actor = self._id(record.get("inviter")) or None
            method = "invite" if actor and actor != author else None
            self.intake.event(row, ts, "join", author, channel=channel, actor=actor, method=method)
        elif subtype in _LEAVES:
            self.intake.event(row, ts, "leave", author, channel=channel)
        elif subtype in _CLOSES:
            closing = at, _CLOSES[subtype]
            self.closed[channel] = max(closing, self.closed.get(channel, closing))

    def _kind(self, record: Mapping[str, Any], subtype: str) -> str:
        if subtype and subtype not in _SPEECH:
            if subtype in _CALLS:
                return "call"
            if not _KNOWN_SYSTEM.fullmatch(subtype):
                self.strange_kinds[subtype[:40]] += 1
            return "system"
        if subtype == "file_comment":
            return "text"
        files = record.get("files") or record.get("file")
        first = files[0] if isinstance(files, list) else files
        if not isinstance(first, dict):
            return "text"
        mime = first.get("mimetype")
        return _MADE_OF.get(mime.partition("/")[0] if isinstance(mime, str) else "", "file")

    def _reactions(self, own: str, given: object) -> None:
        """Put in who reacted with what.

        Slack cuts long lists; those it does not list are one row without a person. Under the
        message's id: the record of an edit may not repeat them.
        """
        for part in given if isinstance(given, list) else ():
            if not isinstance(part, dict) or not isinstance(name := part.get("name"), str):
                continue
            emoji = self._emoji.get(name) or self._emoji.setdefault(name, self._without(name))
            users = part.get("users")
            whos = dict.fromkeys(map(self._id, users if isinstance(users, list) else ()))
            whos.pop("", None)
            count = part.get("count")
            rest = (count if type(count) is int and count < _MOST_COUNT else 0) - len(whos)
            for who in whos:
                self.intake.reaction(None, emoji, own=own, who=who, complete=rest <= 0)
            if rest > 0:
                self.intake.reaction(None, emoji, own=own, n=rest, complete=False)

    def _without(self, emoji: str) -> str:
        small = emoji.lower()
        parts = {small, *re.split(r"[-_ ]", small)}
        return emoji if parts.isdisjoint(self.handles) else _HIDDEN


def _seconds(at: str) -> int | None:
    return int(at[:-7]) if at else None


def _before(record: Mapping[str, Any]) -> object:
    """Return what a deleted message was, where the export tells."""
    return next((record[k] for k in ("previous_message", "original") if k in record), None)
