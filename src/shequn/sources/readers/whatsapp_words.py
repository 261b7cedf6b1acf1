"""What WhatsApp itself writes into a chat, in English and Chinese: placeholders and system lines."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Beside the kinds of the contract: a line that is no message, and one of WhatsApp's own, marked by
# it, whose wording is not known.
NOTICE, APP = "notice", "app"
LRM = "\u200e"
_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile("[\u00a0\u2009\u202f \t]+")
YOU = frozenset({"you", "you're", "您", "你", "我"})

# Text with one of these ends or beginnings may be WhatsApp's own; all other text is not looked at.
ENDS = (
    ">", ")", "）", "omitted", "忽略", "省略", "略去", "略過", "略过", "shared", "删除", "刪除",
    "deleted", "deleted.", "message", "message.", "除。",
)  # fmt: skip
STARTS = (
    "location: ", "Location: ", "位置", "地点", "地點", "POLL", "投票", "Missed ", "未接",
    "Voice call", "Video call", "语音通话", "視訊通話", "语音電話", "视频通话", "語音通話",
    "共享实时", "Messages and calls", "消息和通话", "訊息和通話", "訊息與通話", "This message was",
    "Waiting for this message",
)  # fmt: skip
FIRSTS, LASTS = frozenset(s[:2] for s in STARTS), frozenset(e[-1] for e in ENDS)

_EDITED = re.compile(
    r" ?<(?:This message was edited|(?:这条|此|該|该|這則|這條)?(?:消息|訊息)"
    r"(?:已经过|已經過|已被|已)(?:编辑|編輯))>$"
)
_THINGS = {
    "image": "image", "photo": "image", "gif": "image", "图片": "image", "图像": "image",
    "照片": "image", "圖片": "image", "圖像": "image", "相片": "image", "gif 动态图": "image",
    "gif 圖片": "image", "video": "video", "video note": "video", "视频": "video",
    "影片": "video", "视讯": "video", "audio": "voice", "voice message": "voice",
    "音频": "voice", "音訊": "voice", "语音": "voice", "語音": "voice", "语音消息": "voice",
    "sticker": "sticker", "贴图": "sticker", "貼圖": "sticker", "document": "file",
    "文件": "file", "文档": "file", "檔案": "file", "contact card": "share",
    "联系人卡片": "share", "聯絡人卡片": "share", "名片": "share", "location": "share",
    "media": "other", "多媒体": "other", "媒体": "other", "多媒体文件": "other",
    "影音内容": "other", "多媒體檔": "other", "多媒體檔案": "other", "view once message": "other",
    "view once voice message": "voice", "view once photo": "image", "view once video": "video",
}  # fmt: skip
_NAMES = "|".join(sorted(map(re.escape, _THINGS), key=len, reverse=True))
_OMITTED = re.compile(
    rf"<?(?:({_NAMES}) omitted"
    rf"|({_NAMES}) ?(?:已被|已|被)?(?:忽略|省略|略去|略過|略过)"
    rf"|已?(?:忽略|省略|略去|略過|略过)({_NAMES}))>?",
    re.IGNORECASE,
)
_OMITTED_LAST = re.compile(  # a document has its own name before
    r"(?:document omitted|(?:文件|文档|檔案)已(?:忽略|省略|略去))$"
)
_ATTACHED = re.compile(
    r"<(?:attached|附件) ?[:：] ?([^<>\n]{1,300})>"
    r"|^([^\n]{1,250}\.\w{2,5}) ?[(（](?:file attached|文件附件|檔案附件|附件|已附加檔案)[)）]$"
)
_BY_ENDING = {
    **dict.fromkeys(("jpg", "jpeg", "png", "heic", "gif", "bmp"), "image"),
    **dict.fromkeys(("opus", "m4a", "aac", "mp3", "ogg", "amr", "wav"), "voice"),
    **dict.fromkeys(("mp4", "mov", "3gp", "avi", "mkv"), "video"),
    "webp": "sticker",
    "vcf": "share",
}
_DELETED = re.compile(
    r"(?:(?P<any>This message was deleted(?: by [^\n]{1,100})?"
    r"|(?:此|该|該|这条|這則|這條)(?:消息|訊息|信息)已(?:被[^\n]{0,100})?(?:删除|刪除))"
    r"|(?P<own>You deleted this message(?: as admin)?"
    r"|(?:您|你)已?(?:删除|刪除)了?(?:此|该|這則|这条|這條|这个|這個)(?:消息|訊息|信息)))[.。]?"
)
_CALL = re.compile(
    r"(?:Missed (?:group )?(?:voice|video) call|(?:Voice|Video) call[,.•]"
    r"|未接(?:群组|群組)?(?:语音|视频|語音|視訊|視像|来电|來電)|(?:语音|视频|語音|視訊)(?:通话|通話|電話)[，,.。•])"
    r"[^\n]{0,60}"
)
_PLACE = re.compile(
    r"(?:location|位置|地点|地點) ?[:：] ?https?://\S+|live location shared|共享实时位置"
    r"|實時位置已分享",
    re.IGNORECASE,
)
_POLL = re.compile(r"(?:POLL|投票) ?[:：]")
_ENCRYPTED = re.compile(
    r"Messages and calls are end-to-end encrypted|(?:消息|訊息)(?:和|與|与)(?:通话|通話)"
    r"[^\n]{0,20}(?:端到端|端对端|端對端)"
)
# In a line of WhatsApp's own this shows that the chat is one of a group.
OF_GROUP = re.compile("group|community|群|社区|社區|社群", re.IGNORECASE)
_WAITING = re.compile(r"Waiting for this message|正在等待此消息|正在等待此訊息")


def plain(text: str) -> str:
    """Return a name or a system line without marks of direction, and with plain spaces."""
    return _SPACES.sub(" ", _MARKS.sub("", text)).strip()


def clean(line: str) -> tuple[str, bool]:
    """Return a line of a message without WhatsApp's marks, and whether one said it was edited."""
    line = line.replace(LRM, "")
    if line.endswith(">") and (found := _EDITED.search(line)):
        return line[: found.start()], True
    return line, False


