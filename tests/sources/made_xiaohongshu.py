"""Lists of notes as the creator centre of Xiaohongshu writes them, by what parsers of it agree on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from made_tables import excel

NOTE = "最多导出排序后前1000条笔记"
HEADER = [
    "笔记标题", "首次发布时间", "体裁", "曝光", "观看量", "封面点击率", "点赞", "评论", "收藏", "涨粉",
    "分享", "人均观看时长", "弹幕",
]  # fmt: skip
ROWS: list[list[Any]] = [
    ["露营清单，照着买就行", "2025年04月22日20时35分10秒", "图文", 12000, 1500, 0.125, 80, 12, 200, 15,
     9, 21.5, 0],
    ["加微信 13800138000 进群", "2025年04月23日08时00分00秒", "视频", 900, 60, 0.05, 3, 0, 1, -2, 0, 8, 1],
    ["=cmd()|'/c calc'!A1", "2025年04月24日09时01分02秒", "视频", 10, 1, 0, 0, 0, 0, 0, 0, 0, 0],
]  # fmt: skip


def notes(
    rows: Sequence[Sequence[Any]] = tuple(ROWS), header: Sequence[str] = tuple(HEADER)
) -> bytes:
    """Return the file: a remark, the header, a row a note."""
    return excel([[NOTE], list(header), *rows])


def example() -> dict[str, str | bytes]:
    """Return an export, the same saved twice."""
    return {"笔记列表明细表.xlsx": notes(), "笔记列表明细表 (1).xlsx": notes()}
