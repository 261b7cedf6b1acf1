"""WhatsApp exports built from the documented grammar: no genuine one may be kept here."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from frictionless import Package
from hand_made import Imported, write_logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources import READERS, import_export, whatsapp
from shequn.sources.whatsapp_clock import clock_seconds, style_of
from shequn.text import ShequnError

Import = Callable[..., Imported]
L, NN = "\u200e", "\u202f"

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
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Return a function that imports files, given by name and text, as UTC unless told."""
    monkeypatch.setitem(READERS, "whatsapp", whatsapp.read)
    count = 0

    def run(logs: dict[str, str | bytes], **options: Any) -> Imported:
        nonlocal count
        count += 1
        export = write_logs(tmp_path / f"export{count}", logs)
        options = {"timezone": "UTC", "key_file": tmp_path / "key", **options}
        out = tmp_path / f"data{count}"
        return Imported(out, import_export("whatsapp", export, out, **options))

    return run


def said(got: Imported) -> list[tuple[str, str, str, int]]:
    """Return who (by name) said what kind of message when, and how long it was."""
    names = {i: n.lstrip("'") for n, i in got.ids.items()}  # a + would be a formula
    return [
        (names[r["author_id"]], r["ts"][11:16], r["kind"], int(r["n_chars"]))
        for r in got.rows("messages")
        if r["kind"] != "system"
    ]


def chat(*lines: str, day: str = "13/05/2024") -> str:
    return "".join(f"{day}, {line}\n" for line in lines)


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
    assert events == [
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
    members = {r["member_id"]: r for r in got.rows("members")}
    assert len(members) == 6
    assert (members[d]["join_method"], members[d]["inviter_id"]) == ("link", "")
    assert (members[c]["join_method"], members[c]["inviter_id"]) == ("invite", a)
    assert members[c]["left_at"] == "2024-05-13T09:07:00Z"
    assert (members[b]["left_at_basis"], members[a]["left_at"]) == ("event", "")
    assert {m["joined_at_basis"] for m in members.values()} == {"event"}
    named = [r["target_id"] for r in got.rows("mentions")]
    assert named == [ids[new], b]
    [channel] = got.rows("channels")
    assert (channel["kind"], channel["created_at"]) == ("group", "2024-05-13T09:00:00Z")
    assert (got.report.rows_unparsed, got.report.rows_ignored) == (0, 1)
    assert got.report.rows_read == GROUP.count("13/05/2024, ")
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_an_iphone_group_in_a_zip(imported: Import, tmp_path: Path) -> None:
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
    export = tmp_path / "WhatsApp Chat - Plan.zip"
    with zipfile.ZipFile(export, "w") as archive:
        archive.writestr("_chat.txt", text)
        archive.writestr("0001-VIDEO-2024.mp4", b"\x00\x01")
    out = tmp_path / "out"
    report = import_export("whatsapp", export, out, timezone="UTC", key_file=tmp_path / "key")
    got = Imported(out, report)
    assert said(got) == [
        ("Me", "15:04", "image", 0),
        ("Bert", "00:00", "text", len("[3:04 PM] is early")),
        ("+8613800138000", "12:30", "file", 0),
        ("Bert", "15:06", "text", len("ok @\u2068~\u202fZoe\u2069")),
        ("Bert", "15:07", "video", 4),
        ("Bert", "15:08", "recall", 0),
    ]
    assert "Plan" not in got.ids
    actions = [(r["action"], r["member_id"]) for r in got.rows("membership_events")]
    zoe = got.ids["~Zoe"]
    assert actions == [
        ("join", got.ids["Me"]),
        ("join", got.ids["Bert"]),
        ("join", zoe),
        ("leave", zoe),
    ]
    assert [r["target_id"] for r in got.rows("mentions")] == [zoe]
    assert [f.file for f in report.files_left_out] == ["*.mp4 (1)"]
    assert "Plan" not in (out / "import.json").read_text(encoding="utf-8")


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
    assert [(r["ts"], r["action"], r["member_id"]) for r in got.rows("membership_events")] == [
        ("2024-03-05T01:00:01Z", "join", i["小王"]),
        ("2024-03-05T04:01:00Z", "join", i["老李"]),
        ("2024-03-05T04:01:00Z", "join", i["小张"]),
        ("2024-03-05T16:30:00Z", "join", i["小陈"]),
        ("2024-03-06T04:10:00Z", "leave", i["老李"]),
        ("2024-03-06T07:01:00Z", "kick", i["小陈"]),
    ]
    assert "读书会" not in i
    android = (
        "2024/3/5 下午1:54 - 小王: 好\n2024/3/5 下午1:55 - 小王: a.pdf (文件附件)\n"
        "2024/3/5 下午1:56 - 您添加了老李\n"
    )
    got = imported({"a.txt": android})
    assert [s[1:3] for s in said(got)] == [("13:54", "text"), ("13:55", "file")]
    assert got.ids.keys() == {"小王", "老李", "(exporter)"}
    assert "单算一个成员" in got.report.say("zh")


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [
        ("12:00 AM", 0), ("12:00 pm", 43200), ("1:05:09 p. m.", 47109), ("00:30", 1800),
        ("上午12:05", 300), ("下午12:05", 43500), ("中午12:05", 43500), ("凌晨3:00", 10800),
        ("晚上11:00", 82800), ("下午15:00", 54000), ("24:00", -1), ("9:61", -1),
    ],
)  # fmt: skip
def test_clocks_of_twelve_hours(clock: str, seconds: int) -> None:
    assert clock_seconds(clock) == seconds


