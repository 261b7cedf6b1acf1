"""Read the JSON and JSON lines of qq-chat-exporter (QCE), from version 3 to version 5."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream, lines
from shequn.sources.readers.qq_notices import ROLES, Notices, beside, joined
from shequn.sources.report import Reading
from shequn.sources.times import LATEST, Zone
from shequn.text import Text

_NO_MESSAGE = Text("not a message with sender and timestamp", "不是含 sender、timestamp 的消息")
_NOBODY = frozenset(("", "0", "未知", "unknown"))
_NUMBERS = {
    3: "file", 5: "system", 6: "voice", 7: "video", 8: "forward", 10: "redpacket", 11: "share",
}  # fmt: skip
_TYPES = {
    "audio": "voice", "json": "share", "location": "share", "market_face": "sticker",
    "av_record": "call", "wallet": "redpacket", "image": "image", "video": "video",
    "file": "file", "forward": "forward", "system": "system", "voice": "voice",
}  # fmt: skip
_QUOTED = re.compile(r"\[回复[^\]\n]{0,200}\]\s*")


@dataclass
class Chat:
    """A chat of an export: its channel, and who made the export."""

    channel: int
    me: str = ""


@dataclass
class Ids:
    """Which uid belongs to which QQ number, as the messages say."""

    intake: Intake
    uins: dict[str, str] = field(default_factory=dict)

    def of(self, person: Mapping[str, Any]) -> str:
        """Return the id of somebody: the QQ number, else the uid; empty where there is none."""
        uin, uid = text_of(person.get("uin")), text_of(person.get("uid"))
        if uin in _NOBODY:
            return "" if uid in _NOBODY else self.uins.get(uid, uid)
        if uid not in _NOBODY and uid != uin and uid not in self.uins:
            self.uins[uid] = uin
            self.intake.same(uin, uid)
        return uin


def text_of(value: Any) -> str:
    """Return an id, which some versions write as a number."""
    if type(value) is int and 0 < value < 1 << 63:
        return str(value)
    return value[:200] if isinstance(value, str) else ""


def is_private(info: Any) -> bool:
    """Tell whether ``chatInfo`` is that of a talk of two."""
    return isinstance(info, dict) and info.get("type") in ("private", "friend", "temp", "c2c")


class Records:
    """The messages of QCE.

    Parameters
    ----------
    intake, notices
        What is put in, and the grey lines.
    """

    def __init__(self, intake: Intake, notices: Notices) -> None:
        self._intake, self._notices = intake, notices
        self._ids, self._zone = Ids(intake), intake.options.zone
        self.private = self.taken_back = 0

    def chat(self, info: Any, name: str) -> Chat | None:
        """Return the chat that ``chatInfo`` tells of; None for a talk of two."""
        if is_private(info):
            self.private += 1
            return None
        known = info if isinstance(info, dict) else {}
        shown = known.get("name")
        name = shown if isinstance(shown, str) and shown else name
        self._intake.title = self._intake.title or name
        channel = self._intake.channel(f"group/{name}", kind="group", name=name)
        me = {"uin": known.get("selfUin"), "uid": known.get("selfUid")}
        return Chat(channel, self._ids.of(me))

    def read(self, file: Reading) -> None:
        """Put in a file that is one object."""
        chat: Chat | None = None
        known = False
        for key, value in _parts(file):
            if key == "metadata":
                file.exported_at = file.exported_at or exported(value, self._zone)
            elif key == "chatInfo":
                if not known:
                    chat, known = self.chat(value, file.file.name), True
            else:
                if not known:
                    chat, known = self.chat(None, file.file.name), True
                self._one(value, file, chat)

    def read_lines(self, file: Reading, chat: Chat | None) -> None:
        """Put in a chunk of lines."""
        for _, value in lines(file.file):
            self._one(value, file, chat)

    def _one(self, value: Any, file: Reading, chat: Chat | None) -> None:
        file.read += 1
        if chat is not None and not self._put(value, file, chat):
            file.strange(file.read, _NO_MESSAGE, str(value)[:60])

    def _put(self, value: Any, file: Reading, chat: Chat) -> bool:
        if not isinstance(value, dict):
            return False
        get, sender = value.get, value.get("sender")
        ts = time_of(get("timestamp"), self._zone) or time_of(get("time"), self._zone)
        if not ts or not isinstance(sender, dict):
            return False
        who, row = self._ids.of(sender), file.read
        content = get("content")
        if isinstance(content, str):
            content = {"text": content}
        elif not isinstance(content, dict):
            content = {}
        elements = [e for e in _list(content.get("elements")) if isinstance(e, dict)]
        kind = _kind(value, elements, content)
        raw = get("rawMessage")
        raw = raw if isinstance(raw, dict) else {}
        if kind == "system" or get("system") is True or get("isSystemMessage") is True:
            said, ids = _gray(content, elements, raw)
            shown = content.get("text")
            self._notices.add(
                file,
                row,
                chat.channel,
                ts,
                said,
                me=chat.me,
                sender=who,
                ids=ids,
                shown=shown if isinstance(shown, str) else "",
            )
            return True
        if not who:
            return False
        name = self._names(who, sender, raw, ts)
        text = _said(content, elements) if kind == "text" else ""
        own = text_of(get("id")) or text_of(get("messageId"))
        reply = _reply(content, elements)
        deleted = None
        if get("recalled") is True or get("isRecalled") is True:
            self.taken_back += 1
            deleted = time_of(raw.get("recallTime"), self._zone) or ts
        self._intake.message(
            row, chat.channel, who, ts, text, kind, name=name,
            own=f"{chat.channel}/{own}" if own else None,
            reply=f"{chat.channel}/{reply}" if reply else None,
            basis="explicit" if reply else None, deleted=deleted,
        )  # fmt: skip
        if role := ROLES.get(text_of(sender.get("title"))):
            self._notices.role(who, ts, role)
        self._mentions(row, chat.channel, ts, content, elements)
        return True

    def _names(self, who: str, sender: Mapping[str, Any], raw: Mapping[str, Any], ts: int) -> str:
        """Note what somebody is called; the exporter's private name for them is only hidden."""
        remark = text_of(sender.get("remark")) or text_of(raw.get("sendRemarkName"))
        card = text_of(sender.get("groupCard")) or text_of(raw.get("sendMemberName"))
        nick = text_of(sender.get("nickname")) or text_of(raw.get("sendNickName"))
        name = text_of(sender.get("name"))
        if remark and remark not in (card, nick):
            self._intake.people.weak.add(remark)
            if name == remark:
                name = ""
        if name in (who, text_of(sender.get("uid"))):
            name = ""
        name = card or name or nick
        if nick and nick != name:
            self._intake.people.see(self._intake.people.number(who), nick, ts)
        return name

    def _mentions(
        self, row: int, channel: int, ts: int, content: Mapping[str, Any],
        elements: list[dict[str, Any]],
    ) -> None:  # fmt: skip
        named = _list(content.get("mentions"))
        if not named:
            named = [e.get("data") for e in elements if e.get("type") == "at"]
        for one in named:
            if not isinstance(one, dict):
                continue
            name = text_of(one.get("name")).removeprefix("@")
            if "all" in (one.get("type"), one.get("uid"), one.get("qq")) or name == "全体成员":
                self._intake.mention(row, kind="all")
                continue
            who = self._ids.of({"uin": one.get("uin") or one.get("qq"), "uid": one.get("uid")})
            if who:
                self._intake.mention(row, who)
            elif name:
                self._intake.mention(row, names=(name,), channel=channel, ts=ts)


