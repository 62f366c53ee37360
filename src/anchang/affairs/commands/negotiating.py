"""Opportunities and closing talks (D13–D15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.affairs import rules
from anchang.affairs.models import Negotiation, Opportunity
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, constraint_errors, creates, edits, settles
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Quantity, Reason, Ref

constraint_errors({
    "negotiation_one_open": "negotiation_open", "terms_carried": "terms_differ",
    "negotiation_deposit": ("deposit_above_total", 422),
})  # fmt: skip


class OpportunityInput(Input):
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    unit: Annotated[Ref("units") | None, Label(_("Expected unit"))] = None
    layout: Annotated[Ref("layouts") | None, Label(_("Expected layout"))] = None
    amount: Annotated[Amount | None, Label(_("Expected amount"), kind="money")] = None
    expected_on: Annotated[Day | None, Label(_("Expected on"))] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class OpportunityEdit(Input):
    unit: Annotated[Ref("units") | None, Label(_("Expected unit"))] = None
    layout: Annotated[Ref("layouts") | None, Label(_("Expected layout"))] = None
    amount: Annotated[Amount | None, Label(_("Expected amount"), kind="money")] = None
    expected_on: Annotated[Day | None, Label(_("Expected on"))] = None
    note: Annotated[Line, Label(_("Note"))] = ""


class TermsInput(Input):
    """What is offered. `unit`: the expected one when not given."""

    unit: Annotated[Ref("units") | None, Label(_("Unit"))] = None
    asked_total: Annotated[Amount | None, Label(_("The customer's bid"), kind="money")] = None
    total: Annotated[Amount, Label(_("Offered total"), kind="money")]
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    deposit: Annotated[Quantity, Label(_("Deposit"), kind="money")]
    handover_on: Annotated[Day | None, Label(_("Handover by"))] = None
    terms: Annotated[Line, Label(_("Further terms"))] = ""


class TermsEdit(Input):
    asked_total: Annotated[Amount | None, Label(_("The customer's bid"), kind="money")] = None
    total: Annotated[Amount | None, Label(_("Offered total"), kind="money")] = None
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    deposit: Annotated[Quantity | None, Label(_("Deposit"), kind="money")] = None
    handover_on: Annotated[Day | None, Label(_("Handover by"))] = None
    terms: Annotated[Line, Label(_("Further terms"))] = ""


class ReachInput(Input):
    approver: Annotated[Ref("users"), Label(_("Approver reached"))]
    opinion: Annotated[Line, Label(_("Approver's opinion"))] = ""


class ReasonInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


# --- opportunities --------------------------------------------------------------------------------


def _stage(*, to: str) -> dict[str, Any]:
    def why(one: Opportunity) -> Refusal | None:
        return rules.why_not_move(one.stage, to)

    return {"refuses": why, "show": lambda one: why(one) is None}


def _is_running(one: Opportunity) -> Refusal | None:
    return Refusal("state_refused", {"state": one.stage}) if one.stage in ("won", "lost") else None


@creates(Opportunity, label=_("New opportunity"))
def add_opportunities(ctx: Context, rows: Sequence[OpportunityInput]) -> list[Opportunity]:
    made = []
    for row in rows:
        customer: Any = row.customer
        one = Opportunity(
            project=ctx.here, customer=customer, unit=row.unit, layout=row.layout, amount=row.amount,
            expected_on=row.expected_on, note=row.note, created_by_id=ctx.user_id,
        )  # fmt: skip
        one.save()
        ctx.event("opportunity.opened", one, customer_id=customer.pk, amount=str(row.amount or ""), note=row.note)
        made.append(one)
    return made


@edits(Opportunity, label=_("Edit"), refuses=_is_running)
def edit_opportunity(ctx: Context, one: Opportunity, data: OpportunityEdit) -> Opportunity:
    for name in data.model_fields_set:
        setattr(one, name, getattr(data, name))
    one.save(update_fields=[*data.model_fields_set, "updated_at"])
    one.refresh_from_db()
    return one


def move(ctx: Context, one: Opportunity, stage: str, *, sale_ended: bool = False, **facts: Any) -> Opportunity:
    """The next stage, with its event."""
    if why := rules.why_not_move(one.stage, stage, sale_ended=sale_ended):
        raise DomainError.of(why)
    one.stage = stage
    one.closed_on = ctx.business_date if stage in ("won", "lost") else None
    one.save(update_fields=["stage", "closed_on", "lost_reason", "subscription", "updated_at"])
    one.refresh_from_db()
    ctx.event(f"opportunity.{stage}", one, customer_id=one.customer_id, **facts)
    return one


@command(Opportunity, verb="negotiate", label=_("Begin closing talks"), icon="messages", shape="primary",
         **_stage(to="negotiating"))  # fmt: skip
def negotiate(ctx: Context, one: Opportunity, data: TermsInput) -> Negotiation:
    """Offer terms for a unit; open for the days of the parameter. Raises unit_needed, negotiation_open."""
    unit = data.unit or one.unit
    if unit is None:
        raise DomainError("unit_needed", status=422, fields={"unit": "required"})
    made = Negotiation(
        project=ctx.here, opportunity=one, unit=unit, asked_total=data.asked_total, total=data.total,
        payment_plan=data.payment_plan, deposit=data.deposit, handover_on=data.handover_on, terms=data.terms,
        closes_at=ctx.now + dt.timedelta(days=int(ctx.param("affairs.negotiation_days"))), created_by_id=ctx.user_id,
    )  # fmt: skip
    made.save()
    move(ctx, one, Opportunity.Stage.NEGOTIATING, unit=unit.label, total=str(data.total))
    made.refresh_from_db()
    return made


@command(Opportunity, verb="agree", label=_("Terms agreed"), icon="heart-handshake", shape="primary",
         **_stage(to="agreed"))  # fmt: skip
def agree_opportunity(ctx: Context, one: Opportunity) -> Negotiation:
    """The open talks end in agreement. Raises not_negotiating."""
    talks = Negotiation.objects.select_for_update(no_key=True).filter(project=ctx.here, opportunity=one, state="open")
    found = talks.first()
    if found is None:
        raise DomainError("not_negotiating")
    lapse_if_over(ctx, found)
    return agree(ctx, found)


@command(Opportunity, verb="lose", label=_("Lost"), icon="mood-sad", shape="danger", **_stage(to="lost"))
def lose_opportunity(ctx: Context, one: Opportunity, data: ReasonInput) -> Opportunity:
    """Open talks end with it."""
    for talks in Negotiation.objects.filter(project=ctx.here, opportunity=one, state="open"):
        close(ctx, talks, Negotiation.State.REFUSED, reason=data.reason)
    one.lost_reason = data.reason
    return move(ctx, one, Opportunity.Stage.LOST, reason=data.reason)


@command(Opportunity, verb="reopen", label=pgettext_lazy("opportunity", "Reopen"), icon="refresh",
         refuses=lambda one: None if one.stage == "lost" else Refusal("state_refused", {"state": one.stage}),
         show=lambda one: one.stage == "lost")  # fmt: skip
def reopen_opportunity(ctx: Context, one: Opportunity) -> Opportunity:
    one.lost_reason = ""
    return move(ctx, one, Opportunity.Stage.INTERESTED)


# --- talks ----------------------------------------------------------------------------------------


def _is_open(talks: Negotiation) -> Refusal | None:
    return None if talks.state == "open" else Refusal("state_refused", {"state": talks.state})


_OPEN: dict[str, Any] = {"refuses": _is_open, "show": lambda talks: talks.state == "open"}


@settles(Negotiation)
def lapse_if_over(ctx: Context, talks: Negotiation) -> None:
    """Talks whose time is over are closed, whoever looks first."""
    if talks.state == Negotiation.State.OPEN and talks.closes_at <= ctx.now:
        close(ctx, talks, Negotiation.State.LAPSED)
        _back(ctx, talks)


def _back(ctx: Context, talks: Negotiation) -> None:
    if talks.opportunity.stage == Opportunity.Stage.NEGOTIATING:
        move(ctx, talks.opportunity, Opportunity.Stage.INTERESTED)


def close(ctx: Context, talks: Negotiation, state: str, *, reason: str = "") -> Negotiation:
    talks.state, talks.closed_at, talks.reason = state, ctx.now, reason
    talks.save(update_fields=["state", "closed_at", "reason", "binds_until", "updated_at"])
    ctx.event(
        f"negotiation.{state}", talks, customer_id=talks.opportunity.customer_id, unit=talks.unit.label,
        total=str(talks.total), note=reason,
    )  # fmt: skip
    return talks


@edits(Negotiation, label=_("Change the offer"), refuses=_is_open)
def edit_negotiation(ctx: Context, talks: Negotiation, data: TermsEdit) -> Negotiation:
    sent = [name for name in data.model_fields_set if getattr(data, name) is not None]
    for name in sent:
        setattr(talks, name, getattr(data, name))
    talks.save(update_fields=[*sent, "updated_at"])
    talks.refresh_from_db()
    ctx.event(
        "negotiation.offered", talks, customer_id=talks.opportunity.customer_id, unit=talks.unit.label,
        total=str(talks.total), note=talks.terms,
    )  # fmt: skip
    return talks


@command(Negotiation, verb="reach", label=_("Approver reached"), icon="user-up", **_OPEN)
def reach_approver(ctx: Context, talks: Negotiation, data: ReachInput) -> Negotiation:
    """Who was asked above the consultant, and what he said. Raises own_request."""
    if data.approver.pk == ctx.user_id and data.approver.pk == talks.created_by_id:
        raise DomainError("own_request", status=403)
    talks.approver, talks.opinion = data.approver, data.opinion
    talks.save(update_fields=["approver", "opinion", "updated_at"])
    talks.refresh_from_db()
    ctx.event(
        "negotiation.reached", talks, customer_id=talks.opportunity.customer_id, approver=data.approver.name,
        note=data.opinion,
    )  # fmt: skip
    return talks


@command(Negotiation, verb="agree", label=pgettext_lazy("negotiation", "Agreed"), icon="heart-handshake",
         shape="primary", name="agree_negotiation", **_OPEN)  # fmt: skip
def agree(ctx: Context, talks: Negotiation) -> Negotiation:
    """The terms stand as they are and go into the subscription."""
    if why := _is_open(talks):
        raise DomainError.of(why)
    talks.binds_until = ctx.business_date + dt.timedelta(days=int(ctx.param("affairs.agreed_days")))
    close(ctx, talks, Negotiation.State.AGREED)
    move(ctx, talks.opportunity, Opportunity.Stage.AGREED, unit=talks.unit.label, total=str(talks.total))
    talks.refresh_from_db()
    return talks


@command(Negotiation, verb="refuse", label=_("No agreement"), icon="x", shape="danger", name="refuse_negotiation",
         **_OPEN)  # fmt: skip
def refuse(ctx: Context, talks: Negotiation, data: ReasonInput) -> Negotiation:
    close(ctx, talks, Negotiation.State.REFUSED, reason=data.reason)
    _back(ctx, talks)
    talks.refresh_from_db()
    return talks
