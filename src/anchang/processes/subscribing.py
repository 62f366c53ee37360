"""Subscription (认购): price, buyers, plan, deposit; the hold's successor or a fresh deal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.crm.models import Customer
from anchang.deals import rules
from anchang.deals.commands.buyers import store_buyers
from anchang.deals.commands.claims import (
    check_own_customer,
    end_deal,
    household_of,
    keep_claim,
    lock_chain,
    open_deal,
    why_not_deal,
)
from anchang.deals.commands.connected import mark_connected
from anchang.deals.commands.holds import convert_hold
from anchang.deals.commands.modes import MODES
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Deal, Hold, PlanLine, Subscription, UnitClaim
from anchang.deals.typed_rows import BuyerRow, LoanRow
from anchang.finance.commands import NewLine, add_receivables, allocate_open_money
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import preview_plans_with
from anchang.inventory.commands.states import change_unit_state, set_unit_clock
from anchang.inventory.models import PaymentPlan, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Quantity, Reason, Ref
from anchang.processes import bundles
from anchang.processes.agreeing import carry_terms, sale_ended
from anchang.processes.entitlements import (
    count_uses,
    release,
    use_up,
)
from anchang.processes.money import return_money
from anchang.processes.people import with_roles
from anchang.processes.plan_specs import plan_spec
from anchang.processes.terms import Beyond, Terms, read_terms

_OWNERSHIP = {"sole": _("Sole"), "joint": _("Joint"), "shares": _("By shares")}


class SubscribeInput(Input):
    """`buyers`: [{name, id_number, kind?, id_type?, phone?, share?, guardian?, agent?}];
    `loans`: [{kind bank|fund, bank?, amount}]."""

    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    buyers: Annotated[list[dict[str, Any]], Label(_("Buyers"), kind="json", rows=BuyerRow)]
    ownership: Annotated[
        Literal["sole", "joint", "shares"] | None, Label(_("Ownership"), kind="choice", choices=_OWNERSHIP)
    ] = None
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []
    special: Annotated[Ref("discount-requests") | None, Label(_("Special discount"))] = None
    quotation: Annotated[Ref("quotations") | None, Label(_("Quotation"))] = None
    coupons: Annotated[list[Ref("coupons")], Label(_("Vouchers and gifts"))] = []
    deposit: Annotated[Quantity, Label(_("Deposit"), kind="money")]
    sign_by: Annotated[Day | None, Label(_("Sign by"))] = None
    decoration: Annotated[Quantity | None, Label(_("Decoration price"), kind="money")] = None
    sales_mode: Annotated[
        Literal["own", "agency", "online", "offset"] | None,
        Label(_("Sales mode"), kind="choice", choices=MODES),
    ] = None


class RefuseInput(Input):
    reason: Annotated[Reason, Label(_("Reason"))]


@preview_plans_with
def preview_plan(ctx: Context, plan: PaymentPlan, total: Decimal) -> list[dict[str, Any]]:
    """The lines that a quote shows: signed today, without a deposit."""
    lines = rules.plan_lines(
        plan_spec(plan), total, deposit=ZERO, deposit_due=ctx.business_date, signed_on=ctx.business_date
    )
    return [
        {
            "seq": line.seq, "item": line.item, "money": line.money, "amount": str(line.amount),
            "due_on": line.due_on.isoformat(),
        }
        for line in lines
    ]  # fmt: skip


def why_not_subscribe(unit: Unit) -> Refusal | None:
    """A unit that is held may be subscribed by the customer who holds it: the body looks who that is."""
    return why_not_deal(unit, own_claim=unit.state == stock_rules.HELD)


@command(
    Unit, verb="subscribe", label=_("Subscribe"), icon="file-pencil", shape="primary",
    refuses=why_not_subscribe,
    show=lambda unit: unit.state in (stock_rules.AVAILABLE, stock_rules.HELD),
)  # fmt: skip
def subscribe_unit(ctx: Context, unit: Unit, data: SubscribeInput) -> Subscription:
    """Sell the unit to the customer by a preliminary contract. The unit comes locked and settled.

    Takes over the hold of the customer or of a household member. Beyond the consultant's authority the
    subscription waits in approval and the unit stays held.
    """
    deal, subscription, terms = make_subscription(ctx, unit, data)
    begin(ctx, unit, deal, subscription, terms, terms.approvers)
    subscription.refresh_from_db()
    return subscription


def begin(
    ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, terms: Terms, approvers: Sequence[str]
) -> None:
    """A fresh draft waits for its approvers or its money, or is active at once."""
    if approvers:
        subscription.approvers = list(approvers)
        _ask_approval(ctx, unit, deal, subscription, terms)
    elif _pays_first(ctx, subscription):
        _wait(ctx, unit, deal, subscription)
    else:
        activate(ctx, unit, deal, subscription)
    ctx.index([subscription], fresh=True)


def make_subscription(
    ctx: Context, unit: Unit, data: SubscribeInput, beyond: Beyond | None = None
) -> tuple[Deal, Subscription, Terms]:
    """Deal, claim, parties and the draft of the paper. Whether it waits or is active is the caller's to say."""
    check_own_customer(ctx, data.customer)
    deal, hold = _claimed_deal(ctx, unit, data.customer)
    terms = read_terms(ctx, unit, data, beyond or Beyond())
    if deal is None:
        deal = open_deal(ctx, unit, data.customer, UnitClaim.Kind.SUBSCRIPTION)
    else:
        keep_claim(ctx, deal, UnitClaim.Kind.SUBSCRIPTION)
    _agree(ctx, deal, data, terms)
    count_uses(ctx, terms.priced.snapshot)
    subscription = _write(ctx, unit, deal, hold, data, terms)
    use_up(ctx, deal, terms.used)
    carry_terms(ctx, subscription)
    return deal, subscription, terms


