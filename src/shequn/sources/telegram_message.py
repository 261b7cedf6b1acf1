"""What a message of Telegram Desktop says, piece by piece."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

KINDS = (
    "text", "image", "voice", "video", "file", "sticker", "link", "share", "forward", "poll",
    "system", "other",
)  # fmt: skip
_KIND = {name: number for number, name in enumerate(KINDS)}
TEXT, SYSTEM = _KIND["text"], _KIND["system"]
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
LATEST = (1 << 31) - 1  # times and numbers of messages have 32 bits on Telegram
_PEER = re.compile(r"(?:user|channel|chat)[1-9][0-9]{0,18}")
_NUMBER = re.compile(r"[0-9]{1,10}")
_EPOCH = dt.datetime(1970, 1, 1)


def unix_time(raw: object) -> int | None:
    """Return seconds since 1970 that are written as text; None for anything else."""
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        raw = int(raw)
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


def text_of(message: dict[str, Any]) -> str:
    """Return the whole text of a message; of a poll, its question."""
    text = message.get("text")
    if isinstance(text, list):
        text = "".join(part if isinstance(part, str) else _text(part) for part in text)
    if not text and isinstance(poll := message.get("poll"), dict):
        text = poll.get("question")
    return text if isinstance(text, str) else ""


def pieces(message: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the text of a message piece by piece, each with what Telegram says it is."""
    text = message.get("text")
    if not isinstance(text, list) or not text:
        return [(text_of(message), {})]
    return [(part, {}) if isinstance(part, str) else (_text(part), _dict(part)) for part in text]


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


def kind_of(message: dict[str, Any]) -> int:
    """Return the kind of a message, as a number into `KINDS`."""
    if "forwarded_from" in message:
        return _KIND["forward"]
    if (media := message.get("media_type")) is not None:
        return _KIND[_MEDIA.get(media, "file") if isinstance(media, str) else "file"]
    for name, kind in _FIELDS.items():
        if name in message:
            return _KIND[kind]
    text = message.get("text")
    if isinstance(text, list):
        said = [p for p in text if not isinstance(p, str) or p.strip()]
        if said and all(_dict(p).get("type") in ("link", "text_link") for p in said):
            return _KIND["link"]
    return TEXT if text else _KIND["other"]


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


def seconds_of(date: object) -> int | None:
    """Return the local seconds since 1970 of a date without zone."""
    if not isinstance(date, str) or len(date) != 19:
        return None
    with suppress(ValueError, OverflowError):
        moment = dt.datetime.fromisoformat(date)
        if moment.tzinfo is None and 2000 < moment.year < 2100:
            return (moment - _EPOCH) // dt.timedelta(seconds=1)
    return None


def shown(message: object) -> str:
    """Return a message in short, for the report to blind."""
    if isinstance(message, dict):
        return " ".join(f"{k}={_short(message[k])}" for k in list(message)[:6] if k != "text")
    return _short(message)


def _short(value: object) -> str:
    # What holds other values may be nested too deeply to be shown.
    return str(value)[:40] if isinstance(value, str | int | float) else type(value).__name__
