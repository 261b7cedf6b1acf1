"""When a line was written, where the log shows only the time of day."""

from __future__ import annotations

import datetime as dt
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

DAY, HALF_DAY, HOUR = 86_400, 43_200, 3_600
EPOCH = dt.date(1970, 1, 1)
_BACKWARDS = 5_400  # the clock lost more than this: midnight. A clock change takes back one hour
_SKEW = 600  # a line this much out of order may fall back behind midnight
# IRC began in 1988; a number that would be an earlier year is something else.
_DATE = re.compile(
    r"(?<!\d)(19[89]\d|20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?:_([01]\d|2[0-3]))?(?!\d)"
)


@dataclass(frozen=True)
class NamedDate:
    """A date in the name of a file, perhaps with an hour, and the name without them."""

    day: dt.date
    hour: int | None
    rest: str


def named_date(name: str) -> NamedDate | None:
    """Find a date, and an hour written ``_HH`` behind it, in the name of a file."""
    for found in _DATE.finditer(name):
        try:
            day = dt.date(int(found[1]), int(found[3]), int(found[4]))
        except ValueError:
            continue
        hour = int(found[5]) if found[5] else None
        return NamedDate(day, hour, name[: found.start()] + name[found.end() :])
    return None


@dataclass(frozen=True)
class Placed:
    """Local times in seconds since 1970, and what had to be assumed to place them.

    The clock is a twelve-hour one (``twelve``); morning and afternoon cannot be told apart
    (``unsure``); no line lies in the hour that the file's name gives (``outside``).
    """

    times: array[int]
    twelve: bool
    unsure: bool
    outside: bool


def place(clock: Sequence[int], day: dt.date, hour: int | None) -> Placed:
    """Give every line of a file a date, or every one whose time is not that of the line before.

    A twelve-hour clock is one that shows nothing but the hours 1 to 12 and steps from 12 to a
    smaller hour, or one that only as such agrees with the hour in the file's name. The clock passes
    midnight (or noon) where it runs backwards by more than an hour and a half; less is a clock that
    was set right, or a clock change.

    Parameters
    ----------
    clock
        Seconds since midnight as the lines show them, in the order of the lines; at least one.
    day
        Date of the first line, or, with an hour, the date on which that hour lies.
    hour
        Hour (0-23) of that date that lies near the end of the file, if known.
    """
    hours = {c // HOUR for c in clock}
    small = min(hours) >= 1 and max(hours) <= 12
    stepped = small and any(a // HOUR == 12 > b // HOUR for a, b in pairwise(clock))
    start = (day - EPOCH).days * DAY

    whole = unwrap(clock, DAY)
    shift, fits = _anchor(whole, DAY, hour)
    twelve = False
    if small and (stepped or not fits):
        halves = unwrap(array("q", (c % HALF_DAY for c in clock)), HALF_DAY)
        half_shift, half_fits = _anchor(halves, HALF_DAY, hour)
        if stepped or half_fits:
            twelve, whole, shift, fits = True, halves, half_shift, half_fits
    base = start + shift
    unsure = small and hour is None
    return Placed(array("q", (base + t for t in whole)), twelve, unsure, not fits)


def unwrap(clock: Sequence[int], period: int) -> array[int]:
    """Turn times on a dial of ``period`` seconds into times that go on."""
    times = array("q")
    base, last, first = 0, clock[0], clock[0]
    for now in clock:
        if now != last:
            step = now - last
            if step < -_BACKWARDS:
                base += period
            elif step > period - _SKEW and base - period + now >= first:
                base -= period
            last = now
        times.append(base + now)
    return times


def _anchor(times: Sequence[int], period: int, hour: int | None) -> tuple[int, bool]:
    """Return the shift that puts the named hour near the end, and whether a line lies in it."""
    if hour is None:
        return 0, True
    seen = {t // HOUR for t in times}
    end = times[-1] - hour * HOUR - HOUR // 2
    turns = max(seen) * HOUR // period + 1
    misses, _, k = min(
        (hour - k * period // HOUR not in seen, abs(end + k * period), k) for k in range(-turns, 3)
    )
    return k * period, not misses
