"""Reads the synthetic sample for its tests, and holds what it shows against what is true."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd

WEEK = pd.Timedelta(days=7)
WIDTH = 3.0  # standard errors


def agrees(what, observed, expected, error):
    """Fail where an observed value is too far from the true one."""
    assert error > 0, what
    assert abs(observed - expected) <= WIDTH * error, (
        f"{what}: observed {observed:.4f}, true {expected:.4f}, standard error {error:.4f}"
    )


def agrees_share(what, hits, n, expected):
    """Fail where a share of n independent trials is too far from its true probability."""
    agrees(what, hits / n, expected, np.sqrt(expected * (1 - expected) / n))


def load(folder):
    """Read the sample's tables, times as UTC, with the truth and a table of ordinary members."""
    tables = {
        p.stem: pd.read_csv(p, dtype=str, keep_default_na=False) for p in folder.glob("*.csv")
    }
    for table in tables.values():
        for column in {"ts", "joined_at", "left_at", "covers_from", "covers_to"} & set(table):
            table[column] = pd.to_datetime(table[column], format="%Y-%m-%dT%H:%M:%SZ", utc=True)
        for column in {"gross", "refund", "cost"} & set(table):
            table[column] = pd.to_numeric(table[column])
    d = SimpleNamespace(**tables)
    d.truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    d.start = d.sources["covers_from"].iloc[0]
    d.end = d.sources["covers_to"].iloc[0] + pd.Timedelta(seconds=1)
    people = d.members.assign(gone=d.members["left_at"].fillna(d.end))
    ordinary = people[(people["is_staff"] == "false") & (people["is_bot"] == "false")]
    hidden = {k: v for k, v in d.truth["latent"].items() if isinstance(v, list)}
    d.people = ordinary.merge(pd.DataFrame(hidden), on="member_id", validate="1:1")
    d.people["silent"] = d.people["silent"].astype(bool)
    d.people["answered"] = d.people["answered"].astype(bool)
    posts = d.messages.merge(
        d.people[["member_id", "joined_at"]], left_on="author_id", right_on="member_id"
    )
    d.posts = posts.assign(age=(posts["ts"] - posts["joined_at"]) // WEEK)
    campaign, low = d.truth["campaign"], pd.Timestamp(d.truth["dirt"]["low_week"]["starts"])
    d.campaign = pd.Timestamp(campaign["starts"]), pd.Timestamp(campaign["ends"])
    d.odd = [d.campaign, (low, low + WEEK)]
    return d
