"""What a subscription may use once: an approved special discount or a quotation, vouchers and gifts, discounts with a
limit of uses.

Looked at before the deal is made, used up in its transaction under the row's lock. A deal that ends without the buyer's
fault gives them back; an exchange takes them along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _now

from anchang.crm.models import Customer
from anchang.deals.commands.claims import household_of
from anchang.deals.models import Coupon, Deal, DiscountRequest, Quotation
from anchang.inventory import rules as stock_rules
from anchang.inventory.models import Discount, PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.platform.context import Context

SPECIAL, BUNDLE = "special-request", "bundle"
#: After every discount of the scheme, before the final rounding.
LAST = 1_000_000
#: Where a price's snapshot keeps the codes of discounts whose uses were counted.
COUNTED = "counted"


@dataclass(frozen=True)
class Entitlements:
    """Locked rows that the deal will use, and what they do to the price."""

    special: DiscountRequest | None
    quotation: Quotation | None
    coupons: tuple[Coupon, ...]
    discounts: tuple[stock_rules.Discount, ...]


def special_rule(kind: str, value: Decimal, label: str) -> stock_rules.Discount:
    return stock_rules.Discount(
        code=SPECIAL, label=label, kind=stock_rules.DiscountKind(kind), value=value, order=LAST - 1,
        category="special", published=False, purpose="allowance",
    )  # fmt: skip


def entitled(
    ctx: Context, unit: Unit, customer: Customer, plan: PaymentPlan, special: DiscountRequest | None,
    quotation: Quotation | None, coupons: Sequence[Coupon], kept: frozenset[int] = frozenset(),
) -> Entitlements:  # fmt: skip
    """Lock and check what the deal wants to use; 409 with the reason for one that it may not. `kept`: coupons that a
    deal before used in time."""
    found: list[stock_rules.Discount] = []
    if special is not None:
        special = _special(ctx, unit, customer, plan, special)
        found.append(special_rule(special.kind, special.value, special.snapshot["special_label"]))
    if quotation is not None:
        quotation = _quotation(ctx, unit, customer, plan, quotation)
    locked = _coupons(ctx, customer, coupons, kept)
    found += [coupon_rule(coupon) for coupon in locked if coupon.kind == Coupon.Kind.VOUCHER]
    return Entitlements(special, quotation, locked, tuple(found))


def coupon_rule(coupon: Coupon) -> stock_rules.Discount:
    return stock_rules.Discount(
        code=f"coupon:{coupon.code}", label=coupon.name, kind=stock_rules.DiscountKind.FIX, value=coupon.value,
        order=LAST, category="customer", purpose="coupon",
    )  # fmt: skip


def bundle_rule(price: Decimal) -> stock_rules.Discount:
    """This unit's part of a bundle's price: it excludes every other discount, and its depth is approved like a special
    discount's."""
    return stock_rules.Discount(
        code=BUNDLE, label=_now("Price within the bundle"), kind=stock_rules.DiscountKind.TOTAL, value=price,
        order=LAST, category="special", published=False, purpose="allowance",
    )  # fmt: skip


def promised(ctx: Context, unit: Unit, special: int, codes: Sequence[str]) -> list[stock_rules.Discount]:
    """What they would do to the price, for a preview: nothing is locked, and what can't be used is left out."""
    found = []
    row = DiscountRequest.objects.filter(project=ctx.here, pk=special, unit=unit, state="approved").first()
    if row is not None:
        found.append(special_rule(row.kind, row.value, row.snapshot["special_label"]))
    vouchers = Coupon.objects.filter(project=ctx.here, code__in=codes, state="issued", kind="voucher")
    return found + [coupon_rule(coupon) for coupon in vouchers.order_by("pk")]


def _special(
    ctx: Context, unit: Unit, customer: Customer, plan: PaymentPlan, special: DiscountRequest
) -> DiscountRequest:
    row = DiscountRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=special.pk)
    if row.state != DiscountRequest.State.APPROVED or row.expires_on is None or row.expires_on < ctx.business_date:
        raise DomainError("discount_request_not_approved", fields={"special": "discount_request_not_approved"})
    made_for = row.unit_id == unit.pk and row.payment_plan_id == plan.pk and row.customer_id in household_of(customer)
    if not made_for:
        raise DomainError("discount_request_other_deal", fields={"special": "discount_request_other_deal"})
    return row


def _quotation(
    ctx: Context, unit: Unit, customer: Customer, plan: PaymentPlan, quotation: Quotation
) -> Quotation:
    row = Quotation.objects.select_for_update(no_key=True, of=("self",)).get(pk=quotation.pk)
    if row.state != Quotation.State.OPEN or row.expires_on < ctx.business_date:
        raise DomainError("quotation_over", fields={"quotation": "quotation_over"})
    made_for = row.unit_id == unit.pk and row.payment_plan_id == plan.pk and row.customer_id in household_of(customer)
    if not made_for:
        raise DomainError("quotation_other_deal", fields={"quotation": "quotation_other_deal"})
    return row


def _coupons(
    ctx: Context, customer: Customer, coupons: Sequence[Coupon], kept: frozenset[int]
) -> tuple[Coupon, ...]:
    """Locked in the order of their ids, so that two deals never wait for each other in a circle."""
    wanted = sorted({coupon.pk for coupon in coupons})
    rows = Coupon.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=wanted).order_by("pk")
    family, today = household_of(customer), ctx.business_date
    for coupon in (locked := tuple(rows)):
        code = ""
        if coupon.state != Coupon.State.ISSUED:
            code = "coupon_used"
        elif coupon.pk not in kept and not (coupon.valid_from or today) <= today <= (coupon.valid_to or today):
            code = "coupon_not_valid"
        elif coupon.customer_id is not None and coupon.customer_id not in family:
            code = "coupon_other_customer"
        if code:
            raise DomainError(code, fields={"coupons": code}, coupon=coupon.code)
    return locked


