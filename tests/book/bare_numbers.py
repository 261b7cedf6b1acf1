"""Find statistics in prose that nothing stands behind.

A statistic is a percentage, a share such as "3 in 10" or 三成, a multiple, a large count of people,
money or messages, or anything in millions or 亿. It must have its warrant in the same paragraph,
list item or table row: a citation, a computed value, a row of the ledger, a link to the notebook
that computes it, the mark of our own rule (``[90%]{.rule}``), or a word that says it is made up.
Dates, versions, list counts and parameters such as "28 days" are not statistics.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pages import HIDDEN, Block, Fault, Inline, Page, Scope

_N = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|"
    r"thirty|forty|fifty|sixty|seventy|eighty|ninety|a hundred|a thousand|a dozen)"
)
_PEOPLE = (
    r"(?:members?|people|persons|users?|posters?|lurkers?|newcomers?|joiners?|speakers?|readers?|"
    r"customers?|buyers?|respondents?|participants?|students?|employees?|families|households|"
    r"visitors?|accounts?|messages?|posts?|threads?|replies|comments?|groups?|communities|forums?|"
    r"boards?|firms?|companies|brands?|shops?|orders?|visits?|subscribers?|downloads?)"
)
_PART = r"(?:third|quarter|fifth|tenth|hundredth)"
_MONEY = r"(?:yuan|RMB|CNY|USD|dollars?|euros?)"
_TIME = (
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|steps?|languages?|rows?)"
)
_WHERE = rf"(?:{_TIME}|groups|channels|forums|communities|cities|countries|ways|places|tables)"
_HAN_N = "一二两三四五六七八九十百千"
_BIG = r"(?:\d{1,3}(?:,\d{3})+|[1-9]\d{2,})(?:\.\d+)?"  # 100 and more
_YEAR = r"(?!(?:19|20)\d{2}(?![\d,.]))"  # a bare year is no count
_CERTAINTY = r"(?!\s*[-‑]?\s*(?:confidence|credible|interval|CI\b|的?(?:置信|可信|区间)))"
# “the loudest tenth” names a group, it does not count one: 最能说的一成
_NOT_TOP = "".join(rf"(?<!最[^，。；]{{{k}}}的)" for k in range(1, 5))

_PATTERNS = {
    "a percentage": [
        rf"(?<![\d.,])(?!(?:0|100)\s*(?:%|per ?cent\b)){_N}\s*(?:%|per ?cent\b){_CERTAINTY}",
        rf"{_N} percentage points?\b",
        rf"[高低多少升降增减差涨跌]了?[^，。；]{{0,4}}?{_N}\s*个?百分点",
        rf"百分之[{_HAN_N}\d]+",
    ],
    "a share": [
        rf"\b(?:{_N}|{_WORD}) (?:in|out of) {_YEAR}(?:{_N}|{_WORD})\b(?![ -]{_TIME}\b)",
        rf"(?<![\d.,]){_N} of (?:the |all )?{_YEAR}{_N}(?![\d.,]*[ -]{_TIME}\b)",
        rf"\b(?:one|two|three|four|nine) [a-z]+ (?:in|out of) (?:{_WORD}|{_N})\b(?! {_WHERE}\b)",
        rf"\b(?:a|one|two|three|four) {_PART}s? of\b",
        rf"\b(?:about|almost|nearly|only|under|over|than|least|most) (?:a|one) {_PART}\b",
        rf"\b(?:two|three|four|nine) {_PART}s\b",
        rf"{_NOT_TOP}[三四五十百千]分之[{_HAN_N}]{{1,3}}",
        rf"{_NOT_TOP}(?<![{_HAN_N}第])[{_HAN_N}]成(?![立为了功员本长交果型熟绩不一])",
        rf"(?<![\d.,]){_N}\s*[个名位条人][^，。；\d]{{0,3}}[里中]的?有?\s*{_N}\s*[个名位条人]",
        rf"每\s*(?:{_N}|[{_HAN_N}]+)\s*[个名位条]?[^，。；、\d{_HAN_N}]{{0,4}}[里中]",
    ],
    "a multiple": [
        rf"(?<![\d.,]){_N}[- ]?(?:fold\b|x\b|times\b(?! (?:a|per|each|every) {_TIME}))",
        rf"\b{_WORD} times (?:as|more|the|higher|larger|lower|fewer|bigger)\b",
        r"\b(?:twice as|tenfold|twofold|threefold)\b",
        rf"(?:{_N}|[{_HAN_N}]+)\s*倍",
        r"翻了?[一两]?[番倍]",
    ],
    "a count": [
        rf"(?<![\d.,:]){_YEAR}{_BIG}(?: [a-z]+){{0,2}} {_PEOPLE}\b",
        rf"(?<![\d.,]){_YEAR}{_BIG} {_MONEY}\b|[¥￥$€]\s?{_BIG}",
        rf"(?<![\d.,]){_BIG}\s*(?:名|位|人|元|块钱|美元|户|条|篇|[个家](?!月|小时|星期|百分点))",
    ],
    "a large number": [
        rf"(?<![\d.,]){_N}\s*(?:thousand|million|billion|trillion)\b",
        rf"(?<![\d.,]){_N}\s*(?:万亿|千万|百万|亿|万)",
    ],
}
_FOUND = {what: re.compile("|".join(p), re.IGNORECASE) for what, p in _PATTERNS.items()}
_MADE_UP = re.compile(
    r"\b(illustrat\w+|synthetic|worked example|by hand)\b|示意|合成|算例|手算", re.I
)
# An exercise may also say that its numbers are assumed, or come from the sample community.
_ASSUMED = re.compile(rf"{_MADE_UP.pattern}|\b(suppose|assume|sample)\b|假设|假定|设想|示例", re.I)


@dataclass(eq=False)
class Unit:
    """A paragraph, list item or table row: what must carry its own warrant."""

    line: int
    blocks: list[tuple[Block, Inline]]

    @property
    def text(self) -> str:
        """Words of the unit; a marked rule is hidden."""
        return " | ".join(inline.words("rule") for _, inline in self.blocks)


def units(page: Page) -> list[Unit]:
    """Return a page's paragraphs, list items and table rows in order; headings are not prose."""
    found: dict[object, Unit] = {}
    for block, inline in page.prose():
        if block.kind == "heading":
            continue
        owner: Scope | Block = block.scope("item", "row", "definition") or block
        found.setdefault(owner, Unit(block.line, [])).blocks.append((block, inline))
    return list(found.values())


