"""Figures of member tiers: who goes where in four weeks, and which fifth of buyers buys next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TIERS = {"core": PALETTE[0], "regular": PALETTE[4], "light": PALETTE[5]}
_ORDER = ("core", "regular", "light", "quiet")
_SCORES = {"recency": ("o", PALETTE[0]), "frequency": ("s", PALETTE[1]), "money": ("^", PALETTE[2])}
label = words(
    {
        "members": Text("members who wrote", "发过言的成员"),
        "core": Text("core: 8 days or more", "核心：8 天以上"),
        "regular": Text("regular: 3 to 7", "经常：3 到 7 天"),
        "light": Text("light: 1 or 2", "偶尔：1 或 2 天"),
        "quiet": Text("quiet: none", "安静：0 天"),
        "newcomer": Text("first wrote now", "首次发言"),
        "before": Text("in the window before", "上一个窗口"),
        "after": Text("in the last window", "最近一个窗口"),
        "bought": Text("bought in the last window", "最近窗口内购买的比例"),
        "fifth": Text("fifth of the buyers, 5 the best", "买家五分位，5 最高"),
        "recency": Text("by recency", "按最近一次"),
        "frequency": Text("by frequency", "按次数"),
        "money": Text("by money", "按金额"),
    }
)
alt = words(
    {
        "sizes": Text(
            "Stacked bars, one for each window: members of the core, regular and light tiers.",
            "堆叠条形图，每个窗口一根：核心、经常、偶尔三层的成员数。",
        ),
        "matrix": Text(
            "Grid of shares: rows are the tier in the window before, columns the tier in the last one; "
            "each row adds up to all of its members.",
            "比例方格图：行是上一个窗口的层级，列是最近一个窗口的层级，每一行加起来是该层的全部成员。",
        ),
        "fifths": Text(
            "Points with intervals: share of buyers who bought in the last window, by fifths of "
            "recency, of frequency and of money before it.",
            "带区间的点图：按此前的最近一次、次数、金额各分五份，每份买家在最近窗口内购买的比例。",
        ),
    }
)


def sizes(windows: pd.DataFrame, lang: str, *, last: int = 13) -> Figure:
    """Draw the tiers of those who wrote, window by window."""
    figure, axes = canvas()
    grid = windows.pivot_table(index="period_end", columns="tier", values="value", aggfunc="first")
    grid = grid.reindex(columns=list(_TIERS)).dropna(how="all").tail(last)
    if grid.empty:
        nothing(axes, lang)
        return figure
    bottom = 0 * grid["core"].fillna(0)
    for tier, colour in _TIERS.items():
        height = grid[tier].fillna(0)
        axes.bar(grid.index, height, bottom=bottom, width=20, color=colour, linewidth=0,
                 label=label(tier, lang))  # fmt: skip
        bottom = bottom + height
    axes.set(xlabel="", ylabel=label("members", lang))
    axes.legend(
        frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.15), fontsize="small"
    )
    dates(figure, axes)
    return figure


def matrix(shares: pd.DataFrame, lang: str) -> Figure:
    """Draw the share of each tier that goes to each, written into the cells."""
    import seaborn as sns

    figure, axes = canvas(height=3.6)
    if shares["value"].notna().sum() == 0:
        nothing(axes, lang)
        return figure
    grid = shares.pivot_table(index="before", columns="after", values="value", aggfunc="first")
    grid = grid.reindex(index=[*_ORDER, "newcomer"], columns=list(_ORDER))
    grid.index = [label(tier, lang) for tier in grid.index]
    grid.columns = [label(tier, lang).split(":")[0].split("：")[0] for tier in grid.columns]
    sns.heatmap(grid, ax=axes, cmap="Blues", vmin=0, vmax=1, annot=True, fmt=".0%", cbar=False,
                linewidths=0.6, linecolor="white", mask=grid.isna())  # fmt: skip
    axes.grid(visible=False)
    axes.set(xlabel=label("after", lang), ylabel=label("before", lang))
    axes.tick_params(axis="y", rotation=0)
    return figure


def fifths(shares: pd.DataFrame, lang: str) -> Figure:
    """Draw the share that bought by fifths of each of the three, side by side."""
    figure, axes = canvas(height=3.4)
    if shares["value"].notna().sum() == 0:
        nothing(axes, lang)
        return figure
    axes.axhline(0, color=MUTED, linewidth=0.8)
    for aside, (score, (mark, colour)) in zip((-0.12, 0, 0.12), _SCORES.items(), strict=True):
        seen = shares[shares["score"] == score].dropna(subset="value")
        error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
        axes.errorbar(seen["fifth"] + aside, seen["value"], yerr=error, fmt=mark, color=colour,
                      capsize=2, label=label(score, lang))  # fmt: skip
    axes.set(xlabel=label("fifth", lang), ylabel=label("bought", lang))
    axes.set_xticks(range(1, 6))
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.16))
    percent(axes)
    return figure
