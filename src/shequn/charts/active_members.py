"""Figures of active members: the three windows, and stickiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "active_members": Text("active members", "活跃成员数"),
        "window": Text("in the last", "最近"),
        "days": Text("{n} d", "{n} 天"),
        "stickiness": Text("share of days a member came", "成员到场的天数占比"),
        "window_end": Text("28 days until", "截至该日的 28 天"),
        "members": Text("members", "成员数"),
        "active_days": Text("active days of {n}", "{n} 天里活跃几天"),
        "before": Text("the {n} days before", "再往前 {n} 天"),
        "last": Text("last {n} days", "最近 {n} 天"),
    }
)
alt = words(
    {
        "rolling_actives": Text(
            "Line chart: members active in the last 1, 7 and 28 days, by day.",
            "折线图：最近 1 天、7 天、28 天的活跃成员数，按日。",
        ),
        "stickiness": Text(
            "Points with intervals: share of days a monthly member came, for each 28 days.",
            "带区间的点图：每个 28 天窗口里，月活成员到场的天数占比。",
        ),
        "power_curve": Text(
            "Two bar charts: members by number of active days, in the last 7 and the last 28 days, "
            "each beside the window before it.",
            "两组条形图：最近 7 天和 28 天里，成员按活跃天数分布，各与前一个窗口并排。",
        ),
    }
)


def rolling_actives(daily: pd.DataFrame, lang: str) -> Figure:
    """Draw members active in the last 1, 7 and 28 days.

    Parameters
    ----------
    daily
        Result of ``active_members``; days the data do not cover stay open.
    """
    import pandas as pd

    figure, axes = canvas()
    drawn, day = False, pd.Timedelta(days=1)  # a window ends where its last day does
    for (days, rows), colour, style in zip(
        daily.groupby("days"), (MUTED, PALETTE[1], PALETTE[0]), ("-", "--", "-"), strict=False
    ):
        if rows["value"].notna().any():
            drawn = True
            marker = "o" if rows["value"].notna().sum() < 40 else ""
            axes.plot(
                rows["period_end"] - day, rows["value"], color=colour, linestyle=style, marker=marker,
                markersize=4, linewidth=0.9 if days == 1 else 1.8,
                label=label("days", lang).format(n=days),
            )  # fmt: skip
    if not drawn:
        nothing(axes, lang)
        return figure
    axes.set(xlabel="", ylabel=label("active_members", lang), ylim=(0, None))
    axes.legend(title=label("window", lang), frameon=False, ncols=3, loc="upper left")
    axes.margins(y=0.18)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)
    dates(figure, axes)
    return figure


def stickiness(windows: pd.DataFrame, lang: str) -> Figure:
    """Draw stickiness of consecutive windows with intervals."""
    figure, axes = points(windows, lang, x=label("window_end", lang), y=label("stickiness", lang))
    percent(axes)
    return figure


def power_curve(steps: pd.DataFrame, lang: str) -> Figure:
    """Draw members by active days of 7 and of 28, beside those of the window before."""
    figure, axes = canvas(height=3.4)
    panels = [(d, rows) for d, rows in steps.groupby("days") if rows["value"].notna().any()]
    if not panels:
        nothing(axes, lang)
        return figure
    axes.remove()
    widths = [rows["active_days"].nunique() for _, rows in panels]
    grid = figure.add_gridspec(1, len(panels), width_ratios=widths, wspace=0.25)
    for place, (days, rows) in enumerate(panels):
        axes = figure.add_subplot(grid[place])
        names = list(dict.fromkeys(rows["active_days"]))
        windows = [part.set_index("active_days")["value"] for _, part in rows.groupby("period_end")]
        looks = (("before", "#C9C9C9", -0.2), ("last", PALETTE[0], 0.2))
        for members, (name, colour, aside) in zip(windows, looks, strict=True):
            x = [at + aside for at in range(len(names))]
            axes.bar(
                x, members.reindex(names), width=0.38, color=colour, linewidth=0,
                label=label(name, lang).format(n=days),
            )  # fmt: skip
        axes.set_xticks(range(len(names)), names)
        axes.grid(visible=False, axis="x")
        axes.set(xlabel=label("active_days", lang).format(n=days))
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.05, 1.0))
    figure.axes[0].set_ylabel(label("members", lang))
    return figure
