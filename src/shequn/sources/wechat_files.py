"""The files of WeChat exporters, and the entries in them.

Known are the CSV of WeChatMsg (留痕), the JSON of WeFlow and of EchoTrace, which are alike, and the
Excel of EchoTrace, which newer versions (and WeFlow) write with more columns.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from shequn.sources.files import ExportFile
from shequn.sources.times import Zone
from shequn.sources.wechat_excel import rows_of
from shequn.sources.wechat_json import items
from shequn.sources.wechat_kinds import (
    CSV_APPS,
    CSV_KINDS,
    GREY,
    OTHER,
    QUOTE,
    named_kind,
)
from shequn.text import Text

CSV, EXCEL = "wechatmsg-csv", "echotrace-excel"
WEFLOW, ECHOTRACE = "weflow-json", "echotrace-json"
ME = "(exporter)"  # the exporter, in files that do not give their id
ROOM = "@chatroom"
NAMED = "name:"  # begins the id of people of whom only a name is known
NOBODY = "群成员"  # EchoTrace's name for everybody it does not know
_EARLIEST, _LATEST = 1_290_000_000, 4_102_444_800  # WeChat began in 2011
_EPOCH = dt.datetime(1970, 1, 1)
_HEADER_ROWS = 12
_DATE = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)[ T](\d\d?):(\d\d):(\d\d)", re.ASCII)
_SHORT = 9  # fields of a row of a private chat
_CSV_COLUMNS = (
    "Type", "SubType", "IsSender", "CreateTime", "StrContent", "StrTime", "Remark", "NickName",
    "Sender",
)  # fmt: skip
_MOST_KINDS = 10_000
_SENDERS = ("发送者", "发送者昵称", "发送者身份")

NOT_CHAT = Text("not a chat of a known WeChat exporter", "不是已知微信导出工具的聊天记录")
PRIVATE = Text("a private chat; only groups are read", "私聊；只读取群聊")
COMPACT = Text(
    "WeFlow's arkme JSON; export as plain JSON instead", "WeFlow 的 arkme JSON；请改用普通 JSON"
)
CHATLAB = Text("ChatLab's format, not WeChat's own", "ChatLab 格式，不是微信导出格式")
_NO_TIME = Text("no time that can be read", "时间无法解析")
_NO_SENDER = Text("no sender", "没有发送者")
_NOT_A_ROW = Text("not a row of this table", "不是这种表的行")
_NOT_A_MESSAGE = Text("not a message", "不是消息")

# One row of a chat, however it is written: number of the message in its file (from 1); UTC
# seconds; id of who wrote it, empty in grey lines, whose sender no exporter gives reliably; name;
# other name, only to recognise people by; kind (a number of `wechat_kinds`); text, without what the
# exporter put into it; whether the exporter wrote it; id on the platform; id of the message that is
# answered; name of the author of that one. A tuple, since there may be millions.
Entry = tuple[int, int, str, str, str, int, str, bool, str, str, str]
Bad = Callable[[int, Text, str], None]


@dataclass
class Found:
    """A file that is a chat of a group, as far as its beginning tells.

    Attributes
    ----------
    layout
        Name of its format.
    group
        Id of the group, where the file gives it.
    columns
        Of a table.
    """

    layout: str
    group: str = ""
    columns: list[str] = field(default_factory=list)


def sniff(file: ExportFile) -> Found | Text:
    """Return what a file is, or why it is not read; raises as `ExportFile.chunks`."""
    kind = file.name.lower().rpartition(".")[2]
    if kind == "xlsx":
        return _sniff_excel(file)
    if kind not in ("csv", "json"):  # pictures by the thousand may lie beside a chat
        return NOT_CHAT
    lines = file.head()
    text = "\n".join(lines).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        if '"chatlab"' in text[:2000]:
            return CHATLAB
        return _sniff_json(file, text) if '"session"' in text else NOT_CHAT
    return _sniff_csv(lines)


def entries(file: ExportFile, found: Found, zone: Zone, bad: Bad) -> Iterator[Entry]:
    """Yield the entries of a chat; every other row is handed to ``bad``."""
    if found.layout == CSV:
        return _csv_entries(file, found, zone, bad)
    if found.layout == EXCEL:
        return _excel_entries(file, found, zone, bad)
    return _json_entries(file, zone, bad)


def _sniff_json(file: ExportFile, head: str) -> Found | Text:
    session = next(items(file, "session"), None)
    if not isinstance(session, dict):
        return NOT_CHAT
    chat = session.get("wxid") or session.get("username")
    if not isinstance(chat, str) or not isinstance(session.get("type"), str):
        return NOT_CHAT
    if '"arkme-json"' in head[:2000]:
        return COMPACT
    if not chat.endswith(ROOM) and session["type"] != "群聊":
        return PRIVATE
    return Found(WEFLOW if '"weflow"' in head[:2000] else ECHOTRACE, chat)


def _sniff_csv(lines: list[str]) -> Found | Text:
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows += islice(csv.reader(f"{line}\n" for line in lines), 1000)
    header = [name.strip() for name in rows[0]] if rows else []
    if not set(_CSV_COLUMNS) <= set(header):
        return NOT_CHAT
    if len(rows) > 1 and len(header) > _SHORT and all(len(r) == _SHORT for r in rows[1:] if r):
        return PRIVATE
    return Found(CSV, columns=header)


def _sniff_excel(file: ExportFile) -> Found | Text:
    group, seen = "", False
    for row in islice(rows_of(file), _HEADER_ROWS):
        names = [str(cell).strip() if cell is not None else "" for cell in row]
        if "微信ID" in names:
            seen, group = True, [*names, ""][names.index("微信ID") + 1]
        if {"时间", "消息类型", "内容"} <= set(names) and set(_SENDERS) & set(names):
            if seen and not group.endswith(ROOM):
                return PRIVATE
            return Found(EXCEL, group, names)
    return NOT_CHAT


def _seconds(value: object, local: object, zone: Zone) -> int | None:
    """Return a time as UTC seconds: the platform's own, or else the exporter's local one."""
    if isinstance(value, str) and len(value) < 12 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and _EARLIEST <= value < _LATEST:
        return value
    if isinstance(local, dt.datetime):
        moment = local.replace(tzinfo=None, microsecond=0)
    elif isinstance(local, str) and (found := _DATE.match(local.strip())):
        try:
            moment = dt.datetime(*map(int, found.groups()))  # type: ignore[arg-type]
        except ValueError:
            return None
    else:
        return None
    seconds = zone.utc([int((moment - _EPOCH).total_seconds())])[0]
    return seconds if _EARLIEST <= seconds < _LATEST else None


def _csv_entries(file: ExportFile, found: Found, zone: Zone, bad: Bad) -> Iterator[Entry]:
    width = len(found.columns)
    i_type, i_sub, i_mine, i_time, i_text, i_local, i_alias, i_name, i_sender = (
        found.columns.index(name) for name in _CSV_COLUMNS
    )
    known_kinds: dict[tuple[str, str], int] = {}
    reader = csv.reader((f"{line}\n" for part in file.blocks() for line in part), strict=True)
    number = -1  # the header is row 0
    while True:
        before = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # in the middle of a row; the reader goes on behind it
            row = ["?"]
        if not row:
            continue
        number += 1
        if number == 0:
            continue
        if len(row) != width:
            for _ in range(reader.line_num - before):  # a lost quotation mark swallows many rows
                bad(number, _NOT_A_ROW, ",".join(row))
            continue
        text, stamp = row[i_text], row[i_time]
        time = int(stamp) if len(stamp) == 10 and stamp.isascii() and stamp.isdigit() else 0
        if not _EARLIEST <= time < _LATEST:
            known = _seconds(stamp, row[i_local], zone)
            if known is None:
                bad(number, _NO_TIME, ",".join(row))
                continue
            time = known
        kind = known_kinds.get((row[i_type], row[i_sub]))
        if kind is None:
            kind = known_kinds[row[i_type], row[i_sub]] = _csv_kind(row[i_type], row[i_sub])
            if len(known_kinds) > _MOST_KINDS:
                known_kinds.clear()
        if kind < 0:
            bad(number, _NOT_A_ROW, ",".join(row))
            continue
        sender, mine = row[i_sender].strip(), row[i_mine] == "1"
        # A grey line has no sender, or that of the row before it.
        if not sender and not mine and kind not in GREY:
            bad(number, _NO_SENDER, ",".join(row))
            continue
        if text.startswith(sender) and text.startswith(":\n", len(sender)):
            text = text[len(sender) + 2 :]
        yield (
            number, time, sender, row[i_name].strip(),
            row[i_alias].strip(), kind, text, mine, "", "", "",
        )  # fmt: skip


def _csv_kind(kind: str, sub: str) -> int:
    """Return the kind for the numbers of the database; -1 where they are none."""
    try:
        main, lesser = int(kind), int(sub) if sub else 0
    except ValueError:
        return -1
    return CSV_APPS.get(lesser, OTHER) if main == 49 else CSV_KINDS.get(main, OTHER)


def _json_entries(file: ExportFile, zone: Zone, bad: Bad) -> Iterator[Entry]:
    for number, m in enumerate(items(file, "messages.item"), 1):
        if not isinstance(m, dict):
            bad(number, _NOT_A_MESSAGE, str(m)[:200] if isinstance(m, str) else "")
            continue
        get = m.get
        time = get("createTime")
        if type(time) is not int or not _EARLIEST <= time < _LATEST:
            time = _seconds(time, get("formattedTime"), zone)
            if time is None:
                bad(number, _NO_TIME, _shown(m))
                continue
        text, name = get("content"), get("type")
        if not isinstance(text, str):
            text = ""
        if not isinstance(name, str):
            bad(number, _NOT_A_MESSAGE, _shown(m))
            continue
        kind = named_kind(name, text)
        mine = get("isSend") in (1, "1", True)
        sender = get("senderUsername")
        if kind in GREY:
            yield number, time, "", "", "", kind, text, False, _id(get("platformMessageId")), "", ""
            continue
        if not isinstance(sender, str) or not sender or sender.endswith(ROOM):
            if not mine:
                bad(number, _NO_SENDER, _shown(m))
                continue
            sender = ""
        answers, quoted = get("replyToMessageId"), ""
        if kind == QUOTE or answers:
            text, quoted = _without_quote(text, m)
        called = get("senderDisplayName")
        yield (
            number, time, sender, called.strip() if isinstance(called, str) else "", "", kind,
            text, mine, _id(get("platformMessageId")), _id(answers), quoted,
        )  # fmt: skip


def _without_quote(text: str, m: dict[str, Any]) -> tuple[str, str]:
    """Return an answer without the quotation that WeFlow puts behind it, and whom it quotes."""
    who, what = m.get("quotedSender"), m.get("quotedContent")
    who = who.strip() if isinstance(who, str) else ""
    if isinstance(what, str):
        for tail in (f"[引用 {who}：{what}]", f"[引用 {what}]"):
            if text.endswith(tail):
                return text.removesuffix(tail), who
    at = text.find("[引用 ") if text.endswith("]") else -1
    return (text[:at] if at >= 0 else text), who


def _id(value: object) -> str:
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value != "0" else ""


def _shown(m: dict[str, Any]) -> str:
    return " ".join(f"{key}={type(value).__name__}" for key, value in list(m.items())[:12])


def _excel_entries(file: ExportFile, found: Found, zone: Zone, bad: Bad) -> Iterator[Entry]:
    at = {name: i for i, name in enumerate(found.columns) if name}
    i_name = next(at[name] for name in _SENDERS if name in at)
    i_id, i_alias, i_role = (at.get(n, -1) for n in ("发送者微信ID", "发送者备注", "发送者身份"))
    i_group = at.get("群昵称", -1)
    number = -1
    for cells in rows_of(file):
        row = ["" if c is None else c for c in cells]
        if number < 0:
            if [str(cell).strip() for cell in row] == found.columns:
                number = 0
            continue
        if not any(cell != "" for cell in row):
            continue
        number += 1

        def cell(i: int, row: list[Any] = row) -> str:
            return str(row[i]).strip() if 0 <= i < len(row) else ""

        stamp = row[at["时间"]] if at["时间"] < len(row) else None
        time = _seconds(None, stamp, zone)
        if time is None:
            bad(number, _NO_TIME, " ".join(map(str, row)))
            continue
        text = str(row[at["内容"]]) if at["内容"] < len(row) else ""
        kind = named_kind(cell(at["消息类型"]), text)
        name, raw = cell(i_group) or cell(i_name), cell(i_id)
        mine = cell(i_role) == "我" or name == "我"
        if kind in GREY:
            yield number, time, "", "", "", kind, text, False, "", "", ""
            continue
        sender = raw or ("" if mine else name and f"{NAMED}{name}")
        if not sender and not mine:
            bad(number, _NO_SENDER, " ".join(map(str, row)))
            continue
        if kind == QUOTE:
            text = _without_quote(text, {})[0]
        yield (
            number, time, sender, "" if name == "我" else name, cell(i_alias), kind, text, mine,
            "", "", "",
        )  # fmt: skip