@pytest.mark.parametrize(
    ("line", "stamp"),
    [
        ("05.13.24, 3:04 - a: x", "2024-05-13T03:04:00Z"),
        ("13-05-2024 15.04 - a: x", "2024-05-13T15:04:00Z"),
        ("[2024-05-13, 15:04:05] a: x", "2024-05-13T15:04:05Z"),
        ("[13/05/2024, 3:04:05 pm] a: x", "2024-05-13T15:04:05Z"),
        ("5/13/24, 3:04\u202fPM - a: x", "2024-05-13T15:04:00Z"),
        ("2024. 5. 13. 오후 3:04 - a: x", "2024-05-13T15:04:00Z"),
        ("2024年5月13日 下午3:04 - a: x", "2024-05-13T15:04:00Z"),
    ],
)
def test_dates_of_many_places(imported: Import, line: str, stamp: str) -> None:
    assert imported({"a.txt": line + "\n"}).times() == [stamp]


def test_a_part_over_twelve_tells_day_from_month(imported: Import) -> None:
    lines = "04/05/24, 10:00 - a: x\n{}, 10:00 - a: x\n"
    assert imported({"a.txt": lines.format("13/05/24")}).times()[0][:10] == "2024-05-04"
    assert imported({"a.txt": lines.format("05/13/24")}).times()[0][:10] == "2024-04-05"


def test_order_in_time_tells_day_from_month(imported: Import) -> None:
    days = ["01/02/2024", "09/02/2024", "02/03/2024", "05/04/2024"]
    text = "".join(f"{d}, 10:00 - a: x\n" for d in days)
    got = imported({"a.txt": text})
    assert [t[:10] for t in got.times()] == ["2024-02-01", "2024-02-09", "2024-03-02", "2024-04-05"]
    assert "only this way runs on in time" in got.report.say("en")
    swapped = "".join(f"{d[3:6]}{d[:3]}{d[6:]}, 10:00 - a: x\n" for d in days)
    assert imported({"a.txt": swapped}).times() == got.times()


def test_one_pasted_date_does_not_turn_day_and_month(imported: Import) -> None:
    days = [f"{d:02}/{m:02}/2024" for m in range(1, 10) for d in (1, 5, 9)]
    text = "".join(f"{d}, 10:00 - a: x\n" for d in days)
    paste = "02/28/2023, 09:00 - b: y\n"
    middle = text.index("05/05/2024")
    got = imported({"a.txt": text[:middle] + paste + text[middle:]})
    assert got.times()[1][:10] == "2024-01-05" and len(got.times()) == 27
    assert got.ids.keys() == {"a"}


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
    named = [
        (int(r["message_id"].split("-")[1]), name[r["target_id"]]) for r in got.rows("mentions")
    ]
    assert named == [(1, "Bert"), (1, "Anna Bell"), (3, "小王"), (3, "Anna Bell")]


def test_an_open_order_is_refused_and_the_name_settles_it(imported: Import) -> None:
    text = "01/02/24, 10:00 - a: x\n02/02/24, 10:00 - a: x\n"
    with pytest.raises(ShequnError) as refused:
        imported({"chat.txt": text})
    assert "_dmy" in refused.value.say("en") and "_mdy" in refused.value.say("zh")
    assert imported({"chat_dmy.txt": text}).times()[0][:10] == "2024-02-01"
    assert imported({"chat_mdy.txt": text}).times()[1][:10] == "2024-02-02"
    assert imported({"chat_mdy.txt": text}).times()[0][:10] == "2024-01-02"
    assert imported({"a.txt": "02/02/24, 10:00 - a: x\n"}).times()[0][:10] == "2024-02-02"
    with pytest.raises(ShequnError, match="holds the date"):
        imported({"a_dmy.txt": "01/13/24, 10:00 - a: x\n"})


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


