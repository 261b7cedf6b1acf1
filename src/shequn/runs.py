"""A RUN folder: executed notebooks, their values and figures, and the book around them."""

from __future__ import annotations

import base64
import csv
import json
import platform
import shutil
import unicodedata
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from shequn import __version__, atomic, edition, rerun
from shequn.dataset import Dataset, open_dataset
from shequn.notebooks import Notebook, notebooks
from shequn.rerun import Progress, Result
from shequn.tabular_folder import IMPORT_PAGES
from shequn.text import Lang, ShequnError, Text, not_a_formula

COLUMNS = (
    "metric", "slice", "period_start", "period_end", "value", "n", "low", "high", "unit", "notebook",
)  # fmt: skip
_RUN = frozenset({"run.json", "values.csv", "notebooks", "figures", "site"})
_DROPPINGS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NAME = 80  # characters of a community's name that fit at the head of a page
_LINE = 2000  # of a line of an import's report


def run(
    data: str | None,
    out: Path,
    *,
    names: Iterable[str] = (),
    lang: Lang = "en",
    jobs: int | None = None,
    book: bool = False,
    other_edition: bool = False,
    every: bool = False,
    progress: Progress | None = None,
    stage: edition.Stage | None = None,
) -> list[Result]:
    """Execute the notebooks that the data support and put everything in one folder.

    Parameters
    ----------
    data
        Folder of tables or database address; None is the synthetic sample.
    out
        Folder to write. An earlier run there is replaced as a whole, and only at the end.
    names
        Notebooks to run; those that need data if none is named, and all with ``book``.
    lang
        Language of pages, labels and figures.
    jobs
        Notebooks at a time.
    book
        Also build the handbook around the numbers, in ``out/site``.
    other_edition
        Whether the site stands beside one in the other language.
    every
        Whether every notebook must come out well; if not, nothing is built and ``out`` stays.
    progress, stage
        Called with each notebook's result, and with the name of each later step.

    Returns
    -------
    list of Result
        One a notebook.

    Raises
    ------
    ShequnError
        Where the data cannot be opened or change meanwhile, where ``out`` cannot be replaced
        without loss, and where a notebook fails of which every one must come out well.
    """
    out = Path(out).resolve()
    given = str(Path(data).resolve()) if data and "://" not in data else data
    step = stage or (lambda _: None)
    refuse(given, out)
    with atomic.only_one(out):
        atomic.recover(out)
        work = atomic.beside(out, "partial")
        chosen = choose(names, lang, book=book)
        with open_dataset(data) as community:
            fingerprint = community.engine.fingerprint()
            try:
                results = rerun.run_all(
                    chosen, parameters={"data": given, "lang": lang}, fingerprint=fingerprint,
                    lacking=lambda n: community.missing(n.needs), work=work, previous=out,
                    jobs=jobs, progress=progress,
                )  # fmt: skip
            finally:
                _refuse_changed(community, work)
            if every:
                _refuse_failed(results)
            assemble(work, results, chosen, community, fingerprint, lang)
            if book:
                edition.build(
                    work, work / "site", results=results, lang=lang,
                    banner=describe(community), other_edition=other_edition, stage=step,
                    report=_import_report(given, lang),
                )  # fmt: skip
        atomic.put(work, out)
    return results


def _import_report(data: str | None, lang: Lang) -> str:
    if not data or "://" in data:
        return ""
    try:
        page = (Path(data) / IMPORT_PAGES[lang]).read_text(encoding="utf-8", errors="replace")
    except OSError:  # tables that somebody wrote by hand
        return ""
    return "\n".join(_plain(line, _LINE) for line in page.split("\n"))


def _refuse_failed(results: list[Result]) -> None:
    failed = [r for r in results if r.status != "ok"]
    if failed:
        lines = "\n".join(f"{r.name}: {r.error or ', '.join(r.missing)}" for r in failed)
        raise ShequnError(
            Text(f"Notebooks failed:\n{lines}", f"有笔记本失败：\n{lines}"),
            Text("Mend them; nothing was published.", "请修好；什么都没有发布。"),
        )


def choose(names: Iterable[str], lang: Lang, *, book: bool) -> tuple[Notebook, ...]:
    """Return the notebooks of a run: those named, or all that need data, or with a book all."""
    wanted = list(names)
    return notebooks(lang) if book and not wanted else rerun.select(wanted, lang)


def refuse(data: str | None, out: Path) -> None:
    """Refuse a folder that a run of the data cannot be written to; see `refuse_lossy`."""
    refuse_lossy(Path(out).resolve(), _RUN, "run.json", data=data)


