"""The office's payment plans as the rules read them."""

from __future__ import annotations

from decimal import Decimal

from anchang.deals import rules
from anchang.inventory.models import PaymentPlan


def plan_spec(plan: PaymentPlan) -> rules.PlanSpec:
    """Cash parts with their weights, and the loan that goes with them."""
    return rules.PlanSpec(
        code=plan.code, kind=plan.kind,
        parts=tuple(
            rules.CashPart(str(p.get("item") or "house_price"), Decimal(str(p.get("weight", 1))),
            int(p.get("days", 0)))
            for p in plan.parts
        ) or (rules.CashPart("house_price", Decimal(1), 0),),
        loan_days=plan.loan_days, loan_ratio=plan.loan_ratio, loan_step=plan.loan_step,
        min_down_ratio=plan.min_down_ratio,
    )  # fmt: skip
