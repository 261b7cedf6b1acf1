"""State the truth about the sample: the laws, what follows from them, and what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthesis import law
from synthesis.draw import DIGEST_BOT, FIRST, HOST, ROOMS, WELCOME_BOT, Members
from synthesis.law import CHANNELS, WEEK
from synthesis.rows import person, stamp


def listed(values: Any, digits: int = 6) -> list[float]:
    """Return rounded plain numbers."""
    return [round(float(v), digits) for v in np.asarray(values)]


def truth(m: Members, gaps: list[tuple[int, int, int]]) -> dict[str, Any]:
    """Return everything known about the sample, as it goes into truth.json."""
    speakers = ~m.silent
    lives = law.member_alive(m.channel, m.answered)
    return {
        "synthetic": True,
        "notice": "SYNTHETIC. Nobody here exists; no finding about real communities follows.",
        "notice_zh": "合成数据。这里没有真实的人，也得不出关于真实社群的任何结论。",
        "seed": law.SEED,
        "population": {
            "ordinary": m.joined.size,
            "silent": int(m.silent.sum()),
            "silent_share": law.SILENT,
            "silent_rule": "round(silent_share × ordinary) members drawn at random never post",
            "staff": HOST + 3,
            "bots": 2,
        },
        "life": {
            "law": "P(alive in week k of membership) = prod_{j=1..k} (beta + j - 1) / (alpha + beta"
            " + j - 1); week k is [joined_at + 7k days, joined_at + 7(k+1) days)",
            "leaves": "with quit_probability, uniformly within the week after falling silent;"
            " otherwise stays on the roster, silent",
            "quit_probability": law.QUITS,
            "channels": {c.name: life_of(c) for c in CHANNELS},
            "alive": listed(lives.mean(axis=0)),
            "on_roster": listed(1 - law.QUITS * (1 - lives.mean(axis=0))),
            "on_roster_at": "age 7(k+1) days, k = 0…52; linear in between",
        },
        "posting": posting(),
        "retention": retention(m, lives),
        "newcomer_answer": answer(m),
        "campaign": {
            "campaign": law.CAMPAIGN,
            "assigned_at": stamp(law.ASSIGNED_AT),
            "starts": stamp(law.CAMPAIGN_AT),
            "ends": stamp(law.CAMPAIGN_AT + law.CAMPAIGN_LONG),
            "eligible": int(m.eligible.sum()),
            "treated": int(m.treated.sum()),
            "rate_ratio": law.CAMPAIGN_FACTOR,
            "extra_posts_a_day_per_living_speaker": round(
                law.POST_MEAN * (law.CAMPAIGN_FACTOR - 1), 6
            ),
            "assignment": "complete randomisation among ordinary members on the roster at"
            " assigned_at who had joined more than 7 days before; no effect outside the window",
        },
        "channels": channels(m),
        "referral": {
            "k": law.K,
            "invitations_per_member": CHANNELS[law.REFERRAL].shown,
            "conversion": round(law.K / CHANNELS[law.REFERRAL].shown, 6),
            "law": "Poisson(k) joins a member, ordinary members of every channel alike;"
            " invitation uniform in the first 5 days, join within hours of it",
            "invite_days": law.INVITE_DAYS,
            "members_per_seed": round(1 / (1 - law.K), 6),
        },
        "orders": {
            "orders_a_week_while_alive": law.ORDER_MEAN,
            "gamma_shape": law.ORDER_SHAPE,
            "gross_mean": law.GROSS_MEAN,
            "gross_sigma_log": law.GROSS_SIGMA,
            "cost_share": law.COST_SHARE,
            "refund_probability": law.REFUNDED,
            "margin_per_order": round(law.MARGIN, 6),
            "law": "independent of posting; silent members buy too",
        },
        "touches": {"share": law.TOUCHED, "effect": 0},
        "conversation": {
            "reply_probability": law.REPLIES,
            "answer_back_probability": law.RECIPROCAL,
            "home_room_probability": law.HOME,
            "law": "who answers whom is decided after who writes when, so it changes no rate",
        },
        "broadcasts": {
            "a_week": [int(n) for n in law.BROADCASTS],
            "weeks_each": law.BROADCAST_WEEKS,
            "mute_hazard": listed(law.mute_hazard(law.BROADCASTS)),
            "law": "in a whole calendar week (Monday first, local) on the roster a member who has"
            " not muted mutes with probability 1 - exp(-hazard); no effect on leaving or posting",
        },
        "live_sessions": {
            "every_days": 14,
            "p_rsvp": law.RSVP,
            "p_attend_given_rsvp": law.ATTENDS,
            "p_attend_otherwise": law.WALKS_IN,
            "law": "among members alive and on the roster who joined at least 4 days before;"
            " coming has no effect",
        },
        "flags": {"share_of_messages": law.FLAGGED, "resolved_hours_mean": law.RESOLVED_HOURS},
        "texts": {
            "room": "deals",
            "copied_share": law.COPIED,
            "altered_share_of_copies": law.ALTERED,
            "originals": law.TEMPLATES,
            "law": "ordinary text messages in the room; an alteration puts a few characters before"
            " the copied text; all others are 8 to 15 words drawn at random",
        },
        "dirt": {
            "rejoins": [[person(w + FIRST), stamp(a), stamp(b)] for w, a, b in sorted(gaps)],
            "low_week": {"starts": stamp(law.LOW_WEEK), "rate_ratio": law.LOW_FACTOR},
            "welcome_bot": person(WELCOME_BOT),
            "welcome_bot_rule": "answers every first post within 30 seconds",
            "digest_bot": person(DIGEST_BOT),
            "fallen_silent_but_on_roster_at_end": int(
                ((m.ends < law.END) & (m.left == law.END)).sum()
            ),
        },
        "latent": {
            "member_id": [person(i + FIRST) for i in range(m.joined.size)],
            "life_weeks": m.weeks.tolist(),
            "life_weeks_cap": 521,
            "posts_a_day": listed(m.rate, 4),
            "silent": m.silent.astype(int).tolist(),
            "answered": m.answered.astype(int).tolist(),
            "home_room": [ROOMS[h] for h in m.home.tolist()],
            "weeks_observed": int(law.END // WEEK),
            "speakers": int(speakers.sum()),
        },
    }


def life_of(c: law.Channel) -> dict[str, Any]:
    """Return one channel's law of life and its two curves."""
    curve = law.alive(c.alpha, c.beta)
    factor = law.answer_factor(c.alpha, c.beta)
    return {
        "alpha": c.alpha,
        "beta": c.beta,
        "alive": listed(curve),
        "alive_if_answered": listed([1.0, *(curve[1:] * factor)]),
    }


