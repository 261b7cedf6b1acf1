"""The reader of pages: what a block is, what it stands in, and on which line."""

from __future__ import annotations

import myst
import pages

TEXT = """---
level: manager
---

# Title {doc}`shown <../a>` $x$ `c` [words]{.rule} *stressed*

- one
- two

  | a | b |
  |---|---|
  | c | d {cite:p}`k2001a` |

::::{note} A *title*
:class: tip

First.

:::{exercise}
:label: e

Second.
:::
::::

```{code-cell} ipython3
:tags: [parameters]

lang = "en"
```

% a note to authors
```text
plain
```
"""
READ = pages.read(TEXT)


def test_blocks_come_in_order_with_their_lines() -> None:
    assert [(b.kind, b.line) for b in READ.blocks] == [
        ("heading", 5),
        ("ul", 7),
        ("item", 7),
        ("paragraph", 7),
        ("item", 8),
        ("paragraph", 8),
        ("table", 10),
        *[("cell", 10)] * 2,
        *[("cell", 12)] * 2,
        ("directive", 14),
        ("paragraph", 17),
        ("directive", 19),
        ("paragraph", 22),
        ("directive", 26),
        ("fence", 33),
    ]


def test_sizes_names_and_options_are_the_shape() -> None:
    shapes = {b.line: b.shape for b in READ.blocks if b.kind not in ("cell", "paragraph", "item")}
    assert shapes == {
        5: ("h1",),
        7: (2,),
        10: (2, 2),
        14: ("note", "title", (("class", "tip"),)),
        19: ("exercise", "", (("label", "e"),)),
        26: ("code-cell", "ipython3", (("tags", "[parameters]"),)),
        33: ("text",),
    }


def test_a_block_knows_what_it_stands_in() -> None:
    second = next(b for b in READ.blocks if b.line == 22)
    assert [s.name for s in second.within] == ["note", "exercise"]
    cell = next(b for b in READ.blocks if b.line == 12)
    assert [s.kind for s in cell.within] == ["item", "row"]
    assert cell.scope("item", "row") is cell.within[1]
    assert cell.scope("definition") is None
    assert second.directive("note") is second.within[0]


def test_text_is_split_from_what_is_in_it() -> None:
    inline = READ.blocks[0].inline
    assert inline is not None
    gap = myst.HIDDEN
    assert inline.words() == f"Title {gap} {gap} {gap} words stressed"
    assert inline.words("rule", "em") == f"Title {gap} {gap} {gap} {gap} {gap}"
    assert inline.roles == (myst.Role("doc", "../a", "shown"),)
    assert (inline.math, inline.code, inline.spans) == (("x",), ("c",), ("rule",))
    assert inline.shown.split() == ["Title", "words", "stressed", "shown"]


def test_a_code_cell_is_its_body() -> None:
    assert [c.body for c in READ.code_cells()] == ['lang = "en"\n']


def test_targets_are_resolved_from_the_page() -> None:
    assert READ.resolve("../guides/read") == "book/guides/read"
    assert READ.resolve("../../notebooks/metrics/retention.md") == "notebooks/metrics/retention"
    assert READ.resolve("/book/index") == "book/index"


def test_every_page_is_read_whole() -> None:
    for page in pages.all_pages():
        lines = [b.line for b in page.blocks]
        assert lines == sorted(lines), page.path
        assert lines[-1] <= page.text.count("\n") + 1, page.path
