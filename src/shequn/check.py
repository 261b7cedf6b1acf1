"""Check a community's data folder: every fault with file, row, column, and how to mend it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from shequn import tabular
from shequn.check_hints import near_column, near_table
from shequn.check_report import Fault, Report, TableReport, fault, visible
from shequn.check_scan import LONGEST, Scan, mended_copy, scan
from shequn.check_values import Content, Moment, check_coverage, check_reference, check_values
from shequn.schema import Table, tables
from shequn.tabular import CommunityInfo, Fingerprint, Header
from shequn.tabular_encoding import DAMAGED, Encoding, detect, open_bytes, transcode
from shequn.tabular_folder import DESCRIPTOR
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import duckdb

_SPREADSHEETS = {".xlsx", ".xls", ".ods", ".numbers", ".et"}
_MEMORY = "1GB"


def check(folder: Path, *, now: datetime | None = None, private: bool = True) -> Report:
    """Hold a folder against ``datapackage.json`` and list every fault, not only the first.

    Nothing in the folder is changed. Memory stays bounded however large the files are: what does
    not fit goes to the system's temporary folder.

    Parameters
    ----------
    folder
        A community's data folder.
    now
        The present, for times in the future; without a zone it is UTC. The clock by default.
    private
        Also open ``identities``, where the names are; a run has no use for it.

    Returns
    -------
    Report
        Also for a folder that is missing or holds nothing: that is a fault like others.
    """
    report = Report(str(folder))
    now = now or datetime.now(UTC)
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    try:
        found = tabular.survey(folder)
    except (ShequnError, OSError) as error:
        report.faults.append(_from_error("folder", "", error))
        return report
    for file, problem in found.problems:
        report.faults.append(_from_error("folder", file, problem))
    try:
        report.community = tabular.community(folder)
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
        _check_tables(report, folder, files, now)
    report.faults.sort(key=lambda f: (f.severity, f.file, f.row or 0))
    return report


def _check_tables(report: Report, folder: Path, files: dict[str, Path], now: datetime) -> None:
    import duckdb

    zone = ZoneInfo((report.community or CommunityInfo("")).timezone)
    moment = Moment(now, now.astimezone(zone).date())
    stamps = {name: _stamp(path) for name, path in files.items()}
    checked: dict[str, _OneTable] = {}
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
        for name, path in files.items():
            file = path.relative_to(folder).as_posix()
            checked[name] = one = _OneTable(tables()[name], path, file, Path(work), connection)
            try:
                one.run(moment)
            except Exception:
                # A file that changes between two looks at it can upset anything.
                if _stamp(path) == stamps[name]:
                    raise
        _check_references(checked)
        _check_coverage(checked, report.community or CommunityInfo(""))
    for name, one in checked.items():
        if _stamp(one.path) != stamps[name]:
            report.faults.append(_from_error("changed", one.file, tabular.changed(one.path)))
        else:
            report.faults += one.faults
            if one.report:
                report.tables[name] = one.report


def _stamp(path: Path) -> Fingerprint | None:
    try:
        return tabular.fingerprint(path)
    except OSError:
        return None


def _check_references(checked: dict[str, _OneTable]) -> None:
    """Check references to tables that could be read whole; else the missing rows seem at fault."""
    import duckdb

    for child in checked.values():
        for column, name, key in child.table.references:
            content, parent = child.content, checked[name].content if name in checked else None
            if content is None or parent is None or not parent.whole:
                continue
            if column not in content.source.types or key not in parent.source.types:
                continue
            try:
                dangling = check_reference(child.connection, content, column, parent, key)
            except duckdb.Error as error:
                dangling = _from_error("unreadable", child.file, error)
            if dangling:
                child.faults.append(dangling)


def _check_coverage(checked: dict[str, _OneTable], clock: CommunityInfo) -> None:
    """Hold messages against the days that the sources say they cover."""
    messages, sources = checked.get("messages"), checked.get("sources")
    if not (messages and messages.content and sources and sources.content):
        return
    spans = {"covers_from", "covers_to"} <= set(sources.content.source.types)
    if spans and "ts" in messages.content.source.types:
        found = check_coverage(messages.connection, messages.content, sources.content, clock)
        messages.faults += [found] if found else []


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
            self.faults.append(_from_error("unreadable", self.file, error))

    def _add(self, kind: str, **details: Any) -> None:
        self.faults.append(fault(kind, self.file, **details))

    def _parquet(self, moment: Moment) -> None:
        import duckdb

        try:
            source = tabular.parquet_source(self.table, self.path)
        except duckdb.Error:
            self._add("parquet")
            return
        if self._names_fit(source.names):
            self._values(Content(self.table, self.file, source), moment, None)

    def _csv(self, moment: Moment) -> None:
        with open_bytes(self.path) as stream:
            head = stream.read(1 << 16)
        if not head.strip(b"\xef\xbb\xbf"):
            self._add("file_empty", names=self._expected)
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
        header = tabular.read_header(path, encoding.name)
        if not any(header.names):
            self._add("file_empty", names=self._expected)
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
            tabular.csv_source(self.table, path, header),
            np.union1d(found.faulty[found.faulty > 1], blank),
            found.control,
            whole=not len(found.faulty),
        )
        self._values(content, moment, found)

    @property
    def _expected(self) -> str:
        return ", ".join(c.name for c in self.table.columns.values() if c.required)

    def _names_fit(self, names: tuple[str, ...]) -> bool:
        """Check the column names; False where none is known, so that nothing else can be said."""
        columns, table = self.table.columns, self.table.name
        known = [n for n in names if n in columns]
        if not known:
            first, private = [(1, " | ".join(names))], table == "identities"
            self._add(
                "no_header", examples=first, private=private, table=table, names=self._expected
            )
            return False
        for name in dict.fromkeys(names):
            if not name:
                self._add("unnamed_column", count=names.count(""))
            elif names.count(name) > 1:
                self._add("duplicate_column", column=name, times=names.count(name))
            elif name in columns:
                continue
            elif near := near_column(name, self.table, known):
                meaning = columns[near].meaning
                meaning = Text(meaning.en.rstrip("."), meaning.zh.rstrip("。"))
                self._add(
                    "unknown_column_like", column=name, table=table, near=near, meaning=meaning
                )
            else:
                self._add("unknown_column", column=name, table=table)
        for column in columns.values():
            if column.required and column.name not in known:
                self._add("missing_column", column=column.name, meaning=column.meaning)
        return True

    def _structure(self, header: Header, encoding: Encoding, found: Scan) -> None:
        for kind, finding in found.findings.items():
            _, line, detail = finding.examples[0]
            more = _bad_bytes(encoding) if kind == "encoding" else {}
            self._add(
                kind,
                examples=[(row, None) for row, _, _ in finding.examples],
                count=finding.count,
                line=line,
                cells=detail,
                width=len(header.names),
                limit=f"{LONGEST:,}",
                **more,
            )

    def _values(self, content: Content, moment: Moment, found: Scan | None) -> None:
        faults, seen, report = check_values(self.connection, content, moment)
        rows = report.rows
        self.faults += faults
        if found is not None:
            rows += int((found.faulty > 1).sum())
            expected = found.records - 1 - len(content.skipped)
            if seen != expected:
                detail = Text(
                    f"{seen:,} of {expected:,} rows arrive in the engine.",
                    f"{expected:,} 行中只有 {seen:,} 行能被引擎读到。",
                )
                self._add("unreadable", detail=detail)
            self._empty_rows(content, found)
        if not rows:
            self._add("no_rows")
        self.report, self.content = replace(report, rows=rows), content

    def _empty_rows(self, content: Content, found: Scan) -> None:
        """Add blank lines to the rows without a value; those at the end of a file are usual."""
        blank = found.blank[found.blank < found.last]
        told = [f for f in self.faults if f.kind == "empty_row"]
        self.faults = [f for f in self.faults if f.kind != "empty_row"]
        count = sum(f.count for f in told) + len(blank)
        if len(content.source.names) == 1:  # where the engine has seen the blank lines as well
            count -= len(found.blank)
        rows = {row for f in told for row, _ in f.examples if row and row <= found.last}
        rows.update(blank[:3].tolist())
        if count:
            examples = [(row, None) for row in sorted(rows)[:3]]
            self._add("empty_row", examples=examples, count=count)


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


def _from_error(kind: str, file: str, error: Exception) -> Fault:
    if isinstance(error, ShequnError):
        return fault(kind, file, what=error.what, mend=error.mend)
    said = getattr(error, "strerror", None) or str(error)
    return fault("unreadable", file, detail=visible(said.partition("\n")[0]))
