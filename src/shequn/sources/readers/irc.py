"""Read IRC logs.

Two layouts are known. ``[HH:MM] <nick> text`` (also with seconds) shows only the time of day; the
date comes from the file's name, and ``=== `` begins status lines and, in older logs, actions.
``channel YYYY-MM-DD [HH:MM:SS] <nick> text`` shows everything. In both, ``* nick text`` is an
action and ``-nick- text`` a notice. Who is who is decided in `irc_people`, when in `irc_clock`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from shequn.sources.intake import Intake, slug
from shequn.sources.platforms import Head
from shequn.sources.readers.irc_clock import named_date
from shequn.sources.readers.irc_lines import CLOCK, DATED, layout_of, lower
from shequn.sources.readers.irc_logs import Lines, Log, survey
from shequn.sources.readers.irc_people import Nicks, Who
from shequn.sources.report import FileLeftOut, Reading
from shequn.text import Text

NAME = Text("IRC", "IRC")
HINT = Text(
    "Lines must read [HH:MM] <nick> text in a file whose name holds YYYY-MM-DD (or with --date), "
    "or: channel YYYY-MM-DD [HH:MM:SS] <nick> text.",
    "每行应为 [HH:MM] <昵称> 正文（文件名含 YYYY-MM-DD，或用 --date 给出日期），"
    "或为：频道 YYYY-MM-DD [HH:MM:SS] <昵称> 正文。",
)
LAYOUTS = {
    CLOCK: Text("lines like [HH:MM] <nick> text", "形如 [HH:MM] <昵称> 正文 的行"),
    DATED: Text(
        "lines like channel YYYY-MM-DD [HH:MM:SS] <nick> text",
        "形如 频道 YYYY-MM-DD [HH:MM:SS] <昵称> 正文 的行",
    ),
}
_NO_DATE = Text(
    "no date in the file name; rename it to hold YYYY-MM-DD or pass --date",
    "文件名里没有日期；请改名使其含 YYYY-MM-DD，或用 --date 给出",
)
_COPY = Text(
    "a copy: another file that was read holds it whole", "重复：已读的另一个文件完整包含它"
)
# A log may be called anything; what is surely none is not opened.
_NO_LOGS = (
    ".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp3", ".mp4", ".ogg", ".pdf", ".json", ".jsonl",
    ".xlsx", ".html", ".sqlite", ".db",
)  # fmt: skip


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    return None if head.name.endswith(_NO_LOGS) else layout_of(head.lines)


def read(files: list[Reading], intake: Intake) -> None:
    """Put what logs say into an intake.

    All logs of an export are taken as one community: the same nick in two channels is one person.
    """
    intake.identity, intake.fold = "words", lower
    nicks = Nicks()
    logs = _logs(files, intake, nicks)
    channels = _channels(logs, intake)
    lines = Lines(intake, nicks)
    for log, channel in zip(logs, channels, strict=True):
        intake.open(log.reading)
        lines.put(log, channel)

    robots = nicks.robots
    who = nicks.settle(robots)
    for nick, (first, written, last) in nicks.seen.items():
        number = intake.people.number(nick)
        intake.people.see(number, written, first)
        intake.people.see(number, written, last)
    for one, other in who.same:
        intake.same(one, other)
    for nick in robots:
        intake.member(nick, is_bot=True)
    guessed = _name_channels(intake, lines, nicks)
    _note_people(intake, who, len(robots))
    _note_times(intake, logs, guessed)


def _logs(files: list[Reading], intake: Intake, nicks: Nicks) -> list[Log]:
    """Return the logs to read, those without dates looked through; the others are left out."""
    logs: list[Log] = []
    date, by_hand = intake.options.date, 0
    for file in files:
        log = Log(file, named_date(file.file.name))
        file.told_by_name = file.layout == CLOCK  # its day, and mostly its channel
        if file.layout == CLOCK and not log.named:
            if date is None:
                file.left_out = FileLeftOut(file.file.name, _NO_DATE)
                continue
            by_hand += 1
        logs.append(log)
    for log in logs:
        if log.reading.layout == CLOCK:
            survey(log, date, nicks)
    kept = _whole(logs, date)
    intake.note(
        f"{by_hand:,} files have no date in their name; their first line was placed on {date}.",
        f"{by_hand:,} 个文件名里没有日期，首行算作 {date}。",
        when=by_hand,
    )
    return kept


def _whole(logs: Sequence[Log], date: dt.date | None) -> list[Log]:
    """Leave out logs of which another log of the same day, whatever its name, has every line.

    Where lines name no channel, files called differently are different channels, and only their
    words can tell that one is a copy or a part of the other.
    """
    days: dict[dt.date | None, list[Log]] = {}
    for log in logs:
        if log.prints is not None:
            days.setdefault(log.named.day if log.named else date, []).append(log)
    copies: set[int] = set()
    for some in days.values():
        some.sort(key=lambda x: (-x.lines, x.reading.file.name, x.reading.file.key))
        for n, log in enumerate(some):
            if any(log.part_of(x) for x in some[:n] if id(x) not in copies):
                copies.add(id(log))
                log.reading.left_out = FileLeftOut(log.reading.file.name, _COPY, duplicate=True)
    for log in logs:
        log.prints = None  # eight bytes a line
    return [log for log in logs if id(log) not in copies]


def _stem(log: Log) -> str:
    name = log.named.rest if log.named else log.reading.file.name
    return re.sub(r"(\.(raw|ascii|txt|log|irc))+$", "", name, flags=re.IGNORECASE).strip(" ._-")


def _channels(logs: Sequence[Log], intake: Intake) -> list[int]:
    """Return the channel of each log: named by its lines, by logs named alike, or by its name."""
    sisters: dict[str, set[str]] = {}
    for log in logs:
        if log.channel:
            sisters.setdefault(_stem(log), set()).add(log.channel)
    found: list[int] = []
    for log in logs:
        known = sisters.get(_stem(log), set())
        if log.reading.layout == DATED:
            found.append(-1)
        elif name := log.channel or (min(known) if len(known) == 1 else ""):
            found.append(intake.channel(name))
        else:
            found.append(intake.channel(f"/{_stem(log)}"))
    return found


def _name_channels(intake: Intake, lines: Lines, nicks: Nicks) -> set[str]:
    """Show the names of channels, but not of private talks; return those known by files alone.

    A talk is named like a person, with two people in it at most; a file is like a channel.
    """
    guessed: set[str] = set()
    for number, channel in enumerate(intake.channels):
        name = channel.raw.removeprefix("/")
        by_file = name != channel.raw
        few = by_file or len(lines.present.get(number, ())) <= 2
        if lower(name) in nicks.seen and few:
            channel.kind = "query"
            continue
        # Several names may be one channel: #Rust in one log, rust in another.
        channel.raw = channel.public = slug(lower(name)) or "irc"
        channel.kind = "channel"
        if by_file:
            guessed.add(channel.public)
    return guessed


def _note_people(intake: Intake, who: Who, robots: int) -> None:
    intake.note(
        f"A nick is one person, in any case. Of {who.renames:,} pairs of nicks in rename lines, "
        f"{len(who.same):,} are joined to one person; {who.placeholders:,} hold a placeholder "
        "(Guest…) or a bot and are not. Groups of nicks taken apart because two of them talked in "
        f"turn: {who.conflicts:,}.",
        f"同一昵称算一个人，不分大小写。改名行里有 {who.renames:,} 对昵称，"
        f"{len(who.same):,} 对并为一人；{who.placeholders:,} 对含占位昵称（Guest…）或机器人，不并。"
        f"因两个昵称交替发言而拆开的昵称组：{who.conflicts:,}。",
    )
    intake.note(
        "All channels are one community: the same nick in two of them is one person.",
        "所有频道算一个社群：两个频道里的同一昵称算一个人。",
    )
    intake.note(
        f"Bots ({robots}): nicks that end in bot (and a number), a few known ones, and those that "
        "only send notices. Correct this with a list: --bots FILE.",
        f"机器人（{robots} 个）：以 bot（加数字）结尾的昵称、几个已知的，"
        "以及只发通知的。有误请用名单更正：--bots 文件。",
    )


def _note_times(intake: Intake, logs: Sequence[Log], guessed: set[str]) -> None:
    clocks = [log.placed for log in logs if log.placed]
    n, twelve = len(clocks), sum(c.twelve for c in clocks)
    unsure, outside = sum(c.unsure for c in clocks), sum(c.outside for c in clocks)
    intake.note(
        f"{n:,} files show only the time of day. The date is from the file name; an hour behind it "
        "lies near the end of the file. The clock running back by more than an hour and a half is "
        "midnight. Status lines have the time of the line before.",
        f"{n:,} 个文件只有时刻。日期取自文件名，日期后的小时靠近文件末尾；"
        "时钟倒退超过一个半小时算过了午夜。状态行用前一行的时间。",
        when=n,
    )
    intake.note(
        f"{twelve:,} files have a twelve-hour clock without am and pm.",
        f"{twelve:,} 个文件用十二小时制且不分上下午。",
        when=twelve,
    )
    intake.note(
        f"{unsure:,} files show only the hours 1 to 12 and no hour in their name: morning and "
        "afternoon cannot be told apart, and they were read as beginning in the morning.",
        f"{unsure:,} 个文件只出现 1 到 12 点，文件名里也没有小时：分不清上下午，按从上午开始读取。",
        when=unsure,
    )
    intake.note(
        f"{outside:,} files have no line in the hour that their name gives; they were placed as "
        "near as possible.",
        f"{outside:,} 个文件里没有文件名所示小时的行，放在最接近处。",
        when=outside,
    )
    names = ", ".join(sorted(guessed)[:10])
    intake.note(
        f"Some logs do not name their channel; it was taken from the file name: {names}.",
        f"有的记录没有写频道，按文件名取：{names}。",
        when=guessed,
    )
    odd = sum(
        rows for log in logs for name, rows in log.reading.file.decoded.items() if name != "utf-8"
    )
    intake.note(
        f"{odd:,} rows are not UTF-8 and were read as GB18030 or Latin-1.",
        f"{odd:,} 行不是 UTF-8，按 GB18030 或 Latin-1 读取。",
        when=odd,
    )
