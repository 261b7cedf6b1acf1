"""Which files of a community's folder are its tables, and what its description says of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shequn import schema
from shequn.text import ShequnError, Text

DESCRIPTOR = "datapackage.json"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
_OURS = {DESCRIPTOR, "import.json", "truth.json"}
_SYSTEM = {"thumbs.db", "desktop.ini"}
_BESIDES = {"readme", "license", "licence"}
_DAY_START = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class CommunityInfo:
    """What a community's folder says about it as a whole.

    Parameters
    ----------
    name
        Name of the community.
    timezone
        IANA zone it lives in.
    day_start
        Time of day at which its day begins, ``HH:MM``.
    week_start
        ``monday`` or ``sunday``.
    synthetic
        True where the data were made by a program; said wherever they are shown.
    """

    name: str
    timezone: str = "Asia/Shanghai"
    day_start: str = "00:00"
    week_start: str = "monday"
    synthetic: bool = False

    def faults(self) -> list[str]:
        """Return the names of the fields that cannot be as they are."""
        good = {
            "name": isinstance(self.name, str) and bool(self.name),
            "timezone": _is_zone(self.timezone),
            "day_start": bool(_DAY_START.fullmatch(str(self.day_start))),
            "week_start": self.week_start in ("monday", "sunday"),
            "synthetic": isinstance(self.synthetic, bool),
        }
        return [field for field, is_good in good.items() if not is_good]


@dataclass(frozen=True)
class Folder:
    """The files of a data folder: tables by name, files nobody knows, and what is wrong."""

    tables: dict[str, Path]
    unknown: tuple[Path, ...]
    problems: tuple[tuple[str, ShequnError], ...]


def find_tables(folder: Path) -> dict[str, Path]:
    """Return the file of each table of the contract that a folder holds, in the contract's order.

    Parameters
    ----------
    folder
        Holds ``NAME.csv``, ``NAME.csv.gz`` or ``NAME.parquet``, or a ``datapackage.json`` whose
        resources give other paths inside the folder.

    Raises
    ------
    ShequnError
        No such folder, no table in it, a table in two files, or a bad description.
    """
    found = survey(folder)
    if found.problems:
        raise found.problems[0][1]
    if not found.tables:
        raise ShequnError(
            Text("{folder} holds no table of a community.", "{folder} 里没有社群数据表。").format(
                folder=folder
            ),
            Text("Name a table as one of: {names}.", "表的文件名应为其中之一：{names}。").format(
                names=", ".join(f"{n}.csv" for n in schema.tables() if n != "identities")
            ),
        )
    return found.tables


def unknown_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that are neither tables nor written by the handbook."""
    return survey(folder).unknown


def survey(folder: Path) -> Folder:
    """Look through a folder without stopping at what is wrong.

    Raises
    ------
    ShequnError
        The folder is missing or not a folder.
    """
    _refuse_no_folder(folder)
    problems: list[tuple[str, ShequnError]] = []
    given: dict[str, list[Path]] = {name: [] for name in schema.tables()}
    try:
        for name, path in _described(folder):
            given[name].append(path)
    except ShequnError as error:
        problems.append((DESCRIPTOR, error))
    described = {path.resolve() for paths in given.values() for path in paths}
    unknown = []
    for path in sorted(folder.iterdir()):
        if path.name in _OURS or _hidden(path) or not path.is_file():
            continue
        if path.resolve() in described:
            continue
        if table := _table_name(path):
            given[table].append(path)
        else:
            unknown.append(path)
    for paths in given.values():
        if len(paths) > 1:
            problems.append((paths[0].name, _two_files(paths)))
    return Folder({n: p[0] for n, p in given.items() if p}, tuple(unknown), tuple(problems))


