"""The report of an import."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.files import ExportFile
from shequn.sources.report import (
    Example,
    FileLeftOut,
    ImportReport,
    Knowledge,
    Reading,
    shape,
)
from shequn.text import ShequnError, Text

WHY = Text("odd", "怪")


def took(text: str, rows: int) -> ImportReport:
    """Return the report on a file of rows that cannot be understood."""
    reading = Reading(ExportFile(Path("log"), "bob", 1), "x", read=rows)
    for row in range(1, rows + 1):
        reading.strange(row, WHY, text)
    report = ImportReport("irc", "UTC")
    report.took([reading], [FileLeftOut("bob's", WHY)], lambda name: name.replace("bob", "m1"))
    return report


def test_files_are_added_up_under_names_without_names() -> None:
    report = took("x", rows=14)
    assert (report.rows_read, report.rows_kept, report.rows_unparsed) == (14, 0, 14)
    assert (report.files_read[0].file, report.files_left_out[0].file) == ("m1", "m1's")
    assert {e.file for e in report.examples} == {"m1"}
    assert report.covers_from is None


@pytest.mark.parametrize(
    ("unparsed", "read", "fails"),
    [(0, 0, False), (1, 100, False), (2, 199, True), (101, 10000, True)],
)
def test_more_than_one_percent_unparsed_is_refused_unless_tolerated(
    unparsed: int, read: int, fails: bool
) -> None:
    reading = Reading(ExportFile(Path("log"), "bob", 1), "x", read=read)
    for row in range(unparsed):
        reading.strange(row, WHY, "[10:0x] secret")
    ImportReport.refuse_unparsed([reading], tolerate=True)
    if fails:
        with pytest.raises(ShequnError, match="could not be understood") as caught:
            ImportReport.refuse_unparsed([reading], tolerate=False)
        assert "secret" not in caught.value.say("en") + caught.value.say("zh")
    else:
        ImportReport.refuse_unparsed([reading], tolerate=False)


def test_only_ten_examples_are_kept_and_their_words_are_not() -> None:
    report = took("[10:61] <张三> my number is 13912345678", rows=14)
    assert [e.row for e in report.examples] == list(range(1, 11))
    assert report.examples[0].shape == "[99:99] <x> x x x 9999"
    assert "139" not in report.to_json()


@given(st.text())
def test_a_shape_holds_no_letter_but_x_and_no_digit_but_9(line: str) -> None:
    assert re.fullmatch(r"[^A-Za-z0-9\x00-\x1f\x7f-\U0010ffff]*", re.sub("[x9]", "", shape(line)))
    assert len(shape(line)) <= 60


def test_the_json_and_both_languages_say_everything() -> None:
    report = ImportReport("irc", "Asia/Shanghai", rows_read=12_345, bots=3, key_made=True)
    report.covers_from = report.covers_to = "2024-05-10T00:00:00Z"
    report.times_ambiguous = 7
    report.files_left_out += [FileLeftOut(f"f{i}", WHY, duplicate=i < 2) for i in range(5)]
    report.assumptions.append(Text("noon is noon", "中午就是中午"))
    report.knowledge["leaves"] = Knowledge("none", Text("unseen", "看不到"))
    report.examples.append(Example("log", 3, WHY, "?"))
    values = json.loads(report.to_json())
    assert values["duplicates"] == 2
    assert values["assumptions"] == [{"en": "noon is noon", "zh": "中午就是中午"}]
    assert [f["file"] for f in values["files_left_out"]] == [f"f{i}" for i in range(5)]
    for lang, words in {
        "en": [
            "12,345",
            "noon is noon",
            "unseen",
            "odd (f0, f1, f2 …)",
            "Asia/Shanghai",
            "key",
            "7 rows",
        ],
        "zh": [
            "12,345",
            "中午就是中午",
            "看不到",
            "怪（f0, f1, f2 …）",
            "Asia/Shanghai",
            "密钥",
            "7 行",
        ],
    }.items():
        for word in words:
            assert word in report.say(lang)
