"""The handbook from outside: its commands as a reader types them, and a hand-made export."""

from __future__ import annotations

import atexit
import datetime as dt
import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from shequn import cli, cli_base, notebooks, paths
from shequn.rerun import Result

LONGEST = 4000  # characters that a reader can be asked to read about one mistake


@dataclass
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        """Everything it said."""
        return self.out + self.err


def shequn(*words: object, folder: Path, lang: str = "C.UTF-8", **more: str) -> Said:
    """Run a command in a process of its own, at home in ``folder``."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "XDG_"))}
    environment.update(LANG=lang, HOME=str(folder), **more)
    done = subprocess.run(
        [sys.executable, "-m", "shequn.cli", *map(str, words)], cwd=folder, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=600,
    )  # fmt: skip
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass
class Inside:
    """Runs a command in this process: quick, and open to what a test puts in its way."""

    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    folder: Path
    lang: str = "C.UTF-8"

    def __call__(self, *words: object) -> Said:
        """Run it."""
        self.patch.chdir(self.folder)
        self.patch.setenv("HOME", str(self.folder))
        self.patch.setenv("LC_ALL", self.lang)
        self.patch.delenv("XDG_CONFIG_HOME", raising=False)
        self.patch.setattr(sys, "argv", ["shequn", *map(str, words)])
        self.patch.setattr(cli, "HELP", cli_base._help_language())  # read once, as a process starts
        self.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        return Said(int(end.value.code or 0), *self.capture.readouterr())


def clear(said: Said, *words: str, code: int = 2) -> Said:
    """Hold an answer to a mistake against the rules: in words, short, and no traceback."""
    assert said.code == code, said.all
    assert "Traceback" not in said.all
    assert 'File "' not in said.all
    assert "no fault of yours" not in said.all
    assert len(said.all) < LONGEST
    flat = re.sub(r"\s+", " ", said.all)
    for word in words:
        assert word in flat, said.all
    return said


def everything(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder, empty folders included, by name."""
    return {
        str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b""
        for p in sorted(folder.rglob("*"))
    }


def text_of(page: Path) -> str:
    """Return what a reader sees of a page of the site, spaces run together."""
    body = page.read_text(encoding="utf-8").split("<article", 1)[-1].split("</article>", 1)[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", f"<article{body}")))


def irc_log(folder: Path, people: dict[str, int], days: int, words: str = "hello") -> Path:
    """Write IRC logs by hand: who joins on which day and then talks on every second day.

    Parameters
    ----------
    folder
        Is made.
    people
        Nick and the day it joins, from 0 (Monday, 4 March 2024).
    days
        Number of days, a file each.
    words
        What everybody says; each day adds its number.
    """
    folder.mkdir(parents=True)
    nicks = list(people)
    for day in range(days):
        lines = []
        for i, (nick, start) in enumerate(people.items()):
            if day == start:
                lines.append(f"=== {nick} [~u@host.example] has joined #garden")
            if day >= start and (day - start + i) % 2 == 0:
                other = nicks[(i + day) % len(nicks)]
                lines.append(
                    f"[{13 + i // 30:02d}:{i * 2 % 60:02d}] <{nick}> {other}: {words} {day}"
                )
        date = dt.date(2024, 3, 4) + dt.timedelta(days=day)
        (folder / f"{date}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


# An IRC log names no inviter, no channel of joining, no message answered, no event and no money.
IRC_CANNOT_FEED = frozenset(
    f"metrics/{name}"
    for name in (
        "acquisition_cost", "channel_concentration", "content_sameness", "event_attendance",
        "message_fatigue", "moderation_load", "newcomer_response", "referral", "response_time",
        "revenue", "traffic_quality", "unit_economics",
    )
)  # fmt: skip


@cache
def real_irc_book(
    book_of: Callable[..., tuple[Path, list[Result]]], logs: Path
) -> tuple[Path, Path, list[Result]]:
    """Import the real logs and build their book, once for all tests that look at it.

    Returns
    -------
    tuple
        The data, the run, and what became of each notebook.
    """
    folder = Path(tempfile.mkdtemp(prefix="shequn-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    said = shequn(
        "import", "irc", logs, "--timezone", "UTC", "--out", "DATA", "--key", "key", folder=folder
    )
    assert said.code == 0, said.all
    return folder / "DATA", *book_of(folder / "DATA")


_NOTEBOOK = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
shequn:
  needs:
    messages: [author_id, ts]
---

# Count

```{code-cell} ipython3
:tags: [parameters]

data = None
lang = "en"
```

```{code-cell} ipython3
from matplotlib.figure import Figure
from shequn.notebook import open_data, record, show

community = open_data(data)
count = int(community.engine.frame("SELECT count(*) AS n FROM messages")["n"].iloc[0])
record("messages", count, unit="messages")
record("nothing", None, unit="share")
```

```{code-cell} ipython3
show(Figure((1, 1)), "count.square", alt="An empty square")
```

Here are {glue:text}`messages:.0f` messages.
"""
_CHAPTER = """# Chapter

In all {glue:text}`../notebooks/metrics/count.md::messages:.0f` messages and
{glue:text}`../notebooks/metrics/count.md::nothing:.0%` of nothing.

```{chart} count.square
A square.
```
"""


def miniature(home: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a handbook of one notebook and one chapter, and let it be the handbook for this process.

    Its configuration is the real one, so what it builds goes the whole way of the real pages.
    For use in a fixture: ``yield from``.
    """
    for name, text in {
        "_toc.yml": "format: jb-book\nroot: book/index\nchapters:\n- file: book/chapter\n"
        "- file: notebooks/metrics/count\n",
        "book/index.md": "# Home\n\nWelcome.\n",
        "book/chapter.md": _CHAPTER,
        "notebooks/metrics/count.md": _NOTEBOOK,
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    for name in ("_config.yml", "references.bib"):
        shutil.copy(paths.HOME / name, home)
    patch.setattr(paths, "HOME", home)
    notebooks.notebooks.cache_clear()
    yield home
    notebooks.notebooks.cache_clear()
