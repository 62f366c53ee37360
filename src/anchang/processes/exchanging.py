"""Exchange (换房): another unit at today's price, the old one back to the price officer, the money moved over."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.claims import end_deal
from anchang.deals.commands.connected import connected_chain
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Buyer, Contract, Coupon, Deal, DealChange, ReceivedDocument, Subscription
from anchang.deals.typed_rows import LoanRow
from anchang.finance.commands import allocate_open_money, refund_free_money
from anchang.finance.models import Receipt
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import parameters
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Quantity, Reason, Ref
from anchang.processes import bundles
from anchang.processes.agreeing import follow_exchange
from anchang.processes.changing import Chain, Paper, carries_out, lock_paper, open_change, why_not_change
from anchang.processes.entitlements import coupons_of, entitled, release, voucher_rules
from anchang.processes.money import move_cash, return_money
from anchang.processes.replanning import check_deposit, discounts_of, plan_of, price_now, same_price
from anchang.processes.resubmitting import buyers_of_deal
from anchang.processes.signing import SignInput, sign_contract
from anchang.processes.subscribing import (
    SubscribeInput,
    activate,
    make_subscription,
    why_not_subscribe,
)
from anchang.processes.terms import Beyond
from anchang.processes.versions import agreed_lines
from anchang.processes.waiting import settle_waiting


class ExchangeInput(Input):
    """The new unit is free, or held for the customer. What is left out stays as agreed; vouchers and gifts come along.
    `special`: a discount that was approved for the new unit."""

    reason: Annotated[Reason, Label(_("Reason"))]
    new_unit: Annotated[Ref("units"), Label(_("New unit"))]
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []
    special: Annotated[Ref("discount-requests") | None, Label(_("Special discount"))] = None
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None
    deposit: Annotated[Quantity | None, Label(_("Deposit"), kind="money")] = None


def why_not_exchange(paper: Paper) -> Refusal | None:
    """Where a bureau revokes (parameter), a signed contract is revoked first."""
    if isinstance(paper, Contract) and paper.state in ("signed", "filed"):
        today = paper.project.today()
        if parameters.value("deals.bureau_revocation", paper.project, today):
            return Refusal("revoke_first")
    return why_not_change(paper, "exchange")


def request_exchange(ctx: Context, paper: Paper, data: ExchangeInput) -> DealChange:
    """Ask for another unit. Its price is today's; it stays on sale until the exchange is carried out, unless the
    customer holds it."""
    unit = data.new_unit
    if unit.pk == paper.unit_id:
        raise DomainError("same_unit", status=422, fields={"new_unit": "same_unit"})
    chain = lock_paper(paper, also=unit.pk)
    if why := why_not_exchange(chain.paper) or why_not_subscribe(unit):
        raise DomainError.of(why)
    plan = plan_of(chain.paper, data.payment_plan)
    used = entitled(ctx, unit, chain.deal.customer, plan, data.special, None, [])
    extra = [*used.discounts, *voucher_rules(chain.deal)]
    priced, approvers = price_now(ctx, unit, plan, data.discounts, *extra)
    if data.special is not None:
        approvers = ()  # its chain has decided
    approvers = connected_chain(ctx, chain.deal.connected, approvers)
    deposit = chain.paper.deposit if data.deposit is None else data.deposit
    check_deposit(ctx, deposit, priced.total)
    return open_change(
        ctx, chain, DealChange.Kind.EXCHANGE, data.reason, approvers=approvers, new_unit=unit, payment_plan=plan,
        loans=data.loans, discounts=[each.code for each in data.discounts], special=data.special, deposit=deposit,
        new_total=priced.total,
    )  # fmt: skip


@carries_out(DealChange.Kind.EXCHANGE)
def carry_out_exchange(ctx: Context, change: DealChange, chain: Chain) -> None:
    """New deal with its papers, money over, old papers and deal ended, old unit back: all or nothing."""
    unit = _new_unit(ctx, change)
    assert change.payment_plan is not None
    old, paper = chain.deal, chain.paper
    used = entitled(ctx, unit, old.customer, change.payment_plan, change.special, None, [])
    extra = [*used.discounts, *voucher_rules(old)]
    priced, _approvers = price_now(ctx, unit, change.payment_plan, discounts_of(ctx, change), *extra)
    same_price(change, priced)
    coupons = coupons_of(old)
    _end_paper(ctx, paper, change)
    release(ctx, old, paper.snapshot)
    new, subscription = _subscribe(ctx, unit, change, old, coupons)
    contract = paper if isinstance(paper, Contract) else None
    return_money(ctx, old, contract, change.reason, refund=False)
    _no_offsets(ctx, old)
    cash = sum((line.amount for line in agreed_lines(subscription) if line.money == rules.CASH), Decimal("0.00"))
    move_cash(ctx, old, new, cash, change.reason)
    refund_free_money(ctx, old, change.reason, None, contract)
    bundles.follow(ctx, old, new)
    follow_exchange(ctx, old, subscription)
    end_deal(ctx, chain.unit, old, change.reason, reconfirm=True)
    allocate_open_money(ctx, new)
    if contract is not None:
        _copy_documents(ctx, old, new)
        sign_contract(ctx, subscription, SignInput())
    change.new_deal = new
    refresh_stages(ctx, {old.customer_id, new.customer_id})


def _new_unit(ctx: Context, change: DealChange) -> Unit:
    """The unit as it is now; somebody may have been quicker."""
    assert change.new_unit_id is not None
    unit = Unit.objects.select_for_update(no_key=True, of=("self",)).get(pk=change.new_unit_id)
    settle_waiting(ctx, unit)
    if why := why_not_subscribe(unit):
        raise DomainError.of(why)
    return unit


def _subscribe(
    ctx: Context, unit: Unit, change: DealChange, old: Deal, coupons: list[Coupon]
) -> tuple[Deal, Subscription]:
    """The new deal, in the hands of those who had the old one. Its price was approved with the exchange."""
    asked: dict[str, Any] = {
        "customer": old.customer, "buyers": buyers_of_deal(old), "ownership": old.ownership or None,
        "payment_plan": change.payment_plan, "loans": change.loans, "discounts": discounts_of(ctx, change),
        "deposit": change.deposit, "sign_by": None, "sales_mode": old.sales_mode, "special": change.special,
        "coupons": coupons,
    }  # fmt: skip
    beyond = Beyond(kept=frozenset(coupon.pk for coupon in coupons), instead_of=old.pk)
    new, subscription, _terms = make_subscription(ctx, unit, SubscribeInput.model_construct(**asked), beyond)
    new.previous, new.consultant_id, new.team_id, new.agency = old, old.consultant_id, old.team_id, old.agency
    new.save(update_fields=["previous", "consultant", "team", "agency", "updated_at"])
    subscription.approvers = []
    subscription.save(update_fields=["approvers", "updated_at"])
    activate(ctx, unit, new, subscription)
    ctx.index([subscription], fresh=True)
    return new, subscription


def _end_paper(ctx: Context, paper: Paper, change: DealChange) -> None:
    if isinstance(paper, Contract):
        paper.state, paper.terminated_on = Contract.State.TERMINATED, ctx.business_date
        paper.fault, paper.end_reason = "none", change.reason
        paper.save(update_fields=["state", "terminated_on", "fault", "end_reason", "updated_at"])
        ctx.finish_tasks("contracts", [paper.pk])
        ctx.event(
            "contract.terminated", paper, customer_id=paper.customer_id, deal=paper.deal_id, unit=paper.unit_id,
            unit_label=paper.unit.label, number=paper.number, total=str(paper.total), reason=change.reason,
            fault="none",
        )  # fmt: skip
    else:
        paper.state, paper.ended_on = Subscription.State.EXCHANGED, ctx.business_date
        paper.end_reason = change.reason
        paper.save(update_fields=["state", "ended_on", "end_reason", "updated_at"])
        ctx.finish_tasks("subscriptions", [paper.pk])


def _no_offsets(ctx: Context, old: Deal) -> None:
    """What was set off against a payable is no money to move: the exchange waits until it is reversed and set off
    on the new deal by its own document."""
    rows = Receipt.objects.filter(project=ctx.here, deal=old, way=Receipt.Way.OFFSET, reverses__isnull=True)
    if rows.exclude(state=Receipt.State.REVERSED).exists():
        raise DomainError("offset_first")


def _copy_documents(ctx: Context, old: Deal, new: Deal) -> None:
    """The same buyers brought their papers already."""
    buyers = dict(Buyer.objects.filter(project=ctx.here, deal=new).values_list("id_digest", "pk"))
    ticks = ReceivedDocument.objects.filter(project=ctx.here, deal=old).select_related("buyer")
    ReceivedDocument.objects.bulk_create(
        ReceivedDocument(
            project=ctx.here, deal=new, document_id=tick.document_id, received_at=tick.received_at,
            received_by_id=tick.received_by_id, buyer_id=buyers.get(tick.buyer.id_digest) if tick.buyer else None,
        )
        for tick in ticks
        if tick.buyer is None or tick.buyer.id_digest in buyers
    )  # fmt: skip


for _model, _name, _states in (
    (Subscription, "subscription", ("active", "overdue")), (Contract, "contract", ("signed", "filed", "revoked")),
):  # fmt: skip
    command(
        _model, verb="exchange", name=f"exchange_{_name}", label=_("Exchange the unit"), icon="arrows-exchange",
        lock=False, refuses=why_not_exchange, show=lambda paper, states=_states: paper.state in states,
    )(request_exchange)  # fmt: skip
