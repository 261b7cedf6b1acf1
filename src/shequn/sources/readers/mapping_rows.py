"""Read any tables as a mapping says."""

from __future__ import annotations

import fnmatch
import hashlib
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import pyarrow as pa

from shequn import schema
from shequn.sources import columns, sheets
from shequn.sources.intake import OTHER, Intake
from shequn.sources.readers.mapping import CELL, COLUMN, ROW, Entry, Mapping, complain
from shequn.sources.readers.mapping_cells import Convert, converter
from shequn.sources.readers.mapping_things import Things
from shequn.sources.report import FileLeftOut, Reading
from shequn.sources.staging import TYPES, Stage
from shequn.text import ShequnError, Text

# Tables in which several rows may be of one thing, that are added up: its key, and what is added.
SUMS = {
    "activity": (("member_id", "date", "kind"), ("n", "seconds")),
    "spend": (
        ("date", "channel", "campaign", "ad_id"),
        ("impressions", "clicks", "cost", "leads", "conversions"),
    ),
}
# People of these are members; who answers a survey need not be one.
_MEMBERS = ("member_id", "referrer_id")
_UNCLEAR = Text("a cell that is needed is empty or cannot be read", "必需的单元格为空或读不懂")
_UNNAMED = Text("in no entry of the mapping", "映射里没有对应条目")
_BROKEN = Text("a row without cells", "没有单元格的行")

Get = Callable[[list[str]], str]


def read(files: list[Reading], intake: Intake, mapping: Mapping) -> None:
    """Put what files say into an intake.

    Raises
    ------
    ShequnError
        Where no file is meant, or a column is not there.
    """
    said = [e for e in mapping.entries if e.table == "messages"]
    intake.identity = "own" if all("message_id" in e.columns for e in said) else "second"
    tables = _Tables(intake, mapping)
    taken: list[Reading] = []
    for reading in files:
        entries = [e for e in mapping.entries if e.takes(reading.file.name)]
        if not entries:
            reading.left_out = FileLeftOut(reading.file.name, _UNNAMED)
            continue
        if sum(e.table == "messages" for e in entries) > 1:
            why = Text("two entries read messages from one file", "同一个文件有两条都在读 messages")
            raise complain(mapping, entries[-1].line, why)
        intake.open(reading)
        taken.append(reading)
        for n, entry in enumerate(entries):
            tables.read(reading, entry, count=n == 0)
    if not taken:
        patterns = ", ".join(e.file for e in mapping.entries)
        what = Text(f"no file has a name like {patterns}", f"没有文件名符合 {patterns} 的文件")
        raise complain(mapping, mapping.entries[0].line, what)
    tables.end(taken)


