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
from html import escape
from pathlib import Path
from typing import Any

import yaml

from shequn import atomic, paths, rerun
from shequn.notebooks import notebooks, tree
from shequn.rerun import Result
from shequn.text import LANGUAGES, Lang, ShequnError, Text

Stage = Callable[[Text], None]

_GLUE = re.compile(r"\{glue:text\}`(?:(?P<doc>[^`:]+)::)?(?P<key>[^`:]+):(?P<spec>[^`]*)`")
_CELL = re.compile(r"^```\{code-cell\}.*?^```\n?", re.MULTILINE | re.DOTALL)
_NO_VALUE = Text("no value", "无数值")
_FEW = Text("too few members", "人数太少")
_NOT_HERE = Text("not in this data", "数据里没有")
_NOT_RUN = Text("not computed", "没有算")
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
    lang: Lang,
    banner: Text,
    other_edition: bool,
    stage: Stage,
    report: str = "",
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
    banner
        Whose numbers they are, said at the head of every page.
    other_edition
        Whether a switch to the other language leads anywhere.
    stage
        Called with the name of each step.
    report
        What the import of the data said, as the page in the data folder has it.

    Raises
    ------
    ShequnError
        With Sphinx's warnings, where the build is not clean.
    """
    stage(Text("building the pages", "生成页面"))
    with tempfile.TemporaryDirectory(prefix="shequn-book-") as folder:
        source, made = Path(folder) / "source", Path(folder) / "made"
        Sources(run, results, lang).lay_out(
            source, banner, list(LANGUAGES) if other_edition else [lang], report
        )
        html = _sphinx(source, made)
        new = atomic.beside(target, "new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(html, new)
    (new / "index.html").write_text(_redirect("book/index.html", lang), encoding="utf-8")
    atomic.put(new, target)


class Sources:
    """What an edition is made of: its pages, a run's notebooks, values and figures.

    Parameters
    ----------
    run
        Folder with ``notebooks`` and ``figures`` of the run.
    results
        What became of each notebook.
    lang
        Edition.
    """

    def __init__(self, run: Path, results: list[Result], lang: Lang) -> None:
        self.run, self.lang, self.tree = run, lang, tree(lang)
        self.notebooks = notebooks(lang)
        by_name = {r.name: r for r in results}
        self.reasons = {n.name: _reason(by_name.get(n.name)) for n in self.notebooks}
        self.skipped = {r.name for r in results if r.status == "skipped"}
        self.values: dict[str, dict[str, dict[str, Any]]] = {}
        self.figures: dict[str, str] = {}
        for name, reason in self.reasons.items():
            if reason is None:
                recorded, shown = rerun.outputs(run / "notebooks" / f"{name}.ipynb")
                self.values[name] = {v["metric"]: v for v in recorded}
                self.figures.update({figure: f["alt"] for figure, f in shown.items()})

    def lay_out(self, source: Path, banner: Text, editions: list[Lang], report: str = "") -> None:
        """Write pages, notebooks, figures and configuration into a new folder."""
        for page in sorted((self.tree / "book").rglob("*.md")):
            name = page.relative_to(self.tree)
            _write(source / name, self.resolve(page.read_text(encoding="utf-8"), name))
        for notebook in self.notebooks:
            place = Path("notebooks") / notebook.name
            if reason := self.reasons[notebook.name]:
                text = notebook.path.read_text(encoding="utf-8")
                _write(source / f"{place}.md", self.resolve(_prose(text, reason[self.lang]), place))
            else:
                executed = json.loads((self.run / f"{place}.ipynb").read_text(encoding="utf-8"))
                self._fit(executed, place)
                _write(source / f"{place}.ipynb", json.dumps(executed, ensure_ascii=False))
        for figure in self.figures:
            drawn = (self.run / "figures" / f"{figure}.svg").read_text(encoding="utf-8")
            _write(source / "figures" / f"{figure}.svg", drawn)
        reasons = {n.id: self.reasons[n.name] for n in self.notebooks}
        words = {name: {e: r[e] for e in LANGUAGES} for name, r in reasons.items() if r}
        state = source / "state.json"
        known = {"figures": self.figures, "reasons": words, "import": report}
        _write(state, json.dumps(known, ensure_ascii=False))
        shutil.copy(paths.HOME / "references.bib", source)
        shutil.copy(self.tree / "_toc.yml", source)
        config = yaml.safe_load((self.tree / "_config.yml").read_text(encoding="utf-8"))
        config["bibtex_bibfiles"] = ["references.bib"]
        config["sphinx"]["config"].update(
            shequn_state=str(state), shequn_editions=list(editions),
            shequn_banner=escape(banner[self.lang]),  # the theme puts it into pages as it is
        )  # fmt: skip
        _write(source / "_config.yml", yaml.safe_dump(config, allow_unicode=True, sort_keys=False))

    def resolve(self, text: str, page: Path) -> str:
        """Replace glue roles that have no number to show by words that say so."""

        def role(match: re.Match[str]) -> str:
            place = os.path.normpath(page.parent / match["doc"]) if match["doc"] else str(page)
            name = place.removeprefix("notebooks/").removesuffix(".md").removesuffix(".ipynb")
            if self.reasons.get(name):
                why = _NOT_HERE if name in self.skipped else _NOT_RUN
                return f"[{why[self.lang]}]{{.not-in-data}}"
            recorded = self.values.get(name, {}).get(match["key"], {"value": math.nan})
            if recorded["value"] is None:
                why = _FEW if recorded["withheld"] else _NO_VALUE
                return f"[{why[self.lang]}]{{.not-in-data}}"
            return match[0]

        return _GLUE.sub(role, text)

    def _fit(self, executed: dict[str, Any], place: Path) -> None:
        """Fit an executed notebook for its page: alt texts, one image a figure, numbers or words."""
        for cell in executed["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = self.resolve("".join(cell["source"]), place)
            for output in cell.get("outputs", ()):
                own = output.get("metadata", {}).get("shequn", {})
                if "figure" in own:
                    output["data"].pop("image/png", None)
                    cell["metadata"].setdefault("mystnb", {})["image"] = {"alt": own["alt"]}


def _reason(result: Result | None) -> Text | None:
    """Say why a notebook has nothing to show; None where it ran."""
    if result is None:
        return _UNCHOSEN
    if result.status == "skipped":
        names = [f"`{m}`" for m in result.missing]
        return _SKIPPED.format(missing=Text(", ".join(names), "、".join(names)))
    if result.status == "failed":
        return _FAILED.format(error=result.error.split(":")[0])
    return None


def _prose(text: str, reason: str) -> str:
    """Return a notebook's prose without head and code, with the reason under its title."""
    body = text[text.index("\n---", 4) + 4 :] if text.startswith("---\n") else text
    note = f"\n:::{{warning}}\n{reason}\n:::\n"
    body = _CELL.sub("", body)
    return re.sub(r"^(# .+\n)", lambda m: m[1] + note, body, count=1, flags=re.MULTILINE)


def _sphinx(source: Path, made: Path) -> Path:
    """Build and return the folder of pages, less what only a rebuild would use."""
    command = [
        sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(source),
        "--path-output", str(made), "--all", "-W", "-n", "--keep-going", "-q",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=_environment())
    html = made / "_build" / "html"
    if done.returncode or not html.is_dir():
        lines = [x.replace(f"{source}/", "") for x in done.stderr.splitlines() if x.strip()]
        trouble = [x for x in lines if "WARNING" in x or "ERROR" in x]
        if not trouble:  # our own fault: Sphinx says it first, and a long trace follows
            first = next((i for i, x in enumerate(lines) if "Exception occurred" in x), -15)
            trouble = lines[first:][:15]
        text = "\n".join(trouble[:40])
        raise ShequnError(
            Text(f"The book did not build cleanly:\n{text}", f"书没有顺利生成：\n{text}"),
            Text("Mend the pages named above.", "请修改上面列出的页面。"),
        )
    shutil.rmtree(html / "reports", ignore_errors=True)
    for name in (".buildinfo", "objects.inv"):
        (html / name).unlink(missing_ok=True)
    for source_map in (html / "_static").rglob("*.map"):
        source_map.unlink()
    return html


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
