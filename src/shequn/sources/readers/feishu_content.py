"""What a Feishu message says: its kind, and its text as members read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

KINDS = {
    "text": "text", "post": "text", "image": "image", "file": "file", "folder": "file",
    "audio": "voice", "media": "video", "video": "video", "sticker": "sticker",
    "interactive": "share", "share_chat": "share", "share_user": "share", "location": "share",
    "todo": "share", "calendar": "share", "share_calendar_event": "share",
    "general_calendar": "share", "merge_forward": "forward", "hongbao": "redpacket",
    "video_chat": "call", "vote": "poll", "system": "system",
}  # fmt: skip
_MOST = 1 << 20  # characters of a body: no message has more
_LINES = 5000


def content_of(body: Any) -> dict[str, Any]:
    """Return the content of a message, which is JSON in a string; empty where it is none."""
    text = body.get("content") if isinstance(body, dict) else body
    if isinstance(text, str) and len(text) <= _MOST:
        try:
            text = json.loads(text)
        except (ValueError, RecursionError):
            return {}
    return text if isinstance(text, dict) else {}


def words_of(kind: str, content: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return what somebody wrote; of a card or file, nothing.

    Parameters
    ----------
    kind
        Type of the message, as Feishu calls it.
    content
        From `content_of`.
    names
        What stands in the text for people -> ``@`` and their names.
    """
    if kind == "text":
        text = content.get("text")
        text = text if isinstance(text, str) else ""
        if "@_" in text:
            for key in sorted(names, key=len, reverse=True):  # @_user_12 before @_user_1
                text = text.replace(key, names[key])
            text = text.replace("@_all", "@all")
        return text
    return _post(content, names) if kind == "post" else ""


def _post(content: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the text of a rich message; that of its first language, where it has several."""
    if not isinstance(content.get("content"), list):
        content = next((v for v in content.values() if isinstance(v, dict)), {})
    lines = []
    title, rows = content.get("title"), content.get("content")
    if isinstance(title, str) and title:
        lines.append(title)
    for row in (rows if isinstance(rows, list) else [])[:_LINES]:
        parts = (
            [_part(p, names) for p in row if isinstance(p, dict)] if isinstance(row, list) else []
        )
        lines.append("".join(parts))
    return "\n".join(lines).strip()


def _part(part: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if part.get("tag") == "at":
        key, name = part.get("user_id"), part.get("user_name")
        if key in ("all", "@_all", "@all"):
            return "@all"
        known = names.get(key) if isinstance(key, str) else None
        return known or (f"@{name}" if isinstance(name, str) and name else "@")
    text = part.get("text")
    return text if isinstance(text, str) else ""


# Words of the template -> what happened, and how; the first that fits counts.
_TO = "{to_chatters}"
_RULES = (
    ("recall", "", ("recalled", "撤回")),
    (
        "kick",
        "",
        (f"removed {_TO}", "移出", f"移除了 {_TO}", "withdrew the invitation", "撤销了对"),
    ),
    ("join", "invite", (f"invited {_TO}", f"邀请 {_TO}", f"邀请{_TO}", f"added {_TO}")),
    ("role", "", ("group owner", "owner to", "转让", "as group admin", "为群管理员", "为群主")),
    ("join", "qr", ("by scanning", "via qr", "scanned", "二维码")),
    ("join", "link", ("via link", "via the link", "通过链接", "群链接")),
    ("join", "", ("joined", "加入")),
    ("leave", "", ("left the", "退出")),
)


def event_of(template: str) -> tuple[str, str]:
    """Return what a system line tells of, and by which way; empty where it is of no coming or going."""
    small = template.lower()[:2000]
    for action, method, signs in _RULES:
        if any(sign in small for sign in signs):
            return action, method
    return "", ""


def names_in(content: Mapping[str, Any], key: str) -> list[str]:
    """Return the names that stand in a place of a system line."""
    names = content.get(key)
    names = names if isinstance(names, list) else [names]
    return [n for n in names[:1000] if isinstance(n, str) and n]


def filled(content: Mapping[str, Any]) -> str:
    """Return a system line as members read it."""
    template = content.get("template")
    text = template if isinstance(template, str) else ""
    for key in ("from_user", "to_chatters"):
        text = text.replace("{" + key + "}", "、".join(names_in(content, key)))
    return text
