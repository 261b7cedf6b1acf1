"""What a notebook shows and records of a row that is withheld, and of one that is not."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from shequn import notebook
from shequn.dataset import open_dataset
from shequn.metrics import suppress
from shequn.metrics.lifecycle import lifecycle
from shequn.notebook import table

FRAME = pd.DataFrame(
    {
        "measure": ["joined", "left", "joined"],
        "value": [0.25, 1 / 3, float("nan")],
        "n": [8, 3, 0],
        "low": [0.07, 0.06, float("nan")],
        "high": [0.59, 0.79, float("nan")],
    }
)


def cells(html: str) -> list[list[str]]:
    lines = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2], re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in lines]


@pytest.mark.parametrize(("lang", "few"), [("en", "under 5"), ("zh", "不足 5")])
def test_a_table_says_that_a_row_is_withheld_and_gives_nothing_of_it_away(
    lang: str, few: str
) -> None:
    shown = cells(table(suppress(FRAME), lang).data)
    assert shown[0][1:] == ["0.25", "8", "0.07", "0.59"]
    assert shown[1][1:] == [few, few, "—", "—"]
    assert shown[2][1:] == ["—", "0", "—", "—"]


def test_a_table_in_which_everything_is_withheld_still_says_so() -> None:
    whole = pd.DataFrame({"date": ["left"], "basis": ["event"], "members": [2]})
    shown = cells(table(suppress(whole, "members", ()), "en").data)
    assert shown == [["leaving", "an event", "under 5"]]


@pytest.mark.parametrize(
    ("row", "value", "n", "withheld"), [(0, 0.25, 8, False), (1, None, None, True)]
)
def test_a_record_knows_that_it_is_withheld(
    row: int,
    value: float | None,
    n: float | None,
    withheld: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(notebook, "display", lambda _, raw, metadata: shown.append(metadata))
    notebook.record_row("share", suppress(FRAME).iloc[row], unit="share")
    recorded = shown[0]["shequn"]["value"]
    assert (recorded["value"], recorded["n"], recorded["withheld"]) == (value, n, withheld)
    assert recorded["low"] is None or not withheld


def test_shares_read_as_percentages_and_counts_do_not() -> None:
    assert cells(table(FRAME, "en", percent=True).data)[0][1:] == ["25.0%", "8", "7.0%", "59.0%"]
    some = cells(table(FRAME, "en", percent=("left",)).data)
    assert (some[0][1], some[1][1]) == ("0.25", "33.3%")


def test_a_period_that_is_the_same_everywhere_stands_once() -> None:
    period = {"period_start": pd.Timestamp("2025-01-01"), "period_end": pd.Timestamp("2025-02-01")}
    shown = table(FRAME.assign(**period), "en").data
    assert "<caption>2025-01-01 until 2025-02-01 (not included)</caption>" in shown
    assert shown.count("2025") == 2
    changing = FRAME.assign(**period | {"period_end": pd.date_range("2025-02-01", periods=3)})
    for frame in (changing, FRAME.head(1).assign(**period)):
        assert "caption" not in table(frame, "zh").data
        assert "2025-01-01" in table(frame, "zh").data


def test_numbers_are_kept_on_one_line_and_words_are_not() -> None:
    shown = table(FRAME.assign(what="a long sentence of words, 12 of them"), "en").data
    assert '<td class="number">0.25</td>' in shown
    assert '<td class="words">a long sentence of words, 12 of them</td>' in shown


def test_a_table_goes_by_the_words_of_its_own_metric() -> None:
    """Two metrics may mean different things by one short name; a part of a frame keeps its metric."""
    with open_dataset() as data:
        frame = data.compute(lifecycle)
    part = frame[frame["state"] == "new"].tail(2)
    assert "新来" in table(part, "zh").data
    part.attrs.clear()
    assert "新来" not in table(part, "zh").data
