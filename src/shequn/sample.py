"""Hand out the synthetic sample community."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from shequn.paths import SAMPLE
from shequn.text import ShequnError, Text

_ELSEWHERE = Text("Choose a new folder name.", "请换一个新的文件夹名。")


def copy_sample(out: Path) -> Path:
    """Copy the sample's folder, whole or not at all.

    Parameters
    ----------
    out
        Folder to make; it may exist already if it is empty.

    Returns
    -------
    pathlib.Path
        The folder, absolute.

    Raises
    ------
    ShequnError
        Where ``out`` is a file, holds something, is the folder the command runs in (its shell
        would be left in a folder that is gone), or cannot be written.
    """
    out = Path(os.path.abspath(out))  # noqa: PTH100  a link that names a folder stays a link
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ShequnError(
            Text(f"{out} is not a folder.", f"{out} 不是文件夹。"),
            _ELSEWHERE,
        )
    making = out.parent / f".{out.name}.{os.getpid()}.part"
    try:
        if out.exists() and any(out.iterdir()):
            raise ShequnError(
                Text(f"{out} is not empty.", f"{out} 里已经有东西。"),
                _ELSEWHERE,
            )
        if out.exists() and out.samefile(Path.cwd()):
            raise ShequnError(
                Text(f"{out} is the folder you are in.", f"{out} 就是当前所在的文件夹。"),
                _ELSEWHERE,
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(SAMPLE, making, copy_function=shutil.copyfile)
        making.chmod(0o777 & ~_umask())  # an installed sample may be read-only; the copy is not
        if out.exists():
            out.rmdir()
        making.rename(out)
    except OSError as error:
        reason = error.strerror or _first(error)
        raise ShequnError(
            Text(f"{out} cannot be written: {reason}", f"无法写入 {out}：{reason}"),
            Text(
                "Choose a folder that you may write to, on a disk with 10 MB free.",
                "请换一个有写权限、所在磁盘至少有 10 MB 空间的文件夹。",
            ),
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return out


def _first(error: OSError) -> str:
    """Return the reason of the first failure, where copying a folder failed file by file."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return str(error.args[0][0][-1]).split("] ")[-1].split(": ")[0]
    return str(error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
