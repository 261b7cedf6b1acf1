"""Own directives: chart, metric, ledger, concordance, glossary-table. Each shows one definition."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from shequn import paths, schema
from shequn.notebooks import front_matter
from shequn.text import Text

_UNCOMPUTED = Text(
    "This figure appears once the notebook has run (`make book`).",
    "运行笔记本后（`make book`）这里会出现图。",
)
_LEDGER_WORDS = {
    "head": Text(
        "**{id}** · {where} · [{verdict}]{{.verdict}} ({confidence} confidence)",
        "**{id}** · {where} · [{verdict}]{{.verdict}}（把握：{confidence}）",
    ),
    "stated": Text("Credited to", "自称出处"),
    "arithmetic": Text("Arithmetic", "算一算"),
    "evidence": Text("Outside evidence", "外部证据"),
    "source": Text("Sources", "来源"),
    "treatment": Text("What this book does", "本书的处理"),
    "where": Text("plan {document}, section {section}", "方案 {document} 第 {section} 节"),
    "across": Text("both plans, {section}", "两份方案，{section}"),
    "notice": Text(
        "plan {document}, notice of the sharing site", "方案 {document}，文档分享网站的声明"
    ),
    "genre": Text("templates of this kind", "同类模板"),
    "itself": Text("plan {document} itself", "方案 {document} 本身"),
}
_CONTRACT = {
    "column": Text("column", "列"),
    "type": Text("type", "类型"),
    "meaning": Text("what it is", "是什么"),
    "needed": Text("needed", "必填"),
}
_CONCORDANCE = {
    "section": Text("section", "章节"),
    "title": Text("title in the plan", "方案中的标题"),
    "chapter": Text("chapter here", "本书章节"),
    "planned": Text("not in this edition; planned as *{title}*", "本版未收；拟入《{title}》"),
}


class Directive(SphinxDirective):
    """A directive that writes MyST and lets the page's own parser read it."""

    @property
    def lang(self) -> str:
        """Edition the page belongs to."""
        return "zh" if str(self.config.language).startswith("zh") else "en"

    def parse(self, text: str, parent: nodes.Element | None = None) -> list[nodes.Node]:
        """Parse MyST into nodes."""
        holder = parent if parent is not None else nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), self.get_source_info()[0]), 0, holder)
        return [holder] if parent is not None else list(holder.children)

    def state_of_run(self) -> dict[str, Any]:
        """Return what the edition says of its run; nothing in a build without one."""
        if self.config.shequn_state:
            self.depends_on(Path(self.config.shequn_state))
        return _state(self.config.shequn_state)

    def depends_on(self, path: Path) -> None:
        """Note a file, so that a change of it reads the page again."""
        self.env.note_dependency(str(path))


class Chart(Directive):
    """A figure that a notebook made, with its alt text; the body is the caption.

    Where the data do not support the notebook, the page says what is missing instead.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return a figure, or a note that says why there is none."""
        name = self.arguments[0]
        state = self.state_of_run()
        alt = state.get("figures", {}).get(name)
        if alt is None:
            notebook = name.split(".")[0]
            reason = state.get("reasons", {}).get(notebook)
            if state and reason is None:
                raise self.error(f"chart: no notebook showed {name}")
            text = Text(reason["en"], reason["zh"]) if reason else _UNCOMPUTED
            note = nodes.note(classes=["not-in-data-note"])
            return self.parse(text[self.lang], note)
        figure = nodes.figure(classes=["shequn-chart"])
        figure += nodes.image(uri=f"/figures/{name}.svg", alt=alt)
        caption = nodes.caption()
        holder = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, holder)
        for paragraph in holder.children:
            caption += paragraph.children
        figure += caption
        self.set_source_info(figure)
        return [figure]


