"""Read groups of WeChat, as third-party tools export them.

Three layouts are known: the CSV of WeChatMsg (留痕), the JSON of WeFlow and of EchoTrace, and the
Excel of EchoTrace. Private chats are left out. `wechat_files` reads the files, `wechat_system` the
grey lines, and `wechat_grey` tells who is meant in them.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import suppress
from itertools import islice

from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream
from shequn.sources.platforms import Head
from shequn.sources.readers import wechat_files
from shequn.sources.readers.wechat_calls import MARK, Tidy, calls, fold
from shequn.sources.readers.wechat_files import CSV, ECHOTRACE, EXCEL, NOBODY, ROOM, WEFLOW
from shequn.sources.readers.wechat_grey import ME, Grey
from shequn.sources.readers.wechat_kinds import GREY, QUOTE, TEXT
from shequn.sources.readers.wechat_system import JOIN, KICK, LEAVE, OTHER, ROLE, read_notice
from shequn.sources.report import Reading
from shequn.sources.sheets import first_rows
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

NAME = Text("WeChat", "微信")
HINT = Text(
    "Export a group with WeChatMsg as CSV, with WeFlow as JSON, or with EchoTrace as JSON or Excel.",
    "请导出一个群：WeChatMsg（留痕）用 CSV，WeFlow 用 JSON，EchoTrace 用 JSON 或 Excel。",
)
LAYOUTS = {
    CSV: Text("a table with StrContent and Sender", "含 StrContent、Sender 列的表格"),
    WEFLOW: Text("an object with weflow and session", "含 weflow 和 session 的 JSON"),
    ECHOTRACE: Text("an object with session and messages", "含 session 和 messages 的 JSON"),
    EXCEL: Text("columns 时间, 发送者, 消息类型, 内容", "含 时间、发送者、消息类型、内容 列"),
}
_TWO = Text("a private chat; only groups are read", "私聊；只读取群聊")
_MAYBE_PRIVATE = Text(
    "a private chat, or a group where at most two people wrote: the file does not tell",
    "私聊，或只有不超过两人发言的群：文件看不出来",
)
PRIVATE = (_TWO, _MAYBE_PRIVATE)
_COMPACT = Text(
    "WeFlow's arkme JSON; export as plain JSON instead", "WeFlow 的 arkme JSON；请改用普通 JSON"
)
_SHORT = 9  # fields of a row of a private chat
_OF_GROUPS = frozenset({JOIN, KICK, LEAVE, ROLE, OTHER})


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file, or why it is not read."""
    if head.name.endswith(".xlsx"):
        return _sniff_excel(head)
    if not head.named(".csv", ".json"):
        return None
    if head.text.startswith("{"):
        if '"session"' not in head.text or '"chatlab"' in head.text[:2000]:
            return None
        return _sniff_json(head)
    return _sniff_csv(head)


def _sniff_json(head: Head) -> str | Text | None:
    try:
        told = wechat_files.session(JsonStream(head.file))
    except ShequnError:
        return None
    chat, kind = told.get("chat"), told.get("type")
    if not isinstance(chat, str) or not isinstance(kind, str):
        return None
    if '"arkme-json"' in head.text[:2000]:
        return _COMPACT
    if not chat.endswith(ROOM) and kind != "群聊":
        return _TWO
    return WEFLOW if '"weflow"' in head.text[:2000] else ECHOTRACE


def _sniff_csv(head: Head) -> str | Text | None:
    if not set(wechat_files.CSV_COLUMNS) <= set(head.header):
        return None
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows += islice(csv.reader(f"{line}\n" for line in head.lines), 1, 1000)
    if rows and len(head.header) > _SHORT and all(len(r) == _SHORT for r in rows if r):
        return _TWO
    sender = head.header.index("Sender")
    if any(r[sender] == "我" for r in rows if len(r) == len(head.header)):
        return wechat_files.BY_NAME
    return _if_group(head.file, CSV)


