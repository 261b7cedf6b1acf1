"""Where a reader puts what it understood, under the platform's own ids and names.

Nothing of it is written as it stands: `shequn.sources.settle` turns it into the tables of the
contract, under pseudonyms. A reader need not care for duplicates, order, or who is a member.
"""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from shequn import schema
from shequn.sources.people import People
from shequn.sources.report import Reading
from shequn.sources.staging import BLOCK, TYPES, Stage
from shequn.sources.times import Zone
from shequn.text import Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What makes two rows one message: the platform's id; or group, second, author and which of theirs
# in that second it is; or group, time, words and which of those it is.
Identity = Literal["own", "second", "words"]
_PLACE = {"file": pa.int32(), "row": pa.int64()}
_STAGES = {
    "said": {
        **_PLACE, "channel": pa.int32(), "author": pa.int32(), "ts": pa.int64(),
        "kind": pa.string(), "chars": pa.int64(), "own": pa.string(), "mark": pa.int64(),
        "reply": pa.string(), "basis": pa.string(), "thread": pa.string(), "edited": pa.int64(),
        "deleted": pa.int64(), "bot": pa.bool_(), "text": pa.string(),
    },
    "happened": {
        **_PLACE, "channel": pa.int32(), "member": pa.int32(), "ts": pa.int64(),
        "action": pa.string(), "actor": pa.int32(), "method": pa.string(),
    },
    "named": {
        **_PLACE, "target": pa.int32(), "call": pa.int32(), "ts": pa.int64(), "kind": pa.string(),
    },
    "reacted": {
        **_PLACE, "own": pa.string(), "who": pa.int32(), "emoji": pa.string(), "n": pa.int64(),
        "ts": pa.int64(), "complete": pa.bool_(),
    },
}  # fmt: skip
_NO_WORDS = ("system", "recall")
OTHER = "other_"  # before the name of any other table of the contract
_FACTS = (
    "joined_at", "joined_at_basis", "join_method", "join_channel", "inviter_id", "left_at",
    "left_at_basis", "role", "is_staff", "is_bot", "trust_level",
)  # fmt: skip


