"""Entering invoices, taking them back in red, exchanging receipts for them (换票)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.deals.models import Contract, Deal
from anchang.finance import queries_accounting as queries
from anchang.finance.models import Invoice, InvoiceReceipt, Receipt
from anchang.finance.rules import invoices as rules
from anchang.finance.rules.vouchers import taxed
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Reason, Ref

_KINDS = dict(Invoice.Kind.choices)


class InvoiceInput(Input):
    """`receipts`: those handed in; default the deal's oldest that are not exchanged yet."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    deal: Annotated[Ref("deals"), Label(_("Deal"))]
    number: Annotated[str, Field(min_length=1, max_length=30), Label(_("Invoice number"))]
    code: Annotated[str, Field(max_length=20), Label(_("Invoice code"))] = ""
    kind: Annotated[Literal["special", "ordinary"], Label(_("Kind"), kind="choice", choices=_KINDS)] = "ordinary"
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    buyer: Annotated[str, Field(max_length=100), Label(_("Buyer"))] = ""
    tax_number: Annotated[str, Field(max_length=30), Label(_("Tax number"))] = ""
    issued_on: Annotated[Day | None, Label(_("Issued on"))] = None
    receipts: Annotated[list[Ref("receipts")], Label(_("Receipts handed in"))] = []


class RedInput(Input):
    """`amount`: how much is taken back; default all that is left of the invoice."""

    number: Annotated[str, Field(min_length=1, max_length=30), Label(_("Invoice number"))]
    code: Annotated[str, Field(max_length=20), Label(_("Invoice code"))] = ""
    amount: Annotated[Amount | None, Label(_("Amount"), kind="money")] = None
    issued_on: Annotated[Day | None, Label(_("Issued on"))] = None
    reason: Annotated[Reason, Label(_("Reason"))]


@creates(Invoice, label=_("New invoice"))
def add_invoices(ctx: Context, rows: list[InvoiceInput]) -> list[Invoice]:
    """Enter invoices issued for received money; a deal's invoices never exceed what was received for it."""
    made = []
    for row in sorted(rows, key=lambda r: r.deal.pk):
        deal = Deal.objects.select_for_update(no_key=True).select_related("customer").get(pk=row.deal.pk)
        why = rules.why_not_invoice(row.amount, queries.invoiceable(deal), queries.invoiced(deal))
        if why:
            raise DomainError(why.code, status=422, fields={"amount": why.code}, **why.params)
        made.append(_issue(ctx, deal, row))
    ctx.index(made, fresh=True)
    return made


def _issue(ctx: Context, deal: Deal, row: InvoiceInput) -> Invoice:
    rate = Decimal(str(ctx.param("finance.vat_rate")))
    parts = taxed(row.amount, rate)
    invoice = Invoice(
        project=ctx.here, created_by_id=ctx.user_id, deal=deal, contract=_contract(deal), number=row.number,
        code=row.code, kind=row.kind, buyer=row.buyer or deal.customer.name, tax_number=row.tax_number,
        amount=row.amount, net=parts["net_amount"], tax=parts["tax_amount"], tax_rate=rate,
        issued_on=_issued_on(ctx, row.issued_on),
    )  # fmt: skip
    invoice.save(force_insert=True)
    named = [r.pk for r in row.receipts]
    parts_of = rules.exchange(row.amount, _free_receipts(deal, named))
    _exchange(ctx, invoice, parts_of)
    _event(ctx, "invoice.issued", invoice, number=invoice.number, amount=str(invoice.amount))
    return invoice


def _contract(deal: Deal) -> Contract | None:
    rows = Contract.objects.filter(project_id=deal.project_id, deal=deal).exclude(state="voided")
    return rows.order_by("-id").first()


def _issued_on(ctx: Context, day: dt.date | None) -> dt.date:
    if day is not None and day > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"issued_on": "date_in_future"})
    return day or ctx.business_date


