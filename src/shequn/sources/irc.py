"""Read IRC logs.

Two layouts are known. ``[HH:MM] <nick> text`` (also with seconds) shows only the time of day; the
date comes from the file's name, and ``=== `` begins status lines and, in older logs, actions.
``channel YYYY-MM-DD [HH:MM:SS] <nick> text`` shows everything. In both, ``* nick text`` is an
action and ``-nick- text`` a notice. Who is who is decided in `irc_people`, when in `irc_clock`.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container
from pathlib import Path

from shequn.sources import copies, irc_report
from shequn.sources.files import Export, ExportFile
from shequn.sources.folder import Community
from shequn.sources.irc_clock import named_date, place
from shequn.sources.irc_lines import CLOCK, DATED, Log, layout_of, lower, parse
from shequn.sources.irc_people import find_people
from shequn.sources.irc_tables import tables
from shequn.sources.privacy import token
from shequn.sources.redact import Redactor
from shequn.sources.report import FileLeftOut, ImportReport
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

PLATFORM = "irc"
_SURE_COPY = 20  # so many lines in a row, clock included, are hardly alike by chance
_NO_DATE = Text(
    "no date in the file name; rename it to hold YYYY-MM-DD or pass --date",
    "文件名里没有日期；请改名使其含 YYYY-MM-DD，或用 --date 给出",
)
_COPY = Text(
    "a copy: another file that was read holds it whole", "重复：已读的另一个文件完整包含它"
)


def read(
    export: Export,
    *,
    timezone: Zone,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
) -> Community:
    """Read IRC logs, as `shequn.sources.Reader` says.

    All logs of an export are taken as one community: the same nick in two channels is one person.
    With ``keep_text`` the files are read again while the messages are written.
    """
    logs, left_out = _sniff(export.files, date)
    files = [log.file for log in logs]
    export.expect(files)
    copies.watch(files)
    for log in logs:
        parse(log)
        if log.layout == CLOCK and log.times:
            day, hour = (log.named.day, log.named.hour) if log.named else (date, None)
            assert day is not None  # or the file was left out
            log.placed = place(log.times, day, hour)
            log.times = log.placed.times
    logs, again = copies.part_copies(logs, _by_chance)
    left_out += [FileLeftOut(log.file.name, _COPY, duplicate=True) for log in again]
    if not logs:
        raise _nothing(export.place, left_out)
    for log in logs:
        log.times = timezone.utc(log.times)
        log.span = (min(log.times), max(log.times)) if log.times else None

    people = find_people(logs)
    people.hide(PLATFORM, key)
    for log in logs:
        log.members = [people.ids[nick] for nick in log.nicks]
    guessed = _name_channels(logs, people.ids, key)
    _name_sources(logs, key)
    logs.sort(key=lambda log: (log.channel_ids, log.span or (0, 0), log.file.sha256))

    report = ImportReport(PLATFORM, timezone.name, bots=len(people.robots), text_kept=keep_text)
    redact = Redactor(people.ids, lower)
    report.took(logs, left_out, redact.file_name)
    irc_report.fill(report, people, logs, date, guessed)
    channels = sorted({c for log in logs for c in log.channel_ids})
    name = ", ".join(channels[:3]) + ("…" if channels[3:] else "")
    made = tables(logs, people, report, redact if keep_text else None)
    return Community(name, timezone.name, made, report)


def _sniff(files: list[ExportFile], date: dt.date | None) -> tuple[list[Log], list[FileLeftOut]]:
    logs: list[Log] = []
    left_out: list[FileLeftOut] = []
    for file in files:
        head = file.head()
        layout = layout_of(head)
        named = named_date(file.name)
        if isinstance(layout, Text):
            left_out.append(FileLeftOut(file.name, layout))
        elif layout == CLOCK and named is None and date is None:
            left_out.append(FileLeftOut(file.name, _NO_DATE))
        else:
            first = next(line for line in head if line.strip())
            logs.append(Log(file, layout, first_line=first, named=named))
    return logs, left_out


def _by_chance(whole: Log, part: Log, skip: int) -> bool:
    """Tell whether a file holds the lines of another, behind some others, by chance."""
    # The dated layout names the channel in every line.
    same_channel = whole.layout == part.layout == DATED or _stem(whole) == _stem(part)
    # Where only a robot talks, the days of one series are alike.
    days = {log.named.day for log in (whole, part) if log.named and same_channel}
    if not part.rows or (part.read >= _SURE_COPY and len(days) < 2):
        return False
    # The last line's time, since status lines at the beginning have none of their own.
    last = bisect_left(whole.rows, part.rows[-1] + skip)
    return not same_channel or whole.times[last] != part.times[-1]


def _nothing(export: Path, left_out: list[FileLeftOut]) -> ShequnError:
    shown = left_out[:3]
    return ShequnError(
        Text(
            f"No IRC log could be read in {export}. "
            + "; ".join(f"{f.file}: {f.why.en}" for f in shown),
            f"{export} 里没有能读的 IRC 记录。" + "；".join(f"{f.file}：{f.why.zh}" for f in shown),
        ),
        Text(
            "Lines must read [HH:MM] <nick> text in a file whose name holds YYYY-MM-DD (or with "
            "--date), or: channel YYYY-MM-DD [HH:MM:SS] <nick> text.",
            "每行应为 [HH:MM] <昵称> 正文（文件名含 YYYY-MM-DD，或用 --date 给出日期），"
            "或为：频道 YYYY-MM-DD [HH:MM:SS] <昵称> 正文。",
        ),
    )


def _name_channels(logs: list[Log], nicks: Container[str], key: bytes) -> set[str]:
    """Give every log the ids of its channels; return those known by the names of files alone."""
    sisters: dict[str, set[str]] = {}  # channels that files named alike tell of
    for log in logs:
        if log.layout == CLOCK:
            sisters.setdefault(_stem(log), set()).update(log.channels)
    guessed: set[str] = set()
    for log in logs:
        stem = _stem(log)
        if log.layout == DATED:
            log.channel_ids = tuple(
                _talk(name, key) if _is_talk(log, n, nicks) else _slug(name)
                for n, name in enumerate(log.channels)
            )
            continue
        known = log.channels or (sisters[stem] if len(sisters[stem]) == 1 else ())
        named = _talk(stem, key) if lower(stem) in nicks else _slug(stem)
        log.channel_ids = tuple(map(_slug, known)) or (named,)
        if not log.channels:
            guessed.update(log.channel_ids)
    return guessed


def _is_talk(log: Log, channel: int, nicks: Container[str]) -> bool:
    """Tell whether a channel is a private talk: named like a person, with two people at most."""
    if lower(log.channels[channel]) not in nicks:
        return False
    present = {who for who, c in zip(log.who, log.channel_of, strict=True) if c == channel}
    return len(present) <= 2


def _talk(name: str, key: bytes) -> str:
    # The name of a person must not become the id of a channel.
    return "query-" + token(key, "channel", lower(name))[:8]


def _slug(name: str) -> str:
    return re.sub(r"[^\w+.-]+", "-", lower(name)).strip("-.") or PLATFORM


def _stem(log: Log) -> str:
    name = log.named.rest if log.named else log.file.name
    return re.sub(r"(\.(raw|ascii|txt|log|irc))+$", "", name, flags=re.IGNORECASE).strip(" ._-")


def _name_sources(logs: list[Log], key: bytes) -> None:
    def parts(log: Log) -> tuple[str, ...]:
        return "source", *log.channel_ids, str(log.span[0] if log.span else 0), log.first_line

    # By its beginning, not its whole: a log that has grown since keeps its ids.
    times = Counter(map(parts, logs))
    for log in logs:
        more = (log.file.sha256,) if times[parts(log)] > 1 else ()
        log.source_id = "s" + token(key, *parts(log), *more)[:12]
