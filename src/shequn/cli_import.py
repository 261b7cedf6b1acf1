"""Commands at the door: exports in, and the interchange format out."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shequn import terminal
from shequn.cli_base import LangOption, app, h, language
from shequn.text import Lang, ShequnError, Text

if TYPE_CHECKING:
    from shequn.sources.report import ImportReport

_AUTO, _MAP = "auto", "map"
_FILE = "[FILE]"


@app.command(
    "import",
    help=h(
        "Turn a platform's export into a pseudonymised data folder.",
        "把平台导出的文件变成去标识的数据文件夹。",
    ),
    epilog=h(
        "Examples: shequn import auto export.zip --timezone Asia/Shanghai --out DATA; "
        "shequn import telegram result.json --out DATA --append; "
        "shequn import map sales.xlsx --guess > mapping.yml; "
        "shequn import map sales.xlsx --map mapping.yml --timezone UTC --out DATA",
        "例：shequn import auto 导出.zip --timezone Asia/Shanghai --out DATA；"
        "shequn import telegram result.json --out DATA --append；"
        "shequn import map 销售.xlsx --guess > mapping.yml；"
        "shequn import map 销售.xlsx --map mapping.yml --timezone Asia/Shanghai --out DATA",
    ),
)
def import_(
    platform: Annotated[
        str, typer.Argument(metavar="PLATFORM", help=h(
            "auto recognises it; map is for any table; or the platform's name (shequn platforms).",
            "auto 自动识别；map 用于任意表格；或写平台名（见 shequn platforms）。"))
    ],
    export: Annotated[
        Path, typer.Argument(metavar="EXPORT", help=h("File or folder exported.", "导出的文件或文件夹。"))
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help=h("Data folder to write.", "写到哪个数据文件夹。"))
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", help=h(
            "Zone of the community, and of times that bear none, such as Asia/Shanghai.",
            "社群所在时区，也用于没写时区的时间，如 Asia/Shanghai。")),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help=h(
            "Merge into the folder that is there; the same export twice changes nothing.",
            "并入已有文件夹；同一份导出并入两次不会有变化。"))
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help=h("Replace an existing folder.", "替换已有的文件夹。"))
    ] = False,
    keep_text: Annotated[
        bool, typer.Option("--keep-text", help=h("Keep the messages' text, names and numbers masked.",
                                                  "保留消息正文，名字和号码遮去。"))
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", help=h("File with the key of the pseudonyms, kept outside DATA.",
                                      "代号密钥文件，须放在 DATA 之外。")),
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", metavar=_FILE, help=h(
            "CSV with account,person: accounts that are one person.",
            "CSV，两列 account,person：哪些账号是同一个人。")),
    ] = None,
    staff: Annotated[
        Path | None,
        typer.Option("--staff", metavar=_FILE, help=h(
            "Accounts of your own staff, one a line; role:admin is everybody with that role.",
            "自己人的账号，每行一个；role:admin 指所有担任该角色的人。")),
    ] = None,
    bots: Annotated[
        Path | None,
        typer.Option("--bots", metavar=_FILE, help=h("Accounts that are bots, one a line; !NAME is none.",
                                                     "机器人账号，每行一个；!名字 表示不是。")),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option("--date", help=h("First day (YYYY-MM-DD) of logs whose name has no date.",
                                       "文件名里没有日期时，第一天的日期（YYYY-MM-DD）。")),
    ] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help=h("Whether 3/4 is the third of April.",
                                                         "3/4 是四月三日还是三月四日。")),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", help=h("Of amounts that bear none, such as CNY.",
                                                       "没写币种的金额按什么算，如 CNY。"))
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--map", metavar=_FILE, help=h("With map: what the columns mean.",
                                                    "配合 map：各列是什么意思。")),
    ] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help=h("With map: propose such a file, and stop.",
                                              "配合 map：拟出这样一个文件，然后结束。"))
    ] = False,
    tolerate: Annotated[
        bool,
        typer.Option("--tolerate", help=h("Accept more than 1% of rows not understood.",
                                           "解析不了的行超过 1% 也接受。")),
    ] = False,
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Import an export."""
    from shequn.sources import import_export
    from shequn.sources.lists import Lists

    spoken = language(lang)
    if guess:
        from shequn.sources.readers import mapping as mapped

        print(mapped.guess(export), end="")
        return
    if out is None:
        raise ShequnError(
            Text("Where shall the data folder be?", "数据文件夹写到哪里？"),
            Text("Add --out DATA.", "请加 --out DATA。"),
        )
    if append and overwrite:
        raise ShequnError(
            Text(
                "--append and --overwrite exclude one another.",
                "--append 与 --overwrite 只能选一个。",
            ),
            Text("Leave one of them out.", "去掉其中一个。"),
        )
    zone = timezone or _zone_of(out if append else None)
    if platform.lower() == _AUTO:
        platform = _recognised(export, spoken)
    with terminal.bytes_bar() as bar:
        task = bar.add_task(Text("reading", "读取")[spoken], total=None)

        def progress(done: int, total: int) -> None:
            words = Text("reading", "读取") if done < total else Text("settling", "整理")
            bar.update(task, completed=done, total=total, description=words[spoken])

        report = import_export(
            platform, export, out, timezone=zone, keep_text=keep_text, key_file=key,
            date=_date(day), day_first=day_first, currency=currency, mapping=mapping,
            tolerate=tolerate, overwrite=overwrite, append=append,
            by_hand=Lists(aliases, staff, bots), progress=progress,
        )  # fmt: skip
    _tell(report, out, spoken)


