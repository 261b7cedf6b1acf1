"""Reciprocity: whether members get back what they give, pair by pair and member by member."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.edges import Integers, answers, jackknife
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

PAIRS = 20  # pairs of members from whom on a share of pairs says something
TWICE = 2  # who gives so many times what they get gives more
MEASURES = (
    "mutual_pairs", "beyond_density", "given_back", "both_ways", "only_give", "only_get", "one_way",
)  # fmt: skip
STANDINGS = ("only_gives", "gives_more", "even", "gets_more", "only_gets")
_NEVER = timedelta(days=3650)  # after everything: some engines' lag knows no NULL


@metric(
    id="reciprocity",
    name=Text("Give and take", "有来有往"),
    question=Text(
        "Do members answer each other, or do a few answer everybody and get nothing back?",
        "成员之间是互相回应，还是少数人回应所有人、自己却没人理？",
    ),
    formula=r"m = \frac{|\{ij : g_{ij} > 0,\ g_{ji} > 0\}|}{|\{ij : g_{ij} + g_{ji} > 0\}|}, "
    r"\qquad \rho = \frac{r - a}{1 - a}",
    symbols=Text(
        "g_ij: days on which i answered or named j; ij: a pair of two members; r: share of ties "
        "that are answered by a tie the other way; a: share of possible ties that are there",
        "g_ij：i 回应或点名 j 的天数；ij：两个成员组成的一对；r：有回音的关系占比；"
        "a：可能的关系里实有的占比",
    ),
    needs={"messages": ("message_id", "author_id", "ts")},
    uses={"mentions": ("message_id", "target_id")},
    unit="share",
    direction="none",
    null=Text(
        "No value under 20 pairs, so none where neither replies nor mentions are known. An answer "
        "is not asked whether it was given back until the days for it are over and covered.",
        "不足 20 对时没有数值，所以回复和点名都不知道时也没有；期限没到、或期限内有日子没被导出覆盖的回应，"
        "不算有没有回应回来。",
    ),
    misleads=Text(
        "Most talk in a chat names nobody, and answers to staff are gone with them. A quarrel is "
        "mutual too. Over a longer time more pairs turn mutual by themselves.",
        "群聊里大多数话没有点名；剔除员工，与员工的往来也就没了。吵架也是“有来有往”。时间一长，互相回应的对子自己会变多。",
    ),
    words={
        "mutual_pairs": Text("pairs who answer each other", "互相回应的对子"),
        "beyond_density": Text("reciprocity beyond density", "超出密度的互惠率"),
        "given_back": Text("answers given back later", "后来有回应的回应"),
        "both_ways": Text("members who give and get", "既给也得的成员"),
        "only_give": Text("members who only give", "只给不得的成员"),
        "only_get": Text("members who only get", "只得不给的成员"),
        "one_way": Text("answers that nothing balances", "没有对等回报的回应"),
        "by_reply": Text("contacts known from replies", "由回复得知的联系"),
        "standing": Text("standing", "给与得"),
        "only_gives": Text("only gives", "只给"),
        "gives_more": Text("gives twice what comes back, or more", "给的至少是得的两倍"),
        "even": Text("even", "大致相当"),
        "gets_more": Text("gets twice what is given, or more", "得的至少是给的两倍"),
        "only_gets": Text("only gets", "只得"),
    },
    references=("gouldner1960norm", "wasko2005why", "garlaschelli2004patterns"),
)
def reciprocity(
    messages: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
    within: int = 28,
) -> ir.Table:
    """Count, for each pair, the days on which either answered the other, and those given back.

    An answer is given back where the other answers on a later day, ``within`` days at most. It is
    due where all these days are covered.
    """
    import ibis
    from ibis import _

    given = answers(messages, mentions, calendar=calendar, days=days)
    forth = (given.source < given.target).cast("int64")
    given = given.select(
        "day", "contacts", "replies", forth=forth, back=1 - forth,
        one=ibis.least(given.source, given.target), other=ibis.greatest(given.source, given.target),
    )  # fmt: skip
    pair_days = given.group_by("one", "other", "day").agg(
        forth=_.forth.sum(),
        back=_.back.sum(),
        contacts=_.contacts.sum(),
        replies=_.replies.sum(),
    )
    # The next day of each direction: the least of this and all later ones, one row further on.
    never = ibis.date(calendar.end + _NEVER)
    backwards = {"group_by": ("one", "other"), "order_by": ibis.desc("day")}
    pair_days = pair_days.mutate(
        forth_from=ibis.cases((_.forth == 1, _.day), else_=never).cummin(**backwards),
        back_from=ibis.cases((_.back == 1, _.day), else_=never).cummin(**backwards),
    )
    pair_days = pair_days.mutate(
        next_forth=_.forth_from.lag(1, never).over(**backwards),
        next_back=_.back_from.lag(1, never).over(**backwards),
        until=(_.day + ibis.interval(days=within)).cast("date"),
        due=ibis.literal(0, "int64"),
    )
    for first, after in _due(calendar, calendar.window(days), within):
        inside = (pair_days.day >= ibis.date(first)) & (pair_days.day < ibis.date(after))
        pair_days = pair_days.mutate(due=_.due + inside.cast("int64"))
    returned_forth = _.forth * (_.next_back <= _.until).cast("int64")
    returned_back = _.back * (_.next_forth <= _.until).cast("int64")
    return pair_days.group_by("one", "other").agg(
        forth=_.forth.sum(),
        back=_.back.sum(),
        due_forth=(_.due * _.forth).sum(),
        due_back=(_.due * _.back).sum(),
        returned=(_.due * (returned_forth + returned_back)).sum(),
        contacts=_.contacts.sum(),
        replies=_.replies.sum(),
    )


@reciprocity.finish
def _shares(
    pairs: pd.DataFrame, calendar: Calendar, days: int = 84, within: int = 28
) -> pd.DataFrame:
    import pandas as pd

    pairs, one, other = _coded(pairs)
    counts = [
        pairs["forth"], pairs["back"], pairs["due_forth"] + pairs["due_back"], pairs["returned"],
    ]  # fmt: skip
    columns = [c.to_numpy("int64") for c in counts]
    members = int(max(one.max(), other.max())) + 1 if len(one) else 0
    enough = len(pairs) >= PAIRS
    value = measures(one, other, *columns) if enough else dict.fromkeys(MEASURES, np.nan)
    bounds = jackknife(measures, one, other, *columns) if enough else {}
    gave_due = np.concatenate([one[pairs["due_forth"] > 0], other[pairs["due_back"] > 0]])
    rows = []
    for name in MEASURES:
        low, high = bounds.get(name, (np.nan, np.nan))
        least = -1.0 if name == "beyond_density" else 0.0
        behind = len(np.unique(gave_due)) if name == "given_back" else members
        rows.append((name, value[name], behind, max(low, least), min(high, 1.0)))
    contacts, replies = int(pairs["contacts"].sum()), int(pairs["replies"].sum())
    known = replies / contacts if enough else np.nan
    rows.append(("by_reply", known, members, np.nan, np.nan))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "measure")


def measures(
    one: Integers, other: Integers, forth: Integers, back: Integers, due: Integers,
    returned: Integers,
) -> dict[str, float]:  # fmt: skip
    """Shares of pairs, answers and members by name; NaN where there is nothing to divide by.

    Parameters
    ----------
    one, other
        The two members of each pair, as codes from 0 on.
    forth, back
        Days on which the first answered the second, and the other way round.
    due, returned
        Answers, in both directions, whose time to be given back is over, and those that were.
    """
    gave, got = _balance(one, other, forth, back)
    there = (gave + got) > 0
    members, answers = there.sum(), gave.sum()
    ties = (forth > 0).sum() + (back > 0).sum()
    mutual = ((forth > 0) & (back > 0)).sum()
    density = _share(ties, members * (members - 1))
    return {
        "mutual_pairs": _share(mutual, len(one)),
        "beyond_density": _share(_share(2 * mutual, ties) - density, 1 - density),
        "given_back": _share(returned.sum(), due.sum()),
        "both_ways": _share(((gave > 0) & (got > 0)).sum(), members),
        "only_give": _share((there & (got == 0)).sum(), members),
        "only_get": _share((there & (gave == 0)).sum(), members),
        "one_way": _share(np.maximum(gave - got, 0).sum(), answers),
    }


@reciprocity.view
def balance(
    messages: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
    within: int = 28,
) -> ir.Table:
    """Return the same pairs, for how many members give more than they get."""
    return reciprocity.expression(messages, mentions, calendar=calendar, days=days, within=within)


@balance.finish
def _standings(
    pairs: pd.DataFrame, calendar: Calendar, days: int = 84, within: int = 28
) -> pd.DataFrame:
    """Count members by what they give for what they get; each member stands in one row."""
    import pandas as pd

    pairs, one, other = _coded(pairs)
    gave, got = _balance(one, other, pairs["forth"].to_numpy(), pairs["back"].to_numpy())
    stands = np.select(
        [got == 0, gave == 0, gave >= TWICE * got, got >= TWICE * gave],
        ["only_gives", "only_gets", "gives_more", "gets_more"],
        "even",
    )
    enough = len(pairs) >= PAIRS
    members = [float((stands == s).sum()) if enough else np.nan for s in STANDINGS]
    frame = pd.DataFrame({"standing": STANDINGS, "value": members, "n": members})
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "standing")


def _coded(pairs: pd.DataFrame) -> tuple[pd.DataFrame, Integers, Integers]:
    """Put pairs in an order that every engine gives, and members as codes."""
    import pandas as pd

    pairs = pairs.sort_values(["one", "other"], ignore_index=True)
    codes, _ = pd.factorize(pairs[["one", "other"]].to_numpy(dtype=object).ravel())
    ends = codes.reshape(-1, 2).astype(np.int64)
    return pairs, ends[:, 0], ends[:, 1]


def _balance(
    one: Integers, other: Integers, forth: Integers, back: Integers
) -> tuple[Integers, Integers]:
    """Return what each member gave and got, by code."""
    size = int(max(one.max(), other.max())) + 1 if len(one) else 0
    gave = np.bincount(one, forth, size) + np.bincount(other, back, size)
    got = np.bincount(one, back, size) + np.bincount(other, forth, size)
    return gave.astype(np.int64), got.astype(np.int64)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _due(calendar: Calendar, start: date, within: int) -> list[tuple[date, date]]:
    """Return the half-open runs of days from which on the days for giving back are all covered."""
    runs: list[tuple[date, date]] = []
    day, step = start, timedelta(days=1)
    while day < calendar.end:
        if calendar.is_covered(day, within + 1):
            first = runs.pop()[0] if runs and runs[-1][1] == day else day
            runs.append((first, day + step))
        day += step
    return runs
