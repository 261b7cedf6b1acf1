"""What a mail says, without what it quotes, its signature and its attachments."""

from __future__ import annotations

import binascii
import quopri
import re

from shequn.sources.readers.forum_text import without, words
from shequn.sources.readers.mbox_header import decode, headers

_DEEPEST, _PARTS = 6, 50
_PARAMETER = re.compile(r";\s*(charset|boundary)\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))", re.IGNORECASE)
_WROTE = re.compile(
    r"(?:wrote|writes|schrieb.*|a écrit|escribió|said|写道|寫道|书写道)\s*[:：]\s*$|<[^<>]*@[^<>]*>\s*[:：]\s*$",
    re.IGNORECASE,
)
# Where the list program or the mail program goes on, or the whole of another mail follows.
_ENDS = (
    "_______________", "-------------- next part", "-=-=-=-=-=-=", "-----Original Message",
    "-----原始邮件", "------------------ 原始邮件", "------------------ Original",
)  # fmt: skip
_FIRSTS = frozenset({line[0] for line in _ENDS})


def text_of(found: dict[str, str], body: bytes, deep: int = 0) -> str | None:
    """Return the text of a mail or a part of one, as it stands there; None where it has none."""
    kind = found.get("content-type", "text/plain")
    what = kind.partition(";")[0].strip().lower()
    if what.startswith("multipart/"):
        return _parts(kind, body, deep)
    if not what.startswith("text/") and "/" in what:
        return None
    coding = found.get("content-transfer-encoding", "").lower()
    if "quoted" in coding:
        body = quopri.decodestring(body)
    elif "base64" in coding:
        body = _unpacked(body)
    known = {m[1].lower(): m[2] or m[3] for m in _PARAMETER.finditer(";" + kind.partition(";")[2])}
    text = decode(body, known.get("charset"))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if what == "text/html":
        cited = without(text, "blockquote", lambda _: True)
        return words(without(cited, "div", lambda tag: "gmail_quote" in tag))
    return text


def _parts(kind: str, body: bytes, deep: int) -> str | None:
    """Return the plain text among the parts of a mail, or else the HTML."""
    known = {m[1].lower(): m[2] or m[3] for m in _PARAMETER.finditer(kind)}
    boundary = known.get("boundary")
    if not boundary or deep > _DEEPEST:
        return None
    other: str | None = None
    parts = body.split(b"--" + boundary.encode("utf-8", "replace"), _PARTS)
    for part in parts[1:_PARTS]:
        part = part.replace(b"\r\n", b"\n").lstrip(b" \t")
        if part.startswith(b"--"):
            break
        head, _, rest = part.removeprefix(b"\n").partition(b"\n\n")
        if part.startswith(b"\n\n"):  # a part without headers is plain text
            head, rest = b"", part[2:]
        found = headers(head)
        text = text_of(found, rest, deep + 1)
        if text is None:
            continue
        if not found.get("content-type", "text/plain").lower().startswith("text/html"):
            return text
        other = other or text
    return other


def _unpacked(body: bytes) -> bytes:
    """Return what base64 holds, as far as it is whole."""
    body = b"".join(body.split())
    try:
        return binascii.a2b_base64(body[: len(body) // 4 * 4])
    except binascii.Error:
        return b""


def own_words(text: str) -> str:
    """Return the lines that the author wrote, without quotations, signature and footers."""
    kept: list[str] = []
    add, quoting = kept.append, False
    for line in text.split("\n"):
        if line:
            first = line[0]
            if first == ">":
                if line.startswith(">From "):  # how a mailbox writes a line that begins with From
                    add(line[1:])
                    continue
                if quoting:
                    continue
                quoting = True
                # The line before a quotation says who wrote it.
                while kept and not kept[-1].strip():
                    kept.pop()
                if kept and _WROTE.search(kept[-1][-200:]):
                    kept.pop()
                    if kept and kept[-1].startswith(("On ", "Am ", "Le ", "在")):
                        kept.pop()
                continue
            if first == "-" and line.rstrip() == "--":
                break
            if first in _FIRSTS and line.startswith(_ENDS):
                break
            quoting = False
        add(line)
    return "\n".join(kept).strip()
