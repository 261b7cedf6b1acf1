"""Figures of active members: the three windows, and stickiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "active_members": Text("active members", "活跃成员数"),
        "window": Text("in the last", "最近"),
        "days": Text("{n} d", "{n} 天"),
        "stickiness": Text("share of days a member came", "成员到场的天数占比"),
        "window_end": Text("28 days until", "截至该日的 28 天"),
    }
)
alt = words(
    {
        "rolling_actives": Text(
            "Line chart: members active in the last 1, 7 and 28 days, by day.",
            "折线图：最近 1 天、7 天、28 天的活跃成员数，按日。",
        ),
        "stickiness": Text(
            "Points with intervals: share of days a monthly member came, for each 28 days.",
            "带区间的点图：每个 28 天窗口里，月活成员到场的天数占比。",
        ),
    }
)


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
    dates(figure, axes)
    return figure


def stickiness(windows: pd.DataFrame, lang: str) -> Figure:
    """Draw stickiness of consecutive windows with intervals."""
    figure, axes = points(windows, lang, x=label("window_end", lang), y=label("stickiness", lang))
    percent(axes)
    return figure
