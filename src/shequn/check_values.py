"""Hold the values of a table file against the contract: a few queries, whatever the file's size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from shequn.check_hints import near_value, pairs, type_mend
from shequn.check_report import SHOWN, Fault, TableReport, fault
from shequn.check_scan import Rows
from shequn.schema import Column, Table
from shequn.tabular import CommunityInfo, Source, literal, missing, quoted, typed

if TYPE_CHECKING:
    import duckdb

_EARLIEST = "TIMESTAMPTZ '1990-01-01 00:00:00+00'"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_PADDED = r"^[\s\pZ\p{Cf}]|[\s\pZ\p{Cf}]$"
# Of two times in a row the second cannot come first.
_ORDERED = (("joined_at", "left_at"), ("covers_from", "covers_to"), ("alias_from", "alias_to"))


@dataclass(frozen=True)
class Content:
    """A table file that the engine can read.

    Parameters
    ----------
    table
        The table of the contract that it holds.
    file
        Its path relative to the folder, for the faults.
    source
        How the engine reads it.
    skipped
        Row numbers that the engine does not see, ascending.
    control
        False where its bytes show that no control character is in it.
    whole
        False where the engine misses rows that could not be read.
    """

    table: Table
    file: str
    source: Source
    skipped: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    control: bool = True
    whole: bool = True

    @property
    def private(self) -> bool:
        """Whether its values must not be shown."""
        return self.table.name == "identities"

    def row(self, place: int) -> int:
        """Return the row number of the engine's n-th row, counted from 1; the header is row 1."""
        before = self.skipped - np.arange(len(self.skipped))
        return place + 1 + int(np.searchsorted(before, place + 1, "right"))


@dataclass(frozen=True)
class Moment:
    """The present, as an instant and as a day of the community's calendar."""

    now: datetime
    today: date

    @property
    def instant(self) -> str:
        """The present as SQL."""
        return f"TIMESTAMPTZ '{self.now.astimezone(UTC):%Y-%m-%d %H:%M:%S}+00'"


@dataclass(frozen=True)
class _Question:
    """A condition that no row should meet."""

    kind: str
    condition: str
    column: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def check_values(
    connection: duckdb.DuckDBPyConnection, content: Content, moment: Moment
) -> tuple[list[Fault], int, TableReport]:
    """Ask everything that concerns one row at a time, then look for repeated keys.

    One pass counts; a second, in the order of the file, fetches examples if there is a fault.

    Returns
    -------
    faults, seen, report
        What is wrong; the rows that the engine sees, empty ones among them; what the table holds.
    """
    questions = list(_questions(content, moment))
    # Counting a CASE is twice as fast in DuckDB as a FILTER.
    counts = ", ".join(f"count(CASE WHEN {q.condition} THEN 1 END)" for q in questions)
    first, last = _span(content, moment)
    columns = content.table.columns
    keys = [c for c in content.source.types if columns[c].unique]
    repeats = "".join(
        f", count({quoted(k)}) FILTER (WHERE {_filled(k)})"
        f" - count(DISTINCT {quoted(k)}) FILTER (WHERE {_filled(k)})"
        for k in keys
    )
    found = connection.execute(
        f"SELECT count(*), count(*) FILTER (WHERE _valid), {first}, {last}, {counts}{repeats} "
        f"FROM ({_judged(content, content.source.sql)})"
    ).fetchall()[0]
    seen, rows, start, end = found[:4]
    tallies = found[4 : 4 + len(questions)]
    failed = [(q, n) for q, n in zip(questions, tallies, strict=True) if n]
    faults = list(_exemplify(connection, content, failed)) if failed else []
    for key, surplus in zip(keys, found[4 + len(questions) :], strict=True):
        if surplus:
            faults.append(_repeated(connection, content, key, surplus))
    return faults, seen, TableReport(content.file, rows, _utc(start), _utc(end))


def check_reference(
    connection: duckdb.DuckDBPyConnection, child: Content, column: str, parent: Content, key: str
) -> Fault | None:
    """Look for values that point to no row of another table."""
    count, examples = connection.execute(
        f"SELECT count(*), arg_min({{'r': _row, 'v': left(v, {SHOWN + 1})}}, _row, 3) FROM ("
        f"SELECT _row, {quoted(column)}::VARCHAR AS v "
        f"FROM ({_judged(child, _numbered(child))}) WHERE {_filled(column)}) AS child "
        f"WHERE NOT EXISTS (SELECT 1 FROM ({parent.source.sql}) AS parent "
        f"WHERE parent.{quoted(key)}::VARCHAR = child.v)"
    ).fetchall()[0]
    if not count:
        return None
    return fault(
        "dangling",
        child.file,
        column=column,
        examples=[(child.row(e["r"]), e["v"]) for e in examples],
        count=count,
        private=child.private,
        key=key,
        parent=parent.table.name,
    )


