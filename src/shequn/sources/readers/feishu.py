"""Read Feishu groups: what the interface ``im/v1`` answered, saved as JSON or JSON lines.

Messages bear ids of people but no names; system lines bear names but no ids. Names are known from
mentions, lists of members and events, and are looked up once everything was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.feishu_content import (
    KINDS,
    content_of,
    event_of,
    filled,
    names_in,
    words_of,
)
from shequn.sources.readers.feishu_files import Page, records
from shequn.sources.readers.feishu_values import any_id, calls_all, sender_of, text_of, time_of
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("Feishu (Lark)", "飞书")
HINT = Text(
    "Save the pages that the interface im/v1/messages answers for the group, as JSON or JSON lines.",
    "把接口 im/v1/messages 对该群返回的各页存成 JSON 或 JSONL。",
)
LAYOUTS = {
    "feishu-json": Text("a page or list of items of im/v1", "im/v1 接口返回的一页或一组记录"),
    "feishu-lines": Text(
        "lines of items, pages or events of im/v1", "每行一条记录、一页或一个事件"
    ),
}
_NO_ITEM = Text(
    "not a message, member, reaction or event of im/v1", "不是 im/v1 的消息、成员、表情或事件"
)
_SIGNS = (
    ('"msg_type"', '"chat_id"'), ('"member_id_type"', '"member_id"'),
    ('"reaction_type"', '"operator"'), ('"event_type"', '"im.'), ('"chat_mode"', '"data"'),
)  # fmt: skip
_COMINGS = {
    "im.chat.member.user.added_v1": "join", "im.chat.member.user.deleted_v1": "kick",
    "im.chat.member.user.withdrawn_v1": "kick",
}  # fmt: skip
_NEAR = 120  # seconds between an event and the line in the group that tells of the same


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json", ".jsonl", ".ndjson") or head.text[:1] not in ("{", "["):
        return None
    text = head.text
    if not any(all(sign in text for sign in signs) for signs in _SIGNS):
        return None
    known = (
        '"om_',
        '"oc_',
        '"ou_',
        '"on_',
        '"im.',
        '"open_id"',
        '"user_id"',
        '"union_id"',
        '"chat_mode"',
    )
    if not any(sign in text for sign in known):
        return None
    if text[0] == "{" and isinstance(head.record, dict):
        second = text.split("\n", 2)[1:2]
        if head.name.endswith((".jsonl", ".ndjson")) or (second and second[0].startswith("{")):
            return "feishu-lines"
    return "feishu-json"


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    group = _Group(intake)
    # What says that a chat is one of two people has to be known before its messages.
    for file in sorted(files, key=lambda f: not any('"chat_mode"' in h for h in f.file.head())):
        intake.open(file)
        for page, value in records(file):
            file.read += 1
            if not group.put(value, page, file):
                file.strange(file.read, _NO_ITEM, str(value)[:60])
    group.settle()


@dataclass(frozen=True)
class _Line:
    """A system line of a group."""

    file: Reading
    row: int
    chat: str
    ts: int
    content: Mapping[str, Any]


@dataclass
class _Group:
    """Puts items in, and keeps what waits for names."""

    intake: Intake
    private: set[str] = field(default_factory=set)
    listed: dict[tuple[str, str], None] = field(default_factory=dict)
    latest: int = 0
    nameless: int = 0
    unknown: int = 0
    lines: list[_Line] = field(default_factory=list)
    events: list[tuple[Reading, int, str, str, int, str, str]] = field(default_factory=list)
    reactions: dict[tuple[str, str, str], tuple[int, bool, Reading, int]] = field(
        default_factory=dict
    )
    unplaced: list[tuple[Page, Reading, int, str, str, int]] = field(default_factory=list)

    def put(self, value: Any, page: Page, file: Reading) -> bool:
        """Put an item in; tell whether it was understood."""
        if not isinstance(value, dict):
            return False
        if "header" in value or "event" in value:
            return self._event(value, file)
        if "msg_type" in value:
            return self._message(value, file, page)
        if "member_id" in value:
            return self._member(value)
        if "reaction_type" in value:
            return self._reaction(value, page, file)
        if "chat" in value:
            return self._chat(value["chat"], page)
        return value.get("empty") is True

    def _channel(self, chat: str, **known: Any) -> int:
        return self.intake.channel(chat, kind="group", **known)

    def _chat(self, value: Any, page: Page) -> bool:
        """Note what a page on the group itself says."""
        chat = page.about.get("chat_id", "")
        if not isinstance(value, dict) or "chat_mode" not in value:
            return False
        chat = chat or text_of(value.get("chat_id"))
        if value.get("chat_mode") == "p2p":
            self.private.add(chat)
            return True
        name = text_of(value.get("name"))
        self.intake.title = self.intake.title or name
        if chat:
            self._channel(chat, name=name or None)
        if owner := text_of(value.get("owner_id")):
            self.intake.member(owner, role="owner")
        return True

    def _member(self, value: Mapping[str, Any]) -> bool:
        raw, name = text_of(value.get("member_id")), text_of(value.get("name"))
        if raw:
            self.intake.member(raw)
            if name:
                self.listed[raw, name] = None
        return bool(raw)

    def _see(self, raw: str, name: str, ts: int) -> None:
        self.intake.people.see(self.intake.people.number(raw), name, ts)

    def _message(self, value: Mapping[str, Any], file: Reading, page: Page) -> bool:
        get = value.get
        row, ts = file.read, time_of(get("create_time"))
        own = text_of(get("message_id"))
        chat = text_of(get("chat_id")) or page.about.get("chat_id", "")
        named = get("msg_type") or get("message_type")
        if not ts or not own or not chat or not isinstance(named, str):
            return False
        if get("chat_type") == "p2p" or chat in self.private:
            return True
        self.latest = max(self.latest, ts)
        kind, body = KINDS.get(named, "other"), content_of(get("body") or get("content"))
        if kind == "system":
            self.lines.append(_Line(file, row, chat, ts, body))
            return True
        sender = get("sender")
        who, bot = sender_of(sender if isinstance(sender, dict) else {})
        if not who:
            self.nameless += 1
            who = f"anonymous/{chat}"
        elif bot:
            self.intake.member(who, is_bot=True)
        names = self._mentions(get("mentions"), row, ts)
        deleted, changed = get("deleted") is True, time_of(get("update_time"))
        text = "" if deleted else words_of(named, body, names)
        if kind == "text" and not deleted and calls_all(text, get("mentions")):
            self.intake.mention(row, kind="all")
        reply, root = text_of(get("parent_id")), text_of(get("root_id"))
        topic = text_of(get("thread_id"))
        self.intake.message(
            row, self._channel(chat), who, ts, text, kind, own=own, reply=reply or None,
            # In a topic every answer points at its first message, whatever it answers.
            basis=None if not reply else "thread" if topic and reply == root else "explicit",
            thread=(root or own) if topic else None,
            edited=changed if get("updated") is True and changed and not deleted else None,
            deleted=(changed or ts) if deleted else None, bot=bot,
            chars=None if deleted else -1,
        )  # fmt: skip
        listed = get("reactions")
        if isinstance(listed, list):
            about = Page({"message_id": own})
            for one in listed:
                if isinstance(one, dict):
                    self._reaction(one, about, file)
        return True

    def _mentions(self, listed: Any, row: int, ts: int) -> dict[str, str]:
        """Put in who is named; return what stands for them in the text, and their names."""
        names: dict[str, str] = {}
        for one in listed if isinstance(listed, list) else ():
            if not isinstance(one, dict):
                continue
            key, name, raw = text_of(one.get("key")), text_of(one.get("name")), one.get("id")
            raw = any_id(raw) if isinstance(raw, dict) else text_of(raw)
            if key == "@_all" or raw == "all":
                continue
            if key:
                names[key] = f"@{name}"
            if raw:
                names[raw] = f"@{name}"
                self.intake.mention(row, raw)
                if name:
                    self._see(raw, name, ts)
        return names

    def _reaction(self, value: Mapping[str, Any], page: Page, file: Reading) -> bool:
        operator, kind = value.get("operator"), value.get("reaction_type")
        emoji = text_of(kind.get("emoji_type")) if isinstance(kind, dict) else ""
        who = text_of(operator.get("operator_id")) if isinstance(operator, dict) else ""
        if not emoji or not who:
            return False
        # The message may stand behind the list in the page: looked up at the end.
        self.unplaced.append((page, file, file.read, who, emoji, time_of(value.get("action_time"))))
        return True

    def _event(self, value: Mapping[str, Any], file: Reading) -> bool:
        header, event = value.get("header"), value.get("event")
        if not isinstance(header, dict) or not isinstance(event, dict):
            return False
        name, ts = text_of(header.get("event_type")), time_of(header.get("create_time"))
        if not name.startswith("im.") or not ts:
            return False
        chat = text_of(event.get("chat_id"))
        if action := _COMINGS.get(name):
            actor = any_id(event.get("operator_id"))
            users = event.get("users")
            for user in users if isinstance(users, list) else ():
                raw = any_id(user.get("user_id")) if isinstance(user, dict) else ""
                if raw and chat:
                    what = "leave" if action == "kick" and actor in ("", raw) else action
                    self.events.append((file, file.read, chat, raw, ts, what, actor))
                    if shown := text_of(user.get("name")):
                        self._see(raw, shown, ts)
        elif name == "im.chat.disbanded_v1" and chat:
            self._channel(chat, archived=ts)
        elif name == "im.message.receive_v1":
            return self._received(event, file)
        elif name in ("im.message.reaction.created_v1", "im.message.reaction.deleted_v1"):
            kind = event.get("reaction_type")
            emoji = text_of(kind.get("emoji_type")) if isinstance(kind, dict) else ""
            raw = any_id(event.get("user_id")) or text_of(event.get("app_id"))
            if raw and emoji and (own := text_of(event.get("message_id"))):
                when = time_of(event.get("action_time")) or ts
                self._react((own, raw, emoji), when, "created" in name, file, file.read)
        return True

    def _received(self, event: Mapping[str, Any], file: Reading) -> bool:
        """Put in a message as the event brings it."""
        message, sender = event.get("message"), event.get("sender")
        if not isinstance(message, dict) or not isinstance(sender, dict):
            return False
        who = {"id": any_id(sender.get("sender_id")), "sender_type": sender.get("sender_type")}
        known = {**message, "sender": who, "msg_type": message.get("message_type")}
        return self._message(known, file, Page())

    def _react(
        self, key: tuple[str, str, str], ts: int, there: bool, file: Reading, row: int
    ) -> None:
        """Note that a reaction was given, or taken back; the last counts."""
        before = self.reactions.get(key)
        if before is None or (ts, there) >= before[:2]:
            self.reactions[key] = ts, there, file, row

    def settle(self) -> None:
        """Put in what waited for everything else."""
        told: dict[tuple[str, str, str], list[int]] = {}
        for file, row, chat, raw, ts, action, actor in self.events:
            if chat in self.private:
                continue
            self.intake.open(file)
            invited = action == "join" and actor not in ("", raw)
            self.intake.event(
                row, ts, action, raw, channel=self._channel(chat), actor=actor or None,
                method="invite" if invited else None,
            )  # fmt: skip
            told.setdefault((chat, raw, action), []).append(ts)
            self.latest = max(self.latest, ts)
        for raw, name in self.listed:  # a list says who is there now, and not since when
            self._see(raw, name, self.latest)
        raws = list(self.intake.people.numbers)
        for line in self.lines:
            if line.chat not in self.private:
                self._system(line, raws, told)
        for page, file, row, who, emoji, ts in self.unplaced:
            if own := page.about.get("message_id"):
                self._react((own, who, emoji), ts, True, file, row)
        for (own, who, emoji), (ts, there, file, _) in self.reactions.items():
            if there:
                self.intake.open(file)
                self.intake.reaction(None, emoji, own=own, who=who, ts=ts or None, complete=True)
        self._say()

    def _system(
        self, line: _Line, raws: list[str], told: Mapping[tuple[str, str, str], list[int]]
    ) -> None:
        template = text_of(line.content.get("template"))
        action, method = event_of(template)
        from_user = [self._who(n, line.ts, raws) for n in names_in(line.content, "from_user")]
        to = [self._who(n, line.ts, raws) for n in names_in(line.content, "to_chatters")]
        actor = next((w for w in from_user if w), "")
        found = [w for w in (to or from_user) if w]
        self.intake.open(line.file)
        if action and action != "recall":
            self.unknown += len(to or from_user) - len(found)
            for who in dict.fromkeys(found):
                seen = told.get((line.chat, who, action), ())
                if any(abs(line.ts - ts) <= _NEAR for ts in seen):
                    continue  # an event told of it, with ids
                self.intake.event(
                    line.row, line.ts, action, who, channel=self._channel(line.chat),
                    actor=actor or None, method=(method if actor != who else "") or None,
                )  # fmt: skip
        if author := actor or next(iter(found), ""):
            kind = "recall" if action == "recall" else "system"
            self.intake.message(
                line.row, self._channel(line.chat), author, line.ts, filled(line.content), kind
            )

    def _who(self, name: str, ts: int, raws: list[str]) -> str:
        who = self.intake.people.find(name, ts=ts)
        if who is None:
            self.intake.people.weak.add(name)
            return ""
        return raws[who]

    def _say(self) -> None:
        note = self.intake.note
        n, m = self.unknown, self.nameless
        note(
            f"{n:,} names in system lines lead to nobody known, or to several: those joins and "
            "leaves are not counted. Save the list of members beside the messages.",
            f"系统消息里有 {n:,} 个名字对不上人，或对上好几个人：这些进出没有计入。"
            "请把成员列表也存在消息旁边。",
            when=n,
        )
        note(
            f"{m:,} messages bear no sender; in each group they count as those of one person.",
            f"{m:,} 条消息没有发送人；每个群里这些消息都算作同一个人的。",
            when=m,
        )
        p = len(self.private)
        note(f"{p:,} talks of two people were left out.", f"略去 {p:,} 个单聊。", when=p)
