"""Who answers whom: what an answer is, and how sure a number about pairs of members can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

Integers = npt.NDArray[np.int64]
# Members are left out one at a time up to so many of them, above it in so many parts.
PARTS = 200


def addressed(messages: ir.Table, mentions: ir.Table) -> ir.Table:
    """Return ``message_id, source, target, ts, replied``: who addressed whom, in which message.

    A message that both names and answers somebody addresses them once, and ``replied`` is 1; it is
    0 where they are only named. A mention of everybody addresses nobody; an answer to a message
    that is not there is left out. Who answers or names themselves is still here.
    """
    import ibis
    from ibis import _

    named = mentions.filter(_.kind.fill_null("mention") != "all")
    named = named.select("message_id", "target_id", replied=ibis.literal(0, "int64"))
    first = messages.select(reply_to_id="message_id", target_id="author_id")
    answers = messages.drop_null("reply_to_id").select("message_id", "reply_to_id")
    answered = answers.join(first, "reply_to_id")
    answered = answered.select("message_id", "target_id", replied=ibis.literal(1, "int64"))
    both = ibis.union(named, answered).group_by("message_id", "target_id")
    wrote = messages.select("message_id", "ts", source="author_id")
    found = both.agg(replied=_.replied.max()).join(wrote, "message_id")
    return found.select("message_id", "source", "ts", "replied", target="target_id")


def answers(messages: ir.Table, mentions: ir.Table, *, calendar: Calendar, days: int) -> ir.Table:
    """Return ``source, target, day, contacts, replies``: who answered whom on which day.

    Several contacts from one member to another on one day are one answer: the rest is
    conversation. Days are the last ``days`` covered (0: all); nobody answers themselves.
    """
    import ibis
    from ibis import _

    start, end = ibis.date(calendar.window(days)), ibis.date(calendar.end)
    contacts = addressed(messages, mentions).mutate(day=_.ts.date())
    contacts = contacts.filter(_.source != _.target, _.day >= start, _.day < end)
    return contacts.group_by("source", "target", "day").agg(
        contacts=_.count(), replies=_.replied.sum()
    )


def jackknife(
    of: Callable[..., Mapping[str, float]], one: Integers, other: Integers, *columns: Integers
) -> dict[str, tuple[float, float]]:
    """Interval of each statistic of pairs: members are left out in turn, with all their pairs.

    Parameters
    ----------
    of
        Function of ``one, other, *columns`` that returns statistics by name.
    one, other
        The two members of each pair, as codes from 0 on, given in an order that every engine gives.
    *columns
        What is counted of each pair.

    Returns
    -------
    dict
        Low and high of each statistic, the 95% t interval around its value; NaN where a value does
        not exist, or there are fewer than two members.

    Notes
    -----
    Pairs with a member in common depend on one another, so it is members that are left out, never
    pairs. Were all pairs independent after all, the interval would be too wide by a factor of √2:
    each pair goes with two members.
    """
    from scipy import stats

    members = int(max(one.max(), other.max())) + 1 if len(one) else 0
    value = of(one, other, *columns)
    parts = min(members, PARTS)
    if parts < 2:
        return dict.fromkeys(value, (np.nan, np.nan))
    left: dict[str, list[float]] = {name: [] for name in value}
    for part in range(parts):
        stay = (one % parts != part) & (other % parts != part)
        for name, number in of(one[stay], other[stay], *(c[stay] for c in columns)).items():
            left[name].append(number)
    reach = stats.t.ppf(0.975, parts - 1)
    found = {}
    for name, numbers in left.items():
        error = np.sqrt((parts - 1) * np.var(numbers))
        found[name] = (float(value[name] - reach * error), float(value[name] + reach * error))
    return found
