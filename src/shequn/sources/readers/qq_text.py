"""Read the text that QQ's message manager writes: one chat, or all chats one after the other."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field

from shequn.sources.intake import Intake
from shequn.sources.readers.qq_notices import ROLES, SYSTEM, Notices
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

OBJECT, SORT = "消息对象:", "消息分组:"
_RULE = "========"
_GROUPS = ("群", "讨论组", "多人聊天")  # in the name of the list that a chat stands in
_ANONYMOUS = "80000000"  # one account for everybody who writes without a name
_EPOCH = dt.date(1970, 1, 1).toordinal()
_JITTER, _CLOCK_CHANGE = 300, 3600  # seconds by which a message may be older than the one before
_DOUBT = 30  # so many older lines in a row are no quotation
_NO_MESSAGE = Text("no message, and none before it", "不是消息，前面也没有消息")
KINDS = {
    "图片": "image", "闪照": "image", "表情": "sticker", "动画表情": "sticker", "语音": "voice",
    "视频": "video", "短视频": "video", "文件": "file", "QQ红包": "redpacket", "红包": "redpacket",
    "转账": "transfer", "聊天记录": "forward", "转发消息": "forward", "位置": "share",
    "位置消息": "share", "分享": "share", "JSON消息": "share", "推荐联系人": "share",
    "语音通话": "call", "视频通话": "call", "通话记录": "call",
}  # fmt: skip


@dataclass(frozen=True)
class Who:
    """What stands behind the time: id, name, role; whether an id is shown; or the client itself."""

    raw: str
    name: str
    role: str
    shown: bool
    system: bool


def who_of(tail: str) -> Who:
    """Return who stands behind the time in the first line of a message."""
    role, name = "", tail.strip()
    if name.startswith("【") and (end := name.find("】")) > 0:  # the title that the group gave
        role, name = ROLES.get(name[1:end], ""), name[end + 1 :]
    for first, last in (("(", ")"), ("<", ">")):
        if name.endswith(last) and (at := name.rfind(first)) >= 0:
            raw, shown = name[at + 1 : -1], name[:at].strip()
            if first == "(" and raw.isascii() and raw.isdigit():
                if raw == _ANONYMOUS:
                    return Who(f"anonymous:{shown}", shown, role, True, False)
                return Who(raw, shown, role, True, raw in SYSTEM)
            if first == "<" and "@" in raw:
                return Who(raw.lower(), shown, role, True, False)
    return Who(f"nick:{name}", name, role, False, name == "系统消息")


def kind_of(text: str) -> str:
    """Return the kind of a message from what stands in place of a picture and the like."""
    word, end, rest = text[1:].partition("]")
    if end and (not rest.strip() or word in ("QQ红包", "红包", "文件", "分享")):
        return KINDS.get(word, "text")
    return "text"


def day_of(day: str) -> int:
    """Return seconds from 1970 to a day, as YYYY-MM-DD; -1 where there is none such."""
    try:
        return (dt.date.fromisoformat(day).toordinal() - _EPOCH) * 86400
    except ValueError:
        return -1


def clock_of(clock: str) -> int:
    """Return seconds of the day for H:MM:SS; -1 where it is none."""
    parts = clock.split(":")
    if len(parts) != 3 or not clock.isascii() or not all(p.isdigit() for p in parts):
        return -1
    if not (len(parts[0]) <= 2 and len(parts[1]) == len(parts[2]) == 2):
        return -1
    hours, minutes, seconds = map(int, parts)
    if hours > 23 or minutes > 59 or seconds > 59:
        return -1
    return hours * 3600 + minutes * 60 + seconds


@dataclass(slots=True)
class _Said:
    """A message of which the lines are still read."""

    line: str
    local: int
    who: Who
    body: list[str] = field(default_factory=list)


class Log:
    """A file of text, read line by line.

    A line counts as the beginning of a message where it looks like one, stands behind an empty
    line, bears an id where the chat's others do, and is not older than the message before: so
    quoted records stay in the message that quotes them.

    Parameters
    ----------
    file
        To read.
    intake, notices
        What is put in, and the grey lines.
    calls
        Notes who is named in a text.
    """

    def __init__(
        self,
        file: Reading,
        intake: Intake,
        notices: Notices,
        calls: Callable[[int, int, int, str], None],
    ) -> None:
        self._file, self._intake, self._notices, self._calls = file, intake, notices, calls
        self._at, self._message = intake.options.zone.at, intake.message
        self._days: dict[str, int] = {}
        self._clocks: dict[str, int] = {}
        self._tails: dict[str, Who] = {}
        self._slack = _slack(intake.options.zone.name)
        self._sort, self._name = "", file.file.name.rsplit(".", 1)[0]
        self.private = 0
        self._begin()

    def read(self) -> None:
        """Put in what the file says."""
        loose = _without_gaps(self._file)
        free, rule = True, False  # whether an empty line, or one of = stands before
        for block in self._file.file.blocks():
            for line in block:
                if line[4:5] == "-" and line[7:8] == "-" and (free or loose):
                    if (said := self._header(line)) is not None:
                        self._meet(said)
                        free = rule = False
                        continue
                elif rule and line.startswith((OBJECT, SORT)):
                    self._section(line)
                    free, rule = True, False
                    continue
                if self._held:
                    self._held[-1].body.append(line)
                elif self._now is not None:
                    self._now.body.append(line)
                elif line and not line.startswith((_RULE, "消息记录", OBJECT, SORT)):
                    self._stray(line)
                rule = line.startswith(_RULE)
                free = not line or rule
        self._end()

    def _begin(self) -> None:
        """Begin with a chat."""
        self._now: _Said | None = None
        self._held: list[_Said] = []  # older than the message before: records that it quotes
        self._waiting: list[tuple[int, int, str]] = []
        self._newest = 0
        # Whether it is a group, and whether its messages show ids: the first message tells.
        self._group: bool | None = True if any(g in self._sort for g in _GROUPS) else None
        self._shown: bool | None = None
        self._channel = -1

    def _section(self, line: str) -> None:
        self._drop_rule()
        self._end()
        if line.startswith(SORT):
            self._sort = line.removeprefix(SORT).strip()
        else:
            self._name = line.removeprefix(OBJECT).strip()
        self._begin()

    def _drop_rule(self) -> None:
        """Take the line of = in front of a heading out of the message before it."""
        body = self._held[-1].body if self._held else self._now.body if self._now else []
        if body and body[-1].startswith(_RULE):
            body.pop()

    def _header(self, line: str) -> _Said | None:
        day = self._days.get(line[:10])
        if day is None:
            day = self._days[line[:10]] = day_of(line[:10])
        if day < 0 or line[10:11] != " ":
            return None
        clock, _, tail = line[11:].partition(" ")
        seconds = self._clocks.get(clock)
        if seconds is None:
            seconds = clock_of(clock)
            if seconds >= 0:
                self._clocks[clock] = seconds
        if seconds < 0 or not tail:
            return None
        if tail[:3] in ("AM ", "PM ", "上午 ", "下午 ") and 3600 <= seconds < 46800:
            # Windows in some regions: 8:43:38 PM.
            seconds = seconds % 43200 + (43200 if tail[0] in "P下" else 0)
            tail = tail[3:]
        who = self._tails.get(tail)
        if who is None:
            who = self._tails[tail] = who_of(tail)
        if not who.system:
            if self._shown and not who.shown:
                return None
            if self._shown is None:
                self._decide(who)
        return _Said(line, day + seconds, who)

    def _decide(self, who: Who) -> None:
        self._shown = who.shown
        if self._group is None:
            self._group = who.shown  # among friends no ids are shown
            self.private += not self._group
        if self._group:
            self._open()
            for row, local, text in self._waiting:
                self._gray(row, self._at(local), text)
        self._waiting.clear()

    def _open(self) -> int:
        if self._channel < 0:
            self._channel = self._intake.channel(
                f"group/{self._name}", kind="group", name=self._name
            )
            self._intake.title = self._intake.title or self._name
        return self._channel

    def _meet(self, said: _Said) -> None:
        if said.local + self._slack < self._newest:
            self._held.append(said)
            if len(self._held) <= _DOUBT:
                return
            held, self._held = self._held, []
            for older in held:
                self._put()
                self._now = older
        else:
            if self._held:
                self._quote()
            if self._now is not None:
                self._put()
            self._now = said
        self._newest = self._now.local if self._now else 0

    def _quote(self) -> None:
        """Give the message the records that it quotes."""
        if self._held and self._now:
            for older in self._held:
                self._now.body += [older.line, *older.body]
        self._held = []

    def _end(self) -> None:
        self._quote()
        self._put()

    def _stray(self, line: str) -> None:
        self._file.read += 1
        self._file.strange(self._file.read, _NO_MESSAGE, line)

    def _put(self) -> None:
        said, self._now = self._now, None
        if said is None:
            return
        self._file.read += 1
        row, who = self._file.read, said.who
        if self._group is False:
            return
        body = said.body
        if len(body) == 2 and not body[1]:
            text = body[0]  # as nearly all are
        else:
            while body and not body[-1]:
                body.pop()
            text = "\n".join(body)
        if who.system:
            if self._group is None:
                self._waiting.append((row, said.local, text))
            else:
                self._gray(row, self._at(said.local), text)
            return
        ts = self._at(said.local)
        if not 0 < ts <= LATEST:
            self._file.strange(row, _NO_MESSAGE, said.line)
            return
        kind = kind_of(text) if text[:1] == "[" else "text"
        if kind != "text":
            text = ""
        channel = self._channel if self._channel >= 0 else self._open()
        self._message(row, channel, who.raw, ts, text, kind, name=who.name)
        if who.role:
            self._notices.role(who.raw, ts, who.role)
        if "@" in text:
            self._calls(row, channel, ts, text)

    def _gray(self, row: int, ts: int, text: str) -> None:
        if 0 < ts <= LATEST:
            self._notices.add(self._file, row, self._open(), ts, text)


def _without_gaps(file: Reading) -> bool:
    """Tell whether the file has lost the empty lines between its messages."""
    lines = file.file.head()
    starts = [n for n, line in enumerate(lines) if n and looks_like_one(line)]
    return len(starts) > 2 and 2 * sum(bool(lines[n - 1].strip()) for n in starts) > len(starts)


def looks_like_one(line: str) -> bool:
    """Tell whether a line looks like the first of a message, its id included."""
    if line[4:5] != "-" or line[10:11] != " " or day_of(line[:10]) < 0:
        return False
    clock, _, tail = line[11:].partition(" ")
    return clock_of(clock) >= 0 and who_of(tail).shown


def _slack(zone: str) -> int:
    """Return by how much a message may seem older: more where clocks are put back each year."""
    info = zoneinfo.ZoneInfo(zone)
    moves = any(
        info.utcoffset(dt.datetime(year, 1, 1)) != info.utcoffset(dt.datetime(year, 7, 1))
        for year in range(2005, 2027)
    )
    return _CLOCK_CHANGE if moves else _JITTER
