"""Write a community's data folder, whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from shequn import atomic, schema
from shequn.sources.report import ImportReport, Reading
from shequn.sources.times import utc
from shequn.text import ShequnError, Text, not_a_formula

Value = str | int | float | bool | dt.date | None
_PRIVATE = "identities"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # all but tab and newline
_ROWS_AT_ONCE = 5000
OTHER_OUT = Text("Choose another --out.", "请换一个 --out。")


@dataclass(frozen=True)
class Table:
    """Rows of a table of the contract; the rows may be a generator and are gone through once.

    Parameters
    ----------
    columns
        Names, each a column of the table in ``datapackage.json``.
    rows
        One sequence of values a row. Times are whole seconds since 1970 UTC, or aware datetimes.
    """

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Value]]


@dataclass(frozen=True)
class Community:
    """What a reader hands over: the tables of a community, and how they came about."""

    name: str
    timezone: str
    tables: dict[str, Table]
    report: ImportReport


def sources(report: ImportReport, readings: Iterable[Reading]) -> Table:
    """Return the table of the files that were read."""
    return Table(
        ("source_id", "platform", "format", "sha256", "tz_assumed", "covers_from", "covers_to",
         "rows_read", "rows_kept", "rows_unparsed"),
        [
            (r.source_id, report.platform, r.layout, r.file.sha256, report.timezone,
             *(r.span or (None, None)), r.read, r.kept, r.unparsed)
            for r in readings
        ],
    )  # fmt: skip


def refuse_occupied(out: Path, *, overwrite: bool) -> None:
    """Refuse a data folder that would be lost.

    Raises
    ------
    ShequnError
        Where ``out`` is a file, holds something and ``overwrite`` is not given, or holds something
        that is not a community's data (which is never overwritten).
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        what = Text(f"{out} is a file, not a folder.", f"{out} 是文件，不是文件夹。")
    elif not overwrite:
        raise ShequnError(
            Text(f"{out} is not empty.", f"{out} 不是空的。"),
            Text(
                "Choose another --out, or replace the whole folder with --overwrite.",
                "请换一个 --out，或加 --overwrite 整个替换。",
            ),
        )
    elif _ours(out):
        return
    else:
        what = Text(
            f"{out} holds something else than a community's data; it is not overwritten.",
            f"{out} 里不是社群数据，不予覆盖。",
        )
    raise ShequnError(what, OTHER_OUT)


def _ours(out: Path) -> bool:
    try:
        package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(package, dict) and package.get("name") == schema.descriptor()["name"]


def write(out: Path, community: Community, *, overwrite: bool = False) -> None:
    """Write the tables, their description, and the report of the import.

    Everything is written beside ``out`` first and put in its place in one step, so that a stop at
    any moment leaves ``out`` as it was or as it should be. What a stopped call left beside it is
    cleared by the next.

    Raises
    ------
    ShequnError
        Where ``out`` would be lost, or cannot be written.
    ValueError
        Where a table or column is not in the contract, or a time has no zone.
    """
    out = out.resolve()
    try:
        with atomic.only_one(out):
            atomic.recover(out)
            new = atomic.beside(out, "new")
            shutil.rmtree(new, ignore_errors=True)
            refuse_occupied(out, overwrite=overwrite)
            new.mkdir()
            try:
                _fill(new, community)
                atomic.put(new, out)
            finally:
                shutil.rmtree(new, ignore_errors=True)
            _sync_folder(out.parent)
    except OSError as error:
        raise ShequnError(
            Text(
                f"{out} cannot be written: {error.strerror or error}.",
                f"写不了 {out}：{error.strerror or error}。",
            ),
            Text(
                "Make room or choose another --out; nothing was changed.",
                "请腾出空间或换一个 --out；原有内容没有变动。",
            ),
        ) from error


def _fill(folder: Path, community: Community) -> None:
    rows = {name: _write_table(folder, name, t) for name, t in community.tables.items()}
    community.report.count(rows)
    with _create(folder / "import.json") as file:
        file.write(community.report.to_json())
    with _create(folder / "datapackage.json") as file:
        json.dump(_package(community), file, ensure_ascii=False, indent=1)
        file.write("\n")
    _sync_folder(folder)


def _write_table(folder: Path, name: str, table: Table) -> int:
    """Write a table and return the number of its rows."""
    contract = schema.tables().get(name)
    strange = [c for c in table.columns if contract is None or c not in contract.columns]
    if contract is None or strange:
        raise ValueError(f"not in the contract: {name} {strange}")
    convert = [
        (i, _CONVERT[contract.columns[c].type])
        for i, c in enumerate(table.columns)
        if contract.columns[c].type in _CONVERT
    ]
    with _create(folder / f"{name}.csv", private=name == _PRIVATE) as file:
        rows, count = iter(table.rows), 0
        file.write(_csv([table.columns]))
        while part := list(islice(rows, _ROWS_AT_ONCE)):
            count += len(part)
            if convert:
                columns = list(zip(*part, strict=True))
                for i, function in convert:
                    columns[i] = tuple(map(function, columns[i]))
                part = list(zip(*columns, strict=True))
            if name == _PRIVATE:  # the one table that people look things up in by hand
                part = [[not_a_formula(c) if isinstance(c, str) else c for c in r] for r in part]
            text = _csv(part)
            file.write(text if _plain(text) else _csv(map(_harmless, part)))
    return count


def _csv(rows: Iterable[Sequence[Value]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"


_CONVERT: dict[str, Callable[[Any], str | None]] = {"datetime": utc, "boolean": _flag}


def _plain(text: str) -> bool:
    # The first look is much the quicker one, and most text passes it.
    return text.replace("\n", "").isprintable() or not _CONTROL.search(text)


def _harmless(row: Sequence[Value]) -> Sequence[Value]:
    """Return a row without control characters: some programs stop reading a file at them."""
    return [
        _CONTROL.sub("\ufffd", cell.replace("\r\n", "\n")) if isinstance(cell, str) else cell
        for cell in row
    ]


@contextmanager
def _create(path: Path, *, private: bool = False) -> Iterator[IO[str]]:
    """Open a new text file that is on the disk when the block ends."""
    # Private from the first moment: no instant at which others could open it.
    mode = 0o600 if private else 0o666
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _package(community: Community) -> dict[str, Any]:
    """Return the description of the tables that are there, with only the columns they have."""
    package = schema.descriptor()
    resources = []
    for resource in package["resources"]:
        table = community.tables.get(resource["name"])
        if table is None:
            continue
        own: dict[str, Any] = dict(resource["schema"])
        fields = {field["name"]: field for field in own["fields"]}
        own["fields"] = [fields[c] for c in table.columns]
        keys = [
            key
            for key in own.pop("foreignKeys", ())
            if key["reference"]["resource"] in community.tables
            and set(key["fields"]) <= set(table.columns)
        ]
        if keys:
            own["foreignKeys"] = keys
        resources.append({**resource, "path": f"{resource['name']}.csv", "schema": own})
    package["resources"] = resources
    package["community"] = {
        "name": community.name,
        "timezone": community.timezone,
        "day_start": "00:00",
        "week_start": "monday",
        "synthetic": False,
    }
    return package
