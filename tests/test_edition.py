"""The book around a run: numbers or words, stubs, alt texts, and what a build that fails leaves."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

from outside import everything, miniature
from shequn import edition, publish
from shequn.edition import Sources
from shequn.notebooks import notebooks
from shequn.rerun import Result
from shequn.text import LANGUAGES, Lang, ShequnError, Text

COUNT = "metrics/count"
BANNER = Text("Numbers of Us", "我们的数字")
OK = [Result(COUNT, "ok")]
SKIPPED = [Result(COUNT, "skipped", missing=["messages.ts", "orders"])]
FAILED = [Result(COUNT, "failed", error="KeyError: 'zqvogel of Friday'")]
UNCHOSEN: list[Result] = []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for made in miniature(tmp_path / "home", monkeypatch):
        for name in ("book/index.md", "book/chapter.md", "notebooks/metrics/count.md"):
            (made / "zh" / name).parent.mkdir(parents=True, exist_ok=True)
            (made / "zh" / name).write_text((made / name).read_text())
        for name in ("_config.yml", "_toc.yml"):
            (made / "zh" / name).write_text((made / name).read_text())
        yield made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return a run whose notebook recorded two numbers, none, and few, and showed a figure."""
    outputs = [
        _recorded("messages", 1234.0),
        _recorded("share", 0.256),
        _recorded("nothing", None),
        _recorded("few", None, withheld=True),
        nbformat.v4.new_output(
            "display_data", {"image/svg+xml": "<svg/>", "image/png": "cG5n"},
            metadata={"shequn": {"figure": "count.square", "alt": "A square, empty"}},
        ),
    ]  # fmt: skip
    cells = [nbformat.v4.new_code_cell("1", outputs=[o]) for o in outputs]
    words = "# Count\n\nHere {glue:text}`messages:.0f` and {glue:text}`nothing:.0%`.\n"
    place = tmp_path / "RUN" / "notebooks" / "metrics" / "count.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(words), *cells]), place
    )
    (tmp_path / "RUN" / "figures").mkdir()
    (tmp_path / "RUN" / "figures" / "count.square.svg").write_text("<svg>square</svg>")
    return tmp_path / "RUN"


def _recorded(name: str, value: float | None, *, withheld: bool = False) -> Any:
    own = {"metric": name, "value": value, "withheld": withheld}
    return nbformat.v4.new_output("display_data", {}, metadata={"shequn": {"value": own}})


# Numbers or words


GLUE = "{{glue:text}}`../notebooks/metrics/count.md::{key}:{spec}`"


@pytest.mark.parametrize(
    ("results", "key", "en", "zh"),
    [
        (OK, "messages", None, None),
        (OK, "share", None, None),
        (OK, "nothing", "no value", "无数值"),
        (OK, "few", "too few members", "人数太少"),
        (OK, "misspelt", None, None),
        (SKIPPED, "messages", "not in this data", "数据里没有"),
        (FAILED, "messages", "not computed", "没有算"),
        (UNCHOSEN, "messages", "not computed", "没有算"),
    ],
)
def test_a_number_stays_and_a_missing_one_becomes_words(
    home: Path, run: Path, results: list[Result], key: str, en: str | None, zh: str | None
) -> None:
    for lang, words in (("en", en), ("zh", zh)):
        role = GLUE.format(key=key, spec=".0%")
        found = Sources(run, results, lang).resolve(f"a {role} b", Path("book/page.md"))  # type: ignore[arg-type]
        # One that nobody recorded stays as it is written: Sphinx then stops at it.
        assert found == (f"a [{words}]{{.not-in-data}} b" if words else f"a {role} b")


