"""The lines of an IRC log: two layouts, and what each line says."""

from __future__ import annotations

import datetime as dt
import re
from array import array
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from shequn.sources.irc_clock import DAY, EPOCH, NamedDate, Placed
from shequn.sources.report import Reading
from shequn.text import Text

MESSAGE, JOIN, LEAVE, RENAME, DROPPED = range(5)
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
_NUMBERS, _TIMES = partial(array, "I"), partial(array, "q")
_STRANGE = Text("not a line of this layout", "不符合此格式")

# RFC 1459: {}|^ are the lower case of []\~. Letters beyond ASCII have no case on IRC.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")


def lower(nick: str) -> str:
    """Return a nick as IRC compares it."""
    return nick.translate(_LOWER)


@dataclass
class Log(Reading):
    """What one file says, a row an entry; nicks are numbers into `nicks`.

    The layout is ``irc-clock`` (time of day only) or ``irc-dated``.

    Attributes
    ----------
    first_line, named
        The first line that is not blank, and the date in the file's name.
    nicks, spelled
        Nicks as IRC compares them, and as first written.
    members
        Pseudonyms of the nicks; filled in when it is known who is who.
    kinds, rows, times, who, other
        Kind of entry, 1-based line, time in seconds, nick (means nothing where the entry is
        dropped), and the new nick or the length of the text in characters. Times are as the lines
        show them, until they are placed and made UTC.
    channels, channel_of
        Names of channels in the file; for each entry the number of its channel, if lines name it.
    channel_ids
        Ids of the channels, or of the one that the file must be of.
    named_in, named_nick
        Entry and nick for every nick addressed at the start of a message.
    speakers, notices
        Nicks that speak, and that send notices.
    placed
        How the times of day were placed on dates.
    """

    first_line: str = ""
    named: NamedDate | None = None
    nicks: list[str] = field(default_factory=list)
    spelled: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    kinds: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=_NUMBERS)
    times: array[int] = field(default_factory=_TIMES)
    who: array[int] = field(default_factory=_NUMBERS)
    other: array[int] = field(default_factory=_NUMBERS)
    channels: list[str] = field(default_factory=list)
    channel_of: array[int] = field(default_factory=_NUMBERS)
    channel_ids: tuple[str, ...] = ()
    named_in: array[int] = field(default_factory=_NUMBERS)
    named_nick: array[int] = field(default_factory=_NUMBERS)
    speakers: set[int] = field(default_factory=set)
    notices: set[int] = field(default_factory=set)
    placed: Placed | None = None


def layout_of(lines: Iterable[str]) -> str | Text:
    """Return the layout of a file from its beginning, or why it is not read."""
    clock = dated = status = notes = seen = 0
    for line in islice((line for line in lines if line.strip()), _SNIFFED):
        seen += 1
        if _CLOCK_LINE.match(line):
            clock += 1
        elif _DATED_LINE.match(line):
            dated += 1
        elif line.startswith("=== "):
            status += 1
        elif _ANNOTATION.match(line):
            notes += 1
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


def parse(log: Log) -> Log:
    """Read a log once: with its file and the layout from `layout_of`, the rest is filled in."""
    _Reader(log).read()
    return log


def text_of(line: str, layout: str) -> str:
    """Return the text of a line that was read as a message."""
    found = (_CLOCK_LINE if layout == CLOCK else _DATED_LINE).match(line)
    return found[found.re.groups].rstrip() if found else _action(line)[1]


def _action(line: str) -> tuple[str, str]:
    """Return the first word and the rest of a status line, an action in the older logs."""
    nick, _, text = line[4:].lstrip().partition(" ")
    return nick, text.strip()


