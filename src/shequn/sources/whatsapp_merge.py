"""Several exports of one chat: which files are one chat, and which lines stand in two of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from shequn.sources.whatsapp_lines import Log
from shequn.sources.whatsapp_people import EXPORTER, id_of
from shequn.sources.whatsapp_words import RECALL, SYSTEM, TEXT

_LEAST = 4  # characters; "ok" in the same minute is said in many chats
_AGREE = 3  # messages
_SHARE = 0.5
_SURE = 0.9
_FILES_WITH_ONE_LINE = 50


def chats(logs: Sequence[Log]) -> list[list[Log]]:
    """Put together the files that are exports of one chat, the fullest first.

    Two files are one chat where, in the time that both cover, at least half of the messages of
    words agree in minute and text (and three of them); or where both bear the chat's name and the
    times that they cover do not overlap, or some message agrees.
    """
    common = _common(logs)
    parent = list(range(len(logs)))

    def root(n: int) -> int:
        while parent[n] != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for (a, b), count in sorted(common.items()):
        least = min(_between(logs[a], logs[b]), _between(logs[b], logs[a]))
        alike = count >= _AGREE and count >= _SHARE * least
        if alike or (logs[a].title is not None and logs[a].title == logs[b].title):
            parent[root(a)] = root(b)
    by_title: dict[str, list[int]] = defaultdict(list)
    for n, log in enumerate(logs):
        if log.title is not None:
            by_title[log.title].append(n)
    for same in by_title.values():
        same.sort(key=lambda n: logs[n].times[0])
        for i, a in enumerate(same):
            for b in same[i + 1 : i + _FILES_WITH_ONE_LINE]:
                if max(logs[a].times) <= min(logs[b].times):
                    parent[root(a)] = root(b)
    groups: dict[int, list[Log]] = defaultdict(list)
    for n, log in enumerate(logs):
        groups[root(n)].append(log)
    return [sorted(g, key=lambda x: (-len(x.kinds), x.file.sha256)) for g in groups.values()]


def _keys(log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Return the entries of words and a fingerprint of minute and text for each."""
    kinds = np.frombuffer(log.kinds, dtype=np.uint8)
    length = np.frombuffer(log.length, dtype=np.uint64)
    places = np.flatnonzero((kinds == TEXT) & (length >= _LEAST))
    minutes = np.frombuffer(log.times, dtype=np.int64)[places] // 60
    marks = np.frombuffer(log.marks, dtype=np.int64)[places]
    with np.errstate(over="ignore"):
        mixed = minutes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + marks.astype(np.uint64)
    return places, mixed