def check_coverage(
    connection: duckdb.DuckDBPyConnection, messages: Content, sources: Content, clock: CommunityInfo
) -> Fault | None:
    """Look for messages on days that, by ``sources``, nobody has seen: metrics leave them out."""
    hours, minutes = map(int, clock.day_start.split(":"))
    late = hours * 60 + minutes

    def day(column: str) -> str:
        wall = f"timezone({literal(clock.timezone)}, {quoted(column + ':value')})"
        return f"({wall} - INTERVAL {late} MINUTE)::DATE"

    seen = (
        f"SELECT DISTINCT {day('covers_from')} AS first, {day('covers_to')} AS last "
        f"FROM ({_judged(sources, _numbered(sources))}) WHERE last IS NOT NULL AND first IS NOT NULL"
    )
    wrote = (
        f"SELECT _row, {quoted('ts')}::VARCHAR AS v, {day('ts')} AS day "
        f"FROM ({_judged(messages, _numbered(messages))}) WHERE _valid AND day IS NOT NULL"
    )
    unseen = (
        f"SELECT day FROM (SELECT DISTINCT day FROM ({wrote})) AS d WHERE NOT EXISTS "
        f"(SELECT 1 FROM ({seen}) AS s WHERE d.day BETWEEN s.first AND s.last)"
    )
    if (
        not connection.sql(seen).limit(1).fetchall()
        or not connection.sql(unseen).limit(1).fetchall()
    ):
        return None
    [(count, examples)] = connection.execute(
        f"SELECT count(*), arg_min({{'r': _row, 'v': v}}, _row, 3) FROM ({wrote}) "
        f"WHERE day IN ({unseen})"
    ).fetchall()
    shown = [(messages.row(e["r"]), e["v"]) for e in examples]
    return fault("uncovered", messages.file, column="ts", examples=shown, count=count)


def _judged(content: Content, sql: str) -> str:
    """Add to each row whether it is empty, a header again, or neither, and to each cell its value.

    The value of a column ``c`` in its type is ``c:value``; ``c:absent`` says that it holds nothing.
    A header again may begin with the byte order mark of the file it comes from.
    """
    types = content.source.types
    again = " AND ".join(
        f"{quoted(c)}::VARCHAR IN ({literal(c)}, '\ufeff' || {literal(c)})" for c in types
    )
    cells = ", ".join(
        f"{typed(content.table.columns[c], kind)} AS {_value(c)}, {missing(c, kind)} AS {_absent(c)}"
        for c, kind in types.items()
    )
    return (
        f"SELECT *, NOT _empty AND NOT _again AS _valid, {cells} FROM (SELECT *, "
        f"{content.source.empty_row} AS _empty, coalesce({again}, false) AS _again FROM ({sql}))"
    )


def _numbered(content: Content) -> str:
    return f"SELECT row_number() OVER () AS _row, * FROM ({content.source.sql})"


def _questions(content: Content, moment: Moment) -> Iterator[_Question]:
    yield _Question("empty_row", "_empty")
    yield _Question("header_again", "_again")
    for name, kind in content.source.types.items():
        for question in _of_column(content, content.table.columns[name], kind, moment):
            condition = f"_valid AND ({question.condition})"
            yield _Question(question.kind, condition, name, question.fields)
    for before, after in _ORDERED:
        if {before, after} <= set(content.source.types):
            condition = f"_valid AND {_value(after)} < {_value(before)}"
            yield _Question("order", condition, after, {"other": before})


