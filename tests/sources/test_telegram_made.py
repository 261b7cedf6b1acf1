"""Exports built from the documented grammar of Telegram Desktop, and what is shared about them.

The grammar is what Telegram Desktop's writer of JSON puts out; no file here comes from Telegram.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hand_made import Imported, write_logs

from shequn.sources import READERS, import_export, telegram

Json = dict[str, Any]
T0 = 1_704_067_200  # 2024-01-01T00:00:00Z


def clock(unix: int, hours: float = 0) -> str:
    """Return a time as the exporter's computer shows it, so many hours ahead of UTC."""
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=unix, hours=hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def said(number: int, who: object, text: Any = "x", *, at: int | None = None, **more: Any) -> Json:
    """Return a message of ``user{who}``, called N and the number, a minute after the one before."""
    unix = T0 + 60 * number if at is None else at
    entities = [{"type": "plain", "text": text}] if isinstance(text, str) and text else []
    if isinstance(text, list):
        entities = [{"type": "plain", "text": p} if isinstance(p, str) else p for p in text]
    made = {
        "id": number, "type": "message", "date": clock(unix), "date_unixtime": str(unix),
        "from": f"N{who} Name", "from_id": f"user{who}", "text": text, "text_entities": entities,
    }  # fmt: skip
    return {**made, **more}


def done(number: int, who: object, action: str, *, at: int | None = None, **more: Any) -> Json:
    """Return a service line."""
    unix = T0 + 60 * number if at is None else at
    made = {
        "id": number, "type": "service", "date": clock(unix), "date_unixtime": str(unix),
        "actor": f"N{who} Name", "actor_id": f"user{who}", "action": action, "text": "",
        "text_entities": [],
    }  # fmt: skip
    return {**made, **more}


def chat(
    *messages: object, kind: str = "private_supergroup", number: int = 77, name: str = "Club"
) -> Json:
    """Return a chat."""
    return {"name": name, "type": kind, "id": number, "messages": list(messages)}


def full(*chats: Json, left: tuple[Json, ...] = ()) -> Json:
    """Return an export of a whole account."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "Own", "phone_number": "+1 555"},
        "contacts": {"about": "", "list": [{"user_id": 9, "first_name": "Zed"}]},
        "chats": {"about": "", "list": list(chats)},
        "left_chats": {"about": "", "list": list(left)},
    }


def text(export: Json) -> str:
    """Return an export laid out as Telegram Desktop lays it out."""
    return json.dumps(export, ensure_ascii=False, indent=1)


def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Imported]:
    """Return a function that imports exports, given by the names of their files, as UTC."""
    monkeypatch.setitem(READERS, "telegram", telegram.read)
    count = 0

    def run(exports: Json, **options: Any) -> Imported:
        nonlocal count
        count += 1
        one = {"messages", "chats"} & exports.keys()
        place = write_logs(
            tmp_path / f"e{count}", {"result.json": text(exports)} if one else exports
        )
        options = {"timezone": "UTC", "key_file": tmp_path / "key", **options}
        out = tmp_path / f"data{count}"
        return Imported(out, import_export("telegram", place, out, **options))

    return run


def tables(got: Imported) -> dict[str, str]:
    """Return the text of every table."""
    return {p.name: p.read_text(encoding="utf-8") for p in got.data.glob("*.csv")}
