"""A subscription that was refused in approval is submitted again, with the same buyers and today's price."""

from __future__ import annotations

import json
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.deals.commands.holds import settle_unit
from anchang.deals.models import Buyer, Deal, Subscription
from anchang.deals.typed_rows import LoanRow
from anchang.inventory.models import Discount, Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import personal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Quantity, Ref
from anchang.processes.subscribing import SubscribeInput, subscribe_unit, why_not_subscribe
from anchang.processes.waiting import settle_waiting


class ResubmitInput(Input):
    """What changes; everything that is left out stays as it was asked for."""

    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts instead"))] = []
    no_discounts: Annotated[bool, Label(_("Without discounts"))] = False
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None
    deposit: Annotated[Quantity | None, Label(_("Deposit"), kind="money")] = None
    sign_by: Annotated[Day | None, Label(_("Sign by"))] = None


def _was_refused(subscription: Subscription) -> bool:
    return subscription.state == Subscription.State.CANCELLED and subscription.refused_on is not None


def why_not_resubmit(subscription: Subscription) -> Refusal | None:
    return None if _was_refused(subscription) else Refusal("state_refused", {"state": subscription.state})


@command(
    Subscription, verb="resubmit", label=_("Submit again"), icon="refresh", shape="primary", lock=False,
    refuses=why_not_resubmit, show=_was_refused,
)  # fmt: skip
def resubmit_subscription(ctx: Context, subscription: Subscription, data: ResubmitInput) -> Subscription:
    """A new subscription like the refused one. Everything is checked and priced again; the refused one stays."""
    unit = Unit.objects.select_for_update(no_key=True, of=("self",)).get(pk=subscription.unit_id)
    settle_unit(ctx, unit)
    settle_waiting(ctx, unit)
    if why := why_not_subscribe(unit):
        raise DomainError.of(why)
    deal = subscription.deal
    again: dict[str, Any] = {
        "customer": subscription.customer, "buyers": buyers_of_deal(deal), "ownership": deal.ownership or None,
        "payment_plan": data.payment_plan or subscription.payment_plan, "loans": _loans(subscription, data),
        "discounts": _discounts(ctx, subscription, data),
        "deposit": subscription.deposit if data.deposit is None else data.deposit,
        "sign_by": data.sign_by, "sales_mode": deal.sales_mode,
    }  # fmt: skip
    return subscribe_unit(ctx, unit, SubscribeInput.model_construct(**again))


def _loans(subscription: Subscription, data: ResubmitInput) -> list[dict[str, Any]] | None:
    """Loans of another plan or another price are its own."""
    if data.loans is not None:
        return data.loans
    changed = data.payment_plan or data.discounts or data.no_discounts
    return None if changed else subscription.loans or None


def _discounts(ctx: Context, subscription: Subscription, data: ResubmitInput) -> list[Discount]:
    if data.no_discounts:
        return []
    if data.discounts:
        return list(data.discounts)
    codes = [each["code"] for each in subscription.snapshot.get("discounts", ())]
    return list(Discount.objects.filter(project=ctx.here, code__in=codes))


def buyers_of_deal(deal: Deal) -> list[dict[str, Any]]:
    """The parties as they were typed; the numbers do not leave the command."""
    rows = Buyer.objects.filter(project_id=deal.project_id, deal=deal).order_by("seq")
    return [
        {
            "name": row.name, "kind": row.kind, "id_type": row.id_type, "id_number": personal.decrypt(row.id_cipher),
            "phone": personal.decrypt(row.phone_cipher) if row.phone_cipher else None,
            "share": None if row.share is None else f"{row.share:.2f}",
            "guardian": _representative(row.guardian_cipher), "agent": _representative(row.agent_cipher),
        }
        for row in rows
    ]  # fmt: skip


def _representative(cipher: bytes | memoryview | None) -> dict[str, Any] | None:
    return json.loads(personal.decrypt(cipher)) if cipher else None
