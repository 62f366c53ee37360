"""Forfeiture (挞定): demand with a deadline, request, approval, at most the legal deposit kept; and its return
(退挞定). Civil Code 586-588; a cause that isn't the buyer's forces the refund (SPC interpretation art. 4)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.telling import ToCustomer, tell_customers
from anchang.deals import rules
from anchang.deals.commands.claims import lock_chain
from anchang.deals.models import DealChange, Subscription
from anchang.finance.models import Receivable
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Quantity, Reason
from anchang.processes.changing import Chain, carries_out, lock_paper, new_change, open_change, tell
from anchang.processes.messages import SIGNING_DEMANDED
from anchang.processes.money import return_amount
from anchang.processes.replanning import release_from
from anchang.processes.terminating import TerminateInput, end_subscription, settlement_of

#: Whose fault each cause is.
_FAULT = {"buyer": "buyer", "loan_refused": "none", "policy": "none", "force_majeure": "none", "seller": "seller"}


class DemandInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]
    deadline: Annotated[Day | None, Label(_("Deadline"))] = None


class ForfeitInput(Input):
    """`amount`: how much is kept; without it all that was paid and has deposit effect."""

    cause: Annotated[
        Literal["buyer", "loan_refused", "policy", "force_majeure", "seller"],
        Label(_("Cause"), kind="choice", choices=dict(DealChange.Cause.choices)),
    ]
    amount: Annotated[Quantity | None, Label(_("Deposit kept"), kind="money")] = None


class ReturnForfeitInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]


# --- demand --------------------------------------------------------------------------------------


def why_not_demand(subscription: Subscription) -> Refusal | None:
    """Only what is overdue is demanded."""
    if subscription.state == Subscription.State.OVERDUE:
        return None
    return Refusal("state_refused", {"state": subscription.state})


@command(
    Subscription, verb="demand", label=_("Demand signing"), icon="mail-exclamation", lock=False,
    refuses=why_not_demand, show=lambda s: s.state == "overdue",
)  # fmt: skip
def demand_signing(ctx: Context, subscription: Subscription, data: DemandInput) -> DealChange:
    """Demand that the buyer signs by the deadline (催告). The letter is printed from the record; the buyer may still
    sign or be given more time."""
    chain = lock_paper(subscription)
    assert isinstance(chain.paper, Subscription)
    if why := why_not_demand(chain.paper):
        raise DomainError.of(why)
    least = ctx.business_date + dt.timedelta(days=int(ctx.param("deals.demand_days")))
    deadline = data.deadline or least
    if deadline < least:
        raise DomainError(
            "deadline_too_early", status=422, fields={"deadline": "deadline_too_early"}, least=least.isoformat()
        )
    demand = new_change(ctx, chain, DealChange.Kind.FORFEIT, data.reason, deadline=deadline)
    demand.state = DealChange.State.DEMANDED
    demand.save(force_insert=True)
    ctx.index([demand], fresh=True)
    tell(ctx, "change.demanded", demand, deadline=deadline.isoformat())
    values = {"unit": demand.unit.label, "deadline": deadline.isoformat()}
    tell_customers(ctx, SIGNING_DEMANDED, [
        ToCustomer(customer_id=demand.customer_id, record=demand, key=f"{demand.pk}", values=values,
                   owner_id=chain.deal.consultant_id)
    ])  # fmt: skip
    return demand


def why_not_forfeit(change: DealChange) -> Refusal | None:
    if change.state != DealChange.State.DEMANDED:
        return Refusal("state_refused", {"state": change.state})
    return None


@command(
    DealChange, verb="forfeit", label=_("Ask for forfeiture"), icon="gavel", shape="primary", lock=False,
    refuses=why_not_forfeit, show=lambda c: c.state == "demanded",
)  # fmt: skip
def request_forfeiture(ctx: Context, change: DealChange, data: ForfeitInput) -> DealChange:
    """The deadline has passed: ask to end the subscription. Only a buyer's fault keeps money, and only after the
    deadline; a cause that is nobody's returns everything."""
    assert change.subscription is not None
    chain = lock_paper(change.subscription)
    demand = DealChange.objects.select_for_update(no_key=True).get(pk=change.pk)
    assert isinstance(chain.paper, Subscription)
    why = why_not_forfeit(demand) or rules.why_not_go("subscription", chain.paper.state, "terminating")
    if why:
        raise DomainError.of(why)
    if data.cause == "buyer" and demand.deadline and ctx.business_date <= demand.deadline:
        raise DomainError("demand_running", deadline=demand.deadline.isoformat())
    settlement = settlement_of(ctx, chain.deal, chain.paper.total, _terms(data.cause, demand.reason, data.amount))
    demand.state = DealChange.State.WITHDRAWN  # the request takes its place
    demand.save(update_fields=["state", "updated_at"])
    return open_change(
        ctx, chain, DealChange.Kind.FORFEIT, demand.reason, waits_in="terminating", cause=data.cause,
        amount=settlement.forfeited, deadline=demand.deadline,
    )  # fmt: skip