def statistics(text: str) -> list[tuple[str, str]]:
    """Return what reads as a statistic: its kind and its words, in order."""
    plain = unicodedata.normalize("NFKC", text)
    return [(what, m[0].strip()) for what, p in _FOUND.items() for m in p.finditer(plain)]


def unwarranted(page: Page) -> list[Fault]:
    """Return the statistics of a page that nothing in their place stands behind."""
    faults = []
    exempt = _assumed_exercises(page)
    for unit in units(page):
        if _warranted(page, unit):
            continue
        block = unit.blocks[0][0]
        exercise = block.directive("exercise", "exercise-start", "solution", "solution-start")
        if exercise is not None and exercise in exempt:
            continue
        if found := statistics(unit.text):
            kinds = "; ".join(f"{what} “{words}”" for what, words in found[:4])
            mend = (
                "cite it, glue it, point to the ledger or the notebook that computes it, mark it "
                "`[…]{.rule}` or illustrative (示意), or leave it out"
            )
            faults.append(Fault(page.at(unit.line), f"nothing stands behind {kinds}", mend))
    return faults


def _warranted(page: Page, unit: Unit) -> bool:
    for _, inline in unit.blocks:
        for role in inline.roles:
            if role.name.split(":")[0] in ("cite", "glue"):
                return True
            if role.name == "ref" and role.target.startswith("claim-"):
                return True
            if role.name == "doc" and page.resolve(role.target).startswith("notebooks/"):
                return True
        if any(page.resolve(link).startswith("notebooks/") for link in inline.links):
            return True
    return bool(_MADE_UP.search(unit.text.replace(HIDDEN, " ")))


def _assumed_exercises(page: Page) -> set[Scope]:
    """Return the exercises that say their numbers are assumed, and the solutions of these."""
    says: dict[Scope, bool] = {}
    for name in ("exercise", "solution"):
        for scope in page.directives(name):
            says[scope] = bool(_ASSUMED.search(f"{scope.argument} {scope.body}"))
    labels = {s.options.get("label") for s, yes in says.items() if yes and s.name == "exercise"}
    return {s for s, yes in says.items() if yes or (s.name == "solution" and s.argument in labels)}
