"""Rows of a table, from an Excel file or from text with delimiters, as text."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import re
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, cast

from shequn.sources.files import ExportFile
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from shequn.sources.platforms import Head

TOP = 12  # rows at the beginning in which a header is looked for
EXCEL = (".xlsx", ".xlsm")
TEXT = (".csv", ".tsv", ".txt", ".tab")
_DELIMITERS = ",;\t"
_LINES = 200  # of text, for those first rows: a cell may hold line breaks
_MOST_COLUMNS = 2000
_MOST_EMPTY = 100_000  # rows in a row
_MOST_SHEET = 1 << 30  # bytes of a sheet, unpacked
_MOST_WORDS = 1 << 27  # openpyxl keeps all shared texts in memory
_MOST_OTHER = 1 << 24  # styles and the like, read whole
_MOST_PARTS = 10_000
_PROLOG = 1 << 16
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_TAG = re.compile(rb"<[A-Za-z_]")


def named(file: ExportFile) -> bool:
    """Tell whether a file bears the name of a table."""
    return file.name.lower().endswith(EXCEL + TEXT)


def first_rows(file: ExportFile) -> list[list[str]]:
    """Return about twelve rows of the first sheet of an Excel file; none where it is no such file."""
    if not file.name.lower().endswith(EXCEL):
        return []
    try:
        return [cells for _, cells in islice(rows(file), TOP)]
    except ShequnError:
        return []


def top(head: Head) -> list[list[str]]:
    """Return the first rows of any table, for telling whose it is; none where it is none."""
    if head.name.endswith(EXCEL):
        return head.sheet
    if not head.name.endswith(TEXT) and not head.alone:
        return []
    lines = head.lines[:_LINES]
    if lines and lines[0].startswith(("\xff\xfe", "\xfe\xff")):  # UTF-16 read as Latin-1
        try:
            lines = list(islice(_wide_lines(head.file), _LINES))
        except ShequnError:
            return []
    return [cells for _, cells in islice(_delimited(lines), TOP)]


def rows(file: ExportFile) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a table, each with its number from 1, empty ones left out.

    Parameters
    ----------
    file
        An Excel file, of which the first sheet is read; or text in UTF-8, UTF-16 or GB18030 with
        commas, semicolons or tabs between the cells. Dates of Excel come as ISO 8601. A record of
        text that is broken comes without cells.

    Raises
    ------
    ShequnError
        Where the file cannot be read, is damaged, or is made to fill the memory.
    """
    if file.name.lower().endswith(EXCEL):
        yield from _excel(file)
        return
    with contextlib.closing(cast("Generator[bytes, None, None]", file.chunks())) as chunks:
        start = next(chunks, b"")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old(file)
    yield from _delimited(_wide_lines(file) if start[:2] in _UTF16 else file.lines())


def _wide_lines(file: ExportFile) -> Iterator[str]:
    """Yield the lines of a file in UTF-16, as some programs write for Excel."""
    import codecs

    decoder, rest = None, ""
    for chunk in file.chunks():
        if decoder is None:
            decoder = codecs.getincrementaldecoder(_UTF16[chunk[:2]])("replace")
            chunk = chunk[2:]
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        yield from (line.removesuffix("\r") for line in whole)
    if rest:
        yield rest.removesuffix("\r")


def _delimited(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    source = iter(lines)
    first = list(islice(source, _LINES))
    if not first:
        return
    delimiter = _delimiter(first)
    if first[0].lower().startswith("sep="):  # for Excel; it says which
        delimiter, first[0] = first[0][4:5] or "\t", ""

    def ended() -> Iterator[str]:
        # With its end: a cell may hold several lines.
        for line in first:
            yield line + "\n"
        for line in source:
            yield line + "\n"

    reader, n = csv.reader(ended(), delimiter=delimiter), 0
    while True:
        n += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell without end; the next line begins anew
            yield n, []
            continue
        if any(cells):
            yield n, cells


def _delimiter(lines: list[str]) -> str:
    """Return what divides most of the first lines into most cells alike."""
    best, delimiter = (0, 0), ","
    for d in _DELIMITERS:
        try:
            widths = Counter(len(c) for c in csv.reader(lines[:50], delimiter=d) if len(c) > 1)
        except csv.Error:
            continue
        width, count = max(widths.items(), key=lambda w: (w[1], w[0]), default=(0, 0))
        best, delimiter = max((best, delimiter), ((count, width), d), key=lambda b: b[0])
    return delimiter


def _excel(file: ExportFile) -> Iterator[tuple[int, list[str]]]:
    with tempfile.TemporaryFile() as copy:
        # Copied, since the table of contents stands at the end, and the file may lie in a zip.
        for chunk in file.chunks():
            copy.write(chunk)
        copy.seek(0)
        if copy.read(4) == b"\xd0\xcf\x11\xe0":
            raise _old(file)
        copy.seek(0)
        cells = _cells(copy)
        while True:
            try:
                row = next(cells, None)
            # openpyxl says that a file is broken in too many ways to list.
            except Exception as error:
                raise _damaged(file) from error
            if row is None:
                return
            yield row


def _cells(copy: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    _refuse_bombs(copy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and the like
        book = openpyxl.load_workbook(copy, read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file claims them to be
        empty = 0
        for n, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if len(row) > _MOST_COLUMNS:
                raise ValueError("too wide")
            cells = list(map(_text, row))
            if any(cells):
                empty = 0
                yield n, cells
            elif (empty := empty + 1) > _MOST_EMPTY:
                raise ValueError("too many empty rows")
    finally:
        book.close()


def _refuse_bombs(copy: IO[bytes]) -> None:
    with zipfile.ZipFile(copy) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_PARTS:
            raise ValueError("too many parts")
        for entry in entries:
            if not entry.filename.endswith((".xml", ".rels")):
                continue
            sheet, words = "worksheets/" in entry.filename, "sharedStrings" in entry.filename
            most = _MOST_SHEET if sheet else _MOST_WORDS if words else _MOST_OTHER
            if entry.file_size > most:
                raise ValueError("too large")
            with archive.open(entry) as part:
                start = part.read(_PROLOG)
            # Entities are declared before the first tag. UTF-16 would hide them, and is never used.
            bare = _ASIDE.sub(b"", start)
            tag = _TAG.search(bare)
            if b"\0" in start or tag is None or b"<!" in bare[: tag.start()]:
                raise ValueError("a document type")
    copy.seek(0)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        # Excel keeps days as fractions: what is missing to the whole second is its rounding.
        return f"{(value + dt.timedelta(milliseconds=1)).replace(microsecond=0):%Y-%m-%d %H:%M:%S}"
    return str(value)  # dates and times so too


def _damaged(file: ExportFile) -> ShequnError:
    return ShequnError(
        Text(
            f"{file.name} is no Excel file that can be read: it is damaged, or made to do harm.",
            f"{file.name} 不是能读的 Excel 文件：已损坏，或有意做成有害的。",
        ),
        Text(
            "Download it again; or open it in Excel or WPS, and save it as CSV in UTF-8.",
            "请重新下载；或用 Excel、WPS 打开，另存为 CSV（UTF-8）。",
        ),
    )


def _old(file: ExportFile) -> ShequnError:
    return ShequnError(
        Text(
            f"{file.name} is an Excel file of the old kind, or locked with a password.",
            f"{file.name} 是旧版 Excel 文件，或者有密码。",
        ),
        Text(
            "Open it in Excel or WPS, and save it as .xlsx without a password.",
            "请用 Excel 或 WPS 打开，另存为不带密码的 .xlsx。",
        ),
    )
