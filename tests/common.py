"""What several test files share that is not a fixture."""

from __future__ import annotations

import csv
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
BUILD = ROOT / "_build"


def require(condition: object, reason: str) -> None:
    """Skip with a reason, or fail where nothing may skip: in CI."""
    if not condition:
        if os.environ.get("CI") == "true":
            pytest.fail(f"must run in CI: {reason}")
        pytest.skip(reason)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let one test process after the other through: several need the same expensive thing."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f".{name}.test-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_table(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    """Write rows as NAME.csv and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder
