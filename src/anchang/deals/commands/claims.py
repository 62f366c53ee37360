"""The unit claim and the life of a deal: what hold, subscription and contract share.

Lock order everywhere: unit, deal, paper, receivables by id, number book last.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from anchang.crm.models import Customer
from anchang.deals.commands.tickets import begin_deal, give_ticket_back, take_ticket
from anchang.deals.models import Contract, Deal, Hold, Subscription, UnitClaim
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.states import change_unit_state
from anchang.inventory.models import Unit
from anchang.inventory.queries import unit_facts
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import parameters
from anchang.platform.context import Context

P = TypeVar("P", Hold, Subscription, Contract)


def lock_chain(paper: P) -> tuple[Unit, Deal, P]:
    """Unit, deal and paper (hold, subscription, contract), locked in this order and read anew."""
    unit = (
        Unit.objects.select_for_update(no_key=True, of=("self",))
        .select_related("licence")
        .get(pk=paper.unit_id)
    )
    deal = Deal.objects.select_for_update(no_key=True).get(pk=paper.deal_id)
    fresh = type(paper)._default_manager.select_for_update(no_key=True).get(pk=paper.pk)
    return unit, deal, fresh


def why_not_deal(unit: Unit, *, own_claim: bool = False) -> Refusal | None:
    """Why no deal may start on this unit today."""
    today = unit.project.today()
    days = int(parameters.value("deals.lease_notice_days", unit.project, today))
    why = stock_rules.why_not_sell(unit_facts(unit), today, own_claim=own_claim, lease_notice_days=days)
    return Refusal(why.code, {**why.params, "unit": unit.label}) if why else None


def check_own_customer(ctx: Context, customer: Customer) -> None:
    """Who sees only own (or the team's) deals makes deals only for own (or the team's) customers."""
    scope = ctx.access.scope("deals.view", ctx.here.pk)
    if scope == "project":
        return
    mine = {ctx.user_id}
    if scope == "team":
        mine |= set(ctx.access.mates.get(ctx.here.pk, ()))
    if customer.owner_id not in mine:
        raise DomainError("not_your_customer", status=403)


def open_deal(ctx: Context, unit: Unit, customer: Customer, kind: str) -> Deal:
    """A new deal with its claim, or that of the customer's queue ticket. The claim's primary key refuses a second
    one (`unit_taken`)."""
    deal = take_ticket(ctx, unit, customer) or begin_deal(ctx, customer, unit)
    UnitClaim(project=ctx.here, unit=unit, deal=deal, kind=kind, since=ctx.now).save(force_insert=True)
    return deal


def keep_claim(ctx: Context, deal: Deal, kind: str) -> None:
    """The next step of the same deal keeps the claim."""
    if not UnitClaim.objects.filter(project=ctx.here, deal=deal).update(kind=kind):
        raise DomainError("unit_taken", unit=str(deal.unit))


def end_deal(ctx: Context, unit: Unit, deal: Deal, reason: str, *, reconfirm: bool) -> None:
    """End the deal and give the unit back: to AVAILABLE after a hold, to CONTROLLED with a lock to confirm
    its price after a sale."""
    UnitClaim.objects.filter(project=ctx.here, unit=unit, deal=deal).delete()
    if not give_ticket_back(ctx, deal):
        deal.state, deal.ended_on, deal.end_reason = Deal.State.ENDED, ctx.business_date, reason[:200]
        deal.save(update_fields=["state", "ended_on", "end_reason", "updated_at"])
    if reconfirm:
        ctx.finish_tasks("deals", [deal.pk])
        change_unit_state(
            ctx,
            unit,
            stock_rules.CONTROLLED,
            reason=reason[:200],
            lock=stock_rules.LOCK_RECONFIRM,
            deal_id=deal.pk,
        )
    elif unit.state == stock_rules.HELD:
        change_unit_state(ctx, unit, stock_rules.AVAILABLE, reason=reason[:200], deal_id=deal.pk)


def household_of(customer: Customer) -> Iterable[int]:
    """The customer and the members of the household."""
    if customer.household_id is None:
        return [customer.pk]
    rows = Customer.objects.filter(project_id=customer.project_id, household_id=customer.household_id)
    return list(rows.values_list("id", flat=True))
