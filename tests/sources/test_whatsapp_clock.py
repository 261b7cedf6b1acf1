"""Dates and clocks of many phones in WhatsApp exports built from the documented grammar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest
from hand_made import Imported
from made_whatsapp import PHONES, L, talk

from shequn.sources.readers.whatsapp_clock import clock_seconds, style_of
from shequn.text import ShequnError

Import = Callable[..., Imported]
OF_GROUP = f"Plan: {L}Messages to this group are secured"


@pytest.fixture
def imported(import_as: Import) -> Import:
    """Return a function that imports files, given by name and text, as UTC unless told."""
    return partial(import_as, "whatsapp")


def of_group(text: str) -> str:
    """Return lines of somebody ``a`` behind one, of the same time, that tells of a group."""
    return text.partition("\n")[0].replace("a: x", OF_GROUP) + "\n" + text


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        ("12:00 AM", 0), ("12:00 pm", 43200), ("1:05:09 p. m.", 47109), ("00:30", 1800),
        ("上午12:05", 300), ("下午12:05", 43500), ("中午12:05", 43500), ("凌晨3:00", 10800),
        ("晚上11:00", 82800), ("中午1:05", 47100), ("中午11:59", 43140), ("晚上12:05", 300),
        ("午夜12:00", 0), ("오후 3:04", 54240), ("午後0:05", 43500), ("12.30 p.m.", 45000),
        ("下午15:00", 54000), ("24:00", -1), ("9:61", -1),
    ],
)  # fmt: skip
def test_clocks_of_twelve_hours(clock: str, seconds: int) -> None:
    assert clock_seconds(clock) == seconds


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("05.13.24, 3:04 - a: x", "2024-05-13T03:04:00Z"),
        ("13-05-2024 15.04 - a: x", "2024-05-13T15:04:00Z"),
        ("[2024-05-13, 15:04:05] a: x", "2024-05-13T15:04:00Z"),
        ("[13/05/2024, 3:04:05 pm] a: x", "2024-05-13T15:04:00Z"),
        ("5/13/24, 3:04\u202fPM - a: x", "2024-05-13T15:04:00Z"),
        ("2024. 5. 13. 오후 3:04 - a: x", "2024-05-13T15:04:00Z"),
        ("2024年5月13日 下午3:04 - a: x", "2024-05-13T15:04:00Z"),
    ],
)
def test_dates_of_many_places(imported: Import, line: str, stamp: str) -> None:
    assert imported({"a.txt": of_group(line + "\n")}).times() == [stamp]


def test_a_part_over_twelve_tells_day_from_month(imported: Import) -> None:
    lines = "04/05/24, 10:00 - a: x\n{}, 10:00 - a: x\n"
    assert imported({"a.txt": of_group(lines.format("13/05/24"))}).times()[0][:10] == "2024-05-04"
    assert imported({"a.txt": of_group(lines.format("05/13/24"))}).times()[0][:10] == "2024-04-05"


def test_order_in_time_tells_day_from_month(imported: Import) -> None:
    days = ["01/02/2024", "09/02/2024", "02/03/2024", "05/04/2024"]
    text = "".join(f"{d}, 10:00 - a: x\n" for d in days)
    got = imported({"a.txt": of_group(text)})
    assert [t[:10] for t in got.times()] == ["2024-02-01", "2024-02-09", "2024-03-02", "2024-04-05"]
    assert "only this way runs on in time" in got.report.say("en")
    swapped = "".join(f"{d[3:6]}{d[:3]}{d[6:]}, 10:00 - a: x\n" for d in days)
    assert imported({"a.txt": of_group(swapped)}).times() == got.times()


def test_one_pasted_date_does_not_turn_day_and_month(imported: Import) -> None:
    days = [f"{d:02}/{m:02}/2024" for m in range(1, 10) for d in (1, 5, 9)]
    text = "".join(f"{d}, 10:00 - a: x\n" for d in days)
    paste = "02/28/2023, 09:00 - b: y\n"
    middle = text.index("05/05/2024")
    got = imported({"a.txt": of_group(text[:middle] + paste + text[middle:])})
    assert got.times()[1][:10] == "2024-01-05" and len(got.times()) == 27
    assert got.ids.keys() == {"a"}


def test_an_open_order_is_refused_and_the_user_settles_it(imported: Import) -> None:
    text = of_group("01/02/24, 10:00 - a: x\n02/02/24, 10:00 - a: x\n")
    with pytest.raises(ShequnError) as refused:
        imported({"chat.txt": text})
    assert "--day-first" in refused.value.say("en") and "--month-first" in refused.value.say("zh")
    assert imported({"chat.txt": text}, day_first=True).times()[0][:10] == "2024-02-01"
    month = imported({"chat.txt": text}, day_first=False)
    assert [t[:10] for t in month.times()] == ["2024-01-02", "2024-02-02"]
    assert "mdy: so you said" in month.report.say("en")
    same = of_group("02/02/24, 10:00 - a: x\n")
    assert imported({"a.txt": same}).times()[0][:10] == "2024-02-02"
    # Of two files the word of the user concerns the one that leaves it open.
    clear = of_group("05/13/24, 11:00 - a: x\n")
    got = imported({"1/chat.txt": text, "2/b.txt": clear}, day_first=True)
    assert sorted(t[:10] for t in got.times()) == ["2024-02-01", "2024-02-02", "2024-05-13"]


def test_midnight_in_three_zones(imported: Import) -> None:
    text = of_group("13/05/2024, 23:59 - a: x\n13/05/2024, 00:00 - a: y\n")
    for zone, times in [
        ("Asia/Shanghai", ["12T16:00", "13T15:59"]),
        ("UTC", ["13T00:00", "13T23:59"]),
        ("America/New_York", ["13T04:00", "14T03:59"]),
    ]:
        assert [t[8:16] for t in imported({"a.txt": text}, timezone=zone).times()] == times


def test_a_log_of_a_program_is_no_chat() -> None:
    assert style_of("2024-05-13 10:00:00 INFO x: y") is None


@pytest.mark.parametrize("kind", PHONES)
def test_every_phone_tells_the_same(imported: Import, kind: str) -> None:
    got = imported({"a.txt": talk(kind)}, timezone="Asia/Shanghai")
    assert got.report.rows_unparsed == 0
    said = [(r["ts"], r["n_chars"]) for r in got.rows("messages") if r["kind"] == "text"]
    assert said == [
        ("2024-05-13T02:01:00Z", "24"), ("2024-05-13T05:02:00Z", "12"),
        ("2024-05-13T09:03:00Z", "18"), ("2024-05-13T18:04:00Z", "28"),
    ]  # fmt: skip
    assert got.ids.keys() == {"Anna", "Bert", "Cai"}


@pytest.mark.parametrize("kind", ["android-us", "iphone-gb", "android-es", "android-it"])
def test_a_year_of_days_tells_the_order_by_itself(imported: Import, kind: str) -> None:
    """No day is over twelve: only the run of time tells day from month."""
    text = "".join(
        talk(kind, dt.datetime(2024, m, d, 0, 0, 1)) for m in (1, 2, 4) for d in (3, 7, 9)
    )
    times = imported({"a.txt": text}).times()
    assert {t[5:10] for t in times} == {f"{m:02}-{d:02}" for m in (1, 2, 4) for d in (3, 7, 9)}
