"""Search that finds Chinese: text and query are cut into pairs of characters alike."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z0-9_]+")


class ChineseBigrams(SearchEnglish):
    """English stems and Chinese bigrams in one index, so 库存周转率 is found inside any phrase."""

    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = r"""
function splitQuery(query) {
  const out = query.match(/[A-Za-z0-9_]+/g) || [];
  for (const run of query.match(/[\u3400-\u9fff]+/g) || []) {
    if (run.length === 1) out.push(run);
    for (let i = 0; i + 1 < run.length; i++) out.push(run.slice(i, i + 2));
  }
  return out;
}
"""

    def split(self, input: str) -> list[str]:
        """Cut text into words and pairs of Chinese characters."""
        words = _LATIN.findall(input)
        for run in _HAN.findall(input):
            words += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        return words

    def word_filter(self, word: str) -> bool:
        """Tell whether a word is indexed."""
        return True if _HAN.match(word) else bool(super().word_filter(word))

    def stem(self, word: str) -> str:
        """Return the stem of a word; Chinese has none."""
        return word if _HAN.match(word) else str(super().stem(word))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the language under the name that Chinese pages carry."""
    app.add_search_language(ChineseBigrams)
    return {"parallel_read_safe": True}
