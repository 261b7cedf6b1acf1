"""The built site, opened page by page in a browser: over http and from the disk, wide and on a phone."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import browser as chrome
import pytest
from browser import Visit, foreign_loads, opened, pages, serve, visit
from playwright.sync_api import Browser, Error, Page

ROOT = Path(__file__).resolve().parents[2]
EDITIONS = ("en", "zh")
SCHEMES = ("http", "file")
MOST_REQUESTS, MOST_BYTES = 40, 2_000_000  # a page, without cache; fonts and figures included

pytestmark = pytest.mark.slow


def grouped(scheme: str, lang: str) -> object:
    """One group a scheme: two processes share the work, and each has one browser."""
    return pytest.param(scheme, lang, marks=pytest.mark.xdist_group(f"site-{scheme}"))


@pytest.mark.parametrize(("scheme", "lang"), [grouped(s, e) for s in SCHEMES for e in EDITIONS])
def test_every_page(
    browser: Browser,
    site: Path,
    homes: dict[str, str],
    scheme: str,
    lang: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No foreign request, no error, nothing missing, nothing too wide, on any page."""
    home, seen = homes[scheme], []
    with opened(browser) as page:
        for name in pages(site, lang):
            if name != "index.html":  # leads on at once: test_the_head_of_an_edition
                seen.append(visit(page, f"{home}/{lang}/{name}", f"{lang}/{name}"))
    weights = {v.name: v.weight(site, home) for v in seen}
    heaviest = max(weights, key=lambda name: weights[name])
    most = max(seen, key=lambda v: len(v.requests))
    with capsys.disabled():
        print(
            f"\nsite {scheme} {lang}: {len(seen)} pages, "
            f"{sum(len(v.requests) for v in seen)} requests (most {len(most.requests)}, "
            f"{most.name}), largest page {weights[heaviest]:,} bytes ({heaviest})",
            file=sys.stderr,  # what a process of xdist writes elsewhere is lost
        )
    problems = [p for v in seen for p in v.problems(home, lang)]
    assert not problems, "\n".join(problems)
    missing = [v.name for v in seen if not _on_disk(v.facts["icon"], home, site)]
    assert not missing, f"the icon is not there: {missing}"
    assert sum(v.facts["math"] for v in seen) > 10, "formulas are gone"
    assert len(most.requests) <= MOST_REQUESTS
    assert weights[heaviest] <= MOST_BYTES


def _on_disk(url: str, home: str, site: Path) -> bool:
    return (site / unquote(urlsplit(url.removeprefix(home)).path).lstrip("/")).is_file()


def test_same_pages(site: Path) -> None:
    """Both editions have the same addresses."""
    assert pages(site, "en") == pages(site, "zh")
    assert len(pages(site, "en")) > 15


@pytest.mark.parametrize("lang", EDITIONS)
def test_language_switch(site: Path, lang: str) -> None:
    """Every page links the same page of the other edition, once."""
    other = {"en": "zh", "zh": "en"}[lang]
    for name in pages(site, lang):
        if name == "index.html":
            continue
        text = (site / lang / name).read_text(encoding="utf-8")
        links = re.findall(r'class="lang-switch"[^>]*?href="([^"]+)"', text)
        assert len(links) == 1, name
        target = Path(os.path.normpath((site / lang / name).parent / links[0]))
        assert target == site / other / name
        assert target.is_file()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["book/index.html", "notebooks/metrics/retention.html"])
@pytest.mark.xdist_group("site-other")
def test_switch_there_and_back(
    browser: Browser, homes: dict[str, str], scheme: str, name: str
) -> None:
    """The switch is visible, also on a phone, and leads to the other edition and back."""
    with opened(browser) as page:
        page.set_viewport_size(chrome.PHONE)  # type: ignore[arg-type]
        page.goto(f"{homes[scheme]}/en/{name}")
        for lang in ("zh", "en"):
            page.click("a.lang-switch")
            page.wait_for_url(f"{homes[scheme]}/{lang}/{name}")
            assert page.get_attribute("html", "lang") == chrome.LANGUAGE_TAGS[lang]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("lang", EDITIONS)
@pytest.mark.xdist_group("site-other")
def test_the_head_of_an_edition(
    browser: Browser, homes: dict[str, str], scheme: str, lang: str
) -> None:
    """The address of an edition leads to its home page."""
    with opened(browser) as page:
        page.goto(f"{homes[scheme]}/{lang}/index.html")
        page.wait_for_url("**/book/index.html")
        assert page.locator("h1").count() == 1


LOCALES = [("zh-CN", "zh"), ("zh-TW", "zh"), ("en-US", "en"), ("de-DE", "en")]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("locale", "lang"), LOCALES)
@pytest.mark.xdist_group("site-other")
def test_landing(
    browser: Browser, homes: dict[str, str], scheme: str, locale: str, lang: str
) -> None:
    """Every visit leads on by the browser's language, and the way back does not lead here again."""
    with opened(browser, locale=locale) as page:
        page.goto("about:blank")
        with suppress(Error):  # it leads on while it opens
            page.goto(f"{homes[scheme]}/index.html", wait_until="commit")
        page.wait_for_url(f"**/{lang}/book/index.html")
        page.wait_for_load_state()
        page.go_back()
        assert page.url == "about:blank"


@pytest.mark.xdist_group("site-other")
def test_landing_without_scripts(browser: Browser, homes: dict[str, str]) -> None:
    """Without JavaScript the choice stays, and both links work."""
    for lang in EDITIONS:
        with opened(browser, java_script_enabled=False, locale="zh-CN") as page:
            page.goto(f"{homes['http']}/")
            assert page.locator("nav a:visible").count() == 2
            page.click(f'nav a[hreflang^="{lang}"]')
            page.wait_for_url(f"**/{lang}/book/index.html")


