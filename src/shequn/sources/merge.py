"""A data folder that is there already, and what a new import knows better.

The tables of the old folder are read into the same form as the new rows; `shequn.sources.newest`
then takes of each message what the file says that reaches furthest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shequn import schema, tabular
from shequn.forget import LIST
from shequn.sources.intake import Intake
from shequn.tabular import quoted
from shequn.tabular_folder import DESCRIPTOR, IMPORT, IMPORT_PAGES
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CORE = (
    "members", "membership_events", "messages", "mentions", "reactions", "channels", "sources",
    "identities",
)  # fmt: skip


@dataclass
class Old:
    """The tables of a data folder that is there already.

    Attributes
    ----------
    columns
        Table -> its columns; each table is a view ``old_NAME``, times as seconds UTC.
    """

    connection: DuckDBPyConnection
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def has(self, table: str) -> bool:
        """Tell whether a table is there."""
        return table in self.columns

    def column(self, table: str, name: str, kind: str = "VARCHAR") -> str:
        """Return a column, or nothing where the table lacks it."""
        return quoted(name) if name in self.columns[table] else f"NULL::{kind}"


def open_old(con: DuckDBPyConnection, folder: Path | None, work: Path) -> Old:
    """Open the tables of a data folder; None has none."""
    old = Old(con)
    for name, path in tabular.find_tables(folder).items() if folder else ():
        table = schema.tables()[name]
        sql = tabular.relation_sql(table, tabular.utf8_path(path, work), strict=True)
        named = [str(c) for c, *_ in con.execute(f"DESCRIBE {sql}").fetchall()]
        chosen = [
            f"epoch({quoted(c)})::BIGINT AS {quoted(c)}"
            if table.columns[c].type == "datetime"
            else quoted(c)
            for c in named
        ]
        con.execute(f"CREATE VIEW old_{name} AS SELECT {', '.join(chosen)} FROM ({sql})")
        old.columns[name] = tuple(named)
    return old


def recall_people(
    old: Old, intake: Intake, pseudonym: Callable[[str], str]
) -> list[tuple[str, str]]:
    """Let an intake know the people of the old folder by their names and accounts.

    Returns
    -------
    list of str, str
        Id on the platform and pseudonym there.

    Raises
    ------
    ShequnError
        Where the pseudonyms were made with another key.
    """
    if not old.has("identities"):
        return []
    con, people = old.connection, intake.people
    get = {c: old.column("identities", c) for c in ("platform", "platform_user_id", "display_name")}
    first, last = (old.column("identities", c, "BIGINT") for c in ("alias_from", "alias_to"))
    rows = con.execute(
        f"SELECT member_id, {get['platform_user_id']}, {get['display_name']}, {first}, {last} "
        f"FROM old_identities WHERE {get['platform']} = ? AND {get['platform_user_id']} IS NOT NULL "
        "ORDER BY ALL",
        [intake.platform],
    ).fetchall()
    accounts: dict[str, list[str]] = {}
    for member, raw, name, start, end in rows:
        raw = _unquoted(raw)
        who = people.number(raw)
        accounts.setdefault(member, []).append(raw)
        if name and start is not None:
            people.see(who, _unquoted(name), start)
            people.see(who, _unquoted(name), end if end is not None else start)
    fitting = 0
    for member, raws in accounts.items():
        for raw in raws[1:]:
            intake.same(raws[0], raw)
        if pseudonym(min(raws)) == member:
            fitting += 1
        else:  # somebody said by hand who that is
            people.given[people.number(raws[0])] = member
    if accounts and not fitting:
        raise ShequnError(
            Text(
                "The folder was made with another key: everybody in it would get another id.",
                "这个文件夹是用另一个密钥生成的：里面的人都会换成别的代号。",
            ),
            Text(
                "Name the key it was made with by --key FILE, or import everything anew into "
                "another --out.",
                "用 --key 文件 给出当初的密钥，或换一个 --out 全部重新导入。",
            ),
        )
    return [(raw, member) for member, raws in accounts.items() for raw in raws]


def _unquoted(cell: str) -> str:
    """Undo `shequn.text.not_a_formula`."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def take_old(old: Old, moved: Mapping[str, str]) -> None:
    """Put the rows of the old folder beside the new ones.

    Parameters
    ----------
    old
        The folder.
    moved
        Pseudonyms of the old folder that are others now, since two accounts proved one person.
    """
    con = old.connection
    con.execute("ALTER TABLE message ADD COLUMN old BOOLEAN DEFAULT false")
    if not old.columns:
        return
    con.execute(
        "CREATE TABLE moved AS SELECT unnest(?::VARCHAR[]) AS old_id, unnest(?::VARCHAR[]) AS id",
        [list(moved), list(moved.values())],
    )
    people = ["SELECT NULL::VARCHAR AS id"]
    people += [
        f"SELECT {quoted(c)} AS id FROM old_{table}"
        for table, columns in old.columns.items()
        for c in columns
        if c in schema.PEOPLE
    ]
    con.execute(
        f"""
        CREATE TABLE once AS
        SELECT DISTINCT o.id AS old_id, coalesce(m.id, o.id) AS id
        FROM ({" UNION ".join(people)}) o LEFT JOIN moved m ON m.old_id = o.id
        WHERE o.id IS NOT NULL;
        INSERT INTO person
        SELECT n + row_number() OVER (ORDER BY id), NULL, id, n + row_number() OVER (ORDER BY id)
        FROM (SELECT DISTINCT id FROM once WHERE id NOT IN (SELECT id FROM person)),
             (SELECT coalesce(max(n), -1) AS n FROM person);
        CREATE TABLE was AS
        SELECT old_id, min(who) AS who FROM once JOIN person USING (id) GROUP BY old_id
        """
    )
    _numbers(old, "channels", "channel", "channel_id",
             "NULL, id, NULL::INTEGER, {kind}, {name}, {created_at}, {archived_at}",
             {"kind": "VARCHAR", "name": "VARCHAR", "created_at": "BIGINT", "archived_at": "BIGINT"})  # fmt: skip
    _numbers(old, "sources", "file", "source_id",
             "id, coalesce({exported_at}, {covers_to}, 0), {rows_read}",
             {"exported_at": "BIGINT", "covers_to": "BIGINT", "rows_read": "BIGINT"})  # fmt: skip
    if old.has("messages"):
        _old_messages(old)
    if old.has("membership_events"):
        c, a, m, s = (
            old.column("membership_events", n)
            for n in ("channel_id", "actor_id", "method", "source_id")
        )
        con.execute(
            f"""
            INSERT INTO happening
            SELECT f.n, 0, c.n, p.who, o.ts, o.action, a.who, o.method
            FROM (SELECT member_id, ts, action, {c} AS c, {a} AS a, {m} AS method, {s} AS s
                  FROM old_membership_events) o
            JOIN was p ON p.old_id = o.member_id LEFT JOIN was a ON a.old_id = o.a
            LEFT JOIN channel c ON c.id = o.c LEFT JOIN file f ON f.id = o.s
            """
        )