def _claimed_deal(ctx: Context, unit: Unit, customer: Customer) -> tuple[Deal | None, Hold | None]:
    """The deal whose hold this subscription continues; refuses a unit that is claimed by anyone else."""
    claim = UnitClaim.objects.filter(project=ctx.here, unit=unit).first()
    if claim is None:
        return None, None
    deal = claim.deal_id and Deal.objects.select_for_update(no_key=True).get(pk=claim.deal_id)
    if not deal or claim.kind != UnitClaim.Kind.HOLD or deal.customer_id not in household_of(customer):
        raise DomainError("unit_taken", unit=unit.label, state=unit.state)
    hold = Hold.objects.select_for_update(no_key=True).get(
        project=ctx.here, deal=deal, state=Hold.State.ACTIVE
    )
    return deal, hold


def _agree(ctx: Context, deal: Deal, data: SubscribeInput, terms: Terms) -> None:
    """Put price, ownership and parties on the deal; the hold of a relative becomes this customer's deal."""
    deal.customer = data.customer
    deal.ownership = terms.buyers.ownership
    deal.list_total, deal.total = terms.priced.price.list_total, terms.priced.total
    deal.sales_mode = data.sales_mode or deal.sales_mode
    deal.save(update_fields=["customer", "ownership", "list_total", "total", "sales_mode", "updated_at"])
    store_buyers(ctx, deal, terms.buyers)
    mark_connected(ctx, deal, terms.connection)


def _write(
    ctx: Context, unit: Unit, deal: Deal, hold: Hold | None, data: SubscribeInput, terms: Terms
) -> Subscription:
    price = terms.priced.price
    month = f"{ctx.business_date:%Y%m}"
    subscription = Subscription(
        project=ctx.here, number=f"RG{month}{ctx.number('subscription', month):04d}", deal=deal, unit=unit,
        customer=data.customer, hold=hold, payment_plan=data.payment_plan,
        loans=[{"kind": loan.kind, "amount": str(loan.amount), "bank": loan.bank} for loan in terms.loans],
        list_total=price.list_total, total=price.total, decoration_total=terms.decoration,
        depth=price.depth * 100, unit_price=price.unit_price,
        gross_area=unit.gross_area or ZERO, inner_area=unit.inner_area or ZERO,
        snapshot=terms.priced.snapshot,
        deposit=terms.deposit, subscribed_on=ctx.business_date, sign_by=terms.sign_by,
        approvers=list(terms.approvers), created_by_id=ctx.user_id,
    )  # fmt: skip
    subscription.save(force_insert=True)
    PlanLine.objects.bulk_create(
        PlanLine(
            project=ctx.here, subscription=subscription, seq=line.seq, item=line.item, money=line.money,
            amount=line.amount, due_on=line.due_on, bank=line.bank[:60],
        )
        for line in terms.lines
    )  # fmt: skip
    return subscription


