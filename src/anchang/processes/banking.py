"""Confirming what a bank line is: posts the receipt by the receipt command, once, whoever races."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals.models import Deal
from anchang.finance.commands.banking import (
    is_open,
    match_with_batch,
    match_with_receipt,
    match_with_refund,
    only_open,
)
from anchang.finance.commands.receipts import StatementMoney
from anchang.finance.models import BankLine, BankProposal, Receipt, Receivable, Refund
from anchang.kernel.errors import DomainError, forbidden
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Input, Label, Quantity, Ref
from anchang.processes.chains import papers_of
from anchang.processes.queueing import receive_on_ticket
from anchang.processes.receiving import receive_on_contract, receive_on_hold, receive_on_subscription

MOST_AT_ONCE = 200


class ConfirmInput(Input):
    """What the line is. Without anything: the clear match that was proposed."""

    receivable: Annotated[Ref("receivables") | None, Label(_("Receivable"))] = None
    deal: Annotated[Ref("deals") | None, Label(_("Deal"))] = None
    receipt: Annotated[Ref("receipts") | None, Label(_("Receipt"))] = None
    refund: Annotated[Ref("refunds") | None, Label(_("Refund"))] = None
    fee: Annotated[
        Quantity, Label(_("Fee withheld"), kind="money", help=_("The receipt is gross: the line plus this fee."))
    ] = ZERO
    confirm_surplus: Annotated[bool, Label(_("Keep more than is due as an advance"))] = False


@command(
    BankLine, verb="confirm", label=_("Confirm the match"), icon="check", shape="primary", refuses=only_open,
    show=is_open,
)  # fmt: skip
def confirm_bank_line(ctx: Context, line: BankLine, data: ConfirmInput) -> BankLine:
    """Say what an open line is. For a receivable or deal the receipt is posted; a receipt or refund that is there
    is only tied to the line. The line comes locked: the second of two cashiers finds it explained."""
    if why := only_open(line):
        raise DomainError.of(why)
    if data.receipt is not None:
        match_with_receipt(ctx, line, data.receipt, data.fee)
    elif data.refund is not None:
        match_with_refund(ctx, line, data.refund)
    elif data.receivable is not None or data.deal is not None:
        _post(ctx, line, data)
    else:
        _as_proposed(ctx, line, data)
    ctx.event("bank.matched", line, amount=str(line.amount), day=line.day.isoformat())
    return line


def _as_proposed(ctx: Context, line: BankLine, data: ConfirmInput) -> None:
    found = BankProposal.objects.filter(project=ctx.here, line=line).first()
    if found is None or found.finding != BankProposal.Finding.EXACT:
        raise DomainError("bank_match_unclear")
    what = found.candidates[0]
    if what["kind"] == "batch":
        day, fee = dt.date.fromisoformat(what["day"]), Decimal(what["fee"])
        match_with_batch(ctx, line, day, fee, what["way"], what["lender"])
        return
    model = {"receipt": Receipt, "refund": Refund, "due": Receivable}[what["kind"]]
    target = model._default_manager.filter(project=ctx.here, pk=what["id"]).first()
    if target is None:
        raise DomainError("proposal_stale")
    if isinstance(target, Receipt):
        match_with_receipt(ctx, line, target)
    elif isinstance(target, Refund):
        match_with_refund(ctx, line, target)
    else:
        _post(ctx, line, data.model_copy(update={"receivable": target}), proposed=True)


def _post(
    ctx: Context, line: BankLine, data: ConfirmInput, *, proposed: bool = False, part: Decimal | None = None
) -> None:
    """Take the line's money (or a part of it) on the deal's live paper, with the bank's day, account and voucher."""
    if line.open_amount < 0:
        raise DomainError("bank_line_is_out", status=422, fields={"deal": "bank_line_is_out"})
    if not ctx.access.may("contracts.receive", ctx.here.pk):
        raise forbidden("contracts.receive")
    deal: Any = data.deal if data.receivable is None else Deal.objects.get(pk=data.receivable.deal_id)
    amount = (line.open_amount if part is None else part) + data.fee
    money = StatementMoney(
        amount=amount, way=line.way, account=line.account, received_on=line.day, payer=line.counterparty,
        reference=line.voucher[:60], confirm_surplus=data.confirm_surplus, book_today=True,
        allocations=_named(ctx, data.receivable, amount, proposed),
    )  # fmt: skip
    receipt = _receive(ctx, deal, money)
    match_with_receipt(ctx, line, receipt, data.fee, part)


