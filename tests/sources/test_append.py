"""Merging exports into one folder: in any order, any number of times, the same folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_made import Imported, write_logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain import event, lines, said, use

from shequn.forget import forget
from shequn.sources import import_export
from shequn.text import ShequnError

Import = Callable[..., Imported]
Record = tuple[str, dict[str, Any]]


def tables(data: Path) -> dict[str, str]:
    """Return the text of every table."""
    return {p.name: p.read_text(encoding="utf-8") for p in sorted(data.glob("*.csv"))}


@pytest.fixture
def plain(import_as: Import, monkeypatch: pytest.MonkeyPatch) -> Import:
    use(monkeypatch)

    def run(*records: Record, into: Path | None = None, **options: Any) -> Imported:
        return import_as("plain", {"a.jsonl": lines(*records)}, into=into, **options)

    return run


def test_the_same_export_twice_changes_nothing(plain: Import) -> None:
    records = [said("ann", 60), said("bob", 70, reply="ann60"), event("bob", 65, "join"),
               ("mention", {"row": 2, "target": "ann"}),
               ("reaction", {"row": 1, "emoji": "x", "who": "bob"})]  # fmt: skip
    got = plain(*records)
    before = tables(got.data)
    again = plain(*records, into=got.data)
    assert tables(got.data) == before
    assert again.report.rows_duplicate == 2
    assert len(again.rows("reactions")) == len(again.rows("mentions")) == 1


def test_edits_and_deletions_are_applied_and_their_mentions_go(plain: Import) -> None:
    first = plain(
        said("ann", 60, "hi @bob", own="m1"), said("bob", 70, own="m2"),
        ("mention", {"row": 1, "target": "bob"}),
        ("reaction", {"row": 2, "emoji": "x", "n": 1}),
    )  # fmt: skip
    assert len(first.rows("mentions")) == 1
    plain(
        said("ann", 60, "hello", own="m1", edited=90), said("bob", 70, own="m2", deleted=95),
        ("reaction", {"row": 2, "emoji": "x", "n": 4}), said("ann", 99, own="m3"),
        into=first.data,
    )  # fmt: skip
    rows = first.rows("messages")
    assert [r["n_chars"] for r in rows] == ["5", "1", "1"]
    assert rows[0]["edited_at"] and rows[1]["deleted_at"]
    assert not (first.data / "mentions.csv").exists()
    assert [r["n"] for r in first.rows("reactions")] == ["4"]


def test_an_older_export_does_not_undo_a_newer_one(plain: Import) -> None:
    new = plain(said("ann", 60, "hello", own="m1", edited=90), said("ann", 99, own="m3"))
    plain(said("ann", 60, "hi", own="m1"), into=new.data)
    assert [r["n_chars"] for r in new.rows("messages")] == ["5", "1"]


def test_a_name_known_from_the_folder_is_understood(plain: Import) -> None:
    got = plain(said("u1", 60, name="Ann"))
    plain(said("u2", 90), ("mention", {"row": 1, "names": ["Ann"], "ts": 90}), into=got.data)
    assert [r["target_id"] for r in got.rows("mentions")] == [got.ids["u1"]]
    names = {(r["platform_user_id"], r["display_name"]) for r in got.rows("identities")}
    assert names == {("u1", "Ann"), ("u2", "")}


def test_two_accounts_that_prove_one_person_later(plain: Import) -> None:
    got = plain(said("u1", 60), said("u2", 70), event("u2", 65, "join", actor="u1"))
    assert got.report.members == 2
    again = plain(("same", {"one": "u2", "other": "u1"}), said("u3", 80), into=got.data)
    assert again.report.members == 2 and again.ids["u1"] == again.ids["u2"]
    assert {r["author_id"] for r in again.rows("messages")} == {again.ids["u1"], again.ids["u3"]}
    # And the other way about: what was known as one stays one.
    once_more = plain(said("u2", 95), into=got.data)
    assert once_more.ids["u1"] == once_more.ids["u2"]


def test_an_alias_by_hand_stays(plain: Import, tmp_path: Path) -> None:
    from shequn.sources.lists import Lists

    got = plain(said("u1", 60), said("u2", 70))
    (tmp_path / "aliases.csv").write_text(f"account,person\nu2,{got.ids['u1']}\n")
    plain(said("u2", 80), into=got.data, by_hand=Lists(aliases=tmp_path / "aliases.csv"))
    assert got.report.members == 2 and len(got.rows("members")) == 1
    before = tables(got.data)
    plain(said("u2", 80), into=got.data)
    assert tables(got.data) == before


def test_who_was_forgotten_does_not_come_back(plain: Import) -> None:
    records = [said("ann", 60, own="m1"), said("bob", 70, own="m2", reply="m1"),
               ("reaction", {"row": 2, "emoji": "x", "who": "ann"}),
               ("mention", {"row": 2, "target": "ann"}), event("ann", 55, "join")]  # fmt: skip
    got = plain(*records)
    ann = got.ids["ann"]
    forget(got.data, [ann])
    without = tables(got.data)
    for options in ({"into": got.data}, {}):
        if not options:
            out, place = got.data, got.data.parent / "again"
            write_logs(place, {"a.jsonl": lines(*records)})
            import_export("plain", place, out, timezone="UTC", overwrite=True,
                          key_file=got.data.parent / "key")  # fmt: skip
        else:
            plain(*records, **options)
        assert ann not in "".join(tables(got.data).values())
        assert [r["author_id"] for r in got.rows("messages")] == [got.ids["bob"]]
        assert not got.rows("messages")[0].get("reply_to_id")
    assert set(without) >= set(tables(got.data))
    assert ann not in (got.data / "forgotten.json").read_text()


def test_another_key_is_refused(plain: Import, tmp_path: Path) -> None:
    got = plain(said("u1", 60))
    before = tables(got.data)
    with pytest.raises(ShequnError, match="another key"):
        plain(said("u1", 90), into=got.data, key_file=tmp_path / "other")
    assert tables(got.data) == before


def test_tables_by_hand_and_the_communitys_settings_stay(plain: Import) -> None:
    got = plain(said("u1", 60), timezone="Asia/Shanghai")
    (got.data / "goals.csv").write_text(
        "goal_id,metric,target,due,own_note\ng1,dau,5,2025-01-01,x\n"
    )
    package = json.loads((got.data / "datapackage.json").read_text())
    package["community"] |= {"name": "Ours", "day_start": "04:00"}
    (got.data / "datapackage.json").write_text(json.dumps(package))
    plain(said("u1", 90), into=got.data, timezone="Asia/Shanghai")
    assert "own_note" in (got.data / "goals.csv").read_text()
    community = json.loads((got.data / "datapackage.json").read_text())["community"]
    assert (community["name"], community["day_start"]) == ("Ours", "04:00")


def test_two_platforms_in_one_folder(plain: Import, import_as: Import) -> None:
    got = plain(said("u1", 60, name="Ann"))
    chat = {
        "chatlab": {"version": "0.0.2", "exportedAt": 1},
        "meta": {"name": "G", "platform": "qq", "type": "group"},
        "members": [{"platformId": "u1", "accountName": "Ann"}],
        "messages": [{"sender": "u1", "accountName": "Ann", "timestamp": 90, "type": 0,
                      "content": "x"}],
    }  # fmt: skip
    import_as("chatlab", {"c.json": json.dumps(chat)}, into=got.data)
    assert len(got.rows("members")) == len(got.rows("messages")) == 2  # not one person by chance
    assert {r["platform"] for r in got.rows("identities")} == {"plain", "chatlab"}
    assert {r["platform"] for r in got.rows("sources")} == {"plain", "chatlab"}
    before = tables(got.data)
    plain(said("u1", 60, name="Ann"), into=got.data)
    assert tables(got.data) == before


authors = st.sampled_from("abcd")
moments = st.integers(1, 60)
actions = st.sampled_from(["join", "leave", "kick"])


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    words=st.lists(st.tuples(authors, moments), min_size=1, max_size=12, unique=True),
    moves=st.lists(st.tuples(authors, moments, actions), max_size=6),
    cut=st.integers(0, 60),
    overlap=st.integers(0, 30),
    identity=st.sampled_from(["own", "second", "words"]),
)
def test_any_cut_and_any_order_give_the_same_folder(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[tuple[str, int]],
    moves: list[tuple[str, int, str]],
    cut: int,
    overlap: int,
    identity: str,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use(patch, identity)
        own: dict[str, Any] = {} if identity == "own" else {"own": None}
        # At times d goes by the name of a bot.
        every = [
            said(a, t, f"{a}{t}", name="Dbot" if a == "d" and t % 2 else a.upper(), **own)
            for a, t in words
        ]
        every += [event(a, t, what) for a, t, what in moves]
        every.sort(key=lambda r: (r[1]["ts"], r[0], str(r[1])))
        early = lines(*(r for r in every if r[1]["ts"] <= cut + overlap))
        late = lines(*(r for r in every if r[1]["ts"] > cut))
        place = tmp_path_factory.mktemp("cut")
        key = place / "key"

        def load(out: str, *exports: str, append: bool = False) -> dict[str, str]:
            shutil.rmtree(place / "export", ignore_errors=True)
            write_logs(place / "export", {f"{i}.jsonl": e for i, e in enumerate(exports)})
            import_export("plain", place / "export", place / out, timezone="UTC", key_file=key,
                          append=append)  # fmt: skip
            return tables(place / out)

        if not early or not late:
            return
        whole = load("whole", early, late)
        assert load("turned", late, early) == whole
        load("one", early)
        assert load("one", late, append=True) == whole
        load("other", late)
        assert load("other", early, append=True) == whole
        assert load("other", late, early, append=True) == whole
