"""Moderation load: flags and removals per 1,000 messages, and the time until a flag is dealt with."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import exp, log
from typing import Any

import numpy as np
import pandas as pd
import pytest
from engines import SUNDAY_NIGHT, compute, covering, row
from engines import log as table
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from shequn.dataset import open_dataset
from shequn.metrics.moderation_load import GRID, moderation_load, resolution, still_open

END = datetime(2024, 1, 29)  # four whole weeks from Monday, 2024-01-01
WEEKS = covering(("2024-01-01", "2024-01-28"))
Flag = tuple[float, float | None]  # hours before the end at which raised, hours until dealt with


def events(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Return events from ``(hours before the end, name, case, message, member)``."""
    full = []
    for i, (hours, name, *more) in enumerate(rows):
        case, message, who = (*more, *(None,) * (3 - len(more)))
        props = None if message is None else f'{{"why": "spam", "message_id": "{message}"}}'
        full.append((f"e{i}", str(END - timedelta(hours=hours)), name, case, props, who))
    columns = ("event_id", "ts", "name", "session_id", "props", "member_id")
    return table(*full, columns=columns)


def flags(*cases: Flag) -> pd.DataFrame:
    """Return flags, each of another case, and their resolutions."""
    rows: list[tuple[Any, ...]] = []
    for i, (before, taken) in enumerate(cases):
        rows.append((before, "flag", f"c{i}"))
        if taken is not None:
            rows.append((before - taken, "flag_resolved", f"c{i}"))
    return events(*rows)


def wrote(*messages: tuple[str, str, float]) -> pd.DataFrame:
    """Return messages from ``(message, author, hours before the end)``."""
    full = [(m, who, str(END - timedelta(hours=hours))) for m, who, hours in messages]
    return table(*full, columns=("message_id", "author_id", "ts"))


MANY = wrote(*[(f"m{i}", f"a{i % 10}", 30 + i) for i in range(500)])


def of(query: Any = moderation_load, **given: Any) -> pd.DataFrame:
    return compute(query, **{"messages": MANY, "sources": WEEKS, **given})


def test_by_hand() -> None:
    """3 flags and 1 removal on 500 messages: 6 and 2 per 1,000; m1 and m11 are both a1's.

    The interval is the exact one of Poisson for 3, (0.6187, 8.7673), over half a thousand.
    """
    given = events((40, "flag", "c1", "m1"), (41, "flag", "c2", "m11"), (42, "flag", "c3", "?"))
    moves = table(
        ("b1", "2024-01-20 10:00:00", "kick"), ("b2", "2024-01-20 10:00:00", "leave"),
        columns=("member_id", "ts", "action"),
    )  # fmt: skip
    found = of(events=given, membership_events=moves)
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-01")}
    assert set(found["period_end"]) == {pd.Timestamp("2024-01-29")}
    raised, rate = row(found, measure="flags"), row(found, measure="flag_rate")
    assert (raised["value"], raised["n"]) == (3, 2)
    assert (rate["value"], rate["n"]) == (6, 2)
    assert (rate["low"], rate["high"]) == pytest.approx((2 * 0.6187, 2 * 8.7673), abs=1e-3)
    removed = row(found, measure="removal_rate")
    assert (removed["value"], removed["n"]) == (2, 1)
    assert (removed["low"], removed["high"]) == pytest.approx(
        tuple(2 * b for b in confint_poisson(1, 1, method="exact-c"))
    )
    assert row(found, measure="removals")["value"] == 1


def test_blocks_go_back_from_the_last_whole_week() -> None:
    """Hours 1 to 336 before the end are the last two weeks; hour 337 is the block before."""
    given = events((336, "flag", "a"), (337, "flag", "b"), (673, "flag", "too early"))
    sources = covering(("2024-01-01", "2024-01-31"))  # three days of a fifth week
    messages = wrote(("m", "a", 1), ("n", "a", 400))
    found = of(events=given, sources=sources, messages=messages, options={"weeks": 2})
    raised = found[found["measure"] == "flags"]
    assert raised["value"].tolist() == [1, 1]
    assert [f"{d:%m-%d}" for d in raised["period_end"]] == ["01-15", "01-29"]
    assert found.loc[found["measure"] == "flag_rate", "value"].tolist() == [1000, 1000]


def test_without_one_in_the_data_they_are_unseen_and_without_one_in_a_block_nought() -> None:
    assert of(events=flags())["value"].isna().all()
    many = wrote(*[(f"m{i}", "a", 30 + i % 200) for i in range(500)], ("old", "a", 500))
    found = of(events=flags((500, 1)), messages=many, options={"weeks": 2})
    last = found[found["period_end"] == pd.Timestamp(END)]
    assert row(last, measure="flags")["value"] == 0
    rate = row(last, measure="flag_rate")
    assert (rate["value"], rate["n"], rate["low"]) == (0, 0, 0)
    assert rate["high"] == pytest.approx(-log(0.025) / 0.5)  # exact, for nought
    removed = found[found["measure"].isin(["removals", "removal_rate"])]
    assert removed["value"].isna().all() and len(removed) == 4


