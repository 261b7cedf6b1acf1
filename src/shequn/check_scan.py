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
    cells: Rows
    blank: NDArray[np.bool_]
    other_newline: NDArray[np.bool_]
    bare_return: Rows  # positions
    bad_quote: Rows  # positions
    line_ends: Rows  # positions
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
        self._open = 0  # bytes of the open record in earlier blocks
        self._delimiters = 0  # delimiters of the open record in earlier blocks

    def __iter__(self) -> Iterator[_Block]:
        ending = self.header.newline.encode()
        with open_bytes(self.path) as stream:
            stream.read(self.encoding.start)
            previous = b""
            for data in blocks(stream, ending[-1:]):
                if previous:
                    yield self._split(previous)
                previous = data
            if previous:
                # The last record may lack its line end.
                yield self._split(previous if previous.endswith(ending[-1:]) else previous + ending)

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
        crlf = self.header.newline == "\r\n"
        length = ends - starts
        returns = pos[(kind == _CR) & outside]
        if self.newline == _CR:
            other = np.zeros(len(ends), bool)
            bare = pos[(kind == _LF) & outside]
        else:
            other = after_return != crlf
            following = a[np.minimum(returns + 1, len(a) - 1)]
            bare = returns[(following != _LF) | (returns + 1 == len(a))]
        block = _Block(
            data=data,
            first=self.row,
            starts=starts,
            ends=ends,
            cells=cells,
            blank=(length == 1) | ((length == 2) & after_return),
            other_newline=other,
            bare_return=bare,
            bad_quote=bad_quote,
            line_ends=pos[is_newline],
            control=bool(((kind < 32) & ~np.isin(kind, (9, _LF, _CR)) | (kind == 127)).any()),
        )
        self.inside = int(not outside[-1]) if len(outside) else self.inside
        self.row += len(ends)
        total = int(seen[-1]) if len(seen) else 0
        if len(ends):
            self._open, self._delimiters = len(data) - int(ends[-1]), total - int(upto[-1])
        else:
            self._open, self._delimiters = self._open + len(data), self._delimiters + total
        return block

    def _toggles(
        self, a: NDArray[np.uint8], pos: Rows, kind: NDArray[np.uint8]
    ) -> tuple[NDArray[np.bool_], Rows]:
        """Return which special characters open or close a quoted cell, and misplaced quotes."""
        toggles = kind == _QUOTE
        quotes = pos[toggles]
        none = np.empty(0, np.int64)
        if not len(quotes):
            return toggles, none
        opening = ((np.arange(len(quotes)) + self.inside) & 1) == 0
        left = a[np.maximum(quotes - 1, 0)]
        right = a[np.minimum(quotes + 1, len(a) - 1)]
        separators = (self.delimiter, _LF, _CR, _QUOTE)
        good_left = np.isin(left, separators) | (quotes == 0)
        good_right = np.isin(right, separators) | (quotes + 1 == len(a))
        # A doubled quote closes the cell and opens it again at once.
        if np.where(opening, good_left, good_right).all():
            return toggles, none
        effective, bad = self._walk(a.tobytes(), quotes)
        toggles[toggles] = effective
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

    def __init__(self, encoding: Encoding, width: int) -> None:
        self.findings: dict[str, Finding] = {}
        self.faulty: list[Rows] = []
        self.blank: list[Rows] = []
        self.control = False
        self.line = self.open_line = 1  # of the block's beginning, of the open record
        self._bad, self._base, self._width = encoding.bad, encoding.start, width

    def take(self, block: _Block) -> None:
        """Count the faults of a block."""
        end = self._base + len(block.data)
        bad = self._bad[(self._bad >= self._base) & (self._bad < end)] - self._base
        seen = [
            self._at(block, "encoding", bad),
            self._at(block, "quote", block.bad_quote),
            self._at(block, "bare_return", block.bare_return),
            self._note(block, "too_long", np.flatnonzero(block.ends - block.starts > LONGEST)),
        ]
        # A row that is broken for another reason has the wrong number of cells as well.
        ragged = (block.cells != self._width) & ~block.blank
        ragged[np.concatenate(seen)[np.concatenate(seen) < len(ragged)]] = False
        self._note(block, "ragged", np.flatnonzero(ragged), block.cells)
        self._note(block, "newlines", np.flatnonzero(block.other_newline), faulty=False)
        self.blank.append(block.first + np.flatnonzero(block.blank))
        self.control |= block.control
        self.open_line = self._line(block, len(block.ends))
        self.line, self._base = self.line + len(block.line_ends), end

    def unclosed(self, row: int) -> None:
        """Count the record in which the file ends within quotes."""
        self.findings["unclosed"] = Finding(1, [(row, self.open_line, "")])
        self.faulty.append(np.array([row], np.int64))

    def _at(self, block: _Block, kind: str, positions: Rows) -> Rows:
        return self._note(block, kind, np.unique(np.searchsorted(block.ends, positions, "right")))

    def _note(
        self,
        block: _Block,
        kind: str,
        records: Rows,
        details: Rows | None = None,
        *,
        faulty: bool = True,
    ) -> Rows:
        """Count records of a block, given by their place in it."""
        if len(records):
            finding = self.findings.setdefault(kind, Finding())
            finding.count += len(records)
            for i in map(int, records[: 3 - len(finding.examples)]):
                detail = str(details[i]) if details is not None else ""
                finding.examples.append((block.first + i, self._line(block, i), detail))
            if faulty:
                self.faulty.append(block.first + records)
        return records

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
    reader, tally = _Reader(path, header, encoding), _Tally(encoding, len(header.names))
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
    uniform = "newlines" in found.findings and header.newline != "\r"
    newline = b"\n" if uniform else header.newline.encode()
    names = header.delimiter.join(f"c{i}" for i in range(len(header.names)))
    left_out = np.concatenate((np.array([1], np.int64), found.faulty))
    with tempfile.NamedTemporaryFile(dir=workdir, suffix=".csv", delete=False) as out:
        out.write(names.encode() + newline)
        for block in _Reader(path, header, encoding):
            bounds = np.concatenate(([0], block.ends, [len(block.data)]))
            rows = np.arange(block.first, block.first + len(block.ends) + 1)
            keep = ~np.isin(rows, left_out)
            edges = np.flatnonzero(np.diff(keep, prepend=False, append=False))
            for begin, end in zip(edges[::2], edges[1::2], strict=True):
                piece = block.data[bounds[begin] : bounds[end]]
                out.write(piece.replace(b"\r\n", b"\n") if uniform else piece)
    return Path(out.name)
