"""Message fatigue: muting and leaving per member-week at risk, by broadcasts in the week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, roster, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.rates import confint_poisson

from shequn.calendar import Calendar
from shequn.dataset import open_dataset
from shequn.metrics.message_fatigue import message_fatigue, rate_ratios

MONDAY = datetime(2024, 1, 1)
WEEKS = covering(("2024-01-01", "2024-02-11"))  # six whole weeks
W = 7 * 24


def events(*rows: tuple[str | None, str, float]) -> pd.DataFrame:
    """Return events from ``(member, name, hours since the first Monday)``."""
    full = [(who, name, str(MONDAY + timedelta(hours=hours))) for who, name, hours in rows]
    return log(*full, columns=("member_id", "name", "ts"))


def sent(*numbers: int) -> list[tuple[None, str, float]]:
    """Return so many broadcasts in each week."""
    return [(None, "broadcast", W * w + 10 + i) for w, n in enumerate(numbers) for i in range(n)]


def people(*rows: tuple[str, float, float | None]) -> pd.DataFrame:
    """Return members from ``(member, joined, left)``, in hours since the first Monday."""
    at = [MONDAY + timedelta(hours=joined) for _, joined, _ in rows]
    gone = [None if left is None else str(MONDAY + timedelta(hours=left)) for *_, left in rows]
    full = [(who, str(a), g) for (who, *_), a, g in zip(rows, at, gone, strict=True)]
    return roster(*full, columns=("member_id", "joined_at", "left_at"))


def of(given: list[Any], members: pd.DataFrame, query: Any = message_fatigue, **more: Any) -> Any:
    return compute(
        query, **{"sources": WEEKS, "events": events(*given), "members": members, **more}
    )


def rates(frame: pd.DataFrame, measure: str = "mute_rate") -> dict[str, tuple[float, float]]:
    """Return value and n by dose."""
    rows = frame[frame["measure"] == measure]
    return dict(zip(rows["dose"], zip(rows["value"], rows["n"], strict=True), strict=True))


def test_by_hand() -> None:
    """Six weeks with 0, 2, 2, 7, 7, 5 broadcasts; a to d were there before, e joins in week 1.

    a mutes in week 2, b in 3, c leaves in 3, b again (no matter) in 4. At risk: 4 in week 0, 4 in
    1 (e not yet), 5 in 2, 4 in 3, 2 in 4, 2 in 5. So of 4, 9, 2 and 6 member-weeks.
    """
    members = people(
        ("a", -9, None), ("b", -99, None), ("c", -1, 3 * W + 20), ("d", -999, None), ("e", W, None)
    )  # fmt: skip
    found = of(
        [*sent(0, 2, 2, 7, 7, 5), ("a", "mute", 2 * W), ("b", "mute", 3 * W + 1), ("b", "mute", 4 * W)],
        members,
    )  # fmt: skip
    assert rates(found) == {"0": (0, 4), "1–2": (1 / 9, 5), "3–5": (0, 2), "6+": (1 / 6, 4)}
    left = rates(found, "leave_rate_unmuted")
    assert left == {"0": (0, 4), "1–2": (0, 5), "3–5": (0, 2), "6+": (1 / 6, 4)}
    muted = row(found, measure="mute_rate", dose="1–2")
    low, high = confint_poisson(1, 9, method="exact-c")
    assert (muted["low"], muted["high"]) == pytest.approx((low, high))
    assert (high * 9) == pytest.approx(5.5716, abs=1e-4)  # the exact bound of Poisson for 1
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-01")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-02-12")}


def test_whoever_muted_before_leaving_did_not_leave_at_risk() -> None:
    """A mutes and leaves on one day, b the other way round, c both at once: muting counts for c."""
    members = people(("a", -1, 30), ("b", -1, 20), ("c", -1, 40), ("d", -1, None))
    given = [*sent(1), ("a", "mute", 29), ("b", "mute", 21), ("c", "mute", 40)]
    found = of(given, members)
    assert rates(found)["1–2"] == (2 / 4, 4)
    assert rates(found, "leave_rate_unmuted")["1–2"] == (1 / 4, 4)


def test_nobody_is_at_risk_in_the_week_of_joining_nor_after_the_end() -> None:
    """A mutes in the week of joining, b left long ago, c has no date, d is unknown to the roster."""
    members = people(("a", 1, None), ("b", -999, -500), ("e", W - 1, None))
    members.loc[len(members)] = ["c", None, None]
    mutes = [("a", "mute", 2), ("d", "mute", W + 1), ("c", "mute", W + 1), ("e", "mute", W)]
    given = [*sent(1, 1), *mutes]
    found = of(given, members)
    assert rates(found)["1–2"] == (1, 1)  # e, in the week after
    late = of([*sent(1), ("a", "mute", 6 * W)], people(("a", -1, None)))
    assert np.isnan(rates(late)["1–2"][0])  # muted after the data end: not seen yet


def test_without_broadcasts_mutes_or_leaves_these_are_unseen() -> None:
    members = people(("a", -1, None), ("b", -1, W))
    assert of([("a", "mute", 3)], members)["value"].isna().all()
    found = of(sent(2), members)
    assert np.isnan(rates(found)["1–2"][0])
    assert rates(found, "leave_rate_unmuted")["0"][0] > 0
    nobody = of([*sent(2), ("x", "mute", 3)], members[:0])
    assert nobody["value"].isna().all() and len(nobody) == 8


def test_weeks_with_a_hole_do_not_count() -> None:
    """Week 1 lacks a day: nothing of it counts, but who muted in it is at risk no more."""
    holed = covering(("2024-01-01", "2024-01-09"), ("2024-01-11", "2024-02-11"))
    members = people(*[(who, -1, None) for who in "abc"])
    given = [*sent(1, 1, 1), ("a", "mute", W + 1), ("b", "mute", 2 * W + 1)]
    assert rates(of(given, members, sources=holed))["1–2"] == (1 / 5, 3)


def test_other_doses() -> None:
    members = people(("a", -1, None), ("b", -1, None))
    found = of([*sent(1, 2, 3), ("a", "mute", W + 1)], members, options={"doses": (2,)})
    assert {d: v for d, (v, _) in rates(found).items()} == {"0–1": 0, "2+": 1 / 3}
    assert rates(found)["0–1"][1] == 2


def test_the_ratio_of_a_published_table() -> None:
    """Stata's manual, ``iri 41 15 28010 19017``: 1.855759, exact 95% from 1.005684 to 3.6093.

    Breast cancers over person-years, with and without fluoroscopy; here as if mutes over
    member-weeks, straight into the finish.
    """
    weeks = [date(2024, 1, 1), date(2024, 1, 8)]
    counts = pd.DataFrame(
        [
            ("entered", weeks[0], 19017), ("mute_rate", weeks[0], 15), ("sent", weeks[0], 2),
            ("entered", weeks[1], 28010 - 19017 + 15), ("mute_rate", weeks[1], 41), ("sent", weeks[1], 8),
        ],
        columns=["part", "week", "number"],
    )  # fmt: skip
    covered = frozenset(weeks[0] + timedelta(days=i) for i in range(14))
    found = rate_ratios.complete(counts, Calendar("UTC", covered=covered))
    ratio = row(found, measure="mute_rate", contrast="highest_lowest")
    assert ratio["value"] == pytest.approx(1.855759, abs=1e-6)
    assert ratio["low"] == pytest.approx(1.005684, abs=1e-6)
    assert ratio["high"] == pytest.approx(3.6093, abs=1e-4)
    trend = row(found, measure="mute_rate", contrast="per_broadcast")
    assert trend["value"] ** 6 == pytest.approx(1.855759, abs=1e-6)
    assert (trend["low"] ** 6, trend["high"] ** 6) == pytest.approx(  # by Wald: 1/41 + 1/15
        tuple(1.855759 * np.exp(z * np.sqrt(1 / 41 + 1 / 15)) for z in (-1.959964, 1.959964)), rel=1e-5
    )  # fmt: skip
    assert found.loc[found["measure"] == "leave_rate_unmuted", "value"].isna().all()


@pytest.mark.parametrize(("hits", "spread"), [((10, 30, 40, 60), 7), ((20, 20, 50, 50), 1)])
def test_weeks_that_differ_by_more_than_chance_widen_the_trend(
    hits: tuple[int, ...], spread: float
) -> None:
    """1,000 at risk in each of four weeks with 2, 2, 8, 8 broadcasts; 20, 20, 50, 50 are expected.

    The first has a chi-square of 100 / 20 + 100 / 20 + 100 / 50 + 100 / 50 = 14 on two degrees of
    freedom, so 7; the second none, which must not narrow it.
    """
    weeks = [date(2024, 1, 1) + timedelta(weeks=w) for w in range(4)]
    rows = [("sent", week, n) for week, n in zip(weeks, (2, 2, 8, 8), strict=True)]
    rows += [("mute_rate", week, n) for week, n in zip(weeks, hits, strict=True)]
    rows += [("entered", week, n) for week, n in zip(weeks, (1000, *hits[:-1]), strict=True)]
    covered = frozenset(weeks[0] + timedelta(days=i) for i in range(28))
    counts = pd.DataFrame(rows, columns=["part", "week", "number"])
    found = rate_ratios.complete(counts, Calendar("UTC", covered=covered))
    trend = row(found, measure="mute_rate", contrast="per_broadcast")
    half = 1.959964 * np.sqrt(spread * (1 / sum(hits[:2]) + 1 / sum(hits[2:])))
    assert trend["value"] ** 6 == pytest.approx(2.5)
    assert trend["low"] ** 6 == pytest.approx(2.5 * np.exp(-half), rel=1e-5)
    assert trend["high"] ** 6 == pytest.approx(2.5 * np.exp(half), rel=1e-5)
    assert trend["n"] == 1000


@pytest.mark.parametrize(("muting", "told"), [(9, False), (10, True)])
def test_ten_must_have_done_it_for_a_ratio(muting: int, told: bool) -> None:
    members = people(*[(f"m{i}", -1, None) for i in range(30)])
    mutes = [(f"m{i}", "mute", W * (i % 2) + 1) for i in range(muting)]
    found = of([*sent(1, 8, 8, 8, 1, 1), *mutes], members, query=rate_ratios)
    assert row(found, measure="mute_rate", contrast="per_broadcast").notna()["value"] == told
    assert row(found, measure="mute_rate", contrast="highest_lowest").notna()["value"] == told
    unharmed = of([*sent(1, 8), *mutes], members, query=rate_ratios)  # in four weeks of none
    assert row(unharmed, measure="mute_rate", contrast="highest_lowest").isna()["value"]
    same = of([*sent(*[2] * 6), *mutes], members, query=rate_ratios)
    assert same.loc[same["measure"] == "mute_rate", "value"].isna().all()


def test_fewer_than_five_at_risk_are_withheld() -> None:
    for many in (4, 5):
        members = people(*[(f"m{i}", -1, None) for i in range(many)])
        found = of([*sent(1), ("m0", "mute", 1)], members, smallest_group=5)
        assert row(found, measure="mute_rate", dose="1–2")["withheld"] == (many < 5)


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_mute_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    days = [date(2023, 12, 1) + timedelta(days=i) for i in range(70)]
    start = date.fromisoformat(week)
    noons = [
        (None, "broadcast", f"{d} 16:00:00") for d in days if start <= d < start + timedelta(days=6)
    ]
    given = log(*noons, ("a", "mute", "2024-01-07 17:30:00"), columns=("member_id", "name", "ts"))
    found = compute(
        message_fatigue, events=given, sources=covering(("2023-12-01", "2024-02-10")),
        members=people(("a", -9999, None), ("b", -9999, None)), options={"doses": (1,)},
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    assert rates(found)["1+"][0] == 1 / 2


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-2, 5), st.none() | st.integers(0, 5), st.none() | st.integers(0, 5)),
        max_size=15,
    ),
    st.lists(st.integers(0, 8), min_size=6, max_size=6),
)
def test_member_weeks_and_events_are_those_counted_one_by_one(
    lives: list[tuple[int, int | None, int | None]], numbers: list[int]
) -> None:
    """Each member's weeks at risk are walked through by hand; muting is on Tuesday, leaving on Friday."""
    members = people(
        *[(f"m{i}", j * W + 1, None if q is None else q * W + 100) for i, (j, q, _) in enumerate(lives)]
    )  # fmt: skip
    mutes = [(f"m{i}", "mute", m * W + 30) for i, (*_, m) in enumerate(lives) if m is not None]
    found = of([*sent(*numbers), *mutes], members)
    exposed: dict[str, int] = {}
    hits: dict[tuple[str, str], int] = {}
    for joined, gone, muted in lives:
        for week in range(max(joined + 1, 0), 6):
            if (gone is not None and gone < week) or (muted is not None and muted < week):
                break
            n = numbers[week]
            dose = "0" if n < 1 else "1–2" if n < 3 else "3–5" if n < 6 else "6+"
            exposed[dose] = exposed.get(dose, 0) + 1
            if muted == week:
                hits["mute_rate", dose] = hits.get(("mute_rate", dose), 0) + 1
            elif gone == week:
                hits["leave_rate_unmuted", dose] = hits.get(("leave_rate_unmuted", dose), 0) + 1
    for measure in ("mute_rate", "leave_rate_unmuted"):
        if any(name == measure for name, _ in hits) and any(numbers):
            for dose, (value, _) in rates(found, measure).items():
                assert (dose in exposed) == (not np.isnan(value))
                if dose in exposed:
                    assert value == pytest.approx(hits.get((measure, dose), 0) / exposed[dose])
        else:
            assert all(np.isnan(v) for v, _ in rates(found, measure).values())


def test_the_sample_gives_back_its_law() -> None:
    """Weekly hazards of muting of 0.5%, 0.8%, 1.4% at 2, 4, 8 broadcasts; nobody leaves for them."""
    with open_dataset() as sample:
        found, ratios = sample.compute(message_fatigue), sample.compute(rate_ratios)
    law = {"1–2": 0.005, "3–5": 0.008, "6+": 0.014}
    for dose, hazard in law.items():
        one = row(found, measure="mute_rate", dose=dose)
        assert one["low"] <= 1 - np.exp(-hazard) <= one["high"]
    shown = row(ratios, measure="mute_rate", contrast="highest_lowest")
    assert 1 < shown["low"] <= 2.8 <= shown["high"]
    trend = row(ratios, measure="mute_rate", contrast="per_broadcast")
    steps = [(b / a) ** (1 / d) for (a, b), d in zip(pairwise(law.values()), (2, 4), strict=True)]
    assert min(steps) < trend["value"] < max(steps)  # no straight line, but between its two slopes
    assert trend["low"] <= 2.8 ** (1 / 6) <= trend["high"]
    leaving = row(ratios, measure="leave_rate_unmuted", contrast="per_broadcast")
    assert leaving["low"] <= 1 <= leaving["high"]
