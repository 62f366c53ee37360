"""Subscriptions whose clock ran out while they waited for approval or money."""

from __future__ import annotations

from anchang.deals.commands.claims import lock_chain
from anchang.deals.models import Subscription
from anchang.inventory import rules as stock_rules
from anchang.inventory.models import Unit
from anchang.platform.commands import settles
from anchang.platform.context import Context
from anchang.processes import bundles
from anchang.processes.subscribing import give_back
from anchang.processes.terminating import TerminateInput, end_along


@settles(Unit)
def settle_waiting(ctx: Context, unit: Unit) -> None:
    """A subscription that waited too long for approval or money gives the unit back."""
    if unit.state != stock_rules.HELD or unit.state_until is None or unit.state_until > ctx.now:
        return
    waiting = Subscription.objects.filter(
        project=ctx.here, unit=unit, state__in=("draft", "approving"), approve_by__lte=ctx.now
    ).first()
    if waiting is not None:
        end_waiting(ctx, waiting, unit)


def end_waiting(ctx: Context, subscription: Subscription, unit: Unit | None = None) -> None:
    """Cancel a waiting subscription whose clock is out, and with a main unit the rest of its bundle. Does nothing if
    another decided it meanwhile."""
    fresh, deal, subscription = lock_chain(subscription)
    unit = unit or fresh
    if subscription.state not in ("draft", "approving") or (subscription.approve_by or ctx.now) > ctx.now:
        return
    bundle = bundles.leads(ctx, deal)
    give_back(ctx, unit, deal, subscription, "expired")
    ctx.event(
        "subscription.cancelled", subscription, customer_id=deal.customer_id, deal=deal.pk,
        number=subscription.number, reason="expired",
    )  # fmt: skip
    if bundle is not None:
        end_along(ctx, deal, TerminateInput(reason="expired", fault="none"), bundle)
