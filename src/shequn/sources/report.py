"""What an import read, kept and left out, and what it had to assume."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

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


@dataclass(frozen=True)
class FileRead:
    """A file that was read, by a name that holds no person's name."""

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
    """Everything a reader has to say about an import.

    Rows obey ``rows_read = rows_kept + rows_unparsed + rows_ignored``: kept rows became a message
    or a membership event, ignored ones are understood and carry neither.

    Attributes
    ----------
    platform, timezone
        Platform read, and the zone its times were read in.
    rows_read, rows_kept, rows_unparsed, rows_ignored
        Counts of rows in the files that were read.
    messages, membership_events, mentions, members, bots
        Counts of what was written; ``members`` includes ``bots``.
    covers_from, covers_to
        First and last moment, UTC; None where nothing was kept.
    times_ambiguous, times_nonexistent
        Rows whose local time the clock change made occur twice, or never.
    decoded
        Rows by encoding.
    text_kept, key_made
        Whether message text was kept, and whether the key was made by this import.
    files_read, files_left_out, examples, assumptions
        Details; the first ten rows that could not be understood.
    knowledge
        What is known of ``joins``, ``leaves``, ``replies`` and ``reactions``.
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

    def example(self, file: str, row: int, why: Text, line: str) -> None:
        """Note a row that could not be understood; only the first ten are kept."""
        if len(self.examples) < _EXAMPLES:
            self.examples.append(Example(file, row, why, shape(line)))

    def to_json(self) -> str:
        """Return the report as JSON text."""
        values: dict[str, Any] = asdict(self)
        values["duplicates"] = self.duplicates
        return json.dumps(values, ensure_ascii=False, indent=1) + "\n"

    def tolerable(self, *, tolerate: bool) -> None:
        """Refuse an import of which more than 1 % could not be understood.

        Raises
        ------
        ShequnError
            Unless ``tolerate``.
        """
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
        read, left = len(self.files_read), len(self.files_left_out)
        lines = [
            Text(
                f"{self.rows_read:,} rows read from {read:,} files: {self.rows_kept:,} kept, "
                f"{self.rows_ignored:,} ignored, {self.rows_unparsed:,} not understood.",
                f"从 {read:,} 个文件读取 {self.rows_read:,} 行：保留 {self.rows_kept:,}，"
                f"忽略 {self.rows_ignored:,}，无法解析 {self.rows_unparsed:,}。",
            ),
            Text(
                f"{self.messages:,} messages, {self.membership_events:,} membership events, "
                f"{self.mentions:,} mentions; {self.members:,} members "
                f"(of them bots: {self.bots:,}).",
                f"消息 {self.messages:,} 条，进出记录 {self.membership_events:,} 条，"
                f"点名 {self.mentions:,} 次；"
                f"成员 {self.members:,} 人，其中机器人 {self.bots:,} 个。",
            ),
            Text(
                f"From {self.covers_from} to {self.covers_to}; times read as {self.timezone}.",
                f"从 {self.covers_from} 到 {self.covers_to}；时间按 {self.timezone} 读取。",
            ),
        ]
        if self.times_ambiguous or self.times_nonexistent:
            lines.append(
                Text(
                    f"Clock changes: {self.times_ambiguous:,} rows whose time came twice (read as "
                    f"the first), {self.times_nonexistent:,} whose time never was (moved on).",
                    f"夏令时切换：{self.times_ambiguous:,} 行的时间出现两次（按第一次算），"
                    f"{self.times_nonexistent:,} 行的时间不存在（顺延）。",
                )
            )
        for name, (en, zh) in _KNOWN.items():
            if known := self.knowledge.get(name):
                state = Text("known", "可知") if known.known else Text("not known", "不可知")
                lines.append(
                    Text(f"{en}: {{s}}. {{b}}", f"{zh}：{{s}}。{{b}}").format(
                        s=state, b=known.basis
                    )
                )
        if self.key_made:
            lines.append(
                Text(
                    "A new key was made. Keep a copy: without it, later imports give other ids.",
                    "已生成新密钥。请备份：没有它，以后导入得到的代号会不同。",
                )
            )
        lines += [Text(f"Assumed: {a.en}", f"假定：{a.zh}") for a in self.assumptions]
        if left:
            lines.append(Text(f"{left:,} files left out:", f"未读取 {left:,} 个文件："))
            lines += self._left_out()
        lines += [
            Text(
                f"Not understood: {e.file}, row {e.row}: {e.why.en} ({e.shape})",
                f"无法解析：{e.file} 第 {e.row} 行：{e.why.zh}（{e.shape}）",
            )
            for e in self.examples
        ]
        return lines

    def _left_out(self) -> list[Text]:
        """Say why files were not read, the files of one reason together."""
        reasons: dict[Text, list[str]] = {}
        for file in self.files_left_out:
            reasons.setdefault(file.why, []).append(file.file)
        lines = []
        for why, files in reasons.items():
            names = ", ".join(files[:_NAMED]) + (" …" if files[_NAMED:] else "")
            lines.append(
                Text(
                    f"  {len(files):,}: {why.en} ({names})",
                    f"  {len(files):,} 个：{why.zh}（{names}）",
                )
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
