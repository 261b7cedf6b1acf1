"""Small communities in memory, on DuckDB and on Spark, for the tests of the metrics."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import duckdb
import numpy as np
import pandas as pd
import pytest
from random_community import synthetic

import shequn.metrics
from shequn import schema
from shequn.dataset import Dataset, open_dataset
from shequn.engine import to_sql
from shequn.metrics import Query
from shequn.tabular import CommunityInfo

Frames = Mapping[str, pd.DataFrame]
# Like an import's tables, but times without zone: what Dataset is promised.
_TYPES = schema.DUCKDB_TYPES | {"datetime": "TIMESTAMP"}


class MemoryEngine:
    """Tables held by DuckDB in this process."""

    dialect = "duckdb"

    def __init__(self, frames: Frames) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone='UTC'")
        self.columns = {name: tuple(frame.columns) for name, frame in frames.items()}
        for name, frame in frames.items():
            given = frame.astype(object).where(frame.notna(), None)
            self.connection.register("given", given)
            columns = schema.tables()[name].columns
            typed = ", ".join(f'"{c}"::{_TYPES[columns[c].type]} AS "{c}"' for c in frame.columns)
            self.connection.execute(f'CREATE TABLE "{name}" AS SELECT {typed} FROM given')
            self.connection.unregister("given")

    def frame(self, sql: str) -> pd.DataFrame:
        """Run one query."""
        return self.connection.sql(sql).df()

    def fingerprint(self) -> str:
        """Nothing changes here."""
        return "memory"

    def unchanged(self) -> None:
        """Nothing changes here."""

    def close(self) -> None:
        """Drop the tables."""
        self.connection.close()


class StandingEngine:
    """What the engines of the tests share: the tables as Parquet files, which never change."""

    dialect: str

    def __init__(self, frames: Frames, folder: Path) -> None:
        self.columns = {name: tuple(frame.columns) for name, frame in frames.items()}
        memory = MemoryEngine(frames)
        self.files = {name: folder / f"{name}.parquet" for name in self.columns}
        for name, columns in self.columns.items():
            kinds = schema.tables()[name].columns
            chosen = ", ".join(
                f'"{c}" AT TIME ZONE \'UTC\' AS "{c}"' if kinds[c].type == "datetime" else f'"{c}"'
                for c in columns
            )
            memory.connection.execute(
                f"COPY (SELECT {chosen} FROM \"{name}\") TO '{self.files[name]}' (FORMAT parquet)"
            )
        memory.close()

    def fingerprint(self) -> str:
        """Nothing changes here."""
        return self.dialect

    def unchanged(self) -> None:
        """Nothing changes here."""

    def close(self) -> None:
        """Leave the session to its fixture."""


class SparkEngine(StandingEngine):
    """The tables in Spark."""

    dialect = "pyspark"
    shown: ClassVar[SparkEngine | None] = None  # whose tables the session's views are

    def __init__(self, spark: Any, frames: Frames, folder: Path) -> None:
        super().__init__(frames, folder)
        self.spark = spark

    def frame(self, sql: str) -> pd.DataFrame:
        """Run one query."""
        if SparkEngine.shown is not self:
            for name, file in self.files.items():
                self.spark.read.parquet(str(file)).createOrReplaceTempView(name)
            SparkEngine.shown = self
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what pandas 3 will not do for Spark one day
            return self.spark.sql(sql).toPandas()


class ClickHouseEngine(StandingEngine):
    """The tables in ClickHouse, as its users keep them: what is never empty cannot be null."""

    dialect = "clickhouse"

    def __init__(self, session: Any, frames: Frames, folder: Path) -> None:
        super().__init__(frames, folder)
        self.session, self.database = session, f"d{abs(hash(str(folder)))}"
        session.query(f"CREATE DATABASE {self.database}")
        for name, columns in self.columns.items():
            kinds = schema.tables()[name].columns
            cells = ", ".join(
                f'assumeNotNull("{c}") AS "{c}"' if kinds[c].required else f'"{c}"' for c in columns
            )
            session.query(
                f"CREATE TABLE {self.database}.{name} ENGINE = MergeTree ORDER BY tuple() "
                f"AS SELECT {cells} FROM file('{self.files[name]}')"
            )

    def frame(self, sql: str) -> pd.DataFrame:
        """Run one query."""
        self.session.query(f"USE {self.database}")
        return self.session.query(sql, "DataFrame")


def unavailable(reason: str) -> NoReturn:
    """Skip a test where a tool is absent; in CI, where it must be there, fail."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def start_spark(folder: Path) -> Any:
    """Start Spark in this process, in UTC, or say why there is none."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        unavailable("pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        unavailable("no Java here for Spark")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "1",
        # Tables are small and queries many: planning is nearly all of the time.
        "spark.sql.adaptive.enabled": "false",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.driver.memory": "1g",
        "spark.sql.warehouse.dir": str(folder),
    }
    builder = SparkSession.builder.master("local[1]").appName("shequn-tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def start_clickhouse(folder: Path) -> Any:
    """Start ClickHouse in this process, in UTC, or say why there is none."""
    try:
        from chdb import session
    except ImportError:
        unavailable("chdb is not installed")
    started = session.Session(str(folder))
    started.query("SET session_timezone = 'UTC'")
    started.query("SET join_use_nulls = 1")  # as SQL says: what a join does not find is null
    return started


def log(*rows: Sequence[Any], columns: Sequence[str] = ("author_id", "ts")) -> pd.DataFrame:
    """Return messages from ``(author, time in UTC, …)``."""
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)


def roster(
    *rows: Sequence[Any], columns: Sequence[str] = ("member_id", "joined_at", "joined_at_basis")
) -> pd.DataFrame:
    """Return members from ``(member, joined at in UTC, basis, …)``."""
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)


def covering(*spans: tuple[str, str]) -> pd.DataFrame:
    """Return sources that cover the UTC days from each first to each last one."""
    rows = [(f"s{i}", f"{a} 00:00:00", f"{b} 23:59:59") for i, (a, b) in enumerate(spans)]
    return pd.DataFrame(rows, columns=["source_id", "covers_from", "covers_to"], dtype=object)


def covering_days(days: Iterable[date]) -> pd.DataFrame:
    """Return sources that cover just these UTC days."""
    return covering(*[(str(d), str(d)) for d in sorted(days)])


def frames_of(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a data folder, as they are on DuckDB."""
    with open_dataset(folder) as data:
        return {name: data.engine.frame(f'SELECT * FROM "{name}"') for name in data.engine.columns}


