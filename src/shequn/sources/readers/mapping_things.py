"""Rows of a mapping that are messages, members, channels, or comings and goings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from shequn.sources.intake import Intake
from shequn.sources.readers.mapping import Entry

_FACTS = (
    "joined_at", "joined_at_basis", "join_method", "join_channel", "inviter_id", "left_at",
    "left_at_basis", "role", "is_staff", "is_bot", "trust_level",
)  # fmt: skip
_ONE = "all"  # channel of messages that name none

Row = dict[str, Any]


class Things:
    """Puts the rows of an entry into an intake by its methods."""

    OWN: ClassVar = ("messages", "members", "channels", "membership_events", "reactions")

    def __init__(self, intake: Intake, entry: Entry) -> None:
        self._intake, self._entry = intake, entry
        self._system = f"{entry.system}/" if entry.system else ""
        self._channels: dict[str, int] = {}

    def person(self, raw: str | None) -> str | None:
        """Return an id of a person, with the system it is of."""
        raw = raw.strip() if raw else None
        return self._system + raw if raw else None

    def adder(self) -> Callable[[int, Row], None]:
        """Return what puts in a row."""
        return {
            "messages": self._message,
            "members": self._member,
            "channels": self._channel_row,
            "membership_events": self._event,
            "reactions": self._reaction,
        }[self._entry.table]

    def _channel(self, raw: str | None) -> int:
        raw = raw or _ONE
        number = self._channels.get(raw)
        if number is None:
            number = self._channels[raw] = self._intake.channel(raw, kind="group")
        return number

    def _message(self, row: int, found: Row) -> None:
        get = found.get
        author, reply, text = self.person(get("author_id")), get("reply_to_id"), get("text")
        if author is None:
            return
        channel, ts = self._channel(get("channel_id")), found["ts"]
        chars = get("n_chars")
        if chars is None and "text" in found:
            chars = -1
        self._intake.message(
            row, channel, author, ts, text or "", get("kind") or "text",
            name=get("author_id.name"), own=get("message_id"), reply=reply,
            basis=(get("reply_basis") or "explicit") if reply else None, thread=get("thread_id"),
            edited=get("edited_at"), deleted=get("deleted_at"), bot=get("is_bot"), chars=chars,
        )  # fmt: skip
        if named := get("mentions"):
            split = self._entry.columns["mentions"].split
            for raw in named.split(split) if split else [named]:
                if who := self.person(raw):
                    self._intake.mention(row, who)

    def _member(self, row: int, found: Row) -> None:
        raw = self.person(found["member_id"])
        if raw is None:
            return
        facts = {c: found[c] for c in _FACTS if found.get(c) is not None}
        if "inviter_id" in facts:
            facts["inviter_id"] = self.person(facts["inviter_id"])
        # A list with dates of joining is a register, unless the mapping says otherwise.
        if "joined_at" in facts:
            facts.setdefault("joined_at_basis", "registration")
        if "left_at" in facts:
            facts.setdefault("left_at_basis", "event")
        name = found.get("member_id.name")
        self._intake.member(raw, name=name, ts=facts.get("joined_at", 0), **facts)

    def _channel_row(self, row: int, found: Row) -> None:
        raw = found["channel_id"]
        parent = self._channel(found["parent_id"]) if found.get("parent_id") else None
        self._intake.channel(
            raw, kind=found.get("kind"), name=found.get("name"), created=found.get("created_at"),
            archived=found.get("archived_at"), parent=parent,
        )  # fmt: skip

    def _event(self, row: int, found: Row) -> None:
        raw = self.person(found["member_id"])
        if raw is None:
            return
        if name := found.get("member_id.name"):
            self._intake.member(raw, name=name, ts=found["ts"])
        channel = found.get("channel_id")
        self._intake.event(
            row, found["ts"], found["action"], raw,
            channel=self._channel(channel) if channel else None,
            actor=self.person(found.get("actor_id")), method=found.get("method"),
        )  # fmt: skip

    def _reaction(self, row: int, found: Row) -> None:
        self._intake.reaction(
            None, found.get("emoji") or "", own=found["message_id"],
            who=self.person(found.get("member_id")), n=found.get("n") or 1, ts=found.get("ts"),
            complete=found.get("complete"),
        )  # fmt: skip
