"""The text of Slack messages: as it is read, and whom it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

EVERYONE = "!"  # stands where the id of a person named would stand

_MARK = re.compile(r"<([^<>]*)>")
_NAMED = re.compile(r"<(?:@([A-Za-z0-9]{2,64})|!(?:channel|here|everyone))(?:\|[^<>]*)?>")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_MOST_BLOCKS = 10_000  # parts of a message looked at


def said(record: Mapping[str, Any]) -> str:
    """Return the text of a message, with Slack's marks; of files only what was written to them."""
    words = record.get("text")
    if "file" in record:  # years ago Slack put "X uploaded a file" and "X commented on" in the text
        given = file if isinstance(file := record["file"], dict) else {}
        old = record if record.get("subtype") == "file_comment" else given
        note = old.get("comment") or old.get("initial_comment")
        words = note.get("comment") if isinstance(note, dict) else None
    return words if isinstance(words, str) else ""


def readable(text: str) -> str:
    """Return a text as members see it, but with the ids of people for their names."""
    if "<" in text:
        text = _MARK.sub(_shown, text)
    if "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return text


def _shown(mark: re.Match[str]) -> str:
    target, bar, label = mark[1].partition("|")
    sign = target[:1]
    if sign == "@":
        return target
    if sign == "#":
        return f"#{label or target[1:]}"
    if sign == "!":
        return label or "@" + target[1:].partition("^")[0]
    return label if bar and label else target


def named(text: str, blocks: object) -> set[str]:
    """Return the ids that a message names, and `EVERYONE` where it calls the whole channel.

    Parameters
    ----------
    text
        Its text, with Slack's marks.
    blocks
        What it holds besides, where that may name somebody whom the text does not.
    """
    found = {m[1] or EVERYONE for m in _NAMED.finditer(text)} if "<" in text else set()
    for part in _parts(blocks) if blocks else ():
        kind = part.get("type")
        if kind == "user":
            if is_id(who := part.get("user_id")):
                found.add(who)
        elif kind == "broadcast":
            found.add(EVERYONE)
        elif kind == "mrkdwn" and isinstance(words := part.get("text"), str):
            found.update(m[1] or EVERYONE for m in _NAMED.finditer(words))
    return {i.upper() for i in found}


def _parts(blocks: object) -> Iterator[dict[str, Any]]:
    waiting = [blocks]
    for _ in range(_MOST_BLOCKS):
        if not waiting:
            return
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += [v for v in part.values() if isinstance(v, dict | list)]
        elif isinstance(part, list):
            waiting += part


def is_id(value: object) -> TypeGuard[str]:
    """Tell whether a value can be the id of a person or a bot."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None