class Ledger(Directive):
    """Every claim of the ledger, one block each, with a target ``claim-ID``."""

    def run(self) -> list[nodes.Node]:
        """Return the blocks."""
        from shequn.plan.claims import CONFIDENCE, VERDICTS

        self.depends_on(paths.DATA / "claims.csv")
        lang, word = self.lang, {k: v[self.lang] for k, v in _LEDGER_WORDS.items()}
        colon = "：" if lang == "zh" else ": "
        claims = rows_of("claims.csv")
        known = {claim["id"] for claim in claims}
        stated = "attributed_source_zh" if lang == "zh" else "attributed_source"
        result: list[nodes.Node] = []
        for claim in claims:
            verdict = claim["verdict"]
            head = word["head"].format(
                id=claim["id"], where=self._where(claim), verdict=VERDICTS[verdict][lang],
                confidence=CONFIDENCE[claim["confidence"]][lang],
            )  # fmt: skip
            lines = [head, "", f"“{_inline(claim[f'claim_{lang}'])}”", ""]
            if claim[stated]:
                lines.append(f"- {word['stated']}{colon}{_inline(claim[stated])}")
            for part in ("arithmetic", "evidence", "treatment"):
                if text := claim[f"{part}_{lang}"]:
                    lines.append(f"- {word[part]}{colon}{_inline(text)}")
            if source := self._sources(claim["evidence_source"], known):
                lines.append(f"- {word['source']}{colon}{source}")
            block = nodes.container(classes=["claim", f"verdict-{verdict.replace(' ', '-')}"])
            target = nodes.target("", "", ids=[f"claim-{claim['id'].lower()}"])
            self._anchor(target["ids"][0], claim["id"])
            block += target
            result += self.parse("\n".join(lines), block)
        return result

    def _where(self, claim: dict[str, str]) -> str:
        form = "across" if claim["document"] == "X" else "where"
        if claim["section"] in ("", "0"):  # a pattern of the genre; the notice before chapter 1
            form = "genre" if claim["document"] == "X" else "notice"
        return _LEDGER_WORDS[form][self.lang].format(**claim)

    def _sources(self, text: str, known: set[str]) -> str:
        parts = []
        for part in (p.strip() for p in text.split(";")):
            if part in ("A", "B"):
                parts.append(_LEDGER_WORDS["itself"][self.lang].format(document=part))
            elif part in known:
                parts.append(f"{{ref}}`{part} <claim-{part.lower()}>`")
            elif part in _keys():
                parts.append(f"{{cite:t}}`{part}`")
            elif part:
                parts.append(f"[{part.split('/')[2]}]({part})")
        return "；".join(parts) if self.lang == "zh" else "; ".join(parts)

    def _anchor(self, label: str, title: str) -> None:
        domain: Any = self.env.get_domain("std")
        domain.anonlabels[label] = self.env.docname, label
        domain.labels[label] = self.env.docname, label, title


class Concordance(Directive):
    """Every section of plans A and B and the chapter that covers it, from front matter."""

    def run(self) -> list[nodes.Node]:
        """Return one table a plan."""
        covering: dict[str, list[str]] = {}
        root = Path(self.env.srcdir)
        for page in sorted((root / "book").rglob("*.md")):
            self.depends_on(page)
            name = str(page.relative_to(root).with_suffix(""))
            for section in front_matter(page.read_text(encoding="utf-8")).get("covers", ()):
                covering.setdefault(section, []).append(name)
        lang, word = self.lang, {k: v[self.lang] for k, v in _CONCORDANCE.items()}
        planned = {
            section: row[f"title_{lang}"]
            for row in rows_of("outline.csv")
            for section in row["covers"].split()
        }
        lines: list[str] = []
        for plan in ("A", "B"):
            title = {"en": f"Plan {plan}", "zh": f"方案 {plan}"}[lang]
            lines += [
                f"**{title}**",
                "",
                "```{list-table}",
                ":header-rows: 1",
                ":widths: 12 44 44",
                "",
            ]
            lines += [f"* - {word['section']}", f"  - {word['title']}", f"  - {word['chapter']}"]
            for row in (r for r in rows_of("sections.csv") if r["document"] == plan):
                pages = covering.get(row["id"])
                if pages:
                    where = "; ".join(f"{{doc}}`/{p}`" for p in pages)
                elif row["id"] in planned:
                    where = word["planned"].format(title=planned[row["id"]])
                else:
                    where = "—"
                lines += [
                    f"* - {row['id']}",
                    f"  - {_inline(row[f'title_{lang}'])}",
                    f"  - {where}",
                ]
            lines += ["```", ""]
        return self.parse("\n".join(lines))


