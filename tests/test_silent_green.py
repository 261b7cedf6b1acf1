"""Four ways in which a handbook can stay green over an old or a wrong number, and more of the kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from common import write_table
from outside import Inside, clear, everything, text_of
from shequn import notebooks, publish, rerun
from shequn.text import ShequnError

COUNTED = 'record("messages", count, unit="messages")'


def _write(folder: Path, messages: int) -> None:
    ts = "2024-01-01T00:00:00Z"
    rows = [{"message_id": f"x{i}", "author_id": "a", "ts": ts} for i in range(messages)]
    write_table(folder, "messages", rows)


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    notebooks.notebooks.cache_clear()


def _chapter(run: Path) -> str:
    return text_of(run / "site" / "book" / "chapter.html")


@pytest.mark.slow
def test_a_failing_notebook_is_red_and_stays_red_and_publishes_nothing(
    home: Path, inside: Inside
) -> None:
    clear(inside("book", "--lang", "en", "--out", "SITE"), "Open", code=0)
    before = everything(inside.folder / "SITE")
    _change(home / "notebooks/metrics/count.md", COUNTED, "raise ValueError('of no use')")
    for _ in range(2):
        said = inside("book", "--lang", "en", "--out", "SITE")
        clear(said, "metrics/count", "of no use", "nothing was published")
        assert everything(inside.folder / "SITE") == before


@pytest.mark.slow
def test_a_failing_notebook_takes_its_old_number_off_the_pages(home: Path, inside: Inside) -> None:
    _write(inside.folder / "DATA", 4321)
    assert inside("run", "DATA", "--out", "RUN", "--book").code == 0
    assert "In all 4321 messages" in _chapter(inside.folder / "RUN")
    _change(home / "notebooks/metrics/count.md", COUNTED, "raise ValueError('of no use')")
    clear(inside("run", "DATA", "--out", "RUN", "--book"), "of no use", "1 failed", code=1)
    assert "In all not computed messages" in _chapter(inside.folder / "RUN")
    page = text_of(inside.folder / "RUN" / "site" / "notebooks" / "metrics" / "count.html")
    assert "failed on your data (ValueError)" in page
    left = {n: c for n, c in everything(inside.folder / "RUN").items() if "_static" not in n}
    assert not [name for name, content in left.items() if b"4321" in content]
    assert [n["status"] for n in json.loads(left["run.json"])["notebooks"]] == ["failed"]
    clear(inside("run", "DATA", "--out", "RUN"), "of no use", "1 failed", code=1)


@pytest.mark.slow
def test_a_changed_notebook_and_changed_data_change_the_chapter(home: Path, inside: Inside) -> None:
    _write(inside.folder / "DATA", 17)
    run = ("run", "DATA", "--out", "RUN", "--book")
    assert inside(*run).code == 0
    assert "In all 17 messages and no value of nothing" in _chapter(inside.folder / "RUN")
    _change(home / "notebooks/metrics/count.md", COUNTED, COUNTED.replace("count", "count + 100"))
    assert inside(*run).code == 0
    assert "In all 117 messages" in _chapter(inside.folder / "RUN")
    _write(inside.folder / "DATA", 19)
    assert inside(*run).code == 0
    assert "In all 119 messages" in _chapter(inside.folder / "RUN")
    assert "Here are 119 messages" in text_of(
        inside.folder / "RUN" / "site" / "notebooks" / "metrics" / "count.html"
    )
    assert b"119.0" in (inside.folder / "RUN" / "values.csv").read_bytes()


@pytest.mark.slow
def test_every_warning_of_the_book_is_an_error_that_names_its_page(
    home: Path, inside: Inside
) -> None:
    wrong = {
        "page": "{doc}`nowhere`",
        "label": "{ref}`nothing <nothing>`",
        "term": "{term}`unheard of`",
        "citation": "{cite:t}`nobody1999never`",
        "number": "{glue:text}`../notebooks/metrics/count.md::massages:.0f`",
        "notebook": "{glue:text}`../notebooks/metrics/cuont.md::messages:.0f`",
        "figure": "```{chart} count.circle\nA circle.\n```",
        "role": "{shout}`hello`",
        "heading": "# One\n\n### Three levels down",
    }
    for name, text in wrong.items():
        head = "" if text.startswith("# ") else "# A page\n\n"
        (home / "book" / f"wrong-{name}.md").write_text(f"{head}{text}\n", encoding="utf-8")
        with (home / "_toc.yml").open("a", encoding="utf-8") as toc:
            toc.write(f"- file: book/wrong-{name}\n")
    said = inside("book", "--lang", "en", "--out", "SITE")
    clear(said, "did not build cleanly", *(f"book/wrong-{name}.md" for name in wrong))
    assert "shequn-book-" not in said.all, "the folder it was built in is of no use to a reader"
    assert not (inside.folder / "SITE").exists()
    assert not list(inside.folder.glob(".SITE.new"))


def test_a_site_is_built_again_where_anything_it_is_made_of_changed(home: Path) -> None:
    (home / "zh").mkdir()
    (home / "data").mkdir()
    seen = {publish.source_key(["en"]), publish.source_key(["en", "zh"])}
    for name in (
        "_config.yml", "_toc.yml", "references.bib", "book/chapter.md", "notebooks/metrics/count.md",
        "book/new.md", "zh/new.md", "data/sample.csv",
    ):  # fmt: skip
        with (home / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        seen.add(publish.source_key(["en"]))
    (home / "book/new.md").rename(home / "book/renamed.md")
    seen.add(publish.source_key(["en"]))
    assert len(seen) == 11


def test_a_change_of_any_package_makes_every_number_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rerun.code_digest.cache_clear()
    before = rerun.code_digest()
    real = list(rerun.metadata.distributions())
    monkeypatch.setattr(rerun.metadata, "distributions", lambda: real[1:])
    rerun.code_digest.cache_clear()
    assert rerun.code_digest() != before
    monkeypatch.undo()
    rerun.code_digest.cache_clear()


@pytest.mark.slow
def test_a_site_that_lost_a_page_is_built_again(home: Path, tmp_path: Path) -> None:
    site = tmp_path / "SITE"
    assert publish.publish(site, ["en"])
    whole = everything(site)
    assert not publish.publish(site, ["en"]), "nothing changed, nothing is done"
    (site / "en" / "book" / "chapter.html").unlink()
    assert publish.publish(site, ["en"])
    assert everything(site).keys() == whole.keys()
    (site / "notes.txt").write_text("mine")
    with pytest.raises(ShequnError, match=r"notes\.txt"):
        publish.publish(site, ["en"])
    assert (site / "notes.txt").read_text() == "mine"
