"""Member tiers: sizes, moves between them, who stands on a bound, and fifths of buyers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, log, row
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from shequn.metrics.tiers import TIERS, moves, on_the_line, rfm, tiers

FIRST = date(2024, 1, 1)
THREE = covering(("2024-01-01", "2024-03-24"))  # 84 days: three windows of 28


def wrote(**days: list[int]) -> pd.DataFrame:
    """Return messages of members at noon UTC of days counted from the first."""
    return log(
        *[(m, f"{FIRST + timedelta(days=d)} 12:00:00") for m, ds in days.items() for d in ds]
    )


def window(which: int, active: int) -> list[int]:
    """Return so many days of one of the three windows, 0 the oldest."""
    return [28 * which + d for d in range(active)]


def sizes(frame: pd.DataFrame, start: str) -> dict[str, float]:
    """Return the tiers of a window."""
    rows = frame[frame["period_start"] == start]
    return dict(zip(rows["tier"], rows["value"], strict=True))


# Ann 8 days then 7 then 0; Bo 3, 0, 2; Cai 0, 1, 3; Dan 2, 2, 8: worked out on paper below.
FOUR = {
    "ann": window(0, 8) + window(1, 7), "bo": window(0, 3) + window(2, 2),
    "cai": window(1, 1) + window(2, 3), "dan": window(0, 2) + window(1, 2) + window(2, 8),
}  # fmt: skip


def test_sizes_by_hand_at_every_bound() -> None:
    found = compute(tiers, messages=wrote(**FOUR), sources=THREE)
    assert sizes(found, "2024-01-01") == {"quiet": 0, "light": 1, "regular": 1, "core": 1}
    assert sizes(found, "2024-01-29") == {"quiet": 1, "light": 2, "regular": 1, "core": 0}
    assert sizes(found, "2024-02-26") == {"quiet": 1, "light": 1, "regular": 1, "core": 1}


def test_moves_by_hand() -> None:
    """Into the last window: Ann regular to quiet, Bo quiet to light, Cai light to regular, Dan to core."""
    found = compute(moves, messages=wrote(**FOUR), sources=THREE)
    went = found[found["value"] > 0]
    assert set(zip(went["before"], went["after"], strict=True)) == {
        ("regular", "quiet"), ("quiet", "light"), ("light", "regular"), ("light", "core"),
    }  # fmt: skip
    up = row(found, before="light", after="core")
    low, high = proportion_confint(1, 2, method="wilson")
    assert (up["value"], up["n"]) == (0.5, 2)
    assert (up["low"], up["high"]) == pytest.approx((low, high))
    assert np.isnan(row(found, before="core", after="core")["value"])  # nobody was there
    assert found[found["before"] == "newcomer"]["value"].isna().all()


def test_who_never_wrote_before_is_no_quiet_member() -> None:
    both = {**FOUR, "eve": window(2, 3), "fay": window(0, 1)}
    found = compute(moves, messages=wrote(**both), sources=THREE)
    assert row(found, before="newcomer", after="regular")["value"] == 1
    assert row(found, before="quiet", after="quiet")["value"] == 0.5  # Fay; Bo wrote


def test_members_beside_a_bound() -> None:
    """Of Bo 2, Cai 3, Dan 8 days: a day lower lifts Bo, a day higher lets Cai and Dan fall."""
    found = compute(on_the_line, messages=wrote(**FOUR), sources=THREE)
    assert row(found, bounds=-1)["value"] == pytest.approx(1 / 3)
    assert row(found, bounds=1)["value"] == pytest.approx(2 / 3)
    assert (found["n"] == 3).all()


def test_a_hole_leaves_its_window_and_the_moves_into_and_out_of_it_unknown() -> None:
    holed = covering(("2024-01-01", "2024-02-10"), ("2024-02-12", "2024-03-24"))
    found = compute(tiers, messages=wrote(**FOUR), sources=holed)
    assert np.isnan(list(sizes(found, "2024-01-29").values())).all()
    assert sizes(found, "2024-02-26")["core"] == 1
    assert compute(moves, messages=wrote(**FOUR), sources=holed)["value"].isna().all()
    assert compute(on_the_line, messages=wrote(**FOUR), sources=holed)["value"].notna().all()


def test_nobody_one_member_and_one_window() -> None:
    nobody = compute(tiers, messages=wrote(a=[0])[:0], sources=THREE)
    assert (nobody["value"] == 0).all() and len(nobody) == 12
    alone = compute(tiers, messages=wrote(a=[30]), sources=THREE)
    assert sizes(alone, "2024-01-01") == dict.fromkeys(TIERS, 0)
    assert sizes(alone, "2024-01-29")["light"] == sizes(alone, "2024-02-26")["quiet"] == 1
    short = covering(("2024-01-01", "2024-01-28"))
    assert compute(moves, messages=wrote(**FOUR), sources=short)["value"].isna().all()


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "_week"), SUNDAY_NIGHT)
def test_days_are_those_of_the_community(
    timezone: str, day_start: str, week_start: str, _week: str
) -> None:
    """2024-01-07 17:30 UTC is Monday in Shanghai, and with it the third day; elsewhere the second."""
    said = [
        ("a", f"2024-01-0{day} {clock}:00")
        for day, clock in ((6, "12:00"), (7, "12:00"), (7, "17:30"))
    ]
    found = compute(
        tiers, messages=log(*said), sources=THREE,
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    wanted = "regular" if (timezone, day_start) == ("Asia/Shanghai", "00:00") else "light"
    assert found.loc[found["value"] == 1, "tier"].iloc[0] == wanted


def test_one_to_four_are_withheld() -> None:
    found = compute(tiers, messages=wrote(**FOUR), sources=THREE, smallest_group=5)
    assert found["value"].dropna().eq(0).all()


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.lists(st.integers(0, 83), max_size=25), min_size=1
    )
)
def test_moves_lead_from_the_tiers_before_to_those_after(days: dict[str, list[int]]) -> None:
    """Rows of the moves add up to the sizes before, columns to the sizes after, shares to 1."""
    messages = wrote(**days)
    if messages.empty:
        return
    size, went = (compute(q, messages=messages, sources=THREE) for q in (tiers, moves))
    before, after = sizes(size, "2024-01-29"), sizes(size, "2024-02-26")
    people = (went["value"] * went["n"]).fillna(0)
    for tier in TIERS:
        own = went[went["before"] == tier]
        assert own["n"].fillna(0).iloc[0] == before[tier]
        assert people[went["after"] == tier].sum() == pytest.approx(after[tier])
        if before[tier]:
            assert own["value"].sum() == pytest.approx(1)
    everybody = {m for m, ds in days.items() if ds}
    assert sum(after.values()) == len(everybody)


def sold(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return orders from ``(member, day, gross)``."""
    made = [(m, f"{FIRST + timedelta(days=d)} 12:00:00", gross) for m, d, gross in rows]
    return log(*made, columns=("member_id", "ts", "gross"))


