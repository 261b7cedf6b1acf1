"""What cells of tables say: numbers, shares, lengths of time, moments."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from shequn.sources.times import LATEST, Zone

_EPOCH = dt.date(1970, 1, 1).toordinal()
_MISSING = frozenset(
    ("", "-", "--", "---", "—", "——", "–", "/", "n/a", "na", "null", "none", "nan", "无", "暂无",
     "#n/a", "nil", "(null)", "\\n")
)  # fmt: skip
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,2})?", re.ASCII)
_MONEY = re.compile(r"人民币|rmb|cny|usd|eur|gbp|hkd|us\$|hk\$|[¥$€£￥元]", re.IGNORECASE)
_TIMES = {"万": 1e4, "w": 1e4, "亿": 1e8, "k": 1e3, "m": 1e6}
_MOST = 1e15
_LENGTH = re.compile(
    r"(?:(\d+)(?:时|小时|h))?(?:(\d+)(?:分|分钟|m|min))?(?:(\d+(?:\.\d+)?)(?:秒|s|sec)?)?", re.ASCII
)
_CLOCK = (
    r"(?:[T\s]*(上午|下午|晚上|凌晨|中午|AM|PM)?\s*(\d{1,2})\s*[:时點点]\s*(?:(\d{1,2})\s*[:分]?"
    r"\s*(?:(\d{1,2})\s*秒?)?)?(?:[.,]\d+)?\s*(AM|PM)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?" + _CLOCK, re.I
)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2}),?" + _CLOCK, re.I)
_RUN = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_WORDS = re.compile(r"([A-Z]{3})[A-Z]*\.?\s+(\d{1,2}),?\s+(\d{4}),?" + _CLOCK, re.I)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_AFTER_NOON = ("下午", "晚上", "pm", "中午")


def plain(cell: str) -> str:
    """Return a cell without what programs put around it so that Excel leaves it alone."""
    if cell.isalnum():
        return cell
    cell = cell.strip(" \t\r\n\ufeff\u200b\xa0\u3000")
    if cell[:1] == "'":
        return cell[1:]
    if cell[:2] == '="' and cell[-1:] == '"':
        return cell[2:-1].strip()
    return cell


def missing(cell: str) -> bool:
    """Tell whether a cell says that there is nothing."""
    return cell.strip().lower() in _MISSING


@lru_cache(maxsize=65536)
def number(cell: str) -> float | None:
    """Return a number, of money too; None where the cell says that there is none.

    Raises
    ------
    ValueError
        Where it is no number.
    """
    if cell.isascii() and cell.replace(".", "", 1).isdigit() and len(cell) < 15:
        return float(cell)
    text = _MONEY.sub("", unicodedata.normalize("NFKC", plain(cell))).strip().lower()
    if text in _MISSING:
        return None
    times = _TIMES.get(text[-1:], 1.0)
    if times != 1:
        text = text[:-1]
    text = text.replace(" ", "").replace("\u2009", "").replace("'", "")
    if text[:1] == "(" and text[-1:] == ")":  # as accountants write what is less than nothing
        text = f"-{text[1:-1]}"
    if "," in text:
        comma, whole = text.rfind(","), len(text)
        if text.count(",") == 1 and (text.find(".") in range(comma) or whole - comma - 1 in (1, 2)):
            text = text.replace(".", "").replace(",", ".")  # 1.234,56 as in Germany
        else:
            text = text.replace(",", "")
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    value = float(text) * times
    if not math.isfinite(value) or abs(value) > _MOST:
        raise ValueError("too large")
    return round(value, 6) if times != 1 else value


def whole(cell: str) -> int | None:
    """Return a count, as `number` does."""
    value = number(cell)
    return None if value is None else round(value)


def share(cell: str) -> tuple[float | None, bool]:
    """Return a share as it stands, and whether it is in percent; raises as `number`."""
    text = unicodedata.normalize("NFKC", plain(cell))
    percent = text.endswith("%")
    return number(text.removesuffix("%")), percent


def length(cell: str) -> float | None:
    """Return a length of time in seconds, from ``12.5``, ``1分05秒`` or ``0:01:46``.

    Raises
    ------
    ValueError
        Where it is none.
    """
    text = unicodedata.normalize("NFKC", plain(cell)).replace(" ", "").lower()
    if text in _MISSING:
        return None
    if ":" in text:
        parts = [number(p) for p in text.split(":")]
        if len(parts) > 3 or any(p is None or p < 0 for p in parts):
            raise ValueError("not a length of time")
        return math.fsum((p or 0) * 60**i for i, p in enumerate(reversed(parts)))
    found = _LENGTH.fullmatch(text)
    if not found or not any(found.groups()):
        raise ValueError("not a length of time")
    hours, minutes, seconds = (float(g or 0) for g in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if not math.isfinite(total) or total > _MOST:
        raise ValueError("too long")
    return total


def moment(cell: str, zone: Zone, *, day_first: bool | None = None) -> int | None:
    """Return a moment in seconds UTC; None where the cell says that there is none.

    Parameters
    ----------
    cell
        ``2025年04月22日20时35分10秒``, ``2025/4/22 20:35``, ``2025-04-22T20:35:10+08:00``,
        ``20250422``, ``Apr 22, 2025``; and ``22/4/2025`` where `day_first` says how to read it.
    zone
        Of times that bear none.
    day_first
        Whether 3/4/2025 is the third of April.

    Raises
    ------
    ValueError
        Where it is no moment between 1970 and 2100.
    """
    text = plain(cell)
    if text.lower() in _MISSING:
        return None
    seconds, offset = _local(text, day_first)
    at = zone.at(seconds) if offset is None else seconds - offset
    if not 0 < at <= LATEST:
        raise ValueError("out of time")
    return at


def day(cell: str, *, day_first: bool | None = None) -> dt.date | None:
    """Return the day a cell names, whatever time it may show too; raises as `moment`."""
    text = plain(cell)
    if text.lower() in _MISSING:
        return None
    seconds, _ = _local(text, day_first)
    if not 0 <= seconds <= LATEST:
        raise ValueError("out of time")
    return dt.date.fromordinal(_EPOCH + seconds // 86400)


def day_comes_first(cells: Iterable[str]) -> bool | None:
    """Tell from many dates like 3/4/2025 what their first number is; None where they do not say.

    Raises
    ------
    ValueError
        Where some say the one and some the other.
    """
    days = months = False
    for cell in cells:
        if found := _YEAR_LAST.fullmatch(plain(cell)):
            days |= int(found[1]) > 12
            months |= int(found[2]) > 12
    if days and months:
        raise ValueError("both")
    return True if days else False if months else None


def open_day(cell: str) -> bool:
    """Tell whether a cell is a date like 3/4/2025, which may be read in two ways."""
    return _YEAR_LAST.fullmatch(plain(cell)) is not None


@lru_cache(maxsize=4096)
def _ordinal(year: int, month: int, date: int) -> int:
    return dt.date(year, month, date).toordinal() - _EPOCH


@lru_cache(maxsize=65536)
def _local(text: str, day_first: bool | None) -> tuple[int, int | None]:
    """Return seconds since 1970 on the clock that a text shows, and that clock's offset if told."""
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, date, *clock = found.groups()
    elif found := _RUN.fullmatch(text):
        year, month, date, hour, minute, second = found.groups()
        clock = [None, hour, minute, second, None, None]
    elif found := _YEAR_LAST.fullmatch(text):
        if day_first is None:
            raise ValueError("day or month first")
        one, two, year, *clock = found.groups()
        date, month = (one, two) if day_first else (two, one)
        year = f"20{year}" if len(year) == 2 else year
    elif (found := _WORDS.fullmatch(text)) and found[1].lower() in _MONTHS:
        _, date, year, *clock = found.groups()
        month = _MONTHS.index(found[1].lower()) + 1
    else:
        raise ValueError("not a time")
    before, hour, minute, second, after, zone = clock
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    half = (before or after or "").lower()
    if half:
        h = h % 12 + 12 * (half in _AFTER_NOON) if h <= 12 else h
        if before == "中午" and h == 23:  # eleven at noon is before it
            h = 11
    if h > 24 or m > 59 or s > 60:
        raise ValueError("no such time")
    seconds = _ordinal(int(year), int(month), int(date)) * 86400 + h * 3600 + m * 60 + s
    if zone is None:
        return seconds, None
    if zone[0] not in "+-":
        return seconds, 0
    away = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return seconds, -away if zone[0] == "-" else away
