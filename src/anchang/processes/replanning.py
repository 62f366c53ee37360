"""Change of payment (改付款方式) and of price (改价): a new version, and receivables that sum to it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from anchang.deals import rules
from anchang.deals.commands.connected import connected_chain
from anchang.deals.models import Contract, Deal, DealChange, Subscription
from anchang.deals.typed_rows import LoanRow
from anchang.finance.commands import NewLine, add_receivables, allocate_open_money
from anchang.finance.models import Allocation, Receivable
from anchang.inventory import rules as stock_rules
from anchang.inventory.commands.quoting import PriceResult, price_unit
from anchang.inventory.models import Discount, PaymentPlan, Unit
from anchang.kernel.errors import DomainError
from anchang.kernel.money import ZERO
from anchang.platform.commands import command
from anchang.platform.context import Context
from anchang.platform.inputs import Input, Label, Reason, Ref
from anchang.processes import bundles
from anchang.processes.changing import Chain, Paper, carries_out, lock_paper, open_change, why_not_change
from anchang.processes.city_rules import city_plan
from anchang.processes.entitlements import count_uses, release_special, voucher_rules
from anchang.processes.money import return_amount
from anchang.processes.terms import approval_policy
from anchang.processes.versions import agreed_lines, agreed_loans, next_version

_SUBSCRIPTION, _CONTRACT = ("active", "overdue"), ("signed", "filed", "revoked")


class ReplanInput(Input):
    """The price stays. `loans`: [{kind bank|fund, bank?, amount}]; without them the plan's own."""

    reason: Annotated[Reason, Label(_("Reason"))]
    payment_plan: Annotated[Ref("payment-plans"), Label(_("Payment plan"))]
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None


class RepriceInput(Input):
    """Today's list price with these discounts; what is left out stays as agreed."""

    reason: Annotated[Reason, Label(_("Reason"))]
    discounts: Annotated[list[Ref("discounts")], Label(_("Discounts"))] = []
    payment_plan: Annotated[Ref("payment-plans") | None, Label(_("Payment plan"))] = None
    loans: Annotated[list[dict[str, Any]] | None, Label(_("Loans"), kind="json", rows=LoanRow)] = None


def request_replan(ctx: Context, paper: Paper, data: ReplanInput) -> DealChange:
    """Ask for another payment plan or other loans at the same price."""
    chain = _open(paper, "plan")
    loans = rules.read_loans(data.loans)
    new_lines(ctx, chain.paper, data.payment_plan, chain.paper.total, loans)
    return open_change(
        ctx, chain, DealChange.Kind.PLAN, data.reason, payment_plan=data.payment_plan, loans=_as_json(loans),
        new_total=chain.paper.total,
    )  # fmt: skip


def request_reprice(ctx: Context, paper: Paper, data: RepriceInput) -> DealChange:
    """Ask for another price. Beyond the consultant's authority it asks the approvers of such a price too. The deal's
    vouchers still count; a special discount was for the former price."""
    chain = _open(paper, "price")
    plan = plan_of(chain.paper, data.payment_plan)
    priced, approvers = price_now(ctx, chain.unit, plan, data.discounts, *voucher_rules(chain.deal))
    approvers = connected_chain(ctx, chain.deal.connected, approvers)
    loans = rules.read_loans(data.loans) or (agreed_loans(chain.paper) if data.payment_plan is None else ())
    check_deposit(ctx, chain.paper.deposit, priced.total)
    new_lines(ctx, chain.paper, plan, priced.total, loans, _decoration_now(chain, priced))
    return open_change(
        ctx, chain, DealChange.Kind.PRICE, data.reason, approvers=approvers, payment_plan=plan,
        loans=_as_json(loans), discounts=[each.code for each in data.discounts], new_total=priced.total,
    )  # fmt: skip


def plan_of(paper: Paper, asked: PaymentPlan | None) -> PaymentPlan:
    """The plan asked for, else the paper's own."""
    found = asked or paper.payment_plan
    if found is None:
        raise DomainError("bad_input", status=422, fields={"payment_plan": "required"})
    return found


def _open(paper: Paper, kind: str) -> Chain:
    chain = lock_paper(paper)
    if why := why_not_change(chain.paper, kind):
        raise DomainError.of(why)
    return chain


def _as_json(loans: Sequence[rules.Loan]) -> list[dict[str, str]]:
    return [{"kind": loan.kind, "amount": str(loan.amount), "bank": loan.bank} for loan in loans]


def price_now(
    ctx: Context, unit: Unit, plan: PaymentPlan, discounts: Sequence[Discount], *extra: stock_rules.Discount
) -> tuple[PriceResult, tuple[str, ...]]:
    """Today's price and who must approve it. `extra`: what only this deal has."""
    priced = price_unit(ctx, unit, plan, discounts, *extra)
    need = stock_rules.approval_need(priced.price, unit.floor_total, approval_policy(ctx))
    return priced, need.approvers


