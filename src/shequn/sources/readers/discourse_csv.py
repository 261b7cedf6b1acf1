"""The lists of Discourse in CSV: accounts, likes, badges, visits, invitations, posts."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.readers.discourse_posts import BY_NAME, Posts, number, true
from shequn.sources.readers.forum_text import seconds
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

_LONGEST = 1 << 24  # characters of a cell
_FOREVER = 5 * 365 * 86_400  # a suspension as long as this is one for good
_STAMP = re.compile(r"-(\d{6})-(\d{6})(?:-\d+)?(?:\.\w+)?$")
_OWNER = re.compile(r"user[-_]archive-(.+?)-\d{6}-\d{6}", re.IGNORECASE)
_PLACE = re.compile(r"/t/(?:[^/?#]*/)?(\d{1,12})/(\d{1,9})(?:[?#].*)?$")
_YES = frozenset({"yes", "true", "t", "是"})
_NO_ROW = Text("a row without the cells that tell who, what or when", "缺少人物、内容或时间的行")


def cells(file: Reading) -> Iterator[dict[str, str]]:
    """Yield the rows of a file with commas between its cells, by the names of its columns.

    A row may be shorter than the first: Discourse leaves out group names where there are none.

    Raises
    ------
    ShequnError
        Where a quotation mark is never closed.
    """
    before = csv.field_size_limit(_LONGEST)
    try:
        table = csv.reader(line + "\n" for line in file.file.lines())
        header = [c.strip() for c in next(table, [])]
        for row in table:
            if row:
                file.read += 1
                yield dict(zip(header, row, strict=False))
    except csv.Error:
        raise ShequnError(
            Text(
                f"{file.file.name} is cut off or damaged after row {file.read:,}.",
                f"{file.file.name} 在第 {file.read:,} 行之后不完整或已损坏。",
            ),
            Text("Export it again; do not save it from a spreadsheet program.",
                 "请重新导出；不要用表格软件另存。"),
        ) from None  # fmt: skip
    finally:
        csv.field_size_limit(before)


class Lists:
    """Lists on their way into an intake; those of a user archive have one owner."""

    def __init__(self, posts: Posts, intake: Intake) -> None:
        self.posts_of, self.intake = posts, intake
        self._owners: dict[str, str] = {}
        self._lost = self._staged = 0
        self._rows: dict[str, Callable[[dict[str, str], Reading, str | None], bool]] = {
            "user-list": self._user, "likes-csv": self._like, "invites-csv": self._invite,
            "badges-csv": self._badge, "visits-csv": self._visit,
        }  # fmt: skip

    def owner(self, file: Reading) -> None:
        """Note whose an archive is, by its settings."""
        file.read += 1
        stream = JsonStream(file.file)
        page = stream.value()
        stream.end()
        if isinstance(page, dict) and isinstance(page.get("user"), dict):
            page = page["user"]
        raw = (
            self.posts_of.account(number(page.get("id")), page.get("username"))
            if isinstance(page, dict)
            else None
        )
        if raw is None:
            file.strange(file.read, _NO_ROW, str(page)[:60])
        else:
            self._owners[_folder(file)] = raw

    def read(self, file: Reading) -> None:
        """Put in a list, row by row."""
        if found := _STAMP.search(file.file.name):
            file.exported_at = _stamp(found[1], found[2])
        put, owner = self._rows[file.layout], self._owner(file)
        for row in cells(file):
            if not put(row, file, owner):
                file.strange(file.read, _NO_ROW, ",".join(row.values())[:60])

    def posts(self, file: Reading) -> None:
        """Put in posts: of everybody, or of an archive's owner."""
        put, archive = self.posts_of.put, file.layout == "archive-posts"
        owner = self._owner(file) if archive else None
        for row in cells(file):
            file.read -= 1  # counted there
            if not archive:
                put(row, file, {})
                continue
            category = row.get("categories") or row.get("category") or "-"
            if owner is None or row["is_pm"].lower() in _YES or category == "-":
                file.read += 1
                self._lost += owner is None
                self.posts_of.private += owner is not None
                continue
            place = _PLACE.search(row.get("url", ""))
            sub = row.get("sub_category", "-")
            name = owner.removeprefix(BY_NAME)
            who = {"user_id": owner} if name == owner else {"username": name}
            put(
                {
                    "topic_id": place[1] if place else None,
                    "post_number": place[2] if place else None,
                    "created_at": row.get("created_at"),
                    "cooked": row.get("post_cooked"),
                    "raw": row.get("post_raw") or row.get("post"),
                    "like_count": row.get("like_count"),
                    "categories": category if sub in ("-", "") else f"{category}|{sub}",
                    **who,
                },
                file, {},
            )  # fmt: skip

    def finish(self) -> None:
        """Say what could not be used."""
        self.intake.note(
            f"{self._lost:,} rows of user archives are left out: nothing says whose they are. Keep "
            "the name of the zip, or preferences.json beside them.",
            f"用户存档里有 {self._lost:,} 行不知道属于谁，未读取。请保留 zip 原名，或附上 preferences.json。",
            when=self._lost,
        )
        self.intake.note(
            f"{self._staged:,} staged accounts (made for senders of e-mail, nobody signs in) are "
            "taken for robots.",
            f"{self._staged:,} 个暂存账号（为来信地址自动建立、无人登录）按机器人处理。",
            when=self._staged,
        )

    def _owner(self, file: Reading) -> str | None:
        if known := self._owners.get(_folder(file)):
            return known
        for part in (file.file.path.name, *_folder(file).split("/")[-1:], file.file.name):
            if found := _OWNER.search(part):
                return self.posts_of.account(None, found[1])
        return None

    def _user(self, row: dict[str, str], file: Reading, _: str | None) -> bool:
        user, since = number(row.get("id")), seconds(row.get("created_at"))
        if user is None or since is None:
            return False
        raw = self.posts_of.account(user, row.get("username"), since)
        assert raw is not None
        self.posts_of.listed.add(raw)
        trust, staged = number(row.get("trust_level")), true(row.get("staged"))
        self._staged += staged
        gone = seconds(row.get("suspended_at"))
        # A suspension that has run out is no leaving.
        till, now = seconds(row.get("suspended_till")), file.exported_at
        if gone and till and till - gone < _FOREVER and (now is None or till <= now):
            gone = None
        self.intake.member(
            raw, name=row.get("name") or None, ts=since, joined_at=since,
            joined_at_basis="registration", is_bot=True if staged else None,
            role="admin" if true(row.get("admin")) else "moderator" if true(row.get("moderator")) else None,
            trust_level=trust if trust is not None and trust >= 0 else None,
            left_at=gone, left_at_basis="event" if gone else None,
        )  # fmt: skip
        if gone:
            self.intake.event(file.read, gone, "ban", raw)
        return True

    def _person(self, row: dict[str, str], owner: str | None, ts: int | None) -> str | None:
        if "user_id" in row or "username" in row:
            return self.posts_of.account(number(row.get("user_id")), row.get("username"), ts or 0)
        self._lost += owner is None
        return owner

    def _like(self, row: dict[str, str], _: Reading, owner: str | None) -> bool:
        topic, place, ts = (
            number(row.get("topic_id")),
            number(row.get("post_number")),
            seconds(row.get("created_at")),
        )
        who = self._person(row, owner, ts)
        if row.get("deleted_at") or who is None:
            return True
        if topic is None or place is None or ts is None:
            return not row.get("topic_id")  # its post is gone
        own = f"{topic}/{place}"
        if "user_id" in row or "username" in row:
            self.posts_of.all_likes = True
        else:
            self.posts_of.liked[own] += 1
        self.intake.reaction(None, "like", own=own, who=who, ts=ts)
        return True

    def _invite(self, row: dict[str, str], file: Reading, _: str | None) -> bool:
        user, by = number(row.get("user_id")), number(row.get("invited_by_id"))
        raw = self.posts_of.account(user, row.get("username"))
        inviter = self.posts_of.account(by, row.get("invited_by_username"))
        if raw is None or inviter is None:
            return not row.get("user_id")  # not taken up
        self.intake.member(raw, inviter_id=inviter, join_method="invite")
        if (ts := seconds(row.get("redeemed_at"))) is not None:
            self.intake.event(file.read, ts, "join", raw, actor=inviter, method="invite")
        return True

    def _badge(self, row: dict[str, str], file: Reading, owner: str | None) -> bool:
        name, ts = row.get("badge_name") or row.get("badge_id"), seconds(row.get("granted_at"))
        who = self._person(row, owner, ts)
        if who is None:
            return True
        if not name or ts is None:
            return False
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
        return True

    def _visit(self, row: dict[str, str], file: Reading, owner: str | None) -> bool:
        ts = seconds(row.get("visited_at"))
        who = self._person(row, owner, ts)
        if who is None:
            return True
        if ts is None:
            return False
        date = dt.date.fromordinal(ts // 86_400 + 719_163)
        add = self.intake.add
        add("activity", file.read, member_id=who, date=date, kind="visit", n=1)
        read, spent = number(row.get("posts_read")) or 0, number(row.get("time_read")) or 0
        if read > 0 or spent > 0:
            add(
                "activity", file.read, member_id=who, date=date, kind="read", n=max(read, 0),
                seconds=float(max(spent, 0)),
            )  # fmt: skip
        return True


def _folder(file: Reading) -> str:
    path, inside = file.file.key
    return PurePath(path, *inside).parent.as_posix()


def _stamp(day: str, clock: str) -> int | None:
    """Return the time in a file's name, such as 240305-101112."""
    return seconds(f"20{day[:2]}-{day[2:4]}-{day[4:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z")
