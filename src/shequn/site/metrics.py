"""Metrics on pages: the card of one, and the catalogue of all."""

from __future__ import annotations

import re

from docutils import nodes

from shequn import paths
from shequn.metrics import Needs, all_metrics
from shequn.site.directives import Directive
from shequn.site.exports import LEVELS
from shequn.sources.platforms import reader
from shequn.sources.support import feeding
from shequn.text import Text

_WORDS = {
    "question": Text("Question", "回答的问题"),
    "formula": Text("Formula", "公式"),
    "symbols": Text("where", "其中"),
    "needs": Text("Needs", "需要的数据"),
    "uses": Text("Takes if present", "有则采用"),
    "unit": Text("Unit", "单位"),
    "direction": Text("Better", "方向"),
    "null": Text("No value when", "何时没有数值"),
    "misleads": Text("What misleads", "什么会误导人"),
    "platforms": Text("Fed by", "哪些平台能提供"),
    "references": Text("Sources", "出处"),
    "id": Text("Id", "标识"),
}
_DIRECTIONS = {
    "up": Text("higher", "越高越好"),
    "down": Text("lower", "越低越好"),
    "none": Text("neither: it describes", "无好坏之分，只作描述"),
}
_UNITS = {
    "members": Text("members", "人"),
    "share": Text("share", "比例"),
    "ratio": Text("ratio", "比值"),
    "messages": Text("messages", "条"),
    "hours": Text("hours", "小时"),
    "money": Text("money, in the currency of the data", "金额，币种随数据"),
}
_NOBODY = Text(
    "no export: fill the tables by hand or from another program",
    "没有导出能提供：手工填表，或取自别的程序",
)


class Card(Directive):
    """The card of a metric, from the registry."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return a table of two columns."""
        found = all_metrics().get(self.arguments[0])
        if found is None:
            raise self.error(f"metric: {self.arguments[0]} is not in the registry")
        lang = self.lang
        rows = [
            ("question", found.question[lang]),
            ("formula", f"${found.formula}$"),
            ("symbols", _symbols(found.symbols[lang], lang)),
            ("needs", _columns(found.needs)),
            *([("uses", _columns(found.uses))] if found.uses else []),
            ("unit", _UNITS[found.unit][lang]),
            ("direction", _DIRECTIONS[found.direction][lang]),
            ("null", found.null[lang]),
            ("misleads", found.misleads[lang]),
            ("references", "{cite:p}`" + ",".join(found.references) + "`"),
            ("id", f"`{found.name}`"),
        ]
        lines = ["```{list-table}", ":class: metric-card", ":widths: 25 75", ""]
        for word, value in rows:
            lines += [f"* - {_WORDS[word][lang]}", f"  - {value}"]
        return self.parse("\n".join([*lines, "```"]))


class Catalogue(Directive):
    """Every metric: where it stands, its question, unit, what it needs and which exports have it."""

    def run(self) -> list[nodes.Node]:
        """Return a block a metric, in order of the name, each with its card."""
        self.depends_on(paths.DATA / "platforms.csv")
        lang = self.lang
        lines: list[str] = []
        for metric in sorted(all_metrics().values(), key=lambda m: m.title[lang]):
            names = [
                f"{LEVELS[level][lang][0]}\u00a0{reader(platform).name[lang]}"
                for platform, level in feeding(metric.needs).items()
            ]
            fed = (", " if lang == "en" else "、").join(names) or _NOBODY[lang]
            colon = "：" if lang == "zh" else ": "
            lines += [
                f"**{{doc}}`{metric.title[lang]} </notebooks/metrics/{metric.name}>`**", "",
                f"```{{metric}} {metric.name}", "```", "",
                f"{_WORDS['platforms'][lang]}{colon}{fed}", "",
            ]  # fmt: skip
        return self.parse("\n".join(lines))


def _symbols(text: str, lang: str) -> str:
    """Set the letters before each colon as math."""
    parts = re.split(r"[;；]\s*", text)
    named = [re.match(r"(?P<letter>[^:：]+)[:：]\s*(?P<meaning>.*)", p) for p in parts]
    return ("；" if lang == "zh" else "; ").join(
        f"${_subscript(m['letter'])}$ — {m['meaning']}" for m in named if m
    )


def _columns(needs: Needs) -> str:
    return "; ".join(f"`{table}` ({', '.join(columns)})" for table, columns in needs.items())


def _subscript(letter: str) -> str:
    base, _, below = letter.partition("_")
    return f"{base}_{{{below}}}" if below else base
