"""WhatsApp exports built from the documented grammar: no genuine one may be kept here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial

import pytest
from frictionless import Package
from hand_made import Imported
from made_whatsapp import NN, L, example

from shequn.text import ShequnError

Import = Callable[..., Imported]

GROUP = """\
13/05/2024, 09:00 - Messages and calls are end-to-end encrypted. No one outside of this chat can read them.
13/05/2024, 09:00 - Anna created group "Plan: 2024"
13/05/2024, 09:01 - Anna added you
13/05/2024, 09:01 - Anna added Bert, Carl and +49 151 12345678
13/05/2024, 09:02 - Anna: hello @4915112345678
and welcome @Bert

13/05/2024, 09:03 - Bert: <Media omitted>
13/05/2024, 09:03 - Bert: IMG-20240513-WA0001.jpg (file attached)
our plan
13/05/2024, 09:04 - Me Myself: You deleted this message
13/05/2024, 09:05 - Dora joined using this group's invite link
13/05/2024, 09:06 - Dora: fixed <This message was edited>
13/05/2024, 09:07 - Carl left
13/05/2024, 09:08 - Anna removed Bert
13/05/2024, 09:09 - Dora: POLL:
Where?
OPTION: here (2 votes)
13/05/2024, 09:10 - Dora: location: https://maps.google.com/?q=1.5,2.5
13/05/2024, 09:11 - Anna changed the subject from "Plan: 2024" to "Plan: 2025"
13/05/2024, 09:12 - +49 151 12345678 changed to +49 152 87654321
13/05/2024, 09:13 - +49 152 87654321: it's me
13/05/2024, 09:14 - Anna: This message was deleted
"""


@pytest.fixture
def imported(import_as: Import) -> Import:
    """Return a function that imports files, given by name and text, as UTC unless told."""
    return partial(import_as, "whatsapp")


def said(got: Imported) -> list[tuple[str, str, str, int]]:
    """Return who (by name) said what kind of message when, and how long it was."""
    names = {i: n.lstrip("'") for n, i in got.ids.items()}  # a + would be a formula
    return [
        (names[r["author_id"]], r["ts"][11:16], r["kind"], int(r["n_chars"]))
        for r in got.rows("messages")
        if r["kind"] != "system"
    ]


def chat(*lines: str, day: str = "13/05/2024", group: bool = True) -> str:
    """Return lines of a day, behind one that says that this is a group's chat."""
    first = ["00:00 - Messages to this group are secured"] if group else []
    return "".join(f"{day}, {line}\n" for line in (*first, *lines))


