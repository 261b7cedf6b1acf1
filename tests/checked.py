"""What the tests of check share."""

import io
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from shequn.check import Report, check
from shequn.check_report import Fault

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "message_id,author_id,ts"
ROW = "m{0},u1,2024-01-01T00:00:00Z"


def messages(*extra: str, head: str = HEAD, before: int = 1) -> str:
    """Return a messages table with `before` good rows and then the extra ones."""
    good = [ROW.format(i) + "," * (head.count(",") - 2) for i in range(before)]
    return "\n".join([head, *good, *extra]) + "\n"


def look(folder: Path, /, **files: str | bytes) -> Report:
    """Write files named TABLE__suffix into a folder and check it."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return check(folder, now=NOW)


def only(report: Report) -> Fault:
    assert len(report.faults) == 1, report.faults
    found = report.faults[0]
    assert found.what.en and found.what.zh and found.what.en != found.what.zh
    assert found.mend.en and found.mend.zh and found.mend.en != found.mend.zh
    assert "{" not in found.what.en + found.what.zh + found.mend.en + found.mend.zh
    return found


def place(found: Fault) -> tuple:
    return found.kind, found.file, found.row, found.column, found.value


def rendered(report: Report, lang: str = "en", width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(report.render(lang))
    return console.file.getvalue()  # type: ignore[attr-defined]
