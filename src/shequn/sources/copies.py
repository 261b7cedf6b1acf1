"""Files of lines that another file of the export holds whole: earlier copies, parts, backups."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from shequn.sources.files import ExportFile
from shequn.sources.report import Reading

_LOOKED_AT = 50
_R = TypeVar("_R", bound=Reading)


def watch(files: Iterable[ExportFile]) -> None:
    """Have the lines of these files fingerprinted when they are read."""
    for file in files:
        file.prints = array("q")


def part_copies(
    readings: Sequence[_R], by_chance: Callable[[_R, _R, int], bool]
) -> tuple[list[_R], list[_R]]:
    """Part files that were read under `watch` from those whose whole text another one holds.

    Parameters
    ----------
    readings
        Each read to the end, and none empty.
    by_chance
        Asked of a file, of another whose lines it holds, and of how many lines stand before them,
        whether they are alike by chance.

    Returns
    -------
    list, list
        Files to keep and copies, the longest first.
    """
    ordered = sorted(readings, key=lambda r: (-r.read, r.file.key))
    prints = [r.file.prints or array("q") for r in ordered]
    places: dict[int, list[tuple[int, int]]] = {x: [] for p in prints for x in p[:_LOOKED_AT]}
    for n, lines in enumerate(prints):
        for at, line in enumerate(lines):
            if line in places:
                places[line].append((n, at))
    copies: set[int] = set()

    def is_copy(n: int) -> bool:
        own = prints[n]
        # Any line tells where the file may stand in another; the rarest asks least often.
        mark = min(range(min(len(own), _LOOKED_AT)), key=lambda i: len(places[own[i]]))
        return any(
            other < n
            and other not in copies
            and at >= mark
            and prints[other][at - mark : at - mark + len(own)] == own
            and not by_chance(ordered[other], ordered[n], at - mark)
            for other, at in places[own[mark]]
        )

    for n, reading in enumerate(ordered):
        if is_copy(n):
            copies.add(n)
        reading.file.prints = None
    return (
        [r for n, r in enumerate(ordered) if n not in copies],
        [r for n, r in enumerate(ordered) if n in copies],
    )
