"""Names out of texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# Scripts that write no space between words, or none before endings: Thai, kana, Han, Hangul.
_JOINED = "\u0e00-\u0e7f\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(rf"[{_JOINED}]|[^\W{_JOINED}]+|\W")
_WORD, _PART = re.compile(r"\w"), re.compile(rf"[{_JOINED}]")


class Redactor:
    """Replaces every known name in a text by the pseudonym of its person.

    A name counts where it stands as a whole word, in any case: ``bob`` in ``bob's``, but not in
    ``bobby``. Chinese, Japanese, Korean and Thai show no words: there a name counts anywhere,
    unless it is a single character between others.

    Parameters
    ----------
    ids
        Pseudonym of each name, names as the platform compares them.
    fold
        Turns a text into one as the platform compares them, of the same length and with the same
        words.
    """

    def __init__(self, ids: Mapping[str, str], fold: Callable[[str], str]) -> None:
        self._ids, self._fold = ids, fold
        lengths: dict[str, set[int]] = {}
        for name in ids:
            if pieces := _PIECE.findall(name):
                lengths.setdefault(pieces[0], set()).add(len(pieces))
        # By its first piece, how many pieces a name may have: most words need one look-up.
        self._lengths = {piece: sorted(ns, reverse=True) for piece, ns in lengths.items()}

    def __call__(self, text: str) -> str:
        """Return the text without names."""
        small = _PIECE.findall(self._fold(text))
        if self._lengths.keys().isdisjoint(small):
            return text
        pieces = _PIECE.findall(text)
        out: list[str] = []
        i = 0
        while i < len(pieces):
            for n in self._lengths.get(small[i], ()):
                found = self._ids.get("".join(small[i : i + n]))
                if found is not None and (n > 1 or not _part(pieces, i)):
                    out.append(found)
                    i += n
                    break
            else:
                out.append(pieces[i])
                i += 1
        return "".join(out)

    def file_name(self, name: str) -> str:
        """Return a file's name without names, also where underscores join them to a date."""
        parts = [self(part) for part in self(name).split("_")]
        return re.sub(r"[^\w.+#-]", "-", "_".join(parts))


def _part(pieces: list[str], i: int) -> bool:
    """Tell whether a piece is a character that may only be a part of a word."""
    near = pieces[max(i - 1, 0) : i] + pieces[i + 1 : i + 2]
    return _PART.match(pieces[i]) is not None and any(map(_WORD.match, near))
