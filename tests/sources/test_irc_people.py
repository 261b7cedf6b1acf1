"""Who is who among the nicks, and which of them are robots."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hand_made import Imported
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shequn.sources.bots import is_robot
from shequn.sources.readers.irc_lines import lower
from shequn.sources.readers.irc_people import is_placeholder


@pytest.fixture
def who(imported: Callable[..., Imported]) -> Callable[..., Imported]:
    """Return a function that imports texts, each the log of a day of May 2024."""
    return lambda *texts: imported({f"c 2024-05-{i + 10}": t for i, t in enumerate(texts)})


def same(got: Imported, *nicks: str) -> bool:
    return len({got.ids[n] for n in nicks}) == 1


def people(got: Imported) -> int:
    return len(set(got.ids.values()))


def robots(got: Imported) -> set[str]:
    flagged = {r["member_id"] for r in got.rows("members") if r["is_bot"] == "true"}
    return {nick for nick, own in got.ids.items() if own in flagged}


def said(got: Imported) -> str:
    """Return what the report says of nicks."""
    return next(a.en for a in got.report.assumptions if a.en.startswith("A nick"))


@pytest.mark.parametrize(
    ("name", "robot"),
    [
        ("ubottu", True), ("floodbot2", True), ("wm-bot", True), ("rustbot", True), ("mwbot_", True),
        ("wikibugs", True), ("gerrit-wm", True), ("eval", True), ("robotti^", False),
        ("bottle", False), ("bob", False), ("botanist", False), ("talbot", False),
        ("dependabot[bot]", True), ("GitHub Bot", True), ("News_Bot", True), ("Daily NewsBot", True),
        ("Jane Talbot", False), ("Jane Cabot", False), ("Marie-Claire Chabot", False),
        ("Anne Corbot", False), ("Mr Robot", False), ("Abbot_", False),
        ("天气机器人", True), ("群機器人2号", True), ("机器人(3)", True), ("天气bot", True), ("小爱 Bot", True),
        ("我不是机器人", False), ("爱机器人", False), ("机器人研究员", False), ("小王", False), ("", False),
    ],
)  # fmt: skip
def test_robots(name: str, robot: bool) -> None:
    assert is_robot(name) == robot


@pytest.mark.parametrize(
    ("nick", "placeholder"),
    [
        ("guest", True), ("guest16412", True), ("mib_q2934o", True), ("_", True), ("t5", True),
        ("ubuntu_", True), ("root", True), ("webchat12", True), ("x__", True),
        ("bob", False), ("guestbook", False), ("lev-away", False), ("tm_k", False), ("王小明", False),
    ],
)  # fmt: skip
def test_placeholders(nick: str, placeholder: bool) -> None:
    assert is_placeholder(nick) == placeholder


def test_a_hostile_nick_is_judged_at_once() -> None:
    assert is_placeholder("_" * 200_000)
    assert not is_placeholder("_" * 200_000 + "ab")
    assert not is_robot("bot" * 70_000 + "x")


# RFC 1459, section 2.2: {}| are the lower case of []\; ^ of ~ as servers do it.
def test_nicks_are_compared_as_irc_does() -> None:
    assert lower("Nick[A]\\~") == lower("nICK{a}|^") == "nick{a}|^"
    assert lower("ÉÄ") == "ÉÄ"


@given(st.text())
def test_lower_case_keeps_the_length_and_is_stable(nick: str) -> None:
    assert len(lower(nick)) == len(nick)
    assert lower(lower(nick)) == lower(nick)


def test_a_nick_is_one_person_in_every_file_and_case(who) -> None:
    got = who("[10:00] <BOB> hi\n[11:00] <bob> x\n", "[09:00] <Bob> hi\n[09:01] <eve> hi\n")
    assert set(got.ids) == {"bob", "eve"}
    names = {(r["display_name"], r["alias_from"], r["alias_to"]) for r in got.rows("identities")}
    assert names == {
        ("BOB", "2024-05-10T10:00:00Z", "2024-05-11T09:00:00Z"),
        ("eve", "2024-05-11T09:01:00Z", "2024-05-11T09:01:00Z"),
    }, "the spelling of the first moment"


def test_a_status_line_of_nobody_is_no_sight_of_a_nick(imported) -> None:
    got = imported(
        {
            "c 2024-05-10": "[10:00] <bob> x\n[10:01] <eve> x\n=== Log opened\n[11:00] <eve> x\n",
            "c 2024-05-11": "[25:00] <nobody> x\n=== Log opened\n",
            "c 2024-05-12": "[10:00] <eve> x\n=== eve is now known as ann\n",
        },
        tolerate=True,
    )
    [bob] = [r for r in got.rows("identities") if r["platform_user_id"] == "bob"]
    assert bob["alias_to"] == "2024-05-10T10:00:00Z"
    assert set(got.ids) == {"bob", "eve", "ann"}


def test_a_rename_joins_two_nicks_everywhere(who) -> None:
    got = who(
        "[10:00] <lev> hi\n=== lev is now known as lev-away\n[10:05] <lev-away> back\n",
        "[09:00] <lev-away> early\n",
    )
    assert same(got, "lev", "lev-away")
    assert got.report.members == 1
    assert "Of 1 pairs of nicks in rename lines, 1 are joined to one person; 0 hold" in said(got)


def test_coming_back_by_rename_is_no_second_person(who) -> None:
    text = "".join(
        f"[10:{2 * i:02}] <{a}> x\n=== {a} is now known as {b}\n"
        for i, (a, b) in enumerate([("anto", "anto_afk"), ("anto_afk", "anto")] * 5)
    )
    assert same(who(text + "[10:59] <anto> x\n"), "anto", "anto_afk")


def test_coming_back_by_a_new_connection_is_no_second_person(who) -> None:
    text = (
        "[10:00] <azik_> x\n=== azik_ is now known as azik\n[10:02] <azik> x\n"
        "=== azik_ [~a@h]  has joined #c\n[10:09] <azik_> x\n"
        "=== azik_ is now known as azik\n[10:11] <azik> x\n"
        "=== azik_ [~a@h]  has joined #c\n[10:19] <azik_> x\n"
    )
    assert same(who(text), "azik", "azik_")
    # Without the lines that explain it: one unexplained turn is a lost connection.
    text = "[10:00] <ari> x\n=== ari is now known as ari2\n[10:02] <ari2> x\n[10:09] <ari> x\n"
    assert same(who(text), "ari", "ari2")


def test_placeholders_and_robots_are_joined_to_nobody(who) -> None:
    got = who(
        "[10:00] <Guest123> a\n=== Guest123 is now known as anna\n[10:01] <anna> a\n"
        "=== carl is now known as Guest123\n=== foobot is now known as carl\n"
    )
    assert people(got) == got.report.members == 4
    assert "0 are joined to one person; 3 hold" in said(got)
    assert robots(got) == {"foobot"}


def test_two_who_talk_in_turn_are_two_people(who) -> None:
    # A becomes B, another A comes in, and both talk.
    got = who(
        "[10:00] <anna> x\n=== anna is now known as annb\n[10:01] <annb> x\n"
        "=== anna [~x@y]  has joined #c\n[10:02] <anna> x\n[10:03] <annb> x\n[10:04] <anna> x\n"
    )
    assert not same(got, "anna", "annb")
    assert said(got).endswith("talked in turn: 1.")


def test_actions_count_as_talk_in_their_place(who) -> None:
    got = who(
        "[10:00] <anna> x\n=== anna is now known as annb\n[10:01] <annb> x\n"
        "=== anna waves\n[10:03] <annb> x\n=== anna waves\n[10:05] <annb> x\n"
    )
    assert not same(got, "anna", "annb")


def test_a_nick_handed_on_takes_the_whole_group_apart(who) -> None:
    renames = "=== aaron is now known as berta\n", "=== carla is now known as berta\n"
    talk = "[10:00] <aaron> x\n[10:01] <carla> x\n[10:02] <aaron> x\n[10:03] <carla> x\n"
    got = who("[09:00] <z1> x\n" + renames[0], "[09:00] <z1> x\n" + renames[1], talk)
    assert people(got) == 4
    assert said(got).endswith("talked in turn: 1.")


def test_notices_alone_make_a_robot(who) -> None:
    got = who(
        "[10:00] -Checker- ok\n[10:01] -anna- x\n[10:02] <anna> hi\n",
        "[11:00] -carl- x\n",
        "[12:00] <carl> x\n",
    )
    assert robots(got) == {"checker"}


_TEXTS = (
    "[10:00] <lev> hi\n=== lev is now known as away\n",
    "[09:00] <Away> hi\n=== away is now known as Levi\n[09:01] <levi> y\n",
    "[09:00] <LEV> hi\n[09:30] <x1> hi\n=== x1 is now known as xbot\n",
    "[10:00] <pia> x\n[10:01] <pib> y\n[10:02] <pia> x\n[10:03] <pib> y\n=== pia is now known as pib\n",
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(range(4)))
def test_the_order_of_the_files_does_not_matter(imported, order: list[int]) -> None:
    plain = {f"c 2024-05-{i + 10}": text for i, text in enumerate(_TEXTS)}
    moved = {f"{order[i]}/c 2024-05-{i + 10}": text for i, text in enumerate(_TEXTS)}
    one, other = imported(plain), imported(moved)
    for table in ("identities", "members", "messages", "membership_events"):
        assert one.rows(table) == other.rows(table)
    assert same(one, "lev", "away", "levi")
    assert not same(one, "pia", "pib")
