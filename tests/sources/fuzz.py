"""Mutated exports, without end: `make fuzz`.

Whatever the bytes: no traceback, no hang over 10 s, no memory over 1 GB, no half a folder.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import io
import random
import resource
import shutil
import signal
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from hand_made import write_logs

from shequn.check import check
from shequn.sources import PLATFORMS, import_export
from shequn.text import ShequnError

LONGEST, MOST = 10, 1 << 20  # seconds, KB
Files = dict[str, str | bytes]
_NASTY = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"{", b"}", b"[[[[[[[[", b"\n", b"\r", b",", b"-1",
    b"1e999", b"9" * 40, b"null", b"NaN", "群".encode("gb18030"), b"<!ENTITY", b"=cmd|' /C calc'!A0",
    b"2024-02-30", b"24:00:00", "‮".encode(), b"true", b"\\ud800",
)  # fmt: skip


@functools.cache  # an Excel file holds when it was made: made again, it is another file
def example(platform: str) -> Files:
    """Return the rich export of a platform that its writer makes."""
    files: Files = importlib.import_module(f"made_{platform}").example()
    return files


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a content with a few faults in it; of an Excel file, mostly inside."""
    if content[:2] == b"PK" and rng.random() < 0.7:
        return _inside(content, rng)
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del data[at : at + rng.choice((1, 2, 10, 200))]
            case 2:
                data[at:at] = rng.choice(_NASTY)
            case 3:
                piece = bytes(data[at : at + rng.choice((10, 100, 1000))])
                data[at:at] = piece * rng.choice((1, 1, 30))
            case 4:
                del data[at:]
            case _:
                other = rng.randrange(len(data) + 1)
                data[at : at + 8] = data[other : other + 8]
    return bytes(data)


def _inside(content: bytes, rng: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, mutate(part, rng) if name == chosen else part)
    return out.getvalue()


def mutated(files: Files, rng: random.Random) -> Files:
    """Return an export of which one file is mutated."""
    chosen = rng.choice(sorted(files))
    content = files[chosen]
    raw = content.encode() if isinstance(content, str) else content
    return {**files, chosen: mutate(raw, rng)}


class Hang(Exception):
    """An import that takes too long."""


def attempt(platform: str, files: Files, place: Path, **options: Any) -> str:
    """Import an export; return ``read`` or ``refused``, and raise for anything else."""

    def stop(*_: object) -> None:
        raise Hang(platform)

    shutil.rmtree(place, ignore_errors=True)
    export, out = write_logs(place / "export", files), place / "data"
    # Of its own work, so that a busy machine is no hang; and of all time, for what waits for ever.
    before = {s: signal.signal(s, stop) for s in (signal.SIGPROF, signal.SIGALRM)}
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    signal.alarm(10 * LONGEST)
    try:
        import_export(platform, export, out, timezone="Asia/Shanghai", key_file=place / "key",
                      tolerate=True, **options)  # fmt: skip
    except ShequnError as error:
        assert error.what.en and error.what.zh
        left = [p.name for p in place.iterdir() if p.name not in ("export", "key")]
        assert not left, left
        return "refused"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
    found = check(out)
    assert found.ok, found.render("en")
    assert {p.name for p in place.iterdir()} == {"export", "key", "data"}
    return "read"


def main() -> None:
    """Fuzz until the time is over; a failure is kept in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platforms", nargs="*", default=list(PLATFORMS))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    end, seed, tried = time.time() + asked.minutes * 60, asked.seed, 0
    with tempfile.TemporaryDirectory() as folder:
        while time.time() < end:
            for platform in asked.platforms:
                seed += 1
                rng = random.Random(seed)
                files = mutated(example(platform), rng)
                try:
                    attempt(platform, files, Path(folder) / "w", keep_text=bool(seed % 2))
                    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    assert grown < MOST, f"{grown} KB"
                except Exception as error:
                    kept = Path(tempfile.mkdtemp(prefix=f"fuzz-{platform}-{seed}-"))
                    write_logs(kept, files)
                    print(f"{platform}, seed {seed}: {type(error).__name__}: {error}\n  in {kept}")
                    raise
                tried += 1
            print(f"\r{tried:,} tried, {max(end - time.time(), 0):,.0f} s left", end="", flush=True)
    print(f"\n{tried:,} mutated exports: no traceback, no hang, no half a folder.")


if __name__ == "__main__":
    main()
