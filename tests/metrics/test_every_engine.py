"""Every metric and view, found by itself, is the same on every engine."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from engines import (
    CLOCKS,
    DIALECTS,
    PLACES,
    assert_compiles,
    assert_same,
    assert_same_rows,
    queries,
    random_place,
)

from shequn.dataset import Dataset
from shequn.metrics import Query, all_metrics

On = Callable[[str], Dataset]
QUERIES = [query for metric in all_metrics() for query in queries(metric)]


def test_every_metric_is_here() -> None:
    assert {query.metric for query in QUERIES} == set(all_metrics())
    assert len(QUERIES) > len(all_metrics()), "views too"


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_compiles(query: Query, dialect: str) -> None:
    for place in range(len(PLACES)):
        assert_compiles(query, dialect, place)


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_no_row_speaks_of_one_to_four_people(query: Query) -> None:
    """The same rows with nothing withheld: few are emptied, the others are as they were."""
    whole = random_place(1).compute(query)
    shown = random_place(1, smallest_group=5).compute(query)
    if "n" not in whole:
        return
    few = whole["n"].between(1, 4.99)
    assert shown["withheld"].equals(few)
    numbers = ["value", "n", "low", "high"]
    assert shown.loc[few, numbers].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        shown.loc[~few, numbers], whole.loc[~few, numbers], check_dtype=False
    )


NEW_YORK = CLOCKS[1]["timezone"]


@pytest.mark.slow
@pytest.mark.xdist_group("spark")  # one session for all
@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
@pytest.mark.parametrize("name", [NEW_YORK, "sample", "college"])
def test_same_on_spark(query: Query, name: str, on_duckdb: On, on_spark: On) -> None:
    _same(query, on_duckdb(name), on_spark(name))


@pytest.mark.xdist_group("clickhouse")
@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
@pytest.mark.parametrize("name", [*(c["timezone"] for c in CLOCKS), "sample", "college"])
def test_same_on_clickhouse(query: Query, name: str, on_duckdb: On, on_clickhouse: On) -> None:
    _same(query, on_duckdb(name), on_clickhouse(name))


def _same(query: Query, here: Dataset, there: Dataset) -> None:
    if lacking := here.missing(query.needs):  # a table that this community does not have
        assert there.missing(query.needs) == lacking
        return
    assert_same_rows(here.counts(query), there.counts(query))


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_the_order_of_an_engine_s_rows_changes_nothing(query: Query) -> None:
    data = random_place(1)
    counts = data.counts(query)
    stirred = counts.sample(frac=1, random_state=3)
    found = (query.complete(rows, data.calendar) for rows in (counts, stirred))
    assert_same(*found)


def test_every_metric_runs_on_one_of_the_communities(on_duckdb: On) -> None:
    names = (NEW_YORK, "sample", "college")
    assert [q.name for q in QUERIES if all(on_duckdb(n).missing(q.needs) for n in names)] == []
