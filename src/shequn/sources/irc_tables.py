"""The tables of a community from its IRC logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from shequn.sources.folder import Table, Value
from shequn.sources.irc_lines import JOIN, LEAVE, MESSAGE, RENAME, Log, lower, text_of
from shequn.sources.irc_people import People
from shequn.sources.privacy import pseudonym

PLATFORM = "irc"
_ACTIONS = {JOIN: "join", LEAVE: "leave", RENAME: "rename"}
_KEPT = (MESSAGE, JOIN, LEAVE, RENAME)
_PIECE = re.compile(r"\w+|\W")


@dataclass(frozen=True)
class Source:
    """A log, its id, and the ids of its channels."""

    source_id: str
    log: Log
    channels: tuple[str, ...]

    def channel(self, entry: int) -> str:
        """Return the channel id of an entry."""
        return (
            self.channels[self.log.channel_of[entry]] if self.log.channel_of else self.channels[0]
        )

    @property
    def kept(self) -> int:
        """Number of lines that became a row."""
        return sum(self.log.kinds.count(kind) for kind in _KEPT)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last moment, UTC seconds."""
        return (min(self.log.times), max(self.log.times)) if self.log.times else None


class Redactor:
    """Replaces every known nick in a text by the pseudonym of its person.

    A nick counts where it stands as a whole word, in any case: ``bob`` in ``bob's``, but not in
    ``bobby``.

    Parameters
    ----------
    ids
        Pseudonym of each nick, nicks as IRC compares them.
    """

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids
        lengths: dict[str, set[int]] = {}
        for nick in ids:
            if pieces := _PIECE.findall(nick):
                lengths.setdefault(pieces[0], set()).add(len(pieces))
        # By its first piece, how many pieces a nick may have: most words need one look-up.
        self._lengths = {piece: sorted(ns, reverse=True) for piece, ns in lengths.items()}

    def __call__(self, text: str) -> str:
        """Return the text without nicks."""
        small = _PIECE.findall(lower(text))
        if self._lengths.keys().isdisjoint(small):
            return text
        pieces = _PIECE.findall(text)  # as many: lower keeps the length and what is a word
        out: list[str] = []
        i = 0
        while i < len(pieces):
            for n in self._lengths.get(small[i], ()):
                found = self._ids.get("".join(small[i : i + n]))
                if found is not None:
                    out.append(found)
                    i += n
                    break
            else:
                out.append(pieces[i])
                i += 1
        return "".join(out)


