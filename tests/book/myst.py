"""Cut MyST text into blocks with lines: the parser is the book's, with the book's extensions.

What a test sees is so what a reader sees. Lines are counted from 1 in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = "\ufffc"  # stands where a role, code, math or a marked span was taken out of the text

# Bodies that are not MyST prose.
OPAQUE = {
    "code-cell", "code-block", "code", "literalinclude", "math", "mermaid", "raw", "toctree",
    "bibliography", "metric", "ledger", "concordance", "glossary-table", "csv-table",
}  # fmt: skip
# Arguments that are text for readers; any other argument is a name, the same in both languages.
TITLED = {
    "exercise", "admonition", "dropdown", "card", "grid-item-card", "tab-item", "note", "tip",
    "warning", "important", "seealso", "table", "list-table", "topic", "sidebar",
}  # fmt: skip
TEXTS = {"alt", "caption", "title"}  # options whose value is text for readers


class Role(NamedTuple):
    """A role: its name, what it points at, and the words shown where the page gives them."""

    name: str
    target: str
    title: str = ""


@dataclass(eq=False)
class Scope:
    """What a block stands in: a directive, a list item, a table row, a quotation, a definition."""

    kind: str
    line: int
    name: str = ""
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Inline:
    """A run of text: ``runs`` are words with the marks they carry (``em``, ``rule``…)."""

    runs: tuple[tuple[str, frozenset[str]], ...] = ()
    roles: tuple[Role, ...] = ()
    links: tuple[str, ...] = ()
    math: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()

    def words(self, *hidden: str) -> str:
        """Return the text; words that carry a mark in ``hidden`` become one placeholder."""
        marks = set(hidden)
        return "".join(HIDDEN if marks & m else text for text, m in self.runs)

    @property
    def shown(self) -> str:
        """All that a reader is shown in the page's own words, titles of roles included."""
        titles = " ".join(r.title for r in self.roles if r.title)
        return f"{self.words().replace(HIDDEN, ' ')} {titles}".strip()


@dataclass(eq=False)
class Block:
    """One block: ``shape`` is its structure, ``content`` what must be equal word for word."""

    kind: str
    line: int
    within: tuple[Scope, ...]
    shape: tuple[Any, ...] = ()
    content: str = ""
    inline: Inline | None = None

    def scope(self, *kinds: str) -> Scope | None:
        """Return the nearest scope of these kinds that the block stands in."""
        return next((s for s in reversed(self.within) if s.kind in kinds), None)

    def directive(self, *names: str) -> Scope | None:
        """Return the nearest directive of these names that the block stands in."""
        return next((s for s in reversed(self.within) if s.name in names), None)


