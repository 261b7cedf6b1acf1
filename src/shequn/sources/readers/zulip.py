"""Read exports of a Zulip organisation, and public archives of one.

The organisation's export is a folder or tarball with ``realm.json`` and ``messages-000001.json``;
the public archive a folder a channel with a file a topic, which has names in the place of ids.
A topic is a thread. Direct messages are left out.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from shequn.sources import json_stream
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.zulip_realm import Realm, called, react, read_realm, seconds, tell, who
from shequn.sources.readers.zulip_text import ALL, Said, of_html, of_source
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import ShequnError, Text

NAME = Text("Zulip", "Zulip")
HINT = Text(
    "Give the .tar.gz of an organisation's export (realm.json and messages-000001.json), or the "
    "folder zulip_json of a public archive.",
    "请给出组织导出的 .tar.gz（含 realm.json、messages-000001.json），或公开存档的 zulip_json 文件夹。",
)
LAYOUTS = {
    "zulip-realm": Text("realm.json with zerver_userprofile", "含 zerver_userprofile 的 realm.json"),
    "zulip-messages": Text("messages-000001.json with zerver_message",
                           "含 zerver_message 的 messages-000001.json"),
    "zulip-archive": Text("a list of messages with sender_full_name, in a folder ID-CHANNEL",
                          "编号-频道 文件夹里含 sender_full_name 的消息列表"),
    "zulip-index": Text("stream_index.json", "stream_index.json"),
}  # fmt: skip
_OTHER = Text("a part of the export without messages or people", "导出中不含消息和人的部分")
_NO_MESSAGE = Text("not a message with id, sender and time", "不是含编号、发送者、时间的消息")
_NO_RECIPIENT = Text("a message to nobody in realm.json", "收件方不在 realm.json 里的消息")
_FOLDER = re.compile(r"(\d{1,18})-(.*)", re.DOTALL)
_DONE = "\u2714 "  # before the name of a topic that is settled
_DELETED = "(deleted)"  # what Zulip leaves of a message without words
_SERVER = ("Notification Bot", "Welcome Bot", "Reminder Bot", "Email Gateway")
_IMAGES = re.compile(r"\.(?:png|jpe?g|gif|webp|bmp|heic)\b", re.IGNORECASE)


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json"):
        return None
    name, parts = head.name, head.file.parts
    if name.startswith("messages-") or name == "realm.json" or head.alone:
        text = head.text
        if text.startswith("{") and '"zerver_' in text:
            if '"zerver_message"' in text:
                return "zulip-messages"
            if '"zerver_usermessage"' not in text:
                return "zulip-realm"
    if name in ("attachment.json", "analytics.json", "migration_status.json"):
        text = head.text
        known = '"zerver_' in text or '"analytics_' in text or '"migrations_by_app"' in text
        return _OTHER if known and text.startswith("{") else None
    if name in ("stream_index.json", "streams.json"):
        return (
            "zulip-index" if '"streams"' in head.text[:4096] or "topic_data" in head.text else None
        )
    if (len(parts) > 1 and _FOLDER.fullmatch(parts[-2])) or head.alone:
        text = head.text
        if text.startswith("[") and '"sender_full_name"' in text and '"timestamp"' in text:
            return "zulip-archive"
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    realms: dict[tuple[str, ...], Realm] = {}
    names: dict[str, str] = {}
    authors: dict[str, tuple[str, str | None]] = {}
    for file in files:
        intake.open(file)
        if file.layout == "zulip-realm":
            realms[file.file.parts[:-1]] = read_realm(file, intake)
        elif file.layout == "zulip-index":
            names |= _index(file)
    until = {root: realm.last for root, realm in realms.items()}
    spans: list[tuple[Reading, int]] = []
    for file in files:
        root = file.file.parts[:-1]
        intake.open(file)
        if file.layout == "zulip-messages":
            first, last = _messages(file, _realm(root, realms, file), intake)
            until[root] = max(until[root], last)
            spans += [(file, first)] if last else []
        elif file.layout == "zulip-archive":
            _archive(file, names, authors, intake)
    for file, first in spans:  # all files of an export know what was known at its end
        file.span = first, until[file.file.parts[:-1]]
    for root, realm in realms.items():
        intake.open(
            next(f for f in files if f.layout == "zulip-realm" and f.file.parts[:-1] == root)
        )
        tell(realm, intake, until[root])
    private = sum(c.kind == "private" for c in intake.channels)
    intake.note(f"{private:,} private channels are in the data: make sure that their members agree.",
                f"数据里有 {private:,} 个私有频道：请确认其成员同意。", when=private)  # fmt: skip
    intake.note("The archive has names only: two people of one name are one, and who changes the "
                "name is two.", "存档只有名字：同名的人并成一个，改名的人分成两个。",
                when=any(f.layout == "zulip-archive" for f in files))  # fmt: skip


def _realm(root: tuple[str, ...], realms: dict[tuple[str, ...], Realm], file: Reading) -> Realm:
    if root in realms:
        return realms[root]
    raise ShequnError(
        Text(
            f"{file.file.path} has messages, but no realm.json beside them: it cannot be told which "
            "are direct messages.",
            f"{file.file.path} 有消息，但旁边没有 realm.json：分不出哪些是私信。",
        ),
        Text("Give the whole export as Zulip made it.", "请给出 Zulip 生成的完整导出。"),
    )


def _messages(file: Reading, realm: Realm, intake: Intake) -> tuple[int, int]:
    """Read a file of messages of the organisation's export; return its first and last second."""
    first, last = LATEST, 0
    channels, bots, voices = realm.channels, realm.bots, realm.voices
    stream = json_stream.JsonStream(file.file)
    for table in stream.members():
        if table not in ("zerver_message", "zerver_reaction") or stream.peek() != "[":
            if stream.peek() == "[":
                for _ in stream.values():  # of every message who has read it: may be long
                    pass
            else:
                stream.value()
            continue
        for record in stream.values():
            row = file.read = file.read + 1
            if table == "zerver_reaction":
                if not isinstance(record, dict) or not react(record, intake):
                    file.strange(row, _NO_MESSAGE, str(record)[:60])
                continue
            get = record.get if isinstance(record, dict) else {}.get
            own, author, ts = who(get("id")), who(get("sender")), seconds(get("date_sent"))
            ts = ts or seconds(get("pub_date"))  # so it was called years ago
            source, recipient = get("content"), get("recipient")
            if own is None or author is None or ts is None or not isinstance(source, str):
                file.strange(row, _NO_MESSAGE, str(record)[:60])
                continue
            if type(recipient) is not int or recipient not in channels:
                file.strange(row, _NO_RECIPIENT, str(record)[:60])
                continue
            channel = channels[recipient]
            if channel is None:
                continue
            first, last = min(first, ts), max(last, ts)
            topic = get("subject")
            thread = _thread(intake.channels[channel].raw, topic if isinstance(topic, str) else "")
            edited = _edited(get("edit_history"), get("last_edit_time"))
            if source == _DELETED:
                intake.message(row, channel, author, ts, "", "recall", own=own, thread=thread,
                               deleted=edited, bot=author in bots)  # fmt: skip
                continue
            _say(intake, row, channel, author, ts, of_source(source), own, thread, edited=edited,
                 system=author in voices or get("type") == 2, bot=author in bots)  # fmt: skip
    stream.end()
    return first, last


