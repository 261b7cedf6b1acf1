"""Make data/sample: a small synthetic community whose true laws are known.

``python data/make_sample.py [--out FOLDER]`` writes the same bytes every time. Nobody in it exists.
The laws are in synthesis/law.py; the truth they imply goes to FOLDER/truth.json. README.md in the
folder is written by hand.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from synthesis import law
from synthesis.draw import FIRST, arrive, live, rejoin, talk
from synthesis.extras import extras
from synthesis.rows import Row, conversation, roster, shop, spending, stamp, steps
from synthesis.truth import truth

HERE = Path(__file__).resolve().parent
COLUMNS = {
    "members": "member_id joined_at joined_at_basis join_method join_channel inviter_id left_at"
    " left_at_basis role is_staff is_bot",
    "membership_events": "event_id ts member_id action actor_id method",
    "messages": "message_id channel_id thread_id author_id ts kind text n_chars reply_to_id"
    " reply_basis",
    "reactions": "message_id member_id emoji ts",
    "mentions": "message_id target_id kind",
    "events": "event_id ts member_id session_id name channel campaign value props",
    "orders": "order_id member_id ts gross discount refund cost currency product qty",
    "spend": "date channel impressions clicks cost currency",
    "sources": "source_id platform format tz_assumed covers_from covers_to rows_read rows_kept"
    " rows_unparsed",
}
COMMUNITY = {
    "name": "示例社群 (synthetic)",
    "timezone": "Asia/Shanghai",
    "day_start": "00:00",
    "week_start": "monday",
    "synthetic": True,
}


def make(seed: int) -> tuple[dict[str, list[Row]], dict[str, Any]]:
    """Draw the community; return its tables and the truth about it."""
    rng = np.random.default_rng(seed)
    visits = arrive(rng)
    members = live(rng, visits)
    said = talk(rng, members)
    orders, first, bought = shop(rng, members)
    own = said.author >= FIRST
    done = list(zip((said.author[own] - FIRST).tolist(), said.t[own].tolist(), strict=True))
    done += bought + [(int(who), law.ASSIGNED_AT) for who in np.flatnonzero(members.eligible)]
    gaps = rejoin(rng, members, done)
    tables = {
        **roster(members, gaps),
        **conversation(rng, said, members),
        "events": steps(rng, visits, members, first),
        "orders": orders,
        "spend": spending(rng, visits),
    }
    tables["messages"], beside = extras(seed, tables["messages"], members)
    tables["events"] = sorted(tables["events"] + beside, key=lambda row: row[1])  # keeps the rest
    n = sum(len(rows) for rows in tables.values())
    covered = (stamp(0), stamp(law.END - 1))
    tables["sources"] = [
        ("s1", "synthetic", "make_sample.py", COMMUNITY["timezone"], *covered, n, n, 0)
    ]
    return tables, truth(members, gaps)


def package() -> dict[str, Any]:
    """Return the contract narrowed to the sample's tables and columns, with the community."""
    whole = json.loads((HERE / "datapackage.json").read_text(encoding="utf-8"))
    kept = {}
    for resource in whole.pop("resources"):
        names = COLUMNS.get(resource["name"], "").split()
        fields = {f["name"]: f for f in resource["schema"]["fields"]}
        if names:
            resource["schema"]["fields"] = [fields[name] for name in names]
            # A tabular package must have tabular resources: frictionless refuses it otherwise.
            kept[resource["name"]] = {**resource, "profile": "tabular-data-resource"}
    return {
        **whole,
        "name": "shequn-sample",
        "title": "A synthetic community",
        "title_zh": "合成的示例社群",
        "description": "SYNTHETIC: drawn by data/make_sample.py from known laws; see truth.json.",
        "description_zh": "合成数据：由 data/make_sample.py 按已知规律生成，规律见 truth.json。",
        "community": COMMUNITY,
        "resources": [kept[name] for name in COLUMNS],
    }


def _on_one_line(found: re.Match[str]) -> str:
    return "[" + re.sub(r",\n\s+", ", ", found[1]) + "]"


def write(out: Path, seed: int = law.SEED) -> None:
    """Write every generated file of the sample into a folder."""
    tables, facts = make(seed)
    out.mkdir(parents=True, exist_ok=True)
    for name, columns in COLUMNS.items():
        with (out / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(columns.split())
            lines.writerows(tables[name])
    for name, content in (("datapackage", package()), ("truth", facts)):
        text = json.dumps(content, ensure_ascii=False, indent=1)
        text = re.sub(r"\[\n\s+([^][{}]*?)\n\s+\]", _on_one_line, text)
        (out / f"{name}.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "sample")
    write(parser.parse_args().out)
