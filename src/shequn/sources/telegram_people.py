"""Who is who in Telegram's service lines, which name people without their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shequn.sources.people import People
from shequn.sources.telegram_message import SYSTEM
from shequn.sources.telegram_rows import Book, Chat, Line


@dataclass(frozen=True)
class Event:
    """Somebody joined, left or was removed; people are numbers of the `Book`."""

    chat: Chat
    entry: int
    nth: int
    member: int
    action: str
    method: str
    actor: int | None = None
    inviter: int | None = None

    @property
    def time(self) -> int:
        """Seconds UTC."""
        return self.chat.times[self.entry]


@dataclass(frozen=True)
class Stay:
    """When and how a person came, and when they left; None where that is not known."""

    joined: int | None = None
    basis: str | None = None
    method: str | None = None
    inviter: int | None = None
    left: int | None = None


@dataclass
class Membership(People):
    """The people of an export, and their coming and going.

    Attributes
    ----------
    stays
        By number, everybody who stands in a table.
    events
        In the order of the chats.
    deleted, unknown, shared
        Names in lines of joining and leaving that lead to nobody: of deleted accounts, never seen
        with an id, and borne by several people.
    """

    stays: dict[int, Stay] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    deleted: int = 0
    unknown: int = 0
    shared: int = 0

    @property
    def lost(self) -> int:
        """Names that lead to nobody."""
        return self.deleted + self.unknown + self.shared


def find_people(
    read: Iterable[Chat], kept: Sequence[Chat], book: Book, robots: set[str]
) -> Membership:
    """Find out who is there, and who came and went.

    Parameters
    ----------
    read, kept
        All chats, for the names they know; and those of which something is kept.
    book
        Numbers of the people.
    robots
        Ids of known robots.
    """
    people, raw = Membership(), list(book.people)
    spans: dict[tuple[int, str], tuple[int, int]] = {}
    for chat in read:
        for named, (start, end) in chat.names.items():
            first, last = spans.get(named, (start, end))
            spans[named] = min(first, start), max(last, end)
    called: dict[str, set[int]] = {}
    for who, name in spans:
        if raw[who].startswith("user"):
            called.setdefault(name, set()).add(who)
    for chat in kept:
        for line in chat.lines:
            if line.entry not in chat.dropped:
                people.events += _events(chat, line, people, called, raw)

    seen = _seen(kept, people.events)
    people.stays = _stays(kept, people.events, seen)
    people.person_of = {raw[who]: raw[who] for who in seen}
    people.names = {(raw[who], name): span for (who, name), span in spans.items() if who in seen}
    nameless = seen.keys() - {who for who, _ in spans}
    people.names.update({(raw[who], ""): seen[who] for who in nameless})
    sending = {raw[who] for chat in kept for who in chat.robots if raw[who].startswith("user")}
    people.robots = (sending | robots) & people.person_of.keys()
    return people


def _events(
    chat: Chat, line: Line, people: Membership, called: Mapping[str, set[int]], raw: list[str]
) -> Iterator[Event]:
    entry, actor = line.entry, chat.who[line.entry]
    if line.how in ("link", "request", "create") and raw[actor].startswith("user"):
        # The owner of a link may be anybody's namesake: then nobody is said to have invited.
        owners = called.get(line.inviter or "", set()) if line.how == "link" else set()
        inviter = next(iter(owners)) if len(owners) == 1 else None
        yield Event(chat, entry, 0, actor, "join", line.how, inviter=inviter)
    if line.how in ("link", "request"):
        return
    for nth, name in enumerate(line.names, 1):
        # Whoever comes or goes by themselves stands there as having added or removed themselves.
        alone = len(line.names) == 1 and raw[actor].startswith("user")
        if name is not None and name == line.actor and alone:
            if line.how != "create":
                action = "leave" if line.how == "remove" else "join"
                yield Event(chat, entry, nth, actor, action, "self")
            continue
        found = called.get(name, set()) if name is not None else set()
        if name is None:
            people.deleted += 1
        elif len(found) > 1:
            people.shared += 1
        elif not found:
            people.unknown += 1
        for member in found if len(found) == 1 else ():
            if member == actor and line.how == "create":
                continue
            if line.how == "remove":
                yield Event(chat, entry, nth, member, "kick", "remove", actor)
            else:
                yield Event(chat, entry, nth, member, "join", "invite", actor, actor)


def _seen(kept: Sequence[Chat], events: Iterable[Event]) -> dict[int, tuple[int, int]]:
    """Return everybody who stands in a table, with the first and last time."""
    seen: dict[int, tuple[int, int]] = {}

    def see(who: int | None, time: int) -> None:
        if who is not None and who >= 0:
            first, last = seen.get(who, (time, time))
            seen[who] = min(first, time), max(last, time)

    for chat in kept:
        times, dropped = chat.times, chat.dropped
        for i, (who, time) in enumerate(zip(chat.who, times, strict=True)):
            span = seen.get(who)
            if i not in dropped and (span is None or not span[0] <= time <= span[1]):
                see(who, time)
        for i, who in chat.mentions:
            if i not in chat.dropped:
                see(who, times[i])
        for i, who, _, _, time, _ in chat.reactions:
            if i not in chat.dropped:
                see(who, times[i] if time < 0 else time)
    for event in events:
        for person in (event.member, event.actor, event.inviter):
            see(person, event.time)
    return seen


def _stays(kept: Sequence[Chat], events: Sequence[Event], seen: Iterable[int]) -> dict[int, Stay]:
    joins: dict[int, Event] = {}
    # Whether a person's last act in a chat was to leave it, for those who ever left one.
    last: dict[int, dict[str, tuple[int, bool]]] = {}
    for event in events:
        if event.action == "join":
            first = joins.setdefault(event.member, event)
            if event.time < first.time:
                joins[event.member] = event
        else:
            last[event.member] = {}
    spoke: dict[int, int] = {}
    for chat in kept:
        columns = zip(chat.who, chat.times, chat.kinds, strict=True)
        for i, (who, time, kind) in enumerate(columns):
            if kind == SYSTEM or i in chat.dropped:
                continue
            if spoke.setdefault(who, time) > time:
                spoke[who] = time
            if who in last:
                _later(last[who], chat.key, time, False)
    for event in sorted(events, key=lambda e: (e.time, e.entry)):
        if event.member in last:
            _later(last[event.member], event.chat.key, event.time, event.action != "join")
    stays: dict[int, Stay] = {}
    for who in seen:
        ends = list(last.get(who, {}).values())
        left = max(t for t, _ in ends) if ends and all(gone for _, gone in ends) else None
        join, word = joins.get(who), spoke.get(who)
        if join and (word is None or join.time <= word):
            method = join.method if join.method in ("invite", "link", "request") else "unknown"
            stays[who] = Stay(join.time, "event", method, join.inviter, left)
        elif word is not None:  # was there before anything says how
            stays[who] = Stay(word, "first_message", left=left)
        else:
            stays[who] = Stay(left=left)
    return stays


def _later(ends: dict[str, tuple[int, bool]], chat: str, time: int, gone: bool) -> None:
    if chat not in ends or ends[chat][0] <= time:
        ends[chat] = time, gone
