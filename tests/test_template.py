"""Empty tables to fill in by hand, opened again as a spreadsheet program would."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import openpyxl
import pytest

from shequn import schema
from shequn.template import write_template
from shequn.text import ShequnError

TABLES = [name for name in schema.tables() if name != "identities"]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_its_columns_in_order_with_a_note_on_each(
    name: str, tmp_path: Path
) -> None:
    write_template(name, tmp_path / "t.xlsx", "en")
    sheet, notes = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets
    columns = schema.tables()[name].columns
    assert sheet.title == name
    assert [cell.value for cell in sheet[1]] == list(columns)
    assert sheet.max_row == 1, "nothing is filled in"
    for cell, column in zip(sheet[1], columns.values(), strict=True):
        assert column.meaning.en in cell.comment.text
    assert [row[0].value for row in notes.iter_rows(min_row=4)] == list(columns)


@pytest.mark.parametrize("name", TABLES)
def test_words_to_choose_from_are_those_of_the_contract(name: str, tmp_path: Path) -> None:
    write_template(name, tmp_path / "t.xlsx", "zh")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    offered = {
        str(v.sqref).split(":")[0].rstrip("0123456789"): v.formula1
        for v in sheet.data_validations.dataValidation
    }
    heads = {cell.column_letter: cell.value for cell in sheet[1]}
    found = {heads[letter]: words.strip('"').split(",") for letter, words in offered.items()}
    columns = schema.tables()[name].columns.values()
    expected = {c.name: list(c.enum) for c in columns if c.enum}
    expected |= {c.name: ["true", "false"] for c in columns if c.type == "boolean"}
    assert found == expected
    assert all(len(words) <= 255 for words in offered.values()), "Excel drops a longer list"


def test_notes_come_in_the_language(tmp_path: Path) -> None:
    for lang, title in (("en", "Spend"), ("zh", "投放花费")):
        write_template("spend", tmp_path / f"{lang}.xlsx", lang)
        notes = openpyxl.load_workbook(tmp_path / f"{lang}.xlsx").worksheets[1]
        assert notes["A1"].value == title
        assert notes["A4"].value == "date"


def test_text_stays_text_and_numbers_do_not_become_it(tmp_path: Path) -> None:
    """Leading zeros of a code and the form of a day survive being typed in."""
    write_template("spend", tmp_path / "t.xlsx", "en")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0]
    forms = {c.value: sheet.column_dimensions[c.column_letter].number_format for c in sheet[1]}
    assert (forms["ad_id"], forms["date"], forms["cost"]) == ("@", "@", "General")


def test_csv_is_a_heading_that_excel_reads_as_utf8(tmp_path: Path) -> None:
    write_template("orders", tmp_path / "orders.csv", "zh")
    assert (tmp_path / "orders.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "orders.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [list(schema.tables()["orders"].columns)]


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "spend.xlsx").write_text("mine")
    with pytest.raises(ShequnError, match="there already"):
        write_template("spend", tmp_path / "spend.xlsx", "en")
    assert (tmp_path / "spend.xlsx").read_text() == "mine"
    for name, out, word in (
        ("spent", "a.xlsx", "spend"),
        ("identities", "a.xlsx", "no table identities"),
        ("spend", "a.ods", ".xlsx or .csv"),
    ):
        with pytest.raises(ShequnError, match=word):
            write_template(name, tmp_path / out, "en")
    assert [p.name for p in tmp_path.iterdir()] == ["spend.xlsx"]


def test_nothing_appears_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        write_template("spend", tmp_path / "a.xlsx", "en")
    assert not list(tmp_path.iterdir())
