"""What a Word template may name, by kind of paper: the fields of the built-in forms' own declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from anchang.deals.documents import SaleContract, SubscriptionForm
from anchang.finance.documents import ReceiptForm
from anchang.platform.documents.declared import paths_of, sample_of, tree_of
from anchang.platform.documents.typst import plain
from anchang.platform.documents.word import OPEN, Tree

_PRINT: dict[str, Tree] = {"printed_at": "datetime", "print_count": "int", "printed_by": "text"}
_SUMS: dict[str, Tree] = {
    "total_capital": "text", "deposit_capital": "text", "plan_total": "decimal", "with_shares": "bool",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class OverdueLine:
    """One payment that is late: what is still owed of it."""

    item: str
    due: date
    amount: Decimal
    days: int


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A notice (通知书) about a contract: its own number and day, what is overdue, and the contract itself."""

    notice_number: str
    notice_on: date
    overdue: Sequence[OverdueLine]
    overdue_total: Decimal
    overdue_capital: str


TREES: dict[str, dict[str, Tree]] = {
    "subscription": tree_of(SubscriptionForm, _PRINT | _SUMS),
    "contract": tree_of(SaleContract, _PRINT | _SUMS),
    "receipt": tree_of(ReceiptForm, {"capital": "text"}),
    "notice": tree_of(SaleContract, _PRINT | _SUMS | tree_of(Notice)),
}

#: A field's label by the last part of its path.
LABELS: Mapping[str, Any] = {
    "number": _("Number"), "seller": _("Seller"), "company": _("Selling company"), "project": _("Project"),
    "location": _("Location"), "licence": _("Sales licence"), "credit_code": _("Credit code"),
    "legal_person": _("Legal representative"), "address": _("Address"), "phone": _("Phone"),
    "escrow_account": _("Escrow account"), "building": _("Building"), "code": _("Unit"), "section": _("Section"),
    "floor": _("Floor"), "layout": _("Layout"), "product_type": _("Product type"), "orientation": _("Orientation"),
    "storey_height": _("Storey height"), "gross_area": _("Building area"), "inner_area": _("Inner area"),
    "shared_area": _("Shared area"), "measured": _("Areas are measured"), "price_basis": _("Priced by"),
    "house_total": _("House price"), "decoration_total": _("Decoration price"),
    "list_total": _("List total"), "total": pgettext_lazy("price", "Total"), "list_unit_price": _("List unit price"),
    "unit_price": _("Unit price"), "inner_unit_price": _("Unit price by inner area"), "depth": _("Discount depth"),
    "steps": _("Price steps"), "name": _("Name"), "rule": _("Rule"), "amount": _("Amount"),
    "result": _("Price after it"), "buyers": _("Buyers"), "id_type": _("Document"),
    "id_number": _("Document number"), "share": _("Ownership share"), "guardian": _("Guardian"),
    "agent": _("Authorised agent"), "ownership": _("Ownership"), "plan_name": _("Payment plan"),
    "plan": _("Payment lines"), "seq": _("No."), "item": _("Item"), "due": _("Due on"), "note": _("Note"),
    "deposit": _("Deposit"), "deposit_cap_percent": _("Legal limit of the deposit, %"),
    "subscribed_on": _("Subscribed on"), "sign_by": _("Sign by"), "printed_at": _("Printed at"),
    "print_count": _("Prints"), "printed_by": _("Printed by"), "office": _("Place of signing"),
    "consultant": _("Consultant"), "copies": _("Copies"), "extra_clauses": _("Further clauses"),
    "presale": _("Sold before completion"), "signed_on": _("Signed on"), "area_scheme": _("Area settlement"),
    "area_percent": _("Area threshold, %"), "late": _("Late fee"), "rate": _("Per ten thousand and day"),
    "later_rate": _("Per ten thousand and day, later"), "days": _("Days"), "filing_days": _("Days to filing"),
    "refund_days": _("Days to refund"), "licence_issued_on": _("Licence issued on"), "escrow_bank": _("Escrow bank"),
    "escrow_name": _("Escrow account name"), "structure": _("Structure"), "storeys": _("Storeys"),
    "agency": _("Agency"), "form_name": _("Contract form"), "tax_percent": _("Tax rate, %"),
    "handover_by": _("Handover by"), "online_number": _("Online signing number"),
    "filing_number": _("Filing number"), "filed_on": _("Filed on"), "facts": _("Standing facts of the sale contract"),
    "clauses": _("Agreed clauses"), "total_capital": _("Total in capitals"),
    "deposit_capital": _("Deposit in capitals"), "plan_total": _("Sum of the payment lines"),
    "with_shares": _("Owned by shares"), "payer": _("Payer"), "way": _("Way of payment"),
    "received_on": _("Received on"), "purpose": _("Purpose"), "unit": _("Unit"), "deal_number": _("Contract number"),
    "account": _("Account"), "voucher_number": _("Voucher number"), "lines": _("Lines"), "cashier": _("Cashier"),
    "reversal": _("Reversal"), "reversed_on": _("Reversed on"), "reason": _("Reason"),
    "reversed_by": _("Reversed by"), "capital": _("Amount in capitals"), "notice_number": _("Number of the notice"),
    "notice_on": _("Day of the notice"), "overdue": _("Overdue payments"), "overdue_total": _("Overdue in all"),
    "overdue_capital": _("Overdue in capitals"), "price": _("Price"), "print": _("Print"), OPEN: _("Any name"),
}  # fmt: skip


@dataclass(frozen=True)
class ShownField:
    """A line of the list of fields: how to write it and what it is."""

    text: str
    label: str
    kind: str
    sample: str
    inner: bool


def shown_fields(kind: str) -> list[ShownField]:
    """The fields of a paper as a clerk reads them; the fields of a list's rows follow it."""
    found = []
    for path, field_kind, inner in paths_of(TREES[kind]):
        last = path.rsplit(".", 1)[-1]
        if last == OPEN:
            path = path[: -len(OPEN)] + "…"
        text = f"{{% for {row_name(path)} in {path} %}}" if field_kind == "list" else f"{{{{ {path} }}}}"
        owner = path.split(".")[-2] if "." in path else ""
        label = f"{LABELS[owner]} · {LABELS[last]}" if owner in LABELS else str(LABELS[last])
        sample = "" if field_kind == "list" else _sample_text(sample_of(field_kind))
        found.append(ShownField(text, label, field_kind, sample, inner))
    return found


def _sample_text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return str(plain(value))


def row_name(path: str) -> str:
    """The name under which the example walks through a list: buyers → buyer."""
    last = path.rsplit(".", 1)[-1]
    return last.rstrip("s") or last


def sample(kind: str) -> dict[str, Any]:
    """A made-up record as templates see it."""
    found: dict[str, Any] = plain(sample_of(TREES[kind]))
    return found


__all__ = ["LABELS", "TREES", "Notice", "OverdueLine", "ShownField", "sample", "shown_fields"]
