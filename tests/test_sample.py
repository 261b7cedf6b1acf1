"""The synthetic sample: the same bytes every time, true to the contract, handed out whole."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sampled import load
from shequn import sample, schema
from shequn.paths import DATA, SAMPLE
from shequn.text import ShequnError

HAND_WRITTEN = {"README.md"}
PARSE = {"integer": pd.to_numeric, "number": pd.to_numeric, "date": pd.to_datetime}


@pytest.fixture(scope="module")
def d():
    return load(SAMPLE)


# --- the files ------------------------------------------------------------------------------------


def test_generated_again_it_is_the_same_bytes(tmp_path):
    script = DATA / "make_sample.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True)
    made = {p.name for p in tmp_path.iterdir()}
    assert {p.name for p in SAMPLE.iterdir()} == made | HAND_WRITTEN
    for name in sorted(made):
        same = (SAMPLE / name).read_bytes() == (tmp_path / name).read_bytes()
        assert same, f"{name} is stale: run python data/make_sample.py"


def test_it_is_small_and_says_it_is_synthetic(d):
    assert sum(p.stat().st_size for p in SAMPLE.iterdir()) < 5_000_000
    package = json.loads((SAMPLE / "datapackage.json").read_text(encoding="utf-8"))
    assert package["community"]["synthetic"] is True
    assert "synthetic" in package["community"]["name"]
    assert "SYNTHETIC" in package["description"] and "合成" in package["description_zh"]
    assert d.truth["synthetic"] is True and "合成" in d.truth["notice_zh"]
    assert set(d.sources["platform"]) == {"synthetic"}


def test_the_readme_gives_the_planted_values(d):
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    english, chinese = text.split("\n# ")[:2]
    t = d.truth
    weeks = t["life"]["channels"]
    values = [
        f"{t['population']['silent_share']:.0%}",
        f"{t['life']['quit_probability']:.0%}",
        f"{t['newcomer_answer']['odds_ratio_alive_in_week_1']}",
        f"{t['newcomer_answer']['p_answered_evening']:.0%}",
        f"{t['newcomer_answer']['p_answered_other_hours']:.0%}",
        f"{t['campaign']['rate_ratio']}",
        f"{t['dirt']['low_week']['rate_ratio']}",
        f"K = {t['referral']['k']}",
        *(f"{1 - np.exp(-h):.1%}" for h in t["broadcasts"]["mute_hazard"]),
        *(f"{t['live_sessions'][p]:.0%}" for p in ("p_rsvp", "p_attend_given_rsvp")),
        f"{t['live_sessions']['p_attend_otherwise']:.0%}",
        f"{t['flags']['share_of_messages']:.1%}",
        f"{t['texts']['copied_share']:.0%}",
        f"{t['posting']['gini_rates']:.3f}",
        f"{t['posting']['p_post_in_week_while_alive']:.1%}",
        *(f"{channel['alive'][k]:.0%}" for channel in weeks.values() for k in (1, 12)),
        *(f"{channel['cost_per_join']:.2f}" for channel in t["channels"].values()),
    ]
    for part, word in ((english, "synthetic"), (chinese, "合成")):
        assert word in part.lower()
        assert [v for v in values if v not in part] == []


# --- the contract ---------------------------------------------------------------------------------


def test_tables_hold_to_the_contract(d):
    package = json.loads((SAMPLE / "datapackage.json").read_text(encoding="utf-8"))
    contract = schema.tables()
    assert {r["name"] for r in package["resources"]} == {p.stem for p in SAMPLE.glob("*.csv")}
    assert "identities" not in {r["name"] for r in package["resources"]}
    whole = {r["name"]: r["schema"]["fields"] for r in schema.descriptor()["resources"]}
    for resource in package["resources"]:
        table, named = getattr(d, resource["name"]), resource["schema"]["fields"]
        assert [f["name"] for f in named] == list(table.columns)
        assert all(field in whole[resource["name"]] for field in named)
        for column in contract[resource["name"]].columns.values():
            what = f"{resource['name']}.{column.name}"
            if column.name not in table:
                assert not column.required, what
                continue
            values = table[column.name]
            empty = values.isna() if column.type == "datetime" else values.astype(str) == ""
            assert not (column.required and empty.any()), what
            filled = values[~empty]
            assert filled.is_unique or not column.unique, what
            assert set(filled) <= set(column.enum) or not column.enum, what
            if column.type == "boolean":
                assert set(filled) <= {"true", "false"}, what
            if column.type == "datetime":
                assert str(values.dtype).startswith("datetime64"), what
            if column.type in PARSE:
                parsed = PARSE[column.type](filled)
                if column.minimum is not None:
                    assert (parsed >= column.minimum).all(), what
            if column.type == "integer":
                assert (pd.to_numeric(filled) % 1 == 0).all(), what
        for column, other, key in contract[resource["name"]].references:
            named = set(getattr(d, resource["name"])[column]) - {""}
            assert named <= set(getattr(d, other)[key]), f"{resource['name']}.{column}"


def test_frictionless_finds_no_fault():
    from frictionless import validate

    report = validate(str(SAMPLE / "datapackage.json"))
    assert report.valid, report.flatten(["title", "message"])[:5]


def test_every_person_named_is_a_member(d):
    known = set(d.members["member_id"])
    for table, column in [("members", "inviter_id"), ("membership_events", "actor_id"),
                          ("reactions", "member_id"), ("events", "member_id")]:  # fmt: skip
        assert set(getattr(d, table)[column]) - {""} <= known, f"{table}.{column}"
    for props in d.events["props"]:
        assert not props or json.loads(props).get("inviter", "x0001") in known


def test_times_lie_in_coverage_and_in_order(d):
    for table in ("membership_events", "messages", "events", "orders", "reactions"):
        ts = getattr(d, table)["ts"]
        assert ((ts >= d.start) & (ts < d.end)).all(), table
        assert ts.is_monotonic_increasing, table
    left = d.members["left_at"].dropna()
    assert (left > d.members.loc[left.index, "joined_at"]).all()
    assert ((d.members["left_at_basis"] == "event") == d.members["left_at"].notna()).all()
    days = pd.to_datetime(d.spend["date"]).dt.tz_localize("Asia/Shanghai")
    assert ((days >= d.start) & (days < d.end)).all()


def test_replies_come_after_what_they_answer_and_share_its_thread(d):
    m = d.messages.set_index("message_id")
    replies = m[m["reply_to_id"] != ""]
    target = m.loc[replies["reply_to_id"]]
    assert (replies["ts"].to_numpy() > target["ts"].to_numpy()).all()
    assert (replies["author_id"].to_numpy() != target["author_id"].to_numpy()).all()
    assert (replies["thread_id"].to_numpy() == target["thread_id"].to_numpy()).all()
    assert (replies["channel_id"].to_numpy() == target["channel_id"].to_numpy()).all()
    assert (replies["reply_basis"] == "explicit").all()
    alone = m[m["reply_to_id"] == ""]
    assert (alone["thread_id"] == alone.index).all() and (alone["reply_basis"] == "").all()
    assert ((m["kind"] == "text") == (m["n_chars"] != "")).all()


def presence(d):
    """Return every stay of every member, from membership_events: joined, then left or the end."""
    moves = d.membership_events.sort_values(["member_id", "ts"], kind="stable")
    last = moves.groupby("member_id")["action"].shift()
    alternate = (moves["action"] == "join") == last.isin(["leave", np.nan])
    assert alternate.all(), "joins and leaves do not alternate"
    until = moves.groupby("member_id")["ts"].shift(-1).fillna(d.end)
    return moves.assign(until=until)[moves["action"] == "join"]


def test_nobody_does_anything_while_away(d):
    stays = presence(d)[["member_id", "ts", "until"]].rename(columns={"ts": "since"})
    for table, column in [("messages", "author_id"), ("reactions", "member_id"),
                          ("orders", "member_id")]:  # fmt: skip
        acts = getattr(d, table)[[column, "ts"]].reset_index()
        acts = acts.merge(stays, left_on=column, right_on="member_id", suffixes=("", "_of"))
        inside = acts[(acts["ts"] >= acts["since"]) & (acts["ts"] < acts["until"])]
        assert len(inside) == len(getattr(d, table)), table
    invited = d.members[d.members["inviter_id"] != ""]
    host = d.members.set_index("member_id").loc[invited["inviter_id"]]
    assert (invited["joined_at"].to_numpy() > host["joined_at"].to_numpy()).all()
    gone = host["left_at"].fillna(d.end).to_numpy()
    assert (invited["joined_at"].to_numpy() < gone).all()


def test_roster_and_moves_tell_the_same_story(d):
    stays = presence(d).groupby("member_id").agg(since=("ts", "min"), until=("until", "max"))
    people = d.members.set_index("member_id").join(stays)
    assert (people["since"] == people["joined_at"]).all()
    assert (people["until"] == people["left_at"].fillna(d.end)).all()
    planted = [tuple(row) for row in d.truth["dirt"]["rejoins"]]
    text = d.membership_events.assign(
        at=d.membership_events["ts"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    rows = set(text[["member_id", "action", "at"]].itertuples(index=False, name=None))
    assert len(planted) == 40 == len(presence(d)) - len(d.members)
    assert all({(who, "leave", a), (who, "join", b)} <= rows for who, a, b in planted)


# --- handing it out -------------------------------------------------------------------------------


def test_a_copy_is_whole(tmp_path):
    out = sample.copy_sample(tmp_path / "new" / "place")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == {
        p.name: p.read_bytes() for p in SAMPLE.iterdir()
    }
    assert [p.name for p in out.parent.iterdir()] == ["place"]
    (tmp_path / "empty").mkdir()
    assert (sample.copy_sample(tmp_path / "empty") / "members.csv").is_file()


def test_a_copy_overwrites_nothing(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "members.csv").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    for name in ("mine", "file", "here", "link", "file/below"):
        with pytest.raises(ShequnError) as error:
            sample.copy_sample(tmp_path / name)
        assert error.value.say("zh") != error.value.say("en")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "here", "link", "mine"]
    assert (tmp_path / "mine" / "members.csv").read_text() == "mine"


def test_a_copy_that_stops_leaves_nothing(tmp_path, monkeypatch):
    def full(source, target, **_):
        with open(target, "w") as file:  # noqa: PTH123
            file.write("half")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(sample.shutil, "copyfile", full)
    with pytest.raises(ShequnError):
        sample.copy_sample(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