@pytest.mark.parametrize(
    ("page", "doc"),
    [
        ("book/page.md", "../notebooks/metrics/count.md::"),
        ("book/part/page.md", "../../notebooks/metrics/count.md::"),
        ("book/part/page.md", "../../notebooks/metrics/count.ipynb::"),
        ("notebooks/cases/other", "../metrics/count.md::"),
        ("notebooks/metrics/count", ""),
        ("notebooks/metrics/count.md", ""),
    ],
)
def test_a_number_is_found_from_every_place(home: Path, run: Path, page: str, doc: str) -> None:
    sources = Sources(run, OK, "en")
    gone = sources.resolve(f"{{glue:text}}`{doc}nothing:.1%`", Path(page))
    assert gone == "[no value]{.not-in-data}"
    kept = f"{{glue:text}}`{doc}messages:,.0f`"
    assert sources.resolve(kept, Path(page)) == kept


def test_several_numbers_on_a_line_are_told_apart(home: Path, run: Path) -> None:
    roles = [GLUE.format(key=k, spec=".2f") for k in ("share", "nothing", "messages")]
    found = Sources(run, OK, "en").resolve(f"| {' | '.join(roles)} |", Path("book/page.md"))
    assert found == f"| {roles[0]} | [no value]{{.not-in-data}} | {roles[2]} |"


# What is laid out


def _laid_out(run: Path, results: list[Result], folder: Path, lang: Lang = "en") -> Path:
    source = folder / f"source-{lang}"
    Sources(run, results, lang).lay_out(source, BANNER, [lang])
    return source


@pytest.mark.parametrize(
    ("results", "en", "zh"),
    [
        (SKIPPED, "this page needs `messages.ts`, `orders`", "本页需要 `messages.ts`、`orders`"),
        (FAILED, "failed on your data (KeyError)", "运行失败（KeyError）"),
        (UNCHOSEN, "was not part of the run", "没有包含这个笔记本"),
    ],
)
def test_a_notebook_without_results_keeps_its_prose_and_says_why(
    home: Path, run: Path, tmp_path: Path, results: list[Result], en: str, zh: str
) -> None:
    for lang, words in (("en", en), ("zh", zh)):
        source = _laid_out(run, results, tmp_path, lang)  # type: ignore[arg-type]
        assert not (source / "notebooks/metrics/count.ipynb").exists()
        page = (source / "notebooks/metrics/count.md").read_text(encoding="utf-8")
        assert page.index("# Count") < page.index(":::{warning}") < page.index("Here are ")
        assert words in page
        assert "code-cell" not in page
        assert "import" not in page
        assert "jupytext" not in page
        assert "zqvogel" not in page, "what an error says may be a row of the data"
        assert "{glue" not in page
        state = json.loads((source / "state.json").read_text(encoding="utf-8"))
        assert state["figures"] == {}
        assert words in state["reasons"]["count"][lang]


def test_a_notebook_with_results_gets_alt_texts_and_one_image_a_figure(
    home: Path, run: Path, tmp_path: Path
) -> None:
    source = _laid_out(run, OK, tmp_path)
    page = json.loads((source / "notebooks/metrics/count.ipynb").read_text(encoding="utf-8"))
    drawn = [c for c in page["cells"] if c["metadata"]]
    assert [c["metadata"]["mystnb"] for c in drawn] == [{"image": {"alt": "A square, empty"}}]
    assert list(drawn[0]["outputs"][0]["data"]) == ["image/svg+xml"]
    assert page["cells"][0]["source"].endswith(
        "Here {glue:text}`messages:.0f` and [no value]{.not-in-data}.\n"
    )
    assert (source / "figures/count.square.svg").read_text() == "<svg>square</svg>"
    state = json.loads((source / "state.json").read_text(encoding="utf-8"))
    assert state["figures"] == {"count.square": "A square, empty"} and state["reasons"] == {}


def test_the_banner_is_text_whatever_a_community_is_called(
    home: Path, run: Path, tmp_path: Path
) -> None:
    odd = Text("Numbers of <script>alert('1')</script> & {{ co }}", "<b>的数字")
    Sources(run, OK, "en").lay_out(tmp_path / "source", odd, ["en", "zh"])
    config = yaml.safe_load((tmp_path / "source/_config.yml").read_text(encoding="utf-8"))
    settings = config["sphinx"]["config"]
    said = "Numbers of &lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt; &amp; {{ co }}"
    assert settings["shequn_banner"] == said
    assert settings["shequn_editions"] == ["en", "zh"]
    assert config["execute"]["execute_notebooks"] == "off"


