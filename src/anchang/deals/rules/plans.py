"""Payment plans: deposit, cash and loan lines that sum to the deal's total to the cent (DOMAIN 6 and 10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO, floor_to_cent, parse_money, round_to, split_by_weights

LUMP_SUM, INSTALMENT, MORTGAGE = "lump_sum", "instalment", "mortgage"
CASH, BANK, FUND = "cash", "bank", "fund"
LOAN_ITEMS = {BANK: "bank_loan", FUND: "fund_loan"}


@dataclass(frozen=True)
class CashPart:
    """One cash line: its `weight` among the cash lines (percent, or equal numbers) and days after signing."""

    item: str
    weight: Decimal
    days: int


@dataclass(frozen=True)
class PlanSpec:
    """A payment plan of the office. Loan ratio and step make the default loan of a mortgage plan."""

    code: str
    kind: str
    parts: tuple[CashPart, ...]
    loan_days: int = 0
    loan_ratio: Decimal = ZERO
    loan_step: Decimal = Decimal(1)
    min_down_ratio: Decimal = ZERO


@dataclass(frozen=True)
class Loan:
    kind: str
    amount: Decimal
    bank: str = ""


@dataclass(frozen=True)
class PlanLine:
    """`money` is cash, bank or fund. `item`: deposit, first_payment, instalment, bank_loan, fund_loan, …"""

    seq: int
    item: str
    money: str
    amount: Decimal
    due_on: date
    bank: str = ""


def default_loan(total: Decimal, ratio: Decimal, step: Decimal) -> Decimal:
    """floor(total x ratio, step): 2,696,170 at 70 % to 10,000 is 1,880,000."""
    return round_to(total * ratio, step, "down")


def read_loans(raw: Sequence[Mapping[str, Any]] | None) -> tuple[Loan, ...]:
    """`[{kind, bank?, amount}]` as given. DomainError 422 naming `loans.0.amount` or `loans.0.kind`."""
    loans = []
    for i, each in enumerate(raw or ()):
        if not isinstance(each, Mapping) or each.get("kind") not in LOAN_ITEMS:
            raise DomainError("choice_invalid", status=422, fields={f"loans.{i}.kind": "choice_invalid"})
        amount = parse_money(each.get("amount"), field=f"loans.{i}.amount")
        loans.append(Loan(str(each["kind"]), amount, str(each.get("bank") or "")))
    return tuple(loans)


def deposit_cap(total: Decimal, ratio: Decimal) -> Decimal:
    """The most that has deposit effect (Civil Code 586, 20 %), rounded down to the cent."""
    return floor_to_cent(total * ratio)


def effective_deposit(paid: Decimal, total: Decimal, ratio: Decimal) -> Decimal:
    """What was actually paid counts, not what was agreed, up to the cap; the rest is first payment."""
    return min(paid, deposit_cap(total, ratio))


def why_not_deposit(deposit: Decimal, total: Decimal, ratio: Decimal) -> Refusal | None:
    cap = deposit_cap(total, ratio)
    return Refusal("deposit_over_cap", {"cap": str(cap), "deposit": str(deposit)}) if deposit > cap else None


def why_not_enough(deposit: Decimal, least: Decimal, *, needed: bool = False) -> Refusal | None:
    """A deposit below the office's minimum, or none at all where one is `needed`."""
    if deposit < least:
        return Refusal("deposit_too_low", {"least": f"{least:.2f}"})
    return Refusal("deposit_required") if needed and deposit <= 0 else None


