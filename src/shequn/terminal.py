"""What the commands show while they work, and how they say that a command was mistyped."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from shequn.text import Text

if TYPE_CHECKING:
    from shequn.dataset import Dataset
    from shequn.notebooks import Notebook
    from shequn.rerun import Result
    from shequn.sources.platforms import Known

console = Console(stderr=True, highlight=False)

_STATUS = {
    "ok": Text("ok", "完成"),
    "skipped": Text("skipped", "跳过"),
    "failed": Text("failed", "失败"),
}
_UNCHANGED = Text("unchanged", "未变")
_HARMLESS = "\n\u200c\u200d"  # joiners are part of a character
_LONGEST = 300  # characters of a message that another program wrote
_WIDE = 100  # columns of a terminal in which names of platforms have room

# The command line's own complaints come in English from the library that reads it.
_MISTYPED = (
    (r"Missing (?:argument|option) (?P<what>.+?)\.", "缺少 {what}。"),
    (r"No such option: (?P<what>\S+).*", "没有 {what} 这个选项。"),
    (r"No such command (?P<what>'[^']*')\.?.*", "没有 {what} 这个命令。"),
    (r"Missing command\.", "缺少命令。"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((?P<what>.*)\)", "多出了：{what}。"),
    (r"Option (?P<what>\S+) requires an argument\.", "{what} 后面要写一个值。"),
    (r"Option (?P<what>\S+) does not take a value\.", "{what} 后面不写值。"),
    (r"Invalid value for (?P<what>[^:]+): (?P<why>.*)", "{what} 的值不对：{why}"),
)


def prepare() -> None:
    """Let no character stop a command: one that the terminal cannot show becomes ``?``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def speak_chinese() -> None:
    """Give the help pages' headings in Chinese; the library that draws them has English ones."""
    from typer import core, rich_utils

    for name, words in (
        ("ARGUMENTS_PANEL_TITLE", "参数"),
        ("OPTIONS_PANEL_TITLE", "选项"),
        ("COMMANDS_PANEL_TITLE", "命令"),
        ("REQUIRED_LONG_STRING", "[必填]"),
        ("DEFAULT_STRING", "[默认：{}]"),
    ):
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, words)
    for kind, method in (
        (core.TyperCommand, "get_help_option"),
        (core.TyperGroup, "get_help_option"),
    ):
        setattr(kind, method, _in_chinese(getattr(kind, method)))


def _in_chinese(given: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return what gives a command its --help, with the option's own line in Chinese."""

    def translated(command: Any, context: Any) -> Any:
        option = given(command, context)
        if option is not None:
            option.help = "显示用法。"
        return option

    return translated


def mistyped(error: Exception) -> Text:
    """Say what is wrong with a command line.

    Parameters
    ----------
    error
        A usage error of the library that reads the command line.
    """
    english = str(getattr(error, "format_message", lambda: error)()).strip()
    for pattern, chinese in _MISTYPED:
        if found := re.fullmatch(pattern, english, re.DOTALL):
            return Text(english, chinese.format(**found.groupdict()))
    return Text(english, english and f"命令写得不对：{english}")


def plain(text: str) -> str:
    """Return text without what would command the terminal, such as a name of a file may hold."""
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf") and c not in _HARMLESS else c
        for c in text
    )


def short(error: Exception) -> str:
    """Return a system's complaint in a line or two; of many files, the first."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1])[:_LONGEST]
    return str(error)[:_LONGEST]


def bytes_bar() -> Progress:
    """Return a progress bar for reading."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
        TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip


class Steps:
    """A progress bar of notebooks, then of steps; lines where there is no terminal to draw on."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task(Text("notebooks", "笔记本")[lang], total=None)

    def __enter__(self) -> tuple[Any, Any]:
        self.bar.start()
        return self.progress, self.stage

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def progress(self, result: Result, total: int) -> None:
        """Show that a notebook came to its end."""
        self.bar.update(self.task, total=total, advance=1, description=result.name)
        if self.bar.disable:
            how = _UNCHANGED if result.reused else _STATUS[result.status]
            took = f" {result.seconds:.0f} s" if result.seconds else ""
            console.print(f"  {result.name}: {how[self.lang]}{took}", markup=False)

    def stage(self, text: Text) -> None:
        """Show what is being done now."""
        self.bar.update(self.task, description=text[self.lang], total=None)
        if self.bar.disable:
            console.print(f"  {text[self.lang]}", markup=False)


def print_notebooks(notebooks: Iterable[Notebook], community: Dataset | None, spoken: str) -> None:
    """Print notebooks, what each needs, and whether a community's data support it."""
    table = Table(box=None, pad_edge=False)
    heads = [Text("notebook", "笔记本"), Text("about", "内容"), Text("needs", "需要")]
    for head in heads + ([Text("your data", "你的数据")] if community else []):
        table.add_column(head[spoken], overflow="fold", no_wrap=head is heads[0])
    for notebook in notebooks:
        needs = ", ".join(f"{t} ({', '.join(c)})" for t, c in notebook.needs.items())
        nothing = Text("nothing of yours", "不需要你的数据")
        row = [notebook.id, notebook.title, needs or nothing[spoken]]
        if community:
            lacking = community.missing(notebook.needs)
            yes = Text("✓ supported", "✓ 支持")
            row.append(yes[spoken] if not lacking else _lacks(lacking)[spoken])
        table.add_row(*row)
    Console(highlight=False).print(table, markup=False)


def print_platforms(
    platforms: Iterable[tuple[str, Text, Sequence[Known | None]]], spoken: str
) -> None:
    """Print platforms, and how much the exports of each show."""
    from shequn.sources.report import WHAT

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    named = console.width >= _WIDE
    heads = [Text("platform", "平台"), *([Text("name", "名称")] if named else ()), *WHAT.values()]
    for head in heads:
        table.add_column(head[spoken], no_wrap=True)
    signs = {"full": "●", "partial": "◐", "none": "○", "": "?"}
    for platform, name, known in platforms:
        row = (platform, name[spoken]) if named else (platform,)
        table.add_row(*row, *(signs[k.level if k else ""] for k in known))
    console.print(table, markup=False)
    print(Text("● shown  ◐ in part  ○ not", "● 能看到  ◐ 部分  ○ 看不到")[spoken])


def _lacks(missing: list[str]) -> Text:
    return Text(f"– lacks {', '.join(missing)}", f"– 缺 {'、'.join(missing)}")


def summary(results: list[Result], out: Path, lang: str) -> None:
    """Print what became of a run."""
    count = {s: sum(r.status == s for r in results) for s in ("ok", "skipped", "failed")}
    for result in results:
        if result.status == "skipped":
            print(f"{result.name}: {_lacks(result.missing)[lang]}")
        if result.status == "failed":
            print(f"{result.name}: {plain(result.error)}")
    said = Text(
        f"{count['ok']} run, {count['skipped']} skipped, {count['failed']} failed. "
        f"Values: {out / 'values.csv'}",
        f"完成 {count['ok']} 个，跳过 {count['skipped']} 个，失败 {count['failed']} 个。"
        f"数值表：{out / 'values.csv'}",
    )
    print(said[lang])
