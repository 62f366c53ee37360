"""Pure decisions on pay: earned by tier, released by milestone, kept back, taken back, won (DOMAIN 6, 佣金).

Amounts are yuan with two places, rates are ratios, shares are percents. Rounding is half-up to the cent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from anchang.finance.rules import FULL_JUMP, SEGMENTED, Tier, tier_rate, tiered_commission
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import HUNDRED, ZERO, percent_of, split_by_weights, split_equally, yuan

SIGNED, FILED, COLLECTED, FULL, LOAN, DELIVERED = (
    "signed", "filed", "collected", "fully_collected", "loan_paid", "delivered",
)  # fmt: skip
MILESTONES = (SIGNED, FILED, COLLECTED, FULL, LOAN, DELIVERED)
#: The part of the pay that is kept back (质保金); it has no milestone of its own in a scheme's list.
RETAINED = "retained"

#: State of a line -> where it may go. A closed statement settles, money paid ends.
LINE: Mapping[str, tuple[str, ...]] = {
    "accrued": ("confirmed", "payable", "held", "void"),
    "confirmed": ("payable", "held", "void"),
    "payable": ("confirmed", "settled", "held", "void"),
    "held": ("accrued", "confirmed", "payable", "void"),
    "settled": ("paid",),
    "paid": (),
    "void": (),
}
OPEN = ("accrued", "confirmed", "payable", "held")
CLOSED = ("settled", "paid")


def why_not_line(state: str, to: str) -> Refusal | None:
    return None if to in LINE[state] else Refusal("state_refused", {"state": state, "to": to})


# --- what a scheme says ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One part of a deal's pay. `share` in percent of it; `percent`: how much of the price must be collected;
    `days`: how long after full collection a retained part waits."""

    kind: str
    share: Decimal
    percent: Decimal = HUNDRED
    days: int = 0


def _refused(field_name: str, code: str) -> DomainError:
    return DomainError(code, status=422, fields={field_name: code})


def _number(value: Any, name: str, *, low: Decimal, high: Decimal) -> Decimal:
    """A plain number of a scheme's row within its bounds. Raises bad_tiers or bad_milestones on its field."""
    code = f"bad_{name}"
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise _refused(name, code)
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        raise _refused(name, code) from None
    exponent = found.as_tuple().exponent
    if not found.is_finite() or not low <= found <= high or not isinstance(exponent, int) or exponent < -8:
        raise _refused(name, code)
    return found


def read_tiers(rows: Any) -> tuple[Tier, ...]:
    """Tiers from [{"up_to": "20000000", "rate": "0.0020"}, …, {"up_to": null, "rate": …}]: ascending, the last
    without an end. Raises bad_tiers (422)."""
    if not isinstance(rows, list) or not 1 <= len(rows) <= 20 or not all(isinstance(r, dict) for r in rows):
        raise _refused("tiers", "bad_tiers")
    tiers: list[Tier] = []
    below = ZERO
    for position, row in enumerate(rows, 1):
        rate = _number(row.get("rate"), "tiers", low=ZERO, high=Decimal(1))
        last = position == len(rows)
        if last != (row.get("up_to") in (None, "")):
            raise _refused("tiers", "bad_tiers")
        up_to = None if last else _number(row["up_to"], "tiers", low=Decimal("0.01"), high=Decimal(10) ** 15)
        if up_to is not None:
            if up_to <= below:
                raise _refused("tiers", "bad_tiers")
            below = up_to
        tiers.append(Tier(up_to, rate))
    return tuple(tiers)


