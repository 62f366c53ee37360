"""Marketing expenses: targets and plans approved, contracts in force, expenses recorded, approved and paid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pydantic import Field

from anchang.finance.models import (
    Expense,
    ExpensePayment,
    ExpensePlan,
    ExpenseSubject,
    ExpenseTarget,
    MarketingContract,
)
from anchang.finance.rules import expenses as rules
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Between, Day, Input, Label, Line, Quantity, Reason, Ref

#: A share of planned sales: 0.015 is 1.5 %.
Rate = Annotated[Decimal, Field(ge=0, lt=1, max_digits=7, decimal_places=6)]


class TargetInput(Input):
    """Either `amount`, or `rate` (a share, 0.015 for 1.5 %) of `sales_plan`."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    year: Annotated[int, Label(_("Year")), Between(2000, 2200)]
    subject: Annotated[Ref("expense-subjects"), Label(_("Expense subject"))]
    amount: Annotated[Quantity | None, Label(_("Amount"), kind="money")] = None
    rate: Annotated[Rate | None, Label(_("Expense rate"), kind="decimal")] = None
    sales_plan: Annotated[Quantity | None, Label(_("Planned sales"), kind="money")] = None


class PlanInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    month: Annotated[Day, Label(_("Month"))]
    subject: Annotated[Ref("expense-subjects"), Label(_("Expense subject"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    reason: Annotated[Line, Label(_("Reason"))] = ""


class MarketingContractInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    number: Annotated[str, Field(min_length=1, max_length=30), Label(_("Number"))]
    title: Annotated[str, Field(min_length=1, max_length=100), Label(_("Title"))]
    supplier: Annotated[str, Field(min_length=1, max_length=100), Label(_("Supplier"))]
    subject: Annotated[Ref("expense-subjects"), Label(_("Expense subject"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    signed_on: Annotated[Day, Label(_("Signed on"))]
    note: Annotated[Line, Label(_("Note"))] = ""


class ExpenseInput(Input):
    """With a contract, supplier and subject are the contract's."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    contract: Annotated[Ref("marketing-contracts") | None, Label(_("Marketing contract"))] = None
    subject: Annotated[Ref("expense-subjects") | None, Label(_("Expense subject"))] = None
    supplier: Annotated[str, Field(max_length=100), Label(_("Supplier"))] = ""
    content: Annotated[Line, Label(_("Content"))] = ""
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    incurred_on: Annotated[Day | None, Label(_("Incurred on"))] = None


class PayExpenseInput(Input):
    amount: Annotated[Amount | None, Label(_("Amount"), kind="money", help=_("Empty: all that is unpaid"))] = None
    paid_on: Annotated[Day | None, Label(_("Paid on"))] = None
    account: Annotated[str, Field(min_length=1, max_length=60), Label(_("Bank account"))]
    reference: Annotated[str, Field(max_length=60), Label(_("Bank reference"))] = ""


class WhyInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


def _only_in(*states: str) -> Any:
    return lambda row: None if row.state in states else Refusal("state_refused", {"state": row.state})


def _shown_in(*states: str) -> Any:
    return lambda row: row.state in states


# --- targets and plans ---------------------------------------------------------------------------


@creates(ExpenseTarget, label=_("New expense target"))
def add_expense_targets(ctx: Context, rows: list[TargetInput]) -> list[ExpenseTarget]:
    """Yearly targets by subject; nothing counts before it is approved."""
    made = []
    for row in rows:
        amount = rules.target_amount(row.amount, row.rate, row.sales_plan)
        if isinstance(amount, Refusal):
            raise DomainError(amount.code, status=422, fields={"amount": amount.code}, **amount.params)
        made.append(
            ExpenseTarget(
                project=ctx.here, created_by_id=ctx.user_id, year=row.year, subject=row.subject, rate=row.rate,
                sales_plan=row.sales_plan, amount=amount,
            )
        )  # fmt: skip
    return _created(ctx, ExpenseTarget.objects.bulk_create(made))


@command(
    ExpenseTarget, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_only_in("draft"),
    show=_shown_in("draft"),
)  # fmt: skip
def approve_expense_target(ctx: Context, target: ExpenseTarget) -> ExpenseTarget:
    """Approve the year's target; it never changes from here on."""
    return _approve(ctx, target)


@creates(ExpensePlan, label=_("New monthly plan"))
def add_expense_plans(ctx: Context, rows: list[PlanInput]) -> list[ExpensePlan]:
    return _created(
        ctx,
        ExpensePlan.objects.bulk_create(
            ExpensePlan(
                project=ctx.here, created_by_id=ctx.user_id, month=row.month.replace(day=1), subject=row.subject,
                amount=row.amount, reason=row.reason,
            )
            for row in rows
        ),
    )  # fmt: skip


@command(
    ExpensePlan, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_only_in("draft"),
    show=_shown_in("draft"),
)  # fmt: skip
def approve_expense_plan(ctx: Context, plan: ExpensePlan) -> ExpensePlan:
    """Approve a plan that the year's approved target still holds."""
    if why := _why_over(plan):
        raise DomainError.of(why)
    return _approve(ctx, plan)


@command(
    ExpensePlan, verb="approve-over", label=_("Approve above the target"), icon="alert-triangle", shape="danger",
    refuses=_only_in("draft"), show=_shown_in("draft"),
)  # fmt: skip
def approve_plan_over_target(ctx: Context, plan: ExpensePlan, data: WhyInput) -> ExpensePlan:
    """Approve a plan beyond the target, with the reason; it is marked as such."""
    plan.over_target, plan.reason = _why_over(plan) is not None, data.reason
    return _approve(ctx, plan, "over_target", "reason")


def _why_over(plan: ExpensePlan) -> Refusal | None:
    """Locks the target, so that two plans are not approved for the same money."""
    target = (
        ExpenseTarget.objects.select_for_update(no_key=True)
        .filter(project_id=plan.project_id, subject=plan.subject_id, year=plan.month.year, state="approved")
        .first()
    )
    planned = ExpensePlan.objects.filter(
        project_id=plan.project_id, subject=plan.subject_id, month__year=plan.month.year, state="approved"
    ).aggregate(s=Sum("amount"))["s"]
    return rules.why_over_target(planned or ZERO, plan.amount, target.amount if target else None)


def _approve(ctx: Context, row: Any, *fields: str) -> Any:
    row.state, row.approved_by_id, row.approved_on = "approved", ctx.user_id, ctx.business_date
    row.save(update_fields=["state", "approved_by", "approved_on", *fields, "updated_at"])
    ctx.event("expense.approved", row, amount=str(row.amount))
    return row


def _created(ctx: Context, made: list[Any]) -> list[Any]:
    for row in made:
        ctx.event("record.created", row)
    ctx.index(made, fresh=True)
    return made


# --- contracts -----------------------------------------------------------------------------------


@creates(MarketingContract, label=_("New marketing contract"))
def add_marketing_contracts(ctx: Context, rows: list[MarketingContractInput]) -> list[MarketingContract]:
    return _created(
        ctx,
        MarketingContract.objects.bulk_create(
            MarketingContract(
                project=ctx.here, created_by_id=ctx.user_id, number=row.number, title=row.title,
                supplier=row.supplier, subject=row.subject, amount=row.amount, signed_on=row.signed_on,
                note=row.note,
            )
            for row in rows
        ),
    )  # fmt: skip


@command(
    MarketingContract, verb="approve", label=_("Put in force"), icon="check", shape="primary",
    refuses=_only_in("draft"), show=_shown_in("draft"),
)  # fmt: skip
def approve_marketing_contract(ctx: Context, contract: MarketingContract) -> MarketingContract:
    """From here on expenses may refer to it; its amount never changes."""
    return _set_state(ctx, contract, MarketingContract.State.ACTIVE)


@command(
    MarketingContract, verb="close", label=_("Close"), icon="lock", refuses=_only_in("active"),
    show=_shown_in("active"),
)  # fmt: skip
def close_marketing_contract(ctx: Context, contract: MarketingContract) -> MarketingContract:
    """No more expenses; what was incurred may still be paid."""
    return _set_state(ctx, contract, MarketingContract.State.CLOSED)


def _set_state(ctx: Context, contract: MarketingContract, state: str) -> MarketingContract:
    old, contract.state = contract.state, state
    contract.save(update_fields=["state", "updated_at"])
    ctx.event("marketing_contract.state", contract, old=old, new=state)
    return contract


# --- expenses and payments -----------------------------------------------------------------------


@creates(Expense, label=pgettext_lazy("marketing", "New expense"))
def add_expenses(ctx: Context, rows: list[ExpenseInput]) -> list[Expense]:
    """Record what was spent. Under a contract never more than its amount."""
    return _created(ctx, [_expense(ctx, row) for row in rows])


def _expense(ctx: Context, row: ExpenseInput) -> Expense:
    contract, subject, supplier = row.contract, row.subject, row.supplier
    if contract is not None:
        contract = MarketingContract.objects.select_for_update(no_key=True).get(pk=contract.pk)
        if contract.state != MarketingContract.State.ACTIVE:
            raise DomainError("contract_not_active", status=422, fields={"contract": "contract_not_active"})
        left = contract.amount - contract.incurred
        if row.amount > left:
            raise DomainError("more_than_contract", status=422, fields={"amount": "more_than_contract"}, left=str(left))
        subject, supplier = ExpenseSubject.objects.get(pk=contract.subject_id), contract.supplier
    missing = {n: "required" for n, v in (("subject", subject), ("supplier", supplier)) if not v}
    if missing:
        raise DomainError("bad_input", status=422, fields=missing)
    day = _past_day(ctx, row.incurred_on, "incurred_on")
    expense = Expense(
        project=ctx.here, created_by_id=ctx.user_id, contract=contract, subject=subject, supplier=supplier,
        content=row.content, amount=row.amount, incurred_on=day,
        number=f"FY{day:%Y}{ctx.number('expense', f'{day:%Y}'):05d}",
    )  # fmt: skip
    expense.save(force_insert=True)
    return expense


def _past_day(ctx: Context, day: dt.date | None, field: str) -> dt.date:
    if day is not None and day > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={field: "date_in_future"})
    return day or ctx.business_date


@command(
    Expense, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_only_in("recorded"),
    show=_shown_in("recorded"), bulk=True,
)  # fmt: skip
def approve_expense(ctx: Context, expense: Expense) -> Expense:
    """Approve an expense; it may be paid and becomes a voucher."""
    return _approve(ctx, expense)


def why_not_void(expense: Expense) -> Refusal | None:
    """An approved expense may have its voucher: it isn't voided any more."""
    return None if expense.state == "recorded" else Refusal("state_refused", {"state": expense.state})


@command(
    Expense, verb="void", label=_("Void"), icon="x", shape="danger", refuses=why_not_void,
    show=_shown_in("recorded"),
)  # fmt: skip
def void_expense(ctx: Context, expense: Expense, data: WhyInput) -> Expense:
    """It was not spent; the contract has its amount again."""
    expense.state, expense.void_reason = Expense.State.VOIDED, data.reason
    expense.save(update_fields=["state", "void_reason", "updated_at"])
    ctx.event("expense.voided", expense, reason=data.reason)
    return expense


@command(
    Expense, verb="pay", label=_("Pay"), icon="cash", shape="primary", refuses=_only_in("approved"),
    show=lambda e: e.state == "approved" and e.unpaid > 0,
)  # fmt: skip
def pay_expense(ctx: Context, expense: Expense, data: PayExpenseInput) -> ExpensePayment:
    """Book a payment: never more than the expense owes, nor than the contract's balance."""
    contract = None
    if expense.contract_id:
        contract = MarketingContract.objects.select_for_update(no_key=True).get(pk=expense.contract_id)
    amount = data.amount or expense.unpaid
    if why := rules.why_not_pay(amount, expense.unpaid, contract.balance if contract else None):
        raise DomainError(why.code, status=422, fields={"amount": why.code}, **why.params)
    payment = ExpensePayment(
        project=ctx.here, expense=expense, amount=amount, paid_on=_past_day(ctx, data.paid_on, "paid_on"),
        account=data.account, reference=data.reference, paid_by_id=ctx.user_id, at=ctx.now,
    )  # fmt: skip
    payment.save(force_insert=True)
    ctx.event("expense.paid", expense, amount=str(amount))
    return payment


@command(
    ExpensePayment, verb="reverse", label=_("Reverse"), icon="arrow-back-up", shape="danger", lock=False,
    refuses=lambda p: Refusal("reversal_of_reversal") if p.reverses_id else None,
    show=lambda p: p.reverses_id is None,
)  # fmt: skip
def reverse_expense_payment(ctx: Context, payment: ExpensePayment, data: WhyInput) -> ExpensePayment:
    """Take a payment back by its mirror; the expense is owed again."""
    Expense.objects.select_for_update(no_key=True).get(pk=payment.expense_id)
    if ExpensePayment.objects.filter(project=ctx.here, reverses=payment).exists():
        raise DomainError("state_refused", state="reversed")
    mirror = ExpensePayment(
        project=ctx.here, expense_id=payment.expense_id, amount=-payment.amount, paid_on=ctx.business_date,
        account=payment.account, reference=payment.reference, reverses=payment, reason=data.reason,
        paid_by_id=ctx.user_id, at=ctx.now,
    )  # fmt: skip
    mirror.save(force_insert=True)
    ctx.event("expense.payment_reversed", payment, amount=str(payment.amount), reason=data.reason)
    return mirror
