"""Refunds: requested, approved, paid or rejected. The request takes the money from the receipts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.tickets import ticket_refunded
from anchang.deals.models import Contract, Deal
from anchang.finance import rules
from anchang.finance.commands.receipts import free_receipts
from anchang.finance.models import Allocation, Receipt, Refund
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Reason, Ref
from anchang.platform.people import with_permission

_MONEY = {"cash": _("Own money"), "bank": _("Bank loan"), "fund": _("Housing fund")}
_PROOFS = ("signed_order", "identity", "relation", "approval")


class RefundInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    deal: Annotated[Ref("deals"), Label(_("Deal"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    money: Annotated[
        Literal["cash", "bank", "fund"], Label(_("Kind of money"), kind="choice", choices=_MONEY)
    ] = "cash"
    reason: Annotated[Reason, Label(_("Reason"))]
    payee: Annotated[Line, Label(_("Payee"))] = ""
    payee_account: Annotated[Line, Label(_("Payee's account"))] = ""
    payer_receives: Annotated[bool, Label(_("To the original payer"))] = True
    proofs: Annotated[list[str], Label(_("Proofs"), kind="json")] = []


class PayInput(Input):
    way: Annotated[
        Literal["cash", "transfer", "cheque"],
        Label(
            _("Way"),
            kind="choice",
            choices={"cash": _("Cash"), "transfer": _("Bank transfer"), "cheque": _("Cheque")},
        ),
    ] = "transfer"
    paid_on: Annotated[Day | None, Label(_("Paid on"))] = None
    reference: Annotated[Line, Label(_("Bank reference"))] = ""


class RejectInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@creates(Refund, label=_("New refund"))
def request_refunds(ctx: Context, rows: list[RefundInput]) -> list[Refund]:
    """Ask for money that receipts of a deal have free (never more, per kind of money)."""
    made = []
    for row in sorted(rows, key=lambda r: r.deal.pk):
        deal = Deal.objects.select_for_update(no_key=True).get(pk=row.deal.pk)
        _check_payee(row)
        made.append(
            request_money(
                ctx, deal, row.amount, row.money, row.reason,
                payee=row.payee[:100], payee_account=row.payee_account[:60],
                payer_receives=row.payer_receives, proofs=row.proofs,
            )
        )  # fmt: skip
    return made


def _check_payee(row: RefundInput) -> None:
    """Loan money to the lender only; cash to the payer, or to another with order, identity and relation.
    Approval is the next step of the refund itself."""
    given = set(row.proofs)
    why = rules.why_not_payee(
        row.money, same_payer=row.payer_receives, lender=row.payer_receives,
        signed_order="signed_order" in given,
        identity="identity" in given, relation="relation" in given, approved=True,
    )  # fmt: skip
    if why:
        raise DomainError(why.code, status=422, fields={"payee": why.code}, **why.params)


def refund_free_money(
    ctx: Context, deal: Deal, reason: str, due_on: dt.date | None = None, contract: Contract | None = None
) -> list[Refund]:
    """Request back everything that receipts of an ending deal have free, per kind of money. Deal locked."""
    free: dict[str, Decimal] = {}
    for receipt in free_receipts(ctx, deal).exclude(way=Receipt.Way.OFFSET):
        free[receipt.money] = free.get(receipt.money, ZERO) + receipt.amount - receipt.allocated
    return [
        request_money(ctx, deal, amount, money, reason, due_on=due_on, contract=contract)
        for money, amount in sorted(free.items())
    ]


def request_compensation(
    ctx: Context, deal: Deal, amount: Decimal, reason: str, due_on: dt.date | None, contract: Contract | None
) -> Refund:
    """What the seller owes beyond the money received."""
    refund = Refund(
        project=ctx.here, deal=deal, contract=contract, kind=Refund.Kind.COMPENSATION, amount=amount,
        reason=reason[:200], due_on=due_on, requested_by_id=ctx.user_id, created_by_id=ctx.user_id,
    )  # fmt: skip
    refund.save(force_insert=True)
    _asked(ctx, refund)
    return refund


def request_money(ctx: Context, deal: Deal, amount: Decimal, money: str, reason: str, **facts: Any) -> Refund:
    """Take the amount from what receipts of the locked deal have free, and ask for its return."""
    due_on = facts.pop("due_on", None) or ctx.business_date + dt.timedelta(
        days=int(ctx.param("finance.refund_days"))
    )
    refund = Refund(
        project=ctx.here, deal=deal, amount=amount, money=money, reason=reason[:200], due_on=due_on,
        requested_by_id=ctx.user_id, created_by_id=ctx.user_id, **facts,
    )  # fmt: skip
    parts = _from_receipts(ctx, deal, amount, money)
    refund.save(force_insert=True)
    _take(ctx, refund, parts)
    refund.allocated = amount
    _asked(ctx, refund)
    return refund


def _asked(ctx: Context, refund: Refund) -> None:
    """Who approves refunds is told that one waits."""
    _event(ctx, "refund.requested", refund)
    unit = str(refund.deal.unit or "")
    ctx.notify(
        with_permission(ctx, "refunds.approve"), "refund_requested", refund, amount=str(refund.amount), unit=unit
    )


def _from_receipts(ctx: Context, deal: Deal, amount: Decimal, money: str) -> list[tuple[int, Decimal]]:
    parts, left = [], amount
    for receipt in free_receipts(ctx, deal).filter(money=money).exclude(way=Receipt.Way.OFFSET):
        part = min(left, receipt.amount - receipt.allocated)
        if part > 0:
            parts.append((receipt.pk, part))
            left -= part
    if left > 0:
        raise DomainError(
            "refund_over_received",
            status=422,
            fields={"amount": "refund_over_received"},
            left=str(amount - left),
        )
    return parts


def _take(ctx: Context, refund: Refund, parts: list[tuple[int, Decimal]]) -> None:
    Allocation.objects.bulk_create(
        Allocation(
            project=ctx.here, receipt_id=receipt_id, refund=refund, amount=part, at=ctx.now,
            business_date=ctx.business_date,
        )
        for receipt_id, part in parts
    )  # fmt: skip


def _event(ctx: Context, name: str, refund: Refund, **more: str) -> None:
    ctx.event(
        name, refund, customer_id=Deal.objects.values_list("customer_id", flat=True).get(pk=refund.deal_id),
        deal=refund.deal_id, amount=str(refund.amount), **more,
    )  # fmt: skip


def _only_from(*states: str) -> object:
    def refuses(refund: Refund) -> Refusal | None:
        return None if refund.state in states else Refusal("state_refused", {"state": refund.state})

    return refuses


def _shown_in(*states: str) -> object:
    return lambda refund: refund.state in states


def _may_approve(refund: Refund) -> Refusal | None:
    if refund.state == Refund.State.REQUESTED and refund.to_deal_id is not None:
        return Refusal("refund_is_transfer")
    return None if refund.state == Refund.State.REQUESTED else Refusal("state_refused", {"state": refund.state})


@command(
    Refund, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_may_approve,
    show=lambda refund: refund.state == Refund.State.REQUESTED and refund.to_deal_id is None,
)  # fmt: skip
def approve_refund(ctx: Context, refund: Refund) -> Refund:
    """Agree to a refund; its facts are frozen from here on. Not one's own, where the office wants two persons
    (parameter `finance.refund_second_person`)."""
    if refund.requested_by_id == ctx.user_id and ctx.param("finance.refund_second_person"):
        raise DomainError("own_request")
    refund.state, refund.approved_by_id, refund.approved_on = (
        Refund.State.APPROVED,
        ctx.user_id,
        ctx.business_date,
    )
    refund.save(update_fields=["state", "approved_by", "approved_on", "updated_at"])
    _event(ctx, "refund.approved", refund)
    _tell(ctx, refund)
    return refund


@command(
    Refund, verb="reject", label=_("Reject"), icon="x", shape="danger",
    refuses=_only_from("requested", "approved"),
    show=_shown_in("requested", "approved"),
)  # fmt: skip
def reject_refund(ctx: Context, refund: Refund, data: RejectInput) -> Refund:
    """Refuse a refund; the money is free again."""
    taken = list(
        Allocation.objects.filter(project=ctx.here, refund=refund)
        .order_by("receipt_id")
        .values_list("receipt_id", "amount")
    )
    _take(ctx, refund, [(receipt_id, -amount) for receipt_id, amount in taken])
    refund.refresh_from_db()
    refund.state, refund.reject_reason = Refund.State.REJECTED, data.reason
    refund.save(update_fields=["state", "reject_reason", "updated_at"])
    _event(ctx, "refund.rejected", refund, reason=data.reason)
    _tell(ctx, refund)
    return refund


@command(
    Refund, verb="pay", label=_("Mark as paid"), icon="cash", shape="primary", refuses=_only_from("approved"),
    show=_shown_in("approved"),
)  # fmt: skip
def pay_refund(ctx: Context, refund: Refund, data: PayInput) -> Refund:
    """The money has left."""
    paid_on = data.paid_on or ctx.business_date
    if paid_on > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"paid_on": "date_in_future"})
    if refund.approved_on and paid_on < refund.approved_on:
        raise DomainError(
            "paid_day_before_request", status=422, fields={"paid_on": "paid_day_before_request"}
        )
    refund.state, refund.paid_on, refund.paid_by_id = Refund.State.PAID, paid_on, ctx.user_id
    refund.way, refund.reference = data.way, data.reference[:60]
    refund.save(update_fields=["state", "paid_on", "paid_by", "way", "reference", "updated_at"])
    _event(ctx, "refund.paid", refund)
    ticket_refunded(ctx, refund.deal_id)
    _tell(ctx, refund)
    return refund


def _tell(ctx: Context, refund: Refund) -> None:
    deal = Deal.objects.select_related("unit").get(pk=refund.deal_id)
    ctx.notify(
        [refund.requested_by_id, deal.consultant_id], "refund_decided", refund, amount=str(refund.amount),
        unit=str(deal.unit or ""), state=refund.state,
    )  # fmt: skip
