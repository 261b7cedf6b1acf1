"""What the exports of platforms show, one and all, and what an import said of its own."""

from __future__ import annotations

from docutils import nodes

from shequn import paths
from shequn.site.directives import Directive
from shequn.sources.platforms import PLATFORMS, Known, matrix, reader
from shequn.sources.report import WHAT
from shequn.text import Text

LEVELS = {
    "full": Text("● yes", "● 能"),
    "partial": Text("◐ part", "◐ 部分"),
    "none": Text("○ no", "○ 不能"),
}
WORDS = {
    "messages": Text("who wrote, when", "谁何时发言"),
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
_NO_IMPORT = Text(
    "There is no report: these tables were not made by shequn import, but by hand or by a program.",
    "没有报告：这些表不是 shequn import 生成的，而是手写或由程序生成的。",
)
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


class Report(Directive):
    """What the import of a reader's data said: ``{import-report}``.

    It quotes names of files, and so it is shown as it stands: nothing in it is markup.
    """

    def run(self) -> list[nodes.Node]:
        """Return a list, or that there was no import."""
        lines = str(self.state_of_run().get("import", "")).splitlines()
        items = nodes.bullet_list(classes=["import-report"])
        items["support_smartquotes"] = False  # --bots stays --bots
        for line in lines:
            mark, found, text = line.partition("- ")
            if not found or mark.strip():
                continue
            item = nodes.list_item("", nodes.paragraph("", text))
            if not mark or not items.children:
                items += item
                continue
            last = items.children[-1]
            if not isinstance(last.children[-1], nodes.bullet_list):
                last += nodes.bullet_list()
            last.children[-1].append(item)
        if items.children:
            return [items]
        return [nodes.note("", nodes.paragraph("", _NO_IMPORT[self.lang]))]
