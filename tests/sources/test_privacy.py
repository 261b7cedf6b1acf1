"""Pseudonyms and their key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shequn.sources.privacy import default_key_file, load_key, pseudonym
from shequn.text import ShequnError

KEY = bytes(range(32))


def test_a_pseudonym_is_the_keyed_hash_the_contract_names() -> None:
    by_hand = hmac.new(KEY, b"irc\0bob", hashlib.sha256).digest()
    expected = "m" + base64.b32encode(by_hand).decode()[:12].lower()
    assert pseudonym(KEY, "irc", "bob") == expected


@given(st.binary(min_size=32, max_size=64), st.text(), st.text())
def test_a_pseudonym_is_short_plain_and_always_the_same(
    key: bytes, platform: str, raw: str
) -> None:
    first = pseudonym(key, platform, raw)
    assert re.fullmatch("m[a-z2-7]{12}", first)
    assert first == pseudonym(key, platform, raw)


@given(st.text(), st.text(), st.binary(min_size=32, max_size=32))
def test_another_person_or_key_gives_another_pseudonym(a: str, b: str, key: bytes) -> None:
    if a != b:
        assert pseudonym(KEY, "irc", a) != pseudonym(KEY, "irc", b)
    if key != KEY:
        assert pseudonym(key, "irc", a) != pseudonym(KEY, "irc", a)


def test_the_same_name_on_two_platforms_is_two_people() -> None:
    assert pseudonym(KEY, "irc", "bob") != pseudonym(KEY, "slack", "bob")
    assert pseudonym(KEY, "irc", "cbob") != pseudonym(KEY, "ircc", "bob")


def test_the_key_is_made_once_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key, made = load_key(None, tmp_path / "data")
    place = tmp_path / "config" / "shequn" / "key"
    assert made
    assert place == default_key_file()
    assert len(key) == 32
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert load_key(None, tmp_path / "data") == (key, False)
    assert [p.name for p in place.parent.iterdir()] == ["key"]


def test_without_xdg_or_with_a_relative_one_the_key_is_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("", "relative/path"):
        monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert default_key_file() == tmp_path / ".config" / "shequn" / "key"


@pytest.mark.parametrize("size", [0, 31, 5000])
def test_a_key_of_a_wrong_length_is_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "key").write_bytes(b"x" * size)
    with pytest.raises(ShequnError, match="bytes"):
        load_key(tmp_path / "key", tmp_path / "data")


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ShequnError, match="cannot be read"):
        load_key(tmp_path / "folder", tmp_path / "data")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ShequnError, match="cannot be read"):
        load_key(tmp_path / "file" / "key", tmp_path / "data")


def test_a_key_inside_the_data_is_refused_even_through_a_link(tmp_path: Path) -> None:
    out = tmp_path / "data"
    out.mkdir()
    (tmp_path / "link").symlink_to(out)
    for place in (out / "key", out / "deep" / "key", tmp_path / "link" / "key"):
        with pytest.raises(ShequnError, match="inside the data folder"):
            load_key(place, out)
        assert not place.exists()
    with pytest.raises(ShequnError, match="inside the data folder"):
        load_key(out / "key", tmp_path / "link")
