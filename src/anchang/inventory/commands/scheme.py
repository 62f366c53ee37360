"""The sales scheme's words: discounts and payment plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field as PydanticField

from anchang.inventory.dictionaries import discounts_named, plans_named, product_types
from anchang.inventory.models import Discount, PaymentPlan
from anchang.kernel.errors import DomainError
from anchang.platform import conditions, resources
from anchang.platform.commands import creates, edits
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Between, ConditionOn, Day, Input, Label, Line, Quantity, Ref

Code = Annotated[str, PydanticField(min_length=1, max_length=30)]
Name50 = Annotated[str, PydanticField(min_length=1, max_length=50)]
Rate = Annotated[Decimal, PydanticField(ge=0, lt=1, max_digits=5, decimal_places=4)]
Figure = Annotated[Decimal, PydanticField(gt=0, max_digits=18, decimal_places=4)]
#: A condition that is asked of one unit at a time.
UNITS_ASKED = ConditionOn("units", single=True)
Codes = Annotated[list[Code], PydanticField(max_length=200)]


# --- discounts -----------------------------------------------------------------------------------


class DiscountInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    code: Annotated[Code, Label(_("Code"))]
    name: Annotated[Name50, Label(_("Name"))]
    kind: Annotated[Discount.Kind, Label(_("Kind"), kind="choice", choices=dict(Discount.Kind.choices))]
    value: Annotated[Figure, Label(_("Value"), kind="decimal")]
    most: Annotated[Amount | None, Label(_("Yuan off at most"))] = None
    max_uses: Annotated[int | None, Label(_("Uses at most")), Between(1, 1_000_000)] = None
    position: Annotated[int, Label(_("Order")), Between(-1000, 1000)] = 0
    category: Annotated[
        Discount.Category, Label(_("Class"), kind="choice", choices=dict(Discount.Category.choices))
    ] = Discount.Category.OTHER
    purpose: Annotated[
        Discount.Purpose, Label(_("Discount kind"), kind="choice", choices=dict(Discount.Purpose.choices))
    ] = Discount.Purpose.CASH
    special: Annotated[bool, Label(_("Needs approval"))] = False
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    payment_plans: Annotated[Codes, Label(_("Payment plans"), choices=plans_named)] = []
    product_types: Annotated[Codes, Label(_("Product types"), choices=product_types)] = []
    unit_condition: Annotated[dict[str, Any], Label(_("Units"), condition=UNITS_ASKED)] = {}
    excludes: Annotated[Codes, Label(_("Excludes"), choices=discounts_named)] = []
    active: Annotated[bool, Label(_("Active"))] = True
    note: Annotated[Line, Label(_("Note"))] = ""


class DiscountEdit(Input):
    name: Annotated[Name50 | None, Label(_("Name"))] = None
    value: Annotated[Figure | None, Label(_("Value"), kind="decimal")] = None
    most: Annotated[Amount | None, Label(_("Yuan off at most"))] = None
    max_uses: Annotated[int | None, Label(_("Uses at most")), Between(1, 1_000_000)] = None
    position: Annotated[int | None, Label(_("Order")), Between(-1000, 1000)] = None
    category: Annotated[
        Discount.Category | None, Label(_("Class"), kind="choice", choices=dict(Discount.Category.choices))
    ] = None
    purpose: Annotated[
        Discount.Purpose | None,
        Label(_("Discount kind"), kind="choice", choices=dict(Discount.Purpose.choices)),
    ] = None
    special: Annotated[bool | None, Label(_("Needs approval"))] = None
    valid_from: Annotated[Day | None, Label(_("Valid from"))] = None
    valid_to: Annotated[Day | None, Label(_("Valid to"))] = None
    payment_plans: Annotated[Codes | None, Label(_("Payment plans"), choices=plans_named)] = None
    product_types: Annotated[Codes | None, Label(_("Product types"), choices=product_types)] = None
    unit_condition: Annotated[dict[str, Any] | None, Label(_("Units"), condition=UNITS_ASKED)] = None
    excludes: Annotated[Codes | None, Label(_("Excludes"), choices=discounts_named)] = None
    active: Annotated[bool | None, Label(_("Active"))] = None
    note: Annotated[Line | None, Label(_("Note"))] = None


@creates(Discount, label=_("New discount"))
def add_discounts(ctx: Context, rows: list[DiscountInput]) -> list[Discount]:
    made = [
        Discount(project=ctx.here, created_by_id=ctx.user_id, **row.model_dump(exclude={"project"}))
        for row in rows
    ]
    for discount in made:
        check_discount(discount)
    Discount.objects.bulk_create(made)
    for discount in made:
        ctx.event("record.created", discount)
    return made


@edits(Discount, label=_("Edit"))
def edit_discount(ctx: Context, discount: Discount, data: DiscountEdit) -> Discount:
    """Deals keep the discount as it was in their snapshot."""
    _take(discount, data, nullable=("valid_from", "valid_to", "most", "max_uses"))
    check_discount(discount)
    discount.save(update_fields=[*data.model_fields_set, "updated_at"])
    ctx.event("record.edited", discount, fields=", ".join(sorted(data.model_fields_set)))
    return discount


def check_discount(discount: Discount) -> None:
    """Value within its kind's range, dates in order, the condition on units readable."""
    kind, value = discount.kind, discount.value
    if (kind == Discount.Kind.MULT and value > 1) or (kind == Discount.Kind.POINT and value >= 100):
        raise _bad("value", "discount_value_invalid", discount=discount.name)
    if discount.valid_from and discount.valid_to and discount.valid_to < discount.valid_from:
        raise _bad("valid_to", "ends_before_start")
    if discount.category == Discount.Category.PAYMENT and not discount.payment_plans:
        raise _bad("payment_plans", "required")
    if discount.unit_condition:
        check_unit_condition(discount.unit_condition)


