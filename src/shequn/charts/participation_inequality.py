"""The Lorenz curve of messages over speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "speakers": Text("share of speakers, quietest first", "发言者累计占比（从最少说话的起）"),
        "written": Text("share of messages", "消息累计占比"),
        "equal": Text("all alike", "人人一样多"),
    }
)
alt = words(
    {
        "lorenz": Text(
            "Lorenz curve: cumulated share of messages against share of speakers, with the line of equality.",
            "洛伦兹曲线：发言者累计占比对消息累计占比，附平均线。",
        ),
    }
)


def lorenz(curve: pd.DataFrame, lang: str) -> Figure:
    """Draw the Lorenz curve of messages over speakers."""
    figure, axes = canvas(4.8, 4.4)
    if curve.empty:
        nothing(axes, lang)
        return figure
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label=label("equal", lang))
    axes.plot(curve["population_share"], curve["message_share"], color=PALETTE[0], linewidth=2)
    axes.fill_between(
        curve["population_share"], curve["message_share"], curve["population_share"],
        color=PALETTE[0], alpha=0.15,
    )  # fmt: skip
    axes.set(
        xlabel=label("speakers", lang), ylabel=label("written", lang), xlim=(0, 1), ylim=(0, 1),
        aspect="equal",
    )  # fmt: skip
    axes.xaxis.set_major_formatter("{x:.0%}")
    percent(axes)
    axes.legend(frameon=False, loc="upper left")
    return figure
