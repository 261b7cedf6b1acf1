"""Which notebooks the data of an import can feed, fully or in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shequn.notebooks import notebooks
from shequn.sources.platforms import Level, matrix
from shequn.sources.report import WHAT, Support
from shequn.text import Text

# What a column is known by, as the matrix of platforms names it.
_FED_BY = {
    ("messages", "ts"): "messages",
    ("members", "joined_at"): "joins",
    ("members", "join_method"): "joins",
    ("members", "inviter_id"): "inviters",
    ("members", "left_at"): "leaves",
    ("membership_events", "action"): "joins",
    ("messages", "reply_to_id"): "replies",
    ("reactions", "message_id"): "reactions",
    ("messages", "author_id"): "ids",
}


# What no row of the matrix tells of: the platforms whose exports are such a table.
_MADE_BY = {
    "orders": ("orders",), "spend": ("spend",), "content_stats": ("xiaohongshu", "douyin"),
}  # fmt: skip
_RANK: dict[Level, int] = {"none": 0, "partial": 1, "full": 2}


def feeding(needs: Mapping[str, Sequence[str]]) -> dict[str, Level]:
    """Return the platforms whose exports hold something of all these columns, and how much.

    Parameters
    ----------
    needs
        Columns of each table; a table that only a person or another program can fill is fed by none.
    """
    found: dict[str, Level] = {}
    for platform, known in matrix().items():
        levels: list[Level] = []
        for table, columns in needs.items():
            if table in _MADE_BY:
                levels.append("full" if platform in _MADE_BY[table] else "none")
                continue
            told = [known[_FED_BY[table, c]].level for c in columns if (table, c) in _FED_BY]
            levels += told or ["none"]
        if levels and (least := min(levels, key=_RANK.__getitem__)) != "none":
            found[platform] = least
    return found


def support(platform: str, columns: Mapping[str, Sequence[str]]) -> list[Support]:
    """Return for every notebook that needs data what it can do with these tables.

    Parameters
    ----------
    platform
        Where they come from: of what it shows in part the notebook can only say so much.
    columns
        Columns of each table that is there.
    """
    known = matrix().get(platform, {})
    chinese = {n.name: n.title for n in notebooks("zh")}
    found: list[Support] = []
    for notebook in notebooks("en"):
        if not notebook.needs:
            continue
        title = Text(notebook.title, chinese.get(notebook.name, notebook.title))
        missing = [
            f"{table}.{column}"
            for table, names in notebook.needs.items()
            for column in names
            if column not in columns.get(table, ())
        ]
        uses = {(t, c) for t, names in notebook.needs.items() for c in names}
        weak = {_FED_BY[u] for u in uses if u in _FED_BY}
        partial = [
            known[w].basis for w in WHAT if w in weak and w in known and known[w].level == "partial"
        ]
        if missing:
            names = ", ".join(missing)
            why = Text(f"no {names}", f"缺 {names}")
            found.append(Support(notebook.name, title, "none", why))
        elif partial:
            why = Text(" ".join(b.en for b in partial), "".join(b.zh for b in partial))
            found.append(Support(notebook.name, title, "partial", why))
        else:
            found.append(Support(notebook.name, title, "full", Text("", "")))
    return found
