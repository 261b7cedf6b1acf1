"""Read the history of git repositories: ``git log`` in a format of fields, as it stands, or CSV.

A commit is a message of its author, a merge a system line. Who wrote under several addresses is
one person where a .mailmap says so; it may lie in the export.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.git_log import COMMIT, FIELDS, SEPARATOR, Commit, fields, log
from shequn.sources.readers.git_people import Authors, Mailmap
from shequn.sources.report import Reading
from shequn.sources.times import LATEST
from shequn.text import Text

NAME = Text("git", "git")
HINT = Text(
    "In the repository: git log --all --pretty=format:'"
    + "%x1f".join(("%H", "%P", "%aN", "%aE", "%at", "%ct", "%D", "%s"))
    + "' > NAME.log; plain git log is read too.",
    "在仓库里执行：git log --all --pretty=format:'"
    + "%x1f".join(("%H", "%P", "%aN", "%aE", "%at", "%ct", "%D", "%s"))
    + "' > 仓库名.log；普通的 git log 输出也能读。",
)
LAYOUTS = {
    "git-fields": Text("lines of fields between unit separators", "以单元分隔符隔开的字段"),
    "git-log": Text(
        "commit, Author and Date lines of git log", "git log 的 commit、Author、Date 行"
    ),
    "git-csv": Text("the columns sha, author_hash, author_ts", "含 sha、author_hash、author_ts 列"),
    "git-mailmap": Text("a .mailmap", ".mailmap 文件"),
}
_CSV = ("sha", "author_hash", "author_ts", "committer_ts", "parents", "is_merge")
_ONELINE = re.compile(r"[0-9a-f]{7,40} \S")
_STRANGE = Text("not a commit with hash, author and time", "不是含哈希、作者、时间的提交")
_FULL = 40  # characters of a hash that is not cut
# In "Merge pull request #3 from LOGIN/branch" somebody is named who may not be known.
_FROM = re.compile(r"(Merge pull request #\d+ from )[^/\s]+(?=/)")


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if head.name.endswith(".mailmap") or head.name == "mailmap":
        return "git-mailmap"
    if not head.named(".log", ".txt", ".csv", ".git"):
        return None
    if tuple(head.header) == _CSV:
        return "git-csv"
    lines = [line for line in head.lines[:200] if line]
    first = lines[0] if lines else ""
    if first.count(SEPARATOR) >= FIELDS - 1 and COMMIT.match("commit " + first.split(SEPARATOR)[0]):
        return "git-fields"
    if COMMIT.match(first):
        if any(line.startswith("tree ") for line in lines[1:3]):
            return Text("git log --pretty=raw is not read", "不读 git log --pretty=raw 的输出")
        if any(line.startswith("Author:") for line in lines[1:8]):
            return "git-log"
    if first.startswith(("* commit ", "* ")) and any("Author:" in line for line in lines[:8]):
        return Text("git log --graph: leave out --graph", "git log --graph 的输出：请去掉 --graph")
    if len(lines) > 2 and all(map(_ONELINE.match, lines)):
        return Text(
            "git log --oneline shows neither authors nor times",
            "git log --oneline 里没有作者和时间",
        )
    return None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    mailmap = Mailmap()
    for file in files:
        if file.layout == "git-mailmap":
            intake.open(file)
            for line in file.file.lines():
                mailmap.add(line)
    authors = Authors(intake, mailmap)
    intake.tidy = lambda text, _channel, _ts: _FROM.sub(r"\1[name]", text)
    for file in files:
        if file.layout != "git-mailmap":
            _read(intake.open(file), intake, authors)
    authors.settle()
    intake.note(
        "A commit counts at the time of its author's clock, on the day it was written, not on the "
        "day it came into the repository. A wrong clock, such as one before 1970, gives way to the "
        "committer's.",
        "提交按作者的时钟计时，即写成的时刻，不是并入仓库的时刻；作者时钟明显有误（如早于 1970 年）时用提交者的。",
    )
    n = len(mailmap)
    intake.note(
        f"One person is one e-mail address; a .mailmap in the export joins addresses ({n:,} lines).",
        f"一个邮箱地址算一个人；导出里的 .mailmap 会合并地址（{n:,} 行）。",
    )
    intake.note(
        f"{authors.hidden:,} people have only an address of GitHub that hides their own "
        "(…@users.noreply.github.com). Who also wrote under an address of their own counts twice, "
        "unless a .mailmap or a list (--aliases FILE) joins the two.",
        f"{authors.hidden:,} 人只有 GitHub 的隐私邮箱（…@users.noreply.github.com）。"
        "若他们还用自己的邮箱提交过，会算成两人，除非 .mailmap 或名单（--aliases 文件）并起来。",
        when=authors.hidden,
    )


def _read(file: Reading, intake: Intake, authors: Authors) -> None:
    """Put in the commits of a file; its name is the repository's."""
    repository = re.sub(r"(\.(log|txt|csv|git))+$", "", file.file.name, flags=re.IGNORECASE)
    channel = intake.channel(repository or "git", kind="repository", name=repository or None)
    texts, shown = intake.message, authors.person
    skipped: set[str] = set()  # what a stash consists of, besides its tip
    for row, commit in _commits(file, intake):
        file.read = row
        if commit is None:
            continue
        sha, parents, name, email, written, came, refs, subject = commit
        if refs and ("refs/stash" in refs or "refs/notes/" in refs):
            skipped.update(parents[1:])
            continue
        if sha in skipped:
            continue
        ts = written if 0 < written <= LATEST else came
        if not 0 < ts <= LATEST:
            file.strange(row, _STRANGE, subject or "")
            continue
        author, bot = shown(name, email, ts)
        texts(
            row, channel, author, ts, subject or "", "system" if len(parents) > 1 else "other",
            own=sha if len(sha) >= _FULL else f"{repository}/{sha}", bot=bot,
            chars=-1 if subject is not None else None,
        )  # fmt: skip


def _commits(file: Reading, intake: Intake) -> Iterator[tuple[int, Commit | None]]:
    """Yield number and content of each commit; nothing where there is no understanding it."""
    if file.layout == "git-csv":
        found = _csv(file)
    elif file.layout == "git-fields":
        found = fields(file.file.lines())
    else:
        found = log(file.file.lines(), intake.options.zone.at)
    for row, (commit, text) in enumerate(found, 1):
        if commit is None:
            file.read = row
            file.strange(row, _STRANGE, text)
        yield row, commit


def _csv(file: Reading) -> Iterator[tuple[Commit | None, str]]:
    lines = file.file.lines()
    next(lines, None)
    for line in lines:
        if not line:
            continue
        try:
            cells = next(csv.reader([line]), [])
            sha, author, written, came, parents, merge = cells
            n = 2 if merge.lower() in ("1", "true") else min(int(parents or 0), 2)
            if not sha or not author or n < 0:
                raise ValueError
            commit = (sha, [""] * n, "", author, int(written), int(came), "", None)
        except (ValueError, OverflowError, csv.Error):
            yield None, line
        else:
            yield commit, line
