"""Draw the community from its laws: who comes, how long they live, what they write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from synthesis import law
from synthesis.law import DAY, END, HOUR, WEEK, Floats, Ints

STAFF = ("owner", "admin", "admin", "host", "admin", "admin")
HOST, WELCOME_BOT, DIGEST_BOT, FIRST = 3, 6, 7, 8  # positions in the list of people
ROOMS = ("deals", "help", "show", "lobby", "intro")  # the first three are home rooms
LOBBY, INTRO = 3, 4


@dataclass
class Visits:
    """Every exposure; times in seconds after START, END or later where the step was not taken."""

    channel: Ints
    inviter: Ints  # ordinary member, by order of generation; -1 for none
    shown: Ints
    clicked: Ints
    joined: Ints


@dataclass
class Talk:
    """Every message, in time order."""

    author: Ints
    t: Ints
    room: Ints
    reply_to: Ints  # -1 where none
    root: Ints
    answers: Ints  # member whose first post this answers, -1 for none


def by_rhythm(rng: np.random.Generator, rate: Floats, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Draw Poisson processes that follow the local week; rate per day. Return owner and time."""
    peak = law.RHYTHM.max()
    length = np.maximum(end - start, 0)
    owner = np.repeat(np.arange(rate.size), rng.poisson(rate * peak * length / DAY))
    t = start[owner] + (rng.random(owner.size) * length[owner]).astype(np.int64)
    kept = rng.random(owner.size) * peak < law.RHYTHM[t % WEEK // HOUR]
    return owner[kept], t[kept]


def arrive(rng: np.random.Generator) -> Visits:
    """Draw exposures, clicks and joins; every member then invites others, and they others."""
    parts: list[Visits] = []
    for i, channel in enumerate(law.CHANNELS):
        if i == law.REFERRAL:
            continue
        if i == law.OFFLINE:  # the Saturday of every fourth week, 14:00-18:00
            days = np.arange(5, law.DAYS, 28)
            day = np.repeat(days, rng.poisson(channel.shown, days.size))
            t = day * DAY + 14 * HOUR + rng.integers(0, 4 * HOUR, day.size)
        else:  # the community grows better known; advertising is bought every other four weeks
            growth = np.linspace(0.6, 1.4, law.DAYS)
            bursts = np.where(np.arange(law.DAYS) // 28 % 2 == 0, 1.9, 0.1)
            shown = channel.shown * (bursts if i == law.PAID else growth)
            day, t = by_rhythm(rng, shown, *(np.arange(law.DAYS) * DAY + d for d in (0, DAY)))
        parts.append(follow(rng, np.full(t.size, i), np.full(t.size, -1), np.sort(t)))
    wave, known = [p.joined[p.joined < END] for p in parts], 0
    newest = np.concatenate(wave)
    while newest.size:
        invites = rng.poisson(law.CHANNELS[law.REFERRAL].shown, newest.size)
        inviter = np.repeat(np.arange(newest.size), invites)
        delay = (rng.random(inviter.size) * law.INVITE_DAYS * DAY).astype(np.int64)
        t, inviter = newest[inviter] + delay + 60, inviter + known
        kept = t < END
        parts.append(follow(rng, np.full(kept.sum(), law.REFERRAL), inviter[kept], t[kept]))
        known += newest.size
        newest = parts[-1].joined[parts[-1].joined < END]
    fields = ("channel", "inviter", "shown", "clicked", "joined")
    return Visits(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))


def follow(rng: np.random.Generator, channel: Ints, inviter: Ints, shown: Ints) -> Visits:
    """Draw who clicks and who joins; whoever would do so after the end has not done so."""
    click, join = (np.array([getattr(c, f) for c in law.CHANNELS]) for f in ("click", "join"))
    clicked = shown + 1 + rng.exponential(300, shown.size).astype(np.int64)
    clicked = np.where(rng.random(shown.size) < click[channel], clicked, END)
    joined = clicked + 5 + rng.exponential(1200, shown.size).astype(np.int64)
    joined = np.where(rng.random(shown.size) < join[channel], joined, END)
    joined = np.where(joined < END - HOUR, joined, END)  # leaves time to say hello
    return Visits(channel, inviter, shown, clicked, joined)


@dataclass
class Members:
    """Ordinary members in order of joining, with what the data do not show."""

    visit: Ints
    channel: Ints
    inviter: Ints
    joined: Ints
    silent: NDArray[np.bool_]
    introduced: Ints
    answered: NDArray[np.bool_]
    weeks: Ints  # of life; capped at ten years
    rate: Floats  # posts a day while alive; 0 where silent
    left: Ints  # END where still on the roster
    home: Ints
    eligible: NDArray[np.bool_]
    treated: NDArray[np.bool_]

    @property
    def ends(self) -> Ints:
        """Return when activity ends, or the data do."""
        ends: Ints = np.minimum(self.joined + self.weeks * WEEK, END)
        return ends


def live(rng: np.random.Generator, visits: Visits) -> Members:
    """Draw each member's silence, first post, answer, length of life, rate and leaving."""
    came = np.flatnonzero(visits.joined < END)  # position here is the order of generation
    order = np.argsort(visits.joined[came], kind="stable")
    visit, place = came[order], np.empty(came.size, np.int64)
    place[order] = np.arange(came.size)
    inviter = visits.inviter[visit]
    inviter = np.where(inviter >= 0, place[inviter], -1)
    n, joined, channel = visit.size, visits.joined[visit], visits.channel[visit]
    silent = np.zeros(n, bool)
    silent[rng.permutation(n)[: round(law.SILENT * n)]] = True
    delay = np.minimum(60 + rng.exponential(HOUR, n).astype(np.int64), 20 * HOUR)
    introduced = np.where(joined + delay < END, joined + delay, joined + HOUR // 2)
    hour = introduced % DAY // HOUR
    evening = (hour >= law.EVENING[0]) & (hour < law.EVENING[1])
    chance = np.where(evening, law.ANSWER_EVENING, law.ANSWER_OTHER)
    answered = (rng.random(n) < chance) & ~silent & (introduced < END - 2 * HOUR)
    lives = law.member_alive(channel, answered, 520)
    weeks = 1 + (rng.random(n)[:, None] < lives[:, 1:]).sum(axis=1)
    rate = rng.gamma(law.POST_SHAPE, law.POST_MEAN / law.POST_SHAPE, n) * ~silent
    leaves = joined + weeks * WEEK + (rng.random(n) * WEEK).astype(np.int64)
    left = np.where((rng.random(n) < law.QUITS) & (leaves < END), leaves, END)
    eligible = (joined < law.ASSIGNED_AT - WEEK) & (left > law.ASSIGNED_AT)
    drawn = rng.permutation(np.flatnonzero(eligible))
    treated = np.zeros(n, bool)
    treated[drawn[: drawn.size // 2]] = True
    return Members(
        visit, channel, inviter, joined, silent, np.where(silent, END, introduced), answered,
        weeks, rate, left, rng.integers(0, 3, n), eligible, treated,
    )  # fmt: skip


def talk(rng: np.random.Generator, m: Members) -> Talk:
    """Draw every message, then decide which answers which: that changes no member's rate."""
    owner, t = by_rhythm(rng, m.rate, m.joined, m.ends)
    from_, to = (
        np.full(m.rate.size, s) for s in (law.CAMPAIGN_AT, law.CAMPAIGN_AT + law.CAMPAIGN_LONG)
    )
    extra = by_rhythm(
        rng, m.rate * m.treated * (law.CAMPAIGN_FACTOR - 1), from_, np.minimum(to, m.ends)
    )
    owner, t = np.concatenate([owner, extra[0]]), np.concatenate([t, extra[1]])
    quiet = (t >= law.LOW_WEEK) & (t < law.LOW_WEEK + WEEK) & (rng.random(t.size) > law.LOW_FACTOR)
    kept = ~quiet & (t > m.introduced[owner])
    owner, t = owner[kept], t[kept]
    room = np.where(rng.random(t.size) < law.HOME, m.home[owner], LOBBY)
    speakers = np.flatnonzero(~m.silent)
    hello = m.introduced[speakers]
    staff, staff_t = by_rhythm(
        rng, np.full(len(STAFF), 0.7), np.zeros(len(STAFF), np.int64), np.full(len(STAFF), END)
    )
    digest = np.arange(law.DAYS) * DAY + 9 * HOUR
    unasked = [np.full(each.size, -1) for each in (t, hello, staff_t, digest)]
    parts = [
        (owner + FIRST, t, room, unasked[0]),
        (speakers + FIRST, hello, np.full(hello.size, INTRO), unasked[1]),
        (staff, staff_t, rng.integers(0, 4, staff.size), unasked[2]),
        (np.full(digest.size, DIGEST_BOT), digest, np.full(digest.size, LOBBY), unasked[3]),
        (
            np.full(hello.size, WELCOME_BOT),
            hello + rng.integers(2, 30, hello.size),
            np.full(hello.size, INTRO),
            speakers,
        ),
    ]
    author, t, room, answers = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(t, kind="stable")
    author, t, room, answers = author[order], t[order], room[order], answers[order]
    added: list[tuple[int, int, int, int]] = []
    for who in np.flatnonzero(m.answered).tolist():
        at = int(m.introduced[who])
        if law.EVENING[0] <= at % DAY // HOUR < law.EVENING[1]:
            added.append((HOST, at + int(rng.integers(120, 1800)), INTRO, who))
            continue
        first, last = np.searchsorted(t, [at + 300, min(at + DAY - 60, END)])
        near = np.arange(first, last)
        free = (answers[near] < 0) & (room[near] != INTRO) & (author[near] >= FIRST)
        near = near[free & (author[near] != who + FIRST)][:12]
        if near.size:  # somebody who was about to write anyway
            chosen = near[rng.integers(0, near.size)]
            answers[chosen], room[chosen] = who, INTRO
        else:
            later = int(rng.integers(1800, min(20 * HOUR, END - at)))
            added.append((int(rng.choice([1, 2, 4, 5])), at + later, INTRO, who))
    extras = np.array(added, np.int64).T
    columns = (np.concatenate(c) for c in zip((author, t, room, answers), extras, strict=True))
    author, t, room, answers = columns
    order = np.argsort(t, kind="stable")
    return thread(rng, author[order], t[order], room[order], answers[order])


def thread(rng: np.random.Generator, author: Ints, t: Ints, room: Ints, answers: Ints) -> Talk:
    """Choose what each message answers: somebody unanswered, something recent here, or nothing."""
    n = author.size
    reply_to, root = np.full(n, -1), np.arange(n)
    hello: dict[int, int] = {}
    recent: dict[int, list[int]] = defaultdict(list)
    waiting: dict[int, list[int]] = defaultdict(list)
    draw, pick = rng.random((2, n))
    for i in range(n):
        a, target = int(author[i]), -1
        if answers[i] >= 0:
            target = hello[int(answers[i])]
        elif room[i] == INTRO:
            hello[a - FIRST] = i
        elif a != DIGEST_BOT:
            back = [j for j in waiting[a] if t[i] - 3 * DAY < t[j] < t[i]]
            near = [
                j for j in recent[int(room[i])] if t[i] - 2 * DAY < t[j] < t[i] and author[j] != a
            ]
            if back and draw[i] < law.RECIPROCAL:
                target = back[-1]
                room[i] = room[target]
                waiting[a] = [j for j in back if author[j] != author[target]]
            elif near and draw[i] < law.REPLIES:
                target = near[int(pick[i] * len(near))]
        if target >= 0:
            reply_to[i], root[i] = target, root[target]
            if a != WELCOME_BOT:
                waiting[int(author[target])].append(i)
        if room[i] != INTRO and a != DIGEST_BOT:
            recent[int(room[i])] = [*recent[int(room[i])][-11:], i]
    return Talk(author, t, room, reply_to, root, answers)


def rejoin(
    rng: np.random.Generator, m: Members, done: list[tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """Place a leave and a return inside stretches where the member did nothing at all."""
    acts: dict[int, list[int]] = defaultdict(list)
    for who, at in done:
        acts[who].append(at)
    gaps = []
    for who in range(m.joined.size):
        # Not in the first week: members invite others then.
        marks = sorted([int(m.joined[who]) + WEEK, *acts[who], int(m.left[who])])
        length, start = max((b - a, a) for a, b in pairwise(marks))
        if length > 12 * DAY:
            gaps.append((who, start, length))
    chosen = rng.permutation(len(gaps))[: law.REJOINS]
    out = rng.uniform(0.1, 0.3, law.REJOINS), rng.uniform(0.5, 0.9, law.REJOINS)
    return [
        (who, start + int(length * out[0][i]), start + int(length * out[1][i]))
        for i, (who, start, length) in enumerate(gaps[j] for j in chosen)
    ]
