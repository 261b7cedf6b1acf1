"""What the tests of dataset share."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from shequn.dataset import Dataset
from shequn.metrics import Query
from shequn.metrics.active_members import active_members
from shequn.text import ShequnError

MESSAGES = """author_id,ts,kind
a,2024-03-01T15:59:59Z,text
a,2024-03-01T16:00:00Z,text
b,2024-03-03T01:00:00Z,
c,2024-03-03T01:00:00Z,system
robot,2024-03-03T02:00:00Z,text
"""
MEMBERS = """member_id,joined_at,joined_at_basis,left_at,left_at_basis,is_bot,is_staff
a,2024-03-01T00:00:00Z,event,,,false,
b,2024-03-02T00:00:00Z,event,2024-03-03T05:00:00Z,event,,false
d,,,,,,
robot,2024-03-01T00:00:00Z,event,,,true,
boss,2024-03-01T00:00:00Z,api,,,,true
"""


def write(folder: Path, **tables: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def peek(data: Dataset, name: str) -> pd.DataFrame:
    """Return a table as a metric sees it."""
    look = Query("peek", "peek", {}, {name: ()}, lambda t, calendar: t)
    look.finish(lambda frame, calendar: frame)
    return data.compute(look)


def daily(data: Dataset) -> dict[date, float]:
    data.smallest_group = 1  # these tests are about days, with one or two people in each
    frame = data.compute(active_members)
    frame = frame[frame["days"] == 1]
    return dict(zip(frame["period_start"].dt.date, frame["value"], strict=True))


def refusal(error: pytest.ExceptionInfo[ShequnError], *words: str) -> None:
    """Check that an error names things in both languages and says how to mend it."""
    for lang in ("en", "zh"):
        said = error.value.say(lang)
        assert "\n" in said, "no advice"
        for word in words:
            assert word in said, said
    assert any("\u4e00" <= c <= "\u9fff" for c in error.value.what.zh)
    assert not any("\u4e00" <= c <= "\u9fff" for c in error.value.what.en)
