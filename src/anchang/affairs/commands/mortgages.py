"""Mortgage handling (按揭手续, K13)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs import rules
from anchang.affairs.commands.steps import check_state, go, return_to, term
from anchang.affairs.models import Mortgage
from anchang.deals.models import Contract, PlanLine
from anchang.finance.models import Receipt
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, constraint_errors, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Line, Ref

constraint_errors({"mortgage_one_running": "mortgage_running", "mortgage_approved_amount": ("approved_too_much", 422)})

Yuan = Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=2)]
LIVE = ("signed", "filed", "delivered", "change_pending")


class MortgageInput(Input):
    contract: Annotated[Ref("contracts"), Label(_("Contract"))]
    kind: Annotated[Mortgage.Kind, Label(_("Kind"), kind="choice", choices=dict(Mortgage.Kind.choices))] = (
        Mortgage.Kind.BANK
    )
    bank: Annotated[str, Field(min_length=1, max_length=60), Label(_("Bank"))]
    amount: Annotated[Yuan, Label(_("Applied for"), kind="money")]


class OnInput(Input):
    on: Annotated[Day | None, Label(_("Date"))] = None


class ApproveInput(OnInput):
    amount: Annotated[Yuan | None, Label(_("Approved amount"), kind="money")] = None


class EndInput(OnInput):
    reason: Annotated[Line, Field(min_length=1), Label(_("Reason"))]


@creates(Mortgage, label=_("New mortgage"))
def add_mortgages(ctx: Context, rows: Sequence[MortgageInput]) -> list[Mortgage]:
    """Open the loan that a signed contract is to be paid with; one running loan of each kind."""
    made = []
    for row in rows:
        contract: Any = row.contract
        check_state(contract, *LIVE)
        if row.amount > contract.total:
            raise DomainError("loan_above_price", status=422, fields={"amount": "loan_above_price"})
        made.append(_open(ctx, contract, row.kind, row.bank, row.amount))
    return made


def open_of_contract(ctx: Context, contract: Contract) -> list[Mortgage]:
    """The loans that the payment plan of a contract names, where none of the kind is running yet."""
    if contract.state not in LIVE:
        return []
    lines = PlanLine.objects.filter(project=ctx.here, contract=contract, money__in=("bank", "fund"))
    there = set(Mortgage.objects.filter(project=ctx.here, contract=contract).values_list("kind", flat=True))
    wanted: dict[str, tuple[Decimal, str]] = {}
    for line in lines.order_by("seq"):
        amount, bank = wanted.get(line.money, (Decimal(0), ""))
        wanted[line.money] = (amount + line.amount, bank or line.bank)
    return [
        _open(ctx, contract, kind, bank or str(Mortgage.Kind(kind).label), amount)
        for kind, (amount, bank) in wanted.items()
        if kind not in there
    ]


def _open(ctx: Context, contract: Contract, kind: str, bank: str, amount: Decimal) -> Mortgage:
    since = ctx.business_date
    made = Mortgage(
        project=ctx.here, contract=contract, kind=kind, bank=bank[:60], amount=amount, since=since,
        due_on=term(ctx, "mortgage", "collecting", since), created_by_id=ctx.user_id,
    )  # fmt: skip
    made.save()
    ctx.event(
        "mortgage.opened", made, customer_id=contract.customer_id, deal=contract.deal_id, contract=contract.pk,
        number=contract.number, bank=made.bank, amount=str(amount),
    )  # fmt: skip
    return made


def _step(to: str, shape: str = "primary") -> dict[str, Any]:
    def why(mortgage: Mortgage) -> Any:
        return rules.why_not_go("mortgage", mortgage.state, to)

    return {"refuses": why, "show": lambda mortgage: why(mortgage) is None, "shape": shape}


@command(Mortgage, verb="submit", label=_("Submitted to the bank"), icon="send", **_step("submitted"))
def submit_mortgage(ctx: Context, mortgage: Mortgage, data: OnInput) -> Mortgage:
    go(ctx, "mortgage", mortgage, "submitted", data.on, submitted_on=data.on)
    return mortgage


@command(Mortgage, verb="approve", label=_("Approved by the bank"), icon="check", **_step("approved"))
def approve_mortgage(ctx: Context, mortgage: Mortgage, data: ApproveInput) -> Mortgage:
    """With the amount that the bank grants. Less than applied for: the consultant is told, because the rest becomes
    the buyer's own money by a change of the payment plan."""
    granted = data.amount or mortgage.amount
    go(ctx, "mortgage", mortgage, "approved", data.on, approved_on=data.on, approved_amount=granted)
    if granted < mortgage.amount:
        ctx.notify(
            [mortgage.contract.deal.consultant_id], "mortgage_short", mortgage, number=mortgage.contract.number,
            short=str(mortgage.amount - granted),
        )  # fmt: skip
    return mortgage


