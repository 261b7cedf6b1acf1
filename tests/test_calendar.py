"""The community's clock against the zone database, in Python and through an engine's SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.calendar import Calendar

SECOND = timedelta(seconds=1)
ZONES = (
    "UTC",
    "Asia/Shanghai",  # one offset now; summer time from 1986 to 1991
    "Asia/Kolkata",  # half an hour
    "Asia/Kathmandu",  # three quarters
    "America/New_York",
    "America/St_Johns",  # half an hour, and changes at one minute past midnight until 2011
    "America/Caracas",  # moved by half an hour in 2007 and back in 2016
    "Europe/Dublin",  # winter is the time that is "saved"
    "Europe/London",  # no winter time from 1968 to 1971
    "Australia/Lord_Howe",  # summer time of half an hour
    "Africa/Casablanca",  # changes around every Ramadan
    "Africa/Monrovia",  # 44 minutes and 30 seconds until 1972
    "Antarctica/Troll",  # summer time of two hours
    "Pacific/Apia",  # left out 30 December 2011
    "Pacific/Kwajalein",  # left out 21 August 1993
)
DAY_STARTS = tuple(h + m / 60 for h in range(24) for m in range(60))


def by_sql(calendar: Calendar, moments: list[datetime]) -> list[datetime]:
    """Shift naive UTC moments as a metric's tables are shifted: by the SQL of an engine."""
    table = ibis.table({"i": "int64", "ts": "timestamp"}, name="moments")
    years = min(m.year for m in moments), max(m.year for m in moments)
    shifted = table.select("i", ts=calendar.shift(table.ts, years))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE moments (i BIGINT, ts TIMESTAMP)")
        connection.executemany("INSERT INTO moments VALUES (?, ?)", list(enumerate(moments)))
        sql = str(ibis.to_sql(shifted, dialect="duckdb"))
        rows = connection.execute(f"SELECT ts FROM ({sql}) ORDER BY i").fetchall()
    return [ts for (ts,) in rows]


def by_zoneinfo(zone: str, day_start: float, moment: datetime) -> datetime:
    """Work out the same from the zone database alone."""
    offset = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return moment + offset - timedelta(minutes=round(day_start * 60))


def transitions(zone: str, first: int, last: int) -> list[datetime]:
    """Return the first moment (naive UTC) after each change of offset."""
    info = ZoneInfo(zone)
    moment, stop = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    found = []
    step = timedelta(hours=1)
    while moment < stop:
        if (moment + step).astimezone(info).utcoffset() != moment.astimezone(info).utcoffset():
            inside = moment
            while inside.astimezone(info).utcoffset() == moment.astimezone(info).utcoffset():
                inside += SECOND
            found.append(inside.replace(tzinfo=None))
        moment += step
    return found


@st.composite
def clocks_and_moments(draw: st.DrawFn) -> tuple[str, float, list[datetime]]:
    year = draw(st.integers(1960, 2045))
    moments = draw(
        st.lists(
            st.datetimes(datetime(year, 1, 1), datetime(year + 3, 12, 31, 23, 59, 59)),
            min_size=1,
            max_size=30,
        )
    )
    return draw(st.sampled_from(ZONES)), draw(st.sampled_from(DAY_STARTS)), moments


@settings(max_examples=60, deadline=None)
@given(clocks_and_moments())
def test_shift_in_sql_is_the_zone_database(drawn: tuple[str, float, list[datetime]]) -> None:
    zone, day_start, moments = drawn
    shifted = by_sql(Calendar(zone, day_start), moments)
    assert shifted == [by_zoneinfo(zone, day_start, m) for m in moments]


@settings(max_examples=200, deadline=None)
@given(clocks_and_moments())
def test_local_is_the_zone_database(drawn: tuple[str, float, list[datetime]]) -> None:
    zone, day_start, moments = drawn
    calendar = Calendar(zone, day_start)
    for moment in moments:
        expected = by_zoneinfo(zone, day_start, moment)
        assert calendar.local(moment) == expected
        assert calendar.local(moment.replace(tzinfo=UTC)) == expected


@pytest.mark.parametrize(
    ("zone", "first", "last", "count"),
    [
        ("America/New_York", 2006, 2008, 6),  # the rule itself changed in 2007
        ("Asia/Shanghai", 1985, 1992, 12),
        ("Asia/Shanghai", 2020, 2026, 0),
        ("Pacific/Apia", 2010, 2012, 6),
        ("Australia/Lord_Howe", 2023, 2024, 4),
        ("Africa/Casablanca", 2019, 2020, 4),
        ("Africa/Monrovia", 1971, 1973, 1),
    ],
)
def test_shift_to_the_second_around_every_transition(
    zone: str, first: int, last: int, count: int
) -> None:
    """The counts of transitions are those of the zone database (tzdata's source files)."""
    changes = transitions(zone, first, last)
    assert len(changes) == count
    moments = [t + d for t in changes for d in (-SECOND, -SECOND / 1000, 0 * SECOND, SECOND)]
    moments += [datetime(first, 1, 1), datetime(last, 12, 31, 23, 59, 59)]
    assert by_sql(Calendar(zone), moments) == [by_zoneinfo(zone, 0, m) for m in moments]


