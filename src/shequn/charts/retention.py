"""Figures of retention: the triangle of cohorts, the pooled curve, four definitions side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_STYLES = {
    "unbounded": (PALETTE[0], "o", "-"),
    "bracket": (PALETTE[1], "s", "--"),
    "calendar_week": (PALETTE[2], "^", "-."),
    "n_day": (MUTED, "D", ":"),
}
label = words(
    {
        "cohort": Text("joined in the week of", "入群周"),
        "age": Text("weeks since joining", "入群后第几周"),
        "retained": Text("share active in the week", "当周活跃的比例"),
        "day": Text("day N after joining", "入群后第 N 天"),
        "share": Text("share of the same joiners", "占同一批入群者的比例"),
        "n_day": Text("on day N itself", "就在第 N 天"),
        "calendar_week": Text("in the week of day N", "第 N 天所在那一周"),
        "bracket": Text("in the bracket that ends with day N", "到第 N 天为止的区段"),
        "unbounded": Text("on day N or later", "第 N 天或之后"),
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
        "definitions": Text(
            "Four lines with intervals over the same days and the same joiners: active on day N, in "
            "the week of day N, in the bracket that ends with day N, on day N or later. The first "
            "lies lowest.",
            "同一批入群者、同样几个日子上的四条带区间的折线：就在第 N 天活跃、第 N 天所在那一周活跃、"
            "到第 N 天为止的区段内活跃、第 N 天或之后活跃。第一条最低。",
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


def definitions(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw what share each definition calls retained, at the same days for the same people."""
    figure, axes = canvas(height=4.2)
    seen = frame.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    days = sorted(seen["day"].unique())
    for i, (measure, (colour, marker, line)) in enumerate(_STYLES.items()):
        rows = seen[seen["measure"] == measure].sort_values("day")
        x = [days.index(day) + (i - 1.5) * 0.05 for day in rows["day"]]  # intervals side by side
        error = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
        axes.errorbar(
            x, rows["value"], yerr=error, color=colour, marker=marker, linestyle=line, capsize=2,
            label=label(measure, lang),
        )  # fmt: skip
    axes.set_xticks(range(len(days)), [f"{day:.0f}" for day in days])
    axes.set(xlabel=label("day", lang), ylabel=label("share", lang), ylim=(0, None))
    percent(axes)
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
