"""What belongs to a deal by its bundle: the other deals, and what follows when one of them changes or ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import F

from anchang.deals.models import Bundle, BundleItem, Contract, Deal, Subscription
from anchang.inventory.models import Unit
from anchang.platform.access import Access
from anchang.platform.context import Context


def bundle_of(deal_id: int, project_id: int) -> BundleItem | None:
    """The deal's place in a bundle that is in force."""
    rows = BundleItem.objects.filter(project_id=project_id, deal_id=deal_id, bundle__state=Bundle.State.LIVE)
    return rows.select_related("bundle").first()


def lock_along(ctx: Context, paper: Subscription | Contract) -> list[Deal]:
    """Before a paper's chain is locked: the units of its bundle by id. Answers the other running deals; none for a deal
    without bundle."""
    item = bundle_of(paper.deal_id, ctx.here.pk)
    if item is None:
        return []
    mine = BundleItem.objects.filter(project=ctx.here, bundle=item.bundle_id)
    list(
        Unit.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=mine.values("unit")).order_by("pk")
    )
    others = Deal.objects.filter(project=ctx.here, pk__in=mine.values("deal")).exclude(pk=paper.deal_id)
    return list(others.exclude(state=Deal.State.ENDED).order_by("pk"))


def units_along(paper: Subscription | Contract) -> list[int]:
    """Units that may change with this paper's deal."""
    item = bundle_of(paper.deal_id, paper.project_id)
    return [] if item is None else list(item.bundle.items.values_list("unit_id", flat=True))


def others_of(ctx: Context, main: Deal, bundle: Bundle | None = None) -> list[Deal]:
    """The running deals that were sold along with the main one."""
    found = bundle or leads(ctx, main)
    if found is None:
        return []
    items = BundleItem.objects.filter(project=ctx.here, bundle=found).exclude(deal=main)
    rows = Deal.objects.filter(project=ctx.here, pk__in=items.values("deal")).exclude(state=Deal.State.ENDED)
    return list(rows.order_by("pk"))


def bundle_card(access: Access, deal: Deal) -> dict[str, Any] | None:
    """The deal's bundle with its units for the deal desk, as far as the reader may see it."""
    if not access.may("bundles.view", deal.project_id):
        return None
    item = BundleItem.objects.filter(project_id=deal.project_id, deal=deal).select_related("bundle").first()
    if item is None:
        return None
    rows = BundleItem.objects.filter(project_id=deal.project_id, bundle=item.bundle_id)
    parts = rows.select_related("unit", "deal").order_by("position")
    signs = item.bundle.state == Bundle.State.LIVE and access.may("subscriptions.sign", deal.project_id)
    return {"bundle": item.bundle, "parts": list(parts), "deal": deal.pk, "signs": signs}


def leads(ctx: Context, deal: Deal) -> Bundle | None:
    """The bundle in force that ends with this deal."""
    return Bundle.objects.filter(project=ctx.here, main=deal, state=Bundle.State.LIVE).first()


def close(ctx: Context, bundle: Bundle) -> None:
    bundle.state, bundle.ended_on = Bundle.State.ENDED, ctx.business_date
    bundle.save(update_fields=["state", "ended_on", "updated_at"])
    ctx.event("bundle.ended", bundle, customer_id=bundle.customer_id, deal=bundle.main_id, number=bundle.number)


def follow(ctx: Context, old: Deal, new: Deal) -> None:
    """The deal has another price, or another deal took its place (exchange): so it stands in the bundle, too."""
    item = bundle_of(old.pk, ctx.here.pk)
    if item is None:
        return
    assert new.total is not None and new.list_total is not None
    more: dict[str, Any] = {"total": F("total") + new.total - item.agreed}
    more["list_total"] = F("list_total") + new.list_total - item.list_total
    if item.bundle.main_id == old.pk:
        more["main"] = new
    Bundle.objects.filter(pk=item.bundle_id).update(**more, updated_at=ctx.now)
    item.deal, item.unit_id = new, new.unit_id or item.unit_id
    item.agreed, item.list_total = Decimal(new.total), Decimal(new.list_total)
    item.save(update_fields=["deal", "unit", "agreed", "list_total", "updated_at"])
