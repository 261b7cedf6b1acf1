"""The engines, started once for all tests of the metrics, with the same communities on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pytest
from engines import (
    CLOCKS,
    ClickHouseEngine,
    Frames,
    MemoryEngine,
    SparkEngine,
    frames_of,
    start_clickhouse,
    start_spark,
    synthetic,
)

from shequn.cases import student_network
from shequn.dataset import Dataset
from shequn.engine import Engine, to_sql
from shequn.metrics import Query
from shequn.paths import SAMPLE
from shequn.tabular import CommunityInfo, community

Community = tuple[Frames, CommunityInfo]
On = Callable[[str], Dataset]


@pytest.fixture(scope="session")
def communities() -> dict[str, Community]:
    """Return tables and clock of the random community under each clock, the sample and CollegeMsg."""
    random = synthetic()
    found = {c["timezone"]: (random, CommunityInfo("test", **c)) for c in CLOCKS}
    for name, folder in (("sample", SAMPLE), ("college", student_network())):
        found[name] = (frames_of(folder), community(folder))
    return found


@pytest.fixture(scope="session")
def on_duckdb(communities: dict[str, Community]) -> On:
    return _opened(communities, lambda frames, _: MemoryEngine(frames), Path())


@pytest.fixture(scope="session")
def reference(
    on_duckdb: On,
) -> Callable[[str, Query], tuple[ir.Table, pd.DataFrame] | None]:
    """Return a query's expression over a community and DuckDB's rows of it; None where it lacks."""
    known: dict[tuple[str, str, str], tuple[ir.Table, pd.DataFrame] | None] = {}

    def of(name: str, query: Query) -> tuple[ir.Table, pd.DataFrame] | None:
        key = name, query.metric, query.name
        if key not in known:
            data = on_duckdb(name)
            known[key] = None
            if not data.missing(query.needs):
                expression = data.expression(query)
                rows = data.engine.frame(to_sql(expression, data.engine.dialect))
                known[key] = expression, rows
        return known[key]

    return of


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    session = start_spark(tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def on_spark(
    communities: dict[str, Community], spark: Any, tmp_path_factory: pytest.TempPathFactory
) -> On:
    folder = tmp_path_factory.mktemp("spark")
    return _opened(communities, lambda frames, place: SparkEngine(spark, frames, place), folder)


@pytest.fixture(scope="session")
def on_clickhouse(
    communities: dict[str, Community], tmp_path_factory: pytest.TempPathFactory
) -> On:
    folder = tmp_path_factory.mktemp("clickhouse")
    session = start_clickhouse(folder / "server")
    return _opened(
        communities, lambda frames, place: ClickHouseEngine(session, frames, place), folder
    )


def _opened(
    communities: dict[str, Community], start: Callable[[Frames, Path], Engine], folder: Path
) -> On:
    """Return a function that opens a community on an engine, each but once."""
    there: dict[str, Dataset] = {}

    def on(name: str) -> Dataset:
        if name not in there:
            frames, info = communities[name]
            place = folder / name.replace("/", "-")
            if folder != Path():
                place.mkdir()
            there[name] = Dataset(start(frames, place), info, smallest_group=1)
        return there[name]

    return on