def test_an_android_group(imported: Import) -> None:
    got = imported({"WhatsApp Chat with Plan.txt": GROUP})
    new = "+4915287654321"
    assert said(got) == [
        ("Anna", "09:02", "text", len("hello @4915112345678\nand welcome @Bert\n")),
        ("Bert", "09:03", "other", 0),
        ("Bert", "09:03", "image", len("\nour plan")),
        ("Me Myself", "09:04", "recall", 0),
        ("Dora", "09:06", "text", 5),
        ("Dora", "09:09", "poll", len("POLL:\nWhere?\nOPTION: here (2 votes)")),
        ("Dora", "09:10", "share", 0),
        (new, "09:13", "text", 7),
        ("Anna", "09:14", "recall", 0),
    ]
    ids = {n.lstrip("'"): i for n, i in got.ids.items()}
    assert ids["+4915112345678"] == ids[new] != ids["Anna"]
    events = [
        (r["ts"][11:16], r["action"], r["member_id"], r["actor_id"], r["method"])
        for r in got.rows("membership_events")
    ]
    a, b, c, d, me = (ids[n] for n in ("Anna", "Bert", "Carl", "Dora", "Me Myself"))
    assert sorted(events) == sorted(
        [
            ("09:00", "join", a, "", "create"),
            ("09:01", "join", me, a, "invite"),
            ("09:01", "join", b, a, "invite"),
            ("09:01", "join", c, a, "invite"),
            ("09:01", "join", ids[new], a, "invite"),
            ("09:05", "join", d, "", "link"),
            ("09:07", "leave", c, "", ""),
            ("09:08", "kick", b, a, ""),
            ("09:12", "rename", ids[new], "", ""),
        ]
    )
    members = {r["member_id"]: r for r in got.rows("members")}
    assert len(members) == 6
    assert (members[d]["join_method"], members[d]["inviter_id"]) == ("link", "")
    assert (members[c]["join_method"], members[c]["inviter_id"]) == ("invite", a)
    assert members[c]["left_at"] == "2024-05-13T09:07:00Z"
    assert (members[b]["left_at_basis"], members[a]["left_at"]) == ("event", "")
    assert {m["joined_at_basis"] for m in members.values()} == {"event"}
    named = [r["target_id"] for r in got.rows("mentions")]
    assert sorted(named) == sorted([ids[new], b])
    [channel] = got.rows("channels")
    assert (channel["kind"], channel["created_at"]) == ("group", "2024-05-13T09:00:00Z")
    assert (got.report.rows_unparsed, got.report.rows_ignored) == (0, 1)
    assert got.report.rows_read == GROUP.count("13/05/2024, ")
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_an_iphone_group_in_a_zip(imported: Import) -> None:
    text = (
        f"[5/13/24, 3:04:05{NN}PM] Plan: {L}Messages and calls are end-to-end encrypted.\r\n"
        f"[5/13/24, 3:04:06{NN}PM] Me: {L}You created this group\r\n"
        f"[5/13/24, 3:04:06{NN}PM] Me: {L}You added Bert and ~{NN}Zoe\r\n"
        f"{L}[5/13/24, 3:04:07{NN}PM] Me: {L}image omitted\r\n"
        f"[5/13/24, 12:00:00{NN}AM] Bert: [3:04 PM] is early\r\n"
        f"{L}[5/13/24, 12:30:00\u00a0PM] \u202a+86 138 0013 8000\u202c: plan.pdf • {L}2 pages "
        f"{L}document omitted\r\n"
        f"[5/13/24, 3:05:00{NN}PM] ~{NN}Zoe: {L}~{NN}Zoe left\r\n"
        f"[5/13/24, 3:06:00{NN}PM] Bert: ok @\u2068~{NN}Zoe\u2069 {L}<This message was edited>\r\n"
        f"{L}[5/13/24, 3:07:00{NN}PM] Bert: look {L}<attached: 0001-VIDEO-2024.mp4>\r\n"
        f"[5/13/24, 3:08:00{NN}PM] Bert: {L}This message was deleted.\r\n"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("_chat.txt", text)
        archive.writestr("0001-VIDEO-2024.mp4", b"\x00\x01")
    got = imported({"WhatsApp Chat - Plan.zip": packed.getvalue()})
    assert said(got) == [
        ("Bert", "00:00", "text", len("[3:04 PM] is early")),
        ("+8613800138000", "12:30", "file", 0),
        ("Me", "15:04", "image", 0),
        ("Bert", "15:06", "text", len("ok @\u2068~\u202fZoe\u2069")),
        ("Bert", "15:07", "video", 4),
        ("Bert", "15:08", "recall", 0),
    ]
    assert "Plan" not in got.ids
    actions = {(r["ts"][11:], r["action"], r["member_id"]) for r in got.rows("membership_events")}
    zoe = got.ids["~Zoe"]
    assert actions == {
        ("15:04:00Z", "join", got.ids["Me"]),
        ("15:04:00Z", "join", got.ids["Bert"]),
        ("15:04:00Z", "join", zoe),
        ("15:05:00Z", "leave", zoe),
    }
    assert [r["target_id"] for r in got.rows("mentions")] == [zoe]
    assert [f.file for f in got.report.files_left_out] == ["0001-VIDEO-2024.mp4"]
    assert [r["name"] for r in got.rows("channels")] == ["Plan"]


def test_a_chinese_export(imported: Import) -> None:
    text = (
        f"[2024/3/5 上午9:00:00] 读书会: {L}消息和通话已进行端到端加密。\n"
        f"[2024/3/5 上午9:00:01] 小王: {L}小王创建了群组“读书会”\n"
        f"[2024/3/5 中午12:01:00] 小王: {L}小王添加了老李、小张\n"
        f"[2024/3/5 下午3:04:05] 老李: 你好\n大家好\n"
        f"{L}[2024/3/5 晚上8:00:00] 老李: {L}图像已忽略\n"
        f"[2024/3/6 凌晨12:30:00] 小陈: {L}小陈使用群邀请链接加入了\n"
        f"[2024/3/6 凌晨1:00:00] 小陈: {L}此消息已删除。\n"
        f"[2024/3/6 下午12:10:00] 老李: {L}老李退出了\n"
        f"[2024/3/6 下午3:00:00] 小张: 明天见 {L}<这条消息已经过编辑>\n"
        f"[2024/3/6 下午3:01:00] 小张: {L}小张移除了小陈\n"
    )
    got = imported({"与读书会的 WhatsApp 聊天.txt": text}, timezone="Asia/Shanghai")
    assert said(got) == [
        ("老李", "07:04", "text", 6),
        ("老李", "12:00", "image", 0),
        ("小陈", "17:00", "recall", 0),
        ("小张", "07:00", "text", 3),
    ]
    i = got.ids
    assert {(r["ts"], r["action"], r["member_id"]) for r in got.rows("membership_events")} == {
        ("2024-03-05T01:00:00Z", "join", i["小王"]),
        ("2024-03-05T04:01:00Z", "join", i["老李"]),
        ("2024-03-05T04:01:00Z", "join", i["小张"]),
        ("2024-03-05T16:30:00Z", "join", i["小陈"]),
        ("2024-03-06T04:10:00Z", "leave", i["老李"]),
        ("2024-03-06T07:01:00Z", "kick", i["小陈"]),
    }
    assert "读书会" not in i
    android = (
        "2024/3/5 下午1:54 - 小王: 好\n2024/3/5 下午1:55 - 小王: a.pdf (文件附件)\n"
        "2024/3/5 下午1:56 - 您添加了老李\n"
    )
    got = imported({"a.txt": android})
    assert [s[1:3] for s in said(got)] == [("13:54", "text"), ("13:55", "file")]
    assert got.ids.keys() == {"小王", "老李", "(exporter)"}
    assert "单算一个成员" in got.report.say("zh")


def test_the_group_is_nobody(imported: Import) -> None:
    text = (
        f"[13.05.24, 10:00:00] Plan: {L}Nachrichten sind verschlüsselt\n"
        f"[13.05.24, 10:00:01] Plan: {L}You joined using this group's invite link\n"
        f"[13.05.24, 10:00:02] Plan: {L}You added Bert\n"
        "[13.05.24, 10:00:03] Bert: hello\n"
        f"[13.05.24, 10:00:04] Bert: {L}Bild weggelassen\n"
    )
    got = imported({"a.txt": text}, tolerate=True)
    assert got.ids.keys() == {"(exporter)", "Bert"}
    assert [r["kind"] for r in got.rows("messages")] == ["system", "system", "text", "other"]
    assert got.report.rows_unparsed == 1


def test_mentions(imported: Import) -> None:
    text = chat(
        "09:00 - Anna Bell: @Bert, @anna bell!", "09:01 - Bert: a@Bert.example @Berta @Nobody",
        "09:02 - Bert: 你好@小王在吗 @\u2068Anna Bell\u2069@\u2068Anna Bell\u2069", "09:03 - 小王: x",
    )  # fmt: skip
    got = imported({"a.txt": text})
    name = {i: n for n, i in got.ids.items()}
    row = {r["message_id"]: int(r["source_row"]) - 1 for r in got.rows("messages")}
    named = [(row[r["message_id"]], name[r["target_id"]]) for r in got.rows("mentions")]
    assert sorted(named) == [(1, "Anna Bell"), (1, "Bert"), (3, "Anna Bell"), (3, "小王")]


def test_a_body_that_looks_like_a_header_stays_text(imported: Import) -> None:
    lines = [
        "13/05/2024, 10:00 - Anna: they wrote:",
        "02/01/2023, 09:00 - Stranger: old",
        "02/01/2023, 09:01 - Stranger added Anna",
        "[5/1/23, 9:00:00 AM] Other: layout",
        "13/05/2024, 25:61 - Nobody: clock",
        "13/05/2024, 10:01 - Bert: 14/05/2024, 11:00 - Carl: x",
    ]
    got = imported({"a.txt": "\n".join(lines) + "\n"}, keep_text=True)
    assert set(got.ids) == {"Anna", "Bert"}
    first, second = got.rows("messages")
    assert first["text"] == "they wrote:\n" + "\n".join(lines[1:5]).replace("Anna", got.ids["Anna"])
    assert int(first["n_chars"]) == len("they wrote:\n" + "\n".join(lines[1:5]))
    assert second["text"] == "14/05/2024, 11:00 - Carl: x"
    assert "look like the beginning" in got.report.say("en")
    assert not (got.data / "membership_events.csv").exists()


def test_who_comes_back_has_not_left(imported: Import) -> None:
    text = chat(
        "09:00 - Anna: x", "09:01 - Bert left", "09:02 - Anna added Bert", "09:03 - Carl left",
        "09:04 - Anna removed Dora", "09:05 - Dora: back by a missing line",
    )  # fmt: skip
    got = imported({"a.txt": text})
    left = {r["member_id"]: r["left_at"] for r in got.rows("members")}
    i = got.ids
    assert (left[i["Bert"]], left[i["Dora"]]) == ("", "")
    assert left[i["Carl"]] == "2024-05-13T09:03:00Z"


def test_names_in_lists_of_names(imported: Import) -> None:
    text = chat(
        "09:00 - Tom and Jerry: hi", "09:01 - Anna added Tom and Jerry",
        "09:02 - Anna added Eve and Finn", "09:03 - Anna added Gina, Hans and 3 others",
        "09:04 - Ida, the cook: hi", "09:05 - Anna added Ida, the cook",
    )  # fmt: skip
    ids = set(imported({"a.txt": text}).ids)
    assert ids == {"Anna", "Tom and Jerry", "Eve", "Finn", "Gina", "Hans", "Ida, the cook"}


def test_rows_are_accounted_for(imported: Import) -> None:
    text = chat(
        "09:00 - Anna: x", "09:01 - Bert was added", "09:02 - Anna changed this group's icon",
        "09:03 - Unseen changed this group's icon", "09:04 - You're now an admin",
    )  # fmt: skip
    got = imported({"WhatsApp Chat with Plan.txt": text})
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_ignored) == (6, 3, 3)
    assert got.ids.keys() == {"Anna", "Bert"}
    assert [r["kind"] for r in got.rows("messages")] == ["text", "system"]


