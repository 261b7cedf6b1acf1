"""Local times that go wrong quietly, over the readers whose exports show no zone.

The files are built from the documented grammar of each platform. Every expected time is worked out
by hand from the rules of the zone named beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hand_made import Imported

from shequn.sources.times import Zone

Import = Callable[..., Imported]


def irc(*times: dt.datetime) -> dict[str, str | bytes]:
    """Return an IRC log whose lines show the whole time."""
    lines = [f"#plan {t:%Y-%m-%d [%H:%M:%S]} <anna> line {n}" for n, t in enumerate(times)]
    return {"plan.log": "\n".join(lines) + "\n"}


def iphone(*times: dt.datetime) -> dict[str, str | bytes]:
    """Return a WhatsApp export of an iPhone with a clock of 24 hours."""
    lines = [f"[{times[0]:%Y-%m-%d, %H:%M:%S}] G: \u200eMessages to this group are secured"]
    lines += [f"[{t:%Y-%m-%d, %H:%M:%S}] anna: line {n}" for n, t in enumerate(times)]
    return {"chat.txt": "\n".join(lines) + "\n"}


def android(*times: dt.datetime) -> dict[str, str | bytes]:
    """Return a WhatsApp export of an American Android phone: years of two digits, AM and PM."""
    stamps = [
        f"{t.month}/{t.day}/{t:%y}, {t.hour % 12 or 12}:{t:%M}\u202f{'PM' if t.hour > 11 else 'AM'}"
        for t in times
    ]
    lines = [f"{stamps[0]} - Messages to this group are secured"]
    lines += [f"{stamp} - anna: line {n}" for n, stamp in enumerate(stamps)]
    return {"chat.txt": "\n".join(lines) + "\n"}


MADE = {"irc": ("irc", irc), "iphone": ("whatsapp", iphone), "android": ("whatsapp", android)}
local = dt.datetime.fromisoformat


@pytest.fixture(params=MADE)
def read(request: pytest.FixtureRequest, import_as: Import) -> Callable[..., Imported]:
    """Return a function that writes local times as a platform does, and imports them."""
    platform, made = MADE[request.param]

    def run(zone: str, *times: str, **options: object) -> Imported:
        return import_as(platform, made(*map(local, times)), timezone=zone, **options)

    return run


Read = Callable[..., Imported]


def test_an_hour_that_never_was_is_moved_on(read: Read) -> None:
    """Berlin, 31 March 2024: at 02:00 (+01:00) the clock goes to 03:00 (+02:00)."""
    got = read("Europe/Berlin", "2024-03-31T01:59", "2024-03-31T02:30", "2024-03-31T03:00")
    assert got.times() == ["2024-03-31T00:59:00Z", "2024-03-31T01:00:00Z", "2024-03-31T01:30:00Z"]
    assert got.report.times_nonexistent == 1
    assert "1 whose time never was" in got.report.say("en")


def test_an_hour_that_came_twice_is_the_first(read: Read) -> None:
    """Berlin, 27 October 2024: at 03:00 (+02:00) the clock goes back to 02:00 (+01:00)."""
    got = read("Europe/Berlin", "2024-10-27T01:59", "2024-10-27T02:30", "2024-10-27T03:00")
    assert got.times() == ["2024-10-26T23:59:00Z", "2024-10-27T00:30:00Z", "2024-10-27T02:00:00Z"]
    # The line of WhatsApp's own, at 01:59, is none of them.
    assert got.report.times_ambiguous == 1


def test_a_clock_change_of_half_an_hour(read: Read) -> None:
    """Lord Howe, 6 October 2024: at 02:00 (+10:30) the clock goes to 02:30 (+11:00)."""
    times = "2024-10-06T01:59", "2024-10-06T02:15", "2024-10-06T02:30"
    got = read("Australia/Lord_Howe", *times, day_first=False)
    assert got.times() == ["2024-10-05T15:29:00Z", "2024-10-05T15:30:00Z", "2024-10-05T15:45:00Z"]


def test_shanghai_has_had_no_summer_time_since_1991(read: Read) -> None:
    got = read("Asia/Shanghai", "2024-03-31T02:30", "2024-10-27T02:30")
    assert got.times() == ["2024-03-30T18:30:00Z", "2024-10-26T18:30:00Z"]
    assert (got.report.times_ambiguous, got.report.times_nonexistent) == (0, 0)


def test_midnight_belongs_to_the_day_that_begins(read: Read) -> None:
    got = read("Asia/Shanghai", "2024-02-28T23:59", "2024-02-29T00:00", "2024-02-29T00:01")
    assert got.times() == ["2024-02-28T15:59:00Z", "2024-02-28T16:00:00Z", "2024-02-28T16:01:00Z"]


def test_noon_and_midnight_of_a_clock_of_twelve_hours(read: Read) -> None:
    got = read("UTC", "2024-05-13T00:30", "2024-05-13T11:59", "2024-05-13T12:30")
    assert [t[11:16] for t in got.times()] == ["00:30", "11:59", "12:30"]


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("凌晨12:30", 0), ("凌晨3:30", 3), ("早上6:30", 6), ("上午11:30", 11), ("上午12:30", 0),
     ("中午11:30", 11), ("中午12:30", 12), ("中午1:30", 13), ("下午12:30", 12), ("下午3:30", 15),
     ("傍晚6:30", 18), ("晚上8:30", 20), ("晚上12:30", 0), ("下午15:30", 15)],
)  # fmt: skip
def test_chinese_parts_of_the_day(import_as: Import, clock: str, hour: int) -> None:
    stamp = f"[2024/5/13 {clock}:00]"
    text = f"{stamp} 群: \u200eMessages to this group are secured\n{stamp} 小王: 你好\n"
    got = import_as("whatsapp", {"chat.txt": text})
    assert got.times() == [f"2024-05-13T{hour:02}:30:00Z"]


def test_a_year_of_two_digits_is_of_this_century(import_as: Import) -> None:
    got = import_as("whatsapp", android(local("2009-12-31T23:59"), local("2031-01-13T00:00")))
    assert got.times() == ["2009-12-31T23:59:00Z", "2031-01-13T00:00:00Z"]


def test_the_twenty_fourth_hour_is_no_time(import_as: Import) -> None:
    """Neither program writes 24:00: what looks so is no beginning of a message."""
    head, first = iphone(local("2024-05-13T23:59"))["chat.txt"].splitlines()  # type: ignore[union-attr]
    text = f"{head}\n{first}\n{first.replace('23:59', '24:00')}\n"  # type: ignore[str-bytes-safe]
    got = import_as("whatsapp", {"chat.txt": text}, keep_text=True)
    assert got.times() == ["2024-05-13T23:59:00Z"]
    log = "#plan 2024-05-13 [23:59:00] <anna> x\n#plan 2024-05-13 [24:00:00] <anna> y\n"
    got = import_as("irc", {"plan.log": log}, tolerate=True)
    assert got.times() == ["2024-05-13T23:59:00Z"]
    assert got.report.rows_unparsed == 1


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"])
def test_zones_beside_the_whole_hour_go_there_and_back(read: Read, zone: str) -> None:
    times = ["2024-01-15T12:34", "2024-07-15T00:05"]
    offsets = {"Asia/Kathmandu": (345, 345), "Pacific/Apia": (780, 780),
               "America/St_Johns": (-210, -150)}[zone]  # fmt: skip
    expected = [
        f"{local(t) - dt.timedelta(minutes=m):%Y-%m-%dT%H:%M:%SZ}"
        for t, m in zip(times, offsets, strict=True)
    ]
    assert read(zone, *times).times() == expected


def test_a_day_that_a_zone_left_out() -> None:
    """Samoa went from 29 to 31 December 2011: a time of the 30th is moved on by a day."""
    zone = Zone("Pacific/Apia")
    day = int(dt.datetime(2011, 12, 30, 12, tzinfo=dt.UTC).timestamp())
    moved = dt.datetime.fromtimestamp(zone.at(day), dt.UTC)
    assert (moved, zone.counts) == (dt.datetime(2011, 12, 30, 22, tzinfo=dt.UTC), [0, 0, 1])
