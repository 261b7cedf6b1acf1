"""Importing hand-made exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_made import Imported, write_logs

from shequn.sources import import_export


@pytest.fixture
def import_as(tmp_path: Path) -> Callable[..., Imported]:
    """Return a function that imports files of a platform, by name and content, as UTC unless told.

    ``into`` names an earlier data folder to append to.
    """
    count = 0

    def run(
        platform: str, files: dict[str, str | bytes], *, into: Path | None = None, **options: Any
    ) -> Imported:
        nonlocal count
        count += 1
        export = write_logs(tmp_path / f"export{count}", files)
        options = {"timezone": "UTC", "key_file": tmp_path / "key", **options}
        out = into or tmp_path / f"data{count}"
        report = import_export(platform, export, out, append=into is not None, **options)
        return Imported(out, report)

    return run


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Callable[..., Imported]:
    """Return a function that imports IRC logs."""
    return lambda logs, **options: import_as("irc", logs, **options)
