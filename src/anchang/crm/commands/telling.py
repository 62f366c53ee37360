"""Messages to customers: found by their file, within their consent, through the outbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.crm import messages as messages
from anchang.crm.commands.writable import why_not_write
from anchang.crm.models import Consent, Customer, CustomerPhone, MessageStop
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import personal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label
from anchang.platform.outbox import kinds
from anchang.platform.outbox.kinds import MARKETING, MessageKind
from anchang.platform.outbox.queueing import Wanted, queue


@dataclass(frozen=True, kw_only=True)
class ToCustomer:
    """`key`: once per record and occasion, without the kind. `owner_id`: the customer's owner unless given."""

    customer_id: int
    record: Any
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    owner_id: int | None = None
    expires_at: dt.datetime | None = None


def tell_customers(ctx: Context, kind: MessageKind, told: Sequence[ToCustomer]) -> None:
    """Queue a message to each customer's main phone. Three queries, however many there are."""
    ids = {one.customer_id for one in told}
    people = Customer.objects.in_bulk(ids)
    rows = CustomerPhone.objects.filter(project=ctx.here, customer__in=ids, active=True).order_by("main", "-id")
    numbers = dict(rows.values_list("customer_id", "cipher"))
    queue(ctx, kind, [
        Wanted(
            key=f"{kind.name}:{one.key}", record=one.record, customer_id=one.customer_id, expires_at=one.expires_at,
            values={"name": people[one.customer_id].name, **one.values}, name=people[one.customer_id].name,
            phone=personal.decrypt(numbers[one.customer_id]) if one.customer_id in numbers else "",
            mail=people[one.customer_id].email, owner_id=one.owner_id or people[one.customer_id].owner_id,
        )
        for one in told if one.customer_id in people
    ])  # fmt: skip


# --- who may not be written to ---------------------------------------------------------------------


def why_no_message(ctx: Context, kind: MessageKind, customer_ids: Sequence[int]) -> dict[int, str]:
    """Marketing needs a consent in force (广告法 43, PIPL 13); what a deal or a visit needs doesn't. Who wants no
    messages gets none but those that he waits for."""
    if kind.urgent:
        return {}
    stopped = MessageStop.objects.filter(project=ctx.here, customer__in=customer_ids, lifted_at__isnull=True)
    found = dict.fromkeys(stopped.values_list("customer_id", flat=True), "opted_out")
    gone = Customer.everything.filter(project=ctx.here, pk__in=customer_ids, state=Customer.State.ERASED)
    found |= dict.fromkeys(gone.values_list("pk", flat=True), "erased")
    if kind.purpose == MARKETING:
        consents = Consent.objects.filter(project=ctx.here, purpose="marketing", withdrawn_at__isnull=True)
        given = set(consents.filter(customer__in=customer_ids).values_list("customer_id", flat=True))
        found |= dict.fromkeys(set(customer_ids) - given - set(found), "no_consent")
    return found


kinds.refusals.append(why_no_message)


class StopInput(Input):
    way: Annotated[str, Field(max_length=50), Label(_("Said by way of"))] = ""


@command(Customer, verb="stop-messages", label=_("Wants no messages"), icon="message-off", refuses=why_not_write)
def stop_messages(ctx: Context, customer: Customer, data: StopInput) -> MessageStop:
    """Nothing more is sent to the customer; his consent to marketing messages ends with it. Raises messages_stopped."""
    if MessageStop.objects.filter(project=ctx.here, customer=customer, lifted_at__isnull=True).exists():
        raise DomainError("messages_stopped")
    made = MessageStop.objects.create(
        project=ctx.here, customer=customer, since=ctx.now, way=data.way, created_by_id=ctx.user_id
    )
    consents = Consent.objects.filter(project=ctx.here, customer=customer, purpose=MARKETING)
    consents.filter(withdrawn_at__isnull=True).update(withdrawn_at=ctx.now, updated_at=ctx.now)
    ctx.event("messages.stopped", made, customer_id=customer.pk)
    return made


def _must_stand(stop: MessageStop) -> Refusal | None:
    return Refusal("messages_allowed") if stop.lifted_at else None


@command(MessageStop, verb="lift", label=_("Wants messages again"), icon="message", refuses=_must_stand,
         show=lambda s: s.lifted_at is None)  # fmt: skip
def lift_stop(ctx: Context, stop: MessageStop) -> MessageStop:
    """For what a deal needs; marketing needs a new consent."""
    stop.lifted_at = ctx.now
    stop.save(update_fields=["lifted_at", "updated_at"])
    ctx.event("messages.allowed", stop, customer_id=stop.customer_id)
    return stop
