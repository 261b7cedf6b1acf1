"""Importing hand-made exports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_made import Imported, write_logs

from shequn.sources import import_export


@pytest.fixture
def imported(tmp_path: Path) -> Callable[..., Imported]:
    """Return a function that imports files, given by name and text, as UTC unless told."""
    count = 0

    def run(logs: dict[str, str | bytes], **options: Any) -> Imported:
        nonlocal count
        count += 1
        export = write_logs(tmp_path / f"export{count}", logs)
        options = {"timezone": "UTC", "key_file": tmp_path / "key", **options}
        out = tmp_path / f"data{count}"
        return Imported(out, import_export("irc", export, out, **options))

    return run
