"""The settlement of area differences (面积补差): computed by the contract's terms, approved, posted."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance import rules
from anchang.finance.commands.charging import IN_FORCE
from anchang.finance.commands.receivables import NewLine, add_receivables
from anchang.finance.commands.refunds import request_compensation
from anchang.finance.models import AreaSettlement
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import unit_price
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason

HUNDRED = Decimal(100)


def _settles(contract: Contract) -> Refusal | None:
    if contract.state not in IN_FORCE:
        return Refusal("state_refused", {"state": contract.state})
    if contract.area_scheme == Contract.AreaScheme.UNIT:
        return Refusal("area_no_settlement")
    return None


@command(
    Contract, verb="settle-area", label=_("Compute the area difference"), icon="ruler-measure", refuses=_settles,
    show=lambda contract: contract.state in IN_FORCE and contract.area_scheme != Contract.AreaScheme.UNIT,
)  # fmt: skip
def compute_area_settlement(ctx: Context, contract: Contract) -> AreaSettlement:
    """Compare the areas of the contract with the measured and approved ones. Nothing is owed by it yet."""
    unit = contract.unit
    if unit.measured_state != "approved" or unit.measured_gross_area is None:
        raise DomainError("area_not_measured")
    inner = None if unit.measured_inner_area is None else (contract.inner_area, unit.measured_inner_area)
    if contract.area_scheme == Contract.AreaScheme.INNER and inner is None:
        raise DomainError("area_not_measured")
    gross = (contract.gross_area, unit.measured_gross_area)
    was, now = inner if contract.area_scheme == Contract.AreaScheme.INNER and inner else gross
    price = contract.unit_price or unit_price(contract.total, was)
    if price is None:
        raise DomainError("area_no_settlement")
    terms = rules.AreaTerms(contract.area_scheme, str(ctx.param("finance.area_rule")), contract.area_threshold)
    found = rules.settle_area(terms, price, gross=gross, inner=inner)
    made = AreaSettlement(
        project=ctx.here, deal_id=contract.deal_id, contract=contract, basis=contract.area_scheme, contract_area=was,
        measured_area=now, unit_price=price, ratio=(found.ratio * HUNDRED).quantize(Decimal("0.0001")),
        amount=found.amount, may_terminate=found.may_terminate, created_by_id=ctx.user_id,
        parts=[
            {"area": str(part.square_metres), "factor": part.factor, "amount": str(part.amount)}
            for part in found.parts
        ],
    )  # fmt: skip
    made.save(force_insert=True)
    _event(ctx, "area.computed", made)
    return made


def _event(ctx: Context, name: str, one: AreaSettlement, **more: str) -> None:
    ctx.event(name, one, customer_id=one.contract.customer_id, amount=str(one.amount), **more)


def _in(*states: str) -> object:
    def refuses(one: AreaSettlement) -> Refusal | None:
        return None if one.state in states else Refusal("state_refused", {"state": one.state})

    return refuses


def _shown(*states: str) -> object:
    return lambda one: one.state in states


@command(
    AreaSettlement, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=_in("computed"),
    show=_shown("computed"),
)  # fmt: skip
def approve_area_settlement(ctx: Context, one: AreaSettlement) -> AreaSettlement:
    one.state, one.approved_by_id, one.approved_on = AreaSettlement.State.APPROVED, ctx.user_id, ctx.business_date
    one.save(update_fields=["state", "approved_by", "approved_on", "updated_at"])
    _event(ctx, "area.approved", one)
    return one


class RejectAreaInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@command(
    AreaSettlement, verb="reject", label=_("Reject"), icon="x", shape="danger", refuses=_in("computed", "approved"),
    show=_shown("computed", "approved"),
)  # fmt: skip
def reject_area_settlement(ctx: Context, one: AreaSettlement, data: RejectAreaInput) -> AreaSettlement:
    """It was computed from wrong areas: after a correction it is computed anew."""
    one.state, one.reject_reason = AreaSettlement.State.REJECTED, data.reason
    one.save(update_fields=["state", "reject_reason", "updated_at"])
    _event(ctx, "area.rejected", one, reason=data.reason)
    return one


@command(
    AreaSettlement, verb="post", label=_("Post"), icon="file-check", shape="primary", refuses=_in("approved"),
    show=_shown("approved"),
)  # fmt: skip
def post_area_settlement(ctx: Context, one: AreaSettlement) -> AreaSettlement:
    """The buyer owes it (a receivable outside the contract's total), or the seller does (a refund to be paid)."""
    deal = Deal.objects.select_for_update(no_key=True).get(pk=one.deal_id)
    if one.amount > 0:
        line = NewLine("area_difference", "cash", one.amount, ctx.business_date)
        one.receivable = add_receivables(ctx, deal, one.contract, [line])[0]
    elif one.amount < 0:
        reason = str(_("Area difference of contract %(number)s") % {"number": one.contract.number})
        one.refund = request_compensation(ctx, deal, -one.amount, reason, None, one.contract)
    one.state, one.posted_on = AreaSettlement.State.POSTED, ctx.business_date
    one.save(update_fields=["state", "posted_on", "receivable", "refund", "updated_at"])
    _event(ctx, "area.posted", one)
    return one
