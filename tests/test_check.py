"""The checker: every fault at its exact row and column, and no fault where there is none."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from frictionless import Resource, Schema
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import shequn.check
from shequn import check_hints, check_scan, tabular_encoding
from shequn.check import Report, check
from shequn.check_report import Fault, fault, visible
from shequn.check_words import KINDS
from shequn.schema import descriptor, tables
from shequn.text import Text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HEAD = "message_id,author_id,ts"
ROW = "m{0},u1,2024-01-01T00:00:00Z"


def messages(*extra: str, head: str = HEAD, before: int = 1) -> str:
    """Return a messages table with `before` good rows and then the extra ones."""
    good = [ROW.format(i) + "," * (head.count(",") - 2) for i in range(before)]
    return "\n".join([head, *good, *extra]) + "\n"


def look(folder: Path, /, **files: str | bytes) -> Report:
    """Write files named TABLE__suffix into a folder and check it."""
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ".")).write_bytes(data)
    return check(folder, now=NOW)


def only(report: Report) -> Fault:
    assert len(report.faults) == 1, report.faults
    found = report.faults[0]
    assert found.what.en and found.what.zh and found.what.en != found.what.zh
    assert found.mend.en and found.mend.zh and found.mend.en != found.mend.zh
    assert "{" not in found.what.en + found.what.zh + found.mend.en + found.mend.zh
    return found


def place(found: Fault) -> tuple:
    return found.kind, found.file, found.row, found.column, found.value


# --- the folder


def test_a_missing_folder_is_a_fault(tmp_path):
    report = check(tmp_path / "none")
    assert only(report).kind == "folder"
    assert not report.ok


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "messages.csv").write_text("x")
    assert "not a folder" in only(check(tmp_path / "messages.csv")).what.en


def test_an_empty_folder_is_a_fault(tmp_path):
    assert only(check(tmp_path)).kind == "folder_empty"


def test_files_that_are_no_tables(tmp_path):
    report = look(tmp_path, message__csv="x", holiday__jpg="x", 成员__xlsx="x")
    assert [(f.kind, f.file) for f in report.faults] == [
        ("no_table", ""),
        ("unknown_file", "holiday.jpg"),
        ("unknown_file_like", "message.csv"),
        ("spreadsheet", "成员.xlsx"),
    ]
    assert "messages.csv" in report.faults[2].mend.zh
    assert not report.ok
    report = look(tmp_path, messages__csv=messages())
    assert report.ok
    assert {f.severity for f in report.faults} == {"warning"}


def test_a_table_in_two_files_does_not_hide_other_faults(tmp_path):
    report = look(tmp_path, members__csv="role\na\n", members__csv__gz=gzip.compress(b"role\na\n"))
    assert [f.kind for f in report.faults] == ["folder", "missing_column"]


@pytest.mark.parametrize("target", [None, "gone", "messages.parquet"])
def test_a_table_that_is_no_file_is_not_passed_over(tmp_path, target):
    path = tmp_path / "messages.parquet"  # as Spark writes it: a folder of parts
    path.symlink_to(tmp_path / target) if target else path.mkdir()
    found = only(look(tmp_path, members__csv="member_id\nu1\n"))
    assert (found.kind, found.file) == ("folder", "messages.parquet")


def test_a_description_that_cannot_be_read(tmp_path):
    (tmp_path / "datapackage.json").mkdir()
    found = only(look(tmp_path, messages__csv=messages()))
    assert (found.kind, found.file) == ("folder", "datapackage.json")
    assert "directory" in found.what.zh


def test_one_lie_of_the_description_does_not_hide_other_tables(tmp_path, monkeypatch):
    (tmp_path / "chat.csv").write_text(messages("m9,u1,soon"))
    resources = [
        {"name": ["members"], "path": "a.csv"},
        {"name": "members", "path": "a\0.csv"},
        {"name": "orders", "path": str(tmp_path / "chat.csv")},
        {"name": "messages", "path": "./chat.csv"},
        {"name": "messages", "path": "./chat.csv"},
    ]
    (tmp_path / "datapackage.json").write_text(json.dumps({"resources": resources}))
    monkeypatch.chdir(tmp_path.parent)
    report = check(Path(tmp_path.name), now=NOW)
    assert [(f.kind, f.file, f.row) for f in report.faults] == [
        ("type_datetime", "chat.csv", 3),
        ("folder", "datapackage.json", None),
        ("folder", "datapackage.json", None),
    ]


def test_a_bad_description_does_not_hide_other_faults(tmp_path):
    report = look(tmp_path, datapackage__json="{", messages__csv=messages("m9,,2024-01-01"))
    assert [(f.kind, f.file) for f in report.faults] == [
        ("folder", "datapackage.json"),
        ("required", "messages.csv"),
    ]
    bad = json.dumps({"community": {"timezone": "Mars"}})
    report = look(tmp_path, datapackage__json=bad, messages__csv=messages())
    assert "Mars" in only(report).what.zh


# --- one fault, one place


@pytest.mark.parametrize(
    ("table", "content", "expected"),
    [
        # the header
        ("messages", "message_id,ts\nm1,2024-01-01\n", ("missing_column", None, "author_id", None)),
        ("messages", messages(head=HEAD + ",colour"), ("unknown_column", None, "colour", None)),
        ("messages", messages(head=HEAD + ",ts"), ("duplicate_column", None, "ts", None)),
        ("messages", messages(head=HEAD + ","), ("unnamed_column", None, None, None)),
        ("messages", "m1,u1,2024-01-01\n", ("no_header", 1, None, "m1 | u1 | 2024-01-01")),
        ("messages", "", ("file_empty", None, None, None)),
        ("messages", "\ufeff", ("file_empty", None, None, None)),
        ("messages", "\n" + messages(), ("file_empty", None, None, None)),
        ("messages", HEAD + "\n", ("no_rows", None, None, None)),
        ("messages", HEAD, ("no_rows", None, None, None)),
        ("messages", b"PK\x03\x04\x00\x00", ("not_text", None, None, None)),
        # the rows
        ("messages", messages("m9,u1"), ("ragged", 3, None, None)),
        ("messages", messages("m9,u1,2024-01-01,"), ("ragged", 3, None, None)),
        ("messages", messages('m9,"u1"x,2024-01-01'), ("quote", 3, None, None)),
        ("messages", messages('m9,"u1,2024-01-01', "m8,u1,2024-01-01"), ("unclosed", 3, None, None)),
        ("messages", messages("m9,u\r1,2024-01-01"), ("bare_return", 3, None, None)),
        ("messages", messages("m9,u1,2024-01-01\r", ROW.format(8)), ("newlines", 3, None, None)),
        ("messages", messages("m9,u1,2024-01-01" + " " * 10**6), ("too_long", 3, None, None)),
        ("messages", messages("", ROW.format(8)), ("empty_row", 3, None, None)),
        ("messages", messages(",,", ROW.format(8)), ("empty_row", 3, None, None)),
        ("members", "member_id\nu1\n\nu2\n", ("empty_row", 3, None, None)),
        ("messages", messages(",,"), ("empty_row", 3, None, None)),
        ("messages", messages(",,", "", ""), ("empty_row", 3, None, None)),
        ("messages", messages(HEAD, ROW.format(8)), ("header_again", 3, None, None)),
        ("members", "\ufeffmember_id\nu1\n\ufeffmember_id\nu2\n", ("header_again", 3, None, None)),
        # the values
        ("messages", messages("m9,,2024-01-01"), ("required", 3, "author_id", None)),
        ("messages", messages("m9,  ,2024-01-01"), ("required", 3, "author_id", None)),
        ("messages", messages("m9,u1 ,2024-01-01"), ("padded", 3, "author_id", "u1\\u0020")),
        ("messages", messages("\u200bm9,u1,2024-01-01"), ("padded", 3, "message_id", "\\u200Bm9")),
        ("messages", messages("m9,u1,today"), ("type_datetime", 3, "ts", "today")),
        ("members", "member_id,is_bot\nu1,maybe\n", ("type_boolean", 2, "is_bot", "maybe")),
        ("spend", "date,channel,cost\n5 May,a,1\n", ("type_date", 2, "date", "5 May")),
        ("spend", "date,channel,cost\n2024-05-05,a,x\n", ("type_number", 2, "cost", "x")),
        ("spend", "date,channel,cost,leads\n2024-05-05,a,1,1.5\n", ("type_integer", 2, "leads", "1.5")),
        ("spend", "date,channel,cost\n2024-05-05,a,-1\n", ("minimum", 2, "cost", "-1")),
        ("reactions", "message_id,n\nm1,0\n", ("minimum", 2, "n", "0")),
        ("messages", messages("m9,u1,2024-01-01,txt", head=HEAD + ",kind"), ("enum_like", 3, "kind", "txt")),
        ("messages", messages("m9,u1,2024-01-01,嗯", head=HEAD + ",kind"), ("enum", 3, "kind", "嗯")),
        ("messages", messages("m0,u1,2024-01-01"), ("duplicate", 3, "message_id", "m0")),
        ("messages", messages("m9,u1,2026-01-01T00:00:01Z"), ("future", 3, "ts", "2026-01-01T00:00:01Z")),
        ("spend", "date,channel,cost\n2026-01-02,a,1\n", ("future_date", 2, "date", "2026-01-02")),
        ("messages", messages("m9,u1,1989-12-31"), ("ancient", 3, "ts", "1989-12-31")),
        (
            "members",
            "member_id,joined_at,left_at\nu1,2024-01-02,2024-01-01\n",
            ("order", 2, "left_at", "2024-01-01"),
        ),
        (
            "messages",
            messages("m9,u1,2024-01-01,a\x07b", head=HEAD + ",text"),
            ("control", 3, "text", "a\\u0007b"),
        ),
    ],
)  # fmt: skip
def test_each_fault_alone_and_in_its_place(tmp_path, table, content, expected):
    found = only(look(tmp_path, **{f"{table}__csv": content}))
    kind, *rest = expected
    assert place(found) == (kind, f"{table}.csv", *rest)
    assert found.severity == KINDS[kind].severity
    assert found.count == 1


@pytest.mark.parametrize(
    ("table", "content"),
    [
        ("messages", messages("m9,u1,2026-01-01T00:00:00Z")),  # now is not the future
        ("messages", messages("m9,u1,1990-01-01T00:00:00Z")),
        ("spend", "date,channel,cost\n2026-01-01,a,0\n"),
        ("members", "member_id,joined_at,left_at\nu1,2024-01-01,2024-01-01\nu2,,\n"),
        ("members", "member_id\nu1\n\n\n"),  # blank lines at the end
        ("messages", messages("m9,u1,2024-01-01", "", "")),
        ("messages", messages("m9,u1,2024-01-01" + "," + "x" * 999_000, head=HEAD + ",text")),
        ("messages", messages().replace("\n", "\r\n")),
        ("messages", messages().replace("\n", "\r")),
        ("messages", messages().removesuffix("\n")),
        ("messages", messages().replace(",", ";")),
        ("messages", messages().replace(",", "\t")),
        ("messages", messages().encode("utf-16")),
        ("messages", messages("m9,小红,2024-01-01").encode("gb18030")),
        ("messages", messages('m9,5" disk,2024-01-01')),
        ("messages", messages('m9, "u,1" ,2024-01-01')),
        ("messages", messages().replace(HEAD, '"message_id", "author_id", "ts"')),
    ],
)
def test_what_is_no_fault(tmp_path, table, content):
    assert look(tmp_path, **{f"{table}__csv": content}).faults == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "=cmd|'/c calc'!A1",
        "+1",
        "@all",
        'say ""hi""',
        "two\nlines",
        "two\r\nlines",
        "\u202eright to left\u202c",
        "\u200fمرحبا",
        "tab\there",
        "👩‍👩‍👧",
        "a,b;c",
        "[bold]not markup[/bold] [/]",
        "'; DROP TABLE messages; --",
        "{braces} %s",
        "\\N \\",
        "NULL",
    ],
)
def test_strange_text_is_data(tmp_path, text):
    bad = 'm8,u1,never,""'
    content = messages(f'm9,u1,2024-01-01,"{text}"', bad, head=HEAD + ",text")
    found = only(look(tmp_path, messages__csv=content))
    assert place(found) == ("type_datetime", "messages.csv", 4, "ts", "never")
    # The same text where it is a fault: shown without harm.
    content = messages(f'm9,u1,"{text}"')
    found = next(f for f in look(tmp_path, messages__csv=content).faults if f.row == 3)
    assert found.column == "ts"
    rendered(look(tmp_path, messages__csv=content))


def rendered(report: Report, lang: str = "en", width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(report.render(lang))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    content = (
        f"{HEAD},text\n"
        'm1,u1,2024-01-01,"three\n\nlines"\n'  # row 2, lines 2 to 4
        "\n"  # row 3
        "m2,u1\n"  # row 4, line 6
        "m3,u1,2024-01-01,\n"  # row 5
        ",,,\n"  # row 6
        "m4,u1,soon,\n"  # row 7
        "m1,u1,2024-01-01,\n"  # row 8
        "m5,u1,2024-01-01,,\n"  # row 9
        "m6,u1,later,"  # row 10
    )
    report = look(tmp_path, messages__csv=content)
    assert [(f.kind, [row for row, _ in f.examples], f.count) for f in report.faults] == [
        ("ragged", [4, 9], 2),
        ("type_datetime", [7, 10], 2),
        ("duplicate", [8], 1),
        ("empty_row", [3, 6], 2),
    ]
    assert "2 cells where the header has 4 (line 6" in report.faults[0].what.en
    assert "row 8 repeats row 2" in report.faults[2].what.en
    assert "第 8 行与第 2 行相同" in report.faults[2].what.zh
    assert report.tables["messages"].rows == 7


def test_rows_stay_right_below_a_faulty_header(tmp_path):
    content = messages("m9,u1,soon,", head=HEAD + ',"colour"x').encode()
    report = look(tmp_path, messages__csv=content)
    assert [(f.kind, f.row, f.column) for f in report.faults] == [
        ("quote", 1, None),
        ("type_datetime", 3, "ts"),
        ("unknown_column", None, "colourx"),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r"])
def test_rows_stay_right_below_a_line_end_in_the_header(tmp_path, newline, inside):
    lines = [f'{HEAD},"a{inside}b"', "m1,u1,2024-01-01,", "m2,u1", "m3,u1,soon,", ""]
    report = look(tmp_path, messages__csv=newline.join(lines))
    told = [(f.kind, f.row) for f in report.faults]
    assert told == [("ragged", 3), ("type_datetime", 4), ("unknown_column", None)]
    if newline == "\r\n":  # and one of the lines ends in another way
        lines = [
            f'{HEAD},"a{inside}b"\r',
            "m1,u1,2024-01-01,\r",
            "m2,u1,2024-01-01,",
            "m3,u1,soon,\r",
            "",
        ]
        report = look(tmp_path, messages__csv="\n".join(lines))
        told = [(f.kind, f.row) for f in report.faults]
        assert told == [("newlines", 3), ("type_datetime", 4), ("unknown_column", None)]


def test_a_quote_amid_the_header_hides_no_line_end(tmp_path):
    content = f'{HEAD},5" disk\nm1,u1,2024-01-01,"x"\n'.replace("\n", "\r\n")
    assert only(look(tmp_path, messages__csv=content)).kind == "unknown_column"


def test_a_lost_quote_in_the_header_of_a_long_file(tmp_path):
    content = messages(before=9000).replace("author_id", '"author_id', 1)
    report = look(tmp_path, messages__csv=content)
    assert ("unclosed", 1) in [(f.kind, f.row) for f in report.faults]
    assert "file_empty" not in [f.kind for f in report.faults]


def test_blank_keys_are_missing_and_nothing_else(tmp_path):
    report = look(
        tmp_path,
        members__csv="member_id\nu1\n",
        messages__csv=messages(" ,u1,2024-01-01", " ,  ,2024-01-01"),
    )
    assert [(f.kind, f.row, f.column) for f in report.faults] == [
        ("required", 3, "message_id"),
        ("required", 4, "author_id"),
    ]


def test_repeated_keys_come_in_the_order_of_the_file(tmp_path):
    repeated = [ROW.format(i) for i in (3, 4, 2, 1, 1)]
    found = only(look(tmp_path, messages__csv=messages(*repeated, before=5)))
    assert (found.kind, found.count) == ("duplicate", 5)
    assert found.examples == ((7, "m3"), (8, "m4"), (9, "m2"))
    assert found.what.en.endswith("row 7 repeats row 5; row 8 repeats row 6; row 9 repeats row 4.")


def test_three_examples_and_the_whole_count(tmp_path):
    rows = [f"m{i},u1,2024-01-01,{'x' if i % 2 else 'text'}" for i in range(10, 30)]
    found = only(look(tmp_path, messages__csv=messages(*rows, head=HEAD + ",kind")))
    assert (found.count, found.row) == (10, 4)
    assert found.examples == ((4, "x"), (6, "x"), (8, "x"))


def test_all_faults_at_once(tmp_path):
    report = look(
        tmp_path,
        members__csv="member_id,joined_at,is_bot\nu1,x,x\nu1,2027-01-01,\n",
        messages__csv=messages("m9,,x", "m0,u1"),
        spend__csv="",
    )
    assert {(f.file, f.kind, f.row) for f in report.faults} == {
        ("members.csv", "type_datetime", 2),
        ("members.csv", "type_boolean", 2),
        ("members.csv", "future", 3),
        ("members.csv", "duplicate", 3),
        ("messages.csv", "required", 3),
        ("messages.csv", "type_datetime", 3),
        ("messages.csv", "ragged", 4),
        ("spend.csv", "file_empty", None),
    }


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


# --- the report


def test_the_report_knows_rows_and_span(tmp_path):
    report = look(
        tmp_path,
        members__csv="member_id,joined_at\nu1,2023-05-01\nu2,1970-01-01\nu3,2030-01-01\n",
        messages__csv=messages("m9,u1,2025-01-01T00:00:00+08:00"),
        datapackage__json=json.dumps({"community": {"name": "甲", "synthetic": True}}),
    )
    assert {name: t.rows for name, t in report.tables.items()} == {"members": 3, "messages": 2}
    assert report.tables["members"].first == datetime(2023, 5, 1, tzinfo=UTC)
    assert report.tables["messages"].last == datetime(2024, 12, 31, 16, tzinfo=UTC)
    assert "Synthetic data" in rendered(report)
    assert "合成数据" in rendered(report, "zh")


def test_the_present_day_is_the_communitys(tmp_path):
    # 20:00 UTC is the next day in Shanghai, and not yet in Paris.
    (tmp_path / "spend.csv").write_text("date,channel,cost\n2024-05-06,a,1\n")
    now = datetime(2024, 5, 5, 20, 0)
    assert check(tmp_path, now=now).faults == []
    (tmp_path / "datapackage.json").write_text('{"community": {"timezone": "Europe/Paris"}}')
    assert only(check(tmp_path, now=now)).kind == "future_date"


def test_both_languages_are_shown(tmp_path):
    report = look(tmp_path, messages__csv=messages("m9,u1,[red]soon[/red]"))
    english, chinese = rendered(report), rendered(report, "zh")
    assert "[red]soon[/red]" in english
    assert "how to mend" in english and "Not a time." in english
    assert "怎么改" in chinese and "不是时间。" in chinese
    narrow = rendered(report, "zh", 60)
    assert "messages.csv · 行 3 · ts" in narrow
    assert "错误 不是时间。 [[red]soon[/red]]" in narrow
    assert "请用 UTC 写成" in narrow
    assert all(len(line.rstrip()) <= 60 for line in narrow.splitlines())
    assert not report.ok
    assert "No fault" in rendered(look(tmp_path, messages__csv=messages()))


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("folder", "changed")])
def test_every_kind_is_said_in_both_languages(kind):
    for text in (KINDS[kind].what, KINDS[kind].mend):
        assert text.en and text.zh and text.en != text.zh
        assert any("\u4e00" <= c <= "\u9fff" for c in text.zh)
        assert not any("\u4e00" <= c <= "\u9fff" for c in text.en.replace("是 and 否", ""))
        assert sorted(part.split("}")[0] for part in text.en.split("{")[1:]) == sorted(
            part.split("}")[0] for part in text.zh.split("{")[1:]
        )


def test_values_are_short_and_visible():
    assert visible("x" * 60) == "x" * 60
    assert visible("x" * 61) == "x" * 59 + "…"
    assert visible("\u202ea\nb\u200f\u2028") == "\\u202Ea\\u000Ab\\u200F\\u2028"
    assert len(visible("\x00" * 100)) == 60
    assert visible("👩‍👩‍👧 中文") == "👩‍👩‍👧 中文"
    assert visible("5\u00a0\u3000") == "5\\u00A0\\u3000"
    made = fault("folder", "", what=Text("a{b}", "甲{b}"), mend=Text("c", "丙"))
    assert made.what.en == "a{b}"


# --- much data


def test_a_wrong_type_in_the_millionth_row(tmp_path):
    rows = [f"m{i},u{i % 999},2024-01-01T00:00:00Z,{i % 200}" for i in range(2, 1_000_001)]
    rows[-1] = rows[-1].rpartition(",")[0] + ",12O"
    (tmp_path / "messages.csv").write_text("\n".join([HEAD + ",n_chars", *rows]))
    found = only(check(tmp_path, now=NOW))
    assert place(found) == ("type_integer", "messages.csv", 1_000_000, "n_chars", "12O")


def test_rows_stay_right_when_the_engine_reads_in_parallel(tmp_path):
    # Cells full of lines that look like rows, over several of the engine's buffers.
    trap = "\n".join(f'm{i},u1,2024-01-01,""x""' for i in range(500))
    with (tmp_path / "messages.csv").open("w") as file:
        file.write(HEAD + ",text\n")
        for i in range(3000):
            file.write(f'k{i},u1,{"soon" if i == 2800 else "2024-01-01"},"{trap}"\n')
    assert (tmp_path / "messages.csv").stat().st_size > 2 * 2**24
    report = check(tmp_path, now=NOW)
    assert report.tables["messages"].rows == 3000
    assert place(only(report)) == ("type_datetime", "messages.csv", 2802, "ts", "soon")


# --- properties

IDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8)
TEXTS = st.text(
    st.characters(exclude_categories=["C"], include_characters="\n\t\u200f\u202e\u200d")
)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2025, 12, 31)).map(
    lambda t: t.isoformat(timespec="seconds") + "Z"
)
COLUMNS = ("author_id", "ts", "kind", "text", "n_chars")
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "author_id": IDS,
            "ts": TIMES,
            "kind": st.sampled_from(["", *tables()["messages"].columns["kind"].enum]),
            "text": TEXTS,
            "n_chars": st.one_of(st.just(""), st.integers(0, 2**62).map(str)),
        }
    ),
    min_size=1,
    max_size=12,
)
DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t"),
        "lineterminator": st.sampled_from(["\n", "\r\n", "\r"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
)


def write(folder: Path, rows: list[dict], dialect: dict, encoding: str) -> None:
    if dialect["lineterminator"] == "\r":
        # The csv module leaves a line feed unquoted where lines end otherwise.
        dialect = dialect | {"quoting": csv.QUOTE_ALL}
    with (folder / "messages.csv").open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, **dialect)
        writer.writerow(["message_id", *COLUMNS])
        writer.writerows([f"m{i}", *(row[c] for c in COLUMNS)] for i, row in enumerate(rows))


@settings(max_examples=25, deadline=None)
@given(
    ROWS,
    DIALECTS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([20, 64, 8 << 20]),
    st.data(),
)
def test_good_tables_have_no_fault_and_one_bad_cell_is_found(
    tmp_path_factory, rows, dialect, encoding, block, data
):
    folder = tmp_path_factory.mktemp("p")
    with pytest.MonkeyPatch.context() as patch:
        # Records that cross blocks; a line must fit into four.
        patch.setattr(tabular_encoding, "BLOCK", block if _longest(rows) < 3 * block else 8 << 20)
        write(folder, rows, dialect, encoding)
        assert check(folder, now=NOW).faults == []
        row = data.draw(st.integers(0, len(rows) - 1))
        column, value, kind = data.draw(
            st.sampled_from(
                [
                    ("author_id", "", "required"),
                    ("ts", "soon", "type_datetime"),
                    ("ts", "2024-02-30", "type_datetime"),
                    ("ts", "2999-01-01", "future"),
                    ("kind", "qqqq", "enum"),
                    ("n_chars", "1.5", "type_integer"),
                    ("n_chars", "-3", "minimum"),
                ]
            )
        )
        rows[row] = rows[row] | {column: value}
        write(folder, rows, dialect, encoding)
        found = only(check(folder, now=NOW))
    assert (found.kind, found.row, found.column) == (kind, row + 2, column)
    assert found.count == 1


def _longest(rows: list[dict]) -> int:
    return max(len(",".join(row.values()).encode()) for row in rows) + 60


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", '"', ",", "\n", "中", ""]), max_size=6), max_size=8))
def test_any_garbage_is_reported_and_never_a_crash(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("g")
    body = "".join("".join(line) + "\n" for line in lines)
    (folder / "members.csv").write_text("member_id,role\n" + body, encoding="utf-8")
    report = check(folder, now=NOW)
    # "unreadable" would mean that the engine saw other rows than the scan.
    assert "unreadable" not in {f.kind for f in report.faults}
    broken = {"ragged", "quote", "unclosed", "bare_return", "newlines"}
    if not broken & {f.kind for f in report.faults}:
        rows = list(csv.reader(io.StringIO(body, newline="")))
        assert report.tables["members"].rows == sum(any(row) for row in rows)


# --- another checker as a witness

WITNESSED = {
    "wrong types": messages("m8,u1,soon,1", "m9,u1,2024-01-01T00:00:00Z,x", head=HEAD + ",n_chars"),
    "too few and too many cells": messages("m8,u1", "m9,u1,2024-01-01T00:00:00Z,x", ROW.format(5)),
    "enum, minimum, required": messages(
        "m6,u1,2024-01-01T00:00:00Z,nope,1",
        "m7,,2024-01-01T00:00:00Z,text,1",
        "m8,u1,2024-01-01T00:00:00Z,text,-1",
        "m9,u1,2024-01-01T00:00:00Z,text,1",
        head=HEAD + ",kind,n_chars",
    ),
    "the same key": messages(ROW.format(1), ROW.format(0), ROW.format(2)),
    "lines within cells": messages(
        'm7,"u\n\n1",2024-01-01T00:00:00Z', "m8,u1,soon", 'm9,"u""1",later'
    ),
}


@pytest.mark.parametrize("name", WITNESSED)
def test_frictionless_flags_the_same_rows(tmp_path, name):
    content = WITNESSED[name]
    ours = look(tmp_path, messages__csv=content)
    flagged = {row for f in ours.faults for row, _ in f.examples}
    whole = next(r for r in descriptor()["resources"] if r["name"] == "messages")["schema"]
    header = content.split("\n")[0].split(",")
    schema = {
        "fields": [f for c in header for f in whole["fields"] if f["name"] == c],
        "primaryKey": whole["primaryKey"],
    }
    resource = Resource(data=content.encode(), format="csv", schema=Schema.from_descriptor(schema))
    theirs = {row for (row,) in resource.validate().flatten(["rowNumber"]) if row}
    assert flagged == theirs
    assert flagged


def test_the_span_of_a_long_time_is_not_cut(tmp_path):
    days = [NOW - timedelta(days=7 * i) for i in range(1, 400)]
    rows = [f"k{i},u1,{day:%Y-%m-%dT%H:%M:%SZ}" for i, day in enumerate(days)]
    report = look(tmp_path, messages__csv=messages(*rows))
    assert report.tables["messages"].first == days[-1]
    assert report.tables["messages"].last == days[0]


def test_the_span_does_not_depend_on_the_order_of_the_columns(tmp_path):
    content = "left_at,member_id,joined_at\n2024-05-01,u1,2024-01-01\n,u2,2023-01-01\n"
    found = look(tmp_path, members__csv=content).tables["members"]
    assert found.first == datetime(2023, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clock", "rows"),
    [
        ({"timezone": "UTC"}, [2, 4]),
        # In Shanghai 2 March, 17:00 UTC, is the third: a day that is covered.
        ({"timezone": "Asia/Shanghai"}, [2]),
        ({"timezone": "Asia/Shanghai", "day_start": "04:30"}, [2, 4]),
    ],
)
def test_a_message_on_a_day_that_no_source_covers(
    tmp_path: Path, clock: dict[str, str], rows: list[int]
) -> None:
    """Covered are 1 March and 3 March of the community's own clock; row 2 lies in February."""
    zone = ZoneInfo(clock["timezone"])
    spans = [
        f"s{day},{datetime(2024, 3, day, 6, tzinfo=zone).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ},"
        f"{datetime(2024, 3, day, 18, tzinfo=zone).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
        for day in (1, 3)
    ]
    (tmp_path / "sources.csv").write_text("source_id,covers_from,covers_to\n" + "".join(spans))
    (tmp_path / "messages.csv").write_text(
        "message_id,author_id,ts\n1,a,2024-02-20T12:00:00Z\n2,a,2024-03-01T12:00:00Z\n"
        "3,a,2024-03-02T17:00:00Z\n4,a,2024-03-03T12:00:00Z\n"
    )
    (tmp_path / "datapackage.json").write_text(json.dumps({"community": clock}))
    told = [f for f in check(tmp_path).faults if f.kind == "uncovered"]
    assert [(f.file, f.column, f.count) for f in told] == [("messages.csv", "ts", len(rows))]
    assert [row for row, _ in told[0].examples] == rows
    (tmp_path / "sources.csv").write_text("source_id,covers_from,covers_to\ns1,,\n")
    assert not [f for f in check(tmp_path).faults if f.kind == "uncovered"], "nothing is said"
