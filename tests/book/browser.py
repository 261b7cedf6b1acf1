"""A real browser on a site: what a page asks for, how it looks to a reader, what is wrong with it."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

LANGUAGE_TAGS = {"en": "en", "zh": "zh-CN"}
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine has an address: a foreign request is recorded and goes nowhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

FACTS = r"""() => {
  const prose = document.body.cloneNode(true);
  prose.querySelectorAll("pre, code, math, script, style").forEach((el) => el.remove());
  const cited = 'a[href*="bibliography.html#"], a[href^="#id"]';  // a work keeps its own title
  const named = [...document.querySelectorAll(`:not(${cited})`)].flatMap((el) =>
    ["title", "aria-label", "placeholder", "data-toggle-hint", "data-tooltip", "data-bs-title"]
      .map((name) => el.getAttribute(name)).filter(Boolean));
  return {
    lang: document.documentElement.lang,
    headings: document.querySelectorAll("h1").length,
    noAlt: [...document.images].filter((i) => !(i.getAttribute("alt") || "").trim())
      .map((i) => i.getAttribute("src")),
    math: document.querySelectorAll("math").length,
    unset: [...document.querySelectorAll(".math")].filter((el) => !el.querySelector("math"))
      .map((el) => el.textContent),
    raw: prose.textContent.match(/\\[([]|\$\$|\\(?:frac|sum|text|left|math\w+)\b/g) || [],
    icon: (document.querySelector('link[rel~="icon"]') || {}).href || "",
    latin: [...new Set(named)].filter((text) =>
      /[A-Za-z]{3}/.test(text) && !/[\u3400-\u9fff]/.test(text)),
  };
}"""
_WIDTH = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"


def executable() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Visit:
    """What was seen when a page was opened."""

    name: str
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    widths: dict[int, tuple[int, int]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def problems(self, home: str, lang: str | None) -> list[str]:
        """Return what is wrong, for a page of the site at ``home`` in edition ``lang``."""
        facts, found = self.facts, []
        found += [f"asks another host: {u}" for u in self.requests if not _own(u, home)]
        found += [f"request failed: {u}" for u in self.failed]
        found += [f"error: {e}" for e in self.errors]
        found += [
            f"scrolls sideways at {width}: {needed} > {there}"
            for width, (needed, there) in self.widths.items()
            if needed > there
        ]
        found += [f"no alt text: {src}" for src in facts["noAlt"]]
        found += [f"math not set: {text}" for text in facts["unset"]]
        found += [f"raw math: {text}" for text in facts["raw"]]
        if facts["headings"] != 1:
            found.append(f"{facts['headings']} h1")
        if not facts["icon"]:
            found.append("no icon")
        if lang and facts["lang"] != LANGUAGE_TAGS[lang]:
            found.append(f"lang is {facts['lang']!r}")
        if lang == "zh":
            found += [f"not in Chinese: {t}" for t in facts["latin"] if t != "English"]
        return [f"{self.name}: {problem}" for problem in found]

    def weight(self, site: Path, home: str) -> int:
        """Return the bytes of all files the page asked for, without any cache."""
        paths = {unquote(urlsplit(u).path) for u in self.requests if _own(u, home)}
        prefix = unquote(urlsplit(home).path)
        files = [site / path.removeprefix(prefix).lstrip("/") for path in paths]
        return sum(f.stat().st_size for f in files if f.is_file())


def _own(url: str, home: str) -> bool:
    return url.startswith((f"{home}/", "data:", "blob:"))


def visit(page: Page, url: str, name: str) -> Visit:
    """Open a page at both widths and note everything."""
    seen = Visit(name)
    handlers: dict[str, Any] = {
        "request": lambda r: seen.requests.append(r.url),
        # The browser gives up on a favicon of its own accord when it goes on to the next page.
        "requestfailed": lambda r: (
            None
            if (r.failure, r.url[-12:]) == ("net::ERR_ABORTED", "/favicon.svg")
            else seen.failed.append(f"{r.url} ({r.failure})")
        ),
        "response": lambda r: seen.failed.append(f"{r.url} ({r.status})") if r.status > 399 else 0,
        "console": lambda m: seen.errors.append(m.text) if m.type == "error" else 0,
        "pageerror": lambda e: seen.errors.append(str(e)),
    }
    for event, handler in handlers.items():
        page.on(event, handler)  # type: ignore[call-overload]
    try:
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            if size is WIDE:
                page.goto(url)
                page.evaluate("document.fonts.ready.then(() => 0)")
            seen.widths[size["width"]] = tuple(page.evaluate(_WIDTH))
        seen.facts = page.evaluate(FACTS)
    finally:
        for event, handler in handlers.items():
            page.remove_listener(event, handler)
    return seen


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a fresh page, as a reader who was never here."""
    context: BrowserContext = browser.new_context(viewport=WIDE, **options)
    context.set_default_timeout(20_000)
    try:
        yield context.new_page()
    finally:
        context.close()


_LOADING = {
    "script": ("src",), "img": ("src", "srcset"), "iframe": ("src",), "embed": ("src",),
    "source": ("src", "srcset"), "video": ("src", "poster"), "audio": ("src",),
    "object": ("data",), "track": ("src",), "input": ("src",), "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"), "link": ("href",), "form": ("action",),
}  # fmt: skip
_LINKS_THAT_LOAD_NOTHING = {"alternate", "canonical", "next", "prev", "index", "search", "author"}
_ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.I)
_CSS = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", re.I)
_JS = re.compile(
    r"""(?:\b(?:src|href|action)\s*[=:]\s*|\b(?:import|fetch|importScripts|open)\(\s*|\bfrom\s*)"""
    r"""["'`]((?:https?:)?//[^"'`]+)""",
    re.I,
)


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element loads from elsewhere."""
        self.inside, given = tag, dict(attrs)
        rel = set((given.get("rel") or "").split())
        if not (tag == "link" and rel and rel <= _LINKS_THAT_LOAD_NOTHING):
            values = [given.get(name) or "" for name in _LOADING.get(tag, ())]
            self.found += [v for v in values if _ELSEWHERE.match(v)]
        self.found += _CSS.findall(given.get("style") or "")

    def handle_data(self, data: str) -> None:
        """Note what styles and scripts inside the page load from elsewhere."""
        pattern = {"script": _JS, "style": _CSS}.get(self.inside)
        self.found += pattern.findall(data) if pattern else []


def foreign_loads(path: Path) -> list[str]:
    """Return the addresses elsewhere that a file would load: html, css, js or svg."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix in (".html", ".svg"):
        parser = _Loads()
        parser.feed(text)
        return parser.found
    return {".css": _CSS, ".js": _JS}[path.suffix].findall(text) if path.suffix != "" else []


def pages(site: Path, lang: str) -> list[str]:
    """Return an edition's pages, as paths inside it. Under _static lie the theme's templates."""
    root = site / lang
    found = (p.relative_to(root) for p in root.rglob("*.html"))
    return sorted(str(p) for p in found if "_static" not in p.parts)
