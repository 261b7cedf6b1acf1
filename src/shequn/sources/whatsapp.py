"""Read chats exported from WhatsApp: ``_chat.txt`` in a zip, or ``WhatsApp Chat with X.txt``.

Two layouts are known, each in many local forms of date and clock: ``[date, time] name: text``
(iPhone) and ``date, time - name: text`` (Android). Which line begins a message, what its date is
and who wrote it are decided in `whatsapp_lines`, `whatsapp_clock` and `whatsapp_people`, what
WhatsApp itself writes in `whatsapp_words`, and which exports are of one chat in `whatsapp_merge`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from shequn.sources import whatsapp_report
from shequn.sources.files import Export, ExportFile
from shequn.sources.folder import Community, Value
from shequn.sources.privacy import token
from shequn.sources.redact import Redactor
from shequn.sources.report import FileLeftOut, ImportReport
from shequn.sources.times import Zone
from shequn.sources.whatsapp_clock import ask, day_number, order_of, told_order
from shequn.sources.whatsapp_lines import Log, Parser, styles
from shequn.sources.whatsapp_merge import alike, chats, drop_copies
from shequn.sources.whatsapp_people import (
    EXPORTER,
    Names,
    exporters,
    find_people,
    happened,
    people_by_channel,
)
from shequn.sources.whatsapp_tables import tables
from shequn.sources.whatsapp_words import SYSTEM
from shequn.text import ShequnError, Text

PLATFORM = "whatsapp"
_BOTS = frozenset({"Meta AI"})
_TITLE = re.compile(
    r"(?:WhatsApp (?:Chat|聊天|对话|對話)(?:记录|紀錄)? ?(?:with|mit|-|–|_)? ?(.+?)"
    r"|[与與和](.+?)的 ?WhatsApp ?(?:聊天|对话|對話)(?:记录|紀錄)?)",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(?: ?\(\d{1,3}\)| - Copy| 副本)+$")
_MEDIA = re.compile(
    r"\.(jpe?g|png|webp|gif|hei[cf]|bmp|mp[34]|mov|3gp|avi|mkv|opus|m4a|aac|ogg|amr|wav|vcf|pdf|docx?"
    r"|xlsx?|pptx?|zip|apk|rar|7z|was|thumb)"
)
_OTHER_FILE = Text(
    "not a text file (a picture or other attachment)", "不是文本文件（图片或其他附件）"
)
_NO_CHAT = Text(
    "no line begins like a WhatsApp message ([date, time] name: text, or date, time - name: text)",
    "没有一行像 WhatsApp 消息的开头（[日期 时间] 名字: 正文，或 日期 时间 - 名字: 正文）",
)
_NO_DAY = Text("none of its dates exists", "里面的日期都不存在")
_COPY = Text("a copy: other files that were read hold it whole", "重复：已读的其他文件完整包含它")


def read(
    export: Export,
    *,
    timezone: Zone,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
) -> Community:
    """Read WhatsApp exports, as `shequn.sources.Reader` says.

    All chats of an export are taken as one community: the same name in two of them is one person.
    ``date`` is not needed. With ``keep_text`` the files are read again while the messages are
    written.

    Raises
    ------
    ShequnError
        Where there is no chat, or day and month cannot be told apart.
    """
    logs, left_out = _sniff(export.files)
    export.expect([log.file for log in logs])
    logs = _parse(logs, left_out)
    if not logs:
        raise _nothing(export.place, left_out)
    for log in logs:
        log.times = timezone.utc(log.times)
        log.span = min(log.times), max(log.times)
    logs.sort(key=lambda log: log.file.sha256)  # whatever the order of the files
    everything = logs

    groups = chats(logs)
    own = exporters(logs)
    people = find_people(logs, own, [p for g in groups if len(g) > 1 for p in alike(g)])
    _name_channels(groups, key)
    for group in groups:
        if len(group) > 1:
            drop_copies(group, people.person_of)
    whole = [log for log in logs if not any(k <= SYSTEM for k in log.kinds) and log.gone]
    left_out += [FileLeftOut(log.file.name, _COPY, duplicate=True) for log in whole]
    logs = [log for log in logs if log not in whole]
    for log, me in zip(everything, own, strict=True):
        happened(log, me, people.known)  # again, without those of copies
    people.robots = {p for name, p in people.person_of.items() if name in _BOTS}
    people.hide(PLATFORM, key)
    for log in logs:
        log.ignored += sum(log.kinds[i] == SYSTEM and i not in log.actors for i in log.said) - len(
            {e[0] for e in log.events if e[0] not in log.actors}
        )
    _name_sources(logs, key)
    logs.sort(key=lambda log: (log.channel_id, log.span or (0, 0), log.file.sha256))

    report = ImportReport(PLATFORM, timezone.name, bots=len(people.robots), text_kept=keep_text)
    report.took(logs, left_out, _shown)
    whatsapp_report.fill(report, people, logs, everything)
    redact = _redactor(people) if keep_text else None
    channels = _channels(logs)
    name = ", ".join(str(c[0]) for c in channels[:3]) + ("…" if channels[3:] else "")
    made = tables(logs, people, report, channels, redact)
    return Community(name, timezone.name, made, report)


def _sniff(files: list[ExportFile]) -> tuple[list[Log], list[FileLeftOut]]:
    logs: list[Log] = []
    left_out: list[FileLeftOut] = []
    others: Counter[str] = Counter()
    for file in files:
        suffix = PurePosixPath(file.name).suffix.lower()
        if _MEDIA.fullmatch(suffix) or file.name.startswith("._"):
            others[suffix] += 1  # thousands of pictures, whose names may hold those of people
            continue
        style = styles(file.head())
        if style is None:
            left_out.append(FileLeftOut(file.name, _NO_CHAT))
            continue
        title, told = _title(file)
        logs.append(Log(file, style.name, style=style, title=title, told=told))
    left_out += [FileLeftOut(f"*{s} ({n})", _OTHER_FILE) for s, n in sorted(others.items())]
    return logs, left_out


def _title(file: ExportFile) -> tuple[str | None, str | None]:
    """Return the chat's name and the order of day and month, from the names of file and zip."""
    stem, told = _bare(PurePosixPath(file.name).stem)
    places = [stem]
    if file.packed:
        outer, also = _bare(file.path.stem)
        told = told or also
        places += [*PurePosixPath(file.packed[1].filename).parts[-2:-1], outer]
    else:
        places.append(file.path.parent.name)
    for place in places:
        if found := _TITLE.fullmatch(place.strip()):
            return (found[1] or found[2]).strip(), told
    if stem.lower().strip("_ ") == "chat":
        return (places[-1] if file.packed else None), told
    return stem, told


