"""What a message of Telegram Desktop says, piece by piece."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any

_MEDIA = {
    "sticker": "sticker", "voice_message": "voice", "video_message": "video",
    "video_file": "video", "animation": "image", "audio_file": "file",
}  # fmt: skip
# Which field makes a message what it is, the first that is there.
_FIELDS = {
    "poll": "poll", "photo": "image", "file": "file", "contact_information": "share",
    "location_information": "share", "place_name": "share", "game_title": "other",
    "invoice_information": "other", "giveaway_information": "other", "giveaway_results": "other",
    "paid_stars_amount": "other",
}  # fmt: skip
TELLING = {*_FIELDS, "media_type", "forwarded_from"}
_PEER = re.compile(r"(?:user|channel|chat)[1-9][0-9]{0,18}")
_EPOCH = dt.date(1970, 1, 1).toordinal()

# Telegram Desktop glues its JSON together by hand, and not every version of it is valid: control
# characters are written as \x01, and around August 2022 the name of a custom emoji's file stood
# without quotes.
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_BARE = re.compile(r'("document_id": )([^"\s\d-][^\n]*?)(,?\n)')

_USERNAME = re.compile(r"(?<![\w@])@[A-Za-z]\w{3,31}(?!\w)", re.ASCII)
_LINK = re.compile(r"((?:t|telegram)\.me/)[\w+]+|tg://[^\s]+", re.ASCII | re.IGNORECASE)
_MASKS = {
    "mention": "[username]",
    "phone": "[phone]",
    "email": "[email]",
    "bank_card": "[card]",
}
_LEAST = 6  # letters of an id that is replaced in a text: see `shequn.sources.people.names`


def mend(text: str) -> str:
    """Return JSON as it should have been written."""
    return _BARE.sub(_quoted, _ESCAPE.sub(_escaped, text))


def _escaped(match: re.Match[str]) -> str:
    return f"\\u00{match[1]}" if match[1] else match[0]


def _quoted(match: re.Match[str]) -> str:
    return f"{match[1]}{json.dumps(match[2].rstrip(','))}{match[3]}"


def unix_time(raw: object) -> int | None:
    """Return seconds since 1970 that are written as text; None for anything else."""
    if isinstance(raw, str) and len(raw) <= 10 and raw.isascii() and raw.isdigit():
        return int(raw)
    return raw if type(raw) is int else None


def peer_of(raw: object) -> str | None:
    """Return an id as newer versions write it: ``user…``, ``channel…``, ``chat…``; None for none.

    Notes
    -----
    Versions before 2021 write a number whose upper half says what it is.
    """
    if isinstance(raw, str):
        return raw if _PEER.fullmatch(raw) else None
    if type(raw) is not int or raw <= 0 or raw >= 1 << 63:
        return None
    if raw >> 32 == 2:
        return f"channel{raw & 0xFFFFFFFF}"
    return f"user{raw & 0xFFFFFFFF}" if raw >> 32 == 1 else f"user{raw}"


def user_of(raw: object) -> str | None:
    """Return the id of a user from the number in a mention."""
    return f"user{raw}" if type(raw) is int and 0 < raw < 1 << 63 else None


def text_of(message: dict[str, Any]) -> str:
    """Return the whole text of a message; of a poll, its question."""
    text = message.get("text")
    if isinstance(text, list):
        text = "".join(part if isinstance(part, str) else _text(part) for part in text)
    if not text and isinstance(poll := message.get("poll"), dict):
        text = poll.get("question")
    return text if isinstance(text, str) else ""


def masked(message: dict[str, Any]) -> str:
    """Return the text of a message without what Telegram itself says is a trace of a person.

    Who is mentioned without user name stands there by id, with a space where a word is beside.
    """
    text = message.get("text")
    if not isinstance(text, list) or not text:
        return text_of(message)
    made, ends = "", False  # whether what was last is an id
    for part in text:
        kind = _dict(part).get("type")
        piece = part if isinstance(part, str) else _text(part)
        named = kind == "mention_name"
        if named:
            who = user_of(_dict(part).get("user_id"))
            piece = who if who and len(who) >= _LEAST else "[name]"
        elif isinstance(kind, str):
            piece = _MASKS.get(kind, piece)
        if (named or ends) and _word(made[-1:]) and _word(piece[:1]):
            made += " "
        made += piece
        ends = named or (ends and not piece)
    return made


def _word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def tidy(text: str, channel: int, ts: int) -> str:
    """Return a text without user names and links to people."""
    if "@" in text:
        text = _USERNAME.sub("[username]", text)
    small = text.lower()
    return _LINK.sub(_no_link, text) if ".me/" in small or "tg:" in small else text


def _no_link(match: re.Match[str]) -> str:
    return f"{match[1] or 'tg://'}[username]"


def _text(part: object) -> str:
    text = _dict(part).get("text")
    return text if isinstance(text, str) else ""


def _dict(part: object) -> dict[str, Any]:
    return part if isinstance(part, dict) else {}


def entities(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parts of a text that are more than text."""
    parts = message.get("text_entities")
    if not isinstance(parts, list):
        parts = message.get("text")
    if isinstance(parts, list):
        yield from (part for part in parts if isinstance(part, dict))


def kind_of(message: dict[str, Any]) -> str:
    """Return the kind of a message, as the contract has it."""
    if "forwarded_from" in message:
        return "forward"
    if (media := message.get("media_type")) is not None:
        return _MEDIA.get(media, "file") if isinstance(media, str) else "file"
    for name, kind in _FIELDS.items():
        if name in message:
            return kind
    text = message.get("text")
    if isinstance(text, list):
        said = [p for p in text if not isinstance(p, str) or p.strip()]
        if said and all(_dict(p).get("type") in ("link", "text_link") for p in said):
            return "link"
    return "text" if text else "other"


def name_of(name: object) -> str | None:
    """Return a name, None where it is empty or none."""
    return name if isinstance(name, str) and name else None


def sign_of(reaction: dict[str, Any]) -> str:
    """Return a reaction as one short word: the emoji, or what it is instead of one."""
    if isinstance(emoji := reaction.get("emoji"), str) and 0 < len(emoji) <= 16:
        return emoji
    if isinstance(own := reaction.get("document_id"), str) and own.isascii() and own.isdigit():
        return f"custom:{own[:20]}"
    return "paid" if reaction.get("type") == "paid" else "custom"


def shown(message: object) -> str:
    """Return a message in short, for the report to blind."""
    if isinstance(message, dict):
        return " ".join(f"{k}={_short(message[k])}" for k in list(message)[:6] if k != "text")
    return _short(message)


def _short(value: object) -> str:
    # What holds other values may be nested too deeply to be shown; a number may be too long.
    if isinstance(value, int) and abs(value) >= 1 << 63:
        return "number"
    return str(value)[:40] if isinstance(value, str | int | float) else type(value).__name__
