"""Links lead somewhere; chapters are those of the outline, which covers every section."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

import pages
import pytest
from pages import CHAPTERS, NAMES, NOTEBOOKS, TREES, Fault, Page, found, table


def link_faults(page: Page, there: set[str], claims: set[str]) -> list[Fault]:
    """Return links between pages that lead nowhere, and ledger references without a claim."""
    faults = []
    targets = [(line, role.target) for line, role in page.roles("doc")]
    for block, inline in page.prose():
        local = (x.split("#")[0] for x in inline.links if "://" not in x)
        targets += [(block.line, x) for x in local if x.endswith(".md")]
    for line, target in targets:
        if page.resolve(target) not in there:
            faults.append(Fault(page.at(line), f"there is no page {target}", "mend the link"))
    labels = {*labels_of(page), *all_labels(page.lang)}
    for line, role in page.roles("ref"):
        if role.target.startswith("claim-") and role.target not in claims:
            mend = "use an id of data/claims.csv"
            faults.append(Fault(page.at(line), f"there is no {role.target}", mend))
        elif not role.target.startswith("claim-") and role.target not in labels:
            faults.append(Fault(page.at(line), f"there is no label {role.target}", "mend it"))
    return faults


def labels_of(page: Page) -> list[str]:
    """Return the labels that a page sets: targets, and directives with a label or a name."""
    named = (d.options.get("label") or d.options.get("name") for d in page.directives())
    return [n for n in named if n] + [b.shape[0] for b in page.blocks if b.kind == "target"]


@cache
def all_labels(lang: str) -> frozenset[str]:
    return frozenset(x for p in pages.all_pages(lang) for x in labels_of(p))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", TREES)
def test_links_lead_somewhere(lang: str, name: str) -> None:
    claims = {f"claim-{row['id'].lower()}" for row in table("claims.csv")}
    pages.demand_none(
        link_faults(found(lang, name), {p.docname for p in pages.all_pages(lang)}, claims)
    )


@pytest.mark.parametrize("lang", TREES)
def test_labels_are_set_once(lang: str) -> None:
    labels = [x for p in pages.all_pages(lang) for x in labels_of(p)]
    assert not {x for x in labels if labels.count(x) > 1}, "a label is set twice"


@pytest.mark.parametrize("lang", TREES)
def test_every_page_on_disk_is_in_the_table_of_contents(lang: str) -> None:
    listed = {n for _, n in pages.toc(lang)}
    assert pages.on_disk(lang) - listed == set(), "not in _toc.yml: list it, or take it away"


# --- chapters, outline, sections --------------------------------------------------------------


def chapter_faults(page: Page, row: Mapping[str, str] | None) -> list[Fault]:
    """Return where a chapter departs from its row of the outline."""
    if row is None:
        return [
            Fault(page.at(1), "data/outline.csv has no such part and chapter", "rename the file")
        ]
    faults = []
    covers, wanted = page.matter.get("covers") or [], row["covers"].split()
    if sorted(map(str, covers)) != sorted(wanted):
        what = f"front matter `covers` is {covers}, the outline says {wanted}"
        faults.append(Fault(page.at(1), what, "write what the outline says"))
    title = next((i.shown for b, i in page.prose() if b.kind == "heading"), "")
    if _plain(title) != _plain(row[f"title_{page.lang}"]):
        what = f"the title is “{title}”, the outline says “{row[f'title_{page.lang}']}”"
        faults.append(Fault(page.at(1), what, "use one title in both"))
    return faults


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace(" ", "").lower()


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("lang", TREES)
def test_a_chapter_is_the_one_of_the_outline(lang: str, name: str) -> None:
    rows = {(r["part"], r["chapter"]): r for r in table("outline.csv")}
    part, chapter = name.split("/")[1:]
    pages.demand_none(chapter_faults(found(lang, name), rows.get((part, chapter))))


def coverage_faults(sections: set[str], outline: list[dict[str, str]]) -> list[str]:
    """Return sections that no chapter of the outline covers, and covers that are no section."""
    covered = {s for row in outline for s in row["covers"].split()}
    return [f"no chapter covers {s}" for s in sorted(sections - covered)] + [
        f"{s} is no section" for s in sorted(covered - sections)
    ]


def test_the_outline_covers_every_section() -> None:
    ids = {row["id"] for row in table("sections.csv")}
    assert coverage_faults(ids, table("outline.csv")) == []


def notebook_faults(page: Page, there: set[str]) -> list[Fault]:
    """Return notebooks of a chapter's front matter that do not exist or that it does not link."""
    ids = {n.rsplit("/", 1)[1]: n for n in there}
    linked = {page.resolve(r.target) for _, r in page.roles("doc")}
    linked |= {page.resolve(x) for _, i in page.prose() for x in i.links}
    stated = page.matter.get("notebooks") or []
    faults = [
        Fault(page.at(1), f"there is no notebook {n}", "mend `notebooks` in the front matter")
        for n in stated
        if n not in ids
    ]
    for name in (n for n in stated if n in ids and ids[n] not in linked):
        mend = f"link it with {{doc}}`../../{ids[name]}`, or take it out of `notebooks`"
        faults.append(Fault(page.at(1), f"the text does not link the notebook {name}", mend))
    return faults


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("lang", TREES)
def test_a_chapter_links_its_notebooks(lang: str, name: str) -> None:
    pages.demand_none(notebook_faults(found(lang, name), set(NOTEBOOKS)))


