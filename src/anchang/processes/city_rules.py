"""What a city asks of buyers of homes: a smallest down payment (最低首付), a largest number of homes (限购).

Both are dated parameters of city, company or project; a deal is held against those of the day on which it is made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.db.models import Count

from anchang.crm.commands.numbers import lock_numbers
from anchang.deals import rules
from anchang.deals.models import Buyer, Deal
from anchang.inventory.models import PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.platform import parameters, personal
from anchang.platform.context import Context
from anchang.processes.plan_specs import plan_spec

HOME = "housing"
_OWNED = (Deal.State.SUBSCRIBED, Deal.State.SIGNED, Deal.State.DELIVERED)


def city_plan(ctx: Context, unit: Unit, plan: PaymentPlan, on: dt.date | None = None) -> rules.PlanSpec:
    """The office's plan; for a home its down payment is at least what the city asks for. `on`: the day of a deal that
    was made before."""
    spec = plan_spec(plan)
    if unit.product_type != HOME:
        return spec
    asked = parameters.value("deals.min_down_ratio", ctx.here, on or ctx.business_date)
    return replace(spec, min_down_ratio=max(spec.min_down_ratio, Decimal(str(asked))))


def check_homes(
    ctx: Context, unit: Unit, buyers: Sequence[rules.Buyer], but: int | None = None, on: dt.date | None = None
) -> None:
    """422 `too_many_homes` on `buyers` for one who would have more homes of this project than the city allows. `but`:
    the deal that this one takes the place of; `on` as above. Two deals of one person wait for each other here."""
    limit = parameters.value("deals.homes_per_buyer", ctx.here, on or ctx.business_date)
    if limit in (None, "") or unit.product_type != HOME:
        return
    names = {personal.digest(buyer.id_number): buyer.name for buyer in buyers}
    lock_numbers(ctx, names)
    owned = Buyer.objects.filter(
        project=ctx.here, id_digest__in=list(names), deal__state__in=_OWNED, deal__unit__product_type=HOME
    ).exclude(deal_id=but or 0)  # fmt: skip
    counted = owned.order_by().values_list("id_digest").annotate(n=Count("deal_id", distinct=True))
    for digest, count in counted:
        if count >= int(limit):
            raise DomainError(
                "too_many_homes", status=422, fields={"buyers": "too_many_homes"}, name=names[digest], limit=int(limit)
            )
