"""Files as lines: packing, encodings, damage, change."""

from __future__ import annotations

import gzip
import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn.sources.files import Export, ExportFile
from shequn.text import ShequnError


def only(path: Path) -> ExportFile:
    [file] = Export(path).files
    return file


@pytest.mark.parametrize(
    ("raw", "lines", "encodings"),
    [
        (b"", [], {}),
        (b"a\nb", ["a", "b"], {"utf-8": 2}),
        (b"a\r\nb\r\n", ["a", "b"], {"utf-8": 2}),
        (b"\xef\xbb\xbfa\n\nb\n", ["a", "", "b"], {"utf-8": 3}),
        ("群友\n".encode("gb18030") + "群\n".encode(), ["群友", "群"], {"gb18030": 1, "utf-8": 1}),
        # By itself 群 in GB18030 is also a letter in UTF-8; among its like it is not.
        ("群\n大家好\n早上好\n".encode("gb18030"), ["群", "大家好", "早上好"], {"gb18030": 3}),
        ("caf\xe9 au lait\n".encode("latin-1"), ["caf\xe9 au lait"], {"latin-1": 1}),
        ("a\u2028b\x0bc\x00d\x85\n".encode(), ["a\u2028b\x0bc\x00d\x85"], {"utf-8": 1}),
    ],
)
def test_lines_and_their_encodings(
    tmp_path: Path, raw: bytes, lines: list[str], encodings: dict[str, int]
) -> None:
    (tmp_path / "log").write_bytes(raw)
    file = only(tmp_path)
    assert list(file.lines()) == lines
    assert dict(file.decoded) == encodings
    assert file.sha256 == hashlib.sha256(raw).hexdigest()
    assert file.head() == (lines or [""])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_any_utf8_text_is_read_as_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = tmp_path_factory.mktemp("any") / "log"
    path.write_bytes(("\ufeff" + "".join(f"{line}\n" for line in lines)).encode())
    assert list(only(path).lines()) == lines


def test_lines_across_the_reading_blocks_are_whole(tmp_path: Path) -> None:
    lines = [f"{i} 群聊 " + "x" * (i % 977) for i in range(6000)]
    (tmp_path / "log").write_text("\n".join(lines), encoding="utf-8")
    assert (tmp_path / "log").stat().st_size > 2 << 20
    assert list(only(tmp_path).lines()) == lines
    head = only(tmp_path).head()
    assert head == lines[: len(head)]


def test_gzip_and_zip_hold_the_same_logs(tmp_path: Path) -> None:
    text = b"[10:00] <a> hi\n"
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("logs/c.txt", text)
        archive.writestr("logs/empty/", "")
    files = Export(tmp_path).files
    assert [f.name for f in files] == ["a.txt", "c.txt"]
    assert [list(f.lines()) for f in files] == [["[10:00] <a> hi"]] * 2
    assert {f.sha256 for f in files} == {hashlib.sha256(text).hexdigest()}


def test_damaged_archives_are_said(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(9000))
    for name, raw in {
        "cut.gz": whole[:-4000],
        "flipped.gz": whole[:-6] + b"\0\0\0\0\0\0",
        "not.gz": b"plain text",
        "not.zip": b"plain text",
    }.items():
        path = tmp_path / name
        path.write_bytes(raw)
        with pytest.raises(ShequnError, match="cannot be unpacked"):
            list(only(path).lines())
    with zipfile.ZipFile(tmp_path / "cut.zip", "w") as archive:
        archive.writestr("a.txt", "x" * 9000)
    raw = (tmp_path / "cut.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(raw[:200] + b"y" + raw[201:])
    with pytest.raises(ShequnError, match="cannot be unpacked"):
        list(only(tmp_path / "cut.zip").lines())


def test_a_long_first_line_is_not_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text('{"x": "' + "群" * 200_000)
    [line] = only(tmp_path).head()
    assert line.startswith('{"x": ')


def test_a_zip_of_many_members_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "days.zip", "w") as archive:
        for day in range(9):
            archive.writestr(f"{day}.txt", f"day {day}\n")
    opened = []
    whole = zipfile.ZipFile._RealGetContents  # type: ignore[attr-defined]
    monkeypatch.setattr(
        zipfile.ZipFile, "_RealGetContents", lambda self: (opened.append(1), whole(self))[1]
    )
    files = Export(tmp_path).files
    assert [f.head() + list(f.lines()) for f in files] == [[f"day {d}"] * 2 for d in range(9)]
    assert len(opened) == 1


def test_progress_is_in_bytes_of_the_disk_and_for_the_first_reading_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(os.urandom(40_000) + bytes(3 << 20)))
    (tmp_path / "b.txt").write_bytes(bytes(3 << 20))
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c.txt", bytes(2 << 20))
        archive.writestr("empty.txt", "")
    told: list[tuple[int, int]] = []
    export = Export(tmp_path, lambda done, total: told.append((done, total)))
    export.expect(export.files)
    ends = []
    for file in export.files:
        for _ in file.chunks():
            pass
        ends.append(told[-1][0])
    sizes = [f.size for f in export.files]
    assert ends == [sum(sizes[: i + 1]) for i in range(4)]
    assert told == sorted(told)
    assert {total for _, total in told} == {sum(sizes)}
    assert len(told) > 8, "also on the way"
    count = len(told)
    list(export.files[1].lines())
    assert len(told) == count


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ShequnError, match="nothing at"):
        Export(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ShequnError, match="holds no file"):
        Export(tmp_path / "empty")


def test_a_change_meanwhile_is_seen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a\n")
    export = Export(tmp_path)
    export.unchanged()
    list(export.files[0].lines())
    log.write_text("b\n")
    os.utime(log, ns=(1, 1))
    with pytest.raises(ShequnError, match="changed while"):
        export.unchanged()
    with pytest.raises(ShequnError, match="changed while"):
        list(export.files[0].lines())
    log.unlink()
    with pytest.raises(ShequnError, match="changed while"):
        export.unchanged()
