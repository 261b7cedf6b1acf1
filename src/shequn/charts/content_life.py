"""Figures of content life: how attention comes in, and how long it lasts room by room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "attention_reactions": Text("reactions", "表情回应"),
        "attention_answers": Text("answers", "回复"),
        "exponential": Text(
            "dashed: exponential of the same half-life", "虚线：同一半衰期的指数衰减"
        ),
        "age": Text("age of the message", "消息发出之后"),
        "come": Text("had come by then", "到那时已收到"),
        "half_life": Text("half-life, hours", "半衰期（小时）"),
        "part_unknown": Text("not said", "未注明"),
        "min": Text("min", "分"),
        "h": Text("h", "小时"),
        "d": Text("d", "天"),
    }
)
alt = words(
    {
        "curve": Text(
            "Rising lines against the age of a message, on a stretched axis from 15 minutes to 28 "
            "days: the share of all reactions, and of all answers, that had come by then; beside "
            "each a dashed exponential line of the same half-life.",
            "上升的线，横轴是消息发出之后的时间，从 15 分钟到 28 天，刻度不等距：到那时已收到的表情回应和回复"
            "各占多少；每条旁边有一条同一半衰期的指数虚线。",
        ),
        "parts": Text(
            "Points with intervals, one row a room or kind of message: the half-life in hours of "
            "reactions and of answers.",
            "带区间的点，每个房间或消息类型一行：表情回应和回复的半衰期，单位小时。",
        ),
    }
)
_LOOKS = {
    "attention_reactions": (PALETTE[0], "o", -0.13),
    "attention_answers": (PALETTE[1], "s", 0.13),
}
_TICKS = (0.25, 1, 4, 24, 168, 672)


def curve(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the share of attention that had come by each age, beside the exponential course."""
    figure, axes = canvas()
    seen = frame.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    for attention, (colour, marker, _) in _LOOKS.items():
        of = seen[seen["attention"] == attention]
        real = of[of["course"] == "course_seen"]
        smooth = of[of["course"] == "course_exponential"]
        if real.empty:
            continue
        axes.plot(
            real["age_hours"], real["value"], color=colour, marker=marker, markersize=4,
            label=label(attention, lang),
        )  # fmt: skip
        axes.fill_between(
            real["age_hours"], real["low"], real["high"], color=colour, alpha=0.18, linewidth=0
        )
        axes.plot(smooth["age_hours"], smooth["value"], color=colour, linestyle="--", linewidth=1.2)
    axes.plot(
        [], [], color="black", linestyle="--", linewidth=1.2, label=label("exponential", lang)
    )
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [_age(hours, lang) for hours in _TICKS])
    axes.minorticks_off()
    axes.set(xlabel=label("age", lang), ylabel=label("come", lang), ylim=(0, 1.02))
    axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(-0.08, 1))
    percent(axes)
    return figure


def _age(hours: float, lang: str) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} {label('min', lang)}"
    return (
        f"{hours:.0f} {label('h', lang)}" if hours < 48 else f"{hours / 24:.0f} {label('d', lang)}"
    )


def parts(frame: pd.DataFrame, lang: str, *, most: int = 10) -> Figure:
    """Draw the half-life in the rooms, or of the kinds, behind which most people stand."""
    seen = frame.dropna(subset="value")
    names = seen.groupby("part")["n"].max().sort_values(ascending=False, kind="stable").index[:most]
    figure, axes = canvas(height=1.4 + 0.5 * len(names))
    if not len(names):
        nothing(axes, lang)
        return figure
    for attention, (colour, marker, shift) in _LOOKS.items():
        rows = seen[seen["attention"] == attention].set_index("part").reindex(names)
        error = [(rows["value"] - rows["low"]).fillna(0), (rows["high"] - rows["value"]).fillna(0)]
        axes.errorbar(
            rows["value"], [i + shift for i in range(len(names))], xerr=error, fmt=marker,
            color=colour, capsize=3, label=label(attention, lang),
        )  # fmt: skip
    shown = [label(name, lang) if name == "part_unknown" else name for name in names]
    axes.set_yticks(range(len(names)), shown)
    axes.invert_yaxis()
    axes.set(xlabel=label("half_life", lang), xlim=(0, None))
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
