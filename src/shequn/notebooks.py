"""The text notebooks of an edition: where they are, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shequn import paths


@dataclass(frozen=True)
class Notebook:
    """A text notebook of the handbook.

    Parameters
    ----------
    name
        ``metrics/retention``: its path below ``notebooks/`` without suffix.
    path
        The MyST source.
    needs
        Tables and columns without which it cannot run; empty for the handbook's own material.
    """

    name: str
    path: Path
    title: str
    needs: dict[str, tuple[str, ...]]

    @property
    def id(self) -> str:
        """Last part of the name."""
        return self.name.rsplit("/", 1)[-1]


def front_matter(text: str) -> dict[str, Any]:
    """Return the YAML head of a page; empty where it has none."""
    if not text.startswith("---\n"):
        return {}
    loaded = yaml.safe_load(text[4 : text.index("\n---", 4)])
    return loaded if isinstance(loaded, dict) else {}


def tree(lang: str) -> Path:
    """Return the folder that holds an edition's sources."""
    return paths.HOME / "zh" if lang == "zh" else paths.HOME


@cache
def notebooks(lang: str = "en") -> tuple[Notebook, ...]:
    """Return every notebook of an edition, in order of name."""
    root = tree(lang) / "notebooks"
    found = []
    for path in sorted(root.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        own = front_matter(text).get("shequn", {})
        needs = {t: tuple(c) for t, c in own.get("needs", {}).items()}
        title = next((x[2:] for x in text.splitlines() if x.startswith("# ")), path.stem)
        found.append(Notebook(str(path.relative_to(root).with_suffix("")), path, title, needs))
    return tuple(found)
