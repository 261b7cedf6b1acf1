"""JSON of any size, value by value: no more than one value is in memory."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from shequn.sources.files import ExportFile
from shequn.text import ShequnError, Text

_MOST = 1 << 26  # characters of one value: a longer one is no message
_SPACE = re.compile(r"[ \t\r\n]*")


class JsonStream:
    """A text of JSON that is read from the front.

    Parameters
    ----------
    file
        In UTF-8.
    mend
        Turns a text that cannot be read into one that can, for platforms that write some amiss.
    """

    def __init__(self, file: ExportFile, mend: Callable[[str], str] | None = None) -> None:
        self._path, self._chunks, self._mending = file.path, file.chunks(), mend
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._scan = json.JSONDecoder(parse_constant=lambda _: None, strict=False).raw_decode
        self._text, self._at, self._gone, self._ended = "", 0, 0, False

    def peek(self) -> str:
        """Return the next character that is no space; empty at the end."""
        found = self._text[self._at : self._at + 1]
        if found and found not in " \t\r\n":
            return found
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def members(self) -> Iterator[str]:
        """Yield the keys of an object; its values are to be taken meanwhile."""
        for _ in self._within("{", "}"):
            if not isinstance(key := self.value(), str):
                raise self.damaged()
            self._take(":")
            yield key

    def elements(self) -> Iterator[None]:
        """Yield before each element of an array; it is to be taken meanwhile."""
        return self._within("[", "]")

    def values(self) -> Iterator[Any]:
        """Yield the elements of an array."""
        for _ in self._within("[", "]"):
            yield self.value()

    def value(self) -> Any:
        """Take a whole value.

        Raises
        ------
        ShequnError
            Where there is none.
        """
        if not self.peek():
            raise self.damaged()
        chunks = 1
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except json.JSONDecodeError:
                if self._mend():
                    continue
            except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
                raise self.damaged() from None
            else:
                # A number that reaches the end of what was read may go on.
                if end < len(self._text) or self._ended:
                    self._at = end
                    return value
            if len(self._text) - self._at > _MOST or self._ended:
                raise self.damaged()
            self._more()
            # Twice as much each time: a long value is not gone through for every chunk of it.
            for _ in range(chunks - 1):
                self._more()
            chunks *= 2

    def end(self) -> None:
        """Raise where anything follows."""
        if self.peek():
            raise self.damaged()

    def damaged(self) -> ShequnError:
        """Return what to say of a file that is no JSON, or only the beginning of some."""
        at = self._gone + self._at
        return ShequnError(
            Text(
                f"{self._path} is cut off or damaged: no valid JSON at character {at:,}.",
                f"{self._path} 不完整或已损坏：第 {at:,} 个字符处不是合法的 JSON。",
            ),
            Text(
                "Export it again, and wait until the program says that it is done.",
                "请重新导出，等程序提示完成后再导入。",
            ),
        )

    def _within(self, first: str, last: str) -> Iterator[None]:
        self._take(first)
        if self.peek() == last:
            self._at += 1
            return
        while True:
            yield
            if self._take(f",{last}") == last:
                return

    def _take(self, wanted: str) -> str:
        found = self.peek()
        if not found or found not in wanted:
            raise self.damaged()
        self._at += 1
        return found

    def _more(self) -> bool:
        if self._ended:
            return False
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        self._gone += self._at
        self._text = self._text[self._at :] + self._decode(chunk or b"", self._ended)
        self._at = 0
        return not self._ended

    def _mend(self) -> bool:
        """Mend what the platform writes amiss; tell whether there was any."""
        if self._mending is None:
            return False
        # From the beginning of a value: so it is known which backslash escapes which.
        rest = self._text[self._at :]
        mended = self._mending(rest)
        if mended == rest:
            return False
        self._gone += self._at
        self._text, self._at = mended, 0
        return True


def walk(file: ExportFile, key: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of an object; of the array at one key, element by element.

    Parameters
    ----------
    file
        An object of JSON, such as ``{"meta": …, "messages": […]}``.
    key
        Where the array stands, such as ``messages``.
    """
    stream = JsonStream(file)
    for name in stream.members():
        if name == key and stream.peek() == "[":
            for value in stream.values():
                yield name, value
        else:
            yield name, stream.value()
    stream.end()


def array(file: ExportFile) -> Iterator[Any]:
    """Yield the elements of a file that is one array."""
    stream = JsonStream(file)
    yield from stream.values()
    stream.end()


def lines(file: ExportFile) -> Iterator[tuple[int, Any]]:
    """Yield number and value of every line of JSON; None for a line that is none."""
    scan = json.JSONDecoder(parse_constant=lambda _: None, strict=False).decode
    for row, line in enumerate(file.lines(), 1):
        if line.strip():
            try:
                yield row, scan(line)
            except (ValueError, RecursionError):
                yield row, None
