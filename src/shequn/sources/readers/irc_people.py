"""Who is who among the nicks of an IRC log.

The rule, in the order in which it is applied:

1. A nick is one person wherever it stands in the export, in whatever case (RFC 1459).
2. "A is now known as B" joins A and B, everywhere. Placeholders (Guest12345, mib_…, a single
   letter) and robots are never joined to anybody: many people pass through them.
3. A group of joined nicks is taken apart again, as a whole, where the log shows two people: where
   within an hour of one file the talk goes from one nick of the group to another and back with no
   rename or join that would explain it. That is what a swap looks like (A becomes B, another A
   comes in, both talk), and what a nick handed on looks like.

It errs towards two members for one person. Two people who used one nick at different times, and a
second A who never talks while B does, stay one member.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from functools import partial

from shequn.sources.bots import is_robot
from shequn.sources.readers.irc_lines import JOIN, MESSAGE, RENAME

_TURN = 3600  # seconds
_PLACEHOLDER = re.compile(
    r"(?:guest|user|username|anon|anonymous|unknown|noname|nobody|someone|newbie|noob|test|tester|root"
    r"|admin|administrator|nick|nickname|me|ubuntu|kubuntu|xubuntu|debian|linux|irc|webchat|qwebirc"
    r"|kiwi|chatzilla|mibbit|pidgin|xchat|hexchat|default)[\d_`^|{}-]*"
    r"|(?:mib|wc|web|qwebirc|kiwi)_\S*"
)
_LETTER = re.compile(r"[^\W\d_]")
_NUMBERS, _TIMES = partial(array, "I"), partial(array, "q")


def is_placeholder(nick: str) -> bool:
    """Tell whether a nick (as IRC compares it) is one that many people pass through."""
    return len(_LETTER.findall(nick)) < 2 or _PLACEHOLDER.fullmatch(nick) is not None


@dataclass
class Turns:
    """What those who were ever renamed do in one file, in the order of its lines.

    Attributes
    ----------
    rows, kinds, times, who, other
        Line, kind of entry, second, nick, and the new nick of a rename, nicks by number.
    """

    rows: array[int] = field(default_factory=_NUMBERS)
    kinds: array[int] = field(default_factory=_NUMBERS)
    times: array[int] = field(default_factory=_TIMES)
    who: array[int] = field(default_factory=_NUMBERS)
    other: array[int] = field(default_factory=_NUMBERS)

    def add(self, row: int, kind: int, time: int, who: int, other: int = 0) -> None:
        """Add an entry."""
        self.rows.append(row)
        self.kinds.append(kind)
        self.times.append(time)
        self.who.append(who)
        self.other.append(other)

    def shows_two(self, whose: Mapping[int, str]) -> set[str]:
        """Return the groups of nicks of which the file shows two people talking in turn.

        Parameters
        ----------
        whose
            Group of each nick, by number.
        """
        speaks: dict[str, int] = {}  # group -> nick it talks under now
        entered: dict[str, set[int]] = {}  # nicks it may go on under: it just joined or was renamed
        turned: dict[str, int] = {}  # when it last went to another nick without a reason
        apart: set[str] = set()
        entries = zip(self.rows, self.kinds, self.times, self.who, self.other, strict=True)
        # Actions were added behind the other lines.
        for _, kind, time, who, other in sorted(entries):
            group = whose.get(who)
            if group is None or group in apart:
                continue
            if kind == RENAME:
                if whose.get(other) == group:
                    speaks[group] = other
                    entered.pop(group, None)
            elif kind == JOIN:
                entered.setdefault(group, set()).add(who)
            elif kind == MESSAGE and who != speaks.setdefault(group, who):
                if who not in entered.get(group, ()):
                    if group in turned and abs(time - turned[group]) <= _TURN:
                        apart.add(group)
                        continue
                    turned[group] = time
                speaks[group] = who
                entered.pop(group, None)
        return apart


@dataclass
class Nicks:
    """Every nick that is seen, and who is behind it.

    Attributes
    ----------
    seen
        Nick (as IRC compares it) -> first second, how it was written then, last second.
    speakers, noticers
        Nicks that speak, and that send notices.
    renames
        Pairs of nicks, the lesser first.
    numbers
        Number of each nick in a rename.
    turns
        Of each file.
    """

    seen: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    speakers: set[str] = field(default_factory=set)
    noticers: set[str] = field(default_factory=set)
    renames: set[tuple[str, str]] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    turns: list[Turns] = field(default_factory=list)

    def rename(self, one: str, other: str) -> None:
        """Note a rename, by nicks as IRC compares them; before any file is read for its turns."""
        if one != other:
            self.renames.add((min(one, other), max(one, other)))
            for nick in (one, other):
                self.numbers.setdefault(nick, len(self.numbers))

    def see(self, nick: str, written: str, first: int, last: int) -> None:
        """Note when a nick is seen in a file."""
        start, spelled, end = self.seen.get(nick, (first, written, last))
        start, spelled = min((start, spelled), (first, written))
        self.seen[nick] = start, spelled, max(end, last)

    @property
    def robots(self) -> set[str]:
        """Nicks of robots: they send notices and never speak, or are called so."""
        return {n for n in self.seen if is_robot(n)} | (self.noticers - self.speakers)

    def settle(self, robots: Set[str]) -> Who:
        """Find out who is who; the order of the files does not matter."""
        pairs = [
            p for p in sorted(self.renames) if not any(is_placeholder(n) or n in robots for n in p)
        ]
        parent: dict[str, str] = {}

        def root(nick: str) -> str:
            while (up := parent.setdefault(nick, nick)) != nick:
                parent[nick] = parent[up]
                nick = up
            return nick

        for a, b in pairs:
            one, other = root(a), root(b)
            parent[max(one, other)] = min(one, other)
        whose = {self.numbers[nick]: root(nick) for nick in list(parent)}
        apart = set[str]().union(*(t.shows_two(whose) for t in self.turns))
        same = [(a, b) for a, b in pairs if root(a) not in apart]
        return Who(same, len(self.renames), len(self.renames) - len(pairs), len(apart))


@dataclass(frozen=True)
class Who:
    """Which nicks are one person.

    Attributes
    ----------
    same
        Pairs of nicks of one person.
    renames, placeholders, conflicts
        Pairs of nicks in rename lines; those with a placeholder or a robot; groups taken apart.
    """

    same: list[tuple[str, str]]
    renames: int
    placeholders: int
    conflicts: int
