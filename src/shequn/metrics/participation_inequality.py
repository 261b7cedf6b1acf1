"""Participation inequality: how much of the talk rests on how few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.presence import everybody, is_known
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Integers = npt.NDArray[np.int64]

MANY_FOR_TEN = 20  # speakers from whom on the ten who wrote most are not simply half of them
# From and to which percent of all messages a tier writes, the loudest first. In the trade both 50,
# 30, 20 and 80, 15, 5 are called core, regular and the rest; so ours are called by their share.
TIERS = {
    "first_50": (0, 50), "next_30": (50, 80), "last_20": (80, 100),
    "first_80": (0, 80), "next_15": (80, 95), "last_5": (95, 100),
}  # fmt: skip
PROFILE = ("creating", "contributing", "never_wrote")


@metric(
    id="participation_inequality",
    name=Text("Participation inequality", "参与不均"),
    question=Text(
        "How few members write most of the messages, and how many never write?",
        "多少消息出自多少人之手？又有多少人从不开口？",
    ),
    formula=r"G = \frac{\sum_{i=1}^{n} (2i - n - 1)\, x_{(i)}}{n \sum_{i=1}^{n} x_i}",
    symbols=Text(
        "x_(i): messages of the i-th of n speakers, from the fewest to the most",
        "x_(i)：n 名发言者按消息数从少到多排，第 i 名的消息数",
    ),
    needs={"messages": ("author_id",)},
    uses={"members": ("member_id", "joined_at_basis")},
    unit="ratio",
    direction="none",
    null=Text(
        "No value with fewer than five speakers, nor for a half group under five; the top ten's "
        "share needs 20 speakers, the posting share a roster.",
        "发言者或半数核心不足五人时没有数值；前十人占比要有 20 名发言者，发言率要有成员名单。",
    ),
    misleads=Text(
        "A longer window or more people raise it by themselves. Without a roster those who never "
        "write are missing. Of a small group, ten are half.",
        "时间一长、人一多，数值自己就会上升。没有名单，就看不到从不开口的人。小群里十个人就是一半。",
    ),
    words={
        "gini": Text("Gini coefficient", "基尼系数"),
        "top_10_share": Text("the top ten's share", "前十人占比"),
        "half_group": Text("half group", "半数核心"),
        "speakers": Text("speakers", "发言者"),
        "posting_share": Text("posting share", "发言率"),
        "tier": Text("tier", "层"),
        "first_50": Text("write the first 50%", "写前 50% 的人"),
        "next_30": Text("write the next 30%", "写其后 30% 的人"),
        "last_20": Text("write the last 20%", "写最后 20% 的人"),
        "first_80": Text("write the first 80%", "写前 80% 的人"),
        "next_15": Text("write the next 15%", "写其后 15% 的人"),
        "last_5": Text("write the last 5%", "写最后 5% 的人"),
        "creating": Text("creating: the half group", "主力：半数核心"),
        "contributing": Text("contributing: the other speakers", "参与：其余发言者"),
        "never_wrote": Text("silent: never wrote", "沉默：从没写过"),
    },
    references=("vanmierlo2014one", "nielsen2006participation", "chaoss2024metrics"),
)
def participation_inequality(
    messages: ir.Table, members: ir.Table, *, calendar: Calendar
) -> ir.Table:
    """Histogram: how many members wrote exactly k messages; k is 0 for members who never did.

    Messages count within the time the data cover, for which the result is stated.
    """
    from ibis import _

    people = everybody(messages, members, calendar)
    return people.group_by("messages", "listed").agg(members=_.count())


@participation_inequality.finish
def _measures(histogram: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import bootstrap, wilson

    x = _counts(histogram)
    n = len(x)
    measures = {"gini": gini, "top_10_share": top_share, "half_group": half_group}
    rows: list[tuple[str, float, float, float, float]] = []
    for name, function in measures.items():
        if n < SMALLEST_GROUP:  # and no use in drawing so few anew
            rows.append((name, np.nan, n, np.nan, np.nan))
            continue
        interval = bootstrap(function, x)
        value = function(x) if name != "top_10_share" or n >= MANY_FOR_TEN else np.nan
        behind = value if name == "half_group" else n
        low, high = (np.nan, np.nan) if np.isnan(value) else interval
        rows.append((name, value, behind, low, high))
    rows.append(("speakers", n, n, np.nan, np.nan))
    people = int(histogram["members"].sum())
    listed = int(histogram.loc[histogram["listed"] > 0, "members"].sum())
    hidden = 0 < n < SMALLEST_GROUP  # the share would give away how few they are
    if is_known(listed, people) and not hidden:
        below, above = wilson(n, people)
        rows.append(("posting_share", n / people, people, below[0], above[0]))
    else:
        rows.append(("posting_share", np.nan, people, np.nan, np.nan))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    frame["period_start"], frame["period_end"] = (
        pd.Timestamp(calendar.first),
        pd.Timestamp(calendar.end),
    )
    return tidy(frame, "measure")


@participation_inequality.view
def lorenz(messages: ir.Table, members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Return the same histogram, for the Lorenz curve."""
    return participation_inequality.expression(messages, members, calendar=calendar)


