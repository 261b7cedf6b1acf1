"""From the cells of a table to the values of a column of the contract, as a mapping says."""

from __future__ import annotations

import datetime as dt
import json
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shequn.pii import mask
from shequn.schema import Column
from shequn.sources import cells
from shequn.sources.intake import Options
from shequn.sources.readers.mapping import Source
from shequn.sources.times import LATEST

Convert = Callable[[str], Any]
_TRUE = frozenset(("true", "yes", "y", "t", "1", "是", "√", "对", "有"))
_FALSE = frozenset(("false", "no", "n", "f", "0", "否", "×", "错", "无"))
# Text that is kept as it stands: ids, which become tokens, and what the intake cleans itself.
_VERBATIM = frozenset(("text", "order_id", "event_id", "session_id", "message_id", "object_id"))
_EPOCH = dt.datetime(1970, 1, 1)
_MOST = 2000  # characters of a free cell
_LARGEST = 2**53


def converter(
    source: Source, column: Column | None, options: Options, day_first: bool | None
) -> Convert:
    """Return what turns a cell into a value: None where there is none, ValueError where it is none."""
    plain = _converter(source, column, options, day_first)
    if not source.values and source.other is None:
        return plain
    known = {k.strip(): v for k, v in source.values.items()}
    cache: dict[str, Any] = {}

    def meant(cell: str) -> Any:
        key = cell.strip()
        if key in cache:
            return cache[key]
        value = plain(known.get(key, cell if source.other is None or not key else source.other))
        if len(cache) < 10_000:
            cache[key] = value
        return value

    return meant


def _converter(
    source: Source, column: Column | None, options: Options, day_first: bool | None
) -> Convert:
    kind = column.type if column else "string"
    if kind in ("datetime", "date"):
        return _time(source, kind, options, day_first)
    if kind == "boolean":
        return _boolean
    if kind in ("integer", "number"):
        least = column.minimum if column else None

        def measured(cell: str) -> float | int | None:
            value = cells.number(cell.removesuffix("%")) if cell[-1:] == "%" else cells.number(cell)
            if value is not None and cell[-1:] == "%":
                value = round(value / 100, 10)
            if value is None:
                return None
            if least is not None and value < least:
                raise ValueError("too small")
            if kind == "integer":
                if value != round(value) or abs(value) > _LARGEST:
                    raise ValueError("not whole")
                return round(value)
            return value

        return measured
    if column and column.enum:
        return _choice(column.enum)
    if column is None or column.name in _VERBATIM:
        return lambda cell: cell or None
    if column.name == "props":
        return _props
    return lambda cell: mask(cell.strip()[:_MOST]) or None


def _boolean(cell: str) -> bool | None:
    word = cell.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    if cells.missing(word):
        return None
    raise ValueError("neither yes nor no")


def _choice(enum: tuple[str, ...]) -> Convert:
    def choice(cell: str) -> str | None:
        word = cell.strip()
        if word in enum:
            return word
        if word.lower() in enum:
            return word.lower()
        if cells.missing(word):
            return None
        raise ValueError("not among them")

    return choice


def _props(cell: str) -> str | None:
    """Return anything else that is known of an event, as JSON."""
    if not cell.strip():
        return None
    try:
        json.loads(cell)
    except (ValueError, RecursionError):
        cell = json.dumps({"value": cell[:_MOST]}, ensure_ascii=False)
    return mask(cell)


def _time(source: Source, kind: str, options: Options, day_first: bool | None) -> Convert:
    zone, pattern = source.zone or options.zone, source.format
    here = zoneinfo.ZoneInfo(zone.name)

    @lru_cache(maxsize=65536)
    def shown(text: str) -> tuple[int, bool]:
        """Return seconds since 1970, and whether the text bears their zone."""
        read = dt.datetime.strptime(text, pattern)
        if read.tzinfo is not None:
            return int(read.timestamp()), True
        return int((read - _EPOCH).total_seconds()), False

    def seconds(cell: str) -> int | None:
        text = cells.plain(cell)
        if cells.missing(text):
            return None
        if pattern in ("unix", "unix_ms"):
            value = float(text)
            at = int(value // (1000 if pattern == "unix_ms" else 1)) if abs(value) < 1e15 else 0
        else:
            local, bears = shown(text)
            at = local if bears else zone.at(local)
        if not 0 < at <= LATEST:
            raise ValueError("out of time")
        return at

    if pattern == "auto":
        if kind == "date":
            return lambda cell: cells.day(cell, day_first=day_first)
        return lambda cell: cells.moment(cell, zone, day_first=day_first)
    if kind == "datetime":
        return seconds

    def date(cell: str) -> dt.date | None:
        if pattern not in ("unix", "unix_ms"):
            text = cells.plain(cell)
            return None if cells.missing(text) else dt.datetime.strptime(text, pattern).date()
        at = seconds(cell)
        return None if at is None else dt.datetime.fromtimestamp(at, here).date()

    return date
