"""What has to be said about an import of exports of Telegram Desktop."""

from __future__ import annotations

from collections.abc import Sequence

from shequn.sources.report import ImportReport, Knowledge
from shequn.sources.telegram_people import Membership
from shequn.sources.telegram_rows import Book, Chat
from shequn.text import Text


def fill(
    report: ImportReport, people: Membership, book: Book, chats: Sequence[Chat], moved: int
) -> None:
    """Add the assumptions, and what such exports show and do not show.

    Parameters
    ----------
    report
        With its counts.
    people, book
        Who is who, and what was counted meanwhile.
    chats
        Those that are kept.
    moved
        Number of groups that were joined to the supergroup they became.
    """
    dropped = sum(len(chat.dropped) for chat in chats)
    named = [raw for raw in people.person_of if not raw.startswith("user")]
    off = book.clocks[False]
    edited = any(time >= 0 for chat in chats for time in chat.edited)
    report.assumptions += [
        Text(
            "People are known by their id on Telegram, which stays through changes of name. All "
            "groups and channels are one community.",
            "按 Telegram 编号认人，改名不影响。所有群组和频道算一个社群。",
        ),
        Text(
            "The export does not say which days were asked for, nor whether anything is missing: "
            "it is taken to cover its first to its last message. Deleted messages are not in it.",
            "导出不说明选了哪些日子，也不说明是否有缺：视为覆盖首条到末条消息。已删除的消息不在其中。",
        ),
        *_if(
            len(named),
            f"{len(named):,} authors are groups or channels, not people: administrators who post "
            "in the group's name (members.role is admin), and other channels (role is channel).",
            f"{len(named):,} 个作者是群组或频道，不是人：以群名义发言的管理员"
            "（members.role 为 admin）和其他频道（role 为 channel）。",
        ),
        Text(
            f"Bots ({report.bots}): those who send buttons, and those with whom a full export "
            "holds a talk. Others cannot be told from people; correct members.is_bot.",
            f"机器人（{report.bots} 个）：发送按钮的，以及完整导出里有对话的机器人。"
            "其余与真人分不开，请自行改 members.is_bot。",
        ),
        *_if(
            book.local,
            f"{book.local:,} rows show only the exporter's clock, without zone; it was read as "
            f"{report.timezone}. The others show UTC.",
            f"{book.local:,} 行只有导出者电脑上的时间，没有时区，按 {report.timezone} 读取；"
            "其余是 UTC。",
        ),
        *_if(
            off,
            f"On {off:,} messages with reactions the exporter's clock does not fit "
            f"{report.timezone}: those reactions were placed by the message's own two times.",
            f"{off:,} 条有回应的消息里，导出者的时钟与 {report.timezone} 不符："
            "回应时间按该消息自己的两个时间推算。",
        ),
        *_if(
            edited,
            "edited_at can be the time of a reaction: some versions of Telegram Desktop write it "
            "so.",
            "edited_at 可能是回应的时间：有的 Telegram Desktop 版本这样写。",
        ),
        *_if(
            people.lost,
            "Lines of joining and leaving name people without ids. "
            f"{people.lost:,} places are in no membership_events: {people.unknown:,} names never "
            f"seen with an id (most never spoke), {people.shared:,} borne by several people, "
            f"{people.deleted:,} of deleted accounts.",
            f"进出行只写名字，没有编号。有 {people.lost:,} 处没有进入 membership_events："
            f"{people.unknown:,} 个名字从未与编号同时出现（多半没发过言），"
            f"{people.shared:,} 个为几人共用，{people.deleted:,} 个属于已注销账号。",
        ),
        *_if(
            len(people.events),
            "A name seen with one id only is taken for that person. A line in which somebody adds "
            "or removes their own name is taken for their joining or leaving.",
            "只与一个编号同时出现过的名字，算作那个人。某人添加或移除与自己同名的人，"
            "算作自己入群或退群。",
        ),
        *_if(
            book.usernames,
            f"{book.usernames:,} mentions give a user name, which leads to no id: they are not in "
            "mentions.",
            f"{book.usernames:,} 次点名只有用户名，对不上编号：不在 mentions 里。",
        ),
        *_if(
            dropped,
            f"{dropped:,} messages are in several files; the file that reaches furthest counts.",
            f"{dropped:,} 条消息在几个文件里都有，以时间最晚的文件为准。",
        ),
        *_if(
            moved,
            f"{moved:,} files of a group were joined to the supergroup that it became.",
            f"{moved:,} 个普通群文件并入了升级后的超级群。",
        ),
        *_if(
            book.unsupported,
            f"{book.unsupported:,} messages were not exported by Telegram Desktop itself "
            "(unsupported).",
            f"{book.unsupported:,} 条消息 Telegram Desktop 自己没有导出（unsupported）。",
        ),
        *_if(
            book.nobody,
            f"{book.nobody:,} service lines name no actor; they were ignored.",
            f"{book.nobody:,} 条服务消息没有写是谁，已忽略。",
        ),
        *_if(
            report.text_kept,
            "In the texts whole display names, user names, phone numbers and addresses are "
            "replaced; first names alone, and names of one letter, are not.",
            "正文里完整的显示名、用户名、电话、邮箱已替换；单独的名、单字名没有替换。",
        ),
    ]
    actions = {event.action for event in people.events}
    small = all(chat.kind == "private_group" for chat in chats)
    report.knowledge = {
        "joins": Knowledge("join" in actions, _joins(people)),
        "leaves": Knowledge(small, _SMALL if small else _LARGE),
        "replies": Knowledge(True, _REPLIES),
        "reactions": Knowledge(any(chat.reactions for chat in chats), _REACTIONS),
    }


def _if(count: int, en: str, zh: str) -> list[Text]:
    return [Text(en, zh)] if count else []


def _joins(people: Membership) -> Text:
    basis = [stay.basis for stay in people.stays.values()]
    seen, first = basis.count("event"), basis.count("first_message")
    by = sum(stay.inviter is not None for stay in people.stays.values())
    return Text(
        f"From service lines for {seen:,} people, of {by:,} also who invited them; for {first:,} "
        "it is the first message. Large groups can hide these lines, and whoever neither wrote nor "
        "is named is not seen.",
        f"{seen:,} 人取自服务消息，其中 {by:,} 人知道邀请者；{first:,} 人用首次发言。"
        "大群可以隐藏这类消息；没发过言也没被提到的人看不到。",
    )


_SMALL = Text("From service lines; small groups show them all.", "取自服务消息；小群会全部显示。")
_LARGE = Text(
    "Supergroups and channels mostly do not show who leaves: members.left_at is far from complete.",
    "超级群和频道大多不显示谁退出：members.left_at 远不完整。",
)
_REPLIES = Text(
    "reply_to_message_id names the message. In groups with topics, what answers the opening of a "
    "topic only stands in it.",
    "reply_to_message_id 指明所回复的消息。分话题的群里，回复话题开头的只算在该话题内。",
)
_REACTIONS = Text(
    "Counts are whole where the version exports them (since 2024); people are named only for the "
    "latest ones. complete tells where all are.",
    "2024 年起的版本导出回应，总数完整；只列出最近回应的人。complete 表示是否列全。",
)
