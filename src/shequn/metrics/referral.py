"""Referral: how many members a member brings, how soon, and the tree of who brought whom."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import numpy as np

from shequn.metrics import metric, tidy
from shequn.metrics.maturity import mature_spans, within
from shequn.metrics.referral_numbers import (
    depths,
    final_size,
    kaplan_meier,
    mean,
    median_wait,
    top_ten,
)
from shequn.metrics.windows import SEEN_JOINING
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

    Integers = npt.NDArray[np.int64]

WINDOW_DAYS = 28
LEAST = 20  # members in a month, or inviters, below which a mean or a share of ten says nothing
FAULTS = ("unknown_inviter", "self_invited", "later_inviter", "inviter_circle")


@metric(
    id="referral",
    name=Text("Referral", "老带新"),
    question=Text(
        "How many members does a member bring in, how soon, and does that carry growth?",
        "一名成员能带来几名成员？多久带来？靠它能不能长大？",
    ),
    formula=r"K = \frac{1}{n} \sum_{i=1}^{n} b_i = p \cdot m",
    symbols=Text(
        "b_i: members whom member i invited and who joined less than w days after i; n: members who "
        "have had w days; p: share of them who brought anybody; m: how many these brought on average",
        "b_i：成员 i 邀请、且在 i 入群后 w 天内入群的人数；n：入群已满 w 天的成员；"
        "p：其中带来过人的比例；m：带来过人的平均带来几个",
    ),
    needs={"members": ("member_id", "joined_at", "joined_at_basis", "inviter_id")},
    unit="ratio",
    direction="up",
    null=Text(
        "Where no member has an inviter, inviting counts as unseen: nothing has a value. A month "
        "with fewer than 20 members who have had the window has none; nor a median that fewer than "
        "half reach; nor what would speak of one to four people.",
        "没有一个成员写着邀请人，就当作看不到邀请，都没有数值。入群满窗口期的成员不足 20 人的月份没有数值；"
        "不到一半人达到的中位数没有数值；涉及一到四人时也没有。",
    ),
    misleads=Text(
        "Newest members counted before they could invite anybody; invitations that nobody recorded; "
        "a K of the first weeks taken for one that lasts, though friends run out.",
        "把还没来得及邀请的新人算进去；有些邀请没人记；把头几周的裂变系数当成一直不变，而熟人是会拉完的。",
    ),
    words={
        "k_factor": Text("K-factor", "裂变系数"),
        "inviting_share": Text("share who brought anybody", "带来过人的成员占比"),
        "per_inviter": Text("brought by each who did", "带来过人的平均带几个"),
        "top_10_inviters": Text("share brought by the top ten", "前十人带来的占比"),
        "members_per_seed": Text("members in the end for each seed", "每个种子最终的成员数"),
        "median_of_all": Text("until half of all brought somebody", "半数成员带来过人"),
        "median_of_pairs": Text(
            "from the inviter's joining to the invited's", "邀请人入群到被邀请人入群"
        ),
        "median_of_ripe": Text(
            "the same, inviters with the whole window", "同上，限邀请人已满窗口期"
        ),
        "within_days": Text("days since joining", "入群后天数"),
        "generation": Text("generation", "代"),
        "no_inviter": Text("no inviter named", "没有写邀请人"),
        "under_inviter": Text("in the tree under an inviter", "挂在邀请人之下"),
        "unknown_inviter": Text("inviter not in the list", "邀请人不在名单里"),
        "self_invited": Text("invited by themselves", "邀请人是自己"),
        "later_inviter": Text("inviter joined later", "邀请人入群更晚"),
        "inviter_circle": Text("in a circle of inviters", "邀请关系绕成圈"),
    },
    references=("leskovec2007dynamics", "schmitt2011referral", "goel2016structural"),
)
def referral(members: ir.Table, *, calendar: Calendar, window_days: int = WINDOW_DAYS) -> ir.Table:
    """Count members by month of joining and by how many they brought within the window.

    Only members count who were seen joining and whose window is over and covered. The month of all
    who have an inviter at all is null.
    """
    import ibis
    from ibis import _

    people = _people(members).filter(_.joined.notnull())
    ripe = people.filter(within(people.joined.date(), mature_spans(calendar, after=window_days)))
    pairs = _pairs(ripe, people)
    pairs = pairs.filter(pairs.came < pairs.joined + ibis.interval(days=window_days))

    def part(table: ir.Table, brought: int) -> ir.Table:
        month = table.joined.truncate("M").date()
        return table.select("member_id", month=month, brought=ibis.literal(brought, "int64"))

    each = ibis.union(part(ripe, 0), part(pairs, 1)).group_by("member_id", "month")
    each = each.agg(brought=_.brought.sum())
    counts = each.group_by("month", "brought").agg(people=_.count())
    named = members.filter(members.inviter_id.notnull()).agg(people=_.count())
    named = named.select(month=ibis.null("date"), brought=ibis.literal(0, "int64"), people=_.people)
    return ibis.union(counts, named)


@referral.finish
def _by_month(
    counts: pd.DataFrame, calendar: Calendar, window_days: int = WINDOW_DAYS
) -> pd.DataFrame:
    import pandas as pd

    counts = counts.assign(month=pd.to_datetime(counts["month"]))
    seen = _named(counts)
    rows: list[tuple[Any, ...]] = []
    for month in sorted(counts["month"].dropna().unique()):
        brought = _repeated(counts[counts["month"] == month])
        told = seen and len(brought) >= LEAST
        value, low, high = mean(brought) if told else (np.nan, np.nan, np.nan)
        after = month + pd.DateOffset(months=1)
        rows.append((month, after, value, len(brought), low, high))
    if not rows:
        rows = [(calendar.first, calendar.end, np.nan, 0, np.nan, np.nan)]
    columns = ["period_start", "period_end", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns))


@referral.view
def k_parts(members: ir.Table, *, calendar: Calendar, window_days: int = WINDOW_DAYS) -> ir.Table:
    """Return the same counts, for all months together."""
    return referral.expression(members, calendar=calendar, window_days=window_days)


@k_parts.finish
def _k_parts(
    counts: pd.DataFrame, calendar: Calendar, window_days: int = WINDOW_DAYS
) -> pd.DataFrame:
    """K, its two factors, how much rests on ten inviters, and where a K below 1 ends."""
    import pandas as pd

    from shequn.intervals import bootstrap, wilson

    known = _named(counts)
    brought = _repeated(counts.dropna(subset="month")) if known else np.array([], dtype="int64")
    n, inviters = len(brought), brought[brought > 0]
    k, low, high = mean(brought)
    below, above = wilson(len(inviters), n)
    nan = float("nan")
    share = len(inviters) / n if n else nan
    rows = [
        ("k_factor", k, n, low, high),
        ("inviting_share", share, n, below[0], above[0]),
        ("per_inviter", *mean(inviters)[:1], len(inviters), *mean(inviters)[1:]),
    ]
    top = (nan, nan, nan)
    if len(inviters) >= LEAST:
        top = (top_ten(inviters), *bootstrap(top_ten, inviters))
    rows.append(("top_10_inviters", top[0], len(inviters), top[1], top[2]))
    rows.append(("members_per_seed", final_size(1, k), n, final_size(1, low), final_size(1, high)))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    spans = mature_spans(calendar, after=window_days)
    start, end = (spans[0][0], spans[-1][1]) if spans else (calendar.first, calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), "measure")


@referral.view
def waits(members: ir.Table, *, calendar: Calendar, window_days: int = WINDOW_DAYS) -> ir.Table:
    """Count by whole hours since joining: first members brought, all of them, and time followed.

    Each member is followed from joining to the first day that is not covered. ``kind`` is first,
    followed (who brought nobody until then), pair, ripe (pairs within the window of members who
    have had it).
    """
    import ibis
    from ibis import _

    people = _people(members).filter(_.joined.notnull())
    covered = mature_spans(calendar)
    day = people.joined.date()
    inside = people.filter(within(day, covered))
    until = ibis.cases(
        *[(inside.joined < _midnight(end), _midnight(end)) for _start, end in covered]
    )
    followed = inside.mutate(until=until)
    pairs = _pairs(followed, people)
    pairs = pairs.filter(pairs.came < pairs.until)
    hours = _hours(pairs.came, pairs.joined)
    ripe = pairs.filter(
        within(pairs.joined.date(), mature_spans(calendar, after=window_days)),
        pairs.came < pairs.joined + ibis.interval(days=window_days),
    )
    first = pairs.group_by(by="member_id").agg(begun=_.joined.min(), earliest=_.came.min())
    quiet = followed.anti_join(first, followed.member_id == first.by)
    parts = {
        "pair": pairs.select(hours=hours),
        "ripe": ripe.select(hours=_hours(ripe.came, ripe.joined)),
        "first": first.select(hours=_hours(first.earliest, first.begun)),
        "followed": quiet.select(hours=_hours(quiet.until, quiet.joined)),
    }
    named = members.filter(members.inviter_id.notnull()).select(hours=ibis.literal(0, "int64"))
    counts = [
        table.group_by("hours").agg(people=_.count()).mutate(kind=ibis.literal(kind, "string"))
        for kind, table in {**parts, "named": named}.items()
    ]
    return ibis.union(*counts)


@waits.finish
def _curve(
    counts: pd.DataFrame, calendar: Calendar, window_days: int = WINDOW_DAYS
) -> pd.DataFrame:
    """Kaplan–Meier: the share who brought somebody within so many days; n are those still followed."""
    import pandas as pd

    hours, brought = _followed(counts)
    curve = kaplan_meier(hours, brought)
    rows = []
    for day in range(1, window_days + 1):
        left = int((hours >= 24 * (day - 1)).sum())
        value, low, high = curve(24 * day - 1) if left else (np.nan, np.nan, np.nan)
        rows.append((day, value, left, low, high))
    frame = pd.DataFrame(rows, columns=["within_days", "value", "n", "low", "high"])
    return tidy(frame.assign(period_start=calendar.first, period_end=calendar.end), "within_days")


@referral.view
def cycle_time(
    members: ir.Table, *, calendar: Calendar, window_days: int = WINDOW_DAYS
) -> ir.Table:
    """Return the same hours, for medians."""
    return waits.expression(members, calendar=calendar, window_days=window_days)


@cycle_time.finish
def _cycle_time(
    counts: pd.DataFrame, calendar: Calendar, window_days: int = WINDOW_DAYS
) -> pd.DataFrame:
    """Days: the median over all members (Kaplan–Meier), and over those who were brought, in two ways."""
    import pandas as pd

    from shequn.intervals import quantile

    hours, brought = _followed(counts)
    rows = [("median_of_all", *median_wait(hours, brought), len(hours))]
    for kind in ("pair", "ripe"):
        waited = _repeated(counts[counts["kind"] == kind], "hours") / 24
        rows.append(
            (f"median_of_{kind}{'s' * (kind == 'pair')}", *quantile(waited, 0.5), len(waited))
        )
    frame = pd.DataFrame(rows, columns=["measure", "value", "low", "high", "n"])
    return tidy(frame.assign(period_start=calendar.first, period_end=calendar.end), "measure")


@referral.view
def generations(members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Return who invited whom, a row for each, and of all others how many they are, by ``kind``.

    The whole list counts, whenever and however joining is known. An inviter who is not in the list
    (staff are not), is the member, or joined later is a fault, and no branch of the tree.
    """
    import ibis
    from ibis import _

    people = _people(members)
    inviters = people.select(known="member_id", started="joined")
    given = people.filter(people.inviter_id.notnull())
    given = given.left_join(inviters, given.inviter_id == inviters.known)
    later = (given.started > given.joined).fill_null(False)
    kind = ibis.cases(
        (given.inviter_id == given.member_id, "self_invited"),
        (~given.known.notnull(), "unknown_inviter"),
        (later, "later_inviter"),
        else_="under_inviter",
    )
    told = given.mutate(kind=kind)
    edges = told.filter(told.kind == "under_inviter").select(
        "kind", "member_id", "inviter_id", people=ibis.literal(1, "int64")
    )
    faults = told.filter(told.kind != "under_inviter").group_by("kind").agg(people=_.count())
    seeds = people.filter(~people.inviter_id.notnull()).agg(people=_.count())
    seeds = seeds.mutate(kind=ibis.literal("no_inviter", "string"))
    none = ibis.null("string")
    rest = ibis.union(faults.select("kind", "people"), seeds.select("kind", "people"))
    return ibis.union(edges, rest.select("kind", member_id=none, inviter_id=none, people="people"))


