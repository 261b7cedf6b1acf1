"""What the synthetic sample shows agrees with the truth written beside it.

Agreement is held to three standard errors. Expected values come from truth.json alone, never from
the code that drew the sample.
"""

import json

import numpy as np
import pandas as pd
import pytest

from sampled import WEEK, agrees, agrees_share, load
from shequn.paths import SAMPLE


@pytest.fixture(scope="module")
def d():
    return load(SAMPLE)


def ordinary_weeks(d, joined, first, last):
    """Return True where weeks first…last of membership are over and miss campaign and low week."""
    begins, ends = joined + first * WEEK, joined + (last + 1) * WEEK
    whole = ends <= d.end
    for start, end in d.odd:
        whole &= (ends <= start) | (begins >= end)
    return whole


def test_the_planted_number_never_posts(d):
    quiet = set(d.members["member_id"]) - set(d.messages["author_id"])
    assert quiet == set(d.people.loc[d.people["silent"], "member_id"])
    t = d.truth["population"]
    assert len(quiet) == t["silent"] == round(t["silent_share"] * t["ordinary"])
    assert t["ordinary"] == len(d.people)
    assert t["staff"] == (d.members["is_staff"] == "true").sum()
    assert t["bots"] == (d.members["is_bot"] == "true").sum()


def curves(d):
    """Return each member's true P(alive in week k), members × weeks."""
    laws = d.truth["life"]["channels"]
    pairs = zip(d.people["join_channel"], d.people["answered"], strict=True)
    return np.array([laws[c]["alive_if_answered" if a else "alive"] for c, a in pairs])


def test_lives_follow_the_written_law(d):
    truth = curves(d)
    for k in (1, 2, 4, 8, 12, 26, 52):
        for channel in d.truth["life"]["channels"]:
            mine = (d.people["join_channel"] == channel).to_numpy()
            p = truth[mine, k]
            alive = (d.people.loc[mine, "life_weeks"] > k).mean()
            agrees(
                f"{channel} alive {k}", alive, p.mean(), np.sqrt((p * (1 - p)).sum()) / mine.sum()
            )
    assert d.truth["life"]["alive"] == pytest.approx(truth.mean(axis=0), abs=1e-5)
    law = d.truth["life"]["channels"]["wechat_moments"]
    a, b = law["alpha"], law["beta"]  # Fader & Hardie's sBG by hand, weeks 1 and 2
    assert law["alive"][:3] == pytest.approx(
        [1, b / (a + b), b / (a + b) * (b + 1) / (a + b + 1)], abs=1e-6
    )


def kaplan_meier(days, left, at):
    """Return the product-limit survival at an age and Greenwood's standard error."""
    ages, counts = np.unique(days[left & (days <= at)], return_counts=True)
    risk = np.array([(days >= age).sum() for age in ages])
    value = np.prod(1 - counts / risk)
    return value, value * np.sqrt((counts / (risk * (risk - counts))).sum())


def test_the_roster_empties_as_written(d):
    days = ((d.people["gone"] - d.people["joined_at"]) / pd.Timedelta(days=1)).to_numpy()
    left = d.people["left_at"].notna().to_numpy()
    on_roster = 1 - d.truth["life"]["quit_probability"] * (1 - curves(d))
    for k in (1, 3, 7, 12, 25, 51):
        value, error = kaplan_meier(days, left, 7 * (k + 1))
        agrees(f"on the roster {k}", value, d.truth["life"]["on_roster"][k], error)
        for channel in d.truth["life"]["channels"]:
            mine = (d.people["join_channel"] == channel).to_numpy()
            value, error = kaplan_meier(days[mine], left[mine], 7 * (k + 1))
            agrees(f"{channel} on the roster {k}", value, on_roster[mine, k].mean(), error)


def test_the_living_post_as_often_as_written(d):
    speakers = d.people[~d.people["silent"]]
    p = d.truth["posting"]["p_post_in_week_while_alive"]
    posted = set(d.posts[["author_id", "age"]].itertuples(index=False, name=None))
    came, weeks = np.zeros((2, len(speakers)))
    for k in range(1, 78):
        whole = (speakers["life_weeks"] > k) & ordinary_weeks(d, speakers["joined_at"], k, k)
        weeks += whole
        came += whole & np.array([(m, k) in posted for m in speakers["member_id"]])
    n = weeks.sum()
    agrees("posts in a week", came.sum() / n, p, np.sqrt(((came - p * weeks) ** 2).sum()) / n)


