"""Slack exports built from the documented format, and their import; no tests here."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hand_made import Imported

from shequn.sources import READERS, import_export, slack

ANNA, BERT, CARL, GUEST, APP, GONE = (
    "U024BE7LH", "U0G9QF9C6", "W012A3CDE", "U061F7AUR", "U0BOT00001", "U0GONE0001",
)  # fmt: skip
GENERAL, RANDOM, SECRET = "C024BE91L", "C011DUKE8", "G012AC86C"


def user(raw_id: str, name: str, real: str, **more: Any) -> dict[str, Any]:
    """Return a row of users.json."""
    first, _, last = real.partition(" ")
    profile = {
        "first_name": first,
        "last_name": last,
        "real_name": real,
        "display_name": name,
        "email": f"{name}@corp.example",
    }
    return {"id": raw_id, "name": name, "real_name": real, "deleted": False, "is_bot": False,
            "updated": 1502138686, "profile": profile | more.pop("profile", {}), **more}  # fmt: skip


USERS = [
    user(ANNA, "anna", "Anna Berg", is_owner=True, is_admin=True),
    user(BERT, "bert", "Bert Stein"),
    user(CARL, "carl", "Carl 王小明"),
    user(GUEST, "gast", "Gast Q", is_restricted=True),
    user(APP, "helper", "Helper App", is_bot=True, profile={"bot_id": "B0HELPER1"}),
    user(GONE, "gone", "Gone Far", deleted=True),
]
CHANNELS = [
    {"id": GENERAL, "name": "general", "created": 1360782400, "is_general": True, "members": []},
    {"id": RANDOM, "name": "anna-and-friends", "created": 1360782401, "members": []},
]


def says(ts: str, who: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    """Return a message."""
    return {"type": "message", "user": who, "text": text, "ts": ts, **more}


def line(ts: str, who: str, subtype: str, **more: Any) -> dict[str, Any]:
    """Return a system line."""
    return says(ts, who, f"<@{who}> did it", subtype=subtype, **more)


def export(days: dict[str, list[Any]], **lists: Any) -> dict[str, Any]:
    """Return an export's files, by name: days of channels, and the lists."""
    lists = {"users": USERS, "channels": CHANNELS, **lists}
    return {f"{k}.json": v for k, v in lists.items() if v is not None} | {
        f"{name}.json": rows for name, rows in days.items()
    }


def write_zip(path: Path, files: dict[str, Any]) -> Path:
    """Write the files as a zip; what is not bytes as JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(name, raw)
    return path


class Importer:
    """Imports a path, or exports that it zips into one folder."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(READERS, "slack", slack.read)
        self.place, self.count = place, 0

    def __call__(
        self, *given: dict[str, Any] | Path, names: list[str] | None = None, **more: Any
    ) -> Imported:
        """Import, as UTC unless told."""
        self.count += 1
        place = self.place / f"export{self.count}"
        if isinstance(given[0], Path):
            place = given[0]
        else:
            place.mkdir()
            for n, files in enumerate(given):
                assert isinstance(files, dict)
                write_zip(place / f"{names[n] if names else n}.zip", files)
        more = {"timezone": "UTC", "key_file": self.place / "key", **more}
        out = self.place / f"data{self.count}"
        return Imported(out, import_export("slack", place, out, **more))


def member(got: Imported, raw_id: str) -> dict[str, str]:
    """Return the row of members of somebody."""
    [row] = [r for r in got.rows("members") if r["member_id"] == got.ids[raw_id]]
    return row