def _bare(stem: str) -> tuple[str, str | None]:
    stem, told = told_order(_COUNT.sub("", stem))
    return _COUNT.sub("", stem), told


def _parse(logs: list[Log], left_out: list[FileLeftOut]) -> list[Log]:
    kept: list[Log] = []
    unsure: list[tuple[str, tuple[str, ...], tuple[int, int, int]]] = []
    seen: set[str] = set()
    for log in logs:
        parser = Parser(log)
        parser.read()
        if log.file.sha256 in seen:
            left_out.append(FileLeftOut(log.file.name, _COPY, duplicate=True))
            continue
        seen.add(log.file.sha256)
        log.order = order_of(log.style, log.dates, log.date_of, log.told)
        if not log.order.name:
            ways = log.order.open
            shown = next(d for d in log.dates if len({day_number(d, n) for n in ways}) > 1)
            unsure.append((_place(log.file), ways, shown))
            continue
        wrong = [d for d in log.dates if day_number(d, log.order.name) is None]
        if log.told == log.order.name and len(wrong) * 20 > len(log.dates):
            raise _contradiction(log, wrong[0])
        if not log.kinds or len(wrong) == len(log.dates):
            left_out.append(FileLeftOut(log.file.name, _NO_DAY if log.kinds else _NO_CHAT))
            continue
        parser.settle()
        kept.append(log)
    if unsure:
        raise ShequnError(*ask(sorted(unsure)))
    return kept


