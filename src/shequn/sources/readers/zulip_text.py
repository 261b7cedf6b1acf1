"""The text of Zulip messages, as source or as HTML: without quotations, and whom it names."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

ALL = "*"  # stands where the id of a person named would stand
_EVERYBODY = frozenset({"all", "everyone", "channel", "stream", "topic"})
_NEAR = re.compile(r"/near/(\d{1,18})(?![\d])")
_MOST_DEPTH = 100  # of quotations within quotations

# In the source.
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})[ ]*([^\s`]*)[ ]*$")
_CREDIT = re.compile(r"@_\*\*([^*\n]+?)\*\*.*\]\(\S*/near/\d+\S*\).*")
_CALL = re.compile(r"@(_?)\*\*([^*\n]{1,200}?)(?:\|(\d{1,18}))?\*\*")
_UPLOAD = re.compile(r"!?\[[^\]\n]*\]\(/user_uploads/[^)\s]+\)")

# In the HTML.
_TAG = re.compile(r"<[^>]*>")
_QUOTE = re.compile(r"<(/?)blockquote>")
_SPAN = re.compile(r"<(/?)span\b[^>]*>")
_TEX = re.compile(r"<annotation[^>]*>(.*?)</annotation>", re.DOTALL)
_IMAGE = re.compile(r'<img\b[^>]*\balt="([^"]*)"[^>]*>')
_NAMED = re.compile(
    r'<span class="user-mention([^"]*)" data-user-id="(\d{1,18}|\*)">@?([^<]{0,200})</span>'
)
_CREDITED = re.compile(
    r'<p><span class="user-mention silent" data-user-id="(\d{1,18})">([^<]{0,200})</span>'
    r'(?:(?!</p>).)*?<a href="[^"]*/near/(\d{1,18})[^"]*">(?:(?!</p>).)*</p>\s*$',
    re.DOTALL,
)
_LINK_ALONE = re.compile(r'<p><a href="[^"]*">[^<]*</a></p>\s*<div class="message_inline_image">')


@dataclass(slots=True)
class Said:
    """What a message says.

    Attributes
    ----------
    text
        As a person reads it, without quotations.
    reply
        Id of the message that it quotes first.
    quoted, named
        Id (none where only the name is known) and name of those who are quoted or called.
    upload
        Whether it is a file and no more.
    """

    text: str
    reply: str | None = None
    quoted: list[tuple[str, str]] = field(default_factory=list)
    named: list[tuple[str, str]] = field(default_factory=list)
    upload: bool = False


def of_source(source: str) -> Said:
    """Return what the source of a message says."""
    said = Said(source)
    if "```" in source or "~~~" in source or ">" in source:
        said.text = _unquoted(source, said)
    if "@" in said.text:
        said.text = _CALL.sub(lambda call: _called(call, said), said.text)
    if "/user_uploads/" in said.text:
        said.upload = _UPLOAD.fullmatch(said.text.strip()) is not None
    said.text = said.text.strip()
    return said


def _unquoted(source: str, said: Said) -> str:
    kept: list[str] = []
    fence = ""  # that ends the quotation
    code = ""
    for line in source.split("\n"):
        mark = _FENCE.match(line) if line[:4].lstrip(" ")[:1] in ("`", "~") else None
        if fence:
            if mark and not mark[2] and mark[1].startswith(fence):
                fence = ""
            continue
        if code:
            if mark and not mark[2] and mark[1].startswith(code):
                code = ""
        elif mark and mark[2] == "quote":
            fence = mark[1]
            _credit(kept, said)
            continue
        elif mark:
            code = mark[1]
        elif line.startswith(">"):
            _credit(kept, said)
            continue
        kept.append(line)
    return "\n".join(kept)


def _credit(kept: list[str], said: Said) -> None:
    """Take the line that says who is quoted, which stands before the quotation."""
    while kept and not kept[-1].strip():
        kept.pop()
    if kept and (found := _CREDIT.fullmatch(kept[-1].strip())):
        kept.pop()
        name, _, raw = found[1].rpartition("|")
        said.quoted.append((raw, name) if raw.isdecimal() and name else ("", found[1]))
        near = _NEAR.search(found[0])
        said.reply = said.reply or (near[1] if near else None)


def _called(call: re.Match[str], said: Said) -> str:
    silent, name, raw = call.groups()
    if not silent:
        everybody = raw is None and name in _EVERYBODY
        said.named.append((ALL, "") if everybody else (raw or "", name))
    return f"@{name}"


def of_html(source: str) -> Said:
    """Return what the HTML of a message says."""
    said = Said("")
    if "<blockquote>" in source:
        source = _without_quotes(source, said)
    if "user-mention" in source:
        for found in _NAMED.finditer(source):
            if found[2] == ALL or "wildcard" in found[1]:
                said.named.append((ALL, ""))
            elif "silent" not in found[1]:
                said.named.append((found[2], html.unescape(found[3])))
    if "message_inline_image" in source:
        said.upload = _LINK_ALONE.match(source) is not None
    if '<span class="katex' in source:
        source = _without_katex(source)
    if "<img" in source:
        source = _IMAGE.sub(r"\1", source)
    text = _TAG.sub("", source)
    said.text = (html.unescape(text) if "&" in text else text).strip()
    return said


def _without_quotes(source: str, said: Said) -> str:
    kept: list[str] = []
    depth = at = 0
    for mark in _QUOTE.finditer(source):
        if not mark[1]:
            if depth == 0:
                before = source[at : mark.start()]
                start = before.rfind("<p>")
                if start >= 0 and (found := _CREDITED.match(before, start)):
                    before = before[:start]
                    said.quoted.append((found[1], html.unescape(found[2])))
                    said.reply = said.reply or found[3]
                kept.append(before)
            depth = min(depth + 1, _MOST_DEPTH)
        elif depth:
            depth -= 1
            at = mark.end()
    if depth == 0:
        kept.append(source[at:])
    return "".join(kept)


def _without_katex(source: str) -> str:
    """Put the TeX in place of a formula: the HTML says it twice, letter by letter."""
    kept: list[str] = []
    at = 0
    while (start := source.find('<span class="katex">', at)) >= 0:
        kept.append(source[at:start])
        depth, at = 0, len(source)
        for mark in _SPAN.finditer(source, start):
            depth += -1 if mark[1] else 1
            if depth == 0:
                at = mark.end()
                break
        tex = _TEX.search(source, start, at)
        kept.append(f"${tex[1]}$" if tex else "")
    kept.append(source[at:])
    return "".join(kept)
