"""Reading IRC logs, rule by rule, on hand-made ones."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported, write_logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources import import_export
from shequn.text import ShequnError

Import = Callable[..., Imported]

OLD = """\
=== zoe [~zoe@host.example]  has joined #Club
[22:58] <Anna> hello all
=== Bert [~b@h]  has joined #club
[23:59] <@Bert> anna: hi there
=== Bert waves at Anna
=== mode/#club [+o Bert]  by ChanServ
=== ..[topic/#club:Bert] : Rules | be kind
=== nobody-here does something
[00:01]  * Anna yawns
=== Bert is now known as Bert_
[00:02] <bert_> ANNA, carl: bye
=== Bert_ [~b@h]  has left #club []
[00:03] -helper- use the paste

"""
NEW = """\
mediawiki 2013-01-26 [15:04:04] <wikibugs>\t 03(mod) bug
mediawiki 2013-01-26 [15:04:21] <Matma>\t Nemo: my pleasure  \n\
mediawiki 2013-01-26 [15:05:00] * Isarra  mutters irritably.  \n\
rust 2013-01-27 [00:00:00] *hojjat \tthought the same
rust 2013-01-27 [00:00:01] -eval- () \n\
"""


def test_the_older_layout(imported: Import) -> None:
    got = imported({"club__2024-05-10.txt": OLD})
    ids = got.ids
    rows = [
        (
            r["author_id"],
            r["ts"],
            r["kind"],
            int(r["n_chars"]),
            int(r["source_row"]),
            r["channel_id"],
        )
        for r in got.rows("messages")
    ]
    assert rows == [
        (ids["anna"], "2024-05-10T22:58:00Z", "text", 9, 2, "club"),
        (ids["bert"], "2024-05-10T23:59:00Z", "text", 14, 4, "club"),
        (ids["bert"], "2024-05-10T23:59:00Z", "text", 13, 5, "club"),
        (ids["anna"], "2024-05-11T00:01:00Z", "text", 5, 9, "club"),
        (ids["bert_"], "2024-05-11T00:02:00Z", "text", 15, 11, "club"),
        (ids["helper"], "2024-05-11T00:03:00Z", "text", 13, 13, "club"),
    ]
    assert ids["bert"] == ids["bert_"]
    events = [
        (r["member_id"], r["ts"], r["action"], r["method"], r["channel_id"])
        for r in got.rows("membership_events")
    ]
    assert sorted(events, key=lambda e: (e[1], e[0] != ids["zoe"])) == [
        (ids["zoe"], "2024-05-10T22:58:00Z", "join", "connection", "club"),
        (ids["bert"], "2024-05-10T22:58:00Z", "join", "connection", "club"),
        (ids["bert"], "2024-05-11T00:01:00Z", "rename", "", "club"),
        (ids["bert"], "2024-05-11T00:02:00Z", "leave", "connection", "club"),
    ]
    assert "nobody-here" not in ids
    report = got.report
    assert (report.rows_read, report.rows_kept, report.rows_ignored) == (14, 10, 4)
    assert (report.members, report.bots) == (4, 1)


def test_the_newer_layout(imported: Import) -> None:
    got = imported({"any name": NEW}, timezone="Asia/Shanghai")
    ids = got.ids
    assert [(r["channel_id"], r["author_id"], r["ts"]) for r in got.rows("messages")] == [
        ("mediawiki", ids["wikibugs"], "2013-01-26T07:04:04Z"),
        ("mediawiki", ids["matma"], "2013-01-26T07:04:21Z"),
        ("mediawiki", ids["isarra"], "2013-01-26T07:05:00Z"),
        ("rust", ids["hojjat"], "2013-01-26T16:00:00Z"),
        ("rust", ids["eval"], "2013-01-26T16:00:01Z"),
    ]
    assert not (got.data / "membership_events.csv").exists()
    assert got.report.bots == 2
    assert not got.report.knowledge["joins"].known


def test_the_room_style_of_joining_and_leaving(imported: Import) -> None:
    text = (
        "[10:00] <a1> x\n=== b1 entered the room.\n=== b1 left the room (quit: Read error: 1 (x)).\n"
        "=== a1 left the room.\n=== a1 left the room laughing\n"
    )
    got = imported({"2024-05-10": text})
    assert sorted(r["action"] for r in got.rows("membership_events")) == ["join", "leave", "leave"]
    assert len(got.rows("messages")) == 2


def test_status_lines_before_the_first_time_take_it(imported: Import) -> None:
    got = imported({"2024-05-10": "=== a1 [x@y]  has joined #c\n[10:07] <b1> x\n"})
    assert got.rows("membership_events")[0]["ts"] == "2024-05-10T10:07:00Z"


def test_files_without_a_date_are_left_out_or_dated_by_hand(imported: Import) -> None:
    logs = {"club.txt": "[10:00] <a1> x\n[junk\n", "2024-05-10.txt": "[10:00] <b1> x\n"}
    got = imported(logs)
    assert [f.file for f in got.report.files_left_out] == ["club.txt"]
    assert "--date" in got.report.files_left_out[0].why.en
    assert (got.report.rows_read, got.report.rows_unparsed) == (1, 0)
    with pytest.raises(ShequnError, match="Nothing of IRC") as caught:
        imported({"club.txt": logs["club.txt"]})
    assert "YYYY-MM-DD" in caught.value.say("zh")
    dated = imported({"club.txt": "[10:00] <a1> x\n"}, date=dt.date(2006, 1, 2))
    assert dated.times() == ["2006-01-02T10:00:00Z"]
    assert any("2006-01-02" in a.en for a in dated.report.assumptions)


def test_what_is_no_log_is_left_out_by_its_content(imported: Import) -> None:
    got = imported(
        {
            "2024-05-10.txt": "[10:00] <a1> x\n",
            "x.annotation.txt": "1000 1001 - \n0 0 -\n",
            "README": "Lines look like this:\n[10:00] <nick> text\nand so on\nand on\nand on\nand on\n",
            "empty.txt": "\n\n",
            "photo.jpg": bytes(range(256)) * 9,
            "heading.adoc": "=== A heading\ntext\n",
        }
    )
    why = {f.file: f.why.en.split()[0] for f in got.report.files_left_out}
    assert why == {
        "x.annotation.txt": "pairs",
        "README": "not",  # an export of IRC
        "empty.txt": "empty",
        "photo.jpg": "not",
        "heading.adoc": "not",
    }


def test_one_percent_and_no_more_may_be_junk(imported: Import, tmp_path: Path) -> None:
    good = "".join(f"[10:{i % 60:02}] <a1> x\n" for i in range(99))
    got = imported({"2024-05-10": good + "secret words 12\n"})
    assert got.report.rows_unparsed == 1
    assert [(e.row, e.shape) for e in got.report.examples] == [(100, "x x 99")]
    with pytest.raises(ShequnError, match=r"2 of 101 rows \(2\.0%\)"):
        imported({"2024-05-10": good + "secret words\n[25:00] <a1> no such hour\n"})
    assert not (tmp_path / "data2").exists()
    assert imported({"2024-05-10": good + "a\nb\n"}, tolerate=True).report.rows_unparsed == 2


def test_copies_are_dropped_and_counted(imported: Import) -> None:
    day = [f"[{h:02}:{m:02}] <n{m % 7}> text {h} {m}\n" for h in range(24) for m in range(60)]
    logs = {
        "c_2024-05-10.txt": "".join(day),
        "part_2024-05-10.txt": "".join(day[300:400]),
        "same_2024-05-10.txt": "".join(day),
        "more/c_2024-05-10.txt": "".join(day[7:9]),
        "other-channel_2024-05-10.txt": "".join(day[8:10]),
        "other-day_2024-05-11.txt": "".join(day[9:11]),
        "longer_2024-05-10.txt": "".join(day[300:400]) + "[23:59] <n1> something else\n",
        "packed.log.gz": gzip.compress("".join(day[100:200]).encode()),
    }
    got = imported(logs, date=dt.date(2024, 5, 10))
    dropped = {f.file for f in got.report.files_left_out if f.duplicate}
    assert dropped == {
        "part_2024-05-10.txt", "same_2024-05-10.txt", "c_2024-05-10.txt", "packed.log",
    }  # fmt: skip
    assert got.report.duplicates == 4
    assert got.report.rows_read == 1440 + 2 + 2 + 101
    assert got.report.messages == 1440 + 2 + 2 + 101


def test_a_log_of_another_channel_is_no_copy(imported: Import) -> None:
    bot = "".join(f"[{h:02}:{m:02}] <pingbot> ping\n" for h in range(9) for m in range(0, 60, 9))
    joins = "[00:00] <a1> x\n=== a1 [x@y]  has joined #{}\n".format
    got = imported({"x_2024-05-10": joins("one") + bot, "y_2024-05-10": bot + joins("two")})
    assert got.report.duplicates == 0
    assert {r["channel_id"] for r in got.rows("messages")} == {"one", "two"}


def test_a_part_of_a_log_is_a_copy_by_its_messages(imported: Import) -> None:
    whole = "[09:00] <a1> x\n\n\n=== a1 claps\n[10:00] <b1> y\n[10:00] <b1> y\n"
    part = whole.partition("\n")[2]
    whole += "[10:01] <b1> z\n"  # what reaches further counts
    got = imported({"c 2024-05-10.txt": whole, "part/c 2024-05-10.txt": part})
    assert (got.report.duplicates, got.report.messages) == (1, 5)


def test_days_on_which_only_a_robot_talks_are_no_copies(imported: Import) -> None:
    day = "".join(f"[{h:02}:00] <pingbot> ping\n" for h in range(24))
    # The same bytes on two days would be one source: each has a line of its own.
    got = imported({f"c_2024-05-{d}": f"{day}[23:01] <a1> {d}\n" for d in (10, 11)})
    assert (got.report.duplicates, got.report.messages) == (0, 50)
    # A log of some days, and one of them by itself.
    whole = day * 3 + "[23:30] <a1> x\n"
    got = imported({"c_2024-05-10": whole, "c_2024-05-12": day, "backup/c_2024-05-10": day})
    assert (got.report.duplicates, got.report.messages) == (2, 73)


def test_logs_that_overlap_give_every_message_once(imported: Import) -> None:
    lines = [f"c 2024-05-10 [10:{m:02}:00] <a1> text {m % 5}\n" for m in range(30)]
    got = imported({"one": "".join(lines[:20]), "two": "".join(lines[10:])})
    assert (got.report.messages, got.report.rows_duplicate, got.report.duplicates) == (30, 10, 0)


def test_any_number_of_channels_may_stand_in_a_file(imported: Import) -> None:
    text = "".join(f"c{i} 2013-01-26 [15:04:04] <a1> x\n" for i in range(66_000))
    channels = {r["channel_id"] for r in imported({"log": text}).rows("messages")}
    assert channels == {f"c{i}" for i in range(66_000)}


def test_a_private_talk_does_not_name_the_other(imported: Import) -> None:
    line = "{} 2013-01-26 [15:04:04] <{}> x\n".format
    talk = [line("Bob", "bob"), line("Bob", "anna")]
    room = [line("rust", who) for who in ("rust", "anna", "bob")]
    channels = {r["channel_id"] for r in imported({"log": "".join(talk + room)}).rows("messages")}
    [other] = channels - {"rust"}
    assert other.startswith("c")
    assert "bob" not in other


def test_channels_by_line_by_sisters_and_by_file_name(imported: Import) -> None:
    got = imported(
        {
            "x_2024-05-10.txt": "[10:00] <a1> x\n=== a1 [x@y]  has joined #Club\n",
            "x_2024-05-11.txt": "[10:00] <a1> x\n",
            "#群聊 two.2024-05-11.log": "[10:00] <a1> y\n",
            "a1_2024-05-12.txt": "[10:00] <a1> a talk with one person\n",
        }
    )
    channels = {r["ts"][:10] + r["channel_id"] for r in got.rows("messages")}
    query = next(c for c in channels if c.startswith("2024-05-12"))
    assert channels == {"2024-05-10club", "2024-05-11club", "2024-05-11群聊-two", query}
    assert "a1" not in query
    assert not any("a1" in f.file for f in got.report.files_read)


def test_encodings_are_counted(imported: Import) -> None:
    lines = ["[10:00] <群主> 大家好\n".encode("gb18030")] * 2 + [b"[10:01] <bob> x\n"]
    got = imported({"2024-05-10": b"".join(lines)})
    assert got.report.decoded == {"gb18030": 2, "utf-8": 1}
    assert "群主" in {r["display_name"] for r in got.rows("identities")}
    assert any("2 rows are not UTF-8" in a.en for a in got.report.assumptions)


def test_clock_changes_are_counted(imported: Import) -> None:
    got = imported(
        {"2024-10-27": "[02:30] <a1> x\n[02:10] <b1> x\n[04:00] <a1> x\n"}, timezone="Europe/Berlin"
    )
    assert got.times() == ["2024-10-27T00:10:00Z", "2024-10-27T00:30:00Z", "2024-10-27T03:00:00Z"]
    assert (got.report.times_ambiguous, got.report.times_nonexistent) == (2, 0)


def test_an_export_that_changes_meanwhile_is_not_read(tmp_path: Path) -> None:
    folder = write_logs(tmp_path / "export", {"2024-05-10": "[10:00] <a1> x\n"})

    grown: list[int] = []

    def grow(done: int, total: int) -> None:
        if not grown:
            grown.append(done)
            with (folder / "2024-05-10").open("a") as file:
                file.write("[10:01] <a1> y\n")

    with pytest.raises(ShequnError, match="changed while"):
        import_export(
            "irc",
            folder,
            tmp_path / "data",
            timezone="UTC",
            key_file=tmp_path / "key",
            progress=grow,
        )
    assert not (tmp_path / "data").exists()


def test_progress_ends_where_it_should(imported: Import) -> None:
    calls: list[tuple[int, int]] = []
    imported(
        {f"2024-05-{d:02}": "[10:00] <a1> 群聊\n" * d for d in range(1, 9)},
        progress=lambda done, total: calls.append((done, total)),
    )
    assert [c[0] for c in calls] == sorted(c[0] for c in calls)
    assert calls[-1][0] == calls[-1][1] > 0


_line = st.one_of(
    st.builds(
        "[{:02}:{:02}] <{}> {}".format,
        st.integers(0, 23),
        st.integers(0, 59),
        st.sampled_from(["anna", "Bert", "guest1", "xbot"]),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20),
    ),
    st.sampled_from(
        ["", "=== anna [a@b]  has joined #c", "=== Bert is now known as bert2", "=== mode/#c [+b]",
         "=== x y", "junk", "=== anna left the room.", "[99:99] <a> b", "[10:00]  * anna nods"]
    ),
)  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=st.lists(st.lists(_line, min_size=1, max_size=30), min_size=1, max_size=4))
def test_every_line_is_accounted_for(imported: Import, files: list[list[str]]) -> None:
    logs = {
        f"2024-05-{i + 1:02}.txt": "".join(f"{line}\n" for line in ["[10:00] <anna> x", *lines])
        for i, lines in enumerate(files)
    }
    report = imported(logs, tolerate=True).report
    assert report.rows_read == report.rows_kept + report.rows_unparsed + report.rows_ignored
    # Two equal events of one minute are one row of the table.
    assert report.rows_kept >= report.messages + report.membership_events
    read = {f.file: f.rows_read for f in report.files_read}
    assert all(read[name] == text.count("\n") for name, text in logs.items() if name in read)
    assert report.messages <= sum(text.count("[") + text.count("x y") for text in logs.values())
    assert len(read) + len(report.files_left_out) == len(logs)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(4)))
def test_the_order_of_the_files_does_not_matter(
    tmp_path: Path, imported: Import, order: list[int]
) -> None:
    texts = [OLD, NEW, OLD.replace("Anna", "Gina"), "[10:00] <anna> x\n[11:00] <Carl> anna: y\n"]
    names = ["club__2024-05-10.txt", "log", "club__2024-06-01.txt", "x 2024-01-01"]
    plain = imported(dict(zip(names, texts, strict=True)))
    moved = imported(
        {f"{order[i]}/{n}": t for i, (n, t) in enumerate(zip(names, texts, strict=True))}
    )
    for path in sorted(plain.data.glob("*.csv")):
        assert path.read_bytes() == (moved.data / path.name).read_bytes(), path.name
    for got in (plain, moved):
        shutil.rmtree(got.data)


def test_the_same_logs_twice_change_nothing(imported: Import) -> None:
    logs = {"club__2024-05-10.txt": OLD, "log": NEW}
    one = imported(logs, keep_text=True)
    before = {p.name: p.read_bytes() for p in one.data.glob("*.csv")}
    imported(logs, keep_text=True, into=one.data)
    assert {p.name: p.read_bytes() for p in one.data.glob("*.csv")} == before


def test_a_log_that_has_grown_is_appended(imported: Import) -> None:
    day = [f"[10:{m:02}] <n{m % 3}> anna: text {m % 4}\n" for m in range(40)]
    got = imported({"c_2024-05-10.txt": "".join(day[:25])})
    ids = {r["message_id"] for r in got.rows("messages")}
    again = imported({"c_2024-05-10.txt": "".join(day)}, into=got.data)
    assert len(again.rows("messages")) == 40
    assert ids < {r["message_id"] for r in again.rows("messages")}
    whole = imported({"c_2024-05-10.txt": "".join(day)})
    for name in ("messages", "members", "identities"):
        assert again.rows(name) == whole.rows(name)


def test_the_key_decides_the_pseudonyms(imported: Import, tmp_path: Path) -> None:
    logs = {"2024-05-10": "[10:00] <anna> x\n"}
    one, again = imported(logs), imported(logs)
    (tmp_path / "other").write_bytes(b"o" * 32)
    other = imported(logs, key_file=tmp_path / "other")
    assert one.ids == again.ids
    assert one.ids["anna"] != other.ids["anna"]
    assert one.report.key_made
    assert not again.report.key_made


def test_the_report_is_written_with_the_data(imported: Import) -> None:
    got = imported({"club__2024-05-10.txt": OLD, "readme": "hello\n"})
    assert json.loads((got.data / "import.json").read_text()) == json.loads(got.report.to_json())
    package = json.loads((got.data / "datapackage.json").read_text())
    assert package["community"]["name"] == "club"
    assert package["community"]["timezone"] == "UTC"
