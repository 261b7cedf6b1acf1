"""Money: what is spent on channels, by day, and what a join then costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.metrics.channels import UNKNOWN, channel_name, trimmed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy.typing as npt

    from shequn.intervals import Floats

PARTS = 10_000  # of one unit of money: sums are of whole numbers, which every engine adds alike
NO_CURRENCY = "no_currency"


def currency_name(written: ir.StringValue) -> ir.StringValue:
    """Return a currency in capitals, without blanks around it; one that is not given has a name."""
    return trimmed(written).upper().nullif("").fill_null(NO_CURRENCY)


def spent(spend: ir.Table) -> ir.Table:
    """Return ``channel, day, currency, cents`` of what is spent.

    Whole cents: a sum of fractions would depend on the order in which an engine adds. Not rounded
    by the engine: half a cent goes up in one and to the even cent in another.
    """
    from ibis import _

    costs = spend.select(
        channel=channel_name(spend.channel).fill_null(UNKNOWN),
        day=spend.date,
        currency=currency_name(spend.currency),
        cents=(spend.cost * 100 + 0.5).floor().cast("int64"),
    )
    return costs.group_by("channel", "day", "currency").agg(cents=_.cents.sum().cast("int64"))


def cost_each(cost: npt.ArrayLike, people: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Divide costs by people; the people vary by Poisson, the cost is taken as known.

    Returns
    -------
    value, low, high
        Nobody leaves a lower bound only: had one cost less, somebody would most likely have come.
    """
    import numpy as np

    from shequn.intervals import poisson

    money, n = np.asarray(cost, dtype=float), np.asarray(people, dtype=float)
    fewest, most = poisson(n)
    some = n > 0
    value = np.where(some, money / np.where(some, n, 1), np.nan)
    return value, money / most, np.where(some, money / np.where(some, fewest, 1), np.nan)