# What a build leaves


def _build(run: Path, target: Path, lang: Lang = "en") -> None:
    edition.build(
        run, target, results=OK, lang=lang, banner=BANNER, other_edition=False,
        stage=lambda _: None,
    )  # fmt: skip


def _made(source: Path, made: Path) -> Path:
    """Stand in for Sphinx: the configuration becomes the site."""
    folder = made / "html"
    (folder / "book").mkdir(parents=True)
    (folder / "book" / "index.html").write_text((source / "_config.yml").read_text())
    return folder


@pytest.mark.parametrize(
    ("code", "html", "stderr", "named"),
    [
        (
            1,
            False,
            "{source}/book/chapter.md:3: WARNING: unknown document\nmore\n",
            "book/chapter.md:3",
        ),
        (1, True, "{source}/book/chapter.md:3: ERROR: bad role\n", "book/chapter.md:3: ERROR"),
        (1, True, "Traceback\nThemeError: no such theme\n", "ThemeError"),
        (0, False, "it ended without a word\n", "without a word"),
    ],
)
def test_a_build_that_fails_names_the_page_and_leaves_the_site_alone(
    home: Path, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    code: int, html: bool, stderr: str, named: str,
) -> None:  # fmt: skip
    target = run / "site"
    target.mkdir()
    (target / "index.html").write_text("as it was")
    before = everything(tmp_path)

    def sphinx(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        source, made = (
            command[command.index("build") + 1],
            command[command.index("--path-output") + 1],
        )
        if html:
            (Path(made) / "_build" / "html").mkdir(parents=True)
        return subprocess.CompletedProcess(command, code, "", stderr.format(source=source))

    monkeypatch.setattr(subprocess, "run", sphinx)
    with pytest.raises(ShequnError) as caught:
        _build(run, target)
    for lang in LANGUAGES:
        assert named in caught.value.say(lang)
        assert "shequn-book-" not in caught.value.say(lang)
    assert everything(tmp_path) == before


def test_a_long_list_of_warnings_is_cut(
    home: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = "".join(f"book/p{i}.md: WARNING: w\n" for i in range(500))
    done = subprocess.CompletedProcess([], 1, "", many)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(ShequnError) as caught:
        _build(run, run / "site")
    assert caught.value.say("en").count("WARNING") == 40


@pytest.mark.parametrize(("lang", "code"), [("en", "en"), ("zh", "zh-CN")])
def test_the_first_page_leads_to_the_book(
    home: Path, run: Path, monkeypatch: pytest.MonkeyPatch, lang: Lang, code: str
) -> None:
    monkeypatch.setattr(edition, "_sphinx", _made)
    _build(run, run / "site", lang)
    page = (run / "site" / "index.html").read_text(encoding="utf-8")
    assert f'<html lang="{code}">' in page
    assert 'content="0; url=book/index.html"' in page
    assert '<a href="book/index.html">' in page
    config = (run / "site" / "book" / "index.html").read_text(encoding="utf-8")
    assert yaml.safe_load(config)["sphinx"]["config"]["shequn_banner"] == BANNER[lang]


def test_the_landing_page_leads_to_every_edition(tmp_path: Path) -> None:
    both = publish._landing(tmp_path, list(LANGUAGES))
    assert "en/" in both
    assert "zh/" in both
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "index.html").write_text(edition._redirect("book/index.html", "zh"))
    one = publish._landing(tmp_path, ["zh"])
    assert 'content="0; url=zh/book/index.html"' in one
    assert '<a href="zh/book/index.html">' in one
    assert 'href="zh/_static/favicon.svg"' in one


def test_every_notebook_of_the_handbook_has_words_for_its_absence() -> None:
    for lang in LANGUAGES:
        for notebook in notebooks(lang):
            text = notebook.path.read_text(encoding="utf-8")
            page = edition._prose(text, "REASON")
            assert page.count("REASON") == 1, notebook.name
            assert page.lstrip().startswith("# "), notebook.name
