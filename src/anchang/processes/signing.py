"""Signing (签约): subscription → contract with its receivables in force."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.affairs.commands.reviewing import check_legal, terms_of
from anchang.crm.commands.telling import ToCustomer, tell_customers
from anchang.deals import rules
from anchang.deals.commands.checklist import missing_documents
from anchang.deals.commands.claims import keep_claim, lock_chain, why_not_deal
from anchang.deals.commands.stages import refresh_stages
from anchang.deals.models import Contract, Deal, PlanLine, Subscription, UnitClaim
from anchang.finance.commands import (
    NewLine,
    add_receivables,
    allocate_open_money,
    release_allocations,
    void_receivables,
)
from anchang.finance.models import Receipt, Receivable
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.states import change_unit_state
from anchang.inventory.models import Unit
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Note
from anchang.processes.agreeing import handover_clause
from anchang.processes.before_signing import check_before_signing, check_unchanged
from anchang.processes.messages import CONTRACT_SIGNED
from anchang.processes.people import with_permission, with_roles


class SignInput(Input):
    signed_on: Annotated[Day | None, Label(_("Signed on"))] = None
    online_number: Annotated[str, Field(max_length=60), Label(_("Online signing number"))] = ""
    supplement: Annotated[Note, Label(_("Supplementary agreement"), kind="longtext")] = ""


def why_not_sign(subscription: Subscription) -> Refusal | None:
    return rules.why_not_go("subscription", subscription.state, "signed")


@command(
    Subscription, verb="sign", label=_("Sign contract"), icon="signature", shape="primary", lock=False,
    refuses=why_not_sign, show=lambda s: s.state in ("active", "overdue"),
)  # fmt: skip
def sign_contract(ctx: Context, subscription: Subscription, data: SignInput) -> Contract:
    """Make the contract of a subscription. Without review (parameter) it is signed and in force at once:
    receivables, receipts and allocations move over, the unit is signed, finance is told."""
    unit, deal, subscription = lock_chain(subscription)
    signed_on = _check(ctx, unit, deal, subscription, data)
    contract = _draft(ctx, unit, deal, subscription, signed_on, data)
    if why := rules.why_not_go("subscription", subscription.state, "signed"):
        raise DomainError.of(why)
    subscription.state = Subscription.State.SIGNED
    subscription.save(update_fields=["state", "updated_at"])
    ctx.finish_tasks("subscriptions", [subscription.pk], "signing_due")
    if not ctx.param("deals.contract_review") and not terms_of(ctx, contract):
        put_in_force(ctx, unit, deal, contract)
    else:
        ctx.event(
            "contract.drafted", contract, customer_id=deal.customer_id, deal=deal.pk, number=contract.number,
            unit=unit.pk, unit_label=unit.label,
        )  # fmt: skip
    ctx.index([contract], fresh=True)
    contract.refresh_from_db()
    return contract


def _check(ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, data: SignInput) -> dt.date:
    signed_on = data.signed_on or ctx.business_date
    code = None
    if signed_on > ctx.business_date:
        code = "date_in_future"
    elif signed_on < subscription.subscribed_on:
        code = "signed_before_subscribed"
    if code:
        raise DomainError(code, status=422, fields={"signed_on": code})
    if why := why_not_deal(unit, own_claim=True):
        raise DomainError.of(why)
    paid = Receipt.objects.filter(project=ctx.here, deal=deal, kind=Receipt.Kind.HOUSE).aggregate(
        sum=Sum("amount")
    )
    facts = rules.SigningFacts(
        subscription.state, subscription.total, paid["sum"] or ZERO, missing_documents(ctx, deal)
    )
    if why := rules.why_not_sign(facts, Decimal(str(ctx.param("deals.min_paid_to_sign")))):
        raise DomainError.of(why)
    check_before_signing(ctx, deal, subscription)
    return signed_on


def _draft(
    ctx: Context, unit: Unit, deal: Deal, subscription: Subscription, signed_on: dt.date, data: SignInput
) -> Contract:
    clauses = dict(ctx.param("deals.contract_clauses"))
    clauses |= {"handover": agreed} if (agreed := handover_clause(subscription)) else {}
    clauses |= {"supplement": data.supplement} if data.supplement else {}
    year = f"{signed_on:%Y}"
    contract = Contract(
        project=ctx.here, number=f"HT{year}{ctx.number('contract', year):05d}", deal=deal,
        subscription=subscription,
        unit=unit, customer_id=deal.customer_id, payment_plan_id=subscription.payment_plan_id,
        list_total=subscription.list_total, total=subscription.total, unit_price=subscription.unit_price,
        decoration_total=subscription.decoration_total,
        gross_area=subscription.gross_area, inner_area=subscription.inner_area,
        snapshot=subscription.snapshot,
        deposit=subscription.deposit, signed_on=signed_on, online_number=data.online_number,
        clauses=rules.checked_clauses(clauses),
        filing_due_on=signed_on + dt.timedelta(days=int(ctx.param("deals.filing_days"))),
        area_scheme=str(ctx.param("deals.area_scheme") or unit.price_basis),
        area_threshold=Decimal(str(ctx.param("deals.area_threshold"))),
        late_fee_policy=dict(ctx.param("deals.late_fee")), created_by_id=ctx.user_id,
    )  # fmt: skip
    contract.save(force_insert=True)
    PlanLine.objects.bulk_create(_contract_lines(ctx, subscription, contract))
    return contract


def _contract_lines(ctx: Context, subscription: Subscription, contract: Contract) -> list[PlanLine]:
    """The subscription's lines counted from the real signing day; the deposit's day stays."""
    shift = contract.signed_on - subscription.sign_by
    return [
        PlanLine(
            project=ctx.here, contract=contract, seq=line.seq, item=line.item, money=line.money,
            amount=line.amount,
            due_on=line.due_on if line.item == "deposit" else line.due_on + shift, bank=line.bank,
        )
        for line in PlanLine.objects.filter(project=ctx.here, subscription=subscription).order_by("seq")
    ]  # fmt: skip


def put_in_force(ctx: Context, unit: Unit, deal: Deal, contract: Contract) -> None:
    """SIGNED: receivables live, claim and unit follow, customer becomes a buyer, finance is told (F04)."""
    keep_claim(ctx, deal, UnitClaim.Kind.CONTRACT)
    if unit.state != stock_rules.SIGNED:  # signed again after a revocation
        change_unit_state(ctx, unit, stock_rules.SIGNED, deal_id=deal.pk)
    deal.state = Deal.State.SIGNED
    deal.save(update_fields=["state", "updated_at"])
    contract.state = Contract.State.SIGNED
    contract.save(update_fields=["state", "updated_at"])
    _move_money(ctx, deal, contract)
    refresh_stages(ctx, [deal.customer_id])
    ctx.event(
        "contract.signed", contract, customer_id=deal.customer_id, deal=deal.pk, unit=unit.pk,
        unit_label=unit.label,
        number=contract.number, total=str(contract.total), signed_on=contract.signed_on.isoformat(),
    )  # fmt: skip
    facts = {"customer": str(contract.customer), "unit": unit.label, "total": str(contract.total)}
    ctx.notify(
        [*with_permission(ctx, "contracts.receive"), deal.consultant_id], "contract_signed", contract, **facts
    )
    if contract.revision == 1:
        _tell_of_signing(ctx, deal, contract)


def _tell_of_signing(ctx: Context, deal: Deal, contract: Contract) -> None:
    """K12: congratulations to the buyer, not again after an exchange; a to-do for who prepares the handover."""
    due = contract.unit.building.handover_due_on
    for user_id in with_roles(ctx, ctx.param("processes.handover_roles")):
        ctx.task(
            user_id, "prepare_handover", deal, number=contract.number, unit=contract.unit.label,
            due_at=dt.datetime.combine(due, dt.time(9), ctx.zone) if due else None,
        )  # fmt: skip
    if deal.previous_id is None:
        told = ToCustomer(
            customer_id=deal.customer_id, record=contract, key=str(contract.pk), owner_id=deal.consultant_id,
            values={"unit": contract.unit.label, "number": contract.number},
        )  # fmt: skip
        tell_customers(ctx, CONTRACT_SIGNED, [told])


def _move_money(ctx: Context, deal: Deal, contract: Contract) -> None:
    """Receivables, receipts and allocations of the deal move to the contract; money left over is spread."""
    live = Receivable.objects.select_for_update(no_key=True).filter(project=ctx.here, deal=deal, voided=False)
    standing = list(live.order_by("id"))
    lines = list(PlanLine.objects.filter(project=ctx.here, contract=contract).order_by("seq"))
    deposit = next((line for line in standing if line.item == "deposit"), None)
    agreed = next((line for line in lines if line.item == "deposit"), None)
    if deposit is not None and (agreed is None or agreed.amount != deposit.amount):
        release_allocations(ctx, deal)
        void_receivables(ctx, deal)
        deposit = None
    Receivable.objects.filter(project=ctx.here, deal=deal, voided=False).update(contract=contract)
    add_receivables(
        ctx, deal, contract,
        [
            NewLine(line.item, line.money, line.amount, line.due_on, line.bank)
            for line in lines
            if not (deposit is not None and line.item == "deposit")
        ],
    )  # fmt: skip
    Receipt.objects.filter(project=ctx.here, deal=deal).update(contract=contract)
    allocate_open_money(ctx, deal)


def why_not_sign_draft(contract: Contract) -> Refusal | None:
    return rules.why_not_go("contract", contract.state, "signed")


@command(
    Contract, verb="sign", label=_("Sign"), icon="signature", shape="primary", lock=False,
    refuses=why_not_sign_draft,
    show=lambda c: c.state == "reviewed",
)  # fmt: skip
def sign_reviewed_contract(ctx: Context, contract: Contract) -> Contract:
    """A reviewed draft is signed (网签)."""
    unit, deal, contract = lock_chain(contract)
    if why := why_not_sign_draft(contract):
        raise DomainError.of(why)
    if contract.subscription is not None and contract.revision == 1:
        check_unchanged(deal, contract.subscription)
    check_legal(ctx, contract)
    put_in_force(ctx, unit, deal, contract)
    contract.refresh_from_db()
    return contract


def why_not_void(contract: Contract) -> Refusal | None:
    """A draft after a revocation has no subscription to go back to: sign it or end it."""
    if contract.state in ("draft", "reviewed") and contract.revision == 1:
        return None
    return Refusal("state_refused", {"state": contract.state})


@command(
    Contract, verb="void", label=_("Void draft"), icon="trash", shape="danger", lock=False,
    refuses=why_not_void, show=lambda c: c.state in ("draft", "reviewed") and c.revision == 1,
)  # fmt: skip
def void_contract(ctx: Context, contract: Contract) -> Contract:
    """A draft that is not signed after all: the subscription is active again."""
    _unit, _deal, contract = lock_chain(contract)
    if why := why_not_void(contract):
        raise DomainError.of(why)
    contract.state = Contract.State.VOIDED
    contract.save(update_fields=["state", "updated_at"])
    Subscription.objects.filter(project=ctx.here, pk=contract.subscription_id or 0, state="signed").update(
        state="active"
    )
    contract.refresh_from_db()
    return contract
