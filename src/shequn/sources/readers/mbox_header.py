"""Headers of mail: who, when, and what is answered."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parseaddr, parsedate_tz

from shequn.sources.times import LATEST, Zone

_WANTED = frozenset({
    "from", "date", "received", "message-id", "in-reply-to", "references", "subject", "list-id",
    "content-type", "content-transfer-encoding", "auto-submitted", "precedence", "x-autoreply",
    "x-autorespond", "x-beenthere", "x-list-received-date", "x-original-from", "reply-to",
    "x-mailing-list", "mailing-list", "x-gm-thrid", "x-gmail-labels", "x-mozilla-status",
})  # fmt: skip
_LONGEST, _PERSON = 20_000, 500  # characters of a header
_MONTHS = {
    m: i for i, m in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)
}  # fmt: skip
_AT = re.compile(
    r"([^\s()<>\",;:]+)\s*(?:\s(?:at|AT)\s|\s*[(\[](?:at|a)[)\]]\s*)\s*([^\s()<>\",;:]+)"
)
_ANGLE = re.compile(r"<([^<>@\s]+@[^<>\s]+)>")
_BEYOND = re.compile(rb"[\x80-\xff]+")
_OFFSET = re.compile(r"(?<![\w-])([+-]\d{4}|[A-Z]{1,5})\s*(?:\(.*)?$")
_ZONES = {"BST": 3600, "CET": 3600, "MET": 3600, "CEST": 7200, "EET": 7200, "JST": 32_400}
_ID = re.compile(r"<([^<>\s]+)>")
_CHARSETS = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "ks_c_5601-1987": "cp949"}


def headers(head: bytes) -> dict[str, str]:
    """Return the headers that matter, unfolded; of several of a name the first."""
    text = decode(head, None)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    found: dict[str, str] = {}
    if "\n " in text or "\n\t" in text:
        text = text.replace("\n ", "\r ").replace("\n\t", "\r ")
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            name = name.lower()
            if name in _WANTED and name not in found:
                found[name] = value[:_LONGEST].replace("\r", "").strip()
    return found


def decode(raw: bytes, charset: str | None) -> str:
    """Return a text in a charset that may be wrong, or none that is known."""
    if charset:
        name = charset.strip("\"' ").lower()
        with contextlib.suppress(LookupError, UnicodeError, ValueError):
            return raw.decode(_CHARSETS.get(name, name))
    with contextlib.suppress(UnicodeDecodeError):
        return raw.decode("utf-8")
    # In Chinese the bytes beyond ASCII come in pairs; a single one is a letter of the west.
    if not any(len(run) % 2 for run in _BEYOND.findall(raw)):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode("gb18030")
    return raw.decode("latin-1")


def readable(value: str) -> str:
    """Return a header's value with encoded words decoded."""
    if "=?" not in value:
        return value
    try:
        parts = decode_header(value[:2000])
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        p if isinstance(p, str) else decode(p, charset or "ascii") for p, charset in parts
    )


def person(value: str) -> tuple[str, str]:
    """Return the address, in small letters and with an ``at`` undone, and the name."""
    value = value[:_PERSON]
    angle = _ANGLE.search(value)
    if not angle and "@" not in value.partition("(")[0]:
        value = _AT.sub(r"\1@\2", value, count=1)
        angle = _ANGLE.search(value)
    if angle:
        name, address = value[: angle.start()].strip().strip('"').strip(), angle[1]
    else:
        try:
            name, address = parseaddr(value)
        except (RecursionError, IndexError):  # brackets in brackets
            name, address = "", ""
    if "@" not in address:
        name, address = name or value.strip(' "<>'), ""
    name = " ".join(readable(name).split())
    return address.lower().strip("\"'."), "" if name.lower() == address.lower() else name


def ids(value: str | None) -> list[str]:
    """Return the ids of messages in a header."""
    return _ID.findall(value) if value else []


class Clock:
    """Times of headers as seconds UTC.

    Parameters
    ----------
    zone
        Of times without an offset.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._days: dict[tuple[str, str, str], int] = {}

    def at(self, value: str | None) -> int | None:
        """Return seconds UTC of a date as headers write it; None where it is none."""
        if not value or len(value) > 200:
            return None
        ts = self._quick(value)
        if ts is None:
            ts = self._slow(value)
        return ts if ts is not None and 0 < ts <= LATEST else None

    def _quick(self, value: str) -> int | None:
        """Return seconds of ``Wed, 01 Dec 2010 14:26:40 +0100``, as nearly all are written."""
        parts = value.split()
        if len(parts) < 6 or parts[0][-1:] != ",":
            return None
        _, day, month, year, clock, offset, *_ = parts
        if len(clock) != 8 or len(offset) != 5 or offset[0] not in "+-" or len(year) != 4:
            return None
        key = (day, month, year)
        start = self._days.get(key)
        try:
            if start is None:
                start = dt.date(int(year), _MONTHS[month], int(day)).toordinal() - 719_163
                start *= 86_400
                if len(self._days) < 50_000:
                    self._days[key] = start
            h, m, s = int(clock[:2]), int(clock[3:5]), int(clock[6:])
            away = int(offset[1:3]) * 3600 + int(offset[3:]) * 60
        except (ValueError, KeyError):
            return None
        if not (0 <= h < 24 and 0 <= m < 60 and 0 <= s < 61 and away <= 50_400):
            return None
        return start + h * 3600 + m * 60 + s + (away if offset[0] == "-" else -away)

    def _slow(self, value: str) -> int | None:
        try:
            found = parsedate_tz(value)
            if found is None:
                return None
            year, month, day, h, m, s, *_, away = found
            moment = dt.datetime(year, month, day, h, m, min(s, 59))
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        local = (moment - dt.datetime(1970, 1, 1)) // dt.timedelta(seconds=1)
        zone = _OFFSET.search(value)
        if zone:  # parsedate_tz does not tell an offset of nothing from none
            away = _ZONES.get(zone[1], away or 0)
            return local - away if abs(away) < 90_000 else None
        return self._zone.at(local) if 86_400 < local < LATEST else None
