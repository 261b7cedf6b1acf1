"""Writes ChatLab 0.0.2 files by its specification; WeFlow's own were not to be had."""

from __future__ import annotations

import json
from typing import Any

T = 1_700_000_000
ANN, BOB, EVA = "wxid_ann", "wxid_bob", "wxid_eva"
NICK = {ANN: "Anna", BOB: "小波", EVA: "Eva", "qq_gina": "Gina"}


def said(at: int, who: str, content: str | None, kind: Any = 0, **more: Any) -> dict[str, Any]:
    """Return a message."""
    return {
        "sender": who, "accountName": NICK.get(who, who), "timestamp": T + at, "type": kind,
        "content": content, **more,
    }  # fmt: skip


def member(who: str, **more: Any) -> dict[str, Any]:
    """Return a member."""
    return {"platformId": who, "accountName": NICK.get(who, who), **more}


def _head(meta: dict[str, Any]) -> dict[str, Any]:
    known = {"name": "Readers", "platform": "qq", "type": "group", "groupId": "38988"}
    chatlab = {"version": "0.0.2", "exportedAt": T + 10_000, "generator": "by hand"}
    return {"chatlab": chatlab, "meta": {**known, **meta}}


def whole(*messages: dict[str, Any], members: tuple[dict[str, Any], ...] = (), **meta: Any) -> str:
    """Write JSON."""
    return json.dumps(
        {**_head(meta), "members": list(members), "messages": list(messages)}, ensure_ascii=False
    )


def lines(*messages: dict[str, Any], members: tuple[dict[str, Any], ...] = (), **meta: Any) -> str:
    """Write JSON lines."""
    records = [
        {"_type": "header", **_head(meta)},
        *({"_type": "member", **m} for m in members),
        *({"_type": "message", **m} for m in messages),
    ]
    return "# a remark\n" + "\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n"


def example() -> dict[str, str | bytes]:
    """Write an export that shows all that the format can: two groups, in both layouts."""
    people = (
        member(ANN, roles=[{"id": "owner"}], avatar="data:image/jpeg;base64," + "A" * 5000),
        member(BOB, groupNickname="波", aliases=["老板"]), member(EVA),
    )  # fmt: skip
    return {
        "a.json": whole(
            said(0, ANN, "大家好 hello", platformMessageId="1"),
            said(9, ANN, '"Anna"邀请"Eva"加入了群聊', 80, platformMessageId="2"),
            said(10, EVA, "谢谢", platformMessageId="3"),
            said(20, BOB, "同意", 25, platformMessageId="4", replyToMessageId="1"),
            said(30, BOB, "[图片]", 1), said(40, ANN, None, 20),
            said(50, BOB, "你撤回了一条消息", 81), said(60, ANN, "@Eva\u2005 你好"),
            members=people, platform="wechat", ownerId=BOB,
        ),
        "b.jsonl": lines(
            said(5, ANN, "one"), said(8, BOB, "two"), said(9, EVA, "Eva 加入了本群。", 80),
            said(11, EVA, "three"), said(12, "qq_gina", "bye"),
            said(13, "qq_gina", "Gina退出了本群", 80), members=people, groupId="7",
        ),
    }  # fmt: skip
