"""Open the table files of a community's folder: the one place that knows how.

A file goes through `utf8_path` (encoding), then `relation_sql` (dialect and types). What the
files of a folder are is found by `find_tables` and `community`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from shequn.schema import DUCKDB_TYPES, Column, Table
from shequn.tabular_encoding import open_bytes, utf8_path
from shequn.tabular_folder import CommunityInfo, community, find_tables, survey
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
        Text(f"{path.name} changed while being read.", f"读取时 {path.name} 被改动了。"),
        Text(
            "Wait until it is written, or close the program that writes it, and run again.",
            "请等它写完，或关掉正在写它的程序，再运行一次。",
        ),
    )


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
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(",;\t", key=re.sub(r'"[^"]*"', "", first).count)
    lines = io.StringIO(text, newline="")
    try:
        names = next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a cell beyond the module's limit: most likely a lost quote
        names = first.split(delimiter)
    read = text[: lines.tell()]
    newline = next((end for end in ("\r\n", "\n", "\r") if read.endswith(end)), "\n")
    return Header(tuple(n.strip() for n in names), delimiter, newline)


def csv_source(table: Table, path: Path, header: Header) -> Source:
    """Return a CSV file in UTF-8 as text columns; an empty cell is NULL.

    Columns go by position under a header that was read here, so neither the guessing of the engine
    nor doubled or strange names can shift them.
    """
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header.names)))
    # The first of columns with the same name counts.
    positions = {n: header.names.index(n) for n in header.names if n in table.columns}
    chosen = ", ".join(f"c{i} AS {quoted(name)}" for name, i in positions.items())
    ending = header.newline.replace("\r", "\\r").replace("\n", "\\n")
    sql = (
        f"SELECT {chosen} FROM read_csv({file_literal(path)}, auto_detect = false, header = true, "
        f"delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', nullstr = '', "
        f"new_line = '{ending}', columns = {{{columns}}}, max_line_size = {_LONGEST}, "
        f"hive_partitioning = false)"
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

    read = f"read_parquet({file_literal(path)}, hive_partitioning = false)"
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
    name = quoted(column.name)
    if _is_text(kind):
        return _from_text(f"{name}::VARCHAR", column.type)
    whole, fraction = bool(_WHOLE.fullmatch(kind)), bool(_FRACTION.fullmatch(kind))
    time = kind == "DATE" or kind.startswith("TIMESTAMP")
    if column.type == "string" and (whole or kind == "UUID"):
        return f"{name}::VARCHAR"
    if column.type == "integer" and (whole or fraction):
        return f"CASE WHEN {name} = trunc({name}) THEN try_cast({name} AS BIGINT) END"
    if column.type == "number" and (whole or fraction):
        return f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END"
    if column.type == "boolean" and (kind == "BOOLEAN" or whole):
        return f"CASE try_cast({name} AS BIGINT) WHEN 1 THEN true WHEN 0 THEN false END"
    if column.type == "date" and time:
        moment = f"try_cast({name} AS TIMESTAMP)"
        midnight = f"isfinite({name}) AND {moment} = date_trunc('day', {moment})"
        return f"CASE WHEN {midnight} THEN {name}::DATE END"
    if column.type == "datetime" and time:
        return f"CASE WHEN isfinite({name}) THEN try_cast({name} AS TIMESTAMPTZ) END"
    return f"NULL::{DUCKDB_TYPES[column.type]}"


def _is_text(kind: str) -> bool:
    return kind == "VARCHAR" or kind.startswith("ENUM")


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
    if _is_text(kind):
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
        if twice := ", ".join(sorted({n for n in known if known.count(n) > 1})):
            raise ShequnError(
                Text(
                    f"{table.name} has a column twice: {twice}.",
                    f"{table.name} 有重复的列：{twice}。",
                ),
                Text("Keep one of them.", "只保留一个。"),
            )
        source = csv_source(table, path, header)
    if not source.types:
        raise ShequnError(
            Text(f"No known column in {table.name}.", f"{table.name} 里没有认得的列。"),
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


def file_literal(path: Path) -> str:
    """Return a path as an SQL string that DuckDB does not take for a pattern of many files."""
    return literal(re.sub(r"([*?\[])", r"[\1]", str(path.resolve())))


# The names that are known from here, besides those defined here.
__all__ = ["CommunityInfo", "community", "find_tables", "survey", "utf8_path"]