def _say(
    intake: Intake, row: int, channel: int, author: str, ts: int, said: Said, own: str, thread: str,
    *, name: str | None = None, edited: int | None = None, system: bool = False,
    bot: bool | None = None, ids: bool = True,
) -> None:  # fmt: skip
    kind = "system" if system else "text"
    if said.upload and not system:
        kind = "image" if _IMAGES.search(said.text) else "file"
    reply = said.reply if said.reply != own else None
    intake.message(row, channel, author, ts, said.text, kind, name=name, own=own, reply=reply,
                   basis="quote" if reply else None, thread=thread, edited=edited, bot=bot)  # fmt: skip
    if system:
        return
    for how, people in (("quote", said.quoted), ("mention", said.named)):
        for raw, shown in people:
            if raw == ALL:
                intake.mention(row, kind="all")
            elif raw and ids:
                intake.mention(row, raw, kind=how)
            elif shown:
                intake.mention(row, kind=how, names=(shown,), channel=channel, ts=ts)


def _thread(channel: str, topic: str) -> str:
    """Return the id of a topic: in any case the same, settled or not."""
    return f"{channel}/{topic.removeprefix(_DONE).casefold()}"


def _edited(history: object, last: object) -> int | None:
    """Return when the words were changed last; a topic's new name is no edit of them."""
    if not history:
        return seconds(last)
    if isinstance(history, str):
        try:
            history = json.loads(history)
        except (ValueError, RecursionError):
            return seconds(last)
    times = [
        seconds(change.get("timestamp")) or 0
        for change in (history if isinstance(history, list) else ())
        if isinstance(change, dict) and "prev_content" in change
    ]
    return max(times, default=0) or None


def _archive(
    file: Reading, names: dict[str, str], authors: dict[str, tuple[str, str | None]], intake: Intake
) -> None:
    """Read a topic of a public archive; authors are ids and names by what is shown."""
    parts = file.file.parts
    file.told_by_name = True
    found = _FOLDER.fullmatch(parts[-2]) if len(parts) > 1 else None
    raw = f"stream/{found[1]}" if found else "stream/0"
    known = names.get(found[1]) if found else None
    channel = intake.channel(raw, kind="public", name=known or (found[2] if found else None))
    topic = re.sub(r"\.([0-9A-Fa-f]{2})", r"%\1", file.file.name.removesuffix(".json"))
    thread = _thread(raw, unquote(topic))
    for record in json_stream.array(file.file):
        row = file.read = file.read + 1
        get: Any = record.get if isinstance(record, dict) else {}.get
        own, ts = who(get("id")), seconds(get("timestamp"))
        shown, source = get("sender_full_name"), get("content")
        if own is None or ts is None or not isinstance(shown, str) or not isinstance(source, str):
            file.strange(row, _NO_MESSAGE, str(record)[:60])
            continue
        if shown not in authors:
            authors[shown] = f"name:{shown[:200]}", called(shown) or None
            if shown in _SERVER:
                intake.member(authors[shown][0], is_bot=True)
        author, name = authors[shown]
        if source in (f"<p>{_DELETED}</p>", _DELETED):
            intake.message(
                row, channel, author, ts, "", "recall", name=name, own=own, thread=thread
            )
            continue
        _say(intake, row, channel, author, ts, of_html(source), own, thread, name=name,
             system=shown == _SERVER[0], ids=False)  # fmt: skip


def _index(file: Reading) -> dict[str, str]:
    """Return the channels' names by their ids."""
    found: dict[str, str] = {}
    for key, value in json_stream.walk(file.file, ""):
        if key == "streams" and isinstance(value, dict):
            for name, about in value.items():
                file.read += 1
                raw = about.get("id") if isinstance(about, dict) else None
                if type(raw) is int and name:
                    found[str(raw)] = name
    return found
