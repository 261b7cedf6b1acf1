"""Behaviour types: by a stated rule, and as groups that the data themselves show, if they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.clusters import (
    Integers,
    adjusted_rand,
    centres,
    nearest,
    one_crowd,
    scaled,
    silhouette,
    stability,
)
from shequn.metrics.edges import addressed
from shequn.metrics.presence import is_known
from shequn.metrics.windows import SEEN_JOINING
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

TYPES = ("silent", "occasional", "responder", "starter")
COUNTS = ("active_days", "messages", "given", "received", "reacted", "liked")
REGULAR_DAYS = 3  # active days from which on what somebody does shows a habit
ANSWERS = 0.5  # share of messages that answer somebody, from which on a regular is a responder
SPEAKERS = 50  # from whom on groups are looked for
GROUPS = range(2, 9)
STABLE = 0.8  # mean agreement from which on groups are the same in another sample
BEYOND = 0.1  # by which their silhouette must lie above that of one crowd
DRAWS = 19  # of one crowd: real groups lie above them all, by chance one time in twenty
_MOST = 1500  # speakers among whom groups are looked for; of more, that many drawn


@metric(
    id="behaviour_types",
    name=Text("Behaviour types", "行为类型"),
    question=Text(
        "Which kinds of behaviour are there, how many members show each, and are these kinds in "
        "the data or only in our heads?",
        "成员有哪几类行为，每类多少人？这些类型是数据里真有的，还是我们想出来的？",
    ),
    formula=r"s_i = \frac{b_i - a_i}{\max(a_i, b_i)}",
    symbols=Text(
        "s_i: silhouette of member i; a_i: mean distance from the others of the same group; b_i: "
        "mean distance from the nearest other group",
        "s_i：成员 i 的轮廓系数；a_i：与同组其他成员的平均距离；b_i：与最近的另一组成员的平均距离",
    ),
    needs={"messages": ("message_id", "author_id", "ts")},
    uses={
        "mentions": ("message_id", "target_id"),
        "reactions": ("message_id", "member_id"),
        "members": ("member_id", "joined_at", "joined_at_basis", "left_at"),
    },
    unit="share",
    direction="none",
    null=Text(
        "No silent members without a roster: shares are then of those who wrote. Responders and "
        "starters cannot be told apart where neither replies nor mentions are known. Groups need "
        "50 speakers.",
        "没有成员名单就看不到沉默成员，占比只按发过言的人算。回复和点名都不知道时，分不出回应型和起头型。"
        "找类型要有 50 名发言者。",
    ),
    misleads=Text(
        "A rule always finds its types, and so does k-means. Newcomers had less time. A type is "
        "what somebody did in these weeks, not who they are.",
        "规则总能分出类型，k 均值也总能分出组。新人时间短。类型说的是这几周做了什么，不是他是什么人。",
    ),
    words={
        "type": Text("type", "类型"),
        "silent": Text("silent: wrote nothing", "沉默：没发过言"),
        "occasional": Text("occasional: wrote on one or two days", "偶尔：只有一两天发言"),
        "responder": Text("responder: mostly answers", "回应型：多半在回应别人"),
        "starter": Text("starter: mostly begins", "起头型：多半自己起头"),
        "feature": Text("median of", "中位数"),
        "active_days": Text("active days", "活跃天数"),
        "messages": Text("messages", "消息数"),
        "given": Text("messages that answer somebody", "回应别人的消息"),
        "received": Text("answers received", "得到的回应"),
        "reacted": Text("reactions given", "给出的表情回应"),
        "liked": Text("reactions received", "得到的表情回应"),
        "k": Text("groups", "组数"),
        "silhouette": Text("silhouette", "轮廓系数"),
        "one_crowd": Text("silhouette of one crowd, mean", "没有类型时的轮廓系数均值"),
        "stability": Text("stability", "稳定度"),
        "agreement": Text("agreement with the rule", "与规则的一致程度"),
        "found": Text("types found (1) or not (0)", "找到类型（1）与否（0）"),
    },
    references=("rousseeuw1987silhouettes", "nonnecke2000lurker"),
)
def behaviour_types(
    messages: ir.Table,
    mentions: ir.Table,
    reactions: ir.Table,
    members: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
) -> ir.Table:
    """Histogram: how many members have exactly these counts; all 0 for members who wrote nothing.

    Counts are of the last ``days``. Reactions are those to messages of that time.
    """
    import ibis
    from ibis import _

    start, end = ibis.date(calendar.window(days)), ibis.date(calendar.end)

    def seen(table: ir.Table) -> ir.Table:
        return table.filter(_.ts.date() >= start, _.ts.date() < end)

    def part(table: ir.Table, **counted: ir.Value) -> ir.Table:
        """Return the columns of all parts; what is not counted here is 0."""
        zero = ibis.literal(0, "int64")
        columns = {c: counted.get(c, zero) for c in (*COUNTS, "here", "listed")}
        return table.select("member_id", **{c: v.cast("int64") for c, v in columns.items()})

    said = seen(messages)
    one = ibis.literal(1)
    wrote = said.group_by(member_id="author_id").agg(n=_.count(), days=_.ts.date().nunique())
    others = seen(addressed(messages, mentions)).filter(_.source != _.target)
    gave = others.group_by(member_id="source").agg(n=_.message_id.nunique())
    got = others.group_by(member_id="target").agg(n=_.count())
    liked = reactions.select("message_id", reader="member_id", times=_.n.fill_null(1))
    liked = liked.join(said.select("message_id", "author_id"), "message_id")
    gone = (members.left_at.date() < end).fill_null(False)
    late = (members.joined_at.date() >= end).fill_null(False)
    basis = members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
    people = ibis.union(
        part(wrote, active_days=wrote.days, messages=wrote.n, here=one),
        part(gave, given=gave.n),
        part(got, received=got.n),
        part(liked.drop_null("reader").select(member_id="reader"), reacted=one),
        part(liked.select("times", member_id="author_id"), liked=_.times),
        part(members.filter(~gone, ~late), here=one),
        part(members.select("member_id", basis=basis), listed=_.basis),
    )
    sums = {c: people[c].sum() for c in COUNTS}
    rows = people.group_by("member_id").agg(**sums, here=_.here.max(), listed=_.listed.max())
    # Who only reacted, or was only answered, and is on no roster, did not take part.
    return rows.filter(_.here == 1).group_by(*COUNTS, "listed").agg(members=_.count())


@behaviour_types.finish
def _types(histogram: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    counts, known = _people(histogram)
    kinds = rule(counts)
    if not known["silent"]:
        kinds = kinds[kinds != "silent"]
    people, answers = len(kinds), known["answers"]
    rows = []
    for kind in TYPES:
        told = people > 0 and (known["silent"] if kind == "silent" else True)
        told = told and (answers or kind in ("silent", "occasional"))
        n = int((kinds == kind).sum())
        below, above = wilson(n, people)
        numbers = (n / people, n, below[0], above[0]) if told else (np.nan,) * 4
        rows.append((kind, *numbers))
    frame = pd.DataFrame(rows, columns=["type", "value", "n", "low", "high"])
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "type")


def rule(counts: Integers) -> np.ndarray:
    """Return the type of each member: each has one, by what they did and nothing else.

    Parameters
    ----------
    counts
        Members by rows, `COUNTS` by columns.
    """
    active, messages, given = (counts[:, COUNTS.index(c)] for c in COUNTS[:3])
    return np.select(
        [messages == 0, active < REGULAR_DAYS, given >= ANSWERS * messages], TYPES[:3], TYPES[3]
    )


@behaviour_types.view
def profiles(
    messages: ir.Table,
    mentions: ir.Table,
    reactions: ir.Table,
    members: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
) -> ir.Table:
    """Return the same histogram, for what members of each type typically did."""
    tables = (messages, mentions, reactions, members)
    return behaviour_types.expression(*tables, calendar=calendar, days=days)


@profiles.finish
def _medians(histogram: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    """Take the median of each count among the members of each type that wrote."""
    import pandas as pd

    counts, known = _people(histogram)
    kinds = rule(counts)
    rows = []
    for kind in TYPES[1:]:
        here = counts[kinds == kind]
        told = len(here) > 0 and (known["answers"] or kind == "occasional")
        for column, count in enumerate(COUNTS):
            unknown = count in ("given", "received") and not known["answers"]
            unknown = unknown or (count in ("reacted", "liked") and not known["reactions"])
            value = float(np.median(here[:, column])) if told and not unknown else np.nan
            rows.append((kind, count, value, len(here) if told else np.nan))
    frame = pd.DataFrame(rows, columns=["type", "feature", "value", "n"])
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "type", "feature")


@behaviour_types.view
def groups(
    messages: ir.Table,
    mentions: ir.Table,
    reactions: ir.Table,
    members: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
) -> ir.Table:
    """Return the same histogram, for groups that k-means finds among those who wrote."""
    tables = (messages, mentions, reactions, members)
    return behaviour_types.expression(*tables, calendar=calendar, days=days)


@groups.finish
def _groups(histogram: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    """Ask of each number of groups whether they are apart, stable, and more than one crowd has."""
    import pandas as pd

    counts, _ = _people(histogram)
    counts = counts[counts[:, COUNTS.index("messages")] > 0]
    rows = found_groups(counts) if len(counts) >= SPEAKERS else []
    if not rows:
        measures = ("silhouette", "one_crowd", "stability", "agreement", "found")
        rows = [(k, m, np.nan, np.nan, np.nan) for k in GROUPS for m in measures]
    frame = pd.DataFrame(rows, columns=["k", "measure", "value", "low", "high"])
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window, n=len(counts)), "k", "measure")


def found_groups(
    counts: Integers, *, seed: int = 20250101
) -> list[tuple[int, str, float, float, float]]:
    """Return ``k, measure, value, low, high``; empty where the members are too much alike.

    Groups count as found where another sample would show the same (stability), and they lie
    further apart than in every draw of one crowd, and clearly so. The range of ``one_crowd`` is
    that of the draws.
    """
    from scipy.spatial.distance import cdist

    rng = np.random.default_rng(seed)
    if len(counts) > _MOST:
        counts = counts[np.sort(rng.choice(len(counts), _MOST, replace=False))]
    kinds = np.unique(rule(counts), return_inverse=True)[1]
    varied = counts[:, counts.std(axis=0) > 0]
    if len(np.unique(varied, axis=0)) <= max(GROUPS):
        return []
    points = scaled(varied)
    apart = cdist(points, points)
    crowds = [scaled(crowd) for crowd in one_crowd(varied, rng, DRAWS)]
    far = [cdist(crowd, crowd) for crowd in crowds]
    rows = []
    for k in GROUPS:
        mine = nearest(points, centres(points, k, rng))
        score = silhouette(apart, mine)
        theirs = [
            silhouette(distances, nearest(crowd, centres(crowd, k, rng)))
            for crowd, distances in zip(crowds, far, strict=True)
        ]
        steady = stability(points, k, rng, DRAWS)
        nothing = (np.nan, np.nan)
        rows += [
            (k, "silhouette", score, *nothing),
            (k, "one_crowd", float(np.mean(theirs)), min(theirs), max(theirs)),
            (k, "stability", steady, *nothing),
            (k, "agreement", adjusted_rand(kinds.astype(np.int64), mine), *nothing),
            (k, "found", float(are_types(score, theirs, steady)), *nothing),
        ]
    return rows


def are_types(score: float, crowds: list[float], steady: float) -> bool:
    """Tell whether groups count as types: stable, further apart than any one crowd, and clearly so."""
    return steady >= STABLE and score > max(crowds) and score >= float(np.mean(crowds)) + BEYOND


def _people(histogram: pd.DataFrame) -> tuple[Integers, dict[str, bool]]:
    """Return the counts, a member a row, in an order that every engine gives; and what is known."""
    ordered = histogram.sort_values([*COUNTS, "listed"])
    people = ordered["members"].to_numpy("int64")
    counts = np.repeat(ordered[list(COUNTS)].to_numpy("int64"), people, axis=0)
    listed = int(ordered.loc[ordered["listed"] > 0, "members"].sum())
    sums = dict(zip(COUNTS, counts.sum(axis=0), strict=True))
    return counts, {
        "silent": listed > 0 and is_known(listed, int(people.sum())),
        "answers": bool(sums["given"]),
        "reactions": bool(sums["liked"]),
    }
