"""Content life: how long a message keeps drawing reactions and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shequn.metrics import metric, tidy
from shequn.metrics.answers import (
    answers,
    batches,
    begun_minutes,
    known_until,
    seconds_between,
)
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

Floats = npt.NDArray[np.float64]
ATTENTION = ("attention_reactions", "attention_answers")
AGES = (0.25, 0.5, 1, 2, 4, 8, 12, 24, 48, 72, 120, 168, 336, 672)  # hours
FEWEST = 20  # reactions or answers; a median of fewer says nothing
FEWEST_AUTHORS = 10  # drawn anew, fewer say nothing about chance


@metric(
    id="content_life",
    name=Text("Content life", "内容寿命"),
    question=Text(
        "At what age has a message drawn half of the reactions and answers it will draw?",
        "一条消息发出多久，就收到了它能收到的一半回应？",
    ),
    formula=r"h = \min \{ t : F(t) \ge \tfrac12 \}, \qquad F(t) = \frac{\left| \{ i : a_i \le t \} \right|}"
    r"{\left| \{ i : a_i < T \} \right|}",
    symbols=Text(
        "a_i: age of the message at reaction or answer i; T: 28 days",
        "a_i：第 i 个表情回应或回复到来时，消息已发出多久；T：28 天",
    ),
    needs={"messages": ("message_id", "author_id", "ts")},
    uses={"reactions": ("message_id", "member_id", "ts")},
    unit="hours",
    direction="none",
    null=Text(
        "Only messages that the data follow for the whole 28 days. No value under twenty reactions "
        "or answers, no interval under ten authors, nothing under five.",
        "只算数据完整跟了 28 天的消息。表情回应或回复不足二十个没有数值；作者不足十人没有区间，"
        "不足五人什么都没有。",
    ),
    misleads=Text(
        "Pooled over messages, a few loud ones decide. Slow and quick messages thrown together look "
        "as if each faded ever more slowly. Reactions without a time cannot be used.",
        "合在一起算，几条热门的说了算。快慢不同的消息混在一起，看着就像每条都越衰减越慢。"
        "没有时间的表情回应用不上。",
    ),
    words={
        "attention": Text("drawn", "收到的"),
        "attention_reactions": Text("reactions", "表情回应"),
        "attention_answers": Text("answers", "回复"),
        "half_life": Text("half-life, hours", "半衰期（小时）"),
        "nine_tenths": Text("nine tenths, hours", "九成到齐（小时）"),
        "tail": Text("nine tenths ÷ half-life", "九成到齐 ÷ 半衰期"),
        "part": Text("room or kind", "房间或类型"),
        "part_unknown": Text("not said", "未注明"),
        "course": Text("course", "走势"),
        "course_seen": Text("in the data", "数据里的"),
        "course_exponential": Text("exponential of that half-life", "同一半衰期的指数衰减"),
    },
    references=("fader2007how", "clauset2009power"),
)
def content_life(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, days: int = 28
) -> ir.Table:
    """Count reactions and answers by batch of authors and the message's age, and their authors."""
    return _counts(_drawn(messages, reactions, calendar, days))


def _drawn(
    messages: ir.Table, reactions: ir.Table, calendar: Calendar, days: int, by: str | None = None
) -> ir.Table:
    """Return one row for each reaction or answer of others within the days, by the message's author.

    Only messages followed so long are taken; where somebody reacted without being named, that was
    somebody else.
    """
    import ibis
    from ibis import _

    part = messages[by].fill_null("part_unknown") if by else ibis.literal("")
    items = messages.select("message_id", "ts", member_id="author_id", part=part)
    items = items.mutate(until=known_until(items.ts.date(), calendar)).drop_null("until")
    items = items.filter(seconds_between(items.ts, items.until) >= days * 86_400)
    liked = reactions.drop_null("ts").select(
        "message_id", attention=ibis.literal(ATTENTION[0]), by="member_id", at="ts"
    )
    said = answers(messages).select(
        "message_id", attention=ibis.literal(ATTENTION[1]), by="by", at="at"
    )
    drawn = items.join(ibis.union(liked, said), "message_id")
    drawn = drawn.filter((_.by != _.member_id).fill_null(True))
    age = seconds_between(drawn.ts, drawn["at"])
    drawn = drawn.filter(age >= 0, age < days * 86_400)
    return drawn.select("attention", "part", "member_id", minutes=begun_minutes(age))


def _counts(drawn: ir.Table) -> ir.Table:
    import ibis
    from ibis import _

    ages = drawn.join(batches(drawn), "member_id")
    ages = ages.group_by("attention", "part", "batch", "minutes").agg(number=_.count())
    authors = drawn.select("attention", "part", "member_id").distinct()
    authors = authors.group_by("attention", "part").agg(number=_.count())
    whole = ibis.null("int64")
    authors = authors.select("attention", "part", "number", batch=whole, minutes=whole)
    columns = ("attention", "part", "batch", "minutes", "number")
    return ibis.union(ages.select(*columns), authors.select(*columns))


