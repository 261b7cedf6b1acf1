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


def blocks(stream: IO[bytes], ending: bytes) -> Iterator[bytes]:
    """Yield the stream in pieces that end with a line end wherever one is in reach.

    A file whose last line lacks its end is given it.
    """
    rest, whole = b"", True
    while piece := stream.read(BLOCK):
        rest += piece
        whole = rest.endswith(ending[-1:])
        end = rest.rfind(ending[-1:]) + 1
        if not end and len(rest) < 4 * BLOCK:
            continue
        end = end or len(rest)
        yield rest[:end]
        rest = rest[end:]
    if not whole:
        yield rest + ending


def detect(path: Path) -> Encoding:
    """Find out how a text table is written; one pass if it is UTF-8.

    A file that is UTF-8 but for some cells also decodes as GB18030, into nonsense. So the choice
    goes to UTF-8 where its three-byte characters, which GB18030 text hardly ever imitates, weigh
    more than the bytes that UTF-8 cannot read.
    """
    with open_bytes(path) as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", 2, *_invalid(path, "utf-16"))
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if _valid(path, "utf-8"):
        return Encoding("utf-8", start)
    good, bad = _weigh_utf8(path)
    utf8 = start > 0 or (good >= 2 and 3 * good >= bad)
    if not utf8 and _valid(path, "gb18030"):
        return Encoding("gb18030")
    name = "utf-8" if utf8 else "gb18030"
    return Encoding(name, start, *_invalid(path, name))


def _decoded(path: Path, name: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(name)(errors)
    with open_bytes(path) as stream:
        while piece := stream.read(BLOCK):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)


def _valid(path: Path, name: str) -> bool:
    try:
        for _ in _decoded(path, name, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _weigh_utf8(path: Path) -> tuple[int, int]:
    """Count well-formed characters of three and more bytes, and bytes that are not UTF-8."""
    good = bad = 0
    for text in _decoded(path, "utf-8", "replace"):
        units = np.frombuffer(text.encode("utf-16-le"), "<u2")
        lost = int((units == 0xFFFD).sum())
        bad += lost
        good += int((units >= 0x800).sum()) - lost
    return good, bad


def _invalid(path: Path, name: str) -> tuple[Offsets, bytes]:
    """Return the offset of every invalid place, and the bytes at the first."""
    found: list[int] = []
    sample, base, done = b"", 0, 0

    def note(error: UnicodeError) -> tuple[str, int]:
        nonlocal sample
        assert isinstance(error, UnicodeDecodeError)
        sample = sample or error.object[error.start : error.start + 4]
        found.append(base + error.start)
        return "", error.end

    codecs.register_error("shequn.note", note)
    decoder = codecs.getincrementaldecoder(name)("shequn.note")
    with open_bytes(path) as stream:
        piece = b"begin"
        while piece:
            piece = stream.read(BLOCK)
            base = done - len(decoder.getstate()[0])  # a character may have begun before
            decoder.decode(piece, final=not piece)
            done += len(piece)
    return np.array(found, np.int64), sample


def transcode(path: Path, name: str, workdir: Path) -> Path:
    """Write a UTF-8 copy of a file into `workdir`; what cannot be read becomes U+FFFD."""
    with tempfile.NamedTemporaryFile(dir=workdir, suffix=".csv", delete=False) as out:
        for text in _decoded(path, name, "replace"):
            out.write(text.encode("utf-8"))
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
            name, offset = encoding.name.upper(), encoding.bad[0]
            raise ShequnError(
                Text(
                    f"{path.name} mixes encodings: no valid {name} at byte offset {offset}.",
                    f"{path.name} 混用了多种编码：字节偏移 {offset} 处不是有效的 {name}。",
                ),
                Text(
                    "Export again as UTF-8, or find the rows that were pasted in from another file.",
                    "请重新导出为 UTF-8；或找出从别的文件粘贴进来的那些行。",
                ),
            )
        if encoding.name == "utf-8":
            return path
        return transcode(path, encoding.name, workdir)
    except DAMAGED as error:
        raise ShequnError(
            Text(f"{path.name} is cut off or damaged.", f"{path.name} 不完整或已损坏。"),
            Text("Copy or export the file again.", "请重新复制或导出这个文件。"),
        ) from error