def test_a_file_at_the_cap_is_warned_of(imported: Import) -> None:
    lines = (f"{i // 3600 % 24:02}:{i // 60 % 60:02} - {'abc'[i % 3]}: {i}" for i in range(39_900))
    text = chat(*lines, group=False)
    assert "oldest messages are probably missing" in imported({"a.txt": text}).report.say("en")
    less = text[: text.rindex("13/05")]
    assert "oldest messages" not in imported({"a.txt": less}).report.say("en")


def test_words_in_another_language_are_not_guessed(imported: Import) -> None:
    text = chat("09:00 - Anna: x", "09:01 - Hans hat Bert hinzugefügt")
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"a.txt": text})
    got = imported({"a.txt": text}, tolerate=True)
    assert got.ids.keys() == {"Anna"} and got.report.rows_unparsed == 1
    assert "Hans" not in got.report.to_json()


def test_kept_text_holds_no_known_name_and_no_number(imported: Import) -> None:
    text = chat(
        "09:00 - Anna Bell: =cmd()|x <script>alert(1)</script>", "09:01 - 老王: 问 Anna Bell 和老王吧",
        "09:02 - Anna Bell: @\u2068老王\u2069 @4915100000001 call +49 151 2345678 or a@b.example",
    )  # fmt: skip
    got = imported({"a.txt": text}, keep_text=True)
    a, w = got.ids["Anna Bell"], got.ids["老王"]
    assert [r["text"] for r in got.rows("messages")] == [
        "'=cmd()|x <script>alert(1)</script>",
        f"问 {a} 和{w}吧",
        f"'@\u2068{w}\u2069 @[phone] call [phone] or [email]",
    ]
    for table in got.data.glob("*.csv"):
        if table.name not in ("identities.csv", "messages.csv"):
            assert "Anna" not in table.read_text(encoding="utf-8")


