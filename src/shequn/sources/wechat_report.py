"""What has to be said about an import of WeChat groups."""

from __future__ import annotations

from collections.abc import Sequence

from shequn.sources.report import ImportReport, Knowledge
from shequn.sources.wechat_chat import Chat
from shequn.sources.wechat_files import CSV, EXCEL, ME, NOBODY, WEFLOW
from shequn.sources.wechat_people import Crowd
from shequn.sources.wechat_system import KICK, LEAVE
from shequn.sources.wechat_tables import Links
from shequn.text import Text


def fill(
    report: ImportReport, chats: Sequence[Chat], crowd: Crowd, links: Links, doubled: int
) -> None:
    """Add the assumptions, and what such exports show and do not show.

    Parameters
    ----------
    report
        To be filled.
    chats, crowd, links
        The files that are kept, their people, and what answers what.
    doubled
        Rows that another file has too.
    """
    report.assumptions += [*_people(chats, crowd), *_rows(chats, links, doubled), _text(report)]
    gone = sum(e.action in (KICK, LEAVE) for e in crowd.events)
    answers, quotes = sum(map(len, links.targets)), sum(c.quotes for c in chats)
    report.knowledge = {
        "joins": Knowledge(
            crowd.joiners > crowd.joiners_unknown,
            Text(
                f"From grey lines: {crowd.joiners:,} people, of whom {crowd.joiners_unknown:,} "
                "are known by name alone (they never wrote, or several share the name) and have "
                "no row. Inviters are known where the line names them. Whoever came before the "
                "export begins has the first message as joined_at.",
                f"来自灰色提示：{crowd.joiners:,} 人，其中 {crowd.joiners_unknown:,} 人只有名字"
                "（从未发言，或有人重名），没有记录。提示写明邀请人时才知道邀请人。"
                "导出开始前已在群里的人，joined_at 用首次发言。",
            ),
        ),
        "leaves": Knowledge(
            False,
            Text(
                f"People leave without a line. Only removals by or of the exporter are shown "
                f"({gone:,} here): a missing left_at does not mean that somebody is still there.",
                f"退群没有提示。只看得到导出者移人或被移出（这里 {gone:,} 次）："
                "没有 left_at 不表示还在群里。",
            ),
        ),
        "replies": Knowledge(
            answers > 0,
            Text(
                f"{answers:,} answers are linked by id. {quotes + links.lost:,} are not: the file "
                "does not name the target (WeChatMsg and EchoTrace never do), or it lies outside "
                "the export.",
                f"{answers:,} 条回复按编号连上；{quotes + links.lost:,} 条没有：文件没写引用了"
                "哪一条（WeChatMsg 和 EchoTrace 都不写），或被引用的不在导出里。",
            ),
        ),
        "reactions": Knowledge(
            False, Text("WeChat's exports have none.", "微信导出里没有表情回应。")
        ),
    }


def _if(count: int, en: str, zh: str) -> list[Text]:
    return [Text(en, zh)] if count else []


