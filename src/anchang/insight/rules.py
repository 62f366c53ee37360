"""The formulas of the reports (DOMAIN §9 and §10). Pure: counts and sums in, figures out.

A rate is a Decimal with four places, half-up, and None where its denominator is zero.
"""

from __future__ import annotations

import statistics
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import TypeVar

from anchang.kernel.money import ZERO, unit_price

_PLACES = Decimal("0.0001")
STAGES = ("leads", "valid", "visited", "subscribed", "signed")


@dataclass(frozen=True, slots=True)
class Sums:
    """Units, area (㎡) and amount (yuan) of one item."""

    count: int = 0
    area: Decimal = ZERO
    amount: Decimal = ZERO

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.count + other.count, self.area + other.area, self.amount + other.amount)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.count - other.count, self.area - other.area, self.amount - other.amount)


NOTHING = Sums()
Items = Mapping[str, Sums]


def rate(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """part ÷ whole."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(_PLACES, rounding=ROUND_HALF_UP)


def net(new: Sums, cancelled: Sums, changes: Sums) -> Sums:
    """net = new − cancelled + exchange difference + price change; the last two carry no units."""
    return new - cancelled + changes


def average_price(sums: Sums) -> Decimal | None:
    """Amount ÷ area; None where no area stands against the amount."""
    return unit_price(sums.amount, sums.area)


def net_subscribed(items: Items) -> Sums:
    return net(
        items.get("subscribe", NOTHING),
        items.get("unsubscribe", NOTHING),
        items.get("subscribe_change", NOTHING),
    )


def net_signed(items: Items) -> Sums:
    return net(items.get("sign", NOTHING), items.get("terminate", NOTHING), items.get("sign_change", NOTHING))


def collected(items: Items) -> Decimal:
    """House receipts with their reversals, less refunds paid."""
    return items.get("receive", NOTHING).amount - items.get("refund", NOTHING).amount


def repeat_visits(items: Items) -> int:
    return items.get("visit", NOTHING).count - items.get("first_visit", NOTHING).count


def funnel_rates(stages: Mapping[str, int]) -> dict[str, Decimal | None]:
    """The four rates of neighbouring stages, and signed ÷ leads."""
    pairs = list(zip(STAGES[1:], STAGES, strict=False))
    found = {f"{after}_rate": rate(stages[after], stages[before]) for after, before in pairs}
    return found | {"total_rate": rate(stages["signed"], stages["leads"])}


def with_implied(stages: Mapping[str, int | bool]) -> dict[str, bool]:
    """A later stage implies the earlier ones."""
    found: dict[str, bool] = {}
    reached = False
    for stage in reversed(STAGES):
        reached = reached or bool(stages.get(stage))
        found[stage] = reached
    return {stage: found[stage] for stage in STAGES}


def cycle(days: Sequence[int]) -> dict[str, int | Decimal | None]:
    """Median and mean days from lead to signing, one place, half-up."""
    if not days:
        return {"count": 0, "median": None, "mean": None}
    tenth = Decimal("0.1")
    median = Decimal(str(statistics.median(days)))
    mean = Decimal(sum(days)) / len(days)
    return {
        "count": len(days),
        "median": median.quantize(tenth, rounding=ROUND_HALF_UP),
        "mean": mean.quantize(tenth, rounding=ROUND_HALF_UP),
    }


def spread(total: Decimal, parts: int, step: Decimal = Decimal("0.01")) -> list[Decimal]:
    """Equal parts, rounded down to `step`; the last one takes the remainder."""
    part = (total / parts).quantize(step, rounding=ROUND_DOWN)
    return [part] * (parts - 1) + [total - part * (parts - 1)]


K = TypeVar("K", bound=Hashable)


def ranked(values: Mapping[K, Decimal | int]) -> list[tuple[int, K, Decimal | int]]:
    """(rank, who, value), highest first. Equal values share a rank and the next one is skipped (1, 1, 3)."""
    ordered = sorted(values.items(), key=lambda one: (-one[1], str(one[0])))
    found: list[tuple[int, K, Decimal | int]] = []
    for place, (who, value) in enumerate(ordered, 1):
        same = found and found[-1][2] == value
        found.append((found[-1][0] if same else place, who, value))
    return found


#: Overdue days of a subscription that isn't signed; due today is not overdue.
UNSIGNED_BUCKETS = ((0, "not_due"), (7, "1-7"), (15, "8-15"), (30, "16-30"))
#: Overdue days of a receivable.
OVERDUE_BUCKETS = ((30, "1-30"), (60, "31-60"), (90, "61-90"))


def bucket(due: date, today: date, buckets: Sequence[tuple[int, str]], beyond: str) -> str:
    """The bucket of today − due days."""
    late = (today - due).days
    return next((name for limit, name in buckets if late <= limit), beyond)


def unsigned_bucket(due: date, today: date) -> str:
    return bucket(due, today, UNSIGNED_BUCKETS, ">30")


def overdue_bucket(due: date, today: date) -> str:
    return bucket(due, today, OVERDUE_BUCKETS, ">90")


def shares(parts: Iterable[int | Decimal]) -> list[Decimal | None]:
    """Each part of the whole."""
    values = list(parts)
    whole = sum(values)
    return [rate(value, whole) for value in values]
