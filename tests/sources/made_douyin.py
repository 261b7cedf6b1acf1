"""Lists of works as the creator centre of Douyin writes them, by what parsers of it agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from made_tables import excel

HEADER = [
    "作品名称", "发布时间", "体裁", "审核状态", "播放量", "完播率", "5s完播率", "封面点击率", "2s跳出率",
    "平均播放时长", "点赞量", "分享量", "评论量", "收藏量", "主页访问量", "粉丝增量",
]  # fmt: skip
ROWS: list[list[Any]] = [
    ["三分钟学会扎帐篷 #露营 #新手", "2025-05-01 19:30", "视频", "通过", "20480", "0.3125", "0.5", "-",
     "0.21", "12.34", "512", "64", "32", "128", "77", "19"],
    ["周末去哪儿", "2025-05-02 07:05", "图文", "通过", "300", "-", "-", "0.08", "-", "-", "9", "-", "1",
     "2", "0", "-1"],
    ["没过审的", "2025-05-03 10:00", "视频", "审核不通过", "0", "-", "-", "-", "-", "-", "0", "0", "0",
     "0", "0", "0"],
]  # fmt: skip


def works(
    rows: Sequence[Sequence[Any]] = tuple(ROWS), header: Sequence[str] = tuple(HEADER)
) -> bytes:
    """Return the file: header and a row a work, numbers as text."""
    return excel([list(header), *rows])


def example() -> dict[str, str | bytes]:
    """Return an export."""
    return {"作品列表.xlsx": works()}
