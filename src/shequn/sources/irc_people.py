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
from collections.abc import Sequence
from dataclasses import dataclass

from shequn.sources.irc_lines import DROPPED, JOIN, MESSAGE, RENAME, Log
from shequn.sources.people import People

_TURN = 3600  # seconds
_PLACEHOLDER = re.compile(
    r"(?:guest|user|username|anon|anonymous|unknown|noname|nobody|someone|newbie|noob|test|tester|root"
    r"|admin|administrator|nick|nickname|me|ubuntu|kubuntu|xubuntu|debian|linux|irc|webchat|qwebirc"
    r"|kiwi|chatzilla|mibbit|pidgin|xchat|hexchat|default)[\d_`^|{}-]*"
    r"|(?:mib|wc|web|qwebirc|kiwi)_\S*"
)
_LETTER = re.compile(r"[^\W\d_]")
_ROBOT = re.compile(r".*bot\d*[_`]*")
_ROBOTS = frozenset({"ubottu", "ubotu", "wikibugs", "gerrit-wm", "eval"})


@dataclass
class Nicks(People):
    """The people behind the nicks, by the nick that was seen first.

    Attributes
    ----------
    renames, joined, placeholders, conflicts
        Pairs of nicks in rename lines; pairs that count; pairs with a placeholder or a robot;
        groups taken apart.
    """

    renames: int = 0
    joined: int = 0
    placeholders: int = 0
    conflicts: int = 0


def is_placeholder(nick: str) -> bool:
    """Tell whether a nick (as IRC compares it) is one that many people pass through."""
    return len(_LETTER.findall(nick)) < 2 or _PLACEHOLDER.fullmatch(nick) is not None


def is_robot(nick: str) -> bool:
    """Tell whether a nick (as IRC compares it) is a robot's: ends in ``bot``, or is a known one."""
    return nick in _ROBOTS or _ROBOT.fullmatch(nick) is not None


def find_people(logs: Sequence[Log]) -> Nicks:
    """Find out who is who, from logs in UTC; the order of the files does not matter."""
    people = Nicks()
    seen: dict[str, tuple[int, int]] = {}
    spelled: dict[str, tuple[int, str]] = {}
    notices: set[str] = set()
    speakers: set[str] = set()
    for log in logs:
        for number, (start, end) in _seen(log).items():
            nick, written = log.nicks[number], (start, log.spelled[number])
            first, last = seen.get(nick, (start, end))
            seen[nick] = min(first, start), max(last, end)
            spelled[nick] = min(spelled.get(nick, written), written)
        notices |= {log.nicks[i] for i in log.notices}
        speakers |= {log.nicks[i] for i in log.speakers}
    # Robots send notices and never speak.
    robots = {n for n in seen if is_robot(n)} | (notices - speakers)
    groups = _groups(logs, people, robots)
    for nick in seen:
        people.person_of[nick] = min(groups.get(nick, [nick]), key=lambda n: (seen[n][0], n))
    people.names = {(nick, spelled[nick][1]): span for nick, span in seen.items()}
    people.robots = {people.person_of[n] for n in robots}
    return people


def _seen(log: Log) -> dict[int, tuple[int, int]]:
    """Return when each nick of a file is seen first and last."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for kind, time, who, other in zip(log.kinds, log.times, log.who, log.other, strict=True):
        if kind == DROPPED:
            continue
        for number in (who, other) if kind == RENAME else (who,):
            if number not in first:
                first[number] = last[number] = time
            elif time > last[number]:
                last[number] = time
            elif time < first[number]:
                first[number] = time
    return {number: (start, last[number]) for number, start in first.items()}


def _groups(logs: Sequence[Log], people: Nicks, robots: set[str]) -> dict[str, list[str]]:
    """Return for each nick that was joined to others the nicks of its group, itself included."""
    pairs = {
        (min(a, b), max(a, b))
        for log in logs
        for kind, who, other in zip(log.kinds, log.who, log.other, strict=True)
        if kind == RENAME
        for a, b in [(log.nicks[who], log.nicks[other])]
        if a != b
    }
    fit = [p for p in sorted(pairs) if not any(is_placeholder(n) or n in robots for n in p)]
    people.renames, people.placeholders = len(pairs), len(pairs) - len(fit)

    parent: dict[str, str] = {}

    def root(nick: str) -> str:
        while (up := parent.setdefault(nick, nick)) != nick:
            parent[nick] = parent[up]
            nick = up
        return nick

    for a, b in fit:
        parent[root(a)] = root(b)
    whose = {nick: root(nick) for nick in parent}
    apart = set().union(*(_two_people(log, whose) for log in logs)) if whose else set()
    people.conflicts = len(apart)
    people.joined = sum(whose[a] not in apart for a, _ in fit)
    members: dict[str, list[str]] = {}
    for nick, group in whose.items():
        if group not in apart:
            members.setdefault(group, []).append(nick)
    return {nick: group for group in members.values() for nick in group}


def _two_people(log: Log, whose: dict[str, str]) -> set[str]:
    """Return the groups of nicks of which the file shows two people talking in turn."""
    group_of = [whose.get(nick) for nick in log.nicks]
    speaks: dict[str, int] = {}  # group -> nick it talks under now
    entered: dict[str, set[int]] = {}  # nicks it may go on under: it just joined or was renamed
    turned: dict[str, int] = {}  # when it last went to another nick without a reason
    apart: set[str] = set()
    for kind, time, who, other in zip(log.kinds, log.times, log.who, log.other, strict=True):
        group = group_of[who] if kind != DROPPED else None
        if group is None or group in apart:
            continue
        if kind == RENAME:
            if group_of[other] == group:
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
