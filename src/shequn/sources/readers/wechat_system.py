"""What a grey line in a WeChat group says: who joined, by whom, who was removed, who took back.

The lines are the client's own sentences, Chinese or English, with display names in them; newer
databases hold a template in XML with the ids of the people beside it. Names may hold quotation
marks and ``、``, so a sentence may be read in more than one way: every way is returned, and
`shequn.sources.readers.wechat_grey` takes the one whose names are known. Other platforms say much the same
without the quotation marks; that is read too, where asked for.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

JOIN, KICK, LEAVE, ROLE = "join", "kick", "leave", "role"
RECALL, PAT, OTHER = "recall", "pat", "other"


@dataclass(frozen=True)
class Party:
    """Somebody in a sentence: by name, by id where the line gives one, or the exporter (``you``).

    Where ``listed``, the name may be several, joined by ``、`` or a comma.
    """

    name: str = ""
    wxid: str = ""
    you: bool = False
    listed: bool = False


@dataclass(frozen=True)
class Way:
    """One way to read a sentence: who did it, and to whom."""

    actor: Party | None
    subjects: tuple[Party, ...]


@dataclass(frozen=True)
class Notice:
    """A grey line: what happened (``join`` …), how (``invite``, ``qr``), and the ways to read it."""

    action: str
    method: str
    ways: tuple[Way, ...]


YOU = Party(you=True)
_YOU_WORDS = frozenset({"你", "您", "我", "自己", "you", "yourself", "me"})
_MOST = 4000  # characters; the longest honest line lists some hundred invited people
_MOST_XML = 1 << 16
_WAYS = 4
_OPEN, _CLOSE = '"“「『＂', '"”」』＂'
_TAG = re.compile(r"</?(?:img|a|_wc_custom_link_)\b[^<>]{0,500}>")
_BUTTONS = ("撤销", "重新编辑", "revoke", "undo", "re-edit", "$revoke$")  # behind the sentence
_ALSO_THERE = (("群聊参与人", ""), (" to a group chat with ", " to a group chat"))
_COMMA = re.compile(r"\s*、\s*|,\s+")

Rule = tuple[str, str, str, str, tuple[str, ...]]
# action, method, order, words between, words at the end. Order: a is who did it, s to whom; y at
# the end says that the exporter did it; * that anything may follow. The first that fits counts.
_RULES: tuple[Rule, ...] = (
    (JOIN, "qr", "sa", "通过扫描", ("分享的二维码加入群聊", "分享的二维码加入了群聊")),
    (JOIN, "qr", "sa", "通过", ("的邀请二维码加入群聊", "的邀请二维码加入了群聊")),
    (JOIN, "qr", "s", "", ("通过扫描二维码加入群聊", "通过扫描二维码加入了群聊")),
    (JOIN, "invite", "as", "邀请", ("加入了群聊", "加入群聊")),
    (JOIN, "", "s", "", ("加入了群聊", "加入群聊")),
    (KICK, "", "as", "将", ("移出了群聊", "移出群聊")),
    (KICK, "", "s", "", ("已被移出群聊", "被移出了群聊", "被移出群聊")),
    (KICK, "", "sa", "被", ("移出了群聊", "移出群聊")),
    (LEAVE, "", "s", "", ("已退出了群聊", "退出了群聊", "已退出群聊", "退出群聊")),
    (ROLE, "", "s", "", ("已成为新群主", "成为新群主")),
    (RECALL, "", "as", "撤回了成员", ("的一条消息", "的消息")),
    (RECALL, "", "a", "", ("撤回了一条成员消息", "撤回了一条消息", "撤回一条消息", "收回了一則訊息")),
    (PAT, "", "as*", "拍了拍", ()),
    (OTHER, "", "a*", "修改群名为", ()),
    (JOIN, "qr", "sa", " joined the group chat via the qr code shared by ", ("",)),
    (JOIN, "qr", "sa", " joined group chat via the qr code shared by ", ("",)),
    (JOIN, "qr", "sy", "", (" joined group chat via the qr code you shared",)),
    (JOIN, "qr", "sy", "", (" joined the group chat via the qr code you shared",)),
    (JOIN, "qr", "s", "", (" joined the group chat via qr code", " joined group chat via qr code")),
    (JOIN, "invite", "as", " invited ", (" to the group chat", " to a group chat")),
    (JOIN, "", "s", "", (" joined the group chat", " joined group chat")),
    (KICK, "", "as", " removed ", (" from the group chat",)),
    (KICK, "", "sa", " were removed from the group chat by ", ("",)),
    (KICK, "", "sa", " was removed from the group chat by ", ("",)),
    (LEAVE, "", "s", "", (" left the group chat",)),
    (RECALL, "", "a", "", (" has recalled a message", " recalled a message")),
    (PAT, "", "as*", " tickled ", ()),
    (PAT, "", "as*", " nudged ", ()),
    (OTHER, "", "a*", " changed the group name to ", ()),
)  # fmt: skip
_THIS_GROUP = re.compile("(?:本群|该群|群组)$")
_BARE_RULES: tuple[Rule, ...] = (
    (JOIN, "link", "s", "", (" joined using this group's invite link",)),
    (JOIN, "invite", "as", " added ", ("",)),
    (KICK, "", "as", " removed ", ("",)),
    (JOIN, "", "s", "", (" joined the server", " joined the group", " joined")),
    (LEAVE, "", "s", "", (" left the server", " left the group", " left")),
)


def read_notice(text: str, *, bare: bool = False) -> Notice | None:
    """Return what a grey line says; None where it is none of the known sentences.

    Parameters
    ----------
    text
        The line.
    bare
        Whether names stand without quotation marks, as on QQ and most other platforms.
    """
    if "<sysmsg" in text and not bare:
        return _read_xml(text)
    if len(text) > _MOST:
        return None
    if bare:
        return _read_sentence(
            _THIS_GROUP.sub("群聊", _trim(text)), (*_RULES, *_BARE_RULES), bare=True
        )
    return _read_sentence(_TAG.sub("", text))


def _read_sentence(
    text: str, rules: Iterable[Rule] = _RULES, *, bare: bool = False
) -> Notice | None:
    text = _trim(text)
    for words, kept in _ALSO_THERE:
        if (at := text.lower().find(words)) > 0:
            text = _trim(text[:at] + kept)
    small = text.lower()
    if len(small) != len(text):  # a letter whose lower case is longer: İ
        small = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    for action, method, order, between, ends in rules:
        ways = tuple(dict.fromkeys(_ways(text, small, order, between, ends, bare=bare)))
        if ways:
            return Notice(action, method, ways)
    return None


def _trim(text: str) -> str:
    """Return a sentence without its full stop and the buttons behind it."""
    while True:
        text = text.strip(" \t\r\n\u3000.。，,")
        button = next((b for b in _BUTTONS if text.lower().endswith(b)), None)
        if button is None:
            return text
        text = text[: -len(button)]


def _ways(
    text: str, small: str, order: str, between: str, ends: tuple[str, ...], *, bare: bool
) -> Iterator[Way]:
    """Yield the ways in which a rule reads a sentence."""
    foreign = bare or (between or ends[0]).isascii()  # English: names without quotation marks
    if not ends:
        if (at := small.find(between)) > 0 and (actor := _party(text[:at], foreign)):
            rest = _first(text[at + len(between) :], foreign) if "s" in order else None
            yield Way(actor, (rest,) if rest else ())
        return
    end = next((e for e in ends if small.endswith(e)), None)
    if end is None:
        return
    body, small = text[: len(text) - len(end)], small[: len(small) - len(end)]
    if not between:
        if order == "a":
            if actor := _party(body, foreign):
                yield Way(actor, ())
        elif subjects := _subjects(body, foreign, method_is_sole=True):
            yield Way(YOU if order == "sy" else None, subjects)
        return
    at = -1
    for _ in range(_WAYS):
        at = small.find(between, at + 1)
        if at < 0:
            return
        left, right = body[:at], body[at + len(between) :]
        who, whom = (left, right) if order == "as" else (right, left)
        if (actor := _party(who, foreign)) and (subjects := _subjects(whom, foreign)):
            yield Way(actor, subjects)


def _quoted(text: str) -> str | None:
    if len(text) > 2 and text[0] in _OPEN and text[-1] in _CLOSE:
        return text[1:-1].strip() or None
    return None


def _party(text: str, foreign: bool) -> Party | None:
    text = text.strip()
    if text.lower() in _YOU_WORDS:
        return YOU
    name = _quoted(text) or (text if foreign else None)
    return Party(name) if name else None


def _subjects(text: str, foreign: bool, method_is_sole: bool = False) -> tuple[Party, ...]:
    """Return the people a sentence is about, the last of whom may be a list."""
    text = text.strip()
    if text.lower() in _YOU_WORDS:
        return (YOU,)
    both = next((b for b in ("你和", "you and ") if text.lower().startswith(b)), None)
    if both:
        rest = _subjects(text[len(both) :], foreign)
        return (YOU, *rest) if rest else ()
    name = _quoted(text) or (text if foreign else None)
    # "A"邀请"B" as the subject of 加入了群聊 alone would be one odd name.
    if not name or (method_is_sole and '"邀请"' in name):
        return ()
    return (Party(name.replace('"、"', "、").replace("”、“", "、"), listed=True),)


def _first(text: str, foreign: bool) -> Party | None:
    """Return who is named at the beginning of what may go on in any words."""
    text = text.strip()
    if text[:1] in _OPEN and text:
        ends = [at for c in _CLOSE if (at := text.find(c, 1)) > 0]
        return Party(text[1 : min(ends)].strip()) if ends and text[1 : min(ends)].strip() else None
    for word in ("你", "我", "自己", "you", "me", "yourself"):
        if text.lower().startswith(word):
            return YOU
    return Party(text) if foreign and text else None


def parts(name: str) -> list[str]:
    """Return the names of a list, which may be parts of names that hold its separator."""
    return [part for part in _COMMA.split(name) if part]


def _read_xml(text: str) -> Notice | None:
    """Read a ``sysmsg``: a sentence with places, and the people of each place."""
    start, end = text.find("<sysmsg"), text.rfind("</sysmsg>")
    whole = text[start : end + len("</sysmsg>")]
    # No document type, no entities (expat refuses them behind the root, too).
    if end < start or len(whole) > _MOST_XML or re.search("<!(?:DOCTYPE|ENTITY)", whole, re.I):
        return None
    try:
        root = ET.fromstring(whole)
    except (ET.ParseError, ValueError):  # ValueError: a lone surrogate
        return None
    if root.get("type") == "pat":
        who, whom = _text(root, "fromusername"), _text(root, "pattedusername")
        subjects = (Party(wxid=whom),) if whom else ()
        return Notice(PAT, "", (Way(Party(wxid=who), subjects),)) if who else None
    sentence = next(
        filter(None, (_text(root, t) for t in ("template", "plain", "replacemsg", "content"))), ""
    ) or _text(root, "text")
    notice = _read_sentence(_TAG.sub("", sentence))
    if notice is None:
        return None
    places = {
        f"${link.get('name')}$": [
            Party(_text(member, "nickname"), _text(member, "username"))
            for member in link.iter("member")
        ]
        for link in root.iter("link")
        if link.get("name")
    }
    # The older kind has the sentence as it is shown, and the ids of those who joined behind it.
    ids = [(e.text or "").strip() for e in root.iterfind(".//link/memberlist/username")]
    return replace(notice, ways=tuple(_fill(way, places, ids) for way in notice.ways))


def _fill(way: Way, places: dict[str, list[Party]], ids: list[str]) -> Way:
    """Put the people of a template into their places."""
    actor = way.actor
    if actor and actor.name in places:
        actor = next(iter(places[actor.name]), None)
    subjects: list[Party] = []
    for subject in way.subjects:
        if subject.name in places:
            subjects += places[subject.name]
        elif subject.listed and ids and len(names := parts(subject.name)) == len(ids):
            subjects += [Party(n, i) for n, i in zip(names, ids, strict=True)]
        elif len(ids) == 1 and subject.listed:
            subjects.append(Party(subject.name, ids[0]))
        else:
            subjects.append(subject)
    return Way(actor, tuple(subjects))


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(f".//{tag}") or "").strip()
