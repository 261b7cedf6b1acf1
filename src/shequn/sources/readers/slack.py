"""Read exports of a Slack workspace: the zip, or the folder it was unpacked to.

``users.json`` (``org_users.json`` of an organisation) lists people, ``channels.json`` and
``groups.json`` list channels, and each channel is a folder with a file a day. ``ts`` is at once
the time, UTC, and the id of a message in its channel. Direct messages are left out. Answers of
Slack's interface, saved as files, are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shequn.sources import json_stream
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.slack_lists import LISTS, SLACKBOT, Listed, Users, listed, spellings
from shequn.sources.readers.slack_messages import Talk
from shequn.sources.report import FileLeftOut, Reading
from shequn.text import Text

NAME = Text("Slack", "Slack")
HINT = Text(
    "Give the zip that Slack made, or the folder it unpacks to: with users.json, channels.json, "
    "and a folder with YYYY-MM-DD.json for each channel.",
    "请给出 Slack 生成的 zip，或解压后的文件夹：里面有 users.json、channels.json，"
    "每个频道一个文件夹，内有 YYYY-MM-DD.json。",
)
LAYOUTS = {
    "slack-day": Text("a folder with YYYY-MM-DD.json, lists of messages with ts",
                      "文件夹里有 YYYY-MM-DD.json，内容是含 ts 的消息列表"),
    "slack-users": Text("users.json", "users.json"),
    "slack-channels": Text("channels.json or groups.json", "channels.json 或 groups.json"),
    "slack-history-json": Text("an answer of Slack's interface with messages",
                               "Slack 接口返回的消息"),
    "slack-answer-json": Text("an answer of Slack's interface about a user or channel",
                              "Slack 接口返回的用户或频道"),
}  # fmt: skip
_DIRECT_TALK = Text(
    "direct messages between members: left out, they are not the community's",
    "成员之间的私信：不属于社群，不读",
)
PRIVATE = (_DIRECT_TALK,)
_OTHER_DATA = Text("Slack's own records that hold no messages", "Slack 自己的记录，不含消息")
_ERROR = Text("Slack's interface answered with an error", "Slack 接口返回了错误")
_NO_DAY = Text("named like a day of messages, but holds none", "名字像某日的消息，但没有消息")
_NOT_USER = Text("a list of users, but no user", "用户名单中不是用户的一行")
_NOT_CHANNEL = Text("a list of channels, but no channel", "频道名单中不是频道的一行")

_USERS = ("users.json", "org_users.json")
_KNOWN_ELSE = ("integration_logs", "canvases", "content_flags", "lists", "file_conversations")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")
_DIRECT = re.compile(r"D[A-Z0-9]{6,}|mpdm-.*", re.DOTALL)
_ANSWER = re.compile(r'"(messages|user|channel|members)"\s*:\s*([\[{])')
_MOST_KINDS = 5


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file, or why it is not read."""
    if not head.named(".json"):
        return None
    name, folder = head.name, _folder(head.file.parts)
    if _DAY.fullmatch(name) or (head.alone and head.text.startswith("[")):
        if folder.startswith("FC:"):
            return _OTHER_DATA
        if _DIRECT.fullmatch(folder):
            return _DIRECT_TALK
        text = head.text
        if text.startswith("[") and ('"ts"' in text or len(text) < 3):
            return "slack-day"
        return _NO_DAY if _DAY.fullmatch(name) else None
    if name in _USERS or name in LISTS:
        layout = "slack-users" if name in _USERS else "slack-channels"
        text = head.text
        return layout if text.startswith("[") and ('"id"' in text or len(text) < 3) else None
    if name.startswith(_KNOWN_ELSE) and head.text.startswith("["):
        return _OTHER_DATA
    return _answer(head.text)


