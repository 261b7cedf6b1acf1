"""The messages of a WhatsApp export, put into an intake: a file's second reading."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from shequn.sources.intake import Intake
from shequn.sources.readers.whatsapp_lines import Log, id_of, is_name
from shequn.sources.readers.whatsapp_people import EXPORTER
from shequn.sources.readers.whatsapp_words import (
    APP,
    ENDS,
    FIRSTS,
    LASTS,
    LRM,
    NOTICE,
    STARTS,
    YOU,
    Said,
    by_exporter,
    clean,
    kind_of,
    more,
    plain,
    said,
)
from shequn.sources.report import shape
from shequn.text import Text

_STRANGE = Text(
    "a line of WhatsApp's own whose wording is not known here (English and Chinese are)",
    "WhatsApp 自己写的一行，措辞不认识（认识中文和英文）",
)
_MENTION = re.compile(
    "(?<![A-Za-z0-9_.@])@(?:\u2068([^\u2068\u2069\n]{1,100})\u2069|(?=([^\\s@].{0,80})))", re.DOTALL
)
_NOTHING = "nothing"  # kind of a line that becomes no message


@dataclass
class Talk:
    """What is said in a file, and what is left to do once all files were read.

    Attributes
    ----------
    log, channel
        The file, and the number of its chat.
    said
        Line, time, and what WhatsApp says there.
    named
        Line, and what follows an @ in it.
    owns
        Ids of which the file shows that they are the exporter's.
    spoke
        Ids that wrote.
    edited, attached, media, apps
        How many messages were edited; had a file that is there; lack one of which nothing is
        said; are WhatsApp's in words not known.
    """

    log: Log
    channel: int
    said: list[tuple[int, int, Said]] = field(default_factory=list)
    named: list[tuple[int, str]] = field(default_factory=list)
    owns: Counter[str] = field(default_factory=Counter)
    spoke: set[str] = field(default_factory=set)
    edited: int = 0
    attached: int = 0
    apps: int = 0
    media: int = 0
    _marked: list[tuple[int, int, str, str]] = field(default_factory=list)

    def put(self, intake: Intake) -> None:
        """Put the messages into an intake."""
        log, channel, message = self.log, self.channel, intake.message
        match, closing, odd = log.match, log.closing, log.odd
        ids = self._see_people(intake)
        rows, times = chain(log.rows, (0,)), chain(log.times, (0,))
        due, at, ts, row, before = next(rows), 0, 0, 0, 0
        who, kind, text, lines = "", _NOTHING, "", list[str]()
        for line in log.reading.file.lines():
            row += 1
            if row != due:
                if kind != _NOTHING:
                    kind, part = self._more(line, kind)
                    lines.append(part)
                continue
            if kind != _NOTHING:
                if lines:
                    text = "\n".join((text, *lines))
                    lines = []
                if "@" in text:
                    self._name(at, text)
                # When is not written: the time of the message stands for it.
                message(
                    at, channel, who, ts, text, kind, edited=ts if self.edited > before else None
                )
            before = self.edited
            at, ts, due = row, next(times), next(rows)
            rest = line.partition(closing)[2]
            if odd and row in odd and (found := match(line)):
                rest = found[3]
            name, _, text = rest.partition(": ")
            known = ids.get(name)
            if known is None or LRM in line:
                who, kind, text = self._slow(intake, at, ts, rest)
            elif (text[-1:] in LASTS and text.endswith(ENDS)) or (
                text[:2] in FIRSTS and text.startswith(STARTS)
            ):
                who = known
                kind, text = self._own(text, who, marked=False)
                if kind == NOTICE:
                    kind = _NOTHING
            else:
                who, kind = known, "text"
        if kind != _NOTHING:
            text = "\n".join((text, *lines))
            self._name(at, text)
            message(at, channel, who, ts, text, kind, edited=ts if self.edited > before else None)
        self._end(intake)

    def _see_people(self, intake: Intake) -> dict[str, str]:
        """Let an intake know who writes; return their ids by names as written."""
        who, times = np.array(self.log.who), np.array(self.log.times)
        order = np.argsort(who, kind="stable")
        ids: dict[str, str] = {}
        for written, place in self.log.names.items():
            start, end = np.searchsorted(who, (place, place + 1), sorter=order)
            own = times[order[start:end]]
            ids[written] = self.see(intake, plain(written), int(own.min()))
            self.see(intake, plain(written), int(own.max()))
        self.spoke.update(ids.values())
        return ids

    def see(self, intake: Intake, name: str, ts: int) -> str:
        """Let an intake know that somebody was there under a name; return the id."""
        own = EXPORTER if name.lower() in YOU else id_of(name)
        people = intake.people
        people.see(people.number(own), "You" if own == EXPORTER else name, ts)
        if name.startswith("~"):  # a name that its owner chose: others write it without the sign
            people.see(people.number(own), name.lstrip("~ "), ts)
        return own

    def _name(self, row: int, text: str) -> None:
        self.named += [(row, m[1] or m[2]) for m in _MENTION.finditer(text)]

    def _more(self, line: str, kind: str) -> tuple[str, str]:
        """Return kind and text of a further line of a message."""
        if line.endswith(">"):
            self.edited += clean(line)[1]
            self.attached += "<attached" in line or "<附件" in line
        return more(line, kind)

    def _own(self, text: str, who: str, *, marked: bool) -> tuple[str, str]:
        """Return kind and text of a message that may be of WhatsApp's wording."""
        text, edited = clean(text)
        self.edited += edited
        kind, rest = kind_of(text, marked)
        self.owns[who] += kind == "recall" and by_exporter(text)
        self.attached += rest is not text and ("attached" in text or "附" in text)
        self.media += kind == "other"
        return kind, rest

    def _slow(self, intake: Intake, row: int, ts: int, rest: str) -> tuple[str, str, str]:
        """Return author, kind and text of a line whose name is new, or that WhatsApp marked."""
        name, colon, text = rest.partition(": ")
        if not colon and rest.rstrip(" ").endswith(":"):  # somebody cut off spaces at line ends
            name, colon, text = rest.rstrip(" ")[:-1], ":", ""
        if not colon or not is_name(name, rest):
            return self._system(row, ts, plain(rest), said(plain(rest)))
        written, marked = plain(name), LRM in text
        you = written.lower() in YOU
        who = EXPORTER if you else id_of(written)
        kind, own = self._own(text, who, marked=marked)
        if kind == APP and not text.lstrip(" ").startswith(LRM):
            kind = "text"
        if kind == NOTICE:
            return "", _NOTHING, ""
        if kind == APP or (you and kind == "text"):
            words = plain(text)
            if found := said(words):
                self.owns[who] += found.actor is not None and found.actor.lower() in YOU and not you
                return self._system(row, ts, words, found)
            if kind == APP:
                self._marked.append((row, ts, who, shape(words)))
                return "", _NOTHING, ""
        if who not in self.spoke or marked:
            self.spoke.add(self.see(intake, written, ts))
        return who, kind, own

    def _system(self, row: int, ts: int, line: str, found: Said | None) -> tuple[str, str, str]:
        if found is None:
            self.log.reading.strange(row, _STRANGE, line)
        elif found.action != "notice" or found.actor is not None:
            self.said.append((row, ts, found))
        return "", _NOTHING, ""

    def _end(self, intake: Intake) -> None:
        """Settle what needed the whole file: whose names are those of people."""
        for row, ts, who, words in self._marked:
            if who in self.spoke:
                intake.message(row, self.channel, who, ts, "", "other")
                self.apps += 1
            else:  # under a group's own name WhatsApp speaks, and nobody else
                self.log.reading.strange(row, _STRANGE, words)
        self._marked.clear()
        self.owns = Counter({who: n for who, n in self.owns.items() if n and who in self.spoke})
