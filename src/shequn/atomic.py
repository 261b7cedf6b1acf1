"""Folders that appear whole or not at all."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from shequn.text import ShequnError, Text

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def beside(target: Path, suffix: str) -> Path:
    """Return the hidden sibling of a folder that is used while it is being made."""
    return target.parent / f".{target.name}.{suffix}"


def put(new: Path, target: Path) -> None:
    """Put a finished folder in the place of another, in one step where the system can.

    Where the two cannot be exchanged at once (not Linux, or a file system without it), the old
    folder is moved aside first; `recover` mends a stop between the two moves.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    old = beside(target, "old")
    shutil.rmtree(old, ignore_errors=True)
    if not target.exists():
        new.rename(target)
        return
    if _exchange(new, target):
        new.rename(old)
    else:
        target.rename(old)
        new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def recover(target: Path) -> None:
    """Bring back a folder that a stop in the middle of `put` left aside."""
    old = beside(target, "old")
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    done = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    if done == 0:
        return True
    if ctypes.get_errno() in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(one))


def _in_place(handle: int, path: Path) -> bool:
    """Tell whether an open file is still the one at a path.

    The command before removes its lock at the end, perhaps between our opening and locking it: our
    lock would then be on a file that nobody else finds.
    """
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def only_one(target: Path) -> Iterator[None]:
    """Refuse a second command that would write the same folder at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = beside(target, "lock")
    while True:
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ShequnError(
                    Text(
                        f"Another command is writing {target} right now.",
                        f"另一个命令正在写 {target}。",
                    ),
                    Text("Wait for it, or choose another --out.", "等它结束，或换一个 --out。"),
                ) from error
            if not _in_place(lock.fileno(), path):
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return
