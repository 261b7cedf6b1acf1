"""Writes QQ exports by the documented grammar: the message manager's text, and QCE's JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

RULE = "=" * 64
TITLE = "消息记录（此消息记录为文本格式，不支持重新导入）"
SYSTEM, GROUP_SYSTEM = "系统消息(10000)", "系统消息(1000000)"

# Local time, who, body.
Line = tuple[str, str, str]


def chat(name: str, said: Iterable[Line], sort: str = "我的群聊") -> str:
    """Return the part of a text that holds one chat."""
    head = f"{RULE}\n消息分组:{sort}\n{RULE}\n消息对象:{name}\n{RULE}\n\n"
    return head + "".join(f"{when} {who}\n{body}\n\n" for when, who, body in said)


def text(*chats: str, ends: str = "\r\n") -> str:
    """Return a text of one or several chats, as Windows writes it."""
    return (f"{TITLE}\n\n" + "".join(chats)).replace("\n", ends)


def sender(uin: str, name: str, **more: Any) -> dict[str, Any]:
    """Return a sender of QCE; the uid is made of the number."""
    return {"uid": f"u_{uin}xyz", "uin": uin, "name": name, "nickname": name, **more}


def iso(ts: int) -> str:
    """Return a time as version 4 writes it."""
    return dt.datetime.fromtimestamp(ts, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def record(number: int, ts: int, who: dict[str, Any], words: str, **more: Any) -> dict[str, Any]:
    """Return a message of version 5: milliseconds, ``id``, elements."""
    return {
        "id": f"75{number:017}",
        "seq": str(number),
        "timestamp": ts * 1000,
        "time": iso(ts),
        "sender": who,
        "type": "text",
        "content": {
            "text": words,
            "html": "",
            "elements": [{"type": "text", "data": {"text": words}}],
            "resources": [],
            "mentions": [],
        },
        "recalled": False,
        "system": False,
        **more,
    }


def gray(
    number: int, ts: int, words: str, tip: dict[str, Any] | None = None, who: str = "0"
) -> dict[str, Any]:
    """Return a grey line of version 5."""
    data = {"subType": 4, "text": words, "summary": words, "originalData": tip or {}}
    return record(
        number, ts, {"uid": "", "uin": who, "name": "未知用户"}, words, type="system", system=True,
        content={"text": words, "html": "", "elements": [{"type": "system", "data": data}]},
    )  # fmt: skip


def old_record(
    number: int, ts: int, who: dict[str, Any], words: str, **more: Any
) -> dict[str, Any]:
    """Return a message of version 4 as it streams: ISO time, ``messageId``, raw names beside it."""
    return {
        "messageId": f"75{number:017}",
        "timestamp": iso(ts),
        "sender": {"uid": who["uid"], "uin": who["uin"], "name": who["name"]},
        "messageType": 2,
        "isSystemMessage": False,
        "isRecalled": False,
        "content": {"text": words, "resources": []},
        "rawMessage": {"sendNickName": who["name"], "sendMemberName": ""},
        **more,
    }


def info(name: str, kind: str = "group") -> dict[str, Any]:
    """Return what QCE says of a chat."""
    return {"name": name, "type": kind, "selfUid": "u_10001xyz", "selfUin": "10001"}


def export(name: str, said: Iterable[dict[str, Any]], kind: str = "group", **more: Any) -> str:
    """Return one object of JSON."""
    whole = {
        "metadata": {"name": "QQChatExporter V5", "version": "5.0.0"},
        "chatInfo": info(name, kind),
        "statistics": {"totalMessages": 0, "senders": []},
        "messages": list(said),
        **more,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2)


def chunked(name: str, parts: list[list[dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    """Yield the files of an export in chunks of lines."""
    manifest = {
        "metadata": {"name": "QCE", "version": "5.5.0", "format": "chunked-jsonl",
                     "exportTime": "2024-06-01T00:00:00.000Z"},
        "chatInfo": info(name),
        "chunked": {"format": "jsonl", "chunksDir": "chunks",
                    "chunks": [{"fileName": f"chunk_{n:04}.jsonl"} for n in range(1, len(parts) + 1)]},
    }  # fmt: skip
    yield "manifest.json", json.dumps(manifest, ensure_ascii=False)
    for n, part in enumerate(parts, 1):
        lines = [json.dumps(m, ensure_ascii=False) for m in part]
        yield f"chunks/chunk_{n:04}.jsonl", "\n".join(lines) + "\n"


LI, WANG = sender("10001", "李雷"), sender("10002", "王芳", groupCard="王芳-产品")
START = 1_704_067_200  # 2024-01-01T00:00:00Z


def example() -> dict[str, str | bytes]:
    """Return one text and one export of QCE, of two groups, that show all there is to see."""
    told = [
        ("2024-01-02 8:00:00", "【群主】李雷(10001)", "欢迎 welcome"),
        ("2024-01-02 8:00:05", GROUP_SYSTEM, "李雷邀请韩梅梅加入了群聊。"),
        ("2024-01-02 8:01:00", "韩梅梅(10003)", "大家好\n\n我是梅梅"),
        ("2024-01-02 8:02:00", "Tom<tom@example.com>", "[图片]"),
        ("2024-01-02 8:03:00", "【管理员】王芳(10002)", "@韩梅梅 看群文件"),
        ("2024-01-02 8:04:00", SYSTEM, "王芳撤回了一条消息"),
        ("2024-01-03 9:00:00", GROUP_SYSTEM, "韩梅梅退出了本群。"),
    ]
    answer = record(3, START + 60, WANG, "好的")
    answer["content"]["elements"].insert(
        0, {"type": "reply", "data": {"referencedMessageId": f"75{1:017}", "content": "开会"}}
    )
    mentions = record(5, START + 80, LI, "@王芳-产品 记一下")
    mentions["content"]["mentions"] = [{"uid": "u_10002xyz", "name": "王芳-产品", "type": "user"}]
    xml = (
        '<gtip align="center"><qq uin="u_10001xyz" col="3" jp="10001" /><nor txt="邀请"/>'
        '<qq uin="u_10009xyz" col="3" jp="10009" /> <nor txt="加入了群聊。"/> </gtip>'
    )
    said = [
        record(1, START, LI, "三点开会"),
        gray(2, START + 30, "系统提示", {"subElementType": 12, "xmlElement": {"content": xml}}),
        answer,
        record(4, START + 70, LI, "发错了", recalled=True),
        mentions,
    ]
    return {
        "读书会.txt": text(chat("读书会", told)),
        "group_789.json": export("产品群", said),
    }
