"""Erase people from a community's data folder, everywhere, and prove that they are gone."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from shequn import atomic, schema, tabular
from shequn.tabular import literal, quoted
from shequn.tabular_encoding import open_bytes
from shequn.tabular_whole import whole_sql
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIST = "forgotten.json"  # who must not come back: digests of codes, and when they were erased
_BLANK = "[forgotten]"
_PIECE = 1 << 20  # bytes
_ON_MESSAGES = {"mentions": "message_id", "reactions": "message_id", "votes_badges": "object_id"}


@dataclass
class Erasure:
    """What was erased.

    Parameters
    ----------
    members
        Codes of the people.
    rows
        Rows taken out of each table.
    cells
        Cells emptied or changed in rows that stay, by table.
    files, size
        Files searched for the codes afterwards, and their bytes; none held one.
    """

    members: tuple[str, ...]
    rows: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    files: int = 0
    size: int = 0

    def say(self, lang: str) -> str:
        """Return what was done, in words."""
        lines = [
            Text(
                f"{name}: rows erased {self.rows[name]:,}, cells emptied {self.cells[name]:,}",
                f"{name}：删去 {self.rows[name]:,} 行，清空 {self.cells[name]:,} 格",
            )
            for name in schema.tables()
            if self.rows[name] or self.cells[name]
        ]
        lines.append(
            Text(
                f"Searched {self.files} files ({self.size:,} bytes): no trace of the code is left.",
                f"查过 {self.files} 个文件（{self.size:,} 字节）：代号一处不剩。",
            )
        )
        return "\n".join(line[lang] for line in lines)


def forget(folder: Path, people: Sequence[str]) -> Erasure:
    """Erase people from a data folder, whole or not at all.

    Their rows go, and so do reactions to their messages and mentions in them. Rows about others
    stay: an inviter, an actor or an answer's target that was one of them is emptied. Their codes
    go onto a list (as digests), so that a later import leaves them out.

    Parameters
    ----------
    folder
        A community's data folder.
    people
        Codes, or names as in ``identities``.

    Returns
    -------
    Erasure
        What was erased.

    Raises
    ------
    ShequnError
        Where nobody is called so, several are, or a trace would be left.
    """
    import duckdb

    folder = folder.resolve()
    tables = tabular.survey(folder).tables
    if not tables:
        tabular.find_tables(folder)  # says what is wrong
    new = atomic.beside(folder, "new")
    with (
        atomic.only_one(folder),
        tempfile.TemporaryDirectory(prefix="shequn-") as work,
        duckdb.connect() as connection,
    ):
        opened = {n: _Opened(n, path, connection, Path(work)) for n, path in tables.items()}
        done = Erasure(tuple(dict.fromkeys(_code(opened, name) for name in people)))
        _note_messages(connection, opened, done.members)
        shutil.rmtree(new, ignore_errors=True)
        try:
            shutil.copytree(folder, new)
            for name, table in opened.items():
                table.write(new / tables[name].relative_to(folder), done)
            _list(new / LIST, done.members)
            _prove(new, done)
            atomic.put(new, folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    return done


def digest(member: str) -> str:
    """Return the form in which a code stands on the list of the forgotten."""
    return hashlib.sha256(member.encode()).hexdigest()


class _Opened:
    """A table file as DuckDB reads it, every column of it."""

    def __init__(self, name: str, path: Path, connection: DuckDBPyConnection, work: Path) -> None:
        self.name, self.connection = name, connection
        self.sql = whole_sql(path, work)
        described = connection.sql(f"DESCRIBE SELECT * FROM {self.sql}").fetchall()
        self.types = {str(column): str(kind) for column, kind, *_ in described}

    def holding(self, columns: Sequence[str], values: Sequence[str]) -> str:
        """Return the condition that one of the columns that are there holds one of the values."""
        among = ", ".join(map(literal, values))
        there = [c for c in columns if c in self.types]
        return (
            " OR ".join(f"coalesce({quoted(c)}::VARCHAR IN ({among}), false)" for c in there)
            or "false"
        )

    def values(self, column: str, condition: str) -> list[str]:
        """Return the different values of a column under a condition."""
        query = f"SELECT DISTINCT {quoted(column)}::VARCHAR FROM {self.sql} WHERE {condition}"
        return [str(value) for (value,) in self.connection.sql(query).fetchall() if value]

    def write(self, target: Path, done: Erasure) -> None:
        """Write the table without the people."""
        members = done.members
        leaves = self.holding(schema.PERSONS, members)
        if (on := _ON_MESSAGES.get(self.name)) in self.types:
            leaves += f" OR coalesce({quoted(str(on))}::VARCHAR IN (FROM gone), false)"
        changed, chosen = [], []
        for column, kind in self.types.items():
            cell = quoted(column)
            if column in schema.REFERS:
                hit, other = self.holding([column], members), "NULL"
            elif column == "reply_to_id":
                hit, other = f"coalesce({cell}::VARCHAR IN (FROM gone), false)", "NULL"
            elif kind == "VARCHAR":  # a code in a text, or in a column that nobody knows
                hit = " OR ".join(
                    f"coalesce(contains({cell}, {literal(m)}), false)" for m in members
                )
                other = cell
                for member in members:
                    other = f"replace({other}, {literal(member)}, {literal(_BLANK)})"
            else:
                hit, other = "false", cell
            changed.append(f"({hit})::INT")
            chosen.append(f"CASE WHEN {hit} THEN {other} ELSE {cell} END AS {cell}")
        counts = (
            f"SELECT count(*) FILTER ({leaves}), "
            f"coalesce(sum({' + '.join(changed)}) FILTER (NOT ({leaves})), 0) FROM {self.sql}"
        )
        [(rows, cells)] = self.connection.sql(counts).fetchall()
        if not rows and not cells:
            return
        done.rows[self.name], done.cells[self.name] = int(rows), int(cells)
        kind = "FORMAT parquet" if target.suffix == ".parquet" else "FORMAT csv, HEADER"
        if target.suffix == ".gz":
            kind += ", COMPRESSION gzip"
        mode = target.stat().st_mode
        kept = f"SELECT {', '.join(chosen)} FROM {self.sql} WHERE NOT ({leaves})"
        self.connection.execute(f"COPY ({kept}) TO {literal(str(target))} ({kind})")
        target.chmod(mode)


def _code(tables: dict[str, _Opened], name: str) -> str:
    """Return the code of a person who is given by code or by name."""
    for table in tables.values():
        known = table.holding(schema.PERSONS, [name])
        if (
            known != "false"
            and table.connection.sql(f"FROM {table.sql} WHERE {known}").limit(1).fetchall()
        ):
            return name
    named: list[str] = []
    if "identities" in tables:
        called = tables["identities"].holding(("display_name", "platform_user_id"), [name])
        named = sorted(tables["identities"].values("member_id", called))
    if len(named) == 1:
        return named[0]
    if named:
        raise ShequnError(
            Text(f"Several people are called {name}.", f"有好几个人叫 {name}。"),
            Text(f"Give the code: {', '.join(named)}.", f"请给代号：{'、'.join(named)}。"),
        )
    raise ShequnError(
        Text(f"Nobody here is called {name}.", f"这里没有人叫 {name}。"),
        Text(
            "Give the code that stands in the tables, or the name in identities.csv.",
            "请给表里的代号，或 identities.csv 里的名字。",
        ),
    )


def _note_messages(
    connection: DuckDBPyConnection, tables: dict[str, _Opened], members: Sequence[str]
) -> None:
    """Keep the ids of the people's messages in the table ``gone``: others point at them."""
    connection.execute("CREATE TABLE gone (message_id VARCHAR)")
    messages = tables.get("messages")
    if messages and "message_id" in messages.types:
        theirs = messages.holding(("author_id",), members)
        connection.execute(
            f"INSERT INTO gone SELECT message_id::VARCHAR FROM {messages.sql} WHERE {theirs}"
        )


