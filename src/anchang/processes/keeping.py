"""What the law or a running deal asks to be kept although the person asks for erasure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from anchang.crm.commands import hooks
from anchang.deals.models import Contract, Deal, Subscription
from anchang.finance.models import Receipt
from anchang.kernel.clock import add_months
from anchang.kernel.errors import Refusal
from anchang.platform.context import Context


def why_keep(ctx: Context, customer_ids: Sequence[int]) -> Refusal | None:
    """A deal that runs, or one with papers or money whose records the law keeps for some years after its end
    (会计档案管理办法, 反洗钱法): its parties stay on record so long."""
    deals = Deal.everything.filter(project=ctx.here, customer__in=list(customer_ids))
    if deals.exclude(state=Deal.State.ENDED).exists():
        return Refusal("erase_deal_running")
    mine = {"project": ctx.here, "deal": OuterRef("pk")}
    papers = Q(Exists(Receipt.objects.filter(**mine)))
    for model in (Subscription, Contract):
        papers |= Q(Exists(model.everything.filter(**mine)))
    months = 12 * int(ctx.param("processes.retention_years"))
    ends = [
        add_months(ended_on or ctx.business_date, months)
        for ended_on in deals.filter(papers).values_list("ended_on", flat=True)
    ]
    until = max(ends, default=dt.date.min)
    return Refusal("erase_retention", {"until": until.isoformat()}) if until > ctx.business_date else None


def had_deals(ctx: Context, customer_ids: Sequence[int]) -> set[int]:
    """Of these customers, those with a deal, however it ended: the law's own periods count for them."""
    deals = Deal.everything.filter(project=ctx.here, customer__in=list(customer_ids))
    return set(deals.values_list("customer_id", flat=True))


hooks.keep_hooks.append(why_keep)
hooks.deal_hooks.append(had_deals)
