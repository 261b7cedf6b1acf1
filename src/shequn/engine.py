"""Where a community's tables live: what an engine must do, and DuckDB, which does it here."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shequn import schema, tabular
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd


class Engine(Protocol):
    """Where the tables live: knows a dialect, runs SQL, hands back a small frame."""

    dialect: str
    columns: dict[str, tuple[str, ...]]

    def frame(self, sql: str) -> pd.DataFrame:
        """Run one query, times in UTC."""
        ...

    def fingerprint(self) -> str:
        """Return a digest that changes when the data do."""
        ...

    def unchanged(self) -> None:
        """Raise `ShequnError` if the data are no longer what they were when opened."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def to_sql(expression: ir.Table, dialect: str) -> str:
    """Return the SQL of an expression in a dialect, none of whose clients need be installed."""
    import ibis
    from ibis.config import Config

    class Spark(Config):  # type: ignore[misc]
        treat_nan_as_null: bool = False

    # Of fractions ibis asks a setting that only its own client of Spark would bring along.
    if dialect == "pyspark" and ibis.options.pyspark is None:
        ibis.options.pyspark = Spark()
    return str(ibis.to_sql(expression, dialect=dialect))


class DuckDBEngine:
    """Tables in files, or in a DuckDB database, read in this process.

    Parameters
    ----------
    tables
        File of each table; empty for a database.
    database
        DuckDB database that holds the tables.
    threads
        Cores to use; all by default.
    description
        File that says what the numbers also depend on, such as the zone; may be absent.
    """

    dialect = "duckdb"

    def __init__(
        self,
        tables: dict[str, Path],
        database: Path | None = None,
        threads: int | None = None,
        description: Path | None = None,
    ) -> None:
        import duckdb

        self._description = description
        self._files = [database] if database else list(tables.values())
        self._stamps = [tabular.fingerprint(f) for f in self._files]
        self._work = tempfile.TemporaryDirectory(prefix="shequn-")
        try:
            if database:
                self._connection = duckdb.connect(str(database), read_only=True)
            else:
                self._connection = duckdb.connect()
            self._connection.execute("SET TimeZone='UTC'")
            if threads:
                self._connection.execute(f"SET threads={int(threads)}")
            for name, path in tables.items():
                self._view(name, path)
            self.columns = self._columns()
        except duckdb.Error as error:
            self._work.cleanup()
            raise unreadable(error) from error

    def _view(self, name: str, path: Path) -> None:
        source = tabular.utf8_path(path, Path(self._work.name))
        typed = tabular.relation_sql(schema.tables()[name], source, strict=True)
        found = self._connection.sql(typed).columns
        columns = ", ".join(
            f'"{c}" AT TIME ZONE \'UTC\' AS "{c}"'
            if schema.tables()[name].columns[c].type == "datetime"
            else f'"{c}"'
            for c in found
            if c in schema.tables()[name].columns
        )
        self._connection.execute(f'CREATE VIEW "{name}" AS SELECT {columns} FROM ({typed})')

    def _columns(self) -> dict[str, tuple[str, ...]]:
        rows = self._connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns ORDER BY ordinal_position"
        ).fetchall()
        columns: dict[str, tuple[str, ...]] = {}
        for table, column in rows:
            if table in schema.tables() and table != "identities":
                columns[table] = (*columns.get(table, ()), column)
        return columns

    def frame(self, sql: str) -> pd.DataFrame:
        """Run one query; refuse its answer if a file changed meanwhile."""
        import duckdb

        try:
            result: pd.DataFrame = self._connection.sql(sql).df()
        except duckdb.Error as error:
            raise unreadable(error) from error
        self.unchanged()
        return result

    def unchanged(self) -> None:
        """Raise `ShequnError` if a file is no longer what it was when opened."""
        for path, stamp in zip(self._files, self._stamps, strict=True):
            try:
                same = tabular.fingerprint(path) == stamp
            except OSError:
                same = False
            if not same:
                raise tabular.changed(path)

    def fingerprint(self) -> str:
        """Return a digest of the files' contents."""
        digest = hashlib.sha256()
        said = [self._description] if self._description and self._description.is_file() else []
        for path in sorted(self._files + said):
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def close(self) -> None:
        """Close the connection and drop temporary copies."""
        self._connection.close()
        self._work.cleanup()


def unreadable(error: Exception) -> ShequnError:
    """Wrap an engine's complaint about the data."""
    # What follows the first line may be a row of the file, words and all.
    first = str(error).strip().partition("\n")[0][:300]
    return ShequnError(
        Text(
            f"The data cannot be read as the contract says: {first}",
            f"数据与约定不符，读不下去：{first}",
        ),
        Text(
            "`shequn check DATA` lists every fault with file, row and column.",
            "用 `shequn check DATA` 列出每一处问题所在的文件、行和列。",
        ),
    )