def _list(path: Path, members: Sequence[str]) -> None:
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    said |= {digest(m): f"{datetime.now(UTC):%Y-%m-%d}" for m in members}
    path.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _prove(folder: Path, done: Erasure) -> None:
    """Search every file for the codes; raise where one is left."""
    import duckdb

    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        done.files += 1
        done.size += path.stat().st_size
        if path.suffix == ".parquet":  # packed column by column
            rows = duckdb.execute(f"FROM read_parquet({literal(str(path))})").fetchall()
            found = [m for m in done.members if m in repr(rows)]
        else:
            found = _held(path, done.members)
        if left := found + [m for m in done.members if m in path.name]:
            raise ShequnError(
                Text(
                    f"{path.relative_to(folder)} still holds the code {left[0]}; nothing was changed.",
                    f"{path.relative_to(folder)} 里仍有代号 {left[0]}；什么都没有改。",
                ),
                Text(
                    "Take it out of that file and run again.", "请先从那个文件里去掉，再运行一次。"
                ),
            )


def _held(path: Path, members: Sequence[str]) -> list[str]:
    """Return the codes that a file holds; it is read in pieces, each with the end of the last."""
    reach = max(len(m.encode()) for m in members)
    found: set[str] = set()
    rest = b""
    with open_bytes(path) as stream:
        while piece := stream.read(_PIECE):
            block = rest + piece
            found.update(m for m in members if m.encode() in block)
            rest = block[-reach:]
    return sorted(found)
