"""Rows of an Excel file that a stranger may have made."""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import openpyxl

from shequn.sources.files import ExportFile
from shequn.sources.wechat_json import damaged

_MOST = 1 << 30  # bytes of a sheet, unpacked
_MOST_STRINGS = 1 << 28  # openpyxl keeps all shared texts in memory
_COLUMNS = 20
_SHEET = "聊天记录"


def rows_of(file: ExportFile) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the sheet with the chat, at most 20 columns wide.

    Raises
    ------
    ShequnError
        Where the file is not an Excel file, is damaged, or would fill the memory.
    """
    with tempfile.TemporaryFile() as copy:
        # Copied, since a table of contents stands at the end, and the file may lie in a zip.
        for chunk in file.chunks():
            copy.write(chunk)
        copy.seek(0)
        rows = _rows(copy)
        while True:
            try:
                row = next(rows, None)
            # openpyxl says that a file is broken in too many ways to list.
            except Exception as error:
                raise damaged(file) from error
            if row is None:
                return
            yield row


def _rows(copy: IO[bytes]) -> Iterator[tuple[Any, ...]]:
    with zipfile.ZipFile(copy) as archive:
        for entry in archive.infolist():
            most = _MOST_STRINGS if "sharedStrings" in entry.filename else _MOST
            if entry.file_size > most:
                raise ValueError("too large")
            if entry.filename.endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    if b"<!" in part.read(4096).replace(b"<!--", b""):
                        raise ValueError("a document type")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and the like
        book = openpyxl.load_workbook(copy, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book[_SHEET] if _SHEET in book.sheetnames else book.worksheets[0]
        sheet.reset_dimensions()
        yield from sheet.iter_rows(max_col=_COLUMNS, values_only=True)
    finally:
        book.close()