class _Tables:
    """Reads files entry by entry, and adds up what has to be."""

    def __init__(self, intake: Intake, mapping: Mapping) -> None:
        self._intake, self._mapping = intake, mapping
        self._sums: dict[str, Stage] = {}
        self._lost: Counter[str] = Counter()
        self._left = 0

    def read(self, reading: Reading, entry: Entry, *, count: bool) -> None:
        """Read a file as an entry says; its rows are counted once for all entries."""
        header, names = self._header(reading, entry)
        spread = [
            i for i, name in enumerate(names)
            if any(fnmatch.fnmatchcase(name.strip(), p) for p in entry.unpivot)
        ]  # fmt: skip
        if entry.unpivot and not spread:
            patterns = ", ".join(entry.unpivot)
            raise self._bad(
                reading, entry.line, f"no column like {patterns}", f"没有 {patterns} 这样的列"
            )
        values = self._values(reading, entry, names)
        where = [(_place(names, c), set(allowed)) for c, allowed in entry.where.items()]
        add = self._adder(entry, reading)
        made = self._key(entry)
        width, stem = len(names), reading.file.name
        before, times = b"", 0
        for row, read in sheets.rows(reading.file):
            if row <= header:
                continue
            reading.read += count
            if not read:
                if count:
                    reading.strange(row, _BROKEN, "")
                continue
            if len(read) < width:
                read = read + [""] * (width - len(read))
            if where and not all(read[i].strip() in allowed for i, allowed in where):
                self._left += 1
                continue
            if made:
                # Where rows have no id, one is made of what they say: overlapping files agree.
                own = hashlib.sha256("\x1f".join(read).encode("utf-8", "replace")).digest()
                times = times + 1 if own == before else 0
                before = own
            good = True
            place = f"{stem}:{row}"
            for i in spread or (-1,):
                if i >= 0 and not entry.keep_empty and not read[i].strip():
                    continue
                cells = [*read, place, names[i] if i >= 0 else "", read[i] if i >= 0 else ""]
                found = self._row(entry, values, cells)
                if found is None:
                    good = False
                    continue
                if made:
                    found[made] = f"{own.hex()}:{times}:{i}"
                add(row, found)
            if not good:
                self._strange(reading, row, read, count=count)

    def _strange(self, reading: Reading, row: int, read: list[str], *, count: bool) -> None:
        if count:
            reading.strange(row, _UNCLEAR, ",".join(read))
        else:
            self._lost["*"] += 1

    def _row(
        self, entry: Entry, values: list[tuple[str, Get, Convert, bool]], cells: list[str]
    ) -> dict[str, Any] | None:
        """Return the values of a row; None where one that is needed is not to be had."""
        found: dict[str, Any] = {}
        for name, get, convert, needed in values:
            try:
                value = convert(get(cells))
            except (ValueError, OverflowError, OSError):
                value = None
                if not needed:
                    self._lost[f"{entry.table}.{name}"] += 1
            if value is None and needed:
                return None
            found[name] = value
        return found

    def _key(self, entry: Entry) -> str | None:
        """Return the column of a table's key where the mapping has none and it has to be made."""
        key = schema.tables()[entry.table].key
        return key if key and key not in entry.columns and entry.table not in Things.OWN else None

    def _adder(self, entry: Entry, reading: Reading) -> Callable[[int, dict[str, Any]], None]:
        """Return what puts in a row of a table."""
        table, intake, things = entry.table, self._intake, Things(self._intake, entry)
        if table in Things.OWN:
            return things.adder()
        people = [c for c in entry.columns if c in schema.PEOPLE]
        if table in SUMS:
            stage = self._stage(table)
            order = list(schema.tables()[table].columns)
            once = {"n": 1} if table == "activity" and "n" not in entry.columns else {}

            def lay(row: int, found: dict[str, Any]) -> None:
                for c in people:
                    found[c] = things.person(found[c])
                found |= once
                stage.add(reading.number, row, *(found.get(c) for c in order))

            return lay

        def put(row: int, found: dict[str, Any]) -> None:
            for c in people:
                if found[c] is not None:
                    found[c] = things.person(found[c])
                    if c in _MEMBERS:
                        intake.member(found[c])
            intake.add(table, row, **found)

        return put

    def _stage(self, table: str) -> Stage:
        stage = self._sums.get(table)
        if stage is None:
            kinds = {c.name: TYPES[c.type] for c in schema.tables()[table].columns.values()}
            laid = {"file": pa.int32(), "row": pa.int64(), **kinds}
            stage = self._sums[table] = Stage(f"mapped_{table}", laid, self._intake.connection)
        return stage

    def end(self, files: list[Reading]) -> None:
        """Put in what was added up, and say what was lost."""
        intake = self._intake
        for table, stage in self._sums.items():
            stage.flush()
            self._add_up(table, files)
            intake.connection.execute(f"DROP TABLE mapped_{table}")
        intake.flush()
        for name, stage in intake.stages.items():
            table = name.removeprefix(OTHER)
            key = schema.tables()[table].key if name.startswith(OTHER) else None
            if key and stage.rows:
                self._say_twice(table, key)
        whole = self._lost.pop("*", 0)
        intake.note(
            f"{whole:,} rows gave nothing to one of the tables they were mapped to.",
            f"{whole:,} 行没能写进它们对应的某张表。",
            when=whole,
        )
        cells = ", ".join(f"{c} {n:,}" for c, n in sorted(self._lost.items()))
        intake.note(
            f"Cells that could not be read and stay empty, by column: {cells}.",
            f"读不懂而留空的单元格，按列：{cells}。",
            when=self._lost,
        )
        intake.note(
            f"{self._left:,} rows are left out as the mapping's where says.",
            f"{self._left:,} 行按映射里的 where 未计入。",
            when=self._left,
        )

    def _say_twice(self, table: str, key: str) -> None:
        [(more,)] = self._intake.connection.execute(
            f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM {OTHER}{table} "
            f"GROUP BY file, {key})"
        ).fetchall()
        self._intake.note(
            f"{more:,} rows of {table} have the {key} of another row of their file: the last counts.",
            f"{table} 有 {more:,} 行的 {key} 与同一文件的另一行相同：以最后一行为准。",
            when=more,
        )

    def _add_up(self, table: str, files: list[Reading]) -> None:
        """Put in one row for all rows of a file with the same key."""
        intake, (key, sums) = self._intake, SUMS[table]
        rest = [c for c in schema.tables()[table].columns if c not in key and c not in sums]
        added = [f"round(sum({c}), 6)" for c in sums] + [f"min({c})" for c in rest]
        whole = {c.name for c in schema.tables()[table].columns.values() if c.type == "integer"}
        for reading in sorted(files, key=lambda r: r.number):
            rows = intake.connection.cursor().execute(
                f"SELECT min(row), {', '.join((*key, *added))} FROM mapped_{table} "
                f"WHERE file = {reading.number} GROUP BY {', '.join(key)} ORDER BY 1"
            )
            intake.open(reading)
            while block := rows.fetchmany(10_000):
                for row, *cells in block:
                    found = dict(zip((*key, *sums, *rest), cells, strict=True))
                    for c in whole & found.keys():
                        found[c] = None if found[c] is None else int(found[c])
                    if "member_id" in found:
                        intake.member(found["member_id"])
                    intake.add(table, row, **found)

    def _header(self, reading: Reading, entry: Entry) -> tuple[int, list[str]]:
        """Return the number of the header's row, and its names."""
        needs = entry.needs()
        top = list(islice(sheets.rows(reading.file), entry.header or sheets.TOP))
        for number, row in top:
            names = [c.strip().lstrip("\ufeff") for c in row]
            if entry.header == number or (entry.header is None and needs <= set(names)):
                lacks = sorted(needs - set(names))
                twice = sorted(n for n in needs if names.count(n) > 1)
                if lacks or twice:
                    break
                return number, names
        else:
            # Names of the row that looks most like a header, not of one with people in it.
            rows = ([c.strip() for c in row] for _, row in top)
            names = max(rows, key=lambda r: len(needs & set(r)), default=[])
            lacks, twice = sorted(needs - set(names)), []
        there = ", ".join(n for n in names if n)[:800]
        if twice:
            raise self._bad(reading, entry.line, f"several columns are called {', '.join(twice)}",
                            f"有几列都叫 {'、'.join(twice)}")  # fmt: skip
        raise self._bad(
            reading, entry.line, f"no column {', '.join(lacks)}. There is: {there}",
            f"没有 {'、'.join(lacks)} 列。有这些列：{there}",
        )  # fmt: skip

    def _bad(self, reading: Reading, line: int, en: str, zh: str) -> ShequnError:
        name = reading.file.name
        return complain(self._mapping, line, Text(f"{name}: {en}", f"{name}：{zh}"))

    def _values(
        self, reading: Reading, entry: Entry, names: list[str]
    ) -> list[tuple[str, Get, Convert, bool]]:
        """Return for each column where its cell is, what turns it into a value, whether it is needed."""
        contract, found = schema.tables()[entry.table], []
        for name, source in entry.columns.items():
            column = contract.columns.get(name)
            first = (
                source.day_first if source.day_first is not None else self._intake.options.day_first
            )
            dated = column is not None and column.type in ("date", "datetime")
            if dated and source.format == "auto" and source.column not in (None, ROW, COLUMN, CELL):
                place = _place(names, source.column or "")
                first = columns.days_first(reading.file, [place], first)
            convert = converter(source, column, self._intake.options, first)
            needed = bool(column and column.required)
            found.append((name, _getter(source.column, source.value, names), convert, needed))
            if source.name:
                called = _getter(source.name, None, names)
                found.append((f"{name}.name", called, lambda cell: cell.strip() or None, False))
        return found


def _place(names: list[str], column: str) -> int:
    special = {ROW: 0, COLUMN: 1, CELL: 2}
    return len(names) + special[column] if column in special else names.index(column)


def _getter(column: str | None, value: str | None, names: list[str]) -> Get:
    if column is None:
        constant = value or ""
        return lambda _: constant
    place = _place(names, column)
    return lambda cells: cells[place]
