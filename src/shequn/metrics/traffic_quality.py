"""Traffic quality: what the members a channel brings do once they are in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.channels import (
    CHANNEL_WORDS,
    WEEK_4,
    joins_of,
    merged,
    on_covered_days,
    with_days,
)
from shequn.metrics.presence import moves
from shequn.metrics.windows import HISTORY_DAYS, SEEN_JOINING
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

DAYS = 180
BURST = 5  # joins in one minute
FIRST_WEEK, FORTNIGHT, AT_ONCE = (0, 7), (0, 14), (0, 1)
SMALLEST_P = 0.0001  # what is shown for this and anything below: the tests are not that exact
SEEN_LEAVING = ("event", "snapshot")
# Measure -> column of those it holds for, column of those it is asked of, days that must be covered.
MEASURES = {
    "wrote_7": ("wrote", "seen", FIRST_WEEK),
    "active_week_4": ("active", "members", WEEK_4),
    "left_14": ("left", "members", FORTNIGHT),
    "silent_left_14": ("vanished", "seen", FORTNIGHT),
    "in_burst": ("burst", "seen", AT_ONCE),
}
COUNTS = ("seen", "coarse", "wrote", "active", "left", "vanished", "burst", "gone")


@metric(
    id="traffic_quality",
    name=Text("Traffic quality", "流量质量"),
    question=Text(
        "Of the members a channel brings: how many write, how many are still there in week 4, how "
        "many leave at once, and do some arrive in a way that people seldom do?",
        "一个渠道带来的成员里，多少人说过话，多少人第 4 周还在，多少人转眼就退，有没有不像真人的来法？",
    ),
    formula=r"Q_c = \frac{x_c}{n_c}, \qquad \Delta_c = Q_c - \frac{x - x_c}{n - n_c}",
    symbols=Text(
        "n_c: members who joined by channel c and whose days in question are over; x_c: those of "
        "them who did it; x, n: the same over all channels",
        "n_c：经渠道 c 入群、且所问的日子已经过完的成员；x_c：其中做了这件事的人；x、n：全部渠道合计",
    ),
    needs={
        "members": ("member_id", "joined_at", "joined_at_basis", "join_channel"),
        "messages": ("author_id", "ts"),
    },
    uses={"membership_events": ("ts", "member_id", "action")},
    unit="share",
    direction="none",
    null=Text(
        "Only joins whose days in question are over and covered count. Channels of one to four "
        "members stand together. Writing and bursts are asked only of those whose joining was "
        "seen. Without a single leave in the data leaving has no value; nor have bursts where "
        "times of joining are rounded.",
        "只算所问的日子已经过完、且有数据的入群。一到四人的渠道合在一起。发言和扎堆只问看得到入群的人。"
        "数据里一次退群都没有，退群就没有数值；入群时间是取整过的，扎堆也没有数值。",
    ),
    misleads=Text(
        "A flag is no verdict: a class, a live session or a moderator who approves twenty requests "
        "at once look like a burst. Silent readers look like nobody. The worst of ten channels "
        "looks bad by chance.",
        "标记不是定论：一个班级、一场直播、一次批准二十个申请，看着都像扎堆。只看不说的人看着像没人。"
        "十个渠道里最差的那个，光凭偶然也会难看。",
    ),
    words={
        **CHANNEL_WORDS,
        "wrote_7": Text("wrote within 7 days", "7 天内发过言"),
        "active_week_4": Text("active in week 4", "第 4 周活跃"),
        "left_14": Text("left within 14 days", "14 天内退群"),
        "silent_left_14": Text("left within 14 days without a word", "14 天内没说话就退群"),
        "in_burst": Text("joined in a burst", "扎堆入群"),
        "others": Text("all others", "其余合计"),
        "adjusted": Text("adjusted p", "校正后的 p"),
    },
    references=("benjamini1995controlling",),
)
def traffic_quality(
    members: ir.Table,
    messages: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    burst: int = BURST,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count new members by day and channel, and of them those who did each thing."""
    import ibis
    from ibis import _

    none = ibis.null("timestamp")
    by_event = members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
    listed_leave = members.left_at_basis.isin(SEEN_LEAVING).fill_null(False)
    joins = joins_of(
        messages, members, calendar, history_days,
        arrived=ibis.ifelse(by_event, members.joined_at, none),
        left_on=ibis.ifelse(listed_leave, members.left_at, none).date(),
        inviter=members.inviter_id,
    )  # fmt: skip
    seen = joins.arrived.notnull() & (joins.arrived.date() == joins.start)
    joins = joins.mutate(minute=ibis.ifelse(seen, joins.arrived.truncate("m"), none))
    joins = joins.mutate(
        together=_.member_id.count().over(group_by=["channel", "minute"]),
        invited=_.member_id.count().over(group_by=["inviter", "minute"]),
    )
    joins = with_days(joins, messages, wrote=FIRST_WEEK, wrote_14=FORTNIGHT, active=WEEK_4)

    leaves = moves(membership_events)
    leaves = leaves.filter(leaves.kind == "leaves")
    leaves = leaves.select(who="member_id", left_event=leaves.ts.date())
    both = joins.left_join(leaves, joins.member_id == leaves.who).drop("who")
    both = both.mutate(
        after_event=_.left_event.delta(_.start, unit="day").fill_null(-1),
        after_list=_.left_on.delta(_.start, unit="day").fill_null(-1),
    )

    def quick(after: ir.IntegerColumn) -> ir.BooleanColumn:
        return (after >= FORTNIGHT[0]) & (after < FORTNIGHT[1])

    both = both.group_by(*joins.columns).agg(
        left=ibis.ifelse(quick(_.after_event) | quick(_.after_list), 1, 0).max(),
        gone=ibis.ifelse((_.after_event >= 0) | (_.after_list >= 0), 1, 0).max(),
    )
    seen = both.minute.notnull()
    crowd = (both.together >= burst) | (both.inviter.notnull() & (both.invited >= burst))
    # On the quarter of an hour and the second: one in 900 by chance, all where times are rounded.
    coarse = (both.arrived.minute() % 15 == 0) & (both.arrived.second() == 0)
    told = both.select(
        "start",
        "channel",
        "active",
        "left",
        "gone",
        seen=ibis.ifelse(seen, 1, 0),
        wrote=ibis.ifelse(seen & (both.wrote == 1), 1, 0),
        vanished=ibis.ifelse(seen & (both.left == 1) & (both.wrote_14 == 0), 1, 0),
        burst=ibis.ifelse(seen & crowd, 1, 0),
        coarse=ibis.ifelse(seen & coarse, 1, 0),
    )
    sums = {c: told[c].sum().cast("int64") for c in COUNTS}
    return told.group_by("channel", day=told.start).agg(members=_.count(), **sums)


