"""Which column of a table is which, by the names that shops and platforms give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from shequn.sources import cells, sheets
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from shequn.sources.files import ExportFile
    from shequn.sources.intake import Intake

# Column of the contract -> names, best first; names of one rank are divided by a bar.
Names = Mapping[str, Sequence[str]]
_UNIT = re.compile(
    r"\((?:元|人民币|rmb|cny|usd|eur|gbp|hkd|¥|\$|%|次|个|秒|s|万|单位:?元|[a-z]{3})\)"
)
_SPACE = re.compile(r"[\s_\-.:/'\"*#]+")
_SHOWN = 40
_LOOKED = 5000  # rows
_CURRENCY = re.compile(r"\(([A-Za-z]{3})\)")


def fold(name: str) -> str:
    """Return the name of a column as names are compared."""
    small = unicodedata.normalize("NFKC", name).strip("\ufeff \t").lower()
    return _SPACE.sub("", small)


def bare(name: str) -> str:
    """Return the same without the unit behind it."""
    return _UNIT.sub("", fold(name))


@dataclass
class Found:
    """The columns of a header.

    Attributes
    ----------
    header
        Names as they stand.
    places
        Column of the contract -> number of the column, from 0.
    doubtful
        Column of the contract -> names of which several may be it.
    """

    header: list[str]
    places: dict[str, int] = field(default_factory=dict)
    doubtful: dict[str, list[str]] = field(default_factory=dict)

    def name(self, column: str) -> str:
        """Return the name that a column of the contract has in the file."""
        return self.header[self.places[column]].strip()

    def some(self, *columns: str) -> list[int]:
        """Return the numbers of those of some columns that are there."""
        return [self.places[c] for c in columns if c in self.places]

    def currency(self, *columns: str) -> str | None:
        """Return the currency that the name of a column of money states."""
        for column in columns:
            if column in self.places:
                name = self.name(column)
                if "元" in name or "人民币" in name or "¥" in name or "￥" in name:
                    return "CNY"
                if code := _CURRENCY.search(unicodedata.normalize("NFKC", name)):
                    return code[1].upper()
        return None


def match(header: Sequence[str], wanted: Names) -> Found:
    """Find the columns that are wanted in a header."""
    found = Found(list(header))
    exact: dict[str, list[int]] = {}
    loose: dict[str, list[int]] = {}
    for i, name in enumerate(header):
        exact.setdefault(fold(name), []).append(i)
        loose.setdefault(bare(name), []).append(i)
    for column, ranks in wanted.items():
        for rank in ranks:
            names = [fold(n) for n in rank.split("|")]
            places = [i for n in names for i in exact.get(n, ())]
            places = places or [i for n in names for i in loose.get(n, ())]
            if len(places) > 1:
                found.doubtful[column] = [header[i].strip() for i in dict.fromkeys(places)]
            if places:
                found.places[column] = places[0]
                break
    return found


def find(rows: Sequence[Sequence[str]], wanted: Names) -> tuple[int, Found]:
    """Return which of the first rows is the header, from 0, and its columns.

    It is the first of those in which most of what is wanted is found.
    """
    found = [match(row, wanted) for row in rows] or [Found([])]
    best = max(range(len(found)), key=lambda i: (len(found[i].places), -i))
    return best, found[best]


def lacking(
    found: Found, wanted: Names, needed: Sequence[str], strict: Sequence[str] = ()
) -> Text | None:
    """Say what keeps a table from being read: columns that are not there, or there twice.

    Parameters
    ----------
    found, wanted
        Columns that are there, and all names.
    needed, strict
        Columns without which there is nothing to read; and those that are read where they are
        there, but not guessed among several.
    """
    there = ", ".join(_short(name) for name in found.header[:_SHOWN] if name.strip())
    for column, several in found.doubtful.items():
        if column not in needed and column not in strict:
            continue
        twice = ", ".join(map(_short, several))
        return Text(
            f"several columns may be {column}: {twice}; take out or rename all but one, or say "
            f"which with shequn import map. Found: {there}",
            f"有几列都可能是 {column}：{twice}；只留一列，其余删去或改名，"
            f"或用 shequn import map 指明。文件里的列：{there}",
        )
    for column in needed:
        if column not in found.places:
            names = ", ".join(n for rank in wanted[column] for n in rank.split("|"))
            return Text(
                f"no column for {column}. Expected one of: {names}. Found: {there}",
                f"没有 {column} 对应的列。应是其中之一：{names}。文件里的列：{there}",
            )
    return None


def say(found: Found, intake: Intake) -> None:
    """Say in the report which column was read as what."""
    pairs = ", ".join(f"{c} ← {_short(found.name(c))}" for c in found.places)
    note = Text(f"Columns read: {pairs}.", f"列的读法：{pairs}。")
    if note not in intake.assumptions:
        intake.assumptions.append(note)


def days_first(file: ExportFile, places: Sequence[int], told: bool | None) -> bool | None:
    """Return whether the day comes first in dates such as 3/4/2025; None where there are none.

    Parameters
    ----------
    file
        Its first rows tell, where ``told`` does not.
    places
        Columns with dates.
    told
        What the user said.

    Raises
    ------
    ShequnError
        Where nobody tells.
    """
    if told is not None or not places:
        return told
    first = (row for _, row in islice(sheets.rows(file), _LOOKED))
    some = [row[p] for row in first for p in places if p < len(row) and cells.open_day(row[p])]
    if not some:
        return None
    try:
        found = cells.day_comes_first(some)
    except ValueError:
        found = None
    if found is None:
        raise ShequnError(
            Text(
                f"{file.name}: dates such as 3/4/2025 leave open whether the day or the month "
                "comes first.",
                f"{file.name}：3/4/2025 这样的日期，看不出日在前还是月在前。",
            ),
            Text(
                "Export dates as 2025-04-03, or say which comes first.",
                "请把日期导出成 2025-04-03 的样子，或说明哪个在前。",
            ),
        )
    return found


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= 24 else f"{name[:23]}…"
