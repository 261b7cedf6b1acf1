"""Slack exports as a whole, built from the documented format: layouts, channels, names, overlaps."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from frictionless import Package
from test_slack_made import (
    ANNA,
    BERT,
    CARL,
    CHANNELS,
    GENERAL,
    RANDOM,
    USERS,
    Importer,
    export,
    line,
    member,
    says,
    user,
    write_zip,
)

from shequn.sources import slack
from shequn.text import ShequnError


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Importer:
    return Importer(tmp_path, monkeypatch)


def test_channels_have_ids_and_names_without_people(take: Importer) -> None:
    days = {"general/2020-01-01": [says("1577836800.000000", ANNA)], "bert-stein/2020-01-01": [
        says("1577836800.000000", ANNA), line("1577836802.000000", ANNA, "channel_archive")]}  # fmt: skip
    got = take(export(days))
    channels = {
        r["channel_id"]: (r["kind"], r["name"], r["created_at"], r["archived_at"])
        for r in got.rows("channels")
    }
    assert channels.pop(GENERAL) == ("public", "general", "2013-02-13T19:06:40Z", "")
    assert channels.pop(RANDOM) == (
        "public",
        f"{got.ids[ANNA]}-and-friends",
        "2013-02-13T19:06:41Z",
        "",
    )
    [(channel, (kind, name, _, closed))] = channels.items()
    assert channel.startswith("channel-") and kind == "unlisted"
    assert name == f"{got.ids[BERT]}-{got.ids[BERT]}"
    assert closed == "2020-01-01T00:00:02Z"
    assert {r["channel_id"] for r in got.rows("messages")} == {GENERAL, channel}
    assert "stein" not in got.report.to_json()


def test_direct_messages_stay_out_and_unnamed(take: Importer) -> None:
    secret = [says("1577836800.000000", ANNA, "psst")]
    got = take(
        export(
            {
                "general/2020-01-01": [says("1577836801.000000", BERT)],
                "D0G9QPY56/2020-01-01": secret, "D0NOTLISTED/2020-01-01": secret,
                "mpdm-anna--bert--carl-1/2020-01-01": secret, "mpdm-anna--gast-1/2020-01-01": secret,
                "old-mpim/2020-01-01": secret,
            },
            dms=[{"id": "D0G9QPY56", "members": [ANNA, BERT]}],
            mpims=[{"id": "G0MPIM0001", "name": "mpdm-anna--bert--carl-1", "members": [ANNA, BERT, CARL]}],
            groups=[{"id": "G0MPIM0002", "name": "old-mpim", "is_mpim": True}],
        )
    )  # fmt: skip
    assert got.report.messages == 1
    left = [f.file for f in got.report.files_left_out if f.why == slack.PRIVATE]
    assert {"D0G9QPY56", "G0MPIM0001", "G0MPIM0002"} < set(left) and len(left) == 5
    assert "anna" not in got.report.to_json()
    assert {r["channel_id"] for r in got.rows("channels")} == {GENERAL, RANDOM}


def test_kept_text_holds_no_name_id_or_address(take: Importer) -> None:
    texts = [
        f"<@{BERT}> and <@{BERT.lower()}|bert>: ask Anna Berg &amp; CARL, or 王小明",
        "see <https://x.slack.com/files/U024BE7LH/F1/a.md|a.md> <https://e.example/?a=1&amp;b=2>",
        "mail <mailto:anna@corp.example|anna@corp.example> or <tel:+8613812345678|13812345678>",
        f"in <#{GENERAL}|general> <!subteam^S1|@devs> <!here>", "=cmd() <b> &lt;script&gt; \u202e",
        f"https://x.slack.com/team/{CARL} annabel", "Bert",
    ]  # fmt: skip
    rows = [says(f"157783680{i}.000000", ANNA, t) for i, t in enumerate(texts)]
    users = [*USERS, user("U0SAMENAME", "bert2", "Bert"), user("U0SHORT0001", ".", "x")]
    users[2] = user(CARL, "carl", "王小明")
    got = take(export({"general/2020-01-01": rows}, users=users), keep_text=True)
    a, b, c = (got.ids[i] for i in (ANNA, BERT, CARL))
    assert [r["text"] for r in got.rows("messages")] == [
        f"@{b} and @{b}: ask {a} & {c}, or {c}", "see a.md https://e.example/?a=1&b=2",
        "mail [email] or [phone]", "in #general @devs @here", "=cmd() b <script> \u202e",
        f"https://x.slack.com/team/{c} annabel", "[name]",
    ]  # fmt: skip
    without = take(export({"general/2020-01-01": rows}, users=users)).rows("messages")
    assert [r["n_chars"] for r in without] == [r["n_chars"] for r in got.rows("messages")]
    assert without[6]["n_chars"] == "4" and "text" not in without[0]


def test_names_seen_in_messages_are_kept_with_their_time(take: Importer) -> None:
    rows = [
        says(
            "1577836800.000000",
            "U0CONNECT1",
            user_profile={"real_name": "Eva Old", "display_name": "eva"},
        ),
        says(
            "1577836805.000000",
            "U0CONNECT1",
            user_profile={"real_name": "Eva Old", "display_name": ""},
        ),
        says(
            "1577836809.000000",
            "U0CONNECT1",
            user_profile={"real_name": "Eva New", "display_name": []},
        ),
    ]
    got = take(export({"general/2020-01-01": rows}))
    names = {r["display_name"]: (r["alias_from"][-3:-1], r["alias_to"][-3:-1])
             for r in got.rows("identities") if r["platform_user_id"] == "U0CONNECT1"}  # fmt: skip
    assert names == {"eva": ("00", "00"), "Eva Old": ("00", "05")}


def test_an_address_in_the_place_of_a_name_is_not_kept(take: Importer) -> None:
    users = [user("U0CAREFUL1", "eva@corp.example", "eva@corp.example")]
    got = take(
        export({"general/2020-01-01": [says("1577836800.000000", "U0CAREFUL1")]}, users=users)
    )
    assert {r["display_name"] for r in got.rows("identities")} == {"[email]"}


def test_folders_below_the_list_that_names_them(take: Importer) -> None:
    got = take(export({"public/general/2020-01-01": [says("1577836800.000000", ANNA)]}))
    assert [r["channel_id"] for r in got.rows("messages")] == [GENERAL]


def test_an_organisation_with_several_workspaces(take: Importer) -> None:
    org = [
        user("W0WHOLE001", "dora", "Dora"),
        user("U0LOCAL001", "dora", "Dora", enterprise_user={"id": "W0WHOLE001"}),
    ]
    rows = [says("1577836800.000000", "U0LOCAL001"), says("1577836801.000000", "W0WHOLE001")]
    files = {
        "org_users.json": org, "channels.json": [{"id": "C0ORGWIDE1", "name": "everybody"}],
        "everybody/2020-01-01.json": rows,
        "teams/north/channels.json": [CHANNELS[0]], "teams/north/general/2020-01-01.json": rows,
        "teams/south/channels.json": [{"id": "C0SOUTH001", "name": "general"}],
        "teams/south/general/2020-01-01.json": rows,
    }  # fmt: skip
    got = take(files)
    assert {r["channel_id"] for r in got.rows("messages")} == {"C0ORGWIDE1", GENERAL, "C0SOUTH001"}
    assert (got.report.messages, got.report.members) == (6, 1)
    assert {r["kind"] for r in got.rows("channels")} == {"public"}


def test_overlapping_exports_give_each_message_once_in_any_order(take: Importer) -> None:
    ts = [f"157783680{i}.000000" for i in range(4)]
    draft = [says(ts[0], ANNA, "draft"), says(ts[1], BERT), says(ts[3], CARL, "will go")]
    early = export({"general/2020-01-01": draft,
                    "anna-and-friends/2020-01-01": [says(ts[0], ANNA)]})  # fmt: skip
    late = export(
        {
            "renamed/2020-01-01": [
                says(ts[0], ANNA, "final text", edited={"user": ANNA, "ts": "1577840000.000000"}),
                says(ts[1], BERT, reactions=[{"name": "+1", "users": [ANNA], "count": 1}]),
                says(ts[3], "USLACKBOT", "This message was deleted.", subtype="tombstone"),
            ],
            "renamed/2019-12-31": [says(ts[2], CARL), says(ts[1], BERT)],
            "anna-and-friends/2020-01-01": [says(ts[0], ANNA)],
        },
        channels=[CHANNELS[0] | {"name": "renamed"}, CHANNELS[1]],
        users=[USERS[0] | {"updated": 1602138686, "deleted": True}, *USERS[1:]],
    )
    first = take(early, late, keep_text=True)
    assert member(first, ANNA)["role"] == "deactivated"
    general = {
        r["message_id"][-17:]: r for r in first.rows("messages") if r["channel_id"] == GENERAL
    }
    assert {k: (r["kind"], r["text"]) for k, r in general.items()} == {
        ts[0]: ("text", "final text"), ts[1]: ("text", "hi"), ts[2]: ("text", "hi"), ts[3]: ("recall", ""),
    }  # fmt: skip
    assert general[ts[3]]["author_id"] == first.ids[CARL]
    assert len(first.rows("reactions")) == 1 and first.report.duplicates == 1
    assert [r["name"] for r in first.rows("channels") if r["channel_id"] == GENERAL] == ["renamed"]
    again = take(early, late, keep_text=True)
    other = take(early, late, names=["z", "a"], keep_text=True)
    for table in (
        "members",
        "messages",
        "reactions",
        "mentions",
        "channels",
        "identities",
        "sources",
    ):
        assert first.rows(table) == again.rows(table), table
        assert sorted(map(str, first.rows(table))) == sorted(map(str, other.rows(table))), table


def test_zip_and_folder_and_gzip_are_the_same(take: Importer, tmp_path: Path) -> None:
    files = export(
        {"general/2020-01-01": [says("1577836800.000000", ANNA), says("1577836801.000000", BERT)]}
    )
    packed = take(write_zip(tmp_path / "Acme Slack export Jan 1 2020.zip", files))
    plain, squeezed = tmp_path / "plain", tmp_path / "squeezed"
    for name, content in files.items():
        for place, suffix, pack in ((plain, "", bytes), (squeezed, ".gz", gzip.compress)):
            path = place / "Acme" / (name + suffix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pack(b"\xef\xbb\xbf" + json.dumps(content, indent=2).encode()))
    for other in (take(plain), take(squeezed)):
        for table in ("members", "messages", "channels", "identities"):
            got, wanted = other.rows(table), packed.rows(table)
            assert [r | {"source_id": ""} for r in got] == [r | {"source_id": ""} for r in wanted]
    assert json.loads((packed.data / "datapackage.json").read_text())["community"]["name"] == "Acme"
    one = take(plain / "Acme" / "general")
    assert one.report.messages == 2 and "no list of users" in one.report.say("en")


def test_an_empty_workspace_and_one_member(take: Importer) -> None:
    empty = take(export({"general/2020-01-01": []}))
    assert (empty.report.messages, empty.report.members) == (0, 6)
    alone = take(
        export({"general/2020-01-01": [says("1577836800.000000", ANNA)]}, users=[USERS[0]])
    )
    assert (alone.report.messages, alone.report.members) == (1, 1)
    for got in (empty, alone):
        assert Package(str(got.data / "datapackage.json")).validate().valid


def test_the_folder_is_valid_and_ids_are_unique(take: Importer) -> None:
    rows = [
        says("1577836800.000000", ANNA, f"<@{BERT}> <!channel>",
             reactions=[{"name": "a", "users": [BERT], "count": 2}]),
        line("1577836801.000000", BERT, "channel_join", inviter=ANNA),
        says("1577836801.000000", CARL), says("1577836802.000000", CARL, thread_ts="1577836800.000000"),
    ]  # fmt: skip
    got = take(
        export({"general/2020-01-01": rows, "anna-and-friends/2020-01-01": rows}), keep_text=True
    )
    report = Package(str(got.data / "datapackage.json")).validate()
    assert report.valid, report.flatten(["note"])
    with (got.data / "messages.csv").open(newline="") as file:
        ids = [r["message_id"] for r in csv.DictReader(file)]
    assert len(ids) == len(set(ids)) == 6


def test_what_is_no_slack_export_is_refused(take: Importer, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("x")
    with pytest.raises(ShequnError, match=r"holds no Slack export. notes.txt"):
        take(tmp_path / "other")
