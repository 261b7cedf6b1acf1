"""Core members: who of those that carried the last period carries this one, and who is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

STATES = ("core_retained", "core_faded", "core_lost")
CHANGES = ("came", "reactivated", "dropped_out", "net_change", "regulars_lost")
REGULAR = 4  # messages in the periods before, from which on somebody is a regular
BEFORE = 3  # periods before: 84 days where a period has 28
_NOBODY = -9  # a period that never is: some engines' lag knows no NULL


@metric(
    id="core_members",
    name=Text("Core members", "核心成员"),
    question=Text(
        "Of the few who wrote half of the last period's messages: who carries this one too, who "
        "only writes along, who has fallen silent?",
        "上一期写了一半消息的那几个人，这一期还是核心吗？还是只跟着说几句？还是不说话了？",
    ),
    formula=r"r_t = \frac{|K_{t-1} \cap K_t|}{|K_{t-1}|}, \quad "
    r"f_t = \frac{|K_{t-1} \cap (A_t \setminus K_t)|}{|K_{t-1}|}, \quad "
    r"\ell_t = \frac{|K_{t-1} \setminus A_t|}{|K_{t-1}|}, \qquad r_t + f_t + \ell_t = 1",
    symbols=Text(
        "K_t: core of period t, the fewest members with half of its messages, and whoever wrote as "
        "many as the last of them; A_t: all who wrote in period t; r_t, f_t, ℓ_t: stayed core, "
        "faded, fell silent",
        "K_t：第 t 期的核心，即最少几个人就写了一半消息，与其中最后一名写得一样多的也算；"
        "A_t：第 t 期发过言的人；r_t、f_t、ℓ_t：仍是核心、淡出、沉默",
    ),
    needs={"messages": ("author_id", "ts")},
    unit="share",
    direction="none",
    null=Text(
        "No value where this period or the one before is not wholly covered by the export; for "
        "newcomers and regulars, where one of the three before is not. Nor where it would "
        "speak of one to four members: a small core is shown pooled over periods only.",
        "本期或上一期没被导出完整覆盖，就没有数值；新来的和常客要看前三期，缺一期也没有。"
        "涉及一到四人时没有：核心太小，只能几期合起来看。",
    ),
    misleads=Text(
        "Who is core by a lucky month fades the next one without any change of mind. Silent is not "
        "gone. Who dropped out is known only three periods later, who came at once.",
        "碰巧多说了一个月的人，下个月自然回落，并没有变心。沉默不等于离开。"
        "来的人当期就看得见，不再来的人要过三期才知道。",
    ),
    words={
        "state": Text("state", "状态"),
        "core_retained": Text("still core", "仍是核心"),
        "core_faded": Text("faded: writes, not core", "淡出：还说话，不再是核心"),
        "core_lost": Text("fell silent", "沉默"),
        "came": Text("new, or back after long silence", "新来或久别回来"),
        "reactivated": Text("of these, back after long silence", "其中久别回来"),
        "dropped_out": Text("dropped out", "久不发言"),
        "net_change": Text("net change of the active", "活跃成员净变化"),
        "regulars_lost": Text("share of regulars silent now", "常客沉默率"),
    },
    references=("chaoss2024metrics", "danescu2013no"),
)
def core_members(messages: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Members of each period's core by what became of them in the next, later one (``back``)."""
    from ibis import _

    return _core(messages, calendar, days).group_by("back", "state").agg(members=_.count())


