"""Kinds of WeChat messages, by number and by the exporters' Chinese names."""

from __future__ import annotations

(TEXT, IMAGE, VOICE, VIDEO, FILE, STICKER, LINK, REDPACKET, TRANSFER, CALL, SHARE, FORWARD,
 OTHER) = (
    "text", "image", "voice", "video", "file", "sticker", "link", "redpacket", "transfer", "call",
    "share", "forward", "other",
)  # fmt: skip
NOTICE, POKE = "notice", "poke"  # grey lines, whose kind their text tells
GREY = frozenset({NOTICE, POKE})
QUOTE = "quote"  # a text that answers another message

# Column Type of the database; 42 is a name card, 48 a place.
CSV_KINDS = {
    1: TEXT, 3: IMAGE, 34: VOICE, 42: SHARE, 43: VIDEO, 47: STICKER, 48: SHARE, 50: CALL,
    62: VIDEO, 10000: NOTICE, 10002: NOTICE,
}  # fmt: skip
# Column SubType where Type is 49.
CSV_APPS = {
    1: LINK, 3: SHARE, 4: LINK, 5: LINK, 6: FILE, 8: STICKER, 17: SHARE, 19: FORWARD, 24: FORWARD,
    33: SHARE, 36: SHARE, 40: FORWARD, 51: SHARE, 57: QUOTE, 62: POKE, 63: SHARE, 74: FILE,
    87: TEXT, 2000: TRANSFER, 2001: REDPACKET, 2003: REDPACKET,
}  # fmt: skip

# Column or key ``type`` of WeFlow and EchoTrace.
_NAMED = {
    "文本消息": TEXT, "引用消息": QUOTE, "图片消息": IMAGE, "语音消息": VOICE, "视频消息": VIDEO,
    "动画表情": STICKER, "表情消息": STICKER, "文件消息": FILE, "链接消息": LINK, "卡片式链接": LINK,
    "图文消息": LINK, "红包消息": REDPACKET, "红包卡片": REDPACKET, "转账消息": TRANSFER,
    "转账卡片": TRANSFER, "通话消息": CALL, "名片消息": SHARE, "位置消息": SHARE,
    "小程序消息": SHARE, "小程序分享": SHARE, "音乐消息": SHARE, "音乐分享": SHARE,
    "音乐卡片": SHARE, "视频号直播卡片": SHARE, "聊天记录": FORWARD, "聊天记录合并转发": FORWARD,
    "群公告": TEXT, "系统消息": NOTICE, "拍一拍消息": POKE, "拍一拍": POKE,
}  # fmt: skip
# Older versions call many things 其他消息; the text put in their place tells what they are.
_SHOWN = {
    "[红包": REDPACKET, "[转账": TRANSFER, "[文件": FILE, "[链接": LINK, "[图文": LINK,
    "[小程序": SHARE, "[音乐": SHARE, "[视频号": SHARE, "[名片": SHARE, "[位置": SHARE,
    "[聊天记录": FORWARD, "[拍一拍": POKE, "[图片": IMAGE, "[语音": VOICE, "[视频": VIDEO,
    "[动画表情": STICKER, "[表情": STICKER, "[通话": CALL, "[引用": QUOTE, "[系统消息": NOTICE,
}  # fmt: skip


def named_kind(name: str, text: str) -> str:
    """Return the kind for a name of WeFlow or EchoTrace, and the text where the name says little."""
    if kind := _NAMED.get(name):
        return kind
    if "<sysmsg" in text[:200]:
        return NOTICE
    return next((k for start, k in _SHOWN.items() if text.startswith(start)), OTHER)
