"""Folders appear whole or not at all."""

from __future__ import annotations

import fcntl
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


def test_a_lock_that_was_removed_under_us_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before ends between our opening its lock and locking it; a third is still kept out."""
    lock = atomic.beside(tmp_path / "RUN", "lock")
    real, times = fcntl.flock, []

    def flock(file: object, how: int) -> None:
        times.append(how)
        if len(times) == 1:
            lock.unlink()
        real(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(atomic.fcntl, "flock", flock)
    with atomic.only_one(tmp_path / "RUN"):
        assert len(times) == 2
        with pytest.raises(ShequnError, match="right now"), atomic.only_one(tmp_path / "RUN"):
            pass
    assert not lock.exists()