def _common(logs: Sequence[Log]) -> Counter[tuple[int, int]]:
    """Return how many different messages of words two files have in common."""
    common: Counter[tuple[int, int]] = Counter()
    if len(logs) < 2:
        return common
    own = [np.unique(_keys(log)[1]) for log in logs]
    keys = np.concatenate(own)
    files = np.repeat(np.arange(len(logs)), [len(k) for k in own])
    order = np.argsort(keys, kind="stable")
    keys, files = keys[order], files[order]
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else keys
    lengths = np.diff(np.append(begins, len(keys)))
    some = (lengths > 1) & (lengths <= _FILES_WITH_ONE_LINE)
    for begin, n in zip(begins[some].tolist(), lengths[some].tolist(), strict=True):
        names = files[begin : begin + n].tolist()
        common.update((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    return common


def _between(log: Log, other: Log) -> int:
    """Return how many messages of words a file has in the time that another covers."""
    places, _ = _keys(log)
    times = np.frombuffer(log.times, dtype=np.int64)[places]
    return int(np.count_nonzero((times >= min(other.times)) & (times <= max(other.times))))


def alike(group: Sequence[Log]) -> list[tuple[str, str]]:
    """Return the names that two exports of one chat give to one person.

    Two names are one person where three messages agree, and nine in ten of those of either name
    that are found in both files.
    """
    pairs: list[tuple[str, str]] = []
    for i, a in enumerate(group):
        for b in group[i + 1 : i + 1 + _FILES_WITH_ONE_LINE]:
            places_a, keys_a = _keys(a)
            places_b, keys_b = _keys(b)
            keys_a, at_a, n_a = np.unique(keys_a, return_index=True, return_counts=True)
            keys_b, at_b, n_b = np.unique(keys_b, return_index=True, return_counts=True)
            _, in_a, in_b = np.intersect1d(keys_a, keys_b, return_indices=True)
            one = (n_a[in_a] == 1) & (n_b[in_b] == 1)
            who_a = np.frombuffer(a.who, dtype=np.uint32)[places_a[at_a[in_a[one]]]]
            who_b = np.frombuffer(b.who, dtype=np.uint32)[places_b[at_b[in_b[one]]]]
            both = Counter(zip(who_a.tolist(), who_b.tolist(), strict=True))
            of_a, of_b = Counter(who_a.tolist()), Counter(who_b.tolist())
            for (x, y), count in both.items():
                sure = count >= _AGREE and count >= _SURE * max(of_a[x], of_b[y])
                left, right = id_of(a.names[x]), id_of(b.names[y])
                if sure and left != right and EXPORTER not in (left, right):
                    pairs.append((min(left, right), max(left, right)))
    return pairs


def drop_copies(group: Sequence[Log], person: Mapping[str, str]) -> None:
    """Take out of each file what a fuller one of the chat has too.

    Lines agree in minute, person and text. Where two people say the same thing twice in a minute,
    the chat has it as often as the file that has it most often. A message that one file shows as
    deleted or edited is taken as that file has it.
    """
    have: dict[tuple[int, str, int], int] = {}
    drop: dict[int, set[int]] = defaultdict(set)
    for n, log in enumerate(group):
        if n == 0 or not have:
            key = _key_of(log, person)
            for i in range(len(log.kinds)):
                have[key(i)] = have.get(key(i), 0) + 1
            continue
        own: dict[tuple[int, str, int], int] = {}
        key = _key_of(log, person)
        for i in range(len(log.kinds)):
            k = key(i)
            own[k] = own.get(k, 0) + 1
            if own[k] <= have.get(k, 0):
                drop[n].add(i)
            else:
                have[k] = own[k]
        _changed(group, n, own, drop, person)
    for n, gone in drop.items():
        log = group[n]
        kept = sum(log.kinds[i] <= SYSTEM for i in gone)
        log.gone.update(log.rows[i] for i in gone)
        log.copies += kept
        log.ignored += kept
        log.without(gone)


def _key_of(log: Log, person: Mapping[str, str]) -> Callable[[int], tuple[int, str, int]]:
    members = [person.get(m, m) for m in log.members]
    times, who, marks = log.times, log.who, log.marks
    return lambda i: (times[i] // 60, members[who[i]], marks[i])


def _changed(
    group: Sequence[Log],
    n: int,
    own: Mapping[tuple[int, str, int], int],
    drop: dict[int, set[int]],
    person: Mapping[str, str],
) -> None:
    """Drop what another export shows as deleted or edited."""
    log = group[n]
    key = _key_of(log, person)
    start, end = min(log.times), max(log.times)
    extra: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for i, kind in enumerate(log.kinds):
        if i not in drop[n] and kind < SYSTEM:
            extra[key(i)[:2]].append((n, i))
    if not extra:
        return
    for m, other in enumerate(group[:n]):
        key, seen = _key_of(other, person), Counter[tuple[int, str, int]]()
        for i, kind in enumerate(other.kinds):
            if not start <= other.times[i] <= end or i in drop[m] or kind >= SYSTEM:
                continue
            k = key(i)
            seen[k] += 1
            if seen[k] <= own.get(k, 0) or not extra.get(k[:2]):
                continue
            late = other.kinds[i] == RECALL or i in other.edited
            for at, (_, j) in enumerate(extra[k[:2]]):
                if late != (log.kinds[j] == RECALL or j in log.edited):
                    (drop[n] if late else drop[m]).add(j if late else i)
                    del extra[k[:2]][at]
                    break
