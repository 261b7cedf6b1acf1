"""WeChat groups, from files built from the documented grammar: no genuine export is public."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from frictionless import Package
from hand_made import Imported, write_logs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources import READERS, import_export, wechat
from shequn.text import ShequnError

Import = Callable[..., Imported]
ROOM = "12345@chatroom"
T = 1_700_000_000  # 2023-11-14T22:13:20Z, which is 06:13:20 on the 15th in Shanghai
HEADER = "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender"
ANN, BOB, CARL, ME = "wxid_ann", "wxid_bob", "wxid_carl", "wxid_me"
NICK = {ANN: "Anna", BOB: "小波", CARL: "Carl", ME: "Me Myself"}


def run(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Import:
    """Return a function that imports files, given by name and content."""
    monkeypatch.setitem(READERS, "wechat", wechat.read)
    count = 0

    def go(files: dict[str, str | bytes], **options: Any) -> Imported:
        nonlocal count
        count += 1
        export = write_logs(folder / f"export{count}", files)
        options = {"timezone": "Asia/Shanghai", "key_file": folder / "key", **options}
        out = folder / f"data{count}"
        return Imported(out, import_export("wechat", export, out, **options))

    return go


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Import:
    return run(monkeypatch, tmp_path)


def csv_file(*rows: tuple[Any, ...], header: str = HEADER) -> bytes:
    """Write the CSV of WeChatMsg as its exporter does."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header.split(","), *rows])
    return text.getvalue().encode("utf-8-sig")


def line(at: int, who: str, text: str, kind: int = 1, sub: int = 0, **more: Any) -> tuple[Any, ...]:
    """Return a row of a group: the private name of Anna is 老板娘."""
    remark = "老板娘" if who == ANN else ""
    return (
        more.get("n", at), more.get("talker", 7), kind, sub, int(who == ME), T + at, 3, text,
        "2023-11-15 06:13:20", remark, more.get("nick", NICK.get(who, "")), who,
    )  # fmt: skip


def said(at: int, who: str, text: str, kind: str = "文本消息", **more: Any) -> dict[str, Any]:
    """Return a message of WeFlow."""
    return {
        "localId": at + 1, "createTime": T + at, "formattedTime": "2023-11-15 06:13:20",
        "type": kind, "localType": 34359738417, "content": text, "isSend": int(who == ME),
        "senderUsername": who, "senderDisplayName": NICK.get(who, ""), "source": "",
        "senderAvatarKey": who, **more,
    }  # fmt: skip


def grey(at: int, text: str, **more: Any) -> dict[str, Any]:
    return said(at, ROOM, text, "系统消息", **{"isSend": None, **more})


def weflow(
    *messages: dict[str, Any], wxid: str = ROOM, avatar: str = "", kind: str = "群聊"
) -> str:
    """Write the JSON of WeFlow."""
    session = {
        "wxid": wxid, "nickname": "g", "remark": "", "displayName": "g", "type": kind,
        "lastTimestamp": T, "messageCount": len(messages), "avatar": avatar,
    }  # fmt: skip
    head = {"version": "1.0.3", "exportedAt": T, "generator": "WeFlow"}
    whole = {"weflow": head, "session": session, "messages": messages}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def echotrace(*messages: dict[str, Any], **session: Any) -> str:
    """Write the JSON of an early EchoTrace: no names, another key for the id of the chat."""
    keys = ("senderDisplayName", "senderAvatarKey")
    told = [{k: v for k, v in m.items() if k not in keys} for m in messages]
    head = {"username": ROOM, "displayName": "g", "type": "群聊", **session}
    return json.dumps({"session": head, "messages": told, "exportTime": "2026-01-01T00:00:00"})


