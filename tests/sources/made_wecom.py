"""Writes what WeCom's interface groupchat/get answers, by the vendor's documentation."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

CHAT = "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
BOSS, HELPER = "ZhuShengBen", "abel"  # staff
WANG, LI, HAN = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA", "wmOgQhDgAAliLei0001", "wmOgQhDgAAhanMM0002"
MADE = 1_704_067_200  # 2024-01-01T00:00:00Z
DAY = 86400


def member(
    userid: str, joined: int, scene: int = 1, inviter: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return an entry of a list: type 1 is staff, 2 a customer."""
    made: dict[str, Any] = {
        "userid": userid,
        "type": 2 if userid.startswith("wm") else 1,
        "join_time": joined,
        "join_scene": scene,
        **more,
    }
    if inviter:
        made["invitor"] = {"userid": inviter}
    return made


def group(
    listed: Iterable[dict[str, Any]], chat: str = CHAT, name: str = "销售客服群", **more: Any
) -> dict[str, Any]:
    """Return an answer."""
    return {
        "errcode": 0,
        "errmsg": "ok",
        "group_chat": {
            "chat_id": chat,
            "name": name,
            "owner": BOSS,
            "create_time": MADE,
            "notice": "文明沟通",
            "member_list": list(listed),
            "admin_list": [{"userid": HELPER}],
            "member_version": "71217227bbd112ecfe3a49c482195cb4",
            **more,
        },
    }


def answer(listed: Iterable[dict[str, Any]], **more: Any) -> str:
    """Return an answer as JSON."""
    return json.dumps(group(listed, **more), ensure_ascii=False)


def totals() -> str:
    """Return what groupchat/statistic_group_by_day answers."""
    data = {
        "new_chat_cnt": 2, "chat_total": 2, "chat_has_msg": 0, "new_member_cnt": 0,
        "member_total": 6, "member_has_msg": 0, "msg_total": 0,
    }  # fmt: skip
    items = [{"stat_time": MADE, "data": data}]
    return json.dumps({"errcode": 0, "errmsg": "ok", "items": items})


STAFF = [
    member(BOSS, MADE, name="朱生本"),
    member(HELPER, MADE + 60, inviter=BOSS, name="张三丰", group_nickname="客服小张"),
]


def example() -> dict[str, str | bytes]:
    """Return three days of a group: by link and code they come, one leaves and comes again."""
    wang = member(
        WANG, MADE + 3600, 1, HELPER, name="王语嫣", unionid="ozynqsulJFCZ2z1a", state="官网"
    )
    li = member(LI, MADE + 7200, 3, HELPER, name="李雷")
    han = member(HAN, MADE + DAY + 7200, 2, LI, name="韩梅梅 Han")
    again = member(LI, MADE + 2 * DAY + 3600, 3, HELPER, name="李雷")
    return {
        "group_2024-01-01.json": answer([*STAFF, wang, li]),
        "group_2024-01-02.json": answer([*STAFF, wang, han]),
        "group_2024-01-03.json": answer([*STAFF, han, again]),
        "statistic.json": totals(),
    }
