"""Handover (交房, K15): the unit is the buyer's."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs.models import Handover, Warranty
from anchang.deals import rules
from anchang.deals.commands.claims import lock_chain
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Contract, Deal
from anchang.finance.models import Receivable
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.states import change_unit_state
from anchang.kernel.clock import add_months
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import yuan
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label


class DeliverInput(Input):
    on: Annotated[Day | None, Label(_("Handed over on"))] = None
    receiver: Annotated[str, Field(max_length=50), Label(_("Receiver"))] = ""
    property_fee_from: Annotated[Day | None, Label(_("Property fee from"))] = None
    note: Annotated[str, Field(max_length=500), Label(_("Handover sheet"), kind="longtext")] = ""


def why_not_deliver(contract: Contract) -> Refusal | None:
    return rules.why_not_go("contract", contract.state, "delivered")


@command(
    Contract, verb="deliver", label=_("Record handover"), icon="key", lock=False, refuses=why_not_deliver,
    show=lambda c: c.state == "filed",
)  # fmt: skip
def deliver_contract(ctx: Context, contract: Contract, data: DeliverInput) -> Contract:
    """Contract, deal and unit are DELIVERED, the customer an owner; warranties and property fee begin. Taxes and the
    property contract are no condition (model contract art. 11); unpaid house money is one where the office says so."""
    unit, deal, contract = lock_chain(contract)
    if why := why_not_deliver(contract):
        raise DomainError.of(why)
    on = data.on or ctx.business_date
    if not contract.signed_on <= on <= ctx.business_date:
        raise DomainError("handover_day", status=422, fields={"on": "handover_day"})
    if ctx.param("affairs.handover_needs_settled"):
        due = Receivable.objects.filter(
            project=ctx.here, deal=deal, voided=False, house=True, balance__gt=0, due_on__lte=on
        )
        if due.exists():
            raise DomainError("money_due")
    contract.state = Contract.State.DELIVERED
    contract.save(update_fields=["state", "updated_at"])
    deal.state = Deal.State.DELIVERED
    deal.save(update_fields=["state", "updated_at"])
    change_unit_state(ctx, unit, stock_rules.DELIVERED, deal_id=deal.pk)
    refresh_stages(ctx, [deal.customer_id])
    ctx.finish_tasks("deals", [deal.pk], "prepare_handover")
    fee = yuan((unit.gross_area or contract.gross_area) * Decimal(str(ctx.param("affairs.property_fee"))))
    handover = Handover.objects.create(
        project=ctx.here, deal=deal, contract=contract, on=on, receiver=data.receiver, note=data.note, at=ctx.now,
        property_fee=fee or None, property_fee_from=(data.property_fee_from or on) if fee else None,
    )  # fmt: skip
    Warranty.objects.bulk_create(
        Warranty(
            project=ctx.here, handover=handover, contract=contract, item=item[:60], since=on,
            until=add_months(on, int(months)),
        )
        for item, months in dict(ctx.param("affairs.warranties")).items()
        if int(months) > 0
    )  # fmt: skip
    ctx.event(
        "contract.delivered", contract, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        number=contract.number, on=on.isoformat(), receiver=data.receiver, note=data.note,
    )  # fmt: skip
    contract.refresh_from_db()
    return contract
