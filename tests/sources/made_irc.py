"""IRC logs written by the two layouts that the reader knows, for tests over all platforms."""

from __future__ import annotations

import datetime as dt
import random

_WORDS = (
    "good morning",
    "that works for me",
    "大家好",
    "see http://a.example/b",
    "为什么会这样？",
    "no",
)
_NICKS = ("Anna", "berta_", "王小明", "carl|away", "[dora]", "helperbot")


def clock(day: dt.date, channel: str, seed: int, n: int = 60) -> str:
    """Return a log of a day that shows only the time of day."""
    chance = random.Random(f"{day}{channel}{seed}")
    lines = [
        f"=== {nick} [~{i}@host.example]  has joined #{channel}" for i, nick in enumerate(_NICKS)
    ]
    minutes = sorted(chance.randrange(13 * 60, 24 * 60) for _ in range(n))
    for i, minute in enumerate(minutes):
        nick, other = chance.sample(_NICKS, 2)
        said = chance.choice(_WORDS)
        stamp = f"[{minute // 60:02}:{minute % 60:02}]"
        lines.append(
            chance.choice(
                (
                    f"{stamp} <{nick}> {said}",
                    f"{stamp} <@{nick}> {other}: {said} {i}",
                    f"{stamp}  * {nick} {said}",
                    f"{stamp} -helperbot- {said}",
                    f"=== {nick} waves",
                )
            )
        )
    lines += [
        "=== Anna is now known as Anna_afk",
        f"=== mode/#{channel} [+o berta_]  by ChanServ",
        f"=== ..[topic/#{channel}:berta_] : be kind",
        f"=== carl|away [~3@host.example]  has left #{channel} []",
    ]
    return "\n".join(lines) + "\n"


def dated(day: dt.date, channel: str, seed: int, n: int = 60) -> str:
    """Return a log whose lines show channel, date and time."""
    chance = random.Random(f"{day}{channel}{seed}")
    seconds = sorted(chance.randrange(86_400) for _ in range(n))
    return "".join(
        f"{channel} {day} [{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}] "
        f"<{chance.choice(_NICKS)}> {chance.choice(_WORDS)}\n"
        for s in seconds
    )


def example() -> dict[str, str | bytes]:
    """Return an export: file name -> content."""
    first, second = dt.date(2024, 5, 10), dt.date(2024, 5, 11)
    return {
        f"garden__{first}.txt": clock(first, "garden", 1),
        f"garden__{second}.txt": clock(second, "garden", 2),
        "rust.log": dated(first, "rust", 3) + dated(second, "rust", 4),
    }