@cache
def _parser() -> MarkdownIt:
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    extensions = set(config["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


_FENCE = re.compile(r"^\{(?P<name>[\w:.-]+)\}\s*(?P<argument>.*)$")
_OPTION = re.compile(r"^:(?P<key>[\w-]+):\s*(?P<value>.*)$")
_ROLE = re.compile(r"^(?P<title>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][\w-]*")
_SCOPED = {
    "list_item_open": "item", "tr_open": "row", "blockquote_open": "quote", "dd_open": "definition",
    "field_open": "field", "footnote_reference_open": "footnote",
}  # fmt: skip
_CLOSING = {name.replace("_open", "_close") for name in _SCOPED}
_HOLDS = {"heading_open": "heading", "th_open": "cell", "td_open": "cell", "dt_open": "term"}


def blocks(text: str, first: int = 1, within: tuple[Scope, ...] = ()) -> Iterator[Block]:
    """Yield the blocks of some MyST text whose first line is ``first``."""
    tokens = _parser().parse(text)
    scopes, line, holder = list(within), first, "paragraph"
    shape: tuple[Any, ...] = ()
    for i, token in enumerate(tokens):
        line = first + token.map[0] if token.map else line
        here, kind = tuple(scopes), token.type
        if kind in _SCOPED:
            scopes.append(Scope(_SCOPED[kind], line))
            if kind != "tr_open":
                yield Block(_SCOPED[kind], line, here)
        elif kind in _CLOSING:
            scopes.pop()
        elif kind in _HOLDS:
            holder, shape = _HOLDS[kind], (token.tag,) if kind == "heading_open" else ()
        elif kind == "paragraph_open":
            holder, shape = "paragraph", ()
        elif kind == "inline":
            yield Block(holder, line, here, shape, inline=_inline(token))
        elif kind in ("bullet_list_open", "ordered_list_open", "dl_open", "table_open"):
            yield Block(token.tag, line, here, _size(tokens, i))
        elif kind in ("fence", "colon_fence"):
            yield from _fence(token, line, here)
        elif kind in ("math_block", "math_block_label", "amsmath"):
            yield Block("math", line, here, content=f"{token.content.strip()} {token.info}".strip())
        elif kind == "myst_target":
            yield Block("target", line, here, (token.content,))
        elif kind == "html_block":
            yield Block("html", line, here, tuple(_TAG.findall(token.content)))
        elif kind in ("hr", "myst_block_break", "code_block"):
            yield Block(kind, line, here)


def _size(tokens: list[Token], start: int) -> tuple[int, ...]:
    """Return the number of items of a list, or of rows and columns of a table."""
    opening = tokens[start]
    closing = opening.type.replace("_open", "_close")
    end = next(
        j
        for j in range(start, len(tokens))
        if tokens[j].type == closing and tokens[j].level == opening.level
    )
    inside = tokens[start:end]
    if opening.type == "table_open":
        rows = sum(t.type == "tr_open" for t in inside)
        return rows, sum(t.type == "th_open" for t in inside)
    child = {"dl_open": "dt_open"}.get(opening.type, "list_item_open")
    return (sum(t.type == child and t.level == opening.level + 1 for t in inside),)


def _fence(token: Token, line: int, within: tuple[Scope, ...]) -> Iterator[Block]:
    match = _FENCE.match(token.info.strip())
    if match is None:
        yield Block("fence", line, within, (token.info.strip(),), token.content)
        return
    name, argument = match["name"], match["argument"].strip()
    options, skipped, body = _options(token.content)
    scope = Scope("directive", line, name, argument, options, body)
    titled = name in TITLED and bool(argument)
    fixed = tuple(sorted((k, v) for k, v in options.items() if k not in TEXTS))
    shape = (name, "title" if titled else argument, fixed)
    inline = _inline(_parser().parseInline(argument)[0]) if titled else None
    inside = (*within, scope)
    yield Block("directive", line, inside, shape, body if name in OPAQUE else "", inline)
    if name not in OPAQUE and body.strip():
        yield from blocks(body, line + 1 + skipped, inside)


def _options(content: str) -> tuple[dict[str, str], int, str]:
    """Return a directive's options, the number of lines before its body, and the body."""
    lines = content.split("\n")
    if lines[0].strip() == "---" and "---" in (rest := [x.strip() for x in lines[1:]]):
        end = rest.index("---") + 1
        loaded = yaml.safe_load("\n".join(lines[1:end])) or {}
        return {k: str(v) for k, v in loaded.items()}, end + 1, "\n".join(lines[end + 1 :])
    options: dict[str, str] = {}
    for n, text in enumerate(lines):
        match = _OPTION.match(text)
        if match is None:
            blank = 1 if options and not text.strip() else 0
            return options, n + blank, "\n".join(lines[n + blank :])
        options[match["key"]] = match["value"].strip()
    return options, len(lines), ""


def _inline(token: Token) -> Inline:
    runs: list[tuple[str, frozenset[str]]] = []
    found: dict[str, list[Any]] = {k: [] for k in ("roles", "links", "math", "code", "spans")}
    marks: list[str] = []
    for child in token.children or ():
        kind = child.type
        if kind == "myst_role":
            match = _ROLE.match(child.content)
            name = child.meta["name"]
            role = (
                Role(name, match["target"], match["title"]) if match else Role(name, child.content)
            )
            found["roles"].append(role)
        elif kind == "footnote_ref":
            found["roles"].append(Role("footnote", child.meta.get("label", "")))
        elif kind in ("math_inline", "math_inline_double"):
            found["math"].append(child.content)
        elif kind == "code_inline":
            found["code"].append(child.content)
        elif kind == "image":
            found["links"].append(str(child.attrs.get("src", "")))
        elif kind == "link_open":
            found["links"].append(str(child.attrs.get("href", "")))
            marks.append("link")
        elif kind == "span_open":
            name = str(child.attrs.get("class", ""))
            found["spans"].append(name)
            marks.append(name)
        elif kind.endswith("_open"):
            marks.append(child.tag)
        elif kind.endswith("_close") and marks:
            marks.pop()
        if kind == "text":
            runs.append((child.content, frozenset(marks)))
        elif kind in ("softbreak", "hardbreak"):
            runs.append(("\n", frozenset(marks)))
        elif not kind.endswith(("_open", "_close")) and kind != "html_inline":
            runs.append((HIDDEN, frozenset(marks)))
    return Inline(tuple(runs), **{k: tuple(v) for k, v in found.items()})
