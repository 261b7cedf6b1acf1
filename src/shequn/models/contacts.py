"""Who addressed whom, by mention or reply: what the models of ties are fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shequn.metrics import Query
from shequn.metrics.edges import addressed

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.calendar import Calendar


def _addressed(
    messages: ir.Table, mentions: ir.Table, *, calendar: Calendar, days: int = 0
) -> ir.Table:
    """Count contacts by pair; a message that both names and answers somebody is one contact.

    Only messages of the last ``days`` covered count (0: of all the time covered), also where they
    answer an older one.
    """
    import ibis
    from ibis import _

    edges = addressed(messages, mentions)
    day = edges.ts.date()
    seen = (day >= ibis.date(calendar.window(days))) & (day < ibis.date(calendar.end))
    if not days:
        seen = seen | edges.ts.isnull()  # noqa: PD003
    return edges.filter(seen).group_by("source", "target").agg(contacts=_.count())


contacts = Query(
    "contacts",
    "network_structure",
    needs={"messages": ("message_id", "author_id")},
    uses={"mentions": ("message_id", "target_id")},
    expression=_addressed,
)
"""Who addressed whom, by mention or reply: ``source, target, contacts``, one row a pair.

``community.compute(contacts)`` is empty where the data know neither mentions nor replies.
"""


@contacts.finish
def _in_order(pairs: pd.DataFrame, calendar: Calendar, days: int = 0) -> pd.DataFrame:
    # Engines return groups in any order; the group search would find others in another.
    return pairs.sort_values(["source", "target"], ignore_index=True)
