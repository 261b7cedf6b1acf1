"""Figures of acquisition cost: a join and a member who stays by channel, and a join by month."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, channels, nothing, points, shortened, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_LOOKS = {"cost_per_join": ("o", PALETTE[0], -0.14), "cost_per_active": ("D", PALETTE[1], 0.14)}
label = words(
    {
        "cost_per_join": Text("of a join", "每个入群的人"),
        "cost_per_active": Text("of a member active in week 4", "每个第 4 周还活跃的人"),
        "cost": Text("cost", "成本"),
        "join": Text("cost of a join", "单个入群成本"),
        "end": Text("end of the period", "每段的截止日"),
        "no_currency": Text("currency not given", "货币未注明"),
    }
)
alt = words(
    {
        "by_channel": Text(
            "Two points with intervals in each channel's row: what a join costs, and what a member "
            "who is still active in week 4 costs; the second lies to the right. "
            "The axis is logarithmic.",
            "每个渠道一行、两个带区间的点：进来一个人的成本，和第 4 周还活跃的人一个的成本；"
            "后者在右边。横轴为对数刻度。",
        ),
        "by_month": Text(
            "Points with intervals by month: what a join costs in all channels with a cost.",
            "按月的带区间点图：在全部有花费的渠道里，进来一个人的成本。",
        ),
    }
)


def _readable(x: float, _: object) -> str:
    """Return a tick of the cost axis: 1, 2 and 5 of each power of ten."""
    lead = x / 10 ** math.floor(math.log10(x))
    return f"{x:,.10g}" if round(lead, 6) in (1, 2, 5) else ""


def _main(frame: pd.DataFrame, lang: str) -> tuple[pd.DataFrame, str]:
    """Return the rows in the currency most is spent in, and what it is called."""
    spent = frame.dropna(subset="value").groupby("currency")["cost"].sum()
    if spent.empty:
        return frame.head(0), ""
    currency = str(spent.sort_index().idxmax())
    return frame[frame["currency"] == currency], (
        label(currency, lang) if currency == "no_currency" else currency
    )


def by_channel(frame: pd.DataFrame, lang: str, *, rows: int = 12) -> Figure:
    """Draw both costs of each channel, in the currency most is spent in."""
    mine, currency = _main(frame, lang)
    mine = mine[(mine["channel"] != "all_channels") & (mine["value"] > 0)]
    joins = mine[mine["measure"] == "cost_per_join"].sort_values("value", kind="stable")
    order = list(joins["channel"])[:rows]
    figure, axes = canvas(height=1.7 + 0.45 * len(order))
    if not order:
        nothing(axes, lang)
        return figure
    for measure, (marker, colour, offset) in _LOOKS.items():
        part = mine[(mine["measure"] == measure) & mine["channel"].isin(order)]
        axes.errorbar(
            part["value"], [order.index(c) + offset for c in part["channel"]],
            xerr=[part["value"] - part["low"], part["high"] - part["value"]],
            fmt=marker, color=colour, capsize=3, label=label(measure, lang),
        )  # fmt: skip
    axes.set_yticks(range(len(order)), shortened(channels(joins.head(rows), lang)))
    axes.set(xlabel=f"{label('cost', lang)} ({currency})", ylim=(len(order) - 0.4, -0.6))
    # A join and a member who stays lie a factor of ten apart, and so do channels.
    axes.set_xscale("log")
    for scale in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        scale(_readable)
    axes.tick_params(axis="x", which="both", length=4, pad=4)
    axes.grid(visible=False, axis="y")
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(-0.05, 1.0))
    return figure


def by_month(monthly: pd.DataFrame, lang: str, *, periods: int = 24) -> Figure:
    """Draw the cost of a join in all channels with a cost, period by period."""
    paid = monthly[
        (monthly["channel"] == "paid_channels") & (monthly["measure"] == "cost_per_join")
    ]
    mine, currency = _main(paid, lang)
    y = f"{label('join', lang)} ({currency})"
    return points(mine.tail(periods), lang, x=label("end", lang), y=y)[0]
