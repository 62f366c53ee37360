"""Late fees, area differences, fees on behalf: what a deal owes beside its price."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from anchang.deals.models import Contract, Deal
from anchang.finance import rules
from anchang.finance.commands.receivables import NewLine, add_receivables
from anchang.finance.models import Allocation, LateFee, Receivable, Remittance, RemittanceLine
from anchang.kernel.errors import DomainError, Refusal
from anchang.kernel.money import ZERO
from anchang.platform.commands import command, creates, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Amount, Day, Input, Label, Line, Reason, Ref

_AGENCY = {"agency_deed_tax": _("Deed tax on behalf"), "agency_maintenance": _("Maintenance fund on behalf")}
#: Contracts whose instalments bear late fees.
IN_FORCE = ("signed", "filed", "delivered", "titled", "change_pending", "terminating")


# --- late fees -----------------------------------------------------------------------------------


class ComputeInput(Input):
    project: Annotated[Ref("projects"), Label(_("Project"))] = None


@project_command(
    LateFee, verb="compute", label=_("Compute late fees"), permission="late-fees.compute", icon="calculator",
    shape="primary",
)  # fmt: skip
def compute_late_fees(ctx: Context, data: ComputeInput | None = None) -> dict[str, int]:
    """Every instalment that is late or was paid late, by the terms of its contract, as of today.

    Computed from what the ledger says now: a payment that was reversed or moved elsewhere counts no more. What was
    charged already follows, down to what was paid of it.
    """
    lines = _late_lines(ctx)
    payments = _payments(ctx, [line.pk for line in lines])
    found = {
        line.pk: rules.late_fee(
            line.amount, line.due_on, payments.get(line.pk, ()), ctx.business_date, _terms(ctx, line.contract)
        )
        for line in lines
    }  # fmt: skip
    known = {fee.source_id: fee for fee in LateFee.objects.select_for_update(no_key=True).filter(project=ctx.here)}
    made = [
        LateFee(
            project=ctx.here, source=line, deal_id=line.deal_id, contract=line.contract,
            created_by_id=ctx.user_id, **_facts(ctx, found[line.pk]),
        )
        for line in lines
        if found[line.pk].amount > 0 and line.pk not in known
    ]  # fmt: skip
    LateFee.objects.bulk_create(made)
    changed = [
        fee for pk, fee in known.items() if fee.amount != (amount := found[pk].amount if pk in found else ZERO)
        and (fee.contract.state in IN_FORCE or not amount)
    ] if known else []  # fmt: skip
    _update(ctx, changed, found)
    return {"new": len(made), "changed": len(changed)}


def _late_lines(ctx: Context) -> list[Receivable]:
    """House lines of contracts in force that were due and not paid in full on the day, and those of known fees."""
    lines = Receivable.objects.filter(
        project=ctx.here, voided=False, house=True, due_on__lt=ctx.business_date, contract__state__in=IN_FORCE,
        money="cash",
    ).filter(
        Q(balance__gt=0) | Q(settled_on__gt=F("due_on"))
        | Q(pk__in=LateFee.objects.filter(project=ctx.here).values("source"))
    )  # fmt: skip
    return list(lines.select_related("contract").order_by("pk"))


def _payments(ctx: Context, line_ids: Sequence[int]) -> dict[int, list[tuple[dt.date, Decimal]]]:
    """Line -> day of payment and what of it settles the line now, net of what was taken off again."""
    rows = (
        Allocation.objects.filter(project=ctx.here, receivable__in=line_ids).order_by()
        .values("receivable_id", "receipt_id", "receipt__received_on").annotate(net=Sum("amount")).exclude(net=0)
    )  # fmt: skip
    found: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    for row in rows:
        found[row["receivable_id"]].append((row["receipt__received_on"], row["net"]))
    return found


def _terms(ctx: Context, contract: Contract | None) -> rules.LateTerms:
    """The contract's own; the office's parameter for contracts that say nothing."""
    policy: Mapping[str, Any] = (contract.late_fee_policy if contract else None) or ctx.param("deals.late_fee")
    return rules.LateTerms(
        Decimal(str(policy["rate"])), int(policy["days"]), Decimal(str(policy["later_rate"]))
    )


def _facts(ctx: Context, fee: rules.LateFee) -> dict[str, Any]:
    return {
        "as_of": ctx.business_date, "delay": fee.delay, "rate": fee.rate, "amount": fee.amount,
        "parts": [{"balance": str(part.balance), "days": part.days} for part in fee.parts],
    }  # fmt: skip


def _update(ctx: Context, fees: Sequence[LateFee], found: Mapping[int, rules.LateFee]) -> None:
    nothing = rules.LateFee(ZERO, 0, ZERO, ())
    for fee in fees:
        for name, value in _facts(ctx, found.get(fee.source_id, nothing)).items():
            setattr(fee, name, value)
        fee.waived = min(fee.waived, fee.amount)
    LateFee.objects.bulk_update(
        fees, ["as_of", "delay", "rate", "amount", "parts", "waived"], batch_size=1000
    )
    for fee in fees:
        if fee.charged_id:
            _charge(ctx, fee)


def _charge(ctx: Context, fee: LateFee) -> None:
    """The receivable asks for what is to pay, never for less than was paid of it."""
    to_pay = fee.amount - fee.waived
    if fee.charged_id is None:
        fee.charged = add_receivables(
            ctx, fee.deal, fee.contract,
            [NewLine("late_fee", "cash", to_pay, ctx.business_date, note=f"{fee.source.item} {fee.source.seq}")],
        )[0]  # fmt: skip
        LateFee.objects.filter(pk=fee.pk).update(charged=fee.charged)
        return
    line = Receivable.objects.select_for_update(no_key=True).get(pk=fee.charged_id)
    wanted = max(to_pay, line.allocated)
    if wanted > 0:
        Receivable.objects.filter(pk=line.pk).update(amount=wanted, voided=False)
    else:
        Receivable.objects.filter(pk=line.pk).update(voided=True)


def _nothing_new(fee: LateFee) -> Refusal | None:
    return None if fee.charged_id is None and fee.payable > 0 else Refusal("late_fee_nothing")


@command(
    LateFee, verb="charge", label=_("Charge"), icon="receipt", shape="primary", refuses=_nothing_new,
    show=lambda fee: fee.charged_id is None,
)  # fmt: skip
def charge_late_fee(ctx: Context, fee: LateFee) -> LateFee:
    """Ask the buyer for the fee: a receivable of its own, outside the price. It follows later computations."""
    Deal.objects.select_for_update(no_key=True).get(pk=fee.deal_id)
    _charge(ctx, fee)
    ctx.event("late_fee.charged", fee, customer_id=fee.deal.customer_id, amount=str(fee.payable))
    fee.refresh_from_db()
    return fee


class WaiverInput(Input):
    amount: Annotated[Amount, Label(_("Amount"), kind="money")]
    reason: Annotated[Reason, Label(_("Reason"))]


def _may_ask(fee: LateFee) -> Refusal | None:
    return Refusal("state_refused", {"state": fee.waiver}) if fee.waiver == LateFee.Waiver.REQUESTED else None


@command(LateFee, verb="ask-waiver", label=_("Ask for a waiver"), icon="message", refuses=_may_ask)
def ask_waiver(ctx: Context, fee: LateFee, data: WaiverInput) -> LateFee:
    """Ask the director to let the buyer off (a part of) the fee."""
    if data.amount > fee.amount - fee.waived:
        raise DomainError("waiver_over_fee", status=422, fields={"amount": "waiver_over_fee"})
    fee.waiver, fee.waiver_amount, fee.waiver_reason = LateFee.Waiver.REQUESTED, data.amount, data.reason
    fee.asked_by_id, fee.decided_by_id = ctx.user_id, None
    _save_waiver(fee)
    ctx.event("late_fee.waiver_asked", fee, customer_id=fee.deal.customer_id, amount=str(data.amount))
    return fee


def _asked(fee: LateFee) -> bool:
    return fee.waiver == LateFee.Waiver.REQUESTED


def _is_asked(fee: LateFee) -> Refusal | None:
    return None if _asked(fee) else Refusal("state_refused", {"state": fee.waiver})


@command(
    LateFee, verb="approve-waiver", label=_("Waive"), icon="check", shape="primary", refuses=_is_asked, show=_asked
)
def approve_waiver(ctx: Context, fee: LateFee) -> LateFee:
    """The director lets the amount off; what was charged follows."""
    Deal.objects.select_for_update(no_key=True).get(pk=fee.deal_id)
    given = min(fee.waiver_amount, fee.amount - fee.waived)
    fee.waiver, fee.waived, fee.decided_by_id = LateFee.Waiver.APPROVED, fee.waived + given, ctx.user_id
    _save_waiver(fee)
    if fee.charged_id:
        _charge(ctx, fee)
    ctx.event("late_fee.waived", fee, customer_id=fee.deal.customer_id, amount=str(given))
    fee.refresh_from_db()
    return fee


@command(
    LateFee, verb="reject-waiver", label=_("Refuse the waiver"), icon="x", shape="danger", refuses=_is_asked,
    show=_asked,
)  # fmt: skip
def reject_waiver(ctx: Context, fee: LateFee) -> LateFee:
    fee.waiver, fee.decided_by_id = LateFee.Waiver.REJECTED, ctx.user_id
    _save_waiver(fee)
    ctx.event("late_fee.waiver_refused", fee, customer_id=fee.deal.customer_id)
    return fee


def _save_waiver(fee: LateFee) -> None:
    fee.save(
        update_fields=["waiver", "waiver_amount", "waiver_reason", "waived", "asked_by", "decided_by", "updated_at"]
    )


# --- fees on behalf ------------------------------------------------------------------------------


class AgencyInput(Input):
    """`home`: which home of the family it is, for the rate of the deed tax (契税)."""

    home: Annotated[
        Literal["first", "second", "other"],
        Label(_("Home of the family"), kind="choice",
              choices={"first": _("First home"), "second": _("Second home"), "other": _("Other, shops included")}),
    ] = "first"  # fmt: skip
    deed_tax: Annotated[bool, Label(_("Deed tax on behalf"))] = True
    maintenance: Annotated[bool, Label(_("Maintenance fund on behalf"))] = True
    due_on: Annotated[Day | None, Label(_("Due on"))] = None


def _signed(contract: Contract) -> Refusal | None:
    return None if contract.state in IN_FORCE else Refusal("state_refused", {"state": contract.state})


@command(
    Contract, verb="charge-agency-fees", label=_("Charge fees on behalf"), icon="building-bank", refuses=_signed,
    show=lambda contract: contract.state in IN_FORCE,
)  # fmt: skip
def charge_agency_fees(ctx: Context, contract: Contract, data: AgencyInput) -> Contract:
    """Deed tax and maintenance fund (代收费用) by the office's dated rates: receivables beside the price, received
    and receipted apart. Each at most once while it is not void. Never a condition of handover (invariant 12)."""
    deal = Deal.objects.select_for_update(no_key=True).get(pk=contract.deal_id)
    amounts = agency_fees(ctx, contract, data)
    live = Receivable.objects.filter(project=ctx.here, deal=deal, voided=False)
    charged = set(live.filter(item__in=amounts).values_list("item", flat=True))
    lines = [
        NewLine(item, "cash", amount, data.due_on or ctx.business_date)
        for item, amount in amounts.items()
        if item not in charged and amount > 0
    ]
    if not lines:
        raise DomainError("agency_charged_before")
    add_receivables(ctx, deal, contract, lines)
    ctx.event(
        "agency.charged", contract, customer_id=deal.customer_id,
        amount=str(sum((line.amount for line in lines), ZERO)),
    )  # fmt: skip
    return contract


def agency_fees(ctx: Context, contract: Contract, data: AgencyInput) -> dict[str, Decimal]:
    """Item -> amount, by the parameters of the day. Only housing has the rates of homes."""
    unit = contract.unit
    found: dict[str, Decimal] = {}
    if data.deed_tax:
        given = ctx.param("finance.deed_tax_rates")
        rates = rules.DeedTaxRates(**{
            name: Decimal(str(given[name])) for name in rules.DeedTaxRates.__dataclass_fields__
        })  # fmt: skip
        base = rules.price_without_vat(contract.total, Decimal(str(ctx.param("finance.vat_rate"))))
        home = data.home if unit.product_type == "housing" else "other"
        found["agency_deed_tax"] = rules.deed_tax(base, unit.gross_area or contract.gross_area, home, rates)[1]
    if data.maintenance:
        rate = Decimal(str(ctx.param("finance.maintenance_rate")))
        found["agency_maintenance"] = rules.maintenance_fund(unit.gross_area or contract.gross_area, rate)
    return found


class RemitInput(Input):
    """Pay on what buyers paid in full. Without receivables: everything of the item that wasn't paid on yet."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    item: Annotated[
        Literal["agency_deed_tax", "agency_maintenance"],
        Label(_("Item"), kind="choice", choices=_AGENCY),
    ]  # fmt: skip
    payee: Annotated[Reason, Label(_("Authority"))]
    paid_on: Annotated[Day | None, Label(_("Paid on"))] = None
    reference: Annotated[Line, Label(_("Bank reference"))] = ""
    receivables: Annotated[list[Ref("receivables")] | None, Label(_("Receivables"))] = None


