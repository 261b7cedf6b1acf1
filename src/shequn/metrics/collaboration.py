"""Collaboration: whether members of different channels answer each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.edges import Integers, answers, jackknife
from shequn.metrics.participation_inequality import half_group
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

PAIRS = 20  # pairs of members from whom on a share of pairs says something
DRAWS = 99  # communities with homes dealt out anew, to compare with
CHANNELS = 8  # as many as a figure of all with all can show
MEASURES = ("channels", "many_channels", "crossing", "ei_index", "ei_by_chance", "half_crossing")


@metric(
    id="collaboration",
    name=Text("Collaboration across channels", "跨频道协作"),
    question=Text(
        "Do people of different channels answer each other, or does each channel keep to itself?",
        "不同频道的人会互相回应吗？还是各聊各的？",
    ),
    formula=r"EI = \frac{E - I}{E + I}",
    symbols=Text(
        "E: pairs of members of different homes of whom one answered the other; I: such pairs of "
        "one home; a member's home is the channel with most of their messages",
        "E：主场不同、其中一人回应过另一人的对子数；I：主场相同的这种对子数；成员的主场是其消息最多的频道",
    ),
    needs={"messages": ("message_id", "author_id", "channel_id", "ts")},
    uses={"mentions": ("message_id", "target_id")},
    unit="ratio",
    direction="none",
    null=Text(
        "No value under 20 pairs, nor where all have the same home; none about answers where "
        "neither replies nor mentions are known. Members who wrote nothing have no home.",
        "不足 20 对、或所有人主场相同时没有数值；回复和点名都不知道时，关于回应的没有数值。没发过言的人没有主场。",
    ),
    misleads=Text(
        "With many small channels most pairs cross by chance: compare with chance, not with 0. A "
        "room that all pass through, such as one for introductions, is a home of the new.",
        "频道多而小时，碰巧也多半跨频道：要和随机比，别和 0 比。人人都要经过的房间（如自我介绍），"
        "会成为新人的主场。",
    ),
    words={
        "channels": Text("channels with speakers", "有人发言的频道数"),
        "many_channels": Text("speakers in two channels or more", "在两个以上频道发言的人"),
        "crossing": Text("answers that cross channels", "跨频道的回应"),
        "ei_index": Text("E–I index", "E–I 指数"),
        "ei_by_chance": Text("E–I index by chance: mean and range", "随机的 E–I 指数：均值与范围"),
        "half_crossing": Text(
            "members who give half of the crossing answers", "给出半数跨频道回应的人数"
        ),
        "home_from": Text("home of who answers", "回应者的主场"),
        "home_to": Text("home of who is answered", "被回应者的主场"),
    },
    references=("burt2004structural", "wenger1998communities"),
)
def collaboration(
    messages: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
) -> ir.Table:
    """Count answers between members with their homes; each speaker also stands once by herself.

    A home is the channel with most messages of the last ``days``, of equals the first by name. In
    a speaker's own row, without answers, stands in how many channels she wrote.
    """
    import ibis
    from ibis import _

    start, end = ibis.date(calendar.window(days)), ibis.date(calendar.end)
    said = messages.filter(_.ts.date() >= start, _.ts.date() < end)
    rooms = said.drop_null("channel_id").group_by("author_id", "channel_id").agg(n=_.count())
    by_member = {"group_by": "author_id", "order_by": [ibis.desc("n"), "channel_id"]}
    rooms = rooms.mutate(
        place=ibis.row_number().over(**by_member),
        channels=_.n.count().over(group_by="author_id"),
    )
    homes = rooms.filter(_.place == 0).select("author_id", "channels", home="channel_id")
    given = answers(messages, mentions, calendar=calendar, days=days)
    given = given.group_by("source", "target").agg(answers=_.count())
    ours = homes.select(source="author_id", source_home="home")
    theirs = homes.select(target="author_id", target_home="home")
    zero = ibis.literal(0, "int64")
    pairs = given.join(ours, "source").join(theirs, "target")
    pairs = pairs.select("source", "target", "source_home", "target_home", "answers", channels=zero)
    alone = homes.select(
        source="author_id", target="author_id", source_home="home", target_home="home",
        answers=zero, channels=_.channels.cast("int64"),
    )  # fmt: skip
    return ibis.union(pairs, alone)


@collaboration.finish
def _measures(rows: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    alone, given = _parted(rows)
    speakers, several = len(alone), int((alone["channels"] > 1).sum())
    channels = len(np.unique(alone["source_home"]))
    found = dict.fromkeys(MEASURES, (np.nan, np.nan, np.nan, np.nan))
    if speakers:
        below, above = wilson(several, speakers)
        found["channels"] = (float(channels), speakers, np.nan, np.nan)
        found["many_channels"] = (several / speakers, speakers, below[0], above[0])
    one, other, answered, outside, homes = _pairs(given)
    if len(one) >= PAIRS and len(np.unique(homes)) > 1:
        value = shares(one, other, answered, outside)
        bounds = jackknife(shares, one, other, answered, outside)
        for name, least in (("crossing", 0.0), ("ei_index", -1.0)):
            low, high = bounds[name]
            found[name] = (value[name], len(homes), max(low, least), min(high, 1.0))
        mean, drawn = by_chance(one, other, homes)
        found["ei_by_chance"] = (mean, len(homes), min(drawn), max(drawn))
        crossed = given[given["source_home"] != given["target_home"]]
        by_member = crossed.groupby("source")["answers"].sum().to_numpy("int64")
        carriers = half_group(by_member) if len(by_member) else 0.0
        found["half_crossing"] = (carriers, carriers, np.nan, np.nan)
    frame = pd.DataFrame(found, index=["value", "n", "low", "high"]).T
    frame = frame.rename_axis("measure").reset_index()
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "measure")


def shares(
    one: Integers, other: Integers, answered: Integers, outside: Integers
) -> dict[str, float]:
    """Share of answers between members of different homes, and E–I index of the pairs.

    The index is that of Krackhardt and Stern (1988): -1 where no pair crosses, 1 where all do.

    Parameters
    ----------
    one, other
        The two members of each pair, as codes.
    answered, outside
        Answers between them, and 1 where their homes differ; NaN of no pair.
    """
    if not len(outside):
        return {"crossing": np.nan, "ei_index": np.nan}
    crossing = float((answered * outside).sum() / answered.sum())
    return {"crossing": crossing, "ei_index": float(2 * outside.mean() - 1)}


def by_chance(
    one: Integers, other: Integers, homes: Integers, *, draws: int = DRAWS, seed: int = 20250101
) -> tuple[float, list[float]]:
    """E–I index where homes have nothing to do with who answers whom.

    Parameters
    ----------
    one, other
        The two members of each pair, as codes.
    homes
        Home of each member, as a code.
    draws, seed
        How many times homes are dealt out anew among the members, and with which seed.

    Returns
    -------
    mean, drawn
        The exact mean over all ways of dealing out homes, and the index of each draw.
    """
    n, sizes = len(homes), np.bincount(homes)
    mean = 1 - 2 * float((sizes * (sizes - 1)).sum()) / (n * (n - 1))
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        dealt = rng.permutation(homes)
        drawn.append(float(2 * (dealt[one] != dealt[other]).mean() - 1))
    return mean, drawn


@collaboration.view
def between(
    messages: ir.Table,
    mentions: ir.Table,
    *,
    calendar: Calendar,
    days: int = 84,
) -> ir.Table:
    """Return the same rows, for which channels answer which."""
    return collaboration.expression(messages, mentions, calendar=calendar, days=days)


@between.finish
def _between(rows: pd.DataFrame, calendar: Calendar, days: int = 84) -> pd.DataFrame:
    """Divide the answers from home to home by those expected if homes did not matter.

    Expected are all answers of the one, in the share in which all are for the other. Of the
    homes those with most members are kept.
    """
    import pandas as pd

    alone, given = _parted(rows)
    sizes = alone.groupby("source_home").size().reset_index(name="members")
    sizes = sizes.sort_values(["members", "source_home"], ascending=[False, True])
    kept = sizes["source_home"].head(CHANNELS).tolist()
    homes = ["source_home", "target_home"]
    cells = given.groupby(homes).agg(answers=("answers", "sum"), n=("source", "nunique"))
    every = pd.MultiIndex.from_product([kept, kept], names=homes)
    cells = cells.reindex(every, fill_value=0).reset_index()
    given_by = given.groupby("source_home")["answers"].sum()
    got_by = given.groupby("target_home")["answers"].sum()
    total = given["answers"].sum()
    enough = len(_pairs(given)[0]) >= PAIRS
    expected = cells["source_home"].map(given_by) * cells["target_home"].map(got_by) / max(total, 1)
    value = cells["answers"] / expected.where((expected > 0) & enough)
    frame = cells.assign(value=value).rename(
        columns={"source_home": "home_from", "target_home": "home_to"}
    )
    window = {"period_start": calendar.window(days), "period_end": calendar.end}
    return tidy(frame.assign(**window), "home_from", "home_to")


def _parted(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part the speakers' own rows from those of answers, in an order that every engine gives."""
    ordered = rows.sort_values(["source", "target"], ignore_index=True)
    own = ordered["source"] == ordered["target"]
    return ordered[own], ordered[~own]


def _pairs(
    given: pd.DataFrame,
) -> tuple[Integers, Integers, Integers, Integers, Integers]:
    """Return pairs of members once each, their answers, whether homes differ; and all homes."""
    import pandas as pd

    ends = given[["source", "target"]].to_numpy(dtype=object)
    codes, names = pd.factorize(ends.ravel())
    homes = np.zeros(len(names), dtype=np.int64)
    rooms = pd.factorize(given[["source_home", "target_home"]].to_numpy(dtype=object).ravel())[0]
    homes[codes] = rooms
    coded = np.sort(codes.reshape(-1, 2), axis=1)
    frame = pd.DataFrame(coded, columns=["one", "other"])
    frame = frame.assign(answers=given["answers"].to_numpy("int64"))
    once = frame.groupby(["one", "other"], as_index=False)["answers"].sum()
    one, other = once["one"].to_numpy("int64"), once["other"].to_numpy("int64")
    outside = (homes[one] != homes[other]).astype(np.int64)
    return one, other, once["answers"].to_numpy("int64"), outside, homes
