"""Figures: one theme, labels in both languages, a Chinese font from a package, colours that print."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe–Ito: distinct to colour-blind readers and, in this order, in grey print.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MUTED = "#767676"
FEW = Text("under 5", "不足 5")  # stands where a number about one to four people would

LONGEST = 26  # characters of a name beside a figure
# Rows that stand beside the channels a team names.
_CHANNELS = {
    "unknown_channel": Text("channel not known", "渠道未知"),
    "rest_channels": Text("small channels together", "小渠道合计"),
    "paid_channels": Text("all channels with a cost", "全部有花费的渠道"),
    "all_channels": Text("all joins", "全部入群"),
}
NOTHING = Text("nothing to show: the data do not support it", "没有可画的：数据不支持")


def words(texts: Mapping[str, Text]) -> Callable[[str, str], str]:
    """Return a function that gives the text of a name in a language."""
    return lambda name, lang: texts[name][lang]


@cache
def _register_font() -> None:
    from matplotlib import font_manager

    spec = importlib.util.find_spec("zhplot")  # taken for the font file it ships; never imported
    assert spec is not None
    assert spec.origin is not None
    font = Path(spec.origin).parent / "fonts" / "NotoSansSC-Regular.ttf"
    font_manager.fontManager.addfont(str(font))


def theme() -> None:
    """Set the look of every figure; call it before drawing."""
    import matplotlib as mpl
    import seaborn as sns

    _register_font()
    sns.set_theme(style="ticks", palette=list(PALETTE), context="notebook")
    mpl.rcParams.update(  # after set_theme, which resets the fonts
        {
            "font.family": ["DejaVu Sans", "Noto Sans SC"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#E5E5E5",
            "figure.figsize": (7.2, 3.8),
            "svg.fonttype": "path",
            "svg.hashsalt": "shequn",
            "axes.unicode_minus": False,
        }
    )


def canvas(width: float = 7.2, height: float = 3.8) -> tuple[Figure, Axes]:
    """Return a themed figure with one axes."""
    import matplotlib.pyplot as plt

    theme()
    figure, axes = plt.subplots(figsize=(width, height))
    return figure, axes


def nothing(axes: Axes, lang: str) -> None:
    """Say, in a strip instead of an empty frame, that there is nothing to show."""
    axes.axis("off")
    axes.text(
        0.5, 0.5, NOTHING[lang], ha="center", va="center", color=MUTED,
        transform=axes.transAxes,
    )  # fmt: skip
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.set_size_inches(7.2, 0.8)


def points(
    windows: pd.DataFrame, lang: str, *, x: str, y: str, line: float | None = None
) -> tuple[Figure, Axes]:
    """Draw a value with its interval at the end of each period, or that there is none.

    Parameters
    ----------
    windows
        A tidy frame.
    lang
        ``"en"`` or ``"zh"``.
    x, y
        Labels of the axes.
    line
        Where a line of comparison stands.
    """
    figure, axes = canvas(height=3.2)
    seen = windows.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure, axes
    if line is not None:
        axes.axhline(line, color=MUTED, linestyle="--", linewidth=1)
    error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
    axes.errorbar(
        seen["period_end"], seen["value"], yerr=error, fmt="o", color=PALETTE[0], capsize=3
    )
    axes.set(xlabel=x, ylabel=y, ylim=(0, None))
    dates(figure, axes)
    return figure, axes


def channels(rows: pd.DataFrame, lang: str) -> list[str]:
    """Return what the channels of a result are called in a figure."""
    return [_CHANNELS[c][lang] if c in _CHANNELS else str(c) for c in rows["channel"]]


def shortened(names: Sequence[str]) -> list[str]:
    """Return names that fit beside a figure and are not read as formulas, as codes may be."""
    cut = (n if len(n) <= LONGEST else n[: LONGEST - 1] + "…" for n in names)
    return [n.replace("$", r"\$") for n in cut]


def named(
    rows: pd.DataFrame,
    names: Sequence[str],
    lang: str,
    *,
    x: str,
    line: float | None = None,
    hollow: Sequence[bool] | None = None,
) -> tuple[Figure, Axes]:
    """Draw values with their intervals one below the other, the first on top.

    Parameters
    ----------
    rows
        A tidy frame, one row a thing.
    names
        What each row is called.
    lang
        ``"en"`` or ``"zh"``.
    x
        Label of the values.
    line
        Where a line of comparison stands.
    hollow
        Rows whose point is drawn without filling; none by default.
    """
    empty = list(hollow) if hollow is not None else [False] * len(rows)
    seen = [
        (name, row, bare)
        for name, row, bare in zip(names, rows.to_dict("records"), empty, strict=True)
        if row["value"] == row["value"]  # not NaN
    ]
    figure, axes = canvas(height=1.3 + 0.38 * len(seen))
    if not seen:
        nothing(axes, lang)
        return figure, axes
    if line is not None:
        axes.axvline(line, color=MUTED, linestyle="--", linewidth=1)
    for place, (_, row, bare) in enumerate(seen):
        error = [[row["value"] - row["low"]], [row["high"] - row["value"]]]
        axes.errorbar(
            row["value"], place, xerr=error, fmt="o", color=PALETTE[0], capsize=3, markersize=7,
            markerfacecolor="white" if bare else PALETTE[0],
        )  # fmt: skip
    axes.set_yticks(range(len(seen)), shortened([name for name, *_ in seen]))
    axes.set(xlabel=x, ylim=(len(seen) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    return figure, axes


def percent(axes: Axes) -> None:
    """Have the y axis read in percent."""
    axes.yaxis.set_major_formatter("{x:.0%}")


def dates(figure: Figure, axes: Axes) -> None:
    """Have the x axis read in days, few enough to be read."""
    import matplotlib.dates as mdates

    first, last = axes.dataLim.intervalx
    if last - first < 2:  # one point: no interval of ticks fits
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(mdates.AutoDateLocator(maxticks=8))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m-%d"))
    figure.autofmt_xdate(rotation=30)
