"""Reading DiscordChatExporter's files, built from the documented grammar."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from frictionless import Package
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_discord import (
    GENERAL,
    GUILD,
    T0,
    THREAD,
    answer,
    clock,
    example,
    export,
    reaction,
    said,
    snowflake,
    text,
    user,
    who,
)

from shequn.text import ShequnError, not_a_formula

Import = Callable[..., Imported]
FIXTURE = [HealthCheck.function_scoped_fixture]  # every call of it uses a folder of its own


@pytest.fixture
def imported(import_as: Import) -> Import:
    return lambda *made, **options: import_as(
        "discord", {f"{n}.json": text(m) for n, m in enumerate(made)}, **options
    )


def tables(got: Imported) -> dict[str, str]:
    """Return the text of every table."""
    return {p.name: p.read_text(encoding="utf-8") for p in got.data.glob("*.csv")}


def notes(got: Imported) -> str:
    """Return what is said in the report."""
    return " ".join(a.en for a in got.report.assumptions)


def test_a_channel_as_tables(imported: Import) -> None:
    first = said(1, 11, "hello", hours=8)
    second = answer(2, 12, "hi", first, timestampEdited=clock(T0 + 500, -5, 77))
    got = imported(export(first, second, said(3, 11, "Pinned.", kind="ChannelPinnedMessage")))
    a, b = got.ids[who(11)], got.ids[who(12)]
    rows = got.rows("messages")
    assert [(r["author_id"], r["ts"], r["kind"], r["n_chars"], r["source_row"]) for r in rows] == [
        (a, "2024-01-01T00:01:00Z", "text", "5", "1"),
        (b, "2024-01-01T00:02:00Z", "text", "2", "2"),
        (a, "2024-01-01T00:03:00Z", "system", "0", "3"),
    ]
    assert (rows[1]["reply_to_id"], rows[1]["reply_basis"]) == (rows[0]["message_id"], "explicit")
    assert [r["edited_at"] for r in rows] == ["", "2024-01-01T00:08:20Z", ""]
    [channel] = got.rows("channels")
    assert (channel["kind"], channel["name"]) == ("GuildTextChat", "general")
    assert Package(str(got.data / "datapackage.json")).validate().valid
    assert GENERAL not in "".join(tables(got).values()) and "text" not in rows[0]
    assert {(r["display_name"], r["alias_from"]) for r in got.rows("identities")} == {
        (f"{name}{n}", f"2024-01-01T00:0{n - 10}:00Z")
        for n in (11, 12) for name in ("Nick ", "account")
    }  # fmt: skip


def test_the_example_shows_what_the_matrix_claims(import_as: Import) -> None:
    got = import_as("discord", example(), keep_text=True)
    found = {what: k.found for what, k in got.report.knowledge.items()}
    assert (found["joins"], found["inviters"], found["leaves"]) == (1, 0, 0)
    assert (found["replies"], found["reactions"]) == (1, 8)
    [event] = got.rows("membership_events")
    assert (event["member_id"], event["action"]) == (got.ids[who(12)], "join")
    role = {r["member_id"]: (r["role"], r["is_bot"]) for r in got.rows("members")}
    assert role[got.ids[who(11)]] == ("admin", "false")  # "Book lovers" is nobody's business
    assert role[got.ids[who(14)]] == ("", "true")
    [note] = [f for f in got.report.files_left_out if "direct messages" in f.why.en]
    out = "".join(tables(got).values())
    assert "secret" not in out and "Book lovers" not in out and note
    texts = {r["text"] for r in got.rows("messages")}
    assert f"欢迎 @{got.ids[who(12)]}，please read the rules @everyone" in texts


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"content": "see https://a.example"}, "text"),
        ({"content": "https://a.example/b"}, "link"),
        ({"content": ""}, "other"),
        ({"content": "/roll", "kind": "20"}, "text"),
        ({"content": "", "kind": "46"}, "system"),
        ({"content": "Started a call.", "kind": "Call"}, "call"),
        ({"content": "Joined", "kind": "GuildMemberJoin"}, "system"),
        ({"content": "Added N to the thread.", "kind": "RecipientAdd"}, "system"),
        ({"content": "x", "attachments": [{"fileName": "A.JPEG"}]}, "image"),
        ({"content": "x", "attachments": [{"fileName": "voice-message.ogg"}]}, "voice"),
        ({"content": "x", "attachments": [{"fileName": "b.mp4"}]}, "video"),
        ({"content": "x", "attachments": [{"fileName": "c"}, 7]}, "file"),
        ({"content": "x", "attachments": [None]}, "file"),
        ({"content": "", "stickers": [{"id": "1"}]}, "sticker"),
        ({"content": "", "forwardedMessage": {"content": "abc"}}, "forward"),
    ],
)
def test_kinds(imported: Import, more: dict[str, object], kind: str) -> None:
    [row] = imported(export(said(1, 11, **more))).rows("messages")  # type: ignore[arg-type]
    assert row["kind"] == kind
    if kind in ("system", "call"):
        assert row["n_chars"] == "0"  # what the exporter says of it, nobody wrote
    if kind == "forward":
        assert row["n_chars"] == "3"


def test_midnight_is_one_moment_whatever_the_exporters_offset(imported: Import) -> None:
    for hours in (8, 0, -5, 5.75):
        got = imported(export(said(0, 11, hours=hours)), timezone="Asia/Shanghai")
        assert got.times() == ["2024-01-01T00:00:00Z"]
    # A time without offset, or none: the id tells it.
    for odd in ("2024-01-01T08:00:00", "soon", None, 7, "9999-99-99T99:99:99+00:00"):
        assert imported(export(said(0, 11, timestamp=odd))).times() == ["2024-01-01T00:00:00Z"]


def test_threads_are_channels_under_a_channel(imported: Import) -> None:
    thread = export(said(5, 12), said(6, 11), channel=THREAD, name="t", kind="GuildPublicThread",
                    parent=(GENERAL, "general"))  # fmt: skip
    got = imported(export(said(1, 11), name="General!"), thread)
    rows = {r["name"]: r for r in got.rows("channels")}
    assert rows["t"]["parent_id"] == rows["General!"]["channel_id"]
    assert rows["General!"]["parent_id"] == ""  # a category is no channel
    [one] = {r["thread_id"] for r in got.rows("messages") if r["thread_id"]}
    assert {r["channel_id"] for r in got.rows("messages") if r["thread_id"] == one} == {
        rows["t"]["channel_id"]
    }
    alone = imported(thread)  # the parent was not exported
    assert {r["name"] for r in alone.rows("channels")} == {"t", "general"}


def test_answers_across_channels(imported: Import) -> None:
    first = said(1, 11)
    other = export(answer(2, 12, "yes", first), channel="900000000000000009", name="b")
    rows = {
        r["source_row"] + r["reply_to_id"][:1]: r
        for r in imported(export(first), other).rows("messages")
    }
    assert rows["1t"]["reply_to_id"] == rows["1"]["message_id"]
    # What is answered may have been deleted, or lie in a channel that was not exported.
    gone = answer(2, 12, "yes", first, reference={"messageId": None, "channelId": None})
    assert imported(export(gone)).rows("messages")[0]["reply_to_id"] == ""


def test_an_answer_names_nobody_unless_its_text_does(imported: Import) -> None:
    first = said(1, 11)
    made = [
        answer(i, 12, t, first) for i, t in enumerate(("yes", "@Nick 11 yes", f"<@{who(11)}>"), 2)
    ]
    got = imported(export(first, *made))
    ids = [r["message_id"] for r in got.rows("messages")]
    assert {(r["message_id"], r["target_id"]) for r in got.rows("mentions")} == {
        (ids[2], got.ids[who(11)]), (ids[3], got.ids[who(11)]),
    }  # fmt: skip


def test_mentions_by_list_by_id_and_of_all(imported: Import) -> None:
    got = imported(
        export(
            said(1, 11, "look @Nick 12!", mentions=[user(12)]),
            said(2, 11, f"raw <@!{who(13)}> and <@&1234567890123456789>"),
            said(3, 11, "@here and a@everyone.example"),
        ),
        keep_text=True,
    )
    i = got.ids
    assert sorted((r["target_id"], r["kind"]) for r in got.rows("mentions")) == sorted(
        [(i[who(12)], "mention"), (i[who(13)], "mention"), ("", "all")]
    )
    texts = [r["text"] for r in got.rows("messages")]
    assert texts[0] == f"look @{i[who(12)]}!" and who(13) not in texts[1]
    assert i[who(13)] in texts[1]


def test_reactions_and_how_complete_they_are(imported: Import) -> None:
    old = {"emoji": {"id": "", "name": "🎉"}, "count": 3}  # older versions list nobody
    made = [
        reaction("👍", user(12), user(13)), reaction("❤", user(12), count=5), old,
        reaction("pepe", own="600000000000000001", count=2), {"count": "many"}, 7,
    ]  # fmt: skip
    got = imported(export(said(1, 11, reactions=made)))
    i = got.ids
    assert {(r["member_id"], r["emoji"], r["n"], r["complete"]) for r in got.rows("reactions")} == {
        (i[who(12)], "👍", "1", "true"), (i[who(13)], "👍", "1", "true"),
        (i[who(12)], "❤", "1", "false"), ("", "❤", "4", "false"), ("", "🎉", "3", "false"),
        ("", "custom:600000000000000001", "2", "false"),
    }  # fmt: skip
    assert got.report.reactions == 12
    joined = {r["member_id"]: r["joined_at_basis"] for r in got.rows("members")}
    assert joined[i[who(13)]] == ""  # who only reacts has said nothing


def test_roles_are_those_of_the_latest_export(imported: Import) -> None:
    early = export(said(1, user(11, roles=("Admins",))), at=T0 + 100)
    late = export(said(2, user(11, roles=("Mod", "群主"))), at=T0 + 200)
    for made in ((early, late), (late, early)):
        assert [r["role"] for r in imported(*made).rows("members")] == ["owner"]


def test_a_thread_joined_is_no_server_joined_and_coming_back_is(imported: Import) -> None:
    got = imported(
        export(
            said(1, 11, kind="GuildMemberJoin"), said(2, 11), said(9, 11, kind="7"),
            said(4, 12, kind="RecipientAdd", mentions=[user(13)]),
        )
    )  # fmt: skip
    assert [(r["ts"], r["action"]) for r in got.rows("membership_events")] == [
        ("2024-01-01T00:01:00Z", "join"), ("2024-01-01T00:09:00Z", "join"),
    ]  # fmt: skip
    basis = {r["member_id"]: r["joined_at_basis"] for r in got.rows("members")}
    assert (basis[got.ids[who(11)]], basis[got.ids[who(13)]]) == ("event", "")


def test_an_export_covers_its_dates_also_where_nobody_wrote(imported: Import) -> None:
    young = snowflake(T0 - 3600)
    got = imported(export(said(1, 11), channel=young, at=T0 + 7200, hours=8))
    [source] = got.rows("sources")
    assert (source["covers_from"], source["covers_to"], source["exported_at"]) == (
        "2023-12-31T23:00:00Z", "2024-01-01T02:00:00Z", "2024-01-01T02:00:00Z",
    )  # fmt: skip
    part = export(said(1, 11), after=clock(T0 - 60, 8), before=clock(T0 + 600, 8))
    [source] = imported(part).rows("sources")
    assert (source["covers_from"], source["covers_to"]) == (
        "2023-12-31T23:59:00Z", "2024-01-01T00:10:00Z",
    )  # fmt: skip


def test_a_wrong_or_missing_count_is_said_and_a_cut_file_refused(
    imported: Import, import_as: Import
) -> None:
    whole = export(said(1, 11), said(2, 11))
    assert "they were cut" not in notes(imported(whole))
    assert "1 files do not hold" in notes(imported({**whole, "messageCount": 5}))
    short = {k: v for k, v in whole.items() if k != "messageCount"}
    assert "1 files do not hold" in notes(imported(short))
    data = text(whole).encode()
    for cut in range(len(data) - 1, 40, -97):
        with pytest.raises(ShequnError) as caught:
            import_as("discord", {"a.json": data[:cut]})
        assert caught.value.say("zh")


def test_private_talks_are_left_out(imported: Import, import_as: Import) -> None:
    group = export(said(1, 11), guild="1", kind="DirectGroupTextChat")
    direct = export(said(1, 11, "secret"), guild="0", kind="DirectTextChat")
    for made in (group, direct):
        with pytest.raises(ShequnError, match="direct messages"):
            imported(made)
    got = imported(direct, export(said(1, 12)))
    assert (got.report.messages, set(got.ids)) == (1, {who(12)})
    # As another program may write it, the server's id after its name: seen only while reading.
    late = {**direct, "guild": {"name": "Direct Messages", "id": "0"}, "channel": {"id": "77"}}
    files = {"a.json": text(late), "b.json": text(export(said(1, 12)))}
    got = import_as("discord", files)
    assert [f.why.en for f in got.report.files_left_out] == ["direct messages are not read"]
    assert set(got.ids) == {who(12)}
    # The messages before the server: it cannot be seen in time what they are.
    turned = {k: direct[k] for k in ("messages", "guild", "channel")}
    with pytest.raises(ShequnError):
        import_as("discord", {"a.json": text(turned)})


def test_overlapping_exports_and_their_order(imported: Import) -> None:
    early = export(*(said(i, 11, "old") for i in (1, 2, 3)), at=T0 + 1000)
    late = export(*(said(i, user(11, name="Renamed"), "newer") for i in (2, 3, 4)), name="lounge")
    got, turned = imported(early, late), imported(late, early)
    assert [r["n_chars"] for r in got.rows("messages")] == ["3", "5", "5", "5"]
    assert tables(got) == tables(turned)
    assert got.rows("channels")[0]["name"] == "lounge"
    again = imported(early, into=imported(early).data)
    assert tables(again) == tables(imported(early))
    added = imported(late, into=again.data)
    assert added.rows("messages") == got.rows("messages")


def test_nothing_one_member_and_several_servers(imported: Import) -> None:
    with pytest.raises(ShequnError, match="Nothing of Discord"):
        imported(export())
    assert imported(export(said(1, 11))).report.members == 1
    two = imported(export(said(1, 11)), export(said(1, 12), guild=GUILD[:-1] + "9",
                   channel="900000000000000009", server="Cooks"))  # fmt: skip
    assert "2 servers" in notes(two)


@settings(max_examples=15, deadline=None, suppress_health_check=FIXTURE)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.randoms())
def test_any_text_survives_in_any_order_of_files(
    imported: Import, texts: list[str], dice: object
) -> None:
    sure = ["".join(c for c in t if not c.isdigit() and c not in "@+") for t in texts]
    made = [export(said(i, 11, t), channel=str(10**17 + i)) for i, t in enumerate(sure, 1)]
    got = imported(*made, keep_text=True)
    rows = sorted(got.rows("messages"), key=lambda r: r["ts"])
    assert [int(r["n_chars"]) for r in rows] == [len(t) for t in sure]
    # A spreadsheet must not run a text: an apostrophe stands before one that it would.
    safe = [not_a_formula(t) for t in sure]
    assert [_plain(r["text"]) for r in rows] == [_plain(t) for t in safe]
    dice.shuffle(made)  # type: ignore[attr-defined]
    assert tables(imported(*made, keep_text=True)) == tables(got)


def _plain(words: str) -> str:
    # Control characters, and what CSV makes of line ends, do not count.
    return "".join(c for c in words if c.isprintable() and c != "\ufffd")
