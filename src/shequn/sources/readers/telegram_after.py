"""What Telegram's messages mean only together: who a service line names, which group became which.

Service lines name people without ids. A group that became a supergroup is in that one's file too,
under other numbers. In a group with topics an answer may only mean that something stands in one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from shequn.sources.intake import Intake
from shequn.sources.report import Reading
from shequn.text import Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOVED = 1_000_000_000  # Telegram Desktop takes so much from the numbers of a migrated group
# How it is done, by what a service line is called.
LINES = {
    "invite_members": "invite", "join_group_by_link": "link", "join_group_by_request": "request",
    "create_group": "create", "create_channel": "create", "remove_members": "remove",
}  # fmt: skip
_BLOCK = 50_000
# What is said in the report where there was any of it.
NOTES = {
    "always": Text(
        "The export does not say which days were asked for, nor whether anything is missing: it is "
        "taken to cover its first to its last message. Deleted messages are not in it.",
        "导出不说明选了哪些日子，也不说明是否有缺：视为覆盖首条到末条消息。已删除的消息不在其中。",
    ),
    "private": Text(
        "{n} talks of two people, with bots, or with oneself are not read.",
        "{n} 个私聊、机器人对话或收藏夹不读取。",
    ),
    "odd": Text(
        "{n} chats have no known type and id before their messages, as Telegram Desktop writes "
        "them: they are not read.",
        "{n} 个会话在消息之前没有 Telegram Desktop 会写的类型和编号：不读取。",
    ),
    "groups": Text(
        "{n} authors are groups or channels, not people: administrators who post in the group's "
        "name (members.role is admin), and other channels (role is channel).",
        "{n} 个作者是群组或频道，不是人：以群名义发言的管理员（members.role 为 admin）"
        "和其他频道（role 为 channel）。",
    ),
    "robots": Text(
        "{n} bots: who sends buttons, or holds a talk with the exporter in a full export. Others "
        "are known by name alone.",
        "{n} 个机器人：发送按钮的，以及完整导出里有对话的。其余只能看名字。",
    ),
    "local": Text(
        "{n} rows show only the exporter's clock, without zone; it was read as {zone}. The others "
        "show UTC.",
        "{n} 行只有导出者电脑上的时间，没有时区，按 {zone} 读取；其余是 UTC。",
    ),
    "off": Text(
        "On {n} messages with reactions the exporter's clock does not fit {zone}: those reactions "
        "were placed by the message's own two times.",
        "{n} 条有回应的消息里，导出者的时钟与 {zone} 不符：回应时间按该消息自己的两个时间推算。",
    ),
    "edited": Text(
        "edited_at ({n} messages) can be the time of a reaction: some versions of Telegram Desktop "
        "write it so.",
        "edited_at（{n} 条）可能是回应的时间：有的 Telegram Desktop 版本这样写。",
    ),
    "lost": Text(
        "Lines of joining and leaving name people without ids. {n} places are in no "
        "membership_events: {names.unknown:,} names never seen with an id (most never spoke), "
        "{names.shared:,} borne by several people, {names.deleted:,} of deleted accounts.",
        "进出行只写名字，没有编号。有 {n} 处没有进入 membership_events："
        "{names.unknown:,} 个名字从未与编号同时出现过（多半没发过言），"
        "{names.shared:,} 个为几人共用，{names.deleted:,} 个属于已注销账号。",
    ),
    "named": Text(
        "In {n} lines of joining or leaving a name seen with one id only is taken for that person, "
        "and whoever adds or removes their own name has joined or left.",
        "{n} 行进出消息里，只与一个编号同时出现过的名字算作那个人；添加或移除与自己同名的人，"
        "算作自己入群或退群。",
    ),
    "usernames": Text(
        "{n} mentions give a user name, which leads to no id: they are not in mentions.",
        "{n} 次点名只有用户名，对不上编号：不在 mentions 里。",
    ),
    "moved": Text(
        "{n} groups were joined to the supergroups that they became.",
        "{n} 个普通群并入了升级后的超级群。",
    ),
    "unsupported": Text(
        "{n} messages were not exported by Telegram Desktop itself (unsupported): ignored.",
        "{n} 条消息 Telegram Desktop 自己没有导出（unsupported）：已忽略。",
    ),
    "nobody": Text(
        "{n} service lines name no actor: ignored.", "{n} 条服务消息没有写是谁：已忽略。"
    ),
}


@dataclass(frozen=True)
class Line:
    """A service line of joining or leaving: where, when, by whom, how, and the names it gives."""

    file: Reading
    row: int
    chat: str
    ts: int
    who: str
    how: str
    actor: str | None
    names: list[str | None]
    inviter: str | None


class Names:
    """The people behind the names in service lines.

    Attributes
    ----------
    deleted, unknown, shared
        Names that lead to nobody: of deleted accounts, never seen with an id, and borne by several.
    """

    def __init__(self, intake: Intake) -> None:
        self._people, self._raw = intake.people, list(intake.people.numbers)
        self.deleted = self.unknown = self.shared = 0

    def one(self, name: str | None) -> str | None:
        """Return the id of the one user who bears a name; None where there is none, or several."""
        if name is None:
            return None
        found = self._people.find(name)
        if found is not None and self._raw[found].startswith("user"):
            return self._raw[found]
        if not self._people.known(name):
            self._people.weak.add(name)
        return None

    def user(self, name: str | None) -> str | None:
        """Return the same, and count the names that lead to nobody."""
        who = self.one(name)
        if who is None:
            if name is None:
                self.deleted += 1
            elif self._people.known(name):
                self.shared += 1
            else:
                self.unknown += 1
        return who


def put_events(intake: Intake, lines: Iterable[Line], channels: Mapping[str, int]) -> Names:
    """Put in who came and went, once all names are known; return how many lead to nobody.

    Parameters
    ----------
    intake, lines
        Where to, and from what.
    channels
        Number of each chat.
    """
    names = Names(intake)
    for line in lines:
        intake.open(line.file)
        person = line.who.startswith("user")
        at, channel = (line.row, line.ts), channels[line.chat]
        if line.how in ("link", "request", "create") and person:
            # The owner of a link may be anybody's namesake: then nobody is said to have invited.
            inviter = names.one(line.inviter) if line.how == "link" else None
            intake.event(
                *at, "join", line.who, channel=channel, actor=inviter, method=line.how
            )  # fmt: skip
        if line.how in ("link", "request"):
            continue
        # Whoever comes or goes by themselves stands there as having added or removed themselves.
        alone = len(line.names) == 1 and person and line.names[0] == line.actor is not None
        if alone and line.how != "create":
            action = "leave" if line.how == "remove" else "join"
            intake.event(*at, action, line.who, channel=channel, method="self")
        for name in () if alone else line.names:
            if line.how == "create" and name is not None and name == line.actor:
                continue
            member = names.user(name)
            if member is None or (member == line.who and line.how == "create"):
                continue
            action, method = ("kick", "remove") if line.how == "remove" else ("join", "invite")
            intake.event(*at, action, member, channel=channel, actor=line.who, method=method)
    return names


def join_moved(
    con: DuckDBPyConnection,
    channels: dict[str, int],
    groups: Collection[str],
    larger: Collection[str],
) -> dict[str, str]:
    """Join groups to the supergroups that they became; return which became which.

    A supergroup's file holds the group's messages too, under numbers less by `MOVED`: where the
    numbers and times of two chats agree, they are the same messages.

    Parameters
    ----------
    con
        With all messages in the table ``said``.
    channels
        Number of each chat; a joined group gets that of its supergroup.
    groups
        Chats that are small groups.
    larger
        Chats with numbers below zero.
    """
    if not larger:
        return {}
    key = {n: k for k, n in channels.items()}
    within = ", ".join(str(channels[k]) for k in {*groups, *larger})
    became: dict[str, str] = {}
    for old, new in con.execute(
        f"""
        WITH one AS (SELECT channel, ts, split_part(own, '/', 2)::BIGINT AS n FROM said
                     WHERE channel IN ({within}))
        SELECT a.channel, b.channel FROM one a JOIN one b ON b.n = a.n - {MOVED}
        WHERE a.n > 0 AND a.channel <> b.channel GROUP BY ALL HAVING bool_and(a.ts = b.ts)
        """
    ).fetchall():
        if key[old] in groups and key[new] in larger:
            became[key[old]] = min(key[new], became.get(key[old], key[new]))
    # The group's own file may be missing: answers to its messages name it.
    for peer, new in con.execute(
        "SELECT DISTINCT split_part(reply, '/', 1), channel FROM said "
        f"WHERE channel IN ({within}) AND starts_with(reply, 'chat')"
    ).fetchall():
        if peer not in groups and key[new] in larger:
            became[peer] = min(key[new], became.get(peer, key[new]))
    for old, new in became.items():
        moved = f"'{new}/' || (split_part(%s, '/', 2)::BIGINT - {MOVED})"
        if old in channels:
            con.execute(
                f"UPDATE said SET own = {moved % 'own'}, channel = {channels[new]} "
                f"WHERE channel = {channels[old]}"
            )
            channels[old] = channels[new]
        con.execute(f"UPDATE said SET reply = {moved % 'reply'} WHERE starts_with(reply, '{old}/')")
    return became


def put_topics(con: DuckDBPyConnection, chat: str, channel: int, topics: Collection[int]) -> None:
    """Put the messages of a chat into its topics.

    A message that seems to answer the opening of a topic stands in it, and whatever answers that
    one too.
    """
    rows = con.execute(
        "SELECT DISTINCT split_part(own, '/', 2)::BIGINT AS n, split_part(reply, '/', 2)::BIGINT "
        "FROM said WHERE channel = ? AND starts_with(reply, ?) ORDER BY n",
        [channel, chat + "/"],
    )
    numbers, found = array("q"), array("q")
    while some := rows.fetchmany(_BLOCK):
        for number, reply in some:  # an answer has a higher number than what it answers
            topic = reply if reply in topics else 0
            if not topic:
                i = bisect_left(numbers, reply)
                topic = found[i] if i < len(numbers) and numbers[i] == reply else 0
            if topic and number not in topics:
                numbers.append(number)
                found.append(topic)
    numbers.extend(sorted(topics))
    found.extend(sorted(topics))
    block = {"n": pa.array(numbers, pa.int64()), "topic": pa.array(found, pa.int64())}
    con.register("block", pa.table(block))
    con.execute(
        "UPDATE said SET thread = ? || b.topic, "
        "reply = if(reply = ? || b.topic, NULL, reply) "
        "FROM block b WHERE said.channel = ? AND said.own = ? || b.n",
        [chat + "/", chat + "/", channel, chat + "/"],
    )
    con.unregister("block")
