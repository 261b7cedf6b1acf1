"""Slack exports built from the documented format."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

ANNA, BERT, CARL, GUEST, APP, GONE = (
    "U024BE7LH", "U0G9QF9C6", "W012A3CDE", "U061F7AUR", "U0BOT00001", "U0GONE0001",
)  # fmt: skip
GENERAL, RANDOM, SECRET = "C024BE91L", "C011DUKE8", "G012AC86C"


def user(raw_id: str, name: str, real: str, **more: Any) -> dict[str, Any]:
    """Return a row of users.json."""
    first, _, last = real.partition(" ")
    profile = {
        "first_name": first,
        "last_name": last,
        "real_name": real,
        "display_name": name,
        "email": f"{name}@corp.example",
    }
    return {"id": raw_id, "name": name, "real_name": real, "deleted": False, "is_bot": False,
            "updated": 1502138686, "profile": profile | more.pop("profile", {}), **more}  # fmt: skip


USERS = [
    user(ANNA, "anna", "Anna Berg", is_owner=True, is_admin=True),
    user(BERT, "bert", "Bert Stein"),
    user(CARL, "carl", "Carl 王小明"),
    user(GUEST, "gast", "Gast Q", is_restricted=True),
    user(APP, "helper", "Helper App", is_bot=True, profile={"bot_id": "B0HELPER1"}),
    user(GONE, "gone", "Gone Far", deleted=True),
]
CHANNELS = [
    {"id": GENERAL, "name": "general", "created": 1360782400, "is_general": True, "members": []},
    {"id": RANDOM, "name": "anna-and-friends", "created": 1360782401, "members": []},
]


def says(ts: str, who: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    """Return a message."""
    return {"type": "message", "user": who, "text": text, "ts": ts, **more}


def line(ts: str, who: str, subtype: str, **more: Any) -> dict[str, Any]:
    """Return a system line."""
    return says(ts, who, f"<@{who}> did it", subtype=subtype, **more)


def export(days: dict[str, Any], **lists: Any) -> dict[str, Any]:
    """Return an export's files, by name: days of channels, and the lists."""
    lists = {"users": USERS, "channels": CHANNELS, **lists}
    return {f"{k}.json": v for k, v in lists.items() if v is not None} | {
        f"{name}.json": rows for name, rows in days.items()
    }


def plain(files: dict[str, Any]) -> dict[str, str | bytes]:
    """Return the files as they lie in a folder; what is not bytes as JSON."""
    return {
        name: content if isinstance(content, bytes) else json.dumps(content).encode()
        for name, content in files.items()
    }


def packed(files: dict[str, Any]) -> bytes:
    """Return the files as a zip."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in plain(files).items():
            archive.writestr(name, content)
    return raw.getvalue()


def example() -> dict[str, str | bytes]:
    """Return an export with everything that is read, in a zip."""
    root = "1577836860.000100"
    event = {"type": "message", "hidden": True}
    first = [
        line("1577836800.000001", ANNA, "channel_join"),
        line("1577836801.000001", BERT, "channel_join", inviter=ANNA),
        line("1577836802.000001", CARL, "channel_join", inviter=BERT),
        says(root, ANNA, f"<@{BERT}> who comes? &lt;3 <https://a.example/|here>", thread_ts=root),
        says("1577836861.000200", BERT, "你好，王小明 :wave:", thread_ts=root, parent_user_id=ANNA,
             edited={"user": BERT, "ts": "1577836900.000000"}),
        says("1577836862.000300", CARL, "me", thread_ts=root, subtype="thread_broadcast"),
        says("1577836863.000400", ANNA, "", files=[{"mimetype": "image/png"}]),
        says("1577836864.000500", CARL, "<!channel> done",
             reactions=[{"name": "+1", "users": [ANNA, BERT], "count": 5}]),
        {"type": "message", "subtype": "bot_message", "ts": "1577836865.000600", "text": "beep",
         "bot_id": "B0HELPER1", "username": "helper"},
        line("1577836866.000700", ANNA, "channel_topic"),
    ]  # fmt: skip
    second = [
        event | {"subtype": "message_changed", "ts": "1577923200.000100",
                 "message": says("1577836864.000500", CARL, "<!channel> really done")},
        says("1577923201.000100", BERT, "bye"),
        event | {"subtype": "message_deleted", "ts": "1577923202.000100",
                 "deleted_ts": "1577923201.000100", "previous_message": says("1577923201.000100", BERT, "bye")},
        line("1577923203.000100", BERT, "channel_leave"),
    ]  # fmt: skip
    days = {
        "general/2020-01-01": first,
        "general/2020-01-02": second,
        "anna-and-friends/2020-01-01": [says("1577836870.000000", GUEST, "guest here")],
        "D0G9QPY56/2020-01-01": [says("1577836870.000000", ANNA, "psst")],
    }
    return {"Acme Slack export Jan 1 2020 - Jan 2 2020.zip": packed(export(days))}