def read_parts(milestones: Any, retention: Decimal, retention_days: int) -> tuple[Part, ...]:
    """The parts of the pay in order, the retained one last. Their shares sum to 100. Raises bad_milestones (422)."""
    if not isinstance(milestones, list) or len(milestones) > 10 or not all(isinstance(m, dict) for m in milestones):
        raise _refused("milestones", "bad_milestones")
    parts = []
    for row in milestones:
        if row.get("kind") not in MILESTONES:
            raise _refused("milestones", "bad_milestones")
        share = _number(row.get("share"), "milestones", low=Decimal("0.01"), high=HUNDRED)
        percent = _number(row.get("percent") or HUNDRED, "milestones", low=Decimal("0.01"), high=HUNDRED)
        parts.append(Part(row["kind"], share, percent))
    if retention > 0:
        parts.append(Part(RETAINED, retention, HUNDRED, retention_days))
    if sum((p.share for p in parts), ZERO) != HUNDRED:
        raise _refused("milestones", "scheme_shares_not_100")
    return tuple(parts)


@dataclass(frozen=True)
class Offered:
    """What is needed to choose among schemes. `product_type` and `team` empty: for all."""

    id: int
    role: str
    product_type: str
    valid_from: dt.date
    valid_to: dt.date | None
    team: int | None = None


def choose(schemes: Sequence[Offered], role: str, product_type: str, team: int | None, day: dt.date) -> Offered | None:
    """The scheme of a role on the signing day: one for the team beats one for the product beats a general one,
    then the latest."""
    fitting = [
        s for s in schemes
        if s.role == role and s.product_type in ("", product_type) and s.team in (None, team)
        and s.valid_from <= day and (s.valid_to is None or day <= s.valid_to)
    ]  # fmt: skip
    return max(fitting, key=lambda s: (s.team is not None, s.product_type != "", s.valid_from, s.id), default=None)


def period_start(kind: str, day: dt.date) -> dt.date:
    """First day of the accumulation period (累计周期): month, quarter or year."""
    if kind == "year":
        return day.replace(month=1, day=1)
    if kind == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(day=1)


def period_end(kind: str, start: dt.date) -> dt.date:
    """Last day of the period that starts there."""
    months = {"month": 1, "quarter": 3, "year": 12}[kind]
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return dt.date(year, month + 1, 1) - dt.timedelta(days=1)


def read_share(value: Any) -> Decimal:
    """A share of a deal in percent, above zero, two places. Raises bad_input (422)."""
    try:
        found = _number(value, "shares", low=Decimal("0.01"), high=HUNDRED)
    except DomainError:
        found = ZERO
    if not found or found != yuan(found):
        raise DomainError("bad_input", status=422, fields={"shares": "out_of_range"})
    return yuan(found)


# --- earned ---------------------------------------------------------------------------------------


