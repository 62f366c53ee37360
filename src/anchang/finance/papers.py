"""The receipt as PDF, built from its row. Its words are Chinese, like every form of the office."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils.translation import override

from anchang.deals.models import Contract, Subscription
from anchang.deals.papers import FORM_LANGUAGE, item_name
from anchang.finance import documents, queries
from anchang.finance.models import Receipt


def receipt_paper(receipt: Receipt, *, by: str = "", now: dt.datetime | None = None) -> bytes:
    """The receipt (收据) with stub and customer copy. Call after `print_receipt` counted the copy."""
    return documents.receipt_pdf(receipt_form(receipt, by=by, now=now))


def receipt_form(receipt: Receipt, *, by: str = "", now: dt.datetime | None = None) -> documents.ReceiptForm:
    """What stands on the receipt."""
    project, deal = receipt.project, receipt.deal
    lines = [
        documents.ReceiptLine(
            item=f"{item_name(part['item'])} 第 {part['seq']} 期", amount=Decimal(part["amount"])
        )
        for part in queries.allocations_of([receipt.pk])[receipt.pk]
        if part["receivable"]
    ]
    with override(FORM_LANGUAGE):
        return documents.ReceiptForm(
            number=receipt.number, company=project.developer or project.company.name,
            project=project.name,
            payer=receipt.payer or deal.customer.name, amount=receipt.amount,
            way=str(receipt.get_way_display()),
            received_on=receipt.received_on, printed_at=project.local(now),
            print_count=receipt.prints, purpose=str(receipt.get_kind_display()), unit=str(deal.unit or ""),
            deal_number=_paper_number(receipt), account=receipt.account, voucher_number=receipt.reference,
            lines=lines, cashier=str(receipt.cashier or ""), printed_by=by, note=receipt.reason,
            reversal=_reversal(receipt),
        )  # fmt: skip


def _paper_number(receipt: Receipt) -> str:
    for model in (Contract, Subscription):
        rows = model.objects.filter(project_id=receipt.project_id, deal=receipt.deal_id).order_by("-id")
        if number := rows.values_list("number", flat=True).first():
            return number
    return ""


def _reversal(receipt: Receipt) -> documents.Reversal | None:
    mirror = (
        Receipt.objects.filter(project_id=receipt.project_id, reverses=receipt)
        .select_related("cashier")
        .first()
    )
    if mirror is None:
        return None
    return documents.Reversal(
        reversed_on=mirror.received_on,
        reason=mirror.reason,
        reversed_by=str(mirror.cashier or ""),
        number=mirror.number,
    )
