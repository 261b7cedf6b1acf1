"""Who is a member, since when, and until when, by everything that is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from shequn import schema
from shequn.sources.intake import OTHER, Intake
from shequn.sources.merge import Old

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FACTS = {
    "who": pa.int32(), "joined_at": pa.int64(), "joined_at_basis": pa.string(),
    "join_method": pa.string(), "join_channel": pa.string(), "inviter": pa.int32(),
    "left_at": pa.int64(), "left_at_basis": pa.string(), "role": pa.string(),
    "is_staff": pa.bool_(), "is_bot": pa.bool_(), "trust_level": pa.int64(),
}  # fmt: skip
_METHODS = "('invite', 'link', 'qr', 'request', 'search')"


def _note_facts(con: DuckDBPyConnection, facts: Mapping[int, Mapping[str, Any]], old: Old) -> None:
    """Put what is known of members otherwise than by what they did into the table ``fact``."""
    rows = [{**known, "who": who} for who, known in facts.items()]
    block = pa.table(
        {c: pa.array([r.get(c) for r in rows], kind) for c, kind in _FACTS.items()},
        schema=pa.schema(list(_FACTS.items())),
    )
    con.register("block", block)
    con.execute(
        "CREATE TABLE fact AS SELECT p.who, "
        + ", ".join(f"max(b.{c}) AS {c}" for c in _FACTS if c not in ("who", "inviter"))
        + ", max(i.who) AS inviter FROM block b JOIN person p ON p.n = b.who "
        "LEFT JOIN person i ON i.n = b.inviter AND i.n NOT IN (FROM gone) "
        "WHERE p.n NOT IN (FROM gone) GROUP BY p.who"
    )
    con.unregister("block")
    if not old.has("members"):
        return
    kinds = {
        "joined_at": "BIGINT", "left_at": "BIGINT", "is_staff": "BOOLEAN", "is_bot": "BOOLEAN",
        "trust_level": "BIGINT",
    }  # fmt: skip
    cell = {c: old.column("members", c, kinds.get(c, "VARCHAR")) for c in _FACTS if c != "who"}
    listed = f"{cell['joined_at_basis']} IN ('api', 'registration')"
    struck = f"{cell['left_at_basis']} IN ('snapshot', 'inferred')"
    # What the new import knows counts; what it does not know was known before.
    plain = ("role", "is_staff", "is_bot", "trust_level", "join_channel")
    con.execute(
        f"""
        CREATE TABLE before AS
        SELECT w.who, {", ".join(f"max({cell[c]}) AS {c}" for c in plain)},
            min(if({listed}, {cell["joined_at"]}, NULL)) AS joined_at,
            max(if({listed}, {cell["joined_at_basis"]}, NULL)) AS joined_at_basis,
            max(if({listed}, {cell["join_method"]}, NULL)) AS join_method,
            max(if({listed}, i.who, NULL)) AS inviter,
            max(if({struck}, {cell["left_at"]}, NULL)) AS left_at,
            max(if({struck}, {cell["left_at_basis"]}, NULL)) AS left_at_basis
        FROM old_members o JOIN was w ON w.old_id = o.member_id
        LEFT JOIN was i ON i.old_id = {old.column("members", "inviter_id")}
        GROUP BY w.who;
        CREATE OR REPLACE TABLE fact AS
        SELECT coalesce(f.who, b.who) AS who, {", ".join(f"coalesce(f.{c}, b.{c}) AS {c}" for c in plain)},
            least(f.joined_at, b.joined_at) AS joined_at,
            coalesce(f.joined_at_basis, b.joined_at_basis) AS joined_at_basis,
            coalesce(f.join_method, b.join_method) AS join_method,
            coalesce(f.left_at, b.left_at) AS left_at,
            coalesce(f.left_at_basis, b.left_at_basis) AS left_at_basis,
            coalesce(f.inviter, b.inviter) AS inviter
        FROM fact f FULL JOIN before b ON f.who = b.who
        """
    )


def members(intake: Intake, old: Old) -> None:
    """Make the table ``member`` from messages, comings and goings, facts, and who is named.

    Notes
    -----
    Somebody joined when a list says so, or a line of joining, whichever is earlier, unless they
    had written before: then with their first message. A connection is no joining. Somebody left
    when the last sign of them in every channel where there was one is a leaving.
    """
    con = intake.connection
    _note_facts(con, intake.facts, old)
    elsewhere = "".join(
        f" UNION SELECT p.who FROM {name} o JOIN person p ON p.n = o.{c} WHERE p.n NOT IN (FROM gone)"
        for name, stage in intake.stages.items()
        if name.startswith(OTHER)
        for c in stage.columns
        if c in schema.PEOPLE and c != "respondent_id"  # who answers a survey need be no member
    )
    con.execute(
        f"""
        CREATE TABLE member AS
        WITH speech AS (
            SELECT author AS who, channel, min(ts) AS first, max(ts) AS last FROM message
            WHERE coalesce(kind, '') NOT IN ('system', 'recall') GROUP BY ALL
        ),
        coming AS (
            SELECT member AS who, channel, ts, action, actor, method FROM happening
            WHERE coalesce(method, '') <> 'connection'
        ),
        spoke AS (SELECT who, min(first) AS ts FROM speech GROUP BY who),
        joined AS (
            SELECT who, ts, method, actor FROM coming WHERE action = 'join'
            QUALIFY row_number() OVER (PARTITION BY who ORDER BY ts, method NULLS LAST, actor) = 1
        ),
        sign AS (
            SELECT who, channel, last AS ts, 0 AS rank, '' AS how FROM speech
            UNION ALL SELECT who, channel, ts, 1, '' FROM coming WHERE action = 'join'
            UNION ALL SELECT who, channel, ts, 2, if(method = 'snapshot', 'snapshot', 'event')
            FROM coming WHERE action IN ('leave', 'kick', 'ban')
        ),
        ends AS (
            SELECT who, channel, max(ts) AS ts, arg_max(how, ts * 4 + rank) AS how
            FROM sign GROUP BY who, channel
        ),
        went AS (
            SELECT who, max(ts) AS ts, arg_max(how, ts) AS how FROM ends
            GROUP BY who HAVING bool_and(how <> '')
        ),
        seen AS (SELECT who, max(ts) AS ts FROM ends WHERE how = '' GROUP BY who),
        everybody AS (
            SELECT author AS who FROM message UNION SELECT member FROM happening
            UNION SELECT actor FROM happening UNION SELECT target FROM naming
            UNION SELECT who FROM reacting UNION SELECT who FROM fact
            UNION SELECT inviter FROM fact{elsewhere}
        ),
        known AS (
            SELECT e.who, f.* EXCLUDE (who, joined_at, left_at), s.ts AS spoke,
                if(f.joined_at <= coalesce(s.ts, f.joined_at), f.joined_at, NULL) AS listed,
                if(j.ts <= coalesce(s.ts, j.ts), j.ts, NULL) AS came, j.method, j.actor,
                if(f.left_at >= coalesce(n.ts, f.left_at), f.left_at, NULL) AS struck,
                w.ts AS went, w.how
            FROM everybody e
            LEFT JOIN fact f USING (who) LEFT JOIN spoke s USING (who)
            LEFT JOIN joined j USING (who) LEFT JOIN seen n USING (who)
            LEFT JOIN went w USING (who)
            WHERE e.who IS NOT NULL
        )
        SELECT who,
            coalesce(least(listed, came), spoke) AS joined_at,
            CASE WHEN listed <= coalesce(came, listed) THEN coalesce(joined_at_basis, 'api')
                WHEN came IS NOT NULL THEN 'event'
                WHEN spoke IS NOT NULL THEN 'first_message' END AS joined_at_basis,
            CASE WHEN join_method IS NOT NULL THEN join_method
                WHEN came IS NULL THEN NULL
                WHEN method IN {_METHODS} THEN method ELSE 'unknown' END AS join_method,
            join_channel,
            coalesce(inviter, if(came IS NOT NULL AND actor <> who, actor, NULL)) AS inviter,
            coalesce(struck, went) AS left_at,
            CASE WHEN struck IS NOT NULL THEN coalesce(left_at_basis, 'snapshot')
                WHEN went IS NOT NULL THEN how END AS left_at_basis,
            role, is_staff, coalesce(is_bot, false) AS is_bot, trust_level
        FROM known
        """
    )
