"""Histories of git repositories, as git's documentation of ``git log`` has them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, replace

PEOPLE = (
    ("Anna Berg", "anna@example.org"),
    ("王小明", "xiaoming@example.cn"),
    ("Carl Dahl", "12345+carld@users.noreply.github.com"),
    ("carld", "carld@users.noreply.github.com"),
    ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
    ("anna", "anna.berg@old.example"),
)


@dataclass(frozen=True)
class Made:
    """A commit."""

    name: str
    email: str
    written: int
    came: int
    subject: str
    parents: tuple[str, ...] = ()
    refs: str = ""

    @property
    def sha(self) -> str:
        """Its hash."""
        return hashlib.sha1(repr(self).encode()).hexdigest()


def history(n: int = 40, start: int = 1_700_000_000) -> list[Made]:
    """Return commits, the newest first, every seventh a merge."""
    made: list[Made] = []
    for i in range(n):
        name, email = PEOPLE[i % len(PEOPLE)]
        parents = (made[-1].sha,) if made else ()
        subject = f"Fix 第 {i} item" if i % 3 else f"Add item {i}"
        if i % 7 == 6:
            parents = (made[-1].sha, made[-4].sha)
            subject = f"Merge pull request #{i} from stranger{i}/patch-1"
        made.append(Made(name, email, start + i * 7200, start + i * 7200 + 60, subject, parents))
    made[-1] = replace(made[-1], refs="HEAD -> main, origin/main, tag: v1.0")
    return made[::-1]


def fields(commits: list[Made]) -> str:
    """Return what ``--pretty=format:%H%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%ct%x1f%D%x1f%s`` prints."""
    return "\n".join(
        "\x1f".join(
            (
                c.sha,
                " ".join(c.parents),
                c.name,
                c.email,
                str(c.written),
                str(c.came),
                c.refs,
                c.subject,
            )
        )
        for c in commits
    )


def shown(seconds: int, offset: int = 8, kind: str = "default") -> str:
    """Return a time as git shows it, at an offset in hours."""
    t = dt.datetime.fromtimestamp(seconds, dt.timezone(dt.timedelta(hours=offset)))
    zone = f"{offset:+03d}00"
    if kind == "iso":
        return f"{t:%Y-%m-%d %H:%M:%S} {zone}"
    if kind == "iso-strict":
        return t.isoformat()
    if kind == "rfc":
        return f"{t:%a}, {t.day} {t:%b %Y %H:%M:%S} {zone}"
    if kind == "raw":
        return f"{seconds} {zone}"
    if kind == "local":
        return f"{t:%a %b} {t.day} {t:%H:%M:%S %Y}"
    return f"{t:%a %b} {t.day} {t:%H:%M:%S %Y} {zone}"


def log(
    commits: list[Made], *, fuller: bool = False, kind: str = "default", stat: bool = False
) -> str:
    """Return what ``git log`` prints, or ``git log --format=fuller``."""
    parts = []
    for c in commits:
        lines = [f"commit {c.sha}" + (f" ({c.refs})" if c.refs else "")]
        if len(c.parents) > 1:
            lines.append("Merge: " + " ".join(p[:7] for p in c.parents))
        if fuller:
            lines += [
                f"Author:     {c.name} <{c.email}>",
                f"AuthorDate: {shown(c.written, kind=kind)}",
                "Commit:     GitHub <noreply@github.com>",
                f"CommitDate: {shown(c.came, kind=kind)}",
            ]
        else:
            lines += [f"Author: {c.name} <{c.email}>", f"Date:   {shown(c.written, kind=kind)}"]
        lines += ["", f"    {c.subject}", "    ", "    Body of it.", "    commit deadbeef"]
        if stat:
            lines += ["", " src/a.py | 3 ++-", " 1 file changed, 2 insertions(+), 1 deletion(-)"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def table(commits: list[Made]) -> str:
    """Return a table whose authors are hashed."""
    rows = [
        f"{c.sha[:12]},{hashlib.sha256(c.email.encode()).hexdigest()[:12]},{c.written},{c.came},"
        f"{len(c.parents)},{int(len(c.parents) > 1)}"
        for c in commits
    ]
    return "\n".join(["sha,author_hash,author_ts,committer_ts,parents,is_merge", *rows]) + "\n"


def example() -> dict[str, str | bytes]:
    """Return an export: file name -> content."""
    other = [replace(c, subject="Other " + c.subject) for c in history(20, 1_710_000_000)]
    return {
        "garden.log": fields(history()),
        "shed.txt": log(other, fuller=True),
        "yard.csv": table(history(15, 1_705_000_000)),
        ".mailmap": "# who is who\nAnna Berg <anna@example.org> <anna.berg@old.example>\n",
    }