@creates(Remittance, label=_("Pay fees on to the authority"))
def remit_agency_fees(ctx: Context, rows: list[RemitInput]) -> list[Remittance]:
    """Trust money goes to the authority (代收代付), each buyer's fee once, in full."""
    return [_remit(ctx, row) for row in rows]


def _remit(ctx: Context, row: RemitInput) -> Remittance:
    paid_on = row.paid_on or ctx.business_date
    if paid_on > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"paid_on": "date_in_future"})
    due = Receivable.objects.select_for_update(no_key=True).filter(
        project=ctx.here, item=row.item, voided=False, balance=0
    ).exclude(pk__in=RemittanceLine.objects.filter(project=ctx.here).values("receivable"))  # fmt: skip
    if row.receivables is not None:
        due = due.filter(pk__in=[line.pk for line in row.receivables])
    lines = list(due.order_by("pk"))
    if row.receivables is not None and len(lines) != len({line.pk for line in row.receivables}):
        raise DomainError("agency_not_paid", status=422, fields={"receivables": "agency_not_paid"})
    if not lines:
        raise DomainError("agency_nothing", status=422, fields={"item": "agency_nothing"})
    made = Remittance(
        project=ctx.here, item=row.item, payee=row.payee[:100], paid_on=paid_on, reference=row.reference[:60],
        amount=sum((line.amount for line in lines), ZERO), paid_by_id=ctx.user_id, created_by_id=ctx.user_id,
    )  # fmt: skip
    made.save(force_insert=True)
    RemittanceLine.objects.bulk_create(
        RemittanceLine(project=ctx.here, remittance=made, receivable=line, amount=line.amount) for line in lines
    )
    ctx.event("agency.remitted", made, amount=str(made.amount), payee=made.payee)
    return made
