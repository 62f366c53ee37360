"""Where a unit stands in its sale, as far as the reader may see it."""

from __future__ import annotations

from dataclasses import dataclass

from anchang.deals.models import Contract, Deal, Hold, QueueTicket, Subscription, UnitClaim
from anchang.deals.models.contracts import LIVE_STATES
from anchang.inventory.models import Unit
from anchang.platform import reading, resources
from anchang.platform.access import Access

_SUBSCRIBED = ("draft", "approving", "active", "overdue", "change_pending", "terminating", "signed")


@dataclass(frozen=True)
class Chain:
    """The deal that claims the unit and its papers. `taken`: claimed by a deal out of the reader's reach."""

    deal: Deal | None = None
    hold: Hold | None = None
    subscription: Subscription | None = None
    contract: Contract | None = None
    ticket: QueueTicket | None = None  # of a deal that waits for its unit
    taken: bool = False

    @property
    def stage(self) -> int:
        """0 nothing agreed, 1 subscribed, 2 signed, 3 filed."""
        if self.contract is not None:
            return 3 if self.contract.filed_on else 2 if self.contract.state not in ("draft", "reviewed") else 1
        return 1 if self.subscription is not None else 0


def chain_of(access: Access, unit: Unit) -> Chain:
    """At most five queries."""
    claim = UnitClaim.objects.filter(project_id=unit.project_id, unit=unit).first()
    if claim is None:
        return Chain()
    within = reading.reach(resources.get("deals"), "deals.view", access, [unit.project_id])
    if claim.deal_id is None or within is None:
        return Chain(taken=True)
    deal = Deal.objects.filter(within, pk=claim.deal_id).select_related("customer", "consultant").first()
    if deal is None:
        return Chain(taken=True)
    return papers_of(deal)


def papers_of(deal: Deal) -> Chain:
    """The live papers of a deal."""
    of_deal = {"project_id": deal.project_id, "deal": deal}
    return Chain(
        deal=deal,
        hold=Hold.objects.filter(**of_deal, state=Hold.State.ACTIVE).first(),
        subscription=Subscription.objects.filter(**of_deal, state__in=_SUBSCRIBED).order_by("-id").first(),
        contract=Contract.objects.filter(**of_deal, state__in=LIVE_STATES).order_by("-id").first(),
        ticket=QueueTicket.objects.filter(**of_deal).first() if deal.state == Deal.State.QUEUED else None,
    )
