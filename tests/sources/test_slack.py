"""Slack messages, rule by rule, on exports built from the documented format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hand_made import Imported
from made_slack import (
    ANNA,
    APP,
    BERT,
    CARL,
    GENERAL,
    GONE,
    GUEST,
    SECRET,
    export,
    line,
    packed,
    says,
)

Take = Callable[..., Imported]


@pytest.fixture
def take(import_as: Take) -> Take:
    """Return a function that imports exports, each a zip."""

    def run(*given: dict[str, Any], **options: Any) -> Imported:
        return import_as("slack", {f"{n}.zip": packed(e) for n, e in enumerate(given)}, **options)

    return run


def places(got: Imported) -> dict[str, str]:
    """Return the name of each channel by its id."""
    return {r["channel_id"]: r["name"] for r in got.rows("channels")}


def at(got: Imported) -> dict[str, str]:
    """Return minute and second of each message by its id."""
    return {r["message_id"]: r["ts"][-6:-1] for r in got.rows("messages")}


def member(got: Imported, raw_id: str) -> dict[str, str]:
    """Return the row of members of somebody."""
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids[raw_id]]
    return row


def test_times_are_ids_and_utc_in_any_zone(take: Take) -> None:
    # 1355517523 is 2012-12-14 20:38:43 UTC; a float would lose the last digits of the second one.
    rows = [
        says("1355517523.000005", ANNA),
        says("1355529600.123456", BERT),
        says("1355529600.123457", BERT),
    ]
    for zone in ("UTC", "Asia/Shanghai", "America/Los_Angeles"):
        got = take(export({"general/2012-12-14": rows}), timezone=zone)
        assert got.times() == [
            "2012-12-14T20:38:43Z",
            "2012-12-15T00:00:00Z",
            "2012-12-15T00:00:00Z",
        ]
        assert (got.report.rows_read, got.report.rows_kept) == (6 + 2 + 3, 3)
        [row] = [r for r in got.rows("sources") if r["format"] == "slack-day"]
        assert (row["covers_from"], row["covers_to"]) == (
            "2012-12-14T20:38:43Z",
            "2012-12-15T00:00:00Z",
        )
        assert row["tz_assumed"] == zone


def test_a_time_without_all_its_digits_is_the_same_message(take: Take) -> None:
    rows = [
        says("1577836800.100000", ANNA),
        says("1577836800.1", ANNA),
        says("1577836801", BERT, thread_ts="1577836800.1"),
        says("1577836801.000000", BERT, thread_ts="1577836800.100000"),
    ]
    got = take(export({"general/2020-01-01": rows})).rows("messages")
    assert len(got) == 2 and {r["thread_id"] for r in got} == {"", next(
        r["message_id"] for r in got if not r["thread_id"])}  # fmt: skip


def test_the_list_of_users_is_the_roster(take: Take) -> None:
    got = take(export({"general/2020-01-01": [says("1577836800.000000", ANNA)]}))
    known = {i: (member(got, i)["role"], member(got, i)["is_bot"], member(got, i)["joined_at_basis"])
             for i in (ANNA, BERT, GUEST, APP, GONE)}  # fmt: skip
    assert known == {
        ANNA: ("owner", "false", "first_message"), BERT: ("member", "false", ""),
        GUEST: ("guest", "false", ""), APP: ("member", "true", ""),
        GONE: ("deactivated", "false", ""),
    }  # fmt: skip
    assert not any(m["left_at"] for m in got.rows("members"))  # of Gone Far there is no date
    for file in got.data.iterdir():
        assert "corp.example" not in file.read_text(), file.name
        if file.name != "identities.csv":
            assert not any(w in file.read_text() for w in ("Berg", "Stein", ANNA, "王小明")), (
                file.name
            )
    names = {r["display_name"] for r in got.rows("identities") if r["member_id"] == got.ids[ANNA]}
    assert names == {"anna", "Anna Berg"}


def test_joins_inviters_and_leaves_of_channels(take: Take) -> None:
    got = take(
        export(
            {
                "general/2020-01-01": [
                    says("1577836800.000001", CARL),  # was there before he "joined"
                    line("1577836801.000001", BERT, "channel_join", inviter=ANNA),
                    line("1577836802.000001", CARL, "channel_join", inviter=ANNA),
                    line("1577836803.000001", BERT, "channel_leave"),
                    line("1577836804.000001", GUEST, "channel_join"),
                    line("1577836804.000002", GONE, "channel_topic"),
                ],
                "anna-and-friends/2020-01-01": [
                    line("1577836799.000001", GUEST, "channel_join", inviter=BERT.lower()),
                    line("1577836805.000001", BERT, "channel_join", inviter=BERT),
                ],
                "secret/2020-01-01": [line("1577836700.000001", ANNA, "group_join")],
            },
            groups=[{"id": SECRET, "name": "secret"}],
        )
    )
    ids = got.ids
    place = places(got)
    seen = {(place[r["channel_id"]], r["member_id"], r["action"], r["actor_id"], r["method"], r["ts"][-3:-1])
            for r in got.rows("membership_events")}  # fmt: skip
    assert seen == {
        (f"{ids[ANNA]}-and-friends", ids[GUEST], "join", ids[BERT], "invite", "59"),
        (f"{ids[ANNA]}-and-friends", ids[BERT], "join", "", "", "05"),
        ("general", ids[BERT], "join", ids[ANNA], "invite", "01"),
        ("general", ids[CARL], "join", ids[ANNA], "invite", "02"),
        ("general", ids[BERT], "leave", "", "", "03"),
        ("general", ids[GUEST], "join", "", "", "04"),
        ("secret", ids[ANNA], "join", "", "", "20"),
    }
    known = {
        i: (m["joined_at"], m["joined_at_basis"], m["join_method"], m["inviter_id"])
        for i in (ANNA, BERT, CARL, GUEST, GONE) for m in [member(got, i)]
    }  # fmt: skip
    assert known == {
        ANNA: ("2019-12-31T23:58:20Z", "event", "unknown", ""),
        BERT: ("2020-01-01T00:00:01Z", "event", "invite", ids[ANNA]),
        CARL: ("2020-01-01T00:00:00Z", "first_message", "", ""),
        GUEST: ("2019-12-31T23:59:59Z", "event", "invite", ids[BERT]),
        GONE: ("", "", "", ""),
    }
    assert {r["kind"] for r in got.rows("messages") if r["author_id"] != ids[CARL]} == {"system"}
    assert not any(m["left_at"] for m in got.rows("members"))  # Bert left one channel of two


def test_gone_is_who_left_every_channel_they_were_seen_in(take: Take) -> None:
    rows = [
        line("1577836801.000001", BERT, "channel_join"),
        line("1577836803.000001", BERT, "channel_leave"),
        line("1577836804.000001", CARL, "channel_leave"),
        says("1577836805.000001", CARL, "back"),
    ]
    got = take(export({"general/2020-01-01": rows}))
    gone = {i: (member(got, i)["left_at"], member(got, i)["left_at_basis"]) for i in (BERT, CARL)}
    assert gone == {BERT: ("2020-01-01T00:00:03Z", "event"), CARL: ("", "")}


def test_threads_over_days_and_broadcasts_once(take: Take) -> None:
    root = "1577836800.000100"
    shout = says("1577923300.000300", CARL, "all", thread_ts=root, subtype="thread_broadcast",
                 root={"ts": root, "user": ANNA, "text": "q"})  # fmt: skip
    got = take(
        export(
            {
                "general/2020-01-01": [
                    says(root, ANNA, "q", thread_ts=root, reply_count=2, replies=[{"user": BERT}]),
                    says("1577836900.000000", BERT, "no thread"),
                ],
                "general/2020-01-02": [
                    says("1577923200.000200", BERT, "a", thread_ts=root, parent_user_id=ANNA),
                    shout, shout,
                    says("1577923400.000000", BERT, "again", subtype="reply_broadcast"),
                    says("1577923500.000000", BERT, "lost", thread_ts="1500000000.000000"),
                ],
            }
        )
    )  # fmt: skip
    rows = [
        (r["ts"][-9:-1], r["thread_id"], r["reply_to_id"], r["reply_basis"])
        for r in got.rows("messages")
    ]
    first, lost = got.rows("messages")[0]["message_id"], rows[-1][1]
    assert lost not in {r["message_id"] for r in got.rows("messages")} | {""}
    assert rows == [
        ("00:00:00", first, "", ""), ("00:01:40", "", "", ""), ("00:00:00", first, first, "thread"),
        ("00:01:40", first, first, "thread"), ("00:05:00", lost, lost, "thread"),
    ]  # fmt: skip
    assert (got.report.rows_read, got.report.rows_kept) == (6 + 2 + 7, 5)


def test_kinds(take: Take) -> None:
    files = [
        ("image/png", "image"),
        ("audio/mp4", "voice"),
        ("video/mp4", "video"),
        ("text/plain", "file"),
        (None, "file"),
    ]
    rows = [
        says(f"1577836800.00000{i}", ANNA, "", files=[{"mimetype": m}])
        for i, (m, _) in enumerate(files)
    ]
    more = {"me_message": "text", "channel_topic": "system", "channel_name": "system",
            "channel_purpose": "system",
            "huddle_thread": "call", "pinned_item": "system",
            "new_invention": "system", "tombstone": "recall"}  # fmt: skip
    rows += [says(f"1577836801.00000{i}", ANNA, subtype=s) for i, s in enumerate(more)]
    old = {
        "type": "message",
        "subtype": "file_comment",
        "ts": "1577836802.000000",
        "text": "x",
        "comment": {"user": BERT},
    }
    got = take(export({"general/2020-01-01": [*rows, old]}))
    assert [r["kind"] for r in got.rows("messages")] == [k for _, k in files] + [
        *more.values(),
        "text",
    ]
    assert got.rows("messages")[-1]["author_id"] == got.ids[BERT]
    assert any("1 messages of unknown kind (new_invention)" in a.en for a in got.report.assumptions)


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1)]
)
def test_who_wrote_a_deleted_message_is_known_if_anything_tells(
    take: Take, order: tuple[int, ...]
) -> None:
    ts = [f"157783680{i}.000000" for i in range(4)]
    stone = {"subtype": "tombstone", "thread_ts": ts[0]}
    deletion = {"type": "message", "subtype": "message_deleted", "ts": "1577836900.000000"}
    told = [
        [says(t, "USLACKBOT", "This message was deleted.", **stone) for t in ts],
        [deletion | {"deleted_ts": t, "original": says(t, BERT, "x")} for t in (ts[0], ts[2])],
        [says(t, CARL if t == ts[1] else BERT, "x") for t in ts[:2]],
    ]
    days = {f"general/2020-01-0{n + 1}": told[i] for n, i in enumerate(order)}
    got = take(export(days))
    seen = [(r["author_id"], r["kind"], r["is_bot"]) for r in got.rows("messages")]
    who = [got.ids[i] for i in (BERT, CARL, BERT)]
    assert sorted(seen) == sorted(
        [(i, "recall", "false") for i in who] + [(got.ids["USLACKBOT"], "recall", "true")]
    )
    assert member(got, BERT)["joined_at"] == ""


def test_old_exports_say_in_the_text_that_there_is_a_file(take: Take) -> None:
    auto = f"<@{ANNA}> uploaded a file: <https://x/U1/F1|a.png> and commented: look <@{BERT}>"
    note = {
        "mimetype": "image/png",
        "initial_comment": {"user": ANNA, "comment": f"look <@{BERT}>"},
    }
    rows = [
        says("1577836800.000000", ANNA, auto, subtype="file_share", file=note),
        says("1577836801.000000", ANNA, auto, subtype="file_share", file={"mimetype": "image/png"}),
        {"type": "message", "subtype": "file_comment", "ts": "1577836802.000000", "file": note,
         "comment": {"user": CARL, "comment": "nice"}, "text": f"<@{CARL}> commented on <@{ANNA}>'s file"},
    ]  # fmt: skip
    got = take(export({"general/2020-01-01": rows}), keep_text=True)
    shown = [(r["author_id"], r["kind"], r["text"]) for r in got.rows("messages")]
    a, b, c = (got.ids[i] for i in (ANNA, BERT, CARL))
    assert shown == [(a, "image", f"look @{b}"), (a, "image", ""), (c, "text", "nice")]
    assert [r["target_id"] for r in got.rows("mentions")] == [b]


def test_edits_and_deletions_are_applied_wherever_they_stand(take: Take) -> None:
    a, b, c, d, e = (f"157783680{i}.000000" for i in range(5))
    changed = {
        "type": "message",
        "subtype": "message_changed",
        "ts": "1577836900.000000",
        "hidden": True,
    }
    gone = {
        "type": "message",
        "subtype": "message_deleted",
        "ts": "1577836950.000000",
        "hidden": True,
    }
    got = take(
        export(
            {
                "general/2020-01-01": [
                    changed | {"message": says(e, CARL, "late edit")},
                    says(a, ANNA, "short"),
                    says(b, BERT, f"bye <@{ANNA}>", reactions=[{"name": "wave", "users": [ANNA], "count": 1}]),
                    says(c, CARL, "kept", edited={"user": CARL, "ts": "1577836850.000000"}),
                    changed | {"message": says(a, ANNA, "much longer", edited={"ts": "1577836900.000000"})},
                    gone | {"deleted_ts": b},
                    gone | {"deleted_ts": d, "previous_message": says(d, ANNA, "secret")},
                    gone | {"deleted_ts": "1400000000.000000"},
                ],
                "general/2020-01-02": [says(e, CARL, "first")],
            }
        ),
        keep_text=True,
    )  # fmt: skip
    rows = {f"15778368{r['ts'][-3:-1]}.000000": r for r in got.rows("messages")}
    shown = {
        k: (r["kind"], r["n_chars"], r["text"], r["edited_at"][-9:-1], r["deleted_at"][-9:-1])
        for k, r in rows.items()
    }
    assert shown == {
        a: ("text", "11", "much longer", "00:01:40", ""),
        b: ("recall", "0", "", "", "00:02:30"),
        c: ("text", "4", "kept", "00:00:50", ""),
        d: ("recall", "0", "", "", "00:02:30"),
        e: ("text", "9", "late edit", "00:01:40", ""),
    }
    assert rows[b]["author_id"] == got.ids[BERT] and rows[d]["author_id"] == got.ids[ANNA]
    assert not any((got.data / f"{t}.csv").exists() for t in ("reactions", "mentions"))
    assert "5 records of edits and deletions" in got.report.say("en")


def test_cut_lists_of_reactions_have_a_rest(take: Take) -> None:
    rows = [
        says("1577836800.000000", ANNA, reactions=[
            {"name": "+1", "users": [BERT, CARL], "count": 60},
            {"name": "bert-dance", "users": [BERT, BERT], "count": 1},
            {"name": "eyes", "users": None, "count": 3}, {"name": "x", "users": [], "count": 10**40},
            {"name": 3}, "?",
        ]),
        line("1577836801.000000", BERT, "channel_join", reactions=[{"name": "wave", "users": [ANNA], "count": 1}]),
    ]  # fmt: skip
    got = take(export({"general/2020-01-01": rows}))
    ids = got.ids
    seen = {(r["member_id"], r["emoji"], r["n"], r["complete"]) for r in got.rows("reactions")}
    assert seen == {
        (ids[BERT], "+1", "1", "false"), (ids[CARL], "+1", "1", "false"), ("", "+1", "58", "false"),
        (ids[BERT], "custom", "1", "true"), ("", "eyes", "3", "false"), (ids[ANNA], "wave", "1", "true"),
    }  # fmt: skip


def test_mentions_in_text_and_blocks_in_any_case(take: Take) -> None:
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "user", "user_id": CARL}, {"type": "text", "text": f"<@{GUEST}>"},
        {"type": "broadcast", "range": "here"},
    ]}]}]  # fmt: skip
    section = [{"type": "section", "text": {"type": "mrkdwn", "text": f"ask <@{GUEST}>"}}]
    texts = [f"<@{BERT}> and <@{BERT.lower()}|bert>", "<!channel> look", "<!here|@here>", "&lt;@U0G9QF9C6&gt;",
             "bert: hi",             f"<@U0STRANGER> <#{GENERAL}|general> <!subteam^S1|@devs>"]  # fmt: skip
    rows = [says(f"157783680{i}.000000", ANNA, t) for i, t in enumerate(texts)]
    rows += [
        says("1577836810.000000", ANNA, "", blocks=rich),
        says("1577836811.000000", ANNA, "", blocks=section),
    ]
    got = take(export({"general/2020-01-01": rows}))
    ids, time = got.ids, at(got)
    seen = {(time[r["message_id"]], r["target_id"], r["kind"]) for r in got.rows("mentions")}
    assert seen == {
        ("00:00", ids[BERT], "mention"), ("00:01", "", "all"), ("00:02", "", "all"),
        ("00:05", ids["U0STRANGER"], "mention"), ("00:10", ids[CARL], "mention"),
        ("00:10", "", "all"), ("00:11", ids[GUEST], "mention"),
    }  # fmt: skip
    assert member(got, "U0STRANGER")["role"] == ""


def test_bots(take: Take) -> None:
    bot = {"type": "message", "subtype": "bot_message", "text": "beep"}
    rows = [
        bot | {"ts": "1577836800.000000", "bot_id": "B0HELPER1", "username": "helper"},
        bot | {"ts": "1577836801.000000", "bot_id": "B0LONELY1", "username": "Owl"},
        bot | {"ts": "1577836802.000000", "username": "Owl Capone", "bot_id": None},
        says("1577836803.000000", ANNA, "via an app", bot_id="B0SOME001"),
        says("1577836804.000000", "USLACKBOT", "reminder"),
        says("1577836805.000000", "U0OTHERBOT", "x", bot_id="B0XYZ0001"),
    ]
    got = take(export({"general/2020-01-01": rows}))
    robots = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    authors = [(r["author_id"] in robots, r["is_bot"]) for r in got.rows("messages")]
    assert authors == [(True, "true")] * 3 + [(False, "true"), (True, "true"), (True, "true")]
    assert got.rows("messages")[0]["author_id"] == got.ids[APP]
    assert got.report.bots == len(robots) == 5
    for first, second in ((0, 1), (1, 0)):
        both = [says(f"157783680{first}.000000", "U0HUMAN001"),
                says(f"157783680{second}.000000", "U0HUMAN001", bot_id="B0SOME001")]  # fmt: skip
        got = take(export({"general/2020-01-01": both}))
        assert member(got, "U0HUMAN001")["is_bot"] == "false"
