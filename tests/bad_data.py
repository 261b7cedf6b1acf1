"""What the tests of bad_input share."""

from __future__ import annotations

from pathlib import Path

HEAD = "message_id,author_id,ts\n"
GOOD = "1,anna,2024-03-01T02:15:00Z\n2,bert,2024-03-02T02:15:00Z\n"


def _data(folder: Path, content: str | bytes, name: str = "messages.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return folder
