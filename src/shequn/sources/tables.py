"""The queries for what is written, once everything is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from shequn import schema
from shequn.sources.intake import OTHER, Intake
from shequn.sources.merge import CORE, Old, written
from shequn.sources.platforms import matrix
from shequn.sources.report import ImportReport, Knowledge, Reading
from shequn.tabular import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# What makes two rows one, where the contract names no key.
_KEYS = {
    "activity": ("member_id", "date", "kind"),
    "content_stats": ("content_id", "snapshot_at"),
    "spend": ("date", "channel", "campaign", "ad_id"),
    "votes_badges": ("member_id", "object_id", "kind", "ts"),
}
_TOKENS = {"order_id": "order", "event_id": "event", "session_id": "session"}
_CORE = {
    "members": """
        SELECT p.id AS member_id, joined_at, joined_at_basis, join_method, join_channel,
            i.id AS inviter_id, left_at, left_at_basis, role, is_staff, is_bot, trust_level
        FROM member m JOIN one p ON p.who = m.who LEFT JOIN one i ON i.who = m.inviter
        ORDER BY member_id""",
    "membership_events": """
        SELECT 'e' || left(md5(concat_ws('|', c.id, h.ts, p.id, h.action)), 16) AS event_id,
            h.ts, c.id AS channel_id, p.id AS member_id, h.action, a.id AS actor_id, h.method,
            f.id AS source_id
        FROM happening h JOIN one p ON p.who = h.member LEFT JOIN one a ON a.who = h.actor
        LEFT JOIN channel c ON c.n = h.channel LEFT JOIN file f ON f.n = h.file
        ORDER BY channel_id, ts, event_id""",
    "messages": f"""
        SELECT {written("m.id")} AS message_id, c.id AS channel_id,
            {written("m.thread")} AS thread_id, p.id AS author_id, m.ts, m.kind, m.text,
            m.chars AS n_chars, {written("m.reply")} AS reply_to_id,
            if(m.reply IS NULL, NULL, m.basis) AS reply_basis, m.edited AS edited_at,
            m.deleted AS deleted_at, f.id AS source_id, m.row AS source_row, m.bot AS is_bot
        FROM message m JOIN one p ON p.who = m.author LEFT JOIN channel c ON c.n = m.channel
        LEFT JOIN file f ON f.n = m.file
        ORDER BY channel_id, m.ts, source_id, source_row, m.id""",
    "reactions": f"""
        SELECT DISTINCT {written("r.id")} AS message_id, p.id AS member_id, r.emoji, r.n, r.ts,
            r.complete FROM reacting r LEFT JOIN one p ON p.who = r.who ORDER BY ALL""",
    "mentions": f"""
        SELECT DISTINCT {written("n.id")} AS message_id, p.id AS target_id, n.kind
        FROM naming n LEFT JOIN one p ON p.who = n.target ORDER BY ALL""",
    "channels": """
        SELECT c.id AS channel_id, min(u.id) AS parent_id, min(c.kind) AS kind,
            min(c.name) AS name, min(c.created_at) AS created_at, max(c.archived_at) AS archived_at
        FROM channel c LEFT JOIN channel u ON u.n = c.parent
        WHERE c.n IN (SELECT channel FROM message UNION SELECT channel FROM happening
                      UNION SELECT parent FROM channel)
        GROUP BY c.id ORDER BY channel_id""",
}  # fmt: skip
# Always there, also where nothing is in them: platforms that show it show that there was none.
_ALWAYS = {
    "members": {"member_id", "joined_at", "joined_at_basis", "is_bot"},
    "messages": {"message_id", "channel_id", "author_id", "ts", "kind", "n_chars", "source_id",
                 "source_row"},
    "membership_events": {"event_id", "ts", "channel_id", "member_id", "action", "source_id"},
    "mentions": {"message_id", "target_id", "kind"},
    "reactions": {"message_id", "member_id", "emoji", "n"},
    "channels": {"channel_id", "kind"},
}  # fmt: skip
_SHOWN = {
    "replies": {"messages": {"reply_to_id", "reply_basis"}},
    "inviters": {"members": {"inviter_id"}},
    "leaves": {"members": {"left_at", "left_at_basis"}},
}


class Tables:
    """The tables as queries, and counts of what is in them."""

    def __init__(self, con: DuckDBPyConnection, intake: Intake, old: Old) -> None:
        self._con, self._intake, self._old = con, intake, old
        con.execute("CREATE TABLE one AS SELECT who, min(id) AS id FROM person GROUP BY who")
        self._new = [
            name.removeprefix(OTHER)
            for name, stage in intake.stages.items()
            if name.startswith(OTHER) and stage.rows
        ]

    def rows_of_files(self) -> dict[int, int]:
        """Return how many rows of each new file are kept in some table."""
        others = "".join(f" UNION SELECT file, row FROM other_{name}" for name in self._new)
        return dict(
            self._con.execute(
                "SELECT file, sum(n)::BIGINT FROM ("
                "SELECT file, count(*) AS n FROM message WHERE NOT old GROUP BY file UNION ALL "
                "SELECT file, count(*) FROM ((SELECT file, row FROM happening WHERE row > 0"
                f"{others}) EXCEPT SELECT file, row FROM message WHERE NOT old) GROUP BY file) "
                "GROUP BY file"
            ).fetchall()
        )

    def queries(self, readings: Sequence[Reading], report: ImportReport) -> dict[str, str]:
        """Return the query of every table that has something to say; fill in its counts."""
        shown: dict[str, set[str]] = {t: set(c) for t, c in _ALWAYS.items()}
        for what, tables in _SHOWN.items():
            levels = (matrix().get(p, {}).get(what) for p in self._platforms())
            if any(known and known.level != "none" for known in levels):
                for table, columns in tables.items():
                    shown[table] |= columns
        made: dict[str, str] = {}
        counts: dict[str, dict[str, int]] = {}
        for name, query in _CORE.items():
            counts[name] = self._counts(query)
            # An empty table would promise what is not there, if anything else is.
            first = name in ("members", "messages") and not self._new
            first &= name == "members" or not counts.get("membership_events", {}).get("*")
            if counts[name]["*"] or first:
                made[name] = _chosen(query, counts[name], shown[name])
        made |= self._others(report)
        made["sources"] = self._sources(readings, report)
        if counts["members"]["*"]:
            made["identities"] = self._identities()
        self._tell(report, counts)
        return made

    def _platforms(self) -> list[str]:
        """Return the platforms of which the folder holds anything."""
        before = []
        if self._old.has("sources"):
            rows = self._con.execute("SELECT DISTINCT platform FROM old_sources ORDER BY ALL")
            before = [str(p) for (p,) in rows.fetchall()]
        return [self._intake.platform, *before]

    def columns(self, queries: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the columns of each query."""
        return {
            name: [str(c) for c, *_ in self._con.execute(f"DESCRIBE {query}").fetchall()]
            for name, query in queries.items()
        }

    def title(self) -> str:
        """Return a name for the community from its channels."""
        rows = self._con.execute(
            "SELECT DISTINCT coalesce(c.name, c.id) AS name FROM channel c "
            "WHERE c.n IN (SELECT channel FROM message) ORDER BY name LIMIT 4"
        ).fetchall()
        names = [str(name) for (name,) in rows]
        return ", ".join(names[:3]) + ("…" if names[3:] else "")

    def _scalar(self, query: str) -> int:
        [(value,)] = self._con.execute(query).fetchall()
        return int(value or 0)

    def _counts(self, query: str) -> dict[str, int]:
        """Return how many rows a query has, and values in each column."""
        inner = query.rsplit("ORDER BY", 1)[0]
        columns = [str(c) for c, *_ in self._con.execute(f"DESCRIBE {query}").fetchall()]
        counted = ", ".join(f"count({quoted(c)})" for c in columns)
        [row] = self._con.execute(f"SELECT count(*), {counted} FROM ({inner})").fetchall()
        return dict(zip(["*", *columns], row, strict=True))

    def _tell(self, report: ImportReport, counts: Mapping[str, Mapping[str, int]]) -> None:
        for table in ("messages", "membership_events", "mentions", "members"):
            setattr(report, table, counts[table]["*"])
        report.reactions = self._scalar("SELECT sum(n) FROM reacting")
        report.bots = self._scalar("SELECT count(*) FROM member WHERE is_bot")
        report.staff = self._scalar("SELECT count(*) FROM member WHERE is_staff AND NOT is_bot")
        found = {
            "messages": counts["messages"]["*"],
            "joins": self._scalar(
                "SELECT count(*) FROM member WHERE joined_at_basis <> 'first_message'"
            ),
            "inviters": counts["members"]["inviter_id"],
            "leaves": counts["members"]["left_at"],
            "replies": counts["messages"]["reply_to_id"],
            "reactions": report.reactions,
            "bots": report.bots,
        }
        report.knowledge = {
            what: Knowledge(k.level, k.basis, found.get(what))
            for what, k in matrix().get(self._intake.platform, {}).items()
        }

    def _others(self, report: ImportReport) -> dict[str, str]:
        """Return the other tables: the new rows, and the old ones that they do not renew."""
        made: dict[str, str] = {}
        for name in self._new:
            contract = schema.tables()[name]
            parts = [_new_rows(name)]
            if self._old.has(name):
                cells = ", ".join(_old_cell(self._old, name, c) for c in contract.columns)
                reach = "(SELECT max(f.reach) FROM file f JOIN old_sources o ON o.source_id = f.id)"
                reach = reach if self._old.has("sources") else "0"
                parts.append(
                    f"SELECT {cells}, {reach} AS reach, 0 AS fresh, 0 AS file, 0 AS row FROM old_{name}"
                )
            key = (contract.key,) if contract.key else _KEYS.get(name, tuple(contract.columns))
            chosen = ", ".join(map(quoted, contract.columns))
            self._con.execute(
                f"CREATE TABLE final_{name} AS SELECT {chosen} FROM ({' UNION ALL '.join(parts)}) "
                f"QUALIFY row_number() OVER (PARTITION BY {', '.join(map(quoted, key))} "
                "ORDER BY reach DESC NULLS LAST, fresh DESC, file DESC, row DESC) = 1"
            )
            query = f"SELECT * FROM final_{name} ORDER BY ALL"
            counts = self._counts(query)
            report.other_rows[name] = counts["*"]
            required = {c.name for c in contract.columns.values() if c.required}
            made[name] = _chosen(query, counts, required)
        return made

    def _sources(self, readings: Sequence[Reading], report: ImportReport) -> str:
        rows = [
            (r.source_id, report.platform, r.layout, r.file.sha256, report.timezone,
             *(r.span or (None, None)), r.read, r.kept, r.unparsed, r.exported_at)
            for r in readings
        ]  # fmt: skip
        names = ("source_id", "platform", "format", "sha256", "tz_assumed", "covers_from",
                 "covers_to", "rows_read", "rows_kept", "rows_unparsed", "exported_at")  # fmt: skip
        contract = schema.tables()["sources"].columns
        numbers = {n for n in names if contract[n].type != "string"}
        block = pa.table(
            {
                n: pa.array([r[i] for r in rows], pa.int64() if n in numbers else pa.string())
                for i, n in enumerate(names)
            }
        )
        self._con.register("block", block)
        query = f"SELECT DISTINCT ON (source_id) {', '.join(names)} FROM block"
        if self._old.has("sources"):
            cells = ", ".join(_old_cell(self._old, "sources", n) for n in names)
            # Of an old file fewer rows count once a new one holds some of them too.
            cells = cells.replace(
                '"rows_kept" AS "rows_kept"',
                "rows_kept - coalesce((SELECT b.n FROM bettered b JOIN file ON file.n = b.file "
                "WHERE file.id = old_sources.source_id), 0) AS rows_kept",
            )
            query += (
                f" UNION ALL SELECT {cells} FROM old_sources WHERE source_id NOT IN "
                "(SELECT source_id FROM block) AND source_id NOT IN "
                "(SELECT id FROM file WHERE n IN (FROM superseded))"
            )
        self._con.execute(f"CREATE TABLE final_sources AS {query}")
        self._con.unregister("block")
        query = "SELECT * FROM final_sources ORDER BY covers_from, source_id"
        return _chosen(query, self._counts(query), set(names) - {"exported_at"})

    def _identities(self) -> str:
        people = self._intake.people
        raws = [raw.encode("utf-8", "replace").decode("utf-8") for raw in people.numbers]
        spans: dict[tuple[int, str], list[int]] = {}
        for (who, _, name), (start, end) in people.spans.items():
            span = spans.setdefault((who, name), [start, end])
            span[0], span[1] = min(span[0], start), max(span[1], end)
        nameless = set(range(len(raws))) - {who for who, _ in spans}
        rows = [(who, name, start, end) for (who, name), (start, end) in spans.items()]
        rows += [(who, "", None, None) for who in nameless]  # type: ignore[misc]
        whos, names, starts, ends = zip(*rows, strict=True) if rows else ((), (), (), ())
        block = pa.table(
            {
                "n": pa.array(whos, pa.int32()),
                "raw": pa.array([raws[who] for who in whos], pa.string()),
                "name": pa.array(
                    [n.encode("utf-8", "replace").decode("utf-8") for n in names], pa.string()
                ),
                "since": pa.array([t or None for t in starts], pa.int64()),
                "until": pa.array([t or None for t in ends], pa.int64()),
            }
        )
        self._con.register("block", block)
        self._con.execute(
            "CREATE TABLE final_identities AS SELECT p.id AS member_id, "
            f"'{self._intake.platform}' AS platform, b.raw AS platform_user_id, "
            "b.name AS display_name, b.since AS alias_from, b.until AS alias_to "
            "FROM block b JOIN person p ON p.n = b.n WHERE p.who IN (SELECT who FROM member)"
        )
        self._con.unregister("block")
        if self._old.has("identities"):
            # Those of this platform were taken over when the import began.
            columns = ("platform", "platform_user_id", "display_name", "alias_from", "alias_to")
            cells = ", ".join(_old_cell(self._old, "identities", c) for c in columns)
            platform = self._old.column("identities", "platform")
            self._con.execute(
                f"INSERT INTO final_identities SELECT o.id, i.* EXCLUDE (m) FROM "
                f"(SELECT member_id AS m, {cells} FROM old_identities WHERE "
                f"{platform} IS DISTINCT FROM '{self._intake.platform}') i "
                "JOIN was w ON w.old_id = i.m JOIN one o ON o.who = w.who"
            )
        return "SELECT * FROM final_identities ORDER BY ALL"


