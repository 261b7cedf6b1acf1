"""A first draft of a mapping, from the names of columns and what stands in them."""

from __future__ import annotations

import glob
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from shequn import schema
from shequn.sources import cells, columns, sheets
from shequn.sources.files import ExportFile
from shequn.sources.readers.mapping_words import KINDS, NAMES, PEOPLE_NAMES
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

_LOOKED = 500  # rows
_FEW = 12  # values that are worth a list
_MOST = 0.9  # of cells that have to be of a kind
_SURE = "sure 确定"
_LIKELY = "likely, by its name only 可能，只凭列名"
_GUESS = "a guess, by its content only 猜测，只凭内容"
_NO_TIMES = (
    'the times were not understood, give a format such as "%Y-%m-%d %H:%M" 时间看不懂，请写 format'
)


@dataclass
class _Column:
    """What stands in a column of the source."""

    name: str
    cells: list[str]

    @property
    def values(self) -> list[str]:
        """Return the cells that say something."""
        return [c for c in self.cells if not cells.missing(c)]

    def format(self) -> str | None:
        """Return the format of times, where that is what most cells are."""
        values = self.values
        if not values:
            return None
        for name, digits in (("unix", 10), ("unix_ms", 13)):
            if _share(values, lambda c, d=digits: len(c.strip()) == d and c.strip().isdigit()):
                return name
        zone = Zone("UTC")
        return "auto" if _share(values, lambda c: _is_time(c, zone)) else None

    def numeric(self) -> bool:
        """Tell whether most cells are numbers."""
        return bool(self.values) and _share(self.values, _is_number)

    def say(self) -> str:
        """Return what stands there, in words that name nobody."""
        values = self.values
        if not values:
            return "empty 空"
        if self.format():
            return "times 时间"
        kinds = len(set(values))
        what = "numbers 数字" if self.numeric() else "text 文字"
        return f"{what}, {kinds} different 个不同值"


def _share(values: Sequence[str], holds: object) -> bool:
    assert callable(holds)
    return sum(bool(holds(v)) for v in values) >= _MOST * len(values)


def _is_time(cell: str, zone: Zone) -> bool:
    if cell.strip().isdigit() and len(cell.strip()) != 8:
        return False
    for first in (True, False):
        try:
            return cells.moment(cell, zone, day_first=first) is not None
        except ValueError:
            continue
    return False


def _is_number(cell: str) -> bool:
    try:
        return cells.number(cell.strip().removesuffix("%")) is not None
    except ValueError:
        return False


def guess(file: ExportFile) -> str:
    """Return a first draft of a mapping for a file, with comments that say how sure it is.

    Raises
    ------
    ShequnError
        Where the file is no table.
    """
    rows = list(islice(sheets.rows(file), _LOOKED))
    if not rows:
        raise ShequnError(
            Text(f"{file.name} holds no table.", f"{file.name} 里没有表格。"),
            Text(
                "Give a CSV or Excel file with a row of names.",
                "请给出带列名的 CSV 或 Excel 文件。",
            ),
        )
    table, at, found = _table(rows)
    number, header = rows[at]
    body = [row for _, row in rows[at + 1 :]]
    source = [
        _Column(name.strip(), [row[i] if i < len(row) else "" for row in body])
        for i, name in enumerate(header)
    ]
    lines = [
        f"# A draft for {_quoted(file.name)}, by its column names and {len(body)} rows. Check every line.",
        "# 草稿：根据列名和前几行生成，请逐行核对。",
        "tables:",
        f"  - table: {table}",
        f"    file: {_quoted(glob.escape(file.name))}",
    ]
    if number != rows[0][0] or number != 1:
        lines.append(f"    header: {number}")
    if table == "survey_answers":
        lines.append("    system: survey  # keeps respondents apart from members 与成员编号分开")
    lines += ["    columns:", *_columns(table, found, source)]
    return "\n".join(lines) + "\n"


def _table(rows: list[tuple[int, list[str]]]) -> tuple[str, int, columns.Found]:
    """Return the table of the contract whose columns are there for the most part, and the header."""
    best: tuple[tuple[float, int], str, int, columns.Found] | None = None
    top = [row for _, row in rows[: sheets.TOP]]
    for table, names in NAMES.items():
        at, found = columns.find(top, names)
        contract = schema.tables()[table]
        # The import makes the id of a row where it is missing, but not that of a person.
        made = None if table == "members" else contract.key
        needed = [c.name for c in contract.columns.values() if c.required and c.name != made]
        there = sum(c in found.places for c in needed)
        score = (there / max(len(needed), 1) + len(found.places) / 100, len(found.places))
        if best is None or score > best[0]:
            best = (score, table, at, found)
    assert best is not None
    return best[1:]


