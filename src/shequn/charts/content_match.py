"""Figures of content match: supply beside demand by topic, and their ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "supply": Text("of the messages (supply)", "占消息（供给）"),
        "demand": Text("of the responses (demand)", "占回应（需求）"),
        "share": Text("share", "占比"),
        "ratio": Text("demand ÷ supply", "需求 ÷ 供给"),
        "other_topics": Text("other topics", "其他话题"),
    }
)
alt = words(
    {
        "shares": Text(
            "Two points with intervals for each topic, one below the other: its share of all "
            "messages and its share of all responses.",
            "每个话题两个带区间的点：它占全部消息的比例，和它占全部回应的比例。",
        ),
        "ratio": Text(
            "A point with interval for each topic: its share of the responses divided by its share "
            "of the messages; a dashed line marks one.",
            "每个话题一个带区间的点：回应占比除以消息占比；虚线标出一。",
        ),
    }
)


def shares(topics: pd.DataFrame, lang: str) -> Figure:
    """Draw supply and demand of each topic."""
    styles = {"supply": ("s", MUTED, -0.12), "demand": ("o", PALETTE[0], 0.12)}
    figure = _by_topic(topics, lang, styles, label("share", lang))
    axes = figure.axes[0]
    if axes.axison:
        axes.xaxis.set_major_formatter("{x:.0%}")
        axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def ratio(topics: pd.DataFrame, lang: str) -> Figure:
    """Draw demand to supply of each topic, with a line at one."""
    styles = {"demand_to_supply": ("o", PALETTE[0], 0.0)}
    figure = _by_topic(topics, lang, styles, label("ratio", lang))
    axes = figure.axes[0]
    if axes.axison:
        axes.axvline(1, color="black", linestyle="--", linewidth=1)
    return figure


def _by_topic(
    topics: pd.DataFrame, lang: str, styles: dict[str, tuple[str, str, float]], x: str
) -> Figure:
    """Draw measures with their intervals, a line a topic, in the order of the frame."""
    names = list(dict.fromkeys(topics.dropna(subset="value")["topic"]))
    figure, axes = canvas(height=1.4 + 0.42 * len(names))
    if not names:
        nothing(axes, lang)
        return figure
    for measure, (marker, colour, shift) in styles.items():
        rows = topics[topics["measure"] == measure].dropna(subset="value")
        at = [names.index(topic) + shift for topic in rows["topic"]]
        error = [(rows["value"] - rows["low"]).fillna(0), (rows["high"] - rows["value"]).fillna(0)]
        axes.errorbar(
            rows["value"], at, xerr=error, fmt=marker, color=colour, capsize=3,
            label=label(measure, lang) if measure != "demand_to_supply" else None,
        )  # fmt: skip
    shown = [label(n, lang) if n == "other_topics" else n[:17] + "…" * (len(n) > 17) for n in names]
    axes.set_yticks(range(len(names)), shown)
    axes.set(xlabel=x, xlim=(0, None), ylim=(len(names) - 0.5, -0.5))
    return figure
