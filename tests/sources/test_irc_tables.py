"""The tables that IRC logs become, on hand-made ones."""

from __future__ import annotations

from collections.abc import Callable

from frictionless import Package
from hand_made import Imported

Import = Callable[..., Imported]


def test_mentions_are_known_nicks_at_the_start_of_a_message(imported: Import) -> None:
    lines = [
        "anna: one", "@Anna: two", "anna, bert: three", "well, anna: no", "I say anna: no",
        "http://x.example: no", "stranger: no", "anna:no", "anna: anna: once", "bert,", "",
    ]  # fmt: skip
    text = "".join(f"[10:{i:02}] <carl> {line}\n" for i, line in enumerate(lines))
    got = imported({"2024-05-10": text + "[11:00] <Anna> x\n[11:00] <Bert> x\n"})
    row = {r["message_id"]: int(r["source_row"]) for r in got.rows("messages")}
    named = {(row[r["message_id"]], r["target_id"], r["kind"]) for r in got.rows("mentions")}
    a, b = got.ids["anna"], got.ids["bert"]
    assert named == {
        (n, who, "mention") for n, who in [(1, a), (2, a), (3, a), (3, b), (9, a), (10, b)]
    }
    assert got.report.mentions == 6
    assert "reply_to_id" not in got.rows("messages")[0]


def test_a_connection_is_not_joining_and_not_leaving(imported: Import) -> None:
    got = imported(
        {
            "2024-05-10.txt": "[09:58] <early> x\n[10:00] <early> x\n=== early [a@b]  has joined #c\n"
            "=== new [a@b]  has joined #c\n[10:05] <new> x\n"
            "=== silent [a@b]  has joined #c\n=== gone [a@b]  has left #c []\n",
            "2024-05-11.txt": "[09:00] <silent> x\n=== new [a@b]  has joined #c\n",
        }
    )
    known = {r["member_id"]: (r["joined_at"], r["joined_at_basis"]) for r in got.rows("members")}
    assert known == {
        got.ids["early"]: ("2024-05-10T09:58:00Z", "first_message"),
        got.ids["new"]: ("2024-05-10T10:05:00Z", "first_message"),
        got.ids["silent"]: ("2024-05-11T09:00:00Z", "first_message"),
        got.ids["gone"]: ("", ""),
    }
    assert "left_at" not in got.rows("members")[0]
    assert not got.report.knowledge["joins"].known
    assert not got.report.knowledge["leaves"].known
    assert [r["action"] for r in got.rows("membership_events")].count("join") == 4


def test_kept_text_holds_no_known_nick(imported: Import) -> None:
    text = (
        "[10:00] <Anna> =cmd()|' /C calc'!A0 <script>alert(1)</script> \u202eabc\n"
        "[10:01] <|trey|> ANNA's: |Trey|, see annabel and anna_ or http://x.example/anna?q=1\n"
        "[10:02] <b[o]b> ask B{O}B or b[o]bby; \x00\x02bold\x0f, anna.\n"
        "=== Anna shrugs, says |trey|\n"
        "[10:03] <late>\n"
    )
    got = imported({"2024-05-10": text}, keep_text=True)
    i = got.ids
    a, t, b = i["anna"], i["|trey|"], i["b{o}b"]
    assert [r["text"] for r in got.rows("messages")] == [
        "'=cmd()|' /C calc'!A0 <script>alert(1)</script> \u202eabc",
        f"{a}'s: {t}, see annabel and anna_ or http://x.example/{a}?q=1",
        f"ask {b} or b[o]bby; \ufffd\ufffdbold\ufffd, {a}.",
        f"shrugs, says {t}",
        "",
    ]
    assert "text" not in imported({"2024-05-10": text}).rows("messages")[0]


def test_an_action_without_words_is_a_message_without_text(imported: Import) -> None:
    got = imported({"2024-05-10": "[10:00] <anna> x\n=== anna\n===   anna\n"}, keep_text=True)
    assert [(r["text"], r["n_chars"]) for r in got.rows("messages")] == [
        ("x", "1"), ("", "0"), ("", "0"),
    ]  # fmt: skip


def test_logs_of_which_nothing_can_be_kept_give_empty_tables(imported: Import) -> None:
    got = imported({"2024-05-10": "[25:00] <anna> x\n"}, tolerate=True)
    assert (got.report.rows_unparsed, got.rows("messages"), got.rows("members")) == (1, [], [])
    assert "None" not in got.report.say("en")


def test_hostile_nicks_are_harmless(imported: Import) -> None:
    nicks = ["=cmd()", "a\x00b", "\u202eevil", "<script", 'q"uo,te', "x" * 5000, "群主"]
    text = "".join(f"[10:0{i}] <{n}> x\n" for i, n in enumerate(nicks))
    got = imported({"2024-05-10": text})
    assert got.report.messages == 7
    names = {r["display_name"] for r in got.rows("identities")}
    assert names == {n.replace("\x00", "\ufffd") for n in nicks} - {"=cmd()"} | {"'=cmd()"}
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_the_sources_say_what_is_covered(imported: Import) -> None:
    got = imported({"2024-05-10": "[10:00] <a1> x\n[09:58] <b1> x\n[11:00] <a1> x\n\n"})
    [row] = got.rows("sources")
    assert (row["covers_from"], row["covers_to"]) == (
        "2024-05-10T09:58:00Z",
        "2024-05-10T11:00:00Z",
    )
    assert (row["rows_read"], row["rows_kept"], row["rows_unparsed"]) == ("4", "3", "0")
    assert (row["platform"], row["format"], row["tz_assumed"]) == ("irc", "irc-clock", "UTC")


def test_a_log_that_has_grown_keeps_its_ids(imported: Import) -> None:
    before = imported({"2024-05-10": "[10:00] <a1> x\n[10:01] <b1> x\n"})
    after = imported({"2024-05-10": "[10:00] <a1> x\n[10:01] <b1> x\n[10:02] <a1> x\n"})

    def plain(got: Imported) -> list[dict[str, str]]:
        return [{c: v for c, v in r.items() if c != "source_id"} for r in got.rows("messages")]

    assert plain(after)[:2] == plain(before)
