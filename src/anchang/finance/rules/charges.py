"""Late fees, area settlement, fees on behalf and commission tiers; every rate is an argument (DOMAIN 6,
10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from anchang.kernel.money import ZERO, split_by_weights, yuan


@dataclass(frozen=True)
class LateTerms:
    """Daily rates as ratios (0.0001 = one per ten-thousand). Up to `tier_days` of delay `rate`, beyond it
    `later_rate` for the whole delay (model contract art. 8)."""

    rate: Decimal
    tier_days: int
    later_rate: Decimal


@dataclass(frozen=True)
class LatePart:
    balance: Decimal
    days: int


@dataclass(frozen=True)
class LateFee:
    """`delay`: days from due until fully paid, or until the day of judging."""

    amount: Decimal
    delay: int
    rate: Decimal
    parts: tuple[LatePart, ...]


def late_fee(
    amount: Decimal, due_on: date, payments: Sequence[tuple[date, Decimal]], as_of: date, terms: LateTerms
) -> LateFee:
    """Sum of balance x rate x days over the balances that were late; the rate is chosen once, rounded once.

    `payments`: day and amount (negative for a reversal). Day `tier_days` still counts at `rate`.
    """
    parts: list[LatePart] = []
    balance, since, settled_on = amount, due_on, None
    for day, paid in sorted(payments):
        if day > as_of:
            break
        if day > since:
            parts.append(LatePart(max(balance, ZERO), (day - since).days))
            since = day
        balance -= paid
        if balance > 0:
            settled_on = None
        elif settled_on is None:
            settled_on = day
    if balance > 0 and as_of > since:
        parts.append(LatePart(balance, (as_of - since).days))
    parts = [part for part in parts if part.balance > 0]
    delay = max(((settled_on or as_of) - due_on).days, 0)
    chosen = terms.rate if delay <= terms.tier_days else terms.later_rate
    fee = yuan(sum((part.balance * chosen * part.days for part in parts), ZERO))
    return LateFee(fee, delay, chosen, tuple(parts))


@dataclass(frozen=True)
class AreaTerms:
    """What the contract says. basis: gross | inner | unit. scheme: capped (3 % rule) | actual | none."""

    basis: str
    scheme: str
    threshold: Decimal


@dataclass(frozen=True)
class AreaPart:
    """`factor` 1: settled once, 2: refunded double, 0: free."""

    square_metres: Decimal
    factor: int
    amount: Decimal


@dataclass(frozen=True)
class AreaSettlement:
    """`amount` > 0: the buyer pays, < 0: refund. `ratio` unrounded, of the basis area."""

    ratio: Decimal
    amount: Decimal
    parts: tuple[AreaPart, ...]
    may_terminate: bool

    @property
    def free_area(self) -> Decimal:
        return sum((part.square_metres for part in self.parts if part.factor == 0), ZERO)


def settle_area(
    terms: AreaTerms,
    unit_price: Decimal,
    *,
    gross: tuple[Decimal, Decimal],
    inner: tuple[Decimal, Decimal] | None = None,
) -> AreaSettlement:
    """面积补差. `gross` and `inner` are (contract, measured). `unit_price` is the one printed in the
    contract.

    Exactly the threshold is inside. Gross-basis contracts: the right to terminate arises if gross or inner
    exceeds it; inner-basis contracts read inner only; unit basis is never settled.
    """
    if terms.basis == "unit" or terms.scheme == "none":
        return AreaSettlement(ZERO, ZERO, (), False)
    if terms.basis == "inner" and inner is None:
        raise ValueError("an inner-area contract needs inner areas")
    contract, measured = inner if terms.basis == "inner" and inner else gross
    pairs = [(contract, measured)] + ([inner] if terms.basis == "gross" and inner else [])
    exceeds = any(abs(now - then) > then * terms.threshold for then, now in pairs)
    difference, limit = measured - contract, contract * terms.threshold
    size = abs(difference)
    if terms.scheme == "actual" or size <= limit:
        parts = [AreaPart(size, 1, yuan(size * unit_price))] if size else []
    else:
        factor = 0 if difference > 0 else 2
        over = size - limit
        parts = [
            AreaPart(limit, 1, yuan(limit * unit_price)),
            AreaPart(over, factor, yuan(over * factor * unit_price)),
        ]
    total = sum((part.amount for part in parts), ZERO)
    may_terminate = exceeds and terms.scheme == "capped"
    return AreaSettlement(
        difference / contract, total if difference > 0 else -total, tuple(parts), may_terminate
    )


@dataclass(frozen=True)
class DeedTaxRates:
    """Rates as ratios; `small_area` is the largest registered area of a small home, in square metres."""

    small_area: Decimal
    first_small: Decimal
    first_large: Decimal
    second_small: Decimal
    second_large: Decimal
    other: Decimal


def price_without_vat(total: Decimal, vat_rate: Decimal) -> Decimal:
    return yuan(total / (1 + vat_rate))


def deed_tax(
    base: Decimal, registered_area: Decimal, home: str, rates: DeedTaxRates
) -> tuple[Decimal, Decimal]:
    """Rate and tax on the price without VAT. `home`: first, second; anything else, shops included, pays
    `other`.
    """
    small = registered_area <= rates.small_area
    chosen = {
        "first": rates.first_small if small else rates.first_large,
        "second": rates.second_small if small else rates.second_large,
    }.get(home, rates.other)
    return chosen, yuan(base * chosen)


def maintenance_fund(gross_area: Decimal, per_square_metre: Decimal) -> Decimal:
    return yuan(gross_area * per_square_metre)


@dataclass(frozen=True)
class Tier:
    """Up to and including `up_to` yuan (None: no end), at `rate` (ratio)."""

    up_to: Decimal | None
    rate: Decimal


SEGMENTED, FULL_JUMP = "segmented", "full_jump"


def tiered_commission(base: Decimal, tiers: Sequence[Tier], mode: str) -> Decimal:
    """分段: each slice at its own rate; 全额跳点: all at the rate of the tier reached. Rounded once.

    A boundary belongs to the lower tier. `tiers` ascend and the last has no end.
    """
    if mode not in (SEGMENTED, FULL_JUMP):
        raise ValueError(f"unknown mode {mode}")
    if mode == FULL_JUMP:
        return yuan(base * tier_rate(base, tiers))
    total, low = ZERO, ZERO
    for tier in tiers:
        high = base if tier.up_to is None else min(base, tier.up_to)
        total += max(high - low, ZERO) * tier.rate
        low = max(high, low)
    return yuan(total)


def tier_rate(base: Decimal, tiers: Sequence[Tier]) -> Decimal:
    for tier in tiers:
        if tier.up_to is None or base <= tier.up_to:
            return tier.rate
    raise ValueError("the last tier must have no end")


def commission_change(before: Decimal, after: Decimal, tiers: Sequence[Tier], mode: str) -> Decimal:
    """What a deal adds, or its cancelling claws back (negative), in the original period."""
    return tiered_commission(after, tiers, mode) - tiered_commission(before, tiers, mode)


def release_parts(commission: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """Milestone amounts, 70/20/10: half-up, the last takes the remainder."""
    return split_by_weights(commission, percents)


def released_by_collection(commission: Decimal, collected: Decimal, total: Decimal) -> Decimal:
    """Pro rata to house money collected, never more than the commission."""
    return commission if collected >= total else yuan(commission * collected / total)
