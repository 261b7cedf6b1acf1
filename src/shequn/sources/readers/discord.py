"""Read exports of DiscordChatExporter: JSON or CSV, a file for each channel and thread.

People are known by the id of their account, messages by theirs; in CSV these are missing, and a
message is known by channel, second, author, and which of theirs in that second it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.platforms import Head
from shequn.sources.readers import discord_csv
from shequn.sources.readers.discord_message import (
    ALL,
    BY_ID,
    CALL,
    JOIN,
    REPLY,
    SPEECH,
    THREADS,
    id_of,
    kind_of,
    made_at,
    names_of,
    really_named,
    role_of,
    seconds,
    shown,
    sign_of,
    text_of,
    tidy,
)
from shequn.sources.report import FileLeftOut, Reading
from shequn.text import Text

NAME = Text("Discord", "Discord")
HINT = Text(
    "Let a bot of your own server export its channels and threads with DiscordChatExporter, "
    "format JSON; give the folder.",
    "用你自己服务器的机器人账号，以 DiscordChatExporter 导出各频道和子区，格式选 JSON；再给出文件夹。",
)
LAYOUTS = {
    "discord-json": Text("an object with guild and channel", "含 guild 和 channel 的 JSON 对象"),
    "discord-csv": Text(
        "header AuthorID,Author,Date,Content", "表头为 AuthorID,Author,Date,Content"
    ),
}
_DIRECT_TALK = Text("direct messages are not read", "私信不读取")
PRIVATE = (_DIRECT_TALK,)
_OLD = Text("CSV of an old DiscordChatExporter, without ids of authors", "旧版 CSV，没有作者编号")
_DIRECT = re.compile(r'"guild"\s*:\s*\{\s*"id"\s*:\s*"0"|"type"\s*:\s*"Direct(?:Group)?TextChat"')
_START = 1 << 14  # characters in which guild and channel stand
_MOST = 1 << 31

_NOT_AN_OBJECT = Text("not a message", "不是一条消息")
_NO_ID = Text("no usable id", "没有可用的 id")
_NO_AUTHOR = Text("no author with an id", "没有带编号的作者")
_NO_TIME = Text("no usable time", "没有可用的时间")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if head.named(".json") and head.text.startswith("{"):
        start = head.text[:_START]
        if '"guild"' in start and '"channel"' in start:
            return _DIRECT_TALK if _DIRECT.search(start) else "discord-json"
    if head.named(".csv"):
        if head.header[:4] == discord_csv.HEADER:
            return _DIRECT_TALK if head.name.startswith("direct messages - ") else "discord-csv"
        if head.header[:3] == ["Author", "Date", "Content"]:
            return _OLD
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    intake.tidy = tidy
    server = _Server(intake)
    tables = [file for file in files if file.layout == "discord-csv"]
    days = bool(tables) and discord_csv.day_first(tables, intake.options.day_first)
    for file in files:
        intake.open(file)
        if file.layout == "discord-csv":
            server.read_csv(file, days=days)
        else:
            server.read_json(file)
    server.finish()


@dataclass(frozen=True, order=True)
class _Told:
    """What a file says of its channel; of several files the latest export counts."""

    exported: int
    name: str
    kind: str
    parent: str
    category: str


class _Server:
    """All channels of an import."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._told: dict[str, _Told] = {}
        self._roles: dict[str, tuple[int, str]] = {}
        self._bots: set[str] = set()
        self._titles: set[str] = set()
        self._met: set[str] = set()  # whose roles the file that is read has told
        self._thread: str | None = None
        self._file: Reading
        self._by_clock = self._short = 0
        self._layouts: set[str] = set()

    def read_csv(self, file: Reading, *, days: bool) -> None:
        """Read a file of CSV."""
        raw, name, server = discord_csv.place_of(file.file.name)
        self._layouts.add(file.layout)
        self._titles |= {server} if server else set()
        channel = self._intake.channel(raw)
        self._tell(raw, _Told(0, name, "", "", ""))
        self._by_clock += discord_csv.read_csv(file, self._intake, channel, days=days)

    def read_json(self, file: Reading) -> None:
        """Read a file of JSON."""
        self._file = file
        self._layouts.add(file.layout)
        self._met.clear()
        stream = JsonStream(file.file)
        head: dict[str, Any] = {}
        begun, span = False, None
        for key in stream.members():
            if key == "messages" and stream.peek() == "[":
                # Twice is not the same channel any more; without these it may be a private talk.
                if begun or not {"guild", "channel"} <= head.keys():
                    raise stream.damaged()
                begun = True
                span = self._messages(head, stream.values())
            else:
                head[key] = stream.value()
        stream.end()
        if span is not None:
            # The number of messages is written last: without it the file was cut and mended.
            self._short += head.get("messageCount") != file.read
            file.span = span or None

    def _messages(
        self, head: dict[str, Any], messages: Iterator[Any]
    ) -> tuple[int, int] | tuple[()] | None:
        """Put in the messages of a channel; return what span they cover, None for private talks."""
        file = self._file
        guild, place, asked = (_dict(head.get(k)) for k in ("guild", "channel", "dateRange"))
        kind = place.get("type")
        kind = kind if isinstance(kind, str) else ""
        if guild.get("id") == "0" or kind.startswith("Direct"):
            file.left_out = FileLeftOut(file.file.name, _DIRECT_TALK)
            for _ in messages:
                pass
            return None
        file.exported_at = seconds(head.get("exportedAt"))
        if isinstance(title := guild.get("name"), str) and title:
            self._titles.add(title)
        raw = id_of(place.get("id")) or f"file:{file.file.name}"
        name, category = (place.get(k) for k in ("name", "category"))
        thread = kind in THREADS
        self._tell(raw, _Told(
            file.exported_at or 0, name if isinstance(name, str) else "", kind[:40],
            (id_of(place.get("categoryId")) or "") if thread else "",
            category if thread and isinstance(category, str) else "",
        ))  # fmt: skip
        self._thread = raw if thread else None
        channel, first, last = self._intake.channel(raw), 0, 0
        for n, message in enumerate(messages, 1):
            file.read = n
            ts = self._message(channel, n, message)
            if isinstance(ts, Text):
                file.strange(n, ts, shown(message))
            else:
                last = max(last, ts)
                first = min(first or ts, ts)
        # An export holds all that was there when it was made, from the first day of the channel:
        # so a day without a message is a silent one.
        start = seconds(asked.get("after")) or made_at(raw) or first
        ends = [t for t in (seconds(asked.get("before")), file.exported_at) if t] or [last]
        if not start or not min(ends):
            return ()
        return min(start, first or start), max(min(ends), last, start)

    def _tell(self, raw: str, told: _Told) -> None:
        self._told[raw] = max(told, self._told.get(raw, told))

    def _message(self, channel: int, row: int, message: Any) -> int | Text:
        """Put in a message; return its second, or why it cannot be understood."""
        if not isinstance(message, dict):
            return _NOT_AN_OBJECT
        get, intake = message.get, self._intake
        if (own := id_of(get("id"))) is None:
            return _NO_ID
        author = _dict(get("author"))
        who = id_of(author.get("id"))
        if who is None:
            return _NO_AUTHOR
        ts = seconds(get("timestamp")) or made_at(own)
        if ts is None:
            return _NO_TIME
        kind, text, reply = get("type"), "", None
        if isinstance(kind, str) and kind in SPEECH:
            text = text_of(message)
            if kind in REPLY:
                reply = id_of(_dict(get("reference")).get("messageId"))
            sort = kind_of(message, text)
        else:
            sort = "call" if isinstance(kind, str) and kind in CALL else "system"
        name = self._see(who, author, ts)
        edited = get("timestampEdited")
        intake.message(
            row, channel, who, ts, text, sort, name=name, own=own, reply=reply,
            basis="explicit" if reply else None, thread=self._thread,
            edited=seconds(edited) if edited else None,
        )  # fmt: skip
        if isinstance(kind, str) and kind in JOIN:
            intake.event(row, ts, "join", who)
        if mentions := get("mentions"):
            self._mentions(row, ts, mentions, text if kind in REPLY else None)
        if "@" in text:
            if ALL.search(text):
                intake.mention(row, kind="all")
            for target in set(BY_ID.findall(text)):
                intake.mention(row, target)
        if reactions := get("reactions"):
            self._reactions(row, ts, reactions)
        return ts

    def _see(self, who: str, user: dict[str, Any], ts: int) -> str | None:
        """Note what is known of somebody; return the name that is shown."""
        name, account = names_of(user)
        if account:
            people = self._intake.people
            people.see(people.number(who), account, ts)
        if user.get("isBot") is True:
            self._bots.add(who)
        if "roles" in user and who not in self._met:
            self._met.add(who)
            # Roles are those of the day of the export, whenever the message was written.
            now = (self._file.exported_at or 0, role_of(user["roles"]) or "")
            self._roles[who] = max(now, self._roles.get(who, now))
        return name

    def _named(self, user: Any, ts: int) -> str | None:
        """Return the id of somebody who wrote nothing here, and note the name."""
        if not isinstance(user, dict) or (who := id_of(user.get("id"))) is None:
            return None
        if name := self._see(who, user, ts):
            people = self._intake.people
            people.see(people.number(who), name, ts)
        return who

    def _mentions(self, row: int, ts: int, users: Any, answer: str | None) -> None:
        for user in users if isinstance(users, list) else ():
            own = id_of(user.get("id")) if isinstance(user, dict) else None
            # Whoever is answered is listed too, unless the answer was sent without a ping.
            if own and (answer is None or really_named(user, own, answer)):
                self._intake.mention(row, self._named(user, ts))

    def _reactions(self, row: int, ts: int, reactions: Any) -> None:
        for reaction in reactions if isinstance(reactions, list) else ():
            if not isinstance(reaction, dict):
                continue
            count, users = reaction.get("count"), reaction.get("users")
            if type(count) is not int or not 0 < count < _MOST:
                continue
            sign = sign_of(reaction.get("emoji"))
            named = {self._named(u, ts) for u in users} if isinstance(users, list) else set()
            rest = count - len(named - {None})
            for who in sorted(named - {None}):  # type: ignore[type-var]
                self._intake.reaction(row, sign, who=who, complete=rest <= 0)
            if rest > 0:
                self._intake.reaction(row, sign, n=rest, complete=False)

    def finish(self) -> None:
        """Put in what was left until everything was read, and what has to be said."""
        intake = self._intake
        for raw, told in self._told.items():
            parent = intake.channel(told.parent) if told.parent else None
            if told.parent and told.parent not in self._told:
                intake.channel(told.parent, name=told.category, created=made_at(told.parent))
            intake.channel(
                raw, name=told.name or None, kind=told.kind or None, created=made_at(raw),
                parent=parent,
            )  # fmt: skip
        for who, (_, role) in self._roles.items():
            intake.member(who, role=role or None)
        for who in self._bots:
            intake.member(who, is_bot=True)
        intake.title = ", ".join(sorted(self._titles))
        twice = self._drop_twice() if len(self._layouts) > 1 else 0
        self._note(twice)

    def _drop_twice(self) -> int:
        """Leave out the rows of CSV that stand in JSON too; older CSV shows minutes only."""
        self._intake.flush()
        known = "SELECT (channel, author, {}) FROM said WHERE own IS NOT NULL"
        [(gone,)] = self._intake.connection.execute(
            "DELETE FROM said WHERE own IS NULL AND ((channel, author, ts) IN "
            f"({known.format('ts')}) OR (ts % 60 = 0 AND (channel, author, ts) IN "
            f"({known.format('ts - ts % 60')})))"
        ).fetchall()
        return int(gone)

    def _note(self, twice: int) -> None:
        note = self._intake.note
        note(
            "Deleted messages are not in the export; roles and names are those of the day it was "
            "made. Of roles only owner, admin and moderator are kept. An export is taken to hold "
            "everything between its dates: one made with a filter does not.",
            "导出里没有已删除的消息；身份组和名字是导出当天的。身份组只保留服主、管理员和版主。"
            "视为包含起止日期之间的全部消息；用了筛选条件的导出并非如此。",
        )
        note(
            f"{self._short:,} files do not hold as many messages as they say: they were cut, or "
            "changed after the export.",
            f"{self._short:,} 个文件的消息数与其所写不符：文件不完整，或导出后被改过。",
            when=self._short,
        )
        note(
            "CSV has no ids of messages, no answers and no joins. Add no JSON of the same channel "
            "to this folder later: each message would be counted twice.",
            "CSV 没有消息编号、回复和入群。以后不要把同一频道的 JSON 追加到这个文件夹：每条消息会算两次。",
            when="discord-csv" in self._layouts,
        )
        note(
            f"{twice:,} rows of CSV were left out: JSON of the same channel has a message of the "
            "same author at that time.",
            f"{twice:,} 行 CSV 未采用：同一频道的 JSON 里有同一作者同一时间的消息。",
            when=twice,
        )
        note(
            f"{self._by_clock:,} rows of CSV show only the exporter's clock; it was read as "
            f"{self._intake.options.zone.name}.",
            f"{self._by_clock:,} 行 CSV 只有导出者电脑的时间，按 "
            f"{self._intake.options.zone.name} 读取。",
            when=self._by_clock,
        )
        note(
            f"The export holds {len(self._titles):,} servers, taken as one community.",
            f"导出里有 {len(self._titles):,} 个服务器，算作一个社群。",
            when=len(self._titles) > 1,
        )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