def _columns(table: str, found: columns.Found, source: list[_Column]) -> list[str]:
    contract = schema.tables()[table]
    lines, used = [], set(found.places.values())
    names = PEOPLE_NAMES if table in ("messages", "members", "membership_events") else ()
    shown = columns.match(found.header, {"name": names}).places.get("name") if names else None
    for name, column in contract.columns.items():
        place, sure = found.places.get(name), _LIKELY
        if place is None:
            if not column.required or (name == contract.key and table != "members"):
                continue
            place, sure = _by_content(column, source, used), _GUESS
            if place is None:
                lines.append(
                    f'      {name}: ""  # needed 必填: {column.meaning.en} {column.meaning.zh}'
                )
                continue
            used.add(place)
        elif _agrees(column, source[place]):
            sure = _SURE
        called = None
        if name in schema.PERSONS and shown is not None and shown not in (place, *used):
            called = source[shown].name
            used.add(shown)
        lines += _line(name, column, source[place], sure, called)
        if doubtful := found.doubtful.get(name):
            lines[-1] += f"; or 或 {', '.join(_quoted(n) for n in doubtful[1:])}"
    rest = [c for i, c in enumerate(source) if i not in used and c.name]
    if rest:
        lines.append("    # not used 未用到：")
        lines += [f"    #   {_quoted(c.name)}: {c.say()}" for c in rest]
    return lines


def _line(
    name: str, column: schema.Column, source: _Column, sure: str, shown: str | None
) -> list[str]:
    """Return the lines for a column of the contract."""
    if not source.name:
        return [f'      {name}: ""  # needed 必填: {column.meaning.en} {column.meaning.zh}']
    keys = [f"column: {_quoted(source.name)}"]
    if shown:
        keys.append(f"name: {_quoted(shown)}")
    if column.type in ("datetime", "date"):
        style = source.format()
        if style in ("unix", "unix_ms"):
            keys.append(f"format: {style}")
        elif style is None:
            sure += f"; {_NO_TIMES}"
        elif any(cells.open_day(c) for c in source.values):
            try:
                first = cells.day_comes_first(source.values)
            except ValueError:
                first = None
            keys.append(f"day_first: {'true' if first else 'false'}")
            sure += "" if first is not None else "; day or month first? 日在前还是月在前？"
    people = name in schema.PEOPLE
    comment = f"  # {sure}{'; becomes a pseudonym 换成代号' if people else ''}"
    if column.enum and not _agrees(column, source):
        return _choices(name, column, source, keys, comment)
    if len(keys) == 1:
        return [f"      {name}: {_quoted(source.name)}{comment}"]
    return [f"      {name}: {{{', '.join(keys)}}}{comment}"]


def _choices(
    name: str, column: schema.Column, source: _Column, keys: list[str], comment: str
) -> list[str]:
    """Return the lines for a column of few values, each with what it may mean."""
    lines = [f"      {name}:{comment}", f"        {keys[0]}"]
    values = sorted({v.strip() for v in source.values})
    known = {
        v: KINDS.get(v.lower(), v.lower() if v.lower() in column.enum else None) for v in values
    }
    meant = {v: m for v, m in known.items() if m in column.enum}
    if meant:
        lines.append("        values:")
        lines += [f"          {_quoted(v)}: {m}" for v, m in list(meant.items())[:_FEW]]
    rest = [v for v in values if v not in meant]
    if rest and len(rest) <= _FEW:
        lines.append(f"        # what are 这些是什么: {', '.join(_quoted(v) for v in rest)}")
    if "other" in column.enum:
        lines.append("        other: other")
    return lines


def _agrees(column: schema.Column, source: _Column) -> bool:
    """Tell whether what stands in a column can be what it is taken for."""
    values = source.values
    if not values:
        return False
    if column.type in ("datetime", "date"):
        return source.format() is not None
    if column.enum:
        return _share(values, lambda v: v.strip().lower() in column.enum)
    if column.type in ("integer", "number"):
        return source.numeric()
    if column.name == "message_id" or column.unique:
        return len(set(values)) == len(values)
    return True


def _by_content(column: schema.Column, source: list[_Column], used: set[int]) -> int | None:
    """Return a column that no name tells of, by what stands in it."""
    free = [(i, c) for i, c in enumerate(source) if i not in used and c.values and c.name]
    if column.type in ("datetime", "date"):
        return next((i for i, c in free if c.format()), None)
    if column.type in ("integer", "number"):
        return next((i for i, c in free if c.numeric()), None)
    if column.name in schema.PERSONS:
        # Some come again, but not as few as kinds do.
        return next(
            (
                i
                for i, c in free
                if not c.format() and _FEW / 4 < len(set(c.values)) < len(c.values)
            ),
            None,
        )
    return None


def _quoted(text: str) -> str:
    """Return text as YAML writes it between quotes."""
    made = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in made)
