"""A platform for tests whose exports are lists of what a reader would say, as lines of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shequn.sources import platforms
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.report import Reading
from shequn.text import Text

PLATFORM = "plain"


class Plain:
    """A reader that does what each line tells it, such as ``["message", {…}]``."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.platform, self.name = PLATFORM, Text("plain", "纯")
        self.hint, self.layouts = (
            Text("Give lines.", "请给出各行。"),
            {"plain": Text("lines", "行")},
        )

    def sniff(self, head: Head) -> str | Text | None:
        """Return the layout of a file."""
        return "plain" if head.name.endswith(".jsonl") else None

    def read(self, files: list[Reading], intake: Intake) -> None:
        """Put what files say into an intake."""
        intake.identity = self.identity  # type: ignore[assignment]
        for file in files:
            intake.open(file)
            for row, line in enumerate(file.file.lines(), 1):
                if not line:
                    continue
                what, values = json.loads(line)
                if what == "exported":
                    file.exported_at = values
                    continue
                file.read += 1
                if isinstance(values.get("channel"), str):
                    values["channel"] = intake.channel(values["channel"], kind="group")
                if what in ("message", "event", "mention", "reaction"):
                    values.setdefault("row", row)
                if "names" in values:
                    values["names"] = tuple(values["names"])
                getattr(intake, what)(**values)


def use(monkeypatch: pytest.MonkeyPatch, identity: str = "own") -> None:
    """Have the name ``plain`` lead to the reader here."""
    real = platforms.reader
    stub = Plain(identity)
    monkeypatch.setattr(platforms, "reader", lambda n: stub if n == PLATFORM else real(n))


def lines(*records: tuple[str, Any]) -> str:
    """Return an export of these records."""
    return "".join(json.dumps(record) + "\n" for record in records)


def said(author: str, ts: int, text: str = "x", **more: Any) -> tuple[str, dict[str, Any]]:
    """Return a message in the channel ``c``; its id is author and time unless told."""
    own = {} if "own" in more else {"own": f"{author}{ts}"}
    return "message", {"channel": "c", "author": author, "ts": ts, "text": text, **own, **more}


def event(member: str, ts: int, action: str, **more: Any) -> tuple[str, dict[str, Any]]:
    """Return a coming or going in the channel ``c``."""
    return "event", {"channel": "c", "member": member, "ts": ts, "action": action, **more}
