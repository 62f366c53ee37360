"""Deals follow their customers: when files are merged and when a consultant leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, OuterRef, Subquery

from anchang.crm.commands import hooks
from anchang.crm.models import Customer
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Contract, Deal, Hold, Subscription
from anchang.platform.context import Context


def move_to_kept(ctx: Context, kept: Customer, gone: Customer) -> None:
    """Two customer files became one: papers of the gone one belong to the kept one."""
    for model in (Deal, Hold, Subscription, Contract):
        model.everything.filter(project=ctx.here, customer=gone).update(customer=kept)
    refresh_stages(ctx, [kept.pk])
    kept.refresh_from_db(fields=["deal_stage"])  # the merge goes on with this instance


def hand_over_deals(ctx: Context, leaver_id: int, heir_ids: Sequence[int]) -> None:
    """Running deals of a leaver go to the new owner of their customer, else to the first heir."""
    running = Deal.objects.filter(project=ctx.here, consultant_id=leaver_id).exclude(state=Deal.State.ENDED)
    owner = Customer.objects.filter(project=ctx.here, pk=OuterRef("customer_id")).values("owner_id")[:1]
    changed = running.annotate(heir=Subquery(owner)).exclude(heir=None).exclude(heir=leaver_id)
    for deal_id, heir in list(changed.values_list("id", "heir")):
        Deal.objects.filter(project=ctx.here, pk=deal_id).update(consultant_id=heir)
    if heir_ids:
        running.update(consultant_id=heir_ids[0])


def deals_of_customer(ctx: Context, customer_id: int) -> dict[str, Any]:
    """The customer's deals for the 360° page, newest first."""
    rows = (
        Deal.objects.filter(project=ctx.here, customer_id=customer_id)
        .annotate(label=F("unit__label"))
        .order_by("-id")
    )
    return {
        "deals": [
            {
                "id": d.pk, "unit": {"id": d.unit_id, "label": d.label}, "state": d.state,
                "total": None if d.total is None else str(d.total), "opened_on": d.opened_on.isoformat(),
                "ended_on": d.ended_on.isoformat() if d.ended_on else None,
            }
            for d in rows
        ]
    }  # fmt: skip


hooks.merge_hooks.append(move_to_kept)
hooks.hand_over_hooks.append(hand_over_deals)
hooks.profile_hooks.append(deals_of_customer)
