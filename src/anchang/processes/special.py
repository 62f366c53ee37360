"""Special discounts (特殊折扣): asked for one unit and customer, decided by the chain that depth and floor price
demand, used once by the deal they were made for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.crm.models import Customer
from anchang.deals.commands.claims import check_own_customer, household_of
from anchang.deals.models import DiscountDecision, DiscountRequest, Quotation, UnitClaim
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import price_unit
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Reason, Ref
from anchang.platform.models import TeamMember
from anchang.processes.entitlements import special_rule
from anchang.processes.people import with_roles
from anchang.processes.terms import approval_policy

State = DiscountRequest.State
Figure = Annotated[Decimal, PydanticField(gt=0, max_digits=18, decimal_places=4)]
KINDS = dict(DiscountRequest.Kind.choices)


class AskInput(Input):
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    kind: Annotated[Literal["mult", "point", "fix", "total"], Label(_("Kind"), kind="choice", choices=KINDS)]
    value: Annotated[Figure, Label(_("Value"), kind="decimal")]
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []
    reason: Annotated[Reason, Label(_("Reason"), kind="longtext")]


class DecideInput(Input):
    opinion: Annotated[Line, Label(_("Opinion"))] = ""


class RefuseInput(Input):
    opinion: Annotated[Reason, Label(_("Reason"))]


def why_not_ask(unit: Unit) -> Refusal | None:
    """The unit is on sale or held; who holds it is looked at in the body."""
    if unit.state in (stock_rules.AVAILABLE, stock_rules.HELD):
        return None
    return Refusal("unit_not_available", {"unit": unit.label, "state": unit.state})


@command(
    Unit, verb="ask-discount", label=_("Ask for a special discount"), icon="discount-check", refuses=why_not_ask,
    show=lambda unit: unit.state in (stock_rules.AVAILABLE, stock_rules.HELD), lock=False,
)  # fmt: skip
def ask_discount(ctx: Context, unit: Unit, data: AskInput) -> DiscountRequest:
    """Ask for a price below the scheme's. The unit stays on sale for everybody meanwhile, unless it is held.

    Within the consultant's own authority the request is approved at once.
    """
    check_own_customer(ctx, data.customer)
    check_free_for(ctx, unit, data.customer)
    label = _now("Special discount")
    priced = price_unit(
        ctx, unit, data.payment_plan, data.discounts, special_rule(data.kind, data.value, label)
    )
    need = stock_rules.approval_need(priced.price, unit.floor_total, approval_policy(ctx))
    consultant, team = promised_by(ctx, data.customer)
    request = DiscountRequest(
        project=ctx.here, created_by_id=ctx.user_id, unit=unit, customer=data.customer, consultant_id=consultant,
        team_id=team, payment_plan=data.payment_plan, discounts=[d.code for d in data.discounts], kind=data.kind,
        value=data.value, reason=data.reason, list_total=priced.price.list_total, floor_total=unit.floor_total,
        total=priced.total, depth=priced.price.depth * 100, special_depth=priced.price.special_depth * 100,
        snapshot=priced.snapshot | {"special_label": label}, need=need.reason, chain=list(need.approvers),
        approvers=list(need.approvers),
    )  # fmt: skip
    if need.approvers:
        request.approve_by = ctx.now + dt.timedelta(hours=int(ctx.param("deals.approval_hours")))
    else:
        _approved(ctx, request)
    request.save(force_insert=True)
    ctx.event(
        "discount.asked", request, customer_id=data.customer.pk, unit=unit.label, total=str(request.total),
        depth=priced.price.depth_text,
    )  # fmt: skip
    _call_approvers(ctx, request)
    request.refresh_from_db()
    return request


def promised_by(ctx: Context, customer: Customer) -> tuple[int | None, int | None]:
    """The customer's consultant and that one's team."""
    consultant = customer.owner_id or ctx.user_id
    team = TeamMember.objects.filter(project=ctx.here, user_id=consultant or 0)
    return consultant, team.values_list("team_id", flat=True).first()


def check_free_for(ctx: Context, unit: Unit, customer: Customer) -> None:
    """A unit that another household holds is promised to nobody else."""
    claim = UnitClaim.objects.filter(project=ctx.here, unit=unit).select_related("deal").first()
    if claim is not None and (claim.deal is None or claim.deal.customer_id not in household_of(customer)):
        raise DomainError("unit_taken", unit=unit.label, state=unit.state)


def _approved(ctx: Context, request: DiscountRequest) -> None:
    request.state, request.decided_at, request.approve_by = State.APPROVED, ctx.now, None
    request.expires_on = ctx.business_date + dt.timedelta(days=int(ctx.param("deals.special_valid_days")))


def _call_approvers(ctx: Context, request: DiscountRequest) -> None:
    if not request.approvers:
        return
    facts = {"unit": str(request.unit), "total": str(request.total), "depth": f"{request.depth:.4f}"}
    people = with_roles(ctx, request.approvers[:1])
    ctx.notify(people, "discount_approval", request, **facts)
    for user_id in people:
        ctx.task(
            user_id, "discount_approval", request, due_at=request.approve_by, period_key=request.approvers[0], **facts
        )


# --- deciding ------------------------------------------------------------------------------------


def why_not_decide(request: DiscountRequest) -> Refusal | None:
    return None if request.state == State.PENDING else Refusal("state_refused", {"state": request.state})


def _pending(request: DiscountRequest) -> bool:
    return request.state == State.PENDING


@command(
    DiscountRequest, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=why_not_decide,
    show=_pending,
)  # fmt: skip
def approve_discount(ctx: Context, request: DiscountRequest, data: DecideInput) -> DiscountRequest:
    """Agree as the next of the chain; after the last one the discount may be used until its day.

    Raises `not_an_approver` (403) for anyone but the role whose turn it is, `own_request` (403) for who asked.
    """
    role = _turn(ctx, request)
    _record(ctx, request, role, DiscountDecision.Decision.APPROVED, data.opinion)
    request.approvers = request.approvers[1:]
    if not request.approvers:
        _approved(ctx, request)
    request.save(
        update_fields=["approvers", "state", "decided_at", "approve_by", "expires_on", "updated_at"]
    )
    ctx.finish_tasks("discount-requests", [request.pk], "discount_approval")
    ctx.event("discount.approved", request, customer_id=request.customer_id, unit=str(request.unit), role=role)
    _call_approvers(ctx, request)
    if request.state == State.APPROVED:
        _tell(ctx, request)
    return request


@command(
    DiscountRequest, verb="refuse", label=_("Refuse"), icon="x", shape="danger", refuses=why_not_decide,
    show=_pending,
)  # fmt: skip
def refuse_discount(ctx: Context, request: DiscountRequest, data: RefuseInput) -> DiscountRequest:
    """Refuse as the next of the chain, with the reason."""
    role = _turn(ctx, request)
    _record(ctx, request, role, DiscountDecision.Decision.REFUSED, data.opinion)
    request.state, request.decided_at, request.approve_by = State.REFUSED, ctx.now, None
    request.save(update_fields=["state", "decided_at", "approve_by", "updated_at"])
    ctx.finish_tasks("discount-requests", [request.pk], "discount_approval")
    ctx.event(
        "discount.refused", request, customer_id=request.customer_id, unit=str(request.unit), reason=data.opinion
    )
    _tell(ctx, request)
    return request


def _turn(ctx: Context, request: DiscountRequest) -> str:
    """The role whose turn it is, held by the actor. Time may have ended the request meanwhile."""
    if request.approve_by is not None and request.approve_by <= ctx.now:
        raise DomainError("state_refused", state=State.EXPIRED)
    if ctx.user_id is not None and ctx.user_id in (request.created_by_id, request.consultant_id):
        raise DomainError("own_request", status=403)
    role = str(request.approvers[0])
    stands_in = ctx.actor.kind == "system" or ctx.access.scope("*", ctx.here.pk)
    if not stands_in and ctx.user_id not in with_roles(ctx, [role]):
        raise DomainError("not_an_approver", status=403)
    return role


def may_decide(ctx: Context, request: DiscountRequest) -> bool:
    """Whether the actor's turn is now: what the screen shows buttons by."""
    try:
        return why_not_decide(request) is None and bool(_turn(ctx, request))
    except DomainError:
        return False


