"""Figures of retention: the triangle of cohorts, and the pooled curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "cohort": Text("joined in the week of", "入群周"),
        "age": Text("weeks since joining", "入群后第几周"),
        "retained": Text("share active in the week", "当周活跃的比例"),
    }
)
alt = words(
    {
        "cohorts": Text(
            "Triangle of the last 26 weekly cohorts: darker cells mean more of a cohort were active "
            "that week; weeks not over, not covered or of fewer than five joiners are blank.",
            "最近 26 个入群周的同期群三角图：颜色越深，当周活跃的比例越高；没过完、没覆盖或不足五人的周留白。",
        ),
        "retention_curve": Text(
            "Curve with a band: share of a cohort active in each week since joining, cohorts pooled.",
            "带区间的曲线：各同期群合并后，入群第几周仍活跃的比例。",
        ),
    }
)


def cohorts(weekly: pd.DataFrame, lang: str, *, rows: int = 26) -> Figure:
    """Draw the triangle of the last ``rows`` weekly cohorts; cells without a value stay blank."""
    import matplotlib as mpl
    import numpy as np
    import seaborn as sns
    from matplotlib.colors import ListedColormap

    figure, axes = canvas(7.2, 5.2)
    # Week 0 is the week of joining itself: nearly everybody, and it would drown the rest.
    grid = weekly[weekly["age_weeks"] > 0].pivot_table(
        index="cohort", columns="age_weeks", values="value", aggfunc="first", dropna=True
    )
    grid = grid.tail(rows)
    grid = grid.dropna(axis="columns", how="all")
    if grid.empty:
        nothing(axes, lang)
        return figure
    grid.index = [f"{week:%Y-%m-%d}" for week in grid.index]
    tints = mpl.colormaps["Blues"](np.linspace(0.12, 1, 256))  # nobody is not the same as not known
    sns.heatmap(
        grid, ax=axes, cmap=ListedColormap(tints), vmin=0, linewidths=0.4, linecolor="white",
        cbar_kws={"label": label("retained", lang), "format": "{x:.0%}"},
    )  # fmt: skip
    axes.grid(False)
    axes.set(xlabel=label("age", lang), ylabel=label("cohort", lang))
    axes.tick_params(axis="y", labelsize=8, rotation=0)
    axes.tick_params(axis="x", labelsize=8, rotation=0)
    return figure


def retention_curve(pooled: pd.DataFrame, lang: str) -> Figure:
    """Draw pooled weekly retention with its band."""
    figure, axes = canvas()
    later = pooled[pooled["age_weeks"] > 0].dropna(subset="value")
    if later.empty:
        nothing(axes, lang)
        return figure
    axes.plot(
        later["age_weeks"], later["value"], color=PALETTE[0], linewidth=2, marker="o", markersize=3
    )
    axes.fill_between(later["age_weeks"], later["low"], later["high"], color=PALETTE[0], alpha=0.2)
    axes.set(xlabel=label("age", lang), ylabel=label("retained", lang), ylim=(0, None))
    percent(axes)
    return figure