def posting() -> dict[str, Any]:
    """Return the law of posting and the inequality that follows."""
    rates = law.gini_of_rates()
    month = law.posting_pmf(28.0)
    return {
        "law": "every speaker posts once on joining (in the room intro), then by a Poisson process"
        " of rate Gamma(shape, mean), following the local hour of the week; independent of life",
        "gamma_shape": law.POST_SHAPE,
        "posts_a_day_mean": law.POST_MEAN,
        "p_post_in_week_while_alive": round(float(law.posts_within(7.0)), 6),
        "p_post_in_28_days_while_alive": round(float(law.posts_within(28.0)), 6),
        "gini_rates": round(rates, 6),
        "gini_rates_with_silent": round(law.SILENT + (1 - law.SILENT) * rates, 6),
        "gini_counts_28_days": round(law.gini_of_counts(month), 6),
        "gini_counts_28_days_of": "speakers alive throughout, those with no post included",
        "rhythm": "local hour of the week, Monday 00:00 first; mean 1",
        "hours": listed(law.HOURS / law.HOURS.mean(), 4),
        "weekdays": listed(law.WEEKDAYS, 4),
    }


def retention(m: Members, lives: law.Floats) -> dict[str, Any]:
    """Return what retention should be, by age of the member and by calendar week."""
    speakers = ~m.silent
    p_week = float(law.posts_within(7.0))
    by_age = np.concatenate([[1.0], lives[speakers, 1:].mean(axis=0) * p_week])
    chance, seen = law.calendar_retention(m.joined, m.introduced, m.treated, lives)
    size = np.bincount(m.joined // WEEK)
    seen = seen * (size >= 5)[m.joined // WEEK][:, None]
    n = seen.sum(axis=0)
    expected = (chance * seen).sum(axis=0) / n
    error = np.sqrt((chance * (1 - chance) * seen).sum(axis=0)) / n
    return {
        "by_age_speakers": listed(by_age),
        "by_age_roster": listed(by_age * speakers.mean()),
        "by_age_note": "posts in week k of membership, outside the campaign and the low week",
        "calendar_weeks": listed(expected),
        "calendar_weeks_error": listed(error),
        "calendar_weeks_n": [int(v) for v in n],
        "calendar_weeks_note": "posts in the k-th calendar week (Monday first, local) after that of"
        " joining; all ordinary members; cohorts of 5 or more; weeks whole within coverage;"
        " campaign and low week included; error = standard error of the observed share",
    }


def answer(m: Members) -> dict[str, Any]:
    """Return the law of answers to first posts and what is to be seen of it."""
    speakers = ~m.silent
    by_channel, pooled = {}, {False: [0.0, 0], True: [0.0, 0]}
    for i, c in enumerate(CHANNELS):
        base = law.alive(c.alpha, c.beta)
        factor = law.answer_factor(c.alpha, c.beta)
        p = [law.again(np.concatenate([[1.0], base[1:] * f])) for f in (1.0, factor)]
        odds = [q / (1 - q) for q in p]
        by_channel[c.name] = {
            "risk_ratio_any_later_week": round(factor, 6),
            "p_again_unanswered": round(p[0], 6),
            "p_again_answered": round(p[1], 6),
            "odds_ratio_again": round(odds[1] / odds[0], 6),
        }
        for arm in (False, True):
            here = int((speakers & (m.channel == i) & (m.answered == arm)).sum())
            pooled[arm] = [pooled[arm][0] + p[arm] * here, pooled[arm][1] + here]
    q = [pooled[arm][0] / pooled[arm][1] for arm in (False, True)]
    return {
        "host": person(HOST),
        "host_hours_local": list(law.EVENING),
        "p_answered_evening": law.ANSWER_EVENING,
        "p_answered_other_hours": law.ANSWER_OTHER,
        "answered": int(m.answered.sum()),
        "odds_ratio_alive_in_week_1": law.ANSWER_ODDS,
        "law": "given the channel, an explicit answer within 24 hours by anybody but a bot"
        " multiplies the odds of being alive in week 1; later weekly risks are as before. The hour"
        " of the first post decides who is answered and does nothing else. The host is staff.",
        "again": "posts at least once in weeks 1…4 of membership (days 7 to 35), outside the"
        " campaign and the low week",
        "channels": by_channel,
        "pooled_p_again_unanswered": round(q[0], 6),
        "pooled_p_again_answered": round(q[1], 6),
        "pooled_odds_ratio_again": round(q[1] / (1 - q[1]) / (q[0] / (1 - q[0])), 6),
    }


def channels(m: Members) -> dict[str, Any]:
    """Return each channel's conversion, cost of a join, and margin over the first year."""
    facts = {}
    for i, c in enumerate(CHANNELS):
        mine = m.channel == i
        weeks = float(
            law.member_alive(m.channel[mine], m.answered[mine])[:, :52].sum(axis=1).mean()
        )
        value = weeks * law.ORDER_MEAN * law.MARGIN
        facts[c.name] = {
            "members": int(mine.sum()),
            "p_click_given_exposure": c.click,
            "p_join_given_click": c.join,
            "cost_per_join": round(c.cost_of_join(), 6),
            "alive_weeks_of_52": round(weeks, 6),
            "margin_52_weeks": round(value, 6),
            "margin_to_cost": round(value / c.cost_of_join(), 6),
        }
    return facts
