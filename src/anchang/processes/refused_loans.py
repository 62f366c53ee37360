"""A loan that the bank refused or lowered (贷款未获批, BS24): what the buyer may do, with its consequences.

Nothing is written: the ways themselves are a change of payment, another mortgage, or a termination without fault
(SPC interpretation art. 19: principal and interest or deposit returned).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.affairs.models import Mortgage
from anchang.deals import rules
from anchang.deals.models import Contract
from anchang.inventory.models import PaymentPlan
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.processes.replanning import new_lines, plan_of
from anchang.processes.terminating import TerminateInput, settlement_of
from anchang.processes.versions import agreed_lines, agreed_loans


def why_no_choices(mortgage: Mortgage) -> Refusal | None:
    """Only for a loan that is less than asked for, of a contract in force."""
    short = mortgage.state == Mortgage.State.REFUSED or granted(mortgage) < mortgage.amount
    if short and mortgage.contract.state in rules.LIVE_CONTRACT:
        return None
    return Refusal("state_refused", {"state": mortgage.state})


def granted(mortgage: Mortgage) -> Decimal:
    """What the bank gives; all of it until it has answered."""
    if mortgage.state == Mortgage.State.REFUSED:
        return ZERO
    return mortgage.amount if mortgage.approved_amount is None else mortgage.approved_amount


@command(
    Mortgage, verb="choices", label=_("What the buyer may do"), icon="list-details", shape="", lock=False,
    refuses=why_no_choices,
)  # fmt: skip
def loan_choices(ctx: Context, mortgage: Mortgage) -> dict[str, Any]:
    """The three ways: `replan` (own money more, and the new lines), `other_bank` (still to be lent, by when) and
    `terminate` (what goes back to the buyer and to the bank, by when)."""
    contract = mortgage.contract
    lines = [line for line in agreed_lines(contract) if line.money == mortgage.kind]
    planned = sum((line.amount for line in lines), ZERO)
    gets = min(granted(mortgage), planned)
    settlement = settlement_of(ctx, contract.deal, contract.total, TerminateInput(reason="loan_refused", fault="none"))
    return {
        "contract": {"id": contract.pk, "label": contract.number},
        "asked": str(mortgage.amount), "granted": str(granted(mortgage)), "short": str(planned - gets),
        "replan": _replan(ctx, contract, mortgage, gets, planned),
        "other_bank": {"amount": str(planned - gets), "due_on": max((x.due_on.isoformat() for x in lines), default="")},
        "terminate": {
            "refund": str(settlement.refund), "loan_refund": str(settlement.loan_refund),
            "forfeited": str(settlement.forfeited), "refund_due_on": settlement.refund_due_on.isoformat(),
        },
    }  # fmt: skip


def short_of(contract: Contract) -> list[Mortgage]:
    """The contract's loans that were refused or lowered, while something is to be done about them."""
    rows = Mortgage.objects.filter(project=contract.project_id, contract=contract).select_related("contract")
    return [one for one in rows.order_by("id") if why_no_choices(one) is None]


def other_plans(contract: Contract) -> list[tuple[str, str]]:
    """Plans that the contract may change to, as choices."""
    rows = PaymentPlan.objects.filter(project=contract.project_id).exclude(pk=contract.payment_plan_id or 0)
    return [(str(pk), name) for pk, name in rows.order_by("id").values_list("pk", "name")]


def loans_left(mortgage: Mortgage) -> list[rules.Loan]:
    """The contract's loans with this one cut to what the bank gives."""
    contract = mortgage.contract
    planned = sum((line.amount for line in agreed_lines(contract) if line.money == mortgage.kind), ZERO)
    gets = min(granted(mortgage), planned)
    others = [loan for loan in agreed_loans(contract) if loan.kind != mortgage.kind]
    return [*others, *([rules.Loan(mortgage.kind, gets, mortgage.bank)] if gets else [])]


def _replan(ctx: Context, contract: Contract, mortgage: Mortgage, gets: Decimal, planned: Decimal) -> dict[str, Any]:
    """The same plan with the smaller loan; why not, where the plan can't be without it."""
    loans = loans_left(mortgage)
    if not loans:
        return {"own_money": str(planned), "refusal": "another_plan", "lines": []}
    try:
        lines = new_lines(ctx, contract, plan_of(contract, None), contract.total, loans)
    except DomainError as exc:
        return {"own_money": str(planned - gets), "refusal": exc.code, "lines": []}
    shown = [{"item": x.item, "money": x.money, "amount": str(x.amount), "due_on": x.due_on.isoformat()} for x in lines]
    return {"own_money": str(planned - gets), "refusal": None, "lines": shown}
