"""Prices of a unit with discounts and payment plan, explained step by step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from anchang.inventory import rules
from anchang.inventory.models import Discount, PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO, Rounding, rounding_named
from anchang.platform import conditions, resources
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Ref

PlanPreview = Callable[[Context, PaymentPlan, Decimal], list[dict[str, Any]]]
_plan_preview: list[PlanPreview] = []


def preview_plans_with(function: PlanPreview) -> PlanPreview:
    """The app that makes receivables says what lines a plan gives; a quote shows them."""
    _plan_preview[:] = [function]
    return function


@dataclass(frozen=True)
class PriceResult:
    """A price and everything that it came from. `snapshot` is stored with the deal and gives the same cent
    for ever (`recalculated`)."""

    price: rules.Price
    inputs: rules.PriceInputs
    plan: PaymentPlan
    snapshot: dict[str, Any]

    @property
    def total(self) -> Decimal:
        return self.price.total


def price_unit(
    ctx: Context, unit: Unit, plan: PaymentPlan, discounts: Sequence[Discount] = (), *extra: rules.Discount,
    exact: bool = False,
) -> PriceResult:  # fmt: skip
    """Price a unit today. Discounts linked to the plan come by themselves; `extra`: what only this deal has; `exact`:
    without the office's final rounding, as a part of a price that was agreed as a whole.

    Raises 422 on `discounts` for one that may not be used here (validity, plan, unit, exclusion), 409
    `no_list_price`, `price_not_published`, `above_list_price`, `too_far_below_filed`.
    """
    if unit.list_total is None:
        raise DomainError("no_list_price", unit=unit.label)
    if unit.price_list_id is None:
        raise DomainError("price_not_published", unit=unit.label)
    if not plan.active:
        raise DomainError("payment_plan_closed", status=422, fields={"payment_plan": "payment_plan_closed"})
    used = _usable(ctx, unit, plan, discounts)
    used += extra
    if not any(each.kind is rules.DiscountKind.TOTAL for each in used):
        codes = {each.code for each in used}
        used += [each for each in _linked(ctx, unit, plan) if each.code not in codes]
    inputs = rules.PriceInputs(
        list_total=unit.list_total, basis=rules.PriceBasis(unit.price_basis),
        gross_area=unit.gross_area or ZERO, inner_area=unit.inner_area or ZERO, discounts=tuple(used),
        rounding=Rounding() if exact else rounding_named(ctx.param("inventory.price_rounding")),
    )  # fmt: skip
    priced = rules.price(inputs)
    most = ctx.param("inventory.max_below_filed")
    limit = None if most in (None, "") else Decimal(str(most))
    why = rules.why_not_price(priced.total, unit.list_total, unit.filed_total, limit)
    if why:
        raise DomainError.of(why)
    snapshot = rules.to_snapshot(inputs, priced, list_version=str(unit.price_list))
    snapshot |= {
        "price_list": unit.price_list_id, "payment_plan": plan.code,
        "priced_on": ctx.business_date.isoformat(),
        "floor_total": None if unit.floor_total is None else str(unit.floor_total),
    }  # fmt: skip
    return PriceResult(priced, inputs, plan, snapshot)


def recalculated(snapshot: dict[str, Any]) -> rules.Price:
    """The price of a stored snapshot, computed again from its inputs."""
    return rules.price(rules.from_snapshot(snapshot))


# --- discounts of the scheme ---------------------------------------------------------------------


def tidy(value: Decimal) -> Decimal:
    """Without the column's trailing zeros: 0.9800 reads 0.98, 20000.0000 reads 20000."""
    return Decimal(format(value.normalize(), "f"))


def rule_discount(discount: Discount, unit_ids: frozenset[int] = frozenset()) -> rules.Discount:
    return rules.Discount(
        code=discount.code, label=discount.name, kind=rules.DiscountKind(discount.kind),
        value=tidy(discount.value),
        order=discount.position, category=discount.category, published=not discount.special,
        valid_from=discount.valid_from, valid_to=discount.valid_to,
        payment_plans=frozenset(discount.payment_plans), product_types=frozenset(discount.product_types),
        unit_ids=unit_ids, excludes=frozenset(discount.excludes), most=discount.most, purpose=discount.purpose,
    )  # fmt: skip