def _sniff_excel(head: Head) -> str | Text | None:
    if not any(map(wechat_files.is_header, head.sheet)):
        return None
    group = wechat_files.id_above(head.sheet)
    if group:
        return EXCEL if group.endswith(ROOM) else _TWO
    return _if_group(head.file, EXCEL)


def _if_group(file: ExportFile, layout: str) -> str | Text:
    """Return the layout of a file that does not say whose chat it is, if it must be a group's."""
    people: set[str] = set()
    sure = False
    with suppress(ShequnError):  # which is said when the file is read
        for _, _, sender, name, _, kind, text, mine, *_ in wechat_files.entries(
            Reading(file, layout), "", Zone("UTC")
        ):
            if kind in GREY:
                notice = read_notice(text)
                sure = notice is not None and notice.action in _OF_GROUPS
            else:
                people.add(sender or ME * mine)
                sure = len(people) > 2 or name == NOBODY or "@所有人\u2005" in text
            if sure:
                break
    return layout if sure or not people else _MAYBE_PRIVATE


def read(files: list[Reading], intake: Intake) -> None:
    """Put what groups say into an intake.

    All groups are one community: an id in two of them is one person.
    """
    intake.identity, intake.fold = "second", fold
    grey = Grey(intake)
    taken = [_File(file, grey, intake) for file in files]
    exporters = {f.lines.me for f in taken if f.lines.me}
    only = next(iter(exporters)) if len(exporters) == 1 else "" if exporters else ME
    for f in taken:
        # Who wrote nothing in a group is taken for the exporter of the others, if that is one.
        f.lines.me = f.lines.me or only
    found_out = only not in ("", ME)
    if found_out and any(f.nameless for f in taken):
        intake.same(ME, only)
    intake.tidy = Tidy(grey)
    grey.settle()
    _tell(taken, intake, found_out=found_out)


class _File:
    """A file, put into an intake; what is left to be known of it.

    Attributes
    ----------
    lines
        Its grey lines, and its exporter.
    by_file, by_name, nobody, nameless
        Whether the group is known by the name of the file, people by their names; whether some of
        them have not even that; whether the exporter has no id.
    """

    def __init__(self, file: Reading, grey: Grey, intake: Intake) -> None:
        intake.open(file)
        group = _group(file)
        self.by_file = not group
        group = group or _stem(file.file.name).lower()
        self.by_name = self.nobody = self.nameless = False
        channel = intake.channel(group, kind="group")
        self.lines = grey.begin(file, channel)
        self._file, self._intake, self._grey = file, intake, grey
        self._take(group, channel)
        members = re.split("、|, ", _stem(file.file.name))
        for name in members if len(members) > 1 else ():
            grey.hide(name.strip())  # a new group is named after its members, and so is the file

    def _take(self, group: str, channel: int) -> None:
        people, grey, lines = self._intake.people, self._grey, self.lines
        message, mention, zone = (
            self._intake.message,
            self._intake.mention,
            self._intake.options.zone,
        )
        spans: dict[tuple[str, str], list[int]] = {}
        aliases: set[tuple[str, str]] = set()
        mine_of: Counter[str] = Counter()
        entries = wechat_files.entries(self._file, group, zone)
        for row, ts, sender, name, alias, kind, text, mine, own, answers, quoted in entries:
            if kind in GREY:
                self._grey_line(row, ts, text, own and f"{group}/{own}")
                continue
            if mine:
                mine_of[sender] += 1
            sender = sender or ME
            if name and name != sender:
                span = spans.get((sender, name))
                if span is None:
                    who = people.number(sender)
                    people.see(who, name, ts, channel)
                    spans[sender, name] = people.spans[who, channel, name]
                elif ts > span[1]:  # as `People.see` does, without a call for each message
                    span[1] = ts
                elif ts < span[0]:
                    span[0] = ts
            if alias and alias != sender and (sender, alias) not in aliases:
                aliases.add((sender, alias))
                grey.alias(sender, alias, ts, channel)
            if kind in (TEXT, QUOTE):
                chars: int | None = len(text)
                if kind == QUOTE:  # WeChatMsg loses what an answer says
                    kind, chars = TEXT, chars or None
                if MARK in text:
                    calls(text, row, ts, channel, self._intake)
            else:
                text, chars = "", None
            message(
                row, channel, sender, ts, text, kind, own=f"{group}/{own}" if own else None,
                reply=f"{group}/{answers}" if answers else None,
                basis="explicit" if answers else None, chars=chars,
            )  # fmt: skip
            if quoted:
                mention(row, kind="quote", names=(quoted,), channel=channel, ts=ts)
                grey.hide(quoted)
        self.nameless = "" in mine_of
        known = [(-n, raw) for raw, n in mine_of.items() if raw]
        lines.me = min(known)[1] if known else ""
        if lines.file.layout == EXCEL:
            begins = f"{group}/"
            self.by_name = any(raw.startswith(begins) for raw in people.numbers)
            self.nobody = f"{begins}{NOBODY}" in people.numbers

    def _grey_line(self, row: int, ts: int, text: str, own: str) -> None:
        notice = self._grey.understand(text, self.lines.channel, ts)
        if notice:
            self.lines.add(row, ts, notice, own, "")
        else:
            self.lines.unclear += 1