def _chosen(query: str, counts: Mapping[str, int], always: set[str]) -> str:
    """Return a query without the columns of which nothing is known."""
    columns = [c for c, n in counts.items() if c != "*" and (n or c in always)]
    return f"SELECT {', '.join(map(quoted, columns))} FROM ({query})"


def _new_rows(name: str) -> str:
    cells, joins, conditions = [], [], ["true"]
    for c in schema.tables()[name].columns:
        cell, person = f"o.{quoted(c)}", f"p_{c}"
        if c in schema.PEOPLE:
            joins.append(f"LEFT JOIN person {person} ON {person}.n = {cell}")
            cells.append(f"if({person}.n IN (FROM gone), NULL, {person}.id) AS {quoted(c)}")
            if c in schema.PERSONS:
                conditions.append(f"({cell} IS NULL OR {cell} NOT IN (FROM gone))")
        elif c == "object_id":  # a message, or the name of a badge
            token = written("digest('message', o.object_id)")
            cells.append(f"if(o.kind = 'badge', o.object_id, {token}) AS object_id")
        elif c in _TOKENS:
            cells.append(f"lower(to_hex(digest('{_TOKENS[c]}', {cell}))) AS {quoted(c)}")
        else:
            cells.append(cell)
    return (
        f"SELECT {', '.join(cells)}, f.reach, 1 AS fresh, o.file, o.row FROM other_{name} o "
        f"JOIN file f ON f.n = o.file {' '.join(joins)} WHERE {' AND '.join(conditions)}"
    )


def _old_cell(old: Old, table: str, column: str) -> str:
    kind = schema.tables()[table].columns[column].type
    cell = old.column(table, column, "BIGINT" if kind == "datetime" else schema.DUCKDB_TYPES[kind])
    if column in schema.PEOPLE and column in old.columns[table]:
        cell = f"(SELECT min(one.id) FROM was JOIN one USING (who) WHERE was.old_id = {cell})"
    return f"{cell} AS {quoted(column)}"


__all__ = ["CORE", "Tables"]
