"""Writing a data folder: whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import json
import multiprocessing
import os
import signal
import stat
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import duckdb
import pytest
from frictionless import Package
from hypothesis import given, settings
from hypothesis import strategies as st

from shequn import atomic, schema
from shequn.sources import folder
from shequn.sources.folder import Community, refuse_occupied
from shequn.sources.report import ImportReport
from shequn.text import ShequnError, not_a_formula

Rows = tuple[tuple[str, ...], Sequence[Sequence[Any]]]  # columns and rows of a table
_TYPES = schema.DUCKDB_TYPES | {"datetime": "BIGINT"}


def community(*messages: Sequence[Any]) -> dict[str, Rows]:
    rows = list(messages) or [("x1", "m1", 0)]
    return {
        "members": (("member_id", "is_bot"), [(m, False) for m in sorted({r[1] for r in rows})]),
        "messages": (("message_id", "author_id", "ts"), rows),
        "identities": (("member_id", "display_name"), [("m1", "Bob")]),
    }


def write(
    out: Path, tables: Mapping[str, Rows], *, name: str = "c", overwrite: bool = False
) -> None:
    """Write tables as an import does."""
    with folder.making(out, overwrite=overwrite) as new, duckdb.connect() as con:
        queries = {}
        for table, (columns, rows) in tables.items():
            contract = schema.tables().get(table)
            kinds = [
                _TYPES[contract.columns[c].type]
                if contract and c in contract.columns
                else "VARCHAR"
                for c in columns
            ]
            given = ", ".join(f'"{c}" {k}' for c, k in zip(columns, kinds, strict=True))
            con.execute(f"CREATE TABLE rows_{table} ({given})")
            for row in rows:
                con.execute(f"INSERT INTO rows_{table} VALUES ({', '.join('?' * len(row))})", row)
            queries[table] = f"FROM rows_{table}"
        report = ImportReport("irc", "Asia/Shanghai")
        folder.fill(new, Community(name, "Asia/Shanghai", queries, report), con)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_folder_describes_itself_and_holds_the_contract(tmp_path: Path) -> None:
    write(tmp_path / "data", community(("x1", "m1", 0), ("x2", "m1", 1_700_000_000)))
    package = json.loads((tmp_path / "data" / "datapackage.json").read_text(encoding="utf-8"))
    assert package["community"] == {
        "name": "c",
        "timezone": "Asia/Shanghai",
        "day_start": "00:00",
        "week_start": "monday",
        "synthetic": False,
    }
    columns = {r["name"]: [f["name"] for f in r["schema"]["fields"]] for r in package["resources"]}
    assert columns == {
        "members": ["member_id", "is_bot"],
        "messages": ["message_id", "author_id", "ts"],
        "identities": ["member_id", "display_name"],
    }
    keys = {r["name"]: r["schema"].get("foreignKeys") for r in package["resources"]}
    assert keys["messages"][0]["reference"]["resource"] == "members"
    report = Package(str(tmp_path / "data" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "message"])


def test_values_are_written_as_the_contract_says(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "members": (
            ("member_id", "joined_at", "is_bot", "is_staff"),
            [("m1", 1_704_067_200, True, None), ("m2", None, False, False)],
        ),
        "spend": (("date", "channel", "cost"), [(dt.date(2024, 2, 29), 'a,"b"\nc', 1.5)]),
    }
    write(tmp_path / "data", tables)
    assert (tmp_path / "data" / "members.csv").read_bytes() == (
        b"member_id,joined_at,is_bot,is_staff\nm1,2024-01-01T00:00:00Z,true,\nm2,,false,false\n"
    )
    assert (tmp_path / "data" / "spend.csv").read_bytes() == (
        b'date,channel,cost\n2024-02-29,"a,""b""\nc",1.5\n'
    )


def test_a_table_or_column_outside_the_contract_is_a_fault_of_the_reader(tmp_path: Path) -> None:
    for tables in ({"people": (("id",), [])}, {"members": (("member_id", "nick"), [])}):
        with pytest.raises(ValueError, match="not in the contract"):
            write(tmp_path / "data", tables)
    assert not (tmp_path / "data").exists()
    assert not list(tmp_path.iterdir())


def test_identities_are_for_their_owner_alone(tmp_path: Path) -> None:
    write(tmp_path / "data", community())
    assert stat.S_IMODE((tmp_path / "data" / "identities.csv").stat().st_mode) == 0o600


@settings(max_examples=60, deadline=None)
@given(names=st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_name_survives_the_csv(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    out = tmp_path_factory.mktemp("any") / "data"
    rows = [(f"m{i}", name) for i, name in enumerate(names)]
    write(out, {"identities": (("member_id", "display_name"), rows)})
    with (out / "identities.csv").open(encoding="utf-8", newline="") as file:
        read = [(r["member_id"], r["display_name"]) for r in csv.DictReader(file)]
    assert [m for m, _ in read] == [m for m, _ in rows]
    for (_, name), (_, back) in zip(rows, read, strict=True):
        plain = not_a_formula(name.replace("\r\n", "\n"))
        assert len(back) == len(plain)
        for a, b in zip(plain, back, strict=True):
            assert a == b or (b == "\ufffd" and ord(a) in (*range(32), 127))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u202eabc", "\u202eabc"),
    ],
)
def test_names_stay_verbatim_but_for_formulas(tmp_path: Path, name: str, kept: str) -> None:
    """People open the table of names in a spreadsheet, which would run a name that is a formula."""
    tables: dict[str, Rows] = {
        "identities": (("member_id", "display_name"), [("m1", name)]),
        "messages": (("message_id", "text"), [("1", name)]),
    }
    write(tmp_path / "data", tables)
    for table, column, cell in (("identities", "display_name", kept), ("messages", "text", kept)):
        with (tmp_path / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.DictReader(file))[column] == cell


def test_what_is_there_is_not_lost(tmp_path: Path) -> None:
    out = tmp_path / "data"
    write(out, community())
    before = snapshot(out)
    with pytest.raises(ShequnError, match="not empty") as caught:
        write(out, community(), name="new")
    assert "--overwrite" in caught.value.say("en")
    assert "--overwrite" in caught.value.say("zh")
    assert snapshot(out) == before


def test_overwriting_swaps_the_whole_folder(tmp_path: Path) -> None:
    out = tmp_path / "data"
    write(out, community())
    (out / "stray.csv").write_text("x")
    write(out, community(), name="new", overwrite=True)
    assert not (out / "stray.csv").exists()
    assert json.loads((out / "datapackage.json").read_text())["community"]["name"] == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_folder_of_something_else_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ShequnError, match="something else"):
        refuse_occupied(tmp_path, overwrite=True)
    (tmp_path / "datapackage.json").write_text('{"name": "other"}')
    with pytest.raises(ShequnError, match="something else"):
        refuse_occupied(tmp_path, overwrite=True)


def test_an_empty_folder_is_filled_and_a_file_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", community())
    assert (tmp_path / "data" / "messages.csv").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ShequnError, match="is a file"):
        write(tmp_path / "file", community())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ShequnError, match="cannot be written"):
        write(tmp_path / "file" / "data", community())


def test_a_stop_halfway_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "data"
    write(out, community())
    before = snapshot(out)
    broken = {**community(), "spend": (("date", "channel", "cost"), [(None, "x", "not a number")])}
    with pytest.raises(duckdb.Error):
        write(out, broken, name="new", overwrite=True)
    assert snapshot(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def _write_new(out: Path, stop: int, exchange: bool, steps: Synchronized[int]) -> None:
    """Overwrite a folder, and kill the own process at the n-th step that touches the disk."""

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            steps.value += 1
            if steps.value == stop:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return step

    for name in ("fsync", "open", "mkdir", "unlink", "rename", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    swap = counted(atomic._exchange)
    atomic._exchange = swap if exchange else lambda one, other: False
    write(out, renewed(), name="new", overwrite=True)


def renewed() -> dict[str, Rows]:
    return community(("x2", "m1", 5))


def kill_at(out: Path, stop: int, *, exchange: bool) -> tuple[int, int | None]:
    """Return the steps made and the exit code; 0 for ``stop`` kills nothing."""
    context = multiprocessing.get_context("fork")
    steps = context.Value("i", 0)
    child = context.Process(target=_write_new, args=(out, stop, exchange, steps))
    child.start()
    child.join(60)
    return steps.value, child.exitcode


@pytest.mark.parametrize("exchange", [True, False])
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, exchange: bool) -> None:
    whole = tmp_path / "whole" / "data"
    write(whole, community())
    old = snapshot(whole)
    steps, code = kill_at(whole, 0, exchange=exchange)
    assert code == 0
    assert steps > 10
    new = snapshot(whole)
    seen = set()
    for step in range(1, steps + 1):
        out = tmp_path / f"at{step}" / "data"
        write(out, community())
        assert kill_at(out, step, exchange=exchange) == (step, -signal.SIGKILL)
        if not exchange:  # two moves: the next call, though refused, mends a stop between them
            with pytest.raises(ShequnError, match="not empty"):
                write(out, community(), name="other")
        left = snapshot(out)
        assert left in (old, new), f"mixed at step {step}"
        seen.add(left == new)
        write(out, renewed(), name="new", overwrite=True)
        assert snapshot(out) == new
        assert [p.name for p in out.parent.iterdir()] == ["data"], "leftovers were not cleared"
    assert seen == {True, False}, "the kills must fall before and after the change"


def test_every_table_of_the_contract_can_be_written_empty(tmp_path: Path) -> None:
    write(tmp_path / "data", {n: (tuple(t.columns), []) for n, t in schema.tables().items()})
    report = Package(str(tmp_path / "data" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "message"])
