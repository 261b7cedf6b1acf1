"""What a notebook needs: open the data, show figures and tables, record its headline numbers."""

from __future__ import annotations

import base64
import io
import math
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, display

from shequn.charts import FEW
from shequn.dataset import Dataset, open_dataset
from shequn.metrics import REGISTRY
from shequn.text import Text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Mime prefix and metadata that myst-nb's glue and papermill's record agree on.
_GLUE = "application/papermill.record/"

_SHARES = ("value", "low", "high")
_COUNTS = ("value", "n", "members")  # where a number that is withheld would stand
_COLUMNS = {
    "period_start": Text("from", "起"),
    "period_end": Text("until (not included)", "止（不含）"),
    "value": Text("value", "数值"),
    "n": Text("n", "人数 n"),
    "low": Text("low", "下限"),
    "high": Text("high", "上限"),
    "measure": Text("measure", "指标"),
    "date": Text("date of", "日期"),
    "basis": Text("known from", "依据"),
    "members": Text("members", "成员数"),
}
_WORDS = {
    "joined": Text("joining", "入群"),
    "left": Text("leaving", "退群"),
    "event": Text("an event", "进出事件"),
    "api": Text("the platform", "平台接口"),
    "first_message": Text("the first message", "首次发言"),
    "registration": Text("registration", "账号注册"),
    "snapshot": Text("two rosters compared", "前后名单对比"),
    "inferred": Text("inferred from silence", "由沉默推断"),
}


def open_data(data: str | Path | None = None) -> Dataset:
    """Open the community a notebook is about; None is the synthetic sample."""
    threads = os.environ.get("SHEQUN_THREADS")  # set by a run, which shares the cores out
    return open_dataset(data, threads=int(threads) if threads else None)


def record(
    id: str,
    value: float | None,
    *,
    n: float | None = None,
    low: float | None = None,
    high: float | None = None,
    unit: str | None = None,
    start: Any = None,
    end: Any = None,
    slice: str = "",
    withheld: bool = False,
) -> None:
    """Record a headline number: chapters glue it by ``id``; a run collects it in values.csv.

    Parameters
    ----------
    id
        Name of the number.
    value, n, low, high
        The number, the members behind it and its interval; None or NaN where it does not exist.
    unit
        Unit of the value.
    start, end
        Half-open period it speaks of.
    slice
        Part of the community it speaks of; empty for all.
    withheld
        True where there is no value because it would speak of fewer than five people.
    """
    numbers = {"value": value, "n": n, "low": low, "high": high}
    clean = {k: _number(v) for k, v in numbers.items()}
    row = {"metric": id, "slice": slice, "period_start": _day(start), "period_end": _day(end)}
    display(
        {_GLUE + "text/plain": repr(math.nan if clean["value"] is None else clean["value"])},
        raw=True,
        metadata={
            "scrapbook": {"name": id, "mime_prefix": _GLUE},
            "shequn": {"value": {**row, **clean, "unit": unit, "withheld": bool(withheld)}},
        },
    )


def record_row(id: str, row: pd.Series[Any] | None, *, unit: str | None = None) -> None:
    """Record one row of a tidy frame; a missing or withheld one is recorded as having no value."""
    if row is None:
        record(id, None, unit=unit)
        return
    get = row.to_dict().get
    record(
        id,
        get("value"),
        n=get("n"),
        low=get("low"),
        high=get("high"),
        start=get("period_start"),
        end=get("period_end"),
        unit=unit,
        withheld=bool(get("withheld", False)),
    )


def pick(frame: pd.DataFrame, **equals: Any) -> pd.Series[Any] | None:
    """Return the last row of a frame whose columns equal the values given, or None."""
    for column, value in equals.items():
        frame = frame[frame[column] == value]
    return frame.iloc[-1] if len(frame) else None


def show(figure: Figure, name: str, *, alt: str) -> None:
    """Display a figure and file it under ``name`` (``notebook.figure``) with its alt text."""
    import matplotlib.pyplot as plt

    vector, raster = io.StringIO(), io.BytesIO()
    figure.savefig(vector, format="svg", bbox_inches="tight", metadata={"Date": None})
    figure.savefig(raster, format="png", bbox_inches="tight", dpi=160)
    plt.close(figure)
    display(
        {
            "image/svg+xml": vector.getvalue(),
            "image/png": base64.b64encode(raster.getvalue()).decode(),
            "text/plain": alt,
        },
        raw=True,
        metadata={"shequn": {"figure": name, "alt": alt}},
    )


