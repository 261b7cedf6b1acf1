"""Channel concentration: by how many channels members come, and how much hangs on the largest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shequn.metrics import metric, tidy
from shequn.metrics.channels import (
    CHANNEL_WORDS,
    UNKNOWN,
    channel_name,
    joins_of,
    merged,
    on_covered_days,
    periods,
)
from shequn.metrics.windows import HISTORY_DAYS
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

DAYS = 180
# Joins with a known channel below which neither the index nor its interval says much.
ENOUGH = 30
MEASURES = ("top_share", "hhi", "effective_channels", "channels", "hhi_least", "hhi_most")
RATES = ("joins_per_click", "joins_per_impression")
Floats = npt.NDArray[np.float64]


@metric(
    id="channel_concentration",
    name=Text("Channel concentration", "渠道集中度"),
    question=Text(
        "Through how many channels do members come, and how much hangs on the largest one?",
        "成员从几个渠道来？最大的那个渠道占多少？",
    ),
    formula=r"H = \frac{\sum_{c} s_c^2}{(1-u)^2}, \qquad N_{\mathrm{eff}} = \frac{1}{H}",
    symbols=Text(
        "s_c: share of the joins that came by channel c; u: share whose channel is not known; "
        "H: Herfindahl index, the chance that two joins drawn at random came by one channel; "
        "N_eff: how many channels of equal size would give the same H",
        "s_c：经渠道 c 入群的占比；u：渠道未知的占比；H：赫芬达尔指数，即随机抽两次入群、来自同一渠道的概率；"
        "N_eff：多少个一样大的渠道会给出同样的 H",
    ),
    needs={"members": ("member_id", "joined_at", "joined_at_basis", "join_channel")},
    uses={
        "messages": ("author_id", "ts"),
        "spend": ("date", "channel", "impressions", "clicks"),
    },
    unit="share",
    direction="none",
    null=Text(
        "Channels of one to four joins stand together in one row. No index with fewer than 30 "
        "joins of known channel, nor where that of more than half is unknown. No month that the "
        "export does not wholly cover. No join rate without exposures.",
        "只有一到四次入群的渠道合成一行。渠道已知的入群不足 30 次，或一半以上渠道未知时，没有指数。"
        "没被导出完整覆盖的月份没有数值。没有曝光数据，就没有入群率。",
    ),
    misleads=Text(
        "How finely channels are named decides the number: three codes of one advertiser count as "
        "three. The channel noted is the last one touched. Many joins are not many members who "
        "stay.",
        "渠道分得多细，直接决定数值：同一家广告的三个二维码会算成三个渠道。记下的是最后接触的渠道。"
        "来得多不等于留得多。",
    ),
    words={
        **CHANNEL_WORDS,
        "top_share": Text("share of the largest channel", "最大渠道占比"),
        "hhi": Text("Herfindahl index", "赫芬达尔指数"),
        "effective_channels": Text("effective number of channels", "有效渠道数"),
        "channels": Text("channels named", "有名称的渠道数"),
        "hhi_least": Text("index at the least", "指数至少"),
        "hhi_most": Text("index at the most", "指数至多"),
        "exposures": Text("clicks or impressions", "点击或曝光次数"),
        "joins_per_click": Text("joins per click", "每次点击带来的入群"),
        "joins_per_impression": Text("joins per impression", "每次曝光带来的入群"),
    },
    references=("wechat2019external",),
)
def channel_concentration(
    members: ir.Table,
    messages: ir.Table,
    spend: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count new members by day and channel."""
    from ibis import _

    joins = joins_of(messages, members, calendar, history_days)
    return joins.group_by("channel", day=joins.start).agg(people=_.count())


def _counted(counts: pd.DataFrame, calendar: Calendar, start: date, end: date) -> dict[str, int]:
    """Return the joins of each channel on the covered days of a period, the largest first."""
    inside = on_covered_days(counts, calendar, start, end)
    sums = inside.groupby("channel")["people"].sum()
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    return {str(channel): int(people) for channel, people in ordered}