@generations.finish
def _generations(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Count members by generation: 0 has nobody above it in the tree, 1 was invited by 0, and so on."""
    import pandas as pd

    below, circle = depths(counts[counts["kind"] == "under_inviter"])
    above = int(counts.loc[counts["kind"] != "under_inviter", "people"].sum()) + circle
    sizes = {0: above, **below}
    values = list(sizes.values()) if below or circle else [np.nan]
    frame = pd.DataFrame({"generation": list(sizes), "value": values, "n": values})
    return tidy(frame.assign(period_start=calendar.first, period_end=calendar.end), "generation")


@referral.view
def tree_faults(members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Return the same tree, for what is wrong with it."""
    return generations.expression(members, calendar=calendar)


@tree_faults.finish
def _tree_faults(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Count members by how their inviter is known."""
    import pandas as pd

    found = counts.groupby("kind")["people"].sum().to_dict()
    _, circle = depths(counts[counts["kind"] == "under_inviter"])
    found |= {"inviter_circle": circle, "under_inviter": found.get("under_inviter", 0) - circle}
    rows = [(kind, float(found.get(kind, 0))) for kind in ("no_inviter", "under_inviter", *FAULTS)]
    frame = pd.DataFrame(rows, columns=["measure", "value"])
    frame = frame.assign(period_start=calendar.first, period_end=calendar.end, n=frame["value"])
    return tidy(frame, "measure")


def _people(members: ir.Table) -> ir.Table:
    """Return ``member_id, inviter_id, joined``; a time of joining that was not seen is null."""
    import ibis

    known = members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
    joined = ibis.ifelse(known, members.joined_at, ibis.null("timestamp"))
    return members.select("member_id", "inviter_id", joined=joined)


def _pairs(inviters: ir.Table, people: ir.Table) -> ir.Table:
    """Return inviters beside when each member they invited ``came``; never before themselves."""
    kids = people.select(inviter="inviter_id", kid="member_id", came="joined")
    pairs = inviters.join(kids, inviters.member_id == kids.inviter)
    return pairs.filter(pairs.kid != pairs.member_id, pairs.came >= pairs.joined)


def _hours(later: ir.TimestampValue, earlier: ir.TimestampValue) -> ir.IntegerValue:
    seconds = later.truncate("s").epoch_seconds() - earlier.truncate("s").epoch_seconds()
    return (seconds / 3600).floor().cast("int64")


def _midnight(day: date) -> ir.TimestampValue:
    import ibis

    return ibis.timestamp(datetime.combine(day, time()))


def _named(counts: pd.DataFrame) -> bool:
    """Tell whether any member has an inviter."""
    return int(counts.loc[counts["month"].isna(), "people"].sum()) > 0


def _repeated(counts: pd.DataFrame, column: str = "brought") -> Integers:
    """Return one number a person, sorted: engines give rows in any order, and draws go by place."""
    counts = counts.sort_values(column)
    return np.repeat(counts[column].to_numpy("int64"), counts["people"].to_numpy("int64"))


def _followed(counts: pd.DataFrame) -> tuple[Integers, Integers]:
    """Return the hours each member was followed, and 1 where these end with somebody brought."""
    if not (counts["kind"] == "named").any():
        return np.array([], dtype="int64"), np.array([], dtype="int64")
    first, rest = (_repeated(counts[counts["kind"] == k], "hours") for k in ("first", "followed"))
    return np.concatenate([first, rest]), np.repeat([1, 0], [len(first), len(rest)])
