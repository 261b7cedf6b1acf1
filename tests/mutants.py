"""Break the metrics on purpose, and see whether their tests notice: `make mutants`.

Cosmic Ray says where and how a module can be broken. Each mutant is tried in a process forked from
one in which the heavy libraries are loaded already, and never stands on disk.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
METRICS = ROOT / "src/shequn/metrics"
GOAL = 0.85
SECONDS, MEMORY = 120, 8 << 30  # of one mutant
# One way to turn each operator round and one to move its boundary: more of them break the same.
_SWAPS = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mod", "Mod_FloorDiv", "Pow_Mul",
          "BitAnd_BitOr", "BitOr_BitAnd", "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "LtE_Lt", "Gt_GtE",
          "GtE_Gt", "Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt", "Is_IsNot", "IsNot_Is",
          "Delete_USub", "Delete_Invert", "Delete_Not")  # fmt: skip
OPERATORS = (
    *(f"Replace{kind}Operator_{s}" for kind in ("Binary", "Comparison", "Unary") for s in _SWAPS),
    "AddNot", "NumberReplacer", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue",
    "ReplaceAndWithOr", "ReplaceOrWithAnd", "ZeroIterationForLoop",
)  # fmt: skip


class Mutant(NamedTuple):
    """A module with one thing broken."""

    metric: str
    line: int
    operator: str
    source: str


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives a mutant for the module."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant, self._name = mutant, f"shequn.metrics.{mutant.metric}"

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Find the mutated module, and no other."""
        if name != self._name:
            return None
        return importlib.util.spec_from_loader(name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run its source."""
        file = METRICS / f"{self._mutant.metric}.py"
        exec(compile(self._mutant.source, str(file), "exec"), vars(module))


def mutants(metric: str) -> Iterator[Mutant]:
    """Yield every mutant of a metric's module, but those of types, which nothing runs."""
    from cosmic_ray import mutating, plugins
    from cosmic_ray.ast import ast_nodes, get_ast

    source = (METRICS / f"{metric}.py").read_text(encoding="utf-8")
    spared = _types(source)
    for name in OPERATORS:
        known = f"core/{name}"
        if known not in plugins.operator_names():
            continue
        operator = plugins.get_operator(known)()
        places = [p for n in ast_nodes(get_ast(source)) for p in operator.mutation_positions(n)]
        for occurrence, (start, _) in enumerate(places):
            if start in spared:
                continue
            broken = mutating.mutate_code(source, operator, occurrence)
            if broken is not None and broken != source:
                yield Mutant(metric, start[0], name, broken)


def _types(source: str) -> set[tuple[int, int]]:
    """Return every place inside an annotation or the test for type checking."""
    found: set[tuple[int, int]] = set()
    for node in ast.walk(ast.parse(source)):
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            parts.append(node.test)
        for part in filter(None, parts):
            for inner in ast.walk(part):
                if isinstance(inner, ast.expr):
                    assert inner.end_lineno is not None
                    assert inner.end_col_offset is not None
                    found |= {
                        (inner.lineno, c) for c in range(inner.col_offset, inner.end_col_offset)
                    }
    return found


def survives(mutant: Mutant) -> bool:
    """Tell whether the tests of a metric pass although it is broken."""
    child = os.fork()
    if not child:
        _try(mutant)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in (0, 1, 2):
        raise RuntimeError(f"{mutant.metric}: pytest ends with {os.WEXITSTATUS(status)}")
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def _try(mutant: Mutant) -> None:
    import pytest

    signal.alarm(SECONDS)  # what never ends is noticed
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.meta_path.insert(0, _Mutated(mutant))
    os._exit(
        pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *_tests(mutant.metric)]
        )
    )


def _tests(metric: str) -> list[str]:
    """Return the test files of a metric: ``test_retention_people`` too, for retention."""
    modules = [path.stem for path in METRICS.glob("*.py")]
    files = (ROOT / "tests/metrics").glob(f"test_{metric}*.py")
    return sorted(
        str(file) for file in files
        if metric == max((m for m in modules if f"{file.stem}_".startswith(f"test_{m}_")), key=len)
    )  # fmt: skip


def _warm() -> None:
    """Load what every metric and test needs, but no metric."""
    import duckdb  # noqa: F401
    import hypothesis
    import ibis
    import pandas  # noqa: F401
    import scipy.stats  # noqa: F401
    import statsmodels.stats.api  # noqa: F401

    import shequn.dataset  # noqa: F401

    ibis.to_sql(ibis.table({"a": "int64"}, name="t"), dialect="duckdb")
    # An example that a mutant fails is not one that the code failed, and need not be small.
    hypothesis.settings.register_profile(
        "mutants", database=None, derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )  # fmt: skip
    hypothesis.settings.load_profile("mutants")


def main() -> int:
    """Print for every metric how many mutants its tests kill, and those that live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("metrics", nargs="*", help="ids; all of them if none")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    names = chosen.metrics or sorted(
        p.stem for p in METRICS.glob("*.py") if (ROOT / f"tests/metrics/test_{p.stem}.py").exists()
    )
    _warm()
    killed = tried = 0
    with multiprocessing.get_context("fork").Pool(chosen.workers) as pool:
        for name in names:
            whole = Mutant(name, 0, "", (METRICS / f"{name}.py").read_text(encoding="utf-8"))
            if not pool.apply(survives, (whole,)):
                print(f"{name}: its tests fail as it is")
                return 1
            made = list(mutants(name))
            lives = [m for m, alive in zip(made, pool.imap(survives, made), strict=True) if alive]
            killed, tried = killed + len(made) - len(lives), tried + len(made)
            print(f"{name:<28}{len(made) - len(lives):>4} of {len(made):>4} killed", flush=True)
            for m in lives:
                before = (METRICS / f"{name}.py").read_text(encoding="utf-8").splitlines()
                print(f"    {m.line}: {m.operator}: {_changed(before, m)}", flush=True)
    share = killed / tried if tried else 1.0
    print(f"{killed:,} of {tried:,} mutants killed: {share:.1%}; the goal is {GOAL:.0%}")
    return 0 if share >= GOAL else 1


def _changed(before: list[str], mutant: Mutant) -> str:
    after = mutant.source.splitlines()
    return next((b.strip() for a, b in zip(before, after, strict=False) if a != b), "")


if __name__ == "__main__":
    sys.exit(main())
