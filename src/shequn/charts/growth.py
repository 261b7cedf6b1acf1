"""Figures of growth: joins and leaves week by week, and the leave rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "people": Text("people in a week", "每周人次"),
        "joins": Text("joined", "入群"),
        "leaves": Text("left (below the line)", "退群（横线以下）"),
        "net": Text("net growth", "净增"),
        "week": Text("end of the week", "周末截止日"),
        "rate": Text("left, of those there at the start", "周初成员中退群的比例"),
    }
)
alt = words(
    {
        "flows": Text(
            "Bars by week: people who joined above the line, people who left below it, and a line "
            "for the difference.",
            "按周的条形图：横线以上是入群人次，以下是退群人次，折线是两者之差。",
        ),
        "leave_rate": Text(
            "Points with intervals: of the members there when a week began, the share that left in "
            "it, for the last 26 weeks.",
            "带区间的点图：最近 26 周，周初的成员里当周退群的比例。",
        ),
    }
)


def flows(weekly: pd.DataFrame, lang: str, *, weeks: int = 52) -> Figure:
    """Draw joins, leaves and net growth of the last weeks; leaves only where they are seen."""
    figure, axes = canvas()
    grid = weekly.pivot_table(
        index="period_start", columns="measure", values="value", aggfunc="first"
    )
    grid = grid.reindex(columns=["joins", "leaves", "net"]).tail(weeks).dropna(how="all")
    if grid.empty:
        nothing(axes, lang)
        return figure
    axes.bar(grid.index, grid["joins"], width=6, color=PALETTE[0], label=label("joins", lang))
    if grid["leaves"].notna().any():
        left = -grid["leaves"]
        axes.bar(grid.index, left, width=6, color=MUTED, label=label("leaves", lang))
        axes.plot(
            grid.index, grid["net"], color=PALETTE[1], linewidth=1.6, label=label("net", lang)
        )
    axes.axhline(0, color="black", linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda y, _: f"{abs(y):,.0f}")
    axes.set(xlabel="", ylabel=label("people", lang))
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.15))
    dates(figure, axes)
    return figure


def leave_rate(weekly: pd.DataFrame, lang: str, *, weeks: int = 26) -> Figure:
    """Draw the leave rate of the last weeks with its intervals."""
    rate = weekly[weekly["measure"] == "leave_rate"].tail(weeks)
    figure, axes = points(rate, lang, x=label("week", lang), y=label("rate", lang))
    percent(axes)
    return figure