def _of_column(content: Content, column: Column, kind: str, moment: Moment) -> Iterator[_Question]:
    absent, value = _absent(column.name), _value(column.name)
    if column.required:
        yield _Question("required", absent)
    if typed(column, kind).startswith("NULL::"):
        fields = {"found": kind, "expected": column.type}
        yield _Question("parquet_type", f"NOT {absent}", fields=fields)
        return
    if column.type != "string":
        yield _Question(f"type_{column.type}", f"NOT {absent} AND {value} IS NULL")
    if column.enum:
        allowed = ", ".join(map(literal, column.enum))
        yield _Question("enum", f"NOT {absent} AND {value} NOT IN ({allowed})")
    if column.minimum is not None:
        fields = {"minimum": f"{column.minimum:g}"}
        yield _Question("minimum", f"{value} < {column.minimum}", fields=fields)
    if column.type == "datetime":
        yield _Question("future", f"{value} > {moment.instant}")
    if column.type == "date":
        yield _Question("future_date", f"{value} > DATE '{moment.today:%Y-%m-%d}'")
    if column.type in ("datetime", "date"):
        yield _Question("ancient", f"{value} < {_EARLIEST}")
    if column.type == "string" and content.control:
        yield _Question("control", f"regexp_matches({value}, {literal(_CONTROL)})")
    if column.name.endswith("_id") and column.name != "platform_user_id":  # which is as it is there
        yield _Question("padded", f"NOT {absent} AND regexp_matches({value}, {literal(_PADDED)})")


def _value(column: str) -> str:
    return quoted(f"{column}:value")


def _absent(column: str) -> str:
    return quoted(f"{column}:absent")


def _filled(column: str) -> str:
    return f"(_valid AND NOT {_absent(column)})"


def _exemplify(
    connection: duckdb.DuckDBPyConnection, content: Content, failed: list[tuple[_Question, int]]
) -> Iterator[Fault]:
    """Fetch the first three rows of each fault."""
    wanted = []
    for question, _ in failed:
        text = f"{quoted(question.column)}::VARCHAR" if question.column else "NULL::VARCHAR"
        wanted.append(
            f"arg_min({{'r': _row, 'v': left({text}, {SHOWN + 1})}}, _row, 3) "
            f"FILTER (WHERE {question.condition})"
        )
    found = connection.execute(
        f"SELECT {', '.join(wanted)} FROM ({_judged(content, _numbered(content))})"
    ).fetchall()[0]
    for (question, count), rows in zip(failed, found, strict=True):
        kind, fields, mend = question.kind, dict(question.fields), None
        # Spaces in the place of a required value say nothing.
        examples = [(content.row(e["r"]), None if kind == "required" else e["v"]) for e in rows]
        value = examples[0][1] or ""
        column = content.table.columns[question.column] if question.column else None
        if column and kind.startswith("type_") and not content.private:
            mend = type_mend(column.type, value)
        elif column and kind == "enum":
            fields["allowed"] = ", ".join(column.enum)
            fields["near"] = near_value(value, column.enum)
            kind = "enum_like" if fields["near"] else "enum"
        yield fault(
            kind,
            content.file,
            column=question.column,
            examples=examples,
            count=count,
            mend=mend,
            private=content.private,
            **fields,
        )


def _repeated(
    connection: duckdb.DuckDBPyConnection, content: Content, key: str, surplus: int
) -> Fault:
    """Name the first repeated values with the row each repeats."""
    found = connection.execute(
        f"SELECT left(v, {SHOWN + 1}), rows FROM (SELECT {quoted(key)}::VARCHAR AS v, "
        f"min(_row, 2) AS rows FROM ({_judged(content, _numbered(content))}) "
        f"WHERE {_filled(key)} GROUP BY v HAVING count(*) > 1) "
        f"ORDER BY rows[2] LIMIT 3"
    ).fetchall()
    places = [(v, *(content.row(r) for r in rows)) for v, rows in found]
    return fault(
        "duplicate",
        content.file,
        column=key,
        examples=[(later, v) for v, _, later in places],
        count=surplus,
        private=content.private,
        pairs=pairs((later, first) for _, first, later in places),
    )


def _span(content: Content, moment: Moment) -> tuple[str, str]:
    """Return SQL for the first and last credible time, in milliseconds since 1970."""
    columns = content.table.columns.values()
    times = [c.name for c in columns if c.type in ("datetime", "date")]
    times = [c for c in times if c in content.source.types]
    if not times:
        return "NULL", "NULL"
    start = "ts" if "ts" in times else times[0]
    end = "covers_to" if "covers_to" in times else start

    def extreme(function: str, column: str) -> str:
        value = f"{_value(column)}::TIMESTAMPTZ"
        credible = f"_valid AND {value} BETWEEN {_EARLIEST} AND {moment.instant}"
        return f"epoch_ms({function}({value}) FILTER (WHERE {credible}))"

    return extreme("min", start), extreme("max", end)


def _utc(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
