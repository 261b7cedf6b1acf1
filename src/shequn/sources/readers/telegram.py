"""Read exports of Telegram Desktop: ``result.json``, of one chat or of an account.

People are known by ``from_id``. Lines of joining and leaving name people without ids: who that is
is decided in `telegram_after`. Only groups and channels are read, never talks of two people.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.platforms import Head
from shequn.sources.readers import telegram_after as after
from shequn.sources.readers.telegram_message import (
    TELLING,
    entities,
    kind_of,
    masked,
    mend,
    name_of,
    peer_of,
    shown,
    sign_of,
    text_of,
    tidy,
    unix_time,
    user_of,
)
from shequn.sources.report import Reading
from shequn.sources.times import LATEST, Zone, seconds_of
from shequn.text import Text

NAME = Text("Telegram", "Telegram")
HINT = Text(
    "In Telegram Desktop open the group, choose Export chat history, and as format "
    "machine-readable JSON; give the folder that holds result.json.",
    "在 Telegram Desktop 里打开群组，选“导出聊天记录”，格式选“机器可读 JSON”；"
    "再给出 result.json 所在的文件夹。",
)
LAYOUTS = {
    "telegram-json": Text(
        "a type of chat such as private_supergroup, or date_unixtime, in JSON",
        "JSON 里有 private_supergroup 之类的会话类型，或 date_unixtime",
    )
}
_GROUPS = {
    "private_group", "private_supergroup", "public_supergroup", "private_channel", "public_channel",
}  # fmt: skip
_PRIVATE = ("personal_chat", "bot_chat", "saved_messages", "replies")
_TYPES = "|".join([*sorted(_GROUPS), *_PRIVATE])
_SIGN = re.compile(
    rf'"type"\s*:\s*"(?:{_TYPES})"|"date_unixtime"\s*:'
    r'|"(?:chats|left_chats|personal_information|frequent_contacts|profile_pictures)"\s*:\s*\{'
)
_HTML = Text(
    "Telegram's export as HTML is not read; choose JSON when exporting",
    "不读取 Telegram 的 HTML 导出；导出时请选 JSON",
)
_LISTS = ("chats", "left_chats")
_MOST = (1 << 31) - 1  # numbers of messages have 32 bits on Telegram
_OF_ROBOTS, _BORROWED = "inline_bot_buttons", ("via_bot", "forwarded_from")

_NOT_AN_OBJECT = Text("not a message", "不是一条消息")
_NO_ID = Text("no usable id", "没有可用的 id")
_NO_TYPE = Text("neither message nor service line", "既不是消息也不是服务消息")
_NO_TIME = Text("no usable time", "没有可用的时间")
_NO_AUTHOR = Text("no usable from_id or actor_id", "没有可用的 from_id 或 actor_id")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if re.fullmatch(r"messages\d*\.html", head.name):
        return _HTML
    # Beside the JSON may lie thousands of photos: they are not opened.
    if head.named(".json") and head.text.startswith("{") and _SIGN.search(head.text):
        return "telegram-json"
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    intake.tidy = tidy
    account = _Account(intake)
    for file in files:
        account.read(intake.open(file))
    account.finish()


@dataclass
class _Chat:
    """A chat in a file: type, name and id as Telegram has them, number, and its last second."""

    kind: str
    name: str
    key: str
    number: int
    last: int = 0


class _Account:
    """All chats of an import, and what can only be said once all were read."""

    def __init__(self, intake: Intake) -> None:
        self._intake, self._zone = intake, intake.options.zone
        # Another one, so that trying out the clock does not add to what is counted.
        self._trial = Zone(self._zone.name)
        self._peers: dict[str, str] = {}  # ids as they are written -> as newer versions write them
        self._channels: dict[str, int] = {}
        self._newest: dict[str, tuple[int, str, str]] = {}
        self._created: dict[str, int] = {}
        self._topics: dict[str, set[int]] = {}
        self._larger: set[str] = set()
        self._robots: set[str] = set()
        self._lines: list[after.Line] = []
        self._count: Counter[str] = Counter()
        self._file: Reading
        self._row = 0

    def read(self, file: Reading) -> None:
        """Read a file, of one chat or of an account."""
        self._file, self._row = file, 0
        stream = JsonStream(file.file, mend)
        if stream.peek() != "{":
            raise stream.damaged()
        self._object(stream, whole=True)
        stream.end()

    def _object(self, stream: JsonStream, *, whole: bool) -> None:
        head: dict[str, Any] = {}
        begun = False
        for key in stream.members():
            if key == "messages" and stream.peek() == "[":
                if begun:  # not the same chat any more
                    raise stream.damaged()
                begun = True
                self._messages(head, stream.values())
            elif whole and key in _LISTS and stream.peek() == "{":
                for inner in stream.members():
                    if inner != "list" or stream.peek() != "[":
                        stream.value()
                        continue
                    for _ in stream.elements():
                        if stream.peek() == "{":
                            self._object(stream, whole=False)
                        else:
                            stream.value()
            else:
                value = stream.value()
                if key in ("name", "type", "id"):
                    head[key] = value

    def _messages(self, head: dict[str, Any], messages: Iterator[Any]) -> None:
        chat = self._begin(head)
        if chat is None:
            for _ in messages:
                self._row += 1
            return
        file, add = self._file, self._add
        for message in messages:
            self._row += 1
            file.read += 1
            if why := add(chat, self._row, message):
                file.strange(self._row, why, shown(message))
        told = (chat.last, chat.kind, chat.name)
        self._newest[chat.key] = max(told, self._newest.get(chat.key, told))

    def _begin(self, head: dict[str, Any]) -> _Chat | None:
        """Return the chat that begins, or None for one that is left out."""
        kind, number, name = head.get("type"), head.get("id"), head.get("name")
        usable = type(number) is int and 0 < number < 1 << 63
        if isinstance(kind, str) and kind in _GROUPS and usable:
            key = f"{'chat' if kind == 'private_group' else 'channel'}{number}"
            self._channels[key] = self._intake.channel(key)
            return _Chat(kind, name if isinstance(name, str) else "", key, self._channels[key])
        if kind == "bot_chat" and usable:
            self._robots.add(f"user{number}")
        self._count["private" if isinstance(kind, str) and kind in _PRIVATE else "odd"] += 1
        return None

    def _add(self, chat: _Chat, row: int, message: Any) -> Text | None:
        """Put in a message; return why it cannot be understood."""
        if not isinstance(message, dict):
            return _NOT_AN_OBJECT
        get = message.get
        number, sort, text = get("id"), get("type"), get("text")
        if type(number) is not int or not number or abs(number) > _MOST:
            return _NO_ID
        if sort == "unsupported":
            self._count["unsupported"] += 1
            return None
        service = sort == "service"
        if not service and sort != "message":
            return _NO_TYPE
        ts = unix_time(get("date_unixtime"))  # most often; the rest is seldom needed
        if not ts or not 0 < ts <= LATEST:
            ts = self._time(message, "date", self._zone)
            if ts is None:
                return _NO_TIME
        raw, name = (get("actor_id"), get("actor")) if service else (get("from_id"), get("from"))
        who = self._peers.get(raw) if isinstance(raw, str) else None
        if who is None:
            if raw is None and service:
                self._count["nobody"] += 1
                return None
            # What has no author is posted in the name of the chat.
            own = raw is None and chat.kind != "private_group" and name in (None, chat.name)
            who = chat.key if own else peer_of(raw)
            if who is None:
                return _NO_AUTHOR
            self._peers[raw if isinstance(raw, str) else who] = who
        if ts > chat.last:
            chat.last = ts
        if number < 0:
            self._larger.add(chat.key)

        edited = self._time(message, "edited", self._trial) if "edited" in message else None
        if edited:
            self._count["edited"] += 1
        reply: str | None = None
        if service:
            kind, said, length = "system", "", 0
            self._service(chat, row, number, ts, who, message)
        else:
            if text and isinstance(text, str):
                kind = "text" if message.keys().isdisjoint(TELLING) else kind_of(message)
                said, length = text, len(text)
            else:
                kind, said = kind_of(message), text_of(message)
                length = len(said)
                if self._intake.options.keep_text:
                    said = masked(message)
            answered = get("reply_to_message_id")
            if type(answered) is int and answered and abs(answered) <= _MOST:
                reply = f"{peer_of(get('reply_to_peer_id')) or chat.key}/{answered}"
        self._intake.message(
            row, chat.number, who, ts, said, kind, name=name if isinstance(name, str) else None,
            own=f"{chat.key}/{number}", reply=reply, basis="explicit" if reply else None,
            edited=edited, chars=length,
        )  # fmt: skip
        if not isinstance(text, str):  # a text without any such thing is a string
            self._mentions(row, message)
        if "reactions" in message:
            self._reactions(row, ts, message)
        # Buttons under a message are sent by robots alone; a forward takes those of its original.
        if _OF_ROBOTS in message and not any(n in message for n in _BORROWED):
            self._robots.add(who)
        return None

    def _time(self, message: dict[str, Any], name: str, zone: Zone) -> int | None:
        if (raw := message.get(f"{name}_unixtime")) is not None:
            unix = unix_time(raw)
            return unix if unix and 0 < unix <= LATEST else None
        local = seconds_of(message.get(name))
        if local is None:
            return None
        if zone is self._zone:
            self._count["local"] += 1
        return zone.at(local)

    def _service(
        self, chat: _Chat, row: int, number: int, ts: int, who: str, message: dict[str, Any]
    ) -> None:
        action = message.get("action")
        if action == "topic_created":
            self._topics.setdefault(chat.key, set()).add(number)
        if not isinstance(action, str) or action not in after.LINES:
            return
        how = after.LINES[action]
        if how == "create":
            self._created[chat.key] = min(ts, self._created.get(chat.key, ts))
        members = message.get("members")
        names = list(map(name_of, members)) if isinstance(members, list) else []
        actor, inviter = name_of(message.get("actor")), name_of(message.get("inviter"))
        line = after.Line(self._file, row, chat.key, ts, who, how, actor, names, inviter)
        self._lines.append(line)

    def _mentions(self, row: int, message: dict[str, Any]) -> None:
        for part in entities(message):
            if part.get("type") == "mention_name":
                if target := user_of(part.get("user_id")):
                    self._intake.mention(row, target)
            elif part.get("type") == "mention":
                self._count["usernames"] += 1

    def _reactions(self, row: int, ts: int, message: dict[str, Any]) -> None:
        reactions, intake = message["reactions"], self._intake
        # The time of a reaction is the exporter's clock alone. The message has its own time both
        # ways: so it shows whether that clock ran in the zone given, and if not, what it ran in.
        clock: Callable[[int], int] = self._trial.at
        local = seconds_of(message.get("date"))
        if local is not None and clock(local) != ts:
            self._count["off"] += 1
            behind = local - ts
            clock = lambda local: local - behind  # noqa: E731
        for reaction in reactions if isinstance(reactions, list) else ():
            if not isinstance(reaction, dict):
                continue
            count, sign = reaction.get("count"), sign_of(reaction)
            if type(count) is not int or not 0 < count <= _MOST:
                continue
            recent = reaction.get("recent")
            named: dict[str, int | None] = {}
            for one in recent if isinstance(recent, list) else ():
                peer = peer_of(one.get("from_id")) if isinstance(one, dict) else None
                if peer is None:
                    continue
                at = seconds_of(one.get("date"))
                time = None if at is None else clock(at)
                named[peer] = time if time and 0 < time <= LATEST else None
                self._peers.setdefault(peer, peer)
                if name := name_of(one.get("from")):
                    who = intake.people.number(peer)
                    intake.people.see(who, name, max(named[peer] or 0, ts))
            rest = count - len(named)
            for peer, time in named.items():
                intake.reaction(row, sign, who=peer, ts=time, complete=rest <= 0)
            if rest > 0:
                intake.reaction(row, sign, n=rest, complete=False)

    def finish(self) -> None:
        """Put in what was left until everything was read, and what has to be said."""
        intake, channels = self._intake, self._channels
        intake.flush()
        groups = {k for k, (_, kind, _) in self._newest.items() if kind == "private_group"}
        became = after.join_moved(intake.connection, channels, groups, self._larger)
        for key, topics in self._topics.items():
            after.put_topics(intake.connection, key, channels[key], topics)
        names = after.put_events(intake, self._lines, channels)
        for old, new in became.items():
            if old in self._created:
                self._created[new] = min(self._created[old], self._created.get(new, LATEST))
        for key, (_, kind, name) in self._newest.items():
            if key not in became:
                created = self._created.get(key)
                intake.channel(key, kind=kind, name=name or None, created=created)
        seen = set(self._peers.values())
        for who in sorted(seen):
            if not who.startswith("user"):
                # What is posted in a group's own name is written by its administrators.
                intake.member(who, role="admin" if who in channels else "channel")
            elif who in self._robots:
                intake.member(who, is_bot=True)
                self._count["robots"] += 1
        count = self._count
        count["always"] = 1
        count["named"] = len(self._lines)
        count["moved"] = sum(old in channels for old in became)
        count["groups"] = sum(not who.startswith("user") for who in seen)
        count["lost"] = names.deleted + names.unknown + names.shared
        for key, text in after.NOTES.items():
            if n := count[key]:
                said = text.format(n=f"{n:,}", zone=self._zone.name, names=names)
                intake.note(said.en, said.zh)
