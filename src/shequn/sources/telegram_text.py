"""The texts of Telegram's messages, without names and other traces of people."""

from __future__ import annotations

import re
from typing import Any

from shequn import pii
from shequn.sources.people import People
from shequn.sources.redact import Redactor
from shequn.sources.telegram_message import pieces

_USERNAME = re.compile(r"(?<![\w@])@[A-Za-z]\w{3,31}(?!\w)", re.ASCII)
_LINK = re.compile(r"((?:t|telegram)\.me/)[\w+]+|tg://[^\s]+", re.ASCII | re.IGNORECASE)
_MASKS = {
    "mention": "[username]",
    "phone": "[phone]",
    "email": "[email]",
    "bank_card": "[card]",
}
_WORD = re.compile(r"\w")


class Words:
    """Takes what points at a person out of texts.

    Whole display names become pseudonyms, ``[name]`` where several people bear one. Names of less
    than two letters or digits stay: too many words hold them.

    Parameters
    ----------
    people
        Everybody known, with pseudonyms.
    chats
        Ids of the groups and channels that are read, whose own names may stay.
    """

    def __init__(self, people: People, chats: set[str]) -> None:
        self._ids = people.ids
        called: dict[str, set[str]] = {}
        for raw_id, name in people.names:
            if raw_id not in chats and len(_WORD.findall(name)) > 1:
                called.setdefault(_fold(name), set()).add(people.ids[raw_id])
        names = {n: ids.pop() if len(ids) == 1 else "[name]" for n, ids in called.items()}
        self._redact = Redactor(names, _fold)
        self.file_name = self._redact.file_name

    def __call__(self, text: str) -> str:
        """Return a text without them."""
        text = pii.mask(self._redact(text))
        if "@" in text:
            text = _USERNAME.sub("[username]", text)
        return _LINK.sub(_no_link, text) if ".me/" in text or "tg:" in text else text

    def of(self, message: dict[str, Any]) -> str:
        """Return the text of a message without them; Telegram itself says what some of it is."""
        return self("".join(self._piece(text, part) for text, part in pieces(message)))

    def _piece(self, text: str, part: dict[str, Any]) -> str:
        kind = part.get("type")
        if kind == "mention_name":
            return self._ids.get(f"user{part.get('user_id')}", "[name]")
        return _MASKS.get(kind, text) if isinstance(kind, str) else text


def _no_link(match: re.Match[str]) -> str:
    return f"{match[1] or 'tg://'}[username]"


def _fold(text: str) -> str:
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
