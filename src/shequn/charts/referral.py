"""Figures of referral: K by month, how soon members bring somebody, and the generations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "month": Text("joined in the month until", "入群月份（截止日）"),
        "k": Text("members brought by each", "每人带来的成员数"),
        "days": Text("days since joining", "入群后天数"),
        "brought": Text("share who brought somebody", "带来过人的成员占比"),
        "generation": Text(
            "generation (0: invited by nobody in the list)",
            "代（0：名单里没有邀请人）",
        ),
        "size": Text("members (log scale)", "成员数（对数刻度）"),
    }
)
alt = words(
    {
        "k": Text(
            "Points with intervals by month of joining: members that each member brought within the "
            "window.",
            "按入群月份的带区间的点图：每名成员在窗口内带来的成员数。",
        ),
        "waits": Text(
            "Rising steps with a band: the share of members who brought somebody, by days since "
            "joining, members followed for less time counted as long as they were followed.",
            "带区间的上升阶梯线：入群若干天内带来过人的成员占比，观察期较短的成员只算到观察结束。",
        ),
        "generations": Text(
            "Points joined by a line on a logarithmic scale: members in each generation of the tree "
            "of who invited whom.",
            "对数刻度上的折线：邀请关系树每一代的成员数。",
        ),
    }
)


def k(months: pd.DataFrame, lang: str) -> Figure:
    """Draw K by month of joining with its intervals."""
    return points(months, lang, x=label("month", lang), y=label("k", lang))[0]


def waits(curve: pd.DataFrame, lang: str) -> Figure:
    """Draw the share who brought somebody by days since joining."""
    figure, axes = canvas(height=3.2)
    seen = curve.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    days = seen["within_days"]
    axes.plot(days, seen["value"], color=PALETTE[0], marker="o", markersize=3, linewidth=1.6)
    axes.fill_between(days, seen["low"], seen["high"], color=PALETTE[0], alpha=0.2)
    top = max(float(seen["high"].fillna(seen["value"]).max()) * 1.15, 0.02)
    axes.set(
        xlabel=label("days", lang), ylabel=label("brought", lang), ylim=(0, top), xlim=(0, None)
    )
    percent(axes)
    return figure


def generations(sizes: pd.DataFrame, lang: str) -> Figure:
    """Draw the size of each generation; a K that stays the same makes a straight line."""
    figure, axes = canvas(height=3.4)
    seen = sizes.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    axes.plot(seen["generation"], seen["value"], color=MUTED, linewidth=1.2)
    axes.plot(seen["generation"], seen["value"], "o", color=PALETTE[0], markersize=8)
    for x, people in zip(seen["generation"], seen["value"], strict=True):
        axes.annotate(f"{people:,.0f}", (x, people), xytext=(9, 4), textcoords="offset points")
    axes.set_yscale("log")
    axes.set_ylim(1, float(seen["value"].max()) * 2)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()
    axes.set_xticks(list(seen["generation"]))
    axes.set_xlim(-0.3, float(seen["generation"].max()) + 0.6)
    axes.set(xlabel=label("generation", lang), ylabel=label("size", lang))
    return figure
