"""Ending a subscription or a contract before its time; money by fault (Civil Code 586-588)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.claims import end_deal, lock_chain
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Bundle, Contract, Deal, Subscription
from anchang.deals.words import FAULTS
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Line, Quantity, Reason
from anchang.processes import bundles
from anchang.processes.agreeing import sale_ended
from anchang.processes.chains import papers_of
from anchang.processes.entitlements import release
from anchang.processes.money import paid_money, settle_deal_money
from anchang.processes.people import with_permission
from anchang.processes.signing import void_contract
from anchang.processes.subscribing import give_back

_Fault = Literal["buyer", "seller", "none"]


class TerminateInput(Input):
    """`forfeit`: how much of the paid deposit is kept (default all that has deposit effect); `penalty`: an
    agreed penalty instead of the deposit rule, never both."""

    reason: Annotated[Reason, Label(_("Reason"))]
    fault: Annotated[_Fault, Label(_("Fault"), kind="choice", choices=FAULTS)]
    forfeit: Annotated[Quantity | None, Label(_("Deposit kept"), kind="money")] = None
    penalty: Annotated[Quantity | None, Label(_("Agreed penalty"), kind="money")] = None


class CancelSubscriptionInput(Input):
    reason: Annotated[Line, Label(_("Reason"))] = ""
    fault: Annotated[_Fault, Label(_("Fault"), kind="choice", choices=FAULTS)] = "none"


def settlement_of(ctx: Context, deal: Deal, total: Decimal, data: TerminateInput) -> rules.Settlement:
    return rules.settle_termination(
        data.fault, paid_money(deal), total, deposit_ratio=Decimal(str(ctx.param("deals.deposit_ratio"))),
        on=ctx.business_date, refund_days=int(ctx.param("deals.refund_days")), penalty=data.penalty,
        forfeit=data.forfeit,
    )  # fmt: skip


def why_not_terminate(contract: Contract) -> Refusal | None:
    return rules.why_not_go("contract", contract.state, "terminating")


@command(
    Contract, verb="terminate", label=_("Terminate"), icon="file-x", shape="danger", lock=False,
    refuses=why_not_terminate, show=lambda c: c.state in ("signed", "filed", "delivered"),
)  # fmt: skip
def terminate_contract(ctx: Context, contract: Contract, data: TerminateInput) -> Contract:
    """End a contract. Where the bureau must revoke first (parameter) it waits in TERMINATING; else it is
    terminated at once: money settled by fault, refunds requested, unit held back until its price is
    confirmed. The rest of a bundle ends with its main unit."""
    check_leaves(ctx, bundles.lock_along(ctx, contract), contract)
    _terminate(ctx, contract, data)
    contract.refresh_from_db()
    return contract


def _terminate(ctx: Context, contract: Contract, data: TerminateInput) -> None:
    unit, deal, contract = lock_chain(contract)
    if why := why_not_terminate(contract):
        raise DomainError.of(why)
    settlement = settlement_of(ctx, deal, contract.total, data)
    contract.former_state, contract.fault, contract.end_reason = contract.state, data.fault, data.reason
    contract.forfeited, contract.penalty = settlement.forfeited, settlement.penalty
    contract.compensation, contract.refund_due_on = settlement.compensation, settlement.refund_due_on
    facts = ["former_state", "fault", "end_reason", "forfeited", "penalty", "compensation", "refund_due_on"]
    path = rules.ContractPath(
        bool(ctx.param("deals.contract_review")), bool(ctx.param("deals.bureau_revocation"))
    )
    contract.state = Contract.State.TERMINATING
    if rules.why_not_contract("terminating", "terminated", path) is not None:
        contract.save(update_fields=[*facts, "state", "updated_at"])
        ctx.event(
            "contract.terminating", contract, customer_id=deal.customer_id, deal=deal.pk,
            number=contract.number,
            reason=data.reason, fault=data.fault,
        )  # fmt: skip
        if bundles.leads(ctx, deal):
            end_along(ctx, deal, data)
    else:
        contract.state, contract.terminated_on = Contract.State.TERMINATED, ctx.business_date
        contract.save(update_fields=[*facts, "state", "terminated_on", "updated_at"])
        finish_termination(ctx, unit, deal, contract, settlement, data)


def finish_termination(
    ctx: Context, unit: Unit, deal: Deal, contract: Contract, settlement: rules.Settlement,
    terms: TerminateInput | None = None,
) -> None:  # fmt: skip
    settle_deal_money(ctx, deal, contract, settlement, contract.end_reason)
    if contract.fault != "buyer":
        release(ctx, deal, contract.snapshot)
    end_deal(ctx, unit, deal, contract.end_reason, reconfirm=True)
    sale_ended(ctx, deal, contract.end_reason, agreed=True)
    refresh_stages(ctx, [deal.customer_id])
    ctx.finish_tasks("contracts", [contract.pk])
    ctx.event(
        "contract.terminated", contract, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        unit_label=unit.label, number=contract.number, total=str(contract.total), reason=contract.end_reason,
        fault=contract.fault,
    )  # fmt: skip
    ctx.notify(
        [*with_permission(ctx, "refunds.approve"), *with_permission(ctx, "contracts.receive"),
        deal.consultant_id],
        "contract_terminated", contract, unit=unit.label, reason=contract.end_reason,
    )  # fmt: skip
    if bundle := bundles.leads(ctx, deal):
        bundles.close(ctx, bundle)
        fault: Any = contract.fault
        end_along(ctx, deal, terms or TerminateInput(reason=contract.end_reason, fault=fault), bundle)


def why_not_end_subscription(subscription: Subscription) -> Refusal | None:
    if subscription.state in ("draft", "approving"):
        return None
    return rules.why_not_go("subscription", subscription.state, "terminating")


def _can_end(subscription: Subscription) -> bool:
    return subscription.state in ("draft", "approving", "active", "overdue")


@command(
    Subscription, verb="terminate", label=_("Terminate"), icon="file-x", shape="danger", lock=False,
    refuses=lambda s: rules.why_not_go("subscription", s.state, "terminating"),
    show=lambda s: s.state in ("active", "overdue"),
)  # fmt: skip
def terminate_subscription(ctx: Context, subscription: Subscription, data: TerminateInput) -> Subscription:
    """End an active subscription: FORFEITED when the buyer is at fault, else REFUNDED. The rest of a bundle ends with
    its main unit."""
    check_leaves(ctx, bundles.lock_along(ctx, subscription), subscription)
    unit, deal, subscription = lock_chain(subscription)
    if why := rules.why_not_go("subscription", subscription.state, "terminating"):
        raise DomainError.of(why)
    check_demanded(ctx, data)
    end_subscription(ctx, unit, deal, subscription, data)
    subscription.refresh_from_db()
    return subscription


@command(
    Subscription, verb="cancel", label=_("Cancel"), icon="x", shape="danger", lock=False,
    refuses=why_not_end_subscription, show=_can_end,
)  # fmt: skip
def cancel_subscription(
    ctx: Context, subscription: Subscription, data: CancelSubscriptionInput
) -> Subscription:
    """Give a subscription up. A waiting one is cancelled; an active one ends with nobody (or the named party)
    at fault. The rest of a bundle is given up with its main unit."""
    check_leaves(ctx, bundles.lock_along(ctx, subscription), subscription)
    unit, deal, subscription = lock_chain(subscription)
    if why := why_not_end_subscription(subscription):
        raise DomainError.of(why)
    reason = data.reason or "cancelled"
    if subscription.state in ("draft", "approving"):
        bundle = bundles.leads(ctx, deal)
        _give_up(ctx, unit, deal, subscription, reason)
        if bundle:
            end_along(ctx, deal, TerminateInput(reason=reason, fault="none"), bundle)
    else:
        asked = TerminateInput(reason=reason, fault=data.fault)
        check_demanded(ctx, asked)
        end_subscription(ctx, unit, deal, subscription, asked)
    subscription.refresh_from_db()
    return subscription


def _give_up(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, reason: str) -> None:
    give_back(ctx, unit, deal, subscription, reason)
    ctx.event(
        "subscription.cancelled", subscription, customer_id=deal.customer_id, deal=deal.pk,
        number=subscription.number, reason=reason,
    )  # fmt: skip


def check_demanded(ctx: Context, data: TerminateInput) -> None:
    """Where the office demands first (parameter), a deposit is kept by a forfeiture only."""
    if data.fault == "buyer" and data.forfeit != 0 and ctx.param("deals.forfeit_needs_demand"):
        raise DomainError("demand_first")


def end_subscription(
    ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, data: TerminateInput
) -> None:
    """FORFEITED or REFUNDED with its money, the unit back to the price officer. All comes locked."""
    settlement = settlement_of(ctx, deal, subscription.total, data)
    end_state = Subscription.State.FORFEITED if settlement.forfeited > 0 else Subscription.State.REFUNDED
    subscription.former_state, subscription.state = subscription.state, end_state
    subscription.ended_on, subscription.fault = ctx.business_date, data.fault
    subscription.end_reason, subscription.forfeited = data.reason, settlement.forfeited
    subscription.save(
        update_fields=["former_state", "state", "ended_on", "fault", "end_reason", "forfeited", "updated_at"]
    )
    settle_deal_money(ctx, deal, None, settlement, data.reason)
    if data.fault != "buyer":
        release(ctx, deal, subscription.snapshot)
    end_deal(ctx, unit, deal, data.reason, reconfirm=True)
    sale_ended(ctx, deal, data.reason, agreed=True)
    refresh_stages(ctx, [deal.customer_id])
    ctx.finish_tasks("subscriptions", [subscription.pk])
    ctx.event(
        "subscription.terminated", subscription, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        unit_label=unit.label, number=subscription.number, total=str(subscription.total), reason=data.reason,
        fault=data.fault,
    )  # fmt: skip
    if bundle := bundles.leads(ctx, deal):
        bundles.close(ctx, bundle)
        end_along(ctx, deal, data, bundle)


# --- the rest of a bundle -------------------------------------------------------------------------


def check_leaves(ctx: Context, others: Sequence[Deal], paper: Subscription | Contract) -> None:
    """Whether a unit that was sold along may be given up while its main unit stays (parameter)."""
    item = bundles.bundle_of(paper.deal_id, ctx.here.pk) if others else None
    if item is not None and item.bundle.main_id != paper.deal_id and not ctx.param("deals.bundle_part_leaves"):
        raise DomainError("bundle_part", number=item.bundle.number)


def end_along(ctx: Context, main: Deal, terms: TerminateInput, bundle: Bundle | None = None) -> None:
    """The main deal ends: the others end for the same reason and fault, each with its own money. What of a deposit is
    kept, or a penalty, was agreed for the main deal when it was named. All units come locked."""
    kept = ZERO if terms.fault == "buyer" and (terms.penalty is not None or terms.forfeit is not None) else None
    facts: dict[str, Any] = {"reason": terms.reason, "fault": terms.fault, "penalty": None, "forfeit": kept}
    along = TerminateInput.model_construct(**facts)
    for deal in bundles.others_of(ctx, main, bundle):
        _end_paper_of(ctx, deal, along)


def _end_paper_of(ctx: Context, deal: Deal, terms: TerminateInput) -> None:
    found = papers_of(deal)
    contract, subscription = found.contract, found.subscription
    if contract is not None and contract.state in ("draft", "reviewed") and contract.revision == 1:
        void_contract(ctx, contract)
        contract, subscription = None, papers_of(deal).subscription
    if contract is not None:
        if contract.state in ("terminating", "revoked"):
            return  # on its own way to the bureau
        if why := why_not_terminate(contract):
            raise DomainError("bundle_part_busy", number=contract.number, why=why.code)
        _terminate(ctx, contract, terms)
    elif subscription is not None:
        unit, locked, paper = lock_chain(subscription)
        if why := why_not_end_subscription(paper):
            raise DomainError("bundle_part_busy", number=paper.number, why=why.code)
        if paper.state in ("draft", "approving"):
            _give_up(ctx, unit, locked, paper, terms.reason)
        else:
            end_subscription(ctx, unit, locked, paper, terms)