def check_unit_condition(data: dict[str, Any]) -> None:
    """Only the unit's own and to-one fields: it is asked of one unit at a time. 422 otherwise."""
    units = resources.get("units")
    for test in _tests(conditions.parse(data)):
        f = units.by_name.get(test.path[0])
        if test.path[0] != "id" and (f is None or not f.filter or f.expr is not None or f.kind == "many"):
            raise _bad("unit_condition", "unknown_field")


def _tests(node: Any) -> list[conditions.Test]:
    if isinstance(node, conditions.Test):
        return [node]
    if isinstance(node, conditions.Negated):
        return _tests(node.part)
    return [test for part in node.parts for test in _tests(part)]


def _take(record: Any, data: Input, nullable: tuple[str, ...] = ()) -> None:
    for name in data.model_fields_set:
        value = getattr(data, name)
        if value is None and name not in nullable:
            raise _bad(name, "required")
        setattr(record, name, value)


def _bad(field: str, code: str, **params: Any) -> DomainError:
    return DomainError("bad_input", status=422, fields={field: code}, **params)


# --- payment plans -------------------------------------------------------------------------------


class PartInput(Input):
    """One cash line: the receivable's item, its weight among the cash lines, days after signing."""

    item: Annotated[str, Label(_("Item")), PydanticField(min_length=1, max_length=40)] = "instalment"
    weight: Annotated[Decimal, Label(_("Weight")), PydanticField(gt=0, max_digits=9, decimal_places=4)]
    days: Annotated[int, Label(_("Days after signing")), Between(0, 10_000)] = 0


Parts = Annotated[list[PartInput], PydanticField(min_length=1, max_length=120)]


class PlanInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    code: Annotated[Code, Label(_("Code"))]
    name: Annotated[Name50, Label(_("Name"))]
    kind: Annotated[PaymentPlan.Kind, Label(_("Kind"), kind="choice", choices=dict(PaymentPlan.Kind.choices))]
    parts: Annotated[Parts, Label(_("Cash lines"), kind="json")]
    loan_ratio: Annotated[Rate, Label(_("Loan ratio"), kind="decimal")] = Decimal(0)
    loan_step: Annotated[Quantity, Label(_("Loan rounded down to"), kind="money")] = Decimal(10_000)
    loan_days: Annotated[int, Label(_("Loan due, days after signing")), Between(0, 10_000)] = 0
    min_down_ratio: Annotated[Rate, Label(_("Smallest down payment"), kind="decimal")] = Decimal(0)
    position: Annotated[int, Label(_("Position")), Between(0, 10_000)] = 0
    active: Annotated[bool, Label(_("Active"))] = True


class PlanEdit(Input):
    name: Annotated[Name50 | None, Label(_("Name"))] = None
    parts: Annotated[Parts | None, Label(_("Cash lines"), kind="json")] = None
    loan_ratio: Annotated[Rate | None, Label(_("Loan ratio"), kind="decimal")] = None
    loan_step: Annotated[Quantity | None, Label(_("Loan rounded down to"), kind="money")] = None
    loan_days: Annotated[int | None, Label(_("Loan due, days after signing")), Between(0, 10_000)] = None
    min_down_ratio: Annotated[Rate | None, Label(_("Smallest down payment"), kind="decimal")] = None
    position: Annotated[int | None, Label(_("Position")), Between(0, 10_000)] = None
    active: Annotated[bool | None, Label(_("Active"))] = None


@creates(PaymentPlan, label=_("New payment plan"))
def add_payment_plans(ctx: Context, rows: list[PlanInput]) -> list[PaymentPlan]:
    made = []
    for row in rows:
        values = row.model_dump(exclude={"project", "parts"})
        plan = PaymentPlan(project=ctx.here, created_by_id=ctx.user_id, parts=_parts(row.parts), **values)
        check_plan(plan)
        made.append(plan)
    PaymentPlan.objects.bulk_create(made)
    for plan in made:
        ctx.event("record.created", plan)
    return made


@edits(PaymentPlan, label=_("Edit"))
def edit_payment_plan(ctx: Context, plan: PaymentPlan, data: PlanEdit) -> PaymentPlan:
    """Receivables that were made keep their lines."""
    _take(plan, data)
    if data.parts is not None:
        plan.parts = _parts(data.parts)
    check_plan(plan)
    plan.save(update_fields=[*data.model_fields_set, "updated_at"])
    ctx.event("record.edited", plan, fields=", ".join(sorted(data.model_fields_set)))
    return plan


def check_plan(plan: PaymentPlan) -> None:
    if plan.kind == PaymentPlan.Kind.MORTGAGE and not (plan.loan_ratio > 0 and plan.loan_step > 0):
        raise _bad("loan_ratio", "required")
    if plan.kind != PaymentPlan.Kind.MORTGAGE and plan.loan_ratio:
        raise _bad("loan_ratio", "plan_has_no_loans")


def _parts(parts: list[PartInput]) -> list[dict[str, Any]]:
    return [{"item": p.item, "weight": format(p.weight.normalize(), "f"), "days": p.days} for p in parts]
