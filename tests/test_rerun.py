"""Runs: what is executed, what is used again, what a stop or a failure leaves."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from shequn import atomic, rerun, runs
from shequn.notebooks import Notebook
from shequn.text import ShequnError

HEAD = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# Title

```{code-cell} ipython3
:tags: [parameters]

data = None
lang = "en"
```

"""


def notebook(
    folder: Path, name: str, code: str, needs: dict[str, tuple[str, ...]] | None = None
) -> Notebook:
    path = folder / f"{name}.md"
    path.write_text(f"{HEAD}```{{code-cell}} ipython3\n{code}\n```\n", encoding="utf-8")
    return Notebook(name, path, "Title", needs if needs is not None else {"messages": ("ts",)})


def run_all(
    chosen: list[Notebook], folder: Path, data: str = "one", **more: object
) -> list[rerun.Result]:
    settings: dict[str, object] = {
        "parameters": {"data": None, "lang": "en"}, "fingerprint": data, "lacking": lambda _: [],
        "work": folder / "work", "previous": folder / "none", "jobs": 1,
    }  # fmt: skip
    return rerun.run_all(chosen, **{**settings, **more})  # type: ignore[arg-type]


def test_a_notebook_runs_again_only_when_something_it_depends_on_changed(tmp_path: Path) -> None:
    one = notebook(tmp_path, "one", "1 + 1")
    assert [r.reused for r in run_all([one], tmp_path)] == [False]
    assert [r.reused for r in run_all([one], tmp_path)] == [True]
    assert [r.reused for r in run_all([one], tmp_path, data="two")] == [False]
    changed = notebook(tmp_path, "one", "1 + 2")
    assert [r.reused for r in run_all([changed], tmp_path, data="two")] == [False]


def test_key_covers_data_language_and_code_but_not_the_data_of_the_handbooks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about_data = notebook(tmp_path, "one", "1")
    own = replace(about_data, needs={})
    english, chinese = {"data": "x", "lang": "en"}, {"data": "x", "lang": "zh"}
    assert rerun.key_of(about_data, english, "a") != rerun.key_of(about_data, english, "b")
    assert rerun.key_of(own, english, "a") == rerun.key_of(own, english, "b")
    assert rerun.key_of(own, english, "a") != rerun.key_of(own, chinese, "a")
    before = rerun.key_of(own, english, "a")
    monkeypatch.setattr(rerun, "code_digest", lambda: "other code")
    assert rerun.key_of(own, english, "a") != before


def test_a_failing_notebook_stops_nothing_and_is_never_used_again(tmp_path: Path) -> None:
    bad = notebook(tmp_path, "bad", "raise ValueError('no')")
    good = notebook(tmp_path, "good", "1")
    results = run_all([bad, good], tmp_path)
    assert [(r.status, r.error) for r in results] == [("failed", "ValueError: no"), ("ok", "")]
    assert not (tmp_path / "work" / "notebooks" / "bad.ipynb").exists()
    assert [r.reused for r in run_all([bad, good], tmp_path)] == [False, True]


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
def test_kernels_begin_with_libraries_loaded_and_nothing_of_one_another(tmp_path: Path) -> None:
    first = notebook(
        tmp_path, "first",
        "import os, sys\nassert 'seaborn' in sys.modules, 'not forked'\n"
        "import pandas\npandas.left = os.environ['LEFT'] = 'by the first'\nos.chdir('/')",
    )  # fmt: skip
    second = notebook(
        tmp_path, "second",
        "import os, pandas\nassert not hasattr(pandas, 'left') and 'LEFT' not in os.environ\n"
        "assert os.getcwd() != '/'",
    )  # fmt: skip
    assert [r.error for r in run_all([first, second], tmp_path)] == ["", ""]


def test_a_spoilt_result_is_not_used_again(tmp_path: Path) -> None:
    one = notebook(tmp_path, "one", "1")
    run_all([one], tmp_path)
    (tmp_path / "work" / "notebooks" / "one.ipynb").write_text("{}")
    assert [r.reused for r in run_all([one], tmp_path)] == [False]


