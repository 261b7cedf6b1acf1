"""One name for one thing, everywhere: metrics, notebooks, recorded keys, figures, chapters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pages
import pytest
import recorded
from pages import NAMES, NOTEBOOKS, ROOT, TREES, Fault, Page, found

from shequn import schema
from shequn.metrics import all_metrics

# --- metrics ----------------------------------------------------------------------------------


def metric_files(name: str, root: Path) -> list[Fault]:
    """Return the files that a metric lacks."""
    wanted = {
        f"src/shequn/metrics/{name}.py": "the definition stands in a file of the metric's name",
        f"tests/metrics/test_{name}.py": "write its tests",
        f"notebooks/metrics/{name}.md": "write its notebook",
        f"zh/notebooks/metrics/{name}.md": "write its notebook in Chinese",
    }
    return [
        Fault(path, f"metric {name} lacks this file", mend)
        for path, mend in wanted.items()
        if not (root / path).is_file()
    ]


def metric_page(page: Page, name: str, needs: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """Return what keeps a page from being the page of a metric."""
    faults = []
    if [d.argument for d in page.directives("metric")] != [name]:
        what = f"the page does not show the card of {name}, once and no other"
        faults.append(Fault(page.at(1), what, f"put ```{{metric}} {name}``` under the question"))
    wanted = {t: list(c) for t, c in needs.items()}
    stated = (page.matter.get("shequn") or {}).get("needs")
    if stated != wanted:
        what = f"front matter `shequn.needs` is {stated}, the registry says {wanted}"
        faults.append(Fault(page.at(1), what, "write what the registry says"))
    return faults


@pytest.mark.parametrize("name", all_metrics())
def test_a_metric_has_its_files(name: str) -> None:
    pages.demand_none(metric_files(name, ROOT))


@pytest.mark.parametrize("name", all_metrics())
@pytest.mark.parametrize("lang", TREES)
def test_a_metric_has_its_page(lang: str, name: str) -> None:
    docname = f"notebooks/metrics/{name}"
    assert docname in dict.fromkeys(n for _, n in pages.toc(lang)), f"{docname} is not in the toc"
    pages.demand_none(metric_page(found(lang, docname), name, all_metrics()[name].needs))


@pytest.mark.parametrize("lang", TREES)
def test_every_page_of_a_metric_has_a_metric(lang: str) -> None:
    ids = {n.rsplit("/", 1)[1] for n in NOTEBOOKS if n.startswith("notebooks/metrics/")}
    assert ids <= set(all_metrics()), "a page below notebooks/metrics that the registry lacks"


def needs_faults(page: Page) -> list[Fault]:
    """Return the tables and columns a notebook asks for that the data contract does not have."""
    faults = []
    for name, columns in ((page.matter.get("shequn") or {}).get("needs") or {}).items():
        if name not in schema.tables():
            faults.append(Fault(page.at(1), f"needs a table {name}", "see data/datapackage.json"))
            continue
        for column in set(columns) - set(schema.tables()[name].columns):
            what = f"needs a column {name}.{column}"
            faults.append(Fault(page.at(1), what, "see data/datapackage.json"))
    return faults


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("lang", TREES)
def test_a_notebook_needs_only_what_the_contract_has(lang: str, name: str) -> None:
    pages.demand_none(needs_faults(found(lang, name)))


# --- what is recorded and shown ---------------------------------------------------------------


@cache
def made(lang: str, docname: str) -> recorded.Made | None:
    page = pages.page(lang, docname)
    return recorded.made_by(page) if page and page.is_notebook else None


def glue_faults(page: Page, made_by: Any = made) -> list[Fault]:
    """Return glued numbers that no notebook records, or that are written without a format."""
    faults = []
    for line, role in page.roles("glue"):
        where, _, rest = role.target.rpartition("::")
        key, _, spec = rest.partition(":")
        if not spec:
            mend = "write {glue:text}`notebook.md::key:.0%`"
            faults.append(Fault(page.at(line), f"glue `{role.target}` has no format", mend))
        if where and not where.endswith(".md"):
            mend = "name the notebook with its suffix .md"
            faults.append(Fault(page.at(line), f"glue `{role.target}` lacks a suffix", mend))
        docname = page.resolve(where) if where else page.docname
        notebook = made_by(page.lang, docname)
        if notebook is None:
            mend = "mend the path, relative to this page"
            faults.append(Fault(page.at(line), f"there is no notebook {docname}", mend))
        elif not notebook.records(key):
            mend = f'call record("{key}", …) there, or mend the key'
            faults.append(Fault(page.at(line), f"{docname} does not record `{key}`", mend))
    return faults


def chart_faults(page: Page, shown: Mapping[str, str]) -> list[Fault]:
    """Return figures that no notebook shows, and those without a caption."""
    faults = []
    for scope in page.directives("chart"):
        at = page.at(scope.line)
        if scope.argument not in shown:
            known = ", ".join(sorted(shown))
            faults.append(Fault(at, f"no notebook shows {scope.argument}", f"use one of {known}"))
        if not scope.body.strip():
            mend = "say in one sentence what to see"
            faults.append(Fault(at, f"figure {scope.argument} has no caption", mend))
    return faults


def figures(lang: str) -> dict[str, str]:
    """Return the figures of an edition's notebooks, with the notebook that shows them."""
    return {f: n for n in NOTEBOOKS if (m := made(lang, n)) for f in m.figures}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", TREES)
