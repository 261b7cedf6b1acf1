"""JSON that is read as a stream, however large, and never however deep."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, cast

import ijson

from shequn.sources.files import ExportFile
from shequn.text import ShequnError, Text

_SLICE = 1 << 16
_MOST_OPEN = 3000
_DEEPEST = 100
_MARK = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


class Stream:
    """The content of a file, as ijson wants to read it.

    Notes
    -----
    ijson keeps the whole path of every open bracket, so that 100 kB of ``[`` take 25 GB. Honest
    exports are four deep. Counting brackets is quick and tells when to look closely: brackets
    inside texts count too, so that many of them only cost a second look.

    Raises
    ------
    ShequnError
        Where the file is nested deeper than any export, or as `ExportFile.chunks`.
    """

    def __init__(self, file: ExportFile) -> None:
        self._file = file
        self._pieces = cast("Generator[bytes, None, None]", _pieces(file))
        self._open, self._sure = 0, False

    def read(self, size: int = -1) -> bytes:
        """Return the next piece; nothing at the end."""
        if size == 0:  # ijson's question whether there are bytes or text
            return b""
        piece = next(self._pieces, b"")
        if not self._sure:
            opened = piece.count(b"[") + piece.count(b"{")
            self._open = max(0, self._open + opened - piece.count(b"]") - piece.count(b"}"))
            if opened > _MOST_OPEN or self._open > _MOST_OPEN:
                if _too_deep(_pieces(self._file)):
                    raise damaged(self._file)
                self._sure = True
        return piece

    def close(self) -> None:
        """Close the file."""
        self._pieces.close()


def items(file: ExportFile, path: str) -> Iterator[Any]:
    """Yield what stands at a path; raises ShequnError where the file is not whole, valid JSON."""
    with closing(Stream(file)) as stream:
        try:
            yield from ijson.items(stream, path, use_float=True)
        except (ijson.JSONError, UnicodeError, RecursionError) as error:
            raise damaged(file) from error


def damaged(file: ExportFile) -> ShequnError:
    """Return the error for a file that is broken."""
    return ShequnError(
        Text(
            f"{file.path} ({file.name}) is cut off or damaged: it is no valid file of its kind.",
            f"{file.path}（{file.name}）不完整或已损坏，不是有效的导出文件。",
        ),
        Text(
            "Export or copy it again, or take it out of the folder.",
            "请重新导出或复制，或把它移出文件夹。",
        ),
    )


def _pieces(file: ExportFile) -> Iterator[bytes]:
    first = True
    for chunk in file.chunks():
        if first:
            chunk, first = chunk.removeprefix(_BOM), False
        for at in range(0, len(chunk), _SLICE):
            yield chunk[at : at + _SLICE]


def _too_deep(pieces: Iterable[bytes]) -> bool:
    """Tell whether JSON is nested too deep, without taking brackets in its texts for its own."""
    depth, text, rest = 0, False, b""
    for piece in pieces:
        piece = rest + piece
        slashes = len(piece) - len(piece.rstrip(b"\\"))
        rest = piece[-1:] if slashes % 2 else b""  # what it escapes is in the next piece
        for found in _MARK.finditer(piece[: len(piece) - len(rest)]):
            mark = found[0]
            if mark == b'"':
                text = not text
            elif text or len(mark) > 1:
                continue
            elif mark in b"[{":
                depth += 1
                if depth > _DEEPEST:
                    return True
            else:
                depth -= 1
    return False
