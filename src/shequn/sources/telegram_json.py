r"""The JSON of Telegram Desktop, piece by piece.

Telegram Desktop glues its JSON together by hand, and not every version of it is valid: control
characters are written as ``\x01``, and around August 2022 the name of a custom emoji's file stood
without quotes. Both are mended where the text cannot be read otherwise.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any

from shequn.sources.files import ExportFile
from shequn.text import ShequnError, Text

START, HEAD, MESSAGE, END = range(4)
_MOST = 1 << 26  # characters of one value: a longer one is no message
_SPACE = re.compile(r"[ \t\r\n]*")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|.)", re.DOTALL)
_BARE = re.compile(r'("document_id": )([^"\s\d-][^\n]*?)(,?\n)')
_LISTS = ("chats", "left_chats")


def walk(file: ExportFile) -> Iterator[tuple[int, str, Any]]:
    """Yield what an export holds, in its order; no more than one message is in memory.

    Parameters
    ----------
    file
        Either layout: one chat, or all of them.

    Yields
    ------
    int, str, object
        ``START`` and ``END`` of a chat, or of the whole, which then has no messages; ``HEAD`` with
        a key and its value; ``MESSAGE`` with a message. The key is empty where there is none.

    Raises
    ------
    ShequnError
        Where the file is cut off, damaged, nested too deeply, or holds a value beyond all bounds.
    """
    stream = _Stream(file)
    if stream.peek() != "{":
        raise stream.damaged()
    yield from _chat(stream, whole=True)
    if stream.peek():
        raise stream.damaged()


def _chat(stream: _Stream, *, whole: bool) -> Iterator[tuple[int, str, Any]]:
    yield START, "", None
    begun = False
    for key in stream.members():
        if key == "messages" and stream.peek() == "[":
            if begun:  # not the same chat any more
                raise stream.damaged()
            begun = True
            for _ in stream.elements():
                yield MESSAGE, "", stream.value()
        elif whole and key in _LISTS and stream.peek() == "{":
            for inner in stream.members():
                if inner != "list" or stream.peek() != "[":
                    stream.value()
                    continue
                for _ in stream.elements():
                    if stream.peek() == "{":
                        yield from _chat(stream, whole=False)
                    else:
                        stream.value()
        else:
            yield HEAD, key, stream.value()
    yield END, "", None


class _Stream:
    """A text of JSON that is read from the front."""

    def __init__(self, file: ExportFile) -> None:
        self._path, self._chunks = file.path, file.chunks()
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._scan = json.JSONDecoder(parse_constant=lambda _: None, strict=False).raw_decode
        self._text, self._at, self._gone, self._ended = "", 0, 0, False

    def peek(self) -> str:
        """Return the next character that is no space; empty at the end."""
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
            if len(self._text) - self._at > _MOST or not self._more():
                raise self.damaged()
            # Twice as much each time: a long value is not gone through for every chunk of it.
            for _ in range(chunks - 1):
                self._more()
            chunks *= 2

    def damaged(self) -> ShequnError:
        """Return what to say of a file that is no JSON, or only the beginning of some."""
        at = self._gone + self._at
        return ShequnError(
            Text(
                f"{self._path} is cut off or damaged: no valid JSON at character {at:,}.",
                f"{self._path} 不完整或已损坏：第 {at:,} 个字符处不是合法的 JSON。",
            ),
            Text(
                "Export the chat again, and wait until Telegram says that it is done.",
                "请重新导出，等 Telegram 提示完成后再导入。",
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
        """Mend what Telegram Desktop writes amiss; tell whether there was any."""
        # From the beginning of a value: so it is known which backslash escapes which.
        rest = self._text[self._at :]
        mended = _BARE.sub(_quoted, _ESCAPE.sub(_escaped, rest))
        if mended == rest:
            return False
        self._gone += self._at
        self._text, self._at = mended, 0
        return True


def _escaped(match: re.Match[str]) -> str:
    return f"\\u00{match[1]}" if match[1] else match[0]


def _quoted(match: re.Match[str]) -> str:
    return f"{match[1]}{json.dumps(match[2].rstrip(','))}{match[3]}"
