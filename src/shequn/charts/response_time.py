"""Figures of response time: the curve, the weeks, and the hours of the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "openings_all": Text("all openings", "全部话头"),
        "openings_answered": Text("the answered alone", "只算有人接的"),
        "wait": Text("since the opening", "话头之后"),
        "answered": Text("answered by then", "到那时已有人接"),
        "week": Text("end of the week", "周末截止日"),
        "in_time": Text("answered in time", "按时有人接"),
        "hour": Text("hour of the opening", "话头在几点"),
        "min": Text("min", "分"),
        "h": Text("h", "小时"),
        "d": Text("d", "天"),
    }
)
alt = words(
    {
        "curve": Text(
            "Two rising lines against time since the opening, on a stretched axis from 15 minutes "
            "to 28 days: the share answered of all openings, with a band, and, higher, of those "
            "that were answered at all.",
            "两条上升的线，横轴是话头之后的时间，从 15 分钟到 28 天，刻度不等距：一条是全部话头里已有人接的"
            "比例，带区间；另一条更高，只算最终有人接的。",
        ),
        "weekly": Text(
            "Points with intervals by week: the share of openings that somebody answered in time.",
            "按周的带区间点图：话头里按时有人接的比例。",
        ),
        "hourly": Text(
            "Points with intervals by hour of the day: the share of openings made in that hour "
            "that somebody answered in time.",
            "按一天里的钟点画的带区间点图：那个钟点的话头里，按时有人接的比例。",
        ),
    }
)
_TICKS = (0.25, 1, 4, 24, 168, 672)


def curve(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the share answered against the time waited, of all openings and of the answered."""
    figure, axes = canvas()
    seen = frame.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    for among, colour, style in (
        ("openings_answered", MUTED, "--"), ("openings_all", PALETTE[0], "-"),
    ):  # fmt: skip
        line = seen[seen["among"] == among]
        axes.plot(
            line["age_hours"], line["value"], color=colour, linestyle=style, marker="o",
            markersize=3.5, label=label(among, lang),
        )  # fmt: skip
        axes.fill_between(
            line["age_hours"], line["low"], line["high"], color=colour, alpha=0.18, linewidth=0
        )
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [_age(hours, lang) for hours in _TICKS])
    axes.minorticks_off()
    axes.set(xlabel=label("wait", lang), ylabel=label("answered", lang), ylim=(0, 1.02))
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.16))
    percent(axes)
    return figure


def _age(hours: float, lang: str) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} {label('min', lang)}"
    return (
        f"{hours:.0f} {label('h', lang)}" if hours < 48 else f"{hours / 24:.0f} {label('d', lang)}"
    )


def weekly(frame: pd.DataFrame, lang: str, *, weeks: int = 26) -> Figure:
    """Draw the share answered in time of the last weeks."""
    figure, axes = points(frame.tail(weeks), lang, x=label("week", lang), y=label("in_time", lang))
    percent(axes)
    return figure


def hourly(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the share answered in time by hour of the day."""
    figure, axes = canvas(height=3.2)
    seen = frame.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    error = [(seen["value"] - seen["low"]).fillna(0), (seen["high"] - seen["value"]).fillna(0)]
    axes.errorbar(seen["hour"], seen["value"], yerr=error, fmt="o", color=PALETTE[0], capsize=3)
    axes.set_xticks(range(0, 24, 3), [f"{hour}:00" for hour in range(0, 24, 3)])
    axes.set(xlabel=label("hour", lang), ylabel=label("in_time", lang), ylim=(0, 1.02))
    percent(axes)
    return figure
