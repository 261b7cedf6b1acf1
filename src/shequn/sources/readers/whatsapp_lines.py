"""Which lines of a WhatsApp export begin a message, and when each was sent.

Day and month are told apart by the whole file, and who is in a chat is known at its end: so each
file is read twice, here for the first time. Of a message only numbers are held meanwhile.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from shequn.sources.readers.whatsapp_clock import (
    DAY,
    Order,
    Style,
    clock_seconds,
    day_number,
    header,
    numbers,
    order_of,
    pasted,
    style_of,
)
from shequn.sources.readers.whatsapp_words import (
    APP,
    COLON_LINE,
    ENDS,
    LRM,
    NOTICE,
    OF_GROUP,
    YOU,
    clean,
    kind_of,
    plain,
    said,
)
from shequn.sources.report import Reading
from shequn.sources.times import Zone
from shequn.text import Text

NOBODY = -1
LEAST = 4  # characters; "ok" in the same minute is said in many chats
_SNIFFED = 400
_LONGEST_NAME = 150
_PHONE = re.compile(r"\+?[0-9 ().\-\u2010\u2011]{7,30}")
_NO_START = Text("before the first message", "在第一条消息之前")
_NO_DAY = Text("its date does not exist", "日期不存在")
_MIXED = Text(
    "its date is written in another way than in the rest of the file",
    "日期写法与文件其余部分不同",
)


def style_of_file(head: Iterable[str]) -> Style | None:
    """Return the style of an export from its beginning; None where it is none."""
    found = [style_of(x) for x in islice((x for x in head if x.strip()), _SNIFFED)]
    counts = Counter(s for s in found if s)
    return (found[0] or counts.most_common(1)[0][0]) if counts else None


def is_name(written: str, rest: str) -> bool:
    """Tell whether what stands before the first colon of a line (``rest``) names its author."""
    name = plain(written)
    if not name or len(name) > _LONGEST_NAME:
        return False
    return not COLON_LINE.search(written) or said(plain(rest)) is None


def id_of(name: str) -> str:
    """Return the id of a name from `plain`: a phone number without spaces, or the name itself."""
    if is_phone(name):
        digits = re.sub(r"\D", "", name)
        return "+" + digits if name.startswith("+") else digits
    name = re.sub(r"^~ ", "~", name)  # iOS puts a narrow space behind the sign
    return unicodedata.normalize("NFC", name)


def is_phone(name: str) -> bool:
    """Tell whether a name is a phone number."""
    return _PHONE.fullmatch(name) is not None and len(re.sub(r"\D", "", name)) > 6


@dataclass
class Log:
    """One export.

    Attributes
    ----------
    reading, style, title
        The file; how its lines begin; name of the chat from the file's name.
    order
        How dates are read.
    rows, times
        Line (from 1) and time of each message: local seconds, then UTC, in whole minutes, since
        other phones show no seconds.
    who, marks
        Author's place in ``names``, and fingerprint of the words; 0 where there are few.
    names
        Names as written that have words of their own -> place.
    odd
        Lines whose beginning ends otherwise than most do.
    span
        First and last time.
    pasted, turned_back
        How many lines only looked like the beginning of a message; how often time runs back.
    """

    reading: Reading
    style: Style
    title: str | None = None
    order: Order = field(default_factory=lambda: Order("", ""))
    rows: array[int] = field(default_factory=lambda: array("I"))
    times: array[int] = field(default_factory=lambda: array("q"))
    who: array[int] = field(default_factory=lambda: array("i"))
    marks: array[int] = field(default_factory=lambda: array("I"))
    names: dict[str, int] = field(default_factory=dict)
    dates: list[tuple[int, int, int]] = field(default_factory=list)
    date_of: array[int] = field(default_factory=lambda: array("I"))
    odd: set[int] = field(default_factory=set)
    span: tuple[int, int] = (0, 0)
    pasted: int = 0
    turned_back: int = 0

    def __post_init__(self) -> None:
        self.match: Callable[[str], re.Match[str] | None] = header(self.style).match
        self.closing = "] " if self.style.bracket else " - "

    def scan(self, *, compare: bool) -> None:
        """Find the messages; fingerprint their words where there are files to compare them with."""
        # One long loop: it runs once a line, and a call would cost as much as the line itself.
        comma, closing, known = ", " if self.style.comma else " ", self.closing, self.names
        days: dict[str, int] = {}
        clocks: dict[str, int] = {}
        places: dict[tuple[int, int, int], int] = {}
        row = early = foreign = 0
        add = self.rows.append, self.date_of.append, self.times.append, self.who.append
        for block in self.reading.file.blocks():
            for line in block:
                row += 1
                head, mark, rest = line.partition(closing)
                date, _, clock = head.partition(comma)
                day, second = days.get(date), clocks.get(clock)
                if day is None or second is None or not mark:
                    found = self.match(line)
                    second = clock_seconds(found[2]) if found else -1
                    if found is None or second < 0:
                        if line[:1] in "[0123456789\u200e" and style_of(line):
                            foreign += 1
                        if not self.rows and line.strip():
                            early += 1
                            self.reading.strange(row, _NO_START, line)
                        continue
                    day = places.setdefault(numbers(found[1]), len(places))
                    if rest != found[3]:
                        self.odd.add(row)
                        rest = found[3]
                    elif date.endswith(found[1]) and clock.endswith(found[2]):
                        days[date], clocks[clock] = day, second
                name, colon, text = rest.partition(": ")
                who = known.get(name)
                if who is None or text[:1] == LRM or not colon:
                    who = self._meet(name, colon, text, rest)
                add[0](row)
                add[1](day)
                add[2](second)
                add[3](who)
                if compare:
                    plain_words = who >= 0 and len(text) >= LEAST and not text.endswith(ENDS)
                    self.marks.append(
                        zlib.crc32(text.encode("utf-8", "replace")) if plain_words else 0
                    )
        self.dates = list(places)
        self.reading.read += len(self.rows) + early
        if foreign > max(20, len(self.rows) // 10):
            self.reading.read += foreign
            for _ in range(foreign):
                self.reading.strange(row, _MIXED, "")

    def _meet(self, name: str, colon: str, text: str, rest: str) -> int:
        """Return the author of a line whose name is new, or that WhatsApp may have written."""
        if text[:1] == LRM or not colon or plain(name).lower() in YOU or not is_name(name, rest):
            return NOBODY
        return self.names.setdefault(name, len(self.names))

    def shows_group(self) -> bool:
        """Tell whether this is the chat of a group: more than two write, or a line tells of it."""
        if len({id_of(plain(name)) for name in self.names}) > 2:
            return True
        return any(map(self._tells_of_group, self.reading.file.lines()))

    def _tells_of_group(self, line: str) -> bool:
        found = self.match(line)
        if found is None:
            return False
        name, colon, text = found[3].partition(": ")
        marked = text[:1] == LRM
        if colon and is_name(name, found[3]) and plain(name).lower() not in YOU and not marked:
            return False
        if marked and kind_of(clean(text)[0], True)[0] not in (APP, NOTICE):
            return False
        words = plain(text if marked else found[3])
        told = said(words)
        if told is None:
            return False
        return told.action not in ("notice", "number") or OF_GROUP.search(words) is not None

    def settle(self, zone: Zone, *, day_first: bool | None) -> None:
        """Give every message its time, where the order of day and month can be told.

        What only looks like the beginning of a message goes out: it is text of the one before.
        """
        self.order = order_of(self.style, self.dates, self.date_of, day_first)
        if not self.order.name or not self.rows:
            return
        days = [day_number(d, self.order.name) for d in self.dates]
        bad = np.array([d is None for d in days])
        starts = np.array([DAY * (d or 0) for d in days], dtype=np.int64)
        of = np.frombuffer(self.date_of, dtype=np.uint32)
        lost, local = bad[of], starts[of] + np.frombuffer(self.times, dtype=np.int64)
        self.date_of = array("I")
        if lost.any() and not lost.all():
            good = np.flatnonzero(~lost)  # meanwhile, the time of the message before
            before = np.searchsorted(good, np.arange(len(lost)), side="right") - 1
            local = local[good[np.maximum(before, 0)]]
        keep = ~lost
        if np.diff(local).min(initial=0) < -DAY:
            for run in pasted(local.tolist()):
                if self.who[run[0] - 1] != NOBODY:
                    keep[run.start : run.stop] = False
        first = int(keep.argmax()) if keep.any() else len(keep)
        for row in self.rows[:first]:
            self.reading.strange(row, _NO_DAY, "")
        self.pasted = int((~keep[first:]).sum())
        local = local[keep]
        self.turned_back = int((np.diff(local) < -DAY).sum())
        for name in ("rows", "who", "marks"):
            column = getattr(self, name)
            some = np.array(column)[: len(keep)][keep[: len(column)]]
            setattr(self, name, array(column.typecode, some.astype(column.typecode).tobytes()))
        writers = set(self.who)
        self.names = {name: place for name, place in self.names.items() if place in writers}
        self.reading.read -= self.pasted
        self.times = zone.utc((local - local % 60).tolist())
        self.span = (min(self.times), max(self.times)) if self.times else (0, 0)