def _answer(text: str) -> str | Text | None:
    if not text.startswith("{") or not re.search(r'"(?:ok"\s*:\s*(?:true|false)|has_more")', text):
        return None
    found = _ANSWER.search(text)
    if found is None or (found[1] == "messages" and '"ts"' not in text):
        return _ERROR if re.search(r'"error"\s*:\s*"[a-z_]+"', text) else None
    return "slack-history-json" if found[1] == "messages" else "slack-answer-json"


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    users = Users()
    lists: dict[tuple[str, ...], dict[str, Listed]] = {}  # by folder, then by name or id
    answers: dict[tuple[str, ...], set[Listed]] = {}
    for file in files:
        intake.open(file)
        if file.layout == "slack-users":
            for entry in _rows(file):
                if not users.take(entry):
                    file.strange(file.read, _NOT_USER, str(entry)[:60])
        elif file.layout == "slack-channels":
            own = lists.setdefault(file.file.parts[:-1], {})
            for entry in _rows(file):
                if found := listed(entry, LISTS[file.file.name.lower()]):
                    own[found.id] = own[found.name or found.id] = found
                else:
                    file.strange(file.read, _NOT_CHANNEL, str(entry)[:60])
        elif file.layout == "slack-answer-json":
            answers.setdefault(file.file.parts[:-1], set()).update(_of_answer(file, users, intake))

    talk = Talk(intake, users.handles)
    seen: dict[Listed, int] = {}  # how far the exports that list a channel reach
    until: dict[tuple[str, ...], int] = {}
    for file in files:
        if file.layout not in ("slack-day", "slack-history-json"):
            continue
        root, channel = _place(file, lists, answers)
        _read_talk(file, channel, talk, intake)
        until[root] = max(until.get(root, 0), talk.last)
        seen[channel] = max(seen.get(channel, 0), until[root])
        file.span = (talk.first, talk.last) if talk.last else None
    # Slack writes no file for a day without messages, and a file shows edits of later days: every
    # file of an export knows what was known at its end.
    ends: dict[str, int] = {}
    days = [file for file in files if file.span and file.layout == "slack-day"]
    for file in days:
        end = until[_place(file, lists, answers)[0]]
        ends[file.file.sha256] = max(end, ends.get(file.file.sha256, 0))
    for file in days:
        file.span = file.span and (file.span[0], ends[file.file.sha256])
    for root, own in lists.items():
        for channel in own.values():
            seen[channel] = max(seen.get(channel, 0), max(
                (n for r, n in until.items() if r[: len(root)] == root), default=0))  # fmt: skip
    _channels(seen, talk, intake)
    users.tell(intake, max(until.values(), default=0))
    talk.wrote = {raw: program for raw, program in talk.wrote.items() if raw not in users.entries}
    talk.tell()
    _unsay(talk.gone, intake)
    _title(files, intake)
    _notes(talk, users, seen, intake)


def _rows(file: Reading) -> Iterator[Any]:
    for entry in json_stream.array(file.file):
        file.read += 1
        yield entry


def _read_talk(file: Reading, channel: Listed, talk: Talk, intake: Intake) -> None:
    intake.open(file)
    talk.first, talk.last = _NEVER
    if not channel.kind:  # a talk of several people that a list tells of
        file.left_out = FileLeftOut(file.file.name, _DIRECT_TALK)
        return
    number = intake.channel(channel.id, kind=channel.kind, created=channel.created)
    take, prefix = talk.take, channel.id + "/"
    if file.layout == "slack-day":
        for record in json_stream.array(file.file):
            take(record, file, number, prefix)
    else:
        for key, record in json_stream.walk(file.file, "messages"):
            if key == "messages":
                take(record, file, number, prefix)


_NEVER = 1 << 62, 0


def _place(
    file: Reading,
    lists: dict[tuple[str, ...], dict[str, Listed]],
    answers: dict[tuple[str, ...], set[Listed]],
) -> tuple[tuple[str, ...], Listed]:
    """Return the export that a file is of, and its channel."""
    parts = file.file.parts
    if file.layout == "slack-history-json":  # does not say of which channel it is
        told = answers.get(parts[:-1], set())
        if len(told) == 1:
            return parts[:-1], next(iter(told))
        return parts[:-1], Listed(_folder(parts) or "channel", "", "unlisted", None)
    root, folder = parts[:-2], _folder(parts) or file.file.path.parent.name
    # The list lies beside the folder, or further up.
    for depth in range(len(root), -1, -1):
        own = lists.get(root[:depth], {})
        for name in spellings(folder):
            if name in own:
                return root, own[name]
    return root, Listed(folder, folder, "unlisted", None)


def _folder(parts: tuple[str, ...]) -> str:
    return parts[-2] if len(parts) > 1 else ""


