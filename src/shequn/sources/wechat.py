"""Read groups of WeChat, as third-party tools export them.

Three layouts are known: the CSV of WeChatMsg (留痕), the JSON of WeFlow and of EchoTrace, and the
Excel of EchoTrace. Private chats are left out. The files are told apart in `wechat_files`, grey
lines are read in `wechat_system`, and names become people in `wechat_people`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePath

from shequn.pii import mask
from shequn.sources import wechat_report
from shequn.sources.files import Export, ExportFile
from shequn.sources.folder import Community
from shequn.sources.privacy import token
from shequn.sources.redact import Redactor
from shequn.sources.report import FileLeftOut, ImportReport
from shequn.sources.times import Zone
from shequn.sources.wechat_chat import CALL, EVERYONE, Chat, number
from shequn.sources.wechat_files import NOBODY, PRIVATE, ROOM, Found, entries, sniff
from shequn.sources.wechat_people import Crowd, find_exporters, find_people
from shequn.sources.wechat_tables import link, tables
from shequn.text import ShequnError, Text

PLATFORM = "wechat"
_MAYBE_PRIVATE = Text(
    "a private chat, or a group where at most two people wrote: the file does not tell",
    "私聊，或只有不超过两人发言的群：文件看不出来",
)
_ALL_CHATS = Text(
    "all chats in one file, people by name only; export each group by itself",
    "所有聊天在一个文件里，只有名字没有微信号；请逐个群导出",
)
_EMPTY = Text("no message in it", "里面没有消息")
_COPY = Text("a copy of another file", "与另一个文件相同")
_REDACTED = "[name]"
_WORDS = re.compile(r"[^\W_]")
_NOT_NAMES = frozenset({"我", "你", NOBODY})


def read(
    export: Export,
    *,
    timezone: Zone,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
) -> Community:
    """Read WeChat groups, as `shequn.sources.Reader` says.

    All groups of an export are taken as one community: an id in two groups is one person. With
    ``keep_text`` the files are read again while the messages are written. ``date`` is not needed.
    """
    found: list[tuple[ExportFile, Found]] = []
    left_out: list[FileLeftOut] = []
    for file in export.files:
        what = sniff(file)
        if isinstance(what, Found):
            found.append((file, what))
        else:
            left_out.append(_left_out(file, what, len(left_out) + 1))
    export.expect(file for file, _ in found)
    chats: list[Chat] = []
    seen: set[tuple[str, str]] = set()
    for file, what in found:
        chat = _parse(file, what, timezone)
        copy = (file.sha256, _stem(file) if not what.group else "")
        if copy in seen:
            left_out.append(FileLeftOut(f"copy-{len(left_out) + 1}", _COPY, duplicate=True))
        elif not chat.read:
            left_out.append(_left_out(file, _EMPTY, len(left_out) + 1))
        elif chat.all_chats:
            left_out.append(_left_out(file, _ALL_CHATS, len(left_out) + 1))
        elif chat.rows and not chat.surely_group:
            left_out.append(_left_out(file, _MAYBE_PRIVATE, len(left_out) + 1))
        else:
            chat.channel = "g" + token(key, "channel", what.group or _stem(file))[:12]
            chats.append(chat)
        seen.add(copy)
    if not chats:
        raise _nothing(export.place, left_out)

    _order(chats, key)
    exporters = find_exporters(chats)
    index: dict[str, int] = {}
    for chat in chats:
        for raw in chat.people:
            index.setdefault(raw, len(index))
    groups: dict[str, list[Chat]] = {}
    for chat in chats:
        groups.setdefault(chat.channel, []).append(chat)
    doubled = sum(number(files, index) for files in groups.values())
    crowd = find_people(chats)
    crowd.exporters = exporters
    crowd.hide(PLATFORM, key)
    for chat in chats:
        grey = chat.who.count(-1)  # none of those whose author nobody knows becomes a row
        told = sum(not chat.again[at] for at in chat.authors)
        again = int(chat.again.sum())
        again_grey = sum(w < 0 and a for w, a in zip(chat.who, chat.again.tolist(), strict=True))
        chat.ignored = again - again_grey + grey - told
    links = link(chats, crowd)

    report = ImportReport(PLATFORM, timezone.name, text_kept=keep_text)
    names = {chat.file.name: chat.channel for chat in chats}
    report.took(chats, left_out, lambda name: names.get(name, name))
    wechat_report.fill(report, chats, crowd, links, doubled)
    redact = _redactor(crowd, chats) if keep_text else None
    made = tables(chats, crowd, links, report, key, timezone, redact)
    channels = sorted(groups)
    title = ", ".join(channels[:3]) + ("…" if channels[3:] else "")
    return Community(title, timezone.name, made, report)


def _parse(file: ExportFile, found: Found, zone: Zone) -> Chat:
    chat = Chat(file, found.layout, found=found)

    def bad(row: int, why: Text, text: str) -> None:
        chat.read += 1
        chat.strange(row, why, text)

    chat.take(entries(file, found, zone, bad))
    return chat


def _left_out(file: ExportFile, why: Text, n: int) -> FileLeftOut:
    """Note a file that is not read; a chat is named after people, so its name is not told."""
    suffix = PurePath(file.name).suffix.lower()
    own = why is PRIVATE or why in (_MAYBE_PRIVATE, _ALL_CHATS, _EMPTY)
    return FileLeftOut(f"chat-{n}{suffix}" if own else f"file-{n}{suffix}", why)


def _stem(file: ExportFile) -> str:
    """Return the name of a group from the name of its file."""
    name = re.sub(r"\.(csv|json|xlsx)$", "", file.name, flags=re.IGNORECASE)
    name = re.sub(r"\s*\(\d+\)$", "", name)
    return re.sub(r"(_utf8|_聊天记录(_\d+)?)$", "", name).strip().lower()


def _order(chats: list[Chat], key: bytes) -> None:
    """Put the files in order, and give them their ids."""

    def parts(chat: Chat) -> tuple[str, ...]:
        return "source", chat.channel, str(chat.span[0] if chat.span else 0), chat.layout

    # By its beginning, not its whole: an export that has grown since keeps its id.
    times = Counter(map(parts, chats))
    for chat in chats:
        more = (chat.file.sha256,) if times[parts(chat)] > 1 else ()
        chat.source_id = "s" + token(key, *parts(chat), *more)[:12]
    # The one with ids of messages first: of messages that two files have, its row is kept.
    chats.sort(key=lambda c: (c.channel, not any(c.own), c.span or (0, 0), c.layout, c.file.sha256))


def _nothing(export: Path, left_out: list[FileLeftOut]) -> ShequnError:
    whys = list(dict.fromkeys(f.why for f in left_out))[:3]
    return ShequnError(
        Text(
            f"No WeChat group could be read in {export}. {'; '.join(w.en for w in whys)}.",
            f"{export} 里没有能读的微信群。{'；'.join(w.zh for w in whys)}。",
        ),
        Text(
            "Export a group with WeChatMsg as CSV, with WeFlow as JSON, or with EchoTrace as JSON "
            "or Excel.",
            "请导出一个群：WeChatMsg（留痕）用 CSV，WeFlow 用 JSON，EchoTrace 用 JSON 或 Excel。",
        ),
    )


def _fold(text: str) -> str:
    """Return a text in lower case, of the same length."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _redactor(crowd: Crowd, chats: list[Chat]) -> Callable[[str, Chat, int], str]:
    """Return what takes names out of a text of a file: all that were seen anywhere."""
    known: dict[str, str] = {}
    for names in crowd.in_group.values():
        for name, people in names.spans.items():
            ids = {crowd.ids[raw] for raw in people if raw in crowd.ids}
            _put(known, name, next(iter(ids)) if len(ids) == 1 else _REDACTED)
    for chat in chats:
        for name in chat.quoted.values():
            _put(known, name, _REDACTED, weak=True)
        for _, notice in chat.notices:
            for way in notice.ways:
                for party in (*way.subjects, *([way.actor] if way.actor else [])):
                    for name in (party.name, *party.name.split("、")):
                        _put(known, name.strip(), _REDACTED, weak=True)
    for raw, member in crowd.ids.items():
        _put(known, raw.removesuffix(ROOM), member, weak=True)
    redactor = Redactor(known, _fold)

    def redact(text: str, chat: Chat, time: int) -> str:
        def called(found: re.Match[str]) -> str:
            whole = found[1]
            for n in range(whole.count("@") + 1):
                *before, name = whole.split("@", n)
                if name.strip().lower() in EVERYONE:
                    return found[0]
                if who := crowd.in_group[chat.channel].find(name.strip(), time):
                    return "@".join(["", *before, f"{crowd.ids[who]}\u2005"])
            return "@".join(["", *whole.split("@")[:-1], f"{_REDACTED}\u2005"])

        if "\u2005" in text:
            text = CALL.sub(called, text)
        return mask(redactor(text))

    return redact


def _put(known: dict[str, str], name: str, member: str, *, weak: bool = False) -> None:
    """Note a name. Names without a letter or digit stand in texts as signs and stay there."""
    small = _fold(name)
    if not _WORDS.search(small) or small in _NOT_NAMES:
        return
    if small not in known:
        known[small] = member
    elif not weak and known[small] != member:
        known[small] = _REDACTED
