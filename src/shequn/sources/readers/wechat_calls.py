"""Mentions in WeChat: the client puts U+2005 behind a name that it fills in."""

from __future__ import annotations

import re

from shequn.sources.intake import Intake
from shequn.sources.readers.wechat_grey import Grey

MARK = "\u2005"
_CALL = re.compile(f"@([^{MARK}]{{1,80}}){MARK}")
_EVERYONE = frozenset({"所有人", "all", "everyone", "全体成员"})
_HIDDEN = "[name]"
_LONG = 6  # characters of an id that is taken out of texts by itself


def calls(text: str, row: int, ts: int, channel: int, intake: Intake) -> None:
    """Put the mentions of a text into an intake."""
    everyone = False
    for found in _CALL.finditer(text):
        names = _candidates(found[1])
        if names[-1].lower() in _EVERYONE:
            everyone = True
        else:
            intake.mention(row, names=names, channel=channel, ts=ts)
    if everyone:
        intake.mention(row, kind="all")


def _candidates(whole: str) -> tuple[str, ...]:
    """Return what may be the name in a mention: it may hold an @, and so may what is before it."""
    return tuple(whole.split("@", n)[n].strip() for n in range(min(whole.count("@"), 3) + 1))


class Tidy:
    """Puts ids in the place of the names that are mentioned in a text."""

    def __init__(self, grey: Grey) -> None:
        self._grey = grey

    def __call__(self, text: str, channel: int, ts: int) -> str:
        """Return a text as `shequn.sources.intake.Intake.tidy` wants it."""
        if MARK not in text:
            return text

        def called(found: re.Match[str]) -> str:
            whole = found[1]
            names = _candidates(whole)
            if names[-1].lower() in _EVERYONE:
                return found[0]
            for n, name in enumerate(names):
                if who := self._grey.find(name, channel, ts):
                    shown = who if len(who) >= _LONG else _HIDDEN
                    return "@".join(["", *whole.split("@", n)[:n], f"{shown}{MARK}"])
            return "@".join(["", *whole.split("@")[:-1], f"{_HIDDEN}{MARK}"])

        return _CALL.sub(called, text)


def fold(text: str) -> str:
    """Return a text in lower case, of the same length."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
