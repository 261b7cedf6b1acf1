"""The glossary, the outline and the front pages: one word for one thing, and every section covered."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import shequn
from shequn import schema
from shequn.metrics import all_metrics
from shequn.plan.claims import VERDICTS

ROOT = Path(__file__).resolve().parents[1]
TREES = {"en": ROOT, "zh": ROOT / "zh"}
HAN = r"[\u3400-\u9fff]"
LANGS = ("en", "zh")

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
# Code, and directives whose body is not prose; a chart's caption is.
_FENCE = re.compile(r"^(`{3,})(?!\{chart\}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_ROLE = re.compile(r"\{[a-z:]+\}`[^`]*`")
_TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")
_MATH = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.DOTALL)


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table in data/."""
    with (ROOT / "data" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def glossary() -> list[dict[str, str]]:
    return rows("glossary.csv")


@cache
def pages(lang: str) -> dict[str, str]:
    """Return every page of an edition by its path from the root."""
    files = [f for part in ("book", "notebooks") for f in (TREES[lang] / part).rglob("*.md")]
    return {str(f.relative_to(ROOT)): f.read_text(encoding="utf-8") for f in sorted(files)}


def prose(text: str) -> str:
    """Return a page's words, line by line as they stand; code, math, roles and targets are blank."""

    def blank(match: re.Match[str]) -> str:
        return "\n" * match[0].count("\n") or " "

    for pattern in (_FRONT_MATTER, _FENCE, _MATH, _ROLE, re.compile(r"`[^`\n]*`"),
                    re.compile(r"\]\([^)]*\)")):  # fmt: skip
        text = pattern.sub(blank, text)
    return text


def words_of(cell: str) -> list[str]:
    return [w.strip() for w in cell.split(";") if w.strip()]


def finder(term: str, lang: str) -> re.Pattern[str]:
    """Return a pattern for a term: a whole English word, with its plural; Chinese anywhere."""
    if lang == "zh":
        return re.compile(re.escape(term), re.IGNORECASE)
    return re.compile(rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])", re.IGNORECASE)


def used(text: str, terms: list[str], lang: str) -> Iterator[str]:
    """Yield the terms that a text uses; the longest first, so that 置信区间 is not also 区间."""
    for term in sorted(terms, key=len, reverse=True):
        if finder(term, lang).search(text):
            yield term
            text = finder(term, lang).sub(" ", text)


def avoided(lang: str) -> dict[str, str]:
    """Return renderings the book must not use, with the one it uses."""
    return {w: row[lang] for row in glossary() for w in words_of(row[f"avoid_{lang}"])}


def lapses(texts: Mapping[str, str], lang: str) -> list[str]:
    """Return every place where a page uses a rendering that is to be avoided."""
    found = []
    for path, text in texts.items():
        for number, line in enumerate(prose(text).split("\n"), start=1):
            for bad, good in avoided(lang).items():
                if finder(bad, lang).search(line):
                    found.append(f"{path}:{number}: write {good} for {bad}")
    return found


