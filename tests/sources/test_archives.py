"""Archives that no platform makes are refused, before a reader sees a byte of them."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from shequn.sources.archives import members
from shequn.sources.files import Export
from shequn.text import ShequnError

ZEROS = bytes(70 << 20)


def zipped(path: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice is what is tried here
        for name, content in files:
            archive.writestr(name, content)
    return path


def tarred(path: Path, *files: tuple[str, bytes], link: str = "") -> Path:
    mode = "w:gz" if path.name.endswith("gz") else "w"
    with tarfile.open(path, mode) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo("link.txt")
            info.type, info.linkname = tarfile.SYMTYPE, link
            archive.addfile(info)
    return path


@pytest.mark.parametrize("name", ["e.zip", "e.tar", "e.tar.gz", "e.tgz"])
def test_an_archive_is_a_folder_with_its_files(tmp_path: Path, name: str) -> None:
    make = zipped if name.endswith("zip") else tarred
    make(tmp_path / name, ("x/b.txt", b"two\nlines\n"), ("x/a.txt", b"one"))
    files = Export(tmp_path).files
    assert [f.parts for f in files] == [(name, "x", "a.txt"), (name, "x", "b.txt")]
    assert [list(f.lines()) for f in files] == [["one"], ["two", "lines"]]
    assert [list(f.lines()) for f in reversed(files)] == [["two", "lines"], ["one"]]
    assert Export(tmp_path / name).files[0].parts == (name, "x", "a.txt")
    assert [p.name for p in tmp_path.iterdir()] == [name]  # nothing was unpacked to the disk


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gb2312", "书友群/聊天记录.txt"), ("utf-8", "書友群.txt"), ("cp437", "café.txt")],
)
def test_names_from_chinese_windows_are_read(tmp_path: Path, encoding: str, name: str) -> None:
    raw = name.encode(encoding)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        info = zipfile.ZipInfo("x" * len(raw))
        archive.writestr(info, b"1")
    # The standard library writes UTF-8 alone: the bytes are put in afterwards, in both places.
    content = (tmp_path / "a.zip").read_bytes().replace(b"x" * len(raw), raw)
    (tmp_path / "a.zip").write_bytes(content)
    [found] = members(tmp_path / "a.zip")
    assert found.parts == tuple(name.split("/"))


@pytest.mark.parametrize(
    "inside", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\..\\b", "C:\\b", "a/.."]
)
@pytest.mark.parametrize("name", ["e.zip", "e.tar"])
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, name: str, inside: str) -> None:
    (zipped if name == "e.zip" else tarred)(tmp_path / name, ("ok.txt", b"x"), (inside, b"x"))
    with pytest.raises(ShequnError, match="leads outside"):
        Export(tmp_path)


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    place = tmp_path / "in"
    place.mkdir()
    tarred(place / "e.tar", ("a.txt", b"x"), link=str(secret))
    assert [f.name for f in Export(place).files] == ["a.txt"]


@pytest.mark.parametrize("name", ["e.zip", "e.tar"])
def test_a_name_that_stands_twice_is_refused(tmp_path: Path, name: str) -> None:
    make = zipped if name == "e.zip" else tarred
    make(tmp_path / name, ("x/a.txt", b"1"), ("x/./a.txt", b"2"))
    with pytest.raises(ShequnError, match=r"a\.txt stands in it twice"):
        Export(tmp_path)


@pytest.mark.parametrize("name", ["e.zip", "e.tar.gz"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, name: str) -> None:
    make = zipped if name == "e.zip" else tarred
    make(tmp_path / name, ("a.txt", ZEROS))
    with pytest.raises(ShequnError, match="far more than any export"):
        Export(tmp_path)


def test_a_bomb_without_a_size_is_refused_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(ZEROS))
    [file] = Export(tmp_path).files
    with pytest.raises(ShequnError, match="far more than any export"):
        for _ in file.chunks():
            pass


def test_much_text_that_packs_well_is_no_bomb(tmp_path: Path) -> None:
    text = "".join(f"[12:{i % 60:02}] <nick{i % 50}> word {i}\n" for i in range(100_000)).encode()
    zipped(tmp_path / "e.zip", ("a.txt", text))
    assert sum(len(c) for c in Export(tmp_path).files[0].chunks()) == len(text)


@pytest.mark.parametrize("name", ["e.zip", "e.tar.gz"])
def test_a_cut_archive_is_told_in_words(tmp_path: Path, name: str) -> None:
    make = zipped if name == "e.zip" else tarred
    whole = make(tmp_path / name, ("a.txt", bytes(range(256)) * 400)).read_bytes()
    for cut in (0, 10, len(whole) // 2):
        (tmp_path / name).write_bytes(whole[:cut])
        with pytest.raises(ShequnError, match="cannot be unpacked"):
            for file in Export(tmp_path).files:
                list(file.chunks())
