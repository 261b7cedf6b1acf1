"""What has to be said about an import of IRC logs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from shequn.sources.irc_lines import Log
from shequn.sources.irc_people import Nicks
from shequn.sources.report import ImportReport, Knowledge
from shequn.text import Text


def fill(
    report: ImportReport,
    people: Nicks,
    logs: Sequence[Log],
    date: dt.date | None,
    guessed: set[str],
) -> None:
    """Add the assumptions, and what such logs show and do not show.

    Parameters
    ----------
    report
        With its counts.
    people, logs
        Who is who, and the logs that are kept.
    date
        Date given with the command.
    guessed
        Channels that are known by the names of files alone.
    """
    odd = sum(n for name, n in report.decoded.items() if name != "utf-8")
    names = ", ".join(sorted(guessed))
    report.assumptions += [
        _who(people),
        Text(
            "All channels are one community: the same nick in two of them is one person.",
            "所有频道算一个社群：两个频道里的同一昵称算一个人。",
        ),
        Text(
            f"Bots ({report.bots}): nicks that end in bot (and a number), a few known ones, and "
            "those that only send notices. Correct members.is_bot where this is wrong.",
            f"机器人（{report.bots} 个）：以 bot（加数字）结尾的昵称、几个已知的，"
            "以及只发通知的。有误请改 members.is_bot。",
        ),
        *_when(logs, date),
        *_if(
            len(guessed),
            "Some logs do not name their channel; it was taken from logs named alike, or from "
            f"the file name: {names}.",
            f"有的记录没有写频道，按同名系列的其他记录或文件名取：{names}。",
        ),
        *_if(
            odd,
            f"{odd:,} rows are not UTF-8 and were read as GB18030 or Latin-1.",
            f"{odd:,} 行不是 UTF-8，按 GB18030 或 Latin-1 读取。",
        ),
        *_if(
            report.text_kept,
            "Text is kept. Nicks seen in the logs are replaced in it; other names, addresses "
            "and links stand as written.",
            "保留了正文。其中出现过的昵称已替换；其他姓名、地址、链接保持原样。",
        ),
    ]
    report.knowledge = _KNOWN


def _who(people: Nicks) -> Text:
    return Text(
        f"A nick is one person, in any case. Of {people.renames:,} pairs of nicks in rename lines, "
        f"{people.joined:,} are joined to one person; {people.placeholders:,} hold a placeholder "
        f"(Guest…) or a bot and are not. Groups of nicks taken apart because two of them talked in "
        f"turn: {people.conflicts:,}.",
        f"同一昵称算一个人，不分大小写。改名行里有 {people.renames:,} 对昵称，"
        f"{people.joined:,} 对并为一人；"
        f"{people.placeholders:,} 对含占位昵称（Guest…）或机器人，不并。"
        f"因两个昵称交替发言而拆开的昵称组：{people.conflicts:,}。",
    )


def _if(count: int, en: str, zh: str) -> list[Text]:
    return [Text(en, zh)] if count else []


def _when(logs: Sequence[Log], date: dt.date | None) -> list[Text]:
    clocks = [log.placed for log in logs if log.placed]
    n, by_hand = len(clocks), sum(not log.named for log in logs if log.placed)
    twelve, unsure = sum(c.twelve for c in clocks), sum(c.unsure for c in clocks)
    outside = sum(c.outside for c in clocks)
    return [
        *_if(
            n,
            f"{n:,} files show only the time of day. The date is from the file name; an hour "
            "behind it lies near the end of the file. The clock running back by more than an hour "
            "and a half is midnight. Status lines have the time of the line before.",
            f"{n:,} 个文件只有时刻。日期取自文件名，日期后的小时靠近文件末尾；"
            "时钟倒退超过一个半小时算过了午夜。状态行用前一行的时间。",
        ),
        *_if(
            by_hand,
            f"{by_hand:,} files have no date in their name; their first line was placed on {date}.",
            f"{by_hand:,} 个文件名里没有日期，首行算作 {date}。",
        ),
        *_if(
            twelve,
            f"{twelve:,} files have a twelve-hour clock without am and pm.",
            f"{twelve:,} 个文件用十二小时制且不分上下午。",
        ),
        *_if(
            unsure,
            f"{unsure:,} files show only the hours 1 to 12 and no hour in their name: morning and "
            "afternoon cannot be told apart, and they were read as beginning in the morning.",
            f"{unsure:,} 个文件只出现 1 到 12 点，文件名里也没有小时：分不清上下午，"
            "按从上午开始读取。",
        ),
        *_if(
            outside,
            f"{outside:,} files have no line in the hour that their name gives; they were placed "
            "as near as possible.",
            f"{outside:,} 个文件里没有文件名所示小时的行，放在最接近处。",
        ),
    ]


_KNOWN = {
    "joins": Knowledge(
        False,
        Text(
            "A join line is a connection, not joining the community: it is in "
            "membership_events. members.joined_at is the first message; whoever was there "
            "before the logs begin seems to have come then.",
            "上线只是连接，不是入群：记在 membership_events。members.joined_at 用首次发言；"
            "记录开始前就在的人，看起来像那时才来。",
        ),
    ),
    "leaves": Knowledge(
        False,
        Text(
            "Leaving a channel is a dropped connection, not leaving the community: it is in "
            "membership_events, and there is no members.left_at.",
            "离开频道只是断开连接，不是退群：记在 membership_events，members 没有 left_at。",
        ),
    ),
    "replies": Knowledge(
        False,
        Text(
            "IRC has none. A nick at the start of a message is a mention.",
            "IRC 没有回复功能。消息开头的昵称记为点名。",
        ),
    ),
    "reactions": Knowledge(False, Text("IRC has none.", "IRC 没有表情回应。")),
}