def _group(file: Reading) -> str:
    """Return the id of the group, where the file gives it."""
    if file.layout == CSV:
        return ""
    if file.layout == EXCEL:
        return wechat_files.id_above(first_rows(file.file))
    return str(wechat_files.session(JsonStream(file.file)).get("chat", ""))


def _stem(name: str) -> str:
    """Return the name of a group from the name of its file."""
    name = re.sub(r"\.(csv|json|xlsx)$", "", name, flags=re.IGNORECASE)
    name = re.sub(r"\s*\(\d+\)$", "", name)
    return re.sub(r"(_utf8|_聊天记录(_\d+)?)$", "", name).strip()


def _tell(files: list[_File], intake: Intake, *, found_out: bool) -> None:
    note = intake.note
    note(
        "All groups are one community: an id (wxid) in two of them is one person.",
        "所有群算一个社群：两个群里的同一个微信号算一个人。",
        when=len({f.lines.channel for f in files}) > 1,
    )
    note(
        "Who patted somebody (拍一拍) has a message of kind other; of a message that was taken back "
        "only the line about it is left. Names of groups are left out, since new groups are named "
        "after their members.",
        "拍一拍记为 other；撤回的消息只剩那条提示。不保留群名，因为新建的群默认用成员的名字。",
    )
    note(
        "WeFlow shows people under your own remarks unless told otherwise: those then stand in "
        "identities. Choose nicknames before you export.",
        "WeFlow 默认显示你给好友的备注，备注会进 identities。导出前请改为显示昵称或群昵称。",
        when=any(f.lines.file.layout == WEFLOW for f in files),
    )
    note(
        "The exporter's id is in no file: the exporter is a person of their own.",
        "文件里没有导出者的微信号：导出者单独算一个人。",
        when=ME in intake.people.numbers and not found_out,
    )
    by_name, nobody = sum(f.by_name for f in files), sum(f.nobody for f in files)
    note(
        f"{by_name:,} Excel files give names, not ids: a person is a name in one group; two of the "
        "same name are one, and a new name is a new person.",
        f"{by_name:,} 个 Excel 文件只有名字：一个群里一个名字算一个人；重名的并成一个，改名就成了新人。",
        when=by_name,
    )
    note(
        f"{nobody:,} Excel files call everybody unknown to the exporter {NOBODY}: different people "
        "are one member there. Export as JSON instead.",
        f"{nobody:,} 个 Excel 文件把不认识的人都写成“{NOBODY}”：不同的人并成了一个成员。请改用 JSON 导出。",
        when=nobody,
    )
    by_file = sum(f.by_file for f in files)
    note(
        f"{by_file:,} files do not say which group they are of; the name of the file was taken. "
        "Another name is another group, and the same group from another tool too.",
        f"{by_file:,} 个文件没有写是哪个群，按文件名认。文件名不同就算两个群；"
        "同一个群用另一种工具导出也会算成另一个。",
        when=by_file,
    )
