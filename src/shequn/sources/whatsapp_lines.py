"""The lines of one WhatsApp export, as columns."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from shequn.sources.report import Reading, shape
from shequn.sources.whatsapp_clock import (
    DAY,
    Order,
    Style,
    clock_seconds,
    day_number,
    header,
    numbers,
    pasted,
    style_of,
)
from shequn.sources.whatsapp_words import (
    APP,
    COLON_LINE,
    ENDS,
    FIRSTS,
    KINDS,
    LASTS,
    LRM,
    NOTICE,
    OTHER,
    RECALL,
    STARTS,
    SYSTEM,
    TEXT,
    UNKNOWN,
    YOU,
    Said,
    by_exporter,
    clean,
    kind_of,
    more,
    plain,
    said,
)
from shequn.text import Text

_SNIFFED = 400
_LONGEST_NAME = 150
_KEPT_SHAPES = 50
NOBODY = 0  # number of the name of those lines that have none
_STRANGE = Text(
    "a line of WhatsApp's own whose wording is not known here (English and Chinese are)",
    "WhatsApp 自己写的一行，措辞不认识（认识中文和英文）",
)
_NO_START = Text("before the first message", "在第一条消息之前")
_MIXED = Text(
    "its date is written in another way than in the rest of the file",
    "日期写法与文件其余部分不同",
)
_MENTION = re.compile(
    "(?<![A-Za-z0-9_.@])@(?:\u2068([^\u2068\u2069\n]{1,100})\u2069|(?=([^\\s@].{0,80})))", re.DOTALL
)

_NO_STYLE, _OPEN = Style(False, ("/", "/"), True, "", False, ""), Order("", "")


@dataclass
class Log(Reading):
    """One export: who wrote what kind of message when, without the text.

    Attributes
    ----------
    style, title, order
        How lines begin; name of the chat from the file's name; how dates are read.
    kinds, rows, times, who, length, marks
        One value a message or system line: place in `KINDS`, line in the file (1-based), local and
        later UTC seconds, name (place in ``names``), length of its text, fingerprint of its text.
    edited
        Entries that say that they were edited.
    names
        Names as `plain` makes them; the first one is nobody's.
    said
        What system lines say, by entry.
    named
        Entry and what follows an @ in it.
    events
        What happened to whom: entry, action, person, who did it, how; people by their ids.
    owns
        Names of which the file shows that they are the exporter's.
    """

    style: Style = _NO_STYLE
    title: str | None = None
    told: str | None = None
    order: Order = _OPEN
    dates: list[tuple[int, int, int]] = field(default_factory=list)
    date_of: array[int] = field(default_factory=lambda: array("I"))
    kinds: array[int] = field(default_factory=lambda: array("B"))
    rows: array[int] = field(default_factory=lambda: array("Q"))
    times: array[int] = field(default_factory=lambda: array("q"))
    who: array[int] = field(default_factory=lambda: array("I"))
    length: array[int] = field(default_factory=lambda: array("Q"))
    marks: array[int] = field(default_factory=lambda: array("q"))
    edited: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=lambda: [""])
    said: dict[int, Said] = field(default_factory=dict)
    named: list[tuple[int, str]] = field(default_factory=list)
    owns: Counter[int] = field(default_factory=Counter)
    attached: int = 0
    first_line: str = ""
    messages: int = 0  # of people, before copies are dropped
    pasted: int = 0
    turned_back: int = 0
    apps: int = 0
    copies: int = 0
    gone: set[int] = field(default_factory=set)  # rows where the copies began
    actors: dict[int, str] = field(default_factory=dict)  # of system lines, by entry
    channel_id: str = ""
    members: list[str] = field(default_factory=list)
    events: list[tuple[int, str, str, str | None, str | None]] = field(default_factory=list)

    def without(self, drop: set[int]) -> list[int]:
        """Take entries out, and return for each old place the new one of it or of the one before."""
        moved: list[int] = []
        kept: list[int] = []
        for i in range(len(self.kinds)):
            if i not in drop:
                kept.append(i)
            moved.append(max(len(kept) - 1, 0))
        for name in ("kinds", "rows", "times", "who", "length", "marks"):
            column = getattr(self, name)
            setattr(self, name, array(column.typecode, [column[i] for i in kept]))
        self.edited = {moved[i] for i in self.edited if i not in drop}
        self.said = {moved[i]: s for i, s in self.said.items() if i not in drop}
        self.named = [(moved[i], text) for i, text in self.named]
        return moved


def styles(head: Iterable[str]) -> Style | None:
    """Return the style of an export from its beginning; None where it is none."""
    counts: Counter[Style] = Counter()
    first: Style | None = None
    for n, line in enumerate(islice((x for x in head if x.strip()), _SNIFFED)):
        if style := style_of(line):
            counts[style] += 1
            if n == 0:
                first = style
    return first or (counts.most_common(1)[0][0] if counts else None)


class Parser:
    """One walk through one file."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.match = header(log.style).match
        self._numbers: dict[str, int] = {}  # name as written -> number
        self._keys: dict[str, int] = {"": NOBODY}
        self._shapes: dict[int, str] = {}
        self._foreign = 0
        self._early = 0
        self._speaks: set[int] = set()  # names with words of their own
        self._heads = array("q")  # lengths of what stands before the text

    def read(self) -> Log:
        """Fill the columns; times stay open until the order of day and month is known."""
        # One long loop: it runs once a line, and a call would cost as much as the line itself.
        log, match, known = self.log, self.match, self._numbers
        kinds, rows, times, who = log.kinds, log.rows, log.times, log.who
        length, marks, date_of, heads = log.length, log.marks, log.date_of, self._heads
        dates: dict[str, int] = {}
        clocks: dict[str, int] = {}
        places: dict[tuple[int, int, int], int] = {}
        row = 0
        for block in log.file.blocks():
            for line in block:
                row += 1
                found = match(line)
                if found is None:
                    self._more(line, row)
                    continue
                date, clock, rest = found.groups()
                second = clocks.get(clock)
                if second is None:
                    second = clocks[clock] = clock_seconds(clock)
                if second < 0:
                    self._more(line, row)
                    continue
                place = dates.get(date)
                if place is None:
                    parts = numbers(date)
                    place = dates[date] = places.setdefault(parts, len(places))
                name, colon, text = rest.partition(": ")
                number = known.get(name) if colon else None
                if number is None or LRM in line:
                    number, kind, text = self._slow(rest, name, colon, text)
                elif (text[-1:] in LASTS and text.endswith(ENDS)) or (
                    text[:2] in FIRSTS and text.startswith(STARTS)
                ):
                    kind, text = self._own(text, number, False)
                else:
                    kind = TEXT
                if "@" in text:
                    self._mentions(text)
                rows.append(row)
                date_of.append(place)
                times.append(second)
                who.append(number)
                kinds.append(kind)
                length.append(len(text))
                heads.append(len(line) - len(text))
                marks.append(hash(text) if kind == TEXT else _mark(kind, text))
        log.dates = list(places)
        self._after(row)
        return log

    def _more(self, line: str, row: int) -> None:
        """Add a line to the message before it."""
        log = self.log
        if not log.kinds:
            if line.strip():
                self._early += 1
                log.strange(row, _NO_START, line)
            return
        last = len(log.kinds) - 1
        if line[:1] in "[0123456789\u200e" and style_of(line):
            self._foreign += 1
        if line.endswith(">") and clean(line)[1]:
            log.edited.add(last)
        kind, text = more(line, log.kinds[last])
        if kind != log.kinds[last]:
            log.kinds[last] = kind
            log.attached += "<attached" in line or "<附件" in line
        if "@" in text:
            log.named += [(last, m[1] or m[2]) for m in _MENTION.finditer(text)]
        log.length[last] += 1 + len(text)
        log.marks[last] = hash((log.marks[last], text))

    def _mentions(self, text: str) -> None:
        entry = len(self.log.kinds)
        self.log.named += [(entry, m[1] or m[2]) for m in _MENTION.finditer(text)]

    def _number(self, written: str) -> int:
        name = plain(written)
        number = self._keys.setdefault(name, len(self.log.names))
        if number == len(self.log.names):
            self.log.names.append(name)
        self._numbers[written] = number
        return number

    def _own(self, text: str, number: int, marked: bool) -> tuple[int, str]:
        """Return kind and text of a message that may be of WhatsApp's wording."""
        text, edited = clean(text)
        if edited:
            self.log.edited.add(len(self.log.kinds))
        kind, rest = kind_of(text, marked)
        if kind == RECALL and by_exporter(text):
            self.log.owns[number] += 1
        elif rest is not text and ("attached" in text or "附" in text):
            self.log.attached += 1
        return kind, rest

    def _slow(self, rest: str, name: str, colon: str, text: str) -> tuple[int, int, str]:
        """Return name, kind and text of a line whose name is new, or that WhatsApp marked."""
        if not colon and rest.rstrip(" ").endswith(":"):  # somebody cut off spaces at line ends
            name, colon, text = rest.rstrip(" ")[:-1], ":", ""
        written = plain(name)
        line = plain(rest)
        if not colon or not written or len(written) > _LONGEST_NAME or COLON_LINE.search(name):
            found = said(line)
            if found is not None or not colon or not written or len(written) > _LONGEST_NAME:
                return self._system(line, found)
        number = self._numbers.get(name)
        if number is None:
            number = self._number(name)
        marked = text.lstrip(" ").startswith(LRM)
        kind, own = self._own(text, number, LRM in rest[len(name) :])
        if kind == APP and not marked:
            kind = TEXT
        if kind == NOTICE:
            return NOBODY, NOTICE, ""
        if kind == APP or (written.lower() in YOU and kind == TEXT):
            line = plain(text)
            found = said(line)
            if found is not None:
                if found.actor and found.actor.lower() in YOU and written.lower() not in YOU:
                    self.log.owns[number] += 1
                return self._system(line, found)
            if kind == APP and len(self._shapes) < _KEPT_SHAPES:
                self._shapes[len(self.log.kinds)] = shape(line)
        return number, kind, own

    def _system(self, line: str, found: Said | None) -> tuple[int, int, str]:
        entry = len(self.log.kinds)
        if found is None:
            if len(self._shapes) < _KEPT_SHAPES:
                self._shapes[entry] = shape(line)
            return NOBODY, UNKNOWN, line
        if found.action == "notice" and found.actor is None:
            return NOBODY, NOTICE, ""
        self.log.said[entry] = found
        # Its text is not kept, but tells copies apart.
        return NOBODY, SYSTEM, line

    def _after(self, lines: int) -> None:
        log = self.log
        log.read = len(log.kinds) + self._early
        if self._foreign > max(20, len(log.kinds) // 10):
            for _ in range(self._foreign):
                log.strange(lines, _MIXED, "")
            log.read += self._foreign

    def settle(self) -> None:
        """Give every entry its local time, now that the order of day and month is known."""
        log = self.log
        days = [day_number(d, log.order.name) for d in log.dates]
        bad = {i for i, d in enumerate(days) if d is None}
        starts = [DAY * (d or 0) for d in days]
        drop: set[int] = set()
        if bad:
            drop |= {i for i, d in enumerate(log.date_of) if d in bad}
        of = np.frombuffer(log.date_of, dtype=np.uint32)
        local = np.asarray(starts, dtype=np.int64)[of] + np.frombuffer(log.times, dtype=np.int64)
        log.times = array("q", local.tobytes())
        good = next((t for i, t in enumerate(log.times) if i not in drop), 0)
        for i in sorted(drop):  # their time is that of the line before
            log.times[i] = log.times[i - 1] if i else good
        if 0 in drop:
            drop.discard(0)
            log.kinds[0] = UNKNOWN
        for run in pasted(log.times):
            if log.kinds[run[0] - 1] not in (SYSTEM, NOTICE, UNKNOWN):
                drop.update(run)
        if drop:
            self._drop(drop)
        log.turned_back = int(np.count_nonzero(np.diff(_as(log.times, np.int64)) < -DAY))
        kinds = _as(log.kinds, np.uint8)
        log.messages = int(np.count_nonzero((kinds < SYSTEM) | (kinds == APP)))
        spoken = set(
            np.unique(_as(log.who, np.uint32)[(kinds != APP) & (kinds != UNKNOWN)]).tolist()
        )
        # Under a group's own name WhatsApp speaks, and nobody else.
        log.owns = Counter({n: count for n, count in log.owns.items() if n in spoken})
        for i in np.flatnonzero(kinds >= NOTICE).tolist():
            kind = log.kinds[i]
            if kind == APP and log.who[i] not in spoken:
                kind = log.kinds[i] = UNKNOWN
                log.messages -= 1
            if kind == UNKNOWN:
                log.who[i] = NOBODY
                log.strange(log.rows[i], _STRANGE, self._shapes.get(i, ""))
            elif kind == APP:
                log.apps += 1
                log.kinds[i] = OTHER
                log.length[i] = 0
            else:
                log.ignored += 1
        for i in log.said:
            log.length[i] = 0

    def _drop(self, drop: set[int]) -> None:
        """Make text of entries that only look like the beginning of a message."""
        log, keep = self.log, 0
        for i in range(len(log.kinds)):
            if i in drop:
                log.length[keep] += 1 + self._heads[i] + log.length[i]
                log.marks[keep] = hash((log.marks[keep], log.marks[i], log.times[i]))
            else:
                keep = i
        moved = log.without(drop)
        self._shapes = {moved[i]: s for i, s in self._shapes.items() if i not in drop}
        log.read -= len(drop)
        log.pasted += len(drop)


def _mark(kind: int, text: str) -> int:
    if kind in (SYSTEM, UNKNOWN):
        return hash(text)
    # A picture left out of one export and attached to the other is the same message.
    return -7 if kind == RECALL else hash(("media", text))


def _as(column: array[int], kind: type[np.generic]) -> np.ndarray:
    return np.array(column, dtype=kind)  # a copy: an array that is looked into cannot be changed


__all__ = ["KINDS", "Log", "Parser", "styles"]
