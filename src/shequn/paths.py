"""Where the handbook's own sources are: the checkout, or the copy inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_handbook"

HOME: Path = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parents[1]
DATA: Path = HOME / "data"
SAMPLE: Path = DATA / "sample"
