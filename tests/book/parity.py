"""Hold a Chinese page against its English source: same structure, code, roles, links and numbers.

What is compared block by block: kinds and nesting, heading levels, list items, table sizes,
directives with their labels, tags and classes; code less its ``lang =`` line; math; roles with
targets; link targets; inline code and marked spans; numbers. What may differ is the words.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from itertools import pairwise
from typing import Any

from pages import HIDDEN, ROOT, Block, Fault, Inline, Page, Role

STAMP = "source_sha"
HAN = r"\u3400-\u9fff"
_HAN = re.compile(f"[{HAN}]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")


def stamp_of(english: str) -> str:
    """Return the stamp of an English source: the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(english.encode("utf-8")).hexdigest()[:12]


def differences(en: Page, zh: Page) -> list[Fault]:
    """Return everything in which the two editions of a page differ and should not."""
    faults = list(_front_matter(en, zh))
    structure, pairs = _align(en, zh)
    faults += structure
    for one, other in pairs:
        faults += _contents(en, zh, one, other)
    return faults + untranslated(zh) + foreign(en)


def _front_matter(en: Page, zh: Page) -> Iterator[Fault]:
    for page in (en, zh):
        if page.trouble:
            yield Fault(page.at(1), f"front matter: {page.trouble}", "mend the YAML")
    for key in sorted({*en.matter, *zh.matter} - {STAMP}):
        if en.matter.get(key) != zh.matter.get(key):
            what = (
                f"front matter `{key}` is {zh.matter.get(key)!r}, in English {en.matter.get(key)!r}"
            )
            yield Fault(zh.at(1), what, "give both the same value")
    if STAMP in en.matter:
        yield Fault(en.at(1), f"an English page carries `{STAMP}`", "take the line out")


# --- structure --------------------------------------------------------------------------------


def _align(en: Page, zh: Page) -> tuple[list[Fault], list[tuple[Block, Block]]]:
    """Return where the sequences of blocks part, and the blocks that stand for each other."""
    left, right = [_shape(b) for b in en.blocks], [_shape(b) for b in zh.blocks]
    if left == right:
        return [], list(zip(en.blocks, zh.blocks, strict=True))
    faults: list[Fault] = []
    pairs: list[tuple[Block, Block]] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(en.blocks[a:b], zh.blocks[c:d], strict=True)
            continue
        ours = ", ".join(_name(x) for x in en.blocks[a:b][:4]) or "nothing"
        theirs = ", ".join(_name(x) for x in zh.blocks[c:d][:4]) or "nothing"
        line_en = en.blocks[min(a, len(en.blocks) - 1)].line
        line_zh = zh.blocks[min(c, len(zh.blocks) - 1)].line
        what = f"the structure parts: {theirs} here, {ours} at {en.at(line_en)}"
        faults.append(Fault(zh.at(line_zh), what, "give both pages the same blocks in one order"))
    return faults, pairs


def _shape(block: Block) -> tuple[Any, ...]:
    return block.kind, len(block.within), block.shape


def _name(block: Block) -> str:
    start = block.inline.shown[:24] if block.inline else ""
    details = " ".join(str(s) for s in block.shape if s not in ("", ()))
    return f"{block.kind} {details}{f' “{start}”' if start else ''}".strip()


# --- content ----------------------------------------------------------------------------------


def _contents(en: Page, zh: Page, one: Block, other: Block) -> Iterator[Fault]:
    def fault(what: str, mend: str) -> Fault:
        return Fault(zh.at(other.line), f"{what} (English at {en.at(one.line)})", mend)

    if one.kind == "directive" and code_of(one) != code_of(other):
        name = one.within[-1].name
        what = f"the {name} differs: {_first_difference(code_of(one), code_of(other))}"
        yield fault(what, "copy it from the English page; only the line `lang =` may differ")
    elif one.kind == "math" and formula(one.content) != formula(other.content):
        yield fault("the formula differs", "copy it from the English page")
    elif one.kind == "fence" and not _same_fence(one, other):
        yield fault("the code block differs beyond comments", "copy it from the English page")
    if one.inline is None or other.inline is None:
        return
    for what, ours, theirs in (
        ("roles", _roles(one.inline), _roles(other.inline)),
        ("links", Counter(one.inline.links), Counter(other.inline.links)),
        ("marked spans", Counter(one.inline.spans), Counter(other.inline.spans)),
        ("formulas", _set(map(formula, one.inline.math)), _set(map(formula, other.inline.math))),
        ("inline code", _code(one.inline), _code(other.inline)),
    ):
        if ours != theirs:
            yield fault(f"{what} differ: {_sides(ours, theirs)}", "use the same in both")
    ours, theirs = missing_numbers(one.inline.shown, other.inline.shown)
    if ours or theirs:
        yield fault(f"numbers differ: {_sides(ours, theirs)}", "state the same numbers in both")


