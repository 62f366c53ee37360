"""Clocks of deals: signing due, dunning until paid, filing due, waiting subscriptions, money to return."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from anchang.crm.commands.telling import ToCustomer, tell_customers
from anchang.deals import rules
from anchang.deals.commands.claims import lock_chain
from anchang.deals.commands.holds import expire_holds
from anchang.deals.models import Contract, Deal, Subscription
from anchang.finance import rules as money_rules
from anchang.finance.commands import refund_free_money
from anchang.finance.models import Receipt, Receivable
from anchang.finance.queries import unclosed_days
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label
from anchang.processes.messages import PAYMENT_DUE, SIGNING_DUE
from anchang.processes.people import with_permission
from anchang.processes.special import expire_offers
from anchang.processes.waiting import end_waiting

#: One run takes at most so many, so that its locks stay short; the next minute takes the rest.
BATCH = 500


def end_what_time_has_ended(ctx: Context) -> int:
    """Expire holds and waiting subscriptions, then ask for the money of ended deals to be returned."""
    ended = expire_holds(ctx)
    waiting = Subscription.objects.filter(
        project=ctx.here, state__in=("draft", "approving"), approve_by__lte=ctx.now
    )
    for subscription in list(waiting.order_by("unit_id")[:BATCH]):
        end_waiting(ctx, subscription)
        ended += 1
    ended += expire_offers(ctx)
    return ended + return_money_of_ended_deals(ctx)


def return_money_of_ended_deals(ctx: Context) -> int:
    """Reservation money of an expired or cancelled hold is refundable: request its return."""
    rows = Receipt.objects.filter(
        project=ctx.here, state__in=("posted", "day_closed"), amount__gt=F("allocated"),
        deal__state=Deal.State.ENDED
    ).exclude(way=Receipt.Way.OFFSET)  # fmt: skip
    ids = sorted(set(rows.values_list("deal_id", flat=True)[:BATCH]))
    for deal in Deal.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("id"):
        refund_free_money(ctx, deal, deal.end_reason or "ended")
    return len(ids)


class ExtendSigningInput(Input):
    sign_by: Annotated[Day, Label(_("Sign by"))]


def why_not_extend_signing(subscription: Subscription) -> Refusal | None:
    if subscription.state in ("active", "overdue"):
        return None
    return Refusal("state_refused", {"state": subscription.state})


@command(
    Subscription, verb="extend", label=_("Extend signing"), icon="clock-plus", lock=False,
    refuses=why_not_extend_signing, show=lambda s: s.state in ("active", "overdue"),
)  # fmt: skip
def extend_signing(ctx: Context, subscription: Subscription, data: ExtendSigningInput) -> Subscription:
    """Agree on a later signing day; an overdue subscription is active again."""
    _unit, deal, subscription = lock_chain(subscription)
    if why := why_not_extend_signing(subscription):
        raise DomainError.of(why)
    if data.sign_by < ctx.business_date:
        raise DomainError("sign_by_in_past", status=422, fields={"sign_by": "sign_by_in_past"})
    rules.check_sign_by(data.sign_by, subscription.subscribed_on, int(ctx.param("deals.signing_max_days")))
    subscription.sign_by, subscription.state = data.sign_by, Subscription.State.ACTIVE
    subscription.save(update_fields=["sign_by", "state", "updated_at"])
    ctx.finish_tasks("subscriptions", [subscription.pk], "signing_due")
    ctx.event(
        "subscription.extended", subscription, customer_id=deal.customer_id, deal=deal.pk,
        number=subscription.number,
        sign_by=data.sign_by.isoformat(),
    )  # fmt: skip
    subscription.refresh_from_db()
    return subscription


def remind_of_signing(ctx: Context) -> int:
    """D09: to-do and message to the consultant, and a message to the buyer, N days before and on the day; past it the
    subscription is overdue. Once per day and subscription."""
    today = ctx.business_date
    days = tuple(int(d) for d in ctx.param("deals.signing_reminder_days"))
    rows = Subscription.objects.filter(
        project=ctx.here, state="active", sign_by__lte=today + dt.timedelta(days=max((*days, 0)))
    ).select_related("deal", "unit", "customer")  # fmt: skip
    done, late, told = 0, [], []
    for s in rows:
        facts = {"customer": s.customer.name, "unit": s.unit.label, "sign_by": s.sign_by.isoformat()}
        if rules.subscription_overdue(s.sign_by, today):
            late.append(s.pk)
            ctx.notify([s.deal.consultant_id], "subscription_overdue", s, **facts)
            ctx.event(
                "subscription.overdue",
                s,
                customer_id=s.customer_id,
                deal=s.deal_id,
                number=s.number,
                unit=s.unit_id,
            )
        elif rules.reminder_due(s.sign_by, today, days) is not None and s.deal.consultant_id:
            ctx.task(
                s.deal.consultant_id, "signing_due", s, due_at=_end_of(ctx, s.sign_by),
                period_key=f"{s.sign_by.isoformat()}:{today.isoformat()}", **facts,
            )  # fmt: skip
            ctx.notify([s.deal.consultant_id], "signing_due", s, **facts)
            told.append(_to_buyer(s.deal, s, f"{s.pk}:{s.sign_by}:{today}", _end_of(ctx, s.sign_by), facts))
            done += 1
    tell_customers(ctx, SIGNING_DUE, told)
    Subscription.objects.filter(project=ctx.here, pk__in=late, state="active").update(
        state="overdue", updated_at=ctx.now
    )
    return done + len(late)


def remind_of_payment(ctx: Context) -> int:
    """F03: a to-do for the consultant (the cashiers, where a deal has none) and a message to the buyer N days before an
    unpaid line is due, on the day, and every M days after until it is settled. Once per line and day."""
    today = ctx.business_date
    before, every = (
        int(ctx.param("finance.dunning_before_days")),
        int(ctx.param("finance.dunning_every_days")),
    )
    rows = Receivable.objects.filter(
        project=ctx.here, voided=False, balance__gt=0, due_on__lte=today + dt.timedelta(days=before),
    ).exclude(deal__state=Deal.State.ENDED)  # fmt: skip
    told = []
    cashiers = with_permission(ctx, "contracts.receive")
    for line in rows.select_related("deal__customer", "deal__unit").iterator(chunk_size=2000):
        key = money_rules.dunning_due(line.due_on, today, before, every)
        if key is None:
            continue
        facts = {
            "customer": line.deal.customer.name, "unit": str(line.deal.unit or ""), "amount": str(line.balance),
            "due_on": line.due_on.isoformat(),
        }  # fmt: skip
        people = [line.deal.consultant_id] if line.deal.consultant_id else cashiers
        for user in people:
            ctx.task(user, "payment_due", line, due_at=_end_of(ctx, line.due_on), period_key=key, **facts)
        ctx.notify(people, "payment_due", line, **facts)
        told.append(_to_buyer(line.deal, line, f"{line.pk}:{key}", None, facts))
    tell_customers(ctx, PAYMENT_DUE, told)
    return len(told)


def _to_buyer(deal: Deal, record: Any, key: str, until: dt.datetime | None, values: dict[str, str]) -> ToCustomer:
    return ToCustomer(
        customer_id=deal.customer_id, record=record, key=key, expires_at=until, values=values,
        owner_id=deal.consultant_id,
    )  # fmt: skip


def remind_of_filing(ctx: Context) -> int:
    """K09: a to-do for the clerks when a signed contract's filing is due or overdue. Once per contract."""
    rows = Contract.objects.filter(project=ctx.here, state="signed", filing_due_on__lte=ctx.business_date)
    contracts = list(rows.select_related("unit"))
    people = with_permission(ctx, "contracts.file") if contracts else []
    for c in contracts:
        facts = {"number": c.number, "unit": c.unit.label, "due_on": c.filing_due_on.isoformat()}
        for user_id in people:
            ctx.task(user_id, "filing_due", c, due_at=_end_of(ctx, c.filing_due_on), **facts)
    return len(contracts)


def remind_of_closing(ctx: Context) -> int:
    """F05: a to-do for every cashier's day that was not counted, until it is closed. Once per day."""
    found = unclosed_days(ctx.here, ctx.business_date)
    for cashier_id, day in found:
        mine = Receipt.objects.filter(project=ctx.here, cashier=cashier_id, business_date=day)
        facts = {"day": day.isoformat(), "receipts": mine.count()}
        first = mine.order_by("id").first()
        ctx.task(cashier_id, "day_unclosed", first, due_at=_end_of(ctx, day), period_key=day.isoformat(), **facts)
    return len(found)


def _end_of(ctx: Context, day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(18), ctx.zone)
