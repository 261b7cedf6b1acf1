"""Figures of channel concentration: each channel's share, and how many channels that amounts to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import channels, named, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "share": Text("share of the joins", "占入群人数的比例"),
        "end": Text("end of the period", "每段的截止日"),
        "effective": Text("effective number of channels", "有效渠道数"),
    }
)
alt = words(
    {
        "shares": Text(
            "Points with intervals, one a channel, the largest on top: its share of the members "
            "who joined in the window.",
            "带区间的点图，每行一个渠道，最大的在最上面：它占窗口内入群人数的比例。",
        ),
        "over_time": Text(
            "Points with intervals by month: how many channels of equal size would be as "
            "concentrated as those of the month; at 1 all joins come by one channel.",
            "按月的带区间点图：当月的集中程度相当于几个同样大的渠道；等于 1 时全部来自一个渠道。",
        ),
    }
)


def shares(frame: pd.DataFrame, lang: str, *, rows: int = 15) -> Figure:
    """Draw the share of each channel with its interval."""
    top = frame.head(rows)
    figure, axes = named(top, channels(top, lang), lang, x=label("share", lang))
    if axes.axison:
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter("{x:.0%}")
    return figure


def over_time(monthly: pd.DataFrame, lang: str, *, periods: int = 24) -> Figure:
    """Draw the effective number of channels of the last months with its intervals."""
    effective = monthly[monthly["measure"] == "effective_channels"].tail(periods)
    x, y = label("end", lang), label("effective", lang)
    return points(effective, lang, x=x, y=y, line=1)[0]