def check_deposit(ctx: Context, deposit: Decimal, total: Decimal) -> None:
    """The agreed deposit stays within the legal cap of the new price."""
    if why := rules.why_not_deposit(deposit, total, Decimal(str(ctx.param("deals.deposit_ratio")))):
        raise DomainError(why.code, status=422, fields={"deposit": why.code}, **why.params)


def same_price(change: DealChange, priced: PriceResult) -> None:
    """Approved was a figure: a price that moved since is asked for anew."""
    if priced.total != change.new_total:
        raise DomainError("price_moved", asked=str(change.new_total), now=str(priced.total))


def discounts_of(ctx: Context, change: DealChange) -> list[Discount]:
    return list(Discount.objects.filter(project=ctx.here, code__in=change.discounts).order_by("position", "code"))


def new_lines(
    ctx: Context, paper: Paper, plan: PaymentPlan, total: Decimal, loans: Sequence[rules.Loan],
    decoration: Decimal | None = None,
) -> list[rules.PlanLine]:  # fmt: skip
    """The plan's lines over the whole total, counted from the day of signing. Nothing falls due before today but
    what was due already as deposit. `decoration`: its part of a new price."""
    signed_on = paper.signed_on if isinstance(paper, Contract) else paper.sign_by
    lines = rules.plan_lines(
        city_plan(ctx, paper.unit, plan, paper.deal.opened_on), total, deposit=paper.deposit, loans=loans,
        deposit_due=_deposit_due(paper), signed_on=signed_on,
        decoration=paper.decoration_total if decoration is None else decoration,
    )  # fmt: skip
    today = ctx.business_date
    return [line if line.item == "deposit" else replace(line, due_on=max(line.due_on, today)) for line in lines]


def _decoration_now(chain: Chain, priced: PriceResult) -> Decimal:
    """A deal by two contracts stays one: the decoration's part of the new price is as the list marks it."""
    marked = chain.unit.decoration_price
    if not chain.paper.decoration_total or not marked:
        return ZERO
    return rules.decoration_share(priced.total, priced.price.list_total, marked)


def _deposit_due(paper: Paper) -> dt.date:
    due = next((line.due_on for line in agreed_lines(paper) if line.item == "deposit"), None)
    return due or (paper.signed_on if isinstance(paper, Contract) else paper.subscribed_on)


# --- carrying out --------------------------------------------------------------------------------


@carries_out(DealChange.Kind.PLAN)
def carry_out_replan(ctx: Context, change: DealChange, chain: Chain) -> None:
    assert change.payment_plan is not None
    lines = new_lines(ctx, chain.paper, change.payment_plan, chain.paper.total, rules.read_loans(change.loans))
    _carry_out(ctx, change, chain, lines, {})


@carries_out(DealChange.Kind.PRICE)
def carry_out_reprice(ctx: Context, change: DealChange, chain: Chain) -> None:
    """The new version dates from today: reports count the difference on this day."""
    assert change.payment_plan is not None
    vouchers = voucher_rules(chain.deal)
    priced, _approvers = price_now(ctx, chain.unit, change.payment_plan, discounts_of(ctx, change), *vouchers)
    same_price(change, priced)
    count_uses(ctx, priced.snapshot, before=chain.paper.snapshot)
    release_special(ctx, chain.deal)
    check_deposit(ctx, chain.paper.deposit, priced.total)
    decoration = _decoration_now(chain, priced)
    loans = rules.read_loans(change.loans)
    lines = new_lines(ctx, chain.paper, change.payment_plan, priced.total, loans, decoration)
    price = priced.price
    facts: dict[str, Any] = {
        "list_total": price.list_total, "total": price.total, "unit_price": price.unit_price,
        "snapshot": priced.snapshot, "decoration_total": decoration,
    }  # fmt: skip
    day = "signed_on" if isinstance(chain.paper, Contract) else "subscribed_on"
    dated = {day: ctx.business_date} | ({} if isinstance(chain.paper, Contract) else {"depth": price.depth * 100})
    deal = chain.deal
    deal.list_total, deal.total = price.list_total, price.total
    deal.save(update_fields=["list_total", "total", "updated_at"])
    bundles.follow(ctx, deal, deal)
    _carry_out(ctx, change, chain, lines, facts | dated)


def _carry_out(
    ctx: Context, change: DealChange, chain: Chain, lines: list[rules.PlanLine], facts: dict[str, Any]
) -> None:
    paper, deal = chain.paper, chain.deal
    facts["payment_plan"] = change.payment_plan
    if isinstance(paper, Subscription):
        next_version(ctx, paper, paper.former_state, lines, loans=change.loans or [], **facts)
    elif paper.state == Contract.State.REVOKED:
        redraft(ctx, deal, paper, lines, **facts)
    else:
        new = next_version(ctx, paper, paper.former_state, lines, **facts)
        assert isinstance(new, Contract)
        put_plan_in_force(ctx, deal, new, lines, change.reason)


