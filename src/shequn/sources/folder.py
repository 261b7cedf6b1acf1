"""Write a community's data folder, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from shequn import atomic, schema
from shequn.sources.report import ImportReport
from shequn.tabular import literal, quoted
from shequn.tabular_folder import DESCRIPTOR, IMPORT, IMPORT_PAGES
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PRIVATE = "identities"
# Cells that people wrote: a spreadsheet must not run them, nor a program stop at them.
_WRITTEN = {
    "display_name", "platform_user_id", "text", "title", "name", "emoji", "props", "product",
    "coupon", "campaign", "channel", "ad_id", "join_channel",
}  # fmt: skip
_MAY_RUN = _WRITTEN - {"name", "emoji"}  # the emoji +1 is no formula
OTHER_OUT = Text("Choose another --out.", "请换一个 --out。")


@dataclass(frozen=True)
class Community:
    """The tables of a community as a reader's rows became them.

    Attributes
    ----------
    name, timezone
        Of the community.
    settings
        What the folder before said of the community; it goes on holding.
    tables
        Table of the contract -> query for its rows, times as seconds since 1970 UTC.
    report
        Of the import.
    kept
        Files of the old folder that stay as they are, by name.
    """

    name: str
    timezone: str
    tables: Mapping[str, str]
    report: ImportReport
    kept: Mapping[str, Path] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def settings_of(out: Path) -> dict[str, Any]:
    """Return what the description of a data folder says of the community."""
    package = json.loads((out / DESCRIPTOR).read_text(encoding="utf-8"))
    found = package.get("community")
    return found if isinstance(found, dict) else {}


def refuse_occupied(out: Path, *, overwrite: bool = False, append: bool = False) -> None:
    """Refuse a data folder that would be lost.

    Raises
    ------
    ShequnError
        Where ``out`` is a file, holds something and neither ``overwrite`` nor ``append`` is given,
        or holds something that is not a community's data (which is never overwritten).
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not out.is_dir():
        what = Text(f"{out} is a file, not a folder.", f"{out} 是文件，不是文件夹。")
    elif not overwrite and not append:
        raise ShequnError(
            Text(f"{out} is not empty.", f"{out} 不是空的。"),
            Text(
                "Add to what is there with --append, replace the whole folder with --overwrite, "
                "or choose another --out.",
                "要并入已有数据加 --append，要整个替换加 --overwrite，或换一个 --out。",
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
        package = json.loads((out / DESCRIPTOR).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(package, dict) and package.get("name") == schema.descriptor()["name"]


@contextmanager
def making(out: Path, *, overwrite: bool = False, append: bool = False) -> Iterator[Path]:
    """Give an empty folder that takes the place of ``out`` when the block ends well.

    A stop at any moment leaves ``out`` as it was or as it should be. What a stopped call left
    beside it is cleared by the next.

    Raises
    ------
    ShequnError
        Where another command is writing ``out``, `refuse_occupied` refuses it, or it cannot be
        written.
    """
    out = out.resolve()
    new = atomic.beside(out, "new")
    try:
        with atomic.only_one(out):
            atomic.recover(out)
            shutil.rmtree(new, ignore_errors=True)
            # Again: what a stopped call had moved aside is back now.
            refuse_occupied(out, overwrite=overwrite, append=append)
            new.mkdir(mode=0o700)
            try:
                yield new
                new.chmod(0o777 & ~_umask())
                atomic.put(new, out)
            finally:
                shutil.rmtree(new, ignore_errors=True)
            _sync_folder(out.parent)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        full = Text("No space left, or the disk is gone", "磁盘已满，或已不在")
        told = getattr(error, "strerror", None)
        why = Text(told, told) if told else full
        raise ShequnError(
            Text(f"{out} cannot be written: {why.en}.", f"写不了 {out}：{why.zh}。"),
            Text(
                "Make room or choose another --out; nothing was changed.",
                "请腾出空间或换一个 --out；原有内容没有变动。",
            ),
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def fill(folder: Path, community: Community, con: DuckDBPyConnection) -> None:
    """Write the tables, their description, and the report of the import.

    Raises
    ------
    ValueError
        Where a table or column is not in the contract.
    """
    columns = {n: write_table(folder, n, q, con) for n, q in community.tables.items()}
    for name, path in community.kept.items():
        shutil.copy2(path, folder / name)
    package = json.dumps(_package(community, columns), ensure_ascii=False, indent=1) + "\n"
    pages = {IMPORT_PAGES[lang]: community.report.page(lang) for lang in IMPORT_PAGES}
    for name, text in {**pages, IMPORT: community.report.to_json(), DESCRIPTOR: package}.items():
        with (folder / name).open("x", encoding="utf-8", errors="replace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    _sync_folder(folder)


def write_table(folder: Path, name: str, query: str, con: DuckDBPyConnection) -> list[str]:
    """Write the rows of a query and return the columns."""
    contract = schema.tables().get(name)
    columns = [str(c) for c, *_ in con.execute(f"DESCRIBE {query}").fetchall()]
    strange = [c for c in columns if contract is None or c not in contract.columns]
    if contract is None or strange:
        raise ValueError(f"not in the contract: {name} {strange}")
    cells = ", ".join(f"{_cell(contract.columns[c])} AS {quoted(c)}" for c in columns)
    path = folder / f"{name}.csv"
    # Private from the first moment: no instant at which others could open it.
    mode = 0o600 if name == _PRIVATE else 0o666
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    con.execute(
        f"COPY (SELECT {cells} FROM ({query})) TO {literal(str(path))} "
        "(FORMAT csv, HEADER, DELIMITER ',', QUOTE '\"', USE_TMP_FILE false)"
    )
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return columns


def _cell(column: schema.Column) -> str:
    cell = quoted(column.name)
    if column.type == "datetime":
        return f"strftime(make_timestamp({cell} * 1000000), '%Y-%m-%dT%H:%M:%SZ')"
    if column.name not in _WRITTEN or column.type != "string":
        return cell
    # All but tab and newline.
    harmless = (
        f"regexp_replace(replace({cell}, chr(13) || chr(10), chr(10)), "
        "'[\\x00-\\x08\\x0B-\\x1F\\x7F]', '\ufffd', 'g')"
    )
    if column.name not in _MAY_RUN:
        return harmless
    return f"if(left({cell}, 1) IN ('=', '+', '-', '@', chr(9), chr(13)), '''', '') || {harmless}"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _package(community: Community, columns: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the description of the tables that are there, with only the columns they have."""
    package = schema.descriptor()
    resources = []
    for resource in package["resources"]:
        present = columns.get(resource["name"])
        if present is None:
            continue
        own: dict[str, Any] = dict(resource["schema"])
        fields = {field["name"]: field for field in own["fields"]}
        own["fields"] = [fields[c] for c in present]
        keys = [
            key
            for key in own.pop("foreignKeys", ())
            if key["reference"]["resource"] in columns and set(key["fields"]) <= set(present)
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
        **community.settings,
    }
    return package