def _free_receipts(deal: Deal, named: list[int]) -> list[tuple[int, Decimal]]:
    """Receipt and what of it isn't exchanged yet, oldest first; only those named, if any."""
    rows = Receipt.objects.filter(
        project_id=deal.project_id, deal=deal, amount__gt=0, state__in=("posted", "day_closed")
    ).exclude(kind=Receipt.Kind.AGENCY)
    if named:
        rows = rows.filter(pk__in=named)
    done = dict(
        InvoiceReceipt.objects.filter(project_id=deal.project_id, receipt__deal=deal)
        .order_by().values_list("receipt").annotate(Sum("amount"))
    )  # fmt: skip
    held = list(rows.order_by("business_date", "id").values_list("pk", "amount"))
    if len(held) < len(set(named)):
        raise DomainError("receipt_not_of_deal", status=422, fields={"receipts": "receipt_not_of_deal"})
    return [(pk, amount - done.get(pk, ZERO)) for pk, amount in held]


def _exchange(ctx: Context, invoice: Invoice, parts: list[tuple[int, Decimal]]) -> None:
    InvoiceReceipt.objects.bulk_create(
        InvoiceReceipt(project=ctx.here, invoice=invoice, receipt_id=receipt, amount=amount)
        for receipt, amount in parts
    )


def why_not_red(invoice: Invoice) -> Refusal | None:
    if invoice.red_of_id is not None:
        return Refusal("invoice_is_red")
    return None if queries.left_of_invoice(invoice) > 0 else Refusal("invoice_taken_back")


@command(
    Invoice, verb="take-back", label=_("Red-letter invoice"), icon="file-minus", shape="danger",
    refuses=why_not_red, show=lambda i: i.red_of_id is None,
)  # fmt: skip
def take_back_invoice(ctx: Context, invoice: Invoice, data: RedInput) -> Invoice:
    """Enter the red-letter invoice (红字发票) that takes all or a part of this one back. Answers the red one; the
    receipts that were exchanged are free again for as much."""
    left = queries.left_of_invoice(invoice)
    amount = data.amount or left
    if amount > left:
        raise DomainError("more_than_invoice", status=422, fields={"amount": "more_than_invoice"}, left=str(left))
    parts = taxed(-amount, invoice.tax_rate)
    if amount == left:  # the rest of the tax goes back with the rest of the amount
        tax = queries.tax_left_of_invoice(invoice)
        parts = {"net_amount": -(amount - tax), "tax_amount": -tax}
    red = Invoice(
        project=ctx.here, created_by_id=ctx.user_id, deal_id=invoice.deal_id, contract_id=invoice.contract_id,
        number=data.number, code=data.code, kind=invoice.kind, buyer=invoice.buyer, tax_number=invoice.tax_number,
        amount=-amount, net=parts["net_amount"], tax=parts["tax_amount"], tax_rate=invoice.tax_rate,
        issued_on=_issued_on(ctx, data.issued_on), red_of=invoice, reason=data.reason,
    )  # fmt: skip
    red.save(force_insert=True)
    covered = rules.exchange(amount, _exchanged(invoice))
    _exchange(ctx, red, [(receipt, -part) for receipt, part in covered])
    _event(
        ctx, "invoice.taken_back", invoice, number=invoice.number, red=red.number, amount=str(amount),
        reason=data.reason,
    )  # fmt: skip
    ctx.index([red], fresh=True)
    return red


def _exchanged(invoice: Invoice) -> list[tuple[int, Decimal]]:
    """Receipt and how much of it this invoice still covers, its red ones taken off."""
    own = InvoiceReceipt.objects.filter(project_id=invoice.project_id).annotate(original=F("invoice__red_of_id"))
    net: dict[int, Decimal] = {}
    for rows in (own.filter(invoice=invoice), own.filter(original=invoice.pk)):
        for receipt, amount in rows.order_by("-receipt_id").values_list("receipt_id", "amount"):
            net[receipt] = net.get(receipt, ZERO) + amount
    return [(receipt, amount) for receipt, amount in net.items() if amount > 0]


def _event(ctx: Context, name: str, invoice: Invoice, **data: str) -> None:
    customer = Deal.objects.values_list("customer_id", flat=True).get(pk=invoice.deal_id)
    ctx.event(name, invoice, customer_id=customer, deal=invoice.deal_id, **data)
