"""Opening table files: folders, encodings, dialects, types."""

import contextlib
import gzip
import json
import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shequn import tabular, tabular_encoding
from shequn.schema import tables
from shequn.text import ShequnError

MEMBERS, MESSAGES, SPEND = (tables()[n] for n in ("members", "messages", "spend"))


def read(table, path: Path, columns: str = "*", *, strict: bool = True) -> list[tuple]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        sql = tabular.relation_sql(table, path, strict=strict)
        return connection.execute(f"SELECT {columns} FROM ({sql})").fetchall()


def describe(folder: Path, **content: object) -> None:
    (folder / "datapackage.json").write_text(json.dumps(content), encoding="utf-8")


def refused(function, *arguments: object) -> str:
    with pytest.raises(ShequnError) as caught:
        function(*arguments)
    assert caught.value.say("en") != caught.value.say("zh")
    assert caught.value.mend
    return caught.value.what.en


# --- the folder


def test_finds_tables_and_leaves_out_its_own_files_and_the_systems(tmp_path):
    for name in ("messages.csv", "members.csv.gz", "spend.parquet", "identities.csv"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("import.json", "README.md", ".DS_Store", "~$messages.csv", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    (tmp_path / "raw").mkdir()
    assert tabular.find_tables(tmp_path) == {
        "members": tmp_path / "members.csv.gz",
        "messages": tmp_path / "messages.csv",
        "spend": tmp_path / "spend.parquet",
        "identities": tmp_path / "identities.csv",
    }
    assert tabular.survey(tmp_path).unknown == (tmp_path / "notes.txt",)


def test_refuses_a_table_in_two_files(tmp_path):
    (tmp_path / "messages.csv").write_bytes(b"x")
    (tmp_path / "messages.parquet").write_bytes(b"x")
    assert "messages.csv, messages.parquet" in refused(tabular.find_tables, tmp_path)


@pytest.mark.parametrize("make", ["nothing", "file", "empty"])
def test_refuses_what_is_no_folder_of_tables(tmp_path, make):
    folder = tmp_path / "data"
    if make == "file":
        folder.write_text("x")
    elif make == "empty":
        folder.mkdir()
    assert "data" in refused(tabular.find_tables, folder)


def test_takes_other_paths_from_the_description(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "chat.csv").write_bytes(b"x")
    (tmp_path / "people.csv").write_bytes(b"x")
    describe(
        tmp_path,
        resources=[
            {"name": "messages", "path": "raw/chat.csv"},
            {"name": "members", "path": ["people.csv"]},
            {"name": "orders", "path": "orders.csv"},  # the usual name may be absent
            {"name": "weather", "path": "weather.csv"},
        ],
    )
    assert tabular.find_tables(tmp_path) == {
        "members": tmp_path / "people.csv",
        "messages": tmp_path / "raw" / "chat.csv",
    }
    assert tabular.survey(tmp_path).unknown == ()


@pytest.mark.parametrize(
    "path",
    [
        "../outside.csv",
        "/etc/outside.csv",
        "link.csv",
        "circle.csv",
        "https://example.org/a.csv",
        "..\\outside.csv",
        ["a.csv", "b.csv"],
        "gone.csv",
        "messages.txt",
        "a\0.csv",
        "\ud800.csv",
        "a" * 5000 + ".csv",
        3,
    ],
)
def test_refuses_paths_that_leave_the_folder_or_lead_nowhere(tmp_path, path):
    (tmp_path / "outside.csv").write_bytes(b"x")
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    (folder / "members.csv").write_bytes(b"x")
    describe(folder, resources=[{"name": "messages", "path": path}])
    assert "messages" in refused(tabular.find_tables, folder)


def test_community_has_defaults(tmp_path):
    expected = tabular.CommunityInfo(tmp_path.name, "Asia/Shanghai", "00:00", "monday", False)
    assert tabular.community(tmp_path) == expected
    describe(tmp_path, resources=[])
    assert tabular.community(tmp_path) == expected


def test_community_is_read_from_the_description(tmp_path):
    said = {
        "name": "读书会",
        "timezone": "Europe/Paris",
        "day_start": "04:30",
        "week_start": "sunday",
        "synthetic": True,
        "colour": "green",
    }
    describe(tmp_path, community=said)
    assert tabular.community(tmp_path) == tabular.CommunityInfo(
        "读书会", "Europe/Paris", "04:30", "sunday", True
    )


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": 8}, "timezone"),
        ({"day_start": "24:00"}, "day_start"),
        ({"day_start": "4:30"}, "day_start"),
        ({"week_start": "friday"}, "week_start"),
        ({"synthetic": "yes"}, "synthetic"),
        ({"name": ["a"]}, "name"),
        (["a"], "community"),
    ],
)
def test_refuses_a_community_that_cannot_be(tmp_path, said, word):
    describe(tmp_path, community=said)
    assert word in refused(tabular.community, tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"resources": 3}', "[" * 100_000])
