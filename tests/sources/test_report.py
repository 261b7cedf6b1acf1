"""The report of an import."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.report import FileLeftOut, ImportReport, Knowledge, shape
from shequn.text import ShequnError, Text

WHY = Text("odd", "怪")


@pytest.mark.parametrize(
    ("unparsed", "read", "fails"),
    [(0, 0, False), (1, 100, False), (2, 199, True), (101, 10000, True)],
)
def test_more_than_one_percent_unparsed_is_refused_unless_tolerated(
    unparsed: int, read: int, fails: bool
) -> None:
    report = ImportReport("irc", "UTC", rows_read=read, rows_unparsed=unparsed)
    report.example("log", 3, WHY, "[10:0x] secret")
    report.tolerable(tolerate=True)
    if fails:
        with pytest.raises(ShequnError, match="could not be understood") as caught:
            report.tolerable(tolerate=False)
        assert "secret" not in caught.value.say("en") + caught.value.say("zh")
    else:
        report.tolerable(tolerate=False)


def test_only_ten_examples_are_kept_and_their_words_are_not() -> None:
    report = ImportReport("irc", "UTC")
    for row in range(1, 15):
        report.example("log", row, WHY, "[10:61] <张三> my number is 13912345678")
    assert [e.row for e in report.examples] == list(range(1, 11))
    assert report.examples[0].shape == "[99:99] <x> x x x 9999"
    assert "139" not in report.to_json()


@given(st.text())
def test_a_shape_holds_no_letter_but_x_and_no_digit_but_9(line: str) -> None:
    assert re.fullmatch(r"[^A-Za-z0-9\x00-\x1f\x7f-\U0010ffff]*", re.sub("[x9]", "", shape(line)))
    assert len(shape(line)) <= 60


def test_the_json_and_both_languages_say_everything() -> None:
    report = ImportReport("irc", "Asia/Shanghai", rows_read=12_345, bots=3, key_made=True)
    report.times_ambiguous = 7
    report.files_left_out += [FileLeftOut(f"f{i}", WHY, duplicate=i < 2) for i in range(5)]
    report.assumptions.append(Text("noon is noon", "中午就是中午"))
    report.knowledge["leaves"] = Knowledge(False, Text("unseen", "看不到"))
    report.example("log", 3, WHY, "?")
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
