"""Money that goes from one deal to another: refund here, receipt there, in one transaction."""

from __future__ import annotations

from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.deals.models.contracts import LIVE_STATES
from anchang.finance import rules
from anchang.finance.commands.receipts import MoneyInput, take_money
from anchang.finance.commands.refunds import RefundInput, request_refunds
from anchang.finance.models import Refund
from anchang.kernel.errors import DomainError
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Input, Label, Reason, Ref


class TransferInput(Input):
    """Free money of the deal (paid and set against nothing) for another deal. `proofs` when the customers differ."""

    to: Annotated[Ref("deals"), Label(_("To the deal"))]
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    reason: Annotated[Reason, Label(_("Reason"))]
    proofs: Annotated[list[str], Label(_("Proofs"), kind="json")] = []


class TransferredMoney(MoneyInput):
    """Money that was received on another deal before."""

    way: Literal["transfer_in"] = "transfer_in"  # type: ignore[assignment]


@command(Deal, verb="transfer-money", label=_("Transfer money to another deal"), icon="transfer", lock=False)
def transfer_money(ctx: Context, deal: Deal, data: TransferInput) -> Refund:
    """Own money only: loan money goes back to the lender. Answers the refund that gave it; its receipt in the
    other deal says where it came from. Collection is the same before and after."""
    if deal.pk == data.to.pk:
        raise DomainError("transfer_same_deal", status=422, fields={"to": "transfer_same_deal"})
    pair = Deal.objects.select_for_update(no_key=True).filter(pk__in=(deal.pk, data.to.pk)).order_by("pk")
    locked = {one.pk: one for one in pair}
    source, target = locked[deal.pk], locked[data.to.pk]
    _check_payer(source, target, data)
    given = request_refunds(
        ctx,
        [RefundInput.model_construct(
            deal=source, amount=data.amount, money="cash", reason=data.reason, payee=target.customer.name,
            payee_account="", payer_receives=source.customer_id == target.customer_id, proofs=data.proofs,
        )],
    )[0]  # fmt: skip
    contract = Contract.objects.filter(project=ctx.here, deal=target, state__in=LIVE_STATES).first()
    taken = take_money(
        ctx, target,
        TransferredMoney(
            amount=data.amount, payer=source.customer.name, reference=f"{_('Refund')} {given.pk}", confirm_surplus=True
        ),
        contract,
    )  # fmt: skip
    given.state, given.way, given.reference = Refund.State.PAID, "transfer_out", taken.number
    given.approved_by_id = given.paid_by_id = ctx.user_id
    given.approved_on = given.paid_on = ctx.business_date
    given.save(
        update_fields=["state", "way", "reference", "approved_by", "paid_by", "approved_on", "paid_on", "updated_at"]
    )
    ctx.event(
        "money.transferred", source, customer_id=source.customer_id, to=target.pk, amount=str(data.amount),
        receipt=taken.number,
    )  # fmt: skip
    return given


def _check_payer(source: Deal, target: Deal, data: TransferInput) -> None:
    """Another customer gets it only by the payer's signed order, with identity and relation."""
    given = set(data.proofs)
    why = rules.why_not_payee(
        "cash", same_payer=source.customer_id == target.customer_id, lender=False,
        signed_order="signed_order" in given, identity="identity" in given, relation="relation" in given,
        approved=True,
    )  # fmt: skip
    if why:
        raise DomainError(why.code, status=422, fields={"proofs": why.code}, **why.params)
