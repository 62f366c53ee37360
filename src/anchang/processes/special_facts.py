"""What an approver needs beside the price: the customer's history, similar deals, past requests. A fixed number of
queries, each within the reader's reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from anchang.deals.commands.claims import household_of
from anchang.deals.models import DiscountDecision, DiscountRequest, Quotation, Subscription
from anchang.inventory.models import Discount, Unit
from anchang.platform import reading, resources
from anchang.platform.access import Access
from anchang.platform.models import Role
from anchang.processes.entitlements import SPECIAL

SHOWN = 5
SIMILAR_DAYS = 180  # how far back a deal still tells something about today's prices


def facts_of(access: Access, request: DiscountRequest) -> dict[str, Any]:
    """Decisions so far, history of the customer, similar deals, past requests; newest first, five each."""
    return {
        "decisions": list(
            DiscountDecision.objects.filter(project_id=request.project_id, request=request)
            .select_related("user").order_by("seq")
        ),
        "history": _history(access, request),
        "deals": _deals_of_customer(access, request),
        "similar": _similar(access, request),
        "past": _past(access, request),
    }  # fmt: skip


def role_names(codes: Sequence[str]) -> dict[str, str]:
    return dict(Role.objects.filter(code__in=codes).values_list("code", "name"))


def _rows(access: Access, resource: str, project_id: int) -> Any:
    """The resource's rows in the reader's reach, or none."""
    found = resources.get(resource)
    within = reading.reach(found, f"{resource}.view", access, [project_id])
    rows = found.model._default_manager.filter(project_id=project_id)
    return rows.none() if within is None else rows.filter(within)


def _history(access: Access, request: DiscountRequest) -> list[dict[str, Any]]:
    """Visits and follow-ups of the customer, together."""
    mine = {"customer_id": request.customer_id}
    visits = _rows(access, "visits", request.project_id).filter(**mine).order_by("-arrived_at")[:SHOWN]
    talks = _rows(access, "follow-ups", request.project_id).filter(**mine).order_by("-at")[:SHOWN]
    found = [{"at": v.arrived_at, "kind": "visit", "text": v.feedback} for v in visits]
    found += [{"at": f.at, "kind": "follow_up", "text": f.content} for f in talks]
    return sorted(found, key=lambda row: row["at"], reverse=True)[:SHOWN]


def _deals_of_customer(access: Access, request: DiscountRequest) -> list[Any]:
    rows = _rows(access, "deals", request.project_id).filter(customer_id__in=household_of(request.customer))
    return list(rows.select_related("unit").order_by("-id")[:SHOWN])


def _similar(access: Access, request: DiscountRequest) -> list[Subscription]:
    """Subscriptions of the same layout (else product type) in the last half year."""
    unit = request.unit
    like = Q(unit__layout_id=unit.layout_id) if unit.layout_id else Q(unit__product_type=unit.product_type)
    since = request.created_at.date() - dt.timedelta(days=SIMILAR_DAYS)
    rows = _rows(access, "subscriptions", request.project_id).filter(
        like, activated_on__gte=since, state__in=("active", "overdue", "signed")
    )
    return list(rows.select_related("unit").order_by("-activated_on", "-id")[:SHOWN])


def _past(access: Access, request: DiscountRequest) -> list[DiscountRequest]:
    """Decided requests for the unit, by the customer or by the consultant."""
    near = Q(unit_id=request.unit_id) | Q(customer_id=request.customer_id)
    if request.consultant_id:
        near |= Q(consultant_id=request.consultant_id)
    rows = _rows(access, "discount-requests", request.project_id).filter(near, decided_at__isnull=False)
    return list(rows.exclude(pk=request.pk).select_related("unit", "customer").order_by("-decided_at")[:SHOWN])


def price_steps(request: DiscountRequest) -> list[dict[str, Any]]:
    """Steps of the offer with what the request asks for marked."""
    return [step | {"asked": step["code"] == SPECIAL} for step in request.snapshot.get("steps", [])]


def usable_requests(access: Access, unit: Unit) -> list[DiscountRequest]:
    """Approved requests for the unit in the reader's reach, for the deal desk."""
    rows = _rows(access, "discount-requests", unit.project_id).filter(unit=unit, state=DiscountRequest.State.APPROVED)
    return list(rows.select_related("customer").order_by("-id")[:SHOWN])


def discount_ids(quotation: Quotation) -> list[int]:
    """The scheme's discounts that were quoted."""
    rows = Discount.objects.filter(project_id=quotation.project_id, code__in=quotation.discounts)
    return list(rows.order_by("position", "pk").values_list("pk", flat=True))
