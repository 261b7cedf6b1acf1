"""One IRC log: what is to be known of it beforehand, and its lines."""

from __future__ import annotations

import datetime as dt
from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from shequn.sources.intake import Intake
from shequn.sources.readers.irc_clock import NamedDate, Placed, place
from shequn.sources.readers.irc_lines import (
    CLOCK,
    CLOCK_LINE,
    DATED,
    DATED_LINE,
    JOIN,
    LEAVE,
    MESSAGE,
    RENAME,
    STATUS,
    addressed,
    lower,
    moment,
    seconds,
    status,
)  # fmt: skip
from shequn.sources.readers.irc_people import Nicks, Turns
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

_STRANGE = Text("not a line of this layout", "不符合此格式")
_EVENTS = {JOIN: "join", LEAVE: "leave"}
_FEW = 2  # people in a private talk
_SURE = 20  # so many different lines, clock included, are hardly alike by chance
_STEP = 900  # no clock changes within a quarter of an hour
Prints = npt.NDArray[np.int64]


@dataclass
class Log:
    """A file, and what is known of it.

    Attributes
    ----------
    reading
        The file.
    named
        The date in its name.
    placed
        How its times of day were placed on dates: one for each change of the time shown.
    channel
        Channel that most status lines name, as IRC compares it; empty where none does.
    lines, prints
        Number of lines that are not blank, and the fingerprints of the different ones; where it
        has been looked at beforehand.
    """

    reading: Reading
    named: NamedDate | None
    placed: Placed | None = None
    channel: str = ""
    lines: int = 0
    prints: Prints | None = None

    def part_of(self, other: Log) -> bool:
        """Tell whether another log of the day holds all lines of this one, hardly by chance."""
        if self.prints is None or other.prints is None or len(self.prints) < _SURE:
            return False
        if self.channel and other.channel and self.channel != other.channel:
            return False
        return bool(np.isin(self.prints, other.prints, assume_unique=True).all())


def survey(log: Log, date: dt.date | None, nicks: Nicks) -> None:
    """Find out when the lines of a log without dates were written, its channel, and the renames.

    Parameters
    ----------
    log
        What is found out is noted in it.
    date
        First day where the file's name has none.
    nicks
        The renames are noted there.
    """
    clock = array("q")
    channels: Counter[str] = Counter()
    prints: list[Prints] = []
    match, last = CLOCK_LINE.match, "\0"
    for block in log.reading.file.blocks():
        prints.append(np.fromiter(map(hash, filter(str.strip, block)), np.int64))
        for line in block:
            # Few lines show another time than the one before.
            if line.startswith(last):
                continue
            if line.startswith(STATUS):
                kind, nick, new, channel = status(line)
                if channel:
                    channels[lower(channel)] += 1
                if kind == RENAME:
                    nicks.rename(lower(nick), lower(new))
            elif found := match(line):
                last = f"[{found[1]}]"
                if (now := seconds(found[1])) is not None:
                    clock.append(now)
    day, hour = (log.named.day, log.named.hour) if log.named else (date, None)
    assert day is not None  # or the file was left out
    log.placed = place(clock or array("q", [0]), day, hour)
    most = max(channels.values(), default=0)
    log.lines = sum(map(len, prints))
    log.prints = np.unique(np.concatenate([*prints, np.array([], np.int64)]))
    log.channel = min((c for c, n in channels.items() if n == most), default="")


@dataclass
class Lines:
    """Puts the lines of logs into an intake.

    Attributes
    ----------
    intake, nicks
        Where messages, comings and goings go, and nicks.
    present
        Channel -> some of the nicks that speak there, enough to tell a private talk.
    """

    intake: Intake
    nicks: Nicks
    present: dict[int, set[str]] = field(default_factory=dict)

    def put(self, log: Log, channel: int) -> None:
        """Put in the lines of a log; its channel is given where the lines do not name it."""
        _File(self, log, channel).read()


