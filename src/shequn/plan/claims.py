"""The ledger of claims: ``data/claims.csv`` read with types, and its arithmetic redone by code."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shequn.paths import DATA
from shequn.text import ShequnError, Text

if TYPE_CHECKING:
    import pandas as pd

# From the best to the worst standing: the order of the category and of the figure.
VERDICTS: dict[str, Text] = {
    "supported": Text("supported", "有依据"),
    "definition missing": Text("definition missing", "缺少定义"),
    "unsupported": Text("unsupported", "无依据"),
    "inconsistent internally": Text("inconsistent internally", "自相矛盾"),
    "contradicted": Text("contradicted", "与证据相反"),
}
CONFIDENCE: dict[str, Text] = {
    "low": Text("low", "低"),
    "medium": Text("medium", "中"),
    "high": Text("high", "高"),
}
DOCUMENTS: dict[str, Text] = {
    "A": Text("plan A", "方案 A"),
    "B": Text("plan B", "方案 B"),
    "X": Text("both plans", "两份方案"),
}
KINDS: dict[str, Text] = {
    "quantitative": Text("number", "数字"),
    "count": Text("count", "条目数"),
    "qualitative": Text("quality", "定性"),
    "causal": Text("cause", "因果"),
    "inference": Text("inference", "推论"),
    "expert": Text("expert opinion", "专家观点"),
    "normative": Text("rule", "主张"),
    "case": Text("case", "案例"),
    "heading": Text("heading", "标题"),
    "outline": Text("outline", "提纲"),
    "provenance": Text("provenance", "出处"),
    "cross-check": Text("cross-check", "互相核对"),
    "pattern": Text("pattern", "通病"),
}

_LABELS = {
    "verdict": Text("verdict", "判定"),
    "claims": Text("claims", "说法"),
    "quantitative": Text("of them a number", "其中数字"),
    "all": Text("all", "合计"),
    "id": Text("claim", "说法"),
    "what": Text("what is computed", "算的是什么"),
    "stated": Text("stated", "原文或公布"),
    "computed": Text("computed", "算得"),
    "band": Text("with rounding", "计入四舍五入"),
    "unit": Text("unit", "单位"),
    "holds": Text("holds", "相符"),
    True: Text("yes", "是"),
    False: Text("no", "否"),
}


def ledger(path: Path = DATA / "claims.csv") -> pd.DataFrame:
    """Read the ledger of claims.

    Parameters
    ----------
    path
        A CSV file with the columns of ``data/claims.csv``.

    Returns
    -------
    pandas.DataFrame
        One row a claim, in the order of the file. Text columns are empty strings where there is
        nothing to say; ``verdict`` (from best to worst), ``confidence`` (from low to high),
        ``document`` and ``kind`` are categories. ``evidence_source`` holds bibliography keys,
        addresses, claim ids, or A and B for the documents themselves, separated by ``"; "``.

    Raises
    ------
    ShequnError
        If the file is missing, or a category holds a word that is not in its vocabulary.
    """
    import pandas as pd

    if not path.is_file():
        raise ShequnError(
            Text("The ledger {path} is not there.", "找不到台账 {path}。").format(path=path),
            Text("Install the handbook again.", "请重新安装本手册。"),
        )
    claims = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    for column, words in (
        ("verdict", VERDICTS), ("confidence", CONFIDENCE), ("document", DOCUMENTS), ("kind", KINDS),
    ):  # fmt: skip
        claims[column] = _category(
            claims, column, words, ordered=column in ("verdict", "confidence")
        )
    return claims


def _category(
    claims: pd.DataFrame, column: str, words: Mapping[str, Text], *, ordered: bool
) -> pd.Series[pd.CategoricalDtype]:
    import pandas as pd

    unknown = claims[~claims[column].isin(list(words))]
    if len(unknown):  # a category would turn it into a missing value without a word
        first = unknown.iloc[0]
        raise ShequnError(
            Text(
                "Claim {id} has the {column} {value!r}.", "说法 {id} 的 {column} 是 {value!r}。"
            ).format(id=first["id"], column=column, value=first[column]),
            Text("Use one of: {words}.", "请用以下之一：{words}。").format(words=", ".join(words)),
        )
    return claims[column].astype(pd.CategoricalDtype(list(words), ordered=ordered))


def verdict_counts(claims: pd.DataFrame) -> pd.DataFrame:
    """Count claims by verdict.

    Parameters
    ----------
    claims
        Result of `ledger`.

    Returns
    -------
    pandas.DataFrame
        Index: every verdict, from best to worst. ``claims``: how many; ``quantitative``: how many
        of them state a number. Verdicts nobody got are 0.
    """
    verdicts = claims["verdict"]
    return (
        verdicts.value_counts(sort=False)
        .to_frame("claims")
        .assign(quantitative=verdicts[claims["kind"] == "quantitative"].value_counts(sort=False))
    )


def audit() -> pd.DataFrame:
    """Redo the arithmetic of the ledger.

    Returns
    -------
    pandas.DataFrame
        One row a check. ``id``: the claim; ``check``: its name, under which the number is
        recorded; ``what_en``, ``what_zh``: what is computed; ``stated``, ``stated_low``,
        ``stated_high``: what it is held against, with its own rounding (a bound is infinite on
        one side), missing where there is nothing; ``computed``, ``low``, ``high``: the result and
        the interval that the rounding of the inputs leaves open; ``unit``, ``unit_zh``; ``holds``:
        whether the two intervals meet, missing where nothing is stated; ``sources``: every input's
        bibliography key, address or claim id. Shares are fractions.
    """
    import pandas as pd

    from shequn.plan.claim_checks import CHECKS

    rows = []
    for check in CHECKS:
        computed, stated = check.compute(), check.stated
        inputs = computed.sources | (stated.sources if stated else frozenset())
        rows.append(
            {
                "id": check.claim,
                "check": check.name,
                "what_en": check.what.en,
                "what_zh": check.what.zh,
                "stated": stated.value if stated else None,
                "stated_low": stated.low if stated else None,
                "stated_high": stated.high if stated else None,
                "computed": computed.value,
                "low": computed.low,
                "high": computed.high,
                "unit": check.unit.en,
                "unit_zh": check.unit.zh,
                "holds": computed.agrees(stated) if stated else None,
                "sources": "; ".join(sorted(inputs)),
            }
        )
    numbers = dict.fromkeys(("stated", "stated_low", "stated_high"), "float64")
    return pd.DataFrame(rows).astype({**numbers, "holds": "boolean"})


def counts_table(claims: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return `verdict_counts` with a total, headed and worded for reading."""
    counts = verdict_counts(claims)
    shown = counts.rename_axis("verdict").reset_index().astype({"verdict": str})
    shown["verdict"] = [VERDICTS[v][lang] for v in shown["verdict"]]
    shown.loc[len(shown)] = [_LABELS["all"][lang], *counts.sum()]
    return shown.rename(columns={c: _LABELS[c][lang] for c in shown})


