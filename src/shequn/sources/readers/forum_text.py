"""What forums write: bodies in HTML as words, and times in ISO 8601 as seconds."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable

from shequn.sources.times import LATEST

# A tag holds no other tag's beginning: so a text of nothing but "<" is gone through once.
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6]|/pre|/blockquote|hr)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_UNSEEN = re.compile(r"<(/?)(?:script|style)\b[^<>]*>", re.IGNORECASE)


def words(body: str) -> str:
    """Return what a person reads of a body in HTML."""
    if "<" in body:
        if _UNSEEN.search(body):
            body = _seen(body)
        body = _TAG.sub("", _BREAK.sub("\n", body))
    if "&" in body:
        body = html.unescape(body)
    if "\n" in body:
        body = "\n".join(line for part in body.split("\n") if (line := part.strip()))
    return body.strip()


def _seen(body: str) -> str:
    """Return HTML without scripts and styles."""
    kept: list[str] = []
    at, inside = 0, False
    for tag in _UNSEEN.finditer(body):
        if not inside:
            kept.append(body[at : tag.start()])
        at, inside = tag.end(), not tag[1]
    return "".join(kept) + ("" if inside else body[at:])


def without(body: str, name: str, marked: Callable[[str], bool]) -> str:
    """Return HTML without the outermost elements whose first tag is marked.

    Parameters
    ----------
    body
        In HTML.
    name
        Of the element, such as ``aside``.
    marked
        Tells it from the text of the first tag.
    """
    if f"<{name}" not in body:
        return body
    kept: list[str] = []
    at = depth = 0
    for tag in re.finditer(rf"<(/?){name}\b[^<>]*>", body):
        if depth:
            depth += -1 if tag[1] else 1
            at = tag.end()
        elif not tag[1] and marked(tag[0]):
            kept.append(body[at : tag.start()])
            at, depth = tag.end(), 1
    return "".join(kept) + ("" if depth else body[at:])


_days: dict[str, int | None] = {}
_MOST_DAYS = 50_000


def seconds(text: object) -> int | None:
    """Return seconds UTC of a time such as ``2024-03-05T06:07:08.123Z``; None where it is none.

    Without an offset it is taken for UTC, as forums write their times.
    """
    if not isinstance(text, str) or not 10 <= len(text) <= 40:
        return None
    date = text[:10]
    day = _days[date] if date in _days else _day(date)
    if day is None:
        return None
    ts = day
    if len(text) > 10:
        try:
            h, m, s = int(text[11:13]), int(text[14:16]), int(text[17:19] or 0)
        except ValueError:
            return None
        if not (0 <= h < 24 and 0 <= m < 60 and 0 <= s < 61) or text[10] not in "T ":
            return None
        ts += h * 3600 + m * 60 + s
        if len(text) > 19 and text[-1] != "Z":
            ts -= _offset(text[19:])
    return ts if 0 < ts <= LATEST else None


def _day(date: str) -> int | None:
    try:
        day = dt.date(int(date[:4]), int(date[5:7]), int(date[8:10])).toordinal() - 719_163
    except ValueError:
        day = -1
    known = day * 86_400 if day >= 0 and date[4] == date[7] == "-" else None
    if len(_days) < _MOST_DAYS:  # dates that nobody wrote honestly could fill the memory
        _days[date] = known
    return known


def _offset(rest: str) -> int:
    """Return the seconds of an offset at the end of a time, such as ``+08:00`` or ``+0800``."""
    found = re.search(r"([+-])(\d\d):?(\d\d)$", rest)
    if not found:
        return 0
    span = int(found[2]) * 3600 + int(found[3]) * 60
    return -span if found[1] == "-" else span