def _place(file: ExportFile) -> str:
    return f"{file.path.name}/{file.name}" if file.packed else file.name


def _contradiction(log: Log, date: tuple[int, int, int]) -> ShequnError:
    shown = "/".join(f"{n:02}" for n in date)
    return ShequnError(
        Text(
            f"The name of {_place(log.file)} says {log.told}, but it holds the date {shown}.",
            f"{_place(log.file)} 的文件名说是 {log.told}，里面却有日期 {shown}。",
        ),
        Text(
            "Take the ending off the file's name, or give the other one.",
            "去掉文件名的这个结尾，或换成另一个。",
        ),
    )


def _nothing(export: Path, left_out: list[FileLeftOut]) -> ShequnError:
    shown = left_out[:3]
    return ShequnError(
        Text(
            f"No WhatsApp chat could be read in {export}. "
            + "; ".join(f"{f.file}: {f.why.en}" for f in shown),
            f"{export} 里没有能读的 WhatsApp 聊天。"
            + "；".join(f"{f.file}：{f.why.zh}" for f in shown),
        ),
        Text(
            'Give the zip or txt that "Export chat" made, or a folder of them.',
            "请给出“导出聊天”得到的 zip 或 txt，或放着它们的文件夹。",
        ),
    )


def _name_channels(groups: list[list[Log]], key: bytes) -> None:
    """Name every chat by a token: its own name may be that of a person."""
    taken: dict[str, list[Log]] = {}
    for group in groups:
        titles = sorted({log.title for log in group if log.title})
        first = min(group, key=lambda log: (log.times[0], log.file.sha256))
        told = titles[0] if titles else "\0".join([str(first.times[0]), *first.names[1:2]])
        name = "chat-" + token(key, "channel", PLATFORM, told)[:8]
        for log in group:
            log.channel_id = name
        taken.setdefault(name, []).append(first)
    for name, firsts in taken.items():
        if len(firsts) > 1:  # two chats of one name
            firsts.sort(key=lambda log: (log.times[0], log.file.sha256))
            renamed = {id(f): f"{name}-{n}" for n, f in enumerate(firsts, 1)}
            for group in groups:
                new = next((renamed[id(log)] for log in group if id(log) in renamed), None)
                for log in group:
                    log.channel_id = new or log.channel_id


def _name_sources(logs: list[Log], key: bytes) -> None:
    def parts(log: Log) -> tuple[str, ...]:
        return "source", log.channel_id, str(log.span[0] if log.span else 0), str(log.rows[0])

    # By its beginning, not its whole: an export that has grown since keeps its ids.
    times = Counter(map(parts, logs))
    for log in logs:
        more = (log.file.sha256,) if times[parts(log)] > 1 else ()
        log.source_id = "s" + token(key, *parts(log), *more)[:12]


def _channels(logs: Sequence[Log]) -> list[tuple[Value, ...]]:
    people = people_by_channel(logs)
    group: set[str] = set()
    made: dict[str, int] = {}
    for log in logs:
        if any(action in ("join", "leave", "kick", "role") for _, action, *_ in log.events):
            group.add(log.channel_id)
        for entry, _, _, _, method in log.events:
            if method == "create":
                at = log.times[entry]
                made[log.channel_id] = min(made.get(log.channel_id, at), at)
    return [
        (c, "group" if c in group or n > 2 else "private", made.get(c))
        for c, n in sorted(people.items())
    ]


def _fold(text: str) -> str:
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _redactor(people: Names) -> Redactor:
    names = {
        _fold(form): people.ids[raw]
        for raw, name in sorted(people.names)
        if raw != EXPORTER
        for form in (raw, name, name.lstrip("~"))
        if form.strip()
    }
    return Redactor(names, _fold)


def _shown(name: str) -> str:
    """Return a file's name without the name of the chat, which may be a person's."""
    stem, told = told_order(PurePosixPath(name).stem)
    if name.startswith("*") or stem.lower().strip("_ ") == "chat":
        return name
    return "X" + (f"_{told}" if told else "") + PurePosixPath(name).suffix
