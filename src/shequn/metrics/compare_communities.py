"""Comparison of groups: who keeps people better or worse than size, newness and luck explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from shequn.metrics import SMALLEST_GROUP, metric, tidy
from shequn.metrics.standardise import Floats, bands, in_words, judge, ranks, ratio_of_sums
from shequn.metrics.windows import HISTORY_DAYS
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar

AGES = (28, 84)  # days in the group from which on the next band of age begins
KIND = 5  # groups of a kind from which on they tell something of the kind
COLUMNS = ("kind", "community_id", "platform")  # what groups can be put together by
SHOWN = (
    "chat_group", "crude", "expected_share", "standardised", "spread", "taken_out", "verdict",
)  # fmt: skip
MEASURES = ("kept_share", "groups", "judged", "outside_95", "outside_998", "overdispersion")
OUTSIDE = {
    "outside_95": ("above_95", "below_95", "above_998", "below_998"),
    "outside_998": ("above_998", "below_998"),
}


@metric(
    id="compare_communities",
    name=Text("Comparison of communities", "社群比较"),
    question=Text(
        "Which groups keep their people better or worse than the others, and which only look so "
        "because they are small or their people are new?",
        "哪些群留人确实比别的群好或差？哪些只是因为群小、新人多，看着像而已？",
    ),
    formula=(
        r"\frac{O_g}{E_g}, \quad E_g = \sum_s n_{gs} r_s; \qquad "
        r"1 \pm z \sqrt{\varphi}\, \frac{\sqrt{V_g}}{E_g}, \quad "
        r"V_g = \sum_s n_{gs} r_s (1 - r_s)\left(1 - \frac{n_{gs}}{n_s}\right)"
    ),
    symbols=Text(
        "O_g: people of group g who were kept; n_gs: its people in stratum s, of one age and size; "
        "n_s, r_s: people and share kept in the stratum over all groups; E_g: how many would be "
        "kept if the group were like the others; V_g: variance of O_g - E_g; φ: over-dispersion; "
        "z: 1.96 for the 95% limits, 3.09 for those of 99.8%",
        "O_g：群 g 留住的人数；n_gs：群 g 在层 s（同一人龄、同一规模）的人数；n_s、r_s：该层在全部群里的"
        "人数和留住比例；E_g：假如和别的群一样，应留住多少人；V_g：O_g - E_g 的方差；φ：过度离散；"
        "z：95% 控制限取 1.96，99.8% 取 3.09",
    ),
    needs={"messages": ("author_id", "channel_id", "ts")},
    uses={
        "channels": ("channel_id", "name", "kind", "community_id"),
        "communities": ("community_id", "platform"),
    },
    unit="ratio",
    direction="up",
    null=Text(
        "No value unless both windows are wholly covered; none for a group of one to four people, "
        "which enters no comparison either; none for a group that has nothing to be compared "
        "with. No verdict where fewer than five kept, or five lost, are expected.",
        "两个窗口没有全部覆盖时没有数值；一到四人的群没有数值，也不参与比较；没有可比对象的群没有数值。"
        "预期留住或预期失去的不足五人时，不作判定。",
    ),
    misleads=Text(
        "Each group is held against all together: two ratios cannot be held against each other "
        "where their mixes differ. What decides who joins which group is not taken out. People in "
        "several groups count in each.",
        "每个群是和全体比：构成不同的两个群，比值不能直接相比。什么人会进哪个群，这里没有排除。"
        "同时在几个群的人，每个群都算一次。",
    ),
    words={
        "chat_group": Text("group", "群"),
        "crude": Text("share kept", "留住的比例"),
        "expected_share": Text("expected from the mix", "按构成预期"),
        "standardised": Text("standardised share", "标准化后"),
        "spread": Text("standard error", "标准误"),
        "verdict": Text("verdict", "判定"),
        "within_limits": Text("within the funnel", "在漏斗之内"),
        "above_95": Text("above the 95% limits", "高于 95% 控制限"),
        "below_95": Text("below the 95% limits", "低于 95% 控制限"),
        "above_998": Text("above the 99.8% limits", "高于 99.8% 控制限"),
        "below_998": Text("below the 99.8% limits", "低于 99.8% 控制限"),
        "few_expected": Text("too few to judge", "人太少，不判定"),
        "few_people": Text("too few people", "人太少"),
        "alone": Text("nothing to compare with", "没有可比的群"),
        "not_covered": Text("windows not covered", "窗口没有全覆盖"),
        "taken_out": Text("taken out", "已排除"),
        "for_age": Text("age", "人龄"),
        "for_age_and_size": Text("age and size", "人龄与规模"),
        "sort": Text("groups that are", "群的归类"),
        "unknown": Text("unknown", "未知"),
        "kept_share": Text("share kept in all groups", "全部群留住的比例"),
        "groups": Text("groups compared", "参与比较的群数"),
        "judged": Text("groups with a verdict", "有判定的群数"),
        "outside_95": Text("of these outside the 95% limits", "其中在 95% 控制限之外"),
        "outside_998": Text("of these outside the 99.8% limits", "其中在 99.8% 控制限之外"),
        "overdispersion": Text("over-dispersion φ", "过度离散 φ"),
    },
    references=("spiegelhalter2005funnel",),
)
def compare_communities(
    messages: ir.Table,
    channels: ir.Table,
    communities: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    without: Sequence[str] = (),
) -> ir.Table:
    """Count people of the base window, and those kept, by group and band of age.

    A person is as old in a group as the days from the first message there to the start of the
    last window; who was there in the first days of the data is old. ``without`` are ids of groups
    left out, also of the shares that the others are held against.
    """
    import ibis
    from ibis import _

    start, last = _windows(calendar, days)
    seen = sorted(calendar.covered)
    new_from = seen[HISTORY_DAYS] if len(seen) > HISTORY_DAYS else calendar.end
    said = messages.drop_null("channel_id")
    if without:
        out = [without] if isinstance(without, str) else list(without)
        said = said.filter(_.channel_id.notin(out))
    said = said.select("channel_id", "author_id", day=_.ts.date())
    said = said.filter(_.day >= ibis.date(calendar.first), _.day < ibis.date(calendar.end))
    one, none = ibis.literal(1, "int64"), ibis.literal(0, "int64")
    before = (_.day >= ibis.date(start)) & (_.day < ibis.date(last))
    people = said.group_by("channel_id", "author_id").agg(
        first=_.day.min(),
        based=ibis.ifelse(before, one, none).max(),
        stayed=ibis.ifelse(_.day >= ibis.date(last), one, none).max(),
    )
    people = people.filter(_.based == 1)
    new, settled = (ibis.date(last - timedelta(days=age)) for age in AGES)
    band = ibis.cases(
        (people["first"] < ibis.date(new_from), 2),
        (people["first"] > new, 0),
        (people["first"] > settled, 1),
        else_=2,
    )
    people = people.mutate(age=band.cast("int64"))
    counts = people.group_by("channel_id", "age").agg(people=_.count(), kept=_.stayed.sum())
    places = communities.group_by(home="community_id").agg(platform=_.platform.min())
    rooms = channels.group_by(room="channel_id").agg(
        name=_.name.min(), kind=_.kind.min(), community_id=_.community_id.min()
    )
    rooms = rooms.left_join(places, rooms.community_id == places.home)
    rooms = rooms.select("room", "name", "kind", "community_id", "platform")
    told = counts.left_join(rooms, counts.channel_id == rooms.room)
    return told.select("channel_id", "name", *COLUMNS, "age", "people", "kept")


def _windows(calendar: Calendar, days: int) -> tuple[date, date]:
    """Return the first days of the base window and of the last one."""
    return calendar.end - timedelta(days=2 * days), calendar.end - timedelta(days=days)


class _Groups(NamedTuple):
    """The groups of a community, by id, with what they are called."""

    about: pd.DataFrame
    people: Floats  # by band of age
    kept: Floats

    def of(self, chosen: npt.NDArray[np.bool_]) -> _Groups:
        """Return those chosen."""
        about = self.about[chosen].reset_index(drop=True)
        return _Groups(about, self.people[chosen], self.kept[chosen])

    def strata(self) -> tuple[Floats, Floats, bool]:
        """Return people and kept by age and size, and whether size is told apart."""
        band = bands(self.people.sum(axis=1))
        inside = np.eye(band.max(initial=0) + 1)[band][:, :, None]
        flat = (len(band), -1) if len(band) else (0, len(AGES) + 1)
        spread = [(inside * x[:, None, :]).reshape(flat) for x in (self.people, self.kept)]
        return spread[0], spread[1], bool(band.max(initial=0))


def _read(counts: pd.DataFrame) -> _Groups:
    """Put the counts of each group side by side.

    A group goes by its name where it has one of its own, and by its id where it is too small to
    be shown.
    """
    import pandas as pd

    ages = range(len(AGES) + 1)
    wide = counts.pivot_table(
        index="channel_id", columns="age", values=["people", "kept"], aggfunc="sum"
    ).sort_index()
    people, kept = (
        wide.reindex(columns=[(what, age) for age in ages]).astype(float).fillna(0).to_numpy()
        for what in ("people", "kept")
    )
    about = counts.drop_duplicates("channel_id").set_index("channel_id")[["name", *COLUMNS]]
    about = about.reindex(wide.index).astype(object)
    about = about.where(about.notna() & (about != ""), None).reset_index()
    about["people"] = people.sum(axis=1)
    name = about["name"].where(about["people"] >= SMALLEST_GROUP)
    twice = name.duplicated(keep=False) & name.notna()
    name = name.mask(twice, name.astype(str) + " (" + about["channel_id"].astype(str) + ")")
    about["chat_group"] = name.where(name.notna(), about["channel_id"])
    return _Groups(pd.DataFrame(about), people, kept)


def _entered(groups: _Groups) -> _Groups:
    """Return the groups that are compared: a smaller one might be told from the pooled shares."""
    return groups.of(groups.about["people"].to_numpy() >= SMALLEST_GROUP)


@compare_communities.finish
def _compared(
    counts: pd.DataFrame, calendar: Calendar, days: int = 28, without: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a row a group, the largest first: not in the order of the ratio.

    The interval has a half-width of 1.96 of the spread by chance: it holds 1 just where the group
    lies within the 95% limits.
    """
    import pandas as pd
    from scipy.stats import norm

    groups = _read(counts)
    start, _ = _windows(calendar, days)
    about = groups.about.set_index("channel_id")
    blank = dict.fromkeys(("value", "low", "high", *SHOWN[1:5]), np.nan)
    frame = about[["chat_group"]].assign(
        **blank, n=about["people"], verdict="few_people", taken_out=None
    )
    if not calendar.is_covered(start, 2 * days):
        frame = frame.assign(n=np.nan, verdict="not_covered")
    elif len(entered := _entered(groups).about):
        people, kept, by_size = _entered(groups).strata()
        found = judge(people, kept)
        n, known = entered["people"].to_numpy(), ~np.isnan(found.ratio)
        half = np.where(found.judged, norm.ppf(0.975) * found.spread, np.nan)
        overall = kept.sum() / people.sum()
        taken = "for_age_and_size" if by_size else "for_age"
        rows = pd.DataFrame(
            {
                "value": found.ratio,
                "low": np.maximum(found.ratio - half, 0),
                "high": np.minimum(found.ratio + half, n / np.where(known, found.expected, np.nan)),
                "crude": kept.sum(axis=1) / n,
                "expected_share": np.where(known, found.expected / n, np.nan),
                "standardised": found.ratio * overall,
                "spread": found.spread,
                "verdict": in_words(found),
                "taken_out": [taken if k else None for k in known],
            },
            index=pd.Index(entered["channel_id"]),
        )
        frame.loc[rows.index, list(rows)] = rows
    frame = frame.assign(period_start=start, period_end=calendar.end, people=about["people"])
    frame = frame.sort_values(["people", "chat_group"], ascending=[False, True])
    return tidy(frame, *SHOWN)