RESIDUE = re.compile(
    r"mathjax|thebe|unpkg|jsdelivr|Traceback \(most|WARNING:|ERROR:|"
    r"\{glue|glue:|system-message|\{(?:doc|ref|term|cite:\w)\}`|doc-biblioentry",
    re.I,
)


def test_no_residue(site: Path) -> None:
    """No page names a script service, a directive left over or an error."""
    for lang in EDITIONS:
        for name in pages(site, lang):
            found = RESIDUE.findall((site / lang / name).read_text(encoding="utf-8"))
            assert not found, f"{lang}/{name}: {set(found)}"


def test_nothing_loads_from_elsewhere(site: Path) -> None:
    """No file of the site names another host where a browser would load it."""
    files = [p for p in site.rglob("*") if p.suffix in (".html", ".css", ".js", ".svg")]
    assert len(files) > 60
    assert not {str(p.relative_to(site)): found for p in files if (found := foreign_loads(p))}


def test_no_path_of_this_machine(site: Path) -> None:
    """No file of the site tells where it was built."""
    places = {
        "/tmp/",
        "/home/",
        f"{ROOT}/",
        f"{tempfile.gettempdir()}/",
        str(Path.home()),
    }
    needles = [place.encode() for place in places if len(place) > 4]
    for path in (p for p in site.rglob("*") if p.is_file()):
        data = path.read_bytes()
        assert not [n for n in needles if n in data], path.relative_to(site)


GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="icon.svg"></head>
<body><h1>Good</h1><p><a href="https://example.invalid/read">elsewhere</a> <code>\\frac</code></p>
<span class="math"><math><mi>x</mi></math></span></body></html>"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
BROKEN = {
    "asks another host": ("</p>", '</p><img alt="a" src="https://example.invalid/a.png">'),
    "request failed": ("</p>", '</p><img alt="a" src="missing.png">'),
    "error: no such thing": ("</p>", "</p><script>throw Error('no such thing')</script>"),
    "error: said": ("</p>", "</p><script>console.error('said')</script>"),
    "scrolls sideways at 390": ("</p>", '</p><div style="width: 700px">wide</div>'),
    "scrolls sideways at 1280": ("</p>", '</p><div style="width: 2000px">wide</div>'),
    "no alt text": ("</p>", '</p><img alt=" " src="icon.svg">'),
    "math not set": ("<math><mi>x</mi></math>", "x"),
    "raw math: \\frac": ("</p>", "</p><p>\\frac{1}{2}</p>"),
    "raw math: \\(": ("</p>", "</p><p>\\(x\\)</p>"),
    "raw math: $$": ("</p>", "</p><p>$$x$$</p>"),
    "0 h1": ("h1>", "h2>"),
    "2 h1": ("<h1>", "<h1>Again</h1><h1>"),
    "no icon": ('rel="icon"', 'rel="next"'),
    "lang is": ('lang="en"', 'lang="fr"'),
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "good.html").write_text(GOOD, encoding="utf-8")
    (tmp_path / "icon.svg").write_text(SVG, encoding="utf-8")
    for i, (old, new) in enumerate(BROKEN.values()):
        assert old in GOOD
        (tmp_path / f"{i}.html").write_text(GOOD.replace(old, new), encoding="utf-8")
    return tmp_path


@pytest.mark.xdist_group("site-other")
def test_the_checks_can_fail(browser: Browser, broken: Path) -> None:
    """A good page passes; each fault put into it is found, alone."""

    def look(page: Page, home: str, name: str) -> list[str]:
        seen: Visit = visit(page, f"{home}/{name}.html", name)
        return seen.problems(home, "en")

    with serve(broken) as home, opened(browser) as page:
        assert look(page, home, "good") == []
        for i, fault in enumerate(BROKEN):
            found = look(page, home, str(i))
            assert any(f": {fault}" in problem for problem in found), (fault, found)
        seen = visit(page, f"{home}/good.html", "good")
        in_chinese = seen.problems(home, "zh")
        assert in_chinese == ["good: lang is 'en'"]
        page.evaluate("document.querySelector('h1').title = 'Copy to clipboard'")
        seen.facts = page.evaluate(chrome.FACTS)
        assert "good: not in Chinese: Copy to clipboard" in seen.problems(home, "zh")


ELSEWHERE = {
    "a.html": '<link rel="stylesheet" href="https://a.invalid/a.css">',
    "b.html": '<script src="//a.invalid/a.js"></script>',
    "c.html": "<style>@import 'https://a.invalid/a.css';</style>",
    "d.html": '<p style="background: url(http://a.invalid/a.png)">',
    "e.html": '<script>x.src = "https://a.invalid/a.js"</script>',
    "f.css": "@font-face { src: url('https://a.invalid/a.woff2') }",
    "g.js": 'import("https://a.invalid/a.js")',
    "h.svg": '<svg><image href="https://a.invalid/a.png"/></svg>',
}
AT_HOME = {
    "a.html": '<a href="https://a.invalid/">a</a><link rel="canonical" href="https://a.invalid/">',
    "b.css": "a { background: url(data:image/svg+xml;base64,PHN2Zz4=) }",
    "c.js": '// see https://a.invalid/\nlet x = "http://www.w3.org/2000/svg";',
    "d.html": GOOD,
}


def test_foreign_loads(tmp_path: Path) -> None:
    """The scan of the files finds what loads, and lets links and remarks be."""
    for files, expected in ((ELSEWHERE, 1), (AT_HOME, 0)):
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            assert len(foreign_loads(tmp_path / name)) == expected, text
