"""Read IRC logs.

Two layouts are known. ``[HH:MM] <nick> text`` (also with seconds) shows only the time of day; the
date comes from the file's name, and ``=== `` begins status lines and, in older logs, actions.
``channel YYYY-MM-DD [HH:MM:SS] <nick> text`` shows everything. In both, ``* nick text`` is an
action and ``-nick- text`` a notice. Who is who is decided in `irc_people`, when in `irc_clock`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
import zoneinfo
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from shequn.sources import irc_clock, irc_report
from shequn.sources.files import Export, LogFile
from shequn.sources.folder import Community, utc
from shequn.sources.irc_clock import NamedDate, Placed, Zone
from shequn.sources.irc_lines import CLOCK, DATED, MESSAGE, Log, layout_of, lower, parse
from shequn.sources.irc_people import find_people
from shequn.sources.irc_tables import PLATFORM, Redactor, Source, Tables, kept_of
from shequn.sources.privacy import token
from shequn.sources.report import FileLeftOut, FileRead, ImportReport
from shequn.text import ShequnError, Text

_SURE_COPY = 20  # so many lines in a row, clock included, are never alike by chance
_LOOKED_AT = 50
_NO_DATE = Text(
    "no date in the file name; rename it to hold YYYY-MM-DD or pass --date",
    "文件名里没有日期；请改名使其含 YYYY-MM-DD，或用 --date 给出",
)
_COPY = Text(
    "a copy: another file that was read holds it whole", "重复：已读的另一个文件完整包含它"
)


@dataclass
class _Candidate:
    """A file that looks like a log, with what its name says.

    ``mark`` is the longest of its first lines, behind ``before_mark`` others: where it stands in
    another file, that file may hold this one.
    """

    file: LogFile
    layout: str
    first_line: str
    mark: str
    before_mark: int
    named: NamedDate | None
    log: Log | None = None
    placed: Placed | None = None


def read(
    export: Path,
    *,
    timezone: str,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Community:
    """Read the IRC logs in a folder (with its folders), a zip, or one file.

    All logs of an export are taken as one community: the same nick in two channels is one person.

    Parameters
    ----------
    export
        Folder, ``.zip``, ``.gz`` or plain file.
    timezone
        IANA name of the zone that the times are in; the logs do not say.
    key
        For the pseudonyms.
    keep_text
        Keep the text of messages, with every known nick in it replaced.
    date
        Date of the first line of files that show none.
    progress
        Called with bytes read and bytes in all, as far as known.

    Returns
    -------
    Community
        The tables; with ``keep_text`` the files are read again while the messages are written.

    Raises
    ------
    ShequnError
        Where there is nothing to read, a file is damaged or changes meanwhile, or the zone is
        unknown.
    """
    zone = Zone(_zone_name(timezone))
    files = Export(export)
    candidates, left_out = _sniff(files.files, date)
    _parse(candidates, progress)
    candidates, copies = _without_copies(candidates)
    left_out += [(c.file.name, _COPY, True) for c in copies]
    if not candidates:
        raise _nothing(export, left_out)
    report = ImportReport(platform=PLATFORM, timezone=timezone, text_kept=keep_text)
    clocks = [c.placed for c in candidates if c.placed]
    for c in candidates:
        log = _log(c)
        log.times = zone.utc(c.placed.times if c.placed else log.times)
    report.times_ambiguous, report.times_nonexistent = zone.counts[1:]
    files.unchanged()

    people = find_people([_log(c) for c in candidates])
    sources, guessed = _sources(candidates, set(people.seen), key)
    tables = Tables(sources, people, key, timezone)
    _count(report, sources, tables)
    hide = Redactor(tables.ids)
    irc_report.fill(
        report, people, clocks, dated_by_hand=_by_hand(candidates, date), guessed=guessed
    )
    for s in sources:
        name = _shown(s.log.file.name, hide)
        report.files_read.append(
            FileRead(
                s.source_id, name, s.log.file.sha256, s.log.layout, s.log.read, s.kept,
                s.log.unparsed,
            )
        )  # fmt: skip
        for e in s.log.examples:
            if len(report.examples) < irc_report.EXAMPLES:
                report.examples.append(replace(e, file=name))
    report.files_left_out += [FileLeftOut(_shown(n, hide), why, copy) for n, why, copy in left_out]
    channels = sorted({c for s in sources for c in s.channels})
    name = ", ".join(channels[:3]) + ("…" if channels[3:] else "")
    return Community(name, timezone, tables.all(keep_text=keep_text), report)


def _zone_name(timezone: str) -> str:
    known = zoneinfo.available_timezones()
    if timezone in known:
        return timezone
    near = difflib.get_close_matches(timezone, sorted(known), n=3, cutoff=0.5)
    names = ", ".join(near or ["Asia/Shanghai", "UTC", "Europe/Berlin"])
    raise ShequnError(
        Text(f"There is no time zone {timezone}.", f"没有 {timezone} 这个时区。"),
        Text(f"Use an IANA name, such as {names}.", f"请用 IANA 时区名，如 {names}。"),
    )


_Left = list[tuple[str, Text, bool]]


def _sniff(files: list[LogFile], date: dt.date | None) -> tuple[list[_Candidate], _Left]:
    candidates: list[_Candidate] = []
    left_out: _Left = []
    for file in files:
        head = file.head()
        layout = layout_of(head)
        named = irc_clock.named_date(file.name)
        if isinstance(layout, Text):
            left_out.append((file.name, layout, False))
        elif layout == CLOCK and named is None and date is None:
            left_out.append((file.name, _NO_DATE, False))
        else:
            first = next(line for line in head if line.strip())
            mark = max(head[:_LOOKED_AT], key=len)
            candidates.append(_Candidate(file, layout, first, mark, head.index(mark), named))
            if layout == CLOCK and named is None and date is not None:
                candidates[-1].named = NamedDate(date, None, file.name)
    return candidates, left_out


def _parse(candidates: list[_Candidate], progress: Callable[[int, int], None] | None) -> None:
    total, done = sum(c.file.size for c in candidates), 0
    marks = {c.mark for c in candidates}
    for c in candidates:
        read = 0

        def tick(n: int, end: int = done + c.file.size) -> None:
            nonlocal read
            read += n
            if progress:
                progress(min(end - c.file.size + read, end), total)  # noqa: B023 - used at once

        log = c.log = parse(c.file, c.layout, marks, tick)
        done += c.file.size
        if progress:
            progress(done, total)
        if c.layout == CLOCK and c.named and log.times:
            c.placed = irc_clock.place(log.times, c.named.day, c.named.hour)


def _log(candidate: _Candidate) -> Log:
    assert candidate.log is not None  # set by _parse
    return candidate.log


def _without_copies(
    candidates: list[_Candidate],
) -> tuple[list[_Candidate], list[_Candidate]]:
    """Part the files from those whose whole text another one holds."""
    kept: list[_Candidate] = []
    copies: list[_Candidate] = []
    holders: dict[str, list[_Candidate]] = {}  # by the mark of another file
    for c in sorted(candidates, key=lambda c: (-_log(c).read, c.file.key)):
        if any(_holds(other, c) for other in holders.get(c.mark, ())):
            copies.append(c)
            continue
        kept.append(c)
        for mark in _log(c).marks:
            holders.setdefault(mark, []).append(c)
    return kept, copies


def _holds(whole: _Candidate, part: _Candidate) -> bool:
    n = _log(part).read
    for found in _log(whole).marks[part.mark]:
        skip = found - 1 - part.before_mark  # lines of the whole before the part
        if 0 <= skip <= _log(whole).read - n and _alike(whole, part, skip):
            held = islice(whole.file.lines(), skip, skip + n)
            if all(a == b for a, b in zip(held, part.file.lines(), strict=False)):
                return True
    return False


def _alike(whole: _Candidate, part: _Candidate, skip: int) -> bool:
    """Tell, without opening the files again, whether one may hold the other behind some lines."""
    big, small = _log(whole), _log(part)
    if not small.rows:
        return True
    at = bisect_left(big.rows, small.rows[0] + skip)
    if at + len(small.rows) > len(big.rows):
        return False
    for i in range(min(len(small.rows), _LOOKED_AT)):
        if big.rows[at + i] != small.rows[i] + skip:
            return False
        both = big.kinds[at + i] == small.kinds[i] == MESSAGE
        if both and big.other[at + i] != small.other[i]:
            return False
    if small.read >= _SURE_COPY:
        return True
    # So few lines may be alike by chance: then the channel and the date must be the same, too. The
    # last line's time, since status lines at the beginning have none of their own.
    times = [(c.placed.times if c.placed else _log(c).times) for c in (whole, part)]
    return _channel_hint(whole) == _channel_hint(part) and (
        times[0][at + len(small.rows) - 1] == times[1][-1]
    )


def _channel_hint(c: _Candidate) -> object:
    # The dated layout names the channel in every line.
    return c.layout if c.layout == DATED else _stem(c)


def _nothing(export: Path, left_out: _Left) -> ShequnError:
    shown = [Text(f"{n}: {w.en}", f"{n}：{w.zh}") for n, w, _ in left_out[:3]]
    return ShequnError(
        Text(
            f"No IRC log could be read in {export}. " + "; ".join(t.en for t in shown),
            f"{export} 里没有能读的 IRC 记录。" + "；".join(t.zh for t in shown),
        ),
        Text(
            "Lines must read [HH:MM] <nick> text in a file whose name holds YYYY-MM-DD (or with "
            "--date), or: channel YYYY-MM-DD [HH:MM:SS] <nick> text.",
            "每行应为 [HH:MM] <昵称> 正文（文件名含 YYYY-MM-DD，或用 --date 给出日期），"
            "或为：频道 YYYY-MM-DD [HH:MM:SS] <昵称> 正文。",
        ),
    )


def _by_hand(candidates: list[_Candidate], date: dt.date | None) -> tuple[int, dt.date | None]:
    return sum(
        bool(c.placed) and irc_clock.named_date(c.file.name) is None for c in candidates
    ), date


def _sources(
    candidates: list[_Candidate], nicks: set[str], key: bytes
) -> tuple[list[Source], set[str]]:
    """Give every log its channels and an id, and put them in an order that no file name decides."""
    stems = [_stem(c) for c in candidates]
    seen: dict[str, set[str]] = {}
    for c, stem in zip(candidates, stems, strict=True):
        if c.layout == CLOCK:
            seen.setdefault(stem, set()).update(_log(c).channels)
    guessed: set[str] = set()
    named: list[tuple[tuple[str, ...], _Candidate]] = []
    for c, stem in zip(candidates, stems, strict=True):
        log = _log(c)
        if log.channels:
            ids = tuple(_slug(name) for name in log.channels)
        elif len(seen[stem]) == 1:  # its sisters by name tell
            ids = (_slug(next(iter(seen[stem]))),)
            guessed.add(ids[0])
        else:
            ids = (_channel_from(stem, nicks, key),)
            guessed.add(ids[0])
        named.append((ids, c))

    def parts(ids: tuple[str, ...], c: _Candidate) -> tuple[str, ...]:
        return ("source", *ids, str(min(_log(c).times, default=0)), c.first_line)

    # By its beginning, not its whole: a log that has grown since keeps its ids.
    times = Counter(parts(ids, c) for ids, c in named)
    sources = []
    for ids, c in named:
        own = parts(ids, c)
        more = (c.file.sha256,) if times[own] > 1 else ()
        sources.append(Source("s" + token(key, *own, *more)[:12], _log(c), ids))
    sources.sort(key=lambda s: (s.channels, s.span or (0, 0), s.log.file.sha256))
    return sources, guessed


def _stem(c: _Candidate) -> str:
    name = c.named.rest if c.named else c.file.name
    return re.sub(r"(\.(raw|ascii|txt|log|irc))+$", "", name, flags=re.IGNORECASE).strip(" ._-")


def _slug(name: str) -> str:
    return re.sub(r"[^\w+.-]+", "-", lower(name)).strip("-.") or PLATFORM


def _channel_from(stem: str, nicks: set[str], key: bytes) -> str:
    # A log named like a person is a private talk: the name must not become the channel's id.
    if lower(stem) in nicks:
        return "query-" + token(key, "channel", lower(stem))[:8]
    return _slug(stem)


def _shown(name: str, hide: Redactor) -> str:
    """Return a file's name without any nick in it, also where underscores join it to a date."""
    parts = [hide(part) for part in hide(name).split("_")]
    return re.sub(r"[^\w.+#-]", "-", "_".join(parts))


def _count(report: ImportReport, sources: list[Source], tables: Tables) -> None:
    decoded: Counter[str] = Counter()
    for s in sources:
        counts = kept_of(s)
        report.rows_read += s.log.read
        report.rows_kept += s.kept
        report.rows_ignored += s.log.ignored
        report.rows_unparsed += s.log.unparsed
        report.messages += counts["messages"]
        report.membership_events += counts["membership_events"]
        decoded.update(s.log.file.decoded)
    report.decoded = dict(sorted(decoded.items()))
    report.members, report.bots = tables.members()
    report.mentions = tables.mentions()
    spans = [s.span for s in sources if s.span]
    report.covers_from = utc(min(a for a, _ in spans)) if spans else None
    report.covers_to = utc(max(b for _, b in spans)) if spans else None
