"""What has to be said about an import of WhatsApp exports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shequn.sources.report import ImportReport, Knowledge
from shequn.sources.whatsapp_lines import Log
from shequn.sources.whatsapp_people import EXPORTER, Names
from shequn.text import Text

CAP = 39_900  # WhatsApp exports at most about 40,000 messages without media
CAP_MEDIA = 9_900
_HOW = {
    "name": Text("given by the file's name", "文件名给出"),
    "year": Text("the year stands first", "年份在前"),
    "over 12": Text("a part of a date is over 12", "有大于 12 的数"),
    "same": Text("both ways give the same days", "两种读法是同一天"),
    "time": Text("only this way runs on in time", "只有这种读法时间不倒退"),
}


def fill(report: ImportReport, people: Names, logs: Sequence[Log], all_logs: Sequence[Log]) -> None:
    """Add the assumptions, and what such exports show and do not show.

    Parameters
    ----------
    report
        With its counts.
    people
        Who is who.
    logs, all_logs
        The files that are kept, and with those of which nothing was left after copies.
    """
    full = [
        log.source_id
        for log in all_logs
        if log.messages >= CAP or (log.attached and CAP_MEDIA <= log.messages <= 10_100)
    ]
    unknown = sum(
        EXPORTER in log.actors.values() or any(EXPORTER in e[2:4] for e in log.events)
        for log in logs
    )
    copies = sum(log.copies for log in all_logs)
    files = Counter(log.order[:2] for log in logs)
    minute = sum(not log.style.seconds for log in logs)
    pasted, back = sum(log.pasted for log in logs), sum(log.turned_back for log in logs)
    apps, edited = sum(log.apps for log in logs), sum(len(log.edited) for log in logs)
    media = sum(log.kinds.count(10) for log in logs)
    report.assumptions += [
        Text(
            "Names are the only ids: people are the contact names (or numbers) on the phone that "
            "exported. Two people with one contact name are one member; a renamed contact is two, "
            f"unless two exports agree ({people.matched:,} joined so) or a line gives both "
            f"numbers ({people.linked:,} joined so).",
            "名字是唯一的编号：人就是导出手机上的联系人名字（或号码）。同名的两个人算一个成员；"
            f"改过备注的人算两个，除非两份导出互相印证（这样合并 {people.matched:,} 对），"
            f"或有一行同时写出新旧号码（这样合并 {people.linked:,} 对）。",
        ),
        *_if(
            len(logs),
            '"You" in system lines is whoever exported. The name behind it is taken from lines '
            "that show both; where a file shows none, from the other files. Not found for "
            f"{unknown:,} of {len(logs):,} files: there, You is a member of its own.",
            "系统提示里的“您”是导出者。名字取自同时出现两者的行；一个文件里没有，就取其他文件的。"
            f"{len(logs):,} 个文件中有 {unknown:,} 个找不到，那里的“您”单算一个成员。",
        ),
        *[
            Text(
                f"{n:,} files have dates in the order {order}: {_HOW[how].en}.",
                f"{n:,} 个文件的日期顺序是 {order}：{_HOW[how].zh}。",
            )
            for (order, how), n in sorted(files.items())
        ],
        *_if(
            minute,
            f"{minute:,} files show minutes, no seconds: within a minute the order of rows is the "
            "order of the chat.",
            f"{minute:,} 个文件只有分钟没有秒：同一分钟内，行的顺序就是聊天的顺序。",
        ),
        *_if(
            len(full),
            f"{len(full):,} files hold as many messages as WhatsApp exports at most (about 40,000, "
            "or 10,000 with media): their oldest messages are probably missing, without a word "
            f"in the file: {', '.join(full[:5])}.",
            f"{len(full):,} 个文件的消息数达到 WhatsApp 导出上限（约 4 万条，带媒体 1 万条）："
            f"最早的消息很可能缺失，文件里没有说明：{', '.join(full[:5])}。",
        ),
        *_if(
            copies,
            f"{copies:,} rows stand in two exports of one chat (same minute, person and text) and "
            "were taken once.",
            f"{copies:,} 行在同一聊天的两份导出里都有（分钟、人、正文相同），只取一次。",
        ),
        *_if(
            pasted,
            f"{pasted:,} rows look like the beginning of a message, but their time does not fit "
            "between their neighbours: they are read as text of the message before.",
            f"{pasted:,} 行看起来像新消息的开头，但时间与前后不合，按上一条消息的正文读取。",
        ),
        *_if(
            back,
            f"Time runs back by more than a day in {back:,} places.",
            f"有 {back:,} 处时间倒退超过一天。",
        ),
        *_if(
            media,
            f"{media:,} messages are of kind other: media left out without saying which.",
            f"{media:,} 条消息的类型是 other：省略了媒体，又没写是哪一种。",
        ),
        *_if(
            apps,
            f"{apps:,} of these are marked as WhatsApp's own words, in a wording not known here.",
            f"其中 {apps:,} 条标明是 WhatsApp 自己的话，但措辞不认识。",
        ),
        *_if(
            edited,
            f"{edited:,} messages were edited; when is not written.",
            f"{edited:,} 条消息编辑过，没有写时间。",
        ),
        Text(
            "Lengths count what people wrote, without WhatsApp's placeholders. Wordings of its "
            "own lines are known in English and Chinese, from documents and published parsers; "
            "no genuine export was at hand.",
            "长度只算人写的字，不含 WhatsApp 的占位文字。它自己的提示只认识中文和英文，"
            "措辞来自文档和公开的解析程序，手头没有真实导出。",
        ),
        *_if(
            report.text_kept,
            "Text is kept. Names of people in the export, numbers and addresses are replaced in "
            "it; first names, nicknames and places stand as written.",
            "保留了正文。导出里出现的人名、号码、地址已替换；简称、昵称、地名保持原样。",
        ),
    ]
    actions = Counter(action for log in logs for _, action, *_ in log.events)
    report.knowledge = _knowledge(actions)


def _if(count: int, en: str, zh: str) -> list[Text]:
    return [Text(en, zh)] if count else []


def _knowledge(actions: Counter[str]) -> dict[str, Knowledge]:
    joins, leaves = actions["join"], actions["leave"] + actions["kick"]
    return {
        "joins": Knowledge(
            joins > 0,
            Text(
                f"{joins:,} lines show a joining, with the inviter where somebody added. Whoever "
                "came before the file begins has the first message instead.",
                f"{joins:,} 行写明入群，由人拉入的有邀请人。文件开始前就在的人用首次发言代替。",
            )
            if joins
            else Text(
                "No line shows a joining; the first message is taken instead.",
                "没有入群提示，用首次发言代替。",
            ),
        ),
        "leaves": Knowledge(
            leaves > 0,
            Text(
                f"{leaves:,} lines show somebody leaving or removed. Since 2022 WhatsApp tells "
                "only admins who left: a file from another member's phone misses leaves.",
                f"{leaves:,} 行写明退群或被移出。2022 年起 WhatsApp 只告诉管理员谁退了群："
                "普通成员手机导出的文件会缺退群。",
            )
            if leaves
            else Text(
                "No line shows a leaving. Since 2022 WhatsApp tells only admins who left.",
                "没有退群提示。2022 年起 WhatsApp 只告诉管理员谁退了群。",
            ),
        ),
        "replies": Knowledge(
            False,
            Text(
                "WhatsApp does not export what a message answers. An @ is a mention.",
                "WhatsApp 不导出回复关系。@ 记为点名。",
            ),
        ),
        "reactions": Knowledge(
            False, Text("WhatsApp does not export them.", "WhatsApp 不导出表情回应。")
        ),
    }
