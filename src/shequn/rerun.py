"""Run notebooks with papermill over a community's data: in parallel, resumable, all or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import platform
import signal
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from shequn import paths
from shequn.notebooks import Notebook, notebooks
from shequn.scrub import scrub, without_paths
from shequn.text import ShequnError, Text

Status = Literal["ok", "skipped", "failed"]
TIMEOUT = 600  # seconds a cell may take


@dataclass
class Result:
    """What became of one notebook in a run."""

    name: str
    status: Status
    key: str = ""
    missing: list[str] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0
    reused: bool = False


Progress = Callable[[Result, int], None]  # a result, and how many there will be


def select(names: Iterable[str], lang: str) -> tuple[Notebook, ...]:
    """Return the notebooks named (by id or whole name), all that need data if none is named."""
    every = notebooks(lang)
    wanted = list(names)
    if not wanted:
        return tuple(n for n in every if n.needs)
    chosen = []
    for name in wanted:
        match = [n for n in every if name in (n.name, n.id)]
        if not match:
            known = ", ".join(n.id for n in every)
            raise ShequnError(
                Text(f"There is no notebook {name}.", f"没有名为 {name} 的笔记本。"),
                Text(f"There are: {known}", f"现有：{known}"),
            )
        chosen += match
    return tuple({n.name: n for n in chosen}.values())  # one named twice runs once


@cache
def code_digest() -> str:
    """Return a digest of everything but data and notebooks that a result depends on."""
    digest = hashlib.sha256(platform.python_version().encode())
    package = Path(__file__).parent
    files = [*package.rglob("*.py"), *paths.DATA.glob("*.csv"), paths.DATA / "datapackage.json"]
    for path in sorted(f for f in files if "_handbook" not in f.parts):
        digest.update(path.read_bytes())
    pins = {f"{d.name}={d.version}" for d in metadata.distributions()}
    digest.update(" ".join(sorted(pins)).encode())
    return digest.hexdigest()


def key_of(notebook: Notebook, parameters: dict[str, Any], fingerprint: str) -> str:
    """Return the key under which an executed notebook may be used again.

    It covers source, parameters, package and pins, and the data where the notebook reads them.
    """
    relevant = fingerprint if notebook.needs else ""
    parts = [notebook.path.read_text(encoding="utf-8"), code_digest(), relevant]
    parts.append(json.dumps(parameters if notebook.needs else {"lang": parameters["lang"]}))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def execute(source: Path, target: Path, parameters: dict[str, Any], threads: int) -> str:
    """Execute one text notebook with papermill; return an error in words, or nothing.

    The executed notebook appears at ``target`` whole or not at all, and without a path of the
    machine it ran on.
    """
    import jupytext
    import nbformat
    import papermill
    from traitlets.config import Config

    from shequn import kernels

    # Local sockets: no port is opened, and none can be taken by a kernel started beside it.
    kernel = Config({"KernelManager": {"transport": "ipc"}})
    os.environ.update(
        SHEQUN_THREADS=str(threads), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
        JUPYTER_PREFER_ENV_PATH="1", PYDEVD_DISABLE_FILE_VALIDATION="1", MPLBACKEND="agg",
    )  # fmt: skip
    kernels.choose()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shequn-") as folder:
        given, done = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
        nbformat.write(jupytext.read(source), given)
        try:
            papermill.execute_notebook(
                given, done, parameters=parameters, kernel_name="python3", progress_bar=False,
                cwd=folder, execution_timeout=TIMEOUT, log_output=False, config=kernel,
                extra_arguments=["--log-level=CRITICAL"],
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            return without_paths(f"{error.ename}: {error.evalue}", parameters)[:500]
        except Exception as error:  # a kernel that died, a cell that ran out of time
            return without_paths(f"{type(error).__name__}: {error}", parameters)[:500]
        executed = nbformat.read(done, as_version=4)
    scrub(executed, parameters, target.parent)
    partial = target.with_suffix(".partial")
    nbformat.write(executed, partial)
    partial.replace(target)
    return ""


def run_all(
    chosen: Iterable[Notebook],
    *,
    parameters: dict[str, Any],
    fingerprint: str,
    lacking: Callable[[Notebook], list[str]],
    work: Path,
    previous: Path,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Execute notebooks into ``work/notebooks``, using again what an earlier run left.

    Parameters
    ----------
    chosen
        Notebooks to run.
    parameters
        Given to each as papermill parameters.
    fingerprint
        Digest of the data.
    lacking
        Returns what the data lack for a notebook.
    work
        Folder to write to; what a killed run left in it is used.
    previous
        Finished run whose notebooks may be used.
    jobs
        Processes; the number of cores by default.
    progress
        Called with each result as it comes.

    Returns
    -------
    list of Result
        One a notebook, in the order given.
    """
    say = progress or (lambda _, __: None)
    done: dict[str, Result] = {}
    todo: list[tuple[Notebook, str]] = []
    order = list(chosen)
    for notebook in order:
        missing = lacking(notebook)
        key = key_of(notebook, parameters, fingerprint)
        if missing:
            done[notebook.name] = Result(notebook.name, "skipped", missing=missing)
        elif _reuse(notebook, key, work, previous):
            done[notebook.name] = Result(notebook.name, "ok", key, reused=True)
        else:
            todo.append((notebook, key))
            continue
        say(done[notebook.name], len(order))
    workers = min(jobs or os.cpu_count() or 1, max(len(todo), 1))
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _die_with_parent) as pool:
        futures = {}
        for notebook, key in todo:
            target = work / "notebooks" / f"{notebook.name}.ipynb"
            future = pool.submit(_timed, notebook.path, target, parameters, threads)
            futures[future] = (notebook, key, target)
        try:
            for future in as_completed(futures):
                notebook, key, target = futures[future]
                error, seconds = future.result()
                status: Status = "failed" if error else "ok"
                done[notebook.name] = Result(notebook.name, status, key, [], error, seconds)
                if not error:
                    target.with_suffix(".key").write_text(f"{key} {_digest(target)}")
                say(done[notebook.name], len(order))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():  # a stop may have reached us alone
                with contextlib.suppress(OSError):
                    if child.pid:
                        os.kill(child.pid, signal.SIGINT)
            raise
    return [done[n.name] for n in order]


