"""Figures of the moderation load: flags per 1,000 messages, and how long flags stay open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "block": Text("end of the block of weeks", "每段的截止日"),
        "rate": Text("flags per 1,000 messages", "每千条消息的举报数"),
        "hours": Text("hours since the flag", "举报后的小时数"),
        "open": Text("share of flags still open", "仍未处理的举报占比"),
        "half": Text("half", "一半"),
    }
)
alt = words(
    {
        "rate": Text(
            "Points with intervals: flags raised per 1,000 messages, in blocks of weeks.",
            "带区间的点图：每几周一段，每 1,000 条消息中被举报的条数。",
        ),
        "still_open": Text(
            "Points with intervals, falling from left to right: the share of flags that are still "
            "open so many hours after they were raised; a dashed line marks one half.",
            "带区间的点图，从左到右下降：举报后经过若干小时，仍未处理的举报占多少；虚线标出一半。",
        ),
    }
)


def rate(blocks: pd.DataFrame, lang: str, *, last: int = 13) -> Figure:
    """Draw flags per 1,000 messages in the last blocks of weeks."""
    rows = blocks[blocks["measure"] == "flag_rate"].tail(last)
    return points(rows, lang, x=label("block", lang), y=label("rate", lang))[0]


def still_open(curve: pd.DataFrame, lang: str) -> Figure:
    """Draw the share of flags still open at round hours, evenly spaced though the hours are not."""
    figure, axes = canvas(height=3.2)
    seen = curve.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    at = range(len(seen))
    error = [(seen["value"] - seen["low"]).fillna(0), (seen["high"] - seen["value"]).fillna(0)]
    axes.axhline(0.5, color="black", linestyle="--", linewidth=1, label=label("half", lang))
    axes.errorbar(at, seen["value"], yerr=error, fmt="o-", color=PALETTE[0], capsize=3)
    axes.set_xticks(list(at), [f"{hour:g}" for hour in seen["hours_open"]])
    axes.set(xlabel=label("hours", lang), ylabel=label("open", lang), ylim=(0, 1.02))
    percent(axes)
    axes.legend(frameon=False)
    return figure
