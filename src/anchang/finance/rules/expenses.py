"""Marketing expenses: what a target is, what a plan may take, what remains."""

from __future__ import annotations

from decimal import Decimal

from anchang.kernel.errors import Refusal
from anchang.kernel.money import ZERO, yuan


def target_amount(amount: Decimal | None, rate: Decimal | None, sales_plan: Decimal | None) -> Decimal | Refusal:
    """The year's amount as given, or rate × planned sales, half-up to the cent. Exactly one of the two ways."""
    if rate is not None and sales_plan is not None:
        found = yuan(rate * sales_plan)
        if amount is not None and amount != found:
            return Refusal("target_amount_differs", {"amount": str(found)})
        return found
    if amount is None or rate is not None or sales_plan is not None:
        return Refusal("target_amount_missing")
    return amount


def why_over_target(planned: Decimal, more: Decimal, target: Decimal | None) -> Refusal | None:
    """A plan may take what the approved target leaves; without an approved target there is nothing to take."""
    left = (target or ZERO) - planned
    if target is None:
        return Refusal("target_not_approved")
    return Refusal("expense_over_target", {"left": str(max(left, ZERO))}) if more > left else None


def why_not_pay(amount: Decimal, unpaid: Decimal, contract_balance: Decimal | None) -> Refusal | None:
    """Never more than the expense still owes, nor than its contract has left."""
    if amount > unpaid:
        return Refusal("more_than_unpaid", {"left": str(unpaid)})
    if contract_balance is not None and amount > contract_balance:
        return Refusal("more_than_contract", {"left": str(contract_balance)})
    return None