def circle(definitions: Mapping[str, str], lang: str) -> list[str]:
    """Return terms that are explained by one another in a circle; empty if there are none."""
    terms = list(definitions)
    graph = {term: set(used(text, terms, lang)) for term, text in definitions.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


# --- the table itself -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["glossary.csv", "sections.csv", "outline.csv"])
def test_a_table_is_utf8_with_plain_line_ends(name: str) -> None:
    raw = (ROOT / "data" / name).read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    raw.decode("utf-8")


def test_every_term_has_both_languages() -> None:
    expected = ["en", "zh", "definition_en", "definition_zh", "avoid_zh", "avoid_en"]
    assert list(glossary()[0]) == expected
    faults = []
    for row in glossary():
        for column in expected[:4]:
            value = row[column]
            if not value or value != value.strip() or "  " in value:
                faults.append(f"{row['en']}: {column} is empty or has stray spaces")
        if not re.search(HAN, row["zh"]) and row["zh"] != row["en"]:
            faults.append(f"{row['en']}: the Chinese rendering has no Chinese")
        if re.search(HAN, row["definition_en"]) or not row["definition_en"].endswith("."):
            faults.append(f"{row['en']}: definition_en is not an English sentence")
        if not row["definition_zh"].endswith("。"):
            faults.append(f"{row['en']}: definition_zh does not end in 。")
        if re.search(rf"{HAN}[,;:!?()]|[,;:!?()]{HAN}", row["definition_zh"]):
            faults.append(f"{row['en']}: half-width punctuation in definition_zh")
        for lang in LANGS:
            if row[lang] in words_of(row[f"avoid_{lang}"]):
                faults.append(f"{row['en']}: avoids its own rendering")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("lang", LANGS)
def test_a_term_stands_once(lang: str) -> None:
    twice = [t for t, n in Counter(row[lang].lower() for row in glossary()).items() if n > 1]
    assert not twice


@pytest.mark.parametrize("lang", LANGS)
def test_no_definition_explains_a_term_by_itself(lang: str) -> None:
    definitions = {row[lang]: row[f"definition_{lang}"] for row in glossary()}
    own = [t for t, text in definitions.items() if finder(t, lang).search(text)]
    assert not own
    assert not circle(definitions, lang)


def test_a_circle_of_definitions_is_found() -> None:
    """Two that explain each other; and a plural, and a longer term that holds a shorter one."""
    assert set(circle({"leave": "The end of a stay.", "stay": "It ends with a leave."}, "en")) == {
        "leave", "stay",
    }  # fmt: skip
    assert circle({"tie": "A link.", "bridge": "One of the ties."}, "en") == []
    assert (
        circle({"区间": "一段范围。", "置信区间": "估计值的范围。", "窗口": "不是置信区间。"}, "zh")
        == []
    )


@pytest.mark.parametrize("lang", LANGS)
def test_the_glossary_keeps_its_own_rules(lang: str) -> None:
    faults = [
        f"{row['en']}: {bad}"
        for row in glossary()
        for bad in avoided(lang)
        if finder(bad, lang).search(f"{row[lang]} | {row[f'definition_{lang}']}")
    ]
    assert not faults


# --- the pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_pages_use_one_rendering(lang: str) -> None:
    assert pages(lang)
    faults = lapses(pages(lang), lang)
    assert not faults, "\n".join(faults)


def test_another_rendering_is_found_in_words_but_not_in_code() -> None:
    bad, good = next((b, g) for b, g in avoided("zh").items() if g == "粘性")
    page = f"# 题\n\n`{bad}`\n\n```{{code-cell}} ipython3\n{bad}\n```\n\n这里说{bad}。\n"
    assert lapses({"p": page}, "zh") == [f"p:9: write 粘性 for {bad}"]
    caption = f"```{{chart}} a.b\n一句{bad}。\n```\n"
    assert lapses({"p": caption}, "zh") == [f"p:2: write {good} for {bad}"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_term_role_names_a_term(lang: str) -> None:
    known = {row[lang].lower() for row in glossary()}
    known |= {m.title[lang].lower() for m in all_metrics().values()}
    unknown = [
        f"{path}: {term}"
        for path, text in pages(lang).items()
        for term in _TERM.findall(text)
        if term.lower() not in known
    ]
    assert not unknown


def test_metrics_are_called_as_the_glossary_calls_them() -> None:
    chinese = {row["en"].lower(): row["zh"] for row in glossary()}
    english = {row["zh"]: row["en"].lower() for row in glossary()}
    shared = 0
    for name, metric in all_metrics().items():
        en, zh = metric.title["en"].lower(), metric.title["zh"]
        if en in chinese or zh in english:
            shared += 1
            assert (chinese.get(en), english.get(zh)) == (zh, en), name
    assert shared >= 3  # active members, retention, participation inequality


def test_the_glossary_lists_the_verdicts_of_the_ledger() -> None:
    row = next(r for r in glossary() if r["en"] == "verdict")
    for verdict in VERDICTS.values():
        assert verdict["en"] in row["definition_en"]
        assert verdict["zh"] in row["definition_zh"]


# --- sections and outline ---------------------------------------------------------------------


def test_sections_are_numbered_as_their_ids_say() -> None:
    sections = rows("sections.csv")
    assert len({s["id"] for s in sections}) == len(sections)
    known = {s["id"] for s in sections}
    depths = {"chapter": 0, "section": 1, "subsection": 2}
    for s in sections:
        assert s["id"] == s["document"] + s["number"]
        assert s["document"] in ("A", "B")
        assert s["number"].count(".") == depths[s["level"]], s["id"]
        assert s["title_en"] and re.search(HAN, s["title_zh"]), s["id"]
        if "." in s["id"]:
            assert s["id"].rpartition(".")[0] in known, s["id"]


def test_every_section_has_exactly_one_chapter() -> None:
    known = [s["id"] for s in rows("sections.csv")]
    covered = Counter(i for c in rows("outline.csv") for i in c["covers"].split())
    assert sorted(covered) == sorted(known)
    assert [i for i, n in covered.items() if n > 1] == []


def test_chapters_of_the_outline_are_distinct_and_named_in_both_languages() -> None:
    chapters = rows("outline.csv")
    assert len({(c["part"], c["chapter"]) for c in chapters}) == len(chapters)
    for c in chapters:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", c["chapter"]), c
        assert c["title_en"] and re.search(HAN, c["title_zh"]), c
        assert not re.search(rf"{HAN}[,:;]", c["title_zh"]), c


def test_written_chapters_cover_what_the_outline_gives_them() -> None:
    import yaml

    planned = {
        f"book/{c['part']}/{c['chapter']}.md": c["covers"].split() for c in rows("outline.csv")
    }
    written = 0
    for path, text in pages("en").items():
        head = _FRONT_MATTER.match(text)
        covers = (yaml.safe_load(head[0].strip("-\n")) or {}).get("covers") if head else None
        if covers is not None:
            written += 1
            assert covers == planned.get(path), path
    assert written


# --- numbers that the front pages state --------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_front_pages_state_what_the_tables_hold(lang: str) -> None:
    tree = "zh/" if lang == "zh" else ""
    index = pages(lang)[f"{tree}book/index.md"]
    concordance = pages(lang)[f"{tree}book/reference/concordance.md"]
    assert re.search(rf"(?<!\d){len(rows('sections.csv'))}(?!\d)", concordance)
    assert f" {shequn.__version__}" in index


@pytest.mark.parametrize("lang", LANGS)
def test_the_guide_names_tables_with_their_compulsory_columns(lang: str) -> None:
    tree = "zh/" if lang == "zh" else ""
    guide = pages(lang)[f"{tree}book/guides/bring-your-export.md"]
    said = {
        cells[0]: cells[1]
        for line in guide.split("\n")
        if line.startswith(tuple(f"| `{name}`" for name in schema.tables()))
        and len(cells := [c.strip() for c in line.strip("| ").split("|")]) == 3
    }
    for name, columns in said.items():
        table = schema.tables()[name.strip("`")]
        required = {f"`{c.name}`" for c in table.columns.values() if c.required}
        assert set(re.findall(r"`\w+`", columns)) == required, name
    assert len(said) > 5
    assert "reference/contract" in guide, "the others stand there"