def redraft(
    ctx: Context, deal: Deal, old: Contract, lines: Sequence[rules.PlanLine] | None = None, **facts: Any
) -> Contract:
    """REVOKED → DRAFT, the next version (撤销重签). Its house money waits free on the deal until it is signed."""
    house = Receivable.objects.filter(project=ctx.here, deal=deal, voided=False, house=True)
    standing = list(house.select_for_update(no_key=True).order_by("id"))
    for line in standing:
        if line.allocated:
            release_from(ctx, line, line.allocated)
    house.update(voided=True)
    ctx.finish_tasks("receivables", [line.pk for line in standing])
    facts = {"online_number": "", "filing_number": "", "filed_on": None, "signed_on": ctx.business_date} | facts
    facts["filing_due_on"] = ctx.business_date + dt.timedelta(days=int(ctx.param("deals.filing_days")))
    new = next_version(ctx, old, Contract.State.DRAFT, lines, **facts)
    assert isinstance(new, Contract)
    return new


#: Money of the decoration contract stays with it: it never pays for the house.
_DECORATION = "decoration"


def _purse(line: Receivable | rules.PlanLine) -> str:
    return _DECORATION if line.item == _DECORATION else line.money


def _money(purse: str) -> str:
    return rules.CASH if purse == _DECORATION else purse


@dataclass(frozen=True)
class _Excess:
    money: str
    amount: Decimal


def put_plan_in_force(
    ctx: Context, deal: Deal, contract: Contract, target: Sequence[rules.PlanLine], reason: str
) -> None:
    """Bring the deal's house lines to the new plan: unpaid ones void, part-paid ones cut to what was paid, the rest
    planned anew. More than the new plan asks for is taken off the last lines and requested back."""
    rows = Receivable.objects.select_for_update(no_key=True).filter(
        project=ctx.here, deal=deal, voided=False, house=True
    )
    live = list(rows.order_by("id"))
    for excess in _excesses(live, target):
        _take_off(ctx, live, excess)
        return_amount(ctx, deal, excess.amount, _money(excess.money), reason, contract)
    paid = [rules.LiveLine(r.pk, r.seq, _purse(r), r.amount, r.allocated) for r in live]
    plan = rules.replan(paid, [replace(line, money=_purse(line)) for line in target])
    mine = Receivable.objects.filter(project=ctx.here, deal=deal)
    mine.filter(pk__in=plan.voided).update(voided=True)
    mine.filter(pk__in=list(plan.cut)).update(amount=F("allocated"), settled_on=ctx.business_date)
    ctx.finish_tasks("receivables", [*plan.voided, *plan.cut])
    add_receivables(
        ctx, deal, contract,
        [NewLine(line.item, _money(line.money), line.amount, line.due_on, line.bank) for line in plan.added],
    )  # fmt: skip
    allocate_open_money(ctx, deal)


def _excesses(live: Sequence[Receivable], target: Sequence[rules.PlanLine]) -> list[_Excess]:
    found = []
    for money in sorted({_purse(line) for line in live}):
        paid = sum((line.allocated for line in live if _purse(line) == money), ZERO)
        asked = sum((line.amount for line in target if _purse(line) == money), ZERO)
        if paid > asked:
            found.append(_Excess(money, paid - asked))
    return found


def _take_off(ctx: Context, live: Sequence[Receivable], excess: _Excess) -> None:
    left = excess.amount
    for line in sorted(live, key=lambda each: each.seq, reverse=True):
        part = min(left, line.allocated) if _purse(line) == excess.money else ZERO
        if part > 0:
            release_from(ctx, line, part)
            line.allocated -= part
            left -= part


def release_from(ctx: Context, line: Receivable, amount: Decimal) -> None:
    """Take part of what was paid off one locked line again, the newest receipts first."""
    used = (
        Allocation.objects.filter(project=ctx.here, receivable=line)
        .values("receipt_id").annotate(net=Sum("amount")).filter(net__gt=0).order_by("-receipt_id")
    )  # fmt: skip
    left, rows = amount, []
    for each in used:
        part = min(left, each["net"])
        if part > 0:
            rows.append(
                Allocation(
                    project=ctx.here, receipt_id=each["receipt_id"], receivable=line, amount=-part, at=ctx.now,
                    business_date=ctx.business_date,
                )
            )  # fmt: skip
            left -= part
    Allocation.objects.bulk_create(rows)


for _model, _name, _states in ((Subscription, "subscription", _SUBSCRIPTION), (Contract, "contract", _CONTRACT)):
    command(
        _model, verb="replan", name=f"replan_{_name}", label=_("Change payment"), icon="calendar-dollar", lock=False,
        refuses=lambda paper: why_not_change(paper, "plan"), show=lambda paper, states=_states: paper.state in states,
    )(request_replan)  # fmt: skip
    command(
        _model, verb="reprice", name=f"reprice_{_name}", label=_("Change price"), icon="discount-2", lock=False,
        refuses=lambda paper: why_not_change(paper, "price"), show=lambda paper, states=_states: paper.state in states,
    )(request_reprice)  # fmt: skip
