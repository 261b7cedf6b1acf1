"""Active members: hand-worked counts, a brute-force count as oracle, identities, clocks, engines."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from actives_hand import steps, values
from engines import (
    community,
    compute,
    covering,
    log,
    row,
)

from shequn.metrics.active_members import (
    active_members,
    power_curve,
    stickiness,
    typical_day,
)

COLUMNS = ["period_start", "period_end", "days", "value", "n", "low", "high", "withheld"]


# --- by hand


def test_by_hand() -> None:
    """Thirty days, 1 to 30 January 2024; who writes when:

    A on 1, 3 (twice), 28 and 29; B on 8; C on 28; D on 1.

    Days: 1 has A and D, 3 has A once, 8 has B, 28 has A and C, 29 has A; all others nobody.
    Seven days up to 7 hold A and D; up to 8 (2–8) A and B; up to 10 (4–10) B alone, A's third
    being out; up to 14 (8–14) still B; up to 15 (9–15) nobody; up to 28 A and C.
    28 days up to 28 hold all four; up to 29 (2–29) D is out and A is not; up to 30 the same.
    """  # noqa: D400
    frame = compute(
        active_members,
        messages=log(
            ("A", "2024-01-01 00:00:00"),
            ("D", "2024-01-01 23:59:59"),
            ("A", "2024-01-03 10:00:00"),
            ("A", "2024-01-03 11:00:00"),
            ("B", "2024-01-08 12:00:00"),
            ("A", "2024-01-28 12:00:00"),
            ("C", "2024-01-28 12:00:00"),
            ("A", "2024-01-29 12:00:00"),
        ),
        sources=covering(("2024-01-01", "2024-01-30")),
    )
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 3 * 30
    daily, weekly, monthly = (values(frame, w) for w in (1, 7, 28))
    assert daily == {
        date(2024, 1, d): {1: 2, 3: 1, 8: 1, 28: 2, 29: 1}.get(d, 0) for d in range(1, 31)
    }
    assert all(np.isnan(weekly[date(2024, 1, d)]) for d in range(1, 7))
    for day, members in {7: 2, 8: 2, 9: 2, 10: 1, 14: 1, 15: 0, 27: 0, 28: 2, 30: 2}.items():
        assert weekly[date(2024, 1, day)] == members, day
    assert all(np.isnan(monthly[date(2024, 1, d)]) for d in range(1, 28))
    assert [monthly[date(2024, 1, d)] for d in (28, 29, 30)] == [4, 3, 3]
    last = row(frame, days=28, period_end=pd.Timestamp("2024-01-29"))
    assert last["period_start"] == pd.Timestamp("2024-01-01")
    assert last["n"] == last["value"] == 4
    first = row(frame, days=1, period_start=pd.Timestamp("2024-01-01"))
    assert first["period_end"] == pd.Timestamp("2024-01-02")
    week = row(frame, days=7, period_end=pd.Timestamp("2024-01-08"))
    assert week["period_start"] == pd.Timestamp("2024-01-01")
    assert frame[["low", "high"]].isna().all(axis=None)


def test_the_page_s_exercise() -> None:
    """Exercise active-members-by-hand, five strong so that stickiness is not suppressed.

    Days 1 to 4: A writes on all, B on 1 and 3, C on 4, D on 2, E on 2. Member-days 4 + 2 + 1 + 1 + 1
    = 9; five members, four days: 9 ÷ 20 = 0.45. With the day starting at 04:00, A's message of day
    3 at 00:10 falls on day 2, where A counts already: 8 ÷ 20 = 0.40.
    """
    messages = log(
        *[
            ("A", f"2024-01-0{d} {t}")
            for d, t in enumerate(("12:00", "12:00", "00:10", "12:00"), 1)
        ],
        *[("B", f"2024-01-0{d} 12:00") for d in (1, 3)],
        ("C", "2024-01-04 12:00"),
        ("D", "2024-01-02 12:00"),
        ("E", "2024-01-02 12:00"),
    )
    sources = covering(("2024-01-01", "2024-01-04"))
    frame = compute(stickiness, options={"days": 4}, messages=messages, sources=sources)
    assert len(frame) == 1
    found = frame.iloc[0]
    assert (found["value"], found["n"]) == (pytest.approx(0.45), 5)
    assert (str(found["period_start"])[:10], str(found["period_end"])[:10]) == (
        "2024-01-01",
        "2024-01-05",
    )
    sources["covers_from"] = "2024-01-01 04:00:00"
    sources["covers_to"] = "2024-01-05 03:59:59"
    later = compute(
        stickiness,
        options={"days": 4},
        messages=messages,
        sources=sources,
        day_start="04:00",
    )
    assert later.iloc[-1]["value"] == pytest.approx(0.40)


def test_one_to_four_are_withheld_nobody_and_five_are_not() -> None:
    """On days 1 to 5 five, four, nobody, five and five write; four are withheld, nobody is not."""
    first = [(m, "2024-01-01") for m in "ABCDE"] + [(m, "2024-01-02") for m in "ABCD"]
    messages = log(*first, *[(m, f"2024-01-0{d}") for m in "ABCDE" for d in (4, 5)])
    with community(
        messages=messages, sources=covering(("2024-01-01", "2024-01-05")), smallest_group=5
    ) as data:
        daily = data.compute(active_members)
        medians = [data.compute(typical_day, days=d).iloc[0] for d in (1, 3, 4, 5, 28)]
    daily = daily[daily["days"] == 1]
    assert daily["value"].tolist() == pytest.approx([5, np.nan, 0, 5, 5], nan_ok=True)
    assert daily["n"].tolist() == pytest.approx([5, np.nan, 0, 5, 5], nan_ok=True)
    assert daily["withheld"].tolist() == [False, True, False, False, False]
    # Of days 5; 3–5: 0, 5, 5; 2–5: 4, 0, 5, 5, whose middle is 4.5; 1–5: 5, 4, 0, 5, 5.
    assert [m["value"] for m in medians] == pytest.approx([5, 5, np.nan, 5, 5], nan_ok=True)
    assert [m["withheld"] for m in medians] == [False, False, True, False, False]
    assert str(medians[1]["period_start"])[:10] == "2024-01-03"
    assert str(medians[1]["period_end"])[:10] == "2024-01-06"


def test_interval_of_stickiness_by_hand() -> None:
    """Active days 4, 2, 1, 1, 1 of 4: shares 1, ½, ¼, ¼, ¼; mean 0.45, squared deviations
    0.3025 + 0.0025 + 3 × 0.04 = 0.425, standard error √(0.425 ÷ 4 ÷ 5) = 0.145774; times 1.959964
    is 0.285712: 0.164288 to 0.735712.
    """  # noqa: D205
    messages = log(
        *[("A", f"2024-01-0{d}") for d in (1, 2, 3, 4)],
        *[("B", f"2024-01-0{d}") for d in (1, 3)],
        *[(m, "2024-01-04") for m in "CDE"],
    )
    sources = covering(("2024-01-01", "2024-01-04"))
    found = compute(stickiness, options={"days": 4}, messages=messages, sources=sources).iloc[0]
    assert found["low"] == pytest.approx(0.164288, abs=1e-6)
    assert found["high"] == pytest.approx(0.735712, abs=1e-6)
    # One on all of ten days and four on one of them: 0.28 ± 0.35, and no share is below 0.
    messages = log(
        *[("A", f"2024-01-{d:02d}") for d in range(1, 11)], *[(m, "2024-01-01") for m in "BCDE"]
    )
    frame = compute(
        stickiness,
        options={"days": 10},
        messages=messages,
        sources=covering(("2024-01-01", "2024-01-10")),
    )
    assert frame["value"].iloc[0] == pytest.approx(0.28)
    assert frame["low"].iloc[0] == 0
    assert frame["high"].iloc[0] == pytest.approx(0.28 + 1.959964 * 0.36 / 2, abs=1e-6)
    # The other way round, four on all and one on one: 0.82 ± 0.35, and no share is above 1.
    messages = log(
        *[(m, f"2024-01-{d:02d}") for m in "BCDE" for d in range(1, 11)], ("A", "2024-01-01")
    )
    found = compute(
        stickiness,
        options={"days": 10},
        messages=messages,
        sources=covering(("2024-01-01", "2024-01-10")),
    ).iloc[0]
    assert found["value"] == pytest.approx(0.82)
    assert found["low"] == pytest.approx(0.82 - 1.959964 * 0.36 / 2, abs=1e-6)
    assert found["high"] == 1


def test_power_curve_by_hand() -> None:
    """Member k writes on the last k of 56 days, for k at the edges of the steps; P on the 29th back.

    In 28 days one has 1 active day and two are in each further step. In 7, those from 4 on have 4
    to 7. In the 7 before, k = 8 has one day left and 14, 15 and 28 have all seven.
    """
    last = date(2024, 2, 25)
    written = [
        (f"m{k}", str(last - timedelta(days=i)))
        for k in (1, 2, 3, 4, 7, 8, 14, 15, 28)
        for i in range(k)
    ]
    messages = log(*written, ("P", str(last - timedelta(days=28))))
    sources = covering(("2024-01-01", "2024-02-25"))
    frame = compute(power_curve, messages=messages, sources=sources)
    assert steps(frame, 28, 0) == {"1": 1, "2–3": 2, "4–7": 2, "8–14": 2, "15–28": 2}
    assert steps(frame, 28, 1) == {"1": 1, "2–3": 0, "4–7": 0, "8–14": 0, "15–28": 0}
    assert steps(frame, 7, 0) == {"1": 1, "2–3": 2, "4–7": 6}
    assert steps(frame, 7, 1) == {"1": 1, "2–3": 0, "4–7": 3}
    assert frame["n"].equals(frame["value"])
    assert len(frame) == 2 * (3 + 5)
    shown = compute(power_curve, messages=messages, sources=sources, smallest_group=5)
    assert shown.loc[shown["value"].isna(), "withheld"].all()
    assert steps(shown, 7, 0)["4–7"] == 6


def test_power_curve_of_windows_that_are_not_wholly_covered() -> None:
    """One day unseen, 8 to 28 January: only the last two weeks of the 28 days are whole."""
    frame = compute(
        power_curve, messages=log(("A", "2024-01-09"), ("A", "2024-01-20"), ("A", "2024-01-28")),
        sources=covering(("2024-01-08", "2024-01-10"), ("2024-01-12", "2024-01-28")),
    )  # fmt: skip
    assert steps(frame, 7, 0) == {"1": 1, "2–3": 0, "4–7": 0}
    assert steps(frame, 7, 1) == {"1": 1, "2–3": 0, "4–7": 0}
    for back in (0, 1):
        assert np.isnan(list(steps(frame, 28, back).values())).all()
