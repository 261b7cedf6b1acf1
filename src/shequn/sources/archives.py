"""Zip and tar files: what is in them, and what no honest one holds."""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from shequn.text import ShequnError, Text

ZIP, TAR = (".zip",), (".tar", ".tar.gz", ".tgz")
_MOST = 500_000  # members
_UTF_8 = 0x800  # the flag that says so of the name
_ROOM, _RATIO = 1 << 26, 200  # so much may always come out; text packs to a twentieth at best
_REMAKE = Text(
    "Get the export again from the platform itself; unpack by hand only what you trust.",
    "请从平台重新导出；只手工解压你信得过的内容。",
)


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes
    ----------
    parts
        Its folders and name.
    size
        Bytes once unpacked, as the archive says.
    open
        Opens it.
    """

    parts: tuple[str, ...]
    size: int
    open: Callable[[], IO[bytes]]


def is_archive(path: Path) -> bool:
    """Tell whether a file is one that holds others, by its name."""
    return path.name.lower().endswith((*ZIP, *TAR))


def members(path: Path) -> list[Member]:
    """Return the files in an archive; it is never unpacked to the disk.

    Raises
    ------
    ShequnError
        Where it holds a path that leads outside, a name twice, or would unpack to far more than
        any export.
    """
    found = list(_zipped(path) if path.name.lower().endswith(ZIP) else _tarred(path))
    seen: set[tuple[str, ...]] = set()
    for member in found:
        if member.parts in seen:
            raise _refused(
                path, f"{member.parts[-1]} stands in it twice", f"{member.parts[-1]} 出现了两次"
            )
        seen.add(member.parts)
    return found


def _zipped(path: Path) -> Iterator[Member]:
    # Opened once for all members: the list of a zip's members is read at each opening.
    archive = zipfile.ZipFile(path)
    entries = archive.infolist()
    _refuse_many(path, len(entries))
    for entry in entries:
        parts = _parts(path, _name(entry))
        if entry.is_dir():
            continue
        if bursts(entry.file_size, entry.compress_size):
            raise bomb(path)
        yield Member(parts, entry.file_size, partial(archive.open, entry))


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the name of a file, which Chinese Windows writes in GB 2312 without saying so."""
    if not entry.flag_bits & _UTF_8:
        for encoding in ("utf-8", "gb2312"):  # not GBK: "é" and a letter would be Chinese, too
            with suppress(UnicodeError):
                return entry.filename.encode("cp437").decode(encoding)
    return entry.filename


def _tarred(path: Path) -> Iterator[Member]:
    archive = tarfile.open(path)  # noqa: SIM115  stays open for its members
    for count, entry in enumerate(archive, 1):
        _refuse_many(path, count)
        parts = _parts(path, entry.name)
        if entry.isfile():  # no links, no devices
            if bursts(entry.offset_data + entry.size, path.stat().st_size):
                raise bomb(path)
            yield Member(parts, entry.size, partial(_taken, archive, entry))


def _taken(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(entry))


def bursts(size: int, packed: int) -> bool:
    """Tell whether so many bytes cannot honestly come out of so many packed ones."""
    return size > _ROOM and size > _RATIO * max(packed, 1)


def bomb(path: Path) -> ShequnError:
    """Return what to say of a file that unpacks to far more than any export."""
    return _refused(
        path, "it would unpack to far more than any export", "解压后会远远超过任何导出的大小"
    )


def _parts(path: Path, name: str) -> tuple[str, ...]:
    # Windows takes backslashes for slashes, and a letter with a colon for a disk.
    plain = name.replace("\\", "/")
    parts = tuple(p for p in plain.split("/") if p not in ("", "."))
    if plain.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", plain) or "\0" in plain:
        raise _refused(path, "a path in it leads outside", "其中有路径指向压缩包之外")
    return parts or ("",)


def _refuse_many(path: Path, count: int) -> None:
    if count > _MOST:
        raise _refused(path, f"it holds more than {_MOST:,} files", f"文件超过 {_MOST:,} 个")


def _refused(path: Path, why_en: str, why_zh: str) -> ShequnError:
    return ShequnError(
        Text(f"{path} is refused: {why_en}.", f"拒绝读取 {path}：{why_zh}。"), _REMAKE
    )
