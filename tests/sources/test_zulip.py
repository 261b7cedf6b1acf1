"""Exports of a Zulip organisation, built from Zulip's source; the layout is not tried on a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from frictionless import Package
from hand_made import Imported
from made_zulip import (
    BOT,
    CORE,
    DORA,
    GENERAL,
    GONE,
    GUEST,
    LI,
    LOG,
    NOTICE,
    OWNER,
    PEOPLE,
    START,
    TO_CORE,
    TO_GROUP,
    TO_ONE,
    event,
    example,
    export,
    packed,
    plain,
    quoting,
    reaction,
    says,
    user,
)

from shequn.text import ShequnError

Take = Callable[..., Imported]


@pytest.fixture
def take(import_as: Take) -> Take:
    """Return a function that imports messages with the tables of an organisation."""

    def run(
        messages: list[Any], *, into: Any = None, keep_text: bool = True, **tables: Any
    ) -> Imported:
        files = {"e.tar.gz": packed(export(messages, **tables))}
        return import_as("zulip", files, keep_text=keep_text, into=into)

    return run


def member(got: Imported, raw: int) -> dict[str, str]:
    """Return the row of members of somebody."""
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids[str(raw)]]
    return row


def test_people_have_a_date_of_registration_a_role_and_perhaps_an_end(take: Take) -> None:
    got = take([says(1, 0, DORA, "hi")])
    who = {r: member(got, r) for r in (OWNER, DORA, GUEST, BOT, GONE, NOTICE)}
    assert {r: (m["role"], m["is_bot"]) for r, m in who.items()} == {
        OWNER: ("owner", "false"), DORA: ("member", "false"), GUEST: ("guest", "false"),
        BOT: ("member", "true"), GONE: ("deactivated", "false"), NOTICE: ("", "true"),
    }  # fmt: skip
    # Dora came 89 days before 2020, and a quarter of a second, which is cut off.
    assert (who[DORA]["joined_at"], who[DORA]["joined_at_basis"]) == (
        "2019-10-04T00:00:00Z",
        "registration",
    )
    assert (who[GONE]["left_at"], who[GONE]["left_at_basis"]) == ("2020-01-01T00:10:00Z", "event")
    assert (who[GUEST]["inviter_id"], who[GUEST]["join_method"]) == (got.ids[str(OWNER)], "invite")
    assert [m["left_at"] for r, m in who.items() if r != GONE] == [""] * 5
    assert "corp.example" not in "".join(p.read_text() for p in got.data.glob("*.csv"))


def test_the_log_tells_of_channels_joined_and_left(take: Take) -> None:
    got = take([says(1, 0, DORA, "hi")])
    place = {r["channel_id"]: r["name"] for r in got.rows("channels")}
    ids = {v: k for k, v in got.ids.items()}
    seen = {(ids[r["member_id"]], place.get(r["channel_id"], ""), r["action"], ids.get(r["actor_id"], ""))
            for r in got.rows("membership_events")}  # fmt: skip
    assert seen == {
        ("10", "", "join", ""), ("11", "", "join", ""), ("12", "", "join", ""), ("14", "", "join", ""),
        ("15", "", "join", ""), ("13", "", "join", "10"), ("12", "general", "join", "11"),
        ("11", "general", "join", ""), ("12", "general", "leave", ""), ("15", "", "kick", "10"),
    }  # fmt: skip
    # Li left a channel, not the organisation.
    assert member(got, LI)["left_at"] == ""


def test_who_comes_back_is_a_member_again(take: Take) -> None:
    back = [p | {"is_active": True} if p["id"] == GONE else p for p in PEOPLE]
    got = take([says(1, 0, DORA, "hi")], zerver_userprofile=back,
               zerver_realmauditlog=[*LOG, event(900, 104, GONE, OWNER)])  # fmt: skip
    assert (member(got, GONE)["role"], member(got, GONE)["left_at"]) == ("member", "")


def test_channels(take: Take) -> None:
    got = take([says(1, 0, DORA, "hi"), says(2, 1, DORA, "hi", to=TO_CORE)])
    assert {(r["name"], r["kind"], r["archived_at"]) for r in got.rows("channels")} == {
        ("general", "public", ""), ("core team", "private", "2020-01-01T00:13:20Z"),
    }  # fmt: skip
    assert str(GENERAL) not in {r["channel_id"] for r in got.rows("channels")}
    assert "1 private channels" in got.report.say("en")
    opened = take([says(1, 0, DORA, "hi", to=TO_CORE)],
                  zerver_realmauditlog=[*LOG, event(900, 604, None, OWNER, modified_stream=CORE)])  # fmt: skip
    assert {r.get("archived_at", "") for r in opened.rows("channels")} == {""}


def test_direct_messages_are_left_out_with_their_reactions(take: Take) -> None:
    rows = [
        says(1, 0, DORA, "hi"),
        says(2, 1, LI, "psst", to=TO_ONE),
        says(3, 2, LI, "psst", to=TO_GROUP),
    ]
    got = take(rows, zerver_reaction=[reaction(2, DORA), reaction(1, LI)])
    assert [r["text"] for r in got.rows("messages")] == ["hi"]
    assert len(got.rows("reactions")) == 1
    assert (got.report.rows_unparsed, got.report.messages) == (0, 1)


def test_a_topic_is_a_thread_in_any_case_settled_or_not(take: Take) -> None:
    topics = ["lunch", "Lunch", "\u2714 lunch", "dinner"]
    rows = [says(n, n, DORA, "x", topic=t) for n, t in enumerate(topics)]
    got = take([*rows, says(9, 9, DORA, "x", to=TO_CORE)])
    threads = {r["ts"][-3:-1]: r["thread_id"] for r in got.rows("messages")}
    assert threads["00"] == threads["01"] == threads["02"]
    assert len(set(threads.values())) == 3


def test_a_quotation_is_a_reply_and_no_words_of_who_quotes(take: Take) -> None:
    nested = "````quote\nouter\n```quote\ninner\n```\n````\nmine"
    link = "(https://acme.example/#narrow/stream/5-general/topic/a(b).20c/near/2)"
    texts = [
        "first", "second words",
        quoting("李雷", LI, 1, "first", "yes"),
        "before\n\n" + quoting("Dora Berg", DORA, 2, "second\nwords", "a\n\nb"),
        f"@_**Dora Berg|{DORA}** [说]{link}：\n{nested}",
        "> old way\nanswer",
        "```\n> code\n```",
        "```python\nx\n```quote\n```",
        f"see {link}",
        quoting("李雷", LI, 77, "gone", ""),
    ]  # fmt: skip
    got = take([says(n + 1, n, DORA, t) for n, t in enumerate(texts)])
    rows = got.rows("messages")
    one, two = rows[0]["message_id"], rows[1]["message_id"]
    assert [(r["text"], r["reply_to_id"], r["reply_basis"]) for r in rows[2:8]] == [
        ("yes", one, "quote"), ("before\n\na\n\nb", two, "quote"), ("mine", two, "quote"),
        ("answer", "", ""), ("```\n> code\n```", "", ""), ("```python\nx\n```quote\n```", "", ""),
    ]  # fmt: skip
    assert rows[8]["reply_to_id"] == ""
    assert (rows[9]["text"], rows[9]["reply_basis"]) == ("", "quote")
    quoted = [r["target_id"] for r in got.rows("mentions") if r["kind"] == "quote"]
    assert sorted(quoted) == sorted([got.ids["12"]] * 2 + [got.ids["11"]] * 2)


def test_mentions_lead_to_people_silent_ones_do_not(take: Take) -> None:
    texts = [
        "@**李雷|12** and @**Gast Q**",
        "@_**李雷|12**",
        "@**all** @**topic**",
        "@**Nobody**",
        "@*devs*",
    ]
    got = take([says(n, n, DORA, t) for n, t in enumerate(texts)])
    ids = got.ids
    assert {(r["target_id"], r["kind"]) for r in got.rows("mentions")} == {
        (ids["12"], "mention"), (ids["13"], "mention"), ("", "all"),
    }  # fmt: skip
    assert "1 mentions or quotations by name" in got.report.say("en")
    text = got.rows("messages")[0]["text"]
    assert text == f"'@{ids['12']} and @{ids['13']}"


def test_names_of_before_are_taken_out_of_texts(take: Take) -> None:
    got = take([says(1, 0, LI, "Dora Thal is now Dora Berg")])
    d = got.ids[str(DORA)]
    assert got.rows("messages")[0]["text"] == f"{d} is now {d}"


def test_edits_and_deletions(take: Take) -> None:
    history = [
        {"timestamp": START + 50, "prev_content": "b"},
        {"timestamp": START + 90, "prev_topic": "x"},
    ]
    rows = [
        says(1, 0, DORA, "a", last_edit_time=START + 90, edit_history=history),
        says(2, 1, DORA, "b", last_edit_time=START + 60.5),
        says(3, 2, DORA, "c", last_edit_time=START + 90, edit_history='[{"timestamp": 1, "prev_topic": "x"}]'),
        says(4, 3, DORA, "d", edit_history="{broken", last_edit_time=START + 70),
        says(5, 4, DORA, "(deleted)", last_edit_time=START + 80),
    ]  # fmt: skip
    seen = [
        (r["kind"], r["edited_at"][-6:-1], r["deleted_at"][-6:-1])
        for r in take(rows).rows("messages")
    ]
    assert seen == [("text", "00:50", ""), ("text", "01:00", ""), ("text", "", ""), ("text", "01:10", ""),
                    ("recall", "", "01:20")]  # fmt: skip


def test_kinds_and_reactions(take: Take) -> None:
    rows = [
        says(1, 0, DORA, "![a b.PNG](/user_uploads/1/x/a.PNG)"),
        says(2, 1, DORA, "[a.pdf](/user_uploads/1/x/a.pdf)"),
        says(3, 2, DORA, "look [a.pdf](/user_uploads/1/x/a.pdf)"),
        says(4, 3, NOTICE, "topic moved"),
        says(5, 4, LI, "resolved", type=2),
    ]
    given = [
        reaction(1, LI),
        reaction(1, DORA, "dora", reaction_type="realm_emoji"),
        reaction(99, LI),
    ]
    got = take(rows, zerver_reaction=given)
    assert [r["kind"] for r in got.rows("messages")] == [
        "image",
        "file",
        "text",
        "system",
        "system",
    ]
    assert {(r["emoji"], r["member_id"]) for r in got.rows("reactions")} == {
        ("+1", got.ids["12"]), ("custom", got.ids["11"]),
    }  # fmt: skip


def test_the_same_export_twice_changes_nothing_and_a_later_one_is_added(take: Take) -> None:
    early = [says(1, 0, DORA, "a"), says(2, 10, LI, "b")]
    late = [
        says(1, 0, DORA, "a", topic="moved"),
        says(2, 10, LI, "B", last_edit_time=START + 99),
        says(3, 2000, LI, "c"),
    ]
    got = take(early)
    first = got.rows("messages")
    assert take(early, into=got.data).rows("messages") == first
    more = take(late, into=got.data).rows("messages")
    assert [r["text"] for r in more] == ["a", "B", "c"]
    assert [r["message_id"] for r in more[:2]] == [r["message_id"] for r in first]
    assert more[0]["thread_id"] != first[0]["thread_id"]
    assert take(early, into=got.data).rows("messages") == more
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_of_two_exports_the_later_one_knows_better_also_of_files_that_both_hold(
    import_as: Take,
) -> None:
    early = export([says(1, 0, DORA, "a", topic="old")], zerver_realmauditlog=[])
    late = export([says(1, 0, DORA, "a", topic="new")], zerver_realmauditlog=[])
    late["messages-000002.json"] = {"zerver_message": [says(2, 99, DORA, "b", topic="new")]}
    for names in ("ab", "ba"):
        files = {f"{n}.tar.gz": packed(e) for n, e in zip(names, (early, late), strict=True)}
        first, second = import_as("zulip", files).rows("messages")
        assert first["thread_id"] == second["thread_id"]


def test_folder_and_tarball_are_the_same(import_as: Take) -> None:
    files = export([says(1, 0, DORA, "a"), says(2, 10, LI, "b")])
    one = import_as("zulip", plain(files))
    other = import_as("zulip", {"x.tar.gz": packed(files)})
    for table in ("messages", "members", "membership_events", "channels", "identities", "sources"):
        assert one.rows(table) == other.rows(table), table
    assert "Acme 社区" in (one.data / "datapackage.json").read_text(encoding="utf-8")


def test_messages_without_the_list_of_channels_are_refused(import_as: Take) -> None:
    files = plain(export([says(1, 0, DORA, "a")]))
    with pytest.raises(ShequnError, match=r"no realm\.json") as caught:
        import_as("zulip", {"messages-000001.json": files["messages-000001.json"]})
    assert "私信" in caught.value.say("zh")


def test_the_example_shows_what_the_platform_shows(import_as: Take) -> None:
    got = import_as("zulip", example(), keep_text=True)
    assert (got.report.messages, got.report.reactions, got.report.rows_unparsed) == (9, 2, 0)
    found = {what: k.found for what, k in got.report.knowledge.items()}
    assert (found["inviters"], found["leaves"], found["replies"]) == (1, 1, 1)


def test_an_empty_organisation_and_one_member(take: Take) -> None:
    assert take([]).report.messages == 0
    alone = take([says(1, 0, DORA, "x")], zerver_userprofile=[user(DORA, "Dora Berg")],
                 zerver_realmauditlog=[], zerver_userprofile_crossrealm=[])  # fmt: skip
    assert alone.report.members == 1
