"""Import an export: read, settle, merge with what is there, write."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from shequn import atomic
from shequn.forget import LIST, digest
from shequn.sources import bots, folder, merge, platforms
from shequn.sources.files import Export
from shequn.sources.folder import Community
from shequn.sources.intake import Intake, Options
from shequn.sources.lists import Lists
from shequn.sources.members import members
from shequn.sources.newest import keep_newest
from shequn.sources.privacy import load_key, pseudonym
from shequn.sources.report import FileLeftOut, ImportReport, Reading
from shequn.sources.settle import settle
from shequn.sources.support import support
from shequn.sources.tables import Tables
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

_MEMORY = "400MB"  # what is more lies meanwhile in a private folder beside the data
_COPY = Text("a copy: every row is in another file too", "重复：每一行在另一个文件里都有")


def import_export(
    platform: str,
    export: Path,
    out: Path,
    *,
    timezone: str,
    keep_text: bool = False,
    key_file: Path | None = None,
    date: dt.date | None = None,
    day_first: bool | None = None,
    currency: str | None = None,
    mapping: Path | None = None,
    tolerate: bool = False,
    overwrite: bool = False,
    append: bool = False,
    by_hand: Lists | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read a platform's export and write the community's data folder, whole or not at all.

    Parameters
    ----------
    platform
        One of `shequn.sources.platforms.PLATFORMS`.
    export
        What the platform gave: a folder or a file.
    out
        The data folder to write.
    timezone
        IANA name of the community's zone, and of times that bear none.
    keep_text
        Keep the text of messages, with known names and traces of people replaced.
    key_file
        Key of the pseudonyms; None is the one in the user's configuration, made on first use.
    date, day_first, currency, mapping
        As `shequn.sources.intake.Options` says.
    tolerate
        Accept that more than 1 % of the rows could not be understood.
    overwrite, append
        Replace a data folder that is there; or merge with it.
    by_hand
        Lists of accounts.
    progress
        Called with bytes read and bytes in all.

    Raises
    ------
    ShequnError
        Where anything is wrong; ``out`` is then as it was.
    """
    found = platforms.reader(platform)
    folder.refuse_occupied(out, overwrite=overwrite, append=append)  # before minutes of reading
    a, b = export.resolve(), out.resolve()
    if a.is_relative_to(b) or b.is_relative_to(a):
        raise ShequnError(
            Text(
                f"The export {export} and the data folder {out} lie in one another.",
                f"导出 {export} 与数据文件夹 {out} 互相包含。",
            ),
            folder.OTHER_OUT,
        )
    options = Options(Zone(timezone), keep_text, date, day_first, mapping, currency)
    files = Export(export, progress)
    readings, left_out = platforms.choose(found, files)
    key, made = load_key(key_file, out)
    with (
        folder.making(out, overwrite=overwrite, append=append) as new,
        _workplace(out) as (con, work),
    ):
        before = out.resolve() if append and out.exists() and any(out.iterdir()) else None
        forgotten = _forgotten(out)
        intake = Intake(found.platform, con, options)
        old = merge.open_old(con, before, work)
        accounts = merge.recall_people(old, intake, lambda raw: pseudonym(key, platform, raw))
        files.expect(r.file for r in readings)
        found.read(readings, intake)
        files.unchanged()
        late = [r.left_out for r in readings if r.left_out]
        left_out += [found.blind(f, len(left_out) + n) for n, f in enumerate(late, 1)]
        readings = [r for r in readings if not r.left_out]
        if not any(r.read for r in readings):
            raise platforms.nothing(found, files, left_out)
        ImportReport.refuse_unparsed(readings, tolerate=tolerate)
        (by_hand or Lists()).apply(intake)
        intake.flush()
        bots.mark(intake)

        persons = settle(intake, key, lambda own: digest(own) in forgotten)
        now = dict(zip(intake.people.numbers, persons.ids, strict=True))
        merge.take_old(old, {was: now[raw] for raw, was in accounts if now[raw] != was})
        said = merge.rows_of_files(con)
        duplicates = keep_newest(con, words=intake.identity == "words")
        members(intake, old)
        tables = Tables(con, intake, old)
        kept, copies = _count(tables, said, readings)
        left_out += [FileLeftOut(r.file.name, _COPY, duplicate=True) for r in copies]

        report = ImportReport(
            found.platform, timezone, text_kept=keep_text, key_made=made,
            rows_duplicate=duplicates, assumptions=intake.assumptions,
        )  # fmt: skip
        report.took(kept, left_out, persons.redact.file_name)
        _, report.times_ambiguous, report.times_nonexistent = options.zone.counts
        queries = tables.queries(kept, report)
        report.support = support(found.platform, tables.columns(queries))
        name = persons.redact(intake.title) or tables.title() or found.platform
        rest = merge.files_that_stay(out if overwrite or append else None, queries, append=append)
        settings = folder.settings_of(before) if before else {}
        folder.fill(new, Community(name, timezone, queries, report, rest, settings), con)
    return report


@contextmanager
def _workplace(out: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Give a database in memory, and a private folder beside ``out`` for what is too much for it."""
    work = atomic.beside(out.resolve(), "work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _MEMORY,
        "temp_directory": str(work),
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",  # nothing comes from the network
    }
    try:
        with duckdb.connect(config=settings) as con:
            con.execute("SET TimeZone = 'UTC'")
            yield con, work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _forgotten(out: Path) -> frozenset[str]:
    """Return digests of those who were erased from the folder: nobody comes back by an import."""
    try:
        return frozenset(json.loads((out / LIST).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return frozenset()


def _count(
    tables: Tables, said: dict[int, int], readings: list[Reading]
) -> tuple[list[Reading], list[Reading]]:
    """Give every file the number of its rows that are kept; return those that count, and copies."""
    rows = tables.rows_of_files()
    seen: set[str] = set()
    kept: list[Reading] = []
    copies: list[Reading] = []
    for reading in readings:
        reading.kept = rows.get(reading.number, 0)
        if not reading.kept and not said.get(reading.number):  # a list of people, or nothing
            reading.kept = min(reading.listed, reading.read - reading.unparsed)
    for reading in sorted(readings, key=lambda r: (not r.kept, r.span or (0, 0), r.fingerprint)):
        twin = reading.fingerprint in seen and reading.file.sha256 != ""
        copy = twin or (not reading.kept and said.get(reading.number, 0) > 0)
        (copies if copy else kept).append(reading)
        seen.add(reading.fingerprint)
    return kept, copies
