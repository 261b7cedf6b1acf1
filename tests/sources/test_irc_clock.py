"""Placing times of day on dates."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.readers.irc_clock import named_date, place

DAY = dt.date(2024, 5, 10)


def at(*stamps: str) -> list[int]:
    return [int(s[:2]) * 3600 + int(s[3:]) * 60 for s in stamps]


def placed(clock: list[int], hour: int | None = None) -> list[str]:
    return [
        dt.datetime.fromtimestamp(t, dt.UTC).strftime("%d %H:%M")
        for t in place(clock, DAY, hour).times
    ]


@pytest.mark.parametrize(
    ("name", "day", "hour"),
    [
        ("dev__2004-11-15_03.raw.txt", (2004, 11, 15), 3),
        ("#ubuntu.20110529.log", (2011, 5, 29), None),
        ("freenode_2011_05_29.log", (2011, 5, 29), None),
        ("log.2011-05-29_1530.txt", (2011, 5, 29), None),
        ("2011-13-45 and 2011-02-28_23", (2011, 2, 28), 23),
        ("2011-02-30.txt", None, None),
        ("channel-two.all.raw.txt", None, None),
        ("ticket-120110529.txt", None, None),
        ("19700101.txt", None, None),
    ],
)
def test_dates_in_file_names(name: str, day: tuple[int, int, int] | None, hour: int | None) -> None:
    found = named_date(name)
    assert (found and (found.day, found.hour)) == (day and (dt.date(*day), hour))


def test_the_name_without_its_date_is_what_sister_files_share() -> None:
    found = named_date("dev__2004-11-15_03.raw.txt")
    assert found
    assert found.rest == "dev__.raw.txt"


def test_the_clock_passes_midnight_where_it_runs_back_by_hours() -> None:
    assert placed(at("22:00", "23:59", "00:00", "02:00", "00:30")) == [
        "10 22:00", "10 23:59", "11 00:00", "11 02:00", "11 00:30",
    ]  # fmt: skip
    assert placed(at("13:00", "23:30", "08:00", "23:00", "07:00"))[-1] == "12 07:00"


def test_a_clock_set_right_by_minutes_is_not_midnight() -> None:
    assert placed(at("13:10", "13:05", "13:09", "14:00", "12:45")) == [
        "10 13:10", "10 13:05", "10 13:09", "10 14:00", "10 12:45",
    ]  # fmt: skip
    assert placed(at("23:58", "00:01", "23:59", "00:02")) == [
        "10 23:58", "11 00:01", "10 23:59", "11 00:02",
    ]  # fmt: skip


def test_a_quiet_day_from_night_to_night_stays_one_day() -> None:
    assert placed(at("00:05", "23:58")) == ["10 00:05", "10 23:58"]


def test_the_named_hour_lies_near_the_end() -> None:
    # As 2011-11-13_02 of the real logs: the first lines are of the day before.
    assert placed(at("21:29", "23:59", "00:10", "03:26"), hour=2) == [
        "09 21:29", "09 23:59", "10 00:10", "10 03:26",
    ]  # fmt: skip
    assert placed(at("14:03", "17:53"), hour=17) == ["10 14:03", "10 17:53"]
    # Two midnights: the hour is met on three days, and the last is the one meant.
    assert placed(at("20:00", "08:00", "20:00", "08:00", "20:10"), hour=20)[0] == "08 20:00"


def test_twelve_hours_without_am_and_pm() -> None:
    # As 2005-08-08_01 and 2004-11-15_03 of the real logs.
    assert placed(at("11:29", "12:10", "01:20"), hour=1) == ["09 23:29", "10 00:10", "10 01:20"]
    assert placed(at("12:18", "01:00", "04:51"), hour=3) == ["10 00:18", "10 01:00", "10 04:51"]
    # The same clock in the afternoon, and one that only the named hour gives away.
    assert placed(at("11:29", "12:10", "01:20"), hour=13) == ["10 11:29", "10 12:10", "10 13:20"]
    assert placed(at("11:29", "12:10"), hour=0) == ["09 23:29", "10 00:10"]
    assert placed(at("11:29", "12:10"), hour=12) == ["10 11:29", "10 12:10"]


def test_twelve_hours_round_the_clock() -> None:
    stamps = at("12:30", "06:00", "12:30", "06:00", "11:59")
    assert placed(stamps) == ["10 00:30", "10 06:00", "10 12:30", "10 18:00", "10 23:59"]
    assert place(stamps, DAY, None).twelve


def test_hours_that_rule_a_twelve_hour_clock_out() -> None:
    assert not place(at("12:30", "01:10", "13:00"), DAY, None).twelve
    assert not place(at("12:30", "01:10", "00:10"), DAY, None).twelve
    assert not place(at("09:19", "12:28"), DAY, 12).twelve


def test_what_stays_unsure_is_said() -> None:
    assert place(at("11:29", "12:10", "01:20"), DAY, None).unsure
    assert place(at("08:00", "09:00"), DAY, None).unsure
    assert not place(at("08:00", "09:00"), DAY, 9).unsure
    assert not place(at("08:00", "13:00"), DAY, None).unsure
    assert place(at("08:00", "13:00"), DAY, 20).outside
    assert not place(at("08:00", "13:00"), DAY, 13).outside


_steps = st.lists(st.integers(0, 20 * 3600), max_size=30)


@given(st.integers(0, 86_399), _steps)
def test_a_24_hour_clock_without_long_silence_is_read_back(start: int, steps: list[int]) -> None:
    true = [start]
    for step in steps:
        true.append(true[-1] + step)
    clock = [t % 86_400 for t in true]
    if min(clock) >= 3600 and max(clock) < 13 * 3600:
        return  # could be a twelve-hour clock
    midnight = int(dt.datetime(2024, 5, 10, tzinfo=dt.UTC).timestamp())
    assert [t - midnight for t in place(clock, DAY, None).times] == true


@given(st.integers(0, 86_399), st.lists(st.integers(0, 8 * 3600), min_size=1, max_size=30))
def test_a_twelve_hour_clock_with_its_hour_is_read_back(start: int, steps: list[int]) -> None:
    true = [start]
    for step in steps:
        true.append(true[-1] + step)
    clock = [(t % 43_200) + (43_200 if t % 43_200 < 3600 else 0) for t in true]
    ends = dt.datetime(2024, 5, 10, tzinfo=dt.UTC) + dt.timedelta(seconds=true[-1])
    found = place(clock, ends.date(), ends.hour)
    if any(a // 3600 == 12 and b // 3600 < 12 for a, b in pairwise(clock)):
        midnight = int(dt.datetime(2024, 5, 10, tzinfo=dt.UTC).timestamp())
        assert [t - midnight for t in found.times] == true
