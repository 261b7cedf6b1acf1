"""Empty tables to fill in by hand: a spreadsheet with help on every column and lists to choose from."""

from __future__ import annotations

import csv
import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from shequn import schema
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from shequn.schema import Column, Table

_ROWS = 1000  # rows that the lists to choose from reach
_TYPES = {
    "string": Text("text", "文字"),
    "integer": Text("whole number", "整数"),
    "number": Text("number", "数"),
    "boolean": Text("true or false", "true 或 false"),
    "date": Text("day, as 2025-03-01", "日期，如 2025-03-01"),
    "datetime": Text(
        "time in UTC, as 2025-03-01T02:15:00Z, or with its offset, as 2025-03-01 10:15:00+08:00",
        "UTC 时间，如 2025-03-01T02:15:00Z；或带时差，如 2025-03-01 10:15:00+08:00",
    ),
}
_HELP = Text("help", "说明")
_HEADS = (
    Text("column", "列"),
    Text("what it is", "是什么"),
    Text("form", "怎么写"),
    Text("needed", "必填"),
)
_YES, _NO = Text("yes", "是"), Text("no", "否")


def write_template(name: str, out: Path, lang: str) -> None:
    """Write an empty table of the contract.

    Parameters
    ----------
    name
        Table of ``datapackage.json``.
    out
        ``.xlsx``: a sheet with the column names, a note on each, lists where there are words to
        choose from, and a second sheet with the notes to read. ``.csv``: the column names alone.
    lang
        Language of the notes; the column names are the same in both.

    Raises
    ------
    ShequnError
        No such table, a file that is there already, or one of another kind.
    """
    table = _table(name)
    if out.exists():
        raise ShequnError(
            Text(f"{out} is there already.", f"{out} 已经存在。"),
            Text(
                "Choose another --out: what you filled in stays.",
                "请换一个 --out：填过的内容不动。",
            ),
        )
    write = {".xlsx": _spreadsheet, ".csv": _csv}.get(out.suffix.lower())
    if write is None:
        raise ShequnError(
            Text(f"No template of the kind {out.name}.", f"做不出 {out.name} 这种模板。"),
            Text("Let the name end in .xlsx or .csv.", "文件名请以 .xlsx 或 .csv 结尾。"),
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    try:
        write(table, part, lang)
        part.rename(out)
    finally:
        part.unlink(missing_ok=True)


def _table(name: str) -> Table:
    tables = {n: t for n, t in schema.tables().items() if n != "identities"}
    if name not in tables:
        near = difflib.get_close_matches(name, tables, n=3, cutoff=0.5) or list(tables)
        raise ShequnError(
            Text(f"There is no table {name}.", f"没有 {name} 这张表。"),
            Text(f"There is: {', '.join(near)}.", f"有：{'、'.join(near)}。"),
        )
    return tables[name]


def _csv(table: Table, out: Path, lang: str) -> None:
    # A byte-order mark, so that Excel keeps Chinese when it saves the file again.
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow(table.columns)


def _spreadsheet(table: Table, out: Path, lang: str) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = table.name
    _to_fill(sheet, table, lang)
    _to_read(book.create_sheet(_HELP[lang]), table, lang)
    book.save(out)


def _to_fill(sheet: Worksheet, table: Table, lang: str) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for i, column in enumerate(table.columns.values(), 1):
        head = sheet.cell(1, i, column.name)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor="BFD7EA" if column.required else "EEEEEE")
        head.comment = Comment(_note(column, lang), "shequn", width=320, height=120)
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = max(12, len(column.name) + 4)
        words = column.enum or (("true", "false") if column.type == "boolean" else ())
        if words:
            choice = DataValidation(
                type="list", formula1=f'"{",".join(words)}"', allow_blank=not column.required
            )
            sheet.add_data_validation(choice)
            choice.add(f"{letter}2:{letter}{_ROWS}")
        # Text, so that a spreadsheet neither drops leading zeros nor turns a day into its own form.
        if column.type not in ("integer", "number"):
            sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"


def _to_read(sheet: Worksheet, table: Table, lang: str) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.append([table.title[lang], table.meaning[lang]])
    sheet.append([])
    sheet.append([head[lang] for head in _HEADS])
    for column in table.columns.values():
        needed = (_YES if column.required else _NO)[lang]
        sheet.append([column.name, column.meaning[lang], _form(column, lang), needed])
    for cell in (*sheet[1], *sheet[3]):
        cell.font = Font(bold=True)
    for letter, width in zip("ABCD", (20, 60, 40, 8), strict=True):
        sheet.column_dimensions[letter].width = width
        for cell in sheet[letter]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _note(column: Column, lang: str) -> str:
    needed = _HEADS[3][lang] + ("：" if lang == "zh" else ": ")
    needed += (_YES if column.required else _NO)[lang]
    return f"{column.meaning[lang]}\n{_form(column, lang)}\n{needed}"


def _form(column: Column, lang: str) -> str:
    if column.enum:
        return ", ".join(column.enum)
    form = _TYPES[column.type][lang]
    if column.minimum is not None:
        form += Text(f", {column.minimum:g} or more", f"，不小于 {column.minimum:g}")[lang]
    return form
