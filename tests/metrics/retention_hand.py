"""What the tests of retention share."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from worlds import ORIGIN, noon

NUMBERS = ["value", "n", "low", "high", "withheld"]
WEEKLY = ["period_start", "period_end", "cohort", "age_weeks", *NUMBERS]


def joined(names: str, day: int, basis: str | None = "event") -> list[tuple[str, str, str | None]]:
    return [(name, noon(day), basis) for name in names]


def wrote(names: str, *days: int) -> list[tuple[str, str]]:
    return [(name, noon(day)) for name in names for day in days]


def covered(first: int, last: int) -> tuple[str, str]:
    return str(ORIGIN + timedelta(days=first)), str(ORIGIN + timedelta(days=last))


def triangle(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Return each cohort's values by age."""
    return {str(cohort)[:10]: list(rows["value"]) for cohort, rows in frame.groupby("cohort")}


NAN = pytest.approx(float("nan"), nan_ok=True)