def test_a_hole_and_a_block_in_which_nobody_wrote_have_no_value() -> None:
    holed = covering(("2024-01-01", "2024-01-02"), ("2024-01-04", "2024-01-28"))
    given = {"events": flags((40, 1), (600, 1)), "options": {"weeks": 2}}
    first, last = of(sources=holed, **given).groupby("period_start")["value"]
    assert first[1].isna().all() and last[1].iloc[:2].notna().all()
    quiet = of(messages=wrote(("m", "a", 30)), **given)
    assert quiet.loc[quiet["period_start"] < "2024-01-15", "value"].isna().all()
    assert of(messages=MANY[:0], **given)["value"].isna().all()


def test_flags_of_one_to_four_people_are_withheld() -> None:
    authors = wrote(*[(f"m{i}", f"a{i}", 50) for i in range(5)])
    for people in (4, 5):
        cases = [(40, "flag", f"c{i}", f"m{i % people}") for i in range(8)]
        found = of(events=events(*cases), messages=authors, smallest_group=5)
        rate = row(found, measure="flag_rate")
        assert (bool(rate["withheld"]), bool(np.isnan(rate["value"]))) == (people < 5, people < 5)


# Remission of leukaemia under 6-MP, in weeks; None is a remission that had not ended.
SIX_MP = [
    (6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1),
    (17, 0), (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0),
]  # fmt: skip
SIX_MP_FLAGS: list[Flag] = [(50, t) if ended else (t, None) for t, ended in SIX_MP]


def test_kaplan_meier_of_a_published_table() -> None:
    """Freireich et al. (1963), the 6-MP arm, read as hours: the median is 23, S(12) is 0.753.

    So worked in every textbook of survival: S(6) 0.857, S(10) 0.753, S(22) 0.538, S(23) 0.448.
    Of the nine that ended the median is 10; nobody is told when censored flags end.
    """
    found = of(resolution, events=flags(*SIX_MP_FLAGS))
    assert row(found, measure="median_open")["value"] == 23
    assert row(found, measure="median_open")["low"] == 13  # log-log, as in R's survfit
    assert np.isnan(row(found, measure="median_open")["high"])
    assert row(found, measure="median_resolved")["value"] == 10
    curve = of(still_open, events=flags(*SIX_MP_FLAGS)).set_index("hours_open")["value"]
    assert curve[[0, 1, 4]].tolist() == [1, 1, 1]
    assert curve[8] == pytest.approx(0.807, abs=5e-4)
    assert curve[12] == pytest.approx(0.753, abs=5e-4)
    assert curve[24] == pytest.approx(0.448, abs=5e-4)
    assert curve[[48, 72, 168]].isna().all()  # nobody was under watch for so long


def test_within_24_hours_counts_only_flags_that_are_old_enough() -> None:
    """At 24 hours before the end is old enough; what is younger is left out, dealt with or not."""
    young: list[Flag] = [(23.9, 1), (23.9, None), (2, 1)]
    old: list[Flag] = [(24, None), (24, 23), (100, 24), (100, 24.1), (100, 0)]
    found = row(of(resolution, events=flags(*young, *old)), measure="within_24h")
    assert found["value"] == 3 / 5
    low, high = proportion_confint(3, 5, method="wilson")
    assert (found["low"], found["high"]) == pytest.approx((low, high))
    assert found["n"] == 8
    fresh = row(of(resolution, events=flags(*young)), measure="within_24h")
    assert np.isnan(fresh["value"])


def test_the_first_flag_and_the_first_resolution_of_a_case_count() -> None:
    given = events(
        (50, "flag", "c"), (49, "flag", "c"), (46, "flag_resolved", "c"), (40, "flag_resolved", "c"),
        (60, "flag"), (59, "flag_resolved"),  # not tied to one another
        (30, "flag", "back"), (31, "flag_resolved", "back"),  # dealt with before it was raised
        (80, "flag_resolved", "never raised"),
        (-5, "flag", "after the end"), (70, "something", "else"),
    )  # fmt: skip
    found = of(resolution, events=given)
    assert row(found, measure="median_open")["value"] == 4
    assert set(found["n"]) == {1}
    assert row(of(events=given), measure="flags")["value"] == 4  # all that were raised in time


def test_a_resolution_after_the_data_end_is_not_known_yet() -> None:
    found = of(resolution, events=flags((10, 11), (50, 2), (50, 3)))
    assert row(found, measure="within_24h")["value"] == 1
    assert row(found, measure="median_resolved")["value"] == 2.5


