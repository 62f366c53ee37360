"""What a special affair changes: the deal before and after, with its money, for who decides.

Before is the paper that was asked about. After is, until it is carried out, what the request says at its own figure;
then what came of it. Nothing here writes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from anchang.deals import rules
from anchang.deals.models import DealChange, Subscription
from anchang.inventory.models import Unit
from anchang.kernel.identity import mask_number
from anchang.kernel.money import ZERO, unit_price
from anchang.platform import personal
from anchang.platform.context import Context
from anchang.processes.changing import Paper, paper_of
from anchang.processes.city_rules import city_plan
from anchang.processes.money import paid_money
from anchang.processes.replanning import new_lines
from anchang.processes.signing_facts import buyers_at, named
from anchang.processes.versions import agreed_lines

Kind = DealChange.Kind
State = DealChange.State


@dataclass(frozen=True)
class Row:
    """`kind`: text, money or area. `apart`: the two sides differ."""

    name: str
    label: str
    before: Any
    after: Any
    kind: str = "text"

    @property
    def apart(self) -> bool:
        return bool(self.before != self.after)


@dataclass(frozen=True)
class Comparison:
    """`rows`: the deal's facts; `before`, `after`: payment lines, where they change; `money`: what was paid, what
    goes along or back, what is still to pay."""

    rows: list[Row]
    before: list[rules.PlanLine] = field(default_factory=list)
    after: list[rules.PlanLine] = field(default_factory=list)
    money: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class _Side:
    """One side of the deal."""

    unit: Unit
    gross_area: Decimal
    list_total: Decimal
    total: Decimal
    plan: str
    deposit: Decimal
    buyers: str
    lines: list[rules.PlanLine]


def comparison_of(ctx: Context, change: DealChange) -> Comparison:
    """Both sides of the change, in its paper's own figures."""
    paper = paper_of(change)
    before = _as_agreed(paper, named(buyers_at(change.deal, change.created_at)))
    if change.kind in (Kind.FORFEIT, Kind.RETURN_FORFEIT, Kind.REVOKE):
        return Comparison([row for row in _rows(before, before) if row.before], money=_ending(change, before))
    after = _after(ctx, change, paper, before)
    lines = (before.lines, after.lines) if change.kind != Kind.BUYERS else ([], [])
    return Comparison(_rows(before, after), *lines, money=_money(change, before, after))


def _as_agreed(paper: Paper, buyers: str) -> _Side:
    return _Side(
        paper.unit, paper.gross_area, paper.list_total, paper.total,
        paper.payment_plan.name if paper.payment_plan else "", paper.deposit, buyers, agreed_lines(paper),
    )  # fmt: skip


def _after(ctx: Context, change: DealChange, paper: Paper, before: _Side) -> _Side:
    buyers = _asked_buyers(change) or before.buyers
    came = _came_of(change, paper)
    if came is not None:
        return _as_agreed(came, buyers)
    unit, plan = change.new_unit or paper.unit, change.payment_plan
    total = before.total if change.new_total is None else change.new_total
    moved = change.new_unit is not None
    return _Side(
        unit, (unit.gross_area or ZERO) if moved else paper.gross_area,
        (unit.list_total or ZERO) if moved or change.kind == Kind.PRICE else paper.list_total, total,
        plan.name if plan else before.plan, paper.deposit if change.deposit is None else change.deposit, buyers,
        _asked_lines(ctx, change, paper, unit, total) if plan else before.lines,
    )  # fmt: skip


def _came_of(change: DealChange, paper: Paper) -> Paper | None:
    """The paper that the executed change left: the new deal's, or the next version."""
    if change.state != State.EXECUTED:
        return None
    if change.new_deal_id is not None:
        rows: Any = Subscription.everything.filter(project_id=change.project_id, deal=change.new_deal_id)
    else:
        rows = type(paper).everything.filter(project_id=change.project_id, deal=change.deal_id, pk__gt=paper.pk)
    found: Paper | None = rows.order_by("pk").first()
    return found