def table(
    frame: pd.DataFrame, lang: str, *, rows: int = 12, percent: bool | Collection[str] = False
) -> HTML:
    """Return the last rows of a result for reading: headings and words in the page's language.

    A period that is the same in every row stands once, above the table.

    Parameters
    ----------
    frame
        A tidy frame.
    lang
        ``"en"`` or ``"zh"``.
    rows
        How many rows to keep, from the end.
    percent
        Whether values and their bounds are shares, to be read as percentages; or the measures of
        which they are.
    """
    import numpy as np
    import pandas as pd

    metric = REGISTRY.get(frame.attrs.get("metric", ""))
    words = _WORDS | (dict(metric.words) if metric else {})
    whole = frame.tail(rows)
    few = whole["withheld"].to_numpy(bool) if "withheld" in whole else np.zeros(len(whole), bool)
    kept = whole.notna().any() | (whole.columns.isin(_COUNTS) & few.any())
    shown = whole.loc[:, kept].drop(columns="withheld", errors="ignore")
    caption, shown = _one_period(shown, lang)
    shares = [percent] * len(whole) if isinstance(percent, bool) else whole["measure"].isin(percent)
    for column in shown:
        series = shown[column]
        if pd.api.types.is_datetime64_any_dtype(series):
            shown[column] = series.dt.strftime("%Y-%m-%d")
        elif column in _SHARES and pd.api.types.is_float_dtype(series):
            shown[column] = [
                _readable(x, percent=share) for x, share in zip(series, shares, strict=True)
            ]
        elif pd.api.types.is_float_dtype(series):
            shown[column] = [_readable(x) for x in series]
        else:
            shown[column] = [
                "—" if pd.isna(x) else words[x][lang] if x in words else x for x in series
            ]
        if column in _COUNTS:
            shown[column] = [FEW[lang] if f else x for f, x in zip(few, shown[column], strict=True)]
    headings = words | _COLUMNS
    shown.columns = [headings[c][lang] if c in headings else c for c in shown.columns]
    body = shown.to_html(index=False, border=0, classes="dataframe")
    body = re.sub(r"<td>(?=[\d\s.,:%–—−+-]+</td>)", '<td class="number">', body)  # never broken
    body = re.sub(r"<td>(?=[^<]{20,}</td>)", '<td class="words">', body)  # and these not too soon
    body = body.replace("<thead>", f"{caption}<thead>", 1)
    # Focusable, so that a wide table can be scrolled by keyboard on a phone-sized page.
    return HTML(f'<div class="table-scroll" tabindex="0" role="group">{body}</div>')


def _one_period(shown: pd.DataFrame, lang: str) -> tuple[str, pd.DataFrame]:
    """Take a period that is the same in every row out of a table, into its caption."""
    period = ["period_start", "period_end"]
    if len(shown) < 2 or not set(period) <= set(shown):
        return "", shown
    if not (shown[period] == shown[period].iloc[0]).all(axis=None):
        return "", shown
    start, end = (f"{day:%Y-%m-%d}" for day in shown[period].iloc[0])
    said = Text(f"{start} until {end} (not included)", f"{start} 起，到 {end} 止（不含）")[lang]
    return f"<caption>{said}</caption>", shown.drop(columns=period)


def show_basis(community: Dataset, lang: str) -> HTML:
    """Return on what evidence joining and leaving are known: retention rests on it."""
    return table(community.basis(), lang)


def _readable(x: float, *, percent: bool = False) -> str:
    if math.isnan(x):
        return "—"
    if percent:
        return f"{x:.1%}"
    return f"{x:,.0f}" if float(x).is_integer() and abs(x) > 1 else f"{x:.3g}"


def _number(x: float | None) -> float | None:
    return None if x is None or math.isnan(x) else float(x)


def _day(moment: Any) -> str | None:
    return None if moment is None else str(moment)[:10]
