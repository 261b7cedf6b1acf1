"""Figures of inequality: the Lorenz curve, the tiers, and the profile of everyone on the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SCHEMES = (
    {"first_50": 0.5, "next_30": 0.3, "last_20": 0.2},
    {"first_80": 0.8, "next_15": 0.15, "last_5": 0.05},
)
_RULE = {"creating": 0.01, "contributing": 0.09, "never_wrote": 0.9}  # Nielsen's, of thumb
_COLOURS = (PALETTE[0], PALETTE[4], "#C9C9C9")
label = words(
    {
        "speakers": Text("share of speakers, quietest first", "发言者累计占比（从最少说话的起）"),
        "written": Text("share of messages", "消息累计占比"),
        "equal": Text("all alike", "人人一样多"),
        "messages": Text("messages", "消息"),
        "people": Text("speakers", "发言者"),
        "share": Text("share", "占比"),
        "blank": Text("not told apart", "不分开报"),
        "creating": Text("creating", "主力"),
        "contributing": Text("contributing", "参与"),
        "never_wrote": Text("silent", "沉默"),
        "here": Text("everyone\non the list", "名单上\n所有人"),
        "rule": Text("rule of thumb", "经验之谈"),
    }
)
alt = words(
    {
        "lorenz": Text(
            "Lorenz curve: cumulated share of messages against share of speakers, with the line of equality.",
            "洛伦兹曲线：发言者累计占比对消息累计占比，附平均线。",
        ),
        "tiers": Text(
            "Two pairs of stacked bars. In each the upper bar cuts all messages, loudest members "
            "first, into 50, 30 and 20 or 80, 15 and 5 percent; the lower one shows what share of "
            "the speakers wrote each part.",
            "两组堆叠条。每组上面一条把全部消息从话最多的人起，切成 50%、30%、20% 或 80%、15%、5%；"
            "下面一条是写各部分的人占发言者的比例。",
        ),
        "profile": Text(
            "Stacked bars: of everyone on the list, the share who create, who contribute and who "
            "never wrote; below it the rule of thumb of 1, 9 and 90 percent.",
            "堆叠条：名单上所有人里主力、参与、沉默各占多少；下面一条是 1%、9%、90% 的经验之谈。",
        ),
    }
)


def lorenz(curve: pd.DataFrame, lang: str) -> Figure:
    """Draw the Lorenz curve of messages over speakers."""
    figure, axes = canvas(4.8, 4.4)
    if curve.empty:
        nothing(axes, lang)
        return figure
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label=label("equal", lang))
    axes.plot(curve["population_share"], curve["message_share"], color=PALETTE[0], linewidth=2)
    axes.fill_between(
        curve["population_share"], curve["message_share"], curve["population_share"],
        color=PALETTE[0], alpha=0.15,
    )  # fmt: skip
    axes.set(
        xlabel=label("speakers", lang), ylabel=label("written", lang), xlim=(0, 1), ylim=(0, 1),
        aspect="equal",
    )  # fmt: skip
    axes.xaxis.set_major_formatter("{x:.0%}")
    percent(axes)
    axes.legend(frameon=False, loc="upper left")
    return figure


def tiers(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw messages cut into tiers above the speakers who wrote them, for both ways of cutting."""
    figure, axes = canvas(7.2, 3.6)
    people = frame.set_index("tier")["value"].to_dict()
    if not any(value == value for value in people.values()):
        nothing(axes, lang)
        return figure
    names = []
    for y, scheme in zip((3.3, 1), _SCHEMES, strict=True):
        _bar(axes, y, list(scheme.values()), lang)
        _bar(axes, y - 1, [people.get(tier, float("nan")) for tier in scheme], lang)
        names += [(y, label("messages", lang)), (y - 1, label("people", lang))]
    _finish(axes, names, lang)
    return figure


def profile(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the three groups of everyone on the list above those of the rule of thumb."""
    from matplotlib.patches import Patch

    figure, axes = canvas(7.2, 2.4)
    groups = frame.set_index("measure")["value"].to_dict()
    if not any(value == value for value in groups.values()):
        nothing(axes, lang)
        return figure
    _bar(axes, 1, [groups.get(name, float("nan")) for name in _RULE], lang)
    _bar(axes, 0, list(_RULE.values()), lang)
    _finish(axes, [(1, label("here", lang)), (0, label("rule", lang))], lang)
    patches = [Patch(color=c, label=label(n, lang)) for n, c in zip(_RULE, _COLOURS, strict=True)]
    axes.legend(handles=patches, frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def _bar(axes: Axes, y: float, shares: list[float], lang: str) -> None:
    """Draw one bar of 100%, its parts in percent; parts without a value together, hatched."""
    rest, left = 1 - sum(share for share in shares if share == share), 0.0
    for share, colour in zip(shares, _COLOURS, strict=True):
        if share == share:
            width, text = share, f"{share:.0%}" if share >= 0.045 else ""
            axes.barh(y, width, left=left, color=colour, edgecolor="white", height=0.8)
        else:
            width, rest = rest, 0.0
            text = label("blank", lang) if width > 0.2 else ""
            axes.barh(
                y, width, left=left, color="white", edgecolor=_COLOURS[2], hatch="//", height=0.8
            )
        ink = "white" if colour == PALETTE[0] and share == share else "black"
        axes.text(left + width / 2, y, text, ha="center", va="center", color=ink, fontsize=10)
        left += width


def _finish(axes: Axes, names: list[tuple[float, str]], lang: str) -> None:
    axes.set(xlabel=label("share", lang), xlim=(0, 1))
    axes.set_yticks([y for y, _ in names], [name for _, name in names])
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter("{x:.0%}")
