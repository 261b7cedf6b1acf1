"""WeChat groups, from files built from the documented grammar: no genuine export is public."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from frictionless import Package
from hand_made import Imported
from made_wechat import (
    ANN,
    BOB,
    CARL,
    GROUP,
    ME,
    ROOM,
    TALK,
    csv_file,
    echotrace,
    excel,
    grey,
    line,
    said,
    weflow,
)  # fmt: skip

from shequn.text import ShequnError

Import = Callable[..., Imported]


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Import:
    """Return a function that imports WeChat groups, as in Shanghai unless told."""
    return lambda files, **options: import_as(
        "wechat", files, **{"timezone": "Asia/Shanghai", **options}
    )


def texts(got: Imported, *columns: str, table: str = "messages") -> list[tuple[str, ...]]:
    """Return columns of a table, all where none is named; nothing where it is not there."""
    if not (got.data / f"{table}.csv").exists():
        return []
    return [tuple(row[c] for c in columns or row) for row in got.rows(table)]


def ids(got: Imported) -> dict[str, str]:
    return {r["platform_user_id"]: r["member_id"] for r in got.rows("identities")}


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
    assert got.report.knowledge["replies"].found == 0
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
    assert got.rows("messages")[-1]["text"] == "问[name]"


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
        "all chats in one file", "not an export of WeChat",
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
    assert set(texts(got, "message_id", "target_id", "kind", table="mentions")) == {
        (m[1]["message_id"], i[ANN], "quote"), (m[2]["message_id"], i[BOB], "quote"),
    }  # fmt: skip
    assert got.report.knowledge["replies"].found == 1
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
    assert set(i) == {ANN, BOB, CARL, "~me"}
    assert sorted(r["kind"] for r in got.rows("messages")) == ["link", *["text"] * 4]
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
        assert sorted(got.times()) == sorted([at, "2023-11-14T22:13:20Z"])
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
    assert sorted(named) == sorted([(2, i[ANN]), (2, i[CARL]), (3, ""), (6, i[CARL]), (9, i[CARL])])
    assert [
        a for a in got.report.assumptions if a.en.startswith("1 mentions or quotations by name")
    ]


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
        f"'@{i[CARL]}\u2005 @[name]\u2005 =cmd()|' /C calc'!A0 <script>\u202e. 。",
        "\ufffdx", "x", ".", "", "hi [name], 我",
    ]  # fmt: skip
