"""Figures: both languages without a missing glyph, and words where there is nothing to draw."""

from __future__ import annotations

import importlib
import inspect
import io
import warnings
from collections.abc import Callable
from functools import cache

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure

from shequn.charts import NOTHING
from shequn.dataset import open_dataset
from shequn.metrics import Query, all_metrics
from shequn.text import LANGUAGES

Draw = Callable[[pd.DataFrame, str], Figure]
Alt = Callable[[str, str], str]
# Figure, as charts' module and function -> the query of the metric of that name whose rows it draws.
FIGURES = {
    "acquisition_cost.by_channel": "acquisition_cost",
    "acquisition_cost.by_month": "cost_by_month",
    "active_members.power_curve": "power_curve",
    "active_members.rolling_actives": "active_members",
    "active_members.stickiness": "stickiness",
    "activity_index.lines": "activity_index",
    "activity_index.parts": "index_parts",
    "activity_index.weights": "index_weights",
    "activity_rhythm.messages": "activity_rhythm",
    "activity_rhythm.speakers": "activity_rhythm",
    "behaviour_types.separation": "groups",
    "behaviour_types.sizes": "behaviour_types",
    "channel_concentration.over_time": "concentration_by_month",
    "channel_concentration.shares": "channel_concentration",
    "collaboration.against_chance": "collaboration",
    "collaboration.matrix": "between",
    "compare_communities.funnel": "compare_communities",
    "compare_communities.ranks": "league_table",
    "content_life.curve": "content_curve",
    "content_life.parts": "life_by_part",
    "content_match.ratio": "content_match",
    "content_match.shares": "content_match",
    "content_sameness.over_time": "content_sameness",
    "content_sameness.threshold": "by_threshold",
    "core_members.flows": "net_change",
    "core_members.transitions": "core_members",
    "event_attendance.attendance": "event_attendance",
    "event_attendance.show_up": "event_attendance",
    "funnel.channels": "by_channel",
    "funnel.steps": "funnel",
    "funnel.waits": "time_to_convert",
    "growth.flows": "growth",
    "growth.leave_rate": "growth",
    "indicator_links.lags": "every_lag",
    "indicator_links.matrix": "indicator_links",
    "lifecycle.ratio": "quick_ratio",
    "lifecycle.states": "lifecycle",
    "message_fatigue.by_dose": "message_fatigue",
    "moderation_load.rate": "moderation_load",
    "moderation_load.still_open": "still_open",
    "newcomer_response.again": "by_channel",
    "newcomer_response.answered_share": "answered_share",
    "participation.daily": "participation",
    "participation.split": "last_days",
    "participation.weekly": "participation",
    "participation_inequality.lorenz": "lorenz",
    "participation_inequality.profile": "profile",
    "participation_inequality.tiers": "tiers",
    "reciprocity.shares": "reciprocity",
    "reciprocity.standings": "balance",
    "referral.generations": "generations",
    "referral.k": "referral",
    "referral.waits": "waits",
    "response_time.curve": "response_curve",
    "response_time.hourly": "hourly_response",
    "response_time.weekly": "weekly_response",
    "retention.cohorts": "retention",
    "retention.definitions": "definitions",
    "retention.retention_curve": "pooled",
    "revenue.again": "repurchase",
    "revenue.three": "revenue",
    "tiers.fifths": "rfm",
    "tiers.matrix": "moves",
    "tiers.sizes": "tiers",
    "traffic_quality.differences": "against_others",
    "traffic_quality.ranking": "traffic_quality",
    "unit_economics.payback": "contribution_curve",
    "unit_economics.ratio": "unit_economics",
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


@cache
def rows(figure: str) -> pd.DataFrame:
    """Return the rows of the sample that a figure draws."""
    with open_dataset() as sample:
        return sample.compute(found(figure)[2])


EVERY = pytest.mark.parametrize(
    "figure", [pytest.param(f, marks=pytest.mark.xdist_group(f)) for f in FIGURES]
)


def words(figure: Figure) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph is a warning
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg")
    plt.close(figure)
    return drawn.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
@EVERY
def test_every_figure_in_both_languages(figure: str, lang: str) -> None:
    draw, alt, _ = found(figure)
    drawn = words(draw(rows(figure), lang))
    assert NOTHING[lang] not in drawn
    assert len(alt(draw.__name__, lang)) > 15


@pytest.mark.parametrize("lang", LANGUAGES)
@EVERY
def test_a_figure_without_a_value_says_so(figure: str, lang: str) -> None:
    draw, frame = found(figure)[0], rows(figure)
    for empty in (frame.assign(value=float("nan")), frame.head(0)):
        if "value" in frame or empty.empty:
            assert NOTHING[lang] in words(draw(empty, lang))
