"""Figures of traffic quality: who is still active in week 4, and each channel against all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import channels, named, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "wrote_7": Text("wrote within 7 days", "7 天内发过言"),
        "active_week_4": Text("active in week 4", "第 4 周活跃"),
        "left_14": Text("left within 14 days", "14 天内退群"),
        "silent_left_14": Text("left within 14 days without a word", "14 天内没说话就退群"),
        "in_burst": Text("joined in a burst", "扎堆入群"),
        "difference": Text(": difference to all others", "：与其余渠道之差"),
    }
)
alt = words(
    {
        "ranking": Text(
            "Points with intervals, one a channel, the highest lower bound on top: the share of "
            "its members who are active in week 4.",
            "带区间的点图，每行一个渠道，下限最高的在最上面：它的成员里第 4 周活跃的比例。",
        ),
        "differences": Text(
            "Points with intervals, one a channel: its share of members active in week 4 less that "
            "of all other channels together. Filled points differ even as all are compared.",
            "带区间的点图，每行一个渠道：它的成员第 4 周活跃的比例，减去其余渠道合计的比例。"
            "实心点表示算上全部比较之后仍有差别。",
        ),
    }
)


def ranking(frame: pd.DataFrame, lang: str, *, measure: str = "active_week_4") -> Figure:
    """Draw a measure by channel, in the order of the lower bounds."""
    mine = frame[frame["measure"] == measure]
    figure, axes = named(mine, channels(mine, lang), lang, x=label(measure, lang))
    if axes.axison:
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter("{x:.0%}")
    return figure


def differences(
    compared: pd.DataFrame, lang: str, *, measure: str = "active_week_4", level: float = 0.05
) -> Figure:
    """Draw by how much each channel differs from all others, hollow where that may be chance."""
    mine = compared[compared["measure"] == measure]
    x = label(measure, lang) + label("difference", lang)
    hollow = [not p < level for p in mine["adjusted"]]
    figure, axes = named(mine, channels(mine, lang), lang, x=x, line=0, hollow=hollow)
    if axes.axison:
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:+.0%}" if abs(x) > 1e-9 else "0%")
    return figure