# --- these tests can fail ---------------------------------------------------------------------


def text(lines: str) -> Page:
    return pages.read(lines, docname="book/part/page")


def test_links_to_nowhere_are_found() -> None:
    good = "(here)=\n# T\n\n{doc}`../guides/read` [x](../guides/read.md#a) {ref}`here` {ref}`A <claim-a01>`\n"
    there, claims = {"book/guides/read"}, {"claim-a01"}
    assert link_faults(text(good), there, claims) == []
    for old, new in (
        ("{doc}`../guides/read`", "{doc}`guides/read`"),
        ("(../guides", "(../../guides"),
        ("claim-a01", "claim-z99"),
        ("{ref}`here`", "{ref}`there-it-is-not`"),
    ):
        assert len(link_faults(text(good.replace(old, new)), there, claims)) == 1


def test_a_chapter_that_departs_from_the_outline_is_found() -> None:
    row = {"title_en": "Where: we are", "title_zh": "现状:我们", "covers": "A1 A1.1"}
    good = "---\ncovers: [A1.1, A1]\n---\n\n# Where: we are\n"
    assert chapter_faults(text(good), row) == []
    assert (
        chapter_faults(pages.read(good.replace("Where: we are", "现状：我们"), lang="zh"), row)
        == []
    )
    assert "covers" in str(chapter_faults(text(good.replace(", A1]", "]")), row)[0])
    assert "title" in str(chapter_faults(text(good.replace("# Where", "# There")), row)[0])
    assert "no such part" in str(chapter_faults(text(good), None)[0])


def test_a_section_without_a_chapter_is_found() -> None:
    outline = [{"covers": "A1 A2"}, {"covers": "A2 A9"}]
    assert coverage_faults({"A1", "A2", "A3"}, outline) == [
        "no chapter covers A3",
        "A9 is no section",
    ]


def test_a_notebook_that_is_named_and_not_linked_is_found() -> None:
    good = "---\nnotebooks: [n]\n---\n\n{doc}`../../notebooks/metrics/n`\n"
    there = {"notebooks/metrics/n", "notebooks/plan/m"}
    assert notebook_faults(text(good), there) == []
    assert "no notebook k" in str(notebook_faults(text(good.replace("[n]", "[n, k]")), there)[0])
    assert "not link the notebook m" in str(
        notebook_faults(text(good.replace("[n]", "[n, m]")), there)[0]
    )
