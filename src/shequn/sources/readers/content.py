"""Lists of published pieces with their numbers, as a creator centre exports them."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from shequn.pii import mask
from shequn.sources import cells, columns, sheets
from shequn.sources.intake import Intake
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import ShequnError, Text

COUNTS = ("exposures", "views", "likes", "comments", "favourites", "shares", "follows_gained")
RATES = ("cover_ctr", "completion_rate", "completion_5s", "bounce_2s")
KINDS = {"图文": "note", "笔记": "note", "视频": "video", "文章": "article", "长文": "article"}
_NO_TIME = Text("no time of publication", "没有发布时间")
_NO_NUMBER = Text("a cell that should be a number is none", "应为数字的单元格不是数字")
_BROKEN = Text("a row without cells", "没有单元格的行")
_DATE = re.compile(r"(20\d{2})[-_.年]?(0[1-9]|1[0-2])[-_.月]?(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass
class Layout:
    """What a creator centre calls its columns.

    Attributes
    ----------
    platform
        As it stands in ``content_stats``.
    names
        Column of the contract -> its names; ``state`` is whether it was let through.
    signs
        Columns that show that a table is of this platform.
    unseen
        Words of ``state`` for pieces that nobody could see.
    """

    platform: str
    names: columns.Names
    signs: tuple[str, ...]
    unseen: tuple[str, ...] = ()


@dataclass
class _File:
    """A file, and what has to be known of the whole of it before its rows can be read."""

    reading: Reading
    changed: int
    header: int = 0
    found: columns.Found = field(default_factory=lambda: columns.Found([]))
    latest: int = 0
    percent: set[str] = field(default_factory=set)


def read(files: list[Reading], intake: Intake, layout: Layout) -> None:
    """Put the pieces that files list into an intake.

    Raises
    ------
    ShequnError
        Where a column is missing or there twice.
    """
    looked = [_look(reading, intake, layout) for reading in files]
    # The same file saved twice is from when it was saved first; of one day the latest counts.
    first: dict[str, int] = {}
    for file in looked:
        own = file.reading.file.sha256
        first[own] = min(first.get(own, file.changed), file.changed)
    looked.sort(
        key=lambda f: (first[f.reading.file.sha256], f.reading.file.sha256, f.reading.file.key)
    )
    unseen = repeated = mended = 0
    done: set[str] = set()
    for file in looked:
        reading, own = intake.open(file.reading), file.reading.file.sha256
        snapshot = _snapshot(file, first[own], intake)
        # No span is given: it would say that messages were seen on those days.
        reading.exported_at = snapshot
        seen: set[str] = set()
        for row, values in _rows(file):
            reading.read += 1
            if own in done:
                continue
            piece, why = _piece(values, file, intake, layout)
            if piece is None:
                if why:
                    reading.strange(row, why, " ".join(values))
                else:
                    unseen += 1
                continue
            content = piece["content_id"]
            repeated += content in seen
            seen.add(content)
            mended += bool(piece.pop("mended"))
            intake.add("content_stats", row, snapshot_at=snapshot, **piece)
        done.add(own)
    _tell(intake, unseen, repeated, mended)


def _tell(intake: Intake, unseen: int, repeated: int, mended: int) -> None:
    intake.note(
        "The day of export is that of the --date option, or the date in the file's name, or else "
        "the day the file was last changed. A download that was saved anew later looks younger.",
        "导出日期取 --date；没有就取文件名里的日期，再没有就取文件的修改日期。"
        "下载后又另存过的文件，日期会偏晚。",
    )
    intake.note(
        "The files give no id: a piece is its title and the time of publication. With a new "
        "title it counts as another piece.",
        "文件里没有编号：以标题和发布时间认作品。改过标题，就算另一篇。",
    )
    intake.note(
        f"{unseen:,} pieces that were never let through are left out.",
        f"{unseen:,} 篇没有过审的作品未计入。",
        when=unseen,
    )
    intake.note(
        f"{repeated:,} rows have title and time of another row of their file: one of them counts.",
        f"{repeated:,} 行的标题和时间与同一文件的另一行相同：只算一行。",
        when=repeated,
    )
    intake.note(
        f"{mended:,} pieces have a share above 1 or a negative count; that cell stays empty.",
        f"{mended:,} 篇有大于 1 的比例或负的次数，该格留空。",
        when=mended,
    )


def _look(reading: Reading, intake: Intake, layout: Layout) -> _File:
    """Find the header, the latest piece, and which rates are in percent without saying so."""
    try:
        changed = int(reading.file.path.stat().st_mtime)
    except OSError:
        changed = LATEST
    file = _File(reading, changed)
    rows = sheets.rows(reading.file)
    top = list(islice(rows, sheets.TOP))
    at, file.found = columns.find([row for _, row in top], layout.names)
    if why := columns.lacking(file.found, layout.names, layout.signs, (*COUNTS, *RATES)):
        name = reading.file.name
        raise ShequnError(Text(f"{name}: {why.en}", f"{name}：{why.zh}"))
    file.header = top[at][0]
    for _, row in chain(top[at + 1 :], rows):
        for rate in RATES:
            text = _cell(row, file.found, rate)
            if text and "%" not in text and "％" not in text:
                try:
                    if (cells.number(text) or 0) > 1:
                        file.percent.add(rate)
                except ValueError:
                    continue
        try:
            moment = cells.moment(_cell(row, file.found, "published_at"), intake.options.zone)
        except ValueError:
            continue
        file.latest = max(file.latest, moment or 0)
    intake.options.zone.counts[:] = [0, 0, 0]  # they are read once more
    return file


def _rows(file: _File) -> Iterator[tuple[int, list[str]]]:
    return ((n, row) for n, row in sheets.rows(file.reading.file) if n > file.header)


def _cell(row: list[str], found: columns.Found, column: str) -> str:
    place = found.places.get(column)
    return row[place] if place is not None and place < len(row) else ""


def _snapshot(file: _File, changed: int, intake: Intake) -> int:
    """Return the day of export, as the first moment that is not before any piece of the file."""
    zone, day = intake.options.zone, intake.options.date
    if day is None and (named := _DATE.search(file.reading.file.name)):
        try:
            day = dt.date(*map(int, named.groups()))
        except ValueError:
            day = None
    if day is not None:
        start = (day - dt.date(1970, 1, 1)).days * 86400
    else:
        # The day begins at the community's midnight, whichever offset it had then.
        start = (changed + _offset(zone.at, changed)) // 86400 * 86400
    return min(max(zone.at(start), file.latest, 1), LATEST)


def _offset(at: Callable[[int], int], moment: int) -> int:
    return moment - at(moment)


def own_id(platform: str, title: str, published: int) -> str:
    """Return an id for a piece that has none: of its title and time, and without them."""
    said = f"{platform}\0{title}\0{published}".encode("utf-8", "replace")
    return "p" + hashlib.sha256(said).hexdigest()[:16]


def _piece(
    row: list[str], file: _File, intake: Intake, layout: Layout
) -> tuple[dict[str, Any] | None, Text | None]:
    """Return the columns of a piece; or None and why not, without why where nobody could see it."""

    def get(column: str) -> str:
        return _cell(row, file.found, column)

    if not row:
        return None, _BROKEN
    state = get("state")
    if any(word in state for word in layout.unseen):
        return None, None
    try:
        published = cells.moment(get("published_at"), intake.options.zone)
    except ValueError:
        published = None
    if published is None:
        return None, _NO_TIME
    title = " ".join(unicodedata.normalize("NFC", get("title")).split())
    values: dict[str, Any] = {
        "content_id": own_id(layout.platform, title, published),
        "platform": layout.platform,
        "published_at": published,
        "kind": KINDS.get(get("kind").strip(), mask(get("kind").strip()[:20]) or None),
        "title": mask(title) or None,
    }
    mended = False
    try:
        for column in COUNTS:
            values[column] = cells.whole(get(column))
        for column in RATES:
            value, percent = cells.share(get(column))
            if value is not None and (percent or column in file.percent):
                value = round(value / 100, 8)
            values[column] = value
        values["avg_watch_s"] = cells.length(get("avg_watch_s"))
    except ValueError:
        return None, _NO_NUMBER
    for column in (*COUNTS, *RATES):
        value = values[column]
        bad = value is not None and column != "follows_gained" and value < 0
        if bad or (value is not None and column in RATES and value > 1):
            values[column], mended = None, True
    values["mended"] = mended
    return values, None
