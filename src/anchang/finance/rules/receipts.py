"""Receipts over receivables: allocation, states, ageing, rates and refund limits (DOMAIN 3, 9, 10)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO, parse_money

CASH, BANK, FUND = "cash", "bank", "fund"
#: Which kind of line each way of paying settles.
WAY_MONEY: Mapping[str, str] = {
    "cash": CASH, "pos": CASH, "transfer": CASH, "online": CASH, "cheque": CASH, "transfer_in": CASH,
    "offset": CASH, "mortgage": BANK, "fund": FUND,
}  # fmt: skip
#: Ways that people book; the others are made by an exchange, a ticket or a set-off document.
BOOKABLE_WAYS = ("cash", "pos", "transfer", "mortgage", "fund", "online", "cheque")
#: Set-off is never collection; a transfer in was collected where it came from.
NOT_COLLECTED = frozenset({"transfer_in", "offset"})
AGENCY_PREFIX, LATE_FEE = "agency_", "late_fee"


def payment_class(way: str) -> str:
    """现金类 / 银行类: cash, or bank for mortgage and fund payouts."""
    return "cash" if WAY_MONEY[way] == CASH else "bank"


def is_house_item(item: str) -> bool:
    """Fees on behalf and late fees are not house money and stay outside the deal's total."""
    return not item.startswith(AGENCY_PREFIX) and item != LATE_FEE


@dataclass(frozen=True)
class OpenLine:
    """A live receivable. `money`: cash, bank or fund. `balance` = amount - allocated."""

    id: int
    seq: int
    item: str
    money: str
    due_on: date
    balance: Decimal


@dataclass(frozen=True)
class Allocated:
    """`parts`: receivable id and amount, all positive. Sum of parts + unallocated = the receipt."""

    parts: tuple[tuple[int, Decimal], ...]
    unallocated: Decimal


def allocate(
    amount: Decimal, way: str, lines: Sequence[OpenLine], named: Sequence[tuple[int, Decimal]] | None = None
) -> Allocated:
    """Spread a receipt: to the lines that the payer names, else oldest due, then seq.

    Cash ways reach cash lines, mortgage bank loans, fund fund loans. Fees on behalf and late fees get money
    only when named (Civil Code 560). What is left stays unallocated. DomainError 422 on `way`, `amount` or
    `allocations.N`.
    """
    if way not in WAY_MONEY:
        raise DomainError("choice_invalid", status=422, fields={"way": "choice_invalid"})
    if amount <= 0:
        raise DomainError("amount_not_positive", status=422, fields={"amount": "amount_not_positive"})
    if named:
        return _named(amount, way, lines, named)
    parts, left = [], amount
    reachable = [line for line in lines if line.money == WAY_MONEY[way] and is_house_item(line.item)]
    for line in sorted(reachable, key=lambda each: (each.due_on, each.seq, each.id)):
        part = min(left, line.balance)
        if part > 0:
            parts.append((line.id, part))
            left -= part
    return Allocated(tuple(parts), left)


def _named(
    amount: Decimal, way: str, lines: Sequence[OpenLine], named: Sequence[tuple[int, Decimal]]
) -> Allocated:
    open_lines = {line.id: line for line in lines}
    seen: set[int] = set()
    for i, (line_id, part) in enumerate(named):
        line = open_lines.get(line_id)
        code = None
        if line is None or line_id in seen:
            code = "line_unknown"
        elif part <= 0:
            code = "amount_not_positive"
        elif part > line.balance:
            code = "more_than_balance"
        elif line.money != WAY_MONEY[way]:
            code = "way_not_for_line"
        if code:
            raise DomainError(code, status=422, fields={f"allocations.{i}": code})
        seen.add(line_id)
    left = amount - sum((part for _, part in named), ZERO)
    if left < 0:
        raise DomainError("more_than_receipt", status=422, fields={"allocations": "more_than_receipt"})
    return Allocated(tuple(named), left)


def still_open(lines: Sequence[OpenLine], way: str, parts: Sequence[tuple[int, Decimal]]) -> Decimal:
    """What this way of paying could still settle after `parts`: a payer who names lines may leave others open."""
    taken = dict(parts)
    reachable = [line for line in lines if line.money == WAY_MONEY[way] and is_house_item(line.item)]
    return sum((line.balance - taken.get(line.id, ZERO) for line in reachable), ZERO)


def why_confirm_surplus(free: Decimal, expected: Decimal, confirmed: bool) -> Refusal | None:
    """Money that no open line takes, above what is `expected` without one, is taken on the payer's word only."""
    surplus = free - expected
    if surplus <= 0 or confirmed:
        return None
    return Refusal("more_than_due", {"surplus": f"{surplus:,.2f}"})