def check_price(used: Entitlements, total: Decimal) -> None:
    """What was approved or quoted is a price; another one, for whatever reason, is asked for or quoted anew."""
    if used.special is not None and total != used.special.total:
        raise DomainError(
            "discount_request_price", fields={"special": "discount_request_price"}, approved=str(used.special.total),
            total=str(total),
        )  # fmt: skip
    if used.quotation is not None and total != used.quotation.total:
        raise DomainError("quotation_price", quoted=str(used.quotation.total), total=str(total))


def use_up(ctx: Context, deal: Deal, used: Entitlements) -> None:
    """The deal has them now; nobody else can."""
    if used.special is not None:
        used.special.state, used.special.deal = DiscountRequest.State.USED, deal
        used.special.save(update_fields=["state", "deal", "updated_at"])
        ctx.event("discount.used", used.special, customer_id=deal.customer_id, unit=str(used.special.unit))
    if used.quotation is not None:
        used.quotation.state, used.quotation.deal = Quotation.State.CONVERTED, deal
        used.quotation.save(update_fields=["state", "deal", "updated_at"])
        ctx.event(
            "quotation.converted", used.quotation, customer_id=deal.customer_id, number=used.quotation.number
        )
    for coupon in used.coupons:
        coupon.state, coupon.deal, coupon.used_at = Coupon.State.USED, deal, ctx.now
        coupon.save(update_fields=["state", "deal", "used_at", "updated_at"])
        ctx.event(
            "coupon.used", coupon, customer_id=deal.customer_id, title=coupon.name, code=coupon.code,
            value=str(coupon.value),
        )  # fmt: skip


# --- discounts with a limit of uses --------------------------------------------------------------


def count_uses(ctx: Context, snapshot: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    """One more use of each limited discount of the price; 409 `discount_used_up` when none is left. The snapshot keeps
    which were counted. `before`: of the price that this one follows; what both have isn't counted again."""
    had = set(before.get(COUNTED, ())) if before else set()
    codes = [each["code"] for each in snapshot["discounts"]]
    rows = Discount.objects.filter(project=ctx.here, code__in=codes)
    limited = rows.filter(Q(max_uses__isnull=False) | Q(code__in=had))
    counted = []
    for discount in limited.order_by("pk"):
        counted.append(discount.code)
        if discount.code in had:
            continue
        left = Discount.objects.filter(Q(pk=discount.pk), used__lt=F("max_uses"))
        if not left.update(used=F("used") + 1, updated_at=ctx.now):
            raise DomainError("discount_used_up", fields={"discounts": "discount_used_up"}, discount=discount.name)
    snapshot[COUNTED] = counted
    _uncount(ctx, had - set(counted))


def _uncount(ctx: Context, codes: set[str]) -> None:
    rows = Discount.objects.filter(project=ctx.here, code__in=codes, used__gt=0)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)) if codes else ():
        Discount.objects.filter(pk=pk, used__gt=0).update(used=F("used") - 1, updated_at=ctx.now)


# --- given back ----------------------------------------------------------------------------------


def release(ctx: Context, deal: Deal, snapshot: dict[str, Any]) -> None:
    """The deal came to nothing without the buyer's fault: its special discount (while it is valid), vouchers, gifts
    and counted uses may be used again. Deal locked; `snapshot` of its last price."""
    release_special(ctx, deal)
    mine = {"project": ctx.here, "deal": deal}
    for coupon in Coupon.objects.select_for_update(no_key=True, of=("self",)).filter(**mine).order_by("pk"):
        coupon.state, coupon.deal, coupon.used_at = Coupon.State.ISSUED, None, None
        coupon.save(update_fields=["state", "deal", "used_at", "updated_at"])
        ctx.event("coupon.released", coupon, customer_id=deal.customer_id, title=coupon.name, code=coupon.code)
    _uncount(ctx, set(snapshot.get(COUNTED, ())))


def release_special(ctx: Context, deal: Deal) -> None:
    """The deal's special discount is approved again, or expired when its day is over."""
    mine = {"project": ctx.here, "deal": deal}
    for row in DiscountRequest.objects.select_for_update(no_key=True, of=("self",)).filter(**mine).order_by("pk"):
        valid = row.expires_on is not None and row.expires_on >= ctx.business_date
        row.state = DiscountRequest.State.APPROVED if valid else DiscountRequest.State.EXPIRED
        row.deal = None
        row.save(update_fields=["state", "deal", "updated_at"])
        ctx.event("discount.released", row, customer_id=deal.customer_id, unit=str(row.unit))


def coupons_of(deal: Deal) -> list[Coupon]:
    """Vouchers and gifts that the deal has used."""
    return list(Coupon.objects.filter(project_id=deal.project_id, deal=deal).order_by("pk"))


def voucher_rules(deal: Deal) -> list[stock_rules.Discount]:
    """What the deal's vouchers take off its price, whichever price that is."""
    return [coupon_rule(coupon) for coupon in coupons_of(deal) if coupon.kind == Coupon.Kind.VOUCHER]
