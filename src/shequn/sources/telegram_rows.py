"""The messages of a Telegram chat as compact columns, and what each message says."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from shequn.sources.report import Reading
from shequn.sources.telegram_message import (
    LATEST,
    SYSTEM,
    TELLING,
    TEXT,
    entities,
    kind_of,
    name_of,
    peer_of,
    seconds_of,
    shown,
    sign_of,
    text_of,
    unix_time,
)
from shequn.sources.times import Zone
from shequn.text import Text

GROUPS = {
    "private_group", "private_supergroup", "public_supergroup", "private_channel", "public_channel",
}  # fmt: skip
MOVED = 1_000_000_000  # Telegram Desktop takes so much from the numbers of a migrated group
_LINES = {  # how it is done, by what a service line is called
    "invite_members": "invite", "join_group_by_link": "link", "join_group_by_request": "request",
    "create_group": "create", "create_channel": "create", "remove_members": "remove",
}  # fmt: skip
_OF_ROBOTS, _BORROWED = "inline_bot_buttons", ("via_bot", "forwarded_from")
_longs, _ints = partial(array, "q"), partial(array, "i")

NOT_AN_OBJECT = Text("not a message", "不是一条消息")
NO_ID = Text("no usable id", "没有可用的 id")
NO_TYPE = Text("neither message nor service line", "既不是消息也不是服务消息")
NO_TIME = Text("no usable time", "没有可用的时间")
NO_AUTHOR = Text("no usable from_id or actor_id", "没有可用的 from_id 或 actor_id")


@dataclass
class Line:
    """A service line of joining or leaving: entry, how, and the names it gives."""

    entry: int
    how: str
    actor: str | None
    names: list[str | None]
    inviter: str | None


@dataclass
class Chat:
    """The messages of one chat in one file, an entry each; people are numbers into a `Book`.

    Attributes
    ----------
    kind, name, key
        Type and name, as Telegram has them; id, as it is written where the chat is an author.
    ids, times, who, kinds, lengths, replies, edited, rows
        Of each entry: number of the message; seconds UTC; who wrote it or did it; number into
        `KINDS`; characters; number of the message it answers, or 0; seconds UTC of the last edit,
        or -1; which message of the file it is (1-based).
    peers
        Entry -> chat of the message that it answers, where that is another chat.
    dropped
        Entries that another file holds too.
    mentions, reactions
        Entry and person; entry, person (-1: not known), reaction, count, seconds UTC (-1: not
        known), and whether all who reacted so are named.
    lines, topics, created
        Lines of joining and leaving; numbers of messages that open a topic; when it was founded.
    names, robots
        Person and name -> first and last time; people who send what only robots can.
    channel_id, shift
        Given when all was read: the chat's new id, and what to add to the numbers of messages.
    """

    reading: Reading
    kind: str
    name: str
    key: str
    ids: array[int] = field(default_factory=_longs)
    times: array[int] = field(default_factory=_longs)
    who: array[int] = field(default_factory=_ints)
    kinds: bytearray = field(default_factory=bytearray)
    lengths: array[int] = field(default_factory=_ints)
    replies: array[int] = field(default_factory=_longs)
    edited: array[int] = field(default_factory=_longs)
    rows: array[int] = field(default_factory=_ints)
    peers: dict[int, str] = field(default_factory=dict)
    dropped: set[int] = field(default_factory=set)
    mentions: list[tuple[int, int]] = field(default_factory=list)
    reactions: list[tuple[int, int, str, int, int, bool]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    topics: set[int] = field(default_factory=set)
    created: int | None = None
    names: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    robots: set[int] = field(default_factory=set)
    channel_id: str = ""
    shift: int = 0

    def message_id(self, number: int) -> str:
        """Return the id of a message by its number, the same in every file."""
        number += self.shift
        moved = "" if number > 0 else "g"
        return f"{self.channel_id}-{moved}{number if number > 0 else number + MOVED}"


@dataclass
class Book:
    """Numbers for people, and what is counted over all files.

    Attributes
    ----------
    people
        Id on Telegram -> number.
    local
        Messages whose time is the exporter's clock, read in the zone given.
    clocks
        Messages with reactions, by whether the exporter's clock ran in the zone given.
    usernames
        Mentions by user name, which lead to nobody.
    unsupported, nobody
        Messages that Telegram Desktop left out; service lines that name no actor.
    """

    zone: Zone
    people: dict[str, int] = field(default_factory=dict)
    local: int = 0
    clocks: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    usernames: int = 0
    unsupported: int = 0
    nobody: int = 0

    def __post_init__(self) -> None:
        # Another one, so that trying out the clock does not add to what is counted.
        self._trial = Zone(self.zone.name)

    def number(self, peer: str) -> int:
        """Return the number of a person."""
        return self.people.setdefault(peer, len(self.people))

    def add(self, chat: Chat, row: int, message: Any) -> None:
        """Take in a message, or count it as ignored or not understood."""
        if why := self._add(chat, row, message):
            chat.reading.strange(row, why, shown(message))

    def _add(self, chat: Chat, row: int, message: Any) -> Text | None:
        if not isinstance(message, dict):
            return NOT_AN_OBJECT
        get = message.get
        number, sort, text = get("id"), get("type"), get("text")
        if type(number) is not int or not number or abs(number) > LATEST:
            return NO_ID
        if sort == "unsupported":
            self.unsupported += 1
            chat.reading.ignored += 1
            return None
        service = sort == "service"
        if not service and sort != "message":
            return NO_TYPE
        time = unix_time(get("date_unixtime"))  # most often; the rest is seldom needed
        if not time or not 0 < time <= LATEST:
            time = self._time(message, "date", self.zone)
            if time is None:
                return NO_TIME
        raw, name = (get("actor_id"), get("actor")) if service else (get("from_id"), get("from"))
        who = self.people.get(raw) if isinstance(raw, str) else None
        if who is None:
            if raw is None and service:
                self.nobody += 1
                chat.reading.ignored += 1
                return None
            # What has no author is posted in the name of the chat.
            own = raw is None and chat.kind != "private_group" and name in (None, chat.name)
            peer = chat.key if own else peer_of(raw)
            if peer is None:
                return NO_AUTHOR
            who = self.number(peer)
        if name and isinstance(name, str):
            _see(chat.names, who, name, time)

        entry = len(chat.ids)
        chat.ids.append(number)
        chat.times.append(time)
        chat.who.append(who)
        chat.rows.append(row)
        if service:
            kind, length = SYSTEM, 0
            _service(chat, entry, message)
        else:
            plain = text and isinstance(text, str) and message.keys().isdisjoint(TELLING)
            kind = TEXT if plain else kind_of(message)
            length = len(text if text and isinstance(text, str) else text_of(message))
        chat.kinds.append(kind)
        chat.lengths.append(length)
        answered = get("reply_to_message_id")
        if type(answered) is not int or service or abs(answered) > LATEST:
            answered = 0
        chat.replies.append(answered)
        if answered and (other := peer_of(get("reply_to_peer_id"))):
            chat.peers[entry] = other
        edited = self._time(message, "edited", self._trial) if "edited" in message else None
        chat.edited.append(-1 if edited is None else edited)
        if not isinstance(text, str):  # a text without any such thing is a string
            self._mentions(chat, entry, message)
        if "reactions" in message:
            self._reactions(chat, entry, message)
        # Buttons under a message are sent by robots alone; a forward takes those of its original.
        if _OF_ROBOTS in message and not any(name in message for name in _BORROWED):
            chat.robots.add(who)
        return None

    def _time(self, message: dict[str, Any], name: str, zone: Zone) -> int | None:
        if (raw := message.get(f"{name}_unixtime")) is not None:
            unix = unix_time(raw)
            return unix if unix and 0 < unix <= LATEST else None
        local = seconds_of(message.get(name))
        if local is None:
            return None
        if zone is self.zone:
            self.local += 1
        [time] = zone.utc([local])
        return time if 0 < time <= LATEST else None

    def _mentions(self, chat: Chat, entry: int, message: dict[str, Any]) -> None:
        found: list[int] = []
        for part in entities(message):
            if part.get("type") == "mention_name":
                target = part.get("user_id")
                if type(target) is int and 0 < target < 1 << 63:
                    who = self.number(f"user{target}")
                    found += [who] if who not in found else []
            elif part.get("type") == "mention":
                self.usernames += 1
        chat.mentions += [(entry, who) for who in found]

    def _reactions(self, chat: Chat, entry: int, message: dict[str, Any]) -> None:
        reactions = message["reactions"]
        # The time of a reaction is the exporter's clock alone. The message has its own time both
        # ways: so it shows whether that clock ran in the zone given, and if not, what it ran in.
        clock: Callable[[int], int] = lambda local: self._trial.utc([local])[0]  # noqa: E731
        local = seconds_of(message.get("date"))
        if local is not None:
            fits = clock(local) == chat.times[entry]
            self.clocks[fits] += 1
            if not fits:
                behind = local - chat.times[entry]
                clock = lambda local: local - behind  # noqa: E731
        for reaction in reactions if isinstance(reactions, list) else ():
            if not isinstance(reaction, dict):
                continue
            count, sign = reaction.get("count"), sign_of(reaction)
            if type(count) is not int or not 0 < count <= LATEST:
                continue
            recent = reaction.get("recent")
            named: dict[int, int] = {}
            for one in recent if isinstance(recent, list) else ():
                peer = peer_of(one.get("from_id")) if isinstance(one, dict) else None
                if peer is None:
                    continue
                who, at = self.number(peer), seconds_of(one.get("date"))
                time = -1 if at is None else clock(at)
                named[who] = time if 0 < time <= LATEST else -1
                if name := name_of(one.get("from")):
                    _see(chat.names, who, name, max(named[who], chat.times[entry]))
            rest = count - len(named)
            chat.reactions += [
                (entry, who, sign, 1, time, rest <= 0) for who, time in named.items()
            ]
            if rest > 0:
                chat.reactions.append((entry, -1, sign, rest, -1, False))


def _service(chat: Chat, entry: int, message: dict[str, Any]) -> None:
    action = message.get("action")
    if action == "topic_created":
        chat.topics.add(chat.ids[entry])
    if not isinstance(action, str) or action not in _LINES:
        return
    how = _LINES[action]
    if how == "create":
        chat.created = chat.times[entry]
    members = message.get("members")
    names = list(map(name_of, members)) if isinstance(members, list) else []
    actor, inviter = name_of(message.get("actor")), name_of(message.get("inviter"))
    chat.lines.append(Line(entry, how, actor, names, inviter))


def _see(names: dict[tuple[int, str], list[int]], who: int, name: str, time: int) -> None:
    if (span := names.get((who, name))) is None:
        names[who, name] = [time, time]
    elif time > span[1]:
        span[1] = time
    elif time < span[0]:
        span[0] = time