@command(
    Mortgage, verb="pre-register", label=_("Pre-registered"), icon="file-certificate", **_step("pre_registered")
)
def pre_register_mortgage(ctx: Context, mortgage: Mortgage, data: OnInput) -> Mortgage:
    go(ctx, "mortgage", mortgage, "pre_registered", data.on, pre_registered_on=data.on)
    return mortgage


@command(Mortgage, verb="disburse", label=_("Disbursed"), icon="building-bank", **_step("disbursed"))
def disburse_mortgage(ctx: Context, mortgage: Mortgage, data: OnInput) -> Mortgage:
    """The bank has paid out. The money itself comes by a receipt, as all money does."""
    go(ctx, "mortgage", mortgage, "disbursed", data.on, disbursed_on=data.on)
    return mortgage


def disburse_paid(ctx: Context, contract: Contract, kind: str, paid: Decimal, on: dt.date) -> None:
    """The loan's money has come: a running mortgage that was ready for it is disbursed, once `paid` covers what the
    lender granted. One that isn't that far stays where it is; its next step says what is missing."""
    rows = Mortgage.objects.select_for_update(no_key=True).filter(
        project=ctx.here, contract=contract, kind=kind, state="pre_registered", approved_amount__lte=paid
    )
    for mortgage in rows:
        go(ctx, "mortgage", mortgage, "disbursed", max(on, mortgage.since), disbursed_on=on)


def take_back_unpaid(ctx: Context, deal_id: int) -> None:
    """A payout was reversed (冲销): a mortgage that is disbursed, but whose money that came since covers no longer what
    the lender granted, waits for its money again. One that was declared disbursed without a receipt stays."""
    rows = Mortgage.objects.select_for_update(no_key=True).filter(
        project=ctx.here, contract__deal=deal_id, state="disbursed"
    )
    for mortgage in rows:
        money = Receipt.objects.filter(project=ctx.here, deal=deal_id, money=mortgage.kind)
        reversed_since = money.filter(reverses__isnull=False, business_date__gte=mortgage.disbursed_on)
        paid = money.aggregate(sum=Sum("amount"))["sum"] or ZERO
        if reversed_since.exists() and paid < (mortgage.approved_amount or mortgage.amount):
            return_to(ctx, "mortgage", mortgage, "pre_registered", "payout_reversed", disbursed_on=None)


@command(Mortgage, verb="refuse", label=_("Refused by the bank"), icon="x", **_step("refused", "danger"))
def refuse_mortgage(ctx: Context, mortgage: Mortgage, data: EndInput) -> Mortgage:
    """Then another bank, another plan or, nobody at fault, the end of the deal (SPC Interpretation art. 19)."""
    go(ctx, "mortgage", mortgage, "refused", data.on, ended_on=data.on, reason=data.reason[:200])
    ctx.notify(
        [mortgage.contract.deal.consultant_id], "mortgage_refused", mortgage, number=mortgage.contract.number,
        bank=mortgage.bank,
    )  # fmt: skip
    return mortgage


@command(Mortgage, verb="withdraw", label=_("Withdraw"), icon="arrow-back-up", **_step("withdrawn", "danger"))
def withdraw_mortgage(ctx: Context, mortgage: Mortgage, data: EndInput) -> Mortgage:
    go(ctx, "mortgage", mortgage, "withdrawn", data.on, ended_on=data.on, reason=data.reason[:200])
    return mortgage
