"""The handbook's pages in both editions: their blocks, roles, directives, code and references."""

from __future__ import annotations

import csv
import posixpath
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from myst import HIDDEN, ROOT, Block, Inline, Role, Scope, blocks

TREES = {"en": ROOT, "zh": ROOT / "zh"}

__all__ = ["HIDDEN", "ROOT", "TREES", "Block", "Fault", "Inline", "Page", "Role", "Scope"]


@dataclass(frozen=True)
class Fault:
    """Something wrong on a page: where, what, and how to mend it."""

    where: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} → {self.mend}"


@dataclass(frozen=True)
class Page:
    """A page of one edition. ``path`` is as people write it, from the root of the repository."""

    lang: str
    docname: str
    text: str
    matter: dict[str, Any]
    blocks: tuple[Block, ...]
    trouble: str = ""  # why the front matter could not be read

    @property
    def path(self) -> str:
        """Path from the root of the repository."""
        return f"{'zh/' if self.lang == 'zh' else ''}{self.docname}.md"

    @property
    def is_notebook(self) -> bool:
        """Whether the page holds code that runs."""
        return self.docname.startswith("notebooks/")

    def at(self, line: int) -> str:
        """Return ``path:line``."""
        return f"{self.path}:{line}"

    def prose(self) -> Iterator[tuple[Block, Inline]]:
        """Yield every block that has text."""
        for block in self.blocks:
            if block.inline is not None:
                yield block, block.inline

    def roles(self, *names: str) -> Iterator[tuple[int, Role]]:
        """Yield roles with their lines: all, or those named (``cite`` matches ``cite:p``)."""
        for block, inline in self.prose():
            for role in inline.roles:
                if not names or role.name in names or role.name.split(":")[0] in names:
                    yield block.line, role

    def directives(self, *names: str) -> Iterator[Scope]:
        """Yield directives, in order; all of them, or those named."""
        for block in self.blocks:
            if block.kind == "directive" and (not names or block.within[-1].name in names):
                yield block.within[-1]

    def code_cells(self) -> Iterator[Scope]:
        """Yield code cells, in order."""
        return self.directives("code-cell")

    def resolve(self, target: str) -> str:
        """Return the docname that a relative or absolute target means."""
        if target.startswith("/"):
            return target[1:].removesuffix(".md")
        joined = posixpath.join(posixpath.dirname(self.docname), target)
        return posixpath.normpath(joined).removesuffix(".md")


def read(text: str, *, lang: str = "en", docname: str = "book/part/page") -> Page:
    """Read a page from its text; front matter that cannot be read is noted, not raised."""
    matter: Any = {}
    trouble = ""
    if text.startswith("---\n") and "\n---" in text[3:]:
        try:
            matter = yaml.safe_load(text[4 : text.index("\n---", 4)]) or {}
        except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
            trouble = " ".join(str(error).split())
    if not isinstance(matter, dict):
        matter, trouble = {}, "it is no mapping of keys to values"
    return Page(lang, docname, text, matter, tuple(blocks(text)), trouble)


@cache
def page(lang: str, docname: str) -> Page | None:
    """Return a page of the handbook, or nothing where its file is not there."""
    path = TREES[lang] / f"{docname}.md"
    return read(path.read_bytes().decode(), lang=lang, docname=docname) if path.is_file() else None


@cache
def toc(lang: str) -> tuple[tuple[int, str], ...]:
    """Return an edition's table of contents: depth and docname of every page, in order."""
    loaded = yaml.safe_load((TREES[lang] / "_toc.yml").read_text("utf-8"))
    return ((0, loaded["root"]), *_entries(loaded, 1))


def _entries(node: dict[str, Any], depth: int) -> Iterator[tuple[int, str]]:
    for part in node.get("parts", ()):
        yield from _entries(part, depth)
    for key in ("chapters", "sections"):
        for entry in node.get(key, ()):
            yield depth, entry["file"]
            yield from _entries(entry, depth + 1)


def docnames() -> list[str]:
    """Return every page that a table of contents lists or that lies on disk, in order."""
    found = dict.fromkeys(name for lang in TREES for _, name in toc(lang))
    return list(found) + sorted(set().union(*(on_disk(lang) for lang in TREES)) - set(found))


def on_disk(lang: str) -> set[str]:
    """Return the docnames of an edition's files."""
    tree = TREES[lang]
    files = [f for part in ("book", "notebooks") for f in (tree / part).rglob("*.md")]
    return {str(f.relative_to(tree).with_suffix("")) for f in files}


def all_pages(*langs: str) -> list[Page]:
    """Return every page there is, of both editions or of those named."""
    found = (page(lang, name) for lang in langs or TREES for name in docnames())
    return [p for p in found if p is not None]


def is_chapter(docname: str) -> bool:
    """Tell whether a page is a chapter: it has a part, and is no guide, reference or notebook."""
    parts = docname.split("/")
    return len(parts) == 3 and parts[0] == "book" and parts[1] not in ("guides", "reference")


def tracked() -> list[Path]:
    """Return the files that git tracks or would track; all but build output without git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        skip = {".git", ".venv", "_build", "node_modules", "__pycache__"}
        files = (f for f in ROOT.rglob("*") if not skip & set(f.relative_to(ROOT).parts))
        return sorted(f for f in files if f.is_file())
    return sorted(f for line in listed.splitlines() if (f := ROOT / line).is_file())


def say(faults: Iterable[Fault]) -> str:
    """Return faults as the message of a failed test."""
    lines = [str(f) for f in faults]
    return "\n".join([f"{len(lines)} to mend:", *lines]) if lines else ""


def demand_none(faults: Iterable[Fault]) -> None:
    """Fail a test with nothing but the list of faults, if there are any."""
    import pytest

    if message := say(faults):
        pytest.fail(message, pytrace=False)


# --- references -------------------------------------------------------------------------------

KEY = re.compile(r"^[a-z][a-z-]*\d{4}[a-z0-9]*$")


def keys_of(role: Role) -> list[str]:
    """Return the bibliography keys that a citation names."""
    return [k.strip() for k in role.target.split(",")]


def cited_keys(
    rows_of: Callable[[str], list[dict[str, str]]] | None = None,
) -> dict[str, list[str]]:
    """Return every bibliography key the handbook cites, with the places that cite it.

    It looks at both editions' pages, the metrics' cards and the ledger's ``evidence_source``.

    Parameters
    ----------
    rows_of
        Reads a table of ``data/``; given by tests only.
    """
    from shequn.metrics import all_metrics
    from shequn.site import directives

    places: dict[str, list[str]] = {}
    for one in all_pages():
        for line, role in one.roles("cite"):
            for key in keys_of(role):
                places.setdefault(key, []).append(one.at(line))
    for metric in all_metrics().values():
        for key in metric.references:
            places.setdefault(key, []).append(f"src/shequn/metrics/{metric.name}.py")
    for row in (rows_of or directives.rows_of)("claims.csv"):
        for part in row["evidence_source"].split(";"):
            key = part.strip().split(" ")[0]
            if KEY.match(key):
                places.setdefault(key, []).append(f"data/claims.csv, {row['id']}")
    return places


NAMES = docnames()
CHAPTERS = [n for n in NAMES if is_chapter(n)]
NOTEBOOKS = [n for n in NAMES if n.startswith("notebooks/")]


def found(lang: str, name: str) -> Page:
    """Return a page that must be there in both editions."""
    there = page(lang, name)
    assert there is not None, f"{lang}: {name}.md is not there"
    return there


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in data/."""
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
