"""Reads of invoices, vouchers and marketing expenses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce, ExtractMonth

from anchang.deals.models import Deal
from anchang.finance.models import (
    Expense,
    ExpensePayment,
    ExpensePlan,
    ExpenseSubject,
    ExpenseTarget,
    Invoice,
    InvoiceReceipt,
    Receipt,
    Refund,
    VoucherLine,
)
from anchang.platform.models import Project

ZERO = Decimal("0.00")


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
    for row in rows.values("voucher_id", "account_code", "account_name", "summary", "debit", "credit"):
        voucher = row.pop("voucher_id")
        found[voucher].append(row | {"debit": str(row["debit"]), "credit": str(row["credit"])})
    return found


# --- the ledger of marketing expenses ------------------------------------------------------------


def expense_ledger(project: Project, year: int, last: dt.date | None = None) -> dict[str, Any]:
    """Target, plan, incurred, paid and remaining of the year by subject (费用台账), up to the day `last`.

    remaining = target − incurred. Money of voided expenses does not count; payments count on their day.
    """
    first, end = dt.date(year, 1, 1), min(last or dt.date(year, 12, 31), dt.date(year, 12, 31))
    spent = Expense.objects.filter(project=project, incurred_on__range=(first, end)).exclude(state=Expense.State.VOIDED)
    parts = {
        "target": _by_subject(ExpenseTarget.objects.filter(project=project, year=year, state="approved")),
        "plan": _by_subject(ExpensePlan.objects.filter(project=project, month__range=(first, end), state="approved")),
        "incurred": _by_subject(spent),
        "under_contract": _by_subject(spent.filter(contract__isnull=False)),
        "paid": _by_subject(
            ExpensePayment.objects.filter(project=project, paid_on__range=(first, end)), "expense__subject_id"
        ),
    }
    subjects = ExpenseSubject.objects.filter(project=project).order_by("code", "id")
    rows = [
        {"subject": s.pk, "code": s.code, "name": s.name} | {k: sums.get(s.pk, ZERO) for k, sums in parts.items()}
        for s in subjects
    ]
    for row in rows:
        row["remaining"] = row["target"] - row["incurred"]
    money = [*parts, "remaining"]
    total = {k: sum((row[k] for row in rows), ZERO) for k in money}
    return {"year": year, "to": end.isoformat(), "rows": [_text(r, money) for r in rows], "total": _text(total, money)}


def expenses_by_month(project: Project, year: int) -> list[dict[str, Any]]:
    """Plan, incurred and paid of each month of the year: what a budget system asks for."""
    rows = (
        ("plan", ExpensePlan.objects.filter(project=project, month__year=year, state="approved"), "month"),
        (
            "incurred",
            Expense.objects.filter(project=project, incurred_on__year=year).exclude(state="voided"),
            "incurred_on",
        ),
        ("paid", ExpensePayment.objects.filter(project=project, paid_on__year=year), "paid_on"),
    )
    months: list[dict[str, Any]] = [
        {"month": f"{year}-{m:02d}", "plan": "0.00", "incurred": "0.00", "paid": "0.00"} for m in range(1, 13)
    ]
    for name, found, day in rows:
        grouped = found.order_by().annotate(m=ExtractMonth(day)).values("m").annotate(s=Sum("amount"))
        for row in grouped:
            months[row["m"] - 1][name] = str(row["s"])
    return months


def _by_subject(rows: Any, path: str = "subject_id") -> dict[int, Decimal]:
    found = rows.order_by().values(subject=F(path)).annotate(s=Sum("amount"))
    return {r["subject"]: r["s"] for r in found}


def _text(row: dict[str, Any], money: Sequence[str]) -> dict[str, Any]:
    return row | {name: str(row[name]) for name in money}
