"""Pages of the Stack Exchange API: questions with their answers and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.readers.forum_text import words
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

_NO_POST = Text(
    "not a question, answer or comment with id and time", "不是含编号与时间的问题、回答或评论"
)
_HOST = re.compile(r"https?://([a-z0-9.-]+)/")


def read(files: list[Reading], site: int, intake: Intake) -> None:
    """Put the questions of pages into an intake."""
    reader = _Page(site, intake)
    for file in files:
        intake.open(file)
        for value in _items(file):
            reader.question(value, file)


def _items(file: Reading) -> Iterator[Any]:
    stream = JsonStream(file.file)
    if stream.peek() == "[":
        yield from stream.values()
    else:
        for key in stream.members():
            if key == "items" and stream.peek() == "[":
                yield from stream.values()
            else:
                stream.value()
    stream.end()


class _Page:
    def __init__(self, site: int, intake: Intake) -> None:
        self.site, self.intake = site, intake

    def question(self, value: Any, file: Reading) -> None:
        """Put in a question, and what stands below it."""
        number = value.get("question_id") if isinstance(value, dict) else None
        if not _is_id(number):
            file.read += 1
            file.strange(file.read, _NO_POST, str(value)[:60])
            return
        link = value.get("link")
        if not self.intake.title and isinstance(link, str) and (host := _HOST.match(link)):
            self.intake.title = host[1]
        root = f"p{number}"
        asker = self._post(value, root, None, root, file)
        for answer in _list(value, "answers"):
            self._answer(answer, root, asker, file)
        for comment in _list(value, "comments"):
            self._below(comment, "comment_id", root, root, file)

    def _answer(self, answer: Any, root: str, asker: str | None, file: Reading) -> None:
        own = self._below(answer, "answer_id", root, root, file)
        if own is None:
            return
        if answer.get("is_accepted") is True and asker:
            self.intake.add(
                "votes_badges", file.read, member_id=asker, object_id=own, kind="accept"
            )
        for comment in _list(answer, "comments"):
            self._below(comment, "comment_id", own, root, file)

    def _below(self, value: Any, key: str, reply: str, root: str, file: Reading) -> str | None:
        number = value.get(key) if isinstance(value, dict) else None
        if not _is_id(number):
            file.read += 1
            file.strange(file.read, _NO_POST, str(value)[:60])
            return None
        own = ("c" if key == "comment_id" else "p") + str(number)
        self._post(value, own, reply, root, file)
        return own

    def _post(
        self, value: dict[str, Any], own: str, reply: str | None, root: str, file: Reading
    ) -> str | None:
        """Put in a question, answer or comment; return who wrote it."""
        file.read += 1
        row, get = file.read, value.get
        ts = _time(get("creation_date"))
        if ts is None:
            file.strange(row, _NO_POST, str(value)[:60])
            return None
        author = self._owner(get("owner"), ts)
        if author is None:  # an account without number or name: nobody is known
            return None
        body = get("body") or get("body_markdown")
        self.intake.message(
            row, self.site, author, ts, words(body) if isinstance(body, str) else "",
            own=own, reply=reply, basis="explicit" if reply else None, thread=root,
            edited=_time(get("last_edit_date")),
            chars=-1 if isinstance(body, str) else None,
        )  # fmt: skip
        for key, emoji in (("up_vote_count", "upvote"), ("down_vote_count", "downvote")):
            n = get(key)
            if type(n) is int and 0 < n < 1 << 31:
                self.intake.reaction(row, emoji, n=n, complete=False)
        return author

    def _owner(self, owner: Any, ts: int) -> str | None:
        if not isinstance(owner, dict):
            return None
        raw, name, kind = owner.get("user_id"), owner.get("display_name"), owner.get("user_type")
        name = name if isinstance(name, str) else None
        if type(raw) is int and abs(raw) < 1 << 53:
            own = str(raw)
        elif name:
            own = f"deleted/{name}"
        else:
            return None
        role = "moderator" if kind == "moderator" else None
        self.intake.member(
            own, name=name, ts=ts, role=role, is_bot=True if own.startswith("-") else None
        )
        return own


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _is_id(value: Any) -> bool:
    return type(value) is int and 0 < value < 1 << 53


def _time(value: Any) -> int | None:
    return value if type(value) is int and 0 < value <= LATEST else None
