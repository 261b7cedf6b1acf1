"""Read the CSV of DiscordChatExporter: it lacks ids of messages, answers and joins.

Older versions show the exporter's own clock, to the minute, in the order of day and month that the
computer is set to.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.readers.discord_message import (
    ALL,
    BY_ID,
    id_of,
    kind_of_file,
    kind_of_text,
    seconds,
)
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

HEADER = ["AuthorID", "Author", "Date", "Content"]
_NO_ROW = Text(
    "not a row of author id, author, date and content", "不是作者编号、作者、时间、内容的一行"
)
_NO_TIME = Text("no usable time", "没有可用的时间")
# What the exporter writes for lines that nobody wrote.
_SYSTEM = {
    "Joined the server.", "Pinned a message.", "Started a thread.", "Changed the channel name.",
    "Changed the channel icon.", "Added a recipient.", "Removed a recipient.",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(\d{1,4})[-./ ](\d{1,2}|[A-Za-z]{3})[-./ ](\d{1,4}),? (?:([上下])午 ?)?(\d{1,2}):(\d\d)"
    r"(?::(\d\d))?(?:\s?([AaPp])\.?[Mm]\.?)?", re.ASCII,
)  # fmt: skip
_EPOCH = dt.date(1970, 1, 1).toordinal()


def place_of(name: str) -> tuple[str, str, str]:
    """Return id, name and server of the channel that a file's name tells of.

    The exporter calls a file ``server - category - channel [id] (after date) [part 2].csv``.
    """
    found = re.match(r"(.*?) ?\[(\d{15,20})\]", name)
    if found is None:
        stem = re.sub(r"( \[part \d+\])?\.csv$", "", name, flags=re.IGNORECASE)
        return f"file:{stem}", stem, ""
    parts = found[1].split(" - ")
    return found[2], parts[-1], parts[0] if parts[1:] else ""


def records(file: ExportFile) -> Iterator[list[str] | None]:
    """Yield the rows after the header; None for one that is no CSV."""
    rows = csv.reader(line + "\n" for line in file.lines())
    next(rows, None)
    while True:
        try:
            row = next(rows, None)
        except csv.Error:  # such as a quotation mark that is never closed
            yield None
            continue
        if row is None:
            return
        yield row


def day_first(files: Iterable[Reading], asked: bool | None) -> bool:
    """Tell whether 3/4 is the third of April in these files.

    Raises
    ------
    ShequnError
        Where the files leave it open, and nobody said so.
    """
    if asked is not None:
        return asked
    seen: set[bool] = set()
    open_at: str | None = None
    for file in files:
        for row in records(file.file):
            if row is None or len(row) < 4:
                continue
            if seconds(row[2]) is not None:  # of a newer version, and so are all the others
                break
            if (m := _DATE.fullmatch(row[2])) and len(m[1]) < 3 and m[2].isdigit():
                open_at = open_at or file.file.name
                seen |= {True} if int(m[1]) > 12 else {False} if int(m[2]) > 12 else set()
    if len(seen) == 1:
        return seen.pop()
    if open_at is None:
        return False
    raise ShequnError(
        Text(
            "The dates of the CSV files leave open whether the day or the month comes first.",
            "CSV 文件里的日期看不出先写日还是先写月。",
        ),
        Text(
            "Export as JSON; or say which comes first: --day-first or --month-first.",
            "请导出为 JSON；或用 --day-first、--month-first 说明哪个在前。",
        ),
    )


def read_csv(file: Reading, intake: Intake, channel: int, *, days: bool) -> int:
    """Put in the messages of a file; return how many show the exporter's clock alone.

    Parameters
    ----------
    file, intake, channel
        From where, and where to.
    days
        Whether the day stands before the month.
    """
    local, zone = 0, intake.options.zone
    message, reaction = intake.message, intake.reaction
    ids: dict[str, str | None] = {}
    for n, row in enumerate(records(file.file), 1):
        file.read = n
        author = None
        if row is not None and len(row) >= 4:
            author = ids[row[0]] if row[0] in ids else ids.setdefault(row[0], id_of(row[0]))
        if row is None or author is None:
            file.strange(n, _NO_ROW, ",".join(row[:3]) if row else "")
            continue
        ts = seconds(row[2])
        if ts is None:
            clock = local_seconds(row[2], days=days)
            if clock is None:
                file.strange(n, _NO_TIME, row[2])
                continue
            ts = zone.at(clock)
            local += 1
        text = row[3]
        files, reactions = row[4] if len(row) > 4 else "", row[5] if len(row) > 5 else ""
        kind = kind_of_file(files.split(",", 1)[0]) if files else kind_of_text(text)
        if text in _SYSTEM:
            kind, text = "system", ""
        name, mark, number = row[1].rpartition("#")
        shown = name if mark and len(number) == 4 and number.isdigit() else row[1]
        message(n, channel, author, ts, text, kind, name=shown or None)
        if "@" in text:
            if ALL.search(text):
                intake.mention(n, kind="all")
            for target in set(BY_ID.findall(text)):
                intake.mention(n, target)
        if reactions:
            for sign, count in _counts(reactions).items():
                reaction(n, sign, n=count, complete=False)
    return local


def _counts(cell: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in cell.split(","):
        sign, _, count = part.rpartition(" (")
        digits = count.removesuffix(")")
        if sign and len(digits) < 9 and digits.isascii() and digits.isdigit() and int(digits):
            # An emoji of the server itself stands there by its name, which may be somebody's.
            sign = "custom" if sign.isascii() else sign[:16]
            counts[sign] = counts.get(sign, 0) + int(digits)
    return counts


def local_seconds(raw: str, *, days: bool) -> int | None:
    """Return the local seconds since 1970 of a date as older versions write it."""
    if (m := _DATE.fullmatch(raw)) is None:
        return None
    day = _day(m[1], m[2], m[3], days)
    hour, minute, second = int(m[5]), int(m[6]), int(m[7] or 0)
    half = {"上": "a", "下": "p", None: None}[m[4]] or (m[8] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "p")
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    return day + 3600 * hour + 60 * minute + second


@lru_cache(maxsize=4096)
def _day(a: str, b: str, c: str, days: bool) -> int | None:
    if b.isalpha():
        if b.lower() not in _MONTHS:
            return None
        year, month, day = int(c), _MONTHS.index(b.lower()) + 1, int(a)
    elif len(a) == 4:
        year, month, day = int(a), int(b), int(c)
    else:
        year, month, day = int(c), *((int(b), int(a)) if days else (int(a), int(b)))
    year += 2000 * (year < 100)
    if not 2014 < year < 2100:
        return None
    try:
        return 86400 * (dt.date(year, month, day).toordinal() - _EPOCH)
    except ValueError:
        return None
