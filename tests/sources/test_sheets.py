"""Rows of Excel files and of text with delimiters."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import excel, raw_excel, text

from shequn.sources import sheets
from shequn.sources.files import Export, ExportFile
from shequn.text import ShequnError

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}</worksheet>'
)


def file(folder: Path, name: str, content: str | bytes) -> ExportFile:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Export(path).files[0]


def read(folder: Path, name: str, content: str | bytes) -> list[tuple[int, list[str]]]:
    return list(sheets.rows(file(folder, name, content)))


def test_values_of_excel_come_as_text_and_empty_rows_keep_their_number(tmp_path: Path) -> None:
    when, day = dt.datetime(2025, 3, 1, 9, 5, 7), dt.date(2025, 3, 2)
    made = excel([["a", 1, 2.5, 3.0, True, None], [], ["007", when, day, -0.125, "", "=A1"]])
    assert read(tmp_path, "a.xlsx", made) == [
        (1, ["a", "1", "2.5", "3", "true"]),
        (3, ["007", "2025-03-01 09:05:07", "2025-03-02 00:00:00", "-0.125", "", "=A1"]),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_text_is_read_in_three_encodings_with_three_delimiters(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = [["名称", "金额", "备注"], ["灯,大", "1;5", '他说"好"\n第二行'], ["帐篷", "2", ""]]
    found = read(tmp_path, "a.csv", text(rows, delimiter).encode(encoding))
    assert [cells for _, cells in found] == rows


def test_the_line_that_tells_excel_the_delimiter_is_no_row(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "sep=;\na,1;b\nc,2;d\n") == [
        (2, ["a,1", "b"]),
        (3, ["c,2", "d"]),
    ]


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\0\ufeff", codec="utf-8")), min_size=3,
                 max_size=3).filter(any),
        min_size=1, max_size=5,
    )
)  # fmt: skip
@settings(max_examples=30)
def test_any_text_between_delimiters_survives(rows: list[list[str]]) -> None:
    import tempfile

    whole = [["a", "b", "c"], *rows]
    with tempfile.TemporaryDirectory() as folder:
        found = read(Path(folder), "a.csv", text(whole))
    assert [cells for _, cells in found] == whole


def test_a_cell_without_end_breaks_one_record_only(tmp_path: Path) -> None:
    found = read(tmp_path, "a.csv", 'a,b\n1,2\n3,"' + "x" * 200_000 + "\n4,5\n")
    assert found[:2] == [(1, ["a", "b"]), (2, ["1", "2"])]
    assert all(cells == [] or len(cells) < 3 for _, cells in found[2:])


@pytest.mark.parametrize(
    "sheet",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + SHEET.format("<sheetData/>"),
        "<!-- <a> --><!DOCTYPE x []>" + SHEET.format("<sheetData/>"),
        SHEET.format('<sheetData><row r="999999999999"><c r="A1"><v>1</v></c></row></sheetData>'),
        SHEET.format('<sheetData><row r="1"><c r="ZZZ1"><v>1</v></c></row></sheetData>'),
        SHEET.format('<sheetData><row r="x"><c r="?"><v>1</v></c></row></sheetData>'),
        SHEET.format("<sheetData>").encode("utf-16"),
        "no xml",
        "",
    ],
)  # fmt: skip
def test_sheets_made_to_do_harm_are_refused_in_words(tmp_path: Path, sheet: str | bytes) -> None:
    hostile = file(tmp_path, "a.xlsx", raw_excel(sheet))
    assert sheets.first_rows(hostile) == []
    with pytest.raises(ShequnError, match=r"a\.xlsx"):
        list(sheets.rows(hostile))


def test_what_a_sheet_claims_to_measure_is_not_believed(tmp_path: Path) -> None:
    body = '<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1"><v>7</v></c></row></sheetData>'
    assert read(tmp_path, "a.xlsx", raw_excel(SHEET.format(body))) == [(1, ["7"])]


def test_a_sheet_that_unpacks_to_more_than_is_sane_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "_MOST_SHEET", 1 << 20)
    with pytest.raises(ShequnError):
        read(
            tmp_path,
            "a.xlsx",
            raw_excel(SHEET.format("<sheetData>" + " " * (2 << 20) + "</sheetData>")),
        )


def test_an_excel_file_of_the_old_kind_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.xls", "a.csv"):
        with pytest.raises(ShequnError, match=r"save it as \.xlsx"):
            read(tmp_path, name, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)


def test_changed_bytes_of_an_excel_file_end_in_words_or_rows(tmp_path: Path) -> None:
    made, chance = excel([["a", "b"], *[[i, f"x{i}"] for i in range(30)]]), random.Random(7)
    for _ in range(120):
        broken = bytearray(made)
        for _ in range(chance.randrange(1, 20)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            read(
                tmp_path, "a.xlsx", bytes(broken[: chance.choice((len(broken), len(broken) // 2))])
            )
        except ShequnError:
            continue
