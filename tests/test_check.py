"""The checker: every fault at its exact row and column, and no fault where there is none."""

import gzip
import json
from pathlib import Path

import pytest

from checked import HEAD, NOW, ROW, look, messages, only, place, rendered
from shequn.check import check
from shequn.check_words import KINDS

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
