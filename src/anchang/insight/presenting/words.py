"""Words and columns that reports share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.platform.ui.components import Column

Answer = Mapping[str, Any]

STAGE_WORDS = {
    "leads": _("Leads"),
    "valid": _("Valid leads"),
    "visited": _("Visited"),
    "subscribed": _("Subscribed"),
    "signed": _("Signed"),
}
RATE_WORDS = {
    "valid_rate": _("Valid ÷ leads"),
    "visited_rate": _("Visited ÷ valid"),
    "subscribed_rate": _("Subscribed ÷ visited"),
    "signed_rate": _("Signed ÷ subscribed"),
    "total_rate": _("Signed ÷ leads"),
}
UNIT_STATES = {
    "unreleased": _("Unreleased"),
    "controlled": _("Held back"),
    "available": _("Available"),
    "held": _("Held"),
    "subscribed": _("Subscribed"),
    "signed": _("Signed"),
    "delivered": _("Delivered"),
    "retained": _("Retained by the developer"),
}
BOARD_WORDS = {
    "amount": _("Net signed amount"),
    "units": _("Net signed units"),
    "collection": _("Collection"),
    "new_customers": _("New customers"),
}
WAY_WORDS = {
    "cash": _("Cash"),
    "pos": _("POS"),
    "transfer": _("Bank transfer"),
    "mortgage": _("Mortgage payout"),
    "fund": _("Housing fund payout"),
    "online": _("Online payment"),
    "cheque": _("Cheque"),
    "transfer_in": _("Transferred in"),
}
ITEM_WORDS = {
    "deposit": _("Earnest deposit"),
    "first_payment": _("First payment"),
    "house_price": _("House price"),
    "lump_sum": _("House price in one sum"),
    "instalment": _("Instalment"),
    "balance": _("Balance"),
    "bank_loan": _("Bank loan payout"),
    "fund_loan": _("Housing fund payout"),
    "unallocated": _("Not allocated"),
    "refunds": _("Refunds"),
}
BUCKET_WORDS = {"not_due": _("Not due yet")}


def text(key: str, label: Any, main: bool = False) -> Column:
    return Column(key, label, main=main)


def number(key: str, label: Any, kind: str = "integer") -> Column:
    return Column(key, label, kind)


def named(value: Any) -> str:
    """A reference's label; a dash word where nobody is named."""
    return str(value["label"]) if value else str(_("Not named"))


def floats(values: Iterable[Any]) -> list[float]:
    return [float(v or 0) for v in values]


def days_word(bucket: str) -> Any:
    return BUCKET_WORDS.get(bucket) or str(_("%(span)s days") % {"span": bucket})
