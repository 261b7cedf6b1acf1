"""Slack exports as a whole, built from the documented format: layouts, channels, names, overlaps."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from frictionless import Package
from hand_made import Imported
from made_slack import (
    ANNA,
    BERT,
    CARL,
    CHANNELS,
    GENERAL,
    USERS,
    example,
    export,
    line,
    packed,
    says,
    user,
)

from shequn.sources.readers import slack
from shequn.text import ShequnError

Take = Callable[..., Imported]


@pytest.fixture
def take(import_as: Take) -> Take:
    """Return a function that imports exports, each a zip."""

    def run(*given: dict[str, Any], names: str = "01", **options: Any) -> Imported:
        files = {f"{n}.zip": packed(e) for n, e in zip(names, given, strict=False)}
        return import_as("slack", files, **options)

    return run


def member(got: Imported, raw_id: str) -> dict[str, str]:
    """Return the row of members of somebody."""
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids[raw_id]]
    return row


def test_channels_have_ids_and_names_without_people(take: Take) -> None:
    days = {"general/2020-01-01": [says("1577836800.000000", ANNA)], "bert-stein/2020-01-01": [
        says("1577836800.000000", ANNA), line("1577836802.000000", ANNA, "channel_archive")]}  # fmt: skip
    got = take(export(days))
    channels = {
        (r["name"], r["kind"], r["created_at"], r["archived_at"]) for r in got.rows("channels")
    }
    bert = got.ids[BERT]
    assert channels == {
        ("general", "public", "2013-02-13T19:06:40Z", ""),
        (f"{bert}-[name]", "unlisted", "", "2020-01-01T00:00:02Z"),
    }
    assert GENERAL not in (got.data / "channels.csv").read_text()
    assert "stein" not in got.report.to_json()


def test_direct_messages_stay_out_and_unnamed(take: Take) -> None:
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
    # That old-mpim is one too only the list says.
    left = [f.file for f in got.report.files_left_out if f.why in slack.PRIVATE]
    assert len(left) == 5 and all(name.startswith("chat-") for name in left)
    assert (got.report.rows_read, got.report.rows_kept) == (6 + 2 + 1 + 1 + 1 + 1, 1)
    assert "anna" not in got.report.to_json()
    assert [r["name"] for r in got.rows("channels")] == ["general"]


def test_kept_text_holds_no_name_id_or_address(take: Take) -> None:
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
    # The apostrophe keeps a spreadsheet from taking the text for a formula.
    assert [r["text"] for r in got.rows("messages")] == [
        f"'@{b} and @{b}: ask {a} & {c}, or {c}", "see a.md https://e.example/?a=1&b=2",
        "mail [email] or [phone]", "in #general @devs @here", "'=cmd() b <script> \u202e",
        f"https://x.slack.com/team/{c} annabel", "[name]",
    ]  # fmt: skip
    without = take(export({"general/2020-01-01": rows}, users=users)).rows("messages")
    assert [r["n_chars"] for r in without] == [r["n_chars"] for r in got.rows("messages")]
    assert without[6]["n_chars"] == "4" and "text" not in without[0]


def test_names_seen_in_messages_are_kept_with_their_time(take: Take) -> None:
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


def test_an_address_in_the_place_of_a_name_is_not_kept(take: Take) -> None:
    users = [user("U0CAREFUL1", "eva@corp.example", "eva@corp.example")]
    got = take(
        export({"general/2020-01-01": [says("1577836800.000000", "U0CAREFUL1")]}, users=users)
    )
    assert {r["display_name"] for r in got.rows("identities")} == {""}


def test_folders_below_the_list_that_names_them(take: Take) -> None:
    got = take(export({"public/general/2020-01-01": [says("1577836800.000000", ANNA)]}))
    assert [r["name"] for r in got.rows("channels")] == ["general"]


def test_an_organisation_with_several_workspaces(take: Take) -> None:
    org = [
        user("W0WHOLE001", "dora", "Dora"),
        user("U0LOCAL001", "dora", "Dora", enterprise_user={"id": "W0WHOLE001"}),
    ]

    def rows(n: int) -> list[dict[str, Any]]:
        return [
            says(f"157783680{n}.000000", "U0LOCAL001"),
            says(f"157783680{n}.000001", "W0WHOLE001"),
        ]

    files = {
        "org_users.json": org, "channels.json": [{"id": "C0ORGWIDE1", "name": "everybody"}],
        "everybody/2020-01-01.json": rows(0),
        "teams/north/channels.json": [CHANNELS[0]], "teams/north/general/2020-01-01.json": rows(1),
        "teams/south/channels.json": [{"id": "C0SOUTH001", "name": "general"}],
        "teams/south/general/2020-01-01.json": rows(2),
    }  # fmt: skip
    got = take(files)
    assert sorted(r["name"] for r in got.rows("channels")) == ["everybody", "general", "general"]
    assert (got.report.messages, got.report.members) == (6, 1)
    assert {r["kind"] for r in got.rows("channels")} == {"public"}


def test_overlapping_exports_give_each_message_once_in_any_order(take: Take) -> None:
    ts = [f"157783680{i}.000000" for i in range(5)]
    draft = [says(ts[0], ANNA, "draft"), says(ts[1], BERT), says(ts[3], CARL, "will go")]
    early = export({"general/2020-01-01": draft,
                    "anna-and-friends/2020-01-01": [says(ts[0], ANNA)]})  # fmt: skip
    late = export(
        {
            "renamed/2020-01-01": [
                says(ts[0], ANNA, "final text", edited={"user": ANNA, "ts": "1577840000.000000"}),
                says(ts[1], BERT, reactions=[{"name": "+1", "users": [ANNA], "count": 1}]),
                says(ts[3], "USLACKBOT", "This message was deleted.", subtype="tombstone"),
                says(ts[4], BERT, "later"),
            ],
            "renamed/2019-12-31": [says(ts[2], CARL)],
            "anna-and-friends/2020-01-01": [says(ts[0], ANNA)],
        },
        channels=[CHANNELS[0] | {"name": "renamed"}, CHANNELS[1]],
        users=[USERS[0] | {"updated": 1602138686, "deleted": True}, *USERS[1:]],
    )
    first = take(early, late, keep_text=True)
    assert member(first, ANNA)["role"] == "deactivated"
    [here] = [r["channel_id"] for r in first.rows("channels") if r["name"] == "renamed"]
    general = {f"15778368{r['ts'][-3:-1]}.000000": r for r in first.rows("messages")
               if r["channel_id"] == here}  # fmt: skip
    assert {k: (r["kind"], r["text"]) for k, r in general.items()} == {
        ts[0]: ("text", "final text"), ts[1]: ("text", "hi"), ts[2]: ("text", "hi"),
        ts[3]: ("recall", ""), ts[4]: ("text", "later"),
    }  # fmt: skip
    assert general[ts[3]]["author_id"] == first.ids[CARL]
    assert len(first.rows("reactions")) == 1 and len(first.rows("messages")) == 6
    other = take(early, late, names="za", keep_text=True)
    for table in ("members", "messages", "reactions", "channels", "identities", "sources"):
        assert first.rows(table) == other.rows(table), table


def test_the_same_export_twice_changes_nothing_and_a_later_one_is_added(take: Take) -> None:
    early = export({"general/2020-01-01": [says("1577836800.000000", ANNA, "a")]})
    late = export(
        {
            "general/2020-01-01": [
                says("1577836800.000000", ANNA, "b", edited={"ts": "1577836900.000000"}),
                says("1577836805.000000", BERT),
            ],
            "general/2020-01-02": [says("1577923200.000000", CARL)],
        }
    )
    got = take(early, keep_text=True)
    first = got.rows("messages")
    again = take(early, keep_text=True, into=got.data)
    assert again.rows("messages") == first
    more = take(late, keep_text=True, into=got.data).rows("messages")
    assert [r["text"] for r in more] == ["b", "hi", "hi"]
    assert more[0]["message_id"] == first[0]["message_id"]
    # An older export knows less than the folder.
    assert take(early, keep_text=True, into=got.data).rows("messages") == more


@pytest.mark.parametrize("names", ["01", "10"])
def test_of_two_exports_the_later_one_knows_better_also_of_days_that_both_hold(
    take: Take, names: str
) -> None:
    # The day is as long in both; only a later day shows which export is the later one.
    day = "general/2020-01-01"
    early = export({day: [says("1577836800.000000", ANNA, "before")]})
    late = export({day: [says("1577836800.000000", ANNA, "after")],
                   "general/2020-01-02": [says("1577923200.000000", BERT)]})  # fmt: skip
    got = take(early, late, names=names, keep_text=True)
    assert [r["text"] for r in got.rows("messages")] == ["after", "hi"]
    days = [r for r in got.rows("sources") if r["format"] == "slack-day" and r["rows_kept"] == "1"]
    assert {r["covers_to"] for r in days} == {"2020-01-02T00:00:00Z"}


def test_zip_and_folder_and_gzip_are_the_same(import_as: Take) -> None:
    files = export(
        {"general/2020-01-01": [says("1577836800.000000", ANNA), says("1577836801.000000", BERT)]}
    )
    zipped = import_as("slack", {"Acme Slack export Jan 1 2020.zip": packed(files)})
    indented = {
        f"Acme/{k}": b"\xef\xbb\xbf" + json.dumps(v, indent=2).encode() for k, v in files.items()
    }
    squeezed = {f"{k}.gz": gzip.compress(v) for k, v in indented.items()}
    for other in (import_as("slack", indented), import_as("slack", squeezed)):
        for table in ("members", "messages", "channels", "identities"):
            got, wanted = other.rows(table), zipped.rows(table)
            assert [r | {"source_id": ""} for r in got] == [r | {"source_id": ""} for r in wanted]
    assert json.loads((zipped.data / "datapackage.json").read_text())["community"]["name"] == "Acme"
    days = {k.removeprefix("Acme/general/"): v for k, v in indented.items() if "general" in k}
    one = import_as("slack", days)
    assert one.report.messages == 2 and "no list of users" in one.report.say("en")


def test_an_empty_workspace_and_one_member(take: Take) -> None:
    empty = take(export({"general/2020-01-01": []}))
    assert (empty.report.messages, empty.report.members) == (0, 6)
    alone = take(
        export({"general/2020-01-01": [says("1577836800.000000", ANNA)]}, users=[USERS[0]])
    )
    assert (alone.report.messages, alone.report.members) == (1, 1)
    for got in (empty, alone):
        assert Package(str(got.data / "datapackage.json")).validate().valid


def test_the_folder_is_valid_and_ids_are_unique(take: Take) -> None:
    rows = [
        says("1577836800.000000", ANNA, f"<@{BERT}> <!channel>",
             reactions=[{"name": "a", "users": [BERT], "count": 2}]),
        line("1577836801.000000", BERT, "channel_join", inviter=ANNA),
        says("1577836801.000000", CARL), says("1577836802.000000", CARL, thread_ts="1577836800.000000"),
    ]  # fmt: skip
    # One moment in two channels is two messages.
    other = [*rows[:3], says("1577836802.000000", ANNA)]
    got = take(
        export({"general/2020-01-01": rows, "anna-and-friends/2020-01-01": other}), keep_text=True
    )
    report = Package(str(got.data / "datapackage.json")).validate()
    assert report.valid, report.flatten(["note"])
    ids = [r["message_id"] for r in got.rows("messages")]
    assert len(ids) == len(set(ids)) == 6


def test_what_is_no_slack_export_is_refused(import_as: Take) -> None:
    with pytest.raises(ShequnError, match="Nothing of Slack could be read") as caught:
        import_as("slack", {"notes.txt": "x", "telegram.json": '{"ok": true, "result": []}'})
    assert "users.json" in caught.value.say("zh")


def test_the_example_shows_what_the_platform_shows(import_as: Take) -> None:
    got = import_as("slack", example(), keep_text=True)
    # Seven messages and a guest's; three joinings, a topic and a leaving; what was deleted.
    assert (got.report.messages, got.report.rows_unparsed, got.report.bots) == (7 + 5 + 1, 0, 1)
    found = {what: k.found for what, k in got.report.knowledge.items()}
    assert found["joins"] == 3 and found["inviters"] == 2 and found["leaves"] == 1
    assert found["replies"] == 2 and found["reactions"] == 5
    kinds = [r["kind"] for r in got.rows("messages")]
    assert (kinds.count("system"), kinds.count("recall"), kinds.count("image")) == (5, 1, 1)
    assert "really done" in {r["text"].split(" ", 1)[-1] for r in got.rows("messages")}
    title = json.loads((got.data / "datapackage.json").read_text())["community"]["name"]
    assert title == "Acme"
