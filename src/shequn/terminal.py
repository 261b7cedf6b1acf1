"""What the commands show while they work, and how they say that a command was mistyped."""

from __future__ import annotations

import re
import shutil
import sys
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

from shequn.text import Text

if TYPE_CHECKING:
    from shequn.rerun import Result

console = Console(stderr=True, highlight=False)

_STATUS = {
    "ok": Text("ok", "完成"),
    "skipped": Text("skipped", "跳过"),
    "failed": Text("failed", "失败"),
}
_UNCHANGED = Text("unchanged", "未变")
_LONGEST = 300  # characters of a message that another program wrote

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
    from typer import rich_utils

    for name, words in (
        ("ARGUMENTS_PANEL_TITLE", "参数"),
        ("OPTIONS_PANEL_TITLE", "选项"),
        ("COMMANDS_PANEL_TITLE", "命令"),
        ("REQUIRED_LONG_STRING", "[必填]"),
        ("DEFAULT_STRING", "[默认：{}]"),
    ):
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, words)


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
