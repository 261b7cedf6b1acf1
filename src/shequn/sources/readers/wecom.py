"""Read the lists of members of WeCom's customer groups, as ``groupchat/get`` answers them.

A list says of everybody who is there when and how they came, and by whom. Who is on one list and
not on the next has left in between. There are no messages.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shequn.sources.intake import Intake
from shequn.sources.json_stream import JsonStream, lines
from shequn.sources.platforms import Head
from shequn.sources.report import Reading
from shequn.sources.times import LATEST, Zone
from shequn.text import ShequnError, Text

NAME = Text("WeCom", "企业微信")
HINT = Text(
    "Save once a day what the interface externalcontact/groupchat/get answers for the group, as "
    "JSON with the date in the file's name.",
    "每天把接口 externalcontact/groupchat/get 对该群的返回存成 JSON，文件名里写日期。",
)
LAYOUTS = {
    "wecom-group": Text("group_chat with a member_list", "含 member_list 的 group_chat"),
    "wecom-lines": Text(
        "lines of group_chat with a member_list", "每行一个含 member_list 的 group_chat"
    ),
}
_TOTALS = Text(
    "daily totals of groups (groupchat/statistic): no table holds sums over people",
    "群聊数据统计（groupchat/statistic）的每日总数：没有存放合计数的表",
)
_LIST = Text(
    "a list of groups (groupchat/list), without members",
    "群列表（groupchat/list），里面没有成员",
)
_NO_MEMBER = Text("not a member with userid and join_time", "不是含 userid、join_time 的成员")
_NO_GROUP = Text("no group: the interface gave an error", "不是群：接口返回了错误")
_SCENES = {1: "invite", 2: "link", 3: "qr"}
_DATE = re.compile(
    r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])"
    r"(?:[T_ -]?([01]\d|2[0-3])[-:_]?([0-5]\d)[-:_]?([0-5]\d)?(Z)?)?(?!\d)"
)


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json", ".jsonl", ".ndjson") or head.text[:1] not in ("{", "["):
        return None
    text = head.text
    if '"member_list"' not in text or '"join_time"' not in text:
        if '"group_chat_list"' in text:
            return _LIST
        return _TOTALS if '"new_member_cnt"' in text and '"member_total"' in text else None
    if '"chat_id"' not in text and '"group_chat"' not in text:
        return None
    second = text.split("\n", 2)[1:2]
    several = head.name.endswith((".jsonl", ".ndjson")) or (second and second[0][:1] == "{")
    return "wecom-lines" if isinstance(head.record, dict) and several else "wecom-group"


@dataclass(frozen=True)
class _Member:
    """Somebody on a list: its row, when they came, how, and by whom."""

    row: int
    joined: int
    method: str | None
    inviter: str | None


@dataclass
class _Snapshot:
    """A list of the members of a group, at a time; 0 where nothing says when."""

    file: Reading
    name: str
    chat: str
    ts: int
    owner: str
    admins: frozenset[str]
    members: dict[str, _Member] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """When the last of those who are there came."""
        return max((m.joined for m in self.members.values()), default=0)


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    snapshots: dict[str, list[_Snapshot]] = {}
    people = _People(intake)
    for file in files:
        intake.open(file).told_by_name = True  # a list may be word for word that of an earlier day
        listed = [s for value in _answers(file) if (s := _snapshot(value, file, intake, people))]
        for snapshot in listed:
            snapshots.setdefault(snapshot.chat, []).append(snapshot)
    single = 0
    for chat, listed in sorted(snapshots.items()):
        single += len(listed) == 1
        _compare(chat, _in_order(listed), intake, people)
    people.settle()
    intake.note(
        f"{single:,} groups have one list only: nobody can be seen leaving them.",
        f"{single:,} 个群只有一份名单：看不到谁退群。",
        when=single,
    )
    intake.note(
        "Somebody who is missing from a list is taken to have left at the time of that list; who "
        "came and left between two lists is not seen at all.",
        "名单里少了的人，退群时间记为那份名单的时间；两份名单之间来了又走的人完全看不到。",
        when=len(snapshots) > single,
    )


def _answers(file: Reading) -> Iterator[Any]:
    """Yield the answers in a file: one, a list of them, or one a line."""
    if file.layout == "wecom-lines":
        for _, value in lines(file.file):
            yield value
        return
    stream = JsonStream(file.file)
    if stream.peek() == "[":
        yield from stream.values()
    else:
        yield stream.value()
    stream.end()


class _People:
    """What the lists say of people, all groups together."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._unions: dict[str, str] = {}
        self._first: dict[str, tuple[int, str, str, str]] = {}
        self._staff: dict[str, bool] = {}
        self._roles: dict[str, dict[str, str]] = {}

    def known_as(self, raw: str, union: str) -> str:
        """Return the id under which a customer was met first: each app sees another one."""
        known = self._unions.setdefault(union, raw) if union else raw
        if known != raw:
            self._intake.same(known, raw)
        return known

    def meet(self, raw: str, value: Mapping[str, Any], came: _Member, ts: int) -> None:
        """Note who somebody is, and when they came."""
        who = self._intake.people.number(raw)
        for key in ("name", "group_nickname"):
            if name := _text(value.get(key)):
                self._intake.people.see(who, name, ts)
        if value.get("type") in (1, 2):
            self._staff[raw] = value["type"] == 1 or self._staff.get(raw, False)
        new = (came.joined, came.method or "", came.inviter or "", _text(value.get("state")))
        old = self._first.get(raw, new)
        if old[0] == new[0]:  # the same coming, of which one list may know more
            new = (new[0], max(old[1], new[1]), max(old[2], new[2]), max(old[3], new[3]))
        self._first[raw] = min(old, new, key=lambda n: n[0]) if old[0] != new[0] else new

    def role(self, raw: str, chat: str, role: str) -> None:
        """Note a role that somebody has in a group."""
        self._roles.setdefault(raw, {})[chat] = role

    def settle(self) -> None:
        """Put in what is known of everybody."""
        for raw, (joined, method, inviter, state) in self._first.items():
            roles = set(self._roles.get(raw, {}).values())
            self._intake.member(
                raw, joined_at=joined, joined_at_basis="api", join_method=method or None,
                inviter_id=inviter or None, join_channel=state or None,
                role="owner" if "owner" in roles else "admin" if roles else None,
                is_staff=self._staff.get(raw),
            )  # fmt: skip


