"""What a message of DiscordChatExporter says: times, kinds, emojis, roles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

# A wall clock in ISO 8601 is read there.
from shequn.sources.times import LATEST, seconds_of

_EPOCH = 1_420_070_400_000  # milliseconds since 1970 from which Discord counts in its ids
# Speech: by name, and by the bare number that the exporter writes for types it does not know.
SPEECH = {"Default", "Reply", "0", "19", "20", "23", "ChatInputCommand", "ContextMenuCommand"}
REPLY = {"Reply", "19"}
JOIN = {"GuildMemberJoin", "7"}
CALL = {"Call", "3"}
THREADS = {"GuildNewsThread", "GuildPublicThread", "GuildPrivateThread", "10", "11", "12"}
_SUFFIXES = {
    "image": ("png", "jpg", "jpeg", "gif", "webp", "avif", "heic", "bmp"),
    "video": ("mp4", "mov", "webm", "mkv", "avi"),
}
_KIND = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes}
_VOICE = "voice-message."  # so Discord itself calls a recorded message
# Only such roles are kept: what others are called may be the name of somebody.
_ROLES = {
    "owner": ("owner", "server owner", "服主", "群主"),
    "admin": ("admin", "admins", "administrator", "administrators", "管理员", "管理"),
    "moderator": ("mod", "mods", "moderator", "moderators", "版主"),
}
_ROLE = {name: role for role, names in _ROLES.items() for name in names}
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")
ALL = re.compile(r"(?<![\w@])@(?:everyone|here)(?!\w)")
BY_ID = re.compile(r"<@!?([0-9]{1,20})>")
_LINK = re.compile(r"(discord(?:app)?\.com/users/)\w+", re.ASCII | re.IGNORECASE)


def tidy(text: str, channel: int, ts: int) -> str:
    """Return a text without links to accounts."""
    return _LINK.sub(r"\1[user]", text) if "/users/" in text else text


def id_of(raw: object) -> str | None:
    """Return an id of Discord; None for anything else."""
    if isinstance(raw, str) and len(raw) <= 20 and raw.isascii() and raw.isdigit():
        return raw if raw.strip("0") else None
    return None


def made_at(raw: str) -> int | None:
    """Return the second UTC at which what bears an id was made; None for no id of Discord."""
    if (own := id_of(raw)) is None or len(own) < 15:
        return None
    ts = ((int(own) >> 22) + _EPOCH) // 1000
    return ts if ts <= LATEST else None


def seconds(raw: object) -> int | None:
    """Return seconds UTC of a time with offset; None where there is none, or an impossible one."""
    if not isinstance(raw, str):
        return None
    local, offset = seconds_of(raw[:19]), _offset(raw[-6:] if raw[-1:] != "Z" else "+00:00")
    if local is None or offset is None or len(raw) < 20:
        return None
    return local - offset if 0 < local - offset <= LATEST else None


@lru_cache(maxsize=256)
def _offset(raw: str) -> int | None:
    if not re.fullmatch(r"[+-][0-9]{2}:[0-9]{2}", raw):
        return None
    size = 3600 * int(raw[1:3]) + 60 * int(raw[4:])
    return -size if raw[0] == "-" else size


def kind_of(message: dict[str, Any], text: str) -> str:
    """Return the kind of a message that somebody wrote."""
    get = message.get
    if isinstance(get("forwardedMessage"), dict):
        return "forward"
    if isinstance(files := get("attachments"), list) and files:
        first = files[0].get("fileName") if isinstance(files[0], dict) else None
        return kind_of_file(first if isinstance(first, str) else "")
    if get("stickers") and isinstance(get("stickers"), list):
        return "sticker"
    return kind_of_text(text)


def kind_of_text(text: str) -> str:
    """Return the kind of a message that is text alone, or nothing that is kept."""
    if not text.strip():
        return "other"
    link = text.startswith(("https://", "http://")) and len(text.split(None, 1)) == 1
    return "link" if link else "text"


def kind_of_file(name: str) -> str:
    """Return the kind of a message that bears a file."""
    base = name.rpartition("/")[2].partition("?")[0].lower()
    if base.startswith(_VOICE):
        return "voice"
    return _KIND.get(base.rpartition(".")[2], "file")


def text_of(message: dict[str, Any]) -> str:
    """Return what a message says, or what the one it passes on says."""
    text = message.get("content")
    if not text and isinstance(passed := message.get("forwardedMessage"), dict):
        text = passed.get("content")
    return text if isinstance(text, str) else ""


def sign_of(emoji: object) -> str:
    """Return an emoji as one short word; those of a server by their id, for names may be names."""
    if not isinstance(emoji, dict):
        return "custom"
    own, name = id_of(emoji.get("id")), emoji.get("name")
    if own:
        return f"custom:{own}"
    return name if isinstance(name, str) and 0 < len(name) <= 16 else "custom"


def role_of(roles: object) -> str | None:
    """Return the first role in the order of `_ROLES` that somebody has."""
    names = [r.get("name") for r in roles if isinstance(r, dict)] if isinstance(roles, list) else []
    found = {_ROLE.get(_EDGES.sub("", n.lower())) for n in names if isinstance(n, str)}
    return next((role for role in _ROLES if role in found), None)


def names_of(user: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the name shown for a user, and that of the account where it is another."""
    shown, name = (_name(user.get(key)) for key in ("nickname", "name"))
    return (shown or name, name if shown and name != shown else None)


def _name(raw: object) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def really_named(user: dict[str, Any], own: str, text: str) -> bool:
    """Tell whether the text of an answer names somebody, not only the answer itself."""
    if "@" not in text:
        return False
    marks: Iterable[str] = (f"@{name}" for name in names_of(user) if name)
    return f"<@{own}>" in text or f"<@!{own}>" in text or any(m in text for m in marks)


def shown(message: object) -> str:
    """Return a message in short, for the report to blind."""
    if isinstance(message, dict):
        return " ".join(f"{k}={_short(message[k])}" for k in list(message)[:4])
    return _short(message)


def _short(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return "number"  # Python refuses to write some as text
    return str(value)[:40] if isinstance(value, str | int | float) else type(value).__name__