def _numbers(
    old: Old, table: str, new: str, key: str, values: str, columns: Mapping[str, str]
) -> None:
    """Give numbers to the channels or files of the old folder that the new import has not."""
    con = old.connection
    if old.has(table):
        chosen = values.format(**{c: old.column(table, c, kind) for c, kind in columns.items()})
        known = f"SELECT {key} AS id, * EXCLUDE ({key}) FROM old_{table}"
    else:  # the ids may stand in other tables alone
        chosen = values.format(**{c: f"NULL::{kind}" for c, kind in columns.items()})
        uses = [
            f"SELECT {key} AS id FROM old_{t}" for t, names in old.columns.items() if key in names
        ]
        known = (
            f"SELECT DISTINCT id FROM ({' UNION '.join(uses)}) WHERE id IS NOT NULL" if uses else ""
        )
    if known:
        con.execute(
            f"INSERT INTO {new} SELECT (SELECT coalesce(max(n), -1) FROM {new}) + "
            f"row_number() OVER (ORDER BY id), {chosen} "
            f"FROM ({known}) WHERE id NOT IN (SELECT id FROM {new})"
        )


def _old_messages(old: Old) -> None:
    con = old.connection
    kinds = {"n_chars": "BIGINT", "edited_at": "BIGINT", "deleted_at": "BIGINT", "is_bot": "BOOLEAN",
             "source_row": "BIGINT"}  # fmt: skip
    names = ("channel_id", "thread_id", "kind", "n_chars", "reply_to_id", "reply_basis",
             "edited_at", "deleted_at", "is_bot", "source_id", "source_row", "text")  # fmt: skip
    chosen = ", ".join(
        f"{old.column('messages', n, kinds.get(n, 'VARCHAR'))} AS {n}" for n in names
    )
    con.execute(
        f"""
        INSERT INTO message
        SELECT {number("o.message_id")}, c.n, {number("o.thread_id")}, p.who, o.ts, o.kind,
            o.n_chars, {number("o.reply_to_id")}, o.reply_basis, o.edited_at, o.deleted_at,
            o.is_bot, f.n, o.source_row, o.text, true
        FROM (SELECT message_id, author_id, ts, {chosen} FROM old_messages) o
        JOIN was p ON p.old_id = o.author_id
        LEFT JOIN channel c ON c.id = o.channel_id LEFT JOIN file f ON f.id = o.source_id
        """
    )
    if old.has("mentions"):
        kind = old.column("mentions", "kind")
        con.execute(
            f"""
            INSERT INTO naming SELECT m.id, m.file, m.row, p.who, o.kind
            FROM (SELECT {number("message_id")} AS id, target_id, {kind} AS kind FROM old_mentions) o
            JOIN (FROM message WHERE old) m USING (id)
            LEFT JOIN was p ON p.old_id = o.target_id
            """
        )
    if old.has("reactions"):
        who, ts, n, emoji, complete = (
            old.column("reactions", c, k)
            for c, k in (("member_id", "VARCHAR"), ("ts", "BIGINT"), ("n", "BIGINT"),
                         ("emoji", "VARCHAR"), ("complete", "BOOLEAN"))
        )  # fmt: skip
        con.execute(
            f"""
            INSERT INTO reacting
            SELECT m.id, m.file, m.row, p.who, o.emoji, o.n, o.ts, o.complete, m.file
            FROM (SELECT {number("message_id")} AS id, {who} AS who, {emoji} AS emoji, {n} AS n,
                  {ts} AS ts, {complete} AS complete FROM old_reactions) o
            JOIN (FROM message WHERE old) m USING (id)
            LEFT JOIN was p ON p.old_id = o.who
            """
        )


