"""Prices: list totals, discounts step by step, depth and its approval chain (DOMAIN 6 and 10, Price).

The total is authoritative. A price per square metre is computed from it for display and never the other way
round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import HUNDRED, ZERO, Rounding, percent_text, rounding_named, unit_price, yuan


class _Word(StrEnum):
    """Lower-case values; any case is read."""

    @classmethod
    def _missing_(cls, value: object) -> "_Word | None":
        return cls._value2member_map_.get(str(value).lower())  # type: ignore[return-value]


class PriceBasis(_Word):
    """What the unit price multiplies: building area, inner area, or nothing (按套)."""

    GROSS = "gross"
    INNER = "inner"
    UNIT = "unit"


class DiscountKind(_Word):
    """How `Discount.value` is read."""

    MULT = "mult"  # factor of the running price, 0.98 (折上折)
    POINT = "point"  # percent of list_total taken off, 1 = one point (减点)
    FIX = "fix"  # yuan taken off (直减)
    UNIT = "unit"  # yuan per square metre of the price basis taken off
    TOTAL = "total"  # the price itself (一口价, 特价房); excludes every other discount


#: Default order of classes when a scheme declares none: payment method, customer class, special, then FIX.
CATEGORY_ORDER = ("payment", "customer", "special")


@dataclass(frozen=True)
class Discount:
    """One discount of a scheme, or a special one asked for a single deal (`published` False)."""

    code: str
    label: str
    kind: DiscountKind
    value: Decimal
    order: int = 0
    category: str = ""
    published: bool = True
    valid_from: date | None = None
    valid_to: date | None = None
    payment_plans: frozenset[str] = frozenset()
    product_types: frozenset[str] = frozenset()
    unit_ids: frozenset[int] = frozenset()
    excludes: frozenset[str] = frozenset()
    most: Decimal | None = None  # yuan that it takes off at most
    purpose: str = ""  # what its cost is reported as


@dataclass(frozen=True)
class PriceInputs:
    """Everything a price depends on; stored in the deal's snapshot, it gives the same cent for ever."""

    list_total: Decimal
    basis: PriceBasis
    gross_area: Decimal
    inner_area: Decimal
    discounts: tuple[Discount, ...] = ()
    rounding: Rounding = field(default_factory=Rounding)

    @property
    def basis_area(self) -> Decimal:
        return self.inner_area if self.basis is PriceBasis.INNER else self.gross_area


@dataclass(frozen=True)
class PriceStep:
    """`amount` is after - before, so the amounts of all steps sum to the total. `kind`: list, a discount's,
    rounding.
    """

    code: str
    label: str
    kind: str
    value: str
    before: Decimal
    after: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Price:
    """`depth` and `special_depth` are unrounded ratios; `depth_text` is percent with four decimals, no
    sign.
    """

    list_total: Decimal
    total: Decimal
    steps: tuple[PriceStep, ...]
    depth: Decimal
    special_depth: Decimal
    unit_price: Decimal | None

    @property
    def depth_text(self) -> str:
        return percent_text(self.depth)


def list_total(basis: PriceBasis, price: Decimal, gross_area: Decimal, inner_area: Decimal) -> Decimal:
    """Unit price times the basis area; for UNIT the price is the total. Half-up to the cent."""
    if basis is PriceBasis.UNIT:
        return yuan(price)
    return yuan(price * (inner_area if basis is PriceBasis.INNER else gross_area))


