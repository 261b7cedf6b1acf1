"""What stands beside the talk in the sample agrees with the truth: broadcasts, sessions, flags, texts."""

import json

import numpy as np
import pandas as pd
import pytest

from sampled import WEEK, agrees, agrees_share, load
from shequn.paths import SAMPLE

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def d():
    return load(SAMPLE)


def named(d, name):
    return d.events[d.events["name"] == name]


def test_broadcasts_keep_their_number_and_muting_its_hazard(d):
    t = d.truth["broadcasts"]
    weeks = int((d.end - d.start) // WEEK)
    sent = np.bincount((named(d, "broadcast")["ts"] - d.start) // WEEK, minlength=weeks)
    cycle = np.repeat(t["a_week"], t["weeks_each"])
    assert sent.tolist() == np.resize(cycle, weeks).tolist()
    hours = named(d, "broadcast")["ts"].dt.tz_convert(ZONE).dt.hour
    assert hours.between(10, 19).all()
    muted = named(d, "mute").set_index("member_id")["ts"]
    assert muted.index.is_unique
    at_risk, hits = dict.fromkeys(t["a_week"], 0), dict.fromkeys(t["a_week"], 0)
    for member in d.people.itertuples():
        first = -((d.start - member.joined_at) // WEEK)
        last = (member.gone - d.start) // WEEK
        end = (muted.get(member.member_id, d.end) - d.start) // WEEK
        for week in range(first, min(last, weeks)):
            at_risk[sent[week]] += 1
            hits[sent[week]] += week == end
            if week == end:
                break
    assert sum(hits.values()) == len(muted) > 200
    for n, hazard in zip(t["a_week"], t["mute_hazard"], strict=True):
        agrees_share(f"muting at {n} a week", hits[n], at_risk[n], 1 - np.exp(-hazard))


def test_live_sessions_are_on_thursdays_and_attended_as_written(d):
    t = d.truth["live_sessions"]
    came, said = named(d, "attend"), named(d, "rsvp")
    times = came["ts"].dt.tz_convert(ZONE)
    assert (times.dt.day_of_week == 3).all() and (times.dt.hour == 20).all()
    assert not came[["member_id", "campaign"]].duplicated().any()
    assert not said[["member_id", "campaign"]].duplicated().any()
    lives = d.people.set_index("member_id")
    ends = (lives["joined_at"] + lives["life_weeks"] * WEEK).clip(upper=d.end)
    there = rsvps = attended = walked = 0
    for campaign in sorted(set(came["campaign"])):
        day = pd.Timestamp(campaign.removeprefix("live-"), tz="UTC")
        at = day + pd.Timedelta(hours=12)  # 20:00 in Shanghai
        here = (
            (lives["joined_at"] + pd.Timedelta(days=4) <= at) & (ends > at) & (lives["gone"] > at)
        )
        may = set(lives.index[here])
        yes = set(said.loc[said["campaign"] == campaign, "member_id"])
        seen = set(came.loc[came["campaign"] == campaign, "member_id"])
        assert yes | seen <= may
        there, rsvps = there + len(may), rsvps + len(yes)
        attended, walked = attended + len(yes & seen), walked + len(seen - yes)
    agrees_share("says so", rsvps, there, t["p_rsvp"])
    agrees_share("comes", attended, rsvps, t["p_attend_given_rsvp"])
    agrees_share("walks in", walked, there - rsvps, t["p_attend_otherwise"])


def test_flags_are_of_ordinary_messages_and_dealt_with_in_time(d):
    t = d.truth["flags"]
    flags = named(d, "flag").set_index("session_id")
    done = named(d, "flag_resolved").set_index("session_id")["ts"]
    messages = flags["props"].map(lambda p: json.loads(p)["message_id"])
    ordinary = d.messages[d.messages["author_id"].isin(d.people["member_id"])]
    assert messages.is_unique and set(messages) <= set(ordinary["message_id"])
    agrees_share("flagged", len(flags), len(ordinary), t["share_of_messages"])
    hours = ((done - flags["ts"]).dropna() / pd.Timedelta(hours=1)).to_numpy()
    assert (hours > 0).all()
    agrees("hours", hours.mean(), t["resolved_hours_mean"], hours.std() / np.sqrt(len(hours)))


def test_texts_are_in_one_room_and_copied_as_written(d):
    t = d.truth["texts"]
    texts = d.messages[d.messages["text"] != ""]
    assert set(texts["channel_id"]) == {t["room"]} and set(texts["kind"]) == {"text"}
    assert set(texts["author_id"]) <= set(d.people["member_id"])
    assert (texts["n_chars"].astype(int) == texts["text"].str.len()).all()
    # The originals come again and again, and no other of these stands at their end.
    often = [text for text, n in texts["text"].value_counts().items() if n > 20]
    originals = [a for a in often if not any(a != b and a.endswith(b) for b in often)]
    assert len(originals) == t["originals"]
    copied = texts["text"].map(lambda text: next((o for o in originals if text.endswith(o)), ""))
    agrees_share("copied", (copied != "").sum(), len(texts), t["copied_share"])
    altered = ((copied != "") & (copied != texts["text"])).sum()
    agrees_share("altered", altered, (copied != "").sum(), t["altered_share_of_copies"])
