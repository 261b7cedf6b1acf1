"""Content match: what members write about, against what other members answer and react to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

RIPE = 7  # days a message is given to draw responses; younger ones are left out
MOST = 12  # topics shown; the others, and those of fewer than five authors, go together
FEWEST = 30  # responses below which nothing is told
OTHER = "other_topics"


@metric(
    id="content_match",
    name=Text("Content match", "内容匹配"),
    question=Text(
        "Which topics draw more responses than their part of the messages, and which fewer?",
        "哪些话题引来的回应多于它在消息里占的份额？哪些更少？",
    ),
    formula=r"s_k = \frac{m_k}{\sum_j m_j}, \quad d_k = \frac{r_k}{\sum_j r_j}, \quad "
    r"q_k = \frac{d_k}{s_k}, \qquad D = \tfrac{1}{2} \sum_k |d_k - s_k|",
    symbols=Text(
        "m_k: messages in topic k; r_k: responses they drew, a response being one other member who "
        "answered or reacted within seven days; s_k: supply; d_k: demand; q_k: demand to supply; "
        "D: mismatch, 0 to 1",
        "m_k：话题 k 的消息数；r_k：这些消息引来的回应，七天内另一名成员回复或表情回应算一次；"
        "s_k：供给占比；d_k：需求占比；q_k：需求与供给之比；D：错配度，0 到 1",
    ),
    needs={"messages": ("message_id", "author_id", "ts", "channel_id")},
    uses={"reactions": ("message_id", "member_id", "ts")},
    unit="ratio",
    direction="none",
    null=Text(
        "No value when the window is not wholly covered or holds fewer than 30 responses. Topics "
        "of fewer than five authors are put together.",
        "窗口没被导出完整覆盖，或者回应不到 30 次，就没有数值。作者不足五人的话题合并成一类。",
    ),
    misleads=Text(
        "A topic here is a room or a kind of message, not what it says. Loud authors carry their "
        "audience with them. Who only reads wants something too, and shows it nowhere.",
        "这里的话题是频道或消息类型，不是内容本身。受欢迎的作者会把听众带进话题。只看不说的人也有需求，"
        "却哪里也看不到。",
    ),
    words={
        "topic": Text("topic", "话题"),
        "supply": Text("supply: of the messages", "供给：占消息"),
        "demand": Text("demand: of the responses", "需求：占回应"),
        "demand_to_supply": Text("demand ÷ supply", "需求 ÷ 供给"),
        OTHER: Text("other topics", "其他话题"),
        "mismatch": Text("mismatch", "错配度"),
        "by_chance": Text("mismatch by chance alone", "纯属碰巧的错配度"),
    },
    references=("katz1973uses", "berger2012makes"),
)
def content_match(
    messages: ir.Table,
    reactions: ir.Table,
    *,
    calendar: Calendar,
    by: str = "channel_id",
    days: int = 84,
) -> ir.Table:
    """Messages of each member and topic, the responses they drew, and the squares of these.

    A member counts once a message, however often they answer or react, and never for their own.
    """
    import ibis
    from ibis import _

    start, end = _window(calendar, days)
    talk = messages.filter(messages.message_id.notnull())
    asked = talk.filter(talk[by].notnull(), talk.ts.date() >= ibis.date(start))
    asked = asked.filter(asked.ts.date() < ibis.date(end))
    asked = asked.select("message_id", member_id="author_id", topic=asked[by], sent=asked.ts)
    answers = messages.filter(messages.reply_to_id.notnull())
    answers = answers.select(to="reply_to_id", who="author_id", at="ts")
    liked = reactions.filter(reactions.member_id.notnull())
    liked = liked.select(to="message_id", who="member_id", at="ts")
    drawn = ibis.union(answers, liked)
    drawn = drawn.inner_join(asked, drawn.to == asked.message_id)
    in_time = drawn["at"] <= drawn.sent + ibis.interval(days=RIPE)
    drawn = drawn.filter(drawn.who != drawn.member_id, in_time.fill_null(True))
    drawn = drawn.select("to", "who").distinct().group_by("to").agg(responses=_.count())
    found = asked.left_join(drawn, asked.message_id == drawn.to)
    found = found.select("member_id", "topic", responses=found.responses.fill_null(0))
    return found.group_by("member_id", "topic").agg(
        messages=_.count(), responses=_.responses.sum(), squares=(_.responses * _.responses).sum()
    )


@content_match.finish
def _topics(
    cells: pd.DataFrame, calendar: Calendar, by: str = "channel_id", days: int = 84
) -> pd.DataFrame:
    """Shares and their ratio by topic, those with most messages first; intervals draw authors."""
    import numpy as np
    import pandas as pd

    start, end = _window(calendar, days)
    topics, written, drawn = _matrices(cells)
    told = _told(calendar, start, end, drawn)
    all_written, all_drawn = written.sum(axis=1), drawn.sum(axis=1)
    rows: list[tuple[object, ...]] = []
    for k, topic in enumerate(topics):
        here, theirs = written[:, k], drawn[:, k]
        n = int((here > 0).sum())
        ratio = _quotient(theirs, all_drawn, here, all_written)

        def drawn_anew(*columns: Floats, otherwise: float = ratio) -> float:
            # A draw that misses the topic says nothing of its ratio.
            return _quotient(*columns) if columns[2].sum() else otherwise

        columns = (theirs, all_drawn, here, all_written)
        for measure, of, given in (
            ("supply", _share, columns[2:]),
            ("demand", _share, columns[:2]),
            ("demand_to_supply", drawn_anew, columns),
        ):
            numbers = (of(*given), n, *_interval(of, *given)) if told else (np.nan, n)
            rows.append((topic, measure, *numbers, *(np.nan,) * (4 - len(numbers))))
    frame = pd.DataFrame(rows, columns=["topic", "measure", "value", "n", "low", "high"])
    return tidy(frame.assign(period_start=start, period_end=end), "topic", "measure")


@content_match.view
def mismatch(
    messages: ir.Table,
    reactions: ir.Table,
    *,
    calendar: Calendar,
    by: str = "channel_id",
    days: int = 84,
) -> ir.Table:
    """Return the same counts, for the mismatch over all topics."""
    return content_match.expression(messages, reactions, calendar=calendar, by=by, days=days)


@mismatch.finish
def _mismatch(
    cells: pd.DataFrame, calendar: Calendar, by: str = "channel_id", days: int = 84
) -> pd.DataFrame:
    """Total variation distance of demand from supply, and what chance alone would make of it."""
    import numpy as np
    import pandas as pd

    start, end = _window(calendar, days)
    _, written, drawn = _matrices(cells)
    told = _told(calendar, start, end, drawn)

    def distance(those: Integers) -> float:
        return total_variation(written[those].sum(axis=0), drawn[those].sum(axis=0))

    authors = np.arange(len(written))
    low, high = _interval(distance, authors) if told else (np.nan, np.nan)
    value = distance(authors) if told else np.nan
    squares = float(cells["squares"].astype(float).sum())
    chance = expected_by_chance(written.sum(axis=0), drawn.sum(), squares) if told else np.nan
    n = len(authors)
    frame = pd.DataFrame(
        [("mismatch", value, n, low, high), ("by_chance", chance, n, np.nan, np.nan)],
        columns=["measure", "value", "n", "low", "high"],
    )
    return tidy(frame.assign(period_start=start, period_end=end), "measure")


def total_variation(supply: Floats, demand: Floats) -> float:
    """Half the sum of the differences of two distributions, given as counts; NaN where one is empty."""
    if not supply.sum() or not demand.sum():
        return float("nan")
    return float(abs(demand / demand.sum() - supply / supply.sum()).sum() / 2)


def expected_by_chance(written: Floats, responses: float, squares: float) -> float:
    """Mismatch to be expected if the topic of a message decided nothing.

    Responses dealt out to messages at random: a topic's sum is that of a draw without replacement,
    whose mean distance from its expectation is, nearly normal, its deviation times sqrt(2 / pi).

    Parameters
    ----------
    written
        Messages of each topic.
    responses, squares
        Sum of the responses of all messages, and of their squares.
    """
    import numpy as np

    total = written.sum()
    if total < 2 or not responses:
        return float("nan")
    variance = squares / total - (responses / total) ** 2
    deviation = np.sqrt(written * (total - written) / (total - 1) * variance) / responses
    return float(np.sqrt(2 / np.pi) * deviation.sum() / 2)


def _window(calendar: Calendar, days: int) -> tuple[date, date]:
    """Return the window of the messages: it ends before those that are not ripe."""
    end = calendar.end - timedelta(days=RIPE)
    return end - timedelta(days=days), end


def _told(calendar: Calendar, start: date, end: date, drawn: Floats) -> bool:
    return calendar.is_covered(start, (end - start).days + RIPE) and drawn.sum() >= FEWEST


def _interval(of: Callable[..., float], *columns: npt.NDArray[Any]) -> tuple[float, float]:
    """Draw authors anew; NaN where a draw may hold no response at all."""
    import warnings

    from shequn.intervals import bootstrap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's, of that NaN
        return bootstrap(of, *columns)


def _share(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")


def _quotient(drawn: Floats, all_drawn: Floats, written: Floats, all_written: Floats) -> float:
    return _share(drawn, all_drawn) / _share(written, all_written)


def _matrices(cells: pd.DataFrame) -> tuple[list[str], Floats, Floats]:
    """Return topics, most messages first, and messages and responses by author and topic.

    Small topics go together, and one more with them where they would be of one to four authors.
    """
    sizes = cells.groupby("topic").agg(
        messages=("messages", "sum"), authors=("member_id", "nunique")
    )
    order = sizes.reset_index().sort_values(["messages", "topic"], ascending=[False, True])
    big = order["authors"] >= SMALLEST_GROUP
    kept = order.loc[big, "topic"].tolist()[:MOST]
    while (
        kept and 0 < cells.loc[~cells["topic"].isin(kept), "member_id"].nunique() < SMALLEST_GROUP
    ):
        kept.pop()
    named = cells.assign(topic=cells["topic"].where(cells["topic"].isin(kept), OTHER))
    topics = [*kept, OTHER] if len(kept) < len(order) else kept
    wide = {
        column: named.pivot_table(
            index="member_id", columns="topic", values=column, aggfunc="sum", fill_value=0
        )
        .reindex(columns=topics, fill_value=0)
        .sort_index()
        .to_numpy(float)
        for column in ("messages", "responses")
    }
    return topics, wide["messages"], wide["responses"]