def _die_with_parent() -> None:
    """End this process soon after the one that started it, however that one ended."""
    import threading
    import time

    # A stop makes kernels and their clients complain at length; what matters is in the results.
    if not os.environ.get("SHEQUN_TRACE"):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)  # its kernel watches for this and ends too

    threading.Thread(target=watch, daemon=True).start()


def _timed(
    source: Path, target: Path, parameters: dict[str, Any], threads: int
) -> tuple[str, float]:
    from time import monotonic

    start = monotonic()
    return execute(source, target, parameters, threads), round(monotonic() - start, 2)


def _reuse(notebook: Notebook, key: str, work: Path, previous: Path) -> bool:
    for folder in (work, previous):
        found = folder / "notebooks" / f"{notebook.name}.ipynb"
        stamp = found.with_suffix(".key")
        if not (found.is_file() and stamp.is_file()):
            continue
        if stamp.read_text() != f"{key} {_digest(found)}":
            continue
        target = work / "notebooks" / f"{notebook.name}.ipynb"
        if found != target:
            target.parent.mkdir(parents=True, exist_ok=True)
            for name in (found, stamp):
                partial = target.with_suffix(".partial")
                partial.write_bytes(name.read_bytes())
                partial.replace(target.with_suffix(name.suffix))
        return True
    return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def outputs(executed: Path) -> tuple[list[dict[str, Any]], dict[str, dict[str, str]]]:
    """Return what an executed notebook recorded and showed.

    Returns
    -------
    values
        One mapping a recorded number.
    figures
        Figure name → ``alt``, ``svg`` (text) and ``png`` (base64).
    """
    values, figures = [], {}
    for cell in json.loads(executed.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            own = output.get("metadata", {}).get("shequn", {})
            if "value" in own:
                values.append(own["value"])
            if "figure" in own:
                figures[own["figure"]] = {
                    "alt": own["alt"],
                    "svg": "".join(output["data"]["image/svg+xml"]),
                    "png": output["data"]["image/png"],
                }
    return values, figures


def as_json(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return results as plain mappings for run.json."""
    return [{k: v for k, v in asdict(r).items() if k != "reused"} for r in results]
