"""Draw what stands beside the talk: broadcasts and who mutes them, live sessions, flags, texts.

Each part has a random stream of its own, so that none moves what `draw` has drawn.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from synthesis import law
from synthesis.draw import FIRST, Members
from synthesis.law import DAY, END, HOUR, WEEK
from synthesis.rows import Row, person, stamp

# Made up for this file: no message of anybody's.
_WORDS = (  # noqa: SIM905  a hundred literals are no better to read
    "今天 昨天 明天 早上 晚上 周末 天气 下雨 出门 回家 公园 地铁 "
    "超市 菜场 厨房 阳台 孩子 父母 朋友 同事 邻居 茶叶 苹果 橙子 "
    "核桃 饼干 香皂 毛巾 杯子 牛奶 面条 米饭 汤锅 剪刀 雨伞 袜子 "
    "书架 台灯 喜欢 觉得 打算 准备 收到 寄出 打开 洗完 尝了 买过 "
    "试试 看看 问问 说说 记得 忘了 便宜 新鲜 好用 结实 轻巧 太甜 "
    "有点 刚好 不错 一般 很香 挺大 颜色 味道 包装 数量 快递 三天 "
    "两箱 一斤 半袋 几个 左右 以前 后来 但是 所以 如果 还是 已经 "
    "可能 大概 应该"
).split()
_TEMPLATES = tuple(
    f"{what}今天特价，满{full}减{off}，要的接龙，{day}点截止"
    for what, full, off, day in (
        ("红富士苹果", 59, 8, 18), ("明前绿茶", 99, 15, 20), ("手工香皂", 39, 5, 12),
        ("每日坚果", 79, 10, 21), ("纯棉毛巾", 49, 6, 17), ("赣南脐橙", 69, 9, 19),
        ("苏打饼干", 29, 3, 11), ("山核桃仁", 89, 12, 22), ("保温水杯", 119, 20, 16),
        ("全脂牛奶", 65, 7, 10), ("手擀面条", 25, 2, 9), ("折叠雨伞", 45, 5, 15),
    )
)  # fmt: skip
assert len(_TEMPLATES) == law.TEMPLATES


def _streams(seed: int, n: int) -> list[np.random.Generator]:
    return [np.random.default_rng([seed, i]) for i in range(1, n + 1)]


def extras(seed: int, messages: list[Row], m: Members) -> tuple[list[Row], list[Row]]:
    """Return messages with their texts, and the rows of events that stand beside the talk."""
    pushed, lived, flagged, worded = _streams(seed, 4)
    events = broadcasts(pushed, m) + sessions(lived, m) + flags(flagged, messages)
    events.sort(key=lambda row: (row[0], row[1:4]))
    rows = [(f"f{i + 1:05d}", stamp(row[0]), *row[1:]) for i, row in enumerate(events)]
    return texts(worded, messages), rows


def _event(t: int, who: str, session: str, name: str, campaign: str = "", props: Any = "") -> Row:
    return (t, who, session, name, "", campaign, "", json.dumps(props) if props else "")


def broadcasts(rng: np.random.Generator, m: Members) -> list[Row]:
    """Draw the staff's broadcasts to everybody, and which members mute the group after how many."""
    rows: list[Row] = []
    weeks = END // WEEK
    sent = law.BROADCASTS[np.arange(weeks) // law.BROADCAST_WEEKS % len(law.BROADCASTS)]
    for week, n in enumerate(sent.tolist()):
        for j in range(n):
            t = week * WEEK + (j * 7 // n) * DAY + 10 * HOUR + int(rng.integers(0, 10 * HOUR))
            rows.append(_event(t, "", f"b{len(rows) + 1:03d}", "broadcast"))
    first, last = -(-m.joined // WEEK), np.minimum(m.left, END) // WEEK  # whole weeks on the roster
    chance = 1 - np.exp(-law.mute_hazard(sent))
    for who in range(m.joined.size):
        own = np.arange(first[who], last[who])
        hit = own[rng.random(own.size) < chance[own]]
        if hit.size:
            t = int(hit[0]) * WEEK + int(rng.integers(0, WEEK))
            rows.append(_event(t, person(who + FIRST), "", "mute"))
    return rows


def sessions(rng: np.random.Generator, m: Members) -> list[Row]:
    """Draw a live session every other Thursday: who says they will come, and who comes."""
    rows: list[Row] = []
    for k in range(law.DAYS // 14):
        at = (3 + 14 * k) * DAY + 20 * HOUR
        name = f"live-{stamp(at)[:10]}"
        there = np.flatnonzero((m.joined + 4 * DAY <= at) & (m.ends > at) & (m.left > at))
        said = rng.random(there.size) < law.RSVP
        came = rng.random(there.size) < np.where(said, law.ATTENDS, law.WALKS_IN)
        before = rng.integers(HOUR, 3 * DAY, there.size)
        late = rng.integers(0, 600, there.size)
        for i, who in enumerate(there.tolist()):
            if said[i]:
                t = at - int(before[i])
                rows.append(_event(t, person(who + FIRST), "", "rsvp", name))
            if came[i]:
                t = at + int(late[i])
                rows.append(_event(t, person(who + FIRST), "", "attend", name))
    return rows


def flags(rng: np.random.Generator, messages: list[Row]) -> list[Row]:
    """Draw which ordinary messages somebody flags, and when a moderator has dealt with it."""
    rows: list[Row] = []
    start = np.datetime64(law.START.replace(tzinfo=None), "s")
    for row in messages:
        if int(row[3][1:]) <= FIRST or rng.random() >= law.FLAGGED:
            continue
        sent = int((np.datetime64(row[4][:-1], "s") - start).astype(int))
        at = sent + int(rng.exponential(2 * HOUR)) + 1
        done = at + int(rng.exponential(law.RESOLVED_HOURS * HOUR)) + 1
        flag = f"g{len(rows) + 1:04d}"
        for t, name in ((at, "flag"), (done, "flag_resolved")):
            if t < END:
                rows.append(_event(t, "", flag, name, props={"message_id": row[0]}))
    return rows


def texts(rng: np.random.Generator, messages: list[Row]) -> list[Row]:
    """Give ordinary text messages in the room deals a text: a share is copied, the rest is words."""
    rows: list[Row] = []
    for message, room, thread, author, at, kind, chars, *reply in messages:
        text = ""
        if room == "deals" and kind == "text" and int(author[1:]) > FIRST:
            if rng.random() < law.COPIED:
                text = _TEMPLATES[rng.integers(0, law.TEMPLATES)]
                if rng.random() < law.ALTERED:
                    text = ("转发：", "又来了，", "帮转，")[rng.integers(0, 3)] + text
            else:
                text = "".join(rng.choice(_WORDS, rng.integers(8, 16)))
            chars = len(text)
        rows.append((message, room, thread, author, at, kind, text, chars, *reply))
    return rows
