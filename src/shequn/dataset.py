"""Open a community's data — a folder of tables or a database — and run compiled metrics there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

from shequn import schema, tabular
from shequn.calendar import Calendar
from shequn.engine import DuckDBEngine, Engine, to_sql
from shequn.metrics import SMALLEST_GROUP, suppress
from shequn.paths import SAMPLE
from shequn.tabular_folder import DESCRIPTOR
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from shequn.metrics import Needs, Query

_NO_SPEECH = ("system", "recall")
# 1970 often stands for "not known": such a time must not make half a century of quiet days.
_CREDIBLE = datetime(1990, 1, 1), datetime(2100, 1, 1)
# A roster reaches back further than the days covered; its times need the clocks of their own years.
_OLDEST_YEAR = 2000


class Dataset:
    """A community's tables as typed, lazy, zone-aware ibis tables, and the metrics over them.

    Parameters
    ----------
    engine
        Where the tables live.
    info
        Name, zone, day start, week start of the community, and whether it is synthetic.
    smallest_group
        People from whom on a number is shown; fewer are withheld.
    """

    def __init__(
        self, engine: Engine, info: tabular.CommunityInfo, smallest_group: int = SMALLEST_GROUP
    ) -> None:
        self.engine, self.info, self.smallest_group = engine, info, smallest_group
        hours, minutes = (int(part) for part in info.day_start.split(":"))
        clock = Calendar(info.timezone, hours + minutes / 60, info.week_start)
        self._years = (1970, 1970)
        covered, self._years = self._coverage(clock)
        self.calendar = replace(clock, covered=covered)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.engine.close()

    def missing(self, needs: Needs) -> list[str]:
        """Return what the data lack, as ``table`` or ``table.column``; empty where supported."""
        lacking = []
        for table, columns in needs.items():
            present = self.engine.columns.get(table)
            if present is None:
                lacking.append(table)
            else:
                lacking += [f"{table}.{c}" for c in columns if c not in present]
        return lacking

    def compute(self, query: Query, **options: Any) -> pd.DataFrame:
        """Compile a metric, run it where the data live, and finish it.

        Parameters
        ----------
        query
            A metric or one of its views.
        **options
            Passed to its expression and its finish.

        Returns
        -------
        pandas.DataFrame
            Tidy rows, those about fewer than five people withheld; ``attrs["metric"]`` names the
            metric.

        Raises
        ------
        ShequnError
            Where a table or column it needs is missing, or the data cannot be read as typed.
        """
        counts = self.counts(query, **options)
        result = query.complete(counts, self.calendar, **options)
        result.attrs["metric"] = query.metric  # whose words its columns and slices go by
        if not {"value", "n"} <= set(result):  # a curve, or pairs, not a tidy frame
            return result
        return suppress(result, smallest=self.smallest_group)

    def counts(self, query: Query, **options: Any) -> pd.DataFrame:
        """Return what the engine makes of a query, before its finish; raises as `compute`.

        The rows come in any order.
        """
        return self._run(self.expression(query, **options))

    def expression(self, query: Query, **options: Any) -> ir.Table:
        """Return a query over these tables, the same for every engine; raises as `compute`."""
        if lacking := self.missing(query.needs):
            names = ", ".join(lacking)
            raise ShequnError(
                Text(
                    f"{query.metric} needs {names}, which this data does not have.",
                    f"{query.metric} 需要 {names}，这份数据里没有。",
                ),
                Text(
                    "`shequn list DATA` shows what it supports.",
                    "用 `shequn list DATA` 看支持哪些。",
                ),
            )
        tables = [self.table(name) for name in query.tables]
        return query.expression(*tables, calendar=self.calendar, **options)

    def table(self, name: str) -> ir.Table:
        """Return a table of the contract, every column present, times on the community's clock.

        A column or table the data lack arrives as nulls or empty. Rows about robots and staff are
        left out, and so are messages that nobody wrote.
        """
        import ibis

        raw = self._raw(name)
        present = self.engine.columns.get(name, ())
        columns = (c for c in schema.tables()[name].columns.values() if c.name in present)
        times = [c.name for c in columns if c.type == "datetime"]
        first, last = self._years
        years = (first if "ts" in times else min(first, _OLDEST_YEAR), last)
        moved = raw.mutate(**{c: self.calendar.shift(raw[c], years) for c in times})
        if name == "messages":
            spoken = ~moved.kind.fill_null("text").isin(_NO_SPEECH)
            moved = moved.filter(spoken, moved.author_id.notnull())  # noqa: PD004
        excluded = self._excluded()
        if excluded is not None and name != "identities":
            for column in (c for c in schema.PERSONS if c in moved.columns):
                moved = moved.anti_join(excluded, ibis._[column] == excluded.excluded_id)
        return moved

    def counts_excluded(self) -> int:
        """Return the number of members left out as robots or staff."""
        excluded = self._excluded()
        if excluded is None:
            return 0
        return int(self._run(excluded.agg(n=excluded.count()))["n"].iloc[0])

    def basis(self) -> pd.DataFrame:
        """Return how many members are known to have joined, and left, on which evidence.

        Returns
        -------
        pandas.DataFrame
            ``date`` (joined or left), ``basis`` (None where the date is unknown), ``members``;
            fewer than five are withheld.
        """
        import ibis
        from ibis import _

        members = self.table("members")
        parts = [
            members.group_by(basis=members[f"{kind}_at_basis"])
            .agg(members=_.count())
            .mutate(date=ibis.literal(kind))
            for kind in ("joined", "left")
        ]
        frame = self._run(ibis.union(*parts))
        ordered = frame[["date", "basis", "members"]].sort_values(
            ["date", "members", "basis"], ascending=[True, False, True], ignore_index=True
        )
        return suppress(ordered, "members", (), smallest=self.smallest_group)

    def _raw(self, name: str) -> ir.Table:
        import ibis

        whole = schema.unbound(name)
        present = self.engine.columns.get(name)
        if present is None:
            stand_in = next(iter(self.engine.columns))
            some = ibis.table({self.engine.columns[stand_in][0]: "string"}, name=stand_in)
            empty = some.select(**{c: ibis.null(t) for c, t in whole.schema().items()})
            return empty.filter(ibis.literal(False))
        own = ibis.table({c: t for c, t in whole.schema().items() if c in present}, name=name)
        lacking = {c: ibis.null(t) for c, t in whole.schema().items() if c not in present}
        return own.mutate(**lacking).select(*whole.columns)

    def _excluded(self) -> ir.Table | None:
        present = self.engine.columns.get("members", ())
        flags = [c for c in ("is_bot", "is_staff") if c in present]
        if not flags or "member_id" not in present:
            return None
        members = self._raw("members")
        out = members[flags[0]].fill_null(False)
        for flag in flags[1:]:
            out = out | members[flag].fill_null(False)
        return members.filter(out).select(excluded_id="member_id")

    def _run(self, expression: ir.Table) -> pd.DataFrame:
        return self.engine.frame(to_sql(expression, self.engine.dialect))

    def _coverage(self, clock: Calendar) -> tuple[frozenset[date], tuple[int, int]]:
        """Return the covered days, from the sources table or from the first and last time seen."""
        spans = self._spans()
        covered: set[date] = set()
        for start, end in spans:
            moments = (t.replace(tzinfo=None) for t in (start, end))
            if not all(_CREDIBLE[0] <= t < _CREDIBLE[1] for t in moments):
                continue
            first, last = clock.local(start).date(), clock.local(end).date()
            covered.update(first + timedelta(days=i) for i in range((last - first).days + 1))
        if not covered:
            raise ShequnError(
                Text("The data hold no credible time.", "数据里没有一个可信的时间。"),
                Text(
                    "A table with a time column (messages.ts, orders.ts…) must have at least one row.",
                    "带时间列的表（如 messages.ts、orders.ts）至少要有一行。",
                ),
            )
        return frozenset(covered), (min(covered).year - 1, max(covered).year + 1)

    def _spans(self) -> list[tuple[Any, Any]]:
        import ibis
        import pandas as pd

        def pairs(spans: ir.Table) -> list[tuple[Any, Any]]:
            frame = self._run(spans).dropna()
            starts = pd.to_datetime(frame["covers_from"]).dt.to_pydatetime()
            ends = pd.to_datetime(frame["covers_to"]).dt.to_pydatetime()
            return list(zip(starts, ends, strict=True))

        columns = self.engine.columns
        if {"covers_from", "covers_to"} <= set(columns.get("sources", ())):
            said = pairs(self._raw("sources").select("covers_from", "covers_to"))
            if said:
                return said
        # Where nothing happens, a roster has times, and a list of costs has days.
        found = ([(t, c) for t in columns if c in columns[t]] for c in ("ts", "joined_at", "date"))
        parts = []
        for table, column in next(filter(None, found), []):
            raw = self._raw(table)
            moment = raw[column]
            if column == "date":  # a day of the community: its noon is that day in nearly any zone
                moment = moment.cast("timestamp") + ibis.interval(hours=12)
            first, last = map(ibis.timestamp, _CREDIBLE)
            seen = raw.select(at=moment).filter(ibis._.at >= first, ibis._.at < last)
            parts.append(seen.agg(covers_from=seen.at.min(), covers_to=seen.at.max()))
        if not parts:
            return []
        return pairs(ibis.union(*parts) if parts[1:] else parts[0])


def open_dataset(data: str | Path | None = None, *, threads: int | None = None) -> Dataset:
    """Open a community's data.

    Parameters
    ----------
    data
        A folder of tables, or ``duckdb:///FILE[?timezone=…&name=…&day_start=…&week_start=…]``;
        None is the synthetic sample.
    threads
        Cores that the engine may use.

    Raises
    ------
    ShequnError
        Where nothing can be opened there.
    """
    text = str(data) if data is not None else str(SAMPLE)
    if "://" in text:
        return _open_database(text, threads)
    folder = Path(text)
    found = tabular.find_tables(folder)
    info = tabular.community(folder)
    tables = {name: path for name, path in found.items() if name != "identities"}
    description = folder / DESCRIPTOR
    return _dataset(DuckDBEngine(tables, threads=threads, description=description), info)


def _dataset(engine: Engine, info: tabular.CommunityInfo) -> Dataset:
    """Make a dataset of an engine, which is closed where that fails."""
    try:
        return Dataset(engine, info)
    except BaseException:
        engine.close()
        raise


def _open_database(address: str, threads: int | None) -> Dataset:
    parts = urlsplit(address)
    if parts.scheme != "duckdb":
        raise ShequnError(
            Text(
                f"No client for {parts.scheme}:// here.", f"这里没有 {parts.scheme}:// 的客户端。"
            ),
            Text(
                "Use duckdb:///FILE, or export the tables as Parquet into a folder.",
                "请用 duckdb:///文件，或把各表导出为 Parquet 放进一个文件夹。",
            ),
        )
    path = Path(parts.path)
    if not path.is_file():
        raise ShequnError(
            Text(f"No database at {path}.", f"{path} 处没有数据库。"),
            Text(
                "Write duckdb:/// and the file's whole path.", "写成 duckdb:/// 加文件的完整路径。"
            ),
        )
    said: dict[str, Any] = dict(parse_qsl(parts.query))
    strange = [key for key in said if key not in ("name", "timezone", "day_start", "week_start")]
    info = tabular.CommunityInfo(
        **{"name": path.stem, **{k: v for k, v in said.items() if k not in strange}}
    )
    for key in [*strange, *info.faults()]:
        raise ShequnError(
            Text(f"The address says {key}={said[key]}.", f"地址里写了 {key}={said[key]}。"),
            Text(
                "It may say name, timezone (such as Asia/Shanghai), day_start (such as 04:30) "
                "and week_start (monday or sunday).",
                "可以写 name、timezone（如 Asia/Shanghai）、day_start（如 04:30）"
                "和 week_start（monday 或 sunday）。",
            ),
        )
    return _dataset(DuckDBEngine({}, path, threads=threads), info)