def test_midnight_in_three_zones(imported: Import) -> None:
    text = chat("23:59 - a: x", "00:00 - a: y", day="13/05/2024")
    for zone, first in [
        ("Asia/Shanghai", "15:59"),
        ("UTC", "23:59"),
        ("America/New_York", "03:59"),
    ]:
        assert imported({"a.txt": text}, timezone=zone).times()[0][11:16] == first


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
    got = imported({"WhatsApp Chat with Mum.txt": text})
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_ignored) == (5, 3, 2)
    assert got.ids.keys() == {"Anna", "Bert"}
    assert "Mum" not in (got.data / "import.json").read_text(encoding="utf-8")
    assert [r["kind"] for r in got.rows("messages")] == ["text", "system"]


def test_one_event_in_two_phones_is_one(imported: Import) -> None:
    talk = [f"sentence {i} of the talk" for i in range(6)]
    one = chat(*(f"09:0{i} - Anna: {t}" for i, t in enumerate(talk)), "09:06 - Anna添加了Bert")
    two = "".join(f"[13.05.24, 09:0{i}:00] Anna: {t}\n" for i, t in enumerate(talk))
    two += f"[13.05.24, 09:06:09] Anna: {L}Anna added Bert\n[13.05.24, 09:07:00] Bert: hi\n"
    got = imported({"one.txt": one, "two.txt": two}, keep_text=True)
    assert [r["action"] for r in got.rows("membership_events")] == ["join"]
    texts = [r["text"] for r in got.rows("messages") if r["kind"] == "text"]
    assert sorted(texts) == sorted([*talk, "hi"])


def test_two_exports_on_two_days_are_merged(imported: Import) -> None:
    lines = [f"09:{i:02} - {'Anna' if i % 2 else 'Bert'}: line number {i}" for i in range(20)]
    same = ["10:00 - Anna: ok", "10:00 - Anna: ok"]
    early = chat(*lines, *same, "10:01 - Bert: oops, wrong chat", "10:02 - Anna: typo hre")
    late = chat(
        *lines[5:], *same, "10:01 - Bert: This message was deleted",
        "10:02 - Anna: typo here <This message was edited>", "10:03 - Carl: new",
    )  # fmt: skip
    one = imported({"WhatsApp Chat with P.txt": early, "WhatsApp Chat with P (1).txt": late})
    other = imported({"b/x.txt": early, "a/y.txt": late})
    for got in (one, other):
        rows = got.rows("messages")
        assert len(rows) == 25 and len({r["message_id"] for r in rows}) == 25
        assert len({r["channel_id"] for r in rows}) == 1
        kinds = sorted((r["ts"][11:16], r["kind"]) for r in rows if r["ts"][11:13] == "10")
        assert kinds == [
            ("10:00", "text"), ("10:00", "text"), ("10:01", "recall"), ("10:02", "text"),
            ("10:03", "text"),
        ]  # fmt: skip
        assert len([r for r in rows if r["n_chars"] == str(len("typo here"))]) == 1
    first, last = chat("08:00 - Dora: first"), chat("12:00 - Carl: z", "12:01 - Carl: y")
    kept = imported({"x.txt": first + early, "y.txt": early + last}, keep_text=True)
    assert len(kept.rows("messages")) == len(lines) + 7
    assert all("\n" not in r["text"] for r in kept.rows("messages"))
    part = imported({"whole.txt": early, "part.txt": chat(*lines[3:])})
    assert len(part.rows("messages")) == 24
    assert part.report.duplicates == 1


def test_an_export_from_another_phone_is_merged_and_its_names_joined(imported: Import) -> None:
    talk = [("Anna", "Mum", i, f"sentence {i} of the talk") for i in range(8)]
    talk += [("Bert", "Bert K", i + 8, f"answer {i}, quite long") for i in range(8)]
    android = chat(*(f"09:{i:02} - {a}: {t}" for a, _, i, t in talk))
    iphone = "".join(f"[13.05.24, 09:{i:02}:3{i % 10}] {b}: {t}\n" for _, b, i, t in talk[3:])
    got = imported({"one.txt": android, "two.txt": iphone + "[13.05.24, 11:00:00] Mum: late\n"})
    assert got.ids["Anna"] == got.ids["Mum"] != got.ids["Bert"] == got.ids["Bert K"]
    assert len(got.rows("messages")) == 17
    assert len(got.rows("members")) == 2


