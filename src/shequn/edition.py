"""The book around a run: stage sources with executed notebooks, build, put in place."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from shequn import atomic, paths, rerun
from shequn.rerun import Result
from shequn.tabular import CommunityInfo
from shequn.text import LANGUAGES, ShequnError, Text

Stage = Callable[[Text], None]

_GLUE = re.compile(r"\{glue:text\}`(?:(?P<doc>[^`:]+)::)?(?P<key>[^`:]+):(?P<spec>[^`]*)`")
_CELL = re.compile(r"^```\{code-cell\}.*?^```\n?", re.MULTILINE | re.DOTALL)
_NO_VALUE = Text("no value", "无数值")
_NOT_HERE = Text("not in this data", "数据里没有")
_SKIPPED = Text(
    "Not in your data: this page needs {missing}. With that, `shequn run` would fill it.",
    "数据不足：本页需要 {missing}。补上后重新运行 `shequn run` 即可。",
)
_FAILED = Text(
    "This notebook failed on your data ({error}); run.json has the details.",
    "这个笔记本在你的数据上运行失败（{error}），详见 run.json。",
)
_UNCHOSEN = Text("This notebook was not part of the run.", "这次运行没有包含这个笔记本。")


def build(
    run: Path,
    target: Path,
    *,
    results: list[Result],
    lang: str,
    community: CommunityInfo,
    banner: Text,
    other_edition: bool,
    stage: Stage,
) -> None:
    """Build one edition of the handbook around the executed notebooks of a run.

    Always from clean sources in an empty folder, every warning an error: nothing of an earlier
    build, and no cache, can keep an old number on a page.

    Parameters
    ----------
    run
        Folder with ``notebooks`` and ``figures`` of the run.
    target
        Where the site appears, whole or not at all.
    results
        What became of each notebook.
    lang
        Edition.
    community
        Whose numbers they are.
    banner
        Said at the head of every page.
    other_edition
        Whether a switch to the other language leads anywhere.
    stage
        Called with the name of each step.

    Raises
    ------
    ShequnError
        With Sphinx's warnings, where the build is not clean.
    """
    stage(Text("building the pages", "生成页面"))
    with tempfile.TemporaryDirectory(prefix="shequn-book-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "made"
        prepare(source, run, results, lang, banner, other_edition)
        log = _sphinx(source, made)
        html = made / "_build" / "html"
        shutil.rmtree(html / "reports", ignore_errors=True)
        (html / ".buildinfo").unlink(missing_ok=True)
        (html / "objects.inv").unlink(missing_ok=True)
        (html / "index.html").write_text(_redirect("book/index.html", lang), encoding="utf-8")
        del log
        new = atomic.beside(target, "new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(html, new)
    atomic.put(new, target)


def prepare(
    source: Path, run: Path, results: list[Result], lang: str, banner: Text, other_edition: bool
) -> None:
    """Lay out the sources of an edition: pages, executed notebooks, figures, configuration."""
    tree = rerun.tree(lang)
    status = {r.name: r for r in results}
    source.mkdir(parents=True)
    values, figures = _outputs(run, results)
    reasons = {n.name: _reason(status.get(n.name)) for n in rerun.notebooks(lang)}
    for page in sorted((tree / "book").rglob("*.md")):
        name = page.relative_to(tree)
        text = _resolve(page.read_text(encoding="utf-8"), name, values, reasons, lang)
        _write(source / name, text)
    for notebook in rerun.notebooks(lang):
        place = Path("notebooks") / notebook.name
        reason = reasons[notebook.name]
        if reason:
            text = notebook.path.read_text(encoding="utf-8")
            _write(source / f"{place}.md", _stub(text, place, values, reasons, lang))
        else:
            executed = json.loads((run / f"{place}.ipynb").read_text(encoding="utf-8"))
            _prepare_notebook(executed, place, values, reasons, lang)
            _write(source / f"{place}.ipynb", json.dumps(executed, ensure_ascii=False))
    (source / "figures").mkdir()
    for name in figures:
        shutil.copy(run / "figures" / f"{name}.svg", source / "figures")
    state = source / "state.json"
    by_id = {
        n.id: {e: reason[e] for e in LANGUAGES}
        for n in rerun.notebooks(lang)
        if (reason := reasons[n.name])
    }
    _write(state, json.dumps({"figures": figures, "reasons": by_id}, ensure_ascii=False))
    shutil.copy(paths.HOME / "references.bib", source)
    shutil.copy(tree / "_toc.yml", source)
    config = yaml.safe_load((tree / "_config.yml").read_text(encoding="utf-8"))
    config["bibtex_bibfiles"] = ["references.bib"]
    config["sphinx"]["config"].update(
        shequn_state=str(state), shequn_banner=banner[lang],
        shequn_editions=list(LANGUAGES) if other_edition else [lang],
    )  # fmt: skip
    _write(source / "_config.yml", yaml.safe_dump(config, allow_unicode=True, sort_keys=False))


def _outputs(
    run: Path, results: list[Result]
) -> tuple[dict[str, dict[str, float | None]], dict[str, str]]:
    """Return each notebook's recorded values by key, and every figure's alt text."""
    values: dict[str, dict[str, float | None]] = {}
    figures: dict[str, str] = {}
    for result in results:
        if result.status == "ok":
            recorded, shown = rerun.outputs(run / "notebooks" / f"{result.name}.ipynb")
            values[result.name] = {v["metric"]: v["value"] for v in recorded}
            figures.update({name: f["alt"] for name, f in shown.items()})
    return values, figures


def _reason(result: Result | None) -> Text | None:
    if result is None:
        return _UNCHOSEN
    if result.status == "skipped":
        return _SKIPPED.format(missing=", ".join(f"`{m}`" for m in result.missing))
    if result.status == "failed":
        return _FAILED.format(error=result.error.split(":")[0])
    return None


def _resolve(
    text: str,
    page: Path,
    values: dict[str, dict[str, float | None]],
    reasons: dict[str, Text | None],
    lang: str,
) -> str:
    """Replace glue roles that have no number to show by words that say so."""

    def role(match: re.Match[str]) -> str:
        place = os.path.normpath(page.parent / match["doc"]) if match["doc"] else str(page)
        name = place.removeprefix("notebooks/").removesuffix(".md").removesuffix(".ipynb")
        if reasons.get(name) is not None:
            return f"[{_NOT_HERE[lang]}]{{.not-in-data}}"
        known = values.get(name, {})
        value = known.get(match["key"], math.nan)
        if match["key"] in known and value is None:
            return f"[{_NO_VALUE[lang]}]{{.not-in-data}}"
        return match[0]

    return _GLUE.sub(role, text)


def _stub(
    text: str,
    place: Path,
    values: dict[str, dict[str, float | None]],
    reasons: dict[str, Text | None],
    lang: str,
) -> str:
    """Return a notebook's prose without its code, with the reason under its title."""
    reason = reasons[str(place.relative_to("notebooks"))]
    assert reason is not None
    body = text[text.index("\n---", 4) + 4 :] if text.startswith("---\n") else text
    body = _CELL.sub("", body)
    note = f"\n:::{{warning}}\n{reason[lang]}\n:::\n"
    body = re.sub(r"^(# .+\n)", lambda m: m[1] + note, body, count=1, flags=re.MULTILINE)
    return _resolve(body, place, values, reasons, lang)


