"""The published handbook: every edition around the sample community, and a page that leads there."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from shequn import atomic, paths, rerun, runs
from shequn.edition import Stage
from shequn.rerun import Progress
from shequn.text import LANGUAGES, Lang

_SITE = frozenset({"index.html", *LANGUAGES})
_LANDING = Path(__file__).parent / "site" / "templates" / "landing.html"


def publish(
    out: Path,
    editions: list[Lang],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
    stage: Stage | None = None,
) -> bool:
    """Build the handbook and put it at ``out``, whole or not at all.

    Parameters
    ----------
    out
        Folder of the site.
    editions
        Languages to build.
    jobs, progress, stage
        As for `runs.run`.

    Returns
    -------
    bool
        False where nothing had changed and nothing was done.

    Raises
    ------
    ShequnError
        Where a notebook fails or the pages do not build cleanly.
    """
    out = Path(out).resolve()
    runs.refuse_lossy(out, _SITE, "*/searchindex.js")
    with atomic.only_one(out):
        atomic.recover(out)
        stamp = atomic.beside(out, "key")
        key = source_key(editions)
        if out.is_dir() and stamp.is_file() and stamp.read_text() == f"{key} {_tree(out)}":
            return False
        new = atomic.beside(out, "new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            for lang in editions:
                site = _edition(out, lang, len(editions) > 1, jobs, progress, stage)
                shutil.copytree(site, new / lang)
            (new / "index.html").write_text(_landing(new, editions), encoding="utf-8")
            atomic.put(new, out)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        stamp.write_text(f"{key} {_tree(out)}")
    return True


def _edition(
    out: Path,
    lang: Lang,
    other_edition: bool,
    jobs: int | None,
    progress: Progress | None,
    stage: Stage | None,
) -> Path:
    """Run everything on the sample in one language; return its site."""
    folder = atomic.beside(out, f"run-{lang}")
    runs.run(
        None, folder, lang=lang, jobs=jobs, book=True, other_edition=other_edition, every=True,
        progress=progress, stage=stage,
    )  # fmt: skip
    return folder / "site"


def _landing(new: Path, editions: list[Lang]) -> str:
    """Return the page that leads to the editions."""
    if editions == list(LANGUAGES):
        return _LANDING.read_text(encoding="utf-8")
    page = (new / editions[0] / "index.html").read_text(encoding="utf-8")
    page = page.replace("url=", f"url={editions[0]}/")
    return page.replace('href="', f'href="{editions[0]}/')


def source_key(editions: list[Lang]) -> str:
    """Return a digest of all that the published site is made of."""
    digest = hashlib.sha256(rerun.code_digest().encode() + " ".join(editions).encode())
    files = [paths.HOME / n for n in ("_config.yml", "_toc.yml", "references.bib")]
    for folder in ("book", "notebooks", "zh", "data"):
        files += [f for f in (paths.HOME / folder).rglob("*") if f.is_file()]
    files += [f for f in (Path(__file__).parent / "site").rglob("*") if f.is_file()]
    for path in sorted(f for f in files if "__pycache__" not in f.parts):
        name = os.path.relpath(path, paths.HOME)  # in a wheel the site side lies beside the pages
        digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _tree(site: Path) -> str:
    """Return a digest of a site's files by name and size: enough to see that some are gone."""
    listing = sorted(
        f"{f.relative_to(site)} {f.stat().st_size}" for f in site.rglob("*") if f.is_file()
    )
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()