def _terms(cause: str, reason: str, amount: Decimal | None) -> TerminateInput:
    fault = _FAULT[cause]
    facts: dict[str, Any] = {"reason": reason, "fault": fault, "penalty": None}
    return TerminateInput.model_construct(**facts, forfeit=amount if fault == "buyer" else amount or None)


@carries_out(DealChange.Kind.FORFEIT)
def carry_out_forfeiture(ctx: Context, change: DealChange, chain: Chain) -> None:
    """FORFEITED, or REFUNDED when nothing is kept; the rest is requested back, the unit waits for its price."""
    assert isinstance(chain.paper, Subscription)
    terms = _terms(change.cause, change.reason, change.amount if change.cause == "buyer" else None)
    end_subscription(ctx, chain.unit, chain.deal, chain.paper, terms)


# --- return --------------------------------------------------------------------------------------


def why_not_return_deposit(subscription: Subscription) -> Refusal | None:
    if subscription.state == Subscription.State.FORFEITED:
        return None
    return Refusal("state_refused", {"state": subscription.state})


@command(
    Subscription, verb="return-forfeit", label=_("Return kept deposit"), icon="cash-banknote-off", lock=False,
    refuses=why_not_return_deposit, show=lambda s: s.state == "forfeited",
)  # fmt: skip
def request_return(ctx: Context, subscription: Subscription, data: ReturnForfeitInput) -> DealChange:
    """Ask to give a kept deposit back, all or part. The deal isn't revived."""
    chain = lock_paper(subscription)
    assert isinstance(chain.paper, Subscription)
    if why := why_not_return_deposit(chain.paper):
        raise DomainError.of(why)
    _check_kept(ctx, chain.paper, data.amount)
    return open_change(ctx, chain, DealChange.Kind.RETURN_FORFEIT, data.reason, waits_in="", amount=data.amount)


def _check_kept(ctx: Context, subscription: Subscription, amount: Decimal) -> Decimal:
    """Refuses more than is kept. Answers what stays."""
    returned = DealChange.objects.filter(
        project=ctx.here, subscription=subscription, kind=DealChange.Kind.RETURN_FORFEIT,
        state=DealChange.State.EXECUTED,
    ).aggregate(sum=Sum("amount"))["sum"] or ZERO  # fmt: skip
    if why := rules.why_not_return_forfeited(subscription.forfeited, returned, amount):
        raise DomainError(why.code, status=422, fields={"amount": why.code}, **why.params)
    left: Decimal = subscription.forfeited - returned - amount
    return left


@carries_out(DealChange.Kind.RETURN_FORFEIT)
def carry_out_return(ctx: Context, change: DealChange, chain: Chain) -> None:
    """Out of income again and requested back to the payer; REFUNDED once nothing is kept."""
    subscription, deal = chain.paper, chain.deal
    assert isinstance(subscription, Subscription) and change.amount is not None
    left = _check_kept(ctx, subscription, change.amount)
    line = Receivable.objects.select_for_update(no_key=True).get(
        project=ctx.here, deal=deal, item="forfeiture", voided=False
    )
    release_from(ctx, line, change.amount)
    mine = Receivable.objects.filter(pk=line.pk)
    if left > 0:
        mine.update(amount=F("allocated"))
    else:
        mine.update(voided=True)
        subscription.state = Subscription.State.REFUNDED
        subscription.save(update_fields=["state", "updated_at"])
    return_amount(ctx, deal, change.amount, "cash", change.reason)


# --- the letter ----------------------------------------------------------------------------------


@command(
    DealChange, verb="print", label=_("Print"), icon="printer", shape="", lock=False,
    refuses=lambda c: None if c.deadline else Refusal("state_refused", {"state": c.state}),
)  # fmt: skip
def print_demand(ctx: Context, change: DealChange) -> DealChange:
    """Count a print of the demand letter; papers.demand_paper shows the count."""
    assert change.subscription is not None
    lock_chain(change.subscription)
    DealChange.objects.filter(pk=change.pk).update(prints=F("prints") + 1)
    change.refresh_from_db()
    ctx.event("paper.printed", change, customer_id=change.customer_id, number=change.number, prints=change.prints)
    return change
