"""The customer's stage follows the active deals: read here, decided by crm."""

from __future__ import annotations

from collections.abc import Iterable

from anchang.crm.commands.grades import recompute_stage
from anchang.deals.models import Deal
from anchang.platform.context import Context

#: Lowest first, so that a later one overwrites.
_STAGE = {
    Deal.State.QUEUED: "prospect",
    Deal.State.HELD: "prospect",
    Deal.State.SUBSCRIBED: "subscriber",
    Deal.State.SIGNED: "buyer",
    Deal.State.DELIVERED: "owner",
}
_ORDER = ("", "prospect", "subscriber", "buyer", "owner")


def refresh_stages(ctx: Context, customer_ids: Iterable[int]) -> None:
    """Set the stages of these customers from their deals: the highest active one, stepping back if none."""
    ids = sorted(set(customer_ids))
    highest: dict[int, str] = dict.fromkeys(ids, "")
    rows = Deal.objects.filter(project=ctx.here, customer__in=ids).exclude(state=Deal.State.ENDED)
    for customer_id, state in rows.values_list("customer_id", "state"):
        highest[customer_id] = max(highest[customer_id], _STAGE[Deal.State(state)], key=_ORDER.index)
    recompute_stage(ctx, ids, highest)
