"""Which platforms feed what, by the matrix: read from data/platforms.csv by hand."""

from __future__ import annotations

import pytest

from shequn.sources.support import feeding


@pytest.mark.parametrize(
    ("needs", "full", "partial", "none"),
    [
        # Messages with a sure author; the weaker of the two counts.
        ({"messages": ("author_id", "ts")}, {"wechat", "slack"}, {"irc", "discourse"}, {"wecom"}),
        ({"members": ("joined_at", "left_at")}, set(), {"wecom"}, {"discord", "irc", "orders"}),
        ({"messages": ("reply_to_id",)}, {"telegram", "mbox"}, {"wechat"}, {"whatsapp", "irc"}),
        ({"orders": ("gross",)}, {"orders"}, set(), {"spend", "wechat"}),
        ({"content_stats": ("views",)}, {"xiaohongshu", "douyin"}, set(), {"orders"}),
    ],
)  # fmt: skip
def test_platforms_that_feed(
    needs: dict[str, tuple[str, ...]], full: set[str], partial: set[str], none: set[str]
) -> None:
    found = feeding(needs)
    assert {p for p in full | partial | none if p in found} == full | partial
    assert {found[p] for p in full} <= {"full"} and {found[p] for p in partial} <= {"partial"}


def test_a_table_that_no_export_holds_is_fed_by_none() -> None:
    assert feeding({"goals": ("target",)}) == {}
    assert feeding({"orders": ("gross",), "messages": ("ts",)}) == {}
