"""No number without a source: every statistic in prose has its warrant right there."""

from __future__ import annotations

import bare_numbers
import pages
import pytest


@pytest.mark.parametrize("name", pages.docnames())
@pytest.mark.parametrize("lang", pages.TREES)
def test_every_statistic_has_something_behind_it(lang: str, name: str) -> None:
    page = pages.page(lang, name)
    if page is None:
        pytest.skip(f"{lang}: {name}.md is not there; test_parity says so")
    pages.demand_none(bare_numbers.unwarranted(page))


# --- these tests can fail ---------------------------------------------------------------------

STATISTICS = [
    "Some 43% stay.",
    "Some 43 % stay.",
    "Growth of 4.5 percent a year.",
    "It rose by 12 percentage points.",
    "One in ten answers.",
    "About 3 out of 4 come back.",
    "Of the members, 12 of 20 wrote.",
    "One writer in thirteen wrote half.",
    "A quarter of them left.",
    "Nearly a third wrote again.",
    "Three quarters were lost.",
    "It sells 3 times as much.",
    "It sells ten times as much.",
    "Twice as many wrote.",
    "A 5-fold rise.",
    "We asked 2,777 newcomers.",
    "We asked 300 paying customers.",
    "It costs 1,200 yuan.",
    "It costs $500.",
    "There are 2 billion of them.",
    "有 43％ 的人留下。",
    "提高 12 个百分点。",
    "百分之七的人。",
    "三成的人走了。",
    "四分之三的内容。",
    "每十个人里有一个开口。",
    "20 条里的 12 条。",
    "20 个人里有 3 个开口。",
    "是原来的 3 倍。",
    "翻了一番。",
    "问了 375 位成员。",
    "花了 1,200 元。",
    "用户 10.92亿。",
    "用户 300 万。",
]
PLAIN = [
    "In 2023-12 and 2024, version 0.1.0, see section 3.1.",
    "Settle five things in three steps.",
    "Windows of 1, 7 or 28 days; one in two weeks.",
    "She is 35, in 2023, at 21:40.",
    "From 0% to 100%, with a 95% interval.",
    "3 times a week, in 2022 members came.",
    "It wrote a third time; in one of three groups.",
    "At least 5 people in 2 groups, 12 messages.",
    "取最近 28 天，一天从 00:00 起。",
    "完成三件事，变成了成员，第一成员。",
    "95% 置信区间，从 0% 到 100%。",
    "在 2023 年，第 3 节，2 个群，五成员。",
    "最能说的一成人写的。",
    "20 个人里，一个人就是 5 个百分点；4 周里的至少 3 周。",
]


def page_of(text: str, docname: str = "book/part/page") -> list[str]:
    return [str(f) for f in bare_numbers.unwarranted(pages.read(text, docname=docname))]


@pytest.mark.parametrize("text", STATISTICS)
def test_a_bare_statistic_is_found(text: str) -> None:
    assert page_of(f"# T\n\n{text}\n")[0].startswith("book/part/page.md:3: nothing stands behind")


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_statistic_is_left_alone(text: str) -> None:
    assert page_of(f"{text}\n") == []


WARRANTS = [
    "{cite:p}`nonnecke2000lurker`",
    "{cite:t}`nonnecke2000lurker`",
    "{glue:text}`../../notebooks/metrics/retention.md::retention_week_4:.0%`",
    "{ref}`ledger A22 <claim-a22>`",
    "{doc}`../../notebooks/metrics/retention`",
    "[notebook](../../notebooks/metrics/retention.md)",
    "Illustrative.",
    "示意。",
    "算例。",
]
HOLDERS = ["{}\n", "- {}\n- other\n", "| a |\n|---|\n| {} |\n", ":::{{note}}\n{}\n:::\n"]


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("warrant", WARRANTS)
def test_a_warrant_in_the_same_place_is_enough(warrant: str, holder: str) -> None:
    assert page_of(holder.format(f"Some 43% stay. {warrant}")) == []
    assert len(page_of(holder.format("Some 43% stay."))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Some 43% stay.\n\nAs {cite:t}`nonnecke2000lurker` counted.\n",
        "- Some 43% stay.\n- {cite:t}`nonnecke2000lurker`\n",
        "| a | b |\n|---|---|\n| 43% | x |\n| y | {cite:t}`nonnecke2000lurker` |\n",
        "- Illustrative:\n  - some 43% stay\n",
        "Some 43% stay, see {doc}`../guides/read` and {ref}`there <some-place>`.\n",
        "Over [90%]{.rule} is fine, but 43% stay.\n",
        "*Some 43% stay*, and `code` says so.\n",
    ],
)
def test_a_warrant_elsewhere_is_not(text: str) -> None:
    assert len(page_of(text)) == 1


def test_our_own_rule_code_and_math_are_no_statistics() -> None:
    assert page_of("Over [90%]{.rule}, `43%` and $43\\%$.\n\n```sh\necho 43%\n```\n") == []


def test_the_line_is_that_of_the_item_and_all_its_paragraphs_count_together() -> None:
    text = (
        "# T\n\n1. one\n2. Some 43% stay.\n\n   Says {cite:t}`nonnecke2000lurker`.\n3. And 44%.\n"
    )
    assert [f.split(": ")[0] for f in page_of(text)] == ["book/part/page.md:7"]


EXERCISE = """:::{{exercise}}
:label: page-one
{} Of them, 40% stay.

How many are 60% of 5,000 members?
:::

:::{{solution}} page-one
:class: dropdown
It is 3,000 members, 60%.
:::
"""


@pytest.mark.parametrize("word", ["Illustrative:", "Suppose", "In the sample community", "假设"])
def test_an_exercise_that_assumes_its_numbers_and_its_solution_pass(word: str) -> None:
    assert page_of(EXERCISE.format(word)) == []


def test_an_exercise_that_states_them_does_not() -> None:
    assert len(page_of(EXERCISE.format("Look."))) == 3