class Contract(Directive):
    """The tables that a data folder may hold, column by column, with a target ``table-NAME``."""

    def run(self) -> list[nodes.Node]:
        """Return a block a table."""
        self.depends_on(paths.DATA / "datapackage.json")
        lang, word = self.lang, {k: v[self.lang] for k, v in _CONTRACT.items()}
        result: list[nodes.Node] = []
        for table in schema.tables().values():
            lines = [f"**`{table.name}`** · {table.title[lang]}", "", table.meaning[lang], ""]
            lines += ["```{list-table}", ":header-rows: 1", ":widths: 24 18 58", ""]
            lines += [f"* - {word['column']}", f"  - {word['type']}", f"  - {word['meaning']}"]
            for column in table.columns.values():
                needed = f" ({word['needed']})" if column.required else ""
                words = f" `{'` `'.join(column.enum)}`" if column.enum else ""
                lines += [
                    f"* - `{column.name}`",
                    f"  - {column.type}{needed}",
                    f"  - {_inline(column.meaning[lang])}{words}",
                ]
            block = nodes.container(classes=["contract-table"])
            block += nodes.target("", "", ids=[f"table-{table.name}"])
            result += self.parse("\n".join([*lines, "```"]), block)
        return result


class GlossaryTable(Directive):
    """The glossary: terms of data/glossary.csv, and every metric from the registry."""

    def run(self) -> list[nodes.Node]:
        """Return a Sphinx glossary, so that terms can be referred to."""
        from shequn.metrics import all_metrics

        self.depends_on(paths.DATA / "glossary.csv")
        lang, other = self.lang, "en" if self.lang == "zh" else "zh"
        entries = {
            row[lang]: (row[other], row[f"definition_{lang}"]) for row in rows_of("glossary.csv")
        }
        for metric in all_metrics().values():
            name = metric.title[lang]
            term = name if lang == "zh" else name.lower()
            link = f"{{doc}}`/notebooks/metrics/{metric.name}`"
            entries[term] = (metric.title[other].lower(), f"{metric.question[lang]} {link}")
        lines = ["```{glossary}"]
        for term, (translation, definition) in sorted(entries.items(), key=lambda e: _order(e[0])):
            lines += [term, f"  *{translation}*. {definition}" if lang == "en" else
                      f"  *{translation}*。{definition}", ""]  # fmt: skip
        return self.parse("\n".join([*lines, "```"]))


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in data/."""
    with (paths.DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _state(path: str) -> dict[str, Any]:
    if not path:
        return {}
    loaded: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return loaded


@cache
def _keys() -> frozenset[str]:
    from pybtex.database import parse_file

    return frozenset(parse_file(paths.HOME / "references.bib").entries)


def _order(term: str) -> bytes:
    """Sort Chinese by pronunciation (the order of GB18030), English by letters."""
    return term.lower().encode("gb18030")


def _inline(text: str) -> str:
    """Escape what MyST would take for markup in a plain sentence."""
    return "".join(f"\\{c}" if c in "\\`*_$[]{}<>|#~" else c for c in text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    from shequn.site.exports import Platform, Platforms, Report
    from shequn.site.metrics import Card, Catalogue

    app.add_directive("platform", Platform)
    app.add_directive("platforms", Platforms)
    app.add_directive("import-report", Report)
    app.add_directive("chart", Chart)
    app.add_directive("metric", Card)
    app.add_directive("metric-catalogue", Catalogue)
    app.add_directive("ledger", Ledger)
    app.add_directive("concordance", Concordance)
    app.add_directive("contract", Contract)
    app.add_directive("glossary-table", GlossaryTable)
    return {"parallel_read_safe": True}
