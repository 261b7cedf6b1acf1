"""What the columns of any table mean: ``mapping.yml``, read and checked.

The file says for each table which column of the contract comes from which column of the source::

    tables:
      - table: messages
        file: "chat*.csv"
        columns:
          message_id: 编号
          author_id: {column: 用户ID, name: 昵称}
          ts: {column: 时间, format: "%Y/%m/%d %H:%M", zone: Asia/Shanghai}
          kind: {column: 类型, values: {文本: text, 图片: image}, other: other}
          channel_id: {value: main}
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping as Keyed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from shequn.sources.files import ExportFile
    from shequn.sources.intake import Intake
    from shequn.sources.report import Reading

MOST = 1 << 18  # bytes of a mapping
ROW, COLUMN, CELL = "$row", "$column", "$cell"  # place of a row; name and content of a spread cell


@dataclass(frozen=True)
class Source:
    """Where the values of a column of the contract come from.

    Attributes
    ----------
    line
        Of the mapping, for complaints.
    column, value
        Name of the source's column, or what stands in every row; one of them.
    name
        Of a person: column with the name shown.
    format, zone, day_first
        Of a time: ``auto``, ``unix``, ``unix_ms`` or a pattern of `datetime.strptime`; its zone
        where it bears none; whether 3/4 is the third of April.
    values, other
        What cells mean; and what every other cell does.
    split
        What divides several values in a cell.
    """

    line: int
    column: str | None = None
    value: str | None = None
    name: str | None = None
    format: str = "auto"
    zone: Zone | None = None
    day_first: bool | None = None
    values: Keyed[str, str] = field(default_factory=dict)
    other: str | None = None
    split: str | None = None


@dataclass(frozen=True)
class Entry:
    """How one table of the contract comes from files.

    Attributes
    ----------
    line
        Of the mapping.
    table
        Of the contract.
    file
        Pattern of the names of files.
    header
        Row of the header, from 1; None for the first row that has the columns.
    system
        Whose ids of people these are, where those of two systems must not be taken for one.
    columns
        By column of the contract.
    unpivot
        Patterns of columns that each become a row.
    where
        Rows that count: column -> cells.
    keep_empty
        Whether empty cells of spread columns are rows too.
    """

    line: int
    table: str
    file: str = "*"
    header: int | None = None
    system: str = ""
    columns: Keyed[str, Source] = field(default_factory=dict)
    unpivot: tuple[str, ...] = ()
    where: Keyed[str, tuple[str, ...]] = field(default_factory=dict)
    keep_empty: bool = False

    def takes(self, name: str) -> bool:
        """Tell whether a file is one of these, by its name."""
        return fnmatch.fnmatch(name.lower(), self.file.lower())

    def needs(self) -> set[str]:
        """Return the columns of the source that must be there."""
        names = {s.column for s in self.columns.values() if s.column}
        names |= {s.name for s in self.columns.values() if s.name}
        return {n for n in names | set(self.where) if n not in (ROW, COLUMN, CELL)}


@dataclass(frozen=True)
class Mapping:
    """A mapping: the file, and what it says."""

    path: Path
    entries: tuple[Entry, ...]


def load(path: Path) -> Mapping:
    """Read a mapping and check it.

    Raises
    ------
    ShequnError
        With file and line, where anything is wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        why = error.strerror or error
        raise ShequnError(
            Text(f"{path} cannot be read: {why}.", f"{path} 读不了：{why}。"), _START
        ) from error
    if len(data) > MOST:
        raise wrong(path, 1, Text("it is too long for a mapping", "作为映射文件太长了"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(path, 1, Text("it is not UTF-8", "不是 UTF-8 编码")) from error
    from shequn.sources.readers.mapping_check import Check, parse

    return Check(path).mapping(parse(path, text))


_START = Text(
    "Let a first draft be written: shequn import map --guess FILE.",
    "可以先生成一份草稿：shequn import map --guess 文件。",
)


def wrong(path: Path, line: int, what: Text) -> ShequnError:
    """Return an error about a line of a file."""
    return ShequnError(
        Text(f"{path}, line {line}: {what.en}.", f"{path} 第 {line} 行：{what.zh}。"), _START
    )


def read(files: list[Reading], intake: Intake, mapping: Mapping) -> None:
    """Put what files say into an intake, as a mapping tells; raises as `load`."""
    from shequn.sources.readers.mapping_rows import read as read_rows

    read_rows(files, intake, mapping)


def guess(place: ExportFile | Path) -> str:
    """Return a first draft of a mapping for a table, with comments that say how sure it is.

    Parameters
    ----------
    place
        A file; or a path, of whose files the first that is a table is taken.

    Raises
    ------
    ShequnError
        Where there is no table.
    """
    from shequn.sources import sheets
    from shequn.sources.files import Export
    from shequn.sources.readers.mapping_guess import guess as guess_columns

    if isinstance(place, Path):
        files = Export(place).files
        place = next(filter(sheets.named, files), files[0])
    return guess_columns(place)


def complain(mapping: Mapping, line: int, what: Text) -> ShequnError:
    """Return an error about a line of a mapping."""
    return wrong(mapping.path, line, what)
