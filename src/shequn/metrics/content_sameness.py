"""Content sameness: what share of the texts says nearly what another text says."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Floats = npt.NDArray[np.float64]

SHINGLE = 3  # letters in a row: a Chinese word has two or so
LONG_ENOUGH = 10  # letters and digits; shorter texts are greetings, and alike in every group
ALIKE = 0.6  # from which similarity on two texts count as nearly the same
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FEWEST = 30  # long enough messages below which no share is told
MOST = 20_000  # different texts of a block that are compared
MEASURES = ("same", "nearly_same", "too_short")
_ROWS = 500  # texts compared with all others at a time


@metric(
    id="content_sameness",
    name=Text("Content sameness", "内容同质化"),
    question=Text(
        "How many messages say what another message of the same four weeks already says, word for "
        "word or nearly so?",
        "四周之内，多少条消息与另一条一字不差，或者几乎一样？",
    ),
    formula=r"J(a, b) = \frac{|S_a \cap S_b|}{|S_a \cup S_b|}, \qquad "
    r"d_\tau = \frac{1}{m} \left| \{ a : \max_{b \ne a} J(a, b) \ge \tau \} \right|",
    symbols=Text(
        "S_a: all runs of three letters in message a; J: similarity of two messages, 0 to 1; "
        "m: messages long enough; τ: the similarity from which two count as nearly the same",
        "S_a：消息 a 里所有连续三个字；J：两条消息的相似度，0 到 1；m：足够长的消息数；"
        "τ：从多大的相似度起算“几乎一样”",
    ),
    needs={"messages": ("author_id", "ts", "text")},
    unit="share",
    direction="down",
    null=Text(
        "No value for a block not wholly covered by the export, with fewer than 30 messages long "
        "enough or more than 20,000 different texts; nor where one to four people wrote them.",
        "一段里有一天没被导出覆盖、足够长的消息不到 30 条、不同的文字超过 20,000 种，都没有数值；"
        "只出自一到四人时也没有。",
    ),
    misleads=Text(
        "A longer block has more twins by itself. Order lists and daily check-ins are alike on "
        "purpose. The same idea in other words is not found, nor are pictures.",
        "一段越长，雷同自然越多。接龙、打卡本来就该一样。换一种说法的同一个意思查不出来，图片也查不出来。",
    ),
    words={
        "same": Text("word for word", "一字不差"),
        "nearly_same": Text("nearly the same", "几乎一样"),
        "too_short": Text("too short to compare", "太短，不比"),
        "similarity": Text("similarity from", "相似度不低于"),
    },
    references=("ferrara2016rise", "berger2012makes"),
)
def content_sameness(
    messages: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    blocks: int = 6,
    alike: float = ALIKE,
) -> ir.Table:
    """Different texts of each member and block of days, newest block 0, with how often they came.

    The one query whose rows hold texts: comparing them is nothing an engine does. They go no
    further than the finish.
    """
    import ibis
    from ibis import _

    end = ibis.date(calendar.end)
    texts = messages.select("text", member_id="author_id", day=messages.ts.date())
    texts = texts.filter(texts.text.fill_null("") != "", texts.day < end)
    back = ((end.delta(texts.day, unit="day") - 1) / days).floor().cast("int64")
    texts = texts.select("member_id", "text", back=back)
    texts = texts.filter(texts.back < blocks)
    return texts.group_by("back", "member_id", "text").agg(messages=_.count())


@content_sameness.finish
def _by_block(
    texts: pd.DataFrame,
    calendar: Calendar,
    days: int = 28,
    blocks: int = 6,
    alike: float = ALIKE,
) -> pd.DataFrame:
    """Shares of messages in each block, each compared within itself; intervals draw members."""
    import numpy as np
    import pandas as pd

    rows: list[tuple[object, ...]] = []
    for back in reversed(range(blocks)):
        end = calendar.end - timedelta(days=back * days)
        start = end - timedelta(days=days)
        if start < calendar.first and back:  # before the data begin
            continue
        block = _compared(texts[texts["back"] == back])
        whole = calendar.is_covered(start, days)
        values: dict[str, tuple[float, ...]] = dict.fromkeys(MEASURES, (np.nan,) * 4)
        if whole:
            long = block[block["long"]]
            for name, from_ in (("same", 1.0), ("nearly_same", alike)):
                values[name] = _share(long.assign(hit=long["best"] >= from_))
            values["too_short"] = _share(block.assign(hit=~block["long"]))
        rows += [(start, end, name, *values[name]) for name in MEASURES]
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


@content_sameness.view
def by_threshold(
    messages: ir.Table, *, calendar: Calendar, days: int = 28, alike: float = ALIKE
) -> ir.Table:
    """Return the texts of the last days, for the share at every threshold."""
    return content_sameness.expression(messages, calendar=calendar, days=days, blocks=1)


@by_threshold.finish
def _by_threshold(
    texts: pd.DataFrame, calendar: Calendar, days: int = 28, alike: float = ALIKE
) -> pd.DataFrame:
    """Share of messages with a twin at least so similar, by what "so" is."""
    import numpy as np
    import pandas as pd

    start = calendar.end - timedelta(days=days)
    block = _compared(texts)
    long = block[block["long"]]
    whole = calendar.is_covered(start, days)
    rows = [
        (start, calendar.end, t, *(_share(long.assign(hit=long["best"] >= t)) if whole else (np.nan,) * 4))
        for t in sorted({*THRESHOLDS, alike})
    ]  # fmt: skip
    columns = ["period_start", "period_end", "similarity", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "similarity")


def letters(text: str) -> str:
    """Return what of a text is compared: letters and digits in one form, no signs or spaces."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def best_similarity(texts: list[str]) -> Floats:
    """Return for each of different texts its highest Jaccard similarity to any other, 0 if alone.

    Parameters
    ----------
    texts
        Different texts of at least three letters.

    Returns
    -------
    numpy.ndarray
        Values in [0, 1), exact and not by sketch: blocks of rows of a sparse product.
    """
    import numpy as np
    from scipy import sparse

    known: dict[str, int] = {}
    sets = [{t[i : i + SHINGLE] for i in range(len(t) - SHINGLE + 1)} for t in texts]
    columns = [known.setdefault(s, len(known)) for each in sets for s in sorted(each)]
    sizes = np.array([len(each) for each in sets], dtype="int64")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    shape = (len(texts), max(len(known), 1))
    held = sparse.csr_matrix((np.ones(len(columns), "int64"), columns, starts), shape=shape)
    best = np.zeros(len(texts))
    for first in range(0, len(texts), _ROWS):
        shared = (held[first : first + _ROWS] @ held.T).tocoo()
        row, other = shared.row + first, shared.col
        apart = row != other
        row, other, common = row[apart], other[apart], shared.data[apart]
        np.maximum.at(best, row, common / (sizes[row] + sizes[other] - common))
    return best


