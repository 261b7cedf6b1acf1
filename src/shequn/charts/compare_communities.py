"""Figures of the comparison of groups: the funnel plot, and how far ranks move by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, named, nothing, shortened, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NAMED = 12  # groups outside the limits that are named, the farthest first
_ENDS = 10  # first and last ranks that are drawn of many
_LIMITS = {1.96: ("#D0D0D0", 5.0), 3.09: ("#999999", 1.0)}  # z: colour and width of the bar
# Verdicts drawn alike: marker, filling, size.
_MARKS = {
    "few_expected": ("o", "white", 5),
    "within_limits": ("o", PALETTE[4], 6),
    "outside_95": ("D", PALETTE[1], 7),
    "outside_998": ("s", "black", 8),
}
_DRAWN = {
    "above_95": "outside_95", "below_95": "outside_95",
    "above_998": "outside_998", "below_998": "outside_998",
}  # fmt: skip
label = words(
    {
        "people": Text("people of the group in the base window", "该群基准窗口里的人数"),
        "ratio": Text("kept ÷ expected", "留住 ÷ 预期"),
        "few_expected": Text("too few to judge", "人太少，不判定"),
        "within_limits": Text("within the funnel", "在漏斗之内"),
        "outside_95": Text("outside the 95% limits", "在 95% 控制限之外"),
        "outside_998": Text("outside the 99.8% limits", "在 99.8% 控制限之外"),
        "limits": Text("by chance: 95%, 99.8%", "偶然范围：95%、99.8%"),
        "rank": Text("rank by share kept, with its 95% interval", "按留住比例排的名次及 95% 区间"),
    }
)
alt = words(
    {
        "funnel": Text(
            "Funnel plot: a mark a group, by its people in the base window and by those kept "
            "divided by those expected. Grey bars around 1 show where chance would put it, wide "
            "for small groups; groups outside them are named.",
            "漏斗图：每个群一个点，横轴是基准窗口的人数，纵轴是留住的人数除以预期。1 上下的灰条是"
            "单凭偶然会落在哪里，群越小越宽；落在外面的群标出名称。",
        ),
        "ranks": Text(
            "Points with intervals, the group of rank 1 on top: the rank by the share kept, and "
            "the ranks it would take by chance. Of many groups the first ten and the last ten.",
            "带区间的点图，第 1 名在最上面：按留住比例排的名次，以及单凭偶然可能排到的名次。"
            "群多时只画前十和后十。",
        ),
    }
)


def funnel(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw each group against its own limits, by size."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = canvas(height=4.6)
    seen = frame.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    judged = seen[seen["verdict"] != "few_expected"]
    for z, (colour, width) in sorted(_LIMITS.items(), reverse=True):
        low = (1 - z * judged["spread"]).clip(lower=0)
        high = 1 + z * judged["spread"]
        axes.vlines(judged["n"], low, high, color=colour, linewidth=width, zorder=1)
    axes.axhline(1, color=MUTED, linewidth=1, zorder=2)
    drawn = seen["verdict"].map(_DRAWN).fillna(seen["verdict"])
    for mark, (marker, filling, size) in _MARKS.items():
        some = seen[drawn == mark]
        axes.plot(
            some["n"], some["value"], marker, markerfacecolor=filling, markeredgecolor="black",
            markersize=size, linestyle="none", label=label(mark, lang), zorder=3,
        )  # fmt: skip
    handles, texts = axes.get_legend_handles_labels()
    handles.append(Line2D([], [], color="#BFBFBF", linewidth=5))
    texts.append(label("limits", lang))
    axes.legend(
        handles, texts, frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1), fontsize=10
    )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(seen["n"].min() / 1.25, seen["n"].max() * 1.25)
    axes.set_ylim(0, None)
    axes.set(xlabel=label("people", lang), ylabel=label("ratio", lang))
    _name(axes, seen[drawn.isin(set(_DRAWN.values()))])
    return figure


def _name(axes: Axes, outside: pd.DataFrame) -> None:
    """Write the names of groups beside the axes, one below the other, each tied to its mark."""
    far = ((outside["value"] - 1) / outside["spread"]).abs()
    chosen = outside.loc[far.sort_values(ascending=False).index[:_NAMED]]
    chosen = chosen.sort_values("value", ascending=False)
    top = axes.get_ylim()[1]
    places = [value / top for value in chosen["value"]]
    for i in range(1, len(places)):  # downwards, each clear of the one above
        places[i] = min(places[i], places[i - 1] - 0.07)
    low = 0.0
    for i in reversed(range(len(places))):  # and up again from the bottom
        places[i] = max(places[i], low)
        low = places[i] + 0.07
    for name, row, place in zip(
        shortened(chosen["chat_group"].astype(str).tolist()),
        chosen.to_dict("records"),
        places,
        strict=True,
    ):
        axes.annotate(
            name, (row["n"], row["value"]), (1.03, place), textcoords="axes fraction", va="center",
            fontsize=10, arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6},
        )  # fmt: skip


def ranks(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the ranks with their intervals; of many groups the first and the last."""
    import pandas as pd
    from matplotlib.ticker import MaxNLocator

    seen = frame.dropna(subset="value")
    if parted := len(seen) > 2 * _ENDS:
        seen = pd.concat([seen.head(_ENDS), seen.tail(_ENDS)])
    names = seen["chat_group"].astype(str).tolist()
    figure, axes = named(seen, names, lang, x=label("rank", lang))
    if axes.axison:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    if parted:  # the ranks between them are not drawn
        axes.axhline(_ENDS - 0.5, color=MUTED, linestyle=":", linewidth=1)
    return figure
