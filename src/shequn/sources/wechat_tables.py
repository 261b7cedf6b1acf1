"""The tables of a community from its WeChat groups."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from shequn.sources import folder
from shequn.sources.folder import Table, Value
from shequn.sources.privacy import token
from shequn.sources.report import ImportReport
from shequn.sources.times import Zone
from shequn.sources.wechat_chat import Chat
from shequn.sources.wechat_files import entries
from shequn.sources.wechat_kinds import KINDS, RECALL, SYSTEM, TEXT
from shequn.sources.wechat_people import Crowd
from shequn.sources.wechat_system import JOIN, KICK, LEAVE

_Rows = Iterator[Sequence[Value]]
_METHODS = {"invite": "invite", "qr": "qr", "": "unknown"}


@dataclass
class Links:
    """What answers what, and who is named where.

    Attributes
    ----------
    targets
        For each file, by number: row -> file and row of what it answers.
    mentions
        Likewise: row -> people it names, and how.
    lost, unknown
        Answers whose target is not in the export; mentions of nobody known.
    """

    targets: list[dict[int, tuple[int, int]]] = field(default_factory=list)
    mentions: list[dict[int, dict[tuple[str, str], None]]] = field(default_factory=list)
    lost: int = 0
    unknown: int = 0


def link(chats: Sequence[Chat], crowd: Crowd) -> Links:
    """Find the targets of answers, and those who are named."""
    links = Links([{} for _ in chats], [{} for _ in chats])
    wanted: dict[tuple[str, int], tuple[int, int] | None] = {
        (chat.channel, own): None for chat in chats for own in chat.answer_to
    }
    for n, chat in enumerate(chats):
        asked = np.array([own for channel, own in wanted if channel == chat.channel], np.int64)
        own_ids = np.frombuffer(chat.own, np.int64)
        for at in np.flatnonzero(np.isin(own_ids, asked) & (own_ids != 0) & ~chat.again).tolist():
            if wanted[chat.channel, chat.own[at]] is None and _author(chat, at) is not None:
                wanted[chat.channel, chat.own[at]] = n, at
    for n, chat in enumerate(chats):
        names = crowd.in_group[chat.channel]
        named = links.mentions[n]
        for at, own in zip(chat.answer_in, chat.answer_to, strict=True):
            if chat.again[at]:
                continue
            target = wanted[chat.channel, own]
            if target is None or target == (n, at):
                links.lost += 1
            else:
                links.targets[n][at] = target
                author = _author(chats[target[0]], target[1])
                if author is not None:
                    named.setdefault(at, {})[author, "quote"] = None
        for at, name in chat.quoted.items():
            who = names.find(name, chat.times[at])
            if who and at not in links.targets[n] and not chat.again[at]:
                named.setdefault(at, {})[who, "quote"] = None
        for at, call in zip(chat.called_in, chat.called, strict=True):
            if chat.again[at]:
                continue
            found = (names.find(name, chat.times[at]) for name in chat.calls[call])
            who = next(filter(None, found), None)
            if who:
                named.setdefault(at, {})[who, "mention"] = None
            else:
                links.unknown += 1
    return links


def tables(
    chats: Sequence[Chat],
    crowd: Crowd,
    links: Links,
    report: ImportReport,
    key: bytes,
    zone: Zone,
    redact: Callable[[str, Chat, int], str] | None,
) -> dict[str, Table]:
    """Return every table; messages are made while they are written.

    Parameters
    ----------
    chats
        The files in the order in which their rows are to stand.
    crowd, links, report, key, zone
        Who is who, what answers what; for platform and zone; for ids.
    redact
        Takes names out of the text of a message; None leaves texts out.
    """
    text = ("text",) if redact else ()
    columns = ("message_id", "channel_id", "author_id", "ts", "kind", "n_chars", "reply_to_id",
               "reply_basis", "source_id", "source_row", *text)  # fmt: skip
    ids = Ids(key)
    rows = _with_text(chats, crowd, links, ids, zone, redact) if redact else (
        row for n in range(len(chats)) for row in _messages(chats, n, crowd, links, ids)
    )  # fmt: skip
    return {
        "members": Table(
            ("member_id", "joined_at", "joined_at_basis", "join_method", "inviter_id", "left_at",
             "left_at_basis"),
            _members(chats, crowd),
        ),
        "membership_events": Table(
            ("event_id", "ts", "channel_id", "member_id", "action", "actor_id", "method",
             "source_id"),
            _events(crowd, key),
        ),
        "messages": Table(columns, rows),
        "mentions": Table(("message_id", "target_id", "kind"), _mentions(chats, crowd, links, ids)),
        "channels": Table(
            ("channel_id", "kind"), [(c, "group") for c in sorted({c.channel for c in chats})]
        ),
        "sources": folder.sources(report, chats),
        "identities": crowd.identities(report.platform),
    }  # fmt: skip


def _author(chat: Chat, at: int) -> str | None:
    who = chat.who[at] if chat.who[at] >= 0 else chat.authors.get(at, -1)
    return chat.people[who] if who >= 0 else None


class Ids:
    """Ids of messages, by group, second, author and order within the second.

    There may be millions: a keyed BLAKE2b (RFC 7693) takes a tenth of the time of `token`.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"wechat messages", "sha256")

    def of(self, chat: Chat) -> Callable[[int, str, int], str]:
        """Return what makes ids for a file, of second, author's id (or nothing), and order."""
        start = hashlib.blake2b(f"{chat.channel}\0".encode(), key=self._key, digest_size=10)

        def made(time: int, raw: str, nth: int) -> str:
            digest = start.copy()
            digest.update(f"{time}\0{nth}\0{raw}".encode("utf-8", "surrogatepass"))
            return "w" + digest.hexdigest()

        return made

    def at(self, chat: Chat, at: int) -> str:
        """Return the id of a row."""
        who = chat.who[at]
        return self.of(chat)(chat.times[at], chat.people[who] if who >= 0 else "", chat.nth[at])


