"""Read ChatLab 0.0.2, the interchange format of chats, as JSON or JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.platforms import Head
from shequn.sources.readers.wechat_calls import MARK, Tidy, calls, fold
from shequn.sources.readers.wechat_grey import Grey, Lines
from shequn.sources.readers.wechat_system import JOIN, LEAVE, OTHER, RECALL, Notice, Party, Way
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import ShequnError, Text

NAME = Text("ChatLab", "ChatLab")
HINT = Text(
    "Give a ChatLab file: JSON with chatlab, meta, members and messages, or the same as JSON lines.",
    "请给出 ChatLab 文件：含 chatlab、meta、members、messages 的 JSON，或同样内容的 JSONL。",
)
JSON, LINES = "chatlab-json", "chatlab-jsonl"
LAYOUTS = {
    JSON: Text("an object with the key chatlab", "含 chatlab 键的 JSON 对象"),
    LINES: Text("first line with the key chatlab", "首行含 chatlab 键"),
}
_TWO = Text("a private chat; only groups are read", "私聊；只读取群聊")
PRIVATE = (_TWO,)
KINDS = {
    0: "text", 1: "image", 2: "voice", 3: "video", 4: "file", 5: "sticker", 7: "link",
    8: "share", 20: "redpacket", 21: "transfer", 22: "other", 23: "call", 24: "share",
    25: "text", 26: "forward", 27: "share", 80: "system", 81: "recall", 99: "other",
}  # fmt: skip
_NO_MESSAGE = Text(
    "not a message with sender, timestamp and type", "不是含 sender、timestamp、type 的消息"
)
# What a system line says whose sender is the one it is about.
_ALONE = {
    "joined the server": JOIN, "joined the group": JOIN, "joined": JOIN, "加入了群聊": JOIN,
    "加入群聊": JOIN, "加入了本群": JOIN, "加入本群": JOIN, "left the server": LEAVE,
    "left the group": LEAVE, "left": LEAVE, "退出了群聊": LEAVE, "退出群聊": LEAVE, "退出了本群": LEAVE,
}  # fmt: skip
_NOTHING, _TAKEN_BACK = (Notice(action, "", (Way(None, ()),)) for action in (OTHER, RECALL))
_ROLES = ("owner", "admin")
_WXID = re.compile(r"[A-Za-z][\w-]{4,}|.+@openim", re.ASCII)


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json", ".jsonl", ".chatlab") or '"chatlab"' not in head.text[:4096]:
        return None
    start = head.text
    while start.startswith("#"):
        start = start.partition("\n")[2].lstrip()
    if not start.startswith("{"):
        return None
    layout = LINES if '"_type"' in start.partition("\n")[0] else JSON
    meta: dict[str, Any] = {}
    with suppress(ShequnError):  # which is said when the file is read
        meta = _meta(head.file, layout)
    return _TWO if meta.get("type") == "private" else layout


def _meta(file: ExportFile, layout: str) -> dict[str, Any]:
    for what, value in _parts(file, layout):
        if what == "meta":
            return value if isinstance(value, dict) else {}
        if what in ("members", "messages"):
            break
    return {}


def _parts(file: ExportFile, layout: str) -> Iterator[tuple[str, Any]]:
    """Yield what a file says: chatlab, meta, members and messages, one by one."""
    if layout == JSON:
        stream = JsonStream(file)
        for key in stream.members():
            if key in ("members", "messages") and stream.peek() == "[":
                for value in stream.values():
                    yield key, value
            else:
                yield key, stream.value()
        stream.end()
        return
    decode = json.JSONDecoder(parse_constant=lambda _: None, strict=False).decode
    for line in file.lines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            value = decode(line)
        except (ValueError, RecursionError):
            value = None
        kind = value.get("_type") if isinstance(value, dict) else None
        if kind == "header":
            yield "chatlab", value.get("chatlab")
            yield "meta", value.get("meta")
        else:
            yield ("members" if kind == "member" else "messages"), value


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    grey = Grey(intake)
    intake.fold, intake.tidy = fold, Tidy(grey)
    for file in files:
        _Chat(file, grey, intake).read()
    grey.settle()


class _Chat:
    """A file, put into an intake."""

    def __init__(self, file: Reading, grey: Grey, intake: Intake) -> None:
        self._file, self._grey, self._intake = intake.open(file), grey, intake
        self._meta: dict[str, Any] = {}
        self._listed: list[dict[str, Any]] = []
        self._platform, self._group, self._channel, self._last = "", "", -1, 0
        self._lines = Lines(file, -1)

    def read(self) -> None:
        """Read the file."""
        file = self._file
        for what, value in _parts(file.file, file.layout):
            if what == "messages":
                if self._channel < 0:
                    self._begin()
                file.read += 1
                if not self._message(value, file.read):
                    file.strange(file.read, _NO_MESSAGE, str(value)[:60])
            elif what == "members":
                if isinstance(value, dict):
                    value.pop("avatar", None)
                    self._listed.append(value)
            elif what == "meta" and isinstance(value, dict):
                self._meta = value
            elif what == "chatlab" and isinstance(value, dict):
                at = _seconds(value.get("exportedAt"))
                file.exported_at = at or None
        if self._channel >= 0:
            for value in self._listed:
                self._member(value)

    def _begin(self) -> None:
        """Note what chat this is; its description stands before its messages."""
        meta, intake = self._meta, self._intake
        self._platform = _id(meta.get("platform")).lower()
        name = meta.get("name")
        name = name.strip() if isinstance(name, str) else ""
        self._group = f"{self._platform}/{_id(meta.get('groupId')) or name or self._file.file.name}"
        members = re.split("、|, ", name)
        if self._platform == "wechat" or len(members) > 1:
            # A new group of WeChat is named after its members.
            for member in members:
                self._grey.hide(member)
            name = ""
        intake.title = intake.title or name
        self._channel = intake.channel(self._group, kind="group", name=name or None)
        self._lines = self._grey.begin(self._file, self._channel)
        self._lines.me = _id(meta.get("ownerId"))

    def _member(self, value: dict[str, Any]) -> None:
        raw, name, own = (value.get(k) for k in ("platformId", "accountName", "groupNickname"))
        if not isinstance(raw, str) or not raw:
            return
        if self._platform == "wechat" and raw == name and not _WXID.fullmatch(raw):
            return  # WeFlow lists the authors of forwarded messages too, who have no id
        roles = value.get("roles")
        has = {r.get("id") for r in roles if isinstance(r, dict) and isinstance(r.get("id"), str)} if (
            isinstance(roles, list)
        ) else set()  # fmt: skip
        self._intake.member(raw, role=next((r for r in _ROLES if r in has), None))
        self._lines.speakers.add(raw)
        ts = self._file.exported_at or self._last
        self._names(raw, name, own, ts)
        aliases = value.get("aliases")
        for alias in aliases if isinstance(aliases, list) and ts else ():
            if isinstance(alias, str) and alias.strip():
                self._grey.alias(raw, alias.strip(), ts, self._channel)

    def _names(self, raw: str, name: Any, own: Any, ts: int) -> None:
        people = self._intake.people
        if isinstance(name, str) and name and name != raw and ts:
            people.see(people.number(raw), name, ts)
        if isinstance(own, str) and own and own != raw and ts:
            people.see(people.number(raw), own, ts, self._channel)

    def _message(self, value: Any, row: int) -> bool:
        if not isinstance(value, dict):
            return False
        get = value.get
        sender, number, content = get("sender"), get("type"), get("content")
        ts = _seconds(get("timestamp"))
        if not isinstance(sender, str) or not sender or not ts or type(number) is not int:
            return False
        if ts > self._last:
            self._last = ts
        self._names(sender, get("accountName"), get("groupNickname"), ts)
        kind = KINDS.get(number, "other")
        text = content if isinstance(content, str) else ""
        own, reply = get("platformMessageId"), get("replyToMessageId")
        if own is not None:
            own = _id(own) and f"{self._group}/{_id(own)}"
        if number in (80, 81):
            self._lines.add(row, ts, self._notice(text, number, sender, ts), own or "", sender)
            return True
        if reply is not None:
            reply = _id(reply) and f"{self._group}/{_id(reply)}"
        chars: int | None = len(text)
        if number not in (0, 25) and (not text or (text[0] == "[" and text[-1] == "]")):
            text, chars = "", None  # what stands for a picture and the like
        elif not isinstance(content, str):
            chars = None
        self._lines.speakers.add(sender)
        self._intake.message(
            row, self._channel, sender, ts, text, kind, own=own or None, reply=reply or None,
            basis="explicit" if reply else None, chars=chars,
        )  # fmt: skip
        if MARK in text and self._platform == "wechat":
            calls(text, row, ts, self._channel, self._intake)
        return True

    def _notice(self, text: str, number: int, sender: str, ts: int) -> Notice:
        """Return what a system line says, by the words of the platform."""
        if action := _ALONE.get(text.strip(" .。!！\t\n").lower()):
            return Notice(action, "", (Way(None, (Party(wxid=sender),)),))
        wechat = self._platform == "wechat"
        found = self._grey.understand(text, self._channel, ts, bare=not wechat)
        if number == 81 and (found is None or found.action != RECALL):
            return _TAKEN_BACK
        return found or _NOTHING


def _seconds(value: object) -> int:
    """Return a time as whole seconds; 0 where it is none."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 < value <= LATEST else 0


def _id(value: object) -> str:
    if type(value) is int and abs(value) < 1 << 64:
        return str(value)
    return value if isinstance(value, str) else ""
