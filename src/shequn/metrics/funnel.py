"""Funnel: of those who took a first step, how many took the next ones, in order and in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.funnel_steps import Step, Tables, happened, judged, parse, seen, taken
from shequn.metrics.maturity import Span, mature_spans, within
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

STEPS = ("join", "message", "active_day:2", "answer", "order")
WINDOW_DAYS = 28
_COLUMNS = ("position", "channel", "reached", "at_all")
MOST_TOUCHES = 5  # of a path, those last before joining
QUARTILES = {"wait_quartile_1": 0.25, "wait_median": 0.5, "wait_quartile_3": 0.75}


@metric(
    id="funnel",
    name=Text("Funnel", "漏斗"),
    question=Text(
        "Of those who joined, how many wrote, came on a second day, answered somebody, bought? And "
        "where do most stop?",
        "入群的人里，多少人发了言、来了第二天、回应了别人、下了单？多数人停在哪一步？",
    ),
    formula=r"c_k = \frac{N_k}{N_{k-1}}, \qquad C_k = \frac{N_k}{N_1}",
    symbols=Text(
        "N_k: members who took steps 1 to k in this order, the last within w days of the first; "
        "c_k: share of the step before; C_k: share of the first step",
        "N_k：按顺序走完第 1 到第 k 步的成员，第 k 步距第 1 步不到 w 天；c_k：占上一步的比例；C_k：占第一步的比例",
    ),
    needs={
        "messages": ("author_id", "ts"),
        "members": ("member_id", "joined_at", "joined_at_basis"),
    },
    uses={
        "mentions": ("message_id", "target_id"),
        "reactions": ("member_id", "ts"),
        "orders": ("member_id", "ts"),
        "events": ("member_id", "ts", "name", "channel"),
    },
    unit="share",
    direction="up",
    null=Text(
        "Who has not had the whole window, or has it not wholly covered, is not counted. A step that "
        "nobody in the data ever took counts as unseen: it and all after it have no value. Nor where "
        "it would speak of one to four members.",
        "窗口还没过完、或没有被导出完整覆盖的人不计入。数据里谁也没走过的一步当作看不到：这一步和之后各步都没有数值。"
        "涉及一到四人时也没有。",
    ),
    misleads=Text(
        "The total can fall while every channel rises, when the mix of channels shifts. A longer "
        "window raises every step. Who takes a step also differs from who does not: a step that goes "
        "with buying need not cause it.",
        "渠道占比一变，各渠道都在升，总数却可能下降。窗口越长，每一步都越高。走了某一步的人本来就与没走的不同："
        "与下单相伴的一步，未必促成下单。",
    ),
    words={
        "step": Text("step", "步骤"),
        "join": Text("join", "入群"),
        "message": Text("message", "发言"),
        "active_day:2": Text("second active day", "第二个活跃日"),
        "answer": Text("answer to somebody", "回应他人"),
        "reaction": Text("reaction", "表情回应"),
        "order": Text("order", "下单"),
        "reached": Text("members", "到达人数"),
        "from_before": Text("of the step before", "占上一步"),
        "from_first": Text("of the first step", "占第一步"),
        "at_all": Text("took it at all, of the first step", "不论顺序，占第一步"),
        "wait_quartile_1": Text("a quarter needed at most (hours)", "最快四分之一不超过（小时）"),
        "wait_median": Text("half needed at most (hours)", "一半人不超过（小时）"),
        "wait_quartile_3": Text("three quarters needed at most (hours)", "四分之三不超过（小时）"),
        "channel": Text("channel", "渠道"),
        "path": Text("path to joining", "入群前的路径"),
        "unknown": Text("unknown", "未知"),
        "other": Text("other", "其他"),
    },
    references=("mcclure2007startup", "lavidge1961model", "chaoss2024metrics"),
)
def funnel(
    *tables: ir.Table,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> ir.Table:
    """Members who reached each step, who took it in any order, and rows of such a step at all.

    A step counts at its earliest time at or after the step before it, less than ``window_days``
    after the first step; two things in the same second are in order.
    """
    import ibis

    way, given = parse(steps), Tables(*tables)
    found = taken(way, window_days, given, calendar).mutate(channel=ibis.literal("", "string"))
    return _counts(found, way, given)


@funnel.finish
def _funnel(
    counts: pd.DataFrame,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> pd.DataFrame:
    found = _split(counts)
    everybody = {"": found.reached.get("", {})}
    frame = _rows(everybody, found, calendar, steps, window_days)
    return frame.drop(columns="channel")


@funnel.view
def by_channel(
    *tables: ir.Table,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> ir.Table:
    """Return the same counts by the channel through which a member joined."""
    from ibis import _

    way, given = parse(steps), Tables(*tables)
    found = taken(way, window_days, given, calendar)
    via = given.members.select(who="member_id", via="join_channel")
    found = found.left_join(via, found.member_id == via.who)
    return _counts(found.mutate(channel=_.via.fill_null("unknown")), way, given)


@by_channel.finish
def _by_channel(
    counts: pd.DataFrame,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> pd.DataFrame:
    """Channels by how many began, the largest first; those of fewer than five are put together."""
    found = _split(counts)
    put: dict[str, dict[int, int]] = {}
    for channel, numbers in found.reached.items():
        name = channel if numbers[1] >= SMALLEST_GROUP else "other"
        kept = put.setdefault(name, {})
        for position, people in numbers.items():
            kept[position] = kept.get(position, 0) + people
    ordered = dict(sorted(put.items(), key=lambda item: (-item[1][1], item[0])))
    ordered = ordered or {"unknown": {}}  # nobody: rows without a value say so
    frame = _rows(ordered, found, calendar, steps, window_days)
    return frame[frame["measure"] != "at_all"].reset_index(drop=True)


@funnel.view
def time_to_convert(
    *tables: ir.Table,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> ir.Table:
    """Members by step and by whole minutes since the step before."""
    from ibis import _

    found = taken(parse(steps), window_days, Tables(*tables), calendar)
    later = found.filter(_.at.notnull(), _.position > 1)
    waited = _seconds(later.at) - _seconds(later.previous)
    waits = later.select("position", minutes=(waited / 60).floor().cast("int64"))
    return waits.group_by("position", "minutes").agg(people=_.count())


@time_to_convert.finish
def _time_to_convert(
    counts: pd.DataFrame,
    calendar: Calendar,
    steps: Sequence[str] = STEPS,
    window_days: int = WINDOW_DAYS,
) -> pd.DataFrame:
    """Quartiles of the hours since the step before, of those who took the step."""
    import pandas as pd

    from shequn.intervals import quantile

    rows = []
    for position, step in enumerate(steps[1:], start=2):
        mine = counts[counts["position"] == position]
        hours = np.repeat(
            mine["minutes"].to_numpy("float64") / 60, mine["people"].to_numpy("int64")
        )
        for measure, share in QUARTILES.items():
            rows.append((step, measure, *quantile(hours, share), len(hours)))
    frame = pd.DataFrame(rows, columns=["step", "measure", "value", "low", "high", "n"])
    start, end = _period(calendar, steps, window_days)
    return tidy(frame.assign(period_start=start, period_end=end), "step", "measure")


@funnel.view
def attribution_inputs(
    *tables: ir.Table,
    calendar: Calendar,
    touch: str = "touch",
    lookback_days: int = WINDOW_DAYS,
) -> ir.Table:
    """Count joins by the channels touched in the days before, in order, and that of joining.

    Only those count who were seen joining after ``lookback_days`` that are all covered.
    """
    import ibis
    from ibis import _

    given = Tables(*tables)
    joined = happened(Step("join"), given)
    joined = joined.filter(within(joined.ts.date(), mature_spans(calendar, before=lookback_days)))
    via = given.members.select(who="member_id", via="join_channel")
    joined = joined.left_join(via, joined.member_id == via.who)
    joined = joined.select("member_id", joined="ts", last=_.via.fill_null("unknown"))
    touched = given.events.filter(_.name == touch, _.member_id.notnull())
    touched = touched.select(who="member_id", at="ts", channel=_.channel.fill_null("unknown"))
    pairs = joined.join(touched, joined.member_id == touched.who)
    since = pairs.joined - ibis.interval(days=lookback_days)
    pairs = pairs.filter(pairs.at < pairs.joined, pairs.at >= since)
    latest = ibis.window(
        group_by="member_id", order_by=[ibis.desc(pairs.at), ibis.desc(pairs.channel)]
    )
    pairs = pairs.mutate(back=ibis.row_number().over(latest))
    places = {
        f"touch_{i}": ibis.ifelse(_.back == i, _.channel, "").max() for i in range(MOST_TOUCHES)
    }
    paths = pairs.group_by(who_touched="member_id").agg(touches=_.count(), **places)
    every = joined.left_join(paths, joined.member_id == paths.who_touched)
    every = every.select(
        "last",
        longer=(_.touches > MOST_TOUCHES).fill_null(False).cast("int64"),
        **{name: _[name].fill_null("") for name in places},
    )
    return every.group_by("last", "longer", *places).agg(people=_.count())


@attribution_inputs.finish
def _attribution_inputs(
    counts: pd.DataFrame,
    calendar: Calendar,
    touch: str = "touch",
    lookback_days: int = WINDOW_DAYS,
) -> pd.DataFrame:
    """Paths by how many joined on them, the most frequent first; those of under five together."""
    import pandas as pd

    joins: dict[str, int] = {}
    for row in counts.to_dict("records"):
        touches = [row[f"touch_{i}"] for i in range(MOST_TOUCHES)[::-1] if row[f"touch_{i}"]]
        path = " > ".join([*(["…"] if row["longer"] else []), *touches, row["last"]])
        joins[path] = joins.get(path, 0) + int(row["people"])
    kept = {path: people for path, people in joins.items() if people >= SMALLEST_GROUP}
    ordered: list[tuple[str, float]] = [*sorted(kept.items(), key=lambda item: (-item[1], item[0]))]
    few = sum(joins.values()) - sum(kept.values())
    if few:
        ordered.append(("other", few))
    frame = pd.DataFrame(ordered or [("unknown", np.nan)], columns=["path", "value"])
    spans = mature_spans(calendar, before=lookback_days)
    start = spans[0][0] if spans else calendar.first
    frame = frame.assign(period_start=start, period_end=calendar.end, n=frame["value"])
    return tidy(frame, "path")


def _counts(found: ir.Table, way: list[Step], given: Tables) -> ir.Table:
    """Count members by step and channel; the channel of all there is of a step is null."""
    import ibis
    from ibis import _

    counts = found.group_by("position", "channel").agg(reached=_["at"].count(), at_all=_.count())
    there = seen(way, given).select(
        "position", channel=ibis.null("string"), reached="rows", at_all="rows"
    )
    return ibis.union(counts, there)


def _seconds(ts: ir.TimestampValue) -> ir.NumericValue:
    return ts.truncate("s").epoch_seconds()


def _period(calendar: Calendar, steps: Sequence[str], window_days: int) -> Span:
    spans = judged(calendar, parse(steps)[0], window_days)
    return (spans[0][0], spans[-1][1]) if spans else (calendar.first, calendar.end)


class _Found(NamedTuple):
    """Members by channel and position, in order and in any order; rows of each step in all data."""

    reached: dict[str, dict[int, int]]
    at_all: dict[str, dict[int, int]]
    seen: dict[int, int]


def _split(counts: pd.DataFrame) -> _Found:
    found = _Found({}, {}, {})
    for position, channel, reached, at_all in counts[list(_COLUMNS)].itertuples(index=False):
        if isinstance(channel, str):
            found.reached.setdefault(channel, {})[int(position)] = int(reached)
            found.at_all.setdefault(channel, {})[int(position)] = int(at_all)
        else:
            found.seen[int(position)] = int(reached)
    return found


def _rows(
    reached: dict[str, dict[int, int]],
    found: _Found,
    calendar: Calendar,
    steps: Sequence[str],
    window_days: int,
) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    rows: list[tuple[Any, ...]] = []
    nan = float("nan")
    for channel, numbers in reached.items():
        known = bool(judged(calendar, parse(steps)[0], window_days))
        first = before = nan
        skipped = found.at_all.get(channel, {})
        for position, step in enumerate(steps, start=1):
            known = known and position in found.seen
            here = float(numbers.get(position, 0)) if known else nan
            rows.append((channel, step, "reached", here, here, nan, nan))
            if position == 1:
                first = before = here
                continue
            at_all = float(skipped.get(position, 0)) if position in found.seen else nan
            for measure, part, of in (
                ("from_before", here, before),
                ("from_first", here, first),
                ("at_all", at_all, first),
            ):
                low, high = wilson(part, of) if part >= 0 and of > 0 else ([nan], [nan])
                value = part / of if of > 0 else nan
                rows.append((channel, step, measure, value, of, low[0], high[0]))
            before = here
    columns = ["channel", "step", "measure", "value", "n", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    start, end = _period(calendar, steps, window_days)
    return tidy(frame.assign(period_start=start, period_end=end), "channel", "step", "measure")
