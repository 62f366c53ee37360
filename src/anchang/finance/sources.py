"""Business events (业务事件) that become vouchers: which posted documents each has, and what they say.

Every event is one query over the project's documents that have no voucher yet. An app above registers its own:

    register(Source("commission_settled", _("Commission statement settled"), "", settled_statements))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract
from anchang.finance import standard_books
from anchang.finance.models import (
    AreaSettlement,
    Expense,
    ExpensePayment,
    Invoice,
    Receipt,
    Receivable,
    Refund,
    RemittanceLine,
    Voucher,
)
from anchang.finance.rules import vouchers as rules
from anchang.kernel.money import ZERO
from anchang.platform import parameters
from anchang.platform.models import Project


@dataclass(frozen=True)
class Fact:
    """One document of an event, ready for a template. `source_id` is unique within the event."""

    source_id: int
    day: dt.date
    document: rules.Document


@dataclass(frozen=True)
class Source:
    """An event. `key`: the voucher's column that names the document, "" for documents of apps above.
    `documents(project, first, again)`: those dated from `first` on without a voucher; with `again` just that one,
    voucher or not. `resource`: whose records the documents of an app above are."""

    event: str
    label: Any
    key: str
    documents: Callable[[Project, dt.date, int | None], list[Fact]]
    resource: str = ""


SOURCES: dict[str, Source] = {}


def register(
    source: Source,
    *,
    amounts: tuple[str, ...] = (),
    provides: tuple[str, ...] = (),
    accounts: tuple[standard_books.AccountRow, ...] = (),
    template: standard_books.TemplateRow | None = None,
) -> None:
    """Put an event on the list. An app above also gives its named amounts, its auxiliary items and what belongs
    to the standard books of it."""
    SOURCES[source.event] = source
    standard_books.ACCOUNTS.extend(accounts)
    if template is not None:
        standard_books.TEMPLATES.append(template)
    if amounts:
        rules.AMOUNTS[source.event], rules.PROVIDES[source.event] = amounts, provides


def event_labels(project_id: int | None = None) -> dict[str, Any]:
    return {event: source.label for event, source in SOURCES.items()}


def documents_of(vouchers: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Voucher -> the record of an app above that it came from; records of this app have columns of their own."""
    above = {event: source.resource for event, source in SOURCES.items() if source.resource}
    rows = Voucher.objects.filter(pk__in=vouchers, event__in=above).values("pk", "event", "source_id", "source_number")
    return {
        row["pk"]: [{"id": row["source_id"], "label": row["source_number"], "resource": above[row["event"]]}]
        for row in rows
    }  # fmt: skip


