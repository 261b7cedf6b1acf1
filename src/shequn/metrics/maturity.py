"""Days from which on, or up to which, enough is covered to judge somebody: nobody too early."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from shequn.calendar import Calendar

Span = tuple[date, date]
_DAY = timedelta(days=1)


def mature_spans(calendar: Calendar, *, before: int = 0, after: int = 0) -> list[Span]:
    """Return the days around which everything is covered, as half-open runs.

    Parameters
    ----------
    calendar
        The community's clock.
    before, after
        Days before and after that must be covered as well.
    """
    covered = sorted(calendar.covered)
    starts = [d for d in covered if d - _DAY not in calendar.covered]
    ends = [d + _DAY for d in covered if d + _DAY not in calendar.covered]
    shrunk = [
        (start + before * _DAY, end - after * _DAY) for start, end in zip(starts, ends, strict=True)
    ]
    return [(start, end) for start, end in shrunk if start < end]


def within(day: ir.DateValue, spans: list[Span]) -> ir.BooleanValue:
    """Tell whether a day lies in one of the spans."""
    import ibis

    found = ibis.literal(False)
    for start, end in spans:
        found = found | ((day >= ibis.date(start)) & (day < ibis.date(end)))
    return found
