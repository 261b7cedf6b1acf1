"""Channel concentration: shares, the Herfindahl index, the effective number, joins per exposure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from shequn.dataset import open_dataset
from shequn.metrics.channel_concentration import (
    ENOUGH,
    channel_concentration,
    concentration,
    concentration_by_month,
    herfindahl,
    join_rate,
    measures_of,
)
from shequn.paths import SAMPLE

SOURCES = covering(("2024-01-01", "2024-03-31"))
COLUMNS = ("member_id", "joined_at", "joined_at_basis", "join_channel")


def people(channels: dict[str | None, int], day: str = "2024-01-10") -> pd.DataFrame:
    """Return a roster with so many joins of each channel, all seen, on one day."""
    names = [c for c, n in channels.items() for _ in range(n)]
    return roster(
        *[(f"m{day}{i}", f"{day} 12:00:00", "event", c) for i, c in enumerate(names)],
        columns=COLUMNS,
    )


def of(query: Any, members: pd.DataFrame, **given: Any) -> pd.DataFrame:
    return compute(query, **{"members": members, "sources": SOURCES, **given})


def values(frame: pd.DataFrame) -> dict[str, float]:
    return dict(zip(frame["measure"], frame["value"], strict=True))


class Measure(NamedTuple):
    """A number, the joins behind it and its interval."""

    value: float
    n: float
    low: float
    high: float


def measured(counts: Iterable[int]) -> dict[str, Measure]:
    """Return the measures of channels of so many joins."""
    channels = {f"c{i}": int(n) for i, n in enumerate(counts)}
    return {measure: Measure(*numbers) for measure, *numbers in measures_of(channels)}


def test_by_hand() -> None:
    """31, 10 and 9 of 50: 0.62² + 0.2² + 0.18² = 0.4568, that is 2.189 equal channels."""
    members = people({"moments": 31, "search": 10, "event": 9})
    found = values(of(concentration, members))
    assert found["hhi"] == pytest.approx(0.4568)
    assert found["effective_channels"] == pytest.approx(1 / 0.4568)
    assert (found["top_share"], found["channels"]) == (pytest.approx(0.62), 3)
    assert found["hhi_least"] == found["hhi_most"] == pytest.approx(0.4568)
    shares = of(channel_concentration, members)
    assert shares["channel"].tolist() == ["moments", "search", "event"]  # the largest first
    assert shares["value"].tolist() == pytest.approx([0.62, 0.2, 0.18])
    assert shares["n"].tolist() == [31, 10, 9]
    for line, count in zip(shares.to_dict("records"), (31, 10, 9), strict=True):
        bounds = proportion_confint(count, 50, method="wilson")
        assert (line["low"], line["high"]) == pytest.approx(bounds)
    top = row(of(concentration, members), measure="top_share")
    assert (top["low"], top["high"]) == pytest.approx(proportion_confint(31, 50, method="wilson"))
    assert top["n"] == 50


def test_an_unknown_channel_is_a_row_and_bounds_the_index() -> None:
    """31, 10, 9 and ten unknown: least (961 + 100 + 81 + 10)/3600, most (41² + 100 + 81)/3600."""
    members = people(
        {"moments": 30, " moments\u3000": 1, "search": 10, "event": 9, None: 6, "  ": 4}
    )
    shares = of(channel_concentration, members)
    assert row(shares, channel="unknown_channel")["value"] == pytest.approx(10 / 60)
    assert shares["value"].sum() == pytest.approx(1)
    frame = of(concentration, members)
    found = values(frame)
    assert found["hhi"] == pytest.approx(0.4568)  # of the known
    assert found["hhi_least"] == pytest.approx(1152 / 3600)
    assert found["hhi_most"] == pytest.approx(1862 / 3600)
    assert row(frame, measure="hhi")["n"] == 50
    assert row(frame, measure="hhi_most")["n"] == 60


@pytest.mark.parametrize(("known", "unknown", "told"), [
    (ENOUGH, 0, True), (ENOUGH - 1, 0, False), (40, 40, True), (40, 41, False),
])  # fmt: skip
def test_too_few_or_mostly_unknown_have_no_index(known: int, unknown: int, *, told: bool) -> None:
    frame = of(concentration, people({"a": known - 5, "b": 5, None: unknown}))
    assert frame["value"].notna().all() == frame["value"].notna().any() == told
    assert (frame.loc[frame["measure"] == "hhi", "n"] == known).all()


def test_a_name_keeps_its_letters_and_the_blanks_inside_it() -> None:
    """Spark, asked by ibis to strip a text, takes letters f and v from its ends."""
    found = of(channel_concentration, people({" friends  of v": 6, "field": 5}))
    assert found["channel"].tolist() == ["friends  of v", "field"]


def test_one_channel_is_an_index_of_one_without_doubt_about_it() -> None:
    found = row(of(concentration, people({"only": 40})), measure="hhi")
    assert found[["value", "low", "high"]].tolist() == [1, 1, 1]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8).filter(lambda c: sum(c) >= ENOUGH))
def test_the_index_lies_between_one_over_k_and_one_and_inside_its_interval(
    counts: list[int],
) -> None:
    found = measured(counts)
    index, effective = found["hhi"], found["effective_channels"]
    k = len(counts)
    assert 1 / k <= index.value + 1e-12 and index.value <= 1 + 1e-12
    assert 1 / k - 1e-12 <= index.low <= index.value + 1e-12 <= index.high + 2e-12
    assert effective.value * index.value == pytest.approx(1)
    assert effective.low * index.high == pytest.approx(1)
    assert effective.high * index.low == pytest.approx(1)
    # Putting two channels together never lowers it; the largest share bounds it on both sides.
    assert herfindahl([sum(counts[:2]), *counts[2:]]) >= index.value - 1e-12
    top = found["top_share"].value
    assert top**2 <= index.value + 1e-12 <= top + 2e-12


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Forty communities of 60 joins, shares .62/.2/.18 and five equal ones: at most five misses.

    With coverage of 0.95 more than five misses in forty have a probability of 0.014; the percentile
    interval of the index itself, which is off by (1 - H)/n, misses all forty equal ones.
    """
    random = np.random.default_rng(5)
    for p in ([0.62, 0.2, 0.18], [0.2] * 5):
        missed = 0
        for _ in range(40):
            counts = random.multinomial(60, p)
            index = measured(counts)["hhi"]
            missed += not index.low - 1e-12 <= float(np.square(p).sum()) <= index.high
        assert missed <= 5, p


