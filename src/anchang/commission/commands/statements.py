"""Statements: prepared for a month, closed for good, paid (结算, 发放)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from anchang.commission import rules
from anchang.commission.commands.following import one_at_a_time, refresh_sums
from anchang.commission.models import Line, Statement
from anchang.kernel.errors import DomainError, Refusal
from anchang.platform import numbering
from anchang.platform.commands import command, project_command
from anchang.platform.context import Context
from anchang.platform.inputs import Day, Input, Label, Ref

ZERO = rules.ZERO


class PrepareInput(Input):
    """`month`: any day of it; the last full month unless given."""

    project: Annotated[Ref("projects"), Label(_("Project"))] = None
    month: Annotated[Day | None, Label(_("Month"))] = None


class PaidInput(Input):
    paid_on: Annotated[Day | None, Label(_("Paid on"))] = None
    reference: Annotated[str, Field(max_length=60), Label(_("Bank reference"))] = ""


def month_of(ctx: Context, given: dt.date | None) -> dt.date:
    first = ctx.business_date.replace(day=1)
    return rules.period_start("month", given or first - dt.timedelta(days=1))


@project_command(
    Statement, verb="prepare", label=_("Prepare statements"), permission="commission-statements.prepare",
    icon="file-plus", shape="primary",
)  # fmt: skip
def prepare_statements(ctx: Context, data: PrepareInput) -> dict[str, Any]:
    """One open statement per payee with what is payable by the end of the month. Running it again adds what came
    since. Who has closed this month already gets what is new with the next one. Raises statement_open_before."""
    month = month_of(ctx, data.month)
    if month > ctx.business_date:
        raise DomainError("month_not_over", status=422, fields={"month": "month_not_over"})
    one_at_a_time(ctx)
    standing = Statement.objects.filter(project=ctx.here)
    if other := standing.filter(state="open").exclude(period=month).order_by("period").first():
        raise DomainError("statement_open_before", number=other.number)
    waiting = _waiting(ctx, month)
    last = dict(standing.order_by().values("payee").annotate(last=Max("period")).values_list("payee", "last"))
    found = {s.payee_id: s for s in standing.filter(state="open")}
    payees = [p for p in sorted(waiting) if p in found or last.get(p, dt.date.min) < month]
    found |= _open(ctx, [p for p in payees if p not in found], month)
    taken = [line for p in payees for line in waiting[p]]
    for line in taken:
        line.statement = found[line.payee_id]
    Line.objects.bulk_update(taken, ["statement"], batch_size=500)
    for payee in payees:
        ctx.event("statement.prepared", found[payee], lines=len(waiting[payee]))
    return {"statements": len(payees), "lines": len(taken), "month": month.isoformat()}


def _waiting(ctx: Context, month: dt.date) -> dict[int, list[Line]]:
    """Payable lines of the month and before, and everything that is to be taken back."""
    rows = Line.objects.filter(
        Q(reached_on__lte=rules.period_end("month", month)), project=ctx.here, state="payable", statement=None
    )
    found: dict[int, list[Line]] = defaultdict(list)
    for line in rows.order_by("id"):
        found[line.payee_id].append(line)
    return found


def _open(ctx: Context, payees: Sequence[int], month: dt.date) -> dict[int, Statement]:
    if not payees:
        return {}
    last = numbering.take(ctx.here.pk, "commission-statement", f"{month:%Y%m}", count=len(payees))
    prefix = f"{ctx.param('commission.statement_prefix')}{month:%Y%m}"
    made = Statement.objects.bulk_create(
        Statement(
            project=ctx.here, number=f"{prefix}{last - len(payees) + n:03d}", payee_id=payee, period=month,
            created_by_id=ctx.user_id,
        )
        for n, payee in enumerate(payees, 1)
    )  # fmt: skip
    ctx.index(made, fresh=True)
    return {s.payee_id: s for s in made}


def _only(*states: str) -> Any:
    def refuses(statement: Statement) -> Refusal | None:
        if statement.state in states:
            return None
        return Refusal("statement_closed" if "open" in states else "state_refused", {"state": statement.state})

    return refuses


@command(
    Statement, verb="close", label=_("Close"), icon="lock", shape="primary", lock=False, refuses=_only("open"),
    show=lambda s: s.state == "open", bulk=True,
)  # fmt: skip
def close_statement(ctx: Context, statement: Statement) -> Statement:
    """Closed it never changes. A negative sum is no payment: it is carried to the next statement."""
    statement = _locked(ctx, statement, "open")
    if statement.period > ctx.business_date.replace(day=1):
        raise DomainError("month_not_over")
    rows = Line.objects.filter(project=ctx.here, statement=statement, state="payable")
    lines = list(rows.order_by("id"))
    if not lines:
        raise DomainError("statement_empty")
    before = Statement.objects.filter(project=ctx.here, payee=statement.payee_id, period__lt=statement.period)
    latest = before.exclude(state="open").order_by("-period").first()
    statement.carried = latest.carry_on if latest else ZERO
    statement.lines = len(lines)
    statement.earned = sum((x.amount for x in lines if x.amount > 0), ZERO)
    statement.taken_back = -sum((x.amount for x in lines if x.amount < 0), ZERO)
    statement.lines_total = statement.earned - statement.taken_back
    due = rules.due(statement.lines_total, statement.carried)
    statement.to_pay, statement.carry_on = due.to_pay, due.carry_on
    rows.update(state="settled", former_state="payable", updated_at=ctx.now)
    refresh_sums(ctx, [x.earning_id for x in lines])
    statement.state, statement.closed_on, statement.closed_by_id = "closed", ctx.business_date, ctx.user_id
    statement.save()
    ctx.event("statement.closed", statement, amount=str(statement.to_pay))
    ctx.notify(
        [statement.payee.user_id], "commission_statement", statement, number=statement.number,
        amount=str(statement.to_pay),
    )  # fmt: skip
    statement.refresh_from_db()
    return statement


def _locked(ctx: Context, statement: Statement, state: str) -> Statement:
    one_at_a_time(ctx)
    rows = Statement.objects.select_for_update(no_key=True, of=("self",)).select_related("payee")
    found = rows.get(project=ctx.here, pk=statement.pk)
    if found.state != state:
        raise DomainError("state_refused", state=found.state)
    return found


@command(
    Statement, verb="pay", label=_("Paid"), icon="cash", shape="primary", lock=False, refuses=_only("closed"),
    show=lambda s: s.state == "closed",
)  # fmt: skip
def pay_statement(ctx: Context, statement: Statement, data: PaidInput) -> Statement:
    """The money has left; nothing to pay counts as paid too. Raises date_in_future or date_before_closing (422)."""
    statement = _locked(ctx, statement, "closed")
    day = data.paid_on or ctx.business_date
    if day > ctx.business_date:
        raise DomainError("date_in_future", status=422, fields={"paid_on": "date_in_future"})
    if statement.closed_on and day < statement.closed_on:
        raise DomainError("paid_before_closing", status=422, fields={"paid_on": "paid_before_closing"})
    statement.state, statement.paid_on, statement.paid_by_id = "paid", day, ctx.user_id
    statement.reference = data.reference
    statement.save(update_fields=["state", "paid_on", "paid_by", "reference", "updated_at"])
    lines = Line.objects.filter(project=ctx.here, statement=statement)
    ids = list(lines.values_list("earning", flat=True))
    lines.update(state="paid", updated_at=ctx.now)
    refresh_sums(ctx, ids)
    ctx.event("statement.paid", statement, amount=str(statement.to_pay))
    ctx.notify([statement.payee.user_id], "commission_paid", statement, amount=str(statement.to_pay))
    statement.refresh_from_db()
    return statement


@command(
    Statement, verb="dissolve", label=_("Dissolve"), icon="trash", shape="danger", lock=False, refuses=_only("open"),
    show=lambda s: s.state == "open",
)  # fmt: skip
def dissolve_statement(ctx: Context, statement: Statement) -> dict[str, Any]:
    """An open statement goes; its lines wait for the next one."""
    statement = _locked(ctx, statement, "open")
    Line.objects.filter(project=ctx.here, statement=statement).update(statement=None, updated_at=ctx.now)
    statement.deleted_at = ctx.now
    statement.save(update_fields=["deleted_at", "updated_at"])
    ctx.event("record.deleted", statement)
    return {"id": statement.pk, "deleted_at": ctx.now.isoformat()}


@command(
    Statement, verb="print", label=_("Print"), icon="printer", lock=True, shape="",
    refuses=_only("closed", "paid"), show=lambda s: s.state != "open",
)  # fmt: skip
def print_commission_statement(ctx: Context, statement: Statement) -> Statement:
    """Count a printed copy."""
    statement.prints += 1
    statement.save(update_fields=["prints", "updated_at"])
    statement.refresh_from_db()
    return statement
