"""Figures of give and take: how much comes back, and how members stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import FEW, MUTED, PALETTE, canvas, nothing, words
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# The share of pairs, the share of answers, and members: each of another whole.
_SHARES = ("mutual_pairs", "given_back", "one_way", "both_ways", "only_give", "only_get")
_STANDINGS = ("only_gives", "gives_more", "even", "gets_more", "only_gets")
label = words(
    {
        "mutual_pairs": Text("of pairs: answer each other", "成对的人里：互相回应"),
        "given_back": Text("of answers: given back later", "回应里：后来有回应"),
        "one_way": Text("of answers: nothing balances them", "回应里：没有对等回报"),
        "both_ways": Text("of members: give and get", "成员里：既给也得"),
        "only_give": Text("of members: only give", "成员里：只给不得"),
        "only_get": Text("of members: only get", "成员里：只得不给"),
        "share": Text("share", "占比"),
        "only_gives": Text("only gives", "只给"),
        "gives_more": Text("gives at least\ntwice what comes back", "给的至少是\n得的两倍"),
        "even": Text("even", "大致相当"),
        "gets_more": Text("gets at least\ntwice what is given", "得的至少是\n给的两倍"),
        "only_gets": Text("only gets", "只得"),
        "members": Text("members", "成员数"),
    }
)
alt = words(
    {
        "shares": Text(
            "Six shares with intervals, one under the other: pairs who answer each other, answers "
            "given back later, answers that nothing balances, members who give and get, only give, "
            "only get.",
            "上下六行带区间的占比：互相回应的对子、后来有回应的回应、没有对等回报的回应、既给也得、"
            "只给、只得的成员。",
        ),
        "standings": Text(
            "Horizontal bars: how many members only give, give at least twice what comes back, are "
            "even, get at least twice what they give, only get.",
            "横条图：只给、给的至少是得的两倍、大致相当、得的至少是给的两倍、只得的成员各有多少。",
        ),
    }
)


def shares(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw the shares of pairs, answers and members with their intervals."""
    figure, axes = canvas(height=3.4)
    seen = frame[frame["measure"].isin(_SHARES)].dropna(subset="value").set_index("measure")
    if seen.empty:
        nothing(axes, lang)
        return figure
    rows = [m for m in _SHARES if m in seen.index]
    seen, at = seen.loc[rows], range(len(rows))[::-1]
    error = [seen["value"] - seen["low"], seen["high"] - seen["value"]]
    axes.errorbar(seen["value"], at, xerr=error, fmt="o", color=PALETTE[0], capsize=3)
    axes.set_yticks(list(at), [label(m, lang) for m in rows])
    axes.set(xlabel=label("share", lang), xlim=(0, 1), ylim=(-0.6, len(rows) - 0.4))
    axes.xaxis.set_major_formatter("{x:.0%}")
    return figure


def standings(frame: pd.DataFrame, lang: str) -> Figure:
    """Draw how many members give more than they get, as much, or less."""
    figure, axes = canvas(height=3.2)
    members = frame.set_index("standing")["value"].reindex(list(_STANDINGS))
    if members.isna().all():
        nothing(axes, lang)
        return figure
    at = range(len(members))[::-1]
    axes.barh(at, members.fillna(0), color=PALETTE[0], height=0.6)
    for row, number in zip(at, members, strict=True):
        few = number != number
        axes.annotate(
            FEW[lang] if few else f"{number:,.0f}", (0 if few else number, row), xytext=(4, 0),
            textcoords="offset points", va="center", color=MUTED if few else "black",
        )  # fmt: skip
    axes.set_yticks(list(at), [label(s, lang) for s in _STANDINGS])
    axes.set(xlabel=label("members", lang))
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    return figure
