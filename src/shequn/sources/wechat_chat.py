"""One file of a WeChat group, held as columns: no texts stay in memory."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from shequn.sources.report import Reading
from shequn.sources.wechat_files import CSV, NAMED, NOBODY, Entry, Found
from shequn.sources.wechat_kinds import GREY, NOTICE, OTHER, QUOTE, RECALL, SYSTEM, TEXT
from shequn.sources.wechat_system import JOIN, KICK, LEAVE, PAT, ROLE, Notice, read_notice
from shequn.sources.wechat_system import OTHER as TOPIC
from shequn.sources.wechat_system import RECALL as TAKEN_BACK

CALL = re.compile("@([^\u2005]{1,80})\u2005")  # the client puts U+2005 behind a name it fills in
EVERYONE = frozenset({"所有人", "all", "everyone", "全体成员"})
Spans = dict[tuple[int, str], list[int]]
_NUMBERS, _TIMES, _SIGNED = partial(array, "I"), partial(array, "q"), partial(array, "i")
_GROUP = frozenset({JOIN, KICK, LEAVE, ROLE, TOPIC})
_NO_IDS: npt.NDArray[np.int64] = np.zeros(0, np.int64)


@dataclass
class Chat(Reading):
    """What one file says, a row an entry; people are numbers into `people`.

    Attributes
    ----------
    found
        What the file is.
    channel, me
        Id of the group in the tables, and of the exporter on the platform; filled in later.
    people, mine
        Ids on the platform, and those under which the exporter writes, with numbers of messages.
    names, aliases
        Number of a person and name -> first and last second under it. Aliases are the exporter's
        own and are never written.
    kinds, rows, times, who, chars
        Kind, 1-based row, UTC seconds, author (-1: a grey line), length of the text (-1: none).
    own, answer_in, answer_to
        Digest of the message's id on the platform (0: none); row of each answer and digest of the
        id of what it answers.
    notices, unclear
        Row and meaning of grey lines that are understood; how many are not.
    called_in, called, calls
        Row and number of the names that may be meant by a mention, longest first.
    quoted
        Row -> name of the author of what is quoted.
    everyone, quotes
        Messages that mention all; answers whose target the file does not name.
    nth, again
        For each row, how many the author wrote in that second before; whether another file has it.
    authors
        Row of a grey line -> who did what it tells.
    """

    found: Found = field(default_factory=lambda: Found(""))
    channel: str = ""
    me: str = ""
    people: list[str] = field(default_factory=list)
    mine: Counter[str] = field(default_factory=Counter)
    names: Spans = field(default_factory=dict)
    aliases: Spans = field(default_factory=dict)
    kinds: bytearray = field(default_factory=bytearray)
    rows: array[int] = field(default_factory=_NUMBERS)
    times: array[int] = field(default_factory=_TIMES)
    who: array[int] = field(default_factory=_SIGNED)
    chars: array[int] = field(default_factory=_SIGNED)
    own: array[int] = field(default_factory=_TIMES)
    answer_in: array[int] = field(default_factory=_NUMBERS)
    answer_to: array[int] = field(default_factory=_TIMES)
    notices: list[tuple[int, Notice]] = field(default_factory=list)
    unclear: int = 0
    called_in: array[int] = field(default_factory=_NUMBERS)
    called: array[int] = field(default_factory=_NUMBERS)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    quoted: dict[int, str] = field(default_factory=dict)
    everyone: int = 0
    quotes: int = 0
    nth: npt.NDArray[np.int64] = field(default_factory=lambda: _NO_IDS)
    again: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    authors: dict[int, int] = field(default_factory=dict)

    def take(self, entries: Iterable[Entry]) -> None:
        """Take in the entries."""
        numbers: dict[str, int] = {}
        calls: dict[tuple[str, ...], int] = {}
        interned: dict[str, str] = {}
        names, aliases = self.names, self.aliases
        kinds, rows, times, who, chars = self.kinds, self.rows, self.times, self.who, self.chars
        for row, time, sender, name, alias, kind, text, mine, own, answers, quoted in entries:
            at, length = len(rows), -1
            if kind in GREY:
                person, kind = -1, self._notice(at, kind, text)
            else:
                found = numbers.get(sender)
                if found is None:
                    found = numbers[sender] = len(self.people)
                    self.people.append(sender)
                person = found
                if mine:
                    self.mine[sender] += 1
                if name and name != sender:
                    _see(names, (person, name), time)
                if alias and alias != sender:
                    _see(aliases, (person, alias), time)
                if kind == TEXT:
                    length = len(text)
                elif kind == QUOTE:
                    kind, length = TEXT, len(text) or -1  # WeChatMsg loses what an answer says
                    if not answers:
                        self.quotes += 1
                if length > 0 and "\u2005" in text:
                    self._calls(at, text, calls)
                if answers:
                    self.answer_in.append(at)
                    self.answer_to.append(hash(answers))
                if quoted:
                    self.quoted[at] = interned.setdefault(quoted, quoted)
            kinds.append(kind)
            rows.append(row)
            times.append(time)
            who.append(person)
            chars.append(length)
            self.own.append(hash(own) if own else 0)
        self.calls = list(calls)
        self.read += len(rows)
        self.span = (min(times), max(times)) if times else None

    def _notice(self, at: int, kind: int, text: str) -> int:
        notice = read_notice(text)
        if notice is None:
            self.unclear += 1
            return SYSTEM if kind == NOTICE else OTHER
        self.notices.append((at, notice))
        if notice.action == TAKEN_BACK:
            return RECALL
        return OTHER if notice.action == PAT else SYSTEM

    def _calls(self, at: int, text: str, calls: dict[tuple[str, ...], int]) -> None:
        everyone = False
        for found in CALL.finditer(text):
            whole = found[1]
            # A name may hold an @, and so may what stands before the mention.
            names = tuple(
                whole.split("@", n)[n].strip() for n in range(min(whole.count("@"), 3) + 1)
            )
            if names[-1].lower() in EVERYONE:
                everyone = True
            else:
                self.called_in.append(at)
                self.called.append(calls.setdefault(names, len(calls)))
        self.everyone += everyone

    @property
    def surely_group(self) -> bool:
        """Whether this cannot be a private chat, which some files look like."""
        return bool(
            self.found.group
            or len(self.people) > 2
            or self.everyone
            or f"{NAMED}{NOBODY}" in self.people
            or any(notice.action in _GROUP for _, notice in self.notices)
        )

    @property
    def all_chats(self) -> bool:
        """Whether this is the file of all chats, with names in place of ids."""
        return self.found.layout == CSV and "我" in self.people


def _see(spans: Spans, key: tuple[int, str], time: int) -> None:
    span = spans.get(key)
    if span is None:
        spans[key] = [time, time]
    elif time > span[1]:
        span[1] = time
    elif time < span[0]:
        span[0] = time


def number(chats: list[Chat], index: dict[str, int]) -> int:
    """Count the messages of a group within each second, and mark what several files hold.

    A message is known by group, second, author, and by which of theirs in that second it is: the
    exporters' other numbers change from one export to the next, and so do the texts that they put
    for pictures and the like.

    Parameters
    ----------
    chats
        Files of one group, the most trusted first.
    index
        Numbers of the people by their ids.

    Returns
    -------
    int
        Rows marked.
    """
    parts: list[npt.NDArray[np.int64]] = []
    for n, chat in enumerate(chats):
        times = np.frombuffer(chat.times, np.int64)
        own = np.frombuffer(chat.own, np.int64)
        people = np.array([*(index[p] for p in chat.people), -1], np.int64)
        who = people[np.frombuffer(chat.who, np.int32)]
        chat.again = np.zeros(len(times), bool)
        known = np.flatnonzero(own)
        first = known[np.unique(own[known], return_index=True)[1]]
        chat.again[known] = True
        chat.again[first] = False
        chat.nth = np.zeros(len(times), np.int64)
        left = np.flatnonzero(~chat.again)
        order = left[np.lexsort((who[left], times[left]))]
        fresh = _changes(times[order], who[order])
        places = np.arange(len(order))
        chat.nth[order] = places - np.maximum.accumulate(np.where(fresh, places, 0))
        parts.append(
            np.stack([times, who, chat.nth, np.full(len(times), n), np.arange(len(times))])
        )
    if len(chats) > 1:
        keep = [part[:, ~chat.again] for part, chat in zip(parts, chats, strict=True)]
        times, who, nth, file, row = np.concatenate(keep, axis=1)
        order = np.lexsort((row, file, nth, who, times))
        doubled = order[~_changes(times[order], who[order], nth[order])]
        for n, chat in enumerate(chats):
            chat.again[row[doubled[file[doubled] == n]]] = True
    return sum(int(chat.again.sum()) for chat in chats)


def _changes(*columns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell for each row of sorted columns whether it differs from the row before."""
    fresh = np.ones(len(columns[0]), bool)
    if len(fresh):
        fresh[1:] = np.any([c[1:] != c[:-1] for c in columns], axis=0)
    return fresh