def test_refuses_a_bad_description(tmp_path, text):
    (tmp_path / "members.csv").write_bytes(b"x")
    (tmp_path / "datapackage.json").write_text(text)
    assert "datapackage.json" in refused(tabular.find_tables, tmp_path)


# --- encodings

TEXT = "member_id,role\nu1,群主\nu2,管理员\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("packed", [False, True])
def test_reads_every_encoding(tmp_path, encoding, packed):
    data = TEXT.encode(encoding)
    path = tmp_path / ("members.csv.gz" if packed else "members.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    work = tmp_path / "work"
    work.mkdir()
    readable = tabular.utf8_path(path, work)
    assert (readable == path) == encoding.startswith("utf-8")
    assert len(list(work.iterdir())) == (readable != path)
    assert read(MEMBERS, readable) == [("u1", "群主"), ("u2", "管理员")]


def test_big_endian_utf16_with_mark(tmp_path):
    path = tmp_path / "members.csv"
    path.write_bytes(b"\xfe\xff" + TEXT.encode("utf-16-be"))
    assert read(MEMBERS, tabular.utf8_path(path, tmp_path)) == [("u1", "群主"), ("u2", "管理员")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_characters_are_not_cut_between_blocks(tmp_path, monkeypatch, encoding):
    monkeypatch.setattr(tabular_encoding, "BLOCK", 7)
    path = tmp_path / "members.csv"
    path.write_bytes(
        ("member_id,role\n" + "".join(f"u{i},群主😀\n" for i in range(50))).encode(encoding)
    )
    rows = read(MEMBERS, tabular.utf8_path(path, tmp_path))
    assert rows == [(f"u{i}", "群主😀") for i in range(50)]


def test_a_single_foreign_cell_is_a_mixture_although_gb18030_could_read_it_all(tmp_path):
    # 群主 in UTF-8 is six bytes, which GB18030 takes for three other characters.
    data = "member_id,role\nu1,群主\nu2,".encode() + "管理".encode("gb18030") + b"\n"
    data.decode("gb18030")
    path = tmp_path / "members.csv"
    path.write_bytes(data)
    assert "byte offset 28" in refused(tabular.utf8_path, path, tmp_path)
    assert data[28:32] == "管理".encode("gb18030")
    assert list(tmp_path.iterdir()) == [path]


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "members.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode() * 100)[:-12])
    assert "members.csv.gz" in refused(tabular.utf8_path, path, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r"])
def test_only_what_is_not_valid_is_found_wherever_blocks_end(
    tmp_path, monkeypatch, encoding, newline
):
    monkeypatch.setattr(tabular_encoding, "BLOCK", 7)
    path = tmp_path / "members.csv"
    good = newline.join(["member_id,role", *(f"u{i},群主😀" for i in range(30))]).encode(encoding)
    bad = b"\x00\xdc" if encoding == "utf-16" else b"\xff"  # a low surrogate alone
    path.write_bytes(good + bad + newline.encode(encoding).removeprefix(b"\xff\xfe") + bad)
    found = tabular_encoding.detect(path)
    assert found.bad[0] == len(good)
    assert len(found.bad) == 2
    assert found.sample.startswith(bad)


COMMON = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子"
)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from(COMMON), min_size=10, max_size=80))
def test_gb18030_and_utf8_are_told_apart(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("e") / "members.csv"
    for encoding in ("utf-8", "gb18030"):
        data = f"member_id,role\nu1,{text}\n".encode(encoding)
        # 一 again and again is valid in both: nobody could tell.
        with contextlib.suppress(UnicodeDecodeError):
            assume(encoding == "utf-8" or not data.decode("utf-8"))
        path.write_bytes(data)
        found = tabular_encoding.detect(path)
        assert (found.name, len(found.bad)) == (encoding, 0)


# --- a file that changes


def test_a_file_that_was_written_or_replaced_has_another_fingerprint(tmp_path):
    path = tmp_path / "messages.csv"
    path.write_bytes(b"a")
    before = tabular.fingerprint(path)
    assert tabular.fingerprint(path) == before
    (tmp_path / "new").write_bytes(b"c")
    os.utime(tmp_path / "new", ns=(before[1], before[1]))
    (tmp_path / "new").rename(path)
    assert tabular.fingerprint(path)[:2] == before[:2]
    assert tabular.fingerprint(path) != before
    assert "messages.csv" in tabular.changed(path).say("zh")


# --- dialect and types


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_reads_delimiters_quotes_and_line_ends(tmp_path, delimiter, newline):
    rows = [
        ["member_id", '"role"', "nothing of ours"],
        ["u1", '"a,b;c\td"', "x"],
        ["u2", '"say ""hi"""', "x"],
        ["u3", '"two\nlines"', "x"],
        ["u4", '5" disk', "x"],
        ["u5", "", "x"],
        ["u6", '""', ""],
    ]
    path = tmp_path / "members.csv"
    path.write_bytes(newline.join(delimiter.join(r) for r in rows).encode())
    assert tabular.read_header(path) == tabular.Header(
        ("member_id", "role", "nothing of ours"), delimiter, newline
    )
    assert read(MEMBERS, path) == [
        ("u1", "a,b;c\td"),
        ("u2", 'say "hi"'),
        ("u3", "two\nlines"),
        ("u4", '5" disk'),
        ("u5", None),
        ("u6", None),
    ]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-08T10:00:00Z", "2024-01-08 10:00:00+00"),
        ("2024-01-08T10:00:00+08:00", "2024-01-08 02:00:00+00"),
        ("2024-01-08 10:00:00.25", "2024-01-08 10:00:00.25+00"),  # no zone: UTC
        ("2024/1/8 9:05", "2024-01-08 09:05:00+00"),  # as Excel writes it in China
        ("2024-01-08", "2024-01-08 00:00:00+00"),
        ("", None),
        ("  ", None),
    ],
)
def test_times(tmp_path, text, utc):
    path = tmp_path / "members.csv"
    path.write_text(f"member_id,joined_at\nu1,{text}\n")
    assert read(MEMBERS, path, "joined_at::VARCHAR") == [(utc,)]


