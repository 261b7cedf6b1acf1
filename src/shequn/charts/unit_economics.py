"""Figures of unit economics: what a member brings against what he or she cost, and their ratio."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from shequn.charts import PALETTE, canvas, channels, named, nothing, shortened, theme, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLUMNS = 2
label = words(
    {
        "age": Text("weeks since joining", "入群后周数"),
        "money": Text("{currency} a member", "每位成员（{currency}）"),
        "no_currency": Text("currency not given", "货币未注明"),
        "cost": Text("cost of a join", "单个入群成本"),
        "brought": Text("contribution so far", "累计贡献毛利"),
        "within": Text("contribution ÷ cost of a join", "贡献毛利 ÷ 单个入群成本"),
    }
)
alt = words(
    {
        "payback": Text(
            "A panel a channel: contribution of a member so far, every four weeks with its interval, "
            "against a dashed line at the cost of a join. Where the points are above the line, the "
            "cost is back. Dotted stretches have points left out.",
            "每个渠道一格：每四周一个点，是每位成员累计的贡献毛利及其区间；虚线是单个入群成本。"
            "点高过虚线，就回本了。点状连线处略去了几个点。",
        ),
        "ratio": Text(
            "A point with its interval in each channel's row: contribution of a member within the "
            "horizon over the cost of a join, and a dashed line at 1.",
            "每个渠道一行、一个带区间的点：观察期内每位成员的贡献毛利与单个入群成本之比；虚线在 1 处。",
        ),
    }
)


def _main(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a value in the currency in which most channels have one."""
    seen = frame.dropna(subset="value")
    if seen.empty:
        return seen
    rows = seen.groupby("currency").size()
    return seen[seen["currency"] == rows.sort_index().idxmax()]


def payback(curve: pd.DataFrame, lang: str, *, most: int = 8) -> Figure:
    """Draw what a member of each channel with a cost has brought by each age, and the cost."""
    import matplotlib.pyplot as plt

    seen = _main(curve.dropna(subset="cac"))
    if seen.empty:
        figure, axes = canvas()
        nothing(axes, lang)
        return figure
    theme()
    order = list(dict.fromkeys(seen["channel"]))[-most:]  # all together come last
    rows = -(-len(order) // _COLUMNS)
    figure, panels = plt.subplots(
        rows, _COLUMNS, figsize=(7.2, 0.9 + 2.0 * rows), sharex=True, sharey=True, squeeze=False
    )
    ages = sorted(curve["age_weeks"].unique())
    for axes, channel in zip(panels.flat, order, strict=False):
        own = seen[seen["channel"] == channel]
        cost = own["cac"].iloc[0]
        error = [own["value"] - own["low"], own["high"] - own["value"]]
        axes.axhline(cost, color=PALETTE[1], linestyle="--", label=label("cost", lang))
        axes.errorbar(
            own["age_weeks"], own["value"], yerr=error, fmt="o", color=PALETTE[0], capsize=3,
            markersize=5, label=label("brought", lang),
        )  # fmt: skip
        # Over steps that are joined to the next, the way from one point to the other is not known.
        for one, other in pairwise(zip(own["age_weeks"], own["value"], strict=True)):
            gap = ages.index(other[0]) - ages.index(one[0]) > 1
            style = ":" if gap else "-"
            axes.plot(*zip(one, other, strict=True), color=PALETTE[0], linestyle=style)
        name = shortened(channels(own.head(1), lang))[0]
        axes.set_title(name, loc="left", fontsize=11, pad=3)
    axes = panels.flat[0]
    axes.set_xticks(ages)
    axes.set(xlim=(0, ages[-1] * 1.04), ylim=(min(0, seen["low"].min()), None))
    for spare in panels.flat[len(order) :]:
        spare.axis("off")
    for place, above in enumerate(panels.flat):
        below = place + _COLUMNS
        above.tick_params(labelbottom=below >= len(order))
    lines, names = axes.get_legend_handles_labels()
    figure.legend(
        lines, names, frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0.06, 1.0)
    )
    currency = str(seen["currency"].iloc[0])
    money = label(currency, lang) if currency == "no_currency" else currency
    figure.supylabel(label("money", lang).format(currency=money), fontsize=12)
    figure.supxlabel(label("age", lang), fontsize=12)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.35 / figure.get_size_inches()[1]))
    return figure


def ratio(frame: pd.DataFrame, lang: str, *, most: int = 12) -> Figure:
    """Draw contribution over cost of each channel, the highest on top and all together below."""
    import pandas as pd

    seen = _main(frame[frame["measure"] == "ltv_cac"])
    together = seen["channel"] == "paid_channels"
    by_value = seen[~together].sort_values("value", ascending=False, kind="stable").head(most)
    rows = pd.concat([by_value, seen[together]])
    hollow = list(rows["channel"] == "paid_channels")
    figure, axes = named(
        rows, channels(rows, lang), lang, x=label("within", lang), line=1, hollow=hollow
    )
    if len(rows):
        axes.set_xlim(min(0, rows["low"].min() * 1.1), None)
    return figure
