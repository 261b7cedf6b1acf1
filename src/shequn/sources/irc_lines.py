"""The lines of an IRC log: two layouts, and what each line says."""

from __future__ import annotations

import datetime as dt
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from shequn.sources.files import LogFile
from shequn.sources.report import Example, shape
from shequn.text import Text

MESSAGE, JOIN, LEAVE, RENAME, _PERHAPS_ACTION, _DROPPED = range(6)
CLOCK, DATED = "irc-clock", "irc-dated"

# Speaker (with the mark of an operator), action, notice; then the text.
_WHO = r"(?:<[ @+%&~]?([^>]+)>|\* ?([^\s*]\S*)|-(\S+)-)\s*(.*)"
_D = "[0-9]"  # \d would take digits of any script
_CLOCK_LINE = re.compile(rf"\[({_D}{_D}:{_D}{_D}(?::{_D}{_D})?)\] +{_WHO}", re.DOTALL)
_DATED_LINE = re.compile(
    rf"(\S+ (?:19|20){_D}{_D}-{_D}{_D}-{_D}{_D} \[{_D}{_D}:{_D}{_D}:{_D}{_D}\]) +{_WHO}",
    re.DOTALL,
)
_JOINED = re.compile(r"(\S+) +(?:\[[^\]]*\] +has joined (#\S+)|entered the room\.)\s*$")
_LEFT = re.compile(r"(\S+) +(?:\[[^\]]*\] +has left (#\S+)|left the room(?: \(.*\))?\.\s*$)")
_RENAMED = re.compile(r"(\S+) is now known as (\S+)\s*$")
_CHANNEL_STATE = re.compile(r"(?:mode/|\.\.\[topic/)([#&][^\s:\]]+)")
_ADDRESSED = re.compile(r"@?([^\s,:<>]+)[,:](?:\s+|$)")
_ANNOTATION = re.compile(r"\d+ \d+ -?\s*$")
_MOST_ADDRESSED = 5
_SNIFFED = 1000
_LEAST_SHARE = 0.2
_EXAMPLES = 10

# RFC 1459: {}|^ are the lower case of []\~. Letters beyond ASCII have no case on IRC.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")


def lower(nick: str) -> str:
    """Return a nick as IRC compares it."""
    return nick.translate(_LOWER)


@dataclass
class Log:
    """What one file says, a row an entry; nicks are numbers into `nicks`.

    Attributes
    ----------
    file, layout
        The file, and ``irc-clock`` (time of day only) or ``irc-dated``.
    nicks, spelled
        Nicks as IRC compares them, and as first written.
    kinds, rows, times, who, other
        Kind of entry, 1-based line, local time in seconds, nick, and the new nick or the length of
        the text in characters.
    channels, channel_of
        Names of channels in the file, and for each entry the number of its channel.
    named, named_nick
        Entry and nick for every nick addressed at the start of a message.
    notices_only
        Nicks that never speak but in notices, as robots do.
    read, ignored, unparsed, examples
        Counts of lines, and the first that could not be understood.
    marks
        Lines on which the mark of some file stands, by that mark.
    """

    file: LogFile
    layout: str
    nicks: list[str] = field(default_factory=list)
    spelled: list[str] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=lambda: array("I"))
    times: array[int] = field(default_factory=lambda: array("q"))
    who: array[int] = field(default_factory=lambda: array("I"))
    other: array[int] = field(default_factory=lambda: array("I"))
    channels: list[str] = field(default_factory=list)
    channel_of: array[int] = field(default_factory=lambda: array("H"))
    named: array[int] = field(default_factory=lambda: array("I"))
    named_nick: array[int] = field(default_factory=lambda: array("I"))
    notices_only: set[int] = field(default_factory=set)
    read: int = 0
    ignored: int = 0
    unparsed: int = 0
    examples: list[Example] = field(default_factory=list)
    marks: dict[str, list[int]] = field(default_factory=dict)


