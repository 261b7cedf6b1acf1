"""The checker: guesses, encodings, Parquet, references between tables, privacy, the file system."""

import gzip
from pathlib import Path

import duckdb
import pytest

import shequn.check
from checked import HEAD, ROW, look, messages, only, place, rendered
from shequn import check_hints, check_scan
from shequn.schema import tables

# --- guesses


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("时间", "ts"),
        ("发送时间", "ts"),
        ("发言成员", "author_id"),
        ("Author-ID", "author_id"),
        ("authorid", "author_id"),
        ("timestamp", "ts"),
        ("colour", None),
    ],
)
def test_a_strange_header_is_recognised(header, column):
    assert check_hints.near_column(header, tables()["messages"], ["message_id"]) == column


def test_a_column_that_is_there_is_not_suggested(tmp_path):
    found = only(look(tmp_path, messages__csv=messages(head=HEAD + ",时间")))
    assert found.kind == "unknown_column"


def test_a_renamed_required_column_is_missing_and_recognised(tmp_path):
    report = look(tmp_path, messages__csv=messages().replace("ts", "发送时间"))
    assert [(f.kind, f.column) for f in report.faults] == [
        ("missing_column", "ts"),
        ("unknown_column_like", "发送时间"),
    ]
    assert "ts" in report.faults[1].mend.zh


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        ("datetime", "1704067200", "1970"),
        ("datetime", "1704067200000", "1970"),
        ("datetime", "45321.5", "spreadsheet"),
        ("datetime", "05/03/2024 10:00", "year first"),
        ("datetime", "2024/3/5 下午3:04:05", "0 to 23"),
        ("datetime", "soon", "2026-03-05T08:00:00Z"),
        ("number", "1,200.50", "thousands"),
        ("number", "3,5", "decimal point"),
        ("number", "¥5", "sign"),
        ("integer", "1,200", "thousands"),
        ("boolean", "maybe", "true or false"),
    ],
)
def test_the_remedy_depends_on_the_value(kind, value, word):
    said = check_hints.type_mend(kind, value)
    assert word in said.en
    assert said.zh != said.en


# --- encodings and packing


def test_mixed_encodings_are_found_at_their_row_and_byte(tmp_path):
    good = messages('m8,u1,2024-01-01,"训练\n营"', head=HEAD + ",text").encode()
    bad = good + "m9,u1,2024-01-01,管理\n".encode("gb18030") + b"m7,u1,soon,\n"
    report = look(tmp_path, messages__csv=bad)
    assert [(f.kind, f.row) for f in report.faults] == [("encoding", 4), ("type_datetime", 5)]
    offset = bad.index("管理".encode("gb18030"))
    assert f"byte offset {offset} " in report.faults[0].what.en
    assert "B9 DC" in report.faults[0].what.zh
    # The other way round: a byte that no character of GB18030 has.
    text = "的一是在不了有和人这中大为上个国我以要他"
    good = messages(f"m8,u1,2024-01-01,{text}", head=HEAD + ",text").encode("gb18030")
    report = look(tmp_path, messages__csv=good + b"m9,u1,2024-01-01,\xff\n")
    found = only(report)
    assert (found.kind, found.row) == ("encoding", 4)
    assert f"byte offset {len(good) + 17} " in found.what.en


def test_rows_stay_right_in_gb18030_and_utf16(tmp_path):
    content = messages('m9,u1,2024-01-01,"的一\n是在"', "m8,u1", "m7,u1,很快,", head=HEAD + ",text")
    for encoding in ("gb18030", "utf-16", "utf-8-sig"):
        report = look(tmp_path, messages__csv=content.encode(encoding))
        assert [(f.kind, f.row, f.value) for f in report.faults] == [
            ("ragged", 4, None),
            ("type_datetime", 5, "很快"),
        ]


def test_utf16_that_is_cut_within_a_character(tmp_path):
    data = messages().encode("utf-16")
    found = only(look(tmp_path, messages__csv=data[:-1]))
    assert found.kind == "encoding"
    assert f"byte offset {len(data) - 2} " in found.what.en