def _pays_first(ctx: Context, subscription: Subscription) -> bool:
    return not rules.activates(str(ctx.param("deals.activate_on")), ZERO, subscription.deposit)


def _wait(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription) -> None:
    """Until approval or first money the unit is held, with a clock."""
    until = ctx.now + dt.timedelta(hours=int(ctx.param("deals.approval_hours")))
    subscription.approve_by = until
    subscription.save(update_fields=["state", "approve_by", "approvers", "updated_at"])
    if unit.state == stock_rules.AVAILABLE:
        change_unit_state(ctx, unit, stock_rules.HELD, until=until, deal_id=deal.pk)
    else:
        set_unit_clock(ctx, unit, until)
    owe_deposit(ctx, deal, subscription)
    refresh_stages(ctx, [deal.customer_id])


def _ask_approval(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, terms: Terms) -> None:
    subscription.state = Subscription.State.APPROVING
    _wait(ctx, unit, deal, subscription)
    facts = {"number": subscription.number, "unit": unit.label, "total": str(subscription.total)}
    people = with_roles(ctx, subscription.approvers[:1])
    ctx.notify(people, "subscription_approval", subscription, **facts)
    for user_id in people:
        ctx.task(user_id, "subscription_approval", subscription, due_at=subscription.approve_by, **facts)
    ctx.event(
        "subscription.submitted", subscription, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        unit_label=unit.label, number=subscription.number, total=str(subscription.total),
        depth=terms.priced.price.depth_text,
    )  # fmt: skip


def owe_deposit(ctx: Context, deal: Deal, subscription: Subscription) -> None:
    """The agreed deposit is due at once; money of the hold goes to it."""
    if subscription.deposit > 0:
        line = NewLine("deposit", "cash", subscription.deposit, subscription.subscribed_on)
        add_receivables(ctx, deal, None, [line])
        allocate_open_money(ctx, deal)


def activate(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription) -> None:
    """DRAFT or APPROVING → ACTIVE: the hold is converted, the unit subscribed, the deposit owed."""
    waited = subscription.approve_by is not None
    people = {deal.customer_id}
    if subscription.hold_id:
        hold = Hold.objects.select_for_update(no_key=True).get(pk=subscription.hold_id)
        people.add(hold.customer_id)
        if hold.state == Hold.State.ACTIVE:
            convert_hold(ctx, hold)
    subscription.state, subscription.activated_on = Subscription.State.ACTIVE, ctx.business_date
    subscription.approve_by = None
    subscription.save(update_fields=["state", "activated_on", "approve_by", "updated_at"])
    deal.state = Deal.State.SUBSCRIBED
    deal.save(update_fields=["state", "updated_at"])
    change_unit_state(ctx, unit, stock_rules.SUBSCRIBED, deal_id=deal.pk)
    refresh_stages(ctx, people)
    ctx.event(
        "subscription.active", subscription, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        unit_label=unit.label, number=subscription.number, total=str(subscription.total),
    )  # fmt: skip
    if not waited:
        owe_deposit(ctx, deal, subscription)


def why_not_decide(subscription: Subscription) -> Refusal | None:
    if subscription.state == Subscription.State.APPROVING:
        return None
    return Refusal("state_refused", {"state": subscription.state})


def _in_approval(subscription: Subscription) -> bool:
    return subscription.state == Subscription.State.APPROVING


@command(
    Subscription, verb="approve", label=_("Approve"), icon="check", shape="primary", lock=False,
    refuses=why_not_decide, show=_in_approval,
)  # fmt: skip
def approve_subscription(ctx: Context, subscription: Subscription) -> Subscription:
    """Agree as the next approver of the chain; after the last one the subscription is active. The units of a bundle
    are approved together."""
    others = bundles.lock_along(ctx, subscription)
    subscription = _approve(ctx, subscription)
    for other in waiting_of(ctx, others):
        _approve(ctx, other)
    return subscription


def waiting_of(ctx: Context, deals: Sequence[Deal]) -> list[Subscription]:
    """Subscriptions of these deals that wait for approval or money."""
    rows = Subscription.objects.filter(project=ctx.here, deal__in=deals, state__in=("draft", "approving"))
    return list(rows.order_by("pk")) if deals else []


