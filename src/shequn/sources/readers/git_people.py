"""Who is who among the authors of commits: by e-mail address, and by what a .mailmap says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from shequn.sources.intake import Intake

# Names and addresses: the proper ones first, those of the commits behind them.
_LINE = re.compile(r"([^<>#]*)<([^<>]*)>(?:([^<>#]*)<([^<>]*)>)?\s*(?:#.*)?$")
_NOREPLY = re.compile(r"(?:(\d+)\+)?([^@]+)@users\.noreply\.github\.com$")
_GITHUB = "noreply@github.com"  # what GitHub itself does in somebody's name


@dataclass
class Mailmap:
    """What .mailmap files say: which name and address somebody goes by.

    Attributes
    ----------
    plain
        Address -> proper name and address.
    exact
        Name and address -> proper name and address.
    """

    plain: dict[str, tuple[str, str]] = field(default_factory=dict)
    exact: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.plain) + len(self.exact)

    def add(self, line: str) -> None:
        """Take up a line; one that says nothing is passed over."""
        found = _LINE.match(line.strip())
        if found is None or not found[2].strip():
            return
        name, email = found[1].strip(), found[2].strip()
        old, other = (found[3] or "").strip(), (found[4] or "").strip()
        if not other:  # only the name is put right
            self.plain.setdefault(email.lower(), (name, email))
        elif old:
            self.exact[old.lower(), other.lower()] = name, email
        else:
            self.plain[other.lower()] = name, email

    def proper(self, name: str, email: str) -> tuple[str, str, bool]:
        """Return proper name and address, and whether that is true of the address in general."""
        by_both = self.exact.get((name.lower(), email.lower()))
        if by_both:
            return by_both[0] or name, by_both[1] or email, False
        said = self.plain.get(email.lower())
        return (said[0] or name, said[1], True) if said else (name, email, True)


@dataclass
class Authors:
    """The people of an import, by their addresses.

    Attributes
    ----------
    intake
        Where they are noted.
    mailmap
        What .mailmap files say.
    hidden
        People of whom only an address of GitHub is known that hides theirs; filled in by `settle`.
    """

    intake: Intake
    mailmap: Mailmap
    hidden: int = 0
    _known: dict[tuple[str, str], tuple[str, bool | None]] = field(default_factory=dict)
    _logins: dict[str, str] = field(default_factory=dict)
    _spans: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def person(self, name: str, email: str, ts: int) -> tuple[str, bool | None]:
        """Return the id of an author, and whether it is a robot; nothing where that is not said."""
        key = name, email
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._meet(name, email)
            self._spans[key] = [ts, ts]
            return found
        span = self._spans[key]
        if ts > span[1]:
            span[1] = ts
        elif ts < span[0]:
            span[0] = ts
        return found

    def _meet(self, name: str, email: str) -> tuple[str, bool | None]:
        _, address, general = self.mailmap.proper(name.strip(), email.strip())
        raw = address.lower() or f"<{name.strip()}>"
        own = email.strip().lower()
        if general and own and own != raw:  # a later import without the .mailmap knows it, too
            self.intake.same(own, raw)
        bot = name.endswith("[bot]") or "[bot]@" in own or own == _GITHUB
        if bot:
            self.intake.member(raw, is_bot=True)
        for mail in {own, raw}:
            if login := _NOREPLY.match(mail):
                self._join(mail, login[1], login[2])
        return raw, True if bot else None

    def _join(self, mail: str, number: str | None, login: str) -> None:
        """Note that addresses of GitHub with one number, or one account's name, are one person."""
        for sign in (f"{number}+" if number else "", f"@{login}"):
            if sign:
                self.intake.same(self._logins.setdefault(sign, mail), mail)

    def settle(self) -> None:
        """Note names and times, once all commits were read."""
        people = self.intake.people
        shown: dict[int, bool] = {}
        for (name, email), (first, last) in self._spans.items():
            proper, _, _ = self.mailmap.proper(name.strip(), email.strip())
            raw, _ = self._known[name, email]
            who = people.number(raw)
            login = _NOREPLY.match(email.strip().lower())
            for shown_as in {proper, name.strip(), login[2] if login else ""} - {"", raw}:
                people.see(who, shown_as, first)
                people.see(who, shown_as, last)
            root = people.root(who)
            shown[root] = shown.get(root, True) and login is not None
        self.hidden = sum(shown.values())
