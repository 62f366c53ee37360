"""Reads of deals: buyers, plan lines, timeline, what is overdue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from anchang.crm.models import Lead
from anchang.crm.queries.customers import merged_ids
from anchang.deals.models import Buyer, Contract, Deal, Hold, PlanLine, PriceStrategy, Subscription
from anchang.inventory import rules as stock_rules
from anchang.kernel.money import ZERO, unit_price
from anchang.platform import resources
from anchang.platform.models import Event, Project
from anchang.platform.telling import actor_text, event_text


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


def snapshots_of(model: type[Subscription | Contract], ids: Sequence[int]) -> dict[int, Any]:
    """Paper id -> what its price was made from, without the floor price, which is not for the sales floor."""
    rows = model._base_manager.filter(pk__in=ids).values_list("pk", "snapshot")
    return {pk: {k: v for k, v in snapshot.items() if k != "floor_total"} for pk, snapshot in rows}


def price_checks(model: Any, ids: Sequence[int]) -> dict[int, Any]:
    """Paper id -> its price computed again from the inputs that it keeps (BS04): `agrees` when total and every step
    are the same to the cent. None for papers without a computed price."""
    rows = model._base_manager.filter(pk__in=ids).values_list("pk", "total", "snapshot")
    return {pk: price_check(total, snapshot) for pk, total, snapshot in rows}


def price_check(total: Decimal, snapshot: Mapping[str, Any]) -> dict[str, Any] | None:
    """A kept total against its snapshot."""
    if not snapshot.get("steps"):
        return None
    again = stock_rules.price(stock_rules.from_snapshot(snapshot))
    kept = [(step["code"], Decimal(step["after"])) for step in snapshot["steps"]]
    return {
        "total": str(again.total), "list_version": snapshot.get("list_version", ""),
        "priced_on": snapshot.get("priced_on"),
        "agrees": again.total == total and kept == [(step.code, step.after) for step in again.steps],
    }  # fmt: skip


def strategy_results(ids: Sequence[int]) -> dict[int, Any]:
    """Strategy id -> what the subscriptions of its period reached: units, average per ㎡, difference to target."""
    found = {}
    for strategy in PriceStrategy.objects.filter(pk__in=ids):
        rows = Subscription.objects.filter(
            project_id=strategy.project_id, activated_on__range=(strategy.starts_on, strategy.ends_on),
            state__in=("active", "overdue", "change_pending", "terminating", "signed"),
        )  # fmt: skip
        if strategy.product_type:
            rows = rows.filter(unit__product_type=strategy.product_type)
        if strategy.building_id:
            rows = rows.filter(unit__building_id=strategy.building_id)
        total, area = rows.order_by().aggregate(t=Sum("total"), a=Sum("gross_area")).values()
        average = unit_price(total or ZERO, area or ZERO)
        found[strategy.pk] = {
            "units": rows.count(), "average": None if average is None else str(average),
            "difference": None if average is None else str(average - strategy.target_average),
        }  # fmt: skip
    return found


def discount_costs(project: Project, start: dt.date, end: dt.date) -> list[dict[str, Any]]:
    """What each kind of discount took off the subscriptions of a period (P07), gifts among them; the dearest first."""
    return [row for row in named_discount_costs([project.pk], start, end) if row["name"] is None]


def named_discount_costs(
    project_ids: Sequence[int], start: dt.date, end: dt.date, *, of: str = "true",
    params: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """By kind (`name` None) and by kind and name of the discount, the dearest first. From the price steps that the
    papers keep, so a discount that changed since counts as it was. `of`: SQL on the deal `d`, with its `params`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COSTS.format(of=of), {"projects": list(project_ids), "start": start, "end": end, **(params or {})}
        )
        return [
            {"purpose": row[0], "name": row[1], "deals": row[2], "amount": row[3]} for row in cursor.fetchall()
        ]


_COSTS = """
    WITH sold AS (
        SELECT x.project_id, x.deal_id, x.snapshot FROM deals_subscription x
          JOIN deals_deal d ON d.project_id = x.project_id AND d.id = x.deal_id
         WHERE x.project_id = ANY(%(projects)s) AND x.activated_on BETWEEN %(start)s AND %(end)s AND {of}
           AND x.state IN ('active', 'overdue', 'change_pending', 'terminating', 'signed')),
    taken AS (
        SELECT sold.deal_id, coalesce(nullif(d ->> 'purpose', ''), 'other') AS purpose, d ->> 'label' AS name,
               -(s ->> 'amount')::numeric AS amount
          FROM sold, jsonb_array_elements(snapshot -> 'discounts') d, jsonb_array_elements(snapshot -> 'steps') s
         WHERE s ->> 'code' = d ->> 'code'
        UNION ALL
        SELECT sold.deal_id, 'gift', c.name, c.value FROM sold
          JOIN deals_coupon c ON c.project_id = sold.project_id AND c.deal_id = sold.deal_id AND c.kind = 'gift')
    SELECT purpose, name, count(DISTINCT deal_id), sum(amount) FROM taken
     GROUP BY GROUPING SETS ((purpose), (purpose, name)) ORDER BY 4 DESC, 1, 2"""


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


#: Papers of a deal: their events are those of their own ids, whatever else the customer bought.
_PAPERS = (("holds", Hold), ("subscriptions", Subscription), ("contracts", Contract))
#: What leads to a deal, beside the records of customers and leads themselves.
_BEFORE = ("opportunities", "negotiations", "discount-requests", "quotations", "queue-tickets")


def story_of_deal(deal: Deal) -> Q:
    """One deal from the first click to the certificate (一单到底, BS34): how its customer came, what was done with him,
    the deal's papers, money and steps; not what he did in other deals. Events are indexed by customer and record."""
    holders = Hold.everything.filter(project_id=deal.project_id, deal=deal).values_list("customer_id", flat=True)
    mine = merged_ids(deal.customer)  # a relative who held the unit has a history of his own
    leads = Lead.objects.filter(project_id=deal.project_id, customer__in=mine).values("pk")
    around = [r.name for r in resources.all_resources() if r.model._meta.app_label == "crm"]
    before = Q(customer_id__in=mine, data__deal__isnull=True, resource__in=[*around, *_BEFORE])
    of_deal = Q(data__deal=deal.pk)
    for name, model in _PAPERS:
        of_deal |= Q(resource=name, record_id__in=model.everything.filter(deal=deal).values("pk"))
    return Q(resource="leads", record_id__in=leads) | before | (Q(customer_id__in={*mine, *holders}) & of_deal)


def deal_timeline(deal: Deal, limit: int = 200) -> list[dict[str, Any]]:
    """What happened to the deal and its papers and money, newest first."""
    own = Q(resource="deals", record_id=deal.pk) | story_of_deal(deal)
    rows = Event.objects.filter(own, project_id=deal.project_id).order_by("-at", "-id")
    return [
        {
            "at": e.at.isoformat(), "name": e.name, "text": event_text(e.name, e.data, e.resource),
            "by": actor_text(e.actor_name),
            "resource": e.resource, "record": e.record_id,
        }
        for e in rows[:limit]
    ]  # fmt: skip
