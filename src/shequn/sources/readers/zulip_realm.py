"""The organisation in a Zulip export: its people, channels, and the log of what was done to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shequn.pii import mask
from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

# Numbers of the log's events, in Zulip's source (as of November 2026).
_CREATED, _ACTIVATED, _DEACTIVATED, _REACTIVATED, _RENAMED = 101, 102, 103, 104, 124
_SUBSCRIBED, _SUBSCRIBED_AGAIN, _UNSUBSCRIBED = 301, 302, 303
_CLOSED, _OPENED = 602, 604
_ROLES = {100: "owner", 200: "admin", 300: "moderator", 400: "member", 600: "guest"}
_PEOPLE = ("zerver_userprofile", "zerver_userprofile_mirrordummy", "zerver_userprofile_crossrealm")
_CHANNEL, _TYPES = 2, {1, 2, 3}  # of recipients: one person, a channel, several people
_MOST_NAME = 200

_NOT_ROW = Text("not a row of this table", "不是这张表的行")


@dataclass
class Realm:
    """What one ``realm.json`` tells.

    Attributes
    ----------
    channels
        Recipient -> number of the channel; None for direct messages.
    streams
        Channel's id -> number.
    bots, voices
        Ids of programs; of those that speak for the server itself.
    people
        Id -> row in the file and entry.
    first_join
        Those whose registration is in the log.
    closed
        Id -> second of the last deactivation.
    last
        Second of the last entry of the log.
    """

    channels: dict[int, int | None] = field(default_factory=dict)
    streams: dict[int, int] = field(default_factory=dict)
    bots: set[str] = field(default_factory=set)
    voices: set[str] = field(default_factory=set)
    people: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    first_join: set[str] = field(default_factory=set)
    closed: dict[str, int] = field(default_factory=dict)
    last: int = 0


def seconds(value: object) -> int | None:
    """Return a time in whole seconds, where it is one."""
    if type(value) in (int, float) and 0 < value <= LATEST:  # type: ignore[operator]
        return int(value) or None  # type: ignore[call-overload]
    return None


def number(value: object) -> int | None:
    """Return an id in a table, where it is one."""
    return value if type(value) is int and 0 <= value < 1 << 60 else None


def who(value: object) -> str | None:
    """Return the id of a person, where it is one."""
    return None if (found := number(value)) is None else str(found)


def called(value: object) -> str:
    """Return a name; empty where it is none, or an address."""
    name = value[:_MOST_NAME].strip() if isinstance(value, str) else ""
    if not any(map(str.isalnum, name)) or (len(name) == 1 and name.isascii()):
        return ""
    return name if mask(name) == name else ""


def read_realm(file: Reading, intake: Intake) -> Realm:
    """Read ``realm.json``; its tables may stand in any order."""
    realm = Realm()
    recipients: list[tuple[int, int, int]] = []
    log: list[tuple[int, int, int, str | None, str | None, int | None, Any]] = []
    for table, row in _tables(file):
        found = True
        if table == "zerver_realm":
            intake.title = intake.title or called(row.get("name"))
        elif table in _PEOPLE:
            found = _person(row, file.read, realm)
        elif table == "zerver_stream":
            found = _channel(row, realm, intake)
        elif table == "zerver_recipient":
            ids = [number(row.get(k)) for k in ("id", "type", "type_id")]
            found = None not in ids and ids[1] in _TYPES
            if found:
                recipients.append(tuple(ids))  # type: ignore[arg-type]
        elif table == "zerver_reaction":
            found = react(row, intake)
        else:
            kind, ts = number(row.get("event_type")), seconds(row.get("event_time"))
            found = kind is not None and ts is not None
            if kind is not None and ts is not None:
                log.append((ts, file.read, kind, who(row.get("modified_user")),
                            who(row.get("acting_user")), number(row.get("modified_stream")),
                            row.get("extra_data") if kind == _RENAMED else None))  # fmt: skip
        if not found:
            file.strange(file.read, _NOT_ROW, str(row)[:60])
    for raw, kind, target in recipients:
        realm.channels[raw] = realm.streams.get(target) if kind == _CHANNEL else None
    for entry in sorted(log, key=lambda e: e[:3]):
        _happened(entry, realm, intake)
    return realm


def _tables(file: Reading) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of the tables that are of use."""
    wanted = {*_PEOPLE, "zerver_realm", "zerver_stream", "zerver_recipient", "zerver_reaction",
              "zerver_realmauditlog"}  # fmt: skip
    stream = JsonStream(file.file)
    for table in stream.members():
        if stream.peek() != "[":
            stream.value()
            continue
        for row in stream.values():
            if table in wanted:
                file.read += 1
                if isinstance(row, dict):
                    yield table, row
                else:
                    file.strange(file.read, _NOT_ROW, str(row)[:60])
    stream.end()