def layout_of(lines: Iterable[str]) -> str | Text:
    """Return the layout of a file from its beginning, or why it is not read."""
    clock = dated = status = notes = seen = 0
    for line in lines:
        if not line.strip():
            continue
        seen += 1
        if _CLOCK_LINE.match(line):
            clock += 1
        elif _DATED_LINE.match(line):
            dated += 1
        elif line.startswith("=== "):
            status += 1
        elif _ANNOTATION.match(line):
            notes += 1
        if seen == _SNIFFED:
            break
    if not seen:
        return Text("empty", "空文件")
    if notes == seen:
        return Text(
            "pairs of line numbers (reply annotation), not a log",
            "行号对（回复标注），不是聊天记录",
        )
    if clock and clock + status >= _LEAST_SHARE * seen and clock >= dated:
        return CLOCK
    if dated >= max(1, _LEAST_SHARE * seen):
        return DATED
    return Text(
        "not a log in a layout known here ([HH:MM] <nick> text, or "
        "channel YYYY-MM-DD [HH:MM:SS] <nick> text)",
        "不是这里认识的记录格式（[HH:MM] <昵称> 正文，或 频道 YYYY-MM-DD [HH:MM:SS] <昵称> 正文）",
    )


def parse(
    file: LogFile, layout: str, marks: set[str], tick: Callable[[int], None] | None = None
) -> Log:
    """Read a log once.

    Parameters
    ----------
    file
        The file.
    layout
        From `layout_of`.
    marks
        Lines to note the places of, to find copies by.
    tick
        Called with the number of bytes read since the last call, for showing progress.

    Raises
    ------
    ShequnError
        Where the file cannot be read.
    """
    return _Reader(Log(file, layout)).read(marks, tick)


def text_of(line: str, layout: str) -> str:
    """Return the text of a line that was read as a message."""
    found = (_CLOCK_LINE if layout == CLOCK else _DATED_LINE).match(line)
    if found:
        return found[found.re.groups].rstrip()
    return line.split(None, 2)[2].strip()  # "=== nick text", an action in the older logs


