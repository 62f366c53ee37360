"""Reads of invoices, vouchers and marketing expenses."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, ExpressionWrapper, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth

from anchang.deals.models import Deal
from anchang.finance.models import (
    Expense,
    ExpensePayment,
    ExpensePlan,
    Invoice,
    InvoiceReceipt,
    Receipt,
    Refund,
    VoucherLine,
)
from anchang.kernel.money import ZERO


def _sum(rows: Any, column: str = "amount") -> Decimal:
    found: Decimal = rows.aggregate(s=Coalesce(Sum(column), ZERO))["s"]
    return found


# --- invoices ------------------------------------------------------------------------------------


def invoiceable(deal: Deal) -> Decimal:
    """Money received for the deal less reversals and refunds paid; fees on behalf are not the seller's to invoice."""
    got = Receipt.objects.filter(project_id=deal.project_id, deal=deal).exclude(
        Q(kind=Receipt.Kind.AGENCY) | Q(state=Receipt.State.DRAFT)
    )
    back = Refund.objects.filter(
        project_id=deal.project_id, deal=deal, kind=Refund.Kind.RETURN, state=Refund.State.PAID
    )
    return _sum(got) - _sum(back)


def invoiced(deal: Deal) -> Decimal:
    """Σ invoices, red ones taken off."""
    return _sum(Invoice.objects.filter(project_id=deal.project_id, deal=deal))


def left_of_invoice(invoice: Invoice) -> Decimal:
    """What red-letter invoices have not taken back yet."""
    return invoice.amount + _sum(Invoice.objects.filter(project_id=invoice.project_id, red_of=invoice))


def tax_left_of_invoice(invoice: Invoice) -> Decimal:
    return invoice.tax + _sum(Invoice.objects.filter(project_id=invoice.project_id, red_of=invoice), "tax")


def receipts_of_invoices(ids: Sequence[int]) -> dict[int, list[dict[str, str]]]:
    """Invoice id -> the receipts exchanged for it."""
    found: dict[int, list[dict[str, str]]] = {i: [] for i in ids}
    rows = InvoiceReceipt.objects.filter(invoice__in=ids).order_by("invoice_id", "receipt_id")
    for invoice, number, amount in rows.values_list("invoice_id", "receipt__number", "amount"):
        found[invoice].append({"receipt": number, "amount": str(amount)})
    return found


# --- vouchers ------------------------------------------------------------------------------------


def entries_of_vouchers(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Voucher id -> its entries in order."""
    found: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    rows = VoucherLine.objects.filter(voucher__in=ids).order_by("voucher_id", "seq")
    for row in rows:
        found[row.voucher_id].append({
            "account_code": row.account_code, "account_name": row.account_name, "summary": row.summary,
            "debit": str(row.debit), "credit": str(row.credit),
        })  # fmt: skip
    return found


# --- the ledger of marketing expenses ------------------------------------------------------------


def of_year(rows: Any, day: str, subject: str = "subject") -> Coalesce:
    """Σ amount of the subject in the year of a target (费用台账); `day`: the column that says when."""
    return _of(rows.filter(**{subject: OuterRef("subject"), f"{day}__year": OuterRef("year")}))


def of_month(rows: Any, day: str, subject: str = "subject") -> Coalesce:
    """Σ amount of the subject in the month of a plan."""
    return _of(
        rows.annotate(in_month=TruncMonth(day)).filter(**{subject: OuterRef("subject"), "in_month": OuterRef("month")})
    )


def _of(rows: Any) -> Coalesce:
    found = rows.filter(project=OuterRef("project")).order_by().values("project").annotate(s=Sum("amount"))
    return Coalesce(Subquery(found.values("s")), Value(ZERO), output_field=MONEY)


MONEY = DecimalField(max_digits=18, decimal_places=2)
_SPENT = Expense.objects.exclude(state=Expense.State.VOIDED)
_PLANNED = ExpensePlan.objects.filter(state=ExpensePlan.State.APPROVED)
YEAR_PLANNED = of_year(_PLANNED, "month")
YEAR_INCURRED = of_year(_SPENT, "incurred_on")
YEAR_PAID = of_year(ExpensePayment.objects.all(), "paid_on", "expense__subject")
YEAR_REMAINING = ExpressionWrapper(F("amount") - YEAR_INCURRED, output_field=MONEY)
MONTH_INCURRED = of_month(_SPENT, "incurred_on")
MONTH_PAID = of_month(ExpensePayment.objects.all(), "paid_on", "expense__subject")