def test_retention_by_calendar_week(d):
    zone = "Asia/Shanghai"
    monday = lambda ts: ts.dt.tz_convert(zone).dt.tz_localize(None).dt.to_period("W").dt.start_time  # noqa: E731
    cohort = monday(d.people["joined_at"])
    size = cohort.map(cohort.value_counts())
    end = d.end.tz_convert(zone).tz_localize(None)
    weeks = d.posts.assign(week=monday(d.posts["ts"]))[["author_id", "week"]].drop_duplicates()
    seen = d.people.assign(cohort=cohort).merge(weeks, left_on="member_id", right_on="author_id")
    age = (seen["week"] - seen["cohort"]) // WEEK
    t = d.truth["retention"]
    for k in (0, 1, 2, 4, 8, 12, 26, 52):
        whole = (size >= 5) & (cohort + (k + 1) * WEEK <= end)
        assert whole.sum() == t["calendar_weeks_n"][k]
        kept = seen["member_id"].isin(d.people.loc[whole, "member_id"])
        observed = (kept & (age == k)).sum() / whole.sum()
        if k == 0:  # everybody's first post is known
            assert observed == pytest.approx(t["calendar_weeks"][0], abs=1e-6)
        else:
            agrees(f"retention {k}", observed, t["calendar_weeks"][k], t["calendar_weeks_error"][k])
    by_age = np.array(t["by_age_speakers"])
    speaks = ~d.people["silent"].to_numpy()
    p = d.truth["posting"]["p_post_in_week_while_alive"]
    assert by_age[1:] == pytest.approx(curves(d)[speaks, 1:].mean(axis=0) * p, abs=1e-5)
    assert t["by_age_roster"] == pytest.approx(by_age * speaks.mean(), abs=1e-5)


def gini(x):
    """Return the mean absolute difference over twice the mean."""
    return np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())


def test_inequality_is_as_written(d):
    t, rng = d.truth["posting"], np.random.default_rng(1)
    assert t["gini_rates"] == pytest.approx(2 / np.pi, abs=1e-6)  # Gamma with shape one half
    speakers = d.people[~d.people["silent"]]
    first = pd.Timestamp("2025-10-05T16:00:00Z")
    alive = speakers["joined_at"] + speakers["life_weeks"] * WEEK >= first + 4 * WEEK
    month = speakers[alive & (speakers["joined_at"] < first - pd.Timedelta(days=1))]
    inside = d.posts[(d.posts["ts"] >= first) & (d.posts["ts"] < first + 4 * WEEK)]
    counts = inside["author_id"].value_counts().reindex(month["member_id"], fill_value=0).to_numpy()
    for what, x, true in [("rates", speakers["posts_a_day"].to_numpy(), t["gini_rates"]),
                          ("counts", counts, t["gini_counts_28_days"])]:  # fmt: skip
        error = np.std([gini(rng.choice(x, x.size)) for _ in range(200)])
        agrees(f"Gini of {what}", gini(x), true, error)


def test_channels_bring_keep_and_cost_as_written(d):
    t, steps = d.truth["channels"], d.events.groupby(["channel", "name"]).size()
    cost, joins = d.spend.groupby("channel")["cost"].sum(), d.people["join_channel"].value_counts()
    for name, fact in t.items():
        shown, clicked, joined = (steps[name, step] for step in ("exposure", "click", "join"))
        agrees_share(f"{name} click", clicked, shown, fact["p_click_given_exposure"])
        agrees_share(f"{name} join", joined, clicked, fact["p_join_given_click"])
        assert joined == joins[name] == fact["members"]
        # The cost of a join varies as 1 / joins does: relative error no more than 1 / √joins.
        error = fact["cost_per_join"] / np.sqrt(joined)
        agrees(f"{name} cost", cost[name] / joins[name], fact["cost_per_join"], error)
    assert joins.idxmax() == "paid_ads"  # looks best on joins, and keeps fewest
    posts = d.posts[d.posts["age"] == 12]["author_id"]
    old = d.people[d.people["joined_at"] + 13 * WEEK <= d.end]
    kept = old["member_id"].isin(posts).groupby(old["join_channel"]).mean()
    assert kept.idxmin() == "paid_ads"
    assert kept["referral"] > kept["wechat_moments"] > kept["paid_ads"]
    assert t["paid_ads"]["margin_to_cost"] < 1 < t["referral"]["margin_to_cost"]


