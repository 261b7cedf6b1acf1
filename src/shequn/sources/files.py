"""The files of an export, plain, gzipped or zipped, as lines of text."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shequn.text import ShequnError, Text

_BLOCK = 1 << 20
_HEAD = 1 << 18
_BOM = b"\xef\xbb\xbf"
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError)


@dataclass
class LogFile:
    """One log: a plain file, a gzipped file, or a member of a zip.

    Attributes
    ----------
    path
        File on the disk.
    member
        Name inside the zip, or empty.
    name
        Base name without ``.gz``; it may hold the name of a person.
    size
        Bytes on the disk, or of the member once unpacked; only for showing progress.
    sha256
        Fingerprint of the content, unpacked; empty until the lines were read to the end.
    decoded
        Rows by encoding, of the last reading.
    """

    path: Path
    member: str
    name: str
    size: int
    sha256: str = ""
    decoded: Counter[str] = field(default_factory=Counter)

    @property
    def key(self) -> tuple[str, str]:
        """Place in the export, to sort by."""
        return str(self.path), self.member

    def blocks(self) -> Iterator[list[str]]:
        r"""Yield the lines in blocks, without line ends (``\n`` or ``\r\n``).

        A line that is not UTF-8 is read as GB18030, and as Latin-1 where it is not that either.

        Raises
        ------
        ShequnError
            Where the file cannot be read or unpacked, or is not what it was when read before.
        """
        digest = hashlib.sha256()
        self.decoded.clear()
        rest, first = b"", True
        with self._complaining(), self._open() as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                if first:
                    block, first = block.removeprefix(_BOM), False
                whole, found, rest = (rest + block).rpartition(b"\n")
                if found:
                    yield self._decode(whole)
            if rest:
                yield self._decode(rest)
        read = digest.hexdigest()
        if self.sha256 and self.sha256 != read:
            raise changed(self.path)
        self.sha256 = read

    def lines(self) -> Iterator[str]:
        """Yield the lines one by one."""
        for block in self.blocks():
            yield from block

    def head(self) -> list[str]:
        """Return the lines at the beginning, as many as tell what the file is.

        Raises
        ------
        ShequnError
            Where the file cannot be read or unpacked.
        """
        with self._complaining(), self._open() as file:
            block = file.read(_HEAD)
        if len(block) == _HEAD:  # the last line may be cut, even inside a character
            block = block.rpartition(b"\n")[0]
        return self._decode(block.removeprefix(_BOM).removesuffix(b"\n"))

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGED as error:
            raise _damaged(self.path) from error
        except RuntimeError as error:  # zipfile's word for a password
            raise _damaged(self.path) from error
        except OSError as error:
            raise _unreadable(self.path, error) from error

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        if self.member:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as inner:
                yield inner
        elif self.path.suffix.lower() == ".gz":
            with gzip.open(self.path) as unpacked:
                # GzipFile is not an IO[bytes] by its annotations, but reads like one.
                yield unpacked  # type: ignore[misc]
        else:
            with self.path.open("rb") as plain:
                yield plain

    def _decode(self, whole: bytes) -> list[str]:
        try:
            lines = whole.decode("utf-8").split("\n")
            self.decoded["utf-8"] += len(lines)
        except UnicodeDecodeError:
            lines = self._decode_lines(whole.split(b"\n"))
        if b"\r" in whole:
            lines = [line.removesuffix("\r") for line in lines]
        return lines

    def _decode_lines(self, raw: list[bytes]) -> list[str]:
        beyond = [line for line in raw if not line.isascii()]
        # A short Chinese word in GB18030 can look like UTF-8: its neighbours tell.
        utf8 = 2 * sum(_decoded(line, "utf-8") is not None for line in beyond) >= len(beyond)
        lines = []
        for line in raw:
            order = ("utf-8", "gb18030") if utf8 or line.isascii() else ("gb18030", "utf-8")
            for encoding in (*order, "latin-1"):
                text = _decoded(line, encoding)
                if text is not None:
                    self.decoded[encoding] += 1
                    lines.append(text)
                    break
        return lines


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


class Export:
    """The files of an export, and a watch on them.

    Parameters
    ----------
    place
        A folder (with its folders), or one file.

    Raises
    ------
    ShequnError
        Where there is nothing, or a zip cannot be opened.
    """

    def __init__(self, place: Path) -> None:
        if not place.exists():
            raise ShequnError(
                Text(f"There is nothing at {place}.", f"{place} 处什么都没有。"),
                Text(
                    "Give the folder or file that holds the export.",
                    "请给出存放导出内容的文件夹或文件。",
                ),
            )
        try:
            paths = (
                sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
            )
            self._stamps = {p: _stamp(p) for p in paths}
        except OSError as error:
            raise _unreadable(place, error) from error
        self.files = sorted((f for p in paths for f in _inside(p)), key=lambda f: f.key)
        if not self.files:
            raise ShequnError(
                Text(f"{place} holds no file.", f"{place} 里没有文件。"),
                Text(
                    "Give the folder or file that holds the export.",
                    "请给出存放导出内容的文件夹或文件。",
                ),
            )

    def unchanged(self) -> None:
        """Make sure that no file was changed since the start.

        Raises
        ------
        ShequnError
            Where one was.
        """
        for path, stamp in self._stamps.items():
            try:
                now = _stamp(path)
            except OSError as error:
                raise changed(path) from error
            if now != stamp:
                raise changed(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _inside(path: Path) -> list[LogFile]:
    if path.suffix.lower() != ".zip":
        name = path.name[:-3] if path.suffix.lower() == ".gz" else path.name
        return [LogFile(path, "", name, path.stat().st_size)]
    try:
        with zipfile.ZipFile(path) as archive:
            return [
                LogFile(path, entry.filename, os.path.basename(entry.filename), entry.file_size)  # noqa: PTH119 - not a path of this system
                for entry in archive.infolist()
                if not entry.is_dir()
            ]
    except _DAMAGED as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ShequnError:
    return ShequnError(
        Text(
            f"{path} cannot be unpacked: it is cut off, damaged, or locked with a password.",
            f"{path} 解压不了：文件不完整、已损坏或有密码。",
        ),
        Text(
            "Download or copy it again, or unpack it yourself and give the folder.",
            "请重新下载或复制，或自行解压后给出文件夹。",
        ),
    )


def _unreadable(path: Path, error: OSError) -> ShequnError:
    return ShequnError(
        Text(
            f"{path} cannot be read: {error.strerror or error}.",
            f"{path} 读不了：{error.strerror or error}。",
        ),
        Text(
            "Make it readable to you, or take it out of the folder.",
            "请让自己可读，或把它移出文件夹。",
        ),
    )


def changed(path: Path) -> ShequnError:
    """Return the error for a file that was changed while it was read."""
    return ShequnError(
        Text(f"{path} was changed while it was read.", f"读取过程中 {path} 被改动。"),
        Text(
            "Stop what writes it, or copy the export, and import again; nothing was written.",
            "先停止写入，或复制一份导出再导入；目前什么都没有写。",
        ),
    )
