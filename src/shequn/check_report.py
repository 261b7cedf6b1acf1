"""What a check found: faults with place and remedy, as a table for the terminal or as data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shequn.check_words import KINDS, Severity
from shequn.tabular import CommunityInfo
from shequn.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text as Line

SHOWN = 60  # characters of a value that are shown
_WIDE = 110  # columns of a terminal in which six columns of text can be read
# Joiners within emoji and scripts are part of a character, not marks to beware of.
_HARMLESS = " \u200c\u200d"

Example = tuple[int | None, str | None]


@dataclass(frozen=True)
class Fault:
    """One kind of fault in one column of one file.

    Parameters
    ----------
    kind
        Stable name, a key of `shequn.check_words.KINDS`.
    severity
        ``error``: no number can be trusted before it is mended. ``warning``: worth a look.
    file
        Path relative to the folder; empty for the folder itself.
    row
        First row it stands in as a spreadsheet numbers rows (the header is row 1, in Parquet files
        as well); None where it is not about a row.
    column
        Column it stands in, or None.
    value
        The value in that row, shortened and with invisible characters made visible; None where
        there is none or it must not be shown.
    what, mend
        What is wrong, and what to do about it.
    count
        Number of rows (or columns) with this fault.
    examples
        Up to three (row, value), the first being `row` and `value`.
    """

    kind: str
    severity: Severity
    file: str
    row: int | None
    column: str | None
    value: str | None
    what: Text
    mend: Text
    count: int = 1
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class TableReport:
    """One table as it was found.

    Parameters
    ----------
    file
        Path relative to the folder.
    rows
        Rows that hold anything, faulty ones among them, the header not.
    first, last
        First and last credible time in its main time column, UTC; None where there is none.
    """

    file: str
    rows: int
    first: datetime | None = None
    last: datetime | None = None


@dataclass
class Report:
    """What `shequn.check.check` found in a folder.

    Parameters
    ----------
    folder
        The folder as it was given.
    faults
        Every fault, errors first, then by file.
    tables
        What each table holds, by name.
    community
        What the folder says about itself; None where that is faulty.
    """

    folder: str
    faults: list[Fault] = field(default_factory=list)
    tables: dict[str, TableReport] = field(default_factory=dict)
    community: CommunityInfo | None = None

    @property
    def ok(self) -> bool:
        """True where no fault is an error."""
        return not any(f.severity == "error" for f in self.faults)

    def render(self, lang: str) -> RenderableType:
        """Return the report for the terminal, in one language.

        Values are shown as they are, never read as markup.
        """
        return _Rendered(self, lang)


@dataclass(frozen=True)
class _Rendered:
    """A report as a table where the terminal is wide enough, otherwise as a list."""

    report: Report
    lang: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text as Line

        for sentence in self._summary():
            yield Line(_safe(sentence))
        if self.report.faults and options.max_width >= _WIDE:
            yield self._table()
        elif self.report.faults:
            yield Line()
            yield from self._list()

    def _summary(self) -> Iterator[str]:
        zh, report = self.lang == "zh", self.report
        if report.community and report.community.synthetic:
            yield "合成数据" if zh else "Synthetic data"
        for name, t in report.tables.items():
            rows = f"{t.rows:,} 行" if zh else f"{t.rows:,} row{'s' * (t.rows != 1)}"
            span = f", {t.first:%Y-%m-%d} – {t.last:%Y-%m-%d} UTC" if t.first and t.last else ""
            yield f"{name} ({t.file}): {rows}{span}"
        errors = sum(f.severity == "error" for f in report.faults)
        warnings = len(report.faults) - errors
        if not report.faults:
            yield "没有发现问题。" if zh else "No fault found."
        elif zh:
            yield f"{errors} 类错误，{warnings} 类提醒。"
        else:
            yield (
                f"{errors} kind{'s' * (errors != 1)} of error, "
                f"{warnings} kind{'s' * (warnings != 1)} of warning."
            )

    def _list(self) -> Iterator[RenderableType]:
        from rich.padding import Padding
        from rich.text import Text as Line

        for fault in self.report.faults:
            place = [_safe(fault.file or self.report.folder)]
            if rows := self._rows(fault):
                place.append(("行 " if self.lang == "zh" else "row ") + ", ".join(rows))
            if fault.column:
                place.append(fault.column)
            said = self._said(fault)
            if fault.value is not None:
                said.append(f" [{fault.value}]")
            yield Line(" · ".join(place), style="bold")
            yield Padding(said, (0, 0, 0, 2))
            yield Padding(Line(_safe(fault.mend[self.lang])), (0, 0, 1, 2))

    def _table(self) -> RenderableType:
        from rich import box
        from rich.table import Table
        from rich.text import Text as Line

        table = Table(box=box.SIMPLE, show_lines=False)
        names = Text("file|row|column|value|what|how to mend", "文件|行|列|值|问题|怎么改")
        for i, name in enumerate(names[self.lang].split("|")):
            table.add_column(name, overflow="fold", justify="right" if i == 1 else "left")
        for fault in self.report.faults:
            values = "\n".join(value or "" for _, value in fault.examples)
            table.add_row(
                Line(_safe(fault.file or self.report.folder)),
                Line("\n".join(self._rows(fault))),
                Line(fault.column or ""),
                Line(values.rstrip()),
                self._said(fault),
                Line(_safe(fault.mend[self.lang])),
            )
        return table

    def _rows(self, fault: Fault) -> list[str]:
        rows = [str(row) for row, _ in fault.examples if row is not None]
        if rows and fault.count > len(rows):
            rows.append(f"共 {fault.count:,}" if self.lang == "zh" else f"{fault.count:,} in all")
        return rows

    def _said(self, fault: Fault) -> Line:
        from rich.text import Text as Line

        grave = fault.severity == "error"
        word = ("错误" if grave else "提醒") if self.lang == "zh" else fault.severity
        style = "bold red" if grave else "yellow"
        return Line.assemble((word, style), " ", _safe(fault.what[self.lang]))


def visible(value: object) -> str | None:
    r"""Return a value fit to be shown: short, on one line, nothing invisible in it.

    Control characters, line breaks, direction marks, strange spaces and spaces at either end
    appear as ``\uXXXX``.
    """
    if value is None:
        return None
    text = str(value)
    shown = "".join(_escaped(c) for c in text[:SHOWN])
    shown = re.sub("^ +| +$", lambda spaces: "\\u0020" * len(spaces[0]), shown)
    return shown if len(text) <= SHOWN >= len(shown) else shown[: SHOWN - 1] + "…"


def _safe(text: str) -> str:
    """Return text whose names of files and folders cannot command the terminal."""
    return "".join(c if c == "\n" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    category = unicodedata.category(character)
    hidden = category[0] in "CZ" and category != "Cn" and character not in _HARMLESS
    return f"\\u{ord(character):04X}" if hidden else character


def fault(
    kind: str,
    file: str,
    *,
    column: str | None = None,
    examples: Iterable[tuple[int | None, object]] = (),
    count: int = 1,
    mend: Text | None = None,
    private: bool = False,
    **fields: Any,
) -> Fault:
    """Make a fault of a kind; `fields` fill its texts, `private` withholds the values."""
    said = KINDS[kind]
    shown = tuple((row, None if private else visible(value)) for row, value in examples)
    row, value = shown[0] if shown else (None, None)
    return Fault(
        kind=kind,
        severity=said.severity,
        file=file,
        row=row,
        column=visible(column),
        value=value,
        what=said.what.format(**fields),
        mend=mend or said.mend.format(**fields),
        count=count,
        examples=shown,
    )