def _of_answer(file: Reading, users: Users, intake: Intake) -> Iterator[Listed]:
    """Yield the channel that an answer of Slack's interface describes, and take its users."""
    for key, value in json_stream.walk(file.file, "members"):
        if key not in ("user", "channel", "members"):
            continue
        file.read += 1
        if key == "members" and isinstance(value, str):
            intake.member(value.upper())
        elif key == "channel" and (found := listed(value, "public")) and found.kind:
            yield found
        elif key == "channel" or not users.take(value):
            file.strange(file.read, _NOT_USER, str(value)[:60])


def _channels(seen: dict[Listed, int], talk: Talk, intake: Intake) -> None:
    """Note what channels are called, by the latest list."""
    for known, _ in sorted(seen.items(), key=lambda s: (s[1], repr(s[0]))):
        if known.kind:
            number = intake.channel(known.id, kind=known.kind, created=known.created)
            if known.name:
                intake.channels[number].name = known.name
    for number, (at, closed) in talk.closed.items():
        if closed:
            intake.channels[number].archived = int(at[:-7])


def _unsay(gone: dict[str, int], intake: Intake) -> None:
    """Make of every version of a deleted message one without words, by whoever wrote it."""
    if not gone:
        return
    intake.flush()
    con, slackbot = intake.connection, intake.people.number(SLACKBOT)
    con.execute(
        "CREATE TABLE struck AS SELECT unnest(?::VARCHAR[]) AS own, nullif(unnest(?::BIGINT[]), 0) AS ts",
        [list(gone), list(gone.values())],
    )
    # A tombstone is signed by Slackbot: another version tells the author.
    con.execute(
        f"DELETE FROM said WHERE author = {slackbot} AND own IN (SELECT own FROM said SEMI JOIN "
        "struck USING (own) GROUP BY own HAVING count(DISTINCT author) > 1)"
    )
    con.execute(
        "UPDATE said SET kind = 'recall', text = NULL, chars = 0, edited = NULL, deleted = s.ts "
        "FROM struck s WHERE s.own = said.own"
    )
    con.execute(
        "DELETE FROM reacted WHERE own IN (SELECT own FROM struck); DELETE FROM named WHERE "
        "(file, row) IN (SELECT (file, row) FROM said WHERE own IN (SELECT own FROM struck))"
    )
    con.execute("DROP TABLE struck")


def _title(files: list[Reading], intake: Intake) -> None:
    """Take the workspace's name from the archive's, where that tells it."""
    for file in files:
        named = re.match(r"(.{1,80}?) Slack export\b", file.file.path.name)
        if named and not intake.title:
            intake.title = named[1]


def _notes(talk: Talk, users: Users, seen: dict[Listed, int], intake: Intake) -> None:
    kinds = {known.id: known.kind for known in seen}
    private = sum(kind == "private" for kind in kinds.values())
    unlisted = sum(kind == "unlisted" for kind in kinds.values())
    strange = talk.strange_kinds
    shown = [k if re.fullmatch(r"[a-z_]+", k) else "…" for k, _ in strange.most_common(_MOST_KINDS)]
    note = intake.note
    note("All channels and workspaces of the export are one community. A line of joining or "
         "leaving is of a channel: somebody counts as gone who left every channel they were seen in.",
         "导出里的所有频道与工作区算一个社群。加入、离开的记录都针对频道："
         "在其出现过的频道里全部离开的人，算作已离开。")  # fmt: skip
    note("There is no list of users: members who wrote nothing are missing, and nobody's role is "
         "known.", "没有用户名单：没发过言的成员不在其中，角色也不可知。", when=not users.entries)  # fmt: skip
    note(f"{unlisted:,} folders are in no list of channels and were taken as channels.",
         f"{unlisted:,} 个文件夹不在频道名单里，按频道读取。", when=unlisted)  # fmt: skip
    note(f"{private:,} private channels are in the data: make sure that their members agree.",
         f"数据里有 {private:,} 个私有频道：请确认其成员同意。", when=private)  # fmt: skip
    note(f"{talk.changes:,} records of edits and deletions were taken into account.",
         f"计入了 {talk.changes:,} 条编辑或删除记录。", when=talk.changes)  # fmt: skip
    note(f"{strange.total():,} messages of unknown kind ({', '.join(shown)}) were taken as system "
         "lines.", f"{strange.total():,} 条未知类型的消息（{'、'.join(shown)}）按系统消息处理。",
         when=strange)  # fmt: skip
