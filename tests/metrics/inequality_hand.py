"""What the tests of participation_inequality share."""

from __future__ import annotations

from typing import Any

import pandas as pd
from engines import (
    compute,
    covering,
    log,
    roster,
)

from shequn.metrics.participation_inequality import (
    participation_inequality,
)

# CHAOSS, metric "Contributor Absence Factor": eight contributors, of whom two make half.
CHAOSS = (1000, 202, 90, 33, 332, 343, 42, 433)
MEASURES = ["gini", "top_10_share", "half_group", "speakers", "posting_share"]
COVERED = covering(("2024-01-01", "2024-01-31"))


def spoken(*counts: int) -> pd.DataFrame:
    """Return a log in which member i writes counts[i] messages."""
    return log(
        *[(f"m{i}", "2024-01-10 12:00") for i, count in enumerate(counts) for _ in range(count)]
    )


def measured(*counts: int, **tables: Any) -> pd.DataFrame:
    frame = compute(participation_inequality, messages=spoken(*counts), sources=COVERED, **tables)
    return frame.set_index("measure")


def listed(people: int) -> pd.DataFrame:
    return roster(*[(f"m{i}", "2024-01-01", "event") for i in range(people)])
