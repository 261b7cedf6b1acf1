"""Stack Exchange: dumps built from the published schema; genuine pages of the API."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hand_made import Imported
from made_stackexchange import example, page, table

from shequn.sources.readers.forum_text import seconds, without, words
from shequn.text import ShequnError

Import = Callable[..., Imported]
REAL = Path(__file__).parents[2].parent / "shared/data/mailing-list-and-forum-payloads"
BOMB = """<?xml version="1.0"?>
<!DOCTYPE posts [
 <!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
]>
<posts><row Id="1" PostTypeId="1" CreationDate="2014-05-01T10:00:00" Body="&c;" OwnerUserId="1"/></posts>
"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE posts [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<posts><row Id="1" PostTypeId="1" CreationDate="2014-05-01T10:00:00" OwnerUserId="1"/>&x;</posts>
"""
DTD = '<!DOCTYPE posts SYSTEM "http://127.0.0.1:9/x.dtd"><posts></posts>'


def by_text(got: Imported) -> dict[str, dict[str, str]]:
    return {r["text"]: r for r in got.rows("messages")}


def test_questions_answers_and_comments_hang_together(import_as: Import) -> None:
    got = import_as("stackexchange", example(), keep_text=True)
    said, ids = by_text(got), got.ids
    question, answer = said["How do I & why?\na < b"], said["So."]
    assert (question["ts"], question["edited_at"]) == (
        "2014-05-01T10:00:00Z",
        "2014-05-02T00:00:00Z",
    )
    assert question["author_id"] == ids["11"] and question["n_chars"] == "21"
    assert answer["reply_to_id"] == question["message_id"] and answer["reply_basis"] == "explicit"
    thanks = said["Thanks — works"]
    assert thanks["reply_to_id"] == answer["message_id"]
    assert {r["thread_id"] for t, r in said.items() if t != "?"} == {question["message_id"]}
    assert "tag wiki" not in said


def test_accounts_bring_their_registration_and_the_community_user_is_a_robot(
    import_as: Import,
) -> None:
    got = import_as("stackexchange", example())
    ids, members = got.ids, {m["member_id"]: m for m in got.rows("members")}
    assert members[ids["13"]]["joined_at"] == "2014-03-02T03:04:05Z", "she never wrote"
    assert {m["joined_at_basis"] for m in members.values()} == {"registration", "first_message"}
    assert [m for m in members if members[m]["is_bot"] == "true"] == [ids["'-1"]]
    deleted = [r for r in got.rows("messages") if r["author_id"] == ids["deleted/user3141"]]
    assert len(deleted) == 2


def test_votes_are_counts_and_accepting_and_badges_have_a_person(import_as: Import) -> None:
    got = import_as("stackexchange", example(), keep_text=True)
    question = by_text(got)["How do I & why?\na < b"]["message_id"]
    found = {(r["message_id"], r["emoji"], r["n"], r["member_id"]) for r in got.rows("reactions")}
    assert found == {
        (question, "upvote", "2", ""),
        (question, "downvote", "1", ""),
        (question, "favourite", "1", got.ids["13"]),
    }
    given = {(r["member_id"], r["kind"], r["value"], r["ts"]) for r in got.rows("votes_badges")}
    assert given == {
        (got.ids["11"], "accept", "", "2014-05-02T00:00:00Z"),
        (got.ids["12"], "badge", "Teacher", "2014-05-02T01:00:00Z"),
        (got.ids["12"], "badge", "Scholar", "2014-05-02T01:00:00Z"),
    }
    answer = by_text(got)["So."]["message_id"]
    assert answer in {r["object_id"] for r in got.rows("votes_badges")}


def test_without_votes_accepting_has_no_time(import_as: Import) -> None:
    files = {n: t for n, t in example().items() if n != "Votes.xml"}
    got = import_as("stackexchange", files)
    assert [r["ts"] for r in got.rows("votes_badges") if r["kind"] == "accept"] == [""]


def test_the_order_of_rows_and_files_does_not_matter(import_as: Import) -> None:
    got = import_as("stackexchange", example())
    names = sorted(example())
    for seed in range(3):
        rng = random.Random(seed)
        files = {}
        for n in names:
            lines = str(example()[n]).split("\n")
            body = lines[2:-2]
            rng.shuffle(body)
            files[f"{rng.randrange(99)}{n}"] = "\n".join([*lines[:2], *body, *lines[-2:]])
        mixed = import_as("stackexchange", files)
        for name, keys in (
            ("messages", ("message_id", "thread_id", "reply_to_id", "ts")),
            ("reactions", ("message_id", "emoji", "n")),
            ("votes_badges", ("member_id", "object_id", "ts")),
        ):
            a, b = ({tuple(r[k] for k in keys) for r in g.rows(name)} for g in (got, mixed))
            assert a == b


@pytest.mark.parametrize("bad", [BOMB, OUTSIDE, DTD])
def test_a_document_type_is_refused_in_words(bad: str, import_as: Import) -> None:
    with pytest.raises(ShequnError) as refused:
        import_as("stackexchange", {"Posts.xml": bad})
    assert "entities" in refused.value.what.en and "实体" in refused.value.what.zh


@pytest.mark.parametrize(
    "bad",
    [
        "<posts><row Id='1'",
        "<posts>" * 5000,
        '<?xml version="1.0" encoding="x-nothing"?><posts><row Id="1"/></posts>',
        "<posts><row Id='1' Body='&nbsp;'/></posts>",
        "<posts><row Id='1' Body='\x00'/></posts>",
    ],
)
def test_damaged_files_are_refused_in_words(bad: str, import_as: Import) -> None:
    with pytest.raises(ShequnError, match=r"Posts\.xml"):
        import_as("stackexchange", {"Posts.xml": bad})


def test_rows_that_make_no_sense_are_counted(import_as: Import) -> None:
    posts = table(
        "posts",
        {
            "Id": 1,
            "PostTypeId": 1,
            "CreationDate": "2014-05-01T10:00:00",
            "OwnerUserId": 1,
            "Body": "ok",
        },
        {"Id": "x", "PostTypeId": 1, "CreationDate": "2014-05-01T10:00:00", "OwnerUserId": 1},
        {"Id": 2, "PostTypeId": 2, "CreationDate": "2014-05-01T10:00:00", "OwnerUserId": 1},
        {"Id": 3, "PostTypeId": 1, "CreationDate": "9999-99-99T10:00:00", "OwnerUserId": 1},
        {"Id": "9" * 400, "PostTypeId": 1, "CreationDate": "2014-05-01T10:00:00", "OwnerUserId": 1},
        {"Id": 5, "PostTypeId": 1, "CreationDate": "2014-05-01T10:00:00"},
    )
    got = import_as("stackexchange", {"Posts.xml": posts}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_unparsed) == (6, 1, 4)
    with pytest.raises(ShequnError, match="could not be understood"):
        import_as("stackexchange", {"Posts.xml": posts})


def test_two_sites_at_once_are_refused(import_as: Import) -> None:
    with pytest.raises(ShequnError, match="2 sites"):
        import_as("stackexchange", {f"{s}/{n}": t for s in "ab" for n, t in example().items()})


def test_what_is_packed_as_7z_is_refused_in_words(import_as: Import) -> None:
    with pytest.raises(ShequnError, match="7z"):
        import_as("stackexchange", {"x.stackexchange.com.7z": b"7z\xbc\xaf\x27\x1c"})


def test_a_page_of_the_api_is_read(import_as: Import) -> None:
    got = import_as("stackexchange", {"page.json": page()}, keep_text=True)
    said, ids = by_text(got), got.ids
    assert said["Thanks"]["reply_to_id"] == said["So."]["message_id"]
    assert {r["thread_id"] for r in said.values()} == {said["How?"]["message_id"]}
    assert {(r["emoji"], r["n"], r["member_id"]) for r in got.rows("reactions")} == {
        ("upvote", "4", ""), ("downvote", "1", ""),
    }  # fmt: skip
    assert [(r["member_id"], r["kind"]) for r in got.rows("votes_badges")] == [
        (ids["11"], "accept")
    ]
    roles = {m["member_id"]: m["role"] for m in got.rows("members")}
    assert roles[ids["12"]] == "moderator" and "deleted/user9" in ids


def test_the_dump_and_the_api_give_one_message_one_id(import_as: Import) -> None:
    got = import_as("stackexchange", {**example(), "page.json": page()})
    assert len(got.rows("messages")) == 6


def test_the_real_pages_are_read(import_as: Import) -> None:
    if not REAL.is_dir():
        pytest.skip("the real pages are not at hand")
    files = {f"{p.name}.json": p.read_bytes() for p in REAL.glob("stackexchange__*")}
    got = import_as("stackexchange", files)
    # Question 1, answer 2, comments 60495069 and 2; answer 1 bears the number of question 1 in
    # these files, whose numbers were made up.
    assert len(got.rows("messages")) == 4 and got.report.rows_unparsed == 0
    assert set(got.ids) == {"1", "2", "3"}
    assert [(r["emoji"], r["n"]) for r in got.rows("reactions")] == [("upvote", "1")]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a &lt;b&gt; c</p><p>d</p>", "a <b> c\nd"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<script>x()</script>y<STYLE>z</STYLE>", "y"),
        ("a<br/>b", "a\nb"),
        ("<" * 9, "<" * 9),
        ("<script>never closed", ""),
    ],
)
def test_words_of_html(html: str, text: str) -> None:
    assert words(html) == text


def test_hostile_html_takes_no_time() -> None:
    for piece in (
        "<script>",
        "</script><script",
        "<a ",
        " \t",
        "\n",
        "<aside class='quote'>",
        "&#",
        "<!--",
    ):
        many = piece * 100_000
        words(many)
        without(many, "aside", lambda _: True)


@pytest.mark.parametrize(
    ("written", "ts"),
    [
        ("2014-05-01T10:00:00.123", 1398938400),
        ("2014-05-01 18:00:00 +0800", 1398938400),
        ("2014-05-01 10:00:00 UTC", 1398938400),
        ("1969-12-31T23:59:59", None),
        ("2014-02-30T00:00:00", None),
        ("2014-05-01T25:00:00", None),
        ("2150-05-01T10:00:00", None),
        ("", None), (None, None), (1398938400, None),
    ],
)  # fmt: skip
def test_times_of_forums(written: object, ts: int | None) -> None:
    assert seconds(written) == ts
