"""What a line of a shop's order list says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from shequn.pii import mask
from shequn.sources import cells, columns
from shequn.sources.intake import Intake
from shequn.sources.readers.orders_words import CANCELLED, CLOSED, MONEY, TOTALS, UNPAID
from shequn.text import Text

_NO_NUMBER = Text("a cell that should be an amount is none", "应为金额的单元格不是数字")
_NO_TIME = Text("a cell that should be a time is none", "应为时间的单元格不是时间")
_NO_ORDER = Text(
    "no order number, or one that Excel cut to 1.23E+17", "没有订单号，或被 Excel 截成 1.23E+17"
)
_BELOW = Text("an amount below zero", "金额为负")


@dataclass
class Counts:
    """Lines that are no order, and what had to be guessed."""

    unpaid: int = 0
    cancelled: int = 0
    nobody: int = 0
    masked: int = 0
    nick: int = 0
    created: int = 0
    laid: int = 0


class Line:
    """Reads the lines of a file."""

    def __init__(
        self, found: columns.Found, intake: Intake, counts: Counts, day_first: bool | None
    ) -> None:
        self._places, self._counts, self._first = found.places, counts, day_first
        self._items = tuple(found.places.items())
        self._zone, self._stated = intake.options.zone, found.currency(*MONEY)

    def __call__(self, row: list[str]) -> tuple[object, ...] | Text | None:
        """Return the columns of a line; why it is not understood; None for no order."""
        width, plain = len(row), cells.plain
        said = {c: plain(row[p]) for c, p in self._items if p < width}

        def get(column: str) -> str:
            return said.get(column, "")

        raw = get("order_id")
        if raw.lower().startswith(TOTALS):
            return None
        if not raw or cells.missing(raw) or ("E+" in raw.upper() and _is_number(raw)):
            return _NO_ORDER
        try:
            money = [cells.number(get(c)) for c in MONEY]
            qty = cells.number(get("qty"))
        except ValueError:
            return _NO_NUMBER
        money[2] = (
            abs(money[2]) if money[2] is not None else None
        )  # some write what goes back with a minus
        money[1] = abs(money[1]) if money[1] is not None else None
        if any(m is not None and m < 0 for m in money) or (qty is not None and qty < 0):
            return _BELOW
        try:
            ts = self._when(get("ts"))
            created = self._when(get("created"))
        except ValueError:
            return _NO_TIME
        state = get("state").lower()
        closed = any(w in state for w in CLOSED) and "partial" not in state and "部分" not in state
        paid = self._paid(state, ts, money[2], closed, get("cancelled"))
        if not paid:
            return None
        if "ts" not in self._places:
            ts = created
            self._counts.created += 1
        nick = get("nick")
        return (
            raw, self._buyer(get), None if cells.missing(nick) else nick[:100], ts, *money,
            self._currency(get), _free(get("product")), qty, _free(get("channel")),
            _free(get("coupon")), get("referrer") or None, closed,
        )  # fmt: skip

    def _when(self, cell: str) -> int | None:
        return cells.moment(cell, self._zone, day_first=self._first)

    def _paid(
        self, state: str, ts: int | None, refund: float | None, closed: bool, cancelled: str
    ) -> bool:
        """Tell whether a line is of an order that was paid, as far as the line can say."""
        if any(w in state for w in UNPAID):
            self._counts.unpaid += 1
            return False
        # An order that was cancelled after it was paid is one that was paid back.
        if (any(w in state for w in CANCELLED) or not cells.missing(cancelled)) and not (
            refund or closed
        ):
            self._counts.cancelled += 1
            return False
        if ts is None and "ts" in self._places:
            if closed:
                self._counts.cancelled += 1
                return False
            # Lines of an order after its first may be without: the order's first decides.
            self._counts.unpaid += bool(state)
            return not state
        if closed and "ts" not in self._places and not refund:
            self._counts.cancelled += 1
            return False
        return True

    def _buyer(self, get: Callable[[str], str]) -> str | None:
        """Return the buyer's account; where shops hide a part of it, with all else that is known."""
        known = [get("account"), _phone(get("phone")), get("email").lower(), get("nick")]
        some = [raw for raw in known if not cells.missing(raw)]
        if not some:
            return None
        if some == known[3:]:
            self._counts.nick += 1
        best = next((raw for raw in some if "*" not in raw), None)
        if best is None:
            self._counts.masked += 1
            return "|".join(some)
        return best

    def _currency(self, get: Callable[[str], str]) -> str | None:
        code = get("currency").upper()
        if len(code) == 3 and code.isascii() and code.isalpha():
            return code
        if code in ("人民币", "RMB", "¥", "￥"):
            return "CNY"
        if self._stated:
            return self._stated
        gross = get("gross")
        for sign, own in (
            ("€", "EUR"),
            ("£", "GBP"),
            ("US$", "USD"),
            ("HK$", "HKD"),
            ("元", "CNY"),
        ):
            if sign in gross:
                return own
        return "CNY" if "¥" in gross or "￥" in gross else None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _phone(cell: str) -> str:
    """Return a phone number as everybody writes it: of China without 86, and without spaces."""
    bare = cell.replace(" ", "").replace("-", "").removeprefix("+")
    return bare[2:] if len(bare) == 13 and bare.startswith("861") else bare


def _free(cell: str) -> str | None:
    return mask(cell[:200]) if cell and not cells.missing(cell) else None
