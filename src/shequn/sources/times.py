"""Times: local ones as UTC, and UTC as it is written."""

from __future__ import annotations

import datetime as dt
import difflib
import time
import zoneinfo
from array import array
from collections.abc import Iterable
from functools import lru_cache

from shequn.text import ShequnError, Text

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = 4_102_444_800  # 2100: a later second is no time of a message
_FIRST = dt.date(1970, 1, 1).toordinal()
_DAY, _CHANGES = 86_400, 1 << 40
_SIXTY = {f":{n:02}": n for n in range(60)}
_STEP = 900  # clock changes fall on whole quarters of an hour


class Zone:
    """The zone of an export's times, counting those that the clock change makes doubtful.

    A time that comes twice is taken as the first; one that never was is moved on by the gap.

    Attributes
    ----------
    name
        IANA name.
    counts
        Times seen so far: plain, ambiguous, nonexistent.

    Raises
    ------
    ShequnError
        Where there is no such zone.
    """

    def __init__(self, name: str) -> None:
        known = zoneinfo.available_timezones()
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
            names = ", ".join(near or ["Asia/Shanghai", "UTC", "Europe/Berlin"])
            raise ShequnError(
                Text(f"There is no time zone {name}.", f"没有 {name} 这个时区。"),
                Text(f"Use an IANA name, such as {names}.", f"请用 IANA 时区名，如 {names}。"),
            )
        self.name, self.counts = name, [0, 0, 0]
        self._zone = zoneinfo.ZoneInfo(name)
        self._offsets: dict[int, tuple[int, int]] = {}
        self._days: dict[int, int] = {}

    def at(self, local: int) -> int:
        """Return seconds since 1970 UTC for one local time, counted as `utc` does."""
        known = self._days.get(local // _DAY)
        if known is None:
            known = self._day(local // _DAY)
        if known is not _CHANGES:
            self.counts[0] += 1
            return local - known
        offset, state = self._offsets.get(local // _STEP) or self._look_up(local // _STEP)
        self.counts[state] += 1
        return local - offset

    def utc(self, times: Iterable[int]) -> array[int]:
        """Return seconds since 1970 UTC for local seconds since 1970."""
        return array("q", map(self.at, times))

    def _day(self, day: int) -> int:
        """Return the offset of a whole day, or that it changes within."""
        steps = _DAY // _STEP
        found = {self._look_up(day * steps + i) for i in range(steps)}
        offset, state = found.pop()
        self._days[day] = _CHANGES if found or state else offset
        return self._days[day]

    def _look_up(self, step: int) -> tuple[int, int]:
        local = dt.datetime(1970, 1, 1, tzinfo=self._zone) + dt.timedelta(seconds=step * _STEP)
        first, second = (
            int(local.replace(fold=fold).utcoffset().total_seconds())  # type: ignore[union-attr]
            for fold in (0, 1)
        )
        state = 0 if first == second else 1 if first > second else 2
        self._offsets[step] = first, state
        return first, state


def seconds_of(date: object) -> int | None:
    """Return the local seconds since 1970 of ``YYYY-MM-DDTHH:MM:SS``; None of anything else."""
    if not isinstance(date, str) or len(date) != 19:
        return None
    hour = _hour(date[:13])
    minute, second = _SIXTY.get(date[13:16]), _SIXTY.get(date[16:])
    if hour is None or minute is None or second is None:
        return None
    return hour + 60 * minute + second


@lru_cache(maxsize=4096)
def _hour(date: str) -> int | None:
    """Return the seconds since 1970 at which an hour begins, ``YYYY-MM-DDTHH``."""
    clock = date[11:]
    if date[10] not in "T " or not (clock.isascii() and clock.isdigit()) or int(clock) > 23:
        return None
    try:
        day = dt.date.fromisoformat(date[:10])
    except ValueError:
        return None
    return _DAY * (day.toordinal() - _FIRST) + 3600 * int(clock) if 2000 < day.year < 2100 else None


@lru_cache(maxsize=8192)
def utc(moment: int | dt.datetime | None) -> str | None:
    """Return a time as ``YYYY-MM-DDTHH:MM:SSZ``; None stays None.

    Parameters
    ----------
    moment
        Whole seconds since 1970 UTC, or an aware datetime, whose fraction of a second is cut off.
    """
    if moment is None:
        return None
    if isinstance(moment, dt.datetime):
        if moment.tzinfo is None:
            raise ValueError(f"a time without a zone: {moment}")
        moment = (moment - _EPOCH) // dt.timedelta(seconds=1)
    t = time.gmtime(moment)
    return f"{t[0]:04}-{t[1]:02}-{t[2]:02}T{t[3]:02}:{t[4]:02}:{t[5]:02}Z"
