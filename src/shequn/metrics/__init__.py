"""Metrics: unbound ibis expressions over the tables of the contract, and their finish in pandas.

A metric never meets an engine. Its function returns an expression that an engine reduces to a
small frame of positive counts; its finish turns counts into tidy rows: ``period_start,
period_end, slice…, value, n, low, high``. Windows are half-open; times are on the community's
own clock; robots and staff are out before a metric sees a table.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

Needs = Mapping[str, tuple[str, ...]]
SMALLEST_GROUP = 5  # people; a number about fewer is withheld wherever it could be published


@dataclass
class Query:
    """An expression and its finish.

    Parameters
    ----------
    name
        Name of the function.
    metric
        Id of the metric whose card describes it.
    needs, uses
        Tables (and their columns) without which it cannot run, and those it takes if present;
        an absent one arrives as an empty table.
    expression
        ``(*tables, calendar=…, **options) -> ibis table``.
    """

    name: str
    metric: str
    needs: Needs
    uses: Needs
    expression: Callable[..., ir.Table]
    _finish: Callable[..., pd.DataFrame] | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables the expression takes, in order."""
        return (*self.needs, *self.uses)

    def finish(self, function: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        """Register ``(counts, calendar, **options) -> tidy frame`` as the finish."""
        self._finish = function
        return function

    def complete(self, counts: pd.DataFrame, calendar: Calendar, **options: Any) -> pd.DataFrame:
        """Turn an engine's counts into tidy rows; ``n`` counts the people behind each."""
        assert self._finish is not None, f"{self.name} has no finish"
        return self._finish(counts, calendar, **options)


@dataclass
class Metric(Query):
    """A query with its card: the one place where the metric is defined.

    Parameters
    ----------
    title, question, null
        Its name, the question it answers, and when it has no value, in both languages.
    formula, symbols
        LaTeX without words, and what its letters mean in both languages.
    unit
        ``"members"``, ``"share"``, ``"messages"``, ``"ratio"``.
    direction
        ``"up"`` where more is better, ``"down"``, or ``"none"``.
    misleads
        What would make a reader draw a wrong conclusion, in both languages.
    references
        Keys of references.bib.
    words
        What columns and slices of its results are called in tables and figures.
    """

    title: Text = field(default_factory=lambda: Text("", ""))
    question: Text = field(default_factory=lambda: Text("", ""))
    formula: str = ""
    symbols: Text = field(default_factory=lambda: Text("", ""))
    unit: str = ""
    direction: str = "none"
    null: Text = field(default_factory=lambda: Text("", ""))
    misleads: Text = field(default_factory=lambda: Text("", ""))
    references: tuple[str, ...] = ()
    words: Mapping[str, Text] = field(default_factory=dict)

    def view(self, function: Callable[..., ir.Table]) -> Query:
        """Register another way of looking at the same metric, over the same tables."""
        return Query(function.__name__, self.name, self.needs, self.uses, function)


REGISTRY: dict[str, Metric] = {}


def metric(
    *,
    id: str,
    name: Text,
    question: Text,
    formula: str,
    symbols: Text,
    needs: Needs,
    unit: str,
    direction: str,
    null: Text,
    misleads: Text,
    references: tuple[str, ...],
    uses: Needs | None = None,
    words: Mapping[str, Text] | None = None,
) -> Callable[[Callable[..., ir.Table]], Metric]:
    """Declare a metric; the decorated function becomes its `Metric`."""

    def declare(function: Callable[..., ir.Table]) -> Metric:
        found = Metric(
            id, id, needs, uses or {}, function,
            title=name, question=question, formula=formula, symbols=symbols, unit=unit,
            direction=direction, null=null, misleads=misleads, references=references, words=words or {},
        )  # fmt: skip
        REGISTRY[id] = found
        return found

    return declare


def all_metrics() -> dict[str, Metric]:
    """Import every metric's module and return the registry, by id in order."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(REGISTRY.items()))


def suppress(
    frame: pd.DataFrame,
    people: str = "n",
    also: tuple[str, ...] = ("value", "low", "high"),
    *,
    smallest: int = SMALLEST_GROUP,
) -> pd.DataFrame:
    """Withhold every row that speaks of some people, but fewer than the smallest group.

    Parameters
    ----------
    frame
        A tidy frame.
    people
        Column that counts the people behind each row; it is withheld too. Nobody is no group:
        0 stays.
    also
        Columns that are withheld with it.
    smallest
        People from whom on a number is shown.

    Returns
    -------
    pandas.DataFrame
        The frame with NaN in their place, and ``withheld``, true in those rows.
    """
    few = frame[people].between(0, smallest, inclusive="neither")
    columns = [people, *also]
    hidden = frame[columns].astype("float64").mask(few)
    return frame.assign(**{c: hidden[c] for c in columns}, withheld=few)


def tidy(frame: pd.DataFrame, *slices: str) -> pd.DataFrame:
    """Put the columns of a result in the agreed order, periods as times and numbers as floats."""
    import pandas as pd

    periods, numbers = ["period_start", "period_end"], ["value", "n", "low", "high"]
    frame = frame.reindex(columns=[*periods, *slices, *numbers]).reset_index(drop=True)
    whens = {c: pd.to_datetime(frame[c]) for c in periods}
    return frame.assign(**whens, **{c: frame[c].astype(float) for c in numbers})