def _asked_lines(ctx: Context, change: DealChange, paper: Paper, unit: Unit, total: Decimal) -> list[rules.PlanLine]:
    plan = change.payment_plan
    assert plan is not None
    loans = rules.read_loans(change.loans)
    if change.new_unit is None:
        decoration = _decoration(unit, total) if paper.decoration_total and change.kind == Kind.PRICE else None
        return new_lines(ctx, paper, plan, total, loans, decoration)
    today = ctx.business_date
    split = bool(unit.decoration_price) and bool(ctx.param("deals.decoration_contract"))
    return rules.plan_lines(
        city_plan(ctx, unit, plan), total, loans=loans,
        deposit=paper.deposit if change.deposit is None else change.deposit, deposit_due=today,
        signed_on=today + dt.timedelta(days=int(ctx.param("deals.signing_days"))),
        decoration=_decoration(unit, total) if split else ZERO,
    )  # fmt: skip


def _decoration(unit: Unit, total: Decimal) -> Decimal:
    return rules.decoration_share(total, unit.list_total or total, unit.decoration_price or ZERO)


def _asked_buyers(change: DealChange) -> str:
    """The new buyers as pages show them: numbers masked."""
    if change.buyers_cipher is None:
        return ""
    asked: Sequence[Mapping[str, Any]] = json.loads(personal.decrypt(change.buyers_cipher))
    return "、".join(
        " ".join(str(part) for part in (
            one.get("name"), mask_number(str(one.get("id_number") or "")),
            f"{Decimal(str(one['share'])):.2f}%" if one.get("share") else "",
            _agent(one.get("agent")),
        ) if part)
        for one in asked
    )  # fmt: skip


def _agent(given: Any) -> str:
    return str(given.get("name") or "") if isinstance(given, Mapping) else str(given or "")


def _rows(before: _Side, after: _Side) -> list[Row]:
    def price(side: _Side) -> Decimal | None:
        return unit_price(side.total, side.gross_area)

    pairs: tuple[tuple[str, Any, Any, Any, str], ...] = (
        ("unit", _("Unit"), before.unit.label, after.unit.label, "text"),
        ("gross_area", _("Building area"), before.gross_area, after.gross_area, "area"),
        ("buyers", _("Buyers"), before.buyers, after.buyers, "text"),
        ("list_total", _("List total"), before.list_total, after.list_total, "money"),
        ("total", _("Total price"), before.total, after.total, "money"),
        ("unit_price", _("Unit price"), price(before), price(after), "money"),
        ("payment_plan", _("Payment plan"), before.plan, after.plan, "text"),
        ("deposit", _("Deposit"), before.deposit, after.deposit, "money"),
    )
    return [Row(name, str(label), was, now, kind) for name, label, was, now, kind in pairs]


def _sum(lines: Sequence[rules.PlanLine], *, cash: bool) -> Decimal:
    return sum((line.amount for line in lines if (line.money == rules.CASH) == cash), ZERO)


def _money(change: DealChange, before: _Side, after: _Side) -> list[Row]:
    """Own money follows the deal up to what the new plan takes of it; loan money belongs to the lender and doesn't
    move to another unit (SPC Interpretation art. 21). Of a decided change the money has moved: nothing is said."""
    if change.state not in (State.REQUESTED, State.DEMANDED):
        return []
    paid = paid_money(change.deal)
    cash = min(paid.cash, _sum(after.lines, cash=True))
    loan = ZERO if change.new_unit_id else min(paid.loan, _sum(after.lines, cash=False))
    if change.subscription_id is not None and change.new_unit_id is None:
        cash, loan = paid.cash, paid.loan  # a subscription's money stays free until it is signed
    held = paid.cash + paid.loan
    rows = [
        Row("paid", _("Paid"), held, cash + loan, "money"),
        Row("back_to_buyer", _("Back to the buyer"), None, paid.cash - cash, "money"),
        Row("back_to_lender", _("Back to the lender"), None, paid.loan - loan, "money"),
        Row("still_open", _("Still to pay"), before.total - held, after.total - cash - loan, "money"),
    ]
    return [row for row in rows if row.before is not None or row.after]


def _ending(change: DealChange, before: _Side) -> list[Row]:
    if change.kind == Kind.REVOKE or change.amount is None:
        return []
    if change.kind == Kind.RETURN_FORFEIT:
        return [Row("back_to_buyer", _("Back to the buyer"), None, change.amount, "money")]
    paid = paid_money(change.deal) if change.state in (State.REQUESTED, State.DEMANDED) else None
    rows = [Row("kept", _("Deposit kept"), None, change.amount, "money")]
    if paid is not None:
        rows.insert(0, Row("paid", _("Paid"), paid.cash + paid.loan, change.amount, "money"))
        rows.append(Row("back_to_buyer", _("Back to the buyer"), None, paid.cash - change.amount, "money"))
    return rows
