"""The rows of a dump's XML, one by one: no document type, no entity is ever expanded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.parsers import expat

from shequn.sources.files import ExportFile
from shequn.text import ShequnError, Text

_MOST = 1 << 26  # bytes without a row in them: no dump has such a row
_DEEPEST = 8


def rows(file: ExportFile) -> Iterator[dict[str, str]]:
    """Yield the attributes of every ``<row/>``.

    Raises
    ------
    ShequnError
        Where the file is no XML, is cut off, or declares a document type or entities: with those
        a small file can be made to fill the memory, or to read other files.
    """
    found: list[dict[str, str]] = []
    deep = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal deep
        deep += 1
        if name == "row":
            found.append(attributes)
        elif deep > _DEEPEST:
            raise _damaged(file, "")

    def end(_: str) -> None:
        nonlocal deep
        deep -= 1

    def refuse(*_: object) -> NoReturn:
        raise _unsafe(file)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    idle = 0
    try:
        for chunk in file.chunks():
            parser.Parse(chunk, False)
            idle = 0 if found else idle + len(chunk)
            if idle > _MOST:
                raise _damaged(file, "")
            yield from found
            found.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise _damaged(file, str(error)) from None
    except (ValueError, LookupError) as error:  # an encoding that there is not
        raise _damaged(file, str(error)) from None
    yield from found


def _damaged(file: ExportFile, why: str) -> ShequnError:
    why = f" ({why})" if why else ""
    return ShequnError(
        Text(
            f"{file.name} is cut off or damaged: no valid XML of a dump{why}.",
            f"{file.name} 不完整或已损坏：不是合法的数据转储 XML{why}。",
        ),
        Text("Unpack the archive again, or download it again.", "请重新解压，或重新下载。"),
    )


def _unsafe(file: ExportFile) -> ShequnError:
    return ShequnError(
        Text(
            f"{file.name} declares a document type or entities, which no dump does. It was not "
            "read: such a file can fill the memory or reach for other files.",
            f"{file.name} 声明了文档类型或实体，真正的转储里没有这些。没有读取："
            "这种文件可能耗尽内存，或读取别的文件。",
        ),
        Text(
            "Get the dump from the Internet Archive or from your profile on the site.",
            "请从 Internet Archive 或站点的个人设置页重新下载转储。",
        ),
    )
