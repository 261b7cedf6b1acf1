"""What hostile or broken input does to the commands: words or a clean result, never half of one."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from bad_data import GOOD, HEAD, _data
from outside import Inside, clear, everything, text_of
from shequn import check, notebook, runs
from shequn.dataset import open_dataset
from shequn.text import ShequnError, not_a_formula

# A name as nobody should have one: markup, a formula, a quote, a line break, text turned around,
# an escape sequence of the terminal, markup of the library that draws tables.
ODD = "=cmd()<script>alert(1)</script>\"'\n\u202eevil\u200f\x1b[31m[bold]{{x}}"


def _refused(inside: Inside, data: Path, *words: str) -> None:
    """Check and run a faulty folder in both languages: words, and nothing written."""
    before = everything(inside.folder)
    clear(inside("check", data), *words, code=1)
    clear(inside("check", data, "--lang", "zh"), code=1)
    clear(inside("run", data, "--out", "RUN"), "nothing was run")
    clear(inside("run", data, "--out", "RUN", "--book", "--lang", "zh"), "没有运行")
    assert inside("list", data).code in (0, 2)
    assert everything(inside.folder) == before


# A folder of tables


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["empty"]),
        (HEAD + "1,anna,yesterday\n", ["2", "ts", "yesterday"]),
        (HEAD + GOOD + HEAD, ["4", "header stands again"]),
        (HEAD + HEAD + GOOD, ["2", "header stands again"]),
        (HEAD + GOOD + GOOD, ["4", "message_id", "unique"]),
        (HEAD + GOOD + "3,cleo,2099-01-01T00:00:00Z\n", ["4", "ts", "future"]),
        (HEAD + GOOD + "3,cleo\n", ["4", "2 cells"]),
        (HEAD + GOOD + '3,"cleo,2024-03-01T02:15:00Z\n', ["4"]),
        (HEAD + "1,,2024-03-01T02:15:00Z\n,anna,2024-03-01T02:15:00Z\n", ["message_id"]),
        (HEAD + "1,anna,0000-00-00 00:00:00\n", ["ts", "0000-00-00"]),
        (HEAD + "1,anna,9999999-01-01T00:00:00Z\n", ["ts", "9999999"]),
        ("id,author,time\n1,anna,x\n", ["first row names no column", "message_id"]),
        ("message_id,author_id\n1,anna\n", ["ts"]),
        ("message_id,message_id,author_id,ts\n1,1,anna,2024-03-01T02:15:00Z\n", ["message_id"]),
        (
            (HEAD + "3,小红,2024-03-03\n").encode() + "4,阿明,2024-03-03\n".encode("gb18030"),
            ["Mixed encodings", "3"],
        ),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00 not a table", ["Not a text file"]),
        ((HEAD + GOOD).encode("utf-16")[:-3], ["messages.csv"]),
    ],
)
def test_a_faulty_table_is_named_and_nothing_is_run(
    content: str | bytes, words: list[str], inside: Inside
) -> None:
    data = _data(inside.folder / "DATA", content)
    said = inside("check", data)
    flat = re.sub(r"\s+", " ", said.out)
    for word in words:
        assert re.search(word, flat), said.out
    _refused(inside, data, "messages.csv")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, ["empty"]),
        ({"notes.txt": b"hello", "group.xlsx": b"PK"}, ["No table", "group.xlsx"]),
        ({"messages.parquet": b"PAR1 and no more"}, ["Parquet"]),
        ({"messages.csv.gz": gzip.compress((HEAD + GOOD).encode())[:-9]}, ["cut off"]),
        ({"messages.csv": (HEAD + GOOD).encode(), "messages.parquet": b"PAR1"}, ["two files"]),
        ({"messages.csv": HEAD.encode() + GOOD.encode(), "datapackage.json": b"{"}, ["not JSON"]),
        ({"messages.csv": HEAD.encode() + GOOD.encode(),
          "datapackage.json": b'{"community": {"timezone": "Mars/Olympus"}}'}, ["Mars/Olympus"]),
        ({"messages.csv": HEAD.encode() + GOOD.encode(),
          "datapackage.json": b'{"community": {"day_start": "25:00"}}'}, ["25:00"]),
        ({"datapackage.json": b'{"resources": [{"name": "messages", "path": "../outside.csv"}]}'},
         ["out of the folder"]),
    ],
)  # fmt: skip
def test_a_faulty_folder_is_named_and_nothing_is_run(
    files: dict[str, bytes], words: list[str], inside: Inside
) -> None:
    _data(inside.folder, HEAD + GOOD, "outside.csv")
    data = inside.folder / "DATA"
    data.mkdir()
    for name, content in files.items():
        _data(data, content, name)
    _refused(inside, data, *words)


def test_a_file_in_the_place_of_the_folder_is_named(inside: Inside) -> None:
    _data(inside.folder, HEAD + GOOD)
    _refused(inside, inside.folder / "messages.csv", "is a file")


def test_data_without_a_time_are_refused_in_words(inside: Inside) -> None:
    for content, name in (
        (HEAD, "messages.csv"),
        ("member_id\na\n", "members.csv"),
        (HEAD + "1,a,1970-01-01T00:00:00Z\n", "messages.csv"),
    ):
        shutil.rmtree(inside.folder / "DATA", ignore_errors=True)
        _data(inside.folder / "DATA", content, name)
        for words in (["list", "DATA"], ["run", "DATA", "--out", "RUN"]):
            clear(inside(*words), "no credible time")
        assert not (inside.folder / "RUN").exists()


@pytest.mark.parametrize(
    "content",
    [
        (HEAD + GOOD).encode("utf-8-sig"),
        (HEAD + GOOD).encode("utf-16"),
        (HEAD + GOOD.replace("anna", "安娜")).encode("gb18030"),
        (HEAD + GOOD).replace("\n", "\r\n").encode(),
        (HEAD + GOOD).replace(",", ";").encode(),
        (HEAD + GOOD).replace(",", "\t").encode(),
        (HEAD.strip() + ",colour\n" + GOOD.replace("Z\n", "Z,red\n")).encode(),
        (HEAD + GOOD + "\n\n").encode(),
        (HEAD.strip() + ',"two\nlines"\n' + GOOD.replace("Z\n", 'Z,"a\nb"\n'))
        .replace("Z,", "Z|").replace("\n", "\r\n").replace("o\r\nl", "o\nl").replace("|", ",").encode(),
        (HEAD + GOOD.replace("Z", "+00:00")).encode(),
        codecs.BOM_UTF8 + (HEAD + GOOD.replace("T02:15:00Z", " 02:15:00")).encode(),
    ],
)  # fmt: skip
def test_what_programs_write_in_their_own_way_is_read(content: bytes, inside: Inside) -> None:
    data = _data(inside.folder / "DATA", content)
    assert inside("check", data).code == 0
    assert inside("run", data, "--out", "RUN", "--dry-run").code == 0
    with open_dataset(data) as community:
        rows = community.engine.frame("SELECT author_id, ts FROM messages ORDER BY ts")
    assert list(rows["author_id"].str.replace("安娜", "anna")) == ["anna", "bert"]
    assert [str(t) for t in rows["ts"]] == ["2024-03-01 02:15:00", "2024-03-02 02:15:00"]


@pytest.mark.parametrize("name", ["q'q\" [x]* {y} ?", "#1 %20 社群 $HOME", "two\nlines", "-n"])
def test_a_folder_may_have_any_name(name: str, inside: Inside) -> None:
    _data(inside.folder / name, HEAD + GOOD)
    assert inside("check", f"./{name}").code == 0
    assert inside("run", f"./{name}", "--out", f"RUN {name}", "--dry-run").code == 0
    with open_dataset(inside.folder / name) as community:
        assert int(community.engine.frame("SELECT count(*) AS n FROM messages")["n"].iloc[0]) == 2


def test_a_time_long_ago_does_not_make_centuries_of_quiet_days(inside: Inside) -> None:
    old = "3,cleo,1970-01-01T00:00:00Z\n4,dora,0001-01-01T00:00:00Z\n"
    data = _data(inside.folder / "DATA", HEAD + GOOD + old)
    clear(inside("check", data), "Before 1990", code=0)
    with open_dataset(data) as community:
        assert len(community.calendar.covered) == 2


@pytest.mark.slow
def test_one_wrong_cell_in_a_million_is_found(inside: Inside) -> None:
    (inside.folder / "DATA").mkdir()
    path = inside.folder / "DATA" / "messages.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(f"{i},a{i % 997},2024-03-01T02:15:00Z\n" for i in range(2, 1_000_000))
        file.write("1000000,anna,on Friday\n1000001,anna,2024-03-01T02:15:00Z\n")
    for words in (["check", "DATA"], ["run", "DATA", "--out", "RUN"]):
        said = inside(*words)
        clear(said, "on Friday", code=1 if words[0] == "check" else 2)
        assert re.search(r"1000000\b.*ts\b.*on Friday", said.out, re.DOTALL)
    assert {p.name for p in inside.folder.iterdir()} == {"DATA"}
    clear(inside("list", "DATA"), "ts is not of type datetime")


# Strange text


def _strange(folder: Path) -> Path:
    """Write a folder in which every text is `ODD`, and the file's other columns too."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ["message_id", "channel_id", "author_id", "ts", "text", ODD]
    writer.writerows(
        [columns, *([f"{i}{ODD}", ODD, f"{ODD}{i % 7}", "2024-03-01T02:15:00Z", ODD, ODD] for i in range(40))]
    )  # fmt: skip
    _data(folder, text.getvalue())
    package = {"community": {"name": ODD, "timezone": "Asia/Shanghai"}}
    _data(folder, json.dumps(package), "datapackage.json")
    return folder