def test_only_flags_of_the_last_days_count() -> None:
    """A day is 24 hours here: the last day's first flag is raised 24 hours before the end."""
    given = flags((24, 6), (24.1, 1), (24.1, 1))
    found = of(resolution, events=given, options={"days": 1})
    assert row(found, measure="median_resolved")["value"] == 6
    assert set(found["period_start"]) == {pd.Timestamp("2024-01-28")}
    assert (
        row(of(resolution, events=given, options={"days": 2}), measure="median_resolved")["value"]
        == 1
    )


def test_without_a_resolution_how_long_it_takes_is_unseen() -> None:
    for none in (flags(), flags((100, None), (90, None))):
        assert of(resolution, events=none)["value"].isna().all()
        curve = of(still_open, events=none)
        assert curve["value"].isna().all() and curve["hours_open"].tolist() == list(GRID)


def test_when_the_last_flag_is_dealt_with_none_is_open() -> None:
    curve = of(still_open, events=flags((100, 3), (100, 5))).set_index("hours_open")
    assert curve["value"].tolist() == [1, 1, 1, 0.5, 0, 0, 0, 0, 0, 0]
    assert curve["low"].isna().tolist() == [True] * 3 + [False] + [True] * 6


def test_the_curve_ends_with_the_last_flag_under_watch() -> None:
    """Dealt with after just 4 hours counts at 4; who is watched for 7.5 hours tells nothing of 8."""
    curve = of(still_open, events=flags((100, 4), (7.5, None))).set_index("hours_open")["value"]
    assert curve[[2, 4]].tolist() == [1, 0.5] and curve[[8, 12]].isna().all()
    tied = of(still_open, events=flags((100, 8), (8, None))).set_index("hours_open")["value"]
    assert tied[[4, 8]].tolist() == [1, 0.5] and tied[[12, 24]].isna().all()


def test_a_resolution_under_a_staff_members_id_is_lost_with_her() -> None:
    """Dataset leaves the rows of staff out: the notebook says where to write who resolved."""
    staff = table(("boss", True), columns=("member_id", "is_staff"))
    given = events((50, "flag", "c"), (48, "flag_resolved", "c", None, "boss"), (50, "flag", "d"))
    assert of(resolution, events=given, members=staff)["value"].isna().all()
    assert row(of(resolution, events=given), measure="median_resolved")["value"] == 2


@pytest.mark.parametrize(("timezone", "day_start", "week_start", "week"), SUNDAY_NIGHT)
def test_a_flag_at_midnight_is_in_the_week_of_the_community(
    timezone: str, day_start: str, week_start: str, week: str
) -> None:
    """2024-01-07 17:30 UTC, a Sunday: 01:30 on Monday in Shanghai, Sunday noon in New York."""
    given = table(("e", "2024-01-07 17:30:00", "flag"), columns=("event_id", "ts", "name"))
    messages = table(
        *[("m", "a", f"2024-01-{day:02d} 12:00:00") for day in range(1, 29)],
        columns=("message_id", "author_id", "ts"),
    )
    found = compute(
        moderation_load, events=given, messages=messages, options={"weeks": 1},
        sources=covering(("2023-12-20", "2024-02-10")),
        timezone=timezone, day_start=day_start, week_start=week_start,
    )  # fmt: skip
    raised = found[(found["measure"] == "flags") & (found["value"] == 1)]
    assert [f"{day:%Y-%m-%d}" for day in raised["period_start"]] == [week]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 600), st.one_of(st.none(), st.integers(0, 200))),
        min_size=1,
        max_size=25,
    )
)
def test_with_nothing_censored_the_curve_is_the_share_not_dealt_with(
    drawn: list[tuple[int, int | None]],
) -> None:
    """Kaplan–Meier without censoring is one minus the empirical distribution; with it, above.

    Whoever counts an open flag as dealt with at the end of the data can only find fewer open.
    """
    cases = [(b, t if t is None or t < b else None) for b, t in drawn]
    found = of(still_open, events=flags(*cases)).set_index("hours_open")["value"]
    if all(t is None for _, t in cases):
        assert found.isna().all()
        return
    seen = np.array([b if t is None else t for b, t in cases])
    for hour, value in found.dropna().items():
        assert value >= np.mean(seen > hour) - 1e-12
        if all(t is not None for _, t in cases):
            assert value == pytest.approx(np.mean(seen > hour))
    assert (found.dropna().diff().dropna() <= 1e-12).all()


def test_the_sample_gives_back_its_law() -> None:
    """0.4% of messages are flagged; dealt with after 6 hours on average, exponentially."""
    with open_dataset() as sample:
        rate = row(sample.compute(moderation_load, weeks=76), measure="flag_rate")
        times = sample.compute(resolution, days=0)
    assert rate["low"] <= 4 <= rate["high"]
    half, soon = row(times, measure="median_open"), row(times, measure="within_24h")
    assert half["low"] <= 6 * log(2) <= half["high"]
    assert soon["low"] <= 1 - exp(-24 / 6) <= soon["high"]
