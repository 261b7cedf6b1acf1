"""From what a reader understood to the tables of the contract: pseudonyms, one row for each thing.

People, channels and files stay numbers until they are written, messages the first 64 bits of a
keyed digest: of millions of rows nothing need be held twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from shequn.pii import mask
from shequn.sources.intake import Intake
from shequn.sources.people import names
from shequn.sources.privacy import token
from shequn.sources.redact import Redactor

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HIDDEN_NAME = "[name]"
_KEY_BLOCK = 64  # of SHA-256, which HMAC pads the key to


@dataclass(frozen=True)
class Persons:
    """What is needed to hide the people of an import.

    Attributes
    ----------
    ids
        Pseudonym of each number.
    redact
        Takes every known name out of a text.
    """

    ids: Sequence[str]
    redact: Redactor


def settle(intake: Intake, key: bytes, forgotten: Callable[[str], bool]) -> Persons:
    """Turn the staged rows into the tables ``message``, ``happening``, ``naming``, ``reacting``.

    Parameters
    ----------
    intake
        All that was read.
    key
        For the pseudonyms.
    forgotten
        Tells of a pseudonym whether that person's rows are not to come back.
    """
    con = intake.connection
    intake.flush()
    _macros(con, intake.platform, key)
    ids = _persons(intake, key, forgotten)
    known = names(intake.people, ids, hide=HIDDEN_NAME)
    folded: dict[str, str] = {}
    for name, own in known.items():
        small = intake.fold(name)
        folded[small] = own if folded.get(small, own) == own else HIDDEN_NAME
    persons = Persons(ids, Redactor(folded, intake.fold))
    _channels(intake, key, persons.redact)
    _files(intake, key)
    _cleaner(intake, persons.redact)
    _messages(intake)
    _happenings(con)
    _namings(intake)
    _reactings(con)
    return persons


def _macros(con: DuckDBPyConnection, platform: str, key: bytes) -> None:
    padded = key.ljust(_KEY_BLOCK, b"\0")  # keys are at least 32 bytes
    if len(key) > _KEY_BLOCK:
        import hashlib

        padded = hashlib.sha256(key).digest().ljust(_KEY_BLOCK, b"\0")
    inner, outer = (bytes(b ^ pad for b in padded).hex() for pad in (0x36, 0x5C))
    # HMAC-SHA256 (RFC 2104) over platform, kind and raw id, the first 64 bits of it.
    con.execute(
        f"CREATE MACRO digest(kind, raw) AS ('0x' || left(sha256(unhex('{outer}') || unhex(sha256("
        f"unhex('{inner}') || encode(concat_ws(chr(0), '{platform}', kind, raw))))), 16))::UBIGINT"
    )


def _persons(intake: Intake, key: bytes, forgotten: Callable[[str], bool]) -> list[str]:
    hidden = intake.people.hidden(intake.platform, key)
    rows = pa.table(
        {
            "n": pa.array([who for who, _, _ in hidden], pa.int32()),
            "canon": pa.array([_clean(raw) for _, raw, _ in hidden], pa.string()),
            "id": pa.array([own for _, _, own in hidden], pa.string()),
        }
    )
    intake.connection.register("block", rows)
    # Several numbers may be one person: the least stands for all in what follows.
    intake.connection.execute(
        "CREATE TABLE person AS SELECT n, canon, id, min(n) OVER (PARTITION BY id) AS who FROM block"
    )
    intake.connection.unregister("block")
    gone = [own for _, _, own in hidden if forgotten(own)]
    intake.connection.execute(
        "CREATE TABLE gone AS SELECT n FROM person WHERE id IN (SELECT unnest(?))", [gone]
    )
    return [own for _, _, own in hidden]


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _channels(intake: Intake, key: bytes, redact: Redactor) -> None:
    own = ("c" + token(key, intake.platform, "channel", c.raw)[:12] for c in intake.channels)
    channels = intake.channels
    block = pa.table(
        {
            "n": pa.array(range(len(channels)), pa.int32()),
            "raw": pa.array([_clean(c.raw) for c in channels], pa.string()),
            "id": pa.array([c.public or given for c, given in zip(channels, own, strict=True)], pa.string()),
            "parent": pa.array([c.parent for c in channels], pa.int32()),
            "kind": pa.array([c.kind for c in channels], pa.string()),
            "name": pa.array([redact(_clean(c.name)) if c.name else None for c in channels], pa.string()),
            "created_at": pa.array([c.created for c in channels], pa.int64()),
            "archived_at": pa.array([c.archived for c in channels], pa.int64()),
        }
    )  # fmt: skip
    intake.connection.register("block", block)
    intake.connection.execute("CREATE TABLE channel AS SELECT * FROM block")
    intake.connection.unregister("block")


def _files(intake: Intake, key: bytes) -> None:
    """Give every file its id, its span, and how far it reaches: what reaches further knows better."""
    con = intake.connection
    first: dict[str, int] = {}
    twins = [  # the same file under another name
        f.number
        for f in intake.files
        if f.file.sha256 and first.setdefault(f.fingerprint, f.number) != f.number
    ]
    for stage in intake.stages if twins else ():
        con.execute(f'DELETE FROM "{stage}" WHERE file IN (SELECT unnest(?))', [twins])
    spans = {
        n: (start, end)
        for n, start, end in con.execute(
            "SELECT file, min(ts), max(ts) FROM (SELECT file, ts FROM said UNION ALL "
            "SELECT file, ts FROM happened) GROUP BY file"
        ).fetchall()
    }
    con.execute("CREATE TABLE file (n INTEGER, id VARCHAR, reach BIGINT, size BIGINT)")
    for file in intake.files:
        file.span = file.span or spans.get(file.number)
        file.source_id = "s" + token(key, intake.platform, "source", file.fingerprint)[:12]
    files = intake.files
    block = pa.table(
        {
            "n": pa.array([f.number for f in files], pa.int32()),
            "id": pa.array([f.source_id for f in files], pa.string()),
            "reach": pa.array(
                [f.exported_at or (f.span[1] if f.span else 0) for f in files], pa.int64()
            ),
            "size": pa.array([f.read for f in files], pa.int64()),
        }
    )
    con.register("block", block)
    con.execute("INSERT INTO file FROM block")
    con.unregister("block")


def _cleaner(intake: Intake, redact: Redactor) -> None:
    """Let the database take names and traces of people out of texts."""
    tidy = intake.tidy

    def clean(texts: pa.Array, channels: pa.Array, times: pa.Array) -> pa.Array:
        rows = zip(texts.to_pylist(), channels.to_pylist(), times.to_pylist(), strict=True)
        made = [mask(redact(tidy(t, c, ts) if tidy else t)) if t else t for t, c, ts in rows]
        return pa.array(made, pa.string())

    intake.connection.create_function(
        "clean", clean, ["VARCHAR", "INTEGER", "BIGINT"], "VARCHAR",
        type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL,
    )  # fmt: skip


def _messages(intake: Intake) -> None:
    """Give every message its digest; rows that are the same message have the same."""
    con, own = intake.connection, intake.identity == "own"
    con.execute(
        "CREATE TABLE unsaid AS SELECT own FROM said WHERE author IN (SELECT n FROM gone) AND own IS NOT NULL;"
        "DELETE FROM said WHERE author IN (SELECT n FROM gone)"
    )
    # By words an author is left out: two phones may call one person by two names.
    author = "''" if intake.identity == "words" else "p.canon"
    plain = "s.own IS NOT NULL" if own else "false"
    columns = (
        "s.file, s.row, s.channel, p.who AS author, s.ts, s.kind, s.chars, s.own, s.reply, "
        "s.basis, s.thread, s.edited, s.deleted, s.bot, s.text"
    )
    con.execute(
        f"""
        CREATE TABLE settled AS
        SELECT digest('message', s.own) AS id, {columns}
        FROM said s JOIN person p ON p.n = s.author WHERE {plain}
        UNION ALL
        SELECT digest('said', concat_ws(chr(0), c.raw, s.ts, {author}, s.mark, s.nth)), {columns}
        FROM (
            SELECT s.*, row_number() OVER (
                PARTITION BY s.file, s.channel, s.ts, s.mark{"" if author == "''" else ", p.canon"}
                ORDER BY s.row) AS nth
            FROM (
                FROM said s WHERE NOT ({plain})
                QUALIFY own IS NULL OR row_number() OVER (PARTITION BY file, own ORDER BY row) = 1
            ) s JOIN person p ON p.n = s.author
        ) s JOIN person p ON p.n = s.author JOIN channel c ON c.n = s.channel
        """
    )
    if own:
        reply, thread, joins = "digest('message', m.reply)", "digest('message', m.thread)", ""
    else:
        con.execute(
            "CREATE TABLE owns AS SELECT own, min(id) AS id FROM settled WHERE own IS NOT NULL GROUP BY own"
        )
        reply, thread = "r.id", "t.id"
        joins = "LEFT JOIN owns r ON r.own = m.reply LEFT JOIN owns t ON t.own = m.thread"
    con.execute(
        f"""
        CREATE TABLE message AS
        SELECT m.id, m.channel, CASE WHEN m.thread IS NOT NULL THEN {thread} END AS thread,
            m.author, m.ts, m.kind, m.chars,
            CASE WHEN m.reply IS NOT NULL AND m.reply NOT IN (FROM unsaid) THEN {reply} END AS reply,
            m.basis, m.edited, m.deleted, m.bot, m.file, m.row,
            {"clean(m.text, m.channel, m.ts)" if intake.options.keep_text else "NULL::VARCHAR"} AS text
        FROM settled m {joins}
        """
    )
    con.execute(
        "CREATE TABLE placed AS SELECT id, file, row FROM settled SEMI JOIN "
        "(SELECT file, row FROM named UNION SELECT file, row FROM reacted) USING (file, row);"
        "DROP TABLE settled; DROP TABLE said"
    )


def _happenings(con: DuckDBPyConnection) -> None:
    con.execute(
        """
        CREATE TABLE happening AS
        SELECT h.file, h.row, h.channel, p.who AS member, h.ts, h.action, a.who AS actor, h.method
        FROM happened h JOIN person p ON p.n = h.member
        LEFT JOIN person a ON a.n = h.actor AND a.n NOT IN (SELECT n FROM gone)
        WHERE h.member NOT IN (SELECT n FROM gone)
        """
    )


def _namings(intake: Intake) -> None:
    """Find out who is meant where somebody is named, by message."""
    con = intake.connection
    calls = list(intake.calls)
    asked = con.execute("SELECT DISTINCT call, ts FROM named WHERE call IS NOT NULL").fetchall()
    found: list[tuple[int, int, int]] = []
    for call, ts in asked:
        channel, candidates = calls[call]
        whom = (intake.people.find(name, channel, ts) for name in candidates)
        if (who := next((w for w in whom if w is not None), None)) is not None:
            found.append((call, ts, who))
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    block = pa.table(
        {n: pa.array(c, pa.int64()) for n, c in zip(("call", "ts", "who"), columns, strict=True)}
    )
    con.register("answers", block)
    con.execute(
        """
        CREATE TABLE naming AS
        SELECT DISTINCT m.id, m.file, m.row, t.who AS target, n.kind
        FROM named n JOIN placed m USING (file, row)
        LEFT JOIN answers a ON a.call = n.call AND a.ts = n.ts
        LEFT JOIN person t ON t.n = coalesce(n.target, a.who)
        WHERE (t.who IS NOT NULL OR n.kind = 'all')
            AND (t.n IS NULL OR t.n NOT IN (SELECT n FROM gone))
        """
    )
    [(lost,)] = con.execute(
        "SELECT count(*) FROM named n ANTI JOIN answers a ON a.call = n.call AND a.ts = n.ts "
        "WHERE n.call IS NOT NULL"
    ).fetchall()
    con.unregister("answers")
    intake.note(
        f"{lost:,} mentions or quotations by name lead to nobody known: they are not in mentions.",
        f"{lost:,} 次按名字的点名或引用对不上已知的人：不在 mentions 里。",
        when=lost,
    )


def _reactings(con: DuckDBPyConnection) -> None:
    con.execute(
        """
        CREATE TABLE reacting AS
        SELECT DISTINCT coalesce(m.id, digest('message', r.own)) AS id, m.file, m.row, p.who,
            r.emoji, r.n, r.ts, r.complete, r.file AS told
        FROM reacted r
        LEFT JOIN placed m ON m.file = r.file AND m.row = r.row
        LEFT JOIN person p ON p.n = r.who
        WHERE (m.id IS NOT NULL OR r.own IS NOT NULL)
            AND (p.n IS NULL OR p.n NOT IN (SELECT n FROM gone))
        """
    )
    con.execute("DROP TABLE placed")
