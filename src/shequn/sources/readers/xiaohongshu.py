"""Read the list of notes that Xiaohongshu's creator centre exports."""

from __future__ import annotations

from shequn.sources import columns, sheets
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers import content
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("Xiaohongshu", "小红书")
HINT = Text(
    "In the creator centre (creator.xiaohongshu.com) open the data of your notes, choose export, "
    "and give the file 笔记列表明细表.xlsx.",
    "在小红书创作服务平台（creator.xiaohongshu.com）的笔记数据里点“导出数据”，"
    "请给出得到的“笔记列表明细表.xlsx”。",
)
LAYOUTS = {
    "xiaohongshu-notes": Text(
        "a row with the columns 笔记标题 and 首次发布时间", "有“笔记标题”和“首次发布时间”两列"
    )
}
NAMES = {
    "title": ("笔记标题", "标题"),
    "published_at": ("首次发布时间", "发布时间|笔记发布时间"),
    "kind": ("体裁", "笔记类型|类型"),
    "exposures": ("曝光|曝光量|曝光数",),
    "views": ("观看量|观看数|观看|阅读量|浏览量",),
    "cover_ctr": ("封面点击率",),
    "likes": ("点赞|点赞量|点赞数",),
    "comments": ("评论|评论量|评论数",),
    "favourites": ("收藏|收藏量|收藏数",),
    "follows_gained": ("涨粉|涨粉量|涨粉数|直接涨粉数",),
    "shares": ("分享|分享量|分享数",),
    "avg_watch_s": ("人均观看时长|平均观看时长",),
}
_LAYOUT = content.Layout("xiaohongshu", NAMES, ("title", "published_at", "views"))
_OWN = {"笔记标题", "首次发布时间"}


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    rows = sheets.top(head)
    if not any({columns.fold(c) for c in row} >= _OWN for row in rows):
        return None
    _, found = columns.find(rows, NAMES)
    return columns.lacking(found, NAMES, _LAYOUT.signs, content.COUNTS) or "xiaohongshu-notes"


def read(files: list[Reading], intake: Intake) -> None:
    """Put the notes that files list into an intake."""
    content.read(files, intake, _LAYOUT)
    most = max((file.read for file in files), default=0)
    intake.note(
        "A file lists 1,000 notes at most, about the last half year: older notes may be missing.",
        "一个文件最多 1000 篇、大约半年：更早的笔记可能不在里面。",
        when=most >= 1000,
    )