class _Ages:
    """Ages at which attention came, as an array of draws × minutes."""

    def __init__(self, counts: pd.DataFrame) -> None:
        from shequn.intervals import redraws

        whole = counts["batch"].isna()
        self.authors = int(counts.loc[whole, "number"].sum())
        grid = counts[~whole].astype({"batch": int, "minutes": int, "number": float})
        table = grid.pivot_table(index="batch", columns="minutes", values="number").fillna(0)
        self.minutes = table.columns.to_numpy(int)
        draws = np.ones((1, len(table)))  # first all authors as they are, then the draws
        if len(table):
            draws = np.vstack([draws, redraws(draws[0])])
        drawn = draws @ table.to_numpy(float)
        self.enough = bool(drawn[0].sum() >= FEWEST)
        self.share: Floats = drawn.cumsum(axis=1) / drawn.sum(axis=1)[:, None]

    def reached(self, share: float) -> Floats:
        """Return for each draw the hours by which so much of the attention had come."""
        there = self.share >= share - 1e-12
        hours: Floats = self.minutes[there.argmax(axis=1)] / 60
        return hours

    def by(self, hours: float) -> Floats:
        """Return for each draw the share that had come by an age."""
        so_far = self.share[:, self.minutes <= hours * 60]
        return so_far[:, -1] if so_far.shape[1] else np.zeros(len(so_far))

    def told(self, drawn: Floats) -> tuple[float, int, float, float]:
        """Return a statistic of all authors, their number, and its bounds from the draws."""
        from shequn.intervals import between

        low, high = between(drawn[1:]) if self.authors >= FEWEST_AUTHORS else (np.nan, np.nan)
        return float(drawn[0]), self.authors, low, high


def _by_attention(counts: pd.DataFrame) -> dict[str, _Ages]:
    """Return the ages of each kind of attention of which there is enough."""
    found = {a: _Ages(counts[counts["attention"] == a]) for a in ATTENTION}
    return {a: ages for a, ages in found.items() if ages.enough}


@content_life.finish
def _lives(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Half-life, age at nine tenths, and the second over the first, of reactions and of answers."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    there = _by_attention(counts)
    for attention in ATTENTION:
        found = dict.fromkeys(("half_life", "nine_tenths", "tail"), (np.nan,) * 4)
        if ages := there.get(attention):
            half, most = ages.reached(0.5), ages.reached(0.9)
            found = {
                "half_life": ages.told(half),
                "nine_tenths": ages.told(most),
                "tail": ages.told(most / half),
            }
        rows += [(attention, measure, *numbers) for measure, numbers in found.items()]
    columns = ["attention", "measure", "value", "n", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end)
    return tidy(frame, "attention", "measure")


@content_life.view
def content_curve(
    messages: ir.Table, reactions: ir.Table, *, calendar: Calendar, days: int = 28
) -> ir.Table:
    """Return the same reactions and answers, for the share that had come by each age."""
    return content_life.expression(messages, reactions, calendar=calendar, days=days)


@content_curve.finish
def _curve(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    """Share that had come by each age, beside an exponential course of the same half-life."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    there = _by_attention(counts)
    for attention in ATTENTION:
        for age in (a for a in AGES if a <= days * 24):
            seen: tuple[object, ...] = (np.nan,) * 4
            smooth: tuple[object, ...] = (np.nan,) * 4
            if ages := there.get(attention):
                seen = ages.told(ages.by(age))
                half = float(ages.reached(0.5)[0])
                smooth = (1 - 2 ** (-age / half), ages.authors, np.nan, np.nan)
            rows.append((attention, "course_seen", age, *seen))
            rows.append((attention, "course_exponential", age, *smooth))
    columns = ["attention", "course", "age_hours", "value", "n", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end)
    return tidy(frame, "attention", "course", "age_hours")


@content_life.view
def life_by_part(
    messages: ir.Table,
    reactions: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    by: str = "channel_id",
) -> ir.Table:
    """Count the same by room (``channel_id``) or by ``kind`` of message."""
    return _counts(_drawn(messages, reactions, calendar, days, by))


@life_by_part.finish
def _by_part(
    counts: pd.DataFrame, calendar: Calendar, days: int = 28, by: str = "channel_id"
) -> pd.DataFrame:
    """Half-life of reactions and of answers in each room or of each kind."""
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    for part in sorted(counts["part"].unique()) or ["part_unknown"]:
        there = _by_attention(counts[counts["part"] == part])
        for attention in ATTENTION:
            ages = there.get(attention)
            told = ages.told(ages.reached(0.5)) if ages else (np.nan,) * 4
            rows.append((attention, part, *told))
    columns = ["attention", "part", "value", "n", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end)
    return tidy(frame, "attention", "part")
