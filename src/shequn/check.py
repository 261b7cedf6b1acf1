"""Check a community's data folder: every fault with file, row, column, and how to mend it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from shequn.check_hints import near_column, near_table
from shequn.check_report import Fault, Report, TableReport, fault, visible
from shequn.check_scan import LONGEST, Scan, mended_copy, scan
from shequn.check_values import Content, Moment, check_reference, check_values
from shequn.schema import Table, tables
from shequn.tabular import (
    CommunityInfo,
    Header,
    community,
    csv_source,
    parquet_source,
    read_header,
    survey,
    unchanged,
)
from shequn.tabular_encoding import DAMAGED, Encoding, detect, open_bytes, transcode
from shequn.tabular_folder import DESCRIPTOR
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import duckdb

Progress = Callable[[str, int, int], None]

_SPREADSHEETS = {".xlsx", ".xls", ".ods", ".numbers", ".et"}
_MEMORY = "1GB"


def check(
    folder: Path,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
    private: bool = True,
) -> Report:
    """Hold a folder against ``datapackage.json`` and list every fault, not only the first.

    Nothing in the folder is changed. Memory stays bounded however large the files are: what does
    not fit goes to the system's temporary folder.

    Parameters
    ----------
    folder
        A community's data folder.
    now
        The present, for times in the future; without a zone it is UTC. The clock by default.
    progress
        Called with a table's name, its number from 0, and the number of tables, before each.
    private
        Also open ``identities``, where the names are; a run has no use for it.

    Returns
    -------
    Report
        Also for a folder that is missing or holds nothing: that is a fault like others.
    """
    folder = Path(folder)
    report = Report(str(folder))
    moment = now or datetime.now(UTC)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        found = survey(folder)
    except (ShequnError, OSError) as error:
        report.faults.append(_from_error("folder", "", error))
        return report
    for file, problem in found.problems:
        report.faults.append(_from_error("folder", file, problem))
    try:
        report.community = community(folder)
    except ShequnError as error:
        if not any(file == DESCRIPTOR for file, _ in found.problems):
            report.faults.append(_from_error("folder", DESCRIPTOR, error))
    report.faults += [_unknown_file(path.name) for path in found.unknown]
    if not found.tables:
        kind = "no_table" if found.unknown or found.problems else "folder_empty"
        names = ", ".join(f"{n}.csv" for n in tables() if n != "identities")
        report.faults.append(fault(kind, "", names=names))
    else:
        files = {n: p for n, p in found.tables.items() if private or n != "identities"}
        _check_tables(report, folder, files, moment, progress)
    report.faults.sort(key=lambda f: (f.severity, f.file, f.row or 0))
    return report


def _check_tables(
    report: Report,
    folder: Path,
    files: dict[str, Path],
    now: datetime,
    progress: Progress | None,
) -> None:
    import duckdb

    zone = ZoneInfo((report.community or CommunityInfo("")).timezone)
    moment = Moment(now, now.astimezone(zone).date())
    with (
        tempfile.TemporaryDirectory(prefix="shequn-") as work,
        duckdb.connect() as connection,
    ):
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute("SET temp_directory = ?", [work])
        # Each thread holds a buffer of 32 MB: with many the limit would not do.
        connection.execute(f"SET threads = {min(os.cpu_count() or 1, 4)}")
        contents: dict[str, Content] = {}
        for number, (name, path) in enumerate(files.items()):
            if progress:
                progress(name, number, len(files))
            one = _OneTable(
                tables()[name], path, path.relative_to(folder).as_posix(), Path(work), connection
            )
            try:
                with unchanged(path):
                    one.run(moment)
            except ShequnError as error:
                one.faults = [_from_error("changed", one.file, error)]
                one.content = None
            report.faults += one.faults
            if one.report:
                report.tables[name] = one.report
            if one.content:
                contents[name] = one.content
        report.faults += _references(connection, contents)


def _references(connection: duckdb.DuckDBPyConnection, contents: dict[str, Content]) -> list[Fault]:
    """Check references to tables that could be read whole; else the missing rows seem at fault."""
    import duckdb

    found = []
    for child in contents.values():
        for column, name, key in child.table.references:
            parent = contents.get(name)
            if parent is None or not parent.whole:
                continue
            if column not in child.source.types or key not in parent.source.types:
                continue
            try:
                dangling = check_reference(connection, child, column, parent, key)
            except duckdb.Error as error:
                dangling = _unreadable(child.file, error)
            if dangling:
                found.append(dangling)
    return found


@dataclass
class _OneTable:
    """The check of one file, step by step; a step that makes the next senseless ends it."""

    table: Table
    path: Path
    file: str
    work: Path
    connection: duckdb.DuckDBPyConnection
    faults: list[Fault] = field(default_factory=list)
    report: TableReport | None = None
    content: Content | None = None

    def run(self, moment: Moment) -> None:
        """Fill `faults`, and `report` and `content` as far as the file can be read."""
        import duckdb

        try:
            if self.path.suffix == ".parquet":
                self._parquet(moment)
            else:
                self._csv(moment)
        except DAMAGED:
            self._add("cut_off")
        except (OSError, duckdb.Error) as error:
            self.faults.append(_unreadable(self.file, error))

    def _add(self, kind: str, **details: object) -> None:
        self.faults.append(fault(kind, self.file, **details))  # type: ignore[arg-type]

    def _parquet(self, moment: Moment) -> None:
        import duckdb

        try:
            source = parquet_source(self.table, self.path)
        except duckdb.Error:
            self._add("parquet")
            return
        if self._names_fit(source.names):
            self._values(Content(self.table, self.file, source), moment, None)

    def _csv(self, moment: Moment) -> None:
        with open_bytes(self.path) as stream:
            head = stream.read(1 << 16)
        expected = ", ".join(c.name for c in self.table.columns.values() if c.required)
        if not head.strip(b"\xef\xbb\xbf"):
            self._add("file_empty", names=expected)
            return
        path, encoding = self.path, detect(self.path)
        if encoding.name == "utf-16":
            if len(encoding.bad):
                self._add("encoding", **_bad_bytes(encoding))
                return
            path, encoding = transcode(path, "utf-16", self.work), Encoding("utf-8")
        elif b"\0" in head:
            self._add("not_text")
            return
        header = read_header(path, encoding.name)
        if not any(header.names):
            self._add("file_empty", names=expected)
            return
        if not self._names_fit(header.names):
            return
        found = scan(path, header, encoding)
        self._structure(header, encoding, found)
        if found.broken:
            path = mended_copy(path, header, encoding, found, self.work)
        if encoding.name == "gb18030":
            path = transcode(path, "gb18030", self.work)
        # The engine passes over blank lines, but in a single column they are empty cells to it.
        blank = found.blank if len(header.names) > 1 else found.blank[:0]
        content = Content(
            self.table,
            self.file,
            csv_source(self.table, path, header),
            np.union1d(found.faulty[found.faulty > 1], blank),
            found.control,
            whole=not len(found.faulty),
        )
        self._values(content, moment, found)

    def _names_fit(self, names: tuple[str, ...]) -> bool:
        """Check the column names; False where none is known, so that nothing else can be said."""
        known = [n for n in names if n in self.table.columns]
        columns = self.table.columns.values()
        if not known:
            expected = ", ".join(c.name for c in columns if c.required)
            first = [(1, " | ".join(names))]
            self._add(
                "no_header",
                examples=first,
                private=self.table.name == "identities",
                table=self.table.name,
                names=expected,
            )
            return False
        for name in dict.fromkeys(names):
            if not name:
                self._add("unnamed_column", count=names.count(""))
            elif names.count(name) > 1:
                self._add("duplicate_column", column=name, times=names.count(name))
            elif name not in self.table.columns:
                self._unknown_column(name, known)
        for column in columns:
            if column.required and column.name not in known:
                self._add("missing_column", column=column.name, meaning=column.meaning)
        return True

    def _unknown_column(self, name: str, known: list[str]) -> None:
        near = near_column(name, self.table, known)
        if near is None:
            self._add("unknown_column", column=name, table=self.table.name)
            return
        meaning = self.table.columns[near].meaning
        self._add(
            "unknown_column_like",
            column=name,
            table=self.table.name,
            near=near,
            meaning=type(meaning)(meaning.en.rstrip("."), meaning.zh.rstrip("。")),
        )

    def _structure(self, header: Header, encoding: Encoding, found: Scan) -> None:
        for kind, finding in found.findings.items():
            _, line, detail = finding.examples[0]
            fields: dict[str, object] = {"line": line}
            if kind == "ragged":
                fields |= {"cells": detail, "width": len(header.names)}
            elif kind == "too_long":
                fields |= {"limit": f"{LONGEST:,}"}
            elif kind == "encoding":
                fields = _bad_bytes(encoding)
            examples = [(row, None) for row, _, _ in finding.examples]
            self._add(kind, examples=examples, count=finding.count, **fields)

    def _values(self, content: Content, moment: Moment, found: Scan | None) -> None:
        values = check_values(self.connection, content, moment)
        rows = values.rows
        self.faults += values.faults
        if found is not None:
            rows += int((found.faulty > 1).sum())
            expected = found.records - 1 - len(content.skipped)
            if values.seen != expected:
                self._add("unreadable", detail=_lost_rows(values.seen, expected))
            self._empty_rows(content, found)
        if not rows:
            self._add("no_rows")
        self.report = TableReport(self.file, rows, values.first, values.last)
        self.content = content

    def _empty_rows(self, content: Content, found: Scan) -> None:
        """Add blank lines to the rows without a value; those at the end of a file are usual."""
        from_engine = [f for f in self.faults if f.kind == "empty_row"]
        self.faults = [f for f in self.faults if f.kind != "empty_row"]
        within = found.blank[found.blank < found.last]
        count = sum(f.count for f in from_engine)
        rows = {row for f in from_engine for row, _ in f.examples if row and row < found.last}
        if len(content.source.names) > 1:
            count += len(within)
            rows.update(map(int, within[:3]))
        else:
            count -= len(found.blank) - len(within)
        if count:
            examples = [(row, None) for row in sorted(rows)[:3]]
            self._add("empty_row", examples=examples, count=count)


def _lost_rows(seen: int, expected: int) -> Text:
    return Text(
        f"{seen:,} of {expected:,} rows arrive in the engine.",
        f"{expected:,} 行中只有 {seen:,} 行能被引擎读到。",
    )


def _bad_bytes(encoding: Encoding) -> dict[str, object]:
    return {
        "offset": int(encoding.bad[0]),
        "bytes": encoding.sample.hex(" ").upper(),
        "name": encoding.name.upper(),
    }


def _unknown_file(name: str) -> Fault:
    if Path(name).suffix.lower() in _SPREADSHEETS:
        return fault("spreadsheet", name)
    near = near_table(name.split(".")[0])
    return fault("unknown_file_like", name, near=near) if near else fault("unknown_file", name)


def _from_error(kind: str, file: str, error: ShequnError | OSError) -> Fault:
    if isinstance(error, ShequnError):
        return fault(kind, file, what=error.what, mend=error.mend)
    return _unreadable(file, error)


def _unreadable(file: str, error: Exception) -> Fault:
    strerror = error.strerror if isinstance(error, OSError) else None
    detail = visible(strerror or str(error).splitlines()[0])
    return fault("unreadable", file, detail=detail)


__all__ = ["Fault", "Progress", "Report", "TableReport", "check"]
