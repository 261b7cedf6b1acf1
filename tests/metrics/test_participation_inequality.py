"""Participation inequality: published and hand values, invariances, roster, interval, engines."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import (
    compute,
    roster,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from inequality_hand import CHAOSS, COVERED, MEASURES, measured, spoken

from shequn.metrics.participation_inequality import (
    gini,
    half_group,
    lorenz,
    participation_inequality,
    top_share,
)

# --- published and by hand


def test_contributor_absence_factor_as_chaoss_publishes_it() -> None:
    assert half_group(np.array(CHAOSS)) == 2
    frame = measured(*CHAOSS)
    assert frame["value"]["half_group"] == 2
    assert frame["value"]["speakers"] == 8
    assert np.isnan(frame["value"]["top_10_share"]), "the ten are all of them"


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ((1, 1, 1, 1), 0),
        ((7,), 0),
        ((0, 1), 1 / 2),
        ((0, 0, 0, 1), 3 / 4),
        ((0,) * 99 + (5,), 99 / 100),
        # weights −3, −1, 1, 3: −3 − 2 + 3 + 12 = 10, over 4 × 10
        ((1, 2, 3, 4), 1 / 4),
        # weights −4, −2, 0, 2, 4: −4 − 2 + 0 + 8 + 48 = 50, over 5 × 20 (the page's exercise)
        ((1, 1, 2, 4, 12), 1 / 2),
        # the page's second exercise: ten ones and ten tens; −100 × 1 + 100 × 10 = 900, over 20 × 110
        ((1,) * 10 + (10,) * 10, 9 / 22),
    ],
)
def test_gini_by_hand(counts: tuple[int, ...], value: float) -> None:
    assert gini(np.array(counts)) == pytest.approx(value, abs=1e-15)


def test_the_ten_s_share_needs_twenty_speakers() -> None:
    assert np.isnan(measured(*[1] * 19)["value"]["top_10_share"])
    assert measured(*[1] * 20)["value"]["top_10_share"] == pytest.approx(0.5)


def test_gini_of_nothing_is_no_number() -> None:
    assert np.isnan(gini(np.array([], dtype=int)))
    assert np.isnan(gini(np.array([0, 0])))


def test_the_page_s_exercise_on_silent_members() -> None:
    """Among five speakers G is ½; over all 20 on the list it is 1 − 5/20 × (1 − ½) = 0.875."""
    counts = np.array([1, 1, 2, 4, 12])
    everybody = np.concatenate([counts, np.zeros(15, dtype=int)])
    assert gini(everybody) == pytest.approx(0.875)
    listed = roster(*[(f"m{i}", "2024-01-01", "event") for i in range(20)])
    frame = measured(1, 1, 2, 4, 12, members=listed)
    assert frame["value"]["gini"] == pytest.approx(0.5)
    assert frame["value"]["half_group"] == 1
    assert frame["value"]["posting_share"] == 0.25


def test_half_group_and_top_share_by_hand() -> None:
    """Twelve write 1 to 12: 78 in all, half is 39; 12 + 11 + 10 = 33, and with 9 it is 42: four."""
    counts = np.arange(1, 13)
    assert half_group(counts) == 4
    assert top_share(counts) == pytest.approx(75 / 78)  # all but those with 1 and 2
    assert top_share(counts, 1) == pytest.approx(12 / 78)
    assert half_group(np.array([1, 1])) == 1  # just half is enough
    assert half_group(np.array([1, 1, 1])) == 2
    assert half_group(np.array([3, 3, 3, 3, 3])) == 3  # ties do not change how many
    assert half_group(np.array([5])) == 1


def test_result() -> None:
    frame = measured(3, 1, 1, 1, 1, 1).reset_index()
    assert list(frame["measure"]) == MEASURES
    assert list(frame.columns) == [
        "measure",
        "period_start",
        "period_end",
        "value",
        "n",
        "low",
        "high",
        "withheld",
    ]
    assert (frame["period_start"] == pd.Timestamp("2024-01-01")).all()
    assert (frame["period_end"] == pd.Timestamp("2024-02-01")).all()
    behind = frame.set_index("measure")["n"].to_dict()
    assert behind.pop("half_group") == 2, "of eight messages 3 + 1 are half"
    assert set(behind.values()) == {6}


# --- what must hold

some = st.lists(st.integers(0, 200), min_size=1, max_size=30).filter(any)


@settings(deadline=None)
@given(some, st.integers(1, 50), st.integers(1, 4), st.randoms())
def test_invariances(counts: list[int], scale: int, copies: int, random: Any) -> None:
    x = np.array(counts)
    value = gini(x)
    assert 0 <= value < 1
    assert value <= (len(x) - 1) / len(x) + 1e-12
    assert gini(x * scale) == pytest.approx(value, abs=1e-12)
    assert gini(np.tile(x, copies)) == pytest.approx(value, abs=1e-12)
    shuffled = counts.copy()
    random.shuffle(shuffled)
    for function in (gini, half_group, top_share):
        assert function(np.array(shuffled)) == function(x)
    assert half_group(x * scale) == half_group(x)


@settings(deadline=None)
@given(some, st.data())
def test_taking_from_the_loud_for_the_quiet_lowers_gini(
    counts: list[int], data: st.DataObject
) -> None:
    """The principle of transfers (Pigou and Dalton)."""
    x = np.sort(counts)
    if x[-1] - x[0] < 2:
        return
    amount = data.draw(st.integers(1, int(x[-1] - x[0]) // 2))
    moved = x.copy()
    moved[0] += amount
    moved[-1] -= amount
    assert gini(moved) < gini(x)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_half_group_is_the_smallest_of_all_groups(counts: list[int]) -> None:
    sizes = range(1, len(counts) + 1)
    smallest = next(
        k for k in sizes if any(2 * sum(group) >= sum(counts) for group in combinations(counts, k))
    )
    assert half_group(np.array(counts)) == smallest


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=5, max_size=15))
def test_lorenz_curve(counts: list[int]) -> None:
    """From (0, 0) to (1, 1), below the diagonal, convex, no step under five members.

    Where every step is five members alike, 1 − 2 × the area below is Gini. Under the straight
    pieces between (i/n, Lᵢ), with Lᵢ the share of the i quietest, the area is
    Σ (Lᵢ₋₁ + Lᵢ) / 2n, so 1 − 2 × area = 1 − Σ (2Lᵢ − xᵢ/S) / n = (n + 1)/n − 2 Σ Lᵢ / n. Each xⱼ
    stands in n − j + 1 of the Lᵢ: Σ Lᵢ = Σ (n − j + 1) xⱼ / S. That leaves Σ (2j − n − 1) xⱼ / nS,
    which is Gini for n members, with no correction. Members alike lie on one straight piece.
    """
    some_listed = roster(("m0", "2024-01-01", "event"), ("m2", "2024-01-01", "event"))
    tables = {"messages": spoken(*counts), "members": some_listed, "sources": COVERED}
    curve = compute(lorenz, **tables)
    x, y = curve["population_share"].to_numpy(), curve["message_share"].to_numpy()
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert (np.diff(x) * len(counts) > 5 - 1e-9).all()
    assert (np.diff(y) > 0).all()
    assert (y <= x + 1e-12).all()
    slopes = np.diff(y) / np.diff(x)
    assert (np.diff(slopes) > -1e-12).all()
    loudest = np.sort(counts)[::-1]
    for share, written in zip(x, y, strict=True):
        above = round((1 - share) * len(counts))
        assert written == pytest.approx(1 - loudest[:above].sum() / loudest.sum(), abs=1e-12)
    fivefold = compute(lorenz, messages=spoken(*counts * 5), sources=COVERED)
    area = np.trapezoid(fivefold["message_share"], fivefold["population_share"])
    assert 1 - 2 * area == pytest.approx(gini(np.array(counts)), abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=5, max_size=26), st.integers(1, 10))
def test_result_is_the_functions_of_the_counts(counts: list[int], later: int) -> None:
    frame = measured(*counts)
    x = np.array(counts)
    for name, function in (("gini", gini), ("half_group", half_group)):
        assert frame["value"][name] == pytest.approx(function(x), abs=1e-12)
    of_ten = top_share(x) if len(x) >= 20 else np.nan
    assert frame["value"]["top_10_share"] == pytest.approx(of_ten, abs=1e-12, nan_ok=True)
    messages = spoken(*counts)
    messages["author_id"] = "z" + messages["author_id"]
    other = compute(
        participation_inequality,
        messages=messages.sample(frac=1, random_state=later),
        sources=COVERED,
    )
    pd.testing.assert_frame_equal(other.set_index("measure"), frame)
