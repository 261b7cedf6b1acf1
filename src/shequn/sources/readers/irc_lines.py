"""The lines of an IRC log: two layouts, and what each line says."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

from shequn.sources.readers.irc_clock import DAY, EPOCH
from shequn.text import Text

MESSAGE, JOIN, LEAVE, RENAME = range(4)
CLOCK, DATED = "irc-clock", "irc-dated"

# Speaker (with the mark of an operator), action, notice; then the text.
_WHO = r"(?:<[ @+%&~]?([^>]+)>|\* ?([^\s*]\S*)|-(\S+)-)\s*(.*)"
_D = "[0-9]"  # \d would take digits of any script
CLOCK_LINE = re.compile(rf"\[({_D}{_D}:{_D}{_D}(?::{_D}{_D})?)\] +{_WHO}", re.DOTALL)
DATED_LINE = re.compile(
    rf"(\S+ (?:19|20){_D}{_D}-{_D}{_D}-{_D}{_D} \[{_D}{_D}:{_D}{_D}:{_D}{_D}\]) +{_WHO}",
    re.DOTALL,
)
_JOINED = re.compile(r"(\S+) +(?:\[[^\]]*\] +has joined (#\S+)|entered the room\.)\s*$")
_LEFT = re.compile(r"(\S+) +(?:\[[^\]]*\] +has left (#\S+)|left the room(?: \(.*\))?\.\s*$)")
_RENAMED = re.compile(r"(\S+) is now known as (\S+)\s*$")
_CHANNEL_STATE = re.compile(r"(?:mode/|\.\.\[topic/)([#&][^\s:\]]+)")
_ADDRESSED = re.compile(r"@?([^\s,:<>]+)[,:](?:\s+|$)")
_ANNOTATION = re.compile(r"\d+ \d+ -?\s*$")
STATUS = "=== "
_MOST_ADDRESSED = 5
_TWO = {f"{n:02}": n for n in range(100)} | {"": 0}
_SNIFFED = 1000
_LEAST_SHARE = 0.2

# RFC 1459: {}|^ are the lower case of []\~. Letters beyond ASCII have no case on IRC.
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")


def lower(nick: str) -> str:
    """Return a nick as IRC compares it."""
    return nick.translate(_LOWER)


def layout_of(lines: Iterable[str]) -> str | Text | None:
    """Return the layout of a file from its beginning, or why it is not read; None for no log."""
    clock = dated = status = notes = seen = 0
    for line in islice((line for line in lines if line.strip()), _SNIFFED):
        seen += 1
        if CLOCK_LINE.match(line):
            clock += 1
        elif DATED_LINE.match(line):
            dated += 1
        elif line.startswith(STATUS):
            status += 1
        elif _ANNOTATION.match(line):
            notes += 1
    if not seen:
        return Text("empty", "空文件")
    if notes == seen:
        return Text(
            "pairs of line numbers (reply annotation), not a log",
            "行号对（回复标注），不是聊天记录",
        )
    if clock and clock + status >= _LEAST_SHARE * seen and clock >= dated:
        return CLOCK
    return DATED if dated >= max(1, _LEAST_SHARE * seen) else None


def status(line: str) -> tuple[int, str, str, str]:
    """Return what a status line tells: kind, nick, new nick or text, and channel.

    What is no coming, going or renaming is an action, in the older logs: a message. Its nick is
    empty where only the state of a channel is told.
    """
    said = line[len(STATUS) :].lstrip()
    if found := _JOINED.match(said):
        return JOIN, found[1], "", found[2] or ""
    if found := _LEFT.match(said):
        return LEAVE, found[1], "", found[2] or ""
    if found := _RENAMED.match(said):
        return RENAME, found[1], found[2], ""
    if found := _CHANNEL_STATE.match(said):
        return MESSAGE, "", "", found[1]
    nick, _, text = said.partition(" ")
    return MESSAGE, nick, text.strip(), ""


def addressed(text: str) -> list[str]:
    """Return the words at the beginning of a text that may be the nicks of those addressed."""
    words: list[str] = []
    found = _ADDRESSED.match(text)
    while found and len(words) < _MOST_ADDRESSED:
        words.append(found[1])
        found = _ADDRESSED.match(text, found.end())
    return words


def seconds(stamp: str) -> int | None:
    """Return seconds since midnight for ``HH:MM`` or ``HH:MM:SS``."""
    hours, minutes, rest = _TWO[stamp[:2]], _TWO[stamp[3:5]], _TWO[stamp[6:]]
    if hours > 23 or minutes > 59 or rest > 60:
        return None
    return hours * 3600 + minutes * 60 + rest


def moment(stamp: str) -> int | None:
    """Return local seconds since 1970 for ``channel YYYY-MM-DD [HH:MM:SS]``."""
    clock = seconds(stamp[-9:-1])
    with suppress(ValueError):
        day = dt.date.fromisoformat(stamp[-21:-11])
        return None if clock is None else (day - EPOCH).days * DAY + clock
    return None
