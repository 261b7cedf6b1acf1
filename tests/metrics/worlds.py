"""Random communities for retention, and the day each member is taken to have started."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from engines import covering_days, log, roster
from hypothesis import strategies as st

ORIGIN = date(2024, 1, 1)  # a Monday
BASES = ("event", "api", "registration", "first_message", None)


def noon(day: int) -> str:
    """Return noon of a day counted from the origin."""
    return str(datetime(2024, 1, 1, 12) + timedelta(days=day))


class World(NamedTuple):
    """A community in days since the origin."""

    members: list[tuple[str, int, str | None]]
    messages: list[tuple[str, int]]
    seen: set[int]
    history: int
    week_start: str

    def tables(self) -> dict[str, Any]:
        """Return the tables that tell of it, and its week."""
        return {
            "members": roster(*[(m, noon(d), b) for m, d, b in self.members]),
            "messages": log(*[(m, noon(d)) for m, d in self.messages]),
            "sources": covering_days(ORIGIN + timedelta(days=d) for d in self.seen),
            "week_start": self.week_start,
        }

    def starts(self) -> dict[str, int]:
        """Return the day each member is taken to have started, by the rules of the module."""
        found: dict[str, int] = {}
        known = sorted(self.seen)
        new_from = known[self.history] if self.history < len(known) else known[-1] + 1
        for member in {m for m, *_ in self.members} | {m for m, _ in self.messages}:
            roster_days = [d for m, d, b in self.members if m == member and b in BASES[:3]]
            first = min((d for m, d in self.messages if m == member), default=None)
            if roster_days and (first is None or roster_days[0] <= first):
                found[member] = roster_days[0]
            elif first is not None and first >= new_from:
                found[member] = first
        return found


names = [f"m{i}" for i in range(14)]
worlds = st.builds(
    World,
    members=st.lists(
        st.tuples(st.sampled_from(names), st.integers(-10, 12), st.sampled_from(BASES)),
        unique_by=lambda row: row[0],
    ),
    messages=st.lists(st.tuples(st.sampled_from(names), st.integers(-5, 70)), max_size=50),
    seen=st.one_of(
        st.integers(1, 65).map(lambda n: set(range(n))),
        st.tuples(st.integers(1, 60), st.integers(1, 6)).map(
            lambda hole: set(range(64)) - set(range(hole[0], hole[0] + hole[1]))
        ),
    ),
    history=st.sampled_from([0, 3, 28]),
    week_start=st.sampled_from(["monday", "sunday"]),
)