@compare_communities.view
def overview(
    messages: ir.Table,
    channels: ir.Table,
    communities: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    without: Sequence[str] = (),
) -> ir.Table:
    """Return the same counts, for how many groups lie outside, and how far all differ."""
    tables = messages, channels, communities
    return compare_communities.expression(*tables, calendar=calendar, days=days, without=without)


@overview.finish
def _overview(
    counts: pd.DataFrame, calendar: Calendar, days: int = 28, without: Sequence[str] = ()
) -> pd.DataFrame:
    import pandas as pd

    from shequn.intervals import wilson

    start, _ = _windows(calendar, days)
    groups = _entered(_read(counts))
    rows: dict[str, tuple[float, ...]] = dict.fromkeys(MEASURES, (np.nan,) * 4)
    if calendar.is_covered(start, 2 * days) and len(groups.about):
        people, kept, _ = groups.strata()
        found = judge(people, kept)
        verdicts = np.array(in_words(found))
        n, judged = people.sum(), people[found.judged].sum()
        low, high = wilson(kept.sum(), n)
        rows["kept_share"] = (kept.sum() / n, n, low[0], high[0])
        rows["groups"] = (len(people), n, np.nan, np.nan)
        rows["judged"] = (found.judged.sum(), judged, np.nan, np.nan)
        for measure, counted in OUTSIDE.items():
            value = np.isin(verdicts, counted).sum() if found.judged.any() else np.nan
            rows[measure] = (value, judged, np.nan, np.nan)
        rows["overdispersion"] = (found.overdispersion, judged, np.nan, np.nan)
    frame = pd.DataFrame(rows, index=["value", "n", "low", "high"]).T.rename_axis("measure")
    frame = frame.reset_index().assign(period_start=start, period_end=calendar.end)
    return tidy(frame, "measure")


