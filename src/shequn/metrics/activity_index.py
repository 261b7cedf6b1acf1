"""Activity index: several indicators in one number a week, and how little its weights decide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.indicators import INDICATORS, weekly, weekly_counts, whole_weeks
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Floats = npt.NDArray[np.float64]
    Weights = Mapping[str, float] | None

ENOUGH_WEEKS = 8  # below this the worst and the best week are most of the weeks there are
DRAWS = 1000
CONCENTRATION = 30.0  # of the weights drawn: six equal ones of 0.17 then stray by 0.07
_WEEK = timedelta(days=7)


@metric(
    id="activity_index",
    name=Text("Activity index", "活跃度指数"),
    question=Text(
        "All indicators in one number: was this week better than the last, and would it still be "
        "under other weights?",
        "把各项指标合成一个数：这一周比上一周好吗？换一套权重，还好吗？",
    ),
    formula=r"I_t = 100 \sum_j w_j z_{tj}, \quad"
    r" z_{tj} = \frac{x_{tj} - \min_t x_{tj}}{\max_t x_{tj} - \min_t x_{tj}}, \quad"
    r" w_j^{H} \propto 1 + \frac{1}{\ln T} \sum_t p_{tj} \ln p_{tj}",
    symbols=Text(
        "x_tj: indicator j in week t of T; z_tj: the same from 0 (worst week) to 1 (best week); "
        "w_j: its weight, together 1; w_j^H: entropy weight, with p_tj = z_tj ÷ Σ_t z_tj",
        "x_tj：第 t 周的指标 j，共 T 周；z_tj：换算成 0（最差一周）到 1（最好一周）；w_j：权重，合计为 1；"
        "w_j^H：熵权，其中 p_tj = z_tj ÷ Σ_t z_tj",
    ),
    needs={"messages": ("author_id", "ts")},
    uses={"reactions": ("message_id", "n")},
    unit="ratio",
    direction="none",
    null=Text(
        "No value for a week not wholly covered, with fewer than five speakers, or lacking one of "
        "the indicators; none at all with fewer than eight such weeks. An indicator that never "
        "occurs, or never changes, is left out.",
        "没被完整覆盖、发言者不足五人、或缺一项指标的周没有数值；这样的周不足八个，就都没有。"
        "从未出现、或从不变化的指标不计入。",
    ),
    misleads=Text(
        "It hides the week in which its parts disagree. One odd week stretches the scale of all "
        "others, and each new week may change every value. Nobody's weights are right.",
        "各项指标互相矛盾的那一周，恰恰被它盖住。一个反常的周会拉长所有周的尺子，每多一周，旧的数值都可能变。"
        "没有谁的权重是对的。",
    ),
    words={
        **INDICATORS,
        "indicator": Text("indicator", "分项指标"),
        "weighting": Text("weights", "权重"),
        "given": Text("given", "指定权重"),
        "entropy": Text("entropy", "熵权"),
        "flips_next": Text("“better than last week” turns around", "“比上周好”反过来的比例"),
        "flips_any": Text("order of any two weeks turns around", "任意两周先后反过来的比例"),
        "entropy_disagrees": Text(
            "given and entropy weights disagree on “better than last week”",
            "“比上周好”两套权重说法相反的比例",
        ),
    },
    references=("hwang1981multiple", "shannon1948mathematical", "goodhart1984problems"),
)
def activity_index(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, weeks: int = 52,
    weights: Weights = None,
) -> ir.Table:  # fmt: skip
    """Count what the indicators are made of, by week."""
    return weekly_counts(messages, reactions, calendar)


class _Index(NamedTuple):
    """Weeks that have an index, the indicators in it from 0 to 1, and the weights by kind."""

    members: pd.Series[float]  # speakers by week
    scaled: pd.DataFrame
    given: Floats
    entropy: Floats

    def draws(self) -> Floats:
        """Return the index by week and draw, the weights drawn around those given."""
        random = np.random.default_rng(20250101)
        drawn = random.dirichlet(CONCENTRATION * self.given, DRAWS)
        return np.asarray(100 * self.scaled.to_numpy() @ drawn.T)


def _index(counts: pd.DataFrame, calendar: Calendar, weeks: int, weights: Weights) -> _Index:
    table = whole_weeks(weekly(counts, calendar), weeks)
    wanted = _wanted(weights)
    varied = [n for n in wanted if table[n].max() > table[n].min()]
    known = table.dropna(subset=varied) if varied else table.head(0)
    varied = [n for n in varied if known[n].max() > known[n].min()]
    if len(known) < ENOUGH_WEEKS or not varied:
        known, varied = table.head(0), []
    x = known[varied]
    scaled = (x - x.min()) / (x.max() - x.min())
    given = np.array([wanted[n] for n in varied])
    return _Index(known["members"], scaled, given / given.sum(), entropy_weights(scaled.to_numpy()))


def _wanted(weights: Weights) -> dict[str, float]:
    """Return the indicators that count, with their weights; equal ones where none are given."""
    wanted = dict.fromkeys(INDICATORS, 1.0) if weights is None else dict(weights)
    strange = [n for n, w in wanted.items() if n not in INDICATORS or w < 0]
    wanted = {n: float(w) for n, w in wanted.items() if w > 0}
    if strange or not wanted:
        names = ", ".join(INDICATORS)
        raise ShequnError(
            Text(f"The weights {weights} are none of an index.", f"权重 {weights} 合不成指数。"),
            Text(
                f"Give weights of 0 or more, not all 0, to some of: {names}.",
                f"请给以下指标中的几个指定不小于 0、不全为 0 的权重：{names}。",
            ),
        )
    return wanted


def entropy_weights(scaled: Floats) -> Floats:
    """Weights by Shannon entropy: the more a column's weeks differ, the more it counts.

    Parameters
    ----------
    scaled
        Non-negative numbers, one row a week, one column an indicator, none of them all 0.

    Returns
    -------
    numpy.ndarray
        Weights, together 1. They say where the weeks differ, not what matters.
    """
    if scaled.size == 0:
        return np.array([])
    p = scaled / scaled.sum(axis=0)
    logs = np.log(p, where=p > 0, out=np.zeros_like(p))
    apart = 1 + (p * logs).sum(axis=0) / np.log(len(p))
    return np.asarray(apart / apart.sum())


@activity_index.finish
def _values(
    counts: pd.DataFrame, calendar: Calendar, weeks: int = 52, weights: Weights = None
) -> pd.DataFrame:
    """Give the index by week under both weights.

    The bounds of the first are no confidence interval: they hold 95 % of the draws of weights.
    """
    import pandas as pd

    index = _index(counts, calendar, weeks, weights)
    low, high = np.quantile(index.draws(), (0.025, 0.975), axis=1)
    given = pd.DataFrame({"weighting": "given", "low": low, "high": high}, index.members.index)
    given["value"] = 100 * index.scaled.to_numpy() @ index.given
    entropy = pd.DataFrame({"weighting": "entropy"}, index.members.index)
    entropy["value"] = 100 * index.scaled.to_numpy() @ index.entropy
    frame = pd.concat([part.assign(n=index.members) for part in (given, entropy)])
    frame["period_start"] = frame.index
    return tidy(frame.assign(period_end=[w + _WEEK for w in frame.index]), "weighting")


@activity_index.view
def index_parts(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, weeks: int = 52
) -> ir.Table:
    """Return the same counts, for the indicators one by one."""
    return weekly_counts(messages, reactions, calendar)


@index_parts.finish
def _parts(counts: pd.DataFrame, calendar: Calendar, weeks: int = 52) -> pd.DataFrame:
    """Give each indicator by week, those unseen left out; weeks without a value stay, empty."""
    import pandas as pd

    table = whole_weeks(weekly(counts, calendar), weeks)
    parts = [
        pd.DataFrame({"value": table[name], "n": table["members"].where(table[name].notna())})
        .assign(indicator=name)
        for name in INDICATORS
        if table[name].notna().any()
    ]  # fmt: skip
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=["indicator"])
    frame["period_start"] = frame.index
    return tidy(frame.assign(period_end=[w + _WEEK for w in frame.index]), "indicator")


@activity_index.view
def index_weights(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, weeks: int = 52,
    weights: Weights = None,
) -> ir.Table:  # fmt: skip
    """Return the same counts, for the weights of the indicators."""
    return weekly_counts(messages, reactions, calendar)


@index_weights.finish
def _weights(
    counts: pd.DataFrame, calendar: Calendar, weeks: int = 52, weights: Weights = None
) -> pd.DataFrame:
    import pandas as pd

    index = _index(counts, calendar, weeks, weights)
    rows = [
        (kind, name, weight)
        for kind, found in (("given", index.given), ("entropy", index.entropy))
        for name, weight in zip(index.scaled, found, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["weighting", "indicator", "value"])
    return tidy(_stated(frame, index, calendar), "weighting", "indicator")


@activity_index.view
def index_stability(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, weeks: int = 52,
    weights: Weights = None,
) -> ir.Table:  # fmt: skip
    """Return the same counts, for how often other weights would say otherwise."""
    return weekly_counts(messages, reactions, calendar)


@index_stability.finish
def _stability(
    counts: pd.DataFrame, calendar: Calendar, weeks: int = 52, weights: Weights = None
) -> pd.DataFrame:
    import pandas as pd

    index = _index(counts, calendar, weeks, weights)
    starts = list(index.members.index)
    every = [(i, j) for j in range(len(starts)) for i in range(j)]
    adjacent = [(i, j) for i, j in every if starts[j] - starts[i] == _WEEK]
    z, drawn = index.scaled.to_numpy(), index.draws()
    given = z @ index.given
    rows = {
        "flips_next": flips(given, drawn, adjacent),
        "flips_any": flips(given, drawn, every),
        "entropy_disagrees": flips(given, (z @ index.entropy)[:, None], adjacent),
    }
    frame = pd.DataFrame({"measure": list(rows), "value": list(rows.values())})
    return tidy(_stated(frame, index, calendar), "measure")


def flips(given: Floats, others: Floats, pairs: list[tuple[int, int]]) -> float:
    """Share of pairs of weeks, over all other weightings, whose order turns around; NaN if none."""
    if not pairs:
        return float("nan")
    one, two = np.array(pairs).T
    before = (given[two] - given[one])[:, None]
    return float(((others[two] - others[one]) * before < 0).mean())


def _stated(frame: pd.DataFrame, index: _Index, calendar: Calendar) -> pd.DataFrame:
    """Say over which weeks, and for how many member-weeks, a row was computed."""
    weeks = index.members.index
    start, end = (weeks[0], weeks[-1] + _WEEK) if len(weeks) else (calendar.first, calendar.end)
    return frame.assign(n=index.members.sum(), period_start=start, period_end=end)
