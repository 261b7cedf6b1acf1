"""What the grey lines of a QQ group say, and who is meant by the names in them.

The lines are the client's own Chinese sentences with display names; QQ NT keeps the ids of some
people beside them. Names are looked up once everything was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shequn.sources.intake import Intake
from shequn.sources.report import Reading

SYSTEM = frozenset(("10000", "1000000"))  # accounts of the client itself
ROLES = {"群主": "owner", "管理员": "admin"}
_MOST = 2000  # characters: a longer line is no sentence of the client
_ME = frozenset(("你", "您", "我"))
# Words that stand where a name would: who it is, is not said.
_OFFICE = frozenset(
    ("管理员", "群主", "群管理员", "系统", "有人", "成员", "新人", "新成员", "欢迎", "")
)
_GROUP = r"(?:本群|群聊|该群|此群|群|讨论组|多人聊天)"
_IN, _OUT = rf"(?:加入|进入|进)了?{_GROUP}", rf"(?:移出|移除|踢出|请出)了?{_GROUP}"
# Action, method, sentence: a is who did it, s whom it is about. The first that fits counts.
_RULES = tuple(
    (action, method, re.compile(sentence, re.DOTALL))
    for action, method, sentence in (
        ("recall", "", r"(?P<a>.+?)\s*撤回了?\s*(?:一条|.{1,60}的).*"),
        ("join", "qr", rf"(?P<s>.+?)\s*通过(?:扫描)?\s*(?P<a>.*?)\s*(?:分享的)?(?:群)?二维码.*?{_IN}.*"),
        ("join", "link", rf"(?P<s>.+?)\s*通过\s*(?P<a>.*?)\s*(?:分享的)?(?:群|邀请)?链接.*?{_IN}.*"),
        ("join", "search", rf"(?P<s>.+?)\s*通过(?:搜索|查找).*?{_IN}.*"),
        ("join", "invite", rf"(?P<a>.+?)\s*邀请\s*(?P<s>.+?)\s*{_IN}.*"),
        ("join", "request", r"(?P<by>.+?)\s*已?(?:同意|通过)了?\s*(?P<s>.+?)\s*的?[加入]群(?:申请|请求).*"),
        ("kick", "", rf"(?P<s>.+?)\s*被\s*(?P<a>.*?)\s*{_OUT}.*"),
        ("kick", "", rf"(?P<a>.+?)\s*[将把]\s*(?P<s>.+?)\s*{_OUT}.*"),
        ("role", "", rf"(?P<s>.+?)\s*(?:已)?(?:成为|被设为|被设置为)了?\s*{_GROUP}?的?新?的?(?:群主|管理员).*"),
        ("leave", "", rf"(?P<s>.+?)\s*(?:已经?)?(?:主动)?(?:退出|离开)了?{_GROUP}.*"),
        ("join", "", r"(?P<s>你)已经是群成员了.*"),
        ("join", "", rf"(?P<s>.+?)\s*(?:已经?)?{_IN}.*"),
    )
)  # fmt: skip
_MARKS = " \t\r\n\u3000\"'“”‘’「」『』"
_NUMBER = re.compile(r"(?P<name>.*)[(（](?P<id>[1-9]\d{4,11})[)）]", re.DOTALL)
_ID = re.compile(r"[1-9]\d{4,11}|u_[\w-]{4,64}", re.ASCII)


@dataclass(frozen=True)
class Notice:
    """What a sentence says: join, leave, kick, role or recall; by whom; of whom."""

    action: str
    method: str
    actor: str
    subjects: str


def read_notice(text: str) -> Notice | None:
    """Return what a grey line says; None where it is none of the known sentences."""
    if len(text) > _MOST:
        return None
    text = text.strip(_MARKS + "。.！!")
    for action, method, sentence in _RULES:
        if found := sentence.fullmatch(text):
            groups = found.groupdict()
            actor = (groups.get("a") or "").strip(_MARKS)
            return Notice(action, method, actor, (groups.get("s") or "").strip(_MARKS))
    return None


@dataclass(frozen=True)
class _Line:
    """A grey line, where it stands, as it is shown and as it is read, and ids by names in it."""

    file: Reading
    row: int
    channel: int
    ts: int
    text: str
    shown: str
    me: str
    sender: str
    ids: Mapping[str, str]


@dataclass
class Notices:
    """Grey lines that wait for the names of everybody."""

    intake: Intake
    unknown: int = 0
    _lines: list[_Line] = field(default_factory=list)
    _raws: list[str] = field(default_factory=list)
    _roles: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(
        self,
        file: Reading,
        row: int,
        channel: int,
        ts: int,
        text: str,
        *,
        me: str = "",
        sender: str = "",
        shown: str | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """Keep a line; ``shown`` is what members see, where the text has ids for names."""
        shown = text if shown is None else shown
        line = _Line(file, row, channel, ts, text[: _MOST + 1], shown, me, sender, ids or {})
        self._lines.append(line)

    def role(self, raw: str, ts: int, role: str) -> None:
        """Note a role that somebody had at a time: the last one counts."""
        self._roles[raw] = max((ts, role), self._roles.get(raw, (0, "")))

    def settle(self) -> None:
        """Put in what the lines say, once everything else was read."""
        for line in self._lines:
            if (notice := read_notice(line.text)) is not None:
                self.intake.open(line.file)
                self._put(line, notice)
        for raw, (_, role) in self._roles.items():
            self.intake.member(raw, role=role)
        n = self.unknown
        self.intake.note(
            f"{n:,} names in system lines lead to nobody known, or to several: those joins and "
            "leaves are not counted.",
            f"系统消息里有 {n:,} 个名字对不上人，或对上好几个人：这些进出没有计入。",
            when=n,
        )

    def _put(self, line: _Line, notice: Notice) -> None:
        intake = self.intake
        actor = self._who(notice.actor, line)
        if notice.action == "recall":
            author = actor or line.sender
            if author:
                intake.message(line.row, line.channel, author, line.ts, "", "recall")
            return
        names = self._apart(notice.subjects, line)
        found = [who for name in names if (who := self._who(name, line))]
        self.unknown += sum(name not in _OFFICE for name in names) - len(found)
        for who in dict.fromkeys(found):
            intake.event(
                line.row, line.ts, notice.action, who, channel=line.channel,
                actor=actor or None, method=notice.method or None,
            )  # fmt: skip
        if author := actor or next(iter(found), ""):
            intake.message(line.row, line.channel, author, line.ts, line.shown, "system")

    def _apart(self, subjects: str, line: _Line) -> list[str]:
        """Return the names of a list; one that is known may hold the separator itself."""
        if self._find(subjects, line):
            return [subjects]
        names = [n.strip(_MARKS) for n in re.split(r"[、,，]", subjects)]
        return [n for n in names if n] or [subjects]

    def _find(self, name: str, line: _Line) -> str:
        if name in _ME:
            return line.me
        if name in line.ids:
            return line.ids[name]
        if known := _NUMBER.fullmatch(name):
            return known["id"]
        who = self.intake.people.find(name, ts=line.ts)
        if who is not None:
            return self._raw(who)
        return name if _ID.fullmatch(name) else ""

    def _who(self, name: str, line: _Line) -> str:
        """Return the id that a name leads to; empty, and the name noted, where it leads to none."""
        if name in _OFFICE:
            return ""
        found = self._find(name, line)
        if not found and name not in _ME:
            self.intake.people.weak.add(name)
        return found

    def _raw(self, who: int) -> str:
        if len(self._raws) != len(self.intake.people.numbers):
            self._raws[:] = self.intake.people.numbers
        return self._raws[who]


def beside(gray: object) -> tuple[str, dict[str, str]]:
    """Return the sentence of a grey line of QQ NT with ids for names, and the ids by the names.

    Some lines have the people beside them (``groupElement``), others are made of pieces, as XML
    (``<qq uin="…"/><nor txt="…"/>``) or as JSON.
    """
    if not isinstance(gray, dict):
        return "", {}
    ids: dict[str, str] = {}
    group = gray.get("groupElement")
    if isinstance(group, dict):
        for who in ("member", "admin"):
            uid = group.get(f"{who}Uid")
            for name in ("Nick", "Remark", "Card"):
                shown = group.get(who + name)
                if isinstance(uid, str) and uid and isinstance(shown, str) and shown:
                    ids[shown] = uid
    xml = gray.get("xmlElement")
    if isinstance(xml, dict) and isinstance(content := xml.get("content"), str):
        return _pieces(content), ids
    return "", ids


_PIECE = re.compile(r"<(qq|nor)\s([^<>]{0,2000})>")
_CELL = re.compile(r'(\w+)="([^"]*)"')


def _pieces(xml: str) -> str:
    """Return the words and ids of a line in XML, which is only looked through, not parsed."""
    said = []
    for tag, cells in _PIECE.findall(xml[: 1 << 16]):
        known = dict(_CELL.findall(cells))
        said.append(
            known.get("txt", "") if tag == "nor" else known.get("jp") or known.get("uin", "")
        )
    return "".join(said)


def joined(pieces: Iterable[object]) -> str:
    """Return the words and ids of a line in JSON."""
    said = []
    for piece in pieces:
        if isinstance(piece, dict):
            word = piece.get("uid") or piece.get("txt") or ""
            said.append(word if isinstance(word, str) else "")
    return "".join(said)