@pytest.mark.parametrize(
    ("table", "column", "good", "bad"),
    [
        (MEMBERS, "joined_at", "2024-02-29", "2023-02-29 infinity epoch 1704067200 8/1/2024 10:00"),
        (MEMBERS, "is_bot", "true FALSE 1 0 Yes NO 是 否", "t 2 maybe -1 1.0"),
        (MESSAGES, "n_chars", "5 +5 -5 3.0 3.", "3.7 1_000 0x10 1e3 １２ 9223372036854775808"),
        (SPEND, "cost", "5 -5.5 .5 5. 1e3", "nan inf 1e999 1_0 0x10 ¥5 1.2.3"),
        (SPEND, "date", "2024-01-08 2024/1/8 2024-01-08T00:00:00", "2024-01-08T10:00 20240108"),
    ],
)
def test_what_is_of_a_type_and_what_is_not(tmp_path, table, column, good, bad):
    path = tmp_path / f"{table.name}.csv"
    for word in good.split():
        path.write_text(f"{column}\n{word}\n", encoding="utf-8")
        assert read(table, path, f'"{column}" IS NOT NULL') == [(True,)], word
    for word in bad.split():
        path.write_text(f"{column}\n{word}\n", encoding="utf-8")
        assert read(table, path, f'"{column}" IS NULL', strict=False) == [(True,)], word
        with pytest.raises(duckdb.Error, match=f"{table.name}.{column}"):
            read(table, path, f'"{column}" IS NULL')


