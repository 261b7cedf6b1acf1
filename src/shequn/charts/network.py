"""Figures and words for who talks to whom: degrees, weeks, chance, and who could leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.charts import FEW, MUTED, PALETTE, canvas, nothing, theme
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from shequn.models.network_structure import Structure

_LABELS = {
    "degree": Text(
        "acquaintances: members written to or heard from", "联系人数：写过信或收到过信的人"
    ),
    "at_least": Text("members with at least as many", "联系人不少于此数的成员占比"),
    "messages": Text("messages", "消息数"),
    "members": Text("members who wrote", "发信人数"),
    "here": Text("observed", "实际"),
    "chance": Text("random graphs, everybody as busy", "随机图（人人照旧那么忙）"),
    "share": Text("share", "占比"),
    "leavers": Text("share of members who leave", "离开的成员占比"),
    "together": Text("of those who stay, share in one piece", "留下的人里仍连成一片的占比"),
    "busiest": Text("those with most acquaintances leave", "联系人最多的先走"),
    "random": Text("members leave at random", "随机离开"),
    "first": Text("first messages", "第一封信"),
    "answered": Text("of these answered, ever", "其中后来有回音的"),
    "within_25": Text(
        "a quarter of the answers came within, hours", "四分之一的回音不超过（小时）"
    ),
    "within_50": Text("half of the answers came within, hours", "一半的回音不超过（小时）"),
    "within_75": Text("three quarters came within, hours", "四分之三的回音不超过（小时）"),
    "within_90": Text("nine in ten came within, hours", "九成的回音不超过（小时）"),
}
_MEASURES = {
    "n_members": Text("members", "成员数"),
    "n_contacts": Text("contacts", "联系次数"),
    "n_ties": Text("ties, who wrote to whom", "关系数（谁写给过谁）"),
    "n_self": Text("contacts with oneself, dropped", "写给自己的次数（已剔除）"),
    "n_incomplete": Text("contacts with an end missing, dropped", "缺一端的次数（已剔除）"),
    "density": Text("density: share of possible ties", "密度：可能的关系里实有多少"),
    "reciprocity": Text("reciprocity: ties answered", "互惠率：有回音的关系"),
    "clustering": Text(
        "clustering: acquaintances who know each other", "聚集系数：联系人彼此也认识"
    ),
    "transitivity": Text("transitivity: closed triangles", "传递性：闭合的三角"),
    "largest_component_share": Text("largest piece, share of members", "最大的一片占成员的比例"),
    "assortativity": Text("assortativity: the busy meet the busy", "同配系数：忙人配忙人"),
    "n_groups": Text("groups found", "找出的小圈子数"),
    "modularity": Text("modularity: how far the groups are apart", "模块度：小圈子分得多开"),
    "top_broker_share": Text("betweenness held by the top tenth", "前一成成员占居间度的比例"),
    "n_cut_members": Text("members whose leaving cuts somebody off", "一走就有人失联的成员数"),
    "n_core": Text("members in the core", "核心成员数"),
    "core_density": Text("pairs acquainted inside the core", "核心之内：互为联系人的对子"),
    "across_density": Text("between core and edge", "核心与外围之间"),
    "edge_density": Text("at the edge", "外围之内"),
    "core_fit": Text("fit of core and edge, up to 1", "核心与外围的吻合度，最大 1"),
    "agreement": Text("agreement of two searches for groups", "两次找小圈子的一致程度"),
    "n_found": Text("groups found, mean", "找出的小圈子数，平均"),
    "betweenness_share": Text("betweenness held", "占居间度的比例"),
    "acquaintances": Text("acquaintances, mean", "联系人数，平均"),
    "constraint": Text("constraint, mean", "约束系数，平均"),
    "also_busiest": Text("also in the tenth with most acquaintances", "也在联系人最多的一成里"),
    "brokers": Text("the tenth most between others", "居间最多的一成"),
    "others": Text("all others", "其余的人"),
}
_SHARES = (
    "density", "reciprocity", "clustering", "transitivity", "largest_component_share",
    "top_broker_share", "core_density", "across_density", "edge_density", "betweenness_share",
    "also_busiest",
)  # fmt: skip
_COLUMNS = {
    "value": Text("observed", "实际"),
    "expected": Text("random, mean", "随机，平均"),
    "low": Text("random, lowest", "随机，最低"),
    "high": Text("random, highest", "随机，最高"),
    "measure": Text("measure", "指标"),
}
_ALTS = {
    "degree": Text(
        "Points on logarithmic axes falling to the right: most members have few acquaintances, "
        "a few have hundreds.",
        "双对数坐标上向右下降的点：多数成员联系人很少，少数人有几百个。",
    ),
    "weekly": Text(
        "Two line charts by week, one above the other: messages, and members who wrote.",
        "上下两幅按周的折线图：消息数和发信人数。",
    ),
    "null": Text(
        "For reciprocity, clustering and transitivity: a diamond for the observed value beside a "
        "bar for the range of random graphs.",
        "互惠率、聚集系数、传递性三行：菱形是实际值，旁边的横条是随机图的范围。",
    ),
    "removal": Text(
        "Two falling lines: share of those who stay that hang together, when the busiest leave "
        "and when members leave at random.",
        "两条下降的线：最忙的人先走与随机离开时，留下的人仍连成一片的占比。",
    ),
}


def alt(figure: str, lang: str) -> str:
    """Return the alt text of a figure in a language."""
    return _ALTS[figure][lang]


def degree(acquaintances: pd.DataFrame, lang: str) -> Figure:
    """Draw which share of members has at least so many acquaintances, on logarithmic axes.

    Parameters
    ----------
    acquaintances
        ``Structure.acquaintances``; members without acquaintances count in the shares only.
    """
    figure, axes = canvas()
    seen = acquaintances[acquaintances["degree"] > 0]
    if seen.empty:
        nothing(axes, lang)
        return figure
    axes.plot(
        seen["degree"], seen["share_at_least"], linestyle="", marker="o", markersize=4,
        color=PALETTE[0],
    )  # fmt: skip
    axes.set(xscale="log", yscale="log")
    axes.set(xlabel=_LABELS["degree"][lang], ylabel=_LABELS["at_least"][lang])
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g}%")
    return figure


def weekly(weeks: pd.DataFrame, lang: str) -> Figure:
    """Draw messages and the members who wrote them by week, one panel each.

    Parameters
    ----------
    weeks
        ``week``, ``messages``, ``members``, as of `shequn.cases.weekly`.
    """
    import matplotlib.dates as mdates
    import matplotlib.pyplot as plt

    theme()
    figure, panels = plt.subplots(2, 1, figsize=(7.2, 4.6), sharex=True)
    for axes, column, colour, marker in zip(
        panels, ("messages", "members"), PALETTE[:2], ("o", "s"), strict=True
    ):
        if weeks.empty:
            nothing(axes, lang)
            continue
        axes.plot(weeks["week"], weeks[column], color=colour, marker=marker, markersize=4)
        axes.set(ylabel=_LABELS[column][lang], ylim=(0, None))
        axes.yaxis.set_major_formatter("{x:,.0f}")
    if not weeks.empty:
        step = max(1, len(weeks) // 7)  # label Mondays: the axis is of weeks
        panels[-1].set_xticks(weeks["week"].iloc[::step])
        panels[-1].xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m-%d"))
        figure.autofmt_xdate(rotation=30)
    figure.align_ylabels()
    return figure


def against_chance(comparison: pd.DataFrame, lang: str) -> Figure:
    """Draw each measure beside the range of the random graphs.

    Parameters
    ----------
    comparison
        Result of `shequn.models.network_structure.compare_with_chance`.
    """
    figure, axes = canvas(height=3.2)
    seen = comparison.dropna(subset=["value", "expected"])
    if seen.empty:
        nothing(axes, lang)
        return figure
    rows = range(len(seen))[::-1]
    reach = [seen["expected"] - seen["low"], seen["high"] - seen["expected"]]
    axes.errorbar(
        seen["expected"], rows, xerr=reach, fmt="o", color=PALETTE[1], markersize=4, capsize=6,
        label=_LABELS["chance"][lang],
    )  # fmt: skip
    axes.plot(
        seen["value"], rows, linestyle="", marker="D", markersize=8, color=PALETTE[0],
        label=_LABELS["here"][lang],
    )  # fmt: skip
    for row, value in zip(rows, seen["value"], strict=True):
        axes.annotate(
            f"{value:.1%}", (value, row), xytext=(0, 10), textcoords="offset points", ha="center"
        )
    axes.set_yticks(list(rows), [_short(m, lang) for m in seen["measure"]])
    axes.set(xlabel=_LABELS["share"][lang], xlim=(0, None), ylim=(-0.6, len(seen) - 0.4))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.margins(x=0.1)
    axes.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def removal(losses: pd.DataFrame, lang: str) -> Figure:
    """Draw how far a community hangs together as members leave.

    Parameters
    ----------
    losses
        Result of `shequn.models.network_structure.removal`.
    """
    figure, axes = canvas()
    seen = losses.dropna(subset="value")
    if seen.empty:
        nothing(axes, lang)
        return figure
    looks = {"random": (MUTED, "--", "s"), "busiest": (PALETTE[0], "-", "o")}
    for who, (colour, style, marker) in looks.items():
        rows = seen[seen["who"] == who]
        axes.plot(
            rows["share"], rows["value"], color=colour, linestyle=style, marker=marker,
            markersize=5, label=_LABELS[who][lang],
        )  # fmt: skip
        axes.fill_between(rows["share"], rows["low"], rows["high"], color=colour, alpha=0.2)
    axes.set(xlabel=_LABELS["leavers"][lang], ylabel=_LABELS["together"][lang], ylim=(0, 1.05))
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(frameon=False, loc="lower left")
    return figure


def structure_table(structure: Structure, lang: str) -> pd.DataFrame:
    """Return the numbers of a structure, ready to read; what is withheld says so.

    Parameters
    ----------
    structure
        A community's structure.
    lang
        ``"en"`` or ``"zh"``.
    """
    import pandas as pd

    numbers = structure.summary()
    values = [
        FEW[lang] if few else _readable(measure, value)
        for measure, value, few in zip(
            numbers["measure"], numbers["value"], numbers["withheld"], strict=True
        )
    ]
    shown = {"measure": [_MEASURES[m][lang] for m in numbers["measure"]], "value": values}
    return pd.DataFrame(shown).rename(columns={c: _COLUMNS[c][lang] for c in shown})


def chance_table(comparison: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return a comparison with random graphs, ready to read."""
    import pandas as pd

    shown = {_COLUMNS["measure"][lang]: [_MEASURES[m][lang] for m in comparison["measure"]]}
    for column in ("value", "expected", "low", "high"):
        shown[_COLUMNS[column][lang]] = [
            FEW[lang] if few else _readable(measure, x)
            for measure, x, few in zip(
                comparison["measure"], comparison[column], comparison["withheld"], strict=True
            )
        ]
    return pd.DataFrame(shown)


