"""What the exports of platforms show: the page of one, and the matrix of all."""

from __future__ import annotations

from docutils import nodes

from shequn import paths
from shequn.site.directives import Directive
from shequn.sources.platforms import PLATFORMS, WHAT, Known, matrix, reader
from shequn.text import Text

LEVELS = {
    "full": Text("● yes", "● 能"),
    "partial": Text("◐ in part", "◐ 部分"),
    "none": Text("○ no", "○ 不能"),
}
WORDS = {
    "joins": Text("who joined, when", "何时入群"),
    "inviters": Text("who invited", "谁邀请的"),
    "leaves": Text("who left", "谁退群"),
    "replies": Text("replies", "回复"),
    "reactions": Text("reactions", "表情回应"),
    "ids": Text("who is who", "认得出是谁"),
    "bots": Text("which are bots", "哪些是机器人"),
    "zone": Text("exact time", "准确时间"),
}
_HEADS = {
    "what": Text("known from the export", "从导出里能否看出"),
    "how": Text("how, or why not", "怎么看出，或为什么不能"),
    "platform": Text("platform", "平台"),
}
# Pages that tell of two platforms at once.
_PAGES = {"spend": "orders"}


class Platform(Directive):
    """What the export of one platform shows: ``{platform} telegram``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table."""
        self.depends_on(paths.DATA / "platforms.csv")
        known = matrix()[self.arguments[0]]
        lines = ["```{list-table}", ":header-rows: 1", ":widths: 22 14 64", ""]
        lines += [f"* - {_HEADS['what'][self.lang]}", "  -", f"  - {_HEADS['how'][self.lang]}"]
        for what in WHAT:
            k = known[what]
            lines += [f"* - {WORDS[what][self.lang]}", f"  - {LEVELS[k.level][self.lang]}",
                      f"  - {k.basis[self.lang]}"]  # fmt: skip
        return self.parse("\n".join([*lines, "```"]))


class Platforms(Directive):
    """The matrix of all platforms, each with a link to its page."""

    def run(self) -> list[nodes.Node]:
        """Return a table."""
        self.depends_on(paths.DATA / "platforms.csv")
        lines = ["```{list-table}", ":header-rows: 1", ":class: platforms", ""]
        lines += [f"* - {_HEADS['platform'][self.lang]}"]
        lines += [f"  - {WORDS[what][self.lang]}" for what in WHAT]
        for platform in PLATFORMS:
            page = f"/book/guides/exports/{_PAGES.get(platform, platform)}"
            lines += [f"* - {{doc}}`{reader(platform).name[self.lang]} <{page}>`"]
            lines += [f"  - {self._cell(matrix()[platform][what])}" for what in WHAT]
        return self.parse("\n".join([*lines, "```"]))

    def _cell(self, known: Known) -> str:
        return LEVELS[known.level][self.lang]
