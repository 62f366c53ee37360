"""Queue tickets (排号, 认筹): issue, qualify, call, miss, rejoin; becoming a unit's deal and being given back.

Money of a ticket is received and refunded by anchang.processes, as that of any deal.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from anchang.crm.models import Customer
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Deal, LaunchScheme, QueueTicket
from anchang.deals.rules import queue
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Ref
from anchang.platform.models import TeamMember


class TicketInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    scheme: Annotated[Ref("launch-schemes"), Label(_("Launch scheme"))]
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    wishes: Annotated[list[Ref("units")], Label(_("Wished units"))] = []


class QualifyInput(Input):
    qualified: Annotated[
        Literal["yes", "no"],
        Label(_("Qualification"), kind="choice", choices={"yes": _("Qualified"), "no": _("Not qualified")}),
    ]
    reason: Annotated[Line, Label(_("Reason"))] = ""


@creates(QueueTicket, label=_("New queue ticket"))
def issue_tickets(ctx: Context, rows: list[TicketInput]) -> list[QueueTicket]:
    """Once per customer and scheme, numbered without gaps. No money yet: that is received on the ticket."""
    made = []
    schemes = sorted({row.scheme.pk for row in rows})
    locked = {
        s.pk: s
        for s in LaunchScheme.objects.select_for_update(no_key=True).filter(project=ctx.here, pk__in=schemes)
        .order_by("pk")
    }  # fmt: skip
    for row in rows:
        scheme = locked[row.scheme.pk]
        had = _live(ctx).filter(scheme=scheme, customer=row.customer).exists()
        if why := queue.why_not_issue(scheme.state, had):
            raise DomainError.of(why)
        made.append(_issue(ctx, scheme, row.customer, row.wishes))
    for scheme in locked.values():
        scheme.save(update_fields=["last_number", "updated_at"])
    refresh_stages(ctx, [t.customer_id for t in made])
    return made


def begin_deal(ctx: Context, customer: Customer, unit: Unit | None) -> Deal:
    """A deal of the customer's consultant and his team; without a unit it is queued."""
    consultant = customer.owner_id or ctx.user_id
    membership = TeamMember.objects.filter(project=ctx.here, user_id=consultant or 0)
    team, agency = membership.values_list("team_id", "team__agency").first() or (None, "")
    deal = Deal(
        project=ctx.here, unit=unit, customer=customer, consultant_id=consultant, team_id=team, agency=agency,
        opened_on=ctx.business_date, created_by_id=ctx.user_id,
        state=Deal.State.QUEUED if unit is None else Deal.State.HELD,
        sales_mode=Deal.SalesMode.AGENCY if agency else Deal.SalesMode.OWN,
    )  # fmt: skip
    deal.save(force_insert=True)
    return deal


def _issue(ctx: Context, scheme: LaunchScheme, customer: Customer, wishes: list[Unit]) -> QueueTicket:
    for unit in wishes:
        if not belongs(scheme, unit):
            raise DomainError("wish_not_in_batch", status=422, fields={"wishes": "wish_not_in_batch"}, unit=unit.label)
    deal = begin_deal(ctx, customer, None)
    scheme.last_number += 1
    ticket = QueueTicket(
        project=ctx.here, scheme=scheme, number=scheme.last_number, customer=customer, deal=deal,
        wishes=[unit.pk for unit in wishes], issued_on=ctx.business_date, created_by_id=ctx.user_id,
    )  # fmt: skip
    ticket.save(force_insert=True)
    ctx.event("ticket.issued", ticket, customer_id=customer.pk, deal=deal.pk, number=ticket.number)
    return ticket


def belongs(scheme: LaunchScheme, unit: Unit) -> bool:
    """Whether the scheme launches this unit: by its release batch when it names one, else by its licence."""
    if scheme.release_batch_id is not None:
        return unit.release_batch_id == scheme.release_batch_id
    return scheme.licence_id is not None and unit.licence_id == scheme.licence_id