def excel(*rows: tuple[Any, ...], head: tuple[tuple[Any, ...], ...] = ()) -> bytes:
    """Write the Excel of EchoTrace: the early one, unless the rows before the first are given."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "聊天记录"
    for row in (*(head or (("序号", "时间", "发送者", "消息类型", "内容"),)), *rows):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def texts(got: Imported, *columns: str, table: str = "messages") -> list[tuple[str, ...]]:
    return [tuple(row[c] for c in columns) for row in got.rows(table)]


def ids(got: Imported) -> dict[str, str]:
    return {r["platform_user_id"]: r["member_id"] for r in got.rows("identities")}


GROUP = (line(0, ANN, "一"), line(60, BOB, "two"), line(120, CARL, "three"))
TALK = (said(0, ANN, "一"), said(60, BOB, "two"), said(120, CARL, "three"))


def test_a_group_of_wechatmsg_built_from_the_documented_grammar(imported: Import) -> None:
    rows = (
        line(0, ANN, 'a "quoted", text\nwith two lines'), line(60, BOB, "<msg/>", 3),
        line(61, BOB, "x", 34), line(62, BOB, "x", 43), line(63, BOB, "x", 47),
        line(64, BOB, "", 49, 6), line(65, BOB, "", 49, 5), line(66, BOB, "", 49, 2000),
        line(67, BOB, "", 49, 2001), line(68, BOB, "", 49, 19), line(69, BOB, "", 49, 33),
        line(70, BOB, "", 50), line(71, BOB, "", 42), line(72, BOB, "", 999),
        line(73, ME, "", 49, 57), line(74, CARL, "wxid_carl:\nafter its own id"),
    )  # fmt: skip
    got = imported({"聊天记录/群/群_utf8.csv": csv_file(*rows)}, keep_text=True)
    i = ids(got)
    assert [r["kind"] for r in got.rows("messages")] == [
        "text", "image", "voice", "video", "sticker", "file", "link", "transfer", "redpacket",
        "forward", "share", "call", "share", "other", "text", "text",
    ]  # fmt: skip
    first, last = got.rows("messages")[0], got.rows("messages")[-1]
    assert (first["author_id"], first["ts"]) == (i[ANN], "2023-11-14T22:13:20Z")
    assert (first["n_chars"], first["text"]) == ("31", 'a "quoted", text\nwith two lines')
    assert (last["text"], last["n_chars"], last["source_row"]) == ("after its own id", "16", "16")
    assert [r["text"] for r in got.rows("messages")[1:14]] == [""] * 13
    assert got.rows("messages")[14]["n_chars"] == ""  # WeChatMsg loses what an answer says
    assert got.report.rows_kept == got.report.rows_read == 16
    assert not got.report.knowledge["replies"].known
    assert "1 are not" in got.report.knowledge["replies"].basis.en
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_the_exporters_private_names_are_written_nowhere(imported: Import) -> None:
    rows = (
        *GROUP,
        line(130, "", '"老板娘"邀请"Carl"加入了群聊', 10000),
        line(140, BOB, "问老板娘"),
    )
    got = imported({"群_utf8.csv": csv_file(*rows)}, keep_text=True)
    assert "老板娘" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())
    [event] = got.rows("membership_events")  # but they tell who is meant
    assert event["actor_id"] == ids(got)[ANN]
    assert got.rows("messages")[-1]["text"] == f"问{ids(got)[ANN]}"


def test_the_talker_id_is_no_person_and_a_grey_line_has_no_sender(imported: Import) -> None:
    rows = (
        line(0, ANN, "x", talker=7), line(1, BOB, "x", talker=7), line(2, CARL, "x", talker=9),
        # The exporter repeats the sender of the row before.
        line(3, CARL, "以上是历史消息", 10000), line(4, CARL, '"Anna" 撤回了一条消息', 10000),
    )  # fmt: skip
    got = imported({"群_utf8.csv": csv_file(*rows)})
    i = ids(got)
    assert set(i) == {ANN, BOB, CARL}
    assert texts(got, "author_id", "kind")[3:] == [(i[ANN], "recall")]
    assert (got.report.rows_read, got.report.rows_kept, got.report.rows_ignored) == (5, 4, 1)


def test_private_chats_are_left_out_and_not_named(imported: Import) -> None:
    nine = [row[:9] for row in (line(0, ANN, "x"), line(1, ME, "y"))]
    got = imported(
        {
            "群_utf8.csv": csv_file(*GROUP),
            "王小明_utf8.csv": csv_file(*nine),  # nine fields under a header of twelve
            "李雷_utf8.csv": csv_file(line(0, ANN, "x"), line(1, ME, "y")),  # a later version
            "韩梅梅.json": weflow(said(0, ANN, "x"), wxid=ANN, kind="私聊"),
            "早.json": echotrace(said(0, ANN, "x"), username=ANN, type="私聊"),
            "张三.xlsx": excel((1, "2023-11-15 06:13:20", "张三", "文本消息", "hi")),
            "messages.csv": csv_file(
                line(0, "我", "x"), line(1, "李雷", "y"), line(2, "张三", "z")
            ),
            "群.html": "<html>",
        }
    )
    whys = sorted(re.split("[,;:]", f.why.en)[0] for f in got.report.files_left_out)
    assert whys == [
        "a private chat", "a private chat", "a private chat", "a private chat", "a private chat",
        "all chats in one file", "not a chat of a known WeChat exporter",
    ]  # fmt: skip
    everything = "".join(p.read_text("utf-8") for p in got.data.iterdir())
    assert not [n for n in ("王小明", "李雷", "韩梅梅", "张三") if n in everything]
    assert got.report.messages == 3
    with pytest.raises(ShequnError, match="only groups are read"):
        imported({"王小明_utf8.csv": csv_file(*nine)})


def test_a_group_of_weflow_built_from_the_documented_grammar(imported: Import) -> None:
    file = weflow(
        said(0, ANN, "一", platformMessageId="900"),
        said(5, BOB, "agree[引用 Anna：一]", "引用消息", platformMessageId="901",
             replyToMessageId="900", quotedSender="Anna", quotedContent="一"),
        said(9, CARL, "lost[引用 小波：没了]", "引用消息", replyToMessageId="1",
             quotedSender="小波", quotedContent="没了"),
        said(10, ME, "[图片]", "图片消息"), said(11, ME, "[红包]", "其他消息"),
        said(12, ME, "?", "未知类型(77)"), grey(13, "[拍一拍]", type="拍一拍消息"),
        grey(14, '"小波" 拍了拍 "Anna" 的肩', type="拍一拍消息", isSend=0),
        avatar="A" * 3_000_000,  # pushes the messages behind what is looked at first
    )  # fmt: skip
    got = imported({"x.json": file}, keep_text=True)
    i, m = ids(got), got.rows("messages")
    assert texts(got, "kind", "author_id") == [
        ("text", i[ANN]), ("text", i[BOB]), ("text", i[CARL]), ("image", i[ME]),
        ("redpacket", i[ME]), ("other", i[ME]), ("other", i[BOB]),
    ]  # fmt: skip
    assert (m[1]["reply_to_id"], m[1]["reply_basis"]) == (m[0]["message_id"], "explicit")
    assert (m[1]["text"], m[1]["n_chars"]) == ("agree", "5")
    assert (m[2]["reply_to_id"], m[2]["reply_basis"], m[2]["text"]) == ("", "", "lost")
    assert texts(got, "message_id", "target_id", "kind", table="mentions") == [
        (m[1]["message_id"], i[ANN], "quote"), (m[2]["message_id"], i[BOB], "quote"),
    ]  # fmt: skip
    assert got.report.knowledge["replies"].known
    assert got.report.rows_ignored == 1
    assert len(got.rows("sources")[0]["sha256"]) == 64
    assert Package(str(got.data / "datapackage.json")).validate().valid


def test_only_the_quotation_behind_an_answer_goes(imported: Import) -> None:
    quote = {"quotedSender": "小波", "quotedContent": "x]"}
    texts_ = ["[引用 我] ok[引用 小波：x]]", "[引用 x]]", "[引用 x", "ok[引用 older]"]
    file = weflow(*[said(n, ANN, t, "引用消息", **quote) for n, t in enumerate(texts_)])
    got = imported({"a.json": file}, keep_text=True)
    assert [r["text"] for r in got.rows("messages")] == ["[引用 我] ok", "", "[引用 x", "ok"]


def test_an_early_echotrace_file_has_ids_without_names(imported: Import) -> None:
    mine = said(3, ME, "x") | {"senderUsername": None}
    got = imported({"x.json": echotrace(*TALK, mine, said(4, BOB, "y", "卡片式链接"))})
    i = ids(got)
    assert set(i) == {ANN, BOB, CARL, "(exporter)"}
    assert [r["kind"] for r in got.rows("messages")] == ["text"] * 4 + ["link"]
    assert [r["display_name"] for r in got.rows("identities")] == [""] * 4


def test_a_local_time_is_read_only_where_the_second_is_missing(imported: Import) -> None:
    for zone, at in [
        ("Asia/Shanghai", "2023-11-14T16:00:00Z"),
        ("UTC", "2023-11-15T00:00:00Z"),
        ("America/New_York", "2023-11-15T05:00:00Z"),
    ]:
        lost = said(0, ANN, "x") | {"createTime": None, "formattedTime": "2023-11-15 00:00:00"}
        row = list(line(9, BOB, "x"))
        row[5], row[8] = "", "2023-11-15 00:00:00"
        got = imported({"a.json": weflow(lost, said(0, ANN, "x"))}, timezone=zone)
        assert got.times() == [at, "2023-11-14T22:13:20Z"]
        assert at in imported({"g.csv": csv_file(*GROUP, tuple(row))}, timezone=zone).times()


def test_the_early_excel_merges_unknown_people_and_says_so(imported: Import) -> None:
    rows = [
        (n, f"2023-11-15 00:00:0{n}", who, "文本消息", "x")
        for n, who in enumerate(["群成员", "群成员", "Anna", "我", "Anna"])
    ]
    got = imported({"g_聊天记录_170000.xlsx": excel(*rows)})
    names = sorted(r["display_name"] for r in got.rows("identities"))
    assert names == ["", "Anna", "群成员"]
    assert got.times()[0] == "2023-11-14T16:00:00Z"
    said_so = [a for a in got.report.assumptions if "different people are one member" in a.en]
    assert len(said_so) == 1
    assert "并成了一个成员" in said_so[0].zh


def test_the_later_excel_has_ids_and_private_names(imported: Import) -> None:
    columns = (
        "序号",
        "时间",
        "发送者昵称",
        "发送者微信ID",
        "发送者备注",
        "发送者身份",
        "消息类型",
        "内容",
    )
    head = (("会话信息",), ("微信ID", ROOM, "昵称", "g", "备注", ""), (), columns)
    got = imported(
        {
            "a.xlsx": excel(
                (1, "2023-11-15 06:13:20", "Anna", ANN, "老板娘", "老板娘", "文本消息", "一"),
                (2, "2023-11-15 06:13:21", "我自己", ME, "", "我", "图片消息", "[图片]"),
                (
                    3,
                    "2023-11-15 06:13:22",
                    "g",
                    ROOM,
                    "",
                    "g",
                    "系统消息",
                    '你邀请"小波"加入了群聊',
                ),
                head=head,
            ),
            "b.json": weflow(said(60, BOB, "x")),
        }
    )
    i = ids(got)
    assert texts(got, "author_id", "kind") == [
        (i[ANN], "text"), (i[ME], "image"), (i[ME], "system"), (i[BOB], "text"),
    ]  # fmt: skip
    [event] = got.rows("membership_events")
    assert (event["member_id"], event["actor_id"]) == (i[BOB], i[ME])
    assert "老板娘" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())
    assert len({r["channel_id"] for r in got.rows("messages")}) == 1


def test_mentions_are_resolved_by_name(imported: Import) -> None:
    same = {"senderDisplayName": "Anna"}  # two people called Anna, one after the other
    got = imported(
        {
            "a.json": weflow(
                said(0, ANN, "x"), said(1, BOB, "@Anna\u2005 hi @Anna\u2005 mail a@b.c @Carl\u2005"),
                said(2, BOB, "@所有人\u2005 hi"), said(3, BOB, "@Nobody\u2005 and @Anna alone"),
                said(90_000, CARL, "I am", **same), said(90_001, BOB, "@Anna\u2005"),
                said(99_000, CARL, "again"), said(99_001, CARL, "x", senderDisplayName="a@b.c @x"),
                said(99_002, ANN, "@a@b.c @x\u2005", senderDisplayName="Ann II"),
            )
        }
    )  # fmt: skip
    i = ids(got)
    row = {r["message_id"]: int(r["source_row"]) for r in got.rows("messages")}
    named = [(row[r["message_id"]], r["target_id"]) for r in got.rows("mentions")]
    assert named == [(2, i[ANN]), (2, i[CARL]), (6, i[CARL]), (9, i[CARL])]
    assert [a for a in got.report.assumptions if a.en.startswith("1 mentions name nobody")]
    assert [a for a in got.report.assumptions if a.en.startswith("1 messages mention everyone")]


def test_kept_text_holds_no_known_name(imported: Import) -> None:
    got = imported(
        {
            "a.json": weflow(
                said(0, ANN, "CARL's and 小波们, annabel; call 13812345678 or wxid_carl"),
                said(1, BOB, "@🌸\u2005 @Stranger\u2005 =cmd()|' /C calc'!A0 <script>\u202e. 。"),
                said(2, CARL, "\x00x", senderDisplayName="🌸"),
                said(3, CARL, "x"), said(4, CARL, ".", senderDisplayName="."),
                grey(5, '"Carl"邀请"Silent Sam、小波"加入了群聊'), said(6, ANN, "hi silent sam, 我"),
            )
        },
        keep_text=True,
    )  # fmt: skip
    i = ids(got)
    assert [r["text"] for r in got.rows("messages")] == [
        f"{i[CARL]}'s and {i[BOB]}们, annabel; call [phone] or {i[CARL]}",
        f"@{i[CARL]}\u2005 @[name]\u2005 =cmd()|' /C calc'!A0 <script>\u202e. 。",
        "\ufffdx", "x", ".", "", "hi [name], 我",
    ]  # fmt: skip


def test_overlapping_exports_are_joined(imported: Import) -> None:
    whole = [
        said(0, ANN, "a", platformMessageId="1"), said(0, ANN, "b", platformMessageId="2"),
        said(0, BOB, "c", platformMessageId="3"), grey(5, '"Anna"邀请"Carl"加入了群聊'),
        said(9, CARL, "d", platformMessageId="4"), said(9, CARL, "d", platformMessageId="4"),
    ]  # fmt: skip
    one = imported({"a.json": weflow(*whole)})
    both = {"a.json": weflow(*whole[:4]), "b.json": weflow(*whole[1:])}
    two = imported(both)
    older = imported({"a.json": echotrace(*whole[:5]), "b.json": weflow(*whole)})
    turned = imported({"z.json": both["a.json"], "b.json": both["b.json"]})
    columns = ("message_id", "author_id", "ts", "kind")
    assert len(one.rows("messages")) == 5
    assert sorted(texts(one, *columns)) == sorted(texts(older, *columns))
    assert sorted(texts(one, *columns)) == sorted(texts(two, *columns))
    assert (
        one.rows("membership_events")[0]["event_id"] == two.rows("membership_events")[0]["event_id"]
    )
    assert texts(two, *columns) == texts(turned, *columns)
    assert (two.report.rows_read, two.report.rows_kept) == (9, 5)
    assert one.rows("members") == two.rows("members") == older.rows("members")


def test_overlap_within_one_second_needs_the_same_order(imported: Import) -> None:
    """A second that only one export cuts in two is joined by order, which is a known weakness."""
    got = imported(
        {
            "a.json": weflow(said(0, ANN, "a"), said(0, ANN, "b")),
            "b.json": weflow(said(0, ANN, "a")),
        }
    )
    assert len(got.rows("messages")) == 2


def test_the_same_file_twice_is_one(imported: Import) -> None:
    once, twice = {"g_utf8.csv": csv_file(*GROUP)}, {"x/g_utf8.csv": csv_file(*GROUP)}
    got = imported({**once, **twice, "g_utf8(1).csv": csv_file(*GROUP)})
    assert (got.report.messages, got.report.duplicates) == (3, 2)


def test_two_groups_are_one_community_and_two_channels(imported: Import) -> None:
    got = imported(
        {
            "a.json": weflow(*TALK, said(300, ME, "x"), grey(310, '你将"小波"移出了群聊')),
            "b.json": weflow(said(100, BOB, "x"), said(400, ANN, "x"), wxid="9@chatroom"),
        }
    )
    assert len(got.rows("channels")) == 2
    assert len(got.rows("members")) == 4
    assert {r["left_at"] for r in got.rows("members")} == {""}  # still in the other group
    assert [r["action"] for r in got.rows("membership_events")] == ["kick"]
    everything = "".join(p.read_text("utf-8") for p in got.data.iterdir() if p.stem != "identities")
    assert not [n for n in ("chatroom", "wxid_", "小波") if n in everything]


def test_ids_stay_when_an_export_grows_and_differ_under_another_key(
    imported: Import, tmp_path: Path
) -> None:
    a = imported({"a.json": weflow(*TALK)})
    b = imported({"a.json": weflow(*TALK, said(500, ANN, "more"))})
    c = imported({"a.json": weflow(*TALK)}, key_file=tmp_path / "other")
    assert b.rows("messages")[:3] == a.rows("messages")
    columns = ("message_id", "author_id", "channel_id")
    assert not {x for row in texts(a, *columns) for x in row} & {
        x for row in texts(c, *columns) for x in row
    }


def test_one_member_and_no_message_at_all(imported: Import) -> None:
    got = imported({"a.json": weflow(said(0, ANN, "x"))})
    assert [r["joined_at_basis"] for r in got.rows("members")] == ["first_message"]
    for empty in (weflow(), '{"session": {"wxid": "1@chatroom", "type": "群聊"}}'):
        with pytest.raises(ShequnError, match="no message in it"):
            imported({"a.json": empty})
    with pytest.raises(ShequnError, match="no message in it"):
        imported({"g_utf8.csv": csv_file()})
    with pytest.raises(ShequnError, match="No WeChat group"):
        imported({"a.txt": "hello", "b.csv": "a,b\n1,2\n", "c.json": "[1]", "d.csv": ""})


def test_rows_that_are_not_understood_are_told_without_their_words(imported: Import) -> None:
    odd = (
        line(0, ANN, "x")[:9], (*line(1, ANN, "x"), "more"), line(2, "", "geheim"),
        (*line(3, ANN, "x")[:2], "kind", *line(3, ANN, "x")[3:]),
    )  # fmt: skip
    file = csv_file(*GROUP, *odd)
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file})
    got = imported({"g_utf8.csv": file}, tolerate=True)
    assert (got.report.rows_read, got.report.rows_unparsed, got.report.messages) == (7, 4, 3)
    assert [e.row for e in got.report.examples] == [4, 5, 6, 7]
    assert "geheim" not in got.report.to_json()


def test_a_lost_quotation_mark_does_not_swallow_rows(imported: Import) -> None:
    file = csv_file(line(0, ANN, "a,b"), *GROUP[1:], line(5, ANN, "c,d"), *GROUP).decode(
        "utf-8-sig"
    )
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file.replace('"a,b"', '"a,b')})
    with pytest.raises(ShequnError, match="could not be understood"):
        imported({"g_utf8.csv": file.replace('"a,b"', '"a,b').replace('"c,d"', "c,d")})
    # A hundred rows in the belly of one are a hundred rows that are lost.
    many = [line(n, ANN, "x") for n in range(500)]
    many[100], many[200] = line(100, ANN, "a,b"), line(200, ANN, ",d")
    file = csv_file(*GROUP, *many).decode("utf-8-sig")
    got = imported({"g_utf8.csv": file.replace('"a,b"', '"a,b')}, tolerate=True)
    assert got.report.rows_unparsed >= 100
    assert got.report.messages == 402


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(said_=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([ANN, BOB, CARL, ME]), _WORDS),
                      min_size=1, max_size=8))  # fmt: skip
def test_any_text_and_any_order_of_files_give_the_same_tables(
    said_: list[tuple[int, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random names are not used here: a name in a text is replaced."""
    messages = [said(n * 100 + at, who, text) for n, (at, who, text) in enumerate(said_)]
    half = len(messages) // 2
    parts = [weflow(*messages[: half + 1]), weflow(*messages[half:])]
    with pytest.MonkeyPatch.context() as patch:
        go = run(patch, tmp_path_factory.mktemp("x"))
        one = go({"a.json": parts[0], "b.json": parts[1]}, keep_text=True)
        two = go({"b.json": parts[0], "a.json": parts[1]}, keep_text=True)
        again = go({"a.json": parts[0], "b.json": parts[1]}, keep_text=True)
    for table in ("messages", "members", "mentions", "sources", "identities"):
        assert one.rows(table) == two.rows(table) == again.rows(table)
    assert len(one.rows("messages")) == len(messages)
    assert [int(r["n_chars"]) for r in one.rows("messages")] == [len(t) for _, _, t in said_]
