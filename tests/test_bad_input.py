"""What hostile or broken input does to the commands: words or a clean result, never half of one."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from outside import Inside, clear, everything, irc_log, miniature, text_of
from shequn import check, notebook, runs, terminal
from shequn.dataset import open_dataset
from shequn.sources.readers import irc
from shequn.text import ShequnError, not_a_formula

HEAD = "message_id,author_id,ts\n"
GOOD = "1,anna,2024-03-01T02:15:00Z\n2,bert,2024-03-02T02:15:00Z\n"
# A name as nobody should have one: markup, a formula, a quote, a line break, text turned around,
# an escape sequence of the terminal, markup of the library that draws tables.
ODD = "=cmd()<script>alert(1)</script>\"'\n\u202eevil\u200f\x1b[31m[bold]{{x}}"


@pytest.fixture
def inside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Inside:
    return Inside(monkeypatch, capsys, tmp_path)


def _data(folder: Path, content: str | bytes, name: str = "messages.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return folder


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from miniature(tmp_path / "home", monkeypatch)


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


def _import(inside: Inside, export: object, *more: object) -> tuple[object, ...]:
    return ("import", "irc", export, "--timezone", "UTC", "--out", "D", "--key", "key", *more)


def test_logs_that_change_while_they_are_read_are_refused(inside: Inside) -> None:
    logs = irc_log(inside.folder / "logs", {"anna": 0, "bert": 0}, 3)
    survey = irc.survey

    def meanwhile(*given: object) -> object:
        with (logs / "2024-03-04.log").open("a", encoding="utf-8") as file:
            file.write("[23:59] <anna> late\n")
        return survey(*given)  # type: ignore[arg-type]

    inside.patch.setattr(irc, "survey", meanwhile)
    clear(inside(*_import(inside, "logs")), "was changed while it was read")
    assert {p.name for p in inside.folder.iterdir()} <= {"logs", "key"}


def _zipped(logs: Path) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for log in sorted(logs.iterdir()):
            archive.write(log, log.name)
    return made.getvalue()


def test_a_whole_archive_is_read_and_a_broken_one_named(inside: Inside) -> None:
    logs = irc_log(inside.folder / "logs", {f"nick{i}": 0 for i in range(9)}, 9, "word " * 50)
    whole = _zipped(logs)
    packed = gzip.compress((logs / "2024-03-04.log").read_bytes())
    spoilt = bytearray(whole)
    spoilt[len(spoilt) // 2] ^= 0xFF
    for name, content in {
        "cut.zip": whole[:-400], "half.zip": whole[: len(whole) // 2], "spoilt.zip": bytes(spoilt),
        "no.zip": b"PK\x03\x04 no", "2024-03-04.log.gz": packed[:-20], "none.zip": b"",
    }.items():  # fmt: skip
        _data(inside.folder, content, name)
        clear(inside(*_import(inside, name)), name, "cannot be unpacked")
        clear(inside(*_import(inside, name, "--lang", "zh")), "解压不了")
    _data(inside.folder, b"\x00\x9f\xff" * 999, "2024-03-05.log")
    clear(inside(*_import(inside, "2024-03-05.log")), "Nothing of IRC")
    (inside.folder / "nothing").mkdir()
    clear(inside(*_import(inside, "nothing")), "holds no file")
    assert not (inside.folder / "D").exists()
    _data(inside.folder, whole, "whole.zip")
    assert inside(*_import(inside, "whole.zip")).code == 0
    assert inside("check", "D").code == 0


def test_logs_with_too_much_nonsense_are_refused_without_their_words(inside: Inside) -> None:
    logs = irc_log(inside.folder / "logs", {"anna": 0, "bert": 0}, 3)
    with (logs / "2024-03-04.log").open("a", encoding="utf-8") as file:
        file.write("Anna's secret 4711 \x1b[31m\n" * 3)
    said = clear(inside(*_import(inside, "logs")), "nothing was written", "--tolerate")
    assert "secret" not in said.all
    assert "4711" not in said.all
    assert "\x1b" not in said.all
    assert not (inside.folder / "D").exists()
    assert inside(*_import(inside, "logs", "--tolerate")).code == 0


# Where to write


def test_nothing_that_is_there_is_lost(inside: Inside, small: Path) -> None:
    irc_log(inside.folder / "logs", {"anna": 0}, 2)
    _data(inside.folder / "RUN", "{}", "run.json")
    shutil.copytree(small, inside.folder / "RUN" / "DATA")
    _data(inside.folder / "NOTES", "years of work", "thesis.txt")
    (inside.folder / "PROJECT" / "notebooks").mkdir(parents=True)
    _data(inside.folder / "PROJECT" / "notebooks", "mine", "mine.ipynb")
    _data(inside.folder, "a file", "file")
    before = everything(inside.folder)
    for words, said in (
        (["run", "DATA", "--out", "DATA"], "lie in one another"),
        (["run", "DATA", "--out", "DATA/RUN"], "lie in one another"),
        (["run", "RUN/DATA", "--out", "RUN"], "lie in one another"),
        (["run", "DATA", "--out", "RUN"], "DATA"),
        (["run", "DATA", "--out", "NOTES"], "thesis.txt"),
        (["run", "DATA", "--out", "PROJECT"], "notebooks"),
        (["run", "DATA", "--out", "file"], "is a file"),
        (["run", "DATA", "--out", "."], "lie in one another"),
        (["run", "RUN/DATA", "--out", "DATA/../."], "lie in one another"),
        (["book", "--out", "NOTES"], "thesis.txt"),
        (["book", "--out", "DATA", "--lang", "en"], "messages.csv"),
        (["book", "--out", "file"], "is a file"),
        (["book", "--out", "."], "the folder you are in"),
        (["sample", "--out", "NOTES"], "not empty"),
        (["sample", "--out", "file"], "not a folder"),
        (["import", "irc", "logs", "--timezone", "UTC", "--out", "NOTES"], "not empty"),
        (["import", "irc", "logs", "--timezone", "UTC", "--out", "NOTES", "--overwrite"], "something else"),
        (["import", "irc", "logs", "--timezone", "UTC", "--out", "logs", "--overwrite"], ""),
        (["import", "irc", "logs", "--timezone", "UTC", "--out", "logs/D"], "lie in one another"),
        (["import", "irc", "logs", "--timezone", "UTC", "--out", "file"], "is a file"),
    ):  # fmt: skip
        clear(inside(*words), said)
        chinese = clear(inside(*words, "--lang", "zh"))
        assert re.search("[一-鿿]", chinese.err)
        after = {n: c for n, c in everything(inside.folder).items() if not n.startswith(".config")}
        assert after == before, words


def test_a_link_is_followed_to_where_it_leads(home: Path, inside: Inside, small: Path) -> None:
    (inside.folder / "disk").mkdir()
    (inside.folder / "RUN").symlink_to("disk")
    assert inside("run", "DATA", "--out", "RUN").code == 0
    assert (inside.folder / "RUN").is_symlink()
    assert (inside.folder / "disk" / "run.json").is_file()
    beside = {p.name for p in inside.folder.iterdir()} - {".cache", ".config", ".ipython"}
    assert beside == {"DATA", "home", "disk", "RUN"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a disk of 64 KB."""
    with _disk(tmp_path / "disk", "size=64k") as disk:
        yield disk


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that nobody may write to."""
    if os.geteuid():
        (tmp_path / "disk").mkdir(mode=0o500)
        yield tmp_path / "disk"
        (tmp_path / "disk").chmod(0o700)
        return
    with _disk(tmp_path / "disk", "ro") as disk:
        yield disk


class _disk:
    """A file system of its own, where the tests may mount one."""

    def __init__(self, place: Path, options: str) -> None:
        self.place, self.options = place, options

    def __enter__(self) -> Path:
        self.place.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", self.options, "tmpfs", str(self.place)]
        if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("a small disk needs leave to mount one")
        return self.place

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", str(self.place)], check=True)


@pytest.mark.parametrize("disk", ["small_disk", "read_only"])
def test_a_disk_that_is_full_or_closed_is_said_to_be(
    disk: str, inside: Inside, request: pytest.FixtureRequest, home: Path
) -> None:
    place = request.getfixturevalue(disk)
    irc_log(inside.folder / "logs", {f"nick{i}": 0 for i in range(40)}, 60)
    _data(inside.folder / "DATA", HEAD + GOOD)
    if disk == "small_disk":
        (place / "filled").write_bytes(b"x" * 48 * 1024)
    for words in (
        ["sample", "--out", place / "S"],
        ["import", "irc", "logs", "--timezone", "UTC", "--out", place / "D", "--key", "key"],
        ["import", "irc", "logs", "--timezone", "UTC", "--out", "D", "--key", place / "no" / "key"],
        ["run", "DATA", "--out", place / "RUN"],
    ):
        if disk == "small_disk" and "D" in words:
            continue  # a key is small
        reason = "No space left|磁盘" if disk == "small_disk" else "Read-only|denied"
        said = clear(inside(*words))
        assert re.search(reason, said.err), said.err
        assert len(said.err) < 500
        assert "[(" not in said.err, "a list of files instead of a sentence"
        left = {p.name for p in place.iterdir() if not p.name.endswith((".partial", ".lock"))}
        assert left <= {"filled"}
    assert not (inside.folder / "D").exists()


def test_many_refusals_of_the_system_are_told_by_the_first() -> None:
    failures = [(f"a{i}", f"b{i}", f"[Errno 28] No space left on device: 'a{i}'") for i in range(9)]
    assert terminal.short(shutil.Error(failures)) == "[Errno 28] No space left on device: 'a0'"
    assert len(terminal.short(ValueError("x" * 9999))) == 300


# Databases


def test_addresses_of_databases_are_read_with_care(inside: Inside) -> None:
    base = inside.folder / "group.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.execute(
            "CREATE TABLE messages AS SELECT 'x' || i AS message_id, 'a' AS author_id, "
            "TIMESTAMPTZ '2024-03-01 00:00:00Z' + i * INTERVAL 1 HOUR AS ts FROM range(9) t(i)"
        )
    with duckdb.connect(str(inside.folder / "odd.duckdb")) as connection:
        connection.execute("CREATE TABLE messages AS SELECT 1 AS message_id, 'soon' AS ts")
    _data(inside.folder, "no database", "text.duckdb")
    assert inside("list", f"duckdb:///{base}?timezone=UTC&day_start=04:00").code == 0
    for address, word in (
        (f"duckdb:///{inside.folder}/none.duckdb", "none.duckdb"),
        (f"duckdb:///{inside.folder}/text.duckdb", "text.duckdb"),
        (f"duckdb:///{inside.folder}/odd.duckdb", ""),
        (f"duckdb:///{base}?timezone=Mars", "Mars"),
        (f"duckdb:///{base}?day_start=99:99", "99:99"),
        (f"duckdb:///{base}?week_start=tuesday", "tuesday"),
        ("postgres://user:secret@host/db", "postgres"),
        ("duckdb://", ""),
    ):
        for words in (["list", address], ["run", address, "--out", "RUN"]):
            said = clear(inside(*words), word)
            assert "secret" not in said.all
    clear(inside("run", f"duckdb:///{base}", "--out", inside.folder), "lie in one another")
    assert not (inside.folder / "RUN").exists()
