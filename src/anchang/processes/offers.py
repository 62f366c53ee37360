"""What a unit would cost a customer: price with its steps, plan lines, who has to agree. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from anchang.deals import rules
from anchang.finance.models.ledger import Item
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import PriceResult, price_unit, usable_discounts, worded_steps
from anchang.inventory.models import Discount, PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO, parse_money
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.wording import worded
from anchang.processes.city_rules import city_plan
from anchang.processes.entitlements import promised
from anchang.processes.terms import approval_policy, decoration_of

_ITEMS = dict(Item.choices)


@dataclass(frozen=True)
class Asked:
    """What was chosen so far; empty things have defaults."""

    plan: str = ""
    discounts: tuple[int, ...] = ()
    special: int = 0
    coupons: tuple[str, ...] = ()
    loans: tuple[Mapping[str, Any], ...] = ()
    deposit: str = ""
    sign_by: str = ""
    decoration: str = ""


@dataclass
class Offer:
    """An offer as far as it can be computed. `errors` by field name say what stands in the way."""

    unit: Unit
    plans: list[PaymentPlan]
    plan: PaymentPlan | None = None
    discounts: list[dict[str, Any]] = field(default_factory=list)
    priced: PriceResult | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)
    lines: list[rules.PlanLine] = field(default_factory=list)
    deposit: Decimal = ZERO
    deposit_cap: Decimal = ZERO
    sign_by: dt.date | None = None
    decoration: Decimal = ZERO
    approvers: tuple[str, ...] = ()
    message: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def loan(self) -> dict[str, Decimal]:
        """What the plan borrows, by kind of money."""
        sums = {"bank": ZERO, "fund": ZERO}
        for line in self.lines:
            if line.money in sums:
                sums[line.money] += line.amount
        return sums

    @property
    def shown_lines(self) -> list[dict[str, Any]]:
        """The plan lines with items in the reader's language."""
        return [
            {"label": item_label(line.item), "amount": line.amount, "due_on": line.due_on, "bank": line.bank}
            for line in self.lines
        ]

    @property
    def house(self) -> Decimal:
        """The house contract's part of the price."""
        return self.priced.total - self.decoration if self.priced else ZERO

    @property
    def saved(self) -> Decimal:
        return self.priced.price.list_total - self.priced.total if self.priced else ZERO


def item_label(item: str) -> str:
    """An item that the system makes in the reader's language; what a plan names itself stays as named."""
    return str(_ITEMS.get(item, item))


def offer(access: Access, unit: Unit, asked: Asked) -> Offer:
    """Raises forbidden without units.quote. Four queries, and one more with discounts."""
    access.require("units.quote", unit.project_id)
    ctx = Context.for_record(access, unit)
    plans = list(PaymentPlan.objects.filter(project=ctx.here, active=True).order_by("position", "code"))
    found = Offer(unit, plans)
    found.plan = next((p for p in plans if asked.plan in (p.code, str(p.pk))), plans[0] if plans else None)
    if found.plan is None:
        found.message = worded("no_payment_plan")
        return found
    found.discounts = _discounts(ctx, unit, found.plan, asked.discounts)
    try:
        chosen = Discount.objects.filter(project=ctx.here, pk__in=asked.discounts) if asked.discounts else ()
        extra = promised(ctx, unit, asked.special, asked.coupons) if asked.special or asked.coupons else ()
        found.priced = price_unit(ctx, unit, found.plan, list(chosen), *extra)
    except DomainError as exc:
        _note(found, exc)
        return found
    found.steps = worded_steps(found.priced.snapshot["steps"])
    need = stock_rules.approval_need(found.priced.price, unit.floor_total, approval_policy(ctx))
    found.approvers = () if asked.special else need.approvers
    _plan(ctx, found, asked)
    return found


def _discounts(
    ctx: Context, unit: Unit, plan: PaymentPlan, chosen: Sequence[int]
) -> list[dict[str, Any]]:
    """Every discount; one that can't be used says why, one that comes with the plan is ticked."""
    found = []
    for each in usable_discounts(ctx, unit, plan):
        why = each["refusal"]
        # The line names the discount already.
        reason = worded(why["code"], {**why["params"], "discount": ""}).strip() if why else ""
        found.append(each | {"reason": reason, "chosen": not reason and (each["id"] in chosen or each["linked"])})
    return found


def _plan(ctx: Context, found: Offer, asked: Asked) -> None:
    """Plan lines that sum to the price, and what is wrong with deposit, loans and signing day."""
    assert found.priced is not None and found.plan is not None
    total = found.priced.total
    ratio = Decimal(str(ctx.param("deals.deposit_ratio")))
    found.deposit_cap = rules.deposit_cap(total, ratio)
    try:
        found.sign_by = dt.date.fromisoformat(asked.sign_by) if asked.sign_by else None
    except ValueError:
        found.errors["sign_by"] = worded("bad_date")
    found.sign_by = found.sign_by or rules.signing_due(ctx.business_date, int(ctx.param("deals.signing_days")))
    try:
        found.deposit = parse_money(asked.deposit, field="deposit", allow_zero=True) if asked.deposit.strip() else ZERO
        if why := rules.why_not_deposit(found.deposit, total, ratio):
            raise DomainError(why.code, status=422, fields={"deposit": why.code}, **why.params)
        rules.check_sign_by(found.sign_by, ctx.business_date, int(ctx.param("deals.signing_max_days")))
        loans = rules.read_loans(asked.loans)
        typed = parse_money(asked.decoration, field="decoration", allow_zero=True) if asked.decoration.strip() else None
        found.decoration = decoration_of(ctx, found.unit, found.priced, typed)
        found.lines = rules.plan_lines(
            city_plan(ctx, found.unit, found.plan), total, deposit=found.deposit, loans=loans,
            deposit_due=ctx.business_date, signed_on=found.sign_by, decoration=found.decoration,
        )  # fmt: skip
    except DomainError as exc:
        _note(found, exc)


def _note(found: Offer, exc: DomainError) -> None:
    found.message = worded(exc.code, exc.params)
    found.errors |= {place: worded(str(code), exc.params) for place, code in exc.fields.items()}
