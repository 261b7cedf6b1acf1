"""Read exports of Telegram Desktop: ``result.json``, of one chat or of an account.

People are known by ``from_id``. Lines of joining and leaving name people without ids: who that is
is decided in `telegram_people`. Only groups and channels are read, never talks of two people.
"""

from __future__ import annotations

import datetime as dt
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from shequn.sources import telegram_report
from shequn.sources.files import Export, ExportFile
from shequn.sources.folder import Community
from shequn.sources.privacy import token
from shequn.sources.report import FileLeftOut, ImportReport, Reading
from shequn.sources.telegram_json import END, HEAD, MESSAGE, START, walk
from shequn.sources.telegram_people import find_people
from shequn.sources.telegram_rows import GROUPS, MOVED, Book, Chat
from shequn.sources.telegram_tables import tables
from shequn.sources.telegram_text import Words
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

PLATFORM = "telegram"
_TYPES = "|".join([*sorted(GROUPS), "personal_chat", "bot_chat", "saved_messages", "replies"])
_SIGN = re.compile(
    rf'"type"\s*:\s*"(?:{_TYPES})"|"date_unixtime"\s*:'
    r'|"(?:chats|left_chats|personal_information|frequent_contacts|profile_pictures)"\s*:\s*[{\[]'
)
_HTML = Text(
    "Telegram's export as HTML is not read; choose JSON when exporting",
    "不读取 Telegram 的 HTML 导出；导出时请选 JSON",
)
_OTHER = Text("not an export of Telegram Desktop as JSON", "不是 Telegram Desktop 的 JSON 导出")
_EMPTY = Text("holds no group and no channel", "里面没有群组，也没有频道")
_COPY = Text("a copy: every message is in another file too", "重复：所有消息在另一个文件里都有")
_PRIVATE = Text("talks of two people and saved messages are not read", "私聊和收藏的消息不读取")
_ODD = Text(
    "neither type nor id stands before the messages, as Telegram Desktop writes them",
    "消息之前没有 Telegram Desktop 会写的类型和编号",
)


@dataclass
class _File(Reading):
    """A file, its chats, and how many chats were left out, by type."""

    chats: list[Chat] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    robots: set[str] = field(default_factory=set)


def read(
    export: Export,
    *,
    timezone: Zone,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
) -> Community:
    """Read exports of Telegram Desktop, as `shequn.sources.Reader` says.

    All groups and channels are taken as one community: an account is one person in all of them.
    Where several files hold a message, the file that reaches furthest counts. With ``keep_text``
    the files are read again while the messages are written. ``date`` is not used.
    """
    found, left_out = _sniff(export.files)
    export.expect(file.file for file in found)
    book = Book(timezone)
    for file in found:
        _take(file, book)
    files = [file for file in found if file.chats]
    left_out += [FileLeftOut(f.file.name, _EMPTY) for f in found if not f.chats and not f.passed]
    for file in found:
        for kind, n in sorted(file.passed.items()):
            why = _PRIVATE if kind else _ODD
            left_out.append(FileLeftOut(f"{file.file.name}+{n}-{kind or 'unknown'}", why))
    if not files:
        raise _nothing(export.place, left_out)

    read_chats = [chat for file in files for chat in file.chats]
    moved = _join_moved(read_chats)
    _drop_copies(read_chats)
    files, copies = _part_copies(files)
    left_out += [FileLeftOut(file.file.name, _COPY, duplicate=True) for file in copies]
    files.sort(key=lambda f: (f.span or (0, 0), f.file.sha256))
    for file in files:
        file.source_id = "s" + token(key, PLATFORM, "source", file.file.sha256)[:12]
        for chat in file.chats:
            chat.channel_id = "c" + token(key, PLATFORM, "channel", chat.key)[:12]
    kept = [chat for file in files for chat in file.chats]

    people = find_people(read_chats, kept, book, {r for file in found for r in file.robots})
    people.hide(PLATFORM, key)
    report = ImportReport(PLATFORM, timezone.name, bots=len(people.robots), text_kept=keep_text)
    words = Words(people, {chat.key for chat in kept})
    report.took(files, left_out, words.file_name)
    telegram_report.fill(report, people, book, kept, moved)
    channels = _names(kept)
    titles = [words(name) for name in dict.fromkeys(channels.values()) if name]
    name = ", ".join(titles[:3]) + ("…" if titles[3:] else "") or PLATFORM
    made = tables(files, kept, people, book, report, words, keep_text=keep_text, names=channels)
    return Community(name, timezone.name, made, report)


def _sniff(files: list[ExportFile]) -> tuple[list[_File], list[FileLeftOut]]:
    found: list[_File] = []
    left_out: list[FileLeftOut] = []
    for file in files:
        name = file.name.lower()
        # Beside the JSON may lie thousands of photos: they are not opened.
        if name.endswith(".json") or len(files) == 1:
            head = "\n".join(file.head())
            if head.lstrip("\ufeff \t\r\n").startswith("{") and _SIGN.search(head):
                found.append(_File(file, "telegram-json"))
                continue
        html = re.fullmatch(r"messages\d*\.html", name)
        left_out.append(FileLeftOut(file.name, _HTML if html else _OTHER))
    return found, left_out