def _prepare_notebook(
    executed: dict[str, Any],
    place: Path,
    values: dict[str, dict[str, float | None]],
    reasons: dict[str, Text | None],
    lang: str,
) -> None:
    """Fit an executed notebook for the page: alt texts, one image a figure, resolved numbers."""
    for cell in executed["cells"]:
        if cell["cell_type"] == "markdown":
            source = "".join(cell["source"])
            cell["source"] = _resolve(source, place, values, reasons, lang)
            continue
        for output in cell.get("outputs", ()):
            own = output.get("metadata", {}).get("shequn", {})
            if "figure" in own:
                output["data"].pop("image/png", None)
                cell["metadata"].setdefault("mystnb", {})["image"] = {"alt": own["alt"]}


def _sphinx(source: Path, made: Path) -> str:
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source),
        "--path-output", str(made), "--all", "-W", "-n", "--keep-going", "-q",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=_environment())
    if done.returncode or not (made / "_build" / "html").is_dir():
        lines = [x.replace(f"{source}/", "") for x in done.stderr.splitlines() if x.strip()]
        trouble = [x for x in lines if "WARNING" in x or "ERROR" in x] or lines[-15:]
        text = "\n".join(trouble[:40])
        raise ShequnError(
            Text(f"The book did not build cleanly:\n{text}", f"书未能干净地生成：\n{text}"),
            Text("Mend the pages named above.", "请修改上面列出的页面。"),
        )
    return done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONWARNINGS": "ignore"}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _redirect(to: str, lang: str) -> str:
    title = Text("Shequn", "社群")[lang]
    code = "zh-CN" if lang == "zh" else "en"
    return (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="icon" href="_static/favicon.svg">'
        f'<meta http-equiv="refresh" content="0; url={to}"></head>'
        f'<body><a href="{to}">{title}</a></body></html>\n'
    )