def test_every_glued_number_is_recorded(lang: str, name: str) -> None:
    pages.demand_none(glue_faults(found(lang, name)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", TREES)
def test_every_chart_is_shown_by_a_notebook(lang: str, name: str) -> None:
    pages.demand_none(chart_faults(found(lang, name), figures(lang)))


@pytest.mark.parametrize("lang", TREES)
def test_a_figure_carries_the_name_of_its_notebook(lang: str) -> None:
    wrong = {f: n for f, n in figures(lang).items() if f.split(".")[0] != n.rsplit("/", 1)[1]}
    assert wrong == {}, "the site looks for the figure by the notebook's name"


def test_notebooks_have_different_ids() -> None:
    ids = [n.rsplit("/", 1)[1] for n in NOTEBOOKS]
    assert not [i for i in ids if ids.count(i) > 1]


# --- these tests can fail ---------------------------------------------------------------------

NOTEBOOK = """---
shequn:
  needs:
    messages: [author_id, ts]
---

# N

```{metric} n
```

```{code-cell} ipython3
record("plain", 1)
names = {"one": 1, "two": 2}
for name, value in names.items():
    record_row(name, value)
for name, value in (("three", 3), ("four", 4)):
    record(f"own_{name}", value)
for row in audit().itertuples():
    record(f"{row.id}_low", row.low)
show(figure, "n.figure", alt="x")
```

{glue:text}`plain:.0f`
"""
KEYS = ["plain", "one", "two", "own_three", "own_four", "b01_low"]


def text(lines: str) -> Page:
    return pages.read(lines, docname="book/part/page")


def test_what_a_notebook_records_is_read_from_its_code() -> None:
    read = recorded.made_by(pages.read(NOTEBOOK, docname="notebooks/metrics/n"))
    assert [k for k in KEYS if not read.records(k)] == []
    assert [
        k
        for k in ("three", "own_one", "own_", "own_three_more", "n.figure", "low")
        if read.records(k)
    ] == []
    assert read.figures == {"n.figure"}
    assert not read.computed


def test_a_key_computed_by_the_package_must_stand_in_its_code() -> None:
    computed = NOTEBOOK.replace('record("plain", 1)', "record(row.check, 1)")
    read = recorded.made_by(pages.read(computed, docname="notebooks/metrics/n"))
    assert read.computed
    assert not read.records("no_such_key_anywhere")


def test_cells_that_are_not_python_are_named() -> None:
    broken = recorded.made_by(pages.read(NOTEBOOK.replace("show(", "show((")))
    assert "code cells are not Python" in broken.trouble
    assert not broken.records("plain")


@pytest.mark.parametrize(
    ("glue", "said"),
    [
        ("../../notebooks/metrics/n.md::plain:.0f", None),
        ("../../notebooks/metrics/n.md::other:.0f", "does not record `other`"),
        ("../../notebooks/metrics/n.md::plain", "has no format"),
        ("../../notebooks/metrics/n::plain:.0f", "lacks a suffix"),
        ("../notebooks/metrics/n.md::plain:.0f", "there is no notebook book/notebooks/metrics/n"),
        ("plain:.0f", "there is no notebook book/part/page"),
    ],
)
def test_a_glued_number_that_is_not_there_is_found(glue: str, said: str | None) -> None:
    known = {"notebooks/metrics/n": recorded.made_by(pages.read(NOTEBOOK))}
    faults = glue_faults(text(f"# T\n\n{{glue:text}}`{glue}`\n"), lambda _, name: known.get(name))
    assert [str(f).startswith("book/part/page.md:3: ") for f in faults] == [True] * len(faults)
    assert (said in str(faults[0])) if said else not faults


def test_a_chart_that_is_not_there_or_has_no_caption_is_found() -> None:
    good = "```{chart} n.figure\nSee the peak.\n```\n"
    shown = {"n.figure": "notebooks/metrics/n"}
    assert chart_faults(text(good), shown) == []
    assert "no notebook shows n.other" in str(
        chart_faults(text(good.replace(".figure", ".other")), shown)[0]
    )
    assert "no caption" in str(chart_faults(text(good.replace("See the peak.\n", "")), shown)[0])


def test_a_metric_without_files_or_page_is_found(tmp_path: Path) -> None:
    assert len(metric_files("n", tmp_path)) == 4
    page = pages.read(NOTEBOOK, docname="notebooks/metrics/n")
    assert metric_page(page, "n", {"messages": ("author_id", "ts")}) == []
    assert "registry says" in str(metric_page(page, "n", {"messages": ("author_id",)})[0])
    assert "card of m" in str(metric_page(page, "m", {"messages": ("author_id", "ts")})[0])


def test_needs_outside_the_contract_are_found() -> None:
    page = pages.read(NOTEBOOK)
    assert needs_faults(page) == []
    assert "column messages.nobody" in str(
        needs_faults(pages.read(NOTEBOOK.replace("ts]", "nobody]")))[0]
    )
    assert "table letters" in str(
        needs_faults(pages.read(NOTEBOOK.replace("messages:", "letters:")))[0]
    )