def _take(file: _File, book: Book) -> None:
    heads: list[dict[str, Any]] = []
    chats: list[Chat | None] = []
    row = 0
    for what, name, value in walk(file.file):
        if what == MESSAGE:
            row += 1
            if not heads[-1].get(""):
                heads[-1][""] = True
                chats[-1] = _begin(file, heads[-1])
            if (chat := chats[-1]) is not None:
                file.read += 1
                book.add(chat, row, value)
        elif what == HEAD:
            if name in ("name", "type", "id"):
                heads[-1][name] = value
        elif what == START:
            heads.append({})
            chats.append(None)
        elif what == END:
            head, chat = heads.pop(), chats.pop()
            if "type" in head and not head.get(""):
                _begin(file, head)
    file.file.decoded["utf-8"] += file.read
    times = [t for chat in file.chats for t in _ends(chat.times)]
    file.span = (min(times), max(times)) if times else None


def _begin(file: _File, head: dict[str, Any]) -> Chat | None:
    """Return the chat that begins, or None for one that is left out."""
    kind, number, name = head.get("type"), head.get("id"), head.get("name")
    usable = type(number) is int and 0 < number < 1 << 63
    if isinstance(kind, str) and kind in GROUPS and usable:
        key = f"{'chat' if kind == 'private_group' else 'channel'}{number}"
        file.chats.append(Chat(file, kind, name if isinstance(name, str) else "", key))
        return file.chats[-1]
    if kind == "bot_chat" and usable:
        file.robots.add(f"user{number}")
    known = isinstance(kind, str) and kind not in GROUPS and re.fullmatch(_TYPES, kind)
    file.passed[kind if known and isinstance(kind, str) else ""] += 1
    return None


def _ends(times: array[int]) -> tuple[int, ...]:
    return (min(times), max(times)) if times else ()


def _join_moved(chats: Sequence[Chat]) -> int:
    """Join a group to the supergroup that it became, where a file of each is there.

    The supergroup's file holds the group's messages too, under numbers less by `MOVED`: where the
    numbers and times of two files agree, they are the same messages.
    """
    joined = 0
    for new in chats:
        times = {n + MOVED: t for n, t in zip(new.ids, new.times, strict=True) if n < 0}
        for old in chats if times else ():
            if old.kind == "private_group" and not old.shift:
                both = [
                    times[n] == t for n, t in zip(old.ids, old.times, strict=True) if n in times
                ]
                if both and all(both):
                    old.key, old.kind, old.shift = new.key, new.kind, -MOVED
                    joined += 1
    return joined


def _drop_copies(chats: Sequence[Chat]) -> None:
    """Mark the entries that stand twice; the file that reaches furthest counts."""

    def newest(chat: Chat) -> tuple[int, int, str]:
        return max(chat.times, default=0), len(chat.ids), chat.reading.file.sha256

    for _, group in groupby(sorted(chats, key=lambda c: c.key), key=lambda c: c.key):
        same = sorted(group, key=newest, reverse=True)
        if len(same) == 1 and all(a < b for a, b in pairwise(same[0].ids)):
            continue
        seen: set[int] = set()
        for chat in same:
            for i, number in enumerate(chat.ids):
                if number + chat.shift in seen:
                    chat.dropped.add(i)
                seen.add(number + chat.shift)
            chat.reading.ignored += len(chat.dropped)


def _part_copies(files: list[_File]) -> tuple[list[_File], list[_File]]:
    """Part files to keep from those of which nothing is kept, or that are there twice."""
    keep: dict[str, _File] = {}
    copies: list[_File] = []
    for file in files:
        dropped = file.span is not None and all(len(c.ids) == len(c.dropped) for c in file.chats)
        if dropped or keep.setdefault(file.file.sha256, file) is not file:
            copies.append(file)
    return list(keep.values()), copies


def _names(chats: Iterable[Chat]) -> dict[str, str]:
    """Return the name of each channel, the one of the file that reaches furthest."""
    newest: dict[str, tuple[int, str]] = {}
    for chat in chats:
        named = (max(chat.times, default=0), chat.name)
        newest[chat.key] = max(newest.get(chat.key, named), named)
    return {key: name for key, (_, name) in sorted(newest.items())}


def _nothing(export: Path, left_out: list[FileLeftOut]) -> ShequnError:
    whys = list(dict.fromkeys(f.why for f in left_out))[:3]
    return ShequnError(
        Text(
            f"No group of Telegram could be read in {export}: {'; '.join(w.en for w in whys)}.",
            f"{export} 里没有能读的 Telegram 群组：{'；'.join(w.zh for w in whys)}。",
        ),
        Text(
            "In Telegram Desktop open the group, choose Export chat history, and as format "
            "machine-readable JSON; give the folder that holds result.json.",
            "在 Telegram Desktop 里打开群组，选“导出聊天记录”，格式选“机器可读 JSON”；"
            "再给出 result.json 所在的文件夹。",
        ),
    )
