"""The year's sales plan of the demo office: a first version, and the one that took its place at mid-year."""

from __future__ import annotations

from anchang.config.demo.people import Office, given
from anchang.insight.commands.plans import (
    PlanInput,
    SpreadInput,
    add_sales_plans,
    approve_plan,
    revise_plan,
    spread_plan,
)

FIRST = {"units": 300, "area": "33000", "amount": "780000000", "collection": "700000000"}
NEWEST = {"units": 280, "area": "30800", "amount": "720000000", "collection": "660000000"}
EACH = {"units": 35, "area": "3850", "amount": "90000000", "collection": "82500000"}


def set_targets(office: Office) -> None:
    ctx = office.context("director")
    plan = add_sales_plans(ctx, [given(ctx, PlanInput(year=office.today.year))])[0]
    for figures in (FIRST, NEWEST):
        spread_plan(ctx, plan, given(ctx, SpreadInput.model_validate(figures)))
        for name, user in office.users.items():
            if name.startswith("consultant"):
                spread_plan(ctx, plan, given(ctx, SpreadInput.model_validate({**EACH, "user": user.pk})))
        approve_plan(ctx, plan)
        if figures is FIRST:
            plan = revise_plan(ctx, plan)
    ctx.flush()
