"""Look through a data folder or a run for what should not be there: traces of people, paths, keys."""

from __future__ import annotations

import html
import json
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from shequn import schema, tabular
from shequn.pii import traces
from shequn.tabular_whole import whole_sql
from shequn.text import Text

_PRIVATE = "identities"
_KEY_BYTES = 32
_CODE = re.compile(r"(?<![\w-])m[a-z2-7]{12}(?![\w-])")
_PATHS = re.compile(r"(?<![\w/.:-])(?:/(?:home|Users|root)/[\w.-]+|[A-Z]:\\Users\\[\w.-]+)")
_PAGES = (".html", ".ipynb", ".json", ".csv", ".svg", ".js", ".txt", ".md")
_TAGS = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)

CODE = Text("a member's code", "成员代号")
PATH = Text("a path of somebody's machine", "某台电脑上的路径")
NAME = Text("a name from identities", "identities 里的名字")
OPEN = Text("readable by others on this machine", "本机其他人可读")
KEY = Text("looks like the key of the pseudonyms", "像是代号的密钥")


@dataclass(frozen=True)
class Finding:
    """Something that should not be there.

    Parameters
    ----------
    file
        Path within the folder.
    what
        What it is.
    count
        How often.
    column, row
        Column, and first row (the heading is row 1), where the file is a table.
    """

    file: str
    what: Text
    count: int
    column: str = ""
    row: int = 0

    def say(self, lang: str) -> str:
        """Return one line that says what and where, never the thing itself."""
        column = (
            Text(f", column {self.column}", f"，{self.column} 列") if self.column else Text("", "")
        )
        row = (
            Text(f", first in row {self.row}", f"，最先在第 {self.row} 行")
            if self.row
            else Text("", "")
        )
        return f"{self.file}{column[lang]}{row[lang]}: {self.what[lang]} × {self.count:,}"


def audit(folder: Path) -> list[Finding]:
    """Look for what should not be there.

    In a data folder: e-mail addresses, phone, identity, card and QQ numbers and WeChat ids in any
    cell but those of ``identities``; a name from ``identities`` where a code should be; names that
    others on the machine may read; the key. In a run: the same traces in what its pages, tables
    and notebooks show, codes of members, and paths that name a user.

    Parameters
    ----------
    folder
        A data folder, or what ``shequn run`` wrote.

    Returns
    -------
    list of Finding
        In the order of the files.

    Raises
    ------
    ShequnError
        Where the folder is missing or is neither.

    Notes
    -----
    Finding nothing is no proof: no pattern knows what those who were there would recognise.
    """
    if (folder / "run.json").is_file():
        return list(_run(folder))
    tables = tabular.find_tables(folder)
    return [*_files(folder), *_tables(folder, tables)]


def _files(folder: Path) -> Iterator[Finding]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = str(path.relative_to(folder))
        if path.name.startswith(_PRIVATE) and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
            yield Finding(name, OPEN, 1)
        if path.name == "key" or _is_random(path):
            yield Finding(name, KEY, 1)


def _is_random(path: Path) -> bool:
    """Tell whether a file has the size of a key and is no text."""
    if path.stat().st_size != _KEY_BYTES:
        return False
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _tables(folder: Path, tables: dict[str, Path]) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="shequn-") as work:
        names: frozenset[str] = frozenset()
        if _PRIVATE in tables:
            rows = _rows(tables[_PRIVATE], Path(work))
            known = ("display_name", "platform_user_id")
            names = frozenset(row[c] for row in rows for c in known if row.get(c))
        for table, path in tables.items():
            if table == _PRIVATE:
                continue
            found: dict[tuple[str, Text], list[int]] = {}  # first row, how often
            people = {*schema.PERSONS, *schema.REFERS}  # elsewhere a name may be a plain word
            for number, row in enumerate(_rows(path, Path(work)), 2):
                for column, cell in row.items():
                    named = cell in names and column in people
                    code = column.endswith("_id")
                    for what in (*_kinds(cell, code), *([NAME] if named else [])):
                        found.setdefault((column, what), [number, 0])[1] += 1
            for (column, what), (first, count) in found.items():
                yield Finding(str(path.relative_to(folder)), what, count, column, first)


def _rows(path: Path, work: Path) -> Iterator[dict[str, str]]:
    """Yield the cells of each row that hold text."""
    import duckdb

    with duckdb.connect() as connection:
        reading = connection.execute(f"FROM {whole_sql(path, work)}")
        columns = [str(c[0]) for c in reading.description or ()]
        while rows := reading.fetchmany(10_000):
            for row in rows:
                yield {c: x for c, x in zip(columns, row, strict=True) if isinstance(x, str)}


@lru_cache(maxsize=1 << 16)  # channels, kinds and days come again and again
def _kinds(text: str, code: bool) -> tuple[Text, ...]:
    """Return what is in a cell; in the middle of a code, digits in a row are chance."""
    found = (t for t in traces(text) if not code or (t.start == 0 and t.end == len(text)))
    return tuple(dict.fromkeys(trace.kind.title for trace in found))


def _run(folder: Path) -> Iterator[Finding]:
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _PAGES and p.is_file()):
        if "_static" in path.parts:  # the theme's own files
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        shown = _shown(path, text)
        found = Counter(trace.kind.title for trace in traces(shown))
        found[CODE] = len(set(_CODE.findall(shown)))
        found[PATH] = len(_PATHS.findall(text))
        for what, count in found.items():
            if count:
                yield Finding(str(path.relative_to(folder)), what, count)


def _shown(path: Path, text: str) -> str:
    """Return what a reader sees of a file: pages without markup, notebooks without pictures."""
    if path.suffix == ".html":
        return html.unescape(_TAGS.sub(" ", text))
    if path.suffix == ".ipynb":
        parts = []
        for cell in json.loads(text)["cells"]:
            parts.append("".join(cell["source"]))
            for output in cell.get("outputs", ()):
                data = {k: v for k, v in output.get("data", {}).items() if k.startswith("text/")}
                parts += ["".join(v) for v in (*data.values(), output.get("text", ""))]
        return "\n".join(parts)
    if path.suffix == ".svg":
        return "\n".join(re.findall(r"<!--(.*?)-->", text, re.DOTALL))  # words are drawn as paths
    return text