def _approve(ctx: Context, subscription: Subscription) -> Subscription:
    unit, deal, subscription = lock_chain(subscription)
    if why := why_not_decide(subscription):
        raise DomainError.of(why)
    _check_approver(ctx, subscription)
    subscription.approvers = subscription.approvers[1:]
    subscription.save(update_fields=["approvers", "updated_at"])
    ctx.finish_tasks("subscriptions", [subscription.pk], "subscription_approval")
    ctx.event(
        "subscription.approved",
        subscription,
        customer_id=deal.customer_id,
        deal=deal.pk,
        number=subscription.number,
    )
    facts = {"number": subscription.number, "unit": unit.label, "total": str(subscription.total)}
    if subscription.approvers:
        for user_id in with_roles(ctx, subscription.approvers[:1]):
            ctx.task(user_id, "subscription_approval", subscription, due_at=subscription.approve_by, **facts)
    else:
        activate(ctx, unit, deal, subscription)
        ctx.notify(
            [deal.consultant_id], "subscription_decided", subscription, number=subscription.number,
            unit=unit.label,
            state="active",
        )  # fmt: skip
    subscription.refresh_from_db()
    return subscription


def _check_approver(ctx: Context, subscription: Subscription) -> None:
    """The step belongs to a role; who may everything may stand in."""
    if ctx.actor.kind == "system" or ctx.access.scope("*", ctx.here.pk):
        return
    if ctx.user_id not in with_roles(ctx, subscription.approvers[:1]):
        raise DomainError("not_an_approver", status=403)


@command(
    Subscription, verb="refuse", label=_("Refuse"), icon="x", shape="danger", lock=False,
    refuses=why_not_decide,
    show=_in_approval,
)  # fmt: skip
def refuse_subscription(ctx: Context, subscription: Subscription, data: RefuseInput) -> Subscription:
    """Refuse in approval: a draft again; the unit is free unless a hold still runs. The units of a bundle are refused
    together."""
    others = bundles.lock_along(ctx, subscription)
    subscription = _refuse(ctx, subscription, data)
    for other in waiting_of(ctx, others):
        _refuse(ctx, other, data)
    return subscription


def _refuse(ctx: Context, subscription: Subscription, data: RefuseInput) -> Subscription:
    unit, deal, subscription = lock_chain(subscription)
    if why := why_not_decide(subscription):
        raise DomainError.of(why)
    _check_approver(ctx, subscription)
    give_back(ctx, unit, deal, subscription, data.reason)
    subscription.refused_on = ctx.business_date
    subscription.save(update_fields=["refused_on", "updated_at"])
    ctx.event(
        "subscription.refused", subscription, customer_id=deal.customer_id, deal=deal.pk,
        number=subscription.number,
        reason=data.reason,
    )  # fmt: skip
    ctx.notify(
        [deal.consultant_id], "subscription_decided", subscription, number=subscription.number,
        unit=unit.label,
        state="refused",
    )  # fmt: skip
    subscription.refresh_from_db()
    return subscription


def give_back(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, reason: str) -> None:
    """A waiting subscription comes to nothing: back to draft and, as a draft holds no unit, cancelled.
    Its hold, if still running, keeps the unit; else what was paid is to be returned."""
    subscription.state, subscription.approve_by = Subscription.State.CANCELLED, None
    subscription.ended_on, subscription.end_reason = ctx.business_date, reason[:200]
    subscription.save(update_fields=["state", "approve_by", "ended_on", "end_reason", "updated_at"])
    ctx.finish_tasks("subscriptions", [subscription.pk], "subscription_approval")
    release(ctx, deal, subscription.snapshot)
    sale_ended(ctx, deal, reason, agreed=False)
    if bundle := bundles.leads(ctx, deal):
        bundles.close(ctx, bundle)
    hold = Hold.objects.filter(
        project=ctx.here, pk=subscription.hold_id or 0, state=Hold.State.ACTIVE, expires_at__gt=ctx.now
    ).first()
    if hold is not None:
        keep_claim(ctx, deal, UnitClaim.Kind.HOLD)
        set_unit_clock(ctx, unit, hold.expires_at)
        return_money(ctx, deal, None, reason, refund=False)
        return
    Hold.objects.filter(project=ctx.here, deal=deal, state=Hold.State.ACTIVE).update(
        state=Hold.State.EXPIRED, ended_at=ctx.now
    )
    return_money(ctx, deal, None, reason, refund=True)
    end_deal(ctx, unit, deal, reason, reconfirm=False)
    refresh_stages(ctx, [deal.customer_id])
