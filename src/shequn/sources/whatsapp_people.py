"""Who is who in WhatsApp exports, where names are the only ids."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shequn.sources.people import People
from shequn.sources.whatsapp_lines import NOBODY, Log
from shequn.sources.whatsapp_words import SYSTEM, YOU, plain

_LONGEST = 150
EXPORTER = "(exporter)"  # id of whoever exported, where no file shows the name
_PHONE = re.compile(r"\+?[0-9 ().\-\u2010\u2011]{7,30}")
_COMMA = re.compile(r"\s*[,、，]\s*")
_AND = re.compile(r"^(.+?)(?:,? (?:and|&) | ?[和及与與] ?)(.+)$")
_OTHERS = re.compile(
    r"(?:\d+ (?:others?|more|people|participants)|(?:其他|另外)?\d+ ?(?:个|位|個)?(?:人|成员|成員).*)"
)
_STEPS = {"join", "leave", "kick", "role", "create", "approve"}


@dataclass
class Names(People):
    """The people behind the names.

    Attributes
    ----------
    exporters
        Of each file, the id of whoever exported it.
    linked, matched
        Ids joined by a change of number; ids joined because two exports agree on their messages.
    by_number
        Ids by the digits of their phone number.
    known
        Ids that surely are names, to split lists of names by.
    """

    exporters: list[str] = field(default_factory=list)
    linked: int = 0
    matched: int = 0
    by_number: dict[str, str] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)


def id_of(name: str) -> str:
    """Return the id of a name from `plain`: a phone number without spaces, or the name itself."""
    if _PHONE.fullmatch(name):
        digits = re.sub(r"\D", "", name)
        if len(digits) >= 7:
            return "+" + digits if name.startswith("+") else digits
    name = re.sub(r"^~ ", "~", name)  # iOS puts a narrow space behind the sign
    return unicodedata.normalize("NFC", name)


def exporters(logs: Sequence[Log]) -> list[str]:
    """Return for each file the id of whoever exported it, as far as the files show it."""
    own = [id_of(log.names[log.owns.most_common(1)[0][0]]) if log.owns else "" for log in logs]
    found = {name for name in own if name}
    other = found.pop() if len(found) == 1 else EXPORTER
    return [name or other for name in own]


def find_people(logs: Sequence[Log], own: Sequence[str], same: Iterable[tuple[str, str]]) -> Names:
    """Find out who is who, and fill in the events and members of the files.

    Parameters
    ----------
    own
        From `exporters`.
    same
        Pairs of ids that are one person, since two exports of a chat agree.
    """
    people = Names(exporters=list(own))
    known = people.known = {id_of(name) for log in logs for name in log.names[1:]}
    known |= {
        id_of(s.actor)
        for log in logs
        for s in log.said.values()
        if s.actor and s.action in _STEPS and s.whom is not None
    }
    numbers: list[tuple[str, str]] = []
    for log, me in zip(logs, own, strict=True):
        numbers += happened(log, me, known)

    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while (up := parent.setdefault(name, name)) != name:
            parent[name] = parent[up]
            name = up
        return name

    for kind, pairs in (("linked", numbers), ("matched", sorted(set(same)))):
        for a, b in pairs:
            if root(a) != root(b):
                parent[root(a)] = root(b)
                setattr(people, kind, getattr(people, kind) + 1)
    seen, written = _seen(logs, own)
    groups: dict[str, list[str]] = {}
    for name in seen:
        groups.setdefault(root(name), []).append(name)
    for group in groups.values():
        first = min(group, key=lambda n: (seen[n][0], n))
        for name in group:
            people.person_of[name] = first
    people.names = {(name, written[name]): span for name, span in seen.items()}
    people.by_number = {re.sub(r"\D", "", n): n for n in seen if _PHONE.fullmatch(n)}
    return people


def happened(log: Log, me: str, known: set[str]) -> list[tuple[str, str]]:
    """Fill in the events of a file; return the ids that its changes of number join."""
    numbers: list[tuple[str, str]] = []
    log.events.clear()
    log.actors.clear()

    def who(name: str) -> str:
        return me if name.lower() in YOU else id_of(name)

    for entry, said in sorted(log.said.items()):
        actor = who(said.actor) if said.actor else None
        if said.action == "number" or said.action == "notice":
            # Of a sentence that is known less well only names that are known otherwise count.
            if actor and (actor in known or actor == me or _PHONE.fullmatch(actor)):
                log.actors[entry] = actor
        elif actor:
            log.actors[entry] = actor
        if said.action == "number":
            new = id_of(said.whom or "")
            if actor and actor != new and (_PHONE.fullmatch(new) or new in known):
                numbers.append((actor, new))
                log.events.append((entry, "rename", new, None, None))
        elif said.action == "create" and actor:
            log.events.append((entry, "join", actor, None, "create"))
        elif said.action in _STEPS:
            for name in _split(said.whom, known) if said.whom else [said.actor or ""]:
                target = who(name)
                if target:
                    by = actor if said.whom and actor != target else None
                    log.events.append((entry, said.action, target, by, said.method))
    return numbers


def _split(whom: str, known: set[str]) -> list[str]:
    """Return the names in a list of names."""
    names: list[str] = []
    for part in [whom] if id_of(whom) in known else _COMMA.split(whom):
        part = re.sub(r"^(?:and|和|及|与|與) ?", "", part)
        found = None if id_of(part) in known else _AND.match(part)
        if found and (
            " and " in part
            or " & " in part
            or any(id_of(x) in known or x.lower() in YOU for x in found.groups())
            or min(map(len, found.groups())) > 1
        ):
            names += [n.strip() for n in found.groups()]
        else:
            names.append(part.strip())
    return [n for n in names if 0 < len(n) <= _LONGEST and not _OTHERS.fullmatch(n)]


def _seen(
    logs: Sequence[Log], own: Sequence[str]
) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Return when each id is seen first and last, and how it is written."""
    seen: dict[str, tuple[int, int]] = {}
    written: dict[str, str] = {}

    def meet(name: str, start: int, end: int, as_written: str) -> None:
        first, last = seen.get(name, (start, end))
        seen[name] = min(first, start), max(last, end)
        # The form with spaces, where a number was seen in that too.
        written[name] = min(written.get(name, as_written), as_written)

    for log, me in zip(logs, own, strict=True):
        log.members = [me if n.lower() in YOU else id_of(n) for n in log.names]
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for time, who in zip(log.times, log.who, strict=True):
            if who not in first:
                first[who] = last[who] = time
            elif time > last[who]:
                last[who] = time
            elif time < first[who]:
                first[who] = time
        for who, start in first.items():
            if who != NOBODY:
                name = "You" if log.members[who] == EXPORTER else log.names[who]
                meet(log.members[who], start, last[who], name)
        for entry, name in log.actors.items():
            meet(name, log.times[entry], log.times[entry], "You" if name == EXPORTER else name)
        for entry, _, name, by, _ in log.events:
            for n in (name, by):
                if n:
                    meet(n, log.times[entry], log.times[entry], "You" if n == EXPORTER else n)
    return seen, written