@lorenz.finish
def _lorenz(histogram: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Cumulated shares of speakers (fewest messages first) and of messages, from (0, 0).

    Neighbours are put together until every step is of five members or more: a step of one would
    tell how much that one wrote.
    """
    import pandas as pd

    spoke = histogram[histogram["messages"] > 0].groupby("messages")["members"].sum().sort_index()
    if spoke.sum() < SMALLEST_GROUP:
        return pd.DataFrame({"population_share": [], "message_share": []}, dtype=float)
    steps, members, written = [(0, 0)], 0, 0  # people and messages above each step, loudest first
    for messages, here in zip(spoke.index[::-1].tolist(), spoke[::-1].tolist(), strict=True):
        members, written = members + here, written + messages * here
        if members - steps[-1][0] >= SMALLEST_GROUP:
            steps.append((members, written))
    if members > steps[-1][0]:  # the quietest few go with the step before
        steps[-1] = (members, written)
    above = np.array(steps[::-1], dtype="float64")
    shares = 1 - above / above[0]
    return pd.DataFrame({"population_share": shares[:, 0], "message_share": shares[:, 1]})


@participation_inequality.view
def tiers(messages: ir.Table, members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Return the same histogram, for how many members write which part of the messages."""
    return participation_inequality.expression(messages, members, calendar=calendar)


@tiers.finish
def _tiers(histogram: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Share of the speakers in each tier; ``n`` is its size.

    A tier beside one under five has no value either: the size of the small one would follow.
    """
    import pandas as pd

    from shequn.intervals import bootstrap

    x = _counts(histogram)
    n = len(x)
    told = _told(x) if n else ()
    rows: list[tuple[str, float, float, float, float]] = []
    for tier, (above, to) in TIERS.items():
        size = people_for(x, to) - people_for(x, above)
        if above in told and to in told:
            low, high = bootstrap(
                lambda y, a=above, b=to: (people_for(y, b) - people_for(y, a)) / len(y), x
            )
            rows.append((tier, size / n, size, low, high))
        else:
            few = size if 0 < size < SMALLEST_GROUP else np.nan
            rows.append((tier, np.nan, few, np.nan, np.nan))
    frame = pd.DataFrame(rows, columns=["tier", "value", "n", "low", "high"])
    start, end = pd.Timestamp(calendar.first), pd.Timestamp(calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), "tier")


def _told(x: Integers) -> list[int]:
    """Return the percents whose people may be told: between any two lie five members or none."""
    told = [0]
    for percent in (50, 80, 95):
        between = people_for(x, percent) - people_for(x, told[-1])
        if between == 0 or between >= SMALLEST_GROUP:
            told.append(percent)
    while told[1:] and 0 < len(x) - people_for(x, told[-1]) < SMALLEST_GROUP:
        told.pop()
    return [*told, 100]


@participation_inequality.view
def profile(messages: ir.Table, members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Return the same histogram, for who creates, who contributes and who never wrote."""
    return participation_inequality.expression(messages, members, calendar=calendar)


@profile.finish
def _profile(histogram: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Share of everyone on the list who creates, contributes, never wrote; ``n`` is the group.

    The half group creates, the other speakers contribute. Without a roster, none has a value.
    """
    import pandas as pd

    measured = _measures(histogram, calendar).set_index("measure")
    half, posting, speakers = (
        measured.loc[name, ["value", "low", "high", "n"]].to_numpy(float)
        for name in ("half_group", "posting_share", "speakers")
    )
    people = posting[3]
    groups = {  # with their bounds: the more create, the fewer contribute
        "creating": half[:3],
        "contributing": speakers[0] - half[[0, 2, 1]],
        "never_wrote": people * (1 - posting[[0, 2, 1]]),
    }
    rows: list[tuple[str, float, float, float, float]] = []
    for name in PROFILE:
        # The rest of the speakers would tell how few a half group under five is.
        few = name == "contributing" and half[0] < SMALLEST_GROUP
        known = not few and not np.isnan(posting[0])
        size, low, high = groups[name] if known else np.full(3, np.nan)
        rows.append((name, size / people, np.round(size), low / people, high / people))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    start, end = pd.Timestamp(calendar.first), pd.Timestamp(calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), "measure")


def _counts(histogram: pd.DataFrame) -> Integers:
    """Return the messages of each speaker, fewest first."""
    # Sorted, for engines give rows in any order and the draws of the bootstrap go by position.
    spoke = histogram[histogram["messages"] > 0].sort_values("messages")
    return np.repeat(spoke["messages"].to_numpy("int64"), spoke["members"].to_numpy("int64"))


def gini(x: Integers) -> float:
    """Gini coefficient of non-negative counts: 0 all alike, towards 1 one has all; NaN if empty."""
    ordered = np.sort(x)
    n, total = len(ordered), ordered.sum()
    if total == 0:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * total))


def top_share(x: Integers, people: int = 10) -> float:
    """Share of all messages written by the ``people`` who wrote most."""
    return float(np.sort(x)[::-1][:people].sum() / x.sum())


def half_group(x: Integers) -> float:
    """Smallest number of members who together wrote at least half of the messages."""
    return float(people_for(x, 50))


def people_for(x: Integers, percent: int) -> int:
    """Smallest number of members who together wrote at least this percentage of the messages."""
    written = np.concatenate(([0], np.cumsum(np.sort(x)[::-1])))
    return int(np.searchsorted(100 * written, percent * x.sum()))