def vouchers_of(*events: str) -> Callable[[Sequence[int]], dict[int, list[dict[str, Any]]]]:
    """Document of an app above -> its vouchers."""

    def found(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        told: dict[int, list[dict[str, Any]]] = {}
        rows = Voucher.objects.filter(event__in=events, source_id__in=ids).order_by("pk")
        for pk, number, document in rows.values_list("pk", "number", "source_id"):
            told.setdefault(document, []).append({"id": pk, "label": number})
        return told

    return found


AMOUNT_LABELS: dict[str, Any] = {
    "amount": _("Whole amount"), "cash_amount": _("Part in cash"), "bank_amount": _("Part through the bank"),
    "other_amount": _("Part set off or transferred"), "house_amount": _("House money part"),
    "agency_amount": _("On behalf part"), "late_fee_net": _("Late fee part without tax"),
    "late_fee_tax": _("Tax of the late fee part"),
    "net_amount": _("Amount without tax"), "tax_amount": _("Tax"), "return_amount": _("Returned part"),
    "compensation_amount": _("Compensation part"), "contract_amount": _("Part under contract"),
    "direct_amount": _("Part without contract"),
}  # fmt: skip


def _open(rows: QuerySet, event: str, again: int | None) -> QuerySet:
    if again is not None:
        return rows.filter(pk=again)
    made = Voucher.objects.filter(project=OuterRef("project"), event=event, source_id=OuterRef("pk"))
    return rows.filter(~Exists(made)).order_by("pk")


def _fact(row: Mapping[str, Any], amounts: Mapping[str, Decimal], *, bank_account: str = "", number: str = "") -> Fact:
    number = number or str(row.get("number") or row["pk"])
    items = {
        "customer": row.get("who"), "unit": row.get("flat"), "project": row["project_id"],
        "bank_account": bank_account,
    }  # fmt: skip
    words = {"unit": row.get("flat_label") or "", "date": row["day"].isoformat()}
    return Fact(row["pk"], row["day"], rules.Document(number, amounts, items, words))


_DEAL = {"who": F("deal__customer_id"), "flat": F("deal__unit_id"), "flat_label": F("deal__unit__label")}


# --- receipts and refunds ------------------------------------------------------------------------


def _by_way(amount: Decimal, way: str) -> dict[str, Decimal]:
    holds = {"cash": "cash_amount", "offset": "other_amount", "transfer_in": "other_amount"}.get(way, "bank_amount")
    return rules.split(amount, ("cash_amount", "bank_amount", "other_amount"), holds)


def _receipts(event: str, **which: Any) -> Callable[[Project, dt.date, int | None], list[Fact]]:
    def documents(project: Project, first: dt.date, again: int | None) -> list[Fact]:
        rows = Receipt.objects.filter(project=project, business_date__gte=first, **which)
        found = _open(rows.exclude(state=Receipt.State.DRAFT), event, again).values(
            "pk", "project_id", "number", "amount", "way", "kind", "account", day=F("business_date"), **_DEAL
        )
        return [_receipt_fact(project, row) for row in found]

    return documents


def _receipt_fact(project: Project, row: Mapping[str, Any]) -> Fact:
    amount = row["amount"]
    amounts = {"amount": amount} | _by_way(amount, row["way"])
    amounts |= rules.taxed(amount, _tax_rate(project, row["day"]))
    amounts |= rules.split(amount, ("house_amount", "agency_amount"), f"{row['kind']}_amount")
    late = row["kind"] == "late_fee"
    amounts |= {f"late_fee_{part}": amounts[f"{part}_amount"] if late else ZERO for part in ("net", "tax")}
    return _fact(row, amounts, bank_account=row["account"])


def _tax_rate(project: Project, day: dt.date) -> Decimal:
    return Decimal(str(parameters.value("finance.vat_rate", project, day)))


def _account_of_deal() -> QuerySet:
    """The bank account that the deal's money came into last: refunds leave from there."""
    came = Receipt.objects.filter(project=OuterRef("project"), deal=OuterRef("deal")).exclude(account="")
    return came.order_by("-pk").values("account")[:1]


def _refund_part(row: Mapping[str, Any]) -> str:
    """Money of an area settlement goes back against what the buyer owes, though no receipt covers it."""
    return "compensation_amount" if row["kind"] == "compensation" and not row["of_area"] else "return_amount"


def _refunds(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    rows = Refund.objects.filter(project=project, state=Refund.State.PAID, paid_on__gte=first)
    found = _open(rows, "refund_paid", again).values(
        "pk", "project_id", "amount", "kind", "way", day=F("paid_on"), bank=Subquery(_account_of_deal()), **_DEAL,
        of_area=Exists(AreaSettlement.objects.filter(project=OuterRef("project"), refund=OuterRef("pk"))),
    )
    return [
        _fact(
            row,
            {"amount": row["amount"]}
            | rules.split(row["amount"], ("return_amount", "compensation_amount"), _refund_part(row))
            | rules.split(
                row["amount"], ("cash_amount", "bank_amount"),
                "cash_amount" if row["way"] == "cash" else "bank_amount",
            ),
            bank_account=row["bank"] or "",
        )
        for row in found
    ]  # fmt: skip


# --- contracts -----------------------------------------------------------------------------------

_SIGNED = (
    "signed", "filed", "delivered", "titled", "change_pending", "terminating", "revoked", "terminated",
)  # fmt: skip


def _booked(**of: Any) -> Exists:
    """Whether a contract of these columns has its voucher of signing."""
    made = Voucher.objects.filter(project=OuterRef("project"), event="contract_signed")
    return Exists(made.filter(**{f"contract__{name}": OuterRef(path) for name, path in of.items()}))


def _signed(project: Project, first: dt.date) -> QuerySet:
    """Contracts by the day of signing. A later version counts from the day it was made, and only where the books
    hold the one before it or the signing itself lies in them."""
    made_on = TruncDate("created_at", tzinfo=ZoneInfo(project.time_zone))
    on = Case(When(revision__gt=1, then=made_on), default=F("signed_on"), output_field=DateField())
    rows = Contract.objects.filter(project=project, state__in=_SIGNED).annotate(on=on)
    return rows.filter(Q(revision=1) | Q(signed_on__gte=first) | Q(_booked(deal="deal")), on__gte=first)


def _replaced(project: Project, first: dt.date) -> QuerySet:
    """Signed versions that a later one took the place of."""
    on = TruncDate("updated_at", tzinfo=ZoneInfo(project.time_zone))
    rows = Contract.objects.filter(project=project, state="voided").annotate(on=on, booked=_booked(pk="pk"))
    return rows.filter(booked=True, on__gte=first)


def _terminated(project: Project, first: dt.date) -> QuerySet:
    rows = Contract.objects.filter(project=project, state="terminated", terminated_on__gte=first)
    return rows.annotate(on=F("terminated_on"))


def _contracts(
    event: str, which: Callable[[Project, dt.date], QuerySet], sign: int
) -> Callable[[Project, dt.date, int | None], list[Fact]]:
    def documents(project: Project, first: dt.date, again: int | None) -> list[Fact]:
        found = _open(which(project, first), event, again).values(
            "pk", "project_id", "number", "total", day=F("on"), who=F("customer_id"), flat=F("unit_id"),
            flat_label=F("unit__label"),
        )  # fmt: skip
        return [
            _fact(row, rules.taxed(sign * row["total"], _tax_rate(project, row["day"]))) for row in found
        ]

    return documents


def _forfeitures(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    """Money kept when a deal ended, once it is covered by received money."""
    rows = Receivable.objects.annotate(kept_on=Coalesce("settled_on", "due_on")).filter(
        project=project, item__in=("forfeiture", "penalty"), voided=False, balance=0, kept_on__gte=first
    )
    found = _open(rows, "forfeiture_kept", again).values("pk", "project_id", "amount", day=F("kept_on"), **_DEAL)
    return [_fact(row, {"amount": row["amount"]}) for row in found]


def _area_settlements(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    """Area differences posted; what the seller gives back is negative."""
    rows = AreaSettlement.objects.filter(project=project, state="posted", posted_on__gte=first).exclude(amount=0)
    found = _open(rows, "area_settled", again).values("pk", "project_id", "amount", day=F("posted_on"), **_DEAL)
    return [_fact(row, rules.taxed(row["amount"], _tax_rate(project, row["day"]))) for row in found]


def _remittances(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    """Fees on behalf paid on, by buyer: each fee is paid on once."""
    rows = RemittanceLine.objects.filter(project=project, remittance__paid_on__gte=first)
    found = _open(rows, "agency_remitted", again).values(
        "pk",
        "project_id",
        "amount",
        number=F("remittance__reference"),
        day=F("remittance__paid_on"),
        who=F("receivable__deal__customer_id"),
        flat=F("receivable__deal__unit_id"),
        flat_label=F("receivable__deal__unit__label"),
    )
    return [_fact(row, {"amount": row["amount"]}) for row in found]


# --- invoices and marketing expenses -------------------------------------------------------------


def _invoices(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    rows = Invoice.objects.filter(project=project, issued_on__gte=first)
    found = _open(rows, "invoice_issued", again).values(
        "pk", "project_id", "number", "amount", "net", "tax", day=F("issued_on"), **_DEAL
    )
    return [_fact(row, {"amount": row["amount"], "net_amount": row["net"], "tax_amount": row["tax"]}) for row in found]


def _expenses(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    rows = Expense.objects.filter(project=project, state=Expense.State.APPROVED, incurred_on__gte=first)
    found = _open(rows, "expense_incurred", again).values(
        "pk", "project_id", "number", "amount", "contract_id", day=F("incurred_on")
    )
    parts = ("contract_amount", "direct_amount")
    return [
        _fact(row, {"amount": row["amount"]} | rules.split(row["amount"], parts, parts[row["contract_id"] is None]))
        for row in found
    ]


def _payments(project: Project, first: dt.date, again: int | None) -> list[Fact]:
    rows = ExpensePayment.objects.filter(project=project, paid_on__gte=first)
    found = _open(rows, "expense_paid", again).values(
        "pk", "project_id", "amount", "account", number=F("expense__number"), day=F("paid_on")
    )
    return [_fact(row, {"amount": row["amount"]}, bank_account=row["account"]) for row in found]


for _source in (
    Source("receipt_posted", _("Receipt posted"), "receipt",
           _receipts("receipt_posted", kind="house", amount__gt=0)),
    Source("agency_received", _("Fee on behalf received"), "receipt",
           _receipts("agency_received", kind="agency", amount__gt=0)),
    Source("late_fee_received", _("Late fee received"), "receipt",
           _receipts("late_fee_received", kind="late_fee", amount__gt=0)),
    Source("receipt_reversed", _("Receipt reversed"), "receipt", _receipts("receipt_reversed", amount__lt=0)),
    Source("refund_paid", _("Refund paid"), "refund", _refunds),
    Source("contract_signed", _("Contract signed"), "contract", _contracts("contract_signed", _signed, 1)),
    Source("contract_replaced", _("Contract replaced by its next version"), "contract",
           _contracts("contract_replaced", _replaced, -1)),
    Source("contract_terminated", _("Contract terminated"), "contract",
           _contracts("contract_terminated", _terminated, -1)),
    Source("forfeiture_kept", _("Forfeited deposit kept"), "receivable", _forfeitures),
    Source("area_settled", _("Area difference settled"), "area_settlement", _area_settlements),
    Source("agency_remitted", _("Fee on behalf paid on"), "remittance_line", _remittances),
    Source("invoice_issued", _("Invoice issued"), "invoice", _invoices),
    Source("expense_incurred", _("Marketing expense incurred"), "expense", _expenses),
    Source("expense_paid", _("Marketing expense paid"), "payment", _payments),
):  # fmt: skip
    register(_source)

__all__ = ["AMOUNT_LABELS", "SOURCES", "Fact", "Source", "event_labels", "register"]