def read_allocations(raw: Sequence[Mapping[str, Any]] | None) -> list[tuple[int, Decimal]] | None:
    """`[{receivable, amount}]` as given, or None. DomainError 422 naming the field."""
    if not raw:
        return None
    found = []
    for i, each in enumerate(raw):
        line = str(each.get("receivable", "")) if isinstance(each, Mapping) else ""
        if not line.isascii() or not line.isdigit():
            raise DomainError(
                "line_unknown", status=422, fields={f"allocations.{i}.receivable": "line_unknown"}
            )
        found.append((int(line), parse_money(each.get("amount"), field=f"allocations.{i}.amount")))
    return found


def mirror(parts: Iterable[tuple[int, Decimal]]) -> list[tuple[int, Decimal]]:
    """The allocations of the receipt that reverses one: the same lines, negative amounts."""
    return [(line_id, -amount) for line_id, amount in parts]


def why_not_reverse(state: str, is_reversal: bool) -> Refusal | None:
    """Posted or day-closed receipts are reversed once, by a mirror; a mirror is not reversed."""
    if is_reversal:
        return Refusal("reversal_of_reversal")
    return (
        None
        if state in ("posted", "day_closed")
        else Refusal("state_refused", {"state": state, "to": "reversed"})
    )


def receivable_state(
    amount: Decimal, allocated: Decimal, due_on: date, today: date, *, voided: bool = False
) -> str:
    """planned, due, partial, settled, overdue, void: derived, never stored. Due today is not overdue."""
    if voided:
        return "void"
    if allocated >= amount:
        return "settled"
    if today > due_on:
        return "overdue"
    if allocated > 0:
        return "partial"
    return "due" if today == due_on else "planned"


def bucket(days: int, bounds: Sequence[int]) -> str:
    """Days over due in a bucket: with bounds 30, 60, 90: `not_due`, `1-30`, `31-60`, `61-90`, `>90`."""
    if days <= 0:
        return "not_due"
    low = 1
    for bound in bounds:
        if days <= bound:
            return f"{low}-{bound}"
        low = bound + 1
    return f">{low - 1}"


def bucket_names(bounds: Sequence[int]) -> list[str]:
    return ["not_due", *(bucket(bound, bounds) for bound in bounds), f">{bounds[-1]}"]


def ageing(lines: Iterable[tuple[date, Decimal]], today: date, bounds: Sequence[int]) -> dict[str, Decimal]:
    """Sum of balances by bucket, every bucket present. `lines`: due date and balance."""
    sums = dict.fromkeys(bucket_names(bounds), ZERO)
    for due_on, balance in lines:
        if balance > 0:
            sums[bucket((today - due_on).days, bounds)] += balance
    return sums


def rate(part: Decimal, whole: Decimal) -> Decimal | None:
    """A ratio, unrounded; None when there is nothing to compare with."""
    return part / whole if whole else None


def collection_rate(
    lines: Iterable[tuple[date, Decimal, Decimal]], first: date, last: date
) -> Decimal | None:
    """回款率: allocated by the period's end over amount, for house lines due in the period.

    `lines`: due date, amount, allocations dated until `last` net of reversals.
    """
    due = [line for line in lines if first <= line[0] <= last]
    return rate(sum((line[2] for line in due), ZERO), sum((line[1] for line in due), ZERO))


def overdue_rate(lines: Iterable[tuple[date, Decimal, Decimal]], today: date) -> Decimal | None:
    """Balance over amount of lines due before today. `lines`: due date, amount, allocated."""
    due = [line for line in lines if line[0] < today]
    return rate(sum((line[1] - line[2] for line in due), ZERO), sum((line[1] for line in due), ZERO))


def why_not_refund(
    amount: Decimal, received: Decimal, refunded: Decimal, requested: Decimal
) -> Refusal | None:
    """Per money type: a refund may not exceed received - refunded - already requested."""
    if amount <= 0:
        return Refusal("amount_not_positive")
    left = received - refunded - requested
    return Refusal("refund_over_received", {"left": str(left)}) if amount > left else None


def why_not_payee(
    money: str,
    *,
    same_payer: bool,
    lender: bool,
    signed_order: bool,
    identity: bool,
    relation: bool,
    approved: bool,
) -> Refusal | None:
    """Loan money only to the lender (SPC art. 21); cash to the payer, or by his signed order with proof and
    approval.
    """
    if money != CASH:
        return None if lender else Refusal("loan_money_to_lender_only")
    if same_payer:
        return None
    proofs = {"signed_order": signed_order, "identity": identity, "relation": relation, "approval": approved}
    missing = [name for name, given in proofs.items() if not given]
    return Refusal("payee_proof_missing", {"missing": missing}) if missing else None


def dunning_due(due_on: date, today: date, before: int, every: int) -> str | None:
    """Key of today's reminder for an unpaid line: N days before due, on due, every M days after; else
    None.
    """
    days = (today - due_on).days
    if days in (-before, 0) or (days > 0 and every > 0 and days % every == 0):
        return f"{due_on.isoformat()}{days:+d}"
    return None
