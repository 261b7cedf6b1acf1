"""The commands: thin. They parse, call, and say what happened in the reader's language."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from shequn import cli_care as _care  # noqa: F401  registers its commands
from shequn import cli_import as _import  # noqa: F401  registers its commands
from shequn import terminal
from shequn.cli_base import HELP, DataArgument, LangOption, Out, app, h, language
from shequn.terminal import console
from shequn.text import LANGUAGES, ShequnError, Text, preferred_language
from shequn.text import Lang as Spoken

_USER, _PROGRAM, _INTERRUPTED = 2, 3, 130  # exit codes: whose fault it was


@app.command(
    help=h("Copy the synthetic sample community, to play with.", "复制合成的示例社群，用来练手。"),
    epilog=h("Example: shequn sample --out DATA", "例：shequn sample --out DATA"),
)
def sample(out: Out, lang: LangOption = None) -> None:
    """Copy the sample."""
    from shequn.sample import copy_sample

    spoken = language(lang)
    copy_sample(out)
    _next(
        Text(
            f"A synthetic community is in {out}; truth.json holds what it was made with.\n"
            f"Next: shequn run {out} --out RUN --book",
            f"合成的示例社群已放在 {out}，造它用的真值在 truth.json。\n下一步：shequn run {out} --out RUN --book",
        ),
        spoken,
    )


@app.command(
    help=h("Find every fault of a data folder, with file, row, column and how to mend it.",
            "找出数据文件夹里的每一处问题：文件、行、列、怎么改。"),
    epilog=h("Example: shequn check DATA", "例：shequn check DATA"),
)  # fmt: skip
def check(
    data: Annotated[Path, typer.Argument(metavar="DATA", help=h("Data folder.", "数据文件夹。"))],
    lang: LangOption = None,
) -> None:
    """Check a data folder."""
    from shequn.check import check as check_folder

    spoken = language(lang)
    with console.status(Text("checking", "检查中")[spoken]):
        report = check_folder(data)
    Console(highlight=False).print(report.render(spoken))
    raise typer.Exit(0 if report.ok else 1)


@app.command(
    "list",
    help=h("List the notebooks, what each needs, and which of them DATA supports.",
            "列出笔记本、各自需要什么，以及 DATA 支持哪些。"),
    epilog=h("Examples: shequn list; shequn list DATA", "例：shequn list；shequn list DATA"),
)  # fmt: skip
def list_(
    data: Annotated[str | None, typer.Argument(metavar="[DATA]", help=h("Data folder.", "数据文件夹。"))] = None,
    lang: LangOption = None,
) -> None:  # fmt: skip
    """List notebooks."""
    from shequn.dataset import open_dataset
    from shequn.notebooks import notebooks

    spoken = language(lang)
    if data is None:
        terminal.print_notebooks(notebooks(spoken), None, spoken)
        return
    with open_dataset(data) as community:
        terminal.print_notebooks(notebooks(spoken), community, spoken)


@app.command(
    help=h("Run the notebooks that DATA supports; --book builds the handbook around them.",
            "运行 DATA 支持的笔记本；加 --book 生成以你的数据写成的手册。"),
    epilog=h("Examples: shequn run DATA --out RUN --book; shequn run DATA --out RUN retention -j 2",
              "例：shequn run DATA --out RUN --book --lang zh；shequn run DATA --out RUN retention -j 2"),
)  # fmt: skip
def run(
    data: DataArgument,
    out: Out,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=h("Notebooks; all that DATA supports if none.",
                                                    "笔记本名；不写则运行支持的全部。")),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help=h("Notebooks at a time.", "同时运行几个。"))
    ] = None,
    book: Annotated[
        bool, typer.Option("--book", help=h("Also build the handbook.", "同时生成手册。"))
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=h("Only say what would run.", "只说会运行什么。"))
    ] = False,
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Run notebooks."""
    from shequn import runs
    from shequn.check import check as check_folder
    from shequn.dataset import open_dataset

    spoken = language(lang)
    chosen = runs.choose(names or (), spoken, book=book)
    runs.refuse(data, out)  # before minutes of checking
    if "://" not in data:
        with console.status(Text("checking the data", "检查数据")[spoken]):
            report = check_folder(Path(data), private=False)
        if not report.ok:
            Console(highlight=False).print(report.render(spoken))
            raise ShequnError(
                Text("The data have faults; nothing was run.", "数据有问题，没有运行。"),
                Text("Mend them and run again.", "改好后再运行。"),
            )
    if dry_run:
        with open_dataset(data) as community:
            terminal.print_notebooks(chosen, community, spoken)
        return
    with terminal.Steps(spoken) as (progress, stage):
        results = runs.run(
            data, out, names=names or (), lang=spoken, jobs=jobs, book=book,
            progress=progress, stage=stage,
        )  # fmt: skip
    terminal.summary(results, out, spoken)
    if book:
        page = (out / "site" / "index.html").resolve()
        _next(Text(f"Open {page}", f"打开 {page}"), spoken)
    raise typer.Exit(1 if any(r.status == "failed" for r in results) else 0)


