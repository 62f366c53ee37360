"""Money that goes from one deal to another: asked for by one person, agreed to by another; refund here, receipt there,
in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.deals.models.contracts import LIVE_STATES
from anchang.finance import rules
from anchang.finance.commands.receipts import MoneyInput, take_money
from anchang.finance.commands.refunds import request_money
from anchang.finance.models import Refund
from anchang.kernel.errors import DomainError, Refusal
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
    """Own money only: loan money goes back to the lender. The money is taken from the deal's receipts at once; it moves
    when somebody else agrees (parameter `finance.transfer_second_person`). Answers the refund that gives it."""
    given = _ask(ctx, deal, data)
    if ctx.param("finance.transfer_second_person"):
        given.refresh_from_db()
        return given
    return _carry_out(ctx, given)


def move_money(ctx: Context, source: Deal, target: Deal, amount: Decimal, reason: str) -> Refund:
    """A transfer that belongs to something decided already (an exchange). Both deals come locked."""
    asked = TransferInput.model_construct(to=target, amount=amount, reason=reason, proofs=[])
    return _carry_out(ctx, _ask(ctx, source, asked))


def _ask(ctx: Context, deal: Deal, data: TransferInput) -> Refund:
    if deal.pk == data.to.pk:
        raise DomainError("transfer_same_deal", status=422, fields={"to": "transfer_same_deal"})
    source, target = _locked(deal.pk, data.to.pk)
    _check_payer(source, target, data.proofs)
    return request_money(
        ctx, source, data.amount, "cash", data.reason, to_deal=target, payee=target.customer.name[:100],
        payer_receives=source.customer_id == target.customer_id, proofs=data.proofs,
    )  # fmt: skip


def _locked(source: int, target: int) -> tuple[Deal, Deal]:
    pair = Deal.objects.select_for_update(no_key=True).filter(pk__in=(source, target)).order_by("pk")
    locked = {one.pk: one for one in pair}
    return locked[source], locked[target]


@command(
    Refund, verb="transfer", label=_("Agree to the transfer"), icon="transfer-in", shape="primary", lock=False,
    permission="refunds.approve", refuses=lambda refund: why_not_transfer(refund),
    show=lambda refund: why_not_transfer(refund) is None,
)  # fmt: skip
def approve_transfer(ctx: Context, refund: Refund) -> Refund:
    """The money leaves one deal and arrives at the other in one transaction. Nobody agrees to his own request."""
    assert refund.to_deal_id is not None
    source, target = _locked(refund.deal_id, refund.to_deal_id)
    refund = Refund.objects.select_for_update(no_key=True).get(pk=refund.pk)
    if why := why_not_transfer(refund):
        raise DomainError.of(why)
    if refund.requested_by_id == ctx.user_id and ctx.param("finance.transfer_second_person"):
        raise DomainError("own_request")
    _check_payer(source, target, refund.proofs)  # the other deal may have become another customer's since
    return _carry_out(ctx, refund)


def why_not_transfer(refund: Refund) -> Refusal | None:
    waits = refund.state == Refund.State.REQUESTED and refund.to_deal_id is not None
    return None if waits else Refusal("state_refused", {"state": refund.state})


def _carry_out(ctx: Context, given: Refund) -> Refund:
    """Collection is the same before and after. Both deals come locked."""
    assert given.to_deal_id is not None
    source, target = given.deal, Deal.objects.select_related("customer").get(pk=given.to_deal_id)
    contract = Contract.objects.filter(project=ctx.here, deal=target, state__in=LIVE_STATES).first()
    taken = take_money(
        ctx, target,
        TransferredMoney(
            amount=given.amount, payer=source.customer.name, reference=f"{_('Refund')} {given.pk}", confirm_surplus=True
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
        "money.transferred", source, customer_id=source.customer_id, to=target.pk, amount=str(given.amount),
        receipt=taken.number,
    )  # fmt: skip
    return given


def _check_payer(source: Deal, target: Deal, proofs: Sequence[str]) -> None:
    """Another customer gets it only by the payer's signed order, with identity and relation."""
    given = set(proofs)
    why = rules.why_not_payee(
        "cash", same_payer=source.customer_id == target.customer_id, lender=False,
        signed_order="signed_order" in given, identity="identity" in given, relation="relation" in given,
        approved=True,
    )  # fmt: skip
    if why:
        raise DomainError(why.code, status=422, fields={"proofs": why.code}, **why.params)
