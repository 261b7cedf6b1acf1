"""Which of several rows that are one message, or one coming or going, is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Of one author in one minute a file may hold changed messages that another lacks, and that one
# others that it lacks itself: in their order, each took the place of one.
_CHANGED = """
    WITH told AS (
        SELECT m.rowid AS place, m.id, m.channel, m.author, m.ts, m.file, m.row, f.reach,
            m.kind = 'recall' OR m.edited IS NOT NULL AS changed
        FROM message m LEFT JOIN file f ON f.n = m.file
        SEMI JOIN (FROM message WHERE kind = 'recall' OR edited IS NOT NULL) c
            ON c.channel = m.channel AND c.author = m.author AND c.ts = m.ts
    ),
    pair AS (
        SELECT channel, author, ts, e.place AS gone, l.file AS late, e.file AS early,
            l.row AS late_row, e.row AS early_row
        FROM told l JOIN told e USING (channel, author, ts)
        WHERE l.changed AND l.file <> e.file AND (NOT e.changed OR l.reach > e.reach)
            AND NOT EXISTS (FROM told o WHERE o.id = l.id AND o.file = e.file)
            AND NOT EXISTS (FROM told o WHERE o.id = e.id AND o.file = l.file)
    )
    SELECT DISTINCT gone FROM (
        SELECT gone,
            dense_rank() OVER (PARTITION BY channel, author, ts, late, early ORDER BY late_row) AS nth_new,
            dense_rank() OVER (PARTITION BY channel, author, ts, late, early ORDER BY early_row) AS nth_gone
        FROM pair
    ) WHERE nth_new = nth_gone AND gone NOT IN (FROM worse)
"""


def keep_newest(con: DuckDBPyConnection, *, words: bool = False) -> int:
    """Keep of each message the latest edit, or what the file says that reaches furthest.

    A deletion that any file tells of stays. Mentions and reactions are those of the row that is
    kept; of reactions listed apart from messages, those of the file that reaches furthest. A
    coming or going that several rows tell of becomes one.

    Parameters
    ----------
    con
        Database of the rows.
    words
        Whether messages are told apart by their words: then one that was edited or taken back
        since is found by author and time.

    Returns
    -------
    int
        Messages that went.
    """
    con.execute(
        "CREATE TABLE twice AS SELECT id, max(deleted) AS deleted FROM message "
        "GROUP BY id HAVING count(*) > 1"
    )
    con.execute(
        """
        CREATE TABLE worse AS
        SELECT m.rowid AS place
        FROM message m JOIN twice USING (id) LEFT JOIN file f ON f.n = m.file
        QUALIFY row_number() OVER (
            PARTITION BY id ORDER BY kind = 'recall' DESC, edited DESC NULLS LAST,
            f.reach DESC NULLS LAST, text IS NULL, f.size DESC, f.id, old, row DESC) > 1
        """
    )
    if words:
        con.execute(f"INSERT INTO worse {_CHANGED}")
    con.execute(
        """
        CREATE TABLE worse_events AS
        SELECT h.rowid AS place FROM happening h LEFT JOIN file f ON f.n = h.file
        QUALIFY row_number() OVER (
            PARTITION BY h.channel, h.ts, h.member, h.action
            ORDER BY h.actor IS NULL, f.reach DESC NULLS LAST, f.size DESC, f.id, h.method,
                h.row DESC) > 1;
        CREATE TABLE bettered AS
        SELECT file, count(*) AS n FROM (
            SELECT file FROM message WHERE rowid IN (FROM worse) UNION ALL
            SELECT file FROM happening WHERE rowid IN (FROM worse_events))
        WHERE file IS NOT NULL GROUP BY file;
        DELETE FROM happening WHERE rowid IN (FROM worse_events)
        """
    )
    [(gone,)] = con.execute("DELETE FROM message WHERE rowid IN (FROM worse)").fetchall()
    con.execute(
        "CREATE TABLE superseded AS SELECT file FROM bettered WHERE file NOT IN "
        "(SELECT file FROM message WHERE file IS NOT NULL "
        "UNION SELECT file FROM happening WHERE file IS NOT NULL)"
    )
    con.execute(
        "UPDATE message SET deleted = t.deleted FROM twice t "
        "WHERE t.id = message.id AND t.deleted IS NOT NULL"
    )
    if gone:
        for table in ("naming", "reacting"):
            con.execute(
                f"DELETE FROM {table} WHERE file IS NOT NULL AND NOT EXISTS (FROM message m WHERE "
                f"m.id = {table}.id AND m.file = {table}.file AND m.row = {table}.row)"
            )
    con.execute("DELETE FROM reacting WHERE NOT EXISTS (FROM message m WHERE m.id = reacting.id)")
    con.execute(
        """
        DELETE FROM reacting WHERE rowid IN (
            SELECT r.rowid FROM reacting r LEFT JOIN file f ON f.n = r.told
            QUALIFY row_number() OVER (
                PARTITION BY r.id, r.who, r.emoji, r.ts
                ORDER BY f.reach DESC NULLS LAST, f.size DESC, f.id, r.n DESC) > 1);
        DROP TABLE twice; DROP TABLE worse; DROP TABLE worse_events
        """
    )
    return int(gone)
