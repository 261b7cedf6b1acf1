"""What an import read, kept and left out, and what it had to assume."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shequn.sources.files import ExportFile
from shequn.sources.times import utc
from shequn.text import ShequnError, Text

MOST_UNPARSED = 0.01
_EXAMPLES = 10
_SHAPE_CHARS = 60
_NAMED = 3  # files named for one reason; the JSON names all


@dataclass(frozen=True)
class Example:
    """A row that could not be understood: where, why, and its shape without its words."""

    file: str
    row: int
    why: Text
    shape: str


@dataclass
class Reading:
    """A file that is read, and what is counted meanwhile; a reader may add what it takes from it.

    Attributes
    ----------
    file, layout
        The file, and the name of its format.
    source_id, span
        To be given once it was read: its id; first and last moment, UTC seconds, if any was kept.
    read, ignored, unparsed
        Counts of rows; ignored ones are understood and become no row of a table.
    examples
        The first rows that could not be understood, not yet with the name of the file.
    """

    file: ExportFile
    layout: str
    source_id: str = ""
    span: tuple[int, int] | None = None
    read: int = 0
    ignored: int = 0
    unparsed: int = 0
    examples: list[Example] = field(default_factory=list)

    @property
    def kept(self) -> int:
        """Number of rows that become a row of a table."""
        return self.read - self.ignored - self.unparsed

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
    """Whether the export shows something, and how it is known."""

    known: bool
    basis: Text


@dataclass
class ImportReport:
    """Everything there is to say about an import.

    A reader gives the first two, ``bots``, ``text_kept``, ``assumptions``, and as ``knowledge``
    what is known of ``joins``, ``leaves``, ``replies`` and ``reactions``; it calls `took`. The rest
    is filled in for it. ``members`` includes ``bots``; ``decoded`` is rows by encoding; ``times_…``
    are rows whose local time a clock change made occur twice, or never.
    """

    platform: str
    timezone: str
    rows_read: int = 0
    rows_kept: int = 0
    rows_unparsed: int = 0
    rows_ignored: int = 0
    messages: int = 0
    membership_events: int = 0
    mentions: int = 0
    members: int = 0
    bots: int = 0
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

    def count(self, rows: Mapping[str, int]) -> None:
        """Take over the numbers of rows that were written, by table."""
        for table in ("messages", "membership_events", "mentions", "members"):
            setattr(self, table, rows.get(table, 0))

    def to_json(self) -> str:
        """Return the report as JSON text."""
        values: dict[str, Any] = asdict(self)
        values["duplicates"] = self.duplicates
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    def tolerable(self, *, tolerate: bool) -> None:
        """Refuse an import of which more than 1 % could not be understood, unless ``tolerate``."""
        if tolerate or self.rows_unparsed <= MOST_UNPARSED * self.rows_read:
            return
        share = f"{self.rows_unparsed / self.rows_read:.1%}"
        where = "; ".join(f"{e.file}:{e.row} {e.shape}" for e in self.examples[:3])
        raise ShequnError(
            Text(
                f"{self.rows_unparsed:,} of {self.rows_read:,} rows ({share}) could not be "
                f"understood, so nothing was written. Letters as x, digits as 9: {where}",
                f"{self.rows_read:,} 行中有 {self.rows_unparsed:,} 行（{share}）无法解析，"
                f"因此什么都没有写。字母记作 x，数字记作 9：{where}",
            ),
            Text(
                "Take out the files that are not logs, or accept the loss with --tolerate.",
                "去掉不是记录的文件；若接受这些损失，加 --tolerate。",
            ),
        )

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
            f"{self.mentions:,} mentions; {self.members:,} members (of them bots: {self.bots:,}).",
            f"消息 {self.messages:,} 条，进出记录 {self.membership_events:,} 条，"
            f"点名 {self.mentions:,} 次；成员 {self.members:,} 人，其中机器人 {self.bots:,} 个。",
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
        for name, (en, zh) in _KNOWN.items():
            if k := self.knowledge.get(name):
                state = Text("known", "可知") if k.known else Text("not known", "不可知")
                add(f"{en}: {state.en}. {k.basis.en}", f"{zh}：{state.zh}。{k.basis.zh}")
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
        for e in self.examples:
            add(
                f"Not understood: {e.file}, row {e.row}: {e.why.en} ({e.shape})",
                f"无法解析：{e.file} 第 {e.row} 行：{e.why.zh}（{e.shape}）",
            )
        return lines


_KNOWN = {
    "joins": ("Joins", "入群"),
    "leaves": ("Leaves", "退群"),
    "replies": ("Replies", "回复"),
    "reactions": ("Reactions", "表情回应"),
}


def shape(line: str) -> str:
    """Return the shape of a row without its words: letters become x, digits 9, runs are cut."""
    blind = re.sub(r"[^\W\d_]+", "x", line[: _SHAPE_CHARS * 4])
    blind = re.sub(r"\d+", lambda run: "9" * min(len(run[0]), 4), blind)
    return re.sub(r"[^\x20-\x7e]+", "?", blind)[:_SHAPE_CHARS]
