"""Hand-made exports, and reading what comes out of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from shequn.sources import ImportReport


@dataclass
class Imported:
    """A data folder that was written, and the report."""

    data: Path
    report: ImportReport

    def rows(self, table: str) -> list[dict[str, str]]:
        """Return a table's rows."""
        with (self.data / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def ids(self) -> dict[str, str]:
        """Return the pseudonym of each nick, in lower case."""
        return {r["platform_user_id"]: r["member_id"] for r in self.rows("identities")}

    def times(self) -> list[str]:
        """Return the times of the messages, in the order of the file."""
        return [r["ts"] for r in self.rows("messages")]


def write_logs(folder: Path, logs: dict[str, str | bytes]) -> Path:
    """Write files and return their folder."""
    for name, text in logs.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return folder