def _person(row: dict[str, Any], place: int, realm: Realm) -> bool:
    raw = who(row.get("id"))
    if raw is None:
        return False
    realm.people[raw] = place, row
    mail = row.get("delivery_email") or row.get("email")
    # The list of the server's own programs has no more than their addresses.
    own = set(row) <= {"id", "email", "recipient_id"}
    if row.get("is_bot") is True or own:
        realm.bots.add(raw)
        if own and isinstance(mail, str) and mail.startswith("notification-bot@"):
            realm.voices.add(raw)
    return True


def _channel(row: dict[str, Any], realm: Realm, intake: Intake) -> bool:
    raw = number(row.get("id"))
    if raw is None:
        return False
    kind = "private" if row.get("invite_only") is True else "public"
    name = row.get("name") if isinstance(row.get("name"), str) else None
    opened = seconds(row.get("date_created"))
    realm.streams[raw] = intake.channel(f"stream/{raw}", kind=kind, name=name, created=opened)
    return True


def react(row: dict[str, Any], intake: Intake) -> bool:
    """Put in a reaction; those to direct messages lead to no message, and are dropped."""
    person, message = who(row.get("user_profile")), who(row.get("message"))
    emoji = row.get("emoji_name")
    if person is None or message is None or not isinstance(emoji, str):
        return False
    shown = "custom" if row.get("reaction_type") == "realm_emoji" else emoji
    intake.reaction(None, shown, own=message, who=person, complete=True)
    return True


def _happened(
    entry: tuple[int, int, int, str | None, str | None, int | None, Any],
    realm: Realm,
    intake: Intake,
) -> None:
    ts, row, kind, member, actor, stream, extra = entry
    realm.last = max(realm.last, ts)
    if kind in (_CLOSED, _OPENED) and stream in realm.streams:
        intake.channels[realm.streams[stream]].archived = ts if kind == _CLOSED else None
    if member is None:
        return
    other = actor if actor != member else None
    if kind in (_CREATED, _ACTIVATED, _REACTIVATED):
        realm.first_join.add(member)
        intake.event(row, ts, "join", member, actor=other, method="invite" if other else None)
    elif kind == _DEACTIVATED:
        realm.closed[member] = ts
        intake.event(row, ts, "kick" if other else "leave", member, actor=other)
    elif kind == _RENAMED:
        for name in _old_names(extra):
            intake.people.see(intake.people.number(member), name, ts)
    elif stream in realm.streams:
        channel = realm.streams[stream]
        if kind in (_SUBSCRIBED, _SUBSCRIBED_AGAIN):
            method = "invite" if other else None
            intake.event(row, ts, "join", member, channel=channel, actor=other, method=method)
        elif kind == _UNSUBSCRIBED:
            action = "kick" if other else "leave"
            intake.event(row, ts, action, member, channel=channel, actor=other)


def _old_names(extra: Any) -> list[str]:
    """Return the name before a change, which versions write in several ways."""
    if isinstance(extra, str):
        with suppress(ValueError, RecursionError):
            extra = json.loads(extra)
    if isinstance(extra, dict):
        extra = extra.get("1")
    return [name] if (name := called(extra)) else []


def tell(realm: Realm, intake: Intake, until: int) -> None:
    """Put in who is there; the list shows names and roles as they were at the end."""
    for raw, (row, entry) in realm.people.items():
        joined = seconds(entry.get("date_joined"))
        active = entry.get("is_active") is not False
        intake.member(
            raw, name=called(entry.get("full_name")) or None, ts=max(until, joined or 0),
            joined_at=joined, joined_at_basis="registration" if joined else None,
            role=_role(entry, active=active), is_bot=raw in realm.bots or None,
        )  # fmt: skip
        if not active and (left := realm.closed.get(raw)):
            intake.member(raw, left_at=left, left_at_basis="event")
        if joined and raw not in realm.first_join:
            intake.event(row, joined, "join", raw)


def _role(entry: dict[str, Any], *, active: bool) -> str | None:
    if not active:
        return "deactivated"
    if type(role := entry.get("role")) is int:
        return _ROLES.get(role, "member")
    # Years ago there were marks in the place of the number.
    if entry.get("is_realm_admin") is True:
        return "admin"
    if entry.get("is_guest") is True:
        return "guest"
    return "member" if "full_name" in entry else None
