"""Read any tables, as the user's ``mapping.yml`` says what their columns mean."""

from __future__ import annotations

from shequn.sources import sheets
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers import mapping
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

NAME = Text("tables of your own", "自备表格")
HINT = Text(
    "Give CSV or Excel files, and with --map a file that says what their columns mean; "
    "shequn import map --guess FILE writes a first draft.",
    "请给出 CSV 或 Excel 文件，并用 --map 指定说明各列含义的文件；"
    "shequn import map --guess 文件 可生成草稿。",
)
LAYOUTS = {"mapped-table": Text("a CSV or Excel file", "CSV 或 Excel 文件")}


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file: any table is one."""
    return "mapped-table" if sheets.named(head.file) and sheets.top(head) else None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake, as the mapping tells.

    Raises
    ------
    ShequnError
        Where there is no mapping, or anything is wrong with it.
    """
    path = intake.options.mapping
    if path is None:
        raise ShequnError(
            Text("It is not said what the columns mean.", "没有说明各列的含义。"), HINT
        )
    mapping.read(files, intake, mapping.load(path))
