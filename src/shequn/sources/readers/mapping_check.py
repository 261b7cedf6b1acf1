"""Whether a mapping says what it may: plain YAML, known keys, columns of the contract."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from shequn import schema
from shequn.sources.readers.mapping import CELL, COLUMN, Entry, Mapping, Source, wrong
from shequn.sources.times import Zone
from shequn.text import ShequnError, Text

_DEEPEST = 12
# They are made by the import itself, or name what only messages can bear.
REFUSED = ("sources", "identities", "communities", "mentions")
MADE = frozenset(
    (
        "source_id",
        "source_row",
        "community_id",
        "first_active_at",
        "last_active_at",
        "evidence_text",
    )
)
_WHOLE = ("messages", "members", "channels", "membership_events")  # one row, one thing
FORMATS = ("auto", "unix", "unix_ms")
_PLAIN = frozenset(f"tag:yaml.org,2002:{t}" for t in ("str", "int", "float", "bool", "map", "seq"))
_ENTRY = ("table", "file", "header", "system", "columns", "unpivot", "where", "empty")
_SOURCE = ("column", "value", "name", "format", "zone", "values", "other", "day_first", "split")
EXTRA = {"messages": ("mentions",)}  # that stand in another table in the end


def parse(path: Path, text: str) -> yaml.Node:
    """Return the nodes of a file of plain YAML: no anchors, no types of its own, not deep."""
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = event.start_mark.line + 1
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise wrong(
                    path, line, Text("& and * (anchors) are not allowed", "不允许用 & 和 *（锚点）")
                )
            tag = getattr(event, "tag", None)
            if tag is not None and tag not in _PLAIN:
                raise wrong(path, line, Text("! (types) is not allowed", "不允许用 !（类型标记）"))
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEEPEST:
                raise wrong(path, line, Text("it is nested too deep", "嵌套太深"))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", None) or "no YAML")
        line = mark.line + 1 if mark else 1
        raise wrong(
            path, line, Text(f"no valid YAML: {what}", f"不是有效的 YAML：{what}")
        ) from error
    if node is None:
        raise wrong(path, 1, Text("it is empty", "文件是空的"))
    return node


class Check:
    """Turns nodes into a mapping, complaining with line numbers."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mapping(self, node: yaml.Node) -> Mapping:
        """Return the whole mapping."""
        top = self._keys(node, ("tables",))
        if "tables" not in top:
            raise self._bad(node, Text("the key tables is missing", "缺少 tables 这一项"))
        entries = tuple(self._entry(n) for n in self._list(top["tables"]))
        if not entries:
            raise self._bad(node, Text("tables is empty", "tables 里什么都没有"))
        return Mapping(self._path, entries)

    def _bad(self, node: yaml.Node, what: Text) -> ShequnError:
        return wrong(self._path, node.start_mark.line + 1, what)

    def _list(self, node: yaml.Node) -> Sequence[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._bad(node, Text("a list (- …) is expected here", "这里应是列表（- …）"))
        items: list[yaml.Node] = node.value
        return items

    def _keys(self, node: yaml.Node, known: Sequence[str] | None = None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._bad(
                node, Text("keys with values (key: value) are expected here", "这里应是“键: 值”")
            )
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = self._text(key)
            if name in found:
                raise self._bad(key, Text(f"{name} stands there twice", f"{name} 写了两次"))
            if known is not None and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = Text(f"; {near[0]}?", f"；是不是 {near[0]}？") if near else Text("", "")
                names = ", ".join(known)
                raise self._bad(
                    key,
                    Text(
                        f"{name} is not known{hint.en} Possible: {names}",
                        f"不认识 {name}{hint.zh} 可用：{names}",
                    ),
                )
            found[name] = value
        return found

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._bad(node, Text("a single value is expected here", "这里应是单个值"))
        return str(node.value)  # as it stands: "no" and 是 are words here

    def _entry(self, node: yaml.Node) -> Entry:
        keys = self._keys(node, _ENTRY)
        if "table" not in keys:
            raise self._bad(node, Text("the key table is missing", "缺少 table 这一项"))
        name = self._text(keys["table"])
        contract = schema.tables().get(name)
        possible = [t for t in schema.tables() if t not in REFUSED]
        if contract is None or name in REFUSED:
            raise self._bad(
                keys["table"],
                Text(
                    f"{name} is no table that can be mapped. Possible: {', '.join(possible)}",
                    f"{name} 不是可映射的表。可用：{', '.join(possible)}",
                ),
            )
        if "columns" not in keys:
            raise self._bad(node, Text("the key columns is missing", "缺少 columns 这一项"))
        spread = "unpivot" in keys
        if spread and name in _WHOLE:
            what = Text(f"unpivot does not go with {name}", f"{name} 不能用 unpivot")
            raise self._bad(keys["unpivot"], what)
        columns = self._columns(keys["columns"], contract, spread=spread)
        header = self._text(keys["header"]) if "header" in keys else None
        if header is not None and not (
            header.isascii() and header.isdigit() and 0 < int(header) < 1000
        ):
            raise self._bad(
                keys["header"], Text("header is the number of a row", "header 应是行号")
            )
        where = {
            column: tuple(
                self._text(n) for n in (v.value if isinstance(v, yaml.SequenceNode) else [v])
            )
            for column, v in (self._keys(keys["where"]).items() if "where" in keys else ())
        }
        empty = self._text(keys["empty"]) if "empty" in keys else "skip"
        if empty not in ("skip", "keep"):
            raise self._bad(
                keys["empty"], Text("empty is skip or keep", "empty 只能是 skip 或 keep")
            )
        return Entry(
            node.start_mark.line + 1, name,
            self._text(keys["file"]) if "file" in keys else "*",
            None if header is None else int(header),
            self._text(keys["system"]) if "system" in keys else "",
            columns,
            tuple(self._text(n) for n in self._list(keys["unpivot"])) if spread else (),
            where, empty == "keep",
        )  # fmt: skip

    def _columns(
        self, node: yaml.Node, contract: schema.Table, *, spread: bool
    ) -> dict[str, Source]:
        known = [c for c in contract.columns if c not in MADE] + list(EXTRA.get(contract.name, ()))
        found = {
            n: self._source(v, contract.columns.get(n)) for n, v in self._keys(node, known).items()
        }
        for name, column in contract.columns.items():
            # The id of a row is made of its place where there is none.
            if column.required and name not in found and name != contract.key:
                raise self._bad(
                    node,
                    Text(
                        f"{contract.name} needs {name}: {column.meaning.en}",
                        f"{contract.name} 必须有 {name}：{column.meaning.zh}",
                    ),
                )
        if contract.name in ("members", "channels") and contract.key not in found:
            raise self._bad(node, Text(f"{contract.key} is missing", f"缺少 {contract.key}"))
        for name, source in found.items():
            if source.column in (COLUMN, CELL) and not spread:
                raise wrong(
                    self._path, source.line,
                    Text(f"{name}: {source.column} goes with unpivot", f"{name}：{source.column} 要配合 unpivot"),
                )  # fmt: skip
        return found

    def _source(self, node: yaml.Node, column: schema.Column | None) -> Source:
        line = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            if not node.value:
                raise self._bad(node, Text("which column? It is empty", "哪一列？这里是空的"))
            return Source(line, column=self._text(node))
        keys = self._keys(node, _SOURCE)
        if ("column" in keys) == ("value" in keys):
            raise self._bad(
                node, Text("either column or value is needed", "column 和 value 要且只要一个")
            )
        text: dict[str, Any] = {
            k: self._text(keys[k])
            for k in ("column", "value", "name", "format", "other", "split")
            if k in keys
        }
        kind = column.type if column else "string"
        for key in ("format", "zone", "day_first"):
            if key in keys and kind not in ("datetime", "date"):
                raise self._bad(keys[key], Text(f"{key} is only for times", f"{key} 只用于时间"))
        if "format" in text and text["format"] not in FORMATS and "%" not in text["format"]:
            raise self._bad(
                keys["format"],
                Text(
                    f"format is {', '.join(FORMATS)}, or a pattern such as %Y-%m-%d %H:%M",
                    f"format 应为 {'、'.join(FORMATS)}，或 %Y-%m-%d %H:%M 这样的格式",
                ),
            )
        if "zone" in keys:
            try:
                text["zone"] = Zone(self._text(keys["zone"]))
            except ShequnError as error:
                raise self._bad(keys["zone"], error.what) from error
        if "day_first" in keys:
            said = self._text(keys["day_first"]).lower()
            if said not in ("true", "false"):
                raise self._bad(
                    keys["day_first"],
                    Text("day_first is true or false", "day_first 只能是 true 或 false"),
                )
            text["day_first"] = said == "true"
        if "values" in keys:
            text["values"] = {k: self._text(v) for k, v in self._keys(keys["values"]).items()}
        enum = column.enum if column else ()
        meant = [(keys["values"], v) for v in text.get("values", {}).values()]
        meant += [(keys[k], text[k]) for k in ("other", "value") if k in text]
        for place, value in meant:
            if enum and value and value not in enum:
                raise self._bad(
                    place,
                    Text(
                        f"{value} is none of {', '.join(enum)}",
                        f"{value} 不在 {', '.join(enum)} 之中",
                    ),
                )
        return Source(line, **text)
