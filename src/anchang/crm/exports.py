"""Full phones in exports, for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence

from anchang.crm.models import CustomerPhone, Lead
from anchang.platform import personal
from anchang.platform.exporting.rows import register_revealed


def lead_numbers(ids: Sequence[int]) -> dict[int, str]:
    rows = Lead.objects.filter(pk__in=list(ids)).values_list("pk", "phone_cipher")
    return {pk: personal.decrypt(cipher) for pk, cipher in rows}


def customer_numbers(ids: Sequence[int]) -> dict[int, str]:
    """Every active phone of each customer, the main one first."""
    rows = CustomerPhone.objects.filter(customer__in=list(ids), active=True).order_by("-main", "pk")
    found: dict[int, list[str]] = {}
    for customer_id, cipher in rows.values_list("customer_id", "cipher"):
        found.setdefault(customer_id, []).append(personal.decrypt(cipher))
    return {pk: " ".join(numbers) for pk, numbers in found.items()}


register_revealed("leads", "phone", "leads.reveal", lead_numbers)
register_revealed("customers", "phone", "customers.reveal-phone", customer_numbers)
