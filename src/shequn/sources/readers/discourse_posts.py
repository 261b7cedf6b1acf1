"""Posts of Discourse, from CSV and JSON alike, and the accounts that wrote them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.readers.forum_text import seconds, without, words
from shequn.sources.report import Reading
from shequn.text import Text

_NO_POST = Text(
    "not a post with topic_id, post_number and created_at",
    "不是含 topic_id、post_number、created_at 的帖子",
)
_MENTION = re.compile(r'<a class="mention"[^<>]*?href="[^"<>]*?/u(?:sers)?/([^"/<>]+)"')
_ASIDE = re.compile(r'<aside class="quote[^<>]*')
_POST, _TOPIC = re.compile(r'data-post="(\d{1,9})"'), re.compile(r'data-topic="(\d{1,12})"')
_QUOTE = re.compile(r"\[(/?)quote\b[^\[\]]*\]", re.IGNORECASE)
_WHERE = re.compile(r"post:(\d{1,9}), *topic:(\d{1,12})")
BY_NAME = "name/"  # before a user name that stands for an account
_ROBOTS = frozenset({"system", "discobot"})
_SYSTEM, _WHISPER, _LIKE = (2, 3), 4, 2
_TRUE = (True, "true", "t", "TRUE")
_MOST = 1 << 53


def number(value: object) -> int | None:
    """Return a whole number of JSON or of a cell."""
    if type(value) is int:
        return value if abs(value) < 1 << 53 else None
    if isinstance(value, str) and len(value) < 17 and value.isascii():
        digits = value.removeprefix("-")
        return int(value) if digits.isdigit() else None
    return None


def true(value: object) -> bool:
    """Tell whether a value of JSON or of a cell says yes."""
    return value in _TRUE


class Posts:
    """Posts on their way into an intake.

    A post's id is topic/number, as every one of the formats has both. An account's is its number;
    where only its user name is known ``name/NAME``, which is led back to the number at the end.

    Attributes
    ----------
    liked
        Likes of a post by people who are known, where only some people's are given.
    all_likes
        Whether everybody's likes are given by person.
    listed
        Accounts of the user list, which knows them best.
    private, nameless
        Posts left out.
    """

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self.liked: Counter[str] = Counter()
        self.all_likes = False
        self.listed: set[str] = set()
        self.private = self.nameless = 0
        self._channels: dict[int | str | None, int] = {}
        self._numbers: dict[str, int] = {}  # of categories, by name
        self._named: dict[str, set[str]] = {}
        self._told: dict[str, tuple[int, str | None]] = {}
        self._robots: set[str] = set()
        self._seen: dict[tuple[int | None, str | None], tuple[str, int, str]] = {}
        self._heard: set[tuple[object, ...]] = set()

    def channel(self, category: int | str | None, name: str | None = None) -> int:
        """Return the channel of a category: its number, its name, or None."""
        if isinstance(category, str):
            category = self._numbers.get(category, category)
        elif name and category is not None:
            self._numbers[name] = category
        found = self._channels.get(category)
        if found is None or name:
            raw = "category/" + ("" if category is None else str(category))
            shown = category if isinstance(category, str) else name
            found = self.intake.channel(raw, kind="category", name=shown)
            self._channels[category] = found
        return found

    def account(self, user: int | None, username: object, ts: int = 0) -> str | None:
        """Return the id of an account, by its number or its user name."""
        username = username if isinstance(username, str) else None
        if (user, username) in self._seen:
            raw, who, name = self._seen[user, username]
            if ts:
                self.intake.people.see(who, name, ts)
            return raw
        name = username.lower() if username else ""
        if user is None and not name:
            return None
        raw = str(user) if user is not None else f"{BY_NAME}{name}"
        if name:
            who = self.intake.people.number(raw)
            if ts:
                self.intake.people.see(who, name, ts)
            self.intake.people.weak.add(name)  # taken out of texts also where no time is known
            self._seen[user, username] = raw, who, name
            if user is not None:
                self._named.setdefault(name, set()).add(raw)
        if raw not in self._robots and ((user is not None and user < 0) or name in _ROBOTS):
            self._robots.add(raw)
            self.intake.member(raw, is_bot=True)
        return raw

    def finish(self) -> None:
        """Lead user names back to numbers, and say what was left out."""
        known = self.intake.people.numbers
        for name, raws in self._named.items():
            if f"{BY_NAME}{name}" in known and len(raws) == 1:
                self.intake.same(f"{BY_NAME}{name}", *raws)
        note = self.intake.note
        note(
            f"{self.private:,} posts in private messages or whispers are left out.",
            f"{self.private:,} 条私信或悄悄话里的帖子未读取。",
            when=self.private,
        )
        note(
            f"{self.nameless:,} posts of accounts that are gone are left out.",
            f"{self.nameless:,} 条作者账号已不存在的帖子未读取。",
            when=self.nameless,
        )

    def put(self, value: Any, file: Reading, about: Mapping[str, Any]) -> None:
        """Put in a post; ``about`` is what is known of its topic."""
        file.read += 1
        if not isinstance(value, dict):
            file.strange(file.read, _NO_POST, str(value)[:60])
            return
        get = value.get
        # Pages have numbers, cells have digits.
        topic, place, user, back = get("topic_id"), get("post_number"), get("user_id"), None
        if type(topic) is not int or type(place) is not int or type(user) is not int:
            topic, place, user = number(topic), number(place), number(user)
        ts = seconds(get("created_at"))
        if (
            topic is None
            or place is None
            or ts is None
            or not 0 < place < _MOST
            or abs(topic) > _MOST
        ):
            file.strange(file.read, _NO_POST, str(value)[:60])
            return
        kind = get("post_type", 1)
        if kind != 1:
            kind = number(kind)
        archetype = get("archetype") or get("topic_archetype") or about.get("archetype")
        if archetype == "private_message" or kind == _WHISPER:
            self.private += 1
            return
        author = self.account(
            user if user is None or abs(user) < _MOST else None, get("username"), ts
        )
        if author is None:
            self.nameless += 1
            return
        own, row, system = f"{topic}/{place}", file.read, kind in _SYSTEM
        text, quoted = _text(get("cooked"), get("raw"), topic)
        if to := get("reply_to_post_number"):
            back = number(to)
        reply, basis = None, None
        if system or place == 1:
            pass
        elif back is not None and 0 < back != place:
            reply, basis = f"{topic}/{back}", "explicit"
        elif quoted and quoted != own:
            reply, basis = quoted, "quote"
        else:
            reply, basis = f"{topic}/1", "thread"
        group = get("categories")
        category: int | str | None = number(
            get("category_id") or get("_category_id") or about.get("category_id")
        )
        if category is None and isinstance(group, str):
            category = group
        version, shown, vanished = get("version", 1), get("name"), true(get("user_deleted"))
        edited = version != 1 and (number(version) or 1) > 1
        updated = seconds(get("updated_at")) if edited or vanished else None
        self.intake.message(
            row, self.channel(category), author, ts,
            text or "", "system" if system else "text",
            name=shown if isinstance(shown, str) and shown else None,
            own=own, reply=reply, basis=basis, thread=f"{topic}/1",
            edited=updated if edited else None,
            deleted=seconds(get("deleted_at") or None) or (updated if vanished else None),
            chars=None if text is None else -1,
        )  # fmt: skip
        self._facts(author, get)
        cooked = get("cooked")
        if isinstance(cooked, str) and 'class="mention"' in cooked:
            for name in dict.fromkeys(_MENTION.findall(cooked)):
                self.intake.mention(row, self.account(None, name, ts))
        if not self.all_likes:
            self._likes(row, own, value)

    def _facts(self, author: str, get: Any) -> None:
        """Note what a post says of its author: the most of it, whichever page comes last."""
        if author in self.listed:
            return
        trust = get("trust_level")
        if type(trust) is not int:
            trust = number(trust)
        said = author, trust, get("admin") in _TRUE, get("moderator") in _TRUE
        if said in self._heard:
            return
        self._heard.add(said)
        before, role = self._told.get(author, (-1, None))
        trust = before if trust is None or abs(trust) > 99 else max(trust, before)
        role = "admin" if true(get("admin")) or role == "admin" else role
        role = "moderator" if role is None and true(get("moderator")) else role
        if (trust, role) != (before, self._told.get(author, (-1, None))[1]):
            self._told[author] = trust, role
            self.intake.member(author, trust_level=trust if trust >= 0 else None, role=role)

    def _likes(self, row: int, own: str, value: Mapping[str, Any]) -> None:
        """Put in the likes that are known by number, less those known by person."""
        found: dict[str, int] = {}
        for part in _dicts(value.get("reactions")):  # of a plug-in: likes are among them
            n, emoji = number(part.get("count")), part.get("id")
            if n and isinstance(emoji, str):
                found["like" if emoji == "heart" else emoji] = n
        if not found:
            for part in _dicts(value.get("actions_summary")):
                if part.get("id") == _LIKE and (n := number(part.get("count"))):
                    found["like"] = n
            if n := number(value.get("like_count")):
                found["like"] = n
        for emoji, n in found.items():
            n -= self.liked[own] if emoji == "like" and own in self.liked else 0
            if 0 < n < 1 << 31:
                self.intake.reaction(row, emoji, n=n, complete=False)


def _text(cooked: object, raw: object, topic: int) -> tuple[str | None, str | None]:
    """Return what the author wrote, and the post that is quoted first; None where it is not there."""
    if isinstance(cooked, str) and cooked:
        quote = None
        if "<aside" in cooked:
            if first := _ASIDE.search(cooked):
                post, where = _POST.search(first[0]), _TOPIC.search(first[0])
                quote = f"{where[1] if where else topic}/{post[1]}" if post else None
            # Quotations, and previews of pages that are linked to.
            cooked = without(cooked, "aside", lambda tag: '"quote' in tag or '"onebox' in tag)
        cooked = without(cooked, "div", lambda tag: '"meta"' in tag)  # names of pictures
        return words(cooked), quote
    if isinstance(raw, str):
        if "[" not in raw:
            return raw.strip(), None
        kept, at, depth, quote = [], 0, 0, None
        for tag in _QUOTE.finditer(raw):
            if not depth and not tag[1]:
                kept.append(raw[at : tag.start()])
                if quote is None and (found := _WHERE.search(tag[0])):
                    quote = f"{found[2]}/{found[1]}"
            elif not depth:
                continue
            depth += -1 if tag[1] else 1
            at = tag.end()
        return ("".join(kept) + ("" if depth else raw[at:])).strip(), quote
    return None, None


def _dicts(value: object) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