def _snapshot(value: Any, file: Reading, intake: Intake, people: _People) -> _Snapshot | None:
    """Take a list in."""
    group = value.get("group_chat", value) if isinstance(value, dict) else None
    listed = group.get("member_list") if isinstance(group, dict) else None
    if not isinstance(group, dict) or not isinstance(listed, list) or not listed:
        file.read += 1
        file.strange(file.read, _NO_GROUP, str(value)[:60])
        return None
    chat = _text(group.get("chat_id")) or _text(value.get("chat_id")) or file.file.name
    ts = _when(value, intake.options.zone) or _named(file.file.name, intake.options.zone)
    admins = group.get("admin_list")
    found = _Snapshot(
        file, file.file.name, chat, ts, _text(group.get("owner")),
        frozenset(_userid(a) for a in (admins if isinstance(admins, list) else ())) - {""},
    )  # fmt: skip
    name = _text(group.get("name"))
    intake.title = intake.title or name
    intake.channel(
        chat, kind="group", name=name or None, created=_time(group.get("create_time")) or None
    )
    for one in listed:
        file.read += 1
        raw = _userid(one)
        joined = _time(one.get("join_time")) if isinstance(one, dict) else 0
        if not raw or not joined:
            file.strange(file.read, _NO_MEMBER, str(one)[:60])
            continue
        raw = people.known_as(raw, _text(one.get("unionid")))
        scene = one.get("join_scene")
        method = _SCENES.get(scene) if type(scene) is int else None
        inviter = _userid(one.get("invitor"))
        found.members[raw] = _Member(file.read, joined, method, inviter or None)
        people.meet(raw, one, found.members[raw], max(ts, joined))
    return found


