"""Some metrics' counts, written by hand in SQL and in pandas: `make bench` holds ours against them.

They know that the community's clock is Shanghai's and that the log has no bots.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd

from shequn.calendar import Calendar
from shequn.metrics.windows import HISTORY_DAYS

_EIGHT = pd.Timedelta(hours=8)
_BASES = ("event", "api", "registration")
_DAYS = """SELECT DISTINCT author_id AS id, (ts + INTERVAL 8 HOUR)::DATE AS day FROM messages
    WHERE ts + INTERVAL 8 HOUR >= DATE '{first}' AND ts + INTERVAL 8 HOUR < DATE '{end}'"""
_WEEKS = f"SELECT DISTINCT id, date_trunc('week', day)::DATE AS week FROM ({_DAYS})"
SQL = {
    "active_members.active_members": f"""
        WITH led AS (
            SELECT day, lead(day, 1, DATE '{{far}}') OVER (PARTITION BY id ORDER BY day) AS following
            FROM ({_DAYS}))
        SELECT day, count(*) AS members, 'entered' AS edge FROM led GROUP BY 1
        UNION ALL SELECT least(day + 1, following), count(*), 'left1' FROM led GROUP BY 1
        UNION ALL SELECT least(day + 7, following), count(*), 'left7' FROM led GROUP BY 1
        UNION ALL SELECT least(day + 28, following), count(*), 'left28' FROM led GROUP BY 1""",
    "active_members.stickiness": f"""
        SELECT back, active_days, count(*) AS members FROM (
            SELECT id, (DATE '{{end}}' - day - 1) // 28 AS back, count(*) AS active_days
            FROM ({_DAYS}) GROUP BY 1, 2) GROUP BY 1, 2""",
    "retention.retention": f"""
        WITH people AS (
            SELECT id, min(joined) AS joined, min(spoke) AS spoke FROM (
                SELECT member_id AS id, NULL::TIMESTAMP AS spoke,
                    CASE WHEN joined_at_basis IN ('event', 'api', 'registration')
                    THEN joined_at + INTERVAL 8 HOUR END AS joined FROM members
                UNION ALL SELECT author_id, ts + INTERVAL 8 HOUR, NULL FROM messages) GROUP BY 1),
        cohorts AS (
            SELECT id, date_trunc('week', least(joined, spoke))::DATE AS cohort FROM people
            WHERE joined IS NOT NULL AND (spoke IS NULL OR joined::DATE <= spoke::DATE)
                OR spoke::DATE >= DATE '{{new_from}}')
        SELECT cohort, NULL::DATE AS week, count(*) AS members FROM cohorts GROUP BY 1
        UNION ALL SELECT cohort, week, count(*) FROM cohorts JOIN ({_WEEKS}) USING (id)
        GROUP BY 1, 2""",
    "lifecycle.lifecycle": f"""
        WITH said AS (
            SELECT week, lag(week) OVER w AS before, lead(week) OVER w AS after FROM ({_WEEKS})
            WINDOW w AS (PARTITION BY id ORDER BY week))
        SELECT week, state, count(*) AS members FROM (
            SELECT week, CASE WHEN before IS NULL THEN 'new' WHEN before = week - 7
                THEN 'returning' ELSE 'resurrected' END AS state FROM said
            UNION ALL SELECT week + 7, 'dormant' FROM said WHERE after IS DISTINCT FROM week + 7)
        GROUP BY 1, 2""",
    "participation_inequality.participation_inequality": """
        SELECT messages, listed, count(*) AS members FROM (
            SELECT id, sum(messages) AS messages, max(listed) AS listed FROM (
                SELECT author_id AS id, count(*) AS messages, 0 AS listed FROM messages
                WHERE ts + INTERVAL 8 HOUR >= DATE '{first}' AND ts + INTERVAL 8 HOUR < DATE '{end}'
                GROUP BY 1
                UNION ALL SELECT member_id, 0,
                    (joined_at_basis IN ('event', 'api', 'registration'))::INT FROM members)
            GROUP BY 1) GROUP BY 1, 2""",
    "activity_rhythm.activity_rhythm": """
        SELECT weekday, hour, sum(messages) AS messages, count(*) AS speakers,
            count(DISTINCT id) AS members
        FROM (SELECT author_id AS id, isodow(said) - 1 AS weekday, hour(said) AS hour, said::DATE AS day,
                count(*) AS messages FROM (
                    SELECT author_id, ts + INTERVAL 8 HOUR AS said FROM messages
                    WHERE ts + INTERVAL 8 HOUR >= DATE '{year}'
                    AND ts + INTERVAL 8 HOUR < DATE '{end}')
              GROUP BY 1, 2, 3, 4)
        GROUP BY 1, 2""",
}  # fmt: skip


def in_sql(name: str, folder: Path, calendar: Calendar) -> Callable[[], pd.DataFrame]:
    """Return a function that runs the SQL over the files."""
    connection = duckdb.connect()
    for table in ("messages", "members"):
        connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{folder / table}.parquet')")
    days = sorted(calendar.covered)
    sql = SQL[name].format(
        first=calendar.first, end=calendar.end, far=calendar.end + timedelta(days=56),
        new_from=days[HISTORY_DAYS], year=max(calendar.first, calendar.end - timedelta(days=364)),
    )  # fmt: skip
    return lambda: connection.sql(sql).df()


def _said(folder: Path, calendar: Calendar) -> pd.DataFrame:
    said = pd.read_parquet(folder / "messages.parquet", columns=["author_id", "ts"])
    at = said["ts"] + _EIGHT
    inside = (at >= pd.Timestamp(calendar.first)) & (at < pd.Timestamp(calendar.end))
    return pd.DataFrame({"id": said["author_id"], "at": at})[inside]


def _days(folder: Path, calendar: Calendar) -> pd.DataFrame:
    said = _said(folder, calendar)
    return said.assign(day=said["at"].dt.normalize())[["id", "day"]].drop_duplicates()


def _week(day: pd.Series) -> pd.Series:
    return day - pd.to_timedelta(day.dt.weekday, unit="D")


def _weeks(folder: Path, calendar: Calendar) -> pd.DataFrame:
    days = _days(folder, calendar)
    return days.assign(week=_week(days["day"]))[["id", "week"]].drop_duplicates()


def _actives(folder: Path, calendar: Calendar) -> pd.DataFrame:
    days = _days(folder, calendar).sort_values(["id", "day"])
    far = pd.Timestamp(calendar.end + timedelta(days=56))
    following = days.groupby("id")["day"].shift(-1).fillna(far)
    parts = [days["day"].value_counts().rename_axis("day").reset_index(name="members")]
    parts[0]["edge"] = "entered"
    for window in (1, 7, 28):
        left = (days["day"] + pd.Timedelta(days=window)).where(lambda d: d < following, following)
        counts = left.value_counts().rename_axis("day").reset_index(name="members")
        parts.append(counts.assign(edge=f"left{window}"))
    return pd.concat(parts)


def _stickiness(folder: Path, calendar: Calendar) -> pd.DataFrame:
    days = _days(folder, calendar)
    back = ((pd.Timestamp(calendar.end) - days["day"]).dt.days - 1) // 28
    active = (
        days.assign(back=back).groupby(["id", "back"]).size().rename("active_days").reset_index()
    )
    return active.groupby(["back", "active_days"]).size().rename("members").reset_index()


def _retention(folder: Path, calendar: Calendar) -> pd.DataFrame:
    said = pd.read_parquet(folder / "messages.parquet", columns=["author_id", "ts"])
    members = pd.read_parquet(folder / "members.parquet")
    spoke = (said.groupby("author_id")["ts"].min() + _EIGHT).rename("spoke")
    seen = members[members["joined_at_basis"].isin(_BASES)]
    joined = (seen.groupby("member_id")["joined_at"].min() + _EIGHT).rename("joined")
    people = pd.concat([joined, spoke], axis=1)
    new_from = pd.Timestamp(sorted(calendar.covered)[HISTORY_DAYS])
    first = people["spoke"].dt.normalize()
    once = people["spoke"].isna() | (people["joined"].dt.normalize() <= first)
    people = people[(people["joined"].notna() & once) | (first >= new_from)]
    start = people[["joined", "spoke"]].min(axis=1).dt.normalize()
    cohorts = _week(start).rename("cohort").rename_axis("id").reset_index()
    sizes = cohorts.groupby("cohort").size().rename("members").reset_index()
    both = cohorts.merge(_weeks(folder, calendar), on="id")
    active = both.groupby(["cohort", "week"]).size().rename("members").reset_index()
    return pd.concat([sizes.assign(week=pd.NaT), active])[["cohort", "week", "members"]]


def _lifecycle(folder: Path, calendar: Calendar) -> pd.DataFrame:
    weeks = _weeks(folder, calendar).sort_values(["id", "week"])
    by_member = weeks.groupby("id")["week"]
    before, after, seven = by_member.shift(1), by_member.shift(-1), pd.Timedelta(days=7)
    state = pd.Series("resurrected", index=weeks.index)
    state = state.mask(before == weeks["week"] - seven, "returning").mask(before.isna(), "new")
    silent = weeks[after != weeks["week"] + seven]
    came = pd.DataFrame({"week": weeks["week"], "state": state})
    gone = pd.DataFrame({"week": silent["week"] + seven, "state": "dormant"})
    both = pd.concat([came, gone])
    return both.groupby(["week", "state"]).size().rename("members").reset_index()


def _inequality(folder: Path, calendar: Calendar) -> pd.DataFrame:
    wrote = _said(folder, calendar).groupby("id").size().rename("messages")
    members = pd.read_parquet(folder / "members.parquet", columns=["member_id", "joined_at_basis"])
    listed = members["joined_at_basis"].isin(_BASES).astype(int)
    listed = listed.groupby(members["member_id"]).max().rename("listed")
    people = pd.concat([wrote, listed], axis=1).fillna(0)
    return people.groupby(["messages", "listed"]).size().rename("members").reset_index()


def _rhythm(folder: Path, calendar: Calendar) -> pd.DataFrame:
    said = _said(folder, calendar)
    said = said[said["at"] >= pd.Timestamp(calendar.end - timedelta(days=364))]
    at = said["at"].dt
    cells = pd.DataFrame(
        {"id": said["id"], "weekday": at.weekday, "hour": at.hour, "day": at.normalize()}
    )
    hours = cells.groupby(["weekday", "hour", "day", "id"]).size().rename("messages").reset_index()
    found = hours.groupby(["weekday", "hour"])
    return found.agg(
        messages=("messages", "sum"), speakers=("messages", "size"), members=("id", "nunique")
    ).reset_index()


PANDAS: dict[str, Callable[[Path, Calendar], pd.DataFrame]] = {
    "active_members.active_members": _actives,
    "active_members.stickiness": _stickiness,
    "retention.retention": _retention,
    "lifecycle.lifecycle": _lifecycle,
    "participation_inequality.participation_inequality": _inequality,
    "activity_rhythm.activity_rhythm": _rhythm,
}