def test_a_packed_table(tmp_path):
    packed = gzip.compress(messages("m9,u1,soon").encode())
    found = only(look(tmp_path, messages__csv__gz=packed))
    assert place(found) == ("type_datetime", "messages.csv.gz", 3, "ts", "soon")


@pytest.mark.parametrize("damage", ["short", "flipped", "not packed"])
def test_a_damaged_packed_table(tmp_path, damage):
    packed = gzip.compress("\n".join([HEAD, *map(ROW.format, range(5000))]).encode())
    middle = len(packed) // 2
    data = {
        "short": packed[:-20],
        "flipped": packed[:middle] + bytes([packed[middle] ^ 255]) * 9 + packed[middle + 9 :],
        "not packed": messages().encode(),
    }[damage]
    assert only(look(tmp_path, messages__csv__gz=data)).kind == "cut_off"


# --- parquet


def parquet(folder: Path, name: str, select: str) -> Path:
    path = folder / f"{name}.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.sql(select).write_parquet(str(path))
    return path


GOOD = "'m' || i AS message_id, 'u1' AS author_id, TIMESTAMP '2024-01-01' AS ts FROM range(5) t(i)"


def test_a_good_parquet_table(tmp_path):
    parquet(tmp_path, "messages", f"SELECT {GOOD}")
    report = look(tmp_path)
    assert report.faults == []
    assert report.tables["messages"].rows == 5


def test_a_parquet_file_that_is_not_whole(tmp_path):
    path = parquet(tmp_path, "messages", f"SELECT {GOOD}")
    path.write_bytes(path.read_bytes()[:-10])
    assert only(look(tmp_path)).kind == "parquet"


def test_parquet_columns_of_a_wrong_type(tmp_path):
    parquet(
        tmp_path,
        "messages",
        "SELECT 'm' || i AS message_id, 'u1' AS author_id, 1704067200 + i AS ts, "
        "CASE WHEN i = 3 THEN 2.5 ELSE 1 END AS n_chars, NULL::INTEGER AS edited_at "
        "FROM range(5) t(i)",
    )
    report = look(tmp_path)
    assert [(f.kind, f.row, f.column, f.value, f.count) for f in report.faults] == [
        ("parquet_type", 2, "ts", "1704067200", 5),
        ("type_integer", 5, "n_chars", "2.5", 1),
    ]
    assert "INTEGER" in report.faults[0].what.en or "BIGINT" in report.faults[0].what.en


def test_numbers_beyond_all_bounds_in_parquet(tmp_path):
    bounds = "DATE '500000-01-01' AS edited_at, TIMESTAMP_S '290000-01-01' AS deleted_at"
    parquet(tmp_path, "messages", f"SELECT {GOOD.replace(' FROM', f', {bounds} FROM')}")
    parquet(
        tmp_path, "members", "SELECT 'u1' AS member_id, 18446744073709551615::UBIGINT AS is_bot"
    )
    spend = "'a' AS channel, 1 AS cost"
    parquet(tmp_path, "spend", f"SELECT DATE '500000-01-01' AS date, {spend}")
    assert {(f.kind, f.row, f.column, f.count) for f in look(tmp_path).faults} == {
        ("type_datetime", 2, "edited_at", 5),
        ("future", 2, "deleted_at", 5),
        ("type_boolean", 2, "is_bot", 1),
        ("type_date", 2, "date", 1),
    }


def test_rows_of_parquet_are_counted_alike(tmp_path):
    parquet(tmp_path, "messages", f"SELECT CASE WHEN i = 2 THEN NULL ELSE 1 END AS n_chars, {GOOD}")
    path = tmp_path / "messages.parquet"
    parquet(tmp_path, "other", f"SELECT * REPLACE (CASE i WHEN 2 THEN '' ELSE author_id END AS author_id) "
            f"FROM (SELECT i, {GOOD})")  # fmt: skip
    (tmp_path / "other.parquet").rename(path)
    report = look(tmp_path)
    assert [(f.kind, f.row, f.column) for f in report.faults] == [
        ("required", 4, "author_id"),
        ("unknown_column", None, "i"),
    ]