def _named(ctx: Context, wanted: Receivable | None, amount: Decimal, proposed: bool) -> list[dict[str, Any]] | None:
    """The money goes to the line that was named. One that was proposed must still be owed in full."""
    if wanted is None:
        return None
    balance = Receivable.objects.values_list("balance", flat=True).get(pk=wanted.pk)
    if proposed and balance != amount:
        raise DomainError("proposal_stale")
    part = min(balance, amount)
    return [{"receivable": str(wanted.pk), "amount": str(part)}] if part > 0 else None


def _receive(ctx: Context, deal: Deal, money: StatementMoney) -> Receipt:
    papers = papers_of(deal)
    if papers.contract is not None:
        receipt: Receipt = receive_on_contract(ctx, papers.contract, money)
    elif papers.subscription is not None:
        receipt = receive_on_subscription(ctx, papers.subscription, money)
    elif papers.hold is not None:
        receipt = receive_on_hold(ctx, papers.hold, money)
    elif papers.ticket is not None:
        receipt = receive_on_ticket(ctx, papers.ticket, money)
    else:
        raise DomainError("nothing_to_receive_on")
    return receipt


class PartRow(Input):
    deal: Annotated[Ref("deals"), Label(_("Deal"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]


class SplitLineInput(Input):
    """`parts`: [{deal, amount}]; what they leave of the line stays open."""

    parts: Annotated[
        list[PartRow], Field(min_length=1, max_length=MOST_AT_ONCE), Label(_("Deals"), kind="json", rows=PartRow)
    ]
    confirm_surplus: Annotated[bool, Label(_("Keep more than is due as an advance"))] = False


@command(
    BankLine, verb="split", label=_("Split over deals"), icon="arrows-split", permission="bank-lines.confirm",
    refuses=only_open, show=lambda line: line.open_amount > 0,
    help=_("One line that holds the money of several deals: a receipt for each."),
)  # fmt: skip
def split_bank_line(ctx: Context, line: BankLine, data: SplitLineInput) -> BankLine:
    """A receipt on every deal that is named, all or none. 422 on `parts.<n>.<column>`. Deals are taken by unit, so that
    two splits never wait for each other in a circle."""
    if why := only_open(line):
        raise DomainError.of(why)
    if sum(part.amount for part in data.parts) > line.open_amount:
        raise DomainError("bank_match_cover", status=422, fields={"parts": "bank_match_cover"})
    deals = {deal.pk: deal for deal in Deal.objects.filter(project=ctx.here, pk__in=_ids(data.parts))}
    for at, part in enumerate(data.parts):
        if part.deal not in deals:
            raise DomainError("bad_input", status=422, fields={f"parts.{at}.deal": "not_found"})
    for part in sorted(data.parts, key=lambda one: (deals[one.deal].unit_id or 0, one.deal)):
        wanted = ConfirmInput.model_construct(deal=deals[part.deal], confirm_surplus=data.confirm_surplus)
        _post(ctx, line, wanted, part=part.amount)
    ctx.event("bank.matched", line, amount=str(line.amount), day=line.day.isoformat())
    return line


def _ids(parts: Sequence[PartRow]) -> list[int]:
    return [part.deal for part in parts if isinstance(part.deal, int)]


class ConfirmClearInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    lines: Annotated[list[Ref("bank-lines")], Label(_("Bank lines"))] = []


@project_command(
    BankLine, verb="confirm-clear", label=_("Confirm the clear matches"), permission="bank-lines.confirm",
    icon="checks", shape="",
)  # fmt: skip
def confirm_clear_lines(ctx: Context, data: ConfirmClearInput) -> dict[str, Any]:
    """Confirm the named lines as proposed (without names: none). One that can't be is told and stays open."""
    done, refused = [], []
    for line_id in sorted({line.pk for line in data.lines})[:MOST_AT_ONCE]:
        try:
            with transaction.atomic():
                line = BankLine.objects.select_for_update(no_key=True).get(project=ctx.here, pk=line_id)
                confirm_bank_line(ctx, line, ConfirmInput())
            done.append(line_id)
        except DomainError as error:
            refused.append({"line": line_id, "code": error.code})
    return {"confirmed": done, "refused": refused}
