"""Excel files written cell by cell, as the platforms and shops write them; nothing of shequn."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_OPEN = "http://schemas.openxmlformats.org"
_KIND = "application/vnd.openxmlformats-"
_SPREADSHEET = f"{_KIND}officedocument.spreadsheetml."
_TYPES = f"""{_HEAD}<Types xmlns="{_OPEN}/package/2006/content-types">
<Default Extension="rels" ContentType="{_KIND}package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{_SPREADSHEET}sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SPREADSHEET}worksheet+xml"/>
</Types>"""
_RELATIONS = f"{_OPEN}/officeDocument/2006/relationships"
_RELS = f"""{_HEAD}<Relationships xmlns="{_OPEN}/package/2006/relationships">
<Relationship Id="r1" Type="{_RELATIONS}/{{kind}}" Target="{{target}}"/></Relationships>"""
_BOOK = f"""{_HEAD}<workbook xmlns="{_OPEN}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}">
<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>"""


def excel(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return an Excel file of one sheet."""
    book = openpyxl.Workbook()
    for i, row in enumerate(rows, 1):
        for j, value in enumerate(row, 1):
            cell = book.active.cell(i, j, value)
            if isinstance(value, str):
                cell.data_type = "s"  # also what looks like a formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def raw_excel(sheet: str | bytes) -> bytes:
    """Return an Excel file whose sheet is this XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr(
            "_rels/.rels", _RELS.format(kind="officeDocument", target="xl/workbook.xml")
        )
        archive.writestr("xl/workbook.xml", _BOOK)
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            _RELS.format(kind="worksheet", target="worksheets/sheet1.xml"),
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return out.getvalue()


def text(rows: Sequence[Sequence[Any]], delimiter: str = ",") -> str:
    """Return a table as text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()