def _messages(
    chats: Sequence[Chat], n: int, crowd: Crowd, links: Links, ids: Ids
) -> Iterator[tuple[Value, ...]]:
    chat, targets = chats[n], links.targets[n]
    channel, source = chat.channel, chat.source_id
    message_id = ids.of(chat)
    members = [crowd.ids.get(raw, "") for raw in chat.people]
    columns = zip(
        chat.kinds, chat.rows, chat.times, chat.who, chat.chars, chat.nth.tolist(),
        chat.again.tolist(), strict=True,
    )  # fmt: skip
    for at, (kind, row, time, who, chars, nth, again) in enumerate(columns):
        raw = ""
        if who >= 0:
            raw = chat.people[who]
        else:
            who = chat.authors.get(at, -1)
        if again or who < 0:
            continue
        reply, basis = None, None
        if at in targets:
            other, there = targets[at]
            reply, basis = ids.at(chats[other], there), "explicit"
        yield (
            message_id(time, raw, nth), channel,
            members[who], time, KINDS[kind], None if chars < 0 else chars, reply, basis, source,
            row,
        )  # fmt: skip


def _with_text(
    chats: Sequence[Chat], crowd: Crowd, links: Links, ids: Ids, zone: Zone,
    redact: Callable[[str, Chat, int], str],
) -> _Rows:  # fmt: skip
    # Texts are not held while the export is read: they are fetched again here, and the file's
    # fingerprint tells if it is still the same.
    for n, chat in enumerate(chats):
        rows = _messages(chats, n, crowd, links, ids)
        row = next(rows, None)
        at = -1
        for entry in entries(chat.file, chat.found, zone, lambda *_: None):
            at += 1
            if row is not None and entry[0] == row[-1]:
                plain = at < len(chat.kinds) and chat.kinds[at] == TEXT
                yield *row, redact(entry[6], chat, entry[1]) if plain else None
                row = next(rows, None)


def _mentions(chats: Sequence[Chat], crowd: Crowd, links: Links, ids: Ids) -> _Rows:
    for chat, named in zip(chats, links.mentions, strict=True):
        for at, people in sorted(named.items()):
            message = ids.at(chat, at)
            for raw, kind in people:
                yield message, crowd.ids[raw], kind


def _events(crowd: Crowd, key: bytes) -> _Rows:
    for e in crowd.events:
        time = e.chat.times[e.at]
        parts = (e.chat.channel, str(time), str(e.chat.nth[e.at]), e.member, e.action)
        yield (
            "e" + token(key, "event", *parts)[:16], time, e.chat.channel, crowd.ids[e.member],
            e.action, crowd.ids[e.actor] if e.actor else None, e.method or None,
            e.chat.source_id,
        )  # fmt: skip


def _speech(chats: Sequence[Chat]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return when each person spoke first and last in each group."""
    spoke: dict[tuple[str, str], tuple[int, int]] = {}
    for chat in chats:
        kinds, who = np.frombuffer(chat.kinds, np.uint8), np.frombuffer(chat.who, np.int32)
        times = np.frombuffer(chat.times, np.int64)
        spoken = (who >= 0) & ~chat.again & (kinds != SYSTEM) & (kinds != RECALL)
        big = np.iinfo(np.int64).max
        first, last = np.full(len(chat.people), big), np.zeros(len(chat.people), np.int64)
        np.minimum.at(first, who[spoken], times[spoken])
        np.maximum.at(last, who[spoken], times[spoken])
        for raw, start, end in zip(chat.people, first.tolist(), last.tolist(), strict=True):
            if end:
                a, b = spoke.get((chat.channel, raw), (start, end))
                spoke[chat.channel, raw] = min(a, start), max(b, end)
    return spoke


def _members(chats: Sequence[Chat], crowd: Crowd) -> _Rows:
    spoke: dict[str, tuple[int, int]] = {}
    last_in: dict[str, dict[str, tuple[int, bool]]] = {}  # member -> group -> when, and if gone
    for (channel, raw), (start, end) in _speech(chats).items():
        a, b = spoke.get(raw, (start, end))
        spoke[raw] = min(a, start), max(b, end)
        last_in.setdefault(raw, {})[channel] = end, False
    joined: dict[str, tuple[int, str, str]] = {}
    ordered = sorted(
        ((e.chat.times[e.at], e.action, e.chat.channel, e.member, e.actor or "", e.method)
         for e in crowd.events if e.action in (JOIN, KICK, LEAVE)),
        key=lambda e: (e[0], e[2], e[3], e[1], e[4]),
    )  # fmt: skip
    for time, action, channel, raw, actor, method in ordered:
        if action == JOIN:
            joined.setdefault(raw, (time, actor, method))
        there = last_in.setdefault(raw, {})
        if channel not in there or time >= there[channel][0]:
            there[channel] = time, action != JOIN
    for raw, member in sorted(crowd.ids.items(), key=lambda item: item[1]):
        first = spoke[raw][0] if raw in spoke else None
        at, basis, how, inviter = first, "first_message" if raw in spoke else None, None, None
        if raw in joined and (first is None or joined[raw][0] <= first):
            at, actor, method = joined[raw]
            basis, how = "event", _METHODS[method]
            inviter = crowd.ids[actor] if actor else None
        groups = last_in.get(raw, {}).values()
        left = max(t for t, _ in groups) if groups and all(gone for _, gone in groups) else None
        yield member, at, basis, how, inviter, left, "event" if left is not None else None