def test_strange_text_reaches_the_terminal_as_text(inside: Inside) -> None:
    data = _strange(inside.folder / "DATA")
    _data(data, "x", "odd\x1b[31m[bold]\u202e\n.csv")
    for lang in ("en", "zh"):
        for words in (["check", data], ["list", data], ["run", data, "--out", "R", "--dry-run"]):
            said = inside(*words, "--lang", lang)
            assert said.code == 0
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u200f]", said.all), words
    with (data / "messages.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["x", ODD, ODD, ODD, ODD, ODD])
    said = inside("check", data)
    clear(said, "[bold]", code=1)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u200f]", said.all)


def test_a_table_shows_strange_text_as_text() -> None:
    shown = notebook.table(pd.DataFrame({"slice": [ODD], ODD: [1.0]}), "en").data
    assert shown is not None
    assert "<script" not in shown
    assert "&lt;script" in shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1"])
def test_no_cell_of_the_values_is_a_formula(text: str) -> None:
    assert not_a_formula(text) == f"'{text}"
    assert not_a_formula("2024-01-01") == "2024-01-01"


@pytest.mark.slow
def test_strange_text_reaches_the_pages_as_text(home: Path, inside: Inside) -> None:
    data = _strange(inside.folder / "DATA")
    assert inside("run", data, "--out", "RUN", "--book").code == 0
    pages = list((inside.folder / "RUN" / "site").rglob("*.html"))
    assert len(pages) > 3
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "alert(1)</script>" not in text
        assert "\u202e" not in text
    banner = (inside.folder / "RUN/site/book/chapter.html").read_text(encoding="utf-8")
    assert "numbers here are those of =cmd()&lt;script&gt;alert(1)&lt;/script&gt;" in banner
    assert "evil[31m[bold]{{x}}: 1 days of data" in banner
    assert "In all 40 messages" in text_of(inside.folder / "RUN/site/book/chapter.html")
    record = json.loads((inside.folder / "RUN/run.json").read_text(encoding="utf-8"))
    assert record["data"]["community"] == ODD


