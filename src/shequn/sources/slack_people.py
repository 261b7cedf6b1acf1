"""Who is who in a Slack workspace: its list of users, and who else turns up in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from shequn.pii import mask
from shequn.sources.folder import Table
from shequn.sources.people import People
from shequn.sources.slack_text import is_id

NOBODY = -1
_SLACKBOT = "USLACKBOT"
_BY_NAME = "name:"  # such an id stands for a program known by its name alone
_MOST_NAME = 200  # characters; Slack allows 80
_WHO = ("real_name", "display_name", "real_name_normalized", "display_name_normalized")


@dataclass
class Slackers(People):
    """People of a workspace, numbered, so that a message needs no text to say who wrote it.

    Attributes
    ----------
    raw
        Id by number; upper case, as Slack writes it but in some texts.
    roles
        Role by the id that stands for the person; only of those in the list of users.
    gone
        Ids of deactivated accounts.
    seen
        Names in messages, as written there: number and two names -> first and last moment, UTC
        seconds.
    listed
        Names in the list of users: number and name. Their time is not known.
    first_names
        Parts of names: number and name.
    wrote
        Number -> whether everything that this id wrote was written by a program.
    """

    raw: list[str] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    seen: dict[tuple[int, object, object], list[int]] = field(default_factory=dict)
    listed: set[tuple[int, str]] = field(default_factory=set)
    first_names: set[tuple[int, str]] = field(default_factory=set)
    wrote: dict[int, bool] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _entries: dict[str, tuple[str, str, dict[str, Any]]] = field(default_factory=dict)

    def number(self, raw_id: str) -> int:
        """Return the number of an id, in any case."""
        found = self._numbers.get(raw_id)
        if found is None:
            usual = raw_id if raw_id.startswith(_BY_NAME) else raw_id.upper()
            found = self._numbers.setdefault(usual, len(self.raw))
            if found == len(self.raw):
                self.raw.append(usual)
            self._numbers[raw_id] = found
        return found

    def find(self, value: object) -> int:
        """Return the number of what may be an id; `NOBODY` where it is none."""
        if not isinstance(value, str):
            return NOBODY
        found = self._numbers.get(value)  # most are known, and need no closer look
        return found if found is not None else self.number(value) if is_id(value) else NOBODY

    def program(self, name: str) -> int:
        """Return the number of a program that has a name and no id."""
        return self.number(_BY_NAME + name[:_MOST_NAME])

    def enlist(self, entry: object, raw: str) -> bool:
        """Take a row of a list of users; False if it is none."""
        if not isinstance(entry, dict) or not is_id(entry.get("id")):
            return False
        who = entry["id"].upper()
        updated = entry.get("updated")
        # Of several lists the latest counts; the text decides where it does not say.
        rank = str(updated).zfill(20) if updated else "", raw
        if who not in self._entries or rank > self._entries[who][:2]:
            self._entries[who] = *rank, entry
        number = self.number(who)
        profile = entry.get("profile")
        profile = profile if isinstance(profile, dict) else {}
        for name in (entry.get("name"), entry.get("real_name"), *map(profile.get, _WHO)):
            if plain := _name(name):
                self.listed.add((number, plain))
        for name in (profile.get("first_name"), profile.get("last_name")):
            if plain := _name(name):
                self.first_names.add((number, plain))
        return True

    def met(self, number: int, name: object, other: object, second: int) -> None:
        """Note the names that a message shows."""
        try:
            span = self.seen.get((number, name, other))
        except TypeError:  # lists and the like, from a damaged file
            return
        if span is None:
            self.seen[number, name, other] = [second, second]
        elif second > span[1]:
            span[1] = second
        elif second < span[0]:
            span[0] = second

    def settle(self) -> None:
        """Decide who is one person and who is a robot, once all files are read."""
        wholes = {who: _whole(entry) for who, (*_, entry) in self._entries.items()}
        for raw_id in self.raw:
            # In an organisation one person may have an id of the workspace and one of the whole.
            whole = wholes.get(raw_id, raw_id)
            self.person_of[raw_id] = whole if wholes.get(whole) == whole else raw_id
        for who, (*_, entry) in sorted(self._entries.items()):
            person, profile = self.person_of[who], entry.get("profile")
            bot = profile.get("bot_id") if isinstance(profile, dict) else None
            if is_id(bot) and (bot := bot.upper()) not in self._entries:
                # Messages of programs name the program; the list of users says whose it is.
                self.person_of[self.raw[self.number(bot)]] = person
            if entry.get("deleted") is True:
                self.gone.add(who)
            if who == person or person not in self.roles:
                self.roles[person] = _role(entry)
            if entry.get("is_bot") is True or entry.get("is_workflow_bot") is True:
                self.robots.add(person)
        for number, only_programs in self.wrote.items():
            person = self.person_of[self.raw[number]]
            if only_programs and person not in self.roles:
                self.robots.add(person)
        if _SLACKBOT in self.person_of:
            self.robots.add(_SLACKBOT)

    def called(self) -> Iterator[tuple[str, str]]:
        """Yield ids with their full names."""
        for number, name in sorted(self.listed | self._spans().keys()):
            yield self.raw[number], name

    def identities(self, platform: str) -> Table:
        """Return the table that leads from pseudonyms to names; everybody has a row."""
        spans = self._spans()
        names: dict[int, set[str]] = {n: set() for n in range(len(self.raw))}
        for number, name in self.listed | spans.keys():
            names[number].add(name)
        return Table(
            ("member_id", "platform", "platform_user_id", "display_name", "alias_from", "alias_to"),
            sorted(
                (self.ids[self.raw[number]], platform, self.raw[number], name,
                 *spans.get((number, name), (None, None)))
                for number, own in names.items()
                for name in own or {""}
            ),
        )  # fmt: skip

    def _spans(self) -> dict[tuple[int, str], tuple[int, int]]:
        spans: dict[tuple[int, str], tuple[int, int]] = {}
        for (number, *written), (start, end) in self.seen.items():
            for name in filter(None, map(_name, written)):
                first, last = spans.get((number, name), (start, end))
                spans[number, name] = min(first, start), max(last, end)
        return spans


def _whole(entry: dict[str, Any]) -> str:
    """Return the id in the whole organisation, if the list gives one."""
    enterprise = entry.get("enterprise_user")
    whole = enterprise.get("id") if isinstance(enterprise, dict) else None
    return (whole if is_id(whole) else str(entry["id"])).upper()


def _name(value: object) -> str:
    # Some put their address where the name belongs.
    return mask(value[:_MOST_NAME].strip()) if isinstance(value, str) else ""


def _role(entry: dict[str, Any]) -> str:
    """Return the highest role; what an account was before it was closed is not known for sure."""
    for role, *flags in _ROLES:
        if any(entry.get(flag) is True for flag in flags):
            return role
    return "member"


_ROLES: Iterable[tuple[str, ...]] = (
    ("deactivated", "deleted"),
    ("owner", "is_primary_owner", "is_owner"),
    ("admin", "is_admin"),
    ("guest", "is_restricted", "is_ultra_restricted", "is_stranger"),
)