class Mentions:
    """Finds who is meant by what follows an @."""

    def __init__(self, people: Names) -> None:
        self._people = people
        self._names = {_small(n): n for n in sorted(people.person_of) if n != EXPORTER}
        self._lengths = sorted({len(n) for n in self._names}, reverse=True)

    def target(self, text: str) -> str | None:
        """Return the id of the person, or None where it is nobody known."""
        if digits := re.match(r"\+?([0-9]{6,15})(?![0-9])", text):
            return self._people.by_number.get(digits[1])
        name = id_of(plain(text))
        if name in self._people.person_of and name != EXPORTER:
            return name
        start = _small(name)
        for n in self._lengths:
            known = self._names.get(start[:n])
            if known is not None and len(start) >= n:
                after = start[n : n + 1]
                # Chinese writes on without a space.
                if not (after.isalnum() and start[n - 1].isalnum() and after < "\u3000"):
                    return known
        return None


def _small(name: str) -> str:
    return name.lower()


def people_by_channel(logs: Sequence[Log]) -> dict[str, int]:
    """Return how many people wrote in each channel."""
    who: dict[str, set[str]] = {}
    for log in logs:
        counts = Counter(log.who)
        who.setdefault(log.channel_id, set()).update(log.members[n] for n in counts if n != NOBODY)
    return {channel: len(names) for channel, names in who.items()}


__all__ = ["EXPORTER", "SYSTEM", "Mentions", "Names", "exporters", "find_people", "id_of"]
