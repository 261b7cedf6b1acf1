"""Zulip exports and public archives, built from Zulip's source and a look at a genuine archive."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

OWNER, DORA, LI, GUEST, BOT, GONE, NOTICE = 10, 11, 12, 13, 14, 15, 2
GENERAL, CORE = 5, 6
TO_GENERAL, TO_CORE, TO_ONE, TO_GROUP = 101, 102, 103, 104
START = 1577836800.0  # 2020-01-01 00:00:00 UTC


def user(raw: int, name: str, **more: Any) -> dict[str, Any]:
    """Return a row of the list of people, registered before the start."""
    return {"id": raw, "full_name": name, "delivery_email": f"u{raw}@corp.example", "is_active": True,
            "email": f"user{raw}@corp.example", "is_bot": False, "bot_type": None, "role": 400,
            "date_joined": START - 86400 * (100 - raw) + 0.25, "is_mirror_dummy": False, **more}  # fmt: skip


PEOPLE = [
    user(OWNER, "Olga Owner", role=100),
    user(DORA, "Dora Berg"),
    user(LI, "李雷"),
    user(GUEST, "Gast Q", role=600),
    user(BOT, "Build Bot", is_bot=True, bot_type=1),
    user(GONE, "Gone Far", is_active=False),
]
STREAMS = [
    {"id": GENERAL, "name": "general", "invite_only": False, "date_created": START - 9e6},
    {"id": CORE, "name": "core team", "invite_only": True, "date_created": START - 8e6},
]
RECIPIENTS = [
    {"id": TO_GENERAL, "type": 2, "type_id": GENERAL},
    {"id": TO_CORE, "type": 2, "type_id": CORE},
    {"id": TO_ONE, "type": 1, "type_id": DORA},
    {"id": TO_GROUP, "type": 3, "type_id": 1},
]


def event(
    at: float, kind: int, member: int | None, actor: int | None = None, **more: Any
) -> dict[str, Any]:
    """Return a row of the log, some seconds after the start."""
    return {"event_time": START + at, "event_type": kind, "modified_user": member,
            "acting_user": actor, "modified_stream": None, "extra_data": {}, **more}  # fmt: skip


LOG = [
    event(-100, 101, GUEST, OWNER),
    event(-50, 301, LI, DORA, modified_stream=GENERAL),
    event(-40, 301, DORA, DORA, modified_stream=GENERAL),
    event(500, 303, LI, LI, modified_stream=GENERAL),
    event(600, 103, GONE, OWNER),
    event(700, 124, DORA, DORA, extra_data='{"1": "Dora Thal", "2": "Dora Berg"}'),
    event(800, 602, None, OWNER, modified_stream=CORE),
]


def realm(**tables: Any) -> dict[str, Any]:
    """Return ``realm.json``."""
    return {
        "zerver_realm": [{"id": 1, "name": "Acme 社区", "string_id": "acme"}],
        "zerver_userprofile": PEOPLE,
        "zerver_userprofile_crossrealm": [{"id": NOTICE, "email": "notification-bot@zulip.com"}],
        "zerver_stream": STREAMS,
        "zerver_recipient": RECIPIENTS,
        "zerver_subscription": [{"recipient": TO_GENERAL, "user_profile": DORA, "active": True}],
        "zerver_realmauditlog": LOG,
        "zerver_reaction": [],
        **tables,
    }


def says(raw: int, at: float, sender: int, content: str, to: int = TO_GENERAL, topic: str = "lunch",
         **more: Any) -> dict[str, Any]:  # fmt: skip
    """Return a message, some seconds after the start."""
    return {"id": raw, "sender": sender, "recipient": to, "subject": topic, "content": content,
            "date_sent": START + at, "last_edit_time": None, "edit_history": None, **more}  # fmt: skip


def quoting(name: str, raw: int, message: int, words: str, reply: str) -> str:
    """Return the source of a reply, as Zulip's button makes it."""
    link = f"https://acme.example/#narrow/channel/5-general/topic/lunch/near/{message}"
    return f"@_**{name}|{raw}** [said]({link}):\n```quote\n{words}\n```\n{reply}"


def reaction(message: int, person: int, emoji: str = "+1", **more: Any) -> dict[str, Any]:
    """Return a row of the reactions."""
    return {"message": message, "user_profile": person, "emoji_name": emoji,
            "reaction_type": "unicode_emoji", **more}  # fmt: skip


def export(messages: list[Any], **tables: Any) -> dict[str, Any]:
    """Return the files of an organisation's export."""
    read = [{"id": m.get("id"), "user_profile": DORA} for m in messages if isinstance(m, dict)]
    return {
        "realm.json": realm(**tables),
        "messages-000001.json": {"zerver_message": messages, "zerver_usermessage": read},
    }


def plain(files: dict[str, Any]) -> dict[str, str | bytes]:
    """Return files as they lie in a folder; what is not bytes as JSON."""
    return {k: v if isinstance(v, bytes) else json.dumps(v) for k, v in files.items()}


def packed(files: dict[str, Any], root: str = "zulip-export-x1") -> bytes:
    """Return files as the tarball that Zulip makes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for name, content in plain(files).items():
            data = content if isinstance(content, bytes) else content.encode()
            entry = tarfile.TarInfo(f"{root}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return raw.getvalue()


def posted(raw: int, at: int, name: str, content: str) -> dict[str, Any]:
    """Return a message of the public archive."""
    return {"content": content, "id": raw, "sender_full_name": name, "timestamp": int(START) + at}


def example() -> dict[str, str | bytes]:
    """Return an organisation's export with everything that is read."""
    messages = [
        says(1001, 0, DORA, "who comes to lunch? @**李雷|12**"),
        says(1002, 60, LI, "我来，吃什么？"),
        says(1003, 120, OWNER, quoting("李雷", LI, 1002, "我来，吃什么？", "noodles @**all**")),
        says(1004, 180, DORA, "soup", last_edit_time=START + 200,
             edit_history=json.dumps([{"timestamp": START + 200, "prev_content": "sop", "user_id": DORA}])),
        says(1005, 240, BOT, "build passed", topic="builds"),
        says(1006, 300, NOTICE, "@_**Dora Berg|11** has marked this topic as resolved.", type=2),
        says(1007, 360, GUEST, "[menu.png](/user_uploads/1/ab/menu.png)"),
        says(1008, 400, DORA, "(deleted)", last_edit_time=START + 410),
        says(1009, 420, DORA, "psst", to=TO_ONE, topic=""),
        says(1010, 430, GONE, "core only", to=TO_CORE, topic="plans"),
    ]  # fmt: skip
    reactions = [reaction(1002, DORA), reaction(1002, OWNER, "heart"), reaction(1009, LI)]
    return {"zulip-export-x1.tar.gz": packed(export(messages, zerver_reaction=reactions))}
