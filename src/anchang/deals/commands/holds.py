"""Holds: lock or reserve a unit, extend, cancel, expire."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from anchang.crm.models import Customer
from anchang.deals import rules
from anchang.deals.commands.claims import (
    check_own_customer,
    end_deal,
    household_of,
    lock_chain,
    open_deal,
    why_not_deal,
)
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Deal, Hold, Subscription, UnitClaim
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.states import change_unit_state, set_unit_clock
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command, settles
from anchang.platform.context import Context
from anchang.platform.inputs import Between, Input, Label, Line, Quantity, Ref

#: One run of the expiry job takes at most so many, so that its locks stay short.
EXPIRY_BATCH = 500


class HoldInput(Input):
    customer: Annotated[Ref("customers"), Label(_("Customer"))]
    kind: Annotated[
        Literal["lock", "reservation"],
        Label(
            _("Kind"), kind="choice",
            choices={"lock": pgettext_lazy("hold", "Lock"), "reservation": _("Reservation")},
        ),
    ] = "lock"
    minutes: Annotated[int | None, Between(1, 1_000_000), Label(_("Minutes"))] = None
    deposit: Annotated[Quantity | None, Label(_("Small deposit"), kind="money")] = None


class ExtendInput(Input):
    minutes: Annotated[int | None, Between(1, 1_000_000), Label(_("Minutes"))] = None


class CancelInput(Input):
    reason: Annotated[Line, Label(_("Reason"))] = ""


def hold_policy(ctx: Context) -> rules.HoldPolicy:
    return rules.HoldPolicy(
        lock_minutes=int(ctx.param("deals.lock_minutes")),
        lock_max_minutes=int(ctx.param("deals.lock_max_minutes")),
        reservation_minutes=int(ctx.param("deals.reservation_minutes")),
        reservation_max_minutes=int(ctx.param("deals.reservation_max_minutes")),
        max_extensions=int(ctx.param("deals.hold_max_extensions")),
        max_per_customer=int(ctx.param("deals.holds_per_customer")),
        max_per_consultant=int(ctx.param("deals.holds_per_consultant")),
        repeat_after_hours=int(ctx.param("deals.hold_repeat_hours")),
    )


@settles(Unit)
def settle_unit(ctx: Context, unit: Unit) -> None:
    """End a hold whose time is over, so that a late worker never blocks a sale."""
    if unit.state != stock_rules.HELD or unit.state_until is None or unit.state_until > ctx.now:
        return
    deal_id = UnitClaim.objects.filter(project=ctx.here, unit=unit).values_list("deal_id", flat=True).first()
    hold = (
        Hold.objects.filter(project=ctx.here, deal_id=deal_id, state=Hold.State.ACTIVE).first()
        if deal_id
        else None
    )
    if hold is not None:
        expire_hold(ctx, hold, unit)


@command(
    Unit, verb="hold", label=_("Hold"), icon="lock", shape="primary", refuses=why_not_deal,
    show=lambda unit: unit.state == stock_rules.AVAILABLE,
)  # fmt: skip
def hold_unit(ctx: Context, unit: Unit, data: HoldInput) -> Hold:
    """Keep one unit for one customer for a while (锁房, 临定). The unit comes locked and settled.

    Refuses beyond the limits of customer and consultant, and a household that held the unit a moment ago.
    """
    customer: Customer = data.customer
    check_own_customer(ctx, customer)
    policy = hold_policy(ctx)
    expires_at = rules.hold_expiry(data.kind, data.minutes, policy, ctx.now)
    if why := rules.why_not_hold(_facts(ctx, unit, customer), policy, ctx.now):
        raise DomainError.of(why)
    deposit = _small_deposit(ctx, unit, data)
    deal = open_deal(ctx, unit, customer, UnitClaim.Kind.HOLD)
    hold = Hold(
        project=ctx.here, deal=deal, unit=unit, customer=customer, kind=data.kind, started_at=ctx.now,
        expires_at=expires_at, deposit=deposit, business_date=ctx.business_date, created_by_id=ctx.user_id,
    )  # fmt: skip
    hold.save(force_insert=True)
    change_unit_state(ctx, unit, stock_rules.HELD, until=expires_at, deal_id=deal.pk)
    ctx.event(
        "unit.held", hold, customer_id=customer.pk, unit=unit.pk, unit_label=unit.label, deal=deal.pk,
        expires_at=expires_at.isoformat(), kind=data.kind,
    )  # fmt: skip
    refresh_stages(ctx, [customer.pk])
    return hold


def _small_deposit(ctx: Context, unit: Unit, data: HoldInput) -> Decimal:
    """What a reservation agrees to pay (小定): between the office's minimum and the legal cap of a deposit. A lock
    takes no money."""
    least = Decimal(str(ctx.param("deals.reservation_deposit")))
    deposit: Decimal = least if data.deposit is None else data.deposit
    if data.kind == Hold.Kind.LOCK:
        if data.deposit:
            raise DomainError("lock_has_no_deposit", status=422, fields={"deposit": "lock_has_no_deposit"})
        return Decimal(0)
    ratio = Decimal(str(ctx.param("deals.deposit_ratio")))
    why = rules.why_not_enough(deposit, least) or rules.why_not_deposit(deposit, unit.list_total or Decimal(0), ratio)
    if why:
        raise DomainError(why.code, status=422, fields={"deposit": why.code}, **why.params)
    return deposit


def _facts(ctx: Context, unit: Unit, customer: Customer) -> rules.HoldFacts:
    running = Hold.objects.filter(project=ctx.here, state=Hold.State.ACTIVE, expires_at__gt=ctx.now)
    household = household_of(customer)
    ended = Hold.objects.filter(
        project=ctx.here, unit=unit, customer__in=household, state__in=("expired", "cancelled")
    ).order_by("-ended_at")
    return rules.HoldFacts(
        of_customer=running.filter(customer__in=household).count(),
        of_consultant=running.filter(deal__consultant_id=customer.owner_id or ctx.user_id).count(),
        last_ended_at=ended.values_list("ended_at", flat=True).first(),
    )


def why_not_hold_step(hold: Hold) -> Refusal | None:
    if hold.state == Hold.State.ACTIVE:
        return None
    return Refusal("hold_not_active", {"state": hold.state})


def _running(hold: Hold) -> bool:
    return hold.state == Hold.State.ACTIVE


@command(
    Hold,
    verb="extend",
    label=_("Extend"),
    icon="clock-plus",
    lock=False,
    refuses=why_not_hold_step,
    show=_running,
)
def extend_hold(ctx: Context, hold: Hold, data: ExtendInput) -> Hold:
    """Move the end of a running hold; a limited number of times."""
    unit, deal, hold = lock_chain(hold)
    policy = hold_policy(ctx)
    if why := rules.why_not_extend(hold.state, hold.expires_at, hold.extensions, policy, ctx.now):
        raise DomainError.of(why)
    hold.expires_at = rules.hold_expiry(hold.kind, data.minutes, policy, max(ctx.now, hold.expires_at))
    hold.extensions += 1
    hold.save(update_fields=["expires_at", "extensions", "updated_at"])
    set_unit_clock(ctx, unit, hold.expires_at)
    ctx.event(
        "hold.extended", hold, customer_id=hold.customer_id, unit=unit.pk, unit_label=unit.label,
        deal=deal.pk,
        expires_at=hold.expires_at.isoformat(), extensions=hold.extensions,
    )  # fmt: skip
    hold.refresh_from_db()
    return hold


@command(
    Hold, verb="cancel", label=_("Cancel"), icon="lock-open", shape="danger", lock=False,
    refuses=why_not_hold_step,
    show=_running,
)  # fmt: skip
def cancel_hold(ctx: Context, hold: Hold, data: CancelInput) -> Hold:
    """Give the unit back before time."""
    unit, deal, hold = lock_chain(hold)
    if why := why_not_hold_step(hold):
        raise DomainError.of(why)
    if _approving(deal):
        raise DomainError("approval_running")
    _end(ctx, unit, deal, hold, Hold.State.CANCELLED, data.reason or "cancelled")
    return hold


def expire_hold(ctx: Context, hold: Hold, unit: Unit | None = None) -> None:
    """End a hold whose time is over. Does nothing if another did it meanwhile."""
    fresh, deal, hold = lock_chain(hold)
    unit = (
        unit or fresh
    )  # the caller goes on with its own instance, which change_unit_state brings up to date
    if hold.state != Hold.State.ACTIVE or not rules.hold_ended(hold.expires_at, ctx.now):
        return
    _end(ctx, unit, deal, hold, Hold.State.EXPIRED, "expired")
    ctx.notify(
        [deal.consultant_id],
        "hold_expired",
        hold,
        unit=unit.label,
        customer=str(Customer.everything.get(pk=hold.customer_id)),
    )


def _approving(deal: Deal) -> bool:
    return Subscription.objects.filter(
        project_id=deal.project_id, deal=deal, state__in=("draft", "approving")
    ).exists()


def _end(ctx: Context, unit: Unit, deal: Deal, hold: Hold, state: str, reason: str) -> None:
    hold.state, hold.ended_at = state, ctx.now
    hold.save(update_fields=["state", "ended_at", "updated_at"])
    # A subscription in approval has its own clock and keeps the unit.
    if not _approving(deal):
        end_deal(ctx, unit, deal, reason, reconfirm=False)
    ctx.event(
        f"hold.{state}", hold, customer_id=hold.customer_id, unit=unit.pk, unit_label=unit.label,
        deal=deal.pk,
        reason=reason,
    )  # fmt: skip
    refresh_stages(ctx, [hold.customer_id])


def expire_holds(ctx: Context) -> int:
    """End every hold of the project whose time is over. Answers how many were looked at."""
    due = Hold.objects.filter(project=ctx.here, state=Hold.State.ACTIVE, expires_at__lte=ctx.now)
    holds = list(due.order_by("unit_id")[:EXPIRY_BATCH])
    for hold in holds:
        expire_hold(ctx, hold)
    return len(holds)


def convert_hold(ctx: Context, hold: Hold) -> None:
    """The hold became a subscription of the same deal."""
    hold.state, hold.ended_at = Hold.State.CONVERTED, ctx.now
    hold.save(update_fields=["state", "ended_at", "updated_at"])