def shared_base(base: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """A deal's base among those who share it (业绩分成); the last takes the remainder."""
    return split_by_weights(base, shares)


def earned(bases: Sequence[Decimal], tiers: Sequence[Tier], mode: str) -> list[Decimal]:
    """The pay of each deal of one accumulation, in order of signing. They sum to the pay of the total, to the cent:
    each gets what the running sum grows by (全额跳点: all at the rate that the period reached in the end)."""
    if mode not in (SEGMENTED, FULL_JUMP):
        raise ValueError(f"unknown mode {mode}")
    rate = tier_rate(sum(bases, ZERO), tiers)
    amounts, running, before = [], ZERO, ZERO
    for base in bases:
        running += base
        after = yuan(running * rate) if mode == FULL_JUMP else tiered_commission(running, tiers, mode)
        amounts.append(after - before)
        before = after
    return amounts


def shown_rate(base: Decimal, amount: Decimal, total: Decimal, tiers: Sequence[Tier], mode: str) -> Decimal:
    """The rate that a statement shows for a deal: the tier reached, or for segments what came out on average."""
    if mode == FULL_JUMP or base <= 0:
        return tier_rate(total, tiers)
    return (amount / base).quantize(Decimal("0.000001"))


# --- released -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DealFacts:
    """What a deal has done so far. `cash` and `loans`: (day, amount) of house money in order of days, loans a part
    of it; `loan_due`: what lenders are to pay."""

    total: Decimal
    signed_on: dt.date
    filed_on: dt.date | None = None
    delivered_on: dt.date | None = None
    collected: Sequence[tuple[dt.date, Decimal]] = ()
    loans: Sequence[tuple[dt.date, Decimal]] = ()
    loan_due: Decimal = ZERO

    @property
    def collected_total(self) -> Decimal:
        return min(sum((amount for _, amount in self.collected), ZERO), self.total)


def _crossed(money: Sequence[tuple[dt.date, Decimal]], needed: Decimal) -> dt.date | None:
    """The day from which on the running sum stays at or above what is needed."""
    running, since = ZERO, None
    for day, amount in money:
        running += amount
        if running < needed:
            since = None
        elif since is None:
            since = day
    return since


def reached_on(part: Part, facts: DealFacts, today: dt.date) -> dt.date | None:
    """The day on which the part's milestone was reached, None while it wasn't."""
    full = _crossed(facts.collected, facts.total)
    day = full
    if part.kind == SIGNED:
        day = facts.signed_on
    elif part.kind == FILED:
        day = facts.filed_on
    elif part.kind == DELIVERED:
        day = facts.delivered_on
    elif part.kind == COLLECTED:
        day = _crossed(facts.collected, percent_of(facts.total, part.percent))
    elif part.kind == LOAN and facts.loan_due > 0:
        day = _crossed(facts.loans, facts.loan_due)
    elif part.kind == RETAINED and full is not None:
        day = full + dt.timedelta(days=part.days)
    return day if day is not None and day <= today else None


@dataclass(frozen=True)
class Standing:
    """The lines of one part as they are: what is settled for good, and the state of its one open line."""

    settled: Decimal = ZERO
    open_state: str = ""


@dataclass(frozen=True)
class Wanted:
    """What the open line of a part must be; without amount it is void."""

    amount: Decimal
    state: str
    kind: str


def wanted_line(target: Decimal, standing: Standing, reached: bool, auto_confirm: bool) -> Wanted:
    """The one open line of a part, so that all its lines sum to `target`. What was settled stays; too much of it
    comes back as a negative line (clawback 追回) in the next open statement."""
    rest = target - standing.settled
    if rest == 0:
        return Wanted(ZERO, "void", "")
    kind = "clawback" if rest < 0 else "adjustment" if standing.settled else "earned"
    if standing.open_state == "held":
        state = "held"
    elif rest < 0:
        state = "payable"
    elif auto_confirm or standing.open_state in ("confirmed", "payable"):
        state = "payable" if reached else "confirmed"
    else:
        state = "accrued"
    return Wanted(rest, state, kind)


# --- settled --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Due:
    """What a statement pays out, and the debt that it hands to the next one (zero or negative)."""

    to_pay: Decimal
    carry_on: Decimal


def due(lines: Decimal, carried: Decimal) -> Due:
    """A statement's lines with the debt of the one before: nobody pays a negative amount, it waits."""
    total = lines + carried
    return Due(max(total, ZERO), min(total, ZERO))


# --- won ------------------------------------------------------------------------------------------

CHAMPION, BREAKTHROUGH = "champion", "breakthrough"


@dataclass(frozen=True)
class Prize:
    payee: int
    amount: Decimal
    value: Decimal = field(default=ZERO)


def prizes(kind: str, values: Mapping[int, Decimal], prize: Decimal, threshold: Decimal) -> list[Prize]:
    """Who wins. Champion (销冠奖): the best above zero and not below the threshold; equals share the prize, the last
    takes the remainder. Breakthrough (业绩突破奖): everybody who reached the threshold, each the whole prize."""
    if kind == BREAKTHROUGH:
        return [Prize(p, prize, v) for p, v in sorted(values.items()) if v >= threshold and v > 0]
    best = max(values.values(), default=ZERO)
    if best <= 0 or best < threshold:
        return []
    winners = sorted(p for p, v in values.items() if v == best)
    return [Prize(p, a, best) for p, a in zip(winners, split_equally(prize, len(winners)), strict=True)]
