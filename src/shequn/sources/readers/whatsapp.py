"""Read chats exported from WhatsApp: ``_chat.txt`` in a zip, or ``WhatsApp Chat with X.txt``.

Two layouts are known, each in many local forms of date and clock: ``[date, time] name: text``
(iPhone) and ``date, time - name: text`` (Android).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.whatsapp_chats import alike, chats
from shequn.sources.readers.whatsapp_clock import ask, day_number
from shequn.sources.readers.whatsapp_lines import Log, id_of, style_of_file
from shequn.sources.readers.whatsapp_people import EXPORTER, STEPS, Mentions, exporters, happened
from shequn.sources.readers.whatsapp_talk import Talk
from shequn.sources.readers.whatsapp_words import plain
from shequn.sources.report import Reading
from shequn.text import ShequnError, Text

NAME = Text("WhatsApp", "WhatsApp")
HINT = Text(
    'Give the zip or txt that "Export chat" made of a group, without media, or a folder of them.',
    "请给出群聊“导出聊天”（不含媒体）得到的 zip 或 txt，或放着它们的文件夹。",
)
LAYOUTS = {
    "whatsapp-bracket": Text(
        "lines that begin with [date, time] name:", "行首是 [日期 时间] 名字:"
    ),
    "whatsapp-dash": Text("lines that begin with date, time - name:", "行首是 日期 时间 - 名字:"),
}
_BOT = "Meta AI"
_CAP, _CAP_MEDIA = (
    39_900,
    range(9_900, 10_101),
)  # exports stop at 40,000 messages, 10,000 with media
_TITLE = re.compile(
    r"(?:WhatsApp (?:Chat|聊天|对话|對話)(?:记录|紀錄)? ?(?:with|mit|-|–|_)? ?(.+?)"
    r"|[与與和](.+?)的 ?WhatsApp ?(?:聊天|对话|對話)(?:记录|紀錄)?)",
    re.IGNORECASE,
)
_COUNT = re.compile(r"(?: ?\(\d{1,3}\)| - Copy| 副本)+$")
_CALLED = re.compile(r"@\+?([0-9]{6,15})(?![0-9])")
_HOW = {
    "told": Text("so you said", "由你指定"),
    "year": Text("the year stands first", "年份在前"),
    "over 12": Text("a part of a date is over 12", "有大于 12 的数"),
    "same": Text("both ways give the same days", "两种读法是同一天"),
    "time": Text("only this way runs on in time", "只有这种读法时间不倒退"),
}


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".txt") or head.file.name.startswith("._"):
        return None
    style = style_of_file(head.lines)
    return style.name if style else None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake.

    All chats of an export are taken as one community: the same name in two of them is one person.

    Raises
    ------
    ShequnError
        Where day and month cannot be told apart, or no chat is that of a group.
    """
    intake.identity = "words"
    logs = _scan(files, intake)
    groups = [
        g for g in chats([log for log in logs if log.times]) if any(x.shows_group() for x in g)
    ]
    private = sum(bool(log.times) for log in logs) - sum(map(len, groups))
    if private and not groups:
        raise ShequnError(
            Text(
                "Every chat here is one of two people: such talks are not read.",
                "这里的聊天都是两个人的私聊，不读取。",
            ),
            HINT,
        )
    talks: list[Talk] = []
    matched = 0
    for group, raw in zip(groups, _ids(groups), strict=True):
        titles = [log.title for log in group if log.title]
        channel = intake.channel(raw, kind="group", name=min(titles, default=None))
        for log in group:
            intake.open(log.reading)
            talk = Talk(log, channel)
            talk.put(intake)
            talks.append(talk)
        for one, other in alike(group):
            a, b = id_of(plain(one)), id_of(plain(other))
            matched += a != b
            intake.same(a, b)
    linked = _happen(talks, intake)
    _mention(talks, intake)
    if _BOT in intake.people.numbers:
        intake.member(_BOT, is_bot=True)
    _tell(talks, intake, private, matched, linked)


def _scan(files: list[Reading], intake: Intake) -> list[Log]:
    """Find the messages of every file, and when they were sent."""
    logs: list[Log] = []
    unsure: list[tuple[str, Sequence[str], tuple[int, int, int]]] = []
    for file in files:
        intake.open(file)
        style = style_of_file(file.file.head())
        if style is None:  # it was recognised a moment ago
            continue
        log = Log(file, style, _title(file.file))
        log.scan(compare=len(files) > 1)
        log.settle(intake.options.zone, day_first=intake.options.day_first)
        if log.rows and not log.order.name:
            ways = log.order.open
            shown = next(d for d in log.dates if len({day_number(d, n) for n in ways}) > 1)
            unsure.append(("/".join(file.file.parts) or file.file.name, ways, shown))
        logs.append(log)
    if unsure:
        raise ask(sorted(unsure))
    return sorted(logs, key=lambda log: log.reading.file.sha256)  # in whatever order they came


def _title(file: ExportFile) -> str | None:
    """Return the chat's name, from the names of file, folder and zip."""
    stem = _COUNT.sub("", PurePosixPath(file.name).stem)
    above = [_COUNT.sub("", re.sub(r"\.zip$", "", p, flags=re.I)) for p in file.parts[-2::-1]]
    for place in [stem, *above, file.path.parent.name]:
        if found := _TITLE.fullmatch(place.strip()):
            return str(found[1] or found[2]).strip()
    if stem.lower().strip("_ ") == "chat":
        return above[0] if above and file.packed else None
    return stem