def _tell(report: ImportReport, out: Path, spoken: Lang) -> None:
    from shequn.tabular_folder import IMPORT_PAGES

    print(report.say(spoken))
    print(
        Text(
            f"This report is in {out / IMPORT_PAGES[spoken]}. Next: shequn check {out}",
            f"这份报告在 {out / IMPORT_PAGES[spoken]}。下一步：shequn check {out}",
        )[spoken]
    )


def _zone_of(folder: Path | None) -> str:
    from shequn.sources.folder import settings_of

    if folder is not None and folder.is_dir():
        try:
            return str(settings_of(folder)["timezone"])
        except (OSError, ValueError, KeyError):
            pass  # the import itself says what is wrong with the folder
    raise ShequnError(
        Text("Which zone does the community live in?", "社群按哪个时区生活？"),
        Text(
            "Add --timezone, such as --timezone Asia/Shanghai or UTC.",
            "请加 --timezone，例如 --timezone Asia/Shanghai。",
        ),
    )


def _recognised(export: Path, spoken: Lang) -> str:
    from shequn.sources.files import Export
    from shequn.sources.platforms import reader, recognise

    found = recognise(Export(export))
    if not found:
        raise ShequnError(
            Text(
                f"{export} is of no platform that is known here.",
                f"认不出 {export} 是哪个平台的导出。",
            ),
            _what_else(export),
        )
    best = found[0]
    name = reader(best.platform).name
    print(
        Text(
            f"Recognised as {name.en} ({best.platform}): {best.sign.en}; files: {best.files}.",
            f"识别为{name.zh}（{best.platform}）：{best.sign.zh}；文件 {best.files} 个。",
        )[spoken]
    )
    if len(found) > 1:
        others = ", ".join(f"{o.platform} ({o.files})" for o in found[1:])
        print(
            Text(
                f"Some files could also be of: {others}. Name the platform if this is wrong.",
                f"有些文件也可能属于：{others}。如果不对，请直接写平台名。",
            )[spoken]
        )
    return best.platform


def _what_else(export: Path) -> Text:
    """Return what to try with an export that nobody recognises: near names, and the map."""
    from shequn.sources.platforms import PLATFORMS, reader

    near = difflib.get_close_matches(export.stem.lower(), PLATFORMS, n=1, cutoff=0.5)
    named = [p for p in PLATFORMS if p in export.name.lower()] or near
    hint = reader(named[0]).hint if named else Text("", "")
    return Text(
        f"{hint.en} For any table in CSV or Excel: shequn import map {export} --guess".strip(),
        f"{hint.zh}任何 CSV 或 Excel 表格：shequn import map {export} --guess",
    )


@app.command(
    help=h("List the platforms that exports are read of, and what each shows.",
            "列出能读取哪些平台的导出，以及各自能看到什么。"),
    epilog=h("Example: shequn platforms", "例：shequn platforms"),
)  # fmt: skip
def platforms(lang: LangOption = None) -> None:
    """List platforms."""
    from shequn.sources.platforms import PLATFORMS, matrix, reader
    from shequn.sources.report import WHAT

    spoken = language(lang)
    terminal.print_platforms(
        [(p, reader(p).name, [matrix().get(p, {}).get(w) for w in WHAT]) for p in PLATFORMS], spoken
    )


@app.command(
    help=h("Write a data folder in an interchange format; people stay pseudonyms.",
            "把数据文件夹写成交换格式；人仍然是代号。"),
    epilog=h("Example: shequn export chatlab DATA --out group.jsonl",
              "例：shequn export chatlab DATA --out group.jsonl"),
)  # fmt: skip
def export(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=h("chatlab.", "chatlab。"))],
    data: Annotated[Path, typer.Argument(metavar="DATA", help=h("Data folder.", "数据文件夹。"))],
    out: Annotated[Path, typer.Option("--out", help=h("File to write: .json or .jsonl.",
                                                       "写到哪个文件：.json 或 .jsonl。"))],
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Write a data folder in another format."""
    from shequn.chatlab_write import write_chatlab

    spoken = language(lang)
    if form.lower() != "chatlab":
        raise ShequnError(
            Text(f"{form} is not written here.", f"这里不写 {form} 格式。"),
            Text("There is: chatlab.", "现有：chatlab。"),
        )
    with terminal.console.status(Text("writing", "写出中")[spoken]):
        write_chatlab(data, out)
    print(Text(f"Written to {out}.", f"已写到 {out}。")[spoken])


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ShequnError(
            Text(f"--date {text} is not a date.", f"--date {text} 不是日期。"),
            Text("Write it as 2024-01-31.", "请写成 2024-01-31。"),
        ) from error
