"""Figures: both languages without a missing glyph, and words where there is nothing to draw."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from shequn.charts import (
    NOTHING,
    active_members,
    growth,
    lifecycle,
    participation_inequality,
    retention,
)
from shequn.dataset import Dataset, open_dataset
from shequn.metrics import Query
from shequn.metrics.active_members import active_members as actives
from shequn.metrics.active_members import stickiness
from shequn.metrics.growth import growth as weekly_growth
from shequn.metrics.lifecycle import lifecycle as states
from shequn.metrics.lifecycle import quick_ratio
from shequn.metrics.participation_inequality import lorenz
from shequn.metrics.retention import pooled
from shequn.metrics.retention import retention as weekly
from shequn.text import LANGUAGES

Draw = Callable[[pd.DataFrame, str], Figure]
Alt = Callable[[str, str], str]
FIGURES: list[tuple[Draw, Alt, Query]] = [
    (active_members.rolling_actives, active_members.alt, actives),
    (active_members.stickiness, active_members.alt, stickiness),
    (retention.cohorts, retention.alt, weekly),
    (retention.retention_curve, retention.alt, pooled),
    (growth.flows, growth.alt, weekly_growth),
    (growth.leave_rate, growth.alt, weekly_growth),
    (lifecycle.states, lifecycle.alt, states),
    (lifecycle.ratio, lifecycle.alt, quick_ratio),
    (participation_inequality.lorenz, participation_inequality.alt, lorenz),
]


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
@pytest.mark.parametrize(
    ("draw", "alt", "query"), FIGURES, ids=lambda f: getattr(f, "__name__", "")
)
def test_every_figure_in_both_languages(
    draw: Draw, alt: Alt, query: Query, lang: str, sample: Dataset
) -> None:
    drawn = words(draw(sample.compute(query), lang))
    assert NOTHING[lang] not in drawn
    assert len(alt(draw.__name__, lang)) > 15


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("draw", "alt", "query"), FIGURES, ids=lambda f: getattr(f, "__name__", "")
)
def test_a_figure_without_a_value_says_so(
    draw: Draw, alt: Alt, query: Query, lang: str, sample: Dataset
) -> None:
    frame = sample.compute(query)
    for empty in (frame.assign(value=float("nan")), frame.head(0)):
        if "value" in frame or empty.empty:
            assert NOTHING[lang] in words(draw(empty, lang))
