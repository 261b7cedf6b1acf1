"""Read the list of works that Douyin's creator centre exports."""

from __future__ import annotations

from shequn.sources import columns, sheets
from shequn.sources.intake import Intake
from shequn.sources.platforms import Head
from shequn.sources.readers import content
from shequn.sources.report import Reading
from shequn.text import Text

NAME = Text("Douyin", "抖音")
HINT = Text(
    "In the creator centre (creator.douyin.com) open the analysis of your works, choose export, "
    "and give the Excel file.",
    "在抖音创作者中心（creator.douyin.com）的作品分析里点“导出数据”，请给出得到的 Excel 文件。",
)
LAYOUTS = {
    "douyin-works": Text(
        "a row with the columns 作品名称, 发布时间 and 播放量", "有“作品名称”“发布时间”“播放量”三列"
    )
}
NAMES = {
    "title": ("作品名称", "作品标题|视频标题"),
    "published_at": ("发布时间", "作品发布时间"),
    "kind": ("体裁", "作品类型|作品体裁"),
    "state": ("审核状态", "发布状态|作品状态"),
    "exposures": ("曝光量|曝光次数|展现量",),
    "views": ("播放量|播放次数|播放数",),
    "completion_rate": ("完播率",),
    "completion_5s": ("5s完播率|5秒完播率",),
    "cover_ctr": ("封面点击率",),
    "bounce_2s": ("2s跳出率|2秒跳出率",),
    "avg_watch_s": ("平均播放时长|人均播放时长",),
    "likes": ("点赞量|点赞数|点赞",),
    "shares": ("分享量|分享数|分享",),
    "comments": ("评论量|评论数|评论",),
    "favourites": ("收藏量|收藏数|收藏",),
    "follows_gained": ("粉丝增量|涨粉量|新增粉丝",),
}
_UNSEEN = ("不通过", "未通过", "审核中", "待审核", "驳回")
_LAYOUT = content.Layout("douyin", NAMES, ("title", "published_at", "views"), _UNSEEN)


def sniff(head: Head) -> str | Text | None:
    """Return the layout of a file."""
    rows = sheets.top(head)
    if not any("作品名称" in {columns.fold(c) for c in row} for row in rows):
        return None
    _, found = columns.find(rows, NAMES)
    return columns.lacking(found, NAMES, _LAYOUT.signs, content.COUNTS) or "douyin-works"


def read(files: list[Reading], intake: Intake) -> None:
    """Put the works that files list into an intake."""
    content.read(files, intake, _LAYOUT)
