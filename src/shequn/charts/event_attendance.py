"""Figures of event attendance: who came to each session, and how many of those who said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, points, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "members": Text("members", "成员数"),
        "again": Text("came, not for the first time", "到场，来过"),
        "first": Text("came for the first time", "到场，头一回来"),
        "came": Text("came, first or not is not told", "到场，是否头一回不知道"),
        "session": Text("day of the session", "活动日期"),
        "show_up": Text("came, of those who said so", "说会来的人里到场的"),
    }
)
alt = words(
    {
        "attendance": Text(
            "Bars by session: members who came, those who came for the first time on top.",
            "按场次的条形图：到场的成员，头一回来的叠在上面。",
        ),
        "show_up": Text(
            "Points with intervals by session: of the members who said they would come, the share "
            "that came.",
            "按场次的带区间点图：说会来的成员里到场的比例。",
        ),
    }
)


def attendance(sessions: pd.DataFrame, lang: str, *, last: int = 26) -> Figure:
    """Draw who came to the last sessions, those who came for the first time on top."""
    figure, axes = canvas()
    grid = sessions.pivot_table(
        index=["period_start", "session"], columns="measure", values="value", aggfunc="first"
    )
    grid = grid.reindex(columns=["came", "first_time"]).tail(last).dropna(subset="came")
    if grid.empty:
        nothing(axes, lang)
        return figure
    days = grid.index.get_level_values(0)
    known = grid["first_time"].notna()
    first = (grid["came"] * grid["first_time"]).fillna(0)
    gaps = days.to_series().diff().dt.days
    width = 0.7 * max(gaps[gaps > 0].min(), 1) if (gaps > 0).any() else 1
    parts = {
        "again": ((grid["came"] - first).where(known), first * 0, PALETTE[0]),
        "first": (first.where(known), grid["came"] - first, PALETTE[5]),
        "came": (grid["came"].where(~known), first * 0, MUTED),
    }
    for name, (height, bottom, colour) in parts.items():
        if height.notna().any():
            axes.bar(
                days, height, bottom=bottom, width=width, color=colour, linewidth=0,
                label=label(name, lang),
            )  # fmt: skip
    axes.set(xlabel=label("session", lang), ylabel=label("members", lang))
    axes.legend(frameon=False, ncols=1, loc="upper left", bbox_to_anchor=(0, 1.28))
    dates(figure, axes)
    return figure


def show_up(sessions: pd.DataFrame, lang: str, *, last: int = 26) -> Figure:
    """Draw the show-up rate of the last sessions with its interval."""
    rows = sessions[sessions["measure"] == "show_up"].tail(last)
    figure, axes = points(rows, lang, x=label("session", lang), y=label("show_up", lang))
    percent(axes)
    return figure
