"""What a subscription agrees on: buyers, price, deposit, plan, all of it checked before anything is written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from anchang.deals import rules
from anchang.deals.commands.buyers import checked_buyers
from anchang.deals.commands.connected import connected_chain, connection_of
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import PriceResult, price_unit
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Problems
from anchang.kernel.money import ZERO
from anchang.platform.context import Context
from anchang.processes.city_rules import check_homes, city_plan
from anchang.processes.entitlements import Entitlements, bundle_rule, check_price, entitled


@dataclass(frozen=True)
class Beyond:
    """What a process agrees on that nobody types into a subscription. `price`: this unit's part of a bundle's price;
    `kept`: coupons that the deal before used in time; `instead_of`: the deal that ends with this one."""

    price: Decimal | None = None
    kept: frozenset[int] = frozenset()
    instead_of: int | None = None


@dataclass(frozen=True)
class Terms:
    """What was agreed, all of it checked before anything is written."""

    buyers: rules.CheckedBuyers
    priced: PriceResult
    loans: tuple[rules.Loan, ...]
    lines: list[rules.PlanLine]
    deposit: Decimal
    sign_by: dt.date
    approvers: tuple[str, ...]
    used: Entitlements
    connection: str
    decoration: Decimal


def read_terms(ctx: Context, unit: Unit, data: Any, beyond: Beyond) -> Terms:
    """Check what a SubscribeInput asks for. Raises one 422 that names every wrong field."""
    wrong = Problems()
    buyers = wrong.try_(lambda: checked_buyers(ctx, data.buyers, data.ownership))
    found = wrong.try_(lambda: _price(ctx, unit, data, beyond))
    if found is None:
        wrong.told()
    assert found is not None
    used, priced = found
    wrong.try_(lambda: _check_deposit(ctx, data.deposit, priced.total))
    wrong.try_(lambda: check_homes(ctx, unit, buyers.buyers if buyers else (), beyond.instead_of))
    sign_by = data.sign_by or rules.signing_due(ctx.business_date, int(ctx.param("deals.signing_days")))
    wrong.try_(lambda: rules.check_sign_by(sign_by, ctx.business_date, int(ctx.param("deals.signing_max_days"))))
    loans = wrong.try_(lambda: rules.read_loans(data.loans))
    decoration = wrong.try_(lambda: decoration_of(ctx, unit, priced, data.decoration))
    wrong.told()
    assert buyers is not None and loans is not None and decoration is not None  # told() has raised
    lines = rules.plan_lines(
        city_plan(ctx, unit, data.payment_plan), priced.total, deposit=data.deposit, loans=loans,
        deposit_due=ctx.business_date, signed_on=sign_by, decoration=decoration,
    )  # fmt: skip
    need = stock_rules.approval_need(priced.price, unit.floor_total, approval_policy(ctx))
    check_price(used, priced.total)
    approvers = () if used.special is not None else need.approvers  # its chain has decided on exactly this price
    connection = connection_of(ctx, buyers.buyers, data.customer)
    approvers = connected_chain(ctx, connection, approvers)
    return Terms(buyers, priced, loans, lines, data.deposit, sign_by, approvers, used, connection, decoration)


def _price(ctx: Context, unit: Unit, data: Any, beyond: Beyond) -> tuple[Entitlements, PriceResult]:
    """Today's price with what the customer is entitled to, or the part of a bundle's price."""
    used = entitled(
        ctx, unit, data.customer, data.payment_plan, data.special, data.quotation, data.coupons, beyond.kept
    )
    agreed = () if beyond.price is None else (bundle_rule(beyond.price),)
    return used, price_unit(
        ctx, unit, data.payment_plan, data.discounts, *used.discounts, *agreed, exact=bool(agreed)
    )


def _check_deposit(ctx: Context, deposit: Decimal, total: Decimal) -> None:
    """422 on `deposit` below the office's minimum or above the legal part of the price."""
    least, needed = Decimal(str(ctx.param("deals.min_deposit"))), ctx.param("deals.activate_on") != "submit"
    why = rules.why_not_enough(deposit, least, needed=needed)
    if why := why or rules.why_not_deposit(deposit, total, Decimal(str(ctx.param("deals.deposit_ratio")))):
        raise DomainError(why.code, status=422, fields={"deposit": why.code}, **why.params)


def decoration_of(ctx: Context, unit: Unit, priced: PriceResult, asked: Decimal | None) -> Decimal:
    """What a decoration contract of its own agrees on: as asked for, else (parameter) as the list marks it. 422 where
    one of the two parts would be above its marked price."""
    listed, marked = priced.price.list_total, unit.decoration_price
    if asked is None:
        split = bool(marked) and ctx.param("deals.decoration_contract")
        return rules.decoration_share(priced.total, listed, marked or ZERO) if split else ZERO
    if why := rules.why_not_decoration(asked, priced.total, listed, marked):
        raise DomainError(why.code, status=422, fields={"decoration": why.code}, **why.params)
    return asked


def approval_policy(ctx: Context) -> stock_rules.ApprovalPolicy:
    return stock_rules.ApprovalPolicy(
        rungs=tuple(
            stock_rules.Rung(Decimal(str(rung["up_to"])), tuple(rung["approvers"]))
            for rung in ctx.param("deals.approval_rungs")
        ),
        beyond=tuple(ctx.param("deals.approval_beyond")),
        own_authority=Decimal(str(ctx.param("deals.own_authority"))),
        special_only=bool(ctx.param("deals.approval_special_only")),
        below_floor=bool(ctx.param("deals.approval_below_floor")),
    )
