"""Open the table files of a community's folder: the one place that knows how.

A file goes through `utf8_path` (encoding), then `relation_sql` (dialect and types); `unchanged`
guards the reading. What the files of a folder are is found by `find_tables` and `community`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shequn.schema import DUCKDB_TYPES, Column, Table
from shequn.tabular_encoding import open_bytes, utf8_path
from shequn.tabular_folder import (
    CommunityInfo,
    Folder,
    community,
    find_tables,
    survey,
    unknown_files,
)
from shequn.text import ShequnError, Text

Fingerprint = tuple[int, int, int]

# DuckDB gives up on longer records; `check` reports them well before.
_LONGEST = 2_097_152
_HEADER_REACH = 1 << 20

_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"
_FORMS = {
    # pandas writes whole numbers with gaps as 3.0, and dates with a midnight
    "integer": r"[+-]?\d+(\.0*)?",
    "number": r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "date": _DATE + r"([ T]00:00(:00(\.0+)?)?)?",
    "datetime": _DATE + r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z| UTC|[+-]\d{2}(:?\d{2})?)?)?",
}
_TRUE, _FALSE = ("true", "1", "yes", "是"), ("false", "0", "no", "否")
_WHOLE = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)")
_FRACTION = re.compile(r"FLOAT|DOUBLE|DECIMAL.*")


@dataclass(frozen=True)
class Header:
    r"""The first record of a CSV file, and the dialect it shows.

    Parameters
    ----------
    names
        Column names as they stand, without surrounding spaces.
    delimiter
        ``,``, ``;`` or tab: the most frequent in the first line.
    newline
        End of the first record: ``\n``, ``\r\n`` or ``\r``.
    """

    names: tuple[str, ...]
    delimiter: str
    newline: str

    def positions(self, table: Table) -> dict[str, int]:
        """Return where each column of the contract first stands."""
        first: dict[str, int] = {}
        for i, name in enumerate(self.names):
            if name in table.columns:
                first.setdefault(name, i)
        return first


@dataclass(frozen=True)
class Source:
    """A file as DuckDB reads it, columns named as in the contract but not yet typed.

    Parameters
    ----------
    sql
        A query without parentheses.
    types
        DuckDB type of each column of the contract that the file has, in the file's order.
    names
        All column names of the file.
    """

    sql: str
    types: dict[str, str]
    names: tuple[str, ...]

    @property
    def empty_row(self) -> str:
        """SQL condition of a row without any value, which every reader leaves out."""
        return f"coalesce({', '.join(f'{quoted(c)}::VARCHAR' for c in self.types)}) IS NULL"


def quoted(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def fingerprint(path: Path) -> Fingerprint:
    """Return size in bytes, time of last change in ns, and inode of a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def changed(path: Path) -> ShequnError:
    """Return the error for a file that somebody wrote to while it was read."""
    return ShequnError(
        Text("{file} changed while being read.", "读取时 {file} 被改动了。").format(file=path.name),
        Text(
            "Wait until it is written, or close the program that writes it, and run again.",
            "请等它写完，或关掉正在写它的程序，再运行一次。",
        ),
    )


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Raise `ShequnError` at the end of the block if the file is no longer what it was.

    An error raised in the block is most likely due to the change, and gives way to that error.
    """
    before = fingerprint(path)
    try:
        yield
    finally:
        try:
            same = fingerprint(path) == before
        except OSError:
            same = False
        if not same:
            raise changed(path)


def read_header(path: Path, encoding: str = "utf-8") -> Header:
    """Read the first record of a CSV file.

    Parameters
    ----------
    path
        A ``.csv`` or ``.csv.gz`` file.
    encoding
        Codec of the file; a byte order mark is dropped.

    Returns
    -------
    Header
        Its names are empty where the file is empty or its first line is blank.
    """
    with open_bytes(path) as stream:
        text = stream.read(_HEADER_REACH).decode(encoding, "replace").removeprefix("\ufeff")
    line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    plain = re.sub(r'"[^"]*"', "", line)
    delimiter = max(",;\t", key=plain.count)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        names = []
    end = re.match(r'(?:[^"\r\n]+|"[^"]*")*(\r\n|\n|\r)?', text)
    newline = end.group(1) if end and end.group(1) else "\n"
    return Header(tuple(n.strip() for n in names), delimiter, newline)


def csv_source(table: Table, path: Path, header: Header) -> Source:
    """Return a CSV file in UTF-8 as text columns; an empty cell is NULL.

    Columns go by position under a header that was read here, so neither the guessing of the engine
    nor doubled or strange names can shift them.
    """
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header.names)))
    positions = header.positions(table)
    ends = ""
    if any("\n" in name for name in header.names):
        # A line break in a cell of the header, as spreadsheets write it, else hides every row.
        ends = header.newline.replace("\r", "\\r").replace("\n", "\\n")
        ends = f"new_line = '{ends}', "
    chosen = ", ".join(f"c{i} AS {quoted(name)}" for name, i in positions.items())
    sql = (
        f"SELECT {chosen} FROM read_csv({_file(path)}, auto_detect = false, header = true, "
        f"delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"{ends}columns = {{{columns}}}, max_line_size = {_LONGEST}, hive_partitioning = false)"
    )
    return Source(sql, dict.fromkeys(positions, "VARCHAR"), header.names)


def parquet_source(table: Table, path: Path) -> Source:
    """Return a Parquet file with the columns of the contract, in their own types.

    Raises
    ------
    duckdb.Error
        Not a readable Parquet file.
    """
    import duckdb

    read = f"read_parquet({_file(path)}, hive_partitioning = false)"
    with duckdb.connect() as connection:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
    types = {name: str(kind) for name, kind, *_ in rows if name in table.columns}
    sql = f"SELECT {', '.join(map(quoted, types))} FROM {read}"
    return Source(sql, types, tuple(str(name) for name, *_ in rows))


def typed(column: Column, kind: str) -> str:
    """Return SQL for a column's value in its contract type, NULL where it cannot be that.

    Parameters
    ----------
    column
        A column of the contract.
    kind
        Type that DuckDB reads it in. Text without zone, and Parquet times without zone, are UTC,
        provided that the connection's ``TimeZone`` is.
    """
    name, target = quoted(column.name), DUCKDB_TYPES[column.type]
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return _from_text(f"{name}::VARCHAR", column.type)
    whole, fraction = bool(_WHOLE.fullmatch(kind)), bool(_FRACTION.fullmatch(kind))
    if column.type == "string" and (whole or kind == "UUID"):
        return f"{name}::VARCHAR"
    if column.type == "integer" and (whole or fraction):
        return f"CASE WHEN {name} = trunc({name}) THEN try_cast({name} AS BIGINT) END"
    if column.type == "number" and (whole or fraction):
        return f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END"
    if column.type == "boolean" and (kind == "BOOLEAN" or whole):
        return f"CASE {name}::BIGINT WHEN 1 THEN true WHEN 0 THEN false END"
    if column.type == "date" and (kind == "DATE" or kind.startswith("TIMESTAMP")):
        midnight = f"isfinite({name}) AND {name}::TIMESTAMP = {name}::DATE"
        return f"CASE WHEN {midnight} THEN {name}::DATE END"
    if column.type == "datetime" and (kind == "DATE" or kind.startswith("TIMESTAMP")):
        return f"CASE WHEN isfinite({name}) THEN {name}::TIMESTAMPTZ END"
    return f"NULL::{target}"


def _from_text(text: str, kind: str) -> str:
    if kind == "string":
        return text
    bare = f"trim({text})"
    if kind == "boolean":
        yes, no = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
        word = f"lower({bare})"
        return f"CASE WHEN {word} IN ({yes}) THEN true WHEN {word} IN ({no}) THEN false END"
    cast = f"try_cast({bare} AS {DUCKDB_TYPES[kind]})"
    good = f"regexp_full_match({bare}, {literal(_FORMS[kind])})"
    if kind == "number":
        good += f" AND isfinite({cast})"
    return f"CASE WHEN {good} THEN {cast} END"


def missing(name: str, kind: str) -> str:
    """Return the SQL condition that a cell holds nothing: NULL, or text of spaces only."""
    if kind == "VARCHAR" or kind.startswith("ENUM"):
        return f"(nullif(trim({quoted(name)}::VARCHAR), '') IS NULL)"
    return f"({quoted(name)} IS NULL)"


def relation_sql(table: Table, path: Path, *, strict: bool) -> str:
    """Return a query for the typed columns of a table file; use it in parentheses or a view.

    Parameters
    ----------
    table
        The table of the contract that the file holds.
    path
        A ``.parquet`` file, or a CSV file in UTF-8 (what `utf8_path` returned). The query names
        it, so it must stay until the query has run.
    strict
        True: the query fails at the first value that is not of its column's type. False: such a
        value becomes NULL.

    Returns
    -------
    str
        SQL for DuckDB under ``SET TimeZone = 'UTC'``. Columns of the contract that the file lacks
        are absent, unknown ones are dropped, rows without any value are left out. Empty is NULL.

    Raises
    ------
    ShequnError
        No column of the contract in the file, or a column twice.
    duckdb.Error
        An unreadable Parquet file.
    """
    if path.suffix == ".parquet":
        source = parquet_source(table, path)
    else:
        header = read_header(path)
        known = [n for n in header.names if n in table.columns]
        if twice := sorted({n for n in known if known.count(n) > 1}):
            raise ShequnError(
                Text(
                    "{table} has a column twice: {names}.", "{table} 有重复的列：{names}。"
                ).format(table=table.name, names=", ".join(twice)),
                Text("Keep one of them.", "只保留一个。"),
            )
        source = csv_source(table, path, header)
    if not source.types:
        raise ShequnError(
            Text("No known column in {name}.", "{name} 里没有认得的列。").format(name=table.name),
            Text("The first row must name the columns.", "第一行必须是列名。"),
        )
    columns = []
    for name, kind in source.types.items():
        column = table.columns[name]
        value = typed(column, kind)
        if strict and column.type != "string":
            fault = literal(f"{table.name}.{name} is not of type {column.type}")
            value = (
                f"CASE WHEN NOT {missing(name, kind)} THEN coalesce({value}, error({fault})) END"
            )
        columns.append(f"({value})::{DUCKDB_TYPES[column.type]} AS {quoted(name)}")
    return f"SELECT {', '.join(columns)} FROM ({source.sql}) WHERE NOT ({source.empty_row})"


def _file(path: Path) -> str:
    """Return a path as an SQL string that DuckDB does not take for a pattern of many files."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path.resolve())))


__all__ = [
    "CommunityInfo",
    "Folder",
    "Header",
    "Source",
    "changed",
    "community",
    "csv_source",
    "find_tables",
    "fingerprint",
    "parquet_source",
    "read_header",
    "relation_sql",
    "survey",
    "typed",
    "unchanged",
    "unknown_files",
    "utf8_path",
]
