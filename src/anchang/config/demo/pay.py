"""The year's pay: schemes, what every deal earned, a statement for each month that closed, last month's champion, and
a contract that was terminated after its commission had been settled."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, Q, Value, When

from anchang.commission import queries
from anchang.commission.commands import follow
from anchang.commission.commands.awards import GiveInput, give_award
from anchang.commission.commands.following import refresh_sums
from anchang.commission.commands.schemes import (
    AwardInput,
    SchemeInput,
    activate_scheme,
    add_commission_awards,
    add_commission_schemes,
)
from anchang.commission.commands.statements import (
    PaidInput,
    PrepareInput,
    close_statement,
    pay_statement,
    prepare_statements,
)
from anchang.commission.models import Line, Statement
from anchang.commission.rules import period_end, period_start
from anchang.config.demo.people import Office
from anchang.crm.commands.standing import LostInput, mark_lost
from anchang.crm.models import Customer
from anchang.deals.models import Contract
from anchang.kernel.errors import DomainError
from anchang.processes.terminating import TerminateInput, terminate_contract

#: The newest deals are still for the manager to confirm.
UNCONFIRMED_DAYS = 20
MILESTONES = [{"kind": "collected", "percent": "30", "share": "70"}, {"kind": "loan_paid", "share": "20"}]
CONSULTANTS: dict[str, Any] = {
    "name": "置业顾问跳点提成", "role": "consultant", "mode": "full_jump", "milestones": MILESTONES, "retention": "10",
    "retention_days": 90,
    "tiers": [
        {"up_to": "5000000", "rate": "0.0020"}, {"up_to": "12000000", "rate": "0.0025"},
        {"up_to": None, "rate": "0.0030"},
    ],
}  # fmt: skip
LEADERS: dict[str, Any] = {
    "name": "组长管理提成", "role": "leader", "mode": "segmented",
    "milestones": [{"kind": "fully_collected", "share": "100"}],
    "tiers": [{"up_to": "30000000", "rate": "0.0003"}, {"up_to": None, "rate": "0.0005"}],
}  # fmt: skip


def pay_everybody(office: Office) -> None:
    since = office.day(400)
    _schemes(office, since)
    ctx = office.context()
    follow(ctx, queries.deals_unfinished(office.project))
    ctx.flush()
    _confirm(office)
    last = period_start("month", office.today.replace(day=1) - dt.timedelta(days=1))
    _champion(office, since, last)
    month = period_start("month", since)
    while month <= last:
        _settle(office, month, paid=month < last)
        month = period_end("month", month) + dt.timedelta(days=1)
    _take_back(office, last)


def _schemes(office: Office, since: dt.date) -> None:
    ctx = office.context("director", office.at(since, 10))
    rows = [SchemeInput(valid_from=since, **one) for one in (CONSULTANTS, LEADERS)]
    for scheme in add_commission_schemes(ctx, rows):
        activate_scheme(ctx, scheme)
    ctx.flush()


def _confirm(office: Office) -> None:
    """What the manager confirmed line by line as the year went on."""
    ctx = office.context("manager")
    lines = Line.objects.filter(
        project=office.project, state="accrued", earning__signed_on__lt=office.day(UNCONFIRMED_DAYS)
    )
    ids = list(lines.values_list("earning", flat=True))
    state = Case(When(Q(reached_on__isnull=False), then=Value("payable")), default=Value("confirmed"))
    lines.update(state=state, former_state=F("state"))
    refresh_sums(ctx, ids)


def _settled_at(office: Office, month: dt.date, hour: float) -> dt.datetime:
    """The third day of the next month, or just now when that is still to come."""
    return min(office.at(period_end("month", month) + dt.timedelta(days=3), hour), office.now)


def _settle(office: Office, month: dt.date, *, paid: bool) -> None:
    ctx = office.context("finance", _settled_at(office, month, 10))
    prepare_statements(ctx, PrepareInput(month=month))
    ctx.flush()
    made = list(Statement.objects.filter(project=office.project, period=month).order_by("pk"))
    closed = [close_statement(ctx, one) for one in made]
    ctx.flush()
    if paid:
        ctx = office.context("finance", _settled_at(office, month, 15))
        for one in closed:
            pay_statement(ctx, one, PaidInput(reference=f"TJ{month:%Y%m}{one.pk:05d}"))
        ctx.flush()


def _champion(office: Office, since: dt.date, month: dt.date) -> None:
    ctx = office.context("manager", _settled_at(office, month, 9))
    (award,) = add_commission_awards(
        ctx, [AwardInput(name="月度销冠", kind="champion", prize=Decimal(3000), valid_from=since.replace(day=1))]
    )
    try:
        give_award(ctx, award, GiveInput(period=month))
    except DomainError as exc:
        if exc.code not in ("nobody_won", "month_not_over"):
            raise
    ctx.flush()


def _take_back(office: Office, month: dt.date) -> None:
    """A buyer gives up a contract whose commission stands in a closed statement: the next one takes it back."""
    at = min(_settled_at(office, month, 16), office.now)
    settled = Line.objects.filter(project=office.project, state__in=("settled", "paid"), earning__role="consultant")
    contract = (
        Contract.objects.filter(project=office.project, state__in=("signed", "filed"), deal__in=settled.values("deal"))
        .order_by("-signed_on", "-pk")
        .first()
    )
    if contract is None:
        return
    ctx = office.context("director", at)
    terminate_contract(ctx, contract, TerminateInput(reason="客户家庭变故，双方协商解除", fault="none"))
    mark_lost(ctx, Customer.objects.get(pk=contract.customer_id), LostInput(reason="bought_elsewhere"))
    ctx.flush()
    ctx = office.context("", at)
    follow(ctx, [contract.deal_id])
    ctx.flush()
