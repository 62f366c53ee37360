"""Amounts in yuan (two places), areas in square metres (two places), and the named ways of rounding them.

Everything is Decimal. Rounding is half-up unless a function says otherwise; halves of negative amounts go
away from zero, so that a reversal rounds like its original.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Literal

from anchang.kernel.errors import DomainError

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)
#: The largest amount that the database column numeric(18,2) holds.
MAX_AMOUNT = Decimal("9999999999999999.99")

RoundingMode = Literal["half_up", "down", "up"]
_MODES = {"half_up": ROUND_HALF_UP, "down": ROUND_FLOOR, "up": ROUND_CEILING}
ROUNDING_STEPS = tuple(Decimal(step) for step in ("0.01", "1", "10", "100", "1000"))


@dataclass(frozen=True)
class Rounding:
    """A named final rounding: `mode` to a multiple of `step` yuan (取整方式)."""

    mode: RoundingMode = "half_up"
    step: Decimal = CENT

    def __post_init__(self) -> None:
        if self.mode not in _MODES or self.step not in ROUNDING_STEPS:
            raise ValueError(f"unknown rounding {self.mode} to {self.step}")

    def apply(self, amount: Decimal) -> Decimal:
        return round_to(amount, self.step, self.mode)

    @property
    def name(self) -> str:
        """For example `down:1`; `rounding_named` reads it back."""
        return f"{self.mode}:{self.step}"


def rounding_named(name: str) -> Rounding:
    """Read `half_up:0.01`, `down:1`, `up:1000`… ValueError for anything else."""
    mode, _, step = name.partition(":")
    try:
        return Rounding(mode, Decimal(step))  # type: ignore[arg-type]
    except InvalidOperation:
        raise ValueError(f"unknown rounding {name}") from None


def round_to(amount: Decimal, step: Decimal, mode: RoundingMode = "half_up") -> Decimal:
    """Round to a multiple of `step`; the answer always carries two places."""
    with localcontext(prec=60):
        return ((amount / step).quantize(Decimal(1), rounding=_MODES[mode]) * step).quantize(CENT)


def yuan(amount: Decimal | int | str) -> Decimal:
    """Two places, half-up."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def area(square_metres: Decimal | int | str) -> Decimal:
    """Two places, half-up."""
    return Decimal(square_metres).quantize(CENT, rounding=ROUND_HALF_UP)


def floor_to_cent(amount: Decimal) -> Decimal:
    return round_to(amount, CENT, "down")


def unit_price(total: Decimal, square_metres: Decimal) -> Decimal | None:
    """Price per square metre for display; None without an area. Never recompute a total from it."""
    return yuan(total / square_metres) if square_metres > 0 else None


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` 30 means 30 %. Rounded half-up to the cent."""
    return yuan(amount * percent / HUNDRED)


def percent_text(ratio: Decimal, places: int = 4) -> str:
    """A ratio as percent text without sign: 0.046771 -> `4.6771`."""
    return str((ratio * HUNDRED).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def split_by_weights(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split in proportion: half-up each, the last takes the remainder. Parts always sum to `total`.

    No part is given more than what is left, so a few cents over many weights never make a negative part.
    """
    if not weights or any(weight < 0 for weight in weights) or sum(weights) <= 0:
        raise ValueError("weights must be positive")
    sign, left = (-1, -total) if total < 0 else (1, total)
    whole, parts = sum(weights, Decimal(0)), []
    for weight in weights[:-1]:
        part = min(yuan(abs(total) * weight / whole), left)
        parts.append(part * sign)
        left -= part
    return [*parts, left * sign]


def split_equally(total: Decimal, count: int) -> list[Decimal]:
    """`count` equal parts, half-up, the last takes the remainder."""
    return split_by_weights(total, [Decimal(1)] * count)


_PLAIN_NUMBER = re.compile(r"\d{1,16}(\.\d{1,2})?", re.ASCII)


def parse_money(value: object, *, field: str = "amount", allow_zero: bool = False) -> Decimal:
    """An amount from outside (API, form): plain digits, at most 16 and 2 places, not negative.

    Refuses NaN, infinity, exponents, thousands marks and booleans. DomainError 422 `invalid_amount` on
    `field`; zero is `amount_not_positive` unless allowed.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _invalid(field, "invalid_amount")
    text = repr(value) if isinstance(value, float) else str(value).strip()
    if not _PLAIN_NUMBER.fullmatch(text):
        raise _invalid(field, "invalid_amount")
    amount = Decimal(text).quantize(CENT)
    if amount == 0 and not allow_zero:
        raise _invalid(field, "amount_not_positive")
    return amount


def _invalid(field: str, code: str) -> DomainError:
    return DomainError(code, status=422, fields={field: code})


def parse_amount_cell(value: object) -> Decimal | None:
    """An amount as people and banks write it in files: `1,880,000.00`, `￥50000元`, 2799573.6; None if empty.

    Excel numbers are rounded to the cent. ValueError when it is not a number.
    """
    if value is None or isinstance(value, bool):
        return None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    text = re.sub(r"[,\s¥]|元$|^RMB", "", text, flags=re.IGNORECASE)
    if not text:
        return None
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,2})?", text, re.ASCII):
        raise ValueError(f"not an amount: {value}")
    amount = yuan(text)
    if abs(amount) > MAX_AMOUNT:
        raise ValueError(f"amount too large: {value}")
    return amount


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")


def chinese_capitals(amount: Decimal) -> str:
    """人民币大写 by《支付结算办法》附一: 2696170.00 -> 贰佰陆拾玖万陆仟壹佰柒拾元整.

    整 follows 元 and 角, not 分; where a zero is optional before 角 it is written: no room to add one.
    """
    amount = yuan(amount)
    if abs(amount) > MAX_AMOUNT:
        raise ValueError("amount too large")
    sign, amount = ("负", -amount) if amount < 0 else ("", amount)
    whole, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    words = f"{_integer_words(whole)}元" if whole or not cents else ""
    if jiao:
        words += ("零" if whole and whole % 10 == 0 else "") + _DIGITS[jiao] + "角"
    elif fen and whole:
        words += "零"
    return sign + words + (_DIGITS[fen] + "分" if fen else "整")


def _integer_words(number: int) -> str:
    """Below 10^16."""
    if number == 0:
        return _DIGITS[0]
    for size, name in ((10**8, "亿"), (10**4, "万")):
        high, low = divmod(number, size)
        if high:
            gap = "零" if 0 < low < size // 10 else ""
            return _integer_words(high) + name + gap + (_integer_words(low) if low else "")
    words, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if zero and words else "") + _DIGITS[digit] + _PLACES[place]
        zero = digit == 0
    return words
