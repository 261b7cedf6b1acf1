"""The community's own clock: zone, day start, week start, and which days the data cover."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shequn.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """How a community counts time.

    Parameters
    ----------
    timezone
        IANA name of the zone the community lives in.
    day_start
        Hours after midnight at which a day begins (``4.5`` is half past four).
    week_start
        ``"monday"`` or ``"sunday"``.
    covered
        Days (in the community's own clock) of which the data cover at least a part. A day outside
        is unknown, never quiet.
    """

    timezone: str = "Asia/Shanghai"
    day_start: float = 0.0
    week_start: str = "monday"
    covered: frozenset[date] = field(default_factory=frozenset)

    @property
    def first(self) -> date:
        """First covered day."""
        return min(self.covered)

    @property
    def end(self) -> date:
        """Day after the last covered one: windows are half-open."""
        return max(self.covered) + DAY

    def local(self, moment: datetime) -> datetime:
        """Return a UTC moment on the community's clock, shifted so that its day begins at 0:00."""
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        wall = aware.astimezone(ZoneInfo(self.timezone)).replace(tzinfo=None)
        return wall - timedelta(hours=self.day_start)

    def shift(self, ts: ir.TimestampValue, years: tuple[int, int]) -> ir.TimestampValue:
        """Do what `local` does, as an ibis expression that every engine computes alike.

        Engines disagree about zones, so the zone's transitions in ``years`` are written out as
        plain intervals; a zone without daylight saving needs one.
        """
        import ibis

        spans = _offsets(self.timezone, *years)
        late = round(self.day_start * 3600)  # hours are binary fractions: 1.083… is 01:05:00
        moved = [ts + ibis.interval(seconds=offset - late) for _, offset in spans]
        if len(spans) == 1:
            return moved[0]
        until = [ibis.timestamp(end) for end, _ in spans[:-1]]
        return ibis.cases(
            *[(ts < end, value) for end, value in zip(until, moved, strict=False)], else_=moved[-1]
        )

    def week(self, day: ir.DateValue) -> ir.DateValue:
        """Return the first day of the week a day lies in."""
        import ibis

        if self.week_start == "monday":
            return day.truncate("W")
        moved = (day + ibis.interval(days=1)).cast("date").truncate("W")
        return (moved - ibis.interval(days=1)).cast("date")

    def week_of(self, day: date) -> date:
        """Return the first day of the week a day lies in, for a Python date."""
        back = day.weekday() if self.week_start == "monday" else (day.weekday() + 1) % 7
        return day - timedelta(days=back)

    def weeks(self) -> list[date]:
        """Return the first day of every week that holds a day from the first covered to the last."""
        start = self.week_of(self.first)
        return [start + timedelta(days=i) for i in range(0, (self.end - start).days, 7)]

    def window(self, days: int) -> date:
        """Return the first of the last ``days`` days, or the first covered one; 0 is all of them."""
        return max(self.first, self.end - days * DAY) if days else self.first

    def is_covered(self, start: date, days: int) -> bool:
        """Tell whether every day of ``[start, start + days)`` is covered."""
        return all(start + timedelta(days=i) in self.covered for i in range(days))

    def days(self) -> pd.DatetimeIndex:
        """Return every day from the first covered one to the last, covered or not."""
        import pandas as pd

        return pd.date_range(self.first, self.end, inclusive="left", freq="D")

    def describe(self) -> Text:
        """Say the clock in words, to stand beside every windowed number."""
        hours, minutes = divmod(round(self.day_start * 60), 60)
        start = f"{hours:02d}:{minutes:02d}"
        return Text(
            f"{self.timezone}, days from {start}, weeks from {self.week_start.title()}",
            f"{self.timezone} 时间，一天从 {start} 起，一周从周"
            f"{'一' if self.week_start == 'monday' else '日'}起",
        )


def _offsets(zone: str, first: int, last: int) -> list[tuple[datetime, int]]:
    """Return ``(UTC end, offset in seconds)`` of each span of constant offset in the years."""
    info = ZoneInfo(zone)

    def offset(moment: datetime) -> int:
        delta = moment.replace(tzinfo=UTC).astimezone(info).utcoffset()
        assert delta is not None
        return int(delta.total_seconds())

    spans: list[tuple[datetime, int]] = []
    moment, stop = datetime(first, 1, 1), datetime(last + 1, 1, 1)
    while moment < stop:
        following = min(moment + DAY, stop)
        if offset(following) != offset(moment):
            low, high = moment, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if offset(middle) == offset(moment) else (low, middle)
            spans.append((high, offset(moment)))
        moment = following
    return [*spans, (stop, offset(stop))]