def _record(ctx: Context, request: DiscountRequest, role: str, decision: str, opinion: str) -> None:
    DiscountDecision.objects.create(
        project=ctx.here, request=request, seq=len(request.chain) - len(request.approvers) + 1, role=role,
        decision=decision, opinion=opinion, user_id=ctx.user_id, at=ctx.now,
    )  # fmt: skip


def _tell(ctx: Context, request: DiscountRequest) -> None:
    people = [request.consultant_id, request.created_by_id]
    ctx.notify(people, "discount_decided", request, unit=str(request.unit), state=request.state)


def why_not_withdraw(request: DiscountRequest) -> Refusal | None:
    if request.state in (State.PENDING, State.APPROVED):
        return None
    return Refusal("state_refused", {"state": request.state})


@command(
    DiscountRequest, verb="withdraw", label=_("Withdraw"), icon="arrow-back-up", refuses=why_not_withdraw,
    show=lambda request: why_not_withdraw(request) is None,
)  # fmt: skip
def withdraw_discount(ctx: Context, request: DiscountRequest) -> DiscountRequest:
    request.state, request.approve_by = State.WITHDRAWN, None
    request.save(update_fields=["state", "approve_by", "updated_at"])
    ctx.finish_tasks("discount-requests", [request.pk], "discount_approval")
    ctx.event("discount.withdrawn", request, customer_id=request.customer_id, unit=str(request.unit))
    return request


def expire_offers(ctx: Context) -> int:
    """Requests that nobody decided in time, approvals and quotations whose last day is over."""
    today: dict[str, Any] = {"project": ctx.here}
    rows = DiscountRequest.objects.filter(**today)
    late = rows.filter(state=State.PENDING, approve_by__lte=ctx.now)
    undecided = list(late.values_list("pk", flat=True))
    ended = late.update(state=State.EXPIRED, approve_by=None, updated_at=ctx.now)
    ctx.finish_tasks("discount-requests", undecided, "discount_approval")
    ended += rows.filter(state=State.APPROVED, expires_on__lt=ctx.business_date).update(
        state=State.EXPIRED, updated_at=ctx.now
    )
    quotations = Quotation.objects.filter(**today, state=Quotation.State.OPEN, expires_on__lt=ctx.business_date)
    return ended + quotations.update(state=Quotation.State.EXPIRED, updated_at=ctx.now)
