"""The door itself: which reader, and what is refused before reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_made import write_logs

from shequn.sources import import_export
from shequn.text import ShequnError

LOGS: dict[str, str | bytes] = {"2024-05-10": "[10:00] <anna> x\n"}


def run(platform: str, export: Path, out: Path, **options: object) -> None:
    import_export(platform, export, out, timezone="UTC", **options)  # type: ignore[arg-type]


def test_an_unknown_platform_names_the_nearest(tmp_path: Path) -> None:
    export = write_logs(tmp_path / "export", LOGS)
    for wrong in ("icr", "irssi", ""):
        with pytest.raises(ShequnError, match="no reader") as caught:
            run(wrong, export, tmp_path / "data", key_file=tmp_path / "key")
        assert "irc" in caught.value.say("en")
        assert "irc" in caught.value.say("zh")
    assert not (tmp_path / "key").exists()
    run("IRC", export, tmp_path / "data", key_file=tmp_path / "key")


def test_a_full_folder_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    export = write_logs(tmp_path / "export", LOGS)
    run("irc", export, tmp_path / "data", key_file=tmp_path / "key")
    with pytest.raises(ShequnError, match="not empty"):
        run("irc", tmp_path / "missing", tmp_path / "data", key_file=tmp_path / "key")
    run("irc", export, tmp_path / "data", key_file=tmp_path / "key", overwrite=True)


def test_export_and_data_may_not_lie_in_one_another(tmp_path: Path) -> None:
    export = write_logs(tmp_path / "export", LOGS)
    for out in (export / "data", export):
        with pytest.raises(ShequnError):
            run("irc", export, out, key_file=tmp_path / "key")
    with pytest.raises(ShequnError):
        run("irc", export / "2024-05-10", tmp_path, key_file=tmp_path / "key")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["2024-05-10", "export"]


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        with pytest.raises(ShequnError):
            run("irc", tmp_path / name, tmp_path / "data", key_file=tmp_path / "key")
    assert not (tmp_path / "data").exists()


def test_nothing_is_made_for_a_zone_or_an_export_that_is_not_there(tmp_path: Path) -> None:
    export = write_logs(tmp_path / "export", LOGS)
    for what, zone in ((export, "Asia/Shangai"), (tmp_path / "missing", "UTC")):
        with pytest.raises(ShequnError):
            import_export("irc", what, tmp_path / "data", timezone=zone, key_file=tmp_path / "key")
    assert [p.name for p in tmp_path.iterdir()] == ["export"]
