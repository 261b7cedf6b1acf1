"""Names out of texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.readers.irc_lines import lower
from shequn.sources.redact import Redactor


def test_the_longest_name_is_the_one_meant() -> None:
    redact = Redactor({"lev": "m1", "lev|away": "m2", "|": "m3"}, lower)
    assert redact("lev: Lev|away, lev|here") == "m1: m2, m1m3here"


@given(st.lists(st.text(min_size=1, max_size=6), max_size=6), st.text())
def test_a_redactor_leaves_no_name_as_a_word(nicks: list[str], text: str) -> None:
    ids = {lower(n): "\ue000" for n in nicks}
    left = lower(Redactor(ids, lower)(text))
    for nick in ids:
        if "\ue000" not in nick:
            assert not re.search(rf"(?<!\w){re.escape(nick)}(?!\w)", left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("谢谢群主你好", "谢谢m1你好"),
        ("@群主", "@m1"),
        ("谢谢bob，Bob好", "谢谢m2，m2好"),
        ("bobby的bob", "bobby的m2"),
        ("云服务器，找云", "云服务器，找云"),
        ("云：你好 云", "m3：你好 m3"),
        ("김철수는", "m4는"),
    ],
)
def test_names_are_found_where_a_script_shows_no_words(text: str, left: str) -> None:
    redact = Redactor({"群主": "m1", "bob": "m2", "云": "m3", "김철수": "m4"}, lower)
    assert redact(text) == left


def test_a_file_name_loses_names_beside_underscores_too() -> None:
    redact = Redactor({"bob": "m1"}, lower)
    assert redact.file_name("log_Bob_2024 (1).txt") == "log_m1_2024--1-.txt"
