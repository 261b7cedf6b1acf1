"""What holds for every reader, over the rich export that each platform's writer makes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from frictionless import Package
from fuzz import attempt, example, mutated
from hand_made import Imported, write_logs

from shequn.audit import audit
from shequn.check import check
from shequn.sources import PLATFORMS
from shequn.sources.files import Export
from shequn.sources.platforms import matrix, reader, recognise
from shequn.sources.report import WHAT

Import = Callable[..., Imported]
ONCE = 12  # mutations of each in a test run; `make fuzz` goes on


def tables(data: Path) -> dict[str, str]:
    """Return the text of every table."""
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(data.glob("*.csv"))}


def rows(got: Imported, table: str) -> list[dict[str, str]]:
    """Return the rows of a table that may not be there."""
    return got.rows(table) if (got.data / f"{table}.csv").exists() else []


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_rich_export_is_read_and_keeps_the_contract(platform: str, import_as: Import) -> None:
    got = import_as(platform, example(platform), keep_text=True)
    assert got.report.rows_unparsed == 0, got.report.examples
    assert got.report.rows_kept + got.report.rows_ignored == got.report.rows_read > 0
    found = check(got.data)
    assert found.ok, found.render("en")
    package = Package(str(got.data / "datapackage.json")).validate()
    assert package.valid, package.flatten(["type", "message"])
    # The owner's own table of names is for the owner; whatever else goes out holds none of it.
    assert [f for f in audit(got.data) if f.file != "identities.csv"] == []
    for lang in ("en", "zh"):
        assert "None" not in got.report.say(lang) and len(got.report.say(lang).splitlines()) > 8


def test_its_platform_is_recognised(platform: str, tmp_path: Path) -> None:
    found = recognise(Export(write_logs(tmp_path / "e", example(platform))))
    assert found and found[0].platform == platform, found
    assert reader(platform).layouts and reader(platform).hint.zh


def test_the_matrix_says_what_comes_out(platform: str, import_as: Import) -> None:
    got = import_as(platform, example(platform))
    known = matrix()[platform]
    assert set(known) == set(WHAT)
    events = [e for e in rows(got, "membership_events") if e.get("method") != "connection"]
    members = rows(got, "members")
    found = {
        "messages": bool(rows(got, "messages")),
        "joins": any(e["action"] == "join" for e in events)
        or any(m["joined_at_basis"] in ("event", "api", "registration") for m in members),
        "inviters": any(m.get("inviter_id") for m in members)
        or any(e["action"] == "join" and e.get("actor_id") for e in events),
        "leaves": any(m.get("left_at") for m in members)
        or any(e["action"] in ("leave", "kick", "ban") for e in events),
        "replies": any(m.get("reply_to_id") for m in rows(got, "messages")),
        "reactions": bool(rows(got, "reactions")) or bool(rows(got, "votes_badges")),
        "bots": any(r.get("is_bot") == "true" for r in (*members, *rows(got, "messages"))),
    }
    for what, there in found.items():
        assert there == (known[what].level != "none"), (what, known[what])
    names = rows(got, "identities")
    by_id = any(n["platform_user_id"] != n["display_name"] for n in names if n["display_name"])
    assert by_id or known["ids"].level != "full" or not names
    assert not by_id or known["ids"].level != "none"


def test_the_zone_matters_just_where_the_matrix_says(platform: str, import_as: Import) -> None:
    level = matrix()[platform]["zone"].level

    def times(zone: str) -> list[str]:
        got = import_as(platform, example(platform), timezone=zone)
        return [
            row[column]
            for table in ("messages", "membership_events", "members", "content_stats", "orders")
            for row in rows(got, table)
            for column in ("ts", "joined_at", "published_at")
            if row.get(column)
        ]

    there, elsewhere = sorted(times("UTC")), sorted(times("Asia/Shanghai"))
    assert there == elsewhere or level != "full"
    assert there != elsewhere or level != "none" or not there  # spend has days only


def test_the_same_export_twice_changes_nothing(platform: str, import_as: Import) -> None:
    got = import_as(platform, example(platform), keep_text=True)
    before = tables(got.data)
    import_as(platform, example(platform), into=got.data, keep_text=True)
    assert tables(got.data) == before


def test_the_names_of_the_files_folder_do_not_matter(
    platform: str, import_as: Import, tmp_path: Path
) -> None:
    got = import_as(platform, example(platform))
    moved = import_as(platform, {f"zz/{n}": c for n, c in example(platform).items()})
    assert tables(moved.data) == tables(got.data)


def test_mutated_exports_are_read_or_refused(platform: str, tmp_path: Path) -> None:
    said = {"read": 0, "refused": 0}
    for seed in range(ONCE):
        files = mutated(example(platform), random.Random(seed))
        said[attempt(platform, files, tmp_path / "w", keep_text=bool(seed % 2))] += 1
    assert sum(said.values()) == ONCE
