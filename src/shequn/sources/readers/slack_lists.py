"""The lists of a Slack workspace: its users and its channels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shequn.pii import mask
from shequn.sources.intake import Intake
from shequn.sources.readers.slack_text import is_id
from shequn.sources.times import LATEST

# Kind of channel by the file that lists it; the last two hold private talks.
LISTS = {"channels.json": "public", "groups.json": "private", "dms.json": "", "mpims.json": ""}
SLACKBOT = "USLACKBOT"
_MOST_NAME = 200  # characters; Slack allows 80
_WHO = ("real_name", "display_name", "real_name_normalized", "display_name_normalized")
_ROLES: Iterable[tuple[str, ...]] = (
    ("deactivated", "deleted"),
    ("owner", "is_primary_owner", "is_owner"),
    ("admin", "is_admin"),
    ("guest", "is_restricted", "is_ultra_restricted", "is_stranger"),
)


@dataclass
class Users:
    """The list of users; of several lists the latest counts.

    Attributes
    ----------
    entries
        By id: when it was changed, how the rest is ordered, the entry.
    handles
        Names in lower case: emoji may be called after people.
    """

    entries: dict[str, tuple[int, str, dict[str, Any]]] = field(default_factory=dict)
    handles: set[str] = field(default_factory=set)

    def take(self, entry: object) -> bool:
        """Take a row of a list; False if it is none."""
        if not isinstance(entry, dict) or not is_id(raw := entry.get("id")):
            return False
        raw = raw.upper()
        rank = seconds(entry.get("updated")) or 0, repr(entry)
        if raw not in self.entries or rank > self.entries[raw][:2]:
            self.entries[raw] = *rank, entry
        self.handles.update(name.lower() for name in _names(entry))
        return True

    def tell(self, intake: Intake, until: int) -> None:
        """Put the list into an intake; it shows what people were called at its end."""
        for raw, (updated, _, entry) in self.entries.items():
            profile = _dict(entry.get("profile"))
            robot = any(entry.get(k) is True for k in ("is_bot", "is_workflow_bot"))
            intake.member(raw, role=_role(entry), is_bot=robot or raw == SLACKBOT or None)
            who = intake.people.number(raw)
            for name in dict.fromkeys(_names(entry)):
                if at := max(updated, until):
                    intake.people.see(who, name, at)
                else:
                    intake.people.weak.add(name)
            for part in (profile.get("first_name"), profile.get("last_name")):
                plain = called(part)
                if plain and plain.lower() not in self.handles:
                    intake.people.weak.add(plain)
            # In an organisation one person may have an id of the workspace and one of the whole.
            whole = _dict(entry.get("enterprise_user")).get("id")
            if is_id(whole) and whole.upper() in self.entries:
                intake.same(raw, whole.upper())
            # Messages of programs name the program; the list of users says whose it is.
            bot = profile.get("bot_id")
            if is_id(bot) and bot.upper() not in self.entries:
                intake.same(raw, bot.upper())


@dataclass(frozen=True)
class Listed:
    """A channel as a list of channels has it; no kind for private talks."""

    id: str
    name: str
    kind: str
    created: int | None
    archived: bool = False


def listed(entry: object, kind: str) -> Listed | None:
    """Return a row of a list of channels; None if it is none."""
    if not isinstance(entry, dict) or not isinstance(raw := entry.get("id"), str) or not raw:
        return None
    if entry.get("is_im") is True or entry.get("is_mpim") is True:
        kind = ""
    elif entry.get("is_private") is True and kind:
        kind = "private"
    name = entry.get("name")
    closed = entry.get("is_archived") is True
    return Listed(
        raw, name if isinstance(name, str) else "", kind, seconds(entry.get("created")), closed
    )


def spellings(folder: str) -> Iterable[str]:
    """Yield a folder's name, as the list may have it.

    A Mac writes an accent as a letter of its own; a zip that does not say that its names are UTF-8
    is read in an alphabet of the eighties.
    """
    yield folder
    yield unicodedata.normalize("NFC", folder)
    if not folder.isascii():
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                yield unicodedata.normalize("NFC", folder.encode("cp437").decode(encoding))


def seconds(value: object) -> int | None:
    """Return a time in whole seconds, where it is one."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    return value if type(value) is int and 0 < value <= LATEST else None


def called(value: object) -> str:
    """Return what can be the name of somebody; empty if it is none."""
    name = value[:_MOST_NAME].strip() if isinstance(value, str) else ""
    # A dot or a letter alone stands in every text; an address is not a name.
    if not any(map(str.isalnum, name)) or (len(name) == 1 and name.isascii()):
        return ""
    return name if mask(name) == name else ""


def _names(entry: Mapping[str, Any]) -> list[str]:
    given = (entry.get("name"), entry.get("real_name"), *map(_dict(entry.get("profile")).get, _WHO))
    return [name for name in map(called, given) if name]


def _role(entry: Mapping[str, Any]) -> str:
    """Return the highest role; what an account was before it was closed is not known for sure."""
    for role, *flags in _ROLES:
        if any(entry.get(flag) is True for flag in flags):
            return role
    return "member"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