def _parts(file: Reading) -> Iterator[tuple[str, Any]]:
    """Yield what a file says of itself, its chat, and its messages one by one."""
    stream = JsonStream(file.file)
    yield from _members(stream)
    stream.end()


def _members(stream: JsonStream) -> Iterator[tuple[str, Any]]:
    for key in stream.members():
        if key == "messages" and stream.peek() == "[":
            for value in stream.values():
                yield key, value
        elif key == "chunks" and stream.peek() == "[":
            for _ in stream.elements():
                if stream.peek() == "{":
                    yield from _members(stream)
                else:
                    stream.value()
        elif key == "avatars" and stream.peek() == "{":  # pictures, larger than all the rest
            for _ in stream.members():
                stream.value()
        else:
            value = stream.value()
            if key in ("metadata", "chatInfo"):
                yield key, value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def exported(metadata: Any, zone: Zone) -> int | None:
    """Return when an export was made, if it says so."""
    when = metadata.get("exportTime") if isinstance(metadata, dict) else None
    return time_of(when, zone) or None


def time_of(value: Any, zone: Zone) -> int:
    """Return seconds UTC for milliseconds, seconds or an ISO time; 0 where it is none."""
    ts = 0
    if isinstance(value, str):
        if value.isascii() and value.isdigit() and len(value) < 15:
            value = int(value)
        elif 18 < len(value) < 40:
            try:
                moment = dt.datetime.fromisoformat(value)
                if moment.tzinfo is None:
                    local = moment.replace(tzinfo=dt.UTC)
                    ts = zone.at(int(local.timestamp()))
                else:
                    ts = int(moment.timestamp())
            except (ValueError, OverflowError):
                return 0
    if type(value) is int:
        ts = value // 1000 if value > 20_000_000_000 else value
    return ts if 0 < ts <= LATEST else 0


