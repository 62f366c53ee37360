"""Making, approving and changing sales plans (D16, D17)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.insight.models import PlanTarget, SalesPlan
from anchang.insight.rules import spread
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import bulk
from anchang.platform.commands import command, constraint_errors, creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Ref

Year = Annotated[int, Field(ge=2000, le=2199), Label(_("Year"))]
Month = Annotated[int, Field(ge=1, le=12), Label(_("Month"))]
Count = Annotated[int, Field(ge=0, le=1_000_000), Label(_("Units"))]
Area = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2), Label(_("Area (㎡)"), kind="area")]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2), Label(_("Amount"), kind="money")]
Collected = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2), Label(_("Collection"), kind="money")]
ProductType = Annotated[str, Field(max_length=20), Label(_("Product type"))]
Person = Annotated[Ref("users") | None, Label(_("Consultant"))]

constraint_errors({
    "sales_plan_one_draft": "plan_has_draft",
    "sales_plan_one_in_force": "plan_in_force",
    "plan_target_once": "plan_target_there",
    "plan_target_frozen": "plan_approved",
})  # fmt: skip


class PlanInput(Input):
    project: Annotated[str | int | None, Label(_("Project"))] = None
    year: Year
    note: Annotated[Line, Label(_("Note"))] = ""


class PlanEdit(Input):
    note: Annotated[Line, Label(_("Note"))] = ""


class TargetEdit(Input):
    units: Count = 0
    area: Area = Decimal(0)
    amount: Yuan = Decimal(0)
    collection: Collected = Decimal(0)


class SpreadInput(TargetEdit):
    """A year's figures."""

    product_type: ProductType = ""
    user: Person = None


class TargetInput(SpreadInput):
    plan: Annotated[Ref("sales-plans"), Label(_("Sales plan"))]
    month: Month


def why_not_change(plan: SalesPlan) -> Refusal | None:
    return None if plan.state == SalesPlan.State.DRAFT else Refusal("plan_approved")


@creates(SalesPlan, label=_("New sales plan"))
def add_sales_plans(ctx: Context, rows: Sequence[PlanInput]) -> list[SalesPlan]:
    """The first version of a year, as a draft. A year that has a plan is changed by `revise`."""
    made = []
    for row in rows:
        if SalesPlan.objects.filter(project=ctx.here, year=row.year).exists():
            raise DomainError("plan_there", status=409, fields={"year": "plan_there"}, year=row.year)
        plan = SalesPlan(project=ctx.here, year=row.year, note=row.note, created_by_id=ctx.user_id)
        plan.save()
        ctx.event("plan.made", plan, year=row.year, edition=1)
        made.append(plan)
    return made


@edits(SalesPlan, label=_("Edit"), refuses=why_not_change)
def edit_sales_plan(ctx: Context, plan: SalesPlan, data: PlanEdit) -> SalesPlan:
    plan.note = data.note
    plan.save(update_fields=["note", "updated_at"])
    plan.refresh_from_db()
    return plan


@creates(PlanTarget, label=_("New target"))
def add_plan_targets(ctx: Context, rows: Sequence[TargetInput]) -> list[PlanTarget]:
    made = []
    for row in rows:
        plan: Any = row.plan
        if why := why_not_change(plan):
            raise DomainError.of(why)
        made.append(PlanTarget(
            project=ctx.here, plan=plan, month=row.month, product_type=row.product_type, user=row.user,
            units=row.units, area=row.area, amount=row.amount, collection=row.collection, created_by_id=ctx.user_id,
        ))  # fmt: skip
    bulk.create(made)
    return made


@edits(PlanTarget, label=_("Edit"), refuses=lambda target: why_not_change(target.plan))
def edit_plan_target(ctx: Context, target: PlanTarget, data: TargetEdit) -> PlanTarget:
    for name in data.model_fields_set:
        setattr(target, name, getattr(data, name))
    target.save(update_fields=[*data.model_fields_set, "updated_at"])
    target.refresh_from_db()
    return target


@command(
    PlanTarget, verb="remove", label=_("Remove"), icon="trash", shape="danger",
    refuses=lambda target: why_not_change(target.plan),
)  # fmt: skip
def remove_plan_target(ctx: Context, target: PlanTarget) -> dict[str, Any]:
    target.delete()
    return {}


@command(
    SalesPlan, verb="spread", label=_("Spread over the year"), icon="calendar-stats", refuses=why_not_change,
    show=lambda plan: why_not_change(plan) is None,
)  # fmt: skip
def spread_plan(ctx: Context, plan: SalesPlan, data: SpreadInput) -> SalesPlan:
    """Twelve equal months of a year's figures, the remainder in the last; months that are there are replaced."""
    PlanTarget.objects.filter(
        project=ctx.here,
        plan=plan,
        product_type=data.product_type,
        user=data.user,  # type: ignore[misc]
    ).delete()
    units = spread(Decimal(data.units), 12, Decimal(1))
    area, amount, collection = (spread(v, 12) for v in (data.area, data.amount, data.collection))
    PlanTarget.objects.bulk_create([
        PlanTarget(
            project=ctx.here, plan=plan, month=month + 1, product_type=data.product_type, user=data.user,
            units=int(units[month]), area=area[month], amount=amount[month], collection=collection[month],
            created_by_id=ctx.user_id,
        )
        for month in range(12)
    ])  # fmt: skip
    return plan


def why_not_approve(plan: SalesPlan) -> Refusal | None:
    return why_not_change(plan) or (None if plan.targets.exists() else Refusal("plan_empty"))


@command(
    SalesPlan, verb="approve", label=_("Approve"), icon="check", shape="primary", refuses=why_not_approve,
    show=lambda plan: why_not_change(plan) is None,
)  # fmt: skip
def approve_plan(ctx: Context, plan: SalesPlan) -> SalesPlan:
    """From now on it counts, and nothing in it changes; the version before is kept as replaced."""
    SalesPlan.objects.filter(project=ctx.here, year=plan.year, state=SalesPlan.State.APPROVED).update(
        state=SalesPlan.State.REPLACED, updated_at=ctx.now
    )
    plan.state, plan.approved_on, plan.approved_by_id = SalesPlan.State.APPROVED, ctx.business_date, ctx.user_id
    plan.save(update_fields=["state", "approved_on", "approved_by", "updated_at"])
    plan.refresh_from_db()
    ctx.event("plan.approved", plan, year=plan.year, edition=plan.edition)
    return plan


def why_not_revise(plan: SalesPlan) -> Refusal | None:
    return None if plan.state == SalesPlan.State.APPROVED else Refusal("plan_not_in_force")


@command(
    SalesPlan, verb="revise", label=_("Change the plan"), icon="edit", refuses=why_not_revise,
    show=lambda plan: why_not_revise(plan) is None,
)  # fmt: skip
def revise_plan(ctx: Context, plan: SalesPlan) -> SalesPlan:
    """The next version, a draft with the same targets. This one stays in force until that is approved."""
    last = SalesPlan.objects.filter(project=ctx.here, year=plan.year).aggregate(n=Max("edition"))["n"]
    made = SalesPlan(project=ctx.here, year=plan.year, edition=last + 1, created_by_id=ctx.user_id)
    made.save()
    PlanTarget.objects.bulk_create([
        PlanTarget(
            project=ctx.here, plan=made, month=t.month, product_type=t.product_type, user_id=t.user_id, units=t.units,
            area=t.area, amount=t.amount, collection=t.collection, created_by_id=ctx.user_id,
        )
        for t in plan.targets.all()
    ])  # fmt: skip
    ctx.event("plan.made", made, year=made.year, edition=made.edition)
    return made
