"""Both editions are one book: the same pages, in the same order, saying the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pages
import parity
import pytest
import stamp
import yaml
from pages import TREES, Fault, Page

NAMES = pages.docnames()
# What the editions' configurations may differ in; the bibliography is one file, reached two ways.
OWN = {"title", "author", "exclude_patterns", "bibtex_bibfiles"}


def pair(name: str) -> tuple[Page, Page]:
    en, zh = pages.page("en", name), pages.page("zh", name)
    lacking = " and ".join(
        f"{'zh/' if lang == 'zh' else ''}{name}.md"
        for lang, found in (("en", en), ("zh", zh))
        if found is None
    )
    if en is None or zh is None:
        pages.demand_none([Fault(lacking, "not there", "write it, or take it out of _toc.yml")])
    assert en is not None and zh is not None
    return en, zh


@pytest.mark.parametrize("name", NAMES)
def test_both_editions_have_the_page_and_agree(name: str) -> None:
    pages.demand_none(parity.differences(*pair(name)))


@pytest.mark.parametrize("name", NAMES)
def test_the_chinese_page_follows_the_english_source_as_it_stands(name: str) -> None:
    en, zh = pair(name)
    found, now = zh.matter.get(parity.STAMP, "absent"), parity.stamp_of(en.text)
    if str(found) != now:
        what = f"`{parity.STAMP}` is {found}, the English source is now {now}"
        pages.demand_none([Fault(zh.at(1), what, "revise the Chinese page, then `make stamp`")])


def test_tables_of_contents_agree_but_for_captions() -> None:
    assert pages.toc("en") == pages.toc("zh")
    captions = {
        lang: [
            p["caption"] for p in yaml.safe_load((tree / "_toc.yml").read_text("utf-8"))["parts"]
        ]
        for lang, tree in TREES.items()
    }
    assert len(captions["en"]) == len(captions["zh"])
    assert not [c for c in captions["zh"] if not parity.has_han(c)], "a caption is not translated"
    assert not [c for c in captions["en"] if parity.has_han(c)]


@pytest.mark.parametrize("lang", TREES)
def test_no_page_is_listed_twice(lang: str) -> None:
    names = [name for _, name in pages.toc(lang)]
    assert not [n for n in names if names.count(n) > 1]


def test_configurations_agree_but_for_language() -> None:
    config = {
        lang: yaml.safe_load((tree / "_config.yml").read_text("utf-8"))
        for lang, tree in TREES.items()
    }
    files = {
        lang: [(TREES[lang] / name).resolve() for name in c["bibtex_bibfiles"]]
        for lang, c in config.items()
    }
    assert files["en"] == files["zh"], "the editions use different bibliographies"
    assert all(f.is_file() for f in files["en"])
    languages = {lang: c["sphinx"]["config"].pop("language") for lang, c in config.items()}
    assert languages == {"en": "en", "zh": "zh_CN"}
    ours, theirs = ({k: v for k, v in config[x].items() if k not in OWN} for x in ("en", "zh"))
    assert ours == theirs


# --- these tests can fail ---------------------------------------------------------------------

EN = """---
covers: [A1]
level: manager
---

# Silence

(here)=
In 2023-12, 10.92亿 people, 43% of {cite:p}`a2001b`, wrote $n$ times; [this](x.md) and `messages`.

1. Take three names.
2. Wait [8 weeks]{.rule}.

| who | share |
|---|---|
| all | 1,200 |

$$
a = b
$$

:::{exercise}
:label: silence-own
Count them in {doc}`../guides/read`.
:::

```{code-cell} ipython3
:tags: [parameters]

data = None
lang = "en"
```
"""
ZH = """---
covers: [A1]
level: manager
source_sha: "000000000000"
---

# 沉默

(here)=
2023-12，10.92 亿人写了 $n$ 次，占 {cite:p}`a2001b` 的 ４３％；见[此处](x.md)和 `messages`。

1. 取 3 个名字。
2. 等 [8 周]{.rule}。

| 谁 | 比例 |
|---|---|
| 全部 | 1200 |

$$
a = b
$$

:::{exercise}
:label: silence-own
在 {doc}`../guides/read` 里数一数。
:::

