"""Folders appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from shequn import atomic
from shequn.text import ShequnError


def folder(path: Path, content: str) -> Path:
    path.mkdir()
    (path / "file").write_text(content)
    return path


@pytest.mark.parametrize("exchange", [True, False])
def test_put_replaces_the_whole_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    target = folder(tmp_path / "target", "old")
    (target / "left-over").write_text("old")
    atomic.put(folder(tmp_path / "new", "new"), target)
    assert [p.name for p in target.iterdir()] == ["file"]
    assert (target / "file").read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["target"]


def test_recover_brings_back_what_a_stop_left_aside(tmp_path: Path) -> None:
    folder(atomic.beside(tmp_path / "target", "old"), "old")
    atomic.recover(tmp_path / "target")
    assert (tmp_path / "target" / "file").read_text() == "old"


def test_a_second_command_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with atomic.only_one(tmp_path / "RUN"):
        with pytest.raises(ShequnError, match="right now"), atomic.only_one(tmp_path / "RUN"):
            pass
        with atomic.only_one(tmp_path / "OTHER"):
            pass
    with atomic.only_one(tmp_path / "RUN"):
        pass
