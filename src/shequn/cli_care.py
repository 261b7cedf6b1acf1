"""Commands around the data: empty tables to fill in, a look for what should not be there, erasure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shequn.cli_base import LangOption, app, h, language
from shequn.terminal import console, plain
from shequn.text import Text


@app.command(
    help=h("Write an empty table to fill in by hand, with help on every column.",
            "生成一张空表供手工填写，每一列都有说明。"),
    epilog=h("Example: shequn template spend --out spend.xlsx",
              "例：shequn template spend --out spend.xlsx"),
)  # fmt: skip
def template(
    table: Annotated[str, typer.Argument(metavar="TABLE", help=h("Such as spend or goals.",
                                                                  "如 spend、goals。"))],
    out: Annotated[Path, typer.Option("--out", help=h("File to write: .xlsx or .csv.",
                                                       "写到哪个文件：.xlsx 或 .csv。"))],
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Write a template."""
    from shequn.template import write_template

    spoken = language(lang)
    write_template(table, out, spoken)
    print(Text(f"An empty table is in {out}.", f"空表在 {out}。")[spoken])


@app.command(
    help=h("Look for what should not be there: traces of people, names, paths, the key.",
           "查找不该有的东西：个人痕迹、名字、路径、密钥。"),
    epilog=h("Examples: shequn audit DATA; shequn audit RUN", "例：shequn audit DATA；shequn audit RUN"),
)  # fmt: skip
def audit(
    folder: Annotated[Path, typer.Argument(metavar="DATA|RUN", help=h("Data folder, or what a run wrote.",
                                                                     "数据文件夹，或一次运行的结果。"))],
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Audit a folder."""
    from shequn.audit import audit as look

    spoken = language(lang)
    with console.status(Text("looking", "查找中")[spoken]):
        findings = look(folder)
    for finding in findings:
        print(plain(finding.say(spoken)))
    nothing = Text(
        "Nothing found. That is no proof: only a person knows what others would recognise.",
        "没有查到。这不等于没有：什么会被人认出来，只有人知道。",
    )
    some = Text(
        f"{len(findings)} places to look at. Do not pass the folder on before you have.",
        f"有 {len(findings)} 处要看。看过之前，不要把文件夹给别人。",
    )
    print((some if findings else nothing)[spoken])
    raise typer.Exit(1 if findings else 0)


@app.command(
    help=h("Erase people from a data folder, everywhere, and prove it.",
           "把人从数据文件夹里彻底抹去，并加以证明。"),
    epilog=h("Example: shequn forget DATA --member mk3abc… (a code, or a name in identities.csv)",
             "例：shequn forget DATA --member mk3abc…（代号，或 identities.csv 里的名字）"),
)  # fmt: skip
def forget(
    data: Annotated[Path, typer.Argument(metavar="DATA", help=h("Data folder.", "数据文件夹。"))],
    member: Annotated[list[str], typer.Option("--member", help=h("Code or name; may be given again.",
                                                                 "代号或名字；可写多次。"))],
    lang: LangOption = None,
) -> None:  # fmt: skip
    """Erase people."""
    from shequn.forget import forget as erase

    spoken = language(lang)
    with console.status(Text("erasing", "抹除中")[spoken]):
        done = erase(data, member)
    print(done.say(spoken))
    print(
        Text(
            "Erase them from the raw export and from earlier runs too, and run again.",
            "原始导出和以前的运行结果里也请抹去，然后重新运行。",
        )[spoken]
    )
