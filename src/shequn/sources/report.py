"""What an import read, kept and left out, and what it had to assume."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shequn.sources.files import ExportFile
from shequn.sources.times import utc
from shequn.text import ShequnError, Text

MOST_UNPARSED = 0.01
_EXAMPLES = 10
_SHAPE_CHARS = 60
_NAMED = 3  # files named for one reason; the JSON names all


# What exports may show, or not.
WHAT = {
    "messages": Text("Messages", "消息"),
    "joins": Text("Joins", "入群"),
    "inviters": Text("Inviters", "邀请人"),
    "leaves": Text("Leaves", "退群"),
    "replies": Text("Replies", "回复"),
    "reactions": Text("Reactions", "表情回应"),
    "ids": Text("Ids", "身份"),
    "bots": Text("Bots", "机器人"),
    "zone": Text("Zone", "时区"),
}


@dataclass(frozen=True)
class Example:
    """A row that could not be understood: where, why, and its shape without its words."""

    file: str
    row: int
    why: Text
    shape: str


@dataclass
class Reading:
    """A file that is read, and what is counted meanwhile.

    Attributes
    ----------
    file, layout
        The file, and the name of its format.
    exported_at
        When it was exported, in seconds UTC, if it says so.
    read, unparsed
        Counts of rows: all, and those not understood. A reader counts them.
    examples
        The first rows that could not be understood, not yet with the name of the file.
    number, source_id, span, kept
        Given by the intake: its number and id; first and last moment, UTC seconds; rows that
        became a row of a table.
    told_by_name
        Whether the file's name says something that the file does not, such as a date.
    listed
        How many people it lists.
    left_out
        Set by a reader that leaves the file out after all, having looked at it or at others.
    """

    file: ExportFile
    layout: str
    exported_at: int | None = None
    read: int = 0
    unparsed: int = 0
    examples: list[Example] = field(default_factory=list)
    number: int = -1
    source_id: str = ""
    span: tuple[int, int] | None = None
    kept: int = 0
    left_out: FileLeftOut | None = None
    told_by_name: bool = False
    listed: int = 0

    @property
    def fingerprint(self) -> str:
        """Fingerprint of what the file says; its name counts where it says something."""
        return f"{self.file.sha256} {self.file.name}" if self.told_by_name else self.file.sha256

    @property
    def ignored(self) -> int:
        """Number of rows that were understood and became no row of a table."""
        return self.read - self.kept - self.unparsed

    def strange(self, row: int, why: Text, text: str) -> None:
        """Count a row (1-based) that cannot be understood."""
        self.unparsed += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(Example("", row, why, shape(text)))


@dataclass(frozen=True)
class FileRead:
    """What the report says of a file that was read, by a name that holds no person's name."""

    source_id: str
    file: str
    sha256: str
    layout: str
    rows_read: int
    rows_kept: int
    rows_unparsed: int


@dataclass(frozen=True)
class FileLeftOut:
    """A file that was not read, and why."""

    file: str
    why: Text
    duplicate: bool = False


@dataclass(frozen=True)
class Knowledge:
    """How much of something such exports show, how it is known, and how much of it is there."""

    level: str
    basis: Text
    found: int | None = None

    @property
    def known(self) -> bool:
        """Whether anything of it can be seen."""
        return self.level != "none"


@dataclass(frozen=True)
class Support:
    """What a notebook can do with the data: ``full``, ``partial`` or ``none``, and why not more."""

    notebook: str
    title: Text
    level: str
    why: Text


