"""Rows on their way from a reader to the tables: in columns, and out of memory where they are many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BLOCK = 50_000
TYPES = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.int64(),  # seconds since 1970 UTC
}


class Stage:
    """A table of rows that a reader understood, filled block by block.

    Parameters
    ----------
    name
        Name of the table in the database.
    columns
        Arrow type of each column.
    connection
        The database.
    """

    def __init__(
        self, name: str, columns: Mapping[str, pa.DataType], connection: DuckDBPyConnection
    ) -> None:
        self.name, self.rows, self.columns = name, 0, tuple(columns)
        self._connection = connection
        self._schema = pa.schema(list(columns.items()))
        self._values: list[list[Any]] = [[] for _ in columns]
        self.append: list[Callable[[Any], None]] = [c.append for c in self._values]
        self.pending = self._values[0]
        connection.execute(
            f'CREATE TABLE "{name}" ('
            + ", ".join(f'"{c}" {_sql(t)}' for c, t in columns.items())
            + ")"
        )

    def add(self, *values: Any) -> None:
        """Add a row, its values in the order of the columns."""
        for append, value in zip(self.append, values, strict=True):
            append(value)
        if len(self.pending) >= BLOCK:
            self.flush()

    def flush(self) -> None:
        """Put what was added into the database."""
        if not self.pending:
            return
        block = pa.table(
            [_array(c, f.type) for c, f in zip(self._values, self._schema, strict=True)],
            schema=self._schema,
        )
        self._connection.register("block", block)
        self._connection.execute(f'INSERT INTO "{self.name}" FROM block')
        self._connection.unregister("block")
        self.rows += block.num_rows
        for column in self._values:
            column.clear()


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:  # half a character, as JSON may hold
        return pa.array(
            [v if v is None else v.encode("utf-8", "replace").decode("utf-8") for v in values], kind
        )


def _sql(kind: pa.DataType) -> str:
    if pa.types.is_string(kind):
        return "VARCHAR"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return "DATE" if pa.types.is_date(kind) else "INTEGER" if kind == pa.int32() else "BIGINT"