def community(folder: Path) -> CommunityInfo:
    """Return what the folder's ``datapackage.json`` says under ``"community"``.

    Parameters
    ----------
    folder
        A community's data folder; without a description its name stands for the community.

    Raises
    ------
    ShequnError
        Bad JSON, an unknown zone, or a day or week start that cannot be.
    """
    said = _descriptor(folder).get("community", {})
    if not isinstance(said, dict):
        raise _bad_description(Text('"community" is not an object', "“community” 不是对象"))
    known = {f: said[f] for f in CommunityInfo.__dataclass_fields__ if said.get(f) is not None}
    info = CommunityInfo(**{"name": folder.resolve().name, **known})
    for field in info.faults():
        value = json.dumps(getattr(info, field), ensure_ascii=False)[:60]
        raise _bad_description(
            Text("community.{field} cannot be {value}", "community.{field} 不能是 {value}").format(
                field=field, value=value
            )
        )
    return info


def _refuse_no_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    if folder.exists():
        raise ShequnError(
            Text("{folder} is a file, not a folder.", "{folder} 是文件，不是文件夹。").format(
                folder=folder
            ),
            Text("Give the folder that holds the tables.", "请给出存放各表的文件夹。"),
        )
    raise ShequnError(
        Text("There is no folder {folder}.", "没有 {folder} 这个文件夹。").format(folder=folder),
        Text("Check the spelling of the path.", "请检查路径是否写对。"),
    )


def _hidden(path: Path) -> bool:
    name = path.name.lower()
    return name.startswith((".", "~$")) or name in _SYSTEM or name.split(".")[0] in _BESIDES


def _table_name(path: Path) -> str | None:
    for suffix in SUFFIXES:
        if path.name.endswith(suffix) and path.name.removesuffix(suffix) in schema.tables():
            return path.name.removesuffix(suffix)
    return None


def _descriptor(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTOR
    if not path.is_file():
        return {}
    try:
        loaded = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "UTF-8"
        where = f" ({detail}, {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise _bad_description(Text(f"not JSON{where}", f"不是 JSON{where}")) from error
    if not isinstance(loaded, dict):
        raise _bad_description(Text("not a JSON object", "不是 JSON 对象"))
    return loaded


def _described(folder: Path) -> list[tuple[str, Path]]:
    """Return name and path of the known tables that the description lists and that are there."""
    resources = _descriptor(folder).get("resources", [])
    if not isinstance(resources, list):
        raise _bad_description(Text('"resources" is not a list', "“resources” 不是列表"))
    found = []
    for resource in resources:
        if not isinstance(resource, dict) or resource.get("name") not in schema.tables():
            continue
        name, path = resource["name"], resource.get("path")
        if isinstance(path, list) and len(path) == 1:
            path = path[0]
        if path is None or path == f"{name}.csv":
            continue  # The usual name: found without the description, and may be absent.
        found.append((name, _inside(folder, name, path)))
    return found


def _inside(folder: Path, name: str, path: object) -> Path:
    if not isinstance(path, str) or not path.endswith(SUFFIXES) or "\\" in path or "://" in path:
        raise _bad_description(
            Text(
                "the path of {name} is not one .csv, .csv.gz or .parquet file",
                "{name} 的 path 不是一个 .csv、.csv.gz 或 .parquet 文件",
            ).format(name=name)
        )
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise _bad_description(
            Text(
                "the path of {name} leads out of the folder", "{name} 的 path 指到了文件夹外面"
            ).format(name=name)
        )
    if not file.is_file():
        raise _bad_description(
            Text("{path}, the file of {name}, is not there", "{name} 的文件 {path} 不存在").format(
                name=name, path=path
            )
        )
    return file


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError, LookupError):
        return False
    return isinstance(name, str)


def _bad_description(detail: Text) -> ShequnError:
    return ShequnError(
        Text(DESCRIPTOR + ": {detail}.", DESCRIPTOR + "：{detail}。").format(detail=detail),
        Text(
            "Mend it, or remove the file: the tables are found by their names without it.",
            "请改正，或删掉这个文件：没有它也能按文件名找到各表。",
        ),
    )


def _two_files(paths: list[Path]) -> ShequnError:
    return ShequnError(
        Text("The same table in two files: {files}.", "同一张表有两个文件：{files}。").format(
            files=", ".join(p.name for p in paths)
        ),
        Text("Keep one of them in the folder.", "文件夹里只留一个。"),
    )
