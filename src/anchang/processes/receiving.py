"""Taking money on a hold, a subscription or a contract: one receipt of the deal."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from anchang.affairs.commands.mortgages import disburse_paid
from anchang.deals import rules
from anchang.deals.commands.claims import lock_chain
from anchang.deals.models import Contract, Deal, Hold, Subscription
from anchang.finance.commands import MoneyInput, take_money
from anchang.finance.models import Receipt
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.processes.subscribing import activate


def _only_in(*states: str) -> object:
    def refuses(paper: Hold | Subscription | Contract) -> Refusal | None:
        return None if paper.state in states else Refusal("state_refused", {"state": paper.state})

    return refuses


def _shown_in(*states: str) -> object:
    return lambda paper: paper.state in states


_HOLD = ("active",)
_SUBSCRIPTION = ("draft", "approving", "active", "overdue", "change_pending", "terminating", "signed")
_CONTRACT = (
    "draft",
    "reviewed",
    "signed",
    "filed",
    "delivered",
    "titled",
    "change_pending",
    "terminating",
    "revoked",
)


@command(
    Hold, verb="receive", label=_("Receive money"), icon="cash", lock=False, refuses=_only_in(*_HOLD),
    show=_shown_in(*_HOLD),
)  # fmt: skip
def receive_on_hold(ctx: Context, hold: Hold, data: MoneyInput) -> Receipt:
    """Reservation money (小定). It moves to the subscription, or is refunded.

    What was agreed is expected; without an agreement anything up to the legal cap of a deposit."""
    unit, deal, hold = lock_chain(hold)
    if hold.state not in _HOLD:
        raise DomainError("state_refused", state=hold.state)
    cap = rules.deposit_cap(unit.list_total or Decimal(0), Decimal(str(ctx.param("deals.deposit_ratio"))))
    return take_money(ctx, deal, data, expected=(hold.deposit or cap) - _received(ctx, deal))


def _received(ctx: Context, deal: Deal, **which: str) -> Decimal:
    rows = Receipt.objects.filter(project=ctx.here, deal=deal, **which)
    paid: Decimal | None = rows.aggregate(sum=Sum("amount"))["sum"]
    return paid or Decimal(0)


@command(
    Subscription, verb="receive", label=_("Receive money"), icon="cash", lock=False,
    refuses=_only_in(*_SUBSCRIPTION),
    show=_shown_in("draft", "approving", "active", "overdue"),
)  # fmt: skip
def receive_on_subscription(ctx: Context, subscription: Subscription, data: MoneyInput) -> Receipt:
    """Deposit and later money. A subscription that waits for its first money becomes active."""
    unit, deal, subscription = lock_chain(subscription)
    if subscription.state not in _SUBSCRIPTION:
        raise DomainError("state_refused", state=subscription.state)
    contract = Contract.objects.filter(project=ctx.here, deal=deal, state__in=_CONTRACT).first()
    receipt = take_money(ctx, deal, data, contract)
    waits = subscription.state == Subscription.State.DRAFT and subscription.approve_by is not None
    if waits and rules.activates(str(ctx.param("deals.activate_on")), _received(ctx, deal), subscription.deposit):
        activate(ctx, unit, deal, subscription)
    return receipt


@command(
    Contract, verb="receive", label=_("Receive money"), icon="cash", shape="primary", lock=False,
    refuses=_only_in(*_CONTRACT), show=_shown_in("signed", "filed", "delivered", "titled"),
)  # fmt: skip
def receive_on_contract(ctx: Context, contract: Contract, data: MoneyInput) -> Receipt:
    """House money and fees of a contract: oldest due first, unless the payer names lines."""
    _unit, deal, contract = lock_chain(contract)
    if contract.state not in _CONTRACT:
        raise DomainError("state_refused", state=contract.state)
    receipt = take_money(ctx, deal, data, contract)
    if receipt.money != "cash":
        paid = _received(ctx, deal, money=receipt.money)
        disburse_paid(ctx, contract, receipt.money, paid, receipt.received_on)
    return receipt
