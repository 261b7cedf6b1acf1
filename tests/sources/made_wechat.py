"""Writes exports of WeChat groups by the documented grammar; no genuine one is public."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import openpyxl

ROOM = "12345@chatroom"
T = 1_700_000_000  # 2023-11-14T22:13:20Z, which is 06:13:20 on the 15th in Shanghai
HEADER = "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender"
ANN, BOB, CARL, ME = "wxid_ann", "wxid_bob", "wxid_carl", "wxid_me"
NICK = {ANN: "Anna", BOB: "小波", CARL: "Carl", ME: "Me Myself"}


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


GROUP = (line(0, ANN, "一"), line(60, BOB, "two"), line(120, CARL, "three"))
TALK = (said(0, ANN, "一"), said(60, BOB, "two"), said(120, CARL, "three"))


def template(sentence: str, **places: list[tuple[str, str]]) -> str:
    """Write a grey line as newer databases hold it: a sentence, and the people of its places."""
    links = "".join(
        f'<link name="{name}" type="link_profile"><memberlist>'
        + "".join(
            f"<member><username><![CDATA[{wxid}]]></username><nickname><![CDATA[{nick}]]>"
            "</nickname></member>"
            for wxid, nick in people
        )
        + "</memberlist><separator><![CDATA[、]]></separator></link>"
        for name, people in places.items()
    )
    return (
        f'1@chatroom:\n<sysmsg type="sysmsgtemplate"><sysmsgtemplate><content_template '
        f'type="tmpl_type_profile"><plain><![CDATA[]]></plain><template><![CDATA[{sentence}]]>'
        f"</template><link_list>{links}</link_list></content_template></sysmsgtemplate></sysmsg>"
    )


def example() -> dict[str, str | bytes]:
    """Write an export that shows all that the platform can: two groups, in two layouts."""
    joined = template(
        '"$username$"邀请"$names$"加入了群聊',
        username=[(ANN, "Anna")],
        names=[("wxid_new", "新人")],
    )
    return {
        "texts/group.json": weflow(
            said(0, ANN, "大家好 hello", platformMessageId="900"),
            grey(20, joined, platformMessageId="901"),
            said(60, BOB, "欢迎 @Anna\u2005 welcome", platformMessageId="902"),
            said(90, CARL, "同意[引用 Anna：大家好 hello]", "引用消息", platformMessageId="903",
                 replyToMessageId="900", quotedSender="Anna", quotedContent="大家好 hello"),
            said(95, "wxid_new", "谢谢"), said(96, "wxid_new", "[图片]", "图片消息"),
            said(97, ME, "@所有人\u2005 明天见"), grey(98, "你撤回了一条消息"),
            grey(99, '"小波" 拍了拍 "Anna"', type="拍一拍消息"), said(120, ME, "[红包]", "红包消息"),
            grey(200, '你将"Carl"移出了群聊'), said(300, ANN, "再见"),
        ),
        "读书会_utf8.csv": csv_file(
            line(0, "", '"Anna"通过扫描"小波"分享的二维码加入群聊', 10000), line(10, ANN, "一"),
            line(20, BOB, 'two, with a "quote"\nand a line'), line(30, ME, "三"),
            line(40, BOB, "", 49, 57), line(50, ANN, "<img/>", 3),
        ),
    }  # fmt: skip
