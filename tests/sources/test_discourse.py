"""Discourse: CSV built from the exporter's source; genuine pages of the API."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported
from made_discourse import archive, example, post, sheet

from shequn.text import ShequnError

Import = Callable[..., Imported]
REAL = Path(__file__).parents[2].parent / "shared/data/mailing-list-and-forum-payloads"


def by_text(got: Imported) -> dict[str, dict[str, str]]:
    return {r["text"]: r for r in got.rows("messages")}


def members(got: Imported) -> dict[str, dict[str, str]]:
    return {
        raw: m for m in got.rows("members") for raw, own in got.ids.items() if own == m["member_id"]
    }


def test_the_user_list_tells_who_is_there_since_when(import_as: Import) -> None:
    known = members(import_as("discourse", example()))
    assert (known["3"]["joined_at"], known["3"]["joined_at_basis"]) == (
        "2024-03-01T08:00:00Z",
        "registration",
    )
    assert (known["2"]["role"], known["2"]["trust_level"]) == ("admin", "3")
    assert {raw for raw in known if known[raw]["is_bot"] == "true"} == {"'-1", "'-2", "5"}
    assert (
        known["3"]["inviter_id"] == known["2"]["member_id"]
        and known["3"]["join_method"] == "invite"
    )


def test_only_a_suspension_that_lasts_is_a_leaving(import_as: Import) -> None:
    got = import_as("discourse", example())
    known = members(got)
    assert (known["4"]["left_at"], known["4"]["left_at_basis"]) == ("2024-03-03T08:00:00Z", "event")
    assert known["6"]["left_at"] == ""
    assert [e["action"] for e in got.rows("membership_events")] == ["join", "ban"]


def test_no_address_and_no_mail_comes_through(import_as: Import) -> None:
    got = import_as("discourse", example(), keep_text=True)
    written = "".join(p.read_text(encoding="utf-8") for p in got.data.iterdir())
    assert (
        "192.0.2" not in written and "example.com" not in written and "example.net" not in written
    )


def test_replies_quotations_and_threads(import_as: Import) -> None:
    got = import_as("discourse", example(), keep_text=True)
    said = by_text(got)
    first = said["When to sow?"]
    may = next(r for t, r in said.items() if "五月" in t)
    assert (may["reply_to_id"], may["reply_basis"]) == (first["message_id"], "explicit")
    assert may["edited_at"] == "2024-03-05T07:30:00Z"
    soon = said["Soon."]
    assert (soon["reply_to_id"], soon["reply_basis"]) == (first["message_id"], "quote")
    assert (
        said["in May"]["reply_basis"] == "thread"
        and said["in May"]["thread_id"] == first["message_id"]
    )
    assert said["closed"]["kind"] == "system" and not said["closed"]["reply_to_id"]
    two = said['Two lines,\n"quoted"']
    assert (said["Gone"]["reply_to_id"], said["Gone"]["deleted_at"]) == (
        two["message_id"],
        "2024-03-08T07:00:00Z",
    )
    assert [m["target_id"] for m in got.rows("mentions")] == [got.ids["2"]]
    names = [c["name"] for c in got.rows("channels")]
    assert sorted(names) == ["", "Garden"], "categories 9 and 8, the second also by its name"


def test_private_messages_and_whispers_are_left_out(import_as: Import) -> None:
    got = import_as("discourse", example(), keep_text=True)
    assert not {"psst", "you", "staff only"} & set(by_text(got))
    assert any("4 posts in private" in a.en for a in got.report.assumptions)


def test_likes_by_number_leave_out_those_by_person(import_as: Import) -> None:
    got = import_as("discourse", example(), keep_text=True)
    first = by_text(got)["When to sow?"]["message_id"]
    found = {(r["member_id"], r["n"]) for r in got.rows("reactions") if r["message_id"] == first}
    assert found == {("", "2"), (got.ids["3"], "1")}, "three likes in all; one was taken back"


def test_likes_of_everybody_by_query_are_all_there_are(import_as: Import) -> None:
    likes = sheet("user_id post_id topic_id post_number created_at", *(
        {"user_id": u, "post_id": 9, "topic_id": 70, "post_number": 1, "created_at": "2024-03-06 10:00:00 UTC"}
        for u in (3, 4, 6)))  # fmt: skip
    files = {n: c for n, c in example().items() if not n.endswith(".zip")}
    got = import_as("discourse", {**files, "likes_all.csv": likes})
    assert sorted(r["member_id"] for r in got.rows("reactions")) == sorted(
        got.ids[u] for u in "346"
    )


def test_an_archive_finds_its_owner_by_settings_or_by_name(import_as: Import) -> None:
    by_name = import_as("discourse", archive(owner=False), keep_text=True)
    assert set(by_name.ids) == {"name/mei_mei"} and list(by_text(by_name)) == ["in May"]
    assert by_name.rows("activity") == [
        {"member_id": by_name.ids["name/mei_mei"], "date": d, "kind": k, "n": n, "seconds": s}
        for d, k, n, s in (
            ("2024-03-05", "read", "12", "340.0"), ("2024-03-05", "visit", "1", ""),
            ("2024-03-06", "visit", "1", ""),
        )
    ]  # fmt: skip
    assert {r["value"] for r in by_name.rows("votes_badges")} == {"Welcome", "Autobiographer"}
    both = import_as(
        "discourse", {**example(), **archive("user_archive-mei_mei-240402-120000-8", owner=False)}
    )
    assert both.ids["name/mei_mei"] == both.ids["3"], "the user list knows both"


def test_a_later_list_leads_a_name_back_to_its_account(import_as: Import) -> None:
    got = import_as("discourse", archive(owner=False))
    files = {n: c for n, c in example().items() if not n.endswith(".zip")}
    import_as("discourse", files, into=got.data)
    assert got.ids["name/mei_mei"] == got.ids["3"]
    assert {r["author_id"] for r in got.rows("messages")} <= {
        m["member_id"] for m in got.rows("members")
    }


def test_files_of_nobody_known_are_counted(import_as: Import) -> None:
    packed = archive("stuff", owner=False)
    got = import_as(
        "discourse",
        {**example(), "a/visits.csv": "visited_at,posts_read\n2024-01-01,3\n", **packed},
    )
    assert any("nothing says whose" in a.en for a in got.report.assumptions)


def test_a_backup_is_refused_in_words(import_as: Import) -> None:
    for name in ("dump.sql", "dump.sql.gz"):
        with pytest.raises(ShequnError, match="backup holds every password"):
            import_as(
                "discourse",
                {name: b"-- PostgreSQL" if name[-1] == "l" else __import__("gzip").compress(b"--")},
            )


def test_rows_that_make_no_sense_are_counted(import_as: Import) -> None:
    bad = [
        {"topic_id": 1, "post_number": 1, "created_at": "2024-03-05T06:00:00Z", "user_id": 2, "cooked": "ok"},
        {"topic_id": [], "post_number": {}, "created_at": 5},
        {"topic_id": 1, "post_number": 10**400, "created_at": "2024-03-05T06:00:00Z", "user_id": 2},
        {"topic_id": 1, "post_number": 2, "created_at": "2024-03-05T06:00:00Z", "user_id": 2, "username": ["x"],
         "name": 5, "actions_summary": {"id": 2}, "reactions": [1, {"id": [], "count": -1}], "categories": [],
         "trust_level": "x" * 99, "raw": 7, "cooked": None, "version": "2", "updated_at": 9},
        "text",
        None,
    ]  # fmt: skip
    got = import_as("discourse", {"posts.json": json.dumps({"latest_posts": bad})}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_unparsed) == (6, 2, 4)


def test_a_quotation_mark_that_never_ends_is_refused_in_words(import_as: Import) -> None:
    text = (
        'id,topic_id,user_id,created_at,post_number,raw\n1,1,1,2024-03-05 06:00:00 UTC,1,"'
        + "x" * 17_000_000
    )
    with pytest.raises(ShequnError, match="cut off or damaged"):
        import_as("discourse", {"posts.csv": text})


def test_any_text_survives_a_csv_and_a_page(import_as: Import) -> None:
    raws = [
        'a "b", c\n\nd',
        "=cmd()",
        "\u202e反",
        "\ufeffx",
        "a\x00b",
        "<b>not html</b>",
        "[quote]x",
    ]
    at = "2024-03-05T06:00:00Z"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([
        ["topic_id", "post_number", "created_at", "user_id", "raw"],
        *([1, n, at, 2, raw] for n, raw in enumerate(raws, 1))])  # fmt: skip
    page = {"latest_posts": [post(1, n, 2, "x", at, "", raw=raw) for n, raw in enumerate(raws, 1)]}
    for files in ({"p.csv": out.getvalue()}, {"p.json": json.dumps(page)}):
        got = import_as("discourse", files)
        found = [int(r["n_chars"]) for r in got.rows("messages")]
        assert found == [*(len(raw) for raw in raws[:-1]), 0], "the last is all quotation"


def test_the_real_pages_are_read(import_as: Import) -> None:
    if not REAL.is_dir():
        pytest.skip("the real pages are not at hand")
    got = import_as("discourse", {p.name: p.read_bytes() for p in REAL.glob("discourse__*")})
    assert got.report.rows_unparsed == 0 and len(got.rows("messages")) == 27
    ids = got.ids
    # Topic 1448: han's fourth post answers iheim's second.
    [han] = [r for r in got.rows("messages") if r["author_id"] == ids["631"]]
    [iheim] = [r for r in got.rows("messages") if r["author_id"] == ids["269"]]
    assert (han["reply_to_id"], han["reply_basis"]) == (iheim["message_id"], "explicit")
    assert ids["name/kincl"] == ids["533"], "mentioned by name, known by number"
    assert sum(int(r["n"]) for r in got.rows("reactions")) == 13
    left = {f.why.en for f in got.report.files_left_out if not f.duplicate}
    assert left == {"a list of topics without their posts"}
