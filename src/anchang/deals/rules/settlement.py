"""What happens to the money when a deal ends early (Civil Code 586-588, SPC interpretation art. 4; DOMAIN 4,
10).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from anchang.deals.rules.plans import effective_deposit
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO

FAULTS = ("buyer", "seller", "none")


@dataclass(frozen=True)
class PaidMoney:
    """House money received less refunded. `deposit` is the part paid as earnest deposit, inside `cash`."""

    cash: Decimal
    deposit: Decimal
    loan: Decimal = ZERO


@dataclass(frozen=True)
class Settlement:
    """All amounts >= 0.

    forfeited: deposit kept (buyer's fault). penalty: agreed penalty, from buyer or seller by fault.
    compensation: what the seller pays beyond what he received. refund: due to the payer, compensation
    included. loan_refund: due to the lender only. still_owed: penalty that the money received does not cover.
    """

    fault: str
    forfeited: Decimal
    penalty: Decimal
    compensation: Decimal
    refund: Decimal
    loan_refund: Decimal
    still_owed: Decimal
    refund_due_on: date


def settle_termination(
    fault: str,
    paid: PaidMoney,
    total: Decimal,
    *,
    deposit_ratio: Decimal,
    on: date,
    refund_days: int,
    penalty: Decimal | None = None,
    forfeit: Decimal | None = None,
) -> Settlement:
    """Divide the money. The deposit rule applies unless a `penalty` is claimed: never both (588).

    `forfeit` may be less than the effective deposit, not more. Nobody at fault: all is returned. Loan money
    always goes back to the lender. DomainError 422 on `fault`, `forfeit`, `penalty`.
    """
    if fault not in FAULTS:
        raise DomainError("choice_invalid", status=422, fields={"fault": "choice_invalid"})
    effective = effective_deposit(paid.deposit, total, deposit_ratio)
    _check_claims(fault, penalty, forfeit, effective)
    forfeited = claimed = compensation = owed = ZERO
    if fault == "buyer":
        forfeited = ZERO if penalty is not None else effective if forfeit is None else forfeit
        claimed = penalty or ZERO
        owed = max(claimed - paid.cash, ZERO)
    elif fault == "seller":
        claimed = penalty or ZERO
        compensation = effective if penalty is None else penalty
    return Settlement(
        fault=fault,
        forfeited=forfeited,
        penalty=claimed,
        compensation=compensation,
        refund=max(paid.cash - forfeited - (claimed if fault == "buyer" else ZERO), ZERO) + compensation,
        loan_refund=paid.loan,
        still_owed=owed,
        refund_due_on=on + timedelta(days=refund_days),
    )


def _check_claims(fault: str, penalty: Decimal | None, forfeit: Decimal | None, effective: Decimal) -> None:
    if penalty is not None and (penalty < 0 or fault == "none"):
        raise DomainError("penalty_without_fault", status=422, fields={"penalty": "penalty_without_fault"})
    if penalty is not None and forfeit:
        raise DomainError("penalty_or_deposit", status=422, fields={"forfeit": "penalty_or_deposit"})
    if forfeit is None:
        return
    if forfeit < 0 or forfeit > effective:
        raise DomainError("forfeit_over_deposit", status=422, fields={"forfeit": "forfeit_over_deposit"},
                          effective=str(effective))  # fmt: skip
    if forfeit and fault != "buyer":
        raise DomainError("forfeit_without_fault", status=422, fields={"forfeit": "forfeit_without_fault"})


def why_not_return_forfeited(forfeited: Decimal, returned: Decimal, amount: Decimal) -> Refusal | None:
    """退挞定: a kept deposit may be returned in part or whole, never more than was kept."""
    if amount <= 0:
        return Refusal("amount_not_positive")
    left = forfeited - returned
    return Refusal("more_than_forfeited", {"left": str(left)}) if amount > left else None