def lower(text: str) -> str:
    """Return a text in lower case, of the same length: a capital I with a dot becomes two characters."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


@dataclass
class Channel:
    """A channel, group, topic or list.

    Attributes
    ----------
    raw
        Its id on the platform.
    public
        Id in the tables, where the platform's own may be seen; None for a pseudonym.
    kind, name, created, archived, parent
        What is known of it; times in seconds UTC, parent by number.
    """

    raw: str
    public: str | None = None
    kind: str | None = None
    name: str | None = None
    created: int | None = None
    archived: int | None = None
    parent: int | None = None


@dataclass
class Options:
    """What the user said about the export, or what stands for it.

    Attributes
    ----------
    zone
        Zone of times that bear none.
    keep_text
        Whether texts are kept.
    date
        First day of logs that show none.
    day_first
        Whether 3/4 is the third of April; None where the file has to tell.
    mapping
        What the columns of a table mean, in a file.
    currency
        Of amounts that bear none.
    """

    zone: Zone
    keep_text: bool = False
    date: dt.date | None = None
    day_first: bool | None = None
    mapping: Path | None = None
    currency: str | None = None


@dataclass
class Intake:
    """Rows of an export, its people and channels, and what has to be said of them.

    Attributes
    ----------
    platform
        Name of the platform.
    connection
        Database of the rows.
    options
        What the user said.
    identity
        What makes two rows one message; a reader sets it before the first.
    people, channels, facts
        Filled in by the methods. Facts are of `member`, by number.
    calls
        Channel and names that may be meant -> number; of mentions by name.
    assumptions
        What has to be said in the report.
    title
        Name of the community, where the export has one.
    fold
        Turns a text into one as the platform compares names, of the same length.
    tidy
        Takes what only this platform's texts hold out of a text, given its channel and time; None
        where there is nothing.
    """

    platform: str
    connection: DuckDBPyConnection
    options: Options
    identity: Identity = "own"
    people: People = field(default_factory=People)
    channels: list[Channel] = field(default_factory=list)
    facts: dict[int, dict[str, Any]] = field(default_factory=dict)
    calls: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    assumptions: list[Text] = field(default_factory=list)
    files: list[Reading] = field(default_factory=list)
    title: str = ""
    fold: Callable[[str], str] = lower
    tidy: Callable[[str, int, int], str] | None = None

    def __post_init__(self) -> None:
        self.stages = {n: Stage(n, c, self.connection) for n, c in _STAGES.items()}
        self._said, self._texts = self.stages["said"], self.options.keep_text
        self._file, self._numbers = -1, dict[str, int]()

    def open(self, file: Reading) -> Reading:
        """Begin or go on with a file: what is put in next stands in it."""
        if file.number < 0:
            file.number = len(self.files)
            self.files.append(file)
        self._file = file.number
        return file

    def channel(self, raw: str, **known: Any) -> int:
        """Return the number of a channel; what is given, as `Channel` says, is noted."""
        number = self._numbers.setdefault(raw, len(self.channels))
        if number == len(self.channels):
            self.channels.append(Channel(raw))
        for name, value in known.items():
            if value is not None:
                setattr(self.channels[number], name, value)
        return number

    def message(
        self,
        row: int,
        channel: int,
        author: str,
        ts: int,
        text: str,
        kind: str = "text",
        *,
        name: str | None = None,
        own: str | None = None,
        reply: str | None = None,
        basis: str | None = None,
        thread: str | None = None,
        edited: int | None = None,
        deleted: int | None = None,
        bot: bool | None = None,
        chars: int | None = -1,
    ) -> None:
        """Put in a message.

        Parameters
        ----------
        row
            Number of the record in the open file, from 1; no two messages of a file share one.
        channel
            From `channel`.
        author, name
            Id on the platform, and the name shown with the message.
        ts, edited, deleted
            Seconds since 1970 UTC, from 1 to `shequn.sources.times.LATEST`.
        text, kind
            What it says, as a person reads it, without quoted replies; kind as in the contract.
        own, reply, thread
            Ids on the platform, each unique in the whole export, of the message, of what it
            answers, of the thread's first. A reply's target need not be in the export.
        basis
            How the reply is known: explicit, quote, thread or inferred.
        bot
            Whether a robot sent it, where the platform says so of messages.
        chars
            Characters; -1 for those of ``text``, None where the export lost them.
        """
        people = self.people
        numbers = people.numbers
        who = numbers.get(author)
        if who is None:
            who = people.number(author)
        if name and name != author:
            people.see(who, name, ts)
        mark = 0
        if self.identity == "words":
            # One phone names a picture, another only says that there is some.
            words = text if kind == "text" else kind if kind in _NO_WORDS else ""
            mark = zlib.crc32(words.encode("utf-8", "replace")) + 1
        add = self._said.append
        add[0](self._file)
        add[1](row)
        add[2](channel)
        add[3](who)
        add[4](ts)
        add[5](kind)
        add[6](len(text) if chars == -1 else chars)
        add[7](own)
        add[8](mark)
        add[9](reply)
        add[10](basis)
        add[11](thread)
        add[12](edited)
        add[13](deleted)
        add[14](bot)
        add[15](text if self._texts else None)
        if len(self._said.pending) >= BLOCK:
            self._said.flush()

    def event(
        self,
        row: int,
        ts: int,
        action: str,
        member: str,
        *,
        channel: int | None = None,
        actor: str | None = None,
        method: str | None = None,
    ) -> None:
        """Put in a coming or going, as ``membership_events`` has it.

        The method ``connection`` says that a join or leave is only that of a program; ``snapshot``
        that it is known from a list of members at two times.
        """
        number = self.people.number
        self.stages["happened"].add(
            self._file, row, channel, number(member), ts, action,
            None if actor is None or actor == member else number(actor), method,
        )  # fmt: skip

    def mention(
        self,
        row: int,
        target: str | None = None,
        *,
        kind: str = "mention",
        names: tuple[str, ...] = (),
        channel: int = -1,
        ts: int = 0,
    ) -> None:
        """Put in that the message at a row names somebody.

        By id; or by names of which the first that is known counts, looked up in a channel at a
        time once everything was read; or, where the kind is ``all``, everybody.
        """
        call = self.calls.setdefault((channel, names), len(self.calls)) if names else None
        who = None if target is None else self.people.number(target)
        self.stages["named"].add(self._file, row, who, call, ts, kind)

    def reaction(
        self,
        row: int | None,
        emoji: str,
        *,
        own: str | None = None,
        who: str | None = None,
        n: int = 1,
        ts: int | None = None,
        complete: bool | None = None,
    ) -> None:
        """Put in a reaction to the message at a row, or with an id on the platform."""
        person = None if who is None else self.people.number(who)
        self.stages["reacted"].add(self._file, row, own, person, emoji[:64], n, ts, complete)

    def member(self, raw: str, *, name: str | None = None, ts: int = 0, **facts: Any) -> None:
        """Note that somebody is there, and what is known of them, by columns of ``members``.

        Times are seconds UTC; ``inviter_id`` is an id on the platform.
        """
        who = self.people.number(raw)
        if self.files:
            self.files[self._file].listed += 1
        if strange := facts.keys() - set(_FACTS):
            raise ValueError(f"no facts of members: {strange}")
        if name:
            self.people.see(who, name, ts)
        if inviter := facts.pop("inviter_id", None):
            facts["inviter"] = self.people.number(inviter)
        known = self.facts.setdefault(who, {})
        known.update((k, v) for k, v in facts.items() if v is not None)

    def same(self, one: str, other: str) -> None:
        """Note that two ids are one person."""
        self.people.same(self.people.number(one), self.people.number(other))

    def add(self, table: str, row: int, **values: Any) -> None:
        """Put a row into any other table of the contract; people by their ids on the platform."""
        stage = self.stages.get(OTHER + table)
        columns = schema.tables()[table].columns
        if stage is None:
            kinds = {
                c.name: pa.int32() if c.name in schema.PEOPLE else TYPES[c.type]
                for c in columns.values()
            }
            stage = Stage(OTHER + table, {**_PLACE, **kinds}, self.connection)
            self.stages[OTHER + table] = stage
        if strange := values.keys() - columns.keys():
            raise ValueError(f"not in the contract: {table} {strange}")
        for name in schema.PEOPLE & values.keys():
            if values[name] is not None:
                values[name] = self.people.number(values[name])
        stage.add(self._file, row, *(values.get(c) for c in columns))

    def note(self, en: str, zh: str, *, when: object = True) -> None:
        """Say something in the report, if there is cause to."""
        if when:
            self.assumptions.append(Text(en, zh))

    def flush(self) -> None:
        """Put everything into the database."""
        for stage in self.stages.values():
            stage.flush()


def slug(name: str) -> str:
    """Return a name as an id that may be seen."""
    return re.sub(r"[^\w+.-]+", "-", name.lower()).strip("-.")
