"""Bundles (车位、储藏室搭售): several units sold to one buyer at once, each by its own deal, contract and taxes.

All units are locked before anything is written, in the order of their ids, and all are sold or none. The end of the
main deal ends the others with their money in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.holds import settle_unit
from anchang.deals.models import Bundle, BundleItem, Deal, Subscription
from anchang.deals.typed_rows import AlongRow
from anchang.inventory import rules as stock_rules
from anchang.inventory.models import PaymentPlan, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO, parse_money
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Label
from anchang.processes.signing import SignInput, sign_contract
from anchang.processes.subscribing import (
    SubscribeInput,
    begin,
    make_subscription,
    why_not_subscribe,
)
from anchang.processes.terms import Beyond, Terms
from anchang.processes.waiting import settle_waiting

RULES = {"fixed": _("Fixed prices"), "list_share": _("By list price")}


class BundleInput(SubscribeInput):
    """As a subscription of the main unit, with `parts`: [{unit, price?, deposit?, payment_plan?}] sold along. `total`
    is the price of all together; without it each unit has its own."""

    parts: Annotated[list[dict[str, Any]], Label(_("Units sold along"), kind="json", rows=AlongRow)]
    rule: Annotated[Literal["fixed", "list_share"], Label(_("Price split"), kind="choice", choices=RULES)] = "fixed"
    total: Annotated[Amount | None, Label(_("Price of the bundle"), kind="money")] = None


@dataclass(frozen=True)
class _Part:
    """A unit sold along, as asked for."""

    unit: Unit
    price: Decimal | None
    deposit: Decimal
    plan: PaymentPlan


@dataclass(frozen=True)
class _Sold:
    unit: Unit
    deal: Deal
    subscription: Subscription
    terms: Terms


@command(
    Unit, verb="subscribe-bundle", label=_("Subscribe with other units"), icon="packages", lock=False,
    permission="units.subscribe", refuses=why_not_subscribe,
    show=lambda unit: unit.state in (stock_rules.AVAILABLE, stock_rules.HELD),
)  # fmt: skip
def subscribe_bundle(ctx: Context, unit: Unit, data: BundleInput) -> Bundle:
    """Sell the unit and others to one buyer at once, or none of them. The highest approval that one of the prices needs
    decides on all."""
    parts = _read_parts(ctx, unit, data)
    units = _locked(ctx, [unit, *(part.unit for part in parts)])
    prices = _prices(units, parts, data)
    asked = [data, *(_as_subscription(data, part) for part in parts)]
    sold = [
        _Sold(each, *make_subscription(ctx, each, wanted, Beyond(price=price)))
        for each, wanted, price in zip(units, asked, prices, strict=True)
    ]
    bundle = _write(ctx, sold, data)
    chain = max((each.terms.approvers for each in sold), key=len)
    for each in sold:
        begin(ctx, each.unit, each.deal, each.subscription, each.terms, chain)
    ctx.event(
        "bundle.made", bundle, customer_id=bundle.customer_id, deal=bundle.main_id, number=bundle.number,
        units="、".join(each.unit.label for each in sold), total=str(bundle.total),
    )  # fmt: skip
    ctx.index([bundle], fresh=True)
    bundle.refresh_from_db()
    return bundle


def _read_parts(ctx: Context, unit: Unit, data: BundleInput) -> list[_Part]:
    """The units sold along with their terms. 422 naming `parts.0.unit` and the like."""
    if not 1 <= len(data.parts) <= int(ctx.param("deals.bundle_units")) - 1:
        most = ctx.param("deals.bundle_units")
        raise DomainError("bundle_units", status=422, fields={"parts": "bundle_units"}, most=most)
    keys = [_key(raw.get("unit"), f"parts.{i}.unit") for i, raw in enumerate(data.parts)]
    units = {each.pk: each for each in Unit.objects.filter(project=ctx.here, pk__in=keys)}
    found: list[_Part] = []
    for i, (raw, key) in enumerate(zip(data.parts, keys, strict=True)):
        if key not in units or key == unit.pk or key in keys[:i]:
            raise DomainError("bad_input", status=422, fields={f"parts.{i}.unit": "not_found"})
        price, deposit = raw.get("price"), raw.get("deposit")
        found.append(
            _Part(
                units[key],
                None if price in (None, "") else parse_money(price, field=f"parts.{i}.price"),
                ZERO if deposit in (None, "") else parse_money(deposit, field=f"parts.{i}.deposit", allow_zero=True),
                _plan(ctx, raw.get("payment_plan"), data.payment_plan, f"parts.{i}.payment_plan"),
            )
        )
    return found


def _key(value: Any, field: str) -> int:
    if isinstance(value, Mapping):
        value = value.get("id")
    text = str(value or "")
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 19):
        raise DomainError("bad_input", status=422, fields={field: "not_found"})
    return int(text)


def _plan(ctx: Context, asked: Any, own: PaymentPlan, field: str) -> PaymentPlan:
    """The part's own plan by code, else the main unit's."""
    if asked in (None, ""):
        return own
    found = PaymentPlan.objects.filter(project=ctx.here, code=str(asked)[:60]).first()
    if found is None:
        raise DomainError("bad_input", status=422, fields={field: "not_found"})
    return found


def _locked(ctx: Context, wanted: Sequence[Unit]) -> list[Unit]:
    """The units as they are now, locked by id so that two bundles never wait for each other in a circle."""
    rows = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("licence", "price_list")
    locked = {each.pk: each for each in rows.filter(pk__in=[unit.pk for unit in wanted]).order_by("pk")}
    for each in locked.values():
        settle_unit(ctx, each)
        settle_waiting(ctx, each)
        if why := why_not_subscribe(each):
            raise DomainError.of(why)
    return [locked[unit.pk] for unit in wanted]


def _prices(units: Sequence[Unit], parts: Sequence[_Part], data: BundleInput) -> list[Decimal | None]:
    """What each unit costs within the bundle; None: as if sold alone."""
    if data.total is None and data.rule == rules.LIST_SHARE:
        raise DomainError("bad_input", status=422, fields={"total": "required"})
    if data.total is None:
        return [None, *(part.price for part in parts)]
    lists = [rules.BundlePart(units[0].list_total or ZERO)]
    lists += [rules.BundlePart(part.unit.list_total or ZERO, part.price) for part in parts]
    return list(rules.split_bundle(data.total, lists, data.rule))


def _as_subscription(data: BundleInput, part: _Part) -> SubscribeInput:
    """The same buyers, with the part's own plan and deposit; discounts and loans are the main unit's."""
    wanted: dict[str, Any] = {
        "customer": data.customer, "buyers": data.buyers, "ownership": data.ownership, "payment_plan": part.plan,
        "deposit": part.deposit, "sign_by": data.sign_by, "sales_mode": data.sales_mode,
    }  # fmt: skip
    return SubscribeInput.model_construct(**wanted)


def _write(ctx: Context, sold: Sequence[_Sold], data: BundleInput) -> Bundle:
    month = f"{ctx.business_date:%Y%m}"
    papers = [each.subscription for each in sold]
    bundle = Bundle(
        project=ctx.here, number=f"TZ{month}{ctx.number('bundle', month):04d}", customer=data.customer,
        main=sold[0].deal, rule=data.rule, list_total=sum((paper.list_total for paper in papers), ZERO),
        total=sum((paper.total for paper in papers), ZERO), opened_on=ctx.business_date, created_by_id=ctx.user_id,
    )  # fmt: skip
    bundle.save(force_insert=True)
    BundleItem.objects.bulk_create(
        BundleItem(
            project=ctx.here, bundle=bundle, deal=each.deal, unit=each.unit, position=i, agreed=each.subscription.total,
            list_total=each.subscription.list_total, takes_rest=i == 1, created_by_id=ctx.user_id,
        )
        for i, each in enumerate(sold, 1)
    )  # fmt: skip
    return bundle


# --- signing all at once --------------------------------------------------------------------------


def why_not_sign_bundle(bundle: Bundle) -> Refusal | None:
    return None if bundle.state == Bundle.State.LIVE else Refusal("state_refused", {"state": bundle.state})


@command(
    Bundle, verb="sign", label=_("Sign all contracts"), icon="signature", shape="primary", lock=False,
    permission="subscriptions.sign", refuses=why_not_sign_bundle, show=lambda b: b.state == "live",
)  # fmt: skip
def sign_bundle(ctx: Context, bundle: Bundle) -> Bundle:
    """A contract of its own for every unit that is subscribed and not signed yet, all or none."""
    lock_units(ctx, bundle)
    items = BundleItem.objects.filter(project=ctx.here, bundle=bundle).order_by("position")
    deals = list(items.values_list("deal", flat=True))
    rows = Subscription.objects.filter(project=ctx.here, deal__in=deals, state__in=("active", "overdue"))
    papers = {paper.deal_id: paper for paper in rows}
    if not papers:
        raise DomainError("bundle_nothing_to_sign")
    for deal in deals:
        if deal in papers:
            sign_contract(ctx, papers[deal], SignInput())
    bundle.refresh_from_db()
    return bundle


def lock_units(ctx: Context, bundle: Bundle) -> None:
    units = BundleItem.objects.filter(project=ctx.here, bundle=bundle).values("unit")
    list(Unit.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=units).order_by("pk"))
