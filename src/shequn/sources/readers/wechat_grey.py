"""Grey lines: they name people, so they are understood once all names of an export are known.

A name is whoever goes by it in the same group at that time, or nearest to it; two at once: nobody.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from shequn.sources.intake import Intake
from shequn.sources.people import People
from shequn.sources.readers.wechat_system import (
    JOIN,
    KICK,
    LEAVE,
    PAT,
    RECALL,
    ROLE,
    Notice,
    Party,
    Way,
    parts,
    read_notice,
)  # fmt: skip
from shequn.sources.report import Reading

ME = "~me"  # the exporter, where no file gives their id; behind all real ids in the alphabet
_EVENTS = frozenset({JOIN, KICK, LEAVE, ROLE})
_KINDS = {RECALL: "recall", PAT: "other"}
_WORDS = re.compile(r"[^\W_]")
_NOT_NAMES = frozenset({"我", "你", "您", "自己"})
_MOST_KEPT = 20_000
_NUMBERS = partial(array, "q")


@dataclass
class Lines:
    """The grey lines of a file that are understood, in columns, since they may be many.

    Attributes
    ----------
    file, channel
        Where they stand.
    me
        Id of the exporter, to whom they say 你; empty where nobody knows.
    rows, times, owns, senders, notices
        Row, UTC seconds, id on the platform, who sent it as far as the file says, and meaning.
    speakers
        Who is a person for sure, and so may have sent a line that names nobody.
    unclear
        How many are not understood.
    """

    file: Reading
    channel: int
    me: str = ""
    rows: array[int] = field(default_factory=_NUMBERS)
    times: array[int] = field(default_factory=_NUMBERS)
    owns: list[str] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    speakers: set[str] = field(default_factory=set)
    unclear: int = 0

    def add(self, row: int, ts: int, notice: Notice, own: str, sender: str) -> None:
        """Put in a line."""
        self.rows.append(row)
        self.times.append(ts)
        self.owns.append(own)
        self.senders.append(sender)
        self.notices.append(notice)


class Grey:
    """The grey lines of an export, and names that only the exporter uses.

    Parameters
    ----------
    intake
        Where they go in the end.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._files: list[Lines] = []
        self._private = People()
        self._read: dict[str, Notice | None] = {}
        self._raws: list[str] = []

    def begin(self, file: Reading, channel: int) -> Lines:
        """Return what takes the lines of a file."""
        self._files.append(Lines(file, channel))
        return self._files[-1]

    def understand(self, text: str, channel: int, ts: int, *, bare: bool = False) -> Notice | None:
        """Return what a line says, and note the names that stand there beside an id."""
        notice = self._read.get(text)
        if notice is None and text not in self._read:
            if len(self._read) >= _MOST_KEPT:
                self._read.clear()
            notice = self._read[text] = read_notice(text, bare=bare)
        people = self._intake.people
        for party in _parties(notice.ways) if notice else ():
            if party.wxid and party.name:
                people.see(people.number(party.wxid), party.name, ts, channel)
        return notice

    def alias(self, raw: str, name: str, ts: int, channel: int) -> None:
        """Note the exporter's own name for somebody: it leads to them, and is written nowhere."""
        self._private.see(self._intake.people.number(raw), name, ts, channel)
        self.hide(name)

    def hide(self, name: str) -> None:
        """Let a name leave the texts, also where it leads to nobody."""
        if _WORDS.search(name) and name not in _NOT_NAMES:
            self._intake.people.weak.add(name)

    def find(self, name: str, channel: int, ts: int) -> str | None:
        """Return the id of who a name means."""
        people = self._intake.people
        if name in people.numbers:  # where nobody's name is known, it is the id that is shown
            return name
        who = people.find(name, channel, ts)
        if who is None and not people.known(name):
            who = self._private.find(name, channel, ts)
        if who is not None and who >= len(self._raws):
            self._raws = list(people.numbers)
        return None if who is None else self._raws[who]

    def settle(self) -> None:
        """Put the lines into the intake, once everything was read."""
        intake, joiners, unknown, silent, unclear = self._intake, 0, 0, 0, 0
        for lines in self._files:
            intake.open(lines.file)
            unclear += lines.unclear
            for row, ts, own, sender, notice in zip(
                lines.rows, lines.times, lines.owns, lines.senders, lines.notices, strict=True
            ):
                way = self._best(notice.ways, ts, lines)
                actor = self._who(way.actor, ts, lines) if way.actor else None
                people = [self._who(one, ts, lines) for one in self._all(way.subjects)]
                known = [raw for raw in people if raw]
                if notice.action == JOIN:
                    joiners += len(people)
                    unknown += len(people) - len(known)
                for party in _parties((way,)):
                    for name in (party.name, *parts(party.name)):
                        self.hide(name)
                if notice.action in _EVENTS:
                    for raw in dict.fromkeys(known):
                        intake.event(
                            row, ts, notice.action, raw, channel=lines.channel, actor=actor,
                            method=notice.method or None,
                        )  # fmt: skip
                author = actor or next(iter(known), sender if sender in lines.speakers else "")
                kind = _KINDS.get(notice.action, "system")
                if author:
                    intake.message(
                        row, lines.channel, author, ts, "", kind, own=own or None, chars=None
                    )
                silent += not author
        intake.note(
            f"Lines of joining name {joiners:,} people, {unknown:,} of them by a name that leads "
            "to nobody, since they never wrote, or to several: they have no join.",
            f"入群提示里共有 {joiners:,} 人，其中 {unknown:,} 人的名字对不上人（从未发言）或有重名："
            "没有入群记录。",
            when=unknown,
        )
        intake.note(
            f"{unclear:,} grey lines are in none of the known sentences, and {silent:,} name nobody "
            "who is known: they are not in messages.",
            f"{unclear:,} 条灰色提示是没见过的说法，{silent:,} 条里的人都认不出：messages 里没有。",
            when=unclear or silent,
        )

    def _best(self, ways: tuple[Way, ...], ts: int, lines: Lines) -> Way:
        """Return the way to read a sentence of which most names are known."""

        def known(way: Way) -> float:
            named = [*self._all(way.subjects), *([way.actor] if way.actor else [])]
            return sum(self._who(p, ts, lines) is not None for p in named) / max(len(named), 1)

        return ways[0] if len(ways) == 1 else max(ways, key=known)

    def _who(self, party: Party, ts: int, lines: Lines) -> str | None:
        if party.you:
            return lines.me or None
        return party.wxid or (self.find(party.name, lines.channel, ts) if party.name else None)

    def _all(self, subjects: Iterable[Party]) -> Iterator[Party]:
        """Yield the people of lists one by one, taking the longest names that are known."""
        for party in subjects:
            if not party.listed or self._known(party.name):
                yield party
                continue
            pieces, i = parts(party.name), 0
            while i < len(pieces):
                # A name that holds the separator itself is long and rare: a few pieces are enough.
                for j in range(min(len(pieces), i + 4), i, -1):
                    joined = (sep.join(pieces[i:j]) for sep in ("、", ", "))
                    name = next(filter(self._known, joined), None)
                    if name or j == i + 1:
                        yield Party(name or pieces[i])
                        i = j
                        break

    def _known(self, name: str) -> bool:
        return self._intake.people.known(name) or self._private.known(name)


def _parties(ways: Iterable[Way]) -> Iterator[Party]:
    for way in ways:
        yield from way.subjects
        if way.actor:
            yield way.actor
