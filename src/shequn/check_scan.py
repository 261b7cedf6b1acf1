"""Go through the bytes of a CSV file once: records, cells, quotes, line ends, before any engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shequn.tabular import Header
from shequn.tabular_encoding import Encoding, blocks, open_bytes

LONGEST = 1_000_000  # bytes in a record; a message of a megabyte is a sign of a lost quote

Rows = NDArray[np.int64]
_QUOTE, _LF, _CR, _SPACE = 34, 10, 13, 32


@dataclass
class Finding:
    """Rows that share a fault: how many, and the first three as (row, line, detail)."""

    count: int = 0
    examples: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass
class Scan:
    """What the bytes of a CSV file show.

    Parameters
    ----------
    records
        Records in the file, header and blank lines among them: the last row number.
    findings
        Faults by kind: ``ragged``, ``quote``, ``unclosed``, ``bare_return``, ``newlines``,
        ``too_long``, ``encoding``, ``empty_row``.
    faulty
        Row numbers that no engine can read, ascending.
    blank
        Row numbers of lines without a single character, ascending.
    control
        True where a control character stands anywhere.
    """

    records: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)
    faulty: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    blank: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    control: bool = False

    @property
    def last(self) -> int:
        """Row number of the last record that is not a blank line."""
        at_end = self.blank[::-1] == self.records - np.arange(len(self.blank))
        return self.records - int(np.cumprod(at_end).sum())

    @property
    def broken(self) -> bool:
        """Whether an engine needs the file mended by `mended_copy` before it can read it."""
        return len(self.faulty) > 0 or "newlines" in self.findings


@dataclass
class _Block:
    """The records that end in a block of bytes, and what is odd in it."""

    data: bytes
    first: int  # row number of the first record that ends here
    starts: Rows  # in bytes from the block's beginning; negative where begun in an earlier block
    ends: Rows  # behind the line end
    line_ends: Rows  # those within cells as well
    cells: Rows
    faults: dict[str, Rows]  # kind -> records, counted from the block's first
    blank: Rows  # records, counted alike
    control: bool


class _Reader:
    """Cuts a file into records the way a spreadsheet does, a block at a time, without row loops."""

    def __init__(self, path: Path, header: Header, encoding: Encoding) -> None:
        self.path, self.header, self.encoding = path, header, encoding
        self.delimiter, self.newline = ord(header.delimiter), ord(header.newline[-1])
        special = np.zeros(256, bool)
        special[:32] = special[127] = True
        special[[_QUOTE, self.delimiter]] = True
        self._special = special
        self.inside = 0  # 1 within a quoted cell
        self.row = 1  # number of the record that is open
        self._base = encoding.start  # of the block in the file
        self._open = 0  # bytes of the open record in earlier blocks
        self._delimiters = 0  # delimiters of the open record in earlier blocks

    def __iter__(self) -> Iterator[_Block]:
        with open_bytes(self.path) as stream:
            stream.read(self.encoding.start)
            for data in blocks(stream, self.header.newline.encode()):
                yield self._split(data)

    def _split(self, data: bytes) -> _Block:
        a = np.frombuffer(data, np.uint8)
        pos = np.flatnonzero(self._special[a])
        kind = a[pos]
        toggles, bad_quote = self._toggles(a, pos, kind)
        outside = ((np.cumsum(toggles, dtype=np.int32) + self.inside) & 1) == 0
        is_newline = kind == self.newline
        at = np.flatnonzero(is_newline & outside)
        ends = pos[at] + 1
        starts = np.concatenate(([-self._open], ends))[: len(ends)]
        seen = np.cumsum((kind == self.delimiter) & outside, dtype=np.int64)
        upto = seen[at]
        cells = np.diff(upto, prepend=-self._delimiters) + 1
        after_return = (a[np.maximum(ends - 2, 0)] == _CR) & (ends >= 2)
        length = ends - starts
        blank = (length == 1) | ((length == 2) & after_return)
        if self.newline == _CR:
            other = np.zeros(len(ends), bool)
            bare = pos[(kind == _LF) & outside]
        else:
            other = after_return != (self.header.newline == "\r\n")
            returns = pos[(kind == _CR) & outside]
            following = a[np.minimum(returns + 1, len(a) - 1)]
            bare = returns[(following != _LF) | (returns + 1 == len(a))]
        bad = self.encoding.bad - self._base
        bad = bad[(bad >= 0) & (bad < len(a))]
        places = {"encoding": bad, "quote": bad_quote, "bare_return": bare}
        faults = {
            name: np.unique(np.searchsorted(ends, place, "right")) for name, place in places.items()
        }
        faults["too_long"] = np.flatnonzero(length > LONGEST)
        # A row that is broken for another reason has the wrong number of cells as well.
        ragged = np.flatnonzero((cells != len(self.header.names)) & ~blank)
        faults["ragged"] = np.setdiff1d(ragged, np.concatenate(list(faults.values())))
        faults["newlines"] = np.flatnonzero(other)
        block = _Block(
            data=data,
            first=self.row,
            starts=starts,
            ends=ends,
            line_ends=pos[is_newline],
            cells=cells,
            faults=faults,
            blank=np.flatnonzero(blank),
            control=bool(((kind < 32) & ~np.isin(kind, (9, _LF, _CR)) | (kind == 127)).any()),
        )
        self._base += len(a)
        if len(outside):
            self.inside = int(not outside[-1])
        self.row += len(ends)
        # What of the block belongs to the record that stays open.
        if len(ends):
            self._open, self._delimiters = -int(ends[-1]), -int(upto[-1])
        self._open += len(data)
        self._delimiters += int(seen[-1]) if len(seen) else 0
        return block

    def _toggles(
        self, a: NDArray[np.uint8], pos: Rows, kind: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], Rows]:
        """Return which special characters open or close a quoted cell, and misplaced quotes."""
        toggles = kind == _QUOTE
        quotes = pos[toggles]
        if not len(quotes):
            return toggles, quotes
        opening = ((np.arange(len(quotes)) + self.inside) & 1) == 0
        left = a[np.maximum(quotes - 1, 0)]
        right = a[np.minimum(quotes + 1, len(a) - 1)]
        separators = (self.delimiter, _LF, _CR, _QUOTE)
        good_left = np.isin(left, separators) | (quotes == 0)
        good_right = np.isin(right, separators) | (quotes + 1 == len(a))
        # A doubled quote closes the cell and opens it again at once.
        if np.where(opening, good_left, good_right).all():
            return toggles, quotes[:0]
        toggles[toggles], bad = self._walk(a.tobytes(), quotes)
        return toggles, bad

    def _walk(self, data: bytes, quotes: Rows) -> tuple[NDArray[np.bool_], Rows]:
        """Decide quote by quote: the rare block with a quote amid an unquoted cell."""
        effective = np.zeros(len(quotes), bool)
        bad: list[int] = []
        separators = {self.delimiter, _LF, _CR}
        inside, i = bool(self.inside), 0
        while i < len(quotes):
            p = int(quotes[i])
            if not inside:
                left = p - 1
                while left >= 0 and data[left] == _SPACE:
                    left -= 1
                # A quote amid an unquoted cell is a character like others: 5" disk
                effective[i] = inside = left < 0 or data[left] in separators
            elif i + 1 < len(quotes) and quotes[i + 1] == p + 1:
                i += 1
            else:
                right = p + 1
                while right < len(data) and data[right] == _SPACE:
                    right += 1
                if right < len(data) and data[right] not in separators:
                    bad.append(p)
                effective[i], inside = True, False
            i += 1
        return effective, np.array(bad, np.int64)


class _Tally:
    """Gathers what is wrong, block after block."""

    def __init__(self) -> None:
        self.findings: dict[str, Finding] = {}
        self.faulty: list[Rows] = []
        self.blank: list[Rows] = []
        self.control = False
        self.line = self.open_line = 1  # of the block's beginning, of the open record

    def take(self, block: _Block) -> None:
        """Count the faults of a block."""
        for kind, records in block.faults.items():
            if not len(records):
                continue
            finding = self.findings.setdefault(kind, Finding())
            finding.count += len(records)
            for i in map(int, records[: 3 - len(finding.examples)]):
                cells = str(block.cells[i]) if kind == "ragged" else ""
                finding.examples.append((block.first + i, self._line(block, i), cells))
            if kind != "newlines":  # a row that ends otherwise can be read once that is mended
                self.faulty.append(block.first + records)
        self.blank.append(block.first + block.blank)
        self.control |= block.control
        self.open_line = self._line(block, len(block.ends))
        self.line += len(block.line_ends)

    def unclosed(self, row: int) -> None:
        """Count the record in which the file ends within quotes."""
        self.findings["unclosed"] = Finding(1, [(row, self.open_line, "")])
        self.faulty.append(np.array([row], np.int64))

    def _line(self, block: _Block, record: int) -> int:
        """Return the line of the file on which a record begins."""
        if record < len(block.starts):
            start = int(block.starts[record])
        else:
            start = int(block.ends[-1]) if len(block.ends) else -1
        if start < 0:
            return self.open_line
        return self.line + int(np.searchsorted(block.line_ends, start))


def scan(path: Path, header: Header, encoding: Encoding) -> Scan:
    """Look for everything that keeps a CSV file from being read record by record.

    Parameters
    ----------
    path
        A ``.csv`` or ``.csv.gz`` file in UTF-8 or GB18030.
    header
        Its first record.
    encoding
        How it is written, with the offsets of invalid bytes.
    """
    reader, tally = _Reader(path, header, encoding), _Tally()
    for block in reader:
        tally.take(block)
    records = reader.row - 1
    if reader.inside:
        records += 1
        tally.unclosed(records)
    empty = np.empty(0, np.int64)
    return Scan(
        records=records,
        findings=tally.findings,
        faulty=np.unique(np.concatenate([empty, *tally.faulty])),
        blank=np.concatenate([empty, *tally.blank]),
        control=tally.control,
    )


def mended_copy(path: Path, header: Header, encoding: Encoding, found: Scan, workdir: Path) -> Path:
    """Write a copy without the faulty rows, with one kind of line end and a plain header.

    The copy is in the encoding of the file, unpacked, without byte order mark.
    """
    newline = header.newline.encode()
    names = header.delimiter.join(f"c{i}" for i in range(len(header.names)))
    left_out = np.union1d([1], found.faulty)
    with tempfile.NamedTemporaryFile(dir=workdir, suffix=".csv", delete=False) as out:
        out.write(names.encode() + newline)
        for block in _Reader(path, header, encoding):
            bounds = np.concatenate(([0], block.ends, [len(block.data)]))
            rows = np.arange(block.first, block.first + len(block.ends) + 1)
            keep = ~np.isin(rows, left_out)
            edges = np.flatnonzero(np.diff(keep, prepend=False, append=False))
            for begin, end in zip(edges[::2], edges[1::2], strict=True):
                piece = block.data[bounds[begin] : bounds[end]]
                if "newlines" in found.findings:
                    piece = piece.replace(b"\r\n", b"\n").replace(b"\n", newline)
                out.write(piece)
    return Path(out.name)
