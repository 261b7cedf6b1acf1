"""Read QQ groups: text of the message manager, and JSON of qq-chat-exporter (QCE).

A text shows no ids of messages, QCE's are those of one client: a message is known by group,
second, author and which of theirs in that second it is, so both sorts of files go together.
Groups bear their names, since the text shows no number.
"""

from __future__ import annotations

import re
from typing import Any

from shequn.sources import json_stream
from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.qq_json import Chat, Records, exported
from shequn.sources.readers.qq_notices import Notices
from shequn.sources.readers.qq_text import OBJECT, Log, looks_like_one
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

NAME = Text("QQ", "QQ")
HINT = Text(
    "In QQ's message manager export the group as txt, or give the JSON or JSON lines that "
    "qq-chat-exporter writes for it.",
    "在 QQ 消息管理器里把群聊天记录导出为 txt，或给出 qq-chat-exporter 导出的 JSON 或 JSONL。",
)
LAYOUTS = {
    "qq-txt": Text("lines with date, time, name and QQ number", "含日期、时间、名字和 QQ 号的行"),
    "qce-json": Text(
        "an object with chatInfo and messages", "含 chatInfo 和 messages 的 JSON 对象"
    ),
    "qce-manifest": Text("a manifest of chunks of lines", "分块 JSONL 的 manifest"),
    "qce-jsonl": Text(
        "lines with sender uid, timestamp and content", "含 sender.uid、timestamp、content 的行"
    ),
}
_TITLE = "消息记录（此消息记录为文本格式"
_TWO = Text("a talk of two people", "两人私聊")
PRIVATE = (_TWO,)
_OTHER = Text(
    "QQ's message manager wrote it as mht or bak; export it again as txt",
    "QQ 消息管理器导出的 mht 或 bak；请重新导出为 txt",
)
_NOT_JSON = Text(
    "qq-chat-exporter wrote it as text; export it again as JSON",
    "qq-chat-exporter 导出的文本；请重新导出为 JSON",
)
_INFO = re.compile(r'"chatInfo"\s*:\s*\{[^{}]*?"type"\s*:\s*"(private|friend|temp|c2c)"')
_CALL = re.compile(r"(?:^|(?<=\s))@([^@\n]{1,80})")
_WORDS = 4  # a name of more words than that is not looked for


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if head.name.endswith((".mht", ".bak")) and ("消息记录" in head.name or OBJECT in head.text):
        return _OTHER
    if head.named(".json", ".jsonl") and head.text.startswith("{"):
        return _sniff_json(head)
    if not head.named(".txt"):
        return None
    lines = head.lines[:400]
    if head.text.startswith("[QQChatExporter"):
        return _NOT_JSON
    if any(_TITLE in line or line.startswith(OBJECT) for line in lines[:20]):
        return "qq-txt"
    return "qq-txt" if sum(map(looks_like_one, lines)) > 1 or _only_one(lines) else None


def _only_one(lines: list[str]) -> bool:
    return bool(lines) and looks_like_one(lines[0])


def _sniff_json(head: Head) -> str | Text | None:
    record, text = head.record, head.text
    if isinstance(record, dict) and "chatInfo" not in record:
        sender = record.get("sender")
        known = isinstance(sender, dict) and ("uid" in sender or "uin" in sender)
        return "qce-jsonl" if known and "timestamp" in record and "content" in record else None
    if '"chatInfo"' not in text:
        return None
    if _INFO.search(text):
        return _TWO
    if '"chunked"' in text and '"messages"' not in text:
        return "qce-manifest"
    return "qce-json" if '"metadata"' in text or '"messages"' in text else None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    intake.identity = "second"
    notices = Notices(intake)
    records = Records(intake, notices)
    chats = _manifests(files, intake, records)
    private = 0
    for file in files:
        intake.open(file)
        if file.layout == "qq-txt":
            log = Log(file, intake, notices, lambda *call: _calls(intake, *call))
            log.read()
            private += log.private
        elif file.layout == "qce-json":
            records.read(file)
        elif file.layout == "qce-jsonl":
            records.read_lines(file, _chat_of(file, chats))
    notices.settle()
    _say(intake, private + records.private, records.taken_back)


def _say(intake: Intake, private: int, taken_back: int) -> None:
    intake.note(
        f"{private:,} talks of two people were left out.",
        f"略去 {private:,} 个两人私聊。",
        when=private,
    )
    intake.note(
        f"{taken_back:,} messages were taken back; where the export does not say when, the time of "
        "the message stands for it.",
        f"{taken_back:,} 条消息被撤回；导出里没有撤回时间的，用消息本身的时间代替。",
        when=taken_back,
    )
    intake.note(
        "Groups are told apart by name: a renamed group counts as two, two of one name as one.",
        "群按名称区分：改过名的群算两个，同名的群算一个。",
    )


def _folder(file: ExportFile) -> tuple[str, ...]:
    return file.parts[:-1]


def _manifests(
    files: list[Reading], intake: Intake, records: Records
) -> dict[tuple[str, ...], tuple[Chat | None, int | None]]:
    """Return the chat of every folder with a manifest; None for a talk of two."""
    chats: dict[tuple[str, ...], tuple[Chat | None, int | None]] = {}
    for file in files:
        if file.layout == "qce-manifest":
            intake.open(file)
            file.read += 1
            known: dict[str, Any] = dict(json_stream.walk(file.file, ""))
            chat = records.chat(known.get("chatInfo"), file.file.name)
            when = exported(known.get("metadata"), intake.options.zone)
            chats[_folder(file.file)] = chat, when
            file.exported_at = when
    return chats


def _chat_of(
    file: Reading, chats: dict[tuple[str, ...], tuple[Chat | None, int | None]]
) -> Chat | None:
    folder = _folder(file.file)
    for place in (folder, folder[:-1]):
        if place in chats:
            chat, file.exported_at = chats[place]
            return chat
    raise ShequnError(
        Text(
            f"{file.file.path} is part of an export, and its manifest.json is not beside it: "
            "which group it is cannot be told.",
            f"{file.file.path} 只是导出的一块，旁边没有 manifest.json：看不出是哪个群。",
        ),
        Text(
            "Give the whole folder that qq-chat-exporter wrote, with manifest.json and chunks.",
            "请给出 qq-chat-exporter 导出的整个文件夹，含 manifest.json 和 chunks。",
        ),
    )


def _calls(intake: Intake, row: int, channel: int, ts: int, text: str) -> None:
    """Note who is named in a text as ``@name``, which ends at a space that names may hold too."""
    for found in _CALL.finditer(text):
        words = found[1].split(" ")[:_WORDS]
        names = [" ".join(words[:n]).strip() for n in range(len(words), 0, -1)]
        if names[-1] == "全体成员":
            intake.mention(row, kind="all")
        elif names := [n for n in dict.fromkeys(names) if n]:
            intake.mention(row, names=tuple(names), channel=channel, ts=ts)
