"""Figures of linked indicators: who moves first, and one pair at every lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, words
from shequn.charts.indicators import INDICATORS
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        **INDICATORS,
        "first": Text("moves first ↓   then →", "先动 ↓   后动 →"),
        "correlation": Text("rank correlation of weekly changes", "每周变化的等级相关"),
        "later": Text(
            "weeks by which “{b}” moves after “{a}”",
            "“{b}”比“{a}”晚动几周",
        ),
        "linked": Text("linked", "有联动"),
        "open": Text("within chance", "不出偶然"),
    }
)
alt = words(
    {
        "matrix": Text(
            "Square of indicators: a coloured cell with its correlation and weeks of delay where "
            "the row's indicator moves first and the column's follows; a dot where none is shown.",
            "指标对指标的方阵：行先动、列后动且有联动的格子着色，写着相关和相隔周数；其余是一个点。",
        ),
        "lags": Text(
            "Points with intervals for one pair of indicators: the correlation of their changes "
            "from four weeks before to four weeks after; filled where linked.",
            "一对指标的带区间点图：从提前四周到推后四周，两者变化的相关；有联动的是实心点。",
        ),
    }
)


def matrix(pairs: pd.DataFrame, lang: str, *, level: float = 0.05) -> Figure:
    """Draw each linked pair where the row of what moves first meets the column of what follows."""
    figure, axes = canvas(7.2, 4.6)
    known = pairs.dropna(subset="value")
    if known.empty:
        nothing(axes, lang)
        return figure
    ends = set(known["leader"]) | set(known["follower"])
    names = [name for name in INDICATORS if name in ends]
    size = len(names)
    axes.grid(visible=False)
    grid = axes.pcolormesh(
        [[float("nan")] * size] * size, cmap="RdBu", vmin=-1, vmax=1, edgecolors="#E5E5E5"
    )
    linked = known[known["q"] <= level]
    cells = [[float("nan")] * size for _ in names]
    said = {}
    columns = (linked[c].tolist() for c in ("leader", "follower", "value", "lag"))
    for leader, follower, value, lag in zip(*columns, strict=True):
        one, two = names.index(leader), names.index(follower)
        for a, b in {(one, two)} | ({(two, one)} if lag == 0 else set()):
            cells[a][b], said[a, b] = value, f"{value:+.2f}\n{lag:.0f}"
    grid.set_array(cells)
    for a in range(size):
        for b in range(size):
            strong = abs(cells[a][b]) > 0.55
            axes.text(
                b + 0.5, a + 0.5, said.get((a, b), "" if a == b else "·"), ha="center",
                va="center", color="white" if strong else "black" if (a, b) in said else MUTED,
                fontsize=9,
            )  # fmt: skip
    axes.invert_yaxis()
    axes.set_yticks(
        [i + 0.5 for i in range(size)], [f"{label(n, lang)}  {i}" for i, n in enumerate(names, 1)]
    )
    axes.set_xticks([i + 0.5 for i in range(size)], [str(i) for i in range(1, size + 1)])
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_title(label("first", lang), loc="left", fontsize=10)
    for side in axes.spines.values():
        side.set_visible(False)
    bar = figure.colorbar(grid, ax=axes, orientation="horizontal", pad=0.05, aspect=50)
    bar.set_label(label("correlation", lang))
    return figure


def lags(
    frame: pd.DataFrame, lang: str, *, pair: tuple[str, str] | None = None, level: float = 0.05
) -> Figure:
    """Draw a pair at every lag, or, where none is named, the one least likely by chance."""
    figure, axes = canvas(height=3.4)
    known = frame.dropna(subset="value")
    if pair is not None:
        known = known[known["leader"].isin(pair) & known["follower"].isin(pair)]
    if known.empty:
        nothing(axes, lang)
        return figure
    surest = known.sort_values(["q", "p", "lag"]).iloc[0]
    a, b = pair or (surest["leader"], surest["follower"])
    rows = known[known["leader"].isin([a, b]) & known["follower"].isin([a, b])]
    # Zero has no order: there the pair stands under one of its two names.
    later = rows["lag"].where((rows["leader"] == a) | (rows["lag"] == 0), -rows["lag"])
    axes.axhline(0, color="black", linewidth=0.8)
    sure = rows["q"] <= level
    for those, face, name in ((sure, PALETTE[0], "linked"), (~sure, "white", "open")):
        here = rows[those]
        error = [here["value"] - here["low"], here["high"] - here["value"]]
        axes.errorbar(
            later[those], here["value"], yerr=error, fmt="o", color=PALETTE[0], capsize=3,
            markerfacecolor=face, label=label(name, lang),
        )  # fmt: skip
    axes.set(
        ylabel=label("correlation", lang), ylim=(-1.05, 1.05),
        xlabel=label("later", lang).format(a=label(a, lang), b=label(b, lang)),
    )  # fmt: skip
    axes.set_xticks(sorted(set(later)))
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.17))
    return figure
