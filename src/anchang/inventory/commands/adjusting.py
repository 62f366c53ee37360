"""Adjustments that wait for somebody else's approval (调价单), and the slow-moving units they may come from."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory import rules
from anchang.inventory.commands.prices import AdjustInput, PriceShift, adjust_prices
from anchang.inventory.commands.schemes import OpinionInput, RefusalInput, check_other_person
from anchang.inventory.models import PriceAdjustment, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, creates
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref


class NamedUnits(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    units: Annotated[list[Ref("units")], Label(_("Units")), PydanticField(min_length=1, max_length=5000)]


class AdjustmentInput(PriceShift, NamedUnits):
    pass


def why_not_decide(adjustment: PriceAdjustment) -> Refusal | None:
    if adjustment.state == PriceAdjustment.State.SUBMITTED:
        return None
    return Refusal("state_refused", {"state": adjustment.state})


def _open(adjustment: PriceAdjustment) -> bool:
    return adjustment.state == PriceAdjustment.State.SUBMITTED


@creates(PriceAdjustment, label=_("New price adjustment"))
def add_price_adjustments(ctx: Context, rows: list[AdjustmentInput]) -> list[PriceAdjustment]:
    """Ask for a change of marked prices. Nothing changes before somebody else approves it."""
    made = []
    for row in rows:
        row.check()
        units = {unit.pk: unit for unit in row.units}  # one that is named twice moves once
        old = [_old(unit, row.target) for unit in units.values()]
        new = [rules.adjusted_price(each, amount=row.amount, percent=row.percent) for each in old]
        made.append(
            PriceAdjustment(
                project=ctx.here, created_by_id=ctx.user_id, submitted_by_id=ctx.user_id, reason=row.reason,
                target=row.target, amount=row.amount, percent=row.percent, before=sum(old), after=sum(new),
                unit_ids=sorted(units),
            )
        )  # fmt: skip
    PriceAdjustment.objects.bulk_create(made)
    for adjustment in made:
        ctx.event("record.created", adjustment)
    return made


def _old(unit: Unit, target: str) -> Decimal:
    total = unit.list_total if target == "list" else unit.floor_total
    if total is None:
        raise DomainError("no_list_price", unit=unit.label)
    return total


@command(
    PriceAdjustment, verb="approve", label=_("Approve"), shape="primary", icon="check", refuses=why_not_decide,
    show=_open,
)  # fmt: skip
def approve_adjustment(ctx: Context, adjustment: PriceAdjustment, data: OpinionInput) -> PriceAdjustment:
    """Change the prices, with their history. Raises what `adjust_prices` raises: units sold meanwhile, a rise above
    the filed price."""
    check_other_person(ctx, adjustment.submitted_by_id)
    units = list(Unit.objects.filter(project=ctx.here, pk__in=adjustment.unit_ids))
    values: dict[str, Any] = {
        "units": units, "target": adjustment.target, "amount": adjustment.amount, "percent": adjustment.percent,
        "reason": adjustment.reason,
    }  # fmt: skip
    adjust_prices(ctx, AdjustInput.model_construct(**values))
    return _decided(ctx, adjustment, PriceAdjustment.State.APPROVED, data.opinion)


@command(
    PriceAdjustment, verb="refuse", label=_("Refuse"), shape="danger", icon="x", refuses=why_not_decide, show=_open
)
def refuse_adjustment(ctx: Context, adjustment: PriceAdjustment, data: RefusalInput) -> PriceAdjustment:
    check_other_person(ctx, adjustment.submitted_by_id)
    return _decided(ctx, adjustment, PriceAdjustment.State.REFUSED, data.opinion)


def _decided(ctx: Context, adjustment: PriceAdjustment, state: str, opinion: str) -> PriceAdjustment:
    adjustment.state, adjustment.opinion = state, opinion
    adjustment.decided_by_id, adjustment.decided_at = ctx.user_id, ctx.now
    adjustment.save(update_fields=["state", "opinion", "decided_by", "decided_at", "updated_at"])
    ctx.event("price_adjustment.state", adjustment, reason=adjustment.reason, new=state)
    ctx.notify([adjustment.submitted_by_id], "price_adjustment_decided", adjustment, reason=adjustment.reason)
    return adjustment


def slow_movers(ctx: Context) -> list[dict[str, Any]]:
    """Units on sale for long, longest first, with the cut that the parameter suggests for so many days (P15)."""
    steps = sorted(ctx.param("inventory.slow_moving"), key=lambda step: -int(step["days"]))
    found = []
    rows = Unit.objects.filter(
        project=ctx.here, state=rules.AVAILABLE, available_since__isnull=False, list_total__isnull=False
    )
    for unit in rows.order_by("available_since", "sort_key"):
        days = (ctx.business_date - (unit.available_since or ctx.business_date)).days
        step = next((step for step in steps if days >= int(step["days"])), None)
        if step is not None:
            percent = Decimal(str(step["percent"]))
            found.append({
                "unit": unit, "days": days, "percent": percent, "old": unit.list_total,
                "new": rules.adjusted_price(unit.list_total, percent=percent),
            })  # fmt: skip
    return found