@app.command(
    help=h(
        "Build the published handbook around the sample community.",
        "生成以示例社群写成的公开手册。",
    ),
    epilog=h(
        "Example: shequn book --lang all --out _build/site",
        "例：shequn book --lang all --out _build/site",
    ),
)
def book(
    out: Out = Path("_build/site"),
    lang: Annotated[
        str, typer.Option("--lang", help=h("en, zh or all.", "en、zh 或 all。"))
    ] = "all",
    jobs: Annotated[
        int | None, typer.Option("-j", "--jobs", min=1, help=h("Notebooks at a time.", "同时运行几个。"))
    ] = None,
) -> None:  # fmt: skip
    """Build the handbook."""
    from shequn import publish

    editions: list[Spoken] = list(LANGUAGES) if lang == "all" else [language(lang)]
    spoken = preferred_language()
    with terminal.Steps(spoken) as (progress, stage):
        fresh = publish.publish(out, editions, jobs=jobs, progress=progress, stage=stage)
    page = (out / "index.html").resolve()
    if fresh:
        _next(Text(f"Open {page}", f"打开 {page}"), spoken)
    else:
        _next(Text(f"Nothing has changed. Open {page}", f"没有变化。打开 {page}"), spoken)


def _next(text: Text, lang: str) -> None:
    print(text[lang])


def main() -> None:
    """Run a command; say in words what went wrong."""
    terminal.prepare()
    if HELP == "zh":
        terminal.speak_chinese()
    try:
        code = app(prog_name="shequn", standalone_mode=False)
    except ShequnError as error:
        _fail(_USER, error.what, error.mend)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except OSError as error:
        reason = terminal.short(error)
        _fail(_USER, Text(f"The system refused: {reason}", f"系统不允许：{reason}"))
    except Exception as error:
        if hasattr(error, "format_message"):  # a mistyped command, in the library's words
            said = terminal.mistyped(error)
            _fail(_USER, said, _SEE_HELP if said.en else None)
        if os.environ.get("SHEQUN_TRACE"):
            raise
        reason = f"{type(error).__name__}: {terminal.short(error)}"
        _fail(_PROGRAM, _OUR_FAULT.format(reason=reason), _TRACE)
    if code == _INTERRUPTED:
        _fail(_INTERRUPTED, _STOPPED)
    sys.exit(code or 0)


def _fail(code: int, what: Text, mend: Text | None = None) -> NoReturn:
    style = None if code == _INTERRUPTED else "bold red"
    if what[HELP]:  # soft_wrap: no line break in the middle of a path
        console.print(terminal.plain(what[HELP]), style=style, markup=False, soft_wrap=True)
    if mend:
        console.print(terminal.plain(mend[HELP]), markup=False, soft_wrap=True)
    sys.exit(code)


_STOPPED = Text(
    "Stopped. What was there before is unchanged; the same command goes on from here.",
    "已停止。原有内容不变；再运行同一命令即可接着做。",
)
_SEE_HELP = Text("`shequn COMMAND --help` shows how.", "用法见 `shequn 命令 --help`。")
_OUR_FAULT = Text(
    "The program failed, through no fault of yours: {reason}", "程序出错了，不是你的问题：{reason}"
)
_TRACE = Text(
    "What was there before is unchanged. To report it, run again with SHEQUN_TRACE=1 before the command.",
    "原有内容不变。如要报告，请在命令前加上 SHEQUN_TRACE=1 再运行一次。",
)


if __name__ == "__main__":
    main()