def kind_of(text: str, marked: bool) -> tuple[str, str]:
    """Return the kind of a message's first line, and what of it its author wrote.

    Parameters
    ----------
    text
        From `clean`.
    marked
        Whether it came with WhatsApp's own mark (U+200E).
    """
    stripped = text.strip()
    if found := _OMITTED.fullmatch(stripped):
        word = found[1] or found[2] or found[3]
        return _THINGS[word.lower()], ""
    if found := _ATTACHED.search(stripped):
        return _attached(found[1] or found[2]), stripped[: found.start()].strip()
    if _DELETED.fullmatch(stripped):
        return "recall", ""
    if marked and _OMITTED_LAST.search(stripped):
        return "file", ""
    if _CALL.fullmatch(stripped):
        return "call", ""
    if _PLACE.match(stripped):
        return "share", ""
    if _POLL.match(stripped):
        return "poll", text
    if _ENCRYPTED.match(stripped):
        return NOTICE, ""
    if _WAITING.match(stripped):
        return "other", ""
    return (APP if marked else "text"), text


def more(line: str, kind: str) -> tuple[str, str]:
    """Return kind and text of a further line of a message, given the kind so far."""
    text, _ = clean(line)
    if LRM in line and kind == "text":
        other, rest = kind_of(text, True)
        if other not in ("text", APP, NOTICE, "recall"):
            return other, rest
    return kind, text


def by_exporter(text: str) -> bool:
    """Tell whether a message says that the exporter deleted it: then its author is the exporter."""
    found = _DELETED.fullmatch(text.strip())
    return found is not None and found["own"] is not None


def _attached(name: str) -> str:
    if "-GIF-" in name:
        return "image"
    return _BY_ENDING.get(name.rpartition(".")[2].strip().lower(), "file")


class Said(NamedTuple):
    """What a system line says: the action, who did it, to whom (as written), and how."""

    action: str  # join, leave, kick, role, number, create, or notice
    actor: str | None = None
    whom: str | None = None
    method: str | None = None


