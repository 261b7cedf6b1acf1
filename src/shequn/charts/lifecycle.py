"""Figures of the life cycle: the states week by week, and the quick ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLOURS = {
    "returning": PALETTE[0], "resurrected": PALETTE[4], "new": PALETTE[5], "dormant": MUTED,
}  # fmt: skip
label = words(
    {
        "members": Text("members", "成员数"),
        "new": Text("new", "新来"),
        "returning": Text("was here last week", "上周也在"),
        "resurrected": Text("came back", "回来"),
        "dormant": Text("fell silent (below the line)", "沉默（横线以下）"),
        "block": Text("end of the block of weeks", "每段的截止日"),
        "ratio": Text("came ÷ fell silent", "来的 ÷ 沉默的"),
    }
)
alt = words(
    {
        "states": Text(
            "Stacked bars by week: members who were here the week before, came back, or are new, "
            "above the line; members who fell silent, below it.",
            "按周堆叠的条形图：横线以上是上周也在、回来、新来的成员，横线以下是转为沉默的成员。",
        ),
        "ratio": Text(
            "Points with intervals: members who came, new or back, for each who fell silent, in "
            "blocks of weeks; at 1 the two are equal.",
            "带区间的点图：每几周一段，新来和回来的人数除以沉默的人数；等于 1 时两者相等。",
        ),
    }
)


def states(frame: pd.DataFrame, lang: str, *, weeks: int = 52) -> Figure:
    """Draw the states of the last weeks, those who fell silent below the line."""
    figure, axes = canvas()
    grid = frame.pivot_table(index="period_start", columns="state", values="value", aggfunc="first")
    grid = grid.reindex(columns=list(_COLOURS)).tail(weeks).dropna(how="all")
    if grid.empty:
        nothing(axes, lang)
        return figure
    bottom = grid["returning"].fillna(0) * 0
    for state, colour in _COLOURS.items():
        height = grid[state].fillna(0)
        if state == "dormant":
            height, bottom = -height, height * 0
        axes.bar(
            grid.index, height, bottom=bottom, width=6, color=colour, linewidth=0,
            label=label(state, lang),
        )  # fmt: skip
        bottom = bottom + height
    axes.axhline(0, color="black", linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda y, _: f"{abs(y):,.0f}")
    axes.set(xlabel="", ylabel=label("members", lang))
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.22))
    dates(figure, axes)
    return figure


def ratio(blocks: pd.DataFrame, lang: str) -> Figure:
    """Draw the quick ratio of each block of weeks with its interval."""
    x, y = label("block", lang), label("ratio", lang)
    return points(blocks, lang, x=x, y=y, line=1)[0]
