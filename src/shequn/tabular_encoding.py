"""How the bytes of a text table become characters: UTF-8, UTF-16, GB18030, or a faulty mixture."""

from __future__ import annotations

import codecs
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from shequn.text import ShequnError, Text

BLOCK = 8 << 20  # bytes read at a time
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class Encoding:
    """How a file is written.

    Parameters
    ----------
    name
        ``utf-8``, ``gb18030`` or ``utf-16``, a codec of Python.
    start
        Bytes of byte order mark before the first character.
    bad
        Offsets in bytes, in the unpacked file, of what is not valid in `name`.
    sample
        The first bytes that are not valid.
    """

    name: str
    start: int = 0
    bad: Offsets = field(default_factory=lambda: np.empty(0, np.int64))
    sample: bytes = b""


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked if its name ends in ``.gz``."""
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield raw


def blocks(stream: IO[bytes], newline: bytes = b"\n") -> Iterator[bytes]:
    """Yield the stream in pieces that end with `newline` wherever one is in reach.

    A newline byte is never part of a longer character in UTF-8 or GB18030, so no character is cut.
    """
    rest = b""
    while piece := stream.read(BLOCK):
        rest += piece
        end = rest.rfind(newline) + 1
        if not end and len(rest) < 4 * BLOCK:
            continue
        end = end or len(rest)
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest


def detect(path: Path) -> Encoding:
    """Find out how a text table is written; one pass if it is UTF-8.

    A file that is UTF-8 but for some cells also decodes as GB18030, into nonsense. So the choice
    goes to UTF-8 where its three-byte characters, which GB18030 text hardly ever imitates, weigh
    more than the bytes that UTF-8 cannot read.
    """
    with open_bytes(path) as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf16(path)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if _valid(path, "utf-8"):
        return Encoding("utf-8", start)
    good, bad = _weigh_utf8(path)
    utf8 = start > 0 or (good >= 2 and 3 * good >= bad)
    if not utf8 and _valid(path, "gb18030"):
        return Encoding("gb18030")
    name = "utf-8" if utf8 else "gb18030"
    offsets, sample = _bad(path, name)
    return Encoding(name, start, offsets, sample)


def _valid(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        with open_bytes(path) as stream:
            while piece := stream.read(BLOCK):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _weigh_utf8(path: Path) -> tuple[int, int]:
    """Count well-formed characters of three and more bytes, and bytes that are not UTF-8."""
    good = bad = 0
    with open_bytes(path) as stream:
        for block in blocks(stream):
            units = np.frombuffer(block.decode("utf-8", "replace").encode("utf-16-le"), "<u2")
            lost = int((units == 0xFFFD).sum())
            bad += lost
            good += int((units >= 0x800).sum()) - lost
    return good, bad


def _bad(path: Path, name: str) -> tuple[Offsets, bytes]:
    """Return the offset of every invalid place, and the bytes at the first."""
    found: list[int] = []
    sample, base = b"", 0
    with open_bytes(path) as stream:
        for block in blocks(stream):
            # Line by line, else each invalid place would decode the rest of the block anew.
            try:
                block.decode(name)
            except UnicodeDecodeError:
                at = base
                for line in block.splitlines(keepends=True):
                    places = _bad_in_line(line, name)
                    sample = sample or (line[places[0] : places[0] + 4] if places else b"")
                    found.extend(at + place for place in places)
                    at += len(line)
            base += len(block)
    return np.array(found, np.int64), sample


def _bad_in_line(line: bytes, name: str) -> list[int]:
    places, start = [], 0
    while start < len(line):
        try:
            line[start:].decode(name)
            break
        except UnicodeDecodeError as error:
            places.append(start + error.start)
            start += error.end
    return places


def _utf16(path: Path) -> Encoding:
    done = 0
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        with open_bytes(path) as stream:
            while piece := stream.read(BLOCK):
                kept = len(decoder.getstate()[0])
                decoder.decode(piece)
                done += len(piece)
        kept = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        place = done - kept + error.start
        return Encoding("utf-16", 2, np.array([place], np.int64), error.object[error.start :][:4])
    return Encoding("utf-16", 2)


def transcode(path: Path, name: str, workdir: Path) -> Path:
    """Write a UTF-8 copy of a file into `workdir`; what cannot be read becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(name)(errors="replace")
    with (
        open_bytes(path) as stream,
        tempfile.NamedTemporaryFile(dir=workdir, suffix=".csv", delete=False) as out,
    ):
        while piece := stream.read(BLOCK):
            out.write(decoder.decode(piece).encode("utf-8"))
        out.write(decoder.decode(b"", final=True).encode("utf-8"))
    return Path(out.name)


def utf8_path(path: Path, workdir: Path) -> Path:
    """Return a path with the same table in UTF-8: the file itself, or a copy made in `workdir`.

    Parameters
    ----------
    path
        A ``.csv`` or ``.csv.gz`` file in UTF-8, UTF-16 with byte order mark, or GB18030.
        A ``.parquet`` file is returned as it is.
    workdir
        An existing folder for the copy; whoever made it removes it.

    Raises
    ------
    ShequnError
        The file mixes encodings, or is packed and damaged.
    """
    if path.suffix == ".parquet":
        return path
    try:
        encoding = detect(path)
        if len(encoding.bad):
            raise ShequnError(
                Text(
                    "{file} mixes encodings: no valid {name} at byte offset {offset}.",
                    "{file} 混用了多种编码：字节偏移 {offset} 处不是有效的 {name}。",
                ).format(file=path.name, offset=int(encoding.bad[0]), name=encoding.name.upper()),
                MEND_MIXED,
            )
        if encoding.name == "utf-8":
            return path
        return transcode(path, encoding.name, workdir)
    except DAMAGED as error:
        raise ShequnError(
            Text("{file} is cut off or damaged.", "{file} 不完整或已损坏。").format(file=path.name),
            Text("Copy or export the file again.", "请重新复制或导出这个文件。"),
        ) from error


MEND_MIXED = Text(
    "Export again as UTF-8, or find the rows that were pasted in from another file.",
    "请重新导出为 UTF-8；或找出从别的文件粘贴进来的那些行。",
)
