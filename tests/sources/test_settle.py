"""From what a reader understood to the tables: pseudonyms, duplicates, mentions, reactions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported
from plain import event, lines, said, use

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def plain(import_as: Import, monkeypatch: pytest.MonkeyPatch) -> Import:
    use(monkeypatch)
    return lambda *records, **options: import_as("plain", {"a.jsonl": lines(*records)}, **options)


def test_the_id_of_a_message_is_an_hmac_of_platform_and_own_id(
    plain: Import, tmp_path: Path
) -> None:
    got = plain(said("ann", 60, own="m1"), said("bob", 120, own="m2", reply="m1"))
    key = (tmp_path / "key").read_bytes()  # RFC 2104, by the standard library
    first = hmac.new(key, b"plain\0message\0m1", hashlib.sha256).hexdigest()[:16]
    rows = got.rows("messages")
    assert rows[0]["message_id"] == f"t{first}"
    assert rows[1]["reply_to_id"] == f"t{first}"


def test_ids_without_leading_digits_keep_their_length(plain: Import) -> None:
    got = plain(*(said("ann", i, own=f"m{i}") for i in range(1, 400)))
    ids = [r["message_id"] for r in got.rows("messages")]
    assert {len(i) for i in ids} == {17}  # a sixteenth of all digests begins with a nought
    assert len(set(ids)) == 399


def test_the_newest_version_of_a_message_counts_and_a_deletion_stays(plain: Import) -> None:
    got = plain(
        said("ann", 60, "first", own="m1"),
        said("ann", 60, "changed!", own="m1", edited=90),
        said("ann", 60, "long before", own="m1", edited=70),
        said("bob", 100, "gone", own="m2", deleted=130),
        said("bob", 100, "gone, then edited", own="m2", edited=140),
    )
    [one, two] = got.rows("messages")
    assert (one["n_chars"], one["edited_at"]) == ("8", "1970-01-01T00:01:30Z")
    assert two["deleted_at"] == "1970-01-01T00:02:10Z"
    assert got.report.rows_duplicate == 3 and got.report.rows_kept == 2


def test_the_file_that_reaches_furthest_counts(
    import_as: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch)
    old = lines(said("ann", 60, "old", own="m1"))
    new = lines(said("ann", 60, "renewed", own="m1"), said("ann", 900, own="m3"))
    got = import_as("plain", {"b.jsonl": old, "a.jsonl": new})
    assert [r["n_chars"] for r in got.rows("messages")] == ["7", "1"]
    assert [f.duplicate for f in got.report.files_left_out] == [True]
    told = lines(("exported", 5000), said("ann", 60, "exported late", own="m1"))
    got = import_as("plain", {"b.jsonl": told, "a.jsonl": new})
    assert [r["n_chars"] for r in got.rows("messages")] == ["13", "1"]


@pytest.mark.parametrize(
    ("identity", "kept"),
    [
        # By second: one author's messages of a second are told apart by their order.
        ("second", 4),
        # By words: whoever said it, the same words in the same moment are counted.
        ("words", 4),
    ],
)
def test_messages_without_ids_in_two_files(
    import_as: Import, monkeypatch: pytest.MonkeyPatch, identity: str, kept: int
) -> None:
    use(monkeypatch, identity)
    both = [
        said("ann", 60, "hi", own=None), said("ann", 60, "hi", own=None),
        said("bob", 60, "yes", own=None), said("bob", 61, "yes", own=None),
    ]  # fmt: skip
    got = import_as("plain", {"a.jsonl": lines(*both), "b.jsonl": lines(*both[1:])})
    assert got.report.messages == kept
    assert len({r["message_id"] for r in got.rows("messages")}) == kept


def test_by_words_two_names_for_one_message_are_one_message(
    import_as: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "words")
    one, other = (
        said("Ann", 60, "hello there", own=None),
        said("+49 1", 60, "hello there", own=None),
    )
    got = import_as("plain", {"a.jsonl": lines(one), "b.jsonl": lines(other)})
    assert got.report.messages == 1
    use(monkeypatch, "second")
    got = import_as("plain", {"a.jsonl": lines(one), "b.jsonl": lines(other)})
    assert got.report.messages == 2


def test_answers_find_their_target_also_where_ids_are_not_stable(
    import_as: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "second")
    got = import_as("plain", {"a.jsonl": lines(
        said("ann", 60, own="77"), said("bob", 61, own="78", reply="77", basis="explicit"),
        said("bob", 62, own="79", reply="12", basis="explicit"),
    )})  # fmt: skip
    rows = got.rows("messages")
    assert [r["reply_to_id"] for r in rows] == ["", rows[0]["message_id"], ""]
    assert [r["reply_basis"] for r in rows] == ["", "explicit", ""]


def test_a_name_means_who_bears_it_then(plain: Import) -> None:
    got = plain(
        said("u1", 100, name="Ann"), said("u1", 200, name="Ann"), said("u1", 900, name="Annie"),
        said("u2", 700, name="Ann"),
        ("mention", {"row": 1, "names": ["Ann"], "ts": 150}),
        ("mention", {"row": 2, "names": ["Ann"], "ts": 690}),
        ("mention", {"row": 3, "names": ["Nobody", "Annie"], "ts": 690}),
        ("mention", {"row": 3, "names": ["Nobody"], "ts": 690}),
        ("mention", {"row": 4, "kind": "all"}),
    )  # fmt: skip
    by_row = {r["message_id"]: r["source_row"] for r in got.rows("messages")}
    who = {v: k for k, v in got.ids.items()}
    found = sorted(
        (by_row[r["message_id"]], who.get(r["target_id"], ""), r["kind"])
        for r in got.rows("mentions")
    )
    assert found == [
        ("1", "u1", "mention"), ("2", "u2", "mention"), ("3", "u1", "mention"), ("4", "", "all"),
    ]  # fmt: skip
    assert any(
        "1 mentions or quotations by name lead to nobody" in a.en for a in got.report.assumptions
    )


def test_reactions_by_row_and_by_id(plain: Import) -> None:
    got = plain(
        said("ann", 60, own="m1"),
        ("reaction", {"row": 1, "emoji": "+1", "who": "bob", "complete": True}),
        ("reaction", {"row": None, "own": "m1", "emoji": "❤", "n": 3}),
        ("reaction", {"row": None, "own": "elsewhere", "emoji": "❤", "n": 3}),
    )
    assert [(r["member_id"], r["emoji"], r["n"], r["complete"]) for r in got.rows("reactions")] == [
        (got.ids["bob"], "+1", "1", "true"),
        ("", "❤", "3", ""),
    ]
    assert got.report.reactions == 4


def test_what_nothing_is_known_of_is_not_written(plain: Import) -> None:
    got = plain(said("ann", 60))
    assert {p.stem for p in got.data.glob("*.csv")} == {
        "members", "messages", "channels", "sources", "identities",
    }  # fmt: skip
    assert "thread_id" not in got.rows("messages")[0] and "text" not in got.rows("messages")[0]


def test_kept_text_holds_no_name_no_long_id_and_no_trace(plain: Import) -> None:
    got = plain(
        said("wxid_annann", 60, "Bob's shop, ask wxid_annann or 13800138000", name="Ann"),
        said("bob_raw", 61, "ann? ANN! annotate", name="Bob"),
        said("x", 62, "=1+1", name="Ann Lee"),
        keep_text=True,
    )
    a, b = got.ids["wxid_annann"], got.ids["bob_raw"]
    assert [r["text"] for r in got.rows("messages")] == [
        f"{b}'s shop, ask {a} or [phone]", f"{a}? {a}! annotate", "'=1+1",
    ]  # fmt: skip


def test_lists_by_hand(plain: Import, tmp_path: Path) -> None:
    from shequn.sources.lists import Lists

    (tmp_path / "staff.txt").write_text("# our own\nAnn\n")
    (tmp_path / "bots.txt").write_text("u9\n")
    (tmp_path / "aliases.csv").write_text("account,person\nu3,u2\n")
    records = [
        said("u1", 60, name="Ann"), said("u2", 61, name="Bob"), said("u3", 62, name="Bobby"),
        said("u9", 63, name="Clock"),
    ]  # fmt: skip
    by_hand = Lists(tmp_path / "aliases.csv", tmp_path / "staff.txt", tmp_path / "bots.txt")
    got = plain(*records, by_hand=by_hand)
    rows = {r["member_id"]: r for r in got.rows("members")}
    assert got.ids["u2"] == got.ids["u3"] and len(rows) == 3
    assert rows[got.ids["u1"]]["is_staff"] == "true" and rows[got.ids["u9"]]["is_bot"] == "true"
    assert (got.report.staff, got.report.bots) == (1, 1)
    authors = [r["author_id"] for r in got.rows("messages")]
    assert authors[1] == authors[2]
    (tmp_path / "staff.txt").write_text("Ann\nZoe\n")
    with pytest.raises(ShequnError, match="line 2: nobody"):
        plain(*records, by_hand=by_hand)


def test_staff_by_role_and_who_is_none(plain: Import, tmp_path: Path) -> None:
    from shequn.sources.lists import Lists

    (tmp_path / "staff.txt").write_text("!u3\nrole: admin\n")
    records = [
        said("u1", 60), said("u2", 61), said("u3", 62),
        ("member", {"raw": "u2", "role": "admin"}), ("member", {"raw": "u3", "role": "admin"}),
        ("member", {"raw": "u1", "role": "owner"}),
    ]  # fmt: skip
    got = plain(*records, by_hand=Lists(staff=tmp_path / "staff.txt"))
    staff = {r["member_id"] for r in got.rows("members") if r["is_staff"] == "true"}
    assert staff == {got.ids["u2"]}
    (tmp_path / "staff.txt").write_text("role:boss\n")
    with pytest.raises(
        ShequnError, match="line 1: nobody in this export has the role 'boss'"
    ) as no:
        plain(*records, by_hand=Lists(staff=tmp_path / "staff.txt"))
    assert "There is: admin, owner." in no.value.say("en")


def test_bots_by_name_where_the_platform_marks_none(plain: Import, tmp_path: Path) -> None:
    from shequn.sources.lists import Lists

    records = [
        said("u1", 60, name="签到机器人"), said("u1", 70, name="阿明"), said("u2", 61, name="Talbot"),
        said("wikibot", 62), said("u4", 63, name="NewsBot"), said("u5", 64, name="我爱机器人"),
    ]  # fmt: skip
    got = plain(*records)
    bots = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    assert bots == {got.ids["u1"], got.ids["wikibot"], got.ids["u4"]}
    assert any("3 accounts are bots by their name" in a.en for a in got.report.assumptions)
    (tmp_path / "bots.txt").write_text("!NewsBot\n")
    again = plain(*records, by_hand=Lists(bots=tmp_path / "bots.txt"))
    rows = {r["member_id"]: r["is_bot"] for r in again.rows("members")}
    assert rows[again.ids["u4"]] == "false" and rows[again.ids["u1"]] == "true"


def test_a_platform_that_marks_its_bots_is_believed(
    plain: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shequn.sources import bots
    from shequn.sources.platforms import Known
    from shequn.text import Text

    known = {"plain": {"bots": Known("full", Text("marked", "有标记"))}}
    monkeypatch.setattr(bots, "matrix", lambda: known)
    got = plain(said("wikibot", 62))
    assert got.rows("members")[0]["is_bot"] == "false"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([event("u", 50, "join", actor="v", method="invite"), said("u", 60)],
         ("50", "event", "invite", "v", "", "")),
        ([said("u", 60), event("u", 90, "join")], ("60", "first_message", "", "", "", "")),
        ([event("u", 50, "join", method="connection"), said("u", 60)],
         ("60", "first_message", "", "", "", "")),
        ([("member", {"raw": "u", "joined_at": 40, "joined_at_basis": "registration"}),
          said("u", 60)], ("40", "registration", "", "", "", "")),
        # A list tells of the latest joining: who wrote before was there before.
        ([("member", {"raw": "u", "joined_at": 80, "joined_at_basis": "api"}), said("u", 60)],
         ("60", "first_message", "", "", "", "")),
        ([event("u", 50, "join"), event("u", 70, "leave")], ("50", "event", "unknown", "", "70", "event")),
        ([said("u", 60), event("u", 70, "kick", actor="v"), event("u", 80, "join")],
         ("60", "first_message", "", "", "", "")),
        ([said("u", 60), event("u", 70, "leave"), said("u", 75)], ("60", "first_message", "", "", "", "")),
        ([said("u", 60), event("u", 60, "leave")], ("60", "first_message", "", "", "60", "event")),
        # Still in the other channel.
        ([said("u", 60), event("u", 70, "leave"), said("u", 65, channel="d", own="z")],
         ("60", "first_message", "", "", "", "")),
        ([said("u", 60), event("u", 70, "leave", method="snapshot")],
         ("60", "first_message", "", "", "70", "snapshot")),
        ([said("u", 60, kind="system")], ("", "", "", "", "", "")),
        ([("member", {"raw": "u", "left_at": 90, "left_at_basis": "snapshot"}), said("u", 60)],
         ("60", "first_message", "", "", "90", "snapshot")),
        ([("member", {"raw": "u", "left_at": 50}), said("u", 60)],
         ("60", "first_message", "", "", "", "")),
    ],
)  # fmt: skip
def test_who_is_a_member_since_when(
    plain: Import, records: list[tuple[str, object]], expected: tuple[str, ...]
) -> None:
    got = plain(*records)
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids["u"]]
    who = {v: k for k, v in got.ids.items()}

    def second(text: str) -> str:
        return str(int(text[14:16]) * 60 + int(text[17:19])) if text else ""

    assert (
        second(row["joined_at"]), row["joined_at_basis"], row.get("join_method", ""),
        who.get(row.get("inviter_id", ""), ""), second(row.get("left_at", "")),
        row.get("left_at_basis", ""),
    ) == expected  # fmt: skip


def test_an_event_that_two_files_tell_is_one(
    import_as: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch)
    files = {
        "a.jsonl": lines(event("u", 50, "join", actor="v")),
        "b.jsonl": lines(event("u", 50, "join"), event("u", 70, "leave")),
    }
    got = import_as("plain", files)
    rows = got.rows("membership_events")
    assert [(r["action"], r["actor_id"]) for r in rows] == [("join", got.ids["v"]), ("leave", "")]


def test_other_tables_hide_people_and_keys(plain: Import) -> None:
    got = plain(
        ("add", {"table": "orders", "row": 1, "order_id": "A1", "member_id": "13800138000",
                 "ts": 60, "gross": 9.5, "referrer_id": "ann"}),
        ("add", {"table": "votes_badges", "row": 2, "member_id": "ann", "kind": "badge",
                 "object_id": "Teacher"}),
    )  # fmt: skip
    [order] = got.rows("orders")
    assert order["member_id"] == got.ids["13800138000"] and order["referrer_id"] == got.ids["ann"]
    assert "A1" not in order["order_id"] and len(order["order_id"]) >= 15
    assert got.rows("votes_badges")[0]["object_id"] == "Teacher"
    assert got.report.other_rows == {"orders": 1, "votes_badges": 1}
    assert {r["member_id"] for r in got.rows("members")} == set(got.ids.values())
