"""The search of the built site: typed queries, in both editions, over http and from the disk."""

from __future__ import annotations

import posixpath
from pathlib import Path

import pytest
from browser import WIDE, opened, pages
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site-other")]

RETENTION = "notebooks/metrics/retention.html"
INEQUALITY = "notebooks/metrics/participation_inequality.html"
GLOSSARY = "book/reference/glossary.html"
LIFE_CYCLE = "book/goals/member-lifecycle.html"
QUERIES = [
    # what a reader types, where it must lead; among the first how many
    ("zh", "留存率", RETENTION, 2),
    ("zh", "参与不均", INEQUALITY, 2),
    ("zh", "与不均", INEQUALITY, 9),  # a part that starts in the middle of a word
    ("zh", "成员名单", GLOSSARY, 2),
    ("zh", "左闭右开窗口", GLOSSARY, 1),
    ("zh", "左闭右开", GLOSSARY, 3),
    ("zh", "用户生命周期目标", LIFE_CYCLE, 1),
    ("zh", "生命周期", LIFE_CYCLE, 9),
    ("zh", "留存率 曲线", RETENTION, 9),
    ("zh", "retention", RETENTION, 9),
    ("zh", "Granovetter", "book/theory/networks.html", 9),
    ("en", "retention", RETENTION, 2),
    ("en", "Retention", RETENTION, 2),
    ("en", "cohorts", RETENTION, 9),  # by its stem: the page says cohort
    ("en", "member life cycle", LIFE_CYCLE, 9),
    ("en", "Gini", INEQUALITY, 9),
    ("en", "留存率", GLOSSARY, 1),  # English pages are searched in Chinese too
]
NOWHERE = ["zzqxv", "犇骉羴鱻", "留存率犇骉"]


def search(page: Page, home: str, lang: str, query: str) -> list[str]:
    """Type a query on the search page and return the pages found, best first."""
    page.goto(f"{home}/{lang}/search.html")
    field = page.locator("main form.bd-search input")
    field.fill(query)
    field.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.wait_for_selector("#search-results .search-summary:not(:empty)")
    links = page.locator("#search-results li > a").evaluate_all(
        "all => all.map((a) => a.getAttribute('href'))"
    )
    return [posixpath.normpath(link.split("#")[0]) for link in links]


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search(browser: Browser, homes: dict[str, str], scheme: str) -> None:
    """Words, compounds and parts of compounds lead to their pages; nonsense leads nowhere."""
    errors: list[str] = []
    with opened(browser) as page:
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        for lang, query, target, among in QUERIES:
            found = list(dict.fromkeys(search(page, homes[scheme], lang, query)))
            assert target in found[:among], (lang, query, found)
        for lang in ("en", "zh"):
            for query in NOWHERE:
                assert search(page, homes[scheme], lang, query) == [], query
    assert errors == []


def test_results_show_where(browser: Browser, homes: dict[str, str]) -> None:
    """A result quotes its article, not the buttons around it, and marks the whole word."""
    with opened(browser) as page:
        search(page, homes["http"], "zh", "留存率")
        page.wait_for_selector("#search-results p.context .highlighted")
        marked = page.locator("#search-results .highlighted").all_inner_texts()
        assert marked and set(marked) == {"留存率"}
        quoted = " ".join(page.locator("#search-results p.context").all_inner_texts())
        assert "English" not in quoted and "目录" not in quoted
        page.click(f'#search-results a[href="{RETENTION}"]')
        page.wait_for_selector("article .highlighted")
        assert page.locator("h1 .highlighted").inner_text() == "留存率"


def test_search_from_any_page(browser: Browser, homes: dict[str, str]) -> None:
    """The search button of a page opens a field that leads to the results."""
    with opened(browser) as page:
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.goto(f"{homes['http']}/zh/{GLOSSARY}")
        page.click(".search-button-field")
        field = page.locator("#pst-search-dialog input[name=q]")
        field.fill("参与不均")
        field.press("Enter")
        page.wait_for_url("**/zh/search.html?q=*")
        page.wait_for_selector(f'#search-results a[href="{INEQUALITY}"]')


PHRASES = r"""() => {
  const article = document.querySelector("article"), found = [];
  const texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest("pre, code, math, button, script, .math")) continue;
    for (const run of texts.currentNode.data.match(/[\u4e00-\u9fff]{5,}/g) || [])
      found.push(run.slice(1, 5));
  }
  return found;
}"""
FIND = """(queries) => queries.map((query) =>
  Search._performSearch(...Search._parseQuery(query)).map((result) => result[0] + ".html"))"""


def test_every_chinese_page_is_found(browser: Browser, site: Path, homes: dict[str, str]) -> None:
    """Four characters from inside a sentence, cut without regard to words, find the page."""
    with opened(browser) as page:
        phrases: dict[str, list[str]] = {}
        for name in pages(site, "zh"):
            if name.startswith(("book/", "notebooks/")):
                page.goto(f"{homes['http']}/zh/{name}", wait_until="domcontentloaded")
                every = page.evaluate(PHRASES)
                phrases[name] = every[:: max(1, len(every) // 5)][:6]
        page.goto(f"{homes['http']}/zh/search.html")
        page.wait_for_function("Search.hasIndex()")
        assert len(phrases) > 15
        for name, queries in phrases.items():
            for query, found in zip(queries, page.evaluate(FIND, queries), strict=True):
                assert name in found, (name, query, found)
        assert any(len(queries) > 3 for queries in phrases.values())
