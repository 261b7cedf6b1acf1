"""Read exports of a Slack workspace: the zip, or the folder it was unpacked to.

``users.json`` (``org_users.json`` of an organisation) lists people, ``channels.json`` and
``groups.json`` list channels, and each channel is a folder with a file a day. Channels are read
in the order of their days; ``ts`` is at once the time, UTC, and the id of a message. Direct
messages are left out. Where several exports overlap, each message is taken once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from shequn.sources import slack_report
from shequn.sources.files import Export, ExportFile
from shequn.sources.folder import Community
from shequn.sources.privacy import token
from shequn.sources.report import FileLeftOut, ImportReport, Reading
from shequn.sources.slack_files import (
    LISTS,
    PRIVATE,
    DayFile,
    Layout,
    is_direct,
    lay_out,
    one_of_each,
    records,
)
from shequn.sources.slack_people import Slackers
from shequn.sources.slack_rows import MICRO, Channel, Folder, Reader
from shequn.sources.slack_tables import tables
from shequn.sources.slack_text import Names
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

PLATFORM = "slack"
_CHANNEL_ID = re.compile(r"(?=.*[0-9])[CGD][A-Z0-9]{6,20}")  # capitals alone may be a name
_SECONDS = re.compile(r"[0-9]{9,10}")
_COPY = Text("a copy: the same day of the channel was read", "重复：该频道这一天已读过")
_NOT_USER = Text("a list of users, but no user", "用户名单中不是用户的一行")
_NOT_CHANNEL = Text("a list of channels, but no channel", "频道名单中不是频道的一行")


@dataclass(frozen=True)
class _Listed:
    """A channel as a list of channels has it; no kind for private talks."""

    id: str
    name: str
    kind: str
    created: int | None


_Lists = dict[tuple[str, ...], dict[str, _Listed]]  # by folder, then by name or id


def read(
    export: Export,
    *,
    timezone: Zone,
    key: bytes,
    keep_text: bool = False,
    date: dt.date | None = None,
) -> Community:
    """Read Slack exports, as `shequn.sources.Reader` says; all of them are one community.

    With ``keep_text`` the files are read again while the messages are written.
    """
    found = lay_out(export)
    people = Slackers()
    listings, lists = _listings(found, people)
    talks, left_out = _talks(found, lists, key)
    if not talks and not people.raw:
        raise _nothing(export, found)
    export.expect(day.file for _, days in talks for day in days)

    reader = Reader(people)
    channels = []
    for channel, days in talks:
        left_out += _read_channel(channel, days, reader)
        channels.append(channel)
    people.settle()
    people.hide(PLATFORM, key)
    _name_sources([*listings, *(f for c in channels for f in c.folders)], channels, key)

    first_names = [(people.raw[n], name) for n, name in people.first_names]
    names = Names(people.ids, people.called(), first_names)
    robots = {people.ids[person] for person in people.robots}
    report = ImportReport(PLATFORM, timezone.name, bots=len(robots), text_kept=keep_text)
    readings: list[Reading] = [*listings, *(f for c in channels for f in c.folders)]
    report.took(readings, [*found.left_out, *left_out], names.file_name)
    slack_report.fill(report, people, channels, reader, bool(listings), names)
    made = tables(channels, listings, people, names, report, key)
    return Community(_title(export, names), timezone.name, made, report)


def _listings(found: Layout, people: Slackers) -> tuple[list[Reading], _Lists]:
    readings: list[Reading] = []
    lists: _Lists = {}
    for _, file in found.users:
        reading = Reading(file, "slack-users")
        for entry, raw in records(file):
            reading.read += 1
            if not people.enlist(entry, raw):
                reading.strange(reading.read, _NOT_USER, raw)
        readings.append(reading)
    for root, file in found.lists:
        reading = Reading(file, "slack-channels")
        for entry, raw in records(file):
            reading.read += 1
            channel = _channel(entry, LISTS[file.name])
            if channel is None:
                reading.strange(reading.read, _NOT_CHANNEL, raw)
                continue
            reading.ignored += not channel.kind
            own = lists.setdefault(root, {})
            own[channel.id] = channel
            if channel.name:
                own[channel.name] = channel
        readings.append(reading)
    for reading in readings:
        reading.file.decoded = Counter({"utf-8": reading.read})
    return readings, lists


def _channel(entry: object, kind: str) -> _Listed | None:
    if not isinstance(entry, dict) or not isinstance(raw_id := entry.get("id"), str):
        return None
    if entry.get("is_im") is True or entry.get("is_mpim") is True:
        kind = ""
    name: Any = entry.get("name")
    created = entry.get("created")
    opened = int(created) if isinstance(created, str) and _SECONDS.fullmatch(created) else None
    return _Listed(raw_id, name if isinstance(name, str) else "", kind, opened)


def _talks(
    found: Layout, lists: _Lists, key: bytes
) -> tuple[list[tuple[Channel, list[DayFile]]], list[FileLeftOut]]:
    """Put the days of each channel together, and leave the private talks out."""
    channels: dict[str, Channel] = {}
    for own in lists.values():
        for listed in own.values():
            if listed.kind:
                known = channels.setdefault(_id(listed.id, key), _empty(listed, key))
                # These may change; of several exports the same must win in any order.
                known.name, known.kind = max((known.name, known.kind), (listed.name, listed.kind))
                known.created = max(known.created or 0, listed.created or 0) or None
    days: dict[str, list[DayFile]] = {name: [] for name in channels}
    private: dict[str, None] = {}
    for day in found.days:
        listed = _listed(day, lists)
        if listed.kind:
            channel = _empty(listed, key)
            channels.setdefault(channel.id, channel)
            days.setdefault(channel.id, []).append(day)
        else:
            # Slack names the talk of several people after them.
            own_id = listed.id if _CHANNEL_ID.fullmatch(listed.id) else ""
            private[own_id or f"direct-{token(key, 'direct', day.folder)[:8]}"] = None
    left_out = [FileLeftOut(name, PRIVATE) for name in private]
    in_order = [(channels[c], sorted(days[c], key=lambda d: d.day)) for c in sorted(channels)]
    return in_order, left_out


def _listed(day: DayFile, lists: _Lists) -> _Listed:
    """Find a day's channel in the list beside its folder, or in one further up."""
    for depth in range(len(day.root), -1, -1):
        own = lists.get(day.root[:depth], {})
        if day.folder in own:
            return own[day.folder]
    return _Listed(day.folder, day.folder, "" if is_direct(day.folder) else "unlisted", None)


