"""Which platforms there is a reader for, and which files of an export are theirs."""

from __future__ import annotations

import csv
import difflib
import importlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import PurePath
from types import ModuleType
from typing import Any, Literal, cast

from shequn.paths import DATA
from shequn.sources.files import Export, ExportFile
from shequn.sources.intake import Intake
from shequn.sources.report import FileLeftOut, Reading
from shequn.text import ShequnError, Text

PLATFORMS = (
    "wechat", "wecom", "qq", "feishu", "telegram", "whatsapp", "discord", "slack", "discourse",
    "zulip", "mbox", "stackexchange", "github", "git", "irc", "xiaohongshu", "douyin", "orders",
    "spend", "chatlab",
)  # fmt: skip
MAP = "map"  # any table, by what the user says of its columns
Level = Literal["full", "partial", "none"]
_SAMPLE = 300  # files looked at to recognise a platform
_EMPTY = Text("no record in it", "里面没有一条记录")
_OTHER = Text("not an export of {name}", "不是{name}的导出")


class Head:
    """The beginning of a file, for a reader to tell whether it is one of its own.

    Attributes
    ----------
    file
        The file itself.
    alone
        Whether it is the only one given: then its name need not tell anything.
    """

    def __init__(self, file: ExportFile, *, alone: bool) -> None:
        self.file, self.alone = file, alone

    @property
    def name(self) -> str:
        """Name of the file in lower case."""
        return self.file.name.lower()

    def named(self, *suffixes: str) -> bool:
        """Tell whether the file ends as it should, or is the only one and no spreadsheet.

        Beside an export may lie thousands of pictures: they are not opened.
        """
        return self.name.endswith(suffixes) or (self.alone and not self.name.endswith(".xlsx"))

    @cached_property
    def lines(self) -> list[str]:
        """Lines at the beginning, as many as tell what the file is."""
        return self.file.head()

    @cached_property
    def text(self) -> str:
        """The same as one text, without space at its beginning."""
        return "\n".join(self.lines).lstrip("\ufeff \t\r\n")

    @cached_property
    def header(self) -> list[str]:
        """Cells of the first line, of a file with commas between them."""
        try:
            return [c.strip() for c in next(csv.reader(self.lines[:1]), [])]
        except csv.Error:
            return []

    @cached_property
    def record(self) -> Any:
        """The first line as JSON; None where it is none."""
        try:
            return json.loads(self.text.split("\n", 1)[0])
        except (ValueError, RecursionError):
            return None

    @cached_property
    def sheet(self) -> list[list[str]]:
        """First rows of the first sheet of an Excel file; none where it is no such file."""
        from shequn.sources.sheets import first_rows

        return first_rows(self.file) if self.name.endswith(".xlsx") else []


class Reader:
    """The module that reads a platform, looked up by the platform's name.

    Attributes
    ----------
    platform
        Name on the command line, and of the module.
    name
        Name for people.
    hint
        How to get an export that can be read, in a sentence.
    layouts
        What shows that a file is of a layout, by the layout's name.
    private
        Reasons to leave out a file that bears the name of a person: its own is not told.
    """

    def __init__(self, platform: str) -> None:
        module = "mapped" if platform == MAP else platform
        self._module: ModuleType = importlib.import_module(f"shequn.sources.readers.{module}")
        self.platform = platform
        self.name = cast("Text", self._module.NAME)
        self.hint = cast("Text", self._module.HINT)
        self.layouts = cast("dict[str, Text]", self._module.LAYOUTS)
        self.private = cast("tuple[Text, ...]", getattr(self._module, "PRIVATE", ()))

    def blind(self, file: FileLeftOut, n: int) -> FileLeftOut:
        """Return a file that is left out; one that is named after a person by its number alone."""
        if file.why not in self.private:
            return file
        return replace(file, file=f"chat-{n}{PurePath(file.file).suffix.lower()}")

    def sniff(self, head: Head) -> str | Text | None:
        """Return a layout; or why a file of this platform is not read; None for other files."""
        return cast("str | Text | None", self._module.sniff(head))

    def read(self, files: list[Reading], intake: Intake) -> None:
        """Put what files say into an intake."""
        self._module.read(files, intake)


@cache
def reader(platform: str) -> Reader:
    """Return the reader of a platform.

    Raises
    ------
    ShequnError
        Where there is none.
    """
    if platform.lower() in (*PLATFORMS, MAP):
        return Reader(platform.lower())
    near = difflib.get_close_matches(platform.lower(), PLATFORMS, n=3, cutoff=0.4) or PLATFORMS
    raise ShequnError(
        Text(f"There is no reader for {platform}.", f"没有 {platform} 的读取器。"),
        Text(
            f"There is one for: {', '.join(near)}. For any table there is: shequn import map.",
            f"现有：{'、'.join(near)}。任何表格都可以用 shequn import map。",
        ),
    )


def choose(found: Reader, export: Export) -> tuple[list[Reading], list[FileLeftOut]]:
    """Return the files of an export that a reader knows, and those that it leaves out.

    Raises
    ------
    ShequnError
        Where there is no file for it.
    """
    readings: list[Reading] = []
    left_out: list[FileLeftOut] = []
    for file in export.files:
        layout = found.sniff(Head(file, alone=len(export.files) == 1))
        if isinstance(layout, str):
            readings.append(Reading(file, layout))
        else:
            why = layout or _OTHER.format(name=found.name)
            left_out.append(found.blind(FileLeftOut(file.name, why), len(left_out) + 1))
    if not readings:
        raise nothing(found, export, left_out)
    return readings, left_out


def nothing(found: Reader, export: Export, left_out: Iterable[FileLeftOut]) -> ShequnError:
    """Return what to say where no file of an export can be read."""
    whys = list(dict.fromkeys(f.why for f in left_out))[:3] or [_EMPTY]
    return ShequnError(
        Text(
            f"Nothing of {found.name.en} could be read in {export.place}: "
            f"{'; '.join(w.en for w in whys)}.",
            f"{export.place} 里没有能读的{found.name.zh}内容：{'；'.join(w.zh for w in whys)}。",
        ),
        found.hint,
    )


@dataclass(frozen=True)
class Recognised:
    """A platform that an export may be of, with the file and the sign that show it."""

    platform: str
    files: int
    file: str
    sign: Text


def recognise(export: Export) -> list[Recognised]:
    """Return the platforms that an export may be of, the likeliest first."""
    counts: Counter[str] = Counter()
    first: dict[str, Recognised] = {}
    for file in export.files[:_SAMPLE]:
        head = Head(file, alone=len(export.files) == 1)
        for platform in PLATFORMS:
            layout = reader(platform).sniff(head)
            if isinstance(layout, str):
                counts[platform] += 1
                sign = reader(platform).layouts[layout]
                first.setdefault(platform, Recognised(platform, 0, file.name, sign))
    return [
        Recognised(p, n, first[p].file, first[p].sign)
        for p, n in sorted(counts.items(), key=lambda c: (-c[1], PLATFORMS.index(c[0])))
    ]


@dataclass(frozen=True)
class Known:
    """How much of something a platform's exports show, and how it is known."""

    level: Level
    basis: Text


@cache
def matrix() -> dict[str, dict[str, Known]]:
    """Return what the exports of each platform show, from ``data/platforms.csv``."""
    found: dict[str, dict[str, Known]] = {}
    with (DATA / "platforms.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            known = Known(cast("Level", row["level"]), Text(row["basis"], row["basis_zh"]))
            found.setdefault(row["platform"], {})[row["what"]] = known
    return found
