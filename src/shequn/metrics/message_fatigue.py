"""Message fatigue: muting and leaving in weeks with many broadcasts, against weeks with few."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shequn.metrics import metric, tidy
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

SENT, MUTED = "broadcast", "mute"  # names in events
MEASURES = ("mute_rate", "leave_rate_unmuted")
DOSES = (1, 3, 6)  # broadcasts a week with which each dose but the first begins: 0, 1–2, 3–5, 6+
FEWEST = 10  # members who muted, or left, below which no ratio is told
_WEEK = timedelta(days=7)


@metric(
    id="message_fatigue",
    name=Text("Message fatigue", "群发疲劳"),
    question=Text(
        "In weeks with many broadcasts, do more members mute the group or leave it than in weeks "
        "with few?",
        "群发多的那些周，屏蔽群消息或退群的成员，比群发少的周多吗？",
    ),
    formula=r"h_b = \frac{\sum_{t:\,B_t = b} e_t}{\sum_{t:\,B_t = b} m_t}, \qquad \mathrm{RR} = \frac{h_b}{h_a}",
    symbols=Text(
        "B_t: broadcasts in week t; m_t: members at risk when week t begins, neither muted nor "
        "gone; e_t: those of them who mute (or leave) in week t; RR: rate ratio of dose b to dose a",
        "B_t：第 t 周的群发条数；m_t：第 t 周开始时既没屏蔽也没退群的成员；"
        "e_t：其中当周屏蔽（或退群）的人；RR：剂量 b 与剂量 a 的发生率之比",
    ),
    needs={"events": ("ts", "name", "member_id"), "members": ("member_id", "joined_at")},
    unit="share",
    direction="down",
    null=Text(
        "No value without a broadcast in the data. Without a single mute, or leave, these count as "
        "unseen. A ratio needs ten members who did it, some of them in weeks of the lowest dose. "
        "None where one to four members were at risk.",
        "数据里没有群发就没有数值；一次屏蔽（或退群）都没有，就当作看不到。发生率之比要有十名成员这样做过，"
        "最低剂量的周里也要有人。面对群发的只有一到四人时没有。",
    ),
    misleads=Text(
        "Weeks with many broadcasts are also weeks of sales, holidays, quarrels. Who is easily "
        "annoyed mutes early and is then at risk no more, so a long run of messages looks ever "
        "better borne. Broadcasts sent under a staff member's id leave the data with her.",
        "群发多的周，往往也是促销、过节、吵架的周。容易烦的人早早屏蔽，之后就不在分母里，"
        "于是发得越久，看上去大家越受得了。群发若记在员工名下，会随员工一起被剔除。",
    ),
    words={
        "dose": Text("broadcasts a week", "每周群发条数"),
        "mute_rate": Text("muted, per member-week", "每人·周屏蔽的"),
        "leave_rate_unmuted": Text("left unmuted, per member-week", "每人·周未屏蔽而退群的"),
        "per_broadcast": Text("one broadcast a week more", "每周多群发一条"),
        "highest_lowest": Text("highest dose to lowest", "最高剂量比最低剂量"),
        "contrast": Text("rate ratio of", "发生率之比"),
    },
    references=("friestad1994persuasion", "butler2001membership"),
)
def message_fatigue(
    events: ir.Table,
    members: ir.Table,
    *,
    calendar: Calendar,
    doses: tuple[int, ...] = DOSES,
) -> ir.Table:
    """Broadcasts by week; members by the week they come under risk, and by that in which they end it.

    A member is at risk from the first week that begins after joining to the week of muting or
    leaving, whichever is first; both in one week count as what came first.
    """
    import ibis
    from ibis import _

    far = ibis.timestamp("2200-01-01 00:00:00")
    first = ibis.date(calendar.week_of(calendar.first))
    sent = events.filter(events.name == SENT)
    sent = sent.select(week=calendar.week(sent.ts.date())).group_by("week").agg(number=_.count())
    muted = events.filter(events.name == MUTED, events.member_id.notnull())
    muted = muted.group_by(muter="member_id").agg(muted=_.ts.min())
    people = members.filter(members.joined_at.notnull())
    people = people.left_join(muted, people.member_id == muted.muter)
    people = people.select(
        muted=people.muted.fill_null(far),
        left=people.left_at.fill_null(far),
        enters=(calendar.week(people.joined_at.date()) + ibis.interval(days=7)).cast("date"),
    )
    people = people.select(
        enters=ibis.greatest(people.enters, first),
        leaves=calendar.week(ibis.least(people.muted, people.left).date()),
        how=ibis.cases(
            ((people.muted == far) & (people.left == far), "stays"),
            (people.muted <= people.left, "mute_rate"),
            else_="leave_rate_unmuted",
        ),
    )
    people = people.filter(people.leaves >= people.enters)  # weeks after the end are cut later
    entered = people.group_by(week="enters").agg(number=_.count())
    ended = people.filter(people.how != "stays")
    ended = ended.group_by(part="how", week="leaves").agg(number=_.count())
    columns = ("part", "week", "number")
    return ibis.union(
        sent.mutate(part=ibis.literal("sent")).select(*columns),
        entered.mutate(part=ibis.literal("entered")).select(*columns),
        ended.select(*columns),
    )


@message_fatigue.finish
def _by_dose(
    counts: pd.DataFrame, calendar: Calendar, doses: tuple[int, ...] = DOSES
) -> pd.DataFrame:
    """Divide by member-weeks at risk; the interval takes members for independent (Poisson, exact).

    ``n`` counts the members at risk in the fullest week of the dose.
    """
    import numpy as np
    import pandas as pd
    from statsmodels.stats.rates import confint_poisson

    weeks, seen = _weeks(counts, calendar)
    rows: list[tuple[object, ...]] = []
    for measure in MEASURES:
        for i in range(len(doses) + 1):
            of = weeks[_dose(weeks["sent"], doses) == i] if seen[measure] else weeks.iloc[:0]
            exposed, n = of["at_risk"].sum(), of["at_risk"].max()
            numbers = [np.nan, n if len(of) else np.nan, np.nan, np.nan]
            if exposed > 0:
                hit = of[measure].sum()
                low, high = confint_poisson(hit, exposed, method="exact-c")
                numbers = [hit / exposed, n, low, high]
            rows.append((measure, _label(i, doses), *numbers))
    frame = pd.DataFrame(rows, columns=["measure", "dose", "value", "n", "low", "high"])
    start, end = _period(weeks, calendar)
    return tidy(frame.assign(period_start=start, period_end=end), "measure", "dose")


@message_fatigue.view
def rate_ratios(
    events: ir.Table,
    members: ir.Table,
    *,
    calendar: Calendar,
    doses: tuple[int, ...] = DOSES,
) -> ir.Table:
    """Return the same counts, for the ratios of rates."""
    return message_fatigue.expression(events, members, calendar=calendar, doses=doses)


@rate_ratios.finish
def _ratios(
    counts: pd.DataFrame, calendar: Calendar, doses: tuple[int, ...] = DOSES
) -> pd.DataFrame:
    """Highest dose to lowest, exact; and for one broadcast more, by Poisson regression on weeks.

    The regression's interval is widened where weeks differ by more than chance (quasi-Poisson).
    """
    import pandas as pd

    weeks, seen = _weeks(counts, calendar)
    start, end = _period(weeks, calendar)
    weeks = weeks[weeks["at_risk"] > 0]
    n = weeks["at_risk"].max() if len(weeks) else 0.0
    rows = []
    for measure in MEASURES:
        told = seen[measure] and weeks[measure].sum() >= FEWEST
        extremes = _extremes(weeks, measure, doses) if told else _UNKNOWN
        trend = _trend(weeks, measure) if told else _UNKNOWN
        rows.append((measure, "highest_lowest", extremes[0], n, *extremes[1:]))
        rows.append((measure, "per_broadcast", trend[0], n, *trend[1:]))
    frame = pd.DataFrame(rows, columns=["measure", "contrast", "value", "n", "low", "high"])
    return tidy(frame.assign(period_start=start, period_end=end), "measure", "contrast")


_UNKNOWN = (float("nan"),) * 3


def _extremes(
    weeks: pd.DataFrame, measure: str, doses: tuple[int, ...]
) -> tuple[float, float, float]:
    """Rate ratio of the highest dose that occurs to the lowest.

    Given both together, the events of the one are binomial: the bounds of that share (Clopper and
    Pearson's) become bounds of the ratio.
    """
    from statsmodels.stats.proportion import proportion_confint

    sums = weeks.groupby(_dose(weeks["sent"], doses))[["at_risk", measure]].sum()
    (much, high_hit), (little, low_hit) = sums.iloc[-1], sums.iloc[0]
    if len(sums) < 2 or not low_hit:
        return _UNKNOWN
    low, high = proportion_confint(high_hit, high_hit + low_hit, method="beta")
    weight = little / much
    ratio = high_hit / low_hit * weight
    return float(ratio), float(low / (1 - low) * weight), float(high / (1 - high) * weight)


def _trend(weeks: pd.DataFrame, measure: str) -> tuple[float, float, float]:
    """Rate ratio for one broadcast a week more; it needs events in weeks of two doses."""
    import warnings

    import numpy as np
    import statsmodels.api as sm
    from scipy.stats import norm

    if weeks.loc[weeks[measure] > 0, "sent"].nunique() < 2:
        return _UNKNOWN
    model = sm.GLM(
        weeks[measure].to_numpy(float),
        sm.add_constant(weeks["sent"].to_numpy(float)),
        family=sm.families.Poisson(),
        exposure=weeks["at_risk"].to_numpy(float),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two weeks are fitted perfectly, which is no fault
        model = model.fit()
    spread = max(model.pearson_chi2 / model.df_resid, 1.0) if model.df_resid else 1.0
    half = norm.ppf(0.975) * model.bse[1] * np.sqrt(spread)
    slope = model.params[1]
    return float(np.exp(slope)), float(np.exp(slope - half)), float(np.exp(slope + half))


def _weeks(counts: pd.DataFrame, calendar: Calendar) -> tuple[pd.DataFrame, dict[str, bool]]:
    """Return the whole weeks with what was sent, members at risk and events; and what is seen."""
    import pandas as pd

    named = counts.assign(week=pd.to_datetime(counts["week"]))
    wide = named.pivot_table(index="week", columns="part", values="number", aggfunc="sum")
    weeks = pd.DatetimeIndex(calendar.weeks(), name="week")
    wide = wide.reindex(index=weeks, columns=["sent", "entered", *MEASURES]).astype(float)
    any_sent = bool(wide["sent"].notna().any())
    seen = {measure: any_sent and bool(wide[measure].notna().any()) for measure in MEASURES}
    wide = wide.fillna(0)
    gone = wide[list(MEASURES)].sum(axis=1).cumsum().shift(fill_value=0)
    wide["at_risk"] = wide["entered"].cumsum() - gone
    whole = [calendar.is_covered(week.date(), 7) for week in weeks]
    return wide[whole], seen


def _period(weeks: pd.DataFrame, calendar: Calendar) -> tuple[pd.Timestamp, pd.Timestamp]:
    import pandas as pd

    if weeks.empty:
        return pd.Timestamp(calendar.first), pd.Timestamp(calendar.end)
    return pd.Timestamp(weeks.index[0]), pd.Timestamp(weeks.index[-1] + _WEEK)


def _dose(sent: pd.Series[float], doses: tuple[int, ...]) -> pd.Series[int]:
    """Return which dose each week had: 0 below the first bound."""
    import numpy as np
    import pandas as pd

    return pd.Series(np.searchsorted(doses, sent, side="right"), index=sent.index)


def _label(dose: int, doses: tuple[int, ...]) -> str:
    low, high = (0, *doses)[dose], (*doses, None)[dose]
    if high is None:
        return f"{low}+"
    return f"{low}" if high - low == 1 else f"{low}–{high - 1}"
