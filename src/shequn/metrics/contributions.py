"""What members brought by each age: alike members of a channel, and which of it may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shequn.metrics import SMALLEST_GROUP
from shequn.metrics.channels import PAID, REST
from shequn.metrics.money import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from shequn.intervals import Floats

STEP = 28  # days
KEYS = ("kind", "channel", "currency", "lost")


def ages_until(within: int) -> list[int]:
    """Return the days after joining by which money is added up: every four weeks, and the last."""
    return [*range(STEP, within, STEP), within]


def _few(people: float) -> bool:
    return 0 < people < SMALLEST_GROUP


@dataclass(frozen=True)
class Group:
    """Members of one channel or of several: what they cost and brought in one currency."""

    channel: str
    currency: str
    parts: tuple[str, ...]  # names of the channels put together
    joined: int
    cost: float  # NaN where none is known
    pure: bool  # all that was spent on them and all that they paid is in this currency
    people: npt.NDArray[np.int64]  # buyers who brought the same
    brought: Floats  # what one of them had brought: kinds of buyers x ages
    known: npt.NDArray[np.bool_]  # ages until which the cost of every order is known

    @property
    def told(self) -> bool:
        """Whether what they brought may be told: it is not that of one to four people."""
        return self.joined > 0 and not _few(self.people.sum())

    def mean(self) -> Floats:
        """Return what a member had brought by each age; NaN where it is not known."""
        return np.where(self.known, self.people @ self.brought / self.joined, np.nan)

    def drawn(self) -> Floats:
        """Return the same in draws of the members, those who bought nothing too.

        Where nobody bought, draws cannot say how much somebody might.
        """
        from shequn.intervals import redraws

        others = self.joined - self.people.sum()
        draws = redraws([*self.people, others])[:, :-1] @ self.brought / self.joined
        return np.where(self.known & (len(self.people) > 0), draws, np.nan)

    def moved(self, first: int, last: int) -> float:
        """Count those whose sum changed between two ages; -1 is the day of joining."""
        before = self.brought[:, first] if first >= 0 else 0
        return float(self.people[self.brought[:, last] != before].sum())

    def ages_told(self) -> set[int]:
        """Return the ages, by place, whose sums give away no one to four people.

        The difference of two neighbours would be what those brought who bought in between: such a
        step is joined to the next.
        """
        last = self.brought.shape[1] - 1
        shown = [-1]
        for age in range(last):
            if not _few(self.moved(shown[-1], age)):
                shown.append(age)
        while len(shown) > 1 and _few(self.moved(shown[-1], last)):
            shown.pop()
        return {*shown[1:], last} if self.told else set()


def groups_of(counts: pd.DataFrame, within: int) -> Iterator[list[Group]]:
    """Yield the channels of each currency; the last is all of those with a cost in it."""
    sums = [f"by_{age}" for age in ages_until(within)]
    counts = counts.sort_values([*KEYS, *sums])  # draws go by position
    kinds = {k: counts[counts["kind"] == k] for k in ("joined", "spent", "brought")}
    came = kinds["joined"]
    joined = {str(c): int(n) for c, n in zip(came["channel"], came["people"], strict=True)}
    spent_on, brought = kinds["spent"], kinds["brought"]

    def group(name: str, channels: Sequence[str], currency: str, *, paid: bool) -> Group:
        costs = spent_on[spent_on["channel"].isin(channels)]
        orders = brought[brought["channel"].isin(channels)]
        own = orders[orders["currency"] == currency]
        mine = costs[costs["currency"] == currency]
        lost = min(own["lost"], default=within)
        return Group(
            name, currency, tuple(channels), sum(joined.get(c, 0) for c in channels),
            mine["cents"].sum() / 100 if paid else np.nan,
            pure=len(mine) == len(costs) and len(own) == len(orders),
            people=own["people"].to_numpy(np.int64),
            brought=own[sums].to_numpy(float) / PARTS,
            known=np.array(ages_until(within)) <= lost,
        )  # fmt: skip

    for currency in sorted({*spent_on["currency"], *brought["currency"]}):
        costly = {str(c) for c in spent_on.loc[spent_on["currency"] == currency, "channel"]}
        own = brought[brought["currency"] == currency]
        buyers = own.groupby("channel")["people"].sum().to_dict()
        shown, rest = _apart(costly, joined, buyers)
        groups = [group(c, [c], currency, paid=True) for c in shown]
        if shown and rest:  # without any shown, the rest is the total
            groups.append(group(REST, rest, currency, paid=True))
        groups += [group(c, [c], currency, paid=False) for c in sorted(set(joined) - costly)]
        if costly:
            groups.append(group(PAID, sorted(costly), currency, paid=True))
        yield groups


def _apart(
    paid: set[str], joined: dict[str, int], buyers: dict[Any, int]
) -> tuple[list[str], list[str]]:
    """Return the paid channels shown by name, and those put together: one to four join or buy.

    All paid channels less those shown are the rest, so the rest takes in the next larger channel
    until it gives nobody away either.
    """

    def small(channels: list[str]) -> bool:
        sizes = (sum(people.get(c, 0) for c in channels) for people in (joined, buyers))
        return any(_few(size) for size in sizes)

    rest = sorted(c for c in paid if small([c]))
    shown = sorted(paid - {*rest}, key=lambda c: (not buyers.get(c, 0), buyers.get(c, 0), c))
    while shown and small(rest):
        rest.append(shown.pop(0))
    return sorted(shown, key=lambda c: (-joined.get(c, 0), c)), sorted(rest)
