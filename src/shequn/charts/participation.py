"""Figures of participation: day by day, week by week, and who wrote, was silent or left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, dates, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_SHARES = {"participation": PALETTE[0], "silent_share": "#C9C9C9", "gone_share": PALETTE[1]}
label = words(
    {
        "share": Text("wrote, of the members there", "成员中发言的占比"),
        "week": Text("end of the week", "周末截止日"),
        "members": Text("members at the start", "窗口开始时的成员"),
        "days": Text("{n} days", "{n} 天"),
        "participation": Text("wrote", "发过言"),
        "silent_share": Text("silent", "沉默"),
        "gone_share": Text("left without a word", "没说话就走"),
    }
)
alt = words(
    {
        "daily": Text(
            "Line with a band: of the members there when a day began, the share that wrote on it, "
            "for the last 56 days.",
            "带阴影区间的折线图：最近 56 天，每天开始时的成员里当天发言的比例。",
        ),
        "weekly": Text(
            "Points with intervals: of the members there when a week began, the share that wrote "
            "in it, for the last 26 weeks.",
            "带区间的点图：最近 26 周，周初的成员里当周发言的比例。",
        ),
        "split": Text(
            "Two stacked bars, for the last 7 and 28 days: of the members there at the start, "
            "those who wrote, were silent, or left without a word.",
            "两条堆叠条形，分别是最近 7 天和 28 天：窗口开始时的成员里，发过言的、沉默的、没说话就走的各占多少。",
        ),
    }
)


def daily(series: pd.DataFrame, lang: str, *, days: int = 56) -> Figure:
    """Draw the share of each of the last days with its interval; unseen days stay open."""
    import pandas as pd

    figure, axes = canvas(height=3.2)
    seen = series[series["days"] == 1].tail(days)
    if seen["value"].isna().all():
        nothing(axes, lang)
        return figure
    x = seen["period_end"] - pd.Timedelta(days=1)
    marker = "o" if seen["value"].notna().sum() < 40 else ""
    axes.plot(x, seen["value"], color=PALETTE[0], linewidth=1.4, marker=marker, markersize=4)
    axes.fill_between(x, seen["low"], seen["high"], color=PALETTE[0], alpha=0.18, linewidth=0)
    axes.set(xlabel="", ylabel=label("share", lang), ylim=(0, None))
    percent(axes)
    dates(figure, axes)
    return figure


def weekly(series: pd.DataFrame, lang: str, *, weeks: int = 26) -> Figure:
    """Draw the share of each of the last weeks with its interval."""
    seen = series[series["days"] == 7].tail(weeks)
    figure, axes = points(seen, lang, x=label("week", lang), y=label("share", lang))
    percent(axes)
    return figure


def split(windows: pd.DataFrame, lang: str) -> Figure:
    """Draw the members of each window by whether they wrote, were silent or left."""
    figure, axes = canvas(height=2.2)
    grid = windows[windows["measure"].isin(list(_SHARES))].pivot_table(
        index="days", columns="measure", values="value"
    )
    if grid.empty:
        nothing(axes, lang)
        return figure
    grid = grid.reindex(columns=list(_SHARES)).sort_index(ascending=False)
    names = [label("days", lang).format(n=days) for days in grid.index]
    left = grid["participation"] * 0
    for share, colour in _SHARES.items():
        axes.barh(names, grid[share], left=left, color=colour, height=0.6, label=label(share, lang))
        for row, (begin, width) in enumerate(zip(left, grid[share], strict=True)):
            if width > 0.08:  # narrower than its number
                tint = "black" if colour == _SHARES["silent_share"] else "white"
                axes.text(
                    begin + width / 2, row, f"{width:.0%}", ha="center", va="center", color=tint
                )
        left = left + grid[share]
    axes.grid(visible=False)
    axes.set(xlabel=label("members", lang), xlim=(0, 1))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0))
    return figure