def test_the_campaign_raised_posting_as_written(d):
    t, (start, end) = d.truth["campaign"], d.campaign
    assigned = d.events[d.events["campaign"] == t["campaign"]]
    treated = assigned["props"].map(lambda p: json.loads(p)["arm"] == "treatment").to_numpy()
    assert (assigned["ts"] == pd.Timestamp(t["assigned_at"])).all()
    assert (treated.size, treated.sum()) == (t["eligible"], t["treated"])
    counts = [
        d.posts[(d.posts["ts"] >= a) & (d.posts["ts"] < b)]["author_id"]
        .value_counts().reindex(assigned["member_id"], fill_value=0).to_numpy()
        for a, b in ((start, end), (start - 4 * WEEK, start))
    ]  # fmt: skip
    ratio, error = [], []
    for y in counts:
        means = [y[treated].mean(), y[~treated].mean()]
        ratio.append(np.log(means[0] / means[1]))
        squares = [np.var(y[treated]) / means[0] ** 2, np.var(y[~treated]) / means[1] ** 2]
        error.append(np.sqrt(squares[0] / treated.sum() + squares[1] / (~treated).sum()))
    agrees("campaign", ratio[0], np.log(t["rate_ratio"]), error[0])
    agrees("before the campaign", ratio[1], 0.0, error[1])
    # Against each member's own past the effect stands out of the noise.
    scores = [y / np.where(treated, y[treated].mean(), y[~treated].mean()) for y in counts]
    change, arms = scores[0] - scores[1], (treated.sum(), (~treated).sum())
    spread = np.sqrt(np.var(change[treated]) / arms[0] + np.var(change[~treated]) / arms[1])
    agrees("campaign against the past", ratio[0] - ratio[1], np.log(t["rate_ratio"]), spread)
    assert ratio[0] - ratio[1] > 2 * spread


def mantel_haenszel(strata):
    """Return the common log odds ratio of (a, b, c, d) tables and its standard error (RBG)."""
    a, b, c, d = np.array(strata, dtype=float).T
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    total = r.sum(), s.sum()
    variance = (p * r).sum() / (2 * total[0] ** 2) + (q * s).sum() / (2 * total[1] ** 2)
    variance += (p * s + q * r).sum() / (2 * total[0] * total[1])
    return np.log(total[0] / total[1]), np.sqrt(variance)


def test_answers_to_first_posts_do_what_is_written(d):
    t = d.truth["newcomer_answer"]
    bots = set(d.members.loc[d.members["is_bot"] == "true", "member_id"])
    first = d.posts.drop_duplicates("author_id").set_index("message_id")
    replies = d.messages[d.messages["reply_to_id"].isin(first.index)]
    replies = replies[~replies["author_id"].isin(bots)]
    asked = first.loc[replies["reply_to_id"]]
    soon = (replies["ts"].to_numpy() - asked["ts"].to_numpy()) <= np.timedelta64(24, "h")
    answered = d.people["member_id"].isin(asked["author_id"][soon])
    assert (answered == d.people["answered"]).all() and answered.sum() == t["answered"]

    speakers = d.people[~d.people["silent"]]
    said = first.reset_index().set_index("author_id").loc[speakers["member_id"], "ts"]
    hour = said.dt.tz_convert("Asia/Shanghai").dt.hour.to_numpy()
    evening = (hour >= t["host_hours_local"][0]) & (hour < t["host_hours_local"][1])
    hits = speakers["answered"].to_numpy()
    agrees_share("evening", hits[evening].sum(), evening.sum(), t["p_answered_evening"])
    agrees_share("other hours", hits[~evening].sum(), (~evening).sum(), t["p_answered_other_hours"])
    by_host = replies[replies["author_id"] == t["host"]]
    assert len(by_host) == (hits & evening).sum()

    alive = speakers["life_weeks"] > 1
    posted = d.posts[d.posts["age"].between(1, 4)]["author_id"]
    again = speakers["member_id"].isin(posted)
    seen = ordinary_weeks(d, speakers["joined_at"], 1, 4)
    tables = {"alive": [], "again": []}
    for channel, fact in t["channels"].items():
        mine = speakers["join_channel"] == channel
        for what, kept, which in (("alive", alive, mine), ("again", again, mine & seen)):
            cells = [(which & (speakers["answered"] == arm) & (kept == k)).sum()
                     for arm in (True, False) for k in (True, False)]  # fmt: skip
            tables[what].append(cells)
        yes, no, yes0, no0 = tables["again"][-1]
        agrees_share(f"{channel} answered, again", yes, yes + no, fact["p_again_answered"])
        agrees_share(f"{channel} unanswered, again", yes0, yes0 + no0, fact["p_again_unanswered"])
    log_odds, error = mantel_haenszel(tables["alive"])
    agrees("odds of living on", log_odds, np.log(t["odds_ratio_alive_in_week_1"]), error)
    assert log_odds > 2 * error
    a, b, c, e = np.sum(tables["again"], axis=0)
    pooled, error = np.log(a * e / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / e)
    agrees("odds of posting again", pooled, np.log(t["pooled_odds_ratio_again"]), error)


