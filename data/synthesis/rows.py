"""Write what was drawn as rows of the contract's tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from synthesis import law
from synthesis.draw import (
    DIGEST_BOT,
    FIRST,
    INTRO,
    ROOMS,
    STAFF,
    WELCOME_BOT,
    Members,
    Talk,
    Visits,
    by_rhythm,
)
from synthesis.law import DAY, END, HOUR

EMOJI = ("👍", "❤️", "😂", "🎉", "🌹")
KINDS = ("text", "image", "sticker", "voice", "link", "share", "redpacket")
KIND_SHARES = (0.74, 0.12, 0.08, 0.02, 0.02, 0.015, 0.005)
Row = tuple[Any, ...]


def stamp(t: int) -> str:
    """Return seconds after START as UTC text."""
    return f"{np.datetime64(law.START.replace(tzinfo=None), 's') + np.timedelta64(int(t), 's')}Z"


def person(i: int) -> str:
    """Return the pseudonym of the i-th of all people (staff and robots come first)."""
    return f"x{i + 1:04d}"


def message(i: int) -> str:
    """Return the identifier of the i-th message."""
    return f"m{i + 1:05d}"


def conversation(rng: np.random.Generator, s: Talk, m: Members) -> dict[str, list[Row]]:
    """Write messages, reactions and mentions as rows."""
    n = s.t.size
    plain = (s.answers >= 0) | (s.room == INTRO)
    kinds = np.where(plain, 0, rng.choice(len(KINDS), n, p=KIND_SHARES))
    chars = 1 + rng.lognormal(2.5, 0.8, n).astype(np.int64)
    messages: list[Row] = []
    for i in range(n):
        where = (ROOMS[s.room[i]], message(s.root[i]))
        length = chars[i] if kinds[i] == 0 else ""
        reply = (message(s.reply_to[i]), "explicit") if s.reply_to[i] >= 0 else ("", "")
        who = person(s.author[i])
        messages.append((message(i), *where, who, stamp(s.t[i]), KINDS[kinds[i]], length, *reply))
    # People react while they are there anyway, seconds after a message of their own: whoever counts
    # reactions as activity finds the same active days.
    reactions: dict[tuple[int, int], Row] = {}
    for i in np.repeat(np.arange(n), rng.poisson(0.3, n)).tolist():
        target, at = i - int(rng.integers(1, 25)), int(s.t[i] + rng.integers(1, 50))
        by, emoji = int(s.author[i]), EMOJI[rng.choice(5, p=(0.5, 0.2, 0.15, 0.1, 0.05))]
        if target < 0 or by in (s.author[target], WELCOME_BOT, DIGEST_BOT):
            continue
        here = by < FIRST or at < m.left[by - FIRST]
        if here and at // DAY == s.t[i] // DAY:
            row = (message(target), person(by), emoji, stamp(at))
            reactions.setdefault((target, by), row)
    named = (s.reply_to >= 0) & (s.author != WELCOME_BOT) & (rng.random(n) < 0.12)
    mentions: list[Row] = [
        (message(i), person(s.author[s.reply_to[i]]), "mention")
        for i in np.flatnonzero(named).tolist()
    ]
    return {
        "messages": messages,
        "reactions": sorted(reactions.values(), key=lambda row: (row[3], row)),
        "mentions": mentions,
    }


def roster(m: Members, gaps: list[tuple[int, int, int]]) -> dict[str, list[Row]]:
    """Write members and their joins and leaves as rows."""
    people: list[Row] = []
    moves: list[tuple[int, str, str, str, str]] = []
    for i, role in enumerate((*STAFF, "bot", "bot")):
        staff, bot = ("true", "false") if i < len(STAFF) else ("false", "true")
        people.append((person(i), stamp(i), "event", "unknown", "", "", "", "", role, staff, bot))
        moves.append((i, person(i), "join", "", "unknown"))
    for who, (t, left) in enumerate(zip(m.joined.tolist(), m.left.tolist(), strict=True)):
        me, channel = person(who + FIRST), law.CHANNELS[m.channel[who]]
        by = person(m.inviter[who] + FIRST) if m.inviter[who] >= 0 else ""
        gone = (stamp(left), "event") if left < END else ("", "")
        people.append(
            (
                me,
                stamp(t),
                "event",
                channel.method,
                channel.name,
                by,
                *gone,
                "member",
                "false",
                "false",
            )
        )
        moves.append((t, me, "join", by, channel.method))
        if left < END:
            moves.append((left, me, "leave", "", ""))
    for who, out, back in gaps:
        moves.append((out, person(who + FIRST), "leave", "", ""))
        moves.append((back, person(who + FIRST), "join", "", "link"))
    moves.sort()
    return {
        "members": people,
        "membership_events": [
            (f"j{i + 1:04d}", stamp(t), *rest) for i, (t, *rest) in enumerate(moves)
        ],
    }


def shop(
    rng: np.random.Generator, m: Members
) -> tuple[list[Row], dict[int, tuple[int, float]], list[tuple[int, int]]]:
    """Draw orders; silent members buy too. Return rows, first orders, and who bought when."""
    rate = rng.gamma(law.ORDER_SHAPE, law.ORDER_MEAN / law.ORDER_SHAPE / 7, m.joined.size)
    owner, t = by_rhythm(rng, rate, m.joined, m.ends)
    order = np.argsort(t, kind="stable")
    bought = list(zip(owner[order].tolist(), t[order].tolist(), strict=True))
    rows: list[Row] = []
    first: dict[int, tuple[int, float]] = {}
    middle = np.log(law.GROSS_MEAN) - law.GROSS_SIGMA**2 / 2
    for i, (who, at) in enumerate(bought):
        gross = round(float(rng.lognormal(middle, law.GROSS_SIGMA)), 2)
        off, back = (10 if rng.random() < 0.2 else 0), (gross if rng.random() < law.REFUNDED else 0)
        product = ("tea", "fruit", "snack", "soap")[rng.integers(0, 4)]
        cost = round(gross * law.COST_SHARE, 2)
        money = (gross, off, back, cost, "CNY")
        rows.append((f"o{i + 1:04d}", person(who + FIRST), stamp(at), *money, product, 1))
        first.setdefault(who, (at, gross))
    return rows, first, bought


def steps(
    rng: np.random.Generator, v: Visits, m: Members, first: dict[int, tuple[int, float]]
) -> list[Row]:
    """Write the funnel, the campaign's assignment and idle earlier touches as rows of events."""
    arrived = dict(zip(m.visit.tolist(), range(m.visit.size), strict=True))
    generation = [arrived[i] for i in np.sort(m.visit).tolist()]
    rows: list[Row] = []
    for j, i in enumerate(np.argsort(v.shown, kind="stable").tolist()):
        name, visit = law.CHANNELS[v.channel[i]].name, f"v{j + 1:05d}"
        by = v.inviter[i]
        props = json.dumps({"inviter": person(generation[by] + FIRST)}) if by >= 0 else ""
        rows.append((v.shown[i], "", visit, "exposure", name, "", "", props))
        if v.clicked[i] < END:
            rows.append((v.clicked[i], "", visit, "click", name, "", "", ""))
        if v.joined[i] < END:
            rows.append((v.joined[i], person(arrived[i] + FIRST), visit, "join", name, "", "", ""))
    names = [c.name for c in law.CHANNELS]
    for who in range(m.joined.size):
        me = person(who + FIRST)
        if who in first:
            at, gross = first[who]
            rows.append((at, me, "", "first_order", names[m.channel[who]], "", gross, ""))
        before = int(m.joined[who] - rng.integers(DAY, 10 * DAY))
        other = (m.channel[who] + rng.integers(1, 5)) % 5
        if rng.random() < law.TOUCHED and before >= 0:
            rows.append((before, me, "", "touch", names[other], "", "", ""))
        if m.eligible[who]:
            arm = json.dumps({"arm": "treatment" if m.treated[who] else "control"})
            rows.append((law.ASSIGNED_AT, me, "", "assigned", "", law.CAMPAIGN, "", arm))
    rows.sort(key=lambda row: row[0])
    return [(f"e{i + 1:05d}", stamp(row[0]), *row[1:]) for i, row in enumerate(rows)]


def spending(rng: np.random.Generator, v: Visits) -> list[Row]:
    """Write what each channel cost on each day it did something."""
    rows: list[Row] = []
    for i, c in enumerate(law.CHANNELS):
        mine = v.channel == i
        seen, clicks, joins = (
            np.bincount(t[mine & (t < END)] // DAY, minlength=law.DAYS)
            for t in (v.shown, v.clicked, v.joined)
        )
        for day in np.flatnonzero(seen + clicks + joins).tolist():
            price = c.per_click * rng.uniform(0.8, 1.2)
            event = c.per_event if i == law.OFFLINE and day % 28 == 5 else 0.0
            cost = round(price * clicks[day] + c.per_join * joins[day] + event, 2)
            date = stamp(day * DAY + 8 * HOUR)[:10]  # midnight UTC of that local date
            rows.append((date, c.name, seen[day], clicks[day], f"{cost:.2f}", "CNY"))
    return sorted(rows, key=lambda row: row[:2])
