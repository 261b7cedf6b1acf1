"""Figures: both languages without a missing glyph, and words where there is nothing to draw."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from shequn import charts
from shequn.dataset import open_dataset
from shequn.metrics.active_members import active_members, stickiness
from shequn.metrics.participation_inequality import lorenz
from shequn.metrics.retention import pooled, retention
from shequn.text import LANGUAGES

Draw = Callable[[pd.DataFrame, str], Figure]
FIGURES: dict[str, Draw] = {
    "rolling_actives": charts.rolling_actives,
    "stickiness": charts.stickiness,
    "cohorts": charts.cohorts,
    "retention_curve": charts.retention_curve,
    "lorenz": charts.lorenz,
}


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    with open_dataset() as sample:
        return {
            "rolling_actives": sample.compute(active_members),
            "stickiness": sample.compute(stickiness),
            "cohorts": sample.compute(retention),
            "retention_curve": sample.compute(pooled),
            "lorenz": sample.compute(lorenz),
        }


def words(figure: Figure) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg")
    plt.close(figure)
    return drawn.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_in_both_languages(
    name: str, lang: str, frames: dict[str, pd.DataFrame]
) -> None:
    drawn = words(FIGURES[name](frames[name], lang))
    assert charts.label("nothing", lang) not in drawn
    assert len(charts.alt(name, lang)) > 15


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_without_a_value_says_so(
    name: str, lang: str, frames: dict[str, pd.DataFrame]
) -> None:
    frame = frames[name]
    empty = frame.assign(value=float("nan")) if "value" in frame else frame.head(0)
    if name == "retention_curve":
        empty = frame.head(0)
    assert charts.label("nothing", lang) in words(FIGURES[name](empty, lang))
