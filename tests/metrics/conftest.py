"""Spark, started once for all tests of the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from engines import CLOCKS, SparkEngine, start_spark, synthetic

from shequn.dataset import Dataset
from shequn.tabular import CommunityInfo


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    session = start_spark(tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def on_spark(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Dataset]:
    """Return the synthetic community on Spark, once under each clock."""
    engine = SparkEngine(spark, synthetic(), tmp_path_factory.mktemp("tables"))
    return [Dataset(engine, CommunityInfo("test", **clock), smallest_group=1) for clock in CLOCKS]
