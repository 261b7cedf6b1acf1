"""Several exports of one chat: which files they are, and whom they call by different names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from shequn.sources.readers.whatsapp_lines import Log

_AGREE = 3  # messages
_SHARE, _SURE = 0.5, 0.9
_FILES_WITH_ONE_LINE = 50


def chats(logs: Sequence[Log]) -> list[list[Log]]:
    """Put together the files that are exports of one chat.

    Two files are one chat where, in the time that both cover, at least half of the messages of
    words agree in minute and words (and three of them); or where both bear the chat's name and
    the times that they cover do not overlap, or some message agrees.
    """
    marks = [_marks(log) for log in logs] if len(logs) > 1 else []
    common = _common([keys for keys, _, _ in marks])
    group = list(range(len(logs)))

    def join(a: int, b: int) -> None:
        old, new = group[b], group[a]
        group[:] = [new if g == old else g for g in group]

    for a, b in combinations(range(len(logs)), 2):
        named = logs[a].title is not None and logs[a].title == logs[b].title
        count = common[a, b]
        if named:
            (_, end), (start, _) = sorted((logs[a].span, logs[b].span))
            if count or end <= start:
                join(a, b)
        elif count >= _AGREE:
            least = min(_between(logs[a], logs[b]), _between(logs[b], logs[a]))
            if count >= _SHARE * least:
                join(a, b)
    found: dict[int, list[Log]] = defaultdict(list)
    for log, g in zip(logs, group, strict=True):
        found[g].append(log)
    return list(found.values())


def _marks(log: Log) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, in rising order, fingerprints of minute and words; how often; by whom."""
    marks = np.array(log.marks, dtype=np.uint64)
    some = marks > 0
    times = np.array(log.times, dtype=np.int64)[some].astype(np.uint64)
    keys, at, counts = np.unique(times << np.uint64(32) ^ marks[some], return_index=True,
                                 return_counts=True)  # fmt: skip
    return keys, counts, np.array(log.who)[some][at]


def _common(keys: Sequence[np.ndarray]) -> Counter[tuple[int, int]]:
    """Return how many different messages of words two files have in common."""
    common: Counter[tuple[int, int]] = Counter()
    if not keys:
        return common
    every = np.concatenate(keys)
    files = np.repeat(np.arange(len(keys)), [len(k) for k in keys])
    order = np.argsort(every, kind="stable")
    every, files = every[order], files[order]
    starts = np.flatnonzero(np.diff(every, prepend=every[:1] + np.uint64(1)))
    lengths = np.diff(np.append(starts, len(every)))
    some = (lengths > 1) & (lengths <= _FILES_WITH_ONE_LINE)
    for start, n in zip(starts[some].tolist(), lengths[some].tolist(), strict=True):
        common.update(combinations(files[start : start + n].tolist(), 2))
    return common


def _between(log: Log, other: Log) -> int:
    """Return how many messages of words a file has in the time that another covers."""
    times, (start, end) = np.array(log.times), other.span
    return int(((times >= start) & (times <= end) & (np.array(log.marks) > 0)).sum())


def alike(group: Sequence[Log]) -> Iterator[tuple[str, str]]:
    """Yield names, as written, that two exports of one chat give to one person.

    Two names are one person where three messages agree, and nine in ten of those of either name
    that are found in both files.
    """
    marks = [_marks(log) for log in group] if len(group) > 1 else []
    names = [list(log.names) for log in group]
    for a, b in combinations(range(len(marks)), 2):
        (keys_a, n_a, who_a), (keys_b, n_b, who_b) = marks[a], marks[b]
        _, in_a, in_b = np.intersect1d(keys_a, keys_b, assume_unique=True, return_indices=True)
        once = (n_a[in_a] == 1) & (n_b[in_b] == 1)
        one, two = who_a[in_a[once]].tolist(), who_b[in_b[once]].tolist()
        of_a, of_b = Counter(one), Counter(two)
        for (x, y), count in sorted(Counter(zip(one, two, strict=True)).items()):
            if count >= _AGREE and count >= _SURE * max(of_a[x], of_b[y]):
                yield names[a][x], names[b][y]
