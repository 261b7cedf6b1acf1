"""Files of what Feishu's interface answered: pages, lists of items, or JSON lines of both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shequn.sources.json_stream import JsonStream, lines
from shequn.sources.report import Reading

_CHAT, _MESSAGE = re.compile(r"oc_[0-9A-Za-z]{8,64}"), re.compile(r"om_[0-9A-Za-z_-]{8,80}")
_ABOUT = ("chat_id", "message_id")


@dataclass
class Page:
    """What an answer is about, which stands outside it: in the file's name or beside it.

    Attributes
    ----------
    about
        ``chat_id`` and ``message_id``, where they are known.
    code
        0, or the number of an error that the interface gave.
    """

    about: dict[str, str] = field(default_factory=dict)
    code: int = 0


def named(file: Reading) -> Page:
    """Return what a file's name says."""
    found = Page()
    for key, pattern in (("chat_id", _CHAT), ("message_id", _MESSAGE)):
        if match := pattern.search(file.file.name):
            found.about[key] = match[0]
    return found


def records(file: Reading) -> Iterator[tuple[Page, Any]]:
    """Yield the items of a file, one by one, each with its page."""
    alone = named(file)
    if file.layout == "feishu-lines":
        for _, value in lines(file.file):
            if isinstance(value, dict) and "msg_type" in value:  # as nearly all are
                yield alone, value
            else:
                yield from _whole(value, named(file))
        return
    stream = JsonStream(file.file)
    if stream.peek() == "[":
        for value in stream.values():
            yield from _whole(value, named(file))
    else:
        yield from _page(stream, named(file))
    stream.end()


def _page(stream: JsonStream, page: Page) -> Iterator[tuple[Page, Any]]:
    """Yield the items of an answer, of which only one is in memory."""
    rest: dict[str, Any] = {}
    streamed = False
    for key in stream.members():
        if key in ("data", "items") and stream.peek() in ("{", "["):
            if stream.peek() == "[":
                streamed = True
                for value in stream.values():
                    yield page, value
                continue
            inner: dict[str, Any] = {}
            for name in stream.members():
                if name == "items" and stream.peek() == "[":
                    streamed = True
                    for value in stream.values():
                        yield page, value
                else:
                    inner[name] = stream.value()
            rest[key] = inner
        else:
            rest[key] = stream.value()
            _note(page, {key: rest[key]})
    if not streamed:
        yield from _whole(rest, page)


def _whole(value: Any, page: Page) -> Iterator[tuple[Page, Any]]:
    """Yield the items of an answer that is in memory; a value that is no answer is an item."""
    if not isinstance(value, dict) or _is_item(value):
        yield page, value
        return
    _note(page, value)
    data = value.get("data", value)
    items = data.get("items") if isinstance(data, dict) else data
    if isinstance(items, list):
        for item in items:
            yield page, item
    elif page.code or (isinstance(data, dict) and "items" in data):  # an error, or nothing
        yield page, None if page.code else {"empty": True}
    else:
        yield page, {"chat": data} if "data" in value else value


def _is_item(value: dict[str, Any]) -> bool:
    return not value.keys().isdisjoint(("msg_type", "member_id", "reaction_type", "header"))


def _note(page: Page, value: dict[str, Any]) -> None:
    for key in _ABOUT:
        if isinstance(found := value.get(key), str) and found:
            page.about[key] = found
    if type(code := value.get("code")) is int:
        page.code = code