def _live(ctx: Context) -> Any:
    return QueueTicket.objects.filter(project=ctx.here, state__in=queue.LIVE_TICKET)


def move_ticket(ctx: Context, ticket: QueueTicket, to: str, event: str, *fields: str, **data: Any) -> None:
    ticket.state = to
    ticket.save(update_fields=["state", *fields, "updated_at"])
    ctx.event(event, ticket, customer_id=ticket.customer_id, deal=ticket.deal_id, number=ticket.number, **data)


def _only_in(*states: str) -> Any:
    def refuses(ticket: QueueTicket) -> Refusal | None:
        return None if ticket.state in states else Refusal("state_refused", {"state": ticket.state})

    return refuses


def _shown_in(*states: str) -> Any:
    return lambda ticket: ticket.state in states


_LIVE = tuple(sorted(queue.LIVE_TICKET))


@command(
    QueueTicket, verb="qualify", label=_("Check qualification"), icon="user-check", refuses=_only_in(*_LIVE),
    show=_shown_in(*_LIVE), bulk=True,
)  # fmt: skip
def qualify_ticket(ctx: Context, ticket: QueueTicket, data: QualifyInput) -> QueueTicket:
    """Whether the customer may buy in this launch (登记核验)."""
    ticket.qualified, ticket.reason = data.qualified, data.reason
    move_ticket(
        ctx, ticket, ticket.state, "ticket.qualified", "qualified", "reason",
        qualified=data.qualified, reason=data.reason,
    )  # fmt: skip
    return ticket


@command(
    LaunchScheme, verb="call-next", label=_("Call the next"), icon="speakerphone",
    show=lambda scheme: scheme.state in ("registered", "drawn"),
)  # fmt: skip
def call_next(ctx: Context, scheme: LaunchScheme) -> QueueTicket:
    """Call the next ticket in sequence: drawn place, else number; those who rejoined come last."""
    tickets = {t.pk: t for t in _live(ctx).filter(scheme=scheme).select_for_update(no_key=True).order_by("pk")}
    strict = bool(ctx.param("deals.queue_needs_qualification"))
    waiting = queue.sequence([
        queue.Waiting(
            t.pk, t.state, t.place or t.number, t.missed, t.rejoined_at,
            t.qualified == "yes" or (not strict and t.qualified != "no"),
        )
        for t in tickets.values()
    ])  # fmt: skip
    if not waiting:
        raise DomainError("nobody_waits")
    ticket = tickets[waiting[0].id]
    ticket.called_at, ticket.rejoined_at = ctx.now, None
    move_ticket(ctx, ticket, QueueTicket.State.CALLED, "ticket.called", "called_at", "rejoined_at")
    customer = ticket.customer
    ctx.notify([customer.owner_id], "ticket_called", ticket, number=ticket.number, customer=customer.name)
    return ticket


@command(
    QueueTicket, verb="miss", label=_("Did not come"), icon="user-x", refuses=_only_in("called"),
    show=_shown_in("called"),
)  # fmt: skip
def miss_ticket(ctx: Context, ticket: QueueTicket) -> QueueTicket:
    ticket.missed += 1
    move_ticket(ctx, ticket, QueueTicket.State.MISSED, "ticket.missed", "missed")
    return ticket


@command(
    QueueTicket, verb="rejoin", label=_("Rejoin the queue"), icon="arrow-back-up", refuses=_only_in("missed"),
    show=_shown_in("missed"),
)  # fmt: skip
def rejoin_queue(ctx: Context, ticket: QueueTicket) -> QueueTicket:
    """Back into the sequence, behind the others (过号重排)."""
    limit = int(ctx.param("deals.queue_rejoins"))
    if why := queue.why_not_rejoin(ticket.state, ticket.missed, limit):
        raise DomainError.of(why)
    last = _live(ctx).filter(scheme_id=ticket.scheme_id).order_by("-rejoined_at").exclude(rejoined_at=None).first()
    ticket.rejoined_at = (last.rejoined_at if last else 0) + 1
    move_ticket(ctx, ticket, QueueTicket.State.MISSED, "ticket.rejoined", "rejoined_at")
    return ticket


