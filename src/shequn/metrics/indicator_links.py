"""Indicator links: which weekly indicators move together, and which moves first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.indicators import INDICATORS, counted, weekly, weekly_counts, whole_weeks
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Floats = npt.NDArray[np.float64]

LAGS = 4  # weeks: after more than a month too much else has happened
ENOUGH_WEEKS = 26  # pairs of changes: with fewer no correlation under 0.4 would be seen even alone
LEVEL = 0.05  # share of false ones among the links shown
MEMORY = 4  # weeks over which the changes of an indicator may depend on earlier ones
LINKED = {**INDICATORS, "joins": Text("members who joined", "入群的人")}
_COLUMNS = ("leader", "follower", "lag", "value", "low", "high", "weeks", "p", "members")
_WEEK = timedelta(days=7)


@metric(
    id="indicator_links",
    name=Text("Indicator links", "指标联动"),
    question=Text(
        "Which indicators rise and fall together from week to week, and which moves first?",
        "哪些指标一周一周同涨同落？哪个先动？",
    ),
    formula=r"\rho_{ab}(k) = \mathrm{corr}\left(\mathrm{rank}\, \Delta a_t, \mathrm{rank}\, \Delta b_{t+k}\right),"
    r" \qquad \frac{n}{n^{*}} = 1 + 2 \sum_{i=1}^{4} \left(1 - \tfrac{i}{n}\right) r_a(i)\, r_b(i)",
    symbols=Text(
        "Δa_t: change of indicator a from week t−1 to t; k: weeks by which a comes first; n: weeks; "
        "n*: as many independent weeks, never above n; r_a(i): correlation of a's changes with its "
        "own i weeks later",
        "Δa_t：指标 a 从第 t−1 周到第 t 周的变化；k：a 领先的周数；n：周数；n*：相当于多少个独立的周，不超过 n；"
        "r_a(i)：a 的变化与自己 i 周后的相关",
    ),
    needs={"messages": ("author_id", "ts")},
    uses={
        "reactions": ("message_id", "n"),
        "membership_events": ("ts", "member_id", "action"),
    },
    unit="ratio",
    direction="none",
    null=Text(
        "No value with fewer than 26 weeks in which both changes are known, or where one of the "
        "two never changes. A week counts if wholly covered, with five speakers or more.",
        "两边变化都已知的周不足 26 个，或其中一个从不变化，没有数值。被完整覆盖、发言者不少于五人的周才算。",
    ),
    misleads=Text(
        "Moving together is no proof that one makes the other move: a holiday moves both. Two "
        "ratios over the same count are tied by arithmetic. What moves first need not be a cause.",
        "同涨同落，不等于一个带动另一个：一个节日会同时带动两边。分母相同的两个比率，算术上就绑在一起。先动的不一定是原因。",
    ),
    words={
        **LINKED,
        "leader": Text("moves first", "先动"),
        "follower": Text("moves then", "后动"),
        "lag": Text("weeks between", "相隔（周）"),
        "weeks": Text("weeks", "周数"),
        "p": Text("p", "p 值"),
        "q": Text("q (false share)", "q 值（误报比例）"),
        "pairs_tested": Text("pairs of indicators tested", "检验过的指标对"),
        "pairs_linked": Text("of these linked", "其中有联动的"),
    },
    references=("benjamini1995controlling",),
)
def indicator_links(
    messages: ir.Table, reactions: ir.Table, membership_events: ir.Table, *, calendar: Calendar,
    weeks: int = 104,
) -> ir.Table:  # fmt: skip
    """Count what the indicators are made of, by week, and the different members who joined."""
    import ibis
    from ibis import _

    day = membership_events.ts.date()
    joined = membership_events.filter(
        membership_events.action == "join",
        membership_events.method.fill_null("") != "connection",
        day >= ibis.date(calendar.first), day < ibis.date(calendar.end),
    )  # fmt: skip
    joined = joined.select("member_id", week=calendar.week(joined.ts.date())).distinct()
    joins = joined.group_by("week").agg(number=_.count())
    joins = joins.select("week", "number", part=ibis.literal("joins"))
    return ibis.union(weekly_counts(messages, reactions, calendar), joins)


class Link(NamedTuple):
    """How two series of changes go together."""

    value: float
    low: float
    high: float
    weeks: int
    p: float


_NAN = float("nan")
_NO_LINK = Link(_NAN, _NAN, _NAN, 0, _NAN)


def link(one: Floats, other: Floats) -> Link:
    """Correlate two series of changes by rank, as many weeks long; NaN where one is unknown.

    Returns
    -------
    Link
        Spearman's correlation with a 95 % interval and the p of no correlation, both for as many
        independent weeks as the two series are worth: two that each depend on their own past
        agree by chance more often than independent ones. All NaN under 26 weeks.
    """
    from scipy import stats

    known = ~(np.isnan(one) | np.isnan(other))
    n = int(known.sum())
    if n < ENOUGH_WEEKS or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return _NO_LINK._replace(weeks=n)
    ranks = np.full((2, len(one)), np.nan)
    ranks[0, known], ranks[1, known] = stats.rankdata(one[known]), stats.rankdata(other[known])
    value = float(np.corrcoef(ranks[:, known])[0, 1])
    independent = n / max(1.0, variance_ratio(ranks[0], ranks[1], n))
    if abs(value) > 1 - 1e-12:
        return Link(value, value, value, n, 0.0)
    t = value * np.sqrt((independent - 2) / (1 - value**2))
    # 1.06: the variance of a rank correlation's z (Fieller, Hartley and Pearson 1957).
    half = stats.norm.ppf(0.975) * np.sqrt(1.06 / (independent - 3))
    low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
    return Link(value, float(low), float(high), n, float(2 * stats.t.sf(abs(t), independent - 2)))


def variance_ratio(one: Floats, other: Floats, n: int) -> float:
    """How much wider chance spreads the correlation of two unrelated series, by their own pasts."""
    total = 1.0
    for lag in range(1, MEMORY + 1):
        own = [_own_past(series, lag) for series in (one, other)]
        total += 2 * (1 - lag / n) * own[0] * own[1]
    return total


def _own_past(series: Floats, lag: int) -> float:
    centred = series - np.nanmean(series)
    products = centred[:-lag] * centred[lag:]
    if np.isnan(products).all():
        return 0.0
    return float(np.nanmean(products) / np.nanmean(centred**2))


def false_shares(p: Floats) -> Floats:
    """Return, of each p, the share of false ones to expect among all as small or smaller.

    After Benjamini and Hochberg (1995); a p of NaN was no test and counts for nothing.
    """
    from statsmodels.stats.multitest import multipletests

    tested = ~np.isnan(p)
    q = np.full(len(p), np.nan)
    if tested.any():
        q[tested] = multipletests(p[tested], method="fdr_bh")[1]
    return q


@indicator_links.view
def every_lag(
    messages: ir.Table, reactions: ir.Table, membership_events: ir.Table, *, calendar: Calendar,
    weeks: int = 104,
) -> ir.Table:  # fmt: skip
    """Return the same counts, for every pair at every lag."""
    return indicator_links.expression(messages, reactions, membership_events, calendar=calendar)


@every_lag.finish
def _every_lag(counts: pd.DataFrame, calendar: Calendar, weeks: int = 104) -> pd.DataFrame:
    """Test all pairs at all lags, and find the share of false ones among those as good or better.

    ``lag`` is by how many weeks the change of ``leader`` comes before that of ``follower``; at 0
    the two names have no order.
    """
    import pandas as pd

    table = weekly(counts, calendar)
    table["joins"] = counted(counts, calendar)["joins"]
    table = whole_weeks(table, weeks)
    members = table.pop("members")
    changes = table[list(LINKED)].diff()
    names = [n for n in LINKED if changes[n].notna().any()]
    rows = []
    for a in names:
        for b in names:
            for lag in range(LAGS + 1):
                if a == b or (lag == 0 and names.index(a) > names.index(b)):
                    continue
                one, other = changes[a], changes[b].shift(-lag)
                found = link(one.to_numpy("float64"), other.to_numpy("float64"))
                known = one.notna() & other.notna()
                behind = members[known].sum() if found.weeks else np.nan
                rows.append((a, b, lag, *found, behind))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).rename(columns={"members": "n"})
    frame["q"] = false_shares(frame["p"].to_numpy("float64"))
    frame["period_start"] = table.index[0] if len(table) else calendar.first
    frame["period_end"] = table.index[-1] + _WEEK if len(table) else calendar.end
    return tidy(frame, "leader", "follower", "lag", "weeks", "p", "q")


@indicator_links.finish
def _pairs(counts: pd.DataFrame, calendar: Calendar, weeks: int = 104) -> pd.DataFrame:
    """Keep of each pair the lag and order least likely by chance, the surest pair first.

    A pair that could not be tested stands at the end, without a value.
    """
    frame = _every_lag(counts, calendar, weeks)
    order = {name: i for i, name in enumerate(LINKED)}
    ends = frame[["leader", "follower"]].replace(order)
    frame = frame.assign(one=ends.min(axis=1), two=ends.max(axis=1))
    frame = frame.sort_values(["q", "p", "lag", "one", "two"])
    return frame.drop_duplicates(["one", "two"]).drop(columns=["one", "two"]).reset_index(drop=True)


@indicator_links.view
def links_counted(
    messages: ir.Table, reactions: ir.Table, membership_events: ir.Table, *, calendar: Calendar,
    weeks: int = 104, level: float = LEVEL,
) -> ir.Table:  # fmt: skip
    """Return the same counts, for how many pairs are linked."""
    return indicator_links.expression(messages, reactions, membership_events, calendar=calendar)


@links_counted.finish
def _counted(
    counts: pd.DataFrame, calendar: Calendar, weeks: int = 104, level: float = LEVEL
) -> pd.DataFrame:
    import pandas as pd

    pairs = _pairs(counts, calendar, weeks).dropna(subset="q")
    linked = (pairs["q"] <= level).sum() if len(pairs) else np.nan
    start = pairs["period_start"].min() if len(pairs) else calendar.first
    end = pairs["period_end"].max() if len(pairs) else calendar.end
    rows = [("pairs_tested", float(len(pairs))), ("pairs_linked", float(linked))]
    frame = pd.DataFrame(rows, columns=["measure", "value"])
    return tidy(frame.assign(n=pairs["n"].max(), period_start=start, period_end=end), "measure")