def broker_table(found: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return brokers beside all others, ready to read.

    Parameters
    ----------
    found
        Result of `shequn.models.network_parts.brokers`.
    lang
        ``"en"`` or ``"zh"``.
    """
    import pandas as pd

    measures = list(dict.fromkeys(found["measure"]))
    shown = {_COLUMNS["measure"][lang]: [_MEASURES[m][lang] for m in measures]}
    for who in dict.fromkeys(found["who"]):
        theirs = found[found["who"] == who].set_index("measure")["value"]
        shown[_MEASURES[who][lang]] = [_readable(m, theirs[m]) for m in measures]
    return pd.DataFrame(shown)


def wait_table(first: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return how many first messages were answered and how soon, ready to read.

    Parameters
    ----------
    first
        Result of `shequn.cases.approaches`.
    """
    import pandas as pd

    hours = first["hours"].dropna()
    rows = {
        "first": f"{len(first):,}",
        "answered": f"{len(hours):,}",
        **{f"within_{q}": _hours(float(hours.quantile(q / 100))) for q in (25, 50, 75, 90)},
    }
    what, number = (_COLUMNS[c][lang] for c in ("measure", "value"))
    return pd.DataFrame({what: [_LABELS[r][lang] for r in rows], number: [*rows.values()]})


def _hours(hours: float) -> str:
    return "—" if hours != hours else f"{hours:,.1f}"


def _short(measure: str, lang: str) -> str:
    return _MEASURES[measure][lang].replace("：", ":").split(":")[0]


def _readable(measure: str, value: float) -> str:
    if value != value:
        return "—"
    if measure in _SHARES:
        return f"{value:.1%}"
    return f"{value:,.0f}" if measure.startswith("n_") else f"{value:.3g}"