def rows_of_files(con: DuckDBPyConnection) -> dict[int, int]:
    """Return how many messages, comings and goings each new file tells of, by its number."""
    return dict(
        con.execute(
            "SELECT file, count(*) FROM (SELECT file FROM message WHERE NOT old UNION ALL "
            "SELECT file FROM happening WHERE row > 0) GROUP BY file"
        ).fetchall()
    )


def files_that_stay(out: Path | None, written: Iterable[str], *, append: bool) -> dict[str, Path]:
    """Return the files of the old folder that go over as they are, by name.

    The list of the forgotten always does; with ``append`` also every table that is not written
    anew, and what else lies there.
    """
    if out is None or not out.is_dir():
        return {}
    tables = {path: name for name, path in tabular.survey(out).tables.items()}
    made = {IMPORT, DESCRIPTOR, *IMPORT_PAGES.values()}
    written = set(written) | set(CORE)
    return {
        path.name: path
        for path in sorted(out.iterdir())
        if path.is_file()
        and (path.name == LIST or (append and tables.get(path) not in written))
        and path.name not in made
    }


def number(column: str) -> str:
    """Return SQL for the digest in the id of a message."""
    return f"('0x' || substr({column}, 2))::UBIGINT"


def written(column: str) -> str:
    """Return SQL for the id of a message from its digest."""
    return f"'t' || lpad(lower(to_hex({column})), 16, '0')"
