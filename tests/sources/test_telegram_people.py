"""Who joins and leaves in exports of Telegram Desktop, built from the documented grammar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hand_made import Imported
from made_telegram import T0, chat, done, full, importer, said, tables, text

Import = Callable[..., Imported]
AT = [f"2024-01-01T00:{m:02}:00Z" for m in range(60)]


@pytest.fixture
def imported(import_as: Import) -> Import:
    return importer(import_as)


def events(got: Imported) -> list[tuple[str, str, str, str, str]]:
    """Return the events in the order of their time, with people as their ids on Telegram."""
    who = {r["member_id"]: r["platform_user_id"] for r in got.rows("identities")} | {"": ""}
    return sorted(
        (r["ts"], who[r["member_id"]], r["action"], who[r.get("actor_id", "")], r["method"])
        for r in got.rows("membership_events")
    )


def stays(got: Imported) -> dict[str, tuple[str, ...]]:
    """Return how each member came and left."""
    who = {r["member_id"]: r["platform_user_id"] for r in got.rows("identities")} | {"": ""}
    return {
        who[r["member_id"]]: (
            r["joined_at"], r["joined_at_basis"], r.get("join_method", ""), who[r["inviter_id"]],
            r["left_at"], r["left_at_basis"],
        )
        for r in got.rows("members")
    }  # fmt: skip


def test_every_way_in_and_out(imported: Import) -> None:
    got = imported(
        chat(
            done(1, 11, "create_group", title="Club", members=["N11 Name", "N12 Name"]),
            done(2, 11, "invite_members", members=["N13 Name", "N14 Name"]),
            done(3, 15, "join_group_by_link", inviter="N12 Name"),
            done(4, 16, "join_group_by_request"),
            done(5, 17, "invite_members", members=["N17 Name"]),
            *(said(10 + i, i) for i in (12, 13, 14, 15, 16, 17)),
            done(40, 11, "remove_members", members=["N13 Name"]),
            done(41, 14, "remove_members", members=["N14 Name"]),
            kind="private_group",
        )
    )
    assert events(got) == [
        (AT[1], "user11", "join", "", "create"),
        (AT[1], "user12", "join", "user11", "invite"),
        (AT[2], "user13", "join", "user11", "invite"),
        (AT[2], "user14", "join", "user11", "invite"),
        (AT[3], "user15", "join", "user12", "link"),
        (AT[4], "user16", "join", "", "request"),
        (AT[5], "user17", "join", "", "self"),
        (AT[40], "user13", "kick", "user11", "remove"),
        (AT[41], "user14", "leave", "", "self"),
    ]
    assert stays(got) == {
        "user11": (AT[1], "event", "unknown", "", "", ""),
        "user12": (AT[1], "event", "invite", "user11", "", ""),
        "user13": (AT[2], "event", "invite", "user11", AT[40], "event"),
        "user14": (AT[2], "event", "invite", "user11", AT[41], "event"),
        "user15": (AT[3], "event", "link", "user12", "", ""),
        "user16": (AT[4], "event", "request", "", "", ""),
        "user17": (AT[5], "event", "unknown", "", "", ""),
    }
    assert got.rows("channels")[0]["created_at"] == AT[1]
    found = {what: k.found for what, k in got.report.knowledge.items()}
    assert (found["joins"], found["inviters"], found["leaves"]) == (7, 4, 2)


def test_names_that_lead_to_nobody_are_counted_and_not_guessed(imported: Import) -> None:
    got = imported(
        chat(
            said(1, 12, **{"from": "Li Wei"}),
            said(2, 13, **{"from": "Li Wei"}),
            done(3, 11, "invite_members", members=["Li Wei", "Never Seen", None, "N14 Name"]),
            done(4, 15, "join_group_by_link", inviter="Li Wei"),
            said(5, 14),
        )
    )
    assert events(got) == [
        (AT[3], "user14", "join", "user11", "invite"),
        (AT[4], "user15", "join", "", "link"),
    ]
    assert stays(got)["user12"][:2] == (AT[1], "first_message")
    assert stays(got)["user15"][2:4] == ("link", "")
    assert set(got.ids) == {"user11", "user12", "user13", "user14", "user15"}
    [lost] = [a for a in got.report.assumptions if "name people without ids" in a.en]
    assert "3 places" in lost.en and "1 names never" in lost.en
    assert "1 borne by several" in lost.en and "1 of deleted" in lost.en
    assert "3 处" in lost.zh


def test_who_adds_their_own_name_has_joined_though_others_bear_it(imported: Import) -> None:
    li = {"actor": "Li Wei"}
    got = imported(
        chat(
            said(1, 12, **{"from": "Li Wei"}),
            done(2, 13, "invite_members", members=["Li Wei"], **li),
            done(3, 13, "remove_members", members=["Li Wei"], **li),
        )
    )
    assert [e[1:3] for e in events(got)] == [("user13", "join"), ("user13", "leave")]


def test_a_name_is_known_from_another_chat_or_a_reaction(imported: Import) -> None:
    one = {"from": "N13 Name", "from_id": "user13", "date": "2024-01-01T00:09:00"}
    reaction = {"type": "emoji", "count": 1, "emoji": "👍", "recent": [one]}
    got = imported(
        full(
            chat(done(1, 11, "invite_members", members=["N12 Name", "N13 Name"])),
            chat(said(1, 12), said(2, 11, reactions=[reaction]), number=8),
        )
    )
    assert sorted(e[1] for e in events(got)) == ["user12", "user13"]


def test_names_of_left_out_chats_are_not_used(imported: Import) -> None:
    got = imported(
        full(
            chat(done(1, 11, "invite_members", members=["N12 Name"])),
            chat(said(1, 12), kind="personal_chat", number=12),
        )
    )
    assert "membership_events.csv" not in {p.name for p in got.data.iterdir()}
    assert set(got.ids) == {"user11"}


def test_whoever_wrote_before_the_line_was_there_before(imported: Import) -> None:
    got = imported(
        chat(said(1, 12), done(2, 12, "remove_members", members=["N12 Name"]),
             done(3, 12, "join_group_by_link", inviter=None), said(4, 12))
    )  # fmt: skip
    assert stays(got) == {"user12": (AT[1], "first_message", "", "", "", "")}
    assert [e[2] for e in events(got)] == ["leave", "join"]


def test_leaving_one_of_two_groups_is_not_leaving(imported: Import) -> None:
    out = done(5, 12, "remove_members", members=["N12 Name"])
    one = imported(full(chat(said(1, 12), out), chat(said(2, 12), number=8)))
    assert stays(one)["user12"][4] == ""
    later = done(9, 12, "remove_members", members=["N12 Name"])
    both = imported(full(chat(said(1, 12), out), chat(said(2, 12), later, number=8)))
    assert stays(both)["user12"][4:] == (AT[9], "event")


def test_speaking_after_leaving_is_being_there(imported: Import) -> None:
    got = imported(
        chat(said(1, 12), done(2, 12, "remove_members", members=["N12 Name"]), said(3, 12))
    )
    assert stays(got)["user12"][4] == ""


def test_an_administrator_without_name_invites_as_the_group(imported: Import) -> None:
    line = done(1, 0, "invite_members", members=["N12 Name"], actor="Club", actor_id="channel77")
    got = imported(chat(line, said(2, 12)))
    assert events(got) == [(AT[1], "user12", "join", "channel77", "invite")]
    assert stays(got)["user12"][3] == "channel77"


def test_renames_between_exports_are_one_person(imported: Import) -> None:
    old = chat(said(1, 12, **{"from": "Old"}), done(2, 11, "invite_members", members=["Old"]))
    new = chat(said(1, 12, **{"from": "New"}), done(2, 11, "invite_members", members=["New"]),
               said(3, 12, **{"from": "New"}))  # fmt: skip
    got = imported({"1.json": text(old), "2.json": text(new)})
    assert [e[1] for e in events(got)] == ["user12"]
    names = {r["display_name"] for r in got.rows("identities") if r["platform_user_id"] == "user12"}
    assert names == {"Old", "New"}
    assert got.report.members == 2


def test_joining_at_midnight_is_one_moment_in_every_zone(imported: Import) -> None:
    line = done(1, 12, "join_group_by_request", at=T0)
    for zone in ("Asia/Shanghai", "UTC", "America/New_York"):
        assert stays(imported(chat(line), timezone=zone))["user12"][0] == "2024-01-01T00:00:00Z"


def test_appending_the_same_export_changes_nothing_and_a_longer_one_adds(
    imported: Import,
) -> None:
    made = [said(i, 11 + i % 2, f"t{i}") for i in range(1, 9)]
    made.append(done(9, 11, "invite_members", members=["N12 Name"]))
    first = imported(chat(*made[:6]))
    before = tables(first)
    again = imported(chat(*made[:6]), into=first.data)
    assert tables(again) == before
    longer = imported(chat(*made[3:]), into=first.data)
    alone = imported(chat(*made))
    assert [r["message_id"] for r in longer.rows("messages")] == [
        r["message_id"] for r in alone.rows("messages")
    ]
    assert longer.rows("members") == alone.rows("members")
    assert len(longer.rows("membership_events")) == 1


def test_a_name_known_from_an_earlier_import_is_known_in_a_later_one(imported: Import) -> None:
    first = imported(chat(said(1, 12)))
    line = done(2, 11, "remove_members", members=["N12 Name"])
    got = imported(chat(line), into=first.data)
    [event] = got.rows("membership_events")
    assert event["member_id"] == got.ids["user12"]