def test_only_the_joins_of_the_last_days_count() -> None:
    """The data end with 31 March: of the last 30 days, 2 March is the first."""
    members = pd.concat([
        people({"old": 9}, "2024-03-01"), people({"first": 9}, "2024-03-02"), people({"last": 9}, "2024-03-31"),
        people({"before": 9}, "2023-12-31"), people({"after": 9}, "2024-04-01"),
    ])  # fmt: skip
    found = of(channel_concentration, members, options={"days": 30})
    assert set(found["channel"]) == {"first", "last"}
    assert set(found["period_start"]) == {pd.Timestamp("2024-03-02")}
    whole = of(channel_concentration, members, options={"days": 0})
    assert set(whole["channel"]) == {"old", "first", "last"}


def test_joins_on_a_day_that_is_not_covered_do_not_count() -> None:
    holed = covering(("2024-01-01", "2024-01-09"), ("2024-01-11", "2024-03-31"))
    members = pd.concat([people({"hole": 9}), people({"seen": 9}, "2024-01-11")])
    found = of(channel_concentration, members, sources=holed, options={"days": 0})
    assert found["channel"].tolist() == ["seen"]


def test_who_is_new_is_what_retention_says() -> None:
    """Joining unseen: new on speaking first after 28 days of history; not one who spoke before."""
    members = roster(
        ("early", "2024-01-02 12:00:00", "first_message", "a"),
        ("late", "2024-02-20 12:00:00", "first_message", "b"),
        ("again", "2024-02-20 12:00:00", "event", "c"),
        ("silent", "2024-02-20 12:00:00", "api", "d"),
        columns=COLUMNS,
    )
    messages = log(
        ("early", "2024-01-02 12:00:00"), ("late", "2024-02-20 12:00:00"),
        ("again", "2024-01-05 12:00:00"), ("guest", "2024-03-01 12:00:00"),
    )  # fmt: skip
    found = of(channel_concentration, members, messages=messages, options={"days": 0})
    assert row(found, channel="rest_channels")["n"] == 2  # late and silent, put together
    assert row(found, channel="unknown_channel")["n"] == 1  # the guest is on no roster
    assert len(found) == 2