def audit_table(lang: str, *claims: str) -> pd.DataFrame:
    """Return the audit for reading.

    Parameters
    ----------
    lang
        ``"en"`` or ``"zh"``.
    claims
        Ids of the claims to keep; none means all of them.
    """
    import pandas as pd

    checks = audit()
    if claims:
        checks = checks[checks["id"].isin(claims)]
    share = checks["unit"] == "share"
    shown = pd.DataFrame(
        {
            "id": checks["id"],
            "what": checks[f"what_{lang}"],
            "stated": _bound(checks) + _readable(checks["stated"], share),
            "computed": _readable(checks["computed"], share),
            "band": _readable(checks["low"], share) + " – " + _readable(checks["high"], share),
            "unit": checks["unit_zh" if lang == "zh" else "unit"].mask(share, "%"),
            "holds": ["—" if pd.isna(x) else _LABELS[bool(x)][lang] for x in checks["holds"]],
        }
    )
    shown.loc[_readable(checks["low"], share) == _readable(checks["high"], share), "band"] = "—"
    return shown.rename(columns={c: _LABELS[c][lang] for c in shown})


def _bound(checks: pd.DataFrame) -> list[str]:
    sides = zip(checks["stated_low"], checks["stated_high"], strict=True)
    return ["≥ " if high == math.inf else "≤ " if low == -math.inf else "" for low, high in sides]


def _readable(numbers: pd.Series[float], share: pd.Series[bool]) -> pd.Series[str]:
    import pandas as pd

    printed = [
        _print(x * 100, 1) if s else _print(x, 2) for x, s in zip(numbers, share, strict=True)
    ]
    return pd.Series(printed, index=numbers.index)


def _print(x: float, decimals: int) -> str:
    if math.isnan(x):
        return "—"
    x = round(x, 9)  # 0.43 + 0.28 + 0.19 + 0.10 is not quite 1
    return f"{x:,.{0 if abs(x) >= 1000 or x.is_integer() else decimals}f}"
