"""Chapters and notebooks have their shape; files carry nothing that should not leave the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from itertools import pairwise

import pages
import pytest
import recorded
from pages import HIDDEN, TREES, Fault, Page, found

NAMES = pages.docnames()
CHAPTERS = [n for n in NAMES if pages.is_chapter(n)]
NOTEBOOKS = [n for n in NAMES if n.startswith("notebooks/")]
WORDS = range(500, 1251)  # of all that is shown: text, tables, exercises

_WORD = re.compile(r"[A-Za-z0-9][\w'’.,%-]*")


# --- chapters ---------------------------------------------------------------------------------

FRONT_MATTER = {
    "covers": (list, "the sections of plans A and B it stands for, [A1, A1.1]"),
    "level": (str, "manager or analyst"),
    "reading_minutes": (int, "a whole number"),
    "teaching_minutes": (int, "a whole number"),
    "notebooks": (list, "the notebooks it rests on, [retention]"),
    "reviewed": (date, "the day of the last review, 2026-11-22"),
}


def words(page: Page) -> int:
    """Count the words a reader is shown; code, formulas, keys and numbers glued do not count."""
    shown = (inline.shown.replace(HIDDEN, " ") for _, inline in page.prose())
    return sum(len(_WORD.findall(text)) for text in shown)


def chapter_faults(page: Page) -> Iterator[Fault]:
    """Yield where a page is not shaped as a chapter."""
    for key, (kind, what) in FRONT_MATTER.items():
        value = page.matter.get(key)
        if not isinstance(value, kind) or value == []:
            yield Fault(page.at(1), f"front matter `{key}` is {value!r}", f"give {what}")
        elif isinstance(value, int) and not 0 < value < 241:
            yield Fault(page.at(1), f"front matter `{key}` is {value}", "give minutes, 1 to 240")
        elif isinstance(value, date) and not date(2026, 1, 1) <= value <= date.today():
            yield Fault(page.at(1), f"`{key}` is {value}", "give the day of the review")
    if page.matter.get("level") not in ("manager", "analyst"):
        yield Fault(page.at(1), f"level is {page.matter.get('level')!r}", "manager or analyst")
    known = {*FRONT_MATTER, "source_sha", "myst"}
    for key in set(page.matter) - known:
        yield Fault(page.at(1), f"front matter has `{key}`", f"only {', '.join(sorted(known))}")
    if page.lang == "en" and words(page) not in WORDS:
        mend = f"{WORDS[0]} to {WORDS[-1]} words, tables and exercises included"
        yield Fault(page.at(1), f"{words(page)} words", mend)
    if not any(b.kind == "table" for b in page.blocks):
        yield Fault(page.at(1), "no table", "compare something side by side")
    yield from title_faults(page)
    yield from exercise_faults(page, least=2, solved=1)


def title_faults(page: Page) -> Iterator[Fault]:
    """Yield where a page does not begin with its one title, or skips a level of headings."""
    headings = [(b.line, int(b.shape[0][1])) for b in page.blocks if b.kind == "heading"]
    levels = [level for _, level in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        mend = "begin with one heading of level 1, and no other"
        yield Fault(page.at(1), f"{levels.count(1)} titles", mend)
    for (_, before), (line, level) in pairwise(headings):
        if level > before + 1:
            yield Fault(page.at(line), f"a heading of level {level} under {before}", "skip none")


def exercise_faults(page: Page, *, least: int, solved: int) -> Iterator[Fault]:
    """Yield what is wrong with a page's exercises and solutions."""
    exercises, solutions = list(page.directives("exercise")), list(page.directives("solution"))
    labels = [e.options.get("label", "") for e in exercises]
    if len(exercises) < least:
        yield Fault(page.at(1), f"{len(exercises)} exercises", f"at least {least}")
    if len(solutions) < solved:
        yield Fault(page.at(1), f"{len(solutions)} solutions", f"at least {solved}, folded")
    prefix = page.docname.rsplit("/", 1)[-1].replace("_", "-")
    for exercise in exercises:
        label = exercise.options.get("label", "")
        if not label.startswith(f"{prefix}-"):
            mend = f"begin it with {prefix}-"
            yield Fault(page.at(exercise.line), f"the exercise's label is {label!r}", mend)
    for solution in solutions:
        at = page.at(solution.line)
        if solution.argument not in labels:
            mend = "name the label of an exercise of this page"
            yield Fault(at, f"a solution of {solution.argument!r}", mend)
        if "dropdown" not in solution.options.get("class", ""):
            yield Fault(at, "the solution is not folded", "add :class: dropdown")


