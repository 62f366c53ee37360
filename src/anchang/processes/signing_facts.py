"""What a contract will say beside what was subscribed: the sides of the check before signing (D10).

Read anew each time; nothing of it is stored but by the check that somebody confirms.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.deals.models import Buyer, Deal, PlanLine, Subscription
from anchang.kernel.money import ZERO
from anchang.platform.wording import say_keys

FIELDS: dict[str, Any] = {
    "unit": _("Unit"), "areas": _("Building and inner area"), "customer": _("Customer"), "ownership": _("Ownership"),
    "buyers": _("Buyers"), "list_total": _("List total"), "total": pgettext_lazy("price", "Total"),
    "deposit": _("Deposit"), "payment_plan": _("Payment plan"), "plan": _("Payment lines"),
}  # fmt: skip
say_keys(field=FIELDS)

#: [{field, agreed, now}], texts as they stand on paper.
Facts = list[dict[str, str]]


def facts_of(deal: Deal, subscription: Subscription) -> Facts:
    """Unit, buyers, price and plan: as the subscription has them, and as the contract would. Four queries."""
    unit = deal.unit if deal.unit_id else subscription.unit
    assert unit is not None
    lines = list(PlanLine.objects.filter(project_id=deal.project_id, subscription=subscription).order_by("seq"))
    then, now = _buyers(deal, subscription)
    plan = " · ".join(f"{x.item} {x.amount}" + (f" {x.bank}" if x.bank else "") for x in lines)
    planned = sum((x.amount for x in lines), ZERO)
    deposit = sum((x.amount for x in lines if x.item == "deposit"), ZERO)
    pairs = {
        "unit": (subscription.unit.label, unit.label),
        "areas": (
            f"{subscription.gross_area} / {subscription.inner_area}",
            f"{unit.gross_area or 0:.2f} / {unit.inner_area or 0:.2f}",
        ),
        "customer": (subscription.customer.name, deal.customer.name),
        "ownership": (deal.ownership, deal.ownership),
        "buyers": (named(then), named(now)),
        "list_total": (f"{subscription.list_total}", f"{deal.list_total}"),
        "total": (f"{subscription.total}", f"{deal.total}"),
        "deposit": (f"{subscription.deposit}", f"{deposit}"),
        "payment_plan": (subscription.payment_plan.name, subscription.payment_plan.name),
        "plan": (plan, plan if planned == deal.total else f"{plan} ≠ {deal.total}"),
    }  # fmt: skip
    return [{"field": name, "agreed": str(a), "now": str(b)} for name, (a, b) in pairs.items()]


def _buyers(deal: Deal, subscription: Subscription) -> tuple[list[Buyer], list[Buyer]]:
    """Those on the deal when the subscription was written, and those of now."""
    now = Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq", "id")
    return buyers_at(deal, subscription.created_at), list(now)


def buyers_at(deal: Deal, at: dt.datetime) -> list[Buyer]:
    """Those who were on the deal at this moment."""
    rows = Buyer.everything.filter(project_id=deal.project_id, deal=deal).order_by("seq", "id")
    return list(rows.filter(Q(deleted_at__isnull=True) | Q(deleted_at__gt=at), created_at__lte=at))


def named(buyers: Sequence[Buyer]) -> str:
    return "、".join(
        " ".join(str(part) for part in (b.name, b.id_masked, f"{b.share}%" if b.share else "", b.agent_name) if part)
        for b in buyers
    )


def differences(facts: Facts) -> list[str]:
    return [one["field"] for one in facts if one["agreed"] != one["now"]]


def digest_of(deal: Deal, facts: Facts) -> str:
    """SHA-256 of the facts, with the whole document numbers behind the masked ones."""
    buyers = Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq")
    told = [facts, list(buyers.values_list("id_digest", flat=True))]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def changed_since(old: Facts, new: Facts) -> list[str]:
    """Words of the fields that read otherwise now."""
    before = {one["field"]: one for one in old}
    return [str(FIELDS[one["field"]]) for one in new if before.get(one["field"]) != one]
