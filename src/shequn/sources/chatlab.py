"""Read ChatLab 0.0.2, the interchange format of chats, as JSON or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shequn.sources import json_stream
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

NAME = Text("ChatLab", "ChatLab")
HINT = Text(
    "Give a ChatLab file: JSON with chatlab, meta, members and messages, or the same as JSON lines.",
    "请给出 ChatLab 文件：含 chatlab、meta、members、messages 的 JSON，或同样内容的 JSONL。",
)
LAYOUTS = {
    "chatlab-json": Text("an object with the key chatlab", "含 chatlab 键的 JSON 对象"),
    "chatlab-jsonl": Text("first line with the key chatlab", "首行含 chatlab 键"),
}
KINDS = {
    0: "text", 1: "image", 2: "voice", 3: "video", 4: "file", 5: "sticker", 7: "link",
    8: "share", 20: "redpacket", 21: "transfer", 22: "other", 23: "call", 24: "share",
    25: "text", 26: "forward", 27: "share", 80: "system", 81: "recall", 99: "other",
}  # fmt: skip
_NO_MESSAGE = Text("not a message with sender, timestamp and type", "不是含 sender、timestamp、type 的消息")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json", ".jsonl", ".chatlab"):
        return None
    record = head.record
    if isinstance(record, dict) and record.get("_type") == "header" and "chatlab" in record:
        return "chatlab-jsonl"
    if head.text.startswith("{") and '"chatlab"' in head.text[:4096]:
        return "chatlab-json"
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    for file in files:
        intake.open(file)
        channel = -1
        for what, value in _parts(file):
            if what == "meta":
                channel = _meta(value, file, intake)
            elif what == "members" and isinstance(value, dict):
                _member(value, intake)
            elif what == "messages":
                file.read += 1
                if channel < 0:
                    channel = intake.channel(file.file.name, kind="group")
                if not _message(value, file.read, channel, intake):
                    file.strange(file.read, _NO_MESSAGE, str(value)[:60])


def _parts(file: Reading) -> Iterator[tuple[str, Any]]:
    if file.layout == "chatlab-jsonl":
        for _, value in json_stream.lines(file.file):
            kind = value.get("_type") if isinstance(value, dict) else None
            if kind == "header":
                yield "meta", value.get("meta")
            elif kind == "member":
                yield "members", value
            else:
                yield "messages", value
        return
    stream = json_stream.JsonStream(file.file)
    for key in stream.members():
        if key in ("members", "messages") and stream.peek() == "[":
            for value in stream.values():
                yield key, value
        else:
            yield key, stream.value()
    stream.end()


def _meta(meta: Any, file: Reading, intake: Intake) -> int:
    known = meta if isinstance(meta, dict) else {}
    name = known.get("name") if isinstance(known.get("name"), str) else ""
    intake.title = intake.title or name
    raw = known.get("groupId") or name or file.file.name
    return intake.channel(f"{known.get('platform')}/{raw}", kind="group", name=name)


def _member(value: dict[str, Any], intake: Intake) -> None:
    raw = value.get("platformId")
    if isinstance(raw, str) and raw:
        intake.member(raw)


def _message(value: Any, row: int, channel: int, intake: Intake) -> bool:
    try:
        sender, ts, kind = value["sender"], value["timestamp"], KINDS[value["type"]]
    except (TypeError, KeyError):
        return False
    if not isinstance(sender, str) or not sender or type(ts) is not int or not 0 < ts <= LATEST:
        return False
    get = value.get
    text, own, reply = get("content"), get("platformMessageId"), get("replyToMessageId")
    intake.message(
        row, channel, sender, ts, text if isinstance(text, str) else "", kind,
        name=get("groupNickname") or get("accountName"), own=own or None, reply=reply or None,
        basis="explicit" if reply else None,
    )  # fmt: skip
    return True