@pytest.mark.parametrize("name", CHAPTERS)
@pytest.mark.parametrize("lang", TREES)
def test_a_chapter_has_its_shape(lang: str, name: str) -> None:
    pages.demand_none(chapter_faults(found(lang, name)))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in CHAPTERS])
@pytest.mark.parametrize("lang", TREES)
def test_a_page_has_one_title_and_sound_exercises(lang: str, name: str) -> None:
    page = found(lang, name)
    pages.demand_none([*title_faults(page), *exercise_faults(page, least=0, solved=0)])


# --- notebooks --------------------------------------------------------------------------------

JUPYTEXT = {"extension": ".md", "format_name": "myst", "format_version": 0.13}


def notebook_faults(page: Page) -> Iterator[Fault]:
    """Yield where a page is not shaped as a notebook."""
    header = (page.matter.get("jupytext") or {}).get("text_representation") or {}
    if {k: header.get(k) for k in JUPYTEXT} != JUPYTEXT:
        yield Fault(page.at(1), f"jupytext header is {header}", f"write {JUPYTEXT}")
    if (page.matter.get("kernelspec") or {}).get("name") != "python3":
        yield Fault(page.at(1), "kernelspec is not python3", "copy it from another notebook")
    cells = list(page.code_cells())
    tagged = [c for c in cells if "parameters" in c.options.get("tags", "")]
    if not cells or [c.line for c in tagged] != [cells[0].line]:
        mend = "tag the first code cell, and no other, `:tags: [parameters]`"
        yield Fault(page.at(cells[0].line if cells else 1), "no parameters cell", mend)
    else:
        yield from parameter_faults(page, tagged[0].line, tagged[0].body)
    made = recorded.made_by(page)
    if made.trouble:
        yield Fault(page.at(1), made.trouble, "mend the code")
    elif not made.calls:
        yield Fault(page.at(1), "it records no number", "call record or record_row")
    for cell in cells:
        if re.search(r"lang\s*=\s*[\"']", cell.body) and cell not in tagged:
            yield Fault(page.at(cell.line), "lang is set again", "set it in the first cell only")
    yield from exercise_faults(page, least=1, solved=0)


def parameter_faults(page: Page, line: int, body: str) -> Iterator[Fault]:
    """Yield what is wrong with a parameters cell: papermill sets these, its help shows comments."""
    given = {}
    try:
        statements = ast.parse(body).body
    except SyntaxError as error:
        yield Fault(page.at(line), f"the parameters cell is not Python: {error.msg}", "mend it")
        return
    for node in statements:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            given[node.targets[0].id] = ast.unparse(node.value)
    for name, value in (("data", "None"), ("lang", repr(page.lang))):
        if given.get(name) != value:
            what = f"{name} is {given.get(name, 'absent')} in the parameters cell"
            yield Fault(page.at(line), what, f"write {name} = {value}")
    for text in body.strip().split("\n"):
        if re.match(r"\w+ *=", text) and "#" not in text:
            yield Fault(page.at(line), f"`{text}` has no comment", "say what it sets")


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("lang", TREES)
def test_a_notebook_has_its_shape(lang: str, name: str) -> None:
    pages.demand_none(notebook_faults(found(lang, name)))


# --- typography -------------------------------------------------------------------------------

_HAN = r"[\u3400-\u9fff]"
_HALF = re.compile(rf"{_HAN}[,;:!?]|{_HAN}\(|\){_HAN}|{_HAN}\.(?![\w.])")
_SPACED = re.compile(r"\d\s+[%％]|\d％")


def typography_faults(page: Page) -> Iterator[Fault]:
    """Yield half-width punctuation in Chinese, and percent signs set apart from their number."""
    for block, inline in page.prose():
        text = inline.words()
        if page.lang == "zh" and (half := _HALF.search(text)):
            what = f"half-width punctuation: “{half[0]}”"
            yield Fault(page.at(block.line), what, "use ，；：！？（）。")
        if spaced := _SPACED.search(text):
            yield Fault(page.at(block.line), f"“{spaced[0]}”", "write 43%, without a space")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", TREES)
def test_punctuation_is_that_of_the_language(lang: str, name: str) -> None:
    pages.demand_none(typography_faults(found(lang, name)))