@compare_communities.view
def league_table(
    messages: ir.Table,
    channels: ir.Table,
    communities: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    without: Sequence[str] = (),
) -> ir.Table:
    """Return the same counts, for the ranks that are not to be trusted."""
    tables = messages, channels, communities
    return compare_communities.expression(*tables, calendar=calendar, days=days, without=without)


@league_table.finish
def _league_table(
    counts: pd.DataFrame, calendar: Calendar, days: int = 28, without: Sequence[str] = ()
) -> pd.DataFrame:
    """Rank groups by the share kept, with the range of ranks that chance alone would give."""
    groups = _entered(_read(counts))
    start, _ = _windows(calendar, days)
    if len(groups.about) < 2 or not calendar.is_covered(start, 2 * days):
        groups = groups.of(np.zeros(len(groups.about), dtype=bool))
    n, kept = groups.people.sum(axis=1), groups.kept.sum(axis=1)
    rank, low, high = ranks(kept, n)
    frame = groups.about[["chat_group"]].assign(
        crude=kept / n, value=rank, n=n, low=low, high=high,
        period_start=start, period_end=calendar.end,
    )  # fmt: skip
    return tidy(frame.sort_values(["value", "chat_group"]), "chat_group", "crude")


@compare_communities.view
def by_kind(
    messages: ir.Table,
    channels: ir.Table,
    communities: ir.Table,
    *,
    calendar: Calendar,
    days: int = 28,
    without: Sequence[str] = (),
    by: str = "kind",
) -> ir.Table:
    """Return the same counts, for groups put together by a column of theirs.

    Raises
    ------
    ShequnError
        Where groups have no such column.
    """
    if by not in COLUMNS:
        raise ShequnError(
            Text(f"Groups cannot be put together by {by!r}.", f"不能按 {by!r} 给群归类。"),
            Text(f"Write one of {', '.join(COLUMNS)}.", f"请写其中之一：{'、'.join(COLUMNS)}。"),
        )
    tables = messages, channels, communities
    return compare_communities.expression(*tables, calendar=calendar, days=days, without=without)


@by_kind.finish
def _by_kind(
    counts: pd.DataFrame,
    calendar: Calendar,
    days: int = 28,
    without: Sequence[str] = (),
    by: str = "kind",
) -> pd.DataFrame:
    """Pool kept and expected over the groups of a kind; chance is that of groups, not of people."""
    import pandas as pd

    groups = _entered(_read(counts))
    start, _ = _windows(calendar, days)
    people, kept, _ = groups.strata()
    expected, observed = judge(people, kept).expected, kept.sum(axis=1)
    sort = groups.about[by].where(groups.about[by].notna(), "unknown")
    seen = calendar.is_covered(start, 2 * days) and len(set(sort)) > 1
    rows = []
    for name in sorted(sort.unique()):
        inside = (sort == name).to_numpy()
        m, n = int(inside.sum()), people[inside].sum()
        value = low = high = np.nan
        if seen and m >= KIND and expected[inside].any():
            value, low, high = ratio_of_sums(observed[inside], expected[inside])
        rows.append((start, calendar.end, name, m, value, n, low, high))
    columns = ["period_start", "period_end", "sort", "groups", "value", "n", "low", "high"]
    return tidy(pd.DataFrame(rows, columns=columns), "sort", "groups")
