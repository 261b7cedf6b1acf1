"""Write a community's messages as ChatLab 0.0.2, the interchange format of chats."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from shequn import atomic, tabular
from shequn.sources.merge import Old, open_old
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from typing import TextIO

VERSION = "0.0.2"
TYPES = {
    "text": 0, "image": 1, "voice": 2, "video": 3, "file": 4, "sticker": 5, "link": 7,
    "redpacket": 20, "transfer": 21, "call": 23, "share": 24, "forward": 26, "poll": 99,
    "system": 80, "recall": 81, "other": 99,
}  # fmt: skip
_REPLY = 25
_SUFFIXES = (".json", ".jsonl")
_BLOCK = 10_000
_MEMORY = "400MB"  # what is more lies meanwhile in a private folder beside the file
_RUNS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run has a ' before it


def write_chatlab(data: Path, out: Path) -> int:
    """Write the messages of a data folder as one ChatLab file, whole or not at all.

    Parameters
    ----------
    data
        A community's data folder.
    out
        ``.json``, or ``.jsonl`` for JSON lines. It must not be there yet.

    Returns
    -------
    int
        Messages written.

    Raises
    ------
    ShequnError
        Where there are no messages, or the file cannot be written.

    Notes
    -----
    People are their pseudonyms, and have no other name. The text of a message is there where the
    folder keeps it, and the message was not deleted. All channels become one chat. Reactions,
    mentions, threads, comings and goings have no place in the format.
    """
    if out.suffix.lower() not in _SUFFIXES:
        raise ShequnError(
            Text(f"{out} is neither .json nor .jsonl.", f"{out} 的后缀不是 .json 或 .jsonl。"),
            Text("Name the file so.", "请这样命名文件。"),
        )
    if out.exists():
        raise ShequnError(
            Text(f"{out} is there already.", f"{out} 已存在。"),
            Text("Choose another --out.", "请换一个 --out。"),
        )
    work = atomic.beside(out.resolve(), "work")
    try:
        with atomic.only_one(out.resolve()):
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(mode=0o700)
            try:
                written = _write(data, work / out.name, work, lines=out.suffix.lower() == ".jsonl")
                (work / out.name).rename(out)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except duckdb.Error as error:
        raise ShequnError(
            Text(f"The tables in {data} are not as they should be.", f"{data} 里的表不合要求。"),
            Text(f"See what is wrong: shequn check {data}", f"先看哪里不对：shequn check {data}"),
        ) from error
    except OSError as error:
        why = error.strerror or error
        raise ShequnError(
            Text(f"{out} cannot be written: {why}.", f"写不了 {out}：{why}。"),
            Text("Make room or choose another --out.", "请腾出空间或换一个 --out。"),
        ) from error
    return written


def _write(data: Path, path: Path, work: Path, *, lines: bool) -> int:
    info = tabular.community(data)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY, "temp_directory": str(work), "preserve_insertion_order": "false",
    }  # fmt: skip
    with duckdb.connect(config=settings) as con:
        con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        old = open_old(con, data, work)
        if not old.has("messages") or not {"author_id", "ts"} <= set(old.columns["messages"]):
            raise ShequnError(
                Text(
                    f"{data} holds no messages with author and time.",
                    f"{data} 里没有带作者和时间的消息。",
                ),
                Text("Only a chat can be written as ChatLab.", "只有聊天记录能写成 ChatLab。"),
            )
        head = {
            "chatlab": {"version": VERSION, "exportedAt": int(time.time()), "generator": "Shequn"},
            "meta": {"name": info.name, "platform": _platform(old), "type": "group"},
        }
        with path.open("w", encoding="utf-8", newline="\n") as file:
            if lines:
                _line(file, {"_type": "header", **head})
                for member in _members(old):
                    _line(file, {"_type": "member", **member})
                written = sum(_line(file, {"_type": "message", **m}) for m in _messages(old))
            else:
                file.write(_text(head).removesuffix("}"))
                _array(file, "members", _members(old))
                written = _array(file, "messages", _messages(old))
                file.write("}\n")
            file.flush()
            os.fsync(file.fileno())
    return written


def _line(file: TextIO, record: dict[str, Any]) -> int:
    file.write(_text(record) + "\n")
    return 1


def _array(file: TextIO, key: str, records: Iterator[dict[str, Any]]) -> int:
    n = 0
    file.write(f',\n"{key}": [')
    for record in records:
        file.write(f"{',' if n else ''}\n{_text(record)}")
        n += 1
    file.write("\n]")
    return n


def _text(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _platform(old: Old) -> str:
    """Return where the messages come from; ``mixed`` is ChatLab's word for several platforms."""
    if not old.has("sources"):
        return "unknown"
    rows = old.connection.execute(
        f"SELECT DISTINCT {old.column('sources', 'platform')} AS p FROM old_sources "
        "WHERE p IS NOT NULL"
    ).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else "mixed" if rows else "unknown"


def _members(old: Old) -> Iterator[dict[str, Any]]:
    query = "SELECT author_id AS id, NULL AS role FROM old_messages"
    if old.has("members"):
        query += f" UNION ALL SELECT member_id, {old.column('members', 'role')} FROM old_members"
    people = old.connection.execute(
        f"SELECT id, max(role) FROM ({query}) WHERE id IS NOT NULL GROUP BY id ORDER BY id"
    ).fetchall()
    for person, role in people:
        roles = {"roles": [{"id": role}]} if role in ("owner", "admin") else {}
        yield {"platformId": person, "accountName": person, **roles}


def _messages(old: Old) -> Iterator[dict[str, Any]]:
    def column(name: str, kind: str = "VARCHAR") -> str:
        return old.column("messages", name, kind)

    rows = old.connection.execute(
        f"SELECT {column('message_id')}, author_id, ts, {column('kind')}, {column('reply_to_id')}, "
        f"if({column('deleted_at', 'BIGINT')} IS NULL, {column('text')}, NULL), "
        f"{column('n_chars', 'BIGINT')} FROM old_messages WHERE author_id IS NOT NULL "
        f"ORDER BY ts, {column('source_id')}, {column('source_row', 'BIGINT')}, {column('message_id')}"
    )
    while block := rows.fetchmany(_BLOCK):
        for own, author, ts, kind, reply, text, chars in block:
            number = TYPES.get(kind or "text", 99)
            message = {
                "sender": author, "accountName": author, "timestamp": ts,
                "type": _REPLY if reply and number == 0 else number,
                "content": _plain(text, chars),
            }  # fmt: skip
            if own is not None:
                message["platformMessageId"] = own
            if reply is not None:
                message["replyToMessageId"] = reply
            yield message


def _plain(text: str | None, chars: int | None) -> str | None:
    """Return a text as it was written, without what keeps a spreadsheet from running it."""
    if text is None:
        return "" if chars == 0 else None  # a table knows no empty text
    if text[:1] == "'" and text[1:2] in _RUNS and len(text) != chars:
        return text[1:]
    return text
