"""Read Stack Exchange: the data dump in XML, and pages of the API in JSON."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from pathlib import PurePath
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers import stackexchange_api
from shequn.sources.readers.forum_text import seconds, words
from shequn.sources.readers.stackexchange_xml import rows
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

NAME = Text("Stack Exchange", "Stack Exchange")
HINT = Text(
    "Unpack the 7z archive of one site's data dump and give the folder with Posts.xml; or give "
    "pages of the API (/questions) as .json.",
    "请解压一个站点数据转储的 7z 压缩包，给出含 Posts.xml 的文件夹；或给出 API（/questions）返回的 .json。",
)
LAYOUTS = {
    name: Text(f"rows of {tag} in XML", f"XML 里的 {tag} 行")
    for name, tag in {
        "dump-posts": "posts", "dump-users": "users", "dump-comments": "comments",
        "dump-votes": "votes", "dump-badges": "badges",
    }.items()
} | {"api-json": Text("questions with owner and question_id", "含 owner 与 question_id 的问题")}  # fmt: skip

_TAGS = ("users", "posts", "comments", "votes", "badges")  # in the order in which they are read
_ROOT = re.compile(r"(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>\[]*[\[>].*?)?<(\w+)\b", re.DOTALL)
_UNUSED = Text("nothing of a community in it that is imported", "其中没有会导入的社群内容")
_PACKED = Text(
    "7z is not unpacked here: unpack it and give the folder",
    "这里不解压 7z：请先解压，再给出文件夹",
)
_NO_ROW = Text("a row without id, time or what it belongs to", "缺少编号、时间或所属对象的行")
_ACCEPTED, _VOTES, _FAVOURITE = "1", {"2": "upvote", "3": "downvote"}, "5"
_OPEN_DAYS = 3  # votes come by day; those of older days were counted to the end
_SITE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org)")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if head.name.endswith(".7z"):
        return _PACKED
    if head.named(".xml") and head.text.startswith("<"):
        root = _ROOT.match(head.text[:4096])
        tag = root[1] if root else ""
        if tag in _TAGS:
            return f"dump-{tag}"
        return _UNUSED if tag in ("posthistory", "postlinks", "tags") else None
    if head.named(".json") and head.text.startswith(("{", "[")):
        start = head.text[:65536]
        if '"owner"' in start and '"question_id"' in start:
            return "api-json"
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    pages = [f for f in files if f.layout == "api-json"]
    dump = sorted(
        (f for f in files if f not in pages),
        key=lambda f: _TAGS.index(f.layout.removeprefix("dump-")),
    )
    _one_site(dump)
    site = intake.channel("site", kind="site")
    if pages:
        stackexchange_api.read(pages, site, intake)
    if dump:
        _Dump(dump, site, intake).read()


def _one_site(dump: list[Reading]) -> None:
    """Refuse two sites at once: each begins to number at one."""
    folders = {_folder(f) for f in dump}
    if len(folders) > 1 and any(n > 1 for n in Counter(f.layout for f in dump).values()):
        raise ShequnError(
            Text(
                f"There are dumps of {len(folders)} sites: their numbers would be mixed up.",
                f"这里有 {len(folders)} 个站点的转储：编号会混在一起。",
            ),
            Text(
                "Import one site at a time, each into a folder of its own.",
                "请一次导入一个站点，各用一个文件夹。",
            ),
        )


def _folder(file: Reading) -> str:
    path, inside = file.file.key
    return PurePath(path, *inside).parent.as_posix()


class _Dump:
    """The tables of a dump, and what one needs of another.

    Of answers only two numbers are held: 16 bytes each. Of accepted ones, who asked.
    """

    def __init__(self, files: list[Reading], site: int, intake: Intake) -> None:
        self.files, self.site, self.intake = files, site, intake
        self.answers, self.questions = array("q"), array("q")
        self.accepted: dict[str, tuple[Reading, int, str]] = {}
        self.posts_there = any(f.layout == "dump-posts" for f in files)
        self.nameless = 0

    def read(self) -> None:
        """Read the files, each kind before those that need it."""
        self._title()
        for file in self.files:
            self.intake.open(file)
            {
                "dump-users": self._users, "dump-posts": self._posts,
                "dump-comments": self._comments, "dump-votes": self._votes,
                "dump-badges": self._badges,
            }[file.layout](file)  # fmt: skip
        for answer, (file, row, asker) in self.accepted.items():
            self.intake.open(file)
            self.intake.add(
                "votes_badges", row, member_id=asker, object_id=f"p{answer}", kind="accept"
            )
        self.intake.note(
            f"{self.nameless:,} posts and comments by nobody who is named are left out.",
            f"{self.nameless:,} 条没有作者的帖子或评论未读取。",
            when=self.nameless,
        )
        self.intake.note(
            "Votes are known by day and number, not by person; each is a reaction upvote or downvote.",
            "投票只知道日期与票数，不知道是谁；记作表情回应 upvote 或 downvote。",
            when=any(f.layout == "dump-votes" for f in self.files),
        )

    def _title(self) -> None:
        for file in self.files:
            name = _folder(file).rpartition("/")[2].lower()
            if not self.intake.title and _SITE.fullmatch(name):
                self.intake.title = name

    def _users(self, file: Reading) -> None:
        for row in rows(file.file):
            file.read += 1
            raw = row.get("Id")
            if not raw:
                file.strange(file.read, _NO_ROW, str(row)[:60])
                continue
            since = seconds(row.get("CreationDate"))
            # Numbers below zero are the platform's own: -1 is the Community user.
            self.intake.member(
                raw, name=row.get("DisplayName"), ts=since or 0, joined_at=since,
                joined_at_basis="registration" if since else None,
                is_bot=True if raw.startswith("-") else None,
            )  # fmt: skip

    def _posts(self, file: Reading) -> None:
        message, add_answer, add_question = (
            self.intake.message, self.answers.append, self.questions.append,
        )  # fmt: skip
        site, last, ordered = self.site, -1, True
        for row in rows(file.file):
            file.read += 1
            get = row.get
            kind = get("PostTypeId")
            if kind not in ("1", "2"):
                if kind is None:
                    file.strange(file.read, _NO_ROW, str(row)[:60])
                continue
            number, parent = get("Id", ""), get("ParentId", "")
            ts, author = seconds(get("CreationDate")), self._author(row, "Owner")
            if ts is None or not _is_id(number) or (kind == "2" and not _is_id(parent)):
                file.strange(file.read, _NO_ROW, str(row)[:60])
                continue
            if kind == "2":
                own = int(number)
                add_answer(own)
                add_question(int(parent))
                ordered, last = ordered and own > last, own
            elif _is_id(accepted := get("AcceptedAnswerId", "")) and author:
                self.accepted[accepted] = (file, file.read, author)
            if author is None:
                self.nameless += 1
                continue
            reply = f"p{parent}" if kind == "2" else None
            message(
                file.read, site, author, ts, words(get("Body", "")),
                own=f"p{number}", reply=reply, basis="explicit" if reply else None,
                thread=reply or f"p{number}", edited=seconds(get("LastEditDate")),
                deleted=seconds(get("DeletionDate")),
            )  # fmt: skip
        if not ordered:
            pairs = sorted(zip(self.answers, self.questions, strict=True))
            self.answers = array("q", (a for a, _ in pairs))
            self.questions = array("q", (q for _, q in pairs))

    def _comments(self, file: Reading) -> None:
        message, site, answers, questions = (
            self.intake.message, self.site, self.answers, self.questions,
        )  # fmt: skip
        for row in rows(file.file):
            file.read += 1
            number, post = row.get("Id", ""), row.get("PostId", "")
            ts, author = seconds(row.get("CreationDate")), self._author(row, "User")
            if ts is None or not _is_id(number) or not _is_id(post):
                file.strange(file.read, _NO_ROW, str(row)[:60])
                continue
            if author is None:
                self.nameless += 1
                continue
            wanted = int(post)
            at = bisect_left(answers, wanted)
            root = questions[at] if at < len(answers) and answers[at] == wanted else wanted
            # Without the posts it is not known whether this is a question.
            thread = f"p{root}" if self.posts_there else None
            message(
                file.read, site, author, ts, words(row.get("Text", "")), own=f"c{number}",
                reply=f"p{post}", basis="explicit", thread=thread,
            )  # fmt: skip

    def _author(self, row: dict[str, str], who: str) -> str | None:
        """Return an id of who wrote it; of accounts that were deleted only a name is left."""
        raw = row.get(f"{who}UserId" if who == "Owner" else "UserId")
        if raw:
            if raw.startswith("-"):
                self.intake.member(raw, is_bot=True)
            return raw
        name = row.get(f"{who}DisplayName")
        if not name:
            return None
        raw = f"deleted/{name}"
        self.intake.member(raw, name=name, ts=seconds(row.get("CreationDate")) or 0)
        return raw

    def _votes(self, file: Reading) -> None:
        open_days: dict[int, Counter[tuple[str, str]]] = {}
        for row in rows(file.file):
            file.read += 1
            post, kind, ts = (
                row.get("PostId", ""),
                row.get("VoteTypeId"),
                seconds(row.get("CreationDate")),
            )
            if not _is_id(post) or kind is None or ts is None:
                file.strange(file.read, _NO_ROW, str(row)[:60])
            elif kind in _VOTES:
                open_days.setdefault(ts, Counter())[post, kind] += 1
                if len(open_days) > _OPEN_DAYS:
                    self._count(*_oldest(open_days))
            elif kind == _ACCEPTED and post in self.accepted:
                _, _, asker = self.accepted.pop(post)
                self.intake.add(
                    "votes_badges",
                    file.read,
                    member_id=asker,
                    object_id=f"p{post}",
                    kind="accept",
                    ts=ts,
                )
            elif kind == _FAVOURITE and (who := row.get("UserId")):
                self.intake.reaction(None, "favourite", own=f"p{post}", who=who, ts=ts)
        for day in sorted(open_days):
            self._count(day, open_days[day])

    def _count(self, day: int, votes: Counter[tuple[str, str]]) -> None:
        for (post, kind), n in votes.items():
            self.intake.reaction(None, _VOTES[kind], own=f"p{post}", n=n, ts=day, complete=False)

    def _badges(self, file: Reading) -> None:
        for row in rows(file.file):
            file.read += 1
            who, name, ts = row.get("UserId"), row.get("Name"), seconds(row.get("Date"))
            if not who or not name or ts is None:
                file.strange(file.read, _NO_ROW, str(row)[:60])
                continue
            # The name stands in both: two badges of one second are two.
            self.intake.add(
                "votes_badges",
                file.read,
                member_id=who,
                object_id=name,
                kind="badge",
                ts=ts,
                value=name,
            )


def _is_id(text: Any) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _oldest(days: dict[int, Counter[tuple[str, str]]]) -> tuple[int, Counter[tuple[str, str]]]:
    day = min(days)
    return day, days.pop(day)