def plan_lines(
    spec: PlanSpec,
    total: Decimal,
    *,
    deposit: Decimal,
    loans: Sequence[Loan] = (),
    deposit_due: date,
    signed_on: date,
    decoration: Decimal = ZERO,
) -> list[PlanLine]:
    """Deposit, cash lines, loan lines. Amounts are positive and sum to `total`. What of it is `decoration` is own money
    of a line of its own, due at signing; loans and the other lines are the house's.

    The deposit reduces the first cash lines; lines that become zero are left out. `signed_on` is the signing
    due date before signing. DomainError 422 on `loans` or `deposit`.
    """
    house = total - decoration
    used = _loans(spec, house, loans)
    cash = house - sum((loan.amount for loan in used), ZERO)
    if deposit < 0 or deposit > cash:
        raise DomainError(
            "deposit_over_cash", status=422, fields={"deposit": "deposit_over_cash"}, cash=str(cash)
        )
    amounts = split_by_weights(cash, [part.weight for part in spec.parts])
    lines = [PlanLine(0, "deposit", CASH, deposit, deposit_due)]
    credit = deposit
    for part, amount in zip(spec.parts, amounts, strict=True):
        off = min(credit, amount)
        credit -= off
        lines.append(PlanLine(0, part.item, CASH, amount - off, signed_on + timedelta(days=part.days)))
    lines.append(PlanLine(0, "decoration", CASH, decoration, signed_on))
    due = signed_on + timedelta(days=spec.loan_days)
    lines += [PlanLine(0, LOAN_ITEMS[loan.kind], loan.kind, loan.amount, due, loan.bank) for loan in used]
    return _numbered(lines)


def _numbered(lines: Sequence[PlanLine], after: int = 0) -> list[PlanLine]:
    return [
        replace(line, seq=after + i) for i, line in enumerate((each for each in lines if each.amount > 0), 1)
    ]


def _loans(spec: PlanSpec, total: Decimal, loans: Sequence[Loan]) -> tuple[Loan, ...]:
    if spec.kind != MORTGAGE:
        if loans:
            raise _bad_loans("plan_has_no_loans")
        return ()
    used = tuple(loans) or (Loan(BANK, default_loan(total, spec.loan_ratio, spec.loan_step)),)
    borrowed = sum((loan.amount for loan in used), ZERO)
    if any(loan.amount < 0 or loan.kind not in LOAN_ITEMS for loan in used) or borrowed >= total:
        raise _bad_loans("loans_invalid")
    if total - borrowed < total * spec.min_down_ratio:
        raise _bad_loans(
            "down_payment_too_low", needed=str(round_to(total * spec.min_down_ratio, Decimal("0.01"), "up"))
        )
    return used


def _bad_loans(code: str, **params: Any) -> DomainError:
    return DomainError(code, status=422, fields={"loans": code}, **params)


@dataclass(frozen=True)
class LiveLine:
    """A receivable of the deal as it stands."""

    id: int
    seq: int
    money: str
    amount: Decimal
    allocated: Decimal


@dataclass(frozen=True)
class Replan:
    """Lines to void (nothing paid), lines to cut to what was paid, and lines to add."""

    voided: tuple[int, ...]
    cut: Mapping[int, Decimal]
    added: tuple[PlanLine, ...]


def replan(live: Sequence[LiveLine], target: Sequence[PlanLine]) -> Replan:
    """Move a deal to a new plan: a part-paid line is cut to its allocated amount and the rest planned anew.

    `target` are the new plan's lines over the whole new total. What was paid, cash and each loan kind apart,
    settles the first target lines of its kind. Sum of kept and added lines = sum of `target`. DomainError 409
    `paid_exceeds_plan` when more was paid in cash or by a loan than the new plan asks for: refund first.
    """
    credit: dict[str, Decimal] = {}
    for paid in live:
        credit[paid.money] = credit.get(paid.money, ZERO) + paid.allocated
    rest = []
    for line in sorted(target, key=lambda each: each.seq):
        off = min(credit.get(line.money, ZERO), line.amount)
        credit[line.money] = credit.get(line.money, ZERO) - off
        rest.append(replace(line, amount=line.amount - off))
    excess = sum(credit.values(), ZERO)
    if excess > 0:
        raise DomainError("paid_exceeds_plan", excess=str(excess))
    return Replan(
        voided=tuple(line.id for line in live if line.allocated == 0),
        cut={line.id: line.allocated for line in live if 0 < line.allocated < line.amount},
        added=tuple(_numbered(rest, after=max((line.seq for line in live), default=0))),
    )


def signing_due(subscribed_on: date, days: int) -> date:
    return subscribed_on + timedelta(days=days)


def check_sign_by(sign_by: date, subscribed_on: date, max_days: int) -> None:
    """DomainError 422 on `sign_by` when it lies before the subscription or too far after it."""
    code = None
    if sign_by < subscribed_on:
        code = "sign_by_in_past"
    elif sign_by > subscribed_on + timedelta(days=max_days):
        code = "sign_by_too_late"
    if code:
        raise DomainError(code, status=422, fields={"sign_by": code}, days=max_days)
