"""What the tests of active_members share."""

from __future__ import annotations

from datetime import date

import pandas as pd


def values(frame: pd.DataFrame, days: int) -> dict[date, float]:
    """Return the value of each window of so many days by the last day in it."""
    rows = frame[frame["days"] == days]
    lasts = rows["period_end"] - pd.Timedelta(days=1)
    return dict(zip(lasts.dt.date, rows["value"], strict=True))


def steps(frame: pd.DataFrame, days: int, back: int) -> dict[str, float]:
    """Return members by active days of the last window, or of the one ``back`` windows before."""
    rows = frame[frame["days"] == days]
    end = rows["period_end"].max() - pd.Timedelta(days=back * days)
    rows = rows[rows["period_end"] == end]
    assert set(rows["period_start"]) == {end - pd.Timedelta(days=days)}
    return dict(zip(rows["active_days"], rows["value"], strict=True))
