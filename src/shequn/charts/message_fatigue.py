"""The figure of message fatigue: muting and leaving by how much was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

label = words(
    {
        "dose": Text("broadcasts in the week", "当周群发条数"),
        "rate": Text("of members at risk, per week", "每周占面对群发的成员"),
        "mute_rate": Text("muted the group", "屏蔽群消息"),
        "leave_rate_unmuted": Text("left, not having muted it", "没屏蔽就退群"),
    }
)
alt = words(
    {
        "by_dose": Text(
            "Points with intervals, by number of broadcasts in the week: the share of members at "
            "risk who muted the group that week, and the share who left it.",
            "带区间的点图，按当周群发条数分组：面对群发的成员里，当周屏蔽群消息的比例和退群的比例。",
        ),
    }
)
_STYLES = {
    "mute_rate": ("o", PALETTE[0], -0.08),
    "leave_rate_unmuted": ("s", MUTED, 0.08),
}


def by_dose(rates: pd.DataFrame, lang: str) -> Figure:
    """Draw both rates by dose, side by side."""
    figure, axes = canvas(height=3.4)
    seen = rates.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    doses = [dose for dose in rates["dose"].unique() if (seen["dose"] == dose).any()]
    for measure, (marker, colour, shift) in _STYLES.items():
        rows = seen[seen["measure"] == measure]
        if rows.empty:
            continue
        at = [doses.index(dose) + shift for dose in rows["dose"]]
        error = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
        axes.errorbar(
            at, rows["value"], yerr=error, fmt=marker, color=colour, capsize=3,
            label=label(measure, lang),
        )  # fmt: skip
    axes.set_xticks(range(len(doses)), doses)
    axes.set(
        xlabel=label("dose", lang), ylabel=label("rate", lang), ylim=(0, None),
        xlim=(-0.5, len(doses) - 0.5),
    )  # fmt: skip
    axes.yaxis.set_major_formatter("{x:.1%}")
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.18))
    return figure
