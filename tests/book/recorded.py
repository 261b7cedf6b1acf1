"""What a notebook's code records and shows, read from its source without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from pages import ROOT, Page

RECORDERS = ("record", "record_row")


@dataclass
class Made:
    """Keys that a notebook records and figures that it shows.

    ``patterns`` are keys with a part known only at run time; ``computed`` says that some key comes
    whole from a module of the package.
    """

    keys: set[str] = field(default_factory=set)
    patterns: list[str] = field(default_factory=list)
    computed: bool = False
    figures: set[str] = field(default_factory=set)
    calls: int = 0
    trouble: str = ""  # why the code could not be read

    def records(self, key: str) -> bool:
        """Tell whether the notebook records a key."""
        if key in self.keys or any(re.fullmatch(p, key) for p in self.patterns):
            return True
        return self.computed and key in package_words()


def made_by(notebook: Page) -> Made:
    """Return what the code cells of a notebook record and show; code in error records nothing."""
    code = "\n".join(scope.body for scope in notebook.code_cells())
    plain = "\n".join("" if x.lstrip().startswith(("%", "!")) else x for x in code.split("\n"))
    try:
        tree = ast.parse(plain)
    except SyntaxError as error:
        return Made(trouble=f"the code cells are not Python: {error.msg}: {error.text}".strip())
    made = Made()
    _visit(tree, {}, made)
    return made


@cache
def package_words() -> frozenset[str]:
    """Return every string and every function's name in the package's code: keys come of both."""
    found: set[str] = set()
    for path in sorted((ROOT / "src" / "shequn").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.FunctionDef):
                found.add(node.name)
    return frozenset(found)


def _visit(node: ast.AST, known: dict[str, ast.expr], made: Made) -> None:
    """Walk in order, keeping what each name stands for: a value, or the things it loops over."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
            known[child.targets[0].id] = child.value
        elif isinstance(child, (ast.For, ast.comprehension)):
            known |= _loop(child.target, child.iter, known)
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.args:
            if child.func.id in RECORDERS:
                made.calls += 1
                _key(child.args[0], known, made)
            elif child.func.id == "show" and len(child.args) > 1:
                made.figures |= {v for v in _values(child.args[1], known) if v is not None}
        _visit(child, known, made)


def _loop(target: ast.expr, over: ast.expr, known: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """Return, for each name of a loop, a tuple of all it will stand for (where that is written)."""
    items = list(_items(over, known))
    if isinstance(target, ast.Name):
        return {target.id: ast.Tuple(items, ast.Load())}
    found: dict[str, ast.expr] = {}
    for i, name in enumerate(getattr(target, "elts", ())):
        parts = [x.elts[i] for x in items if isinstance(x, ast.Tuple) and i < len(x.elts)]
        if isinstance(name, ast.Name):
            found[name.id] = ast.Tuple(parts, ast.Load())
    return found


def _items(over: ast.expr, known: dict[str, ast.expr]) -> Iterator[ast.expr]:
    if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute):
        holder = over.func.value
        holder = known.get(holder.id, holder) if isinstance(holder, ast.Name) else holder
        if isinstance(holder, ast.Dict) and over.func.attr == "items":
            for key, value in zip(holder.keys, holder.values, strict=True):
                if key is not None:
                    yield ast.Tuple([key, value], ast.Load())
        elif isinstance(holder, ast.Dict) and over.func.attr == "keys":
            yield from (k for k in holder.keys if k is not None)
    elif isinstance(over, ast.Name):
        yield from _items(known[over.id], known) if over.id in known else ()
    elif isinstance(over, (ast.Tuple, ast.List, ast.Set)):
        yield from over.elts
    elif isinstance(over, ast.Dict):
        yield from (k for k in over.keys if k is not None)


def _values(value: ast.expr, known: dict[str, ast.expr], depth: int = 0) -> list[str | None]:
    """Return the strings an expression may be; None for one that only running would tell."""
    if isinstance(value, ast.Constant):
        return [str(value.value)]
    if isinstance(value, ast.Name) and value.id in known and depth < 9:
        found = known[value.id]
        parts = found.elts if isinstance(found, ast.Tuple) else [found]
        return [s for p in parts for s in _values(p, known, depth + 1)] or [None]
    return [None]


def _key(value: ast.expr, known: dict[str, ast.expr], made: Made) -> None:
    if isinstance(value, ast.JoinedStr):
        pattern = ""
        for part in value.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            options = [v for v in _values(inner, known) if v is not None]
            pattern += f"(?:{'|'.join(re.escape(v) for v in options)})" if options else ".+"
        made.patterns.append(pattern)
        return
    for found in _values(value, known):
        if found is None:
            made.computed = True
        else:
            made.keys.add(found)
