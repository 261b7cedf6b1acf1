"""Who is behind the names in grey lines and mentions of WeChat groups.

Messages bear ids, grey lines and mentions only names. A name is looked up among those of the same
group: whoever goes by it at that time, or whose time under it is nearest. Two at once: nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from shequn.sources.people import People
from shequn.sources.wechat_chat import Chat
from shequn.sources.wechat_files import ME, NAMED
from shequn.sources.wechat_system import JOIN, KICK, LEAVE, ROLE, Party, Way, parts

_EVENTS = frozenset({JOIN, KICK, LEAVE, ROLE})


@dataclass
class Names:
    """Names in one group, and who goes by them from when to when."""

    spans: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    unknown: int = 0
    doubtful: int = 0

    def add(self, name: str, raw: str, start: int, end: int) -> None:
        """Note that somebody went by a name."""
        span = self.spans.setdefault(name, {}).setdefault(raw, [start, end])
        span[0], span[1] = min(span[0], start), max(span[1], end)

    def find(self, name: str, time: int) -> str | None:
        """Return who a name means at a time."""
        people = self.spans.get(name, {})
        if len(people) < 2:
            return next(iter(people), None)
        far = sorted((max(s - time, time - e, 0), raw) for raw, (s, e) in people.items())
        return far[0][1] if far[0][0] < far[1][0] else None

    def resolve(self, name: str, time: int) -> str | None:
        """Return who a name means, and count where nobody can be told."""
        raw = self.find(name, time)
        if raw is None:
            if name in self.spans:
                self.doubtful += 1
            else:
                self.unknown += 1
        return raw


@dataclass(frozen=True)
class Event:
    """Somebody joined, left, was removed or got a role, as a grey line of a file says."""

    chat: Chat
    at: int
    member: str
    action: str
    actor: str | None
    method: str


@dataclass
class Crowd(People):
    """The people of WeChat groups, by their ids.

    Attributes
    ----------
    in_group
        Channel -> names there.
    events
        What grey lines tell of people with an id.
    joiners, joiners_unknown
        People in lines on joining, and those of them who have no id.
    exporters
        Ids of those who made the exports.
    """

    in_group: dict[str, Names] = field(default_factory=lambda: defaultdict(Names))
    events: list[Event] = field(default_factory=list)
    joiners: int = 0
    joiners_unknown: int = 0
    exporters: set[str] = field(default_factory=set)

    def meet(self, raw: str) -> str:
        """Return an id, noting that there is such a person."""
        self.person_of.setdefault(raw, raw)
        return raw


def find_exporters(chats: Iterable[Chat]) -> set[str]:
    """Give every file the id of its exporter, and its people their ids; return the exporters.

    An exporter who wrote nothing in a group is taken to be the one of the other files, if that is
    one and the same.
    """
    chats = list(chats)
    for chat in chats:
        known = [(-n, raw) for raw, n in chat.mine.items() if raw]
        chat.me = min(known)[1] if known else ""
    exporters = {chat.me for chat in chats if chat.me}
    only = next(iter(exporters)) if len(exporters) == 1 else "" if exporters else ME
    for chat in chats:
        chat.me = chat.me or only
        for n, raw in enumerate(chat.people):
            if not raw:
                chat.people[n] = chat.me or ME
            elif raw.startswith(NAMED):  # the same name in two groups may be two people
                chat.people[n] = f"{chat.channel}:{raw.removeprefix(NAMED)}"
    return exporters


def find_people(chats: list[Chat]) -> Crowd:
    """Find out who did what; the files are in order, their rows numbered."""
    crowd = Crowd()
    for chat in chats:
        crowd.exporters |= {chat.me} - {""}
        names = crowd.in_group[chat.channel]
        for n in set(chat.who) - {-1}:
            crowd.meet(chat.people[n])
        for (n, name), (start, end) in chat.names.items():
            raw = chat.people[n]
            names.add(name, raw, start, end)
            _known_as(crowd, raw, name, start, end)
        for (n, name), (start, end) in chat.aliases.items():
            names.add(name, chat.people[n], start, end)
        for at, notice in chat.notices:
            for party in _all_parties(notice.ways):
                if party.wxid and party.name:
                    names.add(party.name, party.wxid, chat.times[at], chat.times[at])
    for chat in chats:
        _read_notices(chat, crowd)
    named = {raw for raw, _ in crowd.names}
    for chat in chats:  # whose name no file gives stands in the list of names with the id alone
        for raw in sorted(set(chat.people) - named):
            if raw in crowd.person_of and chat.span:
                _known_as(crowd, raw, "", *chat.span)
    for event in crowd.events:
        for who in (event.member, event.actor):
            if who and who not in named and (who, "") not in crowd.names:
                time = event.chat.times[event.at]
                _known_as(crowd, who, "", time, time)
    return crowd


def _known_as(crowd: Crowd, raw: str, name: str, start: int, end: int) -> None:
    first, last = crowd.names.get((raw, name), (start, end))
    crowd.names[raw, name] = min(first, start), max(last, end)


def _all_parties(ways: Iterable[Way]) -> Iterable[Party]:
    for way in ways:
        yield from way.subjects
        if way.actor:
            yield way.actor


def _read_notices(chat: Chat, crowd: Crowd) -> None:
    names = crowd.in_group[chat.channel]
    numbers = {raw: n for n, raw in enumerate(chat.people)}
    for at, notice in chat.notices:
        if chat.again[at]:
            continue
        time = chat.times[at]
        way = _best(notice.ways, names, time, chat)
        actor = _resolve(way.actor, names, time, chat) if way.actor else None
        subjects = [
            (one, _resolve(one, names, time, chat))
            for party in way.subjects
            for one in _apart(party, names, time)
        ]
        if notice.action == JOIN:
            crowd.joiners += len(subjects)
            crowd.joiners_unknown += sum(raw is None for _, raw in subjects)
        for party, raw in [(way.actor, actor), *subjects]:
            if raw and party:
                crowd.meet(raw)
                if party.wxid and party.name:
                    _known_as(crowd, raw, party.name, time, time)
        if notice.action in _EVENTS:
            crowd.events += [
                Event(chat, at, raw, notice.action, actor if actor != raw else None, notice.method)
                for raw in dict.fromkeys(raw for _, raw in subjects if raw)
            ]
        author = actor or next((raw for _, raw in subjects if raw), None)
        if author:
            if author not in numbers:
                numbers[author] = len(chat.people)
                chat.people.append(author)
            chat.authors[at] = numbers[author]


def _best(ways: tuple[Way, ...], names: Names, time: int, chat: Chat) -> Way:
    """Return the way to read a sentence of which most names are known."""

    def known(way: Way) -> float:
        one = [p for party in way.subjects for p in _apart(party, names, time)]
        everyone = [*one, *([way.actor] if way.actor else [])]
        return sum(_look_up(p, names, time, chat) is not None for p in everyone) / max(
            len(everyone), 1
        )

    return ways[0] if len(ways) == 1 else max(ways, key=known)


def _apart(party: Party, names: Names, time: int) -> list[Party]:
    """Return the people of a list, taking the longest names that are known."""
    if not party.listed or party.name in names.spans:
        return [party]
    pieces, out = parts(party.name), list[Party]()
    i = 0
    while i < len(pieces):
        # A name that holds the separator itself is long and rare: a few pieces are enough.
        for j in range(min(len(pieces), i + 4), i, -1):
            name = next((n for n in _joined(pieces[i:j]) if n in names.spans), None)
            if name or j == i + 1:
                out.append(Party(name or pieces[i]))
                i = j
                break
    return out


def _joined(pieces: list[str]) -> list[str]:
    return ["、".join(pieces), ", ".join(pieces)]


def _look_up(party: Party, names: Names, time: int, chat: Chat) -> str | None:
    if party.you:
        return chat.me or None
    return party.wxid or names.find(party.name, time)


def _resolve(party: Party, names: Names, time: int, chat: Chat) -> str | None:
    if party.you or party.wxid or not party.name:
        return _look_up(party, names, time, chat)
    return names.resolve(party.name, time)