# --- the ticket and its deal ---------------------------------------------------------------------


def take_ticket(ctx: Context, unit: Unit, customer: Customer) -> Deal | None:
    """The queued deal of the customer or a household member for this unit's launch, now with the unit: its money
    moves with it. None when there is no such ticket."""
    who = Q(customer=customer)
    if customer.household_id:
        who |= Q(customer__household_id=customer.household_id)
    rows = _live(ctx).filter(who, deal__state=Deal.State.QUEUED).exclude(qualified=QueueTicket.Qualified.NO)
    for ticket in rows.select_related("scheme").order_by("number"):
        if belongs(ticket.scheme, unit):
            return _convert(ctx, ticket.pk, unit, customer)
    return None


def _convert(ctx: Context, ticket_id: int, unit: Unit, customer: Customer) -> Deal | None:
    ticket = QueueTicket.objects.select_for_update(no_key=True).get(project=ctx.here, pk=ticket_id)
    deal = Deal.objects.select_for_update(no_key=True).get(project=ctx.here, pk=ticket.deal_id)
    if ticket.state not in queue.LIVE_TICKET or deal.state != Deal.State.QUEUED:
        return None
    deal.unit, deal.customer, deal.state = unit, customer, Deal.State.HELD
    deal.save(update_fields=["unit", "customer", "state", "updated_at"])
    ticket.ended_at = ctx.now
    move_ticket(
        ctx, ticket, QueueTicket.State.CONVERTED, "ticket.converted", "ended_at", unit=unit.pk, unit_label=unit.label
    )
    return deal


def give_ticket_back(ctx: Context, deal: Deal) -> bool:
    """A held unit was given back: the ticket's deal waits again without a unit, its money untouched. False when
    the deal has no ticket, or has gone further than a hold."""
    if deal.state != Deal.State.HELD:
        return False
    ticket = (
        QueueTicket.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, deal=deal, state=QueueTicket.State.CONVERTED).first()
    )  # fmt: skip
    if ticket is None:
        return False
    deal.unit, deal.state = None, Deal.State.QUEUED
    deal.save(update_fields=["unit", "state", "updated_at"])
    ticket.ended_at, ticket.missed = None, ticket.missed + 1
    move_ticket(ctx, ticket, QueueTicket.State.MISSED, "ticket.given_back", "ended_at", "missed")
    return True


def end_ticket(ctx: Context, ticket: QueueTicket, reason: str, *, paid_back: bool) -> None:
    """Withdraw a locked ticket and end its queued deal. `paid_back`: nothing is left to refund."""
    deal = Deal.objects.select_for_update(no_key=True).get(project=ctx.here, pk=ticket.deal_id)
    deal.state, deal.ended_on, deal.end_reason = Deal.State.ENDED, ctx.business_date, reason[:200]
    deal.save(update_fields=["state", "ended_on", "end_reason", "updated_at"])
    ticket.ended_at, ticket.reason = ctx.now, reason[:200]
    move_ticket(ctx, ticket, QueueTicket.State.WITHDRAWN, "ticket.withdrawn", "ended_at", "reason", reason=reason)
    if paid_back:
        move_ticket(ctx, ticket, QueueTicket.State.REFUNDED, "ticket.refunded")
    refresh_stages(ctx, [ticket.customer_id])


def ticket_refunded(ctx: Context, deal_id: int) -> None:
    """The refund of a withdrawn ticket's money was paid."""
    ticket = (
        QueueTicket.objects.select_for_update(no_key=True)
        .filter(project=ctx.here, deal_id=deal_id, state=QueueTicket.State.WITHDRAWN).first()
    )  # fmt: skip
    if ticket is not None:
        move_ticket(ctx, ticket, QueueTicket.State.REFUNDED, "ticket.refunded")