class _Reader:
    """One walk through one file."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._numbers: dict[str, int] = {}  # nick as written -> number
        self._lowered: dict[str, int] = {}
        # Nicks that are perhaps addressed, or act; it can be told when all nicks were seen.
        self._words: dict[str, str] = {}  # as written -> as IRC compares it
        self._addressed: list[tuple[int, list[str]]] = []
        self._actions: dict[int, str] = {}
        self._state_channels: Counter[str] = Counter()

    def read(self) -> None:
        # One long loop: it runs once a line, and a call would cost as much as the line itself.
        log, row = self.log, 0
        dated = log.layout == DATED
        match = (_DATED_LINE if dated else _CLOCK_LINE).match
        numbers, nick, address = self._numbers, self._nick, self._address
        kinds, rows, times, who, other = log.kinds, log.rows, log.times, log.who, log.other
        last_stamp, seconds, channel = "", None, 0
        channels: dict[str, int] = {}
        for block in log.file.blocks():
            for line in block:
                row += 1
                found = match(line)
                if found is None:
                    self._other_line(line, row)
                    continue
                stamp, speaker, actor, noticer, text = found.groups()
                if stamp != last_stamp:
                    last_stamp = stamp
                    seconds = _moment(stamp) if dated else _seconds(stamp)
                    if dated:
                        channel = channels.setdefault(stamp.partition(" ")[0], len(channels))
                if seconds is None:
                    self._other_line(line, row)
                    continue
                written = speaker or actor or noticer
                number = numbers.get(written)
                if number is None:
                    number = nick(written)
                if noticer is None:
                    log.speakers.add(number)
                else:
                    log.notices.add(number)
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
        log.read = row
        log.channels = list(channels)
        self._finish()

    def _address(self, text: str, entry: int) -> None:
        words: list[str] = []
        found = _ADDRESSED.match(text)
        while found and len(words) < _MOST_ADDRESSED:
            words.append(self._word(found[1]))
            found = _ADDRESSED.match(text, found.end())
        if words:
            self._addressed.append((entry, words))

    def _word(self, written: str) -> str:
        # Shared, since the same words are addressed again and again.
        return self._words.get(written) or self._words.setdefault(written, lower(written))

    def _other_line(self, line: str, row: int) -> None:
        said = line[4:].lstrip()
        if not line.strip():
            self.log.ignored += 1
        elif not line.startswith("=== ") or self.log.layout == DATED:
            self.log.strange(row, _STRANGE, line)
        elif found := _JOINED.match(said) or _LEFT.match(said):
            if found[2]:
                self._state_channels[lower(found[2])] += 1
            self._entry(JOIN if found.re is _JOINED else LEAVE, row, self._nick(found[1]), 0)
        elif found := _RENAMED.match(said):
            self._entry(RENAME, row, self._nick(found[1]), self._nick(found[2]))
        elif found := _CHANNEL_STATE.match(said):
            self._state_channels[lower(found[1])] += 1
            self.log.ignored += 1
        else:
            nick, text = _action(line)
            self._actions[len(self.log.kinds)] = self._word(nick)
            self._entry(DROPPED, row, 0, len(text))

    def _entry(self, kind: int, row: int, who: int, other: int) -> None:
        log = self.log
        log.kinds.append(kind)
        log.rows.append(row)
        log.times.append(log.times[-1] if log.times else -1)  # -1: before the first time
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

    def _finish(self) -> None:
        """Decide what could not be decided before the last line."""
        log = self.log
        for entry, word in self._actions.items():
            # "=== bob waves" is an action of the older logs, "=== Log opened" is not: the first
            # word must be a nick that the file also shows otherwise.
            number = self._lowered.get(word)
            if number is None:
                log.ignored += 1
            else:
                log.kinds[entry], log.who[entry] = MESSAGE, number
                log.speakers.add(number)
        for entry, words in self._addressed:
            for word in words:
                number = self._lowered.get(word)
                if number is None:  # "well, bob: ..." names nobody at its start
                    break
                log.named_in.append(entry)
                log.named_nick.append(number)
        early = next((i for i, t in enumerate(log.times) if t >= 0), len(log.times))
        log.times[:early] = array("q", [max(log.times[early:][:1], default=0)] * early)
        if self._state_channels:
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
    clock = _seconds(stamp[-9:-1])
    with suppress(ValueError):
        day = dt.date.fromisoformat(stamp[-21:-11])
        return None if clock is None else (day - EPOCH).days * DAY + clock
    return None
