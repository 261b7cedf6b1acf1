"""Grey lines of WeChat groups, from the client's sentences as several parsers document them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hand_made import Imported
from made_wechat import (
    ANN,
    BOB,
    CARL,
    ME,
    TALK,
    csv_file,
    example,
    grey,
    line,
    said,
    template,
    weflow,
)  # fmt: skip

from shequn.sources.readers.wechat_system import Party, read_notice

Import = Callable[..., Imported]


def texts(got: Imported, *columns: str, table: str = "messages") -> list[tuple[str, ...]]:
    if not (got.data / f"{table}.csv").exists():
        return []
    return [tuple(row[c] for c in columns or row) for row in got.rows(table)]


def ids(got: Imported) -> dict[str, str]:
    return got.ids


@pytest.fixture
def imported(import_as: Callable[..., Imported]) -> Import:
    """Return a function that imports WeChat groups, as in Shanghai unless told."""
    return lambda files, **options: import_as(
        "wechat", files, **{"timezone": "Asia/Shanghai", **options}
    )


def plain(text: str) -> Any:
    """Return what the first way to read a line says: action, method, who, whom."""
    notice = read_notice(text)
    if notice is None:
        return None
    way = notice.ways[0]

    def short(party: Party | None) -> str | None:
        return party and ("YOU" if party.you else party.wxid or party.name)

    return notice.action, notice.method, short(way.actor), [short(s) for s in way.subjects]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('"A"邀请"B、C"加入了群聊', ("join", "invite", "A", ["B、C"])),
        ('你邀请"B"加入了群聊  撤销', ("join", "invite", "YOU", ["B"])),
        ('你邀请"B"加入了群聊  $revoke$', ("join", "invite", "YOU", ["B"])),
        ('"A"邀请你和"B"加入了群聊', ("join", "invite", "A", ["YOU", "B"])),
        ('"A"邀请你加入了群聊，群聊参与人还有：B、C', ("join", "invite", "A", ["YOU"])),
        ("“A”邀请“B”加入了群聊", ("join", "invite", "A", ["B"])),
        ('"B"通过扫描"A"分享的二维码加入群聊', ("join", "qr", "A", ["B"])),
        ('" B"通过扫描你分享的二维码加入群聊  ', ("join", "qr", "YOU", ["B"])),
        ('"B"通过"A"的邀请二维码加入群聊', ("join", "qr", "A", ["B"])),
        ('"B"通过扫描二维码加入群聊', ("join", "qr", None, ["B"])),
        ("你通过扫描二维码加入群聊，群聊参与人还有：B", ("join", "qr", None, ["YOU"])),
        ('"B"加入了群聊', ("join", "", None, ["B"])),
        ('你将"B"移出了群聊', ("kick", "", "YOU", ["B"])),
        ('你将"B、C"移出了群聊', ("kick", "", "YOU", ["B、C"])),
        ('你被"A"移出群聊', ("kick", "", "A", ["YOU"])),
        ('"B"退出了群聊', ("leave", "", None, ["B"])),
        ('"B"已成为新群主', ("role", "", None, ["B"])),
        ('"A"修改群名为“X"加入了群聊”', ("other", "", "A", [])),
        ("你修改群名为“X”", ("other", "", "YOU", [])),
        ("你撤回了一条消息 重新编辑", ("recall", "", "YOU", [])),
        ('"A" 撤回了一条消息', ("recall", "", "A", [])),
        ('"A" 拍了拍 "B" 的肩膀', ("pat", "", "A", ["B"])),
        ('我拍了拍 "B"', ("pat", "", "YOU", ["B"])),
        ('"A" 拍了拍我', ("pat", "", "A", ["YOU"])),
        ("A invited B to the group chat", ("join", "invite", "A", ["B"])),
        ("You invited B、C to the group chat.   ", ("join", "invite", "YOU", ["B、C"])),
        ("A invited you to a group chat with B、C", ("join", "invite", "A", ["YOU"])),
        ("A invited you and B to the group chat", ("join", "invite", "A", ["YOU", "B"])),
        ('"B" joined group chat via the QR code you shared.  ', ("join", "qr", "YOU", ["B"])),
        ('"B" joined the group chat via the QR Code shared by "A".', ("join", "qr", "A", ["B"])),
        ('You removed "B" from the group chat', ("kick", "", "YOU", ["B"])),
        ('You were removed from the group chat by "A"', ("kick", "", "A", ["YOU"])),
        ('"A" changed the group name to "X"', ("other", "", "A", [])),
        ('"A" recalled a message', ("recall", "", "A", [])),
        ('"你"邀请"我"加入了群聊', ("join", "invite", "你", ["我"])),  # in quotation marks: a name
        ('<img src="x.png"/> "A"邀请"B"加入了群聊', ("join", "invite", "A", ["B"])),
        ('"<3"邀请"<b>"加入了群聊', ("join", "invite", "<3", ["<b>"])),
        ("以上是打招呼的内容", None), ("", None), ('""邀请""加入了群聊', None), ("加入了群聊", None),
        ("İİ invited B to the group chat", ("join", "invite", "İİ", ["B"])),
    ],
)  # fmt: skip
def test_sentences_of_the_client(text: str, meaning: Any) -> None:
    assert plain(text) == meaning


def test_templates_have_the_ids(imported: Import) -> None:
    joined = template(
        '"$username$"邀请"$names$"加入了群聊',
        username=[(ANN, "anything")],
        names=[("silent1", 'q"、"q'), (BOB, "")],
    )
    scanned = template(
        '"$adder$"通过扫描"$from$"分享的二维码加入群聊  $revoke$',
        adder=[("silent2", "")],
        **{"from": [(CARL, "c")]},
    )
    english = template("$username$ invited $names$ to the group chat",
                       username=[(ME, "me")], names=[("silent3", "S")])  # fmt: skip
    got = imported(
        {"a.json": weflow(grey(-9, joined), *TALK, grey(300, scanned), grey(301, english))}
    )
    i = ids(got)
    events = texts(got, "member_id", "actor_id", "method", table="membership_events")
    assert sorted(events) == sorted(
        [
            (i["silent1"], i[ANN], "invite"), (i[BOB], i[ANN], "invite"),
            (i["silent2"], i[CARL], "qr"), (i["silent3"], i[ME], "invite"),
        ]
    )  # fmt: skip
    known = {r["member_id"]: r for r in got.rows("members")}
    assert known[i[BOB]]["joined_at_basis"] == "event"
    assert known[i[BOB]]["inviter_id"] == i[ANN]
    assert known[i["silent2"]]["join_method"] == "qr"
    assert known[i[ANN]]["joined_at_basis"] == "first_message"


def test_other_kinds_of_xml() -> None:
    old = (
        '<sysmsg type="delchatroommember"><delchatroommember><plain><![CDATA["B" joined group '
        "chat via the QR code you shared.  ]]></plain><text><![CDATA[x]]></text><link><scene>qrcode"
        "</scene><memberlist><username><![CDATA[qq5]]></username></memberlist></link>"
        "</delchatroommember></sysmsg>"
    )
    revoke = (
        '<sysmsg type="revokemsg"><revokemsg><replacemsg><![CDATA["A" 撤回了一条消息]]>'
        "</replacemsg></revokemsg></sysmsg>"
    )
    pat = (
        '<sysmsg type="pat"><pat><fromusername>a1</fromusername><pattedusername>b1'
        "</pattedusername></pat></sysmsg>"
    )
    assert plain(old) == ("join", "qr", "YOU", ["qq5"])
    assert plain(revoke) == ("recall", "", "A", [])
    assert plain(pat) == ("pat", "", "a1", ["b1"])


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><sysmsg type="sysmsgtemplate"><plain>&a;</plain></sysmsg>',
        '<sysmsg><!DOCTYPE x SYSTEM "file:///etc/passwd"></sysmsg>',
        "<sysmsg><plain>&a;</plain></sysmsg>", "<sysmsg", "</sysmsg><sysmsg>", "<sysmsg></sysmsg>",
        "<sysmsg>" + "<a>" * 30_000 + "</sysmsg>", "<sysmsg>" + "x" * 100_000 + "</sysmsg>",
        "<sysmsg>" + "<a>" * 8000 + "</a>" * 8000 + "</sysmsg>", "<sysmsg>\ud800</sysmsg>",
    ],
)  # fmt: skip
def test_hostile_xml_says_nothing(xml: str) -> None:
    assert read_notice(xml) is None


@pytest.mark.parametrize(
    "piece", ['"邀请"', "邀请", " invited ", "、", '"', " ", ".", "撤销", "<img "]
)
def test_long_lines_take_no_time(piece: str) -> None:
    start = time.process_time()
    for n in (300, 100_000):
        for _ in range(20):
            read_notice(f'"a{piece * n}b"加入了群聊')
            read_notice(f"{piece * n} to the group chat")
    assert time.process_time() - start < 2


def test_names_that_hold_quotation_marks_and_separators(imported: Import) -> None:
    odd = {"senderDisplayName": '甲、"乙"'}
    evil = {"senderDisplayName": 'x"邀请"y'}
    got = imported(
        {
            "a.json": weflow(
                grey(0, '"小波"邀请"Anna、甲、"乙"、Nobody、Carl"加入了群聊'),
                said(1, ANN, "x"), said(2, BOB, "x"), said(3, CARL, "x"),
                said(4, "wxid_odd", "x", **odd), said(5, "wxid_evil", "x", **evil),
                grey(6, '"x"邀请"y"邀请"Carl"加入了群聊'),
            )
        }
    )  # fmt: skip
    i = ids(got)
    events = texts(got, "member_id", "actor_id", "action", table="membership_events")
    assert sorted(events) == sorted([
        (i[ANN], i[BOB], "join"), (i["wxid_odd"], i[BOB], "join"), (i[CARL], i[BOB], "join"),
        (i[CARL], i["wxid_evil"], "join"),
    ])  # fmt: skip
    assert [a for a in got.report.assumptions if "name 5 people, 1 of them" in a.en]


def test_who_has_no_id_has_no_row_and_is_counted(imported: Import) -> None:
    lines = [
        grey(10, '"Ghost"邀请"Silent"加入了群聊'), grey(11, "你邀请\"Anna\"加入了群聊"),
        grey(12, '"Ghost" 撤回了一条消息'),
    ]  # fmt: skip
    got = imported({"a.json": weflow(*TALK, *lines)})
    [event] = got.rows("membership_events")
    assert (event["member_id"], event["actor_id"]) == (ids(got)[ANN], ids(got)["~me"])
    said_so = " ".join(a.en for a in got.report.assumptions)
    assert "name 2 people, 1 of them" in said_so
    assert "0 grey lines are in none of the known sentences, and 2 name nobody" in said_so
    assert "Silent" not in "".join(p.read_text("utf-8") for p in got.data.iterdir())


def test_the_same_name_twice_is_whoever_bears_it_then(imported: Import) -> None:
    li = {"senderDisplayName": "Li"}
    day = 86_400
    got = imported(
        {
            "a.json": weflow(
                said(0, ANN, "x", **li), said(day, ANN, "x", **li),
                grey(50 * day, '"小波"邀请"Li"加入了群聊'), said(51 * day, CARL, "x", **li),
                said(60 * day, BOB, "x"), said(61 * day, CARL, "x", **li),
                said(70 * day, ANN, "x", **li), said(80 * day, CARL, "x", **li),
                grey(75 * day, '"小波"邀请"Li"加入了群聊'),
            )
        }
    )  # fmt: skip
    # ANN bears it from day 0 to 70, so day 50 is ANN's; on day 75 CARL's (51 to 80).
    i = ids(got)
    assert texts(got, "member_id", table="membership_events") == [(i[ANN],), (i[CARL],)]
    both = imported(
        {"a.json": weflow(said(0, ANN, "x", **li), said(1, CARL, "x", **li), said(99, ANN, "x", **li),
                          said(99, CARL, "x", **li), grey(50, '"小波"邀请"Li"加入了群聊'))}
    )  # fmt: skip
    assert texts(both, table="membership_events") == []
    assert [a for a in both.report.assumptions if "name 1 people, 1 of them" in a.en]


def test_joining_leaving_and_coming_back(imported: Import) -> None:
    got = imported(
        {
            "g_utf8.csv": csv_file(
                line(0, "", '"Anna"邀请"小波"加入了群聊', 10000), line(10, ANN, "x"),
                line(20, BOB, "x"), line(30, ME, "x"), line(40, "", '你将"小波"移出了群聊', 10000),
                line(50, "", '"小波"通过扫描"Anna"分享的二维码加入群聊', 10000), line(60, BOB, "x"),
                line(70, "", '你将"Anna"移出了群聊', 10000), line(75, CARL, "x"),
                line(80, "", '"Carl"邀请"Carl"加入了群聊', 10000),
                line(85, "", '你将"Dora"移出了群聊', 10000), line(89, "wxid_dora", "x", nick="Dora"),
                line(90, "", '你被"Carl"移出群聊', 10000),
            )
        }
    )  # fmt: skip
    i = ids(got)
    members = {r["member_id"]: r for r in got.rows("members")}
    columns = (
        "joined_at",
        "joined_at_basis",
        "join_method",
        "inviter_id",
        "left_at",
        "left_at_basis",
    )
    assert [members[i[BOB]][c] for c in columns] == [
        "2023-11-14T22:13:20Z", "event", "invite", i[ANN], "", "",
    ]  # fmt: skip
    assert [members[i[ANN]][c] for c in columns] == [
        "2023-11-14T22:13:30Z", "first_message", "", "", "2023-11-14T22:14:30Z", "event",
    ]  # fmt: skip
    assert members[i[ME]]["left_at"] == "2023-11-14T22:14:50Z"
    assert members[i[CARL]]["joined_at_basis"] == "first_message"  # a later line: coming back
    assert [r["action"] for r in got.rows("membership_events")] == [
        "join", "kick", "join", "kick", "join", "kick", "kick",
    ]  # fmt: skip
    assert got.report.knowledge["leaves"].found == 2
    assert members[i["wxid_dora"]]["left_at"] == ""  # she wrote afterwards


def test_you_is_the_exporter_of_each_file(imported: Import) -> None:
    invite = grey(200, '你邀请"小波"加入了群聊')
    other = said(5, "wxid_other", "x", isSend=1)
    got = imported(
        {
            "a.json": weflow(*TALK, said(150, ME, "x"), invite),
            "b.json": weflow(*TALK, other, invite, wxid="2@chatroom"),
            "c.json": weflow(*TALK, invite, wxid="3@chatroom"),
        }
    )
    i = ids(got)
    actors = {r["actor_id"] for r in got.rows("membership_events")}
    assert actors == {i[ME], i["wxid_other"], ""}  # whose the third file is cannot be told
    one = imported({"a.json": weflow(*TALK, said(9, ME, "x")),
                    "c.json": weflow(*TALK, invite, wxid="3@chatroom")})  # fmt: skip
    assert {r["actor_id"] for r in one.rows("membership_events")} == {ids(one)[ME]}


def test_the_example_shows_all_that_the_matrix_claims(imported: Import) -> None:
    got = imported(example())
    known = got.report.knowledge
    assert {what for what, k in known.items() if k.found} == {
        "messages",
        "joins",
        "inviters",
        "leaves",
        "replies",
    }
    before = {t: got.rows(t) for t in ("messages", "members", "mentions", "membership_events")}
    again = imported(example(), into=got.data)
    assert {t: again.rows(t) for t in before} == before
