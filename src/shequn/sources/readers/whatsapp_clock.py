"""When a WhatsApp message was sent: layouts of date and clock, and which part is the day."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from shequn.text import ShequnError, Text

_EPOCH = dt.date(1970, 1, 1)
DAY = 86400
_YEARS = range(2009, 2099)  # WhatsApp began in 2009
_S = "[ \u00a0\u2009\u202f\u200e\u200f]"
_LATIN = rf"[AaPp]\.?{_S}?[Mm]\.?"
_HAN = "上午|下午|凌晨|清晨|早上|早晨|中午|正午|午夜|傍晚|晚上|夜晚|半夜|오전|오후|午前|午後"
_LATE = frozenset(("pm", "下午", "傍晚", "晚上", "夜晚", "오후", "午後"))
_NOON = frozenset(("中午", "正午"))
_CLOCK = rf"(?:(?:{_HAN}){_S}*)?[0-9]{{1,2}}[:.][0-9]{{2}}(?:[:.][0-9]{{2}})?(?:{_S}*{_LATIN})?"
_DATE = rf"[0-9]{{1,4}}(?:[/.-]|年){_S}?[0-9]{{1,2}}(?:[/.-]|月){_S}?[0-9]{{1,4}}[.日]?"
_MARKS = "[\u200e\u200f\ufeff]*"
_ANY = re.compile(rf"{_MARKS}(\[?)({_DATE})(,?){_S}+({_CLOCK})(\]|{_S}[-–]{_S})")
_PARTS = re.compile(
    rf"(?:({_HAN}){_S}*)?([0-9]{{1,2}})[:.]([0-9]{{2}})(?:[:.]([0-9]{{2}}))?(?:{_S}*({_LATIN}))?"
)
_NUMBERS = re.compile(r"[0-9]+")

ORDERS = {"dmy": (2, 1, 0), "mdy": (2, 0, 1), "ymd": (0, 1, 2)}  # where year, month, day stand


class Style(NamedTuple):
    """How the lines of one export begin: every line of it does so alike."""

    bracket: bool
    marks: tuple[str, str]  # between the parts of the date
    comma: bool
    year: str  # "first", "last", or "" where all parts have two digits
    seconds: bool
    half: str  # "am", "上午", or "" for a clock of 24 hours

    @property
    def name(self) -> str:
        """Name of the layout for the report."""
        return "whatsapp-" + ("bracket" if self.bracket else "dash")


def style_of(line: str) -> Style | None:
    """Return the style of a line that begins a message; None for any other line."""
    found = _ANY.match(line)
    if found is None or bool(found[1]) != (found[5] == "]"):
        return None
    parts, clock = _NUMBERS.findall(found[2]), _PARTS.fullmatch(found[4])
    marks = re.findall(r"[^0-9\s\u00a0\u2009\u200e\u200f\u202f]", found[2])[:2]
    if clock is None or (marks[0] != marks[1] and marks != ["年", "月"]):
        return None
    lengths = [len(p) for p in parts]
    year = {4: "first"}.get(lengths[0]) or {4: "last"}.get(lengths[2]) or ""
    if 3 in lengths or lengths.count(4) > 1:
        return None
    return Style(
        bool(found[1]), (marks[0], marks[1]), bool(found[3]), year, clock[4] is not None,
        "上午" if clock[1] else "am" if clock[5] else "",
    )  # fmt: skip


def header(style: Style) -> re.Pattern[str]:
    """Return what matches a line of this style that begins a message: date, clock, and the rest."""
    first, last = {
        "first": ("[0-9]{4}", "[0-9]{1,2}"),
        "last": ("[0-9]{1,2}", "[0-9]{4}"),
        "": ("[0-9]{1,2}", "[0-9]{1,2}"),
    }[style.year]
    one, two = map(re.escape, style.marks)
    date = rf"{first}{one}{_S}?[0-9]{{1,2}}{two}{_S}?{last}[.日]?"
    clock = r"[0-9]{1,2}[:.][0-9]{2}" + (r"[:.][0-9]{2}" if style.seconds else "")
    if style.half == "am":
        clock += rf"{_S}*{_LATIN}"
    elif style.half:
        clock = rf"(?:{_HAN}){_S}*{clock}"
    opening, closing = (r"\[", rf"\]{_S}?") if style.bracket else ("", rf"{_S}[-–]{_S}")
    comma = "," if style.comma else ""
    return re.compile(rf"{_MARKS}{opening}({date}){comma}{_S}+({clock}){closing}(.*)", re.DOTALL)


def clock_seconds(clock: str) -> int:
    """Return seconds since midnight for a clock, or -1 where there is no such time."""
    found = _PARTS.fullmatch(clock)
    if found is None:
        return -1
    hours, minutes, seconds = int(found[2]), int(found[3]), int(found[4] or 0)
    half = found[1] or re.sub("[^ap m]|[ ]", "", (found[5] or "").lower())
    if half and hours <= 12:
        if half in _NOON:
            hours += 12 if hours < 6 else 0
        elif half in ("晚上", "夜晚") and hours in (0, 12):
            hours = 0  # the small hours, as some phones name them
        else:
            hours = hours % 12 + (12 if half in _LATE else 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        return -1
    return hours * 3600 + minutes * 60 + seconds


def numbers(date: str) -> tuple[int, int, int]:
    """Return the three numbers of a date as they stand."""
    one, two, three = map(int, _NUMBERS.findall(date))
    return one, two, three


class Order(NamedTuple):
    """How dates are to be read."""

    name: str  # of ORDERS; "" where that stays open
    how: str  # "told", "year", "over 12", "same", "time", or "" where it stays open
    open: tuple[str, ...] = ()


def order_of(
    style: Style,
    dates: Sequence[tuple[int, int, int]],
    of: Iterable[int],
    day_first: bool | None = None,
) -> Order:
    """Decide the order of day and month from the whole file.

    Parameters
    ----------
    dates
        The different dates, as `numbers`.
    of
        The date of each message in turn, as a place in ``dates``.
    day_first
        What the user says; it counts unless the file holds dates that cannot be so.
    """
    names = {"first": ["ymd"], "last": ["dmy", "mdy"], "": ["dmy", "mdy", "ymd"]}[style.year]
    turns = Counter(pairwise(_changes(of)))
    used = {i for pair in turns for i in pair} or {0}
    days = {n: [day_number(d, n) for d in dates] for n in names}
    wrong = {n: sum(days[n][i] is None for i in used) for n in names}
    left = [n for n in names if wrong[n] == 0 or wrong[n] * 20 < len(used)] or names
    if len(left) == 1:
        return Order(left[0], "year" if len(names) == 1 else "over 12")
    if all(len({days[n][i] for n in left}) == 1 for i in used):
        return Order(left[0], "same")
    told = "" if day_first is None else "dmy" if day_first else "mdy"
    if told in left:
        return Order(told, "told")
    back = {
        n: sum(
            count
            for (a, b), count in turns.items()
            if (x := days[n][a]) is not None and (y := days[n][b]) is not None and y < x
        )
        for n in left
    }
    # A date that cannot be, or time that runs back, may be a pasted line: many are not.
    faults = {n: wrong[n] + back[n] for n in left}
    best = min(left, key=lambda n: (faults[n], names.index(n)))
    near = [n for n in left if faults[n] <= 3 * faults[best]]
    if "ymd" in near and len(near) > 1:  # years of two digits rarely stand first
        near.remove("ymd")
    if len(near) > 1:
        return Order("", "", tuple(near))
    sure = wrong[near[0]] == 0 and all(wrong[n] for n in left if n != near[0])
    return Order(near[0], "over 12" if sure else "time")


def _changes(of: Iterable[int]) -> Iterable[int]:
    last = -1
    for i in of:
        if i != last:
            yield i
            last = i


def day_number(date: tuple[int, int, int], order: str) -> int | None:
    """Return days since 1970, or None where there is no such day (or no WhatsApp yet)."""
    year, month, day = (date[i] for i in ORDERS[order])
    if year < 100:
        year += 2000
    if year not in _YEARS:
        return None
    try:
        return (dt.date(year, month, day) - _EPOCH).days
    except ValueError:
        return None


def pasted(times: Sequence[int], most: int = 40, slack: int = DAY) -> list[range]:
    """Find runs of messages that lie in a message's text: pasted lines that look like new ones.

    The time of such a run leaves that of the messages around by more than a day, and comes back.
    """
    found: list[range] = []
    i, end = 1, len(times)
    while i < end:
        if times[i] >= times[i - 1] - slack:
            i += 1
            continue
        before = times[i - 1]
        back = next(
            (j for j in range(i + 1, min(i + most + 1, end)) if times[j] >= before - 3600), None
        )
        if back is None and end - i <= most and all(t < before - slack for t in times[i:end]):
            back = end
        start = next(
            (
                j
                for j in range(i - 1, max(i - most - 1, 0), -1)
                if times[j - 1] <= times[i] + 3600 and times[j] > times[j - 1] + slack
            ),
            None,
        )
        low = back - i if back is not None else most + 1
        high = (
            i - start if start is not None and (not found or start >= found[-1].stop) else most + 1
        )
        if min(low, high) > most:
            i += 1
        elif high < low:
            assert start is not None
            found.append(range(start, i))
            i += 1
        else:
            assert back is not None
            found.append(range(i, back))
            i = back + 1
    return found


def ask(files: Sequence[tuple[str, Sequence[str], tuple[int, int, int]]]) -> ShequnError:
    """Return what is to be said of files whose dates can be read in several ways.

    Parameters
    ----------
    files
        Name, the orders that are left, and a date that they read differently.
    """
    name, orders, date = files[0]
    shown = "/".join(f"{n:02}" for n in date)
    ways = [f"{n} ({_EPOCH + dt.timedelta(days=day_number(date, n) or 0)})" for n in orders]
    more = f" (+{len(files) - 1})" if len(files) > 1 else ""
    return ShequnError(
        Text(
            f"Day and month cannot be told apart in {name}{more}: {shown} may be "
            f"{' or '.join(ways)}. No part of a date is over 12, and both ways run on in time.",
            f"{name}{more} 里分不清日和月：{shown} 可以是 {' 或 '.join(ways)}。"
            "没有大于 12 的数，两种读法在时间上都说得通。",
        ),
        Text(
            "Look at the phone's date setting, and import again with --day-first or "
            f"--month-first. It concerns: {', '.join(f[0] for f in files[:20])}.",
            "看一下手机的日期格式，加上 --day-first（日在前）或 --month-first（月在前）再导入一次。"
            f"涉及的文件：{'、'.join(f[0] for f in files[:20])}。",
        ),
    )