def test_no_path_of_the_machine_is_left_in_an_executed_notebook(tmp_path: Path) -> None:
    data = tmp_path / "some-private-place" / "DATA"
    data.mkdir(parents=True)
    one = notebook(tmp_path, "one", "lang")
    run_all([one], tmp_path, parameters={"data": str(data), "lang": "en"})
    text = (tmp_path / "work" / "notebooks" / "one.ipynb").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "some-private-place/DATA" in text, "a relative path still leads to the data"
    injected = [
        c
        for c in nbformat.reads(text, 4).cells
        if "injected-parameters" in c.metadata.get("tags", ())
    ]
    assert injected[0].metadata["tags"][-1] == "remove-cell"


def test_run_writes_what_the_design_says(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "RUN"
    results = runs.run(str(small), out, names=["active_members"])
    assert [r.status for r in results] == ["ok"]
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert record["notebooks"][0]["name"] == "metrics/active_members"
    assert record["data"]["clock"].startswith("Asia/Shanghai")
    raw = (out / "values.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf"), "Excel needs the byte-order mark"
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert tuple(rows[0]) == runs.COLUMNS
    values = {r["metric"]: r for r in rows}
    # Days 0 to 59 fold onto the 1st to 28th of two months; every member wrote in the last 28 days.
    assert float(values["mau"]["value"]) == 12
    assert {p.suffix for p in (out / "figures").iterdir()} == {".svg", ".png"}
    again = runs.run(str(small), out, names=["active_members"])
    assert [r.reused for r in again] == [True]


def test_what_the_data_lack_is_skipped_and_named(small: Path, tmp_path: Path) -> None:
    results = run_all(
        [notebook(tmp_path, "orders", "1", {"orders": ("ts",)})], tmp_path,
        lacking=lambda n: list(n.needs),
    )  # fmt: skip
    assert [(r.status, r.missing) for r in results] == [("skipped", ["orders"])]


def test_run_refuses_a_folder_that_is_not_a_run(small: Path, tmp_path: Path) -> None:
    (tmp_path / "RUN").mkdir()
    (tmp_path / "RUN" / "thesis.txt").write_text("years of work")
    with pytest.raises(ShequnError, match="not a run"):
        runs.run(str(small), tmp_path / "RUN", names=["retention"])
    assert (tmp_path / "RUN" / "thesis.txt").read_text() == "years of work"


def test_unknown_notebook_is_named_with_those_there_are() -> None:
    with pytest.raises(ShequnError, match="retention") as caught:
        rerun.select(["retenshun"], "en")
    assert "retenshun" in caught.value.say("zh")


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_leaves_the_folder_as_it_was_and_goes_on_later(
    small: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    out = tmp_path / "RUN"
    names = ["active_members", "retention", "lifecycle"]
    runs.run(str(small), out, names=names[:1])
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    with (small / "messages.csv").open("a", encoding="utf-8") as file:
        file.write("late,m00,2024-02-28T05:00:00Z\n")
    command = [sys.executable, "-m", "shequn.cli", "run", str(small), *names, "--out", str(out)]
    mark = f"STOPPED={tmp_path}"
    running = subprocess.Popen(
        [*command, "-j", "1"], start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
        # Whoever starts the tests in the background starts them deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env={**os.environ, "LANG": "C.UTF-8", **dict([mark.split("=")])},
    )  # fmt: skip
    work = atomic.beside(out, "partial")
    deadline = time.monotonic() + 120
    while not list(work.rglob("*.key")):
        assert time.monotonic() < deadline, "no notebook came to an end"
        assert running.poll() is None, running.stderr.read() if running.stderr else ""
        time.sleep(0.05)
    if stop == signal.SIGKILL:
        running.kill()
    else:
        os.killpg(running.pid, stop)
    _, said = running.communicate(timeout=60)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    if stop == signal.SIGINT:
        assert running.returncode == 130
        assert "Traceback" not in said
        assert "unchanged" in said
    assert _gone(mark), "processes of the stopped run are still there"
    results = runs.run(str(small), out, names=names)
    assert {r.status for r in results} == {"ok"}
    assert any(r.reused for r in results), "what was done before the stop was done again"


def _gone(mark: str) -> bool:
    """Tell whether every process that was given a variable, kernels too, ends within 20 seconds."""
    for _ in range(200):
        alive = []
        for given in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                alive += [given for _ in range(mark.encode() in given.read_bytes().split(b"\0"))]
        if not alive:
            return True
        time.sleep(0.1)
    return False