class _Reader:
    """One walk through one file."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._numbers: dict[str, int] = {}  # nick as written -> number
        self._lowered: dict[str, int] = {}
        self._written_words: dict[str, int] = {}
        self._words: dict[str, int] = {}  # candidates for an addressed nick, or for an action's
        self._addressed: list[tuple[int, list[int]]] = []
        self._channels: dict[str, int] = {}
        self._state_channels: Counter[str] = Counter()
        self._notices: set[int] = set()
        self._speakers: set[int] = set()

    def read(self, marks: set[str], tick: Callable[[int], None] | None) -> Log:
        # One long loop: it runs once a line, and a call would cost as much as the line itself.
        log, row = self.log, 0
        dated = log.layout == DATED
        match = (_DATED_LINE if dated else _CLOCK_LINE).match
        numbers, nick, address = self._numbers, self._nick, self._address
        kinds, rows, times, who, other = log.kinds, log.rows, log.times, log.who, log.other
        last_stamp, seconds, channel = "", None, 0
        for block in log.file.blocks():
            for line in block:
                row += 1
                if line in marks:
                    log.marks.setdefault(line, []).append(row)
                found = match(line)
                if found is None:
                    self._other_line(line, row)
                    continue
                stamp, speaker, actor, noticer, text = found.groups()
                if stamp != last_stamp:
                    last_stamp = stamp
                    seconds = _moment(stamp) if dated else _seconds(stamp)
                    if dated:
                        channel = self._channel(stamp.partition(" ")[0])
                if seconds is None:
                    self._other_line(line, row)
                    continue
                written = speaker or actor or noticer
                number = numbers.get(written)
                if number is None:
                    number = nick(written)
                if noticer is None:
                    self._speakers.add(number)
                else:
                    self._notices.add(number)
                text = text.rstrip()
                if ":" in text or "," in text:
                    address(text, len(kinds))
                kinds.append(MESSAGE)
                rows.append(row)
                times.append(seconds)
                who.append(number)
                other.append(len(text))
                if dated:
                    log.channel_of.append(channel)
            if tick:
                tick(sum(map(len, block)) + len(block))
        log.read = row
        self._finish()
        return log

    def _other_line(self, line: str, row: int) -> None:
        if line.startswith("=== ") and self.log.layout == CLOCK:
            if not self._status(line[4:].lstrip(), row):
                self.log.ignored += 1
        elif line.strip():
            self._strange(line, row)
        else:
            self.log.ignored += 1

    def _address(self, text: str, entry: int) -> None:
        words: list[int] = []
        found = _ADDRESSED.match(text)
        while found and len(words) < _MOST_ADDRESSED:
            words.append(self._word(found[1]))
            found = _ADDRESSED.match(text, found.end())
        if words:
            self._addressed.append((entry, words))

    def _word(self, written: str) -> int:
        number = self._written_words.get(written)
        if number is None:
            number = self._words.setdefault(lower(written), len(self._words))
            self._written_words[written] = number
        return number

    def _status(self, line: str, row: int) -> bool:
        """Note a line that begins with ``===``; return whether it says anything we keep."""
        now = (
            self.log.times[-1] if self.log.times else -1
        )  # -1: filled in from the first timed line
        if found := _JOINED.match(line):
            self._seen_in(found[2])
            self._entry(JOIN, row, now, self._nick(found[1]), 0)
        elif found := _LEFT.match(line):
            self._seen_in(found[2])
            self._entry(LEAVE, row, now, self._nick(found[1]), 0)
        elif found := _RENAMED.match(line):
            self._entry(RENAME, row, now, self._nick(found[1]), self._nick(found[2]))
        elif found := _CHANNEL_STATE.match(line):
            self._seen_in(found[1])
            return False
        else:
            nick, _, text = line.partition(" ")
            self._entry(_PERHAPS_ACTION, row, now, self._word(nick), len(text.strip()))
        return True

    def _entry(self, kind: int, row: int, seconds: int, who: int, other: int) -> None:
        log = self.log
        log.kinds.append(kind)
        log.rows.append(row)
        log.times.append(seconds)
        log.who.append(who)
        log.other.append(other)

    def _nick(self, nick: str) -> int:
        number = self._numbers.get(nick)
        if number is None:
            key = lower(nick)
            number = self._lowered.setdefault(key, len(self.log.nicks))
            if number == len(self.log.nicks):
                self.log.nicks.append(key)
                self.log.spelled.append(nick)
            self._numbers[nick] = number
        return number

    def _channel(self, name: str) -> int:
        number = self._channels.get(name)
        if number is None:
            number = self._channels[name] = len(self.log.channels)
            self.log.channels.append(name)
        return number

    def _seen_in(self, channel: str | None) -> None:
        if channel:
            self._state_channels[lower(channel)] += 1

    def _strange(self, line: str, row: int) -> None:
        self.log.unparsed += 1
        if len(self.log.examples) < _EXAMPLES:
            why = Text("not a line of this layout", "不符合此格式")
            self.log.examples.append(Example("", row, why, shape(line)))

    def _finish(self) -> None:
        """Decide what could not be decided before the last line."""
        log = self.log
        words = list(self._words)
        for i, kind in enumerate(log.kinds):
            if kind != _PERHAPS_ACTION:
                continue
            # "=== bob waves" is an action of the older logs, "=== Log opened" is not: the first
            # word must be a nick that the file also shows otherwise.
            number = self._lowered.get(words[log.who[i]])
            if number is None:
                log.kinds[i] = _DROPPED
                log.ignored += 1
            else:
                log.kinds[i], log.who[i] = MESSAGE, number
                self._speakers.add(number)
        for entry, candidates in self._addressed:
            for word in candidates:
                number = self._lowered.get(words[word])
                if number is None:  # "well, bob: ..." names nobody at its start
                    break
                log.named.append(entry)
                log.named_nick.append(number)
        first = next((t for t in log.times if t >= 0), 0)
        for i, time in enumerate(log.times):
            if time >= 0:
                break
            log.times[i] = first
        log.notices_only = self._notices - self._speakers
        if log.layout == CLOCK and self._state_channels:
            most = max(self._state_channels.values())
            log.channels = [min(c for c, n in self._state_channels.items() if n == most)]


def _seconds(stamp: str) -> int | None:
    """Return seconds since midnight for ``HH:MM`` or ``HH:MM:SS``."""
    hours, minutes, seconds = int(stamp[:2]), int(stamp[3:5]), int(stamp[6:] or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _moment(stamp: str) -> int | None:
    """Return local seconds since 1970 for ``channel YYYY-MM-DD [HH:MM:SS]``."""
    start, clock = _day_start(stamp[-21:-11]), _seconds(stamp[-9:-1])
    return None if start is None or clock is None else start + clock


@lru_cache(maxsize=64)
def _day_start(day: str) -> int | None:
    try:
        return (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days * 86_400
    except ValueError:
        return None