def list_unit_prices(total: Decimal, gross_area: Decimal, inner_area: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """The two columns of the statutory list: per building and per inner square metre."""
    return unit_price(total, gross_area), unit_price(total, inner_area)


def declared_order(discounts: Sequence[Discount]) -> list[Discount]:
    """By the scheme's `order`, then by class, FIX last, then code."""

    def place(discount: Discount) -> tuple[int, bool, int, str]:
        known = discount.category in CATEGORY_ORDER
        rank = CATEGORY_ORDER.index(discount.category) if known else len(CATEGORY_ORDER)
        return discount.order, discount.kind is DiscountKind.FIX, rank, discount.code

    return sorted(discounts, key=place)


def why_not_discount(
    discount: Discount, *, on: date, payment_plan: str, product_type: str, unit_id: int | None = None
) -> Refusal | None:
    """Why this discount cannot be chosen for this unit, plan and day."""
    params = {"discount": discount.label}
    if discount.valid_from and on < discount.valid_from:
        return Refusal("discount_not_yet_valid", params)
    if discount.valid_to and on > discount.valid_to:
        return Refusal("discount_expired", params)
    if discount.payment_plans and payment_plan not in discount.payment_plans:
        return Refusal("discount_other_payment_plan", params)
    if discount.product_types and product_type not in discount.product_types:
        return Refusal("discount_other_unit", params)
    if discount.unit_ids and unit_id not in discount.unit_ids:
        return Refusal("discount_other_unit", params)
    return None


def linked_discounts(
    discounts: Sequence[Discount],
    *,
    on: date,
    payment_plan: str,
    product_type: str,
    unit_id: int | None = None,
) -> list[Discount]:
    """Published discounts that come with the payment plan by themselves (付款方式优惠)."""
    facts: dict[str, Any] = {
        "on": on,
        "payment_plan": payment_plan,
        "product_type": product_type,
        "unit_id": unit_id,
    }
    linked = [each for each in discounts if each.published and each.category == "payment" and each.payment_plans]
    return declared_order([each for each in linked if why_not_discount(each, **facts) is None])


def why_not_together(discounts: Sequence[Discount], basis: PriceBasis) -> Refusal | None:
    """FIX excludes UNIT, UNIT is banned for per-unit pricing, TOTAL excludes all, and what a discount
    names.
    """
    codes = [each.code for each in discounts]
    if len(set(codes)) < len(codes):
        return Refusal("discount_twice")
    kinds = {each.kind for each in discounts}
    if DiscountKind.UNIT in kinds and basis is PriceBasis.UNIT:
        return Refusal("discount_per_area_on_unit_price")
    if DiscountKind.TOTAL in kinds and len(discounts) > 1:
        return Refusal("discount_total_excludes_others")
    if {DiscountKind.FIX, DiscountKind.UNIT} <= kinds:
        return Refusal("discount_fix_excludes_unit")
    for each in discounts:
        other = each.excludes.intersection(codes) - {each.code}
        if other:
            return Refusal("discounts_exclude_each_other", {"first": each.code, "second": min(other)})
    return None


def price(inputs: PriceInputs) -> Price:
    """Apply the discounts in their order, round half-up after each, then the final rounding.

    The final rounding never exceeds list_total. DomainError 422 on `discounts` when they exclude each other,
    a value is out of range, or the price would not be positive or above the list.
    """
    refusal = why_not_together(inputs.discounts, inputs.basis)
    if refusal:
        raise _bad_discounts(refusal.code, **refusal.params)
    if inputs.list_total <= 0:
        raise DomainError("no_list_price", status=409)
    running = inputs.list_total
    steps = [PriceStep("list", "list_price", "list", str(running), ZERO, running, running)]
    special = ZERO
    for discount in declared_order(inputs.discounts):
        after = _apply(discount, running, inputs)
        if discount.most is not None and discount.kind is not DiscountKind.TOTAL:
            after = max(after, running - discount.most)
        steps.append(_step(discount.code, discount.label, discount.kind.value, str(discount.value), running, after))
        special += ZERO if discount.published else running - after
        running = after
    total = min(inputs.rounding.apply(running), inputs.list_total)
    if total != running:
        steps.append(_step("rounding", "rounding", "rounding", inputs.rounding.name, running, total))
    if total <= 0:
        raise _bad_discounts("price_not_positive")
    return Price(
        list_total=inputs.list_total,
        total=total,
        steps=tuple(steps),
        depth=depth(inputs.list_total, total),
        special_depth=special / inputs.list_total,
        unit_price=None if inputs.basis is PriceBasis.UNIT else unit_price(total, inputs.basis_area),
    )


def _step(code: str, label: str, kind: str, value: str, before: Decimal, after: Decimal) -> PriceStep:
    return PriceStep(code, label, kind, value, before, after, after - before)


def _apply(discount: Discount, running: Decimal, inputs: PriceInputs) -> Decimal:
    value, kind = discount.value, discount.kind
    limits = {
        DiscountKind.MULT: Decimal(1),
        DiscountKind.POINT: HUNDRED,
        DiscountKind.TOTAL: inputs.list_total,
    }
    if not value.is_finite() or value < 0 or (kind in limits and not 0 < value <= limits[kind]):
        code = "above_list_price" if kind is DiscountKind.TOTAL and value > 0 else "discount_value_invalid"
        raise _bad_discounts(code, discount=discount.label)
    if kind is DiscountKind.MULT:
        return yuan(running * value)
    if kind is DiscountKind.POINT:
        return yuan(running - inputs.list_total * value / HUNDRED)
    if kind is DiscountKind.FIX:
        return yuan(running - value)
    if kind is DiscountKind.UNIT:
        return yuan(running - value * inputs.basis_area)
    return yuan(value)


def _bad_discounts(code: str, **params: Any) -> DomainError:
    return DomainError(code, status=422, fields={"discounts": code}, **params)


def depth(list_price: Decimal, total: Decimal) -> Decimal:
    """1 - deal/list, unrounded (28 digits). Negative when the deal is above the list."""
    return (list_price - total) / list_price


def why_not_price(
    total: Decimal,
    list_price: Decimal,
    filed_total: Decimal | None = None,
    max_below_filed: Decimal | None = None,
) -> Refusal | None:
    """Never above the marked total; in some cities not further below the filed one than a ratio."""
    if total > list_price:
        return Refusal("above_list_price", {"list_total": str(list_price), "total": str(total)})
    if filed_total and max_below_filed is not None and filed_total - total > max_below_filed * filed_total:
        return Refusal("too_far_below_filed", {"limit": percent_text(max_below_filed)})
    return None


@dataclass(frozen=True)
class Rung:
    """Approvers, in order, for a depth up to and including `up_to` (ratio, 0.02 = 2 %)."""

    up_to: Decimal
    approvers: tuple[str, ...]


@dataclass(frozen=True)
class ApprovalPolicy:
    """Who approves a price. `special_only`: published discounts are pre-approved and do not count."""

    rungs: tuple[Rung, ...]
    beyond: tuple[str, ...]
    own_authority: Decimal = Decimal(0)
    special_only: bool = True
    below_floor: bool = True


@dataclass(frozen=True)
class ApprovalNeed:
    approvers: tuple[str, ...]
    reason: str  # within_authority | depth | beyond_depth | below_floor
    depth: Decimal

    @property
    def needed(self) -> bool:
        return bool(self.approvers)


def approval_need(priced: Price, floor_total: Decimal | None, policy: ApprovalPolicy) -> ApprovalNeed:
    """The chain by depth (<= is inside) and floor price (a total equal to the floor is not below)."""
    measured = priced.special_depth if policy.special_only else priced.depth
    if policy.below_floor and floor_total is not None and priced.total < floor_total:
        return ApprovalNeed(policy.beyond, "below_floor", measured)
    if measured <= policy.own_authority:
        return ApprovalNeed((), "within_authority", measured)
    for rung in sorted(policy.rungs, key=lambda each: each.up_to):
        if measured <= rung.up_to:
            return ApprovalNeed(rung.approvers, "depth", measured)
    return ApprovalNeed(policy.beyond, "beyond_depth", measured)


def to_snapshot(inputs: PriceInputs, priced: Price, *, list_version: str = "") -> dict[str, Any]:
    """JSON for the deal: inputs and steps, amounts as text."""
    return {
        "list_version": list_version,
        "list_total": str(inputs.list_total),
        "basis": inputs.basis.value,
        "gross_area": str(inputs.gross_area),
        "inner_area": str(inputs.inner_area),
        "rounding": inputs.rounding.name,
        "discounts": [
            {"code": d.code, "label": d.label, "kind": d.kind.value, "value": str(d.value), "order": d.order,
             "category": d.category, "published": d.published, "purpose": d.purpose,
             "most": None if d.most is None else str(d.most)}
            for d in declared_order(inputs.discounts)
        ],
        "steps": steps_json(priced.steps),
        "total": str(priced.total),
        "depth": priced.depth_text,
        "unit_price": None if priced.unit_price is None else str(priced.unit_price),
    }  # fmt: skip


def steps_json(steps: Sequence[PriceStep]) -> list[dict[str, str]]:
    return [
        {"code": s.code, "label": s.label, "kind": s.kind, "value": s.value, "before": str(s.before),
         "after": str(s.after), "amount": str(s.amount)}
        for s in steps
    ]  # fmt: skip


def from_snapshot(snapshot: Mapping[str, Any]) -> PriceInputs:
    """The inputs that a snapshot was priced from; `price` of them gives its total again."""
    return PriceInputs(
        list_total=Decimal(snapshot["list_total"]),
        basis=PriceBasis(snapshot["basis"]),
        gross_area=Decimal(snapshot["gross_area"]),
        inner_area=Decimal(snapshot["inner_area"]),
        discounts=tuple(
            Discount(
                code=d["code"],
                label=d["label"],
                kind=DiscountKind(d["kind"]),
                value=Decimal(d["value"]),
                order=d["order"],
                category=d["category"],
                published=d["published"],
                most=Decimal(d["most"]) if d.get("most") else None,
                purpose=d.get("purpose", ""),
            )
            for d in snapshot["discounts"]
        ),
        rounding=rounding_named(snapshot["rounding"]),
    )


@dataclass(frozen=True)
class Factor:
    """A price factor (系数): `amount` yuan per square metre added, or `percent` of the base price."""

    label: str
    amount: Decimal = ZERO
    percent: Decimal = ZERO


def factored_price(base: Decimal, factors: Sequence[Factor]) -> tuple[Decimal, list[tuple[str, Decimal]]]:
    """Unit price from base and factors, each rounded half-up, with the addends of the formula in order."""
    parts = [("base", yuan(base))]
    parts += [(factor.label, yuan(factor.amount + base * factor.percent / HUNDRED)) for factor in factors]
    return sum((amount for _, amount in parts), ZERO), parts


def adjusted_price(old: Decimal, *, amount: Decimal = ZERO, percent: Decimal = ZERO) -> Decimal:
    """A price adjustment by yuan and/or percent. DomainError 422 when nothing positive is left."""
    new = yuan(old + old * percent / HUNDRED + amount)
    if new <= 0:
        raise DomainError("price_not_positive", status=422)
    return new


@dataclass(frozen=True)
class ListTotals:
    """Footer of the statutory list, and the answer of a trial calculation."""

    units: int
    gross_area: Decimal
    inner_area: Decimal
    total: Decimal
    average_price: Decimal | None


def list_totals(rows: Sequence[tuple[Decimal, Decimal, Decimal]]) -> ListTotals:
    """`rows`: gross area, inner area, total of each unit. The average is per building square metre."""
    gross, inner, total = (sum((row[i] for row in rows), ZERO) for i in range(3))
    return ListTotals(len(rows), gross, inner, total, unit_price(total, gross))
