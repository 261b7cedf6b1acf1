"""Events of GitHub, built from its documentation of event types."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import made_github as made
import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_github import IDS, START, comment, event, example_events, lines, opened, user, when

from shequn.text import ShequnError

Import = Callable[..., Imported]


def by_row(got: Imported) -> dict[int, dict[str, str]]:
    return {int(r["source_row"]): r for r in got.rows("messages")}


def who(got: Imported, login: str) -> str:
    return got.ids[str(IDS[login])]


def test_what_is_said_becomes_messages_in_threads(import_as: Import) -> None:
    got = import_as("github", {"events.json": json.dumps(example_events())}, keep_text=True)
    rows = by_row(got)
    assert [(n, r["author_id"], r["kind"]) for n, r in sorted(rows.items())] == [
        (n, who(got, login), kind)
        for n, login, kind in [
            (1, "Anna", "text"), (3, "robo[bot]", "text"), (4, "carl", "text"),
            (5, "Anna", "text"), (6, "carl", "text"), (7, "bo-li", "text"), (8, "Anna", "other"),
            (10, "Dora99", "text"), (11, "eve", "text"), (12, "eve", "text"),
        ]
    ]  # fmt: skip
    ids = {n: r["message_id"] for n, r in rows.items()}
    replies = {n: (r["reply_to_id"], r["reply_basis"]) for n, r in rows.items() if r["reply_to_id"]}
    assert replies == {
        3: (ids[1], "thread"), 5: (ids[4], "thread"), 6: (ids[5], "explicit"),
        7: (ids[1], "thread"), 8: (ids[4], "thread"), 11: (ids[10], "thread"),
    }  # fmt: skip
    threads = {n: r["thread_id"] for n, r in rows.items()}
    assert threads[1] == threads[3] == threads[7] == ids[1]
    assert threads[4] == threads[5] == threads[6] == threads[8] == ids[4]
    assert threads[10] == threads[11] == ids[10]
    assert rows[1]["text"] == f"About 1\n怎么安装？ @{who(got, 'bo-li')} knows"
    assert rows[10]["text"] == "About 3"
    assert (rows[1]["n_chars"], rows[8]["n_chars"]) == (
        str(len("About 1\n怎么安装？ @bo-li knows")),
        "0",
    )


def test_an_edited_comment_is_one_message_in_its_last_words(import_as: Import) -> None:
    got = import_as("github", {"events.json": json.dumps(example_events())}, keep_text=True)
    row = by_row(got)[7]
    assert (row["ts"], row["edited_at"]) == (when(START + 120), when(START + 420))
    assert row["text"] == f"So @{who(got, 'Anna')} changed"
    changed = comment(9, "bo-li", 1, 51, "new", action="edited", created_at=when(START + 120))
    got = import_as("github", {"e.json": lines([comment(2, "bo-li", 1, 51, "old"), changed])})
    [row] = got.rows("messages")
    assert (row["ts"], row["edited_at"]) == (when(START + 120), when(START + 540))
    gone = comment(9, "bo-li", 1, 51, "old", action="deleted", created_at=when(START + 120))
    got = import_as("github", {"e.json": lines([comment(2, "bo-li", 1, 51, "old"), gone])})
    assert got.rows("messages")[0]["deleted_at"] == when(START + 540)


def test_what_is_no_talk_becomes_events(import_as: Import) -> None:
    got = import_as("github", {"events.json": json.dumps(example_events())})
    assert [(r["name"], r["member_id"], r["ts"]) for r in sorted(got.rows("events"), key=lambda r: r["ts"])] == [
        (name, who(got, login), when(START + 60 * n))
        for n, name, login in [
            (9, "pull_request_merged", "Anna"), (13, "star", "Dora99"), (14, "fork", "eve"),
            (15, "push", "Anna"), (18, "release", "Anna"), (19, "issue_closed", "Anna"),
            (21, "create_tag", "Anna"),
        ]
    ]  # fmt: skip
    [push] = [r for r in got.rows("events") if r["name"] == "push"]
    assert float(push["value"]) == 3
    assert got.report.rows_read == 22
    assert got.report.rows_ignored == 2  # the label, and the comment that was edited later


def test_collaborators_come_by_invitation_and_are_removed(import_as: Import) -> None:
    added = [
        event(1, "MemberEvent", "Anna", {"action": "added", "member": user("carl")}),
        event(2, "MemberEvent", "Anna", {"action": "added", "member": user("eve")}),
        event(3, "MemberEvent", "eve", {"action": "removed", "member": user("eve")}),
        event(4, "MemberEvent", "Anna", {"action": "removed", "member": user("carl")}),
        event(5, "MemberEvent", "Anna", {"action": "added", "member": user("carl")}),
    ]
    got = import_as("github", {"e.json": lines(added)})
    moves = sorted(got.rows("membership_events"), key=lambda r: r["ts"])
    assert [(r["action"], r["member_id"], r["actor_id"], r["method"]) for r in moves] == [
        ("join", who(got, "carl"), who(got, "Anna"), "invite"),
        ("join", who(got, "eve"), who(got, "Anna"), "invite"),
        ("leave", who(got, "eve"), "", ""),
        ("kick", who(got, "carl"), who(got, "Anna"), ""),
        ("join", who(got, "carl"), who(got, "Anna"), "invite"),
    ]
    members = {r["member_id"]: r for r in got.rows("members")}
    carl, eve = members[who(got, "carl")], members[who(got, "eve")]
    assert (carl["joined_at"], carl["joined_at_basis"], carl["join_method"]) == (
        when(START + 60), "event", "invite",
    )  # fmt: skip
    assert (carl["inviter_id"], carl["left_at"]) == (who(got, "Anna"), "")
    assert (eve["left_at"], eve["left_at_basis"]) == (when(START + 180), "event")
    assert len(members) == 3


def test_robots_are_those_that_github_calls_so(import_as: Import) -> None:
    got = import_as("github", {"events.json": json.dumps(example_events())})
    robots = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    assert robots == {who(got, "robo[bot]")}


def test_mentions_are_of_known_logins_outside_code_and_quotes(import_as: Import) -> None:
    body = (
        "@ANNA, `@carl` @eve/team x@eve @eve-\n```\n@eve\n```\n> @eve\n(@bo-li) @nobody-known @carl"
    )
    got = import_as(
        "github", {"e.json": lines([*example_events(), comment(30, "eve", 1, 99, body)])}
    )
    last = max(by_row(got))
    named = [
        r["target_id"]
        for r in got.rows("mentions")
        if r["message_id"] == by_row(got)[last]["message_id"]
    ]
    assert sorted(named) == sorted(who(got, n) for n in ("Anna", "bo-li", "carl"))


def test_kept_text_names_nobody(import_as: Import) -> None:
    body = "Do @anna and @Nobody-Known thank Dora99; mail a.b@example.org"
    got = import_as(
        "github",
        {"e.json": lines([*example_events(), comment(30, "eve", 1, 99, body)])},
        keep_text=True,
    )
    text = by_row(got)[23]["text"]
    assert text.startswith(f"Do @{who(got, 'Anna')} and @[name] thank {who(got, 'Dora99')}; mail ")
    assert "example.org" not in text


def test_repositories_are_channels_by_their_last_name(import_as: Import) -> None:
    events = [
        event(
            1,
            "IssueCommentEvent",
            "eve",
            comment(1, "eve", 1, 5, "x")["payload"],
            repo="club/old-garden",
        ),
        comment(2, "eve", 1, 6, "y"),
        event(
            3,
            "IssueCommentEvent",
            "eve",
            comment(3, "eve", 1, 7, "z")["payload"],
            repo="eve/dots",
            org=False,
        ),
    ]
    got = import_as("github", {"e.json": lines(events)})
    assert {(r["kind"], r["name"]) for r in got.rows("channels")} == {
        ("repository", "club/garden"), ("repository", "dots"),
    }  # fmt: skip
    assert len({r["channel_id"] for r in got.rows("messages")}) == 2


def test_events_without_words_since_october_2025(import_as: Import) -> None:
    bare = event(
        1,
        "PullRequestEvent",
        "carl",
        {"action": "opened", "number": 4, "pull_request": {"id": 1, "number": 4, "url": "u"}},
    )
    push = event(2, "PushEvent", "carl", {"repository_id": 7, "push_id": 1, "ref": "r"})
    merged = event(
        3, "PullRequestEvent", "carl", {"action": "merged", "pull_request": {"number": 4}}
    )
    got = import_as("github", {"e.json": lines([bare, push, merged])})
    [row] = got.rows("messages")
    assert (row["author_id"], row["n_chars"]) == (who(got, "carl"), "")
    assert [r["name"] for r in sorted(got.rows("events"), key=lambda r: r["ts"])] == [
        "push",
        "pull_request_merged",
    ]
    assert any("October 2025" in a.en for a in got.report.assumptions)


@pytest.mark.parametrize("layout", ["array", "pages", "slurped", "lines", "gz"])
def test_every_way_events_are_saved(import_as: Import, layout: str) -> None:
    events = example_events()
    text = {
        "array": json.dumps(events),
        "pages": json.dumps(events[:9]) + json.dumps(events[9:]) + "[]",
        "slurped": json.dumps([events[:9], events[9:]]),
        "lines": lines(events),
        "gz": lines(events),
    }[layout]
    files = (
        {"2023-11-14-22.json.gz": gzip.compress(text.encode())}
        if layout == "gz"
        else {"e.json": text}
    )
    got = import_as("github", files)
    assert (got.report.messages, len(got.rows("events")), got.report.rows_read) == (10, 7, 22)


def test_the_older_archive_is_refused_in_words(import_as: Import) -> None:
    old = {
        "repository": {"id": 1, "name": "x", "owner": "y"}, "actor_attributes": {"login": "anna"},
        "created_at": "2012/03/11 00:00:00 -0800", "actor": "anna", "type": "WatchEvent",
        "public": True, "payload": {"action": "started"}, "url": "https://github.com/y/x",
    }  # fmt: skip
    with pytest.raises(ShequnError, match="before 2015"):
        import_as("github", {"2012-03-11-0.json": json.dumps(old) + "\n"})
    got = import_as("github", {"e.json": lines([*example_events(), old])}, tolerate=True)
    assert got.report.rows_unparsed == 1


def test_other_files_are_not_its_own(import_as: Import) -> None:
    for text in ("{}", "[]", "[1]", '{"type": "message"}', "[" * 100_000, ""):
        with pytest.raises(ShequnError):
            import_as("github", {"e.json": text})


def test_whole_hours_of_github_are_hardly_a_community(import_as: Import) -> None:
    events = [{**opened(n, "eve", n), "repo": {"id": n, "name": f"o/r{n}"}} for n in range(60)]
    got = import_as("github", {"e.json": lines(events)})
    assert any(a.en.startswith("There are 60 repositories") for a in got.report.assumptions)


_WRONG: list[Any] = [
    None,
    [],
    {},
    0,
    -1,
    1.5,
    "x",
    True,
    10**30,
    "9" * 400,
    [[]],
    {"id": None},
    "\ud800",
    "\x00",
]


def test_hostile_records_are_counted(import_as: Import) -> None:
    records: list[Any] = list(_WRONG)
    for key in ("id", "type", "actor", "repo", "payload", "created_at"):
        records += [{**comment(1, "eve", 1, 5, "x"), key: bad} for bad in _WRONG]
    for key in ("comment", "issue", "action"):
        base = comment(1, "eve", 1, 5, "x")
        records += [{**base, "payload": {**base["payload"], key: bad}} for bad in _WRONG]
    for key in ("id", "body", "user", "created_at", "updated_at", "in_reply_to_id"):
        for bad in _WRONG:
            base = comment(1, "eve", 1, 5, "x")
            base["payload"]["comment"][key] = bad
            records.append(base)
    text = (
        "".join(json.dumps(r) + "\n" for r in [*example_events(), *records])
        + '{"id": \n'
        + "[" * 99_999
    )
    got = import_as("github", {"e.json": text}, tolerate=True, keep_text=True)
    assert got.report.rows_read == 22 + len(records) + 2
    assert got.report.rows_unparsed > 100
    with pytest.raises(ShequnError, match="cut off"):
        import_as("github", {"e.json": json.dumps(example_events())[:-9]})


def test_the_same_export_twice_changes_nothing(import_as: Import) -> None:
    one = import_as("github", made.example())
    before = {p.name: p.read_bytes() for p in one.data.glob("*.csv")}
    import_as("github", made.example(), into=one.data)
    after = {p.name: p.read_bytes() for p in one.data.glob("*.csv")}
    assert after == before
    assert Counter(r["name"] for r in one.rows("events"))["star"] == 1


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parts=st.lists(st.integers(0, 2), min_size=22, max_size=22),
    body=st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="@"), max_size=40
    ),
)
def test_any_words_in_any_order_of_files(import_as: Import, parts: list[int], body: str) -> None:
    events = [*example_events(), comment(30, "eve", 1, 99, body)]
    parts[6] = parts[1]  # of two versions in two files that counts which reaches further
    whole = import_as("github", {"e.json": lines(events)})
    split: dict[str, str | bytes] = {
        f"{k}.json": lines([e for e, p in zip(events, [*parts, 0], strict=True) if p == k])
        for k in range(3)
    }
    other = import_as("github", {k: v for k, v in split.items() if v})
    place = ("source_id", "source_row")
    for table in ("messages", "members", "identities", "events", "mentions", "channels"):
        assert sorted(
            [{c: v for c, v in r.items() if c not in place} for r in whole.rows(table)], key=str
        ) == (
            sorted(
                [{c: v for c, v in r.items() if c not in place} for r in other.rows(table)], key=str
            )
        )
    assert str(len(body)) in {r["n_chars"] for r in whole.rows("messages")}