def test_small_channels_are_one_row_and_few_unknown_are_withheld() -> None:
    members = people({"big": 30, "five": 5, "four": 4, "one": 1, None: 3})
    found = of(channel_concentration, members, smallest_group=5)
    assert dict(zip(found["channel"], found["n"].fillna(-1), strict=True)) == {
        "big": 30, "five": 5, "rest_channels": 5, "unknown_channel": -1,
    }  # fmt: skip
    assert row(found, channel="unknown_channel")["withheld"]
    assert np.isnan(row(found, channel="unknown_channel")["value"])
    frame = of(concentration, members, smallest_group=5)
    assert row(frame, measure="channels")["value"] == 4  # each counts for itself in the index
    expected = (30**2 + 5**2 + 4**2 + 1) / 40**2
    assert row(frame, measure="hhi")["value"] == pytest.approx(expected)


def test_by_month_and_by_quarter() -> None:
    """January by one channel, February by two equal ones, March not wholly covered."""
    members = pd.concat(
        [people({"a": 40}), people({"a": 20}, "2024-02-01"), people({"b": 20}, "2024-02-29")]
    )
    sources = covering(("2024-01-01", "2024-03-30"))
    found = of(concentration_by_month, members, sources=sources)
    hhi = found[found["measure"] == "hhi"]
    assert hhi["value"].tolist() == pytest.approx([1, 0.5, np.nan], nan_ok=True)
    assert hhi["period_start"].dt.strftime("%m-%d").tolist() == ["01-01", "02-01", "03-01"]
    assert hhi["period_end"].dt.strftime("%m-%d").tolist() == ["02-01", "03-01", "04-01"]
    assert np.isnan(hhi["n"].iloc[-1])
    quarters = of(concentration_by_month, members, options={"months": 3})
    quarter = row(quarters, measure="hhi")
    assert quarter["value"] == pytest.approx((60**2 + 20**2) / 80**2)
    assert quarter["period_end"] == pd.Timestamp("2024-04-01")


def test_a_year_s_end_lies_between_two_months() -> None:
    sources = covering(("2023-11-01", "2024-02-10"))  # October ends where the data begin
    found = of(concentration_by_month, people({"a": 40}), sources=sources)
    starts = found.loc[found["measure"] == "hhi", "period_start"].dt.strftime("%Y-%m-%d").tolist()
    assert starts == ["2023-11-01", "2023-12-01", "2024-01-01", "2024-02-01"]
    assert row(found, measure="hhi", period_start=pd.Timestamp("2024-01-01"))["value"] == 1


def test_nobody() -> None:
    nobody = people({"a": 1})[:0]
    assert len(of(channel_concentration, nobody)) == 0
    assert of(concentration, nobody)["value"].isna().all()
    assert set(of(concentration, nobody)["n"]) == {0}
    assert len(of(join_rate, nobody)) == 0
    one = of(channel_concentration, people({"a": 1}), smallest_group=5)
    assert one["channel"].tolist() == ["rest_channels"] and one["value"].isna().all()


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_join_at_midnight_is_on_the_day_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC is the 8th in Shanghai, but with days from four o'clock the 7th.

    One click a day on the 7th, ten on the 8th: the last day of data is that of the join.
    """
    members = people({"a": 5}).assign(joined_at="2024-01-07 17:30:00")
    sources = covering(("2024-01-01", "2024-01-07")).assign(covers_to="2024-01-07 17:30:00")
    found = row(
        compute(
            join_rate, members=members, timezone=timezone, day_start=day_start,
            week_start=week_start, sources=sources, options={"days": 1},
            spend=money(("2024-01-07", "a", 100, 1), ("2024-01-08", "a", 100, 10)),
        ),
        measure="joins_per_click",
    )  # fmt: skip
    eighth = timezone == "Asia/Shanghai" and day_start == "00:00"
    assert (found["n"], found["exposures"]) == (5, 10 if eighth else 1)
    assert (week == "2024-01-08") == eighth


# --- joins per exposure


def money(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return costs from ``(day, channel, impressions, clicks)``."""
    columns = ["date", "channel", "impressions", "clicks"]
    return pd.DataFrame(list(rows), columns=columns, dtype=object).assign(cost=1.0)