class Tables:
    """Makes the tables.

    Parameters
    ----------
    sources
        The logs in the order in which their rows are to stand.
    people
        Who is who.
    key
        For the pseudonyms.
    timezone
        Zone that the times were read in.
    """

    def __init__(
        self, sources: Sequence[Source], people: People, key: bytes, timezone: str
    ) -> None:
        self._sources, self._people, self._timezone = sources, people, timezone
        persons = {p: pseudonym(key, PLATFORM, p) for p in set(people.person_of.values())}
        self.ids = {nick: persons[person] for nick, person in people.person_of.items()}
        self._robots = {persons[p] for p in people.robots}

    def all(self, *, keep_text: bool) -> dict[str, Table]:
        """Return every table; their rows are made while they are read."""
        text = ("text",) if keep_text else ()
        tables = {
            "members": Table(
                ("member_id", "joined_at", "joined_at_basis", "is_bot"), self._members()
            ),
            "membership_events": Table(
                ("event_id", "ts", "channel_id", "member_id", "action", "method", "source_id"),
                self._events(),
            ),
            "messages": Table(
                ("message_id", "channel_id", "author_id", "ts", "kind", "n_chars", "source_id",
                 "source_row", *text),
                self._messages_with_text() if keep_text else self._messages(),
            ),
            "mentions": Table(("message_id", "target_id", "kind"), self._mentions()),
            "sources": Table(
                ("source_id", "platform", "format", "sha256", "tz_assumed", "covers_from",
                 "covers_to", "rows_read", "rows_kept", "rows_unparsed"),
                self._source_rows(),
            ),
            "identities": Table(
                ("member_id", "platform", "platform_user_id", "display_name", "alias_from",
                 "alias_to"),
                self._identities(),
            ),
        }  # fmt: skip
        if not any(s.log.kinds.count(k) for s in self._sources for k in _ACTIONS):
            # No such line in the logs: nothing is known, which an empty table would not say.
            del tables["membership_events"]
        return tables

    def members(self) -> tuple[int, int]:
        """Return the number of members and of robots among them."""
        return len(set(self.ids.values())), len(self._robots)

    def _members(self) -> Iterator[Sequence[Value]]:
        # A join line is a connection, made anew every day: it says nothing about joining the
        # community, and taking it for that would make a newcomer of everybody who reconnects.
        spoke: dict[str, int] = {}
        for source in self._sources:
            log = source.log
            own = [self.ids[n] for n in log.nicks]
            for kind, time, who in zip(log.kinds, log.times, log.who, strict=True):
                member = own[who]
                if kind == MESSAGE and spoke.setdefault(member, time) > time:
                    spoke[member] = time
        for member in sorted(set(self.ids.values())):
            message = spoke.get(member)
            basis = None if message is None else "first_message"
            yield member, message, basis, member in self._robots

    def _events(self) -> Iterator[Sequence[Value]]:
        for source in self._sources:
            log, sid = source.log, source.source_id
            own = [self.ids[n] for n in log.nicks]
            for i, kind in enumerate(log.kinds):
                if kind in _ACTIONS:
                    row = log.rows[i]
                    method = None if kind == RENAME else "connection"
                    yield (
                        f"{sid}-{row}", log.times[i], source.channel(i), own[log.who[i]],
                        _ACTIONS[kind], method, sid,
                    )  # fmt: skip

    def _messages(self) -> Iterator[Sequence[Value]]:
        for source in self._sources:
            log, sid = source.log, source.source_id
            own = [self.ids[n] for n in log.nicks]
            numbers = log.channel_of if log.channel_of else [0]
            entries = zip_longest(
                log.kinds, log.rows, log.times, log.who, log.other, numbers, fillvalue=0
            )
            for kind, row, time, who, length, channel in entries:
                if kind == MESSAGE:
                    yield (
                        f"{sid}-{row}", source.channels[channel], own[who], time, "text", length,
                        sid, row,
                    )  # fmt: skip

    def _messages_with_text(self) -> Iterator[Sequence[Value]]:
        # The text is not held while the export is read: it is fetched again here, and the file's
        # fingerprint tells if it is still the same.
        redact = Redactor(self.ids)
        rows = self._messages()
        for source in self._sources:
            wanted = source.log.kinds.count(MESSAGE)
            row = next(rows) if wanted else None
            for number, line in enumerate(source.log.file.lines(), 1):
                if row is None or number != row[-1]:
                    continue
                yield *row, redact(text_of(line, source.log.layout))
                wanted -= 1
                row = next(rows) if wanted else None

    def mentions(self) -> int:
        """Return the number of mentions."""
        return sum(1 for _ in self._named())

    def _mentions(self) -> Iterator[Sequence[Value]]:
        for source, entry, target in self._named():
            yield f"{source.source_id}-{source.log.rows[entry]}", target, "mention"

    def _named(self) -> Iterator[tuple[Source, int, str]]:
        """Yield who is named where; a person once a message, under however many nicks."""
        for source in self._sources:
            log = source.log
            own = [self.ids[n] for n in log.nicks]
            last, targets = -1, set[str]()
            for entry, nick in zip(log.named, log.named_nick, strict=True):
                if entry != last:
                    last, targets = entry, set()
                if own[nick] not in targets:
                    targets.add(own[nick])
                    yield source, entry, own[nick]

    def _source_rows(self) -> Iterator[Sequence[Value]]:
        for s in self._sources:
            start, end = s.span or (None, None)
            log = s.log
            yield (
                s.source_id, PLATFORM, log.layout, log.file.sha256, self._timezone, start, end,
                log.read, s.kept, log.unparsed,
            )  # fmt: skip

    def _identities(self) -> Iterator[Sequence[Value]]:
        people = self._people
        for member, nick in sorted((m, n) for n, m in self.ids.items()):
            yield (member, PLATFORM, nick, people.spelled[nick], *people.seen[nick])


def kept_of(source: Source) -> dict[str, int]:
    """Return how many messages and membership events a log gave."""
    messages = source.log.kinds.count(MESSAGE)
    return {"messages": messages, "membership_events": source.kept - messages}
