"""Guesses for the checker: what a strange name or value most likely means, and how to mend it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from shequn.check_words import KINDS
from shequn.schema import Table, tables
from shequn.text import Text

# Other ways to write a value of a type, and what to do about each.
# fmt: off
_HINTS: dict[str, tuple[tuple[str, Text], ...]] = {
    "datetime": (
        (r"\d{10}(\.\d+)?|\d{13}",
         Text("Seconds or milliseconds since 1970: convert to 2026-03-05T08:00:00Z.",
              "这是 1970 年起的秒或毫秒数：请换算成 2026-03-05T08:00:00Z。")),
        (r"[345]\d{4}(\.\d+)?",
         Text("A spreadsheet's day number: format the column as date and time, then export.",
              "这是电子表格的日期序号：请把该列设为日期时间格式再导出。")),
        (r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}.*",
         Text("Day and month can be confused: write the year first, 2026-03-05T08:00:00Z.",
              "日和月容易混淆：请把年写在前面，2026-03-05T08:00:00Z。")),
        (r".*(上午|下午|[AaPp]\.?[Mm]).*",
         Text("Write hours from 0 to 23: 2026-03-05T15:00:00Z.",
              "请用 24 小时制：2026-03-05T15:00:00Z。")),
    ),
    "number": (
        (r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?",
         Text("Leave out the thousands separators: 1200.", "去掉千位分隔符：1200。")),
        (r"[+-]?\d+,\d+",
         Text("Use a decimal point: 1200.50.", "小数点请用“.”：1200.50。")),
        (r"[¥￥$€£]\s*[\d.,]+|[\d.,]+\s*[元%]",
         Text("Leave out the sign of the unit.", "去掉货币或百分号，只留数字。")),
    ),
}
# fmt: on
_HINTS["date"] = _HINTS["datetime"]
_HINTS["integer"] = _HINTS["number"]

# Headers that exports use; the columns they may mean, the likeliest first.
_OFTEN = {
    "时间": ("ts", "date"),
    "日期": ("date", "ts"),
    "发言人": ("author_id",),
    "发送人": ("author_id",),
    "发送者": ("author_id",),
    "用户id": ("author_id", "member_id"),
    "成员id": ("member_id", "author_id"),
    "内容": ("text",),
    "消息内容": ("text",),
    "类型": ("kind",),
    "金额": ("gross", "cost"),
    "timestamp": ("ts", "date"),
    "datetime": ("ts", "date"),
    "time": ("ts", "date"),
    "date": ("ts",),
    "created_at": ("ts",),
    "sent_at": ("ts",),
    "author": ("author_id",),
    "sender": ("author_id",),
    "user_id": ("author_id", "member_id"),
    "content": ("text",),
    "body": ("text",),
    "type": ("kind",),
    "amount": ("gross", "cost", "value"),
}


def type_mend(column_type: str, value: str) -> Text:
    """Return how to mend a value of the wrong type, by what it looks like."""
    for pattern, text in _HINTS.get(column_type, ()):
        if re.fullmatch(pattern, value.strip()):
            return text
    return KINDS[f"type_{column_type}"].mend


def pairs(rows: Iterable[tuple[int, int]]) -> Text:
    """Return ``row 7 repeats row 2; …`` for (later, first) pairs."""
    found = list(rows)
    return Text(
        "; ".join(f"row {later} repeats row {first}" for later, first in found),
        "；".join(f"第 {later} 行与第 {first} 行相同" for later, first in found),
    )


def near_column(name: str, table: Table, present: Iterable[str]) -> str | None:
    """Return the column of the contract that a strange header most likely means, if any."""
    free = [c for c in table.columns if c not in set(present)]
    plain = re.sub(r"[\s\-.]+", "_", name.strip().casefold())
    for column in (plain, *_OFTEN.get(plain, ())):
        if column in free:
            return column
    for column in free:
        said = re.split(r"[,，;；:：。(（]", table.columns[column].meaning.zh)[0]
        if name.strip() == said:
            return column
    return _nearest(plain, free)


def near_table(stem: str) -> str | None:
    """Return the table that a strange file name most likely means, if any."""
    for table in tables().values():
        if stem in (table.title.zh, table.title.en):
            return table.name
    return _nearest(stem.casefold(), tables())


def near_value(value: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed value that a strange one most likely means, if any."""
    return _nearest(value.strip().casefold(), allowed)


def _nearest(word: str, among: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word, list(among), n=1, cutoff=0.7)), None)
