"""Figures of collaboration: the index beside chance, and which channels answer which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import FEW, MUTED, PALETTE, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_WHOLE = 9  # letters of a channel's name that fit under a column
label = words(
    {
        "index": Text("E–I index", "E–I 指数"),
        "inside": Text("all pairs inside one channel", "对子全在频道内"),
        "across": Text("all pairs across channels", "对子全跨频道"),
        "here": Text("observed, with interval", "实际，带区间"),
        "chance": Text("homes dealt out by chance: mean, range", "随机分配主场：均值与范围"),
        "from": Text("home of who answers", "回应者的主场"),
        "to": Text("home of who is answered", "被回应者的主场"),
        "times": Text("answers ÷ expected", "回应 ÷ 期望"),
    }
)
alt = words(
    {
        "against_chance": Text(
            "A point with its interval for the E–I index between -1, all pairs inside, and 1, all "
            "across; below it the mean and range by chance.",
            "E–I 指数的点和区间，左端 -1 是对子全在频道内，右端 1 是全跨频道；下面一行是随机情况的均值与范围。",
        ),
        "matrix": Text(
            "A square of numbers: rows are homes of those who answer, columns homes of those "
            "answered; in each cell answers over those expected, darker where more.",
            "数字方阵：行是回应者的主场，列是被回应者的主场；格子里是回应数与期望之比，越多颜色越深。",
        ),
    }
)


def against_chance(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the E–I index with its interval, and the range of chance under it."""
    figure, axes = canvas(height=2.4)
    seen = frame.set_index("measure")["value"].reindex(["ei_index", "ei_by_chance"])
    if seen.isna().any():
        nothing(axes, lang)
        return figure
    rows = frame.set_index("measure")
    for at, (name, key, colour, marker) in enumerate(
        (("ei_by_chance", "chance", PALETTE[1], "o"), ("ei_index", "here", PALETTE[0], "D"))
    ):
        row = rows.loc[name]
        reach = [[row["value"] - row["low"]], [row["high"] - row["value"]]]
        axes.errorbar(
            row["value"], at, xerr=reach, fmt=marker, color=colour, capsize=5,
            label=label(key, lang),
        )  # fmt: skip
        axes.annotate(
            f"{row['value']:.2f}", (row["value"], at), xytext=(0, 8),
            textcoords="offset points", ha="center",
        )  # fmt: skip
    ends = f"← {label('inside', lang)}", f"{label('across', lang)} →"
    axes.text(-1, -0.85, ends[0], ha="left", color=MUTED, fontsize=9)
    axes.text(1, -0.85, ends[1], ha="right", color=MUTED, fontsize=9)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.set(xlim=(-1.05, 1.05), ylim=(-1, 1.7), yticks=[], xlabel=label("index", lang))
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(-0.02, 1), fontsize=10)
    return figure


def matrix(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw, from home to home, the answers over those expected if homes did not matter."""
    homes = list(dict.fromkeys(frame["home_from"]))
    figure, axes = canvas(height=1.4 + 0.5 * len(homes))
    if frame["value"].isna().all():
        nothing(axes, lang)
        return figure
    value, withheld = (
        dict(zip(zip(frame["home_from"], frame["home_to"], strict=True), frame[c], strict=True))
        for c in ("value", "withheld")
    )
    wide = [[value[one, other] for other in homes] for one in homes]
    axes.imshow(wide, cmap="Blues", vmin=0, vmax=1.8 * max(2.0, frame["value"].max()))
    axes.set_aspect("auto")
    for y, one in enumerate(homes):
        for x, other in enumerate(homes):
            times = value[one, other]
            none = times != times
            said = FEW[lang] if withheld[one, other] else "—" if none else f"{times:.1f}"
            axes.text(
                x, y, said, ha="center", va="center", color=MUTED if none else "black", fontsize=10
            )
    names = [str(h) if len(str(h)) <= _WHOLE else str(h)[:_WHOLE] + "…" for h in homes]
    axes.set_xticks(range(len(homes)), names)
    axes.set_yticks(range(len(homes)), names)
    axes.set(xlabel=label("to", lang), ylabel=label("from", lang))
    axes.set_title(label("times", lang), loc="left", fontsize=12)
    axes.grid(visible=False)
    return figure
