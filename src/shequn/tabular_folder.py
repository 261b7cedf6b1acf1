"""Which files of a community's folder are its tables, and what its description says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shequn import schema
from shequn.text import Lang, ShequnError, Text

DESCRIPTOR = "datapackage.json"
SUFFIXES = (".csv", ".csv.gz", ".parquet")
IMPORT = "import.json"
IMPORT_PAGES: dict[Lang, str] = {"en": "import.md", "zh": "import.zh.md"}  # the same to read
_OURS = {DESCRIPTOR, IMPORT, *IMPORT_PAGES.values(), "truth.json", "forgotten.json"}
_SYSTEM = {"thumbs.db", "desktop.ini"}
_BESIDES = {"readme", "license", "licence"}
_KEEP_ONE = Text("Keep one of them in the folder.", "文件夹里只留一个。")
_ONE_FILE = Text(
    "Put one file there: a folder of parts or a broken link is not read.",
    "请换成一个文件：文件夹或失效的链接不会读取。",
)
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
        names = ", ".join(f"{n}.csv" for n in schema.tables() if n != "identities")
        raise ShequnError(
            Text(f"{folder} holds no table of a community.", f"{folder} 里没有社群数据表。"),
            Text(f"Name a table as one of: {names}.", f"表的文件名应为其中之一：{names}。"),
        )
    return found.tables


def survey(folder: Path) -> Folder:
    """Look through a folder without stopping at what is wrong.

    Raises
    ------
    ShequnError
        The folder is missing or not a folder.
    """
    if not folder.exists():
        raise ShequnError(
            Text(f"There is no folder {folder}.", f"没有 {folder} 这个文件夹。"),
            Text("Check the spelling of the path.", "请检查路径是否写对。"),
        )
    if not folder.is_dir():
        raise ShequnError(
            Text(f"{folder} is a file, not a folder.", f"{folder} 是文件，不是文件夹。"),
            Text("Give the folder that holds the tables.", "请给出存放各表的文件夹。"),
        )
    problems: list[tuple[str, ShequnError]] = []
    given: dict[str, list[Path]] = {name: [] for name in schema.tables()}
    described = set()
    try:
        for name, said in _described(folder):
            try:
                path = _inside(folder, name, said)
            except ShequnError as error:
                problems.append((DESCRIPTOR, error))
                continue
            if path not in given[name]:
                given[name].append(path)
            described.add(path.resolve())
    except ShequnError as error:
        problems.append((DESCRIPTOR, error))
    usual = {name + suffix: name for name in given for suffix in SUFFIXES}
    unknown = []
    for path in sorted(folder.iterdir()):
        if path.name in _OURS or _hidden(path):
            continue
        table = usual.get(path.name)
        if not path.is_file():
            if table:
                what = Text(f"{path.name} is not a file.", f"{path.name} 不是文件。")
                problems.append((path.name, ShequnError(what, _ONE_FILE)))
        elif path.resolve() in described:
            continue
        elif table:
            given[table].append(path)
        else:
            unknown.append(path)
    for paths in given.values():
        if len(paths) > 1:
            files = ", ".join(p.name for p in paths)
            what = Text(f"The same table in two files: {files}.", f"同一张表有两个文件：{files}。")
            problems.append((paths[0].name, ShequnError(what, _KEEP_ONE)))
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
        raise _bad_description('"community" is not an object', "“community” 不是对象")
    known = {f: said[f] for f in CommunityInfo.__dataclass_fields__ if said.get(f) is not None}
    info = CommunityInfo(**{"name": folder.resolve().name, **known})
    for field in info.faults():
        value = json.dumps(getattr(info, field), ensure_ascii=False)[:60]
        raise _bad_description(
            f"community.{field} cannot be {value}", f"community.{field} 不能是 {value}"
        )
    return info


def _hidden(path: Path) -> bool:
    name = path.name.lower()
    return name.startswith((".", "~$")) or name in _SYSTEM or name.split(".")[0] in _BESIDES


def _descriptor(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTOR
    if not path.exists():
        return {}
    try:
        loaded = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        said = error.strerror
        raise _bad_description(f"cannot be read ({said})", f"读不出来（{said}）") from error
    except json.JSONDecodeError as error:
        where = f" ({error.msg}, {error.lineno})"
        raise _bad_description(f"not JSON{where}", f"不是 JSON{where}") from error
    except (ValueError, RecursionError) as error:
        raise _bad_description("not JSON", "不是 JSON") from error
    if not isinstance(loaded, dict):
        raise _bad_description("not a JSON object", "不是 JSON 对象")
    return loaded


def _described(folder: Path) -> Iterator[tuple[str, object]]:
    """Yield name and path of the known tables that the description puts in unusual places."""
    resources = _descriptor(folder).get("resources", [])
    if not isinstance(resources, list):
        raise _bad_description('"resources" is not a list', "“resources” 不是列表")
    for resource in resources:
        name = resource.get("name") if isinstance(resource, dict) else None
        if not isinstance(name, str) or name not in schema.tables():
            continue
        path = resource.get("path")
        if isinstance(path, list) and len(path) == 1:
            path = path[0]
        # Under the usual name it is found without the description, and may be absent.
        if path is not None and path != f"{name}.csv":
            yield name, path


def _inside(folder: Path, name: str, path: object) -> Path:
    if not isinstance(path, str) or not path.endswith(SUFFIXES) or "\\" in path or "://" in path:
        raise _bad_description(
            f"the path of {name} is not one .csv, .csv.gz or .parquet file",
            f"{name} 的 path 不是一个 .csv、.csv.gz 或 .parquet 文件",
        )
    file = folder / path
    try:
        # As the standard wants it, a whole path is refused even where it leads into the folder.
        outside = path.startswith("/") or not file.resolve().is_relative_to(folder.resolve())
        there = file.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a strange character, a circle of links
        outside = there = False
    if outside:
        raise _bad_description(
            f"the path of {name} leads out of the folder", f"{name} 的 path 指到了文件夹外面"
        )
    if not there:
        raise _bad_description(
            f"{path[:60]}, the file of {name}, is not there", f"{name} 的文件 {path[:60]} 不存在"
        )
    return file


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (ValueError, OSError, LookupError):
        return False
    return isinstance(name, str)


def _bad_description(en: str, zh: str) -> ShequnError:
    return ShequnError(
        Text(f"{DESCRIPTOR}: {en}.", f"{DESCRIPTOR}：{zh}。"),
        Text(
            "Mend it, or remove the file: the tables are found by their names without it.",
            "请改正，或删掉这个文件：没有它也能按文件名找到各表。",
        ),
    )
