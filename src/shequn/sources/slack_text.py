"""The text of Slack messages: as it is read, whom it names, and without names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

from shequn.pii import mask
from shequn.sources.redact import Redactor

EVERYONE = "!"  # stands where the id of a person named would stand
NAMESAKES = "[name]"  # in kept text, for a name that several people have

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


def names_somebody(text: str, raw: str) -> bool:
    """Tell, fast, whether a message may name anybody; raw is the JSON it was read from."""
    return "<@" in text or "<!" in text or _in_blocks(raw)


def _in_blocks(raw: str) -> bool:
    return '"user_id"' in raw or '"broadcast"' in raw or '"mrkdwn"' in raw


def named(text: str, record: Mapping[str, Any], raw: str) -> set[str]:
    """Return the ids that a message names, and `EVERYONE` where it calls the whole channel.

    Parameters
    ----------
    text
        Its text, with Slack's marks.
    record, raw
        The whole message, and the JSON it was read from.
    """
    found = {m[1] or EVERYONE for m in _NAMED.finditer(text)}
    if _in_blocks(raw):
        for part in _parts(record.get("blocks")):
            kind = part.get("type")
            if kind == "user":
                if is_id(who := part.get("user_id")):
                    found.add(who)
            elif kind == "broadcast":
                found.add(EVERYONE)
            elif kind == "mrkdwn" and isinstance(words := part.get("text"), str):
                found.update(m[1] or EVERYONE for m in _NAMED.finditer(words))
    return found


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


def fold(text: str) -> str:
    """Return a text in lower case, character by character: of the same length."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


class Names:
    """What members are called, to be taken out of texts.

    Parameters
    ----------
    ids
        Pseudonym by the platform's id.
    names
        Pairs of an id and a name; also first names, which only texts are searched for.
    first_names
        The same, of names that several people may well share.
    """

    def __init__(
        self,
        ids: Mapping[str, str],
        names: Iterable[tuple[str, str]],
        first_names: Iterable[tuple[str, str]],
    ) -> None:
        full = _unique({**_folded(ids.items())}, ((n, ids[i]) for i, n in names))
        self._full = Redactor(full, fold)
        self._all = Redactor(_unique(dict(full), ((n, ids[i]) for i, n in first_names)), fold)

    def in_text(self, text: str) -> str:
        """Return a readable text without names, ids, numbers and addresses."""
        return self._all(mask(text)) if text else text

    def in_label(self, label: str) -> str:
        """Return the name of a channel without names."""
        return _in_parts(label, self._all)

    def in_emoji(self, emoji: str) -> str:
        """Return an emoji's name without full names: ``joy`` and ``rose`` are first names too."""
        return _in_parts(emoji, self._full)

    def file_name(self, name: str) -> str:
        """Return the name of a file or folder without names."""
        return self._all.file_name(name)


def _in_parts(label: str, redact: Redactor) -> str:
    # An underscore joins words for a search by words, and parts them for people.
    return "".join(map(redact, re.split(r"([-_ ])", redact(label))))


def _folded(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {fold(name): code for name, code in pairs}


def _unique(known: dict[str, str], more: Iterable[tuple[str, str]]) -> dict[str, str]:
    for name, code in more:
        small = fold(name)
        # A dot or a letter alone stands in every text.
        if not any(map(str.isalnum, small)) or (len(small) == 1 and small.isascii()):
            continue
        if known.setdefault(small, code) != code:
            known[small] = NAMESAKES
    return known