def test_fifths_by_hand() -> None:
    """Ten buyers: buyer i last bought i days before the window, for 10 i. The latest two buy again.

    By recency they are the best fifth; they paid least, so by money they are the worst.
    """
    orders = [(f"b{i}", 56 - i, 10.0 * i) for i in range(1, 11)]
    orders += [("b1", 56, 5.0), ("b2", 83, 5.0), ("new", 60, 5.0)]
    found = compute(rfm, messages=wrote(a=[0]), orders=sold(*orders), sources=THREE)
    assert row(found, score="recency", fifth=5)["value"] == 1
    assert row(found, score="recency", fifth=4)["value"] == 0
    assert row(found, score="money", fifth=1)["value"] == 1
    assert (found[found["score"] != "frequency"]["n"] == 2).all()
    # All bought once: alike, they share the middle fifth.
    middle = row(found, score="frequency", fifth=3)
    assert (middle["n"], middle["value"]) == (10, 0.2)
    assert found[found["score"] == "frequency"]["value"].notna().sum() == 1


def test_without_orders_there_are_no_fifths() -> None:
    found = compute(rfm, messages=wrote(a=[0]), sources=THREE)
    assert len(found) == 15 and found["value"].isna().all()


def test_orders_on_the_first_day_of_the_window_are_what_is_foretold() -> None:
    late = sold(("a", 56, 1.0), ("b", 55, 1.0))
    found = compute(rfm, messages=wrote(a=[0]), orders=late, sources=THREE)
    assert found["n"].dropna().eq(1).all() and found["value"].dropna().eq(0).all()
