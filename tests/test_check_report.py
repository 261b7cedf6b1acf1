"""The checker: its report, much data, properties, and another checker as a witness."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from frictionless import Resource, Schema
from hypothesis import given, settings
from hypothesis import strategies as st

from checked import HEAD, NOW, ROW, look, messages, only, place, rendered
from shequn import tabular_encoding
from shequn.check import check
from shequn.check_report import fault, visible
from shequn.check_words import KINDS
from shequn.schema import descriptor, tables
from shequn.text import Text

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