_G = r"(?:此|该|該|本|这个|這個)?(?:群组|群組|群聊|群|社群)"
_TEL = r"(?:电话|電話)?(?:号码|號碼)?"
_P = r"(?P<a>.{1,200}?)"
_Q = r"(?P<b>.{1,2000}?)"
_ALWAYS = [  # lines about no membership: looked at first, since "removed the description" is one
    r"(?:Messages (?:and|to|you|are|in)|Your (?:messages|chats|security code)|Chats with|"
    r"This (?:chat|business|account|group|community|message)|Disappearing messages|New members need|"
    r"Only (?:admins|messages|people)|Anyone |All members|The (?:group|message|admin) |"
    r"You(?:'re| are) (?:now|no longer) |"
    r"You (?:blocked|unblocked|can|can't|may|pinned|turned|deleted)) ?.*",
    rf"{_P} (?:added|removed|linked|unlinked) th(?:is|e|ese) (?:group|chat|community)s?\b.*",
    rf"{_P} (?:changed|updated|deleted|removed|reset|turned|set|pinned|unpinned|started|ended|"
    r"edited|allowed|restricted|enabled|disabled|suspended|closed|reopened|cancelled) "
    r"(?:the|this|that|their|a|an|on|off|admin|disappearing|default|group|message|messages|your)\b.*",
    rf"{_P}(?:'s|’s) security code (?:has )?changed.*",
    rf"{_P} (?:is (?:a|in your) contacts?|is no longer .*|was (?:suspended|invited).*|requested to join.*"
    r"|invited .*|blocked .*|cancelled .*|renamed .*)",
    r".*(?:端到端|端对端|端對端|安全码|安全碼|安全代码|安全代碼|限时消息|限時訊息|阅后即焚|閱後即焚|自动销毁"
    r"|企业账户|企業帳戶|商业账户|商業帳戶|商家|已屏蔽|已封鎖|联系人|聯絡人|已成为|广告|廣告).*",
    rf"{_P}(?:更改|修改|变更|變更|更換|更换|删除|刪除|移除|重设|重設|重置|置顶|置頂|开启|開啟|关闭|關閉|更新|设置|設定)了?"
    rf"(?:.*?)(?:主题|主題|主旨|名称|名稱|图标|圖標|圖示|头像|頭像|描述|说明|說明|简介|簡介|设置|設定|链接|連結|消息|訊息|审批|審核|权限|權限).*",
    rf"{_P}?(?:将|將|把)?(?:群组|群組|群)?(?:主题|主題|主旨|名称|名稱|群名).{{0,400}}(?:改为|改為|改成|更改为|更改為).*",
    rf"{_P}(?:更改|更换|更換|变更|變更)了?(?:自己的|他们的|他的|她的|其)?(?:电话|電話|手机|手機)?(?:号码|號碼)[。，,].*",
    rf"{_P}将自己的电话号码更改为新号码.*",
    rf"{_P}(?:请求|請求|申请|申請)加入.*",
]
_RULES: list[tuple[str, str | None, str]] = [
    ("create", None, rf"{_P} created (?:the |this )?(?:group|community)\b.*"),
    ("join", "link", rf"{_P} joined (?:using|via|through|with) .*"),
    ("join", "request", rf"{_P} joined (?:by request|after .*approv.*)\.?"),
    ("join", None, rf"{_P} joined(?: (?:the|this|from|in) .*)?\.?"),
    ("approve", "request", rf"{_P} (?:accepted|approved) {_Q}(?:'s|’s)? (?:join )?request.*"),
    ("join", None, r"(?P<b>.{1,2000}?) (?:was|were|has been) added(?: (?:to|by) .*)?\.?"),
    ("join", "invite", rf"{_P} added {_Q}(?: to (?:the|this) (?:group|community))?\.?"),
    ("kick", None, r"(?P<b>.{1,2000}?) (?:was|were|has been) removed(?: (?:from|by) .*)?\.?"),
    ("kick", None, rf"{_P} removed {_Q}(?: from (?:the|this) (?:group|community))?\.?"),
    ("leave", None, rf"{_P} left(?: (?:the|this) (?:group|community))?\.?"),
    ("role", "admin", rf"{_P} made {_Q} (?:an )?(?:group |community )?admins?\.?"),
    ("role", "admin", r"(?P<b>.{1,200}?) (?:is|are) now (?:an |group )?admins?\.?"),
    ("number", None, rf"{_P} changed their (?:phone )?number from .* to (?P<b>\+[\d ()-]{{6,30}})\.?.*"),
    ("number", None, rf"{_P} changed (?:their (?:phone )?number )?to (?P<b>.{{1,200}}?)\.?"),
    ("number", None, rf"{_P} ?(?:已|将|將)?(?:自己的)?{_TEL}(?:更换|更換|更改|变更|變更|改)了?{_TEL}"
     r"[为為成] ?(?P<b>\+[\d ()-]{6,30})。?"),
    ("create", None, rf"{_P} ?已?(?:创建|創建|建立)了?{_G}.*"),
    ("join", "link", rf"{_P} ?已?(?:使用|通过|通過|透過|利用|用|点击|點擊).{{0,40}}?"
     r"(?:链接|連結|鏈接|邀请|邀請|二维码).{0,4}加入.*"),
    ("join", None, rf"{_P} ?已?(?:从|從).{{1,100}}加入.*"),
    ("join", None, r"(?P<b>.{1,2000}?) ?已?被(?:.{1,100}?)?(?:添加|加入|新增).*"),
    ("join", "invite", rf"{_P} ?已?(?:将|將|把) ?{_Q} ?(?:添加|加入|新增)(?:到|至|进|進)?了?{_G}?。?"),
    ("join", "invite", rf"{_P} ?已?(?:邀请|邀請) ?{_Q} ?加入了?{_G}?。?"),
    ("join", None, rf"{_P} ?已?加入了?{_G}。?"),
    ("join", "invite", rf"{_P} ?已?(?:添加|新增|加入)了? ?{_Q}。?"),
    ("kick", None, rf"(?P<b>.{{1,2000}}?) ?已?被 ?{_P}?? ?(?:移除|移出|踢出|删除|刪除){_G}?。?"),
    ("kick", None, rf"{_P} ?已?(?:将|將|把) ?{_Q} ?"
     rf"(?:移除|移出|踢出|[从從]{_G}中?(?:移除|移出|删除|刪除))了?{_G}?。?"),
    ("kick", None, rf"{_P} ?已?(?:移除|移出|踢出)了? ?{_Q}。?"),
    ("leave", None, rf"{_P} ?已?(?:退出|离开|離開)了?{_G}?。?"),
]  # fmt: skip
_SAID_ALWAYS = [re.compile(p, re.IGNORECASE | re.DOTALL) for p in _ALWAYS]
_SAID = [(action, method, re.compile(p, re.DOTALL)) for action, method, p in _RULES]
_MOST = 1500  # a longer line is nothing that WhatsApp writes
# A speaker's "name" that has these words may be a system line with a colon further on.
COLON_LINE = re.compile(
    r" created (?:the |this )?(?:group|community)\b| changed (?:the|this) | added this group to "
    r"| updated the |(?:创建|創建|建立)了?(?:群组|群組|群)"
    r"|(?:主题|主題|主旨|名称|名稱|描述|说明|說明).{0,100}(?:改|[“\"「])"
)


@lru_cache(maxsize=4096)
def said(line: str) -> Said | None:
    """Return what a system line (from `plain`) says, or None where its wording is not known."""
    if len(line) > _MOST:
        return None
    create = _SAID[0][2].fullmatch(line) or _ZH_CREATE.fullmatch(line)
    if create:
        return Said("create", create["a"])
    if not _ADMIN.fullmatch(line):
        for pattern in _SAID_ALWAYS:
            if found := pattern.fullmatch(line):
                return Said("notice", found.groupdict().get("a"))
    for action, method, pattern in _SAID:
        if found := pattern.fullmatch(line):
            groups = found.groupdict()
            return Said(action, groups.get("a"), groups.get("b"), method)
    if _CALL.fullmatch(line) or _ZH_NOTICE.search(line):
        return Said("notice")
    return None


_ZH_CREATE = next(p for action, _, p in _SAID if action == "create" and "创建" in p.pattern)
_ADMIN = re.compile(r".{1,200}? (?:is|are) now (?:an |group )?admins?\.?")
_ZH_NOTICE = re.compile("管理员|管理員|电话号码|電話號碼|消息|訊息|通话|通話")
