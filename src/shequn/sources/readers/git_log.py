"""The output of ``git log``: fields between unit separators, or as it stands."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator

from shequn.sources.times import LATEST

SEPARATOR = "\x1f"
FIELDS = 8
# Hash, hashes of parents, name and e-mail of the author, author's and committer's time in seconds
# UTC, refs, and the first line of what was said; None where it is not there.
Commit = tuple[str, list[str], str, str, int, int, str, str | None]
COMMIT = re.compile(r"commit ([0-9a-f]{7,64})((?: [0-9a-f]{7,64})*)(?: \(([^\n]*)\))?\s*$")
_IDENT = re.compile(r"(.*?)\s*<([^<>]*)>\s*$")
_MONTHS = {
    m: n
    for n, m in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_ZONE = r"(?:\s*(Z|[+-]\d\d:?\d\d))?"
_CLOCK = r"(\d\d):(\d\d):(\d\d)"
# Of git's own kinds: default and rfc, iso and iso-strict; raw and unix.
_SHOWN = re.compile(
    rf"(?:[A-Z][a-z]{{2}},? )?(?:([A-Z][a-z]{{2}}) (\d{{1,2}}) {_CLOCK} (\d{{4}})"
    rf"|(\d{{1,2}}) ([A-Z][a-z]{{2}}) (\d{{4}}) {_CLOCK}"
    rf"|(\d{{4}})-(\d\d)-(\d\d)[ T]{_CLOCK}){_ZONE}$",
    re.ASCII,
)
_RAW = re.compile(r"(\d{1,11})(?: [+-]\d{4})?$", re.ASCII)
_EPOCH = dt.date(1970, 1, 1)
_MOST = 60  # characters shown of what is not understood


def fields(lines: Iterable[str]) -> Iterator[tuple[Commit | None, str]]:
    """Yield the commits of lines of fields; None for a line that is none."""
    for line in lines:
        if not line:
            continue
        cells = line.split(SEPARATOR, FIELDS - 1)
        if len(cells) < FIELDS:
            yield None, line[:_MOST]
            continue
        sha, parents, name, email, written, came, refs, subject = cells
        try:
            commit = (
                sha,
                parents.split(),
                name,
                email,
                _number(written),
                _number(came),
                refs,
                subject,
            )
        except ValueError:
            yield None, line[:_MOST]
        else:
            yield (commit if sha and (name or email) else None), line[:_MOST]


def _number(text: str) -> int:
    if len(text) > 18:
        raise ValueError
    return int(text)


def log(lines: Iterable[str], local: Callable[[int], int]) -> Iterator[tuple[Commit | None, str]]:
    """Yield the commits of ``git log``, default, full or fuller; None for one without author or time.

    Parameters
    ----------
    lines
        Statistics and patches between them are passed over.
    local
        Turns local seconds into UTC, for dates without a zone.
    """
    head: dict[str, str] = {}
    begun, inside, subject = "", False, None
    for line in lines:
        if line.startswith("commit ") and COMMIT.match(line):
            if begun:
                yield _commit(begun, head, subject, local), begun[:_MOST]
            begun, inside, subject, head = line, True, None, {}
        elif inside:
            if not line:
                inside = not head  # an empty line ends the head
            elif not line[0].isspace():
                key, _, value = line.partition(":")
                head.setdefault(key, value.strip())
        elif subject is None and line.startswith("    ") and line.strip():
            subject = line[4:].strip()
    if begun:
        yield _commit(begun, head, subject, local), begun[:_MOST]


def _commit(
    line: str, head: dict[str, str], subject: str | None, local: Callable[[int], int]
) -> Commit | None:
    found = COMMIT.match(line)
    author = _IDENT.match(head.get("Author", ""))
    written = moment(head.get("AuthorDate") or head.get("Date") or "", local)
    came = moment(head.get("CommitDate") or "", local)
    if found is None or author is None or (written is None and came is None):
        return None
    written = came if written is None else written
    assert written is not None
    # "Merge:" shows cut hashes; that there are several is what counts.
    parents = found[2].split() or head.get("Merge", "").split()
    return (
        found[1], parents, author[1], author[2], written, written if came is None else came,
        found[3] or "", subject or "",
    )  # fmt: skip


def moment(text: str, local: Callable[[int], int]) -> int | None:
    """Return seconds UTC for a time as git shows it; None where it shows none, such as "3 days ago"."""
    if found := _RAW.match(text):
        return int(found[1])
    found = _SHOWN.match(text)
    if found is None:
        return None
    month, day, h, m, s, year, day2, month2, year2, h2, m2, s2, y3, mo3, d3, h3, m3, s3, zone = (
        found.groups()
    )
    try:
        date = dt.date(
            int(year or year2 or y3),
            int(mo3) if mo3 else _MONTHS[month or month2],
            int(day or day2 or d3),
        )
    except (KeyError, ValueError):
        return None
    hours, minutes, seconds = int(h or h2 or h3), int(m or m2 or m3), int(s or s2 or s3)
    if hours > 23 or minutes > 59 or seconds > 60:
        return None
    shown = (date - _EPOCH).days * 86_400 + hours * 3600 + minutes * 60 + seconds
    if zone is None:
        return local(shown) if 0 < shown <= LATEST else None
    if zone == "Z":
        return shown
    offset = int(zone[1:3]) * 3600 + int(zone[-2:]) * 60
    return shown + offset if zone[0] == "-" else shown - offset
