"""State machines of ticket, hold, subscription and contract, and the gates before each step (DOMAIN 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from anchang.kernel.errors import DomainError, Refusal

Machine = Mapping[str, frozenset[str]]


def _machine(**moves: str) -> Machine:
    return {state: frozenset(targets.split()) for state, targets in moves.items()}


TICKET = _machine(
    valid="called withdrawn",
    called="converted missed withdrawn",
    missed="called withdrawn",
    withdrawn="refunded",
    converted="missed",  # the hold that it became was given back
    refunded="",
)
HOLD = _machine(active="converted expired cancelled", converted="", expired="", cancelled="")
SUBSCRIPTION = _machine(
    draft="cancelled approving active",
    approving="active draft",
    active="signed overdue change_pending terminating",
    overdue="active signed change_pending terminating",
    change_pending="active overdue exchanged replaced",
    terminating="forfeited refunded active overdue",
    signed="active",  # the draft contract was voided
    forfeited="refunded",
    cancelled="",
    exchanged="",
    replaced="",  # the next version is in force
    refunded="",
)
CONTRACT = _machine(
    draft="reviewed voided terminated",  # terminated: a draft after a revocation
    reviewed="draft voided signed terminated",
    signed="filed change_pending terminating",
    filed="delivered change_pending terminating",
    delivered="titled terminating",
    change_pending="signed filed voided terminated",  # voided: the next version is in force
    terminating="signed filed delivered revoked",
    revoked="terminated draft",
    titled="",
    voided="",
    terminated="",
)
MACHINES: Mapping[str, Machine] = {
    "ticket": TICKET, "hold": HOLD, "subscription": SUBSCRIPTION, "contract": CONTRACT,
}  # fmt: skip

LIVE_SUBSCRIPTION = frozenset({"active", "overdue", "change_pending", "terminating"})
LIVE_CONTRACT = frozenset({"signed", "filed", "delivered", "titled", "change_pending", "terminating"})
#: From these a deal comes back to the state that it left.
RETURNING = frozenset({"change_pending", "terminating"})


def why_not_go(kind: str, state: str, to: str, former: str = "") -> Refusal | None:
    """Unlisted moves are refused; out of a pending change or termination only back to the former state or
    on.
    """
    targets = MACHINES[kind].get(state, frozenset())
    leads_back = state in RETURNING and state in MACHINES[kind].get(to, frozenset())
    if to in targets and (not leads_back or to == former):
        return None
    return Refusal("state_refused", {"state": state, "to": to})


@dataclass(frozen=True)
class ContractPath:
    """Parameters of a city or office: which steps the contract passes through."""

    review: bool
    bureau_revocation: bool


def why_not_contract(state: str, to: str, path: ContractPath, former: str = "") -> Refusal | None:
    """As `why_not_go`; an office without review signs a draft, one without revocation terminates in one
    step.
    """
    if not path.review and (state, to) == ("draft", "signed"):
        return None
    if not path.bureau_revocation and state == "terminating" and to in ("terminated", "revoked"):
        return None if to == "terminated" else Refusal("state_refused", {"state": state, "to": to})
    return why_not_go("contract", state, to, former)


def why_not_change_contract(state: str, change: str) -> Refusal | None:
    """`change`: plan, price, buyers, … After filing, buyers and price change only by revocation."""
    if state == "filed" and change in ("price", "buyers"):
        return Refusal("revoke_first", {"change": change})
    return why_not_go("contract", state, "change_pending")


@dataclass(frozen=True)
class HoldPolicy:
    """Limits of an office. Minutes and days by kind; `repeat_after` hours bar the same customer from the
    same unit.
    """

    lock_minutes: int
    lock_max_minutes: int
    reservation_minutes: int
    reservation_max_minutes: int
    max_extensions: int
    max_per_customer: int
    max_per_consultant: int
    repeat_after_hours: int


@dataclass(frozen=True)
class HoldFacts:
    """Counts are of ACTIVE, unexpired holds. `last_ended_at`: last hold of this household on this unit,
    unconverted.
    """

    of_customer: int
    of_consultant: int
    last_ended_at: datetime | None = None


def hold_expiry(kind: str, minutes: int | None, policy: HoldPolicy, now: datetime) -> datetime:
    """When a new hold ends. DomainError 422 on `minutes` beyond the limit, on `kind` when unknown."""
    limits = {
        "lock": (policy.lock_minutes, policy.lock_max_minutes),
        "reservation": (policy.reservation_minutes, policy.reservation_max_minutes),
    }
    if kind not in limits:
        raise DomainError("choice_invalid", status=422, fields={"kind": "choice_invalid"})
    default, most = limits[kind]
    chosen = default if minutes is None else minutes
    if not 0 < chosen <= most:
        raise DomainError("hold_too_long", status=422, fields={"minutes": "hold_too_long"}, limit=most)
    return now + timedelta(minutes=chosen)


def why_not_hold(facts: HoldFacts, policy: HoldPolicy, now: datetime) -> Refusal | None:
    if facts.of_customer >= policy.max_per_customer:
        return Refusal("customer_holds_enough", {"limit": policy.max_per_customer})
    if facts.of_consultant >= policy.max_per_consultant:
        return Refusal("consultant_holds_enough", {"limit": policy.max_per_consultant})
    if facts.last_ended_at is not None:
        free_at = facts.last_ended_at + timedelta(hours=policy.repeat_after_hours)
        if now < free_at:
            return Refusal("held_before", {"free_at": free_at})
    return None


def why_not_extend(
    state: str, expires_at: datetime, extensions: int, policy: HoldPolicy, now: datetime
) -> Refusal | None:
    if state != "active" or hold_ended(expires_at, now):
        return Refusal("hold_not_active", {"state": state})
    if extensions >= policy.max_extensions:
        return Refusal("extensions_used_up", {"limit": policy.max_extensions})
    return None


def hold_ended(expires_at: datetime, now: datetime) -> bool:
    """A hold ends at its moment, not after it."""
    return now >= expires_at


def activates(activate_on: str, paid: Decimal, deposit: Decimal) -> bool:
    """Whether an approved subscription becomes ACTIVE now. `activate_on`: submit | first_money |
    full_deposit.
    """
    if activate_on == "submit":
        return True
    if activate_on == "first_money":
        return paid > 0 or deposit == 0
    if activate_on == "full_deposit":
        return paid >= deposit
    raise ValueError(f"unknown activate_on {activate_on}")


def subscription_overdue(sign_by: date, today: date) -> bool:
    """Due today is not overdue."""
    return today > sign_by


@dataclass(frozen=True)
class SigningFacts:
    state: str
    total: Decimal
    paid: Decimal
    missing_documents: tuple[str, ...] = ()


def why_not_sign(facts: SigningFacts, min_paid_ratio: Decimal) -> Refusal | None:
    """State, documents, then the part of the total that must be paid before signing (ratio)."""
    refusal = why_not_go("subscription", facts.state, "signed")
    if refusal:
        return refusal
    if facts.missing_documents:
        return Refusal("documents_missing", {"documents": list(facts.missing_documents)})
    needed = facts.total * min_paid_ratio
    if facts.paid < needed:
        return Refusal(
            "paid_too_little", {"paid": str(facts.paid), "needed": str(needed.quantize(Decimal("0.01")))}
        )
    return None


def reminder_due(sign_by: date, today: date, days_before: tuple[int, ...]) -> int | None:
    """Days left when today is a reminder day before, or the signing due date itself (0); else None."""
    left = (sign_by - today).days
    return left if left == 0 or left in days_before else None


def why_not_file(state: str, signed_on: date, filed_on: date, today: date) -> Refusal | None:
    if filed_on < signed_on:
        return Refusal("filed_before_signed")
    if filed_on > today:
        return Refusal("date_in_future")
    return why_not_go("contract", state, "filed")


def filing_late(signed_on: date, filed_on: date | None, today: date, days: int) -> bool:
    """Filing is due within `days` of signing."""
    return (filed_on or today) > signed_on + timedelta(days=days)