def _in_order(listed: list[_Snapshot]) -> list[_Snapshot]:
    if len(listed) > 1 and (undated := next((s for s in listed if not s.ts), None)):
        raise ShequnError(
            Text(
                f"{undated.file.file.path} is one of several lists of a group, and neither its name "
                "nor its content says when it was made: who left cannot be told.",
                f"{undated.file.file.path} 是同一个群的几份名单之一，文件名和内容都没有日期：看不出谁退了群。",
            ),
            Text(
                "Put the date into the file's name, such as group_2026-11-22.json.",
                "请在文件名里写上日期，例如 group_2026-11-22.json。",
            ),
        )
    # Lists of one day without a time of day: the one that knows the later comer is the later.
    listed = sorted(listed, key=lambda s: (s.ts, s.last, s.name))
    latest = 0
    for snapshot in listed:
        # A name with the date alone stands for a list made some time that day.
        snapshot.ts = latest = max(snapshot.ts, snapshot.last, latest)
    return listed


def _compare(chat: str, listed: list[_Snapshot], intake: Intake, people: _People) -> None:
    """Put in who came, and who was gone from one list to the next."""
    channel = intake.channel(chat)
    # Who is back with the same time of joining had not left: a list in between was not whole.
    last = {(raw, m.joined): n for n, s in enumerate(listed) for raw, m in s.members.items()}
    told: set[tuple[str, int]] = set()
    for n, snapshot in enumerate(listed):
        file = intake.open(snapshot.file)
        times = [snapshot.ts]
        for raw, member in snapshot.members.items():
            stay = raw, member.joined
            if stay not in told:
                told.add(stay)
                times.append(member.joined)
                intake.event(
                    member.row, member.joined, "join", raw, channel=channel, actor=member.inviter,
                    method=member.method,
                )  # fmt: skip
            if last[stay] == n < len(listed) - 1:
                following = listed[n + 1]
                again = following.members.get(raw)
                ts = following.ts if again is None else max(again.joined - 1, member.joined)
                intake.event(member.row, ts, "leave", raw, channel=channel, method="snapshot")
        times = [t for t in times if t]
        file.exported_at = max(file.exported_at or 0, snapshot.ts) or None
        first, end = file.span or (LATEST, 0)
        if times:
            file.span = min(first, *times), max(end, *times)
    newest = listed[-1]
    for raw in newest.admins:
        people.role(raw, chat, "admin")
    if newest.owner:
        people.role(newest.owner, chat, "owner")


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""


def _userid(value: Any) -> str:
    return _text(value.get("userid")) if isinstance(value, dict) else ""


def _time(value: Any) -> int:
    """Return seconds UTC; 0 where it is no such time."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 15:
        value = int(value)
    if type(value) is not int:
        return 0
    ts = value // 1000 if value > 20_000_000_000 else value
    return ts if 0 < ts <= LATEST else 0


def _when(value: Mapping[str, Any], zone: Zone) -> int:
    """Return when a list was fetched, as what is put around it says."""
    when = value.get("fetched_at")
    if not isinstance(when, str) or when.isdigit():
        return _time(when)
    try:
        moment = dt.datetime.fromisoformat(when[:40])
    except ValueError:
        return 0
    if moment.tzinfo is None:
        return _time(zone.at(int(moment.replace(tzinfo=dt.UTC).timestamp())))
    return _time(int(moment.timestamp()))


def _named(name: str, zone: Zone) -> int:
    """Return the time that a file's name tells; without a time of day, when the day began."""
    found = _DATE.search(name)
    if not found:
        return 0
    parts = found.groups()
    year, month, day, hour, minute, second = (int(parts[n] or 0) for n in (0, 2, 3, 4, 5, 6))
    try:
        moment = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        return 0
    local = int(moment.timestamp())
    return _time(local if parts[7] else zone.at(local))
