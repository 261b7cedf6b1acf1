"""Figures of the rhythm: messages, and speakers, by hour and day of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "messages": Text("messages in the hour, mean", "这一小时平均消息数"),
        "speakers": Text("speakers in the hour, mean", "这一小时平均发言人数"),
        "hour": Text("hour of the day, from", "钟点（起）"),
        "mon": Text("Mon", "周一"),
        "tue": Text("Tue", "周二"),
        "wed": Text("Wed", "周三"),
        "thu": Text("Thu", "周四"),
        "fri": Text("Fri", "周五"),
        "sat": Text("Sat", "周六"),
        "sun": Text("Sun", "周日"),
    }
)
alt = words(
    {
        "messages": Text(
            "Heat map of 7 days by 24 hours: the darker a cell, the more messages an hour of that "
            "day usually holds; crossed cells have no value.",
            "7 天乘 24 小时的热力图：颜色越深，那天那个钟点通常消息越多；打叉的格子没有数值。",
        ),
        "speakers": Text(
            "Heat map of 7 days by 24 hours: the darker a cell, the more members write in that "
            "hour; crossed cells have no value.",
            "7 天乘 24 小时的热力图：颜色越深，那个钟点发言的人越多；打叉的格子没有数值。",
        ),
    }
)


def messages(grid: pd.DataFrame, lang: str) -> Figure:
    """Draw the mean number of messages in each hour of the week."""
    return _heat(grid, lang, "messages")


def speakers(grid: pd.DataFrame, lang: str) -> Figure:
    """Draw the mean number of different speakers in each hour of the week."""
    return _heat(grid, lang, "speakers")


def _heat(grid: pd.DataFrame, lang: str, measure: str) -> Figure:
    import numpy as np

    figure, axes = canvas(height=3.6)
    rows = grid[grid["measure"] == measure]
    if rows["value"].isna().all():
        nothing(axes, lang)
        return figure
    days, hours = list(dict.fromkeys(rows["weekday"])), list(dict.fromkeys(rows["hour"]))
    cells = rows.pivot_table(index="weekday", columns="hour", values="value", dropna=False)
    cells = cells.reindex(index=days, columns=hours)
    axes.grid(visible=False)
    shown = axes.pcolormesh(cells, cmap="Blues", vmin=0, edgecolors="white", linewidth=0.6)
    for day, hour in zip(*np.nonzero(cells.isna().to_numpy()), strict=True):
        axes.plot(hour + 0.5, day + 0.5, marker="x", color=MUTED, markersize=4)
    axes.invert_yaxis()
    axes.set_yticks([i + 0.5 for i in range(len(days))], [label(day, lang) for day in days])
    axes.set_xticks(range(0, len(hours), 3), [f"{hour:02d}" for hour in hours[::3]])
    axes.tick_params(length=0)
    axes.set(xlabel=label("hour", lang))
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    bar = figure.colorbar(shown, ax=axes, orientation="horizontal", pad=0.22, aspect=50)
    bar.set_label(label(measure, lang))
    bar.outline.set_visible(False)
    return figure
