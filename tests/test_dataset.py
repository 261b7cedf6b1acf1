"""Open a community's data: coverage, clock, who is left out, refusals, databases, fingerprints."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from opened import MEMBERS, MESSAGES, daily, peek, refusal, write
from shequn import schema
from shequn.dataset import open_dataset
from shequn.metrics.active_members import active_members
from shequn.metrics.participation_inequality import participation_inequality
from shequn.metrics.retention import retention
from shequn.text import ShequnError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "data", messages=MESSAGES, members=MEMBERS)


# --- coverage and clock


def test_days_run_from_the_first_to_the_last_time_on_the_community_s_clock(folder: Path) -> None:
    with open_dataset(folder) as data:
        assert data.calendar.timezone == "Asia/Shanghai"
        assert (data.calendar.first, data.calendar.end) == (date(2024, 3, 1), date(2024, 3, 4))
        assert daily(data) == {date(2024, 3, 1): 1, date(2024, 3, 2): 1, date(2024, 3, 3): 1}


def test_sources_say_what_is_covered(folder: Path) -> None:
    write(
        folder,
        sources="source_id,covers_from,covers_to\n"
        "s1,2024-02-28T16:00:00Z,2024-02-29T15:59:59Z\n"
        "s2,2024-03-01T20:00:00Z,2024-03-03T03:00:00Z\n"
        "s3,,\n",
    )
    with open_dataset(folder) as data:
        assert data.calendar.covered == {date(2024, 2, 29), date(2024, 3, 2), date(2024, 3, 3)}
        found = daily(data)
    assert found[date(2024, 2, 29)] == 0
    assert np.isnan(found[date(2024, 3, 1)])
    assert (found[date(2024, 3, 2)], found[date(2024, 3, 3)]) == (1, 1)


@pytest.mark.parametrize("rows", ["s1,,\n", ""])
def test_sources_that_say_nothing_leave_it_to_the_messages(folder: Path, rows: str) -> None:
    write(folder, sources="source_id,covers_from,covers_to\n" + rows)
    with open_dataset(folder) as data:
        assert (data.calendar.first, data.calendar.end) == (date(2024, 3, 1), date(2024, 3, 4))


def test_any_dated_table_covers_and_a_roster_does_only_alone(tmp_path: Path) -> None:
    orders = "order_id,member_id,ts,gross,currency\no1,a,2024-01-05T00:00:00Z,10,CNY\n"
    spans = {
        "orders": {"orders": orders},
        "members": {"members": MEMBERS},
        "both": {"orders": orders, "members": MEMBERS, "messages": MESSAGES},
    }
    found = {}
    for name, tables in spans.items():
        with open_dataset(write(tmp_path / name, **tables)) as data:
            found[name] = (data.calendar.first, data.calendar.end)
    assert found["orders"] == (date(2024, 1, 5), date(2024, 1, 6))
    assert found["members"] == (date(2024, 3, 1), date(2024, 3, 3))
    assert found["both"] == (date(2024, 1, 5), date(2024, 3, 4))


def test_no_time_at_all_is_refused(tmp_path: Path) -> None:
    for i, tables in enumerate(
        ({"messages": "author_id,ts\n"}, {"mentions": "message_id,target_id\nm,a\n"})
    ):
        with pytest.raises(ShequnError) as error:
            open_dataset(write(tmp_path / str(i), **tables))
        refusal(error, "messages.ts")


def test_the_description_sets_the_clock(folder: Path) -> None:
    (folder / "datapackage.json").write_text(
        '{"community": {"name": "晨读群", "timezone": "America/New_York", "day_start": "04:30", '
        '"week_start": "sunday", "synthetic": true}}',
        encoding="utf-8",
    )
    with open_dataset(folder) as data:
        assert (data.info.name, data.info.synthetic) == ("晨读群", True)
        calendar = data.calendar
        assert (calendar.timezone, calendar.day_start) == ("America/New_York", 4.5)
        assert calendar.week_start == "sunday"
        # 15:59 and 16:00 UTC are one New York day; 01:00 UTC of the 3rd is the evening of the 2nd.
        assert daily(data) == {date(2024, 3, 1): 1, date(2024, 3, 2): 1}


def test_every_time_is_moved_to_the_clock(folder: Path) -> None:
    write(
        folder,
        membership_events="event_id,ts,member_id,action\ne1,2024-03-01T20:00:00Z,a,join\n",
    )
    with open_dataset(folder) as data:
        members = peek(data, "members").set_index("member_id")
        assert members["joined_at"]["a"] == pd.Timestamp("2024-03-01 08:00:00")
        assert members["left_at"]["b"] == pd.Timestamp("2024-03-03 13:00:00")
        assert pd.isna(members["joined_at"]["d"])
        events = peek(data, "membership_events")
        assert events["ts"][0] == pd.Timestamp("2024-03-02 04:00:00")


def test_a_joining_long_before_the_data_stands_on_the_clock_of_its_own_year(tmp_path: Path) -> None:
    """1 July 2019, 04:00 UTC, was midnight in New York, in summer time; the data begin in winter."""
    members = "member_id,joined_at,joined_at_basis\na,2019-07-01T04:00:00Z,event\n"
    messages = "author_id,ts\na,2024-01-15T12:00:00Z\n"
    folder = write(tmp_path / "data", members=members, messages=messages)
    (folder / "datapackage.json").write_text('{"community": {"timezone": "America/New_York"}}')
    with open_dataset(folder) as data:
        assert peek(data, "members")["joined_at"][0] == pd.Timestamp("2019-07-01 00:00:00")
        cohort = data.compute(retention)["cohort"].iloc[0]
    assert cohort == pd.Timestamp("2019-07-01")


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_the_machine_s_own_zone_does_not_matter(
    folder: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_dataset(folder) as data:
        here = data.compute(retention), data.compute(active_members), data.calendar
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with open_dataset(folder) as data:
            there = data.compute(retention), data.compute(active_members), data.calendar
    finally:
        monkeypatch.undo()
        time.tzset()
    pd.testing.assert_frame_equal(here[0], there[0])
    pd.testing.assert_frame_equal(here[1], there[1])
    assert here[2] == there[2]


def test_offsets_in_the_file_are_honoured(tmp_path: Path) -> None:
    messages = "author_id,ts\na,2024-03-02T00:00:00+08:00\nb,2024-03-01 15:59:59\n"
    with open_dataset(write(tmp_path / "data", messages=messages)) as data:
        assert daily(data) == {date(2024, 3, 1): 1, date(2024, 3, 2): 1}


# --- what is there and what is not


def test_what_is_missing(folder: Path) -> None:
    with open_dataset(folder) as data:
        assert data.missing({"messages": ("author_id", "ts")}) == []
        assert data.missing({}) == []
        needs = {
            "messages": ("ts", "reply_to_id"),
            "orders": ("order_id", "gross"),
            "members": ("left_at",),
        }
        assert data.missing(needs) == ["messages.reply_to_id", "orders"]


def test_a_metric_is_refused_what_it_lacks_in_both_languages(tmp_path: Path) -> None:
    orders = "order_id,member_id,ts\no1,a,2024-01-05T00:00:00Z\n"
    with (
        open_dataset(write(tmp_path / "none", orders=orders)) as data,
        pytest.raises(ShequnError) as error,
    ):
        data.compute(active_members)
    refusal(error, "active_members", "messages", "shequn list")
    undated = write(tmp_path / "some", orders=orders, messages="author_id\na\n")
    with open_dataset(undated) as data:
        with pytest.raises(ShequnError) as error:
            data.compute(retention)
        refusal(error, "messages.ts")
        assert len(data.compute(participation_inequality)) == 5  # needs no time of its own


def test_absent_tables_and_columns_arrive_empty_and_typed(tmp_path: Path) -> None:
    messages = "author_id,ts\na,2024-03-01T00:00:00Z\n"
    with open_dataset(write(tmp_path / "data", messages=messages)) as data:
        for name, table in schema.tables().items():
            frame = peek(data, name)
            assert list(frame.columns) == list(table.columns), name
            assert len(frame) == (1 if name == "messages" else 0), name
        found = peek(data, "messages").iloc[0]
        assert found.drop(["author_id", "ts"]).isna().all()
        assert str(data.table("members").schema()["joined_at"]).startswith("timestamp")
        assert data.counts_excluded() == 0
        assert len(data.basis()) == 0


def test_names_of_people_are_never_opened(folder: Path) -> None:
    write(folder, identities="member_id,display_name\na,Zhang San\n")
    with open_dataset(folder) as data:
        assert "identities" not in data.engine.columns
        assert data.missing({"identities": ("display_name",)}) == ["identities"]
        assert len(peek(data, "identities")) == 0
        before = data.engine.fingerprint()
    write(folder, identities="member_id,member_id\nnot even opened\n")
    with open_dataset(folder) as data:
        assert data.engine.fingerprint() == before


def test_robots_and_staff_are_left_out_of_every_table_about_people(folder: Path) -> None:
    people = ("a", "robot", "boss", "stranger")
    write(
        folder,
        membership_events="event_id,ts,member_id,action\n"
        + "".join(f"e{m},2024-03-02T00:00:00Z,{m},join\n" for m in people),
        reactions="message_id,member_id,ts\n"
        + "".join(f"m1,{m},2024-03-02T00:00:00Z\n" for m in people),
        mentions="message_id,target_id\n" + "".join(f"m1,{m}\n" for m in people),
        orders="order_id,member_id,ts\n"
        + "".join(f"o{m},{m},2024-03-02T00:00:00Z\n" for m in people),
        events="event_id,member_id,ts,name\n"
        + "".join(f"v{m},{m},2024-03-02T00:00:00Z,view\n" for m in (*people, "")),
    )
    with open_dataset(folder) as data:
        assert data.counts_excluded() == 2
        assert set(peek(data, "members")["member_id"]) == {"a", "b", "d"}
        for name in ("membership_events", "reactions", "orders"):
            assert set(peek(data, name)["member_id"]) == {"a", "stranger"}, name
        assert set(peek(data, "mentions")["target_id"]) == {"a", "stranger"}
        # An event of nobody known, such as a view of the page before joining, stays.
        events = peek(data, "events")["member_id"]
        assert (set(events.dropna()), events.isna().sum()) == ({"a", "stranger"}, 1)
        # Nobody "says" a system message; a missing kind is speech.
        assert list(peek(data, "messages")["author_id"]) == ["a", "a", "b"]


def test_without_flags_nobody_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path / "d", messages=MESSAGES, members="member_id,joined_at\nrobot,\n")
    with open_dataset(folder) as data:
        assert data.counts_excluded() == 0
        assert daily(data)[date(2024, 3, 3)] == 2


def test_on_what_joining_and_leaving_are_known(tmp_path: Path) -> None:
    """Of seven, staff and robot aside, four joined by event, two by first message, one unknown."""
    rows = ["event,event"] * 2 + ["event,"] * 2 + ["first_message,inferred"] * 2 + [","]
    members = "member_id,joined_at_basis,left_at_basis,is_staff\n" + "".join(
        f"m{i},{basis},false\n" for i, basis in enumerate(rows)
    )
    members += "boss,event,event,true\n"
    with open_dataset(write(tmp_path / "d", messages=MESSAGES, members=members)) as data:
        withheld = data.basis()
        data.smallest_group = 1
        frame = data.basis()
    assert withheld["members"].isna().all(), "none of these groups has five"
    assert list(frame.columns) == ["date", "basis", "members", "withheld"]
    found = [(d, None if pd.isna(b) else b, n) for d, b, n, _ in frame.itertuples(index=False)]
    assert found == [
        ("joined", "event", 4),
        ("joined", "first_message", 2),
        ("joined", None, 1),
        ("left", None, 3),
        ("left", "event", 2),
        ("left", "inferred", 2),
    ]


# --- bad data


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ("author_id,ts\na,yesterday\n", "ts"),
        ("author_id,ts\na,2024-13-01T00:00:00Z\n", "ts"),
        ("author_id,ts,n_chars\na,2024-03-01T00:00:00Z,many\n", "n_chars"),
    ],
)
def test_what_is_not_of_its_type_is_refused_and_not_guessed(
    tmp_path: Path, messages: str, word: str
) -> None:
    with pytest.raises(ShequnError) as error:  # noqa: SIM117
        with open_dataset(write(tmp_path / "data", messages=messages)) as data:
            peek(data, "messages")
    refusal(error, word, "shequn check")


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", write(tmp_path / "empty")):
        with pytest.raises(ShequnError) as error:
            open_dataset(path)
        refusal(error)


def test_a_file_that_changes_while_it_is_read_is_refused(folder: Path) -> None:
    with open_dataset(folder) as data:
        daily(data)
        with (folder / "messages.csv").open("a") as file:
            file.write("z,2024-03-02T00:00:00Z,text\n")
        with pytest.raises(ShequnError) as error:
            daily(data)
    refusal(error, "messages.csv")
