"""The laws the synthetic sample follows: every parameter, and the closed forms that follow from it.

Nothing here is drawn at random, so what it returns is the truth that models are tested against.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED = 20240701
START = datetime(2024, 6, 30, 16, tzinfo=UTC)  # Monday 2024-07-01 00:00 in Asia/Shanghai
DAYS = 549  # through 2025-12-31, local
HOUR, DAY, WEEK = 3600, 86_400, 604_800  # seconds; every time is seconds after START
END = DAYS * DAY
HORIZON = 52  # weeks of life for which curves are written down


@dataclass(frozen=True)
class Channel:
    """How one acquisition channel works; money in CNY."""

    name: str
    method: str  # join_method of the contract
    shown: float  # expected exposures: a day, or at one event; a member's invitations for referral
    click: float  # P(click | exposure)
    join: float  # P(join | click)
    per_click: float
    per_join: float
    per_event: float
    alpha: float  # the weekly risk of falling silent is Beta(alpha, beta) over members
    beta: float

    def cost_of_join(self) -> float:
        """Return the expected cost of one join, CNY."""
        per_event = self.per_event / (self.shown * self.click * self.join)
        return self.per_click / self.join + self.per_join + per_event


CHANNELS = (
    Channel("referral", "invite", 1.0, 0.50, 0.50, 0.0, 8.0, 0.0, 0.8, 7.0),
    Channel("wechat_moments", "qr", 3.9, 0.40, 0.35, 2.8, 0.0, 0.0, 1.0, 2.8),
    Channel("offline_event", "qr", 22.0, 0.60, 0.60, 0.0, 0.0, 240.0, 0.8, 5.0),
    Channel("paid_ads", "link", 6.6, 0.30, 0.45, 5.4, 0.0, 0.0, 1.4, 1.5),
    Channel("search", "search", 1.9, 0.45, 0.50, 2.0, 0.0, 0.0, 1.0, 4.5),
)
REFERRAL, OFFLINE, PAID = 0, 2, 3
K = CHANNELS[REFERRAL].shown * CHANNELS[REFERRAL].click * CHANNELS[REFERRAL].join
INVITE_DAYS = 5.0  # an invitation goes out uniformly within this many days of joining

SILENT = 0.40  # share of ordinary members that never post, exact
QUITS = 0.55  # P(leaves the group | has fallen silent for good), within a week of doing so

POST_SHAPE, POST_MEAN = 0.5, 0.46  # Gamma over speakers: messages a day while alive
HOURS = np.array(
    [2, 1, 0.5, 0.3, 0.3, 0.5, 2, 4, 6, 7, 8, 9, 12, 10, 7, 7, 7, 8, 9, 11, 14, 15, 11, 5]
)
WEEKDAYS = np.array([1.0, 0.95, 0.95, 1.0, 1.1, 1.05, 0.95])  # Monday first; mean 1
RHYTHM = np.outer(WEEKDAYS, HOURS / HOURS.mean()).ravel()  # by hour of the local week; mean 1

EVENING = (19, 23)  # local hours of the evening host
ANSWER_EVENING, ANSWER_OTHER = 0.85, 0.45  # P(first post answered within a day)
ANSWER_ODDS = 3.5  # the answer multiplies the odds of living past the first week by this

LOW_WEEK, LOW_FACTOR = 36 * WEEK, 0.3  # Monday 2025-03-10 local, one week
CAMPAIGN, CAMPAIGN_AT = "checkin-2025-09", 427 * DAY  # Monday 2025-09-01 local
CAMPAIGN_LONG, CAMPAIGN_FACTOR = 14 * DAY, 1.8
ASSIGNED_AT = CAMPAIGN_AT - 14 * HOUR

ORDER_SHAPE, ORDER_MEAN = 0.8, 0.08  # Gamma over members: orders a week while alive
GROSS_MEAN, GROSS_SIGMA = 90.0, 0.6  # lognormal, CNY
COST_SHARE, REFUNDED = 0.60, 0.04
MARGIN = GROSS_MEAN * (1 - REFUNDED - COST_SHARE)  # a refund returns the price, not the cost

TOUCHED = 0.30  # share of joiners with one earlier contact through another channel: no effect
REJOINS = 40
REPLIES, RECIPROCAL, HOME = 0.60, 0.30, 0.65  # see talk() in make_sample.py

BROADCASTS, BROADCAST_WEEKS = np.array([2, 4, 8]), 4  # a week, each for so many weeks in turn
MUTE_BASE, MUTE_EACH = 0.002, 0.0015  # weekly hazard of muting, and what each broadcast adds
RSVP, ATTENDS, WALKS_IN = 0.10, 0.60, 0.02  # P(says so | alive), P(comes | said so), P(comes | not)
FLAGGED, RESOLVED_HOURS = 0.004, 6.0  # of ordinary messages; mean of an exponential
COPIED, ALTERED, TEMPLATES = 0.30, 0.5, 12  # of texts in deals; of copies; different originals


def mute_hazard(broadcasts: Ints) -> Floats:
    """Return the hazard of muting in a week with so many broadcasts."""
    return MUTE_BASE + MUTE_EACH * np.asarray(broadcasts, dtype=float)


def alive(alpha: float, beta: float, weeks: int = HORIZON) -> Floats:
    """Return P(alive in week k of membership), k = 0…weeks: shifted beta-geometric, 1 at k = 0."""
    k = np.arange(1, weeks + 1)
    return np.concatenate([[1.0], np.cumprod((beta + k - 1) / (alpha + beta + k - 1))])


def answer_factor(alpha: float, beta: float) -> float:
    """Return how much an answer multiplies P(alive in week k), the same for every k ≥ 1."""
    s = beta / (alpha + beta)
    return ANSWER_ODDS / (1 - s + ANSWER_ODDS * s)


def member_alive(channel: Ints, answered: NDArray[np.bool_], weeks: int = HORIZON) -> Floats:
    """Return the members × weeks table of P(alive), given channel and whether answered."""
    base = np.array([alive(c.alpha, c.beta, weeks) for c in CHANNELS])[channel]
    factor = np.array([answer_factor(c.alpha, c.beta) for c in CHANNELS])[channel]
    base[:, 1:] *= np.where(answered, factor, 1.0)[:, None]
    return base


def posts_within(days: Floats | float) -> Floats:
    """Return P(at least one post in that many alive days): Poisson over the Gamma of rates."""
    scale = POST_MEAN / POST_SHAPE
    return 1 - (1 + scale * np.asarray(days, dtype=float)) ** -POST_SHAPE


def posting_pmf(days: float, most: int = 4000) -> Floats:
    """Return P(n posts in that many alive days), n = 0…most: negative binomial."""
    odds = POST_MEAN / POST_SHAPE * days
    n = np.arange(1, most + 1)
    steps = (POST_SHAPE + n - 1) / n * odds / (1 + odds)
    first = (1 + odds) ** -POST_SHAPE
    return np.concatenate([[first], first * np.cumprod(steps)])


def gini_of_counts(pmf: Floats) -> float:
    """Return the Gini coefficient of a distribution on 0, 1, 2…: Σ F(1 − F) / mean."""
    below = np.cumsum(pmf)
    return float((below * (1 - below)).sum() / (np.arange(pmf.size) * pmf).sum())


def gini_of_rates() -> float:
    """Return the Gini coefficient of the Gamma of rates: Γ(a + ½) / (√π Γ(a + 1)); 2/π at a = ½."""
    from math import gamma, pi, sqrt

    return gamma(POST_SHAPE + 0.5) / (sqrt(pi) * gamma(POST_SHAPE + 1))


def again(curve: Floats, first: int = 1, last: int = 4) -> float:
    """Return P(at least one post in weeks first…last of membership) from a curve of P(alive)."""
    ends = curve[first:last] - curve[first + 1 : last + 1]  # alive in week j and no later
    ever = posts_within(7.0 * np.arange(1.0, last - first + 2))
    return float((ends * ever[:-1]).sum() + curve[last] * ever[-1])


def calendar_retention(
    joined: Ints, introduced: Ints, treated: NDArray[np.bool_], lives: Floats
) -> tuple[Floats, Floats]:
    """Return P(posts in calendar week k after the week of joining), members × k; and where known.

    Parameters
    ----------
    joined, introduced
        Seconds after START; ``introduced`` is END or later for silent members.
    treated
        True where the campaign raised the member's rate.
    lives
        Members × weeks of P(alive), by age in weeks.

    Returns
    -------
    probability, observed
        ``observed`` is 1 where the calendar week lies whole within coverage, else 0.
    """
    cohort = joined // WEEK
    part = np.concatenate([[0.0], np.cumsum(RHYTHM)])[(joined % WEEK) // HOUR] / 24  # days' worth
    part += RHYTHM[(joined % WEEK) // HOUR] / 24 * (joined % HOUR) / HOUR
    speaks = introduced < END
    chance, seen = np.zeros((2, joined.size, HORIZON + 1))
    for k in range(HORIZON + 1):
        week = cohort + k
        seen[:, k] = (week + 1) * WEEK <= END
        if k:
            rate = np.where(week == LOW_WEEK // WEEK, LOW_FACTOR, 1.0)
            run = (week * WEEK >= CAMPAIGN_AT) & (week * WEEK < CAMPAIGN_AT + CAMPAIGN_LONG)
            rate = rate * np.where(treated & run, CAMPAIGN_FACTOR, 1.0)
            full, ends = lives[:, k], lives[:, k - 1] - lives[:, k]
            chance[:, k] = full * posts_within(7 * rate) + ends * posts_within(part * rate)
        chance[:, k] = np.where(introduced // WEEK == week, 1.0, chance[:, k]) * speaks
    return chance, seen
