"""What points at a person in plain text: found, and masked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from shequn.text import Text


@dataclass(frozen=True)
class Kind:
    """One kind of trace: its name in a mask, what to call it, its pattern, and a closer look."""

    name: str
    title: Text
    pattern: re.Pattern[str]
    holds: Callable[[str], bool] = lambda _: True


@dataclass(frozen=True)
class Trace:
    """Something in a text that points at a person, from ``start`` to ``end``."""

    kind: Kind
    start: int
    end: int


def _is_id_card(number: str) -> bool:
    """Tell whether 18 characters are a Chinese identity number: birthday and check digit (GB 11643)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(c) for w, c in zip(weights, number, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()


def _is_card(number: str) -> bool:
    """Tell whether digits end in the check digit of payment cards (Luhn, ISO/IEC 7812-1)."""
    digits = [int(c) for c in re.sub(r"\D", "", number)]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


# In this order: what an earlier one takes, a later one does not see.
KINDS = (
    Kind(
        "email",
        Text("an e-mail address", "邮箱地址"),
        re.compile(r"[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+", re.ASCII),
    ),
    Kind(
        "id-card",
        Text("a Chinese identity number", "身份证号"),
        re.compile(r"(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])", re.ASCII),
        _is_id_card,
    ),
    Kind(
        "card",
        Text("a payment card's number", "银行卡号"),
        re.compile(r"(?<![\d.])[2-9]\d{3}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![\d.])", re.ASCII),
        _is_card,
    ),
    Kind(
        "phone",
        Text("a phone number", "电话号码"),
        re.compile(
            r"(?<![\d.+])(?:(?:\+|00)?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"
            r"|(?<![\d+])\+[1-9]\d{0,2}(?:[- ]?\(?\d{1,4}\)?){2,5}(?!\d)",
            re.ASCII,
        ),
    ),
    Kind(
        "wechat",
        Text("a WeChat id", "微信号"),
        re.compile(
            r"(?<!\w)wxid_[a-z0-9]{6,24}(?!\w)"
            # Right after the word 微信 only what has a digit or a line in it: "微信OpenDay" is none.
            r"|(?<=微信)(?:号[是:： ]{0,2}|[是:：] ?|(?=[A-Za-z][\w-]*[\d_-]))"
            r"[A-Za-z][\w-]{5,19}(?![\w-])"
            r"|(?<!\w)(?:wechat|weixin|vx|wx)(?:号[:： ]?|[:：]) ?[A-Za-z][\w-]{5,19}(?![\w-])",
            re.IGNORECASE | re.ASCII,
        ),
    ),
    Kind(
        "qq",
        Text("a QQ number", "QQ 号"),
        re.compile(r"(?<![A-Za-z])(?:qq|扣扣)[号群是:： ]{0,4}[1-9]\d{4,10}(?!\d)", re.IGNORECASE),
    ),
)


def traces(text: str) -> Iterator[Trace]:
    """Find what points at a person.

    Parameters
    ----------
    text
        Any text.

    Yields
    ------
    Trace
        In the order of `KINDS`; no two overlap.

    Notes
    -----
    Names, places and what only the people there would recognise are not found: no pattern knows
    them.
    """
    taken: list[tuple[int, int]] = []
    for kind in KINDS:
        for match in kind.pattern.finditer(text):
            start, end = match.span()
            if any(start < e and s < end for s, e in taken) or not kind.holds(match[0]):
                continue
            taken.append((start, end))
            yield Trace(kind, start, end)


def mask(text: str) -> str:
    """Replace every trace by its kind in brackets, such as ``[phone]``."""
    if not _MAY.search(text):  # most messages have neither a digit run nor a sign of an address
        return text
    for trace in sorted(traces(text), key=lambda t: -t.start):
        text = f"{text[: trace.start]}[{trace.kind.name}]{text[trace.end :]}"
    return text


_MAY = re.compile(r"[@+]|\d{4}|wx|vx|微信|wechat|weixin", re.IGNORECASE)