def code_of(block: Block) -> str:
    """Return the body of an opaque directive less its ``lang =`` lines."""
    lines = block.content.rstrip().split("\n")
    return "\n".join(x for x in lines if not re.match(r"lang\s*=", x))


def formula(source: str) -> str:
    r"""Return math without blanks and without the words inside ``\text{…}``."""
    return re.sub(r"\s+", " ", re.sub(r"\\text\{[^{}]*\}", r"\\text{}", source)).strip()


def _same_fence(one: Block, other: Block) -> bool:
    """Tell whether two blocks of code or output differ in words only: comments, Chinese lines."""
    ours, theirs = (b.content.rstrip().split("\n") for b in (one, other))
    if one.shape[0] not in ("", "text", "console"):
        ours, theirs = ([_bare_command(x) for x in lines] for lines in (ours, theirs))
        return ours == theirs
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(a == b or has_han(b) for a, b in pairs)


def _bare_command(line: str) -> str:
    plain = re.sub(r"(^|\s)#.*$", "", line).rstrip()
    return re.sub(r"--lang[ =]\w+", "--lang", plain)


def _first_difference(one: str, other: str) -> str:
    for a, b in zip(one.split("\n"), other.split("\n"), strict=False):
        if a != b:
            return f"`{b.strip()}` for `{a.strip()}`"
    return "one is longer"


@cache
def _terms() -> dict[str, str]:
    """Return the English term of each Chinese one, from the glossary and the metrics' names."""
    from shequn.metrics import all_metrics
    from shequn.site.directives import rows_of

    terms = {m.title["zh"]: m.title["en"].lower() for m in all_metrics().values()}
    if (ROOT / "data" / "glossary.csv").is_file():
        terms |= {row["zh"]: row["en"].lower() for row in rows_of("glossary.csv")}
    return terms


def _roles(inline: Inline) -> Counter[str]:
    return Counter(_role(r) for r in inline.roles)


def _role(role: Role) -> str:
    if role.name == "term":
        return f"{{term}}`{_terms().get(role.target, role.target).lower()}`"
    if role.name in ("abbr", "sub", "sup", "kbd", "guilabel"):
        return f"{{{role.name}}}"
    return f"{{{role.name}}}`{role.target}`"


def _code(inline: Inline) -> Counter[str]:
    """Return inline code, once each; a language's own value of ``lang`` is left out."""
    return _set(c for c in inline.code if not re.search(rf"lang\b|[{HAN}]", c))


def _set(values: Any) -> Counter[str]:
    return Counter(set(values))


def _sides(ours: Counter[Any], theirs: Counter[Any]) -> str:
    only_zh, only_en = theirs - ours, ours - theirs
    parts = []
    if only_en:
        parts.append(f"only in English {', '.join(map(str, only_en.elements()))}")
    if only_zh:
        parts.append(f"only in Chinese {', '.join(map(str, only_zh.elements()))}")
    return "; ".join(parts)


# --- numbers ----------------------------------------------------------------------------------