def _numbers(counts: pd.DataFrame, calendar: Calendar, days: int) -> dict[str, pd.DataFrame]:
    """Return for each measure that can be told a frame ``channel, x, n``, small channels merged."""
    start = calendar.window(days)
    inside = on_covered_days(counts, calendar, start, calendar.end)
    found = {}
    for measure, (did, asked, (first, end)) in MEASURES.items():
        over = {
            day
            for day in set(inside["day"])
            if calendar.is_covered(day + timedelta(days=first), end - first)
        }
        rows = inside[inside["day"].isin(over)]
        if did in ("left", "vanished") and not counts["gone"].sum():
            continue
        if did == "burst":
            whole = rows.groupby("channel")[["coarse", "seen"]].sum()
            exact = whole.index[whole["coarse"] * 2 <= whole["seen"]]
            rows = rows[rows["channel"].isin(exact)]
        sums = rows.groupby("channel")[[did, asked]].sum().astype(float)
        sums = sums.set_axis(["x", "n"], axis=1)
        sums = sums.rename(index=merged(sums["n"].to_dict())).groupby(level=0).sum()
        found[measure] = sums[sums["n"] > 0].rename_axis("channel").reset_index()
    return found


@traffic_quality.finish
def _by_channel(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    burst: int = BURST,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Divide; within a measure the highest lower bound comes first, so few members come late."""
    import pandas as pd

    from shequn.intervals import wilson

    parts = [pd.DataFrame(columns=["measure", "channel", "value", "n", "low", "high"])]
    for measure, part in _numbers(counts, calendar, days).items():
        low, high = wilson(part["x"], part["n"])
        part = part.assign(measure=measure, value=part["x"] / part["n"], low=low, high=high)
        parts.append(part.sort_values(["low", "channel"], ascending=[False, True]))
    return _framed(parts, calendar, days, "measure", "channel")


def _framed(parts: list[pd.DataFrame], calendar: Calendar, days: int, *slices: str) -> pd.DataFrame:
    import pandas as pd

    frame = pd.concat(parts) if len(parts) > 1 else parts[0]
    start: date = calendar.window(days)
    return tidy(frame.assign(period_start=start, period_end=calendar.end), *slices)


@traffic_quality.view
def against_others(
    members: ir.Table,
    messages: ir.Table,
    membership_events: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    burst: int = BURST,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same counts, to compare each channel with all others together."""
    return traffic_quality.expression(
        members, messages, membership_events, calendar=calendar, days=days, burst=burst,
        history_days=history_days,
    )  # fmt: skip


@against_others.finish
def _against_others(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    burst: int = BURST,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Subtract the others' share; intervals are Newcombe's, tests Fisher's, p as all are looked at.

    Groups under five take no part, not even among the others: a difference would give them away.
    A measure that nobody, or everybody, meets tells no channel from another and is left out.
    """
    import pandas as pd
    from scipy.stats import fisher_exact
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import confint_proportions_2indep

    columns = ["measure", "channel", "others", "adjusted", "value", "n", "low", "high"]
    rows: list[tuple[object, ...]] = []
    tests: list[float] = []
    for measure, part in _numbers(counts, calendar, days).items():
        part = part[part["n"] >= SMALLEST_GROUP]
        x, n = part["x"].sum(), part["n"].sum()
        if len(part) < 2 or x in (0, n):
            continue
        for channel, own, of in zip(part["channel"], part["x"], part["n"], strict=True):
            rest, many = x - own, n - of
            low, high = confint_proportions_2indep(own, of, rest, many, method="newcomb")
            tests.append(float(fisher_exact([[own, of - own], [rest, many - rest]])[1]))
            rows.append(
                (measure, channel, rest / many, tests[-1], own / of - rest / many, of, low, high)
            )
    frame = pd.DataFrame(rows, columns=columns)
    if tests:
        adjusted = multipletests(tests, method="fdr_bh")[1]
        frame["adjusted"] = adjusted.clip(min=SMALLEST_P)
    order = pd.Categorical(frame["measure"], list(MEASURES), ordered=True)
    frame = frame.assign(order=order).sort_values(["order", "value", "channel"])
    return _framed([frame], calendar, days, "measure", "channel", "others", "adjusted")
