"""Local times as UTC, and UTC as it is written."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.times import Zone, utc
from shequn.text import ShequnError


def test_times_become_utc_and_doubtful_ones_are_counted() -> None:
    zone = Zone("Europe/Berlin")

    def local(text: str) -> int:
        return int(dt.datetime.fromisoformat(text + "+00:00").timestamp())

    times = [
        local(t)
        for t in (
            "2024-01-15 12:00", "2024-07-15 12:00",
            "2024-03-31 02:30",  # never was: 02:00 became 03:00
            "2024-10-27 02:30",  # came twice: first in summer time
            "2024-10-27 03:00",
        )
    ]  # fmt: skip
    moved = [dt.datetime.fromtimestamp(t, dt.UTC).strftime("%m-%d %H:%M") for t in zone.utc(times)]
    assert moved == ["01-15 11:00", "07-15 10:00", "03-31 01:30", "10-27 00:30", "10-27 02:00"]
    assert zone.counts == [3, 1, 1]


@given(
    st.integers(0, 2_000_000_000),
    st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_utc_agrees_with_the_library(time: int, name: str) -> None:
    local = dt.datetime.fromtimestamp(time, dt.UTC).replace(tzinfo=ZoneInfo(name))
    assert list(Zone(name).utc([time])) == [int(local.timestamp())]


def test_an_unknown_zone_names_its_neighbours() -> None:
    with pytest.raises(ShequnError, match="no time zone") as caught:
        Zone("Asia/Shangai")
    assert "Asia/Shanghai" in caught.value.say("en")


def test_times_before_1970_and_far_off_keep_their_form() -> None:
    assert utc(-1) == "1969-12-31T23:59:59Z"
    assert utc(dt.datetime(900, 1, 1, tzinfo=dt.UTC)) == "0900-01-01T00:00:00Z"
    with pytest.raises(ValueError, match="zone"):
        utc(dt.datetime(2024, 1, 1))
