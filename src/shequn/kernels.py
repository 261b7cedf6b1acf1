"""Kernels that begin with the libraries loaded: each is forked from a process that imported them.

Half of a notebook's seconds went on importing pandas, seaborn and ibis, in every kernel anew.
Jupyter's provisioners are the place to start a kernel otherwise; Python's own forkserver does the
forking, from a process that has no thread and no state but the imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "shequn-forked"  # of the entry point in pyproject.toml
LAUNCHER = "ipykernel_launcher"
_LOADED = [
    "ipykernel.ipkernel",
    "matplotlib.backends.backend_svg",
    "scipy.stats",
    "seaborn",
    "ibis.backends.sql.compilers.duckdb",
    "shequn.charts",
    "shequn.notebook",
]


def choose() -> None:
    """Let kernels be forked where that is safe: macOS forbids forking after some imports."""
    if sys.platform == "linux":
        os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = NAME


class ForkedProvisioner(LocalProvisioner):
    """Starts Python kernels by forking; any other kernel as Jupyter always does."""

    process: Any = None  # a Popen, or what can stand in for one

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> KernelConnectionInfo:
        """Start a kernel in the folder and with the environment given."""
        if LAUNCHER not in cmd:
            return await super().launch_kernel(cmd, **settings)
        arguments = cmd[cmd.index(LAUNCHER) + 1 :]
        self.process = _Forked(arguments, settings.get("cwd", Path.cwd()), settings["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


class _Forked:
    """A forked kernel, with what a provisioner asks of a Popen."""

    stdin = stdout = stderr = None

    def __init__(
        self, arguments: Sequence[str], folder: str | Path, env: Mapping[str, str]
    ) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_LOADED)
        self._process = context.Process(
            target=_become_kernel, args=(list(arguments), folder, dict(env)), daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self._process.join(timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become_kernel(arguments: list[str], folder: str | Path, env: dict[str, str]) -> None:
    """Be what ``python -m ipykernel_launcher`` would be."""
    from ipykernel.kernelapp import IPKernelApp

    threading.Thread(target=_die_with_owner, daemon=True).start()
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    IPKernelApp.launch_instance(arguments)


def _die_with_owner() -> None:
    """End soon after the process that asked for this kernel: the forkserver lives as long as we."""
    owner = multiprocessing.parent_process()
    assert owner is not None
    owner.join()
    os._exit(1)
