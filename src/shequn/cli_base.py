"""What every command shares: the application, its language, and options that recur."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from shequn.text import LANGUAGES, ShequnError, Text, preferred_language
from shequn.text import Lang as Spoken


def _help_language() -> str:
    """Return the language of --help: the last --lang that is given, otherwise the locale's."""
    arguments, spoken = sys.argv[1:], preferred_language()
    for before, value in zip(["", *arguments], arguments, strict=False):
        if before == "--lang" or value.startswith("--lang="):
            asked = value.removeprefix("--lang=")
            spoken = "zh" if asked == "zh" else "en" if asked == "en" else preferred_language()
    return spoken


HELP = _help_language()


def h(en: str, zh: str) -> str:
    """Return one of two texts, by the language of --help."""
    return Text(en, zh)[HELP]


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help=h(
        "Shequn, the executable handbook of community operations: run it on your own community.",
        "社群：可执行的社群运营手册。用它跑你自己社群的数据。",
    ),
    epilog=h(
        "Start with: shequn sample --out DATA; shequn run DATA --out RUN --book",
        "先试：shequn sample --out DATA；shequn run DATA --out RUN --book",
    ),
)

LangOption = Annotated[
    str | None,
    typer.Option(
        "--lang",
        help=h("Language of messages and pages: en or zh.", "消息与页面的语言：en 或 zh。"),
    ),
]
DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help=h(
            "Folder of the community's tables, or duckdb:///FILE.",
            "社群数据文件夹，或 duckdb:///文件。",
        ),
    ),
]
Out = Annotated[Path, typer.Option("--out", help=h("Folder to write.", "写到哪个文件夹。"))]


def language(lang: str | None) -> Spoken:
    """Return the language to speak; refuse one the handbook does not have."""
    if lang is None:
        return preferred_language()
    for edition in LANGUAGES:
        if lang == edition:
            return edition
    raise ShequnError(
        Text(f"--lang {lang} is not an edition.", f"没有 --lang {lang} 这个版本。"),
        Text("Use en or zh.", "请用 en 或 zh。"),
    )