class _File:
    """One walk through one file."""

    def __init__(self, lines: Lines, log: Log, channel: int) -> None:
        self._intake, self._nicks, self._log, self._channel = (
            lines.intake, lines.nicks, log, channel,
        )  # fmt: skip
        self._present = lines.present
        self._turns = Turns()
        # Nicks by number, in the order in which they were met as they are written.
        self._numbers: dict[str, int] = {}
        self._keys: list[str] = []
        self._first: list[int] = []
        self._last: list[int] = []
        self._renamed: list[int | None] = []  # their numbers in renames
        self._speaks: list[bool] = []
        # Who is perhaps addressed, or acts; it can be told when all nicks of the file were seen.
        self._words: dict[str, int] = {}
        self._addressed_in, self._addressed = array("I"), array("I")
        self._actions: list[tuple[int, int, str, str]] = []

    def read(self) -> None:
        """Go through the lines, then decide what could not be decided before the last."""
        self._walk()
        self._act()
        self._address()
        nicks = self._nicks
        for written, number in self._numbers.items():
            nicks.see(self._keys[number], written, self._first[number], self._last[number])
        if self._turns.rows:
            nicks.turns.append(self._turns)

    def _walk(self) -> None:
        # One long loop: it runs once a line, and a call would cost as much as the line itself.
        log, reading, intake = self._log, self._log.reading, self._intake
        dated = reading.layout == DATED
        match = (DATED_LINE if dated else CLOCK_LINE).match
        message, at, counts = intake.message, intake.options.zone.at, intake.options.zone.counts
        keys, first, last, numbers = self._keys, self._first, self._last, self._numbers
        renamed, turn, speaks = self._renamed, self._turns.add, self._speaks
        noticers = set[int]()
        word = self._words.setdefault
        placed = iter(log.placed.times) if log.placed else iter(())
        local: int | None = log.placed.times[0] if log.placed else None
        shown, head, day, row = "", "", None, 0
        ts, offset, step, channel = 0, 0, -1, self._channel
        here = self._present.setdefault(channel, set())
        before = local  # time of the line before, for lines without one
        for block in reading.file.blocks():
            for line in block:
                row += 1
                found = match(line)
                if found is None:
                    self._other(line, row, before)
                    continue
                stamp, speaker, actor, noticer, text = found.groups()
                if stamp != shown:
                    shown = stamp
                    if dated:
                        if stamp[:-10] != head:  # channel and day
                            head = stamp[:-10]
                            day = moment(f"{head}[00:00:00]")
                            channel = intake.channel(stamp[:-22])
                            here = self._present.setdefault(channel, set())
                        clock = seconds(stamp[-9:-1])
                        local = None if clock is None or day is None else day + clock
                    else:
                        local = None if seconds(stamp) is None else next(placed)
                    if local is not None:
                        if not 0 < local <= LATEST:
                            local = None
                        elif local // _STEP == step:
                            before, ts = local, local - offset
                        else:
                            before, usual, step = local, counts[0], -1
                            ts = at(local)
                            offset = local - ts
                            if not 0 < ts <= LATEST:
                                local = None
                            elif counts[0] != usual:  # else the zone counts every line
                                step = local // _STEP
                elif step < 0 and local is not None:
                    at(local)
                if local is None:
                    reading.strange(row, _STRANGE, line)
                    continue
                written = speaker or actor or noticer
                number = numbers.get(written)
                if number is None:
                    number = self._nick(written, ts)
                elif ts > last[number]:
                    last[number] = ts
                elif ts < first[number]:
                    first[number] = ts
                if noticer is not None:
                    noticers.add(number)
                elif not speaks[number]:
                    speaks[number] = True
                text = text.rstrip()
                if (":" in text or "," in text) and (words := addressed(text)):
                    for w in words:
                        self._addressed_in.append(row)
                        self._addressed.append(word(w, len(self._words)))
                key = keys[number]
                if len(here) <= _FEW:
                    here.add(key)
                if (other := renamed[number]) is not None:
                    turn(row, MESSAGE, ts, other)
                message(row, channel, key, ts, text)
        reading.read = row
        self._nicks.speakers |= {key for key, s in zip(keys, speaks, strict=True) if s}
        self._nicks.noticers |= {keys[n] for n in noticers}

    def _other(self, line: str, row: int, local: int | None) -> None:
        """Put in what a line without a time tells."""
        if not line.strip():
            return
        if local is None or self._log.placed is None or not line.startswith(STATUS):
            self._log.reading.strange(row, _STRANGE, line)
            return
        kind, nick, new, _ = status(line)
        if not nick:
            return
        ts = self._intake.options.zone.at(local) if 0 < local <= LATEST else 0
        if not 0 < ts <= LATEST:
            self._log.reading.strange(row, _STRANGE, line)
        elif kind == MESSAGE:
            self._actions.append((row, ts, nick, new))
        else:
            key, number = self._met(nick, ts)
            if kind == RENAME:
                target, other = self._met(new, ts)
                self._intake.event(row, ts, "rename", key, channel=self._channel)
                self._intake.member(target)
                if number is not None and other is not None:
                    self._turns.add(row, kind, ts, number, other)
                return
            self._intake.event(
                row, ts, _EVENTS[kind], key, channel=self._channel, method="connection"
            )
            if number is not None and kind == JOIN:
                self._turns.add(row, kind, ts, number)

    def _met(self, written: str, ts: int) -> tuple[str, int | None]:
        """Note that a nick was seen; return it as IRC compares it, and its number in renames."""
        number = self._numbers.get(written)
        if number is None:
            number = self._nick(written, ts)
        self._first[number] = min(self._first[number], ts)
        self._last[number] = max(self._last[number], ts)
        return self._keys[number], self._renamed[number]

    def _nick(self, written: str, ts: int) -> int:
        number = self._numbers[written] = len(self._keys)
        key = lower(written)
        self._keys.append(key)
        self._first.append(ts)
        self._last.append(ts)
        self._renamed.append(self._nicks.numbers.get(key))
        self._speaks.append(False)
        return number

    def _act(self) -> None:
        """Put in the actions.

        ``=== bob waves`` is an action of the older logs, ``=== Log opened`` is not: the first word
        must be a nick that the file also shows otherwise.
        """
        known = set(self._keys)
        for row, ts, nick, text in self._actions:
            if (key := lower(nick)) in known:
                _, number = self._met(nick, ts)
                self._nicks.speakers.add(key)
                if number is not None:
                    self._turns.add(row, MESSAGE, ts, number)
                self._intake.message(row, self._channel, key, ts, text)

    def _address(self) -> None:
        """Put in who is addressed: nicks at the beginning of a message, up to a word that is none."""
        known = set(self._keys)
        words = [lower(w) for w in self._words]
        words = [w if w in known else "" for w in words]
        lost = 0
        for row, word in zip(self._addressed_in, self._addressed, strict=True):
            if row == lost:
                continue
            if words[word]:
                self._intake.mention(row, words[word])
            else:  # "well, bob: ..." names nobody at its beginning
                lost = row


__all__ = ["CLOCK", "Lines", "Log", "survey"]
