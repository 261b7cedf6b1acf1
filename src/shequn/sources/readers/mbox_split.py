"""A mailbox as its messages, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_MOST = 1 << 20  # bytes of a message that are looked at: what comes later is attachments
_HEADER = re.compile(rb"[!-9;-~]{1,76}:|>From ")
_TIME, _YEAR = re.compile(rb"\d\d?:\d\d"), re.compile(rb"\b(?:19|20)\d\d\b")
_PATCH = b"Mon Sep 17 00:00:00 2001"  # the time in the first line of every patch made by git


def is_start(line: bytes, after: bytes) -> bool:
    """Tell whether a line that begins with ``From `` begins a message.

    In a body it may be a sentence, or the first line of a patch; a message's has a date and a
    time, and a header comes next.
    """
    return (
        len(line) < 1000
        and _TIME.search(line) is not None
        and _YEAR.search(line) is not None
        and _PATCH not in line
        and _HEADER.match(after) is not None
    )


def messages(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield messages, each with its ``From `` line; of long ones only the beginning."""
    buffer, first, kept = b"", True, b""
    for chunk in chunks:
        buffer += chunk
        if first:
            buffer = buffer.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
            first = not buffer
        at = begin = 0
        while (found := buffer.find(b"\nFrom ", at)) >= 0:
            line_end = buffer.find(b"\n", found + 1)
            next_end = buffer.find(b"\n", line_end + 1) if line_end > 0 else -1
            if next_end < 0:  # what decides is not there yet
                if len(buffer) - found < _MOST:
                    break
                at = found + 6
                continue
            if is_start(buffer[found + 1 : line_end], buffer[line_end + 1 : next_end]):
                yield (kept + buffer[begin : found + 1])[:_MOST]
                kept, begin = b"", found + 1
            at = found + 6
        # What was gone through need not be again: only its last line, which may go on.
        done = found if found >= 0 else max(begin, buffer.rfind(b"\n"))
        if done > begin:
            if len(kept) < _MOST:
                kept += buffer[begin:done]
            buffer = buffer[done:]
        else:
            buffer = buffer[begin:]
            if len(buffer) > _MOST:  # one endless line
                if len(kept) < _MOST:
                    kept += buffer[:_MOST]
                buffer = buffer[-64:] if buffer[-64:].find(b"\n") < 0 else buffer
    if rest := (kept + buffer)[:_MOST].strip():
        yield rest + b"\n"
