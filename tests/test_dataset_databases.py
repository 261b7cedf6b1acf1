"""The dataset: databases, opening and closing, fingerprints."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import shequn.engine
from common import write_table
from opened import MEMBERS, MESSAGES, daily, peek, refusal, write
from shequn.calendar import Calendar
from shequn.dataset import open_dataset
from shequn.metrics.active_members import active_members
from shequn.metrics.retention import retention
from shequn.text import ShequnError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "data", messages=MESSAGES, members=MEMBERS)


# --- databases


def database(path: Path, kind: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute(f"CREATE TABLE messages (author_id VARCHAR, ts {kind})")
        connection.execute(
            "INSERT INTO messages VALUES ('a', '2024-03-01 15:59:59'), ('a', '2024-03-01 16:00:00')"
        )
        connection.execute(f"CREATE TABLE members (member_id VARCHAR, joined_at {kind})")
        connection.execute("CREATE TABLE other (ts INTEGER)")
        connection.execute("CREATE TABLE identities (member_id VARCHAR, display_name VARCHAR)")
    return path


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ"])
def test_a_database(tmp_path: Path, kind: str) -> None:
    path = database(tmp_path / "群.duckdb", kind)
    with open_dataset(f"duckdb:///{path}") as data:
        assert set(data.engine.columns) == {"messages", "members"}
        assert (data.info.name, data.info.timezone) == ("群", "Asia/Shanghai")
        assert daily(data) == {date(2024, 3, 1): 1, date(2024, 3, 2): 1}
        data.compute(retention)
    said = f"duckdb://{path}?timezone=UTC&name=x&day_start=04:30&week_start=sunday"
    with open_dataset(said) as data:
        assert data.info.name == "x"
        assert data.calendar.day_start == 4.5
        assert data.calendar.week_start == "sunday"
        assert daily(data) == {date(2024, 3, 1): 1}


def test_an_address_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    for address, word in (
        ("postgresql://host/community", "postgresql://"),
        (f"duckdb:///{tmp_path}/none.duckdb", "none.duckdb"),
    ):
        with pytest.raises(ShequnError) as error:
            open_dataset(address)
        refusal(error, word)
    text = tmp_path / "text.duckdb"
    text.write_text("not a database, but a text of some length\n" * 500)
    with pytest.raises(ShequnError):
        open_dataset(f"duckdb:///{text}")


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("timezone=Mars/Olympus", "Mars/Olympus"),
        ("day_start=half+past+four", "half past four"),
        ("day_start=24:30", "24:30"),
        ("week_start=friday", "friday"),
        ("time_zone=UTC", "time_zone"),
    ],
)
def test_a_clock_that_cannot_be_is_refused(tmp_path: Path, said: str, word: str) -> None:
    path = database(tmp_path / "a.duckdb", "TIMESTAMP")
    with pytest.raises(ShequnError) as error:
        open_dataset(f"duckdb:///{path}?{said}")
    refusal(error, word)


# --- opening and closing


def test_closing_lets_go(folder: Path) -> None:
    with open_dataset(folder, threads=1) as data:
        daily(data)
        work = Path(data.engine._work.name)  # type: ignore[attr-defined]
        assert work.is_dir()
    assert not work.exists()
    with pytest.raises(ShequnError):
        daily(data)
    with pytest.raises(RuntimeError), open_dataset(folder) as data:
        work = Path(data.engine._work.name)  # type: ignore[attr-defined]
        raise RuntimeError
    assert not work.exists()


def test_failing_to_open_lets_go_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    close = shequn.engine.DuckDBEngine.close
    monkeypatch.setattr(
        shequn.engine.DuckDBEngine, "close", lambda self: (closed.append(self), close(self))
    )
    with pytest.raises(ShequnError):
        open_dataset(write(tmp_path / "data", messages="author_id,ts\n"))
    assert len(closed) == 1


def test_the_sample_is_synthetic_and_says_so() -> None:
    with open_dataset() as data:
        assert data.info.synthetic
        assert data.counts_excluded() > 0
        assert not np.isnan(list(daily(data).values())).any()


def test_compressed_and_gb18030_tables_are_the_same_data(tmp_path: Path) -> None:
    text = "author_id,ts,text\na,2024-03-01T16:00:00Z,早上好\nb,2024-03-02T16:00:00Z,\n"
    found: list[Any] = []
    for name, body in {
        "plain": text.encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "gb": text.encode("gb18030"),
    }.items():
        folder = write(tmp_path / name)
        (folder / "messages.csv").write_bytes(body)
        with open_dataset(folder) as data:
            found.append((list(peek(data, "messages")["text"].dropna()), daily(data)))
    folder = write(tmp_path / "gz")
    (folder / "messages.csv.gz").write_bytes(gzip.compress(text.encode()))
    with open_dataset(folder) as data:
        found.append((list(peek(data, "messages")["text"].dropna()), daily(data)))
    assert all(f == found[0] for f in found)
    assert found[0][0] == ["早上好"]


# --- fingerprints


def fingerprint(folder: Path) -> str:
    with open_dataset(folder) as data:
        return data.engine.fingerprint()


def test_the_fingerprint_is_that_of_the_content(folder: Path) -> None:
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    os.utime(folder / "messages.csv", (1, 1))
    assert fingerprint(folder) == before, "the time of writing is not content"
    copy = write(folder.parent / "elsewhere", messages=MESSAGES, members=MEMBERS)
    assert fingerprint(copy) == before, "nor is the place"
    seen = {before}
    for messages in (MESSAGES.replace("b,", "B,"), MESSAGES + "a,2024-03-03T03:00:00Z,text\n"):
        write(folder, messages=messages)
        seen.add(fingerprint(folder))
    write(folder, mentions="message_id,target_id\nm,a\n")
    seen.add(fingerprint(folder))
    assert len(seen) == 4
    # What lies in one file may not pass for what lies in the next.
    one = write(folder.parent / "one", messages=MESSAGES, members=MEMBERS.replace("d,", "e,"))
    assert fingerprint(one) not in seen


def test_the_fingerprint_tells_of_another_clock(folder: Path) -> None:
    """A run reuses what it computed for the same fingerprint: another zone is another number."""
    seen = {fingerprint(folder)}
    for zone in ("UTC", "Asia/Tokyo"):
        (folder / "datapackage.json").write_text(f'{{"community": {{"timezone": "{zone}"}}}}')
        seen.add(fingerprint(folder))
    assert len(seen) == 3


def test_the_calendar_of_a_dataset_is_whole(folder: Path) -> None:
    with open_dataset(folder) as data:
        days = {date(2024, 3, 1) + timedelta(days=i) for i in range(3)}
        assert data.calendar == Calendar("Asia/Shanghai", 0.0, "monday", frozenset(days))


def test_a_list_of_costs_alone_has_its_days_and_supports_nothing(tmp_path: Path) -> None:
    spend = [{"date": f"2024-03-0{day}", "channel": "ads", "cost": "10"} for day in (1, 3)]
    write_table(tmp_path / "DATA", "spend", spend)
    for clock in ("Asia/Shanghai", "America/New_York"):
        described = {"community": {"timezone": clock}}
        (tmp_path / "DATA" / "datapackage.json").write_text(json.dumps(described))
        with open_dataset(tmp_path / "DATA") as data:
            assert sorted(data.calendar.covered) == [date(2024, 3, d) for d in (1, 2, 3)]
            assert data.missing(active_members.needs) == ["messages"]
