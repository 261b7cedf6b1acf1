"""Figures of content sameness: the shares over time, and how they hang on the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "block": Text("end of the block of days", "每段的截止日"),
        "share": Text("of messages long enough", "占足够长的消息"),
        "nearly_same": Text("nearly the same", "几乎一样"),
        "same": Text("word for word", "一字不差"),
        "similarity": Text("counts as the same from a similarity of", "从多大的相似度起算一样"),
    }
)
alt = words(
    {
        "over_time": Text(
            "Points with intervals by block of days: the share of messages that have a twin, "
            "nearly the same or word for word.",
            "按时间段的带区间点图：有雷同的消息占比，分几乎一样和一字不差两种。",
        ),
        "threshold": Text(
            "A line with intervals: the share of messages that have a twin, falling as more "
            "similarity is asked for.",
            "带区间的折线图：要求的相似度越高，有雷同的消息占比越低。",
        ),
    }
)


def over_time(blocks: pd.DataFrame, lang: str) -> Figure:
    """Draw both shares in each block of days."""
    figure, axes = canvas(height=3.4)
    seen = blocks[blocks["measure"].isin(["nearly_same", "same"])].dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    styles = {"nearly_same": ("o", PALETTE[1], -2), "same": ("s", PALETTE[0], 2)}
    for measure, (marker, colour, shift) in styles.items():
        rows = seen[seen["measure"] == measure]
        at = rows["period_end"] + shift * (rows["period_end"] - rows["period_start"]) / 28
        axes.errorbar(
            at, rows["value"], yerr=_error(rows), fmt=marker, color=colour, capsize=3,
            label=label(measure, lang),
        )  # fmt: skip
    axes.set(xlabel=label("block", lang), ylabel=label("share", lang), ylim=(0, None))
    percent(axes)
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.18))
    dates(figure, axes)
    return figure


def threshold(curve: pd.DataFrame, lang: str, *, chosen: float = 0.6) -> Figure:
    """Draw the share at every threshold, with a line at the one chosen."""
    figure, axes = canvas(height=3.2)
    seen = curve.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    axes.axvline(chosen, color=MUTED, linestyle="--", linewidth=1)
    axes.errorbar(
        seen["similarity"], seen["value"], yerr=_error(seen), fmt="o-", color=PALETTE[1], capsize=3
    )
    axes.set(xlabel=label("similarity", lang), ylabel=label("share", lang), ylim=(0, None))
    percent(axes)
    return figure


def _error(rows: pd.DataFrame) -> list[pd.Series[float]]:
    return [(rows["value"] - rows["low"]).fillna(0), (rows["high"] - rows["value"]).fillna(0)]
