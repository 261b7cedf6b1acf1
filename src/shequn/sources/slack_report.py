"""What has to be said about an import of Slack exports."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shequn.sources.report import ImportReport, Knowledge
from shequn.sources.slack_people import NOBODY, Slackers
from shequn.sources.slack_rows import ALL, JOIN, LEAVE, RECALL, Channel, Reader
from shequn.sources.slack_text import Names
from shequn.text import Text

_MOST_KINDS = 5


def fill(
    report: ImportReport,
    people: Slackers,
    channels: Sequence[Channel],
    reader: Reader,
    listed: bool,
    names: Names,
) -> None:
    """Add the assumptions, and what such exports show and do not show.

    Parameters
    ----------
    report
        With its counts.
    people, channels
        Who is who, and what was read; settled.
    reader
        Its counts.
    listed
        Whether there is any list of users or channels.
    names
        Finds names in the names of channels.
    """
    unlisted = sum(c.kind == "unlisted" for c in channels)
    private = sum(c.kind == "private" for c in channels)
    hidden = sum(names.in_label(c.name) != c.name for c in channels)
    outside = sum(p == r and r not in people.roles for r, p in people.person_of.items())
    to_all = sum(ALL in targets for c in channels for targets in c.mentions.values())
    recalled = sum(c.kind_of.count(RECALL) for c in channels)
    kinds = reader.strange_kinds
    shown = [k if re.fullmatch(r"[a-z_]+", k) else "…" for k, _ in kinds.most_common(_MOST_KINDS)]
    report.assumptions += [
        Text(
            "Slack's times are UTC; the zone is only the community's own. All channels and "
            "workspaces of the export are one community, also private channels.",
            "Slack 的时间是 UTC，时区只是社群自己的。导出里的所有频道与工作区（含私有频道）算一个社群。",
        ),
        Text(
            f"An id is one person. Bots ({report.bots}): those the list of users marks, Slackbot, "
            "and programs that post without an account.",
            f"一个编号算一个人。机器人（{report.bots} 个）：名单中标明的、Slackbot，以及没有账号而发消息的程序。",
        ),
        Text(
            "n_chars counts the text as members see it, a mention as the id; text that stands "
            "only in attachments or blocks is not counted.",
            "n_chars 按成员所见计字数，点名按编号计；只在附件或 blocks 里的文字不计。",
        ),
        *_if(
            not people.roles,
            "There is no list of users: members who wrote nothing are missing, and nobody's role "
            "is known.",
            "没有用户名单：没发过言的成员不在其中，角色也不可知。",
        ),
        *_if(
            outside if people.roles else 0,
            f"{outside:,} ids are in messages but not in the list of users (other organisations, "
            "programs): members without a role.",
            f"{outside:,} 个编号出现在消息里，但不在用户名单中（其他组织的人、程序）：作为成员，没有角色。",
        ),
        *_if(
            unlisted,
            f"{unlisted:,} folders are in no list of channels and were taken as channels"
            + ("." if listed else "; there is no list at all."),
            f"{unlisted:,} 个文件夹不在频道名单里，按频道读取"
            + ("。" if listed else "；导出里没有任何名单。"),
        ),
        *_if(
            private,
            f"{private:,} private channels are in the data: make sure that their members agree.",
            f"数据里有 {private:,} 个私有频道：请确认其成员同意。",
        ),
        *_if(
            hidden,
            f"{hidden:,} channel names held a member's name, which was replaced.",
            f"{hidden:,} 个频道名含成员姓名，已替换。",
        ),
        *_if(
            to_all,
            f"{to_all:,} messages call everyone (@channel, @here, @everyone): kind all, with the "
            "author as target. Groups of users (@team) are not resolved.",
            f"{to_all:,} 条消息@所有人（@channel、@here、@everyone）：kind 为 all，target 记作者本人。"
            "@用户组未展开。",
        ),
        *_if(
            reader.changes + recalled + reader.lost_deletions,
            f"{reader.changes:,} records of edits and deletions were applied; {recalled:,} "
            f"messages are deleted ones; {reader.lost_deletions:,} deletions are of messages not "
            "in the export.",
            f"应用了 {reader.changes:,} 条编辑或删除记录；{recalled:,} 条消息已删除；"
            f"{reader.lost_deletions:,} 条删除记录所指的消息不在导出中。",
        ),
        *_if(
            kinds.total(),
            f"{kinds.total():,} messages of unknown kind ({', '.join(shown)}) were taken as "
            "system lines.",
            f"{kinds.total():,} 条未知类型的消息（{'、'.join(shown)}）按系统消息处理。",
        ),
        *_if(
            report.text_kept,
            "Text is kept. Ids and known names are replaced in it; e-mail addresses, phone and "
            "account numbers are masked; other names and links stand as written.",
            "保留了正文。其中的编号与已知姓名已替换，邮箱、电话、账号已遮盖；其他姓名、链接保持原样。",
        ),
    ]
    report.knowledge = _known(people, channels)


def _if(count: int, en: str, zh: str) -> list[Text]:
    return [Text(en, zh)] if count else []


def _known(people: Slackers, channels: Sequence[Channel]) -> dict[str, Knowledge]:
    joins = sum(c.event.count(JOIN) for c in channels)
    leaves = sum(c.event.count(LEAVE) for c in channels)
    invited = sum(c.event[r] == JOIN for c in channels for r in c.actors)
    replies = roots = 0
    for c in channels:
        there = set[int]()
        asked = set[int]()
        for at, thread in zip(c.at, c.thread, strict=True):
            if thread and thread != at:
                replies += 1
                asked.add(thread)
        if asked:
            there = asked.intersection(c.at)
        roots += len(asked) - len(there)
    reactions = [r for c in channels for own in c.reactions.values() for r in own]
    cut = sum(n for who, _, n, _ in reactions if who == NOBODY)
    gone = len(people.gone)
    return {
        "joins": Knowledge(
            joins > 0,
            Text(
                f"Lines that somebody joined a channel: {joins:,}; with who added them (inviter): "
                f"{invited:,}. members.joined_at is the first of them (event), or the first "
                "message where that is earlier or there is none: whoever came before the export "
                "begins seems to have come within it.",
                f"{joins:,} 行写明某人加入频道，其中 {invited:,} 行写明由谁添加（inviter）。"
                "members.joined_at 取最早一次（event）；首次发言更早或没有加入记录时取首次发言："
                "导出开始前就在的人，看起来像期间才来。",
            ),
        ),
        "leaves": Knowledge(
            False,
            Text(
                f"Lines that somebody left a channel: {leaves:,}. That is not leaving the "
                "workspace; they are in membership_events. Deactivated accounts "
                f"({gone:,}, members.role) have no date. There is no members.left_at.",
                f"{leaves:,} 行写明某人离开频道，但那不是离开工作区：记在 membership_events。"
                f"已停用的账号（{gone:,} 个，见 members.role）没有日期。members 没有 left_at。",
            ),
        ),
        "replies": Knowledge(
            True,
            Text(
                f"Replies in threads: {replies:,}. Slack says which thread, not which message in "
                "it, so each answers the first (basis thread). First messages "
                f"that are not in the export: {roots:,}.",
                f"话题串中的回复 {replies:,} 条；Slack 只写明哪个话题串，不写明回复其中哪条，"
                f"因此都算回复首条（basis 为 thread）。其中 {roots:,} 条首条消息不在导出中。",
            ),
        ),
        "reactions": Knowledge(
            True,
            Text(
                "As they stood at the export, without times. Slack cuts long lists of people: "
                f"{cut:,} reactions are counts without a person (complete is false).",
                "以导出时为准，没有时间。Slack 会截断过长的名单："
                f"{cut:,} 次回应只有次数、没有人（complete 为 false）。",
            ),
        ),
    }
