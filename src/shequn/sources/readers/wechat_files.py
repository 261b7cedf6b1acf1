"""The files of WeChat exporters, and the entries in them.

Known are the CSV of WeChatMsg (留痕), the JSON of WeFlow and of EchoTrace, which are alike, and the
Excel of EchoTrace, which newer versions (and WeFlow) write with more columns.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from shequn.sources.json_stream import JsonStream
from shequn.sources.readers.wechat_kinds import CSV_APPS, CSV_KINDS, GREY, OTHER, QUOTE, named_kind
from shequn.sources.report import Reading
from shequn.sources.sheets import rows
from shequn.sources.times import LATEST, Zone
from shequn.text import Text

CSV, EXCEL = "wechatmsg-csv", "echotrace-excel"
WEFLOW, ECHOTRACE = "weflow-json", "echotrace-json"
ROOM = "@chatroom"
NOBODY = "群成员"  # EchoTrace's name for everybody it does not know
CSV_COLUMNS = (
    "Type", "SubType", "IsSender", "CreateTime", "StrContent", "StrTime", "Remark", "NickName",
    "Sender",
)  # fmt: skip
SENDERS = ("发送者", "发送者昵称", "发送者身份")
_EARLIEST = 1_290_000_000  # WeChat began in 2011
_EPOCH = dt.datetime(1970, 1, 1)
_DATE = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)[ T](\d\d?):(\d\d):(\d\d)", re.ASCII)
_MOST_KINDS = 10_000

_NO_TIME = Text("no time that can be read", "时间无法解析")
_NO_SENDER = Text("no sender", "没有发送者")
_NOT_A_ROW = Text("not a row of this table", "不是这种表的行")
_NOT_A_MESSAGE = Text("not a message", "不是消息")
BY_NAME = Text(
    "all chats in one file, people by name only; export each group by itself",
    "所有聊天在一个文件里，只有名字没有微信号；请逐个群导出",
)

# One row of a chat, however it is written: number of the message in its file (from 1); UTC
# seconds; id of who wrote it, empty in grey lines, whose sender no exporter gives reliably, and
# where the exporter's own is not given; name; the exporter's private name for them; kind (of
# `wechat_kinds`); text, without what the exporter put into it; whether the exporter wrote it; id on
# the platform; id of the message that is answered; name of the author of that one. A tuple, since
# there may be millions.
Entry = tuple[int, int, str, str, str, str, str, bool, str, str, str]


def entries(file: Reading, group: str, zone: Zone) -> Iterator[Entry]:
    """Yield the entries of a chat; every other record is counted as strange.

    Parameters
    ----------
    file
        Counts every record, and is told when it was exported.
    group
        Begins the ids of people of whom only a name is known: the same name in two groups may be
        two people.
    zone
        Of times that bear none.
    """
    if file.layout == CSV:
        return _csv(file, zone)
    return _excel(file, group, zone) if file.layout == EXCEL else _json(file, zone)


def _strange(file: Reading, row: int, why: Text, text: str) -> None:
    file.read += 1
    file.strange(row, why, text)


def _seconds(value: object, local: object, zone: Zone) -> int | None:
    """Return a time as UTC seconds: the platform's own, or else the exporter's local one."""
    if isinstance(value, str) and len(value) < 12 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and _EARLIEST <= value <= LATEST:
        return value
    found = _DATE.match(local.strip()) if isinstance(local, str) else None
    if not found:
        return None
    try:
        moment = dt.datetime(*map(int, found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
    seconds = zone.at((moment - _EPOCH) // dt.timedelta(seconds=1))
    return seconds if _EARLIEST <= seconds <= LATEST else None


def _csv(file: Reading, zone: Zone) -> Iterator[Entry]:
    lines = chain.from_iterable([f"{x}\n" for x in block] for block in file.file.blocks())
    columns = [name.strip() for name in next(csv.reader([next(lines, "")]), [])]
    reader = csv.reader(lines, strict=True)
    width = len(columns)
    i_type, i_sub, i_mine, i_time, i_text, i_local, i_alias, i_name, i_sender = map(
        columns.index, CSV_COLUMNS
    )
    known_kinds: dict[tuple[str, str], str] = {}
    number = 0
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
        if len(row) != width:
            for _ in range(reader.line_num - before):  # a lost quotation mark swallows many rows
                _strange(file, number, _NOT_A_ROW, ",".join(row))
            continue
        text, stamp = row[i_text], row[i_time]
        time = int(stamp) if len(stamp) == 10 and stamp.isascii() and stamp.isdigit() else 0
        if not _EARLIEST <= time <= LATEST:
            known = _seconds(stamp, row[i_local], zone)
            if known is None:
                _strange(file, number, _NO_TIME, ",".join(row))
                continue
            time = known
        key = row[i_type], row[i_sub]
        kind = known_kinds.get(key)
        if kind is None:
            kind = known_kinds[key] = _csv_kind(*key)
            if len(known_kinds) > _MOST_KINDS:
                known_kinds.clear()
        if not kind:
            _strange(file, number, _NOT_A_ROW, ",".join(row))
            continue
        sender, mine = row[i_sender].strip(), row[i_mine] == "1"
        # A grey line has no sender, or that of the row before it.
        if kind not in GREY and ((not sender and not mine) or sender == "我"):
            _strange(file, number, BY_NAME if sender else _NO_SENDER, ",".join(row))
            continue
        if text.startswith(sender) and text.startswith(":\n", len(sender)):
            text = text[len(sender) + 2 :]
        file.read += 1
        yield (
            number, time, sender, row[i_name].strip(),
            row[i_alias].strip(), kind, text, mine, "", "", "",
        )  # fmt: skip


def _csv_kind(kind: str, sub: str) -> str:
    """Return the kind for the numbers of the database; nothing where they are none."""
    try:
        main, lesser = int(kind), int(sub) if sub else 0
    except ValueError:
        return ""
    return CSV_APPS.get(lesser, OTHER) if main == 49 else CSV_KINDS.get(main, OTHER)


def session(stream: JsonStream) -> dict[str, Any]:
    """Return what the beginning of a file says of the chat, but for its picture."""
    told: dict[str, Any] = {}
    for key in stream.members():
        if key == "session" and stream.peek() == "{":
            for name in stream.members():
                told[name] = stream.value()
                chat = next((told[k] for k in ("wxid", "username", "accountId") if k in told), None)
                if chat is not None and "type" in told:
                    return {"chat": chat, "type": told["type"]}
            return {}
        if key == "messages":  # no exporter writes them first, and they may be millions
            return {}
        stream.value()
    return {}


def _json(file: Reading, zone: Zone) -> Iterator[Entry]:
    stream = JsonStream(file.file)
    for key in stream.members():
        start = stream.peek()
        if key == "messages" and start == "[":
            yield from _messages(file, stream.values(), zone)
        elif key == "avatars" and start == "{":  # one by one: together they are large
            for _ in stream.members():
                stream.value()
        else:
            value = stream.value()
            if key == "weflow" and isinstance(value, dict):
                file.exported_at = _seconds(value.get("exportedAt"), None, zone)
            elif key == "exportTime":
                file.exported_at = _seconds(value, value, zone)
    stream.end()


def _messages(file: Reading, messages: Iterator[Any], zone: Zone) -> Iterator[Entry]:
    for number, m in enumerate(messages, 1):
        if not isinstance(m, dict):
            _strange(file, number, _NOT_A_MESSAGE, str(m)[:200] if isinstance(m, str) else "")
            continue
        get = m.get
        time = get("createTime")
        if type(time) is not int or not _EARLIEST <= time <= LATEST:
            time = _seconds(time, get("formattedTime"), zone)
            if time is None:
                _strange(file, number, _NO_TIME, _shown(m))
                continue
        text, name = get("content"), get("type")
        if not isinstance(text, str):
            text = ""
        if not isinstance(name, str):
            _strange(file, number, _NOT_A_MESSAGE, _shown(m))
            continue
        kind = named_kind(name, text)
        own = _id(get("platformMessageId"))
        if kind in GREY:
            file.read += 1
            yield number, time, "", "", "", kind, text, False, own, "", ""
            continue
        mine = get("isSend") in (1, "1", True)
        sender = get("senderUsername")
        if not isinstance(sender, str) or not sender or sender.endswith(ROOM):
            if not mine:
                _strange(file, number, _NO_SENDER, _shown(m))
                continue
            sender = ""
        answers, quoted = get("replyToMessageId"), ""
        if kind == QUOTE or answers:
            text, quoted = _without_quote(text, m)
        called = get("senderDisplayName")
        file.read += 1
        yield (
            number, time, sender, called.strip() if isinstance(called, str) else "", "", kind,
            text, mine, own, _id(answers), quoted,
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
        return str(value) if abs(value) < 1 << 64 else ""
    return value if isinstance(value, str) and value != "0" else ""


def _shown(m: dict[str, Any]) -> str:
    return " ".join(f"{key}={type(value).__name__}" for key, value in list(m.items())[:12])


def is_header(cells: list[str]) -> bool:
    """Tell whether a row of an Excel file names the columns."""
    names = {cell.strip() for cell in cells}
    return {"时间", "消息类型", "内容"} <= names and not names.isdisjoint(SENDERS)


def id_above(top: list[list[str]]) -> str:
    """Return the id of the chat that newer Excel files have above the columns."""
    cells = next((c for c in top if "微信ID" in c), [])
    return [*cells, "", ""][cells.index("微信ID") + 1].strip() if cells else ""


def _excel(file: Reading, group: str, zone: Zone) -> Iterator[Entry]:
    at: dict[str, int] = {}
    number = 0
    for _, cells in rows(file.file):
        if not at:
            if is_header(cells):
                at = {name.strip(): i for i, name in enumerate(cells)}
                i_name = next(at[name] for name in SENDERS if name in at)
                i_id, i_alias = at.get("发送者微信ID", -1), at.get("发送者备注", -1)
                i_role, i_group = at.get("发送者身份", -1), at.get("群昵称", -1)
                i_time, i_kind, i_text = at["时间"], at["消息类型"], at["内容"]
                width = len(cells)
            continue
        number += 1
        row = [*cells, *[""] * (width + 1 - len(cells)), ""]  # the last for columns that lack
        time = _seconds(None, row[i_time], zone)
        if time is None:
            _strange(file, number, _NO_TIME, " ".join(cells))
            continue
        text = row[i_text]
        kind = named_kind(row[i_kind].strip(), text)
        if kind in GREY:
            file.read += 1
            yield number, time, "", "", "", kind, text, False, "", "", ""
            continue
        name, raw = row[i_group].strip() or row[i_name].strip(), row[i_id].strip()
        mine = row[i_role].strip() == "我" or name == "我"
        sender = raw or ("" if mine else name and f"{group}/{name}")
        if not sender and not mine:
            _strange(file, number, _NO_SENDER, " ".join(cells))
            continue
        if kind == QUOTE:
            text = _without_quote(text, {})[0]
        file.read += 1
        yield (
            number, time, sender, "" if name == "我" else name, row[i_alias].strip(), kind, text,
            mine, "", "", "",
        )  # fmt: skip
