"""Figures of newcomer response: who writes again, channel by channel, and the share answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "answered": Text("first message answered", "首次发言有人回"),
        "unanswered": Text("not answered", "没人回"),
        "again": Text("wrote again in weeks 1 to 4", "第 1 到 4 周又发过言"),
        "all_channels": Text("all newcomers", "全部新人"),
        "other_channels": Text("other or unknown", "其他或未知"),
        "block": Text("end of the block of weeks", "每段的截止日"),
        "share": Text("first messages answered", "首次发言有人回的比例"),
    }
)
alt = words(
    {
        "again": Text(
            "Pairs of points with intervals, one pair for all newcomers and one for each "
            "acquisition channel: the share who wrote again, of those whose first message was "
            "answered and of the others.",
            "成对的带区间的点，全部新人一对，每个引流渠道一对：首次发言有人回的和没人回的，各有多少比例后来又发言。",
        ),
        "answered_share": Text(
            "Points with intervals, in blocks of weeks: the share of newcomers whose first message "
            "was answered in time.",
            "带区间的点图，每几周一段：首次发言按时有人回的新人比例。",
        ),
    }
)
_LOOKS = {"answered": (PALETTE[0], "o", -0.13), "unanswered": (MUTED, "s", 0.13)}


def again(frame: pd.DataFrame, lang: str, *, channels: int = 8) -> Figure:
    """Draw who wrote again, answered and not, of all newcomers and of the largest channels."""
    names = list(dict.fromkeys(frame.dropna(subset="value")["join_channel"]))[: channels + 1]
    figure, axes = canvas(height=1.4 + 0.5 * len(names))
    if not names:
        nothing(axes, lang)
        return figure
    for arm, (colour, marker, shift) in _LOOKS.items():
        rows = frame[frame["arm"] == arm].set_index("join_channel").reindex(names)
        error = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
        axes.errorbar(
            rows["value"], [i + shift for i in range(len(names))], xerr=error, fmt=marker,
            color=colour, capsize=3, label=label(arm, lang),
        )  # fmt: skip
    own = ("all_channels", "other_channels")
    shown = [label(name, lang) if name in own else name for name in names]
    axes.set_yticks(range(len(names)), shown)
    axes.invert_yaxis()
    axes.set(xlabel=label("again", lang), xlim=(0, 1))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def answered_share(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the share of first messages answered in time, block by block."""
    figure, axes = points(frame, lang, x=label("block", lang), y=label("share", lang))
    percent(axes)
    return figure
