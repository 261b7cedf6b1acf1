"""Who is who in WhatsApp exports, where names are the only ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from shequn.sources.readers.whatsapp_lines import id_of, is_phone
from shequn.sources.readers.whatsapp_words import YOU, Said, plain

EXPORTER = "(exporter)"  # id of whoever exported, where no file shows the name
_LONGEST = 150
_COMMA = re.compile(r"\s*[,、，]\s*")
_AND = re.compile(r"^(.+?)(?:,? (?:and|&) | ?[和及与與] ?)(.+)$")
_OTHERS = re.compile(
    r"(?:\d+ (?:others?|more|people|participants)|(?:其他|另外)?\d+ ?(?:个|位|個)?(?:人|成员|成員).*)"
)
STEPS = {"join", "leave", "kick", "role", "create", "approve"}


def exporters(owns: Sequence[Counter[str]]) -> list[str]:
    """Return for each file the id of whoever exported it, as far as the files show it.

    Parameters
    ----------
    owns
        Ids of which a file shows that they are the exporter's.
    """
    own = [c.most_common(1)[0][0] if c else "" for c in owns]
    found = {name for name in own if name}
    other = found.pop() if len(found) == 1 else EXPORTER
    return [name or other for name in own]


def happened(
    said: Said, me: str, known: set[str]
) -> tuple[str | None, list[tuple[str, str, str | None, str | None]]]:
    """Return who did what a line says, and what happened: action, to whom, by whom, how.

    Parameters
    ----------
    said
        The line.
    me
        Id of whoever exported.
    known
        Ids that surely are names.
    """
    actor = (me if said.actor.lower() in YOU else id_of(said.actor)) if said.actor else None
    sure = actor is not None and (actor in known or actor == me or is_phone(actor))
    if said.action == "number":
        new = id_of(said.whom or "")
        changed = actor and actor != new and (is_phone(new) or new in known)
        return (actor if sure else None), [("rename", new, actor, None)] if changed else []
    if said.action not in STEPS:
        # Of a sentence that is known less well only names that are known otherwise count.
        return (actor if sure else None), []
    if said.action == "create":
        return actor, [("join", actor, None, "create")] if actor else []
    names = list(split(said.whom, known)) if said.whom else [said.actor or ""]
    whom = [me if n.lower() in YOU else id_of(n) for n in names if n]
    return actor, [(said.action, w, actor if w != actor else None, said.method) for w in whom]


def split(whom: str, known: set[str]) -> Iterator[str]:
    """Yield the names in a list of names."""
    for part in [whom] if id_of(whom) in known else _COMMA.split(whom):
        part = re.sub(r"^(?:and|和|及|与|與) ?", "", part)
        found = None if id_of(part) in known else _AND.match(part)
        two = found is not None and (
            " and " in part
            or " & " in part
            or any(id_of(x) in known or x.lower() in YOU for x in found.groups())
            or min(map(len, found.groups())) > 1
        )
        for name in found.groups() if found and two else (part,):
            name = name.strip()
            if 0 < len(name) <= _LONGEST and not _OTHERS.fullmatch(name):
                yield name


class Mentions:
    """Finds who is meant by what follows an @."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = set(ids) - {EXPORTER}
        self._small = {n.lower(): n for n in sorted(self._ids)}
        self._lengths = sorted({len(n) for n in self._small}, reverse=True)
        self.numbers = {re.sub(r"\D", "", n): n for n in self._ids if is_phone(n)}

    def target(self, text: str) -> str | None:
        """Return the id of the person, or None where it is nobody known."""
        if digits := re.match(r"\+?([0-9]{6,15})(?![0-9])", text):
            return self.numbers.get(digits[1])
        name = id_of(plain(text))
        if name in self._ids:
            return name
        start = name.lower()
        for n in self._lengths:
            known = self._small.get(start[:n])
            if known is not None and len(start) >= n:
                after = start[n : n + 1]
                # Chinese writes on without a space.
                if not (after.isalnum() and start[n - 1].isalnum() and after < "\u3000"):
                    return known
        return None
