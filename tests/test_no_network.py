"""No network call anywhere: from the export to the results, with every way out forbidden."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Put before everything a Python program imports, also in the kernels of notebooks: any connection
# that is not to this machine, and any question for a name, ends the program.
GUARD = """
import os, sys
def _guard(event, args):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        inside = args[0] in (None, "", b"", "localhost", b"localhost", "127.0.0.1", "::1")
    elif event in ("socket.connect", "socket.sendto"):
        place = args[1]
        inside = isinstance(place, (str, bytes)) or place[0] in ("127.0.0.1", "::1", "localhost")
    elif event == "urllib.Request":
        inside = False
    else:
        return
    if not inside:
        with open(os.environ["GUARD_LOG"], "a") as log:
            log.write(f"{event} {args!r}\\n")
        os._exit(77)
sys.addaudithook(_guard)
"""
LOG = "[12:00] <ann> hello bob\n[12:01] <bob> hi\n"
SHEQUN = [sys.executable, "-m", "shequn.cli"]


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "c_2024-01-01.txt").write_text(LOG)
    return {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "guard"),
        "GUARD_LOG": str(tmp_path / "calls"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def commands(tmp_path: Path) -> list[list[str]]:
    data, sample = str(tmp_path / "DATA"), str(tmp_path / "SAMPLE")
    return [
        [
            "import",
            "auto",
            str(tmp_path / "logs"),
            "--timezone",
            "UTC",
            "--out",
            data,
            "--keep-text",
        ],
        ["import", "irc", str(tmp_path / "logs"), "--out", data, "--append"],
        ["check", data],
        ["audit", data],
        ["export", "chatlab", data, "--out", str(tmp_path / "c.jsonl")],
        ["template", "spend", "--out", str(tmp_path / "spend.xlsx")],
        ["sample", "--out", sample],
    ]


def test_the_guard_itself_catches_a_call(guarded: dict[str, str], tmp_path: Path) -> None:
    call = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"  # RFC 5737
    done = subprocess.run([sys.executable, "-c", call], env=guarded, check=False)
    assert done.returncode == 77
    assert "192.0.2.1" in (tmp_path / "calls").read_text()


def test_commands_make_no_call(guarded: dict[str, str], tmp_path: Path) -> None:
    for command in commands(tmp_path):
        done = subprocess.run([*SHEQUN, *command], env=guarded, capture_output=True, text=True)
        assert done.returncode in (0, 1) and not (tmp_path / "calls").exists(), (
            command, done.stdout, done.stderr,
        )  # fmt: skip
    assert (tmp_path / "DATA" / "messages.csv").exists() and (tmp_path / "c.jsonl").exists()


def test_commands_work_where_there_is_no_network_at_all(
    guarded: dict[str, str], tmp_path: Path
) -> None:
    alone = ["unshare", "-rn"]
    tried = shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True)
    if not tried or tried.returncode:
        pytest.skip("this system gives no network namespace of its own")
    for command in commands(tmp_path):
        done = subprocess.run(
            [*alone, *SHEQUN, *command], env=guarded, capture_output=True, text=True
        )
        assert done.returncode in (0, 1), (command, done.stdout, done.stderr)
    assert (tmp_path / "DATA" / "messages.csv").exists()


@pytest.mark.slow
def test_a_run_makes_no_call(guarded: dict[str, str], tmp_path: Path) -> None:
    sample, out = str(tmp_path / "SAMPLE"), str(tmp_path / "RUN")
    for command in (["sample", "--out", sample], ["run", sample, "--out", out, "retention"]):
        done = subprocess.run([*SHEQUN, *command], env=guarded, capture_output=True, text=True)
        assert done.returncode == 0 and not (tmp_path / "calls").exists(), (
            command, done.stdout, done.stderr,
        )  # fmt: skip
    assert (tmp_path / "RUN" / "values.csv").exists()
