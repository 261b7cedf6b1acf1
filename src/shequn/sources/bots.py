"""Which names are those of robots, where a platform does not say so."""

from __future__ import annotations

import re

from shequn.sources.intake import Intake
from shequn.sources.platforms import matrix

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


def mark(intake: Intake) -> None:
    """Note who is a robot by name, where a platform does not mark every robot.

    One name that is a robot's is enough: so it does not matter in which order exports come. Whom
    the platform or a list of the user's tells of, stays what they are said to be. Buyers and
    respondents are no robots, whatever they are called.
    """
    known = matrix().get(intake.platform, {}).get("bots")
    if (known and known.level == "full") or not intake.stages["said"].rows:
        return
    people = intake.people
    named = {who for who, _, _ in people.spans}
    called = {who for who, _, name in people.spans if is_robot(name)}
    # Where none is shown, the account may be a name.
    called |= {who for raw, who in people.numbers.items() if who not in named and is_robot(raw)}
    found = {who for who in called if "is_bot" not in intake.facts.get(who, {})}
    for who in found:
        intake.facts.setdefault(who, {})["is_bot"] = True
    n = len({people.root(who) for who in found})
    intake.note(
        f"{n:,} accounts are bots by their name alone, such as NewsBot. If one is a person, write "
        "!ACCOUNT into a list and give it by --bots FILE.",
        f"{n:,} 个账号只凭名字算作机器人（如“签到机器人”）。若其中有真人，"
        "在名单里写 !账号，用 --bots 文件 给出。",
        when=n,
    )
