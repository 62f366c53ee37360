"""What units sold together would cost, for the deal desk. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from anchang.deals import rules
from anchang.inventory.commands.quoting import price_unit
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO, parse_money
from anchang.platform.access import Access
from anchang.platform.context import Context
from anchang.platform.wording import worded
from anchang.processes.entitlements import bundle_rule
from anchang.processes.offers import Offer


@dataclass
class BundleOffer:
    """`lines`: unit and price, the main one first. `message` says what stands in the way."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    total: Decimal = ZERO
    message: str = ""


def bundle_offer(
    access: Access, main: Offer, parts: Sequence[Mapping[str, Any]], rule: str, total: str
) -> BundleOffer | None:
    """The bundle as typed so far; None while nothing is sold along or the main unit has no price. Two queries, and
    those of each unit's own price where no price of all together was typed."""
    if not parts or main.priced is None or main.plan is None:
        return None
    access.require("units.quote", main.unit.project_id)
    ctx = Context.for_record(access, main.unit)
    wanted = [int(part["unit"]) for part in parts if str(part.get("unit", "")).isdigit()]
    rows = Unit.objects.filter(project=ctx.here, pk__in=wanted).select_related("price_list")
    units = {unit.pk: unit for unit in rows}
    along = [(units[int(part["unit"])], part) for part in parts if int(part["unit"] or 0) in units]
    found = BundleOffer()
    try:
        prices = _prices(ctx, main, along, rule, total)
    except DomainError as exc:
        found.message = worded(exc.code, exc.params)
        return found
    every = [main.unit, *(unit for unit, _part in along)]
    found.lines = [
        {"label": unit.label, "list_total": unit.list_total, "price": price}
        for unit, price in zip(every, prices, strict=True)
    ]
    found.total = sum(prices, ZERO)
    return found


def _prices(
    ctx: Context, main: Offer, along: Sequence[tuple[Unit, Mapping[str, Any]]], rule: str, total: str
) -> list[Decimal]:
    assert main.priced is not None and main.plan is not None
    fixed = [
        parse_money(part["price"], field=f"parts.{i}.price") if part.get("price") else None
        for i, (_unit, part) in enumerate(along)
    ]
    if total:
        lists = [rules.BundlePart(main.unit.list_total or ZERO)]
        for (unit, _part), price in zip(along, fixed, strict=True):
            lists.append(rules.BundlePart(unit.list_total or ZERO, price))
        return rules.split_bundle(parse_money(total, field="total"), lists, rule)
    prices = [main.priced.total]
    for (unit, _part), price in zip(along, fixed, strict=True):
        own = () if price is None else (bundle_rule(price),)
        prices.append(price_unit(ctx, unit, main.plan, (), *own, exact=bool(own)).total)
    return prices