def _people(chats: Sequence[Chat], crowd: Crowd) -> list[Text]:
    layouts = {c.layout for c in chats}
    unknown = sum(n.unknown for n in crowd.in_group.values())
    doubtful = sum(n.doubtful for n in crowd.in_group.values())
    nobody = sum(any(p.endswith(f":{NOBODY}") for p in c.people) for c in chats)
    by_name = sum(any(p.startswith(f"{c.channel}:") for p in c.people) for c in chats)
    by_file = sum(not c.found.group for c in chats)
    return [
        Text(
            "All groups are one community: an id (wxid) in two of them is one person. The "
            "exports do not say who is a bot or a group's owner.",
            "所有群算一个社群：两个群里的同一个微信号算一个人。导出里看不出谁是机器人、谁是群主。",
        ),
        Text(
            "Grey lines and mentions hold names, not ids. A name is whoever goes by it in the "
            "same group at that time, or nearest to it. Names in grey lines that fit nobody: "
            f"{unknown:,}; that fit two at once: {doubtful:,}.",
            "灰色提示和 @ 里只有名字。名字按同一个群里当时（或时间最近）用这个名字的人认。"
            f"提示中认不出的名字 {unknown:,} 个，同时有两人叫的 {doubtful:,} 个。",
        ),
        *_if(
            ME in crowd.person_of,
            "The exporter's id is in no file: the exporter is a person of their own.",
            "文件里没有导出者的微信号：导出者单独算一个人。",
        ),
        *_if(
            len(crowd.exporters) > 1,
            f"{len(crowd.exporters):,} people made these exports; “you” is each file's own.",
            f"这些文件由 {len(crowd.exporters):,} 人导出；“你”按各文件的导出者算。",
        ),
        *_if(
            CSV in layouts,
            "WeChatMsg: the exporter's private names (Remark) serve to recognise people and are "
            "not kept.",
            "WeChatMsg：导出者的备注（Remark）只用来认人，不保留。",
        ),
        *_if(
            bool(layouts - {CSV, EXCEL}),
            "WeFlow and EchoTrace put the exporter's private name (备注) in the place of a "
            "friend's own, if there is one, and do not mark it. Such names stand in identities "
            "alone.",
            "WeFlow 和 EchoTrace 会用导出者的备注代替好友的名字，而且不作标记。"
            "这些名字只出现在 identities 里。",
        ),
        *_if(
            by_name,
            f"{by_name:,} Excel files give names, not ids: a person is a name in one group; two "
            "of the same name are one, and a new name is a new person.",
            f"{by_name:,} 个 Excel 文件只有名字：一个群里一个名字算一个人；重名的并成一个，"
            "改名就成了新人。",
        ),
        *_if(
            nobody,
            f"{nobody:,} Excel files call everybody unknown to the exporter {NOBODY}: different "
            "people are one member there. Export as JSON instead.",
            f"{nobody:,} 个 Excel 文件把不认识的人都写成“{NOBODY}”：不同的人并成了一个成员。"
            "请改用 JSON 导出。",
        ),
        *_if(
            by_file,
            f"{by_file:,} files do not say which group they are of; the name of the file was "
            "taken. Another name is another group, and the same group from another tool too.",
            f"{by_file:,} 个文件没有写是哪个群，按文件名认。文件名不同就算两个群；"
            "同一个群用另一种工具导出也会算成另一个。",
        ),
    ]


def _rows(chats: Sequence[Chat], links: Links, doubled: int) -> list[Text]:
    unclear = sum(c.unclear for c in chats)
    silent = sum(c.who.count(-1) - len(c.authors) for c in chats) - unclear
    everyone = sum(c.everyone for c in chats)
    return [
        *_if(
            doubled,
            f"{doubled:,} messages are in several files; each was taken once. A message is known "
            "by group, author, second and order within the second.",
            f"{doubled:,} 条消息在多个文件里都有，只算一次。按群、发送者、秒和同一秒内的次序认。",
        ),
        *_if(
            unclear,
            f"{unclear:,} grey lines say nothing about joining, leaving or taking back, or are in "
            "words that are not known; they were left out.",
            f"{unclear:,} 条灰色提示与进出群、撤回无关，或是没见过的说法，未收入。",
        ),
        *_if(
            silent,
            f"{silent:,} grey lines name nobody who is known; they have no row in messages.",
            f"{silent:,} 条灰色提示里的人都认不出，messages 里没有。",
        ),
        Text(
            "The author of a grey line is who did what it tells. A message that was taken back is "
            "the line about it, and who pats somebody (拍一拍) has a message of kind other.",
            "灰色提示的作者算做这件事的人。撤回的消息只剩那条提示；拍一拍记为 other。",
        ),
        *_if(
            links.unknown,
            f"{links.unknown:,} mentions name nobody who is known.",
            f"{links.unknown:,} 次 @ 的名字认不出是谁。",
        ),
        *_if(
            everyone,
            f"{everyone:,} messages mention everyone; they have no row in mentions.",
            f"{everyone:,} 条消息 @所有人，mentions 里没有。",
        ),
        *_if(
            any(c.layout == WEFLOW for c in chats),
            "WeFlow: the quotation behind an answer is not counted in its length.",
            "WeFlow：回复后面附的引文不计入长度。",
        ),
    ]


def _text(report: ImportReport) -> Text:
    if not report.text_kept:
        return Text(
            "Names of groups are left out, since new groups are named after their members.",
            "不保留群名，因为新建的群默认用成员的名字。",
        )
    return Text(
        "Text is kept, of text messages only. Names seen in the export are replaced in it; phone "
        "numbers, addresses and the like are masked; other names stand as written. Grey lines and "
        "names of groups are left out.",
        "只保留文本消息的正文。其中导出里出现过的名字已替换，电话、邮箱等已遮住；其他姓名保持原样。"
        "灰色提示和群名不保留。",
    )