def _for_unit(discount: Discount, unit: Unit, now: dt.datetime) -> rules.Discount:
    """The rule's discount; a condition on units becomes 'this unit' or 'no unit'."""
    if not discount.unit_condition:
        return rule_discount(discount)
    node = conditions.parse(discount.unit_condition)
    fits = conditions.evaluate(node, resources.get("units"), unit, now)
    return rule_discount(discount, frozenset({unit.pk if fits else -1}))


def usable_discounts(ctx: Context, unit: Unit, plan: PaymentPlan) -> list[dict[str, Any]]:
    """Every active discount with the reason why it can't be chosen, if so: unusable ones are greyed out."""
    rows = Discount.objects.filter(project=ctx.here, active=True).order_by("position", "code")
    found = []
    for discount in rows:
        why = _why_not(ctx, _for_unit(discount, unit, ctx.now), unit, plan)
        found.append({
            "id": discount.pk, "code": discount.code, "label": discount.name, "kind": discount.kind,
            "value": str(tidy(discount.value)), "linked": _is_linked(discount, plan),
            "refusal": {"code": why.code, "params": dict(why.params)} if why else None,
        })  # fmt: skip
    return found


def _is_linked(discount: Discount, plan: PaymentPlan) -> bool:
    return discount.category == "payment" and not discount.special and plan.code in discount.payment_plans


def _why_not(ctx: Context, discount: rules.Discount, unit: Unit, plan: PaymentPlan) -> Any:
    return rules.why_not_discount(
        discount,
        on=ctx.business_date,
        payment_plan=plan.code,
        product_type=unit.product_type,
        unit_id=unit.pk,
    )


def _usable(
    ctx: Context, unit: Unit, plan: PaymentPlan, discounts: Sequence[Discount]
) -> list[rules.Discount]:
    found = []
    for discount in discounts:
        rule = _for_unit(discount, unit, ctx.now)
        if not discount.active:
            raise _unusable("discount_expired", {"discount": discount.name})
        if why := _why_not(ctx, rule, unit, plan):
            raise _unusable(why.code, why.params)
        found.append(rule)
    return found


def _unusable(code: str, params: Any) -> DomainError:
    return DomainError(code, status=422, fields={"discounts": code}, **params)


def _linked(ctx: Context, unit: Unit, plan: PaymentPlan) -> list[rules.Discount]:
    rows = Discount.objects.filter(
        project=ctx.here, active=True, category="payment", special=False, payment_plans__contains=[plan.code]
    )
    return rules.linked_discounts(
        [_for_unit(each, unit, ctx.now) for each in rows],
        on=ctx.business_date, payment_plan=plan.code, product_type=unit.product_type, unit_id=unit.pk,
    )  # fmt: skip


# --- the quote -----------------------------------------------------------------------------------


class QuoteInput(Input):
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []


@command(Unit, verb="quote", label=_("Calculate price"), lock=False)
def quote_unit(ctx: Context, unit: Unit, data: QuoteInput) -> dict[str, Any]:
    """The price of the unit with its steps, to the cent. Writes nothing."""
    result = price_unit(ctx, unit, data.payment_plan, data.discounts)
    priced = result.price
    return {
        "unit": {"id": unit.pk, "label": unit.label},
        "payment_plan": {"id": result.plan.pk, "label": result.plan.name},
        "list_total": str(priced.list_total),
        "steps": worded_steps(result.snapshot["steps"]),
        "total": str(priced.total),
        "unit_price": None if priced.unit_price is None else str(priced.unit_price),
        "depth": priced.depth_text,
        "plan": _plan_preview[0](ctx, result.plan, priced.total) if _plan_preview else [],
        "price_list_version": str(unit.price_list),
    }


def worded_steps(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps of a snapshot with the labels of list price and rounding in the reader's language."""
    names = {"list": _now("List price"), "rounding": _now("Rounding")}
    return [step | {"label": names.get(step["kind"], step["label"])} for step in steps]
