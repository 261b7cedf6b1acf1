"""WeChat exports that are damaged, or made to do harm."""

from __future__ import annotations

import io
import random
import resource
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from frictionless import Package
from hand_made import Imported
from made_wechat import (
    ANN,
    BOB,
    GROUP,
    TALK,
    csv_file,
    excel,
    grey,
    line,
    said,
    weflow,
)  # fmt: skip

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Import:
    """Return a function that imports WeChat groups, as in Shanghai unless told."""
    return lambda files, **options: import_as(
        "wechat", files, **{"timezone": "Asia/Shanghai", **options}
    )


_ROWS = [(n, f"2023-11-15 00:00:0{n}", f"p{n}", "文本消息", "x") for n in range(4)]
_VALID: dict[str, bytes] = {
    "g_utf8.csv": csv_file(*GROUP, line(9, "", '"Anna"邀请"小波、Carl"加入了群聊', 10000), *GROUP),
    "a.json": weflow(*TALK, grey(9, '"Anna"邀请"小波"加入了群聊'), said(10, BOB, "@Anna\u2005")).encode(),
    "a.xlsx": excel(*_ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_VALID))
def test_a_hundred_mutations_give_an_error_in_words_or_a_clean_result(
    name: str, imported: Import
) -> None:
    chance = random.Random(20261122)
    valid, fine = _VALID[name], 0
    for _ in range(100):
        data = bytearray(valid)
        for _ in range(chance.choice([1, 1, 2, 8])):
            at = chance.randrange(max(len(data), 1))
            what = chance.random()
            if what < 0.5 and data:
                data[at] = chance.randrange(256)
            elif what < 0.7:
                del data[at : at + chance.randrange(1, 40)]
            elif what < 0.9:
                data[at:at] = bytes(chance.choices(b'",\n{}[]:0eN\\<\x00\xff', k=3))
            else:
                del data[max(at, 1) :]
        try:
            imported({name: bytes(data)}, keep_text=chance.random() < 0.5)
            fine += 1
        except ShequnError as error:
            assert error.what.zh and error.what.en
    assert fine > 0 or name == "a.xlsx"


@pytest.mark.parametrize(
    "value",
    ["1e400", "99999999999999999999999999", "-1", "0", "null", "true", "[]", "{}", '"x"', "1.5",
     "1700000000000", '"1700000000"', "NaN"],
)  # fmt: skip
def test_odd_values_anywhere_in_a_message(value: str, imported: Import) -> None:
    for field in ("createTime", "type", "content", "isSend", "senderUsername", "senderDisplayName",
                  "platformMessageId", "replyToMessageId", "quotedSender"):  # fmt: skip
        file = weflow(
            *TALK,
            said(1, ANN, "x", "引用消息", **{field: "@@"}),
            *[said(n, BOB, "x") for n in range(120)],
        )
        try:
            got = imported({"a.json": file.replace('"@@"', value)})
        except ShequnError:
            continue
        assert got.report.messages + got.report.rows_unparsed == 124


def test_nesting_does_not_fill_the_memory(imported: Import) -> None:
    """Read as it stands, 300 kB of brackets would take some parsers hundreds of gigabytes."""
    for opening in ("[", '{"a":', '{"a":"]]]}}}",'):
        file = weflow(*TALK).replace('"messages": [', '"messages": [' + opening * 100_000, 1)
        tracemalloc.start()
        with pytest.raises(ShequnError, match="damaged"):
            imported({"a.json": file})
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
        tracemalloc.stop()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4_000_000


def test_brackets_in_texts_are_not_nesting(imported: Import) -> None:
    many = [said(n, ANN, ':[{"\\' * 40) for n in range(400)]
    assert imported({"a.json": weflow(*many)}).report.messages == 400


def test_a_sentence_in_a_name_makes_no_table_of_its_own(imported: Import) -> None:
    names = ["=cmd()", "<script>", "\u202eevil", "a\x00b", "x" * 5000, "@", "、", '"', "我", "你"]
    rows = [line(n, f"wxid_{n}", "x", nick=name) for n, name in enumerate(names)]
    rows += [
        line(50 + n, "", f'"{name}"邀请"{name}"加入了群聊', 10000) for n, name in enumerate(names)
    ]
    got = imported({"g_utf8.csv": csv_file(*rows)}, keep_text=True)
    assert Package(str(got.data / "datapackage.json")).validate().valid
    shown = {r["display_name"] for r in got.rows("identities")}
    assert {"'=cmd()", "<script>", "\u202eevil", "a\ufffdb"} <= shown


def test_grey_lines_by_the_ten_thousand_take_no_time(imported: Import) -> None:
    evil = '"a' + '"邀请"' * 600 + 'b"加入了群聊'
    start = time.process_time()
    imported({"g_utf8.csv": csv_file(*GROUP, *(line(n, "", evil, 10000) for n in range(3000)))})
    assert time.process_time() - start < 20


def test_excel_files_that_are_none(imported: Import) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/sharedStrings.xml", b"0" * (300 << 20))
    evil = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(excel(*_ROWS))) as old, zipfile.ZipFile(evil, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                data = b'<!DOCTYPE x [<!ENTITY a "b">]>' + data
            new.writestr(entry.filename, data)
    for data in (b"", b"PK\x03\x04", bomb.getvalue(), evil.getvalue(), excel(*_ROWS)[:-200]):
        with pytest.raises(ShequnError, match=r"damaged|Nothing of WeChat"):
            imported({"a.xlsx": data})
    with pytest.raises(ShequnError, match="Nothing of WeChat"):
        imported({"a.xlsx": excel((1, 2), head=(("a", "b"),))})


def test_other_encodings(imported: Import) -> None:
    text = csv_file(*GROUP).decode("utf-8-sig")
    assert imported({"g_utf8.csv": text.encode("gb18030")}).report.messages == 3
    with pytest.raises(ShequnError):
        imported({"g_utf8.csv": text.encode("utf-16")})
    assert imported({"a.json": b"\xef\xbb\xbf" + weflow(*TALK).encode()}).report.messages == 3


def test_a_truncated_export_leaves_nothing(imported: Import, tmp_path: Path) -> None:
    whole = weflow(*TALK)
    with pytest.raises(ShequnError, match="cut off or damaged") as error:
        imported({"a.json": whole[:-20]})
    assert "不完整或已损坏" in error.value.say("zh")
    assert not list(tmp_path.glob("data*"))
    with pytest.raises(ShequnError, match="damaged"):
        imported({"a.json": whole + "}"})