# --- references


def test_references_that_point_nowhere(tmp_path):
    report = look(
        tmp_path,
        members__csv="member_id\nu1\n",
        messages__csv=messages("m8,u2,2024-01-01", "m9,u3,2024-01-01", "m7,u2,2024-01-01"),
        reactions__csv="message_id\nm0\nm5\n",
    )
    assert [(place(f), f.count) for f in report.faults] == [
        (("dangling", "messages.csv", 3, "author_id", "u2"), 3),
        (("dangling", "reactions.csv", 3, "message_id", "m5"), 1),
    ]
    assert report.ok


def test_no_reference_is_held_against_a_table_that_is_absent_or_not_whole(tmp_path):
    assert look(tmp_path, messages__csv=messages()).faults == []
    report = look(tmp_path, members__csv="member_id,role\nu1\nu2,a\n")
    assert [f.kind for f in report.faults] == ["ragged"]


def test_references_between_text_and_parquet(tmp_path):
    parquet(tmp_path, "members", "SELECT 7::BIGINT AS member_id")
    report = look(tmp_path, messages__csv=f"{HEAD}\nm1,7,2024-01-01\nm2,8,2024-01-01\n")
    assert place(only(report)) == ("dangling", "messages.csv", 3, "author_id", "8")


# --- privacy


def test_nothing_of_identities_is_shown(tmp_path):
    header = "member_id,display_name,alias_from,alias_to"
    content = (
        f"{header}\nu1,SECRET\x07,SECRET,SECRET\nu2,,2024-01-02,2024-01-01\n,SECRET,2077-01-01,\n"
    )
    report = look(tmp_path, identities__csv=content)
    assert {f.kind for f in report.faults} == {
        "control", "type_datetime", "order", "required", "future",
    }  # fmt: skip
    assert all(f.value is None for f in report.faults)
    everything = repr(report) + rendered(report) + rendered(report, "zh", 60)
    assert "SECRET" not in everything
    report = look(tmp_path, identities__csv="SECRET,SECRET\n")
    assert "SECRET" not in repr(report) + rendered(report)


# --- the file system


def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    def scan(path, *arguments):
        with (tmp_path / "messages.csv").open("a") as file:
            file.write(ROW.format(77) + "\n")
        return check_scan.scan(path, *arguments)

    monkeypatch.setattr(shequn.check, "scan", scan)
    found = only(look(tmp_path, messages__csv=messages("m9,u1,soon")))
    assert (found.kind, found.file) == ("changed", "messages.csv")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    def detect(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shequn.check, "detect", detect)
    found = only(look(tmp_path, messages__csv=messages()))
    assert found.kind == "unreadable"
    assert "Permission denied" in found.what.zh


def test_the_folder_stays_as_it_was_and_nothing_is_left_behind(tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    folder = tmp_path / "data"
    folder.mkdir()
    look(folder, messages__csv=messages("m9,的一是在,soon", "x").encode("gb18030"))
    assert [p.name for p in folder.iterdir()] == ["messages.csv"]
    assert list(scratch.iterdir()) == []


def test_a_file_that_changes_after_it_was_checked(tmp_path, monkeypatch):
    def look_up(*arguments):
        (tmp_path / "messages.csv").write_text(messages())
        return None

    monkeypatch.setattr(shequn.check, "check_reference", look_up)
    report = look(tmp_path, members__csv="member_id\nu1\n", messages__csv=messages("m9,u1,soon"))
    assert [(f.kind, f.file) for f in report.faults] == [("changed", "messages.csv")]
    assert list(report.tables) == ["members"]


def test_whatever_a_change_upsets_is_said_as_a_change(tmp_path, monkeypatch):
    def values(*arguments):
        (tmp_path / "messages.csv").unlink()
        raise TypeError

    monkeypatch.setattr(shequn.check, "check_values", values)
    assert only(look(tmp_path, messages__csv=messages())).kind == "changed"
    monkeypatch.setattr(shequn.check, "check_values", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # our own mistake is not the file's
        look(tmp_path, messages__csv=messages())