def test_rows_without_any_value_are_left_out(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("member_id,role\nu1,a\n\n,\nu2,\n\n")
    assert read(MEMBERS, path) == [("u1", "a"), ("u2", None)]
    path.write_text("member_id\nu1\n\nu2\n\n")
    assert read(MEMBERS, path) == [("u1",), ("u2",)]


def test_columns_come_in_the_files_order_without_the_unknown(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text('role,"x""; DROP",member_id\na,b,u1\n')
    assert read(MEMBERS, path) == [("a", "u1")]


def test_a_column_twice_or_no_column_at_all_is_refused(tmp_path):
    path = tmp_path / "members.csv"
    path.write_text("member_id,role,role\nu1,a,b\n")
    with pytest.raises(ShequnError, match="role"):
        tabular.relation_sql(MEMBERS, path, strict=True)
    path.write_text("u1,a,b\n")
    with pytest.raises(ShequnError, match="No known column"):
        tabular.relation_sql(MEMBERS, path, strict=True)


@pytest.mark.parametrize("folder", ["a*b", "a?b", "a[b]c", "it's", "year=2024", "{a,b}", "数据 1"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_path_is_a_path_and_not_a_pattern(tmp_path, folder, suffix):
    for name, value in ((folder, "ours"), ("axb", "other"), ("abc", "other")):
        (tmp_path / name).mkdir(exist_ok=True)
        path = tmp_path / name / f"members{suffix}"
        if suffix == ".csv":
            path.write_text(f"member_id\n{value}\n")
        else:
            with duckdb.connect() as connection:
                connection.sql(f"SELECT '{value}' AS member_id").write_parquet(str(path))
    assert read(MEMBERS, tmp_path / folder / f"members{suffix}") == [("ours",)]


def parquet(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.sql(select).write_parquet(str(path))
    return path


def test_parquet_types_that_mean_the_same_are_taken(tmp_path):
    path = parquet(
        tmp_path / "messages.parquet",
        "SELECT 7::BIGINT AS message_id, TIMESTAMP '2024-01-08 10:00:00' AS ts, 5.0::DOUBLE AS n_chars,"
        " DATE '2024-01-09' AS edited_at, '2024-01-08T10:00:00+08:00' AS deleted_at, 1 AS stranger",
    )
    columns = "message_id, ts::VARCHAR, n_chars, edited_at::VARCHAR, deleted_at::VARCHAR"
    assert read(MESSAGES, path, columns) == [
        ("7", "2024-01-08 10:00:00+00", 5, "2024-01-09 00:00:00+00", "2024-01-08 02:00:00+00")
    ]
    path = parquet(tmp_path / "members.parquet", "SELECT 'u1' AS member_id, 1::TINYINT AS is_bot")
    assert read(MEMBERS, path) == [("u1", True)]


@pytest.mark.parametrize(
    ("column", "sql"),
    [
        ("ts", "1704067200::BIGINT"),
        ("ts", "TIMESTAMP 'infinity'"),
        ("message_id", "1.5::DOUBLE"),
        ("message_id", "'a'::BLOB"),
        ("message_id", "['a']"),
        ("n_chars", "2.5::DOUBLE"),
        ("n_chars", "true"),
    ],
)
def test_parquet_types_that_mean_something_else_are_not(tmp_path, column, sql):
    path = parquet(tmp_path / "messages.parquet", f"SELECT {sql} AS {column}")
    assert read(MESSAGES, path, f"{column} IS NULL", strict=False) == [(True,)]
    if column != "message_id":
        with pytest.raises(duckdb.Error, match=f"messages.{column}"):
            read(MESSAGES, path, f"{column} IS NULL")
