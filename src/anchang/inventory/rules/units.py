"""Units: states, gates before release and sale, and making the units of a building (DOMAIN 3, 4)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from anchang.kernel.errors import DomainError, Refusal

UNRELEASED, CONTROLLED, AVAILABLE, HELD = "unreleased", "controlled", "available", "held"
SUBSCRIBED, SIGNED, DELIVERED, RETAINED = "subscribed", "signed", "delivered", "retained"
STATES = (UNRELEASED, CONTROLLED, AVAILABLE, HELD, SUBSCRIBED, SIGNED, DELIVERED, RETAINED)
SOLD = frozenset({SUBSCRIBED, SIGNED, DELIVERED})
IN_DEAL = SOLD | {HELD}

#: What may follow what. Anything else is refused.
TRANSITIONS: Mapping[str, frozenset[str]] = {
    UNRELEASED: frozenset({CONTROLLED}),
    CONTROLLED: frozenset({AVAILABLE}),
    AVAILABLE: frozenset({CONTROLLED, HELD, SUBSCRIBED, SIGNED, RETAINED}),
    HELD: frozenset({AVAILABLE, SUBSCRIBED}),
    SUBSCRIBED: frozenset({SIGNED, CONTROLLED}),
    SIGNED: frozenset({DELIVERED, CONTROLLED}),
    DELIVERED: frozenset({CONTROLLED}),
    RETAINED: frozenset(),
}

LOCK_SELECTION, LOCK_PRICE, LOCK_RECONFIRM, LOCK_MORTGAGED, LOCK_SEIZED, LOCK_BUREAU = (
    "selection", "price", "reconfirm_price", "mortgaged", "seized", "bureau",
)  # fmt: skip
LOCKS = (LOCK_SELECTION, LOCK_PRICE, LOCK_RECONFIRM, LOCK_MORTGAGED, LOCK_SEIZED, LOCK_BUREAU)


@dataclass(frozen=True)
class Licence:
    """Presale permit or completed-sale filing that covers the unit."""

    number: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class UnitFacts:
    """What the gates read. `lease_notice_on`: day the tenant was told of the sale, when a lease is active."""

    state: str
    licence: Licence | None = None
    price_published: bool = False
    locks: frozenset[str] = frozenset()
    leased: bool = False
    lease_notice_on: date | None = None


def cause_of(to: str, in_deal: bool) -> str:
    """Why a unit moved, in a word that tells nothing about people: deal, deal_ended or control."""
    if not in_deal:
        return "control"
    return "deal" if to in IN_DEAL else "deal_ended"


def why_not_move(state: str, to: str) -> Refusal | None:
    if to in TRANSITIONS.get(state, frozenset()):
        return None
    return Refusal("unit_taken" if state in IN_DEAL else "state_refused", {"state": state, "to": to})


def why_no_licence(licence: Licence | None, on: date) -> Refusal | None:
    """No sale and no money of any kind without a licence that is valid on the day (invariant 6)."""
    if licence is None:
        return Refusal("no_licence")
    if on < licence.valid_from:
        return Refusal("licence_not_yet_valid", {"number": licence.number, "valid_from": licence.valid_from})
    if licence.valid_to and on > licence.valid_to:
        return Refusal("licence_expired", {"number": licence.number, "valid_to": licence.valid_to})
    return None


def why_not_release(unit: UnitFacts, on: date) -> Refusal | None:
    """Why the unit may not become AVAILABLE. Locks do not hinder release; they block deals."""
    move = why_not_move(unit.state, AVAILABLE)
    if move or unit.state != CONTROLLED:
        return move or Refusal("state_refused", {"state": unit.state, "to": AVAILABLE})
    return why_no_licence(unit.licence, on) or _why_no_price(unit)


def why_not_sell(
    unit: UnitFacts, on: date, *, own_claim: bool = False, lease_notice_days: int
) -> Refusal | None:
    """Why no hold, subscription or contract may start now. `own_claim`: the unit is held for this same
    deal.
    """
    if unit.state in IN_DEAL and not own_claim:
        return Refusal("unit_taken", {"state": unit.state})
    if unit.state != AVAILABLE and not (own_claim and unit.state in IN_DEAL):
        return Refusal("unit_not_available", {"state": unit.state})
    refusal = why_no_licence(unit.licence, on) or _why_no_price(unit)
    if refusal:
        return refusal
    if unit.locks:
        return Refusal("unit_locked", {"lock": min(unit.locks)})
    if unit.leased:
        told = unit.lease_notice_on
        if told is None or on < told + timedelta(days=lease_notice_days):
            return Refusal("tenant_notice_pending", {"days": lease_notice_days})
    return None


def _why_no_price(unit: UnitFacts) -> Refusal | None:
    return None if unit.price_published else Refusal("price_not_published")


@dataclass(frozen=True)
class Position:
    """One flat of a floor plan, repeated on every floor."""

    layout: str
    gross_area: Decimal
    inner_area: Decimal


@dataclass(frozen=True)
class BuildingPattern:
    """How units are made: every section (单元) has the same positions on every floor.

    `code` may hold {section}, {floor}, {floor2}, {index}, {index2}; 2 means at least two digits. `index`
    counts the positions of a section from 1. `continue_index`: numbers run on through the sections of a
    floor.
    """

    first_floor: int
    last_floor: int
    sections: tuple[str, ...]
    positions: tuple[Position, ...]
    code: str = "{floor}{index2}"
    skip_floors: frozenset[int] = frozenset()
    continue_index: bool = False


@dataclass(frozen=True)
class NewUnit:
    code: str
    section: str
    floor: int
    layout: str
    gross_area: Decimal
    inner_area: Decimal


_TOKEN = re.compile(r"\{(section|floor2?|index2?)\}")


def generate_units(pattern: BuildingPattern, max_units: int) -> list[NewUnit]:
    """Floor by floor, section by section. DomainError 422 when the pattern is empty, too large or numbers
    repeat.

    Codes must be unique within a section.
    """
    floors = [
        f for f in range(pattern.first_floor, pattern.last_floor + 1) if f and f not in pattern.skip_floors
    ]
    count = len(floors) * len(pattern.sections) * len(pattern.positions)
    if count == 0:
        raise DomainError("no_units_in_pattern", status=422, fields={"last_floor": "no_units_in_pattern"})
    if count > max_units:
        raise DomainError(
            "too_many_units", status=422, fields={"last_floor": "too_many_units"}, limit=max_units
        )
    units: list[NewUnit] = []
    for floor in floors:
        index = 0
        for section in pattern.sections:
            index = index if pattern.continue_index else 0
            for position in pattern.positions:
                index += 1
                code = _code(pattern.code, section, floor, index)
                units.append(
                    NewUnit(code, section, floor, position.layout, position.gross_area, position.inner_area)
                )
    if len({(unit.section, unit.code) for unit in units}) < count:
        raise DomainError("unit_codes_repeat", status=422, fields={"code": "unit_codes_repeat"})
    return units


def _code(template: str, section: str, floor: int, index: int) -> str:
    below = f"B{-floor}" if floor < 0 else None
    values = {
        "section": section,
        "floor": below or str(floor),
        "floor2": below or f"{floor:02d}",
        "index": str(index),
        "index2": f"{index:02d}",
    }
    return _TOKEN.sub(lambda match: values[match.group(1)], template)


@dataclass(frozen=True)
class HoardingFacts:
    state: str
    licensed_on: date | None
    reason: str = ""


def is_hoarded(unit: HoardingFacts, on: date, days: int) -> bool:
    """捂盘: licensed `days` ago or more, neither on sale nor in a deal, and no lawful reason stored."""
    if unit.licensed_on is None or unit.reason or unit.state == AVAILABLE or unit.state in IN_DEAL:
        return False
    return on >= unit.licensed_on + timedelta(days=days)


def publish_by(licensed_on: date, days: int) -> date:
    """The last day on which all prices under a new licence must be made public at once."""
    return licensed_on + timedelta(days=days)


def publication(licensed_on: date, days: int, published_on: date | None, on: date) -> str:
    """in_time or late once published, running or overdue before."""
    last = publish_by(licensed_on, days)
    if published_on is not None:
        return "in_time" if published_on <= last else "late"
    return "running" if on <= last else "overdue"


def sell_through(states: Sequence[str]) -> tuple[int, int]:
    """Sold and released counts of units ever released; RETAINED is not released stock."""
    released = [state for state in states if state != RETAINED]
    return sum(state in SOLD for state in released), len(released)
