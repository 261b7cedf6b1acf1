"""Event attendance: who said they would come, who came, and whether it is always the same people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.metrics.active_members import active_members
from shequn.metrics.windows import member_days
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from shequn.calendar import Calendar

SAID, CAME = "rsvp", "attend"  # names in events
BEFORE = 28  # days before a session within which somebody wrote who counts as active
EARLIER = 6  # sessions that must be in the data before "for the first time" means something
ENOUGH = 5  # sessions from which on drawing them anew gives an interval
SHARES = ("show_up", "walk_in", "first_time", "reach")


@metric(
    id="event_attendance",
    name=Text("Event attendance", "活动到场"),
    question=Text(
        "Of those who said they would come, how many came? Who came unannounced, who for the first "
        "time, and what part of the active members was there?",
        "说会来的人里，多少真来了？多少人没说也来了，多少人是头一回？活跃成员到了几成？",
    ),
    formula=r"s = \frac{|R \cap C|}{|R|}, \qquad w = \frac{|C \setminus R|}{|C|}",
    symbols=Text(
        "R: members who said they would come to a session; C: members who came; s: show-up rate; "
        "w: share of walk-ins among those who came",
        "R：说会来某一场的成员；C：来了的成员；s：到场率；w：到场者中没说就来的比例",
    ),
    needs={"events": ("ts", "member_id", "name", "campaign")},
    uses={"messages": ("author_id", "ts")},
    unit="share",
    direction="up",
    null=Text(
        "No value for a session to which nobody came: it may have been called off, or nobody kept "
        "a list. First attendance is not told for the first six sessions in the data; the share "
        "of active members needs the 28 days before. None where it speaks of one to four people.",
        "没人到场的场次没有数值：可能取消了，也可能没人记名单。数据里最早的六场不算“头一回”；"
        "活跃成员占比要有此前 28 天的数据。涉及一到四人时没有。",
    ),
    misleads=Text(
        "Who comes was livelier beforehand: that attenders write more afterwards is no effect of "
        "the event. A list kept by hand misses those who slipped in late.",
        "来的人本来就更活跃：到场的人之后说话多，不是活动的功劳。手记的名单会漏掉中途悄悄进来的人。",
    ),
    words={
        "session": Text("session", "场次"),
        "said": Text("said they would come", "说会来"),
        "came": Text("came", "到场"),
        "show_up": Text("show-up rate", "到场率"),
        "walk_in": Text("walk-ins, of those who came", "到场者中没说就来的"),
        "first_time": Text("for the first time, of those who came", "到场者中头一回来的"),
        "reach": Text("of the active members, came", "活跃成员中到场的"),
    },
    references=("mcalexander2002building", "butler2001membership"),
)
def event_attendance(
    events: ir.Table, messages: ir.Table, *, calendar: Calendar, sessions: int = 12
) -> ir.Table:
    """Count members of each session by what they said and did; actives; people of the last ones.

    A session is the ``campaign`` of its events. Who says so only after arriving has not said so.
    """
    import ibis
    from ibis import _

    people = _people(events, messages, calendar)
    facts = ("said", "came", "first", "active")
    held = people.group_by("session", "day", *facts).agg(members=_.count())
    # Not dense_rank over people: with the frame it is given, ClickHouse ranks every row by itself.
    newest = people.select("session", "day").distinct()
    newest = newest.mutate(rank=ibis.row_number().over(order_by=[_.day.desc(), _.session.desc()]))
    newest = newest.filter(newest["rank"] < sessions) if sessions else newest
    each = (
        people.semi_join(newest, "session")
        .group_by("member_id")
        .agg(said=_.said.max(), came=_.came.max())
    )
    each = each.group_by("said", "came").agg(members=_.count())
    entered = active_members.expression(messages, calendar=calendar)

    def part(table: ir.Table, name: str, **more: ir.Value) -> ir.Table:
        given = {c: table[c] for c in ("session", "day", *facts, "members") if c in table.columns}
        none = {c: ibis.null("int64") for c in facts}
        none |= {"session": ibis.null("string"), "day": ibis.null("date")}
        return table.select(part=ibis.literal(name), **dict(sorted((none | given | more).items())))

    return ibis.union(
        part(held, "session"), part(each, "people"), part(entered, "edge", session=entered.edge)
    )


@event_attendance.finish
def _sessions(counts: pd.DataFrame, calendar: Calendar, sessions: int = 12) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    numbers = _numbers(counts, calendar)
    parts = []
    for name in ("said", "came"):
        parts.append(numbers.assign(measure=name, value=numbers[name], n=numbers[name]))
    for name in SHARES:
        of, n = numbers[f"{name}_of"], numbers[f"{name}_n"]
        low, high = wilson(of, n.fillna(0)) if len(n) else (of, of)
        parts.append(numbers.assign(measure=name, value=of / n, n=n, low=low, high=high))
    order = {name: i for i, name in enumerate(("said", "came", *SHARES))}
    frame = pd.concat(parts).assign(order=lambda f: f["measure"].map(order))
    frame = frame.sort_values(["period_start", "session", "order"])
    return tidy(frame, "session", "measure")


@event_attendance.view
def attendance_total(
    events: ir.Table, messages: ir.Table, *, calendar: Calendar, sessions: int = 12
) -> ir.Table:
    """Return the same counts, for the last sessions taken together."""
    return event_attendance.expression(events, messages, calendar=calendar, sessions=sessions)


@attendance_total.finish
def _total(counts: pd.DataFrame, calendar: Calendar, sessions: int = 12) -> pd.DataFrame:
    """Pool the last sessions; the interval draws whole sessions, for each has its weather.

    ``n`` counts different people; for the share of active members, those of the fullest session.
    """
    import numpy as np
    import pandas as pd

    numbers = _numbers(counts, calendar)
    numbers = numbers.tail(sessions) if sessions else numbers
    people = counts[counts["part"] == "people"]
    came = int(people.loc[people["came"] > 0, "members"].sum())
    said = int(people.loc[people["said"] > 0, "members"].sum())
    behind = dict.fromkeys(SHARES, came) | {"show_up": said, "reach": numbers["reach_n"].max()}
    each = numbers["came"].to_numpy(float)
    rows = [("came", numbers["came"].mean(), came, *_interval(np.mean, each))]
    for name in SHARES:
        known = numbers[numbers[f"{name}_n"] > 0]
        pair = known[f"{name}_of"].to_numpy(float), known[f"{name}_n"].to_numpy(float)
        rows.append((name, _ratio(*pair), behind[name], *_interval(_ratio, *pair)))
    frame = pd.DataFrame(rows, columns=["measure", "value", "n", "low", "high"])
    start = numbers["period_start"].min() if len(numbers) else pd.Timestamp(calendar.first)
    end = numbers["period_end"].max() if len(numbers) else pd.Timestamp(calendar.end)
    return tidy(frame.assign(period_start=start, period_end=end), "measure")


def _people(events: ir.Table, messages: ir.Table, calendar: Calendar) -> ir.Table:
    """Return a row a member and session held: said, came, came first then, wrote in 28 days before.

    Who wrote last before is found by running over days written and sessions in one order.
    """
    import ibis
    from ibis import _

    none, never = ibis.null("timestamp"), ibis.date(calendar.first - timedelta(days=2 * BEFORE))
    steps = events.filter(
        events.name.isin((SAID, CAME)), events.campaign.notnull(), events.member_id.notnull()
    )
    people = steps.group_by("member_id", session="campaign").agg(
        said_at=ibis.ifelse(_.name == SAID, _.ts, none).min(),
        came_at=ibis.ifelse(_.name == CAME, _.ts, none).min(),
    )
    people = people.mutate(
        begun=_.came_at.min().over(group_by="session"),
        debut=_.came_at.min().over(group_by="member_id"),
    )
    day = people.begun.date()
    people = people.filter(day >= ibis.date(calendar.first), day < ibis.date(calendar.end))
    came = people.came_at.notnull()
    in_time = ibis.ifelse(
        came, people.said_at <= people.came_at, people.said_at.date() <= people.begun.date()
    )
    people = people.select(
        "member_id",
        "session",
        day=people.begun.date(),
        wrote=never,
        said=in_time.fill_null(False).cast("int64"),
        came=came.cast("int64"),
        first=(people.came_at == people.debut).fill_null(False).cast("int64"),
    )
    zero = ibis.literal(0, "int64")
    days = member_days(messages, calendar)
    days = days.select(
        "member_id",
        session=ibis.null("string"),
        day="day",
        wrote="day",
        said=zero,
        came=zero,
        first=zero,
    )
    both = ibis.union(people, days)
    # A session comes before what was written on its own day.
    both = both.mutate(later=both.session.isnull().cast("int64"))  # noqa: PD003
    so_far = ibis.cumulative_window(group_by="member_id", order_by=["day", "later"])
    both = both.mutate(last=both.wrote.max().over(so_far)).filter(_.session.notnull())
    active = (both.came > 0) & (both.day.delta(both["last"], unit="day") <= BEFORE)
    return both.mutate(active=active.cast("int64"))


def _numbers(counts: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """Return a row a session in order of time: who said, who came, and of what each share is."""
    import pandas as pd

    held = counts[counts["part"] == "session"].assign(day=lambda f: pd.to_datetime(f["day"]))
    said, came = held["said"] > 0, held["came"] > 0
    of = {
        "said": said, "came": came, "show_up_of": said & came, "show_up_n": said,
        "walk_in_of": came & ~said, "walk_in_n": came, "first_time_of": held["first"] > 0,
        "first_time_n": came, "reach_of": held["active"] > 0,
    }  # fmt: skip
    columns = {name: held["members"].where(true, 0).astype(float) for name, true in of.items()}
    wide = held[["day", "session"]].assign(**columns).groupby(["day", "session"]).sum()
    wide = wide.sort_index().reset_index()
    edges = counts[counts["part"] == "edge"].rename(columns={"session": "edge"})
    actives = active_members.complete(edges[["day", "edge", "members"]], calendar)
    before = actives[actives["days"] == BEFORE].set_index("period_end")["value"]
    wide["reach_n"] = wide["day"].map(before).astype(float)
    wide["first_time_n"] = wide["first_time_n"].where(wide.index >= EARLIER)
    return wide.assign(period_start=wide["day"], period_end=wide["day"] + pd.Timedelta(days=1))


def _ratio(of: npt.NDArray[np.float64], n: npt.NDArray[np.float64]) -> float:
    return float(of.sum() / n.sum()) if n.sum() else float("nan")


def _interval(of: Callable[..., float], *columns: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Draw whole sessions anew, where there are enough of them."""
    from shequn.intervals import bootstrap

    return bootstrap(of, *columns) if len(columns[0]) >= ENOUGH else (float("nan"), float("nan"))
