"""Every metric and view, found by itself, is the same on every engine."""

from __future__ import annotations

from collections.abc import Callable

import ibis.expr.types as ir
import pandas as pd
import pytest
from engines import (
    CLOCKS,
    PLACES,
    assert_compiles,
    assert_same,
    assert_same_rows,
    queries,
)

from shequn.dataset import Dataset
from shequn.engine import to_sql
from shequn.metrics import Query, all_metrics, suppress

On = Callable[[str], Dataset]
Reference = Callable[[str, Query], "tuple[ir.Table, pd.DataFrame] | None"]
QUERIES = [query for metric in all_metrics() for query in queries(metric)]
EVERY = pytest.mark.parametrize("query", QUERIES, ids=lambda q: f"{q.metric}.{q.name}")


def test_every_metric_is_here() -> None:
    assert {query.metric for query in QUERIES} == set(all_metrics())
    assert len(QUERIES) > len(all_metrics()), "views too"


@EVERY
@pytest.mark.parametrize("place", range(len(PLACES)))
def test_compiles(query: Query, place: int) -> None:
    assert_compiles(query, place)


NEW_YORK = CLOCKS[1]["timezone"]


ONE_WORKER = pytest.mark.xdist_group("engines")  # one session each, and DuckDB's rows but once


@pytest.mark.slow
@ONE_WORKER
@EVERY
def test_same_on_spark(query: Query, reference: Reference, on_spark: On) -> None:
    """On the sample and on CollegeMsg; the clock's long SQL, slow there, only where neither can."""
    if not _same(query, reference, on_spark, "sample", "college"):
        assert _same(query, reference, on_spark, NEW_YORK)


@ONE_WORKER
@EVERY
def test_same_on_clickhouse(query: Query, reference: Reference, on_clickhouse: On) -> None:
    """And on the random community, which has every table and a clock with summer time."""
    assert _same(query, reference, on_clickhouse, "sample", "college", NEW_YORK)


def _same(query: Query, reference: Reference, on: On, *names: str) -> int:
    """Compare the rows of an engine with DuckDB's; return in how many communities."""
    compared = 0
    for name in names:
        if known := reference(name, query):
            engine = on(name).engine
            assert_same_rows(known[1], engine.frame(to_sql(known[0], engine.dialect)))
            compared += 1
    return compared


@EVERY
@ONE_WORKER
def test_no_row_speaks_of_one_to_four_people(
    query: Query, reference: Reference, on_duckdb: On
) -> None:
    """The same rows with nothing withheld: few are emptied, the others are as they were."""
    whole = _finished(query, reference, on_duckdb)
    if "n" not in whole:
        return
    shown = suppress(whole, smallest=5)
    few = whole["n"].between(1, 4.99)
    assert shown["withheld"].equals(few)
    numbers = ["value", "n", "low", "high"]
    assert shown.loc[few, numbers].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        shown.loc[~few, numbers], whole.loc[~few, numbers], check_dtype=False
    )


@EVERY
@ONE_WORKER
def test_the_order_of_an_engine_s_rows_changes_nothing(
    query: Query, reference: Reference, on_duckdb: On
) -> None:
    assert_same(_finished(query, reference, on_duckdb), _finished(query, reference, on_duckdb, 3))


def _finished(
    query: Query, reference: Reference, on_duckdb: On, stirred: int | None = None
) -> pd.DataFrame:
    found = reference(NEW_YORK, query)
    assert found is not None, "the random community has every table"
    rows = found[1] if stirred is None else found[1].sample(frac=1, random_state=stirred)
    return query.complete(rows, on_duckdb(NEW_YORK).calendar)
