"""Speed, as ratios within one run: `make bench`. Seconds differ between machines; ratios hardly."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from frictionless import Package

from shequn import schema
from shequn.check import check
from shequn.dataset import open_dataset
from shequn.metrics.active_members import active_members, stickiness
from shequn.metrics.participation_inequality import participation_inequality
from shequn.metrics.retention import by_day, retention

MESSAGES = 1_000_000


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """Return the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def community(folder: Path) -> None:
    """Write a synthetic message log with skewed activity over two years."""
    folder.mkdir()
    duckdb.sql(
        f"""COPY (SELECT 'x' || i AS message_id,
                 'm' || CAST(floor(20000 * power(random(), 3)) AS INTEGER) AS author_id,
                 strftime(TIMESTAMP '2023-01-01' + to_seconds(CAST(random() * 63072000 AS BIGINT)),
                          '%Y-%m-%dT%H:%M:%SZ') AS ts
            FROM range({MESSAGES}) t(i)) TO '{folder}/messages.csv' (HEADER)"""
    )


def main() -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "DATA"
        community(folder)
        file = folder / "messages.csv"
        scan = seconds(
            lambda: duckdb.sql(
                f"SELECT count(DISTINCT author_id), max(ts) FROM read_csv('{file}', all_varchar = true)"
            ).fetchall()
        )
        print(f"{MESSAGES:,} messages, CSV of {file.stat().st_size / 1e6:.0f} MB")
        print(f"{'scan of author and time':<34}{scan:8.2f} s   1.0")
        with open_dataset(folder) as data:
            for query in (active_members, stickiness, retention, by_day, participation_inequality):
                took = seconds(lambda q=query: data.compute(q), rounds=2)  # type: ignore[misc]
                print(f"{query.name:<34}{took:8.2f} s {took / scan:5.1f} x the scan")
        took = seconds(lambda: check(folder), rounds=1)
        print(f"{'check':<34}{took:8.2f} s {took / scan:5.1f} x the scan")
        package(folder)
        took_there = seconds(lambda: Package(str(folder / "datapackage.json")).validate(), rounds=1)
        print(
            f"{'the same check by frictionless':<34}{took_there:8.2f} s {took_there / took:5.1f} x check"
        )


def package(folder: Path) -> None:
    """Describe the message log, so that frictionless can check it too."""
    whole = schema.descriptor()
    [resource] = [r for r in whole["resources"] if r["name"] == "messages"]
    fields = [
        f for f in resource["schema"]["fields"] if f["name"] in ("message_id", "author_id", "ts")
    ]
    own = {"name": "bench", "resources": [
        {"name": "messages", "path": "messages.csv",
         "schema": {"fields": fields, "primaryKey": "message_id"}},
    ]}  # fmt: skip
    (folder / "datapackage.json").write_text(json.dumps(own))


if __name__ == "__main__":
    main()