def test_chats_of_one_name_that_do_not_agree_stay_apart(imported: Import) -> None:
    a = chat(*(f"09:{i:02} - Anna: something {i}" for i in range(9)))
    b = chat(*(f"09:{i:02} - Bert: anything {i}" for i in range(9)))
    got = imported({"1/WhatsApp Chat with P.txt": a, "2/WhatsApp Chat with P.txt": b})
    assert len(got.rows("channels")) == 2 and len(got.rows("messages")) == 18


def test_a_file_at_the_cap_is_warned_of(imported: Import) -> None:
    lines = (f"13/05/2024, {i // 3600 % 24:02}:{i // 60 % 60:02} - a: {i}\n" for i in range(39_900))
    text = "".join(lines)
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
        "=cmd()|x <script>alert(1)</script>",
        f"问 {a} 和{w}吧",
        f"@\u2068{w}\u2069 @[phone] call [phone] or [email]",
    ]
    for table in got.data.glob("*.csv"):
        if table.name not in ("identities.csv", "messages.csv"):
            assert "Anna" not in table.read_text(encoding="utf-8")


def test_what_is_no_export_is_refused_in_words(imported: Import, tmp_path: Path) -> None:
    for files in ({"a.txt": ""}, {"a.txt": "hello\n"}, {"a.jpg": b"\xff\xd8"},
                  {"a.txt": "99/99/99, 10:00 - a: x\n"}, {"a.txt": b"\x00" * 5000}):  # fmt: skip
        with pytest.raises(ShequnError):
            imported(files)
    assert style_of("2024-05-13 10:00:00 INFO x: y") is None
    [row] = imported({"a.txt": "13/05/2024, 10:00 - a: \n"}).rows("messages")
    assert row["n_chars"] == "0"


def test_only_system_lines_give_members_and_no_messages(imported: Import) -> None:
    got = imported({"a.txt": chat("09:00 - Anna added Bert")})
    assert [r["kind"] for r in got.rows("messages")] == ["system"]
    assert len(got.rows("members")) == 2


_WORDS = st.text(
    st.characters(exclude_characters="\n\r\u200e\x00", exclude_categories=["Cs"]), max_size=40
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(_WORDS, min_size=1, max_size=6), data=st.data())
def test_any_text_survives(imported: Import, texts: list[str], data: st.DataObject) -> None:
    lines = [f"13/05/2024, 10:{i:02} - Qqzz{i}: w {t} w\n" for i, t in enumerate(texts)]
    got = imported({"a.txt": "".join(lines)}, keep_text=True)
    rows = got.rows("messages")
    assert len(rows) == len(texts)
    assert [int(r["n_chars"]) for r in rows] == [len(t) + 4 for t in texts]
    again = imported({"b/a.txt": "".join(lines)}, keep_text=True)
    assert again.rows("messages") == rows and again.rows("members") == got.rows("members")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(0, 30), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_the_order_and_the_cuts_of_files_do_not_matter(
    imported: Import, cuts: list[int], seed: int
) -> None:
    names = ("Anna", "Bert", "Carl")
    lines = [f"09:{i:02} - {names[i % 3]}: message {i} of all" for i in range(40)]
    parts = [chat(*lines[c : c + 25]) for c in cuts] + [chat(*lines)]
    order = random.Random(seed).sample(range(len(parts)), len(parts))
    one = imported({f"{n}.txt": p for n, p in enumerate(parts)})
    two = imported({f"{n}.txt": parts[m] for n, m in enumerate(order)})
    assert len(one.rows("messages")) == len(two.rows("messages")) == 40
    assert one.rows("members") == two.rows("members")
    assert one.rows("messages") == two.rows("messages")


def test_damaged_bytes_never_crash(imported: Import) -> None:
    rng = random.Random(7)
    whole = GROUP.encode()
    phone = "".join(
        f"{L}[5/{d}/24, 3:04:05{NN}PM] Anna: {t}\r\n"
        for d, t in enumerate([f"{L}image omitted", f"{L}Anna added Bert", "x @Anna", "", "y"], 9)
    ).encode()
    for n in range(200):
        damaged = bytearray(whole if n % 2 else phone)
        for _ in range(rng.randint(1, 12)):
            at = rng.randrange(len(damaged))
            if rng.random() < 0.3:
                del damaged[at : at + rng.randint(1, 30)]
            else:
                damaged[at] = rng.randrange(256)
            if not damaged:
                damaged = bytearray(b"x")
        try:
            imported({"a.txt": bytes(damaged)}, keep_text=bool(n % 2), tolerate=bool(n % 3))
        except ShequnError as error:
            assert error.say("zh")
