"""Reading exports of Telegram Desktop: messages, on files built from the documented grammar."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from frictionless import Package
from hand_made import Imported
from made_telegram import T0, chat, clock, done, example, full, importer, said, tables, text

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Import) -> Import:
    return importer(import_as)


def test_a_group_as_tables(imported: Import) -> None:
    got = imported(
        chat(
            said(1, 11, "hello"),
            said(2, 12, "hi", reply_to_message_id=1, edited=clock(T0 + 500),
                 edited_unixtime=str(T0 + 500)),
            done(3, 11, "pin_message", message_id=1),
            said(4, 11, "", photo="photos/1.jpg", width=1, height=1),
        )
    )  # fmt: skip
    a, b = got.ids["user11"], got.ids["user12"]
    rows = got.rows("messages")
    channel = rows[0]["channel_id"]
    assert [(r["author_id"], r["ts"], r["kind"], r["n_chars"], r["source_row"]) for r in rows] == [
        (a, "2024-01-01T00:01:00Z", "text", "5", "1"),
        (b, "2024-01-01T00:02:00Z", "text", "2", "2"),
        (a, "2024-01-01T00:03:00Z", "system", "0", "3"),
        (a, "2024-01-01T00:04:00Z", "image", "0", "4"),
    ]
    assert (rows[1]["reply_to_id"], rows[1]["reply_basis"]) == (rows[0]["message_id"], "explicit")
    assert [r["reply_to_id"] for r in rows] == ["", rows[0]["message_id"], "", ""]
    assert [r["edited_at"] for r in rows] == ["", "2024-01-01T00:08:20Z", "", ""]
    assert [(r["channel_id"], r["kind"], r["name"]) for r in got.rows("channels")] == [
        (channel, "private_supergroup", "Club")
    ]
    assert {r["display_name"] for r in got.rows("identities")} == {"N11 Name", "N12 Name"}
    [source] = got.rows("sources")
    assert (source["covers_from"], source["covers_to"]) == (rows[0]["ts"], rows[3]["ts"])
    assert (source["rows_read"], source["rows_kept"], source["format"]) == (
        "4",
        "4",
        "telegram-json",
    )
    assert Package(str(got.data / "datapackage.json")).validate().valid
    assert got.report.knowledge["replies"].known
    assert got.report.knowledge["reactions"].found == 0
    assert "77" not in rows[0]["message_id"] and "text" not in rows[0]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"media_type": "sticker", "file": "s.webp", "text": ""}, "sticker"),
        ({"media_type": "voice_message", "file": "v.ogg", "text": ""}, "voice"),
        ({"media_type": "video_message", "file": "v.mp4"}, "video"),
        ({"media_type": "video_file", "file": "v.mp4"}, "video"),
        ({"media_type": "animation", "file": "v.mp4"}, "image"),
        ({"media_type": "audio_file", "file": "v.mp3"}, "file"),
        ({"media_type": ["?"], "file": "v.mp3"}, "file"),
        ({"file": "x.pdf"}, "file"),
        ({"photo": "(File not included.)"}, "image"),
        ({"poll": {"question": "Why?", "answers": []}, "text": ""}, "poll"),
        ({"contact_information": {"phone_number": "1"}}, "share"),
        ({"location_information": None}, "share"),
        ({"game_title": "g"}, "other"),
        ({"forwarded_from": None}, "forward"),
        ({"forwarded_from": "N", "photo": "p.jpg"}, "forward"),
        ({"text": [{"type": "link", "text": "http://a.example"}, " \n"]}, "link"),
        ({"text": ["see ", {"type": "link", "text": "http://a.example"}]}, "text"),
        ({"text": ""}, "other"),
    ],
)
def test_kinds(imported: Import, fields: dict[str, object], kind: str) -> None:
    [row] = imported(chat(said(1, 11, **fields))).rows("messages")  # type: ignore[arg-type]
    assert row["kind"] == kind
    if kind == "poll":
        assert row["n_chars"] == "4"  # its question


@pytest.mark.parametrize(
    ("zone", "ts"),
    [
        ("Asia/Shanghai", "2023-12-31T16:00:00Z"),
        ("UTC", "2024-01-01T00:00:00Z"),
        ("America/New_York", "2024-01-01T05:00:00Z"),
    ],
)
def test_only_where_there_is_no_utc_the_zone_counts(imported: Import, zone: str, ts: str) -> None:
    old = said(1, 11)
    old["date"] = "2024-01-01T00:00:00"
    del old["date_unixtime"]
    new = said(2, 11, at=T0, date="1999-01-01T00:00:00")
    got = imported(chat(old, new), timezone=zone)
    assert sorted(got.times()) == sorted([ts, "2024-01-01T00:00:00Z"])
    assert {r["source_row"]: r["ts"] for r in got.rows("messages")}["1"] == ts
    assert any("1 rows show only the exporter's clock" in a.en for a in got.report.assumptions)


def test_ids_of_old_versions_are_the_same_people(imported: Import) -> None:
    old = said(1, 0, from_id=(1 << 32) + 11)
    channel = said(2, 0, from_id=(2 << 32) + 77)
    got = imported(chat(old, channel, said(3, 11), said(4, 0, from_id=12)))
    rows = [r["author_id"] for r in got.rows("messages")]
    assert rows == [got.ids[p] for p in ("user11", "channel77", "user11", "user12")]


def test_large_user_ids_stay_whole(imported: Import) -> None:
    big = 6_123_456_789  # above 32 bits: not an old id with a mark in its upper half
    named = {"type": "mention_name", "text": "Zoe", "user_id": big}
    got = imported(chat(said(1, big), said(2, 11, [named])))
    assert [r["target_id"] for r in got.rows("mentions")] == [got.ids[f"user{big}"]]
    assert got.rows("messages")[0]["author_id"] == got.ids[f"user{big}"]


def test_deleted_accounts_are_kept_apart(imported: Import) -> None:
    got = imported(chat(*(said(i, 10 + i, **{"from": None}) for i in (1, 2))))
    assert len({r["author_id"] for r in got.rows("messages")}) == 2
    assert [r["display_name"] for r in got.rows("identities")] == ["", ""]


def test_what_is_posted_in_a_chats_name(imported: Import) -> None:
    anonymous = said(1, 0, from_id="channel77", **{"from": "Club"})
    linked = said(2, 0, from_id="channel88", **{"from": "News"})
    without = said(3, 0)
    del without["from"], without["from_id"]
    got = imported(chat(anonymous, linked, without, said(4, 11)))
    role = {r["member_id"]: r["role"] for r in got.rows("members")}
    rows = [r["author_id"] for r in got.rows("messages")]
    assert rows[0] == rows[2] == got.ids["channel77"]
    assert [role[r] for r in rows] == ["admin", "channel", "admin", ""]
    assert any("2 authors are groups or channels" in a.en for a in got.report.assumptions)


def test_reactions_and_how_complete_they_are(imported: Import) -> None:
    def by(who: int, at: int) -> dict[str, object]:
        return {"from": f"N{who} Name", "from_id": f"user{who}", "date": clock(at)}

    reactions = [
        {"type": "emoji", "count": 2, "emoji": "👍", "recent": [by(12, T0 + 90), by(13, T0 + 95)]},
        {"type": "emoji", "count": 5, "emoji": "❤", "recent": [by(12, T0 + 99)]},
        {"type": "custom_emoji", "count": 3, "document_id": "123"},
        {"type": "paid", "count": 1},
        {"type": "emoji", "count": "many"}, 7,
    ]  # fmt: skip
    got = imported(chat(said(1, 11, reactions=reactions)))
    i = got.ids
    assert {
        (r["member_id"], r["emoji"], r["n"], r["ts"], r["complete"]) for r in got.rows("reactions")
    } == {
        (i["user12"], "👍", "1", "2024-01-01T00:01:30Z", "true"),
        (i["user13"], "👍", "1", "2024-01-01T00:01:35Z", "true"),
        (i["user12"], "❤", "1", "2024-01-01T00:01:39Z", "false"),
        ("", "❤", "4", "", "false"),
        ("", "custom:123", "3", "", "false"),
        ("", "paid", "1", "", "false"),
    }
    assert len(got.rows("members")) == 3
    joined = {r["member_id"]: r["joined_at_basis"] for r in got.rows("members")}
    assert joined[i["user13"]] == ""  # who only reacts has said nothing


def test_a_reactions_time_is_read_by_the_clock_of_its_message(imported: Import) -> None:
    def of(hours: float) -> dict[str, object]:
        one = {"from": "N", "from_id": "user12", "date": clock(T0 + 600, hours)}
        reaction = {"type": "emoji", "count": 1, "emoji": "👍", "recent": [one]}
        return chat(said(1, 11, reactions=[reaction], date=clock(T0 + 60, hours)))

    for hours, zone in ((8, "Asia/Shanghai"), (8, "UTC"), (-5, "Asia/Shanghai")):
        got = imported(of(hours), timezone=zone)
        assert got.rows("reactions")[0]["ts"] == "2024-01-01T00:10:00Z"
        fits = (hours, zone) == (8, "Asia/Shanghai")
        assert any("does not fit" in a.en for a in got.report.assumptions) is not fits


def test_mentions_lead_to_people_by_id_only(imported: Import) -> None:
    name = {"type": "mention_name", "text": "Zoe", "user_id": 13}
    user = {"type": "mention", "text": "@zoe_z"}
    got = imported(chat(said(1, 11, ["a ", name, name, user])), keep_text=True)
    rows = got.rows("mentions")
    assert [(r["target_id"], r["kind"]) for r in rows] == [(got.ids["user13"], "mention")]
    z = got.ids["user13"]
    assert got.rows("messages")[0]["text"] == f"a {z} {z}[username]"
    assert any("1 mentions give a user name" in a.en for a in got.report.assumptions)


def test_topics_are_threads_and_not_answers(imported: Import) -> None:
    got = imported(
        chat(
            done(5, 11, "topic_created", title="T"),
            said(6, 12, reply_to_message_id=5),
            said(7, 13, reply_to_message_id=6),
            said(8, 13),
            done(9, 11, "topic_created", title="U"),
            said(10, 12, reply_to_message_id=9),
        )
    )
    rows = got.rows("messages")
    ids = [r["message_id"] for r in rows]
    assert [r["thread_id"] for r in rows] == [ids[0], ids[0], ids[0], "", ids[4], ids[4]]
    assert [r["reply_to_id"] for r in rows] == ["", "", ids[1], "", "", ""]


def test_only_groups_and_channels_of_a_full_export_are_read(imported: Import) -> None:
    got = imported(
        full(
            chat(said(1, 50, "secret"), kind="personal_chat", number=50, name="Private Person"),
            {"type": "saved_messages", "id": 1, "messages": [said(1, 1)]},
            chat(said(1, 60), kind="bot_chat", number=60, name="A bot"),
            chat(said(1, 11), said(2, 60), kind="private_group", number=7, name="Small"),
            chat(said(1, 0, from_id="channel8"), kind="public_channel", number=8, name="News"),
            left=(chat(said(1, 12), number=9, kind="public_supergroup", name="Gone"),),
        ),
        keep_text=True,
    )
    assert {r["name"]: r["kind"] for r in got.rows("channels")} == {
        "Small": "private_group", "News": "public_channel", "Gone": "public_supergroup",
    }  # fmt: skip
    assert got.report.messages == 4
    assert set(got.ids) == {"user11", "user60", "channel8", "user12"}
    assert len({r["message_id"] for r in got.rows("messages")}) == 4
    bots = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    assert bots == {got.ids["user60"]}
    said_all = got.report.say("en") + "".join(tables(got).values())
    assert "secret" not in said_all and "Private Person" not in said_all and "Zed" not in said_all
    assert any("3 talks of two people" in a.en for a in got.report.assumptions)
    assert sorted(r["source_row"] for r in got.rows("messages")) == ["4", "5", "6", "7"]


def test_who_sends_buttons_is_a_bot(imported: Import) -> None:
    buttons = [[{"type": "url", "text": "b"}]]
    got = imported(
        chat(
            said(1, 11, inline_bot_buttons=buttons),
            said(2, 12, inline_bot_buttons=buttons, via_bot="@gif"),
            said(3, 13, inline_bot_buttons=buttons, forwarded_from="N"),
        )
    )
    bots = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    assert bots == {got.ids["user11"]} and got.report.bots == 1


def test_overlapping_exports_give_every_message_once(imported: Import) -> None:
    early = [said(i, 11, "old") for i in (1, 2, 3)]
    late = [said(i, 11, "newer", **{"from": "Renamed"}) for i in (2, 3, 4)]
    files = {"a/result.json": text(chat(*early)), "b/result.json": text(chat(*late))}
    got = imported(files)
    rows = got.rows("messages")
    assert [r["n_chars"] for r in rows] == ["3", "5", "5", "5"]
    assert len({r["message_id"] for r in rows}) == 4
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_ignored) == (6, 4, 2)
    names = {(r["display_name"], r["alias_to"]) for r in got.rows("identities")}
    assert names == {("N11 Name", "2024-01-01T00:03:00Z"), ("Renamed", "2024-01-01T00:04:00Z")}
    again = imported({"y.json": files["b/result.json"], "z.json": files["a/result.json"]})
    assert tables(again) == tables(got)
    alone = imported(chat(*early))  # the ids are the same, whatever else is there
    assert alone.rows("messages")[0]["message_id"] == rows[0]["message_id"]


def test_overlapping_full_exports(imported: Import) -> None:
    def of(last: int) -> str:
        made = [said(i, 11) for i in range(1, last)]
        return text(full(chat(*made, number=7), chat(*made, number=8)))

    got = imported({"a.json": of(5), "b.json": of(7)})
    assert (got.report.messages, got.report.duplicates) == (12, 1)


def test_a_file_that_another_holds_whole_is_left_out(imported: Import) -> None:
    whole = text(chat(*(said(i, 11) for i in range(1, 9))))
    part = text(chat(*(said(i, 11) for i in range(3, 6))))
    got = imported({"a.json": part, "b.json": whole, "c.json": whole})
    assert (len(got.report.files_read), got.report.duplicates) == (1, 2)
    assert tables(got) == tables(imported({"b.json": whole}))


def test_of_a_number_that_comes_twice_in_a_file_the_later_counts(imported: Import) -> None:
    got = imported(chat(said(2, 11, "first"), said(1, 11), said(2, 12, "second")))
    assert [r["n_chars"] for r in got.rows("messages")] == ["1", "6"]


def test_a_group_and_the_supergroup_it_became(imported: Import) -> None:
    def moved(message: dict[str, object]) -> dict[str, object]:
        keys = ("id", "reply_to_message_id")
        return {**message, **{k: message[k] - 10**9 for k in keys if k in message}}  # type: ignore[operator]

    old = [said(1, 11), said(2, 12, reply_to_message_id=1), said(5, 11)]
    new = [
        said(1, 11, at=T0 + 9000),
        said(2, 12, at=T0 + 9060, reply_to_message_id=5, reply_to_peer_id="chat7"),
    ]
    group = chat(*old, kind="private_group", number=7)
    alone = imported(chat(*map(moved, old), *new))
    rows = alone.rows("messages")
    ids = [r["message_id"] for r in rows]
    assert len(set(ids)) == 5
    assert [r["reply_to_id"] for r in rows] == ["", ids[0], "", "", ids[2]]
    both = imported({"a.json": text(group), "b.json": text(chat(*map(moved, old), *new))})
    where = ("source_id", "source_row")
    assert [{k: v for k, v in r.items() if k not in where} for r in both.rows("messages")] == [
        {k: v for k, v in r.items() if k not in where} for r in rows
    ]
    swapped = {"a.json": text(chat(*map(moved, old), *new)), "b.json": text(group)}
    assert tables(imported(swapped)) == tables(both)
    assert [r["kind"] for r in both.rows("channels")] == ["private_supergroup"]
    # Another group, whose numbers are the same by chance, is not joined to it.
    other = chat(*(said(i, 11, at=T0 + 77 * i) for i in (1, 2, 5)), kind="private_group", number=8)
    apart = imported({"a.json": text(other), "b.json": text(chat(*map(moved, old), *new))})
    assert apart.report.messages == 8


def test_answers_across_chats(imported: Import) -> None:
    here = said(5, 11, reply_to_message_id=3, reply_to_peer_id="channel8")
    away = said(6, 11, reply_to_message_id=3, reply_to_peer_id="channel99")
    got = imported(full(chat(here, away), chat(said(3, 12), number=8)))
    rows = {r["source_row"]: r for r in got.rows("messages")}
    assert rows["1"]["reply_to_id"] == rows["3"]["message_id"]
    # Of a chat that is not in the export: an id that leads to nothing, until it is imported too.
    later = imported(chat(said(3, 12), number=99)).rows("messages")[0]
    assert rows["2"]["reply_to_id"] == later["message_id"]
    assert (rows["2"]["reply_basis"], rows["3"]["reply_to_id"]) == ("explicit", "")


def test_unsupported_messages_and_lines_without_actor_are_ignored(imported: Import) -> None:
    nobody = done(2, 11, "giveaway_launch")
    del nobody["actor"], nobody["actor_id"]
    got = imported(chat({"id": 1, "type": "unsupported"}, nobody, said(3, 11)))
    assert (got.report.rows_ignored, got.report.rows_kept, got.report.rows_unparsed) == (2, 1, 0)


def test_other_files_are_left_out_and_html_is_named(imported: Import) -> None:
    files = {
        "result.json": text(chat(said(1, 11))), "messages2.html": "<html>",
        "photos/p.jpg": b"\xff\xd8", "package.json": '{"name": "x"}', "list.json": "[]",
    }  # fmt: skip
    got = imported(files)
    whys = {f.file: f.why.en for f in got.report.files_left_out}
    assert set(whys) == {"messages2.html", "p.jpg", "package.json", "list.json"}
    assert "HTML" in whys["messages2.html"]
    with pytest.raises(ShequnError, match="HTML"):
        imported({"messages.html": "<html>"})


def test_zipped_gzipped_and_with_a_mark_at_the_start(imported: Import, tmp_path: Path) -> None:
    data = text(chat(said(1, 11, "你好"), said(2, 12)))
    plain = imported({"result.json": data})
    zipped = tmp_path / "e.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("ChatExport/result.json", data)
    for files in (
        {"result.json.gz": gzip.compress(data.encode())},
        {"e.zip": zipped.read_bytes()},
        {"result.json": b"\xef\xbb\xbf" + data.encode()},
        {"result.json": json.dumps(json.loads(data))},  # by another program, on one line
    ):
        got = imported(files)
        assert [r["message_id"] for r in got.rows("messages")] == [
            r["message_id"] for r in plain.rows("messages")
        ]
        assert [r["n_chars"] for r in got.rows("messages")] == ["2", "1"]


def test_an_empty_group_and_one_of_one_member(imported: Import) -> None:
    with pytest.raises(ShequnError, match="Nothing of Telegram"):
        imported(chat())
    assert imported(chat(said(1, 11))).report.members == 1
    twice = imported({"a.json": text(chat(said(1, 11))), "b.json": text(chat(said(1, 11)))})
    assert (len(twice.rows("sources")), twice.report.duplicates) == (1, 1)


def test_the_example_shows_what_the_matrix_claims(imported: Import) -> None:
    got = imported(example(), keep_text=True)
    assert {r["kind"] for r in got.rows("messages")} == {"text", "image", "system", "forward"}
    assert got.report.rows_unparsed == 0 and got.report.bots == 1
    found = {what: k.found for what, k in got.report.knowledge.items()}
    # Ann founded the group, Zoe and Min were added by her; Leo left for good.
    assert (found["joins"], found["inviters"], found["leaves"]) == (3, 2, 1)
    assert (found["replies"], found["reactions"]) == (2, 3)
    zoe = got.ids["user1000012"]
    assert f"Thanks, {zoe} s turn" in {r["text"] for r in got.rows("messages")}