@channel_concentration.finish
def _shares(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Divide the joins of each channel by those of all; ``n`` counts the channel's own."""
    import pandas as pd

    from shequn.intervals import wilson

    start = calendar.window(days)
    people = _counted(counts, calendar, start, calendar.end)
    shown: dict[str, int] = {}
    names = merged(people)
    for channel, n in people.items():
        shown[names[channel]] = shown.get(names[channel], 0) + n
    frame = pd.DataFrame({"channel": list(shown), "n": list(shown.values())})
    total = sum(people.values())
    low, high = wilson(frame["n"], [total] * len(frame))
    frame = frame.assign(
        period_start=start, period_end=calendar.end, value=frame["n"] / max(total, 1), low=low,
        high=high,
    )  # fmt: skip
    return tidy(frame, "channel")


def herfindahl(people: npt.ArrayLike) -> float:
    """Return the sum of the squared shares of counts."""
    counts = np.asarray(people, dtype=float)
    return float((counts**2).sum() / counts.sum() ** 2)


def _pairs(channel: npt.NDArray[np.int64]) -> float:
    """Return the share of pairs of different joins that came by one channel.

    Unlike the index it does not grow because joins are few, so redrawing it is not off by that.
    """
    counts = np.bincount(channel).astype(float)
    n = counts.sum()
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def measures_of(people: dict[str, int]) -> list[tuple[str, float, float, float, float]]:
    """Return ``measure, value, n, low, high`` of the joins of one period."""
    from shequn.intervals import bootstrap, wilson

    nan = float("nan")
    known = np.sort([n for channel, n in people.items() if channel != UNKNOWN])[::-1]
    unknown, total = people.get(UNKNOWN, 0), sum(people.values())
    n = total - unknown
    rows = {m: (nan, float(n), nan, nan) for m in MEASURES}
    if n >= ENOUGH and n >= unknown:
        low, high = wilson(known[0], n)
        rows["top_share"] = (known[0] / n, n, low[0], high[0])
        index, least = herfindahl(known), 1 / len(known)
        below, above = index, index
        if len(known) > 1:
            drawn = bootstrap(_pairs, np.repeat(np.arange(len(known)), known))
            below, above = max(least, min(drawn[0], index)), max(drawn[1], index)
        rows["hhi"] = (index, n, below, above)
        rows["effective_channels"] = (1 / index, n, 1 / above, 1 / below)
        rows["channels"] = (len(known), n, nan, nan)
        # The unknown may each have come by a channel of their own, or all by the largest.
        apart = np.append(known, np.ones(unknown))
        together = np.append(known[1:], known[0] + unknown)
        rows["hhi_least"] = (herfindahl(apart), total, nan, nan)
        rows["hhi_most"] = (herfindahl(together), total, nan, nan)
    return [(measure, *rows[measure]) for measure in MEASURES]


def _framed(rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    import pandas as pd

    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(list(rows), columns=columns), "measure")


@channel_concentration.view
def concentration(
    members: ir.Table,
    messages: ir.Table,
    spend: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same joins, for the measures of concentration."""
    return channel_concentration.expression(
        members, messages, spend, calendar=calendar, history_days=history_days
    )


@concentration.finish
def _window(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    start = calendar.window(days)
    measures = measures_of(_counted(counts, calendar, start, calendar.end))
    return _framed((start, calendar.end, *row) for row in measures)


@channel_concentration.view
def concentration_by_month(
    members: ir.Table,
    messages: ir.Table,
    spend: ir.Table,
    *,
    calendar: Calendar,
    months: int = 1,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Return the same joins, for the measures of concentration month by month."""
    return channel_concentration.expression(
        members, messages, spend, calendar=calendar, history_days=history_days
    )


@concentration_by_month.finish
def _by_month(
    counts: pd.DataFrame,
    calendar: Calendar,
    months: int = 1,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for start, end in periods(calendar, months):
        whole = calendar.is_covered(start, (end - start).days)
        people = _counted(counts, calendar, start, end) if whole else {}
        for measure, *numbers in measures_of(people):
            rows.append((start, end, measure, *(numbers if whole else [float("nan")] * 4)))
    return _framed(rows)


@channel_concentration.view
def join_rate(
    members: ir.Table,
    messages: ir.Table,
    spend: ir.Table,
    *,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> ir.Table:
    """Count joins, clicks and impressions by day and channel, told apart by ``kind``."""
    import ibis
    from ibis import _

    joins = channel_concentration.expression(
        members, messages, spend, calendar=calendar, history_days=history_days
    )
    named = spend.mutate(channel=channel_name(_.channel).fill_null(UNKNOWN), day=_.date)
    parts = [joins.select("channel", "day", kind=ibis.literal("joins"), number=_.people)]
    for kind in ("clicks", "impressions"):
        told = named.filter(named[kind].notnull())
        sums = told.group_by("channel", "day").agg(number=told[kind].sum().cast("int64"))
        parts.append(sums.select("channel", "day", kind=ibis.literal(kind), number="number"))
    return ibis.union(*parts)


@join_rate.finish
def _join_rate(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = DAYS,
    history_days: int = HISTORY_DAYS,
) -> pd.DataFrame:
    """Divide joins by exposures; these count views and not people, so joins vary by Poisson."""
    import pandas as pd

    from shequn.intervals import poisson

    start = calendar.window(days)
    inside = on_covered_days(counts, calendar, start, calendar.end)
    wide = inside.pivot_table(index="channel", columns="kind", values="number", aggfunc="sum")
    wide = wide.reindex(columns=["joins", "clicks", "impressions"]).astype(float)
    wide["joins"] = wide["joins"].fillna(0)
    shown = wide.rename(index=merged(wide["joins"].to_dict())).groupby(level=0).sum(min_count=1)
    parts = []
    for measure, kind in zip(RATES, ("clicks", "impressions"), strict=True):
        part = shown[shown[kind] > 0].rename_axis("channel").reset_index()
        low, high = poisson(part["joins"])
        part = part.assign(
            measure=measure, exposures=part[kind], n=part["joins"],
            value=part["joins"] / part[kind], low=low / part[kind], high=high / part[kind],
        )  # fmt: skip
        parts.append(part.sort_values(["value", "channel"], ascending=[False, True]))
    frame = pd.concat(parts).assign(period_start=start, period_end=calendar.end)
    return tidy(frame, "measure", "channel", "exposures")
