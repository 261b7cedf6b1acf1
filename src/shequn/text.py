"""Text in both languages of the handbook, and errors that say how to mend what is wrong."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass
from typing import Any, Literal, get_args

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = get_args(Lang)


@dataclass(frozen=True)
class Text:
    """One sentence in English and Chinese.

    Parameters
    ----------
    en, zh
        The sentence; may hold ``str.format`` fields, the same in both.
    """

    en: str
    zh: str

    def __getitem__(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def format(self, **values: Any) -> Text:
        """Fill the fields; a value that is itself a `Text` is filled in its own language."""

        def fill(lang: Lang) -> str:
            own = {k: v[lang] if isinstance(v, Text) else v for k, v in values.items()}
            return self[lang].format(**own)

        return Text(fill("en"), fill("zh"))


class ShequnError(Exception):
    """Something the user can mend, said in both languages.

    Parameters
    ----------
    what
        What is wrong and where.
    mend
        What to do about it.
    """

    def __init__(self, what: Text, mend: Text | None = None) -> None:
        self.what, self.mend = what, mend
        super().__init__(self.say("en"))

    def say(self, lang: str) -> str:
        """Return the whole message in one language."""
        return f"{self.what[lang]}\n{self.mend[lang]}" if self.mend else self.what[lang]


def not_a_formula(cell: str) -> str:
    """Quote text that a spreadsheet would run as a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def preferred_language() -> Lang:
    """Return the language of the locale: ``zh`` for a Chinese one, otherwise ``en``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith("zh") else "en"