def test_what_is_no_export_is_refused_in_words(imported: Import) -> None:
    for files in ({"a.txt": ""}, {"a.txt": "hello\n"}, {"a.jpg": b"\xff\xd8"},
                  {"a.txt": "99/99/99, 10:00 - a: x\n"}, {"a.txt": b"\x00" * 5000}):  # fmt: skip
        with pytest.raises(ShequnError):
            imported(files)
    [row] = imported({"a.txt": chat("10:00 - a: ")}).rows("messages")
    assert row["n_chars"] == "0"


def test_only_system_lines_give_members_and_no_messages(imported: Import) -> None:
    got = imported({"a.txt": chat("09:00 - Anna added Bert")})
    assert [r["kind"] for r in got.rows("messages")] == ["system"]
    assert len(got.rows("members")) == 2


def test_chats_of_two_are_left_out(imported: Import) -> None:
    """Two people and no line of a group: a private chat, whatever its file is called."""
    private = chat("09:00 - Mum: hi", "09:01 - Me: hello", group=False)
    private += "13/05/2024, 09:03 - You blocked this contact\n"
    with pytest.raises(ShequnError, match="two people"):
        imported({"WhatsApp Chat with Mum.txt": private})
    files = {"WhatsApp Chat with Mum.txt": private, "WhatsApp Chat with Plan.txt": GROUP}
    got = imported(files)
    assert "Mum" not in got.ids and "Me" not in got.ids
    assert "1 chats of two people were left out" in got.report.say("en")
    three = private + "13/05/2024, 09:04 - Dad: I am here too\n"
    assert {"Mum", "Me", "Dad"} == set(imported({"x.txt": three}).ids)


def test_the_example_shows_what_the_matrix_says(imported: Import) -> None:
    got = imported(example(), timezone="Asia/Shanghai")
    assert got.report.rows_unparsed == 0
    assert len(got.rows("channels")) == 2
    assert {r["action"] for r in got.rows("membership_events")} == {
        "join",
        "leave",
        "kick",
        "rename",
    }
    members = got.rows("members")
    assert any(m["inviter_id"] for m in members) and any(m["left_at"] for m in members)
    assert [m["member_id"] for m in members if m["is_bot"] == "true"] == [got.ids["Meta AI"]]
    kinds = {r["kind"] for r in got.rows("messages")}
    assert kinds == {"text", "image", "other", "recall", "poll", "share", "system"}


def test_names_leave_texts_also_behind_a_letter_that_grows_in_lower_case(imported: Import) -> None:
    text = chat("09:00 - Anna Bell: İİİ Anna Bell and İpek", "09:01 - İpek: hi")
    got = imported({"a.txt": text}, keep_text=True)
    [kept, _] = [r["text"] for r in got.rows("messages")]
    assert kept == f"İİİ {got.ids['Anna Bell']} and {got.ids['İpek']}"