```{code-cell} ipython3
:tags: [parameters]

data = None
lang = "zh"
```
"""


def faults_of(zh: str, en: str = EN) -> list[str]:
    return [str(f) for f in parity.differences(pages.read(en), pages.read(zh, lang="zh"))]


def test_a_good_pair_has_no_fault() -> None:
    assert faults_of(ZH) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("covers: [A1]", "covers: [A2]", "front matter `covers`"),
        ("level: manager", "level: [", "mend the YAML"),
        ("level: manager", "level: 2026-13-45", "mend the YAML"),
        ("level: manager\n", "", "front matter `level`"),
        ("# 沉默", "## 沉默", "structure"),
        ("(here)=\n", "", "structure"),
        ("(here)=", "(there)=", "structure"),
        ("2. 等 [8 周]{.rule}。\n", "", "structure"),
        ("1. 取", "- 取", "structure"),
        ("| 全部 | 1200 |\n", "| 全部 | 1200 |\n| 无 | 没有 |\n", "structure"),
        ("| 谁 | 比例 |\n|---|---|\n| 全部 | 1200 |", "| 谁 |\n|---|\n| 全部 1200 |", "structure"),
        (":::{exercise}", ":::{note}", "structure"),
        (":label: silence-own", ":label: silence", "structure"),
        (":tags: [parameters]", ":tags: [hide-cell]", "structure"),
        ("数一数。\n:::\n", "数一数。\n:::\n\n还有一段。\n", "structure"),
        ("数一数。\n", "数一数。\n\n再数一遍。\n", "structure"),
        ("data = None", "data = 1", "code-cell differs: `data = 1` for `data = None`"),
        ("a = b", "a = c", "formula differs"),
        ("$n$", "$m$", "formulas differ"),
        ("`a2001b`", "`a2001c`", "roles differ"),
        ("{cite:p}", "{cite:t}", "roles differ"),
        ("{doc}`../guides/read`", "{doc}`../guides/rerun`", "roles differ"),
        ("{doc}`../guides/read`", "指南", "roles differ"),
        ("(x.md)", "(y.md)", "links differ"),
        ("`messages`", "`members`", "inline code"),
        ("]{.rule}", "]{.other}", "marked spans"),
        ("４３％", "34%", "numbers differ: only in English 43%; only in Chinese 34%"),
        ("４３％", "43", "numbers differ: only in English 43%; only in Chinese 43"),
        ("10.92 亿", "10.92 万", "numbers differ"),
        ("2023-12", "2022-12", "numbers differ: only in English 2023-12"),
        ("1200", "1,300", "numbers differ"),
        ("3 个", "4 个", "numbers differ: only in Chinese 4"),
        (
            "在 {doc}`../guides/read` 里数一数。",
            "Now count in {doc}`../guides/read`.",
            "not transl",
        ),
        ("见[此处](x.md)和", "see [this page over there](x.md) for all of 和", "not translated"),
    ],
)
def test_a_broken_page_is_found_and_named_by_line(old: str, new: str, said: str) -> None:
    assert old in ZH
    found = faults_of(ZH.replace(old, new))
    assert any(said in f for f in found), found
    assert all(f.startswith("zh/book/part/page.md:") for f in found)


def test_chinese_left_in_english_is_found_but_not_a_quotation_or_a_unit() -> None:
    broken = EN.replace("Take three names.", "Take 三 three names.")
    assert any(
        f.startswith("book/part/page.md:11: Chinese in English") for f in faults_of(ZH, broken)
    )
    quoted = EN.replace("Take three names.", "Take three names (名字), “三个”, *三*, in 亿.")
    assert faults_of(ZH, quoted) == []


FENCE = "# {}\n\n```{}\nshequn run DATA --lang {}  # {}\nvalues.csv\n```\n"


@pytest.mark.parametrize(
    ("kind", "old", "new", "count"),
    [
        ("sh", "", "", 0),
        ("sh", "values.csv", "value.csv", 1),
        ("sh", "DATA", "FOLDER", 1),
        ("text", "", "", 0),
        ("text", "values.csv\n", "", 1),
        ("text", "values.csv", "value.csv", 1),
        ("text", "values.csv", "所有数值", 0),
    ],
)
def test_code_blocks_differ_in_words_only(kind: str, old: str, new: str, count: int) -> None:
    en = FENCE.format("T", kind, "en", "your data")
    zh = FENCE.format("题", kind, "zh", "你的数据").replace(old, new)
    assert len(faults_of(zh, en)) == count


def test_a_paragraph_that_left_its_directive_is_found() -> None:
    en = ":::{note}\nOne.\n\nTwo.\n:::\n"
    assert faults_of(":::{note}\n一。\n\n二。\n:::\n", en) == []
    assert "structure" in faults_of(":::{note}\n一。\n:::\n\n二。\n", en)[0]


def test_the_number_of_a_claim_shown_in_a_link_is_compared() -> None:
    en, zh = "# T\n\n{ref}`ledger A22 <claim-a22>`\n", "# 题\n\n{ref}`台账 A21 <claim-a22>`\n"
    assert "only in English 22; only in Chinese 21" in faults_of(zh, en)[0]


def test_a_stamp_on_the_english_page_is_found() -> None:
    assert any(
        "take the line out" in f
        for f in faults_of(ZH, EN.replace("---\n", "---\nsource_sha: a\n", 1))
    )


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("63,990 members", "63990 名成员"),
        ("1.2 trillion yuan", "1.2万亿元"),
        ("300 million", "3亿"),
        ("in 12 of 20", "20 里的 12"),
        ("40%", "四成"),
        ("March 2023", "2023 年 3 月"),
        ("twenty-eight days", "28 天"),
        ("the 28 days", "二十八天"),
        ("half", "50%"),
        ("at 21:40", "21:40 的时候"),
        ("−4 to 3", "-4 到 3"),
    ],
)
def test_numbers_that_are_the_same(en: str, zh: str) -> None:
    assert parity.missing_numbers(en, zh) == ({}, {})


@pytest.mark.parametrize(
    ("en", "zh"),
    [
        ("43%", "43"),
        ("1.2 million", "1.2亿"),
        ("5 of 6", "5 个"),
        ("three", "4 个"),
        ("17", "十八"),
    ],
)
def test_numbers_that_differ(en: str, zh: str) -> None:
    assert parity.missing_numbers(en, zh) != ({}, {})


def test_the_stamp_is_the_sha_of_the_file_and_only_its_line_changes() -> None:
    # printf abc | sha256sum gives ba7816bf 8f01cfea…
    assert parity.stamp_of("abc") == hashlib.sha256(b"abc").hexdigest()[:12] == "ba7816bf8f01"
    once = stamp.stamped(ZH, "ba7816bf8f01")
    assert once == ZH.replace("000000000000", "ba7816bf8f01")
    assert stamp.stamped(once, "ba7816bf8f01") == once
    bare = ZH.replace('source_sha: "000000000000"\n', "")
    assert stamp.stamped(bare, "ba7816bf8f01") == once
    assert (
        stamp.stamped("# 题\n", "ba7816bf8f01") == '---\nsource_sha: "ba7816bf8f01"\n---\n\n# 题\n'
    )


@pytest.mark.parametrize("digits", ["123456789012", "1234567e8901", "012345670123"])
def test_a_stamp_stays_text_in_yaml(digits: str) -> None:
    page = pages.read(stamp.stamped(ZH, digits), lang="zh")
    assert page.matter["source_sha"] == digits


def test_stamping_leaves_a_page_that_does_not_agree(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = {"good": ZH, "bad": ZH.replace("４３％", "34%")}
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "docnames", lambda: list(texts))
    monkeypatch.setattr(
        pages,
        "page",
        lambda lang, name: pages.read(texts[name] if lang == "zh" else EN, lang=lang, docname=name),
    )
    (tmp_path / "zh").mkdir()
    assert stamp.main() == 1
    assert f'source_sha: "{parity.stamp_of(EN)}"' in (tmp_path / "zh" / "good.md").read_text(
        "utf-8"
    )
    assert not (tmp_path / "zh" / "bad.md").exists()
    assert "only in Chinese 34%" in capsys.readouterr().out
