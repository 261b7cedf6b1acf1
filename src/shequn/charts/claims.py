"""The figure of the ledger of claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn import charts
from shequn.plan.claims import VERDICTS, verdict_counts
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_FIGURES = charts.PALETTE[0]
_OTHERS = "#D9E6EE"  # pale, with a dark edge: apart from the blue in grey print and to every eye
_LABELS = {
    "claims": Text("claims", "说法（条）"),
    "quantitative": Text("rest on a figure", "以数字立论"),
    "others": Text("other claims", "其他说法"),
}
_ALT = Text(
    "Bars, claims by verdict: {bars}. In brackets: how many of them rest on a figure.",
    "条形图，各判定的说法条数：{bars}。括号内是其中以数字立论的条数。",
)


def verdict_bars(ledger: pd.DataFrame, lang: str) -> Figure:
    """Draw how many claims got each verdict, and how many of them rest on a figure.

    Parameters
    ----------
    ledger
        Result of ``shequn.plan.claims.ledger``.
    lang
        ``"en"`` or ``"zh"``.
    """
    from matplotlib.ticker import MaxNLocator

    counts = verdict_counts(ledger)
    figure, axes = charts.canvas(height=3.2)
    names = [VERDICTS[v][lang] for v in counts.index]
    others = counts["claims"] - counts["quantitative"]
    axes.barh(
        names, counts["quantitative"], color=_FIGURES, edgecolor=_FIGURES,
        label=_LABELS["quantitative"][lang],
    )  # fmt: skip
    axes.barh(
        names, others, left=counts["quantitative"], color=_OTHERS, edgecolor=_FIGURES,
        label=_LABELS["others"][lang],
    )  # fmt: skip
    for row, (total, quantitative) in enumerate(
        zip(counts["claims"], counts["quantitative"], strict=True)
    ):
        axes.text(total + 0.4, row, f"{total}", va="center")
        if quantitative:
            axes.text(quantitative / 2, row, f"{quantitative}", va="center", ha="center", color="w")
    axes.invert_yaxis()  # best verdict on top
    axes.grid(False, axis="y")
    axes.set(xlabel=_LABELS["claims"][lang], xlim=(0, max(counts["claims"].max(), 1) * 1.1))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="lower right")
    return figure


def alt(ledger: pd.DataFrame, lang: str) -> str:
    """Return what `verdict_bars` shows, in words, with its numbers."""
    rows = zip(
        *(verdict_counts(ledger)[c].items() for c in ("claims", "quantitative")), strict=True
    )
    bars = [f"{VERDICTS[str(v)][lang]} {n} ({q})" for (v, n), (_, q) in rows]
    return _ALT[lang].format(bars=("；" if lang == "zh" else "; ").join(bars))
