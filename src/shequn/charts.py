"""Figures: one theme, labels in both languages, a Chinese font from a package, colours that print."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe–Ito: distinct to colour-blind readers and, in this order, in grey print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MUTED = "#767676"
FEW = Text("under 5", "不足 5")  # stands where a number about one to four people would

_LABELS = {
    "day": Text("day", "日期"),
    "active_members": Text("active members", "活跃成员数"),
    "window": Text("in the last", "最近"),
    "days": Text("{n} d", "{n} 天"),
    "stickiness": Text("share of days a member came", "成员到场的天数占比"),
    "window_end": Text("28 days until", "截至该日的 28 天"),
    "cohort": Text("joined in the week of", "入群周"),
    "age": Text("weeks since joining", "入群后第几周"),
    "retained": Text("share active in the week", "当周活跃的比例"),
    "speakers": Text("share of speakers, quietest first", "发言者累计占比（从最少说话的起）"),
    "written": Text("share of messages", "消息累计占比"),
    "equal": Text("all alike", "人人一样多"),
    "nothing": Text("nothing to show: the data do not support it", "没有可画的：数据不支持"),
}
_ALTS = {
    "rolling_actives": Text(
        "Line chart: members active in the last 1, 7 and 28 days, by day.",
        "折线图：最近 1 天、7 天、28 天的活跃成员数，按日。",
    ),
    "stickiness": Text(
        "Points with intervals: share of days a monthly member came, for each 28 days.",
        "带区间的点图：每个 28 天窗口里，月活成员到场的天数占比。",
    ),
    "cohorts": Text(
        "Triangle of the last 26 weekly cohorts: darker cells mean more of a cohort were active "
        "that week; weeks not over, not covered or of fewer than five joiners are blank.",
        "最近 26 个入群周的同期群三角图：颜色越深，当周活跃的比例越高；没过完、没覆盖或不足五人的周留白。",
    ),
    "retention_curve": Text(
        "Curve with a band: share of a cohort active in each week since joining, cohorts pooled.",
        "带区间的曲线：各同期群合并后，入群第几周仍活跃的比例。",
    ),
    "lorenz": Text(
        "Lorenz curve: cumulated share of messages against share of speakers, with the line of equality.",
        "洛伦兹曲线：发言者累计占比对消息累计占比，附平均线。",
    ),
}


def alt(figure: str, lang: str) -> str:
    """Return the alt text of a figure in a language."""
    return _ALTS[figure][lang]


def label(name: str, lang: str) -> str:
    """Return an axis or legend label in a language."""
    return _LABELS[name][lang]


@cache
def _register_font() -> None:
    from matplotlib import font_manager

    spec = importlib.util.find_spec("zhplot")  # taken for the font file it ships; never imported
    assert spec is not None
    assert spec.origin is not None
    font = Path(spec.origin).parent / "fonts" / "NotoSansSC-Regular.ttf"
    font_manager.fontManager.addfont(str(font))


def theme() -> None:
    """Set the look of every figure; call it before drawing."""
    import matplotlib as mpl
    import seaborn as sns

    _register_font()
    sns.set_theme(style="ticks", palette=list(PALETTE), context="notebook")
    mpl.rcParams.update(  # after set_theme, which resets the fonts
        {
            "font.family": ["DejaVu Sans", "Noto Sans SC"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E5E5E5",
            "figure.figsize": (7.2, 3.8),
            "svg.fonttype": "path",
            "svg.hashsalt": "shequn",
            "axes.unicode_minus": False,
        }
    )


def canvas(width: float = 7.2, height: float = 3.8) -> tuple[Figure, Axes]:
    """Return a themed figure with one axes."""
    import matplotlib.pyplot as plt

    theme()
    figure, axes = plt.subplots(figsize=(width, height))
    return figure, axes


def nothing(axes: Axes, lang: str) -> None:
    """Say, in a strip instead of an empty frame, that there is nothing to show."""
    axes.axis("off")
    axes.text(
        0.5, 0.5, label("nothing", lang), ha="center", va="center", color=MUTED,
        transform=axes.transAxes,
    )  # fmt: skip
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.set_size_inches(7.2, 0.8)


def rolling_actives(daily: pd.DataFrame, lang: str) -> Figure:
    """Draw members active in the last 1, 7 and 28 days.

    Parameters
    ----------
    daily
        Result of ``active_members``; days the data do not cover stay open.
    """
    import pandas as pd

    figure, axes = canvas()
    drawn, day = False, pd.Timedelta(days=1)  # a window ends where its last day does
    for (days, rows), colour, style in zip(
        daily.groupby("days"), (MUTED, PALETTE[1], PALETTE[0]), ("-", "--", "-"), strict=False
    ):
        if rows["value"].notna().any():
            drawn = True
            marker = "o" if rows["value"].notna().sum() < 40 else ""
            axes.plot(
                rows["period_end"] - day, rows["value"], color=colour, linestyle=style, marker=marker,
                markersize=4, linewidth=0.9 if days == 1 else 1.8,
                label=label("days", lang).format(n=days),
            )  # fmt: skip
    if not drawn:
        nothing(axes, lang)
        return figure
    axes.set(xlabel="", ylabel=label("active_members", lang), ylim=(0, None))
    axes.legend(title=label("window", lang), frameon=False, ncols=3, loc="upper left")
    axes.margins(y=0.18)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    _dates(figure, axes)
    return figure


def stickiness(windows: pd.DataFrame, lang: str) -> Figure:
    """Draw stickiness of consecutive windows with intervals."""
    figure, axes = canvas(height=3.2)
    seen = windows.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
    axes.errorbar(
        seen["period_end"], seen["value"], yerr=error, fmt="o", color=PALETTE[0], capsize=3
    )
    axes.set(xlabel=label("window_end", lang), ylabel=label("stickiness", lang), ylim=(0, None))
    _percent(axes)
    _dates(figure, axes)
    return figure


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
    later = pooled[pooled["age_weeks"] > 0]
    if later.empty:
        nothing(axes, lang)
        return figure
    axes.plot(
        later["age_weeks"], later["value"], color=PALETTE[0], linewidth=2, marker="o", markersize=3
    )
    axes.fill_between(later["age_weeks"], later["low"], later["high"], color=PALETTE[0], alpha=0.2)
    axes.set(xlabel=label("age", lang), ylabel=label("retained", lang), ylim=(0, None))
    _percent(axes)
    return figure


def lorenz(curve: pd.DataFrame, lang: str) -> Figure:
    """Draw the Lorenz curve of messages over speakers."""
    figure, axes = canvas(4.8, 4.4)
    if curve.empty:
        nothing(axes, lang)
        return figure
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label=label("equal", lang))
    axes.plot(curve["population_share"], curve["message_share"], color=PALETTE[0], linewidth=2)
    axes.fill_between(
        curve["population_share"], curve["message_share"], curve["population_share"],
        color=PALETTE[0], alpha=0.15,
    )  # fmt: skip
    axes.set(
        xlabel=label("speakers", lang), ylabel=label("written", lang), xlim=(0, 1), ylim=(0, 1),
        aspect="equal",
    )  # fmt: skip
    axes.xaxis.set_major_formatter("{x:.0%}")
    _percent(axes)
    axes.legend(frameon=False, loc="upper left")
    return figure


def _percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter("{x:.0%}")


def _dates(figure: Figure, axes: Axes) -> None:
    import matplotlib.dates as mdates

    first, last = axes.dataLim.intervalx
    if last - first < 2:  # one point: no interval of ticks fits
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=8))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m-%d"))
    figure.autofmt_xdate(rotation=30)