def test_joins_per_click_by_hand() -> None:
    """8 joins for 40 clicks and 400 views; Garwood's bounds of 8 are 3.454 and 15.763.

    The bounds stand in tables of the Poisson distribution, such as Garwood's (1936).
    """
    found = of(
        join_rate, people({"a": 8, "free": 7, "small": 2}),
        spend=money(("2024-01-10", "a", 300, 30), ("2024-01-11", "a", 100, 10),
                    ("2024-01-10", "none", 50, None), ("2024-01-10", "small", 10, 0)),
    )  # fmt: skip
    clicks = row(found, measure="joins_per_click")
    assert (clicks["channel"], clicks["exposures"], clicks["n"]) == ("a", 40, 8)
    assert clicks["value"] == pytest.approx(0.2)
    assert clicks["low"] == pytest.approx(3.454 / 40, abs=1e-5)
    assert clicks["high"] == pytest.approx(15.763 / 40, abs=1e-5)
    seen = found[found["measure"] == "joins_per_impression"]
    assert seen["channel"].tolist() == ["rest_channels", "a", "none"]
    nobody = row(seen, channel="none")
    assert (nobody["value"], nobody["n"], nobody["low"]) == (0, 0, 0)
    assert nobody["high"] == pytest.approx(-np.log(0.025) / 50)  # the rule of 3.69


def test_more_joins_than_clicks_are_a_rate_above_one() -> None:
    found = of(join_rate, people({"a": 8}), spend=money(("2024-01-10", "a", 5, 4)))
    assert row(found, measure="joins_per_click")["value"] == 2


def test_exposures_outside_the_window_or_on_days_not_covered_do_not_count() -> None:
    holed = covering(("2024-01-01", "2024-01-09"), ("2024-01-11", "2024-03-31"))
    days = ("2024-01-10", "2024-03-01", "2024-03-02", "2024-03-31", "2024-04-01")
    spend = money(*[(day, "a", 10**i, 1) for i, day in enumerate(days)])
    members = people({"a": 8}, "2024-03-31")
    for window, seen in ((30, 1100), (0, 1110)):
        found = of(join_rate, members, spend=spend, sources=holed, options={"days": window})
        assert row(found, measure="joins_per_impression")["exposures"] == seen


def test_the_sample_gives_back_what_joined_of_those_who_clicked() -> None:
    """``truth.json`` has the probability of a join given a click, by channel."""
    facts = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["channels"]
    with open_dataset() as sample:
        found = sample.compute(join_rate, days=0)
        shares = sample.compute(channel_concentration, days=0)
    clicks = found[found["measure"] == "joins_per_click"].set_index("channel")
    assert set(clicks.index) == set(facts) == set(shares["channel"])
    for channel, fact in facts.items():
        line = clicks.loc[channel]
        assert line["n"] == fact["members"]
        assert line["low"] <= fact["p_join_given_click"] <= line["high"], channel
        # Views to joins, the two laws one after the other.
        views = row(found, measure="joins_per_impression", channel=channel)
        through = fact["p_join_given_click"] * fact["p_click_given_exposure"]
        assert stats.poisson.sf(line["n"] - 1, through * views["exposures"]) > 0.005
    assert shares["n"].sum() == sum(fact["members"] for fact in facts.values())
