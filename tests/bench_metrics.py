"""Every metric over millions of messages, beside hand-written SQL, pandas and a scan: `make bench`.

Writes docs/performance.md. Each approach runs in a process of its own, whose peak memory counts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent / "metrics"))
from engines import queries, rows_of

from baselines import PANDAS, SQL, in_sql
from shequn.dataset import open_dataset
from shequn.metrics import all_metrics

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
MILLION = 1_000_000
PANDAS_UP_TO = 10  # million messages: beyond, it wants more memory than a laptop has
ROUNDS = {1: 3, 10: 2}  # by million messages; else one
FLOOR = "SELECT (ts + INTERVAL 8 HOUR)::DATE, count(DISTINCT author_id) FROM messages GROUP BY 1"


def community(folder: Path, millions: int) -> None:
    """Write a synthetic log of two years, activity skewed, three in ten messages replies."""
    folder.mkdir()
    (folder / "datapackage.json").write_text(
        json.dumps({"name": "bench", "resources": [], "community": {"timezone": "Asia/Shanghai"}})
    )
    n, con = millions * MILLION, duckdb.connect()
    con.execute("SELECT setseed(0.5)")
    con.execute("SET threads=1")  # the same log every time
    con.execute(
        f"""COPY (SELECT 'x' || i AS message_id, 'c' || (i * 7 % 5) AS channel_id,
                'm' || CAST(floor({n // 50} * power(random(), 3)) AS INTEGER) AS author_id,
                TIMESTAMP '2023-01-01' + to_microseconds(
                    CAST((i + 100 * random()) / {n + 100} * 63072000e6 AS BIGINT)) AS ts,
                CASE WHEN random() < 0.3 THEN 'x' || (i - 1 - CAST(random() * 50 AS BIGINT)) END
                    AS reply_to_id
            FROM range({n}) t(i)) TO '{folder}/messages.parquet' (COMPRESSION zstd)"""
    )
    con.execute(
        f"""COPY (SELECT author_id AS member_id, min(ts) - INTERVAL 1 HOUR AS joined_at,
                'event' AS joined_at_basis FROM '{folder}/messages.parquet' GROUP BY 1
            ) TO '{folder}/members.parquet'"""
    )


def _ways(approach: str, folder: Path) -> Iterator[tuple[str, Callable[[], pd.DataFrame]]]:
    """Yield the name of each query and what computes its counts."""
    with open_dataset(folder) as data:
        if approach == "floor":
            connection = duckdb.connect()
            connection.execute(f"CREATE VIEW messages AS FROM '{folder}/messages.parquet'")
            yield "floor", lambda: connection.sql(FLOOR).df()
        elif approach == "sql":
            for name in SQL:
                yield name, in_sql(name, folder, data.calendar)
        elif approach == "pandas":
            for name, way in PANDAS.items():
                yield name, lambda way=way: way(folder, data.calendar)
        else:
            for metric in all_metrics():
                for query in queries(metric):
                    if not data.missing(query.needs):
                        yield f"{metric}.{query.name}", lambda query=query: data.counts(query)


def work(approach: str, folder: Path, rounds: int) -> None:
    """Print what an approach took, in seconds, with its peak memory and what it found."""
    found: dict[str, Any] = {}
    for name, way in _ways(approach, folder):
        best, rows = math.inf, pd.DataFrame()
        for _ in range(rounds):
            start = time.perf_counter()
            rows = way()
            best = min(best, time.perf_counter() - start)
        told = rows_of(rows[sorted(rows)]) if name in SQL else []
        digest = hashlib.sha256(json.dumps(told).encode()).hexdigest() if told else ""
        found[name] = (best, digest)
        print(f"  {approach:<7}{name:<52}{best:8.2f} s", file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"found": found, "peak": peak}))


def measure(folder: Path, millions: int) -> dict[str, Any]:
    """Run every approach over one log."""
    said = {}
    for approach in ("floor", "ours", "sql", "pandas"):
        if approach == "pandas" and millions > PANDAS_UP_TO:
            continue
        command = [sys.executable, __file__, "--work", approach, str(folder)]
        command += ["--rounds", str(ROUNDS.get(millions, 1))]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        said[approach] = json.loads(done.stdout)
    for name, (_, digest) in said["sql"]["found"].items():
        for approach in said.keys() - {"floor", "sql"}:
            assert said[approach]["found"][name][1] == digest, f"{approach} differs: {name}"
    return said


def page(measured: dict[int, dict[str, Any]]) -> str:
    """Return the page of what was measured."""
    sizes = sorted(measured)
    middle = 10 if 10 in measured else sizes[-1]
    at = measured[middle]
    lines = [
        "# Performance",
        "",
        "Made by `make bench`, which overwrites it. Synthetic logs over two years, skewed members, "
        "Parquet. Seconds are of this machine; ratios travel better.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores, "
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB; "
        f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, pandas {pd.__version__}.",
        "",
        f"## Against hand-written SQL and pandas, {middle} million messages",
        "",
        "The three give the same rows; the bench stops where they do not. Ours includes building "
        "and compiling the query. The floor counts distinct members a day and nothing else.",
        "",
        "| metric | ours, s | SQL, s | pandas, s | ours ÷ SQL | pandas ÷ ours |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    sums = dict.fromkeys(("ours", "sql", "pandas"), 0.0)
    for name in at["sql"]["found"]:
        took = {a: at[a]["found"][name][0] for a in sums if a in at}
        for approach, seconds in took.items():
            sums[approach] += seconds
        lines.append(_row(name, took))
    lines.append(_row("**sum**", sums))
    peaks = ", ".join(f"{a} {at[a]['peak']:.2f} GB" for a in at)
    lines += ["", f"Floor: {at['floor']['found']['floor'][0]:.2f} s. Peak memory: {peaks}.", ""]
    lines += [
        "## Every query",
        "",
        "Slope is the growth between the two largest logs: 1 is linear.",
        "",
    ]
    lines.append("| query | " + " | ".join(f"{m} M, s" for m in sizes) + " | ÷ floor | slope |")
    lines.append("|---|" + "--:|" * (len(sizes) + 2))
    for name in at["ours"]["found"]:
        took = [measured[m]["ours"]["found"][name][0] for m in sizes]
        ratio = at["ours"]["found"][name][0] / at["floor"]["found"]["floor"][0]
        slope = _slope(sizes, took)
        cells = [f"{s:.2f}" for s in took] + [f"{ratio:.1f}", slope]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    totals = [sum(s for s, _ in measured[m]["ours"]["found"].values()) for m in sizes]
    cells = [f"{t:.0f}" for t in totals] + ["", _slope(sizes, totals)]
    lines.append("| **sum** | " + " | ".join(cells) + " |")
    peaks = ", ".join(f"{measured[m]['ours']['peak']:.2f} GB at {m} M" for m in sizes)
    return "\n".join([*lines, "", f"Peak memory of all of them in one process: {peaks}.", ""])


def _row(name: str, took: dict[str, float]) -> str:
    ours, sql, there = (took.get(a, math.nan) for a in ("ours", "sql", "pandas"))
    return (
        f"| {name} | {ours:.2f} | {sql:.2f} | {there:.2f} | {ours / sql:.2f} | {there / ours:.1f} |"
    )


def _slope(sizes: list[int], took: list[float]) -> str:
    if len(sizes) < 2:
        return ""
    return f"{math.log(took[-1] / took[-2]) / math.log(sizes[-1] / sizes[-2]):.2f}"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("millions", nargs="*", type=int, default=[1, 10, 100])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        work(asked.work[0], Path(asked.work[1]), asked.rounds)
        return
    measured = {}
    for millions in sorted(asked.millions):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "DATA"
            print(f"{millions} million messages", file=sys.stderr)
            community(folder, millions)
            measured[millions] = measure(folder, millions)
    PAGE.write_text(page(measured), encoding="utf-8")
    print(f"Written: {PAGE}")


if __name__ == "__main__":
    main()
