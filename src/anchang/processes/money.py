"""What happens to a deal's money when the deal ends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from anchang.deals import rules
from anchang.deals.models import Contract, Deal
from anchang.finance.commands import (
    RefundInput,
    add_receivables,
    refund_free_money,
    release_allocations,
    request_refunds,
    void_receivables,
)
from anchang.finance.commands.receipts import free_receipts
from anchang.finance.commands.receivables import NewLine
from anchang.finance.commands.refunds import request_compensation
from anchang.finance.commands.transfers import move_money
from anchang.finance.models import Allocation, Receipt, Refund
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform.context import Context


def paid_money(deal: Deal) -> rules.PaidMoney:
    """House money of the deal less refunds, and what of it was paid as deposit. Set-off is not money."""
    receipts = Receipt.objects.filter(project_id=deal.project_id, deal=deal, kind=Receipt.Kind.HOUSE).exclude(
        way=Receipt.Way.OFFSET
    )
    got = {r["money"]: r["sum"] for r in receipts.order_by().values("money").annotate(sum=Sum("amount"))}
    refunds = Refund.objects.filter(project_id=deal.project_id, deal=deal, kind=Refund.Kind.RETURN).exclude(
        state=Refund.State.REJECTED
    )
    back = {r["money"]: r["sum"] for r in refunds.order_by().values("money").annotate(sum=Sum("amount"))}
    net = {m: got.get(m, ZERO) - back.get(m, ZERO) for m in {*got, *back}}
    deposit = Allocation.objects.filter(
        project_id=deal.project_id, receivable__deal=deal, receivable__item="deposit"
    ).aggregate(sum=Sum("amount"))["sum"]
    cash = net.get("cash", ZERO)
    return rules.PaidMoney(cash=cash, deposit=min(deposit or ZERO, cash), loan=sum(net.values(), ZERO) - cash)


def settle_deal_money(
    ctx: Context, deal: Deal, contract: Contract | None, settlement: rules.Settlement, reason: str
) -> None:
    """Carry a settlement out: release, void, keep what is forfeited, request the refunds. Deal locked.

    The contract, if any, must not be in force any more: its receivables no longer sum to it.
    """
    return_money(ctx, deal, contract, reason, refund=False)
    keep = settlement.penalty if settlement.fault == "buyer" else ZERO
    _keep(ctx, deal, contract, "forfeiture", settlement.forfeited)
    _keep(ctx, deal, contract, "penalty", keep)
    refund_free_money(ctx, deal, reason, settlement.refund_due_on, contract)
    if settlement.compensation > 0:
        request_compensation(ctx, deal, settlement.compensation, reason, settlement.refund_due_on, contract)


def return_money(
    ctx: Context,
    deal: Deal,
    contract: Contract | None,
    reason: str,
    *,
    refund: bool,
    due_on: dt.date | None = None,
) -> None:
    """Take all money off the deal's lines and void them; with `refund`, ask for all of it back."""
    release_allocations(ctx, deal)
    void_receivables(ctx, deal)
    if refund:
        refund_free_money(ctx, deal, reason, due_on, contract)


def return_amount(
    ctx: Context, deal: Deal, amount: Decimal, money: str, reason: str, contract: Contract | None = None
) -> None:
    """Request back exactly this much of what receipts of the deal have free, to who paid it. Deal locked."""
    asked: dict[str, Any] = {"deal": deal, "amount": amount, "money": money, "reason": reason}
    made = request_refunds(ctx, [RefundInput.model_construct(**asked)])
    if contract is not None:
        Refund.objects.filter(pk=made[0].pk).update(contract=contract)


def move_cash(ctx: Context, old: Deal, new: Deal, most: Decimal, reason: str) -> Decimal:
    """Own house money that receipts of `old` have free goes to `new`, at most `most`. Answers the sum.

    Loan money never moves: it belongs to the lender (SPC interpretation art. 21)."""
    free = free_receipts(ctx, old).filter(money="cash", kind=Receipt.Kind.HOUSE).exclude(way=Receipt.Way.OFFSET)
    amount = min(most, sum((receipt.amount - receipt.allocated for receipt in free), ZERO))
    if amount > 0:
        move_money(ctx, old, new, amount, reason)
    return max(amount, ZERO)


def _keep(ctx: Context, deal: Deal, contract: Contract | None, item: str, amount: Decimal) -> None:
    """Money that the seller keeps: a line of its own, settled from own money received."""
    if amount <= 0:
        return
    line = add_receivables(ctx, deal, contract, [NewLine(item, "cash", amount, ctx.business_date)])[0]
    left, rows = amount, []
    for receipt in free_receipts(ctx, deal).filter(money="cash", kind=Receipt.Kind.HOUSE):
        part = min(left, receipt.amount - receipt.allocated)
        if part > 0:
            rows.append(
                Allocation(
                    project=ctx.here, receipt=receipt, receivable=line, amount=part, at=ctx.now,
                    business_date=ctx.business_date,
                )
            )  # fmt: skip
            left -= part
    Allocation.objects.bulk_create(rows)
    if item == "forfeiture" and left > 0:
        raise DomainError("forfeit_over_deposit", status=422, fields={"forfeit": "forfeit_over_deposit"})
