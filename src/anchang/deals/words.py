"""Buyers and payment lines as text, for the pages that show them as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anchang.deals.commands.contracts import ClausesInput
from anchang.deals.models import Buyer
from anchang.inventory.models import Discount
from anchang.platform.inputs import label_of
from anchang.platform.ui import formats
from anchang.platform.wording import key_word, say_keys

#: Why a deal ended where nobody said it in his own words, kept as a code.
END_REASONS: dict[str, Any] = {
    "cancelled": gettext_lazy("Cancelled"), "expired": gettext_lazy("Time over"), "ended": gettext_lazy("Deal ended"),
    "revoked": gettext_lazy("Online signing revoked"), "withdrawn": gettext_lazy("Ticket withdrawn"),
    "launch_over": gettext_lazy("The launch is over"),
}  # fmt: skip
say_keys(reason=END_REASONS)
#: Whose fault ended a paper (过错方).
FAULTS: dict[str, Any] = {
    "buyer": gettext_lazy("Buyer"), "seller": gettext_lazy("Seller"), "none": gettext_lazy("Nobody"),
}  # fmt: skip
#: What lowers a price, for counting its cost: the kinds of the scheme's discounts, and what else a deal uses.
COSTS: dict[str, Any] = {
    **dict(Discount.Purpose.choices), "coupon": gettext_lazy("Vouchers"), "gift": gettext_lazy("Gifts"),
    "other": gettext_lazy("Other discounts"),
}  # fmt: skip


def late_fee_text(terms: Mapping[str, Any]) -> str:
    """What is due per day of delay, in parts of ten thousand, and from which day the later rate holds."""

    def rate(name: str) -> str:
        return formats.number((Decimal(str(terms[name])) * 10_000).normalize())

    told = []
    if terms.get("rate"):
        told.append(_("%(rate)s per 10,000 a day") % {"rate": rate("rate")})
    if terms.get("later_rate"):
        words = {"rate": rate("later_rate"), "days": terms.get("days", 0)}
        told.append(_("%(rate)s per 10,000 a day after %(days)s days") % words)
    return "；".join(told)


def clauses_text(clauses: Mapping[str, Any]) -> str:
    """The places of the contract that say something of their own."""
    labels = {name: label_of(info) for name, info in ClausesInput.model_fields.items()}
    told = [(labels.get(name), name, text) for name, text in clauses.items() if text]
    return "；".join(f"{label.text if label else name}：{text}" for label, name, text in told)


def buyers_text(buyers: Sequence[Mapping[str, Any]]) -> str:
    """Name, document and phone as masked, share in percent; whoever acts for a buyer beside him."""
    kinds = dict(Buyer._meta.get_field("id_type").flatchoices)
    told = []
    for buyer in buyers:
        document = f"{kinds.get(buyer['id_type'], buyer['id_type'])} {buyer['id_number']}"
        parts = [document, buyer.get("phone")]
        parts += [f"{name} {buyer[k]}" for k, name in (("guardian", _("Guardian")), ("agent", _("Authorised agent")))
                  if buyer.get(k)]  # fmt: skip
        share = f" {formats.number(Decimal(buyer['share']).normalize())}%" if buyer.get("share") else ""
        told.append(f"{buyer['name']}（{'，'.join(p for p in parts if p)}）{share}")
    return "；".join(told)


def price_check_text(check: Mapping[str, Any]) -> str:
    """What the price comes to when it is computed again, and whether that is what the paper says."""
    told = _("equal to the cent") if check["agrees"] else _("differs from the paper")
    parts = [formats.money(check["total"]), told, check["list_version"], check["priced_on"]]
    return " · ".join(str(part) for part in parts if part)


def result_text(result: Mapping[str, Any]) -> str:
    """What a price strategy reached: units, average price and its difference to the target."""
    told = [f"{result['units']} {_('units')}"]
    if result["average"] is not None:
        average, difference = formats.money(result["average"]), formats.money(result["difference"])
        told += [f"{average} {_('yuan/㎡')}", f"{_('to the target')} {difference}"]
    return " · ".join(told)


def plan_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Item, amount in yuan and due day of each payment line."""
    told = []
    for line in lines:
        bank = f"，{line['bank']}" if line.get("bank") else ""
        told.append(f"{key_word('item', line['item'])} {formats.money(line['amount'])}（{line['due_on']}{bank}）")
    return "；".join(told)


__all__ = ["COSTS", "END_REASONS", "buyers_text", "plan_text", "price_check_text", "result_text"]
