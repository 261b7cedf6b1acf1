"""Figures of the activity index: the index under two weightings, its parts, and its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, words
from shequn.charts.indicators import INDICATORS
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        **INDICATORS,
        "index": Text("index, 0 to 100", "指数（0 到 100）"),
        "given": Text("given weights", "指定权重"),
        "entropy": Text("entropy weights", "熵权"),
        "band": Text("other weights near those given", "指定权重稍作改动"),
        "scaled": Text(
            "from the worst week (pale) to the best (dark)", "最差一周（浅）到最好一周（深）"
        ),
        "weight": Text("weight", "权重"),
    }
)
alt = words(
    {
        "lines": Text(
            "Line chart by week: the index under the given weights with the band that weights near "
            "them would give, and, dashed, under entropy weights.",
            "按周的折线图：指定权重下的指数，阴影是权重稍作改动时的范围；虚线是熵权下的指数。",
        ),
        "parts": Text(
            "Heat map of indicators by week: the darker a cell, the better the week by that "
            "indicator; crossed cells have no value.",
            "指标乘周的热力图：颜色越深，按那项指标那一周越好；打叉的格子没有数值。",
        ),
        "weights": Text(
            "Bars: the weight of each indicator, as given and by entropy.",
            "条形图：各项指标的权重，指定的和熵权的并排。",
        ),
    }
)


def lines(index: pd.DataFrame, lang: str) -> Figure:
    """Draw the index by week under both weightings; unknown weeks stay open."""
    import pandas as pd

    figure, axes = canvas()
    known = index.dropna(subset="value")
    if known.empty:
        nothing(axes, lang)
        return figure
    every = pd.date_range(known["period_start"].min(), known["period_start"].max(), freq="7D")
    kinds = {
        k: rows.set_index("period_start").reindex(every) for k, rows in known.groupby("weighting")
    }
    given, entropy = kinds["given"], kinds["entropy"]
    axes.fill_between(
        every, given["low"], given["high"], color=PALETTE[0], alpha=0.25, linewidth=0,
        label=label("band", lang),
    )  # fmt: skip
    axes.plot(every, given["value"], color=PALETTE[0], linewidth=2, label=label("given", lang))
    axes.plot(
        every, entropy["value"], color=PALETTE[1], linestyle="--", linewidth=1.2,
        label=label("entropy", lang),
    )  # fmt: skip
    axes.set(xlabel="", ylabel=label("index", lang), ylim=(0, 100))
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.24))
    dates(figure, axes)
    return figure


def parts(indicators: pd.DataFrame, lang: str) -> Figure:
    """Draw each indicator by week, from its worst week to its best."""
    import numpy as np
    import pandas as pd

    figure, axes = canvas(height=3.4)
    known = indicators.dropna(subset="value")
    if known.empty:
        nothing(axes, lang)
        return figure
    wide = indicators.pivot_table(
        index="indicator", columns="period_start", values="value", dropna=False
    )
    wide = wide.reindex(index=[n for n in INDICATORS if n in set(known["indicator"])])
    low, high = wide.min(axis=1), wide.max(axis=1)
    scaled = wide.sub(low, axis=0).div((high - low).where(high > low), axis=0)
    axes.grid(visible=False)
    weeks = pd.DatetimeIndex(wide.columns)
    edges = weeks.append(weeks[-1:] + pd.Timedelta(days=7))
    axes.pcolormesh(edges, np.arange(len(wide) + 1), scaled, cmap="Blues", vmin=0, vmax=1)
    for name, week in zip(*np.nonzero(scaled.isna().to_numpy()), strict=True):
        middle = weeks[week] + pd.Timedelta(days=3.5)
        axes.plot(middle, name + 0.5, marker="x", color=MUTED, markersize=4)
    axes.invert_yaxis()
    axes.set_yticks([i + 0.5 for i in range(len(wide))], [label(n, lang) for n in wide.index])
    axes.set_title(label("scaled", lang), loc="left", fontsize=10)
    axes.tick_params(axis="y", length=0)
    dates(figure, axes)
    return figure


def weights(found: pd.DataFrame, lang: str) -> Figure:
    """Draw the weights of the indicators, as given and by entropy."""
    figure, axes = canvas(height=3.2)
    known = found.dropna(subset="value")
    if known.empty:
        nothing(axes, lang)
        return figure
    wide = known.pivot_table(index="indicator", columns="weighting", values="value")
    wide = wide.reindex([n for n in INDICATORS if n in wide.index])[::-1]
    for kind, colour, up in (("given", PALETTE[0], 0.2), ("entropy", PALETTE[5], -0.2)):
        axes.barh(
            [i + up for i in range(len(wide))], wide[kind], height=0.38, color=colour,
            label=label(kind, lang),
        )  # fmt: skip
    axes.set_yticks(range(len(wide)), [label(n, lang) for n in wide.index])
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=label("weight", lang))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.17))
    return figure
