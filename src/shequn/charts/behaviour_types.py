"""Figures of behaviour types: how many show each, and whether the data fall into groups at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import FEW, MUTED, PALETTE, canvas, nothing, theme, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_TYPES = ("silent", "occasional", "responder", "starter")
label = words(
    {
        "silent": Text("silent:\nwrote nothing", "沉默：\n没发过言"),
        "occasional": Text("occasional:\none or two days", "偶尔：\n只有一两天"),
        "responder": Text("responder:\nmostly answers", "回应型：\n多半在回应"),
        "starter": Text("starter:\nmostly begins", "起头型：\n多半自己起头"),
        "share": Text("share", "占比"),
        "k": Text("groups looked for", "分成几组"),
        "silhouette": Text("silhouette", "轮廓系数"),
        "stability": Text("stability", "稳定度"),
        "here": Text("these members", "这些成员"),
        "one_crowd": Text("one crowd without types", "没有类型的一群人"),
        "none": Text("no types found in these data", "这份数据里没有找到类型"),
        "some": Text("types found at: {k} groups", "找到类型：分成 {k} 组时"),
    }
)
alt = words(
    {
        "sizes": Text(
            "Four shares with intervals: silent, occasional, responding and starting members.",
            "四行带区间的占比：沉默、偶尔发言、回应型和起头型的成员。",
        ),
        "separation": Text(
            "Two panels over the number of groups: above, how far the groups are apart beside the "
            "range of one crowd without types; below, how stable they are.",
            "上下两幅图，横轴是组数：上面是各组分得多开，并列出没有类型时的范围；下面是分组有多稳定。",
        ),
    }
)


def sizes(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the share of each type with its interval; one that is not known has no row."""
    figure, axes = canvas(height=3.0)
    seen = frame.set_index("type").reindex(list(_TYPES))
    seen = seen[seen["value"].notna() | seen["withheld"].eq(True)]
    if seen["value"].isna().all():
        nothing(axes, lang)
        return figure
    at = range(len(seen))[::-1]
    error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
    axes.errorbar(seen["value"], at, xerr=error, fmt="o", color=PALETTE[0], capsize=3)
    for row, value in zip(at, seen["value"], strict=True):
        few = value != value
        axes.annotate(
            FEW[lang] if few else f"{value:.0%}", (0 if few else value, row), xytext=(0, 8),
            textcoords="offset points", ha="left" if few else "center",
            color=MUTED if few else "black",
        )  # fmt: skip
    axes.set_yticks(list(at), [label(t, lang) for t in seen.index])
    axes.set(xlabel=label("share", lang), xlim=(0, None), ylim=(-0.5, len(seen) - 0.3))
    axes.margins(x=0.1)
    axes.xaxis.set_major_formatter("{x:.0%}")
    return figure


def separation(frame: pd.DataFrame, lang: str, *, stable: float = 0.8) -> Figure:
    """Draw, over the number of groups, how far they are apart and how stable, and what was found.

    Parameters
    ----------
    frame
        Result of `shequn.metrics.behaviour_types.groups`.
    lang
        ``"en"`` or ``"zh"``.
    stable
        Stability from which on groups count.
    """
    import matplotlib.pyplot as plt

    seen = frame.dropna(subset="value")
    if seen.empty:
        figure, axes = canvas()
        nothing(axes, lang)
        return figure
    theme()
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.2, 5.0), sharex=True)
    rows = {m: seen[seen["measure"] == m] for m in seen["measure"].unique()}
    crowd, here = rows["one_crowd"], rows["silhouette"]
    reach = [crowd["value"] - crowd["low"], crowd["high"] - crowd["value"]]
    above.errorbar(
        crowd["k"], crowd["value"], yerr=reach, fmt="s", color=MUTED, markersize=4, capsize=5,
        label=label("one_crowd", lang),
    )  # fmt: skip
    above.plot(here["k"], here["value"], color=PALETTE[0], marker="o", label=label("here", lang))
    above.set(ylabel=label("silhouette", lang), ylim=(min(0, here["value"].min()), 1))
    above.legend(frameon=False, loc="upper right")
    steady = rows["stability"]
    below.axhline(stable, color=MUTED, linestyle="--", linewidth=1)
    below.plot(steady["k"], steady["value"], color=PALETTE[1], marker="o")
    below.set(xlabel=label("k", lang), ylabel=label("stability", lang), ylim=(0, 1.05))
    below.set_xticks(steady["k"].unique())
    types = rows["found"][rows["found"]["value"] == 1]["k"]
    some = label("some", lang).format(k=", ".join(map(str, types)))
    above.set_title(some if len(types) else label("none", lang), loc="left", fontsize=12)
    figure.align_ylabels()
    return figure