# --- these tests can fail ---------------------------------------------------------------------

CHAPTER = """---
covers: [A1]
level: manager
reading_minutes: 6
teaching_minutes: 40
notebooks: [retention]
reviewed: 2026-11-22
---

# T

LONG

## Part

| a |
|---|
| b |

:::{exercise}
:label: page-one
Do.
:::

:::{solution} page-one
:class: dropdown
Done.
:::

:::{exercise}
:label: page-two
Do.
:::
""".replace("LONG", "word " * 600)


def chapter(text: str = CHAPTER, lang: str = "en") -> list[str]:
    return [str(f) for f in chapter_faults(pages.read(text, lang=lang))]


def test_a_good_chapter_has_no_fault() -> None:
    assert chapter() == []
    assert words(pages.read(CHAPTER)) == 607  # T Part a b Do Done Do


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("covers: [A1]\n", "", "`covers`"),
        ("covers: [A1]", "covers: []", "`covers`"),
        ("level: manager", "level: boss", "level is 'boss'"),
        ("reading_minutes: 6", "reading_minutes: six", "`reading_minutes`"),
        ("teaching_minutes: 40", "teaching_minutes: 0", "`teaching_minutes`"),
        ("reviewed: 2026-11-22", "reviewed: 2026-13-45", "`reviewed`"),
        ("reviewed: 2026-11-22", "reviewed: 2999-01-01", "`reviewed`"),
        ("reviewed:", "author: me\nreviewed:", "has `author`"),
        ("word " * 200, "", "words"),
        ("word ", "word word word ", "words"),
        ("| a |\n|---|\n| b |", "a b", "no table"),
        (":::{exercise}\n:label: page-two\nDo.\n:::\n", "", "1 exercises"),
        (":::{solution} page-one\n:class: dropdown\nDone.\n:::\n", "", "0 solutions"),
        (":class: dropdown\n", "", "not folded"),
        ("{solution} page-one", "{solution} page-six", "a solution of 'page-six'"),
        (":label: page-two", ":label: two", "label is 'two'"),
        ("## Part", "# Part", "2 titles"),
        ("## Part", "### Part", "a heading of level 3 under 1"),
    ],
)
def test_a_chapter_out_of_shape_is_found(old: str, new: str, said: str) -> None:
    assert old in CHAPTER
    count = 1 if old == "word " * 200 else -1
    assert any(said in f for f in chapter(CHAPTER.replace(old, new, count)))


NOTEBOOK = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# N

```{code-cell} ipython3
:tags: [parameters]

data = None   # folder
lang = "en"   # language
```

```{code-cell} ipython3
record("a", 1)
```

:::{exercise}
:label: page-one
Do.
:::
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# N", "# N", None),
        ("format_name: myst", "format_name: markdown", "jupytext header"),
        ("  name: python3", "  name: ir", "kernelspec"),
        (":tags: [parameters]\n", "", "no parameters cell"),
        ("data = None ", "data = 'x' ", "data is 'x'"),
        ("data = None   # folder\n", "", "data is absent"),
        ('lang = "en"', 'lang = "zh"', "lang is 'zh'"),
        ("   # folder", "", "has no comment"),
        ('record("a", 1)', "record(", "not Python"),
        ('record("a", 1)', "1", "records no number"),
        ('record("a", 1)', 'record("a", 1)\nlang = "en"', "lang is set again"),
        (":::{exercise}", ":::{note}", "0 exercises"),
    ],
)
def test_a_notebook_out_of_shape_is_found(old: str, new: str, said: str | None) -> None:
    assert old in NOTEBOOK
    faults = [str(f) for f in notebook_faults(pages.read(NOTEBOOK.replace(old, new)))]
    assert any(said in f for f in faults) if said else faults == []


@pytest.mark.parametrize("text", ["群里有人,说话", "群(大)", "说完了.", "占 43 %", "占 43％"])
def test_wrong_punctuation_is_found(text: str) -> None:
    assert list(typography_faults(pages.read(f"{text}\n", lang="zh")))


def test_right_punctuation_is_left_alone() -> None:
    text = "群里有人，说话（大）。占 43%，见 {doc}`x`：`a, b`，Li, Wang (2020)。10:30、3.5 分。\n"
    assert not list(typography_faults(pages.read(text, lang="zh")))
    assert not list(typography_faults(pages.read("43%, by 中文, and (中) so.\n")))
