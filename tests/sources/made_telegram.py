"""Exports of Telegram Desktop, built from the documented grammar.

The grammar is what Telegram Desktop's writer of JSON puts out; no file here comes from Telegram.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
T0 = 1_704_067_200  # 2024-01-01T00:00:00Z


def clock(unix: int, hours: float = 0) -> str:
    """Return a time as the exporter's computer shows it, so many hours ahead of UTC."""
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=unix, hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def said(number: int, who: object, text: Any = "x", *, at: int | None = None, **more: Any) -> Json:
    """Return a message of ``user{who}``, called N and the number, a minute after the one before."""
    unix = T0 + 60 * number if at is None else at
    entities = [{"type": "plain", "text": text}] if isinstance(text, str) and text else []
    if isinstance(text, list):
        entities = [{"type": "plain", "text": p} if isinstance(p, str) else p for p in text]
    made = {
        "id": number, "type": "message", "date": clock(unix), "date_unixtime": str(unix),
        "from": f"N{who} Name", "from_id": f"user{who}", "text": text, "text_entities": entities,
    }  # fmt: skip
    return {**made, **more}


def done(number: int, who: object, action: str, *, at: int | None = None, **more: Any) -> Json:
    """Return a service line."""
    unix = T0 + 60 * number if at is None else at
    made = {
        "id": number, "type": "service", "date": clock(unix), "date_unixtime": str(unix),
        "actor": f"N{who} Name", "actor_id": f"user{who}", "action": action, "text": "",
        "text_entities": [],
    }  # fmt: skip
    return {**made, **more}


def chat(
    *messages: object, kind: str = "private_supergroup", number: int = 77, name: str = "Club"
) -> Json:
    """Return a chat."""
    return {"name": name, "type": kind, "id": number, "messages": list(messages)}


def full(*chats: Json, left: tuple[Json, ...] = ()) -> Json:
    """Return an export of a whole account."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Own", "phone_number": "+1 555"},
        "contacts": {"about": "", "list": [{"user_id": 9, "first_name": "Zed"}]},
        "chats": {"about": "", "list": list(chats)},
        "left_chats": {"about": "", "list": list(left)},
    }


def text(export: Json) -> str:
    """Return an export laid out as Telegram Desktop lays it out."""
    return json.dumps(export, ensure_ascii=False, indent=1)


def importer(import_as: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that imports an export, or exports by the names of their files."""

    def run(exports: Json, **options: Any) -> Any:
        one = {"messages", "chats"} & exports.keys()
        files = {"result.json": text(exports)} if one else exports
        return import_as("telegram", files, **options)

    return run


def tables(got: Any) -> dict[str, str]:
    """Return the text of every table."""
    return {p.name: p.read_text(encoding="utf-8") for p in got.data.glob("*.csv")}


def example() -> dict[str, str | bytes]:
    """Return an account: a small group that became a supergroup, one with topics, a channel."""
    one = {"from": "赵敏", "from_id": "user1000013", "date": clock(T0 + 2000)}
    heart = {"type": "emoji", "count": 3, "emoji": "❤", "recent": [one]}
    zoe = {"type": "mention_name", "text": "Zoe", "user_id": 1000012}
    emoji = {"type": "custom_emoji", "text": "😮", "document_id": "stickers/sticker (1).webm"}
    names = {1000011: "Ann Example", 1000012: "Zoe 周", 1000013: "赵敏", 1000014: "Helper",
             1000015: "Leo"}  # fmt: skip

    def by(who: int, made: Json) -> Json:
        key = "actor" if made["type"] == "service" else "from"
        return {**made, key: names[who]}

    group = chat(
        by(1000011, done(1, 1000011, "create_group", title="书友", members=["Zoe 周"])),
        by(1000011, said(2, 1000011, "欢迎大家，先看群规。")),
        by(1000012, said(3, 1000012, ["Thanks, ", zoe, "s turn"], reply_to_message_id=2)),
        by(1000011, done(4, 1000011, "invite_members", members=["赵敏"])),
        by(1000013, said(5, 1000013, "大家好", reactions=[heart])),
        by(1000014, said(6, 1000014, "菜单", inline_bot_buttons=[[{"type": "url"}]])),
        by(1000012, said(7, 1000012, "", photo="photos/1.jpg", width=1, height=1)),
        by(1000015, said(8, 1000015, "bye")),
        by(1000015, done(10, 1000015, "remove_members", members=["Leo"])),
        {"id": 9, "type": "unsupported"},
        kind="private_group", number=700, name="书友",
    )  # fmt: skip
    forum = chat(
        by(1000011, done(1, 1000011, "topic_created", title="Books")),
        by(1000012, said(2, 1000012, ["Which one? ", emoji], reply_to_message_id=1)),
        by(1000011, said(3, 1000011, "This one", reply_to_message_id=2, edited=clock(T0 + 400),
                         edited_unixtime=str(T0 + 400))),
        by(1000013, done(4, 1000013, "join_group_by_link", inviter="Zoe 周")),
        said(5, 0, "Rules", from_id="channel800", **{"from": "Forum"}),
        by(1000013, said(6, 1000013, "再读一遍", forwarded_from="Ann Example")),
        number=800, name="Forum", kind="public_supergroup",
    )  # fmt: skip
    talk = chat(said(1, 50, "secret"), kind="personal_chat", number=50, name="Private Person")
    # As a version of August 2022 wrote it: names of files without quotes.
    bare = '"stickers/sticker (1).webm"'
    return {"result.json": text(full(talk, group, forum)).replace(bare, bare.strip('"'))}
