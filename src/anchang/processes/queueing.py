"""Sincerity money (诚意金): received on a queue ticket, returned in full with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.launch import move_scheme
from anchang.deals.commands.tickets import end_ticket
from anchang.deals.models import Deal, LaunchScheme, QueueTicket
from anchang.deals.rules import queue
from anchang.finance.commands import MoneyInput, refund_free_money, take_money
from anchang.finance.models import Receipt
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line

_LIVE = tuple(sorted(queue.LIVE_TICKET))


class WithdrawInput(Input):
    reason: Annotated[Line, Label(_("Reason"))] = ""


def why_not_live(ticket: QueueTicket) -> Refusal | None:
    return None if ticket.state in _LIVE else Refusal("ticket_not_live", {"state": ticket.state})


def _live(ticket: QueueTicket) -> bool:
    return ticket.state in _LIVE


def _locked(ctx: Context, ticket: QueueTicket) -> tuple[QueueTicket, Deal]:
    fresh = QueueTicket.objects.select_for_update(no_key=True).get(project=ctx.here, pk=ticket.pk)
    if why := why_not_live(fresh):
        raise DomainError.of(why)
    return fresh, Deal.objects.select_for_update(no_key=True).get(project=ctx.here, pk=fresh.deal_id)


@command(
    QueueTicket, verb="receive", label=_("Receive money"), icon="cash", lock=False, refuses=why_not_live, show=_live
)
def receive_on_ticket(ctx: Context, ticket: QueueTicket, data: MoneyInput) -> Receipt:
    """Sincerity money, only under a valid licence of the scheme (invariant 6, BS03). It stays free money of the
    ticket's deal: a deposit takes it, a withdrawal returns it."""
    ticket, deal = _locked(ctx, ticket)
    scheme = LaunchScheme.objects.get(project=ctx.here, pk=ticket.scheme_id)
    if scheme.licence_id is None:
        raise DomainError("scheme_has_no_licence")
    paid: Any = Receipt.objects.filter(project=ctx.here, deal=deal).aggregate(sum=Sum("amount"))["sum"]
    return take_money(ctx, deal, data, expected=scheme.sincerity_money - (paid or Decimal(0)))


@command(
    QueueTicket, verb="withdraw", label=_("Withdraw"), icon="ticket-off", shape="danger", lock=False,
    refuses=why_not_live, show=_live,
)  # fmt: skip
def withdraw_ticket(ctx: Context, ticket: QueueTicket, data: WithdrawInput) -> QueueTicket:
    """Give the ticket back: all its money goes onto the refund list, in full."""
    ticket, deal = _locked(ctx, ticket)
    reason = data.reason or "withdrawn"
    refunds = refund_free_money(ctx, deal, reason)
    end_ticket(ctx, ticket, reason, paid_back=not refunds)
    return ticket


@command(
    LaunchScheme, verb="finish", label=_("End the launch"), icon="flag", shape="danger",
    show=lambda scheme: scheme.state in ("registered", "drawn"),
)  # fmt: skip
def finish_launch(ctx: Context, scheme: LaunchScheme) -> dict[str, Any]:
    """Every ticket that became no sale goes onto the refund list."""
    move_scheme(ctx, scheme, LaunchScheme.State.DONE)
    rows = QueueTicket.objects.filter(project=ctx.here, scheme=scheme, state__in=_LIVE).order_by("pk")
    over = WithdrawInput(reason="launch_over")
    ended = [withdraw_ticket(ctx, ticket, over) for ticket in rows]
    return {"withdrawn": len(ended)}