def test_members_bring_members_as_written(d):
    t = d.truth["referral"]
    complete = d.people[d.people["joined_at"] < d.end - pd.Timedelta(days=8)]
    k = d.people["inviter_id"].isin(complete["member_id"]).sum() / len(complete)
    agrees("K", k, t["k"], np.sqrt(t["k"] / len(complete)))
    referred = d.people["join_channel"] == "referral"
    assert (referred == (d.people["inviter_id"] != "")).all()
    wait = d.people[referred].merge(d.people[["member_id", "joined_at"]], left_on="inviter_id",
                                    right_on="member_id", suffixes=("", "_inviter"))  # fmt: skip
    days = (wait["joined_at"] - wait["joined_at_inviter"]) / pd.Timedelta(days=1)
    agrees(
        "days to invite", days.mean(), t["invite_days"] / 2 + 0.02, days.std() / np.sqrt(len(days))
    )


def test_orders_follow_the_written_law(d):
    t = d.truth["orders"]
    ends = np.minimum(d.people["joined_at"] + d.people["life_weeks"] * WEEK, d.end)
    weeks = ((ends - d.people["joined_at"]) / WEEK).to_numpy()
    n = d.orders["member_id"].value_counts().reindex(d.people["member_id"], fill_value=0).to_numpy()
    rate = n.sum() / weeks.sum()
    error = np.sqrt(((n - rate * weeks) ** 2).sum()) / weeks.sum()
    agrees("orders a week", rate, t["orders_a_week_while_alive"], error)
    gross, size = d.orders["gross"], len(d.orders)
    agrees("order value", gross.mean(), t["gross_mean"], gross.std() / np.sqrt(size))
    agrees_share("refunds", (d.orders["refund"] > 0).sum(), size, t["refund_probability"])
    margin = gross - d.orders["refund"] - d.orders["cost"]
    agrees("margin", margin.mean(), t["margin_per_order"], margin.std() / np.sqrt(size))
    first = d.events[d.events["name"] == "first_order"]
    assert set(first["member_id"]) == set(d.orders["member_id"]) and first["member_id"].is_unique


def test_the_low_week_and_the_bots_are_there(d):
    start, end = d.odd[1]
    ordinary = d.posts.loc[d.posts["channel_id"] != "intro", "ts"]
    low = ((ordinary >= start) & (ordinary < end)).sum()
    around = ((ordinary >= start - 2 * WEEK) & (ordinary < end + 2 * WEEK)).sum() - low
    ratio = low / (around / 4)
    agrees("low week", ratio, d.truth["dirt"]["low_week"]["rate_ratio"], ratio * 2 / np.sqrt(low))
    written = d.messages["author_id"].value_counts()
    dirt = d.truth["dirt"]
    assert written[dirt["welcome_bot"]] == (~d.people["silent"]).sum()
    assert written[dirt["digest_bot"]] == 549
    ends = d.people["joined_at"] + d.people["life_weeks"] * WEEK
    here = d.people["left_at"].isna() & (ends < d.end)
    assert dirt["fallen_silent_but_on_roster_at_end"] == here.sum()
