"""Bad input: exports, links, full disks, folders that may not be written, databases."""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bad_data import GOOD, HEAD, _data
from outside import Inside, clear, everything, irc_log
from shequn import terminal
from shequn.sources.readers import irc


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