def _ids(groups: list[list[Log]]) -> list[str]:
    """Return an id of each chat that is the same in its next export."""
    taken: Counter[str] = Counter()
    ids: dict[int, str] = {}
    for group in sorted(groups, key=lambda g: (min(x.span for x in g), g[0].reading.file.sha256)):
        first = min(group, key=lambda log: log.span)
        titles = [log.title for log in group if log.title]
        raw = min(titles) if titles else f"{first.span[0]}\0{min(first.names, default='')}"
        taken[raw] += 1  # several chats may have one name
        ids[id(group)] = raw if taken[raw] == 1 else f"{raw}\0{taken[raw]}"
    return [ids[id(group)] for group in groups]


def _happen(talks: list[Talk], intake: Intake) -> int:
    """Put in what WhatsApp's own lines tell; return how many changes of number they show."""
    known = set(intake.people.numbers)
    known |= {
        id_of(s.actor)
        for talk in talks
        for _, _, s in talk.said
        if s.actor and s.action in STEPS and s.whom is not None
    }
    linked = set()
    for talk, me in zip(talks, exporters([t.owns for t in talks]), strict=True):
        intake.open(talk.log.reading)
        if EXPORTER in talk.spoke and me != EXPORTER:
            intake.same(EXPORTER, me)
        for row, ts, said in talk.said:
            actor, events = happened(said, me, known)
            if actor is not None:
                talk.see(intake, actor, ts)
                intake.message(row, talk.channel, actor, ts, "", "system")
            for action, whom, by, method in events:
                talk.see(intake, whom, ts)
                if action == "rename" and by is not None:
                    intake.same(by, whom)
                    linked.add((by, whom))
                    by = None
                intake.event(row, ts, action, whom, channel=talk.channel, actor=by, method=method)
                if method == "create":
                    intake.channel(intake.channels[talk.channel].raw, created=ts)
    return len(linked)


def _mention(talks: list[Talk], intake: Intake) -> None:
    """Put in who is named, now that everybody is known."""
    find = Mentions(intake.people.numbers)
    for talk in talks:
        intake.open(talk.log.reading)
        for row, text in talk.named:
            if who := find.target(text):
                intake.mention(row, who)
    numbers = find.numbers

    def tidy(text: str, channel: int, ts: int) -> str:
        """Give back a number after an @ the form in which it is known, and hide others."""
        return _CALLED.sub(lambda m: f"@{numbers.get(m[1], '[phone]')}", text)

    intake.tidy = tidy


def _tell(talks: list[Talk], intake: Intake, private: int, matched: int, linked: int) -> None:
    """Say what had to be assumed."""
    logs = [talk.log for talk in talks]
    full = sum(
        len(t.log.rows) >= _CAP or (t.attached > 0 and len(t.log.rows) in _CAP_MEDIA) for t in talks
    )
    unknown = EXPORTER in intake.people.numbers
    intake.note(
        f"{private:,} chats of two people were left out.",
        f"{private:,} 个两人私聊没有读。",
        when=private,
    )
    intake.note(
        "Names are the only ids: people are the contact names (or numbers) on the phone that "
        "exported. Two people with one contact name are one member; a renamed contact is two, "
        f"unless two exports agree ({matched:,} joined so) or a line gives both numbers "
        f"({linked:,} joined so).",
        "名字是唯一的编号：人就是导出手机上的联系人名字（或号码）。同名的两个人算一个成员；"
        f"改过备注的人算两个，除非两份导出互相印证（这样合并 {matched:,} 对），"
        f"或有一行同时写出新旧号码（这样合并 {linked:,} 对）。",
    )
    intake.note(
        "Whoever exported is called You in WhatsApp's own lines, and no line shows the name behind "
        "it: You is a member of its own.",
        "系统提示里的“您”是导出者，没有一行写出名字，“您”单算一个成员。",
        when=unknown,
    )
    for (order, how), n in sorted(Counter(log.order[:2] for log in logs).items()):
        intake.note(
            f"{n:,} files have dates in the order {order}: {_HOW[how].en}.",
            f"{n:,} 个文件的日期顺序是 {order}：{_HOW[how].zh}。",
        )
    intake.note(
        "Times are whole minutes: many phones write no seconds, and those of others are cut off, "
        "so that two phones' exports of a chat agree. Within a minute the order of rows is the "
        "order of the chat.",
        "时间精确到分钟：许多手机不写秒，其他的秒也去掉，两部手机的导出才对得上。"
        "同一分钟内，行的顺序就是聊天的顺序。",
    )
    intake.note(
        f"{full:,} files hold as many messages as WhatsApp exports at most (about 40,000, or "
        "10,000 with media): their oldest messages are probably missing, without a word in the "
        "file.",
        f"{full:,} 个文件的消息数达到 WhatsApp 导出上限（约 4 万条，带媒体 1 万条）："
        "最早的消息很可能缺失，文件里没有说明。",
        when=full,
    )
    changed = sum(t.edited for t in talks)
    for n, en, zh in (
        (sum(log.pasted for log in logs),
         "rows look like the beginning of a message, but their time does not fit between their "
         "neighbours: they are read as text of the message before",
         "行看起来像新消息的开头，但时间与前后不合，按上一条消息的正文读取"),
        (sum(log.turned_back for log in logs), "times the time runs back by more than a day",
         "处时间倒退超过一天"),
        (sum(t.media for t in talks), "messages lack a file without saying of which kind",
         "条消息省略了媒体，又没写是哪一种"),
        (sum(t.apps for t in talks), "messages are WhatsApp's own words, in a wording not known "
         "here: they are of kind other", "条是 WhatsApp 自己的话，措辞不认识，类型记作 other"),
        (changed, "messages were edited; when is not written, and edited_at is the time of the message",
         "条消息编辑过，没有写时间，edited_at 用消息自己的时间"),
    ):  # fmt: skip
        intake.note(f"{n:,} {en}.", f"{n:,} {zh}。", when=n)
