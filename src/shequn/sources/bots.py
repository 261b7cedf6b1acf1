"""Which names are those of robots, where a platform does not say so."""

from __future__ import annotations

import re

# At the end: "bot" as a word of its own or joined to one, perhaps with a number.
_LATIN = re.compile(r"(.*)bot\d*[_`]*", re.DOTALL)
_CHINESE = re.compile(r"(.*)[机機]器人(?:[\s_-]?\d+号?|[(（]\d+[)）])?", re.DOTALL)
# "I am no robot", "loves robots", "builds robots": what a person says of themselves.
_SAYS = re.compile(r"[是爱愛学學玩造做搞修恨懂像非反当當]$")
_LETTER = re.compile(r"[^\W\d_]")
_KNOWN = frozenset(
    {
        "chanserv", "codecov-commenter", "coveralls", "eval", "gerrit-wm", "github-actions",
        "mergify", "nickserv", "pre-commit-ci", "travis-ci", "ubottu", "ubotu", "web-flow",
        "wikibugs",
    }
)  # fmt: skip
# Words and names of people that happen to end so.
_PEOPLE = frozenset(
    {
        "abbot", "barbot", "cabot", "chabot", "corbot", "gobot", "guilbot", "herbot", "imbot",
        "jacquesbot", "joubot", "lambot", "mrrobot", "rabot", "sabot", "talbot", "thibot",
        "turbot", "vibot",
    }
)  # fmt: skip


def is_robot(name: str) -> bool:
    """Tell whether a name is a robot's: ends in ``bot`` or ``机器人``, or is a known one's.

    Parameters
    ----------
    name
        A nick, an account, or a name as it is shown. Where in doubt it is taken for a person's:
        in a name of several words only a last word that is ``bot``, or written like ``NewsBot``,
        counts, and surnames such as Talbot do not.
    """
    plain = name.strip()[-200:]
    small = plain.lower()
    if small in _KNOWN or small.endswith(("[bot]", "(bot)", "（bot）")):
        return True
    if found := _CHINESE.fullmatch(small):
        return not _SAYS.search(found[1].strip())
    found = _LATIN.fullmatch(small)
    if found is None:
        return False
    if "".join(_LETTER.findall(small)) in _PEOPLE:
        return False
    head, _, last = plain.replace("-", " ").rpartition(" ")
    if not head:
        return True
    bare = last.rstrip("_`0123456789")
    return bare.lower() in ("bot", "robot") or bare.endswith(("Bot", "BOT"))
