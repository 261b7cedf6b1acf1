"""Figures: both languages without a missing glyph, and words where there is nothing to draw."""

from __future__ import annotations

import importlib
import inspect
import io
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from shequn.charts import NOTHING
from shequn.dataset import Dataset, open_dataset
from shequn.metrics import Query, all_metrics
from shequn.text import LANGUAGES

Draw = Callable[[pd.DataFrame, str], Figure]
Alt = Callable[[str, str], str]
# Figure, as charts' module and function -> the query of the metric of that name whose rows it draws.
FIGURES = {
    "active_members.rolling_actives": "active_members",
    "active_members.stickiness": "stickiness",
    "growth.flows": "growth",
    "growth.leave_rate": "growth",
    "lifecycle.ratio": "quick_ratio",
    "lifecycle.states": "lifecycle",
    "participation_inequality.lorenz": "lorenz",
    "retention.cohorts": "retention",
    "retention.retention_curve": "pooled",
    "revenue.again": "repurchase",
    "revenue.three": "revenue",
    "tiers.fifths": "rfm",
    "tiers.matrix": "moves",
    "tiers.sizes": "tiers",
}


def found(figure: str) -> tuple[Draw, Alt, Query]:
    """Return the function that draws a figure, that of its alt text, and the query of its rows."""
    module, name = figure.split(".")
    charts = importlib.import_module(f"shequn.charts.{module}")
    query = vars(importlib.import_module(f"shequn.metrics.{module}"))[FIGURES[figure]]
    return vars(charts)[name], charts.alt, query


def test_every_figure_of_a_metric_is_here() -> None:
    metrics = all_metrics()
    drawn = {
        f"{name}.{function}"
        for name in metrics
        for function, made in vars(importlib.import_module(f"shequn.charts.{name}")).items()
        if inspect.isfunction(made) and made.__module__ == f"shequn.charts.{name}"
        if not function.startswith("_")
    }
    assert drawn == set(FIGURES)


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return open_dataset()


def words(figure: Figure) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg")
    plt.close(figure)
    return drawn.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_in_both_languages(figure: str, lang: str, sample: Dataset) -> None:
    draw, alt, query = found(figure)
    drawn = words(draw(sample.compute(query), lang))
    assert NOTHING[lang] not in drawn
    assert len(alt(draw.__name__, lang)) > 15


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_without_a_value_says_so(figure: str, lang: str, sample: Dataset) -> None:
    draw, _, query = found(figure)
    frame = sample.compute(query)
    for empty in (frame.assign(value=float("nan")), frame.head(0)):
        if "value" in frame or empty.empty:
            assert NOTHING[lang] in words(draw(empty, lang))
