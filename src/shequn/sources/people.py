"""The people of an import: who is behind which id and name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from shequn.sources.privacy import pseudonym

_LETTER = re.compile(r"[^\W_]")
_LEAST = 2  # letters, digits or characters of a name that is taken out of texts


@dataclass
class People:
    """People by number, in the order in which their ids were met.

    Attributes
    ----------
    numbers
        Id on the platform -> number.
    spans
        Number, channel (-1: anywhere) and name -> first and last second UTC under it.
    weak
        Names of people that lead to nobody known; they are taken out of texts all the same.
    given
        Number -> pseudonym of somebody who is known otherwise, such as on another platform.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    spans: dict[tuple[int, int, str], list[int]] = field(default_factory=dict)
    weak: set[str] = field(default_factory=set)
    given: dict[int, str] = field(default_factory=dict)
    _up: dict[int, int] = field(default_factory=dict)
    _called: dict[str, dict[tuple[int, int], list[int]]] | None = None

    def number(self, raw: str) -> int:
        """Return the number of an id."""
        return self.numbers.setdefault(raw, len(self.numbers))

    def see(self, who: int, name: str, ts: int, channel: int = -1) -> None:
        """Note that somebody went by a name at a time; 0 where the time is not known."""
        span = self.spans.get((who, channel, name))
        if span is None or (ts and not span[1]):
            self.spans[who, channel, name] = [ts, ts]
        elif ts > span[1]:
            span[1] = ts
        elif 0 < ts < span[0]:
            span[0] = ts

    def same(self, one: int, other: int) -> None:
        """Note that two numbers are one person; the lower one stands for both."""
        a, b = self.root(one), self.root(other)
        if a != b:
            self._up[max(a, b)] = min(a, b)

    def root(self, who: int) -> int:
        """Return the number that stands for a person."""
        while (up := self._up.get(who, who)) != who:
            self._up[who] = self._up.get(up, up)
            who = up
        return who

    def find(self, name: str, channel: int = -1, ts: int | None = None) -> int | None:
        """Return who a name means.

        Parameters
        ----------
        name
            As the platform shows it.
        channel
            Names seen there count; -1 for names seen anywhere.
        ts
            Where several bear the name: whose time under it holds this second, or is nearest to
            it. None, or a tie: nobody.
        """
        if self._called is None:  # asked once everything was read
            self._called = {}
            for (who, where, known), span in self.spans.items():
                self._called.setdefault(known, {})[who, where] = span
        far: dict[int, int] = {}
        for (who, where), (start, end) in self._called.get(name, {}).items():
            if channel in (-1, where) or where == -1:
                away = 0 if ts is None else max(start - ts, ts - end, 0)
                root = self.root(who)
                far[root] = min(far.get(root, away), away)
        if len(far) < 2:
            return next(iter(far), None)
        nearest = sorted((away, who) for who, away in far.items())
        return nearest[0][1] if ts is not None and nearest[0][0] < nearest[1][0] else None

    def known(self, name: str) -> bool:
        """Tell whether anybody was seen under a name."""
        self.find(name)
        assert self._called is not None
        return name in self._called

    def hidden(self, platform: str, key: bytes) -> list[tuple[int, str, str]]:
        """Return number, id that stands for the person, and pseudonym, for every number."""
        raws = list(self.numbers)
        first: dict[int, str] = {}
        for who, raw in enumerate(raws):  # the least id: the order of the files must not matter
            root = self.root(who)
            first[root] = min(first.get(root, raw), raw)
        given = {self.root(who): own for who, own in self.given.items()}
        made = {
            root: given.get(root) or pseudonym(key, platform, raw) for root, raw in first.items()
        }
        roots = map(self.root, range(len(raws)))
        return [(who, first[root], made[root]) for who, root in enumerate(roots)]


def names(people: People, ids: Iterable[str], *, hide: str) -> dict[str, str]:
    """Return what every known name and long id is replaced by: a pseudonym, or ``hide``.

    Parameters
    ----------
    people
        Whose names.
    ids
        Pseudonym of each number, in order.
    hide
        What stands for a name of several people, or of nobody known.
    """
    pseudonyms = list(ids)
    found: dict[str, str] = {}
    for who, _, name in people.spans:
        own = pseudonyms[who]
        found[name] = own if found.get(name, own) == own else hide
    for raw, own in zip(people.numbers, pseudonyms, strict=True):
        # Shorter ones are numbers or words that mean something else most of the time.
        if len(raw) > 5:
            found.setdefault(raw, own)
    for name in people.weak:
        found.setdefault(name, hide)
    # A full stop, an A or 好 is a name for some, and something else in most texts.
    return {name: own for name, own in found.items() if len(_LETTER.findall(name)) >= _LEAST}