_NUMBER = re.compile(
    r"(?P<date>\d{4}-\d{2}(?:-\d{2})?(?![\d-])|\d{1,2}:\d{2}(?!\d))"
    r"|(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
    r"(?:\s*(?P<scale>万亿|亿|千万|百万|万|thousand\b|million\b|billion\b|trillion\b))?"
    r"(?P<percent>\s*(?:%|per ?cent\b))?"
)
_SCALES = {
    "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "万亿": 10**12,
    "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_CARDINALS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
_TENS = "zeroty tenty twenty thirty forty fifty sixty seventy eighty ninety"
_MONTHS = "- January February March April May June July August September October November December"
_LISTS = (_CARDINALS, _ORDINALS, _MONTHS)
_ENGLISH = {
    **{word: n for words in _LISTS for n, word in enumerate(words.split())},
    **{word: 10 * n for n, word in enumerate(_TENS.split())},
    "once": 1, "twice": 2, "dozen": 12, "hundred": 100, "hundredth": 100, "half": 50,
}  # fmt: skip
_DIGITS_ZH = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_PLACES_ZH = {"十": 10, "百": 100, "千": 1000}


def numbers(text: str) -> Counter[str]:
    """Return the numbers written in digits: no separators, half-width, scales multiplied out."""
    found: Counter[str] = Counter()
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        if match["date"]:
            found[match["date"]] += 1
            continue
        value = float(match["digits"].replace(",", "")) * _SCALES.get(match["scale"] or "", 1)
        found[f"{value:.12g}{'%' if match['percent'] else ''}"] += 1
    return found


def missing_numbers(en: str, zh: str) -> tuple[Counter[str], Counter[str]]:
    """Return the numbers that only one side states, in digits or in words."""
    ours, theirs = numbers(en), numbers(zh)
    only_en, only_zh = ours - theirs, theirs - ours
    spelled_en, spelled_zh = _spelled_english(en), _spelled_chinese(zh)
    for number in list(only_en):
        if number.rstrip("%") in spelled_zh:
            del only_en[number]
    for number in list(only_zh):
        if number.rstrip("%") in spelled_en:
            del only_zh[number]
    return only_en, only_zh


def _spelled_english(text: str) -> set[str]:
    words = re.findall(r"[A-Za-z]+", text)  # months keep their capital: “may” is no number
    values = [next((_ENGLISH[f] for f in _forms(w) if f in _ENGLISH), None) for w in words]
    found = {str(v) for v in values if v is not None}
    for ten, unit in pairwise(values):  # twenty-eight
        if ten and unit and ten in range(20, 100, 10) and unit < 10:
            found.add(str(ten + unit))
    return found


def _forms(word: str) -> tuple[str, ...]:
    return word, word.lower(), word.lower().rstrip("s")


def _spelled_chinese(text: str) -> set[str]:
    found: set[str] = {"50"} if "半" in text else set()
    for match in re.finditer(r"([零〇一二三四五六七八九十百千两俩]+)(成?)", text):
        value = _chinese(match[1])
        found.add(str(value))
        if match[2]:
            found.add(str(10 * value))
    return found


def _chinese(numeral: str) -> int:
    total, digit = 0, 0
    for character in numeral:
        if character in _PLACES_ZH:
            total += (digit or 1) * _PLACES_ZH[character]
            digit = 0
        else:
            digit = _DIGITS_ZH[character]
    return total + digit


# --- language ---------------------------------------------------------------------------------


def has_han(text: str) -> bool:
    """Tell whether a text holds a Chinese character."""
    return bool(_HAN.search(text))


def untranslated(zh: Page) -> list[Fault]:
    """Return the blocks of a Chinese page that are still in English."""
    faults = []
    for block, inline in zh.prose():
        text = inline.shown
        words = _LATIN_WORD.findall(text)
        small = [w for w in words if w.islower()]  # names begin with a capital
        han, letters = len(_HAN.findall(text)), sum(map(len, small))
        # A term in brackets is fine; a clause is not.
        if (len(small) >= 3 and letters > 2 * han) or (not han and small and len(words) >= 2):
            what = f"not translated: “{text[:50]}”"
            faults.append(Fault(zh.at(block.line), what, "write it in Chinese"))
    return faults


_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|「[^」]*」|《[^》]*》|[(（][^()（）]*[)）]")
_UNIT_HAN = re.compile(r"万亿|亿|万|元")


def foreign(en: Page) -> list[Fault]:
    """Return the English blocks with Chinese outside quotes, brackets, italics and units."""
    faults = []
    for block, inline in en.prose():
        titles = " ".join(r.title for r in inline.roles)
        text = _UNIT_HAN.sub("", _QUOTED.sub("", f"{inline.words('em', 'link')} {titles}"))
        if _HAN.search(text):
            start = max(_HAN.search(text).start() - 15, 0)  # type: ignore[union-attr]
            what = f"Chinese in English prose: “…{text[start : start + 30].replace(HIDDEN, ' ')}…”"
            mend = "translate it, or mark it as a quotation, a name in brackets or *italics*"
            faults.append(Fault(en.at(block.line), what, mend))
    return faults