def community(
    timezone: str = "UTC",
    day_start: str = "00:00",
    week_start: str = "monday",
    smallest_group: int = 1,
    **frames: Any,
) -> Dataset:
    """Return a community whose tables are these frames; nothing is withheld unless asked for."""
    info = CommunityInfo("test", timezone, day_start, week_start)
    return Dataset(MemoryEngine(frames), info, smallest_group)


def compute(
    query: Query, *, options: Mapping[str, Any] | None = None, **given: Any
) -> pd.DataFrame:
    """Compute a query over a community made for it alone."""
    with community(**given) as data:
        return data.compute(query, **(options or {}))


def row(frame: pd.DataFrame, **equals: Any) -> pd.Series[Any]:
    """Return the one row whose columns equal the values."""
    for column, value in equals.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, f"{len(frame)} rows with {equals}"
    return frame.iloc[0]


def queries(metric: str) -> list[Query]:
    """Return a metric and all its views, found in its module."""
    shequn.metrics.all_metrics()
    module = __import__(f"shequn.metrics.{metric}", fromlist=["*"])
    found = [q for q in vars(module).values() if isinstance(q, Query) and q.metric == metric]
    assert shequn.metrics.REGISTRY[metric] in found
    return found


CLOCKS = (
    {"timezone": "Asia/Shanghai"},
    {"timezone": "America/New_York", "day_start": "04:30", "week_start": "sunday"},
)


# Zone, day start, week start, and the week in which 2024-01-07 17:30 UTC, a Sunday, then lies.
SUNDAY_NIGHT = [
    ("Asia/Shanghai", "00:00", "monday", "2024-01-08"),
    ("UTC", "00:00", "monday", "2024-01-01"),
    ("America/New_York", "00:00", "sunday", "2024-01-07"),
    ("Asia/Shanghai", "04:00", "monday", "2024-01-01"),
]
DIALECTS = ("pyspark", "postgres", "snowflake")  # DuckDB's SQL is run all the time
# A clock, and the tables there are; None for all.
PLACES: tuple[tuple[Mapping[str, str], tuple[str, ...] | None], ...] = (
    (CLOCKS[0], ("messages",)),
    (CLOCKS[1], None),
)


@cache
def random_place(place: int, rows: int = 2000, smallest_group: int = 1) -> Dataset:
    """Return the random community at one of the places, made but once."""
    clock, tables = PLACES[place]
    frames = {k: v for k, v in synthetic(rows).items() if tables is None or k in tables}
    return community(**clock, smallest_group=smallest_group, **frames)


def assert_compiles(query: Query, place: int) -> None:
    """Fail unless a query becomes SQL of every dialect, over the tables of a place and no others."""
    data = random_place(place, rows=50)
    given = [data.table(name) for name in query.tables]
    expression = query.expression(*given, calendar=data.calendar)
    for dialect in DIALECTS:
        assert to_sql(expression, dialect).startswith(("SELECT", "WITH")), dialect


def rows_of(counts: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return what an engine gave as sorted rows of numbers, text and nothing: engines differ in types."""

    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        if isinstance(value, date | np.datetime64 | pd.Timestamp):
            return str(pd.Timestamp(value))
        return value if isinstance(value, str) else float(value)

    columns = [[plain(v) for v in counts[c]] for c in counts]
    return sorted(
        zip(*columns, strict=True),
        key=lambda row: [(v is None, "" if v is None else v) for v in row],
    )


def assert_same_rows(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Fail unless two engines give the same rows: counts exactly, ratios to nine digits."""
    assert list(one) == list(other)
    here, there = rows_of(one), rows_of(other)
    assert len(here) == len(there)
    for a, b in zip(here, there, strict=True):
        assert a == pytest.approx(b, rel=1e-9)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Fail unless two results are the same, to the last digit that floats promise."""
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-12, check_dtype=False)


def whole_days(first: date, count: int) -> list[date]:
    """Return ``count`` days from the first on."""
    return [first + timedelta(days=i) for i in range(count)]
