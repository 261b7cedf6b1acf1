"""The tables of a community's data folder, read from ``data/datapackage.json``: the one definition."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from shequn.paths import DATA
from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Frictionless type -> the type ibis knows. Identifiers stay text: leading zeros mean something.
_IBIS = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
}
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMPTZ",
}

# Columns that name the person a row is about, and those that name another person in passing.
PERSONS = ("author_id", "member_id", "target_id", "respondent_id")
REFERS = ("inviter_id", "actor_id", "referrer_id")
PEOPLE = frozenset(PERSONS + REFERS)


@dataclass(frozen=True)
class Column:
    """One column: its Frictionless type, meaning in both languages, and constraints."""

    name: str
    type: str
    meaning: Text
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    minimum: float | None = None


@dataclass(frozen=True)
class Table:
    """One table: its columns in order, key, and references to other tables."""

    name: str
    title: Text
    meaning: Text
    columns: dict[str, Column]
    key: str | None
    references: tuple[tuple[str, str, str], ...]  # column, other table, its column


def descriptor() -> dict[str, Any]:
    """Return the data package descriptor as it stands in the file."""
    loaded: dict[str, Any] = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    return loaded


@cache
def tables() -> dict[str, Table]:
    """Return every table of the contract by name."""
    return {r["name"]: _table(r) for r in descriptor()["resources"]}


def _table(resource: dict[str, Any]) -> Table:
    schema = resource["schema"]
    columns = {}
    for field in schema["fields"]:
        limits = field.get("constraints", {})
        columns[field["name"]] = Column(
            name=field["name"],
            type=field["type"],
            meaning=Text(field["description"], field["description_zh"]),
            required=limits.get("required", False),
            unique=limits.get("unique", False),
            enum=tuple(limits.get("enum", ())),
            minimum=limits.get("minimum"),
        )
    references = tuple(
        (key["fields"][0], key["reference"]["resource"], key["reference"]["fields"][0])
        for key in schema.get("foreignKeys", ())
    )
    return Table(
        name=resource["name"],
        title=Text(resource["title"], resource["title_zh"]),
        meaning=Text(resource["description"], resource["description_zh"]),
        columns=columns,
        key=schema.get("primaryKey"),
        references=references,
    )


def unbound(name: str) -> ir.Table:
    """Return a table of the contract as an unbound ibis table, times as local timestamps."""
    import ibis

    columns = tables()[name].columns.values()
    return ibis.table({c.name: _IBIS[c.type] for c in columns}, name=name)