def _kind(
    value: Mapping[str, Any], elements: list[dict[str, Any]], content: Mapping[str, Any]
) -> str:
    named = value.get("type")
    if named is None:
        named = value.get("messageType")
    if isinstance(named, str) and named in _TYPES:
        return _TYPES[named]
    if type(named) is int and named in _NUMBERS:
        return _NUMBERS[named]
    media = ""
    for e in elements:
        kind = e.get("type")
        if kind in ("at", "face"):
            return "text"
        if kind == "text":
            data = e.get("data")
            if isinstance(data, dict) and isinstance(t := data.get("text"), str) and t.strip():
                return "text"
        elif not media and isinstance(kind, str):
            media = _TYPES.get(kind, "")
    if not elements and not media:
        # Version 3 gives the text and the files beside it.
        text = content.get("text")
        if not (isinstance(text, str) and _bare(text)):
            for r in _list(content.get("resources")):
                if isinstance(r, dict) and isinstance(r.get("type"), str):
                    return _TYPES.get(r["type"], "text")
    return media or "text"


_PLACE = re.compile(r"\[(?:图片|语音|视频|文件)[^\]]{0,300}\]")


def _bare(text: str) -> str:
    return _PLACE.sub("", text).strip()


def _said(content: Mapping[str, Any], elements: list[dict[str, Any]]) -> str:
    """Return what somebody wrote, without the message that it answers."""
    if elements:
        parts = []
        for e in elements:
            kind, data = e.get("type"), e.get("data")
            if isinstance(data, dict) and kind in ("text", "at", "face"):
                word = data.get("text") or data.get("name")
                if isinstance(word, str):
                    at = kind == "at" and not word.startswith("@")
                    parts.append("@" + word if at else word)
        if parts:
            return "".join(parts).strip()
    text = content.get("text")
    return _QUOTED.sub("", text, count=1) if isinstance(text, str) else ""


def _reply(content: Mapping[str, Any], elements: list[dict[str, Any]]) -> str:
    answer = content.get("reply")
    if not isinstance(answer, dict):
        answer = next((e.get("data") for e in elements if e.get("type") == "reply"), None)
    if not isinstance(answer, dict):
        return ""
    for key in ("referencedMessageId", "messageId"):
        if (found := text_of(answer.get(key))) not in _NOBODY:
            return found
    return ""


def _gray(
    content: Mapping[str, Any], elements: list[dict[str, Any]], raw: Mapping[str, Any]
) -> tuple[str, dict[str, str]]:
    """Return what a grey line says, with ids where the export keeps them."""
    text = content.get("text")
    said, ids = text if isinstance(text, str) else "", dict[str, str]()
    grays = [e["data"].get("originalData") for e in elements if isinstance(e.get("data"), dict)]
    grays += [e.get("grayTipElement") for e in _list(raw.get("elements")) if isinstance(e, dict)]
    for gray in grays:
        whole, known = beside(gray)
        ids |= known
        if not whole and isinstance(gray, dict):
            whole = _from_json(gray.get("jsonGrayTipElement"))
        if whole:
            said = whole
    return said, ids


def _from_json(tip: Any) -> str:
    if not isinstance(tip, dict) or not isinstance(text := tip.get("jsonStr"), str):
        return ""
    try:
        known = json.loads(text[: 1 << 16])
    except (ValueError, RecursionError):
        return ""
    return joined(_list(known.get("items"))) if isinstance(known, dict) else ""
