"""Who is who among the nicks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.files import Export
from shequn.sources.irc_lines import CLOCK, Log, lower, parse
from shequn.sources.irc_people import Nicks, find_people, is_placeholder, is_robot


@pytest.fixture
def logs(tmp_path: Path):
    def make(*texts: str) -> list[Log]:
        made = []
        for i, text in enumerate(texts):
            path = tmp_path / f"log{i}"
            path.write_text(text, encoding="utf-8")
            made.append(parse(Log(Export(path).files[0], CLOCK)))
        return made

    return make


def same(people: Nicks, *nicks: str) -> bool:
    return len({people.person_of[n] for n in nicks}) == 1


@pytest.mark.parametrize(
    ("nick", "robot"),
    [
        ("ubottu", True), ("floodbot2", True), ("wm-bot", True), ("rustbot", True), ("mwbot_", True),
        ("wikibugs", True), ("gerrit-wm", True), ("eval", True), ("robotti^", False),
        ("bottle", False), ("bob", False), ("botanist", False),
    ],
)  # fmt: skip
def test_robots(nick: str, robot: bool) -> None:
    assert is_robot(nick) == robot


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


def test_a_nick_is_one_person_in_every_file_and_case(logs) -> None:
    people = find_people(logs("[10:00] <Bob> hi\n", "[09:00] <bob> hi\n[09:01] <eve> hi\n"))
    assert set(people.person_of) == {"bob", "eve"}
    span = {"bob": (9 * 3600, 10 * 3600), "eve": (9 * 3600 + 60, 9 * 3600 + 60)}
    assert people.names == {(n, n): span[n] for n in span}, "the spelling of the first moment"


def test_a_status_line_of_nobody_is_no_sight_of_a_nick(logs) -> None:
    people = find_people(
        logs(
            "[10:00] <bob> x\n[10:01] <eve> x\n=== Log opened\n[11:00] <eve> x\n=== Log closed\n",
            "[25:00] <nobody> x\n=== Log opened\n",
            "[10:00] <eve> x\n=== eve is now known as ann\n",
        )
    )
    assert people.names["bob", "bob"] == (10 * 3600, 10 * 3600)
    assert set(people.person_of) == {"bob", "eve", "ann"}


def test_a_rename_joins_two_nicks_everywhere(logs) -> None:
    people = find_people(
        logs(
            "[10:00] <lev> hi\n=== lev is now known as lev-away\n[10:05] <lev-away> back\n",
            "[09:00] <lev-away> early\n",
        )
    )
    assert same(people, "lev", "lev-away")
    assert people.person_of["lev"] == "lev-away", "the nick seen first stands for the person"
    assert (people.renames, people.joined, people.placeholders, people.conflicts) == (1, 1, 0, 0)


def test_coming_back_by_rename_is_no_second_person(logs) -> None:
    text = "".join(
        f"[10:{2 * i:02}] <{a}> x\n=== {a} is now known as {b}\n"
        for i, (a, b) in enumerate([("anto", "anto_afk"), ("anto_afk", "anto")] * 5)
    )
    assert same(find_people(logs(text + "[10:59] <anto> x\n")), "anto", "anto_afk")


def test_coming_back_by_a_new_connection_is_no_second_person(logs) -> None:
    text = (
        "[10:00] <azik_> x\n=== azik_ is now known as azik\n[10:02] <azik> x\n"
        "=== azik_ [~a@h]  has joined #c\n[10:09] <azik_> x\n"
        "=== azik_ is now known as azik\n[10:11] <azik> x\n"
        "=== azik_ [~a@h]  has joined #c\n[10:19] <azik_> x\n"
    )
    assert same(find_people(logs(text)), "azik", "azik_")
    # Without the lines that explain it: one unexplained turn is a lost connection.
    text = "[10:00] <ari> x\n=== ari is now known as ari2\n[10:02] <ari2> x\n[10:09] <ari> x\n"
    assert same(find_people(logs(text)), "ari", "ari2")


def test_placeholders_and_robots_are_joined_to_nobody(logs) -> None:
    text = (
        "[10:00] <Guest123> a\n=== Guest123 is now known as anna\n[10:01] <anna> a\n"
        "=== carl is now known as Guest123\n=== foobot is now known as carl\n"
    )
    people = find_people(logs(text))
    assert len(set(people.person_of.values())) == 4
    assert (people.joined, people.placeholders) == (0, 3)
    assert people.robots == {"foobot"}


def test_two_who_talk_in_turn_are_two_people(logs) -> None:
    # A becomes B, another A comes in, and both talk.
    text = (
        "[10:00] <anna> x\n=== anna is now known as annb\n[10:01] <annb> x\n"
        "=== anna [~x@y]  has joined #c\n[10:02] <anna> x\n[10:03] <annb> x\n[10:04] <anna> x\n"
    )
    people = find_people(logs(text))
    assert not same(people, "anna", "annb")
    assert (people.joined, people.conflicts) == (0, 1)


def test_a_nick_handed_on_takes_the_whole_group_apart(logs) -> None:
    renames = "=== aaron is now known as berta\n", "=== carla is now known as berta\n"
    talk = "[10:00] <aaron> x\n[10:01] <carla> x\n[10:02] <aaron> x\n[10:03] <carla> x\n"
    people = find_people(
        logs("[09:00] <z1> x\n" + renames[0], "[09:00] <z1> x\n" + renames[1], talk)
    )
    assert len(set(people.person_of.values())) == 4
    assert people.conflicts == 1


def test_notices_alone_make_a_robot(logs) -> None:
    people = find_people(
        logs(
            "[10:00] -Checker- ok\n[10:01] -anna- x\n[10:02] <anna> hi\n",
            "[11:00] -carl- x\n",
            "[12:00] <carl> x\n",
        )
    )
    assert people.robots == {"checker"}


@given(order=st.permutations(range(4)))
def test_the_order_of_the_files_does_not_matter(order: list[int]) -> None:
    import tempfile

    texts = [
        "[10:00] <lev> hi\n=== lev is now known as away\n",
        "[09:00] <Away> hi\n=== away is now known as Levi\n[09:01] <levi> y\n",
        "[09:00] <LEV> hi\n[09:30] <x1> hi\n=== x1 is now known as xbot\n",
        "[10:00] <pia> x\n[10:01] <pib> y\n[10:02] <pia> x\n[10:03] <pib> y\n=== pia is now known as pib\n",
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for i, text in enumerate(texts):
            path = Path(folder) / f"log{i}"
            path.write_text(text)
            made.append(parse(Log(Export(path).files[0], CLOCK)))
        assert find_people([made[i] for i in order]) == find_people(made)
