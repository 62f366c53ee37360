"""Which available units fit a customer's need, and why (推荐方案)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


@dataclass(frozen=True)
class Need:
    """What the customer said. Empty parts are not scored. `refused`: units shown and turned down."""

    budget_low: Decimal | None = None
    budget_high: Decimal | None = None
    layouts: frozenset[str] = frozenset()
    area_low: Decimal | None = None
    area_high: Decimal | None = None
    floor_low: int | None = None
    floor_high: int | None = None
    refused: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Candidate:
    unit_id: int
    code: str
    total: Decimal
    layout: str
    gross_area: Decimal
    floor: int


@dataclass(frozen=True)
class MatchParams:
    """Weights of the parts; a unit outside budget ± `budget_tolerance` (ratio) is not proposed at all.

    A value outside a wished range loses its points evenly until it is `fade` (ratio of the limit) away.
    """

    budget: int
    layout: int
    area: int
    floor: int
    budget_tolerance: Decimal
    fade: Decimal


@dataclass(frozen=True)
class Reason:
    """`code`: budget | layout | area | floor; `points` of `out_of`."""

    code: str
    points: Decimal
    out_of: int
    params: dict[str, Any]


@dataclass(frozen=True)
class Match:
    """`score` 0.0 to 100.0, one place."""

    candidate: Candidate
    score: Decimal
    reasons: tuple[Reason, ...]


def match(need: Need, unit: Candidate, params: MatchParams) -> Match | None:
    """Score one unit; None when it was refused before or costs too much or too little."""
    if unit.unit_id in need.refused or not _affordable(need, unit.total, params.budget_tolerance):
        return None
    reasons: list[Reason] = []

    def add(code: str, weight: int, fit: Decimal | None, **facts: Any) -> None:
        if fit is not None and weight > 0:
            reasons.append(Reason(code, _tenth(weight * fit), weight, facts))

    add("budget", params.budget, _fit(unit.total, need.budget_low, need.budget_high, params.budget_tolerance),
        total=str(unit.total))  # fmt: skip
    add(
        "layout",
        params.layout,
        Decimal(unit.layout in need.layouts) if need.layouts else None,
        layout=unit.layout,
    )
    add("area", params.area, _fit(unit.gross_area, need.area_low, need.area_high, params.fade),
        area=str(unit.gross_area))  # fmt: skip
    low, high = (None if x is None else Decimal(x) for x in (need.floor_low, need.floor_high))
    add("floor", params.floor, _fit(Decimal(unit.floor), low, high, params.fade), floor=unit.floor)
    possible = sum(reason.out_of for reason in reasons)
    score = (
        sum((reason.points for reason in reasons), Decimal(0)) * 100 / possible if possible else Decimal(0)
    )
    return Match(unit, _tenth(score), tuple(reasons))


def recommend(need: Need, units: Sequence[Candidate], params: MatchParams, limit: int) -> list[Match]:
    """Best first; equal scores by the lower total, then by code."""
    found = [result for unit in units if (result := match(need, unit, params))]
    found.sort(key=lambda each: (-each.score, each.candidate.total, each.candidate.code))
    return found[:limit]


def _affordable(need: Need, total: Decimal, tolerance: Decimal) -> bool:
    if need.budget_low is not None and total < need.budget_low * (1 - tolerance):
        return False
    return need.budget_high is None or total <= need.budget_high * (1 + tolerance)


def _fit(value: Decimal, low: Decimal | None, high: Decimal | None, fade: Decimal) -> Decimal | None:
    """1 inside the range, falling evenly to 0 at `fade` beyond a limit; None when no range was wished."""
    if low is None and high is None:
        return None
    if low is not None and value < low:
        limit = low
    elif high is not None and value > high:
        limit = high
    else:
        return Decimal(1)
    room = abs(limit) * fade
    return max(Decimal(0), 1 - abs(value - limit) / room) if room else Decimal(0)


def _tenth(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
