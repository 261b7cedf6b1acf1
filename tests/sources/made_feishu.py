"""Writes answers of Feishu's interface im/v1 by the vendor's documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

CHAT = "oc_5ce6d572455d361153b7cb51da133945"
LI, WANG, HAN = ("ou_1111aaaa2222bbbb", "ou_3333cccc4444dddd", "ou_5555eeee6666ffff")
BOT = "cli_a1b2c3d4e5f6"
START = 1_704_067_200  # 2024-01-01T00:00:00Z


def om(number: int) -> str:
    """Return the id of a message."""
    return f"om_{number:032x}"


def item(
    number: int, ts: int, who: str, content: dict[str, Any], kind: str = "text", **more: Any
) -> dict[str, Any]:
    """Return a message: milliseconds as text, the content as JSON in a string."""
    app = who.startswith("cli_")
    return {
        "message_id": om(number),
        "msg_type": kind,
        "create_time": f"{ts}123",
        "update_time": f"{ts}123",
        "deleted": False,
        "updated": False,
        "chat_id": CHAT,
        "sender": {
            "id": who,
            "id_type": "app_id" if app else "open_id",
            "sender_type": "app" if app else "user",
            "tenant_key": "736588c9260f175e",
        },
        "body": {"content": json.dumps(content, ensure_ascii=False)},
        **more,
    }


def text(number: int, ts: int, who: str, words: str, **more: Any) -> dict[str, Any]:
    """Return a message of text."""
    return item(number, ts, who, {"text": words}, **more)


def mention(key: str, who: str, name: str) -> dict[str, str]:
    """Return somebody who is named."""
    return {"key": key, "id": who, "id_type": "open_id", "name": name, "tenant_key": "x"}


def system(number: int, ts: int, template: str, by: list[str], to: list[str]) -> dict[str, Any]:
    """Return a system line: names, no ids, no sender."""
    content = {"template": template, "from_user": by, "to_chatters": to, "divider_text": {}}
    made = item(number, ts, "", content, "system")
    made["sender"] = {"id": "", "id_type": "", "sender_type": "", "tenant_key": ""}
    return made


def page(items: Iterable[Any], **more: Any) -> str:
    """Return an answer."""
    data = {"has_more": False, "page_token": "", "items": list(items)}
    return json.dumps({"code": 0, "msg": "success", "data": data, **more}, ensure_ascii=False)


def members(*people: tuple[str, str]) -> str:
    """Return a list of members."""
    items = [
        {"member_id_type": "open_id", "member_id": who, "name": name, "tenant_key": "x"}
        for who, name in people
    ]
    return page(items)


def reaction(who: str, emoji: str, ts: int) -> dict[str, Any]:
    """Return a reaction, which does not say to which message."""
    return {
        "reaction_id": f"ZCaCIjUBVVWSrm5L-3ZTw{ts}",
        "operator": {"operator_id": who, "operator_type": "user"},
        "action_time": f"{ts}456",
        "reaction_type": {"emoji_type": emoji},
    }


def ids(who: str) -> dict[str, Any]:
    """Return the ids of somebody as events give them."""
    return {"open_id": who, "union_id": who.replace("ou_", "on_"), "user_id": None}


def event(name: str, ts: int, **about: Any) -> str:
    """Return an event, as a program that listens may save it: one a line."""
    header = {
        "event_id": f"{name}{ts}", "token": "x", "create_time": f"{ts}789", "event_type": name,
        "tenant_key": "x", "app_id": BOT,
    }  # fmt: skip
    return json.dumps({"schema": "2.0", "header": header, "event": about}, ensure_ascii=False)


def came(name: str, ts: int, who: str, shown: str, by: str) -> str:
    """Return the event of a coming or going."""
    users = [{"name": shown, "tenant_key": "x", "user_id": ids(who)}]
    return event(
        f"im.chat.member.user.{name}_v1", ts, chat_id=CHAT, external=False, users=users,
        operator_id=ids(by),
    )  # fmt: skip


def example() -> dict[str, str | bytes]:
    """Return messages, members, reactions and events of a group that show all there is to see."""
    post = {
        "title": "周报 weekly",
        "content": [
            [
                {"tag": "text", "text": "请看 "},
                {"tag": "a", "text": "链接", "href": "https://x.cn"},
            ],
            [{"tag": "at", "user_id": "@_user_1", "user_name": "王芳"}],
        ],
    }
    said = [
        system(1, START, "{from_user} invited {to_chatters} to the group.", ["李雷"], ["王芳"]),
        text(2, START + 60, LI, "大家好 @_user_1", mentions=[mention("@_user_1", WANG, "王芳")]),
        text(3, START + 120, WANG, "你好", root_id=om(2), parent_id=om(2)),
        item(4, START + 180, LI, post, "post", mentions=[mention("@_user_1", WANG, "王芳")]),
        text(5, START + 240, WANG, "改过", updated=True, update_time=f"{START + 300}000"),
        text(6, START + 260, WANG, "This message was recalled", deleted=True,
             update_time=f"{START + 310}000"),
        text(7, START + 320, BOT, "自动提醒"),
        item(8, START + 330, WANG, {"image_key": "img_x"}, "image"),
        text(9, START + 340, LI, "话题", thread_id="omt_1"),
        text(10, START + 350, WANG, "在话题里", thread_id="omt_1", root_id=om(9), parent_id=om(9)),
        text(11, START + 360, LI, "@_all 开会"),
    ]  # fmt: skip
    heard = [
        came("added", START + 500, HAN, "韩梅梅", LI),
        came("deleted", START + 900, HAN, "韩梅梅", HAN),
    ]
    return {
        "messages_1.json": page(said),
        "members.json": members((LI, "李雷"), (WANG, "王芳")),
        f"reactions_{om(2)}.json": page([reaction(WANG, "THUMBSUP", START + 70)]),
        "events.jsonl": "\n".join(heard) + "\n",
    }
