"""Single values of what Feishu's interface answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shequn.sources.times import LATEST


def text_of(value: Any) -> str:
    """Return a short text; empty where it is none."""
    return value[:500] if isinstance(value, str) else ""


def any_id(ids: Any) -> str:
    """Return the id of somebody of whom an event gives several."""
    if not isinstance(ids, dict):
        return text_of(ids)
    return next((i for k in ("open_id", "user_id", "union_id") if (i := text_of(ids.get(k)))), "")


def sender_of(sender: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the id of a sender, and whether it is a robot; no id where the sender is hidden."""
    kind, raw = sender.get("sender_type"), text_of(sender.get("id"))
    return ("", False) if kind == "anonymous" else (raw, kind == "app")


def calls_all(text: str, listed: Any) -> bool:
    """Tell whether a message names everybody."""
    if "@all" in text:
        return True
    return isinstance(listed, list) and any(
        isinstance(m, dict) and m.get("key") == "@_all" for m in listed
    )


def time_of(value: Any) -> int:
    """Return seconds UTC for milliseconds, as text or number; 0 where it is none."""
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit() and len(value) < 15):
            return 0
        value = int(value)
    if type(value) is not int:
        return 0
    ts = value // 1000 if value > 20_000_000_000 else value
    return ts if 0 < ts <= LATEST else 0
