"""The files of an export, plain or packed (gz, zip, tar): as bytes, or as lines of text."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import tarfile
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from shequn.sources.archives import Member, bomb, bursts, is_archive, members
from shequn.text import ShequnError, Text

_BLOCK = 1 << 20
_HEAD = 1 << 18
_BOM = b"\xef\xbb\xbf"
_DAMAGED = (
    EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, tarfile.TarError,
    NotImplementedError,
)  # fmt: skip


@dataclass
class ExportFile:
    """A plain file, a gzipped file, or a member of an archive.

    Attributes
    ----------
    name
        Base name without ``.gz``; it may hold the name of a person.
    size
        Bytes on the disk, or of the member once unpacked; only for showing progress.
    parts
        Folders and name in the export; an archive counts as a folder.
    packed
        The member of an archive.
    sha256
        Fingerprint of the content, unpacked; empty until it was read to the end.
    decoded
        Lines by encoding, of the last reading.
    prints
        Fingerprints of the lines, where `shequn.sources.copies` wants them.
    watch
        Called with how much of ``size`` was read; from `Export.expect`.
    """

    path: Path
    name: str
    size: int
    parts: tuple[str, ...] = ()
    packed: Member | None = None
    sha256: str = ""
    decoded: Counter[str] = field(default_factory=Counter)
    prints: array[int] | None = None
    watch: Callable[[int], None] | None = None

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """Place in the export, to sort by."""
        return str(self.path), self.packed.parts if self.packed else ()

    def chunks(self) -> Iterator[bytes]:
        """Yield the content, unpacked, in pieces.

        Raises
        ------
        ShequnError
            Where the file cannot be read or unpacked, or is not what it was when read before.
        """
        digest = hashlib.sha256()
        length = 0
        with self._open() as (file, disk):
            while chunk := file.read(_BLOCK):
                digest.update(chunk)
                length += len(chunk)
                if file is not disk and bursts(length, self.size):
                    raise bomb(self.path)
                yield chunk
                if self.watch:
                    self.watch(disk.tell())
        if self.watch:
            self.watch(self.size)
            self.watch = None
        read = digest.hexdigest()
        if self.sha256 and self.sha256 != read:
            raise _changed(self.path)
        self.sha256 = read

    def blocks(self) -> Iterator[list[str]]:
        r"""Yield the lines in blocks, without line ends (``\n`` or ``\r\n``); raises as `chunks`.

        A line that is not UTF-8 is read as GB18030, and as Latin-1 where it is not that either.
        """
        self.decoded.clear()
        rest, first = b"", True
        for chunk in self.chunks():
            if first:
                chunk, first = chunk.removeprefix(_BOM), False
            whole, found, rest = (rest + chunk).rpartition(b"\n")
            if found:
                yield self._decode(whole)
        if rest:
            yield self._decode(rest)

    def lines(self) -> Iterator[str]:
        """Yield the lines one by one; raises as `chunks`."""
        for block in self.blocks():
            yield from block

    def head(self) -> list[str]:
        """Return the lines at the beginning, as many as tell what the file is; raises as `chunks`."""
        with self._open() as (file, _):
            block = file.read(_HEAD)
        if len(block) == _HEAD:  # the last line may be cut, even inside a character
            block = block.rpartition(b"\n")[0] or block
        return self._decode(block.removeprefix(_BOM).removesuffix(b"\n"))

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """Open the content, and what tells how much of `size` was read."""
        with _complaining(self.path), contextlib.ExitStack() as stack:
            if self.packed:
                file = disk = stack.enter_context(self.packed.open())
            else:
                file = disk = stack.enter_context(self.path.open("rb"))
                if self.path.suffix.lower() == ".gz":
                    file = cast("IO[bytes]", stack.enter_context(gzip.open(disk)))
            yield file, disk

    def _decode(self, whole: bytes) -> list[str]:
        try:
            lines = whole.decode("utf-8").split("\n")
            self.decoded["utf-8"] += len(lines)
        except UnicodeDecodeError:
            lines = self._decode_lines(whole.split(b"\n"))
        if b"\r" in whole:
            lines = [line.removesuffix("\r") for line in lines]
        if self.prints is not None:
            self.prints.extend(map(hash, lines))
        return lines

    def _decode_lines(self, raw: list[bytes]) -> list[str]:
        beyond = [line for line in raw if not line.isascii()]
        # A short Chinese word in GB18030 can look like UTF-8: its neighbours tell.
        utf8 = 2 * sum(_encoding(line, "utf-8") == "utf-8" for line in beyond) >= len(beyond)
        order = ("utf-8", "gb18030") if utf8 else ("gb18030", "utf-8")
        encodings = ["utf-8" if line.isascii() else _encoding(line, *order) for line in raw]
        self.decoded.update(encodings)
        return [line.decode(name) for line, name in zip(raw, encodings, strict=True)]


def _encoding(line: bytes, *order: str) -> str:
    for encoding in order:
        with contextlib.suppress(UnicodeDecodeError):
            line.decode(encoding)
            return encoding
    return "latin-1"


@contextlib.contextmanager
def _complaining(path: Path) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGED, RuntimeError) as error:  # RuntimeError: zipfile's word for a password
        raise ShequnError(
            Text(
                f"{path} cannot be unpacked: it is cut off, damaged, or locked with a password.",
                f"{path} 解压不了：文件不完整、已损坏或有密码。",
            ),
            Text(
                "Download or copy it again, or unpack it yourself and give the folder.",
                "请重新下载或复制，或自行解压后给出文件夹。",
            ),
        ) from error
    except OSError as error:
        why = error.strerror or error
        raise ShequnError(
            Text(f"{path} cannot be read: {why}.", f"{path} 读不了：{why}。"),
            Text(
                "Make it readable to you, or take it out of the folder.",
                "请让自己可读，或把它移出文件夹。",
            ),
        ) from error


class Export:
    """The files of a folder (with its folders), or one file, and a watch on them.

    Raises
    ------
    ShequnError
        Where there is nothing, or a zip cannot be opened.
    """

    def __init__(self, place: Path, progress: Callable[[int, int], None] | None = None) -> None:
        self.place, self._progress = place, progress
        if not place.exists():
            raise _empty(Text(f"There is nothing at {place}.", f"{place} 处什么都没有。"))
        with _complaining(place):
            paths = sorted(place.rglob("*")) if place.is_dir() else [place]
            self._stamps = {p: _stamp(p) for p in paths if p.is_file()}
            base = place if place.is_dir() else place.parent
            files = [f for p in self._stamps for f in _inside(p, p.relative_to(base).parts)]
            self.files = sorted(files, key=lambda f: f.key)
        if not self.files:
            raise _empty(Text(f"{place} holds no file.", f"{place} 里没有文件。"))

    def expect(self, files: Iterable[ExportFile]) -> None:
        """Show progress while these files are read for the first time, in this order."""
        if not (progress := self._progress):
            return
        files = list(files)
        total, done = sum(f.size for f in files), 0
        for file in files:
            file.watch = lambda at, before=done: progress(before + at, total)
            done += file.size

    def unchanged(self) -> None:
        """Raise where a file was changed since the start."""
        for path, stamp in self._stamps.items():
            if not path.exists() or _stamp(path) != stamp:
                raise _changed(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _inside(path: Path, parts: tuple[str, ...]) -> list[ExportFile]:
    if not is_archive(path):
        name = path.stem if path.suffix.lower() == ".gz" else path.name
        return [ExportFile(path, name, path.stat().st_size, (*parts[:-1], name))]
    with _complaining(path):
        return [ExportFile(path, m.parts[-1], m.size, (*parts, *m.parts), m) for m in members(path)]


def _empty(what: Text) -> ShequnError:
    return ShequnError(
        what,
        Text(
            "Give the folder or file that holds the export.", "请给出存放导出内容的文件夹或文件。"
        ),
    )


def _changed(path: Path) -> ShequnError:
    return ShequnError(
        Text(f"{path} was changed while it was read.", f"读取过程中 {path} 被改动。"),
        Text(
            "Stop what writes it, or copy the export, and import again; nothing was written.",
            "先停止写入，或复制一份导出再导入；目前什么都没有写。",
        ),
    )
