"""Growth: who joined, who left, and what is left of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.metrics.windows import SEEN_JOINING
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

MEASURES = ("joins", "rejoins", "leaves", "net", "members", "leave_rate")
LEAVING = ("leave", "kick", "ban")
_WEEK = timedelta(days=7)


@metric(
    id="growth",
    name=Text("Growth", "增长"),
    question=Text(
        "How many joined this week, how many left, and how many are there?",
        "这一周进来多少人，走了多少人，现在有多少人？",
    ),
    formula=r"G_t = J_t - L_t, \qquad \lambda_t = \frac{L_t}{M_t}",
    symbols=Text(
        "J_t: joins in week t, those who came back included; L_t: leaves; M_t: members when the "
        "week begins; λ_t: leave rate",
        "J_t：第 t 周入群人次，含重新入群；L_t：退群人次；M_t：这一周开始时的成员数；λ_t：退群率",
    ),
    needs={"membership_events": ("ts", "member_id", "action")},
    uses={"members": ("member_id", "joined_at", "joined_at_basis", "left_at")},
    unit="members",
    direction="up",
    null=Text(
        "No value for a week not wholly covered by the export. Without a single leave in the data "
        "leaving counts as unseen: leaves, net growth and rate then have none. Nor where it would "
        "speak of one to four people.",
        "没被导出完整覆盖的周没有数值。数据里一次退群都没有，就当作看不到退群：退群数、净增、退群率都没有数值。"
        "涉及一到四人时也没有。",
    ),
    misleads=Text(
        "Platforms that show removals but no quiet leaves make a group that loses people look as "
        "if it held them. Who leaves and comes back counts in both columns.",
        "有的平台只记移出、不记悄悄退群，流失的群看着像留住了人。退了又进的人，两边各算一次。",
    ),
    words={
        "joins": Text("joins", "入群"),
        "rejoins": Text("of these, came back", "其中重新入群"),
        "leaves": Text("leaves", "退群"),
        "net": Text("net growth", "净增"),
        "members": Text("members at the start", "周初成员数"),
        "leave_rate": Text("leave rate", "退群率"),
    },
    references=("chaoss2024metrics", "kairam2012life"),
)
def growth(membership_events: ir.Table, members: ir.Table, *, calendar: Calendar) -> ir.Table:
    """Count joins, first and again, and leaves by week, and members there before the first day.

    The week of those who were there before is null.
    """
    import ibis
    from ibis import _

    again = changes_of(membership_events)
    first, end = ibis.date(calendar.first), ibis.date(calendar.end)
    inside = again.filter(again.day >= first, again.day < end)
    weekly = inside.select(week=calendar.week(inside.day), kind=inside.kind)
    weekly = weekly.group_by("week", "kind").agg(people=_.count())
    basis = members.joined_at_basis.isin(SEEN_JOINING).fill_null(False)
    there = members.filter(
        basis,
        members.joined_at.date() < first,
        (members.left_at.date() >= first).fill_null(True),
    )
    before = there.agg(people=_.count()).select(
        week=ibis.null("date"), kind=ibis.literal("before"), people=_.people
    )
    return ibis.union(weekly, before)


def changes_of(membership_events: ir.Table) -> ir.Table:
    """Return ``member_id, day, kind``: joins, rejoins and leaves of the community as a whole.

    Joining a second channel is no joining of the community, nor is leaving one of several; a
    program's connections are neither.
    """
    import ibis
    from ibis import _

    moves = membership_events.filter(
        membership_events.method.fill_null("") != "connection",
        membership_events.action.isin(("join", *LEAVING)),
    )
    moves = moves.select(
        "member_id", "ts", channel=_.channel_id.fill_null(""),
        step=ibis.ifelse(_.action == "join", 1, -1).cast("int64"),
    )  # fmt: skip
    # A join after a join, or a leave after a leave, only says again what was known.
    by_channel = ibis.window(group_by=["member_id", "channel"], order_by=["ts", "step"])
    moves = moves.mutate(before=_.step.lag(1, 0).over(by_channel))
    moves = moves.filter(moves.step != moves.before)
    # In how many channels somebody is; who leaves one that no join into is seen had been there.
    so_far = ibis.cumulative_window(group_by="member_id", order_by=["ts", "channel", "step"])
    moves = moves.mutate(level=_.step.sum().over(so_far))
    moves = moves.mutate(
        present=_.level - ibis.least(_.level.min().over(so_far), 0), begun=_.ts.min().over(so_far)
    )
    came = (moves.step == 1) & (moves.present == 1)
    kind = ibis.cases((came & (moves.ts > moves.begun), "rejoins"), (came, "joins"), else_="leaves")
    changed = moves.filter(came | ((moves.step == -1) & (moves.present == 0)))
    return changed.select("member_id", kind=kind, day=changed.ts.date())


@growth.finish
def _weekly(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    weeks = pd.to_datetime(counts["week"]).dt.date
    keys = zip(weeks, counts["kind"], strict=True)
    found = dict(zip(keys, counts["people"].astype(int), strict=True))
    there = int(counts.loc[counts["kind"] == "before", "people"].sum())
    seen = bool((counts["kind"] == "leaves").any())
    rows: list[tuple[object, ...]] = []
    for week in calendar.weeks():
        again, left = found.get((week, "rejoins"), 0), found.get((week, "leaves"), 0)
        joined = found.get((week, "joins"), 0) + again
        whole = calendar.is_covered(week, 7)
        known = whole and seen
        low, high = wilson(min(left, there), there)
        values: dict[str, tuple[bool, float, float, float, float]] = {
            "joins": (whole, joined, joined, np.nan, np.nan),
            "rejoins": (whole, again, again, np.nan, np.nan),
            "leaves": (known, left, left, np.nan, np.nan),
            "net": (known, joined - left, joined + left, np.nan, np.nan),
            "members": (known, there, there, np.nan, np.nan),
            "leave_rate": (
                known and there >= left, left / there if there else np.nan, there, low[0], high[0]
            ),
        }  # fmt: skip
        for measure in MEASURES:
            told, *numbers = values[measure]
            rows.append(
                (week, week + _WEEK, measure, *(numbers if told else [np.nan] * len(numbers)))
            )
        there += joined - left
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


@growth.view
def growth_total(
    membership_events: ir.Table, members: ir.Table, *, calendar: Calendar, weeks: int = 12
) -> ir.Table:
    """Return the same joins and leaves, to be added up."""
    return growth.expression(membership_events, members, calendar=calendar)


@growth_total.finish
def _total(counts: pd.DataFrame, calendar: Calendar, weeks: int = 12) -> pd.DataFrame:
    """Add up the last whole weeks; the leave rate is that of the mean week, weighed by members."""
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    wide = _weekly(counts, calendar).pivot_table(
        index="period_start", columns="measure", values="value", dropna=False
    )
    wide = wide.reindex(columns=list(MEASURES)).dropna(subset="joins").tail(weeks)
    rows = []
    for measure in ("joins", "rejoins", "leaves", "net"):
        value = wide[measure].sum(skipna=False) if len(wide) else np.nan
        behind = wide[["joins", "leaves"]].sum().sum() if measure == "net" else value
        rows.append((measure, value, behind, np.nan, np.nan))
    leaves, exposed = (wide[c].sum(skipna=False) for c in ("leaves", "members"))
    told = len(wide) > 0 and leaves <= exposed and exposed > 0  # NaN is neither
    low, high = wilson(leaves, exposed) if told else ([np.nan], [np.nan])
    rate = leaves / exposed if told else np.nan
    rows.append(("leave_rate", rate, exposed if told else np.nan, low[0], high[0]))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    start = wide.index.min() if len(wide) else pd.Timestamp(calendar.first)
    end = wide.index.max() + _WEEK if len(wide) else pd.Timestamp(calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), "measure")
