"""Figures of revenue: what a buyer and a member pay, and who buys again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import MUTED, PALETTE, canvas, dates, nothing, percent, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_NAMES = {"per_order": PALETTE[4], "per_buyer": PALETTE[0], "per_member": PALETTE[1]}
_MARKS = {"per_order": "s", "per_buyer": "o", "per_member": "^"}
label = words(
    {
        "per_order": Text("per order", "每单"),
        "per_buyer": Text("per buyer", "每位买家"),
        "per_member": Text("per member", "每位成员"),
        "money": Text("revenue, {currency}", "收入（{currency}）"),
        "unstated": Text("currency not stated", "币种未注明"),
        "within": Text("days since the first order", "首单之后的天数"),
        "again": Text("bought again", "再次购买的比例"),
        "wrote": Text("wrote before the first order", "首单前发过言"),
        "silent_before": Text("had not written before it", "首单前没发过言"),
    }
)
alt = words(
    {
        "three": Text(
            "Points with intervals, one of three series for each four weeks: revenue per order, per "
            "buyer and per member.",
            "带区间的点图：每四周一组，三条序列分别是每单、每位买家、每位成员的收入。",
        ),
        "again": Text(
            "Points with intervals: share of buyers with a second order within so many days, those "
            "who had written before their first order beside those who had not.",
            "带区间的点图：首单后若干天内再次购买的比例，首单前发过言的买家与没发过言的并列。",
        ),
    }
)


def three(windows: pd.DataFrame, lang: str, *, last: int = 13) -> Figure:
    """Draw the three averages of the last windows, in the currency of the most orders."""
    figure, axes = canvas()
    orders = windows[windows["measure"] == "orders"].groupby("currency")["value"].sum()
    if orders.empty or not orders.max() > 0:
        nothing(axes, lang)
        return figure
    currency = orders.idxmax()
    own = windows[windows["currency"] == currency]
    for place, (measure, colour) in enumerate(_NAMES.items()):
        seen = own[own["measure"] == measure].tail(last).dropna(subset="value")
        if seen.empty:
            continue
        # Side by side, so that one interval does not hide another.
        x = seen["period_end"] + (place - 1) * (seen["period_end"].diff().median() / 8)
        error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
        axes.errorbar(x.fillna(seen["period_end"]), seen["value"], yerr=error, fmt=_MARKS[measure],
                      color=colour, capsize=2, markersize=5, label=label(measure, lang))  # fmt: skip
    money = label("money", lang).format(currency=currency or label("unstated", lang))
    axes.set(xlabel="", ylabel=money, ylim=(0, None))
    axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, 1.15))
    dates(figure, axes)
    return figure


def again(shares: pd.DataFrame, lang: str) -> Figure:
    """Draw the share that bought again within each exposure, by who had written before."""
    figure, axes = canvas(height=3.2)
    if shares["value"].notna().sum() == 0:
        nothing(axes, lang)
        return figure
    for group, colour, mark, aside in (
        ("wrote", PALETTE[0], "o", -1.2), ("silent_before", MUTED, "s", 1.2),
    ):  # fmt: skip
        seen = shares[shares["group"] == group].dropna(subset="value")
        error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
        axes.errorbar(seen["within"] + aside, seen["value"], yerr=error, fmt=mark, color=colour,
                      capsize=3, label=label(group, lang))  # fmt: skip
    axes.set(xlabel=label("within", lang), ylabel=label("again", lang), ylim=(0, None))
    axes.set_xticks(sorted(shares["within"].unique()))
    axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, 1.18))
    percent(axes)
    return figure