@core_members.finish
def _by_period(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    found = dict(
        zip(zip(counts["back"], counts["state"], strict=True), counts["members"], strict=True)
    )
    rows: list[tuple[Any, ...]] = []
    for back in reversed(range(_periods(calendar, days) - 1)):
        members = [int(found.get((back, state), 0)) for state in STATES]
        size = sum(members) if _whole(calendar, days, back, 2) else 0
        low, high = wilson(members, [size] * len(STATES))
        for i, state in enumerate(STATES):
            value = members[i] / size if size else np.nan
            rows.append((*_when(calendar, days, back), state, value, size, low[i], high[i]))
    columns = ["period_start", "period_end", "state", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "state")


@core_members.view
def core_pooled(
    messages: ir.Table, *, calendar: Calendar, days: int = 28, periods: int = 6
) -> ir.Table:
    """Different members in the cores before the last ``periods``, and their states added up."""
    from ibis import _

    core = _core(messages, calendar, days)
    pool = _pool(calendar, days, periods)
    core = core.filter(core.back.isin(pool) if pool else core.back == _NOBODY)
    states = {state: (core.state == state).cast("int64").sum().fill_null(0) for state in STATES}
    return core.agg(people=_.member_id.nunique(), **states)


@core_pooled.finish
def _pooled(
    counts: pd.DataFrame, calendar: Calendar, days: int = 28, periods: int = 6
) -> pd.DataFrame:
    """Share of all places in those cores; each member is one observation, however often core.

    ``n`` counts different people, and the interval (Wilson) takes them for the sample: what one
    of them does in six periods is hardly six independent facts. So it errs on the wide side.
    """
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    people = int(counts["people"].iloc[0])
    places = counts[list(STATES)].iloc[0].to_numpy(float)
    pool = _pool(calendar, days, periods)
    start = _when(calendar, days, max(pool, default=0))[0]
    end = _when(calendar, days, min(pool, default=0))[1]
    rows = []
    for i, state in enumerate(STATES):
        value = places[i] / places.sum() if people else np.nan
        low, high = wilson(value * people if people else 0, people)
        rows.append((start, end, state, value, people, low[0], high[0]))
    columns = ["period_start", "period_end", "state", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "state")


@core_members.view
def net_change(messages: ir.Table, *, calendar: Calendar, days: int = 28) -> ir.Table:
    """Count who came to each period, who dropped out in it, regulars before and those silent now.

    Came: wrote now and in none of the three periods before. Dropped out: wrote in the third one
    before and not since. So those who came, less those who dropped out, are the change in how many
    wrote within three periods; nobody counts twice.

    A member's messages in a period count there as now and in each of the next three as before, so
    that one sum by member and period says both, even for a period in which the member is silent.
    """
    import ibis
    from ibis import _

    wrote = _wrote(messages, calendar, days)
    wrote = wrote.mutate(oldest=_.back.max().over(group_by="member_id"))
    parts = [
        wrote.select(
            "member_id",
            "oldest",
            back=wrote.back - ahead,
            now=wrote.written if ahead == 0 else ibis.literal(0, "int64"),
            before=wrote.written if ahead else ibis.literal(0, "int64"),
            first=wrote.written if ahead == BEFORE else ibis.literal(0, "int64"),
        )
        for ahead in range(BEFORE + 1)
    ]
    each = ibis.union(*parts)
    each = each.filter(each.back >= 0).group_by("back", "member_id")
    each = each.agg(
        now=_.now.sum(), before=_.before.sum(), first=_.first.sum(), oldest=_.oldest.max()
    )
    came, silent, regular = each.before == 0, each.now == 0, each.before >= REGULAR
    kinds = {
        "came": came,
        "reactivated": came & (each.oldest > each.back),
        "dropped_out": silent & (each.before == each["first"]),
        "regulars": regular,
        "regulars_lost": regular & silent,
    }
    flags = {kind: flag.cast("int64").sum() for kind, flag in kinds.items()}
    return each.group_by("back").agg(**flags)


@net_change.finish
def _net(counts: pd.DataFrame, calendar: Calendar, days: int = 28) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    from shequn.intervals import wilson

    by_period = counts.set_index("back").astype(int)
    rows: list[tuple[Any, ...]] = []
    for back in reversed(range(_periods(calendar, days) - BEFORE)):
        found = by_period.loc[back].to_dict() if back in by_period.index else {}
        kinds = ("came", "reactivated", "dropped_out", "regulars", "regulars_lost")
        came, again, gone, regulars, lost = (found.get(kind, 0) for kind in kinds)
        # Where one of the two parts is withheld, the difference would give it away.
        few = [part for part in (came, gone) if 0 < part < SMALLEST_GROUP]
        low, high = wilson(lost, regulars)
        rate = lost / regulars if regulars else np.nan
        numbers = {
            "came": (came, came, np.nan, np.nan),
            "reactivated": (again, again, np.nan, np.nan),
            "dropped_out": (gone, gone, np.nan, np.nan),
            "net_change": (came - gone, min(few, default=came + gone), np.nan, np.nan),
            "regulars_lost": (rate, regulars, low[0], high[0]),
        }
        whole = _whole(calendar, days, back, BEFORE + 1)
        for measure in CHANGES:
            told = numbers[measure] if whole else (np.nan,) * 4
            rows.append((*_when(calendar, days, back), measure, *told))
    columns = ["period_start", "period_end", "measure", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "measure")


def _wrote(messages: ir.Table, calendar: Calendar, days: int) -> ir.Table:
    """Return ``member_id, back, written``: messages by period, 0 the last one, 1 that before."""
    import ibis
    from ibis import _

    wrote = messages.select(member_id="author_id", day=_.ts.date())
    wrote = wrote.filter(_.day >= ibis.date(calendar.first), _.day < ibis.date(calendar.end))
    ago = ibis.date(calendar.end).delta(wrote.day, unit="day") - 1
    wrote = wrote.select("member_id", back=(ago / days).floor().cast("int64"))
    return wrote.group_by("member_id", "back").agg(written=_.count())


def _core(messages: ir.Table, calendar: Calendar, days: int) -> ir.Table:
    """Return ``member_id, back, state``: those of the core before period ``back``, and how they do.

    A member is core if those who wrote more did not make up half. So members with equally many
    messages are core together or not at all, whatever their ids and the engine's order of rows.
    """
    import ibis
    from ibis import _

    wrote = _wrote(messages, calendar, days)
    levels = wrote.group_by("back", "written").agg(members=_.count())
    louder = ibis.cumulative_window(group_by="back", order_by=ibis.desc("written"))
    levels = levels.mutate(
        above=(_.written * _.members).sum().over(louder) - _.written * _.members,
        whole=(_.written * _.members).sum().over(group_by="back"),
    )
    levels = levels.select(
        period="back", level="written", core=(_.above * 2 < _.whole).cast("int64")
    )
    same = (wrote.back == levels.period) & (wrote.written == levels.level)
    members = wrote.join(levels, same).select("member_id", "back", "core")
    by_member = {"group_by": "member_id", "order_by": "back"}
    members = members.mutate(
        next_back=_.back.lag(1, _NOBODY).over(**by_member),
        next_core=_.core.lag(1, 0).over(**by_member),
    )
    wrote_on = members.next_back == members.back - 1
    state = ibis.cases(
        (wrote_on & (members.next_core == 1), "core_retained"),
        (wrote_on, "core_faded"),
        else_="core_lost",
    )
    members = members.mutate(state=state).filter(_.core == 1, _.back > 0)
    return members.select("member_id", "state", back=_.back - 1)


def _periods(calendar: Calendar, days: int) -> int:
    """Return how many whole periods lie between the first and the last covered day."""
    return (calendar.end - calendar.first).days // days


def _when(calendar: Calendar, days: int, back: int) -> tuple[object, object]:
    end = calendar.end - timedelta(days=back * days)
    return end - timedelta(days=days), end


def _whole(calendar: Calendar, days: int, back: int, periods: int) -> bool:
    """Tell whether a period and those before it, ``periods`` in all, are covered day by day."""
    start = calendar.end - timedelta(days=(back + periods) * days)
    return calendar.is_covered(start, periods * days)


def _pool(calendar: Calendar, days: int, periods: int) -> list[int]:
    """Return the last ``periods`` to be pooled: those covered, and so the one before each."""
    steps = range(_periods(calendar, days) - 1)
    return [back for back in steps if _whole(calendar, days, back, 2)][:periods]