@dataclass
class ImportReport:
    """Everything there is to say about an import.

    ``members`` includes ``bots`` and ``staff``; ``decoded`` is rows by encoding; ``times_…`` are
    rows whose local time a clock change made occur twice, or never; ``rows_duplicate`` are rows of
    which another row, here or in the folder before, says the same and more.
    """

    platform: str
    timezone: str
    rows_read: int = 0
    rows_kept: int = 0
    rows_unparsed: int = 0
    rows_ignored: int = 0
    rows_duplicate: int = 0
    messages: int = 0
    membership_events: int = 0
    mentions: int = 0
    reactions: int = 0
    members: int = 0
    bots: int = 0
    staff: int = 0
    other_rows: dict[str, int] = field(default_factory=dict)
    covers_from: str | None = None
    covers_to: str | None = None
    times_ambiguous: int = 0
    times_nonexistent: int = 0
    decoded: dict[str, int] = field(default_factory=dict)
    text_kept: bool = False
    key_made: bool = False
    files_read: list[FileRead] = field(default_factory=list)
    files_left_out: list[FileLeftOut] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    assumptions: list[Text] = field(default_factory=list)
    knowledge: dict[str, Knowledge] = field(default_factory=dict)
    support: list[Support] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """Number of files dropped because another file holds them whole."""
        return sum(f.duplicate for f in self.files_left_out)

    def took(
        self,
        readings: Iterable[Reading],
        left_out: Iterable[FileLeftOut],
        shown: Callable[[str], str],
    ) -> None:
        """Add up the files that were read, and note those that were not.

        Parameters
        ----------
        readings, left_out
            Files under their own names; of those read, source id and span are given.
        shown
            Takes the names of people out of the name of a file.
        """
        decoded, spans = Counter[str](), list[tuple[int, int]]()
        for r in readings:
            name, sha256 = shown(r.file.name), r.file.sha256
            self.files_read.append(
                FileRead(r.source_id, name, sha256, r.layout, r.read, r.kept, r.unparsed)
            )
            self.rows_read += r.read
            self.rows_kept += r.kept
            self.rows_ignored += r.ignored
            self.rows_unparsed += r.unparsed
            self.examples += [replace(e, file=name) for e in r.examples]
            decoded.update(r.file.decoded)
            spans += [r.span] if r.span else []
        del self.examples[_EXAMPLES:]
        self.files_left_out += [replace(f, file=shown(f.file)) for f in left_out]
        self.decoded = dict(sorted(decoded.items()))
        self.covers_from = utc(min((start for start, _ in spans), default=None))
        self.covers_to = utc(max((end for _, end in spans), default=None))

    def to_json(self) -> str:
        """Return the report as JSON text."""
        values: dict[str, Any] = asdict(self)
        values["duplicates"] = self.duplicates
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    @staticmethod
    def refuse_unparsed(readings: Iterable[Reading], *, tolerate: bool) -> None:
        """Refuse an import of which more than 1 % could not be understood, unless ``tolerate``."""
        readings = list(readings)
        read, unparsed = sum(r.read for r in readings), sum(r.unparsed for r in readings)
        if tolerate or unparsed <= MOST_UNPARSED * read:
            return
        share = f"{unparsed / read:.1%}"
        examples = [e for r in readings for e in r.examples]
        where = "; ".join(f"{e.row}: {e.shape}" for e in examples[:3])
        why = examples[0].why
        raise ShequnError(
            Text(
                f"{unparsed:,} of {read:,} rows ({share}) could not be understood, so nothing was "
                f"written. The first: {why.en}. Letters as x, digits as 9: {where}",
                f"{read:,} 行中有 {unparsed:,} 行（{share}）无法解析，因此什么都没有写。"
                f"第一行的原因：{why.zh}。字母记作 x，数字记作 9：{where}",
            ),
            Text(
                "Take out the files that are not of this platform, or accept the loss with "
                "--tolerate.",
                "去掉不属于这个平台的文件；若接受这些损失，加 --tolerate。",
            ),
        )

    def page(self, lang: str) -> str:
        """Return the report as a page of Markdown, in one language."""
        title = Text(f"# Import from {self.platform}", f"# 导入报告：{self.platform}")[lang]
        lines = [line[lang] for line in self._lines()]
        items = [f"  - {x.strip()}" if x.startswith("  ") else f"- {x}" for x in lines]
        return "\n".join([title, "", *items, ""])

    def say(self, lang: str) -> str:
        """Return the report for a person, in one language."""
        return "\n".join(line[lang] for line in self._lines())

    def _lines(self) -> list[Text]:
        lines: list[Text] = []

        def add(en: str, zh: str) -> None:
            lines.append(Text(en, zh))

        read, left = len(self.files_read), len(self.files_left_out)
        add(
            f"{self.rows_read:,} rows read from {read:,} files: {self.rows_kept:,} kept, "
            f"{self.rows_ignored:,} ignored, {self.rows_unparsed:,} not understood.",
            f"从 {read:,} 个文件读取 {self.rows_read:,} 行：保留 {self.rows_kept:,}，"
            f"忽略 {self.rows_ignored:,}，无法解析 {self.rows_unparsed:,}。",
        )
        add(
            f"{self.messages:,} messages, {self.membership_events:,} membership events, "
            f"{self.mentions:,} mentions, {self.reactions:,} reactions; {self.members:,} members "
            f"(of them bots: {self.bots:,}, staff: {self.staff:,}; metrics leave both out).",
            f"消息 {self.messages:,} 条，进出记录 {self.membership_events:,} 条，"
            f"点名 {self.mentions:,} 次，表情回应 {self.reactions:,} 个；成员 {self.members:,} 人，"
            f"其中机器人 {self.bots:,} 个、工作人员 {self.staff:,} 人（计算指标时都不计）。",
        )
        for table, n in self.other_rows.items():
            add(f"{table}: {n:,} rows.", f"{table}：{n:,} 行。")
        if self.rows_duplicate:
            add(
                f"{self.rows_duplicate:,} rows were there already or stand in several files; what "
                "reaches furthest counts.",
                f"{self.rows_duplicate:,} 行此前已有，或在几个文件里都有；以时间最晚的文件为准。",
            )
        if self.covers_from:
            add(
                f"From {self.covers_from} to {self.covers_to}; times read as {self.timezone}.",
                f"从 {self.covers_from} 到 {self.covers_to}；时间按 {self.timezone} 读取。",
            )
        if self.times_ambiguous or self.times_nonexistent:
            add(
                f"Clock changes: {self.times_ambiguous:,} rows whose time came twice (read as "
                f"the first), {self.times_nonexistent:,} whose time never was (moved on).",
                f"夏令时切换：{self.times_ambiguous:,} 行的时间出现两次（按第一次算），"
                f"{self.times_nonexistent:,} 行的时间不存在（顺延）。",
            )
        for name, what in WHAT.items():
            if k := self.knowledge.get(name):
                state = _LEVELS[k.level]
                found = (
                    Text("", "")
                    if k.found is None or (k.level == "none" and not k.found)
                    else Text(f" ({k.found:,} found)", f"（{k.found:,} 个）")
                )
                add(
                    f"{what.en}: {state.en}{found.en}. {k.basis.en}",
                    f"{what.zh}：{state.zh}{found.zh}。{k.basis.zh}",
                )
        if self.key_made:
            add(
                "A new key was made. Keep a copy: without it, later imports give other ids.",
                "已生成新密钥。请备份：没有它，以后导入得到的代号会不同。",
            )
        for a in self.assumptions:
            add(f"Assumed: {a.en}", f"假定：{a.zh}")
        if left:
            add(f"{left:,} files left out:", f"未读取 {left:,} 个文件：")
        reasons: dict[Text, list[str]] = {}
        for f in self.files_left_out:
            reasons.setdefault(f.why, []).append(f.file)
        for why, files in reasons.items():
            n, names = len(files), ", ".join(files[:_NAMED]) + (" …" if files[_NAMED:] else "")
            add(f"  {n:,}: {why.en} ({names})", f"  {n:,} 个：{why.zh}（{names}）")
        for level, (en, zh) in _SUPPORT.items():
            some = [s for s in self.support if s.level == level]
            if some:
                add(f"{en}: {len(some)}", f"{zh}：{len(some)} 个")
            for s in some:
                why = Text(f" ({s.why.en})", f"（{s.why.zh}）") if s.why.en else Text("", "")
                add(f"  {s.title.en}{why.en}", f"  {s.title.zh}{why.zh}")
        for e in self.examples:
            add(
                f"Not understood: {e.file}, row {e.row}: {e.why.en} ({e.shape})",
                f"无法解析：{e.file} 第 {e.row} 行：{e.why.zh}（{e.shape}）",
            )
        return lines


_LEVELS = {
    "full": Text("known", "可知"),
    "partial": Text("known in part", "部分可知"),
    "none": Text("not known", "不可知"),
}

_SUPPORT = {
    "full": ("Notebooks that this data supports", "这份数据支持的笔记本"),
    "partial": ("Notebooks that it supports in part", "部分支持的笔记本"),
    "none": ("Notebooks that it does not support", "不支持的笔记本"),
}


def shape(line: str) -> str:
    """Return the shape of a row without its words: letters become x, digits 9, runs are cut."""
    blind = re.sub(r"[^\W\d_]+", "x", line[: _SHAPE_CHARS * 4])
    blind = re.sub(r"\d+", lambda run: "9" * min(len(run[0]), 4), blind)
    return re.sub(r"[^\x20-\x7e]+", "?", blind)[:_SHAPE_CHARS]
