"""Lists written by hand: which accounts are one person, who is staff, what is a robot."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shequn.sources.intake import Intake
from shequn.text import ShequnError, Text

_ROLE = "role:"


@dataclass(frozen=True)
class Lists:
    """Files that the user wrote.

    Attributes
    ----------
    aliases
        CSV with the columns ``account`` and ``person``: the first is taken for the second.
    staff, bots
        One account a line; with ``!`` before it, one that is not. In ``staff`` also ``role:admin``
        and the like: whoever has that role in this export.

    Notes
    -----
    An account is an id on the platform, a name that one person alone bears, or an id from
    ``members``.
    """

    aliases: Path | None = None
    staff: Path | None = None
    bots: Path | None = None

    def apply(self, intake: Intake) -> None:
        """Note what the lists say.

        Raises
        ------
        ShequnError
            Where a list cannot be read, or names somebody who is not there.
        """
        for path, fact in ((self.staff, "is_staff"), (self.bots, "is_bot")):
            for line, cells in _rows(path) if path else ():
                if fact == "is_staff" and cells[0].startswith(_ROLE):
                    _staff(intake, cells[0].removeprefix(_ROLE).strip(), path, line)
                    continue
                who, there = _find(intake, cells[0]), True
                if who is None and cells[0].startswith("!"):
                    who, there = _find(intake, cells[0][1:]), False
                if who is None:
                    raise _unknown(path, line)
                intake.facts.setdefault(who, {})[fact] = there
        for line, cells in _rows(self.aliases) if self.aliases else ():
            account, person = (*cells, "")[:2]
            if (account, person) == ("account", "person"):
                continue
            who, other = _find(intake, account), _find(intake, person)
            if who is not None and other is not None:
                intake.people.same(who, other)
            elif who is not None and _is_id(person):
                intake.people.given[who] = person
            else:
                raise _unknown(self.aliases, line)


def _staff(intake: Intake, role: str, path: Path | None, line: int) -> None:
    known = [f for f in intake.facts.values() if f.get("role")]
    those = [f for f in known if f["role"] == role]
    if not those:
        roles = ", ".join(sorted({f["role"] for f in known}))
        raise ShequnError(
            Text(
                f"{path}, line {line}: nobody in this export has the role {role!r}.",
                f"{path} 第 {line} 行：这份导出里没有人的角色是 {role!r}。",
            ),
            Text(f"There is: {roles or 'no role at all'}.", f"现有角色：{roles or '一个也没有'}。"),
        )
    for facts in those:
        facts.setdefault("is_staff", True)


def _is_id(text: str) -> bool:
    return len(text) == 13 and text.startswith("m") and text.isascii() and text.isalnum()


def _find(intake: Intake, account: str) -> int | None:
    found = intake.people.numbers.get(account)
    return intake.people.find(account) if found is None else found


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ShequnError(
            Text(f"{path} cannot be read: {error}.", f"{path} 读不了：{error}。"),
            Text("It must be a text file in UTF-8.", "它应是 UTF-8 编码的文本文件。"),
        ) from error
    for line, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if cells and cells[0] and not cells[0].startswith("#"):
            yield line, cells


def _unknown(path: Path | None, line: int) -> ShequnError:
    return ShequnError(
        Text(
            f"{path}, line {line}: nobody in this export is called so, or several are.",
            f"{path} 第 {line} 行：这份导出里没有这个人，或有好几个。",
        ),
        Text(
            "Give an id on the platform, a name that one person alone bears, or an id from "
            "members; aliases have two columns, account and person.",
            "请写平台上的账号、独一无二的名字，或 members 表里的代号；别名表有两列：account 和 person。",
        ),
    )