# Files that change or break


def test_data_that_change_during_a_run_are_refused(home: Path, tmp_path: Path) -> None:
    data = _data(tmp_path / "DATA", HEAD + GOOD)

    def meanwhile(*_: object) -> None:
        other = tmp_path / "new.csv"
        other.write_text(HEAD + GOOD + "3,cleo,2024-03-03T00:00:00Z\n")
        other.replace(data / "messages.csv")

    with pytest.raises(ShequnError, match="changed while being read"):
        runs.run(str(data), tmp_path / "RUN", progress=meanwhile)
    assert {p.name for p in tmp_path.iterdir()} == {"DATA", "home"}, "nothing of it is used again"
    assert [r.reused for r in runs.run(str(data), tmp_path / "RUN")] == [False]
    (data / "messages.csv").unlink()
    with pytest.raises(ShequnError):
        runs.run(str(data), tmp_path / "RUN")


def test_a_table_that_changes_while_it_is_checked_is_a_fault(inside: Inside) -> None:
    data = _data(inside.folder / "DATA", HEAD + GOOD)
    scan = check.scan

    def meanwhile(*given: object) -> object:
        with (data / "messages.csv").open("a", encoding="utf-8") as file:
            file.write("3,cleo,2024-03-03T00:00:00Z\n")
        return scan(*given)  # type: ignore[arg-type]

    inside.patch.setattr(check, "scan", meanwhile)
    clear(inside("check", data), "changed while being read", code=1)
    clear(inside("run", data, "--out", "RUN"), "changed while being read")
    assert not (inside.folder / "RUN").exists()
