"""Reads of deals: buyers, plan lines, timeline, what is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from anchang.deals.models import Buyer, Contract, Deal, Hold, PlanLine, Subscription
from anchang.platform.models import Event, Project
from anchang.platform.telling import event_text


def buyers_by_deal(deal_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Deal id -> its buyers in order, numbers masked."""
    found: dict[int, list[dict[str, Any]]] = {i: [] for i in deal_ids}
    for b in Buyer.objects.filter(deal__in=deal_ids).order_by("deal_id", "seq"):
        found[b.deal_id].append({
            "id": b.pk, "kind": b.kind, "name": b.name, "id_type": b.id_type, "id_number": b.id_masked,
            "phone": b.phone_masked or None, "share": None if b.share is None else str(b.share),
            "guardian": b.guardian_name or None, "agent": b.agent_name or None, "warning": b.warning or None,
        })  # fmt: skip
    return found


def plan_line_json(line: PlanLine) -> dict[str, Any]:
    return {
        "seq": line.seq, "item": line.item, "money": line.money, "amount": str(line.amount),
        "due_on": line.due_on.isoformat(), "bank": line.bank or None,
    }  # fmt: skip


def plans_of(papers: str, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Paper id -> plan lines. `papers`: subscription or contract."""
    found: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    rows = PlanLine.objects.filter(**{f"{papers}__in": ids}).order_by("seq")
    for line in rows:
        found[getattr(line, f"{papers}_id")].append(plan_line_json(line))
    return found


def buyers_of_papers(model: type[Hold | Subscription | Contract], ids: Sequence[int]) -> dict[int, Any]:
    """Paper id -> buyers of its deal."""
    deals = dict(model._base_manager.filter(pk__in=ids).values_list("pk", "deal_id"))
    by_deal = buyers_by_deal(list(deals.values()))
    return {pk: by_deal[deal_id] for pk, deal_id in deals.items()}


def filing_overdue(project: Project, today: dt.date) -> list[dict[str, Any]]:
    """Signed contracts that should have been filed by now (K09), longest overdue first."""
    rows = Contract.objects.filter(project=project, state=Contract.State.SIGNED, filing_due_on__lt=today)
    return [
        {
            "contract": {"id": c.pk, "label": c.number}, "unit": {"id": c.unit_id, "label": c.unit.label},
            "customer": {"id": c.customer_id, "label": c.customer.name}, "signed_on": c.signed_on.isoformat(),
            "due_on": c.filing_due_on.isoformat(), "days": (today - c.filing_due_on).days,
        }
        for c in rows.select_related("unit", "customer").order_by("filing_due_on", "id")
    ]  # fmt: skip


def signing_overdue(project: Project, today: dt.date) -> list[dict[str, Any]]:
    """Subscriptions whose signing day has passed (D09)."""
    rows = Subscription.objects.filter(project=project, state__in=("active", "overdue"), sign_by__lt=today)
    return [
        {
            "subscription": {"id": s.pk, "label": s.number}, "unit": {"id": s.unit_id, "label": s.unit.label},
            "customer": {"id": s.customer_id, "label": s.customer.name}, "total": str(s.total),
            "consultant": {"id": s.deal.consultant_id, "label": str(s.deal.consultant or "")},
            "sign_by": s.sign_by.isoformat(), "days": (today - s.sign_by).days,
        }
        for s in rows.select_related("unit", "customer", "deal__consultant").order_by("sign_by", "id")
    ]  # fmt: skip


#: Resources whose records carry the deal in the event's data; their own ids are looked up.
_PAPERS = (("holds", Hold), ("subscriptions", Subscription), ("contracts", Contract))


def deal_timeline(deal: Deal, limit: int = 200) -> list[dict[str, Any]]:
    """What happened to the deal and its papers and money, newest first."""
    q = Q(resource="deals", record_id=deal.pk) | Q(data__deal=deal.pk)
    for name, model in _PAPERS:
        ids = model.everything.filter(project_id=deal.project_id, deal=deal).values("id")
        q |= Q(resource=name, record_id__in=ids)
    # Events are indexed by customer; a relative's hold keeps its own.
    holders = Hold.everything.filter(project_id=deal.project_id, deal=deal).values_list(
        "customer_id", flat=True
    )
    customers = {deal.customer_id, *holders}
    rows = Event.objects.filter(q, project_id=deal.project_id, customer_id__in=customers).order_by(
        "-at", "-id"
    )
    return [
        {
            "at": e.at.isoformat(), "name": e.name, "text": event_text(e.name, e.data, e.resource),
            "by": e.actor_name,
            "resource": e.resource, "record": e.record_id,
        }
        for e in rows[:limit]
    ]  # fmt: skip
