"""Agreed terms go into the subscription unchanged (D15); talks end with their time (D14)."""

from __future__ import annotations

from anchang.affairs.commands.negotiating import close, lapse_if_over, move
from anchang.affairs.models import Negotiation, Opportunity
from anchang.crm.models import Customer
from anchang.deals.models import Deal, Subscription
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context
from anchang.processes.people import with_permission

TERMS = ("total", "deposit", "payment_plan_id")


def agreed_for(ctx: Context, unit: Unit, customer: Customer) -> Negotiation | None:
    """Terms that bind for this unit and customer, locked."""
    rows = Negotiation.objects.select_for_update(no_key=True, of=("self",)).select_related("opportunity")
    return rows.filter(
        project=ctx.here, unit=unit, state=Negotiation.State.AGREED, subscription__isnull=True,
        binds_until__gte=ctx.business_date, opportunity__customer=customer,
    ).order_by("-id").first()  # fmt: skip


def carry_terms(ctx: Context, subscription: Subscription) -> None:
    """Called by the one function that writes subscriptions. Agreed terms must stand in it as they were agreed, and
    are used up by it; the opportunity is won. Raises terms_differ naming each term."""
    talks = agreed_for(ctx, subscription.unit, subscription.customer)
    if talks is not None:
        apart = [name for name in TERMS if getattr(talks, name) != getattr(subscription, name)]
        if apart:
            raise DomainError(
                "terms_differ", fields=dict.fromkeys((n.removesuffix("_id") for n in apart), "terms_differ"),
                total=str(talks.total), deposit=str(talks.deposit), plan=talks.payment_plan.name,
            )  # fmt: skip
        talks.subscription = subscription
        talks.save(update_fields=["subscription", "updated_at"])
    _win(ctx, subscription, talks)


def _win(ctx: Context, subscription: Subscription, talks: Negotiation | None) -> None:
    """The opportunity of the talks, else the customer's running ones about this unit."""
    running = Opportunity.objects.select_for_update(no_key=True).filter(
        project=ctx.here, customer=subscription.customer_id, stage__in=("interested", "negotiating", "agreed")
    )
    mine = running.filter(pk=talks.opportunity_id) if talks else running.filter(unit=subscription.unit_id)
    for one in mine:
        for other in Negotiation.objects.filter(project=ctx.here, opportunity=one, state="open"):
            close(ctx, other, Negotiation.State.LAPSED)
        one.subscription = subscription
        move(ctx, one, Opportunity.Stage.WON, number=subscription.number)


def sale_ended(ctx: Context, deal: Deal, reason: str, *, agreed: bool) -> None:
    """The deal that an opportunity was won by is over: after an `agreed` sale the opportunity is lost for the same
    reason, else (nobody approved, or it was withdrawn) it is open again."""
    won = Opportunity.objects.select_for_update(no_key=True, of=("self",)).filter(
        project=ctx.here, stage=Opportunity.Stage.WON, subscription__deal=deal
    )
    for one in won:
        one.lost_reason = reason[:200] if agreed else ""
        stage = Opportunity.Stage.LOST if agreed else Opportunity.Stage.INTERESTED
        move(ctx, one, stage, sale_ended=True, reason=reason)


def follow_exchange(ctx: Context, old: Deal, subscription: Subscription) -> None:
    """The opportunity stays won, by the subscription of the new unit."""
    Opportunity.objects.filter(project=ctx.here, stage=Opportunity.Stage.WON, subscription__deal=old).update(
        subscription=subscription, updated_at=ctx.now
    )


def handover_clause(subscription: Subscription) -> str:
    """The agreed handover date as the contract's article 11 says it; empty when none was agreed."""
    talks = Negotiation.objects.filter(project_id=subscription.project_id, subscription=subscription).first()
    if talks is None or talks.handover_on is None:
        return ""
    return f"出卖人应当于{talks.handover_on:%Y年%m月%d日}前交付该商品房。"


def end_talks(ctx: Context) -> int:
    """Close the project's talks whose time is over, and tell the consultant and who leads; how many."""
    due = Negotiation.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        project=ctx.here, state=Negotiation.State.OPEN, closes_at__lte=ctx.now
    )
    found = list(due.select_related("opportunity__customer", "unit"))
    leads = with_permission(ctx, "subscriptions.approve") if found else []
    for talks in found:
        customer = talks.opportunity.customer
        lapse_if_over(ctx, talks)
        ctx.notify(
            [customer.owner_id, *leads], "negotiation_lapsed", talks, customer=customer.name, unit=talks.unit.label
        )
    return len(found)
