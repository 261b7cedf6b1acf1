"""Read events of GitHub: what its Events API answers, and the hourly files of GH Archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from shequn.sources import json_stream
from shequn.sources.files import ExportFile
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers.github_events import Events
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("GitHub", "GitHub")
HINT = Text(
    "Save what the Events API answers (gh api --paginate repos/OWNER/NAME/events > events.json), "
    "or take from GH Archive's files, 2015 and later, the lines of your repository.",
    "保存 Events API 的返回（gh api --paginate repos/OWNER/NAME/events > events.json），"
    "或从 GH Archive 2015 年及以后的文件里取出你的仓库的行。",
)
LAYOUTS = {
    "github-array": Text(
        "an array of events with type, actor, repo", "含 type、actor、repo 的事件数组"
    ),
    "github-lines": Text(
        "an event with type, actor, repo in each line", "每行一个含 type、actor、repo 的事件"
    ),
}
_OLD = Text(
    "GH Archive before 2015: an older layout, without ids of people and without texts",
    "2015 年以前的 GH Archive：旧格式，没有用户编号，也没有正文",
)
_STRANGE = Text(
    "not an event with id, type, actor, repo and time", "不是含 id、type、actor、repo、时间的事件"
)
_MANY = 50  # repositories: hardly one community


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    if not head.named(".json", ".jsonl", ".ndjson"):
        return None
    text = head.text
    array = text.startswith("[")
    try:
        first, _ = json.JSONDecoder().raw_decode(text.lstrip("[ \t\r\n"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(first, dict) or not str(first.get("type")).endswith("Event"):
        return None
    if "repo" in first and isinstance(first.get("actor"), dict) and "created_at" in first:
        return "github-array" if array else "github-lines"
    return _OLD if "actor" in first and ("repository" in first or "url" in first) else None


def read(files: list[Reading], intake: Intake) -> None:
    """Put what files say into an intake."""
    events = Events(intake)
    intake.tidy = events.tidy
    for file in files:
        intake.open(file)
        for row, value in enumerate(_records(file.file, file.layout), 1):
            file.read = row
            if not events.put(row, value):
                file.strange(row, _STRANGE, str(value)[:60])
    events.settle()
    intake.note(
        "Issues, pull requests, discussions, reviews and comments are messages; a comment answers "
        "what opened its thread, unless it says more. Stars, forks, pushes, releases, and what was "
        "closed or merged are in events. Whoever only starred is a member, too: one who never "
        "wrote.",
        "issue、拉取请求、讨论、审阅和评论算消息；评论默认回复开启该串的内容，除非写明回复谁。"
        "星标、复刻、推送、发布、关闭与合并在 events 里。只点过星标的人也算成员，只是没有发言。",
    )
    intake.note(
        "The events show nothing from before they begin: a comment may answer what is not there.",
        "事件流开始之前的内容一概没有：评论回复的对象可能不在其中。",
    )
    n = len(events.repositories)
    intake.note(
        f"There are {n:,} repositories in these files: hardly one community. Take out the lines "
        "of yours first.",
        f"这些文件里有 {n:,} 个仓库：很难说是一个社群。请先取出你自己仓库的行。",
        when=n > _MANY,
    )
    intake.note(
        f"{events.bare:,} pull requests or issues came without their words: GitHub has left these "
        "out of its events since October 2025.",
        f"{events.bare:,} 个拉取请求或 issue 没有文字：自 2025 年 10 月起，GitHub 的事件不再带这些内容。",
        when=events.bare,
    )


def _records(file: ExportFile, layout: str) -> Iterator[Any]:
    if layout == "github-lines":
        for _, value in json_stream.lines(file):
            yield value
        return
    stream = json_stream.JsonStream(file)
    # Pages that were saved one behind the other are several arrays; or one, of arrays.
    while stream.peek() == "[":
        for value in stream.values():
            if isinstance(value, list):
                yield from value
            else:
                yield value
    stream.end()