def test_the_day_that_samoa_left_out() -> None:
    """Apia went from 29 December 2011 (UTC-10) straight to 31 December (UTC+14) at 10:00 UTC."""
    moments = [datetime(2011, 12, 30, 9, 59, 59), datetime(2011, 12, 30, 10)]
    assert by_sql(Calendar("Pacific/Apia"), moments) == [
        datetime(2011, 12, 29, 23, 59, 59),
        datetime(2011, 12, 31),
    ]


def test_every_day_start_moves_by_whole_minutes() -> None:
    """4:20 is not a binary fraction of an hour; a lost second would move a message a day back."""
    noon = datetime(2024, 5, 1, 12)
    calendars = [Calendar("UTC", minutes // 60 + minutes % 60 / 60) for minutes in range(24 * 60)]
    expected = [noon - timedelta(minutes=minutes) for minutes in range(24 * 60)]
    assert [calendar.local(noon) for calendar in calendars] == expected
    table = ibis.table({"ts": "timestamp"}, name="noon")
    shifted = {f"m{i}": c.shift(table.ts, (2024, 2024)) for i, c in enumerate(calendars)}
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE noon AS SELECT TIMESTAMP '2024-05-01 12:00:00' AS ts")
        rows = connection.execute(str(ibis.to_sql(table.select(**shifted)))).fetchall()
    assert list(rows[0]) == expected


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark", "postgres", "snowflake"])
def test_shift_compiles(dialect: str) -> None:
    table = ibis.table({"ts": "timestamp"}, name="t")
    for zone in ("Asia/Shanghai", "America/New_York"):
        shifted = table.select(ts=Calendar(zone, 4.5).shift(table.ts, (2023, 2024)))
        assert str(ibis.to_sql(shifted, dialect=dialect)).startswith("SELECT")


@pytest.mark.parametrize("start", ["monday", "sunday"])
def test_week_in_sql_and_week_of_agree(start: str) -> None:
    calendar = Calendar(week_start=start)
    days = [date(2023, 12, 1) + timedelta(days=i) for i in range(800)]
    table = ibis.table({"day": "date"}, name="days")
    sql = str(ibis.to_sql(table.select("day", week=calendar.week(table.day))))
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE days AS SELECT CAST(d AS DATE) AS day FROM range("
            "TIMESTAMP '2023-12-01', TIMESTAMP '2026-02-08', INTERVAL 1 DAY) AS r(d)"
        )
        # Engines give a truncated date as a date or as its midnight.
        rows = connection.execute(f"SELECT day, CAST(week AS TIMESTAMP) FROM ({sql})").fetchall()
    weeks = dict(rows)
    assert len(weeks) == len(days)
    for day in days:
        week = calendar.week_of(day)
        assert weeks[day] == datetime.combine(week, time())
        assert week.strftime("%A").lower() == start
        assert timedelta() <= day - week < timedelta(days=7)


def test_week_of_by_hand() -> None:
    """7 January 2024 was a Sunday."""
    assert Calendar().week_of(date(2024, 1, 7)) == date(2024, 1, 1)
    assert Calendar(week_start="sunday").week_of(date(2024, 1, 7)) == date(2024, 1, 7)
    assert Calendar(week_start="sunday").week_of(date(2024, 1, 6)) == date(2023, 12, 31)


def test_covered_days() -> None:
    covered = {date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 3)}
    calendar = Calendar(covered=frozenset(covered))
    assert calendar.first == date(2024, 2, 28)
    assert calendar.end == date(2024, 3, 4)
    assert calendar.is_covered(date(2024, 2, 28), 3)
    assert not calendar.is_covered(date(2024, 2, 28), 4)
    assert not calendar.is_covered(date(2024, 2, 27), 2)
    assert calendar.is_covered(date(2024, 3, 3), 1)
    assert not calendar.is_covered(date(2024, 3, 3), 2)
    assert [d.date() for d in calendar.days()] == [
        date(2024, 2, 28) + timedelta(days=i) for i in range(5)
    ]


@pytest.mark.parametrize(
    ("calendar", "en", "zh"),
    [
        (
            Calendar(),
            "Asia/Shanghai, days from 00:00, weeks from Monday",
            "Asia/Shanghai 时间，一天从 00:00 起，一周从周一起",
        ),
        (
            Calendar("America/New_York", 4.5, "sunday"),
            "America/New_York, days from 04:30, weeks from Sunday",
            "America/New_York 时间，一天从 04:30 起，一周从周日起",
        ),
        (
            Calendar("UTC", 4 + 20 / 60),
            "UTC, days from 04:20, weeks from Monday",
            "UTC 时间，一天从 04:20 起，一周从周一起",
        ),
    ],
)
def test_describe(calendar: Calendar, en: str, zh: str) -> None:
    said: Any = calendar.describe()
    assert (said["en"], said["zh"]) == (en, zh)
