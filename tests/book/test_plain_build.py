"""Jupyter Book's own command builds each edition: a draft that says it has no numbers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common import ROOT
from outside import text_of

WORDS = {
    "en": ("A draft without numbers", "private messages among not computed students"),
    "zh": ("没有数字的草稿", "没有算 名学生之间的私信"),
}


@pytest.mark.slow
@pytest.mark.parametrize("lang", WORDS)
def test_an_edition_builds_as_it_stands(lang: str, tmp_path: Path) -> None:
    for name in ("book", "notebooks", "zh", "_config.yml", "_toc.yml", "references.bib"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    edition = tmp_path / "zh" if lang == "zh" else tmp_path
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build"]
    done = subprocess.run(
        [*command, str(edition), "-W", "-n", "--keep-going"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "WARNING" not in done.stderr
    page = edition / "_build" / "html" / "book" / "theory" / "networks.html"
    banner, sentence = WORDS[lang]
    assert banner in page.read_text(encoding="utf-8")
    assert sentence in text_of(page)
