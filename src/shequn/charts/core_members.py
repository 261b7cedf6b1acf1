"""Figures of the core: what became of it period by period, and who came and dropped out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLOURS = {"core_retained": PALETTE[0], "core_faded": PALETTE[4], "core_lost": MUTED}
label = words(
    {
        "of_core": Text("of the core of the period before", "占上一期核心的比例"),
        "core_retained": Text("still core", "仍是核心"),
        "core_faded": Text("faded", "淡出"),
        "core_lost": Text("fell silent", "沉默"),
        "members": Text("members", "成员数"),
        "came": Text("came", "来了"),
        "dropped_out": Text("dropped out (below the line)", "久不发言（横线以下）"),
        "net_change": Text("net change", "净变化"),
    }
)
alt = words(
    {
        "transitions": Text(
            "Stacked bars by period, each of 100%: of the core of the period before, the share "
            "still core, the share that faded and the share that fell silent; above each bar stands "
            "how many the core were. Periods with a core under five are blank.",
            "按期堆叠的条形图，每条合计 100%：上一期核心里仍是核心、淡出、沉默的比例；"
            "条上的数字是核心人数。核心不足五人的那一期留白。",
        ),
        "flows": Text(
            "Bars by period: members who came, new or back, above the line, members who dropped out "
            "below it, and a line for the difference.",
            "按期的条形图：横线以上是新来或久别回来的人，以下是久不发言的人，折线是两者之差。",
        ),
    }
)


def transitions(frame: pd.DataFrame, lang: str, *, periods: int = 13) -> Figure:
    """Draw what became of each of the last cores, one bar a period, and its size above."""
    figure, axes = canvas()
    grid = frame.pivot_table(index="period_end", columns="state", values="value", aggfunc="first")
    grid = grid.reindex(columns=list(_COLOURS)).tail(periods).dropna(how="all")
    if grid.empty:
        nothing(axes, lang)
        return figure
    sizes = frame.groupby("period_end")["n"].first().reindex(grid.index)
    width = _width(frame)
    bottom = grid["core_retained"] * 0
    for state, colour in _COLOURS.items():
        axes.bar(
            grid.index, grid[state], bottom=bottom, width=width, color=colour, linewidth=0,
            label=label(state, lang),
        )  # fmt: skip
        bottom = bottom + grid[state]
    for end, size in sizes.items():
        axes.text(end, 1.01, f"{size:.0f}", ha="center", va="bottom", fontsize=9)  # type: ignore[arg-type]
    axes.set(xlabel="", ylabel=label("of_core", lang), ylim=(0, 1.08))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    percent(axes)
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.17))
    dates(figure, axes)
    return figure


def flows(frame: pd.DataFrame, lang: str, *, periods: int = 13) -> Figure:
    """Draw who came and who dropped out in the last periods, and the difference."""
    figure, axes = canvas()
    grid = frame.pivot_table(index="period_end", columns="measure", values="value", aggfunc="first")
    grid = grid.reindex(columns=["came", "dropped_out", "net_change"])
    grid = grid.tail(periods).dropna(how="all")
    if grid.empty:
        nothing(axes, lang)
        return figure
    width = _width(frame)
    axes.bar(grid.index, grid["came"], width=width, color=PALETTE[0], label=label("came", lang))
    gone = -grid["dropped_out"]
    axes.bar(grid.index, gone, width=width, color=MUTED, label=label("dropped_out", lang))
    axes.plot(
        grid.index, grid["net_change"], color=PALETTE[1], marker="o", markersize=4,
        label=label("net_change", lang),
    )  # fmt: skip
    axes.axhline(0, color="black", linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda y, _: f"{abs(y):,.0f}")
    axes.set(xlabel="", ylabel=label("members", lang))
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.17))
    dates(figure, axes)
    return figure


def _width(frame: pd.DataFrame) -> float:
    """Return the width of a bar: most of a period, in days."""
    return 0.8 * float((frame["period_end"] - frame["period_start"]).dt.days.iloc[0])