def _empty(listed: _Listed, key: bytes) -> Channel:
    return Channel(_id(listed.id, key), listed.name, listed.kind, listed.created)


def _id(raw_id: str, key: bytes) -> str:
    # What is not an id of Slack's may be a name.
    known = _CHANNEL_ID.fullmatch(raw_id)
    return raw_id if known else "channel-" + token(key, "channel", raw_id)[:12]


def _read_channel(channel: Channel, days: list[DayFile], reader: Reader) -> list[FileLeftOut]:
    """Read a channel's days in order; return the files that are copies."""
    left_out: list[FileLeftOut] = []
    numbers: dict[tuple[str, ...], int] = {}
    by_day: dict[str, list[DayFile]] = {}
    for day in days:
        by_day.setdefault(day.day, []).append(day)
    for name in sorted(by_day):
        own, copies = one_of_each(by_day[name])
        left_out += [FileLeftOut(f"{d.folder}/{d.file.name}", _COPY, True) for d in copies]
        for day in own:
            number = numbers.setdefault(day.root, len(numbers))
            if number == len(channel.folders):
                whole = ExportFile(day.file.path, day.folder, 0)
                channel.folders.append(Folder(whole, "slack-channel"))
            folder = channel.folders[number]
            folder.days.append((day.file, folder.read))
            for record, raw in records(day.file):
                reader.take(channel, number, record, raw)
    reader.close(channel)
    for folder in channel.folders:
        prints = "".join(file.sha256 for file, _ in folder.days)
        folder.file.sha256 = hashlib.sha256(prints.encode()).hexdigest()
        folder.file.decoded = Counter({"utf-8": folder.read})
    if len(channel.folders) == 1 and channel.at:
        channel.folders[0].span = min(channel.at) // MICRO, max(channel.at) // MICRO
    else:
        for at, number in zip(channel.at, channel.folder, strict=True):
            folder, second = channel.folders[number], at // MICRO
            start, end = folder.span or (second, second)
            folder.span = min(start, second), max(end, second)
    return left_out


def _name_sources(readings: list[Reading], channels: list[Channel], key: bytes) -> None:
    place = {id(f): c.id for c in channels for f in c.folders}

    def parts(r: Reading) -> tuple[str, ...]:
        return "source", place.get(id(r), r.file.name), str(r.span[0] if r.span else 0)

    # By its beginning, not its whole: an export that has grown since keeps its ids.
    again = Counter[tuple[str, ...]]()
    for r in sorted(readings, key=lambda r: r.file.sha256):
        again[parts(r)] += 1
        r.source_id = "s" + token(key, *parts(r), str(again[parts(r)]))[:12]


def _title(export: Export, names: Names) -> str:
    """Return the workspace's name, where the name of the file tells it."""
    named = re.match(r"(.{1,80}?) Slack export\b", export.place.name)
    return names.in_label(named[1]) if named else "Slack"


def _nothing(export: Export, found: Layout) -> ShequnError:
    seen = [*{f.file: f for f in found.left_out}.values()][:3]
    return ShequnError(
        Text(
            f"{export.place} holds no Slack export. "
            + "; ".join(f"{f.file}: {f.why.en}" for f in seen),
            f"{export.place} 里没有 Slack 导出。"
            + "；".join(f"{f.file}：{f.why.zh}" for f in seen),
        ),
        Text(
            "Give the zip that Slack made, or the folder it unpacks to: with users.json, "
            "channels.json, and a folder with YYYY-MM-DD.json for each channel.",
            "请给出 Slack 生成的 zip，或解压后的文件夹：里面有 users.json、channels.json，"
            "每个频道一个文件夹，内有 YYYY-MM-DD.json。",
        ),
    )
