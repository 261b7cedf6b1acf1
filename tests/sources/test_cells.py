"""What cells say, and which column is which."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.sources import cells, columns
from shequn.sources.times import Zone

SHANGHAI = Zone("Asia/Shanghai")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1288.5", 1288.5), ("¥1,288.50", 1288.5), ("￥ １，２８８．５０", 1288.5), ("1288.5元", 1288.5),
        ("1.234,56 €", 1234.56), ("12,50", 12.5), ("1,234", 1234), ("1,234,567", 1234567),
        ("1.2万", 12000), ("3亿", 3e8), ("-5", -5), ("(5.00)", -5), ('="0012"', 12), ("'7", 7),
        ("\t30\t", 30), ("-", None), ("--", None), ("", None), ("N/A", None), ("US$3", 3),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(cell: str, value: float | None) -> None:
    assert cells.number(cell) == value


@pytest.mark.parametrize(
    "cell", ["abc", "1-2", "1e999", "nan2", "∞", "12%3", "1" * 400, "0x10", "１e9９9"]
)
def test_what_is_no_number_is_said_to_be_none(cell: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cells.number(cell)


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2025年04月22日20时35分10秒", "2025-04-22 12:35:10"),
        ("2025年04月22日20时", "2025-04-22 12:00:00"),
        ("2025年4月2日", "2025-04-01 16:00:00"),
        ("2025-04-22 20:35", "2025-04-22 12:35:00"),
        ("2025/4/2 9:05:07", "2025-04-02 01:05:07"),
        ("2025-04-22T20:35:10.123+01:00", "2025-04-22 19:35:10"),
        ("2025-03-01 10:00:00 -0500", "2025-03-01 15:00:00"),
        ("2025-03-01T10:00:00Z", "2025-03-01 10:00:00"),
        ("20250422203510", "2025-04-22 12:35:10"),
        ("Apr 2, 2025", "2025-04-01 16:00:00"),
        ("2025/3/5 下午3:04", "2025-03-05 07:04:00"),
        ("2025/3/5 12:04 AM", "2025-03-04 16:04:00"),
        ("3/4/2025", "2025-04-02 16:00:00"),
    ],
)
def test_moments_are_read_in_the_zone_unless_they_bear_one(cell: str, utc: str) -> None:
    found = cells.moment(cell, SHANGHAI, day_first=True)
    assert found is not None
    assert str(dt.datetime.fromtimestamp(found, dt.UTC))[:19] == utc


@pytest.mark.parametrize(
    "cell", ["3/4/2025", "2025-02-30", "2025-13-01", "soon", "1969-01-01", "2025-01-01 99:00"]
)
def test_what_is_no_moment_or_may_be_two_is_said_to_be_none(cell: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cells.moment(cell, SHANGHAI)


def test_many_dates_tell_whether_the_day_comes_first() -> None:
    assert cells.day_comes_first(["3/4/2025", "13/4/2025"]) is True
    assert cells.day_comes_first(["3/4/2025", "4/13/25"]) is False
    assert cells.day_comes_first(["3/4/2025"]) is None
    with pytest.raises(ValueError, match="both"):
        cells.day_comes_first(["13/4/2025", "4/13/2025"])


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("12.34", 12.34), ("1分05秒", 65), ("0:01:46", 106), ("21.5s", 21.5), ("-", None)],
)
def test_lengths_of_time_are_in_seconds(cell: str, seconds: float | None) -> None:
    assert cells.length(cell) == seconds


@given(st.text())
@settings(max_examples=30)
def test_any_cell_is_read_or_refused_without_another_error(cell: str) -> None:
    for read in (
        cells.number,
        cells.length,
        cells.day,
        lambda c: cells.moment(c, SHANGHAI, day_first=False),
    ):
        try:
            read(cell)
        except ValueError:
            continue


def test_a_unit_behind_a_name_does_not_hide_the_column() -> None:
    found = columns.match(
        ["消耗（元）", "转化数（计费时间）", " 转化数"], {"cost": ("消耗",), "n": ("转化数",)}
    )
    assert found.places == {"cost": 0, "n": 2}
    assert found.doubtful == {}
    assert found.currency("cost") == "CNY"


def test_two_columns_of_one_rank_are_not_guessed_among() -> None:
    names = {"cost": ("消耗|花费", "金额")}
    found = columns.match(["花费", "消耗", "金额"], names)
    why = columns.lacking(found, names, ["cost"])
    assert why is not None
    assert "消耗, 花费" in why.en
    assert columns.lacking(columns.match(["金额"], names), names, ["cost"]) is None


def test_a_column_that_is_missing_is_named_with_what_is_there() -> None:
    names = {"cost": ("消耗|花费",)}
    why = columns.lacking(columns.match(["日期", "点击"], names), names, ["cost"])
    assert why is not None
    assert "消耗, 花费" in why.en
    assert "日期, 点击" in why.zh
