"""Figures of the funnel: how far members came, by channel too, and how long each step took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "osD^vP"
_LANES = 6  # channels that one row of points can hold
_HOURS = (0.25, 1, 6, 24, 72, 168, 672)
_names = {
    "join": Text("join", "入群"),
    "message": Text("message", "发言"),
    "active_day": Text("active day", "活跃日"),
    "answer": Text("answer", "回应他人"),
    "reaction": Text("reaction", "表情回应"),
    "order": Text("order", "下单"),
}
label = words(
    {
        "of_first": Text("share of the first step", "占第一步的比例"),
        "in_order": Text("in order", "按顺序"),
        "at_all": Text("in any order", "不论顺序"),
        "count": Text("{name} {n}", "第 {n} 次{name}"),
        "day": Text("{name} {n}", "第 {n} 个{name}"),
        "people": Text("{name} ({n})", "{name}（{n}）"),
        "waited": Text("time since the step before", "距上一步的时间"),
        "minutes": Text("{n} min", "{n} 分钟"),
        "hours": Text("{n} h", "{n} 小时"),
        "days": Text("{n} d", "{n} 天"),
        "unknown": Text("unknown", "未知"),
        "other": Text("other", "其他"),
    }
)
alt = words(
    {
        "steps": Text(
            "Bars from top to bottom: the share of the first step that reached each later step in "
            "order, with intervals and numbers of members; diamonds: the share that took the step "
            "in any order.",
            "自上而下的条形：按顺序走到每一步的人占第一步的比例，带区间和人数；菱形：不论顺序走过这一步的比例。",
        ),
        "channels": Text(
            "Points with intervals: for each step, the share of the first step that reached it, one "
            "mark for each channel.",
            "带区间的点图：每一步上，各渠道走到这一步的人占第一步的比例。",
        ),
        "waits": Text(
            "Lines from the first to the third quartile of the time since the step before, a point "
            "at the median, for each step.",
            "每一步一条横线：距上一步时间的第一到第三四分位，圆点是中位数。",
        ),
    }
)


def steps(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw how far members came, in order and in any order."""
    figure, axes = canvas(height=3.4)
    shares = _of(frame, "from_first")
    began = frame[frame["measure"] == "reached"].dropna(subset="value").head(1)
    if shares.empty or began.empty:
        nothing(axes, lang)
        return figure
    names = [*began["step"], *shares["step"]]
    values = [1.0, *shares["value"]]
    counts = [began["n"].iloc[0], *(shares["value"] * shares["n"]).round()]
    axes.barh(
        range(len(names)), values, color=PALETTE[0], height=0.6, label=label("in_order", lang)
    )
    error = [shares["value"] - shares["low"], shares["high"] - shares["value"]]
    places = range(1, len(names))
    axes.errorbar(shares["value"], places, xerr=error, fmt="none", ecolor="black", capsize=3)
    anyhow = _of(frame, "at_all").set_index("step")["value"].reindex(shares["step"])
    axes.plot(
        anyhow, places, "D", color=PALETTE[1], markeredgecolor="white",
        label=label("at_all", lang),
    )  # fmt: skip
    people = [f"{n:,.0f}" for n in counts]
    shown = [_name(name, lang) for name in names]
    _rows(
        axes,
        [label("people", lang).format(name=s, n=n) for s, n in zip(shown, people, strict=True)],
    )
    axes.set(xlim=(0, 1.02), xlabel=label("of_first", lang))
    axes.legend(frameon=False, loc="lower right")
    return figure


def channels(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw how far members of each channel came; the largest channels, each with its own mark."""
    figure, axes = canvas(height=4.2)
    shares = _of(frame, "from_first")
    if shares.empty:
        nothing(axes, lang)
        return figure
    names = list(dict.fromkeys(shares["step"]))
    drawn = list(dict.fromkeys(shares["channel"]))[:_LANES]
    for lane, channel in enumerate(drawn):
        mine = shares[shares["channel"] == channel]
        places = [names.index(s) + 0.13 * (lane - (len(drawn) - 1) / 2) for s in mine["step"]]
        error = [mine["value"] - mine["low"], mine["high"] - mine["value"]]
        axes.errorbar(
            mine["value"], places, xerr=error, fmt=_MARKERS[lane], color=PALETTE[lane], capsize=2,
            label=label(channel, lang) if channel in ("unknown", "other") else channel,
        )  # fmt: skip
    _rows(axes, [_name(name, lang) for name in names])
    axes.set(xlim=(0, None), xlabel=label("of_first", lang))
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(-0.1, 1.22))
    return figure


def waits(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the quartiles of the time that each step took since the one before."""
    figure, axes = canvas(height=2.8)
    wide = frame.dropna(subset="value").pivot_table(
        index="step", columns="measure", values="value", aggfunc="first", sort=False
    )
    if wide.empty:
        nothing(axes, lang)
        return figure
    wide = wide.reindex(columns=["wait_quartile_1", "wait_median", "wait_quartile_3"])
    places = range(len(wide))
    axes.hlines(places, wide["wait_quartile_1"], wide["wait_quartile_3"], color=MUTED, linewidth=5)
    axes.plot(
        wide["wait_median"],
        places,
        "o",
        color=PALETTE[1],
        markeredgecolor="white",
        markersize=9,
        clip_on=False,
    )
    axes.set_xscale("symlog", linthresh=_HOURS[0], linscale=0.3)
    axes.set_xlim(0, max(wide["wait_quartile_3"].max() * 1.3, 2))
    ticks = [h for h in _HOURS if h <= axes.get_xlim()[1]]
    axes.set_xticks([0, *ticks], ["0", *(_time(h, lang) for h in ticks)])
    axes.minorticks_off()
    axes.set_yticks(places, [_name(s, lang) for s in wide.index])
    axes.invert_yaxis()
    axes.set_xlabel(label("waited", lang))
    return figure


def _of(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    return frame[frame["measure"] == measure].dropna(subset="value").reset_index(drop=True)


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:.0%}")


def _name(step: str, lang: str) -> str:
    kind, _, rest = step.partition(":")
    if kind == "event":
        return rest
    name = _names[kind][lang]
    if not rest:
        return name
    return label("day" if kind == "active_day" else "count", lang).format(name=name, n=rest)


def _time(hours: float, lang: str) -> str:
    if hours < 1:
        return label("minutes", lang).format(n=round(hours * 60))
    if hours < 24:
        return label("hours", lang).format(n=round(hours))
    return label("days", lang).format(n=round(hours / 24))