def _compared(texts: pd.DataFrame) -> pd.DataFrame:
    """Return a row a member and text: messages, whether it is long enough, its best similarity.

    Too many texts to compare leave the similarity unknown.
    """
    import numpy as np

    plain = texts["text"].map(letters).astype(object)
    rows = texts.assign(plain=plain, long=plain.str.len().fillna(0).astype(int) >= LONG_ENOUGH)
    counts = rows.loc[rows["long"]].groupby("plain")["messages"].sum().sort_index()
    if len(counts) > MOST:
        return rows.assign(best=np.nan)
    best = best_similarity([str(text) for text in counts.index])
    best = np.where(counts.to_numpy() > 1, 1.0, best)
    return rows.assign(best=rows["plain"].map(dict(zip(counts.index, best, strict=True))))


def _share(rows: pd.DataFrame) -> tuple[float, float, float, float]:
    """Return the share of messages that hit, the members behind them, and its interval."""
    import numpy as np

    from shequn.intervals import bootstrap

    if "best" in rows and rows.loc[rows["long"], "best"].isna().any():
        return np.nan, float(rows["member_id"].nunique()), np.nan, np.nan
    counted = rows.assign(hit=rows["messages"].where(rows["hit"], 0))
    # By member in order of id, for engines give rows in any order and draws go by position.
    each = counted.groupby("member_id")[["hit", "messages"]].sum().sort_index()
    hit, written = each["hit"].to_numpy(float), each["messages"].to_numpy(float)
    if written.sum() < FEWEST:
        return np.nan, float(len(each)), np.nan, np.nan
    low, high = bootstrap(_ratio, hit, written) if 0 < hit.sum() < written.sum() else (np.nan,) * 2
    return _ratio(hit, written), float(len(each)), low, high


def _ratio(hit: Floats, written: Floats) -> float:
    return float(hit.sum() / written.sum())