def refuse_lossy(out: Path, own: frozenset[str], marker: str, *, data: str | None = None) -> None:
    """Refuse a folder that cannot be replaced as a whole without losing something.

    Parameters
    ----------
    out
        The folder to write, links resolved.
    own
        Names of what the command itself puts there.
    marker
        Pattern of a file without which it did not.
    data
        Folder or address of the data, which must not be replaced with it.

    Raises
    ------
    ShequnError
        Where ``out`` is a file, holds something else, is where the command was started (its shell
        would be left in a folder that is gone), or lies in the data or they in it.
    """
    elsewhere = Text("Choose another --out.", "请换一个 --out。")
    if data:
        place = Path(urlsplit(data).path if "://" in data else data).resolve()
        if place.is_relative_to(out) or out.is_relative_to(place):
            raise ShequnError(
                Text(
                    f"The data {place} and the folder to write, {out}, lie in one another.",
                    f"数据 {place} 与要写的文件夹 {out} 互相包含。",
                ),
                elsewhere,
            )
    if not out.exists():
        return
    if not out.is_dir():
        raise ShequnError(
            Text(f"{out} is a file, not a folder.", f"{out} 是文件，不是文件夹。"), elsewhere
        )
    if Path.cwd().resolve().is_relative_to(out):
        raise ShequnError(
            Text(f"{out} is the folder you are in.", f"{out} 就是当前所在的文件夹。"),
            Text("Go up first: cd ..", "请先退到上一级：cd .."),
        )
    found = {p.name for p in out.iterdir()} - _DROPPINGS
    strange = sorted(found - own if any(out.glob(marker)) else found)
    if strange:
        names = ", ".join(strange[:3]) + (" …" if strange[3:] else "")
        raise ShequnError(
            Text(
                f"{out} holds something that is not a run or site of the handbook: {names}.",
                f"{out} 里有不属于本手册的运行结果或网站的内容：{names}。",
            ),
            Text("Move it, or choose another --out.", "请先移走，或换一个 --out。"),
        )


def _refuse_changed(community: Dataset, work: Path) -> None:
    """Raise if the data changed during the run; what came of them is not used again."""
    try:
        community.engine.unchanged()
    except ShequnError:
        shutil.rmtree(work, ignore_errors=True)
        raise


def describe(community: Dataset) -> Text:
    """Say whose numbers these are, for the head of every page."""
    calendar, info = community.calendar, community.info
    name = _plain(info.name)
    last = calendar.end.fromordinal(calendar.end.toordinal() - 1)
    clock = calendar.describe()
    if info.synthetic:
        return Text(
            "Unless a page names another source, numbers here come from a synthetic sample "
            f"community, {calendar.first} to {last} ({clock.en}).",
            f"除另有说明外，本书数字来自合成的示例社群，{calendar.first} 至 {last}（{clock.zh}）。",
        )
    return Text(
        f"Unless a page names another source, numbers here are those of {name}: "
        f"{len(calendar.covered)} days of data between {calendar.first} and {last} ({clock.en}).",
        f"除另有说明外，本书数字属于 {name}：{calendar.first} 至 {last} 之间有数据的 {len(calendar.covered)} 天"
        f"（{clock.zh}）。",
    )


def assemble(
    work: Path,
    results: list[Result],
    chosen: Iterable[Notebook],
    community: Dataset,
    fingerprint: str,
    lang: str,
) -> None:
    """Write values.csv, figures and run.json beside the executed notebooks."""
    about_data = {n.name for n in chosen if n.needs}
    current = {r.name for r in results if r.status == "ok"}
    figures = work / "figures"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    rows = []
    for stale in (work / "notebooks").rglob("*.ipynb"):
        name = str(stale.relative_to(work / "notebooks").with_suffix(""))
        if name not in current:
            stale.unlink()
            stale.with_suffix(".key").unlink(missing_ok=True)
    for name in sorted(current):
        values, drawn = rerun.outputs(work / "notebooks" / f"{name}.ipynb")
        if name in about_data:
            rows += [{**v, "notebook": name} for v in values]
        for figure, content in drawn.items():
            (figures / f"{figure}.svg").write_text(content["svg"], encoding="utf-8")
            (figures / f"{figure}.png").write_bytes(base64.b64decode(content["png"]))
    # A byte-order mark, so that Excel reads the Chinese.
    with (work / "values.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(
            {k: not_a_formula(v) if isinstance(v, str) else v for k, v in row.items()}
            for row in rows
        )
    info = community.info
    record = {
        "shequn": __version__,
        "python": platform.python_version(),
        "packages": {
            p: metadata.version(p) for p in ("duckdb", "ibis-framework", "pandas", "papermill")
        },
        "data": {
            "fingerprint": fingerprint,
            "community": info.name,
            "synthetic": info.synthetic,
            "clock": community.calendar.describe().en,
            "covered_days": len(community.calendar.covered),
            "first": str(community.calendar.first),
            "end": str(community.calendar.end),
            "left_out_as_robots_or_staff": community.counts_excluded(),
            "tables": {t: list(c) for t, c in community.engine.columns.items()},
        },
        "parameters": {"lang": lang},
        "notebooks": rerun.as_json(results),
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (work / "run.json").write_text(text + "\n", encoding="utf-8")


def _plain(name: str, most: int = _NAME) -> str:
    """Return a name on one line, without marks that turn the text around it, and not too long."""
    kept = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"))
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
