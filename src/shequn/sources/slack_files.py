"""The files of a Slack export: where each one lies, what it is, and the records in it."""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shequn.sources.files import Export, ExportFile
from shequn.sources.report import FileLeftOut
from shequn.text import ShequnError, Text

USERS = ("users.json", "org_users.json")
# Kind of channel by the file that lists it; the last two hold private talks.
LISTS = {"channels.json": "public", "groups.json": "private", "dms.json": "", "mpims.json": ""}
_KNOWN_ELSE = ("integration_logs", "canvases", "content_flags", "lists", "file_conversations")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.json")
_DIRECT = re.compile(r"D[A-Z0-9]{6,}|mpdm-.*", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")
_BLANK = " \t\r\n"
_BIGGEST = 1 << 24  # characters of one record; real ones have some thousands
_BOMB_SIZE, _BOMB_RATIO = 1 << 26, 200  # JSON packs to a fifth or a twentieth
_UTF8_NAME = 0x800  # flag of a zip entry

PRIVATE = Text(
    "direct messages between members: left out, they are not the community's",
    "成员之间的私信：不属于社群，不读",
)
_OUTSIDE = Text("its path leads outside the archive", "路径指向压缩包之外")
_LITTER = Text("left by the operating system", "操作系统留下的文件")
_OTHER_DATA = Text("Slack's own records that hold no messages", "Slack 自己的记录，不含消息")
_NOT_READ = Text("not a list or a day of messages", "不是名单，也不是某日的消息")
_REPLACED = Text(
    "the archive holds a later file of the same name, which was read",
    "压缩包里有同名的后一个文件，读的是那一个",
)


@dataclass
class DayFile:
    """A day of a channel: the folder that lies above the channel's, the channel's, and the file."""

    root: tuple[str, ...]
    folder: str
    day: str
    file: ExportFile


@dataclass
class Layout:
    """What an export holds.

    Attributes
    ----------
    users, lists
        Lists of users; lists of channels. Each with the folder that it lies in.
    days
        Days of channels, private talks not yet taken out.
    left_out
        The rest, and why.
    """

    users: list[tuple[tuple[str, ...], ExportFile]] = field(default_factory=list)
    lists: list[tuple[tuple[str, ...], ExportFile]] = field(default_factory=list)
    days: list[DayFile] = field(default_factory=list)
    left_out: list[FileLeftOut] = field(default_factory=list)


def lay_out(export: Export) -> Layout:
    """Tell the files of an export apart by their places.

    Raises
    ------
    ShequnError
        Where a packed file would unpack to far more than any export.
    """
    found = Layout()
    at: dict[tuple[str, ...], ExportFile] = {}
    others: dict[tuple[str, Text], None] = {}
    # Where an archive holds a name twice, programs that unpack it keep what stands last.
    for file in sorted(export.files, key=lambda f: f.packed[1].header_offset if f.packed else 0):
        _refuse_bomb(file)
        parts = _parts(file, export.place)
        if parts is None:
            others["…", _OUTSIDE] = None
            continue
        if parts in at:
            found.left_out.append(FileLeftOut(parts[-1], _REPLACED))
        at[parts] = file
    for parts, file in sorted(at.items()):
        *above, name = parts
        root = tuple(above)
        if "__MACOSX" in above or name in (".DS_Store", "Thumbs.db", "desktop.ini"):
            others[name, _LITTER] = None
        elif name in USERS:
            found.users.append((root, file))
        elif name in LISTS:
            found.lists.append((root, file))
        elif above and _DAY.fullmatch(name) and not above[-1].startswith("FC:"):
            found.days.append(DayFile(root[:-1], above[-1], name[:10], file))
        elif name.startswith(_KNOWN_ELSE) and name.endswith(".json"):
            others[name, _OTHER_DATA] = None
        else:
            # Uploads may be many, and their names say much: one line a folder is enough.
            others[(above[-1] + "/") if len(above) > 1 else name, _NOT_READ] = None
    found.left_out += [FileLeftOut(name, why) for name, why in others]
    return found


def _parts(file: ExportFile, place: Path) -> tuple[str, ...] | None:
    """Return the folders and name of a file, the archive being a folder; None if it is outside."""
    if place.is_dir():
        parts: list[str] = [place.resolve().name, *file.path.relative_to(place).parts]
    else:
        parts = [file.path.name] if file.packed else [file.path.parent.name, file.path.name]
    if file.packed:
        inner = _inner_name(file).replace("\\", "/")
        if inner.startswith("/") or ".." in inner.split("/") or re.match(r"[A-Za-z]:", inner):
            return None
        parts += [p for p in inner.split("/") if p not in ("", ".")]
    else:
        parts[-1] = file.name  # without .gz
    return tuple(unicodedata.normalize("NFC", p) for p in parts)


def _inner_name(file: ExportFile) -> str:
    """Return the name inside a zip, also where the program that packed it did not mark UTF-8."""
    assert file.packed
    entry = file.packed[1]
    if not entry.flag_bits & _UTF8_NAME and not entry.filename.isascii():
        for encoding in ("utf-8", "gb18030"):
            with suppress(UnicodeError):
                return entry.filename.encode("cp437").decode(encoding)
    return entry.filename


def _refuse_bomb(file: ExportFile) -> None:
    if not file.packed or file.size < _BOMB_SIZE:
        return
    packed = file.packed[1].compress_size
    if file.size > _BOMB_RATIO * max(packed, 1):
        raise ShequnError(
            Text(
                f"{file.path} holds a file of {packed:,} bytes that unpacks to {file.size:,}; "
                "no export does that.",
                f"{file.path} 里有个 {packed:,} 字节的文件，解压后有 {file.size:,} 字节；"
                "正常的导出不会这样。",
            ),
            Text(
                "Download the export again from Slack itself.", "请从 Slack 官方重新下载导出文件。"
            ),
        )


def is_direct(folder: str) -> bool:
    """Tell whether a folder that no list names is a private talk, by Slack's way to name them."""
    return _DIRECT.fullmatch(folder) is not None


def one_of_each(files: list[DayFile]) -> tuple[list[DayFile], list[DayFile]]:
    """Part the files of one day of a channel from those that are byte for byte the same.

    What is kept is in an order that does not hang on names: by the content.
    """
    if len(files) == 1:
        return files, []
    for day in files:
        for _ in day.file.chunks():
            pass  # read to the end, the file knows its fingerprint
    kept: dict[str, DayFile] = {}
    copies = []
    for day in sorted(files, key=lambda d: d.file.key):
        if kept.setdefault(day.file.sha256, day) is not day:
            copies.append(day)
    return [kept[sha256] for sha256 in sorted(kept)], copies


def records(file: ExportFile) -> Iterator[tuple[Any, str]]:
    """Yield the values of a JSON array one by one, each with the text it was read from.

    Numbers stay text: Slack's times are ids too, and no float holds them.

    Raises
    ------
    ShequnError
        Where the file is not one whole array in UTF-8.
    """
    pieces, buffer, at = _text(file), "", 0
    begin, first, value, after, end = range(5)
    state = begin
    while True:
        if state != value and (space := _SPACE.match(buffer, at)):
            at = space.end()
        if at == len(buffer):
            piece = next(pieces, None)
            if piece is None:
                if state == end:
                    return
                raise _damaged(file)
            buffer, at = piece, 0
            continue
        char = buffer[at]
        if state == begin and char == "[":
            state, at = first, at + 1
        elif (state in (first, after)) and char == "]":
            state, at = end, at + 1
        elif state == after and char == ",":
            state, at = value, at + 1
        elif char in _BLANK:  # where a piece ended between a comma and what follows
            at += 1
        elif state in (first, value):
            try:
                found, stop = _DECODE(buffer, at)
            except RecursionError:
                raise _damaged(file) from None
            except ValueError:
                stop = -1
            # A record, or a number, may go on in the next piece.
            if stop in (-1, len(buffer)) and (piece := next(pieces, None)) is not None:
                if len(buffer) - at > _BIGGEST:
                    raise _damaged(file)
                buffer, at = buffer[at:] + piece, 0
                continue
            if stop == -1:
                raise _damaged(file)
            yield found, buffer[at:stop]
            comma = _COMMA.match(buffer, stop)
            state, at = (value, comma.end()) if comma else (after, stop)
        else:
            raise _damaged(file)


_DECODE = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=lambda _: None).raw_decode


def _text(file: ExportFile) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for chunk in file.chunks():
            yield decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _damaged(file) from None


def _damaged(file: ExportFile) -> ShequnError:
    inner = f" ({_inner_name(file)})" if file.packed else ""
    return ShequnError(
        Text(
            f"{file.path}{inner} is not a whole JSON list: it is cut off, damaged, or no part of "
            "a Slack export.",
            f"{file.path}{inner} 不是完整的 JSON 列表：文件不完整、已损坏，或不属于 Slack 导出。",
        ),
        Text(
            "Download the export again, or take this file out; nothing was written.",
            "请重新下载导出，或去掉这个文件；目前什么都没有写。",
        ),
    )
