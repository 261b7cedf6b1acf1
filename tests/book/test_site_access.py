"""Accessibility of the built site, by axe: WCAG 2 A and AA, light and dark, wide and on a phone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from browser import PHONE, WIDE, opened, serve
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site-access")]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
PAGES = [
    "book/index.html",
    "book/diagnosis/defining-activity.html",
    "notebooks/metrics/retention.html",
    "notebooks/models/network_structure.html",
    "search.html?q=retention",
    "notebooks/cases/student_network.html",
    "book/reference/ledger.html",
    "book/reference/glossary.html",
    "book/reference/bibliography.html",
]
DARK = 'localStorage.setItem("mode", "dark"); localStorage.setItem("theme", "dark");'
LOOKS: dict[str, tuple[int, str, Any]] = {
    # how many of the pages, what is set before, size
    "light": (9, "", WIDE),
    "dark": (4, DARK, WIDE),
    "phone": (4, "", PHONE),
}


def violations(page: Page) -> list[str]:
    """Return the rules broken on the open page, each with the first elements that break it."""
    page.evaluate(f"{AXE}; 0")
    result: dict[str, Any] = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    return [
        f"{v['id']} ({len(v['nodes'])}): " + " | ".join(n["html"][:120] for n in v["nodes"][:3])
        for v in result["violations"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pages(browser: Browser, homes: dict[str, str], lang: str, look: str) -> None:
    """No violation on a page of each kind."""
    many, before, size = LOOKS[look]
    found: dict[str, list[str]] = {}
    with opened(browser, reduced_motion="reduce") as page:
        page.add_init_script(before)
        page.set_viewport_size(size)
        for name in PAGES[:many]:
            page.goto(f"{homes['http']}/{lang}/{name}")
            if "?q=" in name:
                page.wait_for_selector("#search-results .search-summary:not(:empty)")
                page.wait_for_selector("#search-results p.context")
            found[name] = violations(page)
    assert not {name: v for name, v in found.items() if v}


def test_landing(browser: Browser, site: Path) -> None:
    """No violation on the page that leads to the editions, as those see it whose scripts are off."""
    whole = (site / "index.html").read_text(encoding="utf-8")
    still = re.sub(r"<script>.*?</script>", "", whole, flags=re.DOTALL)
    assert still != whole
    with opened(browser) as page:
        page.set_content(still)
        assert page.locator("nav a").count() == 2
        assert violations(page) == []


def test_a_violation_is_found(browser: Browser, tmp_path: Path) -> None:
    """The check can fail: grey on white, an unnamed button, a page without a language."""
    page_of_faults = (
        '<!doctype html><html><head><title>a</title></head><body><main><h1 style="color: #ccc">grey</h1>'
        "<button></button></main></body></html>"
    )
    (tmp_path / "a.html").write_text(page_of_faults, encoding="utf-8")
    with serve(tmp_path) as home, opened(browser) as page:
        page.goto(f"{home}/a.html")
        rules = {violation.split()[0] for violation in violations(page)}
    assert rules == {"button-name", "color-contrast", "html-has-lang"}
