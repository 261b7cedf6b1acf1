"""Stated numbers with the interval that their rounding leaves open, and arithmetic on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from shequn.text import ShequnError, Text


@dataclass(frozen=True)
class Band:
    """A number, the closed interval it may lie in, and where it comes from.

    Parameters
    ----------
    value, low, high
        The number as stated or computed, and its bounds; ``low <= value <= high``.
    sources
        Bibliography keys, addresses or claim ids of every input.

    Notes
    -----
    Arithmetic is interval arithmetic: the bounds hold whatever the inputs are within theirs. A
    formula must use each input once, or the bounds are wider than they need be.
    """

    value: float
    low: float
    high: float
    sources: frozenset[str] = field(default=frozenset())

    def __add__(self, other: Band | float) -> Band:
        b = _band(other)
        return self._with(b, self.value + b.value, (self.low + b.low, self.high + b.high))

    def __sub__(self, other: Band | float) -> Band:
        b = _band(other)
        return self._with(b, self.value - b.value, (self.low - b.high, self.high - b.low))

    def __mul__(self, other: Band | float) -> Band:
        b = _band(other)
        corners = [x * y for x in (self.low, self.high) for y in (b.low, b.high)]
        return self._with(b, self.value * b.value, corners)

    def __truediv__(self, other: Band | float) -> Band:
        b = _band(other)
        if b.low <= 0 <= b.high:
            raise ZeroDivisionError(f"the divisor may be zero: {b.low} to {b.high}")
        corners = [x / y for x in (self.low, self.high) for y in (b.low, b.high)]
        return self._with(b, self.value / b.value, corners)

    def rising(self, function: Callable[[float], float]) -> Band:
        """Apply a function that never falls between ``low`` and ``high``."""
        return Band(function(self.value), function(self.low), function(self.high), self.sources)

    def agrees(self, other: Band) -> bool:
        """Tell whether some number lies in both intervals."""
        return self.low <= other.high and other.low <= self.high

    def _with(self, other: Band, value: float, corners: list[float] | tuple[float, ...]) -> Band:
        return Band(value, min(corners), max(corners), self.sources | other.sources)


def exact(value: float, *sources: str) -> Band:
    """Return a number that nobody rounded, such as a count or a conversion factor."""
    return Band(value, value, value, frozenset(sources))


def rounded(stated: str, *sources: str, scale: float = 1.0) -> Band:
    """Return a stated number with the interval that rounding to its last digit leaves open.

    Parameters
    ----------
    stated
        The number as printed, such as ``"86.4"`` or ``"1,503"``. Every printed digit counts:
        ``"20"`` is 19.5 to 20.5, ``"20.0"`` is 19.95 to 20.05.
    sources
        Where it is printed: bibliography keys, addresses or claim ids.
    scale
        Factor that turns the printed unit into the unit of the result: 0.01 for percent.

    Raises
    ------
    ShequnError
        If `stated` is not a plain decimal number.

    Examples
    --------
    >>> band = rounded("86.4")
    >>> band.low, band.high
    (86.35, 86.45)
    """
    try:
        number = Decimal(stated.replace(",", "").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):  # NaN and infinity
        raise ShequnError(
            Text("{stated!r} is not a number.", "{stated!r} 不是数字。").format(stated=stated),
            Text(
                "Write digits with an optional decimal point, such as 86.4.",
                "写成数字，可带小数点，例如 86.4。",
            ),
        )
    half = Decimal(5).scaleb(exponent - 1)
    value, low, high = (float(x) * scale for x in (number, number - half, number + half))
    return Band(value, min(low, high), max(low, high), frozenset(sources))


def _band(number: Band | float) -> Band:
    return number if isinstance(number, Band) else exact(number)
